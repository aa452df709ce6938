//! Classes of local climate zones, and which a unit is of.
//!
//! Built units are of the built class whose ranges (Stewart & Oke 2012, doi:10.1175/BAMS-D-11-00019.1, tables 3 and
//! 4) lie nearest to their seven figures, each scaled by the spread of the ranges and weighed as GeoClimate weighs
//! them (Bernard et al. 2024, doi:10.5194/gmd-17-2077-2024). Halls of trade and industry, heavy industry and light
//! structures are told by what their buildings are, not by their shape. Units with hardly a building are of the
//! land-cover class of what covers most of them.

use twin_core::export::Rgb;
use twin_core::language::Text;

use super::units::Unit;

/// A class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub u8);

/// Range of a figure in a class; open above where Stewart & Oke give no end.
type Range = [f64; 2];

/// A built class: its code and the ranges of sky view factor, aspect ratio, building, impervious and pervious
/// fractions, height of roughness elements (m) and roughness length (m, by the classes of Davenport).
struct Built {
    code: u8,
    ranges: [Range; FIGURES],
}

const FIGURES: usize = 7;
/// Weights of the figures in the order of [`Built::ranges`] (Bernard et al. 2024).
const WEIGHTS: [f64; FIGURES] = [4.0, 3.0, 8.0, 0.0, 0.0, 6.0, 0.5];
const OPEN: f64 = f64::INFINITY;

#[rustfmt::skip]
const BUILT: [Built; 10] = [
    Built { code: 1, ranges: [[0.2, 0.4], [2.0, OPEN], [0.4, 0.6], [0.4, 0.6], [0.0, 0.1], [25.0, OPEN], [1.5, OPEN]] },
    Built { code: 2, ranges: [[0.3, 0.6], [0.8, 2.0], [0.4, 0.7], [0.3, 0.5], [0.0, 0.2], [10.0, 25.0], [0.375, 1.5]] },
    Built { code: 3, ranges: [[0.2, 0.6], [0.8, 1.5], [0.4, 0.7], [0.2, 0.5], [0.0, 0.3], [3.0, 10.0], [0.375, 0.75]] },
    Built { code: 4, ranges: [[0.5, 0.7], [0.8, 1.3], [0.2, 0.4], [0.3, 0.4], [0.3, 0.4], [25.0, OPEN], [0.75, OPEN]] },
    Built { code: 5, ranges: [[0.5, 0.8], [0.3, 0.8], [0.2, 0.4], [0.3, 0.5], [0.2, 0.4], [10.0, 25.0], [0.175, 0.75]] },
    Built { code: 6, ranges: [[0.6, 0.9], [0.3, 0.8], [0.2, 0.4], [0.2, 0.5], [0.3, 0.6], [3.0, 10.0], [0.175, 0.75]] },
    Built { code: 7, ranges: [[0.2, 0.5], [1.0, 2.0], [0.6, 0.9], [0.0, 0.2], [0.0, 0.3], [2.0, 4.0], [0.175, 0.375]] },
    Built { code: 8, ranges: [[0.7, 1.0], [0.1, 0.3], [0.3, 0.5], [0.4, 0.5], [0.0, 0.2], [3.0, 10.0], [0.175, 0.375]] },
    Built { code: 9, ranges: [[0.8, 1.0], [0.1, 0.3], [0.1, 0.2], [0.0, 0.2], [0.6, 0.8], [3.0, 10.0], [0.175, 0.75]] },
    Built { code: 10, ranges: [[0.6, 0.9], [0.2, 0.5], [0.2, 0.3], [0.2, 0.4], [0.4, 0.5], [5.0, 15.0], [0.175, 0.75]] },
];

/// Classes that the use of buildings tells: light structures, large halls, heavy industry.
const BY_USE: [u8; 3] = [7, 8, 10];
/// Building fraction and aspect ratio below which a unit has hardly a building (Stewart & Oke 2012: those of the
/// land-cover classes).
const HARDLY_BUILT: f64 = 0.1;
/// Share of the built area from which what buildings are used for tells the class. Bernard et al. 2024 use such
/// shares; their values are not in the paper's tables, a half is this program's.
const MOST: f64 = 0.5;
/// Storeys below which halls are low (Stewart & Oke 2012: one to three storeys).
const LOW_STOREYS: f64 = 3.5;
/// Share of the ground under trees from which they are dense, and from which they are scattered: between the sky
/// view factors of the classes A (below 0.4), B (0.5 to 0.8) and D (above 0.9), one minus the share under crowns.
const DENSE: f64 = 0.55;
const SCATTERED: f64 = 0.15;

