//! The bed: the terrain as water meets it.
//!
//! LiDAR gives the surface of water, not what lies below it, and closes what it cannot see: culverts
//! and the ground under bridges. Beside the untouched terrain (`dtm`) the territory therefore holds
//! the bed (`bed`), with the reason of each change (`bed_change`, [`BedChange`]):
//!
//! 1. lakes, ponds and basins at one level (`survey.rs`);
//! 2. watercourses on a profile that never rises downstream (`network.rs`, `isotonic.rs`,
//!    `profile.rs`), with a bed below their water (`bed.rs`), culverts opened (`burn.rs`);
//! 3. ways below bridges opened (`decks.rs`);
//! 4. pits filled or cut open ([`mend_pits`]), never through a road, railway, wall, levee or building;
//!    culverts through them are opened where the map has them.
//!
//! Everything is asked of windows of the terrain, block by block, first for what the sections and
//! shores tell, then for the bed; memory holds the vectors and one block. Virtual points of the
//! producer (class 66) are in the terrain already.

mod bed;
mod burn;
mod decks;
mod isotonic;
mod network;
mod profile;
mod survey;
#[cfg(test)]
mod tests;

use self::bed::check_sections;
use self::burn::Waters;
use self::decks::Decks;
use self::network::{Network, length_km};
use self::profile::profiles;
use self::survey::{SECTION_REACH_M, Survey};
use super::Window;
use crate::Result;
use crate::formats::cf::GridFileWriter;
use crate::spatial::{
    Extent, Grid, GridSpec, PitLimits, PitMend, cells_along, cells_within, mend_pits,
};
use crate::territory::{
    BedChange, Features, HydrographyReport, HydrographySettings, ReliefLineNature, quantile,
};

/// Bands that hold the bed and the reason of each change.
pub(super) const BED: &str = "bed";
pub(super) const BED_CHANGE: &str = "bed_change";

/// Pits within the noise are filled (twice the vertical accuracy of LiDAR HD), the rest is cut where it is
/// short.
const PITS: PitLimits =
    PitLimits { deepest_fill_m: 0.2, largest_fill_m2: 100.0, deepest_cut_m: 1.0, reach_m: 30.0 };

/// Makes the bed of every block from the terrain that the writer holds, and writes it.
pub(super) fn write_bed(
    grids: &mut GridFileWriter,
    features: &Features,
    settings: &HydrographySettings,
    blocks: &[Window],
) -> Result<HydrographyReport> {
    let spec = *grids.spec();
    let spec = &spec;
    let terrain = |grids: &mut GridFileWriter, around: &Window| {
        grids.written_window::<f32>("dtm", around.rows.clone(), around.columns.clone())
    };
    check_sections(settings, &features.water_courses)?;
    let network = Network::new(&features.water_courses);
    let mut survey = Survey::new(&network, features, spec, blocks);
    for (k, block) in blocks.iter().enumerate() {
        let core = block.spec(spec).extent();
        if survey.concerns(k, &core) {
            let around = terrain(grids, &block.grown(SECTION_REACH_M, spec))?;
            survey.look(k, &core, &around, &network, features);
        }
    }
    let profiles = profiles(&network, &survey, features, settings);
    let mut report = HydrographyReport {
        bed: settings.bed,
        given_sections: settings.section.len(),
        watercourses_km: length_km(&network),
        ..HydrographyReport::default()
    };
    let depths: Vec<f64> =
        profiles.iter().map(|p| p.level_m - p.bed_m).filter(|d| *d > 0.0).collect();
    report.carved_m = match [0.0, 0.5, 1.0].map(|share| quantile(&depths, share)) {
        [Some(least), Some(median), Some(most)] => Some([least, median, most]),
        _ => None,
    };
    let waters = Waters::new(&network, &survey, features, profiles);
    [report.levelled, report.on_profile, report.left] = waters.surface_counts();
    [report.culverts, report.long_culverts] = waters.culvert_counts();
    let decks = Decks::new(features);
    let mut steps = [0, 0];
    for block in blocks {
        let core = block.spec(spec).extent();
        let around = block.grown(2.0 * PITS.reach_m.max(3.0 * spec.cell_size), spec);
        let ground = terrain(grids, &around)?;
        let (mut bed, mut change) = (ground.clone(), Grid::filled(ground.spec, 0));
        waters.burn(&mut bed, &mut change);
        report.underpasses += decks.open(&ground, &core, |row, column, level| {
            if level < bed[(row, column)] {
                bed[(row, column)] = level;
                change[(row, column)] = BedChange::Bridge as u8;
            }
        });
        let (all, rising) = waters.rising_steps(&bed, &core);
        steps = [steps[0] + all, steps[1] + rising];
        let is_water = change.map(|code| *code != 0);
        let mended = mend_pits(&bed, &barriers(features, &bed.spec), &is_water, &PITS);
        let is_core = |i: usize| {
            let (row, column) = bed.spec.row_column(i);
            let (x, y) = bed.spec.centre(row, column);
            core.contains(x, y)
        };
        for (&i, mend) in mended.cells.iter().filter(|(i, _)| !is_water.values[**i]) {
            let (level, code, counter) = match *mend {
                PitMend::Fill(level) => (level, BedChange::Filled, &mut report.filled_cells),
                PitMend::Cut(level) => (level, BedChange::Breached, &mut report.breached_cells),
            };
            *counter += u64::from(is_core(i));
            (bed.values[i], change.values[i]) = (level, code as u8);
        }
        report.pits_left += mended.left.iter().filter(|i| is_core(**i)).count() as u64;
        let rows = block.rows.start - around.rows.start..block.rows.end - around.rows.start;
        let columns =
            block.columns.start - around.columns.start..block.columns.end - around.columns.start;
        let (row, column) = (block.rows.start, block.columns.start);
        grids.write_window(BED, row, column, &bed.crop(rows.clone(), columns.clone()))?;
        grids.write_window(BED_CHANGE, row, column, &change.crop(rows, columns))?;
    }
    report.falling_share = if steps[0] > 0 { 1.0 - steps[1] as f64 / steps[0] as f64 } else { 1.0 };
    Ok(report)
}

/// Cells that no cut may pass: ways, walls, levees and buildings.
fn barriers(features: &Features, spec: &GridSpec) -> Grid<bool> {
    let mut barrier = Grid::filled(*spec, false);
    let area = spec.extent();
    let near = |geometry: &crate::spatial::Geometry| {
        geometry.extent().is_some_and(|e: Extent| e.intersects(&area))
    };
    let roads = features.roads.iter().filter(|r| {
        !r.position.as_ref().is_some_and(|p| p.is_below()) && !r.is_fictitious.unwrap_or(false)
    });
    let relief = features.relief_lines.iter().filter(|l| {
        matches!(l.nature, Some(ReliefLineNature::Levee | ReliefLineNature::Embankment))
    });
    let lines = roads
        .map(|r| &r.geometry)
        .chain(features.rails.iter().map(|r| &r.geometry))
        .chain(features.linear_constructions.iter().map(|c| &c.geometry))
        .chain(relief.map(|l| &l.geometry));
    for line in lines.filter(|g| near(g)).flat_map(|g| g.lines()) {
        for (row, column) in cells_along(spec, line) {
            barrier[(row, column)] = true;
        }
    }
    let polygons = features
        .buildings
        .iter()
        .map(|b| &b.geometry)
        .chain(features.surface_constructions.iter().map(|c| &c.geometry));
    for geometry in polygons.filter(|g| near(g)) {
        cells_within(spec, geometry.polygons(), |row, column| barrier[(row, column)] = true);
    }
    barrier
}
