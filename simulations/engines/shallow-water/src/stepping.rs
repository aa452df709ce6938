//! Time stepping: choice of the step, the parallel sweep, sources, records.

use rayon::prelude::*;
use twin_core::{Error, Result};

use crate::GRAVITY;
use crate::boundary::set_faces;
use crate::breach::BreachStart;
use crate::frame::{BlockFields, Frame};
use crate::friction::Closing;
use crate::layout::BLOCK_CELLS;
use crate::local_steps::{Lattice, Pace, rims_of};
use crate::maxima::RecordRow;
use crate::opening::OpeningNow;
use crate::options::Scheme;
use crate::real::Real;
use crate::reconstruction::HalfStep;
use crate::solver::Solver;
use crate::source::{Source, Split, conveyance_weights};
use crate::structure::CrestNow;
use crate::sweep::Sweep;

/// Waves from here on are looked at: films on cliffs reach them for a moment, floods never.
const SUSPECT_WAVE_M_PER_S: f64 = 300.0;
/// Deeper water is no flood, m.
const DEEPEST_M: f64 = 1000.0;
/// With faster waves the time step has collapsed, m/s.
const FASTEST_WAVE_M_PER_S: f64 = 1e6;

impl<R: Real> Solver<R> {
    /// Advances to a time (s since the initial state); nothing happens when it is past already.
    ///
    /// The last two steps are fitted to end there exactly, so the same sequence of times gives the
    /// same bits.
    ///
    /// # Errors
    /// A time that is not finite, a state that is no longer finite, or waves so fast that the time step
    /// collapses.
    pub fn advance_to(&mut self, time_s: f64) -> Result<()> {
        if !time_s.is_finite() {
            return Err(Error::input(
                "time",
                "l'instant demandé n'est pas un nombre fini",
                "the time asked for is not a finite number",
            ));
        }
        while self.time < time_s {
            let sample = self.rise.as_ref().map_or(f64::INFINITY, |r| r.sample_time());
            self.advance_one(time_s.min(sample));
            let wave = self.activity.fastest_wave();
            if !(wave.is_finite() && self.step > 0.0) {
                return Err(Error::simulation(
                    "shallow-water",
                    format!(
                        "l'écoulement diverge à {:.3} s ; vérifier le terrain et les apports",
                        self.time
                    ),
                    format!(
                        "the flow diverges at {:.3} s; check the bed and the sources",
                        self.time
                    ),
                ));
            }
            if wave > SUSPECT_WAVE_M_PER_S {
                let deepest = self.now.depth.iter().fold(0.0, |d: f64, h| d.max(h.as_()));
                if wave > FASTEST_WAVE_M_PER_S || deepest > DEEPEST_M {
                    return Err(self.collapsed());
                }
            }
            if self.time >= sample
                && let Some(rise) = &mut self.rise
            {
                rise.sample(&self.now.depth);
            }
        }
        Ok(())
    }

    /// What to say when waves have become so fast that the time step collapses.
    fn collapsed(&self) -> Error {
        let cells = 0..self.bed.spec.len();
        let fastest = cells.max_by(|&a, &b| self.wave_of(a).total_cmp(&self.wave_of(b)));
        let (row, column) = self.bed.spec.row_column(fastest.unwrap_or(0));
        let (x, y) = self.bed.spec.centre(row, column);
        let (time, wave) = (self.time, self.activity.fastest_wave());
        Error::simulation(
            "shallow-water",
            format!(
                "le pas de temps s'effondre à {time:.1} s : onde de {wave:.0} m/s en x = {x:.0}, y = {y:.0} ; vérifier le débit et le terrain à cet endroit"
            ),
            format!(
                "the time step collapses at {time:.1} s: a wave of {wave:.0} m/s at x = {x:.0}, y = {y:.0}; check discharge and ground there"
            ),
        )
    }

    fn advance_one(&mut self, target: f64) {
        let (dt, end) = self.next_step(target);
        self.start_breaches();
        if self.structures.iter().any(|s| !(s.breaches.is_empty() && s.openings.is_empty())) {
            self.set_crests();
        }
        let from = self.time;
        let demands = self.link_demands(from, end);
        let rain = self.sweep(dt, end);
        self.time = end;
        self.lattice.pass(end);
        self.step = dt;
        self.steps += 1;
        self.add_sources(from, end, rain);
        self.run_links(&demands, dt);
        self.record_contacts();
    }

