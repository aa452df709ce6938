//! Point files of a territory, decoded and thinned when a block needs them.
//!
//! A tile of LiDAR HD holds 10–40 million points and has no spatial index: it is decoded once, and
//! what the models need of it – a few million selected points – is kept while blocks around it are
//! worked on. The least recently used files give way beyond a budget; a file that comes back is
//! decoded again, with the same result.
//!
//! Points are selected file by file. Files of LiDAR HD end on multiples of the selection cell, so
//! that this changes nothing; a file cut elsewhere may give two points to the cells of its border.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    CellAnchor, GroundFilter, LatticeBox, PointBins, SurfacePoint, classify_ground, select_surface,
    select_terrain, selection::select_built, surface_points, vegetation::PulseCounts,
};
use crate::formats::las::{PointFile, PointQuery};
use crate::products::lidar_hd;
use crate::spatial::Extent;
use crate::territory::SelectionRule;
use crate::{Error, Result};

/// Selected points kept in memory: 24 bytes each.
const BUDGET_POINTS: usize = 40_000_000;
/// Margin of the areas of files for the rounding of their headers, millimetres.
const HEADER_MARGIN_MM: i64 = 1000;
/// A cloud with a smaller share of ground points is taken for unclassified.
const FEWEST_GROUND_SHARE: f64 = 0.001;

/// How points are chosen.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) rule: SelectionRule,
    pub(super) filter: GroundFilter,
    /// Where ground points are kept unthinned, to check the terrain with.
    pub(super) check_areas: Vec<LatticeBox>,
}

/// What a file gave, counted once however often it is decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileCounts {
    pub(super) points: u64,
    pub(super) ground: u64,
    pub(super) is_filtered: bool,
}

pub(super) struct PointStore {
    files: Vec<(PointFile, LatticeBox)>,
    bounds: LatticeBox,
    selection: Selection,
    loaded: BTreeMap<usize, Loaded>,
    counts: BTreeMap<usize, FileCounts>,
    /// Files that cannot be read, and why.
    failed: BTreeMap<usize, Error>,
    clock: u64,
}

struct Loaded {
    terrain: Vec<SurfacePoint>,
    surface: Vec<SurfacePoint>,
    built: Vec<SurfacePoint>,
    /// Ground classes of the check areas, unthinned.
    unthinned: Vec<SurfacePoint>,
    pulses: PulseCounts,
    last_use: u64,
}

impl Loaded {
    fn len(&self) -> usize {
        let points =
            self.terrain.len() + self.surface.len() + self.built.len() + self.unthinned.len();
        points + self.pulses.len()
    }
}

/// The points around a block.
pub(super) struct BlockPoints {
    pub(super) terrain: Option<PointBins>,
    pub(super) surface: Option<PointBins>,
    /// Points of buildings, for their roofs.
    pub(super) built: Option<PointBins>,
    pub(super) unthinned: Vec<SurfacePoint>,
    pub(super) pulses: PulseCounts,
}

impl PointStore {
    /// Opens the files in the order of their paths; `None` when none of them holds a point.
    pub(super) fn open(paths: &[PathBuf], selection: Selection) -> Result<Option<Self>> {
        let mut paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::new();
        for path in paths {
            let file = PointFile::open(path)?;
            let header = file.header();
            if header.declared_points == 0 {
                continue;
            }
            let extent = match header.declared_extent {
                Some(extent) => Some(extent),
                // No bounds in the header: the points tell.
                None => file.read(&PointQuery::default())?.extent(),
            };
            // Points beyond the margin are strays and are left out.
            let Some(extent) = extent else { continue };
            if extent.width().max(extent.height()) > 200_000.0 {
                return Err(Error::input(
                    path.display().to_string(),
                    "le fichier de points s'étend sur plus de 200 km ; vérifier son système de coordonnées",
                    "the point file spans more than 200 km; check its coordinate system",
                ));
            }
            let margin_m = HEADER_MARGIN_MM as f64 / 1e3;
            files.push((file, LatticeBox::of_extent(&extent.buffered(margin_m))));
        }
        let Some(bounds) = files.iter().map(|f| f.1).reduce(|a, b| a.union(&b)) else {
            return Ok(None);
        };
        let (loaded, counts) = (BTreeMap::new(), BTreeMap::new());
        Ok(Some(Self {
            files,
            bounds,
            selection,
            loaded,
            counts,
            failed: BTreeMap::new(),
            clock: 0,
        }))
    }

    /// A rectangle that holds every point.
    pub(super) fn bounds(&self) -> LatticeBox {
        self.bounds
    }

    /// The same without the margin for rounding.
    pub(super) fn extent(&self) -> Option<Extent> {
        let b = self.bounds.grown(-1000);
        let metres = |v: i64| v as f64 / 1e3;
        Extent::new(metres(b.min[0]), metres(b.min[1]), metres(b.max[0]), metres(b.max[1]))
    }

    pub(super) fn set_check_areas(&mut self, areas: Vec<LatticeBox>) {
        self.selection.check_areas = areas;
    }

    /// The files with where they reach, in the order of their numbers.
    pub(super) fn files(&self) -> Vec<(PathBuf, LatticeBox)> {
        self.files.iter().map(|(file, area)| (file.path().to_owned(), *area)).collect()
    }

    /// What the files that reach into an area gave, by their number.
    pub(super) fn counts_around(&self, area: &LatticeBox) -> BTreeMap<usize, FileCounts> {
        let touched = self.touched(area).into_iter();
        touched.filter_map(|i| Some((i, *self.counts.get(&i)?))).collect()
    }

