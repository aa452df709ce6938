//! Well-known text of reference systems: read what programs write, write what they read.
//!
//! OGC 01-009 (version 1), OGC 18-010r7 (version 2, ISO 19162:2019), and the dialect of ESRI.

mod node;
mod reader;
mod writer;

pub(super) use reader::{horizontal, vertical};
pub(super) use writer::{version_1, version_1_with_heights, version_2};
