//! The solver: set-up, state, results.

use std::sync::Mutex;

use twin_core::{Error, Result};

use crate::GRAVITY;
use crate::activity::Activity;
use crate::bed::Bed;
use crate::boundary::{Boundaries, BoundaryFace, Condition, EdgeContact, FaceNow, Segment};
use crate::budget::{Budget, Exchange, Sum};
use crate::frame::{BlockResult, Fields};
use crate::layout::{BLOCK_COLUMNS, Layout};
use crate::link::{Link, LinkState};
use crate::local_steps::{Lattice, RIM_EDGES};
use crate::maxima::{Maxima, RateOfRise, Recording, Records};
use crate::options::{Options, Scheme};
use crate::real::{Real, quantised};
use crate::rows::FaceFlux;
use crate::section::Sections;
use crate::source::Source;
use crate::special::Specials;
use crate::state::{StateVisitor, visit_field};
use crate::structure::{CrestEdge, CrestNow, LineStructure, crest_edges};
use crate::sweep::Sweep;

/// A 2D shallow-water simulation in the format `R`: see the crate for equations and scheme.
#[derive(Debug)]
pub struct Solver<R: Real> {
    pub(crate) bed: Bed,
    pub(crate) options: Options,
    pub(crate) layout: Layout,
    /// The bed's elevations as a field.
    pub(crate) elevation: Vec<R>,
    /// Friction coefficient from roughness and law; negative in closed cells.
    pub(crate) friction: Vec<R>,
    pub(crate) open_cells: usize,
    pub(crate) specials: Specials,

    pub(crate) segments: Vec<Segment>,
    pub(crate) segment_faces: Vec<Vec<usize>>,
    pub(crate) faces: Vec<BoundaryFace>,
    pub(crate) faces_now: Vec<FaceNow>,
    pub(crate) undeclared: Vec<usize>,
    pub(crate) contact_s: Vec<f64>,

    pub(crate) structures: Vec<LineStructure>,
    pub(crate) crest_edges: Vec<CrestEdge>,
    pub(crate) crests: Vec<CrestNow>,
    /// Start of every breach, infinite before it, structure by structure.
    pub(crate) breach_start_s: Vec<f64>,

    pub(crate) links: Vec<Link>,
    pub(crate) link_states: Vec<LinkState>,
    pub(crate) link_volumes: Vec<Exchange>,

    pub(crate) section_names: Vec<String>,
    pub(crate) sections: Sections,
    pub(crate) section_volumes: Vec<Sum>,

    pub(crate) sources: Vec<Source>,
    pub(crate) weights: Vec<f64>,

    pub(crate) now: Fields<R>,
    pub(crate) next: Fields<R>,
    /// What the rounding of depths has kept back, m.
    pub(crate) residual: Vec<R>,
    pub(crate) records: Records<R>,
    /// Cells that have left the validity of the scheme.
    pub(crate) beyond: Vec<bool>,
    pub(crate) rise: Option<RateOfRise<R>>,
    pub(crate) activity: Activity,
    pub(crate) lattice: Lattice,
    /// Fluxes through the rims of the tiles in their present steps; empty without local time steps.
    pub(crate) rims: Vec<FaceFlux<R>>,
    pub(crate) blocks: Vec<BlockResult<R>>,
    /// The widest instructions of this machine.
    pub(crate) arch: pulp::Arch,
    /// Buffers that the threads share, one each at a time.
    pub(crate) sweeps: Mutex<Vec<Box<Sweep<R>>>>,

    pub(crate) time: f64,
    pub(crate) step: f64,
    pub(crate) steps: u64,
    pub(crate) cell_updates: u64,
    pub(crate) initial: f64,
    pub(crate) source_volumes: Vec<Exchange>,
    pub(crate) boundary_volumes: Vec<Exchange>,
    pub(crate) exchanged: Exchange,
}

