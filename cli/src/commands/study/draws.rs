//! What the draws of a study tell: ranges, actions compared draw by draw, what weighs most, maps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use twin_core::export::map::RasterLayer;
use twin_core::export::qgis_project::QgisRaster;
use twin_core::export::report::{Cell, Figure, Table};
use twin_core::export::{Legend, Ramp, Rgb, wording};
use twin_core::formats::{CogOptions, write_cog};
use twin_core::language::Text;
use twin_core::results::{FieldDisplay, FieldMap, FinishedRun, Indicator};
use twin_core::sampling::{quantile, rank_correlation};
use twin_core::simulation::driver::StepResult;
use twin_core::spatial::Grid;
use twin_core::study::economy::Balance;
use twin_core::study::{FieldOverDraws, Statistic, Study, over_draws};
use twin_core::{Error, Language, Result};

use super::super::finished::figure;
use super::compose::{Composed, Computed, titled};
use super::tables::{scaled, unit_of};

/// Ends of the ranges that are told: one draw in ten lies below, one above.
const RANGE: [f64; 2] = [0.1, 0.9];
/// Limits of the classes of the share of draws, percent, and their colours from light to dark.
const SHARES: [f32; 4] = [10.0, 33.0, 66.0, 90.0];
const SHARE_COLOURS: [u32; 5] = [0xdeebf7, 0x9ecae1, 0x5ba3cf, 0x2171b5, 0x08306b];
/// With fewer draws, shares and correlations are chance.
const LEAST_DRAWS: u32 = 10;
/// Columns of the table of what weighs most.
const MOST_COLUMNS: usize = 4;

/// A map over the draws.
pub(super) struct DrawnMap {
    pub(super) figure: Figure,
    pub(super) layer: QgisRaster,
}

impl Computed<'_> {
    /// Values of a figure in the draws; `None` where one of them cannot tell it.
    fn drawn(&self, id: &str) -> Option<Vec<f64>> {
        let values: Option<Vec<f64>> =
            self.draws.iter().map(|draw| draw.indicators.get(id)?.value).collect();
        values.filter(|values| !values.is_empty())
    }

    /// The range of a figure over the draws.
    pub(super) fn drawn_range(&self, id: &str) -> Option<[f64; 2]> {
        let mut values = self.drawn(id)?;
        values.sort_by(f64::total_cmp);
        Some(RANGE.map(|share| quantile(&values, share)))
    }
}

/// Median and range of drawn values, as text.
fn spread(values: &[f64], write: impl Fn(f64) -> String) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let [low, high] = RANGE.map(|share| quantile(&sorted, share));
    format!("{} ({} – {})", write(quantile(&sorted, 0.5)), write(low), write(high))
}

