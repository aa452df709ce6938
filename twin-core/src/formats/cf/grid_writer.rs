//! Writes the bands of a territory.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::{H5Dataset, H5Group};
use rayon::prelude::*;

use super::attributes::Attributes;
use super::bands::{BandKind, BandMeta, create_variable};
use super::frame::{self, Frame};
use super::{CHUNK, CONVENTIONS, NewFile, compress, decompress, writing};
use crate::formats::PartFile;
use crate::formats::parking::{Parked, Parking};
use crate::formats::pyramid::{AnyPyramid, Cell, ChunkKey, CompleteChunk, Pyramid};
use crate::formats::pyramid::{chunk_shape, level_shapes};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, Result};

/// Writes a [`GridFile`](super::GridFile) window by window.
///
/// Windows of any size may come in any order, bands interleaved; a cell may be written again only
/// until its chunk is complete. Complete chunks are compressed by all cores and parked in an
/// unnamed file, so that memory holds the chunks still being filled; [`finish`](Self::finish) lays
/// them out by level, band, row and column, which makes the bytes independent of the order of
/// writing. Cells never written have no data.
#[derive(Debug)]
pub struct GridFileWriter {
    part: PartFile,
    spec: GridSpec,
    crs: Crs,
    attributes: BTreeMap<String, String>,
    bands: Vec<Band>,
    parking: Parking,
}

#[derive(Debug)]
struct Band {
    meta: BandMeta,
    pyramid: AnyPyramid,
    /// Where each complete chunk is parked.
    chunks: BTreeMap<ChunkKey, Parked>,
}

impl GridFileWriter {
    /// Begins a file under a temporary name. `attributes` become global text attributes (`title`,
    /// `source`, `licence`, `comment` …); `Conventions` is added.
    pub fn create(
        path: impl AsRef<Path>,
        spec: &GridSpec,
        crs: Crs,
        attributes: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let path = path.as_ref();
        frame::check(path, spec)?;
        let part = PartFile::new(path)?;
        let parking = Parking::beside(part.part())?;
        Ok(Self {
            part,
            spec: *spec,
            crs,
            attributes: attributes.clone(),
            bands: Vec::new(),
            parking,
        })
    }

    /// The grid of all bands.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Declares a band; bands keep this order in the file.
    pub fn add_band(&mut self, meta: &BandMeta) -> Result<()> {
        let taken = self.bands.iter().any(|b| b.meta.name == meta.name)
            || ["x", "y", frame::GRID_MAPPING].contains(&meta.name.as_str());
        let word = meta.name.starts_with(|c: char| c.is_ascii_alphabetic())
            && meta.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if taken || !word {
            return Err(self.misuse(
                &meta.name,
                "ce nom de bande est pris ou n'est pas un mot en lettres, chiffres et _",
                "this band name is taken or not a word of letters, digits and _",
            ));
        }
        let (rows, columns) = (self.spec.rows, self.spec.columns);
        let pyramid = match meta.kind {
            BandKind::Categorical(_) => {
                AnyPyramid::Code(Pyramid::new(rows, columns, CHUNK, meta.resampling()))
            }
            BandKind::Continuous | BandKind::Maximum => {
                AnyPyramid::Real(Pyramid::new(rows, columns, CHUNK, meta.resampling()))
            }
        };
        self.bands.push(Band { meta: meta.clone(), pyramid, chunks: BTreeMap::new() });
        Ok(())
    }

