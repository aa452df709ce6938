//! What part of the sky a place sees, by patches: buildings and terrain, crowns, crowns before buildings.

use rayon::prelude::*;
use twin_core::spatial::Grid;

use crate::Scene;
use crate::march::{RowBlocks, Step, steps};
use crate::patches::{COUNT, Patch};

/// Words of a set of patches.
const WORDS: usize = COUNT.div_ceil(64);

/// A set of patches.
pub type PatchSet = [u64; WORDS];

/// Parts of the sky of a horizontal plane that something leaves open: of the whole, and of the halves around
/// north, east, south and west, each 0 to 1.
#[derive(Debug, Clone)]
pub struct SkyFractions {
    /// Of the whole sky.
    pub total: Grid<f32>,
    /// Of its northern half.
    pub north: Grid<f32>,
    /// Of its eastern half.
    pub east: Grid<f32>,
    /// Of its southern half.
    pub south: Grid<f32>,
    /// Of its western half.
    pub west: Grid<f32>,
}

/// What every cell sees of the sky.
#[derive(Debug, Clone)]
pub struct SkyView {
    /// Left open by buildings and terrain.
    pub buildings: SkyFractions,
    /// Left open by crowns with nothing but sky behind them.
    pub crowns: SkyFractions,
    /// Left open by crowns with buildings or terrain behind them.
    pub crowns_before_buildings: SkyFractions,
    /// Left open by buildings and terrain, as part of the solid angle of the sky.
    pub solid_angle: Grid<f32>,
    /// By cell the patches that buildings or terrain close.
    pub closed: Vec<PatchSet>,
    /// By cell the patches before which a crown stands, whatever is behind it.
    pub crowned: Vec<PatchSet>,
}

/// Whether a set holds a patch.
pub fn holds(set: &PatchSet, patch: usize) -> bool {
    set[patch / 64] >> (patch % 64) & 1 == 1
}

impl SkyView {
    /// Looks at every patch from every cell.
    pub fn new(scene: &Scene) -> Self {
        let spec = *scene.spec();
        let patches = Patch::all();
        let lowest = scene.surface.values.iter().copied().fold(f32::INFINITY, f32::min);
        let height_m = scene.highest_m - lowest;
        let size = [spec.rows, spec.columns];
        let rays: Vec<Vec<Step>> = patches
            .iter()
            .map(|p| steps(p.azimuth, p.altitude, spec.cell_size, height_m, size))
            .collect();
        let mut closed = vec![[0; WORDS]; spec.len()];
        let mut crowned = vec![[0; WORDS]; spec.len()];
        let arch = pulp::Arch::new();
        closed
            .par_chunks_mut(spec.columns)
            .zip(crowned.par_chunks_mut(spec.columns))
            .enumerate()
            .for_each_init(RowBlocks::default, |blocks, (row, (closed, crowned))| {
                for (patch, steps) in rays.iter().enumerate() {
                    arch.dispatch(
                        #[inline(always)]
                        || blocks.march(scene, row, steps),
                    );
                    let (word, bit) = (patch / 64, patch % 64);
                    for (set, above) in closed.iter_mut().zip(&blocks.surface) {
                        set[word] |= u64::from(*above > 0.0) << bit;
                    }
                    for (set, met) in crowned.iter_mut().zip(&blocks.crown) {
                        set[word] |= u64::from(*met > 0.0) << bit;
                    }
                }
            });
        Self::of_sets(scene, &patches, closed, crowned)
    }

    fn of_sets(
        scene: &Scene,
        patches: &[Patch],
        closed: Vec<PatchSet>,
        crowned: Vec<PatchSet>,
    ) -> Self {
        let halves = [None, Some(0.0), Some(90.0), Some(180.0), Some(270.0)];
        let weights = |half: Option<f64>| -> Vec<f64> {
            let weight = |p: &Patch| match half {
                None => p.planar_weight(),
                Some(azimuth) => 2.0 * p.share_in_half(azimuth) * p.planar_weight(),
            };
            patches.iter().map(weight).collect()
        };
        let weights = halves.map(weights);
        let solid: Vec<f64> =
            patches.iter().map(|p| p.solid_angle() / std::f64::consts::TAU).collect();
        let sets = |of: &(dyn Fn(&PatchSet, &PatchSet, usize) -> u64 + Sync), weights: &[f64]| {
            let open = |(closed, crowned): (&PatchSet, &PatchSet)| {
                let hidden: f64 = (0..WORDS)
                    .map(|word| sum_of(of(closed, crowned, word), &weights[64 * word..]))
                    .sum();
                (1.0 - hidden) as f32
            };
            let values = closed.par_iter().zip(&crowned).map(open).collect();
            Grid { spec: *scene.spec(), values }
        };
        let fractions = |of: &(dyn Fn(&PatchSet, &PatchSet, usize) -> u64 + Sync)| SkyFractions {
            total: sets(of, &weights[0]),
            north: sets(of, &weights[1]),
            east: sets(of, &weights[2]),
            south: sets(of, &weights[3]),
            west: sets(of, &weights[4]),
        };
        let buildings = fractions(&|closed, _, word| closed[word]);
        let crowns = fractions(&|closed, crowned, word| crowned[word] & !closed[word]);
        let crowns_before_buildings =
            fractions(&|closed, crowned, word| crowned[word] & closed[word]);
        let solid_angle = sets(&|closed, _, word| closed[word], &solid);
        Self { buildings, crowns, crowns_before_buildings, solid_angle, closed, crowned }
    }
}

/// Sum of the weights of the bits of a word.
fn sum_of(mut word: u64, weights: &[f64]) -> f64 {
    let mut sum = 0.0;
    while word != 0 {
        sum += weights[word.trailing_zeros() as usize];
        word &= word - 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 61.0, cell_size: 1.0, columns: 61, rows: 61 };

    #[test]
    fn a_wall_in_the_north_takes_its_part_of_the_northern_sky() {
        let wall = |row: usize, _| if row < 20 { 30.0 } else { 0.0 };
        let view = SkyView::new(&Scene::new(Grid::from_fn(SPEC, wall)).unwrap());
        let at = |grid: &Grid<f32>| grid[(30, 30)];
        assert!(at(&view.buildings.north) < 0.5 && at(&view.buildings.south) > 0.999);
        assert!((at(&view.buildings.east) - at(&view.buildings.west)).abs() < 0.02);
        let mean = 0.5 * (at(&view.buildings.north) + at(&view.buildings.south));
        assert!((mean - at(&view.buildings.total)).abs() < 1e-6);
        // Low things take more of the solid angle than of the plane's sky.
        assert!(at(&view.solid_angle) < at(&view.buildings.total));
        assert_eq!(at(&view.crowns.total), 1.0);
        assert!((view.buildings.total[(5, 30)] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_crown_before_a_wall_is_told_from_one_before_the_sky() {
        let wall = |row: usize, _| if row < 20 { 30.0 } else { 0.0 };
        let scene = Scene::new(Grid::from_fn(SPEC, wall)).unwrap();
        let hedge = |of: f32| {
            Grid::from_fn(SPEC, |row, _| if row == 25 || row == 35 { of } else { f32::NAN }).values
        };
        let view = SkyView::new(&scene.with_crowns(&hedge(3.0), &hedge(0.0)).unwrap());
        let at = |grid: &Grid<f32>| grid[(30, 30)];
        assert!(at(&view.crowns_before_buildings.north) < 0.95);
        assert_eq!(at(&view.crowns_before_buildings.south), 1.0);
        assert!(at(&view.crowns.south) < 0.95);
        assert!(at(&view.crowns.north) > at(&view.crowns.south));
    }
}
