//! Writes cloud-optimised GeoTIFF.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use hdf5::format::messages::filter::{FilterPipeline, apply_filters};
use rayon::prelude::*;

use super::encode::{Image, Values, predict, write_directories, write_tile};
use crate::formats::parking::{Parked, Parking};
use crate::formats::pyramid::{ChunkKey, CompleteChunk, Pyramid, chunk_shape, level_shapes};
use crate::formats::{PartFile, Resampling};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, Result};

/// Pixels along a side of a tile, GDAL's default for COG.
const TILE: usize = 512;

const DEFLATE_LEVEL: u32 = 6;

/// What a COG says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CogOptions {
    /// What the band shows; becomes the band description.
    pub description: String,
    /// UDUNITS unit of the band.
    pub unit: String,
    /// What must be read before the file is used: legal notice, limits. Becomes the TIFF
    /// `ImageDescription` and the metadata item `NOTICE`.
    pub notice: String,
    /// Further metadata items (`SOURCE`, `LICENCE` …).
    pub metadata: BTreeMap<String, String>,
    /// EPSG code of the height reference system of the values (5720 = NGF-IGN69).
    pub vertical_epsg: Option<u16>,
    /// How overviews are made.
    pub resampling: Resampling,
}

impl Default for CogOptions {
    fn default() -> Self {
        Self {
            description: String::new(),
            unit: String::new(),
            notice: String::new(),
            metadata: BTreeMap::new(),
            vertical_epsg: None,
            resampling: Resampling::Mean,
        }
    }
}

/// Writes a whole grid.
pub fn write_cog(
    path: impl AsRef<Path>,
    grid: &Grid<f32>,
    crs: Crs,
    options: &CogOptions,
) -> Result<()> {
    let mut writer = CogWriter::create(path, &grid.spec, crs, options)?;
    writer.write_window(0, 0, grid)?;
    writer.finish()
}

/// Writes a one-band `f32` COG window by window: tiles of 512, overviews down to one tile,
/// deflate with the floating-point predictor, `NaN` as no data, BigTIFF when it must be.
///
/// Windows come in any size and order; memory holds the tiles that are still being filled.
#[derive(Debug)]
pub struct CogWriter {
    part: PartFile,
    spec: GridSpec,
    crs: Crs,
    options: CogOptions,
    pyramid: Pyramid<f32>,
    parking: Parking,
    tiles: BTreeMap<ChunkKey, Parked>,
}

impl CogWriter {
    /// Begins a file under a temporary name.
    pub fn create(
        path: impl AsRef<Path>,
        spec: &GridSpec,
        crs: Crs,
        options: &CogOptions,
    ) -> Result<Self> {
        let path = path.as_ref();
        let sides = 1..=1 << 20;
        let sound = sides.contains(&spec.rows) && sides.contains(&spec.columns);
        if !sound || u16::try_from(crs.epsg()).is_err() {
            return Err(Error::input(
                path.display().to_string(),
                format!("{} × {} pixels ou EPSG:{}", spec.columns, spec.rows, crs.epsg()),
                format!("{} × {} pixels or EPSG:{}", spec.columns, spec.rows, crs.epsg()),
            ));
        }
        let part = PartFile::new(path)?;
        let parking = Parking::beside(part.part())?;
        let pyramid = Pyramid::new(spec.rows, spec.columns, TILE, options.resampling);
        let (tiles, options) = (BTreeMap::new(), options.clone());
        Ok(Self { part, spec: *spec, crs, options, pyramid, parking, tiles })
    }

