//! Functions of damage by depth, as data.
//!
//! A table has the columns `fonction;unite;usage;etages;sous_sol;duree_h;hauteur_m;dommage`, one row
//! for each point of a function, so that the national functions of the multi-criteria analysis (AMC,
//! CGDD 2018) can be written as they are published: one function for the building, one for its
//! contents, one for basements, by storeys and by duration. The damage of a building is the sum over
//! the functions (`fonction`) of the one whose conditions it meets, the most particular of several.
//! Between points the damage is linear; below the first it is 0, beyond the last that of the last.
//!
//! | column | values |
//! |---|---|
//! | `fonction` | name, such as `bati`, `mobilier`, `sous-sol` |
//! | `unite` | `fraction` of the value of the floors in the water, `eur_m2` of footprint, `eur_logement` on the ground floor, `eur_batiment` |
//! | `usage` | `usage_1` of BD TOPO, or `*` |
//! | `etages` | `1`, `2`, `2+` … ground floor included, or `*` |
//! | `sous_sol` | `oui`, `non` or `*` |
//! | `duree_h` | longest duration in hours for which it holds, or `*` |
//! | `hauteur_m` | water above the ground floor, metres; negative below it |
//! | `dommage` | damage in that unit |

use std::path::Path;

use twin_core::territory::{BuildingUse, Label as _};
use twin_core::{Error, FileProblem, Result};

use crate::parameters::Parameters;

const COLUMNS: [&str; 8] =
    ["fonction", "unite", "usage", "etages", "sous_sol", "duree_h", "hauteur_m", "dommage"];
/// The European curves.
const JRC: &str = include_str!("../tables/jrc_europe.csv");

/// What a damage is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Share of the value of the floors in the water.
    Fraction,
    /// Euros by square metre of footprint.
    PerSquareMetre,
    /// Euros by dwelling on the ground floor.
    PerDwelling,
    /// Euros by building.
    PerBuilding,
}

/// Damage by depth of the buildings that meet its conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct DamageFunction {
    /// Name; the damages of functions of different names add up.
    pub name: String,
    /// What its damage is counted by.
    pub basis: Basis,
    /// Use; `None`: any.
    pub use_1: Option<String>,
    /// Least and most storeys; `None`: any, or not known.
    pub storeys: Option<[u32; 2]>,
    /// With or without a basement; `None`: either, or not known.
    pub basement: Option<bool>,
    /// Longest duration, hours; `None`: any.
    pub longest_h: Option<f64>,
    /// Depth above the ground floor (m) and damage, by depth.
    pub points: Vec<[f64; 2]>,
}

impl DamageFunction {
    /// Damage at a depth above the ground floor.
    pub fn at(&self, depth_m: f64) -> f64 {
        let next = self.points.partition_point(|p| p[0] < depth_m);
        match (next.checked_sub(1).map(|i| self.points[i]), self.points.get(next)) {
            (Some([d0, v0]), Some([d1, v1])) => v0 + (v1 - v0) * (depth_m - d0) / (d1 - d0),
            (Some([_, last]), None) => last,
            (None, Some([first, value])) if *first == depth_m => *value,
            (None, _) => 0.0,
        }
    }

    /// How many conditions it states.
    fn particularity(&self) -> usize {
        usize::from(self.use_1.is_some())
            + usize::from(self.storeys.is_some())
            + usize::from(self.basement.is_some())
            + usize::from(self.longest_h.is_some())
    }

    fn holds_for(&self, of: &Conditions<'_>) -> bool {
        let same_use = self.use_1.as_ref().is_none_or(|u| Some(u.as_str()) == of.use_1);
        let storeys = self.storeys.is_none_or(|[low, high]| {
            of.storeys.is_some_and(|storeys| (low..=high).contains(&storeys))
        });
        let basement = self.basement.is_none_or(|b| of.basement == Some(b));
        // Unknown is taken as long: the damage is not understated.
        let duration = self.longest_h.is_none_or(|h| of.duration_h.is_some_and(|d| d <= h));
        same_use && storeys && basement && duration
    }
}

/// What decides which functions hold for a building.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conditions<'a> {
    /// Use (`usage_1`).
    pub use_1: Option<&'a str>,
    /// Storeys, ground floor included.
    pub storeys: Option<u32>,
    /// Whether it has a basement.
    pub basement: Option<bool>,
    /// How long the water stands, hours.
    pub duration_h: Option<f64>,
}

/// A table of damage functions.
#[derive(Debug, Clone, PartialEq)]
pub struct DamageTable {
    /// Its functions.
    pub functions: Vec<DamageFunction>,
    /// Where it comes from, for the report.
    pub source: String,
}

