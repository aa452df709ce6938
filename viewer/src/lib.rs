//! The desktop viewer of territories and scenarios, for any set of plugins.
//!
//! A plugin outside the repository needs a crate that depends on `twin-core`, and this `main`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     let mut registry = twin_core::simulation::Registry::new();
//!     // registry.add(MyPlugin)?;
//!     twin_viewer::run(registry)
//! }
//! ```
//!
//! | module | concern |
//! |---|---|
//! | `state` | what the window shows, as one value that is also a file |
//! | `opened` | the territory and runs behind it |
//! | `frame` | world coordinates and those of the scene |
//! | `scene` | terrain, water, buildings, trees, sun |
//! | `results` | frames of a run on their way to the shaders |
//! | `answer` | what is known of the place, building or gauge that is asked about |
//! | `camera` | map, plan, flight, street |

#![allow(
    clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "a system of Bevy names all that it reads and changes in its arguments"
)]

mod answer;
mod app;
mod arguments;
mod camera;
mod capture;
mod clock;
mod drafts;
mod errand;
mod film;
mod findings;
mod frame;
mod input;
mod keys;
mod labels;
mod notices;
mod opened;
mod pick;
mod planning;
mod profile;
mod results;
mod scene;
mod simulate;
mod state;
mod stats;
mod tools;
mod ui;
mod window;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use twin_core::simulation::Registry;

/// Runs the viewer with the process's arguments and returns its exit status.
pub fn run(registry: Registry) -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let language = arguments.language();
    match app::execute(&arguments, registry) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error is no further error.
            let _ = writeln!(
                std::io::stderr(),
                "{} [{}]{}{}",
                language.pick("erreur", "error"),
                error.code(),
                language.pick(" : ", ": "),
                error.text(language).replace(char::is_control, " ")
            );
            ExitCode::FAILURE
        }
    }
}
