//! The list of integer vertices.

use std::collections::HashMap;

use super::CityModelHeader;
use crate::{FileProblem, spatial::Position};

/// Integers beyond this do not survive a reader that takes JSON numbers as `f64`.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Vertices in order of first use.
#[derive(Debug, Default)]
pub(super) struct Vertices {
    pub(super) list: Vec<[i64; 3]>,
    // Only looked up, never walked through.
    positions: HashMap<[i64; 3], usize>,
}

impl Vertices {
    /// Index of the vertex of a position, new or known.
    pub(super) fn index(
        &mut self,
        header: &CityModelHeader,
        position: &Position,
    ) -> Result<usize, FileProblem> {
        let mut vertex = [0; 3];
        for (i, value) in vertex.iter_mut().enumerate() {
            let rounded = ((position[i] - header.translate[i]) / header.scale).round();
            if rounded.is_nan() || rounded.abs() > LARGEST {
                return Err(FileProblem::NotFinite { what: "x, y, z".into() });
            }
            *value = rounded as i64;
        }
        Ok(*self.positions.entry(vertex).or_insert_with(|| {
            self.list.push(vertex);
            self.list.len() - 1
        }))
    }
}
