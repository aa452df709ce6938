//! `twin observe`: a run beside observed flood marks and gauge series.

use std::path::{Path, PathBuf};

use twin_core::export::Legend;
use twin_core::export::map::{Marker, RasterLayer};
use twin_core::export::plot::{LinePlot, Series as PlotSeries};
use twin_core::export::report::{Cell, Figure, FigurePicture, Table, render};
use twin_core::language::Text;
use twin_core::results::{
    ErrorScores, FinishedRun, FloodMark, SeriesScores, read_flood_marks, write_atomically,
};
use twin_core::scenario::DatumRef;
use twin_core::series::{Quantity, Series};
use twin_core::spatial::{Grid, VerticalDatum};
use twin_core::{Error, FileProblem, Language, Result};

use super::finished::{Presented as _, figure};
use crate::console::{Console, line};

/// How far from a mark water is looked for, m: marks stand on walls, where no water is computed.
const SEARCH_M: f64 = 10.0;

/// Observations of a gauge below which nothing is called calibrated.
const LEAST_OBSERVATIONS: usize = 10;

/// What a series at a gauge measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Observed {
    /// Water level
    #[default]
    Level,
    /// Discharge
    Discharge,
    /// Air temperature
    AirTemperature,
    /// Mean radiant temperature
    MeanRadiantTemperature,
    /// UTCI
    Utci,
}

impl Observed {
    /// How its files are read, and its name in a run.
    fn read_as(self) -> (Quantity, &'static str) {
        match self {
            Self::Level => (Quantity::Level, "water_level"),
            Self::Discharge => (Quantity::Discharge, "discharge"),
            Self::AirTemperature => (Quantity::Temperature, "air_temperature"),
            Self::MeanRadiantTemperature => (Quantity::Temperature, "mean_radiant_temperature"),
            Self::Utci => (Quantity::Temperature, "utci"),
        }
    }

    /// The units of its values and of their differences.
    fn units(self) -> [&'static str; 2] {
        match self {
            Self::Level => ["m"; 2],
            Self::Discharge => ["m³/s"; 2],
            Self::AirTemperature | Self::MeanRadiantTemperature | Self::Utci => ["°C", "K"],
        }
    }

    fn title(self) -> Text {
        match self {
            Self::Level => Text::new("Niveau d'eau", "Water level"),
            Self::Discharge => Text::new("Débit", "Discharge"),
            Self::AirTemperature => Text::new("Température de l'air", "Air temperature"),
            Self::MeanRadiantTemperature => {
                Text::new("Température moyenne radiante", "Mean radiant temperature")
            }
            Self::Utci => Text::new("UTCI", "UTCI"),
        }
    }

    /// Root mean square up to which a text about calibration is proposed, in its unit; none for what the run was given.
    /// For mean radiant temperature that of published comparisons (Lindberg et al. 2008: 4.8 K).
    fn most_calibrated(self) -> Option<f64> {
        match self {
            Self::Level | Self::Discharge => Some(0.5),
            Self::AirTemperature => None,
            Self::MeanRadiantTemperature => Some(4.8),
            Self::Utci => Some(3.0),
        }
    }
}

/// What the user asked for.
#[derive(Debug, Clone)]
pub(crate) struct Observations {
    /// Files of marks, or `GAUGE=FILE`.
    pub(crate) files: Vec<String>,
    pub(crate) event: Option<String>,
    pub(crate) quantity: Observed,
    pub(crate) unit: Option<String>,
    pub(crate) datum: Option<String>,
    pub(crate) offset_m: Option<f64>,
}

/// A mark and the water that the run has there.
pub(crate) struct MarkResult {
    pub(crate) mark: FloodMark,
    /// Level of the mark in the run's datum, m.
    pub(crate) level_m: f64,
    /// Simulated level, m; `None` where no water came within reach.
    pub(crate) simulated_m: Option<f64>,
}

/// A gauge and its scores.
pub(crate) struct GaugeResult {
    gauge: String,
    quantity: Observed,
    observed: Vec<(f64, f64)>,
    simulated: Vec<(f64, f64)>,
    pub(crate) scores: SeriesScores,
}

