//! The three maps of the IRIP method (*indicateur de ruissellement intense pluvial*, Dehotin & Breil 2011,
//! Irstea): where runoff forms, where it moves, where it gathers. Each is the sum of five indicators that
//! are 0 or 1.
//!
//! | | production | transfer | accumulation |
//! |---|---|---|---|
//! | 1 | conductivity below 10⁻⁶ m/s, or sealed | upstream production: mode ≥ 3 | the same |
//! | 2 | crusting 3 or more, or sealed | steep | gentle |
//! | 3 | soil of 50 cm or less, not sealed | slope steeper than the mode above | gentler than it |
//! | 4 | sealed, crop or bare soil | compact catchment | compact catchment or 100 ha |
//! | 5 | steep, or high wetness index | a road within two cells | high wetness index |
//!
//! The published applications do not agree in everything. Here: *sealed* is a cover of which half or more is
//! impervious; *steep*, *gentle* and *high* are told by the split of a territory's values into the two
//! classes that differ least within (Otsu 1979, doi:10.1109/TSMC.1979.4310076); modes of slope are those of
//! classes; a catchment is compact when its area is at least the square of the distance to its farthest
//! place along the water (form factor of Horton 1932, doi:10.1029/TR013i001p00350).

use twin_core::Result;
use twin_core::spatial::{Grid, cells_near};
use twin_core::territory::{LandCover, SurfaceProperties, TerritoryView};
use twin_drainage::{
    Directions, downstream_order, farthest_upstream, slope, upstream_mode, wetness,
};

use super::ground::Ground;
use crate::soils::Soils;

