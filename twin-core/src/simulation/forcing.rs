//! Time series that drive a run: discharges, levels, rain.

use std::path::Path;

use jiff::Timestamp;

use crate::{Error, FileProblem, Result};

/// Values over time, linear in between and constant beyond both ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    times_s: Vec<f64>,
    values: Vec<f64>,
}

impl Series {
    /// From times in seconds since the scenario's start, strictly increasing, and finite values.
    pub fn new(times_s: Vec<f64>, values: Vec<f64>) -> Option<Self> {
        let increasing = times_s.windows(2).all(|t| t[0] < t[1]);
        let finite = times_s.iter().chain(&values).all(|v| v.is_finite());
        (!times_s.is_empty() && times_s.len() == values.len() && increasing && finite)
            .then_some(Self { times_s, values })
    }

    /// The same value at all times.
    pub fn constant(value: f64) -> Self {
        Self { times_s: vec![0.0], values: vec![value] }
    }

    /// Seconds since the scenario's start.
    pub fn times_s(&self) -> &[f64] {
        &self.times_s
    }

    /// Values at [`Series::times_s`].
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// With every value changed.
    pub fn map(mut self, value: impl Fn(f64) -> f64) -> Self {
        self.values.iter_mut().for_each(|v| *v = value(*v));
        self
    }

    /// Value at a time.
    pub fn at(&self, time_s: f64) -> f64 {
        let next = self.times_s.partition_point(|&t| t <= time_s);
        if next == 0 {
            return self.values[0];
        }
        if next == self.times_s.len() {
            return self.values[next - 1];
        }
        let (t0, t1) = (self.times_s[next - 1], self.times_s[next]);
        let (v0, v1) = (self.values[next - 1], self.values[next]);
        v0 + (v1 - v0) * (time_s - t0) / (t1 - t0)
    }

    /// Largest value.
    pub fn maximum(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Integral between two times (exact: trapezoids between knots).
    pub fn integral(&self, from_s: f64, to_s: f64) -> f64 {
        let mut knots = vec![from_s];
        knots.extend(self.times_s.iter().copied().filter(|t| (from_s..to_s).contains(t)));
        knots.push(to_s);
        knots.windows(2).map(|t| 0.5 * (t[1] - t[0]) * (self.at(t[0]) + self.at(t[1]))).sum()
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
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let mut header_seen = false;
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |detail: String| {
                Error::file_at(
                    path,
                    format!("ligne {}", number + 1),
                    FileProblem::Damaged { detail },
                )
            };
            let separator = [';', '\t', ','].into_iter().find(|s| line.contains(*s));
            let cells: Vec<&str> = match separator {
                Some(s) => line.split(s).map(str::trim).collect(),
                None => line.split_whitespace().collect(),
            };
            let [time, value, ..] = cells.as_slice() else {
                return Err(at(format!("« {line} » : deux colonnes attendues (temps; valeur)")));
            };
            let Some(time) = parse_time(time, start) else {
                if !header_seen && times.is_empty() {
                    header_seen = true;
                    continue;
                }
                return Err(at(format!("temps « {time} » illisible (secondes, h:mm ou ISO 8601)")));
            };
            let number_text =
                if separator == Some(',') { (*value).to_owned() } else { value.replace(',', ".") };
            let Some(value) = number_text.parse::<f64>().ok().filter(|v| v.is_finite()) else {
                return Err(at(format!("valeur « {value} » illisible")));
            };
            if times.last().is_some_and(|&last| time <= last) {
                return Err(at(format!(
                    "le temps {time} s ne suit pas {} s",
                    times[times.len() - 1]
                )));
            }
            times.push(time);
            values.push(value);
        }
        Self::new(times, values).ok_or_else(|| {
            Error::file(path, FileProblem::Damaged { detail: "aucune valeur / no value".into() })
        })
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

    fn read(text: &str) -> Result<Series> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serie.csv");
        std::fs::write(&path, text).unwrap();
        Series::read_csv(&path, "2024-01-15T00:00:00+01:00".parse().unwrap())
    }

    #[test]
    fn notations_of_the_same_hydrograph_agree() {
        let expected = Series::new(vec![0.0, 5400.0], vec![1.5, 20.0]).unwrap();
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
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(&format!("ligne {line}")), "{message}");
        }
        assert!(read("").is_err());
        assert!(read("0;nan\n").is_err());
    }

    #[test]
    fn integral_of_a_trapezoid_hydrograph() {
        let series = Series::new(vec![0.0, 100.0, 200.0], vec![0.0, 10.0, 10.0]).unwrap();
        assert_eq!(series.integral(0.0, 200.0), 1500.0);
        assert_eq!(series.integral(50.0, 100.0), 375.0);
        assert_eq!(series.at(-5.0), 0.0);
        assert_eq!(series.at(500.0), 10.0);
    }
}
