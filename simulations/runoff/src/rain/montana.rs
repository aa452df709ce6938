//! Depths of rain by duration: the two parameters of Montana:
//!
//! ```text
//! h(t) = a t^(1−b)     mm, t in min
//! ```
//!
//! as Météo-France sells them by station and return period (*coefficients de Montana*), each pair for a
//! range of durations. Coefficients are the user's: none comes with the program.

use twin_core::{Error, Language, Result};

/// The law for one return period, within its range of durations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Montana {
    a: f64,
    b: f64,
    range_min: [f64; 2],
}

impl Montana {
    /// `a` in mm and minutes, so that a·t^(1−b) is a depth in mm; the range in minutes.
    ///
    /// # Errors
    /// `a` not positive, `b` outside 0 to 1 (its sign or the form of the law is another), a range that is
    /// none.
    pub fn new(a: f64, b: f64, range_min: [f64; 2], place: &str) -> Result<Self> {
        let [low, high] = range_min;
        if !(a.is_finite() && a > 0.0) {
            return Err(Error::input(
                format!("{place}.a"),
                format!("{a} ; le coefficient a est positif (mm, durées en minutes)"),
                format!("{a}; the coefficient a is positive (mm, durations in minutes)"),
            ));
        }
        if !(b > 0.0 && b < 1.0) {
            return Err(Error::input(
                format!("{place}.b"),
                format!(
                    "{b} ; b est compris entre 0 et 1 dans h(t) = a·t^(1−b) ; certaines tables donnent −b ou 1−b"
                ),
                format!(
                    "{b}; b lies between 0 and 1 in h(t) = a·t^(1−b); some tables give −b or 1−b"
                ),
            ));
        }
        if !(low > 0.0 && high > low && high.is_finite()) {
            return Err(Error::input(
                format!("{place}.durations"),
                "les durées de validité sont deux durées positives croissantes",
                "the durations of validity are two positive durations in order",
            ));
        }
        Ok(Self { a, b, range_min })
    }

    /// Depth that falls within a duration, m.
    ///
    /// # Errors
    /// A duration outside the range of the coefficients.
    pub fn depth_m(&self, duration_s: f64, place: &str) -> Result<f64> {
        let minutes = duration_s / 60.0;
        let [low, high] = self.range_min;
        // The ends of the range are within it, whatever the rounding.
        if !(low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&minutes) {
            let n = |l: Language, v: f64| l.number(v, 0);
            let (fr, en) = (Language::Fr, Language::En);
            return Err(Error::input(
                place,
                format!(
                    "durée de {} min hors du domaine des coefficients ({} à {} min) ; prendre ceux de cette durée",
                    n(fr, minutes),
                    n(fr, low),
                    n(fr, high)
                ),
                format!(
                    "duration of {} min outside the range of the coefficients ({} to {} min); take those of that duration",
                    n(en, minutes),
                    n(en, low),
                    n(en, high)
                ),
            ));
        }
        Ok(self.unchecked_depth_m(duration_s))
    }

    /// The law outside its range too: the inside of a Chicago storm, shorter than any duration of a table.
    pub(super) fn unchecked_depth_m(&self, duration_s: f64) -> f64 {
        1e-3 * self.a * (duration_s / 60.0).powf(1.0 - self.b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty minutes to six hours, ten years (mémento ASTEE 2017, table 31).
    fn law() -> Montana {
        Montana::new(15.096, 0.803, [30.0, 360.0], "rain").unwrap()
    }

    #[test]
    fn depths_follow_the_law_within_its_range() {
        // 15.096 · 60^0.197 = 33.82 mm.
        let hour = law().depth_m(3600.0, "rain").unwrap();
        assert!((hour - 15.096e-3 * 60f64.powf(0.197)).abs() < 1e-15);
        assert!((hour - 0.0338).abs() < 1e-4);
        assert!(law().depth_m(1800.0, "rain").is_ok() && law().depth_m(21_600.0, "rain").is_ok());
        let said = law().depth_m(600.0, "rain.duration").unwrap_err().text(Language::Fr);
        assert!(said.contains("10 min") && said.contains("30 à 360"), "{said}");
    }

    #[test]
    fn coefficients_of_another_form_are_refused() {
        for (a, b) in [(0.0, 0.5), (f64::NAN, 0.5), (5.0, -0.5), (5.0, 1.2)] {
            assert!(Montana::new(a, b, [6.0, 120.0], "rain").is_err());
        }
        assert!(Montana::new(5.0, 0.5, [120.0, 6.0], "rain").is_err());
    }
}
