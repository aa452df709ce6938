//! Inhabitants and jobs by building.
//!
//! Inhabitants of a building are its dwellings × inhabitants by dwelling: those of the square that
//! INSEE gives where the scenario has its grid (`[inputs.population]`, shared out by dwellings within
//! each square), else the commune's own ratio, else the stated one. Figures are sums, rounded to ten,
//! never below what statistical secrecy allows.

use twin_core::formats::FeatureTable;
use twin_core::language::Text;
use twin_core::spatial::Geometry;
use twin_core::territory::{Building, Commune, TerritoryView};
use twin_core::{Error, Language, Result};

use crate::parameters::Parameters;

/// Fewest households of a published figure (INSEE).
pub(crate) const FEWEST_HOUSEHOLDS: f64 = 11.0;
/// Ratios beyond these show that the territory does not cover the commune, or counts differently.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.5..=5.0;

/// Inhabitants of every building, and how they were found.
pub(crate) struct Inhabitants {
    /// By building; empty where they cannot be told.
    pub(crate) of: Vec<f64>,
    /// How, or why not.
    pub(crate) note: Text,
}

impl Inhabitants {
    pub(crate) fn of(view: &TerritoryView, parameters: &Parameters) -> Result<Self> {
        if let Some(table) = view.table(crate::POPULATION) {
            return by_squares(view, table);
        }
        if let Some(ratio) = &parameters.inhabitants_per_dwelling {
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

    /// Whether they could be found.
    pub(crate) fn is_known(&self) -> bool {
        !self.of.is_empty()
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
        let population = commune.population.unwrap_or(0);
        if dwellings == 0 || population == 0 {
            continue;
        }
        let ratio = f64::from(population) / f64::from(dwellings);
        if PLAUSIBLE.contains(&ratio) {
            ratios.push((commune, ratio));
        }
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

/// Jobs at the establishments that water reached, and at all of them; `None` without their table.
pub(crate) fn jobs(
    view: &TerritoryView,
    is_reached: impl Fn(f64, f64) -> bool,
) -> Option<(f64, f64)> {
    let table = view.table(crate::JOBS)?;
    let column = table.column("effectif")?;
    let study = view.study_mask();
    let (mut reached, mut all) = (0.0, 0.0);
    for establishment in &table.features {
        let count = establishment.values.get(column).and_then(|v| v.as_real());
        let at = establishment.geometry.as_ref().and_then(middle);
        let (Some(count), Some((x, y))) = (count, at) else { continue };
        if study.at(x, y) != Some(&true) {
            continue;
        }
        all += count;
        reached += if is_reached(x, y) { count } else { 0.0 };
    }
    Some((reached, all))
}
