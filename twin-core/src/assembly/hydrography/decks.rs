//! Ways below a bridge: the terrain under its deck, which LiDAR does not see, opened along them.
//!
//! Between the ground on both sides of the deck a road, a path or a railway that passes below takes
//! the straight line; the cells of its width are lowered to it. Watercourses open decks by their
//! bed (`burn.rs`).

use super::network::distance;
use crate::spatial::{Extent, Grid, Line, Polygon, cells_near};
use crate::territory::{
    Features, GroundPosition, ObjectState, SurfaceConstruction, SurfaceConstructionNature,
};

/// The ground counts as seen so far from the edge of a deck, m.
const BEYOND_DECK_M: f64 = 2.0;
/// Width of a way that states none, m.
const WAY_WIDTH_M: f64 = 4.0;
/// Width of a single railway track with its ballast, m.
const TRACK_WIDTH_M: f64 = 5.0;

/// A line with its level relative to the ground and its width.
struct Way<'a> {
    line: &'a Line,
    level: i8,
    width_m: f64,
}

/// Bridges of a territory and the ways on and below them.
pub(super) struct Decks<'a> {
    decks: Vec<(&'a SurfaceConstruction, Extent)>,
    ways: Vec<(Way<'a>, Extent)>,
}

impl<'a> Decks<'a> {
    pub(super) fn new(features: &'a Features) -> Self {
        let decks: Vec<_> = features
            .surface_constructions
            .iter()
            .filter(|c| c.nature == Some(SurfaceConstructionNature::Bridge))
            .filter(|c| !matches!(c.state, Some(ObjectState::Planned | ObjectState::Gone)))
            .filter_map(|c| Some((c, c.geometry.extent()?)))
            .collect();
        let level = |position: &Option<GroundPosition>| match position {
            Some(GroundPosition::Level(level)) => Some(*level),
            _ => None,
        };
        let roads = features.roads.iter().filter_map(|road| {
            let width_m = road.width_m.filter(|w| *w > 0.0).unwrap_or(WAY_WIDTH_M);
            Some((&road.geometry, level(&road.position)?, width_m))
        });
        let rails = features
            .rails
            .iter()
            .filter_map(|rail| Some((&rail.geometry, level(&rail.position)?, TRACK_WIDTH_M)));
        let ways = roads
            .chain(rails)
            .flat_map(|(geometry, level, width_m)| {
                geometry.lines().iter().map(move |line| Way { line, level, width_m })
            })
            .filter_map(|way| {
                let extent = Extent::of_points(way.line.iter().map(|p| (p[0], p[1])))?;
                Some((way, extent))
            })
            .collect();
        Self { decks, ways }
    }

    /// Lowers the cells of ways below decks: calls `lower(row, column, level)`. Gives the number of
    /// passages whose middle lies in `core`.
    pub(super) fn open(
        &self,
        terrain: &Grid<f32>,
        core: &Extent,
        mut lower: impl FnMut(usize, usize, f32),
    ) -> usize {
        let area = terrain.spec.extent();
        let mut opened = 0;
        for (deck, extent) in self.decks.iter().filter(|(_, e)| e.intersects(&area)) {
            let polygons = deck.geometry.polygons();
            let around = extent.buffered(BEYOND_DECK_M);
            let crossing: Vec<(&Way<'_>, Vec<Passage>)> = self
                .ways
                .iter()
                .filter(|(_, e)| e.intersects(&around))
                .map(|(way, _)| (way, passages(way.line, polygons, terrain.spec.cell_size)))
                .filter(|(_, passages)| !passages.is_empty())
                .collect();
            let Some(top) = crossing.iter().map(|(way, _)| way.level).max() else { continue };
            for (way, passages) in &crossing {
                if way.level >= top || way.level < 0 {
                    continue;
                }
                for passage in passages {
                    if passage.burn(terrain, way.width_m, &mut lower) {
                        let [x, y] = passage.middle();
                        opened += usize::from(core.contains(x, y));
                    }
                }
            }
        }
        opened
    }
}

/// A piece of a way below a deck, from ground to ground.
struct Passage {
    from: [f64; 2],
    to: [f64; 2],
}

impl Passage {
    fn middle(&self) -> [f64; 2] {
        [0, 1].map(|k| 0.5 * (self.from[k] + self.to[k]))
    }

    fn burn(
        &self,
        terrain: &Grid<f32>,
        width_m: f64,
        lower: &mut impl FnMut(usize, usize, f32),
    ) -> bool {
        let ground = |p: [f64; 2]| terrain.at(p[0], p[1]).copied().filter(|z| z.is_finite());
        let (Some(start), Some(end)) = (ground(self.from), ground(self.to)) else { return false };
        cells_near(&terrain.spec, self.from, self.to, 0.5 * width_m, |row, column, share| {
            lower(row, column, start + (end - start) * share as f32);
        });
        true
    }
}

/// The pieces of a line within polygons, each led on to the ground beyond.
fn passages(line: &Line, polygons: &[Polygon], cell_size: f64) -> Vec<Passage> {
    let step = 0.5 * cell_size;
    let mut points: Vec<[f64; 2]> = Vec::new();
    for pair in line.windows(2) {
        let (from, to) = ([pair[0][0], pair[0][1]], [pair[1][0], pair[1][1]]);
        let count = (distance(from, to) / step).ceil().clamp(1.0, 1e5) as usize;
        points.extend((0..count).map(|k| {
            let share = k as f64 / count as f64;
            [0, 1].map(|c| from[c] + share * (to[c] - from[c]))
        }));
    }
    let beyond = (BEYOND_DECK_M.max(cell_size) / step).ceil() as usize;
    let is_below: Vec<bool> =
        points.iter().map(|p| polygons.iter().any(|a| a.contains(p[0], p[1]))).collect();
    let mut found = Vec::new();
    let mut k = 0;
    while k < points.len() {
        if !is_below[k] {
            k += 1;
            continue;
        }
        let start = k;
        while k < points.len() && is_below[k] {
            k += 1;
        }
        // A way that begins or ends under the deck does not pass below it.
        if start >= beyond && k - 1 + beyond < points.len() {
            found.push(Passage { from: points[start - beyond], to: points[k - 1 + beyond] });
        }
    }
    found
}
