//! The ways vector files state their reference system.

use crate::spatial::Crs;

/// From an EPSG code, where it can be one.
pub(crate) fn from_code(code: i64) -> Option<Crs> {
    (1024..=32767).contains(&code).then(|| Crs::try_from(format!("EPSG:{code}")).ok()).flatten()
}

/// From the name in a GeoJSON `crs` member: `EPSG:2154`, `urn:ogc:def:crs:EPSG::2154`,
/// `urn:ogc:def:crs:OGC:1.3:CRS84`, `http://www.opengis.net/def/crs/EPSG/0/2154`.
pub(crate) fn from_name(name: &str) -> Option<Crs> {
    let upper = name.trim().to_ascii_uppercase();
    if upper.ends_with("CRS84") || upper.ends_with("CRS84H") {
        return Some(Crs::WGS_84);
    }
    let (_, after) = upper.split_once("EPSG")?;
    from_code(after.rsplit([':', '/', '#']).next()?.parse().ok()?)
}

/// From a WKT definition: its own authority code, else the name of a French system as ESRI and
/// others write it (ESRI `.prj` files carry no code).
pub(crate) fn from_wkt(wkt: &str) -> Option<Crs> {
    let wkt = wkt.trim();
    if let Some(code) = outermost_code(wkt) {
        return from_code(code);
    }
    let name: String = wkt
        .split('"')
        .nth(1)?
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let code = match name.trim_start_matches("GCS").trim_end_matches("FRANCE") {
        "RGF93LAMBERT93"
        | "RGF93V1LAMBERT93"
        | "LAMBERT93"
        | "RGF1993LAMBERT93"
        | "RGF93V1LAMBERT932154" => 2154,
        "WGS84" | "WGS1984" => 4326,
        "RGFG95UTMZONE22N" | "RGFG1995UTM22N" => 2972,
        "RGR92UTMZONE40S" | "RGR1992UTM40S" => 2975,
        "RGM04UTMZONE38S" | "RGM2004UTM38S" => 4471,
        "RGAF09UTMZONE20N" | "RGAF2009UTM20N" => 5490,
        "RGSPM06UTMZONE21N" | "RGSPM2006UTM21N" => 4467,
        zone => {
            let latitude: i64 = zone.rsplit_once("CC")?.1.parse().ok()?;
            if !(42..=50).contains(&latitude) {
                return None;
            }
            3900 + latitude
        }
    };
    from_code(code)
}

/// The code of the outermost node: the `AUTHORITY` or `ID` that closes the text. Codes further
/// inside belong to the datum, the ellipsoid or the unit.
fn outermost_code(wkt: &str) -> Option<i64> {
    let start = wkt.rfind("AUTHORITY[").or_else(|| wkt.rfind("ID["))?;
    let (node, rest) = wkt.get(start..)?.split_once(']')?;
    if rest.trim() != "]" {
        return None;
    }
    let mut arguments = node.split_once('[')?.1.split(',').map(|a| a.trim().trim_matches('"'));
    let authority = arguments.next()?;
    authority.eq_ignore_ascii_case("EPSG").then(|| arguments.next()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_geojson_are_understood() {
        for name in [
            "EPSG:2154",
            "urn:ogc:def:crs:EPSG::2154",
            "http://www.opengis.net/def/crs/EPSG/0/2154",
        ] {
            assert_eq!(from_name(name), Some(Crs::LAMBERT_93), "{name}");
        }
        assert_eq!(from_name("urn:ogc:def:crs:OGC:1.3:CRS84"), Some(Crs::WGS_84));
        assert_eq!(from_name("nothing"), None);
    }

    #[test]
    fn esri_names_and_authorities_are_understood_and_inner_codes_are_not_taken() {
        assert_eq!(
            from_wkt(r#"PROJCS["RGF93_Lambert_93",GEOGCS["GCS_RGF93",UNIT["Degree",0.017]]]"#),
            Some(Crs::LAMBERT_93)
        );
        assert_eq!(from_wkt(r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984"]]"#), Some(Crs::WGS_84));
        assert_eq!(
            from_wkt(r#"PROJCS["x",UNIT["metre",1,AUTHORITY["EPSG","9001"]]]"#),
            None,
            "the code of the unit is not that of the system"
        );
        assert_eq!(from_wkt(r#"PROJCS["x",AUTHORITY["EPSG","3946"]]"#).unwrap().epsg(), 3946);
        assert_eq!(from_wkt(r#"PROJCS["RGF93_CC46",GEOGCS["x"]]"#).unwrap().epsg(), 3946);
    }
}
