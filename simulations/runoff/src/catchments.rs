//! Sub-catchments: which cells drain to which outlet, and what became of the rain on them.

use std::collections::BTreeMap;

use twin_core::export::Legend;
use twin_core::export::legend::Class;
use twin_core::export::map::{Marker, MarkerKind};
use twin_core::export::ramp::{Ramp, Rgb};
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup};
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Crs, Geometry, Grid, cells_near};
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};
use twin_drainage::{Directions, Flooding, accumulate, nearest_downstream};
use twin_hydraulic_structures::outside;

use crate::flow::Flow;
use crate::map::Breaching;
use crate::map::ground::Ground;
use crate::parameters::Parameters;
use crate::roofs::RoofShare;
use crate::setup::{place, within};

/// Sub-catchments of a run.
#[derive(Debug)]
pub(crate) struct Catchments {
    /// In the order of their names.
    outlets: Vec<Outlet>,
    /// By cell the first outlet on its way down, as a position in `outlets`.
    of_cell: Grid<Option<usize>>,
}

#[derive(Debug)]
struct Outlet {
    name: String,
    cell: usize,
    /// How far from the place that was given, m.
    moved_m: f64,
    /// The next outlet further down.
    below: Option<usize>,
}

/// What became of the rain of a sub-catchment, those above it among it.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    area_m2: f64,
    rain_m3: f64,
    held_m3: f64,
    infiltrated_m3: f64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.area_m2 += other.area_m2;
        self.rain_m3 += other.rain_m3;
        self.held_m3 += other.held_m3;
        self.infiltrated_m3 += other.infiltrated_m3;
    }

    fn ran_off_m3(&self) -> f64 {
        self.rain_m3 - self.held_m3 - self.infiltrated_m3
    }

    fn coefficient(&self) -> f64 {
        if self.rain_m3 > 0.0 { self.ran_off_m3() / self.rain_m3 } else { 0.0 }
    }
}

impl Catchments {
    /// The sub-catchments of the scenario by D8 on the run's terrain with its depressions filled; none
    /// without outlets.
    ///
    /// # Errors
    /// An outlet off the terrain, or two on the same cell.
    pub(crate) fn new(view: &TerritoryView, parameters: &Parameters) -> Result<Option<Self>> {
        if parameters.outlets.is_empty() {
            return Ok(None);
        }
        let uncut = Breaching { depth_m: 0.0, ..Breaching::default() };
        let ground = Ground::new(view, parameters.roofs, &uncut)?;
        let flooding = Flooding::new(&ground.terrain);
        let directions = Directions::new(&ground.terrain, &flooding);
        let drained_m2 = accumulate(&directions, |cell| ground.own_m2(cell));
        let mut outlets: Vec<Outlet> = Vec::new();
        let mut at: BTreeMap<usize, usize> = BTreeMap::new();
        for (name, stated) in &parameters.outlets {
            let key = format!("outlets.{name}");
            let [x, y] = stated.at;
            let reach = within(stated.snapping_m, [0.0, 500.0], &format!("{key}.snapping_m"))?;
            let spec = view.spec();
            let own = spec.cell_at(x, y).ok_or_else(|| outside(&place(&format!("{key}.at"))))?;
            let mut near = vec![spec.index(own.0, own.1)];
            cells_near(spec, [x, y], [x, y], reach, |row, column, _| {
                near.push(spec.index(row, column));
            });
            let most = |a: &usize, b: &usize| {
                drained_m2.values[*a].total_cmp(&drained_m2.values[*b]).then(b.cmp(a))
            };
            let open = near.into_iter().filter(|&cell| ground.terrain.is_open(cell));
            let cell = open.max_by(most).ok_or_else(|| outside(&place(&format!("{key}.at"))))?;
            if let Some(other) = at.insert(cell, outlets.len()) {
                let other = &outlets[other].name;
                return Err(Error::input(
                    place(&key),
                    format!(
                        "tombe sur la même maille que « {other} » ; les éloigner ou réduire snapping_m"
                    ),
                    format!(
                        "falls on the same cell as \"{other}\"; move them apart or reduce snapping_m"
                    ),
                ));
            }
            let (row, column) = spec.row_column(cell);
            let (cx, cy) = spec.centre(row, column);
            let moved_m =
                if cell == spec.index(own.0, own.1) { 0.0 } else { (cx - x).hypot(cy - y) };
            outlets.push(Outlet { name: name.clone(), cell, moved_m, below: None });
        }
        let nearest = nearest_downstream(&directions, |cell| at.contains_key(&cell));
        let of_cell = nearest.map(|cell| cell.and_then(|cell| at.get(&(cell as usize)).copied()));
        for outlet in &mut outlets {
            outlet.below = directions.next(outlet.cell).and_then(|next| of_cell.values[next]);
        }
        Ok(Some(Self { outlets, of_cell }))
    }

