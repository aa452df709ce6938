//! Roofs of buildings (LoD2.2 and LoD1.3) from a footprint and the points of its roof.
//!
//! After the published method of the 3DBAG (Peters, Dukai, Vitalis, van Liempt & Stoter 2022, *Automated 3D
//! reconstruction of LoD2 and LoD1 models for all 10 million buildings of the Netherlands*, doi
//! 10.14358/PERS.21-00032R2), written anew:
//!
//! | file | stage |
//! |---|---|
//! | `neighbours` | nearest points |
//! | `planes` | planes by region growing |
//! | `lines` | ridges, hips, valleys, edges of steps |
//! | `partition` | the footprint cut by the lines |
//! | `labels` | the plane of each cell, by graph cuts |
//! | `graph` | regions of one plane, repaired before extrusion |
//! | `walls` | the closed solid |
//! | `validity` | ISO 19107 |
//! | `fit` | distance of the points from the model |
//!
//! Positions are metres from a local origin; the solids are in world coordinates. Nothing depends on the
//! clock or on the order of threads.

mod fit;
mod graph;
mod labels;
mod lines;
mod neighbours;
mod partition;
mod planes;
#[cfg(test)]
mod tests;
mod validity;
mod walls;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::solid::Face;
use crate::spatial::{Polygon, rings_contain};
use crate::territory::quantile;
use graph::RoofGraph;
use lines::Segment;
use neighbours::Neighbours;
use partition::Partition;
use planes::{Plane, Planes};
pub use validity::{Defect, defects};

/// Open rings in plan.
type Rings = [Vec<[f64; 2]>];

/// Vertices of the solids are rounded to this, m.
pub const SCALE_M: f64 = 1e-4;
/// Most planes of a roof.
const MOST_PLANES: usize = 80;
/// Ground this near to the walls is what the footprint takes too much, m.
const RIM_M: f64 = 0.5;
/// Heights of planes that meet are one within the first of these, so that faces stay in their planes; where
/// the solid is not valid so, within the second, m.
const MEETING_M: [f64; 2] = [graph::SAME_HEIGHT_M, 0.1];
/// Planes that are given up before a roof whose solid is not valid is.
const MOST_SIMPLIFIED: usize = 8;
/// Fewest points of a roof.
const FEWEST_POINTS: usize = 15;
/// Least share of the points that a roof must explain.
const LEAST_EXPLAINED: f64 = 0.5;
/// Error beyond which a point tells no more, m.
const WORST_M: f64 = 2.0;
/// Side of the cells whose highest point is seen from above, as IGN takes it for the surface model, m.
const SEEN_CELL_M: f64 = 0.5;
/// Lowest roof above the ground, m.
const LOWEST_ROOF_M: f64 = 0.5;
/// Parts of LoD1.3 differ by at least this, m.
const STEP_M: f64 = 3.0;
/// Share of the points of a part below its flat roof.
const ROOF_SHARE: f64 = 0.7;

/// Why a footprint has no modelled roof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoRoof {
    /// Too few roof points within the footprint.
    FewPoints,
    /// The points make no plane.
    NoPlane,
    /// Fewer than half of the points lie within 0.3 m of the planes.
    PoorFit,
    /// The footprint has no area or crosses itself.
    Footprint,
    /// The solid would not be valid.
    Invalid,
    /// The building is planned or gone.
    NotStanding,
    /// The footprint was traced from the points, along the eaves.
    DerivedFootprint,
}

/// Level of detail of a modelled roof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoofDetail {
    /// LoD1.3: flat parts whose heights differ by 3 m or more.
    Parts,
    /// LoD2.2: planes.
    Planes,
}

/// What the points say of the roof over a polygon; the ground comes later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoofShape {
    origin: [f64; 3],
    parts: Fitted,
    planes: Fitted,
}

/// A roof in plan and how well it fits the points.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fitted {
    graph: RoofGraph,
    fit: RoofFit,
}

