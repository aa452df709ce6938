//! A small assembled territory, made once for all tests of a file.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use twin_core::assembly::assemble;
use twin_core::territory::TerritoryFile;
use twin_synthetic::{Commune, CommuneOptions};

/// The folder that holds `sources/` and `small.twin`.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let options = CommuneOptions {
            size_m: 200.0,
            points_per_m2: 1.0,
            dyke: false,
            ..CommuneOptions::default()
        };
        Commune::generate(&options).unwrap().write(&path.join("sources")).unwrap();
        let file = path.join("small.toml");
        let text = "schema = 1\nname = \"Petit\"\nresolution_m = 2.0\ndemo = true\n\
            [[source]]\nproduct = \"lidar-hd\"\npath = \"sources/lidar/*.laz\"\n\
            [[source]]\nproduct = \"bd-topo\"\npath = \"sources/BDT_*.gpkg\"\n\
            [[source]]\nproduct = \"ocs-ge\"\npath = \"sources/OCS-GE_*.gpkg\"\n\
            [[source]]\nproduct = \"cadastre\"\npath = \"sources/urbanisme.gpkg\"\n\
            [[source]]\nproduct = \"plu\"\npath = \"sources/urbanisme.gpkg\"\n";
        std::fs::write(&file, text).unwrap();
        let file = TerritoryFile::load(&file).unwrap();
        assemble(&file, &path.join("small.twin"), None, &AtomicBool::new(false), &|_, _| ())
            .unwrap();
        (folder, path)
    });
    path
}
