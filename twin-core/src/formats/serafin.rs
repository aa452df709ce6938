//! Serafin (`.slf`), the result files of TELEMAC: variables over time on the nodes of a triangular mesh
//! (*format Selafin*, user manual of telemac-mascaret, appendix "SERAFIN file format").
//!
//! A file is a chain of Fortran records, each between two copies of its length: title, counts, names of
//! variables, ten integers (with the origin of the coordinates and whether a date follows), counts of
//! the mesh, triangles, boundary numbers, *x*, *y*; then for each time the time and one record for each
//! variable. Numbers are big-endian, seldom little; reals have four bytes, or eight where the title
//! ends in `SERAFIND`.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::spatial::{Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Length of a name of a variable: sixteen letters and sixteen of its unit.
const NAME: usize = 32;
/// Most variables of a file; more are no result.
const MOST_VARIABLES: usize = 500;

/// A Serafin file open for reading.
#[derive(Debug)]
pub struct Serafin {
    path: PathBuf,
    file: BufReader<File>,
    is_little: bool,
    real: usize,
    /// Names of the variables, without their units.
    names: Vec<String>,
    /// Triangles by their nodes, counted from 0.
    triangles: Vec<[u32; 3]>,
    /// Nodes, in the coordinates of the file with its origin added.
    nodes: Vec<[f64; 2]>,
    /// Seconds of the frames.
    times: Vec<f64>,
    /// Where the first frame begins.
    frames_at: u64,
    frame_length: u64,
}

impl Serafin {
    /// Opens a file and reads its mesh.
    ///
    /// # Errors
    /// The file is no Serafin file, promises more than it holds, or names nodes that it does not have.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(Error::read(path))?;
        let length = file.metadata().map_err(Error::read(path))?.len();
        let mut records = Records { path, file: BufReader::new(file), length, is_little: false };
        let title = records.title()?;
        let real = if title.ends_with(b"SERAFIND") { 8 } else { 4 };
        let counts = records.integers(2)?;
        let variables: usize = counts
            .iter()
            .map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
            .fold(0, usize::saturating_add);
        if variables > MOST_VARIABLES {
            return Err(records.damaged(&format!("{variables} variables")));
        }
        let mut names = Vec::new();
        for _ in 0..variables {
            let name = records.record(NAME)?;
            let name =
                String::from_utf8_lossy(name.get(..16).unwrap_or_default()).trim().to_owned();
            names.push(name);
        }
        let settings = records.integers(10)?;
        if settings[9] == 1 {
            records.integers(6)?;
        }
        let mesh = records.integers(4)?;
        let [triangle_count, node_count, corners] =
            [mesh[0], mesh[1], mesh[2]].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        if corners != 3 {
            return Err(records.damaged(&format!("{corners} nodes by element, 3 are read")));
        }
        let triangles: Vec<[u32; 3]> = records
            .integers(triangle_count.saturating_mul(3))?
            .chunks_exact(3)
            .map(|t| [t[0], t[1], t[2]].map(|node| node.wrapping_sub(1) as u32))
            .collect();
        if triangles.iter().flatten().any(|node| *node as usize >= node_count) {
            return Err(records.damaged("a triangle names a node that is not there"));
        }
        records.integers(node_count)?;
        let origin = [settings[2], settings[3]].map(f64::from);
        let (x, y) = (records.reals(node_count, real)?, records.reals(node_count, real)?);
        let nodes = x.iter().zip(&y).map(|(x, y)| [origin[0] + x, origin[1] + y]).collect();
        let frames_at = records.file.stream_position().map_err(Error::read(path))?;
        let record = |bytes: usize| 8 + bytes as u64;
        let frame_length = record(real) + variables as u64 * record(node_count * real);
        // A last frame that a stopped run left unfinished is left out.
        let frames = (length - frames_at) / frame_length;
        let mut serafin = Self {
            path: path.to_path_buf(),
            file: records.file,
            is_little: records.is_little,
            real,
            names,
            triangles,
            nodes,
            times: Vec::new(),
            frames_at,
            frame_length,
        };
        for frame in 0..frames {
            let time = serafin.read_at(frame * frame_length, 1)?;
            serafin.times.extend(time);
        }
        Ok(serafin)
    }

    /// Names of the variables, such as `HAUTEUR D'EAU`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Times of the frames, seconds.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Nodes of the mesh.
    pub fn nodes(&self) -> &[[f64; 2]] {
        &self.nodes
    }

    /// Triangles by their nodes.
    pub fn triangles(&self) -> &[[u32; 3]] {
        &self.triangles
    }

    /// The values of a variable at the nodes in a frame.
    ///
    /// # Errors
    /// The file has no such variable or frame, or cannot be read.
    pub fn read(&mut self, name: &str, frame: usize) -> Result<Vec<f64>> {
        let at = self.names.iter().position(|n| n.eq_ignore_ascii_case(name)).ok_or_else(|| {
            let available = self.names.clone();
            Error::file(&self.path, FileProblem::MissingField { name: name.to_owned(), available })
        })?;
        if frame >= self.times.len() {
            return Err(damaged(&self.path, &format!("no frame {frame}")));
        }
        let before = (8 + self.real) + at * (8 + self.nodes.len() * self.real);
        self.read_at(frame as u64 * self.frame_length + before as u64, self.nodes.len())
    }

    fn read_at(&mut self, offset: u64, count: usize) -> Result<Vec<f64>> {
        // After the length that stands before every record.
        let start = SeekFrom::Start(self.frames_at + offset + 4);
        let mut bytes = vec![0; count * self.real];
        let read = self.file.seek(start).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(Error::read(&self.path))?;
        Ok(numbers(&bytes, self.real, self.is_little))
    }

    /// Values at the nodes → cells of a grid, linear within each triangle; `NaN` outside the mesh.
    pub fn on_grid(&self, values: &[f64], spec: GridSpec) -> Grid<f32> {
        let mut grid = Grid::filled(spec, f32::NAN);
        for triangle in &self.triangles {
            let corners = triangle.map(|node| self.nodes[node as usize]);
            let at = triangle.map(|node| values.get(node as usize).copied().unwrap_or(f64::NAN));
            let [a, b, c] = corners;
            let area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
            if area == 0.0 || !area.is_finite() {
                continue;
            }
            let range = |axis: usize| {
                let of = corners.map(|p| p[axis]);
                (
                    of.iter().copied().fold(f64::INFINITY, f64::min),
                    of.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                )
            };
            let ((west, east), (south, north)) = (range(0), range(1));
            let Some(extent) = crate::spatial::Extent::new(west, south, east, north) else {
                continue;
            };
            let (rows, columns) = spec.window(&extent);
            for row in rows {
                for column in columns.clone() {
                    let (x, y) = spec.centre(row, column);
                    let u = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area;
                    let v = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area;
                    if u >= -1e-9 && v >= -1e-9 && u + v <= 1.0 + 1e-9 {
                        grid[(row, column)] =
                            (at[0] + u * (at[1] - at[0]) + v * (at[2] - at[0])) as f32;
                    }
                }
            }
        }
        grid
    }
}