impl<R: Real> Solver<R> {
    /// A dry domain at time 0.
    ///
    /// # Errors
    /// Options out of range, arrays that do not fit, a boundary off the outer edges, a source
    /// outside the open cells, a crest on the rim.
    pub fn new(
        mut bed: Bed,
        boundaries: Boundaries,
        structures: Vec<LineStructure>,
        sources: Vec<Source>,
        options: Options,
    ) -> Result<Self> {
        options.check()?;
        bed.check()?;
        if options.scheme == Scheme::LocalInertial && !bed.porosity.is_empty() {
            return Err(Error::input(
                "porosity",
                "la porosité ne s'allie pas au schéma inertiel ; prendre les équations complètes",
                "porosity does not go with the local-inertial scheme; take the full equations",
            ));
        }
        sources.iter().try_for_each(|s| s.check(&bed))?;
        structures.iter().try_for_each(|s| s.check(&bed))?;
        let faces = boundaries.faces(&bed)?;
        let crest_edges = crest_edges(&bed, &structures)?;
        let specials = Specials::new(&bed, &faces, &boundaries.segments, &crest_edges);

        let spec = bed.spec;
        let layout = Layout::new(spec.rows, spec.columns);
        for i in 0..spec.len() {
            // Closed cells take part in no flux; their ground only has to be a number.
            bed.blocked[i] = !bed.is_open(i);
            let z = bed.elevation_m[i];
            bed.elevation_m[i] = if z.is_nan() { 0.0 } else { quantised::<R>(z) };
        }
        let coefficients: Vec<f64> = (0..spec.len())
            .map(|i| match bed.blocked[i] {
                true => -1.0,
                false => options.friction.coefficient(bed.roughness[i]),
            })
            .collect();
        let segments = boundaries.segments;
        let mut segment_faces = vec![Vec::new(); segments.len()];
        let mut undeclared = Vec::new();
        for (i, face) in faces.iter().enumerate() {
            match face.segment {
                Some(segment) => segment_faces[segment].push(i),
                None => undeclared.push(i),
            }
        }
        let rims = if options.local_levels > 0 { RIM_EDGES } else { 0 };
        let block = BlockResult {
            exchanged: vec![[0.0; 2]; segments.len()],
            rims: vec![FaceFlux::default(); rims],
            ..Default::default()
        };
        let breaches = structures.iter().map(|s| s.breaches.len()).sum();
        let mut solver = Self {
            elevation: layout.scatter(&bed.elevation_m, R::zero(), |&z| R::of(z)),
            friction: layout.scatter(&coefficients, R::of(-1.0), |&k| R::of(k)),
            open_cells: bed.blocked.iter().filter(|&&b| !b).count(),
            specials,
            faces_now: vec![FaceNow::Wall; faces.len()],
            contact_s: vec![f64::INFINITY; undeclared.len()],
            undeclared,
            faces,
            crests: vec![CrestNow::standing(0.0, 1.0); crest_edges.len()],
            crest_edges,
            breach_start_s: vec![f64::INFINITY; breaches],
            structures,
            source_volumes: vec![Exchange::default(); sources.len()],
            boundary_volumes: vec![Exchange::default(); segments.len()],
            segments,
            segment_faces,
            links: Vec::new(),
            link_states: Vec::new(),
            link_volumes: Vec::new(),
            section_names: Vec::new(),
            sections: Sections::new(&bed, &[]),
            section_volumes: Vec::new(),
            sources,
            weights: Vec::new(),
            now: Fields::still(layout.len()),
            next: Fields::still(layout.len()),
            residual: vec![R::zero(); layout.len()],
            records: Records::new(layout.len()),
            beyond: vec![false; layout.len()],
            rise: None,
            activity: Activity::new(&layout),
            lattice: Lattice::default(),
            rims: vec![FaceFlux::default(); layout.blocks() * rims],
            blocks: vec![block; layout.blocks()],
            arch: pulp::Arch::new(),
            sweeps: Mutex::new(Vec::new()),
            layout,
            time: 0.0,
            step: 0.0,
            steps: 0,
            cell_updates: 0,
            initial: 0.0,
            exchanged: Exchange::default(),
            bed,
            options,
        };
        solver.start();
        Ok(solver)
    }

