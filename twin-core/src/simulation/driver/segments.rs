//! Outputs of a run in closed segments, and the checkpoints between them.
//!
//! An HDF5 file being written when the process dies is unreadable. So outputs go to
//! `segments/NNNN.h5`; when one holds [`OUTPUTS_PER_SEGMENT`] outputs it is closed and the state is
//! saved as `checkpoints/NNNN.state`. A resumed run loads the newest state whose segments are all
//! there. Segments and states stay until every document of the run is written, so that a process
//! killed while it writes them loses nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::plan::Step;
use crate::formats::cf::{BandMeta, Packing, SeriesVariable, SeriesWriter, merge_segments};
use crate::scenario::Scenario;
use crate::simulation::{
    Fields, StateError, StateReader, StateWriter, StaticField, Support, Temporal,
};
use crate::spatial::{Crs, GridSpec};
use crate::territory::TerritoryView;
use crate::{Error, FileProblem, Result};

/// Outputs between two checkpoints.
const OUTPUTS_PER_SEGMENT: usize = 12;

/// Marks a checkpoint file and its version.
const MAGIC: &[u8; 8] = b"TWINCKP1";

/// The segments of one run.
pub(super) struct Segments {
    folder: PathBuf,
    spec: GridSpec,
    crs: Crs,
    start: jiff::Timestamp,
    attributes: BTreeMap<String, String>,
    variables: Vec<SeriesVariable>,
    closed: usize,
    writer: Option<SeriesWriter>,
}

/// Names of the variables of a run that are stored over time.
pub(super) fn outputs_of(step: &Step) -> impl Iterator<Item = &'static str> + use<> {
    let descriptor = step.simulation.descriptor();
    let stored: Vec<&'static str> = descriptor
        .variables
        .iter()
        .filter(|v| v.intent.writes() && v.support == Support::Cell)
        .filter(|v| v.temporal != Temporal::Maximum)
        .map(|v| v.name)
        .collect();
    stored.into_iter()
}

impl Segments {
    pub(super) fn new(
        run_folder: &Path,
        step: &Step,
        scenario: &Scenario,
        view: &TerritoryView,
    ) -> Result<Self> {
        let descriptor = step.simulation.descriptor();
        let names: Vec<&str> = outputs_of(step).collect();
        let variables = descriptor
            .variables
            .iter()
            .filter(|v| names.contains(&v.name))
            .map(|v| SeriesVariable {
                name: v.name.to_owned(),
                standard_name: v.standard_name.map(str::to_owned),
                long_name: v.title.en.clone(),
                unit: v.unit.to_owned(),
                cell_methods: match v.temporal {
                    Temporal::Instantaneous => "time: point",
                    Temporal::Mean => "time: mean",
                    Temporal::Accumulated => "time: sum",
                    Temporal::Maximum => "time: maximum",
                }
                .to_owned(),
                packing: v.storage.map(|s| Packing { scale: s.step, offset: s.offset }),
            })
            .collect();
        let folder = run_folder.join("segments");
        fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        Ok(Self {
            folder,
            spec: *view.spec(),
            crs: view.territory().crs(),
            start: scenario.start(),
            attributes: super::publish::file_attributes(scenario, view, descriptor),
            variables,
            closed: 0,
            writer: None,
        })
    }

    /// Whether the segment ends with this output.
    pub(super) fn is_full(output: usize) -> bool {
        (output + 1).is_multiple_of(OUTPUTS_PER_SEGMENT)
    }

    /// Removes all segments of an earlier process.
    pub(super) fn clear(&mut self) -> Result<()> {
        fs::remove_dir_all(&self.folder).map_err(Error::write(&self.folder))?;
        fs::create_dir_all(&self.folder).map_err(Error::write(&self.folder))
    }

    /// Goes on after segment `index`; later ones are removed.
    pub(super) fn keep(&mut self, index: usize) -> Result<()> {
        self.closed = index + 1;
        let mut later = self.closed;
        while self.path(later).exists() {
            fs::remove_file(self.path(later)).map_err(Error::write(self.path(later)))?;
            later += 1;
        }
        Ok(())
    }

    /// Appends the outputs of a time.
    pub(super) fn append(&mut self, time_s: f64, fields: &Fields) -> Result<()> {
        let void = vec![f32::NAN; self.spec.len()];
        let frames: Vec<&[f32]> =
            self.variables.iter().map(|v| fields.get(&v.name).unwrap_or(&void)).collect();
        self.writer()?.append(time_s, &frames)
    }

    /// Closes the current segment and returns its index.
    pub(super) fn close(&mut self) -> Result<usize> {
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        self.closed += 1;
        Ok(self.closed - 1)
    }

    /// Adds the fields without time, closes the last segment and joins all into one file. The
    /// segments stay until [`remove_intermediate_files`].
    pub(super) fn merge(mut self, statics: &[StaticField], out: &Path) -> Result<()> {
        for field in statics {
            // A variable that is also stored over time keeps that record under its name.
            if self.variables.iter().any(|v| v.name == field.name) {
                continue;
            }
            let mut meta = BandMeta::maximum(field.name, &field.title.en, field.unit);
            if let Some(name) = field.standard_name {
                meta = meta.with_standard_name(name);
            }
            self.writer()?.add_static(&meta, &field.grid)?;
        }
        self.close()?;
        let paths: Vec<PathBuf> = (0..self.closed).map(|i| self.path(i)).collect();
        merge_segments(&paths, out)
    }

