//! From a scenario to the view that its plugins see: run grid, measures, study area, inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::formats::{self, GeoTiff, Value};
use crate::language::Text;
use crate::scenario::{MeasureContext, Scenario, path_keys};
use crate::simulation::{Registry, RequirementKind, Workload};
use crate::spatial::{Grid, GridSpec};
use crate::territory::{Edit, GeometryInput, Territory, TerritoryView};
use crate::{Error, FileProblem, Result};

/// A run at the default resolution should end within this wall time.
const DEFAULT_WALL_S: f64 = 600.0;

/// Cell sizes tried for the default resolution, metres.
const CELL_SIZES_M: [f64; 9] = [0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 50.0, 100.0];

/// Names of the parameters that are files, for a simulation's or measure kind's identifier.
pub fn path_keys_of(registry: &Registry, id: &str) -> BTreeSet<String> {
    let simulation = registry.simulation(id).map(|s| path_keys(&s.parameter_schema()));
    let measure = registry.measure(id).map(|m| path_keys(&m.parameter_schema()));
    simulation.or(measure).unwrap_or_default()
}

/// The territory on the run grid with all measures made.
pub fn view_of(registry: &Registry, scenario: &Scenario) -> Result<TerritoryView> {
    let territory = Arc::new(Territory::open(Path::new(&scenario.territory))?);
    let spec = grid_on(registry, scenario, &territory)?;
    let mut edits = Vec::new();
    let mut touched = BTreeMap::new();
    let mut notices = Vec::new();
    let all = territory.spec().extent().buffered(spec.cell_size);
    if scenario.grid.extent.is_some_and(|wanted| all.intersection(&wanted) != Some(wanted)) {
        notices.push(Text::new(
            "L'emprise demandée dépasse le territoire : le calcul s'arrête à son bord.",
            "The extent asked for goes beyond the territory: the run ends at its edge.",
        ));
    }
    for (name, entry) in &scenario.measures {
        let kind = registry.measure(&entry.kind)?;
        let context = MeasureContext { name, territory: &territory };
        let parameters = serde_json::Value::Object(entry.parameters.clone());
        let made = kind.edits(&parameters, &context)?;
        refuse_contradictions(name, &made, &mut touched)?;
        let is_beside = |edit: &Edit| edit.extent().is_some_and(|e| !e.intersects(&spec.extent()));
        if !made.is_empty() && made.iter().all(is_beside) {
            notices.push(Text::new(
                format!(
                    "La mesure « {name} » est hors de la grille de calcul : elle n'y change rien."
                ),
                format!(
                    "The measure \"{name}\" lies beside the run grid: it changes nothing there."
                ),
            ));
        }
        edits.extend(made);
    }
    let crs = territory.crs();
    let mut view = TerritoryView::new(territory, spec, edits)?.with_notices(notices);
    if let Some(area) = &scenario.study_area {
        let place = format!("{} [study_area]", scenario.file.display());
        view = view.with_study_area(GeometryInput::Path(area.clone()).polygons(crs, &place)?);
        if !view.study_mask().values.contains(&true) {
            return Err(Error::input(
                place,
                "le périmètre d'étude ne couvre aucune maille de calcul ; vérifier ses coordonnées, leur système et l'emprise",
                "the study area covers no run cell; check its coordinates, their system and the extent",
            ));
        }
    }
    for (name, input) in &scenario.inputs {
        let path = Path::new(&input.path);
        view = match extension(path).as_str() {
            "tif" | "tiff" => {
                let tiff = GeoTiff::open(path)?;
                if let Some(found) = tiff.crs()
                    && found != crs
                {
                    return Err(wrong_crs(path, &String::from(found), &String::from(crs)));
                }
                let source = *tiff.spec();
                let (rows, columns) = source.window(&spec.extent().buffered(source.cell_size));
                view.with_grid(name, resampled(&tiff.read_window(0, rows, columns)?, spec))
            }
            "asc" => view.with_grid(name, resampled(&formats::read_ascii_grid(path)?, spec)),
            _ => {
                let tables = formats::read_vector(path)?;
                let available = tables.iter().map(|t| t.name.clone()).collect();
                let wanted = |t: &formats::FeatureTable| {
                    input.layer.as_ref().is_none_or(|layer| t.name.eq_ignore_ascii_case(layer))
                };
                let mut table = tables.into_iter().find(wanted).ok_or_else(|| {
                    Error::file(
                        path,
                        FileProblem::MissingLayer {
                            name: input.layer.clone().unwrap_or_default(),
                            available,
                        },
                    )
                })?;
                table.transform_to(crs)?;
                view.with_table(name, table)
            }
        };
    }
    refuse_unknown_inputs(registry, scenario)?;
    check_requirements(registry, scenario, &view)?;
    Ok(view)
}