impl Composed<'_> {
    /// How the draws were made.
    pub(super) fn draws_told(&self) -> Vec<Text> {
        let Some(ensemble) = &self.study.ensemble else { return Vec::new() };
        let (n, seed) = (ensemble.draws, ensemble.seed);
        let mut told = vec![Text::new(
            format!(
                "Tirages : {n} par combinaison (hypercube latin, germe {seed}), les mêmes pour toutes ; les fourchettes vont de 10 à 90 % des tirages. Elles ne disent que l'effet des valeurs tirées, par les distributions supposées ; la valeur donnée devant est celle du scénario sans tirage, qui peut être hors d'elles."
            ),
            format!(
                "Draws: {n} of each combination (Latin hypercube, seed {seed}), the same for all; ranges span 10 to 90 % of the draws. They tell the effect of the drawn values alone, by the supposed distributions; the value before them is that of the scenario without draws, which may lie outside."
            ),
        )];
        told.extend(ensemble.values.iter().map(|(key, value)| {
            let (fr, en) = (value.told(Language::Fr), value.told(Language::En));
            let source = &value.source;
            Text::new(
                format!("{key} : {fr}, selon {source}."),
                format!("{key}: {en}, by {source}."),
            )
        }));
        told
    }

    /// What to know before reading draws.
    pub(super) fn draws_warning(&self) -> Option<Text> {
        let n = self.study.ensemble.as_ref()?.draws;
        (n < LEAST_DRAWS).then(|| {
            Text::new(
                format!("{n} tirages seulement : fourchettes et parts tiennent au hasard ; en demander au moins {LEAST_DRAWS}."),
                format!("{n} draws only: ranges and shares are chance; ask for {LEAST_DRAWS} at least."),
            )
        })
    }

    /// Actions compared draw by draw, and what weighs most.
    pub(super) fn draws_tables(&self, language: Language) -> Vec<Table> {
        let mut tables = self.paired_tables(language);
        tables.extend(self.weights(language));
        tables
    }

    /// What each action changes, draw by draw: what both draws share does not blur it.
    fn paired_tables(&self, language: Language) -> Vec<Table> {
        let mut tables = Vec::new();
        for (around, cells) in self.by_circumstances() {
            let pairs: Vec<(&Computed<'_>, &Computed<'_>)> = cells
                .iter()
                .filter(|cell| !self.is_reference(cell) && !cell.draws.is_empty())
                .filter_map(|cell| Some((*cell, self.reference_of(cell)?)))
                .collect();
            let Some((first, _)) = pairs.first() else { continue };
            let title =
                language.pick("Écarts à la référence, tirage par tirage", "Changes draw by draw");
            let mut headers = vec![language.pick("Indicateur", "Indicator").to_owned()];
            headers.extend(pairs.iter().map(|(c, _)| self.action(c).get(language).to_owned()));
            let mut table = Table::new(titled(&[title, around.get(language)]), headers);
            for row in first.indicators.headlines() {
                let told: Vec<Option<String>> = pairs
                    .iter()
                    .map(|(cell, reference)| paired(cell, reference, row, language))
                    .collect();
                if told.iter().all(Option::is_none) {
                    continue;
                }
                let mut cells = vec![Cell::from(row.label.get(language))];
                cells.extend(
                    told.into_iter().map(|t| Cell::Figure(t.unwrap_or_else(|| "–".to_owned()))),
                );
                table.rows.push(cells);
            }
            if !table.rows.is_empty() {
                tables.push(table);
            }
        }
        tables
    }

    /// How the figures of the reference follow each drawn value (rank correlation), in the last circumstance.
    fn weights(&self, language: Language) -> Option<Table> {
        let ensemble = self.study.ensemble.as_ref().filter(|e| e.draws >= LEAST_DRAWS)?;
        let (around, cells) = self.by_circumstances().pop()?;
        let cell = cells.iter().find(|c| self.is_reference(c)).or(cells.first())?;
        let mut columns: Vec<(&Indicator, Vec<f64>)> = cell
            .indicators
            .headlines()
            .into_iter()
            .filter_map(|row| Some((row, cell.drawn(&row.id)?)))
            .filter(|(_, values)| values.iter().any(|v| *v != values[0]))
            .collect();
        // What is weighed in euros first.
        columns.sort_by_key(|(row, _)| row.unit != "EUR");
        columns.truncate(MOST_COLUMNS);
        if columns.is_empty() {
            return None;
        }
        let title = language.pick(
            "Ce qui pèse le plus : corrélation des rangs avec chaque valeur tirée",
            "What weighs most: rank correlation with each drawn value",
        );
        let action = self.action(cell);
        let title = titled(&[title, action.get(language), around.get(language)]);
        let mut headers = vec![language.pick("Valeur tirée", "Drawn value").to_owned()];
        headers.extend(columns.iter().map(|(row, _)| row.label.get(language).to_owned()));
        let mut table = Table::new(title, headers);
        for key in ensemble.values.keys() {
            let number =
                |(k, value): &(String, toml::Value)| (k == key).then(|| value.as_float()).flatten();
            let drawn: Option<Vec<f64>> = cell
                .combination
                .draws
                .iter()
                .map(|draw| draw.values.iter().find_map(number))
                .collect();
            let Some(drawn) = drawn else { continue };
            let mut cells = vec![Cell::from(key.as_str())];
            cells.extend(columns.iter().map(|(_, values)| {
                rank_correlation(&drawn, values)
                    .map_or_else(|| Cell::Figure("–".to_owned()), |r| Cell::Number(r, 2))
            }));
            table.rows.push(cells);
        }
        (!table.rows.is_empty()).then_some(table)
    }

    /// Costs and benefits over the draws.
    pub(super) fn economy_of_draws(&self, language: Language) -> Option<Table> {
        let count = self.study.ensemble.as_ref()?.draws as usize;
        let mut by_action: BTreeMap<String, (Vec<f64>, Vec<Balance>)> = BTreeMap::new();
        for draw in 0..count {
            let weighed =
                self.weighed(|cell| cell.draws.get(draw)?.indicators.get("damage_total")?.value);
            for of in weighed {
                let (annual, balances) = by_action.entry(of.action).or_default();
                annual.push(of.annual_damage_eur);
                balances.extend(of.balance);
            }
        }
        if by_action.is_empty() {
            return None;
        }
        let mut table = Table::new(
            language
                .pick("Coûts et bénéfices selon les tirages", "Costs and benefits by the draws"),
            [
                language.pick("Action", "Action"),
                language.pick("Dommage moyen annuel (k€/an)", "Expected annual damage (k€/year)"),
                language.pick("Évité (k€/an)", "Avoided (k€/year)"),
                language.pick("Valeur actualisée nette (k€)", "Net present value (k€)"),
                language.pick("Tirages où elle est positive", "Draws in which it is positive"),
            ],
        );
        let thousands = |eur: f64| language.number(eur / 1000.0, 0);
        for action in self.study.action_names() {
            let Some((annual, balances)) = by_action.get(action) else { continue };
            let name = self.study.actions[action].title.get(language);
            let mut row = vec![Cell::from(name), Cell::Figure(spread(annual, thousands))];
            if balances.is_empty() {
                row.extend((0..3).map(|_| Cell::Figure("–".to_owned())));
            } else {
                let of =
                    |value: fn(&Balance) -> f64| balances.iter().map(value).collect::<Vec<_>>();
                let net = of(Balance::net_present_value_eur);
                row.push(Cell::Figure(spread(&of(|b| b.avoided_eur_per_year), thousands)));
                row.push(Cell::Figure(spread(&net, thousands)));
                row.push(Cell::Figure(out_of(&net, |v| v > 0.0, language)));
            }
            table.rows.push(row);
        }
        Some(table)
    }

    /// Maps of the fields over the draws, written as GeoTIFF too.
    pub(super) fn maps_of_draws(&self, out: &Path, language: Language) -> Result<Vec<DrawnMap>> {
        let Some(ensemble) = &self.study.ensemble else { return Ok(Vec::new()) };
        let has = |field: &str| {
            self.cells.iter().any(|cell| cell.runs.values().any(|run| run.has_field(field)))
        };
        let mut asked: Vec<(String, FieldOverDraws)> =
            ensemble.maps.iter().map(|(f, asked)| (f.clone(), asked.clone())).collect();
        if asked.is_empty() && has(FieldOverDraws::DEPTH) {
            asked.push((FieldOverDraws::DEPTH.to_owned(), FieldOverDraws::of_depth()));
        }
        let mut maps = Vec::new();
        for (number, cell) in self.cells.iter().enumerate() {
            for (field, asked) in &asked {
                let step = cell.runs.iter().find(|(_, run)| run.has_field(field));
                let Some((step, run)) = step else { continue };
                let draws = cell.draws.iter().filter_map(|draw| draw.runs.get(step));
                let draws =
                    draws.map(|folder| FinishedRun::open(folder)).collect::<Result<Vec<_>>>()?;
                for (statistic, grid) in over_draws(&draws, field, asked)? {
                    let name = format!("tirages-{:02}-{field}-{}", number + 1, slug(statistic));
                    let display = run.displays.iter().find(|d| d.field == *field);
                    let shown = shown(field, display, statistic, &grid);
                    maps.push(self.map_of_draws(cell, run, &grid, shown, out, &name, language)?);
                }
            }
        }
        Ok(maps)
    }

    #[expect(clippy::too_many_arguments, reason = "one map: what, of whom, where to")]
    fn map_of_draws(
        &self,
        cell: &Computed<'_>,
        run: &FinishedRun,
        grid: &Grid<f32>,
        shown: FieldMap,
        out: &Path,
        name: &str,
        language: Language,
    ) -> Result<DrawnMap> {
        let options = CogOptions {
            description: shown.title.en.clone(),
            unit: shown.legend.unit().to_owned(),
            notice: wording::notice(language).to_owned(),
            ..CogOptions::default()
        };
        write_cog(out.join(format!("{name}.tif")), grid, run.manifest.territory.crs, &options)?;
        let mut map = self.based(cell, run, shown.title.get(language), language);
        let mut layer = RasterLayer::new(grid, shown.legend.clone());
        layer.transparent_below = shown.transparent_below;
        map.rasters.push(layer);
        self.base(&mut map);
        let figure = figure(&map, shown.caption.get(language), out, name)?;
        let (action, around) = (self.action(cell), self.circumstances(cell));
        let named = |l: Language| titled(&[shown.title.get(l), action.get(l), around.get(l)]);
        let title = Text::new(named(Language::Fr), named(Language::En));
        let layer = QgisRaster { source: format!("{name}.tif"), map: FieldMap { title, ..shown } };
        Ok(DrawnMap { figure, layer })
    }

    /// All figures and drawn values of all draws, one row each; `None` without an ensemble.
    pub(super) fn draws_csv(&self, language: Language) -> Option<String> {
        self.study.ensemble.as_ref()?;
        let mut csv = String::from(language.pick(
            "action;evenement;horizon;tirage;identifiant;valeur;unite\n",
            "action;event;horizon;draw;identifier;value;unit\n",
        ));
        let number = |v: f64| match language {
            Language::Fr => v.to_string().replace('.', ","),
            Language::En => v.to_string(),
        };
        for cell in &self.cells {
            let of = &cell.record;
            let names = [
                of.action.as_str(),
                of.event.as_deref().unwrap_or_default(),
                of.horizon.as_deref().unwrap_or_default(),
            ]
            .join(";");
            for (k, (draw, drawn)) in cell.draws.iter().zip(&cell.combination.draws).enumerate() {
                let k = k + 1;
                for (key, value) in &drawn.values {
                    let value = value.as_float().map_or_else(|| value.to_string(), number);
                    csv.push_str(&format!("{names};{k};{key};{value};\n"));
                }
                for row in draw.indicators.groups.iter().flat_map(|group| &group.rows) {
                    let value = row.value.map_or_else(String::new, number);
                    csv.push_str(&format!("{names};{k};{};{value};{}\n", row.id, row.unit));
                }
            }
        }
        Some(csv)
    }
}