    fn writer(&mut self) -> Result<&mut SeriesWriter> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => SeriesWriter::create(
                self.path(self.closed),
                &self.spec,
                self.crs,
                self.start,
                &self.attributes,
                &self.variables,
            )?,
        };
        Ok(self.writer.insert(writer))
    }

    fn path(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index:04}.h5"))
    }
}

/// Folders that a resumed run goes on with.
const INTERMEDIATE: [&str; 2] = ["checkpoints", "segments"];

/// Removes what a killed process left in a run's folder besides states and segments: documents of
/// an unfinished run and files under temporary names.
pub(super) fn remove_unfinished_documents(run_folder: &Path) -> Result<()> {
    for entry in fs::read_dir(run_folder).map_err(Error::read(run_folder))? {
        let entry = entry.map_err(Error::read(run_folder))?;
        let path = entry.path();
        if INTERMEDIATE.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(Error::write(&path))?;
    }
    Ok(())
}

/// Removes states and segments of a run whose documents are all written; states first, since a
/// state without its segments could not be resumed from.
pub(super) fn remove_intermediate_files(run_folder: &Path) -> Result<()> {
    for name in INTERMEDIATE {
        let folder = run_folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::write(&folder))?;
        }
    }
    Ok(())
}

/// A saved state: the segment it follows and the output that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) index: usize,
    pub(super) next_output: usize,
}

impl Checkpoint {
    fn path(run_folder: &Path, index: usize) -> PathBuf {
        run_folder.join("checkpoints").join(format!("{index:04}.state"))
    }

    /// Saves a state under a temporary name and renames it; earlier states are removed.
    pub(super) fn write(
        self,
        run_folder: &Path,
        walk: impl FnOnce(&mut StateWriter<BufWriter<File>>) -> Result<(), StateError>,
    ) -> Result<()> {
        let path = Self::path(run_folder, self.index);
        let folder = run_folder.join("checkpoints");
        fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        let part = path.with_extension("part");
        let file = File::create(&part).map_err(Error::write(&part))?;
        let mut writer = StateWriter(BufWriter::new(file));
        let head = writer
            .0
            .write_all(MAGIC)
            .and_then(|()| writer.0.write_all(&(self.next_output as u64).to_le_bytes()));
        head.map_err(Error::write(&part))?;
        let walked = walk(&mut writer).map_err(|error| match error {
            StateError::Io(error) => error,
            error @ StateError::Mismatch { .. } => io::Error::other(error),
        });
        walked.map_err(Error::write(&part))?;
        let synced = writer.0.into_inner().map_err(|e| e.into_error()).and_then(|f| f.sync_all());
        synced.map_err(Error::write(&part))?;
        fs::rename(&part, &path).map_err(Error::write(&path))?;
        if let Some(earlier) = self.index.checked_sub(2) {
            let earlier = Self::path(run_folder, earlier);
            if earlier.exists() {
                fs::remove_file(&earlier).map_err(Error::write(&earlier))?;
            }
        }
        Ok(())
    }

    /// The newest state that all runs of a group have, with all segments before it.
    pub(super) fn latest_common<'a>(run_folders: impl Iterator<Item = &'a Path>) -> Option<Self> {
        let mut common: Option<Vec<Self>> = None;
        for folder in run_folders {
            let found = Self::all(folder);
            common = Some(match common {
                None => found,
                Some(before) => before.into_iter().filter(|c| found.contains(c)).collect(),
            });
        }
        common?.pop()
    }

    fn all(run_folder: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(run_folder.join("checkpoints")) else { return Vec::new() };
        let mut found: Vec<Self> = entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                if path.extension()? != "state" {
                    return None;
                }
                let index = path.file_stem()?.to_str()?.parse().ok()?;
                let next_output = read_head(&mut File::open(&path).ok()?)?;
                let segment = |i: usize| run_folder.join("segments").join(format!("{i:04}.h5"));
                (0..=index).all(|i| segment(i).is_file()).then_some(Self { index, next_output })
            })
            .collect();
        found.sort_by_key(|c| c.index);
        found
    }

    /// Opens the state for loading.
    pub(super) fn open(self, run_folder: &Path) -> Result<StateReader<BufReader<File>>> {
        let path = Self::path(run_folder, self.index);
        let mut reader = BufReader::new(File::open(&path).map_err(Error::read(&path))?);
        if read_head(&mut reader) != Some(self.next_output) {
            return Err(Error::file(path, FileProblem::NotThisFormat { expected: "checkpoint" }));
        }
        Ok(StateReader(reader))
    }
}

fn read_head(reader: &mut impl Read) -> Option<usize> {
    let mut head = [0; 16];
    reader.read_exact(&mut head).ok()?;
    let next = u64::from_le_bytes(head[8..].try_into().ok()?);
    (&head[..8] == MAGIC && next > 0).then_some(usize::try_from(next).ok()?)
}
