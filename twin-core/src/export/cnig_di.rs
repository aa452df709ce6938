//! Flooded surfaces, classes of depth and speed and lines of equal level as tables of the CNIG standard
//! *Directive Inondation* (draft 0.0.1 of December 2025: names may change).
//!
//! Surfaces are bands between contours of the grids (marching squares), so that classes meet without
//! gap or overlap. Patches below 50 m² are left out, as the standard publishes none.

use geo::Area;

use super::contours::{builder, failed, lines_of_equal_value};
use crate::formats::{Feature, FeatureTable, FieldKind, Value};
use crate::spatial::{Crs, Geometry, Grid, Polygon};
use crate::{Error, Result};

/// Depths at which classes begin, m, and their codes (`palier_hauteur`).
const DEPTHS: [(f64, &str); 4] = [(0.05, "Inf05"), (0.5, "05-1m"), (1.0, "1m-2m"), (2.0, "Sup2m")];
/// Speeds at which classes begin, m/s, and their codes (`vitesse_quali`).
const SPEEDS: [(f64, &str); 3] = [(0.0, "Fai"), (0.2, "Mod"), (0.5, "For")];
/// Above any depth (m) or speed (m/s).
const TOP: f64 = 1e6;
/// Smallest interval of the lines of equal level, m.
const SMALLEST_INTERVAL_M: f64 = 0.01;
/// Smallest patch that is published, m².
const SMALLEST_M2: f64 = 50.0;

/// Maxima of a flood, on one grid; `NaN` where there is none.
#[derive(Debug, Clone, Copy)]
pub struct FloodMaxima<'a> {
    /// Depth, m.
    pub depth: &'a Grid<f32>,
    /// Speed, m/s.
    pub speed: &'a Grid<f32>,
    /// Level, m.
    pub level: &'a Grid<f32>,
}

/// What the standard asks for beside geometry; nothing is made up where the user says nothing.
#[derive(Debug, Clone, Default)]
pub struct FloodIdentity {
    /// Identifier of the flooded surface.
    pub surface: String,
    /// Identifier of the TRI.
    pub tri: Option<String>,
    /// Code of the hazard: 112 slow river flood, 113 fast river flood, 117 sea …
    pub hazard: Option<String>,
    /// `For`, `Moy`, `Fai` and those with climate change.
    pub occurrence: Option<String>,
}

/// The tables; lines of equal level every `interval_m`.
///
/// # Errors
/// Grids that do not fit each other, or an interval below 1 cm.
pub fn tables(
    maxima: FloodMaxima<'_>,
    identity: &FloodIdentity,
    crs: Crs,
    interval_m: f64,
) -> Result<Vec<FeatureTable>> {
    let FloodMaxima { depth, speed, level } = maxima;
    let is_interval = (SMALLEST_INTERVAL_M..1e3).contains(&interval_m);
    if depth.spec != speed.spec || depth.spec != level.spec || !is_interval {
        return Err(Error::input(
            "cnig-di",
            "des grilles d'une même emprise et une équidistance d'au moins 1 cm sont nécessaires",
            "grids of one extent and an interval of at least 1 cm are needed",
        ));
    }
    let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::Text);
    let surface_id = || Value::Text(identity.surface.clone());
    let named = |name: &str| FeatureTable::new(name, Some(crs));

    let mut surfaces = named("surface_inondable_s")
        .with_field("id_sin", FieldKind::Text)
        .with_field("id_tri", FieldKind::Text)
        .with_field("type_alea", FieldKind::Text)
        .with_field("occurrence", FieldKind::Text);
    let wet = bands(depth, 0.0, &[DEPTHS[0].0, TOP])?;
    surfaces.features.extend(wet.into_iter().flatten().map(|polygon| Feature {
        geometry: Some(Geometry::Polygons(vec![polygon])),
        values: vec![
            surface_id(),
            text(&identity.tri),
            text(&identity.hazard),
            text(&identity.occurrence),
        ],
    }));

    let classed = |name: &str, field: &str, grid: &Grid<f32>, dry: f64, classes: &[(f64, &str)]| {
        let mut table = named(name)
            .with_field("id_zone", FieldKind::Text)
            .with_field("id_sin", FieldKind::Text)
            .with_field(field, FieldKind::Text);
        let thresholds: Vec<f64> = classes.iter().map(|c| c.0).chain([TOP]).collect();
        for (polygons, (_, code)) in bands(grid, dry, &thresholds)?.into_iter().zip(classes) {
            for polygon in polygons {
                let id = format!("{}_{}", identity.surface, table.features.len() + 1);
                table.features.push(Feature {
                    geometry: Some(Geometry::Polygons(vec![polygon])),
                    values: vec![Value::Text(id), surface_id(), Value::Text((*code).to_owned())],
                });
            }
        }
        Result::Ok(table)
    };
    let depths = classed("zone_iso_classe_hauteur_s", "palier_hauteur", depth, 0.0, &DEPTHS)?;
    // Only what counts as flooded has a speed; the band of the lowest class starts at its edge.
    let flooded = Grid {
        spec: speed.spec,
        values: speed
            .values
            .iter()
            .zip(&depth.values)
            .map(|(v, h)| if f64::from(*h) >= DEPTHS[0].0 { *v } else { f32::NAN })
            .collect(),
    };
    let speeds = classed("zone_iso_classe_vitesse_s", "vitesse_quali", &flooded, -0.01, &SPEEDS)?;

    let mut lines = named("ligne_iso_cote_l")
        .with_field("id_ligne", FieldKind::Text)
        .with_field("id_sin", FieldKind::Text)
        .with_field("cote", FieldKind::Real);
    for (level_m, line) in lines_of_equal_value(level, interval_m)? {
        let id = format!("{}_{}", identity.surface, lines.features.len() + 1);
        lines.features.push(Feature {
            geometry: Some(Geometry::Lines(vec![line])),
            values: vec![Value::Text(id), surface_id(), Value::Real(level_m)],
        });
    }
    Ok(vec![surfaces, depths, speeds, lines])
}

