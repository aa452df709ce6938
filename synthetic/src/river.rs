//! Plan and section of the river, and of the stream that joins it.
//!
//! The valley axis is a gentle curve `y = a(x)`, the river's centre line `y = r(x)` swings around
//! it. The offset from the river is `n = (y − r(x)) / √(1 + r'(x)²)`: zero on the centre line, with
//! unit gradient there, positive on the village side. The section in `n` is a trapezoid:
//!
//! ```text
//!   bank ──┐                       ┌── bank      z = bank(x)
//!           \                     /
//!            \___________________/               z = bank(x) − depth
//!     −top  −bottom     0     bottom   top
//! ```

use crate::frame::Point;
use crate::random::{Random, derive, wave};

/// Longitudinal slope of the valley, and so of banks and bed.
pub(crate) const VALLEY_SLOPE: f64 = 0.003;

/// Level of the bank where the river leaves the commune, metres.
pub(crate) const DOWNSTREAM_BANK: f64 = 60.0;

#[derive(Debug, Clone, Copy)]
struct Swing {
    amplitude: f64,
    wavelength: f64,
    phase: f64,
}

impl Swing {
    /// Value and slope at `x`.
    fn at(&self, x: f64) -> (f64, f64) {
        let (value, slope) = wave(x / self.wavelength + self.phase);
        (self.amplitude * value, self.amplitude * slope / self.wavelength)
    }
}

/// The river: centre line and constant section.
#[derive(Debug, Clone)]
pub(crate) struct River {
    size: f64,
    axis_y: f64,
    axis: [Swing; 2],
    meander: [Swing; 2],
    /// Half width of the flat bed.
    pub(crate) bottom: f64,
    /// Half width between the bank edges.
    pub(crate) top: f64,
    /// Bank above bed.
    pub(crate) depth: f64,
    /// Water above bed on the day of the survey.
    pub(crate) water: f64,
    /// Across-valley scale, 1 for a commune of 700 m and more.
    pub(crate) scale: f64,
}

impl River {
    pub(crate) fn new(seed: u64, size: f64) -> Self {
        let mut random = Random::new(derive(seed, 0x01));
        let scale = (size / 700.0).clamp(0.35, 1.0);
        let section = scale.max(0.5);
        let long = size.min(2500.0);
        Self {
            size,
            axis_y: 0.47 * size,
            axis: [
                Swing {
                    amplitude: 0.022 * long * random.range(0.7, 1.2),
                    wavelength: long * random.range(0.85, 1.2),
                    phase: random.unit(),
                },
                Swing {
                    amplitude: 0.01 * long * random.range(0.5, 1.2),
                    wavelength: long * random.range(0.45, 0.6),
                    phase: random.unit(),
                },
            ],
            meander: [
                Swing {
                    amplitude: 19.0 * scale * random.range(0.85, 1.1),
                    wavelength: 230.0 * scale * random.range(0.9, 1.2),
                    phase: random.unit(),
                },
                Swing {
                    amplitude: 9.0 * scale * random.range(0.7, 1.1),
                    wavelength: 390.0 * scale * random.range(0.9, 1.2),
                    phase: random.unit(),
                },
            ],
            bottom: 5.0 * section,
            top: 9.0 * section,
            depth: 2.2 * section,
            water: 0.6 * section,
            scale,
        }
    }

    /// Ordinate of the valley axis.
    pub(crate) fn axis(&self, x: f64) -> f64 {
        self.axis_y + self.axis.iter().map(|s| s.at(x).0).sum::<f64>()
    }

    /// Ordinate and slope of the centre line.
    pub(crate) fn centre(&self, x: f64) -> (f64, f64) {
        self.axis.iter().chain(&self.meander).fold((self.axis_y, 0.0), |(y, s), swing| {
            let (value, slope) = swing.at(x);
            (y + value, s + slope)
        })
    }

    /// Offset from the centre line, positive on the village side.
    pub(crate) fn offset(&self, [x, y]: Point) -> f64 {
        let (centre, slope) = self.centre(x);
        (y - centre) / (1.0 + slope * slope).sqrt()
    }

    /// The point of abscissa `x` with a given offset.
    pub(crate) fn at_offset(&self, x: f64, offset: f64) -> Point {
        let (centre, slope) = self.centre(x);
        [x, centre + offset * (1.0 + slope * slope).sqrt()]
    }

    /// Bank level.
    pub(crate) fn bank(&self, x: f64) -> f64 {
        DOWNSTREAM_BANK + VALLEY_SLOPE * (self.size - x)
    }

    /// Bed level on the axis.
    pub(crate) fn bed(&self, x: f64) -> f64 {
        self.bank(x) - self.depth
    }

    /// Water level on the day of the survey.
    pub(crate) fn water_level(&self, x: f64) -> f64 {
        self.bed(x) + self.water
    }

    /// Half width of the water on the day of the survey.
    pub(crate) fn water_half_width(&self) -> f64 {
        self.bottom + (self.top - self.bottom) * self.water / self.depth
    }

    /// Ground inside the banks, at an offset.
    pub(crate) fn section(&self, x: f64, offset: f64) -> f64 {
        let side = (offset.abs() - self.bottom).max(0.0) / (self.top - self.bottom);
        self.bed(x) + self.depth * side.min(1.0)
    }

