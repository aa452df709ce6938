//! The sources of a territory file, read and brought into its reference system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::local_tables::attach;
use super::{AssembledGrids, ModelFiles, Stage};
use crate::formats::las::PointFile;
use crate::formats::{FeatureTable, GeoTiff, LayerRead, read_vector_layers};
use crate::language::Text;
use crate::products::{BdTopo, ImportReport, OcsGe, bd_foret, bd_france, cadastre, plu, ppr, rpg};
use crate::spatial::{Crs, Extent, Transformer, VerticalDatum};
use crate::territory::{Features, Product, SourceEntry, SourceRecord, TerritoryFile};
use crate::{Error, FileProblem, Language, Result};

/// What the sources gave, in the territory's reference system.
pub(super) struct Sources {
    pub(super) points: Vec<PathBuf>,
    pub(super) models: ModelFiles,
    /// BLAKE3 of each file of points or of a model.
    pub(super) file_hashes: BTreeMap<PathBuf, String>,
    pub(super) features: Features,
    pub(super) records: Vec<SourceRecord>,
    pub(super) notices: Vec<Text>,
    /// Union of the files of points and models.
    pub(super) cloud_extent: Option<Extent>,
    /// Point files without a point.
    empty_clouds: Vec<PathBuf>,
    /// Datum that a point file states.
    stated_datum: Option<VerticalDatum>,
}

impl Sources {
    pub(super) fn read(file: &TerritoryFile, progress: &dyn Fn(Stage, f64)) -> Result<Self> {
        let mut sources = Self {
            points: Vec::new(),
            models: ModelFiles::default(),
            file_hashes: BTreeMap::new(),
            features: Features { crs: Some(file.crs), ..Features::default() },
            records: Vec::new(),
            notices: Vec::new(),
            cloud_extent: None,
            empty_clouds: Vec::new(),
            stated_datum: None,
        };
        // Hedges of BD Haie take the place of others, local tables are joined to what there is.
        let mut entries: Vec<&SourceEntry> = file.source.iter().collect();
        entries.sort_by_key(|entry| match entry.product {
            Product::LocalTable => 2,
            Product::BdHaie => 1,
            _ => 0,
        });
        for (at, entry) in entries.into_iter().enumerate() {
            progress(Stage::Sources, at as f64 / file.source.len() as f64);
            let paths = file.files(entry)?;
            let records: Vec<Result<SourceRecord>> =
                paths.par_iter().map(|p| entry.record(p)).collect();
            let records = records.into_iter().collect::<Result<Vec<SourceRecord>>>()?;
            let is_model = matches!(entry.product, Product::MntLidarHd | Product::MnsLidarHd);
            if is_model || entry.product == Product::LidarHd {
                for (path, record) in paths.iter().zip(&records) {
                    sources.file_hashes.insert(path.clone(), record.hash.clone());
                }
            }
            sources.records.extend(records);
            if is_model {
                for path in paths {
                    sources.add_model(path, entry, file)?;
                }
            } else if entry.product == Product::LidarHd {
                let is_one_of_many = paths.len() > 1;
                for path in paths {
                    match sources.add_points(path.clone(), entry, file) {
                        // Of many tiles one may be damaged: the rest goes on and the report says so.
                        Err(Error::File { problem, .. })
                            if is_one_of_many && !matches!(*problem, FileProblem::MissingCrs) =>
                        {
                            let [fr, en] = [Language::Fr, Language::En].map(|l| problem.text(l));
                            sources.notice_left_out(&path, &Text::new(fr, en));
                        }
                        added => added?,
                    }
                }
                if sources.points.is_empty() && sources.empty_clouds.is_empty() {
                    return Err(Error::input(
                        entry.path.clone(),
                        "aucun fichier de points lisible ; les télécharger à nouveau",
                        "no point file can be read; download them again",
                    ));
                }
            } else {
                sources.add_vectors(&paths, entry, file)?;
            }
        }
        Ok(sources)
    }

