//! The report of a study: summary, figures by enjeu, costs and benefits, maps, plots, limits.

use std::collections::BTreeMap;
use std::path::Path;

use twin_core::export::comparison::DepthComparison;
use twin_core::export::map::{RasterLayer, VectorStyle};
use twin_core::export::plot::{LinePlot, Series};
use twin_core::export::qgis_project::{QgisGroup, QgisProject, relative};
use twin_core::export::report::{Figure, FigurePicture, Report, Source};
use twin_core::export::{Legend, MapSpec, wording};
use twin_core::language::Text;
use twin_core::results::{FinishedRun, Indicators, RunStore};
use twin_core::simulation::Sensitivity;
use twin_core::spatial::Grid;
use twin_core::study::{Combination, CombinationRecord, Study, StudyRecord};
use twin_core::territory::Territory;
use twin_core::{Error, Language, Result};

use super::super::finished::{Presented as _, figure};

/// Name of the field that tells how deep the water was.
const DEPTH: &str = "maximum_water_depth";
/// Depth below which a cell counts as dry on the maps of differences, metres.
const DRY_BELOW_M: f32 = 0.05;

/// A study with its runs.
pub(super) struct Composed<'a> {
    pub(super) study: &'a Study,
    pub(super) cells: Vec<Computed<'a>>,
    territory: Territory,
}

/// A combination with its runs.
pub(super) struct Computed<'a> {
    pub(super) record: &'a CombinationRecord,
    pub(super) combination: &'a Combination,
    pub(super) runs: BTreeMap<String, FinishedRun>,
    /// The figures of all runs; of a figure that several tell, the last one's.
    pub(super) indicators: Indicators,
    pub(super) ranges: Vec<Sensitivity>,
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
            cells.push(Computed { record, combination, runs, indicators, ranges });
        }
        let Some(first) = cells.first() else {
            return Err(Error::input(
                study.file.display().to_string(),
                "le fichier d'étude ne correspond plus au calcul ; relancer twin study run",
                "the study file no longer fits what was computed; call twin study run again",
            ));
        };
        let territory = Territory::open(Path::new(&first.combination.scenario.territory))?;
        Ok(Self { study, cells, territory })
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

    pub(super) fn report(&self, out: &Path, language: Language) -> Result<Report> {
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
        let mut citation: Vec<String> = Vec::new();
        for run in in_order(&first.runs) {
            citation.extend(run.manifest.cited(language));
        }
        citation.dedup();
        let description = self.study.description.as_ref().map(|t| t.get(language).to_owned());
        let n = self.cells.len();
        let mut summary = self.overview(language);
        summary.extend(self.economy_table(language));
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
            warnings: self.warnings(),
            summary,
            maps: self.maps(out, language)?,
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
    pub(super) fn qgis_project(&self, out: &Path, language: Language) -> Result<Vec<u8>> {
        let mut groups = Vec::new();
        for cell in &self.cells {
            for run in in_order(&cell.runs) {
                let Some(folder) = relative(out, &run.folder) else { continue };
                let (action, around) = (self.action(cell), self.circumstances(cell));
                let parts = [action.get(language), around.get(language), &run.manifest.run];
                groups.push(QgisGroup {
                    title: titled(&parts),
                    folder,
                    fields: &run.displays,
                    layers: Vec::new(),
                    is_shown: groups.is_empty(),
                });
            }
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

    /// For each circumstance the water without actions, then what each action changes.
    fn maps(&self, out: &Path, language: Language) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for (number, cell) in self.cells.iter().enumerate() {
            let Some(run) = with_water(cell) else { continue };
            let depth = run.field(DEPTH)?;
            let terrain =
                run.field("bed_elevation").unwrap_or_else(|_| Grid::filled(depth.spec, f32::NAN));
            let circumstances = self.circumstances(cell).get(language).to_owned();
            let action = self.action(cell).get(language).to_owned();
            let reference = self.reference_of(cell).and_then(with_water);
            if self.is_reference(cell) || reference.is_none() {
                let title = language.pick("Hauteur d'eau maximale", "Maximum water depth");
                let mut map = run.map(title, &terrain, language);
                map.subtitle = titled(&[&run.manifest.territory.name, &action, &circumstances]);
                let mut layer = RasterLayer::new(&depth, Legend::maximum_water_depth());
                layer.transparent_below = Some(0.01);
                map.rasters.push(layer);
                self.base(&mut map);
                let caption = language.pick(
                    "Plus grande hauteur d'eau du scénario, sur le parcellaire, les rues et les bâtiments.",
                    "Largest depth of the scenario, over parcels, streets and buildings.",
                );
                figures.push(figure(&map, caption, out, &format!("carte-{:02}", number + 1))?);
            } else if let Some(reference) = reference {
                let comparison =
                    DepthComparison::new(&depth, &reference.field(DEPTH)?, DRY_BELOW_M)?;
                if comparison.is_nothing() {
                    continue;
                }
                let title = language.pick("Écart de hauteur d'eau", "Difference of water depth");
                let mut base = run.map(title, &terrain, language);
                base.subtitle = titled(&[&run.manifest.territory.name, &action, &circumstances]);
                let mut map = comparison.map(base);
                self.base(&mut map);
                let caption = language.pick(
                    "Où l'action fait baisser ou monter l'eau, par rapport à la référence.",
                    "Where the action lowers or raises the water, compared with the reference.",
                );
                figures.push(figure(&map, caption, out, &format!("carte-{:02}", number + 1))?);
            }
        }
        Ok(figures)
    }

    /// Parcels, streets and buildings over a map.
    fn base<'m>(&'m self, map: &mut MapSpec<'m>) {
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

/// The runs of a combination, those that others read first.
pub(super) fn in_order(runs: &BTreeMap<String, FinishedRun>) -> Vec<&FinishedRun> {
    let mut all: Vec<&FinishedRun> = runs.values().collect();
    all.sort_by_key(|run| run.manifest.upstream.len());
    all
}

/// The run that tells how deep the water was.
fn with_water<'r>(cell: &'r Computed<'_>) -> Option<&'r FinishedRun> {
    let mut runs = in_order(&cell.runs).into_iter();
    runs.find(|run| run.fields.statics().iter().any(|band| band.name == DEPTH))
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

fn titled(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" – ")
}
