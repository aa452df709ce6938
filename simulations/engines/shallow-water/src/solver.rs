//! The solver: set-up, state, results.

use twin_core::{Error, Result};

use crate::activity::{Activity, TILE_ROWS};
use crate::bed::{Bed, quantised};
use crate::boundary::{Boundaries, BoundaryFace, Condition, EdgeContact, FaceNow, Segment};
use crate::budget::{Budget, Exchange, Sum};
use crate::edge::Axis;
use crate::friction::FrictionLaw;
use crate::maxima::{Maxima, RateOfRise};
use crate::source::Source;
use crate::state::StateVisitor;
use crate::structure::{CrestNow, LineStructure};
use crate::sweep::{Inner, Kind, SpecialFace, Specials, Strip};

/// Numerical choices; the defaults suit floods and runoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Courant number Δt (|u| + √(gh)) / Δx, below 0.5.
    pub courant: f64,
    /// Longest step, s.
    pub max_step_s: f64,
    /// Depth up to which a cell counts as dry, m: its water is kept but does not move.
    pub dry_depth_m: f64,
    /// Depth ε below which velocities are damped, m.
    pub velocity_depth_m: f64,
    /// Depth that counts for arrival and duration, m.
    pub arrival_depth_m: f64,
    /// Depth from which a speed counts for the maximum, m.
    pub speed_depth_m: f64,
    /// Depth at an undeclared edge that is recorded as contact, m.
    pub contact_depth_m: f64,
    /// Law of friction, which gives the bed's roughness its meaning.
    pub friction: FrictionLaw,
    /// Whether to follow the rate of rise (56 bytes more per cell).
    pub rate_of_rise: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            courant: 0.45,
            max_step_s: 10.0,
            dry_depth_m: 1e-6,
            velocity_depth_m: 1e-4,
            arrival_depth_m: 0.05,
            speed_depth_m: 0.01,
            contact_depth_m: 0.01,
            friction: FrictionLaw::Manning,
            rate_of_rise: false,
        }
    }
}

/// Depth and velocities, struct of arrays.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) depth: Vec<f64>,
    pub(crate) u: Vec<f64>,
    pub(crate) v: Vec<f64>,
}

impl Fields {
    fn still(cells: usize) -> Self {
        Self { depth: vec![0.0; cells], u: vec![0.0; cells], v: vec![0.0; cells] }
    }
}

/// A crest edge and where it belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrestEdge {
    pub(crate) structure: usize,
    pub(crate) position: usize,
    pub(crate) cells: [usize; 2],
    /// Position of its structure's first breach among all breaches.
    pub(crate) first_breach: usize,
}

/// A 2D shallow-water simulation: see the crate for equations and scheme.
#[derive(Debug)]
pub struct Solver {
    pub(crate) bed: Bed,
    pub(crate) options: Options,
    /// Friction coefficient per cell, from roughness and law.
    pub(crate) friction: Vec<f64>,
    pub(crate) open: Vec<f64>,
    pub(crate) open_cells: usize,
    pub(crate) x_specials: Specials,
    pub(crate) y_specials: Specials,

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

    pub(crate) sources: Vec<Source>,
    pub(crate) weights: Vec<f64>,

    pub(crate) now: Fields,
    pub(crate) next: Fields,
    pub(crate) maxima: Maxima,
    pub(crate) rise: Option<RateOfRise>,
    pub(crate) activity: Activity,
    pub(crate) strips: Vec<Strip>,

    pub(crate) time: f64,
    pub(crate) step: f64,
    pub(crate) steps: u64,
    pub(crate) cell_updates: u64,
    pub(crate) wave: f64,
    pub(crate) initial: f64,
    pub(crate) source_volumes: Vec<Exchange>,
    pub(crate) boundary_volumes: Vec<Exchange>,
    pub(crate) exchanged: Exchange,
}

impl Solver {
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
        check_options(&options)?;
        bed.check()?;
        sources.iter().try_for_each(|s| s.check(&bed))?;
        structures.iter().try_for_each(|s| s.check(&bed))?;
        let faces = boundaries.faces(&bed)?;
        let crest_edges = crest_edges(&bed, &structures)?;
        let (x_specials, y_specials) = specials(&bed, &faces, &crest_edges);