    /// Still water up to a level (m) given by row and column; `NaN` or below ground: dry. Levels
    /// are rounded as the bed is ([`Real::QUANTA_PER_M`]). Starts the simulation anew at time 0.
    ///
    /// # Errors
    /// An infinite level.
    pub fn set_level(&mut self, level: impl Fn(usize, usize) -> f64) -> Result<()> {
        let spec = self.bed.spec;
        let depth = (0..spec.len())
            .map(|i| {
                let (row, column) = spec.row_column(i);
                let depth = quantised::<R>(level(row, column)) - self.bed.elevation_m[i];
                if depth > 0.0 { depth } else { 0.0 }
            })
            .collect();
        let still = vec![0.0; spec.len()];
        self.set_state(depth, still.clone(), still)
    }

    /// Depth (m) and velocities (m/s) per cell. Starts the simulation anew at time 0. Water in
    /// closed cells is left out.
    ///
    /// # Errors
    /// Arrays of another length, a depth that is negative or not finite, a velocity not finite.
    pub fn set_state(&mut self, depth: Vec<f64>, u: Vec<f64>, v: Vec<f64>) -> Result<()> {
        let cells = self.bed.spec.len();
        let finite = |a: &[f64]| a.len() == cells && a.iter().all(|x| x.is_finite());
        if !(finite(&depth) && finite(&u) && finite(&v) && depth.iter().all(|&h| h >= 0.0)) {
            return Err(Error::input(
                "initial state",
                "l'état initial demande une hauteur positive et des vitesses finies par cellule",
                "the initial state needs a depth that is not negative and finite velocities per cell",
            ));
        }
        let layout = self.layout;
        let field = |values: &[f64]| layout.scatter(values, R::zero(), |&x| R::of(x));
        self.now = Fields { depth: field(&depth), u: field(&u), v: field(&v) };
        if self.options.scheme == Scheme::LocalInertial {
            let spec = self.bed.spec;
            let flow = |velocity: &[f64], cell: usize| depth[cell] * velocity[cell];
            for cell in 0..cells {
                let (row, column) = spec.row_column(cell);
                let (qx, qy) = (flow(&u, cell), flow(&v, cell));
                let west = if column > 0 { flow(&u, cell - 1) } else { qx };
                let north = if row > 0 { flow(&v, cell - spec.columns) } else { qy };
                let at = layout.at(cell);
                self.now.u[at] = R::of(0.5 * (west + qx));
                self.now.v[at] = R::of(0.5 * (qy + north));
            }
        }
        let dry = R::of(self.options.dry_depth_m);
        for (at, &friction) in self.friction.iter().enumerate() {
            if friction < R::zero() {
                self.now.depth[at] = R::zero();
            }
            if self.now.depth[at] <= dry {
                (self.now.u[at], self.now.v[at]) = (R::zero(), R::zero());
            }
        }
        self.residual.fill(R::zero());
        self.start();
        Ok(())
    }

    /// Clears what earlier steps left and counts the state as the initial one.
    fn start(&mut self) {
        (self.time, self.step, self.steps, self.cell_updates) = (0.0, 0.0, 0, 0);
        self.records = Records::new(self.layout.len());
        self.beyond.fill(false);
        self.contact_s.fill(f64::INFINITY);
        self.breach_start_s.fill(f64::INFINITY);
        self.source_volumes.fill(Exchange::default());
        self.boundary_volumes.fill(Exchange::default());
        self.exchanged = Exchange::default();
        self.link_states.fill(LinkState::default());
        self.link_volumes.fill(Exchange::default());
        self.section_volumes.fill(Sum::default());
        self.rise = self.options.rate_of_rise.then(|| RateOfRise::new(&self.now.depth, 0.0));
        self.settle();
        self.initial = self.stored_m3();
        self.activity.wave.fill(0.0);
        for cell in 0..self.bed.spec.len() {
            self.rouse(cell);
            self.record(cell, R::zero());
        }
        self.set_crests();
    }

