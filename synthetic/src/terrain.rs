//! The ground: one continuous function of position, but for the walls of bridges and culverts.
//!
//! From the river outwards: channel, bank, a narrow flood plain and a terrace on the village side;
//! on the other side a bay of low ground between two spurs, which the dyke closes; then hillsides
//! of 2–8 % that level off 60 m above the river, with the relief of value noise on them.

use crate::frame::Point;
use crate::random::{derive, noise, smooth_step};
use crate::river::{River, Stream};

/// An earthen dyke along the river: trapezoid in the river's offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dyke {
    /// Offset of the axis (negative: opposite the village).
    pub(crate) offset: f64,
    /// Half width of the crest.
    pub(crate) half_crest: f64,
    /// Crest above the bank.
    pub(crate) height: f64,
    /// Abscissas between which it stands.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// A road bridge, straight along `y`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bridge {
    /// Abscissa of its axis.
    pub(crate) x: f64,
    /// Half width of the carriageway.
    pub(crate) half_road: f64,
    /// Ordinates of the abutments.
    pub(crate) south: f64,
    pub(crate) north: f64,
    /// Level of the road on the deck.
    pub(crate) deck: f64,
}

impl Bridge {
    /// Half width of the deck: carriageway and two pavements.
    pub(crate) fn half_deck(&self) -> f64 {
        self.half_road + 1.0
    }

    pub(crate) fn covers(&self, [x, y]: Point) -> bool {
        (x - self.x).abs() <= self.half_deck() && (self.south..=self.north).contains(&y)
    }
}

/// A pond cut into the slope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pond {
    pub(crate) centre: Point,
    pub(crate) radii: Point,
    pub(crate) level: f64,
}

impl Pond {
    /// 0 at the centre, 1 on the shore.
    pub(crate) fn radius(&self, [x, y]: Point) -> f64 {
        let (u, v) = ((x - self.centre[0]) / self.radii[0], (y - self.centre[1]) / self.radii[1]);
        (u * u + v * v).sqrt()
    }
}

/// Everything that shapes the ground.
#[derive(Debug, Clone)]
pub(crate) struct Terrain {
    key: u64,
    pub(crate) size: f64,
    pub(crate) river: River,
    pub(crate) stream: Option<Stream>,
    /// Ends of the low-lying bay.
    pub(crate) bay: [f64; 2],
    pub(crate) dyke: Dyke,
    pub(crate) has_dyke: bool,
    pub(crate) bridges: Vec<Bridge>,
    pub(crate) pond: Option<Pond>,
}

impl Terrain {
    pub(crate) fn new(seed: u64, size: f64, has_dyke: bool) -> Self {
        let river = River::new(seed, size);
        let half_bay = (0.31 * size).min(330.0);
        let bay = [0.5 * size - half_bay, 0.5 * size + half_bay];
        let height = 1.1 * river.scale.max(0.6);
        let half_crest = 1.5;
        let dyke = Dyke {
            offset: -(river.top + 2.0 + half_crest + 2.0 * height),
            half_crest,
            height,
            from: bay[0] - 4.0,
            to: bay[1] + 4.0,
        };
        let mut terrain = Self {
            key: derive(seed, 0x03),
            size,
            river,
            stream: None,
            bay,
            dyke,
            has_dyke,
            bridges: Vec::new(),
            pond: None,
        };
        for (share, half_road) in [(-0.42, 3.0), (0.4, 2.5)] {
            let x = (0.5 * size + share * half_bay * if size < 400.0 { 0.7 } else { 1.0 }).round();
            let bridge = terrain.bridge_at(x, half_road);
            terrain.bridges.push(bridge);
        }
        if size >= 400.0 {
            let x = 0.5 * size + (0.35 * size).min(345.0);
            let mut stream = Stream::new(seed, x, &terrain.river);
            terrain.stream = Some(stream.clone());
            stream.carve(size, |p| terrain.natural(p));
            terrain.stream = Some(stream);
        }
        if size >= 600.0 {
            let x = 0.5 * size - (0.37 * size).min(420.0);
            let centre = [x, terrain.river.axis(x) + 150.0];
            let mut pond = Pond { centre, radii: [24.0, 15.0], level: f64::INFINITY };
            for (u, v) in [(1.0, 0.0), (0.8, 0.6), (0.0, 1.0), (-0.8, 0.6), (-1.0, 0.0)] {
                for v in [v, -v] {
                    let p = [centre[0] + u * pond.radii[0], centre[1] + v * pond.radii[1]];
                    pond.level = pond.level.min(terrain.natural(p) - 0.1);
                }
            }
            terrain.pond = Some(pond);
        }
        terrain
    }

