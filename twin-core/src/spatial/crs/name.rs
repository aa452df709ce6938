//! Reference systems by the ways in which files and people write them.

use super::Crs;
use super::definition::{Definition, codes};

/// The code in `EPSG:2154`, `urn:ogc:def:crs:EPSG::2154`, `…/def/crs/EPSG/0/2154` and
/// `…/epsg.xml#2154`.
pub(super) fn epsg_code(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    let is_url = lower.starts_with("http://") || lower.starts_with("https://");
    let (head, code) = lower.rsplit_once([':', '/', '#'])?;
    let is_epsg = match head {
        "epsg" => true,
        head if head.starts_with("urn:") => {
            head.contains(":crs:epsg:") || head.ends_with(":crs:epsg")
        }
        head => is_url && (head.contains("/crs/epsg/") || head.ends_with("/epsg.xml")),
    };
    let is_number = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
    if is_epsg && is_number { code.parse().ok() } else { None }
}

/// A system by its name with another authority: OGC, and IGN-F as in the services of IGN.
pub(super) fn authority_name(text: &str) -> Option<Crs> {
    let upper = text.trim().to_ascii_uppercase();
    let name = upper.rsplit([':', '/', '#']).next()?;
    let is_ogc = upper.contains("OGC") || upper == "CRS:84";
    let is_ignf = upper.contains("IGNF");
    let epsg = match name {
        "CRS84" | "84" if is_ogc || upper == "CRS:84" => 4326,
        "LAMB93" if is_ignf => 2154,
        "WGS84G" if is_ignf => 4326,
        "RGF93G" if is_ignf => 4171,
        "RGAF09UTM20" | "UTM20RGAF09" if is_ignf => 5490,
        "UTM22RGFG95" | "RGFG95UTM22" if is_ignf => 2972,
        "RGR92UTM40S" if is_ignf => 2975,
        "RGM04UTM38S" if is_ignf => 4471,
        "RGSPM06U21" if is_ignf => 4467,
        _ => return None,
    };
    Crs::from_epsg(epsg).ok()
}

/// A system by its registered name or a variant of it.
pub(super) fn by_name(text: &str) -> Option<Crs> {
    let wanted = normalised(text);
    if wanted.is_empty() {
        return None;
    }
    if wanted == "lambert93" {
        return Some(Crs::LAMBERT_93);
    }
    codes()
        .find(|&code| Definition::of(code).is_some_and(|d| normalised(&d.name) == wanted))
        .and_then(|code| Crs::from_epsg(code).ok())
}

/// Letters and digits only, without what programs write differently: `GCS_` and `D_` in front,
/// years of four digits, the word *zone*, the version of RGF93 that used to be the only one.
pub(super) fn normalised(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let lower = lower.strip_prefix("gcs_").or(lower.strip_prefix("d_")).unwrap_or(&lower);
    let mut plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    for (from, to) in [
        ("reseaugeodesiquefrancais", "rgf"),
        ("worldgeodeticsystem", "wgs"),
        ("rgf1993", "rgf93"),
        ("rgf93v1", "rgf93"),
        ("wgs1984", "wgs84"),
        ("etrs1989", "etrs89"),
        ("rgr1992", "rgr92"),
        ("rgfg1995", "rgfg95"),
        ("rgm2004", "rgm04"),
        ("rgm2023", "rgm23"),
        ("rgaf2009", "rgaf09"),
        ("rgspm2006", "rgspm06"),
        ("nad1983", "nad83"),
        ("zone", ""),
    ] {
        plain = plain.replace(from, to);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_common_programs() {
        for (name, epsg) in [
            ("RGF93 v1 / Lambert-93", 2154),
            ("RGF93 / Lambert-93", 2154),
            ("RGF93_Lambert_93", 2154),
            ("RGF_1993_Lambert_93", 2154),
            ("RGF93_v1_Lambert-93", 2154),
            ("Lambert 93", 2154),
            ("RGF93 v2b / Lambert-93", 9794),
            ("RGF_1993_CC43", 3943),
            ("WGS_1984_UTM_Zone_31N", 32631),
            ("WGS 84 / UTM zone 40S", 32740),
            ("RGAF09_UTM_Zone_20N", 5490),
            ("RGR_1992_UTM_40S", 2975),
            ("RGFG_1995_UTM_22N", 2972),
            ("GCS_WGS_1984", 4326),
            ("GCS_RGF_1993", 4171),
        ] {
            assert_eq!(by_name(name).map(Crs::epsg), Some(epsg), "{name}");
        }
        for name in ["", "unnamed", "unknown", "Lambert", "NTF / Lambert zone II"] {
            assert_eq!(by_name(name), None, "{name}");
        }
    }
}
