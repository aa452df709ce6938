use super::*;
use crate::spatial::Crs;
use crate::test_support::data;

/// The same points through the `las` crate: the reference of these tests.
fn reference(path: &Path) -> (Vec<[i32; 3]>, Vec<u8>, Vec<(u8, u8)>) {
    let mut reader = ::las::Reader::from_path(path).unwrap();
    let transforms = *reader.header().transforms();
    let all = reader.read_all().unwrap();
    let mut result = (Vec::new(), Vec::new(), Vec::new());
    for point in all.points() {
        let point = point.unwrap();
        if point.is_withheld {
            continue;
        }
        let quantise = |v: f64, t: ::las::Transform| t.inverse(v).unwrap();
        result.0.push([
            quantise(point.x, transforms.x),
            quantise(point.y, transforms.y),
            quantise(point.z, transforms.z),
        ]);
        result.1.push(u8::from(point.classification));
        result.2.push((point.return_number, point.number_of_returns));
    }
    result
}

fn read_all(path: &Path) -> PointBlock {
    PointFile::open(path).unwrap().read(&PointQuery::default()).unwrap()
}

fn assert_equals_reference(path: &Path) {
    let block = read_all(path);
    let (positions, classes, returns) = reference(path);
    assert_eq!(block.len(), positions.len(), "{}", path.display());
    for (i, p) in positions.iter().enumerate() {
        assert_eq!([block.x[i], block.y[i], block.z[i]], *p, "{} point {i}", path.display());
    }
    assert_eq!(block.class, classes);
    let ours: Vec<(u8, u8)> =
        block.return_number.iter().copied().zip(block.number_of_returns.iter().copied()).collect();
    assert_eq!(ours, returns);
}

#[test]
fn every_real_file_gives_the_points_of_the_reference_reader() {
    for file in [
        "lidar/edge-cases/test_data_0436_6384_LA93_IGN69_single_point.laz",
        "lidar/edge-cases/malformed_extrabytes.las",
        "lidar/edge-cases/test_pdalfail_0643_6319_LA93_IGN69.laz",
        "lidar/edge-cases/las_with_origin_dsmMarker.laz",
        "lidar/edge-cases/test_noepsg_043500_629205_IGN69.laz",
        "lidar/edge-cases/sample_lareunion_epsg2975.laz",
        "lidar/edge-cases/St_Barth_RGAF09_UTM20N_IGN_1988_SB_subset_100m.laz",
        "lidar/edge-cases/example.copc.laz",
        "lidar/edge-cases/test_data_77050_627755_LA93_IGN69.copc.laz",
        "lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz",
        "lidar/montpellier-dense-150x100m/test_data_77055_627760_LA93_IGN69.laz",
        "lidar/bresse-870000_6618000-bdtopo/870000_6618000.subset.postValidation.laz",
        "lidar/ign-mnx-reference/input/68.laz",
        "lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz",
        "buildings/delft/ahn3/ahn3_cropped_1.laz",
    ] {
        if let Some(path) = data(file) {
            assert_equals_reference(&path);
        }
    }
}

fn open_error(file: &str) -> Option<Error> {
    data(file).map(|path| PointFile::open(path).unwrap_err())
}

/// A small file written by the `las` crate: a slope of points with some withheld.
fn sample(version: (u8, u8), point_format: u8, is_compressed: bool, points: u32) -> Vec<u8> {
    let mut builder = ::las::Builder::from(version);
    builder.point_format = ::las::point::Format::new(point_format).unwrap();
    builder.point_format.is_compressed = is_compressed;
    builder.transforms.x = ::las::Transform { scale: 0.01, offset: 700_000.0 };
    builder.transforms.y = ::las::Transform { scale: 0.01, offset: 6_600_000.0 };
    builder.transforms.z = ::las::Transform { scale: 0.01, offset: 0.0 };
    builder.vlrs.push(::las::Vlr {
        user_id: "LASF_Projection".into(),
        record_id: 2112,
        data: b"PROJCS[\"x\",AUTHORITY[\"EPSG\",\"2154\"]]".to_vec(),
        ..::las::Vlr::default()
    });
    let has_colour = builder.point_format.has_color;
    let has_time = builder.point_format.has_gps_time;
    let cursor = std::io::Cursor::new(Vec::new());
    let mut writer = ::las::Writer::new(cursor, builder.into_header().unwrap()).unwrap();
    for i in 0..points {
        let (column, row) = (f64::from(i % 40), f64::from(i / 40));
        writer
            .write_point(::las::Point {
                x: 700_000.0 + column,
                y: 6_600_000.0 + row,
                z: 100.0 + 0.1 * column + f64::from(i * i % 7),
                classification: ::las::point::Classification::new(if i % 3 == 0 { 6 } else { 2 })
                    .unwrap(),
                return_number: 1,
                number_of_returns: 1 + (i % 2) as u8,
                is_withheld: i % 10 == 9,
                gps_time: has_time.then_some(f64::from(i)),
                color: has_colour.then_some(::las::Color::new(1, 2, 3)),
                ..::las::Point::default()
            })
            .unwrap();
    }
    writer.close().unwrap();
    writer.into_inner().unwrap().into_inner()
}

