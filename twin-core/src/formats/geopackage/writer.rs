//! [`FeatureTable`] → GeoPackage 1.3.
//!
//! The same tables give the same bytes: rows in the order given, one transaction, no clock. The
//! file is made under a temporary name and gets its own by [`GeoPackageWriter::finish`]; until then
//! an earlier file stays as it is.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, params};

use super::columns::{Columns, Shape};
use super::{catalogue, rows, rtree, write_problem};
use crate::{
    Error, FileProblem, Language, Result,
    formats::{FeatureTable, PartFile},
    spatial::Crs,
};

/// Time of change of files whose maker states none: results are compared byte by byte.
const NO_CHANGE_TIME: &str = "1970-01-01T00:00:00.000Z";

/// A GeoPackage being written.
#[derive(Debug)]
pub struct GeoPackageWriter {
    target: PathBuf,
    // Closed before the part file is removed: fields are dropped in this order.
    connection: Connection,
    file: PartFile,
    last_change: String,
    systems: BTreeSet<u32>,
    /// Lower-case names of the tables written, with the name of their geometry column.
    tables: Vec<(String, String)>,
    has_styles: bool,
}

impl GeoPackageWriter {
    /// Starts a file; an earlier one of the same name is replaced by [`Self::finish`].
    ///
    /// # Errors
    /// When the folder of the file cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let target = path.as_ref().to_path_buf();
        let file = PartFile::new(&target)?;
        // What a killed process left would be taken for a data base to go on with.
        match std::fs::remove_file(file.part()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::write(file.part())(error));
            }
            _ => {}
        }
        let failed = |error: rusqlite::Error| write_problem(&target, &error);
        let connection = Connection::open(file.part()).map_err(failed)?;
        connection.execute_batch(catalogue::PRELUDE).map_err(failed)?;
        let mut writer = Self {
            target,
            file,
            connection,
            last_change: NO_CHANGE_TIME.to_owned(),
            systems: BTreeSet::new(),
            tables: Vec::new(),
            has_styles: false,
        };
        writer.reference_system(Some(Crs::WGS_84))?; // every GeoPackage has it
        Ok(writer)
    }

    /// States the time of change of the tables that follow, `YYYY-MM-DDThh:mm:ss.sssZ`.
    #[must_use]
    pub fn with_last_change(mut self, time: impl Into<String>) -> Self {
        self.last_change = time.into();
        self
    }

    /// Writes a table with its title and description. It becomes a layer of features with an
    /// R-tree when it has a reference system or any geometry, a table of attributes otherwise.
    ///
    /// Geometries are single-part when all are; `GEOMETRY` when their kinds differ. Z is written
    /// when any vertex has a height, `NaN` standing for those that have none.
    ///
    /// # Errors
    /// When the name is taken or reserved, a record does not fit the columns, or writing fails.
    pub fn add_table(
        &mut self,
        table: &FeatureTable,
        title: &str,
        description: &str,
    ) -> Result<()> {
        self.check_name(&table.name)?;
        let columns = Columns::of(table);
        let is_spatial = table.crs.is_some() || table.features.iter().any(|f| f.geometry.is_some());
        let srs_id = self.reference_system(table.crs)?;
        let target = self.target.clone();
        let failed = |error: rusqlite::Error| write_problem(&target, &error);
        let shape = is_spatial.then(|| Shape::of(table));
        let mut sql = columns.create(&table.name, shape.as_ref());
        if is_spatial {
            sql += &rtree::create(&table.name, &columns);
        }
        self.connection.execute_batch(&sql).map_err(failed)?;
        let extent = table.extent();
        self.connection
            .execute(
                "INSERT INTO gpkg_contents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    table.name,
                    if is_spatial { "features" } else { "attributes" },
                    self.identifier(title, &table.name)?,
                    description,
                    self.last_change,
                    extent.map(|e| e.min_x),
                    extent.map(|e| e.min_y),
                    extent.map(|e| e.max_x),
                    extent.map(|e| e.max_y),
                    is_spatial.then_some(srs_id),
                ],
            )
            .map_err(failed)?;
        if let Some(shape) = &shape {
            self.connection
                .execute(
                    "INSERT INTO gpkg_geometry_columns VALUES (?1, ?2, ?3, ?4, ?5, 0)",
                    params![table.name, columns.geometry, shape.name(), srs_id, shape.has_z],
                )
                .map_err(failed)?;
        }
        rows::insert(&self.connection, &target, table, &columns, shape.as_ref(), srs_id)?;
        if is_spatial {
            self.connection
                .execute_batch(&rtree::triggers(&table.name, &columns))
                .map_err(failed)?;
        }
        self.connection.execute_batch(&catalogue::count(table)).map_err(failed)?;
        let geometry = if is_spatial { columns.geometry } else { String::new() };
        self.tables.push((table.name.to_ascii_lowercase(), geometry));
        Ok(())
    }

    /// Stores a QGIS style (QML text) as the default one of a table written before.
    ///
    /// # Errors
    /// When there is no such table, or writing fails.
    pub fn add_style(&mut self, table: &str, style_name: &str, qml: &str) -> Result<()> {
        let lower = table.to_ascii_lowercase();
        let Some((_, geometry)) = self.tables.iter().find(|(name, _)| *name == lower) else {
            let available = self.tables.iter().map(|(name, _)| name.clone()).collect();
            let problem = FileProblem::MissingLayer { name: table.to_owned(), available };
            return Err(Error::file(&self.target, problem));
        };
        let failed = |error: rusqlite::Error| write_problem(&self.target, &error);
        if !self.has_styles {
            self.connection.execute_batch(catalogue::STYLES).map_err(failed)?;
            self.connection
                .execute(
                    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, \
                     last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?1)",
                    [&self.last_change],
                )
                .map_err(failed)?;
            self.has_styles = true;
        }
        self.connection
            .execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, \
                 f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, \
                 owner, ui, update_time) \
                 VALUES ('', '', ?1, ?2, ?3, ?4, '', 1, '', '', NULL, ?5)",
                params![table, geometry, style_name, qml, self.last_change],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Closes the file and moves it to its place.
    ///
    /// # Errors
    /// When writing fails; an earlier file is then left as it was.
    pub fn finish(self) -> Result<()> {
        let Self { target, file, connection, .. } = self;
        let failed = |error: rusqlite::Error| write_problem(&target, &error);
        connection.execute_batch("COMMIT;").map_err(failed)?;
        connection.close().map_err(|(_, error)| failed(error))?;
        std::fs::OpenOptions::new()
            .write(true)
            .open(file.part())
            .and_then(|file| file.sync_all())
            .map_err(Error::write(&target))?;
        file.publish()
    }

    fn check_name(&self, name: &str) -> Result<()> {
        let lower = name.to_ascii_lowercase();
        let reserved = ["gpkg_", "sqlite_", "rtree_"].iter().any(|p| lower.starts_with(p));
        if name.is_empty() || name.contains('\0') || reserved || lower == "layer_styles" {
            return Err(Error::input(
                self.target.display().to_string(),
                format!("le nom de table « {name} » est réservé ou vide ; en choisir un autre"),
                format!("table name \"{name}\" is reserved or empty; choose another"),
            ));
        }
        if self.tables.iter().any(|(taken, _)| *taken == lower) {
            return Err(Error::input(
                self.target.display().to_string(),
                format!("deux tables s'appellent « {name} » ; en renommer une"),
                format!("two tables are called \"{name}\"; rename one"),
            ));
        }
        Ok(())
    }

    /// The title, made unique by the table's name where another table has it already: identifiers
    /// are unique in a GeoPackage.
    fn identifier(&self, title: &str, name: &str) -> Result<String> {
        let taken: bool = self
            .connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM gpkg_contents WHERE identifier = ?1)",
                [title],
                |row| row.get(0),
            )
            .map_err(|error| write_problem(&self.target, &error))?;
        Ok(match (title.is_empty(), taken) {
            (true, _) => name.to_owned(),
            (false, true) => format!("{title} ({name})"),
            (false, false) => title.to_owned(),
        })
    }

    fn reference_system(&mut self, crs: Option<Crs>) -> Result<i32> {
        let Some(crs) = crs else { return Ok(-1) };
        let code = crs.epsg();
        if self.systems.insert(code) {
            let (name, wkt) = (crs.name(Language::En), crs.to_wkt());
            self.connection
                .execute(
                    "INSERT INTO gpkg_spatial_ref_sys VALUES (?1, ?2, 'EPSG', ?2, ?3, NULL)",
                    params![name, code, wkt],
                )
                .map_err(|error| write_problem(&self.target, &error))?;
        }
        i32::try_from(code).map_err(|_| Error::Crs {
            given: format!("EPSG:{code}"),
            mend: crate::language::Text::new("code hors limites", "code out of range"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        formats::{
            Feature, Field, FieldKind, Value,
            geopackage::GeoPackage,
            wkb::tests::{geometry, same},
        },
        spatial::{Extent, Geometry},
        test_support::tool,
    };

    fn value(kind: FieldKind) -> BoxedStrategy<Value> {
        let some = match kind {
            FieldKind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
            FieldKind::Integer => any::<i64>().prop_map(Value::Integer).boxed(),
            FieldKind::Real => (-1e300f64..1e300).prop_map(Value::Real).boxed(),
            FieldKind::Text => any::<String>().prop_map(Value::Text).boxed(),
        };
        prop_oneof![1 => Just(Value::Null), 4 => some].boxed()
    }

    fn table() -> impl Strategy<Value = FeatureTable> {
        let kind = prop::sample::select(vec![
            FieldKind::Bool,
            FieldKind::Integer,
            FieldKind::Real,
            FieldKind::Text,
        ]);
        let fields = prop::collection::btree_map("[a-zà '\"%]{1,9}", kind, 0..5);
        (fields, any::<bool>(), "[a-zA-Z' \"é]{1,12}").prop_flat_map(|(fields, with_z, name)| {
            let fields: Vec<Field> =
                fields.into_iter().map(|(name, kind)| Field { name, kind }).collect();
            let values: Vec<_> = fields.iter().map(|f| value(f.kind)).collect();
            let feature = (prop::option::weighted(0.8, geometry(with_z)), values)
                .prop_map(|(geometry, values)| Feature { geometry, values });
            prop::collection::vec(feature, 0..6).prop_map(move |features| FeatureTable {
                name: name.clone(),
                crs: Some(Crs::LAMBERT_93),
                fields: fields.clone(),
                features,
            })
        })
    }

    fn write(path: &Path, tables: &[&FeatureTable]) -> Result<()> {
        let mut writer = GeoPackageWriter::create(path)?;
        for table in tables {
            writer.add_table(table, "Titre", "Texte")?;
        }
        writer.finish()
    }

    fn squares() -> FeatureTable {
        let mut table = FeatureTable::new("bâtiments", Some(Crs::LAMBERT_93))
            .with_field("nature", FieldKind::Text)
            .with_field("léger", FieldKind::Bool)
            .with_field("étages", FieldKind::Integer)
            .with_field("height_m", FieldKind::Real);
        for i in 0..200 {
            let (x, y) = (f64::from(i % 20) * 10.0, f64::from(i / 20) * 10.0);
            let mut square = crate::spatial::Polygon::from_corners(&[
                (x, y),
                (x + 8.0, y),
                (x + 8.0, y + 8.0),
                (x, y + 8.0),
            ]);
            square.exterior.iter_mut().for_each(|p| p[2] = f64::from(i));
            table.features.push(Feature {
                geometry: Some(Geometry::Polygons(vec![square])),
                values: vec![
                    Value::Text("Indifférenciée".into()),
                    Value::Bool(i % 2 == 0),
                    Value::Integer(i64::from(i % 5)),
                    Value::Real(f64::from(i) * 0.1),
                ],
            });
        }
        table
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn written_tables_read_back(table in table()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a b#?%.gpkg");
            write(&path, &[&table]).unwrap();
            let read = GeoPackage::open(&path).unwrap().read(&table.name, None).unwrap();
            prop_assert!(read.report.is_clean());
            prop_assert_eq!(&read.table.name, &table.name);
            prop_assert_eq!(&read.table.fields, &table.fields);
            prop_assert_eq!(read.table.crs, table.crs);
            prop_assert_eq!(read.table.features.len(), table.features.len());
            for (a, b) in read.table.features.iter().zip(&table.features) {
                prop_assert_eq!(&a.values, &b.values);
                match (&a.geometry, &b.geometry) {
                    (Some(a), Some(b)) => prop_assert!(same(a, b)),
                    (a, b) => prop_assert!(a.is_none() && b.is_none()),
                }
            }
        }
    }

    #[test]
    fn the_index_and_a_scan_give_the_same_records() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("squares.gpkg");
        write(&path, &[&squares()]).unwrap();
        let file = GeoPackage::open(&path).unwrap();
        assert!(file.layers()[0].index.is_some());
        assert_eq!(file.layers()[0].feature_count, Some(200));
        assert_eq!(file.layers()[0].extent, squares().extent());
        for bounds in [[8.5, 8.5, 9.5, 9.5], [8.0, 8.0, 30.0, 10.0], [-5.0, -5.0, 500.0, 500.0]] {
            let extent = Extent::try_from(bounds).unwrap();
            let wanted: Vec<_> = squares()
                .features
                .into_iter()
                .filter(|f| f.geometry.as_ref().unwrap().extent().unwrap().intersects(&extent))
                .collect();
            assert_eq!(
                file.read("BÂTIMENTS".to_lowercase().as_str(), Some(&extent))
                    .unwrap()
                    .table
                    .features,
                wanted
            );
        }
    }

    #[test]
    fn the_same_tables_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.gpkg"), folder.path().join("b.gpkg"));
        for path in [&a, &b] {
            write(path, &[&squares()]).unwrap();
        }
        assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
    }

    #[test]
    fn an_earlier_file_stays_until_the_new_one_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        std::fs::write(&path, "earlier").unwrap();
        let mut writer = GeoPackageWriter::create(&path).unwrap();
        writer.add_table(&squares(), "", "").unwrap();
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"earlier");
        write(&path, &[&squares()]).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"SQLite"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn names_that_clash_are_told_apart_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        let mut table = FeatureTable::new("t", None);
        for name in ["fid", "geom", "ID", "id", ""] {
            table = table.with_field(name, FieldKind::Integer);
        }
        table
            .features
            .push(Feature { geometry: None, values: (0..5).map(Value::Integer).collect() });
        write(&path, &[&table]).unwrap();
        let read = GeoPackage::open(&path).unwrap().read("t", None).unwrap().table;
        let names: Vec<_> = read.fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["fid", "geom", "ID", "id_2", "field"]);
        assert_eq!(read.features, table.features);
        assert!(write(&path, &[&table, &table]).is_err());
        assert!(write(&path, &[&FeatureTable::new("gpkg_x", None)]).is_err());
        table.features[0].values[2] = Value::Text("no number".into());
        assert!(write(&path, &[&table]).is_err());
    }

    #[test]
    fn gdal_opens_it_without_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gpkg");
        let mut mixed = FeatureTable::new("mixed", Some(Crs::WGS_84));
        mixed.features.push(Feature {
            geometry: Some(Geometry::Points(vec![[2.0, 48.0, f64::NAN]; 2])),
            values: Vec::new(),
        });
        mixed.features.push(Feature {
            geometry: Some(Geometry::Lines(vec![vec![[2.0, 48.0, 1.0], [3.0, 48.0, 2.0]]])),
            values: Vec::new(),
        });
        let mut writer = GeoPackageWriter::create(&path).unwrap();
        writer.add_table(&squares(), "Bâtiments", "Emprises").unwrap();
        writer.add_table(&mixed, "Mixed", "").unwrap();
        writer.add_table(&FeatureTable::new("empty", None), "Mixed", "").unwrap();
        writer.add_style("mixed", "default", "<qgis/>").unwrap();
        assert!(writer.add_style("absent", "default", "<qgis/>").is_err());
        writer.finish().unwrap();
        let name = path.to_str().unwrap();
        let Some(output) = tool("ogrinfo", &["-al", name]) else { return };
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(err.is_empty(), "{err}");
        for text in
            ["Geometry: 3D Polygon", "Feature Count: 200", "ID[\"EPSG\",2154]", "MULTIPOINT Z"]
        {
            assert!(out.contains(text), "{text} is missing");
        }
        // An update through GDAL goes through the triggers.
        let sql = "UPDATE \"bâtiments\" SET geom = ST_GeomFromText('POINT(0 0)') WHERE fid = 1";
        let output = tool("ogrinfo", &["-q", name, "-sql", sql]).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let sql = "SELECT HasSpatialIndex('bâtiments', 'geom')";
        let output = tool("ogrinfo", &["-q", name, "-sql", sql]).unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("= 1"));
    }
}
