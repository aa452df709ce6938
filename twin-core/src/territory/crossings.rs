//! Where watercourses enter and leave an extent: the places for inflows and outflows of a flood.

use super::{FlowDirection, TerritoryView, WaterCourse};
use crate::spatial::{Extent, Grid, Line};

/// Distance over which the slope of a watercourse is taken, m.
const SLOPE_OVER_M: f64 = 300.0;
/// Slopes that a proposal keeps within.
const SLOPES: (f64, f64) = (1e-4, 0.05);
/// Ground beside an outflow that belongs to its line, up to this height above the watercourse, m.
const VALLEY_RISE_M: f64 = 5.0;
/// Longest half of an outflow's line, m.
const LONGEST_HALF_M: f64 = 500.0;
/// Shortest half of an inflow's line, m.
const SHORTEST_HALF_M: f64 = 10.0;

/// A place where a watercourse crosses the border of an extent.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// Name of the watercourse, or its identifier.
    pub name: String,
    /// Whether water enters (else it leaves).
    pub enters: bool,
    /// Where, inside the extent.
    pub at: [f64; 2],
    /// Line for the inflow across the bed, or for the outflow along the border across the valley.
    pub line: [[f64; 2]; 2],
    /// Slope of the ground along the watercourse there.
    pub slope: f64,
    /// Largest width of the bed by its class, m; 0 where not known.
    pub width_m: f64,
}

/// Crossings of the view's extent, the widest watercourses first; one for each watercourse and
/// place. Underground stretches and ditches are left out.
pub fn crossings(view: &TerritoryView, terrain: &Grid<f32>) -> Vec<Crossing> {
    let spec = view.spec();
    // Inside the cells of the rim, so that an inflow has ground around it.
    let inner = spec.extent().buffered(-1.5 * spec.cell_size);
    let mut found: Vec<Crossing> = Vec::new();
    for course in &view.features().water_courses {
        if course.is_underground() || course.is_ditch == Some(true) {
            continue;
        }
        for line in course.geometry.lines() {
            let line = along_flow(course, line, terrain);
            for crossing in of_line(course, &line, &inner, terrain) {
                let near = |c: &Crossing| {
                    c.enters == crossing.enters
                        && distance(c.at, crossing.at) < 10.0 * spec.cell_size
                };
                if !found.iter().any(near) {
                    found.push(crossing);
                }
            }
        }
    }
    found.sort_by(|a, b| b.width_m.total_cmp(&a.width_m).then(a.name.cmp(&b.name)));
    found
}

/// Where water leaves an extent without a known watercourse: the lowest ground of its border that is
/// farther than a third of its diagonal from where the water enters.
pub fn lowest_exit(terrain: &Grid<f32>, from: [f64; 2]) -> Option<Crossing> {
    let spec = &terrain.spec;
    let inner = spec.extent().buffered(-1.5 * spec.cell_size);
    let far = (inner.width().hypot(inner.height())) / 3.0;
    let is_border = |row: usize, column: usize| {
        row == 1 || column == 1 || row + 2 == spec.rows || column + 2 == spec.columns
    };
    let mut lowest: Option<(f32, [f64; 2])> = None;
    for row in 1..spec.rows.saturating_sub(1) {
        for column in (1..spec.columns.saturating_sub(1)).filter(|c| is_border(row, *c)) {
            let (z, (x, y)) = (terrain[(row, column)], spec.centre(row, column));
            let is_lower = z.is_finite() && lowest.is_none_or(|(least, _)| z < least);
            if is_lower && distance([x, y], from) > far {
                lowest = Some((z, [x, y]));
            }
        }
    }
    let (_, at) = lowest?;
    let line = across_valley(at, &inner, terrain);
    let slope = slope(&[from, at], terrain).unwrap_or(SLOPES.0 * 10.0);
    let name = String::from("point bas du bord");
    Some(Crossing { name, enters: false, at, line, slope, width_m: 0.0 })
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The vertices in the direction of the flow: as stated, else downhill.
fn along_flow(course: &WaterCourse, line: &Line, terrain: &Grid<f32>) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = line.iter().map(|p| [p[0], p[1]]).collect();
    let ground = |p: Option<&[f64; 2]>| p.and_then(|p| terrain.at(p[0], p[1]).copied());
    let is_uphill = || match (ground(points.first()), ground(points.last())) {
        (Some(first), Some(last)) => last > first,
        _ => false,
    };
    let reversed = match course.flow_direction {
        Some(FlowDirection::Forward) => false,
        Some(FlowDirection::Backward) => true,
        _ => is_uphill(),
    };
    if reversed {
        points.reverse();
    }
    points
}

