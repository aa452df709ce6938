//! Crests on cell edges: levees, walls, weirs, and their breaches.
//!
//! Water passes a crest as over a broad-crested weir,
//!
//! ```text
//! q = 1.7 H₁^1.5 · (1 − (H₂/H₁)^1.5)^0.385        per metre, H above the crest, SI
//! ```
//!
//! (Villemonte 1947 for the drowned factor; approach velocity neglected), and never faster than
//! the ordinary flux over the bare ground would bring it, which also settles nearly equal levels.
//! Below both levels' crest nothing passes and each side sees a wall. A crest that sinks to the
//! ground gives way to the ordinary flux: between 10 cm above it and the ground both are blended
//! linearly, so the flux is continuous in the crest level.

use twin_core::spatial::{GridSpec, Position, line_length};
use twin_core::{Error, Result};

use crate::bed::Bed;
use crate::boundary::wall_pressure;
use crate::breach::Breach;
use crate::edge::Edge;
use crate::opening::{Opening, OpeningNow, opening_flux};
use crate::rows::FaceFlux;
use crate::snapping::{crests_along, edges_along};

/// Discharge coefficient of the free weir, m^0.5/s.
const WEIR: f64 = 1.7;
/// Height above the ground over which a crest gives way to the ordinary flux, m.
const BLEND_M: f64 = 0.1;

/// A crest line on inner edges.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStructure {
    /// Name, for messages.
    pub name: String,
    /// Its edges in order, as [`crate::edges_along`] gives them.
    pub edges: Vec<Edge>,
    /// Crest level of each edge, m.
    pub crest_m: Vec<f64>,
    /// True length of the line, m: a slanted line's staircase is longer, and its weirs are
    /// shortened in proportion. `None`: as long as its edges.
    pub length_m: Option<f64>,
    /// Breaches, without common edges.
    pub breaches: Vec<Breach>,
    /// Openings under the crest, on other edges than the breaches.
    pub openings: Vec<Opening>,
}

impl LineStructure {
    /// A crest snapped onto the edges of the grid that are kept, as long as their share of the line; `None`
    /// where none is.
    pub fn along(
        name: impl Into<String>,
        spec: &GridSpec,
        crest: &[Position],
        keep: impl FnMut(&Edge) -> bool,
    ) -> Option<Self> {
        let mut edges = edges_along(spec, crest);
        let edge_m = line_length(crest) / edges.len().max(1) as f64;
        edges.retain(keep);
        (!edges.is_empty()).then(|| Self {
            name: name.into(),
            crest_m: crests_along(spec, crest, &edges),
            length_m: Some(edge_m * edges.len() as f64),
            edges,
            breaches: Vec::new(),
            openings: Vec::new(),
        })
    }

    /// Length that one edge stands for, m.
    pub(crate) fn edge_length(&self, cell_size: f64) -> f64 {
        match self.length_m {
            Some(length) => (length / self.edges.len() as f64).min(cell_size),
            None => cell_size,
        }
    }

