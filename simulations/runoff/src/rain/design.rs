//! Design storms.
//!
//! * **Triangle**: a depth within a duration, with its peak at a share of it.
//! * **Double triangle** (Desbordes 1978; *Instruction technique de 1977* and its revisions): an intense
//!   period of `t3` with the depth `H3` inside a storm of `t1` with the depth `H1`,
//!
//!   ```text
//!   i1 = 2 (H1 − H3) / (t1 − t3)      intensity where the intense period begins and ends
//!   i2 = 2 H3 / t3 − i1               peak
//!   ```
//!
//! * **Chicago** (Keifer & Chu 1957, doi 10.1061/JYCEA4.0000104): every period around the peak holds the
//!   depth that the law of Montana gives for its duration; `r` is the share before the peak. The law's
//!   infinite peak is averaged over steps by exact differences of its depths.

use twin_core::{Error, Result};

use super::{Hyetograph, Montana, Stretch};

/// A triangular storm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triangle {
    /// Depth, m.
    pub depth_m: f64,
    /// Duration, s.
    pub duration_s: f64,
    /// Place of the peak, 0 to 1.
    pub peak: f64,
}

/// A storm of two triangles, the intense one on the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoubleTriangle {
    /// Depth of the whole storm H1, m.
    pub depth_m: f64,
    /// Duration of the whole storm t1, s.
    pub duration_s: f64,
    /// Depth of the intense period H3, m.
    pub intense_depth_m: f64,
    /// Duration of the intense period t3, s.
    pub intense_duration_s: f64,
    /// Place of the peak, 0 to 1.
    pub peak: f64,
}

/// A storm that holds the depth of the law for every duration around its peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chicago {
    /// Depths by duration.
    pub law: Montana,
    /// Duration, s.
    pub duration_s: f64,
    /// Share of the duration before the peak, 0 to 1.
    pub peak: f64,
    /// Time over which intensities are averaged, s.
    pub step_s: f64,
}

/// Shortest step over which a Chicago storm is averaged, s.
const SHORTEST_STEP_S: f64 = 10.0;

fn check_peak(peak: f64, place: &str) -> Result<()> {
    if (0.0..=1.0).contains(&peak) {
        return Ok(());
    }
    Err(Error::input(
        format!("{place}.peak"),
        format!("{peak} ; la place de la pointe est une part de la durée, de 0 à 1"),
        format!("{peak}; the place of the peak is a share of the duration, 0 to 1"),
    ))
}

/// Stretches between corners `(time s, intensity m/s)`; corners at the same time are a jump.
fn through(corners: &[(f64, f64)]) -> Result<Hyetograph> {
    let stretches = corners.windows(2).filter(|w| w[1].0 > w[0].0).map(|w| Stretch {
        from_s: w[0].0,
        to_s: w[1].0,
        first_m_per_s: w[0].1,
        last_m_per_s: w[1].1,
    });
    Hyetograph::new(stretches.collect())
}

impl Triangle {
    /// The storm from time 0.
    ///
    /// # Errors
    /// A depth or a duration that is not positive, a peak outside the storm.
    pub fn hyetograph(&self, place: &str) -> Result<Hyetograph> {
        check_peak(self.peak, place)?;
        let highest = 2.0 * self.depth_m / self.duration_s;
        through(&[(0.0, 0.0), (self.peak * self.duration_s, highest), (self.duration_s, 0.0)])
    }
}

impl DoubleTriangle {
    /// The storm from time 0.
    ///
    /// # Errors
    /// An intense period that is not shorter, less deep and more intense than the whole storm.
    pub fn hyetograph(&self, place: &str) -> Result<Hyetograph> {
        check_peak(self.peak, place)?;
        let Self {
            depth_m: h1, duration_s: t1, intense_depth_m: h3, intense_duration_s: t3, ..
        } = *self;
        let side = 2.0 * (h1 - h3) / (t1 - t3);
        let highest = 2.0 * h3 / t3 - side;
        if !(t3 > 0.0 && t1 > t3 && h3 > 0.0 && h1 >= h3 && highest >= side) {
            return Err(Error::input(
                place,
                "la période intense doit être plus courte et plus intense que la pluie entière, et ne pas en dépasser la hauteur",
                "the intense period must be shorter and more intense than the whole rain, and not deeper",
            ));
        }
        let begin = self.peak * (t1 - t3);
        through(&[
            (0.0, 0.0),
            (begin, side),
            (begin + self.peak * t3, highest),
            (begin + t3, side),
            (t1, 0.0),
        ])
    }
}