/// Crossings of a line that follows the flow.
fn of_line(
    course: &WaterCourse,
    line: &[[f64; 2]],
    inner: &Extent,
    terrain: &Grid<f32>,
) -> Vec<Crossing> {
    let name = course.name.clone().filter(|n| !n.is_empty());
    let name = name.unwrap_or_else(|| course.id.clone());
    let width_m = course
        .width_class
        .as_ref()
        .and_then(|w| w.bounds_m())
        .map_or(0.0, |(low, high)| if high.is_finite() { high } else { low });
    let mut found = Vec::new();
    for (k, pair) in line.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let inside = |p: [f64; 2]| inner.contains(p[0], p[1]);
        if inside(from) == inside(to) {
            continue;
        }
        let enters = inside(to);
        let at = meeting(inner, from, to);
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
        let flow = [dx / length, dy / length];
        let inland: Vec<[f64; 2]> = if enters {
            std::iter::once(at).chain(line[k + 1..].iter().copied()).collect()
        } else {
            std::iter::once(at).chain(line[..=k].iter().rev().copied()).collect()
        };
        let line = if enters {
            let half = (0.5 * width_m).max(SHORTEST_HALF_M).max(2.0 * terrain.spec.cell_size);
            [1.0, -1.0].map(|side| {
                [
                    (at[0] - side * half * flow[1]).clamp(inner.min_x, inner.max_x),
                    (at[1] + side * half * flow[0]).clamp(inner.min_y, inner.max_y),
                ]
            })
        } else {
            across_valley(at, inner, terrain)
        };
        let slope = slope(&inland, terrain).unwrap_or(SLOPES.0 * 10.0);
        found.push(Crossing { name: name.clone(), enters, at, line, slope, width_m });
    }
    found
}

