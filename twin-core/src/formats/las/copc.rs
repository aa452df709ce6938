//! Cloud Optimized Point Cloud: the octree of a COPC file, and the nodes that a query needs.
//!
//! Each node of the octree is one LAZ chunk; a node at level *n* holds points about
//! `spacing / 2ⁿ` apart, and all levels together hold each point once. Layout: Butler, Bell and
//! Mann (2021), *COPC – Cloud Optimized Point Cloud Specification 1.0*, <https://copc.io>.

use std::collections::BTreeSet;
use std::path::Path;

use super::bytes::{f64_at, i32_at, u64_at};
use super::chunks::{Chunk, is_plausible, points_in};
use crate::language::Text;
use crate::spatial::Extent;
use crate::{Error, FileProblem, Result};

/// Bytes of an entry of the hierarchy.
pub(super) const ENTRY: usize = 32;

/// A node of the octree that has points: its level and place in the level, and its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) key: [i32; 4],
    pub(super) chunk: Chunk,
}

/// The COPC info record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopcInfo {
    /// Centre of the root cube.
    centre: [f64; 3],
    /// Half an edge of the root cube, metres.
    half_size: f64,
    /// Distance between points of the root node, metres.
    pub(super) spacing: f64,
    root_page: Page,
}

/// The place of errors in the tree of nodes.
pub(super) fn hierarchy() -> Text {
    Text::new("hiérarchie COPC", "COPC hierarchy")
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Page {
    offset: u64,
    bytes: u64,
}

impl CopcInfo {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let info = Self {
            centre: [f64_at(bytes, 0)?, f64_at(bytes, 8)?, f64_at(bytes, 16)?],
            half_size: f64_at(bytes, 24)?,
            spacing: f64_at(bytes, 32)?,
            root_page: Page { offset: u64_at(bytes, 40)?, bytes: u64_at(bytes, 48)? },
        };
        let finite = info.centre.iter().all(|v| v.is_finite() && v.abs() <= 1e9);
        (finite && (0.0..1e9).contains(&info.half_size) && info.spacing.is_finite()).then_some(info)
    }

    /// The nodes to a level that touch an extent, in file order. `read_page` gives the bytes of a page
    /// of the hierarchy by its place and length.
    pub(super) fn nodes(
        &self,
        path: &Path,
        file_length: u64,
        extent: Option<&Extent>,
        max_level: Option<u32>,
        mut read_page: impl FnMut(u64, u64) -> Result<Vec<u8>>,
    ) -> Result<Vec<Node>> {
        let damaged = |fr: String, en: String| {
            Error::file_at(path, hierarchy(), FileProblem::damaged(fr, en))
        };
        let mut nodes = Vec::new();
        let mut pages = vec![self.root_page];
        let mut seen = BTreeSet::new();
        let mut bytes_read = 0u64;
        while let Some(page) = pages.pop() {
            // A page is read once; together they cannot be longer than the file.
            if !seen.insert(page.offset) {
                let at = page.offset;
                return Err(damaged(
                    format!("la page à l'octet {at} est citée deux fois"),
                    format!("page at byte {at} is listed twice"),
                ));
            }
            bytes_read = bytes_read.saturating_add(page.bytes);
            if page.offset.saturating_add(page.bytes) > file_length || bytes_read > file_length {
                let Page { offset, bytes } = page;
                let problem = FileProblem::truncated(
                    format!("page de {bytes} octets à l'octet {offset} sur {file_length}"),
                    format!("page of {bytes} bytes at byte {offset} of {file_length}"),
                );
                return Err(Error::file_at(path, hierarchy(), problem));
            }
            let bytes = read_page(page.offset, page.bytes)?;
            for entry in bytes.chunks_exact(ENTRY) {
                let number = |at| i32_at(entry, at).unwrap_or_default();
                let key = [number(0), number(4), number(8), number(12)];
                let offset = u64_at(entry, 16).unwrap_or_default();
                let (size, points) = (number(24), number(28));
                let Some(node) = self.node_extent(key) else {
                    return Err(damaged(
                        format!("le nœud {key:?} est hors de l'octree"),
                        format!("node {key:?} is outside the octree"),
                    ));
                };
                let wanted = extent.is_none_or(|e| e.intersects(&node))
                    && max_level.is_none_or(|level| key[0].unsigned_abs() <= level);
                if !wanted || points == 0 {
                    continue;
                }
                let size = u64::try_from(size).map_err(|_| {
                    damaged(
                        format!("le nœud {key:?} a {size} octets"),
                        format!("node {key:?} has {size} bytes"),
                    )
                })?;
                match u64::try_from(points) {
                    Ok(points) => {
                        nodes.push(Node {
                            key,
                            chunk: Chunk { start: offset, bytes: size, points },
                        });
                    }
                    Err(_) if points == -1 => pages.push(Page { offset, bytes: size }),
                    Err(_) => {
                        return Err(damaged(
                            format!("le nœud {key:?} a {points} points"),
                            format!("node {key:?} has {points} points"),
                        ));
                    }
                }
            }
        }
        nodes.sort_by_key(|node| node.chunk.start);
        let end = |node: &Node| node.chunk.start.saturating_add(node.chunk.bytes);
        if nodes.windows(2).any(|pair| end(&pair[0]) > pair[1].chunk.start) {
            return Err(damaged(
                "deux nœuds partagent des octets".into(),
                "two nodes share bytes".into(),
            ));
        }
        if let Some(last) = nodes.last().map(end).filter(|end| *end > file_length) {
            let problem = FileProblem::truncated(
                format!("un nœud finit à l'octet {last} sur {file_length}"),
                format!("a node ends at byte {last} of {file_length}"),
            );
            return Err(Error::file(path, problem));
        }
        for Chunk { points, bytes, .. } in nodes.iter().map(|node| node.chunk) {
            if !is_plausible(points, bytes) {
                let detail = points_in(points, bytes);
                return Err(Error::file_at(path, hierarchy(), FileProblem::Damaged { detail }));
            }
        }
        Ok(nodes)
    }

    /// Footprint of the cube of a node; `None` for a key that is no node.
    fn node_extent(&self, [level, x, y, z]: [i32; 4]) -> Option<Extent> {
        let per_edge = 1i64.checked_shl(u32::try_from(level).ok().filter(|&l| l < 31)?)?;
        if [x, y, z].iter().any(|&i| i < 0 || i64::from(i) >= per_edge) {
            return None;
        }
        let edge = 2.0 * self.half_size / per_edge as f64;
        let west = self.centre[0] - self.half_size + edge * f64::from(x);
        let south = self.centre[1] - self.half_size + edge * f64::from(y);
        // Points are put into nodes before they are quantised: allow a centimetre at the border.
        Extent::new(west, south, west + edge, south + edge).map(|e| e.buffered(0.01))
    }
}
