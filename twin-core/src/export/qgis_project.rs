//! A project of QGIS (`.qgz`) that opens the fields and layers of runs with the legends of their maps, above the buildings,
//! streets and waters of the territory.
//!
//! Files are named beside the project: the folder may move as a whole. Fields of runs are read by GDAL's netCDF
//! driver out of `fields.h5`.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use minijinja::{AutoEscape, Environment, Value, context};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::Legend;
use super::style::qml_for;
use crate::formats::geopackage::{GeoPackage, Layer};
use crate::results::{FieldDisplay, FieldMap};
use crate::spatial::{Crs, Extent, Geometry};
use crate::{Error, Language, Result};

const TEMPLATE: &str = include_str!("qgis_project.qgs.jinja");
/// Steps of a continuous ramp.
const RAMP_STEPS: usize = 17;
/// Features of a territory's store, and those of its layers that are shown at first.
const FEATURES: &str = "features.gpkg";
const SHOWN: [&str; 4] =
    ["batiment", "troncon_de_route", "surface_hydrographique", "troncon_hydrographique"];
/// Opacity of fields above the territory.
const OPACITY: f64 = 0.85;

/// A project.
#[derive(Debug, Clone)]
pub struct QgisProject {
    /// Title.
    pub title: String,
    /// The sentence that every product carries.
    pub notice: String,
    /// Reference system of all layers.
    pub crs: Crs,
    /// What is shown at first.
    pub extent: Extent,
    /// Groups of layers, the uppermost first.
    pub groups: Vec<QgisGroup>,
    /// Language of titles and classes.
    pub language: Language,
}

/// Layers of one folder.
#[derive(Debug, Clone)]
pub struct QgisGroup {
    /// Title.
    pub title: String,
    /// The folder from that of the project, with slashes: `.`, `../flood/1a2b`.
    pub folder: String,
    /// Its rasters, the most important first.
    pub rasters: Vec<QgisRaster>,
    /// Its vector layers.
    pub layers: Vec<QgisLayer>,
    /// Whether its first raster is shown at first.
    pub is_shown: bool,
}

/// A raster and how it is shown.
#[derive(Debug, Clone)]
pub struct QgisRaster {
    /// As GDAL names it, from the folder of the project.
    pub source: String,
    /// Title, caption and colours.
    pub map: FieldMap,
}

impl QgisRaster {
    /// The maps of the fields of a run, whose folder is given from that of the project.
    pub fn of_run(folder: &str, displays: &[FieldDisplay]) -> Vec<Self> {
        let mut rasters = Vec::new();
        for display in displays {
            let source = format!("NETCDF:\"{folder}/fields.h5\":{}", display.field);
            let with = |map: &FieldMap| Self { source: source.clone(), map: map.clone() };
            rasters.extend(display.maps.iter().map(with));
        }
        rasters
    }
}

/// A vector layer of a GeoPackage.
#[derive(Debug, Clone)]
pub struct QgisLayer {
    /// The GeoPackage in the folder of the group.
    pub file: &'static str,
    /// Name of the layer.
    pub name: String,
    /// What its geometries are.
    pub shape: Shape,
    /// Whether it is shown at first.
    pub is_shown: bool,
}

/// What geometries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Points.
    Points,
    /// Lines.
    Lines,
    /// Polygons.
    Polygons,
}

impl Shape {
    /// Of a geometry type of a GeoPackage, such as `MULTIPOLYGON`; `None` for mixed ones.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            kind if kind.ends_with("POLYGON") => Some(Self::Polygons),
            kind if kind.ends_with("LINESTRING") => Some(Self::Lines),
            kind if kind.ends_with("POINT") => Some(Self::Points),
            _ => None,
        }
    }

    /// Of a geometry.
    pub fn of_geometry(geometry: &Geometry) -> Self {
        match geometry {
            Geometry::Points(_) => Self::Points,
            Geometry::Lines(_) => Self::Lines,
            Geometry::Polygons(_) => Self::Polygons,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Points => "Point",
            Self::Lines => "Line",
            Self::Polygons => "Polygon",
        }
    }

    /// A thin dark line or dot, for layers without a style of their own.
    fn plain(self) -> String {
        let (kind, class, options) = match self {
            Self::Points => ("marker", "SimpleMarker", [("color", "60,56,52,255"), ("size", "2")]),
            Self::Lines => {
                ("line", "SimpleLine", [("line_color", "60,56,52,255"), ("line_width", "0.4")])
            }
            Self::Polygons => {
                ("fill", "SimpleFill", [("style", "no"), ("outline_color", "60,56,52,255")])
            }
        };
        let options: String = options
            .iter()
            .map(|(name, value)| {
                format!("<Option type=\"QString\" name=\"{name}\" value=\"{value}\"/>")
            })
            .collect();
        format!(
            "<renderer-v2 type=\"singleSymbol\"><symbols><symbol type=\"{kind}\" name=\"0\"><layer class=\"{class}\" enabled=\"1\"><Option type=\"Map\">{options}</Option></layer></symbol></symbols></renderer-v2>"
        )
    }
}

