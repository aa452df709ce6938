//! The report of a study: summary, figures by enjeu, costs and benefits, maps, plots, limits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twin_core::export::comparison::DepthComparison;
use twin_core::export::map::{RasterLayer, VectorStyle};
use twin_core::export::plot::{LinePlot, Series};
use twin_core::export::qgis_project::{QgisGroup, QgisProject, QgisRaster, relative};
use twin_core::export::report::{Figure, FigurePicture, Report, Source};
use twin_core::export::{MapSpec, wording};
use twin_core::language::Text;
use twin_core::results::{FieldDisplay, FieldMap, FinishedRun, Indicators, RunStore};
use twin_core::simulation::Sensitivity;
use twin_core::spatial::Grid;
use twin_core::study::{Combination, CombinationRecord, Study, StudyRecord};
use twin_core::territory::{Aggregation, Territory, TerritoryView};
use twin_core::{Error, Language, Result};

use super::super::differences::{DEPTH, FieldDifference};
use super::super::finished::{Presented as _, figure};
use super::draws::DrawnMap;
use super::pictures::pictures;

/// Depth below which a cell counts as dry on the maps of differences, metres.
const DRY_BELOW_M: f32 = 0.05;

/// A study with its runs.
pub(super) struct Composed<'a> {
    pub(super) study: &'a Study,
    pub(super) cells: Vec<Computed<'a>>,
    territory: Arc<Territory>,
    /// Ground below the maps.
    terrain: Grid<f32>,
}

/// A combination with its runs.
pub(super) struct Computed<'a> {
    pub(super) record: &'a CombinationRecord,
    pub(super) combination: &'a Combination,
    pub(super) runs: BTreeMap<String, FinishedRun>,
    /// The figures of all runs; of a figure that several tell, the last one's.
    pub(super) indicators: Indicators,
    pub(super) ranges: Vec<Sensitivity>,
    /// What each draw came to.
    pub(super) draws: Vec<Drawn>,
}

/// A draw of a combination.
pub(super) struct Drawn {
    pub(super) indicators: Indicators,
    /// Folder of each run by name.
    pub(super) runs: BTreeMap<String, PathBuf>,
}

impl<'a> Composed<'a> {
    pub(super) fn new(
        study: &'a Study,
        record: &'a StudyRecord,
        combinations: &'a [Combination],
        store: &RunStore,
    ) -> Result<Self> {
        let mut cells = Vec::new();
        for record in &record.combinations {
            let combination = combinations.iter().find(|c| {
                c.action == record.action && c.event == record.event && c.horizon == record.horizon
            });
            let Some(combination) = combination else { continue };
            let mut runs = BTreeMap::new();
            for (step, folder) in &record.runs {
                runs.insert(step.clone(), FinishedRun::open(&store.root().join(folder))?);
            }
            let mut indicators = Indicators::default();
            let mut ranges = Vec::new();
            for run in in_order(&runs) {
                merge(&mut indicators, run.indicators()?);
                ranges.extend(run.sensitivity()?);
            }
            let draws = record.draws.iter().map(|runs| Drawn::read(runs, store));
            let draws = draws.collect::<Result<_>>()?;
            cells.push(Computed { record, combination, runs, indicators, ranges, draws });
        }
        let Some(first) = cells.first() else {
            return Err(Error::input(
                study.file.display().to_string(),
                "le fichier d'étude ne correspond plus au calcul ; relancer twin study run",
                "the study file no longer fits what was computed; call twin study run again",
            ));
        };
        let territory = Territory::open(Path::new(&first.combination.scenario.territory))?;
        let territory = Arc::new(territory);
        let grid = first.runs.values().next().map(|run| run.manifest.grid);
        let grid = grid.unwrap_or(*territory.spec());
        let view = TerritoryView::new(territory.clone(), grid, Vec::new())?;
        let terrain = view.terrain(Aggregation::Mean)?;
        Ok(Self { study, cells, territory, terrain })
    }

