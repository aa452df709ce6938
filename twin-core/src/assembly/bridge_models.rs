//! Bridge decks as city objects.
//!
//! Cells with a deck on top (class 17, band `bridge_deck`) hang together as decks. The outline of each is
//! straightened by Douglas & Peucker (1973, doi:10.3138/FM57-6770-U75U-7727) and gets a vertex every few
//! metres at the height of the deck around it, so that an arch stays one; triangles between the vertices
//! are the surface. A deck has the identifier of the bridge of the features that lies over its middle,
//! else one by its place.

use std::collections::BTreeMap;

use geo::Simplify as _;
use serde_json::json;

use super::Window;
use crate::Result;
use crate::formats::cf::GridFile;
use crate::formats::cityjson::{
    CityObject, CityObjectKind, Form, Semantic, Surface, SurfaceGeometry,
};
use crate::spatial::{Grid, Polygon, Regions, facet::triangulate};
use crate::territory::{Features, SurfaceConstructionNature};

/// Smallest deck, m².
const SMALLEST_M2: f64 = 15.0;
/// Longest edge of an outline, metres.
const EDGE_M: f64 = 8.0;
/// Cells around a vertex whose heights make its own.
const REACH: usize = 2;
/// Level of detail of the surfaces.
const LOD: &str = "2.0";
/// Side of the windows in which the band is read, cells.
const WINDOW: usize = 2048;

/// The decks of a territory, from north to south.
pub(super) fn bridge_decks(grids: &GridFile, features: &Features) -> Result<Vec<CityObject>> {
    let spec = *grids.spec();
    let mut cells: BTreeMap<(usize, usize), f32> = BTreeMap::new();
    for window in Window::whole(&spec).tiles(WINDOW) {
        let (rows, columns) = (window.rows.clone(), window.columns.clone());
        let heights: Grid<f32> = grids.read_window("bridge_deck", 0, rows, columns)?;
        for (i, height) in heights.values.iter().enumerate().filter(|(_, z)| z.is_finite()) {
            let (row, column) = heights.spec.row_column(i);
            cells.insert((window.rows.start + row, window.columns.start + column), *height);
        }
    }
    let mut objects: Vec<CityObject> = Vec::new();
    while let Some((&first, _)) = cells.first_key_value() {
        let deck = connected(&mut cells, first);
        if deck.len() as f64 * spec.cell_area() < SMALLEST_M2 {
            continue;
        }
        let rows = deck.keys().map(|k| k.0);
        let rows = rows.clone().min().unwrap_or(0)..rows.max().unwrap_or(0) + 1;
        let columns = deck.keys().map(|k| k.1);
        let columns = columns.clone().min().unwrap_or(0)..columns.max().unwrap_or(0) + 1;
        let heights = Grid::from_fn(spec.crop(&rows, &columns), |row, column| {
            let at = (rows.start + row, columns.start + column);
            deck.get(&at).copied().unwrap_or(f32::NAN)
        });
        let taken = |id: &str| objects.iter().any(|object| object.id == id);
        objects.extend(city_object(&heights, deck.len(), features, taken));
    }
    Ok(objects)
}

/// Takes the cells that hang together with the first one.
fn connected(
    cells: &mut BTreeMap<(usize, usize), f32>,
    first: (usize, usize),
) -> BTreeMap<(usize, usize), f32> {
    let mut deck = BTreeMap::new();
    let mut waiting = vec![first];
    while let Some((row, column)) = waiting.pop() {
        let Some(height) = cells.remove(&(row, column)) else { continue };
        deck.insert((row, column), height);
        waiting.extend([(row + 1, column), (row, column + 1)]);
        waiting.extend(row.checked_sub(1).map(|row| (row, column)));
        waiting.extend(column.checked_sub(1).map(|column| (row, column)));
    }
    deck
}

fn city_object(
    heights: &Grid<f32>,
    cells: usize,
    features: &Features,
    taken: impl Fn(&str) -> bool,
) -> Option<CityObject> {
    let spec = heights.spec;
    let regions = Regions::of(spec, |i| heights.values[i].is_finite().then_some(()));
    let outline = regions.outlines().into_iter().next()?.to_geo().simplify(spec.cell_size);
    let rings: Vec<Vec<[f64; 3]>> = Polygon::from_geo(&outline)
        .rings()
        .map(|ring| raised(ring, heights))
        .filter(|ring| ring.len() > 2)
        .collect();
    let vertices: Vec<[f64; 3]> = rings.iter().flatten().copied().collect();
    let surfaces: Vec<Surface> = triangulate(&rings)
        .into_iter()
        .map(|triangle| Surface {
            rings: vec![triangle.map(|k| vertices[k]).to_vec()],
            semantic: Some(Semantic::OuterFloor),
            attributes: serde_json::Map::new(),
        })
        .collect();
    if surfaces.is_empty() {
        return None;
    }
    let (x, y) = spec.extent().centre();
    let known = features.surface_constructions.iter().find(|construction| {
        construction.nature == Some(SurfaceConstructionNature::Bridge)
            && !taken(&construction.id)
            && construction.geometry.polygons().iter().any(|p| p.contains(x, y))
    });
    let by_place = || format!("pont-{}-{}", x.floor() as i64, y.floor() as i64);
    let id = known.map_or_else(by_place, |construction| construction.id.clone());
    let mut object = CityObject::new(&id, CityObjectKind::Bridge);
    let (low, high) = heights.range()?;
    let centimetres = |v: f32| json!((f64::from(v) * 100.0).round() / 100.0);
    let area_m2 = (cells as f64 * spec.cell_area()).round();
    object.attributes.insert("altitude_minimale".to_owned(), centimetres(low));
    object.attributes.insert("altitude_maximale".to_owned(), centimetres(high));
    object.attributes.insert("surface".to_owned(), json!(area_m2));
    if let Some(name) = known.and_then(|construction| construction.name.clone()) {
        object.attributes.insert("toponyme".to_owned(), json!(name));
    }
    object.geometries.push(SurfaceGeometry {
        lod: LOD.to_owned(),
        form: Form::MultiSurface,
        surfaces,
    });
    Some(object)
}

