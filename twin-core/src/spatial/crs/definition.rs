//! The table of known systems: names, datums and projection parameters as registered by EPSG
//! (dataset 11, <https://epsg.org>).
//!
//! The French systems and ETRS89 are realisations of the same terrestrial frame as WGS 84 and are
//! taken as equal to it, as in the null transformations that EPSG registers: the RGF93 versions
//! and ETRS89 differ by centimetres, the overseas systems by up to some decimetres (plate motion
//! since their epoch; RGM04 and RGM23 differ by the ground movement of Mayotte in 2018–2020),
//! NAD83 by one to two metres.

use super::VerticalDatum;
use crate::spatial::Extent;

/// A system with all it takes to name, write and transform it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definition {
    pub(crate) epsg: u32,
    /// Name as registered.
    pub(crate) name: String,
    pub(crate) base: &'static Base,
    pub(crate) projection: Projection,
    pub(super) vertical: Option<VerticalDatum>,
    /// Area of use, degrees.
    pub(super) area: Extent,
}

/// Projection parameters; angles in degrees, lengths in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Projection {
    /// Longitude and latitude.
    Geographic,
    /// Lambert conic conformal with two standard parallels (EPSG method 9802).
    LambertConformal { lat_1: f64, lat_2: f64, lat_0: f64, lon_0: f64, x_0: f64, y_0: f64 },
    /// Transverse Mercator from the equator (9807).
    TransverseMercator { lon_0: f64, k_0: f64, x_0: f64, y_0: f64 },
    /// Popular visualisation pseudo-Mercator (1024).
    WebMercator,
    /// Oblique stereographic of the Netherlands (9809); no transformation here.
    ObliqueStereographic { lat_0: f64, lon_0: f64, k_0: f64, x_0: f64, y_0: f64 },
}