    /// The cell of the reference action at the same event and horizon.
    pub(super) fn reference_of(&self, cell: &Computed<'_>) -> Option<&Computed<'a>> {
        let reference = self.study.reference()?;
        self.cells.iter().find(|c| {
            c.record.action == reference
                && c.record.event == cell.record.event
                && c.record.horizon == cell.record.horizon
        })
    }

    pub(super) fn is_reference(&self, cell: &Computed<'_>) -> bool {
        Some(cell.record.action.as_str()) == self.study.reference()
    }

    /// Title of a cell: event and horizon, without the action.
    pub(super) fn circumstances(&self, cell: &Computed<'_>) -> Text {
        let event = cell.record.event.as_ref().and_then(|e| self.study.events.get(e));
        let horizon = cell.record.horizon.as_ref().and_then(|h| self.study.horizons.get(h));
        let titles: Vec<&Text> =
            event.map(|e| &e.title).into_iter().chain(horizon.map(|h| &h.title)).collect();
        let join = |of: &dyn Fn(&Text) -> String| {
            titles.iter().map(|t| of(t)).collect::<Vec<_>>().join(", ")
        };
        Text::new(join(&|t| t.fr.clone()), join(&|t| t.en.clone()))
    }

    /// Title of the action of a cell.
    pub(super) fn action(&self, cell: &Computed<'_>) -> Text {
        self.study.actions[&cell.record.action].title.clone()
    }

    pub(super) fn report(
        &self,
        out: &Path,
        drawn: Vec<DrawnMap>,
        language: Language,
    ) -> Result<Report> {
        let first = &self.cells[0];
        let runs: Vec<&FinishedRun> = self.cells.iter().flat_map(|c| in_order(&c.runs)).collect();
        let manifest = &runs[0].manifest;
        let every = |of: fn(&FinishedRun) -> Vec<Text>| {
            let mut all: Vec<Text> = Vec::new();
            for text in runs.iter().flat_map(|run| of(run)) {
                if !all.contains(&text) {
                    all.push(text);
                }
            }
            all
        };
        let mut hypotheses = every(|run| run.manifest.hypotheses.clone());
        hypotheses.extend(self.events_told());
        hypotheses.extend(self.economy_told());
        hypotheses.extend(self.draws_told());
        let mut citation: Vec<String> = Vec::new();
        for run in in_order(&first.runs) {
            citation.extend(run.manifest.cited(language));
        }
        citation.dedup();
        let description = self.study.description.as_ref().map(|t| t.get(language).to_owned());
        let n = self.cells.len();
        let mut summary = self.overview(language);
        summary.extend(self.draws_tables(language));
        summary.extend(self.economy_table(language));
        summary.extend(self.economy_of_draws(language));
        let (mut maps, missing) = pictures(self.study, language)?;
        let mut warnings = self.warnings();
        warnings.extend(missing);
        warnings.extend(self.draws_warning());
        maps.extend(self.maps(out, language)?);
        maps.extend(drawn.into_iter().map(|map| map.figure));
        Ok(Report {
            language,
            title: self.study.title.get(language).to_owned(),
            subtitle: match language {
                Language::Fr if n == 1 => "Étude d'une combinaison".to_owned(),
                Language::En if n == 1 => "Study of one combination".to_owned(),
                Language::Fr => format!("Étude de {n} combinaisons d'actions et d'événements"),
                Language::En => format!("Study of {n} combinations of actions and events"),
            },
            territory: manifest.territory.name.clone(),
            scenario_id: self.study.id.clone(),
            scenario_description: description.unwrap_or_default(),
            demo: runs.iter().any(|run| run.is_demo()),
            calibrated: runs.iter().all(|run| run.is_calibrated()),
            key_messages: self.key_messages(),
            warnings,
            summary,
            maps,
            plots: self.plots(language)?,
            tables: self.detail_tables(language),
            hypotheses,
            limits: every(|run| run.manifest.limits.clone()),
            parameters: Some(self.parameters(language)),
            sources: manifest
                .territory
                .sources
                .iter()
                .map(|s| Source {
                    product: format!("{} – {}", s.product.label(), s.name),
                    edition: s.edition.clone().unwrap_or_default(),
                    licence: s.licence.clone(),
                    attribution: s.attribution.clone(),
                    hash: s.hash.clone(),
                })
                .collect(),
            versions: Some(self.versions(language)),
            citation,
            ..Report::default()
        })
    }

    /// A project of QGIS with the fields of every run, a group a combination, above the territory.
    pub(super) fn qgis_project(
        &self,
        out: &Path,
        drawn: &[DrawnMap],
        language: Language,
    ) -> Result<Vec<u8>> {
        let mut groups = Vec::new();
        for cell in &self.cells {
            for run in in_order(&cell.runs) {
                let Some(folder) = relative(out, &run.folder) else { continue };
                let (action, around) = (self.action(cell), self.circumstances(cell));
                let parts = [action.get(language), around.get(language), &run.manifest.run];
                groups.push(QgisGroup {
                    title: titled(&parts),
                    rasters: QgisRaster::of_run(&folder, &run.displays),
                    folder,
                    layers: Vec::new(),
                    is_shown: groups.is_empty(),
                });
            }
        }
        if !drawn.is_empty() {
            groups.push(QgisGroup {
                title: language.pick("Tirages", "Draws").to_owned(),
                folder: ".".to_owned(),
                rasters: drawn.iter().map(|map| map.layer.clone()).collect(),
                layers: Vec::new(),
                is_shown: false,
            });
        }
        groups.extend(QgisGroup::of_territory(self.territory.folder(), out, language)?);
        let grid = self.cells.first().and_then(|cell| cell.runs.values().next());
        let project = QgisProject {
            title: self.study.title.get(language).to_owned(),
            notice: wording::notice(language).to_owned(),
            crs: self.territory.crs(),
            extent: grid
                .map_or_else(|| self.territory.spec().extent(), |run| run.manifest.grid.extent()),
            groups,
            language,
        };
        project.to_bytes()
    }

    /// Warnings with the combinations that they are about.
    fn warnings(&self) -> Vec<Text> {
        let mut told: Vec<(Text, Vec<Text>)> = Vec::new();
        for cell in &self.cells {
            let of = self.study.title_of(
                &cell.record.action,
                cell.record.event.as_deref(),
                cell.record.horizon.as_deref(),
            );
            for text in in_order(&cell.runs).into_iter().flat_map(|run| &run.manifest.warnings) {
                match told.iter_mut().find(|(known, _)| known == text) {
                    Some((_, cells)) => cells.push(of.clone()),
                    None => told.push((text.clone(), vec![of.clone()])),
                }
            }
        }
        let all = self.cells.len();
        told.into_iter()
            .map(|(text, mut cells)| {
                cells.dedup();
                if cells.len() >= all {
                    return text;
                }
                let join = |l: Language| {
                    cells.iter().map(|t| t.get(l).to_owned()).collect::<Vec<_>>().join(" ; ")
                };
                Text::new(
                    format!("{} ({})", text.fr, join(Language::Fr)),
                    format!("{} ({})", text.en, join(Language::En)),
                )
            })
            .collect()
    }

    /// How the expected annual damage is made of the events.
    fn economy_told(&self) -> Option<Text> {
        let economy = self.study.economy.as_ref()?;
        let told = |l: Language| match (economy.first_damage_years, l) {
            (Some(years), Language::Fr) => {
                format!("il est nul au-dessous de {} ans", l.number(years, 0))
            }
            (Some(years), Language::En) => format!("it is none below {} years", l.number(years, 0)),
            (None, Language::Fr) => {
                "rien n'est compté au-dessous de la plus fréquente, c'est un minorant".to_owned()
            }
            (None, Language::En) => {
                "nothing counts below the most frequent one, it is a lower bound".to_owned()
            }
        };
        Some(Text::new(
            format!(
                "Dommage moyen annuel : trapèzes sur la probabilité annuelle entre les crues étudiées ; les plus rares comptent comme la plus rare ; {}. Coûts et bénéfices sont ceux de l'action moins ceux de la référence.",
                told(Language::Fr)
            ),
            format!(
                "Expected annual damage: trapezoids over the yearly probability between the floods studied; rarer ones count as the rarest; {}. Costs and benefits are those of the action less those of the reference.",
                told(Language::En)
            ),
        ))
    }

    /// Return periods with their sources.
    fn events_told(&self) -> Vec<Text> {
        let told = |event: &twin_core::study::Event| {
            let (years, source) = (event.return_period_years?, event.source.as_ref()?);
            Some(Text::new(
                format!("{} : période de retour de {years} ans selon {source}.", event.title.fr),
                format!("{}: return period of {years} years by {source}.", event.title.en),
            ))
        };
        self.study.events.values().filter_map(told).collect()
    }

    /// For each circumstance what comes without actions, then what each action changes: the leading map of
    /// each run.
    fn maps(&self, out: &Path, language: Language) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for (number, cell) in self.cells.iter().enumerate() {
            for (step, run) in cell.runs.iter().filter(|(_, run)| leading(run).is_some()) {
                let name = format!("carte-{:02}-{step}", number + 1);
                let reference = self.reference_of(cell).and_then(|c| c.runs.get(step));
                match reference.filter(|_| !self.is_reference(cell)) {
                    None => figures.extend(self.map_of(cell, run, out, &name, language)?),
                    Some(before) => {
                        let change = self.map_of_change(cell, run, before, out, &name, language)?;
                        figures.extend(change);
                    }
                }
            }
        }
        Ok(figures)
    }

