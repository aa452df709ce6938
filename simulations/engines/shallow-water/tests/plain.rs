//! The fast sweep against the plain scheme: cell by cell from the equations that `reconstruction`,
//! `flux`, `draining` and `friction` state, without blocks, rows in hand or vectors.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, GRAVITY, Options, Scheme, Solver};

const DRY: f64 = 1e-6;
const SIZE: f64 = 2.0;
const MANNING: f64 = 0.03;

#[derive(Clone, Copy, Default)]
struct Cell {
    h: f64,
    u: f64,
    v: f64,
}

/// A cell seen from one of its sides.
#[derive(Clone, Copy)]
struct Side {
    h: f64,
    across: f64,
    along: f64,
    z: f64,
}

/// Slopes of depth, level and velocities across a cell.
#[derive(Clone, Copy, Default)]
struct Slopes {
    h: f64,
    level: f64,
    u: f64,
    v: f64,
}

/// Flux through an edge; momentum in the balances of the cells before and after it.
#[derive(Clone, Copy, Default)]
struct Flux {
    mass: f64,
    before: f64,
    after: f64,
    along: f64,
}

struct Plain {
    columns: usize,
    rows: usize,
    bed: Vec<f64>,
    cells: Vec<Cell>,
    scheme: Scheme,
}

fn limited(a: f64, b: f64) -> f64 {
    let size = (1.5 * a.abs().min(b.abs())).min(0.5 * (a + b).abs());
    if a * b > 0.0 { size.copysign(a) } else { 0.0 }
}

/// |U| after friction over a time, relative to before.
fn kept(h: f64, dt: f64, speed: f64) -> f64 {
    let k = if h > DRY { GRAVITY * MANNING * MANNING / h.powf(4.0 / 3.0) } else { 0.0 };
    2.0 / (1.0 + (1.0 + 4.0 * k * dt * speed).sqrt())
}

/// Chen–Noelle bed, HLL, transverse momentum upwind; films on high steps leave as they flow.
fn flux(left: Side, right: Side) -> Flux {
    let wet = |h: f64| if h > DRY { h } else { 0.0 };
    let (level_l, level_r) = (wet(left.h) + left.z, wet(right.h) + right.z);
    let z = left.z.max(right.z).min(level_l.min(level_r));
    let (hl, hr) = ((level_l - z).min(wet(left.h)), (level_r - z).min(wet(right.h)));
    let (ul, ur) = (left.across, right.across);
    let (cl, cr) = ((GRAVITY * hl).sqrt(), (GRAVITY * hr).sqrt());
    let (middle, c) = (0.5 * (ul + ur) + cl - cr, (0.5 * (cl + cr) + 0.25 * (ul - ur)).max(0.0));
    let (slow, fast) = match (hl > 0.0, hr > 0.0) {
        (false, false) => return Flux::default(),
        (true, false) => (ul - cl, ul + 2.0 * cl),
        (false, true) => (ur - 2.0 * cr, ur + cr),
        (true, true) => ((ul - cl).min(middle - c), (ur + cr).max(middle + c)),
    };
    let (a, b) = (fast.max(0.0), slow.min(0.0));
    let mean = |fl: f64, fr: f64, ql: f64, qr: f64| (a * fl - b * fr + a * b * (qr - ql)) / (a - b);
    let pressure = |h: f64| 0.5 * GRAVITY * h * h;
    let mass = mean(hl * ul, hr * ur, hl, hr);
    let momentum = mean(hl * ul * ul + pressure(hl), hr * ur * ur + pressure(hr), hl * ul, hr * ur);
    let own = |h: f64, z_side: f64| pressure(h) + GRAVITY * h * (z_side - z).max(0.0);
    let (mut mass, mut before, mut after) =
        (mass, momentum - own(hl, left.z), momentum - own(hr, right.z));
    let film = |donor: Side, level: f64| match wet(donor.h) {
        h if h > 0.0 => (h, (2.0 * (donor.z - level) / h - 1.0).clamp(0.0, 1.0)),
        _ => (0.0, 0.0),
    };
    let (h, share) = film(left, level_r);
    if share > 0.0 {
        let q = h * ul.max(0.0);
        mass += share * (q - mass);
        before += share * (q * ul - GRAVITY * h * (left.z + h - level_r) - before);
        after += share * (q * ul - after);
    }
    let (h, share) = film(right, level_l);
    if share > 0.0 {
        let q = h * ur.min(0.0);
        mass += share * (q - mass);
        before += share * (q * ur - before);
        after += share * (q * ur - GRAVITY * h * (right.z + h - level_l) - after);
    }
    Flux { mass, before, after, along: mass * if mass > 0.0 { left.along } else { right.along } }
}

