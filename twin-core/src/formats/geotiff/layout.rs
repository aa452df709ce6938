//! What the header of a GeoTIFF promises: the type of its samples and the grid of its pixels,
//! refused where they cannot be true or are not handled.

use std::path::Path;

use geotiff_reader::GeoTiffFile;

use super::reader::guarded;
use crate::language::Text;
use crate::spatial::GridSpec;
use crate::{Error, FileProblem, Result};

/// Most pixels of a file, 65536 × 65536; more is a forged header.
const MOST_PIXELS: u64 = 1 << 32;
/// Most bytes of a strip or tile once decoded.
const MOST_BLOCK_BYTES: u64 = 1 << 28;

/// Type of the samples of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the types")]
pub enum SampleType {
    U8,
    U16,
    U32,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl SampleType {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// The sample type, once the sizes of the header are known to be possible.
pub(super) fn sample_type(path: &Path, file: &GeoTiffFile, length: u64) -> Result<SampleType> {
    let (layout, compression, tiled, block) = guarded(path, || {
        let ifd = file.tiff().ifd(file.base_ifd_index())?;
        let (width, height) = match (ifd.tile_width(), ifd.tile_height()) {
            (Some(width), Some(height)) => (width, height),
            _ => (ifd.width(), ifd.rows_per_strip().min(ifd.height())),
        };
        let block = u64::from(width) * u64::from(height);
        Ok((ifd.raster_layout()?, ifd.compression(), ifd.is_tiled(), block))
    })?;
    let unsupported = |fr: String, en: String| Error::file(path, FileProblem::unsupported(fr, en));
    let sample_type = match (layout.sample_format, layout.bits_per_sample) {
        (1, 8) => SampleType::U8,
        (1, 16) => SampleType::U16,
        (1, 32) => SampleType::U32,
        (2, 8) => SampleType::I8,
        (2, 16) => SampleType::I16,
        (2, 32) => SampleType::I32,
        (3, 32) => SampleType::F32,
        (3, 64) => SampleType::F64,
        (_, bits) => {
            return Err(unsupported(
                format!("échantillons de {bits} bits"),
                format!("samples of {bits} bits"),
            ));
        }
    };
    let pixels = (layout.width as u64).saturating_mul(layout.height as u64);
    let stride = (layout.samples_per_pixel as u64).saturating_mul(layout.bytes_per_sample as u64);
    let interleaved = if layout.planar_configuration == 2 { 1 } else { layout.samples_per_pixel };
    let block = block.saturating_mul(interleaved as u64 * layout.bytes_per_sample as u64);
    if pixels > MOST_PIXELS {
        let size = format!("{} × {} pixels", layout.width, layout.height);
        return Err(unsupported(size.clone(), size));
    }
    if block > MOST_BLOCK_BYTES {
        return Err(unsupported(
            format!("bandes ou tuiles de {block} octets"),
            format!("strips or tiles of {block} bytes"),
        ));
    }
    // Sparse tiled files leave tiles out; a strip that is missing is missing.
    if compression == 1 && !tiled && pixels.saturating_mul(stride) > length {
        let announced = pixels * stride;
        let problem = FileProblem::truncated(
            format!("{announced} octets de pixels annoncés en {length}"),
            format!("{announced} pixel bytes announced in {length}"),
        );
        return Err(Error::file(path, problem));
    }
    Ok(sample_type)
}

/// The grid of the pixels, which must be square and run from north to south.
pub(super) fn grid(path: &Path, file: &GeoTiffFile) -> Result<GridSpec> {
    let unsupported = |fr: String, en: String| Error::file(path, FileProblem::unsupported(fr, en));
    let Some(transform) = file.transform() else {
        return Err(unsupported("aucun géoréférencement".into(), "no georeferencing".into()));
    };
    let numbers = [
        transform.origin_x,
        transform.origin_y,
        transform.pixel_width,
        transform.pixel_height,
        transform.skew_x,
        transform.skew_y,
    ];
    if !numbers.iter().all(|v| v.is_finite()) {
        let what = Text::new("le géoréférencement", "the georeferencing");
        return Err(Error::file(path, FileProblem::NotFinite { what }));
    }
    let (width, height) = (transform.pixel_width, -transform.pixel_height);
    if transform.skew_x != 0.0 || transform.skew_y != 0.0 {
        return Err(unsupported("pixels tournés".into(), "rotated pixels".into()));
    }
    if width <= 0.0 || height <= 0.0 {
        return Err(unsupported(
            "lignes qui ne vont pas du nord au sud".into(),
            "rows that do not run from north to south".into(),
        ));
    }
    // A millionth of a pixel per pixel: rounding of the file, far below a pixel over its width.
    if (width - height).abs() > 1e-6 * width {
        return Err(unsupported(
            format!("les pixels de {width} × {height} ne sont pas carrés"),
            format!("pixels of {width} × {height} are not square"),
        ));
    }
    Ok(GridSpec {
        west: transform.origin_x,
        north: transform.origin_y,
        cell_size: width,
        columns: file.width() as usize,
        rows: file.height() as usize,
    })
}
