//! What is not well known, and the runs that show what it means: sensitivity runs and ensembles.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::language::Text;
use twin_core::sampling::latin_column;
use twin_core::simulation::{Variant, VariantKind};
use twin_core::{Error, Language, Result};

use crate::parameters::Parameters;
use crate::setup::place;

/// Changes of all values of a kind at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Factors {
    /// Times all discharges that enter.
    pub discharge: f64,
    /// Times all values of Manning's n.
    pub manning: f64,
    /// Times the slopes of all free outflows.
    pub outflow_slope: f64,
    /// Metres added to all imposed levels.
    pub level_m: f64,
}

impl Default for Factors {
    fn default() -> Self {
        Self { discharge: 1.0, manning: 1.0, outflow_slope: 1.0, level_m: 0.0 }
    }
}

/// Intervals of what is not well known, as factors (levels: metres added).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Uncertainty {
    /// Of the discharges.
    pub discharge: [f64; 2],
    /// Of Manning's n.
    pub manning: [f64; 2],
    /// Of the slopes of free outflows; the sensitivity run takes the lower end.
    pub outflow_slope: [f64; 2],
    /// Of imposed levels, metres.
    pub level_m: [f64; 2],
    /// Where the intervals come from; absent: they are conventional.
    pub source: Option<String>,
    /// Draws all of them at once, beside the sensitivity runs.
    pub ensemble: Option<Ensemble>,
}

impl Default for Uncertainty {
    fn default() -> Self {
        Self {
            // About the standard uncertainty of gauged flood discharges extrapolated by a rating
            // curve (10 to 40 %: McMillan, Krueger & Freer 2012, doi 10.1002/hyp.9384).
            discharge: [0.8, 1.2],
            manning: [0.8, 1.2],
            outflow_slope: [0.5, 2.0],
            level_m: [-0.2, 0.2],
            source: None,
            ensemble: None,
        }
    }
}

/// An ensemble: a Latin hypercube over the intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// Number of draws.
    pub members: u32,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

/// Most members of an ensemble.
const MOST_MEMBERS: u32 = 1000;

/// What the parameters hold that can vary.
#[derive(Debug, Clone, Copy)]
struct Present {
    discharge: bool,
    outflow_slope: bool,
    level: bool,
}

impl Present {
    fn of(parameters: &Parameters) -> Self {
        Self {
            discharge: parameters.inflow.is_some() || !parameters.tributaries.is_empty(),
            outflow_slope: parameters.outflow.values().any(|o| o.rating.is_none()),
            level: !parameters.stage.is_empty(),
        }
    }
}

/// Checks factors and intervals.
pub(crate) fn check(parameters: &Parameters) -> Result<()> {
    let (f, u) = (&parameters.factors, &parameters.uncertainty);
    let is_positive = |v: &f64| v.is_finite() && *v > 0.0;
    let is_interval = |[low, high]: &[f64; 2], about: f64| *low <= about && about <= *high;
    let factors = [f.discharge, f.manning, f.outflow_slope];
    let intervals = [u.discharge, u.manning, u.outflow_slope];
    let members = u.ensemble.map_or(1, |e| e.members);
    if !(factors.iter().all(is_positive) && f.level_m.is_finite()) {
        return Err(Error::input(
            place("factors"),
            "les facteurs doivent être positifs et level_m un nombre",
            "factors must be positive and level_m a number",
        ));
    }
    if intervals.as_flattened().iter().all(is_positive)
        && intervals.iter().all(|i| is_interval(i, 1.0))
        && u.level_m.iter().all(|v| v.is_finite())
        && is_interval(&u.level_m, 0.0)
        && (1..=MOST_MEMBERS).contains(&members)
    {
        return Ok(());
    }
    Err(Error::input(
        place("uncertainty"),
        format!(
            "les intervalles doivent être positifs et contenir 1 (niveaux : 0), un ensemble avoir de 1 à {MOST_MEMBERS} membres"
        ),
        format!(
            "intervals must be positive and hold 1 (levels: 0), an ensemble must have 1 to {MOST_MEMBERS} members"
        ),
    ))
}