fn on_disk(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

/// Opens and reads; the answer may be points or an error.
fn attempt(bytes: &[u8]) -> Result<PointBlock> {
    let file = on_disk(bytes);
    let opened = PointFile::open(file.path())?;
    let everything = opened.read(&PointQuery::default());
    let extent = Extent::new(0.0, 0.0, 1e7, 1e7);
    let _ = opened.read(&PointQuery { extent, max_level: Some(1), classes: Some(vec![2]) });
    everything
}

#[test]
fn all_point_formats_plain_and_compressed_without_withheld_points() {
    for point_format in [0, 1, 2, 3, 6, 7] {
        for is_compressed in [false, true] {
            let bytes = sample((1, 4), point_format, is_compressed, 1000);
            let file = on_disk(&bytes);
            let opened = PointFile::open(file.path()).unwrap();
            assert_eq!(opened.header().declared_points, 1000);
            assert_eq!(opened.header().crs, Some(Crs::LAMBERT_93));
            assert_equals_reference(file.path());
            assert_eq!(read_all(file.path()).len(), 900);
        }
    }
}

#[test]
fn chunks_join_to_the_same_points_for_any_number_of_threads() {
    let Some(path) = data("lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz")
    else {
        return;
    };
    let with_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| read_all(&path))
    };
    let one = with_threads(1);
    assert_eq!(one.len(), 289_055);
    assert_eq!(one, with_threads(2));
    assert_eq!(one, with_threads(8));
}

#[test]
fn a_query_keeps_what_a_full_read_and_a_filter_keep() {
    for file in [
        "lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz",
        "lidar/edge-cases/test_data_77050_627755_LA93_IGN69.copc.laz",
    ] {
        let Some(path) = data(file) else { return };
        let extent = Extent::new(770_510.0, 6_277_511.5, 770_520.0, 6_277_530.25).unwrap();
        let opened = PointFile::open(&path).unwrap();
        let query =
            PointQuery { extent: Some(extent), classes: Some(vec![2]), ..PointQuery::default() };
        let part = opened.read(&query).unwrap();
        let whole = opened.read(&PointQuery::default()).unwrap();
        let expected = (0..whole.len())
            .filter(|&i| {
                let [x, y, _] = whole.position(i);
                whole.class[i] == 2 && extent.buffered(1e-6).contains(x, y)
            })
            .count();
        assert!(expected > 100, "{expected}");
        assert_eq!(part.len(), expected);
        assert!(extent.buffered(1e-6).contains(part.extent().unwrap().min_x, 6_277_520.0));
    }
}

#[test]
fn levels_of_an_octree_add_up_to_all_points() {
    let Some(path) = data("lidar/edge-cases/test_data_77050_627755_LA93_IGN69.copc.laz") else {
        return;
    };
    let opened = PointFile::open(&path).unwrap();
    assert!(opened.header().is_copc);
    let to_level = |level| {
        opened.read(&PointQuery { max_level: Some(level), ..PointQuery::default() }).unwrap()
    };
    let counts: Vec<usize> = (0..6).map(|level| to_level(level).len()).collect();
    assert!(counts.is_sorted() && counts[0] > 0 && counts[0] < counts[5], "{counts:?}");
    assert_eq!(to_level(30), read_all(&path));
    assert_eq!(read_all(&path).len(), 21_172);
    let spacing = opened.header().copc_spacing.unwrap();
    assert_eq!(opened.level_for_spacing(spacing), Some(0));
    assert_eq!(opened.level_for_spacing(spacing / 4.0), Some(2));
}

