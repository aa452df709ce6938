//! GeoJSON (RFC 7946, and the older `crs` member of the 2008 specification that GDAL and French
//! services still write).

mod reader;
mod writer;

pub use reader::read;
pub use writer::write;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        formats::{
            Feature, FeatureTable, FieldKind, LayerRead, Value,
            wkb::tests::{geometry, same},
        },
        spatial::{Crs, Geometry},
    };

    fn read_text(text: impl AsRef<[u8]>) -> crate::Result<LayerRead> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.geojson");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    fn collection(members: &str, features: &str) -> String {
        format!(r#"{{"type":"FeatureCollection",{members}"features":[{features}]}}"#)
    }

    const POINT: &str =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;

    #[test]
    fn the_reference_system_is_that_of_the_member_or_wgs_84() {
        let crs = |name: &str| {
            let member = format!(r#""crs":{{"type":"name","properties":{{"name":"{name}"}}}},"#);
            read_text(collection(&member, POINT)).unwrap().table.crs
        };
        assert_eq!(crs("urn:ogc:def:crs:EPSG::2154"), Some(Crs::LAMBERT_93));
        assert_eq!(crs("EPSG:4326"), Some(Crs::WGS_84));
        assert_eq!(crs("urn:ogc:def:crs:OGC:1.3:CRS84"), Some(Crs::WGS_84));
        let without = read_text(collection("", POINT)).unwrap();
        assert_eq!(without.table.crs, Some(Crs::WGS_84));
        let null = read_text(collection(r#""crs":null,"#, POINT)).unwrap();
        assert_eq!(null.table.crs, None, "null states that there is none");
        let unknown =
            read_text(collection(r#""crs":{"properties":{"name":"here"}},"#, POINT)).unwrap();
        assert_eq!((unknown.table.crs, unknown.report.notices.len()), (None, 1));
    }

    #[test]
    fn kinds_widen_over_all_records() {
        let feature = |p: &str| format!(r#"{{"type":"Feature","geometry":null,"properties":{p}}}"#);
        let features = [
            feature(r#"{"a":1,"b":true,"c":null,"d":"true"}"#),
            feature(r#"{"b":3,"a":1.5,"e":{"x":[1,2]}}"#),
            feature("null"),
        ]
        .join(",");
        let read = read_text(collection("", &features)).unwrap();
        assert!(read.report.is_clean());
        let fields: Vec<_> = read.table.fields.iter().map(|f| (f.name.as_str(), f.kind)).collect();
        use FieldKind::{Real, Text};
        assert_eq!(fields, [("a", Real), ("b", Text), ("c", Text), ("d", Text), ("e", Text)]);
        let text = |t: &str| Value::Text(t.into());
        let null = Value::Null;
        assert_eq!(
            read.table.features.iter().map(|f| f.values.clone()).collect::<Vec<_>>(),
            [
                vec![Value::Real(1.0), text("true"), null.clone(), text("true"), null.clone()],
                vec![
                    Value::Real(1.5),
                    text("3"),
                    null.clone(),
                    null.clone(),
                    text(r#"{"x":[1,2]}"#)
                ],
                vec![null; 5],
            ]
        );
    }

    #[test]
    fn a_feature_a_geometry_and_a_byte_order_mark_are_read() {
        assert_eq!(read_text(POINT).unwrap().table.features.len(), 1);
        let geometry = r#"{"coordinates":[[1,2,3],[4,5,6]],"type":"LineString"}"#;
        let table = read_text(format!("\u{feff}{geometry}")).unwrap().table;
        assert!(table.features[0].geometry.as_ref().unwrap().has_heights());
    }

    #[test]
    fn a_bad_record_is_skipped_and_reported() {
        let bad = [
            r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1]}}"#,
            r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[1,2]}}"#,
            r#"{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[]}}"#,
            "17",
        ];
        let features = [&[POINT], &bad[..]].concat().join(",");
        let read = read_text(collection("", &features)).unwrap();
        assert_eq!(read.table.features.len(), 1);
        let skipped: Vec<_> = read.report.skipped.iter().map(|s| s.record).collect();
        assert_eq!(skipped, [2, 3, 4, 5]);
    }

    #[test]
    fn other_files_are_refused_with_their_reason() {
        let code = |text: &str| read_text(text).unwrap_err().code();
        assert_eq!(code(""), "file.empty");
        assert_eq!(code("PK"), "file.format");
        assert_eq!(code(r#"{"a":1}"#), "file.format");
        assert_eq!(code(&collection("", POINT)[..60]), "file.truncated");
        assert_eq!(code(&collection("", POINT).replace("[1,2]", "[1,2]]")), "file.damaged");
        let deep = "[".repeat(100_000);
        assert!(read_text(&deep).is_err());
        assert!(read_text(collection("", &format!(r#"{{"properties":{{"a":{deep}}}}}"#))).is_err());
        let huge = POINT.replace("[1,2]", "[1e999,2]");
        assert!(read_text(collection("", &huge)).is_err());
        let wide: Vec<String> = (0..3000)
            .map(|i| format!(r#"{{"type":"Feature","geometry":null,"properties":{{"p{i}":1}}}}"#))
            .collect();
        assert_eq!(code(&collection("", &wide.join(","))), "file.unsupported");
    }

    fn table() -> impl Strategy<Value = FeatureTable> {
        let feature = (
            prop::option::weighted(0.8, any::<bool>().prop_flat_map(geometry)),
            any::<i64>(),
            any::<String>(),
            -1e9f64..1e9,
        );
        prop::collection::vec(feature, 1..6).prop_map(|features| {
            let mut table = FeatureTable::new("couche \"é\"", Some(Crs::LAMBERT_93))
                .with_field("n", FieldKind::Integer)
                .with_field("t", FieldKind::Text)
                .with_field("r", FieldKind::Real);
            table.features = features
                .into_iter()
                .map(|(mut geometry, n, t, r)| {
                    // The writer rounds to the millimetre: start from such numbers.
                    let round = |v: f64| (v * 1000.0).round() / 1000.0;
                    for p in geometry.iter_mut().flat_map(Geometry::positions_mut) {
                        *p = p.map(round);
                    }
                    let values = vec![Value::Integer(n), Value::Text(t), Value::Real(r)];
                    Feature { geometry, values }
                })
                .collect();
            table
        })
    }

    /// With rings in a fixed direction: the writer turns them as the specification asks.
    fn turned(geometry: &Geometry) -> Geometry {
        let mut geometry = geometry.clone();
        if let Geometry::Polygons(polygons) = &mut geometry {
            for polygon in polygons {
                for ring in std::iter::once(&mut polygon.exterior).chain(&mut polygon.interiors) {
                    let mut reversed = ring.clone();
                    reversed.reverse();
                    if format!("{reversed:?}") < format!("{ring:?}") {
                        *ring = reversed;
                    }
                }
            }
        }
        geometry
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn written_tables_read_back(table in table()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.geojson");
            write(&path, &table).unwrap();
            let read = read(&path).unwrap();
            prop_assert!(read.report.is_clean());
            prop_assert_eq!(&read.table.name, &table.name);
            prop_assert_eq!(&read.table.fields, &table.fields);
            prop_assert_eq!(read.table.crs, table.crs);
            prop_assert_eq!(read.table.features.len(), table.features.len());
            for (a, b) in read.table.features.iter().zip(&table.features) {
                prop_assert_eq!(&a.values, &b.values);
                match (&a.geometry, &b.geometry) {
                    (Some(a), Some(b)) => prop_assert!(same(&turned(a), &turned(b)), "{:?} {:?}", a, b),
                    (a, b) => prop_assert!(a.is_none() && b.is_none()),
                }
            }
        }

        #[test]
        fn hostile_files_never_panic(
            table in table(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            length in any::<prop::sample::Index>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.geojson");
            write(&path, &table).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            let _ = read_text(&bytes[..length.index(bytes.len())]);
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = read_text(&bytes);
        }
    }

    #[test]
    fn gdal_reads_the_reference_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.geojson");
        let mut table = FeatureTable::new("t", Some(Crs::LAMBERT_93));
        let geometry = Some(Geometry::Points(vec![[700_000.0, 6_600_000.0, 12.5]]));
        table.features.push(Feature { geometry, values: Vec::new() });
        write(&path, &table).unwrap();
        let arguments = ["-al", path.to_str().unwrap()];
        let Some(output) = crate::test_support::tool("ogrinfo", &arguments) else { return };
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(output.stderr.is_empty());
        assert!(
            out.contains("ID[\"EPSG\",2154]") && out.contains("POINT Z (700000 6600000 12.5)"),
            "{out}"
        );
        assert!(Path::new(&path).exists());
    }
}
