//! GeoPackage and plain SQLite → [`FeatureTable`].

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, types::ValueRef};

pub use super::schema::Layer;
use super::{
    geometry, quoted, read_problem,
    schema::{self, Encoding},
};
use crate::{
    Error, FileProblem, Result,
    formats::{Feature, FeatureTable, Field, FieldKind, LayerRead, ReadReport, Value, wkb},
    spatial::{Extent, Geometry},
};

/// A file open for reading. It is never written, not even a lock or a journal beside it.
#[derive(Debug)]
pub struct GeoPackage {
    path: PathBuf,
    connection: Connection,
    layers: Vec<Layer>,
    /// More rows than this cannot be in a file of its length: a table that gives more runs in
    /// circles.
    most_rows: u64,
}

impl GeoPackage {
    /// Opens a file and lists its layers.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, is not SQLite, or its catalogue is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = std::fs::File::open(path).map_err(Error::read(path))?;
        let length = file.metadata().map_err(Error::read(path))?.len();
        if length == 0 {
            return Err(Error::file(path, FileProblem::Empty));
        }
        let mut magic = Vec::new();
        file.by_ref().take(16).read_to_end(&mut magic).map_err(Error::read(path))?;
        if magic != b"SQLite format 3\0" {
            let expected = "GeoPackage/SQLite";
            return Err(Error::file(path, FileProblem::NotThisFormat { expected }));
        }
        drop(file);
        let problem = |error: rusqlite::Error| read_problem(path, "", &error);
        let connection = connect(path).map_err(problem)?;
        let layers = schema::layers(&connection).map_err(problem)?;
        // A cell of a table takes at least four bytes.
        Ok(Self { path: path.to_path_buf(), connection, layers, most_rows: length / 4 })
    }

    /// The tables of features and attributes, in the order of the file's catalogue.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layer of a name, ASCII case ignored.
    ///
    /// # Errors
    /// [`FileProblem::MissingLayer`] with the names that are there.
    pub fn layer(&self, name: &str) -> Result<&Layer> {
        self.layers
            .iter()
            .find(|l| l.name == name)
            .or_else(|| self.layers.iter().find(|l| l.name.eq_ignore_ascii_case(name)))
            .ok_or_else(|| {
                let available = self.layers.iter().map(|l| l.name.clone()).collect();
                let problem = FileProblem::MissingLayer { name: name.to_owned(), available };
                Error::file(&self.path, problem)
            })
    }

    /// Reads the records of a layer whose bounding rectangle touches `extent` (coordinates of the
    /// layer), or all of them. With an extent, records without geometry are left out, and the
    /// R-tree of the layer is used where there is one.
    ///
    /// Records that cannot be understood are listed in the report by their row number.
    ///
    /// # Errors
    /// When the layer is missing or the file is damaged.
    pub fn read(&self, layer: &str, extent: Option<&Extent>) -> Result<LayerRead> {
        let layer = self.layer(layer)?;
        if let (Some(_), Encoding::Other(format)) = (&layer.geometry_column, &layer.encoding) {
            let problem = FileProblem::unsupported(
                format!("format de géométrie « {format} »"),
                format!("geometry format \"{format}\""),
            );
            return Err(Error::file_at(&self.path, &layer.name, problem));
        }
        let mut table = FeatureTable::new(&layer.name, layer.crs);
        table.fields.clone_from(&layer.fields);
        let mut taker = Taker { layer, extent, table, report: ReadReport::default() };
        if let Some(stated) = &layer.unknown_crs {
            taker.report.notices.push(FileProblem::unsupported(
                format!("système de coordonnées « {stated} »"),
                format!("reference system \"{stated}\""),
            ));
        }
        let candidates = match (extent, &layer.index) {
            // A damaged index costs speed, not records: the table is then read from end to end.
            (Some(extent), Some(index)) => self.candidates(index, extent).ok().flatten(),
            _ => None,
        };
        let problem = |error: rusqlite::Error| read_problem(&self.path, &layer.name, &error);
        match (&layer.key, candidates) {
            (Some(key), Some(ids)) => {
                let sql = format!("{} WHERE {} = ?1", select(layer), quoted(key));
                let mut statement = self.connection.prepare(&sql).map_err(problem)?;
                for id in ids {
                    let mut rows = statement.query([id]).map_err(problem)?;
                    if let Some(row) = rows.next().map_err(problem)? {
                        taker.take(row, id).map_err(problem)?;
                    }
                }
            }
            _ => {
                let mut statement = self.connection.prepare(&select(layer)).map_err(problem)?;
                let mut rows = statement.query([]).map_err(problem)?;
                let mut count = 0;
                while let Some(row) = rows.next().map_err(problem)? {
                    count += 1;
                    if count > self.most_rows {
                        let problem = FileProblem::damaged(
                            "plus d'enregistrements que le fichier n'en peut contenir",
                            "more records than the file can hold",
                        );
                        return Err(Error::file_at(&self.path, &layer.name, problem));
                    }
                    taker.take(row, i64::try_from(count).unwrap_or(i64::MAX)).map_err(problem)?;
                }
            }
        }
        Ok(LayerRead { table: taker.table, report: taker.report })
    }

    /// Row numbers that the R-tree gives for an extent, ascending; `None` when it gives more than
    /// the file can hold.
    fn candidates(&self, index: &str, extent: &Extent) -> rusqlite::Result<Option<Vec<i64>>> {
        let sql = format!(
            "SELECT id FROM {} WHERE maxx >= ?1 AND minx <= ?2 AND maxy >= ?3 AND miny <= ?4",
            quoted(index)
        );
        let mut statement = self.connection.prepare(&sql)?;
        let bounds = [extent.min_x, extent.max_x, extent.min_y, extent.max_y];
        let mut rows = statement.query(bounds)?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(row.get::<_, i64>(0)?);
            if ids.len() as u64 > self.most_rows {
                return Ok(None);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(Some(ids))
    }
}

