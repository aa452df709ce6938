//! Ensembles: every combination of a study again and again, with what is not well known drawn anew.
//!
//! A draw gives all uncertain values at once, by a Latin hypercube through the inverse of each
//! distribution. The same draws serve every combination, so that actions are compared draw by draw:
//! what is common to both, such as a discharge that nobody knows well, does not blur what an action
//! changes.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, LogNormal, Normal, Triangular, Uniform};
use toml::Value;

use crate::sampling::latin_column;
use crate::scenario::Scenario;
use crate::{Error, Language, Result};

/// Most draws of each combination.
const MOST_DRAWS: u32 = 200;

/// Draws of what is not well known.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// Number of draws of each combination.
    pub draws: u32,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
    /// What is drawn, by dotted key of the scenario, such as `runs.crue.parameters.factors.manning`.
    pub values: BTreeMap<String, UncertainValue>,
    /// Fields to map over the draws, by name; absent: the maximum water depth where a run has one.
    #[serde(default)]
    pub maps: BTreeMap<String, FieldOverDraws>,
}

/// A value that is not well known.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UncertainValue {
    /// How likely which value is.
    pub distribution: Distribution,
    /// What a drawn number does.
    #[serde(default)]
    pub applies: Applies,
    /// Where the distribution comes from.
    pub source: String,
}

/// How likely which value is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Evenly between two numbers.
    Uniform([f64; 2]),
    /// Lowest, most likely and highest.
    Triangular([f64; 3]),
    /// Mean and standard deviation.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        standard_deviation: f64,
    },
    /// Two thirds of the draws between `median / factor` and `median × factor`.
    LogNormal {
        /// Median.
        median: f64,
        /// Above 1.
        factor: f64,
    },
    /// One of several values, each as likely as the others: textures, methods, files.
    #[schemars(with = "Vec<serde_json::Value>")]
    OneOf(Vec<Value>),
}

/// What a drawn number does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// It is the value.
    #[default]
    AsValue,
    /// It multiplies the number that the combination states.
    AsFactor,
    /// It is added to the number that the combination states.
    AsOffset,
}

/// What is mapped of a field over the draws.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldOverDraws {
    /// Thresholds whose frequency of exceedance is mapped.
    #[serde(default)]
    pub above: Vec<f64>,
    /// Shares of the draws, such as 0.9, whose value is mapped.
    #[serde(default)]
    pub quantiles: Vec<f64>,
    /// Value of cells without one, such as 0 for the depth of dry ground; absent: a cell counts where
    /// all draws have a value.
    #[serde(default)]
    pub where_missing: Option<f64>,
}

impl FieldOverDraws {
    /// Field that is mapped where the study names none.
    pub const DEPTH: &str = "maximum_water_depth";

    /// How it is mapped: flooded from 5 cm (as the published extents), dry ground counts as 0.
    pub fn of_depth() -> Self {
        Self { above: vec![0.05], quantiles: vec![0.1, 0.9], where_missing: Some(0.0) }
    }

    fn is_sound(&self) -> bool {
        let count = self.above.len() + self.quantiles.len();
        (1..=12).contains(&count)
            && self.above.iter().chain(&self.where_missing).all(|v| v.is_finite())
            && self.quantiles.iter().all(|q| (0.0..=1.0).contains(q))
    }
}

/// The values of one draw, by key.
pub type Draw = Vec<(String, Value)>;

