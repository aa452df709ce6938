//! A territory file → a territory folder.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bridge_models::bridge_decks;
use super::city_model::write_buildings;
use super::part_folder::PartFolder;
use super::sources::Sources;
use super::vegetation::measure_hedges;
use super::{BlockCache, GridOptions, Stage, assemble_grids, make_share};
use crate::export::{style, wording};
use crate::formats::cf::GridFile;
use crate::formats::geopackage::GeoPackageWriter;
use crate::language::Text;
use crate::results::write_atomically;
use crate::territory::{
    Features, TERRITORY_SCHEMA, TerrainSource, Territory, TerritoryFile, TerritoryManifest, Tree,
};
use crate::{Error, Language, Result};

/// Assembles the sources of a territory file into a folder. An earlier territory there is replaced
/// once the new one is complete. With a folder for blocks (`kept`) those of an earlier run that nothing
/// changed are taken from it.
pub fn assemble(
    file: &TerritoryFile,
    folder: &Path,
    kept: Option<&Path>,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<TerritoryManifest> {
    let part = PartFolder::create(folder)?;
    let sources = read_sources(file, progress)?;
    let options = options(file, &sources, kept, None);
    let manifest = assemble_into(&part, file, sources, &options, cancelled, progress)?;
    part.publish()?;
    progress(Stage::Store, 1.0);
    Ok(manifest)
}

/// Makes one machine's share of the blocks, `(i, n)` counted from 0, and keeps them for a run of
/// [`assemble`] with the same folder. Gives their number.
pub fn assemble_share(
    file: &TerritoryFile,
    kept: &Path,
    shard: (usize, usize),
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<usize> {
    let sources = read_sources(file, progress)?;
    let options = options(file, &sources, Some(kept), Some(shard));
    make_share(&sources.points, &sources.features, &options, cancelled, progress)
        .map_err(|error| sources.placed(error, file))
}

fn read_sources(file: &TerritoryFile, progress: &dyn Fn(Stage, f64)) -> Result<Sources> {
    let mut sources = Sources::read(file, progress)?;
    if let Some(extent) = file.extent {
        sources.features.clip(&extent);
    } else if let Some(extent) = sources.cloud_extent {
        sources.clip_to_clouds(&extent);
    }
    Ok(sources)
}

fn options(
    file: &TerritoryFile,
    sources: &Sources,
    kept: Option<&Path>,
    shard: Option<(usize, usize)>,
) -> GridOptions {
    GridOptions {
        crs: file.crs,
        extent: file.extent,
        resolution_m: file.resolution_m,
        selection: file.point_selection,
        models: sources.models.clone(),
        hydrography: file.hydrography.clone(),
        cache: kept.map(|folder| BlockCache {
            folder: folder.to_owned(),
            file_hashes: sources.file_hashes.clone(),
            shard,
        }),
        ..GridOptions::default()
    }
}

fn assemble_into(
    part: &PartFolder,
    file: &TerritoryFile,
    mut sources: Sources,
    options: &GridOptions,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<TerritoryManifest> {
    let grids = part.path().join(Territory::GRIDS);
    let mut made =
        assemble_grids(&sources.points, &sources.features, &grids, options, cancelled, progress)
            .map_err(|error| sources.placed(error, file))?;
    if cancelled.load(Ordering::Relaxed) {
        return Err(Error::Cancelled);
    }
    progress(Stage::Store, 0.2);
    let vertical_datum = sources.vertical_datum(file.crs, &made);
    for (path, problem) in &made.failed_files {
        sources.notice_left_out(path, problem);
    }
    let mut features = sources.features;
    features.crs = Some(file.crs);
    if !made.derived_buildings.is_empty() {
        sources.notices.push(Text::new(
            format!(
                "{} bâtiments déduits du nuage de points, faute de BD TOPO.",
                made.derived_buildings.len()
            ),
            format!(
                "{} buildings derived from the point cloud, for lack of BD TOPO.",
                made.derived_buildings.len()
            ),
        ));
        features.buildings = made.derived_buildings.clone();
    }
    add_trees(&mut features, made.trees);
    let finished = GridFile::open(&grids)?;
    measure_hedges(&mut features.hedges, &finished)?;
    let decks = bridge_decks(&finished, &features)?;
    let written = write_buildings(
        &features,
        &made.buildings,
        &made.roofs,
        &decks,
        file,
        vertical_datum,
        &part.path().join(Territory::BUILDINGS),
    )?;
    made.quality.buildings.count_models(&written.models);
    features.building_models = written.models;
    features.roof_planes = written.roof_planes;
    progress(Stage::Store, 0.5);
    write_features(&features, &part.path().join(Territory::FEATURES))?;
    progress(Stage::Store, 0.8);
    if made.quality.terrain_source == TerrainSource::Vectors {
        sources.notices.push(Text::new(
            "Terrain interpolé des altitudes de la BD TOPO : impropre à toute conclusion sur l'aléa.",
            "Terrain interpolated from BD TOPO heights: unfit for any conclusion on hazard.",
        ));
    }
    let manifest = TerritoryManifest {
        schema: TERRITORY_SCHEMA,
        name: file.name.clone(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        crs: file.crs,
        vertical_datum: vertical_datum.label().to_owned(),
        extent: made.spec.extent(),
        resolution_m: file.resolution_m,
        point_selection: file.point_selection,
        demo: file.demo,
        fit_for_hazard: made.quality.is_fit_for_hazard,
        hash: Territory::content_hash(part.path())?,
        notices: sources.notices,
        sources: sources.records,
        quality: made.quality,
    };
    let text = toml::to_string_pretty(&manifest).map_err(|e| Error::Write {
        path: part.path().join(Territory::MANIFEST),
        source: std::io::Error::other(e),
    })?;
    write_atomically(&part.path().join(Territory::MANIFEST), text.as_bytes())?;
    Ok(manifest)
}

/// Adds the trees of the canopy that no source gives: those with none of theirs within the crown.
fn add_trees(features: &mut Features, seen: Vec<Tree>) {
    let given: Vec<[f64; 2]> =
        features.trees.iter().flat_map(|t| t.geometry.positions()).map(|p| [p[0], p[1]]).collect();
    let given = rstar::RTree::bulk_load(given);
    features.trees.extend(seen.into_iter().filter(|tree| {
        let radius = 0.5 * tree.crown_diameter_m.unwrap_or_default();
        tree.geometry
            .positions()
            .all(|p| given.locate_within_distance([p[0], p[1]], radius * radius).next().is_none())
    }));
}

fn write_features(features: &Features, path: &Path) -> Result<()> {
    let mut writer = GeoPackageWriter::create(path)?;
    for table in features.to_tables() {
        writer.add_table(&table, &table.name, wording::notice(Language::Fr))?;
        if let Some(qml) = style::qml_for(&table.name) {
            writer.add_style(&table.name, &table.name, qml)?;
        }
    }
    writer.finish()
}
