//! Which parts of the terrain are drawn, and how finely.
//!
//! The overviews of the grids halve the resolution level by level. A *node* is a square of
//! [`NODE_CELLS`] cells of one level; its four children cover the same ground on the next finer
//! one. A node is split while a cell of it would appear larger than the tolerance:
//!
//! ```text
//! pixels of a cell = cell / distance · height of the picture / (2 tan(fov / 2))
//! ```
//!
//! (Strugar 2010, *Continuous distance-dependent level of detail for rendering heightmaps*; here the
//! seams between levels are closed by skirts instead of a morph.) A node is replaced by its children
//! when all of them are ready, so that the ground never has holes.

use bevy::math::{Vec2, Vec3};

/// Cells of a node along a side.
pub(crate) const NODE_CELLS: usize = 128;
/// Nodes drawn at most: two million triangles.
pub(crate) const MOST_NODES: usize = 60;

/// A node: its level of the overviews, row and column among the nodes of that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId {
    /// Level; 0 is the finest.
    pub(crate) level: usize,
    /// Row from the north.
    pub(crate) row: usize,
    /// Column from the west.
    pub(crate) column: usize,
}

impl NodeId {
    /// The nodes of the next finer level on the same ground.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let finer = self.level.checked_sub(1);
        finer.into_iter().flat_map(move |level| {
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(r, c)| Self {
                level,
                row: 2 * self.row + r,
                column: 2 * self.column + c,
            })
        })
    }
}

/// Rows and columns of cells of every level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pyramid {
    /// Rows and columns of the levels, the finest first.
    pub(crate) shapes: Vec<(usize, usize)>,
}

impl Pyramid {
    /// Whether a node has cells.
    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.shapes.get(node.level).is_some_and(|&(rows, columns)| {
            node.row * NODE_CELLS < rows && node.column * NODE_CELLS < columns
        })
    }

    /// The nodes of the coarsest level.
    pub(crate) fn roots(&self) -> Vec<NodeId> {
        let Some((level, &(rows, columns))) = self.shapes.iter().enumerate().next_back() else {
            return Vec::new();
        };
        let rows = rows.div_ceil(NODE_CELLS);
        let columns = columns.div_ceil(NODE_CELLS);
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| NodeId { level, row, column }))
            .collect()
    }
}

/// How the picture sees the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Eye {
    /// Position in the scene.
    pub(crate) position: Vec3,
    /// Pixels that a metre at a distance of a metre takes; of a plan, pixels of a metre.
    pub(crate) pixels_per_radian: f32,
    /// Whether distance makes things smaller.
    pub(crate) is_perspective: bool,
}

/// A rectangle of the ground in the scene with the heights on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ground {
    /// North-west corner, x and z.
    pub(crate) min: Vec2,
    /// South-east corner.
    pub(crate) max: Vec2,
    /// Lowest and highest point.
    pub(crate) heights: [f32; 2],
}

impl Eye {
    /// Pixels that a length on the nearest point of a part of the ground takes.
    pub(crate) fn pixels(&self, length: f32, ground: &Ground) -> f32 {
        if !self.is_perspective {
            return length * self.pixels_per_radian;
        }
        let low = Vec3::new(ground.min.x, ground.heights[0], ground.min.y);
        let high = Vec3::new(ground.max.x, ground.heights[1], ground.max.y);
        let distance = self.position.distance(self.position.clamp(low, high.max(low))).max(1.0);
        length / distance * self.pixels_per_radian
    }
}

/// What the tree needs to know of its nodes.
pub(crate) trait Nodes {
    /// Where a node lies.
    fn ground(&self, node: NodeId) -> Ground;
    /// Size of its cells in metres.
    fn cell_size(&self, node: NodeId) -> f32;
    /// Whether it can be drawn.
    fn is_ready(&self, node: NodeId) -> bool;
    /// Whether the picture may show a part of it.
    fn is_in_view(&self, node: NodeId) -> bool;
}

/// The nodes to draw and those to make ready, the most urgent first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Drawn now.
    pub(crate) drawn: Vec<NodeId>,
    /// Wanted and not ready.
    pub(crate) missing: Vec<NodeId>,
}

