//! Communes.

use super::{InseeCode, layer::layer};

layer! {
    /// A commune.
    pub struct Commune in "commune" (Polygons) {
        /// Stable identifier.
        pub id: String = "cleabs",
        /// INSEE code.
        pub insee: Option<InseeCode> = "code_insee",
        /// Official name.
        pub name: Option<String> = "nom_officiel",
        /// Inhabitants at the census.
        pub population: Option<u32> = "population",
        /// Dwellings at the census, second homes and empty ones included.
        pub dwellings: Option<u32> = "nombre_de_logements",
        /// Date of the census.
        pub census_date: Option<String> = "date_du_recensement",
        /// Area in the cadastre (ha).
        pub cadastral_area_ha: Option<f64> = "superficie_cadastrale",
        /// Postal code.
        pub postal_code: Option<String> = "code_postal",
        /// SIREN code of the commune.
        pub siren: Option<String> = "code_siren",
        /// SIREN codes of its groupings, joined by `/`.
        pub epci_siren: Option<String> = "codes_siren_des_epci",
    }
}

/// Ratios beyond these show that the territory does not cover the commune, or counts differently.
const PLAUSIBLE_INHABITANTS: std::ops::RangeInclusive<f64> = 0.5..=5.0;

impl Commune {
    /// Inhabitants by dwelling at the census; where that gives no dwellings, by those `found` in the
    /// buildings of the commune. `None` where it is not known, or cannot be.
    pub fn inhabitants_per_dwelling(&self, found: u32) -> Option<f64> {
        let dwellings = self.dwellings.unwrap_or(found);
        let population = self.population.filter(|p| *p > 0 && dwellings > 0)?;
        let ratio = f64::from(population) / f64::from(dwellings);
        PLAUSIBLE_INHABITANTS.contains(&ratio).then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::Geometry;
    use crate::territory::Layer as _;

    #[test]
    fn dwellings_of_the_census_come_before_those_found_in_buildings() {
        let bare = Commune::bare("C", Geometry::Polygons(Vec::new()));
        let commune = Commune { population: Some(3439), ..bare };
        assert!((commune.inhabitants_per_dwelling(1429).unwrap() - 2.407).abs() < 0.001);
        assert_eq!(commune.inhabitants_per_dwelling(30), None);
        let commune = Commune { dwellings: Some(1719), ..commune };
        assert!((commune.inhabitants_per_dwelling(30).unwrap() - 2.0).abs() < 0.001);
    }
}
