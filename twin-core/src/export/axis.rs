//! Round numbers along an axis: for scale bars, coordinate ticks and plots.

/// The largest of 1, 2 or 5 times a power of ten that does not exceed a value; 1 for values that
/// are not positive and finite.
pub(super) fn round_below(largest: f64) -> f64 {
    if !largest.is_finite() || largest <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(largest.log10().floor());
    // The logarithm may fall one rounding step short of a power of ten.
    [10.0, 5.0, 2.0, 1.0, 0.5]
        .into_iter()
        .map(|m| m * power)
        .find(|length| *length <= largest * (1.0 + 1e-12))
        .unwrap_or(power)
}

/// Multiples of a round step between two bounds, about `wanted` of them, and the step.
pub(super) fn ticks(first: f64, last: f64, wanted: f64) -> (Vec<f64>, f64) {
    // 1.3 balances the rounding down of the step.
    let step = round_below((last - first) / wanted.max(1.0) * 1.3);
    (multiples(first, last, step), step)
}

/// Multiples of a step between two bounds, at most 50.
pub(super) fn multiples(first: f64, last: f64, step: f64) -> Vec<f64> {
    let start = (first / step - 1e-9).ceil() as i64;
    let end = (last / step + 1e-9).floor() as i64;
    (start..=end.min(start.saturating_add(49))).map(|i| i as f64 * step).collect()
}

/// Decimals that tell multiples of a step apart.
pub(super) fn decimals(step: f64) -> usize {
    (0..6)
        .find(|d| {
            let scaled = step * 10f64.powi(*d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs()
        })
        .unwrap_or(6) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_round_and_fit() {
        for (longest, round) in
            [(1.0, 1.0), (999.0, 500.0), (1000.0, 1000.0), (4.9, 2.0), (0.3, 0.2), (73.0, 50.0)]
        {
            approx::assert_relative_eq!(round_below(longest), round, epsilon = 1e-12);
        }
        for longest in [f64::NAN, -1.0, 0.0, f64::INFINITY] {
            assert_eq!(round_below(longest), 1.0);
        }
    }

    #[test]
    fn ticks_are_multiples_inside_the_bounds() {
        let (ticks, step) = ticks(351_980.0, 353_480.0, 6.0);
        assert!((3..=9).contains(&ticks.len()), "{ticks:?}");
        assert!(ticks.iter().all(|t| (351_980.0..=353_480.0).contains(t)));
        assert!(ticks.iter().all(|t| (t / step).fract() == 0.0));
    }

    #[test]
    fn decimals_follow_the_step() {
        assert_eq!([500.0, 1.0, 0.5, 0.25, 0.02].map(decimals), [0, 0, 1, 2, 2]);
    }
}
