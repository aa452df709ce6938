//! Land cover of the cells, from what there is.
//!
//! Each source paints over the ones before it: zones of a land-cover product (OCS GE), then BD TOPO
//! vegetation, sports grounds, hedges, water surfaces, watercourses, railways, roads, and buildings.
//! Lines paint the cells whose centre lies within half their width. What is still unknown takes the
//! class of the LiDAR point on top: low vegetation is grass, medium is shrub, high is trees. A
//! second grid tells which source each cell comes from. Objects below the ground paint nothing, nor
//! do watercourses in culverts; bridges paint, because cover is what is seen from above.

use crate::products::lidar_hd;
use crate::spatial::{Extent, Geometry, Grid, GridSpec, Line, Polygon, cells_within};
use crate::territory::{Features, LandCover};

/// Where the cover of a cell comes from. The codes are those of the band `cover_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum CoverSource {
    /// Nothing is known.
    Unknown = 0,
    /// Zones of a land-cover product.
    LandCoverProduct = 1,
    /// Features of a topographic product.
    Topography = 2,
    /// Class of the LiDAR point on top.
    Lidar = 3,
}

/// Cover and its source, for the same cells.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverGrids {
    /// Values of [`LandCover`].
    pub cover: Grid<u8>,
    /// Codes of [`CoverSource`].
    pub source: Grid<u8>,
}

/// Width of a watercourse whose class of width is not known, metres.
const STREAM_WIDTH_M: f64 = 2.0;
/// Width of a railway track with its ballast, metres.
const TRACK_WIDTH_M: f64 = 4.5;
/// Width of a hedge that does not state its own, metres.
const HEDGE_WIDTH_M: f64 = 2.0;

/// Cover of the cells of `spec`. `surface_class` is the class of the point on top of each cell, where
/// there is a cloud (0: none); it must have the same cells.
pub fn land_cover(
    features: &Features,
    spec: &GridSpec,
    surface_class: Option<&Grid<u8>>,
) -> CoverGrids {
    let mut painter = Painter {
        extent: spec.extent(),
        cover: Grid::filled(*spec, LandCover::Unknown.value()),
        source: Grid::filled(*spec, CoverSource::Unknown as u8),
    };
    for zone in &features.land_cover {
        painter.areas(&zone.geometry, zone.cover, CoverSource::LandCoverProduct);
    }
    for zone in &features.vegetation {
        let cover = zone.nature.as_ref().map_or(LandCover::Unknown, |n| n.land_cover());
        painter.areas(&zone.geometry, cover, CoverSource::Topography);
    }
    for ground in &features.sports_grounds {
        painter.areas(&ground.geometry, LandCover::SportsSurface, CoverSource::Topography);
    }
    for hedge in &features.hedges {
        painter.areas(&hedge.geometry, LandCover::Hedge, CoverSource::Topography);
        let width = hedge.width_m.unwrap_or(HEDGE_WIDTH_M);
        painter.lines(&hedge.geometry, width, LandCover::Hedge);
    }
    for water in &features.water_surfaces {
        if !water.position.as_ref().is_some_and(|p| p.is_below()) {
            painter.areas(&water.geometry, LandCover::Water, CoverSource::Topography);
        }
    }
    for course in &features.water_courses {
        if course.is_underground() || course.is_fictitious == Some(true) {
            continue;
        }
        // The lower bound of the class, so that banks are not drowned.
        let bounds = course.width_class.as_ref().and_then(|w| w.bounds_m());
        let width = bounds.map_or(STREAM_WIDTH_M, |(low, _)| low.max(STREAM_WIDTH_M));
        painter.lines(&course.geometry, width, LandCover::Water);
    }
    for rail in features.rails.iter().filter(|r| !r.is_tunnel()) {
        let width = TRACK_WIDTH_M * f64::from(rail.tracks.unwrap_or(1).clamp(1, 20));
        painter.lines(&rail.geometry, width, LandCover::Mineral);
    }
    for road in features.roads.iter().filter(|r| !r.is_tunnel() && r.is_fictitious != Some(true)) {
        let nature = road.nature.as_ref();
        let cover = nature.map_or(Some(LandCover::Sealed), |n| n.land_cover());
        if let Some(cover) = cover {
            painter.lines(&road.geometry, road.assumed_width_m(), cover);
        }
    }
    for runway in &features.runways {
        painter.areas(&runway.geometry, LandCover::Sealed, CoverSource::Topography);
    }
    for building in features.buildings.iter().filter(|b| b.is_standing()) {
        painter.areas(&building.geometry, LandCover::Built, CoverSource::Topography);
    }
    if let Some(classes) = surface_class {
        painter.fill_from_points(classes);
    }
    CoverGrids { cover: painter.cover, source: painter.source }
}

/// Cover that a LiDAR class on top of a cell stands for; bare ground tells nothing.
fn cover_of_class(code: u8) -> Option<LandCover> {
    match code {
        lidar_hd::LOW_VEGETATION => Some(LandCover::Grass),
        lidar_hd::MEDIUM_VEGETATION => Some(LandCover::Shrub),
        lidar_hd::HIGH_VEGETATION => Some(LandCover::MixedForest),
        lidar_hd::WATER => Some(LandCover::Water),
        lidar_hd::BRIDGE => Some(LandCover::Sealed),
        code if lidar_hd::is_built(code) => Some(LandCover::Built),
        _ => None,
    }
}