    fn bridge_at(&self, x: f64, half_road: f64) -> Bridge {
        let reach = self.river.top + 1.0;
        let edges = [x - half_road - 1.0, x, x + half_road + 1.0];
        let ordinate = |offset: f64| edges.map(|x| self.river.at_offset(x, offset)[1]);
        Bridge {
            x,
            half_road,
            south: ordinate(-reach).into_iter().fold(f64::INFINITY, f64::min),
            north: ordinate(reach).into_iter().fold(f64::NEG_INFINITY, f64::max),
            deck: self.river.bank(x) + self.dyke.height + 0.25,
        }
    }

    /// How much a place belongs to the bay: 0 on the spurs, 1 inside.
    fn bay_share(&self, x: f64) -> f64 {
        let edge = 55.0 * self.river.scale;
        smooth_step(self.bay[0], self.bay[0] + edge, x)
            * (1.0 - smooth_step(self.bay[1] - edge, self.bay[1], x))
    }

    /// Ground before water, roads and people shaped it.
    pub(crate) fn natural(&self, p: Point) -> f64 {
        let [x, y] = p;
        let river = &self.river;
        let k = river.scale;
        let offset = river.offset(p);
        let from_bank = offset.abs() - river.top;
        let across = y - river.axis(x);
        let away = across.abs();
        let relief = k.max(0.5);
        let mut z = river.bank(x);
        let hill_start = if offset > 0.0 {
            z += 3.5
                * relief
                * smooth_step(38.0 * k, 66.0 * k, away)
                * smooth_step(0.0, 14.0, from_bank)
                + 0.002 * from_bank.clamp(0.0, 60.0);
            95.0 * k
        } else {
            // The bay is an amphitheatre: it closes up the hillside.
            let inside = self.bay_share(x) * (1.0 - smooth_step(150.0 * k, 360.0 * k, away));
            let spur = 3.2 * relief * smooth_step(1.5, 9.0, from_bank);
            let low = -0.6 * relief * smooth_step(14.0 * k, 40.0 * k, from_bank);
            z += spur + (low - spur) * inside;
            (88.0 + 62.0 * inside) * k
        };
        let t = (away - hill_start).max(0.0);
        let soft = t * t / (t + 60.0);
        let (steepness, height) = (0.072, 62.0);
        z += steepness * soft / (1.0 + steepness * soft / height);
        let hills = smooth_step(0.0, 160.0, t);
        if hills > 0.0 {
            z += hills
                * (3.4 * noise(self.key, x, y, 260.0) + 0.9 * noise(self.key ^ 1, x, y, 85.0));
        }
        let far = smooth_step(120.0, 800.0, t);
        if far > 0.0 {
            z += far * 14.0 * noise(self.key ^ 3, x, y, 900.0);
        }
        z += 0.05 * smooth_step(1.0, 5.0, from_bank) * noise(self.key ^ 2, x, y, 9.0);
        if let Some(stream) = &self.stream
            && offset > 0.0
        {
            let q = stream.distance(p) / 70.0;
            if q < 1.0 {
                z -= 3.2 * (1.0 - q * q) * (1.0 - q * q) * smooth_step(0.0, 120.0, t);
            }
        }
        z
    }

    /// The ground as a perfect survey would find it, bridges and buildings taken away.
    pub(crate) fn height(&self, p: Point) -> f64 {
        self.height_with(p, self.has_dyke)
    }

