//! Blocks kept on disk, so that a second run makes only what changed and many machines can share
//! the work.
//!
//! A block is known by all that it depends on: the program, the cells, the settings, the content of
//! the point files that reach into it and of the features around it. Its bands lie in a grid file of
//! their own, the rest in JSON. Runs with a share (`--shard 1/4`) make every fourth block and stop; a
//! run without one takes what the others made, makes what is missing, and forgets blocks of earlier
//! sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::block::MadeBlock;
use super::block_maker::BlockErrors;
use super::buildings_by_block::FoundBuildings;
use super::point_store::FileCounts;
use super::{GridOptions, LatticeBox, Window};
use crate::formats::cf::{BandMeta, GridFile, GridFileWriter};
use crate::results::write_atomically;
use crate::spatial::{Crs, Extent, Grid, GridSpec};
use crate::territory::{FeatureVisitor, Features, Layer};
use crate::{Error, Result};

/// Features so far around a block can matter for it, m.
const FEATURES_REACH_M: f64 = 200.0;
/// Raised when blocks of an earlier program must not be taken for those of this one.
const VERSION: u32 = 5;

/// Where blocks are kept, and which of them this run makes.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockCache {
    /// The folder.
    pub folder: PathBuf,
    /// BLAKE3 of each point file.
    pub file_hashes: BTreeMap<PathBuf, String>,
    /// `(i, n)`: only every n-th block from the i-th on, counted from 0.
    pub shard: Option<(usize, usize)>,
}

/// A block as it is kept: grids and what was found in them.
pub(super) struct KeptBlock {
    pub(super) made: MadeBlock,
    pub(super) found: Found,
}

/// What is kept of a block beside its bands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Found {
    /// Errors at held-out points.
    pub(super) errors: BlockErrors,
    /// Its buildings.
    pub(super) buildings: Option<FoundBuildings>,
    /// What the point files gave, by their number.
    pub(super) files: BTreeMap<usize, FileCounts>,
}

