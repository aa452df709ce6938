//! Sides of cells.

use twin_core::spatial::GridSpec;

/// Direction of the flow through an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// West–east flow: the edge lies west of its cell.
    X,
    /// South–north flow: the edge lies north of its cell.
    Y,
}

/// One side of a cell. `X`: the west side of cell (`row`, `column`), `column` up to the number of
/// columns. `Y`: the north side of cell (`row`, `column`), `row` up to the number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Direction of the flow through it.
    pub axis: Axis,
    /// Row of the cell to the east (X) or south (Y).
    pub row: usize,
    /// Column of the cell to the east (X) or south (Y).
    pub column: usize,
}

/// Where an outer edge lies, seen from its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Towards decreasing x.
    West,
    /// Towards increasing x.
    East,
    /// Towards decreasing y.
    South,
    /// Towards increasing y.
    North,
}

impl Side {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::West => Self::East,
            Self::East => Self::West,
            Self::South => Self::North,
            Self::North => Self::South,
        }
    }
}

/// An edge between a cell and the outside: the rim of the grid or a void.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OuterEdge {
    /// The edge.
    pub edge: Edge,
    /// Its cell, as position in the value array.
    pub cell: usize,
    /// Where the outside is.
    pub side: Side,
    /// Whether the edge lies on the rim of the grid (else beside a void).
    pub on_rim: bool,
    /// World position of its middle.
    pub middle: (f64, f64),
}

impl Edge {
    /// The cells on the negative (west, south) and positive (east, north) side; `None` outside.
    pub fn cells(&self, spec: &GridSpec) -> [Option<usize>; 2] {
        let cell = |row: Option<usize>, column: Option<usize>| match (row, column) {
            (Some(r), Some(c)) if r < spec.rows && c < spec.columns => Some(spec.index(r, c)),
            _ => None,
        };
        let (row, column) = (Some(self.row), Some(self.column));
        match self.axis {
            Axis::X => [cell(row, self.column.checked_sub(1)), cell(row, column)],
            Axis::Y => [cell(row, column), cell(self.row.checked_sub(1), column)],
        }
    }

    /// World position of its middle.
    pub fn middle(&self, spec: &GridSpec) -> (f64, f64) {
        let (column, row) = (self.column as f64, self.row as f64);
        let (dc, dr) = match self.axis {
            Axis::X => (0.0, 0.5),
            Axis::Y => (0.5, 0.0),
        };
        (spec.west + (column + dc) * spec.cell_size, spec.north - (row + dr) * spec.cell_size)
    }

    /// The side of a cell.
    pub fn of_cell(row: usize, column: usize, side: Side) -> Self {
        match side {
            Side::West => Self { axis: Axis::X, row, column },
            Side::East => Self { axis: Axis::X, row, column: column + 1 },
            Side::North => Self { axis: Axis::Y, row, column },
            Side::South => Self { axis: Axis::Y, row: row + 1, column },
        }
    }
}