#[test]
fn reference_systems_are_read_where_stated_and_never_guessed() {
    let crs = |file: &str| data(file).map(|path| PointFile::open(path).unwrap().header().crs);
    let epsg = |code| Crs::from_epsg(code).ok();
    for (file, expected) in [
        ("lidar/edge-cases/sample_lareunion_epsg2975.laz", epsg(2975)),
        ("lidar/edge-cases/example.copc.laz", epsg(26917)),
        ("lidar/edge-cases/test_data_77050_627755_LA93_IGN69.copc.laz", None),
        ("lidar/edge-cases/test_noepsg_043500_629205_IGN69.laz", None),
        ("lidar/edge-cases/St_Barth_RGAF09_UTM20N_IGN_1988_SB_subset_100m.laz", None),
        ("lidar/edge-cases/test_data_empty.las", epsg(2154)),
        ("lidar/ign-mnx-reference/input/corse.laz", epsg(2154)),
        ("lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz", epsg(2154)),
        ("lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz", epsg(2154)),
        ("lidar/bresse-870000_6618000-bdtopo/870000_6618000.subset.postValidation.laz", epsg(2154)),
    ] {
        if let Some(found) = crs(file) {
            assert_eq!(found, expected, "{file}");
        }
    }
}

#[test]
fn an_empty_cloud_is_no_error() {
    let Some(path) = data("lidar/edge-cases/test_data_empty.las") else { return };
    let opened = PointFile::open(path).unwrap();
    assert_eq!(opened.header().declared_extent, None);
    assert!(opened.read(&PointQuery::default()).unwrap().is_empty());
    assert!(attempt(&sample((1, 4), 6, true, 0)).unwrap().is_empty());
}

#[test]
fn an_unfinished_header_is_named() {
    let Some(error) = open_error("lidar/edge-cases/Semis_2022_0906_6665_LA93_IGN69_nok.laz") else {
        return;
    };
    assert_eq!(error.code(), "file.damaged");
    assert!(error.to_string().contains("header size 0"), "{error}");
}

#[test]
fn other_files_are_no_point_files() {
    assert_eq!(attempt(b"").unwrap_err().code(), "file.empty");
    assert_eq!(attempt(b"PK\x03\x04 something else").unwrap_err().code(), "file.format");
    assert_eq!(attempt(b"LASF").unwrap_err().code(), "file.truncated");
    assert_eq!(attempt(&[0; 5000]).unwrap_err().code(), "file.format");
}

#[test]
fn a_truncated_file_says_how_many_points_are_left() {
    let plain = sample((1, 2), 1, false, 1000);
    let error = attempt(&plain[..plain.len() - 28 * 100]).unwrap_err();
    assert!(error.to_string().contains("900 of 1000 points"), "{error}");

    // Several chunks: the whole ones before the cut can be decoded.
    let Some(path) = data("lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz")
    else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let error = attempt(&bytes[..bytes.len() / 2]).unwrap_err();
    assert_eq!(error.code(), "file.truncated");
    assert!(error.to_string().contains("100000 of 289055 points"), "{error}");

    let Some(path) =
        data("lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz")
    else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let error = attempt(&bytes[..bytes.len() / 2]).unwrap_err();
    assert_eq!(error.code(), "file.truncated");
    assert!(error.to_string().contains("of 84524 points"), "{error}");
}

#[test]
fn a_lost_chunk_table_is_no_loss() {
    for file in [
        "lidar/lamballe-0292_6833/test_semis_2023_0292_6833_LA93_IGN69.laz",
        "lidar/montpellier-dense-150x100m/full_test_data_77050_627755_LA93_IGN69.laz",
    ] {
        let Some(path) = data(file) else { return };
        let mut bytes = std::fs::read(&path).unwrap();
        let start = bytes::u32_at(&bytes, 96).unwrap() as usize;
        bytes[start..start + 8].copy_from_slice(&(-1i64).to_le_bytes());
        assert_eq!(attempt(&bytes).unwrap(), read_all(&path));
    }
}

