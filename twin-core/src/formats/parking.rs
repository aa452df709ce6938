//! Compressed pieces wait on disk until the layout of their file is known.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::{Error, Result};

/// An unnamed file of pieces, gone when dropped.
#[derive(Debug)]
pub(super) struct Parking {
    file: File,
    length: u64,
}

/// Where a piece is parked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parked {
    offset: u64,
    /// Bytes of the piece.
    pub(super) length: usize,
}

impl Parking {
    /// On the disk of `path`, which has room for it.
    pub(super) fn beside(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
        let file = tempfile::tempfile_in(folder.unwrap_or(Path::new(".")));
        Ok(Self { file: file.map_err(Error::write(path))?, length: 0 })
    }

    /// Adds a piece.
    pub(super) fn park(&mut self, bytes: &[u8]) -> std::io::Result<Parked> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        let parked = Parked { offset: self.length, length: bytes.len() };
        self.length += bytes.len() as u64;
        Ok(parked)
    }

    /// Reads a piece into `bytes`.
    pub(super) fn fetch(&mut self, parked: Parked, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(parked.offset))?;
        bytes.resize(parked.length, 0);
        self.file.read_exact(bytes)
    }
}
