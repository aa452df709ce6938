//! Well-known text of reference systems: read what programs write, write what they read.
//!
//! OGC 01-009 (version 1), OGC 18-010r7 (version 2), and the dialect of ESRI, which has no
//! authority codes and other names. A system without a code is recognised by its projection
//! parameters and the name of its datum; where several systems fit equally, none is taken.

use std::fmt::Write as _;

use super::definition::{Base, Definition, Ellipsoid, Projection, codes};
use super::name::{by_name, normalised};
use super::{Crs, VerticalDatum};

/// Deepest nesting that is followed; real texts stay below ten.
const DEEPEST: usize = 32;

/// `KEYWORD[value, …]`.
#[derive(Debug, Default)]
struct Node {
    keyword: String,
    /// Quoted texts, numbers and bare words, in order.
    values: Vec<String>,
    children: Vec<Node>,
}

impl Node {
    fn parse(text: &str) -> Option<Self> {
        let mut characters = text.trim().chars().peekable();
        Self::parse_from(&mut characters, DEEPEST)
    }

    fn parse_from(
        characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
        depth: usize,
    ) -> Option<Self> {
        let keyword = word(characters);
        if depth == 0 || keyword.is_empty() || !matches!(characters.next()?, '[' | '(') {
            return None;
        }
        let mut node = Self { keyword: keyword.to_ascii_uppercase(), ..Self::default() };
        loop {
            skip_blanks(characters);
            match *characters.peek()? {
                ']' | ')' => {
                    characters.next();
                    skip_blanks(characters);
                    return Some(node);
                }
                ',' => {
                    characters.next();
                }
                '"' => node.values.push(quoted(characters)?),
                _ => {
                    // A value or the keyword of a child: what follows the word tells.
                    let mut ahead = characters.clone();
                    let value = word(&mut ahead);
                    if matches!(ahead.peek(), Some('[' | '(')) {
                        node.children.push(Self::parse_from(characters, depth - 1)?);
                    } else if value.is_empty() {
                        return None;
                    } else {
                        node.values.push(value);
                        *characters = ahead;
                    }
                }
            }
        }
    }

    fn child(&self, keywords: &[&str]) -> Option<&Self> {
        self.children.iter().find(|c| keywords.contains(&c.keyword.as_str()))
    }