    /// The next step and its end: the first of a new lattice, or on to the next point of the present
    /// one, where waves may have grown a little.
    fn next_step(&mut self, target: f64) -> (f64, f64) {
        if !self.lattice.is_over() {
            let growth =
                (0.98 * self.options.scheme.courant_limit() / self.options.courant).max(1.01);
            return self.choose_step(self.lattice.next(), growth);
        }
        let (dt, end) = self.choose_step(target, 1.0);
        let lattice = Lattice::new(self.time, dt, target, self.options.local_levels);
        let reach = self.options.courant * self.bed.spec.cell_size;
        self.lattice = lattice.where_worth_while(&self.activity, |lattice, wave| {
            lattice.level(reach, wave, self.options.max_step_s)
        });
        self.activity.align();
        (dt, end)
    }

    /// Step by the Courant condition on the present waves and on those that enter, `slack` times as
    /// long and fitted to the target; also sets the boundaries for it.
    fn choose_step(&mut self, target: f64, slack: f64) -> (f64, f64) {
        let reach = slack * self.options.courant * self.bed.spec.cell_size;
        let mut dt = slack * self.options.max_step_s;
        let wave = self.activity.fastest_wave();
        if wave > 0.0 {
            dt = dt.min(reach / wave);
        }
        // What enters depends on the step, and may shorten it; the boundaries are set once more.
        let entering = self.set_boundaries(dt);
        if entering > 0.0 && reach / entering < dt {
            dt = reach / entering;
        }
        dt = self.limit_by_sources(dt, reach);
        let left = target - self.time;
        let (dt, end) = if left <= dt {
            (left, target)
        } else if left < 2.0 * dt {
            (0.5 * left, self.time + 0.5 * left)
        } else {
            (dt, self.time + dt)
        };
        self.set_boundaries(end - self.time);
        (dt, end)
    }

    fn set_boundaries(&mut self, dt: f64) -> f64 {
        let (layout, depth) = (self.layout, &self.now.depth);
        set_faces::<R>(
            &self.segments,
            &self.segment_faces,
            &self.faces,
            &self.bed,
            |cell| depth[layout.at(cell)].as_(),
            (self.time, self.time + dt),
            (&mut self.faces_now, &mut self.weights),
        )
    }

    /// A step in which no source raises a cell so far that its waves outrun the step.
    fn limit_by_sources(&mut self, mut dt: f64, reach: f64) -> f64 {
        let area = self.bed.spec.cell_area();
        for source in &self.sources {
            match source {
                Source::Inflow { cells, discharge, split, .. } => {
                    let rate = discharge.mean(self.time, self.time + dt) / area;
                    if rate <= 0.0 {
                        continue;
                    }
                    let (layout, depth) = (self.layout, &self.now.depth);
                    let depth_at = |cell| depth[layout.at(cell)].as_();
                    share(&self.bed, depth_at, cells, *split, &mut self.weights);
                    for (&cell, &w) in cells.iter().zip(&self.weights) {
                        let h = depth_at(cell) + rate * w * dt / self.bed.porosity.storage(cell);
                        let (u, v) = self.velocity_at(cell);
                        let speed = u.abs().max(v.abs());
                        dt = dt.min(reach / (speed + (GRAVITY * h).sqrt()).max(1e-9));
                    }
                }
                Source::Rain { rate, .. } => {
                    let h = rate.mean(self.time, self.time + dt) * dt;
                    if h > 0.0 {
                        dt = dt.min(reach / (GRAVITY * h).sqrt());
                    }
                }
            }
        }
        dt
    }

    fn start_breaches(&mut self) {
        let mut index = 0;
        for (s, structure) in self.structures.iter().enumerate() {
            for breach in &structure.breaches {
                let start = &mut self.breach_start_s[index];
                index += 1;
                if start.is_finite() {
                    continue;
                }
                match breach.start {
                    BreachStart::At(time) if self.time >= time => *start = time,
                    BreachStart::At(_) => {}
                    BreachStart::Level(level) => {
                        let reached = self
                            .crest_edges
                            .iter()
                            .filter(|e| e.structure == s && breach.edges.contains(&e.position))
                            .flat_map(|e| e.cells)
                            .any(|cell| {
                                let h: f64 = self.now.depth[self.layout.at(cell)].as_();
                                h > self.options.dry_depth_m
                                    && h + self.bed.elevation_m[cell] >= level
                            });
                        if reached {
                            *start = self.time;
                        }
                    }
                }
            }
        }
    }

