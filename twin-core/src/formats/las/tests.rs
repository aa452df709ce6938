use super::*;
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
