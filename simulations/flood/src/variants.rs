//! The runs beside the main one, and what follows from them: a breach of every levee, the territory
//! without measures, where the result is robust.

use std::sync::Arc;

use rayon::prelude::*;
use twin_core::export::comparison::{DepthComparison, change_legend, difference_legend};
use twin_core::export::legend::{Class, Hatch};
use twin_core::export::ramp::Rgb;
use twin_core::export::{Legend, Ramp};
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup};
use twin_core::sampling;
use twin_core::scenario::Duration;
use twin_core::simulation::{
    Outcome, ResultMap, StaticField, Variant, VariantKind, VariantOutcome,
};
use twin_core::spatial::{Grid, GridSpec};
use twin_core::{Language, Result};

use crate::levees::{Weakest, weakest_place};
use crate::parameters::BreachParameters;
use crate::run::FloodRun;
use crate::uncertainty;

/// Width of the breach that is supposed where the scenario gives none, m: a working hypothesis.
const BREACH_WIDTH_M: f64 = 50.0;
/// Time in which it forms, s.
const BREACH_FORMATION_S: f64 = 600.0;
/// Name of that breach.
const BREACH: &str = "brèche supposée";
/// Depth from which a cell counts as flooded in comparisons, m (as the published extents).
const FLOODED_M: f32 = 0.05;

/// A quantile of the depth over the draws.
struct Quantile {
    share: f64,
    field: &'static str,
    map: &'static str,
    title: (&'static str, &'static str),
}

const QUANTILES: [Quantile; 3] = [
    Quantile {
        share: 0.1,
        field: "water_depth_p10",
        map: "hauteur-tirages-p10",
        title: ("Hauteur d'eau maximale, tirages : 10 %", "Maximum water depth, draws: 10 %"),
    },
    Quantile {
        share: 0.5,
        field: "water_depth_p50",
        map: "hauteur-tirages-p50",
        title: ("Hauteur d'eau maximale, tirages : médiane", "Maximum water depth, draws: median"),
    },
    Quantile {
        share: 0.9,
        field: "water_depth_p90",
        map: "hauteur-tirages-p90",
        title: ("Hauteur d'eau maximale, tirages : 90 %", "Maximum water depth, draws: 90 %"),
    },
];

impl FloodRun {
    /// Sensitivity runs and ensemble; a breach of each levee that has none; the present territory.
    pub(crate) fn all_variants(&self) -> Result<Vec<Variant>> {
        let mut variants = uncertainty::variants(&self.parameters);
        if !self.breaches_are_stated() {
            for structure in self.view.structures().iter().filter(|s| s.is_levee) {
                variants.extend(weakest_place(self, structure).and_then(|w| self.breach(&w)));
            }
        }
        if self.view.is_edited() {
            let mut parameters = self.parameters.clone();
            parameters.breaches.clear();
            variants.push(Variant {
                id: "without-measures".to_owned(),
                title: Text::new("sans les mesures", "without the measures"),
                kind: VariantKind::Contrast,
                parameters: serde_json::to_value(parameters).unwrap_or_default(),
                view: Some(Arc::new(self.view.without_edits()?)),
            });
        }
        Ok(variants)
    }

    /// Whether the scenario itself says where structures fail.
    pub(crate) fn breaches_are_stated(&self) -> bool {
        !self.parameters.breaches.is_empty()
            || self.view.structures().iter().any(|s| !s.breaches.is_empty())
    }

    fn breach(&self, weakest: &Weakest) -> Option<Variant> {
        let mut parameters = self.parameters.clone();
        let breach = BreachParameters {
            structure: weakest.structure.clone(),
            at: weakest.at,
            width_m: BREACH_WIDTH_M.min(weakest.length_m),
            start: None,
            start_overflow_m: Some(weakest.failing_over_crest_m),
            formation: Duration::from_seconds(BREACH_FORMATION_S)?,
            sill: None,
        };
        let title = |l: Language| {
            let (name, width) = (&weakest.structure, l.number(breach.width_m, 0));
            match l {
                Language::Fr => format!("rupture de « {name} » sur {width} m"),
                Language::En => format!("failure of \"{name}\" over {width} m"),
            }
        };
        let title = Text::new(title(Language::Fr), title(Language::En));
        parameters.breaches.insert(BREACH.to_owned(), breach);
        Some(Variant {
            id: format!("breach-{}", weakest.structure),
            title,
            kind: VariantKind::Contrast,
            parameters: serde_json::to_value(parameters).unwrap_or_default(),
            view: None,
        })
    }