/// The blocks of one territory in the cache.
pub(super) struct Blocks<'a> {
    cache: &'a BlockCache,
    spec: GridSpec,
    crs: Crs,
    /// Hash of all that holds for every block.
    settings: blake3::Hash,
    /// Where each point file reaches, and its hash.
    files: Vec<(LatticeBox, String)>,
    /// Place and hash of each feature.
    features: Vec<(Extent, blake3::Hash)>,
    used: BTreeSet<String>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        cache: &'a BlockCache,
        spec: &GridSpec,
        options: &GridOptions,
        files: &[(PathBuf, LatticeBox)],
        features: &Features,
    ) -> Result<Self> {
        std::fs::create_dir_all(&cache.folder).map_err(Error::write(&cache.folder))?;
        let settings = format!(
            "{VERSION} {} {spec:?} {:?} {:?} {:?} {} {:?}",
            env!("CARGO_PKG_VERSION"),
            options.selection,
            options.tin,
            options.ground_filter,
            features.buildings.is_empty(),
            options.models.all().map(|path| cache.file_hashes.get(path)).collect::<Vec<_>>(),
        );
        let known = |path: &PathBuf| cache.file_hashes.get(path).cloned().unwrap_or_default();
        Ok(Self {
            cache,
            spec: *spec,
            crs: options.crs,
            settings: blake3::hash(settings.as_bytes()),
            files: files.iter().map(|(path, area)| (*area, known(path))).collect(),
            features: hashed(features),
            used: BTreeSet::new(),
        })
    }

    /// Whether this run makes the block of a number.
    pub(super) fn is_ours(&self, block: usize) -> bool {
        self.cache.shard.is_none_or(|(i, n)| block % n.max(1) == i)
    }

    /// The name of a block by what it depends on; `reach` holds the points that can matter for it.
    pub(super) fn key(&mut self, block: &Window, reach: &LatticeBox) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.as_bytes());
        hasher.update(format!("{block:?}").as_bytes());
        for (number, (area, hash)) in self.files.iter().enumerate() {
            if (0..2).all(|k| area.min[k] <= reach.max[k] && reach.min[k] <= area.max[k]) {
                hasher.update(format!("{number} {hash}").as_bytes());
            }
        }
        let around = block.spec(&self.spec).extent().buffered(FEATURES_REACH_M);
        for (_, hash) in self.features.iter().filter(|(e, _)| e.intersects(&around)) {
            hasher.update(hash.as_bytes());
        }
        let key = hasher.finalize().to_hex()[..32].to_owned();
        self.used.insert(key.clone());
        key
    }

    fn paths(&self, key: &str) -> [PathBuf; 2] {
        ["h5", "json"].map(|kind| self.cache.folder.join(format!("{key}.{kind}")))
    }

    /// A kept block; `None` where there is none, or where it cannot be read and is made again.
    pub(super) fn load(&self, key: &str, block: &Window) -> Option<KeptBlock> {
        let [grids, found] = self.paths(key);
        let found: Found = serde_json::from_slice(&std::fs::read(found).ok()?).ok()?;
        let file = GridFile::open(&grids).ok()?;
        let window = block.spec(&self.spec);
        (*file.spec() == window).then_some(())?;
        let real = |band: &str| -> Option<Grid<f32>> { file.read_level(band, 0).ok() };
        let code = |band: &str| -> Option<Grid<u8>> { file.read_level(band, 0).ok() };
        let made = MadeBlock {
            dtm: real("dtm")?,
            dsm: real("dsm")?,
            canopy: real("canopy_height")?,
            plant_area: real("plant_area_index")?,
            deck: real("bridge_deck")?,
            quality: code("quality")?,
            cover: code("land_cover")?,
            cover_source: code("cover_source")?,
            top: code("top")?,
            built: None,
            ground: None,
            unthinned: None,
        };
        Some(KeptBlock { made, found })
    }

    /// Keeps a block. The JSON comes last and says that the rest is there.
    pub(super) fn save(
        &self,
        key: &str,
        block: &Window,
        made: &MadeBlock,
        found: &Found,
    ) -> Result<()> {
        let [path, rest] = self.paths(key);
        let window = block.spec(&self.spec);
        let mut writer = GridFileWriter::create(&path, &window, self.crs, &BTreeMap::new())?;
        let reals = [
            ("dtm", &made.dtm),
            ("dsm", &made.dsm),
            ("canopy_height", &made.canopy),
            ("plant_area_index", &made.plant_area),
            ("bridge_deck", &made.deck),
        ];
        let codes = [
            ("quality", &made.quality),
            ("land_cover", &made.cover),
            ("cover_source", &made.cover_source),
            ("top", &made.top),
        ];
        for (name, _) in reals {
            writer.add_band(&BandMeta::continuous(name, name, "1"))?;
        }
        for (name, _) in codes {
            writer.add_band(&BandMeta::categorical(name, name, &[]))?;
        }
        for (name, grid) in reals {
            writer.write_window(name, 0, 0, grid)?;
        }
        for (name, grid) in codes {
            writer.write_window(name, 0, 0, grid)?;
        }
        writer.finish()?;
        let text = serde_json::to_vec(found)
            .map_err(|e| Error::Write { path: rest.clone(), source: std::io::Error::other(e) })?;
        write_atomically(&rest, &text)
    }

    /// Forgets the blocks that this run had no use for.
    pub(super) fn forget_others(&self) {
        for entry in std::fs::read_dir(&self.cache.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_block = path.extension().is_some_and(|kind| kind == "h5" || kind == "json");
            if is_block && !self.used.contains(&stem(&path)) {
                // What cannot be removed only takes room.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
}

/// Place and hash of every feature.
fn hashed(features: &Features) -> Vec<(Extent, blake3::Hash)> {
    struct Collect(Vec<(Extent, blake3::Hash)>);
    impl FeatureVisitor for Collect {
        fn visit<L: Layer>(&mut self, features: &[L]) {
            for feature in features {
                let Some(extent) = feature.geometry().extent() else { continue };
                let text =
                    format!("{} {:?} {:?}", L::NAME, feature.geometry(), feature.to_values());
                self.0.push((extent, blake3::hash(text.as_bytes())));
            }
        }
    }
    let mut collect = Collect(Vec::new());
    features.visit(&mut collect);
    collect.0
}
