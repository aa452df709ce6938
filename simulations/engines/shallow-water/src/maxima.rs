//! What a flood leaves on the map: maxima, arrival, duration, rate of rise.

use crate::layout::Layout;
use crate::real::{Real, larger, smaller};
use crate::state::{StateVisitor, visit_field};

/// Number of samples in the window of the rate of rise.
const SAMPLES: usize = 6;
/// Time between samples, s.
pub(crate) const SAMPLE_S: f64 = 300.0;
/// Steps whose lengths are summed in the solver's format before they join the duration: in `f32`
/// a step of 0.05 s would not be seen beside a duration of days.
const BATCH: u64 = 256;

/// Extremes since the initial state, one value per cell row by row, over all steps.
#[derive(Debug, Clone)]
pub struct Maxima {
    /// Largest depth, m. The largest level is the bed plus this.
    pub depth_m: Vec<f64>,
    /// Time of the largest depth, s; infinite where never wet.
    pub peak_s: Vec<f64>,
    /// Largest speed where the water was deeper than [`crate::Options::speed_depth_m`], m/s.
    pub speed_m_per_s: Vec<f64>,
    /// Largest h·V (débit linéique), m²/s.
    pub discharge_m2_per_s: Vec<f64>,
    /// First time with at least [`crate::Options::arrival_depth_m`], s; infinite where never.
    pub arrival_s: Vec<f64>,
    /// Time with at least that depth, s.
    pub duration_s: Vec<f64>,
}

/// The same as fields of the solver.
#[derive(Debug, Clone)]
pub(crate) struct Records<R> {
    pub(crate) depth: Vec<R>,
    pub(crate) peak: Vec<R>,
    pub(crate) speed: Vec<R>,
    pub(crate) discharge: Vec<R>,
    pub(crate) arrival: Vec<R>,
    /// Of the steps of the present batch.
    pub(crate) duration: Vec<R>,
    earlier_duration: Vec<f64>,
    steps: u64,
}

/// A row of records.
pub(crate) struct RecordRow<'a, R> {
    pub(crate) depth: &'a mut [R],
    pub(crate) peak: &'a mut [R],
    pub(crate) speed: &'a mut [R],
    pub(crate) discharge: &'a mut [R],
    pub(crate) arrival: &'a mut [R],
    pub(crate) duration: &'a mut [R],
}

impl<R> RecordRow<'_, R> {
    /// A stretch of it.
    #[inline(always)]
    pub(crate) fn part(&mut self, from: usize, cells: usize) -> RecordRow<'_, R> {
        let span = from..from + cells;
        RecordRow {
            depth: &mut self.depth[span.clone()],
            peak: &mut self.peak[span.clone()],
            speed: &mut self.speed[span.clone()],
            discharge: &mut self.discharge[span.clone()],
            arrival: &mut self.arrival[span.clone()],
            duration: &mut self.duration[span],
        }
    }
}

/// Constants of a step for the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recording<R> {
    /// Step, s.
    pub(crate) dt: R,
    /// Time at its end, s.
    pub(crate) end: R,
    /// Depth that counts as arrived and for the duration, m.
    pub(crate) arrival: R,
    /// Smallest depth whose speed counts for the maximum, m.
    pub(crate) speed_depth: R,
}

/// Counts a row of cells.
#[inline(always)]
pub(crate) fn record_row<R: Real>(
    c: Recording<R>,
    depth: &[R],
    speed: &[R],
    out: RecordRow<'_, R>,
) {
    let n = depth.len();
    let speed = &speed[..n];
    let (max_depth, peak, max_speed) =
        (&mut out.depth[..n], &mut out.peak[..n], &mut out.speed[..n]);
    let (discharge, arrival, duration) =
        (&mut out.discharge[..n], &mut out.arrival[..n], &mut out.duration[..n]);
    // Few arrays a loop: the compiler checks at run time that they do not overlap.
    for i in 0..n {
        let (h, deepest, time) = (depth[i], max_depth[i], peak[i]);
        peak[i] = if h > deepest { c.end } else { time };
        max_depth[i] = larger(deepest, h);
    }
    for i in 0..n {
        let counted = if depth[i] > c.speed_depth { speed[i] } else { R::zero() };
        max_speed[i] = larger(max_speed[i], counted);
    }
    for i in 0..n {
        discharge[i] = larger(discharge[i], depth[i] * speed[i]);
    }
    for i in 0..n {
        let arrived = depth[i] >= c.arrival;
        arrival[i] = smaller(arrival[i], if arrived { c.end } else { R::infinity() });
        duration[i] = duration[i] + if arrived { c.dt } else { R::zero() };
    }
}