    /// Centre line from upstream to downstream.
    pub(crate) fn line(&self, step: f64) -> Vec<Point> {
        self.line_at_offset(0.0, 0.0, self.size, step)
    }

    /// The line of constant offset between two abscissas.
    pub(crate) fn line_at_offset(&self, offset: f64, from: f64, to: f64, step: f64) -> Vec<Point> {
        let count = ((to - from) / step).ceil().max(1.0) as usize;
        (0..=count)
            .map(|i| self.at_offset(from + (to - from) * i as f64 / count as f64, offset))
            .collect()
    }

    /// Discharge of the whole section with the water a height above the banks, kept between
    /// vertical walls at the bank edges (Manning–Strickler, uniform flow), m³/s.
    pub(crate) fn discharge(&self, above_bank: f64, manning: f64) -> f64 {
        let area = (self.bottom + self.top) * self.depth + 2.0 * self.top * above_bank;
        let run = self.top - self.bottom;
        let wetted = 2.0 * self.bottom
            + 2.0 * (run * run + self.depth * self.depth).sqrt()
            + 2.0 * above_bank;
        let radius = area / wetted;
        area / manning * cube_root(radius * radius) * VALLEY_SLOPE.sqrt()
    }
}

/// Cube root by Newton's method, the same on every machine.
fn cube_root(value: f64) -> f64 {
    let mut root = value.max(1e-9).sqrt();
    for _ in 0..40 {
        root -= (root * root * root - value) / (3.0 * root * root);
    }
    root
}

/// The stream that comes down from the hills of the village side to the river.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    x: f64,
    swing: [Swing; 2],
    /// Ordinate of the mouth (the river's bank edge).
    pub(crate) mouth: f64,
    /// Half width of the flat bed.
    pub(crate) bottom: f64,
    /// Bed level every [`Self::STEP`] metres from the mouth upwards.
    bed: Vec<f64>,
    /// Intervals of `y` where the stream runs in a culvert below a road.
    pub(crate) culverts: Vec<[f64; 2]>,
}

impl Stream {
    const STEP: f64 = 2.0;

    pub(crate) fn new(seed: u64, x: f64, river: &River) -> Self {
        let mut random = Random::new(derive(seed, 0x02));
        let mut stream = Self {
            x,
            swing: [
                Swing { amplitude: 9.0 * river.scale, wavelength: 190.0, phase: random.unit() },
                Swing { amplitude: 3.0 * river.scale, wavelength: 61.0, phase: random.unit() },
            ],
            mouth: 0.0,
            bottom: 0.6,
            bed: Vec::new(),
            culverts: Vec::new(),
        };
        // The mouth is where the stream's axis meets the bank edge; a few rounds converge because
        // both curves are gentle.
        let mut y = river.centre(x).0 + river.top;
        for _ in 0..20 {
            y = river.at_offset(stream.axis(y).0, river.top)[1];
        }
        stream.mouth = y;
        stream
    }

    /// Abscissa and slope `dx/dy` of the axis.
    pub(crate) fn axis(&self, y: f64) -> (f64, f64) {
        self.swing.iter().fold((self.x, 0.0), |(x, s), swing| {
            let (value, slope) = swing.at(y);
            (x + value, s + slope)
        })
    }

    /// Distance from the axis, metres.
    pub(crate) fn distance(&self, [x, y]: Point) -> f64 {
        let (axis, slope) = self.axis(y);
        (x - axis).abs() / (1.0 + slope * slope).sqrt()
    }

    /// Sets the bed from the natural ground: 0.9 m below it, and never rising downstream.
    pub(crate) fn carve(&mut self, size: f64, ground: impl Fn(Point) -> f64) {
        let count = ((size - self.mouth) / Self::STEP).ceil().max(1.0) as usize;
        self.bed = vec![0.0; count + 2];
        let mut below = f64::INFINITY;
        for i in (0..self.bed.len()).rev() {
            let y = self.mouth + i as f64 * Self::STEP;
            let natural = ground([self.axis(y).0, y]) - 0.9;
            below = natural.min(below - 0.001 * Self::STEP);
            self.bed[i] = below;
        }
    }

    /// Bed level.
    pub(crate) fn bed(&self, y: f64) -> f64 {
        let last = self.bed.len().saturating_sub(1);
        let t = ((y - self.mouth) / Self::STEP).clamp(0.0, last as f64);
        let i = (t.floor() as usize).min(last.saturating_sub(1));
        let at = |i: usize| self.bed.get(i).copied().unwrap_or(0.0);
        at(i) + (at(i + 1) - at(i)) * (t - i as f64)
    }

    /// Whether the stream is below a road there.
    pub(crate) fn is_covered(&self, y: f64) -> bool {
        self.culverts.iter().any(|c| (c[0]..=c[1]).contains(&y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_and_at_offset_are_inverse() {
        let river = River::new(5, 1000.0);
        for i in 0..50 {
            let p = river.at_offset(f64::from(i) * 20.0, 7.5);
            assert!((river.offset(p) - 7.5).abs() < 1e-9);
        }
    }

    #[test]
    fn cube_root_converges() {
        for v in [1e-3, 0.5, 1.0, 8.0, 1000.0] {
            let r = cube_root(v);
            assert!((r * r * r - v).abs() < 1e-9 * v);
        }
    }
}