    fn map_of(
        &self,
        cell: &Computed<'_>,
        run: &FinishedRun,
        out: &Path,
        name: &str,
        language: Language,
    ) -> Result<Option<Figure>> {
        let Some((display, shown)) = leading(run) else { return Ok(None) };
        let values = run.field(&display.field)?;
        let mut map = self.based(cell, run, shown.title.get(language), language);
        let mut layer = RasterLayer::new(&values, shown.legend.clone());
        layer.transparent_below = shown.transparent_below;
        map.rasters.push(layer);
        self.base(&mut map);
        figure(&map, shown.caption.get(language), out, name).map(Some)
    }

    fn map_of_change(
        &self,
        cell: &Computed<'_>,
        run: &FinishedRun,
        before: &FinishedRun,
        out: &Path,
        name: &str,
        language: Language,
    ) -> Result<Option<Figure>> {
        let Some((display, _)) = leading(run) else { return Ok(None) };
        if display.field == DEPTH {
            let comparison =
                DepthComparison::new(&run.field(DEPTH)?, &before.field(DEPTH)?, DRY_BELOW_M)?;
            if comparison.is_nothing() {
                return Ok(None);
            }
            let title = language.pick("Écart de hauteur d'eau", "Difference of water depth");
            let mut map = comparison.map(self.based(cell, run, title, language));
            self.base(&mut map);
            let caption = language.pick(
                "Où l'action fait baisser ou monter l'eau, par rapport à la référence.",
                "Where the action lowers or raises the water, compared with the reference.",
            );
            return figure(&map, caption, out, name).map(Some);
        }
        let Some(difference) = FieldDifference::new(display, run, before)? else {
            return Ok(None);
        };
        let Some(shown) = &difference.map else { return Ok(None) };
        let base = self.based(cell, run, shown.title.get(language), language);
        let mut map = difference.drawn(base, shown);
        self.base(&mut map);
        figure(&map, shown.caption.get(language), out, name).map(Some)
    }