    /// Writes a window of a band whose north-west cell is `(row, column)` of the file's grid. Only
    /// the window's values and shape count, not where its own grid lies.
    pub fn write_window<T: Cell>(
        &mut self,
        band: &str,
        row: usize,
        column: usize,
        window: &Grid<T>,
    ) -> Result<()> {
        let (rows, columns) = (window.spec.rows, window.spec.columns);
        let inside = row.checked_add(rows).is_some_and(|end| end <= self.spec.rows)
            && column.checked_add(columns).is_some_and(|end| end <= self.spec.columns)
            && window.values.len() == window.spec.len();
        if !inside {
            return Err(self.misuse(
                band,
                "la fenêtre sort de la grille",
                "the window leaves the grid",
            ));
        }
        let Some(index) = self.bands.iter().position(|b| b.meta.name == band) else {
            return Err(self.misuse(
                band,
                "cette bande n'est pas déclarée",
                "this band is not declared",
            ));
        };
        let Some(pyramid) = T::pyramid(&mut self.bands[index].pyramid) else {
            return Err(self.misuse(
                band,
                "cette bande est d'un autre type de valeurs",
                "this band has another type of values",
            ));
        };
        let Some(complete) = pyramid.write(row, column, columns, &window.values) else {
            return Err(self.misuse(
                band,
                "une fenêtre de cette bande est écrite deux fois",
                "a window of this band is written twice",
            ));
        };
        self.park(index, complete)
    }

    /// Reads back a window of a band, clipped to the grid; no data in chunks that are not complete
    /// yet.
    pub fn written_window<T: Cell>(
        &mut self,
        band: &str,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> Result<Grid<T>> {
        let rows = rows.start..rows.end.min(self.spec.rows);
        let columns = columns.start..columns.end.min(self.spec.columns);
        let mut window = Grid::filled(self.spec.crop(&rows, &columns), T::NO_DATA);
        if window.spec.is_empty() {
            return Ok(window);
        }
        let Some(index) = self.bands.iter().position(|b| b.meta.name == band) else {
            return Err(self.misuse(
                band,
                "cette bande n'est pas déclarée",
                "this band is not declared",
            ));
        };
        let width = chunk_shape(self.spec.rows, self.spec.columns, CHUNK).1;
        let mut bytes = Vec::new();
        for chunk_row in rows.start / CHUNK..=(rows.end - 1) / CHUNK {
            for chunk_column in columns.start / CHUNK..=(columns.end - 1) / CHUNK {
                let key = (0, chunk_row, chunk_column);
                let Some(&parked) = self.bands[index].chunks.get(&key) else { continue };
                self.parking.fetch(parked, &mut bytes).map_err(Error::write(self.part.path()))?;
                let values = decompress(T::element_size(), &bytes)
                    .map(|b| T::from_bytes(&b))
                    .map_err(writing(self.part.path()))?;
                let (north, west) = (chunk_row * CHUNK, chunk_column * CHUNK);
                for row in rows.start.max(north)..rows.end.min(north + CHUNK) {
                    let span = columns.start.max(west)..columns.end.min(west + CHUNK);
                    let from = (row - north) * width + span.start - west;
                    let to = window.spec.index(row - rows.start, span.start - columns.start);
                    window.values[to..to + span.len()]
                        .copy_from_slice(&values[from..from + span.len()]);
                }
            }
        }
        Ok(window)
    }

    /// Writes what is left, gives the file its name and closes it.
    pub fn finish(mut self) -> Result<()> {
        for index in 0..self.bands.len() {
            match &mut self.bands[index].pyramid {
                AnyPyramid::Real(pyramid) => {
                    let complete = pyramid.finish();
                    self.park(index, complete)?;
                }
                AnyPyramid::Code(pyramid) => {
                    let complete = pyramid.finish();
                    self.park(index, complete)?;
                }
            }
        }
        self.lay_out().map_err(writing(self.part.path()))?;
        self.part.publish()
    }

    /// Compresses chunks and appends them to the parking file.
    fn park<T: Cell>(&mut self, band: usize, complete: Vec<CompleteChunk<T>>) -> Result<()> {
        // A row of chunks at a time, so that the compressed copies stay small.
        for some in complete.chunks(64) {
            let compressed: Vec<(ChunkKey, Vec<u8>)> = some
                .par_iter()
                .map(|c| Ok((c.key, compress(T::element_size(), &T::bytes(&c.values))?)))
                .collect::<hdf5::Result<_>>()
                .map_err(writing(self.part.path()))?;
            for (key, bytes) in compressed {
                let parked = self.parking.park(&bytes).map_err(Error::write(self.part.path()))?;
                self.bands[band].chunks.insert(key, parked);
            }
        }
        Ok(())
    }

    fn lay_out(&mut self) -> hdf5::Result<()> {
        let file = NewFile::create(self.part.part())?;
        let root = file.root_group();
        root.set_text("Conventions", CONVENTIONS)?;
        for (name, value) in &self.attributes {
            root.set_text(name, value)?;
        }
        for (level, (rows, columns)) in
            level_shapes(self.spec.rows, self.spec.columns, CHUNK).into_iter().enumerate()
        {
            let factor = 1usize << level;
            let group = if level == 0 {
                file.root_group()
            } else {
                let group = file.create_group(&overview_name(level))?;
                group.set_text("title", &format!("overview, cells of {factor} x {factor}"))?;
                group
            };
            let cell_size = self.spec.cell_size * factor as f64;
            let frame = Frame::write(
                &group,
                &GridSpec { rows, columns, cell_size, ..self.spec },
                self.crs,
            )?;
            for band in &self.bands {
                let variable = match band.meta.kind {
                    BandKind::Categorical(_) => band.create::<u8>(&group, level, rows, columns)?,
                    _ => band.create::<f32>(&group, level, rows, columns)?,
                };
                frame.attach(&variable)?;
                band.copy_chunks(&variable, &mut self.parking, level, rows, columns)?;
            }
        }
        file.close()
    }

    fn misuse(&self, band: &str, fr: &str, en: &str) -> Error {
        Error::input(format!("{} [{band}]", self.part.path().display()), fr, en)
    }
}

/// Group of a level above the finest.
pub(super) fn overview_name(level: usize) -> String {
    format!("overview_{}", 1usize << level)
}

impl Band {
    /// Creates the variable of a level with its attributes.
    fn create<T: Cell>(
        &self,
        group: &H5Group,
        level: usize,
        rows: usize,
        columns: usize,
    ) -> hdf5::Result<H5Dataset> {
        let variable = create_variable::<T>(group, &self.meta, rows, columns)?;
        let method = self.meta.resampling().cell_method();
        variable.set_text("overview_resampling", method)?;
        if level > 0 {
            variable.set_text("cell_methods", &format!("area: {method}"))?;
        }
        Ok(variable)
    }