/// The records before the frames.
struct Records<'a> {
    path: &'a Path,
    file: BufReader<File>,
    length: u64,
    is_little: bool,
}

impl Records<'_> {
    /// The title, which tells the order of the bytes by the length before it.
    fn title(&mut self) -> Result<Vec<u8>> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(|_| self.damaged("no title"))?;
        self.is_little = match (u32::from_be_bytes(length), u32::from_le_bytes(length)) {
            (80, _) => false,
            (_, 80) => true,
            _ => return Err(self.damaged("no title of 80 letters")),
        };
        let mut title = vec![0; 80];
        let read =
            self.file.read_exact(&mut title).and_then(|()| self.file.read_exact(&mut length));
        read.map_err(|_| self.damaged("no title"))?;
        while title.last().is_some_and(u8::is_ascii_whitespace) {
            title.pop();
        }
        Ok(title)
    }

    /// A record of a known length.
    fn record(&mut self, bytes: usize) -> Result<Vec<u8>> {
        if bytes as u64 > self.length {
            return Err(self.damaged("a record is longer than the file"));
        }
        let mut length = [0; 4];
        let mut content = vec![0; bytes];
        let read = self.file.read_exact(&mut length);
        read.map_err(|_| self.damaged("the file ends too early"))?;
        let stated =
            if self.is_little { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) };
        if stated as usize != bytes {
            return Err(self.damaged(&format!("a record of {stated} bytes where {bytes} are due")));
        }
        let read =
            self.file.read_exact(&mut content).and_then(|()| self.file.read_exact(&mut length));
        read.map_err(|_| self.damaged("the file ends too early"))?;
        Ok(content)
    }

    fn integers(&mut self, count: usize) -> Result<Vec<i32>> {
        let bytes = self.record(count.saturating_mul(4))?;
        let of = |b: &[u8]| {
            let four = [b[0], b[1], b[2], b[3]];
            if self.is_little { i32::from_le_bytes(four) } else { i32::from_be_bytes(four) }
        };
        Ok(bytes.chunks_exact(4).map(of).collect())
    }

    fn reals(&mut self, count: usize, real: usize) -> Result<Vec<f64>> {
        let bytes = self.record(count.saturating_mul(real))?;
        Ok(numbers(&bytes, real, self.is_little))
    }

    fn damaged(&self, why: &str) -> Error {
        damaged(self.path, why)
    }
}

