//! A small synthetic commune with two floods, made once for all tests, and the viewer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use twin_core::assembly::assemble;
use twin_core::results::{RunStore, ViewerProgram};
use twin_core::scenario::Scenario;
use twin_core::simulation::driver::{self, RunOptions, path_keys_of};
use twin_core::territory::TerritoryFile;
use twin_synthetic::{Commune, CommuneOptions};

/// The commune and its floods.
pub(crate) struct Valley {
    /// Holds `territoire.twin`, the scenarios and `runs/`.
    pub(crate) folder: PathBuf,
    /// Folders of the runs without and with the levee.
    pub(crate) runs: [PathBuf; 2],
}

/// Names and texts of the scenarios.
pub(crate) const SCENARIOS: [(&str, &str); 2] = [
    ("sans-digue.toml", include_str!("../../../scenarios/demo/sans-digue.toml")),
    ("avec-digue.toml", include_str!("../../../scenarios/demo/avec-digue.toml")),
];

/// Parcels and planning zones of the commune.
const PLANNING: &str = "
[[source]]
product = \"cadastre\"
path = \"sources/urbanisme.gpkg\"

[[source]]
product = \"plu\"
path = \"sources/urbanisme.gpkg\"
";

/// The valley.
pub(crate) fn valley() -> &'static Valley {
    static VALLEY: OnceLock<Valley> = OnceLock::new();
    VALLEY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("viewer-valley");
        let _ = std::fs::remove_dir_all(&folder);
        let options = CommuneOptions {
            size_m: 400.0,
            points_per_m2: 1.0,
            dyke: false,
            ..CommuneOptions::default()
        };
        Commune::generate(&options).unwrap().write(&folder.join("sources")).unwrap();
        let text = include_str!("../../../scenarios/demo/territoire.toml").to_owned() + PLANNING;
        std::fs::write(folder.join("territoire.toml"), text).unwrap();
        let file = TerritoryFile::load(&folder.join("territoire.toml")).unwrap();
        let never = AtomicBool::new(false);
        assemble(&file, &folder.join("territoire.twin"), None, &never, &|_, _| ()).unwrap();
        let runs = SCENARIOS.map(|(name, text)| {
            computed(&folder, name, &text.replace("variants = true", "variants = false"))
        });
        Valley { folder, runs }
    })
}

/// Runs a scenario of a folder; gives the folder of its only run.
pub(crate) fn computed(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    let registry = twin_simulations::registry().unwrap();
    let scenario = Scenario::load(&path, &[], |id| path_keys_of(&registry, id)).unwrap();
    let mut options = RunOptions::new(RunStore::new(folder.join("runs")));
    options.viewer = Some(ViewerProgram::at(env!("CARGO_BIN_EXE_twin-viewer")));
    let results = driver::run(&registry, &scenario, &options).unwrap();
    results.into_values().next().unwrap().folder
}

/// The viewer on the software driver where there is one.
pub(crate) fn viewer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twin-viewer"));
    command
        .env("VK_LOADER_DRIVERS_SELECT", "*lvp*")
        .env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Whether the machine could draw, by what the viewer said; tells where it cannot, and fails where it
/// must.
pub(crate) fn can_draw(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said);
    let is_missing = said.contains("carte graphique");
    if is_missing {
        assert!(std::env::var_os("TWIN_REQUIRE_TOOLS").is_none(), "no graphics adapter: {said}");
        println!("skipped: no graphics adapter");
    }
    !is_missing
}