    /// Writes a window whose north-west pixel is `(row, column)`; a pixel may be written again
    /// only until its tile is complete.
    pub fn write_window(&mut self, row: usize, column: usize, window: &Grid<f32>) -> Result<()> {
        let (rows, columns) = (window.spec.rows, window.spec.columns);
        let inside = row.checked_add(rows).is_some_and(|end| end <= self.spec.rows)
            && column.checked_add(columns).is_some_and(|end| end <= self.spec.columns)
            && window.values.len() == window.spec.len();
        let complete =
            if inside { self.pyramid.write(row, column, columns, &window.values) } else { None };
        let Some(complete) = complete else {
            return Err(Error::input(
                self.part.path().display().to_string(),
                "la fenêtre sort de l'image ou y est déjà",
                "the window leaves the image or is there already",
            ));
        };
        self.park(&complete)
    }

    /// Writes what is left, gives the file its name and closes it. Pixels never written have no
    /// data.
    pub fn finish(mut self) -> Result<()> {
        let complete = self.pyramid.finish();
        self.park(&complete)?;
        self.lay_out().map_err(Error::write(self.part.path()))?;
        self.part.publish()
    }

    fn park(&mut self, complete: &[CompleteChunk<f32>]) -> Result<()> {
        let shapes = level_shapes(self.spec.rows, self.spec.columns, TILE);
        for some in complete.chunks(16) {
            let tiles: Vec<std::io::Result<Vec<u8>>> =
                some.par_iter().map(|chunk| tile(chunk, &shapes)).collect();
            for (chunk, tile) in some.iter().zip(tiles) {
                let parked = tile.and_then(|tile| self.parking.park(&tile));
                let parked = parked.map_err(Error::write(self.part.path()))?;
                self.tiles.insert(chunk.key, parked);
            }
        }
        Ok(())
    }

    fn lay_out(&mut self) -> std::io::Result<()> {
        let shapes = level_shapes(self.spec.rows, self.spec.columns, TILE);
        let empty = compress(&predict(&[f32::NAN; TILE * TILE], TILE))?;
        let keys: Vec<Vec<ChunkKey>> = shapes
            .iter()
            .enumerate()
            .map(|(level, &(rows, columns))| {
                let across = columns.div_ceil(TILE);
                let count = rows.div_ceil(TILE) * across;
                (0..count).map(|i| (level, i / across, i % across)).collect()
            })
            .collect();
        let images: Vec<Image> = keys
            .iter()
            .enumerate()
            .map(|(level, keys)| Image {
                tags: self.tags(level, shapes[level]),
                tile_lengths: keys
                    .iter()
                    .map(|key| self.tiles.get(key).map_or(empty.len(), |p| p.length))
                    .collect(),
            })
            .collect();
        let mut out = BufWriter::new(std::fs::File::create(self.part.part())?);
        write_directories(&mut out, &images)?;
        let mut bytes = Vec::new();
        for key in keys.iter().rev().flatten() {
            match self.tiles.get(key) {
                Some(&parked) => {
                    self.parking.fetch(parked, &mut bytes)?;
                    write_tile(&mut out, &bytes)?;
                }
                None => write_tile(&mut out, &empty)?,
            }
        }
        out.flush()
    }

    fn tags(&self, level: usize, (rows, columns): (usize, usize)) -> Vec<(u16, Values)> {
        let short = |v: u16| Values::Short(vec![v]);
        let long = |v: usize| Values::Long(vec![v as u32]);
        let mut tags = vec![
            (254, long(usize::from(level > 0))),
            (256, long(columns)),
            (257, long(rows)),
            (258, short(32)),
            (259, short(8)),
            (262, short(1)),
            (277, short(1)),
            (284, short(1)),
            (317, short(3)),
            (322, long(TILE)),
            (323, long(TILE)),
            (339, short(3)),
            (42113, Values::Text("nan".to_owned())),
        ];
        if level > 0 {
            return tags;
        }
        let cell = self.spec.cell_size;
        tags.push((33550, Values::Double(vec![cell, cell, 0.0])));
        tags.push((
            33922,
            Values::Double(vec![0.0, 0.0, 0.0, self.spec.west, self.spec.north, 0.0]),
        ));
        tags.push((34735, Values::Short(self.geo_keys())));
        if !self.options.notice.is_empty() {
            tags.push((270, Values::Text(self.options.notice.replace('\0', " "))));
        }
        tags.push((42112, Values::Text(self.gdal_metadata())));
        tags
    }

