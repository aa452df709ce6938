//! What is known of the place, building or gauge that a view asks about.

use bevy::prelude::*;
use twin_core::export::wording;
use twin_core::formats::Value;
use twin_core::language::Text;
use twin_core::results::RecordedSeries;
use twin_core::results::exposure::{footprint_cells, ring};
use twin_core::spatial::GridSpec;
use twin_core::territory::{Building, Features, LandCover, Layer};
use twin_core::{Error, Language, Result};

use crate::labels::{label, meaning};
use crate::notices::Notices;
use crate::opened::{Field, Moment, OpenRun, Opened};
use crate::scene::Buildings;
use crate::scene::material::SurfaceMaterial;
use crate::state::{Picked, ViewState};

/// The answer to what the view asks about.
#[derive(Debug, Default, Resource)]
pub(crate) struct Asked(pub(crate) Option<Answer>);

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// What was asked about.
    pub(crate) picked: Picked,
    /// What it is.
    pub(crate) title: String,
    /// What is known whatever the moment, name and value.
    pub(crate) rows: Vec<(String, String)>,
    /// That of the field that is shown, where it does not change with time.
    shown: Vec<(String, String)>,
    /// What changes with time, run by run.
    pub(crate) curves: Vec<Curve>,
}

/// A quantity over time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    /// Title of the run, behind its letter where there are two.
    pub(crate) run: String,
    /// What it is, with its unit.
    pub(crate) quantity: String,
    letter: &'static str,
    /// The field that it is of; none where a gauge recorded it.
    field: Option<Field>,
    times_s: Vec<f64>,
    values: Vec<f64>,
}

impl Curve {
    /// Hours since the start and values, where there are any.
    pub(crate) fn points(&self) -> Vec<[f64; 2]> {
        let points = self.times_s.iter().zip(&self.values).filter(|(_, v)| v.is_finite());
        points.map(|(t, v)| [t / 3600.0, *v]).collect()
    }

    /// The value at a time, between two stored ones as the picture shows it.
    fn at(&self, time_s: f64) -> Option<f64> {
        let Moment { before, after, fraction } = Moment::at(&self.times_s, time_s);
        let value = |k: usize| self.values.get(k).copied().filter(|v| v.is_finite());
        match (value(before), value(after)) {
            (Some(a), Some(b)) => Some(a + (b - a) * f64::from(fraction)),
            (a, b) => a.or(b),
        }
    }
}

impl Answer {
    /// What the field that is shown says of a time, name and value.
    pub(crate) fn at(&self, time_s: f64, language: Language) -> Vec<(String, String)> {
        let said = |curve: &Curve| {
            let value = curve.at(time_s)?;
            let class = curve.field.as_ref().and_then(|field| field.class_of(value as f32));
            let value =
                class.map_or_else(|| language.number(value, 2), |c| c.get(language).to_owned());
            Some((format!("{}{}", curve.letter, curve.quantity), value))
        };
        self.shown.iter().cloned().chain(self.curves.iter().filter_map(said)).collect()
    }
}

type Question = (Option<Picked>, Option<String>, Language);

/// Follows what the view asks about, and marks the building.
pub(crate) fn ask(
    state: Res<ViewState>,
    opened: Res<Opened>,
    mut asked: ResMut<Asked>,
    mut buildings: ResMut<Buildings>,
    mut surfaces: ResMut<Assets<SurfaceMaterial>>,
    mut notices: ResMut<Notices>,
    mut told: Local<Option<Question>>,
) {
    let question = (state.picked.clone(), state.result.field.clone(), state.language);
    if told.as_ref() == Some(&question) && !opened.is_changed() {
        return;
    }
    let picked = question.0.clone();
    *told = Some(question);
    let models = &opened.territory.features().building_models;
    let id = picked.as_ref().and_then(|p| p.building.as_ref());
    let number = id.and_then(|id| models.iter().position(|model| model.id == *id));
    buildings.mark(number.map(|number| number as u32), &mut surfaces);
    asked.0 = match picked.map(|picked| answer(&picked, &opened, &state)).transpose() {
        Ok(found) => found,
        Err(error) => {
            notices.error(&error, state.language);
            None
        }
    };
}

