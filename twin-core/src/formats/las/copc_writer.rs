//! A point cloud → Cloud Optimized Point Cloud (COPC 1.0, <https://copc.io/copc-specification-1.0.pdf>).
//!
//! Points go into an octree: a node keeps the first point of the file in each of its 128³ cells and
//! hands the others down, so that every level is a thinner cloud of the whole. Each node is one chunk
//! of the LAZ file; the hierarchy at its end says where it lies. Records of point formats 6 to 8 are
//! kept as they are, older ones are rewritten in the format that holds all they say.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Cursor, Seek, SeekFrom, Write};
use std::path::Path;

use las::copc::{CopcHierarchyVlr, CopcInfoVlr};
use las::point::Format;
use las::{PointData, PointDataBuilder, Vlr};
use laz::laszip::{ChunkTable, ChunkTableEntry};
use laz::record::{LayeredPointRecordCompressor, RecordCompressor as _};
use laz::{LazVlr, LazVlrBuilder};
use rayon::prelude::*;

use crate::formats::PartFile;
use crate::spatial::Crs;
use crate::{Error, FileProblem, Result};

/// Cells along a side of a node.
const NODE_CELLS: f64 = 128.0;
/// Levels of the tree at most; the deepest keep all that is left.
const MOST_LEVELS: u8 = 20;
/// Nodes compressed together, on all cores.
const CHUNKS_AT_ONCE: usize = 256;
/// Where the record of the tree begins, by the specification, and how long it is.
const INFO_OFFSET: u64 = 375 + 54;
const INFO_BYTES: usize = 160;
/// Bytes of an entry of the hierarchy.
const ENTRY_BYTES: u64 = 32;

/// A node: level, then position along x, y and z.
type Key = [u32; 4];

/// Writes the points of a LAS, LAZ or COPC file as COPC; `crs` where the file states none. Gives the
/// number of points.
///
/// # Errors
/// When a file cannot be read or written, or the cloud holds no point or waveforms.
pub fn write_copc(from: &Path, to: &Path, crs: Option<Crs>) -> Result<u64> {
    let stated = super::PointFile::open(from)?.header().crs.or(crs);
    let unreadable = |e: las::Error| Error::file(from, FileProblem::undecodable(e));
    let mut reader = las::Reader::from_path(from).map_err(unreadable)?;
    let header = reader.header().clone();
    let points = reader.read_all().map_err(unreadable)?;
    if points.is_empty() {
        return Err(Error::file(from, FileProblem::Empty));
    }
    if points.format().has_waveform {
        return Err(Error::file(
            from,
            FileProblem::unsupported("formes d'onde en COPC", "waveforms in COPC"),
        ));
    }
    let points = in_extended_format(points).map_err(unreadable)?;
    let cube = Cube::around(&points);
    let nodes = cube.nodes(&points);
    let file = PartFile::new(to)?;
    let failed = |e: las::Error| Error::Write {
        path: to.to_owned(),
        source: std::io::Error::other(e.to_string()),
    };
    let header = new_header(&header, &points, stated).map_err(failed)?;
    let out = File::create(file.part()).map_err(Error::write(to))?;
    write(out, header, &points, &cube, &nodes).map_err(failed)?;
    file.publish()?;
    Ok(points.len() as u64)
}

/// Records of format 6, 7 or 8.
fn in_extended_format(points: PointData) -> las::Result<PointData> {
    let format = *points.format();
    if format.is_extended {
        return Ok(points);
    }
    let extended = Format { is_extended: true, has_gps_time: true, ..format };
    let extended = Format { has_color: format.has_color || format.has_nir, ..extended };
    let with_time = points.points().map(|point| {
        let mut point = point?;
        point.gps_time.get_or_insert(0.0);
        Ok(point)
    });
    let with_time = with_time.collect::<las::Result<Vec<las::Point>>>()?;
    PointDataBuilder::new()
        .with_format(extended)
        .with_transforms(*points.transforms())
        .build_from_points(with_time)
}

/// The cube of the octree.
struct Cube {
    centre: [f64; 3],
    half: f64,
}

impl Cube {
    fn around(points: &PointData) -> Self {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for p in positions(points) {
            for k in 0..3 {
                (low[k], high[k]) = (low[k].min(p[k]), high[k].max(p[k]));
            }
        }
        let side = (0..3).map(|k| high[k] - low[k]).fold(0.0, f64::max);
        // No point lies on the far side, so that every one is in a cell.
        let half = 0.5 * side + 0.001;
        Self { centre: [0, 1, 2].map(|k| 0.5 * (low[k] + high[k])), half }
    }

    fn spacing(&self) -> f64 {
        2.0 * self.half / NODE_CELLS
    }