    /// Makes both buffers and the activity follow `now`.
    fn settle(&mut self) {
        let dry = R::of(self.options.dry_depth_m);
        self.next.clone_from(&self.now);
        self.activity.stale.fill(false);
        self.activity.wet.fill(false);
        self.activity.pinned.fill(false);
        for cell in 0..self.bed.spec.len() {
            if self.now.depth[self.layout.at(cell)] > dry {
                let tile = self.tile_of(cell);
                self.activity.wet[tile] = true;
            }
        }
        // A stage or a discharge brings water to a dry tile.
        for (segment, faces) in self.segments.iter().zip(&self.segment_faces) {
            let c = &segment.condition;
            if matches!(c, Condition::Stage(_)) || c.imposes_discharge() {
                for &face in faces {
                    let tile = self.tile_of(self.faces[face].outer.cell);
                    self.activity.pinned[tile] = true;
                }
            }
        }
        self.lattice = Lattice::default();
        self.follow_every_step();
    }

    pub(crate) fn tile_of(&self, cell: usize) -> usize {
        let (row, column) = self.bed.spec.row_column(cell);
        self.activity.tile_of(row, column)
    }

    pub(crate) fn recording(&self, end: f64) -> Recording<R> {
        Recording {
            end: R::of(end),
            arrival: R::of(self.options.arrival_depth_m),
            lasting: self.options.duration_depths_m.map(R::of),
            speed_depth: R::of(self.options.speed_depth_m),
        }
    }

    /// Time since the initial state, s.
    pub fn time_s(&self) -> f64 {
        self.time
    }

    /// Length of the last step, s.
    pub fn step_s(&self) -> f64 {
        self.step
    }

    /// Number of steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Number of cells worked on so far, summed over the steps.
    pub fn cell_updates(&self) -> u64 {
        self.cell_updates
    }

    /// The bed, with its elevations on the lattice of the format ([`Real::QUANTA_PER_M`]); voids are
    /// blocked cells of elevation 0.
    pub fn bed(&self) -> &Bed {
        &self.bed
    }

    /// Depth per cell row by row, m; 0 where dry or closed.
    pub fn depth(&self) -> Vec<f64> {
        self.layout.gather(&self.now.depth, |h| h.as_())
    }

    /// Eastward velocity per cell row by row, m/s.
    pub fn velocity_u(&self) -> Vec<f64> {
        (0..self.bed.spec.len()).map(|cell| self.velocity_at(cell).0).collect()
    }

    /// Northward velocity per cell row by row, m/s.
    pub fn velocity_v(&self) -> Vec<f64> {
        (0..self.bed.spec.len()).map(|cell| self.velocity_at(cell).1).collect()
    }

    /// Depth of a cell, m.
    pub fn depth_at(&self, cell: usize) -> f64 {
        self.now.depth[self.layout.at(cell)].as_()
    }

