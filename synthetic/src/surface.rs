//! What stands where: lists of buildings, trees, hedges and street furniture by cell.

use twin_core::spatial::Extent;

use crate::building::Building;
use crate::vegetation::{Hedge, Tree};

/// Side of a cell, metres.
const CELL: f64 = 8.0;

/// How far a slanted laser pulse can be from its foot when it meets a roof, metres.
pub(crate) const REACH: f64 = 6.0;

/// Items by cell, as offsets into one list.
#[derive(Debug, Clone, Default)]
struct Cells {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Cells {
    fn new(grid: &Grid, bounds: impl Iterator<Item = [f64; 4]> + Clone) -> Self {
        let mut starts = vec![0u32; grid.columns * grid.rows + 1];
        for b in bounds.clone() {
            grid.visit(b, |cell| starts[cell + 1] += 1);
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![0u32; starts.last().copied().unwrap_or(0) as usize];
        for (index, b) in bounds.enumerate() {
            grid.visit(b, |cell| {
                items[next[cell] as usize] = index as u32;
                next[cell] += 1;
            });
        }
        Self { starts, items }
    }

    fn at(&self, cell: usize) -> &[u32] {
        &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

#[derive(Debug, Clone, Copy)]
struct Grid {
    west: f64,
    south: f64,
    columns: usize,
    rows: usize,
}

impl Grid {
    fn index(v: f64, n: usize) -> usize {
        ((v / CELL).max(0.0) as usize).min(n - 1)
    }

    fn cell(&self, x: f64, y: f64) -> usize {
        Self::index(y - self.south, self.rows) * self.columns
            + Self::index(x - self.west, self.columns)
    }

    fn visit(&self, [x0, y0, x1, y1]: [f64; 4], mut visit: impl FnMut(usize)) {
        let columns =
            Self::index(x0 - self.west, self.columns)..=Self::index(x1 - self.west, self.columns);
        for row in Self::index(y0 - self.south, self.rows)..=Self::index(y1 - self.south, self.rows)
        {
            for column in columns.clone() {
                visit(row * self.columns + column);
            }
        }
    }
}

/// A small upright box: a parked car, a garden wall, a lamp post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Furniture {
    pub(crate) centre: [f64; 2],
    pub(crate) along: [f64; 2],
    pub(crate) half: [f64; 2],
    pub(crate) top: f64,
    /// LiDAR HD class of its points.
    pub(crate) class: u8,
}

impl Furniture {
    pub(crate) fn contains(&self, x: f64, y: f64) -> bool {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        let u = dx * self.along[0] + dy * self.along[1];
        let w = dy * self.along[0] - dx * self.along[1];
        u.abs() <= self.half[0] && w.abs() <= self.half[1]
    }
}

/// The search structure over everything that stands on the ground.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    grid: Grid,
    near_buildings: Cells,
    trees: Cells,
    hedges: Cells,
    furniture: Cells,
}

impl Standing {
    pub(crate) fn new(
        extent: &Extent,
        buildings: &[Building],
        trees: &[Tree],
        hedges: &[Hedge],
        furniture: &[Furniture],
    ) -> Self {
        let count = |length: f64| (length / CELL).ceil().max(1.0) as usize;
        let grid = Grid {
            west: extent.min_x,
            south: extent.min_y,
            columns: count(extent.width()),
            rows: count(extent.height()),
        };
        let around = |[x, y]: [f64; 2], r: f64| [x - r, y - r, x + r, y + r];
        let building_bounds = buildings.iter().map(|b| {
            b.planes.iter().flat_map(|p| &p.ring).fold(
                [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
                |a, v| {
                    [
                        a[0].min(v[0] - REACH),
                        a[1].min(v[1] - REACH),
                        a[2].max(v[0] + REACH),
                        a[3].max(v[1] + REACH),
                    ]
                },
            )
        });
        let tree_bounds =
            trees.iter().map(|t| around([t.position[0], t.position[1]], t.crown_radius));
        let hedge_bounds = hedges.iter().map(|h| {
            let [a, b] = h.ends;
            let r = 0.5 * h.width;
            [a[0].min(b[0]) - r, a[1].min(b[1]) - r, a[0].max(b[0]) + r, a[1].max(b[1]) + r]
        });
        let furniture_bounds = furniture.iter().map(|f| around(f.centre, f.half[0] + f.half[1]));
        Self {
            grid,
            near_buildings: Cells::new(&grid, building_bounds),
            trees: Cells::new(&grid, tree_bounds),
            hedges: Cells::new(&grid, hedge_bounds),
            furniture: Cells::new(&grid, furniture_bounds),
        }
    }

    /// Numbers (from 0) of buildings within [`REACH`] of a position, and some further away.
    pub(crate) fn buildings(&self, x: f64, y: f64) -> &[u32] {
        self.near_buildings.at(self.grid.cell(x, y))
    }

    pub(crate) fn trees(&self, x: f64, y: f64) -> &[u32] {
        self.trees.at(self.grid.cell(x, y))
    }

    pub(crate) fn hedges(&self, x: f64, y: f64) -> &[u32] {
        self.hedges.at(self.grid.cell(x, y))
    }

    pub(crate) fn furniture(&self, x: f64, y: f64) -> &[u32] {
        self.furniture.at(self.grid.cell(x, y))
    }
}