/// Chooses nodes; `tolerance_px` is the size of a cell that is not split.
pub(crate) fn select(
    pyramid: &Pyramid,
    nodes: &impl Nodes,
    eye: &Eye,
    tolerance_px: f32,
) -> Selection {
    let mut tolerance = tolerance_px;
    loop {
        let mut selection = Selection::default();
        for root in pyramid.roots() {
            visit(root, pyramid, nodes, eye, tolerance, &mut selection);
        }
        let in_view = selection.drawn.iter().filter(|n| nodes.is_in_view(**n)).count();
        if in_view <= MOST_NODES || tolerance > 1e4 {
            let urgency = |node: &NodeId| eye.pixels(nodes.cell_size(*node), &nodes.ground(*node));
            selection.missing.sort_by(|a, b| {
                (nodes.is_in_view(*b), b.level)
                    .cmp(&(nodes.is_in_view(*a), a.level))
                    .then(urgency(b).total_cmp(&urgency(a)))
            });
            return selection;
        }
        tolerance *= 1.25;
    }
}

fn visit(
    node: NodeId,
    pyramid: &Pyramid,
    nodes: &impl Nodes,
    eye: &Eye,
    tolerance: f32,
    selection: &mut Selection,
) {
    if !nodes.is_ready(node) {
        selection.missing.push(node);
        return;
    }
    let splits = node.level > 0
        && nodes.is_in_view(node)
        && eye.pixels(nodes.cell_size(node), &nodes.ground(node)) > tolerance;
    if splits {
        let children: Vec<NodeId> = node.children().filter(|c| pyramid.has(*c)).collect();
        if children.iter().all(|child| nodes.is_ready(*child)) {
            for child in children {
                visit(child, pyramid, nodes, eye, tolerance, selection);
            }
            return;
        }
        selection.missing.extend(children.into_iter().filter(|c| !nodes.is_ready(*c)));
    }
    selection.drawn.push(node);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Flat ground of one-metre cells, some nodes not ready.
    struct Flat {
        missing: BTreeSet<NodeId>,
    }

    impl Nodes for Flat {
        fn ground(&self, node: NodeId) -> Ground {
            let side = (NODE_CELLS << node.level) as f32;
            let min = Vec2::new(node.column as f32 * side, node.row as f32 * side);
            Ground { min, max: min + side, heights: [0.0, 0.0] }
        }

        fn cell_size(&self, node: NodeId) -> f32 {
            (1 << node.level) as f32
        }

        fn is_ready(&self, node: NodeId) -> bool {
            !self.missing.contains(&node)
        }

        fn is_in_view(&self, _: NodeId) -> bool {
            true
        }
    }

    fn pyramid() -> Pyramid {
        Pyramid { shapes: (0..6).map(|k| (4096 >> k, 4096 >> k)).collect() }
    }

    fn eye(height: f32) -> Eye {
        Eye {
            position: Vec3::new(1000.0, height, 1000.0),
            pixels_per_radian: 1300.0,
            is_perspective: true,
        }
    }

    /// Cells of the finest level that the nodes cover, each counted.
    fn covered(selection: &Selection) -> usize {
        let area = |n: &NodeId| (NODE_CELLS << n.level) * (NODE_CELLS << n.level);
        selection.drawn.iter().map(area).sum()
    }

    #[test]
    fn the_ground_is_covered_once_from_any_height() {
        for height in [2.0, 50.0, 500.0, 5000.0, 50_000.0] {
            let nodes = Flat { missing: BTreeSet::new() };
            let selection = select(&pyramid(), &nodes, &eye(height), 4.0);
            assert_eq!(covered(&selection), 4096 * 4096, "{height}");
            assert!(selection.drawn.len() <= MOST_NODES && selection.missing.is_empty());
        }
    }

    #[test]
    fn the_near_ground_is_finer() {
        let nodes = Flat { missing: BTreeSet::new() };
        let selection = select(&pyramid(), &nodes, &eye(100.0), 4.0);
        let level_at = |x: f32, z: f32| {
            let here = |n: &&NodeId| {
                let g = nodes.ground(**n);
                (g.min.x..g.max.x).contains(&x) && (g.min.y..g.max.y).contains(&z)
            };
            selection.drawn.iter().find(here).map(|n| n.level).unwrap()
        };
        assert_eq!(level_at(1000.0, 1000.0), 0);
        assert!(level_at(4000.0, 4000.0) >= 3);
    }

    #[test]
    fn a_child_that_is_not_ready_leaves_its_parent_drawn() {
        let late = NodeId { level: 0, row: 7, column: 7 };
        let nodes = Flat { missing: BTreeSet::from([late]) };
        let selection = select(&pyramid(), &nodes, &eye(10.0), 4.0);
        assert_eq!(covered(&selection), 4096 * 4096);
        assert_eq!(selection.missing, [late]);
        assert!(selection.drawn.contains(&NodeId { level: 1, row: 3, column: 3 }));
    }
}
