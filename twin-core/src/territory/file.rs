//! The territory file that a planner writes, and the record of what was assembled from it.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HydrographySettings, QualityReport};
use crate::spatial::{Crs, Extent};
use crate::suggest::{explain_serde, explain_toml};
use crate::{Error, Language, Result};

/// Version of the territory schemas that this program reads and writes.
pub const TERRITORY_SCHEMA: u32 = 1;

/// What to assemble: `TERRITORY.toml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerritoryFile {
    /// Version of this file's schema, 1.
    pub schema: u32,
    /// Name of the territory.
    pub name: String,
    /// Reference system of the territory. Where it is written here, sources that state none are
    /// taken to be in it.
    #[serde(default = "lambert_93")]
    pub crs: Crs,
    /// `[west, south, east, north]`; default: that of the point clouds, else of the vectors.
    #[serde(default)]
    pub extent: Option<Extent>,
    /// Side of a grid cell in metres.
    #[serde(default = "one_metre")]
    pub resolution_m: f64,
    /// Which points make the terrain.
    #[serde(default)]
    pub point_selection: SelectionRule,
    /// The bed under water.
    #[serde(default)]
    pub hydrography: HydrographySettings,
    /// Whether this is the demonstration set, which every page then says.
    #[serde(default)]
    pub demo: bool,
    /// Sources in order.
    #[serde(default)]
    pub source: Vec<SourceEntry>,
    /// The file itself.
    #[serde(skip)]
    pub file: PathBuf,
    /// Whether the file states `crs`; without it a source that states none is refused.
    #[serde(skip)]
    pub is_crs_stated: bool,
}

/// Which points per cell make the models.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SelectionRule {
    /// The lower median of the ground points: the unbiased terrain.
    #[default]
    Median,
    /// The highest ground point, as IGN marks them.
    IgnMax,
    /// Every point, as in IGN's published rasters.
    All,
}

/// One source of a territory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// What it is.
    pub product: Product,
    /// File, relative to the territory file; globs allowed.
    pub path: String,
    /// Reference system, where the file states none or a wrong one.
    #[serde(default)]
    pub crs: Option<Crs>,
    /// Layer of the product, such as `batiment`, where neither the name of the table nor its
    /// identifiers tell; of a local table the layer it is joined to, `batiment` by default.
    #[serde(default)]
    pub layer: Option<String>,
    /// Of a local table: the column with the RNB identifier or `cleabs`, where its name does not tell.
    #[serde(default)]
    pub key: Option<String>,
    /// Edition, such as `2025-06-15`.
    #[serde(default)]
    pub edition: Option<String>,
    /// Licence, where it is not the product's own.
    #[serde(default)]
    pub licence: Option<String>,
    /// Attribution, where it is not the product's own.
    #[serde(default)]
    pub attribution: Option<String>,
}

/// National products that can be assembled.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// LiDAR HD point cloud, or any LAS, LAZ or COPC file.
    LidarHd,
    /// BD TOPO V3: GeoPackage, Shapefiles or WFS GeoJSON.
    BdTopo,
    /// Vegetation theme of BD France (beta): columns not verified on a delivery.
    BdFranceVegetation,
    /// OCS GE land cover.
    OcsGe,
    /// BD Forêt V2: stands by their formation.
    BdForet,
    /// RPG: farmed parcels.
    Rpg,
    /// BD Haie: hedges, in place of those of BD TOPO.
    BdHaie,
    /// Terrain model (MNT) of LiDAR HD as GeoTIFF, for cells without points.
    MntLidarHd,
    /// Surface model (MNS) of LiDAR HD as GeoTIFF, for cells without points.
    MnsLidarHd,
    /// Urban-planning zones, prescriptions and easements (CNIG PLU and SUP).
    Plu,
    /// Parcels of the cadastre (Parcellaire Express, cadastre.data.gouv.fr).
    Cadastre,
    /// Risk-prevention zones (PPR, COVADIS or CNIG).
    Ppr,
    /// A table of one's own (CSV, GeoPackage …), joined by RNB identifier or `cleabs`.
    LocalTable,
}

