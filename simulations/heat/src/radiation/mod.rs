//! Radiation at every place of a site, from six directions, and the mean radiant temperature of a person there.
//!
//! ```text
//! from above   Σ over patches of radiance · ∫ sin(altitude) dΩ + direct · sin(altitude of the sun)
//! from a side  Σ over patches of radiance · ∫ cos(angle to the side) dΩ + ½ of what the ground on that side sends
//! from below   what the ground around sends
//! ```
//!
//! A patch of the sky shows sky (Perez' luminance; emissivity by Prata 1996 and Martin & Berdahl 1984, clouds by the
//! clearness of global radiation), a crown (part of the sky's light, air temperature) or a wall (reflected light,
//! sunlit and shaded parts with their temperatures). Sealed and stony ground warms by its energy balance; walls and
//! planted ground follow the day as Lindberg et al. (2008, 2016) fitted them.
//!
//! | file | concern |
//! |---|---|
//! | `tables` | sums over patches of all cells at once |
//! | `sky` | light and warmth of the sky, by clearness |
//! | `ground` | what a person sees of the ground |
//! | `surfaces` | temperatures of walls and planted ground over the day, fitted |
//! | `slab` | temperatures of sealed and stony ground by their energy balance |
//! | [`posture`] | six directions → mean radiant temperature |
//! | [`isotropic`] | the published scheme by sky view factors alone |

mod ground;
pub mod isotropic;
pub mod posture;
mod sky;
mod slab;
mod surfaces;
mod tables;

use std::f64::consts::PI;

use rayon::prelude::*;
use twin_core::simulation::{StateError, StateVisitor};
use twin_core::spatial::Grid;
use twin_sunlight::irradiance::{Air, Split};
use twin_sunlight::walls::Walls;
use twin_sunlight::{Blocker, Patch, Scene, Shadows, SkyPart, SkyView, Sun, patches};

use ground::{GroundView, RowSeen};
use posture::{Absorption, Posture, Received, SIGMA, ZERO, mean_radiant_temperature};
use sky::Sky;
use slab::{Forcing, Slab};
pub use surfaces::{Course, Day};
use tables::{LONG_ABOVE, LONG_SIDES, SHORT_ABOVE, SHORT_SIDES, Sent, Sums, Tables, WIDTH};

/// Part of the short-wave radiation that leaves reflect (Campbell & Norman 1998, *Environmental Biophysics*, table
/// 11.4: deciduous forest 0.15 to 0.20).
const CROWN_ALBEDO: f64 = 0.18;
/// Time over which the temperature of the ground follows the sun, days (Lindberg et al. 2016: 43 minutes).
const GROUND_LAG_DAYS: f64 = 1.0 / 33.27;
/// Parts of a period for which shade is cast.
pub const PASSING: usize = 3;
/// Days after which ground that repeats a day hardly changes, and number of classes of sky that they are run for.
const WARM_UP_DAYS: usize = 5;
const WARM_UP_SKIES: usize = 5;
/// Sides: north, east, south, west.
const SIDES: [f64; 4] = [0.0, 90.0, 180.0, 270.0];

/// What surfaces are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Materials {
    /// Albedo and emissivity of walls (Lindberg et al. 2008).
    pub wall_albedo: f64,
    /// Emissivity of walls.
    pub wall_emissivity: f64,
    /// Part of short-wave radiation that crowns let through: 0.03 with leaves, 0.5 without (Konarska et al. 2014,
    /// doi:10.1007/s00704-013-1000-3).
    pub crown_transmissivity: f64,
}

impl Default for Materials {
    fn default() -> Self {
        Self { wall_albedo: 0.20, wall_emissivity: 0.90, crown_transmissivity: 0.03 }
    }
}

/// The ground of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroundKind {
    /// Part of short-wave radiation that it reflects.
    pub albedo: f64,
    /// Emissivity.
    pub emissivity: f64,
    /// How its temperature follows the day.
    pub warming: Warming,
}

/// How the temperature of the ground follows the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warming {
    /// As fitted to measurements: planted ground, soil, water.
    Fitted(Course),
    /// By the energy balance of ground with this thermal admittance, J/(m² K √s): nothing evaporates.
    Balance(f64),
}

