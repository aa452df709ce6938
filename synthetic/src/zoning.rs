//! Partitions of the commune: land cover (OCS GE), parcels (cadastre) and planning zones (PLU).
//!
//! Fields, lots and zones overlap streets, water and each other on the plan; set operations on
//! polygons make partitions of them, each piece against its neighbours only.

use geo::{Area, BooleanOps, BoundingRect, Intersects, MultiPolygon, Orient};
use rayon::prelude::*;
use twin_core::formats::{FeatureTable, Value};
use twin_core::spatial::{Geometry, Polygon};

use crate::building::BuildingUse;
use crate::commune::Commune;
use crate::cover::Cover;
use crate::frame::Point;
use crate::shores::{pond_ring, river_band};
use crate::streets::StreetClass;
use crate::table::{Layer, text};

type Shape = geo::Polygon<f64>;

/// Pieces smaller than this are left out, m².
const SLIVER: f64 = 0.5;

/// A counter-clockwise shape: unions count windings, and opposite ones would cancel.
fn shape(ring: &[Point]) -> Shape {
    let line: geo::LineString<f64> = ring.iter().map(|p| geo::Coord { x: p[0], y: p[1] }).collect();
    geo::Polygon::new(line, Vec::new()).orient(geo::orient::Direction::Default)
}

fn geometry(shape: &MultiPolygon<f64>) -> Geometry {
    Geometry::Polygons(shape.iter().map(Polygon::from_geo).collect())
}

/// Shapes with their bounding rectangles.
#[derive(Default)]
struct Pile(Vec<(geo::Rect<f64>, Shape)>);

impl Pile {
    fn add(&mut self, shape: Shape) {
        if let Some(bounds) = shape.bounding_rect() {
            self.0.push((bounds, shape));
        }
    }

    fn extend(&mut self, shapes: impl IntoIterator<Item = Shape>) {
        shapes.into_iter().for_each(|s| self.add(s));
    }

    /// What remains of a shape when those of the pile are taken away.
    fn cut(&self, from: &Shape) -> MultiPolygon<f64> {
        let whole = MultiPolygon::new(vec![from.clone()]);
        let Some(bounds) = from.bounding_rect() else { return whole };
        let near: Vec<&Shape> =
            self.0.iter().filter(|(b, _)| b.intersects(&bounds)).map(|(_, s)| s).collect();
        if near.is_empty() {
            return whole;
        }
        let rest = whole.difference(&geo::unary_union(near));
        MultiPolygon::new(rest.into_iter().filter(|p| p.unsigned_area() > SLIVER).collect())
    }
}

/// Shapes of the ground, in the world.
struct Ground {
    water: Vec<Shape>,
    banks: Vec<Shape>,
    roads: Vec<(Shape, Cover)>,
    yards: Vec<(Shape, Cover)>,
    buildings: Vec<Shape>,
    fields: Vec<(Shape, Cover)>,
}

impl Ground {
    fn new(commune: &Commune) -> Self {
        let frame = &commune.frame;
        let river = &commune.terrain.river;
        let world = |ring: Vec<Point>| shape(&frame.line(&ring));
        let mut water = vec![world(river_band(commune, river.water_half_width()))];
        water.extend(pond_ring(commune).map(|ring| shape(&ring)));
        let mut banks = vec![world(river_band(commune, river.top))];
        let dyke = &commune.terrain.dyke;
        if commune.options.dyke {
            let half = dyke.half_crest + 2.0 * dyke.height;
            let mut ring = river.line_at_offset(dyke.offset - half, dyke.from, dyke.to, 4.0);
            let mut back = river.line_at_offset(dyke.offset + half, dyke.from, dyke.to, 4.0);
            back.reverse();
            ring.extend(back);
            banks.push(world(ring));
        }
        let mut roads = Vec::new();
        for way in &commune.ways {
            let cover = if way.class == StreetClass::Track { Cover::Track } else { Cover::Road };
            let last = way.line.len() - 1;
            let mut start = 0;
            while start < last {
                let end = (start + 16).min(last);
                roads.push((world(strip(&way.line, start, end, way.half_width)), cover));
                start = end;
            }
        }
        let closed = |ring: &[Point]| world(ring.to_vec());
        Self {
            water,
            banks,
            roads,
            yards: commune.grounds.iter().map(|(r, c)| (closed(&r.corners()), *c)).collect(),
            buildings: commune.buildings().iter().map(|b| shape(&b.footprint)).collect(),
            fields: commune.land_use.fields.iter().map(|f| (closed(&f.corners), f.cover)).collect(),
        }
    }
}