impl Product {
    /// Name as its producer writes it.
    pub fn label(self) -> &'static str {
        match self {
            Self::LidarHd => "LiDAR HD",
            Self::BdTopo => "BD TOPO",
            Self::BdFranceVegetation => "BD France, végétation (bêta)",
            Self::OcsGe => "OCS GE",
            Self::BdForet => "BD Forêt",
            Self::Rpg => "RPG",
            Self::BdHaie => "BD Haie",
            Self::MntLidarHd => "MNT LiDAR HD",
            Self::MnsLidarHd => "MNS LiDAR HD",
            Self::Plu => "PLU (CNIG)",
            Self::Cadastre => "cadastre",
            Self::Ppr => "PPR",
            Self::LocalTable => "table locale",
        }
    }

    /// Licence under which the national product is published.
    pub fn licence(self) -> &'static str {
        match self {
            Self::LocalTable => "non précisée",
            _ => "Licence Ouverte 2.0 (Etalab)",
        }
    }

    /// Attribution that the licence asks for.
    pub fn attribution(self) -> &'static str {
        match self {
            Self::LidarHd
            | Self::BdTopo
            | Self::BdFranceVegetation
            | Self::OcsGe
            | Self::BdForet
            | Self::BdHaie
            | Self::MntLidarHd
            | Self::MnsLidarHd => "© IGN",
            Self::Rpg => "ASP, IGN",
            Self::Plu => "Géoportail de l'urbanisme",
            Self::Cadastre => "DGFiP",
            Self::Ppr => "Services de l'État",
            Self::LocalTable => "non précisée",
        }
    }
}

/// A source as it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Product.
    pub product: Product,
    /// File name without folder.
    pub name: String,
    /// Edition, where it was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Licence.
    pub licence: String,
    /// Attribution.
    pub attribution: String,
    /// BLAKE3 of the file.
    pub hash: String,
}

/// `twin.toml`: what a territory folder holds and how good it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TerritoryManifest {
    /// Version of this record.
    pub schema: u32,
    /// Name.
    pub name: String,
    /// Version of the program that assembled it.
    pub program_version: String,
    /// Horizontal reference system.
    pub crs: Crs,
    /// Label of the vertical datum.
    pub vertical_datum: String,
    /// `[west, south, east, north]`.
    pub extent: Extent,
    /// Side of a grid cell in metres.
    pub resolution_m: f64,
    /// Which points made the terrain.
    pub point_selection: SelectionRule,
    /// Whether this is the demonstration set.
    pub demo: bool,
    /// Whether the terrain is good enough for hazard results (it comes from a point cloud).
    pub fit_for_hazard: bool,
    /// BLAKE3 over the data files of the folder.
    pub hash: String,
    /// What the user should know: notices of assembly, in the order they arose.
    #[serde(default)]
    pub notices: Vec<crate::language::Text>,
    /// Sources as used.
    pub sources: Vec<SourceRecord>,
    /// Quality figures.
    pub quality: QualityReport,
}

fn lambert_93() -> Crs {
    Crs::LAMBERT_93
}

fn one_metre() -> f64 {
    1.0
}