/// Opens the file as immutable, so that it can lie in a folder without write permission; where
/// another program has left a write-ahead log beside it, as an ordinary reader that takes the log
/// into account.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(log).is_ok_and(|m| m.len() > 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match immutable_uri(path) {
        Some(uri) if !has_log => {
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
        }
        _ => Connection::open_with_flags(path, flags)?,
    };
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// `None` for a path that is not Unicode.
fn immutable_uri(path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let mut text = absolute.to_str()?.to_owned();
    if cfg!(windows) {
        text = text.replace('\\', "/");
    }
    let encoded = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let slash = if encoded.starts_with('/') { "" } else { "/" };
    Some(format!("file:{slash}{encoded}?immutable=1"))
}

/// Row number, geometry, then the fields.
fn select(layer: &Layer) -> String {
    let column = |name: &Option<String>| name.as_deref().map_or("NULL".to_owned(), quoted);
    let mut columns = vec![column(&layer.key), column(&layer.geometry_column)];
    columns.extend(layer.fields.iter().map(|f| quoted(&f.name)));
    format!("SELECT {} FROM {}", columns.join(", "), quoted(&layer.name))
}

/// Turns rows into features.
struct Taker<'a> {
    layer: &'a Layer,
    extent: Option<&'a Extent>,
    table: FeatureTable,
    report: ReadReport,
}

impl Taker<'_> {
    fn take(&mut self, row: &rusqlite::Row<'_>, position: i64) -> rusqlite::Result<()> {
        let record = row.get::<_, Option<i64>>(0).ok().flatten().unwrap_or(position);
        let geometry = match self.geometry(row.get_ref(1)?) {
            Ok(geometry) => geometry,
            Err(problem) => {
                self.report.skip(record, problem);
                return Ok(());
            }
        };
        if let Some(wanted) = self.extent {
            let own = geometry.as_ref().and_then(Geometry::extent);
            if !own.is_some_and(|own| own.intersects(wanted)) {
                return Ok(());
            }
        }
        let mut values = Vec::with_capacity(self.layer.fields.len());
        for (i, field) in self.layer.fields.iter().enumerate() {
            values.push(value(field, row.get_ref(i + 2)?));
        }
        self.table.features.push(Feature { geometry, values });
        Ok(())
    }

    fn geometry(&self, stored: ValueRef<'_>) -> std::result::Result<Option<Geometry>, FileProblem> {
        match (stored, &self.layer.encoding) {
            (ValueRef::Null, _) => Ok(None),
            (ValueRef::Blob(blob), Encoding::GeoPackage) => geometry::decode(blob),
            (ValueRef::Blob(blob), _) => wkb::read(blob),
            _ => Err(FileProblem::damaged(
                "une géométrie qui n'est pas un blob",
                "geometry that is not a blob",
            )),
        }
    }
}

