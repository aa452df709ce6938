//! Damaged HDF5 files give an error, whatever was damaged.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use twin_core::formats::cf::{
    BandMeta, GridFile, GridFileWriter, Packing, SeriesFile, SeriesVariable, SeriesWriter,
};
use twin_core::spatial::{Crs, Grid, GridSpec};

/// Two levels, so that groups are damaged too.
fn spec() -> GridSpec {
    GridSpec { west: 0.0, north: 0.0, cell_size: 1.0, columns: 3, rows: 300 }
}

fn grids(path: &Path) {
    let mut writer =
        GridFileWriter::create(path, &spec(), Crs::LAMBERT_93, &BTreeMap::new()).unwrap();
    writer.add_band(&BandMeta::continuous("dtm", "height", "m")).unwrap();
    writer.add_band(&BandMeta::categorical("cover", "cover", &[(1, "water")])).unwrap();
    writer.write_window("dtm", 0, 0, &Grid::from_fn(spec(), |r, c| (r * c) as f32)).unwrap();
    writer.write_window("cover", 0, 0, &Grid::filled(spec(), 1u8)).unwrap();
    writer.finish().unwrap();
}

fn series(path: &Path) {
    let depth = SeriesVariable {
        name: "depth".into(),
        standard_name: None,
        long_name: "depth".into(),
        unit: "m".into(),
        cell_methods: "time: point".into(),
        packing: Some(Packing { scale: 0.001, offset: 0.0 }),
    };
    let start = "2024-01-15T00:00:00Z".parse().unwrap();
    let none = BTreeMap::new();
    let mut writer =
        SeriesWriter::create(path, &spec(), Crs::LAMBERT_93, start, &none, &[depth]).unwrap();
    for time in 0..20 {
        let frame = Grid::from_fn(spec(), |r, c| (r * c * time) as f32 * 1e-3);
        writer.append(time as f64, &[&frame.values]).unwrap();
    }
    writer.add_static(&BandMeta::maximum("top", "top", "m"), &Grid::filled(spec(), 1.0)).unwrap();
    writer.finish().unwrap();
}

fn sound(write: fn(&Path), cell: &'static OnceLock<Vec<u8>>) -> Vec<u8> {
    let make = || {
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path());
        std::fs::read(file.path()).unwrap()
    };
    cell.get_or_init(make).clone()
}

static GRIDS: OnceLock<Vec<u8>> = OnceLock::new();
static SERIES: OnceLock<Vec<u8>> = OnceLock::new();

/// Reads all that the file offers; errors end the reading.
fn read_all(path: &Path) -> twin_core::Result<()> {
    let as_series = SeriesFile::open(path).and_then(|file| {
        for variable in file.variables() {
            for index in 0..file.times().len().min(50) {
                file.read_frame_window(&variable.name, index, 0..1, 0..1)?;
            }
            file.read_point_series(&variable.name, 0, 0)?;
        }
        for meta in file.statics() {
            file.read_static_window(&meta.name, 0..1, 0..1)?;
        }
        Ok(())
    });
    let file = GridFile::open(path)?;
    for band in file.bands() {
        for (level, spec) in file.levels().iter().enumerate() {
            let (rows, columns) = (0..spec.rows.min(300), 0..spec.columns.min(300));
            let _ = file.read_window::<u8>(&band.name, level, rows.clone(), columns.clone());
            file.read_window::<f32>(&band.name, level, rows, columns)?;
        }
    }
    as_series
}

fn read_bytes(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let _ = read_all(file.path());
}

proptest! {
    #[test]
    fn damaged_bytes_end_in_an_error(
        of_series in any::<bool>(),
        cut in prop_oneof![4 => Just(1.0), 1 => 0.0..1.0f64],
        changes in proptest::collection::vec((0.0..1.0f64, any::<u8>()), 0..12),
    ) {
        let mut bytes =
            if of_series { sound(series, &SERIES) } else { sound(grids, &GRIDS) };
        for (at, byte) in changes {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] = byte;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        read_bytes(&bytes);
    }
}