impl DamageTable {
    /// The table that parameters name, or the European curves.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn of(parameters: &Parameters) -> Result<Self> {
        match &parameters.damage.functions {
            Some(path) => Self::read(Path::new(path)),
            None => Self::jrc(),
        }
    }

    /// The European curves of the JRC.
    ///
    /// # Errors
    /// None: a test reads it.
    pub fn jrc() -> Result<Self> {
        let source = "JRC, Huizinga et al. 2017, Europe".to_owned();
        Ok(Self { functions: parse(Path::new("jrc_europe.csv"), JRC.as_bytes())?, source })
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The file cannot be read, lacks a column, or a row says what cannot be.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::read(path))?;
        let source =
            path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        Ok(Self { functions: parse(path, &bytes)?, source })
    }

    /// The functions that hold for a building: the most particular of each name, the first of equals.
    pub fn functions_for(&self, of: &Conditions<'_>) -> Vec<&DamageFunction> {
        let mut chosen: Vec<&DamageFunction> = Vec::new();
        for function in self.functions.iter().filter(|f| f.holds_for(of)) {
            match chosen.iter_mut().find(|c| c.name == function.name) {
                None => chosen.push(function),
                Some(known) if function.particularity() > known.particularity() => {
                    *known = function
                }
                // Of two durations that hold the shorter one is closer.
                Some(known)
                    if function.particularity() == known.particularity()
                        && function.longest_h < known.longest_h =>
                {
                    *known = function;
                }
                Some(_) => (),
            }
        }
        chosen
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<DamageFunction>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        Error::input(
            format!("{}: {line}", path.display()),
            "ce n'est pas de l'UTF-8 ; l'enregistrer en « CSV UTF-8 »",
            "this is not UTF-8; save it as \"CSV UTF-8\"",
        )
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let undecodable = |e: csv::Error| Error::file(path, FileProblem::undecodable(e));
    let headers = reader.headers().map_err(undecodable)?.clone();
    let mut columns = [0; 8];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = headers.iter().position(|h| h == name).ok_or_else(|| {
            let available = headers.iter().map(str::to_owned).collect();
            Error::file(path, FileProblem::MissingField { name: name.to_owned(), available })
        })?;
    }
    let mut functions: Vec<DamageFunction> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(undecodable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(columns[column]).unwrap_or_default();
        let wrong = |column: usize, fr: &str, en: &str| {
            Error::input(
                format!("{}: {line} [{}]", path.display(), COLUMNS[column]),
                format!("« {} » ; {fr}", cell(column)),
                format!("\"{}\"; {en}", cell(column)),
            )
        };
        let number = |column: usize| {
            let value =
                cell(column).replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite());
            value.ok_or_else(|| wrong(column, "donner un nombre", "give a number"))
        };
        let basis = match cell(1) {
            "fraction" => Basis::Fraction,
            "eur_m2" => Basis::PerSquareMetre,
            "eur_logement" => Basis::PerDwelling,
            "eur_batiment" => Basis::PerBuilding,
            _ => {
                let units = "fraction, eur_m2, eur_logement, eur_batiment";
                return Err(wrong(1, &format!("unités : {units}"), &format!("units: {units}")));
            }
        };
        let use_1 = Some(cell(2)).filter(|u| !matches!(*u, "*" | ""));
        let is_known = |u: &str| BuildingUse::LISTED.iter().any(|known| known.label() == u);
        if use_1.is_some_and(|u| !is_known(u)) {
            let known: Vec<String> =
                BuildingUse::LISTED.iter().map(|u| u.label().into_owned()).collect();
            let known = known.join(", ");
            return Err(wrong(2, &format!("usages : {known}, *"), &format!("uses: {known}, *")));
        }
        let storeys = storeys(cell(3))
            .ok_or_else(|| wrong(3, "écrire 1, 2+, 1-3 ou *", "write 1, 2+, 1-3 or *"))?;
        let basement = match cell(4) {
            "oui" => Some(true),
            "non" => Some(false),
            "*" | "" => None,
            _ => return Err(wrong(4, "écrire oui, non ou *", "write oui, non or *")),
        };
        let longest_h = if matches!(cell(5), "*" | "") { None } else { Some(number(5)?) };
        let point = [number(6)?, number(7)?];
        if point[1] < 0.0 || (basis == Basis::Fraction && point[1] > 1.0) {
            return Err(wrong(
                7,
                "un dommage est positif, une fraction de 1 au plus",
                "a damage is positive, a fraction 1 at most",
            ));
        }
        let made = DamageFunction {
            name: cell(0).to_owned(),
            basis,
            use_1: use_1.map(str::to_owned),
            storeys,
            basement,
            longest_h,
            points: Vec::new(),
        };
        let same = |f: &DamageFunction| DamageFunction { points: Vec::new(), ..f.clone() } == made;
        let at = functions.iter().position(same).unwrap_or_else(|| {
            functions.push(made.clone());
            functions.len() - 1
        });
        let points = &mut functions[at].points;
        if points.last().is_some_and(|last| last[0] >= point[0]) {
            return Err(wrong(
                6,
                "les hauteurs d'une fonction se suivent en ordre croissant",
                "depths of a function follow each other in rising order",
            ));
        }
        if points.last().is_some_and(|last| last[1] > point[1]) {
            return Err(wrong(
                7,
                "le dommage ne diminue pas quand l'eau monte",
                "damage does not fall where the water rises",
            ));
        }
        points.push(point);
    }
    if functions.is_empty() {
        return Err(Error::input(
            path.display().to_string(),
            "aucune fonction de dommage ; donner au moins une ligne",
            "no damage function; give at least one row",
        ));
    }
    Ok(functions)
}