/// Surfaces between each two thresholds; cells without a value count as `dry`.
fn bands(grid: &Grid<f32>, dry: f64, thresholds: &[f64]) -> Result<Vec<Vec<Polygon>>> {
    let value = |v: &f32| if v.is_finite() { f64::from(*v) } else { dry };
    let values: Vec<f64> = grid.values.iter().map(value).collect();
    let bands = builder(grid).isobands(&values, thresholds).map_err(|e| failed(&e))?;
    let published = |polygon: &&geo::Polygon<f64>| polygon.unsigned_area() >= SMALLEST_M2;
    Ok(bands
        .iter()
        .map(|b| b.geometry().iter().filter(published).map(Polygon::from_geo).collect())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::GridSpec;

    /// A slope of water 40 m wide, 0 to 4 m deep from west to east, 2 ‰ of level.
    fn flood() -> (Grid<f32>, Grid<f32>, Grid<f32>) {
        let spec = GridSpec { west: 1000.0, north: 2000.0, cell_size: 2.0, columns: 100, rows: 40 };
        let inside = |row: usize| (10..30).contains(&row);
        let value = |of: &dyn Fn(f64) -> f64| {
            Grid::from_fn(spec, |row, column| {
                let x = column as f64 / 100.0;
                if inside(row) { of(x) as f32 } else { f32::NAN }
            })
        };
        (value(&|x| 4.0 * x), value(&|x| x), value(&|x| 50.0 - 4.0 * x))
    }

    fn area(table: &FeatureTable, code: Option<&str>) -> f64 {
        let of = |f: &&Feature| {
            code.is_none_or(|c| f.values.last().and_then(|v| v.as_text()) == Some(c))
        };
        let polygons =
            |f: &Feature| f.geometry.as_ref().map_or(0.0, |g| g.to_multi_polygon().unsigned_area());
        table.features.iter().filter(of).map(polygons).sum()
    }

    #[test]
    fn classes_partition_the_flooded_surface() {
        let (depth, speed, level) = flood();
        let maxima = FloodMaxima { depth: &depth, speed: &speed, level: &level };
        let identity = FloodIdentity { surface: "S1".into(), ..FloodIdentity::default() };
        let tables = tables(maxima, &identity, Crs::LAMBERT_93, 0.5).unwrap();
        let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "surface_inondable_s",
                "zone_iso_classe_hauteur_s",
                "zone_iso_classe_vitesse_s",
                "ligne_iso_cote_l"
            ]
        );
        let whole = area(&tables[0], None);
        assert!((area(&tables[1], None) / whole - 1.0).abs() < 1e-9);
        // 2 m and more on the eastern half of 200 m × 40 m.
        assert!((area(&tables[1], Some("Sup2m")) / 4000.0 - 1.0).abs() < 0.05);
        assert!((area(&tables[2], Some("For")) / 4000.0 - 1.0).abs() < 0.05);
        // Levels 46.5 … 49.5 and 50, one line across each.
        let levels: Vec<f64> =
            tables[3].features.iter().map(|f| f.values[2].as_real().unwrap()).collect();
        assert!(levels.len() >= 7 && levels.contains(&48.0), "{levels:?}");
        let middle = tables[3].features.iter().find(|f| f.values[2] == Value::Real(48.0)).unwrap();
        let line = &middle.geometry.as_ref().unwrap().lines()[0];
        assert!(line.iter().all(|p| (p[0] - 1101.0).abs() < 0.1), "{line:?}");
    }

    #[test]
    fn a_dry_run_has_empty_tables() {
        let spec = GridSpec { west: 0.0, north: 10.0, cell_size: 1.0, columns: 10, rows: 10 };
        let none = Grid::filled(spec, f32::NAN);
        let maxima = FloodMaxima { depth: &none, speed: &none, level: &none };
        let tables = tables(maxima, &FloodIdentity::default(), Crs::LAMBERT_93, 0.5).unwrap();
        assert!(tables.iter().all(|t| t.features.is_empty()));
    }
}
