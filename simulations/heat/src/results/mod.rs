//! What a day amounts to: who feels what, and where it is cool.
//!
//! | file | concern |
//! |---|---|
//! | `maps` | maps of the day |
//! | `figures` | indicators, sentences, warnings |
//! | `energy` | the energy balance of districts |

mod energy;
mod figures;
mod maps;

use twin_core::Result;
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::results::Inhabitants;
use twin_core::spatial::{Extent, Geometry, Grid};
use twin_core::territory::FacilityClass;
use twin_sunlight::horizon_of;

use energy::Energy;

use crate::cool_islands;
use crate::run::HeatRun;

/// Distance around a building or place within which the outdoors is that of its people, m.
const AROUND_M: f64 = 10.0;

/// Directions of a sun mask.
const MASK_DIRECTIONS: u32 = 72;

/// A day, once it is over.
pub(crate) struct Found<'a> {
    run: &'a HeatRun,
    cool: cool_islands::Found,
    inhabitants: Inhabitants,
    /// Whether each building counts: it stands in the study area.
    counts: Vec<bool>,
    /// Mean of the highest UTCI, and of the lowest air temperature of the night, around each building, °C.
    surroundings: Vec<Option<f32>>,
    night_air: Vec<Option<f32>>,
    tropical_nights: Vec<Option<f32>>,
    /// Sensitive facilities in the study area.
    facilities: Vec<SensitivePlace>,
    /// The energy balance of districts, where there are any.
    energy: Option<Energy<'a>>,
}

/// A school, hospital or home.
struct SensitivePlace {
    /// Position in `Features::facilities`.
    index: usize,
    /// Mean of the highest UTCI on and around it, °C; `None` without outdoors.
    utci: Option<f32>,
    /// Mean number of hours under strong heat stress.
    strong_h: Option<f32>,
}

impl<'a> Found<'a> {
    pub(crate) fn new(run: &'a HeatRun) -> Result<Self> {
        let view = &run.view;
        let spec = *view.spec();
        let utci = Grid { spec, values: run.day.hottest_utci.clone() };
        let median = run.day.hottest_median as f32;
        let parameters = &run.parameters;
        let cool = cool_islands::Found::new(view, &utci, median, &parameters.cool_islands);
        let inhabitants = Inhabitants::of(view, parameters.inhabitants_per_dwelling.as_ref())?;
        let in_study = |geometry: &Geometry| {
            let middle = geometry.extent().map(|e| e.centre());
            let cell = middle.and_then(|(x, y)| spec.cell_at(x, y));
            cell.is_some_and(|(row, column)| run.study[spec.index(row, column)])
        };
        let buildings = &view.features().buildings;
        let around = |geometry: &Geometry, values: &[f32]| {
            let around_m = AROUND_M.max(1.5 * spec.cell_size);
            run.mean_outdoors(&geometry.extent()?.buffered(around_m), values)
        };
        let of_buildings = |values: &[f32]| -> Vec<Option<f32>> {
            buildings.iter().map(|b| around(&b.geometry, values)).collect()
        };
        let sensitive = view.features().facilities.iter().enumerate().filter(|(_, facility)| {
            facility.classes.contains(FacilityClass::Sensitive) && in_study(&facility.geometry)
        });
        let facilities = sensitive
            .map(|(index, facility)| SensitivePlace {
                index,
                utci: around(&facility.geometry, &run.day.highest_utci),
                strong_h: around(&facility.geometry, &run.day.hours_above[1]),
            })
            .collect();
        Ok(Self {
            energy: Energy::of(run)?,
            counts: buildings.iter().map(|b| b.is_standing() && in_study(&b.geometry)).collect(),
            surroundings: of_buildings(&run.day.highest_utci),
            night_air: of_buildings(&run.day.warmest_night_air),
            tropical_nights: of_buildings(&run.day.tropical_nights),
            run,
            cool,
            inhabitants,
            facilities,
        })
    }

