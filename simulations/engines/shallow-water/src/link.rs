//! Water that goes from one place to another without crossing the ground between: culverts and pumps.
//!
//! A link takes water from the cells at one end and gives it, still, to those at the other. Each
//! cell at the taking end gives the same share of its water. A culvert moves at most what makes both
//! ends level, a pump at most what stands above its stop level: nothing swings within a step, and no
//! more than is there is taken.

use twin_core::spatial::{Polygon, cells_within};
use twin_core::{Error, Result};

use crate::Series;
use crate::bed::Bed;
use crate::budget::Exchange;
use crate::culvert::Culvert;
use crate::real::Real;
use crate::solver::Solver;

/// Water on the floor from which an outlet runs, m.
const OUTLET_STARTS_M: f64 = 0.01;

/// A culvert or a pump.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Name in messages and reports.
    pub name: String,
    /// Cells at the first end, as positions in the value array.
    pub from: Vec<usize>,
    /// Cells at the second end; none: outside the domain (pumps only).
    pub to: Vec<usize>,
    /// How it moves water.
    pub law: LinkLaw,
}

/// How a link moves water.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkLaw {
    /// By the levels at both ends, either way.
    Culvert(Box<Culvert>),
    /// From the first end while switched on.
    Pump {
        /// Capacity against time, m³/s, ≥ 0.
        capacity: Series,
        /// Level at which it starts, m.
        start_m: f64,
        /// Level at which it stops, m; at most the start level.
        stop_m: f64,
    },
}

/// What a link does and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LinkState {
    /// Mean discharge of the last step, m³/s; negative from the second end to the first.
    pub discharge_m3_per_s: f64,
    /// Volume moved from the first end to the second so far, less what came back, m³.
    pub moved_m3: f64,
    /// Whether a pump runs.
    pub running: bool,
}

impl Link {
    /// A throttled outlet of a basin: it takes at most its capacity (m³/s) while water stands on the floor of
    /// the basin, to the lowest open cell around a place, or out of the domain.
    ///
    /// # Errors
    /// A basin without an open cell; a place outside the domain, or without an open cell around.
    pub fn outlet(
        name: &str,
        bed: &Bed,
        basin: &[Polygon],
        to: Option<[f64; 2]>,
        capacity_m3_per_s: f64,
    ) -> Result<Self> {
        let spec = &bed.spec;
        let mut from = Vec::new();
        cells_within(spec, basin, |row, column| from.push(spec.index(row, column)));
        from.retain(|&cell| bed.is_open(cell));
        from.sort_unstable();
        from.dedup();
        let lowest = |a: &usize, b: &usize| bed.elevation_m[*a].total_cmp(&bed.elevation_m[*b]);
        let Some(&floor) = from.iter().min_by(|a, b| lowest(a, b)) else {
            return Err(Error::input(
                name,
                "le bassin ne contient le centre d'aucune maille ouverte ; affiner la grille ou le déplacer",
                "the basin holds the centre of no open cell; refine the grid or move it",
            ));
        };
        let place = |[x, y]: [f64; 2]| {
            let (row, column) = spec.cell_at(x, y)?;
            let rows = row.saturating_sub(1)..=(row + 1).min(spec.rows - 1);
            let around = rows.flat_map(|r| {
                let columns = column.saturating_sub(1)..=(column + 1).min(spec.columns - 1);
                columns.map(move |c| spec.index(r, c))
            });
            around.filter(|&cell| bed.is_open(cell)).min_by(lowest)
        };
        let to = match to {
            None => Vec::new(),
            Some(at) => vec![place(at).ok_or_else(|| {
                Error::input(
                    name,
                    "l'exutoire est hors de la grille ou dans un bâtiment ; le déplacer",
                    "the outlet leads outside the grid or into a building; move it",
                )
            })?],
        };
        let stop_m = bed.elevation_m[floor];
        let law = LinkLaw::Pump {
            capacity: Series::constant(capacity_m3_per_s),
            start_m: stop_m + OUTLET_STARTS_M,
            stop_m,
        };
        Ok(Self { name: name.to_owned(), from, to, law })
    }

    pub(crate) fn check(&self, bed: &Bed) -> Result<()> {
        let fail = |fr: &str, en: &str| Err(Error::input(&self.name, fr, en));
        let usable = |&cell: &usize| cell < bed.spec.len() && bed.is_open(cell);
        if self.from.is_empty() || !self.from.iter().chain(&self.to).all(usable) {
            return fail(
                "une extrémité est hors du domaine, dans un vide ou dans un bâtiment ; la déplacer",
                "an end lies outside the domain, in a void or in a building; move it",
            );
        }
        if self.from.iter().any(|cell| self.to.contains(cell)) {
            return fail(
                "les deux extrémités ont une maille en commun ; les éloigner",
                "both ends share a cell; move them apart",
            );
        }
        match &self.law {
            LinkLaw::Culvert(_) if self.to.is_empty() => fail(
                "une buse a besoin de deux extrémités dans le domaine",
                "a culvert needs both ends in the domain",
            ),
            LinkLaw::Pump { capacity, start_m, stop_m }
                if stop_m.is_nan()
                    || start_m < stop_m
                    || start_m.is_nan()
                    || capacity.points().iter().any(|p| p.1 < 0.0) =>
            {
                fail(
                    "une pompe a besoin d'un débit positif et d'un niveau d'arrêt sous celui de démarrage",
                    "a pump needs a positive discharge and a stop level below its start level",
                )
            }
            _ => Ok(()),
        }
    }
}

