//! Classes of hazard from depth, speed and rate of rise.
//!
//! **« Aléa simulé »** follows the grid of the arrêté of 5 July 2019, art. 2 (débordement de cours d'eau
//! and submersion marine, not torrential rivers, not runoff): the depth and the *dynamique*, which
//! combines the speed of the flow and the rate at which the water rises.
//!
//! | depth | dynamique lente | moyenne | rapide |
//! |---|---|---|---|
//! | below 0.5 m | faible | modéré | fort |
//! | 0.5 to 1 m | modéré | modéré | fort |
//! | 1 to 2 m | fort | fort | très fort |
//! | 2 m and more | très fort | très fort | très fort |
//!
//! Bounds belong to the class above. The decree gives no threshold for the dynamics; the defaults are
//! the speeds of the CNIG standard *Directive Inondation* (after the guide PPRI 2024, p. 71), and no
//! rate of rise. What is computed is a simulation, not an *aléa de référence*.
//!
//! Also the classes of Australia (AIDR 2017, *Flood Hazard*, guideline 7-3: H1 to H6) and the hazard
//! rating of the United Kingdom (Defra & Environment Agency 2006, FD2321/TR1: h (v + 0.5) + DF).
//!
//! All take the envelope of the maxima, which do not occur at the same moment: an upper bound.

use std::collections::VecDeque;

use twin_core::export::Legend;
use twin_core::export::legend::{Class, Hatch};
use twin_core::export::ramp::Rgb;
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup};
use twin_core::spatial::Grid;

/// Largest values of a cell; `rise_m_per_h` is `NaN` where not known.
#[derive(Debug, Clone, Copy)]
pub struct Peak {
    /// Depth, m.
    pub depth_m: f64,
    /// Speed, m/s.
    pub speed_m_per_s: f64,
    /// Depth × speed, m²/s.
    pub discharge_m2_per_s: f64,
    /// Rate of rise, m/h.
    pub rise_m_per_h: f64,
}

/// Thresholds of the *dynamique*.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dynamics {
    /// Speeds from which it is *moyenne* and *rapide*, m/s.
    pub speed_m_per_s: [f64; 2],
    /// Rates of rise from which it is *moyenne* and *rapide*, m/h.
    pub rise_m_per_h: Option<[f64; 2]>,
}

impl Dynamics {
    /// 0 *lente*, 1 *moyenne*, 2 *rapide*: the worse of speed and rate of rise.
    fn class(&self, peak: Peak) -> usize {
        let over = |value: f64, bounds: [f64; 2]| bounds.iter().filter(|b| value >= **b).count();
        let rise = self.rise_m_per_h.map_or(0, |bounds| over(peak.rise_m_per_h, bounds));
        over(peak.speed_m_per_s, self.speed_m_per_s).max(rise)
    }
}

/// Class of the « aléa simulé »: 1 *faible*, 2 *modéré*, 3 *fort*, 4 *très fort*.
pub fn simulated_hazard(dynamics: Dynamics, peak: Peak) -> u8 {
    const GRID: [[u8; 3]; 4] = [[1, 2, 3], [2, 2, 3], [3, 3, 4], [4, 4, 4]];
    let depth = [0.5, 1.0, 2.0].iter().filter(|b| peak.depth_m >= **b).count();
    GRID[depth][dynamics.class(peak)]
}

/// Class of AIDR, 1 (H1, generally safe) to 6 (H6, unsafe for all; buildings fail).
pub fn aidr_class(peak: Peak) -> u8 {
    /// Largest depth (m), speed (m/s) and product (m²/s) of H1 to H5.
    const BOUNDS: [[f64; 3]; 5] =
        [[0.3, 2.0, 0.3], [0.5, 2.0, 0.6], [1.2, 2.0, 0.6], [2.0, 2.0, 1.0], [4.0, 4.0, 4.0]];
    let within = |[depth, speed, product]: &[f64; 3]| {
        peak.depth_m <= *depth
            && peak.speed_m_per_s <= *speed
            && peak.discharge_m2_per_s <= *product
    };
    1 + BOUNDS.iter().position(within).unwrap_or(5) as u8
}

/// Hazard rating of the United Kingdom, with the debris factor of built-up land.
pub fn uk_hazard_rating(peak: Peak) -> f64 {
    let debris = if peak.depth_m > 0.25 { 1.0 } else { 0.0 };
    peak.discharge_m2_per_s + 0.5 * peak.depth_m + debris
}

/// Removes patches of cells, joined at sides or corners, that are smaller than `cells`.
pub fn without_small_patches(present: &mut [bool], columns: usize, cells: usize) {
    let rows = present.len() / columns.max(1);
    let mut seen = vec![false; present.len()];
    for start in 0..present.len() {
        if !present[start] || seen[start] {
            continue;
        }
        let (mut patch, mut queue) = (Vec::new(), VecDeque::from([start]));
        seen[start] = true;
        while let Some(cell) = queue.pop_front() {
            patch.push(cell);
            let (row, column) = (cell / columns, cell % columns);
            for r in row.saturating_sub(1)..=(row + 1).min(rows - 1) {
                for c in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
                    let next = r * columns + c;
                    if present[next] && !seen[next] {
                        seen[next] = true;
                        queue.push_back(next);
                    }
                }
            }
        }
        if patch.len() < cells {
            patch.into_iter().for_each(|cell| present[cell] = false);
        }
    }
}

