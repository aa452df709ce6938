//! Openings under a crest: bridges with their deck, gates.
//!
//! Below the soffit (the lower side of the deck or of the gate) the water passes as over open
//! ground. Once the upstream level stands above the soffit the opening is a sluice: energy is kept to
//! the vena contracta of depth C_c a below the gate, and momentum from there on,
//!
//! ```text
//! q = C_c a √(2 g (H₁ − h_G))
//! free:     h_G = C_c a
//! drowned:  h_G = k/2 + √(k²/4 − k H₁ + h₂²),   k = 4 C_c a (1 − C_c a / h₂)
//! ```
//!
//! per metre, with the opening a, C_c = 0.611, the energy head H₁ and the downstream depth h₂ above the
//! sill, and h_G the depth over the jet just behind the gate (Henry 1950; Cozzolino et al. 2015, doi
//! 10.1007/s10652-014-9369-0, whose solutions SWASHES holds). A bridge is an orifice that regains
//! nothing behind it, `q = C a √(2 g (H₁ − max(h₂, C a)))` with C = 0.8 (HEC-RAS Hydraulic Reference
//! Manual, pressure flow). Over the first tenth of the opening's height above the soffit both laws
//! are blended. Never more passes than the ordinary flux over the open ground would bring, which
//! settles nearly equal levels. Water above the deck overtops it as a crest.

use std::ops::Range;

use twin_core::series::Series;

use crate::GRAVITY;
use crate::rows::FaceFlux;
use crate::structure::{BesideCrest, CrestNow, balance, flux_over, mixed, weir_discharge};

/// Share of an opening's height above its soffit over which it becomes a sluice.
const BLEND: f64 = 0.1;

/// What stands over an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningKind {
    /// A sharp-edged gate.
    Gate,
    /// A deck between piers or abutments.
    Bridge,
}

impl OpeningKind {
    /// Depth of the jet as a share of the opening's height.
    fn contraction(self) -> f64 {
        match self {
            Self::Gate => 0.611,
            Self::Bridge => 0.8,
        }
    }
}

/// An opening under a crest.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Where it begins and ends along [`crate::LineStructure::edges`], in edges: 2.5 is the middle of
    /// the third.
    pub span: [f64; 2],
    /// Level of its sill, m; below the ground: the ground.
    pub sill_m: f64,
    /// Level of its soffit over time, m: a constant for a bridge; at the sill or below it a gate is
    /// closed.
    pub soffit_m: Series,
    /// What stands over it.
    pub kind: OpeningKind,
}

impl Opening {
    /// The edges it touches.
    pub(crate) fn edges(&self) -> Range<usize> {
        self.span[0].floor() as usize..self.span[1].ceil() as usize
    }

    /// Share of the edge at a position that is open.
    pub(crate) fn share(&self, position: usize) -> f64 {
        let at = position as f64;
        ((at + 1.0).min(self.span[1]) - at.max(self.span[0])).clamp(0.0, 1.0)
    }

    pub(crate) fn is_sound(&self, edges: usize) -> bool {
        let [from, to] = self.span;
        0.0 <= from && from < to && to <= edges as f64 && !self.sill_m.is_nan()
    }
}

/// An opening of an edge during one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OpeningNow {
    /// Share of the edge.
    pub(crate) share: f64,
    pub(crate) sill: f64,
    pub(crate) soffit: f64,
    pub(crate) kind: OpeningKind,
}

/// Discharge (m²/s) below a gate or deck and the depth over its jet (m), from the depth of the jet
/// contracted, the upstream energy head and the downstream depth.
fn sluice(kind: OpeningKind, jet: f64, head: f64, down: f64) -> (f64, f64) {
    let depth = match kind {
        OpeningKind::Gate if down > jet => {
            let k = 4.0 * jet * (1.0 - jet / down);
            let root = (0.25 * k * k - k * head + down * down).max(0.0).sqrt();
            (0.5 * k + root).clamp(jet, down)
        }
        OpeningKind::Gate | OpeningKind::Bridge => down.max(jet),
    };
    (jet * (2.0 * GRAVITY * (head - depth).max(0.0)).sqrt(), depth)
}

/// Flux through the open share of an edge.
pub(crate) fn opening_flux(
    now: CrestNow,
    opening: OpeningNow,
    dry: f64,
    left: BesideCrest,
    right: BesideCrest,
    ordinary: FaceFlux,
) -> FaceFlux {
    let sill = opening.sill.max(left.z.max(right.z));
    let height = opening.soffit.min(now.crest) - sill;
    if height <= 0.0 {
        return flux_over(now.crest, now.length, dry, left, right, ordinary);
    }
    let open = flux_over(opening.sill, now.length, dry, left, right, ordinary);
    let level = |cell: BesideCrest| cell.z + if cell.h > dry { cell.h } else { 0.0 };
    let (level_left, level_right) = (level(left), level(right));
    let submerged = ((level_left.max(level_right) - sill) / height - 1.0) / BLEND;
    if submerged <= 0.0 || ordinary.mass == 0.0 {
        return open;
    }
    // In the frame of the flow.
    let is_forward = level_left >= level_right;
    let turned = |c: BesideCrest| BesideCrest { u: -c.u, ..c };
    let (up, down) = if is_forward { (left, right) } else { (turned(right), turned(left)) };
    let (high, low) = (level_left.max(level_right), level_left.min(level_right));
    let jet = opening.kind.contraction() * height;
    let head = high - sill + 0.5 * up.u.max(0.0).powi(2) / GRAVITY;
    let (discharge, depth) = sluice(opening.kind, jet, head, low - sill);
    let under = now.length * discharge;
    let weir = now.length * weir_discharge(high - now.crest, low - now.crest);
    let sign = if is_forward { 1.0 } else { -1.0 };
    if sign * ordinary.mass <= under + weir {
        return open;
    }
    let mass = under + weir;
    let held = |cell: BesideCrest| if cell.h > dry { cell.h } else { 0.0 };
    let pushed = depth + sill - down.z;
    let speed = match opening.kind {
        OpeningKind::Gate => discharge / jet,
        OpeningKind::Bridge => discharge / depth,
    };
    let behind = under * speed
        + weir * down.u.max(0.0)
        + 0.5 * GRAVITY * now.length * (pushed - held(down)) * (pushed + held(down));
    let before = balance(held(up), up.u, mass);
    let closed = FaceFlux {
        mass: sign * mass,
        left: if is_forward { before } else { behind },
        right: if is_forward { behind } else { before },
        transverse: sign * mass * up.v,
    };
    mixed(open, closed, submerged.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sluice_of_swashes() {
        // SWASHES 6.1.3: gate of 1 mm, 4.154 mm at 0.0392 m/s before it.
        let head = 0.004_154_041 + 0.039_206_45f64.powi(2) / (2.0 * GRAVITY);
        let (discharge, depth) = sluice(OpeningKind::Gate, 0.000_611, head, 0.0);
        assert!((discharge / 1.628_652e-4 - 1.0).abs() < 1e-4, "{discharge}");
        assert_eq!(depth, 0.000_611);
    }

    #[test]
    fn a_sluice_is_continuous_and_settles() {
        let (jet, head) = (0.6, 2.0);
        for kind in [OpeningKind::Gate, OpeningKind::Bridge] {
            let mut last = sluice(kind, jet, head, 0.0).0;
            for k in 1..=2000 {
                let discharge = sluice(kind, jet, head, f64::from(k) * 1e-3).0;
                assert!(discharge <= last + 1e-12 && last - discharge < 0.2, "{k}");
                last = discharge;
            }
            assert!(last < 1e-6);
        }
    }
}
