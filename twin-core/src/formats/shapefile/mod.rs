//! ESRI Shapefile (ESRI white paper J-7855, 1998) with its companions `.dbf`, `.cpg` and `.prj`.
//!
//! The records are parsed here and not by the `shapefile` and `dbase` crates: those reserve what a
//! forged count asks for (up to 64 GB), stop at the first bad record, and read text in one
//! encoding for the whole process. Here a count is compared with the length of its record, a bad
//! record is skipped and reported, and the encoding is found from the bytes (see `encoding`).
//! The `.shx` is not needed: records are read one after the other.

mod attributes;
mod encoding;
mod shape;

use std::path::{Path, PathBuf};

use crate::{
    Error, FileProblem, Result,
    formats::{Feature, FeatureTable, LayerRead, ReadReport, Value},
    spatial::{Crs, Extent, Geometry, Line},
};

use attributes::Attributes;
use shape::{Records, Shape};

/// Reads a shapefile by the path of its `.shp` (or of its `.dbf` alone, for a table without
/// geometry), those records whose bounding rectangle touches `extent` or all.
///
/// A missing `.dbf` gives geometries without attributes and a notice; a missing `.prj` gives a
/// table without reference system. A record with an unreadable shape is skipped and reported by
/// its number, from 1.
///
/// # Errors
/// When the file cannot be read, is no shapefile, or holds multipatches.
pub fn read(path: impl AsRef<Path>, extent: Option<&Extent>) -> Result<LayerRead> {
    let path = path.as_ref();
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let mut report = ReadReport::default();
    let is_table = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("dbf"));
    if is_table {
        let bytes = bytes_of(path)?;
        let attributes = Attributes::parse(bytes, code_page(path).as_deref())
            .map_err(|problem| Error::file(path, problem))?;
        let mut table = FeatureTable::new(name, None);
        table.fields = attributes.fields().to_vec();
        for i in 0..attributes.len() {
            if let Some(values) = attributes.record(i, &mut report) {
                table.features.push(Feature { geometry: None, values });
            }
        }
        return Ok(LayerRead { table, report });
    }
    let bytes = bytes_of(path)?;
    let records = Records::parse(&bytes).map_err(|problem| Error::file(path, problem))?;
    let mut table = FeatureTable::new(name, reference_system(path, &mut report)?);
    let attributes = match companion(path, "dbf") {
        Some(dbf) => Some(
            Attributes::parse(bytes_of(&dbf)?, code_page(path).as_deref())
                .map_err(|problem| Error::file(&dbf, problem))?,
        ),
        None => {
            report.notices.push(FileProblem::MissingCompanion { extension: "dbf" });
            None
        }
    };
    if let Some(attributes) = &attributes {
        table.fields = attributes.fields().to_vec();
    }
    let mut count = 0;
    for shape in records {
        let index = count;
        count += 1;
        let geometry = match shape.and_then(Shape::geometry) {
            Ok(geometry) => geometry,
            Err(problem) => {
                report.skip(index as i64 + 1, problem);
                continue;
            }
        };
        if let Some(wanted) = extent
            && !geometry
                .as_ref()
                .and_then(Geometry::extent)
                .is_some_and(|own| own.intersects(wanted))
        {
            continue;
        }
        let values = match &attributes {
            None => Vec::new(),
            Some(attributes) if index < attributes.len() => {
                match attributes.record(index, &mut report) {
                    Some(values) => values,
                    None => continue,
                }
            }
            Some(attributes) => vec![Value::Null; attributes.fields().len()],
        };
        table.features.push(Feature { geometry, values });
    }
    if let Some(attributes) = &attributes
        && attributes.len() != count
    {
        let rows = attributes.len();
        report.notices.push(FileProblem::damaged(
            format!("{count} formes, {rows} lignes dans le .dbf"),
            format!("{count} shapes, {rows} rows in the .dbf"),
        ));
    }
    Ok(LayerRead { table, report })
}

/// The parts of every record as they are stored, without sorting rings into polygons and holes;
/// `None` for a record that cannot be read. Some producers store the faces of a block as the
/// rings of a polygon with heights.
///
/// # Errors
/// When the file cannot be read or is no shapefile.
pub fn read_parts(path: impl AsRef<Path>) -> Result<Vec<Option<Vec<Line>>>> {
    let path = path.as_ref();
    let bytes = bytes_of(path)?;
    let records = Records::parse(&bytes).map_err(|problem| Error::file(path, problem))?;
    Ok(records.map(|shape| shape.ok().map(|s| s.parts)).collect())
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    if bytes.is_empty() { Err(Error::file(path, FileProblem::Empty)) } else { Ok(bytes) }
}

/// The file beside it with another extension, in lower or upper case.
fn companion(path: &Path, extension: &str) -> Option<PathBuf> {
    [extension.to_owned(), extension.to_uppercase()]
        .into_iter()
        .map(|extension| path.with_extension(extension))
        .find(|path| path.is_file())
}

