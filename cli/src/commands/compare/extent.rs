//! `twin compare --reference`: the simulated extent beside a known one (PPR, TRI, a past flood).

use std::path::{Path, PathBuf};

use twin_core::export::legend::{Class, Hatch};
use twin_core::export::map::RasterLayer;
use twin_core::export::report::{Cell, Table, render};
use twin_core::export::{Legend, Rgb};
use twin_core::formats::{self, FeatureTable};
use twin_core::language::Text;
use twin_core::products::{ImportReport, ppr, tri};
use twin_core::results::{ExtentScores, FinishedRun, write_atomically};
use twin_core::spatial::{Crs, Grid, Polygon, cells_within};
use twin_core::territory::Territory;
use twin_core::{Error, FileProblem, Language, Result};

use super::super::finished::{Presented as _, figure};
use crate::console::{Console, line};

/// What the user asked for.
pub(crate) struct Request {
    pub(crate) run: PathBuf,
    pub(crate) reference: PathBuf,
    pub(crate) layer: Option<String>,
    pub(crate) occurrence: Option<String>,
    pub(crate) within: Option<PathBuf>,
    pub(crate) depth_m: f64,
    pub(crate) territory: Option<PathBuf>,
    pub(crate) out: PathBuf,
}

/// Compares extents, writes figures and a report, prints the scores.
pub(super) fn compare(request: &Request, console: &Console) -> Result<()> {
    let language = console.language;
    let run = FinishedRun::open(&request.run)?;
    let (depth, bed) = (run.field("maximum_water_depth")?, run.field("bed_elevation")?);
    let (spec, crs) = (depth.spec, run.manifest.territory.crs);
    if !(request.depth_m.is_finite() && request.depth_m > 0.0) {
        return Err(Error::input(
            "--depth",
            "donner une hauteur positive en mètres",
            "give a positive depth in metres",
        ));
    }
    let occurrence = request.occurrence.as_deref();
    let known = reference(&request.reference, request.layer.as_deref(), occurrence, crs)?;
    let mask = |polygons: &[Polygon]| {
        let mut mask = Grid::filled(spec, false);
        cells_within(&spec, polygons, |row, column| mask[(row, column)] = true);
        mask
    };
    let reference_mask = mask(&known.polygons);
    if !reference_mask.values.contains(&true) {
        return Err(Error::input(
            request.reference.display().to_string(),
            "la référence ne couvre aucune maille du calcul ; vérifier l'emprise et la couche",
            "the reference covers no cell of the run; check extent and layer",
        ));
    }
    let mut domain = depth.map(|h| !h.is_nan());
    if let Some(path) = &request.within {
        let within = mask(&reference(path, None, None, crs)?.polygons);
        domain.values.iter_mut().zip(&within.values).for_each(|(d, w)| *d &= w);
        if !domain.values.contains(&true) {
            return Err(Error::input(
                path.display().to_string(),
                "aucune surface de ce fichier ne couvre le calcul",
                "no polygon of this file covers the run",
            ));
        }
    }
    let simulated = depth.map(|h| f64::from(*h) >= request.depth_m);
    let scores = ExtentScores::new(&simulated, &reference_mask, &domain);
    std::fs::create_dir_all(&request.out).map_err(Error::write(&request.out))?;

    let title = language.pick("Comparaison à une référence", "Comparison with a reference");
    let mut report = run.report(title, language);
    let classes = classes(&simulated, &reference_mask, &domain);
    let mut map = run.map(title, &bed, language);
    map.rasters.push(RasterLayer::new(&classes, legend()));
    let caption = match language {
        Language::Fr => format!(
            "Emprise simulée ({} m d'eau et plus) et emprise de référence : {}.",
            language.number(request.depth_m, 2),
            known.name
        ),
        Language::En => format!(
            "Simulated extent ({} m of water and more) and reference extent: {}.",
            language.number(request.depth_m, 2),
            known.name
        ),
    };
    report.maps.push(figure(&map, &caption, &request.out, "comparaison")?);
    report.tables.push(score_table(&scores, language));
    if let Some(path) = &request.territory {
        let table = buildings(path, &run, &reference_mask, &domain, language)?;
        report.tables.push(table);
    }
    report.warnings.clone_from(&known.notes);
    report.key_messages.push(message(&scores));
    let html = render(&report)?;
    let path = request.out.join("comparaison.html");
    write_atomically(&path, html.as_bytes())?;
    let json = serde_json::json!({
        "reference": known.name,
        "depth_m": request.depth_m,
        "scores": scores,
        "hit_rate": scores.hit_rate(),
        "false_alarm_ratio": scores.false_alarm_ratio(),
        "critical_success_index": scores.critical_success_index(),
        "bias": scores.bias(),
    });
    let text = format!("{json:#}\n");
    write_atomically(&request.out.join("comparaison.json"), text.as_bytes())?;
    line(message(&scores).get(language));
    let path = path.display();
    console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
    Ok(())
}

/// A known extent.
struct Known {
    name: String,
    polygons: Vec<Polygon>,
    notes: Vec<Text>,
}

