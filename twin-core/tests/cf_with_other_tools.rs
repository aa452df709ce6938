//! Files of the CF layout open without a warning in h5py, netCDF4, xarray and GDAL.
//!
//! `TWIN_PYTHON` names a Python that has the packages (default `python3`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;

use twin_core::formats::cf::{BandMeta, GridFileWriter, Packing, SeriesVariable, SeriesWriter};
use twin_core::spatial::{Crs, Grid, GridSpec};
use twin_core::test_support::tool;

fn spec() -> GridSpec {
    GridSpec { west: 770_549.75, north: 6_277_600.25, cell_size: 0.5, columns: 530, rows: 700 }
}

fn global() -> BTreeMap<String, String> {
    let pairs = [("title", "Modèle d'essai"), ("licence", "Licence Ouverte 2.0")];
    pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn write_grids(path: &Path, crs: Crs) {
    let mut writer = GridFileWriter::create(path, &spec(), crs, &global()).unwrap();
    let dtm = BandMeta::continuous("dtm", "bare-earth height", "m")
        .with_standard_name("surface_altitude")
        .with_attribute("datum", "NGF-IGN69");
    writer.add_band(&dtm).unwrap();
    writer.add_band(&BandMeta::maximum("dsm", "height of the top surface", "m")).unwrap();
    let classes = [(1, "water"), (2, "built_up"), (3, "grass")];
    writer.add_band(&BandMeta::categorical("land_cover", "land cover", &classes)).unwrap();
    let heights = Grid::from_fn(spec(), |r, c| if r < 9 { f32::NAN } else { 20.0 + c as f32 });
    writer.write_window("dtm", 0, 0, &heights).unwrap();
    writer.write_window("dsm", 0, 0, &heights).unwrap();
    let cover = Grid::from_fn(spec(), |r, c| ((r / 90 + c / 70) % 4) as u8);
    writer.write_window("land_cover", 0, 0, &cover).unwrap();
    writer.finish().unwrap();
}

/// Runs the check; `None` where Python or a package is absent.
fn check(paths: &[&Path]) -> Option<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/check_outputs.py");
    let python = std::env::var("TWIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut arguments = vec![script.to_str().unwrap()];
    arguments.extend(paths.iter().map(|p| p.to_str().unwrap()));
    let output = tool(&python, &arguments)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) && std::env::var_os("TWIN_REQUIRE_TOOLS").is_none() {
        eprintln!("skipped: {said}");
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(())
}

#[test]
fn territories_open_in_python() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = [
        2154, 9794, 3949, 9849, 2975, 5490, 2972, 4471, 10674, 4467, 4171, 4326, 3857, 25831,
        32631, 32740, 26917, 28992,
    ]
    .map(|code| {
        let path = folder.path().join(format!("grids-{code}.h5"));
        write_grids(&path, Crs::from_epsg(code).unwrap());
        path
    })
    .into();
    check(&paths.iter().map(|p| p.as_path()).collect::<Vec<_>>());
}

#[test]
fn runs_open_in_python() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fields.h5");
    let depth = SeriesVariable {
        name: "depth".into(),
        standard_name: Some("flood_water_thickness".into()),
        long_name: "water depth".into(),
        unit: "m".into(),
        cell_methods: "time: point".into(),
        packing: Some(Packing { scale: 0.001, offset: 0.0 }),
    };
    let speed = SeriesVariable {
        name: "speed".into(),
        standard_name: None,
        long_name: "speed of the flow".into(),
        unit: "m s-1".into(),
        packing: None,
        ..depth.clone()
    };
    let start = "2024-01-15T00:00:00+01:00".parse().unwrap();
    let variables = [depth, speed];
    let mut writer =
        SeriesWriter::create(&path, &spec(), Crs::LAMBERT_93, start, &global(), &variables)
            .unwrap();
    for frame in 0..3u8 {
        let field = Grid::from_fn(spec(), |r, c| {
            if r < 5 { f32::NAN } else { f32::from(frame) + 0.01 * c as f32 }
        });
        writer.append(300.0 * f64::from(frame), &[&field.values, &field.values]).unwrap();
    }
    let meta = BandMeta::maximum("depth_max", "greatest depth", "m")
        .with_attribute("cell_methods", "time: maximum");
    writer.add_static(&meta, &Grid::filled(spec(), 2.5)).unwrap();
    writer.finish().unwrap();
    check(&[&path]);
}

#[test]
fn territories_open_in_gdal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grids.h5");
    write_grids(&path, Crs::LAMBERT_93);
    let name = format!("NETCDF:\"{}\":dtm", path.display());
    let Some(output) = tool("gdalinfo", &["-stats", &name]) else { return };
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && complained.is_empty(), "{complained}");
    for expected in [
        "Size is 530, 700",
        "ID[\"EPSG\",2154]",
        "Origin = (770549.750000000000000,6277600.250000000000000)",
        "Pixel Size = (0.500000000000000,-0.500000000000000)",
        "NoData Value=nan",
        "STATISTICS_MAXIMUM=549",
    ] {
        assert!(said.contains(expected), "{expected} is missing in\n{said}");
    }
}
