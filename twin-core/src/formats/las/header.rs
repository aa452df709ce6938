//! The public header block of LAS and the variable-length records that reading needs.
//!
//! Layout: ASPRS, *LAS Specification 1.4 – R15* (2019), tables 3 to 7. Counts, lengths and offsets
//! are only believed within the length of the file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::bytes::{f64_at, u16_at, u32_at, u64_at};
use super::copc::CopcInfo;
use super::reference_system::{self, CrsRecords};
use crate::spatial::{Crs, Extent, VerticalDatum};
use crate::{Error, FileProblem, Result};

/// Longest text of a reference system that is read from an extended record.
const LONGEST_WKT: u64 = 1 << 20;
/// Longest record: the formats need at most 67 bytes, the rest are extra bytes. A decoder keeps
/// about 10 kB of models for each byte, hence the bound.
const LONGEST_RECORD: u16 = 4096;

/// What a file says of itself before its points are read.
#[derive(Debug, Clone, PartialEq)]
pub struct PointFileHeader {
    /// Major and minor version of LAS.
    pub version: (u8, u8),
    /// Point data record format, 0 to 10.
    pub point_format: u8,
    /// Bytes of a record before compression, with extra bytes.
    pub record_length: u16,
    /// Number of points the header declares; withheld points count.
    pub declared_points: u64,
    /// Bounds the header declares; `None` when they are not finite, reversed, or cannot be reached
    /// by any coordinate of the file. They may still be wrong: see [`PointBlock::extent`].
    ///
    /// [`PointBlock::extent`]: crate::formats::PointBlock::extent
    pub declared_extent: Option<Extent>,
    /// Lowest and highest height the header declares, under the same reserve.
    pub declared_heights: Option<(f64, f64)>,
    /// Metres per unit for x, y, z.
    pub scale: [f64; 3],
    /// World position of integer zero.
    pub offset: [f64; 3],
    /// Whether the points are compressed (LAZ).
    pub is_compressed: bool,
    /// Whether the points are ordered as an octree (COPC).
    pub is_copc: bool,
    /// Distance between the points of the coarsest COPC level, metres; each level halves it.
    pub copc_spacing: Option<f64>,
    /// Horizontal reference system, where the file states one that is known here.
    pub crs: Option<Crs>,
    /// Height datum, where the file states one that is known here.
    pub vertical_datum: Option<VerticalDatum>,
    /// The reference system as the file states it, for messages; `None` where it states none.
    pub crs_text: Option<String>,
}

/// The header with the places in the file.
#[derive(Debug, Clone)]
pub(super) struct Preamble {
    pub(super) header: PointFileHeader,
    /// Length of the file, bytes.
    pub(super) file_length: u64,
    /// First byte of the points (of the chunk table's offset when compressed).
    pub(super) points_start: u64,
    /// Payload of the LASzip record.
    pub(super) laszip: Option<Vec<u8>>,
    pub(super) copc: Option<CopcInfo>,
}

