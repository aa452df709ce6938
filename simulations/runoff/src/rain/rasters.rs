//! Rain that differs from place to place, from rasters, one for each period, or from a netCDF file: radar
//! images, interpolated gauges, analyses.

use std::ops::Range;
use std::path::{Path, PathBuf};

use twin_core::formats::cf::GridSeries;
use twin_core::simulation::Unit;
use twin_core::spatial::{Crs, Grid, GridSpec};
use twin_core::{Error, Language, Result};

use super::{Hyetograph, RainField, Stretch};
use crate::raster::{Pixels, Raster};

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
    let Some((_, first)) = rasters.first() else { return Err(too_few("rain.rasters")) };
    let begin = Raster::open(first)?;
    let pixels = Pixels::new((&begin.spec, begin.crs), spec, crs)?;
    let frames = Frames {
        name: first.display().to_string(),
        times_s: rasters.iter().map(|r| r.0).collect(),
        values,
        to_si: match values {
            RasterValues::Depth => 1e-3,
            RasterValues::Intensity => 1e-3 / 3600.0,
        },
    };
    frames.field(pixels, |index, window| {
        let path = &rasters[index].1;
        let raster = Raster::open(path)?;
        if raster.spec != begin.spec || raster.crs != begin.crs {
            return Err(Error::input(
                path.display().to_string(),
                "d'autres pixels que le premier raster de pluie ; les mettre sur une même grille",
                "other pixels than the first raster of rain; bring them onto one grid",
            ));
        }
        Ok((path.display().to_string(), raster.read(window)?))
    })
}

/// Reads the rain of a run grid from a variable over time of a netCDF file; times count from the scenario's
/// start. Whether it holds depths or intensities follows from its unit.
///
/// # Errors
/// Less than two times; a file that cannot be read or does not cover the run grid; a unit that is no depth
/// and no intensity; a negative or absurd value or none within the run grid.
pub fn read_series(
    path: &Path,
    variable: &str,
    start: jiff::Timestamp,
    spec: &GridSpec,
    crs: Crs,
) -> Result<RainField> {
    let file = GridSeries::open(path, variable)?;
    let name = format!("{} [{variable}]", path.display());
    let unit = file.unit().unwrap_or_default();
    let (values, to_si) = meaning(unit).ok_or_else(|| {
        Error::input(
            &name,
            format!("l'unité « {unit} » n'est ni une hauteur ni une intensité de pluie ; attendu : mm, kg m-2, mm h-1, kg m-2 s-1 …"),
            format!("the unit \"{unit}\" is neither a depth nor an intensity of rain; expected: mm, kg m-2, mm h-1, kg m-2 s-1 …"),
        )
    })?;
    let pixels = Pixels::new((file.spec(), file.crs()), spec, crs)?;
    let since = |time: &jiff::Timestamp| time.duration_since(start).as_secs_f64();
    let times_s = file.times().iter().map(since).collect();
    let frames = Frames { name: name.clone(), times_s, values, to_si };
    frames.field(pixels, |index, [rows, columns]| {
        let frame = file.read_window(index, rows.clone(), columns.clone())?;
        Ok((format!("{name}, {}", file.times()[index]), frame))
    })
}

/// What a unit of rain stands for, with its factor to m or m/s.
fn meaning(unit: &str) -> Option<(RasterValues, f64)> {
    // A kilogram of water on a square metre is a millimetre.
    let known = [
        ("m", RasterValues::Depth, 1.0),
        ("kg m-2", RasterValues::Depth, 1e-3),
        ("m s-1", RasterValues::Intensity, 1.0),
        ("kg m-2 s-1", RasterValues::Intensity, 1e-3),
    ];
    let unit = Unit::parse(unit)?;
    known.into_iter().find_map(|(base, values, to_si)| {
        Some((values, unit.convert(1.0, &Unit::parse(base)?)? * to_si))
    })
}

/// Rain by time and pixel.
struct Frames {
    name: String,
    times_s: Vec<f64>,
    values: RasterValues,
    /// Factor of the values to m or m/s.
    to_si: f64,
}

impl Frames {
    /// The rain of every cell; `read` gives the name and the values of a frame in a window.
    fn field(
        &self,
        pixels: Pixels,
        read: impl Fn(usize, &[Range<usize>; 2]) -> Result<(String, Grid<f32>)>,
    ) -> Result<RainField> {
        let [first_s, second_s, ..] = self.times_s[..] else { return Err(too_few(&self.name)) };
        let pixels = pixels.whole().ok_or_else(|| outside(&self.name))?;
        let period = second_s - first_s;
        let gap = self.times_s.windows(2).find(|w| ((w[1] - w[0]) / period - 1.0).abs() > 0.5);
        if let Some(gap) = gap {
            let n = |l: Language, s: f64| l.number(s / 3600.0, 2);
            let [from, to] = [gap[0], gap[1]];
            return Err(Error::input(
                &self.name,
                format!(
                    "pas de pluie connue entre {} et {} h du scénario ; donner un pas constant, des zéros s'il ne pleut pas",
                    n(Language::Fr, from),
                    n(Language::Fr, to)
                ),
                format!(
                    "no rain known between {} and {} h of the scenario; give an even step, zeros where there is none",
                    n(Language::En, from),
                    n(Language::En, to)
                ),
            ));
        }
        // Times of the ends of all periods but the first, with that of the first before them.
        let mut bounds = self.times_s.clone();
        match self.values {
            RasterValues::Depth => bounds.insert(0, 2.0 * first_s - second_s),
            RasterValues::Intensity => {
                let last = bounds.len() - 1;
                bounds.push(2.0 * bounds[last] - bounds[last - 1]);
            }
        }
        let mut stretches: Vec<Vec<Stretch>> = vec![Vec::new(); pixels.pixels.len()];
        for (index, period) in bounds.windows(2).enumerate() {
            let (name, window) = read(index, &pixels.window)?;
            let length_s = period[1] - period[0];
            for (pixel, stretches) in pixels.pixels.iter().zip(&mut stretches) {
                let value = self.to_si * f64::from(window.values[*pixel]);
                let depth_m = match self.values {
                    RasterValues::Depth => value,
                    RasterValues::Intensity => value * length_s,
                };
                stretches.push(sound(depth_m, period, &name)?);
            }
        }
        let places = stretches.into_iter().map(Hyetograph::new).collect::<Result<_>>()?;
        let of_cell = pixels.into_positions();
        RainField::of_cells(places, of_cell).ok_or_else(|| outside(&self.name))
    }
}

fn too_few(place: &str) -> Error {
    Error::input(
        place,
        "il faut au moins deux temps, dont l'écart donne la période",
        "at least two times are needed, whose distance gives the period",
    )
}

/// Refuses values that are no rain.
fn sound(depth_m: f64, period: &[f64], name: &str) -> Result<Stretch> {
    if depth_m.is_finite() && depth_m >= 0.0 {
        return Ok(Stretch::of_depth(period[0], period[1], depth_m));
    }
    let told = |l: Language| match depth_m.is_nan() {
        true => l.pick("valeur absente", "value missing").to_owned(),
        false => l.number(1e3 * depth_m, 2),
    };
    Err(Error::input(
        name,
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

fn outside(name: &str) -> Error {
    Error::input(
        name,
        "ne couvre pas toute l'emprise du calcul ; vérifier son emprise et son système de coordonnées",
        "does not cover the whole run grid; check its extent and reference system",
    )
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
