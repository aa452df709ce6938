//! What a map shows, as plain data.

use super::raster::Reduction;
use crate::{
    Language, Result,
    export::{legend::Legend, picture, ramp::Rgb, wording},
    language::Text,
    spatial::{Crs, Extent, Geometry, Grid},
};

/// Depth in metres below which a cell is drawn as dry.
const DRY_BELOW_M: f32 = 0.01;

/// A map page. World coordinates are metres of `crs`, north up.
#[derive(Debug, Clone)]
pub struct MapSpec<'a> {
    /// What is shown.
    pub title: String,
    /// Scenario, date, state of knowledge.
    pub subtitle: String,
    /// The part of the world shown.
    pub extent: Extent,
    /// Horizontal reference system.
    pub crs: Crs,
    /// Name of the height datum, such as `NGF-IGN69`.
    pub vertical_datum: String,
    /// Heights in metres, drawn as shaded relief.
    pub terrain: Option<&'a Grid<f32>>,
    /// Land cover that tints the relief.
    pub land_cover: Option<LandCoverTint<'a>>,
    /// Results, drawn in order over the relief.
    pub rasters: Vec<RasterLayer<'a>>,
    /// Vector layers, drawn in order over the results.
    pub vectors: Vec<VectorLayer<'a>>,
    /// The area that indicators count in; what lies outside is striped.
    pub study_area: Option<&'a Geometry>,
    /// Gauges, inflows, breaches.
    pub markers: Vec<Marker>,
    /// Whether the data is a demonstration set: adds its banner.
    pub demo: bool,
    /// Whether the result was compared with observations; `Some(false)` adds *modèle non calé*,
    /// `None` is a map without result.
    pub calibrated: Option<bool>,
    /// Attributions of the data shown.
    pub credits: Vec<String>,
    /// Language of everything written.
    pub language: Language,
}

/// Land cover as a tint of the relief.
#[derive(Debug, Clone)]
pub struct LandCoverTint<'a> {
    /// Class codes; 0 is no data.
    pub classes: &'a Grid<u8>,
    /// Code, colour and name of the classes to tint, in the order of the legend.
    pub palette: Vec<(u8, Rgb, Text)>,
}

/// A result on a grid.
#[derive(Debug, Clone)]
pub struct RasterLayer<'a> {
    /// Values; `NaN` is left transparent.
    pub values: &'a Grid<f32>,
    /// Value → colour.
    pub legend: Legend,
    /// 0 transparent to 1 opaque.
    pub opacity: f32,
    /// Values below this are left transparent (dry cells).
    pub transparent_below: Option<f32>,
    /// How cells smaller than a pixel share it.
    pub reduction: Reduction,
}

/// A layer of geometries that share a style.
#[derive(Debug, Clone)]
pub struct VectorLayer<'a> {
    /// Name in the legend.
    pub label: String,
    /// Look.
    pub style: VectorStyle,
    /// Shapes; those outside the extent are skipped.
    pub geometries: Vec<&'a Geometry>,
}

/// Look of a vector layer; widths in pixels of a page about 1 200 wide.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorStyle {
    /// Fill of polygons.
    pub fill: Option<Rgb>,
    /// 0 transparent to 1 opaque.
    pub fill_opacity: f32,
    /// Colour of lines and outlines.
    pub stroke: Option<Rgb>,
    /// Width of lines and outlines.
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a full line.
    pub dashes: Vec<f64>,
    /// Width of the white band on both sides of a line; 0 for none.
    pub casing: f64,
}

/// A point with a symbol and a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// East.
    pub x: f64,
    /// North.
    pub y: f64,
    /// Label beside the symbol; may be empty.
    pub label: String,
    /// Symbol.
    pub kind: MarkerKind,
}

/// Symbol of a [`Marker`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarkerKind {
    /// A place where a run records level and discharge.
    Gauge,
    /// Water enters here, flowing towards an azimuth in degrees clockwise from north.
    Inflow {
        /// Direction of flow.
        towards_deg: f64,
    },
    /// Water leaves here, flowing towards an azimuth in degrees clockwise from north.
    Outflow {
        /// Direction of flow.
        towards_deg: f64,
    },
    /// A dyke breach.
    Breach,
    /// No symbol: the label lies on its place.
    Label,
}

