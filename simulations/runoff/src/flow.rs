//! Rain, leaves and soil in turn with the flow.
//!
//! Over each exchange step the rain that falls goes first to the leaves, then, with the water that stands,
//! to the soil; the rest is added to the engine, which advances to the end of the step. What enters the soil
//! never exceeds what stands and falls. Volumes are exact integrals of the rain.

use rayon::prelude::*;
use twin_core::Result;
use twin_core::simulation::{StateError, StateVisitor};
use twin_shallow_water::Solver;

use crate::infiltration::{Infiltration, Supply};
use crate::rain::RainField;
use crate::roofs::{RoofShare, held_m};
use crate::sewers::Sewers;

/// Depths below which the ground is felt as by a film, above which as by a flood, m.
const FILM_M: f64 = 0.01;
const FLOOD_M: f64 = 0.1;

/// What happens to rain on each cell before it flows.
#[derive(Debug)]
pub struct Ground {
    /// Rain that comes onto a cell, as a share of what falls on its area: 1, more beside roofs, 0 under
    /// buildings and outside the terrain.
    pub catch: Vec<f32>,
    /// Roofs whose rain a network takes.
    pub network: Vec<RoofShare>,
    /// Green roofs whose rain comes onto the ground.
    pub green: Vec<RoofShare>,
    /// Rain that leaves can hold, m.
    pub canopy_m: Vec<f32>,
    /// Share of a cell where water can enter the soil.
    pub pervious: Vec<f32>,
    /// The model of each cell among `models`.
    pub model_of: Vec<u16>,
    /// Models of infiltration.
    pub models: Vec<Infiltration>,
    /// Roughness under a film, s·m^(−1/3).
    pub film: Vec<f32>,
    /// The same in a flood.
    pub flood: Vec<f32>,
    /// Sewers.
    pub sewers: Sewers,
}

impl Ground {
    /// The same pervious ground of one roughness in all cells, under the sky.
    pub fn even(cells: usize, model: Infiltration, roughness: f64) -> Self {
        Self {
            catch: vec![1.0; cells],
            network: Vec::new(),
            green: Vec::new(),
            canopy_m: vec![0.0; cells],
            pervious: vec![1.0; cells],
            model_of: vec![0; cells],
            models: vec![model],
            film: vec![roughness as f32; cells],
            flood: vec![roughness as f32; cells],
            sewers: Sewers::default(),
        }
    }
}

/// Volumes since the start, m³.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Fallen.
    pub rain: f64,
    /// Held by leaves.
    pub intercepted: f64,
    /// Held by green roofs.
    pub green_roofs: f64,
    /// Entered the soil.
    pub infiltrated: f64,
    /// Taken by a network.
    pub network: f64,
}

/// A storm over a ground, and the water that flows on it.
#[derive(Debug)]
pub struct Flow {
    /// The engine.
    pub solver: Solver<f32>,
    /// The rain.
    pub rain: RainField,
    /// What takes water out of it.
    pub ground: Ground,
    /// Time over which rain and infiltration are exchanged with the flow, s.
    pub exchange_s: f64,
    totals: Totals,
    /// What the model of infiltration of each cell knows of the past.
    soil: Vec<f64>,
    /// Rain on the leaves of each cell, m.
    held_m: Vec<f64>,
    infiltrated_m: Vec<f64>,
    /// What each cell gains in an exchange, m.
    gain_m: Vec<f64>,
    /// The same since the start: rain less what leaves, roofs, soil and sewers took.
    excess_m: Vec<f64>,
}

impl Flow {
    /// At the engine's time 0.
    pub fn new(solver: Solver<f32>, rain: RainField, ground: Ground, exchange_s: f64) -> Self {
        let cells = solver.bed().spec.len();
        Self {
            solver,
            rain,
            ground,
            exchange_s,
            totals: Totals::default(),
            soil: vec![0.0; cells],
            held_m: vec![0.0; cells],
            infiltrated_m: vec![0.0; cells],
            gain_m: vec![0.0; cells],
            excess_m: vec![0.0; cells],
        }
    }

    /// Volumes so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Depth that entered the soil so far, mean of each cell, m.
    pub fn infiltrated_m(&self) -> &[f64] {
        &self.infiltrated_m
    }

    /// Rain less what leaves, roofs, soil and sewers took of it and of the water that stood there, mean of each
    /// cell, m.
    pub fn excess_m(&self) -> &[f64] {
        &self.excess_m
    }

    /// Rain on the leaves of each cell, m.
    pub fn held_m(&self) -> &[f64] {
        &self.held_m
    }

    /// Volume that left through the edges so far, m³.
    pub fn outflow_m3(&self) -> f64 {
        self.solver.budget().boundaries.iter().map(|b| b.outflow_m3).sum()
    }

    /// Volume that left by outlets of basins into a network so far, m³.
    pub fn drained_m3(&self) -> f64 {
        self.solver.budget().links.iter().map(|link| link.outflow_m3).sum()
    }

