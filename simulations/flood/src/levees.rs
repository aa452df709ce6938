//! What a levee holds back: where it would fail, and the strip behind it.
//!
//! **Bande de précaution** (arrêté of 5 July 2019, art. 3; code de l'environnement R562-11-4): behind a
//! levee, 100 times the height of water it can hold back above the ground just behind it, at least
//! 50 m, except where the ground reaches the level held back before. What is computed is indicative.

use std::collections::{BTreeSet, VecDeque};

use rayon::prelude::*;
use twin_core::export::Legend;
use twin_core::export::legend::{Class, Hatch};
use twin_core::export::ramp::Rgb;
use twin_core::language::Text;
use twin_core::scenario::LineStructure;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Grid, line_length};
use twin_shallow_water::{Edge, crests_along, edges_along};

use crate::run::{DRY_DEPTH_M, FloodRun};

/// Share of the largest head at which a structure is supposed to fail: close to the peak, yet with
/// the rest of the flood to come.
const FAILING_SHARE: f64 = 0.8;
/// Least width of the strip, m.
const LEAST_STRIP_M: f64 = 50.0;
/// Width of the strip by the height of water held back.
const STRIP_PER_HEIGHT: f64 = 100.0;
/// Largest width that is looked at, m.
const WIDEST_STRIP_M: f64 = 1000.0;

/// Where a structure bears the largest head.
#[derive(Debug, Clone)]
pub(crate) struct Weakest {
    pub(crate) structure: String,
    pub(crate) at: [f64; 2],
    pub(crate) length_m: f64,
    /// Level at which it fails, above its crest, m: at [`FAILING_SHARE`] of the largest head.
    pub(crate) failing_over_crest_m: f64,
}

/// An edge of a structure as the flood loaded it.
struct Loaded {
    edge: Edge,
    crest_m: f64,
    /// Cells on the side of the water and behind.
    front: usize,
    behind: usize,
    /// Highest water in front less water or ground behind, m; `NaN` where no water came.
    head_m: f64,
}

/// The edges of a structure; in front is where the water stood higher, or where the ground is lower.
fn loaded(run: &FloodRun, structure: &LineStructure) -> Vec<Loaded> {
    let solver = &run.setup.solver;
    let (bed, maxima) = (solver.bed(), solver.maxima());
    let spec = bed.spec;
    let centre = |cell: usize| {
        let (row, column) = spec.row_column(cell);
        spec.centre(row, column)
    };
    let (mut edges, mut votes) = (Vec::new(), 0.0);
    for crest in &structure.crest {
        let along = edges_along(&spec, crest);
        let crests = crests_along(&spec, crest, &along);
        for (edge, crest_m) in along.into_iter().zip(crests) {
            let [Some(a), Some(b)] = edge.cells(&spec) else { continue };
            // Beside a void or a building nothing is held back, and nothing fails.
            if bed.blocked[a] || bed.blocked[b] {
                continue;
            }
            let is_wet = |cell: usize| maxima.depth_m[cell] > DRY_DEPTH_M;
            let level = |cell: usize| bed.elevation_m[cell] + maxima.depth_m[cell];
            let (front, behind) = match (is_wet(a), is_wet(b)) {
                (true, false) => (a, b),
                (false, true) => (b, a),
                (true, true) if level(a) >= level(b) => (a, b),
                (true, true) => (b, a),
                (false, false) if bed.elevation_m[a] <= bed.elevation_m[b] => (a, b),
                (false, false) => (b, a),
            };
            // Positive where the front lies to the left of the line.
            let side = side_of(crest, edge.middle(&spec), centre(front));
            let head_m = if is_wet(front) { level(front) - level(behind) } else { f64::NAN };
            votes += side * head_m.max(0.0);
            edges.push((side, Loaded { edge, crest_m, front, behind, head_m }));
        }
    }
    // Where water has come round an end the higher level is no front: the side of the structure is that
    // of most of its load.
    let agreeing = edges.into_iter().filter(|(side, _)| side * votes >= 0.0);
    agreeing.map(|(_, edge)| edge).collect()
}