/// All comparisons of a run with observations.
pub(crate) struct Agreement {
    pub(crate) marks: Vec<MarkResult>,
    pub(crate) gauges: Vec<GaugeResult>,
    pub(crate) notes: Vec<Text>,
}

impl Agreement {
    /// Compares a run with observations.
    pub(crate) fn new(run: &FinishedRun, given: &Observations) -> Result<Self> {
        let territory = &run.manifest.territory;
        let datum = VerticalDatum::parse(&territory.vertical_datum).ok_or_else(|| {
            Error::input(
                run.folder.display().to_string(),
                "système d'altitude du calcul inconnu",
                "vertical datum of the run not known",
            )
        })?;
        let offset_m = match &given.datum {
            Some(name) => DatumRef { datum: name.clone(), offset_m: given.offset_m }
                .offset_to(datum, "--datum")?,
            None if given.quantity != Observed::Level => 0.0,
            None => {
                return Err(Error::input(
                    "--datum",
                    "donner le système d'altitude des observations, comme --datum NGF-IGN69",
                    "give the datum of the observations, as in --datum NGF-IGN69",
                ));
            }
        };
        let mut agreement = Self { marks: Vec::new(), gauges: Vec::new(), notes: Vec::new() };
        for file in &given.files {
            match file.split_once('=') {
                Some((gauge, path)) => {
                    agreement.gauges.push(gauge_result(
                        run,
                        gauge,
                        Path::new(path),
                        given,
                        offset_m,
                    )?);
                }
                None => agreement.add_marks(run, Path::new(file), given, offset_m)?,
            }
        }
        Ok(agreement)
    }

    fn add_marks(
        &mut self,
        run: &FinishedRun,
        path: &Path,
        given: &Observations,
        offset_m: f64,
    ) -> Result<()> {
        let level = run.field("maximum_water_level")?;
        let found = read_flood_marks(path, run.manifest.territory.crs)?;
        self.notes.extend(found.notes);
        let of_event = |m: &FloodMark| {
            given.event.as_ref().is_none_or(|e| m.event.as_deref() == Some(&e.replace('/', "-")))
        };
        let all = found.marks.len();
        let inside: Vec<FloodMark> = found
            .marks
            .into_iter()
            .filter(|m| of_event(m) && level.spec.cell_at(m.position[0], m.position[1]).is_some())
            .collect();
        if inside.len() < all {
            let left = all - inside.len();
            self.notes.push(Text::new(
                format!(
                    "{left} repère(s) hors de l'emprise ou d'un autre événement laissés de côté"
                ),
                format!("{left} mark(s) outside the extent or of another event left out"),
            ));
        }
        if inside.is_empty() {
            return Err(Error::input(
                path.display().to_string(),
                "aucun repère de cet événement dans l'emprise du calcul ; vérifier --event et les coordonnées",
                "no mark of this event inside the run's extent; check --event and the coordinates",
            ));
        }
        self.marks.extend(inside.into_iter().map(|mark| MarkResult {
            level_m: mark.level_m + offset_m,
            simulated_m: nearest_level(&level, mark.position),
            mark,
        }));
        Ok(())
    }

    /// Simulated less observed levels of the marks that water reached, m.
    pub(crate) fn mark_differences(&self) -> Vec<f64> {
        self.marks.iter().filter_map(|m| Some(m.simulated_m? - m.level_m)).collect()
    }

    /// One figure to rank runs by: root mean square over marks and gauges; a mark that no water
    /// reached counts with 1 m.
    pub(crate) fn objective(&self) -> Option<f64> {
        let dry = self.marks.iter().filter(|m| m.simulated_m.is_none()).map(|_| 1.0);
        let marks = self.mark_differences().into_iter().chain(dry);
        let gauges = self.gauges.iter().map(|g| g.scores.errors.rmse);
        let squares: Vec<f64> = marks.chain(gauges).map(|d| d * d).collect();
        (!squares.is_empty()).then(|| (squares.iter().sum::<f64>() / squares.len() as f64).sqrt())
    }

