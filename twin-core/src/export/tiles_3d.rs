//! 3D Tiles 1.1 (OGC 22-025r4): the buildings of a territory for globes such as CesiumJS and iTowns.
//!
//! ```text
//! OUT/tileset.json
//! OUT/tiles/0-0-0.glb …   level, column, row
//! ```
//!
//! The square around the buildings is cut in four until a tile holds no more than
//! [`MOST_OBJECTS`]; leaves have content, all tiles the region they lie in. Contents are GLB in metres
//! east, north and up of their tile (`EXT_mesh_features`, `EXT_structural_metadata`), which the
//! tile's transform puts onto the ellipsoid: longitude and latitude from the projection, heights above
//! the ellipsoid by the height grid of the datum ([`Globe`]).

use std::path::Path;

use serde_json::{Value, json};

use super::scene::city_model;
use crate::formats::PartFile;
use crate::formats::cityjson::{CityJsonSeq, CityObject};
use crate::formats::gltf::write_glb;
use crate::spatial::{Extent, Geographic, Globe, LocalFrame};
use crate::territory::Territory;
use crate::{Error, Result};

/// Objects of a tile with content.
const MOST_OBJECTS: usize = 400;
/// Levels of the tree at most: tiles of a metre in 65 km.
const MOST_LEVELS: u32 = 16;
/// Error of a model that is not shown, as a share of the side of its tile.
const ERROR_SHARE: f64 = 0.25;

/// A building with the middle of its footprint and its place in the file.
struct Item {
    middle: [f64; 2],
    place: crate::formats::cityjson::FeaturePlace,
}

/// Writes the tileset of a territory into a folder. Gives the number of tiles with content.
///
/// # Errors
/// When the territory has no buildings, its datum has no height grid, or a file cannot be written.
pub fn write_tileset(territory: &Territory, out: &Path) -> Result<usize> {
    let globe = Globe::new(territory.crs(), territory.vertical_datum())?;
    let source = territory.folder().join(Territory::BUILDINGS);
    let mut models = CityJsonSeq::open(&source)?;
    let mut items = Vec::new();
    for place in models.places()? {
        let objects = models.feature_at(place)?;
        if let Some(extent) = extent_of(&objects) {
            let (x, y) = extent.centre();
            items.push(Item { middle: [x, y], place });
        }
    }
    let Some(all) = Extent::of_points(items.iter().map(|i| (i.middle[0], i.middle[1]))) else {
        return Err(Error::input(
            source.display().to_string(),
            "aucun bâtiment à exporter ; assembler le territoire avec une BD TOPO ou un nuage de points",
            "no building to export; assemble the territory with BD TOPO or a point cloud",
        ));
    };
    let tiles = out.join("tiles");
    std::fs::create_dir_all(&tiles).map_err(Error::write(&tiles))?;
    let side = all.width().max(all.height()).max(1.0);
    let mut tree =
        Tree { globe, models, folder: tiles, contents: 0, copyright: copyright(territory) };
    let corner = [all.min_x, all.min_y];
    let Some(mut root) = tree.tile(items, corner, side, [0, 0, 0])? else {
        return Err(Error::input(
            source.display().to_string(),
            "les bâtiments sont hors de la grille d'altimétrie de leur référentiel",
            "the buildings lie outside the height grid of their datum",
        ));
    };
    // Tiles without a refinement have that of their parent; the root must have one.
    root.json["refine"] = json!("ADD");
    let tileset = json!({
        "asset": { "version": "1.1", "extras": { "generator": format!("twin {}", env!("CARGO_PKG_VERSION")) } },
        "geometricError": side,
        "root": root.json,
    });
    let path = out.join("tileset.json");
    let part = PartFile::new(&path)?;
    std::fs::write(part.part(), tileset.to_string()).map_err(Error::write(&path))?;
    part.publish()?;
    Ok(tree.contents)
}