/// SQLite stores any type in any column: a value that is not of its field's kind is kept as what
/// it is, where [`Value`] can hold it.
fn value(field: &Field, stored: ValueRef<'_>) -> Value {
    match (stored, field.kind) {
        (ValueRef::Null | ValueRef::Blob(_), _) => Value::Null,
        (ValueRef::Integer(v), FieldKind::Bool) => Value::Bool(v != 0),
        (ValueRef::Integer(v), FieldKind::Real) => Value::Real(v as f64),
        (ValueRef::Integer(v), FieldKind::Text) => Value::Text(v.to_string()),
        (ValueRef::Integer(v), FieldKind::Integer) => Value::Integer(v),
        (ValueRef::Real(v), _) if !v.is_finite() => Value::Null,
        (ValueRef::Real(v), FieldKind::Integer) if v.fract() == 0.0 && v.abs() < 9e15 => {
            Value::Integer(v as i64)
        }
        (ValueRef::Real(v), FieldKind::Text) => Value::Text(v.to_string()),
        (ValueRef::Real(v), _) => Value::Real(v),
        (ValueRef::Text(bytes), _) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{formats::geopackage::GeoPackageWriter, spatial::Crs};

    fn small() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        let mut table = FeatureTable::new("t", Some(Crs::LAMBERT_93))
            .with_field("name", FieldKind::Text)
            .with_field("n", FieldKind::Integer);
        for i in 0..60 {
            let at = [f64::from(i), f64::from(i), 5.0];
            let geometry = Some(Geometry::Points(vec![at]));
            let values = vec![Value::Text("x".repeat(i as usize)), Value::Integer(i.into())];
            table.features.push(Feature { geometry, values });
        }
        let mut writer = GeoPackageWriter::create(&path).unwrap();
        writer.add_table(&table, "T", "").unwrap();
        writer.finish().unwrap();
        std::fs::read(path).unwrap()
    }

    fn read_all(path: &Path) {
        let Ok(file) = GeoPackage::open(path) else { return };
        for layer in file.layers() {
            let _ = file.read(&layer.name, None);
            let _ = file.read(&layer.name, Extent::new(0.0, 0.0, 9.0, 9.0).as_ref());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn hostile_files_never_panic(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200),
            length in any::<prop::sample::Index>(),
            page in any::<prop::sample::Index>(),
            bytes_in_page in prop::collection::vec((0usize..128, any::<u8>()), 1..12),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.gpkg");
            let valid = small();
            std::fs::write(&path, &valid[..length.index(valid.len())]).unwrap();
            read_all(&path);
            let mut mutated = valid.clone();
            for (at, value) in edits {
                let at = at.index(mutated.len());
                mutated[at] = value;
            }
            std::fs::write(&path, &mutated).unwrap();
            read_all(&path);
            // The head of a page holds the tree's pointers.
            let mut mutated = valid;
            let start = page.index(mutated.len() / 4096) * 4096;
            for (at, value) in bytes_in_page {
                mutated[start + at] = value;
            }
            std::fs::write(&path, &mutated).unwrap();
            read_all(&path);
        }
    }

    #[test]
    fn other_files_are_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        let code = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            GeoPackage::open(&path).unwrap_err().code()
        };
        assert_eq!(code(b""), "file.empty");
        assert_eq!(code(b"PK\x03\x04 a zip archive"), "file.format");
        let absent = GeoPackage::open(folder.path().join("absent.gpkg"));
        assert_eq!(absent.unwrap_err().code(), "io.read");
    }

    #[test]
    fn records_with_a_damaged_geometry_are_listed_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        std::fs::write(&path, small()).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "DROP TRIGGER rtree_t_geom_update1; DROP TRIGGER rtree_t_geom_update2;
                 DROP TRIGGER rtree_t_geom_update3; DROP TRIGGER rtree_t_geom_update4;
                 UPDATE t SET geom = x'47500001' WHERE fid = 7;",
            )
            .unwrap();
        drop(connection);
        let file = GeoPackage::open(&path).unwrap();
        let read = file.read("t", None).unwrap();
        assert_eq!(read.table.features.len(), 59);
        assert_eq!(read.report.skipped.len(), 1);
        assert_eq!(read.report.skipped[0].record, 7);
        assert_eq!(file.read("absent", None).unwrap_err().code(), "file.layer");
    }

    #[test]
    fn a_view_without_end_is_not_a_layer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        std::fs::write(&path, small()).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n)
                 SELECT count(*) AS c FROM n;
                 INSERT INTO gpkg_contents (table_name, data_type, identifier)
                 VALUES ('v', 'attributes', 'v');",
            )
            .unwrap();
        drop(connection);
        let file = GeoPackage::open(&path).unwrap();
        assert_eq!(file.layers().len(), 1);
    }
}
