//! The part of a far COPC file that touches an extent, as a COPC file of its own.
//!
//! A [`CopcWindow`] works on a *twin* of the far file: a local file of the same length in which only
//! the asked-for byte ranges are filled in. It asks for header and hierarchy, then for the nodes of the
//! octree that touch the extent, and copies those as they are: no point is decompressed and compressed
//! again. Coarse nodes reach beyond the extent, with points farther apart. Of what was copied every
//! point is decoded once, to count returns and bounds and to find a range that came damaged.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use laz::laszip::{ChunkTable, ChunkTableEntry};
use rayon::prelude::*;

use super::bytes::{u16_at, u32_at, u64_at};
use super::copc::{ENTRY, Node};
use super::header::read_at_most;
use super::{Filter, PointFile, PointQuery};
use crate::formats::PartFile;
use crate::language::Text;
use crate::spatial::Extent;
use crate::{Error, FileProblem, Result};

/// Bytes at the start that hold the header and, as a rule, the records behind it.
const HEAD: u64 = 1 << 16;
/// Most bytes of records that are asked for with the header or at the end of the file.
const MOST_RECORDS: u64 = 4 << 20;
/// Place of the record of the octree, by the specification: behind the header of LAS 1.4.
const INFO: usize = 375;
/// Bytes in front of the payload of a record, and of an extended one.
const RECORD_HEAD: usize = 54;
const EXTENDED_RECORD_HEAD: u64 = 60;
/// Numbers of returns that LAS 1.4 counts.
const RETURNS: usize = 15;

/// Fills in byte ranges of the twin that are not there yet.
pub type Missing<'a> = &'a mut dyn FnMut(&[Range<u64>]) -> Result<()>;

/// The nodes of a far file that touch an extent.
#[derive(Debug, Clone)]
pub struct CopcWindow {
    path: PathBuf,
    file: PointFile,
    points_start: u64,
    nodes: Vec<Node>,
}

impl CopcWindow {
    /// Finds the nodes. `twin` has the length of the far file; `missing` fills in what is asked of it.
    ///
    /// # Errors
    /// When `missing` fails, or the file is no COPC file or damaged.
    pub fn find(twin: &Path, extent: &Extent, missing: Missing<'_>) -> Result<Self> {
        let length = std::fs::metadata(twin).map_err(Error::read(twin))?.len();
        let mut file = File::open(twin).map_err(Error::read(twin))?;
        missing(std::slice::from_ref(&(0..HEAD.min(length))))?;
        let head = read_at_most(twin, &mut file, 0, HEAD)?;
        let points_start = u64::from(u32_at(&head, 96).unwrap_or_default());
        let records_end = u64_at(&head, 235).filter(|_| head.starts_with(b"LASF"));
        let mut wanted = Vec::new();
        if points_start > HEAD && points_start <= MOST_RECORDS {
            wanted.push(HEAD..points_start.min(length));
        }
        // As a rule the hierarchy is the one record at the end, and comes in this request.
        if let Some(at) = records_end.filter(|at| *at > 0 && *at < length) {
            wanted.push(at..length.min(at + MOST_RECORDS));
        }
        missing(&wanted)?;
        let point_file = PointFile::open(twin)?;
        let is_first =
            head.get(INFO + 2..INFO + 6) == Some(b"copc") && u16_at(&head, INFO + 18) == Some(1);
        let Some(copc) = point_file.preamble.copc.as_ref().filter(|_| is_first) else {
            let expected = "COPC";
            return Err(Error::file(twin, FileProblem::NotThisFormat { expected }));
        };
        let page = |at: u64, bytes: u64| {
            missing(std::slice::from_ref(&(at..at.saturating_add(bytes))))?;
            read_at_most(twin, &mut file, at, bytes)
        };
        let nodes = copc.nodes(twin, length, Some(extent), None, page)?;
        Ok(Self { path: twin.to_owned(), file: point_file, points_start, nodes })
    }

