//! A valley whose river, tributary, lake, embankment and bridge are known.

use super::*;
use crate::formats::cf::{BandMeta, GridFile};
use crate::spatial::{Crs, Geometry, Polygon};
use crate::territory::{
    BedRule, GivenSection, GroundPosition, Layer as _, Persistence, Rail, Road,
    SurfaceConstruction, SurfaceConstructionNature, WaterCourse, WaterNature, WaterSurface,
};

const SPEC: GridSpec =
    GridSpec { west: 1000.0, north: 2300.0, cell_size: 1.0, columns: 600, rows: 300 };
/// Middle of the river and of the embankment across it.
const RIVER_Y: f64 = 2150.0;
const BANK_X: f64 = 1300.0;
/// Half widths of the water and of the embankment.
const HALF_M: f64 = 6.0;
const HALF_BANK_M: f64 = 8.0;

/// Level of the river's water, 2 ‰ to the east.
fn water(x: f64) -> f64 {
    20.0 - 0.002 * (x - 1000.0)
}

/// The valley as LiDAR sees it: banks of 0.2 m, noise of a few centimetres, an embankment of 3 m that
/// closes river and street.
fn terrain() -> Grid<f32> {
    Grid::from_fn(SPEC, |row, column| {
        let (x, y) = SPEC.centre(row, column);
        let off = (y - RIVER_Y).abs();
        let valley = if off <= HALF_M { 0.0 } else { 0.2 + 0.01 * (off - HALF_M) };
        let noise = 0.03 * ((row * 7919 + column * 104_729) % 17) as f64 / 17.0;
        let embankment = if (x - BANK_X).abs() <= HALF_BANK_M { 3.0 } else { 0.0 };
        let lake = (x - 1100.0).hypot(y - 2260.0) < 12.0;
        let height = if lake { 20.4 } else { water(x) + valley + embankment };
        (height + noise) as f32
    })
}