    /// A map of a run of a combination, still without fields.
    pub(super) fn based<'m>(
        &'m self,
        cell: &Computed<'_>,
        run: &FinishedRun,
        title: &str,
        language: Language,
    ) -> MapSpec<'m> {
        let mut map = run.map(title, &self.terrain, language);
        let (action, around) = (self.action(cell), self.circumstances(cell));
        map.subtitle =
            titled(&[&run.manifest.territory.name, action.get(language), around.get(language)]);
        map
    }

    /// Parcels, streets and buildings over a map.
    pub(super) fn base<'m>(&'m self, map: &mut MapSpec<'m>) {
        let features = self.territory.features();
        let language = map.language;
        map.add_vectors(
            language.pick("Parcelles", "Parcels"),
            VectorStyle::parcel(),
            features.parcels.iter().map(|p| &p.geometry),
        );
        map.add_vectors(
            language.pick("Routes", "Roads"),
            VectorStyle::road(),
            features.roads.iter().map(|r| &r.geometry),
        );
        map.add_vectors(
            language.pick("Bâtiments", "Buildings"),
            VectorStyle::building_outline(),
            features.buildings.iter().map(|b| &b.geometry),
        );
    }

    /// What the gauges show under each action, one plot for each gauge, quantity and circumstance.
    fn plots(&self, language: Language) -> Result<Vec<Figure>> {
        let mut plots: BTreeMap<(String, String, String), LinePlot> = BTreeMap::new();
        for cell in &self.cells {
            let circumstances = self.circumstances(cell).get(language).to_owned();
            for run in cell.runs.values() {
                for series in run.gauges()? {
                    // Depth and level of a place say the same.
                    if !matches!(series.variable.as_str(), "water_depth" | "discharge") {
                        continue;
                    }
                    let quantity = match series.variable.as_str() {
                        "water_depth" => language.pick("Hauteur d'eau", "Water depth"),
                        _ => language.pick("Débit", "Discharge"),
                    };
                    let key =
                        (circumstances.clone(), series.gauge.clone(), series.variable.clone());
                    let plot = plots.entry(key).or_insert_with(|| LinePlot {
                        title: titled(&[&series.gauge, quantity, &circumstances]),
                        quantity: quantity.to_owned(),
                        unit: wording::unit(&series.unit, language),
                        demo: run.is_demo(),
                        language,
                        ..LinePlot::default()
                    });
                    let label = self.action(cell).get(language).to_owned();
                    plot.series.push(Series { label, points: series.points });
                }
            }
        }
        let of = |plot: LinePlot| {
            let caption = plot.description();
            Figure {
                title: plot.title.clone(),
                alt: caption.clone(),
                caption,
                picture: FigurePicture::Svg(plot.svg()),
            }
        };
        Ok(plots.into_values().filter(|p| p.series.len() > 1).map(of).collect())
    }
}

