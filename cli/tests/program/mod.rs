//! Runs the program as a user does, in a folder of its own.
#![allow(dead_code, reason = "each test file uses part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Address space that the program may take, kilobytes: a forged count must not become memory.
const MOST_MEMORY_KB: u32 = 8_000_000;

/// What a call of the program gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The same, when all went well.
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.status, 0, "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stderr, "", "nothing on stderr when all goes well");
        self
    }

    /// One line on stderr, status 1, and the words in it.
    pub(crate) fn refused(self, words: &[&str]) -> Self {
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.status, 1, "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stderr.trim_end().lines().count(), 1, "one line: {}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "« {word} » in: {}", self.stderr);
        }
        self
    }
}

/// Calls `twin` in a folder.
pub(crate) fn twin(folder: &Path, arguments: &[&str]) -> Outcome {
    twin_with(folder, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn twin_with(
    folder: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Outcome {
    let mut command = if cfg!(target_os = "linux") {
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -v {MOST_MEMORY_KB}; exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_twin")]);
        shell
    } else {
        Command::new(env!("CARGO_BIN_EXE_twin"))
    };
    let output = command
        .args(arguments)
        .current_dir(folder)
        .env_remove("TWIN_LOG")
        // The viewer's own tests draw the pictures of reports.
        .env("TWIN_VIEWER", "")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    Outcome {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Writes `NAME.toml`: its first keys, then its sources as product, path and further keys.
pub(crate) fn territory_file(
    folder: &Path,
    name: &str,
    head: &str,
    sources: &[(&str, &Path, &str)],
) -> PathBuf {
    let mut text = format!("schema = 1\nname = \"{name}\"\n{head}\n");
    for (product, path, keys) in sources {
        text += &format!("[[source]]\nproduct = \"{product}\"\npath = '{}'\n", path.display());
        text += &format!("{keys}\n");
    }
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

/// Writes a territory file and assembles it to `NAME.twin`.
pub(crate) fn assemble(
    folder: &Path,
    name: &str,
    head: &str,
    sources: &[(&str, &Path, &str)],
) -> (PathBuf, Outcome) {
    territory_file(folder, name, head, sources);
    let outcome = twin(folder, &["assemble", &format!("{name}.toml")]);
    (folder.join(format!("{name}.twin")), outcome)
}
