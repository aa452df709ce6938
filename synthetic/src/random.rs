//! Chance without state: numbers that depend on a key and a counter only, so that any part of the
//! commune can be made by any thread in any order.
//!
//! The mixing function is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, *Fast splittable
//! pseudorandom number generators*, doi:10.1145/2660193.2660195). Noise is value noise on a
//! lattice with a quintic fade (Perlin 2002, doi:10.1145/566570.566636).

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64 finaliser: a bijection of 64 bits with good avalanche.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A key made of a key and a label: independent streams for independent purposes.
pub fn derive(key: u64, label: u64) -> u64 {
    mix(key ^ mix(label))
}

/// Uniform in `[0, 1)` with 53 bits.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A sequence of numbers drawn from a key.
#[derive(Debug, Clone)]
pub struct Random {
    key: u64,
    counter: u64,
}

impl Random {
    /// The sequence of a key.
    pub fn new(key: u64) -> Self {
        Self { key, counter: 0 }
    }

    /// Next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        mix(self.key.wrapping_add(self.counter.wrapping_mul(GOLDEN)))
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whole number in `0..count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal up to ±3.46: the sum of four uniforms (Irwin–Hall), centred and scaled.
    pub fn normal(&mut self) -> f64 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xFFFF).sum();
        // Four uniforms on [0, 1) have variance 4/12.
        (sum as f64 / 65_536.0 - 2.0) * 1.732_050_807_568_877_2
    }
}

/// Value noise in `[-1, 1]` with features of about `wavelength` metres.
pub fn noise(key: u64, x: f64, y: f64, wavelength: f64) -> f64 {
    let (u, v) = (x / wavelength, y / wavelength);
    let (iu, iv) = (u.floor(), v.floor());
    let fade = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (fu, fv) = (fade(u - iu), fade(v - iv));
    let corner = |du: i64, dv: i64| {
        let (a, b) = ((iu as i64).wrapping_add(du) as u64, (iv as i64).wrapping_add(dv) as u64);
        2.0 * unit(mix(key ^ mix(a.wrapping_mul(GOLDEN) ^ b.rotate_left(32)))) - 1.0
    };
    let south = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * fu;
    let north = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * fu;
    south + (north - south) * fv
}

/// A wave of period 1 and amplitude 1: Bhāskara I's rational approximation of the sine, which is
/// exact arithmetic on every machine, unlike a library sine. Returns value and slope.
pub fn wave(turns: f64) -> (f64, f64) {
    let t = turns - turns.floor();
    let (u, sign) = if t < 0.5 { (2.0 * t, 1.0) } else { (2.0 * t - 1.0, -1.0) };
    let q = u * (1.0 - u);
    let denominator = 5.0 - 4.0 * q;
    let value = sign * 16.0 * q / denominator;
    let slope = sign * 160.0 * (1.0 - 2.0 * u) / (denominator * denominator);
    (value, slope)
}

/// Cubic step from 0 at `low` to 1 at `high`.
pub fn smooth_step(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // First output of SplitMix64 for state 0, as in the reference implementation.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn wave_is_close_to_a_sine_and_its_slope_to_the_derivative() {
        for i in 0..1000 {
            let t = i as f64 / 500.0;
            let (value, slope) = wave(t);
            assert!((value - (std::f64::consts::TAU * t).sin()).abs() < 0.0017);
            let h = 1e-6;
            let difference = (wave(t + h).0 - wave(t - h).0) / (2.0 * h);
            assert!((slope - difference).abs() < 1e-3, "{t} {slope} {difference}");
        }
    }

    #[test]
    fn normal_has_unit_variance() {
        let mut random = Random::new(7);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64;
        // Standard errors are 0.003 and 0.004.
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02);
    }

    #[test]
    fn noise_is_continuous_across_lattice_lines() {
        let step = noise(3, 10.0, 4.0, 10.0) - noise(3, 10.0 - 1e-9, 4.0, 10.0);
        assert!(step.abs() < 1e-6);
    }
}
