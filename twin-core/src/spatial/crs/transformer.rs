//! Positions from one system to another, through longitude and latitude.
//!
//! Projections by the `geodesy` crate: Lambert conic conformal after Snyder (1987, *Map
//! projections – a working manual*, USGS Professional Paper 1395), transverse Mercator after
//! Engsager & Poder (2007), both equal to PROJ within a micrometre. Datums are not shifted: all
//! systems that can be transformed are taken as WGS 84 (see `definition.rs` for what that costs).

use geodesy::prelude::{Context, Coor2D, Direction, Minimal, OpHandle};

use super::Crs;
use super::definition::{Definition, Projection};
use crate::language::Text;
use crate::spatial::{Extent, Geometry, Position};
use crate::{Error, Result};

/// Positions handed to the projection library at once.
const BATCH: usize = 1024;
/// Pieces into which a side of an extent is cut, whose ends are moved.
const EXTENT_STEPS: usize = 16;

/// Moves positions from one system to another; heights stay as they are.
#[derive(Debug)]
pub struct Transformer {
    context: Minimal,
    /// `None` where both systems have the same coordinates.
    steps: Option<Steps>,
}

/// Each `None` stands for longitude and latitude.
#[derive(Debug)]
struct Steps {
    from: Option<OpHandle>,
    to: Option<OpHandle>,
}

impl Transformer {
    /// Prepares the way from one system to another.
    ///
    /// # Errors
    /// When there is none (EPSG:28992, whose datum needs a shift).
    pub fn new(from: Crs, to: Crs) -> Result<Self> {
        let (source, target) = (from.definition(), to.definition());
        let mut context = Minimal::new();
        let is_same = source.projection == target.projection
            && source.base.is_wgs_84 == target.base.is_wgs_84;
        if is_same {
            return Ok(Self { context, steps: None });
        }
        let mut operator = |crs: Crs, definition: &Definition| match recipe(definition) {
            Some(recipe) if recipe.is_empty() => Ok(None),
            Some(recipe) => context.op(&recipe).map(Some).map_err(|_| unavailable(crs)),
            None => Err(unavailable(crs)),
        };
        let steps = Steps { from: operator(from, &source)?, to: operator(to, &target)? };
        Ok(Self { context, steps: Some(steps) })
    }

    /// Moves positions in place. A position that the target cannot show becomes `NaN` in x and y.
    pub fn transform(&self, positions: &mut [Position]) {
        let Some(steps) = &self.steps else { return };
        let mut batch = Vec::with_capacity(BATCH.min(positions.len()));
        for part in positions.chunks_mut(BATCH) {
            batch.clear();
            let from_degrees = |p: &Position| match steps.from {
                Some(_) => Coor2D([p[0], p[1]]),
                None => Coor2D([p[0].to_radians(), p[1].to_radians()]),
            };
            batch.extend(part.iter().map(from_degrees));
            self.apply(steps.from, Direction::Inv, &mut batch);
            self.apply(steps.to, Direction::Fwd, &mut batch);
            for (position, Coor2D([x, y])) in part.iter_mut().zip(&batch) {
                let (x, y) = match steps.to {
                    Some(_) => (*x, *y),
                    None => (x.to_degrees(), y.to_degrees()),
                };
                let is_valid = x.is_finite() && y.is_finite();
                [position[0], position[1]] = if is_valid { [x, y] } else { [f64::NAN; 2] };
            }
        }
    }

    /// Transforms every vertex of a geometry in place, heights untouched.
    pub fn transform_geometry(&self, geometry: &mut Geometry) {
        let mut positions: Vec<Position> = geometry.positions().copied().collect();
        self.transform(&mut positions);
        for (vertex, moved) in geometry.positions_mut().zip(positions) {
            *vertex = moved;
        }
    }

