//! City objects in world coordinates.

use serde_json::{Map, Value};

use crate::spatial::{Crs, Line, VerticalDatum};

/// What holds for a whole city model.
#[derive(Debug, Clone, PartialEq)]
pub struct CityModelHeader {
    /// Identifier of the data set, where it has one.
    pub identifier: Option<String>,
    /// Title.
    pub title: String,
    /// Date of the data, `YYYY-MM-DD`, where known.
    pub reference_date: Option<String>,
    /// EPSG code of the reference system, best a compound one with heights: see
    /// [`compound_epsg`](Self::compound_epsg).
    pub epsg: u32,
    /// Metres per unit of the vertices.
    pub scale: f64,
    /// World position of vertex zero; near the model, so that the integers stay small.
    pub translate: [f64; 3],
    /// West, south, lowest, east, north, highest, where known.
    pub extent: Option<[f64; 6]>,
}

impl CityModelHeader {
    /// A header of millimetre vertices.
    pub fn new(title: impl Into<String>, epsg: u32, translate: [f64; 3]) -> Self {
        Self {
            identifier: None,
            title: title.into(),
            reference_date: None,
            epsg,
            scale: 0.001,
            translate,
            extent: None,
        }
    }

    /// The EPSG code of a horizontal system with its heights, where EPSG has registered the pair
    /// (5698 for Lambert-93 with NGF-IGN69), else that of the horizontal system: CityJSON has one
    /// code for both.
    pub fn compound_epsg(crs: Crs, heights: VerticalDatum) -> u32 {
        match (crs.epsg(), heights) {
            (2154, VerticalDatum::NgfIgn69) => 5698,
            (2154, VerticalDatum::NgfIgn78) => 5699,
            (28992, _) => 7415,
            (horizontal, _) => horizontal,
        }
    }
}

/// Class of a city object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CityObjectKind {
    /// A building.
    Building,
    /// A part of a building, child of one.
    BuildingPart,
    /// A bridge.
    Bridge,
    /// Terrain as triangles.
    TinRelief,
    /// A water body.
    WaterBody,
    /// A single tree.
    SolitaryVegetationObject,
    /// A road.
    Road,
    /// Anything else.
    GenericCityObject,
}

impl CityObjectKind {
    pub(super) const ALL: [Self; 8] = [
        Self::Building,
        Self::BuildingPart,
        Self::Bridge,
        Self::TinRelief,
        Self::WaterBody,
        Self::SolitaryVegetationObject,
        Self::Road,
        Self::GenericCityObject,
    ];

    /// Name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Building => "Building",
            Self::BuildingPart => "BuildingPart",
            Self::Bridge => "Bridge",
            Self::TinRelief => "TINRelief",
            Self::WaterBody => "WaterBody",
            Self::SolitaryVegetationObject => "SolitaryVegetationObject",
            Self::Road => "Road",
            Self::GenericCityObject => "GenericCityObject",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A city object. Its children are other objects of the same tree.
#[derive(Debug, Clone, PartialEq)]
pub struct CityObject {
    /// Identifier, unique in the model.
    pub id: String,
    /// Class.
    pub kind: CityObjectKind,
    /// Attributes.
    pub attributes: Map<String, Value>,
    /// Geometries, one per level of detail.
    pub geometries: Vec<SurfaceGeometry>,
    /// Identifiers of the objects it is a part of.
    pub parents: Vec<String>,
    /// Identifiers of its parts.
    pub children: Vec<String>,
}

impl CityObject {
    /// An object without attributes and geometries.
    pub fn new(id: impl Into<String>, kind: CityObjectKind) -> Self {
        Self {
            id: id.into(),
            kind,
            attributes: Map::new(),
            geometries: Vec::new(),
            parents: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The geometry of the highest level of detail.
    pub fn best_geometry(&self) -> Option<&SurfaceGeometry> {
        self.geometries.iter().max_by(|a, b| a.lod.cmp(&b.lod))
    }
}

/// How surfaces make up a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// They close a volume, seen from outside anticlockwise.
    Solid,
    /// They touch along their edges; the one form of a terrain.
    CompositeSurface,
    /// They need not touch.
    MultiSurface,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Solid => "Solid",
            Self::CompositeSurface => "CompositeSurface",
            Self::MultiSurface => "MultiSurface",
        }
    }
}

/// A geometry at one level of detail.
#[derive(Debug, Clone, PartialEq)]
pub struct SurfaceGeometry {
    /// Level of detail of Biljecki et al. (2016): `1.2`, `1.3`, `2.2` …
    pub lod: String,
    /// How the surfaces belong together.
    pub form: Form,
    /// The surfaces; of a solid, its outer shell.
    pub surfaces: Vec<Surface>,
}

/// A flat surface: an outer ring and holes. Rings may repeat their first vertex at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Outer ring, then holes.
    pub rings: Vec<Line>,
    /// What the surface is, where known.
    pub semantic: Option<Semantic>,
    /// What else is known of it; kept only beside what it is.
    pub attributes: Map<String, Value>,
}

/// What a surface of a building or water body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Semantic {
    /// Roof.
    Roof,
    /// Wall.
    Wall,
    /// Ground.
    Ground,
    /// Closure of an opening.
    Closure,
    /// Surface of water.
    Water,
    /// Floor under the open sky, such as the deck of a bridge.
    OuterFloor,
}

impl Semantic {
    pub(super) const ALL: [Self; 6] =
        [Self::Roof, Self::Wall, Self::Ground, Self::Closure, Self::Water, Self::OuterFloor];

    /// Name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Roof => "RoofSurface",
            Self::Wall => "WallSurface",
            Self::Ground => "GroundSurface",
            Self::Closure => "ClosureSurface",
            Self::Water => "WaterSurface",
            Self::OuterFloor => "OuterFloorSurface",
        }
    }
}

/// Where a tree of city objects lies in a CityJSONSeq file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeaturePlace {
    /// Bytes before it.
    pub offset: u64,
    /// Its length in bytes, without the line feed.
    pub length: u64,
}
