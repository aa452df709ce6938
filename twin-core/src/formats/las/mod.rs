//! Point clouds: LAS 1.0 to 1.4, LAZ and COPC.
//!
//! ```no_run
//! use twin_core::formats::las::{PointFile, PointQuery};
//! use twin_core::spatial::Extent;
//!
//! let file = PointFile::open("LHD_FXX_0292_6833.copc.laz")?;
//! println!("{} points in {:?}", file.header().declared_points, file.header().crs);
//! let quarter = Extent { min_x: 292000.0, min_y: 6832000.0, max_x: 292500.0, max_y: 6832500.0 };
//! let block = file.read(&PointQuery { extent: Some(quarter), ..PointQuery::default() })?;
//! # Ok::<(), twin_core::Error>(())
//! ```
//!
//! Position, class and return numbers are read; intensity, time, colour and extra bytes are not,
//! and of LAZ formats 6 to 10 they are not even decompressed. Withheld points are dropped,
//! synthetic and overlap points are kept. Formats 0 to 5 have classes of 5 bits: class 64 was
//! written there as 0.
//!
//! Chunks are decoded in parallel and put together in file order, so the block does not depend on
//! the number of threads. Nothing is allocated that the length of the file does not warrant.

mod bytes;
mod chunks;
mod copc;
mod copc_window;
mod copc_writer;
mod decode;
mod filter;
mod header;
mod reference_system;
mod sequential;

use std::fs::File;
use std::path::{Path, PathBuf};

use laz::LazVlr;
use rayon::prelude::*;

pub use copc_window::{CopcWindow, Missing};
pub use copc_writer::write_copc;
pub use header::PointFileHeader;

use self::chunks::Chunk;
use self::decode::{Coding, RecordLayout};
use self::filter::Filter;
use self::header::{Preamble, read_at_most};
use crate::formats::PointBlock;
use crate::language::Text;
use crate::spatial::Extent;
use crate::{Error, FileProblem, Result};

/// Points of a plain file that are read at once.
const PLAIN_CHUNK: u64 = 65_536;

/// Which points to read. The default reads all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PointQuery {
    /// Only points inside or on the border, in the CRS of the file.
    pub extent: Option<Extent>,
    /// Only nodes of a COPC octree down to this level, 0 being the coarsest; other files are read
    /// whole. See [`PointFile::level_for_spacing`].
    pub max_level: Option<u32>,
    /// Only these class codes.
    pub classes: Option<Vec<u8>>,
}

/// An opened point file: its header is read and holds together.
#[derive(Debug, Clone)]
pub struct PointFile {
    path: PathBuf,
    preamble: Preamble,
    laszip: Option<LazVlr>,
    layout: RecordLayout,
}