/// An open ring with a vertex every few metres, at the height of the deck.
fn raised(ring: &[[f64; 3]], heights: &Grid<f32>) -> Vec<[f64; 3]> {
    let mut vertices = Vec::new();
    for pair in ring.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let steps = (length / EDGE_M).ceil().max(1.0) as usize;
        vertices.extend((0..steps).map(|k| {
            let share = k as f64 / steps as f64;
            let at = |axis: usize| from[axis] + share * (to[axis] - from[axis]);
            let (x, y) = (at(0), at(1));
            [x, y, height_near(heights, x, y)]
        }));
    }
    vertices
}

/// Mean height of the cells around a place, wider around where there is none.
fn height_near(heights: &Grid<f32>, x: f64, y: f64) -> f64 {
    let spec = heights.spec;
    let cell = |metres: f64, count: usize| {
        (metres / spec.cell_size).floor().clamp(0.0, (count - 1) as f64) as usize
    };
    let (row, column) = (cell(spec.north - y, spec.rows), cell(x - spec.west, spec.columns));
    let mut reach = REACH;
    loop {
        let rows = row.saturating_sub(reach)..(row + reach + 1).min(spec.rows);
        let near = rows.flat_map(|r| {
            (column.saturating_sub(reach)..(column + reach + 1).min(spec.columns))
                .map(move |c| (r, c))
        });
        let found: Vec<f64> =
            near.map(|at| f64::from(heights[at])).filter(|z| z.is_finite()).collect();
        if !found.is_empty() {
            return found.iter().sum::<f64>() / found.len() as f64;
        }
        if reach > spec.rows.max(spec.columns) {
            return f64::NAN;
        }
        reach *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cf::{BandMeta, GridFileWriter};
    use crate::spatial::{Crs, Geometry, GridSpec};
    use crate::territory::{Layer as _, SurfaceConstruction};

    #[test]
    fn an_arch_becomes_a_surface_at_its_heights_and_takes_its_name() {
        let spec = GridSpec { west: 0.0, north: 100.0, cell_size: 0.5, columns: 300, rows: 200 };
        // A deck of 60 × 8 m that rises by two metres to its middle, and a speck.
        let height = |x: f64| (52.0 - 2.0 * ((x - 70.0) / 30.0).powi(2)) as f32;
        let deck = Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            let on_deck = (40.0..100.0).contains(&x) && (46.0..54.0).contains(&y);
            let is_speck = x > 140.0 && x < 141.0 && y > 90.0 && y < 91.0;
            if on_deck || is_speck { height(x) } else { f32::NAN }
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grids.h5");
        let mut writer =
            GridFileWriter::create(&path, &spec, Crs::LAMBERT_93, &BTreeMap::new()).unwrap();
        writer.add_band(&BandMeta::maximum("bridge_deck", "decks", "m")).unwrap();
        writer.write_window("bridge_deck", 0, 0, &deck).unwrap();
        writer.finish().unwrap();
        let around =
            Polygon::from_corners(&[(39.0, 45.0), (101.0, 45.0), (101.0, 55.0), (39.0, 55.0)]);
        let bridge = SurfaceConstruction {
            nature: Some(SurfaceConstructionNature::Bridge),
            name: Some("Pont Neuf".to_owned()),
            ..SurfaceConstruction::bare("CONS1", Geometry::Polygons(vec![around]))
        };
        let features = Features { surface_constructions: vec![bridge], ..Features::default() };
        let decks = bridge_decks(&GridFile::open(&path).unwrap(), &features).unwrap();
        assert_eq!(decks.len(), 1);
        assert_eq!((decks[0].id.as_str(), decks[0].kind), ("CONS1", CityObjectKind::Bridge));
        assert_eq!(decks[0].attributes["toponyme"], "Pont Neuf");
        let surfaces = &decks[0].geometries[0].surfaces;
        let mut area = 0.0;
        for surface in surfaces {
            let [a, b, c] = [0, 1, 2].map(|k| surface.rings[0][k]);
            // Seen from above anticlockwise.
            let twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
            assert!(twice >= 0.0);
            area += 0.5 * twice;
            for [x, _, z] in [a, b, c] {
                let truth = f64::from(height(x.clamp(40.0, 100.0)));
                assert!((z - truth).abs() < 0.12, "{x}: {z} for {truth}");
            }
        }
        assert!((area - 480.0).abs() < 5.0, "{area}");
        let without = bridge_decks(&GridFile::open(&path).unwrap(), &Features::default()).unwrap();
        assert_eq!(without[0].id, "pont-70-50");
    }
}