    /// What became of the rain above every outlet until a time.
    fn shares(&self, flow: &Flow, until_s: f64) -> Vec<Share> {
        let area = self.of_cell.spec.cell_area();
        let mut own = vec![Share::default(); self.outlets.len()];
        let fallen_m = flow.rain.depths_m(0.0, until_s);
        for (cell, outlet) in self.of_cell.values.iter().enumerate() {
            let Some(outlet) = outlet else { continue };
            let catch = f64::from(flow.ground.catch[cell]);
            own[*outlet].add(Share {
                area_m2: catch * area,
                rain_m3: catch * area * fallen_m[flow.rain.place(cell)],
                held_m3: area * flow.held_m()[cell],
                infiltrated_m3: area * flow.infiltrated_m()[cell],
            });
        }
        let fallen_m = |roof: &RoofShare| fallen_m[flow.rain.place(roof.cell)];
        for roof in &flow.ground.green {
            if let Some(outlet) = self.of_cell.values[roof.cell] {
                own[outlet].held_m3 += area * roof.held_m(fallen_m(roof));
            }
        }
        // What a network takes has run off, as in the balance of the whole.
        for roof in &flow.ground.network {
            if let Some(outlet) = self.of_cell.values[roof.cell] {
                own[outlet].add(Share {
                    area_m2: area * roof.share,
                    rain_m3: area * roof.share * fallen_m(roof),
                    held_m3: area * roof.held_m(fallen_m(roof)),
                    infiltrated_m3: 0.0,
                });
            }
        }
        let mut all = vec![Share::default(); self.outlets.len()];
        for (outlet, share) in own.iter().enumerate() {
            let mut to = Some(outlet);
            while let Some(below) = to {
                all[below].add(*share);
                to = self.outlets[below].below;
            }
        }
        all
    }

    /// Figures for reports.
    pub(crate) fn indicators(&self, flow: &Flow, until_s: f64) -> IndicatorGroup {
        let mut rows = Vec::new();
        for (outlet, share) in self.outlets.iter().zip(self.shares(flow, until_s)) {
            let name = &outlet.name;
            let mut add = |id: &str, fr: &str, en: &str, value: f64, unit: &str, decimals: u8| {
                let title = Text::new(format!("{name} : {fr}"), format!("{name}: {en}"));
                rows.push(Indicator::quantity(
                    format!("catchment_{id}_{name}"),
                    title,
                    value,
                    unit,
                    decimals,
                ));
            };
            add("area", "surface drainée", "drained area", share.area_m2 / 1e4, "ha", 2);
            add("rain", "pluie", "rain", share.rain_m3, "m3", 0);
            add("runoff", "volume ruisselé", "volume of runoff", share.ran_off_m3(), "m3", 0);
            let coefficient = share.coefficient();
            add(
                "coefficient",
                "coefficient de ruissellement",
                "runoff coefficient",
                coefficient,
                "1",
                2,
            );
        }
        IndicatorGroup {
            id: "sub_catchments".into(),
            title: Text::new("Sous-bassins", "Sub-catchments"),
            rows,
        }
    }