    /// Crest levels at the present time.
    pub(crate) fn set_crests(&mut self) {
        let size = self.bed.spec.cell_size;
        for (now, edge) in self.crests.iter_mut().zip(&self.crest_edges) {
            let structure = &self.structures[edge.structure];
            let edge_m = structure.edge_length(size);
            let crest = structure.crest_m[edge.position];
            *now = CrestNow::standing(crest, edge_m / size);
            for opening in &structure.openings {
                let share = opening.share(edge.position);
                if share > 0.0 {
                    now.opening = Some(OpeningNow {
                        share,
                        sill: opening.sill_m,
                        soffit: opening.soffit_m.at(self.time),
                        kind: opening.kind,
                    });
                }
            }
            for (k, breach) in structure.breaches.iter().enumerate() {
                if breach.edges.contains(&edge.position) {
                    let start = self.breach_start_s[edge.first_breach + k];
                    let progress = breach.progress(start, self.time);
                    now.sill = breach.level(crest, progress);
                    now.open =
                        breach.open_share(edge.position - breach.edges.start, edge_m, progress);
                }
            }
        }
    }

    /// Rain from now to a time, m.
    fn rain_until(&self, end: f64) -> f64 {
        let depths = self.sources.iter().map(|s| match s {
            Source::Rain { rate, .. } => rate.integral(self.time, end),
            Source::Inflow { .. } => 0.0,
        });
        depths.sum()
    }

    /// Sweeps all tiles whose time has come; returns the rain of the step in m.
    fn sweep(&mut self, dt: f64, end: f64) -> f64 {
        let (lattice, options) = (self.lattice, self.options);
        let highest = lattice.highest();
        let reach = options.courant * self.bed.spec.cell_size;
        let rain = self.rain_until(end);
        // The wave of a film that fell in the longest step.
        let film = (GRAVITY * self.rain_until(self.time + lattice.step(highest))).sqrt();
        self.activity.plan(rain > 0.0, lattice.point(), highest, |wave| {
            lattice.level(reach, wave.max(film), options.max_step_s)
        });
        if let Some(point) = lattice.point() {
            for level in (1..=highest).rev() {
                if self.activity.works_at(level) {
                    let end = lattice.time(point + (1 << level));
                    self.sweep_level(level, lattice.step(level), end);
                }
            }
        }
        self.sweep_level(0, dt, end);
        std::mem::swap(&mut self.now, &mut self.next);
        self.activity.settle();
        rain
    }

    /// The parallel sweep of the tiles that step at a level.
    fn sweep_level(&mut self, level: u8, dt: f64, end: f64) {
        let spec = self.bed.spec;
        let rain = self.rain_until(end);
        let frame = Frame {
            layout: self.layout,
            now: &self.now,
            bed: &self.elevation,
            friction: &self.friction,
            activity: &self.activity,
            specials: &self.specials,
            sections: &self.sections,
            boundary: &self.faces,
            boundary_now: &self.faces_now,
            crests: &self.crests,
            half: HalfStep {
                law: self.options.friction,
                half_dt: R::of(0.5 * dt),
                half_ratio: R::of(0.5 * dt / spec.cell_size),
                gravity: R::of(GRAVITY),
                dry: R::of(self.options.dry_depth_m),
            },
            closing: Closing {
                law: self.options.friction,
                dt: R::of(dt),
                dry: R::of(self.options.dry_depth_m),
                velocity_depth2: R::of(self.options.velocity_depth_m.powi(2)),
            },
            recording: self.recording(end),
            scheme: self.options.scheme,
            pace: Pace { level, rims: &self.rims, lattice: self.lattice, from: self.time },
            cell_size: spec.cell_size,
            ratio: R::of(dt / spec.cell_size),
            volume_per_flux: dt * spec.cell_size,
            rain: R::of(rain),
        };
        let chunks = BLOCK_CELLS;
        let records = &mut self.records;
        let [short, middle, long] = &mut records.duration;
        let (arch, sweeps) = (self.arch, &self.sweeps);
        (
            &mut self.blocks,
            (
                self.next.depth.par_chunks_mut(chunks),
                self.next.u.par_chunks_mut(chunks),
                self.next.v.par_chunks_mut(chunks),
                self.residual.par_chunks_mut(chunks),
                self.beyond.par_chunks_mut(chunks),
            ),
            (
                records.depth.par_chunks_mut(chunks),
                records.peak.par_chunks_mut(chunks),
                records.speed.par_chunks_mut(chunks),
                records.discharge.par_chunks_mut(chunks),
                records.arrival.par_chunks_mut(chunks),
                (
                    short.par_chunks_mut(chunks),
                    middle.par_chunks_mut(chunks),
                    long.par_chunks_mut(chunks),
                ),
            ),
        )
            .into_par_iter()
            .enumerate()
            .for_each(
                |(index, (result, (depth, u, v, residual, beyond), (a, b, c, d, e, f)))| {
                    let records = RecordRow {
                        depth: a,
                        peak: b,
                        speed: c,
                        discharge: d,
                        arrival: e,
                        duration: f.into(),
                    };
                    let out = BlockFields { depth, u, v, residual, records, beyond };
                    let free = sweeps.lock().ok().and_then(|mut free| free.pop());
                    let mut sweep = free.unwrap_or_else(Sweep::new);
                    sweep.advance(arch, &frame, index, out, result);
                    if let Ok(mut free) = sweeps.lock() {
                        free.push(sweep);
                    }
                },
            );
        self.gather(level);
    }