impl Preamble {
    pub(super) fn read(path: &Path, file: &mut File) -> Result<Self> {
        let damaged =
            |detail: String| Error::file_at(path, "header", FileProblem::Damaged { detail });
        let file_length = file.metadata().map_err(Error::read(path))?.len();
        if file_length == 0 {
            return Err(Error::file(path, FileProblem::Empty));
        }
        let block = read_at_most(path, file, 0, 375)?;
        if block.get(..4) != Some(b"LASF") {
            return Err(Error::file(path, FileProblem::NotThisFormat { expected: "LAS/LAZ" }));
        }
        let short = || {
            let detail = format!("{file_length} bytes, shorter than a LAS header");
            Error::file(path, FileProblem::Truncated { detail })
        };
        if block.len() < 227 {
            return Err(short());
        }
        let version = (block[24], block[25]);
        let least_size = match version {
            (1, 0..=2) => 227,
            (1, 3) => 235,
            (1, 4) => 375,
            (major, minor) => {
                let detail = format!("LAS {major}.{minor}, versions 1.0 to 1.4 are known");
                return Err(Error::file(path, FileProblem::Unsupported { detail }));
            }
        };
        if block.len() < least_size {
            return Err(short());
        }
        let u16_of = |at| u16_at(&block, at).ok_or_else(short);
        let u32_of = |at| u32_at(&block, at).ok_or_else(short);
        let u64_of = |at| u64_at(&block, at).ok_or_else(short);
        let f64_of = |at| f64_at(&block, at).ok_or_else(short);

        let header_size = u16_of(94)?;
        let points_start = u64::from(u32_of(96)?);
        if usize::from(header_size) < least_size {
            return Err(damaged(format!(
                "header size {header_size} where LAS {}.{} needs {least_size}: the program that wrote the file did not finish it",
                version.0, version.1
            )));
        }
        if points_start < u64::from(header_size) {
            return Err(damaged(format!("points start at byte {points_start}, within the header")));
        }
        if points_start > file_length {
            let detail = format!("points start at byte {points_start} of {file_length}");
            return Err(Error::file(path, FileProblem::Truncated { detail }));
        }
        // LASzip marks compression by bit 7 of the format, its first versions by bit 6.
        let is_compressed = block[104] & 0xc0 != 0;
        let point_format = block[104] & 0x3f;
        let record_length = u16_of(105)?;
        let Some(least_length) = least_record_length(point_format) else {
            let detail = format!("point format {point_format}, formats 0 to 10 are known");
            return Err(Error::file(path, FileProblem::Unsupported { detail }));
        };
        if record_length < least_length {
            return Err(damaged(format!(
                "records of {record_length} bytes where point format {point_format} needs {least_length}"
            )));
        }
        if record_length > LONGEST_RECORD {
            let detail = format!("records of {record_length} bytes, at most {LONGEST_RECORD}");
            return Err(Error::file(path, FileProblem::Unsupported { detail }));
        }
        let legacy_points = u64::from(u32_of(107)?);
        let declared_points = match version.1 {
            4 => Some(u64_of(247)?).filter(|&n| n > 0).unwrap_or(legacy_points),
            _ => legacy_points,
        };
        let scale = [f64_of(131)?, f64_of(139)?, f64_of(147)?];
        let offset = [f64_of(155)?, f64_of(163)?, f64_of(171)?];
        for (axis, (&scale, &offset)) in ["x", "y", "z"].iter().zip(scale.iter().zip(&offset)) {
            if !(scale > 0.0 && scale <= 1e3) {
                return Err(damaged(format!("scale factor {scale} of {axis}")));
            }
            if offset.is_nan() || offset.abs() > 1e9 {
                return Err(damaged(format!("offset {offset} of {axis}")));
            }
        }
        let [max_x, min_x, max_y, min_y, max_z, min_z] = {
            let mut bounds = [0.0; 6];
            for (i, bound) in bounds.iter_mut().enumerate() {
                *bound = f64_of(179 + 8 * i)?;
            }
            bounds
        };
        // A bound that no 32-bit coordinate can reach (one unit of rounding allowed) says nothing.
        let reachable = |axis: usize, value: f64| {
            (value - offset[axis]).abs() <= scale[axis] * (f64::from(u32::MAX / 2) + 2.0)
        };
        let is_plausible = declared_points > 0
            && [min_x, max_x].iter().all(|&v| reachable(0, v))
            && [min_y, max_y].iter().all(|&v| reachable(1, v));
        let declared_extent = Extent::new(min_x, min_y, max_x, max_y).filter(|_| is_plausible);
        let declared_heights = (declared_points > 0
            && min_z <= max_z
            && [min_z, max_z].iter().all(|&v| reachable(2, v)))
        .then_some((min_z, max_z));

        let mut records = Records::default();
        let between = u64::from(header_size)..points_start;
        records.read(path, file, &Place::Header, between, u32_of(100)?)?;
        if version.1 == 4 {
            let behind = u64_of(235)?..file_length;
            records.read(path, file, &Place::Behind, behind, u32_of(243)?)?;
        }
        let stated = reference_system::identify(&records.crs);
        let copc = records.copc_info.as_deref().and_then(CopcInfo::parse);
        if records.copc_info.is_some() && copc.is_none() {
            return Err(Error::file_at(
                path,
                "COPC info",
                FileProblem::Damaged { detail: "cube or spacing is not a positive number".into() },
            ));
        }
        Ok(Self {
            header: PointFileHeader {
                version,
                point_format,
                record_length,
                declared_points,
                declared_extent,
                declared_heights,
                scale,
                offset,
                is_compressed,
                is_copc: is_compressed && copc.is_some(),
                copc_spacing: copc.as_ref().map(|c| c.spacing),
                crs: stated.crs,
                vertical_datum: stated.vertical_datum,
                crs_text: stated.text,
            },
            file_length,
            points_start,
            laszip: records.laszip,
            copc,
        })
    }
}