        let spec = bed.spec;
        let cells = spec.len();
        let open: Vec<f64> = (0..cells).map(|i| f64::from(u8::from(bed.is_open(i)))).collect();
        let friction =
            (0..cells)
                .map(|i| {
                    if bed.is_open(i) {
                        options.friction.coefficient(bed.roughness[i])
                    } else {
                        0.0
                    }
                })
                .collect();
        for i in 0..cells {
            // Closed cells take part in no flux; their ground only has to be a number.
            bed.blocked[i] = !bed.is_open(i);
            let z = bed.elevation_m[i];
            bed.elevation_m[i] = if z.is_nan() { 0.0 } else { quantised(z) };
        }
        let segments = boundaries.segments;
        let mut segment_faces = vec![Vec::new(); segments.len()];
        let mut undeclared = Vec::new();
        for (i, face) in faces.iter().enumerate() {
            match face.segment {
                Some(segment) => segment_faces[segment].push(i),
                None => undeclared.push(i),
            }
        }
        let activity = Activity::new(spec.rows, spec.columns);
        let strip = Strip::new(activity.tile_columns(), segments.len());
        let breaches = structures.iter().map(|s| s.breaches.len()).sum();
        let mut solver = Self {
            friction,
            open_cells: open.iter().filter(|&&o| o > 0.0).count(),
            open,
            x_specials,
            y_specials,
            faces_now: vec![FaceNow::Wall; faces.len()],
            contact_s: vec![f64::INFINITY; undeclared.len()],
            undeclared,
            faces,
            crests: vec![
                CrestNow { crest: 0.0, sill: 0.0, open: 0.0, length: 1.0 };
                crest_edges.len()
            ],
            crest_edges,
            breach_start_s: vec![f64::INFINITY; breaches],
            structures,
            source_volumes: vec![Exchange::default(); sources.len()],
            boundary_volumes: vec![Exchange::default(); segments.len()],
            segments,
            segment_faces,
            sources,
            weights: Vec::new(),
            now: Fields::still(cells),
            next: Fields::still(cells),
            maxima: Maxima::new(cells),
            rise: None,
            activity,
            strips: vec![strip; spec.rows.div_ceil(TILE_ROWS)],
            time: 0.0,
            step: 0.0,
            steps: 0,
            cell_updates: 0,
            wave: 0.0,
            initial: 0.0,
            exchanged: Exchange::default(),
            bed,
            options,
        };
        solver.start();
        Ok(solver)
    }

    /// Still water up to a level (m) given by row and column; `NaN` or below ground: dry. Levels
    /// are rounded to 2⁻²⁰ m as the bed is. Starts the simulation anew at time 0.
    ///
    /// # Errors
    /// An infinite level.
    pub fn set_level(&mut self, level: impl Fn(usize, usize) -> f64) -> Result<()> {
        let spec = self.bed.spec;
        let depth = (0..spec.len())
            .map(|i| {
                let (row, column) = spec.row_column(i);
                let depth = quantised(level(row, column)) - self.bed.elevation_m[i];
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
        self.now = Fields { depth, u, v };
        for i in 0..cells {
            let wet = self.open[i] > 0.0 && self.now.depth[i] > self.options.dry_depth_m;
            if self.open[i] == 0.0 {
                self.now.depth[i] = 0.0;
            }
            if !wet {
                (self.now.u[i], self.now.v[i]) = (0.0, 0.0);
            }
        }
        self.start();
        Ok(())
    }

    /// Clears what earlier steps left and counts the state as the initial one.
    fn start(&mut self) {
        let cells = self.bed.spec.len();
        (self.time, self.step, self.steps, self.cell_updates) = (0.0, 0.0, 0, 0);
        self.maxima = Maxima::new(cells);
        self.contact_s.fill(f64::INFINITY);
        self.breach_start_s.fill(f64::INFINITY);
        self.source_volumes.fill(Exchange::default());
        self.boundary_volumes.fill(Exchange::default());
        self.exchanged = Exchange::default();
        self.rise = self.options.rate_of_rise.then(|| RateOfRise::new(&self.now.depth, 0.0));
        self.settle();
        self.initial = self.stored_m3();
        self.wave = (0..cells).map(|i| self.wave_of(i)).fold(0.0, f64::max);
        for i in 0..cells {
            self.count_maxima(i);
        }
        self.set_crests();
    }

    /// Makes both buffers and the activity follow `now`.
    fn settle(&mut self) {
        self.next.clone_from(&self.now);
        self.activity.stale.fill(false);
        self.activity.wet.fill(false);
        self.activity.pinned.fill(false);
        for (i, &h) in self.now.depth.iter().enumerate() {
            if h > self.options.dry_depth_m {
                let tile = self.activity.tile_of(i);
                self.activity.wet[tile] = true;
            }
        }
        // Only a stage or a discharge brings water to a dry tile.
        for (segment, faces) in self.segments.iter().zip(&self.segment_faces) {
            if matches!(segment.condition, Condition::Stage(_) | Condition::Discharge(_)) {
                for &face in faces {
                    let tile = self.activity.tile_of(self.faces[face].outer.cell);
                    self.activity.pinned[tile] = true;
                }
            }
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

    /// The bed, with its elevations rounded to 2⁻²⁰ m; voids are blocked cells of elevation 0.
    pub fn bed(&self) -> &Bed {
        &self.bed
    }

    /// Depth per cell, m; 0 where dry or closed.
    pub fn depth(&self) -> &[f64] {
        &self.now.depth
    }

    /// Eastward velocity per cell, m/s.
    pub fn velocity_u(&self) -> &[f64] {
        &self.now.u
    }

    /// Northward velocity per cell, m/s.
    pub fn velocity_v(&self) -> &[f64] {
        &self.now.v
    }

    /// Water level of a cell, m; `None` where dry or closed.
    pub fn level(&self, cell: usize) -> Option<f64> {
        let h = *self.now.depth.get(cell)?;
        (h > self.options.dry_depth_m).then(|| h + self.bed.elevation_m[cell])
    }

    /// Extremes, arrival and duration since the initial state.
    pub fn maxima(&self) -> &Maxima {
        &self.maxima
    }

    /// Largest mean rise of the level over 30 minutes per cell, m/s, from samples every 5 minutes
    /// (a lower bound of the sliding mean); `None` unless [`Options::rate_of_rise`] is set.
    pub fn rate_of_rise(&self) -> Option<&[f64]> {
        self.rise.as_ref().map(|r| r.fastest_m_per_s.as_slice())
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
        for row in self.now.depth.chunks(self.bed.spec.columns) {
            let mut sum = Sum::default();
            row.iter().for_each(|&h| sum.add(h));
            stored.add(sum.total());
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
            exchange: self.exchanged.volume("exchange"),
        }
    }

    /// Adds (or takes, at most what is there) a depth per cell, m, as infiltration or another model
    /// does between two calls of [`Self::advance_to`]. Momentum stays. Returns the volume, m³.
    ///
    /// # Errors
    /// An array of another length, or a depth that is not finite.
    pub fn exchange_depth(&mut self, depth_m: &[f64]) -> Result<f64> {
        if depth_m.len() != self.now.depth.len() || !depth_m.iter().all(|d| d.is_finite()) {
            return Err(Error::input(
                "exchange",
                "il faut une hauteur finie par cellule",
                "one finite depth per cell is needed",
            ));
        }
        let mut volume = Sum::default();
        for (cell, &depth) in depth_m.iter().enumerate() {
            if depth != 0.0 && self.open[cell] > 0.0 {
                let added = self.add_depth(cell, depth) * self.bed.spec.cell_area();
                volume.add(added);
                self.exchanged.add(added);
            }
        }
        Ok(volume.total())
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
        visitor.scalar("wave", &mut self.wave)?;
        visitor.scalar("initial", &mut self.initial)?;
        visitor.array("depth", &mut self.now.depth)?;
        visitor.array("u", &mut self.now.u)?;
        visitor.array("v", &mut self.now.v)?;
        self.maxima.visit(visitor)?;
        if let Some(rise) = &mut self.rise {
            rise.visit(visitor)?;
        }
        visitor.array("contact", &mut self.contact_s)?;
        visitor.array("breach_start", &mut self.breach_start_s)?;
        let exchanges = self
            .source_volumes
            .iter_mut()
            .chain(&mut self.boundary_volumes)
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

fn check_options(options: &Options) -> Result<()> {
    let positive = [
        options.max_step_s,
        options.dry_depth_m,
        options.velocity_depth_m,
        options.arrival_depth_m,
        options.contact_depth_m,
    ];
    if !positive.iter().all(|v| v.is_finite() && *v > 0.0) || options.speed_depth_m.is_nan() {
        return Err(Error::input(
            "options",
            "les hauteurs seuils et le pas de temps maximal doivent être positifs",
            "threshold depths and the longest step must be positive",
        ));
    }
    if !(options.courant > 0.0 && options.courant <= 0.5) {
        return Err(Error::input(
            "options.courant",
            "le nombre de Courant doit être compris entre 0 et 0,5",
            "the Courant number must lie between 0 and 0.5",
        ));
    }
    Ok(())
}

fn crest_edges(bed: &Bed, structures: &[LineStructure]) -> Result<Vec<CrestEdge>> {
    let mut taken = std::collections::BTreeMap::new();
    let mut edges = Vec::new();
    let mut first_breach = 0;
    for (structure, line) in structures.iter().enumerate() {
        for (position, edge) in line.edges.iter().enumerate() {
            if let Some(other) = taken.insert(*edge, structure) {
                let other = structures.get(other).map_or("", |s| s.name.as_str());
                return Err(Error::input(
                    &line.name,
                    format!(
                        "une arête porte déjà l'ouvrage « {other} » ; fusionner les deux lignes"
                    ),
                    format!("an edge already carries structure \"{other}\"; merge the two lines"),
                ));
            }
            if let [Some(minus), Some(plus)] = edge.cells(&bed.spec) {
                edges.push(CrestEdge { structure, position, cells: [minus, plus], first_breach });
            }
        }
        first_breach += line.breaches.len();
    }
    Ok(edges)
}

/// All edges that need more than the ordinary flux.
fn specials(bed: &Bed, faces: &[BoundaryFace], crests: &[CrestEdge]) -> (Specials, Specials) {
    let spec = &bed.spec;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (i, face) in faces.iter().enumerate() {
        let kind = Kind::Boundary(Inner::of(face.outer.side), i);
        let edge = face.outer.edge;
        let list = if edge.axis == Axis::X { &mut x } else { &mut y };
        list.push((edge.row, SpecialFace { column: edge.column, kind }));
    }
    // Walls of buildings: between an open cell and a blocked one that has ground.
    let mut wall = |minus: usize, plus: usize, row: usize, column: usize, axis: Axis| {
        let list = if axis == Axis::X { &mut x } else { &mut y };
        let building = |i: usize| !bed.is_open(i) && !bed.elevation_m[i].is_nan();
        if bed.is_open(minus) && building(plus) {
            list.push((row, SpecialFace { column, kind: Kind::Wall(Inner::Left) }));
        } else if bed.is_open(plus) && building(minus) {
            list.push((row, SpecialFace { column, kind: Kind::Wall(Inner::Right) }));
        }
    };
    for row in 0..spec.rows {
        for column in 0..spec.columns {
            let cell = spec.index(row, column);
            if column > 0 {
                wall(cell - 1, cell, row, column, Axis::X);
            }
            if row > 0 {
                wall(cell, cell - spec.columns, row, column, Axis::Y);
            }
        }
    }
    for (i, crest) in crests.iter().enumerate() {
        let [minus, plus] = crest.cells;
        if bed.is_open(minus) && bed.is_open(plus) {
            let (row, column) = spec.row_column(minus);
            // South and north neighbours, or west and east ones.
            if plus + spec.columns == minus {
                y.push((row, SpecialFace { column, kind: Kind::Crest(i) }));
            } else {
                x.push((row, SpecialFace { column: column + 1, kind: Kind::Crest(i) }));
            }
        }
    }
    (Specials::new(spec.rows, x), Specials::new(spec.rows + 1, y))
}