/// The roof over each polygon of a footprint, or why there is none.
pub type Roofs = Vec<Result<RoofShape, NoRoof>>;

/// How well a modelled roof fits its points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RoofFit {
    /// Number of roof planes, or of flat parts.
    pub planes: usize,
    /// Root mean square of the distances of the roof points from the solid, m.
    pub rmse_m: f64,
    /// Share of the roof points within 0.3 m of the solid.
    pub explained: f64,
}

/// The roof over a polygon from points `[x, y, z]` of buildings, those outside of it among them. Where
/// points of the ground lie well within the polygon (a courtyard, a passage, a part pulled down) the
/// solid leaves their place out.
///
/// # Errors
/// The reason why there is none.
pub fn find_roof(
    polygon: &Polygon,
    points: &[[f64; 3]],
    ground: &[[f64; 3]],
) -> Result<RoofShape, NoRoof> {
    let first = polygon.exterior.first().ok_or(NoRoof::Footprint)?;
    let lowest = points.iter().map(|p| p[2]).fold(f64::INFINITY, f64::min);
    if !(first[0].is_finite() && first[1].is_finite()) {
        return Err(NoRoof::Footprint);
    }
    if !lowest.is_finite() {
        return Err(NoRoof::FewPoints);
    }
    let origin = [first[0].floor(), first[1].floor(), lowest.floor()];
    let rings = local_rings(polygon, origin);
    let outline: Vec<Segment> = rings
        .iter()
        .flat_map(|r| (0..r.len()).map(|k| Segment { from: r[k], to: r[(k + 1) % r.len()] }))
        .collect();
    let area = area(&rings);
    if area <= 0.0 || !area.is_finite() {
        return Err(NoRoof::Footprint);
    }
    let points: Vec<[f64; 3]> = points
        .iter()
        .map(|p| [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]])
        .filter(|p| rings_contain(rings.iter().map(Vec::as_slice), p[0], p[1]))
        .collect();
    if points.len() < FEWEST_POINTS {
        return Err(NoRoof::FewPoints);
    }
    let outlined = Outlined { rings, outline, area, origin };
    let ground = outlined.ground_within(ground);
    if !ground.is_empty()
        && let Ok(shape) = outlined.shape(&points, &ground)
        && shape.is_valid()
    {
        return Ok(shape);
    }
    outlined.shape(&points, &[])
}

/// A footprint in its local frame.
struct Outlined {
    rings: Vec<Vec<[f64; 2]>>,
    outline: Vec<Segment>,
    area: f64,
    origin: [f64; 3],
}

impl Outlined {
    /// Points of the ground well within the footprint; none where they are too few to show a place.
    fn ground_within(&self, ground: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let is_well_within = |p: &[f64; 3]| {
            rings_contain(self.rings.iter().map(Vec::as_slice), p[0], p[1])
                && self.outline.iter().all(|wall| wall.distance([p[0], p[1]]) >= RIM_M)
        };
        let within: Vec<[f64; 3]> = ground
            .iter()
            .map(|p| [0, 1, 2].map(|k| p[k] - self.origin[k]))
            .filter(is_well_within)
            .collect();
        if within.len() < FEWEST_POINTS { Vec::new() } else { within }
    }

