//! `twin places`: where a flood could enter and leave a territory, on a map and ready to paste.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::export::MapSpec;
use twin_core::export::map::{Marker, MarkerKind, VectorStyle};
use twin_core::results::write_atomically;
use twin_core::spatial::{Extent, Geometry, Grid, GridSpec};
use twin_core::territory::{Aggregation, Crossing, Territory, TerritoryView, crossings};
use twin_core::{Error, Result};

use super::finished::figure;
use crate::console::{Console, line};

/// Cells along the longer side of the map.
const CELLS: f64 = 1000.0;

/// What the user asked for.
pub(crate) struct Request {
    pub(crate) territory: PathBuf,
    pub(crate) extent: Option<Vec<f64>>,
    pub(crate) out: PathBuf,
}

/// Proposes places, writes them as a scenario's tables and on a map.
pub(crate) fn places(request: &Request, console: &Console) -> Result<()> {
    let Places { view, terrain, found } = find(&request.territory, request.extent.as_deref())?;
    std::fs::create_dir_all(&request.out).map_err(Error::write(&request.out))?;
    let toml = tables(&found, console);
    write_atomically(&request.out.join("lieux.toml"), toml.as_bytes())?;
    draw(&view, &terrain, &found, &request.out, console)?;
    if found.is_empty() {
        console.say(
            "Aucun cours d'eau connu ne traverse le bord de l'emprise.",
            "No known watercourse crosses the border of the extent.",
        );
    }
    line(toml.trim_end());
    let path = request.out.join("lieux.png");
    console.say(&format!("Carte : {}", path.display()), &format!("Map: {}", path.display()));
    Ok(())
}

/// The places of a territory and what they were found on.
pub(crate) struct Places {
    pub(crate) view: TerritoryView,
    pub(crate) terrain: Grid<f32>,
    pub(crate) found: Vec<Crossing>,
}

/// Finds the places of a territory, or of a part of it.
pub(crate) fn find(territory: &Path, extent: Option<&[f64]>) -> Result<Places> {
    let territory = Arc::new(Territory::open(territory)?);
    let all = territory.spec().extent();
    let extent = match extent {
        None => all,
        Some(&[west, south, east, north]) => Extent::new(west, south, east, north)
            .and_then(|e| e.intersection(&all))
            .filter(|e| e.area() > 0.0)
            .ok_or_else(|| {
                Error::input(
                    "--extent",
                    "l'emprise est vide ou hors du territoire",
                    "the extent is empty or outside the territory",
                )
            })?,
        Some(_) => {
            return Err(Error::input(
                "--extent",
                "donner quatre nombres : ouest,sud,est,nord",
                "give four numbers: west,south,east,north",
            ));
        }
    };
    let finest = territory.spec().cell_size;
    let size = finest.max(extent.width().max(extent.height()) / CELLS);
    let spec = GridSpec::covering(&extent, size);
    let view = TerritoryView::new(territory, spec, Vec::new())?;
    let terrain = view.terrain(Aggregation::Mean)?;
    let found = crossings(&view, &terrain);
    Ok(Places { view, terrain, found })
}

/// The tables of a scenario; discharges are the user's.
fn tables(found: &[Crossing], console: &Console) -> String {
    let language = console.language;
    let mut text = format!(
        "# {}\n",
        language.pick(
            "Propositions d'après les cours d'eau : les vérifier sur la carte ; le débit et sa source sont à donner.",
            "Proposed from the watercourses: check them on the map; discharge and source are yours to give."
        )
    );
    let (mut inflows, mut outflows) = (0, 0);
    for place in found {
        let [[ax, ay], [bx, by]] = place.line;
        let line = format!("line = [[{ax:.1}, {ay:.1}], [{bx:.1}, {by:.1}]]");
        let name = &place.name;
        if place.enters {
            inflows += 1;
            let key = match inflows {
                1 => "inflow".to_owned(),
                k => format!("tributaries.affluent-{k}"),
            };
            text.push_str(&format!(
                "\n# {name}\n[runs.crue.parameters.{key}]\n{line}\n# discharge_m3_per_s = …\n# source = \"…\"\n"
            ));
        } else {
            outflows += 1;
            text.push_str(&format!(
                "\n# {name}\n[runs.crue.parameters.outflow.aval-{outflows}]\n{line}\nslope = {:.5}\n",
                place.slope
            ));
        }
    }
    text
}

/// Draws places on a map.
pub(crate) fn draw(
    view: &TerritoryView,
    terrain: &Grid<f32>,
    found: &[Crossing],
    out: &Path,
    console: &Console,
) -> Result<()> {
    let language = console.language;
    let title = language.pick("Entrées et sorties proposées", "Proposed inflows and outflows");
    let mut map = MapSpec::new(title, view.spec().extent());
    let territory = view.territory().manifest();
    map.subtitle.clone_from(&territory.name);
    map.crs = territory.crs;
    map.vertical_datum.clone_from(&territory.vertical_datum);
    map.terrain = Some(terrain);
    map.demo = territory.demo;
    map.language = language;
    let features = view.features();
    map.add_vectors(
        language.pick("Cours d'eau", "Watercourses"),
        VectorStyle::water_outline(),
        features.water_courses.iter().map(|w| &w.geometry),
    );
    let lines: Vec<Geometry> = found
        .iter()
        .map(|c| Geometry::Lines(vec![c.line.iter().map(|[x, y]| [*x, *y, f64::NAN]).collect()]))
        .collect();
    map.add_vectors(
        language.pick("Lignes proposées", "Proposed lines"),
        VectorStyle::levee(),
        &lines,
    );
    let centre = view.spec().extent().centre();
    map.markers = found
        .iter()
        .map(|place| {
            let [x, y] = place.at;
            let inwards = (centre.0 - x).atan2(centre.1 - y).to_degrees().rem_euclid(360.0);
            let kind = if place.enters {
                MarkerKind::Inflow { towards_deg: inwards }
            } else {
                MarkerKind::Outflow { towards_deg: (inwards + 180.0).rem_euclid(360.0) }
            };
            Marker { x, y, label: place.name.clone(), kind }
        })
        .collect();
    figure(&map, title, out, "lieux").map(|_| ())
}