    /// Advances to a time; exchanges end at multiples of their step.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn advance_to(&mut self, time_s: f64) -> Result<()> {
        while self.solver.time_s() < time_s {
            let next = self.next_exchange_s().min(time_s);
            self.exchange(next)?;
            self.solver.advance_to(next)?;
        }
        Ok(())
    }

    /// When the present exchange step ends, s.
    pub fn next_exchange_s(&self) -> f64 {
        ((self.solver.time_s() / self.exchange_s + 1e-9).floor() + 1.0) * self.exchange_s
    }

    /// Rain, leaves and soil from now until a time.
    fn exchange(&mut self, until_s: f64) -> Result<()> {
        let Self { solver, rain, ground, .. } = self;
        let spec = solver.bed().spec;
        let (from_s, area) = (solver.time_s(), spec.cell_area());
        let step_s = until_s - from_s;
        let rain_m = rain.depths_m(from_s, until_s);
        let columns = spec.columns;
        let on_green = held_m(&ground.green, rain, [from_s, until_s]);
        let on_network = held_m(&ground.network, rain, [from_s, until_s]);
        // By cell what green roofs keep from it; empty without any.
        let mut withheld = vec![0.0; if on_green.is_empty() { 0 } else { spec.len() }];
        for (roof, held) in ground.green.iter().zip(&on_green) {
            withheld[roof.cell] += held;
        }
        let water: &Solver<f32> = solver;
        let rows: Vec<[f64; 3]> = self
            .gain_m
            .par_chunks_mut(columns)
            .zip(self.soil.par_chunks_mut(columns))
            .zip(self.held_m.par_chunks_mut(columns))
            .zip(self.infiltrated_m.par_chunks_mut(columns))
            .enumerate()
            .map(|(row, (((gain, soil), held), infiltrated))| {
                let mut sums = [0.0; 3];
                for column in 0..gain.len() {
                    let cell = row * columns + column;
                    gain[column] = 0.0;
                    if ground.catch[cell] <= 0.0 {
                        continue;
                    }
                    let fallen = rain_m[rain.place(cell)] * f64::from(ground.catch[cell]);
                    let on_roofs = withheld.get(cell).copied().unwrap_or(0.0);
                    let room = f64::from(ground.canopy_m[cell]) - held[column];
                    let on_leaves = (fallen - on_roofs).clamp(0.0, room.max(0.0));
                    held[column] += on_leaves;
                    let rain_m = fallen - on_roofs - on_leaves;
                    let pervious = f64::from(ground.pervious[cell]);
                    let entered = if pervious > 0.0 {
                        let model = &ground.models[usize::from(ground.model_of[cell])];
                        let ponded_m = water.depth_at(cell);
                        pervious
                            * model
                                .infiltrate(&mut soil[column], Supply { ponded_m, rain_m, step_s })
                    } else {
                        0.0
                    };
                    infiltrated[column] += entered;
                    gain[column] = rain_m - entered;
                    sums[0] += fallen;
                    sums[1] += on_leaves;
                    sums[2] += entered;
                }
                sums
            })
            .collect();
        for [fallen, on_leaves, entered] in rows {
            self.totals.rain += fallen * area;
            self.totals.intercepted += on_leaves * area;
            self.totals.infiltrated += entered * area;
        }
        for (roof, held) in ground.network.iter().zip(&on_network) {
            let fallen = roof.share * rain_m[rain.place(roof.cell)];
            self.totals.rain += fallen * area;
            self.totals.network += (fallen - held) * area;
        }
        let held: f64 = on_green.iter().chain(&on_network).sum();
        self.totals.green_roofs += held * area;
        let standing = |cell: usize| solver.depth_at(cell);
        for sewer in &mut ground.sewers.networks {
            sewer.take(standing, &mut self.gain_m, step_s, area);
        }
        self.excess_m.iter_mut().zip(&self.gain_m).for_each(|(sum, gain)| *sum += gain);
        solver.exchange_depth(&self.gain_m)?;
        let (film, flood) = (&ground.film, &ground.flood);
        let depths = solver.depth();
        solver.set_roughness(|cell| blended(depths[cell], film[cell], flood[cell]));
        Ok(())
    }

    /// Walks over the whole state, to save or to load it.
    ///
    /// # Errors
    /// Those of the visitor.
    pub fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<(), StateError> {
        self.solver.visit_state(&mut EngineVisitor(visitor))?;
        visitor.array("soil", &mut self.soil)?;
        visitor.array("held_m", &mut self.held_m)?;
        visitor.array("infiltrated_m", &mut self.infiltrated_m)?;
        visitor.array("excess_m", &mut self.excess_m)?;
        for sewer in &mut self.ground.sewers.networks {
            visitor.scalar("sewer_taken_m3", &mut sewer.taken_m3)?;
        }
        let Totals { rain, intercepted, green_roofs, infiltrated, network } = &mut self.totals;
        visitor.scalar("green_roofs", green_roofs)?;
        visitor.scalar("rain", rain)?;
        visitor.scalar("intercepted", intercepted)?;
        visitor.scalar("infiltrated", infiltrated)?;
        visitor.scalar("network", network)
    }
}

/// Roughness at a depth: that of a film, that of a flood, or between them by the logarithms of both.
fn blended(depth_m: f64, film: f32, flood: f32) -> f64 {
    let (film, flood) = (f64::from(film), f64::from(flood));
    if depth_m <= FILM_M || film == flood {
        film
    } else if depth_m >= FLOOD_M {
        flood
    } else {
        let t = (depth_m / FILM_M).ln() / (FLOOD_M / FILM_M).ln();
        film * (flood / film).powf(t)
    }
}

/// Lets the engine walk over its state with the driver's visitor.
struct EngineVisitor<'a>(&'a mut dyn StateVisitor);

impl twin_shallow_water::StateVisitor for EngineVisitor<'_> {
    type Error = StateError;

    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), StateError> {
        self.0.scalar(name, value)
    }

    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), StateError> {
        self.0.counter(name, value)
    }

    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), StateError> {
        self.0.array(name, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roughness_goes_from_film_to_flood_evenly_in_logarithms() {
        assert_eq!(blended(0.001, 0.25, 0.04), f64::from(0.25f32));
        assert_eq!(blended(0.5, 0.25, 0.04), f64::from(0.04f32));
        let middle = blended((0.01f64 * 0.1).sqrt(), 0.25, 0.04);
        assert!((middle - 0.1).abs() < 1e-6, "{middle}");
    }
}
