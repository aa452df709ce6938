//! ESRI ASCII grids (`.asc`, `.dem`): a header of key–value lines, then values row by row from the
//! north, separated by white space.
//!
//! Reference: Esri, *ArcGIS: Esri ASCII raster format*. Accepted besides: keys in any case and
//! order, `xllcenter`/`yllcenter`, `dx` and `dy` where they are equal, rows broken over lines.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::PartFile;
use crate::language::Text;
use crate::spatial::{Grid, GridSpec};
use crate::{Error, FileProblem, Result};

/// Value that [`write_ascii_grid`] gives to cells without data.
const NO_DATA: f32 = -9999.0;

/// Reads a grid; cells with the file's `NODATA_value` become `NaN`. The format carries no
/// reference system.
///
/// # Errors
/// A wrong header or value, too few or too many values, each with its line number; cells that are
/// not square.
pub fn read_ascii_grid(path: impl AsRef<Path>) -> Result<Grid<f32>> {
    let path = path.as_ref();
    let file = std::fs::File::open(path).map_err(Error::read(path))?;
    let length = file.metadata().map_err(Error::read(path))?.len();
    if length == 0 {
        return Err(Error::file(path, FileProblem::Empty));
    }
    let mut lines = Lines { path, input: BufReader::new(file), bytes: Vec::new(), number: 0 };
    let mut header = Header::default();
    let spec = loop {
        let Some(line) = lines.next()? else {
            return Err(header.incomplete(path));
        };
        let mut words = line.split_ascii_whitespace();
        let Some(key) = words.next() else { continue };
        if key.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_nan(key) {
            header.set(key, words.next(), words.next()).map_err(|p| lines.error(p))?;
        } else {
            break header.spec(path)?;
        }
    };
    // Every value takes a digit and a separator.
    let cells = (spec.rows as u64).saturating_mul(spec.columns as u64);
    if cells > length.div_ceil(2) {
        let problem = FileProblem::truncated(
            format!("{cells} cellules annoncées en {length} octets"),
            format!("{cells} cells announced in {length} bytes"),
        );
        return Err(Error::file(path, problem));
    }
    let mut values: Vec<f32> = Vec::with_capacity(cells as usize);
    loop {
        for word in lines.current().split_ascii_whitespace() {
            if values.len() as u64 == cells {
                return Err(lines.error(FileProblem::damaged(
                    format!("plus que les {cells} valeurs annoncées"),
                    format!("more than the {cells} values announced"),
                )));
            }
            values.push(value(word, header.no_data).map_err(|p| lines.error(p))?);
        }
        if lines.next()?.is_none() {
            break;
        }
    }
    let count = values.len();
    Grid::from_values(spec, values).ok_or_else(|| {
        lines.error(FileProblem::truncated(
            format!("{count} valeurs sur {cells}"),
            format!("{count} values of {cells}"),
        ))
    })
}

/// Writes a grid with the fewest digits that read back as the same `f32`; cells without data
/// become −9999. An infinite value, or −9999 itself as data, is refused.
pub fn write_ascii_grid(path: impl AsRef<Path>, grid: &Grid<f32>) -> Result<()> {
    let path = path.as_ref();
    if grid.values.iter().any(|v| v.is_infinite() || *v == NO_DATA) {
        return Err(Error::input(
            path.display().to_string(),
            "une valeur infinie ou égale à -9999 ne peut pas être écrite",
            "a value that is infinite or equal to -9999 cannot be written",
        ));
    }
    let part = PartFile::new(path)?;
    let file = std::fs::File::create(part.part()).map_err(Error::write(path))?;
    let mut out = BufWriter::new(file);
    write_to(&mut out, grid).and_then(|()| out.flush()).map_err(Error::write(path))?;
    drop(out);
    part.publish()
}

