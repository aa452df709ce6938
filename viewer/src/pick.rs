//! What is under the pointer: the ground, a building, and what is known of them.

use bevy::camera::visibility::RenderLayers;
use bevy::math::{DVec3, Ray3d};
use bevy::picking::mesh_picking::ray_cast::{MeshRayCast, MeshRayCastSettings};
use bevy::prelude::*;
use twin_core::export::wording;
use twin_core::formats::Value;
use twin_core::language::Text;
use twin_core::results::RecordedSeries;
use twin_core::territory::{Building, LandCover, Layer};
use twin_core::{Language, Result};

use crate::frame::LocalFrame;
use crate::labels::label;
use crate::opened::{OpenRun, Opened};
use crate::scene::{BuildingMesh, Buildings};
use crate::state::ViewState;

/// Farthest ground that is looked for, metres.
const FARTHEST_M: f64 = 200_000.0;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// World position.
    pub(crate) place: [f64; 3],
    /// Number of the building in the territory's list of models.
    pub(crate) building: Option<u32>,
    /// Name of the gauge.
    pub(crate) gauge: Option<String>,
    /// What it is.
    pub(crate) title: String,
    /// What is known, name and value.
    pub(crate) rows: Vec<(String, String)>,
    /// The field shown over time, run by run: title, then seconds and value.
    pub(crate) series: Vec<(String, Vec<[f64; 2]>)>,
    /// What the series is, with its unit.
    pub(crate) series_title: String,
}

impl Answer {
    /// Identifier of the building.
    pub(crate) fn building_id<'a>(&self, opened: &'a Opened) -> Option<&'a str> {
        let models = &opened.territory.features().building_models;
        self.building.and_then(|k| models.get(k as usize)).map(|model| &model.id[..])
    }
}

/// A ray of the picture that hits the ground or a building.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Picker<'w, 's> {
    rays: MeshRayCast<'w, 's>,
    meshes: Res<'w, Assets<Mesh>>,
    buildings: Query<'w, 's, (&'static Mesh3d, &'static RenderLayers), With<BuildingMesh>>,
}

/// What a ray hits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// World position, true to scale.
    pub(crate) place: [f64; 3],
    /// Building, where it is one.
    pub(crate) building: Option<u32>,
    /// Gauge of run A, where it is one.
    pub(crate) gauge: Option<String>,
}

impl Picker<'_, '_> {
    /// The nearest thing on a ray of a picture, which shows some layers of the scene.
    pub(crate) fn hit(
        &mut self,
        ray: Ray3d,
        shown: &RenderLayers,
        opened: &Opened,
        state: &ViewState,
    ) -> Option<Hit> {
        let k = f64::from(state.exaggeration);
        let ground = ground_hit(ray, opened, k);
        let is_building = |entity: Entity| {
            self.buildings.get(entity).is_ok_and(|(_, layers)| layers.intersects(shown))
        };
        let settings = MeshRayCastSettings::default().with_filter(&is_building);
        let hit = self.rays.cast_ray(ray, &settings).first().cloned();
        let eye = ray.origin.as_dvec3();
        let nearer = hit.filter(|(_, hit)| {
            ground.is_none_or(|place| {
                let mut scene = opened.frame.to_scene_f64(place);
                scene.y *= k;
                f64::from(hit.distance) < scene.distance(eye)
            })
        });
        if let Some((entity, hit)) = nearer {
            let mut scene = hit.point.as_dvec3();
            scene.y /= k;
            let mesh = self.buildings.get(entity).ok().and_then(|(m, _)| self.meshes.get(&m.0));
            let building = mesh
                .zip(hit.triangle_index)
                .and_then(|(mesh, triangle)| Buildings::number_of(mesh, triangle));
            return Some(Hit { place: opened.frame.to_world(scene), building, gauge: None });
        }
        ground.map(|place| Hit { place, building: None, gauge: None })
    }
}