    /// The extent that holds a moved extent, by positions along its border.
    pub fn extent(&self, extent: &Extent) -> Extent {
        let [west, south, east, north] = <[f64; 4]>::from(*extent);
        let along = |a: f64, b: f64, k: usize| a + (b - a) * k as f64 / EXTENT_STEPS as f64;
        let border = (0..=EXTENT_STEPS).flat_map(|k| {
            let (x, y) = (along(west, east, k), along(south, north, k));
            [(x, south), (x, north), (west, y), (east, y)]
        });
        let moved = border.map(|(x, y)| self.point(x, y)).filter(|(x, y)| (x + y).is_finite());
        let points = moved.map(|(x, y)| Extent { min_x: x, min_y: y, max_x: x, max_y: y });
        points.reduce(|a, b| a.union(&b)).unwrap_or(*extent)
    }

    /// Moves one position.
    pub fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let mut position = [[x, y, 0.0]];
        self.transform(&mut position);
        (position[0][0], position[0][1])
    }

    fn apply(&self, step: Option<OpHandle>, direction: Direction, batch: &mut Vec<Coor2D>) {
        if let Some(step) = step
            && self.context.apply(step, direction, batch).is_err()
        {
            batch.fill(Coor2D([f64::NAN; 2]));
        }
    }
}

fn unavailable(crs: Crs) -> Error {
    Error::Crs {
        given: crs.to_string(),
        mend: Text::new(
            "aucune transformation n'est disponible ici ; reprojeter la source au préalable",
            "no transformation is available here; reproject the source beforehand",
        ),
    }
}

