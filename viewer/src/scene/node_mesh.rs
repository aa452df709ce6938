//! A node of the terrain as triangles.

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};
use twin_core::spatial::Grid;

use crate::frame::LocalFrame;

/// Vertices at cell centres, two triangles between four of them, and a skirt that hides the seam to
/// neighbours of another level. Cells without height are left out; `None` where all are.
///
/// `heights` holds the cells of the node and one row and column of neighbours on each side that
/// exists: `margin` tells how many to the north and west.
pub(crate) fn node_mesh(
    heights: &Grid<f32>,
    margin: [usize; 2],
    rows: usize,
    columns: usize,
    frame: LocalFrame,
) -> Option<(Mesh, [f32; 2])> {
    let spec = heights.spec;
    let at = |row: usize, column: usize| -> f32 {
        heights.get(row + margin[0], column + margin[1]).copied().unwrap_or(f32::NAN)
    };
    let beside = |row: usize, column: usize, down: isize, right: isize| -> f32 {
        let row = (row + margin[0]).checked_add_signed(down);
        let column = (column + margin[1]).checked_add_signed(right);
        let (Some(row), Some(column)) = (row, column) else { return f32::NAN };
        heights.get(row, column).copied().unwrap_or(f32::NAN)
    };
    let mut builder = Builder::default();
    let mut vertex = vec![u32::MAX; rows * columns];
    let mut range: Option<[f32; 2]> = None;
    for row in 0..rows {
        for column in 0..columns {
            let z = at(row, column);
            if z.is_nan() {
                continue;
            }
            let (x, y) = spec.centre(row + margin[0], column + margin[1]);
            let slope = |low: f32, high: f32| match (low.is_nan(), high.is_nan()) {
                (false, false) => (high - low) / (2.0 * spec.cell_size as f32),
                (true, false) => (high - z) / spec.cell_size as f32,
                (false, true) => (z - low) / spec.cell_size as f32,
                (true, true) => 0.0,
            };
            let east = slope(beside(row, column, 0, -1), beside(row, column, 0, 1));
            let south = slope(beside(row, column, -1, 0), beside(row, column, 1, 0));
            let length = (1.0 + east * east + south * south).sqrt();
            let uv = [
                column as f32 / (columns.max(2) - 1) as f32,
                row as f32 / (rows.max(2) - 1) as f32,
            ];
            let position = frame.to_scene([x, y, f64::from(z)]).to_array();
            range = Some(range.map_or([position[1]; 2], |[low, high]| {
                [low.min(position[1]), high.max(position[1])]
            }));
            let normal = [-east / length, 1.0 / length, -south / length];
            vertex[row * columns + column] = builder.add(position, normal, uv);
        }
    }
    let range = range?;
    for row in 1..rows {
        for column in 1..columns {
            let corner = |r: usize, c: usize| vertex[(row - r) * columns + column - c];
            let [nw, ne, sw, se] = [corner(1, 1), corner(1, 0), corner(0, 1), corner(0, 0)];
            builder.triangle([nw, sw, se]);
            builder.triangle([nw, se, ne]);
        }
    }
    // Two cells of the next coarser level cannot differ by more than this on any slope but a cliff.
    let drop = (2.0 * spec.cell_size as f32).max(0.1 * (range[1] - range[0]));
    let edges: [Vec<usize>; 4] = [
        (0..columns).collect(),
        (0..columns).rev().map(|c| (rows - 1) * columns + c).collect(),
        (0..rows).rev().map(|r| r * columns).collect(),
        (0..rows).map(|r| r * columns + columns - 1).collect(),
    ];
    for edge in edges {
        for pair in edge.windows(2) {
            builder.skirt(vertex[pair[0]], vertex[pair[1]], drop);
        }
    }
    Some((builder.finish(), [range[0] - drop, range[1]]))
}

#[derive(Default)]
struct Builder {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    uvs: Vec<[f32; 2]>,
    indices: Vec<u32>,
}

impl Builder {
    fn add(&mut self, position: [f32; 3], normal: [f32; 3], uv: [f32; 2]) -> u32 {
        self.positions.push(position);
        self.normals.push(normal);
        self.uvs.push(uv);
        self.positions.len() as u32 - 1
    }

    /// A triangle, where all its corners have a height.
    fn triangle(&mut self, corners: [u32; 3]) {
        if !corners.contains(&u32::MAX) {
            self.indices.extend(corners);
        }
    }

    /// A strip below an edge.
    fn skirt(&mut self, a: u32, b: u32, drop: f32) {
        if a == u32::MAX || b == u32::MAX {
            return;
        }
        let mut below = |i: u32| {
            let i = i as usize;
            let [x, y, z] = self.positions[i];
            self.add([x, y - drop, z], self.normals[i], self.uvs[i])
        };
        let (c, d) = (below(a), below(b));
        self.triangle([a, b, d]);
        self.triangle([a, d, c]);
    }

    fn finish(self) -> Mesh {
        // Sixteen bits hold every node: (129² + 8 · 128) vertices.
        let indices = match u16::try_from(self.positions.len()) {
            Ok(_) => Indices::U16(self.indices.into_iter().map(|i| i as u16).collect()),
            Err(_) => Indices::U32(self.indices),
        };
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, self.normals)
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.uvs)
            .with_inserted_indices(indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::{Extent, GridSpec};

    fn slope() -> (Grid<f32>, LocalFrame) {
        let spec = GridSpec { west: 0.0, north: 5.0, cell_size: 1.0, columns: 5, rows: 5 };
        let grid = Grid::from_fn(spec, |_, column| column as f32);
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 5.0, max_y: 5.0 };
        (grid, LocalFrame::new(&extent, 0.0))
    }

    fn triangles(mesh: &Mesh) -> usize {
        mesh.indices().unwrap().len() / 3
    }

    #[test]
    fn a_slope_to_the_east_leans_to_the_west() {
        let (grid, frame) = slope();
        let (mesh, heights) = node_mesh(&grid, [1, 1], 3, 3, frame).unwrap();
        // Eight triangles of ground and two below each of the eight edges.
        assert_eq!(triangles(&mesh), 8 + 16);
        assert_eq!((heights[0], heights[1]), (-1.0, 3.0));
        let normals = mesh.attribute(Mesh::ATTRIBUTE_NORMAL).unwrap().as_float3().unwrap();
        for n in normals {
            assert!((n[0] + n[1]).abs() < 1e-6 && n[1] > 0.0 && n[2] == 0.0, "{n:?}");
        }
    }

    #[test]
    fn a_hole_is_left_open() {
        let (mut grid, frame) = slope();
        grid[(2, 2)] = f32::NAN;
        let (mesh, _) = node_mesh(&grid, [1, 1], 3, 3, frame).unwrap();
        // Six of the eight triangles meet in the middle.
        assert_eq!(triangles(&mesh), 2 + 16);
        let void = grid.map(|_| f32::NAN);
        assert!(node_mesh(&void, [1, 1], 3, 3, frame).is_none());
    }
}