impl UncertainValue {
    /// What is drawn, in words.
    pub fn told(&self, language: Language) -> String {
        let n = |v: f64| language.number(v, if v.abs() < 10.0 { 3 } else { 1 });
        let drawn = match (&self.distribution, language) {
            (Distribution::Uniform([low, high]), Language::Fr) => {
                format!("uniforme de {} à {}", n(*low), n(*high))
            }
            (Distribution::Uniform([low, high]), Language::En) => {
                format!("uniform from {} to {}", n(*low), n(*high))
            }
            (Distribution::Triangular([low, mode, high]), Language::Fr) => {
                format!("triangulaire de {} à {}, mode {}", n(*low), n(*high), n(*mode))
            }
            (Distribution::Triangular([low, mode, high]), Language::En) => {
                format!("triangular from {} to {}, mode {}", n(*low), n(*high), n(*mode))
            }
            (Distribution::Normal { mean, standard_deviation }, Language::Fr) => {
                format!("normale de moyenne {}, écart-type {}", n(*mean), n(*standard_deviation))
            }
            (Distribution::Normal { mean, standard_deviation }, Language::En) => format!(
                "normal with mean {} and standard deviation {}",
                n(*mean),
                n(*standard_deviation)
            ),
            (Distribution::LogNormal { median, factor }, Language::Fr) => {
                format!("lognormale de médiane {}, facteur {}", n(*median), n(*factor))
            }
            (Distribution::LogNormal { median, factor }, Language::En) => {
                format!("log-normal with median {} and factor {}", n(*median), n(*factor))
            }
            (Distribution::OneOf(values), _) => {
                values.iter().map(Value::to_string).collect::<Vec<_>>().join(" / ")
            }
        };
        let applies = match self.applies {
            Applies::AsValue => "",
            Applies::AsFactor => language.pick(", en facteur", ", as a factor"),
            Applies::AsOffset => language.pick(", ajouté", ", added"),
        };
        format!("{drawn}{applies}")
    }
}

impl Distribution {
    /// The value below which a share of the draws stays.
    fn at(&self, share: f64) -> Option<Value> {
        let number = match *self {
            Self::Uniform([low, high]) => Uniform::new(low, high).ok()?.inverse_cdf(share),
            Self::Triangular([low, mode, high]) => {
                Triangular::new(low, high, mode).ok()?.inverse_cdf(share)
            }
            Self::Normal { mean, standard_deviation } => {
                Normal::new(mean, standard_deviation).ok()?.inverse_cdf(share)
            }
            Self::LogNormal { median, factor } => {
                LogNormal::new(median.ln(), factor.ln()).ok()?.inverse_cdf(share)
            }
            Self::OneOf(ref values) => {
                return values.get((share * values.len() as f64) as usize).cloned();
            }
        };
        number.is_finite().then_some(Value::Float(number))
    }

    /// What makes it one.
    fn rule(&self) -> (&'static str, &'static str) {
        match self {
            Self::Uniform(_) => (
                "donner deux bornes, la plus petite d'abord",
                "give two limits, the lower one first",
            ),
            Self::Triangular(_) => (
                "donner le plus petit, le plus probable et le plus grand, dans cet ordre",
                "give the lowest, the most likely and the highest, in this order",
            ),
            Self::Normal { .. } => {
                ("l'écart-type doit être positif", "the standard deviation must be positive")
            }
            Self::LogNormal { .. } => (
                "la médiane doit être positive et factor plus grand que 1",
                "the median must be positive and factor above 1",
            ),
            Self::OneOf(_) => ("donner au moins deux valeurs", "give two values at least"),
        }
    }

    fn is_sound(&self) -> bool {
        let ordered = |values: &[f64]| {
            values.iter().all(|v| v.is_finite()) && values.windows(2).all(|w| w[0] <= w[1])
        };
        match self {
            Self::Uniform(v) => ordered(v) && v[0] < v[1],
            Self::Triangular(v) => ordered(v) && v[0] < v[2],
            Self::Normal { mean, standard_deviation } => {
                mean.is_finite() && standard_deviation.is_finite() && *standard_deviation > 0.0
            }
            Self::LogNormal { median, factor } => {
                median.is_finite() && *median > 0.0 && factor.is_finite() && *factor > 1.0
            }
            Self::OneOf(values) => values.len() > 1,
        }
    }
}

impl Ensemble {
    /// Keys whose value a draw states, whatever the combination states.
    pub(super) fn stated_keys(&self) -> impl Iterator<Item = &str> {
        let stated = |v: &UncertainValue| v.applies == Applies::AsValue;
        self.values.iter().filter(move |(_, v)| stated(v)).map(|(key, _)| key.as_str())
    }

