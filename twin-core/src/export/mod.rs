//! What leaves the twin for people to read: maps, plots, the report, and styles for QGIS.
//!
//! | module | concern |
//! |---|---|
//! | [`wording`] | the sentences every product carries, and the words none may use |
//! | [`ramp`] | colour ramps: perceptually ordered, readable by colour-blind people |
//! | [`legend`] | value → colour, and how it is written: continuous, classed, categories |
//! | [`hillshade`] | shaded relief of a terrain grid |
//! | [`map`] | a map page as SVG and PNG |
//! | [`contours`] | lines of equal value of a grid |
//! | [`comparison`] | the map of the difference of two scenarios |
//! | [`plot`] | line plots over time as SVG |
//! | [`report`] | the self-contained HTML report |
//! | [`qgis_project`] | a project of QGIS that opens runs with the legends of their maps |
//! | [`style`] | QML styles, so that a GeoPackage opens styled in QGIS |
//!
//! Everything here turns plain data into bytes: no file is read or written, and the same input
//! gives the same bytes.

mod axis;
pub mod cnig_di;
pub mod comparison;
pub mod contours;
mod font;
pub mod hillshade;
pub mod legend;
pub mod map;
pub mod picture;
pub mod plot;
pub mod qgis_project;
pub mod ramp;
pub mod report;
mod scene;
mod scene_glb;
pub mod style;
mod svg;
mod tiles_3d;
mod typography;
pub mod wording;

pub use comparison::DepthComparison;
pub use legend::Legend;
pub use map::MapSpec;
pub use plot::LinePlot;
pub use ramp::{Ramp, Rgb};
pub use report::Report;
pub use scene_glb::write_scene;
pub use tiles_3d::write_tileset;
