//! The command line of the territorial digital twin, for any set of plugins.
//!
//! A plugin outside the repository needs a crate that depends on `twin-core`, and this `main`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     let mut registry = twin_core::simulation::Registry::new();
//!     // registry.add(MyPlugin)?;
//!     twin_cli::run(registry)
//! }
//! ```

mod arguments;
mod commands;
mod console;
mod schemas;
mod values;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use twin_core::simulation::Registry;

pub use schemas::schemas;

/// Runs the command line with the process's arguments and returns its exit status: 0 when all
/// went well, 1 on an error, 130 when the user stopped it.
pub fn run(registry: Registry) -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let language = arguments.language();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("TWIN_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .without_time()
        .init();
    match commands::execute(arguments, &registry) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error is no further error.
            let _ = writeln!(
                std::io::stderr(),
                "{} [{}]{}{}",
                language.pick("erreur", "error"),
                error.code(),
                language.pick(" : ", ": "),
                one_line(&error.text(language))
            );
            if matches!(error, twin_core::Error::Cancelled) {
                ExitCode::from(130)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// A message on one line, whatever a damaged file put into it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_message_stays_on_one_line_and_moves_no_cursor() {
        assert_eq!(one_line("table «\u{1b}[2J\na» : été"), "table « [2J a» : été");
    }
}