/// All that is known of what was picked.
pub(crate) fn answer(picked: &Picked, opened: &Opened, state: &ViewState) -> Result<Answer> {
    let language = state.language;
    let [x, y, _] = picked.place;
    let n = |v: f64, decimals| language.number(v, decimals);
    let pick = |fr: &str, en: &str| language.pick(fr, en).to_owned();
    let features = opened.territory.features();
    let mut rows = vec![(pick("Position", "Position"), format!("{} ; {}", n(x, 1), n(y, 1)))];
    if let Some(ground) = opened.territory.ground_at(x, y)? {
        let name = pick("Altitude du sol (m)", "Altitude of the ground (m)");
        rows.push((name, n(f64::from(ground), 2)));
    }
    let mut title = pick("Terrain", "Ground");
    if let Some(name) = &picked.gauge {
        title = format!("{} « {name} »", language.pick("Point de suivi", "Gauge"));
    } else if let Some(id) = &picked.building {
        title = format!("{} {id}", language.pick("Bâtiment", "Building"));
        about_building(id, opened, language, &mut rows)?;
    } else if let Some((row, column)) = opened.territory.spec().cell_at(x, y) {
        let cover = opened.territory.window("land_cover", row..row + 1, column..column + 1)?;
        if let Some(code) = cover.values.first().filter(|c| c.is_finite()) {
            let name = LandCover::from_value(*code as u8).name(language);
            rows.push((pick("Occupation du sol", "Land cover"), name));
        }
    }
    let shown_name = state.result.field.as_ref();
    let (mut shown, mut curves) = (Vec::new(), Vec::new());
    for (letter, run) in opened.lettered() {
        let cells = Cells::of(picked, features, run.run.fields.spec());
        for field in run.fields.iter().filter(|field| !field.is_series) {
            let (value, place) = cells.told(run, field, language)?;
            let Some(value) = value else { continue };
            let class = field.class_of(value);
            let value =
                class.map_or_else(|| n(f64::from(value), 2), |c| c.get(language).to_owned());
            let row = (format!("{letter}{}{place}", field.label(language)), value);
            if Some(&field.name) == shown_name { shown.push(row) } else { rows.push(row) }
        }
        if let Some(gauge) = picked.gauge.as_ref().and_then(|gauge| run.gauge(gauge)) {
            for (title, recorded) in &gauge.series {
                let values = recorded.points.iter().map(|p| p.1).filter(|v| v.is_finite());
                if let Some(most) = values.reduce(f64::max) {
                    let unit = wording::unit(&recorded.unit, language);
                    let most_of = language.pick("maximum enregistré", "highest recorded");
                    let name = format!("{letter}{}, {most_of} ({unit})", title.get(language));
                    rows.push((name, n(most, 2)));
                }
            }
            // The quantity that is shown where it was recorded, else the first.
            let is_shown = |s: &&(Text, RecordedSeries)| Some(&s.1.variable) == shown_name;
            let recorded = gauge.series.iter().find(is_shown).or(gauge.series.first());
            curves.extend(recorded.map(|(title, recorded)| Curve {
                run: format!("{letter}{}", run.run.title(language)),
                quantity: format!(
                    "{} ({})",
                    title.get(language),
                    wording::unit(&recorded.unit, language)
                ),
                letter,
                field: None,
                times_s: recorded.points.iter().map(|p| p.0).collect(),
                values: recorded.points.iter().map(|p| p.1).collect(),
            }));
        } else if let Some(field) = shown_name.and_then(|f| run.field(f)).filter(|f| f.is_series) {
            let (values, place) = cells.highest_over_time(run, field, language)?;
            curves.push(Curve {
                run: format!("{letter}{}", run.run.title(language)),
                quantity: format!("{}{place}", field.label(language)),
                letter,
                field: Some(field.clone()),
                times_s: run.times().to_vec(),
                values,
            });
        }
    }
    curves.retain(|curve| curve.values.iter().any(|v| v.is_finite()));
    Ok(Answer { picked: picked.clone(), title, rows, shown, curves })
}

