//! Numbers over time that drive a run: hydrographs, stages, rain rates.

use std::path::Path;

use jiff::Timestamp;

use crate::language::Text;
use crate::{Error, FileProblem, Result};

/// A piecewise linear function of time (s), constant before its first and after its last point.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    points: Vec<(f64, f64)>,
}

impl Series {
    /// From `(time in s, value)` points.
    ///
    /// # Errors
    /// Without a point, with a number that is not finite, or when times do not increase strictly.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self> {
        let finite = points.iter().all(|(t, v)| t.is_finite() && v.is_finite());
        let ordered = points.windows(2).all(|w| w[0].0 < w[1].0);
        if points.is_empty() || !finite || !ordered {
            return Err(Error::input(
                "series",
                "une chronique demande au moins un point, des nombres finis et des temps croissants",
                "a series needs at least one point, finite numbers and increasing times",
            ));
        }
        Ok(Self { points })
    }

    /// The same value for ever.
    pub fn constant(value: f64) -> Self {
        Self { points: vec![(0.0, value)] }
    }

    /// Its points.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// With every value changed.
    pub fn map(mut self, value: impl Fn(f64) -> f64) -> Self {
        self.points.iter_mut().for_each(|p| p.1 = value(p.1));
        self
    }

    /// Value at a time.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= time);
        match (after.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(after)) {
            (Some(&(t0, v0)), Some(&(t1, v1))) => v0 + (v1 - v0) * ((time - t0) / (t1 - t0)),
            (Some(&(_, v)), None) | (None, Some(&(_, v))) => v,
            (None, None) => 0.0,
        }
    }

    /// Exact integral between two times, so that volumes do not depend on the time step.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        if to <= from {
            return 0.0;
        }
        let first = self.points.partition_point(|p| p.0 <= from);
        let (mut t0, mut v0) = (from, self.at(from));
        let mut sum = 0.0;
        for &(t1, v1) in self.points.iter().skip(first).take_while(|p| p.0 < to) {
            sum += 0.5 * (v0 + v1) * (t1 - t0);
            (t0, v0) = (t1, v1);
        }
        sum + 0.5 * (v0 + self.at(to)) * (to - t0)
    }

    /// Mean between two times, `from < to`.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        self.integral(from, to) / (to - from)
    }

    /// Largest absolute value.
    pub fn largest(&self) -> f64 {
        self.points.iter().fold(0.0, |m, p| f64::max(m, p.1.abs()))
    }

    /// Reads a text table of two columns, time and value. Separator `;`, tab or `,`; decimal mark
    /// `.`, or `,` when the separator is another; lines that start with `#` and a first line that
    /// does not start with a number or a date are skipped. Times are seconds, `h:mm[:ss]`, or ISO 8601 with an
    /// offset, which are counted from `start`.
    pub fn read_csv(path: &Path, start: Timestamp) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::read(path))?;
        if bytes.is_empty() {
            return Err(Error::file(path, FileProblem::Empty));
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut points: Vec<(f64, f64)> = Vec::new();
        let mut header_seen = false;
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |fr: String, en: String| {
                Error::file_at(path, Text::line(number + 1), FileProblem::damaged(fr, en))
            };
            let separator = [';', '\t', ','].into_iter().find(|s| line.contains(*s));
            let cells: Vec<&str> = match separator {
                Some(s) => line.split(s).map(str::trim).collect(),
                None => line.split_whitespace().collect(),
            };
            let [time, value, ..] = cells.as_slice() else {
                return Err(at(
                    format!("« {line} » : deux colonnes attendues (temps; valeur)"),
                    format!("\"{line}\": two columns expected (time; value)"),
                ));
            };
            let Some(time) = parse_time(time, start) else {
                if !header_seen && points.is_empty() {
                    header_seen = true;
                    continue;
                }
                return Err(at(
                    format!("temps « {time} » illisible (secondes, h:mm ou ISO 8601)"),
                    format!("time \"{time}\" cannot be read (seconds, h:mm or ISO 8601)"),
                ));
            };
            let number_text =
                if separator == Some(',') { (*value).to_owned() } else { value.replace(',', ".") };
            let Some(value) = number_text.parse::<f64>().ok().filter(|v| v.is_finite()) else {
                return Err(at(
                    format!("valeur « {value} » illisible"),
                    format!("value \"{value}\" cannot be read"),
                ));
            };
            if let Some((last, _)) = points.last().filter(|(last, _)| time <= *last) {
                return Err(at(
                    format!("le temps {time} s ne suit pas {last} s"),
                    format!("time {time} s does not follow {last} s"),
                ));
            }
            points.push((time, value));
        }
        Self::new(points)
            .map_err(|_| Error::file(path, FileProblem::damaged("aucune valeur", "no value")))
    }
}