/// A geographic system that projected ones rest on.
#[derive(Debug, PartialEq)]
pub(crate) struct Base {
    pub(crate) epsg: u32,
    pub(crate) name: &'static str,
    /// Name of the datum as registered.
    pub(crate) datum: &'static str,
    pub(super) datum_epsg: u32,
    pub(crate) ellipsoid: &'static Ellipsoid,
    /// Whether it is taken as equal to WGS 84.
    pub(super) is_wgs_84: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Ellipsoid {
    pub(crate) epsg: u32,
    pub(crate) name: &'static str,
    /// Name in the projection library.
    pub(super) key: &'static str,
    pub(crate) semi_major_m: f64,
    pub(crate) inverse_flattening: f64,
}

static GRS_80: Ellipsoid = Ellipsoid {
    epsg: 7019,
    name: "GRS 1980",
    key: "GRS80",
    semi_major_m: 6_378_137.0,
    inverse_flattening: 298.257_222_101,
};
static WGS_84_ELLIPSOID: Ellipsoid = Ellipsoid {
    epsg: 7030,
    name: "WGS 84",
    key: "WGS84",
    semi_major_m: 6_378_137.0,
    inverse_flattening: 298.257_223_563,
};
static BESSEL: Ellipsoid = Ellipsoid {
    epsg: 7004,
    name: "Bessel 1841",
    key: "bessel",
    semi_major_m: 6_377_397.155,
    inverse_flattening: 299.152_812_8,
};

const fn base(epsg: u32, name: &'static str, datum: &'static str, datum_epsg: u32) -> Base {
    Base { epsg, name, datum, datum_epsg, ellipsoid: &GRS_80, is_wgs_84: true }
}

static WGS_84: Base = Base {
    ellipsoid: &WGS_84_ELLIPSOID,
    ..base(4326, "WGS 84", "World Geodetic System 1984", 6326)
};
static ETRS_89: Base = base(4258, "ETRS89", "European Terrestrial Reference System 1989", 6258);
static RGF_93: Base = base(4171, "RGF93 v1", "Reseau Geodesique Francais 1993 v1", 6171);
static RGF_93_V2B: Base = base(9782, "RGF93 v2b", "Reseau Geodesique Francais 1993 v2b", 1313);
static RGAF_09: Base = base(5489, "RGAF09", "Reseau Geodesique des Antilles Francaises 2009", 1073);
static RGFG_95: Base = base(4624, "RGFG95", "Reseau Geodesique Francais Guyane 1995", 6624);
static RGR_92: Base = base(4627, "RGR92", "Reseau Geodesique de la Reunion 1992", 6627);
static RGM_04: Base = base(4470, "RGM04", "Reseau Geodesique de Mayotte 2004", 1036);
static RGM_23: Base = base(10671, "RGM23", "Mayotte Geodetic Reference Frame 2023", 1389);
static RGSPM_06: Base =
    base(4463, "RGSPM06", "Reseau Geodesique de Saint Pierre et Miquelon 2006", 1038);
static NAD_83: Base = base(4269, "NAD83", "North American Datum 1983", 6269);
static AMERSFOORT: Base =
    Base { ellipsoid: &BESSEL, is_wgs_84: false, ..base(4289, "Amersfoort", "Amersfoort", 6289) };

/// The codes, in the order in which equal projections are tried.
pub(super) fn codes() -> impl Iterator<Item = u32> {
    [2154, 9794]
        .into_iter()
        .chain(3942..=3950)
        .chain(9842..=9850)
        .chain([5490, 2972, 2975, 4471, 10674, 4467])
        .chain([4326, 4171, 9782, 4258, 5489, 4624, 4627, 4470, 10671, 4463])
        .chain([3857, 25830, 25831, 25832])
        .chain(32601..=32660)
        .chain(32701..=32760)
        .chain([26917, 28992])
}

impl Definition {
    pub(super) fn of(epsg: u32) -> Option<Self> {
        use VerticalDatum as V;
        const FRANCE: [f64; 4] = [-9.86, 41.15, 10.38, 51.56];
        const ANTILLES: [f64; 4] = [-63.66, 14.08, -57.52, 18.53];
        const GUYANE: [f64; 4] = [-54.61, 2.11, -49.45, 8.88];
        const REUNION: [f64; 4] = [51.83, -24.72, 58.24, -18.28];
        const MAYOTTE: [f64; 4] = [43.68, -14.49, 46.7, -11.33];
        const SAINT_PIERRE: [f64; 4] = [-57.1, 43.41, -55.9, 47.37];
        const WORLD: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];
        let mainland = Some(V::NgfIgn69);
        let (name, base, projection, vertical, area): (String, &Base, _, _, [f64; 4]) = match epsg {
            2154 => lambert_93(&RGF_93, mainland, FRANCE),
            9794 => lambert_93(&RGF_93_V2B, mainland, FRANCE),
            3942..=3950 => conic_zone(epsg - 3900, &RGF_93, mainland),
            9842..=9850 => conic_zone(epsg - 9800, &RGF_93_V2B, mainland),
            5490 => utm(20, true, &RGAF_09, None, ANTILLES),
            2972 => utm(22, true, &RGFG_95, Some(V::Ngg1977), GUYANE),
            2975 => utm(40, false, &RGR_92, Some(V::Ign1989Reunion), REUNION),
            4471 => utm(38, false, &RGM_04, Some(V::Shom1953Mayotte), MAYOTTE),
            10674 => utm(38, false, &RGM_23, Some(V::Shom1953Mayotte), MAYOTTE),
            4467 => utm(21, true, &RGSPM_06, Some(V::Danger1950), SAINT_PIERRE),
            4326 => geographic(&WGS_84, None, WORLD),
            4171 => geographic(&RGF_93, mainland, FRANCE),
            9782 => geographic(&RGF_93_V2B, mainland, FRANCE),
            4258 => geographic(&ETRS_89, None, [-16.1, 33.26, 38.01, 84.73]),
            5489 => geographic(&RGAF_09, None, ANTILLES),
            4624 => geographic(&RGFG_95, Some(V::Ngg1977), GUYANE),
            4627 => geographic(&RGR_92, Some(V::Ign1989Reunion), REUNION),
            4470 => geographic(&RGM_04, Some(V::Shom1953Mayotte), MAYOTTE),
            10671 => geographic(&RGM_23, Some(V::Shom1953Mayotte), MAYOTTE),
            4463 => geographic(&RGSPM_06, Some(V::Danger1950), SAINT_PIERRE),
            3857 => (
                "WGS 84 / Pseudo-Mercator".into(),
                &WGS_84,
                Projection::WebMercator,
                None,
                [-180.0, -85.06, 180.0, 85.06],
            ),
            25830..=25832 => {
                let zone = epsg - 25800;
                utm(zone, true, &ETRS_89, None, utm_area(zone, true))
            }
            32601..=32660 => {
                let zone = epsg - 32600;
                utm(zone, true, &WGS_84, None, utm_area(zone, true))
            }
            32701..=32760 => {
                let zone = epsg - 32700;
                utm(zone, false, &WGS_84, None, utm_area(zone, false))
            }
            26917 => utm(17, true, &NAD_83, None, utm_area(17, true)),
            28992 => (
                "Amersfoort / RD New".into(),
                &AMERSFOORT,
                Projection::ObliqueStereographic {
                    lat_0: 52.156_160_555_555_55,
                    lon_0: 5.387_638_888_888_89,
                    k_0: 0.999_907_9,
                    x_0: 155_000.0,
                    y_0: 463_000.0,
                },
                Some(V::Nap),
                [3.2, 50.75, 7.22, 53.7],
            ),
            _ => return None,
        };
        let [min_x, min_y, max_x, max_y] = area;
        let area = Extent { min_x, min_y, max_x, max_y };
        Some(Self { epsg, name, base, projection, vertical, area })
    }

