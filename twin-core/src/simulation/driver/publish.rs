//! Writes what a finished run leaves: fields, assets, indicators, gauges, maps, report, records.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::fingerprint::{target, without_folders};
use super::picture::picture;
use super::plan::Step;
use super::segments::{Segments, remove_intermediate_files};
use super::sheet;
use crate::export::qgis_project::{QgisGroup, QgisLayer, QgisProject, QgisRaster, Shape};
use crate::export::report::render;
use crate::export::wording;
use crate::formats::FeatureTable;
use crate::formats::cityjson::{CityJsonSeqWriter, CityModelHeader};
use crate::formats::geopackage::GeoPackageWriter;
use crate::language::Text;
use crate::results::{
    FieldDisplay, InputFile, RunLog, RunManifest, TerritoryRecord, ViewerProgram, write_atomically,
    write_json,
};
use crate::scenario::Scenario;
use crate::simulation::{Budget, Descriptor, GaugeSeries, Outcome, Sensitivity};
use crate::territory::{Territory, TerritoryView};
use crate::{Error, Language, Result};

/// Name of the file of volumes in the folder of a run.
pub(super) const VOLUMES: &str = "volumes.city.jsonl";

/// A finished run and all that its documents need.
pub(super) struct Publication<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) view: &'a TerritoryView,
    pub(super) step: &'a Step,
    pub(super) hash: &'a str,
    pub(super) files: Vec<InputFile>,
    pub(super) upstream: Vec<(String, String)>,
    pub(super) outcome: Outcome,
    pub(super) sensitivity: Option<Sensitivity>,
    pub(super) budget: Option<Budget>,
    pub(super) language: Language,
    /// Whether maps, report and project are written.
    pub(super) with_documents: bool,
    /// Draws the report's picture in three dimensions.
    pub(super) viewer: Option<&'a ViewerProgram>,
    pub(super) wall_s: f64,
    pub(super) resumed: u32,
}

/// Writes all documents of a run into its folder; the report last, whose picture is drawn from the others.
pub(super) fn publish(
    run: Publication<'_>,
    folder: &Path,
    segments: Segments,
) -> Result<RunManifest> {
    let manifest = manifest_of(&run)?;
    segments.merge(&run.outcome.statics, &folder.join("fields.h5"))?;
    if !run.outcome.assets.is_empty() {
        let mut package = GeoPackageWriter::create(folder.join("assets.gpkg"))?;
        for table in &run.outcome.assets {
            package.add_table(table, &table.name, wording::notice(Language::Fr))?;
        }
        package.finish()?;
    }
    if !run.outcome.volumes.is_empty() {
        write_volumes(&run, &folder.join(VOLUMES))?;
    }
    write_json(&folder.join("indicators.json"), &run.outcome.indicators)?;
    if let Some(sensitivity) = &run.sensitivity {
        write_json(&folder.join("sensitivity.json"), sensitivity)?;
    }
    let csv = run.outcome.indicators.to_csv(run.language);
    write_atomically(&folder.join("indicators.csv"), csv.as_bytes())?;
    if !run.outcome.gauges.is_empty() {
        write_atomically(&folder.join("gauges.csv"), gauges_csv(&run.outcome.gauges).as_bytes())?;
    }
    let maps = folder.join("maps");
    fs::create_dir_all(&maps).map_err(Error::write(&maps))?;
    let displays: Vec<FieldDisplay> = run.outcome.statics.iter().map(FieldDisplay::of).collect();
    write_json(&maps.join(FieldDisplay::FILE), &displays)?;
    let log = RunLog {
        finished_utc: jiff::Timestamp::now().to_string(),
        threads: rayon::current_num_threads(),
        wall_s: run.wall_s,
        resumed: run.resumed,
    };
    write_json(&folder.join("log.json"), &log)?;
    write_json(&folder.join("manifest.json"), &manifest)?;
    if run.with_documents {
        write_atomically(&folder.join("project.qgz"), &qgis_project(&run, &displays, folder)?)?;
        let mut report = sheet::report(&run, &manifest, &maps)?;
        report.maps.extend(picture(&run, folder, &maps)?);
        write_atomically(&folder.join("report.html"), render(&report)?.as_bytes())?;
    }
    remove_intermediate_files(folder)?;
    Ok(manifest)
}

