//! HDF5 in the layout that CF-1.11 and netCDF-4 agree on: [`GridFile`] for the bands of a
//! territory with their overviews, [`SeriesFile`] for fields that change with time. [`GridSeries`] reads a
//! variable of a file that another program wrote.
//!
//! Both carry dimension scales, a `crs` grid-mapping variable, and values at cell centres with `y`
//! descending, so that h5py, netCDF4, xarray, QGIS and GDAL open them without help. Chunks are
//! 256 × 256 cells, byte-shuffled and deflated; no time of writing is stored, so that the same
//! values give the same bytes.
//!
//! Reference: Eaton et al., *NetCDF Climate and Forecast (CF) Metadata Conventions* 1.11,
//! <https://cfconventions.org>.

mod attributes;
mod bands;
mod frame;
mod grid_file;
mod grid_mapping;
mod grid_series;
mod grid_writer;
mod open_file;
mod series_file;
mod series_merge;
mod series_writer;

use std::ops::Deref;
use std::path::Path;

use hdf5::format::messages::filter::{FilterPipeline, apply_filters, reverse_filters};
use hdf5::{H5File, Hdf5Error};

pub use super::pyramid::{Cell, Resampling};
use crate::{Error, FileProblem, Result};

pub use bands::{BandKind, BandMeta, Category};
pub use grid_file::GridFile;
pub use grid_series::GridSeries;
pub use grid_writer::GridFileWriter;
pub use series_file::SeriesFile;
pub use series_merge::merge_segments;
pub use series_writer::{Packing, SeriesVariable, SeriesWriter};

/// Cells along a side of a chunk.
pub const CHUNK: usize = 256;

/// Between speed and size; part of what makes equal values give equal bytes.
const DEFLATE_LEVEL: u32 = 4;

const CONVENTIONS: &str = "CF-1.11";

/// Shuffles and deflates the bytes of a chunk, as the dataset's own filters would: done here so
/// that all cores take part.
fn compress(element_size: usize, bytes: &[u8]) -> hdf5::Result<Vec<u8>> {
    let pipeline = FilterPipeline::shuffle_deflate(element_size as u32, DEFLATE_LEVEL);
    Ok(apply_filters(&pipeline, bytes)?)
}

/// The bytes of a chunk that [`compress`] made.
fn decompress(element_size: usize, bytes: &[u8]) -> hdf5::Result<Vec<u8>> {
    let pipeline = FilterPipeline::shuffle_deflate(element_size as u32, DEFLATE_LEVEL);
    Ok(reverse_filters(&pipeline, bytes)?)
}

/// A file being written, whose objects keep their order and record no times.
struct NewFile(Option<H5File>);

impl NewFile {
    fn create(path: &Path) -> hdf5::Result<Self> {
        let options = H5File::options().no_locking().track_order(true).track_times(false);
        Ok(Self(Some(options.create(path)?)))
    }

    fn close(mut self) -> hdf5::Result<()> {
        self.0.take().map_or(Ok(()), H5File::close)
    }
}

impl Deref for NewFile {
    type Target = H5File;

    #[expect(clippy::expect_used, reason = "only `close` takes the file, and ends the value")]
    fn deref(&self) -> &H5File {
        self.0.as_ref().expect("the file is open")
    }
}

/// A file dropped before its end is given up after an error that is told; the library would write
/// to stderr that it is not whole.
impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let _ = file.close();
        }
    }
}

/// The error of a writing call on `path`.
fn writing(path: &Path) -> impl Fn(Hdf5Error) -> Error {
    move |error| Error::Write {
        path: path.to_owned(),
        source: match error {
            Hdf5Error::Io(source) => source,
            other => std::io::Error::other(other.to_string()),
        },
    }
}

/// A contradiction inside a file.
fn damaged(path: &Path, place: &str, fr: impl Into<String>, en: impl Into<String>) -> Error {
    Error::file_at(path, place, FileProblem::damaged(fr, en))
}

/// Runs a reading call of the HDF5 library on bytes that nobody vouches for.
///
/// The library checks what it reads against the file's length, but not everywhere; a panic in it
/// on damaged bytes becomes the same error as a refusal. Nothing shared is left half changed: the
/// handle is only read, and callers give the file up on error.
fn guarded<T>(path: &Path, place: &str, call: impl FnOnce() -> hdf5::Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Hdf5Error::Io(source))) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(Error::Read { path: path.to_owned(), source })
        }
        Ok(Err(error)) => Err(Error::file_at(path, place, FileProblem::undecodable(error))),
        Err(_) => Err(damaged(
            path,
            place,
            "structures HDF5 impossibles à décoder",
            "HDF5 structures that cannot be decoded",
        )),
    }
}
