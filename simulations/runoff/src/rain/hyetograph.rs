//! An intensity of rain over time, linear in each stretch, with exact depths.

use twin_core::{Error, Result};

/// A stretch of time in which the intensity changes linearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Start, s.
    pub from_s: f64,
    /// End, s.
    pub to_s: f64,
    /// Intensity at the start, m/s.
    pub first_m_per_s: f64,
    /// Intensity at the end, m/s.
    pub last_m_per_s: f64,
}

impl Stretch {
    /// A constant intensity from a depth (m).
    pub fn of_depth(from_s: f64, to_s: f64, depth_m: f64) -> Self {
        let intensity = depth_m / (to_s - from_s);
        Self { from_s, to_s, first_m_per_s: intensity, last_m_per_s: intensity }
    }

    /// Depth that falls between two times, m.
    fn depth_m(&self, from_s: f64, to_s: f64) -> f64 {
        let (from, to) = (from_s.max(self.from_s), to_s.min(self.to_s));
        if to <= from {
            return 0.0;
        }
        let slope = (self.last_m_per_s - self.first_m_per_s) / (self.to_s - self.from_s);
        let middle = 0.5 * (from + to) - self.from_s;
        (self.first_m_per_s + slope * middle) * (to - from)
    }
}

/// Rain over time; none outside its stretches.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyetograph {
    stretches: Vec<Stretch>,
    /// Depth fallen before each stretch, m.
    before_m: Vec<f64>,
    total_m: f64,
}

impl Hyetograph {
    /// From stretches in order.
    ///
    /// # Errors
    /// Without a stretch; with one that has no length, overlaps the one before, or whose intensity is
    /// negative or not finite.
    pub fn new(stretches: Vec<Stretch>) -> Result<Self> {
        let is_sound = |s: &Stretch| {
            let intensities = [s.first_m_per_s, s.last_m_per_s];
            let times = [s.from_s, s.to_s];
            times.iter().all(|t| t.is_finite())
                && s.to_s > s.from_s
                && intensities.iter().all(|i| i.is_finite() && *i >= 0.0)
        };
        let ordered = stretches.windows(2).all(|w| w[0].to_s <= w[1].from_s);
        if stretches.is_empty() || !ordered || !stretches.iter().all(is_sound) {
            return Err(Error::input(
                "rain",
                "une pluie demande des périodes croissantes et des intensités positives",
                "rain needs periods in order and intensities that are not negative",
            ));
        }
        let mut total_m = 0.0;
        let mut before_m = Vec::with_capacity(stretches.len());
        for stretch in &stretches {
            before_m.push(total_m);
            total_m += stretch.depth_m(stretch.from_s, stretch.to_s);
        }
        Ok(Self { stretches, before_m, total_m })
    }

    /// Depth that falls between two times, m; exact.
    pub fn depth_m(&self, from_s: f64, to_s: f64) -> f64 {
        (self.fallen_m(to_s) - self.fallen_m(from_s)).max(0.0)
    }

    /// Depth fallen until a time, m.
    fn fallen_m(&self, time_s: f64) -> f64 {
        let after = self.stretches.partition_point(|s| s.from_s < time_s);
        let Some(last) = after.checked_sub(1) else { return 0.0 };
        let stretch = &self.stretches[last];
        self.before_m[last] + stretch.depth_m(stretch.from_s, time_s)
    }

    /// The whole depth, m.
    pub fn total_m(&self) -> f64 {
        self.total_m
    }

    /// When its first stretch begins, s.
    pub fn begin_s(&self) -> f64 {
        self.stretches.first().map_or(0.0, |s| s.from_s)
    }

    /// When its last stretch ends, s.
    pub fn end_s(&self) -> f64 {
        self.stretches.last().map_or(0.0, |s| s.to_s)
    }

    /// Largest intensity, m/s.
    pub fn largest_m_per_s(&self) -> f64 {
        self.largest_between([f64::NEG_INFINITY, f64::INFINITY])
    }

    /// Largest intensity between two times, m/s.
    pub fn largest_between(&self, [from_s, until_s]: [f64; 2]) -> f64 {
        let at = |s: &Stretch, time_s: f64| {
            let part = (time_s - s.from_s) / (s.to_s - s.from_s);
            s.first_m_per_s + part * (s.last_m_per_s - s.first_m_per_s)
        };
        let inside = self.stretches.iter().filter(|s| s.from_s < until_s && s.to_s > from_s);
        let both = inside.flat_map(|s| [at(s, s.from_s.max(from_s)), at(s, s.to_s.min(until_s))]);
        both.fold(0.0, f64::max)
    }

    /// The same storm with all intensities times a factor.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        for stretch in &mut self.stretches {
            stretch.first_m_per_s *= factor;
            stretch.last_m_per_s *= factor;
        }
        self.before_m.iter_mut().for_each(|depth| *depth *= factor);
        self.total_m *= factor;
        self
    }

    /// The same storm later, by seconds.
    #[must_use]
    pub fn delayed(mut self, by_s: f64) -> Self {
        for stretch in &mut self.stretches {
            stretch.from_s += by_s;
            stretch.to_s += by_s;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_exact_and_add_up_however_time_is_cut() {
        let rising = Stretch { from_s: 10.0, to_s: 20.0, first_m_per_s: 0.0, last_m_per_s: 2.0 };
        let rain = Hyetograph::new(vec![rising, Stretch::of_depth(30.0, 40.0, 5.0)]).unwrap();
        assert_eq!(rain.total_m(), 15.0);
        assert_eq!(rain.depth_m(10.0, 15.0), 2.5);
        assert_eq!(rain.depth_m(0.0, 35.0), 12.5);
        assert_eq!(rain.depth_m(20.0, 30.0), 0.0);
        let steps: f64 =
            (0..700).map(|k| rain.depth_m(0.1 * f64::from(k), 0.1 * f64::from(k + 1))).sum();
        assert!((steps - 15.0).abs() < 1e-12);
        assert_eq!(rain.largest_m_per_s(), 2.0);
        assert_eq!(rain.largest_between([rain.end_s(), f64::INFINITY]), 0.0);
        assert_eq!(rain.delayed(5.0).depth_m(15.0, 20.0), 2.5);
    }

    #[test]
    fn negative_rain_and_overlaps_are_refused() {
        assert!(Hyetograph::new(Vec::new()).is_err());
        assert!(Hyetograph::new(vec![Stretch::of_depth(0.0, 1.0, -1.0)]).is_err());
        let twice = vec![Stretch::of_depth(0.0, 2.0, 1.0), Stretch::of_depth(1.0, 3.0, 1.0)];
        assert!(Hyetograph::new(twice).is_err());
    }
}