impl Plain {
    /// Neighbours to the west, east, south and north.
    fn neighbours(&self, i: usize) -> [Option<usize>; 4] {
        let (row, column) = (i / self.columns, i % self.columns);
        [
            (column > 0).then(|| i - 1),
            (column + 1 < self.columns).then(|| i + 1),
            (row + 1 < self.rows).then(|| i + self.columns),
            (row > 0).then(|| i - self.columns),
        ]
    }

    fn slopes(&self, i: usize, before: Option<usize>, after: Option<usize>) -> Option<Slopes> {
        if self.scheme == Scheme::FirstOrder || self.cells[i].h <= DRY {
            return None;
        }
        let wet = |j: &usize| self.cells[*j].h > DRY;
        let beach = |j: &usize| self.cells[*j].h >= 2.0 * self.cells[i].h;
        let slope = |f: &dyn Fn(usize) -> f64| match (before.filter(wet), after.filter(wet)) {
            (Some(p), Some(n)) => Some(limited(f(i) - f(p), f(n) - f(i))),
            (Some(p), None) if beach(&p) => Some(f(i) - f(p)),
            (None, Some(n)) if beach(&n) => Some(f(n) - f(i)),
            _ => None,
        };
        let whole = before.filter(wet).is_some() && after.filter(wet).is_some();
        let velocity = |f: &dyn Fn(usize) -> f64| if whole { slope(f) } else { Some(0.0) };
        let level = slope(&|j| self.cells[j].h + self.bed[j])?;
        (level.abs() <= 4.0 * self.cells[i].h).then_some(Slopes {
            h: slope(&|j| self.cells[j].h)?.clamp(-2.0 * self.cells[i].h, 2.0 * self.cells[i].h),
            level,
            u: velocity(&|j| self.cells[j].u)?,
            v: velocity(&|j| self.cells[j].v)?,
        })
    }

    /// The sides to the west, east, south and north, and what the slope of the level does within.
    fn sides(&self, i: usize, dt: f64) -> ([Side; 4], [f64; 2]) {
        let [west, east, south, north] = self.neighbours(i);
        let (x, y) = (self.slopes(i, west, east), self.slopes(i, south, north));
        let (has_x, has_y) = (x.is_some(), y.is_some());
        let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
        let Cell { h, u, v } = self.cells[i];
        let half = 0.5 * dt / SIZE;
        let depth = h - half * (u * x.h + v * y.h + h * (x.u + y.v));
        let u_free = u - half * (u * x.u + v * y.u + GRAVITY * x.level);
        let v_free = v - half * (u * x.v + v * y.v + GRAVITY * y.level);
        let slowed = kept(h, 0.5 * dt, u_free.hypot(v_free));
        let (u, v) = (
            if has_x { u_free * slowed } else { u_free },
            if has_y { v_free * slowed } else { v_free },
        );
        let side = |to: f64, d: Slopes, across: f64, along: f64| Side {
            h: (depth + to * d.h).max(0.0),
            across,
            along,
            z: self.bed[i] + to * (d.level - d.h),
        };
        let across_x = |to: f64| side(to, x, u + to * x.u, v + to * x.v);
        let across_y = |to: f64| side(to, y, v + to * y.v, u + to * y.u);
        let made = [across_x(-0.5), across_x(0.5), across_y(-0.5), across_y(0.5)];
        let push = |a: Side, b: Side, d: Slopes| GRAVITY * 0.5 * (a.h + b.h) * d.level;
        (made, [push(made[0], made[1], x), push(made[2], made[3], y)])
    }

