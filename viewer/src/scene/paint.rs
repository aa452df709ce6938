//! Pictures on the ground: the layers of a view painted one over the other, node by node.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::image::Image;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use resvg::tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint as Ink, PathBuilder, Pixmap, Stroke, Transform,
};
use twin_core::export::{Legend, Ramp, Rgb, wording};
use twin_core::formats::cf::BandKind;
use twin_core::formats::{self, GeoTiff};
use twin_core::language::Text;
use twin_core::spatial::{Crs, Extent, Geometry, Grid};
use twin_core::territory::{Features, LandCover, Layer, Territory};
use twin_core::{Error, Language, Result};

use crate::state::{Paint, PaintLayer};

/// Pixels of a picture along a side; twice as many with an orthophoto.
const SIDE_PX: u32 = 256;
/// Colours of grids of values.
const RAMP: Ramp = Ramp::Cividis;
/// Ground that nothing covers.
const PAPER: [u8; 3] = [222, 218, 208];

/// Layers made ready for painting.
pub(crate) struct Painter {
    territory: Arc<Territory>,
    layers: Vec<(Source, f32)>,
}

enum Source {
    LandCover,
    Grid { band: String, legend: Legend, range: (f32, f32) },
    Pictures(Vec<GeoTiff>),
    Shapes(Vec<Shape>),
}

/// A geometry with its look.
struct Shape {
    geometry: Geometry,
    extent: Extent,
    fill: Option<(Rgb, f32)>,
    stroke: Option<(Rgb, f32)>,
    /// Width on the ground in metres; at least a pixel.
    width_m: f32,
    /// Cell size above which it is not painted.
    coarsest_m: f64,
}

impl Painter {
    /// Makes the shown layers ready; what cannot be read is told and left out.
    pub(crate) fn new(territory: Arc<Territory>, layers: &[PaintLayer]) -> (Self, Vec<Error>) {
        let mut problems = Vec::new();
        let mut ready = Vec::new();
        for layer in layers.iter().filter(|l| l.shown && l.opacity > 0.0) {
            match Source::open(&territory, &layer.what) {
                Ok(source) => ready.push((source, layer.opacity)),
                Err(problem) => problems.push(problem),
            }
        }
        (Self { territory, layers: ready }, problems)
    }

    /// Legends of the grids of values, with the opacity of each, the first lowest.
    pub(super) fn legends(&self) -> impl Iterator<Item = (Legend, f32)> {
        self.layers.iter().filter_map(|(source, opacity)| match source {
            Source::Grid { legend, .. } => Some((legend.clone(), *opacity)),
            _ => None,
        })
    }

    /// The picture of a rectangle whose cells have a size at a level of the overviews.
    pub(crate) fn paint(&self, extent: &Extent, level: usize, cell_size: f64) -> Result<Image> {
        let fine = self.layers.iter().any(|(s, _)| matches!(s, Source::Pictures(_)));
        let side = if fine { 2 * SIDE_PX } else { SIDE_PX };
        let canvas = Canvas { extent: *extent, side };
        let [r, g, b] = PAPER;
        let mut bytes: Vec<u8> = [r, g, b, 255].repeat((side * side) as usize);
        for (source, opacity) in &self.layers {
            match source {
                Source::LandCover => self.cells::<u8>("land_cover", level, &canvas, |code| {
                    (*code != 0).then(|| LandCover::from_value(*code).rgb())
                })?,
                Source::Grid { band, range: (low, high), .. } => {
                    self.cells::<f32>(band, level, &canvas, |value| {
                        let Rgb(r, g, b) = RAMP.colour((value - low) / (high - low));
                        value.is_finite().then_some([r, g, b])
                    })?
                }
                Source::Pictures(tiffs) => photograph(tiffs, &canvas)?,
                Source::Shapes(shapes) => drawn(shapes, &canvas, cell_size),
            }
            .over(&mut bytes, *opacity);
        }
        let size = Extent3d { width: side, height: side, depth_or_array_layers: 1 };
        let format = TextureFormat::Rgba8UnormSrgb;
        let usage = RenderAssetUsages::RENDER_WORLD;
        Ok(Image::new(size, TextureDimension::D2, bytes, format, usage))
    }

    /// A band of the territory, cell by cell.
    fn cells<T: formats::Cell + Copy>(
        &self,
        band: &str,
        level: usize,
        canvas: &Canvas,
        colour: impl Fn(&T) -> Option<[u8; 3]>,
    ) -> Result<Sheet> {
        let grids = self.territory.grids();
        let Some(spec) = grids.levels().get(level) else { return Ok(Sheet::default()) };
        let (rows, columns) = spec.window(&canvas.extent);
        let grid: Grid<T> = grids.read_window(band, level, rows, columns)?;
        Ok(canvas.sheet(|x, y| grid.at(x, y).and_then(&colour)))
    }
}