impl<R: Real> Records<R> {
    pub(crate) fn new(cells: usize) -> Self {
        let zeros = || vec![R::zero(); cells];
        let never = || vec![R::infinity(); cells];
        Self {
            depth: zeros(),
            peak: never(),
            speed: zeros(),
            discharge: zeros(),
            arrival: never(),
            duration: zeros(),
            earlier_duration: vec![0.0; cells],
            steps: 0,
        }
    }

    /// Counts one cell at the time `c.end`, beside the sweep.
    pub(crate) fn count(&mut self, c: Recording<R>, at: usize, depth: R, speed: R) {
        let one = at..at + 1;
        let row = RecordRow {
            depth: &mut self.depth[one.clone()],
            peak: &mut self.peak[one.clone()],
            speed: &mut self.speed[one.clone()],
            discharge: &mut self.discharge[one.clone()],
            arrival: &mut self.arrival[one.clone()],
            duration: &mut self.duration[one],
        };
        record_row(c, &[depth], &[speed], row);
    }

    /// Counts a step; from time to time joins the durations of a batch of steps.
    pub(crate) fn step(&mut self) {
        self.steps += 1;
        if self.steps.is_multiple_of(BATCH) {
            for (total, batch) in self.earlier_duration.iter_mut().zip(&mut self.duration) {
                *total += batch.as_();
                *batch = R::zero();
            }
        }
    }

    pub(crate) fn maxima(&self, layout: &Layout) -> Maxima {
        let rows = |field: &[R]| layout.gather(field, |x| x.as_());
        let mut duration_s = rows(&self.duration);
        let earlier = layout.gather(&self.earlier_duration, |x| *x);
        duration_s.iter_mut().zip(earlier).for_each(|(d, e)| *d += e);
        Maxima {
            depth_m: rows(&self.depth),
            peak_s: rows(&self.peak),
            speed_m_per_s: rows(&self.speed),
            discharge_m2_per_s: rows(&self.discharge),
            arrival_s: rows(&self.arrival),
            duration_s,
        }
    }

    pub(crate) fn visit<V: StateVisitor>(
        &mut self,
        layout: &Layout,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        visitor.counter("record_steps", &mut self.steps)?;
        for (name, field) in [
            ("max_depth", &mut self.depth),
            ("peak", &mut self.peak),
            ("max_speed", &mut self.speed),
            ("max_discharge", &mut self.discharge),
            ("arrival", &mut self.arrival),
            ("duration", &mut self.duration),
        ] {
            visit_field(layout, visitor, name, field)?;
        }
        visit_field(layout, visitor, "earlier_duration", &mut self.earlier_duration)
    }
}

/// Largest mean rise over 30 minutes, from depths sampled every 5 minutes: a rise that starts
/// between two samples is seen up to 5 minutes late and its 30-minute mean is a lower bound.
#[derive(Debug, Clone)]
pub(crate) struct RateOfRise<R> {
    /// Depths of the last 30 minutes, oldest at `next`.
    samples: Vec<Vec<R>>,
    next: u64,
    sample_time: f64,
    pub(crate) fastest_m_per_s: Vec<R>,
}

impl<R: Real> RateOfRise<R> {
    pub(crate) fn new(depth: &[R], time: f64) -> Self {
        Self {
            samples: vec![depth.to_vec(); SAMPLES],
            next: 0,
            sample_time: time + SAMPLE_S,
            fastest_m_per_s: vec![R::zero(); depth.len()],
        }
    }

    /// Time of the next sample, s.
    pub(crate) fn sample_time(&self) -> f64 {
        self.sample_time
    }

    pub(crate) fn sample(&mut self, depth: &[R]) {
        let window = R::of(SAMPLES as f64 * SAMPLE_S);
        let slot = (self.next % SAMPLES as u64) as usize;
        let Some(oldest) = self.samples.get_mut(slot) else { return };
        for ((fastest, old), &h) in self.fastest_m_per_s.iter_mut().zip(oldest).zip(depth) {
            *fastest = larger(*fastest, (h - *old) / window);
            *old = h;
        }
        self.next += 1;
        self.sample_time += SAMPLE_S;
    }

    pub(crate) fn visit<V: StateVisitor>(
        &mut self,
        layout: &Layout,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        visitor.counter("rise_samples", &mut self.next)?;
        visitor.scalar("rise_sample_time", &mut self.sample_time)?;
        visit_field(layout, visitor, "rise_fastest", &mut self.fastest_m_per_s)?;
        for (k, sample) in self.samples.iter_mut().enumerate() {
            visit_field(layout, visitor, &format!("rise_sample_{k}"), sample)?;
        }
        Ok(())
    }
}
