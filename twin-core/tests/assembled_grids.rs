//! Grids assembled from real point files: counts that the data is known for, figures of quality,
//! and the same bytes for any tile size and number of threads.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use twin_core::assembly::{
    AssembledGrids, GridOptions, HeightSource, ModelFiles, TinOptions, assemble_grids,
};
use twin_core::formats::cf::GridFile;
use twin_core::formats::{CogOptions, write_cog};
use twin_core::spatial::{Crs, Extent, Geometry, Grid, GridSpec, Polygon};
use twin_core::territory::{
    Building, Features, LandCover, LandCoverZone, Layer as _, TerrainSource,
};
use twin_core::test_support::data;

fn files(folder: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<PathBuf>> {
    let folder = data(folder)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "laz"))
        .filter(|p| wanted(&p.file_name().unwrap().to_string_lossy()))
        .collect();
    files.sort();
    Some(files)
}

fn assemble(
    points: &[PathBuf],
    features: &Features,
    path: &Path,
    options: &GridOptions,
) -> AssembledGrids {
    assemble_grids(points, features, path, options, &AtomicBool::new(false), &|_, _| ()).unwrap()
}

/// Light from the north-west at 45°, for a look at the result: `TWIN_PICTURES=folder`.
fn picture(name: &str, terrain: &Grid<f32>) {
    let Some(folder) = std::env::var_os("TWIN_PICTURES") else { return };
    let (rows, columns) = (terrain.spec.rows, terrain.spec.columns);
    let size = terrain.spec.cell_size as f32;
    let shade = image::GrayImage::from_fn(columns as u32, rows as u32, |x, y| {
        let (row, column) = (y as usize, x as usize);
        let at = |r: usize, c: usize| terrain[(r.min(rows - 1), c.min(columns - 1))];
        let dx = (at(row, column + 1) - at(row, column)) / size;
        let dy = (at(row, column) - at(row + 1, column)) / size;
        let light = (dx - dy + 1.414) / (2.0 * (1.0 + dx * dx + dy * dy).sqrt());
        image::Luma([if light.is_nan() { 0 } else { 40 + (light.clamp(0.0, 1.0) * 215.0) as u8 }])
    });
    shade.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
}

#[test]
fn lamballe_becomes_a_town_on_its_terrain() {
    let Some(points) = files("lidar/lamballe-0292_6833", |_| true) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grids.h5");
    let extent = Extent::new(292_000.0, 6_832_000.0, 293_000.0, 6_833_000.0);
    let options = GridOptions { extent, resolution_m: 2.0, ..GridOptions::default() };
    let start = std::time::Instant::now();
    let made = assemble(&points, &Features::default(), &path, &options);
    println!("{:?} for 1 km² at 2 m", start.elapsed());
    println!("{}", made.quality.text(twin_core::Language::En));
    println!("{}", made.quality.text(twin_core::Language::Fr));

    let grids = GridFile::open(&path).unwrap();
    assert_eq!((grids.spec().rows, grids.spec().columns), (500, 500));
    let dtm: Grid<f32> = grids.read_level("dtm", 0).unwrap();
    let dsm: Grid<f32> = grids.read_level("dsm", 0).unwrap();
    picture("lamballe-dtm", &dtm);
    picture("lamballe-dsm", &dsm);
    // Percentiles 1 and 50 of the ground points are 45.29 and 51.79 m, over uneven density.
    let mut sorted: Vec<f32> = dtm.values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let (low, middle) = (sorted[sorted.len() / 100], sorted[sorted.len() / 2]);
    assert!((low - 45.29).abs() < 0.5 && (middle - 51.79).abs() < 2.0, "{low} {middle}");
    assert_eq!(made.quality.points, 289_055);
    assert!(made.quality.cells.void < 0.02);

    println!("{} outlines", made.derived_buildings.len());
    assert!((250..=400).contains(&made.derived_buildings.len()));
    assert_eq!(made.buildings.len(), made.derived_buildings.len());
    let by_lidar = made.buildings.iter().filter(|b| b.height_source == HeightSource::Lidar).count();
    assert!(by_lidar * 100 >= made.buildings.len() * 95, "{by_lidar}");
    let mut heights: Vec<f64> = made.buildings.iter().map(|b| b.height_m).collect();
    heights.sort_by(f64::total_cmp);
    let median = heights[heights.len() / 2];
    println!("median height {median:.1} m, highest {:.1} m", heights[heights.len() - 1]);
    assert!((4.0..10.0).contains(&median));
    let cover: Grid<u8> = grids.read_level("land_cover", 0).unwrap();
    let built = cover.values.iter().filter(|c| **c == LandCover::Built.value()).count();
    let share = built as f64 / cover.values.len() as f64;
    assert!((0.08..0.35).contains(&share), "{share}");
}

