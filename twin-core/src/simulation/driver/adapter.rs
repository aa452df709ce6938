//! Explicit conversion between what one run writes and another reads: unit and temporal kind.
//! (All runs of a scenario share one grid.)

use crate::simulation::{StateError, StateVisitor, Temporal, Unit, Variable};
use crate::{Error, Result};

/// Turns the field of a producer into that of a reader.
#[derive(Debug, Clone)]
pub(super) struct Adapter {
    factor: f64,
    offset: f64,
    kind: Kind,
    /// Time and values of the last exchange, for rates; empty before the first.
    previous_time_s: f64,
    previous: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The value itself.
    Same,
    /// A total since the start becomes a mean rate over the last exchange.
    TotalToRate,
}

impl Adapter {
    /// The conversion from one declared variable to another, or why there is none.
    pub(super) fn between(from: &Variable, to: &Variable) -> Result<Self> {
        let refuse = |fr: String, en: String| Err(Error::input(to.name, fr, en));
        let (Some(source), Some(target)) = (Unit::parse(from.unit), Unit::parse(to.unit)) else {
            return refuse("unité inconnue".into(), "unknown unit".into());
        };
        let kind = match (from.temporal, to.temporal) {
            (a, b) if a == b => Kind::Same,
            (
                Temporal::Instantaneous | Temporal::Mean,
                Temporal::Instantaneous | Temporal::Mean,
            ) => Kind::Same,
            (Temporal::Accumulated, Temporal::Mean) => Kind::TotalToRate,
            (a, b) => {
                return refuse(
                    format!("une valeur {a:?} ne donne pas une valeur {b:?} ; changer de variable"),
                    format!("a value of kind {a:?} gives none of kind {b:?}; use another variable"),
                );
            }
        };
        let source = if kind == Kind::TotalToRate { source.times_seconds(-1) } else { source };
        let (Some(zero), Some(one)) = (source.convert(0.0, &target), source.convert(1.0, &target))
        else {
            return refuse(
                format!("l'unité {} ne se convertit pas en {}", from.unit, to.unit),
                format!("unit {} does not convert to {}", from.unit, to.unit),
            );
        };
        Ok(Self {
            factor: one - zero,
            offset: zero,
            kind,
            previous_time_s: 0.0,
            previous: Vec::new(),
        })
    }

    /// The reader's field at a time from the producer's.
    pub(super) fn apply(&mut self, time_s: f64, values: &[f32]) -> Vec<f32> {
        let convert = |v: f64| (v * self.factor + self.offset) as f32;
        match self.kind {
            Kind::Same => values.iter().map(|v| convert(f64::from(*v))).collect(),
            Kind::TotalToRate => {
                let elapsed = time_s - self.previous_time_s;
                let rates = if self.previous.len() == values.len() && elapsed > 0.0 {
                    let pairs = values.iter().zip(&self.previous);
                    pairs.map(|(now, then)| convert((f64::from(*now) - then) / elapsed)).collect()
                } else {
                    vec![convert(0.0); values.len()]
                };
                self.previous_time_s = time_s;
                self.previous = values.iter().map(|v| f64::from(*v)).collect();
                rates
            }
        }
    }

    /// Saves or loads the memory of the last exchange.
    pub(super) fn visit(&mut self, visitor: &mut dyn StateVisitor) -> Result<(), StateError> {
        visitor.scalar("adapter_time_s", &mut self.previous_time_s)?;
        visitor.list("adapter_values", &mut self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Text;

    fn variable(unit: &'static str, temporal: Temporal) -> Variable {
        Variable::output("rain", unit, Text::new("pluie", "rain")).over_time(temporal)
    }

    #[test]
    fn accumulated_millimetres_become_a_rate_in_metres_per_second() {
        let mut adapter = Adapter::between(
            &variable("mm", Temporal::Accumulated),
            &variable("m s-1", Temporal::Mean),
        )
        .unwrap();
        assert_eq!(adapter.apply(0.0, &[0.0]), [0.0]);
        assert_eq!(adapter.apply(100.0, &[50.0]), [5e-4]);
        assert_eq!(adapter.apply(200.0, &[50.0]), [0.0]);
    }

    #[test]
    fn what_cannot_be_converted_is_refused() {
        let depth = variable("m", Temporal::Instantaneous);
        assert!(Adapter::between(&depth, &variable("K", Temporal::Instantaneous)).is_err());
        assert!(Adapter::between(&depth, &variable("m", Temporal::Accumulated)).is_err());
        assert!(Adapter::between(&depth, &variable("mm", Temporal::Mean)).is_ok());
    }
}