    /// Maps and messages from the variants.
    pub(crate) fn conclude_variants(
        &self,
        outcome: &mut Outcome,
        variants: &[VariantOutcome],
    ) -> Result<()> {
        let Some(main) = depth_of(outcome).cloned() else { return Ok(()) };
        outcome.hypotheses.push(self.parameters.uncertainty.hypothesis());
        let spans = |v: &&VariantOutcome| v.variant.kind != VariantKind::Contrast;
        let varied: Vec<&Grid<f32>> =
            variants.iter().filter(spans).filter_map(|v| depth_of(&v.outcome)).collect();
        if !varied.is_empty() {
            outcome.statics.push(robustness(&main, &varied));
        }
        let members: Vec<&Grid<f32>> = variants
            .iter()
            .filter(|v| v.variant.kind == VariantKind::Member)
            .filter_map(|v| depth_of(&v.outcome))
            .collect();
        if !members.is_empty() {
            outcome.statics.push(probability(main.spec, &members));
            outcome
                .statics
                .extend(QUANTILES.iter().map(|q| depth_quantile(main.spec, q, &members)));
        }
        let mut failed = Vec::new();
        for variant in variants.iter().filter(|v| v.variant.kind == VariantKind::Contrast) {
            let Some(depth) = depth_of(&variant.outcome) else { continue };
            if variant.variant.view.is_some() {
                self.effect_of_measures(outcome, &main, depth, variant)?;
            } else {
                outcome.key_messages.push(breach_message(variant));
                failed.push(depth);
            }
        }
        if let Some(envelope) = envelope(&failed) {
            outcome.statics.push(breach_depth(envelope));
        }
        Ok(())
    }

    /// Where the measures lower and raise the water, and whom.
    fn effect_of_measures(
        &self,
        outcome: &mut Outcome,
        main: &Grid<f32>,
        without: &Grid<f32>,
        variant: &VariantOutcome,
    ) -> Result<()> {
        let comparison = DepthComparison::new(main, without, FLOODED_M)?;
        let study = self.view.study_mask();
        let cell_ha = main.spec.cell_area() / 1e4;
        let area = |is: &dyn Fn(usize) -> bool| {
            (0..study.values.len()).filter(|&c| study.values[c] && is(c)).count() as f64 * cell_ha
        };
        let rise = |c: usize| comparison.difference_m.values[c] >= FLOODED_M;
        let fall = |c: usize| comparison.difference_m.values[c] <= -FLOODED_M;
        let newly = |c: usize| comparison.change.values[c] == 1.0;
        let spared = |c: usize| comparison.change.values[c] == 0.0;
        let row = |id: &str, fr: &str, en: &str, value: f64| {
            Indicator::quantity(id, Text::new(fr, en), value, "ha", 2)
        };
        let (higher, new) = (area(&rise), area(&newly));
        let (lower, dry) = (area(&fall), area(&spared));
        outcome.indicators.groups.push(IndicatorGroup {
            id: "measures".into(),
            title: Text::new("Effet des mesures", "Effect of the measures"),
            rows: vec![
                row(
                    "area_lower",
                    "Surface où l'eau est plus basse (5 cm et plus)",
                    "Area where the water is lower (5 cm and more)",
                    lower,
                ),
                row(
                    "area_spared",
                    "Surface mise hors d'eau dans ce scénario",
                    "Area no longer flooded in this scenario",
                    dry,
                ),
                row(
                    "area_higher",
                    "Surface où l'eau est plus haute (5 cm et plus)",
                    "Area where the water is higher (5 cm and more)",
                    higher,
                ),
                row(
                    "area_newly_flooded",
                    "Surface nouvellement inondée",
                    "Area newly flooded",
                    new,
                ),
            ],
        });
        let buildings = |o: &Outcome| o.indicators.get("buildings_exposed").and_then(|i| i.value);
        let told = buildings(&variant.outcome).zip(buildings(outcome));
        let sentence = |l: Language| {
            let n = |v: f64| l.number(v, 1);
            let buildings = told.map_or(String::new(), |(before, after)| match l {
                Language::Fr => format!(
                    " Bâtiments atteints : {} sans les mesures, {} avec.",
                    l.number(before, 0),
                    l.number(after, 0)
                ),
                Language::En => format!(
                    " Buildings reached: {} without the measures, {} with them.",
                    l.number(before, 0),
                    l.number(after, 0)
                ),
            });
            match l {
                Language::Fr => format!(
                    "Dans ce scénario, l'ensemble des mesures réduit la hauteur d'eau sur {} ha et en met {} ha hors d'eau ; la hauteur augmente sur {} ha et {} ha sont nouvellement inondés.{buildings}",
                    n(lower),
                    n(dry),
                    n(higher),
                    n(new)
                ),
                Language::En => format!(
                    "In this scenario the measures together lower the water on {} ha and leave {} ha dry; the water is higher on {} ha and {} ha are newly flooded.{buildings}",
                    n(lower),
                    n(dry),
                    n(higher),
                    n(new)
                ),
            }
        };
        outcome.key_messages.push(Text::new(sentence(Language::Fr), sentence(Language::En)));
        let title =
            Text::new("Effet des mesures sur la hauteur", "Effect of the measures on depth");
        outcome.statics.push(StaticField {
            name: "depth_change_by_measures",
            standard_name: None,
            unit: "m",
            title: title.clone(),
            maps: vec![ResultMap {
                name: "effet-des-mesures",
                title,
                caption: Text::new(
                    "Hauteur maximale avec les mesures moins hauteur maximale sans elles, là où l'eau vient dans les deux cas.",
                    "Maximum depth with the measures less that without them, where water comes in both.",
                ),
                legend: difference_legend(),
                transparent_below: None,
                isolines: false,
            }],
            grid: comparison.difference_m,
        });
        let title =
            Text::new("Nouvellement inondé, mis hors d'eau", "Newly flooded, no longer flooded");
        outcome.statics.push(StaticField {
            name: "flooding_change_by_measures",
            standard_name: None,
            unit: "1",
            title: title.clone(),
            maps: vec![ResultMap {
                name: "inondation-par-les-mesures",
                title,
                caption: Text::new(
                    "Surfaces où l'eau vient avec les mesures et non sans elles, et l'inverse.",
                    "Where water comes with the measures and not without them, and the reverse.",
                ),
                legend: change_legend(),
                transparent_below: None,
                isolines: false,
            }],
            grid: comparison.change,
        });
        Ok(())
    }
}