fn numbers(bytes: &[u8], real: usize, is_little: bool) -> Vec<f64> {
    let of = |b: &[u8]| {
        let mut eight = [0; 8];
        eight[..b.len()].copy_from_slice(b);
        if !is_little {
            eight[..b.len()].reverse();
        }
        match b.len() {
            8 => f64::from_le_bytes(eight),
            _ => f64::from(f32::from_le_bytes([eight[0], eight[1], eight[2], eight[3]])),
        }
    };
    bytes.chunks_exact(real).map(of).collect()
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::file(path, FileProblem::undecodable(std::io::Error::other(format!("Serafin: {why}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::data;
    use proptest::prelude::*;

    /// A square of two triangles with its depth equal to x at the first time and 2x at the second.
    fn square(real: usize, is_little: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut record = |content: Vec<u8>| {
            let length = content.len() as u32;
            let length = if is_little { length.to_le_bytes() } else { length.to_be_bytes() };
            bytes.extend(length);
            bytes.extend(content);
            bytes.extend(length);
        };
        let int = |n: i32| if is_little { n.to_le_bytes() } else { n.to_be_bytes() };
        let ints = |all: &[i32]| all.iter().flat_map(|n| int(*n)).collect::<Vec<u8>>();
        let reals = |all: &[f64]| -> Vec<u8> {
            let of = |v: &f64| -> Vec<u8> {
                let mut b = if real == 8 {
                    v.to_le_bytes().to_vec()
                } else {
                    (*v as f32).to_le_bytes().to_vec()
                };
                if !is_little {
                    b.reverse();
                }
                b
            };
            all.iter().flat_map(of).collect()
        };
        let kind = if real == 8 { "SERAFIND" } else { "SERAFIN " };
        record(format!("{:<72}{kind}", "essai").into_bytes());
        record(ints(&[1, 0]));
        record(format!("{:<16}{:<16}", "HAUTEUR D'EAU", "M").into_bytes());
        record(ints(&[1, 0, 1000, 2000, 0, 0, 0, 0, 0, 1]));
        record(ints(&[2024, 1, 15, 0, 0, 0]));
        record(ints(&[2, 4, 3, 1]));
        record(ints(&[1, 2, 3, 1, 3, 4]));
        record(ints(&[1, 2, 3, 4]));
        record(reals(&[0.0, 10.0, 10.0, 0.0]));
        record(reals(&[0.0, 0.0, 10.0, 10.0]));
        for time in [0.0, 60.0] {
            let k = 1.0 + time / 60.0;
            record(reals(&[time]));
            record(reals(&[0.0, 10.0 * k, 10.0 * k, 0.0]));
        }
        bytes
    }

    fn opened(bytes: &[u8]) -> (tempfile::TempDir, Result<Serafin>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.slf");
        std::fs::write(&path, bytes).unwrap();
        let serafin = Serafin::open(path);
        (folder, serafin)
    }

    #[test]
    fn single_and_double_precision_in_both_byte_orders_say_the_same() {
        for (real, is_little) in [(4, false), (8, false), (4, true), (8, true)] {
            let (_folder, serafin) = opened(&square(real, is_little));
            let mut serafin = serafin.unwrap();
            assert_eq!(serafin.times(), [0.0, 60.0]);
            assert_eq!(serafin.names(), ["HAUTEUR D'EAU"]);
            assert_eq!(serafin.nodes()[2], [1010.0, 2010.0]);
            let values = serafin.read("hauteur d'eau", 1).unwrap();
            assert_eq!(values, [0.0, 20.0, 20.0, 0.0]);
            let spec = GridSpec { west: 998.0, north: 2012.0, cell_size: 2.0, columns: 7, rows: 7 };
            let grid = serafin.on_grid(&values, spec);
            assert_eq!(grid.at(1003.0, 2005.0), Some(&6.0));
            assert!(grid.at(999.0, 2005.0).unwrap().is_nan());
            assert!(
                serafin.read("VITESSE U", 0).is_err() && serafin.read("HAUTEUR D'EAU", 2).is_err()
            );
        }
    }

    #[test]
    fn an_unfinished_last_frame_is_left_out() {
        let bytes = square(4, false);
        let (_folder, serafin) = opened(&bytes[..bytes.len() - 5]);
        assert_eq!(serafin.unwrap().times(), [0.0]);
    }

    #[test]
    fn the_mesh_of_malpasset_is_that_of_its_description() {
        let Some(path) = data("flood/malpasset/geo_malpasset-small.slf") else { return };
        let mut serafin = Serafin::open(path).unwrap();
        assert_eq!((serafin.nodes().len(), serafin.triangles().len()), (13_541, 26_000));
        let bottom =
            serafin.names().iter().find(|n| n.starts_with("FOND") || n.starts_with("BOTTOM"));
        let bottom = bottom.cloned().unwrap();
        let values = serafin.read(&bottom, 0).unwrap();
        let (low, high) =
            values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert_eq!((low, high), (-20.0, 100.0));
    }

    proptest! {
        #[test]
        fn damaged_files_are_refused_and_never_trusted(at in 0usize..400, byte in any::<u8>(), end in 0usize..600) {
            let mut bytes = square(4, false);
            let length = bytes.len();
            bytes[at.min(length - 1)] = byte;
            bytes.truncate(end);
            let (_folder, serafin) = opened(&bytes);
            if let Ok(mut serafin) = serafin {
                for frame in 0..serafin.times().len() {
                    let name = serafin.names().first().cloned().unwrap_or_default();
                    let _ = serafin.read(&name, frame);
                }
            }
        }
    }
}
