//! WKT definitions (OGC 01-009) of the systems a French territory is stored in.
//!
//! A GeoPackage carries the definition of each system it uses. Readers resolve the EPSG code
//! first; the text serves those that cannot. Parameters: EPSG data set 10.

/// Name and WKT of a system by EPSG code; a code that is not listed has the name `EPSG:n` and an
/// undefined text, which readers replace by their own definition of the code.
pub(super) fn of_epsg(code: u32) -> (String, String) {
    match code {
        2154 => lambert("RGF93 v1 / Lambert-93", code, 46.5, (49.0, 44.0), 700_000.0, 6_600_000.0),
        3942..=3950 => {
            // Conic conformal zones: one a degree of latitude, parallels 45' on either side.
            let latitude = f64::from(code - 3900);
            lambert(
                &format!("RGF93 v1 / CC{}", code - 3900),
                code,
                latitude,
                (latitude - 0.75, latitude + 0.75),
                1_700_000.0,
                200_000.0 + (latitude - 41.0) * 1_000_000.0,
            )
        }
        2972 => utm("RGFG95 / UTM zone 22N", code, &RGFG95, -51.0, 0.0),
        2975 => utm("RGR92 / UTM zone 40S", code, &RGR92, 57.0, 10_000_000.0),
        4467 => utm("RGSPM06 / UTM zone 21N", code, &RGSPM06, -57.0, 0.0),
        4471 => utm("RGM04 / UTM zone 38S", code, &RGM04, 45.0, 10_000_000.0),
        5490 => utm("RGAF09 / UTM zone 20N", code, &RGAF09, -63.0, 0.0),
        4326 => ("WGS 84".to_owned(), geographic(&WGS84)),
        4171 => ("RGF93 v1".to_owned(), geographic(&RGF93)),
        other => (format!("EPSG:{other}"), "undefined".to_owned()),
    }
}

/// A geodetic datum with its geographic system.
struct Datum {
    name: &'static str,
    code: u32,
    datum: &'static str,
    datum_code: u32,
    spheroid: &'static str,
}

const GRS80: &str = r#"SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]]"#;

const fn grs80(name: &'static str, code: u32, datum: &'static str, datum_code: u32) -> Datum {
    Datum { name, code, datum, datum_code, spheroid: GRS80 }
}

const RGF93: Datum = grs80("RGF93 v1", 4171, "Reseau_Geodesique_Francais_1993_v1", 6171);
const RGFG95: Datum = grs80("RGFG95", 4624, "Reseau_Geodesique_Francais_Guyane_1995", 6624);
const RGR92: Datum = grs80("RGR92", 4627, "Reseau_Geodesique_de_la_Reunion_1992", 6627);
const RGSPM06: Datum =
    grs80("RGSPM06", 4463, "Reseau_Geodesique_de_Saint_Pierre_et_Miquelon_2006", 1038);
const RGM04: Datum = grs80("RGM04", 4470, "Reseau_Geodesique_de_Mayotte_2004", 1036);
const RGAF09: Datum = grs80("RGAF09", 5489, "Reseau_Geodesique_des_Antilles_Francaises_2009", 1073);
const WGS84: Datum = Datum {
    name: "WGS 84",
    code: 4326,
    datum: "WGS_1984",
    datum_code: 6326,
    spheroid: r#"SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]]"#,
};

fn geographic(d: &Datum) -> String {
    geographic_with(d, r#",AXIS["Latitude",NORTH],AXIS["Longitude",EAST]"#)
}

fn geographic_with(d: &Datum, axes: &str) -> String {
    format!(
        concat!(
            r#"GEOGCS["{}",DATUM["{}",{},AUTHORITY["EPSG","{}"]],"#,
            r#"PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],"#,
            r#"UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]]{},"#,
            r#"AUTHORITY["EPSG","{}"]]"#
        ),
        d.name, d.datum, d.spheroid, d.datum_code, axes, d.code
    )
}

fn projected(
    name: &str,
    code: u32,
    datum: &Datum,
    projection: &str,
    parameters: &[(&str, f64)],
) -> (String, String) {
    let parameters: String =
        parameters.iter().map(|(k, v)| format!(r#"PARAMETER["{k}",{v}],"#)).collect();
    let wkt = format!(
        concat!(
            r#"PROJCS["{}",{},PROJECTION["{}"],{}"#,
            r#"UNIT["metre",1,AUTHORITY["EPSG","9001"]],"#,
            r#"AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","{}"]]"#
        ),
        name,
        geographic_with(datum, ""),
        projection,
        parameters,
        code
    );
    (name.to_owned(), wkt)
}

fn lambert(
    name: &str,
    code: u32,
    latitude_of_origin: f64,
    parallels: (f64, f64),
    false_easting: f64,
    false_northing: f64,
) -> (String, String) {
    projected(
        name,
        code,
        &RGF93,
        "Lambert_Conformal_Conic_2SP",
        &[
            ("latitude_of_origin", latitude_of_origin),
            ("central_meridian", 3.0),
            ("standard_parallel_1", parallels.0),
            ("standard_parallel_2", parallels.1),
            ("false_easting", false_easting),
            ("false_northing", false_northing),
        ],
    )
}

fn utm(
    name: &str,
    code: u32,
    datum: &Datum,
    central_meridian: f64,
    false_northing: f64,
) -> (String, String) {
    projected(
        name,
        code,
        datum,
        "Transverse_Mercator",
        &[
            ("latitude_of_origin", 0.0),
            ("central_meridian", central_meridian),
            ("scale_factor", 0.9996),
            ("false_easting", 500_000.0),
            ("false_northing", false_northing),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::tool;

    /// GDAL's own text is the truth: PROJ carries the EPSG data set.
    #[test]
    fn definitions_agree_with_the_epsg_data_set() {
        for code in [2154, 3942, 3946, 3950, 2972, 2975, 4467, 4471, 5490, 4326, 4171] {
            let (_, ours) = of_epsg(code);
            let epsg = format!("EPSG:{code}");
            let Some(output) = tool("gdalsrsinfo", &["-o", "wkt1", "--single-line", &epsg]) else {
                return;
            };
            let theirs = String::from_utf8_lossy(&output.stdout);
            assert_eq!(ours, theirs.trim(), "EPSG:{code}");
        }
    }
}