/// A place whose radiation is computed.
pub struct Site {
    scene: Scene,
    sky: SkyView,
    /// Part of the sky that buildings and terrain leave open.
    open_sky: Grid<f32>,
    walls: Walls,
    patches: Vec<Patch>,
    ground: GroundView,
    kinds: Vec<GroundKind>,
    kind_of: Vec<u8>,
    materials: Materials,
    /// Part of the wind of [`Moment`] that reaches each cell.
    wind_share: Vec<f32>,
    /// Mean part of the sky that the feet of walls see.
    sky_of_walls: f64,
    /// How much warmer than in the shade the ground of each cell was at the moment before, K.
    excess: Vec<f32>,
    /// Temperature of the surface of the ground of each cell and of the ground below, °C, where it is by its balance.
    surface: Vec<f32>,
    deep: Vec<f32>,
    /// Temperature of other ground and of walls in the shade, °C; `NaN` before the first moment.
    shade: f64,
    posture: Posture,
    absorption: Absorption,
}

/// Weather and sun at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The sun in the middle of the period.
    pub sun: Sun,
    /// The sun in the middle of each part of the period, [`PASSING`] at equal times: shade moves on within an hour.
    pub passing: [Sun; PASSING],
    /// Day of the year, from 1.
    pub day_of_year: u16,
    /// Hour of mean solar time.
    pub hour: f64,
    /// Latitude, degrees.
    pub latitude: f64,
    /// The air.
    pub air: Air,
    /// Global radiation, W/m².
    pub global: f64,
    /// Wind, m/s, of which a part reaches the ground.
    pub wind: f64,
    /// Clearness of the sky, 0 (overcast) to 1; `None`: by global radiation.
    pub clearness: Option<f64>,
    /// Days since the moment before; the ground remembers it.
    pub step_days: f64,
}

/// Radiation and mean radiant temperature at a moment, by cell.
pub struct Radiation {
    /// Share of the direct sun that arrives.
    pub reached: Vec<f32>,
    /// Mean radiant temperature, °C.
    pub mean_radiant: Vec<f32>,
    /// Clearness of the sky.
    pub clearness: f64,
    /// Global radiation in two parts, W/m².
    pub split: Split,
}

impl Site {
    /// From heights and ground; `kind_of` tells the kind of each cell.
    pub fn new(
        scene: Scene,
        kinds: Vec<GroundKind>,
        kind_of: Vec<u8>,
        materials: Materials,
        posture: Posture,
        absorption: Absorption,
    ) -> Self {
        let sky = SkyView::new(&scene);
        let open_sky = sky.open(Blocker::Buildings, SkyPart::Whole);
        let walls = Walls::find(&scene);
        let feet = walls.height_m.values.iter().zip(&open_sky.values);
        let (sum, count) = feet
            .filter(|(height, _)| **height > 0.0)
            .fold((0.0, 0usize), |(sum, n), (_, s)| (sum + f64::from(*s), n + 1));
        let ground = GroundView::new(scene.spec().cell_size, posture.height_m, &SIDES);
        let cells = scene.spec().len();
        Self {
            sky_of_walls: if count > 0 { sum / count as f64 } else { 1.0 },
            patches: Patch::all(),
            excess: vec![0.0; cells],
            surface: vec![f32::NAN; cells],
            deep: vec![f32::NAN; cells],
            shade: f64::NAN,
            wind_share: vec![1.0; cells],
            scene,
            sky,
            open_sky,
            walls,
            ground,
            kinds,
            kind_of,
            materials,
            posture,
            absorption,
        }
    }

    /// With the part of the wind that reaches each cell.
    pub fn with_wind_share(mut self, wind_share: Vec<f32>) -> Self {
        self.wind_share = wind_share;
        self
    }

    /// The part of the wind that reaches each cell.
    pub fn wind_share(&self) -> &[f32] {
        &self.wind_share
    }

    /// Ground, roofs and crowns.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Walks over what surfaces remember, to save or to load it.
    ///
    /// # Errors
    /// Those of the visitor.
    pub fn visit_state(&mut self, visitor: &mut dyn StateVisitor) -> Result<(), StateError> {
        visitor.array_f32("excess", &mut self.excess)?;
        visitor.array_f32("surface", &mut self.surface)?;
        visitor.array_f32("deep", &mut self.deep)?;
        visitor.scalar("shade", &mut self.shade)
    }

    /// Radiation at a moment; moments follow each other in time.
    pub fn at(&mut self, moment: &Moment, day: &Day) -> Radiation {
        self.watched(moment, day, &[]).0
    }

