//! A file of which only some bytes are here: its local twin has the same length, and holes.
//!
//! What came is written down beside it, so that an interrupted run asks for nothing twice. When the file
//! of the service becomes another in between, everything begins anew.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use twin_core::results::write_atomically;
use twin_core::{Error, Result};

use crate::client::{Client, Piece, with_suffix};
use crate::services::Service;

/// Bytes of the first request, which tells length and tag.
const FIRST: u64 = 1 << 16;
/// Ranges that lie closer come together: a request costs more than these bytes.
const GAP: u64 = 512 << 10;
/// Bytes of a request at most.
const MOST: u64 = 16 << 20;

/// A far file.
pub(crate) struct FarFile<'a> {
    client: &'a Client,
    service: Service,
    twin: PathBuf,
    have: Have,
    /// Whether the service has another file now, or gives no ranges any more.
    has_changed: bool,
}

/// What is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Have {
    url: String,
    tag: Option<String>,
    length: u64,
    /// First and end of each run of bytes, in order, none touching the next.
    ranges: Vec<(u64, u64)>,
}

impl<'a> FarFile<'a> {
    /// Opens a file of `most` bytes at most; `None` where the service gives no ranges.
    ///
    /// # Errors
    /// The service cannot be reached; the file is longer; the twin cannot be written.
    pub(crate) fn open(
        client: &'a Client,
        service: Service,
        url: &str,
        twin: &Path,
        most: u64,
    ) -> Result<Option<Self>> {
        let of = |have| Self { client, service, twin: twin.to_owned(), have, has_changed: false };
        if let Some(have) = known(twin).filter(|have| have.url == url && have.length <= most) {
            return Ok(Some(of(have)));
        }
        let Some(piece) = client.range(service, url, 0..FIRST, None)? else { return Ok(None) };
        let length = piece.total;
        if length > most {
            let megabytes = most / 1_000_000;
            return Err(Error::input(
                url,
                format!(
                    "fichier de plus de {megabytes} Mo, refusé : ce n'est pas ce qui a été demandé"
                ),
                format!("file of more than {megabytes} MB, refused: it is not what was asked for"),
            ));
        }
        let file = File::create(twin).map_err(Error::write(twin))?;
        file.set_len(length).map_err(Error::write(twin))?;
        let have = Have { url: url.to_owned(), tag: piece.tag.clone(), length, ranges: Vec::new() };
        let mut far = of(have);
        far.take(0, &piece)?;
        Ok(Some(far))
    }

    /// Whether ranges cannot be had any more.
    pub(crate) fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Bytes of the whole file.
    pub(crate) fn length(&self) -> u64 {
        self.have.length
    }

    /// Brings ranges here that are not.
    ///
    /// # Errors
    /// The service cannot be reached, or has another file now.
    pub(crate) fn fill(&mut self, ranges: &[Range<u64>]) -> Result<()> {
        for range in requests(ranges, &self.have.ranges, self.have.length) {
            let tag = self.have.tag.as_deref();
            let start = range.start;
            let piece = self.client.range(self.service, &self.have.url, range, tag)?;
            let same = |p: &Piece| p.total == self.have.length && p.tag == self.have.tag;
            let Some(piece) = piece.filter(same) else {
                self.has_changed = true;
                self.forget();
                return Err(Error::input(
                    &self.have.url,
                    "le fichier a changé pendant le téléchargement ; relancer",
                    "the file changed while it came; call again",
                ));
            };
            self.take(start, &piece)?;
        }
        Ok(())
    }

    /// Removes the twin.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(journal(&self.twin));
        let _ = fs::remove_file(&self.twin);
    }

    fn take(&mut self, start: u64, piece: &Piece) -> Result<()> {
        let failed = || Error::write(&self.twin);
        let mut file = OpenOptions::new().write(true).open(&self.twin).map_err(failed())?;
        file.seek(SeekFrom::Start(start)).map_err(failed())?;
        file.write_all(&piece.bytes).map_err(failed())?;
        file.sync_data().map_err(failed())?;
        let end = start + piece.bytes.len() as u64;
        self.have.ranges = joined(&self.have.ranges, start..end);
        let text = serde_json::to_vec(&self.have).unwrap_or_default();
        write_atomically(&journal(&self.twin), &text)
    }
}

fn journal(twin: &Path) -> PathBuf {
    with_suffix(twin, "ranges")
}

/// What an earlier run brought here.
fn known(twin: &Path) -> Option<Have> {
    let have: Have = serde_json::from_slice(&fs::read(journal(twin)).ok()?).ok()?;
    let is_sound = have.ranges.windows(2).all(|w| w[0].1 < w[1].0)
        && have.ranges.iter().all(|(start, end)| start < end && *end <= have.length);
    (is_sound && fs::metadata(twin).is_ok_and(|m| m.len() == have.length)).then_some(have)
}

/// Runs of bytes with another.
fn joined(ranges: &[(u64, u64)], new: Range<u64>) -> Vec<(u64, u64)> {
    let mut all = ranges.to_vec();
    all.push((new.start, new.end));
    all.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (start, end) in all {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// The requests that bring what is wanted and not here.
fn requests(wanted: &[Range<u64>], have: &[(u64, u64)], length: u64) -> Vec<Range<u64>> {
    let mut missing: Vec<Range<u64>> = Vec::new();
    let mut wanted: Vec<Range<u64>> = wanted.to_vec();
    wanted.sort_by_key(|r| r.start);
    for range in wanted {
        let mut at = range.start;
        let end = range.end.min(length);
        for (known_start, known_end) in have {
            if *known_end <= at || *known_start >= end {
                continue;
            }
            if *known_start > at {
                missing.push(at..*known_start);
            }
            at = *known_end;
        }
        if at < end {
            missing.push(at..end);
        }
    }
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in missing {
        match merged.last_mut() {
            Some(last) if range.start <= last.end + GAP => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    let cut = |range: Range<u64>| {
        (range.start..range.end)
            .step_by(MOST as usize)
            .map(move |start| start..range.end.min(start + MOST))
    };
    merged.into_iter().flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init, reason = "lists of ranges of which some have one")]
    use super::*;

    #[test]
    fn only_what_is_missing_is_asked_for_and_near_ranges_come_together() {
        let far = GAP * 4;
        assert_eq!(requests(&[0..10, 12..20], &[], 100 * far), [0..20]);
        assert_eq!(requests(&[0..10, far..far + 5], &[], 100 * far), [0..10, far..far + 5]);
        assert_eq!(requests(&[5..50], &[(0, 10), (20, 30)], 40), [10..40]);
        assert!(requests(&[5..9], &[(0, 10)], 40).is_empty());
        let large = requests(&[0..3 * MOST + 1], &[], 10 * MOST);
        assert_eq!((large.len(), large[3].clone()), (4, 3 * MOST..3 * MOST + 1));
    }

    #[test]
    fn runs_join_where_they_touch() {
        assert_eq!(joined(&[(0, 5), (10, 20)], 5..10), [(0, 20)]);
        assert_eq!(joined(&[(10, 20)], 0..4), [(0, 4), (10, 20)]);
    }
}