fn code_page(path: &Path) -> Option<String> {
    let bytes = std::fs::read(companion(path, "cpg")?).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn reference_system(path: &Path, report: &mut ReadReport) -> Result<Option<Crs>> {
    let Some(path) = companion(path, "prj") else {
        return Ok(None);
    };
    let bytes = std::fs::read(&path).map_err(Error::read(&path))?;
    let wkt = String::from_utf8_lossy(&bytes);
    let crs = Crs::from_wkt(&wkt);
    if crs.is_none() && !wkt.trim().is_empty() {
        let name = wkt.split('"').nth(1).unwrap_or("?");
        report.notices.push(FileProblem::unsupported(
            format!("système de coordonnées « {name} » du .prj"),
            format!("reference system \"{name}\" of the .prj"),
        ));
    }
    Ok(crs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{formats::FieldKind, test_support::data};

    /// A shapefile of two polygons Z, one with a hole, and a table of three columns.
    fn write(folder: &Path) -> PathBuf {
        let path = folder.join("t.shp");
        let square = |x: f64, size: f64, clockwise: bool| {
            let mut ring = vec![(x, 0.0), (x, size), (x + size, size), (x + size, 0.0), (x, 0.0)];
            if !clockwise {
                ring.reverse();
            }
            ring
        };
        let records = [
            shape::tests::polygon_z(&[square(0.0, 9.0, true), square(3.0, 2.0, false)], 5.0),
            shape::tests::polygon_z(&[square(20.0, 1.0, true), square(30.0, 1.0, true)], 7.0),
        ];
        std::fs::write(&path, shape::tests::file(15, &records)).unwrap();
        let columns =
            [("NOM", b'C', 8, 0), ("N", b'N', 4, 0), ("H", b'N', 6, 2), ("OK", b'L', 1, 0)];
        let rows: [&[u8]; 2] = [b" \xc3\xa9cole    12  3.50T", b" b       **************"];
        std::fs::write(
            path.with_extension("dbf"),
            attributes::tests::file(&columns, &[&rows[0][..20], &rows[1][..20]]),
        )
        .unwrap();
        path
    }

    #[test]
    fn rings_become_parts_and_holes_and_asterisks_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path());
        let read = read(&path, None).unwrap();
        assert!(read.report.is_clean(), "{:?}", read.report);
        let table = read.table;
        assert_eq!(table.crs, None);
        let kinds: Vec<_> = table.fields.iter().map(|f| f.kind).collect();
        use FieldKind::{Bool, Integer, Real, Text};
        assert_eq!(kinds, [Text, Integer, Real, Bool]);
        let [a, b] = &table.features[..] else { panic!() };
        assert_eq!(a.values[0], Value::Text("école".into()));
        assert_eq!(a.values[1..], [Value::Integer(12), Value::Real(3.5), Value::Bool(true)]);
        assert_eq!(b.values[1..], [Value::Null, Value::Null, Value::Null]);
        let polygons = a.geometry.as_ref().unwrap().polygons();
        assert_eq!((polygons.len(), polygons[0].interiors.len()), (1, 1));
        assert_eq!(polygons[0].exterior[0][2], 5.0);
        assert_eq!(b.geometry.as_ref().unwrap().polygons().len(), 2);
        let east = Extent::new(25.0, 0.0, 40.0, 2.0).unwrap();
        assert_eq!(
            super::read(&path, Some(&east)).unwrap().table.features[..],
            std::slice::from_ref(b)[..]
        );
        assert_eq!(read_parts(&path).unwrap()[0].as_ref().unwrap().len(), 2);
    }

    #[test]
    fn without_its_table_a_shapefile_gives_geometries_and_a_notice() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path());
        std::fs::remove_file(path.with_extension("dbf")).unwrap();
        let read = read(&path, None).unwrap();
        assert_eq!(read.table.features.len(), 2);
        assert_eq!(read.report.notices, [FileProblem::MissingCompanion { extension: "dbf" }]);
    }

    #[test]
    fn the_shapefile_crate_finds_the_same_coordinates() {
        for file in ["BATIMENT", "ZONE_DE_VEGETATION", "TRONCON_DE_VOIE_FERREE"] {
            let Some(path) = data(&format!("bdtopo/olemps-12174-v3-shp/{file}.shp")) else {
                return;
            };
            let theirs = shapefile::read_shapes(&path).unwrap();
            let ours = read_parts(&path).unwrap();
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let theirs: Vec<Line> = match theirs {
                    shapefile::Shape::PolygonZ(p) => p
                        .rings()
                        .iter()
                        .map(|r| r.points().iter().map(|p| [p.x, p.y, p.z]).collect())
                        .collect(),
                    shapefile::Shape::Polygon(p) => p
                        .rings()
                        .iter()
                        .map(|r| r.points().iter().map(|p| [p.x, p.y, f64::NAN]).collect())
                        .collect(),
                    shapefile::Shape::PolylineZ(l) => l
                        .parts()
                        .iter()
                        .map(|r| r.iter().map(|p| [p.x, p.y, p.z]).collect())
                        .collect(),
                    other => panic!("{other}"),
                };
                let count = |lines: &[Line]| lines.iter().map(Vec::len).sum::<usize>();
                let ours = ours.as_ref().unwrap();
                // That crate reverses rings to its own order: compared as sets of vertices.
                let sorted = |lines: &[Line]| {
                    let mut all: Vec<String> =
                        lines.iter().flatten().map(|p| format!("{p:?}")).collect();
                    all.sort();
                    all
                };
                assert_eq!(count(ours), count(&theirs));
                assert_eq!(sorted(ours), sorted(&theirs));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn hostile_files_never_panic(
            edits in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 0..9),
            shp_length in any::<prop::sample::Index>(),
            dbf_length in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = write(folder.path());
            let mut shp = std::fs::read(&path).unwrap();
            let mut dbf = std::fs::read(path.with_extension("dbf")).unwrap();
            for (in_shp, at, value) in edits {
                let bytes = if in_shp { &mut shp } else { &mut dbf };
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if is_cut {
                shp.truncate(shp_length.index(shp.len()));
                dbf.truncate(dbf_length.index(dbf.len()));
            }
            std::fs::write(&path, &shp).unwrap();
            std::fs::write(path.with_extension("dbf"), &dbf).unwrap();
            let _ = read(&path, None);
            let _ = read(path.with_extension("dbf"), None);
            let _ = read_parts(&path);
        }
    }
}
