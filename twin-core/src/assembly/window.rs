//! A rectangle of cells of a grid: blocks, tiles, and what is read around them.

use std::ops::Range;

use super::LatticeBox;
use crate::spatial::GridSpec;

/// Rows and columns of a grid, which its user knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Window {
    /// All cells of a grid.
    pub(super) fn whole(spec: &GridSpec) -> Self {
        Self { rows: 0..spec.rows, columns: 0..spec.columns }
    }

    /// The cells as a grid of their own.
    pub(super) fn spec(&self, whole: &GridSpec) -> GridSpec {
        whole.crop(&self.rows, &self.columns)
    }

    pub(super) fn area(&self, whole: &GridSpec) -> LatticeBox {
        LatticeBox::of_extent(&self.spec(whole).extent())
    }

    /// With so many metres around it, clipped to the grid.
    pub(super) fn grown(&self, margin_m: f64, whole: &GridSpec) -> Self {
        let margin = (margin_m / whole.cell_size).ceil() as usize;
        let wider = |range: &Range<usize>, count: usize| {
            range.start.saturating_sub(margin)..(range.end + margin).min(count)
        };
        Self { rows: wider(&self.rows, whole.rows), columns: wider(&self.columns, whole.columns) }
    }

    /// Squares of `side` cells from the north-west, row by row, cut at the border.
    pub(super) fn tiles(&self, side: usize) -> Vec<Self> {
        let cut = |range: &Range<usize>| -> Vec<Range<usize>> {
            let end = range.end;
            range.clone().step_by(side).map(|start| start..(start + side).min(end)).collect()
        };
        let (rows, columns) = (cut(&self.rows), cut(&self.columns));
        let of_row = |rows: Range<usize>| {
            columns.iter().map(move |columns| Self { rows: rows.clone(), columns: columns.clone() })
        };
        rows.into_iter().flat_map(of_row).collect()
    }

    /// The same cells counted from a cell that lies `by` (rows, columns) before the origin.
    pub(super) fn shifted(&self, by: (usize, usize)) -> Self {
        let moved = |range: &Range<usize>, by: usize| range.start + by..range.end + by;
        Self { rows: moved(&self.rows, by.0), columns: moved(&self.columns, by.1) }
    }
}