    /// The outlets with what became of the rain above them.
    pub(crate) fn table(&self, flow: &Flow, until_s: f64, crs: Crs) -> FeatureTable {
        let mut table = FeatureTable::new("sous_bassin", Some(crs))
            .with_field("name", FieldKind::Text)
            .with_field("area_ha", FieldKind::Real)
            .with_field("rain_m3", FieldKind::Real)
            .with_field("held_m3", FieldKind::Real)
            .with_field("infiltrated_m3", FieldKind::Real)
            .with_field("runoff_m3", FieldKind::Real)
            .with_field("runoff_coefficient", FieldKind::Real)
            .with_field("moved_m", FieldKind::Real);
        for (outlet, share) in self.outlets.iter().zip(self.shares(flow, until_s)) {
            let spec = &self.of_cell.spec;
            let (row, column) = spec.row_column(outlet.cell);
            let (x, y) = spec.centre(row, column);
            table.features.push(Feature {
                geometry: Some(Geometry::Points(vec![[x, y, f64::NAN]])),
                values: vec![
                    Value::Text(outlet.name.clone()),
                    Value::Real(share.area_m2 / 1e4),
                    Value::Real(share.rain_m3),
                    Value::Real(share.held_m3),
                    Value::Real(share.infiltrated_m3),
                    Value::Real(share.ran_off_m3()),
                    Value::Real(share.coefficient()),
                    Value::Real(outlet.moved_m),
                ],
            });
        }
        table
    }

    /// The outlets on maps.
    pub(crate) fn markers(&self) -> Vec<Marker> {
        let of = |outlet: &Outlet| {
            let spec = &self.of_cell.spec;
            let (row, column) = spec.row_column(outlet.cell);
            let (x, y) = spec.centre(row, column);
            Marker { x, y, label: outlet.name.clone(), kind: MarkerKind::Gauge }
        };
        self.outlets.iter().map(of).collect()
    }

    /// Which outlets do not lie where they were given, on the cell that drains most nearby.
    pub(crate) fn moved(&self) -> Option<Text> {
        let moved: Vec<&Outlet> = self.outlets.iter().filter(|o| o.moved_m > 0.0).collect();
        let listed = |l: Language| {
            let of = |o: &&Outlet| format!("{} ({} m)", o.name, l.number(o.moved_m, 0));
            moved.iter().map(of).collect::<Vec<_>>().join(", ")
        };
        (!moved.is_empty()).then(|| {
            Text::new(
                format!("Exutoires déplacés sur la maille voisine qui draine le plus (snapping_m) : {}.", listed(Language::Fr)),
                format!("Outlets moved onto the cell nearby that drains most (snapping_m): {}.", listed(Language::En)),
            )
        })
    }

    /// Number of the sub-catchment of each cell, from 1.
    pub(crate) fn field(&self) -> StaticField {
        let title = Text::new("Sous-bassin", "Sub-catchment");
        let count = self.outlets.len();
        let class = |(number, outlet): (usize, &Outlet)| {
            // Neighbours in the order of the names get colours far apart.
            let colour: Rgb = Ramp::Batlow.colour(((number * 5) % 8) as f32 / 7.0);
            Class::new(number as f32 + 1.5, colour, None, &outlet.name, &outlet.name)
        };
        let classes: Vec<Class> = self.outlets.iter().enumerate().map(class).collect();
        let map = ResultMap {
            name: "sous-bassins",
            title: title.clone(),
            caption: Text::new(
                format!(
                    "Surface qui s'écoule vers chacun des {count} exutoires, celui d'aval après celui d'amont."
                ),
                format!(
                    "Area that drains to each of the {count} outlets, the lower one after the upper one."
                ),
            ),
            legend: Legend::Classed { title: title.clone(), unit: String::new(), classes },
            transparent_below: None,
            isolines: false,
        };
        StaticField {
            name: "sub_catchment",
            standard_name: None,
            unit: "1",
            title,
            grid: self.of_cell.map(|outlet| outlet.map_or(f32::NAN, |n| n as f32 + 1.0)),
            maps: vec![map],
        }
    }
}