/// Conductivity below which soil counts as little permeable, mm/h (10⁻⁶ m/s).
const SLOW_MM_PER_H: f64 = 3.6;
/// Crusting, from 1 to 5, from which soil counts.
const CRUSTING: u8 = 3;
/// Thickness up to which soil counts as thin, cm.
const THIN_CM: f64 = 50.0;
/// Impervious share from which cover counts as sealed.
const SEALED: f32 = 0.5;
/// Bounds of the classes of slope whose mode is asked for, m/m.
const SLOPES: [f32; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
/// Production from which a catchment counts.
const PRODUCTIVE: u8 = 3;
/// Area from which a cell gathers water in any case, m².
const LARGE_M2: f64 = 1e6;
/// Highest score and number of indicators.
pub(super) const INDICATORS: u8 = 5;

/// The three scores, 0 to 5, `NaN` on void and closed cells.
pub(super) struct Irip {
    pub(super) production: Grid<f32>,
    pub(super) transfer: Grid<f32>,
    pub(super) accumulation: Grid<f32>,
    /// Slope from which a place is steep, m/m.
    pub(super) steep: f32,
    /// Wetness index from which it is high.
    pub(super) wet: f32,
}

impl Irip {
    /// The scores of a territory.
    pub(super) fn new(
        view: &TerritoryView,
        ground: &Ground,
        soils: &Soils,
        directions: &Directions,
        drained_m2: &Grid<f64>,
    ) -> Result<Self> {
        let spec = ground.bed.spec;
        let terrain = &ground.terrain;
        let slope = slope(terrain);
        let wetness = wetness(drained_m2, &slope);
        let (steep, wet) = (split(&slope.values), split(&wetness.values));
        let impervious = SurfaceProperties::built_in()?.property("impervious_fraction")?.lookup();
        let sealed =
            |cell: usize| impervious[usize::from(ground.cover.values[cell].value())] >= SEALED;
        let score = |indicators: [bool; INDICATORS as usize]| -> u8 {
            indicators.into_iter().map(u8::from).sum()
        };
        let production = |cell: usize| {
            let soil = soils.at(cell);
            let stated = soil.texture.map(|t| t.hydraulics().conductivity_mm_per_h);
            let conductivity = soil.conductivity_mm_per_h.or(stated);
            let cover = ground.cover.values[cell];
            score([
                sealed(cell) || conductivity.is_some_and(|k| k < SLOW_MM_PER_H),
                sealed(cell) || soil.crusting.is_some_and(|c| c >= CRUSTING),
                !sealed(cell) && soil.thickness_cm.is_some_and(|t| t <= THIN_CM),
                sealed(cell)
                    || matches!(
                        cover,
                        LandCover::Crop | LandCover::WoodyCrop | LandCover::BareSoil
                    ),
                slope.values[cell] >= steep || wetness.values[cell] >= wet,
            ])
        };
        let open = |cell: usize| terrain.is_open(cell);
        let produced: Vec<Option<u8>> =
            (0..spec.len()).map(|cell| open(cell).then(|| production(cell))).collect();
        let order = downstream_order(directions);
        let production_above =
            upstream_mode(directions, &order, INDICATORS + 1, |cell| produced[cell]);
        let slope_class =
            |cell: usize| SLOPES.iter().filter(|bound| slope.values[cell] >= **bound).count() as u8;
        let slope_above = upstream_mode(directions, &order, SLOPES.len() as u8 + 1, |cell| {
            Some(slope_class(cell))
        });
        let farthest = farthest_upstream(directions, &order);
        let is_compact = |cell: usize| {
            let place = |cell: usize| {
                let (row, column) = spec.row_column(cell);
                spec.centre(row, column)
            };
            let (x, y) = place(cell);
            let (far_x, far_y) = place(farthest.values[cell] as usize);
            let length = (far_x - x).hypot(far_y - y);
            length > 0.0 && drained_m2.values[cell] >= length * length
        };
        let mut by_road = Grid::filled(spec, false);
        for line in view.features().roads.iter().flat_map(|road| road.geometry.lines()) {
            for piece in line.windows(2) {
                let [from, to] = [piece[0], piece[1]].map(|[x, y, _]| [x, y]);
                cells_near(&spec, from, to, 2.0 * spec.cell_size, |row, column, _| {
                    by_road[(row, column)] = true;
                });
            }
        }
        let grid = |of: &dyn Fn(usize) -> u8| {
            let value = |cell| if open(cell) { f32::from(of(cell)) } else { f32::NAN };
            Grid { spec, values: (0..spec.len()).map(value).collect() }
        };
        let productive = |cell: usize| production_above.values[cell] >= Some(PRODUCTIVE);
        Ok(Self {
            production: grid(&|cell| produced[cell].unwrap_or(0)),
            transfer: grid(&|cell| {
                score([
                    productive(cell),
                    slope.values[cell] >= steep,
                    slope_above.values[cell].is_some_and(|above| above < slope_class(cell)),
                    is_compact(cell),
                    by_road.values[cell],
                ])
            }),
            accumulation: grid(&|cell| {
                score([
                    productive(cell),
                    slope.values[cell] < steep,
                    slope_above.values[cell].is_some_and(|above| above > slope_class(cell)),
                    is_compact(cell) || drained_m2.values[cell] >= LARGE_M2,
                    wetness.values[cell] >= wet,
                ])
            }),
            steep,
            wet,
        })
    }
}

/// Bins of the histogram in which a split is looked for.
const BINS: usize = 512;

/// The value that splits finite values into the two classes with the largest variance between them; +∞
/// without two values.
fn split(values: &[f32]) -> f32 {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) =
        finite().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low >= high {
        return f32::INFINITY;
    }
    let width = f64::from(high - low) / BINS as f64;
    let mut counts = [0u64; BINS];
    for value in finite() {
        counts[((f64::from(value - low) / width) as usize).min(BINS - 1)] += 1;
    }
    let middle = |bin: usize| bin as f64 + 0.5;
    let all: f64 = counts.iter().map(|c| *c as f64).sum();
    let total: f64 = counts.iter().enumerate().map(|(bin, c)| *c as f64 * middle(bin)).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, 0));
    for (bin, count) in counts.iter().enumerate() {
        below += *count as f64;
        sum += *count as f64 * middle(bin);
        let above = all - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = sum / below - (total - sum) / above;
        let between = below * above * apart * apart;
        if between > best.0 {
            best = (between, bin + 1);
        }
    }
    low + (best.1 as f64 * width) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_heaps_are_split_between_them() {
        let values: Vec<f32> = (0..100)
            .map(|i| if i < 70 { 1.0 + 0.01 * i as f32 } else { 8.0 + 0.01 * i as f32 })
            .chain([f32::NAN])
            .collect();
        let at = split(&values);
        assert!((1.7..8.7).contains(&at), "{at}");
        assert_eq!(split(&[3.0, 3.0]), f32::INFINITY);
    }
}