impl Chicago {
    /// The storm from time 0.
    ///
    /// # Errors
    /// A duration outside the law's range, a peak outside the storm, a step that is none.
    pub fn hyetograph(&self, place: &str) -> Result<Hyetograph> {
        check_peak(self.peak, place)?;
        self.law.depth_m(self.duration_s, &format!("{place}.duration"))?;
        if !(SHORTEST_STEP_S..=self.duration_s).contains(&self.step_s) {
            return Err(Error::input(
                format!("{place}.step"),
                "le pas de temps va de 10 s à la durée de la pluie",
                "the time step goes from 10 s to the duration of the rain",
            ));
        }
        let middle = self.peak * self.duration_s;
        // Depth between the peak and a time, m: r of the depth of the duration that ends there.
        let from_peak = |time: f64| {
            let (away, share) = if time < middle {
                (middle - time, self.peak)
            } else {
                (time - middle, 1.0 - self.peak)
            };
            let depth =
                if away > 0.0 { share * self.law.unchecked_depth_m(away / share) } else { 0.0 };
            if time < middle { -depth } else { depth }
        };
        // Steps end at the peak, which else would be averaged away.
        let steps = |length: f64| (length / self.step_s - 1e-9).ceil() as usize;
        let before = (1..=steps(middle)).rev().map(|k| (middle - k as f64 * self.step_s).max(0.0));
        let after = (1..=steps(self.duration_s - middle))
            .map(|k| (middle + k as f64 * self.step_s).min(self.duration_s));
        let times: Vec<f64> = before.chain([middle]).chain(after).collect();
        let stretches = times
            .windows(2)
            .map(|w| Stretch::of_depth(w[0], w[1], from_peak(w[1]) - from_peak(w[0])));
        Hyetograph::new(stretches.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_double_triangle_holds_both_depths_exactly() {
        let storm = DoubleTriangle {
            depth_m: 0.060,
            duration_s: 4.0 * 3600.0,
            intense_depth_m: 0.035,
            intense_duration_s: 1800.0,
            peak: 0.5,
        };
        let rain = storm.hyetograph("rain").unwrap();
        assert!((rain.total_m() - 0.060).abs() < 1e-15);
        let begin = 0.5 * (4.0 * 3600.0 - 1800.0);
        assert!((rain.depth_m(begin, begin + 1800.0) - 0.035).abs() < 1e-15);
        let side = 2.0 * 0.025 / (4.0 * 3600.0 - 1800.0);
        assert!((rain.largest_m_per_s() - (2.0 * 0.035 / 1800.0 - side)).abs() < 1e-18);
        let early = DoubleTriangle { peak: 0.0, ..storm }.hyetograph("rain").unwrap();
        assert!((early.depth_m(0.0, 1800.0) - 0.035).abs() < 1e-15);
        assert!(DoubleTriangle { intense_depth_m: 0.002, ..storm }.hyetograph("rain").is_err());
        assert!(DoubleTriangle { peak: 1.5, ..storm }.hyetograph("rain").is_err());
    }

    #[test]
    fn the_triangle_holds_its_depth_and_peaks_where_it_should() {
        let storm = Triangle { depth_m: 0.03, duration_s: 3600.0, peak: 0.25 };
        let rain = storm.hyetograph("rain").unwrap();
        assert!((rain.total_m() - 0.03).abs() < 1e-16);
        assert!((rain.depth_m(0.0, 900.0) - 0.0075).abs() < 1e-16);
    }

    #[test]
    fn chicago_holds_the_depth_of_the_law_for_every_duration_around_its_peak() {
        let law = Montana::new(15.096, 0.803, [30.0, 360.0], "rain").unwrap();
        for peak in [0.3, 0.5] {
            let storm = Chicago { law, duration_s: 7200.0, peak, step_s: 60.0 };
            let rain = storm.hyetograph("rain").unwrap();
            assert!((rain.total_m() - law.depth_m(7200.0, "rain").unwrap()).abs() < 1e-15);
            let middle = peak * 7200.0;
            for duration in [1800.0, 3600.0, 6000.0] {
                let (from, to) = (middle - peak * duration, middle + (1.0 - peak) * duration);
                let depth = rain.depth_m(from, to);
                assert!((depth - law.depth_m(duration, "rain").unwrap()).abs() < 1e-12);
            }
            // The peak is that of the law over a step before it or after it.
            let step = Chicago { step_s: 300.0, ..storm }.hyetograph("rain").unwrap();
            let beside = peak.max(1.0 - peak);
            let highest = beside * law.unchecked_depth_m(300.0 / beside) / 300.0;
            assert!((step.largest_m_per_s() / highest - 1.0).abs() < 1e-12);
        }
        let long = Chicago { law, duration_s: 86_400.0, peak: 0.5, step_s: 60.0 };
        assert!(long.hyetograph("rain").is_err());
    }
}
