//! Rasters, netCDF and Serafin files → maxima on the run grid.

use std::path::Path;

use twin_core::formats::cf::GridSeries;
use twin_core::formats::{GeoTiff, Serafin, read_ascii_grid};
use twin_core::simulation::RunContext;
use twin_core::spatial::{Crs, Grid, GridSpec};
use twin_core::territory::{Aggregation, TerritoryView};
use twin_core::{Error, Result};

use crate::parameters::{Parameters, place};

/// Names that TELEMAC gives its variables, in French and in English.
const DEPTHS: [&str; 2] = ["HAUTEUR D'EAU", "WATER DEPTH"];
const LEVELS: [&str; 2] = ["SURFACE LIBRE", "FREE SURFACE"];
const SPEEDS_X: [&str; 2] = ["VITESSE U", "VELOCITY U"];
const SPEEDS_Y: [&str; 2] = ["VITESSE V", "VELOCITY V"];

/// Deeper water in the median of its cells is no flood, m.
const DEEPEST_MEDIAN_M: f32 = 15.0;
/// Largest distance in the median between the bed of a result and the terrain, m: beds are carved.
const FARTHEST_FROM_TERRAIN_M: f32 = 3.0;

/// Largest values over time on the run grid. Dry is depth 0 and no level; outside the result all is `NaN`.
pub(crate) struct Maxima {
    pub(crate) depth: Grid<f32>,
    pub(crate) level: Grid<f32>,
    pub(crate) speed: Option<Grid<f32>>,
    pub(crate) terrain: Grid<f32>,
}

pub(crate) fn maxima(
    view: &TerritoryView,
    parameters: &Parameters,
    context: &RunContext,
) -> Result<Maxima> {
    let spec = *view.spec();
    let terrain = view.terrain(Aggregation::Mean)?;
    let (depth, level, speed) = match &parameters.serafin {
        Some(path) => of_mesh(Path::new(path), spec, context)?,
        None => {
            let names = &parameters.variables;
            let read = |path: &Option<String>, name: &str, key: &str| {
                let source = path.as_ref().map(|path| Source { path: Path::new(path), name, key });
                source.map(|source| source.on(view, context)).transpose()
            };
            (
                read(&parameters.depth, &names.water_depth, "depth")?,
                read(&parameters.level, &names.water_level, "level")?,
                read(&parameters.velocity, &names.flow_speed, "velocity")?,
            )
        }
    };
    let offset = match &level {
        Some(_) => parameters.datum_offset(view.territory().vertical_datum())? as f32,
        None => 0.0,
    };
    let level = level.map(|level| level.map(|z| z + offset));
    let with = |of: &dyn Fn(usize) -> f32| Grid { spec, values: (0..spec.len()).map(of).collect() };
    let depth = match (depth, &level) {
        (Some(depth), _) => depth,
        (None, Some(level)) => with(&|c| match level.values[c] - terrain.values[c] {
            above if above > 0.0 => above,
            above if above.is_nan() && terrain.values[c].is_nan() => f32::NAN,
            _ => 0.0,
        }),
        (None, None) => Grid::filled(spec, f32::NAN),
    };
    let is_wet = |c: usize| depth.values[c] > 0.0;
    let level = with(&|c| match &level {
        _ if !is_wet(c) => f32::NAN,
        Some(level) => level.values[c],
        None => terrain.values[c] + depth.values[c],
    });
    let speed = speed.map(|speed| with(&|c| if is_wet(c) { speed.values[c] } else { f32::NAN }));
    if !depth.values.iter().any(|d| *d > 0.0) {
        return Err(Error::input(
            place("depth"),
            "ce résultat n'a pas d'eau sur la grille de calcul ; vérifier son système de coordonnées, son emprise et ses unités",
            "this result has no water on the run grid; check its reference system, its extent and its units",
        ));
    }
    check_plausible(&depth, &level, &terrain)?;
    Ok(Maxima { depth, level, speed, terrain })
}

/// Refuses a level given as a depth, and a level that contradicts depth and terrain.
fn check_plausible(depth: &Grid<f32>, level: &Grid<f32>, terrain: &Grid<f32>) -> Result<()> {
    let median = |values: Vec<f32>| {
        let mut values: Vec<f32> = values.into_iter().filter(|v| v.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    };
    let depth_m = median(depth.values.iter().copied().filter(|d| *d > 0.0).collect());
    if depth_m > DEEPEST_MEDIAN_M {
        return Err(Error::input(
            place("depth"),
            format!(
                "{depth_m:.1} m d'eau en médiane : c'est sans doute un niveau ; le donner comme level"
            ),
            format!("{depth_m:.1} m of water in the median: a level, no doubt; give it as level"),
        ));
    }
    let apart =
        (0..depth.values.len()).map(|c| level.values[c] - depth.values[c] - terrain.values[c]);
    let apart_m = median(apart.collect());
    if apart_m.abs() > FARTHEST_FROM_TERRAIN_M {
        return Err(Error::input(
            place("level"),
            format!(
                "le niveau moins la hauteur est à {apart_m:.1} m du terrain en médiane ; vérifier datum, offset_m et les deux fichiers"
            ),
            format!(
                "level less depth lies {apart_m:.1} m off the terrain in the median; check datum, offset_m and both files"
            ),
        ));
    }
    Ok(())
}

/// A raster or netCDF file.
struct Source<'a> {
    path: &'a Path,
    /// Variable of a netCDF file.
    name: &'a str,
    /// Key of the parameter.
    key: &'a str,
}

