//! Classes of point clouds: what each code means, by producer.
//!
//! Assembly asks for roles, never for codes: the same code means different things elsewhere (26 is a
//! bridge in AHN; its 1 holds the vegetation).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::language::Text;
use crate::{Error, Result};

const BUILT_IN: &str = include_str!("tables/lidar_classes.toml");

/// What a point is for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PointRole {
    /// The ground.
    Ground,
    /// Surface of water.
    Water,
    /// Vegetation up to about 0.5 m.
    LowVegetation,
    /// Vegetation of about 0.5 to 1.5 m.
    MediumVegetation,
    /// Vegetation above about 1.5 m.
    HighVegetation,
    /// A building.
    Building,
    /// Deck of a bridge.
    Bridge,
    /// A lasting object that is neither building nor vegetation: mast, crane, wall.
    Overground,
    /// A point made by the producer, on the terrain under water or a bridge.
    Virtual,
    /// A fault of measurement.
    Artefact,
    /// Noise.
    Noise,
    /// Not told.
    Unclassified,
}

impl PointRole {
    /// Part of the terrain model: ground, water and the producer's own points.
    pub fn is_terrain(self) -> bool {
        matches!(self, Self::Ground | Self::Water | Self::Virtual)
    }

    /// Part of the surface model: terrain (without points made up), vegetation, buildings, bridges.
    pub fn is_surface(self) -> bool {
        matches!(
            self,
            Self::Ground
                | Self::Water
                | Self::LowVegetation
                | Self::MediumVegetation
                | Self::HighVegetation
                | Self::Building
                | Self::Bridge
        )
    }

    /// Vegetation of any height.
    pub fn is_vegetation(self) -> bool {
        matches!(self, Self::LowVegetation | Self::MediumVegetation | Self::HighVegetation)
    }
}

/// A class of points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointClass {
    /// Code in the file.
    pub code: u8,
    /// What it is for the model.
    pub role: PointRole,
    /// Name.
    pub name: Text,
}

/// The classes of one producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointClasses {
    /// Identifier: `lidar-hd`, `lidar-prod`, `ahn`, `asprs`.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Publication of the classes.
    pub source: String,
    classes: BTreeMap<u8, PointClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemeFile {
    title: Text,
    source: String,
    inherits: Option<String>,
    classes: Vec<ClassFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    code: u8,
    role: PointRole,
    fr: String,
    en: String,
}

impl PointClasses {
    /// Classes of LiDAR HD.
    pub fn lidar_hd() -> Result<Self> {
        Self::built_in("lidar-hd")
    }

    /// Classes of a producer that comes with the program.
    pub fn built_in(id: &str) -> Result<Self> {
        Self::parse("lidar_classes.toml", BUILT_IN, id)
    }

    /// Classes of one producer from a table; `place` names it in errors.
    pub fn parse(place: &str, text: &str, id: &str) -> Result<Self> {
        let mut schemes: BTreeMap<String, SchemeFile> = toml::from_str(text).map_err(|e| {
            let reason = e.message().to_owned();
            Error::input(
                place,
                format!("table de classes illisible : {reason}"),
                format!("the class table cannot be read: {reason}"),
            )
        })?;
        let known = schemes.keys().cloned().collect::<Vec<_>>().join(", ");
        let mut take = |id: &str| {
            schemes.remove(id).ok_or_else(|| {
                Error::input(
                    format!("{place}: {id}"),
                    format!("nomenclature de points inconnue ; présentes : {known}"),
                    format!("unknown point classes; available: {known}"),
                )
            })
        };
        let own = take(id)?;
        let inherited = match &own.inherits {
            Some(parent) => take(parent)?.classes,
            None => Vec::new(),
        };
        let classes = inherited
            .into_iter()
            .chain(own.classes)
            .map(|c| {
                let name = Text::new(c.fr, c.en);
                (c.code, PointClass { code: c.code, role: c.role, name })
            })
            .collect();
        Ok(Self { id: id.to_owned(), title: own.title, source: own.source, classes })
    }

    /// A class by code.
    pub fn class(&self, code: u8) -> Option<&PointClass> {
        self.classes.get(&code)
    }

    /// What a code is for the model; an unknown code is unclassified.
    pub fn role(&self, code: u8) -> PointRole {
        self.class(code).map_or(PointRole::Unclassified, |class| class.role)
    }

    /// The role of every code, for loops over points.
    pub fn roles(&self) -> [PointRole; 256] {
        std::array::from_fn(|code| {
            u8::try_from(code).map_or(PointRole::Unclassified, |c| self.role(c))
        })
    }

    /// Codes of a role, in order.
    pub fn codes(&self, role: PointRole) -> Vec<u8> {
        self.classes.values().filter(|c| c.role == role).map(|c| c.code).collect()
    }

    /// Every class, by code.
    pub fn iter(&self) -> impl Iterator<Item = &PointClass> {
        self.classes.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lidar_hd_terrain_is_ground_water_and_virtual_points() {
        let classes = PointClasses::lidar_hd().unwrap();
        let terrain: Vec<u8> =
            classes.iter().filter(|c| c.role.is_terrain()).map(|c| c.code).collect();
        assert_eq!(terrain, [2, 9, 66]);
        let surface: Vec<u8> =
            classes.iter().filter(|c| c.role.is_surface()).map(|c| c.code).collect();
        assert_eq!(surface, [2, 3, 4, 5, 6, 9, 17]);
        assert_eq!(classes.role(250), PointRole::Unclassified);
    }

    #[test]
    fn other_producers_override_codes() {
        assert_eq!(PointClasses::built_in("ahn").unwrap().role(26), PointRole::Bridge);
        let production = PointClasses::built_in("lidar-prod").unwrap();
        assert_eq!(production.role(208), PointRole::Unclassified);
        assert_eq!(production.role(6), PointRole::Building);
        assert!(PointClasses::built_in("usgs").is_err());
    }

    #[test]
    fn every_scheme_reads() {
        for id in ["lidar-hd", "lidar-prod", "ahn", "asprs"] {
            let classes = PointClasses::built_in(id).unwrap();
            assert_eq!(classes.roles()[2], PointRole::Ground);
        }
    }
}