/// Sign of the side of a line on which a point lies, seen at a place on it: positive to the left.
fn side_of(line: &[[f64; 3]], (x, y): (f64, f64), (px, py): (f64, f64)) -> f64 {
    let away = |pair: &&[[f64; 3]]| {
        let (mx, my) = (0.5 * (pair[0][0] + pair[1][0]), 0.5 * (pair[0][1] + pair[1][1]));
        let half = 0.5 * (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        (mx - x).hypot(my - y) - half
    };
    let nearest = line.windows(2).min_by(|a, b| away(a).total_cmp(&away(b)));
    nearest.map_or(0.0, |pair| {
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        (dx * (py - y) - dy * (px - x)).signum()
    })
}

/// The place of the largest head; `None` when no water came.
pub(crate) fn weakest_place(run: &FloodRun, structure: &LineStructure) -> Option<Weakest> {
    let solver = &run.setup.solver;
    let edges = loaded(run, structure);
    let worst =
        edges.iter().filter(|e| e.head_m > 0.0).max_by(|a, b| a.head_m.total_cmp(&b.head_m))?;
    Some(Weakest {
        structure: structure.name.clone(),
        at: worst.edge.middle(&solver.bed().spec).into(),
        length_m: structure.crest.iter().map(|l| line_length(l)).fold(0.0, f64::max),
        failing_over_crest_m: {
            let lowest = solver.bed().elevation_m[worst.front]
                + solver.maxima().depth_m[worst.front]
                - worst.head_m;
            lowest + FAILING_SHARE * worst.head_m - worst.crest_m
        },
    })
}

/// The strip behind all structures that hold water back; `None` without one.
pub(crate) fn precaution_strip(run: &FloodRun) -> Option<StaticField> {
    let bed = run.setup.solver.bed();
    let spec = bed.spec;
    let mut strip = vec![false; spec.len()];
    let mut any = false;
    for structure in run.view.structures().iter().filter(|s| s.is_levee) {
        let edges: Vec<Loaded> =
            loaded(run, structure).into_iter().filter(|e| e.head_m > 0.0).collect();
        any |= !edges.is_empty();
        let region = behind(&edges, &bed.blocked, spec.columns, spec.cell_size);
        let away = |from: usize, (x, y): (f64, f64)| {
            let (row, column) = spec.row_column(from);
            let (cx, cy) = spec.centre(row, column);
            (cx - x).hypot(cy - y)
        };
        let reaches = |cell: &usize| {
            let ground = f64::from(run.setup.terrain.values[*cell]);
            let nearest = edges
                .iter()
                .map(|e| (away(*cell, e.edge.middle(&spec)), e))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            // The region may lead around the ends of the structure to its front.
            let (row, column) = spec.row_column(*cell);
            let here = spec.centre(row, column);
            nearest.is_some_and(|(_, e)| away(e.behind, here) < away(e.front, here))
                && edges.iter().any(|e| {
                    let foot = f64::from(run.setup.terrain.values[e.behind]);
                    let width = STRIP_PER_HEIGHT * (e.crest_m - foot);
                    ground < e.crest_m
                        && away(*cell, e.edge.middle(&spec))
                            <= width.clamp(LEAST_STRIP_M, WIDEST_STRIP_M)
                })
        };
        let inside: Vec<usize> = region.into_par_iter().filter(reaches).collect();
        inside.into_iter().for_each(|cell| strip[cell] = true);
    }
    let values = strip.iter().map(|s| if *s { 1.0 } else { f32::NAN }).collect();
    any.then(|| field(Grid { spec, values }))
}

/// Cells behind the edges that can be reached without crossing the structure, within the widest strip.
fn behind(edges: &[Loaded], blocked: &[bool], columns: usize, cell_size: f64) -> Vec<usize> {
    let crossing: BTreeSet<(usize, usize)> =
        edges.iter().map(|e| (e.front.min(e.behind), e.front.max(e.behind))).collect();
    let most = (WIDEST_STRIP_M / cell_size).ceil() as usize;
    let mut steps = vec![usize::MAX; blocked.len()];
    let mut queue = VecDeque::new();
    for edge in edges {
        if steps[edge.behind] == usize::MAX {
            steps[edge.behind] = 0;
            queue.push_back(edge.behind);
        }
    }
    let mut region = Vec::new();
    while let Some(cell) = queue.pop_front() {
        region.push(cell);
        let column = cell % columns;
        let neighbours = [
            (column > 0).then(|| cell - 1),
            (column + 1 < columns).then(|| cell + 1),
            cell.checked_sub(columns),
            (cell + columns < blocked.len()).then(|| cell + columns),
        ];
        for next in neighbours.into_iter().flatten() {
            let pair = (cell.min(next), cell.max(next));
            if steps[next] == usize::MAX && steps[cell] < most && !crossing.contains(&pair) {
                steps[next] = steps[cell] + 1;
                queue.push_back(next);
            }
        }
    }
    region
}

fn field(grid: Grid<f32>) -> StaticField {
    let title = Text::new("Bande de précaution indicative", "Indicative precaution strip");
    StaticField {
        name: "precaution_strip",
        standard_name: None,
        unit: "1",
        title: title.clone(),
        maps: vec![ResultMap {
            name: "bande-de-precaution",
            title: title.clone(),
            caption: Text::new(
                "Derrière l'ouvrage, 100 fois la hauteur retenue au-dessus du sol et au moins 50 m, sauf terrain plus haut que la crête (arrêté du 5 juillet 2019, art. 3). Tracé indicatif : l'aléa y est très fort quel que soit le résultat du calcul.",
                "Behind the structure, 100 times the height held back above the ground and at least 50 m, except ground above the crest (decree of 5 July 2019, art. 3). Indicative: hazard there is très fort whatever the computed result.",
            ),
            legend: Legend::Classed {
                title,
                unit: String::new(),
                classes: vec![Class::new(
                    f32::INFINITY,
                    Rgb(233, 150, 122),
                    Some(Hatch::Falling),
                    "aléa très fort (rupture)",
                    "hazard très fort (failure)",
                )],
            },
            transparent_below: None,
            isolines: false,
        }],
        grid,
    }
}
