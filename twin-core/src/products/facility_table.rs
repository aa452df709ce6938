//! The table that says why a facility matters, editable by a collectivité.

use super::semicolon_table;
use crate::territory::{FacilityClass, FacilityClasses, fold};
use crate::{Error, Result};

const BUILT_IN: &str = include_str!("tables/facility_classes.csv");

#[derive(Debug, Clone)]
struct Rule {
    layer: String,
    nature: String,
    detail: String,
    classes: Vec<FacilityClass>,
}

/// Classes of facilities by layer, kind and kind in detail.
#[derive(Debug, Clone)]
pub struct FacilityTable {
    rules: Vec<Rule>,
}

impl FacilityTable {
    /// The table that comes with the program.
    pub fn built_in() -> Result<Self> {
        Self::parse("facility_classes.csv", BUILT_IN)
    }

    /// From the text of a table; `place` names it in errors.
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let header = ["layer", "nature", "nature_detaillee", "classes"];
        let mut rules = Vec::new();
        for (line, [layer, nature, detail, codes]) in semicolon_table::rows(place, text, header)? {
            let classes = codes
                .split('/')
                .map(|code| {
                    FacilityClass::from_code(code).ok_or_else(|| {
                        let known = FacilityClass::ALL.map(FacilityClass::code).join(", ");
                        Error::input(
                            format!("{place}: {line}"),
                            format!("classe « {code} » inconnue ; classes : {known}"),
                            format!("unknown class \"{code}\"; classes: {known}"),
                        )
                    })
                })
                .collect::<Result<_>>()?;
            rules.push(Rule {
                layer: layer.to_owned(),
                nature: fold(nature),
                detail: fold(detail),
                classes,
            });
        }
        Ok(Self { rules })
    }

    /// Classes of a place: those of every line it fits, else [`FacilityClass::Other`].
    pub fn classes(
        &self,
        layer: &str,
        nature: Option<&str>,
        detail: Option<&str>,
    ) -> FacilityClasses {
        let nature = fold(nature.unwrap_or_default());
        let detail = fold(detail.unwrap_or_default());
        let fits = |pattern: &str, value: &str| pattern.is_empty() || pattern == value;
        let classes: FacilityClasses = self
            .rules
            .iter()
            .filter(|r| r.layer == layer && fits(&r.nature, &nature) && fits(&r.detail, &detail))
            .flat_map(|r| r.classes.iter().copied())
            .collect();
        if classes.0.is_empty() { [FacilityClass::Other].into_iter().collect() } else { classes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: &str = "zone_d_activite_ou_d_interet";

    #[test]
    fn a_hospital_is_both_sensitive_and_needed() {
        let table = FacilityTable::built_in().unwrap();
        let hospital = table.classes(ZONE, Some("Hôpital"), None);
        assert!(hospital.contains(FacilityClass::Sensitive));
        assert!(hospital.contains(FacilityClass::CrisisManagement));
    }

    #[test]
    fn the_detail_counts_whatever_the_kind() {
        let table = FacilityTable::built_in().unwrap();
        let nursery = table.classes(ZONE, Some("Divers public ou administratif"), Some("Crèche"));
        assert!(nursery.contains(FacilityClass::Sensitive));
        let square = table.classes(ZONE, Some("Espace public"), Some("Place"));
        assert!(square.contains(FacilityClass::Other));
    }

    #[test]
    fn an_edited_table_says_where_it_is_wrong() {
        let text = "layer;nature;nature_detaillee;classes\nerp;;;important\n";
        let error = FacilityTable::parse("mes_classes.csv", text).unwrap_err();
        assert!(error.to_string().starts_with("mes_classes.csv: 2"));
        assert!(FacilityTable::parse("t.csv", "a;b\n").is_err());
    }
}