/// Outline of a stretch of street; neighbours share their end edges.
fn strip(line: &[Point], start: usize, end: usize, half: f64) -> Vec<Point> {
    let normal = |i: usize| {
        let (a, b) = (line[i.saturating_sub(1)], line[(i + 1).min(line.len() - 1)]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = (dx * dx + dy * dy).sqrt();
        [-dy / length * half, dx / length * half]
    };
    let side = |sign: f64| {
        move |i: usize| [line[i][0] + sign * normal(i)[0], line[i][1] + sign * normal(i)[1]]
    };
    (start..=end).map(side(-1.0)).chain((start..=end).rev().map(side(1.0))).collect()
}

/// OCS GE: layer `occupation_du_sol`.
pub(crate) fn ocs_ge(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new("occupation_du_sol", "OCSGE", "id code_cs code_us millesime:i");
    let ground = Ground::new(commune);
    let mut taken = Pile::default();
    let add = |layer: &mut Layer, rest: &MultiPolygon<f64>, codes: (&str, &str)| {
        for piece in rest {
            let number = layer.len() + 1;
            layer.add(
                geometry(&MultiPolygon::new(vec![piece.clone()])),
                &[
                    ("id", text(layer.identifier(number))),
                    ("code_cs", text(codes.0)),
                    ("code_us", text(codes.1)),
                    ("millesime", Value::Integer(2024)),
                ],
            );
        }
    };
    // From what lies on top to what lies below.
    for (building, record) in ground.buildings.iter().zip(commune.buildings()) {
        let usage = match record.usage {
            BuildingUse::Dwelling | BuildingUse::Annex => "US5",
            BuildingUse::Agricultural => "US1.1",
            BuildingUse::Industrial => "US2",
            BuildingUse::Services | BuildingUse::Religious => "US3",
        };
        let rest = MultiPolygon::new(vec![building.clone()]);
        add(&mut layer, &rest, (Cover::Building.ocs_ge().0, usage));
        taken.add(building.clone());
    }
    let layers = ground
        .water
        .iter()
        .map(|s| (s, Cover::Water))
        .chain(ground.roads.iter().map(|(s, c)| (s, *c)))
        .chain(ground.banks.iter().map(|s| (s, Cover::Bank)))
        .chain(ground.yards.iter().map(|(s, c)| (s, *c)));
    for (shape, cover) in layers {
        let rest = taken.cut(shape);
        add(&mut layer, &rest, cover.ocs_ge());
        taken.add(shape.clone());
    }
    let rests: Vec<MultiPolygon<f64>> =
        ground.fields.par_iter().map(|(field, _)| taken.cut(field)).collect();
    for (rest, (_, cover)) in rests.iter().zip(&ground.fields) {
        add(&mut layer, rest, cover.ocs_ge());
    }
    layer.finish()
}

/// Cadastre: layer `parcelle`. Streets, river and banks are public domain and have none.
pub(crate) fn parcels(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new(
        "parcelle",
        "",
        "numero feuille:i section code_dep nom_com code_com com_abs code_arr idu contenance:i \
         code_insee",
    );
    let ground = Ground::new(commune);
    let mut taken = Pile::default();
    taken.extend(ground.roads.iter().map(|(s, _)| s.clone()));
    taken.extend(ground.banks.iter().cloned());
    let insee = &commune.options.insee_code;
    let mut number = 0;
    let mut add = |rest: &MultiPolygon<f64>, section: &str| {
        if rest.0.is_empty() {
            return;
        }
        number += 1;
        layer.add(
            geometry(rest),
            &[
                ("numero", text(format!("{number:04}"))),
                ("feuille", Value::Integer(1)),
                ("section", text(section)),
                ("code_dep", text(insee.chars().take(2).collect::<String>())),
                ("nom_com", text(&*commune.options.name)),
                ("code_com", text(insee.chars().skip(2).collect::<String>())),
                ("com_abs", text("000")),
                ("idu", text(format!("{insee}000{section}{number:04}"))),
                ("contenance", Value::Integer(rest.unsigned_area().round() as i64)),
                ("code_insee", text(&**insee)),
            ],
        );
    };
    // A lot takes its own building whole, so it must not be cut by lots before it: those leave
    // out the walls of other lots' buildings.
    let buildings = commune.buildings();
    let mut lots: Vec<(Vec<usize>, Shape)> = Vec::new();
    for (index, building) in buildings.iter().enumerate() {
        match lots.last_mut() {
            Some((members, _)) if buildings[members[0]].lot == building.lot => members.push(index),
            _ => {
                let ring = commune.frame.line(&building.lot.corners());
                lots.push((vec![index], shape(&ring)));
            }
        }
    }
    for (members, lot) in &lots {
        let mut obstacles = Pile::default();
        let Some(bounds) = lot.bounding_rect() else { continue };
        obstacles.0.extend(taken.0.iter().filter(|(b, _)| b.intersects(&bounds)).cloned());
        let others = ground.buildings.iter().enumerate().filter(|(i, _)| !members.contains(i));
        obstacles.extend(
            others
                .map(|(_, s)| s)
                .filter(|s| s.bounding_rect().is_some_and(|b| b.intersects(&bounds)))
                .cloned(),
        );
        add(&obstacles.cut(lot), "AB");
        taken.add(lot.clone());
    }
    let rests: Vec<MultiPolygon<f64>> = ground
        .fields
        .par_iter()
        .map(|(field, _)| {
            let mut with_buildings = Pile::default();
            if let Some(bounds) = field.bounding_rect() {
                let near = taken.0.iter().filter(|(b, _)| b.intersects(&bounds));
                with_buildings.0.extend(near.cloned());
            }
            with_buildings.cut(field)
        })
        .collect();
    for rest in rests.iter().flat_map(|rest| rest.iter()) {
        add(&MultiPolygon::new(vec![rest.clone()]), "ZA");
    }
    layer.finish()
}

/// PLU: layer `zone_urba`.
pub(crate) fn planning_zones(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new(
        "zone_urba",
        "",
        "partition libelle libelong typezone destdomi insee datappro idurba idzone",
    );
    let (terrain, village) = (&commune.terrain, &commune.village);
    let (river, size) = (&terrain.river, terrain.size);
    let k = river.scale;
    // A stretch of the valley between two offsets from its axis.
    let stretch = |from: f64, to: f64, low: f64, high: f64| {
        let (from, to) = (from.clamp(0.0, size), to.clamp(0.0, size));
        let count = ((to - from) / 20.0).ceil().max(1.0) as usize;
        let line = |v: f64| -> Vec<Point> {
            (0..=count)
                .map(|i| from + (to - from) * i as f64 / count as f64)
                .map(|x| [x, (river.axis(x) + v).clamp(0.0, size)])
                .collect()
        };
        let mut ring = line(low);
        let mut back = line(high);
        back.reverse();
        ring.extend(back);
        shape(&commune.frame.line(&ring))
    };
    let [cx, _] = village.centre;
    let zones = [
        ("N", "N", "Zone naturelle : lit et berges", stretch(0.0, size, -48.0 * k, 52.0 * k)),
        (
            "UA",
            "U",
            "Centre ancien, hauteur maximale 12 m à l'égout",
            stretch(cx - 150.0, cx + 150.0, 52.0 * k, village.main + 120.0 * k),
        ),
        (
            "UBi",
            "U",
            "Quartier de la Digue, hauteur maximale 7 m à l'égout, secteur inondable",
            stretch(terrain.bay[0], terrain.bay[1], village.low - 75.0, -48.0 * k),
        ),
        (
            "UX",
            "U",
            "Zone d'activités, hauteur maximale 10 m",
            stretch(village.east + 2.0, size, 52.0 * k, village.main + 60.0),
        ),
        (
            "UB",
            "U",
            "Extensions du village, hauteur maximale 7 m à l'égout",
            stretch(village.west - 12.0, village.east + 2.0, 52.0 * k, village.top + 42.0),
        ),
        ("A", "A", "Zone agricole", stretch(0.0, size, -2.0 * size, 2.0 * size)),
    ];
    let mut taken = Pile::default();
    for (label, kind, long, area) in zones {
        let rest = taken.cut(&area);
        let number = layer.len() + 1;
        if !rest.0.is_empty() {
            layer.add(
                geometry(&rest),
                &[
                    ("partition", text(format!("DU_{}", commune.options.insee_code))),
                    ("libelle", text(label)),
                    ("libelong", text(long)),
                    ("typezone", text(kind)),
                    ("insee", text(&*commune.options.insee_code)),
                    ("datappro", text("20240115")),
                    ("idurba", text(format!("{}_PLU_20240115", commune.options.insee_code))),
                    ("idzone", text(format!("{number}"))),
                ],
            );
        }
        taken.add(area);
    }
    layer.finish()
}
