//! Vector files out of archives (7z, zip), within bounds that no archive can talk its way out of.
//!
//! An entry is written under the last part of its name, wherever its path would lead. What is taken out
//! is bounded in bytes, and in its proportion to the archive; dictionaries are bounded in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sevenz_rust2::{ArchiveReader, EntryDecision, Password};
use twin_core::{Error, FileProblem, Result};

/// Most bytes that are taken out of an archive: a department of BD TOPO has a fourth of it.
const MOST_BYTES: u64 = 12_000_000_000;
/// Bytes that may come of one byte of the archive. Vector files are pressed to a tenth.
const MOST_RATIO: u64 = 100;
/// Archives below this size may have any proportion, up to it times the proportion.
const SMALL: u64 = 10_000;
/// Memory for a dictionary, KiB: as large as 7-Zip makes them at its highest setting.
const DICTIONARY_KIB: usize = 1_600_000;
/// Most files of an archive that are taken out.
const MOST_FILES: usize = 10_000;
/// Files that make up vector data.
const VECTOR: [&str; 6] = ["gpkg", "shp", "shx", "dbf", "prj", "cpg"];

/// Takes the vector files out of an archive into an empty folder; gives those to be read. `go_on` fails
/// where the user wants to stop.
///
/// # Errors
/// The archive is damaged, or larger inside than it can be.
pub(crate) fn vector_files(
    archive: &Path,
    folder: &Path,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<Vec<PathBuf>> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let length = fs::metadata(archive).map_err(Error::read(archive))?.len();
    let mut taker = Taker {
        archive,
        folder,
        left: length.max(SMALL).saturating_mul(MOST_RATIO).min(MOST_BYTES),
        names: BTreeSet::new(),
        stems: BTreeMap::new(),
        go_on,
        failure: None,
    };
    let is_zip = archive.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    let read = if is_zip { taker.zip() } else { taker.seven_zip() };
    if let Some(failure) = taker.failure.take() {
        return Err(failure);
    }
    read?;
    let read = |name: &&String| name.ends_with(".gpkg") || name.ends_with(".shp");
    Ok(taker.names.iter().filter(read).map(|name| folder.join(name)).collect())
}

struct Taker<'a> {
    archive: &'a Path,
    folder: &'a Path,
    /// Bytes that may still come.
    left: u64,
    names: BTreeSet<String>,
    /// The name without its ending by folder and stem in the archive: what belongs together stays so.
    stems: BTreeMap<String, String>,
    go_on: &'a dyn Fn() -> Result<()>,
    /// What went wrong on our side of the reader.
    failure: Option<Error>,
}

