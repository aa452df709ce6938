//! The synthetic data that the benches work on, so that anybody can run them.

use std::path::{Path, PathBuf};

use twin_core::Result;
use twin_synthetic::{Commune, CommuneOptions};

/// Sources of the default synthetic commune, 1 km² at 10 pulses per m².
#[derive(Debug, Clone)]
pub struct Sources {
    /// Its folder.
    pub folder: PathBuf,
    /// The LiDAR HD tile.
    pub tile: PathBuf,
}

/// Writes the sources once per target folder and finds them again afterwards.
///
/// # Errors
/// When they cannot be written.
pub fn sources(target_tmp: &str) -> Result<Sources> {
    sources_of(target_tmp, CommuneOptions::default().points_per_m2)
}

/// The same with so many pulses per m².
///
/// # Errors
/// When they cannot be written.
pub fn sources_of(target_tmp: &str, points_per_m2: f64) -> Result<Sources> {
    let folder = Path::new(target_tmp).join(format!("square-kilometre-{points_per_m2}"));
    let options = CommuneOptions { dyke: false, points_per_m2, ..Default::default() };
    let commune = Commune::generate(&options)?;
    let written = commune.write(&folder)?;
    let tile = written.lidar.into_iter().next().unwrap_or_default();
    Ok(Sources { folder, tile })
}

/// Makes the process compute on one thread from now on: figures are per core.
pub fn use_one_thread() {
    if let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(1).build_global() {
        eprintln!("{error}");
    }
}
