//! Isotonic median regression: the falling sequence nearest to measured levels in the sum of
//! absolute differences.
//!
//! ```text
//! minimise  Σᵢ |xᵢ − aᵢ|   subject to  x₁ ≥ x₂ ≥ … ≥ xₙ
//! ```
//!
//! Medians, unlike the means of the usual pool-adjacent-violators algorithm, are not moved by a
//! bridge or an embankment that stands in the profile of a stream, as long as it is shorter than the
//! stretch below it. Dynamic programming with a heap, O(n log n): Rote 2019, *Isotonic Regression by
//! Dynamic Programming*, doi:10.4230/OASIcs.SOSA.2019.1.

use std::collections::BinaryHeap;

/// Levels are compared in tenths of a millimetre.
const STEPS_PER_M: f64 = 1e4;

/// The falling sequence (from first to last) nearest to `levels`, which are finite metres.
pub(super) fn falling(levels: &[f64]) -> Vec<f64> {
    // From the last to the first the sequence rises.
    let mut heap: BinaryHeap<i64> = BinaryHeap::new();
    let mut best = vec![0; levels.len()];
    for (k, level) in levels.iter().enumerate().rev() {
        let level = (level * STEPS_PER_M).round() as i64;
        heap.push(level);
        heap.push(level);
        heap.pop();
        best[k] = heap.peek().copied().unwrap_or(level);
    }
    let mut above = i64::MAX;
    let mut fitted = vec![0.0; levels.len()];
    for (fitted, best) in fitted.iter_mut().zip(best) {
        above = above.min(best);
        *fitted = above as f64 / STEPS_PER_M;
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
    }

    #[test]
    fn an_embankment_in_a_stream_is_cut_to_the_level_of_the_stream() {
        let mut levels: Vec<f64> = (0..60).map(|k| 50.0 - 0.01 * f64::from(k)).collect();
        levels[20..26].fill(54.0);
        let fitted = falling(&levels);
        for (k, level) in fitted.iter().enumerate() {
            let stream = 50.0 - 0.01 * k as f64;
            // As many low places join the six high ones in one level: the fall along twelve.
            assert!((level - stream).abs() < 0.12, "{k}: {level} for {stream}");
        }
    }

    proptest! {
        /// Against every falling sequence over the measured values: there is an optimum among them.
        #[test]
        fn no_falling_sequence_is_nearer(levels in proptest::collection::vec(0..5i32, 1..7)) {
            let levels: Vec<f64> = levels.into_iter().map(f64::from).collect();
            let fitted = falling(&levels);
            prop_assert!(fitted.windows(2).all(|w| w[0] >= w[1]));
            let count = 5usize.pow(levels.len() as u32);
            let best = (0..count)
                .map(|mut code| {
                    let digits = levels.iter().map(|_| { let d = code % 5; code /= 5; d as f64 });
                    digits.collect::<Vec<f64>>()
                })
                .filter(|s| s.windows(2).all(|w| w[0] >= w[1]))
                .map(|s| cost(&s, &levels))
                .fold(f64::INFINITY, f64::min);
            prop_assert!((cost(&fitted, &levels) - best).abs() < 1e-9);
        }
    }
}
