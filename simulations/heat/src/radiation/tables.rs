//! Sums over the sky of every cell at once.
//!
//! What a patch sends to a cell depends on the patch and on what stands in it alone: sky, a crown or a wall. A cell's
//! sum over 153 patches is that of an open sky, and differences for the patches that something closes. Sets of
//! patches are read byte by byte; the sum of each of the 256 values of a byte is known beforehand.

use twin_sunlight::PatchSet;
use twin_sunlight::patches::COUNT;

/// Quantities summed side by side: short-wave radiation from above and from the four sides together, then long-wave.
pub(super) const WIDTH: usize = 4;
pub(super) const SHORT_ABOVE: usize = 0;
pub(super) const SHORT_SIDES: usize = 1;
pub(super) const LONG_ABOVE: usize = 2;
pub(super) const LONG_SIDES: usize = 3;
/// Bytes of a set of patches.
const BYTES: usize = COUNT.div_ceil(8);

/// What is summed.
pub(super) type Sums = [f32; WIDTH];

/// What patches send, by what stands in them.
pub(super) struct Sent {
    /// The open sky.
    pub(super) sky: Vec<[f64; WIDTH]>,
    /// A crown.
    pub(super) crown: Vec<[f64; WIDTH]>,
    /// A wall.
    pub(super) wall: Vec<[f64; WIDTH]>,
}

/// Sums of an open sky, and differences by byte.
pub(super) struct Tables {
    open: Sums,
    crown: Vec<Sums>,
    wall: Vec<Sums>,
}

impl Tables {
    pub(super) fn new(sent: &Sent) -> Self {
        let mut open = [0.0f64; WIDTH];
        for patch in &sent.sky {
            open.iter_mut().zip(patch).for_each(|(sum, value)| *sum += value);
        }
        let differences = |of: &[[f64; WIDTH]]| -> Vec<Sums> {
            let mut table = vec![[0.0f32; WIDTH]; 256 * BYTES];
            for (entry, sums) in table.iter_mut().enumerate() {
                let (byte, value) = (entry / 256, entry % 256);
                let mut exact = [0.0f64; WIDTH];
                let bits = (0..8).filter(|bit| value >> bit & 1 == 1);
                for patch in bits.map(|bit| 8 * byte + bit).filter(|patch| *patch < COUNT) {
                    for (sum, (of, sky)) in
                        exact.iter_mut().zip(of[patch].iter().zip(&sent.sky[patch]))
                    {
                        *sum += of - sky;
                    }
                }
                *sums = exact.map(|sum| sum as f32);
            }
            table
        };
        Self {
            open: open.map(|sum| sum as f32),
            crown: differences(&sent.crown),
            wall: differences(&sent.wall),
        }
    }

    /// The sums of a cell: crowns hide what is behind them.
    #[inline]
    pub(super) fn of(&self, closed: &PatchSet, crowned: &PatchSet) -> Sums {
        let mut sums = self.open;
        let crown_bytes = crowned.iter().flat_map(|word| word.to_le_bytes());
        let wall_bytes = closed.iter().zip(crowned).flat_map(|(c, v)| (c & !v).to_le_bytes());
        for (byte, (crown, wall)) in crown_bytes.zip(wall_bytes).take(BYTES).enumerate() {
            if crown != 0 {
                add(&mut sums, &self.crown[256 * byte + usize::from(crown)]);
            }
            if wall != 0 {
                add(&mut sums, &self.wall[256 * byte + usize::from(wall)]);
            }
        }
        sums
    }
}

#[inline]
fn add(sums: &mut Sums, more: &Sums) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_single_patches() {
        let of = |factor: f64| -> Vec<[f64; WIDTH]> {
            (0..COUNT)
                .map(|p| std::array::from_fn(|k| factor * ((p * 7 + k * 3) % 11) as f64))
                .collect()
        };
        let sent = Sent { sky: of(1.0), crown: of(0.5), wall: of(0.25) };
        let tables = Tables::new(&sent);
        let (mut closed, mut crowned): (PatchSet, PatchSet) = ([0; 3], [0; 3]);
        for patch in 0..COUNT {
            closed[patch / 64] |= u64::from(patch % 3 == 0) << (patch % 64);
            crowned[patch / 64] |= u64::from(patch % 5 == 0) << (patch % 64);
        }
        let found = tables.of(&closed, &crowned);
        for (k, found) in found.iter().enumerate() {
            let plain: f64 = (0..COUNT)
                .map(|p| match (p % 5 == 0, p % 3 == 0) {
                    (true, _) => sent.crown[p][k],
                    (false, true) => sent.wall[p][k],
                    _ => sent.sky[p][k],
                })
                .sum();
            assert!((f64::from(*found) - plain).abs() < 1e-3, "{found} {plain}");
        }
    }
}