/// From longitude and latitude to the system, in the words of the projection library; empty where
/// there is nothing to do, `None` where it cannot be done.
fn recipe(definition: &Definition) -> Option<String> {
    if !definition.base.is_wgs_84 {
        return None;
    }
    let ellipsoid = definition.base.ellipsoid.key;
    match definition.projection {
        Projection::Geographic => Some(String::new()),
        Projection::LambertConformal { lat_1, lat_2, lat_0, lon_0, x_0, y_0 } => Some(format!(
            "lcc lat_1={lat_1} lat_2={lat_2} lat_0={lat_0} lon_0={lon_0} x_0={x_0} y_0={y_0} ellps={ellipsoid}"
        )),
        Projection::TransverseMercator { lon_0, k_0, x_0, y_0 } => Some(format!(
            "tmerc lat_0=0 lon_0={lon_0} k_0={k_0} x_0={x_0} y_0={y_0} ellps={ellipsoid}"
        )),
        Projection::WebMercator => Some("webmerc ellps=WGS84".to_owned()),
        Projection::ObliqueStereographic { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::codes;
    use super::*;

    fn crs(epsg: u32) -> Crs {
        Crs::from_epsg(epsg).unwrap()
    }

    /// Values of PROJ 9.5.1 (through pyproj 3.7.2), `always_xy`, from the geographic system of the
    /// same datum, so that no datum shift is in them.
    const FROM_PROJ: &[(u32, f64, f64, f64, f64)] = &[
        (2154, 3.0, 46.5, 700000.0, 6600000.0),
        (2154, 2.3522, 48.8566, 652469.02270914, 6862035.25942008),
        (2154, -4.7, 48.4, 130974.9865315, 6838844.67724907),
        (2154, 9.45, 42.7, 1228546.04531601, 6199420.64397506),
        (2154, 7.27, 43.7, 1044115.39932475, 6298302.97423667),
        (3942, 8.74, 41.93, 2175687.48050712, 1208175.81672628),
        (3946, 4.8357, 45.764, 1842779.10919176, 5175416.42830831),
        (3950, 2.3, 50.95, 1650806.99189024, 9305902.29218815),
        (9794, -1.55, 47.22, 355860.02969168, 6689884.83613601),
        (5490, -61.53, 16.24, 657103.13653177, 1796046.83897081),
        (5490, -62.85, 17.9, 515888.33435593, 1979128.37967587),
        (2972, -52.33, 4.93, 352535.03756299, 545073.7192823),
        (2975, 55.45, -20.88, 338767.16736422, 7690355.57235725),
        (4471, 45.23, -12.78, 524963.36056455, 8587181.96113518),
        (10674, 45.23, -12.78, 524963.36056455, 8587181.96113518),
        (4467, -56.18, 46.78, 562596.2720281, 5181043.21023889),
        (3857, 2.3522, 48.8566, 261845.70624394, 6250564.34954313),
        (32631, 2.3522, 48.8566, 452482.53270263, 5411717.1768689),
        (32631, 5.9, 45.0, 728564.48588166, 4987042.30661549),
        (32740, 55.45, -20.88, 338767.16736455, 7690355.572286),
        (25830, -1.55, 47.22, 609782.88191657, 5230632.08134504),
        (26917, -81.0, 43.0, 500000.0, 4760814.79596963),
    ];

    #[test]
    fn positions_equal_those_of_proj_to_a_micrometre() {
        for &(epsg, longitude, latitude, x, y) in FROM_PROJ {
            let there = Transformer::new(Crs::WGS_84, crs(epsg)).unwrap();
            let (east, north) = there.point(longitude, latitude);
            assert!(
                (east - x).abs() < 1e-6 && (north - y).abs() < 1e-6,
                "EPSG:{epsg}: {east} {north}, PROJ {x} {y}"
            );
            let back = Transformer::new(crs(epsg), Crs::WGS_84).unwrap();
            let (lon, lat) = back.point(x, y);
            // 1e-11 degrees are a micrometre.
            assert!((lon - longitude).abs() < 1e-11 && (lat - latitude).abs() < 1e-11);
        }
    }

    #[test]
    fn there_and_back_is_where_one_was() {
        for code in codes().filter(|&code| code != 28992) {
            let area = crs(code).area_of_use();
            let there = Transformer::new(Crs::WGS_84, crs(code)).unwrap();
            let back = Transformer::new(crs(code), Crs::WGS_84).unwrap();
            // Pole and antimeridian aside.
            let area = area.buffered(-0.1 * area.width().min(area.height()));
            for (x, y) in [
                area.centre(),
                (area.min_x, area.min_y),
                (area.max_x, area.max_y),
                (area.min_x, area.max_y),
            ] {
                let projected = there.point(x, y);
                let (lon, lat) = back.point(projected.0, projected.1);
                assert!(
                    (lon - x).abs() < 1e-11 && (lat - y).abs() < 1e-11,
                    "EPSG:{code}: {x} {y} → {projected:?} → {lon} {lat}"
                );
            }
        }
    }

    #[test]
    fn heights_stay_and_long_lists_are_moved_whole() {
        let mut positions: Vec<Position> =
            (0..3000).map(|i| [700_000.0 + f64::from(i), 6_600_000.0, f64::from(i)]).collect();
        let transformer = Transformer::new(Crs::LAMBERT_93, crs(3946)).unwrap();
        transformer.transform(&mut positions);
        for (i, p) in positions.iter().enumerate() {
            let expected = transformer.point(700_000.0 + i as f64, 6_600_000.0);
            assert_eq!((p[0], p[1]), expected);
            assert_eq!(p[2], i as f64);
        }
    }

    #[test]
    fn equal_systems_leave_every_bit() {
        for (a, b) in [(2154, 2154), (2154, 9794), (4326, 4171), (4258, 4326), (4471, 10674)] {
            let transformer = Transformer::new(crs(a), crs(b)).unwrap();
            assert_eq!(transformer.point(0.1 + 0.2, 45.3), (0.1 + 0.2, 45.3));
        }
    }

    #[test]
    fn what_cannot_be_moved_says_so() {
        assert_eq!(Transformer::new(crs(28992), Crs::WGS_84).unwrap_err().code(), "crs");
        assert!(Transformer::new(crs(28992), crs(28992)).is_ok());
        let transformer = Transformer::new(Crs::WGS_84, crs(32631)).unwrap();
        assert!(transformer.point(f64::NAN, 45.0).0.is_nan());
        assert!(transformer.point(f64::INFINITY, 45.0).0.is_nan());
    }
}