    /// Copies the parked chunks of a level into the variable, in row-major order.
    fn copy_chunks(
        &self,
        variable: &H5Dataset,
        parking: &mut Parking,
        level: usize,
        rows: usize,
        columns: usize,
    ) -> hdf5::Result<()> {
        let (chunk_rows, chunk_columns) = chunk_shape(rows, columns, CHUNK);
        let empty = match self.meta.kind {
            BandKind::Categorical(_) => {
                compress(1, &u8::bytes(&vec![u8::NO_DATA; chunk_rows * chunk_columns]))?
            }
            _ => compress(4, &f32::bytes(&vec![f32::NO_DATA; chunk_rows * chunk_columns]))?,
        };
        let across = columns.div_ceil(CHUNK);
        let mut bytes = Vec::new();
        for chunk in 0..rows.div_ceil(CHUNK) * across {
            match self.chunks.get(&(level, chunk / across, chunk % across)) {
                Some(&parked) => {
                    parking.fetch(parked, &mut bytes)?;
                    variable.write_chunk_raw(chunk, &bytes, 0)?;
                }
                None => variable.write_chunk_raw(chunk, &empty, 0)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cf::GridFile;

    fn spec() -> GridSpec {
        GridSpec { west: 770_549.75, north: 6_277_600.25, cell_size: 0.5, columns: 530, rows: 700 }
    }

    fn height(row: usize, column: usize) -> f32 {
        if (row / 40 + column / 40).is_multiple_of(7) {
            f32::NAN
        } else {
            20.0 + 0.01 * row as f32 + (column as f32 * 0.05).sin()
        }
    }

    fn cover(row: usize, column: usize) -> u8 {
        ((row / 30 + column / 50) % 4) as u8
    }

    fn write(path: &Path, tile: usize) {
        let mut global = BTreeMap::new();
        global.insert("title".to_owned(), "Montpellier, modèle d'essai".to_owned());
        global.insert("licence".to_owned(), "Licence Ouverte 2.0".to_owned());
        let mut writer = GridFileWriter::create(path, &spec(), Crs::LAMBERT_93, &global).unwrap();
        writer
            .add_band(
                &BandMeta::continuous("dtm", "bare-earth height", "m")
                    .with_standard_name("surface_altitude")
                    .with_attribute("datum", "NGF-IGN69"),
            )
            .unwrap();
        writer.add_band(&BandMeta::maximum("dsm", "height of the top surface", "m")).unwrap();
        let classes = [(1, "water"), (2, "built up"), (3, "grass")];
        writer.add_band(&BandMeta::categorical("land_cover", "land cover", &classes)).unwrap();
        for row in (0..spec().rows).step_by(tile) {
            for column in (0..spec().columns).step_by(tile) {
                let rows = row..(row + tile).min(spec().rows);
                let columns = column..(column + tile).min(spec().columns);
                let part = spec().crop(&rows, &columns);
                let heights = Grid::from_fn(part, |r, c| height(row + r, column + c));
                writer.write_window("dtm", row, column, &heights).unwrap();
                writer.write_window("dsm", row, column, &heights.map(|v| v + 3.0)).unwrap();
                let classes = Grid::from_fn(part, |r, c| cover(row + r, column + c));
                writer.write_window("land_cover", row, column, &classes).unwrap();
            }
        }
        writer.finish().unwrap();
    }

    #[test]
    fn what_was_written_is_read_back_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let crs = Crs::LAMBERT_93;
        let path = folder.path().join("grids.h5");
        let mut writer = GridFileWriter::create(&path, &spec(), crs, &BTreeMap::new()).unwrap();
        for name in ["dtm", "bed"] {
            writer.add_band(&BandMeta::continuous(name, "height", "m")).unwrap();
        }
        let all = Grid::from_fn(spec(), height);
        writer.write_window("dtm", 0, 0, &all).unwrap();
        let same = |a: &Grid<f32>, b: &Grid<f32>| {
            a.spec == b.spec
                && a.values.iter().zip(&b.values).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
        };
        for (rows, columns) in [(0..700, 0..530), (250..262, 500..530), (690..720, 0..10)] {
            let back = writer.written_window::<f32>("dtm", rows.clone(), columns.clone()).unwrap();
            assert!(same(&back, &all.crop(rows.start..rows.end.min(700), columns)));
        }
        assert!(writer.written_window::<f32>("bed", 0..9, 0..9).unwrap().values[0].is_nan());
        writer.write_window("bed", 0, 0, &all).unwrap();
        writer.finish().unwrap();
        let file = GridFile::open(&path).unwrap();
        assert!(same(&file.read_level("bed", 0).unwrap(), &all));
        assert!(same(&file.read_level("dtm", 0).unwrap(), &all));
    }

    #[test]
    fn what_is_written_is_read_and_the_tile_size_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grids.h5");
        write(&path, 256);
        let bytes = std::fs::read(&path).unwrap();
        write(&folder.path().join("other.h5"), 100);
        assert_eq!(bytes, std::fs::read(folder.path().join("other.h5")).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

        let file = GridFile::open(&path).unwrap();
        assert_eq!(*file.spec(), spec());
        assert_eq!(file.crs(), Crs::LAMBERT_93);
        assert_eq!(file.attributes()["title"], "Montpellier, modèle d'essai");
        assert_eq!(file.levels().len(), 3);
        let names: Vec<&str> = file.bands().iter().map(|b| b.name.as_str()).collect();
        assert_eq!(names, ["dtm", "dsm", "land_cover"]);
        let dtm = file.band("dtm").unwrap();
        assert_eq!(dtm.standard_name.as_deref(), Some("surface_altitude"));
        assert_eq!((dtm.unit.as_str(), dtm.kind.clone()), ("m", BandKind::Continuous));
        assert_eq!(dtm.attributes.len(), 1);
        assert_eq!(file.band("dsm").unwrap().kind, BandKind::Maximum);
        let BandKind::Categorical(classes) = &file.band("land_cover").unwrap().kind else {
            panic!("land cover is not categorical")
        };
        assert_eq!((classes[1].code, classes[1].meaning.as_str()), (2, "built_up"));

        let window = file.read_window::<f32>("dtm", 0, 250..262, 500..530).unwrap();
        assert_eq!(window.spec, spec().crop(&(250..262), &(500..530)));
        for (i, &value) in window.values.iter().enumerate() {
            let (r, c) = window.spec.row_column(i);
            let expected = height(250 + r, 500 + c);
            assert!(value == expected || value.is_nan() && expected.is_nan());
        }
        let codes = file.read_level::<u8>("land_cover", 0).unwrap();
        assert_eq!(codes, Grid::from_fn(spec(), cover));
    }

    #[test]
    fn overviews_follow_their_rule() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grids.h5");
        write(&path, 256);
        let file = GridFile::open(&path).unwrap();
        let fine = file.read_level::<f32>("dtm", 0).unwrap();
        let mean = file.read_level::<f32>("dtm", 1).unwrap();
        let top = file.read_level::<f32>("dsm", 1).unwrap();
        assert_eq!((mean.spec.rows, mean.spec.columns, mean.spec.cell_size), (350, 265, 1.0));
        for row in 0..350 {
            for column in 0..265 {
                let four: Vec<f32> = (0..4)
                    .map(|i| fine[(2 * row + i / 2, 2 * column + i % 2)])
                    .filter(|v| !v.is_nan())
                    .collect();
                let (a, b) = (mean[(row, column)], top[(row, column)]);
                if four.is_empty() {
                    assert!(a.is_nan() && b.is_nan());
                    continue;
                }
                let expected = four.iter().sum::<f32>() / four.len() as f32;
                // A mean in f64 and one in f32 differ by rounding only.
                assert!((a - expected).abs() < 1e-4);
                assert_eq!(b, four.iter().copied().reduce(f32::max).unwrap() + 3.0);
            }
        }
        let coarse = file.read_level::<u8>("land_cover", 2).unwrap();
        assert_eq!((coarse.spec.rows, coarse.spec.columns), (175, 133));
        assert_eq!(coarse[(0, 14)], cover(2, 58));
    }

    #[test]
    fn cells_never_written_have_no_data_at_any_level() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grids.h5");
        let mut writer =
            GridFileWriter::create(&path, &spec(), Crs::LAMBERT_93, &BTreeMap::new()).unwrap();
        writer.add_band(&BandMeta::continuous("dtm", "height", "m")).unwrap();
        let part = spec().crop(&(0..10), &(0..10));
        writer.write_window("dtm", 300, 300, &Grid::filled(part, 7.0f32)).unwrap();
        assert!(writer.write_window("dtm", 695, 0, &Grid::filled(part, 7.0f32)).is_err());
        assert!(writer.write_window("dtm", 0, 0, &Grid::filled(part, 7u8)).is_err());
        assert!(writer.write_window("dsm", 0, 0, &Grid::filled(part, 7.0f32)).is_err());
        assert!(writer.add_band(&BandMeta::continuous("x", "", "m")).is_err());
        writer.finish().unwrap();
        let file = GridFile::open(&path).unwrap();
        for (level, count) in [(0, 100), (1, 25), (2, 9)] {
            let grid = file.read_level::<f32>("dtm", level).unwrap();
            assert_eq!(grid.values.iter().filter(|v| **v == 7.0).count(), count);
            assert_eq!(grid.values.iter().filter(|v| v.is_nan()).count(), grid.spec.len() - count);
        }
        assert!(file.read_window::<f32>("dtm", 3, 0..1, 0..1).is_err());
        assert!(file.read_window::<f32>("dtm", 0, 0..701, 0..1).is_err());
        assert!(file.read_window::<f32>("none", 0, 0..1, 0..1).is_err());
    }
}
