//! `twin compare A B …`: what changes from the first run to the others.

use std::path::{Path, PathBuf};

use twin_core::export::comparison::DepthComparison;
use twin_core::export::qgis_project::{QgisGroup, QgisProject, QgisRaster, relative};
use twin_core::export::report::{Cell, Figure, Report, Table, render};
use twin_core::export::wording;
use twin_core::language::Text;
use twin_core::results::comparison::{
    BuildingChange, BuildingChanges, IndicatorRow, InputDifference, SectionRise, check_comparable,
    input_differences, section_rise, side_by_side, water_at_buildings,
};
use twin_core::results::{FinishedRun, write_atomically};
use twin_core::scenario::Scenario;
use twin_core::spatial::{Grid, Line, cells_along};
use twin_core::territory::read_vector_in;
use twin_core::{Error, Language, Result};

use super::super::differences::{DEPTH, FieldDifference};
use super::super::finished::{Presented as _, figure, runs_of, scenario_of};
use super::view::View;
use crate::console::{Console, line};

/// Buildings told one by one in a report.
const MOST_BUILDINGS: usize = 50;

/// How runs are compared.
pub(crate) struct Settings {
    /// Depth below which a cell counts as dry, metres.
    pub(crate) dry_below_m: f32,
    /// Difference of the water in a building up to which its class counts as the same, metres.
    pub(crate) significance_m: f64,
    /// Lines along which a rise of a centimetre counts.
    pub(crate) sections: Option<PathBuf>,
    pub(crate) out: PathBuf,
}

/// Compares runs, or the runs of scenarios step by step, and says where the reports are.
pub(crate) fn compare(given: &[PathBuf], settings: &Settings, console: &Console) -> Result<()> {
    let language = console.language;
    let scenarios: Vec<Option<Scenario>> = given.iter().map(|path| scenario_of(path)).collect();
    let territory = scenarios.iter().flatten().next().map(|s| PathBuf::from(&s.territory));
    let all = given.iter().map(|path| runs_of(path)).collect::<Result<Vec<_>>>()?;
    let steps: Vec<&String> =
        all[0].keys().filter(|step| all.iter().all(|runs| runs.contains_key(*step))).collect();
    let several = all.iter().all(|runs| !runs.contains_key("")) && steps.len() > 1;
    // A run given by its folder has no step: it is compared whatever its name.
    let picked: Vec<(String, Vec<PathBuf>)> = if all.iter().all(|runs| runs.len() == 1) {
        vec![(String::new(), all.iter().flat_map(|r| r.values().cloned()).collect())]
    } else {
        let of = |step: &String| all.iter().filter_map(|r| r.get(step).cloned()).collect();
        steps.into_iter().map(|step| (step.clone(), of(step))).collect()
    };
    if picked.is_empty() {
        return Err(Error::input(
            "compare",
            "les scénarios n'ont aucun calcul du même nom ; donner les dossiers des calculs",
            "the scenarios have no run of the same name; give the folders of the runs",
        ));
    }
    for (step, folders) in picked {
        let out = if several { settings.out.join(&step) } else { settings.out.clone() };
        let mut runs = folders.iter().map(|f| FinishedRun::open(f)).collect::<Result<Vec<_>>>()?;
        // Equal steps share one run, which has the title of the scenario that computed it first.
        for (run, scenario) in runs.iter_mut().zip(&scenarios) {
            if let Some(scenario) = scenario {
                run.manifest.scenario_title.clone_from(&scenario.title);
            }
        }
        let compared = Compared::new(&runs, settings)?;
        std::fs::create_dir_all(&out).map_err(Error::write(&out))?;
        let report = compared.report(territory.as_deref(), &out, language)?;
        for message in &report.key_messages {
            line(message.get(language));
        }
        let path = out.join("comparaison.html");
        write_atomically(&path, render(&report)?.as_bytes())?;
        let json = format!("{:#}\n", compared.json());
        write_atomically(&out.join("comparaison.json"), json.as_bytes())?;
        let path = path.display();
        console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
    }
    Ok(())
}

/// Runs beside each other, the reference first.
pub(crate) struct Compared<'a> {
    runs: &'a [FinishedRun],
    rows: Vec<IndicatorRow>,
    others: Vec<Other<'a>>,
}