#[test]
fn tiles_and_threads_leave_the_file_as_it_is() {
    let wanted = |name: &str| !name.starts_with("test_data_77050_627755");
    let Some(points) = files("lidar/montpellier-dense-150x100m", wanted) else { return };
    let folder = tempfile::tempdir().unwrap();
    let corner = |x, y| (770_500.0 + x, 6_277_500.0 + y);
    let house =
        Polygon::from_corners(&[corner(10.0, 10.0), corner(40.0, 10.0), corner(40.0, 40.0)]);
    let features = Features {
        buildings: vec![Building::bare("house", Geometry::Polygons(vec![house]))],
        ..Features::default()
    };
    let make = |name: &str, tile_size_m: f64, threads: usize| {
        let path = folder.path().join(name);
        let options = GridOptions {
            crs: Crs::LAMBERT_93,
            resolution_m: 0.5,
            tin: TinOptions { tile_size_m, ..TinOptions::default() },
            ..GridOptions::default()
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made = pool.install(|| assemble(&points, &features, &path, &options));
        (std::fs::read(&path).unwrap(), made)
    };
    let start = std::time::Instant::now();
    let (bytes, made) = make("a.h5", 500.0, 1);
    println!("{:?} for 1.5 ha at 0.5 m", start.elapsed());
    println!("{}", made.quality.text(twin_core::Language::En));
    for (name, tile_size_m, threads) in [("b.h5", 60.0, 2), ("c.h5", 33.0, 8)] {
        let (other, again) = make(name, tile_size_m, threads);
        assert!(bytes == other, "{name}");
        assert_eq!(made.quality, again.quality);
        assert_eq!(made.buildings, again.buildings);
    }
    let errors = made.quality.errors.unwrap();
    assert!(errors.bias_m.abs() <= 0.01 && errors.nmad_m <= 0.05, "{errors:?}");
    let grids = GridFile::open(folder.path().join("a.h5")).unwrap();
    picture("montpellier-dtm", &grids.read_level("dtm", 0).unwrap());
    picture("montpellier-dsm", &grids.read_level("dsm", 0).unwrap());
}

#[test]
fn an_unclassified_cloud_gives_a_derived_terrain() {
    let Some(path) = data("lidar/edge-cases/sample_lareunion_epsg2975.laz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = GridOptions { resolution_m: 0.5, ..GridOptions::default() };
    let made = assemble(&[path], &Features::default(), &folder.path().join("g.h5"), &options);
    println!("{}", made.quality.text(twin_core::Language::En));
    assert_eq!(made.quality.cells.measured, 0.0);
    assert!(made.quality.cells.virtual_points > 0.8);
    let grids = GridFile::open(folder.path().join("g.h5")).unwrap();
    picture("reunion-dtm", &grids.read_level("dtm", 0).unwrap());
    picture("reunion-dsm", &grids.read_level("dsm", 0).unwrap());
}

#[test]
fn nothing_to_assemble_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.h5");
    let error = assemble_grids(
        &[],
        &Features::default(),
        &path,
        &GridOptions::default(),
        &AtomicBool::new(false),
        &|_, _| (),
    )
    .unwrap_err();
    assert!(error.to_string().contains("no source gives heights"), "{error}");
    assert!(!path.exists());
}

/// A tilted plane with a hut on it, as published models of half a metre over the east of the extent.
fn published_models(folder: &Path) -> (PathBuf, PathBuf) {
    let spec = GridSpec { west: 40.25, north: 60.25, cell_size: 0.5, columns: 80, rows: 80 };
    let ground = Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        (100.0 + 0.1 * x + 0.05 * y) as f32
    });
    let top = Grid::from_fn(spec, |row, column| {
        let (x, y) = spec.centre(row, column);
        let raised = (60.0..64.0).contains(&x) && (30.0..34.0).contains(&y);
        ground[(row, column)] + if raised { 5.0 } else { 0.0 }
    });
    let (mnt, mns) = (folder.join("mnt.tif"), folder.join("mns.tif"));
    write_cog(&mnt, &ground, Crs::LAMBERT_93, &CogOptions::default()).unwrap();
    write_cog(&mns, &top, Crs::LAMBERT_93, &CogOptions::default()).unwrap();
    (mnt, mns)
}