/// A project of QGIS with the fields and layers of the run above those of its territory.
fn qgis_project(
    run: &Publication<'_>,
    displays: &[FieldDisplay],
    folder: &Path,
) -> Result<Vec<u8>> {
    let territory = run.view.territory();
    let shape = |table: &FeatureTable| {
        let mut shapes =
            table.features.iter().filter_map(|f| f.geometry.as_ref().map(Shape::of_geometry));
        shapes.next()
    };
    let layer = |table: &FeatureTable| {
        let name = table.name.clone();
        Some(QgisLayer { file: "assets.gpkg", name, shape: shape(table)?, is_shown: false })
    };
    let own = QgisGroup {
        title: run.step.simulation.descriptor().title.get(run.language).to_owned(),
        folder: ".".to_owned(),
        rasters: QgisRaster::of_run(".", displays),
        layers: run.outcome.assets.iter().filter_map(layer).collect(),
        is_shown: true,
    };
    let project = QgisProject {
        title: format!("{} – {}", territory.manifest().name, run.scenario.title.get(run.language)),
        notice: wording::notice(run.language).to_owned(),
        crs: territory.crs(),
        extent: run.view.spec().extent(),
        groups: std::iter::once(own)
            .chain(QgisGroup::of_territory(territory.folder(), folder, run.language)?)
            .collect(),
        language: run.language,
    };
    project.to_bytes()
}

/// Volumes as CityJSON, on the integers of the territory's own models.
fn write_volumes(run: &Publication<'_>, path: &Path) -> Result<()> {
    let territory = run.view.territory();
    let extent = run.view.spec().extent();
    let corner = [extent.min_x.floor(), extent.min_y.floor(), 0.0];
    let epsg = CityModelHeader::compound_epsg(territory.crs(), territory.vertical_datum());
    let header = CityModelHeader::new(run.scenario.title.get(run.language), epsg, corner);
    let mut writer = CityJsonSeqWriter::create(path, &header)?;
    for volume in &run.outcome.volumes {
        writer.add(std::slice::from_ref(volume))?;
    }
    writer.finish()
}

/// Global attributes of `fields.h5`.
pub(super) fn file_attributes(
    scenario: &Scenario,
    view: &TerritoryView,
    descriptor: &Descriptor,
) -> BTreeMap<String, String> {
    let territory = view.territory().manifest();
    let sources: Vec<String> = territory
        .sources
        .iter()
        .map(|s| format!("{} ({})", s.product.label(), s.attribution))
        .collect();
    let mut attributes = BTreeMap::from([
        ("title".to_owned(), format!("{} – {}", territory.name, scenario.title.fr)),
        ("source".to_owned(), format!("{} {}", descriptor.id, descriptor.version)),
        ("references".to_owned(), descriptor.citation.to_owned()),
        ("license".to_owned(), descriptor.licence.to_owned()),
        ("comment".to_owned(), wording::notice(Language::Fr).to_owned()),
        ("data_sources".to_owned(), sources.join("; ")),
        ("vertical_datum".to_owned(), territory.vertical_datum.clone()),
    ]);
    if territory.demo {
        attributes
            .insert("demonstration".to_owned(), wording::demonstration(Language::Fr).to_owned());
    }
    attributes
}

/// Output interval from which it is told that an input is spread evenly over it, s.
const LONG_INTERVAL_S: f64 = 60.0;

