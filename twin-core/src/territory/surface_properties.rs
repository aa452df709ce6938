//! Physical properties of the ground by land cover: roughness, permeability, albedo …
//!
//! The values are data, one TOML file per property, each value with the publication it comes from.
//! A user replaces single values by a table of the same form; a simulation that needs another
//! property adds a file of its own. A class without a value has none: nothing is invented.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LandCover;
use crate::language::Text;
use crate::{Error, Result};

/// Properties that come with the program.
const BUILT_IN: [(&str, &str); 10] = [
    ("manning_n", include_str!("surface_properties/manning_n.toml")),
    ("manning_n_sheet", include_str!("surface_properties/manning_n_sheet.toml")),
    ("curve_number_a", include_str!("surface_properties/curve_number_a.toml")),
    ("curve_number_b", include_str!("surface_properties/curve_number_b.toml")),
    ("curve_number_c", include_str!("surface_properties/curve_number_c.toml")),
    ("curve_number_d", include_str!("surface_properties/curve_number_d.toml")),
    ("impervious_fraction", include_str!("surface_properties/impervious_fraction.toml")),
    ("albedo", include_str!("surface_properties/albedo.toml")),
    ("emissivity", include_str!("surface_properties/emissivity.toml")),
    ("roughness_length", include_str!("surface_properties/roughness_length.toml")),
];

/// A value for one class, with its published range and source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurfaceValue {
    /// The value.
    pub value: f64,
    /// Smallest and greatest value published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Key of the publication in [`SurfaceProperty::sources`].
    pub source: String,
    /// What the publication calls it, or why it was chosen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A property: one value per class of land cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurfaceProperty {
    /// Name.
    pub title: Text,
    /// Unit in UDUNITS notation.
    pub unit: String,
    /// Values that make sense.
    pub limits: [f64; 2],
    /// Publications by key.
    pub sources: BTreeMap<String, String>,
    /// Values by code of land cover.
    pub values: BTreeMap<String, SurfaceValue>,
}

impl SurfaceProperty {
    /// From TOML; `place` names it in errors.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let property: Self = toml::from_str(text).map_err(|e| {
            let reason = e.message().to_owned();
            Error::input(
                place,
                format!("table de propriétés illisible : {reason}"),
                format!("the property table cannot be read: {reason}"),
            )
        })?;
        for (code, entry) in &property.values {
            let place = format!("{place}: values.{code}");
            if LandCover::from_code(code).is_none() {
                let known = LandCover::ALL.map(LandCover::code).join(", ");
                return Err(Error::input(
                    place,
                    format!("classe d'occupation du sol inconnue ; classes : {known}"),
                    format!("unknown land-cover class; classes: {known}"),
                ));
            }
            let [low, high] = property.limits;
            if !(low..=high).contains(&entry.value) {
                return Err(Error::input(
                    place,
                    format!("{} hors de [{low}, {high}]", entry.value),
                    format!("{} is outside [{low}, {high}]", entry.value),
                ));
            }
            if !property.sources.contains_key(&entry.source) {
                return Err(Error::input(
                    place,
                    format!("source « {} » absente de [sources]", entry.source),
                    format!("source \"{}\" is missing from [sources]", entry.source),
                ));
            }
        }
        Ok(property)
    }

    /// The value of a class.
    pub fn get(&self, cover: LandCover) -> Option<f64> {
        self.values.get(cover.code()).map(|entry| entry.value)
    }

    /// One value per value of the land-cover grid, `NaN` where there is none: for kernels.
    pub fn lookup(&self) -> [f32; LandCover::COUNT] {
        LandCover::ALL.map(|cover| self.get(cover).map_or(f32::NAN, |v| v as f32))
    }
}

/// Manning's n that a user gave at `place`, within what is found in nature: from glass (0.009) to dense building
/// as a resistance.
///
/// # Errors
/// Beyond.
pub fn manning_n(n: f64, place: impl Into<String>) -> Result<f64> {
    if (0.005..=5.0).contains(&n) {
        return Ok(n);
    }
    Err(Error::input(
        place,
        format!(
            "n = {n} n'est pas un frottement de Manning ; usuel : 0,01 à 0,2, bâti jusqu'à 5 s·m⁻¹ᐟ³"
        ),
        format!("n = {n} is no Manning friction; usual: 0.01 to 0.2, buildings up to 5 s·m⁻¹ᐟ³"),
    ))
}

/// Properties by identifier.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SurfaceProperties(BTreeMap<String, SurfaceProperty>);