impl<'a> MapSpec<'a> {
    /// A map without layers, in Lambert-93 and NGF-IGN69, in French.
    pub fn new(title: impl Into<String>, extent: Extent) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            extent,
            crs: Crs::LAMBERT_93,
            vertical_datum: "NGF-IGN69".to_owned(),
            terrain: None,
            land_cover: None,
            rasters: Vec::new(),
            vectors: Vec::new(),
            study_area: None,
            markers: Vec::new(),
            demo: false,
            calibrated: None,
            credits: Vec::new(),
            language: Language::default(),
        }
    }

    /// Adds a vector layer, unless it has no geometry.
    pub fn add_vectors(
        &mut self,
        label: impl Into<String>,
        style: VectorStyle,
        geometries: impl IntoIterator<Item = &'a Geometry>,
    ) {
        let geometries: Vec<_> = geometries.into_iter().collect();
        if !geometries.is_empty() {
            self.vectors.push(VectorLayer { label: label.into(), style, geometries });
        }
    }

    /// The page as SVG with the raster embedded.
    ///
    /// # Errors
    /// An extent without area or a grid whose values do not match its shape.
    pub fn svg(&self) -> Result<String> {
        super::page::compose(self)
    }

    /// The page as PNG of a width in pixels, drawn with the embedded typeface; its metadata holds
    /// the notice.
    ///
    /// # Errors
    /// As [`MapSpec::svg`], or a width of 0 or beyond [`picture::MAXIMUM_WIDTH_PX`].
    pub fn png(&self, width_px: u32) -> Result<Vec<u8>> {
        picture::png_from_svg(&self.svg()?, width_px, wording::notice(self.language))
    }
}

impl<'a> RasterLayer<'a> {
    /// A quantity shown wherever it has a value, largest value per pixel.
    pub fn new(values: &'a Grid<f32>, legend: Legend) -> Self {
        Self {
            values,
            legend,
            opacity: 0.85,
            transparent_below: None,
            reduction: Reduction::Maximum,
        }
    }

    /// Water depth in metres: dry cells (less than 1 cm) are transparent, and a pixel shows the
    /// deepest of its cells.
    pub fn water_depth(depth_m: &'a Grid<f32>, legend: Legend) -> Self {
        Self { transparent_below: Some(DRY_BELOW_M), ..Self::new(depth_m, legend) }
    }
}

impl VectorStyle {
    /// A filled shape with a thin outline.
    pub fn area(fill: Rgb, stroke: Rgb) -> Self {
        Self {
            fill: Some(fill),
            fill_opacity: 1.0,
            stroke: Some(stroke),
            width: 0.5,
            dashes: Vec::new(),
            casing: 0.0,
        }
    }

    /// A line.
    pub fn line(stroke: Rgb, width: f64) -> Self {
        Self {
            fill: None,
            fill_opacity: 0.0,
            stroke: Some(stroke),
            width,
            dashes: Vec::new(),
            casing: 0.0,
        }
    }

    /// Buildings.
    pub fn building() -> Self {
        Self::area(Rgb::hex(0x8c8782), Rgb::hex(0x3c3834))
    }

    /// Buildings as outlines, to be drawn over water.
    pub fn building_outline() -> Self {
        Self { fill_opacity: 0.35, width: 0.7, ..Self::building() }
    }

    /// Buildings as bare outlines, over a result of the buildings themselves.
    pub fn building_limit() -> Self {
        Self { fill_opacity: 0.0, ..Self::building_outline() }
    }

    /// Buildings that a result singles out, such as those reached by water.
    pub fn building_reached() -> Self {
        Self { width: 0.8, ..Self::area(Rgb::hex(0xe69f00), Rgb::hex(0x2b1d00)) }
    }

    /// Roads.
    pub fn road() -> Self {
        Self { casing: 0.7, ..Self::line(Rgb::hex(0x6f6a64), 1.4) }
    }

    /// Parcels of the cadastre, to be drawn under everything.
    pub fn parcel() -> Self {
        Self::line(Rgb::hex(0xa9a29a), 0.4)
    }

    /// Railways.
    pub fn railway() -> Self {
        Self { dashes: vec![7.0, 3.0], casing: 0.6, ..Self::line(Rgb::hex(0x333333), 1.4) }
    }

    /// Water surfaces and, by their stroke, water courses.
    pub fn water() -> Self {
        Self { width: 1.2, ..Self::area(Rgb::hex(0xa6cfe3), Rgb::hex(0x2f7fae)) }
    }

    /// Banks of permanent water, to be drawn over a flood.
    pub fn water_outline() -> Self {
        Self { dashes: vec![5.0, 2.5], ..Self::line(Rgb::hex(0x0b3c5d), 1.0) }
    }

    /// A levee, dyke or wall.
    pub fn levee() -> Self {
        Self { casing: 1.2, ..Self::line(Rgb::hex(0xa3195b), 3.0) }
    }

    /// A line of equal value.
    pub fn isoline() -> Self {
        Self::line(Rgb::hex(0x101830), 1.3)
    }

    /// Any other structure on the water's way.
    pub fn structure() -> Self {
        Self { casing: 1.0, dashes: vec![3.0, 1.5], ..Self::line(Rgb::hex(0x5b2a86), 2.4) }
    }

    /// The border of the study area.
    pub(super) fn study_area() -> Self {
        Self {
            dashes: vec![10.0, 3.0, 2.0, 3.0],
            casing: 0.8,
            ..Self::line(Rgb::hex(0x222222), 1.6)
        }
    }
}

impl Marker {
    /// A gauge.
    pub fn gauge(x: f64, y: f64, label: impl Into<String>) -> Self {
        Self { x, y, label: label.into(), kind: MarkerKind::Gauge }
    }
}