    /// The roof from points within the footprint; regions of the ground are left out of it.
    fn shape(&self, roof: &[[f64; 3]], ground: &[[f64; 3]]) -> Result<RoofShape, NoRoof> {
        let points = [roof, ground].concat();
        let found = planes::find_planes(&points, self.area, MOST_PLANES);
        let is_ground = ground_planes(&found, roof.len());
        if is_ground.iter().all(|is| *is) {
            return Err(NoRoof::NoPlane);
        }
        let lines = lines::find_lines(&points, &found, &self.outline);
        let cut = partition::cut(&self.rings, &lines, &points).ok_or(NoRoof::Footprint)?;
        let mut costs = costs(&cut, &points, &found);
        let contacts = contacts(&cut);
        let mut label = labels::label(&costs, &contacts);
        let (of_part, flat, part_is_ground) = flat_parts(&cut, &label, &points, &is_ground);
        let is_valid = |fitted: &Fitted| {
            defects(&walls::close(&fitted.graph, -LOWEST_ROOF_M, 0.0), SCALE_M).is_empty()
        };
        let fitted = |label: &[usize], planes: &[Plane], is_ground: &[bool], meeting_m: f64| {
            let graph = RoofGraph::new(&cut, label, planes, is_ground, meeting_m).repaired();
            Fitted::new(graph, roof)
        };
        // The first that makes a valid solid, else the last; whether it does.
        let of_planes = |label: &[usize]| {
            let strict = fitted(label, &found.planes, &is_ground, MEETING_M[0]);
            if is_valid(&strict) {
                return (true, strict);
            }
            let loose = fitted(label, &found.planes, &is_ground, MEETING_M[1]);
            (is_valid(&loose), loose)
        };
        let parts = fitted(&of_part, &flat, &part_is_ground, MEETING_M[0]);
        let (mut stands, mut planes) = of_planes(&label);
        if planes.fit.explained < LEAST_EXPLAINED {
            return Err(NoRoof::PoorFit);
        }
        // Where the solid is not valid, planes are given up, those first without which it fits best.
        for _ in 0..MOST_SIMPLIFIED {
            if stands {
                break;
            }
            let Some(simpler) = simplified(&costs, &contacts, &label, &is_ground, of_planes) else {
                break;
            };
            if simpler.fitted.fit.explained < LEAST_EXPLAINED {
                break;
            }
            costs.iter_mut().for_each(|of| of[simpler.given_up] = f64::INFINITY);
            (stands, planes, label) = (simpler.stands, simpler.fitted, simpler.label);
        }
        Ok(RoofShape { origin: self.origin, parts, planes })
    }
}

/// A roof with one plane less.
struct Simpler {
    given_up: usize,
    label: Vec<usize>,
    fitted: Fitted,
    /// Whether its solid is valid.
    stands: bool,
}

/// Of the roofs with one plane less the one that fits best, a valid one where there is any. `fit` tells
/// whether a labelling makes a valid solid, and how it fits.
fn simplified(
    costs: &[Vec<f64>],
    contacts: &[(usize, usize, f64)],
    label: &[usize],
    is_ground: &[bool],
    fit: impl Fn(&[usize]) -> (bool, Fitted),
) -> Option<Simpler> {
    let present: BTreeSet<usize> = label.iter().copied().filter(|&l| !is_ground[l]).collect();
    if present.len() < 2 {
        return None;
    }
    let without = |given_up: usize| {
        let mut costs = costs.to_vec();
        costs.iter_mut().for_each(|of| of[given_up] = f64::INFINITY);
        let label = labels::label(&costs, contacts);
        let (stands, fitted) = fit(&label);
        Simpler { given_up, label, fitted, stands }
    };
    present.into_iter().map(without).min_by(|a, b| {
        b.stands.cmp(&a.stands).then(a.fitted.fit.rmse_m.total_cmp(&b.fitted.fit.rmse_m))
    })
}

/// Whether most points of each plane are of the ground: those from `first` on.
fn ground_planes(found: &Planes, first: usize) -> Vec<bool> {
    let mut balance = vec![0i64; found.planes.len()];
    for (i, plane) in found.of_point.iter().enumerate() {
        if let Some(plane) = plane {
            balance[*plane as usize] += if i < first { -1 } else { 1 };
        }
    }
    balance.into_iter().map(|b| b > 0).collect()
}

