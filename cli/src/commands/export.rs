//! `twin export`: a territory or a run in an exchange format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use twin_core::export::cnig_di::{self, FloodIdentity, FloodMaxima};
use twin_core::export::{wording, write_scene, write_tileset};
use twin_core::formats::cf::{BandKind, BandMeta};
use twin_core::formats::cityjson::{CityJsonSeq, write_city_model};
use twin_core::formats::geopackage::{GeoPackage, GeoPackageWriter};
use twin_core::formats::las::write_copc;
use twin_core::formats::{CogOptions, CogWriter, FeatureTable, PartFile, Resampling, geojson};
use twin_core::results::FinishedRun;
use twin_core::spatial::{Crs, Grid, VerticalDatum};
use twin_core::territory::Territory;
use twin_core::{Error, Language, Result};

use super::info;
use crate::arguments::{ExportFormat, FloodExport};
use crate::console::Console;

/// Rows of a grid converted at a time.
const STRIP_ROWS: usize = 512;

/// Converts a territory or a run.
pub(crate) fn export(
    path: &Path,
    format: ExportFormat,
    out: &Path,
    flood: &FloodExport,
    console: &Console,
) -> Result<()> {
    if format == ExportFormat::Copc {
        refuse_own_source(path, out)?;
        let count = copc(path, out)?;
        console.say(
            &format!("Écrit : {} ({count} points)", out.display()),
            &format!("Written: {} ({count} points)", out.display()),
        );
        return Ok(());
    }
    let is_territory = path.join(Territory::MANIFEST).is_file();
    if !is_territory && !path.join("manifest.json").is_file() {
        return Err(info::neither(path));
    }
    refuse_own_source(path, out)?;
    match (is_territory, format) {
        (true, ExportFormat::Cog) => territory_grids(path, out)?,
        (_, ExportFormat::Copc) => {}
        (false, ExportFormat::Cog) => run_grids(path, out)?,
        (false, ExportFormat::CnigDi) => cnig_di(path, flood, out)?,
        (false, ExportFormat::Publishable) => publishable(path, out)?,
        (true, ExportFormat::Publishable) => {
            return Err(Error::input(
                path.display().to_string(),
                "ce format est celui d'un calcul d'impact ; exporter un calcul",
                "this is a format of impact runs; export a run",
            ));
        }
        (true, ExportFormat::CnigDi) => {
            return Err(Error::input(
                path.display().to_string(),
                "ce format décrit une inondation ; exporter un calcul",
                "this format describes a flood; export a run",
            ));
        }
        (true, ExportFormat::Gpkg) => copy(&path.join(Territory::FEATURES), out)?,
        (false, ExportFormat::Gpkg) => copy(&path.join("assets.gpkg"), out)?,
        (true, ExportFormat::Geojson) => geojson_layers(&path.join(Territory::FEATURES), out)?,
        (false, ExportFormat::Geojson) => geojson_layers(&path.join("assets.gpkg"), out)?,
        (true, ExportFormat::Cityjsonseq) => copy(&path.join(Territory::BUILDINGS), out)?,
        (true, ExportFormat::Cityjson) => city_model(&path.join(Territory::BUILDINGS), out)?,
        (true, ExportFormat::Tiles3d) => {
            write_tileset(&Territory::open(path)?, out)?;
        }
        (true, ExportFormat::Glb) => write_scene(&Territory::open(path)?, out)?,
        (
            false,
            ExportFormat::Cityjson
            | ExportFormat::Cityjsonseq
            | ExportFormat::Tiles3d
            | ExportFormat::Glb,
        ) => {
            return Err(Error::input(
                path.display().to_string(),
                "un calcul n'a pas de modèle 3D ; exporter le territoire",
                "a run has no 3D model; export the territory",
            ));
        }
    }
    console.say(&format!("Écrit : {}", out.display()), &format!("Written: {}", out.display()));
    Ok(())
}

/// The figures by square of an impact run, without any building.
fn publishable(path: &Path, out: &Path) -> Result<()> {
    let layer = "carreau_publiable";
    let tables = FinishedRun::open(path)?.assets()?;
    let Some(squares) = tables.iter().find(|table| table.name == layer) else {
        return Err(Error::input(
            path.display().to_string(),
            "ce calcul n'a pas de chiffres par carreau ; exporter un calcul impact",
            "this run has no figures by square; export an impact run",
        ));
    };
    let mut package = GeoPackageWriter::create(out)?;
    package.add_table(squares, layer, wording::notice(Language::Fr))?;
    package.finish()
}

/// An export never replaces what it is made from, nor puts files beside it in its folder.
fn refuse_own_source(path: &Path, out: &Path) -> Result<()> {
    let Ok(source) = path.canonicalize() else { return Ok(()) };
    let parent = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = out.canonicalize().or_else(|_| parent.canonicalize());
    if place.is_ok_and(|place| place.starts_with(&source)) {
        return Err(Error::input(
            out.display().to_string(),
            "est la source de l'export ou dans son dossier ; écrire ailleurs",
            "is the source of the export or in its folder; write elsewhere",
        ));
    }
    Ok(())
}