    fn step(&mut self, dt: f64) {
        let cells = 0..self.cells.len();
        let seen: Vec<_> = cells.clone().map(|i| self.sides(i, dt)).collect();
        let mirrored = |s: Side| Side { across: -s.across, ..s };
        // Fluxes to the west, east, south and north; walls around.
        let mut fluxes: Vec<[Flux; 4]> = cells
            .clone()
            .map(|i| {
                let mut k = 0;
                self.neighbours(i).map(|neighbour| {
                    let (own, opposite) = (seen[i].0[k], [1, 0, 3, 2][k]);
                    let other = neighbour.map_or(mirrored(own), |j| seen[j].0[opposite]);
                    let mut through = if k % 2 == 0 { flux(other, own) } else { flux(own, other) };
                    if neighbour.is_none() {
                        (through.mass, through.along) = (0.0, 0.0);
                    }
                    k += 1;
                    through
                })
            })
            .collect();
        let theta: Vec<f64> = cells
            .clone()
            .map(|i| {
                let [w, e, s, n] = fluxes[i].map(|f| f.mass);
                let out = dt / SIZE * ((-w).max(0.0) + e.max(0.0) + (-s).max(0.0) + n.max(0.0));
                let held = self.cells[i].h * (1.0 - 1e-12);
                if out > held { held / out } else { 1.0 }
            })
            .collect();
        for i in cells.clone() {
            let neighbours = self.neighbours(i);
            for (k, f) in fluxes[i].iter_mut().enumerate() {
                let of = |j: Option<usize>| j.map_or(1.0, |j| theta[j]);
                let (own, other) = (theta[i], of(neighbours[k]));
                let (left, right) = if k % 2 == 0 { (other, own) } else { (own, other) };
                let share = match f.mass {
                    m if m > 0.0 => left,
                    m if m < 0.0 => right,
                    _ => left.min(right),
                };
                *f = Flux {
                    mass: f.mass * share,
                    before: f.before * share,
                    after: f.after * share,
                    along: f.along * share,
                };
            }
        }
        for i in cells {
            let [w, e, s, n] = fluxes[i];
            let [push_x, push_y] = seen[i].1.map(|p| p * theta[i]);
            let old = self.cells[i];
            let ratio = dt / SIZE;
            let h = old.h - ratio * (e.mass - w.mass + n.mass - s.mass);
            let qx = old.h * old.u - ratio * (e.before - w.after + n.along - s.along + push_x);
            let qy = old.h * old.v - ratio * (n.before - s.after + e.along - w.along + push_y);
            let quotient = 2.0 * h / (h * h + (h * h).max(1e-8));
            let slowed = quotient * kept(h, dt, qx.hypot(qy) * quotient);
            let moves = h > DRY;
            self.cells[i] = Cell {
                h,
                u: if moves { qx * slowed } else { 0.0 },
                v: if moves { qy * slowed } else { 0.0 },
            };
        }
    }
}

#[test]
fn the_sweep_is_the_plain_scheme() {
    // Wide enough for two blocks and three rows of tiles; ponds, slopes, steps and dry ground.
    let spec = GridSpec { west: 0.0, north: 280.0, cell_size: SIZE, columns: 300, rows: 140 };
    let waves = |r: usize, c: usize| {
        (r as f64 * 0.11).sin() + (c as f64 * 0.07).cos() + 0.3 * ((r * 13 + c * 7) % 5) as f64
    };
    for scheme in [Scheme::FirstOrder, Scheme::SecondOrder] {
        let bed =
            Bed::from_grids(&Grid::from_fn(spec, waves), &Grid::filled(spec, MANNING)).unwrap();
        let dt = 0.05;
        let options = Options { scheme, max_step_s: 1.01 * dt, ..Options::default() };
        let mut solver =
            Solver::<f64>::new(bed, Boundaries::default(), vec![], vec![], options).unwrap();
        solver.set_level(|r, c| if (r / 20 + c / 30) % 3 == 0 { 2.2 } else { 0.4 }).unwrap();
        let still = |h: &f64| Cell { h: *h, ..Cell::default() };
        let mut plain = Plain {
            columns: spec.columns,
            rows: spec.rows,
            bed: solver.bed().elevation_m.clone(),
            cells: solver.depth().iter().map(still).collect(),
            scheme,
        };
        for k in 1..=200 {
            solver.advance_to(f64::from(k) * dt).unwrap();
            plain.step(solver.step_s());
            assert_eq!(solver.steps(), k as u64, "the step of the Courant condition is longer");
        }
        let (h, u, v) = (solver.depth(), solver.velocity_u(), solver.velocity_v());
        let mut worst = 0.0f64;
        for (i, cell) in plain.cells.iter().enumerate() {
            // Velocities weighed with the depth: a film of round-off has any velocity.
            let off = [h[i] - cell.h, h[i] * u[i] - cell.h * cell.u, h[i] * v[i] - cell.h * cell.v];
            worst = off.iter().fold(worst, |m, d| m.max(d.abs()));
        }
        eprintln!("{scheme:?}: at most {worst:.1e} after 200 steps");
        // The cube root of the friction is accurate to 1e-9.
        assert!(worst < 1e-8, "{worst}");
    }
}
