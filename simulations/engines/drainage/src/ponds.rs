//! Depressions that hold water: what stands when all of them are full.

use twin_core::spatial::Grid;

use crate::{Flooding, Neighbour, Terrain};

/// A depression filled to its spill level.
#[derive(Debug, Clone, PartialEq)]
pub struct Pond {
    /// Its cells.
    pub cells: Vec<u32>,
    /// Its lowest cell.
    pub deepest: u32,
    /// Spill level, m.
    pub level_m: f32,
    /// Largest depth, m.
    pub depth_m: f32,
    /// Volume, m³.
    pub volume_m3: f64,
}

/// All depressions of a terrain.
#[derive(Debug, Clone, PartialEq)]
pub struct Ponds {
    /// Depth of each cell, m; `NaN` on void and closed cells.
    pub depth: Grid<f32>,
    /// From the north-west.
    pub ponds: Vec<Pond>,
}

impl Ponds {
    /// The depressions that a flooding filled.
    pub fn new(terrain: &Terrain, flooding: &Flooding) -> Self {
        let spec = *terrain.spec();
        let ground = &terrain.elevation().values;
        let level = &flooding.level.values;
        let depth = |cell: usize| {
            if terrain.is_open(cell) { level[cell] - ground[cell] } else { f32::NAN }
        };
        let depth = Grid { spec, values: (0..spec.len()).map(depth).collect() };
        let mut seen = vec![false; spec.len()];
        let mut ponds = Vec::new();
        for first in 0..spec.len() {
            if seen[first] || depth.values[first].is_nan() || depth.values[first] <= 0.0 {
                continue;
            }
            seen[first] = true;
            let mut cells = vec![first as u32];
            let mut next = 0;
            while let Some(&cell) = cells.get(next) {
                next += 1;
                for (_, near) in Neighbour::around(&spec, cell as usize) {
                    // Two depressions beside each other have two levels.
                    let joins = depth.values[near] > 0.0 && level[near] == level[first];
                    if joins && !std::mem::replace(&mut seen[near], true) {
                        cells.push(near as u32);
                    }
                }
            }
            let depth_of = |cell: &u32| depth.values[*cell as usize];
            let deeper = |a: &u32, b: &u32| depth_of(a).total_cmp(&depth_of(b)).then(b.cmp(a));
            let deepest = cells.iter().copied().max_by(deeper).unwrap_or(first as u32);
            let volume: f64 = cells.iter().map(|c| f64::from(depth_of(c))).sum();
            ponds.push(Pond {
                deepest,
                level_m: level[first],
                depth_m: depth_of(&deepest),
                volume_m3: volume * spec.cell_area(),
                cells,
            });
        }
        Self { depth, ponds }
    }
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    #[test]
    fn a_cone_in_a_plain_holds_a_third_of_its_cylinder() {
        let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 0.5, columns: 200, rows: 200 };
        let (radius, deep) = (30.0, 3.0);
        let height = |row: usize, column: usize| {
            let (x, y) = spec.centre(row, column);
            let from_axis = (x - 50.0).hypot(y - 50.0);
            (10.0 - deep * (1.0 - from_axis / radius).max(0.0)) as f32
        };
        let terrain = Terrain::new(Grid::from_fn(spec, height)).unwrap();
        let ponds = Ponds::new(&terrain, &Flooding::new(&terrain)).ponds;
        assert_eq!(ponds.len(), 1);
        let volume = std::f64::consts::PI * radius * radius * deep / 3.0;
        // Midpoint rule on cells of a sixtieth of the radius.
        assert!((ponds[0].volume_m3 / volume - 1.0).abs() < 1e-3, "{}", ponds[0].volume_m3);
        assert_eq!(ponds[0].level_m, 10.0);
    }
}