fn write_to(out: &mut impl Write, grid: &Grid<f32>) -> std::io::Result<()> {
    let spec = &grid.spec;
    writeln!(out, "ncols {}\nnrows {}", spec.columns, spec.rows)?;
    writeln!(out, "xllcorner {}\nyllcorner {}", spec.west, spec.extent().min_y)?;
    writeln!(out, "cellsize {}\nNODATA_value {NO_DATA}", spec.cell_size)?;
    for row in grid.values.chunks(spec.columns.max(1)) {
        for (column, &value) in row.iter().enumerate() {
            let separator = if column == 0 { "" } else { " " };
            let value = if value.is_nan() { NO_DATA } else { value };
            write!(out, "{separator}{value}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Lines of a text file, one at a time.
struct Lines<'a> {
    path: &'a Path,
    input: BufReader<std::fs::File>,
    bytes: Vec<u8>,
    number: usize,
}

impl Lines<'_> {
    /// The next line; `None` at the end.
    fn next(&mut self) -> Result<Option<&str>> {
        self.bytes.clear();
        let read = self.input.read_until(b'\n', &mut self.bytes).map_err(Error::read(self.path))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 && self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.bytes.drain(..3);
        }
        if !self.bytes.is_ascii() {
            let expected = "ESRI ASCII grid";
            return Err(self.error(FileProblem::NotThisFormat { expected }));
        }
        Ok(Some(self.current()))
    }

    fn current(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    fn error(&self, problem: FileProblem) -> Error {
        Error::file_at(self.path, Text::line(self.number), problem)
    }
}

#[derive(Default)]
struct Header {
    columns: Option<usize>,
    rows: Option<usize>,
    /// Position of the lower left cell, and whether it is that of its centre.
    x: Option<(f64, bool)>,
    y: Option<(f64, bool)>,
    dx: Option<f64>,
    dy: Option<f64>,
    no_data: Option<f64>,
}

impl Header {
    fn set(
        &mut self,
        key: &str,
        word: Option<&str>,
        rest: Option<&str>,
    ) -> Result<(), FileProblem> {
        let word = match (word, rest) {
            (Some(word), None) => word,
            _ => {
                return Err(FileProblem::damaged(
                    format!("« {key} » n'est pas suivi d'une seule valeur"),
                    format!("\"{key}\" is not followed by one value"),
                ));
            }
        };
        let wrong = || {
            FileProblem::damaged(format!("{key} vaut « {word} »"), format!("{key} is \"{word}\""))
        };
        let count = || word.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong);
        let number = || number(word);
        let size = || number().and_then(|v| if v > 0.0 { Ok(v) } else { Err(wrong()) });
        match key.to_ascii_lowercase().as_str() {
            "ncols" => self.columns = Some(count()?),
            "nrows" => self.rows = Some(count()?),
            "xllcorner" => self.x = Some((number()?, false)),
            "yllcorner" => self.y = Some((number()?, false)),
            "xllcenter" | "xllcentre" => self.x = Some((number()?, true)),
            "yllcenter" | "yllcentre" => self.y = Some((number()?, true)),
            "cellsize" => (self.dx, self.dy) = (Some(size()?), Some(size()?)),
            "dx" => self.dx = Some(size()?),
            "dy" => self.dy = Some(size()?),
            // A value that is not a number can only be NaN itself, which needs no marking.
            "nodata_value" | "nodata" => {
                self.no_data = if is_nan(word) { None } else { Some(number()?) };
            }
            _ => return Err(FileProblem::NotThisFormat { expected: "ESRI ASCII grid" }),
        }
        Ok(())
    }

    fn spec(&self, path: &Path) -> Result<GridSpec> {
        let (Some(columns), Some(rows), Some(x), Some(y), Some(dx), Some(dy)) =
            (self.columns, self.rows, self.x, self.y, self.dx, self.dy)
        else {
            return Err(self.incomplete(path));
        };
        // The same tolerance as for GeoTIFF: a millionth of a cell per cell.
        if (dx - dy).abs() > 1e-6 * dx {
            let problem = FileProblem::unsupported(
                format!("les cellules de {dx} × {dy} ne sont pas carrées"),
                format!("cells of {dx} × {dy} are not square"),
            );
            return Err(Error::file(path, problem));
        }
        let west = if x.1 { x.0 - 0.5 * dx } else { x.0 };
        let south = if y.1 { y.0 - 0.5 * dx } else { y.0 };
        let north = south + rows as f64 * dx;
        if !(west + columns as f64 * dx).is_finite() || !north.is_finite() {
            let what = Text::new("l'emprise de la grille", "the extent of the grid");
            return Err(Error::file(path, FileProblem::NotFinite { what }));
        }
        Ok(GridSpec { west, north, cell_size: dx, columns, rows })
    }

    fn incomplete(&self, path: &Path) -> Error {
        let given = [
            ("ncols", self.columns.is_some()),
            ("nrows", self.rows.is_some()),
            ("xllcorner", self.x.is_some()),
            ("yllcorner", self.y.is_some()),
            ("cellsize", self.dx.is_some() && self.dy.is_some()),
        ];
        let names =
            |there: bool| given.iter().filter(move |g| g.1 == there).map(|g| g.0.to_owned());
        match names(false).next() {
            _ if names(true).next().is_none() => {
                Error::file(path, FileProblem::NotThisFormat { expected: "ESRI ASCII grid" })
            }
            Some(name) => Error::file(
                path,
                FileProblem::MissingField { name, available: names(true).collect() },
            ),
            None => {
                let (fr, en) = ("aucune valeur après l'en-tête", "no value after the header");
                Error::file(path, FileProblem::truncated(fr, en))
            }
        }
    }
}

fn quoted(word: &str) -> Text {
    Text::new(format!("« {word} »"), format!("\"{word}\""))
}

fn is_nan(word: &str) -> bool {
    word.trim_start_matches(['-', '+']).eq_ignore_ascii_case("nan")
}

fn number(word: &str) -> Result<f64, FileProblem> {
    match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(FileProblem::NotFinite { what: quoted(word) }),
        Err(_) if word.contains(',') => Err(FileProblem::damaged(
            format!("« {word} » a une virgule décimale ; ce format veut un point"),
            format!("\"{word}\" has a decimal comma; this format wants a point"),
        )),
        Err(_) => Err(FileProblem::damaged(
            format!("« {word} » n'est pas un nombre"),
            format!("\"{word}\" is not a number"),
        )),
    }
}