/// The polygons of a layer; of the hazard zones of a PPR those of a flood with a level, of the surfaces of a TRI
/// those of one scenario.
fn reference(
    path: &Path,
    layer: Option<&str>,
    occurrence: Option<&str>,
    crs: Crs,
) -> Result<Known> {
    let all = formats::read_vector(path)?;
    let available: Vec<String> = all.iter().map(|t| t.name.clone()).collect();
    let scenarios = tri::Scenarios::of(&all);
    // The surfaces of a TRI are what it floods; the parts of them are read where one of their layers is asked for.
    let parts_alone = all.iter().all(tri::is_of_parts);
    let wanted = |t: &FeatureTable| match layer {
        Some(layer) => t.name.eq_ignore_ascii_case(layer),
        None => parts_alone || !tri::is_of_parts(t),
    };
    let mut tables: Vec<FeatureTable> = all.into_iter().filter(wanted).collect();
    if tables.is_empty() {
        let name = layer.unwrap_or_default().to_owned();
        return Err(Error::file(path, FileProblem::MissingLayer { name, available }));
    }
    tri::drop_emerged(&mut tables);
    tables.iter_mut().try_for_each(|table| table.transform_to(crs))?;
    let mut notes = choose_occurrence(&scenarios, &mut tables, occurrence)?;
    let name = tables.iter().map(|t| t.name.clone()).collect::<Vec<_>>().join(", ");
    let plain: Vec<Polygon> = tables
        .iter()
        .flat_map(|t| &t.features)
        .filter_map(|f| f.geometry.as_ref())
        .flat_map(|g| g.polygons().iter().cloned())
        .collect();
    let count = plain.len();
    let mut imported = ImportReport::default();
    let zones = ppr::from_tables(tables, &mut imported).zones;
    let floods: Vec<Polygon> = zones
        .iter()
        .filter(|zone| zone.is_flood_hazard())
        .flat_map(|zone| zone.geometry.polygons().iter().cloned())
        .collect();
    if floods.is_empty() {
        return Ok(Known { name, polygons: plain, notes });
    }
    notes.push(Text::new(
        format!(
            "Plan de prévention des risques : {} surfaces d'aléa inondation retenues sur {count}.",
            floods.len()
        ),
        format!("Risk-prevention plan: {} areas of flood hazard taken of {count}.", floods.len()),
    ));
    Ok(Known { name, polygons: floods, notes })
}

/// Leaves one scenario of a TRI, and tells which.
fn choose_occurrence(
    scenarios: &tri::Scenarios,
    tables: &mut [FeatureTable],
    wanted: Option<&str>,
) -> Result<Vec<Text>> {
    let held = scenarios.held(tables);
    let list = held.iter().copied().collect::<Vec<_>>().join(", ");
    let one = (held.len() == 1).then(|| held.first().copied()).flatten();
    let chosen = match wanted.or(one) {
        None if held.is_empty() && tables.iter().any(tri::is_of_parts) => {
            return Ok(vec![Text::new(
                "Cartographie du TRI dont les surfaces (surface_inondable_s) manquent : toutes les zones sont \
                 retenues, quel que soit leur scénario.",
                "Map of a TRI whose surfaces (surface_inondable_s) are missing: all zones are taken, whatever \
                 their scenario.",
            )]);
        }
        None if held.is_empty() => return Ok(Vec::new()),
        Some(code) if held.contains(code) => code,
        None => {
            return Err(Error::input(
                "--occurrence",
                format!("la référence contient plusieurs scénarios ({list}) ; en choisir un"),
                format!("the reference holds several scenarios ({list}); choose one"),
            ));
        }
        Some(code) if held.is_empty() => {
            return Err(Error::input(
                "--occurrence",
                format!("la référence ne connaît pas de scénario {code} ; retirer l'option"),
                format!("the reference knows no scenario {code}; leave the option out"),
            ));
        }
        Some(code) => {
            return Err(Error::input(
                "--occurrence",
                format!("la référence ne contient pas {code}, mais {list}"),
                format!("the reference does not hold {code}, but {list}"),
            ));
        }
    };
    scenarios.keep(tables, chosen);
    let count: usize = tables.iter().map(|t| t.features.len()).sum();
    Ok(vec![Text::new(
        format!("Cartographie du TRI, scénario {chosen} : {count} surface(s) inondable(s)."),
        format!("Map of the TRI, scenario {chosen}: {count} flooded surface(s)."),
    )])
}

fn classes(simulated: &Grid<bool>, reference: &Grid<bool>, domain: &Grid<bool>) -> Grid<f32> {
    let of =
        |cell: usize| match (domain.values[cell], simulated.values[cell], reference.values[cell]) {
            (true, true, true) => 1.0,
            (true, true, false) => 2.0,
            (true, false, true) => 3.0,
            _ => f32::NAN,
        };
    Grid { spec: simulated.spec, values: (0..simulated.values.len()).map(of).collect() }
}