/// A run beside the reference.
struct Other<'a> {
    run: &'a FinishedRun,
    inputs: Vec<InputDifference>,
    buildings: BuildingChanges,
    water: Option<DepthComparison>,
    sections: Vec<SectionRise>,
}

impl<'a> Compared<'a> {
    /// Compares all runs with the first one.
    pub(crate) fn new(runs: &'a [FinishedRun], settings: &Settings) -> Result<Self> {
        let Some((reference, others)) = runs.split_first() else {
            return Err(Error::input("compare", "aucun calcul", "no run"));
        };
        for run in others {
            check_comparable(&reference.manifest, &run.manifest)?;
        }
        let figures = runs.iter().map(FinishedRun::indicators).collect::<Result<Vec<_>>>()?;
        let before = water_at_buildings(reference)?;
        let crs = reference.manifest.territory.crs;
        let lines = settings.sections.as_deref().map(|path| sections(path, crs)).transpose()?;
        let depth_of = |run: &FinishedRun| -> Result<Option<Grid<f32>>> {
            let has = run.fields.statics().iter().any(|band| band.name == DEPTH);
            has.then(|| run.field(DEPTH)).transpose()
        };
        let reference_depth = depth_of(reference)?;
        let mut compared = Vec::new();
        for run in others {
            let depth = depth_of(run)?;
            let both = reference_depth.as_ref().zip(depth.as_ref());
            let water = both
                .map(|(before, after)| DepthComparison::new(after, before, settings.dry_below_m))
                .transpose()?;
            for (name, line) in lines.iter().flatten() {
                if cells_along(&reference.manifest.grid, line).is_empty() {
                    return Err(Error::input(
                        "--sections",
                        format!("la section « {name} » est hors de la grille de calcul"),
                        format!("section \"{name}\" lies outside the run grid"),
                    ));
                }
            }
            let sections = both.map_or_else(Vec::new, |(before, after)| {
                let lines = lines.iter().flatten();
                lines.map(|(name, line)| section_rise(name, line, before, after)).collect()
            });
            let after = water_at_buildings(run)?;
            compared.push(Other {
                run,
                inputs: input_differences(&reference.manifest, &run.manifest),
                buildings: BuildingChanges::new(&before, &after, settings.significance_m),
                water,
                sections,
            });
        }
        Ok(Self { runs, rows: side_by_side(&figures), others: compared })
    }

    /// The comparison as a report, with its maps, difference fields and a project of QGIS written into a folder.
    pub(crate) fn report(
        &self,
        territory: Option<&Path>,
        out: &Path,
        language: Language,
    ) -> Result<Report> {
        let title = language.pick("Comparaison de scénarios", "Comparison of scenarios");
        let reference = &self.runs[0];
        let mut report = reference.report(title, language);
        let names: Vec<String> = self.runs.iter().map(|run| run.title(language)).collect();
        report.subtitle = names.join(" · ");
        let calibrated = self.runs.iter().all(FinishedRun::is_calibrated);
        report.calibrated = calibrated;
        report.tables.push(self.indicator_table(&names, language));
        let mut differences = Vec::new();
        for (number, other) in self.others.iter().enumerate() {
            let after = &names[number + 1];
            report.key_messages.extend(other.messages(&names[0], after, &self.rows, number + 1));
            let mut layers = Vec::new();
            report.maps.extend(self.maps(other, after, number + 1, out, language, &mut layers)?);
            let view = territory.map(|territory| {
                View { reference, run: other.run, after, number: number + 1 }
                    .figure(territory, out, language)
            });
            report.maps.extend(view.transpose()?.flatten());
            differences.push(layers);
            report.tables.extend(other.tables(after, language));
        }
        let project = self.qgis_project(differences, territory, out, language)?;
        write_atomically(&out.join("project.qgz"), &project)?;
        report.hypotheses.push(Text::new(
            format!(
                "Les écarts se lisent scénario − référence ; la référence est « {} ».",
                names[0]
            ),
            format!("Differences are scenario − reference; the reference is \"{}\".", names[0]),
        ));
        Ok(report)
    }

