//! Regions of connected cells.

use std::collections::{BTreeMap, VecDeque};

use geo::Area as _;

use super::{Grid, GridSpec, Polygon};

/// Cells that belong together: neighbours by a side and of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Region of each cell, numbered in the order of their first cells; `None` for cells of no kind.
    pub of: Grid<Option<u32>>,
    /// Number of cells of each region.
    pub cells: Vec<usize>,
}

impl Regions {
    /// Regions of the cells that have a kind.
    pub fn of<K: PartialEq>(spec: GridSpec, kind: impl Fn(usize) -> Option<K>) -> Self {
        let mut of: Grid<Option<u32>> = Grid::filled(spec, None);
        let mut cells = Vec::new();
        let mut stack = Vec::new();
        for first in 0..spec.len() {
            let Some(this) = kind(first) else { continue };
            if of.values[first].is_some() {
                continue;
            }
            let region = Some(cells.len() as u32);
            let mut count = 0;
            of.values[first] = region;
            stack.push(first);
            while let Some(cell) = stack.pop() {
                count += 1;
                for next in sides(&spec, cell) {
                    if of.values[next].is_none() && kind(next).as_ref() == Some(&this) {
                        of.values[next] = region;
                        stack.push(next);
                    }
                }
            }
            cells.push(count);
        }
        Self { of, cells }
    }

    /// Takes away the regions of fewer cells; the others are numbered anew in their order.
    pub fn without_small(&mut self, fewest: usize) {
        let mut kept = Vec::new();
        let number: Vec<Option<u32>> = self
            .cells
            .iter()
            .map(|count| {
                (*count >= fewest).then(|| {
                    kept.push(*count);
                    kept.len() as u32 - 1
                })
            })
            .collect();
        for region in &mut self.of.values {
            *region = region.and_then(|old| number[old as usize]);
        }
        self.cells = kept;
    }

    /// Gives the cells of none to the region that is nearest over such cells, by steps from side to side; the lower
    /// number among equals of the first step.
    pub fn grow(&mut self, may_join: impl Fn(usize) -> bool) {
        let spec = self.of.spec;
        let mut front: VecDeque<usize> =
            (0..spec.len()).filter(|cell| self.of.values[*cell].is_some()).collect();
        // Regions in order, so that what they meet does not depend on where they lie.
        front.make_contiguous().sort_by_key(|cell| (self.of.values[*cell], *cell));
        while let Some(cell) = front.pop_front() {
            let Some(region) = self.of.values[cell] else { continue };
            for next in sides(&spec, cell) {
                if self.of.values[next].is_none() && may_join(next) {
                    self.of.values[next] = Some(region);
                    self.cells[region as usize] += 1;
                    front.push_back(next);
                }
            }
        }
    }

    /// Outlines of the regions along the sides of their cells, in their order.
    pub fn outlines(&self) -> Vec<Polygon> {
        let spec = self.of.spec;
        // Sides between a region and something else, with the region to their left, by corner of the grid.
        let corner = |row: usize, column: usize| row * (spec.columns + 1) + column;
        let mut borders: Vec<BTreeMap<usize, Vec<usize>>> = vec![BTreeMap::new(); self.len()];
        for cell in 0..spec.len() {
            let Some(region) = self.of.values[cell] else { continue };
            let (row, column) = spec.row_column(cell);
            let is_same = |r: Option<usize>, c: Option<usize>| {
                let near = r.zip(c).and_then(|(r, c)| self.of.get(r, c).copied().flatten());
                near == Some(region)
            };
            let (north, west) = (row.checked_sub(1), column.checked_sub(1));
            let [nw, ne] = [corner(row, column), corner(row, column + 1)];
            let [sw, se] = [corner(row + 1, column), corner(row + 1, column + 1)];
            let sides = [
                (is_same(Some(row + 1), Some(column)), sw, se),
                (is_same(Some(row), Some(column + 1)), se, ne),
                (is_same(north, Some(column)), ne, nw),
                (is_same(Some(row), west), nw, sw),
            ];
            for (is_inner, from, to) in sides {
                if !is_inner {
                    borders[region as usize].entry(from).or_default().push(to);
                }
            }
        }
        let place = |at: usize| {
            let (row, column) = (at / (spec.columns + 1), at % (spec.columns + 1));
            geo::coord! {
                x: spec.west + column as f64 * spec.cell_size,
                y: spec.north - row as f64 * spec.cell_size,
            }
        };
        borders.into_iter().map(|border| outline(border, place)).collect()
    }