/// What the runs and the territory say of a building.
fn about_building(
    id: &str,
    opened: &Opened,
    language: Language,
    rows: &mut Vec<(String, String)>,
) -> Result<()> {
    let features = opened.territory.features();
    let Some(model) = features.building_models.iter().find(|model| model.id == id) else {
        return Err(Error::input(
            opened.territory.manifest().name.clone(),
            format!("le bâtiment « {id} » n'y est pas ; cliquer sur un autre"),
            format!("the building \"{id}\" is not there; click on another one"),
        ));
    };
    for (letter, run) in opened.lettered() {
        let mut found = Vec::new();
        assets(run, id, language, &mut found)?;
        rows.extend(found.into_iter().map(|(name, value)| (format!("{letter}{name}"), value)));
    }
    attributes(model, language, rows);
    if let Some(building) = features.buildings.iter().find(|b| b.id == id) {
        attributes(building, language, rows);
    }
    Ok(())
}

/// The cells of a run that speak for what was picked.
struct Cells {
    own: Vec<(usize, usize)>,
    /// Those of a building and its neighbours; none of anything else.
    around: Vec<(usize, usize)>,
}

impl Cells {
    fn of(picked: &Picked, features: &Features, spec: &GridSpec) -> Self {
        let is_it = |b: &&Building| Some(&b.id) == picked.building.as_ref();
        match features.buildings.iter().find(is_it) {
            Some(building) => {
                let own = footprint_cells(spec, building);
                let around = ring(spec, &own).collect();
                Self { own, around }
            }
            None => {
                let [x, y, _] = picked.place;
                Self { own: spec.cell_at(x, y).into_iter().collect(), around: Vec::new() }
            }
        }
    }

    /// Whether a building's own cells say nothing: they are no part of the model, or blocks in its water.
    fn is_silent(&self, run: &OpenRun, mut values: impl Iterator<Item = f64>) -> bool {
        let stands_in_water = run.bed.is_some();
        !self.around.is_empty() && values.all(|v| !v.is_finite() || (stands_in_water && v == 0.0))
    }

    /// What is said of a field without time, and where.
    fn told(
        &self,
        run: &OpenRun,
        field: &Field,
        language: Language,
    ) -> Result<(Option<f32>, &'static str)> {
        let own = run.told_by(field, &self.own)?;
        if !self.is_silent(run, own.into_iter().map(f64::from)) {
            return Ok((own, ""));
        }
        Ok((run.told_by(field, &self.around)?, beside(language)))
    }

    /// The highest value of a field at every stored moment, and where.
    fn highest_over_time(
        &self,
        run: &OpenRun,
        field: &Field,
        language: Language,
    ) -> Result<(Vec<f64>, &'static str)> {
        let own = run.highest_over_time(field, &self.own)?;
        if !self.is_silent(run, own.iter().copied()) {
            return Ok((own, ""));
        }
        Ok((run.highest_over_time(field, &self.around)?, beside(language)))
    }
}

fn beside(language: Language) -> &'static str {
    language.pick(", autour du bâtiment", ", around the building")
}

/// The attributes of a feature that have a value.
fn attributes<L: Layer>(feature: &L, language: Language, rows: &mut Vec<(String, String)>) {
    const INNER: [&str; 3] = ["cleabs", "cityjson_debut", "cityjson_longueur"];
    for (column, value) in L::COLUMNS.iter().zip(feature.to_values()) {
        if INNER.contains(&column.name) {
            continue;
        }
        if let Some(text) = written(column.name, &value, language) {
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
                    && let Some(text) = written(&field.name, value, language)
                {
                    rows.push((label(&field.name, language), text));
                }
            }
        }
    }
    Ok(())
}

fn written(column: &str, value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Real(v) => Some(language.number(*v, 2)),
        Value::Integer(v) => Some(v.to_string()),
        Value::Bool(yes) => Some(
            if *yes { language.pick("oui", "yes") } else { language.pick("non", "no") }.to_owned(),
        ),
        other => other.as_text().map(|text| meaning(column, text, language).to_owned()),
    }
}