/// What a measure makes of an attribute of a feature; `None`: the feature is gone.
type Touched = BTreeMap<(String, String), (String, Option<Value>)>;

/// Refuses a measure that undoes what another does: takes away a building that another changes, or gives
/// one attribute another value. A building that two measures raise is refused even where both give it
/// the same height: they would add up in the surface and not in the height. `touched` holds what the measures before did.
fn refuse_contradictions(name: &str, edits: &[Edit], touched: &mut Touched) -> Result<()> {
    let mut made: Vec<(String, String, Option<Value>)> = Vec::new();
    for edit in edits {
        match edit {
            Edit::RemoveFeature { id, .. } => made.push((id.clone(), String::new(), None)),
            Edit::SetAttribute { id, field, value, .. } => {
                made.push((id.clone(), field.clone(), Some(value.clone())));
            }
            Edit::AddFeatures(table) => {
                let columns = table.column("objet").zip(table.column("attribut"));
                let Some(((id, field), value)) = columns.zip(table.column("nombre")) else {
                    continue;
                };
                for feature in &table.features {
                    let text = |at: usize| {
                        feature
                            .values
                            .get(at)
                            .and_then(|v| v.as_text())
                            .unwrap_or_default()
                            .to_owned()
                    };
                    made.push((text(id), text(field), feature.values.get(value).cloned()));
                }
            }
            _ => (),
        }
    }
    for (id, field, value) in made {
        // A feature that is gone is gone with all its attributes.
        let of_feature =
            touched.range((id.clone(), String::new())..).take_while(|(k, _)| k.0 == id);
        let clash = of_feature.into_iter().find(|((_, known), (_, other))| {
            let is_gone = value.is_none() != other.is_none();
            is_gone || (*known == field && (*other != value || field == "hauteur"))
        });
        if let Some((_, (other, _))) = clash {
            return Err(Error::input(
                format!("measures.{name}"),
                format!(
                    "contredit la mesure « {other} » sur l'objet {id} ; retirer l'une des deux ou réduire son emprise"
                ),
                format!(
                    "contradicts measure \"{other}\" on feature {id}; remove one of them or narrow its extent"
                ),
            ));
        }
        touched.insert((id, field), (name.to_owned(), value));
    }
    Ok(())
}

/// The run grid of a scenario.
pub(super) fn run_grid(registry: &Registry, scenario: &Scenario) -> Result<GridSpec> {
    let territory = Territory::open(Path::new(&scenario.territory))?;
    grid_on(registry, scenario, &territory)
}

/// The size of a run on a grid.
pub(super) fn workload(scenario: &Scenario, spec: &GridSpec) -> Workload {
    Workload {
        cells: spec.len(),
        cell_size_m: spec.cell_size,
        duration_s: scenario.duration_s(),
        threads: rayon::current_num_threads(),
    }
}

fn grid_on(registry: &Registry, scenario: &Scenario, territory: &Territory) -> Result<GridSpec> {
    let all = territory.spec().extent();
    let extent = match scenario.grid.extent {
        None => all,
        Some(wanted) => wanted.intersection(&all).filter(|e| e.area() > 0.0).ok_or_else(|| {
            Error::input(
                format!("{} [grid.extent]", scenario.file.display()),
                format!("l'emprise est hors du territoire ({:?})", <[f64; 4]>::from(all)),
                format!("the extent lies outside the territory ({:?})", <[f64; 4]>::from(all)),
            )
        })?,
    };
    if let Some(size) = scenario.grid.resolution_m {
        return Ok(GridSpec::covering(&extent, size));
    }
    let fine = territory.spec().cell_size;
    let sizes = CELL_SIZES_M.into_iter().filter(|s| *s >= fine).chain([CELL_SIZES_M[8].max(fine)]);
    let mut chosen = GridSpec::covering(&extent, fine);
    for size in sizes {
        chosen = GridSpec::covering(&extent, size);
        let work = workload(scenario, &chosen);
        let mut wall_s = 0.0;
        for entry in scenario.runs.values() {
            let estimate = registry.simulation(&entry.simulation)?.estimate(&work);
            wall_s += estimate.map_or(0.0, |e| e.wall_s);
        }
        if wall_s <= DEFAULT_WALL_S {
            break;
        }
    }
    Ok(chosen)
}