fn value(word: &str, no_data: Option<f64>) -> Result<f32, FileProblem> {
    if is_nan(word) {
        return Ok(f32::NAN);
    }
    let exact = number(word)?;
    let value = exact as f32;
    // Producers round the marker of the header and of the cells differently.
    if no_data.is_some_and(|n| n == exact || n as f32 == value) {
        return Ok(f32::NAN);
    }
    if value.is_infinite() {
        return Err(FileProblem::NotFinite { what: quoted(word) });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::data;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Grid<f32>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_ascii_grid(file.path())
    }

    fn problem(text: &str) -> (String, &'static str) {
        match read(text) {
            Err(Error::File { place, problem, .. }) => (place.en, problem.code()),
            other => panic!("{other:?}"),
        }
    }

    const HEADER: &str = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 2\n";

    #[test]
    fn centres_case_order_and_broken_rows_are_accepted() {
        let text = "NROWS 2\r\nNCols 3\r\nXLLCENTER 11\r\nyllCenter 21\r\nCELLSIZE 2.0\r\n\
                    nodata_value -1.0e+0\r\n1 2\r\n3 4e0 -1\r\n+.5E1\r\n";
        let grid = read(text).unwrap();
        let spec = GridSpec { west: 10.0, north: 24.0, cell_size: 2.0, columns: 3, rows: 2 };
        assert_eq!(grid.spec, spec);
        assert_eq!(grid.values[..4], [1.0, 2.0, 3.0, 4.0]);
        assert!(grid.values[4].is_nan());
        assert_eq!(grid.values[5], 5.0);
        let header = HEADER.replace("cellsize 2", "dx 2\ndy 2");
        assert_eq!(read(format!("{header}1 2 3 4 5 6")).unwrap().spec, spec);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let with = |values: &str| problem(&format!("{HEADER}{values}"));
        assert_eq!(with("1 2 3\n4 5\n"), ("line 7".into(), "file.truncated"));
        assert_eq!(with("1 2 3\n4 5 6 7\n"), ("line 7".into(), "file.damaged"));
        assert_eq!(with("1 2 3\n4 5,5 6\n"), ("line 7".into(), "file.damaged"));
        assert_eq!(with("1 2 3\n4 inf 6\n"), ("line 7".into(), "file.not-finite"));
        assert_eq!(problem(HEADER), (String::new(), "file.truncated"));
        assert_eq!(problem(""), (String::new(), "file.empty"));
        assert_eq!(problem("id;x;y\n1;2;3"), ("line 1".into(), "file.damaged"));
        assert_eq!(problem("\u{e9}\n"), ("line 1".into(), "file.format"));
        assert_eq!(problem("1 2 3\n"), (String::new(), "file.format"));
        let without = HEADER.replace("nrows 2\n", "");
        assert_eq!(problem(&format!("{without}1 2 3")), (String::new(), "file.field"));
        let oblong = HEADER.replace("cellsize 2", "dx 2\ndy 3");
        assert_eq!(problem(&format!("{oblong}1 2 3 4 5 6")), (String::new(), "file.unsupported"));
        let forged = HEADER.replace("ncols 3", "ncols 4000000000");
        assert_eq!(problem(&format!("{forged}1 2 3 4 5 6")), (String::new(), "file.truncated"));
    }

    /// Sizes from the headers; counts and ranges from the data's README where it gives them.
    #[test]
    fn real_files_have_their_known_content() {
        for (name, columns, rows, cell, valid, low, high) in [
            ("surelevation/rennes-demo-01/MNT.asc", 437, 183, 1.997921162567, 61_939, 33.79, 47.53),
            ("flood/ea5_peer/ea5-50m.dem", 275, 244, 50.0, 0, f32::NAN, f32::NAN),
            ("flood/rain_cea2008/topo.asc", 208, 256, 0.01, 0, f32::NAN, f32::NAN),
            ("flood/lisflood_T025_Rain/rain_dem.asc", 5, 5, 100.0, 0, f32::NAN, f32::NAN),
            (
                "flood/monai/anuga/Benchmark_2_Bathymetry.asc",
                393,
                244,
                0.014,
                95_892,
                -0.135,
                0.125,
            ),
        ] {
            let Some(path) = data(name) else { continue };
            let grid = read_ascii_grid(&path).unwrap();
            assert_eq!((grid.spec.columns, grid.spec.rows), (columns, rows), "{name}");
            assert_eq!(grid.spec.cell_size, cell);
            let count = grid.values.iter().filter(|v| v.is_finite()).count();
            let range = grid.range().unwrap();
            if valid > 0 {
                assert_eq!(count, valid, "{name}");
                assert!((range.0 - low).abs() < 0.01 && (range.1 - high).abs() < 0.01, "{range:?}");
            }
        }
        if let Some(path) = data("flood/lisflood_T025_Rain/rain_rate.asc") {
            assert!(read_ascii_grid(path).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_written_grid_reads_back_to_the_bit(
            (columns, values) in (1usize..6).prop_flat_map(|columns| {
                let value = prop_oneof![4 => -1e30f32..1e30, 1 => Just(f32::NAN)];
                (Just(columns), proptest::collection::vec(value, columns * 4))
            }),
            west in -1e7..1e7f64,
        ) {
            let spec = GridSpec { west, north: 6.8e6, cell_size: 0.5, columns, rows: 4 };
            let grid = Grid::from_values(spec, values).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("grid.asc");
            write_ascii_grid(&path, &grid).unwrap();
            let read = read_ascii_grid(&path).unwrap();
            prop_assert_eq!(read.spec, spec);
            for (a, b) in read.values.iter().zip(&grid.values) {
                prop_assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
            }
        }

        #[test]
        fn damaged_bytes_never_panic(
            cut in 0usize..70,
            changes in proptest::collection::vec((0usize..70, any::<u8>()), 0..6),
        ) {
            let mut bytes = format!("{HEADER}1 2 3\n4 5 6\n").into_bytes();
            bytes.truncate(cut);
            for (at, byte) in changes {
                if let Some(b) = bytes.get_mut(at) {
                    *b = byte;
                }
            }
            let _ = read(bytes);
        }
    }
}