    /// GeoTIFF 1.1 key directory.
    fn geo_keys(&self) -> Vec<u16> {
        let epsg = self.crs.epsg() as u16;
        let mut keys = if self.crs == Crs::WGS_84 {
            vec![(1024, 2), (1025, 1), (2048, epsg)]
        } else {
            vec![(1024, 1), (1025, 1), (3072, epsg), (3076, 9001)]
        };
        if let Some(vertical) = self.options.vertical_epsg {
            keys.extend([(4096, vertical), (4099, 9001)]);
        }
        let mut values = vec![1, 1, 1, keys.len() as u16];
        for (key, value) in keys {
            values.extend([key, 0, 1, value]);
        }
        values
    }

    /// GDAL's XML of metadata items and band description.
    fn gdal_metadata(&self) -> String {
        // GDAL resolves entities twice, as it writes them.
        let escape = |text: &str| escape_xml(&escape_xml(text));
        let mut xml = String::from("<GDALMetadata>\n");
        let options = &self.options;
        let notice = (!options.notice.is_empty()).then_some(("NOTICE", options.notice.as_str()));
        let items = options.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        for (name, value) in notice.into_iter().chain(items) {
            xml += &format!("  <Item name=\"{}\">{}</Item>\n", escape(name), escape(value));
        }
        for (name, role, value) in [
            ("DESCRIPTION", "description", &options.description),
            ("UNITTYPE", "unittype", &options.unit),
        ] {
            if !value.is_empty() {
                xml += &format!(
                    "  <Item name=\"{name}\" sample=\"0\" role=\"{role}\">{}</Item>\n",
                    escape(value)
                );
            }
        }
        xml + "</GDALMetadata>\n"
    }
}

fn escape_xml(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\0', " ")
}

/// A chunk as a compressed tile, padded with no data to the full size.
fn tile(chunk: &CompleteChunk<f32>, shapes: &[(usize, usize)]) -> std::io::Result<Vec<u8>> {
    let (rows, columns) = shapes[chunk.key.0];
    let (_, width) = chunk_shape(rows, columns, TILE);
    let mut values = vec![f32::NAN; TILE * TILE];
    for (row, cells) in chunk.values.chunks(width).enumerate() {
        for (target, &value) in values[row * TILE..].iter_mut().zip(cells) {
            // One bit pattern for no data, so that equal grids give equal bytes.
            *target = if value.is_nan() { f32::NAN } else { value };
        }
    }
    compress(&predict(&values, TILE))
}

