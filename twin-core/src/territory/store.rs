//! A territory on disk, `NAME.twin/`, opened for reading.

use std::path::{Path, PathBuf};

use super::{Features, TERRITORY_SCHEMA, TerritoryManifest};
use crate::formats::cf::{BandKind, GridFile};
use crate::formats::geopackage::GeoPackage;
use crate::spatial::{Crs, Grid, GridSpec, VerticalDatum};
use crate::{Error, FileProblem, Result};

/// An assembled territory: its manifest, its features in memory, its grids read by window.
#[derive(Debug)]
pub struct Territory {
    folder: PathBuf,
    manifest: TerritoryManifest,
    vertical_datum: VerticalDatum,
    grids: GridFile,
    features: Features,
}

impl Territory {
    /// Name of the manifest in a territory folder.
    pub const MANIFEST: &'static str = "twin.toml";
    /// Name of the grid file in a territory folder.
    pub const GRIDS: &'static str = "grids.h5";
    /// Name of the feature file in a territory folder.
    pub const FEATURES: &'static str = "features.gpkg";
    /// Name of the 3D building file in a territory folder.
    pub const BUILDINGS: &'static str = "buildings.city.jsonl";

    /// Opens a territory folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let manifest = Self::read_manifest(folder)?;
        let grids = GridFile::open(folder.join(Self::GRIDS))?;
        let features_path = folder.join(Self::FEATURES);
        let package = GeoPackage::open(&features_path)?;
        let mut tables = Vec::new();
        for layer in package.layers() {
            tables.push(package.read(&layer.name, None)?.table);
        }
        let features = Features::from_tables(&features_path, tables)?;
        let vertical_datum = VerticalDatum::parse(&manifest.vertical_datum).ok_or_else(|| {
            Error::file_at(
                folder.join(Self::MANIFEST),
                "vertical_datum",
                FileProblem::Damaged { detail: manifest.vertical_datum.as_str().into() },
            )
        })?;
        Ok(Self { folder: folder.to_path_buf(), manifest, vertical_datum, grids, features })
    }

    /// Reads only the manifest of a territory folder.
    pub fn read_manifest(folder: &Path) -> Result<TerritoryManifest> {
        let path = folder.join(Self::MANIFEST);
        if !path.is_file() {
            return Err(Error::input(
                folder.display().to_string(),
                "n'est pas un territoire assemblé ; vérifier le chemin, ou l'assembler par « twin assemble »",
                "is not an assembled territory; check the path, or assemble it with \"twin assemble\"",
            ));
        }
        let text = std::fs::read_to_string(&path).map_err(Error::read(&path))?;
        let manifest: TerritoryManifest = toml::from_str(&text)
            .map_err(|e| Error::file(&path, FileProblem::undecodable(e.message())))?;
        if manifest.schema != TERRITORY_SCHEMA {
            return Err(Error::input(
                path.display().to_string(),
                format!("territoire de version {} ; l'assembler à nouveau", manifest.schema),
                format!("territory of version {}; assemble it again", manifest.schema),
            ));
        }
        Ok(manifest)
    }

    /// BLAKE3 of the files of a territory folder: the manifest's hash until somebody changes one.
    pub fn content_hash(folder: &Path) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for name in [Self::GRIDS, Self::FEATURES, Self::BUILDINGS] {
            hasher.update(crate::results::hash_file(&folder.join(name))?.as_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the folder holds and how good it is.
    pub fn manifest(&self) -> &TerritoryManifest {
        &self.manifest
    }

    /// Horizontal reference system.
    pub fn crs(&self) -> Crs {
        self.manifest.crs
    }

    /// Vertical datum of all heights.
    pub fn vertical_datum(&self) -> VerticalDatum {
        self.vertical_datum
    }

    /// Cells of the finest level of the grids.
    pub fn spec(&self) -> &GridSpec {
        self.grids.spec()
    }

    /// The grid file, to be read by window.
    pub fn grids(&self) -> &GridFile {
        &self.grids
    }

    /// Buildings, roads, water and all other features.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// A window of a band at the finest level; codes of a categorical band as numbers. `NaN` where
    /// there is no data.
    pub fn window(
        &self,
        band: &str,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> Result<Grid<f32>> {
        let is_categorical =
            self.grids.band(band).is_some_and(|b| matches!(b.kind, BandKind::Categorical(_)));
        if is_categorical {
            let codes: Grid<u8> = self.grids.read_window(band, 0, rows, columns)?;
            Ok(codes.map(|&code| if code == 0 { f32::NAN } else { f32::from(code) }))
        } else {
            self.grids.read_window(band, 0, rows, columns)
        }
    }

    /// Terrain height at a world position; `None` outside or without data.
    pub fn ground_at(&self, x: f64, y: f64) -> Result<Option<f32>> {
        let Some((row, column)) = self.spec().cell_at(x, y) else {
            return Ok(None);
        };
        let cell = self.window("dtm", row..row + 1, column..column + 1)?;
        Ok(cell.values.first().copied().filter(|v| v.is_finite()))
    }
}