    pub(super) fn wgs_84() -> Self {
        Self {
            epsg: 4326,
            name: WGS_84.name.into(),
            base: &WGS_84,
            projection: Projection::Geographic,
            vertical: None,
            area: Extent { min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0 },
        }
    }
}

type Row = (String, &'static Base, Projection, Option<VerticalDatum>, [f64; 4]);

fn lambert_93(base: &'static Base, vertical: Option<VerticalDatum>, area: [f64; 4]) -> Row {
    let projection = Projection::LambertConformal {
        lat_1: 49.0,
        lat_2: 44.0,
        lat_0: 46.5,
        lon_0: 3.0,
        x_0: 700_000.0,
        y_0: 6_600_000.0,
    };
    (format!("{} / Lambert-93", base.name), base, projection, vertical, area)
}

/// The nine conformal conic zones, one for each parallel from 42° to 50°.
fn conic_zone(parallel: u32, base: &'static Base, vertical: Option<VerticalDatum>) -> Row {
    let latitude = f64::from(parallel);
    let projection = Projection::LambertConformal {
        lat_1: latitude - 0.75,
        lat_2: latitude + 0.75,
        lat_0: latitude,
        lon_0: 3.0,
        x_0: 1_700_000.0,
        y_0: 1e6 * (latitude - 41.0) + 200_000.0,
    };
    let area = [-5.2, latitude - 1.0, 9.63, latitude + 1.0];
    (format!("{} / CC{parallel}", base.name), base, projection, vertical, area)
}

fn utm(
    zone: u32,
    is_north: bool,
    base: &'static Base,
    vertical: Option<VerticalDatum>,
    area: [f64; 4],
) -> Row {
    let projection = Projection::TransverseMercator {
        lon_0: -183.0 + 6.0 * f64::from(zone),
        k_0: 0.9996,
        x_0: 500_000.0,
        y_0: if is_north { 0.0 } else { 1e7 },
    };
    let hemisphere = if is_north { 'N' } else { 'S' };
    (format!("{} / UTM zone {zone}{hemisphere}", base.name), base, projection, vertical, area)
}

fn utm_area(zone: u32, is_north: bool) -> [f64; 4] {
    let west = -186.0 + 6.0 * f64::from(zone);
    if is_north { [west, 0.0, west + 6.0, 84.0] } else { [west, -80.0, west + 6.0, 0.0] }
}

fn geographic(base: &'static Base, vertical: Option<VerticalDatum>, area: [f64; 4]) -> Row {
    (base.name.to_owned(), base, Projection::Geographic, vertical, area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_code_is_defined_once() {
        let mut seen = std::collections::BTreeSet::new();
        for code in codes() {
            let definition = Definition::of(code).unwrap();
            assert_eq!(definition.epsg, code);
            assert!(seen.insert(code), "{code}");
            assert!(definition.area.width() > 0.0);
        }
        let all = (0..40_000).filter(|&code| Definition::of(code).is_some()).count();
        assert_eq!(all, seen.len());
        assert_eq!(Definition::of(4326), Some(Definition::wgs_84()));
    }
}
