//! The program `twin` with this plugin in it.

use std::process::ExitCode;

use twin_core::simulation::{OneShot, Registry};
use water_demand::{Vacancy, WaterDemand};

fn main() -> ExitCode {
    let mut registry = Registry::new();
    let registered =
        registry.add(OneShot(WaterDemand::default())).and_then(|()| registry.add_measure(Vacancy));
    match registered {
        Ok(()) => twin_cli::run(registry),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
