//! Which system a well-known text states.
//!
//! Texts of ESRI have no authority codes and other names. A system without a code is recognised by
//! its projection parameters and the name of its datum; where several systems fit equally, none is
//! taken.

use super::node::Node;
use crate::spatial::crs::definition::{Base, Definition, Projection, codes};
use crate::spatial::crs::name::{by_name, normalised};
use crate::spatial::{Crs, VerticalDatum};

const PROJECTED: [&str; 4] = ["PROJCS", "PROJCRS", "PROJECTEDCRS", "BASEPROJCRS"];
const GEOGRAPHIC: [&str; 6] =
    ["GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS", "BASEGEOGCRS"];
const VERTICAL: [&str; 4] = ["VERT_CS", "VERTCS", "VERTCRS", "VERTICALCRS"];

/// The first node below (and with) a root that has one of the keywords: compounds and bound
/// systems hold the one looked for.
fn find<'a>(root: &'a Node, keywords: &[&str]) -> Option<&'a Node> {
    if keywords.contains(&root.keyword.as_str()) {
        return Some(root);
    }
    let holders = ["COMPD_CS", "COMPOUNDCRS", "BOUNDCRS", "SOURCECRS"];
    if !holders.contains(&root.keyword.as_str()) {
        return None;
    }
    root.children.iter().find_map(|child| find(child, keywords))
}

/// The horizontal system of a text.
pub(in super::super) fn horizontal(text: &str) -> Option<Crs> {
    let root = Node::parse(text)?;
    if let Some(projected) = find(&root, &PROJECTED) {
        return match projected.epsg() {
            Some(code) => Crs::from_epsg(code).ok(),
            None => by_parameters(projected),
        };
    }
    let geographic = find(&root, &GEOGRAPHIC)?;
    match geographic.epsg() {
        Some(code) => Crs::from_epsg(code).ok(),
        None => by_name(geographic.name()).filter(|crs| crs.is_geographic()),
    }
}

/// The height datum of a text.
pub(in super::super) fn vertical(text: &str) -> Option<VerticalDatum> {
    let root = Node::parse(text)?;
    let vertical = find(&root, &VERTICAL)?;
    match vertical.epsg() {
        Some(code) => VerticalDatum::from_epsg(code),
        None => VerticalDatum::parse(vertical.name()),
    }
}

/// A projected system without a code.
fn by_parameters(projected: &Node) -> Option<Crs> {
    let projection = projection_of(projected)?;
    let base = projected.child(&GEOGRAPHIC);
    let names: Vec<String> = base
        .iter()
        .flat_map(|b| [Some(b.name()), b.child(&["DATUM"]).map(Node::name)])
        .flatten()
        .map(normalised)
        .collect();
    let candidates: Vec<Definition> = codes()
        .filter_map(Definition::of)
        .filter(|d| is_close(&d.projection, &projection))
        .collect();
    let is_named =
        |base: &Base| [base.name, base.datum].iter().any(|n| names.contains(&normalised(n)));
    let named = candidates.iter().find(|d| is_named(d.base));
    let by_own_name = || {
        let crs = by_name(projected.name()).or_else(|| Crs::parse(projected.name()).ok())?;
        candidates.iter().find(|d| d.epsg == crs.epsg())
    };
    // Only France uses the parameters of Lambert-93 and of the conic zones, so that they tell
    // the system even where the datum is called *unnamed*.
    let by_projection = || {
        candidates.first().filter(|d| matches!(d.projection, Projection::LambertConformal { .. }))
    };
    named
        .or_else(by_own_name)
        .or_else(by_projection)
        .and_then(|definition| Crs::from_epsg(definition.epsg).ok())
}

