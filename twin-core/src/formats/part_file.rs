//! Output files appear whole or not at all.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A file being written under a temporary name beside its final one. [`PartFile::publish`] gives
/// it its name; dropped before, it is removed and an earlier file of that name stays untouched.
#[derive(Debug)]
pub struct PartFile {
    part: PathBuf,
    path: PathBuf,
    published: bool,
}

impl PartFile {
    /// Prepares to write `path` as `path.part`, making its folder. A part that a killed process
    /// left behind is overwritten.
    pub fn new(path: &Path) -> Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
        }
        Ok(Self { part: path.with_file_name(name), path: path.to_owned(), published: false })
    }

    /// Where to write.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// The final name, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the closed file its name, replacing an earlier one.
    pub fn publish(mut self) -> Result<()> {
        std::fs::rename(&self.part, &self.path).map_err(Error::write(&self.path))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.published {
            // Nothing was promised under this name; a part that stays is overwritten next time.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_part_leaves_the_earlier_file_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        std::fs::write(&path, "earlier").unwrap();
        let part = PartFile::new(&path).unwrap();
        std::fs::write(part.part(), "half").unwrap();
        drop(part);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "earlier");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let part = PartFile::new(&path).unwrap();
        std::fs::write(part.part(), "whole").unwrap();
        part.publish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
    }
}