/// Bytes of a record without extra bytes (LAS 1.4 R15, tables 8 to 19).
fn least_record_length(point_format: u8) -> Option<u16> {
    [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67].get(usize::from(point_format)).copied()
}

/// Payloads of the records that reading needs.
#[derive(Default)]
struct Records {
    laszip: Option<Vec<u8>>,
    copc_info: Option<Vec<u8>>,
    crs: CrsRecords,
}

/// Where a run of records lies, and how they are laid out.
enum Place {
    /// Between the header and the points.
    Header,
    /// Behind the points, LAS 1.4: longer heads and lengths.
    Behind,
}

impl Records {
    /// Reads a run of records. Their number is a promise; the walk ends where the room for them
    /// does.
    fn read(
        &mut self,
        path: &Path,
        file: &mut File,
        place: &Place,
        bytes: Range<u64>,
        count: u32,
    ) -> Result<()> {
        let head_length = match place {
            Place::Header => 54,
            Place::Behind => 60,
        };
        let mut at = bytes.start;
        for _ in 0..count {
            if at == 0 || at.saturating_add(head_length) > bytes.end {
                break;
            }
            let head = read_at_most(path, file, at, head_length)?;
            let length = match place {
                Place::Header => u16_at(&head, 20).map(u64::from),
                Place::Behind => u64_at(&head, 20),
            };
            let Some(length) = length else { break };
            let payload = at + head_length;
            at = payload.saturating_add(length);
            if at > bytes.end {
                break;
            }
            if length <= LONGEST_WKT {
                self.take(path, file, &head, payload, length)?;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        path: &Path,
        file: &mut File,
        head: &[u8],
        at: u64,
        length: u64,
    ) -> Result<()> {
        let user = head.get(2..18).unwrap_or_default();
        let user = user.split(|&b| b == 0).next().unwrap_or_default();
        let slot = match (user, u16_at(head, 18)) {
            (b"laszip encoded", Some(22204)) => &mut self.laszip,
            (b"copc", Some(1)) => &mut self.copc_info,
            (b"LASF_Projection", Some(2112)) => &mut self.crs.wkt,
            (b"LASF_Projection", Some(34735)) => &mut self.crs.geo_keys,
            (b"LASF_Projection", Some(34737)) => &mut self.crs.geo_texts,
            _ => return Ok(()),
        };
        if slot.is_none() {
            *slot = Some(read_at_most(path, file, at, length)?);
        }
        Ok(())
    }
}

/// Up to `length` bytes from a place, fewer at the end of the file.
pub(super) fn read_at_most(path: &Path, file: &mut File, at: u64, length: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at)).map_err(Error::read(path))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(Error::read(path))?;
    Ok(bytes)
}