impl PointFile {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// When the file cannot be read, is not LAS, or its header contradicts itself or the length of
    /// the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = File::open(path).map_err(Error::read(path))?;
        let preamble = Preamble::read(path, &mut file)?;
        let header = &preamble.header;
        let damaged =
            |detail: Text| Error::file_at(path, "LASzip", FileProblem::Damaged { detail });
        let laszip = match (&preamble.laszip, header.is_compressed) {
            (_, false) => None,
            (Some(bytes), true) => {
                Some(LazVlr::from_buffer(bytes).map_err(|e| damaged(Text::technical(e)))?)
            }
            (None, true) => {
                return Err(damaged(Text::new(
                    "points compressés sans enregistrement LASzip",
                    "compressed points without a LASzip record",
                )));
            }
        };
        let coding = match &laszip {
            None => Coding::Plain,
            Some(vlr) => Coding::of_items(vlr.items(), header.point_format, header.record_length)
                .map_err(damaged)?,
        };
        let layout = RecordLayout {
            length: usize::from(header.record_length),
            is_extended: header.point_format >= 6,
            coding,
        };
        Ok(Self { path: path.to_path_buf(), preamble, laszip, layout })
    }

    /// What the file says of itself.
    pub fn header(&self) -> &PointFileHeader {
        &self.preamble.header
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The coarsest level of a COPC octree whose points are at most this far apart, metres;
    /// `None` where the file is no COPC or states no spacing.
    pub fn level_for_spacing(&self, spacing_m: f64) -> Option<u32> {
        let root = self.header().copc_spacing.filter(|&s| s > 0.0)?;
        let levels = (root / spacing_m.max(1e-6)).log2().ceil();
        Some(if levels.is_finite() { levels.clamp(0.0, 30.0) as u32 } else { 0 })
    }

    /// Reads points, in file order.
    ///
    /// # Errors
    /// When the file holds fewer points than its header declares (the message gives both numbers),
    /// or its compressed stream is corrupt.
    pub fn read(&self, query: &PointQuery) -> Result<PointBlock> {
        let header = self.header();
        let filter = Filter::new(query, header.scale, header.offset);
        if header.declared_points == 0 {
            return Ok(self.empty_block());
        }
        let mut file = File::open(&self.path).map_err(Error::read(&self.path))?;
        let chunks = match (&self.laszip, &self.preamble.copc) {
            (None, _) => self.plain_chunks()?,
            (Some(vlr), copc) => {
                let is_partial = query.extent.is_some() || query.max_level.is_some();
                let by_octree = copc.as_ref().filter(|_| is_partial);
                let chunks = match by_octree {
                    Some(copc) => Some(self.octree_chunks(copc, &mut file, query)?),
                    None => chunks::table(&self.path, &mut file, &self.preamble, vlr)?,
                };
                match chunks {
                    Some(chunks) => chunks,
                    None => return self.read_without_table(vlr, file, &filter),
                }
            }
        };
        self.decode_chunks(&chunks, &filter)
    }

    fn empty_block(&self) -> PointBlock {
        let header = self.header();
        PointBlock { scale: header.scale, offset: header.offset, ..PointBlock::default() }
    }

    fn plain_chunks(&self) -> Result<Vec<Chunk>> {
        let declared = self.header().declared_points;
        let length = self.layout.length as u64;
        let start = self.preamble.points_start;
        let readable = (self.preamble.file_length - start) / length;
        if readable < declared {
            return Err(short_of_points(&self.path, readable, declared));
        }
        let first_points = (0..declared).step_by(PLAIN_CHUNK as usize);
        let chunk = |first| {
            let points = PLAIN_CHUNK.min(declared - first);
            Chunk { start: start + first * length, bytes: points * length, points }
        };
        Ok(first_points.map(chunk).collect())
    }

    fn octree_chunks(
        &self,
        copc: &copc::CopcInfo,
        file: &mut File,
        query: &PointQuery,
    ) -> Result<Vec<Chunk>> {
        let page = |at, bytes| read_at_most(&self.path, file, at, bytes);
        let length = self.preamble.file_length;
        let nodes = copc.nodes(&self.path, length, query.extent.as_ref(), query.max_level, page)?;
        Ok(nodes.iter().map(|node| node.chunk).collect())
    }

    fn decode_chunks(&self, chunks: &[Chunk], filter: &Filter) -> Result<PointBlock> {
        let decode_one = |file: &mut std::io::Result<File>, chunk: &Chunk| {
            let place = || {
                let at = chunk.start;
                Text::new(format!("points à l'octet {at}"), format!("points at byte {at}"))
            };
            let file = match file {
                Ok(file) => file,
                Err(e) => {
                    let again = std::io::Error::new(e.kind(), e.to_string());
                    return Err(Error::Read { path: self.path.clone(), source: again });
                }
            };
            let bytes = read_at_most(&self.path, file, chunk.start, chunk.bytes)?;
            let mut block = self.empty_block();
            decode::decode(&bytes, chunk.points, &self.layout, filter, &mut block).map_err(
                |detail| Error::file_at(&self.path, place(), FileProblem::Damaged { detail }),
            )?;
            Ok(block)
        };
        let parts: Vec<Result<PointBlock>> =
            chunks.par_iter().map_init(|| File::open(&self.path), decode_one).collect();
        let mut whole = self.empty_block();
        let total = parts.iter().flatten().map(PointBlock::len).sum();
        whole.reserve(total);
        for part in parts {
            whole.append(part?);
        }
        Ok(whole)
    }
}

/// The error for a file that holds fewer points than it declares.
fn short_of_points(path: &Path, readable: u64, declared: u64) -> Error {
    let problem = FileProblem::truncated(
        format!("{readable} points lisibles sur {declared}"),
        format!("{readable} of {declared} points are readable"),
    );
    Error::file(path, problem)
}

#[cfg(test)]
mod tests;
