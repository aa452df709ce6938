//! The analysis `climate-zones`: local climate zones of the units of a territory, without weather.
//!
//! | file | concern |
//! |---|---|
//! | [`units`] | reference spatial units and their figures |
//! | [`classes`] | the 17 classes, and which a unit is of |

pub mod classes;
pub mod units;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::export::Legend;
use twin_core::export::legend::Class;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::language::Text;
use twin_core::results::{
    Indicator, IndicatorGroup, Indicators, Inhabitants, InhabitantsPerDwelling,
};
use twin_core::simulation::{
    Analysis, Descriptor, Outcome, ResultMap, RunContext, StaticField, Variable, parse_parameters,
};
use twin_core::spatial::Geometry;
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};

use classes::{Classified, Zone, classify};
use units::{Unit, Units};

const ID: &str = "climate-zones";
/// Uniqueness below which a class hardly fits better than the next.
const HARDLY_UNIQUE: f64 = 0.1;

/// Share of the area of unknown cover from which the reader is warned, %.
pub(crate) const MUCH_UNKNOWN: f64 = 5.0;

/// The analysis.
#[derive(Debug)]
pub struct ClimateZones {
    descriptor: Descriptor,
}

impl Default for ClimateZones {
    fn default() -> Self {
        Self { descriptor: descriptor() }
    }
}

/// Parameters of the simulation `climate-zones`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ZonesParameters {
    /// Inhabitants by dwelling and where the figure comes from, in place of the commune's own ratio.
    pub inhabitants_per_dwelling: Option<InhabitantsPerDwelling>,
}

impl Analysis for ClimateZones {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn parameter_schema(&self) -> schemars::Schema {
        schemars::schema_for!(ZonesParameters)
    }

    fn compute(
        &self,
        view: &TerritoryView,
        parameters: &serde_json::Value,
        context: &RunContext,
    ) -> Result<Outcome> {
        let parameters: ZonesParameters = parse_parameters(ID, parameters)?;
        if let Some(ratio) = &parameters.inhabitants_per_dwelling {
            ratio.check(&format!("{ID}.parameters.inhabitants_per_dwelling"))?;
        }
        if view.features().buildings.is_empty() && view.features().roads.is_empty() {
            return Err(Error::simulation(
                ID,
                "ni bâtiment ni route dans ce territoire ; ajouter la BD TOPO à ses sources",
                "neither building nor road in this territory; add the BD TOPO to its sources",
            ));
        }
        let units = Units::of(view)?;
        context.check_cancelled()?;
        let classified: Vec<Classified> = units.units.iter().map(classify).collect();
        let ratio = parameters.inhabitants_per_dwelling.as_ref();
        let inhabitants = Inhabitants::of(view, ratio)?;
        Ok(Mapped { view, units, classified, inhabitants }.outcome())
    }
}

/// Units with their classes.
struct Mapped<'a> {
    view: &'a TerritoryView,
    units: Units,
    classified: Vec<Classified>,
    inhabitants: Inhabitants,
}