/// Inputs of finished runs that the output interval has smoothed.
fn spread_inputs(run: &Publication<'_>) -> Option<Text> {
    let interval_s = run.scenario.output_interval_s();
    let mut spread = run.step.links.iter().filter(|link| link.is_spread);
    let link = spread.next().filter(|_| run.step.simulation.has_clock())?;
    if interval_s <= LONG_INTERVAL_S {
        return None;
    }
    let (from, minutes) = (&link.from, interval_s / 60.0);
    let n = |l: Language| l.number(minutes, 0);
    Some(Text::new(
        format!(
            "Ce que donne « {from} » est réparti également sur chaque intervalle de {} min : une pointe plus courte y est lissée ; raccourcir output_interval ou donner un coupling_step aux deux calculs.",
            n(Language::Fr)
        ),
        format!(
            "What \"{from}\" gives is spread evenly over each interval of {} min: a shorter peak is smoothed; shorten output_interval or give both runs a coupling_step.",
            n(Language::En)
        ),
    ))
}

fn manifest_of(run: &Publication<'_>) -> Result<RunManifest> {
    let descriptor = run.step.simulation.descriptor();
    let territory = run.view.territory().manifest();
    let content = Territory::content_hash(run.view.territory().folder())?;
    let mut warnings = run.view.notices().to_vec();
    warnings.extend(run.outcome.warnings.iter().cloned());
    warnings.extend(spread_inputs(run));
    if content != territory.hash {
        warnings.push(Text::new(
            "Les fichiers du territoire ont été modifiés depuis son assemblage.",
            "The files of the territory have been changed since it was assembled.",
        ));
    }
    if !territory.fit_for_hazard {
        warnings.insert(
            0,
            Text::new(
                "Le terrain n'est pas issu d'un nuage de points : il est impropre à toute conclusion sur l'aléa.",
                "The terrain does not come from a point cloud: it is unfit for any conclusion on hazard.",
            ),
        );
    }
    let clock = run.scenario.time.as_ref().filter(|_| run.step.simulation.has_clock());
    Ok(RunManifest {
        schema: 1,
        hash: run.hash.to_owned(),
        run: run.step.name.clone(),
        simulation: descriptor.id.to_owned(),
        simulation_version: descriptor.version.to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        target: target(),
        scenario: run.scenario.id.clone(),
        scenario_title: run.scenario.title.clone(),
        territory: TerritoryRecord {
            name: territory.name.clone(),
            hash: content,
            crs: territory.crs,
            vertical_datum: territory.vertical_datum.clone(),
            is_fit_for_hazard: territory.fit_for_hazard,
            sources: territory.sources.clone(),
        },
        measures: run
            .scenario
            .measures
            .iter()
            .map(|(name, m)| (name.clone(), without_folders(&serde_json::json!(m))))
            .collect(),
        parameters: without_folders(&run.step.parameters),
        input_files: run.files.clone(),
        upstream: run.upstream.iter().cloned().collect(),
        grid: *run.view.spec(),
        start_utc: clock.map(|time| time.start.to_string()),
        duration_s: clock.map(|time| time.duration.seconds()),
        output_interval_s: clock.map(|_| run.scenario.output_interval_s()),
        budget: run.budget,
        licence: descriptor.licence.to_owned(),
        citation: descriptor.citation.to_owned(),
        hypotheses: run.outcome.hypotheses.clone(),
        limits: descriptor.limits.clone(),
        warnings,
    })
}

/// One row per gauge, quantity and time; `.` as decimal mark so that any program reads it.
fn gauges_csv(gauges: &[GaugeSeries]) -> String {
    let mut csv = String::from("gauge,variable,unit,time_s,value,easting,northing\n");
    for series in gauges {
        let place = series.position.map_or_else(|| ",".to_owned(), |[x, y]| format!("{x},{y}"));
        for (time, value) in series.times_s.iter().zip(&series.values) {
            let value = if value.is_finite() { value.to_string() } else { String::new() };
            csv.push_str(&format!(
                "\"{}\",{},{},{time},{value},{place}\n",
                series.gauge.replace('"', "\"\""),
                series.variable,
                series.unit
            ));
        }
    }
    csv
}