    /// Takes what files gave earlier.
    pub(super) fn take_counts(&mut self, counts: BTreeMap<usize, FileCounts>) {
        self.counts.extend(counts);
    }

    /// The files that could not be read, which the rest went on without.
    pub(super) fn failed(&self) -> impl Iterator<Item = (&Path, &Error)> {
        self.failed.iter().map(|(&i, error)| (self.files[i].0.path(), error))
    }

    /// Whether a place lies in a file that cannot be read, and in none that can.
    pub(super) fn is_lost(&self, x_mm: i64, y_mm: i64) -> bool {
        let holds = |i: usize| self.files[i].1.grown(-HEADER_MARGIN_MM).contains(x_mm, y_mm);
        self.failed.keys().any(|&i| holds(i))
            && !(0..self.files.len()).any(|i| !self.failed.contains_key(&i) && holds(i))
    }

    /// Whether a file that cannot be read reaches into an area.
    pub(super) fn fails_in(&self, area: &LatticeBox) -> bool {
        self.touched(area).iter().any(|i| self.failed.contains_key(i))
    }

    fn touched(&self, area: &LatticeBox) -> Vec<usize> {
        (0..self.files.len())
            .filter(|&i| {
                let b = self.files[i].1;
                (0..2).all(|k| b.min[k] <= area.max[k] && area.min[k] <= b.max[k])
            })
            .collect()
    }

    pub(super) fn counts(&self) -> FileCounts {
        self.counts.values().fold(FileCounts::default(), |a, b| FileCounts {
            points: a.points + b.points,
            ground: a.ground + b.ground,
            is_filtered: a.is_filtered || b.is_filtered,
        })
    }

    /// The selected points within an area.
    pub(super) fn around(&mut self, area: &LatticeBox) -> Result<BlockPoints> {
        self.clock += 1;
        let touched = self.touched(area);
        let (mut terrain, mut surface) = (Vec::new(), Vec::new());
        let (mut built, mut unthinned) = (Vec::new(), Vec::new());
        let mut pulses = PulseCounts::default();
        for &i in &touched {
            if !self.loaded.contains_key(&i) && !self.failed.contains_key(&i) {
                self.make_room(&touched);
                match self.load(i) {
                    Ok((loaded, counts)) => {
                        self.loaded.insert(i, loaded);
                        self.counts.insert(i, counts);
                    }
                    // Of many tiles one may be damaged: the rest goes on and the report says so.
                    Err(error) if self.failed.len() + 1 < self.files.len() => {
                        self.failed.insert(i, error);
                    }
                    Err(error) => return Err(error),
                }
            }
            let Some(loaded) = self.loaded.get_mut(&i) else { continue };
            loaded.last_use = self.clock;
            let within = |points: &[SurfacePoint]| {
                points.iter().copied().filter(|p| area.contains(p.x_mm, p.y_mm)).collect::<Vec<_>>()
            };
            terrain.extend(within(&loaded.terrain));
            surface.extend(within(&loaded.surface));
            built.extend(within(&loaded.built));
            unthinned.extend(within(&loaded.unthinned));
            pulses.add(&loaded.pulses, area);
        }
        Ok(BlockPoints {
            terrain: PointBins::new(terrain),
            surface: PointBins::highest(surface),
            built: PointBins::highest(built),
            unthinned,
            pulses,
        })
    }

    /// Forgets files, least recently used first, while there are too many points.
    fn make_room(&mut self, needed: &[usize]) {
        while self.loaded.values().map(Loaded::len).sum::<usize>() > BUDGET_POINTS {
            let oldest = self
                .loaded
                .iter()
                .filter(|(i, _)| !needed.contains(i))
                .min_by_key(|(_, l)| l.last_use)
                .map(|(i, _)| *i);
            let Some(oldest) = oldest else { return };
            self.loaded.remove(&oldest);
        }
    }

    fn load(&self, i: usize) -> Result<(Loaded, FileCounts)> {
        let (file, bounds) = &self.files[i];
        let block = file.read(&PointQuery::default())?;
        let mut counts = FileCounts { points: block.len() as u64, ..FileCounts::default() };
        let ground = block.class.iter().filter(|c| **c == lidar_hd::GROUND).count();
        let mut pulses = PulseCounts::of(&block);
        let mut points = surface_points(&block, |code| !lidar_hd::is_noise(code));
        drop(block);
        points.retain(|p| bounds.contains(p.x_mm, p.y_mm));
        if (ground as f64) < FEWEST_GROUND_SHARE * counts.points as f64 {
            counts.is_filtered = true;
            pulses = PulseCounts::default();
            // What is not ground stands on it; nothing more is known of it.
            let is_ground = classify_ground(&points, &self.selection.filter);
            for (point, is_ground) in points.iter_mut().zip(is_ground) {
                point.class = if is_ground { lidar_hd::GROUND } else { lidar_hd::LASTING_OBJECT };
            }
        }
        counts.ground = points.iter().filter(|p| p.class == lidar_hd::GROUND).count() as u64;
        let in_check_area = |p: &SurfacePoint| {
            lidar_hd::is_terrain(p.class)
                && self.selection.check_areas.iter().any(|a| a.contains(p.x_mm, p.y_mm))
        };
        let anchor = CellAnchor::default();
        let loaded = Loaded {
            unthinned: points.iter().copied().filter(in_check_area).collect(),
            terrain: select_terrain(&points, self.selection.rule, anchor),
            surface: select_surface(&points, self.selection.rule, anchor),
            built: select_built(&points),
            pulses,
            last_use: self.clock,
        };
        Ok((loaded, counts))
    }
}