    /// Points of the nodes.
    pub fn points(&self) -> u64 {
        self.nodes.iter().map(|node| node.chunk.points).sum()
    }

    /// Compressed bytes of the nodes.
    pub fn bytes(&self) -> u64 {
        self.nodes.iter().map(|node| node.chunk.bytes).sum()
    }

    /// Writes the nodes as a COPC file.
    ///
    /// # Errors
    /// When `missing` fails, a node is damaged, or the file cannot be written.
    pub fn write(&self, to: &Path, missing: Missing<'_>) -> Result<()> {
        let ranges: Vec<Range<u64>> = self
            .nodes
            .iter()
            .map(|Node { chunk, .. }| chunk.start..chunk.start + chunk.bytes)
            .collect();
        missing(&ranges)?;
        let counted = self.count()?;
        let part = PartFile::new(to)?;
        let out = File::create(part.part()).map_err(Error::write(to))?;
        self.write_to(BufWriter::new(out), &counted, to)?;
        part.publish()
    }

    fn write_to(&self, mut out: BufWriter<File>, counted: &Counted, to: &Path) -> Result<()> {
        let failed = Error::write(to);
        let Some(laszip) = &self.file.laszip else {
            return Err(Error::file(&self.path, FileProblem::NotThisFormat { expected: "COPC" }));
        };
        let mut twin = File::open(&self.path).map_err(Error::read(&self.path))?;
        let mut head = read_at_most(&self.path, &mut twin, 0, self.points_start)?;
        let mut written = || -> std::io::Result<()> {
            out.write_all(&head)?;
            out.write_all(&[0; 8])?;
            let mut table = ChunkTable::with_capacity(self.nodes.len());
            let mut hierarchy = Vec::with_capacity(self.nodes.len() * ENTRY);
            let mut at = self.points_start + 8;
            for Node { key, chunk } in &self.nodes {
                let bytes = read_at_most(&self.path, &mut twin, chunk.start, chunk.bytes)
                    .map_err(std::io::Error::other)?;
                out.write_all(&bytes)?;
                let (point_count, byte_count) = (chunk.points, chunk.bytes);
                table.push(ChunkTableEntry { point_count, byte_count });
                hierarchy.extend(key.iter().flat_map(|k| k.to_le_bytes()));
                hierarchy.extend(at.to_le_bytes());
                hierarchy.extend((byte_count as i32).to_le_bytes());
                hierarchy.extend((point_count as i32).to_le_bytes());
                at += byte_count;
            }
            table.write_to(&mut out, laszip)?;
            let records_start = out.stream_position()?;
            out.write_all(&record_head(hierarchy.len() as u64))?;
            out.write_all(&hierarchy)?;
            counted.state_in(&mut head, records_start, hierarchy.len() as u64);
            out.seek(SeekFrom::Start(0))?;
            out.write_all(&head)?;
            out.write_all(&at.to_le_bytes())?;
            out.flush()?;
            out.get_ref().sync_all()
        };
        written().map_err(failed)
    }

    /// Decodes every node.
    fn count(&self) -> Result<Counted> {
        let header = self.file.header();
        let all = Filter::new(&PointQuery::default(), header.scale, header.offset);
        let of_node = |node: &Node| -> Result<Counted> {
            let block = self.file.decode_chunks(&[node.chunk], &all)?;
            let mut counted = Counted { points: node.chunk.points, ..Counted::default() };
            for i in 0..block.len() {
                let position = block.position(i);
                for (axis, value) in position.into_iter().enumerate() {
                    counted.low[axis] = counted.low[axis].min(value);
                    counted.high[axis] = counted.high[axis].max(value);
                }
                let number = usize::from(block.return_number[i]).wrapping_sub(1);
                if let Some(count) = counted.by_return.get_mut(number) {
                    *count += 1;
                }
            }
            Ok(counted)
        };
        let parts: Vec<Result<Counted>> = self.nodes.par_iter().map(of_node).collect();
        let mut whole = Counted::default();
        for part in parts {
            whole.add(&part?);
        }
        if whole.points == 0 {
            let detail = Text::new("aucun nœud", "no node");
            return Err(Error::file(&self.path, FileProblem::Damaged { detail }));
        }
        Ok(whole)
    }
}