/// TIFF's deflate is the zlib stream that HDF5's is.
fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    apply_filters(&FilterPipeline::deflate(DEFLATE_LEVEL), bytes)
        .map_err(|error| std::io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::GeoTiff;
    use crate::test_support::tool;
    use proptest::prelude::*;

    fn grid(rows: usize, columns: usize) -> Grid<f32> {
        let spec =
            GridSpec { west: 770_549.75, north: 6_277_600.25, cell_size: 0.5, columns, rows };
        Grid::from_fn(spec, |r, c| {
            if (r / 9 + c / 7).is_multiple_of(5) {
                f32::NAN
            } else {
                21.0 + (r as f32 * 0.1).sin() * c as f32
            }
        })
    }

    fn options() -> CogOptions {
        CogOptions {
            description: "profondeur".into(),
            unit: "m".into(),
            notice: "Simulation d'aide à la décision, sans valeur réglementaire & <test>".into(),
            metadata: [("LICENCE".to_owned(), "Licence Ouverte 2.0".to_owned())].into(),
            vertical_epsg: Some(5720),
            resampling: Resampling::Mean,
        }
    }

    fn same(a: &Grid<f32>, b: &Grid<f32>) -> bool {
        let equal = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
        a.spec == b.spec && a.values.iter().zip(&b.values).all(equal)
    }

    #[test]
    fn reads_back_and_does_not_depend_on_the_windows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        let grid = grid(700, 1100);
        write_cog(&path, &grid, Crs::LAMBERT_93, &options()).unwrap();
        let other = folder.path().join("b.tif");
        let mut writer =
            CogWriter::create(&other, &grid.spec, Crs::LAMBERT_93, &options()).unwrap();
        for row in (0..700).step_by(90).rev() {
            let rows = row..(row + 90).min(700);
            writer.write_window(row, 0, &grid.crop(rows.clone(), 0..333)).unwrap();
            writer.write_window(row, 333, &grid.crop(rows, 333..1100)).unwrap();
        }
        assert!(writer.write_window(0, 0, &grid).is_err());
        writer.finish().unwrap();
        assert!(std::fs::read(&path).unwrap() == std::fs::read(&other).unwrap());
        let file = GeoTiff::open(&path).unwrap();
        assert_eq!((file.crs(), file.vertical_epsg()), (Some(Crs::LAMBERT_93), Some(5720)));
        assert!(same(&file.read_band(0).unwrap(), &grid));
    }

    #[test]
    fn other_programs_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("depth.tif");
        let grid = grid(700, 1100);
        write_cog(&path, &grid, Crs::LAMBERT_93, &options()).unwrap();
        let name = path.to_str().unwrap();
        let Some(output) = tool("gdalinfo", &["-stats", name]) else { return };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        for expected in [
            "Size is 1100, 700",
            "Origin = (770549.750000000000000,6277600.250000000000000)",
            "NGF-IGN69 height",
            "RGF93 v1 / Lambert-93",
            "LAYOUT=COG",
            "PREDICTOR=3",
            "COMPRESSION=DEFLATE",
            "NOTICE=Simulation d'aide à la décision, sans valeur réglementaire & <test>",
            "TIFFTAG_IMAGEDESCRIPTION=Simulation",
            "Description = profondeur",
            "Unit Type: m",
            "Overviews: 550x350, 275x175",
            "NoData Value=nan",
        ] {
            assert!(said.contains(expected), "{expected} is missing in\n{said}");
        }
        // The values, through GDAL's own decoder.
        let text = folder.path().join("depth.xyz");
        let arguments = ["-q", "-of", "XYZ", name, text.to_str().unwrap()];
        if tool("gdal_translate", &arguments).is_some() {
            let xyz = std::fs::read_to_string(text).unwrap();
            let values = xyz.lines().filter_map(|l| l.rsplit(' ').next()?.parse::<f32>().ok());
            let values = Grid::from_values(grid.spec, values.collect()).unwrap();
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-2 || a.is_nan() && b.is_nan();
            assert!(values.values.iter().zip(&grid.values).all(close));
        }
        let python = std::env::var("TWIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = "import sys\ntry:\n  from rio_cogeo import cog_validate\nexcept ImportError:\n  \
                      sys.exit(77)\nvalid = cog_validate(sys.argv[1], strict=True)\n\
                      sys.exit(0 if valid[0] and not valid[2] else str(valid))";
        if let Some(output) = tool(&python, &["-c", script, name]) {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!([Some(0), Some(77)].contains(&output.status.code()), "{said}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn any_shape_and_any_finite_value_reads_back(
            rows in 1usize..600,
            columns in 1usize..40,
            seed in any::<u32>(),
        ) {
            let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns, rows };
            let mut state = seed | 1;
            let grid = Grid::from_fn(spec, |_, _| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let value = f32::from_bits(state);
                if value.is_finite() { value } else { f32::NAN }
            });
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("grid.tif");
            write_cog(&path, &grid, Crs::LAMBERT_93, &CogOptions::default()).unwrap();
            prop_assert!(same(&GeoTiff::open(&path).unwrap().read_band(0).unwrap(), &grid));
        }
    }
}