fn depth_of(outcome: &Outcome) -> Option<&Grid<f32>> {
    outcome.statics.iter().find(|f| f.name == "maximum_water_depth").map(|f| &f.grid)
}

fn breach_message(variant: &VariantOutcome) -> Text {
    let value = |id: &str| variant.outcome.indicators.get(id).and_then(|i| i.value);
    let sentence = |l: Language| {
        let area = l.number(value("area_flooded").unwrap_or(0.0), 1);
        let buildings = l.number(value("buildings_exposed").unwrap_or(0.0), 0);
        let title = variant.variant.title.get(l);
        match l {
            Language::Fr => format!(
                "En cas de {title} (hypothèse de travail : à 80 % de la plus forte charge, formée en 10 min jusqu'au sol), {area} ha sont inondés et les bâtiments atteints sont au nombre de {buildings}."
            ),
            Language::En => format!(
                "With a {title} (working hypothesis: at 80 % of the largest head, formed in 10 min down to the ground), {area} ha are flooded and the buildings reached number {buildings}."
            ),
        }
    };
    Text::new(sentence(Language::Fr), sentence(Language::En))
}

/// The largest of several depths cell by cell; `None` of none.
fn envelope(depths: &[&Grid<f32>]) -> Option<Grid<f32>> {
    let mut largest = (*depths.first()?).clone();
    for depth in &depths[1..] {
        for (value, other) in largest.values.iter_mut().zip(&depth.values) {
            *value = value.max(*other);
        }
    }
    Some(largest)
}

fn breach_depth(grid: Grid<f32>) -> StaticField {
    let title = Text::new(
        "Hauteur d'eau maximale avec rupture d'ouvrage",
        "Maximum water depth with a failed structure",
    );
    StaticField {
        name: "maximum_water_depth_with_breach",
        standard_name: None,
        unit: "m",
        title: title.clone(),
        maps: vec![ResultMap {
            name: "hauteur-maximale-rupture",
            title,
            caption: Text::new(
                "Plus grande hauteur d'eau si l'ouvrage rompt à l'endroit où la charge est la plus forte.",
                "Largest depth if the structure fails where the head on it is largest.",
            ),
            legend: Legend::maximum_water_depth(),
            transparent_below: Some(0.01),
            isolines: false,
        }],
        grid,
    }
}