/// The sensitivity runs and the members of the ensemble.
pub(crate) fn variants(parameters: &Parameters) -> Vec<Variant> {
    let mut variants = sensitivity(parameters);
    if let Some(ensemble) = parameters.uncertainty.ensemble {
        variants.extend(members(parameters, ensemble));
    }
    variants
}

fn with_factors(parameters: &Parameters, factors: Factors) -> serde_json::Value {
    let mut changed = parameters.clone();
    let base = parameters.factors;
    changed.factors = Factors {
        discharge: base.discharge * factors.discharge,
        manning: base.manning * factors.manning,
        outflow_slope: base.outflow_slope * factors.outflow_slope,
        level_m: base.level_m + factors.level_m,
    };
    // Parameters came from JSON and go back to it.
    serde_json::to_value(changed).unwrap_or_default()
}

fn sensitivity(parameters: &Parameters) -> Vec<Variant> {
    let (present, u) = (Present::of(parameters), &parameters.uncertainty);
    let mut variants = Vec::new();
    let mut add = |id: &str, title: Text, factors: Factors| {
        variants.push(Variant {
            id: id.to_owned(),
            title,
            kind: VariantKind::Sensitivity,
            parameters: with_factors(parameters, factors),
            view: None,
        });
    };
    let one = Factors::default();
    let percent = |fr: &str, en: &str, factor: f64| {
        let text = |l: Language| {
            let change = 100.0 * (factor - 1.0);
            let sign = if change < 0.0 { "−" } else { "+" };
            format!("{} {sign}{} %", l.pick(fr, en), l.number(change.abs(), 0))
        };
        Text::new(text(Language::Fr), text(Language::En))
    };
    if present.discharge {
        for (id, factor) in ["discharge-low", "discharge-high"].into_iter().zip(u.discharge) {
            add(id, percent("débit", "discharge", factor), Factors { discharge: factor, ..one });
        }
    }
    if present.level {
        for (id, level_m) in ["level-low", "level-high"].into_iter().zip(u.level_m) {
            let text = |l: Language| {
                let sign = if level_m < 0.0 { "−" } else { "+" };
                format!("{} {sign}{} m", l.pick("niveau", "level"), l.number(level_m.abs(), 2))
            };
            let title = Text::new(text(Language::Fr), text(Language::En));
            add(id, title, Factors { level_m, ..one });
        }
    }
    for (id, factor) in ["manning-low", "manning-high"].into_iter().zip(u.manning) {
        add(id, percent("frottement n", "friction n", factor), Factors { manning: factor, ..one });
    }
    if present.outflow_slope {
        let factor = u.outflow_slope[0];
        let title = percent("pente aval", "outflow slope", factor);
        add("outflow-slope-low", title, Factors { outflow_slope: factor, ..one });
    }
    variants
}

/// A Latin hypercube over the intervals.
fn members(parameters: &Parameters, ensemble: Ensemble) -> Vec<Variant> {
    let (present, u) = (Present::of(parameters), &parameters.uncertainty);
    let mut rng = Pcg64Mcg::seed_from_u64(ensemble.seed);
    let n = ensemble.members as usize;
    let mut column = |[low, high]: [f64; 2]| -> Vec<f64> {
        latin_column(n, &mut rng).into_iter().map(|share| low + (high - low) * share).collect()
    };
    let (discharge, manning) = (column(u.discharge), column(u.manning));
    let (slope, level) = (column(u.outflow_slope), column(u.level_m));
    (0..n)
        .map(|k| {
            let factors = Factors {
                discharge: if present.discharge { discharge[k] } else { 1.0 },
                manning: manning[k],
                outflow_slope: if present.outflow_slope { slope[k] } else { 1.0 },
                level_m: if present.level { level[k] } else { 0.0 },
            };
            let text = |l: Language| format!("{} {}", l.pick("tirage", "draw"), k + 1);
            Variant {
                id: format!("member-{}", k + 1),
                title: Text::new(text(Language::Fr), text(Language::En)),
                kind: VariantKind::Member,
                parameters: with_factors(parameters, factors),
                view: None,
            }
        })
        .collect()
}