/// Where a ray meets the terrain: steps of about a cell, then halving.
pub(crate) fn ground_hit(ray: Ray3d, opened: &Opened, exaggeration: f64) -> Option<[f64; 3]> {
    let stretch = DVec3::new(1.0, 1.0 / exaggeration, 1.0);
    let origin = ray.origin.as_dvec3() * stretch;
    let direction = (ray.direction.as_dvec3() * stretch).normalize();
    march(origin, direction, opened.frame, opened.coarse_terrain.spec.cell_size, |x, y| {
        opened.coarse_height(x, y).map(f64::from)
    })
}

fn march(
    origin: DVec3,
    direction: DVec3,
    frame: LocalFrame,
    cell_size: f64,
    height: impl Fn(f64, f64) -> Option<f64>,
) -> Option<[f64; 3]> {
    // Positive above the ground; none beside the terrain.
    let above = |t: f64| {
        let [x, y, z] = frame.to_world(origin + direction * t);
        height(x, y).map(|ground| z - ground)
    };
    let mut t = 0.0;
    let mut last: Option<f64> = None;
    while t < FARTHEST_M {
        match above(t) {
            Some(gap) if gap <= 0.0 => {
                let before = last?;
                let (mut low, mut high) = (before, t);
                for _ in 0..40 {
                    let middle = 0.5 * (low + high);
                    if above(middle).is_some_and(|gap| gap <= 0.0) {
                        high = middle
                    } else {
                        low = middle
                    }
                }
                let [x, y, z] = frame.to_world(origin + direction * high);
                return Some([x, y, height(x, y).unwrap_or(z)]);
            }
            // A ray far above the ground may go as far as the steepest fall to it allows.
            Some(gap) => {
                last = Some(t);
                t += (0.25 * gap).clamp(0.5 * cell_size, 500.0);
            }
            None => t += if last.is_some() { 0.5 * cell_size } else { cell_size.max(5.0) },
        }
    }
    None
}

