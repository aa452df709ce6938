//! Records → struct of arrays: plain LAS, point-wise LAZ (formats 0 to 5), layered LAZ (6 to 10).
//!
//! A layered chunk stores each field by itself: the first record as it is, the number of points,
//! the sizes of all layers, the layers. Only the layers of position, returns, class and flags are
//! handed to the decoder, by a shortened copy of the chunk without the others; this also keeps
//! forged layer sizes from it. The point-wise coder interleaves the fields, so there everything has
//! to be decoded.

use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use laz::las::{v3, v4};
use laz::record::{
    LayeredFieldDecompressor, RecordDecompressor, SequentialPointRecordDecompressor,
};
use laz::{LazItem, LazItemType};

use super::bytes::{i32_at, u32_at};
use super::filter::Filter;
use crate::formats::PointBlock;
use crate::language::Text;

/// Bytes of the Point14 item, which holds all fields wanted here.
const POINT14: usize = 30;
/// Layers of the Point14 item, and those wanted: returns with x and y, z, class, flags.
const POINT14_LAYERS: usize = 9;
const WANTED_LAYERS: usize = 4;

/// How the records of a file are laid down.
#[derive(Debug, Clone)]
pub(super) struct RecordLayout {
    /// Bytes of a record before compression.
    pub(super) length: usize,
    /// Formats 6 to 10: class of 8 bits, returns of 4 bits.
    pub(super) is_extended: bool,
    pub(super) coding: Coding,
}

#[derive(Debug, Clone)]
pub(super) enum Coding {
    Plain,
    PointWise(Vec<LazItem>),
    Layered { version: u16, layers: usize },
}

impl Coding {
    /// From the items of the LASzip record, held against format and length of the records.
    pub(super) fn of_items(
        items: &[LazItem],
        point_format: u8,
        record_length: u16,
    ) -> Result<Self, Text> {
        let Some(first) = items.first() else {
            return Err("the LASzip record lists no item".into());
        };
        let mut length = 0;
        let mut layers = 0;
        for item in items {
            let (bytes, layer_count) = match item.item_type() {
                LazItemType::Byte(n) => (n, 0),
                LazItemType::Point10 => (20, 0),
                LazItemType::GpsTime => (8, 0),
                LazItemType::RGB12 => (6, 0),
                LazItemType::WavePacket13 => (29, 0),
                LazItemType::Point14 => (30, POINT14_LAYERS),
                LazItemType::RGB14 => (6, 1),
                LazItemType::RGBNIR14 => (8, 2),
                LazItemType::WavePacket14 => (29, 1),
                LazItemType::Byte14(n) => (n, usize::from(n)),
            };
            if item.size() != bytes {
                let size = item.size();
                return Err(Text::new(
                    format!("élément LASzip de {size} octets et non {bytes}"),
                    format!("LASzip item of {size} bytes, not {bytes}"),
                ));
            }
            length += u32::from(bytes);
            layers += layer_count;
        }
        if length != u32::from(record_length) {
            return Err(Text::new(
                format!(
                    "l'enregistrement LASzip décrit {length} octets par point, l'en-tête {record_length}"
                ),
                format!(
                    "the LASzip record describes {length} bytes per point, the header {record_length}"
                ),
            ));
        }
        match (first.item_type(), first.version(), point_format) {
            (LazItemType::Point10, 1 | 2, 0..=5) => Ok(Self::PointWise(items.to_vec())),
            (LazItemType::Point14, version @ (3 | 4), 6..=10) => {
                Ok(Self::Layered { version, layers })
            }
            (kind, version, _) => Err(Text::new(
                format!(
                    "élément LASzip {kind:?} de version {version} pour le format de points {point_format}"
                ),
                format!(
                    "LASzip item {kind:?} of version {version} for point format {point_format}"
                ),
            )),
        }
    }
}

/// Decodes the points of one chunk, or plain records, and keeps those that pass the filter.
pub(super) fn decode(
    bytes: &[u8],
    points: u64,
    layout: &RecordLayout,
    filter: &Filter,
    block: &mut PointBlock,
) -> Result<(), Text> {
    match &layout.coding {
        Coding::Plain => {
            for record in bytes.chunks_exact(layout.length).take(points as usize) {
                filter.push(record, layout.is_extended, block);
            }
            Ok(())
        }
        Coding::PointWise(items) => {
            decode_point_wise(Cursor::new(bytes), points, items, layout, filter, block)
                .map(|_| ())
                .map_err(|(_, failure)| failure)
        }
        Coding::Layered { version, layers } => {
            let (short, held) = without_unwanted_layers(bytes, layout.length, *layers)?;
            if held < points {
                return Err(Text::new(
                    format!("le bloc contient {held} points, {points} sont déclarés"),
                    format!("the chunk holds {held} points, {points} are declared"),
                ));
            }
            let input = Cursor::new(short.as_slice());
            match version {
                3 => {
                    let decoder = v3::LasPoint6Decompressor::default();
                    decode_layered(decoder, input, points, filter, block)
                }
                _ => {
                    let decoder = v4::LasPoint6Decompressor::default();
                    decode_layered(decoder, input, points, filter, block)
                }
            }
        }
    }
}

