//! A territory folder appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::territory::Territory;
use crate::{Error, Result};

/// A folder being filled under a temporary name: an interrupted assembly leaves an earlier
/// territory as it was. What was not published is removed.
pub(super) struct PartFolder {
    part: PathBuf,
    target: PathBuf,
}

impl PartFolder {
    /// An empty folder beside the final one.
    ///
    /// # Errors
    /// When the final one exists and is no territory, or the disk refuses.
    pub(super) fn create(target: &Path) -> Result<Self> {
        check_target(target)?;
        let part = beside(target, ".part");
        if part.exists() {
            fs::remove_dir_all(&part).map_err(Error::write(&part))?;
        }
        fs::create_dir_all(&part).map_err(Error::write(&part))?;
        Ok(Self { part, target: target.to_owned() })
    }

    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }

    /// Puts the complete folder in place of an earlier one, which is moved aside before it is
    /// removed: no moment leaves half a territory under the name.
    pub(super) fn publish(self) -> Result<()> {
        let move_in = || fs::rename(&self.part, &self.target).map_err(Error::write(&self.target));
        if !self.target.exists() {
            return move_in();
        }
        let earlier = beside(&self.target, ".old");
        if earlier.exists() {
            fs::remove_dir_all(&earlier).map_err(Error::write(&earlier))?;
        }
        fs::rename(&self.target, &earlier).map_err(Error::write(&self.target))?;
        move_in()?;
        fs::remove_dir_all(&earlier).map_err(Error::write(&earlier))
    }
}

impl Drop for PartFolder {
    fn drop(&mut self) {
        // Only a leftover of what failed; the error to tell is that one.
        let _ = fs::remove_dir_all(&self.part);
    }
}

/// Refuses a folder that holds something else than a territory.
fn check_target(folder: &Path) -> Result<()> {
    let is_other = folder.is_dir()
        && !folder.join(Territory::MANIFEST).is_file()
        && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_other || folder.is_file() {
        return Err(Error::input(
            folder.display().to_string(),
            "existe et n'est pas un territoire ; choisir un autre nom",
            "exists and is not a territory; choose another name",
        ));
    }
    Ok(())
}

fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(suffix);
    folder.with_file_name(name)
}