impl Fitted {
    fn new(graph: RoofGraph, points: &[[f64; 3]]) -> Self {
        // Walls reach down to below the lowest point.
        let distances = fit::distances(points, &walls::close(&graph, -LOWEST_ROOF_M, 0.0));
        let count = distances.len().max(1) as f64;
        let regions: BTreeSet<usize> =
            graph.edges.iter().flat_map(|e| [e.left, e.right]).flatten().collect();
        let fit = RoofFit {
            planes: regions.len(),
            rmse_m: (distances.iter().map(|d| d * d).sum::<f64>() / count).sqrt(),
            explained: distances.iter().filter(|d| **d < fit::NEAR_M).count() as f64 / count,
        };
        Self { graph, fit }
    }
}

impl RoofShape {
    fn level(&self, detail: RoofDetail) -> &Fitted {
        match detail {
            RoofDetail::Parts => &self.parts,
            RoofDetail::Planes => &self.planes,
        }
    }

    /// How well a level of detail fits the points.
    pub fn fit(&self, detail: RoofDetail) -> RoofFit {
        self.level(detail).fit
    }

    /// Whether both levels of detail make valid solids over a ground below them.
    fn is_valid(&self) -> bool {
        [RoofDetail::Parts, RoofDetail::Planes]
            .into_iter()
            .all(|detail| self.solid(detail, self.origin[2] - LOWEST_ROOF_M).is_ok())
    }

    /// The closed solid of a level of detail over a level ground, in world coordinates.
    ///
    /// # Errors
    /// What ISO 19107 has against it.
    pub fn solid(&self, detail: RoofDetail, ground_m: f64) -> Result<Vec<Face>, BTreeSet<Defect>> {
        let ground = ground_m - self.origin[2];
        let mut faces = walls::close(&self.level(detail).graph, ground, ground + LOWEST_ROOF_M);
        for p in faces.iter_mut().flat_map(|f| &mut f.rings).flatten() {
            for (v, origin) in p.iter_mut().zip(self.origin) {
                *v = ((*v + origin) / SCALE_M).round() * SCALE_M;
            }
        }
        let wrong = defects(&faces, SCALE_M);
        if wrong.is_empty() { Ok(faces) } else { Err(wrong) }
    }
}

/// Rings from the local origin, open, without repeated vertices.
fn local_rings(polygon: &Polygon, origin: [f64; 3]) -> Vec<Vec<[f64; 2]>> {
    let local = |ring: &Vec<[f64; 3]>| {
        let mut ring: Vec<[f64; 2]> =
            ring.iter().map(|p| [p[0] - origin[0], p[1] - origin[1]]).collect();
        ring.dedup();
        while ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        ring
    };
    polygon.rings().map(local).filter(|ring| ring.len() > 2).collect()
}

/// Area within an outer ring and without holes, m².
fn area(rings: &Rings) -> f64 {
    let of = |r: &Vec<[f64; 2]>| {
        let twice = (0..r.len()).map(|k| {
            let (p, q) = (r[k], r[(k + 1) % r.len()]);
            p[0] * q[1] - p[1] * q[0]
        });
        0.5 * twice.sum::<f64>().abs()
    };
    rings.first().map_or(0.0, of) - rings.iter().skip(1).map(of).sum::<f64>()
}

/// Edges between cells with their lengths.
fn contacts(cut: &Partition) -> Vec<(usize, usize, f64)> {
    let length = |e: &partition::CellEdge| {
        let (p, q) = (cut.vertices[e.from], cut.vertices[e.to]);
        (p[0] - q[0]).hypot(p[1] - q[1])
    };
    cut.edges.iter().filter_map(|e| Some((e.left?, e.right?, length(e)))).collect()
}

