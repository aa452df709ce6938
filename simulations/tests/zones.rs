//! Local climate zones and the cooling index of a synthetic commune: they feel what measures change.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod territory;

use std::sync::Arc;

use serde_json::{Value, json};
use twin_core::scenario::MeasureContext;
use twin_core::simulation::{Analysis, Outcome, RunContext};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Territory, TerritoryView};
use twin_heat::cooling_index::CoolingIndex;
use twin_heat::zones::ClimateZones;
use twin_heat::zones::units::Units;

fn view(measure: Option<(&str, Value)>) -> Arc<TerritoryView> {
    let territory = Arc::new(Territory::open(&territory::folder().join("small.twin")).unwrap());
    let spec = GridSpec::covering(&territory.spec().extent(), 2.0);
    let registry = twin_simulations::registry().unwrap();
    let context = MeasureContext { name: "mesure", territory: &territory };
    let edits = measure.map_or_else(Vec::new, |(kind, parameters)| {
        registry.measure(kind).unwrap().edits(&parameters, &context).unwrap()
    });
    Arc::new(TerritoryView::new(territory, spec, edits).unwrap())
}

fn ring() -> Vec<[f64; 2]> {
    let territory = Territory::open(&territory::folder().join("small.twin")).unwrap();
    let e = territory.spec().extent();
    vec![[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]
}

fn zones(view: &TerritoryView) -> Outcome {
    ClimateZones::default().compute(view, &json!({}), &RunContext::new(0.0, 0.0)).unwrap()
}

#[test]
fn units_cover_the_land_and_their_shares_add_up() {
    let view = view(None);
    let units = Units::of(&view).unwrap();
    let cells: usize = units.regions.cells.iter().sum();
    assert_eq!(cells, view.spec().len());
    assert!(units.regions.len() > 1);
    for unit in &units.units {
        let sum = unit.building_fraction + unit.impervious_fraction + unit.pervious_fraction;
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert!((0.0..=1.0).contains(&unit.sky_view));
        assert!(unit.roughness_length_m <= 0.2 * unit.roughness_height_m + 1e-12);
    }
    // The walls of all units are those of the buildings: between their bases alone and all storeys.
    let walls: f64 = units
        .units
        .iter()
        .map(|u| 2.0 * u.aspect_ratio * u.area_m2 * (1.0 - u.building_fraction))
        .sum();
    let perimeter: f64 = view
        .features()
        .buildings
        .iter()
        .flat_map(|b| {
            b.footprint().iter().flat_map(|p| p.rings()).map(|r| twin_core::spatial::line_length(r))
        })
        .sum();
    assert!((2.0..15.0).contains(&(walls / perimeter)), "{}", walls / perimeter);
    let outcome = zones(&view);
    let shares = outcome.indicators.groups.iter().find(|g| g.id == "climate_zones").unwrap();
    let sum: f64 = shares.rows.iter().filter_map(|row| row.value).sum();
    assert!((sum - 100.0).abs() < 1e-6, "{sum}");
    let table = &outcome.assets[0];
    let column = table.column("surface_m2").unwrap();
    let area: f64 = table.features.iter().filter_map(|f| f.values[column].as_real()).sum();
    assert!((area - view.spec().len() as f64 * view.spec().cell_area()).abs() < 1.0);
}

#[test]
fn without_its_buildings_a_town_is_land_cover() {
    let built = |outcome: &Outcome| {
        let group = outcome.indicators.groups.iter().find(|g| g.id == "climate_zones").unwrap();
        let is_built = |id: &str| id[5..].chars().next().unwrap().is_ascii_digit();
        group.rows.iter().filter(|r| is_built(&r.id)).filter_map(|r| r.value).sum::<f64>()
    };
    let before = built(&zones(&view(None)));
    let after = built(&zones(&view(Some(("building-demolished", json!({ "geometry": ring() }))))));
    assert!(before > 5.0 && after == 0.0, "{before} {after}");
}

#[test]
fn grass_in_place_of_sealed_ground_mitigates_heat() {
    let index = json!({ "reference_air_c": 30.0, "heat_island_k": 3.0, "source": "essai" });
    let mitigation = |cover: &str| {
        let view = view(Some(("land-cover", json!({ "geometry": ring(), "cover": cover }))));
        let context = RunContext::new(0.0, 0.0);
        let outcome = CoolingIndex::default().compute(&view, &index, &context).unwrap();
        let value = |id: &str| outcome.indicators.get(id).unwrap().value.unwrap();
        (value("mean_mitigation"), value("mean_index_air"))
    };
    let (sealed, grass) = (mitigation("sealed"), mitigation("grass"));
    assert!(grass.0 > sealed.0 + 0.05 && grass.1 < sealed.1 - 0.1, "{sealed:?} {grass:?}");
}

#[test]
fn light_roofs_are_felt_on_roofs_and_light_ground_beside_them() {
    use twin_core::results::exposure::footprint_cells;
    let parameters = json!({ "geometry": ring(), "albedo": 0.6, "source": "essai" });
    let albedo = |kind: &str| {
        let view = view(Some((kind, parameters.clone())));
        let grid = view.surface_property("albedo").unwrap();
        let mut is_roof = vec![false; grid.values.len()];
        for building in view.features().buildings.iter().filter(|b| b.is_standing()) {
            for (row, column) in footprint_cells(view.spec(), building) {
                let (x, y) = view.spec().centre(row, column);
                let inside = building.footprint().iter().any(|p| p.contains(x, y));
                is_roof[view.spec().index(row, column)] |= inside;
            }
        }
        let mean = |wanted: bool| {
            let cells = grid.values.iter().zip(&is_roof).filter(|(_, roof)| **roof == wanted);
            let (sum, n) = cells.fold((0.0, 0.0), |(s, n), (a, _)| (s + f64::from(*a), n + 1.0));
            sum / n
        };
        (mean(true), mean(false))
    };
    let (roofs, beside) = albedo("roof-albedo");
    assert!(roofs > 0.59 && beside < 0.25, "{roofs} {beside}");
    let (roofs, beside) = albedo("ground-albedo");
    assert!(roofs < 0.25 && beside > 0.59, "{roofs} {beside}");
    let index = json!({ "reference_air_c": 30.0, "heat_island_k": 3.0, "source": "essai" });
    let air = |measure: Option<(&str, Value)>| {
        let context = RunContext::new(0.0, 0.0);
        let outcome = CoolingIndex::default().compute(&view(measure), &index, &context).unwrap();
        outcome.indicators.get("mean_index_air").unwrap().value.unwrap()
    };
    assert!(air(Some(("roof-albedo", parameters.clone()))) < air(None));
}