struct Painter {
    extent: Extent,
    cover: Grid<u8>,
    source: Grid<u8>,
}

impl Painter {
    fn areas(&mut self, geometry: &Geometry, cover: LandCover, source: CoverSource) {
        if cover != LandCover::Unknown && self.reaches(geometry, 0.0) {
            self.paint(geometry.polygons(), cover, source);
        }
    }

    /// Cells within half a width of the lines: a rectangle a segment, and an octagon a bend.
    fn lines(&mut self, geometry: &Geometry, width_m: f64, cover: LandCover) {
        let half = (0.5 * width_m).clamp(0.0, 1000.0).max(0.5 * self.cover.spec.cell_size);
        if !self.reaches(geometry, half) {
            return;
        }
        for line in geometry.lines() {
            for part in strip(line, half) {
                self.paint(std::slice::from_ref(&part), cover, CoverSource::Topography);
            }
        }
    }

    fn reaches(&self, geometry: &Geometry, margin: f64) -> bool {
        geometry.extent().is_some_and(|e| e.buffered(margin).intersects(&self.extent))
    }

    fn paint(&mut self, polygons: &[Polygon], cover: LandCover, source: CoverSource) {
        let (covers, sources) = (&mut self.cover, &mut self.source);
        let spec = covers.spec;
        cells_within(&spec, polygons, |row, column| {
            covers[(row, column)] = cover.value();
            sources[(row, column)] = source as u8;
        });
    }

    fn fill_from_points(&mut self, classes: &Grid<u8>) {
        for ((cover, source), code) in
            self.cover.values.iter_mut().zip(&mut self.source.values).zip(&classes.values)
        {
            if *cover == LandCover::Unknown.value()
                && let Some(found) = cover_of_class(*code)
            {
                *cover = found.value();
                *source = CoverSource::Lidar as u8;
            }
        }
    }
}

fn strip(line: &Line, half: f64) -> Vec<Polygon> {
    let mut parts = Vec::new();
    for pair in line.windows(2) {
        let ([x0, y0, _], [x1, y1, _]) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        if length > 0.0 && length.is_finite() {
            let (nx, ny) = (-(y1 - y0) / length * half, (x1 - x0) / length * half);
            parts.push(Polygon::from_corners(&[
                (x0 + nx, y0 + ny),
                (x0 - nx, y0 - ny),
                (x1 - nx, y1 - ny),
                (x1 + nx, y1 + ny),
            ]));
        }
    }
    for [x, y, _] in line.iter().skip(1).take(line.len().saturating_sub(2)) {
        let corners: Vec<(f64, f64)> = (0..8)
            .map(|k| {
                let (s, c) = (f64::from(k) * std::f64::consts::FRAC_PI_4).sin_cos();
                (x + half * c, y + half * s)
            })
            .collect();
        parts.push(Polygon::from_corners(&corners));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::territory::{
        Building, Layer as _, Road, RoadNature, VegetationNature, VegetationZone,
    };

    fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Geometry {
        Geometry::Polygons(vec![Polygon::from_corners(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1)])])
    }

    fn spec() -> GridSpec {
        GridSpec { west: 0.0, north: 50.0, cell_size: 1.0, columns: 50, rows: 50 }
    }

    #[test]
    fn later_sources_paint_over_earlier_ones_and_points_fill_the_rest() {
        let mut wood = VegetationZone::bare("w", rectangle(0.0, 0.0, 20.0, 50.0));
        wood.nature = Some(VegetationNature::Wood);
        let mut road =
            Road::bare("r", Geometry::Lines(vec![vec![[0.0, 25.0, 0.0], [50.0, 25.0, 0.0]]]));
        road.nature = Some(RoadNature::SingleCarriageway);
        road.width_m = Some(6.0);
        let house = Building::bare("h", rectangle(30.0, 20.0, 40.0, 30.0));
        let features = Features {
            vegetation: vec![wood],
            roads: vec![road],
            buildings: vec![house],
            ..Features::default()
        };
        let classes = Grid::filled(spec(), 3u8);
        let CoverGrids { cover, source } = land_cover(&features, &spec(), Some(&classes));
        let at = |x: f64, y: f64| LandCover::from_value(*cover.at(x, y).unwrap());
        assert_eq!(at(5.5, 40.5), LandCover::MixedForest);
        assert_eq!(at(5.5, 25.5), LandCover::Sealed);
        assert_eq!(at(35.5, 25.5), LandCover::Built);
        assert_eq!(at(45.5, 45.5), LandCover::Grass);
        assert_eq!(*source.at(45.5, 45.5).unwrap(), CoverSource::Lidar as u8);
        let sealed = cover.values.iter().filter(|v| **v == LandCover::Sealed.value()).count();
        assert_eq!(sealed, 6 * 40);
    }

    #[test]
    fn a_block_has_the_cover_of_the_whole() {
        let bend = vec![[3.0, 4.0, 0.0], [25.0, 31.0, 0.0], [47.0, 8.0, 0.0]];
        let mut road = Road::bare("r", Geometry::Lines(vec![bend]));
        road.width_m = Some(5.0);
        let features = Features { roads: vec![road], ..Features::default() };
        let whole = land_cover(&features, &spec(), None).cover;
        let block = land_cover(&features, &spec().crop(&(10..30), &(20..50)), None).cover;
        assert_eq!(block, whole.crop(10..30, 20..50));
    }
}
