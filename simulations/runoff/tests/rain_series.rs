//! Rain from netCDF files as xarray writes them (`tests/python/make_rain.py`).
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use twin_core::spatial::{Crs, GridSpec, Transformer};
use twin_core::{Language, Result};
use twin_runoff::rain::{RainField, read_series};

/// A run grid around 3° E, 46.5° N, in Lambert-93.
const RUN: GridSpec =
    GridSpec { west: 699_000.0, north: 6_602_900.0, cell_size: 100.0, columns: 30, rows: 40 };

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(path: &Path, variable: &str, spec: &GridSpec) -> Result<RainField> {
    let start = "2024-10-17T00:00:00Z".parse().unwrap();
    read_series(path, variable, start, spec, Crs::LAMBERT_93)
}

#[test]
fn packed_depths_on_degrees_fall_where_and_when_they_should() {
    let rain = read(&data("degrees.nc"), "precipitation", &RUN).unwrap();
    let to_degrees =
        Transformer::new(Crs::LAMBERT_93, Crs::try_from("EPSG:4326".to_owned()).unwrap()).unwrap();
    for cell in (0..RUN.len()).step_by(37) {
        let (row, column) = RUN.row_column(cell);
        let (x, y) = RUN.centre(row, column);
        let (_, latitude) = to_degrees.point(x, y);
        let line = ((latitude - 46.48) / 0.01).floor();
        let rain = &rain.places()[rain.place(cell)];
        // The first period ends 15 minutes after the start; each brings a millimetre more.
        for (k, end) in [900.0, 1800.0, 2700.0].into_iter().enumerate() {
            let expected = 1e-3 * (k as f64 + 0.1 * line);
            let found = rain.depth_m(end - 900.0, end);
            assert!((found - expected).abs() < 1e-7, "{latitude}: {found} {expected}");
        }
        assert_eq!(rain.end_s(), 2700.0);
    }
}

#[test]
fn intensities_on_metres_without_a_reference_system_are_those_of_the_territory() {
    let rain = read(&data("metres.nc"), "pr", &RUN).unwrap();
    for (x, mm_per_h) in [(699_050.0, 0.0), (700_050.0, 1.0), (701_950.0, 2.0)] {
        let (row, column) = RUN.cell_at(x, 6_600_050.0).unwrap();
        let rain = &rain.places()[rain.place(RUN.index(row, column))];
        // From 0:15 to 1:00: the last intensity lasts as long as the others.
        assert!((rain.total_m() - 0.75e-3 * mm_per_h).abs() < 1e-9, "{x}: {}", rain.total_m());
        assert_eq!((rain.depth_m(0.0, 900.0), rain.end_s()), (0.0, 3600.0));
    }
}

#[test]
fn what_cannot_be_rain_is_told() {
    let said = |variable: &str, spec: &GridSpec| {
        read(&data("metres.nc"), variable, spec).unwrap_err().text(Language::En)
    };
    let told = said("rain", &RUN);
    assert!(told.contains("no such variable") && told.contains("pr"), "{told}");
    let told = said("x", &RUN);
    assert!(told.contains("three are needed"), "{told}");
    let elsewhere = GridSpec { west: 650_000.0, ..RUN };
    let told = said("pr", &elsewhere);
    assert!(told.contains("does not cover"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_bytes_are_an_error_or_rain(at in 0usize..20_000, value in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = std::fs::read(data("degrees.nc")).unwrap();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = value;
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let _ = read(file.path(), "precipitation", &RUN);
    }
}
