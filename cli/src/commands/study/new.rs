//! `twin study new`: from an assembled territory to a first report in one command.
//!
//! The river comes in where the widest watercourse enters the territory and leaves where watercourses
//! leave it. The files that are written are the planner's own from then on: a scenario, a study with
//! its events, and a map of where the water enters and leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::results::write_atomically;
use twin_core::simulation::Registry;
use twin_core::territory::{Crossing, lowest_exit};
use twin_core::{Error, Language, Result};

use super::super::{assemble, fetch, places};
use super::Request;
use crate::arguments::{AssembleArguments, Hazard, NewStudyArguments};
use crate::console::Console;

/// Speed at which a flood is taken to cross a territory, m/s.
const CROSSING_M_PER_S: f64 = 0.5;

/// Writes a study, runs it and returns the path of its report.
pub(crate) fn new(
    asked: &NewStudyArguments,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<Option<PathBuf>> {
    check(asked)?;
    let Hazard::Flood = asked.hazard;
    let territory = match &asked.territory {
        Some(territory) => territory.clone(),
        None => fetched(asked, console)?,
    };
    let mut found = places::find(&territory, None)?;
    let name = territory.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into());
    let out = asked.out.clone().unwrap_or_else(|| {
        territory.parent().unwrap_or(Path::new(".")).join(format!("{name}-etude"))
    });
    let study = out.join("etude.toml");
    if study.exists() {
        return Err(Error::input(
            study.display().to_string(),
            "une étude est déjà là ; la reprendre par twin study run, ou donner un autre dossier par --out",
            "a study is there already; go on with twin study run, or give another folder with --out",
        ));
    }
    let (inflow, enters_at) = match &asked.at {
        Some(at) => {
            if !found.view.spec().extent().contains(at[0], at[1]) {
                return Err(Error::input(
                    "--at",
                    "ce point est hors du territoire ; le donner dans son système de coordonnées",
                    "this point lies outside the territory; give it in its reference system",
                ));
            }
            (format!("at = [{}, {}]", at[0], at[1]), [at[0], at[1]])
        }
        None => {
            let river = found.found.iter().find(|place| place.enters).ok_or_else(|| {
                Error::input(
                    "--at",
                    "aucun cours d'eau connu n'entre dans le territoire ; donner le point d'entrée : --at x,y",
                    "no known watercourse enters the territory; give the place where the river does: --at x,y",
                )
            })?;
            console.say(
                &format!("Entrée : {} ; vérifier sur lieux.png", river.name),
                &format!("Inflow: {}; check it on lieux.png", river.name),
            );
            (format!("# {}\n{}", river.name, line_of(river)), river.at)
        }
    };
    if asked.at.is_some() {
        let line = [enters_at; 2];
        let name = "entrée donnée".to_owned();
        let (slope, width_m) = (0.0, 0.0);
        found.found.push(Crossing { name, enters: true, at: enters_at, line, slope, width_m });
    }
    if found.found.iter().all(|place| place.enters) {
        found.found.extend(lowest_exit(&found.terrain, enters_at));
    }
    std::fs::create_dir_all(&out).map_err(Error::write(&out))?;
    places::draw(&found.view, &found.terrain, &found.found, &out, console)?;
    let extent = found.view.territory().spec().extent();
    let crossing_h = extent.width().hypot(extent.height()) / CROSSING_M_PER_S / 3600.0;
    let rise_h = asked.rise.unwrap_or_else(|| half_hours(crossing_h));
    let territory = std::path::absolute(&territory).map_err(Error::read(&territory))?;
    let scenario = scenario(asked, &territory, &inflow, &found.found, rise_h, crossing_h);
    write_atomically(&out.join("crue.toml"), scenario.as_bytes())?;
    write_atomically(&study, file(asked, &name).as_bytes())?;
    let path = out.display();
    console.say(&format!("Fichiers de l'étude : {path}"), &format!("Files of the study: {path}"));
    if asked.files_only {
        return Ok(None);
    }
    super::run(&Request::of(study), registry, console).map(Some)
}

/// The territory of a commune by its INSEE code, fetched and assembled where it is not there.
fn fetched(asked: &NewStudyArguments, console: &Arc<Console>) -> Result<PathBuf> {
    let code = asked.insee.as_deref().unwrap_or_default();
    let once =
        AssembleArguments::once(fetch::commune(code, Path::new(code), &asked.network, console)?);
    let folder = once.folder();
    if !folder.exists() {
        assemble::assemble(&once, console)?;
    }
    Ok(folder)
}

fn check(asked: &NewStudyArguments) -> Result<()> {
    if asked.discharge.iter().any(|q| !(q.is_finite() && *q > 0.0)) {
        return Err(Error::input(
            "--discharge",
            "donner un débit positif en m³/s",
            "give a positive discharge in m³/s",
        ));
    }
    if asked.source.trim().is_empty() {
        return Err(Error::input(
            "--source",
            "dire d'où vient le débit : station, étude, hypothèse",
            "say where the discharge comes from: station, study, hypothesis",
        ));
    }
    let periods = asked.return_period.len();
    if periods > 0 && periods != asked.discharge.len() {
        return Err(Error::input(
            "--return-period",
            format!(
                "{periods} périodes de retour pour {} débits ; en donner une par débit",
                asked.discharge.len()
            ),
            format!(
                "{periods} return periods for {} discharges; give one for each",
                asked.discharge.len()
            ),
        ));
    }
    if asked.at.as_ref().is_some_and(|at| at.len() != 2) {
        return Err(Error::input(
            "--at",
            "donner deux nombres : x,y dans le système du territoire",
            "give two numbers: x,y in the territory's system",
        ));
    }
    if asked.rise.is_some_and(|h| !(0.05..=1000.0).contains(&h)) {
        return Err(Error::input(
            "--rise",
            "donner le temps de montée en heures",
            "give the time of rise in hours",
        ));
    }
    Ok(())
}

