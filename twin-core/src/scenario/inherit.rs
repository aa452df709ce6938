//! `extends`: a child scenario changes one value and loses nothing.
//!
//! Tables merge key by key and the child wins; arrays and values replace. A table with
//! `enabled = false` is removed after merging. Every value remembers the folder of the file that
//! stated it, so that relative paths mean the same in the child as in the parent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::suggest::explain_toml;
use crate::{Error, Result};

/// Tables merged into a scenario, as a child merges into its parent.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What changes.
    pub table: Table,
    /// Folder that its paths refer to.
    pub folder: PathBuf,
}

/// A merged file: its values, and for each dotted key path the folder that paths refer to.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    pub(super) table: Table,
    folders: BTreeMap<String, PathBuf>,
}

impl Merged {
    /// Reads a file and its ancestors, oldest first.
    pub(super) fn load(path: &Path) -> Result<Self> {
        let mut chain: Vec<(PathBuf, Table)> = Vec::new();
        let mut next = Some(path.to_path_buf());
        while let Some(path) = next {
            let real = path.canonicalize().map_err(Error::read(&path))?;
            if chain.iter().any(|(seen, _)| *seen == real) {
                return Err(Error::input(
                    format!("{} [extends]", path.display()),
                    "le fichier s'hérite lui-même ; nommer un autre parent",
                    "the file extends itself; name another parent",
                ));
            }
            let mut table = read_table(&path)?;
            next = match table.remove("extends") {
                None => None,
                Some(Value::String(parent)) => Some(folder_of(&path).join(parent)),
                Some(_) => {
                    return Err(Error::input(
                        format!("{}: extends", path.display()),
                        "écrire le chemin du scénario parent entre guillemets",
                        "write the path of the parent scenario in quotes",
                    ));
                }
            };
            chain.push((real, table));
        }
        let mut merged = Self::default();
        while let Some((path, table)) = chain.pop() {
            let folder = folder_of(&path).to_path_buf();
            merge(&mut merged.table, table, &mut merged.folders, &folder, "");
        }
        Ok(merged)
    }

    /// Merges a change into the file.
    pub(super) fn change(&mut self, change: &Change) {
        merge(&mut self.table, change.table.clone(), &mut self.folders, &change.folder, "");
    }

    /// Sets one dotted key, as `--set` does; paths in it refer to the current folder.
    pub(super) fn set(&mut self, assignment: &str) -> Result<()> {
        let bad = || {
            Error::input(
                format!("--set {assignment}"),
                "écrire chemin.de.la.clé=valeur",
                "write path.of.the.key=value",
            )
        };
        let (path, value) = assignment.split_once('=').ok_or_else(bad)?;
        let value = format!("v = {value}")
            .parse::<Table>()
            .ok()
            .and_then(|mut t| t.remove("v"))
            .unwrap_or_else(|| Value::String(value.to_owned()));
        let keys: Vec<&str> = path.trim().split('.').collect();
        if keys.iter().any(|k| k.is_empty()) {
            return Err(bad());
        }
        let nested = keys
            .iter()
            .rev()
            .fold(value, |value, key| Value::Table(Table::from_iter([((*key).to_owned(), value)])));
        if let Value::Table(table) = nested {
            let folder = std::env::current_dir().map_err(Error::read("."))?;
            merge(&mut self.table, table, &mut self.folders, &folder, "");
        }
        Ok(())
    }

    /// Removes every table with `enabled = false` and the `enabled` keys themselves.
    pub(super) fn drop_disabled(&mut self) {
        prune(&mut self.table);
    }

    /// The absolute path of a relative one stated at a dotted key path.
    pub(super) fn resolve(&self, key: &str, path: &str) -> PathBuf {
        let mut at = key;
        loop {
            if let Some(folder) = self.folders.get(at) {
                return folder.join(path);
            }
            match at.rfind('.') {
                Some(end) => at = &at[..end],
                None => return PathBuf::from(path),
            }
        }
    }
}

fn prune(table: &mut Table) {
    table.retain(|_, value| match value {
        Value::Table(inner) => {
            if inner.remove("enabled") == Some(Value::Boolean(false)) {
                return false;
            }
            prune(inner);
            true
        }
        _ => true,
    });
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn read_table(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
    text.parse::<Table>().map_err(|error| explain_toml(path, &text, &error))
}

fn merge(
    into: &mut Table,
    from: Table,
    folders: &mut BTreeMap<String, PathBuf>,
    folder: &Path,
    prefix: &str,
) {
    for (key, value) in from {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new, folders, folder, &path),
            (_, Value::Table(new)) => {
                let mut fresh = Table::new();
                merge(&mut fresh, new, folders, folder, &path);
                into.insert(key, Value::Table(fresh));
            }
            (_, value) => {
                folders.insert(path, folder.to_path_buf());
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn child_wins_tables_merge_and_paths_keep_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "base/parent.toml", "a = 1\n[t]\nx = 1\nfile = 'q.csv'\n[u]\ny = 2\n");
        let child = write(
            folder.path(),
            "child.toml",
            "extends = 'base/parent.toml'\n[t]\nx = 5\nother = 'r.csv'\n[u]\nenabled = false\n",
        );
        let mut merged = Merged::load(&child).unwrap();
        merged.drop_disabled();
        assert_eq!(merged.table["a"].as_integer(), Some(1));
        assert_eq!(merged.table["t"]["x"].as_integer(), Some(5));
        assert!(!merged.table.contains_key("u"));
        assert!(merged.resolve("t.file", "q.csv").ends_with("base/q.csv"));
        assert!(!merged.resolve("t.other", "r.csv").ends_with("base/r.csv"));
    }

    #[test]
    fn a_scenario_that_extends_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.toml", "extends = 'b.toml'\n");
        let b = write(folder.path(), "b.toml", "extends = 'a.toml'\n");
        assert!(Merged::load(&b).unwrap_err().to_string().contains("extends"));
    }

    #[test]
    fn set_changes_one_value() {
        let mut merged = Merged {
            table: "[grid]\nresolution_m = 5.0\nx = 1\n".parse().unwrap(),
            ..Merged::default()
        };
        merged.set("grid.resolution_m=2.5").unwrap();
        merged.set("title.fr=Essai").unwrap();
        assert_eq!(merged.table["grid"]["resolution_m"].as_float(), Some(2.5));
        assert_eq!(merged.table["grid"]["x"].as_integer(), Some(1));
        assert_eq!(merged.table["title"]["fr"].as_str(), Some("Essai"));
        assert!(merged.set("nothing").is_err());
    }
}