impl Source<'_> {
    /// The largest values on the run grid, each of the nearest cell; a cell of the file without value is 0.
    fn on(&self, view: &TerritoryView, context: &RunContext) -> Result<Grid<f32>> {
        let spec = *view.spec();
        let crs = view.territory().crs();
        let extension =
            self.path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
        let grid = match extension.as_str() {
            "tif" | "tiff" => {
                let tiff = GeoTiff::open(self.path)?;
                self.check_crs(tiff.crs(), crs)?;
                let source = *tiff.spec();
                let (rows, columns) = source.window(&spec.extent().buffered(source.cell_size));
                self.check_overlap(rows.is_empty() || columns.is_empty())?;
                tiff.read_window(0, rows, columns)?
            }
            "asc" | "txt" => read_ascii_grid(self.path)?,
            "nc" | "nc4" | "h5" => self.largest(&spec, crs, context)?,
            _ => {
                return Err(Error::input(
                    format!("{} [{}]", self.path.display(), place(self.key)),
                    "donner un GeoTIFF (.tif), une grille ASCII (.asc) ou un netCDF-4 (.nc)",
                    "give a GeoTIFF (.tif), an ASCII grid (.asc) or a netCDF-4 file (.nc)",
                ));
            }
        };
        let value = |row, column| {
            let (x, y) = spec.centre(row, column);
            match grid.at(x, y) {
                // Programs write no value where there is no water.
                Some(v) if v.is_nan() => 0.0,
                Some(v) => *v,
                None => f32::NAN,
            }
        };
        Ok(Grid::from_fn(spec, value))
    }

    /// The largest values of a netCDF file over its times.
    fn largest(&self, spec: &GridSpec, crs: Crs, context: &RunContext) -> Result<Grid<f32>> {
        let series = GridSeries::open(self.path, self.name)?;
        self.check_crs(series.crs(), crs)?;
        let source = *series.spec();
        let (rows, columns) = source.window(&spec.extent().buffered(source.cell_size));
        self.check_overlap(rows.is_empty() || columns.is_empty())?;
        let mut largest: Option<Grid<f32>> = None;
        for frame in 0..series.times().len() {
            context.check_cancelled()?;
            let values = series.read_window(frame, rows.clone(), columns.clone())?;
            largest = Some(match largest {
                None => values,
                Some(mut known) => {
                    let pairs = known.values.iter_mut().zip(&values.values);
                    pairs.for_each(|(known, value)| *known = known.max(*value));
                    known
                }
            });
        }
        let empty = GridSpec { columns: 0, rows: 0, ..source };
        Ok(largest.unwrap_or(Grid { spec: empty, values: Vec::new() }))
    }

    fn check_crs(&self, found: Option<Crs>, wanted: Crs) -> Result<()> {
        let Some(found) = found.filter(|found| *found != wanted) else { return Ok(()) };
        let (found, wanted) = (String::from(found), String::from(wanted));
        Err(Error::input(
            self.path.display().to_string(),
            format!("raster en {found} alors que le territoire est en {wanted} ; le reprojeter"),
            format!("the raster is in {found} but the territory in {wanted}; reproject it"),
        ))
    }

    fn check_overlap(&self, is_beside: bool) -> Result<()> {
        if !is_beside {
            return Ok(());
        }
        Err(Error::input(
            self.path.display().to_string(),
            "ce résultat est hors de la grille de calcul ; vérifier son système de coordonnées",
            "this result lies outside the run grid; check its reference system",
        ))
    }
}

type Fields = (Option<Grid<f32>>, Option<Grid<f32>>, Option<Grid<f32>>);

/// The largest values of a mesh over its times.
fn of_mesh(path: &Path, spec: GridSpec, context: &RunContext) -> Result<Fields> {
    let mut file = Serafin::open(path)?;
    let named = |file: &Serafin, names: [&str; 2]| {
        let known = |n: &&String| names.iter().any(|name| n.eq_ignore_ascii_case(name));
        file.names().iter().find(known).cloned()
    };
    let (depth, level) = (named(&file, DEPTHS), named(&file, LEVELS));
    let speeds = named(&file, SPEEDS_X).zip(named(&file, SPEEDS_Y));
    let depth = depth.ok_or_else(|| {
        let known = file.names().join(", ");
        Error::input(
            path.display().to_string(),
            format!("pas de variable HAUTEUR D'EAU ; variables : {known}"),
            format!("no variable WATER DEPTH; variables: {known}"),
        )
    })?;
    let nodes = file.nodes().len();
    let mut largest = [vec![0.0f64; nodes], vec![f64::NEG_INFINITY; nodes], vec![0.0f64; nodes]];
    for frame in 0..file.times().len() {
        context.check_cancelled()?;
        let depths = file.read(&depth, frame)?;
        let levels = level.as_ref().map(|name| file.read(name, frame)).transpose()?;
        let flow = match &speeds {
            Some((u, v)) => Some((file.read(u, frame)?, file.read(v, frame)?)),
            None => None,
        };
        for node in 0..nodes {
            largest[0][node] = largest[0][node].max(depths[node]);
            if let Some(levels) = &levels {
                largest[1][node] = largest[1][node].max(levels[node]);
            }
            if let Some((u, v)) = &flow {
                largest[2][node] = largest[2][node].max(u[node].hypot(v[node]));
            }
        }
    }
    let on = |values: &[f64]| file.on_grid(values, spec);
    Ok((Some(on(&largest[0])), level.map(|_| on(&largest[1])), speeds.map(|_| on(&largest[2]))))
}