/// An input that no run of the scenario asks for is a slip of the pen.
fn refuse_unknown_inputs(registry: &Registry, scenario: &Scenario) -> Result<()> {
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    for entry in scenario.runs.values() {
        let descriptor = registry.simulation(&entry.simulation)?.descriptor();
        asked.extend(descriptor.requirements.iter().map(|r| r.name));
    }
    let Some(name) = scenario.inputs.keys().find(|name| !asked.contains(name.as_str())) else {
        return Ok(());
    };
    let (fr, en) = match crate::suggest::nearest(name, asked.iter().copied()) {
        Some(near) => {
            (format!(" ; vouliez-vous « {near} » ?"), format!("; did you mean \"{near}\"?"))
        }
        None => (String::new(), String::new()),
    };
    Err(Error::input(
        format!("{} [inputs.{name}]", scenario.file.display()),
        format!("aucun calcul du scénario ne lit « {name} »{fr}"),
        format!("no run of the scenario reads \"{name}\"{en}"),
    ))
}

fn check_requirements(
    registry: &Registry,
    scenario: &Scenario,
    view: &TerritoryView,
) -> Result<()> {
    for (name, entry) in &scenario.runs {
        for requirement in &registry.simulation(&entry.simulation)?.descriptor().requirements {
            let place = format!("{} [inputs.{}]", scenario.file.display(), requirement.name);
            match requirement.kind {
                RequirementKind::Grid { .. } => {
                    if view.grid(requirement.name).is_none()
                        && view.table(requirement.name).is_some()
                    {
                        return Err(Error::input(
                            place,
                            format!("« {name} » attend une grille ; donner un GeoTIFF ou un .asc"),
                            format!("\"{name}\" needs a grid; give a GeoTIFF or .asc"),
                        ));
                    }
                }
                RequirementKind::Table { columns } => {
                    let Some(table) = view.table(requirement.name) else { continue };
                    if let Some(missing) = columns.iter().find(|c| table.column(c).is_none()) {
                        let input = scenario.inputs.get(requirement.name);
                        let path = input.map(|i| i.path.clone()).unwrap_or_default();
                        let problem = FileProblem::MissingField {
                            name: (*missing).to_owned(),
                            available: table.fields.iter().map(|f| f.name.clone()).collect(),
                        };
                        return Err(Error::file_at(path, place, problem));
                    }
                }
            }
        }
    }
    Ok(())
}

fn resampled(source: &Grid<f32>, spec: GridSpec) -> Grid<f32> {
    Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        source.bilinear(x, y).unwrap_or(f32::NAN)
    })
}

fn extension(path: &Path) -> String {
    path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase())
}

fn wrong_crs(path: &Path, found: &str, wanted: &str) -> Error {
    Error::input(
        path.display().to_string(),
        format!("raster en {found} alors que le territoire est en {wanted} ; le reprojeter"),
        format!("the raster is in {found} but the territory in {wanted}; reproject it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_building_is_raised_by_one_measure_alone() {
        let set = |field: &str, metres| Edit::SetAttribute {
            layer: "batiment".to_owned(),
            id: "B".to_owned(),
            field: field.to_owned(),
            value: Value::Real(metres),
        };
        let mut touched = Touched::new();
        refuse_contradictions("a", &[set("hauteur", 9.0)], &mut touched).unwrap();
        refuse_contradictions("b", &[set("hauteur", 9.0)], &mut touched).unwrap_err();
        refuse_contradictions("c", &[set("nombre_d_etages", 3.0)], &mut touched).unwrap();
        refuse_contradictions("d", &[set("nombre_d_etages", 3.0)], &mut touched).unwrap();
    }
}