    /// Something the user should know of a file or a layer.
    fn notice(&mut self, place: &str, fr: &str, en: &str) {
        self.notices.push(Text::new(format!("{place} : {fr}"), format!("{place}: {en}")));
    }

    /// A point file that cannot be read, while others can.
    pub(super) fn notice_left_out(&mut self, path: &Path, problem: &Text) {
        self.notice(
            &name_of(path),
            &format!("illisible, laissé de côté : {}", problem.fr),
            &format!("unreadable, left aside: {}", problem.en),
        );
    }

    fn notice_assumed(&mut self, place: &str, crs: Crs) {
        self.notice(
            place,
            &format!("aucun système de coordonnées déclaré, pris en {crs}."),
            &format!("no reference system declared, taken as {crs}."),
        );
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
            return Err(other_system(&path, stated, crs));
        }
        if header.declared_points == 0 {
            self.notice(
                &name_of(&path),
                "aucun point ; fichier laissé de côté.",
                "no point; the file was left aside.",
            );
            self.empty_clouds.push(path);
            return Ok(());
        }
        if header.crs.is_none() && entry.crs.is_none() {
            if !file.is_crs_stated {
                return Err(Error::file(&path, FileProblem::MissingCrs));
            }
            self.notice_assumed(&name_of(&path), crs);
        }
        if let Some(extent) = header.declared_extent {
            check_place(&path, &extent, crs)?;
            self.cloud_extent = Some(self.cloud_extent.map_or(extent, |e| e.union(&extent)));
        }
        self.stated_datum = self.stated_datum.or(header.vertical_datum);
        self.points.push(path);
        Ok(())
    }

    /// Models are taken in the territory's system, as points are.
    fn add_model(
        &mut self,
        path: PathBuf,
        entry: &SourceEntry,
        file: &TerritoryFile,
    ) -> Result<()> {
        let tiff = GeoTiff::open(&path)?;
        if let Some(stated) = entry.crs.or(tiff.crs()).filter(|stated| *stated != file.crs) {
            return Err(other_system(&path, stated, file.crs));
        }
        let extent = tiff.spec().extent();
        check_place(&path, &extent, file.crs)?;
        self.cloud_extent = Some(self.cloud_extent.map_or(extent, |e| e.union(&extent)));
        let of_product = match entry.product {
            Product::MnsLidarHd => &mut self.models.surface,
            _ => &mut self.models.terrain,
        };
        of_product.push(path);
        Ok(())
    }

    /// Without a stated extent the clouds give it: objects beyond them would stand on no terrain.
    pub(super) fn clip_to_clouds(&mut self, extent: &Extent) {
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
    pub(super) fn placed(&self, error: Error, file: &TerritoryFile) -> Error {
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
        let (mut tables, mut origins): (Vec<FeatureTable>, Vec<&Path>) = (Vec::new(), Vec::new());
        let is_local = entry.product == Product::LocalTable;
        for path in paths {
            let layers = read_vector_layers(path)?;
            if entry.layer.is_some() && !is_local && layers.len() != 1 {
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
                let place = format!("{} [{}]", name_of(path), table.name);
                for problem in &report.notices {
                    self.notice(&place, &problem.text(Language::Fr), &problem.text(Language::En));
                }
                if let Some(first) = report.skipped.first() {
                    let (count, record) = (report.skipped.len(), &first.record);
                    let [fr, en] = [Language::Fr, Language::En].map(|l| first.problem.text(l));
                    self.notice(
                        &place,
                        &format!(
                            "{count} enregistrement(s) illisible(s), le premier ({record}) : {fr}"
                        ),
                        &format!("{count} unreadable record(s), the first ({record}): {en}"),
                    );
                }
                self.move_to(&mut table, entry, file, path)?;
                if let Some(layer) = entry.layer.as_ref().filter(|_| !is_local) {
                    table.name.clone_from(layer);
                }
                tables.push(table);
                origins.push(path);
            }
        }
        let mut report = ImportReport::default();
        let features = match entry.product {
            Product::BdTopo => BdTopo::new()?.from_tables(tables, &mut report)?,
            Product::BdFranceVegetation => {
                self.notice(
                    &entry.path,
                    "lecture de la BD France non vérifiée sur une livraison : contrôler les natures.",
                    "reading of BD France not verified on a delivery: check the kinds.",
                );
                bd_france::from_tables(tables, &mut report)
            }
            Product::OcsGe => OcsGe::new()?.from_tables(tables, &mut report),
            Product::BdForet => bd_foret::from_tables(tables, &mut report)?,
            Product::Rpg => rpg::from_tables(tables, &mut report)?,
            Product::BdHaie => {
                for table in &mut tables {
                    "haie".clone_into(&mut table.name);
                }
                let features = BdTopo::new()?.from_tables(tables, &mut report)?;
                self.give_way_to(&features, &entry.path);
                features
            }
            Product::Plu => plu::from_tables(tables, &mut report),
            Product::Cadastre => cadastre::from_tables(tables, &mut report),
            Product::Ppr => ppr::from_tables(tables, &mut report),
            Product::LocalTable => {
                for (table, path) in tables.iter().zip(origins) {
                    let told = attach(&mut self.features, table, entry, path)?;
                    self.notices.push(told);
                }
                return Ok(());
            }
            Product::LidarHd | Product::MntLidarHd | Product::MnsLidarHd => Features::default(),
        };
        if report.layers.is_empty() && !report.ignored.is_empty() {
            self.notice(
                &entry.path,
                "aucune couche reconnue ; préciser layer = \"batiment\" (ou autre) dans la source.",
                "no layer recognised; state layer = \"batiment\" (or another) in the source.",
            );
        }
        let lines = report.lines(Language::Fr).into_iter().zip(report.lines(Language::En));
        self.notices.extend(lines.map(|(fr, en)| Text::new(fr, en)));
        self.features.merge(features);
        Ok(())
    }

    /// Hedges of other products make room for those of BD Haie.
    fn give_way_to(&mut self, features: &Features, place: &str) {
        let others = self.features.hedges.len();
        if others > 0 && !features.hedges.is_empty() {
            self.features.hedges.clear();
            let count = features.hedges.len();
            self.notice(
                place,
                &format!("{count} haies, à la place des {others} de la BD TOPO."),
                &format!("{count} hedges, in place of the {others} of BD TOPO."),
            );
        }
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
        let place = format!("{} [{}]", name_of(path), table.name);
        let Some(from) = entry.crs.or(table.crs) else {
            if table.features.iter().any(|f| f.geometry.is_some()) {
                let looks_geographic = table
                    .extent()
                    .is_some_and(|e| e.min_x >= -180.0 && e.max_x <= 180.0 && e.max_y <= 90.0);
                if looks_geographic || !file.is_crs_stated {
                    return Err(Error::file_at(path, &table.name, FileProblem::MissingCrs));
                }
                self.notice_assumed(&place, crs);
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
            self.notice(
                &place,
                &format!("reprojeté de {from} vers {crs}."),
                &format!("reprojected from {from} to {crs}."),
            );
        }
        if let Some(extent) = table.extent() {
            check_place(path, &extent, crs)?;
        }
        table.crs = Some(crs);
        Ok(())
    }

    /// The datum that the points state, else the legal one of the place.
    pub(super) fn vertical_datum(&self, crs: Crs, made: &AssembledGrids) -> VerticalDatum {
        let (x, y) = made.spec.extent().centre();
        self.stated_datum
            .or_else(|| VerticalDatum::legal_at(crs, x, y))
            .or_else(|| crs.legal_vertical_datum())
            .unwrap_or(VerticalDatum::Unknown)
    }
}

/// What is not moved from system to system: points and models.
fn other_system(path: &Path, stated: Crs, crs: Crs) -> Error {
    Error::input(
        path.display().to_string(),
        format!(
            "fichier en {stated} alors que le territoire est en {crs} ; écrire crs = \"{stated}\" dans le fichier de territoire"
        ),
        format!(
            "the file is in {stated} but the territory in {crs}; write crs = \"{stated}\" in the territory file"
        ),
    )
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

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}
