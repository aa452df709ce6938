//! Time stepping: choice of the step, the parallel sweep, sources, records.

use rayon::prelude::*;
use twin_core::{Error, Result};

use crate::GRAVITY;
use crate::activity::TILE_ROWS;
use crate::boundary::set_faces;
use crate::breach::BreachStart;
use crate::friction::Closing;
use crate::solver::Solver;
use crate::source::{Source, Split, conveyance_weights};
use crate::structure::CrestNow;
use crate::sweep::{Frame, StripFields};

impl Solver {
    /// Advances to a time (s since the initial state); nothing happens when it is past already.
    ///
    /// The last two steps are fitted to end there exactly, so the same sequence of times gives the
    /// same bits.
    ///
    /// # Errors
    /// A time that is not finite, or a state that is no longer finite.
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
            if !(self.wave.is_finite() && self.step > 0.0) {
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
            if self.time >= sample
                && let Some(rise) = &mut self.rise
            {
                rise.sample(&self.now.depth);
            }
        }
        Ok(())
    }

    fn advance_one(&mut self, target: f64) {
        let (dt, end) = self.choose_step(target);
        if !self.breach_start_s.is_empty() {
            self.start_breaches();
            self.set_crests();
        }
        let from = self.time;
        let rain = self.sweep(dt, end);
        self.time = end;
        self.step = dt;
        self.steps += 1;
        self.add_sources(from, end, rain);
        self.record_contacts();
    }

    /// Step by the Courant condition on the present waves and on those that enter, fitted to the
    /// target; also sets the boundaries for it.
    fn choose_step(&mut self, target: f64) -> (f64, f64) {
        let reach = self.options.courant * self.bed.spec.cell_size;
        let mut dt = self.options.max_step_s;
        if self.wave > 0.0 {
            dt = dt.min(reach / self.wave);
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
        set_faces(
            &self.segments,
            &self.segment_faces,
            &self.faces,
            &self.bed,
            &self.now.depth,
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
                    share(&self.bed, &self.now.depth, cells, *split, &mut self.weights);
                    for (&cell, &w) in cells.iter().zip(&self.weights) {
                        let h = self.now.depth[cell] + rate * w * dt;
                        let speed = self.now.u[cell].abs().max(self.now.v[cell].abs());
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
                                let h = self.now.depth[cell];
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
            *now = CrestNow { crest, sill: crest, open: 0.0, length: edge_m / size };
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

    /// The parallel sweep; returns the rain of the step in m.
    fn sweep(&mut self, dt: f64, end: f64) -> f64 {
        let spec = self.bed.spec;
        let rain: f64 = self
            .sources
            .iter()
            .map(|s| match s {
                Source::Rain { rate, .. } => rate.integral(self.time, end),
                Source::Inflow { .. } => 0.0,
            })
            .sum();
        self.activity.wake(rain > 0.0);
        let frame = Frame {
            rows: spec.rows,
            columns: spec.columns,
            depth: &self.now.depth,
            u: &self.now.u,
            v: &self.now.v,
            bed: &self.bed.elevation_m,
            friction: &self.friction,
            open: &self.open,
            activity: &self.activity,
            x_specials: &self.x_specials,
            y_specials: &self.y_specials,
            boundary: &self.faces,
            boundary_now: &self.faces_now,
            crests: &self.crests,
            closing: Closing {
                dt,
                end,
                dry: self.options.dry_depth_m,
                velocity_depth2: self.options.velocity_depth_m * self.options.velocity_depth_m,
                arrival: self.options.arrival_depth_m,
                speed_depth: self.options.speed_depth_m,
            },
            law: self.options.friction,
            cell_size: spec.cell_size,
            rain,
        };
        let chunk = TILE_ROWS * spec.columns;
        (
            &mut self.strips,
            self.next.depth.par_chunks_mut(chunk),
            self.next.u.par_chunks_mut(chunk),
            self.next.v.par_chunks_mut(chunk),
            self.maxima.depth_m.par_chunks_mut(chunk),
            self.maxima.speed_m_per_s.par_chunks_mut(chunk),
            self.maxima.discharge_m2_per_s.par_chunks_mut(chunk),
            self.maxima.arrival_s.par_chunks_mut(chunk),
            self.maxima.duration_s.par_chunks_mut(chunk),
        )
            .into_par_iter()
            .enumerate()
            .for_each(|(index, fields)| {
                let (strip, depth, u, v, a, b, c, d, e) = fields;
                let out = StripFields {
                    depth,
                    u,
                    v,
                    max_depth: a,
                    max_speed: b,
                    max_discharge: c,
                    arrival: d,
                    duration: e,
                };
                strip.advance(&frame, index, out);
            });
        std::mem::swap(&mut self.now, &mut self.next);
        self.gather();
        rain
    }

    /// Collects what the strips found, in their order.
    fn gather(&mut self) {
        let tiles = self.activity.tile_columns();
        let spec = self.bed.spec;
        self.wave = 0.0;
        for (index, strip) in self.strips.iter().enumerate() {
            self.wave = if strip.wave > self.wave { strip.wave } else { self.wave };
            for (sum, [inflow, outflow]) in self.boundary_volumes.iter_mut().zip(&strip.exchanged) {
                sum.inflow.add(*inflow);
                sum.outflow.add(*outflow);
            }
            let rows = TILE_ROWS.min(spec.rows - index * TILE_ROWS);
            for tile in 0..tiles {
                let i = index * tiles + tile;
                let active = self.activity.is_active(index, tile);
                self.activity.wet[i] = strip.wet[tile];
                self.activity.stale[i] = active;
                if active {
                    let columns = self.activity.columns_of(&(tile..tile + 1)).len();
                    self.cell_updates += (rows * columns) as u64;
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
                    share(&self.bed, &self.now.depth, cells, *split, &mut weights);
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

    /// Adds still water to a cell, or takes at most what is there; returns what was added, m.
    pub(crate) fn add_depth(&mut self, cell: usize, depth: f64) -> f64 {
        let old = self.now.depth[cell];
        let new = (old + depth).max(0.0);
        let wet = new > self.options.dry_depth_m;
        if depth > 0.0 && wet {
            // The momentum is shared by more water.
            self.now.u[cell] *= old / new;
            self.now.v[cell] *= old / new;
        }
        if !wet {
            (self.now.u[cell], self.now.v[cell]) = (0.0, 0.0);
        }
        self.now.depth[cell] = new;
        let tile = self.activity.tile_of(cell);
        self.activity.stale[tile] = true;
        self.activity.wet[tile] |= wet;
        self.wave = self.wave.max(self.wave_of(cell));
        self.count_maxima(cell);
        if depth > 0.0 { depth } else { new - old }
    }

    /// Fastest wave of a cell, m/s.
    pub(crate) fn wave_of(&self, cell: usize) -> f64 {
        let h = self.now.depth[cell];
        if h > self.options.dry_depth_m {
            (GRAVITY * h).sqrt() + self.now.u[cell].abs().max(self.now.v[cell].abs())
        } else {
            0.0
        }
    }

    /// Counts a cell that changed outside the sweep.
    pub(crate) fn count_maxima(&mut self, cell: usize) {
        let h = self.now.depth[cell];
        let m = &mut self.maxima;
        m.depth_m[cell] = m.depth_m[cell].max(h);
        let speed = self.now.u[cell].hypot(self.now.v[cell]);
        if h > self.options.speed_depth_m {
            m.speed_m_per_s[cell] = m.speed_m_per_s[cell].max(speed);
        }
        m.discharge_m2_per_s[cell] = m.discharge_m2_per_s[cell].max(h * speed);
        if h >= self.options.arrival_depth_m {
            m.arrival_s[cell] = m.arrival_s[cell].min(self.time);
        }
    }

    fn record_contacts(&mut self) {
        for (&face, time) in self.undeclared.iter().zip(&mut self.contact_s) {
            let deep = self.now.depth[self.faces[face].outer.cell] >= self.options.contact_depth_m;
            if deep && self.time < *time {
                *time = self.time;
            }
        }
    }
}

fn share(bed: &crate::Bed, depth: &[f64], cells: &[usize], split: Split, weights: &mut Vec<f64>) {
    match split {
        Split::Even => {
            weights.clear();
            weights.resize(cells.len(), 1.0 / cells.len() as f64);
        }
        Split::Conveyance => conveyance_weights(bed, depth, cells.iter().copied(), weights),
    }
}