    /// Buildings that count and have dwellings, by position in `Features::buildings`.
    fn dwelt(&self) -> impl Iterator<Item = usize> + '_ {
        let buildings = self.run.view.features().buildings.iter().enumerate();
        buildings
            .filter(|(index, b)| self.counts[*index] && b.dwellings.is_some_and(|d| d > 0))
            .map(|(index, _)| index)
    }

    /// Results by sensitive place and by cool island.
    pub(crate) fn tables(&self) -> Vec<FeatureTable> {
        let mut tables = vec![self.facility_table(), self.island_table(), self.building_table()];
        tables.extend(self.sun_mask_table());
        tables.extend(self.energy.as_ref().map(|energy| energy.table(self.crs())));
        tables
    }

    fn facility_table(&self) -> FeatureTable {
        let mut table = FeatureTable::new("etablissements_sensibles", Some(self.crs()))
            .with_field("cleabs", FieldKind::Text)
            .with_field("nom", FieldKind::Text)
            .with_field("nature", FieldKind::Text)
            .with_field("utci_maximal_moyen_c", FieldKind::Real)
            .with_field("heures_stress_fort", FieldKind::Real);
        for place in &self.facilities {
            let facility = &self.run.view.features().facilities[place.index];
            let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
            table.features.push(Feature {
                geometry: Some(facility.geometry.clone()),
                values: vec![
                    Value::Text(facility.id.clone()),
                    text(&facility.name),
                    text(&facility.detail.clone().or_else(|| facility.nature.clone())),
                    real(place.utci.map(f64::from), 1),
                    real(place.strong_h.map(f64::from), 1),
                ],
            });
        }
        table
    }

    fn island_table(&self) -> FeatureTable {
        let mut table = FeatureTable::new("ilots_de_fraicheur", Some(self.crs()))
            .with_field("critere", FieldKind::Text)
            .with_field("surface_m2", FieldKind::Real);
        let cell_m2 = self.run.view.spec().cell_area();
        let criteria = [("relatif", &self.cool.relative), ("absolu", &self.cool.absolute)];
        for (criterion, islands) in criteria {
            let places = &islands.places;
            for (outline, cells) in places.outlines().into_iter().zip(&places.cells) {
                table.features.push(Feature {
                    geometry: Some(Geometry::Polygons(vec![outline])),
                    values: vec![
                        Value::Text(criterion.to_owned()),
                        real(Some(*cells as f64 * cell_m2), 0),
                    ],
                });
            }
        }
        table
    }

    fn building_table(&self) -> FeatureTable {
        let mut table = FeatureTable::new("batiment", Some(self.crs()))
            .with_field("cleabs", FieldKind::Text)
            .with_field("utci_maximal_abords_c", FieldKind::Real)
            .with_field("air_nocturne_minimal_c", FieldKind::Real)
            .with_field("minutes_ilot_relatif", FieldKind::Real)
            .with_field("minutes_ilot_absolu", FieldKind::Real);
        let buildings = self.run.view.features().buildings.iter().enumerate();
        for (index, building) in buildings.filter(|(index, _)| self.counts[*index]) {
            table.features.push(Feature {
                geometry: Some(building.geometry.clone()),
                values: vec![
                    Value::Text(building.id.clone()),
                    real(self.surroundings[index].map(f64::from), 1),
                    real(self.night_air[index].map(f64::from), 1),
                    real(self.cool.relative.minutes[index], 1),
                    real(self.cool.absolute.minutes[index], 1),
                ],
            });
        }
        table
    }

    /// How high buildings, terrain and crowns stand around each gauge; `None` without gauges.
    fn sun_mask_table(&self) -> Option<FeatureTable> {
        let parameters = &self.run.parameters;
        let mut table = FeatureTable::new("masques_solaires", Some(self.crs()))
            .with_field("point", FieldKind::Text)
            .with_field("azimut_deg", FieldKind::Real)
            .with_field("hauteur_bati_relief_deg", FieldKind::Real)
            .with_field("hauteur_avec_arbres_deg", FieldKind::Real);
        let scene = self.run.setup.site.scene();
        for ((name, &[x, y]), cell) in parameters.gauges.iter().zip(&self.run.setup.gauge_cells) {
            let (row, column) = scene.spec().row_column(*cell);
            for horizon in horizon_of(scene, row, column, MASK_DIRECTIONS) {
                table.features.push(Feature {
                    geometry: Some(Geometry::Points(vec![[x, y, f64::NAN]])),
                    values: vec![
                        Value::Text(name.clone()),
                        real(Some(horizon.azimuth), 1),
                        real(Some(horizon.solid), 1),
                        real(Some(horizon.crowns), 1),
                    ],
                });
            }
        }
        (!table.features.is_empty()).then_some(table)
    }

    fn crs(&self) -> twin_core::spatial::Crs {
        self.run.view.territory().crs()
    }
}

impl HeatRun {
    /// Mean of the values of the outdoors within an extent.
    fn mean_outdoors(&self, extent: &Extent, values: &[f32]) -> Option<f32> {
        let spec = self.view.spec();
        let (rows, columns) = spec.window(extent);
        let cells = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        let (sum, count) = cells
            .map(|(row, column)| spec.index(row, column))
            .filter(|cell| self.setup.is_open[*cell] && values[*cell].is_finite())
            .fold((0.0, 0u32), |(sum, n), cell| (sum + f64::from(values[cell]), n + 1));
        (count > 0).then(|| (sum / f64::from(count)) as f32)
    }
}

/// A value of a table, rounded; nothing where it is not known or endless.
fn real(value: Option<f64>, decimals: i32) -> Value {
    let scale = 10f64.powi(decimals);
    value
        .filter(|v| v.is_finite())
        .map_or(Value::Null, |v| Value::Real((v * scale).round() / scale))
}