impl SurfaceProperties {
    /// The properties that come with the program.
    pub fn built_in() -> Result<Self> {
        let mut properties = Self::default();
        for (id, text) in BUILT_IN {
            properties.insert(id, SurfaceProperty::parse(id, text)?);
        }
        Ok(properties)
    }

    /// Adds a property or replaces it.
    pub fn insert(&mut self, id: impl Into<String>, property: SurfaceProperty) {
        self.0.insert(id.into(), property);
    }

    /// A property; the error names those there are.
    pub fn property(&self, id: &str) -> Result<&SurfaceProperty> {
        self.0.get(id).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Error::input(
                id,
                format!("propriété de surface inconnue ; présentes : {known}"),
                format!("unknown surface property; available: {known}"),
            )
        })
    }

    /// Manning's n by value of the land-cover grid, s·m^(−1/3), with those given by code over the table's;
    /// `place` tells where a code was given.
    ///
    /// # Errors
    /// An unknown code, a value that is no roughness.
    pub fn manning(
        &self,
        given: &BTreeMap<String, f64>,
        place: impl Fn(&str) -> String,
    ) -> Result<[f32; LandCover::COUNT]> {
        let mut lookup = self.property("manning_n")?.lookup();
        for (code, n) in given {
            let cover = LandCover::named(code, place(code))?;
            lookup[usize::from(cover.value())] = manning_n(*n, place(code))? as f32;
        }
        Ok(lookup)
    }

    /// The value of a property for a class.
    pub fn get(&self, id: &str, cover: LandCover) -> Option<f64> {
        self.0.get(id)?.get(cover)
    }

    /// Replaces the value of one class, with where it comes from.
    pub fn set(&mut self, id: &str, cover: LandCover, value: f64, source: &str) -> Result<()> {
        self.property(id)?;
        if let Some(property) = self.0.get_mut(id) {
            let [low, high] = property.limits;
            if !(low..=high).contains(&value) {
                return Err(Error::input(
                    format!("{id}.{}", cover.code()),
                    format!("{value} hors de [{low}, {high}]"),
                    format!("{value} is outside [{low}, {high}]"),
                ));
            }
            property.sources.insert("user".into(), source.to_owned());
            let entry =
                SurfaceValue { value, range: None, source: "user".into(), note: String::new() };
            property.values.insert(cover.code().to_owned(), entry);
        }
        Ok(())
    }

    /// Identifiers in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_value_lies_in_its_range_and_names_its_source() {
        let properties = SurfaceProperties::built_in().unwrap();
        for id in properties.ids() {
            for (code, entry) in &properties.property(id).unwrap().values {
                if let Some([low, high]) = entry.range {
                    assert!((low..=high).contains(&entry.value), "{id} {code}");
                }
            }
        }
    }

    #[test]
    fn every_class_has_a_roughness_for_floods_and_a_runoff_number() {
        let properties = SurfaceProperties::built_in().unwrap();
        for cover in LandCover::ALL {
            for id in ["manning_n", "manning_n_sheet", "albedo", "emissivity"] {
                assert!(properties.get(id, cover).is_some(), "{id} {cover:?}");
            }
        }
    }

    #[test]
    fn curve_numbers_grow_from_sand_to_clay() {
        let p = SurfaceProperties::built_in().unwrap();
        for cover in LandCover::ALL {
            let row: Vec<f64> = ["a", "b", "c", "d"]
                .iter()
                .filter_map(|g| p.get(&format!("curve_number_{g}"), cover))
                .collect();
            assert!(row.len() == 4 || row.is_empty(), "{cover:?}");
            assert!(row.windows(2).all(|w| w[0] <= w[1]), "{cover:?}");
        }
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_place() {
        let text = "title = { fr = \"a\", en = \"b\" }\nunit = \"1\"\nlimits = [0.0, 1.0]\n\
                    [sources]\nx = \"y\"\n[values]\nlava = { value = 0.5, source = \"x\" }\n";
        let error = SurfaceProperty::parse("mine.toml", text).unwrap_err();
        assert!(error.to_string().contains("values.lava"));
        let mut properties = SurfaceProperties::built_in().unwrap();
        assert!(properties.set("albedo", LandCover::Grass, 1.5, "essai").is_err());
        properties.set("albedo", LandCover::Grass, 0.25, "mesure").unwrap();
        assert_eq!(properties.get("albedo", LandCover::Grass), Some(0.25));
    }
}
