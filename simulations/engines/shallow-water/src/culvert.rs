//! Discharge of a culvert by inlet and outlet control.
//!
//! **Inlet control** (FHWA HDS-5, *Hydraulic Design of Highway Culverts*, 3rd ed. 2012, form 1 and the
//! submerged equation, in SI): with X = 1.811 Q / (A √D), headwater above the inlet invert,
//!
//! ```text
//! HW/D = H_c/D + K X^M − 0.5 S        X ≤ 3.5
//! HW/D = c X² + Y − 0.5 S             X ≥ 4
//! ```
//!
//! joined by a line between; H_c is the specific head at critical depth.
//!
//! **Outlet control**: the barrel passes what the difference of head pays for,
//!
//! ```text
//! ΔH = (1 + k_e + 2 g n² L / R^(4/3)) V²/2g
//! ```
//!
//! down to the level outside or, where that is lower, to critical depth at the outlet; area and
//! hydraulic radius are those at the outlet's depth, at most full.
//!
//! The control that passes less governs. Equal levels pass exactly nothing, and the discharge is
//! continuous and monotone in both levels. Valid for one straight barrel; a level difference within the
//! barrel's own length of a shallow pond is outside.

use twin_core::{Error, Result};

use crate::GRAVITY;

/// Cross-section of a barrel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Barrel {
    /// A pipe of this diameter, m.
    Circular(f64),
    /// A box: width and height, m.
    Box(f64, f64),
}

/// Coefficients of an inlet: K, M, c, Y of HDS-5 (table A.1) and the entrance loss k_e.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inlet {
    /// Unsubmerged coefficient.
    pub k: f64,
    /// Unsubmerged exponent.
    pub m: f64,
    /// Submerged coefficient.
    pub c: f64,
    /// Submerged constant.
    pub y: f64,
    /// Entrance loss in velocity heads.
    pub entrance_loss: f64,
}

impl Inlet {
    /// Concrete pipe, square edge in a headwall (chart 1-1).
    pub const CONCRETE_SQUARE_EDGE: Self =
        Self { k: 0.0098, m: 2.0, c: 0.0398, y: 0.67, entrance_loss: 0.5 };
    /// Concrete pipe, groove end in a headwall (chart 1-2).
    pub const CONCRETE_GROOVE_END: Self =
        Self { k: 0.0018, m: 2.0, c: 0.0292, y: 0.74, entrance_loss: 0.2 };
    /// Corrugated metal pipe in a headwall (chart 2-1).
    pub const METAL_HEADWALL: Self =
        Self { k: 0.0078, m: 2.0, c: 0.0379, y: 0.69, entrance_loss: 0.5 };
    /// Corrugated metal pipe that projects from the bank (chart 2-3).
    pub const METAL_PROJECTING: Self =
        Self { k: 0.0340, m: 1.5, c: 0.0553, y: 0.54, entrance_loss: 0.9 };
    /// Box with wing walls flared by 30° to 75° (chart 8-1).
    pub const BOX_FLARED_WINGWALLS: Self =
        Self { k: 0.026, m: 1.0, c: 0.0347, y: 0.81, entrance_loss: 0.4 };
    /// Box with a square edge, wing walls of 90° or 15° (chart 8-2).
    pub const BOX_SQUARE_EDGE: Self =
        Self { k: 0.061, m: 0.75, c: 0.0400, y: 0.80, entrance_loss: 0.5 };
}

/// A culvert: one or more equal barrels.
#[derive(Debug, Clone, PartialEq)]
pub struct Culvert {
    barrel: Barrel,
    barrels: f64,
    inlet: Inlet,
    length_m: f64,
    manning: f64,
    inverts_m: [f64; 2],
    /// Depth (m), discharge at which it is critical (m³/s).
    critical: Vec<(f64, f64)>,
    /// For flow from the first end and from the second: headwater (m), discharge under inlet control.
    inlet_control: [Vec<(f64, f64)>; 2],
}

/// Points of the tables.
const POINTS: usize = 400;