/// A point cloud as COPC.
fn copc(path: &Path, out: &Path) -> Result<u64> {
    if path.is_dir() {
        return Err(Error::input(
            path.display().to_string(),
            "ce format est celui d'un nuage ; donner un fichier LAS ou LAZ",
            "this is a format of point clouds; give a LAS or LAZ file",
        ));
    }
    write_copc(path, out, None)
}

fn options(meta: &BandMeta, datum: VerticalDatum) -> CogOptions {
    let is_height = matches!(
        meta.name.as_str(),
        "dtm" | "dsm" | "bed" | "maximum_water_level" | "bed_elevation"
    );
    CogOptions {
        description: meta.long_name.clone(),
        unit: meta.unit.clone(),
        notice: wording::notice(Language::Fr).to_owned(),
        metadata: BTreeMap::new(),
        vertical_epsg: datum.epsg().filter(|_| is_height).and_then(|e| u16::try_from(e).ok()),
        resampling: match &meta.kind {
            BandKind::Continuous => Resampling::Mean,
            BandKind::Maximum => Resampling::Maximum,
            BandKind::Categorical(_) => Resampling::Majority,
        },
    }
}

fn territory_grids(path: &Path, out: &Path) -> Result<()> {
    let territory = Territory::open(path)?;
    fs::create_dir_all(out).map_err(Error::write(out))?;
    let spec = *territory.spec();
    for meta in territory.grids().bands() {
        let file = out.join(format!("{}.tif", meta.name));
        let options = options(meta, territory.vertical_datum());
        let mut writer = CogWriter::create(&file, &spec, territory.crs(), &options)?;
        for row in (0..spec.rows).step_by(STRIP_ROWS) {
            let rows = row..(row + STRIP_ROWS).min(spec.rows);
            writer.write_window(row, 0, &territory.window(&meta.name, rows, 0..spec.columns)?)?;
        }
        writer.finish()?;
    }
    Ok(())
}

fn run_grids(path: &Path, out: &Path) -> Result<()> {
    let FinishedRun { manifest, fields: file, .. } = FinishedRun::open(path)?;
    let datum =
        VerticalDatum::parse(&manifest.territory.vertical_datum).unwrap_or(VerticalDatum::Unknown);
    fs::create_dir_all(out).map_err(Error::write(out))?;
    let mut grids: Vec<(BandMeta, Grid<f32>)> = Vec::new();
    for meta in file.statics() {
        grids.push((meta.clone(), file.read_static(&meta.name)?));
    }
    // An analysis has no fields beside those that it computed once.
    if let (true, Some(last)) = (grids.is_empty(), file.times().len().checked_sub(1)) {
        for variable in file.variables() {
            let meta = BandMeta::continuous(&variable.name, &variable.long_name, &variable.unit);
            grids.push((meta, file.read_frame(&variable.name, last)?));
        }
    }
    for (meta, grid) in &grids {
        let mut writer = CogWriter::create(
            out.join(format!("{}.tif", meta.name)),
            &grid.spec,
            file.crs(),
            &options(meta, datum),
        )?;
        writer.write_window(0, 0, grid)?;
        writer.finish()?;
    }
    Ok(())
}

/// A GeoPackage of the CNIG standard Directive Inondation.
fn cnig_di(path: &Path, flood: &FloodExport, out: &Path) -> Result<()> {
    let run = FinishedRun::open(path)?;
    let depth = run.field("maximum_water_depth")?;
    let speed = run.field("maximum_flow_speed")?;
    let level = run.field("maximum_water_level")?;
    let identity = FloodIdentity {
        surface: run.manifest.scenario.clone(),
        tri: flood.tri.clone(),
        hazard: flood.hazard.clone(),
        occurrence: flood.occurrence.clone(),
    };
    let maxima = FloodMaxima { depth: &depth, speed: &speed, level: &level };
    let crs = run.manifest.territory.crs;
    let mut package = GeoPackageWriter::create(out)?;
    for table in cnig_di::tables(maxima, &identity, crs, flood.interval)? {
        package.add_table(&table, &table.name, wording::notice(Language::Fr))?;
    }
    package.finish()
}

/// One GeoJSON file per layer with geometry, in WGS 84 as RFC 7946 wants.
fn geojson_layers(path: &Path, out: &Path) -> Result<()> {
    let package = GeoPackage::open(path)?;
    fs::create_dir_all(out).map_err(Error::write(out))?;
    for layer in package.layers().iter().filter(|l| l.geometry_column.is_some()) {
        let mut table: FeatureTable = package.read(&layer.name, None)?.table;
        table.transform_to(Crs::WGS_84)?;
        geojson::write(out.join(format!("{}.geojson", layer.name)), &table)?;
    }
    Ok(())
}

fn city_model(path: &Path, out: &Path) -> Result<()> {
    let mut sequence = CityJsonSeq::open(path)?;
    let header = sequence.header().clone();
    let mut objects = Vec::new();
    for place in sequence.places()? {
        objects.push(sequence.feature_at(place)?);
    }
    write_city_model(out, &header, &objects)
}

/// A whole copy or none.
fn copy(from: &Path, out: &Path) -> Result<()> {
    let mut source = fs::File::open(from).map_err(Error::read(from))?;
    let part = PartFile::new(out)?;
    let mut target = fs::File::create(part.part()).map_err(Error::write(out))?;
    std::io::copy(&mut source, &mut target).map_err(Error::write(out))?;
    part.publish()
}
