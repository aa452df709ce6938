//! A territory as one GLB: terrain in the colours of its land cover, buildings with their properties.
//!
//! Positions are metres east, up and south of an origin near the middle of the territory; the file's
//! `asset.extras` name the reference system, the height datum and the world position of the origin.

use std::path::Path;

use serde_json::json;

use super::scene::city_model;
use crate::formats::cityjson::CityJsonSeq;
use crate::formats::gltf::{Material, Part, write_glb};
use crate::spatial::Grid;
use crate::territory::{LandCover, Territory};
use crate::{Error, Result};

/// Cells of the terrain at most: a coarser overview is taken above.
const MOST_CELLS: usize = 1_000_000;

/// Writes the scene of a territory.
///
/// # Errors
/// When the territory cannot be read or the file not be written.
pub fn write_scene(territory: &Territory, out: &Path) -> Result<()> {
    let grids = territory.grids();
    let Some(level) = (0..grids.levels().len()).find(|&k| grids.levels()[k].len() <= MOST_CELLS)
    else {
        return Err(Error::input(
            territory.folder().display().to_string(),
            "territoire trop grand pour un seul fichier GLB ; l'exporter en 3D Tiles",
            "the territory is too large for one GLB file; export it as 3D Tiles",
        ));
    };
    let terrain: Grid<f32> = grids.read_level("dtm", level)?;
    let cover: Grid<u8> = grids.read_level("land_cover", level)?;
    let (x, y) = territory.spec().extent().centre();
    let lowest = terrain.range().map_or(0.0, |(low, _)| low.floor());
    let origin = [x.round(), y.round(), f64::from(lowest)];
    let frame = |p: [f64; 3]| [p[0] - origin[0], p[2] - origin[2], origin[1] - p[1]];

    let mut models = CityJsonSeq::open(territory.folder().join(Territory::BUILDINGS))?;
    let mut objects = Vec::new();
    for place in models.places()? {
        objects.extend(models.feature_at(place)?);
    }
    let mut model = city_model(&objects.iter().collect::<Vec<_>>(), &frame);
    model.parts.insert(0, ground(&terrain, &cover, &frame));
    let manifest = territory.manifest();
    let extras = [
        ("name", json!(manifest.name)),
        ("crs", json!(territory.crs().to_string())),
        ("height_datum", json!(manifest.vertical_datum)),
        ("origin", json!(origin)),
        ("axes", json!("x east, y up, z south")),
    ];
    model.extras = extras.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    write_glb(out, &model)
}

/// The terrain as two triangles between four cell centres, void ones left out.
fn ground(terrain: &Grid<f32>, cover: &Grid<u8>, frame: &dyn Fn([f64; 3]) -> [f64; 3]) -> Part {
    let spec = terrain.spec;
    let material = Material { name: "terrain".to_owned(), ..Material::default() };
    let mut part = Part { material, ..Part::default() };
    let mut vertex = Grid::filled(spec, u32::MAX);
    let height = |row: usize, column: usize| terrain.get(row, column).copied().unwrap_or(f32::NAN);
    for row in 0..spec.rows {
        for column in 0..spec.columns {
            let z = height(row, column);
            if z.is_nan() {
                continue;
            }
            let (x, y) = spec.centre(row, column);
            vertex[(row, column)] = part.positions.len() as u32;
            part.positions.push(frame([x, y, f64::from(z)]).map(|v| v as f32));
            let slope = |a: f32, b: f32| {
                let rise = b - a;
                if rise.is_nan() { 0.0 } else { rise / (2.0 * spec.cell_size as f32) }
            };
            let east = slope(height(row, column.wrapping_sub(1)), height(row, column + 1));
            let south = slope(height(row.wrapping_sub(1), column), height(row + 1, column));
            let length = (1.0 + east * east + south * south).sqrt();
            part.normals.push([-east / length, 1.0 / length, -south / length]);
            let [r, g, b] = LandCover::from_value(cover[(row, column)]).rgb();
            part.colours.push([r, g, b, 255]);
        }
    }
    for row in 1..spec.rows {
        for column in 1..spec.columns {
            let corner = |r: usize, c: usize| vertex[(row - r, column - c)];
            let [nw, ne, sw, se] = [corner(1, 1), corner(1, 0), corner(0, 1), corner(0, 0)];
            for triangle in [[nw, sw, se], [nw, se, ne]] {
                if !triangle.contains(&u32::MAX) {
                    part.triangles.push(triangle);
                }
            }
        }
    }
    part
}
