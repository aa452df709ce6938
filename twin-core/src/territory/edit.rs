//! Changes of a territory, and what they do to its features.
//!
//! The measures of a scenario make them; a [`TerritoryView`](super::TerritoryView) shows the
//! territory with all of them made.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Features;
use crate::formats::{Feature, FeatureTable, Value};
use crate::language::Text;
use crate::series::Series;
use crate::spatial::{Extent, Geometry, Line, Polygon, Position};
use crate::{Error, Result};

/// A change of the territory.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Changes a grid band, or a surface property, inside polygons.
    Raster {
        /// Band of `grids.h5`, such as `dtm` or `land_cover`, or property, such as `albedo`.
        band: String,
        /// Polygons in the territory's CRS.
        area: Geometry,
        /// What happens to the cells.
        operation: RasterOperation,
    },
    /// Raises the cells of a grid band to the highest of the triangles above them.
    Raised {
        /// Band of `grids.h5`.
        band: String,
        /// Triangles in the territory's CRS and vertical datum.
        triangles: Vec<[Position; 3]>,
    },
    /// Adds features to the layer named by the table.
    AddFeatures(FeatureTable),
    /// Removes a feature.
    RemoveFeature {
        /// Layer of `features.gpkg`.
        layer: String,
        /// Identifier.
        id: String,
    },
    /// Changes one attribute of a feature.
    SetAttribute {
        /// Layer of `features.gpkg`.
        layer: String,
        /// Identifier of the feature.
        id: String,
        /// Field.
        field: String,
        /// New value.
        value: Value,
    },
    /// Adds a hydraulic line structure.
    Structure(LineStructure),
    /// Makes a structure of this name breach.
    Breach {
        /// Name of the structure.
        structure: String,
        /// What happens to it.
        breach: StructureBreach,
    },
    /// Leads the water of a basin out at a limited rate.
    Outlet(BasinOutlet),
    /// Lays a culvert.
    Culvert(CulvertLaid),
    /// Makes roofs hold rain back.
    GreenRoof(GreenRoof),
    /// Hangs cloth over people.
    ShadeSail(ShadeSail),
    /// Changes planning rules.
    PlanningRules(PlanningRules),
}

impl Edit {
    /// Where it changes the territory; `None` where it names a feature alone.
    pub fn extent(&self) -> Option<Extent> {
        let of = |polygons: &[Polygon]| Geometry::Polygons(polygons.to_vec()).extent();
        match self {
            Self::Raster { area, .. } => area.extent(),
            Self::Raised { triangles, .. } => {
                Geometry::Points(triangles.as_flattened().to_vec()).extent()
            }
            Self::AddFeatures(table) => table.extent(),
            Self::Structure(structure) => Geometry::Lines(structure.crest.clone()).extent(),
            Self::Outlet(outlet) => of(&outlet.basin),
            Self::Culvert(laid) => {
                let ends = laid.culvert.ends.map(|[x, y]| [x, y, f64::NAN]);
                Geometry::Points(ends.to_vec()).extent()
            }
            Self::GreenRoof(roof) => of(&roof.area),
            Self::ShadeSail(sail) => of(&sail.area),
            Self::RemoveFeature { .. }
            | Self::SetAttribute { .. }
            | Self::Breach { .. }
            | Self::PlanningRules(_) => None,
        }
    }
}

/// What happens to the cells of a [`Edit::Raster`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RasterOperation {
    /// Replaces the value.
    Set(f32),
    /// Adds to the value.
    Add(f32),
    /// Raises lower values to this one.
    AtLeast(f32),
    /// Lowers higher values to this one.
    AtMost(f32),
}

/// A levee, wall or embankment: a crest that water must overtop.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStructure {
    /// Name, unique among the structures of a view.
    pub name: String,
    /// What it is, for maps and reports.
    pub title: Text,
    /// Crest lines; every vertex has its crest level in the territory's vertical datum.
    pub crest: Vec<Line>,
    /// Openings under the crest.
    pub openings: Vec<StructureOpening>,
    /// Breaches of it.
    pub breaches: Vec<StructureBreach>,
    /// Whether it is a levee, which protects land behind it and may fail.
    pub is_levee: bool,
}