/// Decodes points from a stream until the number is reached. Gives the stream back, behind the
/// chunk; on failure, the number of points decoded before it.
pub(super) fn decode_point_wise<R: Read>(
    input: R,
    points: u64,
    items: &[LazItem],
    layout: &RecordLayout,
    filter: &Filter,
    block: &mut PointBlock,
) -> Result<R, (u64, Text)> {
    let mut decoder = SequentialPointRecordDecompressor::new(input);
    decoder.set_fields_from(&items.to_vec()).map_err(|e| (0, Text::technical(e)))?;
    let mut record = vec![0; layout.length];
    let mut done = 0;
    guarded(|| {
        while done < points {
            decoder.decompress_next(&mut record).map_err(Text::technical)?;
            filter.push(&record, layout.is_extended, block);
            done += 1;
        }
        Ok(())
    })
    .map_err(|failure| (done, failure))?;
    Ok(decoder.into_inner())
}

fn decode_layered<R: Read + Seek>(
    mut decoder: impl LayeredFieldDecompressor<R>,
    mut input: R,
    points: u64,
    filter: &Filter,
    block: &mut PointBlock,
) -> Result<(), Text> {
    guarded(|| {
        let mut record = [0; POINT14];
        let mut context = 0;
        decoder.init_first_point(&mut input, &mut record, &mut context).map_err(Text::technical)?;
        decoder.read_layers_sizes(&mut input).map_err(Text::technical)?;
        decoder.read_layers(&mut input).map_err(Text::technical)?;
        filter.push(&record, true, block);
        for _ in 1..points {
            context = 0;
            decoder.decompress_field_with(&mut record, &mut context).map_err(Text::technical)?;
            filter.push(&record, true, block);
        }
        Ok(())
    })
}

/// Bytes in front of the layers: the first record, the number of points, the sizes of the layers.
pub(super) fn layered_head_length(record_length: usize, layers: usize) -> usize {
    record_length + 4 + 4 * layers
}

/// Number of points and bytes of all layers, by the head of a layered chunk.
pub(super) fn layered_totals(
    head: &[u8],
    record_length: usize,
    layers: usize,
) -> Option<(u64, u64)> {
    let points = u64::from(u32_at(head, record_length)?);
    let mut bytes = 0;
    for layer in 0..layers {
        bytes += u64::from(u32_at(head, record_length + 4 + 4 * layer)?);
    }
    Some((points, bytes))
}

/// The chunk reduced to the Point14 item and its wanted layers, and the number of its points.
fn without_unwanted_layers(
    bytes: &[u8],
    record_length: usize,
    layers: usize,
) -> Result<(Vec<u8>, u64), Text> {
    let head = layered_head_length(record_length, layers);
    let short = || {
        let length = bytes.len();
        Text::new(
            format!("un bloc de {length} octets est plus court que ses couches"),
            format!("a chunk of {length} bytes is shorter than its layers"),
        )
    };
    let (points, total) = layered_totals(bytes, record_length, layers).ok_or_else(short)?;
    if head as u64 + total > bytes.len() as u64 {
        return Err(short());
    }
    let sizes =
        bytes.get(record_length + 4..record_length + 4 + 4 * WANTED_LAYERS).ok_or_else(short)?;
    let wanted: usize =
        (0..WANTED_LAYERS).filter_map(|i| u32_at(sizes, 4 * i)).map(|n| n as usize).sum();
    let first = bytes.get(..POINT14).ok_or_else(short)?;
    let data = bytes.get(head..head + wanted).ok_or_else(short)?;
    let mut reduced = Vec::with_capacity(POINT14 + 4 * POINT14_LAYERS + wanted);
    reduced.extend_from_slice(first);
    reduced.extend_from_slice(sizes);
    // A layer of zero bytes means: this field never changes.
    reduced.resize(POINT14 + 4 * POINT14_LAYERS, 0);
    reduced.extend_from_slice(data);
    Ok((reduced, points))
}

/// Runs the LASzip decoder on bytes that may be forged. Its arithmetic coder indexes tables and
/// divides by values that come from the stream, so it can panic on them; nothing of its state
/// survives, so the panic is turned into an error here, without the usual note on stderr.
pub(super) fn guarded<T>(decode: impl FnOnce() -> Result<T, Text>) -> Result<T, Text> {
    quiet_panics::during(|| catch_unwind(AssertUnwindSafe(decode))).unwrap_or_else(|_| {
        let (fr, en) = ("le flux compressé est corrompu", "the compressed stream is corrupt");
        Err(Text::new(fr, en))
    })
}

/// Keeps the panic hook silent on threads that are inside [`guarded`].
mod quiet_panics {
    use std::cell::Cell;
    use std::sync::Once;

    thread_local! {
        static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn during<T>(run: impl FnOnce() -> T) -> T {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !IS_QUIET.try_with(Cell::get).unwrap_or(false) {
                    previous(info);
                }
            }));
        });
        let before = IS_QUIET.replace(true);
        let result = run();
        IS_QUIET.set(before);
        result
    }
}

/// The three integer coordinates of a record.
pub(super) fn coordinates(record: &[u8]) -> Option<[i32; 3]> {
    Some([i32_at(record, 0)?, i32_at(record, 4)?, i32_at(record, 8)?])
}