impl Source {
    fn open(territory: &Territory, what: &Paint) -> Result<Self> {
        let grids = territory.grids();
        Ok(match what {
            Paint::LandCover => Self::LandCover,
            Paint::Grid(band) => {
                let meta = grids.band(band);
                let meta = meta.filter(|m| !matches!(m.kind, BandKind::Categorical(_)));
                let Some(meta) = meta else {
                    return Err(Error::input(
                        format!("layers.{band}"),
                        "le territoire n'a pas cette grille de valeurs ; voir « twin info »",
                        "the territory has no such grid of values; see \"twin info\"",
                    ));
                };
                let coarsest = grids.levels().len().saturating_sub(1);
                let range = grids.read_level::<f32>(band, coarsest)?.range();
                let (low, high) = range.unwrap_or((0.0, 1.0));
                let high = if high > low { high } else { low + 1.0 };
                let title = Text::from(meta.long_name.clone());
                let unit = wording::unit(&meta.unit, Language::Fr);
                let legend = Legend::continuous(title, unit, low, high, RAMP);
                Self::Grid { band: band.clone(), legend, range: (low, high) }
            }
            Paint::Picture(path) => {
                let tiffs = pictures(path).iter().map(GeoTiff::open).collect::<Result<Vec<_>>>()?;
                let is_other = |tiff: &&GeoTiff| tiff.crs().is_some_and(|c| c != territory.crs());
                if let Some(other) = tiffs.iter().find(is_other) {
                    return Err(Error::input(
                        other.path().display().to_string(),
                        format!(
                            "cette image n'est pas en {} ; la reprojeter (gdalwarp)",
                            territory.crs()
                        ),
                        format!(
                            "this picture is not in {}; reproject it (gdalwarp)",
                            territory.crs()
                        ),
                    ));
                }
                Self::Pictures(tiffs)
            }
            Paint::Features(name) => {
                let colour = colour_of(what).unwrap_or(REFERENCE);
                Self::Shapes(shapes(territory.features(), name, colour))
            }
            Paint::Reference(path) => Self::Shapes(reference(path, territory.crs())?),
        })
    }
}

/// A square of pixels over a rectangle of the world; its border pixels are centred on the border.
struct Canvas {
    extent: Extent,
    side: u32,
}

/// Pixels with opacity, row by row from the north; empty where nothing is painted.
#[derive(Default)]
struct Sheet(Vec<[u8; 4]>);

impl Sheet {
    fn over(&self, below: &mut [u8], opacity: f32) {
        for (pixel, [r, g, b, a]) in below.chunks_exact_mut(4).zip(&self.0) {
            let t = f32::from(*a) / 255.0 * opacity;
            for (to, from) in pixel.iter_mut().zip([r, g, b]) {
                *to = (f32::from(*to) + (f32::from(*from) - f32::from(*to)) * t).round() as u8;
            }
        }
    }
}

impl Canvas {
    fn step(&self) -> (f64, f64) {
        let steps = f64::from(self.side - 1);
        (self.extent.width() / steps, self.extent.height() / steps)
    }

    fn sheet(&self, colour: impl Fn(f64, f64) -> Option<[u8; 3]>) -> Sheet {
        let (dx, dy) = self.step();
        let mut pixels = Vec::with_capacity((self.side * self.side) as usize);
        for row in 0..self.side {
            // A hair inside, so that the border belongs to the cells that were read.
            let y = (self.extent.max_y - f64::from(row) * dy).max(self.extent.min_y + 1e-6);
            for column in 0..self.side {
                let x = (self.extent.min_x + f64::from(column) * dx).min(self.extent.max_x - 1e-6);
                let [r, g, b, a] = colour(x, y).map_or([0; 4], |[r, g, b]| [r, g, b, 255]);
                pixels.push([r, g, b, a]);
            }
        }
        Sheet(pixels)
    }
}

/// The pictures of a layer: a file, or the GeoTIFF of a folder.
pub(crate) fn pictures(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let is_tiff = |path: &PathBuf| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("tif") || e.eq_ignore_ascii_case("tiff"))
    };
    let files = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(is_tiff).collect();
    files.sort();
    files
}

