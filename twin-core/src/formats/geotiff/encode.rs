//! Bytes of a cloud-optimised GeoTIFF: directories first, then tiles from the coarsest level to
//! the finest, as GDAL's COG driver lays them out.

use std::io::{self, Write};

/// What GDAL needs to know to read tiles with few requests.
const STRUCTURE: &str = "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\n\
                         BLOCK_LEADER=SIZE_AS_UINT4\nBLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
                         KNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// Bytes that stand around each tile: its size before, its last four bytes again behind.
const LEADER: u64 = 4;
const TRAILER: u64 = 4;

/// Values of a tag.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Text(String),
    /// Positions in the file: 32 or 64 bits.
    Offsets(Vec<u64>),
}

impl Values {
    fn kind(&self, big: bool) -> u16 {
        match self {
            Self::Text(_) => 2,
            Self::Short(_) => 3,
            Self::Long(_) => 4,
            Self::Double(_) => 12,
            Self::Offsets(_) => {
                if big {
                    16
                } else {
                    4
                }
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + 1,
            Self::Short(v) => v.len(),
            Self::Long(v) => v.len(),
            Self::Double(v) => v.len(),
            Self::Offsets(v) => v.len(),
        }
    }

    fn bytes(&self, big: bool) -> Vec<u8> {
        match self {
            Self::Text(text) => text.bytes().chain([0]).collect(),
            Self::Short(v) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Long(v) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Double(v) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Offsets(v) if big => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Offsets(v) => v.iter().flat_map(|&v| (v as u32).to_le_bytes()).collect(),
        }
    }
}

pub(super) const TILE_OFFSETS: u16 = 324;
pub(super) const TILE_BYTE_COUNTS: u16 = 325;

/// One image of the file: its tags without those of the tiles, and the sizes of the tiles in
/// row-major order.
pub(super) struct Image {
    pub(super) tags: Vec<(u16, Values)>,
    pub(super) tile_lengths: Vec<usize>,
}

/// Writes header and directories; tiles follow from the last image to the first, each by
/// [`write_tile`].
pub(super) fn write_directories(out: &mut impl Write, images: &[Image]) -> io::Result<()> {
    let data: u64 =
        images.iter().flat_map(|i| &i.tile_lengths).map(|&l| l as u64 + LEADER + TRAILER).sum();
    // Directories take less than a kilobyte and 16 bytes per tile; half of 4 GiB leaves room.
    let big = data > u64::from(u32::MAX / 2);
    let mut tags: Vec<Vec<(u16, Values)>> = images.iter().map(with_tiles).collect();
    let head = header(big);
    let mut end = head.len() as u64;
    for tags in &tags {
        end += directory_length(tags, big);
    }
    for (image, tags) in images.iter().zip(&mut tags).rev() {
        let mut offsets = Vec::with_capacity(image.tile_lengths.len());
        for &length in &image.tile_lengths {
            offsets.push(end + LEADER);
            end += length as u64 + LEADER + TRAILER;
        }
        for (tag, values) in tags {
            if *tag == TILE_OFFSETS {
                *values = Values::Offsets(std::mem::take(&mut offsets));
            }
        }
    }
    out.write_all(&head)?;
    let mut at = head.len() as u64;
    for (index, tags) in tags.iter().enumerate() {
        let next = at + directory_length(tags, big);
        let bytes = directory(tags, at, if index + 1 < images.len() { next } else { 0 }, big);
        debug_assert_eq!(bytes.len() as u64, next - at);
        out.write_all(&bytes)?;
        at = next;
    }
    Ok(())
}

/// Writes a tile with its size before and its last bytes behind.
pub(super) fn write_tile(out: &mut impl Write, tile: &[u8]) -> io::Result<()> {
    out.write_all(&(tile.len() as u32).to_le_bytes())?;
    out.write_all(tile)?;
    out.write_all(tile.get(tile.len().saturating_sub(TRAILER as usize)..).unwrap_or_default())
}

fn with_tiles(image: &Image) -> Vec<(u16, Values)> {
    let mut tags = image.tags.clone();
    let lengths = image.tile_lengths.iter().map(|&l| l as u32).collect();
    tags.push((TILE_OFFSETS, Values::Offsets(vec![0; image.tile_lengths.len()])));
    tags.push((TILE_BYTE_COUNTS, Values::Long(lengths)));
    tags.sort_by_key(|t| t.0);
    tags
}

/// The TIFF header with GDAL's structural metadata behind it, to an even length.
fn header(big: bool) -> Vec<u8> {
    let ghost = format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{STRUCTURE}", STRUCTURE.len());
    let plain = if big { 16 } else { 8 };
    let first = (plain + ghost.len()).next_multiple_of(8);
    let mut bytes = b"II".to_vec();
    if big {
        bytes.extend([43, 0, 8, 0, 0, 0]);
        bytes.extend((first as u64).to_le_bytes());
    } else {
        bytes.extend([42, 0]);
        bytes.extend((first as u32).to_le_bytes());
    }
    bytes.extend(ghost.bytes());
    bytes.resize(first, 0);
    bytes
}

/// Bytes of the fixed part of a directory, of an entry's value field, and of padding.
fn fixed_length(count: usize, big: bool) -> usize {
    let length = if big { 8 + 20 * count + 8 } else { 2 + 12 * count + 4 };
    length.next_multiple_of(8)
}

fn directory_length(tags: &[(u16, Values)], big: bool) -> u64 {
    let field = if big { 8 } else { 4 };
    let outside: usize = tags
        .iter()
        .map(|(_, values)| values.bytes(big).len())
        .filter(|&length| length > field)
        .map(|length| length.next_multiple_of(8))
        .sum();
    (fixed_length(tags.len(), big) + outside) as u64
}

/// A directory at `at` with the values that its entries have no room for behind it.
fn directory(tags: &[(u16, Values)], at: u64, next: u64, big: bool) -> Vec<u8> {
    let field = if big { 8 } else { 4 };
    let word = |v: u64| v.to_le_bytes()[..field].to_vec();
    let mut fixed = Vec::new();
    let mut outside: Vec<u8> = Vec::new();
    if big {
        fixed.extend((tags.len() as u64).to_le_bytes());
    } else {
        fixed.extend((tags.len() as u16).to_le_bytes());
    }
    let behind = at + fixed_length(tags.len(), big) as u64;
    for (tag, values) in tags {
        fixed.extend(tag.to_le_bytes());
        fixed.extend(values.kind(big).to_le_bytes());
        fixed.extend(word(values.count() as u64));
        let mut bytes = values.bytes(big);
        if bytes.len() <= field {
            bytes.resize(field, 0);
            fixed.extend(bytes);
        } else {
            fixed.extend(word(behind + outside.len() as u64));
            outside.extend(bytes);
            outside.resize(outside.len().next_multiple_of(8), 0);
        }
    }
    fixed.extend(word(next));
    fixed.resize(fixed_length(tags.len(), big), 0);
    fixed.extend(outside);
    fixed
}

/// Floating-point predictor: the bytes of each row by significance, most significant first, then
/// each byte as its difference to the one before.
pub(super) fn predict(values: &[f32], columns: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 4);
    for row in values.chunks(columns) {
        let start = bytes.len();
        for significance in 0..4 {
            bytes.extend(row.iter().map(|v| v.to_be_bytes()[significance]));
        }
        for i in (start + 1..bytes.len()).rev() {
            bytes[i] = bytes[i].wrapping_sub(bytes[i - 1]);
        }
    }
    bytes
}
