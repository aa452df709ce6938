//! Roof shapes in given shares.

use crate::random::Random;
use crate::roof::RoofShape;

/// Picks so that the shares of all kinds stay near their weights from the first building on.
pub(super) struct Shares<const N: usize> {
    kinds: [(RoofShape, f64); N],
    counts: [f64; N],
}

impl<const N: usize> Shares<N> {
    pub(super) fn new(kinds: [(RoofShape, f64); N]) -> Self {
        Self { kinds, counts: [0.0; N] }
    }

    pub(super) fn pick(&mut self, random: &mut Random) -> RoofShape {
        let total: f64 = self.counts.iter().sum::<f64>() + 1.0;
        let mut best = (f64::NEG_INFINITY, 0);
        for (i, (_, weight)) in self.kinds.iter().enumerate() {
            let need = weight * total - self.counts[i] + 0.6 * random.unit();
            if need > best.0 {
                best = (need, i);
            }
        }
        self.counts[best.1] += 1.0;
        self.kinds[best.1].0
    }

    /// Takes a pick back, where what was picked found no room.
    pub(super) fn put_back(&mut self, shape: RoofShape) {
        for (count, kind) in self.counts.iter_mut().zip(&self.kinds) {
            if kind.0 == shape {
                *count -= 1.0;
            }
        }
    }
}