impl QgisGroup {
    /// The layers of a territory's store that have a style, for a project in `folder`; `None` where it is on another
    /// drive.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn of_territory(
        territory: &Path,
        folder: &Path,
        language: Language,
    ) -> Result<Option<Self>> {
        let Some(there) = relative(folder, territory) else { return Ok(None) };
        let store = GeoPackage::open(territory.join(FEATURES))?;
        let known = |layer: &Layer| {
            let shape = Shape::of(&layer.kind)?;
            qml_for(&layer.name)?;
            (layer.feature_count != Some(0)).then(|| QgisLayer {
                file: FEATURES,
                name: layer.name.clone(),
                shape,
                is_shown: SHOWN.contains(&layer.name.as_str()),
            })
        };
        let mut layers: Vec<QgisLayer> = store.layers().iter().filter_map(known).collect();
        let area = |shape: Shape| shape == Shape::Polygons;
        layers.sort_by_key(|layer| (area(layer.shape), layer.name.clone()));
        Ok(Some(Self {
            title: language.pick("Territoire", "Territory").to_owned(),
            folder: there,
            rasters: Vec::new(),
            layers,
            is_shown: false,
        }))
    }
}

/// The way from a folder to another, with slashes; `None` where there is none.
pub fn relative(from: &Path, to: &Path) -> Option<String> {
    let [from, to] = [from, to].map(|path| path.canonicalize().ok());
    let (from, to) = (from?, to?);
    let parts = |path: &Path| -> Vec<String> {
        path.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(&from), parts(&to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    let way: Vec<&str> = up.chain(to[same..].iter().map(String::as_str)).collect();
    (same > 0).then(|| if way.is_empty() { ".".to_owned() } else { way.join("/") })
}

impl QgisProject {
    /// The `.qgz`.
    ///
    /// # Errors
    /// The template or the archive fails, which is a defect of this program.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let defect = |error: &dyn std::fmt::Display| {
            Error::input(
                "project.qgz",
                format!("le projet QGIS n'a pas pu être composé ({error}) ; signaler ce défaut"),
                format!("the QGIS project could not be composed ({error}); please report it"),
            )
        };
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let template = environment.template_from_str(TEMPLATE).map_err(|e| defect(&e))?;
        let project = template.render(self.view()).map_err(|e| defect(&e))?;
        let mut archive = ZipArchiveWriter::new(Vec::new());
        let (mut entry, config) = archive
            .new_file("project.qgs")
            .compression_method(CompressionMethod::DEFLATE)
            .start()
            .map_err(|e| defect(&e))?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(project.as_bytes()).map_err(|e| defect(&e))?;
        let (encoder, descriptor) = writer.finish().map_err(|e| defect(&e))?;
        encoder.finish().map_err(|e| defect(&e))?;
        entry.finish(descriptor).map_err(|e| defect(&e))?;
        archive.finish().map_err(|e| defect(&e))
    }

    /// The project as the template sees it.
    fn view(&self) -> Value {
        let Extent { min_x, min_y, max_x, max_y } = self.extent;
        let groups: Vec<Value> = self
            .groups
            .iter()
            .enumerate()
            .map(|(number, group)| self.group(number, group))
            .collect();
        context! {
            title => self.title.clone(),
            notice => self.notice.clone(),
            authority => self.crs.to_string(),
            extent => [min_x, min_y, max_x, max_y],
            groups => groups,
        }
    }

    fn group(&self, number: usize, group: &QgisGroup) -> Value {
        let mut layers = Vec::new();
        for QgisRaster { source, map } in &group.rasters {
            let title = match map.legend.unit() {
                "" => map.title.get(self.language).to_owned(),
                unit => format!("{} ({unit})", map.title.get(self.language)),
            };
            layers.push(context! {
                id => id_of(number, layers.len(), "raster"),
                title => title,
                caption => map.caption.get(self.language),
                source => source,
                is_shown => group.is_shown && layers.is_empty(),
                raster => raster(&map.legend, map.transparent_below, self.language),
            });
        }
        for layer in &group.layers {
            let style = qml_for(&layer.name);
            layers.push(context! {
                id => id_of(number, layers.len(), &layer.name),
                title => layer.name.replace('_', " "),
                source => format!("{}/{}|layername={}", group.folder, layer.file, layer.name),
                is_shown => layer.is_shown,
                geometry => layer.shape.name(),
                symbology => style.map_or_else(|| layer.shape.plain(), |qml| inside(qml).to_owned()),
            });
        }
        context! { title => group.title.clone(), layers => layers }
    }
}

