//! Reads GeoTIFF by window.

use std::ops::Range;
use std::path::{Path, PathBuf};

use geotiff_reader::{GeoTiffFile, GeoTiffOpenOptions};

use super::layout::{self, SampleType};
use crate::spatial::{Crs, Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Most bytes of a decoded window.
const MOST_WINDOW_BYTES: usize = 1 << 30;

/// A georeferenced raster with square, north-up pixels, open for reading. Opening reads no pixel.
///
/// Strips and tiles; uncompressed, LZW, deflate, packbits and more; horizontal and floating-point
/// predictor; classic and BigTIFF.
pub struct GeoTiff {
    path: PathBuf,
    file: GeoTiffFile,
    spec: GridSpec,
    crs: Option<Crs>,
    sample_type: SampleType,
    nodata: Option<f64>,
    /// By band: stored values times the first plus the second are the values meant.
    scaling: Vec<(f64, f64)>,
}

impl std::fmt::Debug for GeoTiff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeoTiff").field("path", &self.path).field("spec", &self.spec).finish()
    }
}

impl GeoTiff {
    /// Opens a file and checks that its header can be true.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let length = std::fs::metadata(path).map_err(Error::read(path))?.len();
        if length == 0 {
            return Err(Error::file(path, FileProblem::Empty));
        }
        let options =
            GeoTiffOpenOptions { decode_output_bytes: MOST_WINDOW_BYTES, ..Default::default() };
        let file = guarded(path, || GeoTiffFile::open_with_options(path, options))?;
        let sample_type = layout::sample_type(path, &file, length)?;
        let spec = layout::grid(path, &file)?;
        let crs = file.epsg().map(|code| Crs::try_from(format!("EPSG:{code}"))).transpose()?;
        let nodata = match file.nodata().map(|t| t.trim_matches(['\0', ' '])) {
            None | Some("") => None,
            Some(text) => Some(text.parse::<f64>().map_err(|_| {
                let problem = FileProblem::damaged(
                    format!("la valeur d'absence « {text} » n'est pas un nombre"),
                    format!("nodata \"{text}\" is not a number"),
                );
                Error::file(path, problem)
            })?),
        };
        let scaling = scaling(path, &file)?;
        Ok(Self { path: path.to_owned(), file, spec, crs, sample_type, nodata, scaling })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Grid of the pixels; a file whose positions are those of pixel centres (`PixelIsPoint`) is
    /// shifted by half a pixel.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Horizontal reference system, where the file gives an EPSG code.
    pub fn crs(&self) -> Option<Crs> {
        self.crs
    }

    /// EPSG code of the height reference system, where the file gives one.
    pub fn vertical_epsg(&self) -> Option<u32> {
        self.file.crs().vertical_epsg().map(u32::from)
    }

    /// Value of pixels without data.
    pub fn nodata(&self) -> Option<f64> {
        self.nodata
    }

    /// Number of bands.
    pub fn bands(&self) -> usize {
        self.file.band_count() as usize
    }

    /// Type of the samples.
    pub fn sample_type(&self) -> SampleType {
        self.sample_type
    }

