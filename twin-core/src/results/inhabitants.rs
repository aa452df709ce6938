//! Inhabitants by building.
//!
//! Inhabitants of a building are its dwellings × inhabitants by dwelling: those of the square that
//! INSEE gives where the scenario has its grid (`[inputs.population]`, shared out by dwellings within
//! each square), else the commune's own ratio, else the stated one. Figures are sums, rounded to ten,
//! never below what statistical secrecy allows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Indicator;
use crate::formats::FeatureTable;
use crate::language::Text;
use crate::simulation::{Requirement, RequirementKind, sourced, within};
use crate::spatial::Geometry;
use crate::territory::{Building, Commune, TerritoryView};
use crate::{Error, Language, Result};

/// Name of the table of inhabitants by square among the inputs of a scenario, such as INSEE's.
const POPULATION: &str = "population";

/// Fewest households of a published figure (INSEE).
pub const FEWEST_HOUSEHOLDS: f64 = 11.0;

/// Inhabitants by dwelling, as a scenario states them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InhabitantsPerDwelling {
    /// Inhabitants by dwelling, second homes and empty ones counted among the dwellings.
    pub value: f64,
    /// Where it comes from.
    pub source: String,
}

impl InhabitantsPerDwelling {
    /// Refuses a figure that no place has, or without a source; `place` names it in errors.
    ///
    /// # Errors
    /// Either of them.
    pub fn check(&self, place: &str) -> Result<()> {
        within(self.value, [0.1, 10.0], format!("{place}.value"))?;
        sourced(&self.source, format!("{place}.source"))
    }
}

/// Inhabitants of every building, and how they were found.
#[derive(Debug, Clone)]
pub struct Inhabitants {
    /// By building; empty where they cannot be told.
    pub of: Vec<f64>,
    /// How, or why not.
    pub note: Text,
}

impl Inhabitants {
    /// Those of a territory: by the squares of the scenario, else by the stated ratio, else by communes.
    ///
    /// # Errors
    /// Squares with fewer inhabitants than none.
    pub fn of(view: &TerritoryView, stated: Option<&InhabitantsPerDwelling>) -> Result<Self> {
        if let Some(table) = view.table(POPULATION) {
            return by_squares(view, table);
        }
        if let Some(ratio) = stated {
            let n = |l: Language| l.number(ratio.value, 2);
            let note = Text::new(
                format!(
                    "{} habitants par logement ({}), arrondi à la dizaine",
                    n(Language::Fr),
                    ratio.source
                ),
                format!(
                    "{} inhabitants per dwelling ({}), rounded to ten",
                    n(Language::En),
                    ratio.source
                ),
            );
            return Ok(Self { of: shared(view, |_| Some(ratio.value)), note });
        }
        Ok(by_communes(view))
    }

    /// The table of squares as a plugin declares it.
    pub fn requirement() -> Requirement {
        Requirement {
            name: POPULATION,
            kind: RequirementKind::Table { columns: &["ind"] },
            optional: true,
            title: Text::new("Population par carreau (INSEE)", "Population by square (INSEE)"),
        }
    }

    /// Whether they could be found.
    pub fn is_known(&self) -> bool {
        !self.of.is_empty()
    }

    /// Those of some buildings, by position in `Features::buildings`, as they may be published.
    pub fn indicator(
        &self,
        view: &TerritoryView,
        id: &str,
        label: Text,
        buildings: impl Iterator<Item = usize>,
    ) -> Indicator {
        if !self.is_known() {
            return Indicator::unknown(id, label, "person", self.note.clone());
        }
        let (mut people, mut dwellings) = (0.0, 0.0);
        for building in buildings {
            people += self.of[building];
            dwellings += f64::from(view.features().buildings[building].dwellings.unwrap_or(0));
        }
        if dwellings > 0.0 && (dwellings < FEWEST_HOUSEHOLDS || people < FEWEST_HOUSEHOLDS) {
            return Indicator::unknown(id, label, "person", secret());
        }
        let rounded = (people / 10.0).round() * 10.0;
        Indicator::quantity(id, label, rounded, "person", 0).with_note(self.note.clone())
    }
}

fn shared(view: &TerritoryView, ratio: impl Fn(&Building) -> Option<f64>) -> Vec<f64> {
    let of = |b: &Building| f64::from(b.dwellings.unwrap_or(0)) * ratio(b).unwrap_or(0.0);
    view.features().buildings.iter().map(of).collect()
}

fn middle(geometry: &Geometry) -> Option<(f64, f64)> {
    geometry.extent().map(|e| e.centre())
}

