//! Water budget: what was there, came in, went out, and is stored.

/// A sum that keeps its rounding errors (Neumaier 1974, doi 10.1002/zamm.19740540106).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) value: f64,
    pub(crate) lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        let total = self.value + term;
        self.lost += if self.value.abs() >= term.abs() {
            (self.value - total) + term
        } else {
            (term - total) + self.value
        };
        self.value = total;
    }

    pub(crate) fn total(self) -> f64 {
        self.value + self.lost
    }
}

/// Running volumes of a source or boundary.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exchange {
    pub(crate) inflow: Sum,
    pub(crate) outflow: Sum,
}

impl Exchange {
    /// Counts a volume, positive into the domain.
    pub(crate) fn add(&mut self, volume: f64) {
        if volume >= 0.0 { self.inflow.add(volume) } else { self.outflow.add(-volume) }
    }

    pub(crate) fn volume(&self, name: &str) -> Volume {
        Volume {
            name: name.to_owned(),
            inflow_m3: self.inflow.total(),
            outflow_m3: self.outflow.total(),
        }
    }
}

/// Water that came and went through one source or boundary since the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// Name of the source or boundary.
    pub name: String,
    /// Volume that came in, m³.
    pub inflow_m3: f64,
    /// Volume that went out, m³.
    pub outflow_m3: f64,
}

/// Water budget since the initial state, all in m³.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Stored at the initial state.
    pub initial_m3: f64,
    /// Stored now.
    pub stored_m3: f64,
    /// By source, in the order given to the solver.
    pub sources: Vec<Volume>,
    /// By boundary segment, in the order given to the solver.
    pub boundaries: Vec<Volume>,
    /// Pumped out of the domain, by link, in the order given to the solver.
    pub links: Vec<Volume>,
    /// Exchanged through [`crate::Solver::exchange_depth`] (infiltration, coupling).
    pub exchange: Volume,
}

impl Budget {
    fn volumes(&self) -> impl Iterator<Item = &Volume> {
        let named = self.sources.iter().chain(&self.boundaries).chain(&self.links);
        named.chain(std::iter::once(&self.exchange))
    }

    /// All that came in.
    pub fn inflow_m3(&self) -> f64 {
        self.volumes().map(|v| v.inflow_m3).sum()
    }

    /// All that went out.
    pub fn outflow_m3(&self) -> f64 {
        self.volumes().map(|v| v.outflow_m3).sum()
    }

    /// Stored − (initial + in − out): zero but for rounding.
    pub fn residual_m3(&self) -> f64 {
        (self.stored_m3 - self.initial_m3) - (self.inflow_m3() - self.outflow_m3())
    }

    /// The residual relative to all water that was ever there; 0 without water.
    pub fn relative_residual(&self) -> f64 {
        let scale = self.initial_m3 + self.inflow_m3();
        if scale > 0.0 { self.residual_m3() / scale } else { self.residual_m3() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_keeps_small_terms() {
        let mut sum = Sum::default();
        sum.add(1e16);
        (0..1000).for_each(|_| sum.add(1.0));
        sum.add(-1e16);
        assert_eq!(sum.total(), 1000.0);
    }
}
