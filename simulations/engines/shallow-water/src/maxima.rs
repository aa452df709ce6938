//! What a flood leaves on the map: maxima, arrival, duration, rate of rise.

use crate::layout::Layout;
use crate::options::DURATIONS;
use crate::real::{Real, larger, smaller};
use crate::state::{StateVisitor, visit_field};

/// Number of samples in the window of the rate of rise.
const SAMPLES: usize = 6;
/// Time between samples, s.
pub(crate) const SAMPLE_S: f64 = 300.0;

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
    /// Time with at least each of [`crate::Options::duration_depths_m`], s.
    pub duration_s: [Vec<f64>; DURATIONS],
}

/// The same as fields of the solver.
#[derive(Debug, Clone)]
pub(crate) struct Records<R> {
    pub(crate) depth: Vec<R>,
    pub(crate) peak: Vec<R>,
    pub(crate) speed: Vec<R>,
    pub(crate) discharge: Vec<R>,
    pub(crate) arrival: Vec<R>,
    /// Times at which the depth fell below each threshold less those at which it rose to it, s.
    pub(crate) duration: [Vec<R>; DURATIONS],
}

/// A row of records.
pub(crate) struct RecordRow<'a, R> {
    pub(crate) depth: &'a mut [R],
    pub(crate) peak: &'a mut [R],
    pub(crate) speed: &'a mut [R],
    pub(crate) discharge: &'a mut [R],
    pub(crate) arrival: &'a mut [R],
    pub(crate) duration: [&'a mut [R]; DURATIONS],
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
            duration: self.duration.each_mut().map(|field| &mut field[span.clone()]),
        }
    }
}

/// Constants of a step for the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recording<R> {
    /// Time at the end of the step, s.
    pub(crate) end: R,
    /// Depth that counts as arrived, m.
    pub(crate) arrival: R,
    /// Depths whose durations are counted, m.
    pub(crate) lasting: [R; DURATIONS],
    /// Smallest depth whose speed counts for the maximum, m.
    pub(crate) speed_depth: R,
}

/// Counts a row of cells, `before` and after a step.
///
/// Most cells set no record in most steps: each loop first looks whether any does, and writes only
/// then, which spares half the traffic with memory.
#[inline(always)]
pub(crate) fn record_row<R: Real>(
    c: Recording<R>,
    before: &[R],
    depth: &[R],
    speed: &[R],
    out: RecordRow<'_, R>,
) {
    let n = depth.len();
    let (before, speed) = (&before[..n], &speed[..n]);
    let (max_depth, peak, max_speed) =
        (&mut out.depth[..n], &mut out.peak[..n], &mut out.speed[..n]);
    let (discharge, arrival) = (&mut out.discharge[..n], &mut out.arrival[..n]);
    let mut deeper = false;
    for i in 0..n {
        deeper |= depth[i] > max_depth[i];
    }
    if deeper {
        for i in 0..n {
            let (h, deepest, time) = (depth[i], max_depth[i], peak[i]);
            peak[i] = if h > deepest { c.end } else { time };
            max_depth[i] = larger(deepest, h);
        }
    }
    let counted = |h: R, speed: R| if h > c.speed_depth { speed } else { R::zero() };
    let mut faster = false;
    for i in 0..n {
        faster |= counted(depth[i], speed[i]) > max_speed[i];
    }
    if faster {
        for i in 0..n {
            max_speed[i] = larger(max_speed[i], counted(depth[i], speed[i]));
        }
    }
    let mut stronger = false;
    for i in 0..n {
        stronger |= depth[i] * speed[i] > discharge[i];
    }
    if stronger {
        for i in 0..n {
            discharge[i] = larger(discharge[i], depth[i] * speed[i]);
        }
    }
    let mut arrived = false;
    for i in 0..n {
        arrived |= (before[i] < c.arrival) & (depth[i] >= c.arrival);
    }
    if arrived {
        for i in 0..n {
            let is = depth[i] >= c.arrival;
            arrival[i] = smaller(arrival[i], if is { c.end } else { R::infinity() });
        }
    }
    for (threshold, duration) in c.lasting.into_iter().zip(out.duration) {
        let duration = &mut duration[..n];
        let mut crossed = false;
        for i in 0..n {
            crossed |= (before[i] >= threshold) != (depth[i] >= threshold);
        }
        if crossed {
            for i in 0..n {
                let end = if before[i] >= threshold { c.end } else { R::zero() };
                let start = if depth[i] >= threshold { c.end } else { R::zero() };
                duration[i] = duration[i] + (end - start);
            }
        }
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
            duration: std::array::from_fn(|_| zeros()),
        }
    }

    /// Counts one cell whose depth changes at the time `c.end`, beside the sweep.
    pub(crate) fn count(&mut self, c: Recording<R>, at: usize, [before, depth]: [R; 2], speed: R) {
        let one = at..at + 1;
        let row = RecordRow {
            depth: &mut self.depth[one.clone()],
            peak: &mut self.peak[one.clone()],
            speed: &mut self.speed[one.clone()],
            discharge: &mut self.discharge[one.clone()],
            arrival: &mut self.arrival[one.clone()],
            duration: self.duration.each_mut().map(|field| &mut field[one.clone()]),
        };
        record_row(c, &[before], &[depth], &[speed], row);
    }

    /// What has been recorded until `time` (s), where the water is `depth` deep.
    pub(crate) fn maxima(
        &self,
        layout: &Layout,
        depth: &[R],
        time: f64,
        thresholds: [f64; DURATIONS],
    ) -> Maxima {
        let rows = |field: &[R]| layout.gather(field, |x| x.as_());
        // A spell that lasts has no end yet.
        let spells = |k: usize| {
            let deep = layout.gather(depth, |&h| h >= R::of(thresholds[k]));
            let ended = rows(&self.duration[k]).into_iter().zip(deep);
            ended.map(|(d, deep)| if deep { d + time } else { d }).collect()
        };
        Maxima {
            depth_m: rows(&self.depth),
            peak_s: rows(&self.peak),
            speed_m_per_s: rows(&self.speed),
            discharge_m2_per_s: rows(&self.discharge),
            arrival_s: rows(&self.arrival),
            duration_s: std::array::from_fn(spells),
        }
    }

    pub(crate) fn visit<V: StateVisitor>(
        &mut self,
        layout: &Layout,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        for (name, field) in [
            ("max_depth", &mut self.depth),
            ("peak", &mut self.peak),
            ("max_speed", &mut self.speed),
            ("max_discharge", &mut self.discharge),
            ("arrival", &mut self.arrival),
        ] {
            visit_field(layout, visitor, name, field)?;
        }
        for (k, field) in self.duration.iter_mut().enumerate() {
            visit_field(layout, visitor, &format!("duration_{k}"), field)?;
        }
        Ok(())
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
