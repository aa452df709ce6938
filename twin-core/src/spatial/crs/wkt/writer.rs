//! Both versions of well-known text from the one table of systems.

use std::fmt::Write;

use crate::spatial::VerticalDatum;
use crate::spatial::crs::definition::{Base, Definition, Ellipsoid, Projection};

/// A projection method as the two versions name it.
struct Method {
    name_1: &'static str,
    name_2: &'static str,
    epsg: u32,
    parameters: Vec<Parameter>,
}

/// A parameter of a method. A version that has no such parameter gives it no name.
struct Parameter {
    name_1: &'static str,
    name_2: &'static str,
    unit: &'static str,
    value: f64,
}

const DEGREE: &str = "ANGLEUNIT[\"degree\",0.0174532925199433]";
const METRE: &str = "LENGTHUNIT[\"metre\",1]";
const UNITY: &str = "SCALEUNIT[\"unity\",1]";
const METRE_1: &str = ",UNIT[\"metre\",1,AUTHORITY[\"EPSG\",\"9001\"]]";

impl Method {
    /// `None` for longitude and latitude.
    fn of(projection: &Projection) -> Option<Self> {
        let angle = |name_1, name_2, value| Parameter { name_1, name_2, unit: DEGREE, value };
        let length = |name_1, name_2, value| Parameter { name_1, name_2, unit: METRE, value };
        let scale =
            |name_2, value| Parameter { name_1: "scale_factor", name_2, unit: UNITY, value };
        let natural_latitude = |name_1, value| angle(name_1, "Latitude of natural origin", value);
        let natural_longitude =
            |value| angle("central_meridian", "Longitude of natural origin", value);
        let natural_scale = |value| scale("Scale factor at natural origin", value);
        let false_easting = |value| length("false_easting", "False easting", value);
        let false_northing = |value| length("false_northing", "False northing", value);
        Some(match *projection {
            Projection::Geographic => return None,
            Projection::LambertConformal { lat_1, lat_2, lat_0, lon_0, x_0, y_0 } => Self {
                name_1: "Lambert_Conformal_Conic_2SP",
                name_2: "Lambert Conic Conformal (2SP)",
                epsg: 9802,
                parameters: vec![
                    angle("latitude_of_origin", "Latitude of false origin", lat_0),
                    angle("central_meridian", "Longitude of false origin", lon_0),
                    angle("standard_parallel_1", "Latitude of 1st standard parallel", lat_1),
                    angle("standard_parallel_2", "Latitude of 2nd standard parallel", lat_2),
                    length("false_easting", "Easting at false origin", x_0),
                    length("false_northing", "Northing at false origin", y_0),
                ],
            },
            Projection::TransverseMercator { lon_0, k_0, x_0, y_0 } => Self {
                name_1: "Transverse_Mercator",
                name_2: "Transverse Mercator",
                epsg: 9807,
                parameters: vec![
                    natural_latitude("latitude_of_origin", 0.0),
                    natural_longitude(lon_0),
                    natural_scale(k_0),
                    false_easting(x_0),
                    false_northing(y_0),
                ],
            },
            Projection::WebMercator => Self {
                name_1: "Mercator_1SP",
                name_2: "Popular Visualisation Pseudo Mercator",
                epsg: 1024,
                parameters: vec![
                    natural_latitude("", 0.0),
                    natural_longitude(0.0),
                    scale("", 1.0),
                    false_easting(0.0),
                    false_northing(0.0),
                ],
            },
            Projection::ObliqueStereographic { lat_0, lon_0, k_0, x_0, y_0 } => Self {
                name_1: "Oblique_Stereographic",
                name_2: "Oblique Stereographic",
                epsg: 9809,
                parameters: vec![
                    natural_latitude("latitude_of_origin", lat_0),
                    natural_longitude(lon_0),
                    natural_scale(k_0),
                    false_easting(x_0),
                    false_northing(y_0),
                ],
            },
        })
    }
}

/// Well-known text of version 1.
pub(in super::super) fn version_1(definition: &Definition) -> String {
    let geographic = base_1(definition.base);
    let Some(method) = Method::of(&definition.projection) else { return geographic };
    let mut text =
        format!("PROJCS[\"{}\",{geographic},PROJECTION[\"{}\"]", definition.name, method.name_1);
    for Parameter { name_1, value, .. } in method.parameters.iter().filter(|p| !p.name_1.is_empty())
    {
        // Writing to a String cannot fail.
        let _ = write!(text, ",PARAMETER[\"{name_1}\",{value}]");
    }
    text.push_str(METRE_1);
    text.push_str(",AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]");
    if definition.projection == Projection::WebMercator {
        // Version 1 cannot say that the sphere is only for display; this is what programs expect.
        text.push_str(",EXTENSION[\"PROJ4\",\"+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs\"]");
    }
    let _ = write!(text, "{}]", authority(definition.epsg));
    text
}

