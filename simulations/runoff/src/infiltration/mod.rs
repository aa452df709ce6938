//! Water that enters the soil, by cell and step.
//!
//! Every model answers one question: of a water of `supply_m` that stands on the soil or falls during
//! `step_s`, how much enters? Never more than there is. Water that runs on from above is supply like rain,
//! but for the curve number, which knows rain alone.
//!
//! | file | model |
//! |---|---|
//! | `green_ampt` | Green & Ampt 1911: a wetting front, in one layer or two |
//! | `horton` | Horton 1941: a capacity that decays and recovers |
//! | `curve_number` | SCS curve number: a retention of rain |

mod curve_number;
mod green_ampt;
mod horton;

pub use curve_number::{CurveNumber, Moisture};
pub use green_ampt::{GreenAmpt, SoilLayer};
pub use horton::Horton;

/// A model of infiltration with its parameters; what has happened so far is one number per cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Infiltration {
    /// Nothing enters.
    None,
    /// At most so much, m/s.
    Constant(f64),
    /// A wetting front; the state is the infiltrated depth, m.
    GreenAmpt(GreenAmpt),
    /// A decaying capacity; the state is the time on its curve, s.
    Horton(Horton),
    /// A retention of rain; the state is the rain so far, m.
    CurveNumber(CurveNumber),
}

/// Water offered to the soil during a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Supply {
    /// Standing at the start of the step, m.
    pub ponded_m: f64,
    /// Falling during it at an even rate, m.
    pub rain_m: f64,
    /// Length of the step, s.
    pub step_s: f64,
}

impl Infiltration {
    /// Depth that enters during a step, m, never more than the supply; `state` goes on.
    pub fn infiltrate(&self, state: &mut f64, supply: Supply) -> f64 {
        let all = supply.ponded_m + supply.rain_m;
        let depth = match self {
            Self::None => 0.0,
            Self::Constant(rate) => rate * supply.step_s,
            Self::GreenAmpt(model) => model.infiltrate(state, supply),
            Self::Horton(model) => model.infiltrate(state, supply),
            Self::CurveNumber(model) => model.retain(state, supply.rain_m),
        };
        depth.clamp(0.0, all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn models() -> [Infiltration; 5] {
        let layer = |mm_per_h: f64| SoilLayer {
            conductivity_m_per_s: mm_per_h * 1e-3 / 3600.0,
            suction_m: 0.1101,
            deficit: 0.3,
        };
        let green_ampt = GreenAmpt::new(layer(10.9));
        let crusted = GreenAmpt::layered(layer(1.0), 0.005, layer(10.9));
        let horton = Horton::new(125e-3 / 3600.0, 6e-3 / 3600.0, 2.0 / 3600.0, 0.0);
        let curve = CurveNumber::new(80.0, Moisture::Average, 0.2).unwrap();
        [
            Infiltration::Constant(5e-6),
            Infiltration::GreenAmpt(green_ampt.unwrap()),
            Infiltration::GreenAmpt(crusted.unwrap()),
            Infiltration::Horton(horton.unwrap()),
            Infiltration::CurveNumber(curve),
        ]
    }

    proptest! {
        #[test]
        fn never_more_enters_than_there_is(
            steps in proptest::collection::vec((0.0f64..0.05, 0.0f64..0.01, 0.1f64..600.0), 1..30)
        ) {
            for model in models() {
                let mut state = 0.0;
                for &(ponded_m, rain_m, step_s) in &steps {
                    let depth = model.infiltrate(&mut state, Supply { ponded_m, rain_m, step_s });
                    prop_assert!(depth >= 0.0 && depth <= ponded_m + rain_m, "{model:?} {depth}");
                    prop_assert!(state.is_finite());
                }
            }
        }
    }
}
