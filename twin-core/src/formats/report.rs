//! What a reader could not take, beside what it could: partial failures are collected and
//! counted, never dropped in silence.

use super::FeatureTable;
use crate::FileProblem;

/// A record that was left out, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct SkippedRecord {
    /// Number of the record: its row id where the format has one, else its position from 1.
    pub record: i64,
    /// What is wrong with it.
    pub problem: FileProblem,
}

/// What happened while a layer was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadReport {
    /// Records left out.
    pub skipped: Vec<SkippedRecord>,
    /// Problems of the whole layer that did not prevent reading, such as a missing `.dbf`.
    pub notices: Vec<FileProblem>,
}

/// A layer as read.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRead {
    /// The records that could be read.
    pub table: FeatureTable,
    /// What could not.
    pub report: ReadReport,
}

impl ReadReport {
    /// Notes a record that is left out.
    pub(crate) fn skip(&mut self, record: i64, problem: FileProblem) {
        self.skipped.push(SkippedRecord { record, problem });
    }

    /// Whether every record was read and nothing is to be said.
    pub fn is_clean(&self) -> bool {
        self.skipped.is_empty() && self.notices.is_empty()
    }
}
