//! Figures by square of 200 m, which may be published: squares with fewer than eleven dwellings in the
//! water are told together with none of their figures.

use std::collections::BTreeMap;

use twin_core::export::{Legend, Rgb};
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::language::Text;
use twin_core::results::FEWEST_HOUSEHOLDS;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Geometry, Grid, Polygon};

use crate::run::Found;

/// Side of a square, metres: that of INSEE's grid.
const SIDE_M: f64 = 200.0;

/// Bounds of the classes of damage, millions of euros by hectare.
const BOUNDS: [f32; 5] = [0.05, 0.1, 0.25, 0.5, 1.0];
/// Their colours, the more the darker (ColorBrewer YlOrBr, Cynthia Brewer, told apart by colour-blind
/// readers).
const COLOURS: [u32; 6] = [0xffffd4, 0xfee391, 0xfec44f, 0xfe9929, 0xd95f0e, 0x993404];

/// What stands in the water of a square.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Square {
    buildings: usize,
    dwellings: f64,
    inhabitants: f64,
    damage_eur: f64,
    /// Whether its figures may be published.
    is_public: bool,
}

/// Squares by column and row, counted from the origin of the reference system.
pub(crate) type Squares = BTreeMap<[i64; 2], Square>;

impl Found<'_> {
    pub(crate) fn squares(&self) -> Squares {
        let mut damages = vec![0.0; self.reached.len()];
        for ((at, _), eur) in self.valued.buildings.iter().zip(&self.damages_eur) {
            damages[*at] = *eur;
        }
        let mut squares = Squares::new();
        for (reached, damage_eur) in self.reached.iter().zip(damages) {
            if !(reached.water.is_counted && reached.above_floor_m > 0.0) {
                continue;
            }
            let index = reached.water.building;
            let building = &self.view.features().buildings[index];
            let Some((x, y)) = building.geometry.extent().map(|e| e.centre()) else { continue };
            let square = squares.entry([x, y].map(|v| (v / SIDE_M).floor() as i64)).or_default();
            square.buildings += 1;
            square.dwellings += f64::from(building.dwellings.unwrap_or(0));
            square.inhabitants += self.inhabitants.of.get(index).copied().unwrap_or(0.0);
            square.damage_eur += damage_eur;
        }
        for square in squares.values_mut() {
            square.is_public = square.dwellings >= FEWEST_HOUSEHOLDS;
        }
        // One square alone without figures is the total less the others: another goes with it.
        if squares.values().filter(|s| !s.is_public && s.dwellings > 0.0).count() == 1 {
            let public = squares.values_mut().filter(|s| s.is_public);
            if let Some(least) = public.min_by(|a, b| a.dwellings.total_cmp(&b.dwellings)) {
                least.is_public = false;
            }
        }
        squares
    }

    /// The squares as a layer without any building in it.
    pub(crate) fn square_table(&self, squares: &Squares) -> FeatureTable {
        let mut table = FeatureTable::new("carreau_publiable", Some(self.view.territory().crs()))
            .with_field("batiments", FieldKind::Integer)
            .with_field("logements", FieldKind::Integer)
            .with_field("habitants", FieldKind::Integer)
            .with_field("dommages_eur", FieldKind::Real);
        for ([column, row], square) in squares {
            let [x, y] = [*column as f64 * SIDE_M, *row as f64 * SIDE_M];
            let (east, north) = (x + SIDE_M, y + SIDE_M);
            let corners = [(x, y), (east, y), (east, north), (x, north)];
            let tens = |v: f64| Value::Integer((v / 10.0).round() as i64 * 10);
            let values = if square.is_public {
                vec![
                    Value::Integer(square.buildings as i64),
                    Value::Integer(square.dwellings as i64),
                    if self.inhabitants.is_known() {
                        tens(square.inhabitants)
                    } else {
                        Value::Null
                    },
                    Value::Real((square.damage_eur / 1e4).round() * 1e4),
                ]
            } else {
                vec![Value::Null; 4]
            };
            let polygon = Polygon::from_corners(&corners);
            table
                .features
                .push(Feature { geometry: Some(Geometry::Polygons(vec![polygon])), values });
        }
        table
    }

    /// Damage by square on the run grid.
    pub(crate) fn maps(&self, squares: &Squares) -> Vec<StaticField> {
        let spec = *self.view.spec();
        let mut grid = Grid::filled(spec, f32::NAN);
        for row in 0..spec.rows {
            for column in 0..spec.columns {
                let (x, y) = spec.centre(row, column);
                let square = squares.get(&[x, y].map(|v| (v / SIDE_M).floor() as i64));
                if let Some(square) = square.filter(|s| s.is_public) {
                    grid[(row, column)] = (square.damage_eur / 1e6 / 4.0) as f32;
                }
            }
        }
        let title =
            Text::new("Dommages aux bâtiments par hectare", "Damage to buildings by hectare");
        let map = ResultMap {
            name: "dommages",
            title: title.clone(),
            caption: Text::new(
                "Dommages par carreau de 200 m, en millions d'euros par hectare ; les carreaux de moins de 11 logements dans l'eau ne sont pas montrés.",
                "Damage by square of 200 m, in millions of euros by hectare; squares with fewer than 11 dwellings in the water are not shown.",
            ),
            legend: Legend::classed(title.clone(), "M€/ha", &BOUNDS, &COLOURS.map(Rgb::hex)),
            transparent_below: None,
            isolines: false,
        };
        let shown = grid.range().is_some();
        vec![StaticField {
            name: "damage_per_hectare",
            standard_name: None,
            unit: "1",
            title,
            grid,
            maps: if shown { vec![map] } else { Vec::new() },
        }]
    }
}