    pub(super) fn check(&self, place: &dyn Fn(&str) -> String) -> Result<()> {
        if !(2..=MOST_DRAWS).contains(&self.draws) {
            return Err(Error::input(
                place("ensemble.draws"),
                format!("{} ; donner de 2 à {MOST_DRAWS} tirages", self.draws),
                format!("{}; give 2 to {MOST_DRAWS} draws", self.draws),
            ));
        }
        if self.values.is_empty() {
            return Err(Error::input(
                place("ensemble.values"),
                "rien n'est tiré ; ajouter [ensemble.values.\"CLÉ\"] avec distribution et source",
                "nothing is drawn; add [ensemble.values.\"KEY\"] with distribution and source",
            ));
        }
        for (key, value) in &self.values {
            let here = || place(&format!("ensemble.values.\"{key}\""));
            if !value.distribution.is_sound() {
                let (fr, en) = value.distribution.rule();
                let (told, said) = (value.told(Language::Fr), value.told(Language::En));
                return Err(Error::input(
                    here(),
                    format!("distribution impossible ({told}) : {fr}"),
                    format!("impossible distribution ({said}): {en}"),
                ));
            }
            let is_choice = matches!(value.distribution, Distribution::OneOf(_));
            if is_choice && value.applies != Applies::AsValue {
                return Err(Error::input(
                    here(),
                    "one_of donne la valeur elle-même ; retirer applies",
                    "one_of gives the value itself; remove applies",
                ));
            }
            if value.source.trim().is_empty() {
                return Err(Error::input(
                    here(),
                    "dire d'où vient la distribution (source)",
                    "say where the distribution comes from (source)",
                ));
            }
        }
        match self.maps.iter().find(|(_, map)| !map.is_sound()) {
            None => Ok(()),
            Some((field, _)) => Err(Error::input(
                place(&format!("ensemble.maps.{field}")),
                "donner de 1 à 12 seuils (above) et parts (quantiles, de 0 à 1)",
                "give 1 to 12 thresholds (above) and shares (quantiles, from 0 to 1)",
            )),
        }
    }