impl LineStructure {
    /// Without openings, and no levee.
    pub fn new(name: &str, title: Text, crest: Vec<Line>) -> Self {
        Self {
            name: name.to_owned(),
            title,
            crest,
            openings: Vec::new(),
            breaches: Vec::new(),
            is_levee: false,
        }
    }

    /// As a levee.
    pub fn levee(name: &str, title: Text, crest: Vec<Line>) -> Self {
        Self { is_levee: true, ..Self::new(name, title, crest) }
    }
}

/// An opening under the crest of a [`LineStructure`].
#[derive(Debug, Clone, PartialEq)]
pub struct StructureOpening {
    /// Middle, in the territory's CRS.
    pub at: [f64; 2],
    /// Clear width, m.
    pub width_m: f64,
    /// Level of the sill; `None`: the ground.
    pub sill_m: Option<f64>,
    /// Level of the soffit of the deck or of the lower side of the gate over the scenario's time.
    pub soffit_m: Series,
    /// What stands over it.
    pub kind: OpeningKind,
}

/// A breach of a [`LineStructure`].
#[derive(Debug, Clone, PartialEq)]
pub struct StructureBreach {
    /// Name.
    pub name: String,
    /// Middle, in the territory's CRS.
    pub at: [f64; 2],
    /// Final width, m.
    pub width_m: f64,
    /// When it starts.
    pub start: BreachTrigger,
    /// Time until the final width and level, s.
    pub formation_s: f64,
    /// Final level of the sill; `None`: the ground.
    pub sill_m: Option<f64>,
}

/// What starts a breach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BreachTrigger {
    /// A time after the scenario's start, s.
    At(f64),
    /// Water this high above the crest there, m (below it: negative).
    Overflow(f64),
}

/// A throttled outlet of a basin.
#[derive(Debug, Clone, PartialEq)]
pub struct BasinOutlet {
    /// Name, that of its measure.
    pub name: String,
    /// The basin: polygons in the territory's CRS.
    pub basin: Vec<Polygon>,
    /// Where the water goes, in the territory's CRS; `None`: to a network that leads it away.
    pub to: Option<[f64; 2]>,
    /// Largest discharge, m³/s.
    pub capacity_m3_per_s: f64,
}

/// A culvert of a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct CulvertLaid {
    /// Name, that of its measure.
    pub name: String,
    /// Name of the culvert of a run's parameters that it takes the place of.
    pub replaces: Option<String>,
    /// What it is.
    pub culvert: Culvert,
}

/// A culvert, pipe or box between two places; water passes both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Culvert {
    /// Its ends, in the territory's CRS.
    pub ends: [[f64; 2]; 2],
    /// Form of a barrel.
    pub barrel: CulvertBarrel,
    /// Number of equal barrels.
    pub barrels: u32,
    /// Length, m.
    pub length_m: f64,
    /// Manning's n of the barrel, s·m^(−1/3).
    pub manning: f64,
    /// Form of the inlet; `None`: a square edge.
    pub inlet: Option<InletName>,
    /// Inverts at the ends, m; `None`: the lowest ground there.
    pub inverts_m: [Option<f64>; 2],
}

/// Form of the barrel of a culvert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CulvertBarrel {
    /// Diameter, m.
    Circular(f64),
    /// Width and height, m.
    Box(f64, f64),
}

/// Form of the inlet of a culvert (FHWA HDS-5, table A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InletName {
    /// Concrete pipe, square edge in a headwall.
    ConcreteSquareEdge,
    /// Concrete pipe, groove end in a headwall.
    ConcreteGrooveEnd,
    /// Corrugated metal pipe in a headwall.
    MetalHeadwall,
    /// Corrugated metal pipe that projects from the bank.
    MetalProjecting,
    /// Box with wing walls flared by 30° to 75°.
    BoxFlaredWingwalls,
    /// Box with a square edge, wing walls of 90° or 15°.
    BoxSquareEdge,
}

/// Roofs with a substrate that holds rain back.
#[derive(Debug, Clone, PartialEq)]
pub struct GreenRoof {
    /// Polygons in the territory's CRS; the roofs within them.
    pub area: Vec<Polygon>,
    /// Rain that they hold before water leaves, m.
    pub retention_m: f64,
}