/// Overwrites bytes of a sample and reads it.
fn attempt_with(bytes: &[u8], at: usize, value: &[u8]) -> Result<PointBlock> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    attempt(&bytes)
}

#[test]
fn unusable_scales_and_offsets_are_refused() {
    let bytes = sample((1, 4), 6, false, 10);
    for (at, value) in [
        (131, 0.0),
        (139, f64::NAN),
        (147, -0.01),
        (131, f64::INFINITY),
        (155, f64::NAN),
        (163, f64::NEG_INFINITY),
    ] {
        let error = attempt_with(&bytes, at, &value.to_le_bytes()).unwrap_err();
        assert_eq!(error.code(), "file.damaged");
    }
}

#[test]
fn absurd_bounds_are_ignored() {
    let bytes = sample((1, 4), 6, false, 10);
    for value in [f64::NAN, f64::MAX, f64::INFINITY, -1e300] {
        let mut bytes = bytes.clone();
        bytes[179..187].copy_from_slice(&value.to_le_bytes());
        let file = on_disk(&bytes);
        let opened = PointFile::open(file.path()).unwrap();
        assert_eq!(opened.header().declared_extent, None);
        assert_eq!(opened.read(&PointQuery::default()).unwrap().len(), 9);
    }
}

#[test]
fn forged_numbers_cost_no_memory() {
    let plain = sample((1, 4), 6, false, 100);
    let packed = sample((1, 4), 6, true, 100);
    let started = std::time::Instant::now();
    for bytes in [&plain, &packed] {
        for count in [101, 1 << 20, u64::MAX / 64, u64::MAX] {
            assert!(attempt_with(bytes, 247, &count.to_le_bytes()).is_err(), "{count} points");
        }
        // Numbers of records: the walk ends at the points.
        assert!(attempt_with(bytes, 100, &u32::MAX.to_le_bytes()).is_ok());
        assert!(attempt_with(bytes, 243, &u32::MAX.to_le_bytes()).is_ok());
        // Length of the first record.
        let _ = attempt_with(bytes, 375 + 20, &u16::MAX.to_le_bytes());
        assert!(attempt_with(bytes, 105, &u16::MAX.to_le_bytes()).is_err());
        assert!(attempt_with(bytes, 96, &u32::MAX.to_le_bytes()).is_err());
    }
    let start = bytes::u32_at(&packed, 96).unwrap() as usize;
    let table = bytes::i64_at(&packed, start).unwrap() as usize;
    assert!(attempt_with(&packed, table + 4, &u32::MAX.to_le_bytes()).is_err());
    // The size of the first layer of the first chunk.
    assert!(attempt_with(&packed, start + 8 + 34, &u32::MAX.to_le_bytes()).is_err());
    assert!(started.elapsed().as_secs() < 5);
}

mod fuzz {
    use super::*;
    use proptest::prelude::*;

    /// Some bytes overwritten, then perhaps cut.
    fn mutate(bytes: &[u8], changes: &[(prop::sample::Index, u8)], cut: Option<usize>) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (place, value) in changes {
            let at = place.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(cut.unwrap_or(usize::MAX));
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_make_the_reader_panic(
            which in 0usize..5,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
            in_head in prop::collection::vec((0usize..700, any::<u8>()), 0..3),
            cut in prop::option::weighted(0.2, 0usize..4000),
        ) {
            let bytes = match which {
                0 => sample((1, 2), 1, false, 60),
                1 => sample((1, 2), 3, true, 60),
                2 => sample((1, 4), 7, true, 60),
                3 => sample((1, 4), 6, true, 400),
                _ => match data("lidar/edge-cases/example.copc.laz") {
                    Some(path) => std::fs::read(path).unwrap(),
                    None => return Ok(()),
                },
            };
            let mut bytes = mutate(&bytes, &changes, cut);
            for (at, value) in in_head {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            let started = std::time::Instant::now();
            if let Ok(block) = attempt(&bytes) {
                prop_assert!(block.len() <= 32 * bytes.len() + 100_000);
            }
            prop_assert!(started.elapsed().as_secs() < 5);
        }
    }
}
