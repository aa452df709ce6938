//! A territory as a plugin sees it: on the run grid, with the edits of all measures made.
//!
//! The run grid is independent of the territory grid. A run cell takes the territory cells whose
//! centres lie inside it: their mean for the bed, their maximum for crests, their majority for
//! land cover. Where a run cell holds no centre (a finer run grid) the terrain is bilinear and
//! categories are those of the nearest cell.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::crest_lines::crest_lines;
use super::edit::edited_features;
use super::{
    BasinOutlet, CulvertLaid, Edit, Features, GreenRoof, LandCover, LineStructure, PlanningRules,
    RasterOperation, ShadeSail, SurfaceProperties, Territory,
};
use crate::formats::FeatureTable;
use crate::language::Text;
use crate::spatial::{Geometry, Grid, GridSpec, Polygon, cells_under, cells_within};
use crate::{Error, Result};

/// A read-only territory on a run grid.
#[derive(Debug)]
pub struct TerritoryView {
    territory: Arc<Territory>,
    spec: GridSpec,
    edits: Vec<Edit>,
    features: Features,
    structures: Vec<LineStructure>,
    study_area: Option<Vec<Polygon>>,
    grids: BTreeMap<String, Grid<f32>>,
    tables: BTreeMap<String, FeatureTable>,
    notices: Vec<Text>,
}

/// Rows of the territory that are read at once.
const STRIP_ROWS: f64 = 512.0;

/// How the territory cells inside a run cell become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Mean of the cells with a value.
    Mean,
    /// Largest value.
    Maximum,
    /// Most frequent value, the smallest of equals.
    Majority,
}

impl TerritoryView {
    /// A view on the cells of `spec` with `edits` made in order.
    pub fn new(territory: Arc<Territory>, spec: GridSpec, edits: Vec<Edit>) -> Result<Self> {
        let features = edited_features(territory.folder(), territory.features(), &edits)?;
        let structures = structures(&edits)?;
        Ok(Self {
            territory,
            spec,
            edits,
            features,
            structures,
            study_area: None,
            grids: BTreeMap::new(),
            tables: BTreeMap::new(),
            notices: Vec::new(),
        })
    }

    /// With the polygons inside which indicators count.
    pub fn with_study_area(mut self, area: Vec<Polygon>) -> Self {
        self.study_area = Some(area);
        self
    }

    /// With an extra named grid, already on the run grid.
    pub fn with_grid(mut self, name: impl Into<String>, grid: Grid<f32>) -> Self {
        self.grids.insert(name.into(), grid);
        self
    }

    /// With an extra named table.
    pub fn with_table(mut self, name: impl Into<String>, table: FeatureTable) -> Self {
        self.tables.insert(name.into(), table);
        self
    }

    /// With what readers of its results must know of the view: a measure beside the run grid, an extent cut.
    pub fn with_notices(mut self, notices: Vec<Text>) -> Self {
        self.notices = notices;
        self
    }

    /// What readers of its results must know of the view.
    pub fn notices(&self) -> &[Text] {
        &self.notices
    }

    /// The same without the edits of any measure.
    pub fn without_edits(&self) -> Result<Self> {
        let mut view = Self::new(self.territory.clone(), self.spec, Vec::new())?;
        view.study_area.clone_from(&self.study_area);
        view.grids.clone_from(&self.grids);
        view.tables.clone_from(&self.tables);
        Ok(view)
    }

