//! Which place is meant: a commune, several, an extent, a polygon, a point with a radius.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use twin_core::spatial::{Crs, Extent, Geometry, Polygon, Transformer};
use twin_core::territory::{InseeCode, read_vector_in};
use twin_core::{Error, Result};

use crate::client::Client;
use crate::wfs::{Query, extent_of};

/// Largest extent that is fetched, m²: some communes of the mountains have 750 km².
const LARGEST_M2: f64 = 2.5e9;
/// Layer of the communes.
const COMMUNES: &str = "BDTOPO_V3:commune";

/// A place as a user gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// INSEE code of a commune.
    Insee(String),
    /// Name of a commune; several of one name are an error that lists them.
    Name(String),
    /// SIREN code of an intercommunality (EPCI).
    Epci(String),
    /// West, south, east, north in Lambert-93.
    Extent([f64; 4]),
    /// A vector file of polygons.
    Polygons(PathBuf),
    /// A point in Lambert-93 and a radius in metres.
    Around([f64; 2], f64),
}

/// The area that is fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Name, for files and titles.
    pub name: String,
    /// INSEE codes of its communes; of a plain extent those that it touches.
    pub insee: Vec<String>,
    /// Codes of the departments that the extent touches: two characters, three overseas.
    pub departments: BTreeSet<String>,
    /// Reference system of everything that is fetched.
    pub crs: Crs,
    /// Extent, with the buffer, on whole metres.
    pub extent: Extent,
}

impl Area {
    /// An extent of which nothing more is known.
    fn lambert_93(extent: Extent) -> Self {
        Self {
            name: "emprise".to_owned(),
            insee: Vec::new(),
            departments: BTreeSet::new(),
            crs: Crs::LAMBERT_93,
            extent,
        }
    }

    /// Longitudes and latitudes of its extent: west, south, east, north.
    ///
    /// # Errors
    /// Its reference system cannot be transformed.
    pub fn degrees(&self) -> Result<[f64; 4]> {
        Ok(Transformer::new(self.crs, Crs::WGS_84)?.extent(&self.extent).into())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Insee(code) => write!(f, "insee {code}"),
            Self::Name(name) => write!(f, "name {name}"),
            Self::Epci(siren) => write!(f, "epci {siren}"),
            Self::Extent(sides) => write!(f, "bbox {sides:?}"),
            Self::Polygons(path) => write!(f, "polygon {}", path.display()),
            Self::Around(at, radius_m) => write!(f, "around {at:?} {radius_m}"),
        }
    }
}

impl Place {
    /// Finds the place and widens its extent by a buffer in metres.
    ///
    /// # Errors
    /// There is no such place, or several of its name; it is too large.
    pub fn find(&self, client: &Client, buffer_m: f64) -> Result<Area> {
        if !(0.0..=20_000.0).contains(&buffer_m) {
            return Err(Error::input(
                "--buffer",
                "donner une marge de 0 à 20000 m",
                "give a buffer of 0 to 20000 m",
            ));
        }
        let mut area = self.plain(client)?;
        let [west, south, east, north] = <[f64; 4]>::from(area.extent.buffered(buffer_m));
        let whole = Extent::new(west.floor(), south.floor(), east.ceil(), north.ceil());
        area.extent = whole.filter(|e| e.area() > 0.0).ok_or_else(empty)?;
        if area.extent.area() > LARGEST_M2 {
            let km2 = area.extent.area() / 1e6;
            return Err(Error::input(
                &area.name,
                format!("{km2:.0} km² ; donner une emprise de {:.0} km² au plus", LARGEST_M2 / 1e6),
                format!("{km2:.0} km²; give an extent of {:.0} km² at most", LARGEST_M2 / 1e6),
            ));
        }
        let within = communes(client, Which::Within(area.extent), area.crs)?;
        let within: Vec<String> = within.into_iter().flat_map(|commune| commune.insee).collect();
        area.departments =
            within.iter().chain(&area.insee).filter_map(|code| department(code)).collect();
        if area.insee.is_empty() {
            area.insee = within;
        }
        Ok(area)
    }