fn legend() -> Legend {
    Legend::Classed {
        title: Text::new("Simulation et référence", "Simulation and reference"),
        unit: String::new(),
        classes: vec![
            Class::new(1.5, Rgb(0, 114, 178), None, "inondé dans les deux", "flooded in both"),
            Class::new(
                2.5,
                Rgb(230, 159, 0),
                Some(Hatch::Rising),
                "simulation seule",
                "simulation only",
            ),
            Class::new(
                f32::INFINITY,
                Rgb(204, 121, 167),
                Some(Hatch::Falling),
                "référence seule",
                "reference only",
            ),
        ],
    }
}

fn score_table(scores: &ExtentScores, language: Language) -> Table {
    let mut table = Table::new(
        language.pick("Scores", "Scores"),
        [language.pick("Grandeur", "Quantity"), language.pick("Valeur", "Value")],
    );
    let mut row = |fr: &str, en: &str, value: Option<f64>, decimals: usize| {
        let value = value.map_or_else(|| Cell::from("–"), |v| Cell::Number(v, decimals));
        table.push([Cell::from(language.pick(fr, en)), value]);
    };
    let ha = |m2: f64| Some(m2 / 1e4);
    row("Inondé dans les deux (ha)", "Flooded in both (ha)", ha(scores.hits_m2), 2);
    row("Simulation seule (ha)", "Simulation only (ha)", ha(scores.false_alarms_m2), 2);
    row("Référence seule (ha)", "Reference only (ha)", ha(scores.misses_m2), 2);
    let percent = |share: Option<f64>| share.map(|s| 100.0 * s);
    row("Taux de détection (%)", "Hit rate (%)", percent(scores.hit_rate()), 1);
    row(
        "Taux de fausses alertes (%)",
        "False-alarm ratio (%)",
        percent(scores.false_alarm_ratio()),
        1,
    );
    row(
        "Indice de succès critique CSI (%)",
        "Critical success index CSI (%)",
        percent(scores.critical_success_index()),
        1,
    );
    row("Surface simulée / référence", "Simulated / reference area", scores.bias(), 2);
    table
}

fn message(scores: &ExtentScores) -> Text {
    let sentence = |l: Language| {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "–".to_owned(), |s| format!("{} %", l.number(100.0 * s, 1)))
        };
        let (hit, alarm) = (percent(scores.hit_rate()), percent(scores.false_alarm_ratio()));
        let success = percent(scores.critical_success_index());
        match l {
            Language::Fr => format!(
                "Taux de détection {hit}, fausses alertes {alarm}, indice de succès critique {success}."
            ),
            Language::En => {
                format!("Hit rate {hit}, false alarms {alarm}, critical success index {success}.")
            }
        }
    };
    Text::new(sentence(Language::Fr), sentence(Language::En))
}

/// Buildings by where the simulation and the reference put them.
fn buildings(
    path: &Path,
    run: &FinishedRun,
    reference: &Grid<bool>,
    domain: &Grid<bool>,
    language: Language,
) -> Result<Table> {
    let territory = Territory::open(path)?;
    if territory.manifest().hash != run.manifest.territory.hash {
        return Err(Error::input(
            path.display().to_string(),
            "ce n'est pas le territoire du calcul, ou il a changé depuis",
            "this is not the territory of the run, or it has changed since",
        ));
    }
    let reached: std::collections::BTreeSet<String> = reached(&run.folder.join("assets.gpkg"))?;
    let spec = reference.spec;
    let mut counts = [[0usize; 2]; 2];
    for building in territory.features().buildings.iter().filter(|b| b.is_standing()) {
        let Some((x, y)) = building.geometry.extent().map(|e| e.centre()) else { continue };
        let Some(cell) = spec.cell_at(x, y).filter(|cell| domain[*cell]) else { continue };
        counts[usize::from(reached.contains(&building.id))][usize::from(reference[cell])] += 1;
    }
    let mut table = Table::new(
        language.pick("Bâtiments", "Buildings"),
        [
            "",
            language.pick("dans la référence", "in the reference"),
            language.pick("hors de la référence", "outside the reference"),
        ],
    );
    for (label, at) in [
        (language.pick("atteints dans la simulation", "reached in the simulation"), 1),
        (language.pick("non atteints", "not reached"), 0),
    ] {
        let number = |k: usize| Cell::Number(counts[at][k] as f64, 0);
        table.push([Cell::from(label), number(1), number(0)]);
    }
    Ok(table)
}

/// Identifiers of the buildings that a run reached.
fn reached(path: &Path) -> Result<std::collections::BTreeSet<String>> {
    let tables = formats::read_vector(path)?;
    let mut ids = std::collections::BTreeSet::new();
    for table in tables.iter().filter(|t| t.name == "batiment") {
        let columns = table.column("cleabs").zip(table.column("water_depth_m"));
        let Some((id, depth)) = columns else { continue };
        for feature in &table.features {
            let is_wet =
                feature.values.get(depth).and_then(|v| v.as_real()).is_some_and(|h| h > 0.0);
            ids.extend(
                feature
                    .values
                    .get(id)
                    .and_then(|v| v.as_text())
                    .filter(|_| is_wet)
                    .map(str::to_owned),
            );
        }
    }
    Ok(ids)
}