/// The parts of orthophotos, the first where they overlap; outside of them nothing.
fn photograph(tiffs: &[GeoTiff], canvas: &Canvas) -> Result<Sheet> {
    let mut parts: Vec<Vec<Grid<f32>>> = Vec::new();
    for tiff in tiffs {
        let spec = *tiff.spec();
        let Some(common) = spec.extent().intersection(&canvas.extent) else { continue };
        let (rows, columns) = spec.window(&common);
        // Far away, every second, third … row is enough; reading whole windows there would take long.
        if rows.len().saturating_mul(columns.len()) > 64_000_000 {
            continue;
        }
        let bands = (0..tiff.bands().min(3))
            .map(|band| tiff.read_window(band, rows.clone(), columns.clone()))
            .collect::<Result<_>>()?;
        parts.push(bands);
    }
    if parts.is_empty() {
        return Ok(Sheet::default());
    }
    let value = |bands: &[Grid<f32>], band: usize, x: f64, y: f64| {
        let band = bands.get(band).or(bands.first())?;
        band.at(x, y).filter(|v| v.is_finite()).map(|v| v.clamp(0.0, 255.0) as u8)
    };
    let colour = |bands: &Vec<Grid<f32>>, x: f64, y: f64| {
        Some([value(bands, 0, x, y)?, value(bands, 1, x, y)?, value(bands, 2, x, y)?])
    };
    Ok(canvas.sheet(|x, y| parts.iter().find_map(|bands| colour(bands, x, y))))
}

/// Shapes drawn with soft edges.
fn drawn(shapes: &[Shape], canvas: &Canvas, cell_size: f64) -> Sheet {
    let (dx, dy) = canvas.step();
    let near = canvas.extent.buffered(20.0 * dx);
    let mut visible = shapes
        .iter()
        .filter(|s| cell_size <= s.coarsest_m && s.extent.intersects(&near))
        .peekable();
    if visible.peek().is_none() {
        return Sheet::default();
    }
    let Some(mut pixmap) = Pixmap::new(canvas.side, canvas.side) else { return Sheet::default() };
    let place = |p: &[f64; 3]| {
        (
            ((p[0] - canvas.extent.min_x) / dx + 0.5) as f32,
            ((canvas.extent.max_y - p[1]) / dy + 0.5) as f32,
        )
    };
    for shape in visible {
        let mut path = PathBuilder::new();
        let mut trace = |points: &[[f64; 3]], closed: bool| {
            for (k, p) in points.iter().enumerate() {
                let (x, y) = place(p);
                if k == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
            }
            if closed {
                path.close();
            }
        };
        match &shape.geometry {
            Geometry::Points(_) => {}
            Geometry::Lines(lines) => lines.iter().for_each(|line| trace(line, false)),
            Geometry::Polygons(polygons) => {
                polygons.iter().flat_map(|p| p.rings()).for_each(|ring| trace(ring, true));
            }
        }
        if let Geometry::Points(points) = &shape.geometry {
            for p in points {
                let (x, y) = place(p);
                path.push_circle(x, y, (shape.width_m / dx as f32).max(2.5));
            }
        }
        let Some(path) = path.finish() else { continue };
        let ink = |(Rgb(r, g, b), alpha): (Rgb, f32)| {
            let mut ink = Ink { anti_alias: true, ..Ink::default() };
            ink.set_color(
                Color::from_rgba(
                    f32::from(r) / 255.0,
                    f32::from(g) / 255.0,
                    f32::from(b) / 255.0,
                    alpha.clamp(0.0, 1.0),
                )
                .unwrap_or(Color::BLACK),
            );
            ink
        };
        if let Some(fill) = shape.fill {
            pixmap.fill_path(&path, &ink(fill), FillRule::EvenOdd, Transform::identity(), None);
        }
        if let Some(stroke) = shape.stroke {
            let width = (shape.width_m / dx as f32).max(1.0);
            let line = Stroke {
                width,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            pixmap.stroke_path(&path, &ink(stroke), &line, Transform::identity(), None);
        }
    }
    let pixels = pixmap.pixels().iter().map(|p| {
        let p = p.demultiply();
        [p.red(), p.green(), p.blue(), p.alpha()]
    });
    Sheet(pixels.collect())
}

/// Names of the feature layers that can be painted, in the order of the panel.
pub(crate) const FEATURE_LAYERS: [&str; 9] = [
    "surface_hydrographique",
    "troncon_hydrographique",
    "troncon_de_route",
    "troncon_de_voie_ferree",
    "zone_de_vegetation",
    "haie",
    "zone_reglementaire",
    "equipement",
    "commune",
];

const REFERENCE: Rgb = Rgb(204, 76, 2);

/// The colour of a layer that has one alone.
pub(crate) fn colour_of(what: &Paint) -> Option<Rgb> {
    Some(match what {
        Paint::Reference(_) => REFERENCE,
        Paint::Features(name) => match &name[..] {
            "surface_hydrographique" | "troncon_hydrographique" => Rgb(90, 150, 210),
            "troncon_de_route" => Rgb(250, 248, 242),
            "troncon_de_voie_ferree" => Rgb(90, 84, 84),
            "zone_de_vegetation" => Rgb(62, 128, 74),
            "haie" => Rgb(44, 110, 78),
            "zone_reglementaire" => Rgb(150, 40, 120),
            "equipement" => Rgb(190, 90, 20),
            "commune" => Rgb(90, 30, 30),
            _ => return None,
        },
        Paint::LandCover | Paint::Grid(_) | Paint::Picture(_) => return None,
    })
}

/// The shapes of a layer of the territory.
fn shapes(features: &Features, name: &str, colour: Rgb) -> Vec<Shape> {
    match name {
        "surface_hydrographique" => areas(&features.water_surfaces, colour, 0.9, 1e3),
        "troncon_hydrographique" => features
            .water_courses
            .iter()
            .filter_map(|w| line(&w.geometry, colour, 1.5, 12.0))
            .collect(),
        "troncon_de_route" => features
            .roads
            .iter()
            .filter_map(|road| {
                let width = road.assumed_width_m().clamp(1.0, 40.0) as f32;
                line(&road.geometry, colour, width, if width > 6.0 { 40.0 } else { 6.0 })
            })
            .collect(),
        "troncon_de_voie_ferree" => features
            .rails
            .iter()
            .filter_map(|rail| line(&rail.geometry, colour, 2.0, 12.0))
            .collect(),
        "zone_de_vegetation" => areas(&features.vegetation, colour, 0.6, 40.0),
        "haie" => {
            features.hedges.iter().filter_map(|h| line(&h.geometry, colour, 2.0, 6.0)).collect()
        }
        "zone_reglementaire" => outlines(features.zones.iter().map(|z| &z.geometry), colour, 0.12),
        "equipement" => outlines(features.facilities.iter().map(|f| &f.geometry), colour, 0.35),
        "commune" => outlines(features.communes.iter().map(|c| &c.geometry), colour, 0.0),
        _ => Vec::new(),
    }
}

fn areas<L: Layer>(layer: &[L], colour: Rgb, alpha: f32, coarsest_m: f64) -> Vec<Shape> {
    let shape = |feature: &L| {
        let extent = feature.geometry().extent()?;
        let geometry = feature.geometry().clone();
        let fill = Some((colour, alpha));
        Some(Shape { geometry, extent, fill, stroke: None, width_m: 0.0, coarsest_m })
    };
    layer.iter().filter_map(shape).collect()
}

fn line(geometry: &Geometry, colour: Rgb, width_m: f32, coarsest_m: f64) -> Option<Shape> {
    let extent = geometry.extent()?.buffered(f64::from(width_m));
    let stroke = Some((colour, 0.95));
    Some(Shape { geometry: geometry.clone(), extent, fill: None, stroke, width_m, coarsest_m })
}

fn outlines<'a>(
    geometries: impl Iterator<Item = &'a Geometry>,
    colour: Rgb,
    alpha: f32,
) -> Vec<Shape> {
    let shape = |geometry: &Geometry| {
        let extent = geometry.extent()?.buffered(3.0);
        let is_area = matches!(geometry, Geometry::Polygons(_));
        Some(Shape {
            geometry: geometry.clone(),
            extent,
            fill: (is_area && alpha > 0.0 || matches!(geometry, Geometry::Points(_)))
                .then_some((colour, if is_area { alpha } else { 0.9 })),
            stroke: Some((colour, 0.9)),
            width_m: 2.0,
            coarsest_m: 200.0,
        })
    };
    geometries.filter_map(shape).collect()
}