impl Mapped<'_> {
    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome {
            indicators: self.indicators(),
            statics: vec![self.field()],
            assets: vec![self.table()],
            key_messages: self.key_message().into_iter().collect(),
            hypotheses: hypotheses(),
            ..Outcome::default()
        };
        let unknown = 100.0 * self.units.unknown_share();
        if unknown > MUCH_UNKNOWN {
            let n = |l: Language| l.number(unknown, 0);
            outcome.warnings.push(Text::new(
                format!("Couverture du sol inconnue sur {} % de la surface, comptée comme végétation basse ; ajouter l'OCS GE.", n(Language::Fr)),
                format!("Cover of the ground unknown on {} % of the area, counted as low plants; add the OCS GE.", n(Language::En)),
            ));
        }
        if !self.view.territory().manifest().fit_for_hazard {
            outcome.warnings.push(Text::new(
                "Hauteurs des bâtiments d'après la base de données, arbres d'après l'occupation du sol : sans LiDAR, les arbres isolés manquent.",
                "Heights of buildings by the database, trees by land cover: without LiDAR single trees are missing.",
            ));
        }
        outcome
    }

    fn field(&self) -> StaticField {
        let title = Text::new("Zones climatiques locales", "Local climate zones");
        let code = |unit: &Option<u32>| {
            unit.map_or(f32::NAN, |u| f32::from(self.classified[u as usize].zone.0))
        };
        let grid = self.units.regions.of.map(code);
        let present = |zone: &Zone| grid.values.contains(&f32::from(zone.0));
        let class = |zone: Zone| {
            let label = zone.label();
            Class::new(f32::from(zone.0) + 0.5, zone.colour(), None, &label.fr, &label.en)
        };
        let legend = Legend::Classed {
            title: title.clone(),
            unit: String::new(),
            classes: Zone::all().filter(present).map(class).collect(),
        };
        let map = ResultMap {
            name: "zones-climatiques-locales",
            title: title.clone(),
            caption: Text::new(
                "Morphologie et couverture du sol par unité, en classes de Stewart et Oke (2012) : des quartiers de même comportement thermique, non leur température de l'air.",
                "Shape and cover of the ground by unit, in the classes of Stewart and Oke (2012): districts that behave alike, not their air temperature.",
            ),
            legend,
            transparent_below: None,
            isolines: false,
        };
        StaticField {
            name: "local_climate_zone",
            standard_name: None,
            unit: "1",
            title,
            grid,
            maps: vec![map],
        }
    }

    fn table(&self) -> FeatureTable {
        let crs = self.view.territory().crs();
        let real = [
            "surface_m2",
            "facteur_de_vue_du_ciel",
            "hauteur_sur_largeur",
            "fraction_batie",
            "fraction_impermeable",
            "fraction_permeable",
            "hauteur_de_rugosite_m",
            "longueur_de_rugosite_m",
            "fraction_arbres",
            "fraction_vegetation",
            "fraction_eau",
        ];
        let mut table = FeatureTable::new("zones_climatiques_locales", Some(crs))
            .with_field("lcz", FieldKind::Text)
            .with_field("lcz_nom", FieldKind::Text)
            .with_field("lcz_seconde", FieldKind::Text)
            .with_field("distance", FieldKind::Real)
            .with_field("unicite", FieldKind::Real);
        for name in real {
            table = table.with_field(name, FieldKind::Real);
        }
        let outlines = self.units.regions.outlines();
        for ((outline, unit), found) in
            outlines.into_iter().zip(&self.units.units).zip(&self.classified)
        {
            let text = |text: &str| Value::Text(text.to_owned());
            let number = |value: f64| match value.is_finite() {
                true => Value::Real((value * 1e4).round() / 1e4),
                false => Value::Null,
            };
            let mut values = vec![
                text(found.zone.sign()),
                text(&found.zone.label().fr),
                found.second.map_or(Value::Null, |zone| text(zone.sign())),
                found.distance.map_or(Value::Null, number),
                number(found.uniqueness),
            ];
            values.extend(figures(unit).map(number));
            table
                .features
                .push(Feature { geometry: Some(Geometry::Polygons(vec![outline])), values });
        }
        table
    }

    /// Area by class within the study area, m².
    fn areas(&self) -> BTreeMap<u8, f64> {
        let study = self.view.study_mask();
        let mut areas = BTreeMap::new();
        let cells = self.units.regions.of.values.iter().zip(&study.values);
        for unit in cells.filter(|(_, counts)| **counts).filter_map(|(unit, _)| *unit) {
            let zone = self.classified[unit as usize].zone;
            *areas.entry(zone.0).or_insert(0.0) += study.spec.cell_area();
        }
        areas
    }

    fn indicators(&self) -> Indicators {
        let areas = self.areas();
        let total: f64 = areas.values().sum();
        let share = |area: f64| 100.0 * area / total.max(1.0);
        let area_of = |zone: Zone| areas.get(&zone.0).copied();
        let rows: Vec<Indicator> = Zone::all()
            .filter_map(|zone| {
                let id = format!("zone_{}_share", zone.sign().to_lowercase());
                Some(Indicator::quantity(&id, zone.label(), share(area_of(zone)?), "%", 1))
            })
            .collect();
        let (units, classified) = (&self.units.units, &self.classified);
        let unsure: f64 = units
            .iter()
            .zip(classified)
            .filter(|(_, found)| found.uniqueness < HARDLY_UNIQUE)
            .map(|(unit, _)| unit.area_m2)
            .sum();
        let all: f64 = units.iter().map(|unit| unit.area_m2).sum();
        let quality = vec![
            Indicator::count(
                "zone_units",
                Text::new(
                    "Unités (entre rues, eau et bois)",
                    "Units (between streets, water and woods)",
                ),
                units.len(),
            ),
            Indicator::quantity(
                "zone_unsure_share",
                Text::new(
                    "Part de la surface où une autre classe convient presque autant (unicité < 0,1)",
                    "Share of the area where another class fits almost as well (uniqueness < 0.1)",
                ),
                100.0 * unsure / all.max(1.0),
                "%",
                1,
            ),
        ];
        let group = |id: &str, fr: &str, en: &str, rows| IndicatorGroup {
            id: id.to_owned(),
            title: Text::new(fr, en),
            rows,
        };
        Indicators {
            groups: vec![
                group(
                    "climate_zones",
                    "Part de la surface par zone climatique locale",
                    "Share of the area by local climate zone",
                    rows,
                ),
                group(
                    "zone_inhabitants",
                    "Habitants par zone climatique locale",
                    "Inhabitants by local climate zone",
                    self.inhabitants_rows(),
                ),
                group(
                    "zone_quality",
                    "Découpage et fiabilité",
                    "Division and reliability",
                    quality,
                ),
            ],
        }
    }

    fn inhabitants_rows(&self) -> Vec<Indicator> {
        let study = self.view.study_mask();
        let mut by_zone: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (index, building) in self.view.features().buildings.iter().enumerate() {
            let Some((x, y)) = building.geometry.extent().map(|e| e.centre()) else { continue };
            let unit = self.units.regions.of.at(x, y).copied().flatten();
            if let Some(unit) = unit.filter(|_| study.at(x, y) == Some(&true)) {
                by_zone.entry(self.classified[unit as usize].zone.0).or_default().push(index);
            }
        }
        if !self.inhabitants.is_known() {
            let label = Text::new("Habitants", "Inhabitants");
            let none = std::iter::empty();
            return vec![self.inhabitants.indicator(self.view, "zone_inhabitants", label, none)];
        }
        Zone::all()
            .filter_map(|zone| {
                let id = format!("zone_{}_inhabitants", zone.sign().to_lowercase());
                let buildings = by_zone.get(&zone.0)?.iter().copied();
                Some(self.inhabitants.indicator(self.view, &id, zone.label(), buildings))
            })
            .collect()
    }

    fn key_message(&self) -> Option<Text> {
        let areas = self.areas();
        let total: f64 = areas.values().sum();
        let largest = |built: bool| {
            let of = areas.iter().filter(|(code, _)| Zone(**code).is_built() == built);
            of.max_by(|a, b| a.1.total_cmp(b.1))
                .map(|(code, area)| (Zone(*code), 100.0 * area / total))
        };
        let told = |l: Language| {
            let one = |(zone, share): (Zone, f64)| {
                format!("« {} » ({} %)", zone.label().get(l), l.number(share, 0))
            };
            let parts: Vec<String> =
                [largest(true), largest(false)].into_iter().flatten().map(one).collect();
            parts.join(l.pick(" et ", " and "))
        };
        (total > 0.0).then(|| {
            Text::new(
                format!(
                    "Zone climatique locale bâtie et zone naturelle les plus étendues : {}.",
                    told(Language::Fr)
                ),
                format!(
                    "Most extended built and natural local climate zones: {}.",
                    told(Language::En)
                ),
            )
        })
    }
}