    /// Collects what the blocks found, in their order.
    fn gather(&mut self, level: u8) {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            for (sum, [inflow, outflow]) in self.boundary_volumes.iter_mut().zip(&block.exchanged) {
                sum.inflow.add(*inflow);
                sum.outflow.add(*outflow);
            }
            for (sum, volume) in self.section_volumes.iter_mut().zip(&block.sections) {
                sum.add(*volume);
            }
            self.cell_updates += block.updates;
            for (k, tile) in self.activity.tiles_of(index).enumerate() {
                if self.activity.working(tile) == Some(level) {
                    self.activity.wet[tile] = block.wet[k];
                    self.activity.wave[tile] = block.wave[k];
                    if !block.rims.is_empty() {
                        let [of_block, of_all] = [k, tile].map(rims_of);
                        self.rims[of_all].swap_with_slice(&mut block.rims[of_block]);
                    }
                }
            }
        }
    }

    fn add_sources(&mut self, from: f64, to: f64, rain: f64) {
        let area = self.bed.spec.cell_area();
        let sources = std::mem::take(&mut self.sources);
        let mut weights = std::mem::take(&mut self.weights);
        for (index, source) in sources.iter().enumerate() {
            match source {
                Source::Inflow { cells, discharge, split, .. } => {
                    let depth = discharge.integral(from, to) / area;
                    if depth == 0.0 {
                        continue;
                    }
                    share(&self.bed, |cell| self.depth_at(cell), cells, *split, &mut weights);
                    for (&cell, &w) in cells.iter().zip(&weights) {
                        let added = self.add_depth(cell, depth * w);
                        self.source_volumes[index].add(added * area);
                    }
                }
                Source::Rain { rate, .. } if rain > 0.0 => {
                    let depth = rate.integral(from, to);
                    self.source_volumes[index].add(depth * area * self.open_cells as f64);
                }
                Source::Rain { .. } => {}
            }
        }
        self.sources = sources;
        self.weights = weights;
    }

    /// Adds still water to a cell (m³ per m² of it), or takes at most what is there; returns what was
    /// added, m.
    pub(crate) fn add_depth(&mut self, cell: usize, depth: f64) -> f64 {
        let at = self.layout.at(cell);
        let held: f64 = self.now.depth[at].as_() + self.residual[at].as_();
        let storage = self.bed.porosity.storage(cell);
        let total = (held + depth / storage).max(0.0);
        let (old, new) = (self.now.depth[at], R::of(total));
        let dry = R::of(self.options.dry_depth_m);
        let (u, v) = (&mut self.now.u[at], &mut self.now.v[at]);
        if new <= dry {
            (*u, *v) = (R::zero(), R::zero());
        } else if depth > 0.0 && self.options.scheme != Scheme::LocalInertial {
            // The momentum is shared by more water.
            (*u, *v) = (*u * (old / new), *v * (old / new));
        }
        self.now.depth[at] = new;
        self.residual[at] = R::of(total - new.as_());
        let tile = self.tile_of(cell);
        self.activity.stale[tile] = true;
        self.activity.wet[tile] |= new > dry;
        self.rouse(cell);
        self.record(cell, old);
        (total - held) * storage
    }

    /// Makes the tile of a cell know the wave there.
    pub(crate) fn rouse(&mut self, cell: usize) {
        let wave = self.wave_of(cell);
        let tile = self.tile_of(cell);
        let known = &mut self.activity.wave[tile];
        *known = known.max(wave);
    }

    /// Fastest wave in a cell, m/s.
    pub(crate) fn wave_of(&self, cell: usize) -> f64 {
        let h = self.depth_at(cell);
        if h > self.options.dry_depth_m {
            let (u, v) = self.velocity_at(cell);
            (GRAVITY * h).sqrt() + u.abs().max(v.abs())
        } else {
            0.0
        }
    }

    /// Counts a cell that changed outside the sweep; its depth was `before`.
    pub(crate) fn record(&mut self, cell: usize, before: R) {
        let (at, (u, v)) = (self.layout.at(cell), self.velocity_at(cell));
        let speed = R::of(u).hypot(R::of(v));
        self.records.count(self.recording(self.time), at, [before, self.now.depth[at]], speed);
    }

    fn record_contacts(&mut self) {
        let contact = R::of(self.options.contact_depth_m);
        for (&face, time) in self.undeclared.iter().zip(&mut self.contact_s) {
            let at = self.layout.at(self.faces[face].outer.cell);
            let deep = self.now.depth[at] >= contact;
            if deep && self.time < *time {
                *time = self.time;
            }
        }
    }
}

