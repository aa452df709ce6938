//! Rain from rasters, one for each period: radar images, interpolated gauges.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use twin_core::formats::{GeoTiff, read_ascii_grid};
use twin_core::spatial::{Crs, Extent, Grid, GridSpec, Transformer};
use twin_core::{Error, Language, Result};

use super::{Hyetograph, RainField, Stretch};

/// What the rasters hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RasterValues {
    /// mm of the period that ends at the time.
    Depth,
    /// mm/h from the time to the next.
    Intensity,
}

/// Reads the rain of a run grid from rasters by time, s after the scenario's start. All have the same
/// pixels; a cell takes the pixel that holds its centre, whatever the reference system of the rasters, and
/// files without one are in that of the territory.
///
/// # Errors
/// Less than two rasters; one that cannot be read, has other pixels than the first, does not cover the run
/// grid, or holds a negative or absurd value or none within the run grid.
pub fn read_rasters(
    rasters: &[(f64, PathBuf)],
    values: RasterValues,
    spec: &GridSpec,
    crs: Crs,
) -> Result<RainField> {
    let [(first_s, first), (second_s, _), ..] = rasters else {
        return Err(Error::input(
            "rain.rasters",
            "il faut au moins deux rasters, dont l'écart donne la période",
            "at least two rasters are needed, whose distance gives the period",
        ));
    };
    let begin = Raster::open(first)?;
    let pixel_of = Pixels::new(&begin, spec, crs, first)?;
    // Times of the ends of all periods but the first, with that of the first before them.
    let mut bounds: Vec<f64> = rasters.iter().map(|r| r.0).collect();
    match values {
        RasterValues::Depth => bounds.insert(0, 2.0 * first_s - second_s),
        RasterValues::Intensity => {
            let last = bounds.len() - 1;
            bounds.push(2.0 * bounds[last] - bounds[last - 1]);
        }
    }
    let mut stretches: Vec<Vec<Stretch>> = vec![Vec::new(); pixel_of.pixels.len()];
    for ((_, path), period) in rasters.iter().zip(bounds.windows(2)) {
        let raster = Raster::open(path)?;
        if raster.spec != begin.spec || raster.crs != begin.crs {
            return Err(Error::input(
                path.display().to_string(),
                "d'autres pixels que le premier raster de pluie ; les mettre sur une même grille",
                "other pixels than the first raster of rain; bring them onto one grid",
            ));
        }
        let window = raster.read(&pixel_of.window)?;
        let length_s = period[1] - period[0];
        for (pixel, stretches) in pixel_of.pixels.iter().zip(&mut stretches) {
            let value = f64::from(window.values[*pixel]);
            let depth_m = match values {
                RasterValues::Depth => 1e-3 * value,
                RasterValues::Intensity => 1e-3 * value * length_s / 3600.0,
            };
            stretches.push(sound(depth_m, period, path)?);
        }
    }
    let places = stretches.into_iter().map(Hyetograph::new).collect::<Result<_>>()?;
    RainField::of_cells(places, pixel_of.of_cell).ok_or_else(|| outside(first))
}

/// Refuses values that are no rain.
fn sound(depth_m: f64, period: &[f64], path: &Path) -> Result<Stretch> {
    if depth_m.is_finite() && depth_m >= 0.0 {
        return Ok(Stretch::of_depth(period[0], period[1], depth_m));
    }
    let told = |l: Language| match depth_m.is_nan() {
        true => l.pick("valeur absente", "value missing").to_owned(),
        false => l.number(1e3 * depth_m, 2),
    };
    Err(Error::input(
        path.display().to_string(),
        format!(
            "{} dans l'emprise du calcul ; la pluie doit y être connue et positive",
            told(Language::Fr)
        ),
        format!(
            "{} within the run grid; rain must be known there and not negative",
            told(Language::En)
        ),
    ))
}

fn outside(path: &Path) -> Error {
    Error::input(
        path.display().to_string(),
        "ne couvre pas toute l'emprise du calcul ; vérifier son emprise et son système de coordonnées",
        "does not cover the whole run grid; check its extent and reference system",
    )
}

/// A GeoTIFF or an ESRI ASCII grid.
struct Raster {
    spec: GridSpec,
    crs: Option<Crs>,
    source: Source,
}

enum Source {
    Tiff(Box<GeoTiff>),
    Whole(Grid<f32>),
}

impl Raster {
    fn open(path: &Path) -> Result<Self> {
        let is_ascii = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("asc"));
        if is_ascii {
            let grid = read_ascii_grid(path)?;
            return Ok(Self { spec: grid.spec, crs: None, source: Source::Whole(grid) });
        }
        let tiff = GeoTiff::open(path)?;
        if tiff.bands() != 1 {
            let bands = tiff.bands();
            return Err(Error::input(
                path.display().to_string(),
                format!("{bands} bandes ; donner un raster d'une seule bande par période"),
                format!("{bands} bands; give a raster of one band for each period"),
            ));
        }
        Ok(Self { spec: *tiff.spec(), crs: tiff.crs(), source: Source::Tiff(Box::new(tiff)) })
    }

    fn read(&self, [rows, columns]: &[std::ops::Range<usize>; 2]) -> Result<Grid<f32>> {
        match &self.source {
            Source::Tiff(tiff) => tiff.read_window(0, rows.clone(), columns.clone()),
            Source::Whole(grid) => Ok(grid.crop(rows.clone(), columns.clone())),
        }
    }
}