/// The geometries of a vector file, as outlines.
fn reference(path: &std::path::Path, crs: Crs) -> Result<Vec<Shape>> {
    let mut tables = formats::read_vector(path)?;
    tables.iter_mut().try_for_each(|table| table.transform_to(crs))?;
    let geometries = tables.iter().flat_map(|t| &t.features).filter_map(|f| f.geometry.as_ref());
    Ok(outlines(geometries, REFERENCE, 0.18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_painted_where_it_runs() {
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 255.0, max_y: 255.0 };
        let canvas = Canvas { extent, side: 256 };
        let geometry = Geometry::Lines(vec![vec![[0.0, 200.0, 0.0], [255.0, 200.0, 0.0]]]);
        let shape = line(&geometry, Rgb(10, 20, 30), 3.0, 10.0).unwrap();
        let sheet = drawn(&[shape], &canvas, 1.0);
        let pixel = |row: usize, column: usize| sheet.0[row * 256 + column];
        // Northing 200 is 55 pixels below the north edge.
        assert_eq!(pixel(55, 100)[3], 242);
        assert_eq!(pixel(45, 100)[3], 0);
        assert_eq!(pixel(200, 100)[3], 0);
    }

    #[test]
    fn a_layer_half_opaque_lies_half_over_what_is_below() {
        let mut below = vec![100, 100, 100, 255];
        Sheet(vec![[200, 0, 100, 255]]).over(&mut below, 0.5);
        assert_eq!(below, [150, 50, 100, 255]);
    }
}