    /// The same, and what persons at some cells receive from where.
    pub fn watched(
        &mut self,
        moment: &Moment,
        day: &Day,
        cells: &[usize],
    ) -> (Radiation, Vec<Received>) {
        let sky = Sky::of(moment);
        let before = if self.shade.is_nan() { day.mean_air } else { self.shade };
        self.shade = surfaces::shade(before, moment.air.temperature, moment.step_days);
        let (reached, lit) = self.reached(moment);
        let tables = Tables::new(&self.sent(moment, day, &sky, lit));
        let (closed, crowned) = (&self.sky.closed, &self.sky.crowned);
        let sums: Vec<Sums> =
            closed.par_iter().zip(crowned).map(|(c, v)| tables.of(c, v)).collect();
        let [short_up, long_up] = self.sent_up(moment, day, &sky, &reached, &sums);
        let altitude = moment.sun.altitude.to_radians();
        let [side, down] = [altitude.cos(), altitude.sin()]
            .map(|part| if moment.sun.is_up() { sky.split.direct * part } else { 0.0 });
        let columns = self.scene.spec().columns;
        let up = [short_up.as_slice(), long_up.as_slice()];
        let arch = pulp::Arch::new();
        let look = |row: usize, seen: &mut RowSeen| {
            arch.dispatch(
                #[inline(always)]
                || self.ground.look(self.scene.surface(), up, row, seen),
            );
        };
        let received = |row: usize, column: usize, seen: &RowSeen| {
            let cell = row * columns + column;
            let (sums, reached) = (sums[cell].map(f64::from), f64::from(reached[cell]));
            let [short_below, long_below] = seen.below.each_ref().map(|v| f64::from(v[column]));
            let [short_sides, long_sides] = seen.sides.each_ref().map(|v| f64::from(v[column]));
            Received {
                direct_side: side * reached,
                short_down: down * reached + sums[SHORT_ABOVE],
                short_up: short_below,
                short_sides: sums[SHORT_SIDES] + 0.5 * short_sides,
                long_down: sums[LONG_ABOVE],
                long_up: long_below,
                long_sides: sums[LONG_SIDES] + 0.5 * long_sides,
            }
        };
        let mut mean_radiant = vec![0.0; sums.len()];
        mean_radiant.par_chunks_mut(columns).enumerate().for_each_init(
            RowSeen::default,
            |seen, (row, values)| {
                look(row, seen);
                for (column, value) in values.iter_mut().enumerate() {
                    let received = received(row, column, seen);
                    let felt = mean_radiant_temperature(&received, &self.posture, &self.absorption);
                    *value = felt as f32;
                }
            },
        );
        let at_cell = |cell: &usize| {
            let mut seen = RowSeen::default();
            look(cell / columns, &mut seen);
            received(cell / columns, cell % columns, &seen)
        };
        let of_cells = cells.iter().map(at_cell).collect();
        let Sky { split, clearness, .. } = sky;
        (Radiation { reached, mean_radiant, clearness, split }, of_cells)
    }

    /// What the ground of each cell sends up, short-wave and long-wave, once it has warmed or cooled.
    fn sent_up(
        &mut self,
        moment: &Moment,
        day: &Day,
        sky: &Sky,
        reached: &[f32],
        sums: &[Sums],
    ) -> [Vec<f32>; 2] {
        let direct_down = sky.split.direct * moment.sun.altitude.to_radians().sin().max(0.0);
        let lag = (-moment.step_days / GROUND_LAG_DAYS).exp() as f32;
        let of_kind = |kind: &GroundKind| match kind.warming {
            Warming::Fitted(course) => course.excess(moment, day, sky.clearness_of_ground) as f32,
            Warming::Balance(_) => 0.0,
        };
        let courses: Vec<f32> = self.kinds.iter().map(of_kind).collect();
        let (kinds, kind_of, shade) = (&self.kinds, &self.kind_of, self.shade);
        let (short, long) = self
            .excess
            .par_iter_mut()
            .zip(&mut self.surface)
            .zip(&mut self.deep)
            .zip(&self.wind_share)
            .enumerate()
            .map(|(cell, (((excess, surface), deep), wind_share))| {
                let kind = &kinds[usize::from(kind_of[cell])];
                let down =
                    direct_down * f64::from(reached[cell]) + f64::from(sums[cell][SHORT_ABOVE]);
                let long_down = f64::from(sums[cell][LONG_ABOVE]);
                let temperature = match kind.warming {
                    Warming::Fitted(_) => {
                        let now = courses[usize::from(kind_of[cell])] * reached[cell];
                        *excess = now + (*excess - now) * lag;
                        shade + f64::from(*excess)
                    }
                    Warming::Balance(admittance) => {
                        let forcing = Forcing {
                            absorbed: (1.0 - kind.albedo) * down,
                            long_down,
                            air: moment.air.temperature,
                            exchange: slab::exchange(f64::from(*wind_share) * moment.wind),
                        };
                        let known =
                            |of: f32| if of.is_nan() { day.mean_air } else { f64::from(of) };
                        let before = Slab { surface: known(*surface), deep: known(*deep) };
                        let seconds = 86_400.0 * moment.step_days;
                        let (after, mean) =
                            before.after(seconds, &forcing, admittance, kind.emissivity);
                        (*surface, *deep) = (after.surface as f32, after.deep as f32);
                        mean
                    }
                };
                let warmth = SIGMA * (temperature + ZERO).powi(4);
                let long = kind.emissivity * warmth + (1.0 - kind.emissivity) * long_down;
                ((kind.albedo * down) as f32, long as f32)
            })
            .unzip();
        [short, long]
    }