    fn indicator_table(&self, names: &[String], language: Language) -> Table {
        let mut headers = vec![
            language.pick("Enjeu", "What is at stake").to_owned(),
            language.pick("Indicateur", "Indicator").to_owned(),
            language.pick("Unité", "Unit").to_owned(),
        ];
        headers.push(format!("{} ({})", names[0], language.pick("référence", "reference")));
        for name in &names[1..] {
            headers.push(name.clone());
            headers.push(language.pick("écart", "difference").to_owned());
        }
        let title = language.pick("Indicateurs côte à côte", "Indicators side by side");
        let mut table = Table::new(title, headers);
        for row in &self.rows {
            let decimals = usize::from(row.decimals);
            let number = |value: Option<f64>| {
                value.map_or_else(|| Cell::Figure("–".to_owned()), |v| Cell::Number(v, decimals))
            };
            let mut cells = vec![
                Cell::from(row.group.get(language)),
                Cell::from(row.label.get(language)),
                Cell::from(wording::unit(&row.unit, language)),
                number(row.values[0]),
            ];
            for run in 1..row.values.len() {
                cells.push(number(row.values[run]));
                cells.push(signed(row.difference(run), decimals, language));
            }
            table.push(cells);
        }
        table
    }

    /// Maps of the differences of all fields that both runs have and show; their files are added to `layers`.
    fn maps(
        &self,
        other: &Other<'_>,
        after: &str,
        number: usize,
        out: &Path,
        language: Language,
        layers: &mut Vec<QgisRaster>,
    ) -> Result<Vec<Figure>> {
        let reference = &self.runs[0];
        let terrain = reference.field("bed_elevation").ok();
        let nothing = Grid::filled(reference.manifest.grid, f32::NAN);
        let terrain = terrain.as_ref().unwrap_or(&nothing);
        let mut figures = Vec::new();
        if let Some(water) = &other.water {
            let title = match language {
                Language::Fr => format!("Hauteur d'eau : {after} − référence"),
                Language::En => format!("Water depth: {after} − reference"),
            };
            let map = water.map(reference.map(&title, terrain, language));
            let caption = language.pick(
                "Où l'eau monte, où elle baisse, où elle vient et où elle ne vient plus.",
                "Where the water is higher or lower, where it newly comes and no longer comes.",
            );
            figures.push(figure(&map, caption, out, &format!("ecart-{number}-hauteur"))?);
        }
        for display in &reference.displays {
            let Some(difference) = FieldDifference::new(display, other.run, reference)? else {
                continue;
            };
            let name = format!("ecart-{number}-{}", display.field);
            let crs = reference.manifest.territory.crs;
            difference.write(&out.join(format!("{name}.tif")), crs, language)?;
            let Some(shown) = &difference.map else { continue };
            layers.push(QgisRaster { source: format!("{name}.tif"), map: shown.clone() });
            if display.field == DEPTH {
                // Drawn above, with where the water newly comes.
                continue;
            }
            let title = format!(
                "{} : {after} − {}",
                difference.title(language),
                language.pick("référence", "reference")
            );
            let map = difference.drawn(reference.map(&title, terrain, language), shown);
            figures.push(figure(&map, shown.caption.get(language), out, &name)?);
        }
        Ok(figures)
    }

    /// A project of QGIS: the differences, then the fields of each run, above the territory where it is known.
    fn qgis_project(
        &self,
        differences: Vec<Vec<QgisRaster>>,
        territory: Option<&Path>,
        out: &Path,
        language: Language,
    ) -> Result<Vec<u8>> {
        let mut groups = Vec::new();
        for (other, rasters) in self.others.iter().zip(differences) {
            let after = other.run.title(language);
            groups.push(QgisGroup {
                title: format!("{after} − {}", language.pick("référence", "reference")),
                folder: ".".to_owned(),
                rasters,
                layers: Vec::new(),
                is_shown: groups.is_empty(),
            });
        }
        for run in self.runs {
            let Some(folder) = relative(out, &run.folder) else { continue };
            groups.push(QgisGroup {
                title: run.title(language),
                rasters: QgisRaster::of_run(&folder, &run.displays),
                folder,
                layers: Vec::new(),
                is_shown: false,
            });
        }
        if let Some(territory) = territory {
            groups.extend(QgisGroup::of_territory(territory, out, language)?);
        }
        let reference = &self.runs[0].manifest;
        let project = QgisProject {
            title: language.pick("Comparaison de scénarios", "Comparison of scenarios").to_owned(),
            notice: wording::notice(language).to_owned(),
            crs: reference.territory.crs,
            extent: reference.grid.extent(),
            groups,
            language,
        };
        project.to_bytes()
    }