/// Refuses maps of fields that no run of the combinations has, before the draws are computed.
pub(super) fn check_fields(
    study: &Study,
    combinations: &[BTreeMap<String, StepResult>],
) -> Result<()> {
    let Some(ensemble) = study.ensemble.as_ref().filter(|e| !e.maps.is_empty()) else {
        return Ok(());
    };
    let folders = combinations.iter().flat_map(BTreeMap::values).map(|result| &result.folder);
    let runs = folders.map(|folder| FinishedRun::open(folder)).collect::<Result<Vec<_>>>()?;
    let is_unknown = |field: &&String| !runs.iter().any(|run| run.has_field(field));
    let Some(field) = ensemble.maps.keys().find(is_unknown) else { return Ok(()) };
    let known: BTreeSet<&str> =
        runs.iter().flat_map(|run| &run.displays).map(|d| d.field.as_str()).collect();
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(Error::input(
        format!("{} [ensemble.maps.{field}]", study.file.display()),
        format!("aucun calcul n'a ce champ ; présents : {known}"),
        format!("no run has this field; present: {known}"),
    ))
}

/// What an action changes in a figure, draw by draw.
fn paired(
    cell: &Computed<'_>,
    reference: &Computed<'_>,
    row: &Indicator,
    language: Language,
) -> Option<String> {
    let (after, before) = (cell.drawn(&row.id)?, reference.drawn(&row.id)?);
    let changes: Vec<f64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
    if changes.iter().all(|change| *change == 0.0) {
        return Some("0".to_owned());
    }
    // A difference of what is not counted is told more finely than the figure.
    let finer = u8::from(row.decimals > 0);
    let row = &Indicator { decimals: row.decimals + finer, ..row.clone() };
    let write = |v: f64| {
        let text = scaled(v.abs(), row, language);
        match v {
            v if v > 0.0 => format!("+{text}"),
            v if v < 0.0 => format!("−{text}"),
            _ => text,
        }
    };
    let count = |is: fn(f64) -> bool| changes.iter().filter(|change| is(**change)).count();
    let way = if count(|change| change < 0.0) >= count(|change| change > 0.0) {
        let lower = out_of(&changes, |change| change < 0.0, language);
        format!("{} {lower}", language.pick("en baisse dans", "lower in"))
    } else {
        let higher = out_of(&changes, |change| change > 0.0, language);
        format!("{} {higher}", language.pick("en hausse dans", "higher in"))
    };
    Some(format!("{}{} ; {way}", spread(&changes, write), unit_of(row, language)))
}