/// Up to the next half hour.
fn half_hours(hours: f64) -> f64 {
    (2.0 * hours).ceil().max(1.0) / 2.0
}

fn line_of(place: &Crossing) -> String {
    let [[ax, ay], [bx, by]] = place.line;
    format!("line = [[{ax:.1}, {ay:.1}], [{bx:.1}, {by:.1}]]")
}

fn scenario(
    asked: &NewStudyArguments,
    territory: &Path,
    inflow: &str,
    places: &[Crossing],
    rise_h: f64,
    crossing_h: f64,
) -> String {
    let quoted = |text: &str| toml_string(text);
    let fall_h = 5.0 / 3.0 * rise_h;
    let duration_h = half_hours(rise_h + fall_h + crossing_h);
    let minutes = |hours: f64| format!("\"{} min\"", (60.0 * hours).round());
    let output_min = (60.0 * duration_h / 48.0).ceil().max(1.0);
    let grid = asked.resolution.map_or_else(
        || "# [grid]\n# resolution_m = 5.0    # sans cette ligne : la plus fine qui reste sous dix minutes\n".to_owned(),
        |size| format!("[grid]\nresolution_m = {size:?}\n"),
    );
    let mut text = format!(
        "# Écrit par « twin study new » ; à corriger et compléter.\n\
         schema = 1\nid = \"crue\"\ntitle = {{ fr = \"Crue\", en = \"Flood\" }}\n\
         territory = {}\n\n[time]\nstart = \"2024-01-01T00:00:00Z\"    # date sans portée\n\
         duration = {}\noutput_interval = \"{output_min} min\"\n\n{grid}\n\
         [runs.crue]\nsimulation = \"flood\"\nvariants = false    # true : avec les calculs de sensibilité\n\n\
         [runs.crue.parameters]\n# Où l'eau atteint un bord sans sortie déclarée, elle bute ; le rapport le dit.\n\
         undeclared_edges = \"wall\"\n\n[runs.crue.parameters.inflow]\n{inflow}\nsource = {}\n\n\
         [runs.crue.parameters.inflow.peak]\ndischarge_m3_per_s = {:?}\nshape = \"triangular\"\n\
         # Hypothèse : la montée dure le temps que met la crue à traverser le territoire.\nrise = {}\n",
        quoted(&territory.to_string_lossy()),
        minutes(duration_h),
        quoted(&asked.source),
        asked.discharge[0],
        minutes(rise_h),
    );
    for (number, place) in places.iter().filter(|p| !p.enters).enumerate() {
        text.push_str(&format!(
            "\n# {}\n[runs.crue.parameters.outflow.aval-{}]\n{}\nslope = {:.5}\n",
            place.name.replace(['\n', '\r'], " "),
            number + 1,
            line_of(place),
            place.slope
        ));
    }
    text.push_str("\n[runs.impact]\nsimulation = \"impact\"\n");
    text
}

fn file(asked: &NewStudyArguments, name: &str) -> String {
    let title = toml_string(&format!("Inondation – {name}"));
    let english = toml_string(&format!("Flood – {name}"));
    let mut text = format!(
        "# Écrit par « twin study new ». Ajouter des actions et des événements, puis : twin study run\n\
         schema = 1\nid = \"etude\"\ntitle = {{ fr = {title}, en = {english} }}\nscenario = \"crue.toml\"\n\n\
         [actions.actuel]\ntitle = {{ fr = \"Situation actuelle\", en = \"Present situation\" }}\n\n\
         # [actions.digue]\n# title = {{ fr = \"Digue\", en = \"Levee\" }}\n\
         # [actions.digue.change.measures.digue]\n# kind = \"levee\"    # twin measures les montre toutes\n\
         # geometry = \"digue.geojson\"\n# crest = {{ above_ground_m = 1.5 }}\n\
         # cost = {{ investment_eur = 800000, source = \"…\" }}\n"
    );
    for (number, discharge) in asked.discharge.iter().enumerate() {
        let (fr, en) = (Language::Fr, Language::En);
        let decimals = usize::from(discharge.fract() != 0.0);
        let told = |l: Language| format!("{} m³/s", l.number(*discharge, decimals));
        let (fr, en) = (toml_string(&told(fr)), toml_string(&told(en)));
        let period = asked.return_period.get(number).map_or_else(String::new, |years| {
            format!("return_period_years = {years:?}\nsource = {}\n", toml_string(&asked.source))
        });
        let key = format!("q{}", en.chars().filter(char::is_ascii_digit).collect::<String>());
        text.push_str(&format!(
            "\n[events.{key}-{}]\ntitle = {{ fr = {fr}, en = {en} }}\n{period}\
             [events.{key}-{}.change.runs.crue.parameters.inflow.peak]\ndischarge_m3_per_s = {discharge:?}\n",
            number + 1,
            number + 1
        ));
    }
    text
}

fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
