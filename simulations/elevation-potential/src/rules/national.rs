//! The national rules (*règlement national d'urbanisme*) for communes without a plan.

use jiff::civil::{Date, date};

use super::file::{Prospect, Side, Source, Stated, StreetRule, ZoneEntry};
use super::{Height, ZoneRules};

/// Name of the national rules where a zone has a code.
const CODE: &str = "RNU";
/// First day of the present numbering (décret 2015-1783).
const IN_FORCE: Date = date(2016, 1, 1);

/// The national rules at a date.
///
/// Code de l'urbanisme: R111-16, from any point of the building to the nearest point of the opposite
/// alignment at least the difference in altitude between the two; R111-17, unless the building stands on
/// the limit, at least half that difference and never less than 3 m. No height is set as a number.
pub fn national(on: Date) -> ZoneRules {
    let street = StreetRule { slope: 1.0, initial_m: 0.0, wide: None };
    let away = Prospect { slope: Some(2.0), initial_m: 0.0, least_m: 3.0 };
    let side = Side { on_limit: true, on_limit_most_m: None, away };
    let entry = ZoneEntry {
        label: "Règlement national d'urbanisme".to_owned(),
        height: Some(free::<Height>("R111-16, R111-17", "Aucune hauteur n'est fixée en mètres.")),
        street: Some(set(
            street,
            "R111-16",
            "La distance comptée horizontalement de tout point de l'immeuble au point le plus proche de l'alignement opposé doit être au moins égale à la différence d'altitude entre ces deux points.",
        )),
        side: Some(set(
            side,
            "R111-17",
            "À moins que le bâtiment à construire ne jouxte la limite parcellaire, la distance comptée horizontalement de tout point de ce bâtiment au point de la limite parcellaire qui en est le plus rapproché doit être au moins égale à la moitié de la différence d'altitude entre ces deux points, sans pouvoir être inférieure à trois mètres.",
        )),
        ..ZoneEntry::default()
    };
    ZoneRules::of_entry(&entry, CODE, on)
}

fn source(article: &str, quotation: &str) -> Source {
    Source {
        article: format!("code de l'urbanisme, {article}"),
        page: "Légifrance".to_owned(),
        quotation: quotation.to_owned(),
        keyed_by: "twin".to_owned(),
        keyed_on: date(2026, 11, 27),
        valid_from: IN_FORCE,
        valid_to: None,
    }
}

fn set<T>(value: T, article: &str, quotation: &str) -> Stated<T> {
    Stated { value: Some(value), free: false, source: source(article, quotation) }
}

fn free<T>(article: &str, quotation: &str) -> Stated<T> {
    Stated { value: None, free: true, source: source(article, quotation) }
}