    fn json(&self) -> serde_json::Value {
        let run = |run: &FinishedRun| {
            let manifest = &run.manifest;
            serde_json::json!({
                "scenario": manifest.scenario,
                "run": format!("{}/{}", manifest.simulation, manifest.hash),
            })
        };
        let other = |other: &Other<'_>| {
            serde_json::json!({
                "run": run(other.run),
                "inputs": other.inputs,
                "buildings": other.buildings,
                "newly_flooded_m2": other.water.as_ref().map(DepthComparison::newly_flooded_m2),
                "no_longer_flooded_m2":
                    other.water.as_ref().map(DepthComparison::no_longer_flooded_m2),
                "sections": other.sections,
            })
        };
        serde_json::json!({
            "reference": run(&self.runs[0]),
            "indicators": self.rows,
            "others": self.others.iter().map(other).collect::<Vec<_>>(),
        })
    }
}

impl Other<'_> {
    fn messages(
        &self,
        before: &str,
        after: &str,
        rows: &[IndicatorRow],
        number: usize,
    ) -> Vec<Text> {
        let mut told = Vec::new();
        let sentence = |l: Language, water: &DepthComparison| {
            let ha = |m2: f64| l.number(m2 / 1e4, 2);
            let (new, gone) = (ha(water.newly_flooded_m2()), ha(water.no_longer_flooded_m2()));
            let b = &self.buildings;
            let n = |count: usize| l.number(count as f64, 0);
            match l {
                Language::Fr => format!(
                    "De « {before} » à « {after} » : {new} ha nouvellement inondés, {gone} ha hors d'eau ; {} bâtiments dont la classe s'améliore, {} dont elle s'aggrave.",
                    n(b.better.len()),
                    n(b.worse.len())
                ),
                Language::En => format!(
                    "From \"{before}\" to \"{after}\": {new} ha newly flooded, {gone} ha no longer; {} buildings in a better class, {} in a worse one.",
                    n(b.better.len()),
                    n(b.worse.len())
                ),
            }
        };
        if let Some(water) = &self.water {
            told.push(Text::new(sentence(Language::Fr, water), sentence(Language::En, water)));
        }
        let changed =
            rows.iter().filter(|r| r.difference(number).is_some_and(|d| d != 0.0)).count();
        if changed == 0 && self.water.as_ref().is_none_or(DepthComparison::is_nothing) {
            told.push(Text::new(
                format!("« {after} » ne diffère de « {before} » par aucun indicateur."),
                format!("\"{after}\" differs from \"{before}\" in no indicator."),
            ));
        }
        told
    }

    fn tables(&self, after: &str, language: Language) -> Vec<Table> {
        let mut tables = Vec::new();
        let pick = |fr: &str, en: &str| language.pick(fr, en).to_owned();
        let mut inputs = Table::new(
            format!("{} – {after}", pick("Données d'entrée qui diffèrent", "Inputs that differ")),
            [pick("Clé", "Key"), pick("Référence", "Reference"), after.to_owned()],
        );
        for difference in &self.inputs {
            let told = |v: &Option<serde_json::Value>| {
                v.as_ref().map_or_else(
                    || "–".to_owned(),
                    |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned),
                )
            };
            inputs.push([
                difference.key.clone(),
                told(&difference.reference),
                told(&difference.run),
            ]);
        }
        if !inputs.rows.is_empty() {
            tables.push(inputs);
        }
        let b = &self.buildings;
        if b.newly_reached + b.no_longer_reached + b.unchanged + b.better.len() + b.worse.len() > 0
        {
            let mut table = Table::new(
                format!("{} – {after}", pick("Bâtiments", "Buildings")),
                [pick("Changement", "Change"), pick("Nombre", "Count")],
            );
            for (fr, en, count) in [
                (
                    "Classe de hauteur qui s'améliore (hors d'eau compris)",
                    "Better depth class (no longer reached among them)",
                    b.better.len(),
                ),
                (
                    "Classe de hauteur qui s'aggrave (nouvellement atteints compris)",
                    "Worse depth class (newly reached among them)",
                    b.worse.len(),
                ),
                ("Nouvellement atteints", "Newly reached", b.newly_reached),
                ("Hors d'eau dans ce scénario", "No longer reached", b.no_longer_reached),
                (
                    "Atteints dans les deux, sans changement notable",
                    "Reached in both, no notable change",
                    b.unchanged,
                ),
            ] {
                table.push([Cell::from(pick(fr, en)), Cell::Number(count as f64, 0)]);
            }
            tables.push(table);
            tables.extend(one_by_one(
                &b.worse,
                &pick("Bâtiments dont la classe s'aggrave", "Buildings in a worse class"),
                language,
            ));
        }
        if !self.sections.is_empty() {
            let mut table = Table::new(
                format!("{} – {after}", pick("Non-aggravation (1 cm)", "No aggravation (1 cm)")),
                [
                    pick("Section", "Section"),
                    pick("Plus forte hausse (cm)", "Largest rise (cm)"),
                    pick("Longueur au-delà de 1 cm (m)", "Length above 1 cm (m)"),
                    pick("Lecture", "Reading"),
                ],
            );
            for section in &self.sections {
                let reading = match section.largest_m {
                    None => pick("sans eau dans les deux", "no water in either"),
                    Some(_) if section.aggravated_length_m > 0.0 => {
                        pick("hausse de plus de 1 cm", "rise of more than 1 cm")
                    }
                    Some(_) => pick("1 cm au plus", "1 cm at most"),
                };
                table.push([
                    Cell::from(section.name.as_str()),
                    signed(section.largest_m.map(|m| 100.0 * m), 1, language),
                    Cell::Number(section.aggravated_length_m, 0),
                    Cell::from(reading),
                ]);
            }
            tables.push(table);
        }
        tables
    }
}

