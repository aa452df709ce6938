//! CF grid-mapping attributes and WKT of the reference systems of French territories.
//!
//! Parameters: EPSG dataset (IOGP, <https://epsg.org>). Other codes are stored by number alone.

use std::fmt::Write;

use super::attributes::Attributes;
use crate::spatial::Crs;

/// A reference system with all that a file says about it.
struct Definition {
    name: String,
    geographic: &'static Geographic,
    projection: Option<Projection>,
}

struct Geographic {
    name: &'static str,
    datum: &'static str,
    epsg: u32,
    ellipsoid: &'static str,
    inverse_flattening: f64,
}

enum Projection {
    /// Two standard parallels.
    LambertConformalConic { name: String, latitude: f64, parallels: [f64; 2], origin: [f64; 2] },
    /// Universal Transverse Mercator.
    Utm { zone: u32, south: bool },
}

const SEMI_MAJOR_AXIS: f64 = 6_378_137.0;

const fn grs80(name: &'static str, datum: &'static str, epsg: u32) -> Geographic {
    Geographic { name, datum, epsg, ellipsoid: "GRS 1980", inverse_flattening: 298.257222101 }
}

static RGF93: Geographic = grs80("RGF93 v1", "Reseau Geodesique Francais 1993 v1", 4171);
static RGAF09: Geographic = grs80("RGAF09", "Reseau Geodesique des Antilles Francaises 2009", 5489);
static RGFG95: Geographic = grs80("RGFG95", "Reseau Geodesique Francais Guyane 1995", 4624);
static RGR92: Geographic = grs80("RGR92", "Reseau Geodesique de la Reunion 1992", 4627);
static RGM04: Geographic = grs80("RGM04", "Reseau Geodesique de Mayotte 2004", 4470);
static RGSPM06: Geographic =
    grs80("RGSPM06", "Reseau Geodesique de Saint Pierre et Miquelon 2006", 4463);
static WGS_84: Geographic = Geographic {
    name: "WGS 84",
    datum: "World Geodetic System 1984",
    epsg: 4326,
    ellipsoid: "WGS 84",
    inverse_flattening: 298.257223563,
};

fn definition(crs: Crs) -> Option<Definition> {
    let utm = |geographic: &'static Geographic, zone, south| {
        let hemisphere = if south { 'S' } else { 'N' };
        Some(Definition {
            name: format!("{} / UTM zone {zone}{hemisphere}", geographic.name),
            geographic,
            projection: Some(Projection::Utm { zone, south }),
        })
    };
    let conic = |name: String, latitude: f64, parallels, origin| {
        Some(Definition {
            name: format!("RGF93 v1 / {name}"),
            geographic: &RGF93,
            projection: Some(Projection::LambertConformalConic {
                name,
                latitude,
                parallels,
                origin,
            }),
        })
    };
    match crs.epsg() {
        2154 => conic("Lambert-93".into(), 46.5, [49.0, 44.0], [700_000.0, 6_600_000.0]),
        code @ 3942..=3950 => {
            let latitude = f64::from(code - 3900);
            conic(
                format!("CC{}", code - 3900),
                latitude,
                [latitude - 0.75, latitude + 0.75],
                [1_700_000.0, (latitude - 41.0) * 1e6 + 200_000.0],
            )
        }
        5490 => utm(&RGAF09, 20, false),
        4467 => utm(&RGSPM06, 21, false),
        2972 => utm(&RGFG95, 22, false),
        4471 => utm(&RGM04, 38, true),
        2975 => utm(&RGR92, 40, true),
        4326 => Some(Definition { name: "WGS 84".into(), geographic: &WGS_84, projection: None }),
        _ => None,
    }
}

/// Whether positions are longitudes and latitudes.
pub(super) fn is_geographic(crs: Crs) -> bool {
    definition(crs).is_some_and(|d| d.projection.is_none())
}

/// Writes the attributes of a grid-mapping variable.
pub(super) fn describe(variable: &impl Attributes, crs: Crs) -> hdf5::Result<()> {
    variable.set_text("epsg_code", &format!("EPSG:{}", crs.epsg()))?;
    let Some(definition) = definition(crs) else { return Ok(()) };
    let number = |name: &str, value: f64| variable.set_numbers(name, &[value]);
    variable.set_text("horizontal_datum_name", definition.geographic.datum)?;
    variable.set_text("reference_ellipsoid_name", definition.geographic.ellipsoid)?;
    number("semi_major_axis", SEMI_MAJOR_AXIS)?;
    number("inverse_flattening", definition.geographic.inverse_flattening)?;
    number("longitude_of_prime_meridian", 0.0)?;
    variable.set_text("geographic_crs_name", definition.geographic.name)?;
    match &definition.projection {
        None => variable.set_text("grid_mapping_name", "latitude_longitude")?,
        Some(projection) => {
            variable.set_text("projected_crs_name", &definition.name)?;
            variable.set_text("grid_mapping_name", projection.cf_name())?;
            for (cf_name, _, _, values) in projection.parameters() {
                variable.set_numbers(cf_name, &values)?;
            }
        }
    }
    variable.set_text("crs_wkt", &wkt(&definition, crs.epsg()))
}