    /// The draws of a combination; numbers that multiply or are added act on what its scenario states. What is
    /// drawn of a measure that the combination does not make is left out.
    ///
    /// # Errors
    /// There is no number to act on.
    pub(super) fn draws(
        &self,
        scenario: &Scenario,
        place: &dyn Fn(&str) -> String,
    ) -> Result<Vec<Draw>> {
        let (stated, id) = (serde_json::to_value(scenario).unwrap_or_default(), &scenario.id);
        let mut rng = Pcg64Mcg::seed_from_u64(self.seed);
        let mut draws = vec![Draw::new(); self.draws as usize];
        for (key, value) in &self.values {
            let column = latin_column(draws.len(), &mut rng);
            let measure = key.strip_prefix("measures.").and_then(|rest| rest.split('.').next());
            if measure.is_some_and(|name| !scenario.measures.contains_key(name)) {
                continue;
            }
            let here = || place(&format!("ensemble.values.\"{key}\""));
            let base = || {
                let number = key.split('.').try_fold(&stated, |at, part| at.get(part));
                number.and_then(serde_json::Value::as_f64).ok_or_else(|| {
                    Error::input(
                        here(),
                        format!(
                            "« {id} » n'a pas de nombre à cette clé, que le tirage changerait ; l'écrire dans le scénario, ou dans chaque événement ou action, ou retirer applies"
                        ),
                        format!(
                            "\"{id}\" has no number at this key for the draw to change; write it in the scenario, or in each event or action, or remove applies"
                        ),
                    )
                })
            };
            for (draw, share) in draws.iter_mut().zip(column) {
                let drawn = value.distribution.at(share).ok_or_else(|| {
                    Error::input(
                        here(),
                        "distribution dont aucun nombre ne se tire",
                        "distribution that gives no number",
                    )
                })?;
                let drawn = match (value.applies, drawn) {
                    (Applies::AsFactor, Value::Float(factor)) => Value::Float(base()? * factor),
                    (Applies::AsOffset, Value::Float(offset)) => Value::Float(base()? + offset),
                    (_, drawn) => drawn,
                };
                draw.push((key.clone(), drawn));
            }
        }
        Ok(draws)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ensemble(distribution: Distribution, applies: Applies) -> Ensemble {
        let value = UncertainValue { distribution, applies, source: "s".to_owned() };
        Ensemble {
            draws: 100,
            seed: 5,
            values: BTreeMap::from([("runs.a.parameters.x".to_owned(), value)]),
            maps: BTreeMap::new(),
        }
    }

    fn scenario() -> Scenario {
        serde_json::from_value(serde_json::json!({
            "schema": 1, "id": "s", "title": { "fr": "s", "en": "s" }, "territory": "t.twin",
            "runs": { "a": { "simulation": "p", "parameters": { "x": 10.0 } } },
        }))
        .unwrap()
    }

    fn drawn(distribution: Distribution, applies: Applies) -> Vec<f64> {
        let draws = ensemble(distribution, applies).draws(&scenario(), &str::to_owned).unwrap();
        let mut values: Vec<f64> = draws.iter().map(|d| d[0].1.as_float().unwrap()).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// The k-th smallest of n draws lies in the k-th part of the distribution, whose ends are known.
    #[test]
    fn draws_follow_their_distribution() {
        for (k, value) in
            drawn(Distribution::Uniform([2.0, 4.0]), Applies::AsValue).iter().enumerate()
        {
            assert!((2.0 + 0.02 * k as f64..=2.0 + 0.02 * (k + 1) as f64).contains(value));
        }
        let lopsided = drawn(Distribution::Triangular([0.0, 1.0, 3.0]), Applies::AsValue);
        // F(1) = 1/3.
        assert_eq!(lopsided.iter().filter(|v| **v < 1.0).count() / 2, 33 / 2);
        let normal =
            drawn(Distribution::Normal { mean: 1.0, standard_deviation: 0.5 }, Applies::AsValue);
        let mean = normal.iter().sum::<f64>() / 100.0;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        // Φ(1) − Φ(−1) = 0.6827, to one part at each end.
        let within = normal.iter().filter(|v| (**v - 1.0).abs() < 0.5).count();
        assert!((66..=70).contains(&within), "{within}");
        let factors = drawn(Distribution::LogNormal { median: 1.0, factor: 1.5 }, Applies::AsValue);
        let within = factors.iter().filter(|v| (1.0 / 1.5..1.5).contains(*v)).count();
        assert!((66..=70).contains(&within), "{within}");
    }

    #[test]
    fn factors_and_offsets_act_on_what_the_combination_states() {
        let factors = drawn(Distribution::Uniform([0.5, 1.5]), Applies::AsFactor);
        assert!(factors.iter().all(|v| (5.0..15.0).contains(v)));
        let offsets = drawn(Distribution::Uniform([-1.0, 1.0]), Applies::AsOffset);
        assert!(offsets.iter().all(|v| (9.0..11.0).contains(v)));
        let mut without = scenario();
        without.runs.clear();
        let ensemble = ensemble(Distribution::Uniform([0.5, 1.5]), Applies::AsFactor);
        assert!(ensemble.draws(&without, &str::to_owned).is_err());
    }

    #[test]
    fn choices_are_drawn_equally_often_and_always_the_same() {
        let textures = ["loam", "clay"].map(|t| Value::String(t.to_owned()));
        let ensemble = ensemble(Distribution::OneOf(textures.to_vec()), Applies::AsValue);
        let draw = || ensemble.draws(&scenario(), &str::to_owned).unwrap();
        let loam = draw().iter().filter(|d| d[0].1.as_str() == Some("loam")).count();
        assert_eq!(loam, 50);
        assert_eq!(draw(), draw());
    }

    #[test]
    fn impossible_distributions_are_refused() {
        for wrong in [
            Distribution::Uniform([1.0, 1.0]),
            Distribution::Uniform([0.0, f64::NAN]),
            Distribution::Triangular([0.0, 2.0, 1.0]),
            Distribution::Normal { mean: 0.0, standard_deviation: 0.0 },
            Distribution::LogNormal { median: -1.0, factor: 2.0 },
            Distribution::OneOf(vec![Value::Integer(1)]),
        ] {
            assert!(ensemble(wrong, Applies::AsValue).check(&str::to_owned).is_err());
        }
        let one = Distribution::OneOf(vec![Value::Integer(1), Value::Integer(2)]);
        assert!(ensemble(one.clone(), Applies::AsFactor).check(&str::to_owned).is_err());
        assert!(ensemble(one, Applies::AsValue).check(&str::to_owned).is_ok());
    }
}