impl Culvert {
    /// A culvert between two ends with these inverts (m, datum of the bed); its name is for messages.
    ///
    /// # Errors
    /// A dimension, roughness or level that is not finite or not positive.
    pub fn new(
        name: &str,
        barrel: Barrel,
        barrels: u32,
        inlet: Inlet,
        length_m: f64,
        manning: f64,
        inverts_m: [f64; 2],
    ) -> Result<Self> {
        let (width, height) = match barrel {
            Barrel::Circular(diameter) => (diameter, diameter),
            Barrel::Box(width, height) => (width, height),
        };
        let positive = [width, height, length_m, manning, f64::from(barrels)];
        if !positive.iter().all(|v| v.is_finite() && *v > 0.0)
            || !inverts_m.iter().all(|z| z.is_finite())
        {
            return Err(Error::input(
                name,
                "les dimensions, la longueur, la rugosité et le nombre de conduits doivent être positifs et les radiers connus",
                "dimensions, length, roughness and number of barrels must be positive and the inverts known",
            ));
        }
        let mut culvert = Self {
            barrel,
            barrels: f64::from(barrels),
            inlet,
            length_m,
            manning,
            inverts_m,
            critical: Vec::new(),
            inlet_control: [Vec::new(), Vec::new()],
        };
        culvert.critical = (0..POINTS)
            .map(|k| {
                // The free surface of a pipe closes as it fills: critical flow would be infinite.
                let depth = height * 0.995 * k as f64 / (POINTS - 1) as f64;
                let (area, _) = culvert.section(depth);
                let width = culvert.surface_width(depth);
                (depth, if depth > 0.0 { area * (GRAVITY * area / width).sqrt() } else { 0.0 })
            })
            .collect();
        let slope = (inverts_m[0] - inverts_m[1]) / length_m;
        culvert.inlet_control = [culvert.inlet_table(slope), culvert.inlet_table(-slope)];
        Ok(culvert)
    }

    fn height(&self) -> f64 {
        match self.barrel {
            Barrel::Circular(diameter) => diameter,
            Barrel::Box(_, height) => height,
        }
    }

    /// Area and hydraulic radius at a depth, at most full.
    fn section(&self, depth: f64) -> (f64, f64) {
        let depth = depth.clamp(0.0, self.height());
        match self.barrel {
            Barrel::Circular(diameter) => {
                let angle = 2.0 * (1.0 - 2.0 * depth / diameter).clamp(-1.0, 1.0).acos();
                let area = diameter * diameter / 8.0 * (angle - angle.sin());
                (area, area / (0.5 * diameter * angle).max(1e-12))
            }
            Barrel::Box(width, height) => {
                let top = if depth >= height { width } else { 0.0 };
                let area = width * depth;
                (area, area / (width + 2.0 * depth + top))
            }
        }
    }

    fn surface_width(&self, depth: f64) -> f64 {
        match self.barrel {
            Barrel::Circular(diameter) => 2.0 * (depth * (diameter - depth)).max(0.0).sqrt(),
            Barrel::Box(width, _) => width,
        }
    }

    /// Headwater against discharge under inlet control, by rising discharge.
    fn inlet_table(&self, slope: f64) -> Vec<(f64, f64)> {
        let Inlet { k, m, c, y, .. } = self.inlet;
        let height = self.height();
        let scale = self.section(height).0 * height.sqrt() / 1.811;
        let free = |x: f64| {
            let depth = interpolate(&self.critical, x * scale, true);
            let area = self.section(depth).0.max(1e-12);
            let head = depth + (x * scale / area).powi(2) / (2.0 * GRAVITY);
            head / height + k * x.powf(m) - 0.5 * slope
        };
        let submerged = |x: f64| c * x * x + y - 0.5 * slope;
        let mut table = vec![(0.0, 0.0)];
        for i in 1..=POINTS {
            let x = 12.0 * i as f64 / POINTS as f64;
            let ratio = match x {
                x if x <= 3.5 => free(x),
                x if x >= 4.0 => submerged(x),
                x => free(3.5) + (submerged(4.0) - free(3.5)) * (x - 3.5) / 0.5,
            };
            // Steep barrels make the first values negative; the table stays monotone.
            let headwater = (ratio * height).max(table[table.len() - 1].0);
            table.push((headwater, x * scale));
        }
        table
    }

    /// Discharge from the first end to the second, m³/s, from the levels outside both (m); negative the
    /// other way.
    pub fn discharge(&self, levels_m: [f64; 2]) -> f64 {
        let [first, second] = levels_m;
        if first >= second {
            self.one_way(first, second, 0)
        } else {
            -self.one_way(second, first, 1)
        }
    }

    fn one_way(&self, up: f64, down: f64, from: usize) -> f64 {
        let (inlet, outlet) = (self.inverts_m[from], self.inverts_m[1 - from]);
        // An adverse barrel fills first.
        if up <= inlet || up <= outlet || up <= down {
            return 0.0;
        }
        let most = interpolate(&self.inlet_control[from], up - inlet, false);
        let needed = |discharge: f64| {
            let critical = interpolate(&self.critical, discharge, true);
            let depth = critical.max(down - outlet);
            let (area, radius) = self.section(depth);
            let velocity_head = (discharge / area.max(1e-12)).powi(2) / (2.0 * GRAVITY);
            let friction = 2.0 * GRAVITY * self.manning.powi(2) * self.length_m
                / radius.max(1e-6).powf(4.0 / 3.0);
            outlet + depth + (1.0 + self.inlet.entrance_loss + friction) * velocity_head
        };
        if needed(most) <= up {
            return self.barrels * most;
        }
        let (mut low, mut high) = (0.0, most);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if needed(middle) <= up { low = middle } else { high = middle }
        }
        self.barrels * low
    }
}