/// Volume between each cell and each plane, m³, from the points in the cell that are seen from above, or
/// where there are none from those nearest to its triangles, which count half.
fn costs(cut: &Partition, points: &[[f64; 3]], found: &Planes) -> Vec<Vec<f64>> {
    let seen = seen_from_above(points);
    let points: Vec<[f64; 3]> = seen.iter().map(|&i| points[i]).collect();
    let miss = |plane: &Plane, p: &[f64; 3]| (p[2] - plane.height(p[0], p[1])).abs().min(WORST_M);
    let mean = |plane: &Plane, of: &[u32]| {
        let sum: f64 = of.iter().map(|&i| miss(plane, &points[i as usize])).sum();
        sum / of.len().max(1) as f64
    };
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); cut.cells.len()];
    for (i, &point) in seen.iter().enumerate() {
        if let Some(cell) = cut.of_point[point] {
            members[cell].push(i as u32);
        }
    }
    let places = Neighbours::new(&points);
    cut.cells
        .iter()
        .zip(&members)
        .map(|(cell, members)| {
            if !members.is_empty() {
                return found.planes.iter().map(|p| mean(p, members) * cell.area).collect();
            }
            let near: Vec<(Vec<u32>, f64)> = cell
                .triangles
                .iter()
                .map(|&([x, y], area)| {
                    let away = |q: &[f64; 3]| (q[0] - x).powi(2) + (q[1] - y).powi(2);
                    (places.nearest([x, y], 3, away), area)
                })
                .collect();
            let cost = |p: &Plane| near.iter().map(|(of, area)| 0.5 * mean(p, of) * area).sum();
            found.planes.iter().map(cost).collect()
        })
        .collect()
}

/// Points that no other of their cell lies far above: not walls, nor what an upper roof covers.
fn seen_from_above(points: &[[f64; 3]]) -> Vec<usize> {
    let cell = |p: &[f64; 3]| [p[0], p[1]].map(|v| (v / SEEN_CELL_M).floor() as i64);
    let mut highest: BTreeMap<[i64; 2], f64> = BTreeMap::new();
    for p in points {
        let top = highest.entry(cell(p)).or_insert(p[2]);
        *top = top.max(p[2]);
    }
    let is_seen = |i: &usize| points[*i][2] >= highest[&cell(&points[*i])] - WORST_M;
    (0..points.len()).filter(is_seen).collect()
}

/// Flat parts for LoD1.3: regions at the 70th percentile of their points, those joined that touch and
/// differ by less than [`STEP_M`], nearest heights first.
/// Regions of the ground stay what they are.
fn flat_parts(
    cut: &Partition,
    label: &[usize],
    points: &[[f64; 3]],
    is_ground: &[bool],
) -> (Vec<usize>, Vec<Plane>, Vec<bool>) {
    let mut part_of: BTreeMap<usize, usize> = label.iter().map(|&l| (l, l)).collect();
    loop {
        let mut heights: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (p, cell) in points.iter().zip(&cut.of_point) {
            if let Some(cell) = cell {
                heights.entry(part_of[&label[*cell]]).or_default().push(p[2]);
            }
        }
        let height: BTreeMap<usize, f64> = heights
            .iter()
            .filter_map(|(&part, z)| quantile(z, ROOF_SHARE).map(|z| (part, z)))
            .collect();
        // A part without points takes the height of what it touches.
        let near = cut.edges.iter().filter_map(|e| {
            let (a, b) = (part_of[&label[e.left?]], part_of[&label[e.right?]]);
            let apart = match (height.get(&a), height.get(&b)) {
                (Some(p), Some(q)) => (p - q).abs(),
                _ => 0.0,
            };
            let is_roof = !is_ground[a] && !is_ground[b];
            (a != b && is_roof && apart < STEP_M).then_some((apart, a.min(b), a.max(b)))
        });
        let next = near.min_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let Some((_, kept, gone)) = next else {
            let parts: Vec<usize> =
                part_of.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
            let number = |l: usize| parts.binary_search(&part_of[&l]).unwrap_or(0);
            let flat = |part: &usize| Plane {
                a: 0.0,
                b: 0.0,
                c: height.get(part).copied().unwrap_or(0.0),
            };
            let planes = parts.iter().map(flat).collect();
            let ground = parts.iter().map(|&part| is_ground[part]).collect();
            return (label.iter().map(|&l| number(l)).collect(), planes, ground);
        };
        part_of.values_mut().filter(|part| **part == gone).for_each(|part| *part = kept);
    }
}