impl Taker<'_> {
    fn zip(&mut self) -> Result<()> {
        let file = File::open(self.archive).map_err(Error::read(self.archive))?;
        let archive = self.archive;
        let undecodable =
            |e: zip::result::ZipError| Error::file(archive, FileProblem::undecodable(e));
        let mut zip = zip::ZipArchive::new(file).map_err(undecodable)?;
        for k in 0..zip.len() {
            let mut entry = zip.by_index(k).map_err(undecodable)?;
            let name = entry.name().map_err(undecodable)?.into_owned();
            if entry.is_file() {
                self.take(&name, &mut entry)?;
            }
        }
        Ok(())
    }

    fn seven_zip(&mut self) -> Result<()> {
        let undecodable =
            |e: sevenz_rust2::Error| Error::file(self.archive, FileProblem::undecodable(e));
        let file = File::open(self.archive).map_err(Error::read(self.archive))?;
        let mut reader =
            ArchiveReader::new_with_memory_limit(file, Password::empty(), DICTIONARY_KIB)
                .map_err(undecodable)?;
        let archive = self.archive;
        let each = |entry: &sevenz_rust2::ArchiveEntry, bytes: &mut dyn Read| {
            if entry.is_directory() {
                return Ok(EntryDecision::Continue);
            }
            match self.take(entry.name(), bytes) {
                Ok(()) => Ok(EntryDecision::Continue),
                Err(failure) => {
                    self.failure = Some(failure);
                    Ok(EntryDecision::Stop)
                }
            }
        };
        reader
            .for_each_entries_with_decision(each)
            .map_err(|e| Error::file(archive, FileProblem::undecodable(e)))
    }

    fn take(&mut self, entry: &str, bytes: &mut dyn Read) -> Result<()> {
        let name = entry.rsplit(['/', '\\']).next().unwrap_or_default();
        let kind = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        if !VECTOR.contains(&kind.as_str()) {
            // Its bytes are unfolded all the same where files are pressed together.
            return self.copy(bytes, &mut std::io::sink(), &self.folder.join("_"));
        }
        let whole = entry.rsplit_once('.').map_or(entry, |(whole, _)| whole).to_lowercase();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let name = format!("{}.{kind}", self.stem(&whole, stem));
        if self.names.len() >= MOST_FILES || self.names.contains(&name) {
            return Err(self.too_large());
        }
        let path = self.folder.join(&name);
        let mut file = File::create(&path).map_err(Error::write(&path))?;
        self.copy(bytes, &mut file, &path)?;
        self.names.insert(name);
        Ok(())
    }

    /// A name for the files of a stem: two folders of an archive may hold files of one name.
    fn stem(&mut self, whole: &str, stem: &str) -> String {
        if let Some(known) = self.stems.get(whole) {
            return known.clone();
        }
        let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let plain: String =
            stem.chars().map(|c| if is_safe(c) { c } else { '_' }).take(150).collect();
        let taken = |name: &String| self.stems.values().any(|known| known == name);
        let mut free = plain.clone();
        let mut again = 1;
        while taken(&free) {
            again += 1;
            free = format!("{plain}-{again}");
        }
        self.stems.insert(whole.to_owned(), free.clone());
        free
    }

    fn copy(&mut self, from: &mut dyn Read, to: &mut dyn Write, path: &Path) -> Result<()> {
        let mut block = vec![0; 1 << 16];
        loop {
            (self.go_on)()?;
            let count = from
                .read(&mut block)
                .map_err(|e| Error::file(self.archive, FileProblem::undecodable(e)))?;
            if count == 0 {
                return Ok(());
            }
            self.left = self.left.checked_sub(count as u64).ok_or_else(|| self.too_large())?;
            to.write_all(&block[..count]).map_err(Error::write(path))?;
        }
    }

    fn too_large(&self) -> Error {
        let detail = FileProblem::damaged(
            "l'archive se déploie au-delà de ce que ces données occupent ; refusée",
            "the archive unfolds beyond what such data take; refused",
        );
        Error::file(self.archive, detail)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic fails the test")]
    use super::*;

    fn zip_of(path: &Path, entries: &[(&str, &[u8])]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn only_vector_files_come_out_and_none_outside_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let (archive, out) = (place.path().join("a.zip"), place.path().join("in/out"));
        let entries: [(&str, &[u8]); 6] = [
            ("../../evil.shp", b"1"),
            ("/etc/x.gpkg", b"2"),
            ("a/zones.shp", b"3"),
            ("b/zones.dbf", b"6"),
            ("b/zones.shp", b"4"),
            ("lisez-moi.pdf", b"5"),
        ];
        zip_of(&archive, &entries);
        let files = vector_files(&archive, &out, &|| Ok(())).unwrap();
        let names: Vec<String> =
            files.iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["evil.shp", "x.gpkg", "zones-2.shp", "zones.shp"]);
        assert!(files.iter().all(|f| f.parent() == Some(&out) && f.is_file()));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
        // Attributes stay with the shapes of their folder.
        assert!(out.join("zones-2.dbf").is_file() && !out.join("zones.dbf").exists());
    }

    #[test]
    fn bombs_are_refused_in_a_sentence() {
        let place = tempfile::tempdir().unwrap();
        let zeros = vec![0; 30_000_000];
        let bomb = place.path().join("bomb.zip");
        zip_of(&bomb, &[("z.gpkg", &zeros)]);
        let error =
            vector_files(&bomb, &place.path().join("out"), &|| Ok(())).unwrap_err().to_string();
        assert!(error.contains("unfolds") && error.lines().count() == 1, "{error}");
        let source = place.path().join("z.gpkg");
        fs::write(&source, &zeros).unwrap();
        let bomb = place.path().join("bomb.7z");
        sevenz_rust2::compress_to_path(&source, &bomb).unwrap();
        let error =
            vector_files(&bomb, &place.path().join("out"), &|| Ok(())).unwrap_err().to_string();
        assert!(error.contains("unfolds"), "{error}");
    }

    #[test]
    fn damaged_archives_give_an_error_and_no_panic() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("z.gpkg");
        let bytes: Vec<u8> = (0..20_000u32).map(|i| (i * i % 251) as u8).collect();
        fs::write(&source, &bytes).unwrap();
        let (zip, seven) = (place.path().join("a.zip"), place.path().join("a.7z"));
        zip_of(&zip, &[("z.gpkg", &bytes)]);
        sevenz_rust2::compress_to_path(&source, &seven).unwrap();
        for sound in [zip, seven] {
            let files = vector_files(&sound, &place.path().join("out"), &|| Ok(())).unwrap();
            assert_eq!(fs::read(&files[0]).unwrap(), bytes);
            let whole = fs::read(&sound).unwrap();
            for step in 0..80 {
                let mut bytes = whole.clone();
                let at = step * bytes.len() / 80;
                bytes[at] ^= 0x81;
                fs::write(&sound, &bytes).unwrap();
                let _ = vector_files(&sound, &place.path().join("out"), &|| Ok(()));
                fs::write(&sound, &whole[..at]).unwrap();
                assert!(vector_files(&sound, &place.path().join("out"), &|| Ok(())).is_err());
            }
        }
    }
}