/// `None` of a cell that is none of the forms.
fn storeys(text: &str) -> Option<Option<[u32; 2]>> {
    if matches!(text, "*" | "") {
        return Some(None);
    }
    if let Some(least) = text.strip_suffix('+') {
        return least.trim().parse().ok().map(|least| Some([least, u32::MAX]));
    }
    if let Some((least, most)) = text.split_once('-') {
        let range = [least.trim().parse().ok()?, most.trim().parse().ok()?];
        return (range[0] <= range[1]).then_some(Some(range));
    }
    text.parse().ok().map(|n| Some([n, n]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(rows: &str) -> Result<Vec<DamageFunction>> {
        parse(Path::new("t.csv"), format!("{}\n{rows}", COLUMNS.join(";")).as_bytes())
    }

    #[test]
    fn the_european_curves_are_those_of_the_report() {
        let table = DamageTable::jrc().unwrap();
        let at = |use_1, depth| {
            let found =
                table.functions_for(&Conditions { use_1: Some(use_1), ..Conditions::default() });
            assert_eq!(found.len(), 1);
            found[0].at(depth)
        };
        assert_eq!(at("Résidentiel", 0.25), 0.125);
        assert_eq!(at("Résidentiel", 2.5), 0.675);
        assert_eq!(at("Commercial et services", 4.0), 0.9);
        assert_eq!(at("Industriel", 9.0), 1.0);
        assert_eq!(at("Industriel", -0.1), 0.0);
    }

    #[test]
    fn the_most_particular_function_of_each_name_holds_and_names_add_up() {
        let functions = table(
            "bati;eur_m2;*;*;*;*;0;10\nbati;eur_m2;Résidentiel;2+;*;*;0;20\n\
             bati;eur_m2;Résidentiel;2+;*;48;0;15\nmobilier;eur_m2;*;*;*;*;0;5\n\
             sous-sol;eur_batiment;*;*;oui;*;-2;0\nsous-sol;eur_batiment;*;*;oui;*;0;1000\n",
        );
        let table = DamageTable { functions: functions.unwrap(), source: String::new() };
        let sum = |of: &Conditions<'_>| -> f64 {
            table.functions_for(of).iter().map(|f| f.at(0.0)).sum()
        };
        let house =
            Conditions { use_1: Some("Résidentiel"), storeys: Some(2), ..Default::default() };
        assert_eq!(sum(&house), 25.0);
        assert_eq!(sum(&Conditions { duration_h: Some(12.0), ..house }), 20.0);
        assert_eq!(sum(&Conditions { storeys: None, ..house }), 15.0);
        assert_eq!(sum(&Conditions { basement: Some(true), ..house }), 1025.0);
        let cellar = table.functions.iter().find(|f| f.name == "sous-sol").unwrap();
        assert_eq!((cellar.at(-1.0), cellar.at(-3.0)), (500.0, 0.0));
    }

    #[test]
    fn rows_that_cannot_be_are_named_by_line_and_column() {
        for (rows, told) in [
            ("a;pounds;*;*;*;*;0;1", "unite"),
            ("a;fraction;*;*;*;*;0;1.5", "dommage"),
            ("a;eur_m2;*;many;*;*;0;1", "etages"),
            ("a;eur_m2;*;*;*;*;x;1", "hauteur_m"),
            ("a;eur_m2;*;*;*;*;1;1\na;eur_m2;*;*;*;*;0;2", "t.csv: 3"),
            ("a;eur_m2;*;*;*;*;0;9\na;eur_m2;*;*;*;*;1;2", "t.csv: 3"),
            ("a;eur_m2;Maison;*;*;*;0;1", "usage"),
        ] {
            let error = table(rows).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(table("").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(Path::new("t.csv"), &bytes);
        }

        #[test]
        fn damage_rises_with_the_water(a in -1.0f64..8.0, b in -1.0f64..8.0) {
            for function in DamageTable::jrc().unwrap().functions {
                let (low, high) = (a.min(b), a.max(b));
                prop_assert!(function.at(low) <= function.at(high));
            }
        }
    }
}
