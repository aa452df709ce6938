//! An airborne laser survey of the commune, with the classes of LiDAR HD.
//!
//! Pulses are spread evenly with jitter and come down slightly aslant (strips of 400 m, up to
//! 12° off the vertical), so that walls answer on one side of buildings and shade the ground on
//! the other. A pulse meets, from above: crown or hedge (several returns), roof or wall, bridge
//! deck, street furniture, water or ground. Heights have a Gaussian error of 2–5 cm. Water
//! answers less than half of the pulses. Each block of 25 m draws from its own key.
//!
//! | class | points |
//! |---|---|
//! | 1 | parked cars |
//! | 2 | ground |
//! | 3, 4, 5 | plants below 0.5 m, below 1.5 m, above |
//! | 6 | roofs and walls |
//! | 9 | water |
//! | 17 | bridge decks |
//! | 64 | lamp posts |
//! | 65 | outliers |
//! | 66 | virtual points on the water below bridges and on the river's axis |
//! | 67 | garden walls |

use crate::building::Building;
use crate::commune::Commune;
use crate::cover::Cover;
use crate::random::{Random, derive, noise};

/// Side of a block of points, metres.
pub(crate) const BLOCK: f64 = 25.0;

/// Bytes of a record of point format 6.
pub(crate) const RECORD: usize = 30;

/// Height error on hard and on rough ground, metres (standard deviation).
const ERROR: [f64; 2] = [0.03, 0.045];

/// Share of pulses over water that come back.
const WATER_RETURN: f64 = 0.45;

/// A point before it is written.
#[derive(Debug, Clone, Copy)]
struct Return {
    position: [f64; 3],
    class: u8,
    intensity: u16,
}

/// What all returns of a pulse share.
#[derive(Debug, Clone, Copy, Default)]
struct Pulse {
    angle: i16,
    strip: u16,
    time: f64,
}

/// What a pulse meets last.
#[derive(Debug, Clone, Copy)]
struct Hit {
    position: [f64; 3],
    class: u8,
    intensity: u16,
    error: f64,
}

/// Records of the points of one block, south-west corner `(x0, y0)`, clipped to `bounds`.
pub(crate) struct Survey<'a> {
    pub(crate) commune: &'a Commune,
    /// West, south, east, north of the tile's part of the commune.
    pub(crate) bounds: [f64; 4],
}