/// Where a segment with one end inside meets the border, by halving.
fn meeting(extent: &Extent, from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let starts_inside = extent.contains(from[0], from[1]);
    let (mut inside, mut outside) = if starts_inside { (from, to) } else { (to, from) };
    for _ in 0..50 {
        let middle = [0.5 * (inside[0] + outside[0]), 0.5 * (inside[1] + outside[1])];
        if extent.contains(middle[0], middle[1]) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

/// Along the border on both sides of a place, as far as the ground stays low.
fn across_valley(at: [f64; 2], inner: &Extent, terrain: &Grid<f32>) -> [[f64; 2]; 2] {
    let cell = terrain.spec.cell_size;
    let sides = [
        (at[0] - inner.min_x, [0.0, 1.0]),
        (inner.max_x - at[0], [0.0, 1.0]),
        (at[1] - inner.min_y, [1.0, 0.0]),
        (inner.max_y - at[1], [1.0, 0.0]),
    ];
    let nearest = sides.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let [ux, uy] = nearest.map_or([1.0, 0.0], |s| s.1);
    let ground = |p: [f64; 2]| terrain.at(p[0], p[1]).copied().filter(|z| z.is_finite());
    let bed = ground(at).map_or(f64::INFINITY, f64::from);
    [1.0, -1.0].map(|side| {
        let mut end = at;
        let mut gone = 0.0;
        while gone < LONGEST_HALF_M {
            let next = [end[0] + side * cell * ux, end[1] + side * cell * uy];
            let low = ground(next).is_some_and(|z| f64::from(z) <= bed + VALLEY_RISE_M);
            if !low || !inner.contains(next[0], next[1]) {
                break;
            }
            end = next;
            gone += cell;
        }
        end
    })
}

/// Fall of the ground along the first metres of a course, taken as positive.
fn slope(course: &[[f64; 2]], terrain: &Grid<f32>) -> Option<f64> {
    let start = course.first()?;
    let mut gone = 0.0;
    let mut end = *start;
    for pair in course.windows(2) {
        gone += distance(pair[0], pair[1]);
        end = pair[1];
        if gone >= SLOPE_OVER_M {
            break;
        }
    }
    let ground = |p: [f64; 2]| terrain.at(p[0], p[1]).copied().filter(|z| z.is_finite());
    let fall = f64::from(ground(*start)? - ground(end)?).abs();
    (gone > 0.0).then(|| (fall / gone).clamp(SLOPES.0, SLOPES.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Feature, FeatureTable, FieldKind, Value};
    use crate::spatial::{Crs, Geometry, GridSpec};
    use crate::territory::Features;

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 100.0, cell_size: 1.0, columns: 200, rows: 100 };

    /// A valley that falls eastwards, 1 ‰, with its bed along y = 50.
    fn valley() -> Grid<f32> {
        Grid::from_fn(SPEC, |row, column| {
            let y = 99.5 - row as f64;
            (10.0 - 0.001 * column as f64 + 0.2 * (y - 50.0).abs()) as f32
        })
    }

    fn course(direction: &str) -> WaterCourse {
        let table = FeatureTable::new("troncon_hydrographique", Some(Crs::LAMBERT_93))
            .with_field("cleabs", FieldKind::Text)
            .with_field("sens_de_l_ecoulement", FieldKind::Text)
            .with_field("cpx_toponyme_de_cours_d_eau", FieldKind::Text);
        let values = ["T1", direction, "la Rivière"].map(|t| Value::Text(t.to_owned()));
        let line = vec![[0.0, 0.0, f64::NAN], [1.0, 0.0, f64::NAN]];
        let geometry = Some(Geometry::Lines(vec![line]));
        let mut table = table;
        table.features.push(Feature { geometry, values: values.to_vec() });
        let features = Features::from_tables(std::path::Path::new("x"), vec![table]).unwrap();
        features.water_courses[0].clone()
    }

    #[test]
    fn a_river_enters_upstream_and_leaves_downstream_whatever_the_drawing() {
        let (terrain, inner) = (valley(), SPEC.extent().buffered(-1.5));
        let drawn = [[-50.0, 50.0, 0.0], [100.0, 50.0, 0.0], [250.0, 50.0, 0.0]];
        let mut back = drawn.to_vec();
        back.reverse();
        for (line, direction) in [(drawn.to_vec(), "Sens direct"), (back, "Sens inverse")] {
            let course = course(direction);
            let line = along_flow(&course, &line, &terrain);
            let found = of_line(&course, &line, &inner, &terrain);
            assert_eq!(found.len(), 2);
            let (inflow, outflow) = (&found[0], &found[1]);
            assert!(inflow.enters && !outflow.enters);
            assert!((inflow.at[0] - 1.5).abs() < 1e-6 && (outflow.at[0] - 198.5).abs() < 1e-6);
            assert_eq!(inflow.name, "la Rivière");
            assert!((inflow.slope - 1e-3).abs() < 2e-4, "{}", inflow.slope);
            // Across the bed; along the border up to 5 m above it, 25 m on both sides.
            let [a, b] = inflow.line;
            assert!(a[0] == b[0] && (distance(a, b) - 20.0).abs() < 1e-9);
            let [a, b] = outflow.line;
            assert!(a[0] == b[0] && (distance(a, b) - 50.0).abs() < 3.0, "{a:?} {b:?}");
        }
    }

    #[test]
    fn without_a_watercourse_water_leaves_where_the_border_is_lowest() {
        let exit = lowest_exit(&valley(), [1.5, 50.0]).unwrap();
        assert!(
            !exit.enters && (exit.at[0] - 198.5).abs() < 1.0 && (exit.at[1] - 50.0).abs() < 1.0
        );
        let [a, b] = exit.line;
        assert!((distance(a, b) - 50.0).abs() < 3.0, "{a:?} {b:?}");
        assert!((exit.slope - 1e-3).abs() < 2e-4, "{}", exit.slope);
        assert!(lowest_exit(&Grid::filled(SPEC, f32::NAN), [0.0, 0.0]).is_none());
    }

    #[test]
    fn a_course_inside_has_no_crossing() {
        let inner = SPEC.extent().buffered(-1.5);
        let line = [[20.0, 50.0], [150.0, 50.0]];
        assert!(of_line(&course("Inconnu"), &line, &inner, &valley()).is_empty());
    }
}