    fn message(&self) -> Text {
        let sentence = |l: Language| {
            let mut said = Vec::new();
            let dry = self.marks.iter().filter(|m| m.simulated_m.is_none()).count();
            if let Some(s) = ErrorScores::new(&self.mark_differences()) {
                let (bias, rmse) = (l.number(s.bias, 2), l.number(s.rmse, 2));
                said.push(match l {
                    Language::Fr => format!(
                        "{} repères : biais {bias} m, EMQ {rmse} m, {dry} non atteint(s)",
                        s.count
                    ),
                    Language::En => format!(
                        "{} marks: bias {bias} m, RMSE {rmse} m, {dry} not reached",
                        s.count
                    ),
                });
            } else if dry > 0 {
                said.push(match l {
                    Language::Fr => format!("aucun des {dry} repères n'est atteint"),
                    Language::En => format!("none of the {dry} marks is reached"),
                });
            }
            for g in &self.gauges {
                let s = &g.scores;
                let n = |v: f64| l.number(v, 2);
                let efficiency = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), n);
                let minutes = l.number(s.peak_delay_s / 60.0, 0);
                said.push(match l {
                    Language::Fr => format!(
                        "{} : EMQ {} {unit}, NSE {}, KGE {}, pointe {} {unit} et {minutes} min",
                        g.gauge,
                        n(s.errors.rmse),
                        efficiency(s.nse),
                        efficiency(s.kge),
                        n(s.peak_error),
                        unit = g.quantity.units()[1]
                    ),
                    Language::En => format!(
                        "{}: RMSE {} {unit}, NSE {}, KGE {}, peak {} {unit} and {minutes} min",
                        g.gauge,
                        n(s.errors.rmse),
                        efficiency(s.nse),
                        efficiency(s.kge),
                        n(s.peak_error),
                        unit = g.quantity.units()[1]
                    ),
                });
            }
            format!("{}.", said.join(l.pick(" ; ", "; ")))
        };
        Text::new(sentence(Language::Fr), sentence(Language::En))
    }
}

/// Level of the nearest cell with water within reach.
fn nearest_level(level: &Grid<f32>, [x, y]: [f64; 2]) -> Option<f64> {
    let spec = level.spec;
    let (row, column) = spec.cell_at(x, y)?;
    let reach = (SEARCH_M / spec.cell_size).ceil() as usize;
    let rows = row.saturating_sub(reach)..=(row + reach).min(spec.rows - 1);
    let mut best: Option<(f64, f64)> = None;
    for r in rows {
        for c in column.saturating_sub(reach)..=(column + reach).min(spec.columns - 1) {
            let (cx, cy) = spec.centre(r, c);
            // The cell of the mark itself counts as at no distance.
            let distance = if (r, c) == (row, column) { 0.0 } else { (cx - x).hypot(cy - y) };
            let value = level[(r, c)];
            if value.is_finite()
                && distance <= SEARCH_M
                && best.is_none_or(|(nearest, _)| distance < nearest)
            {
                best = Some((distance, f64::from(value)));
            }
        }
    }
    best.map(|(_, level)| level)
}

fn gauge_result(
    run: &FinishedRun,
    gauge: &str,
    path: &Path,
    given: &Observations,
    offset_m: f64,
) -> Result<GaugeResult> {
    let (quantity, variable) = given.quantity.read_as();
    let start = run.manifest.start_utc.as_ref().and_then(|start| start.parse().ok());
    let start = start.ok_or_else(|| {
        Error::input(
            run.folder.display().to_string(),
            "début du calcul illisible",
            "start of the run unreadable",
        )
    })?;
    let observed = Series::read_csv(path, start, quantity, given.unit.as_deref())?
        .map(|level| level + offset_m);
    let simulated = simulated_series(&run.folder.join("gauges.csv"), gauge, variable)?;
    let scores = SeriesScores::new(&simulated, observed.points()).ok_or_else(|| {
        Error::input(
            path.display().to_string(),
            "moins de deux observations pendant le calcul ; vérifier les dates et la station",
            "fewer than two observations during the run; check dates and gauge",
        )
    })?;
    Ok(GaugeResult {
        gauge: gauge.to_owned(),
        quantity: given.quantity,
        observed: observed.points().to_vec(),
        simulated,
        scores,
    })
}