impl Survey<'_> {
    pub(crate) fn block(&self, x0: f64, y0: f64) -> Vec<u8> {
        let commune = self.commune;
        let options = commune.options();
        let block = (x0 / BLOCK) as u64 ^ ((y0 / BLOCK) as u64) << 32;
        let mut random = Random::new(derive(derive(options.seed, 0x70), block));
        let side = (BLOCK * options.points_per_m2.sqrt()).round().max(1.0) as usize;
        let step = BLOCK / side as f64;
        let mut bytes = Vec::with_capacity(side * side * RECORD * 5 / 4);
        let mut returns: Vec<Return> = Vec::with_capacity(5);
        let [west, south, east, north] = self.bounds;
        for row in 0..side {
            for column in 0..side {
                let x = x0 + (column as f64 + random.unit()) * step;
                let y = y0 + (row as f64 + random.unit()) * step;
                if x < west || x >= east || y < south || y >= north {
                    continue;
                }
                returns.clear();
                let strip = (x / 400.0).floor();
                let tilt = [(x / 400.0 - strip - 0.5) * 0.44, 0.03];
                self.pulse([x, y], tilt, &mut random, &mut returns);
                let time = (strip * 1e5) + (y - south) + (row * side + column) as f64 * 1e-5;
                // Scan angles count 0.006 degrees.
                let angle = (tilt[0] / 0.000_105) as i16;
                let pulse = Pulse { angle, strip: strip as i64 as u16, time };
                for (i, point) in returns.iter().enumerate() {
                    let number = [i as u8 + 1, returns.len() as u8];
                    self.encode(&mut bytes, point, number, pulse);
                }
            }
        }
        self.virtual_points(x0, y0, &mut bytes);
        bytes
    }

    fn pulse(
        &self,
        [x, y]: [f64; 2],
        tilt: [f64; 2],
        random: &mut Random,
        returns: &mut Vec<Return>,
    ) {
        let commune = self.commune;
        let plan = commune.frame.local(x, y);
        let ground = commune.terrain.height(plan);
        if random.chance(4e-6) {
            let z = ground + if random.chance(0.3) { -25.0 } else { random.range(60.0, 250.0) };
            returns.push(Return { position: [x, y, z], class: 65, intensity: 3 });
            return;
        }
        let hit = match self.building([x, y], tilt, ground, random) {
            Some(hit) => Some(hit),
            None => self.open_ground([x, y], plan, ground, random),
        };
        // Plants stand above what would be hit without them.
        let [hx, hy, hz] = hit.map_or([x, y, ground], |h| h.position);
        if let Some((top, dense)) = commune.canopy_height(hx, hy)
            && top > hz + 0.4
        {
            self.plant([hx, hy, hz], ground, top, dense, random, returns);
        }
        let passes = match returns.len() {
            0 => true,
            _ => random.chance(0.34),
        };
        if let Some(hit) = hit
            && passes
        {
            let z = hit.position[2] + hit.error * random.normal();
            let intensity = hit.intensity + random.below(120) as u16;
            returns.push(Return { position: [hx, hy, z], class: hit.class, intensity });
        }
    }

    /// Follows the pulse down through the space of the buildings near its foot.
    fn building(
        &self,
        foot: [f64; 2],
        tilt: [f64; 2],
        ground: f64,
        random: &mut Random,
    ) -> Option<Hit> {
        let commune = self.commune;
        let near = commune.standing.buildings(foot[0], foot[1]);
        if near.is_empty() {
            return None;
        }
        let buildings = commune.buildings();
        let of = |i: &u32| &buildings[*i as usize];
        let top = near.iter().map(|i| of(i).ridge).fold(f64::NEG_INFINITY, f64::max);
        let step = 0.4;
        let mut z = top;
        while z > ground {
            let above = z - ground;
            let (x, y) = (foot[0] + tilt[0] * above, foot[1] + tilt[1] * above);
            for building in near.iter().map(of).filter(|b| z <= b.ridge) {
                let Some(roof) = building.roof_height(x, y) else { continue };
                if roof < z {
                    continue;
                }
                if roof - z <= 2.0 * step {
                    return Some(Hit {
                        position: [x, y, roof],
                        class: 6,
                        intensity: 300 + 40 * (building.id % 9) as u16,
                        error: ERROR[0],
                    });
                }
                if building.contains(x, y) {
                    return self.wall(building, [x, y, z], random);
                }
            }
            z -= step;
        }
        None
    }

    /// A wall answers one pulse in two.
    fn wall(&self, building: &Building, [x, y, z]: [f64; 3], random: &mut Random) -> Option<Hit> {
        let seen = random.chance(0.5);
        let intensity = if seen { 250 + 30 * (building.id % 5) as u16 } else { 60 };
        Some(Hit { position: [x, y, z], class: if seen { 6 } else { 1 }, intensity, error: 0.05 })
    }

    fn open_ground(
        &self,
        [x, y]: [f64; 2],
        plan: [f64; 2],
        ground: f64,
        random: &mut Random,
    ) -> Option<Hit> {
        let commune = self.commune;
        let terrain = &commune.terrain;
        let hit = |z: f64, class: u8, intensity: u16, error: f64| {
            Some(Hit { position: [x, y, z], class, intensity, error })
        };
        if let Some(bridge) = terrain.bridge(plan) {
            return hit(bridge.deck, 17, 380, ERROR[0]);
        }
        for &i in commune.standing.furniture(x, y) {
            let item = &commune.furniture[i as usize];
            if item.contains(x, y) && item.top > ground {
                let z =
                    if item.class == 64 { random.range(ground + 1.0, item.top) } else { item.top };
                return hit(z, item.class, 500, ERROR[0]);
            }
        }
        if let Some(level) = terrain.water(plan) {
            // Calm water mirrors the pulse away, in patches.
            let calm = noise(derive(commune.options().seed, 0x71), plan[0], plan[1], 14.0);
            let returned = random.chance(WATER_RETURN) && calm < 0.55;
            return if returned { hit(level, 9, 25, 0.02) } else { None };
        }
        match commune.open_cover(plan) {
            Cover::Road | Cover::Square => hit(ground, 2, 350, ERROR[0]),
            Cover::Yard | Cover::Track => hit(ground, 2, 600, ERROR[0]),
            cover => {
                let tall = match cover {
                    Cover::Wood => 0.2,
                    Cover::Meadow | Cover::Bank => 0.06,
                    _ => 0.02,
                };
                if random.chance(tall) {
                    let z = ground + random.range(0.12, 0.48);
                    return hit(z, 3, 900, ERROR[1]);
                }
                hit(ground, 2, 1100, ERROR[1])
            }
        }
    }

    /// First return on the crown, perhaps one inside it.
    fn plant(
        &self,
        [x, y, below]: [f64; 3],
        ground: f64,
        top: f64,
        dense: bool,
        random: &mut Random,
        returns: &mut Vec<Return>,
    ) {
        if random.chance(if dense { 0.05 } else { 0.14 }) {
            return;
        }
        let class = |z: f64| match z - ground {
            h if h < 0.5 => 3,
            h if h < 1.5 => 4,
            _ => 5,
        };
        let depth = top - below;
        let u = random.unit();
        let first = top - (u * u * 1.1).min(0.6 * depth);
        let intensity = 700 + random.below(400) as u16;
        returns.push(Return { position: [x, y, first], class: class(first), intensity });
        if depth > 2.0 && random.chance(0.45) {
            let z = first - random.range(0.3, 0.75) * (first - below);
            returns.push(Return { position: [x, y, z], class: class(z), intensity: intensity / 2 });
        }
    }

    /// Modelled points on the water where a survey has none.
    fn virtual_points(&self, x0: f64, y0: f64, bytes: &mut Vec<u8>) {
        let commune = self.commune;
        let terrain = &commune.terrain;
        let river = &terrain.river;
        let middle = commune.frame.local(x0 + 0.5 * BLOCK, y0 + 0.5 * BLOCK);
        if river.offset(middle).abs() > river.top + 2.0 * BLOCK {
            return;
        }
        let [west, south, east, north] = self.bounds;
        for i in 0..BLOCK as usize {
            for j in 0..BLOCK as usize {
                let (x, y) = (x0 + i as f64 + 0.5, y0 + j as f64 + 0.5);
                let plan = commune.frame.local(x, y);
                let offset = river.offset(plan);
                let wet = offset.abs() <= river.water_half_width();
                let wanted = wet && (terrain.bridge(plan).is_some() || offset.abs() < 0.5);
                if wanted && x >= west && x < east && y >= south && y < north {
                    let z = river.water_level(plan[0]);
                    let point = Return { position: [x, y, z], class: 66, intensity: 0 };
                    self.encode(bytes, &point, [1, 1], Pulse::default());
                }
            }
        }
    }

    /// Adds a record. A slanted pulse near the tile's edge may hit a roof beyond it: that point
    /// belongs to no tile and is left out.
    fn encode(&self, bytes: &mut Vec<u8>, point: &Return, [number, count]: [u8; 2], pulse: Pulse) {
        let [west, south, east, north] = self.bounds;
        let [x, y, z] = point.position;
        if x < west || x >= east || y < south || y >= north {
            return;
        }
        // Rounding down keeps a point within the tile's edge.
        let quantised = |v: f64| (v * 100.0).floor() as i32;
        bytes.extend_from_slice(&quantised(x).to_le_bytes());
        bytes.extend_from_slice(&quantised(y).to_le_bytes());
        bytes.extend_from_slice(&((z * 100.0).round() as i32).to_le_bytes());
        bytes.extend_from_slice(&point.intensity.to_le_bytes());
        bytes.push(number | count << 4);
        bytes.push(0);
        bytes.push(point.class);
        bytes.push(0);
        bytes.extend_from_slice(&pulse.angle.to_le_bytes());
        bytes.extend_from_slice(&pulse.strip.to_le_bytes());
        bytes.extend_from_slice(&pulse.time.to_le_bytes());
    }
}
