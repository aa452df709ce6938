//! The run store: `runs/PLUGIN/HASH/`, where an unchanged step is never computed twice.
//!
//! A run is written in `runs/PLUGIN/.partial-HASH/` and renamed when it is complete, so that a
//! process killed at any moment leaves either the whole run or a partial folder that the next
//! process resumes or replaces. A lock file keeps two processes from writing the same run.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{FinishedRun, RunManifest, ScenarioManifest};
use crate::{Error, FileProblem, Result};

/// A folder of runs.
#[derive(Debug, Clone)]
pub struct RunStore {
    root: PathBuf,
}

/// A run being written. Dropping it without [`OpenRun::commit`] keeps the partial folder.
#[derive(Debug)]
pub struct OpenRun {
    partial: PathBuf,
    complete: PathBuf,
    lock: PathBuf,
    _lock: File,
}

impl RunStore {
    /// A store in a folder, which is created when the first run is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of a complete run, whether or not it exists.
    pub fn folder(&self, plugin: &str, hash: &str) -> PathBuf {
        self.root.join(plugin).join(hash)
    }

    /// The manifest of a complete run; `None` when there is none.
    pub fn find(&self, plugin: &str, hash: &str) -> Result<Option<RunManifest>> {
        let path = self.folder(plugin, hash).join("manifest.json");
        if path.is_file() { read_json(&path).map(Some) } else { Ok(None) }
    }

    /// Folders and records of all complete runs, in the order of their folders. A folder whose record
    /// cannot be read is left out: it is no complete run.
    pub fn finished(&self) -> Result<Vec<(PathBuf, RunManifest)>> {
        let mut folders = Vec::new();
        for plugin in sub_folders(&self.root)? {
            folders.extend(sub_folders(&plugin)?);
        }
        let read = |folder: PathBuf| Some((FinishedRun::read_manifest(&folder).ok()?, folder));
        Ok(folders
            .into_iter()
            .filter_map(read)
            .map(|(manifest, folder)| (folder, manifest))
            .collect())
    }

    /// Which runs belong to a scenario; `None` when it never ran.
    pub fn scenario(&self, id: &str) -> Result<Option<ScenarioManifest>> {
        let path = self.root.join("scenarios").join(format!("{id}.json"));
        if path.is_file() { read_json(&path).map(Some) } else { Ok(None) }
    }

    /// Opens a run for writing and takes its lock, with what an earlier process left of it; `None` while
    /// another one writes it.
    pub fn open(&self, plugin: &str, hash: &str) -> Result<Option<OpenRun>> {
        let parent = self.root.join(plugin);
        fs::create_dir_all(&parent).map_err(Error::write(&parent))?;
        let lock_path = parent.join(format!(".lock-{hash}"));
        let lock = File::create(&lock_path).map_err(Error::write(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(Error::write(&lock_path)(error)),
        }
        let partial = parent.join(format!(".partial-{hash}"));
        fs::create_dir_all(&partial).map_err(Error::write(&partial))?;
        Ok(Some(OpenRun { partial, complete: parent.join(hash), lock: lock_path, _lock: lock }))
    }

    /// Records which runs belong to a scenario.
    pub fn record_scenario(&self, manifest: &ScenarioManifest) -> Result<PathBuf> {
        let folder = self.root.join("scenarios");
        fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        let path = folder.join(format!("{}.json", manifest.scenario));
        write_json(&path, manifest)?;
        Ok(path)
    }
}

impl OpenRun {
    /// Folder in which to write.
    pub fn folder(&self) -> &Path {
        &self.partial
    }

    /// Removes what an earlier process left.
    pub fn clear(&self) -> Result<()> {
        fs::remove_dir_all(&self.partial).map_err(Error::write(&self.partial))?;
        fs::create_dir_all(&self.partial).map_err(Error::write(&self.partial))
    }

    /// Gives up, and removes what was written.
    pub fn discard(self) -> Result<()> {
        fs::remove_dir_all(&self.partial).map_err(Error::write(&self.partial))?;
        fs::remove_file(&self.lock).map_err(Error::write(&self.lock))
    }

    /// Makes the run complete under its final name, which is returned.
    pub fn commit(self) -> Result<PathBuf> {
        if self.complete.exists() {
            // An incomplete folder of that name (no manifest) can only be debris.
            fs::remove_dir_all(&self.complete).map_err(Error::write(&self.complete))?;
        }
        fs::rename(&self.partial, &self.complete).map_err(Error::write(&self.complete))?;
        fs::remove_file(&self.lock).map_err(Error::write(&self.lock))?;
        Ok(self.complete)
    }
}

/// Folders in a folder, sorted, hidden ones left out; none where it does not exist.
fn sub_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::read(folder))?;
    let paths = entries.map(|entry| Ok(entry.map_err(Error::read(folder))?.path()));
    let mut paths = paths.collect::<Result<Vec<_>>>()?;
    let is_hidden =
        |p: &Path| p.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
    paths.retain(|path| path.is_dir() && !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// BLAKE3 of a file's content, in hexadecimal.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).map_err(Error::read(path))?;
    hasher.update_reader(file).map_err(Error::read(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Writes a file under a temporary name in the same folder and renames it. The name is its own, so that two
/// processes that write the same file leave that of one of them.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut part = builder.tempfile_in(folder).map_err(Error::write(path))?;
    let written = part.write_all(bytes).and_then(|()| part.as_file().sync_all());
    written.map_err(Error::write(path))?;
    part.persist(path).map(drop).map_err(|failed| Error::write(path)(failed.error))
}

pub(crate) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::Write { path: path.to_path_buf(), source: std::io::Error::other(e) })?;
    bytes.push(b'\n');
    write_atomically(path, &bytes)
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(Error::read(path))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::file(path, FileProblem::undecodable(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_invisible_until_committed_and_resumable_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        let open = || store.open("flood", "abc").unwrap().unwrap();
        let run = open();
        fs::write(run.folder().join("x"), "1").unwrap();
        drop(run);
        assert!(store.find("flood", "abc").unwrap().is_none());
        let run = open();
        assert!(run.folder().join("x").exists());
        run.clear().unwrap();
        assert!(!run.folder().join("x").exists());
        fs::write(run.folder().join("x"), "2").unwrap();
        let complete = run.commit().unwrap();
        assert_eq!(complete, store.folder("flood", "abc"));
        assert!(complete.join("x").exists());
    }

    #[test]
    fn many_may_write_the_same_file_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/x.json");
        let texts: Vec<String> = (0..8).map(|k| k.to_string().repeat(100_000)).collect();
        std::thread::scope(|scope| {
            for text in &texts {
                scope.spawn(|| {
                    (0..20).for_each(|_| write_atomically(&path, text.as_bytes()).unwrap());
                });
            }
        });
        assert!(texts.contains(&fs::read_to_string(&path).unwrap()));
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let plain = folder.path().join("plain");
            fs::write(&plain, "").unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode(&path), mode(&plain), "others may read it as any file");
        }
    }

    #[test]
    fn two_cannot_write_the_same_run() {
        let folder = tempfile::tempdir().unwrap();
        let store = RunStore::new(folder.path());
        let _first = store.open("flood", "abc").unwrap().unwrap();
        assert!(store.open("flood", "abc").unwrap().is_none());
        assert!(store.open("flood", "def").unwrap().is_some());
    }
}
