//! Where the compressed points lie: the chunk table of LAZ, held against the length of the file.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use laz::LazVlr;
use laz::laszip::ChunkTable;

use super::bytes::{i64_at, u32_at};
use super::decode::guarded;
use super::header::{Preamble, read_at_most};
use crate::language::Text;
use crate::{Error, FileProblem, Result};

/// Bytes in front of the first chunk that say where the table is.
pub(super) const TABLE_OFFSET: u64 = 8;

/// A run of points that can be decoded on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// First byte in the file.
    pub(super) start: u64,
    /// Bytes.
    pub(super) bytes: u64,
    /// Points.
    pub(super) points: u64,
}

/// Refuses a number of points that so many bytes cannot hold. Laser points take 3 to 10 bytes when
/// compressed, artificial planes perhaps a tenth of a byte; the coder itself could be made to say
/// *the same again* thousands of times per byte.
pub(super) fn is_plausible(points: u64, bytes: u64) -> bool {
    points <= bytes.saturating_mul(32).saturating_add(100_000)
}

/// How many points are said to be in how many bytes, where that cannot be.
pub(super) fn points_in(points: u64, bytes: u64) -> Text {
    Text::new(
        format!("{points} points en {bytes} octets"),
        format!("{points} points in {bytes} bytes"),
    )
}

/// The chunks by the table, in file order; `None` when the table cannot be found, as in a file
/// that ends too early.
pub(super) fn table(
    path: &Path,
    file: &mut File,
    preamble: &Preamble,
    vlr: &LazVlr,
) -> Result<Option<Vec<Chunk>>> {
    let damaged = |detail: Text| {
        let place = Text::new("table des blocs", "chunk table");
        Error::file_at(path, place, FileProblem::Damaged { detail })
    };
    let header = &preamble.header;
    let data_start = preamble.points_start + TABLE_OFFSET;
    let last_place = preamble.file_length.saturating_sub(8);
    // A program that could not seek back wrote the place at the very end instead.
    let mut table_start = None;
    for at in [preamble.points_start, last_place] {
        let place = i64_at(&read_at_most(path, file, at, 8)?, 0).unwrap_or(-1);
        if let Some(place) = u64::try_from(place).ok().filter(|&p| p >= data_start)
            && place <= last_place
        {
            table_start = Some(place);
            break;
        }
    }
    let Some(table_start) = table_start else { return Ok(None) };
    let data_bytes = table_start - data_start;

    let count = u32_at(&read_at_most(path, file, table_start, 8)?, 4).unwrap_or(0);
    // Every chunk opens with a record as it is.
    if u64::from(count) * u64::from(header.record_length) > data_bytes {
        return Err(damaged(Text::new(
            format!("{count} blocs en {data_bytes} octets"),
            format!("{count} chunks in {data_bytes} bytes"),
        )));
    }
    if !is_plausible(header.declared_points, data_bytes) {
        return Err(damaged(points_in(header.declared_points, data_bytes)));
    }
    file.seek(SeekFrom::Start(table_start)).map_err(Error::read(path))?;
    let has_counts = vlr.uses_variable_size_chunks();
    let entries = guarded(|| {
        ChunkTable::read(&mut std::io::BufReader::new(&mut *file), has_counts)
            .map_err(Text::technical)
    })
    .map_err(&damaged)?;

    let mut chunks = Vec::with_capacity(entries.len());
    let mut start = data_start;
    let mut points_left = header.declared_points;
    for (index, entry) in entries.as_ref().iter().enumerate() {
        let points = if has_counts {
            entry.point_count
        } else {
            points_left.min(u64::from(vlr.chunk_size()))
        };
        let fits = entry.byte_count <= table_start - start
            && entry.byte_count >= u64::from(header.record_length);
        if !fits || points > points_left || !is_plausible(points, entry.byte_count) {
            let (bytes, bytes_left) = (entry.byte_count, table_start - start);
            return Err(damaged(Text::new(
                format!(
                    "bloc {index} : {points} points en {bytes} octets, il reste {points_left} points et {bytes_left} octets"
                ),
                format!(
                    "chunk {index}: {points} points in {bytes} bytes, {points_left} points and {bytes_left} bytes left"
                ),
            )));
        }
        if points > 0 {
            chunks.push(Chunk { start, bytes: entry.byte_count, points });
        }
        start += entry.byte_count;
        points_left -= points;
    }
    if points_left > 0 {
        let readable = header.declared_points - points_left;
        return Err(super::short_of_points(path, readable, header.declared_points));
    }
    Ok(Some(chunks))
}
