//! Profiles of watercourses and levels of lakes → cells of the bed.
//!
//! Within the water surfaces that a watercourse runs through, a cell takes the bed of the nearest
//! station; elsewhere the cells of the axis take the bed between their stations, and those within
//! the width of the stream are lowered to it. Culverts are opened along their axis, as long as they
//! are short: a long one lies too deep below the ground to be shown by it.

use std::collections::BTreeMap;

use rstar::{RTree, primitives::GeomWithData};

use super::network::{Network, Station, Step, distance};
use super::profile::Profile;
use super::survey::Survey;
use crate::spatial::{Extent, Grid, cells_along, cells_near};
use crate::territory::{BedChange, Features, WaterNature, WaterSurface};

/// Longest culvert that is opened, m.
const LONGEST_CULVERT_M: f64 = 100.0;

/// Water of a territory, ready to be put into any window.
pub(super) struct Waters<'a> {
    network: &'a Network,
    survey: &'a Survey,
    features: &'a Features,
    profiles: Vec<Profile>,
    /// Whether beds lie below the water of the survey.
    is_carved: bool,
    surfaces: Vec<Surface>,
    /// Steps that are shown, by place.
    steps: RTree<GeomWithData<rstar::primitives::Line<[f64; 2]>, Step>>,
}

/// What becomes of a water surface.
enum Surface {
    /// Nothing.
    Left,
    /// One level.
    Still(f32),
    /// The bed of the nearest of these stations.
    Running(RTree<GeomWithData<[f64; 2], usize>>),
}

impl<'a> Waters<'a> {
    pub(super) fn new(
        network: &'a Network,
        survey: &'a Survey,
        features: &'a Features,
        profiles: Vec<Profile>,
    ) -> Self {
        let mut within: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (station, surface) in survey.surface_of.iter().enumerate() {
            if let Some(surface) = surface
                && profiles[station].bed_m.is_finite()
            {
                within.entry(*surface).or_default().push(station);
            }
        }
        let surfaces = features.water_surfaces.iter().enumerate().map(|(k, surface)| {
            if let Some(stations) = within.get(&k) {
                let places = stations
                    .iter()
                    .map(|&s| GeomWithData::new(network.stations[s].at, s))
                    .collect();
                Surface::Running(RTree::bulk_load(places))
            } else if is_running(surface) {
                Surface::Left
            } else {
                let level = survey.shores[k].level_m();
                level.map_or(Surface::Left, |level| Surface::Still(level as f32))
            }
        });
        let is_shown = |step: &Step| {
            let stretch = &network.stretches[step.stretch];
            let is_known = [step.from, step.to].iter().all(|&s| profiles[s].bed_m.is_finite());
            is_known && !(stretch.is_buried && stretch.length_m > LONGEST_CULVERT_M)
        };
        let steps = network
            .steps()
            .filter(is_shown)
            .map(|step| {
                let [from, to] = [step.from, step.to].map(|s| network.stations[s].at);
                GeomWithData::new(rstar::primitives::Line::new(from, to), step)
            })
            .collect();
        let is_carved = profiles.iter().any(|p| p.bed_m < p.level_m);
        let surfaces = surfaces.collect();
        let steps = RTree::bulk_load(steps);
        Self { network, survey, features, profiles, is_carved, surfaces, steps }
    }

    /// Puts the water into a bed that still is the terrain.
    pub(super) fn burn(&self, bed: &mut Grid<f32>, change: &mut Grid<u8>) {
        let mask = self.survey.surfaces(self.features, &bed.spec);
        let profile =
            if self.is_carved { BedChange::Carved as u8 } else { BedChange::Profile as u8 };
        for i in 0..mask.values.len() {
            let Some(surface) = (mask.values[i] as usize).checked_sub(1) else { continue };
            match &self.surfaces[surface] {
                Surface::Left => {}
                Surface::Still(level) => {
                    (bed.values[i], change.values[i]) = (*level, BedChange::Level as u8);
                }
                Surface::Running(stations) => {
                    let (row, column) = bed.spec.row_column(i);
                    let (x, y) = bed.spec.centre(row, column);
                    if let Some(nearest) = stations.nearest_neighbor(&[x, y]) {
                        let there = &self.profiles[nearest.data];
                        let off = distance(*nearest.geom(), [x, y]);
                        let is_bed = !there.is_width_given || off <= 0.5 * there.width_m;
                        (bed.values[i], change.values[i]) = if is_bed {
                            (there.bed_m as f32, profile)
                        } else {
                            (there.level_m as f32, BedChange::Profile as u8)
                        };
                    }
                }
            }
        }
        self.burn_axes(bed, change, &mask, profile);
    }