/// Identifier of a layer; QGIS gives those of less than some ten characters another.
fn id_of(group: usize, number: usize, name: &str) -> String {
    format!("layer_{group:02}_{number:03}_{name}")
}

/// What a QML style says within its root element.
fn inside(qml: &str) -> &str {
    let root = qml.find("<qgis").unwrap_or(0);
    let from = qml[root..].find('>').map_or(0, |at| root + at + 1);
    let to = qml.rfind("</qgis>").unwrap_or(qml.len());
    &qml[from..to]
}

/// Colours of a field.
fn raster(legend: &Legend, transparent_below: Option<f32>, language: Language) -> Value {
    let item = |value: String, label: String, colour: String| context! { value, label, colour };
    let (kind, min, max, items): (_, f32, f32, Vec<Value>) = match legend {
        Legend::Continuous { min, max, ramp, .. } => {
            let steps = (0..RAMP_STEPS).map(|k| {
                let share = k as f32 / (RAMP_STEPS - 1) as f32;
                let value = min + share * (max - min);
                let label = language.number(f64::from(value), 2);
                item(value.to_string(), label, ramp.colour(share).css())
            });
            ("INTERPOLATED", *min, *max, steps.collect())
        }
        Legend::Classed { classes, .. } => {
            let finite = || classes.iter().map(|class| class.below).filter(|v| v.is_finite());
            let items = classes.iter().map(|class| {
                let below = class.below;
                let value = if below.is_finite() { below.to_string() } else { "inf".to_owned() };
                item(value, class.label.get(language).to_owned(), class.colour.css())
            });
            let max = finite().fold(f32::NEG_INFINITY, f32::max);
            ("DISCRETE", 0.0, if max.is_finite() { max } else { 1.0 }, items.collect())
        }
    };
    context! { kind, min, max, items, transparent_below, opacity => OPACITY }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::bufread::DeflateDecoder;

    use super::*;
    use crate::language::Text;

    fn project() -> String {
        let fields = [FieldDisplay {
            field: "maximum_water_depth".to_owned(),
            title: Text::new("Hauteur", "Depth"),
            maps: vec![FieldMap {
                title: Text::new("Hauteur d'eau <maximale> & classes", "Depth"),
                caption: Text::new("Légende", "Caption"),
                legend: Legend::maximum_water_depth(),
                transparent_below: Some(0.05),
            }],
        }];
        let project = QgisProject {
            title: "Crue \"100\"".to_owned(),
            notice: "Simulation".to_owned(),
            crs: Crs::LAMBERT_93,
            extent: Extent { min_x: 1.0, min_y: 2.0, max_x: 3.0, max_y: 4.0 },
            language: Language::Fr,
            groups: vec![QgisGroup {
                title: "Calcul".to_owned(),
                folder: ".".to_owned(),
                rasters: QgisRaster::of_run(".", &fields),
                layers: vec![
                    QgisLayer {
                        file: "assets.gpkg",
                        name: "batiment".into(),
                        shape: Shape::Polygons,
                        is_shown: false,
                    },
                    QgisLayer {
                        file: "assets.gpkg",
                        name: "autre".into(),
                        shape: Shape::Lines,
                        is_shown: false,
                    },
                ],
                is_shown: true,
            }],
        };
        let bytes = project.to_bytes().unwrap();
        let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
        let mut entries = archive.entries();
        let entry = entries.next_entry().unwrap().unwrap();
        assert_eq!(entry.file_path().try_normalize().unwrap().as_ref(), "project.qgs");
        let stored = archive.get_entry(entry.wayfinder()).unwrap();
        let mut text = String::new();
        DeflateDecoder::new(stored.data()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_project_is_well_formed_and_names_each_layer_twice() {
        let text = project();
        let options =
            resvg::usvg::roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document =
            resvg::usvg::roxmltree::Document::parse_with_options(&text, options).unwrap();
        let named = |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).count();
        assert_eq!((named("layer-tree-layer"), named("maplayer")), (3, 3));
        let source = document.descendants().find(|n| n.has_tag_name("datasource")).unwrap();
        assert_eq!(source.text(), Some("NETCDF:\"./fields.h5\":maximum_water_depth"));
        // The classes of the legend with their colours, the last without end.
        let items: Vec<_> = document
            .descendants()
            .filter(|n| n.has_tag_name("item"))
            .filter_map(|n| Some((n.attribute("value")?, n.attribute("color")?)))
            .collect();
        assert_eq!(items[0], ("0.5", "#b9d7ee"));
        assert_eq!(items[3].0, "inf");
    }
}
