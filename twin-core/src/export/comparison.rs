//! Two scenarios on one map: where the water stands higher or lower, and where it newly comes or
//! no longer comes.
//!
//! The difference is *scenario − reference*. Places wet in both are coloured by the difference of
//! depth, on a diverging ramp whose middle is zero; places wet in one only belong to a class of
//! their own, with a hatch so that it is told apart without colour.

use super::{
    legend::{Class, Hatch, Legend, short_number},
    map::{MapSpec, RasterLayer, Reduction},
    ramp::{Ramp, Rgb},
};
use crate::{Error, Language, Result, language::Text, spatial::Grid};

/// Thresholds of the difference of depth, in metres, on both sides of zero.
const THRESHOLDS_M: [f32; 3] = [0.05, 0.2, 0.5];

/// Value of newly flooded cells in [`DepthComparison::change`].
const NEWLY_FLOODED: f32 = 1.0;
/// Value of cells no longer flooded in [`DepthComparison::change`].
const NO_LONGER_FLOODED: f32 = 0.0;

/// The comparison of two depth grids cell by cell.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthComparison {
    /// Scenario − reference in metres where both are wet, `NaN` elsewhere.
    pub difference_m: Grid<f32>,
    /// 1 newly flooded, 0 no longer flooded, `NaN` elsewhere.
    pub change: Grid<f32>,
}

impl DepthComparison {
    /// Compares the depths of a scenario with those of a reference on the same cells. Depths of
    /// less than `dry_below_m` count as dry, `NaN` in either as unknown.
    ///
    /// # Errors
    /// The grids do not share their cells.
    pub fn new(
        scenario_depth_m: &Grid<f32>,
        reference_depth_m: &Grid<f32>,
        dry_below_m: f32,
    ) -> Result<Self> {
        let spec = scenario_depth_m.spec;
        let lengths = [scenario_depth_m.values.len(), reference_depth_m.values.len()];
        if spec != reference_depth_m.spec || lengths != [spec.len(); 2] {
            return Err(Error::input(
                "comparison",
                "les deux scénarios n'ont pas la même grille ; les calculer avec la même emprise et la même résolution",
                "the two scenarios do not have the same grid; run them with the same extent and resolution",
            ));
        }
        let pairs = scenario_depth_m.values.iter().zip(&reference_depth_m.values);
        let (difference, change) = pairs
            .map(|(&a, &b)| {
                let known = !(a.is_nan() || b.is_nan());
                match (a >= dry_below_m, b >= dry_below_m) {
                    (true, true) => (a - b, f32::NAN),
                    (true, false) if known => (f32::NAN, NEWLY_FLOODED),
                    (false, true) if known => (f32::NAN, NO_LONGER_FLOODED),
                    _ => (f32::NAN, f32::NAN),
                }
            })
            .unzip();
        Ok(Self {
            difference_m: Grid { spec, values: difference },
            change: Grid { spec, values: change },
        })
    }

    /// Whether the two scenarios have the same water everywhere.
    pub fn is_nothing(&self) -> bool {
        let same = |d: &f32| d.is_nan() || *d == 0.0;
        self.change.values.iter().all(|c| c.is_nan()) && self.difference_m.values.iter().all(same)
    }

    /// Area that the scenario floods and the reference does not, m².
    pub fn newly_flooded_m2(&self) -> f64 {
        self.area_m2(NEWLY_FLOODED)
    }

    /// Area that the reference floods and the scenario does not, m².
    pub fn no_longer_flooded_m2(&self) -> f64 {
        self.area_m2(NO_LONGER_FLOODED)
    }

    fn area_m2(&self, class: f32) -> f64 {
        let cells = self.change.values.iter().filter(|v| **v == class).count();
        cells as f64 * self.change.spec.cell_area()
    }

    /// Adds the comparison to a map that has its base, vectors and texts.
    pub fn map<'a>(&'a self, mut base: MapSpec<'a>) -> MapSpec<'a> {
        base.rasters.push(RasterLayer {
            reduction: Reduction::LargestMagnitude,
            ..RasterLayer::new(&self.difference_m, difference_legend())
        });
        base.rasters.push(RasterLayer::new(&self.change, change_legend()));
        base
    }
}