/// What the header says of its points.
#[derive(Debug)]
struct Counted {
    points: u64,
    by_return: [u64; RETURNS],
    low: [f64; 3],
    high: [f64; 3],
}

impl Default for Counted {
    fn default() -> Self {
        let (low, high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        Self { points: 0, by_return: [0; RETURNS], low, high }
    }
}

impl Counted {
    fn add(&mut self, other: &Self) {
        self.points += other.points;
        for (sum, count) in self.by_return.iter_mut().zip(other.by_return) {
            *sum += count;
        }
        for axis in 0..3 {
            self.low[axis] = self.low[axis].min(other.low[axis]);
            self.high[axis] = self.high[axis].max(other.high[axis]);
        }
    }

    /// Puts counts, bounds and the place of the hierarchy into header and record (LAS 1.4 R15, table 3;
    /// COPC 1.0, info VLR).
    fn state_in(&self, head: &mut [u8], records_start: u64, hierarchy_bytes: u64) {
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = head.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        // Counts of older versions, which point formats from 6 on leave at zero.
        put(107, &[0; 24]);
        for axis in 0..3 {
            put(179 + 16 * axis, &self.high[axis].to_le_bytes());
            put(187 + 16 * axis, &self.low[axis].to_le_bytes());
        }
        put(235, &records_start.to_le_bytes());
        put(243, &1u32.to_le_bytes());
        put(247, &self.points.to_le_bytes());
        for (k, count) in self.by_return.iter().enumerate() {
            put(255 + 8 * k, &count.to_le_bytes());
        }
        let page = INFO + RECORD_HEAD + 40;
        put(page, &(records_start + EXTENDED_RECORD_HEAD).to_le_bytes());
        put(page + 8, &hierarchy_bytes.to_le_bytes());
    }
}

/// The head of the extended record with the hierarchy.
fn record_head(bytes: u64) -> [u8; EXTENDED_RECORD_HEAD as usize] {
    let mut head = [0; EXTENDED_RECORD_HEAD as usize];
    head[2..6].copy_from_slice(b"copc");
    head[18..20].copy_from_slice(&1000u16.to_le_bytes());
    head[20..28].copy_from_slice(&bytes.to_le_bytes());
    head[28..41].copy_from_slice(b"EPT hierarchy");
    head
}

#[cfg(test)]
mod tests {
    use super::super::write_copc;
    use super::*;
    use crate::test_support::data;

    /// A far file: a window of it, and how many bytes were asked for.
    fn windowed(far: &Path, extent: &Extent, to: &Path) -> Result<(CopcWindow, u64)> {
        let bytes = std::fs::read(far).unwrap();
        let twin = to.with_extension("twin");
        let file = File::create(&twin).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
        let mut asked = 0;
        let mut missing = |ranges: &[Range<u64>]| {
            let mut file = std::fs::OpenOptions::new().write(true).open(&twin).unwrap();
            for range in ranges {
                let (start, end) = (range.start as usize, (range.end as usize).min(bytes.len()));
                file.seek(SeekFrom::Start(range.start)).unwrap();
                file.write_all(bytes.get(start..end).unwrap_or_default()).unwrap();
                asked += end.saturating_sub(start) as u64;
            }
            Ok(())
        };
        let window = CopcWindow::find(&twin, extent, &mut missing)?;
        window.write(to, &mut missing)?;
        Ok((window, asked))
    }

    type Record = ([i64; 3], u8, u8, u8);