    /// Whether any measure changes the territory.
    pub fn is_edited(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Bands and properties of the territory that measures change.
    pub fn edited_bands(&self) -> BTreeSet<&str> {
        let bands = self.edits.iter().filter_map(|edit| match edit {
            Edit::Raster { band, .. } | Edit::Raised { band, .. } => Some(band.as_str()),
            _ => None,
        });
        bands.collect()
    }

    /// The territory without edits.
    pub fn territory(&self) -> &Territory {
        &self.territory
    }

    /// The run grid.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// Features with the edits made.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// Levees, walls and embankments that measures make, by name.
    pub fn structures(&self) -> &[LineStructure] {
        &self.structures
    }

    /// Culverts that measures lay.
    pub fn culverts(&self) -> impl Iterator<Item = &CulvertLaid> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::Culvert(culvert) => Some(culvert),
            _ => None,
        })
    }

    /// Outlets of basins that measures make.
    pub fn basin_outlets(&self) -> impl Iterator<Item = &BasinOutlet> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::Outlet(outlet) => Some(outlet),
            _ => None,
        })
    }

    /// Roofs that measures make hold rain back.
    pub fn green_roofs(&self) -> impl Iterator<Item = &GreenRoof> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::GreenRoof(roof) => Some(roof),
            _ => None,
        })
    }

    /// Sails that measures hang over people.
    pub fn shade_sails(&self) -> impl Iterator<Item = &ShadeSail> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::ShadeSail(sail) => Some(sail),
            _ => None,
        })
    }

    /// Planning rules that measures put in the place of others.
    pub fn planning_rules(&self) -> impl Iterator<Item = &PlanningRules> {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::PlanningRules(rules) => Some(rules),
            _ => None,
        })
    }

    /// Crests of the dykes, embankments and walls of the territory that the run grid is too coarse to
    /// hold, one structure a kind, with what measures do to the terrain done to them.
    ///
    /// # Errors
    /// The territory cannot be read.
    pub fn crest_lines(&self) -> Result<Vec<LineStructure>> {
        crest_lines(&self.territory, &self.features, &self.spec, &self.edits)
    }

    /// Extra named grid of the scenario's `[inputs]`, on the run grid.
    pub fn grid(&self, name: &str) -> Option<&Grid<f32>> {
        self.grids.get(name)
    }

    /// Extra named table of the scenario's `[inputs]`.
    pub fn table(&self, name: &str) -> Option<&FeatureTable> {
        self.tables.get(name)
    }

    /// Polygons inside which indicators count; `None` for the whole grid.
    pub fn study_area(&self) -> Option<&[Polygon]> {
        self.study_area.as_deref()
    }

    /// Whether each cell lies inside the study area.
    pub fn study_mask(&self) -> Grid<bool> {
        match &self.study_area {
            None => Grid::filled(self.spec, true),
            Some(area) => {
                let mut mask = Grid::filled(self.spec, false);
                cells_within(&self.spec, area, |row, column| mask[(row, column)] = true);
                mask
            }
        }
    }

    /// Bare-earth terrain in the vertical datum, metres; `NaN` where there is none.
    pub fn terrain(&self, aggregation: Aggregation) -> Result<Grid<f32>> {
        self.band("dtm", aggregation)
    }

    /// The terrain as water meets it: beds of watercourses, lakes at one level, culverts and ways
    /// below bridges open. What measures do to the terrain they do to it.
    pub fn bed(&self, aggregation: Aggregation) -> Result<Grid<f32>> {
        self.edited("bed", "dtm", aggregation)
    }

    /// A band of the territory on the run grid with the edits made.
    pub fn band(&self, band: &str, aggregation: Aggregation) -> Result<Grid<f32>> {
        self.edited(band, band, aggregation)
    }

    /// A band with the edits of another made.
    fn edited(&self, band: &str, edited: &str, aggregation: Aggregation) -> Result<Grid<f32>> {
        let is_categorical = aggregation == Aggregation::Majority;
        let mut grid = self.aggregate_of(band, |value| value, aggregation, is_categorical)?;
        self.apply_edits(edited, &mut grid);
        Ok(grid)
    }

    fn apply_edits(&self, band: &str, grid: &mut Grid<f32>) {
        for edit in &self.edits {
            match edit {
                Edit::Raster { band: of, area, operation } if of == band => {
                    cells_within(&self.spec, area.polygons(), |row, column| {
                        let cell = &mut grid[(row, column)];
                        *cell = operation.apply(*cell);
                    });
                }
                Edit::Raised { band: of, triangles } if of == band => {
                    cells_under(&self.spec, triangles, |row, column, height| {
                        let cell = &mut grid[(row, column)];
                        *cell = RasterOperation::AtLeast(height as f32).apply(*cell);
                    });
                }
                _ => (),
            }
        }
    }

    /// The edits of a band inside polygons, in order.
    fn raster_edits(&self, band: &str) -> impl Iterator<Item = (&Geometry, &RasterOperation)> {
        self.edits.iter().filter_map(move |edit| match edit {
            Edit::Raster { band: of, area, operation } if of == band => Some((area, operation)),
            _ => None,
        })
    }

    /// Land cover by majority.
    pub fn land_cover(&self) -> Result<Grid<LandCover>> {
        let codes = self.band("land_cover", Aggregation::Majority)?;
        Ok(codes.map(|&code| LandCover::from_value(if code.is_finite() { code as u8 } else { 0 })))
    }

    /// Mean over the territory cells inside each run cell of a value by land cover: with 1 for a cover and 0
    /// for the others, its share of the area. Unknown cover counts by its own value.
    pub fn mean_by_land_cover(&self, value: impl Fn(LandCover) -> f32) -> Result<Grid<f32>> {
        // No data, read as `NaN`, is the code 0.
        let of = |code: f32| value(LandCover::from_value(code as u8));
        let mut grid = self.aggregate_of("land_cover", of, Aggregation::Mean, true)?;
        for (area, operation) in self.raster_edits("land_cover") {
            cells_within(&self.spec, area.polygons(), |row, column| {
                grid[(row, column)] = of(operation.apply(0.0));
            });
        }
        Ok(grid)
    }

    /// A surface property by land cover, such as `manning_n` or `albedo` (see
    /// [`SurfaceProperties`]), with what measures do to it; `NaN` for classes without a value.
    pub fn surface_property(&self, id: &str) -> Result<Grid<f32>> {
        let lookup = SurfaceProperties::built_in()?.property(id)?.lookup();
        let mut grid = self.land_cover()?.map(|cover| lookup[usize::from(cover.value())]);
        self.apply_edits(id, &mut grid);
        Ok(grid)
    }

    /// Fingerprint of all that the view adds to the territory: grid, edits, study area, inputs.
    pub fn fingerprint(&self) -> String {
        self.fingerprint_with(|_| true)
    }

    /// The same with the inputs of some names only: those that a run reads.
    pub fn fingerprint_with(&self, is_read: impl Fn(&str) -> bool) -> String {
        let tables: BTreeMap<_, _> = self.tables.iter().filter(|(name, _)| is_read(name)).collect();
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.territory.manifest().hash.as_bytes());
        // `Debug` of floats is their shortest exact form: equal text means equal bits.
        for part in [
            format!("{:?}", self.spec),
            format!("{:?}", self.edits),
            format!("{:?}", self.study_area),
            format!("{tables:?}"),
        ] {
            hasher.update(part.as_bytes());
        }
        for (name, grid) in self.grids.iter().filter(|(name, _)| is_read(name)) {
            hasher.update(name.as_bytes());
            for value in &grid.values {
                hasher.update(&value.to_bits().to_le_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// One value for each run cell of the values `of` the cells of a band, those that are finite.
    fn aggregate_of(
        &self,
        band: &str,
        of: impl Fn(f32) -> f32,
        aggregation: Aggregation,
        is_categorical: bool,
    ) -> Result<Grid<f32>> {
        let fine = *self.territory.spec();
        let mut grid = Grid::filled(self.spec, f32::NAN);
        let mut samples: Vec<Vec<f32>> = vec![Vec::new(); self.spec.columns];
        // Territory cells around some run rows.
        let around = |rows: Range<usize>| {
            self.spec.crop(&rows, &(0..self.spec.columns)).extent().buffered(fine.cell_size)
        };
        // A strip of run rows at a time, so that memory follows the run grid and not the territory, and that each part
        // of the file is unpacked about once.
        let at_once = (STRIP_ROWS * fine.cell_size / self.spec.cell_size).ceil() as usize;
        for first in (0..self.spec.rows).step_by(at_once) {
            let strip = first..(first + at_once).min(self.spec.rows);
            let (rows, columns) = fine.window(&around(strip.clone()));
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            let window = self.territory.window(band, rows, columns)?;
            for row in strip {
                samples.iter_mut().for_each(Vec::clear);
                for r in window.spec.window(&around(row..row + 1)).0 {
                    for c in 0..window.spec.columns {
                        let value = of(window[(r, c)]);
                        let (x, y) = window.spec.centre(r, c);
                        if value.is_finite()
                            && let Some((run_row, column)) = self.spec.cell_at(x, y)
                            && run_row == row
                        {
                            samples[column].push(value);
                        }
                    }
                }
                for (column, values) in samples.iter_mut().enumerate() {
                    grid[(row, column)] = if values.is_empty() {
                        let (x, y) = self.spec.centre(row, column);
                        let coarser = self.spec.cell_size >= fine.cell_size;
                        let sample = match is_categorical {
                            _ if coarser => None,
                            true => window.at(x, y).copied(),
                            false => window.bilinear(x, y),
                        };
                        of(sample.unwrap_or(f32::NAN))
                    } else {
                        aggregation.of(values)
                    };
                }
            }
        }
        Ok(grid)
    }
}

impl Aggregation {
    /// One value of several finite ones.
    fn of(self, values: &mut [f32]) -> f32 {
        match self {
            Self::Mean => {
                (values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64) as f32
            }
            Self::Maximum => values.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            Self::Majority => {
                values.sort_by(f32::total_cmp);
                let mut best = (0, f32::NAN);
                for run in values.chunk_by(|a, b| a == b) {
                    if run.len() > best.0 {
                        best = (run.len(), run[0]);
                    }
                }
                best.1
            }
        }
    }
}

/// The line structures that edits make, with their breaches.
fn structures(edits: &[Edit]) -> Result<Vec<LineStructure>> {
    let made = edits.iter().filter_map(|e| if let Edit::Structure(s) = e { Some(s) } else { None });
    let mut made: Vec<LineStructure> = made.cloned().collect();
    for edit in edits {
        let Edit::Breach { structure, breach } = edit else { continue };
        let Some(of) = made.iter_mut().find(|s| s.name == *structure) else {
            let known: Vec<&str> = made.iter().map(|s| s.name.as_str()).collect();
            let or = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
            return Err(Error::input(
                &breach.name,
                format!("l'ouvrage « {structure} » n'existe pas ; présents : {}", or("aucun")),
                format!("there is no structure \"{structure}\"; present: {}", or("none")),
            ));
        };
        of.breaches.push(breach.clone());
    }
    Ok(made)
}