/// Classes of the difference of depth.
pub fn difference_legend() -> Legend {
    let bounds: Vec<f32> = THRESHOLDS_M.iter().rev().map(|t| -t).chain(THRESHOLDS_M).collect();
    let colours = Ramp::Vik.classes(bounds.len() + 1);
    let label = |i: usize| {
        let write = |language: Language| {
            let number = |v: f32| short_number(f64::from(v.abs()), language);
            let side = if i < THRESHOLDS_M.len() {
                language.pick("baisse", "lower by")
            } else {
                language.pick("hausse", "higher by")
            };
            let low = i.checked_sub(1).and_then(|j| bounds.get(j)).copied();
            match (low, bounds.get(i).copied()) {
                (Some(low), Some(high)) if low < 0.0 && high > 0.0 => {
                    format!(
                        "{} {}",
                        language.pick("écart de moins de", "change below"),
                        number(high)
                    )
                }
                (Some(a), Some(b)) => {
                    let (a, b) = if a.abs() < b.abs() { (a, b) } else { (b, a) };
                    match language {
                        Language::Fr => format!("{side} de {} à {}", number(a), number(b)),
                        Language::En => format!("{side} {} to {}", number(a), number(b)),
                    }
                }
                (Some(v), None) | (None, Some(v)) => match language {
                    Language::Fr => format!("{side} de {} et plus", number(v)),
                    Language::En => format!("{side} {} and more", number(v)),
                },
                (None, None) => String::new(),
            }
        };
        Text::new(write(Language::Fr), write(Language::En))
    };
    let classes = (0..=bounds.len())
        .map(|i| Class {
            below: bounds.get(i).copied().unwrap_or(f32::INFINITY),
            colour: colours.get(i).copied().unwrap_or(Rgb(128, 128, 128)),
            hatch: None,
            label: label(i),
        })
        .collect();
    Legend::Classed {
        title: Text::new("Écart de hauteur d'eau", "Difference of water depth"),
        unit: "m".to_owned(),
        classes,
    }
}

/// Classes of [`DepthComparison::change`].
pub fn change_legend() -> Legend {
    Legend::Classed {
        title: Text::new("Emprise inondée", "Flooded extent"),
        unit: String::new(),
        classes: vec![
            Class::new(
                0.5,
                Rgb::hex(0x7fd1b3),
                Some(Hatch::Falling),
                "mis hors d'eau dans ce scénario",
                "no longer flooded in this scenario",
            ),
            Class::new(
                f32::INFINITY,
                Rgb::hex(0xb565a0),
                Some(Hatch::Rising),
                "nouvellement inondé dans ce scénario",
                "newly flooded in this scenario",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    fn grid(values: &[f32]) -> Grid<f32> {
        let spec =
            GridSpec { west: 0.0, north: 0.0, cell_size: 2.0, columns: values.len(), rows: 1 };
        Grid { spec, values: values.to_vec() }
    }

    #[test]
    fn each_cell_belongs_to_one_class() {
        let scenario = grid(&[1.0, 0.5, 0.0, 0.0, f32::NAN, 0.3]);
        let reference = grid(&[0.4, 0.0, 0.5, 0.0, 1.0, f32::NAN]);
        let both = DepthComparison::new(&scenario, &reference, 0.01).unwrap();
        assert_eq!(both.difference_m.values[0], 0.6);
        assert!(both.difference_m.values[1..].iter().all(|v| v.is_nan()));
        assert_eq!(both.change.values[1..3], [NEWLY_FLOODED, NO_LONGER_FLOODED]);
        assert!([0, 3, 4, 5].into_iter().all(|i| both.change.values[i].is_nan()));
        assert_eq!((both.newly_flooded_m2(), both.no_longer_flooded_m2()), (4.0, 4.0));
    }

    #[test]
    fn swapping_the_scenarios_mirrors_the_comparison() {
        let (a, b) = (grid(&[1.0, 0.5, 0.0]), grid(&[0.25, 0.0, 2.0]));
        let forward = DepthComparison::new(&a, &b, 0.01).unwrap();
        let back = DepthComparison::new(&b, &a, 0.01).unwrap();
        assert_eq!(forward.difference_m.values[0], -back.difference_m.values[0]);
        assert_eq!(forward.newly_flooded_m2(), back.no_longer_flooded_m2());
    }

    #[test]
    fn labels_tell_both_sides_of_zero() {
        let Legend::Classed { classes, .. } = difference_legend() else { panic!() };
        let labels: Vec<_> = classes.iter().map(|c| c.label.fr.as_str()).collect();
        assert_eq!(
            labels,
            [
                "baisse de 0,5 et plus",
                "baisse de 0,2 à 0,5",
                "baisse de 0,05 à 0,2",
                "écart de moins de 0,05",
                "hausse de 0,05 à 0,2",
                "hausse de 0,2 à 0,5",
                "hausse de 0,5 et plus"
            ]
        );
    }

    #[test]
    fn other_grids_are_refused() {
        assert!(DepthComparison::new(&grid(&[1.0]), &grid(&[1.0, 2.0]), 0.01).is_err());
    }
}