/// Figures of a unit in the order of the columns.
fn figures(unit: &Unit) -> [f64; 11] {
    [
        unit.area_m2,
        unit.sky_view,
        unit.aspect_ratio,
        unit.building_fraction,
        unit.impervious_fraction,
        unit.pervious_fraction,
        unit.roughness_height_m,
        unit.roughness_length_m,
        unit.tree_fraction,
        unit.vegetation_fraction,
        unit.water_fraction,
    ]
}

fn hypotheses() -> Vec<Text> {
    vec![
        Text::new(
            "Unités entre les rues ouvertes aux voitures, les voies ferrées, les eaux de plus de 2 500 m², les bois de plus de 1 ha et les limites du bâti (50 m autour des bâtiments), sur la grille de calcul.",
            "Units between streets open to cars, railways, water of more than 2,500 m², woods of more than 1 ha and the limits of the built land (50 m around buildings), on the run grid.",
        ),
        Text::new(
            "Classes bâties par la distance aux domaines de Stewart et Oke (2012), pondérée comme GeoClimate (Bernard et al. 2024) ; classes 7, 8 et 10 par l'usage de plus de la moitié du bâti ; classes A et B dès que des arbres couvrent 55 % et 15 % du sol, C à G par ce qui en couvre le plus.",
            "Built classes by the distance from the ranges of Stewart and Oke (2012), weighed as in GeoClimate (Bernard et al. 2024); classes 7, 8 and 10 by the use of more than half of the built area; classes A and B where trees cover 55 % and 15 % of the ground, C to G by what covers most of it.",
        ),
    ]
}

fn descriptor() -> Descriptor {
    Descriptor {
        id: ID,
        version: concat!(env!("CARGO_PKG_VERSION"), "+z4"),
        title: Text::new("Zones climatiques locales", "Local climate zones"),
        summary: Text::new(
            "Partage le territoire en unités et donne à chacune sa classe parmi les 17 zones climatiques locales (LCZ), avec la classe suivante et la netteté du choix.",
            "Divides the territory into units and gives each its class among the 17 local climate zones (LCZ), with the next class and how clear the choice is.",
        ),
        licence: "MIT OR Apache-2.0",
        citation: "Stewart & Oke 2012, doi:10.1175/BAMS-D-11-00019.1; Bernard et al. 2024, doi:10.5194/gmd-17-2077-2024; Macdonald, Griffiths & Hall 1998, doi:10.1016/S1352-2310(97)00403-2 (roughness)",
        limits: vec![Text::new(
            "Une zone climatique locale décrit la forme et la couverture d'un quartier : elle ne donne ni température de l'air, ni confort, ni rien d'une rue ou d'un bâtiment.",
            "A local climate zone describes the shape and cover of a district: it gives neither air temperature, nor comfort, nor anything of a street or building.",
        )],
        variables: vec![Variable::output(
            "local_climate_zone",
            "1",
            Text::new("Zone climatique locale", "Local climate zone"),
        )],
        requirements: vec![Inhabitants::requirement()],
    }
}
