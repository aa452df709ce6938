//! Results by building and by road.

use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::results::exposure::building_table;
use twin_core::spatial::Geometry;

use crate::access::Target;
use crate::run::Found;

impl Found<'_> {
    /// The buildings that water reached, with damage and access beside the water.
    pub(crate) fn building_table(&self) -> FeatureTable {
        let at: Vec<_> = self.reached.iter().map(|r| r.water.clone()).collect();
        let mut table = building_table(self.view, &at)
            .with_field("damage_eur", FieldKind::Real)
            .with_field("duration_h", FieldKind::Real)
            .with_field("depth_times_speed_m2_per_s", FieldKind::Real)
            .with_field("hospital_cut_off", FieldKind::Bool)
            .with_field("fire_station_cut_off", FieldKind::Bool)
            .with_field("outside_cut_off", FieldKind::Bool);
        let mut damages: Vec<Option<f64>> = vec![None; self.reached.len()];
        for ((at, _), eur) in self.valued.buildings.iter().zip(&self.damages_eur) {
            damages[*at] = Some(eur.round());
        }
        let real = |v: Option<f64>| v.filter(|v| v.is_finite()).map_or(Value::Null, Value::Real);
        for (row, (reached, damage)) in
            table.features.iter_mut().zip(self.reached.iter().zip(damages))
        {
            row.values.push(real(damage));
            row.values.push(real(reached.duration_h.map(f64::from)));
            row.values.push(real(reached.force_m2_per_s.map(f64::from)));
            for target in Target::ALL {
                let ways = self.ways.iter().find(|(of, _)| *of == target);
                let way = ways.and_then(|(_, ways)| ways[reached.water.building]);
                row.values.push(way.map_or(Value::Null, |w| Value::Bool(w.is_lost())));
            }
        }
        table
    }

    /// The stretches of road under too much water.
    pub(crate) fn road_table(&self) -> FeatureTable {
        let mut table = FeatureTable::new("route_coupee", Some(self.view.territory().crs()))
            .with_field("cleabs", FieldKind::Text)
            .with_field("nom", FieldKind::Text)
            .with_field("importance", FieldKind::Integer);
        for index in &self.network.cut {
            let road = &self.view.features().roads[*index];
            let name = road.name_left.clone().or(road.number.clone()).filter(|n| !n.is_empty());
            table.features.push(Feature {
                geometry: Some(Geometry::Lines(road.geometry.lines().to_vec())),
                values: vec![
                    Value::Text(road.id.clone()),
                    name.map_or(Value::Null, Value::Text),
                    road.importance.map_or(Value::Null, |i| Value::Integer(i64::from(i))),
                ],
            });
        }
        table
    }
}