/// Which pixels rain on the cells of a run grid.
struct Pixels {
    /// Rows and columns of the raster that hold them all.
    window: [std::ops::Range<usize>; 2],
    /// The pixels that any cell takes, as positions in the window.
    pixels: Vec<usize>,
    /// By cell a position in `pixels`.
    of_cell: Vec<u32>,
}

impl Pixels {
    fn new(raster: &Raster, spec: &GridSpec, crs: Crs, path: &Path) -> Result<Self> {
        let to_raster = raster.crs.filter(|of| *of != crs);
        let to_raster = to_raster.map(|of| Transformer::new(crs, of)).transpose()?;
        let position = |cell: usize| {
            let (row, column) = spec.row_column(cell);
            let (x, y) = spec.centre(row, column);
            to_raster.as_ref().map_or((x, y), |t| t.point(x, y))
        };
        let centres: Vec<(f64, f64)> = (0..spec.len()).map(position).collect();
        let around = Extent::of_points(centres.iter().copied()).ok_or_else(|| outside(path))?;
        let (rows, columns) = raster.spec.window(&around.buffered(raster.spec.cell_size));
        if rows.is_empty() || columns.is_empty() {
            return Err(outside(path));
        }
        let window = raster.spec.crop(&rows, &columns);
        let mut number: BTreeMap<usize, u32> = BTreeMap::new();
        let mut pixels = Vec::new();
        let mut of_cell = Vec::with_capacity(centres.len());
        for (x, y) in centres {
            let (row, column) = window.cell_at(x, y).ok_or_else(|| outside(path))?;
            let pixel = window.index(row, column);
            of_cell.push(*number.entry(pixel).or_insert_with(|| {
                pixels.push(pixel);
                pixels.len() as u32 - 1
            }));
        }
        Ok(Self { window: [rows, columns], pixels, of_cell })
    }
}

#[cfg(test)]
mod tests {
    use twin_core::formats::write_ascii_grid;

    use super::*;

    const RUN: GridSpec =
        GridSpec { west: 700_000.0, north: 6_600_100.0, cell_size: 10.0, columns: 20, rows: 10 };

    /// Rasters of 2 × 1 pixels of 100 m whose values are those given.
    fn rasters(folder: &Path, values: &[[f32; 2]]) -> Vec<(f64, PathBuf)> {
        let spec = GridSpec { cell_size: 100.0, columns: 2, rows: 1, ..RUN };
        let write = |(k, values): (usize, &[f32; 2])| {
            let path = folder.join(format!("{k}.asc"));
            write_ascii_grid(&path, &Grid { spec, values: values.to_vec() }).unwrap();
            (300.0 * (k + 1) as f64, path)
        };
        values.iter().enumerate().map(write).collect()
    }

    fn read(values: &[[f32; 2]], kind: RasterValues) -> Result<RainField> {
        let folder = tempfile::tempdir().unwrap();
        let crs = Crs::try_from("EPSG:2154".to_owned()).unwrap();
        read_rasters(&rasters(folder.path(), values), kind, &RUN, crs)
    }

    #[test]
    fn each_half_has_the_rain_of_its_pixel() {
        let rain = read(&[[1.0, 4.0], [2.0, 0.0]], RasterValues::Depth).unwrap();
        let west = &rain.places()[rain.place(0)];
        let east = &rain.places()[rain.place(19)];
        assert!((west.depth_m(0.0, 300.0) - 1e-3).abs() < 1e-12);
        assert!((west.total_m() - 3e-3).abs() < 1e-12);
        assert!((east.depth_m(0.0, 300.0) - 4e-3).abs() < 1e-12);
        assert!((rain.mean_depth_m(0.0, 600.0) - 3.5e-3).abs() < 1e-12);
        let rates = read(&[[12.0, 0.0], [24.0, 0.0]], RasterValues::Intensity).unwrap();
        let west = &rates.places()[rates.place(0)];
        assert!((west.depth_m(300.0, 600.0) - 1e-3).abs() < 1e-9);
        assert!((west.depth_m(600.0, 900.0) - 2e-3).abs() < 1e-9);
    }

    #[test]
    fn holes_negative_rain_and_single_rasters_are_told() {
        for values in [vec![[1.0, f32::NAN], [1.0, 1.0]], vec![[1.0, -1.0], [1.0, 1.0]]] {
            let said = read(&values, RasterValues::Depth).unwrap_err().text(Language::En);
            assert!(said.contains("0.asc") && said.contains("within the run grid"), "{said}");
        }
        assert!(read(&[[1.0, 1.0]], RasterValues::Depth).is_err());
    }
}
