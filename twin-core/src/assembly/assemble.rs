//! A territory file → a territory folder.
//!
//! The folder is made under a temporary name and renamed when it is complete: an interrupted
//! assembly leaves an earlier territory as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{
    AssembledGrids, GridOptions, Stage, TerrainSource, assemble_grids, city_model::write_buildings,
};
use crate::export::{style, wording};
use crate::formats::geopackage::GeoPackageWriter;
use crate::formats::las::PointFile;
use crate::formats::{FeatureTable, LayerRead, read_vector_layers};
use crate::language::Text;
use crate::products::{BdTopo, ImportReport, OcsGe, plu, ppr};
use crate::results::write_atomically;
use crate::spatial::{Crs, Extent, Transformer, VerticalDatum};
use crate::territory::{
    Features, Product, SourceEntry, SourceRecord, TERRITORY_SCHEMA, Territory, TerritoryFile,
    TerritoryManifest,
};
use crate::{Error, FileProblem, Language, Result};

/// Assembles the sources of a territory file into a folder. An earlier territory there is replaced
/// once the new one is complete.
pub fn assemble(
    file: &TerritoryFile,
    folder: &Path,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<TerritoryManifest> {
    check_target(folder)?;
    let part = part_of(folder)?;
    let made = assemble_into(&part, file, folder, cancelled, progress);
    if made.is_err() {
        // Only a leftover of what failed; the error to tell is that one.
        let _ = fs::remove_dir_all(&part);
    }
    made
}

fn assemble_into(
    part: &Path,
    file: &TerritoryFile,
    folder: &Path,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<TerritoryManifest> {
    let mut sources = Sources::read(file, progress)?;
    let options = GridOptions {
        crs: file.crs,
        extent: file.extent,
        resolution_m: file.resolution_m,
        selection: file.point_selection,
        ..GridOptions::default()
    };
    if let Some(extent) = file.extent {
        sources.features.clip(&extent);
    } else if let Some(extent) = sources.cloud_extent {
        sources.clip_to_clouds(&extent);
    }
    let grids = part.join(Territory::GRIDS);
    let made =
        assemble_grids(&sources.points, &sources.features, &grids, &options, cancelled, progress)
            .map_err(|error| sources.placed(error, file))?;
    if cancelled.load(Ordering::Relaxed) {
        return Err(Error::Cancelled);
    }
    progress(Stage::Store, 0.2);
    let vertical_datum = sources.vertical_datum(file.crs, &made);
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
    features.building_models = write_buildings(
        &features,
        &made.buildings,
        file,
        vertical_datum,
        &part.join(Territory::BUILDINGS),
    )?;
    progress(Stage::Store, 0.5);
    write_features(&features, &part.join(Territory::FEATURES))?;
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
        hash: Territory::content_hash(part)?,
        notices: sources.notices,
        sources: sources.records,
        quality: made.quality,
    };
    let text = toml::to_string_pretty(&manifest).map_err(|e| Error::Write {
        path: folder.join(Territory::MANIFEST),
        source: std::io::Error::other(e),
    })?;
    write_atomically(&part.join(Territory::MANIFEST), text.as_bytes())?;
    replace(folder, part)?;
    progress(Stage::Store, 1.0);
    Ok(manifest)
}

/// What the sources gave, in the territory's reference system.
struct Sources {
    points: Vec<PathBuf>,
    features: Features,
    records: Vec<SourceRecord>,
    notices: Vec<Text>,
    /// Union of the point files.
    cloud_extent: Option<Extent>,
    /// Point files without a point.
    empty_clouds: Vec<PathBuf>,
    /// Datum that a point file states.
    stated_datum: Option<VerticalDatum>,
}

impl Sources {
    fn read(file: &TerritoryFile, progress: &dyn Fn(Stage, f64)) -> Result<Self> {
        let mut sources = Self {
            points: Vec::new(),
            features: Features { crs: Some(file.crs), ..Features::default() },
            records: Vec::new(),
            notices: Vec::new(),
            cloud_extent: None,
            empty_clouds: Vec::new(),
            stated_datum: None,
        };
        for (at, entry) in file.source.iter().enumerate() {
            progress(Stage::Sources, at as f64 / file.source.len() as f64);
            let paths = file.files(entry)?;
            let records: Vec<Result<SourceRecord>> =
                paths.par_iter().map(|p| entry.record(p)).collect();
            for record in records {
                sources.records.push(record?);
            }
            if entry.product == Product::LidarHd {
                for path in paths {
                    sources.add_points(path, entry, file)?;
                }
            } else {
                sources.add_vectors(&paths, entry, file)?;
            }
        }
        Ok(sources)
    }

    /// Point clouds are taken in the territory's system: moving them would blur the grid of points.
    fn add_points(
        &mut self,
        path: PathBuf,
        entry: &SourceEntry,
        file: &TerritoryFile,
    ) -> Result<()> {
        let crs = file.crs;
        let cloud = PointFile::open(&path)?;
        let header = cloud.header();
        if let Some(stated) = entry.crs.or(header.crs)
            && stated != crs
        {
            return Err(Error::input(
                path.display().to_string(),
                format!(
                    "nuage en {stated} alors que le territoire est en {crs} ; écrire crs = \"{stated}\" dans le fichier de territoire"
                ),
                format!(
                    "the cloud is in {stated} but the territory in {crs}; write crs = \"{stated}\" in the territory file"
                ),
            ));
        }
        if header.declared_points == 0 {
            self.notices.push(Text::new(
                format!("{} : aucun point ; fichier laissé de côté.", name_of(&path)),
                format!("{}: no point; the file was left aside.", name_of(&path)),
            ));
            self.empty_clouds.push(path);
            return Ok(());
        }
        if header.crs.is_none() && entry.crs.is_none() {
            if !file.is_crs_stated {
                return Err(Error::file(&path, FileProblem::MissingCrs));
            }
            self.notices.push(Text::new(
                format!(
                    "{} : aucun système de coordonnées déclaré, pris en {crs}.",
                    name_of(&path)
                ),
                format!("{}: no reference system declared, taken as {crs}.", name_of(&path)),
            ));
        }
        if let Some(extent) = header.declared_extent {
            check_place(&path, &extent, crs)?;
            self.cloud_extent = Some(self.cloud_extent.map_or(extent, |e| e.union(&extent)));
        }
        self.stated_datum = self.stated_datum.or(header.vertical_datum);
        self.points.push(path);
        Ok(())
    }

    /// Without a stated extent the clouds give it: objects beyond them would stand on no terrain.
    fn clip_to_clouds(&mut self, extent: &Extent) {
        let count = |features: &Features| -> usize { features.counts().values().sum() };
        let before = count(&self.features);
        self.features.clip(extent);
        let left_out = before - count(&self.features);
        if left_out > 0 {
            self.notices.push(Text::new(
                format!(
                    "{left_out} objets hors de l'emprise des nuages de points, laissés de côté."
                ),
                format!("{left_out} features beyond the point clouds, left out."),
            ));
        }
    }

    /// An error of the grids, which know no file, with the file that a user can mend.
    fn placed(&self, error: Error, file: &TerritoryFile) -> Error {
        let Error::Input { place, problem } = error else { return error };
        if !matches!(place.as_str(), "source" | "extent" | "resolution_m") {
            return Error::Input { place, problem };
        }
        match (self.points.as_slice(), self.empty_clouds.as_slice()) {
            ([], [empty, ..]) => Error::input(
                empty.display().to_string(),
                "le nuage ne contient aucun point ; le télécharger à nouveau",
                "the cloud holds no point; download it again",
            ),
            ([cloud], _) if place == "source" => {
                Error::Input { place: cloud.display().to_string(), problem }
            }
            _ => Error::Input { place: format!("{} [{place}]", file.file.display()), problem },
        }
    }

    fn add_vectors(
        &mut self,
        paths: &[PathBuf],
        entry: &SourceEntry,
        file: &TerritoryFile,
    ) -> Result<()> {
        let mut tables: Vec<FeatureTable> = Vec::new();
        for path in paths {
            let layers = read_vector_layers(path)?;
            if entry.layer.is_some() && layers.len() != 1 {
                return Err(Error::input(
                    path.display().to_string(),
                    format!(
                        "{} couches ; « layer » ne vaut que pour un fichier d'une couche, le retirer",
                        layers.len()
                    ),
                    format!(
                        "{} layers; \"layer\" is for a file of one layer, remove it",
                        layers.len()
                    ),
                ));
            }
            for LayerRead { mut table, report } in layers {
                for problem in &report.notices {
                    self.notices.push(Text::new(
                        format!(
                            "{} [{}] : {}",
                            name_of(path),
                            table.name,
                            problem.text(Language::Fr)
                        ),
                        format!(
                            "{} [{}]: {}",
                            name_of(path),
                            table.name,
                            problem.text(Language::En)
                        ),
                    ));
                }
                if let Some(first) = report.skipped.first() {
                    self.notices.push(Text::new(
                        format!(
                            "{} [{}] : {} enregistrement(s) illisible(s), le premier ({}) : {}",
                            name_of(path),
                            table.name,
                            report.skipped.len(),
                            first.record,
                            first.problem.text(Language::Fr)
                        ),
                        format!(
                            "{} [{}]: {} unreadable record(s), the first ({}): {}",
                            name_of(path),
                            table.name,
                            report.skipped.len(),
                            first.record,
                            first.problem.text(Language::En)
                        ),
                    ));
                }
                self.move_to(&mut table, entry, file, path)?;
                if let Some(layer) = &entry.layer {
                    table.name.clone_from(layer);
                }
                tables.push(table);
            }
        }
        let mut report = ImportReport::default();
        let features = match entry.product {
            Product::BdTopo => BdTopo::new()?.from_tables(tables, &mut report)?,
            Product::OcsGe => OcsGe::new()?.from_tables(tables, &mut report),
            Product::Plu => plu::from_tables(tables, &mut report),
            Product::Ppr => ppr::from_tables(tables, &mut report),
            Product::LidarHd => Features::default(),
        };
        if report.layers.is_empty() && !report.ignored.is_empty() {
            self.notices.push(Text::new(
                format!("{} : aucune couche reconnue ; préciser layer = \"batiment\" (ou autre) dans la source.", entry.path),
                format!("{}: no layer recognised; state layer = \"batiment\" (or another) in the source.", entry.path),
            ));
        }
        let lines = report.lines(Language::Fr).into_iter().zip(report.lines(Language::En));
        self.notices.extend(lines.map(|(fr, en)| Text::new(fr, en)));
        self.features.merge(features);
        Ok(())
    }

    /// Moves a table to the territory's system; one that states none is taken to be in it where the
    /// territory file states one.
    fn move_to(
        &mut self,
        table: &mut FeatureTable,
        entry: &SourceEntry,
        file: &TerritoryFile,
        path: &Path,
    ) -> Result<()> {
        let crs = file.crs;
        let Some(from) = entry.crs.or(table.crs) else {
            if table.features.iter().any(|f| f.geometry.is_some()) {
                let looks_geographic = table
                    .extent()
                    .is_some_and(|e| e.min_x >= -180.0 && e.max_x <= 180.0 && e.max_y <= 90.0);
                if looks_geographic || !file.is_crs_stated {
                    return Err(Error::file_at(path, &table.name, FileProblem::MissingCrs));
                }
                self.notices.push(Text::new(
                    format!(
                        "{} [{}] : aucun système de coordonnées déclaré, pris en {crs}.",
                        name_of(path),
                        table.name
                    ),
                    format!(
                        "{} [{}]: no reference system declared, taken as {crs}.",
                        name_of(path),
                        table.name
                    ),
                ));
                if let Some(extent) = table.extent() {
                    check_place(path, &extent, crs)?;
                }
            }
            table.crs = Some(crs);
            return Ok(());
        };
        if from != crs {
            let transformer = Transformer::new(from, crs).map_err(|error| {
                Error::input(
                    format!("{} [{}]", path.display(), table.name),
                    error.text(Language::Fr),
                    error.text(Language::En),
                )
            })?;
            let geometries = table.features.iter_mut().filter_map(|f| f.geometry.as_mut());
            geometries.for_each(|g| transformer.transform_geometry(g));
            self.notices.push(Text::new(
                format!("{} [{}] : reprojeté de {from} vers {crs}.", name_of(path), table.name),
                format!("{} [{}]: reprojected from {from} to {crs}.", name_of(path), table.name),
            ));
        }
        if let Some(extent) = table.extent() {
            check_place(path, &extent, crs)?;
        }
        table.crs = Some(crs);
        Ok(())
    }

    /// The datum that the points state, else the legal one of the place.
    fn vertical_datum(&self, crs: Crs, made: &AssembledGrids) -> VerticalDatum {
        let (x, y) = made.spec.extent().centre();
        self.stated_datum
            .or_else(|| VerticalDatum::legal_at(crs, x, y))
            .or_else(|| crs.legal_vertical_datum())
            .unwrap_or(VerticalDatum::Unknown)
    }
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

/// Coordinates that cannot be of the system they are said to be in.
fn check_place(path: &Path, extent: &Extent, crs: Crs) -> Result<()> {
    let (x, y) = extent.centre();
    if crs.is_plausible_at(x, y) != Some(false) {
        return Ok(());
    }
    Err(Error::input(
        path.display().to_string(),
        format!(
            "les coordonnées ({x:.0}, {y:.0}) sont loin du domaine de {crs} ({}) ; corriger crs dans le fichier de territoire",
            crs.name(Language::Fr)
        ),
        format!(
            "the coordinates ({x:.0}, {y:.0}) lie far from the area of {crs} ({}); correct crs in the territory file",
            crs.name(Language::En)
        ),
    ))
}

/// Refuses a folder that holds something else than a territory.
fn check_target(folder: &Path) -> Result<()> {
    let is_other = folder.is_dir()
        && !folder.join(Territory::MANIFEST).is_file()
        && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_other || folder.is_file() {
        return Err(Error::input(
            folder.display().to_string(),
            "existe et n'est pas un territoire ; choisir un autre nom",
            "exists and is not a territory; choose another name",
        ));
    }
    Ok(())
}

/// An empty folder beside the final one.
fn part_of(folder: &Path) -> Result<PathBuf> {
    let part = beside(folder, ".part");
    if part.exists() {
        fs::remove_dir_all(&part).map_err(Error::write(&part))?;
    }
    fs::create_dir_all(&part).map_err(Error::write(&part))?;
    Ok(part)
}

fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(suffix);
    folder.with_file_name(name)
}

/// Puts the complete folder in place of an earlier one, which is moved aside before it is removed:
/// no moment leaves half a territory under the name.
fn replace(folder: &Path, part: &Path) -> Result<()> {
    if !folder.exists() {
        return fs::rename(part, folder).map_err(Error::write(folder));
    }
    let earlier = beside(folder, ".old");
    if earlier.exists() {
        fs::remove_dir_all(&earlier).map_err(Error::write(&earlier))?;
    }
    fs::rename(folder, &earlier).map_err(Error::write(folder))?;
    fs::rename(part, folder).map_err(Error::write(folder))?;
    fs::remove_dir_all(&earlier).map_err(Error::write(&earlier))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}
