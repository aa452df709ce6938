//! Files of an edition that several territories share.
//!
//! A tile of LiDAR or the archive of a department is the same for every territory until the next edition.
//! What an index gives with an edition is kept in one folder of the user's by product, address and
//! edition, named by the hash of its content, and copied from there; a copy whose content has another hash
//! is thrown away. The folder may be deleted at any time.

use std::fs;
use std::path::{Path, PathBuf};

use twin_core::results::hash_file;
use twin_core::{Error, Result};

/// The folder of kept files, if any.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// Keeps files in a folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// The folder that the user's system is meant to have for this: `XDG_CACHE_HOME`, else `.cache` in
    /// the home folder.
    pub fn of_user() -> Self {
        let of_system = std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty());
        let folder =
            of_system.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cache")));
        Self { folder: folder.map(|folder| folder.join("twin").join("fetch")) }
    }

    /// The place of a file that is the same wherever address and edition are.
    pub(crate) fn entry(&self, product: &str, url: &str, edition: Option<&str>) -> Option<Entry> {
        let key = blake3::hash(format!("{product}\n{url}\n{}", edition?).as_bytes()).to_hex();
        Some(Entry { folder: self.folder.as_ref()?.join(product).join(&key[..32]) })
    }
}

/// A file that is or will be kept.
#[derive(Debug)]
pub(crate) struct Entry {
    folder: PathBuf,
}

impl Entry {
    /// The kept file, whole.
    fn file(&self) -> Option<PathBuf> {
        let path = fs::read_dir(&self.folder).ok()?.flatten().map(|e| e.path()).min()?;
        let named = path.file_name()?.to_string_lossy().into_owned();
        if hash_file(&path).is_ok_and(|hash| hash == named) {
            return Some(path);
        }
        // Half a copy, or a file that somebody changed.
        let _ = fs::remove_file(&path);
        None
    }

    /// Copies the kept file to `to`; false where there is none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn copy_to(&self, to: &Path) -> Result<bool> {
        let Some(file) = self.file() else { return Ok(false) };
        let part = crate::client::with_suffix(to, "part");
        fs::copy(&file, &part).map_err(Error::write(&part))?;
        fs::rename(&part, to).map_err(Error::write(to))?;
        Ok(true)
    }

    /// Keeps it no longer.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Keeps a file. What cannot be kept costs time later and nothing else.
    pub(crate) fn keep(&self, file: &Path) {
        let kept = || -> Result<()> {
            fs::create_dir_all(&self.folder).map_err(Error::write(&self.folder))?;
            let name = hash_file(file)?;
            let part = self.folder.with_extension(format!("{}.part", std::process::id()));
            fs::copy(file, &part).map_err(Error::write(&part))?;
            let to = self.folder.join(name);
            fs::rename(&part, &to).map_err(Error::write(&to))
        };
        let _ = kept();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic fails the test")]
    use super::*;

    #[test]
    fn kept_files_come_back_by_edition_and_damaged_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&from, b"tile").unwrap();
        let entry = |edition: &str| cache.entry("lidar-hd", "https://x/a", Some(edition)).unwrap();
        assert!(!entry("2025").copy_to(&to).unwrap());
        entry("2025").keep(&from);
        assert!(entry("2025").copy_to(&to).unwrap() && fs::read(&to).unwrap() == b"tile");
        assert!(!entry("2026").copy_to(&to).unwrap());
        assert!(cache.entry("lidar-hd", "https://x/a", None).is_none());
        let kept = entry("2025").file().unwrap();
        fs::write(&kept, b"tale").unwrap();
        assert!(!entry("2025").copy_to(&to).unwrap() && !kept.exists());
        assert!(Cache::none().entry("p", "u", Some("e")).is_none());
    }
}