/// The buildings of a list, the largest changes first.
fn one_by_one(changes: &[BuildingChange], title: &str, language: Language) -> Option<Table> {
    if changes.is_empty() {
        return None;
    }
    let mut sorted: Vec<&BuildingChange> = changes.iter().collect();
    sorted.sort_by(|a, b| {
        b.difference_m().abs().total_cmp(&a.difference_m().abs()).then(a.id.cmp(&b.id))
    });
    let count = sorted.len();
    let title = match (count > MOST_BUILDINGS, language) {
        (false, _) => title.to_owned(),
        (true, Language::Fr) => format!("{title} (les {MOST_BUILDINGS} premiers sur {count})"),
        (true, Language::En) => format!("{title} (the first {MOST_BUILDINGS} of {count})"),
    };
    let mut table = Table::new(
        title,
        [
            "cleabs",
            language.pick("Eau, référence (m)", "Water, reference (m)"),
            language.pick("Eau, scénario (m)", "Water, scenario (m)"),
            language.pick("Écart (m)", "Difference (m)"),
        ],
    );
    for change in sorted.into_iter().take(MOST_BUILDINGS) {
        table.push([
            Cell::from(change.id.as_str()),
            Cell::Number(change.reference_m, 2),
            Cell::Number(change.run_m, 2),
            signed(Some(change.difference_m()), 2, language),
        ]);
    }
    Some(table)
}

/// A difference with its sign.
fn signed(value: Option<f64>, decimals: usize, language: Language) -> Cell {
    let Some(value) = value else { return Cell::Figure("–".to_owned()) };
    let text = language.number(value.abs(), decimals);
    let is_zero = !text.chars().any(|c| ('1'..='9').contains(&c));
    Cell::Figure(match value {
        _ if is_zero => "0".to_owned(),
        v if v > 0.0 => format!("+{text}"),
        _ => format!("−{text}"),
    })
}

/// Named lines of a vector file.
fn sections(path: &Path, crs: twin_core::spatial::Crs) -> Result<Vec<(String, Line)>> {
    let mut found = Vec::new();
    for table in read_vector_in(path, crs)? {
        let name = ["name", "nom", "id"].iter().find_map(|n| table.column(n));
        for feature in &table.features {
            let told = name.and_then(|c| feature.values.get(c)).and_then(|v| v.as_text());
            for line in feature.geometry.iter().flat_map(|g| g.lines()) {
                let number = found.len() + 1;
                let name = told.map_or_else(|| number.to_string(), str::to_owned);
                found.push((name, line.clone()));
            }
        }
    }
    if found.is_empty() {
        return Err(Error::input(
            path.display().to_string(),
            "aucune ligne ; donner les sections comme lignes",
            "no line; give the sections as lines",
        ));
    }
    Ok(found)
}