/// Water at one end: mean level weighed with the depths (m), wet area (m²), volume (m³).
struct Pool {
    level: f64,
    area: f64,
    volume: f64,
}

impl<R: Real> Solver<R> {
    /// Adds culverts and pumps; they count from now on.
    ///
    /// # Errors
    /// An end outside the open cells, ends with a common cell, a culvert with one end, a pump without
    /// usable levels or discharge.
    pub fn add_links(&mut self, links: Vec<Link>) -> Result<()> {
        links.iter().try_for_each(|link| link.check(&self.bed))?;
        self.links.extend(links);
        self.link_states.resize(self.links.len(), LinkState::default());
        self.link_volumes.resize(self.links.len(), Exchange::default());
        self.follow_every_step();
        Ok(())
    }

    /// What the links do, in the order in which they were added.
    pub fn links(&self) -> impl Iterator<Item = (&str, LinkState)> {
        self.links.iter().map(|l| l.name.as_str()).zip(self.link_states.iter().copied())
    }

    /// Links, then sections, with the volume that has passed so far, m³.
    pub fn through(&self) -> impl Iterator<Item = (&str, f64)> {
        self.links().map(|(name, link)| (name, link.moved_m3)).chain(self.sections())
    }

    /// Volumes that the links move in a step that begins now, by the levels at its beginning, as the
    /// fluxes of the step: from the first end to the second, m³.
    pub(crate) fn link_demands(&mut self, from: f64, to: f64) -> Vec<f64> {
        let links = std::mem::take(&mut self.links);
        let demands = links
            .iter()
            .enumerate()
            .map(|(index, link)| self.volume_through(index, link, from, to))
            .collect();
        self.links = links;
        demands
    }

    /// Moves water through the links at the end of a step of `dt` seconds.
    pub(crate) fn run_links(&mut self, demands: &[f64], dt: f64) {
        let links = std::mem::take(&mut self.links);
        for (index, (link, &volume)) in links.iter().zip(demands).enumerate() {
            let moved = if volume >= 0.0 {
                self.transfer(&link.from, &link.to, volume)
            } else {
                -self.transfer(&link.to, &link.from, -volume)
            };
            if link.to.is_empty() {
                self.link_volumes[index].add(-moved);
            }
            let state = &mut self.link_states[index];
            state.discharge_m3_per_s = moved / dt;
            state.moved_m3 += moved;
        }
        self.links = links;
    }

    /// Volume from the first end to the second, m³.
    fn volume_through(&mut self, index: usize, link: &Link, from: f64, to: f64) -> f64 {
        let here = self.pool(&link.from);
        match &link.law {
            LinkLaw::Culvert(culvert) => {
                let there = self.pool(&link.to);
                let wanted = culvert.discharge([here.level, there.level]) * (to - from);
                // What makes both ends level; a dry end takes as much as the cells it lies in can hold.
                let area = self.bed.spec.cell_area();
                let wide = |pool: &Pool, cells: usize| pool.area.max(area * cells as f64);
                let (a, b) = (wide(&here, link.from.len()), wide(&there, link.to.len()));
                let level = (here.level - there.level).abs() / (1.0 / a + 1.0 / b);
                wanted.clamp(-level, level)
            }
            LinkLaw::Pump { capacity, start_m, stop_m } => {
                let running = &mut self.link_states[index].running;
                *running = if *running { here.level > *stop_m } else { here.level >= *start_m };
                if !*running || here.volume <= 0.0 {
                    return 0.0;
                }
                let above = (here.level - stop_m).max(0.0) * here.area;
                capacity.integral(from, to).min(above)
            }
        }
    }

    fn pool(&self, cells: &[usize]) -> Pool {
        let area = self.bed.spec.cell_area();
        let (mut level, mut wet, mut depth) = (0.0, 0.0, 0.0);
        let mut lowest = f64::INFINITY;
        for &cell in cells {
            let h = self.depth_at(cell);
            let z = self.bed.elevation_m[cell];
            lowest = lowest.min(z);
            if h > 0.0 {
                let storage = self.bed.porosity.storage(cell);
                level += storage * h * (h + z);
                depth += storage * h;
                wet += storage;
            }
        }
        let level = if depth > 0.0 { level / depth } else { lowest };
        Pool { level, area: wet * area, volume: depth * area }
    }

    /// Water in a cell, m³ per m² of it.
    fn water_in(&self, cell: usize) -> f64 {
        self.depth_at(cell) * self.bed.porosity.storage(cell)
    }

    /// Takes a volume from some cells, each the same share of its water, and gives it evenly to others;
    /// returns what was there.
    fn transfer(&mut self, from: &[usize], to: &[usize], volume: f64) -> f64 {
        let held = self.pool(from).volume;
        if volume <= 0.0 || held <= 0.0 {
            return 0.0;
        }
        let area = self.bed.spec.cell_area();
        let share = (volume / held).min(1.0);
        let taken: f64 =
            from.iter().map(|&cell| -self.add_depth(cell, -share * self.water_in(cell))).sum();
        let each = taken / to.len().max(1) as f64;
        for &cell in to {
            self.add_depth(cell, each);
        }
        taken * area
    }
}