fn line(points: &[[f64; 2]]) -> Geometry {
    Geometry::Lines(vec![points.iter().map(|p| [p[0], p[1], f64::NAN]).collect()])
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Geometry {
    let corners = [(west, south), (east, south), (east, north), (west, north)];
    Geometry::Polygons(vec![Polygon::from_corners(&corners)])
}

fn disc(x: f64, y: f64, radius: f64) -> Geometry {
    let corner = |k: u32| {
        let (s, c) = (f64::from(k) * std::f64::consts::TAU / 48.0).sin_cos();
        (x + radius * c, y + radius * s)
    };
    Geometry::Polygons(vec![Polygon::from_corners(&(0..48).map(corner).collect::<Vec<_>>())])
}

fn features() -> Features {
    let river = |id: &str, from: f64, to: f64| WaterCourse {
        name: Some("la Rivière".into()),
        ..WaterCourse::bare(id, line(&[[from, RIVER_Y], [to, RIVER_Y]]))
    };
    let tributary = WaterCourse::bare("T", line(&[[1400.0, 2290.0], [1400.0, RIVER_Y]]));
    let surface = WaterSurface {
        nature: Some(WaterNature::NaturalFlow),
        persistence: Some(Persistence::Permanent),
        ..WaterSurface::bare("S", rectangle(990.0, RIVER_Y - HALF_M, 1610.0, RIVER_Y + HALF_M))
    };
    let lake = WaterSurface {
        nature: Some(WaterNature::Pond),
        ..WaterSurface::bare("L", disc(1100.0, 2260.0, 11.0))
    };
    let deck = SurfaceConstruction {
        nature: Some(SurfaceConstructionNature::Bridge),
        ..SurfaceConstruction::bare(
            "P",
            rectangle(BANK_X - HALF_BANK_M - 1.0, 2060.0, BANK_X + HALF_BANK_M + 1.0, 2070.0),
        )
    };
    let street = Road {
        position: Some(GroundPosition::Level(0)),
        width_m: Some(5.0),
        ..Road::bare("R", line(&[[1200.0, 2065.0], [1400.0, 2065.0]]))
    };
    let rail = Rail {
        position: Some(GroundPosition::Level(1)),
        ..Rail::bare("V", line(&[[BANK_X, 2000.0], [BANK_X, 2300.0]]))
    };
    Features {
        water_courses: vec![river("A", 990.0, 1400.0), river("B", 1400.0, 1610.0), tributary],
        water_surfaces: vec![surface, lake],
        surface_constructions: vec![deck],
        roads: vec![street],
        rails: vec![rail],
        ..Features::default()
    }
}

fn made(
    features: &Features,
    settings: &HydrographySettings,
    side: usize,
) -> (Grid<f32>, Grid<u8>, HydrographyReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grids.h5");
    let mut writer =
        GridFileWriter::create(&path, &SPEC, Crs::LAMBERT_93, &Default::default()).unwrap();
    for band in ["dtm", BED] {
        writer.add_band(&BandMeta::continuous(band, "height", "m")).unwrap();
    }
    let codes = BedChange::ALL.map(|(change, code)| (change as u8, code));
    writer.add_band(&BandMeta::categorical(BED_CHANGE, "why", &codes)).unwrap();
    writer.write_window("dtm", 0, 0, &terrain()).unwrap();
    let blocks = Window::whole(&SPEC).tiles(side);
    let report = write_bed(&mut writer, features, settings, &blocks).unwrap();
    writer.finish().unwrap();
    let file = GridFile::open(&path).unwrap();
    (file.read_level(BED, 0).unwrap(), file.read_level(BED_CHANGE, 0).unwrap(), report)
}

#[test]
fn the_river_falls_through_its_embankment_with_the_bed_of_its_width() {
    let (bed, change, report) = made(&features(), &HydrographySettings::default(), 1024);
    assert_eq!(report.falling_share, 1.0);
    assert_eq!((report.on_profile, report.levelled, report.left), (1, 1, 0));
    // 12 m of water: a two-year flow of 2.8 m³/s, 0.37 m deep below banks of 0.2 m.
    let below_water = 0.27 * (12.0f64 / 7.2).powf(0.6) - 0.2;
    let mut last = f32::INFINITY;
    for x in (1002..1598).map(f64::from) {
        let level = *bed.at(x, RIVER_Y).unwrap();
        assert!(level <= last, "rises at {x}");
        last = level;
        let expected = water(x) - below_water;
        let tolerance = if (x - BANK_X).abs() < 60.0 { 0.1 } else { 0.04 };
        assert!((f64::from(level) - expected).abs() < tolerance, "{x}: {level} for {expected}");
        assert_eq!(change.at(x, RIVER_Y), Some(&(BedChange::Carved as u8)));
    }
}

#[test]
fn the_survey_level_is_kept_where_no_bed_is_asked_for_and_a_given_section_holds() {
    let survey = HydrographySettings { bed: BedRule::Survey, section: Vec::new() };
    let (bed, change, report) = made(&features(), &survey, 1024);
    assert!(!report.has_carved_beds());
    assert_eq!(change.at(1100.5, RIVER_Y), Some(&(BedChange::Profile as u8)));
    assert!((f64::from(*bed.at(1100.5, RIVER_Y).unwrap()) - water(1100.5)).abs() < 0.04);
    let section =
        GivenSection { watercourse: "la Rivière".into(), depth_m: 1.5, width_m: Some(6.0) };
    let given = HydrographySettings { bed: BedRule::Survey, section: vec![section] };
    let (bed, ..) = made(&features(), &given, 1024);
    let level = |y: f64| f64::from(*bed.at(1100.5, y).unwrap());
    assert!((level(RIVER_Y) - (water(1100.5) - 1.5)).abs() < 0.05);
    // The bed is 6 m wide, the water 12 m.
    assert!((level(RIVER_Y + 5.0) - water(1100.5)).abs() < 0.05);
    let unknown = GivenSection { watercourse: "la Loire".into(), depth_m: 1.0, width_m: None };
    let unknown = HydrographySettings { section: vec![unknown], ..Default::default() };
    assert!(check_sections(&unknown, &features().water_courses).is_err());
}

#[test]
fn a_lake_is_level_and_the_street_below_the_bridge_open() {
    let (bed, change, report) = made(&features(), &HydrographySettings::default(), 1024);
    let lake: Vec<f32> = (0..SPEC.len())
        .filter(|&i| change.values[i] == BedChange::Level as u8)
        .map(|i| bed.values[i])
        .collect();
    assert!((lake.len() as f64 - 121.0 * std::f64::consts::PI).abs() < 15.0);
    assert!(lake.iter().all(|z| (*z - 20.41).abs() < 0.02 && *z == lake[0]));
    assert_eq!(report.underpasses, 1);
    let ground = terrain();
    assert!(bed.at(BANK_X, 2065.0).unwrap() + 2.0 < *ground.at(BANK_X, 2065.0).unwrap());
    // Beside the street the embankment stands.
    assert_eq!(bed.at(BANK_X, 2045.5), ground.at(BANK_X, 2045.5));
}

#[test]
fn blocks_leave_no_trace() {
    let settings = HydrographySettings::default();
    let (bed, change, report) = made(&features(), &settings, 1024);
    let (tiled_bed, tiled_change, tiled) = made(&features(), &settings, 256);
    assert!(bed == tiled_bed && change == tiled_change);
    assert_eq!(report, tiled);
}

#[test]
fn short_culverts_are_opened_and_long_ones_are_not() {
    let buried = |id: &str, x: f64, length: f64| WaterCourse {
        position: Some(GroundPosition::Level(-1)),
        ..WaterCourse::bare(id, line(&[[x, 2200.0], [x + length, 2200.0]]))
    };
    let features = Features {
        water_courses: vec![buried("short", BANK_X - 20.0, 40.0), buried("long", 1400.0, 150.0)],
        ..Features::default()
    };
    let (bed, change, report) = made(&features, &HydrographySettings::default(), 1024);
    assert_eq!((report.culverts, report.long_culverts), (1, 1));
    assert!(!change.values.contains(&(BedChange::Carved as u8)));
    assert_eq!(bed.at(1450.5, 2200.2), terrain().at(1450.5, 2200.2));
}

#[test]
fn watercourses_that_run_in_a_ring_or_lie_far_away_are_no_endless_task() {
    let ring = [[1100.0, 2100.0], [1200.0, 2100.0], [1200.0, 2200.0], [1100.0, 2100.0]];
    let features = Features {
        water_courses: vec![
            WaterCourse::bare("ring", line(&ring)),
            WaterCourse::bare("far", line(&[[1e7, 1e7], [2e7, 1e7]])),
            WaterCourse::bare("none", line(&[[f64::NAN, 0.0], [1.0, f64::NAN]])),
            WaterCourse::bare("point", line(&[[1150.0, 2150.0]])),
        ],
        water_surfaces: vec![WaterSurface::bare("empty", Geometry::Polygons(Vec::new()))],
        ..Features::default()
    };
    let (bed, _, report) = made(&features, &HydrographySettings::default(), 1024);
    assert_eq!(report.falling_share, 1.0);
    assert!(bed.values.iter().all(|z| z.is_finite()));
}