/// Second value at a first one, or, `inverse`, the first at a second; both rise. Beyond the table the
/// last value holds, or goes on by the last slope for a discharge.
fn interpolate(table: &[(f64, f64)], at: f64, inverse: bool) -> f64 {
    let pair = |p: &(f64, f64)| if inverse { (p.1, p.0) } else { *p };
    let next = table.partition_point(|p| pair(p).0 < at).max(1);
    if next >= table.len() && inverse {
        return table.last().map_or(0.0, |p| p.0);
    }
    let next = next.min(table.len() - 1);
    let ((x0, y0), (x1, y1)) = (pair(&table[next - 1]), pair(&table[next]));
    if x1 > x0 { y0 + (y1 - y0) * (at - x0) / (x1 - x0) } else { y1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(length: f64, inverts: [f64; 2]) -> Culvert {
        let inlet = Inlet::CONCRETE_SQUARE_EDGE;
        Culvert::new("pipe", Barrel::Circular(1.0), 1, inlet, length, 0.013, inverts).unwrap()
    }

    #[test]
    fn outlet_control_of_a_full_pipe() {
        // ΔH = (1 + k_e + 2 g n² L/R^(4/3)) V²/2g: 0.25, 0.5, 1 m give 1.255, 1.775, 2.510 m³/s.
        // Deep below both levels, where the inlet does not govern.
        let culvert = pipe(20.0, [0.0, 0.0]);
        for (head, expected) in [(0.25, 1.255), (0.5, 1.775), (1.0, 2.510)] {
            let discharge = culvert.discharge([9.0 + head, 9.0]);
            assert!((discharge / expected - 1.0).abs() < 0.01, "{head}: {discharge}");
            assert_eq!(culvert.discharge([9.0, 9.0 + head]), -discharge);
        }
        assert_eq!(culvert.discharge([3.0, 3.0]), 0.0);
    }

    #[test]
    fn inlet_control_submerged() {
        // HW/D = c X² + Y − 0.5 S: 2.0 and 2.5 m³/s at 1.511 and 1.988 m. The barrel falls by 1 %, the
        // tail water is low, and the pipe is short, so that the inlet governs.
        let culvert = pipe(10.0, [0.1, 0.0]);
        for (headwater, expected) in [(1.511, 2.0), (1.988, 2.5)] {
            let discharge = interpolate(&culvert.inlet_control[0], headwater, false);
            assert!((discharge / expected - 1.0).abs() < 0.02, "{headwater}: {discharge}");
            assert!(culvert.discharge([0.1 + headwater, 0.0]) <= discharge);
        }
    }

    #[test]
    fn discharge_is_continuous_and_monotone() {
        for (culvert, top) in [
            (pipe(20.0, [0.2, 0.0]), 3.0),
            (pipe(20.0, [0.0, 0.3]), 3.0),
            (
                Culvert::new(
                    "box",
                    Barrel::Box(2.0, 1.0),
                    2,
                    Inlet::BOX_FLARED_WINGWALLS,
                    12.0,
                    0.015,
                    [0.0, 0.0],
                )
                .unwrap(),
                3.0,
            ),
        ] {
            for tail in [0.0f64, 0.4, 0.9, 1.6] {
                let mut before = culvert.discharge([tail.max(0.01), tail]);
                let full = culvert.discharge([top, tail]);
                let mut level: f64 = tail.max(0.01);
                while level < top {
                    level += 0.002;
                    let now = culvert.discharge([level, tail]);
                    assert!(now >= before - 1e-9, "{level}, {tail}: {now} after {before}");
                    assert!(now - before < 0.05 * full, "{level}, {tail}: {now} after {before}");
                    before = now;
                }
            }
        }
    }

    #[test]
    fn unusable_culverts_are_refused() {
        let inlet = Inlet::CONCRETE_SQUARE_EDGE;
        let refused = |barrel, barrels, inverts| {
            Culvert::new("x", barrel, barrels, inlet, 9.0, 0.013, inverts).is_err()
        };
        assert!(refused(Barrel::Circular(0.0), 1, [0.0; 2]));
        assert!(refused(Barrel::Box(1.0, 1.0), 0, [0.0; 2]));
        assert!(refused(Barrel::Circular(1.0), 1, [f64::NAN; 2]));
    }
}