    /// Number of regions.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// The outline of one region by its directed sides: one ring around it, others around its holes.
fn outline(
    mut border: BTreeMap<usize, Vec<usize>>,
    place: impl Fn(usize) -> geo::Coord<f64>,
) -> Polygon {
    let turn = |a: usize, b: usize, c: usize| {
        let [a, b, c] = [a, b, c].map(&place);
        (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
    };
    let (mut around, mut holes) = (geo::LineString::new(Vec::new()), Vec::new());
    while let Some(start) = border.keys().next().copied() {
        let mut ring = vec![start];
        let mut at = start;
        while let Some(ends) = border.get_mut(&at) {
            let before = ring.len().checked_sub(2).map(|k| ring[k]);
            // Where two cells touch by a corner the ring passes on to the other, by the turn to the right: what
            // they enclose with the cells that connect them is a hole of its own.
            let right = |end: &usize| before.is_some_and(|before| turn(before, at, *end) < 0.0);
            let next = ends.iter().position(right).unwrap_or(0);
            let end = ends.swap_remove(next);
            if ends.is_empty() {
                border.remove(&at);
            }
            if before.is_some_and(|before| turn(before, at, end) == 0.0) {
                ring.pop();
            }
            ring.push(end);
            at = end;
            if at == start {
                break;
            }
        }
        let ring: geo::LineString<f64> = ring.into_iter().map(&place).collect();
        // Around the region against the clock, around a hole with it.
        if geo::Polygon::new(ring.clone(), Vec::new()).signed_area() > 0.0 {
            around = ring;
        } else {
            holes.push(ring);
        }
    }
    Polygon::from_geo(&geo::Polygon::new(around, holes))
}

/// Number of steps, from side to side or corner to corner, from each cell to the nearest of some cells, up to a
/// number; `None` beyond.
pub fn steps_from(
    spec: GridSpec,
    is_start: impl Fn(usize) -> bool,
    most: u32,
) -> Grid<Option<u32>> {
    let mut steps: Grid<Option<u32>> = Grid::filled(spec, None);
    let mut front: Vec<usize> = (0..spec.len()).filter(|cell| is_start(*cell)).collect();
    for cell in &front {
        steps.values[*cell] = Some(0);
    }
    for step in 1..=most {
        let mut next = Vec::new();
        for cell in front {
            let (row, column) = spec.row_column(cell);
            for r in row.saturating_sub(1)..=(row + 1).min(spec.rows - 1) {
                for c in column.saturating_sub(1)..=(column + 1).min(spec.columns - 1) {
                    let near = spec.index(r, c);
                    if steps.values[near].is_none() {
                        steps.values[near] = Some(step);
                        next.push(near);
                    }
                }
            }
        }
        front = next;
    }
    steps
}

/// Cells that share a side with a cell.
fn sides(spec: &GridSpec, cell: usize) -> impl Iterator<Item = usize> {
    let (rows, columns) = (spec.rows, spec.columns);
    let (row, column) = spec.row_column(cell);
    let north = (row > 0).then(|| cell - columns);
    let west = (column > 0).then(|| cell - 1);
    let east = (column + 1 < columns).then_some(cell + 1);
    let south = (row + 1 < rows).then_some(cell + columns);
    [north, west, east, south].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spec(rows: usize, columns: usize) -> GridSpec {
        GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns, rows }
    }

    #[test]
    fn a_wall_divides_and_its_cells_go_to_the_nearest_side() {
        // Two rooms of unlike width, the wall in column 2, two cells thick below.
        let spec = spec(2, 7);
        let is_wall = |cell: usize| matches!(cell, 2 | 9 | 10);
        let mut rooms = Regions::of(spec, |cell| (!is_wall(cell)).then_some(()));
        assert_eq!(rooms.cells, [4, 7]);
        rooms.grow(|_| true);
        assert_eq!((rooms.cells[0] + rooms.cells[1], rooms.of.values[10]), (14, Some(1)));
        rooms.without_small(7);
        assert_eq!(rooms.len(), 1);
    }

    proptest! {
        #[test]
        fn neighbours_of_one_kind_are_in_one_region_and_others_never(
            kinds in prop::collection::vec(0u8..3, 8 * 9)
        ) {
            let spec = spec(8, 9);
            let kind = |cell: usize| (kinds[cell] > 0).then_some(kinds[cell]);
            let found = Regions::of(spec, kind);
            prop_assert_eq!(found.cells.iter().sum::<usize>(), kinds.iter().filter(|k| **k > 0).count());
            for cell in 0..spec.len() {
                prop_assert_eq!(found.of.values[cell].is_some(), kinds[cell] > 0);
                for next in sides(&spec, cell) {
                    let same = kinds[cell] > 0 && kinds[next] == kinds[cell];
                    if same {
                        prop_assert_eq!(found.of.values[cell], found.of.values[next]);
                    } else if kinds[cell] > 0 {
                        prop_assert_ne!(found.of.values[cell], found.of.values[next]);
                    }
                }
            }
            // Outlines are valid and hold their cells alone.
            for (region, outline) in found.outlines().iter().enumerate() {
                prop_assert!(geo::Validation::is_valid(&outline.to_geo()));
                for cell in 0..spec.len() {
                    let (row, column) = spec.row_column(cell);
                    let (x, y) = spec.centre(row, column);
                    let inside = found.of.values[cell] == Some(region as u32);
                    prop_assert_eq!(outline.contains(x, y), inside);
                }
            }
        }

        #[test]
        fn steps_are_the_larger_of_both_distances(row in 0usize..8, column in 0usize..9, most in 0u32..5) {
            let spec = spec(8, 9);
            let start = spec.index(row, column);
            let steps = steps_from(spec, |cell| cell == start, most);
            for (cell, found) in steps.values.iter().enumerate() {
                let (r, c) = spec.row_column(cell);
                let exact = r.abs_diff(row).max(c.abs_diff(column)) as u32;
                prop_assert_eq!(*found, (exact <= most).then_some(exact));
            }
        }
    }
}
