//! What part of the sky a place sees, by patches: buildings and terrain, crowns, crowns before buildings.

use rayon::prelude::*;
use twin_core::spatial::{Grid, GridSpec};

use crate::Scene;
use crate::march::{RowBlocks, Step, steps};
use crate::patches::{COUNT, Patch};

/// Words of a set of patches.
const WORDS: usize = COUNT.div_ceil(64);

/// A set of patches.
pub type PatchSet = [u64; WORDS];

/// What hides sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocker {
    /// Buildings and terrain.
    Buildings,
    /// Crowns with nothing but sky behind them.
    Crowns,
    /// Crowns with buildings or terrain behind them.
    CrownsBeforeBuildings,
}

/// A part of the sky, and how it is weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SkyPart {
    /// The whole sky of a horizontal plane.
    Whole,
    /// Its half around an azimuth, degrees.
    Half(f64),
    /// The whole sky by its solid angle.
    SolidAngle,
}

/// What every cell sees of the sky.
#[derive(Debug, Clone)]
pub struct SkyView {
    spec: GridSpec,
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
        Self { spec, closed, crowned }
    }

    /// Share of a part of the sky that something leaves open, 0 to 1.
    pub fn open(&self, blocker: Blocker, part: SkyPart) -> Grid<f32> {
        let weight = |p: &Patch| match part {
            SkyPart::Whole => p.planar_weight(),
            SkyPart::Half(azimuth) => 2.0 * p.share_in_half(azimuth) * p.planar_weight(),
            SkyPart::SolidAngle => p.solid_angle() / std::f64::consts::TAU,
        };
        let weights: Vec<f64> = Patch::all().iter().map(weight).collect();
        let open = |(closed, crowned): (&PatchSet, &PatchSet)| {
            let hidden = |word: usize| match blocker {
                Blocker::Buildings => closed[word],
                Blocker::Crowns => crowned[word] & !closed[word],
                Blocker::CrownsBeforeBuildings => crowned[word] & closed[word],
            };
            let sum: f64 = (0..WORDS).map(|word| sum_of(hidden(word), &weights[64 * word..])).sum();
            (1.0 - sum) as f32
        };
        let values = self.closed.par_iter().zip(&self.crowned).map(open).collect();
        Grid { spec: self.spec, values }
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
    use super::*;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 61.0, cell_size: 1.0, columns: 61, rows: 61 };

    #[test]
    fn a_wall_in_the_north_takes_its_part_of_the_northern_sky() {
        let wall = |row: usize, _| if row < 20 { 30.0 } else { 0.0 };
        let view = SkyView::new(&Scene::new(Grid::from_fn(SPEC, wall)).unwrap());
        let open = |part| view.open(Blocker::Buildings, part)[(30, 30)];
        let [north, east, south, west] =
            [0.0, 90.0, 180.0, 270.0].map(|azimuth| open(SkyPart::Half(azimuth)));
        let whole = open(SkyPart::Whole);
        assert!(north < 0.5 && south > 0.999 && (east - west).abs() < 0.02);
        assert!((0.5 * (north + south) - whole).abs() < 1e-6);
        // Low things take more of the solid angle than of the plane's sky.
        assert!(open(SkyPart::SolidAngle) < whole);
        assert_eq!(view.open(Blocker::Crowns, SkyPart::Whole)[(30, 30)], 1.0);
        assert!((view.open(Blocker::Buildings, SkyPart::Whole)[(5, 30)] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_crown_before_a_wall_is_told_from_one_before_the_sky() {
        let wall = |row: usize, _| if row < 20 { 30.0 } else { 0.0 };
        let scene = Scene::new(Grid::from_fn(SPEC, wall)).unwrap();
        let hedge = |of: f32| {
            Grid::from_fn(SPEC, |row, _| if row == 25 || row == 35 { of } else { f32::NAN }).values
        };
        let view = SkyView::new(&scene.with_crowns(&hedge(3.0), &hedge(0.0)).unwrap());
        let north = |blocker| view.open(blocker, SkyPart::Half(0.0))[(30, 30)];
        let south = |blocker| view.open(blocker, SkyPart::Half(180.0))[(30, 30)];
        assert!(north(Blocker::CrownsBeforeBuildings) < 0.95);
        assert_eq!(south(Blocker::CrownsBeforeBuildings), 1.0);
        assert!(south(Blocker::Crowns) < 0.95);
        assert!(north(Blocker::Crowns) > south(Blocker::Crowns));
    }
}
