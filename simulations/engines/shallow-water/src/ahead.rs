//! Cache lines that are asked for before the sweep loads them.
//!
//! The sweep goes through a dozen fields side by side, a kilobyte of each at a time: too many short
//! streams for the prefetcher of the machine, and a core would wait for memory a third of the time.
//! Asked for all at once, the lines of a row would wait for each other: the stages of the sweep ask for a
//! group each.

use std::ops::Range;

use crate::frame::{BlockFields, Frame};
use crate::layout::BLOCK_COLUMNS;
use crate::real::Real;
use crate::sweep::Run;

/// Rows between the one that is asked for and the one that is loaded.
const AHEAD: isize = 2;
/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Cells of a run that the sweep will soon reach, in the fields of the grid and in those of the block.
pub(crate) struct Ahead {
    grid: Range<usize>,
    block: Range<usize>,
}

impl Ahead {
    /// Those [`AHEAD`] rows after a row; none beyond the run.
    #[inline(always)]
    pub(crate) fn of<R: Real>(frame: &Frame<'_, R>, run: &Run, row: isize) -> Self {
        let row = row + AHEAD;
        if row < 0 || row >= run.rows {
            return Self { grid: 0..0, block: 0..0 };
        }
        let block = frame.layout.place(run.row as usize, run.column as usize) - run.at;
        let start = run.at + row as usize * BLOCK_COLUMNS;
        let end = start + run.columns;
        Self { grid: block + start..block + end, block: start..end }
    }

    /// Asks for what has been computed.
    #[inline(always)]
    pub(crate) fn call_state<R: Real>(&self, frame: &Frame<'_, R>) {
        for field in [&frame.now.depth, &frame.now.u, &frame.now.v] {
            prefetch(&field[self.grid.clone()]);
        }
    }

    /// Asks for what does not change.
    #[inline(always)]
    pub(crate) fn call_ground<R: Real>(&self, frame: &Frame<'_, R>) {
        for field in [frame.bed, frame.friction] {
            prefetch(&field[self.grid.clone()]);
        }
    }

    /// Asks for where results go.
    #[inline(always)]
    pub(crate) fn call_results<R: Real>(&self, out: &BlockFields<'_, R>) {
        for field in [&*out.depth, out.u, out.v, out.residual] {
            prefetch(&field[self.block.clone()]);
        }
    }

    /// Asks for the records that every step reads.
    #[inline(always)]
    pub(crate) fn call_records<R: Real>(&self, out: &BlockFields<'_, R>) {
        let records = &out.records;
        for field in [&*records.depth, records.speed, records.discharge] {
            prefetch(&field[self.block.clone()]);
        }
    }
}

/// Asks for cache lines without waiting for them, into the second level: the rows in hand fill the first.
#[inline(always)]
fn prefetch<R>(values: &[R]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        for line in values.chunks(LINE_BYTES / size_of::<R>()) {
            sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