fn parse_time(text: &str, start: Timestamp) -> Option<f64> {
    let number = text.replace(',', ".");
    if let Ok(seconds) = number.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.duration_since(start).as_secs_f64());
    }
    let mut parts = text.split(':');
    let hours: f64 = parts.next()?.trim().parse().ok()?;
    let minutes: f64 = parts.next()?.trim().parse().ok()?;
    let seconds: f64 = parts.next().map_or(Some(0.0), |s| s.trim().parse().ok())?;
    let total = 3600.0 * hours + 60.0 * minutes + seconds;
    (parts.next().is_none() && total.is_finite()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn is_linear_between_and_constant_outside() {
        let series = Series::new(vec![(10.0, 1.0), (20.0, 3.0)]).unwrap();
        assert_eq!([0.0, 10.0, 15.0, 20.0, 99.0].map(|t| series.at(t)), [1.0, 1.0, 2.0, 3.0, 3.0]);
    }

    #[test]
    fn integral_is_exact_across_points() {
        let series = Series::new(vec![(0.0, 0.0), (10.0, 20.0), (20.0, 0.0)]).unwrap();
        assert_eq!(series.integral(0.0, 20.0), 200.0);
        assert_eq!(series.integral(5.0, 15.0), 150.0);
        let parts: f64 =
            (0..7).map(|k| series.integral(3.0 * k as f64, 3.0 * (k + 1) as f64)).sum();
        assert!((parts - 200.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_disorder() {
        assert!(Series::new(vec![]).is_err());
        assert!(Series::new(vec![(1.0, 0.0), (1.0, 2.0)]).is_err());
        assert!(Series::new(vec![(0.0, f64::NAN)]).is_err());
    }

    fn read(text: &str) -> Result<Series> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serie.csv");
        std::fs::write(&path, text).unwrap();
        Series::read_csv(&path, "2024-01-15T00:00:00+01:00".parse().unwrap())
    }

    #[test]
    fn notations_of_the_same_hydrograph_agree() {
        let expected = Series::new(vec![(0.0, 1.5), (5400.0, 20.0)]).unwrap();
        for text in [
            "0,1.5\n5400,20\n",
            "temps;debit\n0;1,5\n5400;20,0\n",
            "# commentaire\nheure\tQ\n0:00\t1.5\n1:30\t20\n",
            "t;q\n2024-01-14T23:00:00Z;1.5\n2024-01-15T01:30:00+01:00;20\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line) in [("0;1\n0;2\n", "2"), ("0;1\n60;abc\n", "2"), ("a;b\nc;d\n", "2")] {
            let error = read(text).unwrap_err();
            let (fr, en) = (error.text(Language::Fr), error.text(Language::En));
            assert!(fr.contains(&format!("[ligne {line}]")), "{fr}");
            assert!(en.contains(&format!("[line {line}]")), "{en}");
        }
        assert!(read("").is_err());
        assert!(read("0;nan\n").is_err());
    }

    #[test]
    fn integral_of_a_trapezoid_hydrograph() {
        let series = Series::new(vec![(0.0, 0.0), (100.0, 10.0), (200.0, 10.0)]).unwrap();
        assert_eq!(series.integral(0.0, 200.0), 1500.0);
        assert_eq!(series.integral(50.0, 100.0), 375.0);
        assert_eq!(series.at(-5.0), 0.0);
        assert_eq!(series.at(500.0), 10.0);
    }
}