    fn name(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn number(&self, index: usize) -> Option<f64> {
        self.values.get(index)?.parse().ok()
    }

    /// Code by the authority EPSG, of this node itself.
    fn epsg(&self) -> Option<u32> {
        let authority = self
            .children
            .iter()
            .rfind(|c| matches!(c.keyword.as_str(), "AUTHORITY" | "ID"))
            .filter(|c| c.name().eq_ignore_ascii_case("EPSG"))?;
        authority.values.get(1)?.trim().parse().ok()
    }
}

fn skip_blanks(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while characters.next_if(|c| c.is_whitespace()).is_some() {}
}

fn word(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    skip_blanks(characters);
    let mut word = String::new();
    while let Some(c) = characters.next_if(|c| c.is_ascii_alphanumeric() || "_.+-".contains(*c)) {
        word.push(c);
    }
    skip_blanks(characters);
    word
}

/// A quoted text; a doubled quote stands for one.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    characters.next();
    let mut text = String::new();
    loop {
        match characters.next()? {
            '"' if characters.next_if_eq(&'"').is_none() => return Some(text),
            c => text.push(c),
        }
    }
}

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
pub(super) fn horizontal(text: &str) -> Option<Crs> {
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
pub(super) fn vertical(text: &str) -> Option<VerticalDatum> {
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

/// Well-known text of version 1.
pub(super) fn write(definition: &Definition) -> String {
    let geographic = write_base(definition.base);
    let parameters: (&str, Vec<(&str, f64)>) = match definition.projection {
        Projection::Geographic => return geographic,
        Projection::LambertConformal { lat_1, lat_2, lat_0, lon_0, x_0, y_0 } => (
            "Lambert_Conformal_Conic_2SP",
            vec![
                ("latitude_of_origin", lat_0),
                ("central_meridian", lon_0),
                ("standard_parallel_1", lat_1),
                ("standard_parallel_2", lat_2),
                ("false_easting", x_0),
                ("false_northing", y_0),
            ],
        ),
        Projection::TransverseMercator { lon_0, k_0, x_0, y_0 } => (
            "Transverse_Mercator",
            vec![
                ("latitude_of_origin", 0.0),
                ("central_meridian", lon_0),
                ("scale_factor", k_0),
                ("false_easting", x_0),
                ("false_northing", y_0),
            ],
        ),
        Projection::WebMercator => (
            "Mercator_1SP",
            vec![
                ("central_meridian", 0.0),
                ("scale_factor", 1.0),
                ("false_easting", 0.0),
                ("false_northing", 0.0),
            ],
        ),
        Projection::ObliqueStereographic { lat_0, lon_0, k_0, x_0, y_0 } => (
            "Oblique_Stereographic",
            vec![
                ("latitude_of_origin", lat_0),
                ("central_meridian", lon_0),
                ("scale_factor", k_0),
                ("false_easting", x_0),
                ("false_northing", y_0),
            ],
        ),
    };
    let (method, values) = parameters;
    let mut text = format!("PROJCS[\"{}\",{geographic},PROJECTION[\"{method}\"]", definition.name);
    for (name, value) in values {
        // Writing to a String cannot fail.
        let _ = write!(text, ",PARAMETER[\"{name}\",{value}]");
    }
    text.push_str(METRE);
    text.push_str(",AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]");
    if definition.projection == Projection::WebMercator {
        // Version 1 cannot say that the sphere is only for display; this is what programs expect.
        text.push_str(",EXTENSION[\"PROJ4\",\"+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs\"]");
    }
    let _ = write!(text, "{}]", authority(definition.epsg));
    text
}

const METRE: &str = ",UNIT[\"metre\",1,AUTHORITY[\"EPSG\",\"9001\"]]";

/// Well-known text of version 1 with a height datum.
pub(super) fn write_compound(definition: &Definition, datum: VerticalDatum) -> String {
    let horizontal = write(definition);
    let Some((name, datum_name, datum_epsg, epsg)) = datum.registration() else {
        return horizontal;
    };
    format!(
        "COMPD_CS[\"{} + {name}\",{horizontal},VERT_CS[\"{name}\",VERT_DATUM[\"{datum_name}\",2005{}]{METRE},AXIS[\"Gravity-related height\",UP]{}]]",
        definition.name,
        authority(datum_epsg),
        authority(epsg),
    )
}

fn write_base(base: &Base) -> String {
    let Ellipsoid { epsg, name, semi_major_m, inverse_flattening, .. } = base.ellipsoid;
    format!(
        "GEOGCS[\"{}\",DATUM[\"{}\",SPHEROID[\"{name}\",{semi_major_m},{inverse_flattening}{}]{}],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]]{}]",
        base.name,
        base.datum,
        authority(*epsg),
        authority(base.datum_epsg),
        authority(base.epsg),
    )
}

fn authority(epsg: u32) -> String {
    format!(",AUTHORITY[\"EPSG\",\"{epsg}\"]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support;
    use proptest::prelude::*;

    /// Without the parts that state a code.
    fn without_authorities(text: &str) -> String {
        let mut rest = text;
        let mut plain = String::new();
        while let Some((before, after)) = rest.split_once(",AUTHORITY[") {
            plain.push_str(before);
            rest = after.split_once(']').unwrap().1;
        }
        plain + rest
    }

    #[test]
    fn own_text_is_recognised_by_code_and_by_parameters() {
        for code in codes() {
            let crs = Crs::from_epsg(code).unwrap();
            assert_eq!(Crs::from_wkt(&crs.to_wkt()), Some(crs));
            let plain = without_authorities(&crs.to_wkt());
            assert!(!plain.contains("EPSG"));
            if !matches!(code, 3857 | 28992) {
                assert_eq!(Crs::from_wkt(&plain), Some(crs), "{plain}");
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

    #[test]
    fn proj_reads_the_text_as_the_same_code() {
        for code in [2154, 9794, 3946, 5490, 2972, 2975, 4471, 4467, 4326, 4171, 3857, 32631, 28992]
        {
            let crs = Crs::from_epsg(code).unwrap();
            let arguments = ["-o", "wkt1", "--single-line", &crs.to_wkt()].map(str::to_owned);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let Some(ours) = test_support::tool("gdalsrsinfo", &arguments) else { return };
            let registered = format!("EPSG:{code}");
            let Some(theirs) =
                test_support::tool("gdalsrsinfo", &["-o", "wkt1", "--single-line", &registered])
            else {
                return;
            };
            assert!(ours.status.success(), "{}", String::from_utf8_lossy(&ours.stderr));
            let text = |o: &std::process::Output| String::from_utf8_lossy(&o.stdout).into_owned();
            assert!(text(&ours).contains(&format!("AUTHORITY[\"EPSG\",\"{code}\"]")));
            // Names of the axes differ among programs.
            let body = |t: String| t.split(",AXIS").next().unwrap_or_default().trim().to_owned();
            assert_eq!(body(text(&ours)), body(text(&theirs)));
        }
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
