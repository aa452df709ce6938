//! What a flood leaves on the map: maxima, arrival, duration, rate of rise.

use crate::state::StateVisitor;

/// Number of samples in the window of the rate of rise.
const SAMPLES: usize = 6;
/// Time between samples, s.
pub(crate) const SAMPLE_S: f64 = 300.0;

/// Extremes since the initial state, one value per cell, updated at every step.
#[derive(Debug, Clone)]
pub struct Maxima {
    /// Largest depth, m. The largest level is the bed plus this.
    pub depth_m: Vec<f64>,
    /// Largest speed where the water was deeper than [`crate::Options::speed_depth_m`], m/s.
    pub speed_m_per_s: Vec<f64>,
    /// Largest h·V (débit linéique), m²/s.
    pub discharge_m2_per_s: Vec<f64>,
    /// First time with at least [`crate::Options::arrival_depth_m`], s; infinite where never.
    pub arrival_s: Vec<f64>,
    /// Time with at least that depth, s.
    pub duration_s: Vec<f64>,
}

impl Maxima {
    pub(crate) fn new(cells: usize) -> Self {
        Self {
            depth_m: vec![0.0; cells],
            speed_m_per_s: vec![0.0; cells],
            discharge_m2_per_s: vec![0.0; cells],
            arrival_s: vec![f64::INFINITY; cells],
            duration_s: vec![0.0; cells],
        }
    }

    pub(crate) fn visit<V: StateVisitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.array("max_depth", &mut self.depth_m)?;
        visitor.array("max_speed", &mut self.speed_m_per_s)?;
        visitor.array("max_discharge", &mut self.discharge_m2_per_s)?;
        visitor.array("arrival", &mut self.arrival_s)?;
        visitor.array("duration", &mut self.duration_s)
    }
}

/// Largest mean rise over 30 minutes, from depths sampled every 5 minutes: a rise that starts
/// between two samples is seen up to 5 minutes late and its 30-minute mean is a lower bound.
#[derive(Debug, Clone)]
pub(crate) struct RateOfRise {
    /// Depths of the last 30 minutes, oldest at `next`.
    samples: Vec<Vec<f64>>,
    next: u64,
    sample_time: f64,
    pub(crate) fastest_m_per_s: Vec<f64>,
}

impl RateOfRise {
    pub(crate) fn new(depth: &[f64], time: f64) -> Self {
        Self {
            samples: vec![depth.to_vec(); SAMPLES],
            next: 0,
            sample_time: time + SAMPLE_S,
            fastest_m_per_s: vec![0.0; depth.len()],
        }
    }

    /// Time of the next sample, s.
    pub(crate) fn sample_time(&self) -> f64 {
        self.sample_time
    }

    pub(crate) fn sample(&mut self, depth: &[f64]) {
        let window = SAMPLES as f64 * SAMPLE_S;
        let slot = (self.next % SAMPLES as u64) as usize;
        let Some(oldest) = self.samples.get_mut(slot) else { return };
        for ((fastest, old), &h) in self.fastest_m_per_s.iter_mut().zip(oldest).zip(depth) {
            *fastest = fastest.max((h - *old) / window);
            *old = h;
        }
        self.next += 1;
        self.sample_time += SAMPLE_S;
    }

    pub(crate) fn visit<V: StateVisitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.counter("rise_samples", &mut self.next)?;
        visitor.scalar("rise_sample_time", &mut self.sample_time)?;
        visitor.array("rise_fastest", &mut self.fastest_m_per_s)?;
        for (k, sample) in self.samples.iter_mut().enumerate() {
            visitor.array(&format!("rise_sample_{k}"), sample)?;
        }
        Ok(())
    }
}