impl TerritoryFile {
    /// Reads and checks a territory file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
        let table: toml::Table =
            text.parse().map_err(|e: toml::de::Error| explain_toml(path, &text, &e))?;
        check_crs(path, &table)?;
        let is_crs_stated = table.contains_key("crs");
        let mut file: Self =
            serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|e| {
                let key = e.path().to_string();
                let key = if key == "." { String::new() } else { format!(" [{key}]") };
                explain_serde(format!("{}{key}", path.display()), e.into_inner().message())
            })?;
        file.file = path.to_path_buf();
        file.is_crs_stated = is_crs_stated;
        file.check()?;
        Ok(file)
    }

    /// The files of a source, sorted by name; an error when there is none.
    pub fn files(&self, source: &SourceEntry) -> Result<Vec<PathBuf>> {
        let pattern = self.file.parent().unwrap_or(Path::new(".")).join(&source.path);
        let place = || format!("{} [source.path]", self.file.display());
        let paths = glob::glob(&pattern.to_string_lossy()).map_err(|e| {
            Error::input(
                place(),
                format!("motif « {} » illisible ({e})", source.path),
                format!("pattern \"{}\" cannot be read ({e})", source.path),
            )
        })?;
        let mut files: Vec<PathBuf> =
            paths.filter_map(Result::ok).filter(|p| p.is_file()).collect();
        files.sort();
        if files.is_empty() {
            return Err(Error::input(
                place(),
                format!(
                    "aucun fichier ne correspond à « {} » ; vérifier le chemin",
                    pattern.display()
                ),
                format!("no file matches \"{}\"; check the path", pattern.display()),
            ));
        }
        Ok(files)
    }

    fn check(&self) -> Result<()> {
        let place = |key: &str| format!("{} [{key}]", self.file.display());
        if self.schema != TERRITORY_SCHEMA {
            return Err(Error::input(
                place("schema"),
                format!("version {} ; ce programme lit la version {TERRITORY_SCHEMA}", self.schema),
                format!("version {}; this program reads version {TERRITORY_SCHEMA}", self.schema),
            ));
        }
        if !(self.resolution_m.is_finite() && (0.1..=1000.0).contains(&self.resolution_m)) {
            return Err(Error::input(
                place("resolution_m"),
                format!(
                    "{} m ; donner une taille de maille entre 0,1 et 1000 m",
                    self.resolution_m
                ),
                format!("{} m; give a cell size between 0.1 and 1000 m", self.resolution_m),
            ));
        }
        if let Some((key, text)) = self.hydrography.mistake() {
            return Err(Error::input(place(&key), text.fr, text.en));
        }
        if self.crs.is_geographic() {
            return Err(Error::input(
                place("crs"),
                "un territoire se décrit en coordonnées projetées ; écrire EPSG:2154 par exemple",
                "a territory needs projected coordinates; write EPSG:2154 for example",
            ));
        }
        if self.source.is_empty() {
            return Err(Error::input(
                place("source"),
                "aucune source ; ajouter un tableau [[source]] avec product et path",
                "no source; add a [[source]] table with product and path",
            ));
        }
        Ok(())
    }
}

/// Reference systems that are not known, told by file and key.
fn check_crs(path: &Path, table: &toml::Table) -> Result<()> {
    let sources = table.get("source").and_then(toml::Value::as_array).into_iter().flatten();
    let of_sources = sources.filter_map(|s| s.get("crs")).map(|crs| ("source.crs", crs));
    let stated = table.get("crs").map(|crs| ("crs", crs)).into_iter().chain(of_sources);
    for (key, crs) in stated {
        let Some(text) = crs.as_str() else { continue };
        if let Err(error) = Crs::parse(text) {
            return Err(Error::input(
                format!("{} [{key}]", path.display()),
                error.text(Language::Fr),
                error.text(Language::En),
            ));
        }
    }
    Ok(())
}

impl SourceEntry {
    /// A source of which nothing more is said.
    pub fn new(product: Product, path: impl Into<String>) -> Self {
        Self {
            product,
            path: path.into(),
            crs: None,
            layer: None,
            key: None,
            edition: None,
            licence: None,
            attribution: None,
        }
    }

    /// The record of one file of this source.
    pub fn record(&self, path: &Path) -> Result<SourceRecord> {
        Ok(SourceRecord {
            product: self.product,
            name: path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            edition: self.edition.clone(),
            licence: self.licence.clone().unwrap_or_else(|| self.product.licence().to_owned()),
            attribution: self
                .attribution
                .clone()
                .unwrap_or_else(|| self.product.attribution().to_owned()),
            hash: crate::results::hash_file(path)?,
        })
    }
}
