//! What the terrain tells of the water: levels across watercourses and along the shores of lakes.

use std::collections::BTreeMap;

use super::network::{Network, Station};
use crate::assembly::Window;
use crate::spatial::{Extent, Grid, GridSpec, cells_within};
use crate::territory::{Features, Persistence, WaterNature, WaterSurface, quantile};

/// Farthest from the axis that a section is looked at, m; what a window needs around its block.
pub(super) const SECTION_REACH_M: f64 = 140.0;
/// The axis of a watercourse may lie so far from its water, m.
const AXIS_ERROR_M: f64 = 3.0;
/// Strip beyond the water that counts as its bank, m.
const BANK_M: f64 = 5.0;
/// Share of a section's heights below its water level: the lowest cells are noise.
const LEVEL_SHARE: f64 = 0.1;
/// The same of the shore of a lake.
const SHORE_SHARE: f64 = 0.1;

/// A section of a watercourse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sounding {
    /// Level of the water, m.
    pub(super) level_m: f64,
    /// The lower of both banks above it, m.
    pub(super) freeboard_m: f64,
    /// Width of the water, m.
    pub(super) width_m: f64,
}

/// Heights in and around a water surface, counted by centimetre.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shore {
    inside: BTreeMap<i64, u64>,
    around: BTreeMap<i64, u64>,
}

impl Shore {
    /// Level of a lake: the median of its cells, no higher than its lowest shore.
    pub(super) fn level_m(&self) -> Option<f64> {
        let shore = counted_quantile(&self.around, SHORE_SHARE).unwrap_or(f64::INFINITY);
        Some(counted_quantile(&self.inside, 0.5)?.min(shore))
    }
}

/// All that was looked at.
#[derive(Debug)]
pub(super) struct Survey {
    /// By station.
    pub(super) soundings: Vec<Option<Sounding>>,
    /// Water surface that each station lies in.
    pub(super) surface_of: Vec<Option<usize>>,
    /// By water surface.
    pub(super) shores: Vec<Shore>,
    extents: Vec<Option<Extent>>,
    stations_by_block: Vec<Vec<usize>>,
}

impl Survey {
    pub(super) fn new(
        network: &Network,
        features: &Features,
        spec: &GridSpec,
        blocks: &[Window],
    ) -> Self {
        let extents: Vec<Option<Extent>> = features
            .water_surfaces
            .iter()
            .map(|s| s.geometry.extent().filter(|_| is_water(s)))
            .collect();
        let mut stations_by_block = vec![Vec::new(); blocks.len()];
        for (k, station) in network.stations.iter().enumerate() {
            let Some((row, column)) = spec.cell_at(station.at[0], station.at[1]) else { continue };
            let block =
                blocks.iter().position(|b| b.rows.contains(&row) && b.columns.contains(&column));
            if let Some(block) = block {
                stations_by_block[block].push(k);
            }
        }
        Self {
            soundings: vec![None; network.stations.len()],
            surface_of: vec![None; network.stations.len()],
            shores: vec![Shore::default(); features.water_surfaces.len()],
            extents,
            stations_by_block,
        }
    }

    /// Whether a block holds anything to look at.
    pub(super) fn concerns(&self, block: usize, area: &Extent) -> bool {
        !self.stations_by_block[block].is_empty()
            || self.extents.iter().flatten().any(|e| e.intersects(area))
    }

    /// Number of the water surface over each cell plus 1, 0 for none.
    pub(super) fn surfaces(&self, features: &Features, spec: &GridSpec) -> Grid<u32> {
        let mut mask = Grid::filled(*spec, 0u32);
        let area = spec.extent();
        for (k, surface) in features.water_surfaces.iter().enumerate() {
            if self.extents[k].is_some_and(|e| e.intersects(&area)) {
                cells_within(spec, surface.geometry.polygons(), |row, column| {
                    mask[(row, column)] = k as u32 + 1;
                });
            }
        }
        mask
    }

    /// Looks at a block; `terrain` holds it with [`SECTION_REACH_M`] around.
    pub(super) fn look(
        &mut self,
        block: usize,
        core: &Extent,
        terrain: &Grid<f32>,
        network: &Network,
        features: &Features,
    ) {
        let mask = self.surfaces(features, &terrain.spec);
        for &k in &self.stations_by_block[block] {
            let station = &network.stations[k];
            let surface = mask.at(station.at[0], station.at[1]).copied().filter(|n| *n > 0);
            self.surface_of[k] = surface.map(|n| n as usize - 1);
            if !station.is_buried {
                self.soundings[k] = section(station, terrain, &mask);
            }
        }
        let spec = &terrain.spec;
        let (rows, columns) = spec.window(core);
        for row in rows {
            for column in columns.clone() {
                let number = mask[(row, column)];
                let (x, y) = spec.centre(row, column);
                if number == 0 || !core.contains(x, y) {
                    continue;
                }
                let shore = &mut self.shores[number as usize - 1];
                count(&mut shore.inside, terrain[(row, column)]);
                let beside = [
                    (row.wrapping_sub(1), column),
                    (row + 1, column),
                    (row, column.wrapping_sub(1)),
                    (row, column + 1),
                ];
                for (row, column) in beside {
                    if mask.get(row, column) == Some(&0) {
                        count(&mut shore.around, terrain[(row, column)]);
                    }
                }
            }
        }
    }
}