    /// The ground with or without the dyke.
    pub(crate) fn height_with(&self, p: Point, dyke: bool) -> f64 {
        let [x, y] = p;
        let river = &self.river;
        let mut z = self.natural(p);
        if let Some(pond) = &self.pond {
            let r = pond.radius(p);
            if r < 1.0 {
                z = pond.level - 0.1 - 1.4 * (1.0 - r * r);
            } else if r < 1.6 {
                let shore = pond.level - 0.1 + 0.7 * (r - 1.0);
                z = shore + (z - shore) * smooth_step(1.0, 1.6, r);
            }
        }
        let offset = river.offset(p);
        if let Some(stream) = &self.stream
            && y >= stream.mouth - 12.0
            && offset > river.bottom
        {
            let distance = stream.distance(p);
            if distance < 14.0 && !stream.is_covered(y) {
                z = z.min(stream.bed(y) + 0.8 * (distance - stream.bottom).max(0.0));
            }
        }
        if offset.abs() < river.top {
            return z.min(river.section(x, offset));
        }
        if dyke && offset < 0.0 {
            z = z.max(self.dyke_height(x, offset));
        }
        if offset.abs() > river.top + 0.3 {
            for bridge in &self.bridges {
                z = z.max(ramp(bridge, p));
            }
        }
        z
    }

    /// Surface of the dyke's trapezoid; far below ground away from it.
    fn dyke_height(&self, x: f64, offset: f64) -> f64 {
        let dyke = &self.dyke;
        let aside = ((offset - dyke.offset).abs() - dyke.half_crest).max(0.0);
        let beyond = (dyke.from - x).max(x - dyke.to).max(0.0);
        self.crest(x) - 0.5 * aside - 0.5 * beyond
    }

    /// Crest level of the dyke.
    pub(crate) fn crest(&self, x: f64) -> f64 {
        self.river.bank(x) + self.dyke.height
    }

    /// Whether the place is on the dyke's body.
    pub(crate) fn on_dyke(&self, p: Point) -> bool {
        let aside = (self.river.offset(p) - self.dyke.offset).abs();
        self.has_dyke
            && (self.dyke.from..=self.dyke.to).contains(&p[0])
            && aside <= self.dyke.half_crest + 2.0 * self.dyke.height
    }

    /// Water level on the day of the survey, where the place is under water.
    pub(crate) fn water(&self, p: Point) -> Option<f64> {
        if self.river.offset(p).abs() <= self.river.water_half_width() {
            return Some(self.river.water_level(p[0]));
        }
        self.pond.filter(|pond| pond.radius(p) < 1.0).map(|pond| pond.level)
    }

    /// The bridge above a place.
    pub(crate) fn bridge(&self, p: Point) -> Option<&Bridge> {
        self.bridges.iter().find(|b| b.covers(p))
    }

    /// Level of a road at a place: the deck on a bridge, else the ground.
    pub(crate) fn road_height(&self, p: Point) -> f64 {
        self.bridge(p).map_or_else(|| self.height(p), |b| b.deck)
    }
}

/// Road embankment that leads up to a bridge: 5 % along, 2:3 at the sides.
fn ramp(bridge: &Bridge, [x, y]: Point) -> f64 {
    let along = (bridge.south - y).max(y - bridge.north).max(0.0);
    let aside = ((x - bridge.x).abs() - bridge.half_deck()).max(0.0);
    bridge.deck - 0.05 * along - aside / 1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ground_is_continuous_away_from_walls() {
        let terrain = Terrain::new(1, 1000.0, true);
        let mut worst = 0.0f64;
        for i in 0..20_000 {
            let p = [f64::from(i % 141) * 7.03, f64::from(i / 141) * 7.01];
            let near_wall = terrain.bridges.iter().any(|b| {
                (p[0] - b.x).abs() < 20.0 && (b.south - 30.0..b.north + 30.0).contains(&p[1])
            });
            if !near_wall {
                let step = terrain.height([p[0] + 0.01, p[1]]) - terrain.height(p);
                worst = worst.max(step.abs());
            }
        }
        // The steepest ground is the stream's side, 80 %, seen obliquely; 0.01 m aside is < 1 cm.
        assert!(worst < 0.013, "{worst}");
    }

    #[test]
    fn dyke_stands_above_the_bank_and_the_bay_below_it() {
        for seed in 0..6 {
            let terrain = Terrain::new(seed, 1000.0, true);
            for i in 0..30 {
                let x = terrain.bay[0] + 50.0 + f64::from(i) * 17.0;
                let on_crest = terrain.height(terrain.river.at_offset(x, terrain.dyke.offset));
                assert!(on_crest >= terrain.crest(x) - 1e-9);
                assert!(terrain.crest(x) - terrain.river.bank(x) >= 0.8);
            }
        }
    }
}