fn by_communes(view: &TerritoryView) -> Inhabitants {
    let features = view.features();
    let within = |commune: &Commune, building: &Building| {
        let inside = |(x, y)| commune.geometry.polygons().iter().any(|p| p.contains(x, y));
        features.communes.len() == 1 || middle(&building.geometry).is_some_and(inside)
    };
    let mut ratios: Vec<(&Commune, f64)> = Vec::new();
    for commune in &features.communes {
        let inside = features.buildings.iter().filter(|b| within(commune, b));
        let dwellings: u32 = inside.filter_map(|b| b.dwellings).sum();
        ratios.extend(commune.inhabitants_per_dwelling(dwellings).map(|ratio| (commune, ratio)));
    }
    if ratios.is_empty() {
        return Inhabitants {
            of: Vec::new(),
            note: Text::new(
                "le ratio d'habitants par logement n'est pas connu (population ou logements absents, ou commune incomplète) ; donner inhabitants_per_dwelling ou [inputs.population]",
                "the ratio of inhabitants per dwelling is not known (population or dwellings missing, or commune incomplete); give inhabitants_per_dwelling or [inputs.population]",
            ),
        };
    }
    let of = shared(view, |building| {
        ratios.iter().find(|(commune, _)| within(commune, building)).map(|(_, ratio)| *ratio)
    });
    let told = |l: Language| {
        let of = |(commune, ratio): &(&Commune, f64)| {
            let name = commune.name.clone().unwrap_or_default();
            format!("{name} {}", l.number(*ratio, 2))
        };
        ratios.iter().map(of).collect::<Vec<_>>().join(", ")
    };
    Inhabitants {
        of,
        note: Text::new(
            format!(
                "habitants par logement des communes ({}), arrondi à la dizaine",
                told(Language::Fr)
            ),
            format!(
                "inhabitants per dwelling of the communes ({}), rounded to ten",
                told(Language::En)
            ),
        ),
    }
}

/// The inhabitants of each square shared out over its dwellings.
fn by_squares(view: &TerritoryView, table: &FeatureTable) -> Result<Inhabitants> {
    let buildings = &view.features().buildings;
    let mut of = vec![0.0; buildings.len()];
    let column = table.column("ind");
    let points: Vec<DwellingPoint> = buildings
        .iter()
        .enumerate()
        .filter(|(_, b)| b.is_standing() && b.dwellings.is_some_and(|d| d > 0))
        .filter_map(|(index, b)| {
            let (x, y) = middle(&b.geometry)?;
            Some(DwellingPoint::new([x, y], (index, f64::from(b.dwellings?))))
        })
        .collect();
    let tree = rstar::RTree::bulk_load(points);
    let mut homeless = 0.0;
    for square in &table.features {
        let stated = column.and_then(|c| square.values.get(c)).and_then(|v| v.as_real());
        let Some(inhabitants) = stated.filter(|n| *n != 0.0) else { continue };
        if !(inhabitants > 0.0 && inhabitants.is_finite()) {
            return Err(Error::input(
                "inputs.population [ind]",
                format!("{inhabitants} habitants dans un carreau ; vérifier la colonne ind"),
                format!("{inhabitants} inhabitants in a square; check the column ind"),
            ));
        }
        let Some(geometry) = &square.geometry else { continue };
        let Some(extent) = geometry.extent() else { continue };
        let envelope =
            rstar::AABB::from_corners([extent.min_x, extent.min_y], [extent.max_x, extent.max_y]);
        let inside: Vec<(usize, f64)> = tree
            .locate_in_envelope(&envelope)
            .filter(|p| {
                let [x, y] = *p.geom();
                geometry.polygons().iter().any(|polygon| polygon.contains(x, y))
            })
            .map(|p| p.data)
            .collect();
        let dwellings: f64 = inside.iter().map(|(_, d)| d).sum();
        if dwellings == 0.0 {
            homeless += inhabitants;
        }
        for (building, share) in inside {
            of[building] += inhabitants * share / dwellings;
        }
    }
    let n = |l: Language| l.number(homeless, 0);
    Ok(Inhabitants {
        of,
        note: Text::new(
            format!(
                "carreaux de population répartis sur leurs logements, arrondi à la dizaine ; {} habitants de carreaux sans logement connu ne sont pas comptés",
                n(Language::Fr)
            ),
            format!(
                "population squares shared out over their dwellings, rounded to ten; {} inhabitants of squares without a known dwelling are not counted",
                n(Language::En)
            ),
        ),
    })
}

type DwellingPoint = rstar::primitives::GeomWithData<[f64; 2], (usize, f64)>;

fn secret() -> Text {
    Text::new(
        "moins de 11 logements ou habitants : non publié (secret statistique)",
        "fewer than 11 dwellings or inhabitants: not published (statistical secrecy)",
    )
}