/// All that is known of a place.
pub(crate) fn answer(hit: Hit, opened: &Opened, state: &ViewState) -> Result<Answer> {
    let language = state.language;
    let [x, y, _] = hit.place;
    let n = |v: f64, decimals| language.number(v, decimals);
    let pick = |fr: &str, en: &str| language.pick(fr, en).to_owned();
    let mut rows = vec![(pick("Position", "Position"), format!("{} ; {}", n(x, 1), n(y, 1)))];
    if let Some(ground) = opened.territory.ground_at(x, y)? {
        rows.push((
            pick("Altitude du sol (m)", "Altitude of the ground (m)"),
            n(f64::from(ground), 2),
        ));
    }
    let mut title = pick("Terrain", "Ground");
    if let Some(name) = &hit.gauge {
        title = format!("{} « {name} »", language.pick("Point de suivi", "Gauge"));
    } else if let Some(number) = hit.building {
        let features = opened.territory.features();
        if let Some(model) = features.building_models.get(number as usize) {
            title = format!("{} {}", language.pick("Bâtiment", "Building"), model.id);
            for (letter, run) in ["A", "B"].iter().zip(&opened.runs) {
                let several = opened.runs.len() > 1;
                let named =
                    |text: String| if several { format!("{letter} – {text}") } else { text };
                let mut found = Vec::new();
                assets(run, &model.id, language, &mut found)?;
                rows.extend(found.into_iter().map(|(name, value)| (named(name), value)));
            }
            attributes(model, language, &mut rows);
            if let Some(building) = features.buildings.iter().find(|b| b.id == model.id) {
                attributes(building, language, &mut rows);
            }
        }
    } else if let Some((row, column)) = opened.territory.spec().cell_at(x, y) {
        let cover = opened.territory.window("land_cover", row..row + 1, column..column + 1)?;
        if let Some(code) = cover.values.first().filter(|c| c.is_finite()) {
            let name = LandCover::from_value(*code as u8).name(language);
            rows.push((pick("Occupation du sol", "Land cover"), name));
        }
    }
    let (mut series, mut series_title) = (Vec::new(), String::new());
    for (letter, run) in ["A", "B"].iter().zip(&opened.runs) {
        let several = opened.runs.len() > 1;
        let name =
            |text: &str| if several { format!("{letter} – {text}") } else { text.to_owned() };
        for field in run
            .fields
            .iter()
            .filter(|f| !f.is_series || state.result.field.as_ref() == Some(&f.name))
        {
            if let Some(value) = run.value_at(field, [x, y], state.result.time_s) {
                let value = field
                    .class_of(value)
                    .map_or_else(|| n(f64::from(value), 2), |class| class.get(language).to_owned());
                rows.push((name(&field.label(language)), value));
            }
        }
        if let Some(gauge) = hit.gauge.as_ref().and_then(|gauge| run.gauge(gauge)) {
            for (title, recorded) in &gauge.series {
                let unit = wording::unit(&recorded.unit, language);
                let most = recorded.points.iter().map(|p| p.1).filter(|v| v.is_finite());
                if let Some(most) = most.reduce(f64::max) {
                    let most_of = language.pick("maximum enregistré", "highest recorded");
                    let row = format!("{}, {most_of} ({unit})", title.get(language));
                    rows.push((name(&row), n(most, 2)));
                }
            }
            // The quantity that is shown where it was recorded, else the first.
            let is_shown =
                |s: &&(Text, RecordedSeries)| Some(&s.1.variable) == state.result.field.as_ref();
            let recorded = gauge.series.iter().find(is_shown).or(gauge.series.first());
            if let Some((title, recorded)) = recorded {
                let points = recorded.points.iter().filter(|p| p.1.is_finite());
                let points = points.map(|(t, v)| [t / 3600.0, *v]).collect();
                series.push((name(&run.run.title(language)), points));
                let unit = wording::unit(&recorded.unit, language);
                series_title = format!("{} ({unit})", title.get(language));
            }
            continue;
        }
        let shown = state.result.field.as_ref().and_then(|f| run.field(f)).filter(|f| f.is_series);
        if let (Some(field), Some((row, column))) = (shown, run.run.fields.spec().cell_at(x, y)) {
            let values = run.run.fields.read_point_series(&field.name, row, column)?;
            let points = run.times().iter().zip(values).filter(|(_, v)| v.is_finite());
            series.push((
                name(&run.run.title(language)),
                points.map(|(t, v)| [t / 3600.0, f64::from(v)]).collect(),
            ));
            series_title = field.label(language);
        }
    }
    let Hit { place, building, gauge } = hit;
    Ok(Answer { place, building, gauge, title, rows, series, series_title })
}

/// The attributes of a feature that have a value.
fn attributes<L: Layer>(feature: &L, language: Language, rows: &mut Vec<(String, String)>) {
    const INNER: [&str; 3] = ["cleabs", "cityjson_debut", "cityjson_longueur"];
    for (column, value) in L::COLUMNS.iter().zip(feature.to_values()) {
        if INNER.contains(&column.name) {
            continue;
        }
        if let Some(text) = written(&value, language) {
            rows.push((label(column.name, language), text));
        }
    }
}

/// What the run says of a building.
fn assets(
    run: &OpenRun,
    id: &str,
    language: Language,
    rows: &mut Vec<(String, String)>,
) -> Result<()> {
    for table in run.run.assets()?.iter().filter(|t| t.name == Building::NAME) {
        let Some(key) = table.column("cleabs") else { continue };
        let is_it = |f: &&twin_core::formats::Feature| {
            f.values.get(key).and_then(Value::as_text) == Some(id)
        };
        for feature in table.features.iter().filter(is_it) {
            for (field, value) in table.fields.iter().zip(&feature.values) {
                if field.name != "cleabs"
                    && let Some(text) = written(value, language)
                {
                    rows.push((label(&field.name, language), text));
                }
            }
        }
    }
    Ok(())
}

fn written(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Real(v) => Some(language.number(*v, 2)),
        Value::Integer(v) => Some(v.to_string()),
        Value::Bool(yes) => Some(
            if *yes { language.pick("oui", "yes") } else { language.pick("non", "no") }.to_owned(),
        ),
        other => other.as_text().map(str::to_owned),
    }
}

