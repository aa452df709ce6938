//! How long does a square kilometre take from LiDAR HD, BD TOPO and OCS GE to a territory?
//!
//! The default synthetic commune at 1 m on all cores.

use std::sync::atomic::AtomicBool;

use criterion::Criterion;
use twin_core::assembly::assemble;
use twin_core::territory::TerritoryFile;
use twin_core::{Error, Result};

const TERRITORY: &str = r#"
schema = 1
name = "Val-Démo"
demo = true
[[source]]
product = "lidar-hd"
path = "lidar/*.laz"
[[source]]
product = "bd-topo"
path = "BDT_*.gpkg"
[[source]]
product = "ocs-ge"
path = "OCS-GE_*.gpkg"
"#;

fn main() -> Result<()> {
    let sources = twin_benches::sources(env!("CARGO_TARGET_TMPDIR"))?;
    let path = sources.folder.join("territory.toml");
    std::fs::write(&path, TERRITORY).map_err(Error::write(&path))?;
    let file = TerritoryFile::load(&path)?;
    let folder = sources.folder.join("territory.twin");
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("assembly of 1 km²");
    group.sample_size(10);
    group.bench_function("all cores, 1 m", |b| {
        b.iter(|| assemble(&file, &folder, None, &AtomicBool::new(false), &|_, _| ()).is_ok());
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
