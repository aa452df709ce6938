//! What several tests of the engine use.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_shallow_water::{Real, Solver, StateVisitor};

/// A number in [0, 1) that looks random.
pub fn noise(i: usize) -> f64 {
    let x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((x ^ (x >> 32)) % 1_000_003) as f64 / 1_000_003.0
}

/// A state, recorded or played.
#[derive(Default)]
pub struct Tape {
    loading: bool,
    numbers: Vec<u64>,
    at: usize,
}

impl Tape {
    pub fn playing(numbers: Vec<u64>) -> Self {
        Self { loading: true, numbers, at: 0 }
    }

    /// Whether all of it has been played.
    pub fn is_played(&self) -> bool {
        self.at == self.numbers.len()
    }
}

impl StateVisitor for Tape {
    type Error = ();
    fn scalar(&mut self, _: &str, value: &mut f64) -> Result<(), ()> {
        let mut bits = value.to_bits();
        self.counter("", &mut bits)?;
        *value = f64::from_bits(bits);
        Ok(())
    }
    fn counter(&mut self, _: &str, value: &mut u64) -> Result<(), ()> {
        if self.loading {
            *value = self.numbers[self.at];
            self.at += 1;
        } else {
            self.numbers.push(*value);
        }
        Ok(())
    }
    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), ()> {
        values.iter_mut().try_for_each(|v| self.scalar(name, v))
    }
}

/// The whole state.
pub fn bits<R: Real>(solver: &mut Solver<R>) -> Vec<u64> {
    let mut tape = Tape::default();
    solver.visit_state(&mut tape).unwrap();
    tape.numbers
}

/// Advances to `end_s`; what `value` gives for each of the cells, every `every_s`.
pub fn watch<R: Real>(
    solver: &mut Solver<R>,
    (every_s, end_s): (f64, f64),
    cells: &[usize],
    value: impl Fn(&Solver<R>, usize) -> f64,
) -> Vec<Vec<(f64, f64)>> {
    let mut lines = vec![Vec::new(); cells.len()];
    for k in 0..=(end_s / every_s).round() as usize {
        let time = every_s * k as f64;
        solver.advance_to(time).unwrap();
        for (line, &cell) in lines.iter_mut().zip(cells) {
            line.push((time, value(solver, cell)));
        }
    }
    lines
}

/// The level of a cell, m; `NaN` while it is dry.
pub fn level<R: Real>(solver: &Solver<R>, cell: usize) -> f64 {
    solver.level(cell).unwrap_or(f64::NAN)
}