/// Ground and water along a line: distances, then levels of the ground and of each run's water.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    /// Ground: metres along the line and altitude.
    pub(crate) ground: Vec<[f64; 2]>,
    /// Water of each run, by title, in pieces without gaps.
    pub(crate) water: Vec<(String, Vec<Vec<[f64; 2]>>)>,
}

/// Samples a profile.
pub(crate) fn profile(line: &[[f64; 3]], opened: &Opened, state: &ViewState) -> Result<Profile> {
    const SAMPLES: f64 = 600.0;
    let (length, _) = crate::tools::lengths(line);
    let step = (length / SAMPLES).max(opened.territory.spec().cell_size);
    let mut ground = Vec::new();
    let mut places = Vec::new();
    let mut done = 0.0;
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        let part = dx.hypot(dy);
        let count = (part / step).ceil().max(1.0) as usize;
        for k in 0..=count {
            let t = k as f64 / count as f64;
            let (x, y) = (pair[0][0] + t * dx, pair[0][1] + t * dy);
            places.push((done + t * part, x, y));
        }
        done += part;
    }
    for (along, x, y) in &places {
        if let Some(z) = opened.territory.ground_at(*x, *y)? {
            ground.push([*along, f64::from(z)]);
        }
    }
    let mut water = Vec::new();
    for (letter, run) in ["A", "B"].iter().zip(&opened.runs) {
        let depth = run.field("water_depth").or_else(|| run.field("maximum_water_depth"));
        let (Some(field), Some(bed)) = (depth, &run.bed) else { continue };
        let frame = run_depths(run, field, state.result.time_s)?;
        let mut pieces: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
        for (along, x, y) in &places {
            let depth = frame.at(*x, *y).copied().filter(|h| *h >= 0.01);
            match (depth, bed.at(*x, *y)) {
                (Some(depth), Some(bed)) if bed.is_finite() => {
                    if let Some(piece) = pieces.last_mut() {
                        piece.push([*along, f64::from(bed + depth)]);
                    }
                }
                _ if pieces.last().is_some_and(|p| !p.is_empty()) => pieces.push(Vec::new()),
                _ => {}
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        water.push((format!("{letter} – {}", run.run.title(state.language)), pieces));
    }
    Ok(Profile { ground, water })
}

/// The depths of a run at a time, between two frames as the picture shows them.
fn run_depths(
    run: &OpenRun,
    field: &crate::opened::Field,
    time_s: f64,
) -> Result<twin_core::spatial::Grid<f32>> {
    if !field.is_series {
        return run.read(field, 0);
    }
    let moment = crate::opened::Moment::at(run.times(), time_s);
    let mut grid = run.read(field, moment.before)?;
    let after = run.read(field, moment.after)?;
    for (a, b) in grid.values.iter_mut().zip(&after.values) {
        *a += (b - *a) * moment.fraction;
    }
    Ok(grid)
}

/// A unit as people write it, in brackets.
pub(crate) fn bracketed(unit: &str, language: Language) -> String {
    match wording::unit(unit, language).as_str() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::Extent;

    #[test]
    fn a_ray_meets_a_slope_where_it_is() {
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 1000.0, max_y: 1000.0 };
        let frame = LocalFrame::new(&extent, 0.0);
        let slope = |x: f64, y: f64| extent.contains(x, y).then_some(0.1 * x);
        let eye = frame.to_scene_f64([200.0, 500.0, 300.0]);
        let goal = frame.to_scene_f64([600.0, 700.0, 60.0]);
        let hit = march(eye, (goal - eye).normalize(), frame, 1.0, slope).unwrap();
        assert!((hit[0] - 600.0).abs() < 0.01 && (hit[1] - 700.0).abs() < 0.01, "{hit:?}");
        assert!((hit[2] - 60.0).abs() < 0.01);
        let sky = march(eye, DVec3::Y, frame, 1.0, slope);
        assert_eq!(sky, None);
    }
}