/// A series of `gauges.csv`.
fn simulated_series(path: &Path, gauge: &str, variable: &str) -> Result<Vec<(f64, f64)>> {
    let mut reader =
        csv::Reader::from_path(path).map_err(|e| Error::file(path, FileProblem::undecodable(e)))?;
    let (mut points, mut known) = (Vec::new(), std::collections::BTreeSet::new());
    for record in reader.records() {
        let record = record.map_err(|e| Error::file(path, FileProblem::undecodable(e)))?;
        let cell = |k: usize| record.get(k).unwrap_or_default();
        known.insert(cell(0).to_owned());
        if cell(0) == gauge && cell(1) == variable {
            let value = cell(4).parse().unwrap_or(f64::NAN);
            points.extend(cell(3).parse().ok().map(|time: f64| (time, value)));
        }
    }
    if points.is_empty() {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Error::input(
            gauge,
            format!("pas de « {variable} » à cette station ; présentes : {known}"),
            format!("no \"{variable}\" at this gauge; present: {known}"),
        ));
    }
    Ok(points)
}

/// Writes the comparison and prints its scores.
pub(crate) fn observe(
    run: &Path,
    given: &Observations,
    out: &PathBuf,
    console: &Console,
) -> Result<()> {
    let language = console.language;
    let run = FinishedRun::open(run)?;
    let agreement = Agreement::new(&run, given)?;
    std::fs::create_dir_all(out).map_err(Error::write(out))?;
    let title = language.pick("Comparaison aux observations", "Comparison with observations");
    let mut report = run.report(title, language);
    report.key_messages.push(agreement.message());
    report.warnings.clone_from(&agreement.notes);
    if !agreement.marks.is_empty() {
        let (depth, bed) = (run.field("maximum_water_depth")?, run.field("bed_elevation")?);
        let mut map = run.map(
            language.pick("Écarts aux repères de crue (m)", "Differences at flood marks (m)"),
            &bed,
            language,
        );
        let mut layer = RasterLayer::new(&depth, Legend::maximum_water_depth());
        layer.transparent_below = Some(0.01);
        map.rasters.push(layer);
        map.markers = agreement.marks.iter().map(|m| marker(m, language)).collect();
        let caption = language.pick(
            "Niveau calculé moins niveau observé ; « sec » : l'eau n'y vient pas dans le calcul.",
            "Computed less observed level; \"dry\": no water comes there in the run.",
        );
        report.maps.push(figure(&map, caption, out, "reperes")?);
        report.tables.push(mark_table(&agreement, language));
    }
    for gauge in &agreement.gauges {
        report.plots.push(plot(gauge, report.demo, language));
        report.tables.push(gauge_table(gauge, language));
    }
    let path = out.join("observations.html");
    write_atomically(&path, render(&report)?.as_bytes())?;
    write_atomically(&out.join("observations.csv"), csv_of(&agreement).as_bytes())?;
    line(agreement.message().get(language));
    let path = path.display();
    console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
    let Some(most) = given.quantity.most_calibrated() else {
        console.say(
            "La température de l'air du calcul vient de la météo donnée, l'îlot de chaleur nocturne en plus : cet accord ne dit rien du rayonnement ni de l'UTCI.",
            "The air temperature of the run is that of the weather given, and the nocturnal heat island: this agreement says nothing of radiation or UTCI.",
        );
        return Ok(());
    };
    if agreement.gauges.iter().any(|gauge| gauge.observed.len() < LEAST_OBSERVATIONS) {
        console.say(
            "Trop peu d'observations (moins de dix) pour dire le modèle calé.",
            "Too few observations (fewer than ten) to call the model calibrated.",
        );
        return Ok(());
    }
    if agreement.objective().is_none_or(|error| error > most) {
        console.say(
            "Écarts trop grands pour dire le modèle calé.",
            "Differences too large to call the model calibrated.",
        );
        return Ok(());
    }
    let said = agreement.message();
    console.say(
        &format!("Pour que les rapports suivants le disent, ajouter aux paramètres : calibration = {{ fr = \"{}\", en = \"{}\" }}", said.fr, said.en),
        &format!("For later reports to say so, add to the parameters: calibration = {{ fr = \"{}\", en = \"{}\" }}", said.fr, said.en),
    );
    Ok(())
}

