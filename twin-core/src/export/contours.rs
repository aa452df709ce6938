//! Lines of equal value of a grid, by marching squares.

use contour::ContourBuilder;

use crate::spatial::{Grid, Line};
use crate::{Error, Result};

/// Number of lines that a map can take.
const LINES: f64 = 20.0;

/// Contours of a grid in world coordinates.
pub(super) fn builder(grid: &Grid<f32>) -> ContourBuilder {
    let spec = grid.spec;
    ContourBuilder::new(spec.columns, spec.rows, true)
        .x_origin(spec.west)
        .y_origin(spec.north)
        .x_step(spec.cell_size)
        .y_step(-spec.cell_size)
}

/// What to say when contouring fails.
pub(super) fn failed(error: &contour::Error) -> Error {
    Error::input(
        "contours",
        format!("le tracé des contours a échoué ({error}) ; signaler ce cas"),
        format!("contouring failed ({error}); report this case"),
    )
}

/// The smallest interval of 1, 2 or 5 times a power of ten that cuts a range into at most
/// twenty; none for an empty range.
pub fn round_interval((low, high): (f32, f32)) -> Option<f64> {
    let wanted = f64::from(high - low) / LINES;
    if !(wanted.is_finite() && wanted > 0.0) {
        return None;
    }
    let power = 10f64.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&i| i >= wanted)
}

/// Lines of equal value at the multiples of an interval, inside the cells that have a value.
///
/// # Errors
/// When contouring fails.
pub fn lines_of_equal_value(grid: &Grid<f32>, interval: f64) -> Result<Vec<(f64, Line)>> {
    let Some((low, high)) = grid.range() else { return Ok(Vec::new()) };
    let (first, last) =
        ((f64::from(low) / interval).ceil() as i64, (f64::from(high) / interval).floor() as i64);
    let thresholds: Vec<f64> = (first..=last).map(|k| k as f64 * interval).collect();
    if thresholds.is_empty() {
        return Ok(Vec::new());
    }
    // Cells without value take that of the nearest that has one, so that no line runs along the shore.
    let values: Vec<f64> = spread(grid).iter().map(|v| f64::from(*v)).collect();
    let contours = builder(grid).lines(&values, &thresholds).map_err(|e| failed(&e))?;
    let has_value = |p: &geo::Coord<f64>| {
        grid.spec.cell_at(p.x, p.y).is_some_and(|cell| grid[cell].is_finite())
    };
    let mut lines = Vec::new();
    for contour in &contours {
        for course in contour.geometry() {
            for part in course.0.split(|p| !has_value(p)).filter(|part| part.len() > 1) {
                let line = part.iter().map(|p| [p.x, p.y, f64::NAN]).collect();
                lines.push((contour.threshold(), line));
            }
        }
    }
    Ok(lines)
}

/// Every cell with the value of a nearest cell that has one (breadth first over sides).
fn spread(grid: &Grid<f32>) -> Vec<f32> {
    let spec = grid.spec;
    let mut values = grid.values.clone();
    let mut queue: std::collections::VecDeque<usize> =
        (0..values.len()).filter(|&cell| values[cell].is_finite()).collect();
    while let Some(cell) = queue.pop_front() {
        let (row, column) = spec.row_column(cell);
        let neighbours = [
            (row > 0).then(|| cell - spec.columns),
            (row + 1 < spec.rows).then(|| cell + spec.columns),
            (column > 0).then(|| cell - 1),
            (column + 1 < spec.columns).then(|| cell + 1),
        ];
        for next in neighbours.into_iter().flatten() {
            if !values[next].is_finite() {
                values[next] = values[cell];
                queue.push_back(next);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_round() {
        assert_eq!(round_interval((0.0, 20.0)), Some(1.0));
        assert_eq!(round_interval((50.0, 53.3)), Some(0.2));
        assert_eq!(round_interval((0.0, 800.0)), Some(50.0));
        assert_eq!(round_interval((3.0, 3.0)), None);
    }
}