    /// Pixels of a window of a band, counted from 0, with the scale and offset that GDAL's metadata state;
    /// pixels without data become `NaN`. Values of `f64` and 32-bit integers are rounded to `f32`.
    pub fn read_window(
        &self,
        band: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<Grid<f32>> {
        let inside = band < self.bands()
            && rows.start < rows.end
            && columns.start < columns.end
            && rows.end <= self.spec.rows
            && columns.end <= self.spec.columns;
        let bytes =
            rows.len().saturating_mul(columns.len()).saturating_mul(self.sample_type.bytes());
        if !inside || bytes > MOST_WINDOW_BYTES {
            return Err(Error::input(
                self.path.display().to_string(),
                format!("bande {band}, fenêtre {rows:?} × {columns:?} hors de l'image"),
                format!("band {band}, window {rows:?} × {columns:?} is not inside the image"),
            ));
        }
        let bytes = guarded(&self.path, || {
            let (height, width) = (rows.len(), columns.len());
            let index = self.file.base_ifd_index();
            let tiff = self.file.tiff();
            Ok(tiff.read_band_window_bytes(
                index,
                band,
                rows.start,
                columns.start,
                height,
                width,
            )?)
        })?;
        let nodata = self.nodata;
        let (scale, offset) = self.scaling[band];
        let meant = |value: f64| (value * scale + offset) as f32;
        let real = |value: f64| if nodata == Some(value) { f32::NAN } else { meant(value) };
        let values: Vec<f32> = match self.sample_type {
            SampleType::U8 => bytes.iter().map(|&v| real(v.into())).collect(),
            SampleType::I8 => bytes.iter().map(|&v| real((v as i8).into())).collect(),
            SampleType::U16 => each(&bytes, |b| real(u16::from_ne_bytes(b).into())),
            SampleType::I16 => each(&bytes, |b| real(i16::from_ne_bytes(b).into())),
            SampleType::U32 => each(&bytes, |b| real(u32::from_ne_bytes(b).into())),
            SampleType::I32 => each(&bytes, |b| real(i32::from_ne_bytes(b).into())),
            SampleType::F64 => each(&bytes, |b| real(f64::from_ne_bytes(b))),
            SampleType::F32 => each(&bytes, |b| {
                // The marker is text and may carry fewer or more digits than the sample.
                let value = f32::from_ne_bytes(b);
                let is_nodata = nodata.is_some_and(|n| n as f32 == value);
                if is_nodata { f32::NAN } else { meant(value.into()) }
            }),
        };
        let spec = self.spec.crop(&rows, &columns);
        Grid::from_values(spec, values).ok_or_else(|| {
            let problem = FileProblem::damaged(
                "une fenêtre d'une autre taille que demandé",
                "a window of another size than asked for",
            );
            Error::file(&self.path, problem)
        })
    }

    /// All pixels of a band.
    pub fn read_band(&self, band: usize) -> Result<Grid<f32>> {
        self.read_window(band, 0..self.spec.rows, 0..self.spec.columns)
    }
}

/// Tag in which GDAL writes its metadata as XML.
const GDAL_METADATA: u16 = 42112;

/// Scale and offset of every band, 1 and 0 where GDAL's metadata state none.
fn scaling(path: &Path, file: &GeoTiffFile) -> Result<Vec<(f64, f64)>> {
    let mut scaling = vec![(1.0, 0.0); file.band_count() as usize];
    let ifd = guarded(path, || Ok(file.tiff().ifd(file.base_ifd_index())?))?;
    let Some(xml) = ifd.tag(GDAL_METADATA).and_then(|tag| tag.value.as_str()) else {
        return Ok(scaling);
    };
    let damaged = || {
        let problem = FileProblem::damaged(
            "échelle ou décalage illisible dans les métadonnées de GDAL",
            "scale or offset unreadable in GDAL's metadata",
        );
        Error::file(path, problem)
    };
    let document =
        roxmltree::Document::parse(xml.trim_matches(['\0', ' '])).map_err(|_| damaged())?;
    for item in document.descendants().filter(|node| node.has_tag_name("Item")) {
        let (Some(role), Some(sample)) = (item.attribute("role"), item.attribute("sample")) else {
            continue;
        };
        let Some(band) = sample.parse().ok().and_then(|band: usize| scaling.get_mut(band)) else {
            continue;
        };
        let to = match role {
            "scale" => &mut band.0,
            "offset" => &mut band.1,
            _ => continue,
        };
        let value = item.text().and_then(|text| text.trim().parse().ok());
        *to = value.filter(|v: &f64| v.is_finite()).ok_or_else(damaged)?;
    }
    Ok(scaling)
}

fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|&b| value(b)).collect()
}