fn copyright(territory: &Territory) -> String {
    let mut names: Vec<&str> =
        territory.manifest().sources.iter().map(|s| s.attribution.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join("; ")
}

fn extent_of(objects: &[CityObject]) -> Option<Extent> {
    let surfaces = objects.iter().filter_map(CityObject::best_geometry).flat_map(|g| &g.surfaces);
    Extent::of_points(surfaces.flat_map(|s| s.rings.iter().flatten()).map(|p| (p[0], p[1])))
}

/// The tree of tiles while it is written.
struct Tree {
    globe: Globe,
    models: CityJsonSeq,
    folder: std::path::PathBuf,
    contents: usize,
    copyright: String,
}

/// A tile with the region of all that it holds: west, south, east, north in radians, lowest, highest.
struct Tile {
    json: Value,
    region: [f64; 6],
}

impl Tree {
    /// The tile of items within a square from its south-western corner; `None` where nothing of it
    /// has a place on the globe.
    fn tile(
        &mut self,
        items: Vec<Item>,
        corner: [f64; 2],
        side: f64,
        [level, column, row]: [u32; 3],
    ) -> Result<Option<Tile>> {
        if items.len() <= MOST_OBJECTS || level >= MOST_LEVELS {
            return self.leaf(&items, &format!("{level}-{column}-{row}.glb"));
        }
        let half = 0.5 * side;
        let mut quarters: [Vec<Item>; 4] = Default::default();
        for item in items {
            let [east, north] = [0, 1].map(|k| item.middle[k] >= corner[k] + half);
            quarters[usize::from(east) + 2 * usize::from(north)].push(item);
        }
        let mut children = Vec::new();
        for (k, quarter) in quarters.into_iter().enumerate().filter(|(_, q)| !q.is_empty()) {
            let [east, north] = [k as u32 & 1, k as u32 >> 1];
            let corner = [corner[0] + half * f64::from(east), corner[1] + half * f64::from(north)];
            let place = [level + 1, 2 * column + east, 2 * row + north];
            children.extend(self.tile(quarter, corner, half, place)?);
        }
        let Some(region) = children.iter().map(|c| c.region).reduce(union) else {
            return Ok(None);
        };
        let children: Vec<Value> = children.into_iter().map(|c| c.json).collect();
        let json = json!({
            "boundingVolume": { "region": region },
            "geometricError": ERROR_SHARE * side,
            "children": children,
        });
        Ok(Some(Tile { json, region }))
    }

    /// A tile with content.
    fn leaf(&mut self, items: &[Item], name: &str) -> Result<Option<Tile>> {
        let mut objects = Vec::new();
        for item in items {
            objects.extend(self.models.feature_at(item.place)?);
        }
        let globe = &self.globe;
        let places = |o: &CityObject| -> Option<Vec<Geographic>> {
            let rings = o.best_geometry()?.surfaces.iter().flat_map(|s| &s.rings);
            rings.flatten().map(|p| globe.geographic(*p)).collect()
        };
        let mut region: Option<[f64; 6]> = None;
        let mut shown = Vec::new();
        for object in &objects {
            let Some(places) = places(object) else { continue };
            let of_places = places.iter().map(|p| [p[0], p[1], p[0], p[1], p[2], p[2]]);
            let Some(own) = of_places.reduce(union) else { continue };
            region = Some(region.map_or(own, |r| union(r, own)));
            shown.push(object);
        }
        let Some(region) = region else { return Ok(None) };
        let middle = [0.5 * (region[0] + region[2]), 0.5 * (region[1] + region[3]), region[4]];
        let local = LocalFrame::new(globe, middle);
        let mut model = city_model(&shown, &|p| match globe.geographic(p) {
            Some(place) => {
                let [east, north, up] = local.local(globe.geocentric(place));
                [east, up, -north]
            }
            None => [f64::NAN; 3],
        });
        model.copyright = Some(self.copyright.clone()).filter(|c| !c.is_empty());
        write_glb(self.folder.join(name), &model)?;
        self.contents += 1;
        let json = json!({
            "boundingVolume": { "region": region },
            "geometricError": 0.0,
            "transform": local.matrix(),
            "content": { "uri": format!("tiles/{name}") },
        });
        Ok(Some(Tile { json, region }))
    }
}

/// The region around two.
fn union(a: [f64; 6], b: [f64; 6]) -> [f64; 6] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3]), a[4].min(b[4]), a[5].max(b[5])]
}