fn marker(result: &MarkResult, language: Language) -> Marker {
    let label = match result.simulated_m {
        Some(level) => {
            let difference = level - result.level_m;
            let sign = if difference < 0.0 { "−" } else { "+" };
            format!("{sign}{}", language.number(difference.abs(), 2))
        }
        None => language.pick("sec", "dry").to_owned(),
    };
    Marker::gauge(result.mark.position[0], result.mark.position[1], label)
}

fn mark_table(agreement: &Agreement, language: Language) -> Table {
    let mut table = Table::new(
        language.pick("Repères de crue", "Flood marks"),
        [
            language.pick("Repère", "Mark"),
            language.pick("Événement", "Event"),
            language.pick("Observé (m)", "Observed (m)"),
            language.pick("Calculé (m)", "Computed (m)"),
            language.pick("Écart (m)", "Difference (m)"),
        ],
    );
    for result in &agreement.marks {
        let dry = || Cell::from(language.pick("sec", "dry"));
        let computed = result.simulated_m.map_or_else(dry, |v| Cell::Number(v, 2));
        let difference = result
            .simulated_m
            .map_or_else(|| Cell::from("–"), |v| Cell::Number(v - result.level_m, 2));
        table.push([
            Cell::from(result.mark.name.as_str()),
            Cell::from(result.mark.event.as_deref().unwrap_or("–")),
            Cell::Number(result.level_m, 2),
            computed,
            difference,
        ]);
    }
    table
}

fn gauge_table(gauge: &GaugeResult, language: Language) -> Table {
    let mut table = Table::new(
        gauge.gauge.clone(),
        [language.pick("Grandeur", "Quantity"), language.pick("Valeur", "Value")],
    );
    let s = &gauge.scores;
    let [_, unit] = gauge.quantity.units();
    let mut row = |fr: String, en: String, value: Option<f64>| {
        let value = value.map_or_else(|| Cell::from("–"), |v| Cell::Number(v, 2));
        table.push([Cell::from(if language == Language::Fr { fr } else { en }), value]);
    };
    row(format!("Biais ({unit})"), format!("Bias ({unit})"), Some(s.errors.bias));
    row(format!("EMQ ({unit})"), format!("RMSE ({unit})"), Some(s.errors.rmse));
    row("NSE".into(), "NSE".into(), s.nse);
    row("KGE".into(), "KGE".into(), s.kge);
    row(format!("Écart de pointe ({unit})"), format!("Peak error ({unit})"), Some(s.peak_error));
    let minutes = Some(s.peak_delay_s / 60.0);
    row("Décalage de la pointe (min)".into(), "Delay of the peak (min)".into(), minutes);
    table
}

fn plot(gauge: &GaugeResult, demo: bool, language: Language) -> Figure {
    let series = |label: &str, points: &[(f64, f64)]| PlotSeries {
        label: label.to_owned(),
        points: points.to_vec(),
    };
    let plot = LinePlot {
        title: gauge.gauge.clone(),
        quantity: gauge.quantity.title().get(language).to_owned(),
        unit: gauge.quantity.units()[0].to_owned(),
        series: vec![
            series(language.pick("calculé", "computed"), &gauge.simulated),
            series(language.pick("observé", "observed"), &gauge.observed),
        ],
        thresholds: Vec::new(),
        demo,
        language,
    };
    let caption = plot.description();
    Figure {
        title: gauge.gauge.clone(),
        alt: caption.clone(),
        caption,
        picture: FigurePicture::Svg(plot.svg()),
    }
}

fn csv_of(agreement: &Agreement) -> String {
    let mut csv = String::from("name,event,x,y,observed_m,computed_m,difference_m\n");
    for m in &agreement.marks {
        let [x, y] = m.mark.position;
        let number = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.3}"));
        csv.push_str(&format!(
            "\"{}\",{},{x},{y},{:.3},{},{}\n",
            m.mark.name.replace('"', "\"\""),
            m.mark.event.as_deref().unwrap_or_default(),
            m.level_m,
            number(m.simulated_m),
            number(m.simulated_m.map(|v| v - m.level_m)),
        ));
    }
    csv
}