/// Names and colours (those of GeoClimate's style and of most maps of local climate zones).
const NAMED: [(u8, u32, &str, &str, &str); 17] = [
    (1, 0x8b_0101, "1", "Ensemble compact de tours", "Compact high-rise"),
    (2, 0xcc_0200, "2", "Ensemble compact d'immeubles", "Compact mid-rise"),
    (3, 0xfc_0001, "3", "Ensemble compact de maisons", "Compact low-rise"),
    (4, 0xbe_4c03, "4", "Ensemble de tours espacées", "Open high-rise"),
    (5, 0xff_6602, "5", "Ensemble d'immeubles espacés", "Open mid-rise"),
    (6, 0xff_9856, "6", "Ensemble de maisons espacées", "Open low-rise"),
    (7, 0xfb_ed08, "7", "Constructions légères", "Lightweight low-rise"),
    (8, 0xbc_bcba, "8", "Bâtiments bas de grande emprise", "Large low-rise"),
    (9, 0xff_cca7, "9", "Bâti dispersé", "Sparsely built"),
    (10, 0x57_555a, "10", "Industrie lourde", "Heavy industry"),
    (101, 0x00_6700, "A", "Arbres denses", "Dense trees"),
    (102, 0x05_aa05, "B", "Arbres clairsemés", "Scattered trees"),
    (103, 0x64_8423, "C", "Buissons", "Bush, scrub"),
    (104, 0xbb_db7a, "D", "Végétation basse", "Low plants"),
    (105, 0x01_0101, "E", "Sol minéral ou revêtu", "Bare rock or paved"),
    (106, 0xfd_f6ae, "F", "Sol nu ou sable", "Bare soil or sand"),
    (107, 0x6d_67fd, "G", "Eau", "Water"),
];

impl Zone {
    /// Every class.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|named| Self(named.0))
    }

    fn named(self) -> &'static (u8, u32, &'static str, &'static str, &'static str) {
        NAMED.iter().find(|named| named.0 == self.0).unwrap_or(&NAMED[0])
    }

    /// Colour on maps.
    pub fn colour(self) -> Rgb {
        Rgb::hex(self.named().1)
    }

    /// Its sign, `1` to `10` and `A` to `G`.
    pub fn sign(self) -> &'static str {
        self.named().2
    }

    /// Sign and name.
    pub fn label(self) -> Text {
        let (_, _, sign, fr, en) = self.named();
        Text::new(format!("{sign} – {fr}"), format!("{sign} – {en}"))
    }

    /// Whether buildings make it.
    pub fn is_built(self) -> bool {
        self.0 <= 10
    }
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classified {
    /// Its class.
    pub zone: Zone,
    /// The next.
    pub second: Option<Zone>,
    /// Distance of its figures from the ranges of its class; `None` where no distance decided.
    pub distance: Option<f64>,
    /// How much better the class fits than the next, from 0 to 1: (d₂ − d₁)/(d₂ + d₁) of the distances, or
    /// (f₁ − f₂)/(f₁ + f₂) of the shares of the cover.
    pub uniqueness: f64,
}

/// The class of a unit.
pub fn classify(unit: &Unit) -> Classified {
    if unit.building_fraction < HARDLY_BUILT && unit.aspect_ratio < HARDLY_BUILT {
        return by_cover(unit);
    }
    let mut distances: Vec<(f64, u8)> = BUILT
        .iter()
        .filter(|class| !BY_USE.contains(&class.code))
        .map(|class| (distance(unit, class), class.code))
        .collect();
    distances.sort_by(|a, b| a.0.total_cmp(&b.0));
    let by_use = [
        (unit.light_share, 7, true),
        (unit.heavy_industry_share, 10, true),
        (unit.large_hall_share, 8, unit.storeys < LOW_STOREYS),
    ];
    let told = by_use.into_iter().find(|(share, _, fits)| *share > MOST && *fits);
    if let Some((share, code, _)) = told {
        return Classified {
            zone: Zone(code),
            second: distances.first().map(|d| Zone(d.1)),
            distance: None,
            uniqueness: (2.0 * share - 1.0).clamp(0.0, 1.0),
        };
    }
    let [first, second] = [distances[0], distances[1]];
    let sum = first.0 + second.0;
    Classified {
        zone: Zone(first.1),
        second: Some(Zone(second.1)),
        distance: Some(first.0),
        uniqueness: if sum > 0.0 { (second.0 - first.0) / sum } else { 0.0 },
    }
}

/// The class of what covers most of a unit with hardly a building.
fn by_cover(unit: &Unit) -> Classified {
    let mut covers = [
        (unit.water_fraction, 107),
        (unit.impervious_fraction, 105),
        (unit.bare_soil_fraction, 106),
        (unit.shrub_fraction, 103),
        (unit.low_plant_fraction, 104),
    ];
    covers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (first, second) = (covers[0], covers[1]);
    let told = |zone, second, uniqueness: f64| Classified {
        zone: Zone(zone),
        second: Some(Zone(second)),
        distance: None,
        uniqueness: uniqueness.clamp(0.0, 1.0),
    };
    let trees = unit.tree_fraction;
    // Trees stand over the other covers; over water and pavement they do not make a wood.
    let may_be_wood = !matches!(first.1, 105 | 107);
    if may_be_wood && trees >= DENSE {
        return told(101, 102, (trees - DENSE) / (1.0 - DENSE));
    }
    if may_be_wood && trees >= SCATTERED {
        let (to_dense, to_open) = (DENSE - trees, trees - SCATTERED);
        let next = if to_dense < to_open { 101 } else { first.1 };
        return told(102, next, 2.0 * to_dense.min(to_open) / (DENSE - SCATTERED));
    }
    let sum = first.0 + second.0;
    told(first.1, second.1, if sum > 0.0 { (first.0 - second.0) / sum } else { 0.0 })
}