/// The projection parameters of a node, in metres and degrees from Greenwich.
fn projection_of(projected: &Node) -> Option<Projection> {
    let conversion = projected.child(&["CONVERSION"]);
    let holder = conversion.unwrap_or(projected);
    let method = normalised(holder.child(&["PROJECTION", "METHOD"])?.name());
    let unit = projected.child(&["UNIT", "LENGTHUNIT"]).and_then(|u| u.number(1));
    if unit.is_some_and(|factor| factor != 1.0) {
        return None;
    }
    let parameter = |names: &[&str]| {
        holder
            .children
            .iter()
            .filter(|c| c.keyword == "PARAMETER")
            .find(|c| names.contains(&normalised(c.name()).as_str()))
            .and_then(|c| c.number(1))
    };
    let lon_0 = parameter(&[
        "centralmeridian",
        "longitudeoffalseorigin",
        "longitudeofnaturalorigin",
        "longitudeoforigin",
    ])?;
    let lat_0 =
        parameter(&["latitudeoforigin", "latitudeoffalseorigin", "latitudeofnaturalorigin"]);
    let x_0 = parameter(&["falseeasting", "eastingatfalseorigin"])?;
    let y_0 = parameter(&["falsenorthing", "northingatfalseorigin"])?;
    if method.starts_with("lambertconformalconic") || method.starts_with("lambertconicconformal") {
        let lat_1 = parameter(&["standardparallel1", "latitudeof1ststandardparallel"])?;
        let lat_2 = parameter(&["standardparallel2", "latitudeof2ndstandardparallel"])?;
        return Some(Projection::LambertConformal { lat_1, lat_2, lat_0: lat_0?, lon_0, x_0, y_0 });
    }
    let is_transverse = method.starts_with("transversemercator") || method == "gausskruger";
    if is_transverse && lat_0.is_none_or(|v| v == 0.0) {
        let k_0 = parameter(&["scalefactor", "scalefactoratnaturalorigin"])?;
        return Some(Projection::TransverseMercator { lon_0, k_0, x_0, y_0 });
    }
    None
}