#[test]
fn published_models_fill_cells_without_points_and_meet_the_terrain_of_points() {
    let folder = tempfile::tempdir().unwrap();
    let (mnt, mns) = published_models(folder.path());
    let cloud = folder.path().join("west.las");
    write_plane(&cloud);
    let square = Polygon::from_corners(&[(58.0, 28.0), (66.0, 28.0), (66.0, 36.0), (58.0, 36.0)]);
    let wood = LandCoverZone {
        cover: LandCover::DeciduousForest,
        ..LandCoverZone::bare("bois", Geometry::Polygons(vec![square]))
    };
    let features = Features { land_cover: vec![wood], ..Features::default() };
    let models = ModelFiles { terrain: vec![mnt], surface: vec![mns] };
    let options = GridOptions {
        extent: Extent::new(10.0, 25.0, 75.0, 55.0),
        models: models.clone(),
        ..GridOptions::default()
    };
    let path = folder.path().join("grids.h5");
    let made = assemble(&[cloud], &features, &path, &options);
    let file = GridFile::open(&path).unwrap();
    let dtm: Grid<f32> = file.read_level("dtm", 0).unwrap();
    for row in 0..dtm.spec.rows {
        for column in 0..dtm.spec.columns {
            let (x, y) = dtm.spec.centre(row, column);
            let truth = 100.0 + 0.1 * x + 0.05 * y;
            // The points are quantised to a centimetre; west of the models and of the points: nothing.
            let height = f64::from(dtm[(row, column)]);
            assert!((height - truth).abs() < 0.011, "{x} {y}: {height} for {truth}");
        }
    }
    let canopy: Grid<f32> = file.read_level("canopy_height", 0).unwrap();
    assert!((canopy.at(62.5, 32.5).unwrap() - 5.0).abs() < 0.01, "a tree in the wood");
    assert_eq!(*canopy.at(59.5, 29.5).unwrap(), 0.0);
    assert!(made.quality.cells.interpolated > 0.2 && made.quality.is_fit_for_hazard);

    // Without any point the models carry the territory; without a surface, buildings their height.
    let house = Polygon::from_corners(&[(50.0, 40.0), (58.0, 40.0), (58.0, 46.0), (50.0, 46.0)]);
    let building =
        Building { height_m: Some(7.0), ..Building::bare("B", Geometry::Polygons(vec![house])) };
    let features = Features { buildings: vec![building], ..Features::default() };
    let models = ModelFiles { surface: Vec::new(), ..models };
    let options = GridOptions { extent: None, models, ..GridOptions::default() };
    let path = folder.path().join("models.h5");
    let made = assemble(&[], &features, &path, &options);
    assert_eq!(made.quality.terrain_source, TerrainSource::Models);
    let file = GridFile::open(&path).unwrap();
    let (dtm, dsm): (Grid<f32>, Grid<f32>) =
        (file.read_level("dtm", 0).unwrap(), file.read_level("dsm", 0).unwrap());
    let raised = dsm.at(54.5, 43.5).unwrap() - dtm.at(54.5, 43.5).unwrap();
    assert!((raised - 7.0).abs() < 0.01, "{raised}");
}

/// Ground points of the same plane in the west, every half metre.
fn write_plane(path: &Path) {
    let mut builder = las::Builder::from((1, 4));
    builder.point_format = las::point::Format::new(6).unwrap();
    let transform = las::Transform { scale: 0.01, offset: 0.0 };
    builder.transforms = las::Vector { x: transform, y: transform, z: transform };
    let mut writer = las::Writer::from_path(path, builder.into_header().unwrap()).unwrap();
    for i in 0..80 {
        for j in 0..120 {
            let (x, y) = (5.25 + 0.5 * f64::from(i), 5.25 + 0.5 * f64::from(j));
            let point = las::Point {
                x,
                y,
                z: 100.0 + 0.1 * x + 0.05 * y,
                classification: las::point::Classification::Ground,
                return_number: 1,
                number_of_returns: 1,
                gps_time: Some(0.0),
                ..las::Point::default()
            };
            writer.write_point(point).unwrap();
        }
    }
    writer.close().unwrap();
}