/// Well-known text of version 1 with a height datum.
pub(in super::super) fn version_1_with_heights(
    definition: &Definition,
    datum: VerticalDatum,
) -> String {
    let horizontal = version_1(definition);
    let Some((name, datum_name, datum_epsg, epsg)) = datum.registration() else {
        return horizontal;
    };
    format!(
        "COMPD_CS[\"{} + {name}\",{horizontal},VERT_CS[\"{name}\",VERT_DATUM[\"{datum_name}\",2005{}]{METRE_1},AXIS[\"Gravity-related height\",UP]{}]]",
        definition.name,
        authority(datum_epsg),
        authority(epsg),
    )
}

fn base_1(base: &Base) -> String {
    let Ellipsoid { epsg, name, semi_major_m, inverse_flattening, .. } = base.ellipsoid;
    // Names of this version have no blanks, and one is short.
    let datum = match base.datum {
        "World Geodetic System 1984" => "WGS_1984".to_owned(),
        registered => registered.replace(' ', "_"),
    };
    format!(
        "GEOGCS[\"{}\",DATUM[\"{datum}\",SPHEROID[\"{name}\",{semi_major_m},{inverse_flattening}{}]{}],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]]{}]",
        base.name,
        authority(*epsg),
        authority(base.datum_epsg),
        authority(base.epsg),
    )
}

fn authority(epsg: u32) -> String {
    format!(",AUTHORITY[\"EPSG\",\"{epsg}\"]")
}

/// Well-known text of version 2.
pub(in super::super) fn version_2(definition: &Definition) -> String {
    let Definition { epsg, name, base, projection, .. } = definition;
    let Ellipsoid { name: ellipsoid, semi_major_m, inverse_flattening, .. } = base.ellipsoid;
    let datum = format!(
        "DATUM[\"{}\",ELLIPSOID[\"{ellipsoid}\",{semi_major_m},{inverse_flattening},{METRE}]],\
         PRIMEM[\"Greenwich\",0,{DEGREE}]",
        base.datum
    );
    let Some(method) = Method::of(projection) else {
        return format!(
            "GEOGCRS[\"{name}\",{datum},CS[ellipsoidal,2],AXIS[\"geodetic latitude (Lat)\",north,\
             ORDER[1],{DEGREE}],AXIS[\"geodetic longitude (Lon)\",east,ORDER[2],{DEGREE}],\
             ID[\"EPSG\",{epsg}]]"
        );
    };
    // *Lambert-93* of *RGF93 v1 / Lambert-93*.
    let conversion = name.rsplit(" / ").next().unwrap_or(name);
    let mut text = format!(
        "PROJCRS[\"{name}\",BASEGEOGCRS[\"{}\",{datum},ID[\"EPSG\",{}]],\
         CONVERSION[\"{conversion}\",METHOD[\"{}\",ID[\"EPSG\",{}]]",
        base.name, base.epsg, method.name_2, method.epsg
    );
    for Parameter { name_2, unit, value, .. } in
        method.parameters.iter().filter(|p| !p.name_2.is_empty())
    {
        let _ = write!(text, ",PARAMETER[\"{name_2}\",{value},{unit}]");
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
    use crate::spatial::Crs;
    use crate::test_support;

    #[test]
    fn version_2_balances_its_brackets_and_ends_with_the_code() {
        for code in [2154, 3942, 3950, 5490, 4467, 2972, 4471, 2975, 4326, 4171, 3857, 28992] {
            let text = Crs::from_epsg(code).unwrap().to_wkt2();
            assert_eq!(text.matches('[').count(), text.matches(']').count());
            assert!(text.ends_with(&format!("ID[\"EPSG\",{code}]]")), "{text}");
        }
        let lambert = Crs::LAMBERT_93.to_wkt2();
        assert!(lambert.contains("PARAMETER[\"Northing at false origin\",6600000,"), "{lambert}");
    }

    #[test]
    fn proj_reads_version_1_as_the_same_code() {
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
}