    /// Eastward and northward velocity of a cell, m/s.
    pub fn velocity_at(&self, cell: usize) -> (f64, f64) {
        if self.options.scheme != Scheme::LocalInertial {
            let at = self.layout.at(cell);
            return (self.now.u[at].as_(), self.now.v[at].as_());
        }
        let h = self.depth_at(cell);
        if h <= self.options.dry_depth_m {
            return (0.0, 0.0);
        }
        // Mean of the discharges through opposite edges; one to the outside tells nothing.
        let (spec, closed) = (&self.bed.spec, &self.bed.blocked);
        let (row, column) = spec.row_column(cell);
        let (qx, qy) = (&self.now.u, &self.now.v);
        let beyond = |inside: bool, neighbour: usize, field: &[R], of: usize| {
            (inside && !closed[neighbour]).then(|| field[self.layout.at(of)].as_())
        };
        let mean = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => 0.5 * (a + b),
            (a, b) => a.or(b).unwrap_or(0.0),
        };
        let west = beyond(column > 0, cell.wrapping_sub(1), qx, cell);
        let east = beyond(column + 1 < spec.columns, cell + 1, qx, cell + 1);
        let north = beyond(row > 0, cell.wrapping_sub(spec.columns), qy, cell);
        let south = beyond(row + 1 < spec.rows, cell + spec.columns, qy, cell + spec.columns);
        let quotient = h / (h * h).max(self.options.velocity_depth_m.powi(2));
        let (u, v) = (mean(west, east) * quotient, mean(north, south) * quotient);
        let cut = ((GRAVITY * h).sqrt() / u.hypot(v)).min(1.0);
        (u * cut, v * cut)
    }

    /// Cells that flowed faster than the scheme is valid for (a Froude number of 0.8 in the
    /// local-inertial scheme, where at least 10 cm deep), row by row.
    pub fn beyond_validity(&self) -> Vec<bool> {
        self.layout.gather(&self.beyond, |b| *b)
    }

    /// Water level of a cell, m; `None` where dry or closed.
    pub fn level(&self, cell: usize) -> Option<f64> {
        let h = self.depth_at(cell);
        (h > self.options.dry_depth_m).then(|| h + self.bed.elevation_m[cell])
    }

    /// Extremes, arrival and durations since the initial state.
    pub fn maxima(&self) -> Maxima {
        let thresholds = self.options.duration_depths_m;
        self.records.maxima(&self.layout, &self.now.depth, self.time, thresholds)
    }

    /// Largest mean rise of the level over 30 minutes per cell, m/s, from samples every 5 minutes
    /// (a lower bound of the sliding mean); `None` unless [`Options::rate_of_rise`] is set.
    pub fn rate_of_rise(&self) -> Option<Vec<f64>> {
        let rise = self.rise.as_ref()?;
        Some(self.layout.gather(&rise.fastest_m_per_s, |r| r.as_()))
    }

    /// Undeclared edges that water has reached, earliest first.
    pub fn undeclared_contacts(&self) -> Vec<EdgeContact> {
        let mut contacts: Vec<_> = self
            .undeclared
            .iter()
            .zip(&self.contact_s)
            .filter(|(_, time)| time.is_finite())
            .map(|(&face, &time_s)| {
                let outer = self.faces[face].outer;
                let (row, column) = self.bed.spec.row_column(outer.cell);
                EdgeContact { time_s, row, column, side: outer.side }
            })
            .collect();
        contacts.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        contacts
    }

    /// Water stored, m³ (rows summed apart, then in order).
    pub fn stored_m3(&self) -> f64 {
        let mut stored = Sum::default();
        let rows = self.now.depth.chunks(BLOCK_COLUMNS).zip(self.residual.chunks(BLOCK_COLUMNS));
        for (depths, residuals) in rows {
            let mut sum = Sum::default();
            depths.iter().chain(residuals).for_each(|h| sum.add(h.as_()));
            stored.add(sum.total());
        }
        for (cell, share) in self.bed.porosity.cells() {
            let at = self.layout.at(cell);
            let held: f64 = self.now.depth[at].as_() + self.residual[at].as_();
            stored.add((share - 1.0) * held);
        }
        stored.total() * self.bed.spec.cell_area()
    }

    /// Water budget since the initial state.
    pub fn budget(&self) -> Budget {
        let volumes = |e: &[Exchange], names: &mut dyn Iterator<Item = &str>| {
            e.iter().zip(names).map(|(e, name)| e.volume(name)).collect()
        };
        Budget {
            initial_m3: self.initial,
            stored_m3: self.stored_m3(),
            sources: volumes(&self.source_volumes, &mut self.sources.iter().map(Source::name)),
            boundaries: volumes(
                &self.boundary_volumes,
                &mut self.segments.iter().map(|s| s.name.as_str()),
            ),
            links: volumes(&self.link_volumes, &mut self.links.iter().map(|l| l.name.as_str())),
            exchange: self.exchanged.volume("exchange"),
        }
    }

    /// Adds (or takes, at most what is there) a depth per cell (volume over its area), m, as infiltration
    /// or another model does between two calls of [`Self::advance_to`]. Momentum stays. Returns the
    /// volume, m³.
    ///
    /// # Errors
    /// An array of another length, or a depth that is not finite.
    pub fn exchange_depth(&mut self, depth_m: &[f64]) -> Result<f64> {
        if depth_m.len() != self.bed.spec.len() || !depth_m.iter().all(|d| d.is_finite()) {
            return Err(Error::input(
                "exchange",
                "il faut une hauteur finie par cellule",
                "one finite depth per cell is needed",
            ));
        }
        let mut volume = Sum::default();
        for (cell, &depth) in depth_m.iter().enumerate() {
            if depth != 0.0 && !self.bed.blocked[cell] {
                let added = self.add_depth(cell, depth) * self.bed.spec.cell_area();
                volume.add(added);
                self.exchanged.add(added);
            }
        }
        Ok(volume.total())
    }

    /// Gives every open cell another roughness (of [`Bed::roughness`]) for the steps to come, as a film of
    /// water feels the ground differently from a flood. It is no part of the state: whoever restarts sets
    /// it again.
    pub fn set_roughness(&mut self, roughness: impl Fn(usize) -> f64) {
        let (layout, law) = (self.layout, self.options.friction);
        for cell in 0..self.bed.spec.len() {
            if !self.bed.blocked[cell] {
                self.friction[layout.at(cell)] = R::of(law.coefficient(roughness(cell)));
            }
        }
    }

    /// Start and present width (m) of every breach, structure by structure; `None` before it.
    pub fn breaches(&self) -> Vec<Option<(f64, f64)>> {
        let size = self.bed.spec.cell_size;
        self.structures
            .iter()
            .flat_map(|s| s.breaches.iter().map(move |b| (s, b)))
            .zip(&self.breach_start_s)
            .map(|((structure, breach), &start)| {
                let full = breach.edges.len() as f64 * structure.edge_length(size);
                let progress = breach.progress(start, self.time);
                start.is_finite().then(|| (start, breach.width(full, progress)))
            })
            .collect()
    }

    /// Walks over the whole state: with the same set-up, saving, loading into a new solver and going
    /// on gives the same bits as going on without.
    ///
    /// # Errors
    /// Those of the visitor.
    pub fn visit_state<V: StateVisitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.scalar("time", &mut self.time)?;
        visitor.scalar("step", &mut self.step)?;
        visitor.counter("steps", &mut self.steps)?;
        visitor.counter("cell_updates", &mut self.cell_updates)?;
        visitor.array("wave", &mut self.activity.wave)?;
        visitor.scalar("initial", &mut self.initial)?;
        let layout = self.layout;
        visit_field(&layout, visitor, "depth", &mut self.now.depth)?;
        visit_field(&layout, visitor, "u", &mut self.now.u)?;
        visit_field(&layout, visitor, "v", &mut self.now.v)?;
        visit_field(&layout, visitor, "residual", &mut self.residual)?;
        self.records.visit(&layout, visitor)?;
        let mut beyond = layout.gather(&self.beyond, |b| f64::from(u8::from(*b)));
        visitor.array("beyond_validity", &mut beyond)?;
        self.beyond = layout.scatter(&beyond, false, |b| *b != 0.0);
        if let Some(rise) = &mut self.rise {
            rise.visit(&layout, visitor)?;
        }
        visitor.array("contact", &mut self.contact_s)?;
        visitor.array("breach_start", &mut self.breach_start_s)?;
        for (i, link) in self.link_states.iter_mut().enumerate() {
            visitor.scalar(&format!("link_{i}_moved"), &mut link.moved_m3)?;
            visitor.scalar(&format!("link_{i}_discharge"), &mut link.discharge_m3_per_s)?;
            let mut running = u64::from(link.running);
            visitor.counter(&format!("link_{i}_running"), &mut running)?;
            link.running = running != 0;
        }
        for (i, volume) in self.section_volumes.iter_mut().enumerate() {
            visitor.scalar(&format!("section_{i}"), &mut volume.value)?;
            visitor.scalar(&format!("section_{i}_lost"), &mut volume.lost)?;
        }
        let exchanges = self
            .source_volumes
            .iter_mut()
            .chain(&mut self.boundary_volumes)
            .chain(&mut self.link_volumes)
            .chain(std::iter::once(&mut self.exchanged));
        for (i, exchange) in exchanges.enumerate() {
            visitor.scalar(&format!("exchange_{i}_in"), &mut exchange.inflow.value)?;
            visitor.scalar(&format!("exchange_{i}_in_lost"), &mut exchange.inflow.lost)?;
            visitor.scalar(&format!("exchange_{i}_out"), &mut exchange.outflow.value)?;
            visitor.scalar(&format!("exchange_{i}_out_lost"), &mut exchange.outflow.lost)?;
        }
        self.settle();
        Ok(())
    }
}