/// Areas by class of the « aléa simulé » inside the study area.
pub fn areas(hazard: &Grid<f32>, study: &Grid<bool>) -> IndicatorGroup {
    let cell_ha = hazard.spec.cell_area() / 1e4;
    let classes =
        [("faible", "low"), ("modéré", "moderate"), ("fort", "high"), ("très fort", "very high")];
    let row = |(k, (fr, en)): (usize, (&str, &str))| {
        let class = (k + 1) as f32;
        let counted = |(value, inside): &(&f32, &bool)| **inside && **value == class;
        let cells = hazard.values.iter().zip(&study.values).filter(counted).count();
        let label = Text::new(
            format!("Surface en aléa simulé {fr}"),
            format!("Area of {en} simulated hazard"),
        );
        Indicator::quantity(
            format!("area_hazard_{}", k + 1),
            label,
            cells as f64 * cell_ha,
            "ha",
            2,
        )
    };
    IndicatorGroup {
        id: "hazard".into(),
        title: Text::new("Aléa simulé", "Simulated hazard"),
        rows: classes.into_iter().enumerate().map(row).collect(),
    }
}

/// Legend of the « aléa simulé »: colours of the CNIG standard for PPRN; the two highest classes are
/// hatched, so that they are told apart without colour.
pub fn legend() -> Legend {
    Legend::Classed {
        title: Text::new("Aléa simulé", "Simulated hazard"),
        unit: String::new(),
        classes: vec![
            Class::new(1.5, Rgb(143, 188, 143), None, "faible", "low"),
            Class::new(2.5, Rgb(135, 206, 250), None, "modéré", "moderate"),
            Class::new(3.5, Rgb(245, 222, 179), Some(Hatch::Rising), "fort", "high"),
            Class::new(
                f32::INFINITY,
                Rgb(233, 150, 122),
                Some(Hatch::Falling),
                "très fort",
                "very high",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(depth_m: f64, speed_m_per_s: f64, rise_m_per_h: f64) -> Peak {
        let discharge_m2_per_s = depth_m * speed_m_per_s;
        Peak { depth_m, speed_m_per_s, discharge_m2_per_s, rise_m_per_h }
    }

    #[test]
    fn the_grid_of_the_decree() {
        let dynamics = Dynamics { speed_m_per_s: [0.2, 0.5], rise_m_per_h: None };
        let grid = [
            (0.3, [1, 2, 3]),
            (0.5, [2, 2, 3]),
            (1.0, [3, 3, 4]),
            (1.99, [3, 3, 4]),
            (2.0, [4, 4, 4]),
        ];
        for (depth, classes) in grid {
            for (speed, class) in [0.1, 0.2, 0.5].into_iter().zip(classes) {
                let hazard = simulated_hazard(dynamics, peak(depth, speed, f64::NAN));
                assert_eq!(hazard, class, "{depth} m, {speed} m/s");
            }
        }
        // A fast rise alone makes it rapide; an unknown one nothing.
        let rising = Dynamics { rise_m_per_h: Some([0.5, 1.0]), ..dynamics };
        assert_eq!(simulated_hazard(rising, peak(0.3, 0.0, 1.0)), 3);
        assert_eq!(simulated_hazard(rising, peak(0.3, 0.0, f64::NAN)), 1);
        assert_eq!(simulated_hazard(dynamics, peak(0.3, 0.0, 9.0)), 1);
    }

    #[test]
    fn classes_of_other_countries() {
        for (depth, speed, class) in [
            (0.2, 0.5, 1),
            (0.2, 1.9, 2),
            (0.4, 1.0, 2),
            (1.0, 0.3, 3),
            (1.8, 0.5, 4),
            (0.2, 2.5, 5),
            (3.0, 1.0, 5),
            (4.5, 0.1, 6),
            (2.0, 3.0, 6),
        ] {
            assert_eq!(aidr_class(peak(depth, speed, 0.0)), class, "{depth} m, {speed} m/s");
        }
        assert!((uk_hazard_rating(peak(0.2, 1.0, 0.0)) - 0.3).abs() < 1e-12);
        assert!((uk_hazard_rating(peak(1.0, 1.0, 0.0)) - 2.5).abs() < 1e-12);
    }

    #[test]
    fn areas_count_the_study_area_only() {
        let spec = twin_core::spatial::GridSpec {
            west: 0.0,
            north: 100.0,
            cell_size: 100.0,
            columns: 4,
            rows: 1,
        };
        let hazard = Grid { spec, values: vec![1.0, 4.0, 4.0, f32::NAN] };
        let study = Grid { spec, values: vec![true, true, false, true] };
        let found: Vec<_> = areas(&hazard, &study).rows.iter().map(|r| r.value).collect();
        assert_eq!(found, [Some(1.0), Some(0.0), Some(0.0), Some(1.0)]);
    }

    #[test]
    fn small_patches_go_and_corners_join() {
        let mut present: Vec<bool> = "##...#....#....#....".chars().map(|c| c == '#').collect();
        // Four columns: a corner chain of five cells, and none alone.
        without_small_patches(&mut present, 4, 3);
        let drawn: String = present.iter().map(|p| if *p { '#' } else { '.' }).collect();
        assert_eq!(drawn, "##...#....#....#....");
        let mut lone = vec![true, false, false, false, false, true];
        without_small_patches(&mut lone, 3, 2);
        assert_eq!(lone, [false; 6]);
    }
}