/// Runs a call of the TIFF library on bytes that nobody vouches for: a panic in it becomes the
/// same error as a refusal. The handle is only read and given up on error.
pub(super) fn guarded<T>(
    path: &Path,
    call: impl FnOnce() -> Result<T, geotiff_reader::Error>,
) -> Result<T> {
    use geotiff_reader::Error as Cause;
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Cause::Io(source, _))) => Err(Error::Read { path: path.to_owned(), source }),
        Ok(Err(error)) => {
            let header = error.to_string().to_ascii_lowercase();
            Err(Error::file(
                path,
                if header.contains("magic") || header.contains("byte order") {
                    FileProblem::NotThisFormat { expected: "TIFF" }
                } else {
                    FileProblem::undecodable(error)
                },
            ))
        }
        Err(_) => {
            let problem = FileProblem::damaged(
                "structures TIFF impossibles à décoder",
                "TIFF structures that cannot be decoded",
            );
            Err(Error::file(path, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::data;
    use proptest::prelude::*;

    /// Golden values of the data's README, which came from other programs.
    #[test]
    fn ign_models_have_their_known_statistics() {
        let folder = "lidar/montpellier-dense-150x100m";
        for (name, valid, low, high, mean) in [
            ("DTM", 9_995, 20.7831, 21.5815, 21.2156),
            ("DSM", 9_993, 20.8240, 39.3691, 24.4774),
            ("DHM", 9_993, -0.0197, 18.3553, 3.2618),
        ] {
            let Some(path) = data(&format!("{folder}/{name}_77055_627760_50CM.tif")) else {
                return;
            };
            let file = GeoTiff::open(path).unwrap();
            assert_eq!(file.crs(), Some(Crs::LAMBERT_93));
            assert_eq!((file.sample_type(), file.bands()), (SampleType::F32, 1));
            assert_eq!(file.nodata(), Some(-9999.0));
            let spec = GridSpec {
                west: 770_549.75,
                north: 6_277_600.25,
                cell_size: 0.5,
                columns: 100,
                rows: 100,
            };
            assert_eq!(*file.spec(), spec);
            let grid = file.read_band(0).unwrap();
            let finite: Vec<f64> =
                grid.values.iter().filter(|v| !v.is_nan()).map(|&v| v.into()).collect();
            assert_eq!(finite.len(), valid);
            let (a, b) = grid.range().unwrap();
            // The README rounds to four decimals.
            assert!((f64::from(a) - low).abs() < 6e-5 && (f64::from(b) - high).abs() < 6e-5);
            assert!((finite.iter().sum::<f64>() / valid as f64 - mean).abs() < 6e-5);
            assert!((95..100).all(|column| grid[(0, column)].is_nan()));
            let window = file.read_window(0, 15..45, 90..100).unwrap();
            assert_eq!(window, grid.crop(15..45, 90..100));
            assert!(file.read_window(0, 0..101, 0..1).is_err());
            assert!(file.read_window(1, 0..1, 0..1).is_err());
        }
    }

    #[test]
    fn real_files_of_other_kinds_open_or_say_why_not() {
        let says = |name: &str| match GeoTiff::open(data(name)?) {
            Ok(file) => Some(format!("{:?} {}", file.sample_type(), file.bands())),
            Err(error) => Some(error.code().to_owned()),
        };
        let rgb = says("lidar/montpellier-dense-150x100m/test_data_rgb.tif");
        assert!(rgb.is_none_or(|s| s == "U8 3"));
        let plot = says("flood/monai/runup_inundation_plot.tif");
        assert!(plot.is_none_or(|s| s != "U8 3"));
        // Cells of 2′ × 1.5′.
        assert!(says("geodesy/fr_ign_RAF20.tif").is_none_or(|s| s == "file.unsupported"));
    }

    /// Square cells in degrees, one deflated tile with predictor 3, positions at pixel centres:
    /// GDAL 3.6 gives the origin (−61.303, 15.003), half a cell of 0.006° from the first centre.
    #[test]
    fn pixel_is_point_is_shifted_by_half_a_pixel() {
        let Some(path) = data("geodesy/fr_ign_RAMART2016.tif") else { return };
        let file = GeoTiff::open(path).unwrap();
        let spec = file.spec();
        let (x, y) = spec.centre(0, 0);
        assert!((spec.west + 61.303).abs() < 1e-9 && (spec.north - 15.003).abs() < 1e-9);
        let tiepoint = file.file.metadata().tiepoints[0];
        assert!((x - tiepoint[3]).abs() < 1e-9 && (y - tiepoint[4]).abs() < 1e-9);
        let range = file.read_band(0).unwrap().range().unwrap();
        assert!(range.0 > -50.0 && range.1 < -20.0, "{range:?}");
    }

    fn read_all(bytes: &[u8]) -> Result<()> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let opened = GeoTiff::open(file.path())?;
        let rows = opened.spec().rows.min(64);
        let columns = opened.spec().columns.min(64);
        for band in 0..opened.bands().min(3) {
            opened.read_window(band, 0..rows, 0..columns)?;
        }
        Ok(())
    }

    /// An uncompressed one-strip image, smallest of its kind: 3 × 2 samples of 16 bits.
    fn strip() -> Vec<u8> {
        let entries: [(u16, u16, u32, u32); 11] = [
            (256, 3, 1, 3),
            (257, 3, 1, 2),
            (258, 3, 1, 16),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (273, 4, 1, 200),
            (277, 3, 1, 1),
            (278, 3, 1, 2),
            (279, 4, 1, 12),
            (33550, 12, 3, 212),
            (33922, 12, 6, 236),
        ];
        let mut bytes = b"II*\0\x08\0\0\0\x0b\0".to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.resize(200, 0);
        bytes.extend([1u16, 2, 3, 4, 5, 6].into_iter().flat_map(u16::to_le_bytes));
        let doubles = [2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 10.0, 20.0, 0.0];
        bytes.extend(doubles.into_iter().flat_map(f64::to_le_bytes));
        bytes
    }

    #[test]
    fn scale_and_offset_of_gdal_are_applied_and_damaged_ones_told() {
        let with = |xml: &str| {
            let mut bytes = strip();
            // The metadata take the place of the rows per strip, which a single strip does not need.
            let entry = 10 + 7 * 12;
            let place = bytes.len() as u32;
            let last = 10 + 10 * 12;
            bytes.copy_within(entry + 12..last + 12, entry);
            let metadata = [&42112u16.to_le_bytes()[..], &2u16.to_le_bytes()].concat();
            let rest = [(xml.len() as u32 + 1).to_le_bytes(), place.to_le_bytes()].concat();
            bytes[last..last + 12].copy_from_slice(&[metadata, rest].concat());
            bytes.extend(xml.bytes().chain([0]));
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            GeoTiff::open(file.path()).and_then(|tiff| tiff.read_band(0)).map(|grid| grid.values)
        };
        let item = |role: &str, value: &str| {
            format!("<Item name=\"X\" sample=\"0\" role=\"{role}\">{value}</Item>")
        };
        let metadata = |items: &str| format!("<GDALMetadata>{items}</GDALMetadata>");
        let both = metadata(&(item("scale", "0.5") + &item("offset", "-1")));
        assert_eq!(with(&both).unwrap(), [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(with(&metadata("<Item name=\"A\">x</Item>")).unwrap()[1], 2.0);
        for wrong in ["dix", "inf"] {
            assert!(with(&metadata(&item("scale", wrong))).is_err());
        }
        assert!(with("<GDALMetadata>").is_err());
    }

    #[test]
    fn a_strip_of_integers_is_read_and_a_forged_size_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), strip()).unwrap();
        let opened = GeoTiff::open(file.path()).unwrap();
        assert_eq!((opened.sample_type(), opened.crs()), (SampleType::U16, None));
        let spec = GridSpec { west: 10.0, north: 20.0, cell_size: 2.0, columns: 3, rows: 2 };
        let grid = opened.read_band(0).unwrap();
        assert_eq!((grid.spec, grid.values), (spec, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));

        let mut forged = strip();
        forged[10 + 8..10 + 12].copy_from_slice(&60_000u32.to_le_bytes());
        forged[22 + 8..22 + 12].copy_from_slice(&60_000u32.to_le_bytes());
        assert!(read_all(&forged).is_err());
        let mut oblong = strip();
        oblong[212 + 8..212 + 16].copy_from_slice(&3.0f64.to_le_bytes());
        assert_eq!(read_all(&oblong).unwrap_err().code(), "file.unsupported");
        assert_eq!(read_all(b"").unwrap_err().code(), "file.empty");
        assert_eq!(read_all(b"ncols 3\nnrows 2\n").unwrap_err().code(), "file.format");
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(
            compressed in any::<bool>(),
            cut in prop_oneof![3 => Just(1.0), 1 => 0.0..1.0f64],
            changes in proptest::collection::vec((0.0..1.0f64, any::<u8>()), 0..8),
        ) {
            let mut bytes = if compressed { tiles() } else { strip() };
            // Most changes go to the directories, where they hurt.
            let reach = bytes.len().min(900) as f64;
            for (at, byte) in changes {
                bytes[(at * reach) as usize] = byte;
            }
            bytes.truncate((cut * bytes.len() as f64) as usize);
            let _ = read_all(&bytes);
        }
    }

    /// A small COG with an overview.
    fn tiles() -> Vec<u8> {
        use crate::formats::{CogOptions, write_cog};
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let make = || {
            let spec = GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns: 2, rows: 600 };
            let file = tempfile::NamedTempFile::new().unwrap();
            let grid = Grid::from_fn(spec, |r, c| (r * c) as f32);
            write_cog(file.path(), &grid, Crs::LAMBERT_93, &CogOptions::default()).unwrap();
            std::fs::read(file.path()).unwrap()
        };
        BYTES.get_or_init(make).clone()
    }
}