impl Drawn {
    fn read(runs: &BTreeMap<String, String>, store: &RunStore) -> Result<Self> {
        let folder = |run: &String| store.root().join(run);
        let runs: BTreeMap<String, PathBuf> =
            runs.iter().map(|(step, run)| (step.clone(), folder(run))).collect();
        let read = |folder: &PathBuf| {
            Ok((FinishedRun::read_manifest(folder)?, FinishedRun::read_indicators(folder)?))
        };
        let mut all = runs.values().map(read).collect::<Result<Vec<_>>>()?;
        all.sort_by_key(|(manifest, _)| manifest.upstream.len());
        let mut indicators = Indicators::default();
        all.into_iter().for_each(|(_, figures)| merge(&mut indicators, figures));
        Ok(Self { indicators, runs })
    }
}

/// The runs of a combination, those that others read first.
pub(super) fn in_order(runs: &BTreeMap<String, FinishedRun>) -> Vec<&FinishedRun> {
    let mut all: Vec<&FinishedRun> = runs.values().collect();
    all.sort_by_key(|run| run.manifest.upstream.len());
    all
}

/// The field that a run is about, and its map: the water where it has any, else the first that it shows.
fn leading(run: &FinishedRun) -> Option<(&FieldDisplay, &FieldMap)> {
    let shown = |display: &FieldDisplay| !display.maps.is_empty();
    let water = run.displays.iter().find(|display| display.field == DEPTH && shown(display));
    let display = water.or_else(|| run.displays.iter().find(|display| shown(display)))?;
    Some((display, display.maps.first()?))
}

fn merge(into: &mut Indicators, from: Indicators) {
    for group in from.groups {
        let Some(known) = into.groups.iter_mut().find(|g| g.id == group.id) else {
            into.groups.push(group);
            continue;
        };
        for row in group.rows {
            match known.rows.iter_mut().find(|r| r.id == row.id) {
                // A figure that cannot be told replaces none that can.
                Some(old) if row.value.is_some() || old.value.is_none() => *old = row,
                Some(_) => (),
                None => known.rows.push(row),
            }
        }
    }
}

pub(super) fn titled(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" – ")
}
