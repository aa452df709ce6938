//! The binary `twin-viewer` with the built-in plugins.

use std::process::ExitCode;

fn main() -> ExitCode {
    match twin_simulations::registry() {
        Ok(registry) => twin_viewer::run(registry),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