fn figures(unit: &Unit) -> [f64; FIGURES] {
    [
        unit.sky_view,
        unit.aspect_ratio,
        unit.building_fraction,
        unit.impervious_fraction,
        unit.pervious_fraction,
        unit.roughness_height_m,
        unit.roughness_length_m,
    ]
}

/// Distance of a unit from the ranges of a class.
fn distance(unit: &Unit, class: &Built) -> f64 {
    let figures = figures(unit);
    let squares = (0..FIGURES).map(|k| {
        let [low, high] = class.ranges[k];
        let beyond = (low - figures[k]).max(figures[k] - high).max(0.0);
        (WEIGHTS[k] * beyond / spread(k)).powi(2)
    });
    squares.sum::<f64>().sqrt()
}

/// Standard deviation of the ends of the ranges of a figure.
fn spread(figure: usize) -> f64 {
    let ends: Vec<f64> =
        BUILT.iter().flat_map(|class| class.ranges[figure]).filter(|end| end.is_finite()).collect();
    let count = ends.len() as f64;
    let mean = ends.iter().sum::<f64>() / count;
    (ends.iter().map(|end| (end - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit with the figures in the middle of the ranges of a class.
    fn typical(class: &Built) -> Unit {
        let middle = |k: usize| {
            let [low, high] = class.ranges[k];
            if high.is_finite() { 0.5 * (low + high) } else { 1.2 * low }
        };
        Unit {
            sky_view: middle(0),
            aspect_ratio: middle(1),
            building_fraction: middle(2),
            impervious_fraction: middle(3),
            pervious_fraction: middle(4),
            roughness_height_m: middle(5),
            roughness_length_m: middle(6),
            storeys: middle(5) / 3.0,
            light_share: f64::from(u8::from(class.code == 7)),
            large_hall_share: f64::from(u8::from(class.code == 8)),
            heavy_industry_share: f64::from(u8::from(class.code == 10)),
            ..Unit::default()
        }
    }

    #[test]
    fn the_typical_unit_of_each_built_class_is_of_it() {
        for class in &BUILT {
            let found = classify(&typical(class));
            assert_eq!(found.zone, Zone(class.code));
            assert!(found.distance.is_none_or(|d| d == 0.0), "{}", class.code);
            assert!((0.0..=1.0).contains(&found.uniqueness));
        }
    }

    #[test]
    fn ranges_are_those_of_the_table() {
        let Some(data) = std::env::var_os("TWIN_DATA") else { return };
        let path = std::path::Path::new(&data).join("heat/lcz/lcz_stewart_oke_ranges.csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        let mut rows = 0;
        for record in reader.records() {
            let record = record.unwrap();
            let code: u8 = record[0].parse().unwrap();
            let Some(class) = BUILT.iter().find(|c| c.code == code) else { continue };
            rows += 1;
            for k in 0..2 * FIGURES {
                let stated = record[2 + k].parse().unwrap_or(OPEN);
                assert_eq!(class.ranges[k / 2][k % 2], stated, "{code} {k}");
            }
        }
        assert_eq!(rows, 10);
    }

    #[test]
    fn land_covers_are_told_by_what_there_is_most_of() {
        let of = |unit: Unit| classify(&unit).zone.sign();
        let pervious = Unit { pervious_fraction: 1.0, sky_view: 1.0, ..Unit::default() };
        assert_eq!(of(Unit { water_fraction: 0.8, low_plant_fraction: 0.2, ..pervious }), "G");
        assert_eq!(of(Unit { low_plant_fraction: 0.9, bare_soil_fraction: 0.1, ..pervious }), "D");
        assert_eq!(of(Unit { low_plant_fraction: 1.0, tree_fraction: 0.3, ..pervious }), "B");
        assert_eq!(of(Unit { low_plant_fraction: 1.0, tree_fraction: 0.8, ..pervious }), "A");
        assert_eq!(of(Unit { shrub_fraction: 0.6, low_plant_fraction: 0.4, ..pervious }), "C");
        assert_eq!(of(Unit { bare_soil_fraction: 0.6, low_plant_fraction: 0.4, ..pervious }), "F");
        let paved = Unit { impervious_fraction: 0.9, low_plant_fraction: 0.1, ..pervious };
        assert_eq!(of(paved), "E");
    }
}