    fn plain(&self, client: &Client) -> Result<Area> {
        match self {
            Self::Insee(code) => {
                let code = InseeCode::new(code).ok_or_else(|| {
                    Error::input(
                        "--insee",
                        format!("« {code} » n'est pas un code INSEE : cinq caractères, comme 12174 ou 2A004"),
                        format!("\"{code}\" is no INSEE code: five characters, as in 12174 or 2A004"),
                    )
                })?;
                let code = code.to_string();
                let filter = format!("code_insee='{code}'");
                let found = communes(client, Which::Matching(filter), crs_of(&code))?;
                one(found, &code, "--insee")
            }
            Self::Name(name) => {
                let quoted = name.trim().replace('\'', "''");
                let filter = format!("nom_officiel='{quoted}'");
                let found = communes(client, Which::Matching(filter), Crs::LAMBERT_93)?;
                let area = one(found, name, "--name")?;
                // Overseas the names come in Lambert-93, which does not reach there.
                match area.insee.first().map(|code| crs_of(code)) {
                    Some(crs) if crs != Crs::LAMBERT_93 => {
                        Self::Insee(area.insee[0].clone()).plain(client)
                    }
                    _ => Ok(area),
                }
            }
            Self::Epci(siren) => {
                if siren.len() != 9 || !siren.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(Error::input(
                        "--epci",
                        format!("« {siren} » n'est pas un code SIREN : neuf chiffres"),
                        format!("\"{siren}\" is no SIREN code: nine digits"),
                    ));
                }
                let filter = format!("codes_siren_des_epci LIKE '%{siren}%'");
                let found = communes(client, Which::Matching(filter.clone()), Crs::LAMBERT_93)?;
                let area = together(found, siren)?;
                // Overseas communes come in Lambert-93 too, which does not reach there.
                match area.insee.first().map(|code| crs_of(code)) {
                    Some(crs) if crs != Crs::LAMBERT_93 => {
                        together(communes(client, Which::Matching(filter), crs)?, siren)
                    }
                    _ => Ok(area),
                }
            }
            Self::Extent([west, south, east, north]) => {
                let extent = Extent::new(*west, *south, *east, *north).ok_or_else(empty)?;
                Ok(Area::lambert_93(extent))
            }
            Self::Polygons(path) => {
                let tables = read_vector_in(path, Crs::LAMBERT_93)?;
                let geometries =
                    tables.iter().flat_map(|t| &t.features).filter_map(|f| f.geometry.as_ref());
                let polygons: Vec<Polygon> =
                    geometries.flat_map(|g| g.polygons().iter().cloned()).collect();
                let extent = Geometry::Polygons(polygons).extent().ok_or_else(|| {
                    Error::input(
                        path.display().to_string(),
                        "aucune surface dans ce fichier ; donner des polygones",
                        "no area in this file; give polygons",
                    )
                })?;
                let name =
                    path.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into());
                Ok(Area { name, ..Area::lambert_93(extent) })
            }
            Self::Around([x, y], radius_m) => {
                if !(*radius_m > 0.0 && radius_m.is_finite()) {
                    return Err(Error::input(
                        "--around",
                        "donner un rayon positif en mètres",
                        "give a positive radius in metres",
                    ));
                }
                Self::Extent([x - radius_m, y - radius_m, x + radius_m, y + radius_m]).plain(client)
            }
        }
    }
}

/// The department of a commune by its code.
fn department(insee: &str) -> Option<String> {
    let length = if insee.starts_with("97") { 3 } else { 2 };
    insee.get(..length).map(str::to_owned)
}

fn empty() -> Error {
    Error::input(
        "--bbox",
        "l'emprise est vide ; donner ouest,sud,est,nord en mètres (Lambert-93)",
        "the extent is empty; give west,south,east,north in metres (Lambert-93)",
    )
}

/// The legal reference system of a commune by its code.
fn crs_of(insee: &str) -> Crs {
    let epsg = match insee.get(..3) {
        Some("971" | "972" | "977" | "978") => "EPSG:5490",
        Some("973") => "EPSG:2972",
        Some("974") => "EPSG:2975",
        Some("976") => "EPSG:4471",
        Some("975") => "EPSG:4467",
        _ => "EPSG:2154",
    };
    Crs::parse(epsg).unwrap_or(Crs::LAMBERT_93)
}

/// Which communes are asked for.
enum Which {
    /// Those of a filter in CQL.
    Matching(String),
    /// Those that touch an extent.
    Within(Extent),
}

fn communes(client: &Client, which: Which, crs: Crs) -> Result<Vec<Area>> {
    let (extent, filter) = match which {
        Which::Matching(filter) => (None, Some(filter)),
        Which::Within(extent) => (Some(extent), None),
    };
    let query = Query { layer: COMMUNES, crs, extent, filter, sort_by: Some("cleabs") };
    let mut found = Vec::new();
    query.features(client, |feature| {
        let text = |key: &str| {
            feature
                .pointer(&format!("/properties/{key}"))
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let extent = feature.get("geometry").and_then(extent_of);
        if let (Some(insee), Some(extent)) = (text("code_insee"), extent) {
            let name = text("nom_officiel").unwrap_or_else(|| insee.clone());
            found.push(Area { name, insee: vec![insee], crs, ..Area::lambert_93(extent) });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The one commune of a code or name.
fn one(mut found: Vec<Area>, asked: &str, option: &str) -> Result<Area> {
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::input(
            option,
            format!("aucune commune « {asked} » ; vérifier le code ou le nom officiel"),
            format!("no commune \"{asked}\"; check the code or the official name"),
        )),
        count => {
            let codes: Vec<String> =
                found.iter().map(|a| format!("{} ({})", a.insee.join(" "), a.name)).collect();
            Err(Error::input(
                option,
                format!(
                    "{count} communes se nomment « {asked} » : {} ; en choisir une par --insee",
                    codes.join(", ")
                ),
                format!(
                    "{count} communes are named \"{asked}\": {}; choose one with --insee",
                    codes.join(", ")
                ),
            ))
        }
    }
}

/// All communes of an intercommunality as one area.
fn together(found: Vec<Area>, siren: &str) -> Result<Area> {
    let mut all: Option<Area> = None;
    for area in found {
        all = Some(match all {
            None => Area { name: format!("epci-{siren}"), ..area },
            Some(mut known) => {
                known.insee.extend(area.insee);
                known.extent = known.extent.union(&area.extent);
                known
            }
        });
    }
    all.ok_or_else(|| {
        Error::input(
            "--epci",
            format!("aucune commune de l'EPCI {siren} ; vérifier son code SIREN"),
            format!("no commune of the EPCI {siren}; check its SIREN code"),
        )
    })
}
