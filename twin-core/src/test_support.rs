//! What tests share: the folder of real test data, and outside tools that may be absent.
//!
//! Real data lies outside the repository (`TWIN_DATA`, default `../shared/data` beside it). A test
//! that needs it skips with a line where it is absent, unless `TWIN_REQUIRE_DATA=1`; outside tools
//! follow `TWIN_REQUIRE_TOOLS=1` in the same way.
#![allow(clippy::panic, reason = "only tests call this module; a panic fails the test")]

use std::path::{Path, PathBuf};

/// A path below the folder of real test data; `None`, with a line on stderr, where it is absent.
///
/// # Panics
/// When `TWIN_REQUIRE_DATA=1` and the path does not exist.
pub fn data(relative: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TWIN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(relative);
    if path.exists() {
        return Some(path);
    }
    assert!(!required("TWIN_REQUIRE_DATA"), "test data is missing: {}", path.display());
    eprintln!("skipped: test data is missing: {}", path.display());
    None
}

/// The output of an outside program, or `None`, with a line on stderr, where it is not installed.
///
/// # Panics
/// When `TWIN_REQUIRE_TOOLS=1` and the program cannot be started.
pub fn tool(program: &str, arguments: &[&str]) -> Option<std::process::Output> {
    match std::process::Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(!required("TWIN_REQUIRE_TOOLS"), "{program} cannot be started: {error}");
            eprintln!("skipped: {program} cannot be started: {error}");
            None
        }
    }
}

fn required(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|v| v == "1")
}