    /// Brings ground that warms by its balance to where days like this one leave it before the first moment: the
    /// moments, about a day, are repeated for grounds under more and less sky, which get the sun in that proportion,
    /// and each cell takes what lies between by its own sky. Without it the ground begins as warm as the air.
    pub fn warm_up(&mut self, moments: &[Moment]) {
        let skies: Vec<Sky> = moments.iter().map(Sky::of).collect();
        let shares = self.wind_share.iter().map(|share| f64::from(*share));
        let wind_share = shares.sum::<f64>() / self.wind_share.len().max(1) as f64;
        let settled = |kind: &GroundKind, admittance: f64, open: f64| {
            let mean = |of: &dyn Fn(&Moment) -> f64| {
                moments.iter().map(of).sum::<f64>() / moments.len().max(1) as f64
            };
            let air = mean(&|moment| moment.air.temperature);
            let mut slab = Slab { surface: air, deep: air };
            for (moment, sky) in (0..WARM_UP_DAYS).flat_map(|_| moments.iter().zip(&skies)) {
                let emitted = SIGMA * (moment.air.temperature + ZERO).powi(4);
                let forcing = Forcing {
                    absorbed: (1.0 - kind.albedo) * open * moment.global.max(0.0),
                    long_down: (open * sky.emissivity + 1.0 - open) * emitted,
                    air: moment.air.temperature,
                    exchange: slab::exchange(wind_share * moment.wind),
                };
                let seconds = 86_400.0 * moment.step_days;
                slab = slab.after(seconds, &forcing, admittance, kind.emissivity).0;
            }
            slab
        };
        let of_kinds: Vec<Vec<Slab>> = self
            .kinds
            .iter()
            .map(|kind| match kind.warming {
                Warming::Balance(admittance) => (0..=WARM_UP_SKIES)
                    .map(|k| settled(kind, admittance, k as f64 / WARM_UP_SKIES as f64))
                    .collect(),
                Warming::Fitted(_) => Vec::new(),
            })
            .collect();
        let open = &self.open_sky.values;
        for (cell, kind) in self.kind_of.iter().enumerate() {
            let slabs = &of_kinds[usize::from(*kind)];
            if slabs.is_empty() {
                continue;
            }
            let at = f64::from(open[cell].clamp(0.0, 1.0)) * WARM_UP_SKIES as f64;
            let below = (at.floor() as usize).min(WARM_UP_SKIES - 1);
            let (low, high, share) = (slabs[below], slabs[below + 1], at - below as f64);
            self.surface[cell] = (low.surface + share * (high.surface - low.surface)) as f32;
            self.deep[cell] = (low.deep + share * (high.deep - low.deep)) as f32;
        }
    }

    /// Share of the direct sun of the period that arrives, by cell, and the sunlit part of the walls.
    fn reached(&self, moment: &Moment) -> (Vec<f32>, f64) {
        let mut sum = vec![0.0f32; self.scene.spec().len()];
        let (mut weights, mut lit) = (0.0f32, 0.0);
        for sun in moment.passing.iter().filter(|sun| sun.is_up()) {
            let shadows = Shadows::cast(&self.scene, sun);
            let now = shadows.reached(self.materials.crown_transmissivity as f32);
            // As much as a horizontal surface gets of it.
            let weight = sun.altitude.to_radians().sin() as f32;
            sum.par_iter_mut().zip(&now.values).for_each(|(sum, now)| *sum += weight * now);
            lit += f64::from(weight) * self.lit_walls(&shadows, sun);
            weights += weight;
        }
        if weights == 0.0 {
            return (sum, 1.0);
        }
        sum.par_iter_mut().for_each(|sum| *sum /= weights);
        (sum, lit / f64::from(weights))
    }

