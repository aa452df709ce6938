//! A file of this layout open for reading: its grid, its reference system and checked access to
//! its variables.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use hdf5::{DatatypeMessage, H5Dataset, H5File, H5Type};

use super::frame::{self, GRID_MAPPING};
use super::{CHUNK, damaged, guarded};
use crate::formats::pyramid::chunk_shape;
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Cells of the largest window: 1 GiB of `f32`. Larger grids are read in parts.
pub(super) const MOST_CELLS_OF_A_WINDOW: usize = 1 << 28;

/// What the two kinds of files share.
pub(super) struct OpenFile {
    pub(super) path: PathBuf,
    file: H5File,
    pub(super) spec: GridSpec,
    pub(super) crs: Crs,
    /// Text attributes of the root group.
    pub(super) attributes: BTreeMap<String, String>,
}

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenFile").field("path", &self.path).field("spec", &self.spec).finish()
    }
}

impl OpenFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = open(path)?;
        let (spec, crs) = frame::read(path, &file)?;
        let attributes = guarded(path, "", || {
            let root = file.root_group();
            let names = root.attr_names()?.into_iter();
            Ok(names.filter_map(|n| root.attr_string(&n).ok().map(|v| (n, v))).collect())
        })?;
        Ok(Self { path: path.to_owned(), file, spec, crs, attributes })
    }

    /// Variables of the root group but the coordinates of the grid and its mapping.
    pub(super) fn variables(&self) -> Result<Vec<String>> {
        let mut names = guarded(&self.path, "", || self.file.root_group().dataset_names())?;
        names.retain(|n| !["x", "y", GRID_MAPPING].contains(&n.as_str()));
        Ok(names)
    }

    /// Makes something of a variable.
    pub(super) fn with<T>(
        &self,
        name: &str,
        make: impl FnOnce(&H5Dataset) -> hdf5::Result<T>,
    ) -> Result<T> {
        guarded(&self.path, name, || make(&self.file.dataset(name)?))
    }

    /// Values of a block of a variable.
    pub(super) fn read<T: H5Type>(
        &self,
        name: &str,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<T>> {
        self.with(name, |variable| variable.read_slice::<T>(start, count))
    }

    /// Values as a grid of which they are the cells.
    pub(super) fn grid<T>(&self, name: &str, spec: GridSpec, values: Vec<T>) -> Result<Grid<T>> {
        Grid::from_values(spec, values).ok_or_else(|| {
            damaged(&self.path, name, "une fenêtre d'une autre taille", "a window of another size")
        })
    }

    /// Refuses a variable whose shape, type or chunks are not those of this layout, so that what
    /// is read later is bounded by the window and the chunk. A variable with time has one frame
    /// for each of `frames`.
    pub(super) fn check(
        &self,
        name: &str,
        frames: Option<usize>,
        spec: &GridSpec,
        expected: &DatatypeMessage,
    ) -> Result<()> {
        let (shape, chunk, datatype) =
            self.with(name, |v| Ok((v.shape(), v.chunk_dims(), v.datatype()?)))?;
        let (chunk_rows, chunk_columns) = chunk_shape(spec.rows, spec.columns, CHUNK);
        let (mut full, mut tile) = (vec![spec.rows, spec.columns], vec![chunk_rows, chunk_columns]);
        if let Some(frames) = frames {
            full.insert(0, frames);
            tile.insert(0, 1);
        }
        if shape != full || chunk.as_deref() != Some(tile.as_slice()) || datatype != *expected {
            return Err(damaged(
                &self.path,
                name,
                format!("forme {shape:?}, blocs {chunk:?}, valeurs {datatype}"),
                format!("shape {shape:?}, chunks {chunk:?}, values {datatype}"),
            ));
        }
        Ok(())
    }
}

/// Opens an HDF5 file for reading.
pub(super) fn open(path: &Path) -> Result<H5File> {
    let mut signature = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(8).read_to_end(&mut signature))
        .map_err(Error::read(path))?;
    if signature.is_empty() {
        return Err(Error::file(path, FileProblem::Empty));
    }
    if signature != *b"\x89HDF\r\n\x1a\n" {
        return Err(Error::file(path, FileProblem::NotThisFormat { expected: "HDF5" }));
    }
    guarded(path, "", || H5File::options().no_locking().open(path))
}