impl Uncertainty {
    /// What the report says about the intervals.
    pub(crate) fn hypothesis(&self) -> Text {
        let sentence = |l: Language| {
            let percent = |[low, high]: [f64; 2]| {
                format!(
                    "−{} / +{} %",
                    l.number(100.0 * (1.0 - low), 0),
                    l.number(100.0 * (high - 1.0), 0)
                )
            };
            let (q, n) = (percent(self.discharge), percent(self.manning));
            let slope = l.number(self.outflow_slope[0], 2);
            let level = self.level_m.map(|v| l.number(v.abs(), 2));
            let source = self.source.as_deref();
            match l {
                Language::Fr => format!(
                    "Intervalles de sensibilité ({}) : débits {q}, frottement {n}, pente aval × {slope}, niveaux imposés −{} / +{} m.",
                    source.unwrap_or("valeurs conventionnelles"),
                    level[0],
                    level[1]
                ),
                Language::En => format!(
                    "Sensitivity intervals ({}): discharges {q}, friction {n}, outflow slope × {slope}, imposed levels −{} / +{} m.",
                    source.unwrap_or("conventional values"),
                    level[0],
                    level[1]
                ),
            }
        };
        Text::new(sentence(Language::Fr), sentence(Language::En))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn river() -> Parameters {
        serde_json::from_value(serde_json::json!({
            "inflow": { "discharge_m3_per_s": 10.0, "at": [0.0, 0.0], "source": "s" },
            "outflow": { "aval": { "side": "east" } },
        }))
        .unwrap()
    }

    fn factors(variant: &Variant) -> Factors {
        serde_json::from_value::<Parameters>(variant.parameters.clone()).unwrap().factors
    }

    #[test]
    fn a_river_has_five_sensitivity_runs_and_the_sea_others() {
        let ids: Vec<String> = variants(&river()).into_iter().map(|v| v.id).collect();
        assert_eq!(
            ids,
            ["discharge-low", "discharge-high", "manning-low", "manning-high", "outflow-slope-low"]
        );
        let sea: Parameters = serde_json::from_value(serde_json::json!({
            "stage": { "mer": { "side": "west", "level_m": 3.0, "datum": "NGF-IGN69", "source": "s" } },
        }))
        .unwrap();
        let ids: Vec<String> = variants(&sea).into_iter().map(|v| v.id).collect();
        assert_eq!(ids, ["level-low", "level-high", "manning-low", "manning-high"]);
    }

    #[test]
    fn an_ensemble_takes_every_part_of_every_interval_once_and_always_the_same() {
        let mut parameters = river();
        parameters.uncertainty.ensemble = Some(Ensemble { members: 10, seed: 7 });
        let drawn = || -> Vec<Factors> {
            let members = variants(&parameters);
            members.iter().filter(|v| v.kind == VariantKind::Member).map(factors).collect()
        };
        let members = drawn();
        assert_eq!(members, drawn());
        let mut parts: Vec<usize> =
            members.iter().map(|f| ((f.discharge - 0.8) / 0.04) as usize).collect();
        parts.sort_unstable();
        assert_eq!(parts, (0..10).collect::<Vec<_>>());
        assert!(members.iter().all(|f| f.level_m == 0.0));
    }

    #[test]
    fn unusable_intervals_are_refused() {
        let refused = |change: &dyn Fn(&mut Parameters)| {
            let mut parameters = river();
            change(&mut parameters);
            check(&parameters).is_err()
        };
        assert!(!refused(&|_| ()));
        assert!(refused(&|p| p.factors.manning = 0.0));
        assert!(refused(&|p| p.uncertainty.discharge = [1.1, 1.2]));
        assert!(refused(&|p| p.uncertainty.ensemble = Some(Ensemble { members: 0, seed: 0 })));
    }
}