    /// The points of each node, in the order of the file.
    fn nodes(&self, points: &PointData) -> BTreeMap<Key, Vec<u32>> {
        let mut taken: HashSet<(Key, [u8; 3])> = HashSet::new();
        let mut nodes: BTreeMap<Key, Vec<u32>> = BTreeMap::new();
        for (i, p) in positions(points).enumerate() {
            let share = [0, 1, 2].map(|k| (p[k] - self.centre[k] + self.half) / (2.0 * self.half));
            let mut level = 0u8;
            let key = loop {
                let scale = f64::from(1u32 << level);
                let place = share.map(|s| (s * scale).clamp(0.0, scale - 1.0) as u32);
                let key = [u32::from(level), place[0], place[1], place[2]];
                let cell = [0, 1, 2].map(|k| {
                    let within = (share[k] * scale - f64::from(place[k])) * NODE_CELLS;
                    within.clamp(0.0, NODE_CELLS - 1.0) as u8
                });
                if level >= MOST_LEVELS || taken.insert((key, cell)) {
                    break key;
                }
                level += 1;
            };
            nodes.entry(key).or_default().push(i as u32);
        }
        nodes
    }
}

fn positions(points: &PointData) -> impl Iterator<Item = [f64; 3]> + '_ {
    points.x().zip(points.y()).zip(points.z()).map(|((x, y), z)| [x, y, z])
}

/// LAS 1.4 with the records that COPC wants first.
fn new_header(old: &las::Header, points: &PointData, crs: Option<Crs>) -> las::Result<las::Header> {
    let format = *points.format();
    let mut builder = las::Builder::from((1, 4));
    builder.date = old.date();
    builder.file_source_id = old.file_source_id();
    builder.gps_time_type = old.gps_time_type();
    builder.system_identifier = old.system_identifier().to_owned();
    builder.generating_software = format!("twin {}", env!("CARGO_PKG_VERSION"));
    builder.transforms = *points.transforms();
    builder.point_format = Format { is_compressed: true, ..format };
    builder.has_wkt_crs = true;
    let record = |user: &str, id: u16, description: &str, data: Vec<u8>| Vlr {
        user_id: user.to_owned(),
        record_id: id,
        description: description.to_owned(),
        data,
    };
    builder.vlrs.push(record("copc", CopcInfoVlr::RECORD_ID, "COPC info", vec![0; INFO_BYTES]));
    let laz = LazVlrBuilder::default()
        .with_point_format(format.to_u8()?, format.extra_bytes)?
        .with_variable_chunk_size()
        .build();
    let mut bytes = Vec::new();
    laz.write_to(&mut bytes)?;
    builder.vlrs.push(record(LazVlr::USER_ID, LazVlr::RECORD_ID, LazVlr::DESCRIPTION, bytes));
    let wkt = old.all_vlrs().find(|v| v.is_wkt_crs()).map(|v| v.data.clone());
    let wkt = match crs {
        Some(crs) => Some(crs.to_wkt().into_bytes()),
        None => wkt.filter(|bytes| bytes.iter().any(|b| *b != 0)),
    };
    if let Some(mut wkt) = wkt {
        wkt.push(0);
        builder.vlrs.push(record("LASF_Projection", 2112, "WKT", wkt));
    }
    let is_kept = |v: &&Vlr| {
        !v.is_crs() && !matches!(v.user_id.as_str(), "laszip encoded" | "copc" | "LASF_Projection")
    };
    builder.vlrs.extend(old.vlrs().iter().filter(is_kept).cloned());
    let mut header = builder.into_header()?;
    for point in points.points() {
        header.add_point(&point?);
    }
    Ok(header)
}

