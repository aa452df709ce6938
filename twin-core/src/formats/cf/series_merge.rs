//! Joins the segments of a run.

use std::path::Path;

use super::{SeriesFile, SeriesWriter};
use crate::{Error, Result};

/// Joins closed segments of one run, in order of time, into `out`, frame by frame.
///
/// Values are copied as stored, so the result has the bytes of a run that wrote one file. Frames
/// at or before the last one taken are left out: a run that resumes may write its checkpoint's
/// frame again. Fields without time come from the last segment.
pub fn merge_segments(segments: &[impl AsRef<Path>], out: impl AsRef<Path>) -> Result<()> {
    let out = out.as_ref();
    let Some((last_path, _)) = segments.split_last() else {
        return Err(Error::input(
            out.display().to_string(),
            "aucun segment à réunir",
            "there is no segment to merge",
        ));
    };
    let last = SeriesFile::open(last_path)?;
    let mut attributes = last.attributes().clone();
    attributes.remove("Conventions");
    let mut writer = SeriesWriter::create(
        out,
        last.spec(),
        last.crs(),
        last.start(),
        &attributes,
        last.variables(),
    )?;
    let mut reached = f64::NEG_INFINITY;
    for path in segments {
        let segment = SeriesFile::open(path)?;
        let same = segment.spec() == last.spec()
            && segment.crs() == last.crs()
            && segment.start() == last.start()
            && segment.variables() == last.variables();
        if !same {
            return Err(Error::input(
                path.as_ref().display().to_string(),
                "ce segment n'est pas du même calcul que le dernier",
                "this segment is not of the same run as the last one",
            ));
        }
        for (index, &time) in segment.times().iter().enumerate() {
            if time > reached {
                writer.append_stored(time, |variable| {
                    segment.read_stored(&segment.variables()[variable], index)
                })?;
                reached = time;
            }
        }
        for (index, variable) in segment.variables().iter().enumerate() {
            writer.add_saturated(index, segment.saturated(&variable.name));
        }
    }
    for meta in last.statics() {
        writer.add_static(meta, &last.read_static(&meta.name)?)?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::formats::cf::{BandMeta, Packing, SeriesVariable};
    use crate::spatial::{Crs, Grid, GridSpec};

    fn spec() -> GridSpec {
        GridSpec { west: 292_000.0, north: 6_833_000.0, cell_size: 5.0, columns: 300, rows: 270 }
    }

    fn variables() -> [SeriesVariable; 2] {
        let depth = SeriesVariable {
            name: "depth".into(),
            standard_name: None,
            long_name: "water depth".into(),
            unit: "m".into(),
            cell_methods: "time: point".into(),
            packing: Some(Packing { scale: 0.001, offset: 0.0 }),
        };
        let level = SeriesVariable {
            name: "level".into(),
            long_name: "water level".into(),
            packing: None,
            ..depth.clone()
        };
        [depth, level]
    }

    /// Depth of a frame: a dry half, a hole without data, one cell deeper than can be packed.
    fn depth(time: f64) -> Grid<f32> {
        Grid::from_fn(spec(), |row, column| match (row, column) {
            (0, 0) => 70.0,
            (100..110, 50..60) => f32::NAN,
            (_, 150..) => 0.0,
            _ => 0.5 + 1e-4 * time as f32 + 0.01 * row as f32,
        })
    }

    fn write(path: &Path, times: &[f64], with_statics: bool) {
        let start = "2024-01-15T00:00:00+01:00".parse().unwrap();
        let mut global = BTreeMap::new();
        global.insert("title".to_owned(), "Crue d'essai".to_owned());
        let mut writer =
            SeriesWriter::create(path, &spec(), Crs::LAMBERT_93, start, &global, &variables())
                .unwrap();
        for &time in times {
            let depth = depth(time);
            let level = depth.map(|d| 40.0 + d);
            writer.append(time, &[&depth.values, &level.values]).unwrap();
        }
        assert!(writer.append(f64::MIN, &[]).is_err());
        if with_statics {
            let meta = BandMeta::maximum("depth_max", "greatest depth", "m")
                .with_attribute("cell_methods", "time: maximum");
            writer.add_static(&meta, &depth(1800.0)).unwrap();
            assert!(writer.add_static(&meta, &depth(1800.0)).is_err());
        }
        writer.finish().unwrap();
    }

    #[test]
    fn a_series_is_read_as_written_within_half_a_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fields.h5");
        let times = [0.0, 600.0, 1200.5];
        write(&path, &times, true);
        let file = SeriesFile::open(&path).unwrap();
        assert_eq!(file.times(), times);
        assert_eq!(file.start(), "2024-01-14T23:00:00Z".parse().unwrap());
        assert_eq!(file.variables(), variables());
        assert_eq!(file.saturated("depth"), 3);
        for (index, &time) in times.iter().enumerate() {
            let (frame, level) = (
                file.read_frame("depth", index).unwrap(),
                file.read_frame("level", index).unwrap(),
            );
            let expected = depth(time);
            for (i, (&read, &exact)) in frame.values.iter().zip(&expected.values).enumerate() {
                if exact.is_nan() {
                    assert!(read.is_nan());
                } else if i > 0 {
                    // Half the packing step, and one rounding of f32 at 4 m.
                    assert!((read - exact).abs() <= 0.000501, "{read} for {exact}");
                }
                assert!(exact.is_nan() || level.values[i] == 40.0 + exact);
            }
            // The largest number of steps, up to the rounding of the step itself to f32.
            assert!((frame[(0, 0)] - 65.534).abs() < 1e-5);
            let window = file.read_frame_window("depth", index, 200..265, 250..257).unwrap();
            assert_eq!(window, frame.crop(200..265, 250..257));
        }
        let point = file.read_point_series("level", 7, 9).unwrap();
        assert_eq!(point, times.map(|t| 40.0 + depth(t)[(7, 9)]));
        let maximum = file.read_static("depth_max").unwrap();
        assert_eq!(maximum[(3, 3)], depth(1800.0)[(3, 3)]);
        assert_eq!(file.statics()[0].attributes["cell_methods"], "time: maximum");
        assert!(file.read_frame("depth", 3).is_err());
        assert!(file.read_frame("speed", 0).is_err());
    }

    #[test]
    fn merged_segments_have_the_bytes_of_one_run() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(&at("whole.h5"), &[0.0, 600.0, 1200.0, 1800.0], true);
        write(&at("0.h5"), &[0.0, 600.0], true);
        write(&at("1.h5"), &[600.0, 1200.0, 1800.0], true);
        let segments = [at("0.h5"), at("1.h5")];
        merge_segments(&segments, at("merged.h5")).unwrap();
        // The frame at 600 s was clamped in both segments, which the count shows.
        let file = SeriesFile::open(at("merged.h5")).unwrap();
        assert_eq!(file.times(), [0.0, 600.0, 1200.0, 1800.0]);
        assert_eq!(file.saturated("depth"), 5);

        write(&at("1.h5"), &[1200.0, 1800.0], true);
        merge_segments(&segments, at("merged.h5")).unwrap();
        let (whole, merged) =
            (std::fs::read(at("whole.h5")).unwrap(), std::fs::read(at("merged.h5")).unwrap());
        assert!(whole == merged, "{} and {} bytes", whole.len(), merged.len());
        assert!(merge_segments(&[] as &[&Path], at("none.h5")).is_err());
    }

    #[test]
    fn a_run_without_frames_is_still_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fields.h5");
        write(&path, &[], false);
        let file = SeriesFile::open(&path).unwrap();
        assert!(file.times().is_empty());
        assert!(file.read_point_series("depth", 0, 0).unwrap().is_empty());
    }
}