/// A parameter: CF name, WKT names, WKT unit, values.
type Parameter = (&'static str, &'static [&'static str], &'static str, Vec<f64>);

const DEGREE: &str = "ANGLEUNIT[\"degree\",0.0174532925199433]";
const METRE: &str = "LENGTHUNIT[\"metre\",1]";
const UNITY: &str = "SCALEUNIT[\"unity\",1]";

impl Projection {
    fn cf_name(&self) -> &'static str {
        match self {
            Self::LambertConformalConic { .. } => "lambert_conformal_conic",
            Self::Utm { .. } => "transverse_mercator",
        }
    }

    fn wkt_method(&self) -> &'static str {
        match self {
            Self::LambertConformalConic { .. } => {
                "METHOD[\"Lambert Conic Conformal (2SP)\",ID[\"EPSG\",9802]]"
            }
            Self::Utm { .. } => "METHOD[\"Transverse Mercator\",ID[\"EPSG\",9807]]",
        }
    }

    fn wkt_name(&self) -> String {
        match self {
            Self::LambertConformalConic { name, .. } => name.clone(),
            Self::Utm { zone, south } => {
                format!("UTM zone {zone}{}", if *south { 'S' } else { 'N' })
            }
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        match self {
            Self::LambertConformalConic { latitude, parallels, origin, .. } => vec![
                (
                    "latitude_of_projection_origin",
                    &["Latitude of false origin"],
                    DEGREE,
                    vec![*latitude],
                ),
                (
                    "longitude_of_central_meridian",
                    &["Longitude of false origin"],
                    DEGREE,
                    vec![3.0],
                ),
                (
                    "standard_parallel",
                    &["Latitude of 1st standard parallel", "Latitude of 2nd standard parallel"],
                    DEGREE,
                    parallels.to_vec(),
                ),
                ("false_easting", &["Easting at false origin"], METRE, vec![origin[0]]),
                ("false_northing", &["Northing at false origin"], METRE, vec![origin[1]]),
            ],
            Self::Utm { zone, south } => vec![
                (
                    "latitude_of_projection_origin",
                    &["Latitude of natural origin"],
                    DEGREE,
                    vec![0.0],
                ),
                (
                    "longitude_of_central_meridian",
                    &["Longitude of natural origin"],
                    DEGREE,
                    vec![f64::from(*zone) * 6.0 - 183.0],
                ),
                (
                    "scale_factor_at_central_meridian",
                    &["Scale factor at natural origin"],
                    UNITY,
                    vec![0.9996],
                ),
                ("false_easting", &["False easting"], METRE, vec![500_000.0]),
                (
                    "false_northing",
                    &["False northing"],
                    METRE,
                    vec![if *south { 10_000_000.0 } else { 0.0 }],
                ),
            ],
        }
    }
}

/// ISO 19162:2019 text.
fn wkt(definition: &Definition, epsg: u32) -> String {
    let geographic = definition.geographic;
    let datum = format!(
        "DATUM[\"{}\",ELLIPSOID[\"{}\",{SEMI_MAJOR_AXIS},{},{METRE}]],\
         PRIMEM[\"Greenwich\",0,{DEGREE}]",
        geographic.datum, geographic.ellipsoid, geographic.inverse_flattening
    );
    let Some(projection) = &definition.projection else {
        return format!(
            "GEOGCRS[\"{}\",{datum},CS[ellipsoidal,2],AXIS[\"geodetic latitude (Lat)\",north,\
             ORDER[1],{DEGREE}],AXIS[\"geodetic longitude (Lon)\",east,ORDER[2],{DEGREE}],\
             ID[\"EPSG\",{epsg}]]",
            geographic.name
        );
    };
    let mut text = format!(
        "PROJCRS[\"{}\",BASEGEOGCRS[\"{}\",{datum},ID[\"EPSG\",{}]],CONVERSION[\"{}\",{}",
        definition.name,
        geographic.name,
        geographic.epsg,
        projection.wkt_name(),
        projection.wkt_method()
    );
    for (_, names, unit, values) in projection.parameters() {
        for (name, value) in names.iter().zip(values) {
            // Writing to a String cannot fail.
            let _ = write!(text, ",PARAMETER[\"{name}\",{value},{unit}]");
        }
    }
    let _ = write!(
        text,
        "],CS[Cartesian,2],AXIS[\"easting (X)\",east,ORDER[1],{METRE}],\
         AXIS[\"northing (Y)\",north,ORDER[2],{METRE}],ID[\"EPSG\",{epsg}]]"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_balance_and_the_code_stands_last() {
        for code in [2154, 3942, 3950, 5490, 4467, 2972, 4471, 2975, 4326] {
            let crs = Crs::try_from(format!("EPSG:{code}")).unwrap();
            let text = wkt(&definition(crs).unwrap(), code);
            assert_eq!(text.matches('[').count(), text.matches(']').count());
            assert!(text.ends_with(&format!("ID[\"EPSG\",{code}]]")), "{text}");
        }
        let lambert = wkt(&definition(Crs::LAMBERT_93).unwrap(), 2154);
        assert!(lambert.contains("PARAMETER[\"Northing at false origin\",6600000,"), "{lambert}");
    }
}