fn write(
    out: File,
    header: las::Header,
    points: &PointData,
    cube: &Cube,
    nodes: &BTreeMap<Key, Vec<u32>>,
) -> las::Result<()> {
    let mut out = BufWriter::new(out);
    header.write_to(&mut out)?;
    let format = *points.format();
    let laz = LazVlrBuilder::default()
        .with_point_format(format.to_u8()?, format.extra_bytes)?
        .with_variable_chunk_size()
        .build();
    let start = out.stream_position()?;
    out.write_all(&[0; 8])?;
    let (mut table, mut hierarchy) = (ChunkTable::with_capacity(nodes.len()), Vec::new());
    let mut offset = start + 8;
    let nodes: Vec<(&Key, &Vec<u32>)> = nodes.iter().collect();
    for some in nodes.chunks(CHUNKS_AT_ONCE) {
        let compressed: Vec<Vec<u8>> = some
            .par_iter()
            .map(|(_, members)| chunk(points, members, &laz))
            .collect::<std::io::Result<_>>()?;
        for ((key, members), bytes) in some.iter().zip(compressed) {
            out.write_all(&bytes)?;
            let (point_count, byte_count) = (members.len() as u64, bytes.len() as u64);
            table.push(ChunkTableEntry { point_count, byte_count });
            hierarchy.extend(key.iter().flat_map(|k| k.to_le_bytes()));
            hierarchy.extend(offset.to_le_bytes());
            hierarchy.extend((byte_count as i32).to_le_bytes());
            hierarchy.extend((point_count as i32).to_le_bytes());
            offset += byte_count;
        }
    }
    table.write_to(&mut out, &laz)?;
    let end = out.stream_position()?;
    out.seek(SeekFrom::Start(start))?;
    out.write_all(&offset.to_le_bytes())?;
    out.seek(SeekFrom::Start(end))?;
    let entries = hierarchy.len() as u64 / ENTRY_BYTES;
    let record = Vlr {
        user_id: "copc".to_owned(),
        record_id: CopcHierarchyVlr::RECORD_ID,
        description: "EPT hierarchy".to_owned(),
        data: hierarchy,
    };
    record.into_raw(true)?.write_to(&mut out)?;
    // Header and tree again, now that it is known where things are.
    let mut raw = header.into_raw()?;
    raw.evlr = Some(las::raw::header::Evlr { start_of_first_evlr: end, number_of_evlrs: 1 });
    out.seek(SeekFrom::Start(0))?;
    raw.write_to(&mut out)?;
    out.seek(SeekFrom::Start(INFO_OFFSET))?;
    let times = points.gps_time().into_iter().flatten();
    let (first, last) =
        times.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), t| (a.min(t), b.max(t)));
    let [x, y, z] = cube.centre;
    for value in [x, y, z, cube.half, cube.spacing()] {
        out.write_all(&value.to_le_bytes())?;
    }
    // The hierarchy begins after the header of its record.
    for value in [end + 60, entries * ENTRY_BYTES] {
        out.write_all(&value.to_le_bytes())?;
    }
    for value in [first, last] {
        out.write_all(&(if value.is_finite() { value } else { 0.0 }).to_le_bytes())?;
    }
    out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
    Ok(())
}

/// The records of a node as a chunk.
fn chunk(points: &PointData, members: &[u32], laz: &LazVlr) -> std::io::Result<Vec<u8>> {
    let (length, records) = (points.record_len(), points.raw_bytes());
    let refused = |e: laz::LasZipError| std::io::Error::other(e.to_string());
    let mut compressor = LayeredPointRecordCompressor::new(Cursor::new(Vec::new()));
    compressor.set_fields_from(laz.items()).map_err(refused)?;
    for &i in members {
        let start = i as usize * length;
        compressor.compress_next(&records[start..start + length])?;
    }
    compressor.done()?;
    Ok(compressor.into_inner().into_inner())
}

#[cfg(test)]
mod tests {
    use super::super::{PointFile, PointQuery};
    use super::*;
    use crate::spatial::Extent;
    use crate::test_support::data;

    #[test]
    fn every_record_comes_back_and_windows_and_levels_are_found() {
        let sources = [
            "lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz",
            "lidar/montpellier-dense-150x100m/test_data_77055_627760_LA93_IGN69.laz",
            "lidar/edge-cases/St_Barth_RGAF09_UTM20N_IGN_1988_SB_subset_100m.laz",
        ];
        let folder = tempfile::tempdir().unwrap();
        for source in sources {
            let Some(source) = data(source) else { return };
            let path = folder.path().join("cloud.copc.laz");
            let count = write_copc(&source, &path, None).unwrap();
            let sorted = |path: &Path, query: &PointQuery| {
                let block = PointFile::open(path).unwrap().read(query).unwrap();
                let mut records: Vec<_> = (0..block.len())
                    .map(|i| {
                        let place = block.position(i).map(|v| (v * 1000.0).round() as i64);
                        (place, block.class[i], block.return_number[i], block.number_of_returns[i])
                    })
                    .collect();
                records.sort_unstable();
                records
            };
            let all = PointQuery::default();
            let before = sorted(&source, &all);
            assert_eq!((before.len() as u64, &before), (count, &sorted(&path, &all)));
            let extent = PointFile::open(&source).unwrap().read(&all).unwrap().extent().unwrap();
            let (x, y) = extent.centre();
            let window = Extent::new(x, y, x + 11.0, y + 7.0).unwrap();
            let some = PointQuery { extent: Some(window), ..PointQuery::default() };
            assert_eq!(sorted(&source, &some), sorted(&path, &some));
            // The reader of the las crate sees the same tree, and fewer points at its root.
            let mut copc = las::CopcReader::from_path(&path).unwrap();
            let root = copc.hierarchy_entry(&las::copc::VoxelKey::ROOT).unwrap();
            let points = copc.read_entry(&root).unwrap();
            assert!(points.len() > 100 && (points.len() as u64) < count / 2);
        }
    }
}