/// Equality of parameters to the digits that programs write; the two parallels in any order.
fn is_close(a: &Projection, b: &Projection) -> bool {
    let all_close = |pairs: &[(f64, f64)]| pairs.iter().all(|(u, v)| (u - v).abs() < 1e-6);
    match (*a, *b) {
        (
            Projection::LambertConformal { lat_1, lat_2, lat_0, lon_0, x_0, y_0 },
            Projection::LambertConformal {
                lat_1: other_1,
                lat_2: other_2,
                lat_0: other_lat,
                lon_0: other_lon,
                x_0: other_x,
                y_0: other_y,
            },
        ) => all_close(&[
            (lat_1.min(lat_2), other_1.min(other_2)),
            (lat_1.max(lat_2), other_1.max(other_2)),
            (lat_0, other_lat),
            (lon_0, other_lon),
            (x_0, other_x),
            (y_0, other_y),
        ]),
        (
            Projection::TransverseMercator { lon_0, k_0, x_0, y_0 },
            Projection::TransverseMercator {
                lon_0: other_lon,
                k_0: other_k,
                x_0: other_x,
                y_0: other_y,
            },
        ) => all_close(&[(lon_0, other_lon), (k_0, other_k), (x_0, other_x), (y_0, other_y)]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support;
    use proptest::prelude::*;

    /// Without the parts that state a code.
    fn without_authorities(text: &str) -> String {
        let mut plain = text.to_owned();
        for start in [",AUTHORITY[", ",ID["] {
            while let Some((before, after)) = plain.split_once(start) {
                plain = before.to_owned() + after.split_once(']').unwrap().1;
            }
        }
        plain
    }

    #[test]
    fn own_texts_are_recognised_by_code_and_by_parameters() {
        for code in codes() {
            let crs = Crs::from_epsg(code).unwrap();
            for text in [crs.to_wkt(), crs.to_wkt2()] {
                assert_eq!(Crs::from_wkt(&text), Some(crs));
                let plain = without_authorities(&text);
                assert!(!plain.contains("EPSG"));
                if !matches!(code, 3857 | 28992) {
                    assert_eq!(Crs::from_wkt(&plain), Some(crs), "{plain}");
                }
            }
        }
    }

    #[test]
    fn compounds_give_both_parts() {
        let text = Crs::LAMBERT_93.to_wkt_with_heights(VerticalDatum::NgfIgn78);
        assert_eq!(Crs::from_wkt(&text), Some(Crs::LAMBERT_93));
        assert_eq!(VerticalDatum::from_wkt(&text), Some(VerticalDatum::NgfIgn78));
        let plain = without_authorities(&text);
        assert_eq!(Crs::from_wkt(&plain), Some(Crs::LAMBERT_93));
        assert_eq!(VerticalDatum::from_wkt(&plain), Some(VerticalDatum::NgfIgn78));
        assert_eq!(VerticalDatum::from_wkt(&Crs::LAMBERT_93.to_wkt()), None);
    }

    #[test]
    fn sidecar_files_of_real_products() {
        for (file, expected) in [
            ("bdtopo/olemps-12174-v3-shp/BATIMENT.prj", Crs::LAMBERT_93),
            ("bdtopo/lyon-part-dieu/shp/polygon__lyonPartDieu__building.prj", Crs::WGS_84),
            ("surelevation/rennes-demo-01/BATIMENT.prj", Crs::LAMBERT_93),
            ("risks/flood_marks_herault/Reperes_crue_extrait_DDTM34.prj", Crs::LAMBERT_93),
            (
                "lidar/bresse-870000_6618000-bdtopo/870000_6618000.subset.postIA.prj",
                Crs::LAMBERT_93,
            ),
            (
                "risks/ppri_covadis_38ddt20130013_romanche-aval/N_PERIMETRE_PPRN_20130013_S_038.prj",
                Crs::LAMBERT_93,
            ),
        ] {
            if let Some(path) = test_support::data(file) {
                let text = std::fs::read_to_string(path).unwrap();
                assert_eq!(Crs::from_wkt(&text), Some(expected), "{file}");
            }
        }
    }

    #[test]
    fn a_lambert_93_without_datum_is_known_by_its_parameters() {
        // The text in the keys of an IGN orthophoto.
        let text = r#"PROJCS["EPSG:2154",GEOGCS["unknown",DATUM["unnamed",SPHEROID["unretrievable - using WGS84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic_2SP"],PARAMETER["latitude_of_origin",46.5],PARAMETER["central_meridian",3],PARAMETER["standard_parallel_1",49],PARAMETER["standard_parallel_2",44],PARAMETER["false_easting",700000],PARAMETER["false_northing",6600000],UNIT["metre",1]]"#;
        assert_eq!(Crs::from_wkt(text), Some(Crs::LAMBERT_93));
        // The same numbers in feet, or with another meridian, are something else.
        assert_eq!(Crs::from_wkt(&text.replace("[\"metre\",1]", "[\"foot\",0.3048]")), None);
        assert_eq!(Crs::from_wkt(&text.replace("meridian\",3", "meridian\",2")), None);
    }

    #[test]
    fn version_2_is_read() {
        let text = r#"PROJCRS["RGR92 / UTM zone 40S",BASEGEOGCRS["RGR92",DATUM["Reseau Geodesique de la Reunion 1992",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4627]],CONVERSION["UTM zone 40S",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",57,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.9996,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",10000000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["(E)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1]]ENDING]"#;
        let reunion = Crs::from_epsg(2975).ok();
        assert_eq!(Crs::from_wkt(&text.replace("ENDING", "")), reunion);
        assert_eq!(Crs::from_wkt(&text.replace("ENDING", r#",ID["EPSG",2975]"#)), reunion);
        // The datum decides between systems of equal projection.
        let mayotte = text.replace("RGR92", "RGM04").replace("40S", "38S").replace("57", "45");
        let mayotte = mayotte.replace("Reseau Geodesique de la Reunion 1992", "?");
        assert_eq!(Crs::from_wkt(&mayotte.replace("ENDING", "")), Crs::from_epsg(4471).ok());
        let unnamed = mayotte.replace("RGM04", "unknown").replace("ENDING", "");
        assert_eq!(Crs::from_wkt(&unnamed), None);
    }

    #[test]
    fn an_unknown_code_is_not_replaced_by_a_guess() {
        let text = Crs::LAMBERT_93.to_wkt().replace("\"2154\"", "\"99999\"");
        assert_eq!(Crs::from_wkt(&text), None);
        assert_eq!(Crs::from_wkt(""), None);
        assert_eq!(Crs::from_wkt("LOCAL_CS[\"site\"]"), None);
        assert_eq!(Crs::from_wkt(&"PROJCS[".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[A-Z\\[\\](),\"0-9. é]{0,200}") {
            let _ = Crs::from_wkt(&text);
            let _ = VerticalDatum::from_wkt(&text);
            let _ = Crs::parse(&text);
            let _ = VerticalDatum::parse(&text);
        }
    }
}