    /// Sunlit part of the walls that face the sun.
    fn lit_walls(&self, shadows: &Shadows, sun: &Sun) -> f64 {
        let lit = self.walls.sun(shadows, sun);
        let (mut sunlit, mut all) = (0.0, 0.0);
        for cell in 0..self.walls.height_m.values.len() {
            let height = f64::from(self.walls.height_m.values[cell]);
            let off = (f64::from(self.walls.azimuth.values[cell]) - sun.azimuth).to_radians();
            if height > 0.0 && off.cos() > 0.0 {
                sunlit += f64::from(lit.sunlit_m.values[cell]);
                all += height;
            }
        }
        if all > 0.0 { sunlit / all } else { 1.0 }
    }

    /// What each patch sends from above and from the sides, by what stands in it.
    fn sent(&self, moment: &Moment, day: &Day, sky: &Sky, lit: f64) -> Sent {
        let shade = self.shade;
        let shares = patches::luminance(
            &self.patches,
            &moment.sun,
            sky.split.direct,
            sky.split.diffuse,
            sky.extraterrestrial,
        );
        let air = SIGMA * (moment.air.temperature + ZERO).powi(4);
        let materials = &self.materials;
        let ground_albedo =
            self.kinds.iter().map(|k| k.albedo).sum::<f64>() / self.kinds.len().max(1) as f64;
        // On a wall: half of the diffuse sky, as far as it is open, and what even ground before it reflects.
        let diffuse_on_wall =
            0.5 * self.sky_of_walls * (sky.split.diffuse + ground_albedo * moment.global);
        let wall_warmth = surfaces::WALL.excess(moment, day, sky.clearness_of_ground);
        let (mut of_sky, mut of_crown, mut of_wall) = (Vec::new(), Vec::new(), Vec::new());
        for (patch, share) in self.patches.iter().zip(&shares) {
            let geometry = Geometry::of(patch);
            let weight = patch.planar_weight();
            let light = sky.split.diffuse * share / (PI * weight);
            let emissivity = sky.emissivity_at(patch.altitude);
            // The wall in a patch faces the viewer.
            let facing = (patch.azimuth + 180.0 - moment.sun.azimuth).to_radians().cos().max(0.0);
            let facing = if moment.sun.is_up() { facing } else { 0.0 };
            let sunlit = if facing > 0.0 { lit } else { 0.0 };
            let direct = sky.split.direct * moment.sun.altitude.to_radians().cos() * facing;
            let reflected = materials.wall_albedo * (sunlit * direct + diffuse_on_wall);
            let warm = SIGMA * (shade + wall_warmth * facing + ZERO).powi(4);
            let cool = SIGMA * (shade + ZERO).powi(4);
            let around = 0.5 * self.sky_of_walls * sky.emissivity * air
                + (1.0 - 0.5 * self.sky_of_walls) * air;
            let wall_long = materials.wall_emissivity * (sunlit * warm + (1.0 - sunlit) * cool)
                + (1.0 - materials.wall_emissivity) * around;
            let crown_light =
                materials.crown_transmissivity * light + CROWN_ALBEDO * 0.5 * moment.global / PI;
            of_sky.push(geometry.sent(light, emissivity * air / PI));
            of_crown.push(geometry.sent(crown_light, air / PI));
            of_wall.push(geometry.sent(reflected / PI, wall_long / PI));
        }
        Sent { sky: of_sky, crown: of_crown, wall: of_wall }
    }
}

/// Integrals of a patch: what it sends per unit of radiance from above and from the four sides together.
struct Geometry {
    above: f64,
    sides: f64,
}

impl Geometry {
    fn of(patch: &Patch) -> Self {
        let [low, high] = patch.range.map(f64::to_radians);
        // ∫ cos² of the altitude.
        let primitive = |a: f64| 0.5 * a + 0.25 * (2.0 * a).sin();
        let upright = primitive(high) - primitive(low);
        let side = |azimuth: f64| {
            if patch.width >= 360.0 {
                return 2.0 * upright;
            }
            let off = (patch.azimuth - azimuth + 540.0).rem_euclid(360.0) - 180.0;
            let clamp = |angle: f64| angle.clamp(-90.0, 90.0).to_radians().sin();
            let (from, to) = (off - 0.5 * patch.width, off + 0.5 * patch.width);
            (clamp(to) - clamp(from)) * upright
        };
        Self { above: PI * patch.planar_weight(), sides: SIDES.map(side).iter().sum() }
    }

    /// What is summed.
    fn sent(&self, short: f64, long: f64) -> [f64; WIDTH] {
        let mut sent = [0.0; WIDTH];
        sent[SHORT_ABOVE] = short * self.above;
        sent[SHORT_SIDES] = short * self.sides;
        sent[LONG_ABOVE] = long * self.above;
        sent[LONG_SIDES] = long * self.sides;
        sent
    }
}