    fn records(path: &Path, extent: Option<Extent>) -> Vec<Record> {
        let file = PointFile::open(path).unwrap();
        let block = file.read(&PointQuery { extent, ..PointQuery::default() }).unwrap();
        let mut records: Vec<Record> = (0..block.len())
            .map(|i| {
                let place = block.position(i).map(|v| (v * 1000.0).round() as i64);
                (place, block.class[i], block.return_number[i], block.number_of_returns[i])
            })
            .collect();
        records.sort_unstable();
        records
    }

    #[test]
    fn a_window_holds_every_point_of_its_extent_and_asks_for_little_more() {
        let name = "lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz";
        let Some(source) = data(name) else { return };
        let folder = tempfile::tempdir().unwrap();
        let (far, near) = (folder.path().join("far.copc.laz"), folder.path().join("w.copc.laz"));
        write_copc(&source, &far, None).unwrap();
        let whole = PointFile::open(&far).unwrap().header().declared_extent.unwrap();
        let (x, y) = whole.centre();
        let extent = Extent::new(x + 80.0, y + 30.0, x + 180.0, y + 100.0).unwrap();
        let (window, asked) = windowed(&far, &extent, &near).unwrap();
        assert_eq!(records(&near, Some(extent)), records(&far, Some(extent)));
        let header = PointFile::open(&near).unwrap().header().clone();
        assert_eq!((header.declared_points, header.is_copc), (window.points(), true));
        assert_eq!(records(&near, None).len() as u64, window.points());
        let declared = PointFile::open(&far).unwrap().header().declared_points;
        assert!(window.points() < declared / 2, "{} of {declared}", window.points());
        let length = std::fs::metadata(&far).unwrap().len();
        assert!(asked < length * 2 / 3, "{asked} of {length}");
        // The las crate reads the same tree, and the header counts the returns.
        let mut copc = las::CopcReader::from_path(&near).unwrap();
        let root = copc.hierarchy_entry(&las::copc::VoxelKey::ROOT).unwrap();
        assert!(copc.read_entry(&root).unwrap().len() > 10);
        let by_return: u64 =
            (1..=15).filter_map(|n| copc.header().number_of_points_by_return(n)).sum();
        // Some real points state no number of their return.
        let numbered = records(&near, None).iter().filter(|r| (1..=15).contains(&r.2)).count();
        assert_eq!(by_return, numbered as u64);
        // A window of a window is the same file again, and one beside the cloud has no point.
        let again = folder.path().join("again.copc.laz");
        windowed(&near, &extent, &again).unwrap();
        assert!(std::fs::read(&near).unwrap() == std::fs::read(&again).unwrap());
        let beside = Extent::new(x + 9000.0, y, x + 9001.0, y + 1.0).unwrap();
        assert!(windowed(&far, &beside, &again).is_err());
    }

    #[test]
    fn damaged_ranges_are_refused_without_a_panic() {
        let name = "lidar/montpellier-dense-150x100m/test_data_77055_627760_LA93_IGN69.laz";
        let Some(source) = data(name) else { return };
        let folder = tempfile::tempdir().unwrap();
        let far = folder.path().join("far.copc.laz");
        write_copc(&source, &far, None).unwrap();
        let whole = PointFile::open(&far).unwrap().header().declared_extent.unwrap();
        let sound = std::fs::read(&far).unwrap();
        for step in 0..60usize {
            let mut bytes = sound.clone();
            // Header, records, hierarchy and points in turn.
            let at = if step % 2 == 0 { step * 13 } else { bytes.len() - 1 - step * 97 };
            bytes[at] ^= 0x5a;
            std::fs::write(&far, &bytes).unwrap();
            let _ = windowed(&far, &whole, &folder.path().join("w.copc.laz"));
            std::fs::write(&far, &bytes[..bytes.len() * step / 60]).unwrap();
            let _ = windowed(&far, &whole, &folder.path().join("w.copc.laz"));
        }
    }
}