    pub(crate) fn check(&self, bed: &Bed) -> Result<()> {
        let fail = |fr: &str, en: &str| Err(Error::input(&self.name, fr, en));
        if self.edges.len() != self.crest_m.len() || !self.crest_m.iter().all(|c| c.is_finite()) {
            return fail(
                "il faut une cote de crête finie par arête",
                "every edge needs a finite crest level",
            );
        }
        if self.edges.iter().any(|e| e.cells(&bed.spec).contains(&None)) {
            return fail(
                "une arête est au bord de la grille ; une crête sépare deux cellules",
                "an edge lies on the rim of the grid; a crest separates two cells",
            );
        }
        if self.length_m.is_some_and(|l| !(l.is_finite() && l > 0.0)) {
            return fail("la longueur doit être positive", "the length must be positive");
        }
        for breach in &self.breaches {
            let shape = breach.formation_s >= 0.0
                && !breach.final_level_m.is_nan()
                && breach.width_m.is_none_or(|w| w > 0.0);
            let within = !breach.edges.is_empty() && breach.edges.end <= self.edges.len();
            if !(shape && within) {
                return fail(
                    "une brèche sort de la ligne ou a une durée, une cote ou une largeur non valable",
                    "a breach leaves the line or has an unusable duration, level or width",
                );
            }
        }
        if !self.openings.iter().all(|o| o.is_sound(self.edges.len())) {
            return fail(
                "une ouverture sort de la ligne ou a une largeur ou une cote non valable",
                "an opening leaves the line or has an unusable width or level",
            );
        }
        let ranges = || {
            let breaches = self.breaches.iter().map(|b| b.edges.clone());
            breaches.chain(self.openings.iter().map(Opening::edges))
        };
        let overlap = |(i, a): (usize, std::ops::Range<usize>)| {
            ranges().skip(i + 1).any(|b| a.start < b.end && b.start < a.end)
        };
        if ranges().enumerate().any(overlap) {
            return fail(
                "deux brèches ou ouvertures ont une arête commune ; les écarter",
                "two breaches or openings share an edge; move them apart",
            );
        }
        Ok(())
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

/// The inner edges of all structures.
pub(crate) fn crest_edges(bed: &Bed, structures: &[LineStructure]) -> Result<Vec<CrestEdge>> {
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

/// A crest during one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CrestNow {
    /// Level of the standing part, m.
    pub(crate) crest: f64,
    /// Level of the breached part, m.
    pub(crate) sill: f64,
    /// Share of the edge that is breached.
    pub(crate) open: f64,
    /// Length of the line per length of edge.
    pub(crate) length: f64,
    /// What passes below the crest.
    pub(crate) opening: Option<OpeningNow>,
}

impl CrestNow {
    /// A whole crest.
    pub(crate) fn standing(crest: f64, length: f64) -> Self {
        Self { crest, sill: crest, open: 0.0, length, opening: None }
    }
}

/// A cell beside a crest: `u` is positive from left to right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BesideCrest {
    pub(crate) h: f64,
    pub(crate) u: f64,
    pub(crate) v: f64,
    pub(crate) z: f64,
}

/// Discharge over a weir in m²/s from heads above its crest (m), positive from the first side.
pub(crate) fn weir_discharge(head: f64, head_beyond: f64) -> f64 {
    let (up, down) = (head.max(head_beyond), head.min(head_beyond));
    if up <= 0.0 {
        return 0.0;
    }
    let free = WEIR * up * up.sqrt();
    let ratio = (down / up).max(0.0);
    let drowned = (1.0 - ratio * ratio.sqrt()).max(0.0).powf(0.385);
    if head >= head_beyond { free * drowned } else { -free * drowned }
}

/// Flux through an edge with a crest, from the ordinary flux over the bare ground.
pub(crate) fn crest_flux(
    now: CrestNow,
    dry: f64,
    left: BesideCrest,
    right: BesideCrest,
    ordinary: FaceFlux,
) -> FaceFlux {
    let standing = flux_over(now.crest, now.length, dry, left, right, ordinary);
    if let Some(opening) = now.opening {
        let through = opening_flux(now, opening, dry, left, right, ordinary);
        return mixed(standing, through, opening.share);
    }
    if now.open > 0.0 {
        let breached = flux_over(now.sill, now.length, dry, left, right, ordinary);
        mixed(standing, breached, now.open)
    } else {
        standing
    }
}

pub(crate) fn mixed(a: FaceFlux, b: FaceFlux, share: f64) -> FaceFlux {
    let mix = |a: f64, b: f64| a * (1.0 - share) + b * share;
    FaceFlux {
        mass: mix(a.mass, b.mass),
        left: mix(a.left, b.left),
        right: mix(a.right, b.right),
        transverse: mix(a.transverse, b.transverse),
    }
}

pub(crate) fn flux_over(
    crest: f64,
    length: f64,
    dry: f64,
    left: BesideCrest,
    right: BesideCrest,
    ordinary: FaceFlux,
) -> FaceFlux {
    let rise = crest - left.z.max(right.z);
    if rise <= 0.0 {
        return ordinary;
    }
    let wet = |cell: BesideCrest| if cell.h > dry { cell.h } else { 0.0 };
    let (hl, hr) = (wet(left), wet(right));
    let weir = length * weir_discharge(hl + left.z - crest, hr + right.z - crest);
    let mass = if weir * ordinary.mass > 0.0 {
        weir.signum() * weir.abs().min(ordinary.mass.abs())
    } else {
        0.0
    };
    let over = FaceFlux {
        mass,
        left: balance(hl, left.u, mass),
        right: balance(hr, -right.u, -mass),
        transverse: mass * if mass > 0.0 { left.v } else { right.v },
    };
    mixed(ordinary, over, (rise / BLEND_M).min(1.0))
}

/// Normal momentum in the balance of a cell that brings h u and gives q to a structure: what it does
/// not take meets a wall.
pub(crate) fn balance(h: f64, u: f64, q: f64) -> f64 {
    let share = if h * u != 0.0 { (q / (h * u)).clamp(0.0, 1.0) } else { 0.0 };
    q * u + (1.0 - share) * wall_pressure(h, u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weir_figures() {
        // Q = 1.7 · 10 · 0.5^1.5 = 6.010 m³/s; Villemonte at H2/H1 = 0.5: factor 0.8454.
        assert!((10.0 * weir_discharge(0.5, -1.0) - 6.010).abs() < 1e-3);
        assert!((10.0 * weir_discharge(0.5, 0.25) - 5.081).abs() < 1e-3);
        assert_eq!(weir_discharge(0.5, 0.5), 0.0);
        assert_eq!(weir_discharge(0.25, 0.5), -weir_discharge(0.5, 0.25));
        assert_eq!(weir_discharge(-0.1, -0.2), 0.0);
    }

    #[test]
    fn flux_is_continuous_in_the_crest_level() {
        let cell = |h: f64, z: f64| BesideCrest { h, u: 0.4, v: 0.1, z };
        let (left, right) = (cell(1.5, 0.0), cell(0.6, 0.2));
        let side = |c: BesideCrest| (c.h, c.u, c.v);
        let ordinary = crate::flux::face_flux(1e-6, side(left), side(right), right.z - left.z);
        let flux = |crest: f64| {
            crest_flux(CrestNow::standing(crest, 1.0), 1e-6, left, right, ordinary).mass
        };
        assert_eq!(flux(0.2), ordinary.mass);
        let mut crest = 0.0;
        while crest < 1.6 {
            assert!((flux(crest + 1e-4) - flux(crest)).abs() < 2e-2 * ordinary.mass);
            crest += 1e-4;
        }
        assert_eq!(flux(1.5), 0.0);
    }
}