/// Whether a surface holds water that the LiDAR saw: permanent and on the ground.
fn is_water(surface: &WaterSurface) -> bool {
    let is_dry = matches!(
        surface.persistence,
        Some(Persistence::Intermittent | Persistence::Ephemeral | Persistence::Dry)
    );
    let is_other = matches!(
        surface.nature,
        Some(
            WaterNature::StormBasin
                | WaterNature::Glacier
                | WaterNature::Marsh
                | WaterNature::Mangrove
        )
    );
    let is_elsewhere = surface.position.as_ref().is_some_and(|p| p.is_above() || p.is_below());
    !is_dry && !is_other && !is_elsewhere
}

/// A line across the water at a station.
struct Across<'a> {
    station: &'a Station,
    /// Unit vector.
    direction: [f64; 2],
    terrain: &'a Grid<f32>,
    mask: &'a Grid<u32>,
    /// Cells within [`SECTION_REACH_M`].
    farthest: usize,
}

impl Across<'_> {
    /// Position `k` cells to the left (`side` 1) or right (−1).
    fn place(&self, side: f64, k: usize) -> (f64, f64) {
        let by = side * self.terrain.spec.cell_size * k as f64;
        (self.station.at[0] + by * self.direction[0], self.station.at[1] + by * self.direction[1])
    }

    fn height(&self, side: f64, k: usize) -> Option<f64> {
        let (x, y) = self.place(side, k);
        self.terrain.at(x, y).copied().filter(|z| z.is_finite()).map(f64::from)
    }

    /// Cells of the water surface on a side.
    fn wet(&self, side: f64) -> usize {
        let is_wet = |k: &usize| {
            let (x, y) = self.place(side, *k);
            self.mask.at(x, y).is_some_and(|n| *n > 0)
        };
        (1..=self.farthest).take_while(is_wet).count()
    }
}

/// A section across a watercourse, in a water surface the narrowest of four directions: the end of a
/// tributary lies in the water of another river. `None` where the terrain is void.
fn section(station: &Station, terrain: &Grid<f32>, mask: &Grid<u32>) -> Option<Sounding> {
    let step = terrain.spec.cell_size;
    let cells = |metres: f64| (metres / step).ceil() as usize;
    let farthest = (SECTION_REACH_M / step) as usize;
    let across = |direction| Across { station, direction, terrain, mask, farthest };
    let is_in_surface = mask.at(station.at[0], station.at[1]).is_some_and(|n| *n > 0);
    let (across, wet, width_m) = if is_in_surface {
        let [x, y] = station.left;
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let directions =
            [[x, y], [-y, x], [half * (x - y), half * (x + y)], [half * (x + y), half * (y - x)]];
        let (across, wet) = directions
            .map(|direction| {
                let across = across(direction);
                let wet = [1.0, -1.0].map(|side| across.wet(side));
                (across, wet)
            })
            .into_iter()
            .min_by_key(|(_, wet)| wet[0] + wet[1])?;
        let width_m = (1 + wet[0] + wet[1]) as f64 * step;
        (across, wet, width_m)
    } else {
        (across(station.left), [cells(0.5 * station.class_width_m); 2], station.class_width_m)
    };
    let mut heights: Vec<f64> = across.height(1.0, 0).into_iter().collect();
    let mut bank_m = f64::INFINITY;
    for (side, wet) in [1.0, -1.0].into_iter().zip(wet) {
        let edge = (wet + cells(AXIS_ERROR_M)).min(farthest);
        heights.extend((1..=edge).filter_map(|k| across.height(side, k)));
        let beyond = wet + 1..=wet + cells(BANK_M).max(1);
        let bank: Vec<f64> = beyond.filter_map(|k| across.height(side, k)).collect();
        bank_m = bank_m.min(quantile(&bank, 0.5).unwrap_or(f64::INFINITY));
    }
    let level_m = quantile(&heights, LEVEL_SHARE)?;
    let freeboard_m = if bank_m.is_finite() { (bank_m - level_m).max(0.0) } else { 0.0 };
    Some(Sounding { level_m, freeboard_m, width_m })
}

fn count(counts: &mut BTreeMap<i64, u64>, height: f32) {
    if height.is_finite() {
        *counts.entry((f64::from(height) * 100.0).round() as i64).or_default() += 1;
    }
}

fn counted_quantile(counts: &BTreeMap<i64, u64>, share: f64) -> Option<f64> {
    let total: u64 = counts.values().sum();
    let wanted = (share * total as f64).ceil().max(1.0) as u64;
    let mut passed = 0;
    counts.iter().find_map(|(&centimetres, &n)| {
        passed += n;
        (passed >= wanted).then_some(centimetres as f64 / 100.0)
    })
}