fn share(
    bed: &crate::Bed,
    depth: impl Fn(usize) -> f64,
    cells: &[usize],
    split: Split,
    weights: &mut Vec<f64>,
) {
    match split {
        Split::Even => {
            weights.clear();
            weights.resize(cells.len(), 1.0 / cells.len() as f64);
        }
        Split::Conveyance => conveyance_weights(bed, depth, cells.iter().copied(), weights),
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use pulp::Arch;
    use twin_core::spatial::{Grid, GridSpec};

    use super::*;
    use crate::{Bed, Boundaries, Options, Series};

    /// A film of rain over steep steps, buildings and a pond.
    fn film<R: Real>(arch: Arch) -> Result<Solver<R>> {
        let spec = GridSpec { west: 0.0, north: 70.0, cell_size: 1.0, columns: 300, rows: 70 };
        let ground =
            Grid::from_fn(spec, |r, c| 0.05 * c as f64 + ((r * 7 + c * 3) % 11) as f64 * 0.1);
        let mut bed = Bed::from_grids(&ground, &Grid::filled(spec, 0.03))?;
        (0..spec.len()).filter(|i| i % 97 == 5).for_each(|i| bed.blocked[i] = true);
        let rain = Source::Rain { name: "rain".into(), rate: Series::constant(1e-4) };
        let walls = Boundaries::walls(&bed);
        let mut solver = Solver::new(bed, walls, vec![], vec![rain], Options::default())?;
        solver.arch = arch;
        solver.set_level(|_, _| 3.0)?;
        solver.advance_to(20.0)?;
        Ok(solver)
    }

    fn same_bits<R: Real>() -> Result<()> {
        let plain = film::<R>(Arch::Scalar)?;
        let wider =
            [pulp::x86::V3::try_new().map(Arch::V3), pulp::x86::V4::try_new().map(Arch::V4)];
        for arch in wider.into_iter().flatten() {
            let wide = film::<R>(arch)?;
            assert!(wide.depth() == plain.depth(), "{arch:?}");
            assert!(wide.velocity_u() == plain.velocity_u(), "{arch:?}");
            assert!(wide.velocity_v() == plain.velocity_v(), "{arch:?}");
            assert!(wide.steps() == plain.steps() && wide.steps() > 50);
        }
        Ok(())
    }

    #[test]
    fn sse_avx2_and_avx512_give_the_same_bits() -> Result<()> {
        same_bits::<f32>()?;
        same_bits::<f64>()
    }
}