/// « 18 tirages sur 20 ».
fn out_of(values: &[f64], is: impl Fn(f64) -> bool, language: Language) -> String {
    let (count, all) = (values.iter().filter(|v| is(**v)).count(), values.len());
    match language {
        Language::Fr => format!("{count} tirages sur {all}"),
        Language::En => format!("{count} draws of {all}"),
    }
}

/// Part of a file name.
fn slug(statistic: Statistic) -> String {
    match statistic {
        Statistic::Above(threshold) => format!("au-dela-{threshold}"),
        Statistic::Quantile(share) => format!("p{:02.0}", 100.0 * share),
    }
}

/// How a statistic is shown: shares in percent, quantiles by the legend of the field.
fn shown(
    field: &str,
    display: Option<&FieldDisplay>,
    statistic: Statistic,
    grid: &Grid<f32>,
) -> FieldMap {
    let of = display.map_or_else(|| Text::new(field, field), |display| display.title.clone());
    let map = display.and_then(|display| display.maps.first());
    let unit = map.map_or("", |map| map.legend.unit());
    let number = |v: f64, l: Language| l.number(v, if v.abs() < 1.0 { 2 } else { 1 });
    match statistic {
        Statistic::Above(threshold) => {
            let told = |l: Language| format!("{} {unit}", number(threshold, l));
            let title = Text::new(
                format!("{} : part des tirages à {} et plus", of.fr, told(Language::Fr)),
                format!("{}: share of the draws at {} and more", of.en, told(Language::En)),
            );
            FieldMap {
                caption: Text::new(
                    "Probabilité sachant l'événement, par les distributions supposées ; ce n'est pas une période de retour.",
                    "Probability given the event, by the supposed distributions; not a return period.",
                ),
                legend: Legend::classed(title.clone(), "%", &SHARES, &SHARE_COLOURS.map(Rgb::hex)),
                title,
                transparent_below: Some(0.01),
            }
        }
        Statistic::Quantile(share) => {
            let n = |l: Language| l.number(100.0 * share, 0);
            let title = Text::new(
                format!("{} : non dépassé dans {} % des tirages", of.fr, n(Language::Fr)),
                format!("{}: not exceeded in {} % of the draws", of.en, n(Language::En)),
            );
            let caption = Text::new(
                format!(
                    "Valeur que {} % des tirages ne dépassent pas, lieu par lieu.",
                    n(Language::Fr)
                ),
                format!(
                    "Value that {} % of the draws do not exceed, place by place.",
                    n(Language::En)
                ),
            );
            let legend = map.map_or_else(
                || {
                    let (min, max) = grid.range().unwrap_or((0.0, 1.0));
                    Legend::continuous(title.clone(), unit, min, max, Ramp::Viridis)
                },
                |map| map.legend.clone(),
            );
            let transparent_below = map.and_then(|map| map.transparent_below);
            FieldMap { title, caption, legend, transparent_below }
        }
    }
}