/// Cloth over people, which keeps the sun off as crowns do.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadeSail {
    /// Polygons in the territory's CRS.
    pub area: Vec<Polygon>,
    /// Height above the ground, m.
    pub height_m: f64,
}

/// Planning rules that take the place of those in force.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanningRules {
    /// Name, that of its measure.
    pub name: String,
    /// The rules, in the form of the plugin that reads them; its measure has checked them.
    pub rules: serde_json::Value,
}

/// What stands over an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningKind {
    /// A deck between abutments.
    Bridge,
    /// A sharp-edged gate.
    Gate,
}

impl RasterOperation {
    /// The new value of a cell.
    pub fn apply(self, old: f32) -> f32 {
        match self {
            Self::Set(v) => v,
            Self::Add(v) => old + v,
            // `NaN` stays: an edit does not invent data.
            Self::AtLeast(v) => {
                if old < v {
                    v
                } else {
                    old
                }
            }
            Self::AtMost(v) => {
                if old > v {
                    v
                } else {
                    old
                }
            }
        }
    }
}

/// Makes the feature edits on tables, so that every layer and attribute can be edited.
pub(super) fn edited_features(
    folder: &Path,
    features: &Features,
    edits: &[Edit],
) -> Result<Features> {
    let touches_features = |e: &Edit| {
        matches!(e, Edit::AddFeatures(_) | Edit::RemoveFeature { .. } | Edit::SetAttribute { .. })
    };
    if !edits.iter().any(touches_features) {
        return Ok(features.clone());
    }
    let mut tables = features.to_tables();
    let missing = |layer: &str, id: &str| {
        Error::input(
            format!("{layer}/{id}"),
            "objet absent du territoire ; vérifier la couche et l'identifiant",
            "no such feature in the territory; check layer and identifier",
        )
    };
    for edit in edits {
        match edit {
            Edit::AddFeatures(added) => {
                let Some(table) = tables.iter_mut().find(|t| t.name == added.name) else {
                    tables.push(added.clone());
                    continue;
                };
                let columns: Vec<Option<usize>> =
                    table.fields.iter().map(|f| added.column(&f.name)).collect();
                table.features.extend(added.features.iter().map(|feature| {
                    let values = columns.iter().map(|c| {
                        c.and_then(|c| feature.values.get(c).cloned()).unwrap_or(Value::Null)
                    });
                    Feature { geometry: feature.geometry.clone(), values: values.collect() }
                }));
            }
            Edit::RemoveFeature { layer, id } => {
                let (table, at) = find(&mut tables, layer, id).ok_or_else(|| missing(layer, id))?;
                table.features.remove(at);
            }
            Edit::SetAttribute { layer, id, field, value } => {
                let (table, at) = find(&mut tables, layer, id).ok_or_else(|| missing(layer, id))?;
                let column = table.column(field).ok_or_else(|| missing(layer, field))?;
                if let Some(cell) =
                    table.features.get_mut(at).and_then(|f| f.values.get_mut(column))
                {
                    *cell = value.clone();
                }
            }
            Edit::Raster { .. }
            | Edit::Raised { .. }
            | Edit::Structure(_)
            | Edit::Breach { .. }
            | Edit::Outlet(_)
            | Edit::Culvert(_)
            | Edit::GreenRoof(_)
            | Edit::ShadeSail(_)
            | Edit::PlanningRules(_) => (),
        }
    }
    Features::from_tables(folder, tables)
}

/// Table and position of a feature by layer and identifier (`cleabs`, `id` or `identifiant`).
fn find<'a>(
    tables: &'a mut [FeatureTable],
    layer: &str,
    id: &str,
) -> Option<(&'a mut FeatureTable, usize)> {
    let table = tables.iter_mut().find(|t| t.name == layer)?;
    let column = ["cleabs", "id", "identifiant"].iter().find_map(|name| table.column(name))?;
    let at = table
        .features
        .iter()
        .position(|f| f.values.get(column).and_then(|v| v.as_text()) == Some(id))?;
    Some((table, at))
}