/// Flooded in all runs, in the main one but not all, or in others only.
fn robustness(main: &Grid<f32>, varied: &[&Grid<f32>]) -> StaticField {
    let of = |cell: usize| {
        let flooded = |g: &Grid<f32>| g.values[cell] >= FLOODED_M;
        let all = varied.iter().all(|g| flooded(g));
        let any = varied.iter().any(|g| flooded(g));
        match (flooded(main), all, any) {
            (true, true, _) => 1.0,
            (true, false, _) => 2.0,
            (false, _, true) => 3.0,
            (false, _, false) => f32::NAN,
        }
    };
    let title = Text::new("Robustesse de l'emprise inondée", "Robustness of the flooded extent");
    StaticField {
        name: "flooding_robustness",
        standard_name: None,
        unit: "1",
        title: title.clone(),
        maps: vec![ResultMap {
            name: "robustesse",
            title: title.clone(),
            caption: Text::new(
                "Surfaces inondées (5 cm et plus) dans tous les calculs de sensibilité, dans une partie d'entre eux, ou seulement quand une hypothèse change.",
                "Areas flooded (5 cm and more) in all sensitivity runs, in some of them, or only when a hypothesis changes.",
            ),
            legend: Legend::Classed {
                title,
                unit: String::new(),
                classes: vec![
                    Class::new(
                        1.5,
                        Rgb(0, 77, 112),
                        None,
                        "inondé dans tous les calculs",
                        "flooded in all runs",
                    ),
                    Class::new(
                        2.5,
                        Rgb(86, 160, 189),
                        None,
                        "inondé ici, pas dans tous",
                        "flooded here, not in all",
                    ),
                    Class::new(
                        f32::INFINITY,
                        Rgb(240, 196, 102),
                        Some(Hatch::Rising),
                        "inondé si une hypothèse change",
                        "flooded if a hypothesis changes",
                    ),
                ],
            },
            transparent_below: None,
            isolines: false,
        }],
        grid: Grid { spec: main.spec, values: (0..main.values.len()).map(of).collect() },
    }
}

/// Share of the members in which a cell is flooded.
fn probability(spec: GridSpec, members: &[&Grid<f32>]) -> StaticField {
    let of = |cell: usize| {
        let flooded = members.iter().filter(|g| g.values[cell] >= FLOODED_M).count();
        if flooded == 0 { f32::NAN } else { 100.0 * flooded as f32 / members.len() as f32 }
    };
    let title = Text::new(
        "Part des tirages où le lieu est inondé",
        "Share of the draws in which a place is flooded",
    );
    StaticField {
        name: "flooding_probability",
        standard_name: None,
        unit: "%",
        title: title.clone(),
        maps: vec![ResultMap {
            name: "probabilite-inondation",
            title: title.clone(),
            caption: Text::new(
                "Probabilité d'inondation (5 cm et plus) sachant l'événement, selon les intervalles supposés ; ce n'est pas une période de retour.",
                "Probability of flooding (5 cm and more) given the event, by the supposed intervals; not a return period.",
            ),
            legend: Legend::continuous(title, "%", 0.0, 100.0, Ramp::Batlow),
            transparent_below: None,
            isolines: false,
        }],
        grid: Grid { spec, values: (0..spec.len()).map(of).collect() },
    }
}

/// Depth that a share of the draws stays below, dry draws as 0.
fn depth_quantile(spec: GridSpec, quantile: &Quantile, members: &[&Grid<f32>]) -> StaticField {
    let values =
        (0..spec.len()).into_par_iter().map_init(Vec::new, |drawn: &mut Vec<f64>, cell| {
            drawn.clear();
            drawn.extend(members.iter().map(|grid| f64::from(grid.values[cell].max(0.0))));
            drawn.sort_by(f64::total_cmp);
            let depth = sampling::quantile(drawn, quantile.share);
            if depth > 0.0 { depth as f32 } else { f32::NAN }
        });
    let title = Text::new(quantile.title.0, quantile.title.1);
    let share = |l: Language| l.number(100.0 * quantile.share, 0);
    StaticField {
        name: quantile.field,
        standard_name: None,
        unit: "m",
        title: title.clone(),
        maps: vec![ResultMap {
            name: quantile.map,
            title: title.clone(),
            caption: Text::new(
                format!(
                    "Hauteur que {} % des tirages ne dépassent pas, lieu par lieu, selon les intervalles supposés.",
                    share(Language::Fr)
                ),
                format!(
                    "Depth that {} % of the draws do not exceed, place by place, by the supposed intervals.",
                    share(Language::En)
                ),
            ),
            legend: Legend::water_depth(title),
            transparent_below: Some(FLOODED_M),
            isolines: false,
        }],
        grid: Grid { spec, values: values.collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_draws_are_those_of_their_depths() {
        let spec = GridSpec { west: 0.0, north: 1.0, cell_size: 1.0, columns: 2, rows: 1 };
        let draws: Vec<Grid<f32>> = (0..11)
            .map(|k| Grid {
                spec,
                values: vec![k as f32 / 10.0, if k < 10 { f32::NAN } else { 1.0 }],
            })
            .collect();
        let members: Vec<&Grid<f32>> = draws.iter().collect();
        for quantile in &QUANTILES {
            let field = depth_quantile(spec, quantile, &members);
            assert!((f64::from(field.grid.values[0]) - quantile.share).abs() < 1e-6);
            // Flooded in one draw of eleven: dry up to the tenth.
            assert!(field.grid.values[1].is_nan());
        }
    }
}
