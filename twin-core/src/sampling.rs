//! Draws and their quantiles, the same for any number of threads.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

/// One column of a Latin hypercube (McKay, Beckman & Conover 1979, doi 10.1080/00401706.1979.10489755):
/// `[0, 1)` is cut into as many parts as there are draws, and each part is drawn once, in any order.
pub fn latin_column(draws: usize, rng: &mut Pcg64Mcg) -> Vec<f64> {
    let part = |k: usize, share: f64| (k as f64 + share) / draws as f64;
    let mut drawn: Vec<f64> = (0..draws).map(|k| part(k, rng.random())).collect();
    drawn.shuffle(rng);
    drawn
}

/// A quantile of sorted values, linear between them (Hyndman & Fan 1996, type 7); `NaN` of none.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (at - at.floor()) * (above - below)
}

/// Rank correlation of two columns (Spearman 1904): 1 where one rises with the other, −1 where it falls, 0
/// where they have nothing to do with each other; `None` where one does not vary.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() as f64 - 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum()
    };
    let spread = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (spread > 0.0).then(|| sum(&a, &b) / spread)
}

/// Ranks from 0; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|i, j| values[*i] == values[*j]) {
        let mean = from as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|i| ranks[*i] = mean);
        from += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_part_is_drawn_once() {
        let mut rng = Pcg64Mcg::seed_from_u64(3);
        let mut parts: Vec<usize> =
            latin_column(50, &mut rng).into_iter().map(|u| (u * 50.0) as usize).collect();
        assert_ne!(parts, (0..50).collect::<Vec<_>>());
        parts.sort_unstable();
        assert_eq!(parts, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn ranks_correlate_whatever_the_curve() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let rising: Vec<f64> = x.iter().map(|x| x.powi(3)).collect();
        let falling: Vec<f64> = x.iter().map(|x| (-x).exp()).collect();
        assert!((rank_correlation(&x, &rising).unwrap() - 1.0).abs() < 1e-12);
        assert!((rank_correlation(&x, &falling).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(rank_correlation(&x, &[3.0; 20]), None);
        // 1 − 6 Σd² / (n (n² − 1)) without ties: d = (1, 1, 2, 0, 2).
        let found = rank_correlation(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 5.0, 4.0, 3.0]);
        assert!((found.unwrap() - (1.0 - 6.0 * 10.0 / 120.0)).abs() < 1e-12);
        assert_eq!(ranks(&[5.0, 1.0, 5.0]), [1.5, 0.0, 1.5]);
    }

    #[test]
    fn quantiles_of_a_line_are_on_the_line() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        for share in [0.0, 0.25, 0.5, 1.0] {
            assert!((quantile(&values, share) - 10.0 * share).abs() < 1e-12);
        }
        assert!(quantile(&[], 0.5).is_nan());
        assert_eq!(quantile(&[7.0], 0.9), 7.0);
    }
}