    fn burn_axes(&self, bed: &mut Grid<f32>, change: &mut Grid<u8>, mask: &Grid<u32>, profile: u8) {
        let spec = bed.spec;
        let is_of_surface = |row: usize, column: usize| {
            let surface = (mask[(row, column)] as usize).checked_sub(1);
            surface.is_some_and(|s| !matches!(self.surfaces[s], Surface::Left))
        };
        // Where streams meet, the lower one holds.
        let mut axis: BTreeMap<usize, (f32, u8)> = BTreeMap::new();
        for step in self.steps_within(&spec.extent()) {
            let [from, to] = [step.from, step.to].map(|s| self.network.stations[s].at);
            let [start, end] = [step.from, step.to].map(|s| self.profiles[s].bed_m);
            let is_buried = self.network.stretches[step.stretch].is_buried;
            let code = if is_buried { BedChange::Culvert as u8 } else { profile };
            let reach = if is_buried { 0.0 } else { 0.5 * self.profiles[step.from].width_m };
            // Water rises nowhere within a step: the cells of its axis lie level, at its upper end
            // for the sides, at its lower end on the axis.
            cells_near(&spec, from, to, reach, |row, column, share| {
                let level = (start + (end - start) * share) as f32;
                let i = spec.index(row, column);
                if !is_of_surface(row, column) && level < bed.values[i] {
                    (bed.values[i], change.values[i]) = (level, code);
                }
            });
            let line = [from, to].map(|p| [p[0], p[1], f64::NAN]);
            for (row, column) in cells_along(&spec, &line) {
                if !is_of_surface(row, column) {
                    let known = axis.entry(spec.index(row, column)).or_insert((f32::MAX, code));
                    if (end as f32) < known.0 {
                        *known = (end as f32, code);
                    }
                }
            }
        }
        for (i, (level, code)) in axis {
            (bed.values[i], change.values[i]) = (level, code);
        }
    }

    fn steps_within(&self, area: &Extent) -> Vec<Step> {
        let area = rstar::AABB::from_corners([area.min_x, area.min_y], [area.max_x, area.max_y]);
        let mut steps: Vec<Step> =
            self.steps.locate_in_envelope_intersecting(&area).map(|s| s.data).collect();
        steps.sort_unstable_by_key(|s| (s.stretch, s.from, s.to));
        steps
    }

    /// Steps that begin in `core`, and how many of them rise by a millimetre and more in the bed.
    pub(super) fn rising_steps(&self, bed: &Grid<f32>, core: &Extent) -> (usize, usize) {
        let level = |station: &Station| bed.at(station.at[0], station.at[1]).copied();
        let (mut all, mut rising) = (0, 0);
        for step in self.steps_within(core) {
            let [from, to] = [step.from, step.to].map(|s| &self.network.stations[s]);
            if !core.contains(from.at[0], from.at[1]) {
                continue;
            }
            if let (Some(start), Some(end)) = (level(from), level(to)) {
                all += 1;
                rising += usize::from(end > start + 0.001);
            }
        }
        (all, rising)
    }

    /// Surfaces that got one level, those that got a profile, those that were left alone.
    pub(super) fn surface_counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for surface in &self.surfaces {
            let kind = match surface {
                Surface::Still(_) => 0,
                Surface::Running(_) => 1,
                Surface::Left => 2,
            };
            counts[kind] += 1;
        }
        counts
    }

    /// Culverts that were opened, and those too long for it.
    pub(super) fn culvert_counts(&self) -> [usize; 2] {
        let buried = || self.network.stretches.iter().filter(|s| s.is_buried);
        let long = buried().filter(|s| s.length_m > LONGEST_CULVERT_M).count();
        [buried().count() - long, long]
    }
}

/// Whether its water flows, so that one level would be wrong.
fn is_running(surface: &WaterSurface) -> bool {
    matches!(
        surface.nature,
        Some(
            WaterNature::NaturalFlow
                | WaterNature::ChannelledFlow
                | WaterNature::Canal
                | WaterNature::Gully
                | WaterNature::Delta
        )
    )
}
