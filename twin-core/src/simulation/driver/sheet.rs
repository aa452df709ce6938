//! The maps and the report of a finished run, the same for every plugin.

use std::path::Path;

use rayon::prelude::*;

use super::publish::Publication;
use crate::export::contours::{lines_of_equal_value, round_interval};
use crate::export::map::{LandCoverTint, Marker, MarkerKind, RasterLayer, VectorStyle};
use crate::export::plot::{LinePlot, Series as PlotSeries};
use crate::export::report::{Cell, Figure, FigurePicture, MassBalance, Report, Source, Table};
use crate::export::{MapSpec, Rgb, wording};
use crate::language::Text;
use crate::results::{RunManifest, write_atomically};
use crate::simulation::{GaugeSeries, PlacedStructure};
use crate::spatial::{Geometry, Grid, line_length};
use crate::territory::{Aggregation, Building, LandCover, TerritoryView};
use crate::{Language, Result};

/// Shortest line of equal value that is drawn, as a share of the map's width.
const SHORTEST_ISOLINE: f64 = 0.03;
/// Width of the PNG maps in pixels.
const MAP_WIDTH_PX: u32 = 1600;

/// Draws all maps into `maps` (SVG and PNG) and returns the report.
pub(super) fn report(run: &Publication<'_>, manifest: &RunManifest, maps: &Path) -> Result<Report> {
    let language = run.language;
    let descriptor = run.step.simulation.descriptor();
    let pick = |t: &Text| t.get(language).to_owned();
    let figures = figures(run, manifest, maps)?;
    let mut structures = Table::new(
        language.pick("Ouvrages sur la grille de calcul", "Structures on the computing grid"),
        [
            language.pick("Nom", "Name"),
            language.pick("Nature", "Kind"),
            language.pick("Position sur la grille", "Place on the grid"),
        ],
    );
    for s in &run.outcome.structures {
        structures.push([s.name.clone(), pick(&s.kind), pick(&s.note)]);
    }
    let demo = run.view.territory().manifest().demo;
    let hypotheses: Vec<Text> =
        run.outcome.hypotheses.iter().chain(&run.outcome.calibration).cloned().collect();
    Ok(Report {
        language,
        title: pick(&run.scenario.title),
        subtitle: pick(&descriptor.title),
        territory: manifest.territory.name.clone(),
        scenario_id: run.scenario.id.clone(),
        scenario_description: run.scenario.description.as_ref().map(pick).unwrap_or_default(),
        run_id: format!("{}/{}", manifest.simulation, manifest.hash),
        demo,
        calibrated: run.outcome.calibration.is_some(),
        key_messages: run.outcome.key_messages.clone(),
        warnings: manifest.warnings.clone(),
        maps: figures,
        indicators: run.outcome.indicators.clone(),
        plots: plots(run, manifest),
        mass_balance: run.budget.map(|b| MassBalance {
            initial_m3: b.initial,
            inflow_m3: b.entered,
            outflow_m3: b.left,
            stored_m3: b.stored,
            relative_error: b.relative_error(),
        }),
        structures: (!structures.rows.is_empty()).then_some(structures),
        tables: run.sensitivity.as_ref().map(|s| s.tables(language)).unwrap_or_default(),
        hypotheses,
        limits: descriptor.limits.clone(),
        parameters: Some(parameters(manifest, language)),
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
        versions: Some(versions(run, manifest, language)),
        run_time: None,
        summary: Vec::new(),
        citation: manifest.cited(language),
    })
}

/// The situation map and every map of the results, as SVG in the report and as files.
fn figures(run: &Publication<'_>, manifest: &RunManifest, folder: &Path) -> Result<Vec<Figure>> {
    let language = run.language;
    let terrain = run.view.terrain(Aggregation::Mean)?;
    let cover = run.view.land_cover()?.map(|c| c.value());
    let study = run.view.study_area().map(|area| Geometry::Polygons(area.to_vec()));
    let structures: Vec<Geometry> = run
        .outcome
        .structures
        .iter()
        .map(|s: &PlacedStructure| Geometry::Lines(s.lines.clone()))
        .collect();
    let base = |title: String| base_map(run, manifest, &terrain, title, study.as_ref());
    let label = language.pick("Ouvrages", "Structures");
    let isolines: Vec<Option<Isolines>> = run
        .outcome
        .statics
        .iter()
        .map(|field| {
            let wanted = field.maps.iter().any(|map| map.isolines);
            wanted.then(|| Isolines::of(&field.grid)).transpose()
        })
        .collect::<Result<_>>()?;
    let buildings = &run.view.features().buildings;
    let mut maps = Vec::new();
    let mut situation = base(language.pick("Plan de situation", "Situation map").to_owned());
    situation.land_cover = Some(LandCoverTint { classes: &cover, palette: palette() });
    add_features(&mut situation, run.view, VectorStyle::building());
    situation.add_vectors(label, VectorStyle::levee(), &structures);
    let caption = Text::new(
        "Relief ombré, occupation du sol, bâtiments, ouvrages et stations du calcul.",
        "Shaded relief, land cover, buildings, structures and gauges of the run.",
    );
    maps.push(("situation", situation, &caption));
    for (field, isolines) in run.outcome.statics.iter().zip(&isolines) {
        for result in &field.maps {
            let mut map = base(result.title.get(language).to_owned());
            map.calibrated = Some(run.outcome.calibration.is_some());
            let mut layer = RasterLayer::new(&field.grid, result.legend.clone());
            layer.transparent_below = result.transparent_below;
            map.rasters.push(layer);
            let shown = |value: f32| result.transparent_below.is_none_or(|low| value >= low);
            add_features(&mut map, run.view, buildings_over(&field.grid, shown, buildings));
            if let (true, Some(isolines)) = (result.isolines, isolines) {
                isolines.draw(&mut map, result.legend.unit());
            }
            map.add_vectors(label, VectorStyle::levee(), &structures);
            maps.push((result.name, map, &result.caption));
        }
    }
    maps.par_iter().map(|(name, map, caption)| save(map, name, caption, folder)).collect()
}

/// Lines of equal value of a result.
struct Isolines {
    interval: f64,
    lines: Vec<(f64, Geometry)>,
}

impl Isolines {
    fn of(grid: &Grid<f32>) -> Result<Self> {
        let interval = grid.range().and_then(round_interval);
        let lines = match interval {
            Some(interval) => lines_of_equal_value(grid, interval)?,
            None => Vec::new(),
        };
        // On level water the lines are the noise of its last centimetre.
        let shortest = grid.spec.extent().width() * SHORTEST_ISOLINE;
        let drawn = lines.into_iter().filter(|(_, line)| line_length(line) >= shortest);
        let lines = drawn.map(|(value, line)| (value, Geometry::Lines(vec![line])));
        Ok(Self { interval: interval.unwrap_or_default(), lines: lines.collect() })
    }

    /// Adds the lines, and for each value its number at the middle of its longest line.
    fn draw<'a>(&'a self, map: &mut MapSpec<'a>, unit: &str) {
        if self.lines.is_empty() {
            return;
        }
        let language = map.language;
        let decimals = (-self.interval.log10()).ceil().max(0.0) as usize;
        let label = format!(
            "{} {} {unit}",
            language.pick("Lignes d'égale valeur, tous les", "Lines of equal value, every"),
            language.number(self.interval, decimals)
        );
        map.add_vectors(label, VectorStyle::isoline(), self.lines.iter().map(|(_, line)| line));
        for same in self.lines.chunk_by(|a, b| a.0 == b.0) {
            let longest = same.iter().flat_map(|(_, g)| g.lines()).max_by_key(|line| line.len());
            if let Some(line) = longest {
                let [x, y, _] = line[line.len() / 2];
                let label = language.number(same[0].0, decimals);
                map.markers.push(Marker { x, y, label, kind: MarkerKind::Label });
            }
        }
    }
}

fn base_map<'a>(
    run: &Publication<'_>,
    manifest: &RunManifest,
    terrain: &'a Grid<f32>,
    title: String,
    study: Option<&'a Geometry>,
) -> MapSpec<'a> {
    let territory = &manifest.territory;
    let mut map = MapSpec::new(title, run.view.spec().extent());
    map.subtitle = format!("{} – {}", territory.name, run.scenario.title.get(run.language));
    map.crs = territory.crs;
    map.vertical_datum = territory.vertical_datum.clone();
    map.terrain = Some(terrain);
    map.study_area = study;
    map.demo = run.view.territory().manifest().demo;
    map.language = run.language;
    map.credits = territory.credits();
    let mut seen = Vec::new();
    for gauge in &run.outcome.gauges {
        if let (Some([x, y]), false) = (gauge.position, seen.contains(&gauge.gauge)) {
            map.markers.push(Marker::gauge(x, y, gauge.gauge.clone()));
            seen.push(gauge.gauge.clone());
        }
    }
    map.markers.extend(run.outcome.markers.iter().cloned());
    map
}

/// How buildings are drawn over a result: without fill where most of them show a value of it, whose
/// colour a grey above would change.
fn buildings_over(
    field: &Grid<f32>,
    shown: impl Fn(f32) -> bool,
    buildings: &[Building],
) -> VectorStyle {
    let value = |b: &Building| {
        let (x, y) = b.geometry.extent()?.centre();
        field.at(x, y).copied().filter(|v| v.is_finite() && shown(*v))
    };
    let coloured = buildings.iter().filter_map(value).count();
    if 2 * coloured > buildings.len() {
        VectorStyle::building_limit()
    } else {
        VectorStyle::building_outline()
    }
}

fn add_features<'a>(map: &mut MapSpec<'a>, view: &'a TerritoryView, buildings: VectorStyle) {
    let features = view.features();
    let language = map.language;
    map.add_vectors(
        language.pick("Eau (données de référence)", "Water (reference data)"),
        VectorStyle::water_outline(),
        features.water_surfaces.iter().map(|w| &w.geometry),
    );
    map.add_vectors(
        language.pick("Routes", "Roads"),
        VectorStyle::road(),
        features.roads.iter().map(|r| &r.geometry),
    );
    map.add_vectors(
        language.pick("Voies ferrées", "Railways"),
        VectorStyle::railway(),
        features.rails.iter().map(|r| &r.geometry),
    );
    map.add_vectors(
        language.pick("Bâtiments", "Buildings"),
        buildings,
        features.buildings.iter().map(|b| &b.geometry),
    );
}

fn save(map: &MapSpec<'_>, name: &str, caption: &Text, folder: &Path) -> Result<Figure> {
    let svg = map.svg()?;
    write_atomically(&folder.join(format!("{name}.svg")), svg.as_bytes())?;
    let notice = crate::export::wording::notice(map.language);
    let png = crate::export::picture::png_from_svg(&svg, MAP_WIDTH_PX, notice)?;
    write_atomically(&folder.join(format!("{name}.png")), &png)?;
    let caption = caption.get(map.language).to_owned();
    Ok(Figure {
        title: map.title.clone(),
        alt: caption.clone(),
        caption,
        picture: FigurePicture::Svg(svg),
    })
}

fn palette() -> Vec<(u8, Rgb, Text)> {
    LandCover::ALL
        .iter()
        .filter(|c| **c != LandCover::Unknown)
        .map(|c| {
            let [r, g, b] = c.rgb();
            (c.value(), Rgb(r, g, b), c.label())
        })
        .collect()
}

/// One plot per quantity and gauge; series without position (whole domain) come first.
fn plots(run: &Publication<'_>, manifest: &RunManifest) -> Vec<Figure> {
    let language = run.language;
    let mut ordered: Vec<&GaugeSeries> = run.outcome.gauges.iter().collect();
    ordered.sort_by_key(|g| g.position.is_some());
    // A level that never was has no plot; the plot of the depth beside it says that it stayed dry.
    ordered
        .into_iter()
        .filter(|gauge| gauge.values.iter().any(|v| v.is_finite()))
        .map(|gauge| {
            let title = format!("{} – {}", gauge.gauge, gauge.title.get(language));
            let mut unit = wording::unit(gauge.unit, language);
            if gauge.variable.ends_with("water_level") {
                unit = format!("m {}", manifest.territory.vertical_datum);
            }
            let points = gauge.times_s.iter().copied().zip(gauge.values.iter().copied()).collect();
            let plot = LinePlot {
                title: title.clone(),
                quantity: gauge.title.get(language).to_owned(),
                unit,
                series: vec![PlotSeries { label: gauge.gauge.clone(), points }],
                thresholds: Vec::new(),
                demo: run.view.territory().manifest().demo,
                language,
            };
            let caption = plot.description();
            Figure { title, alt: caption.clone(), caption, picture: FigurePicture::Svg(plot.svg()) }
        })
        .collect()
}

fn parameters(manifest: &RunManifest, language: Language) -> Table {
    let mut table = Table::new(
        language.pick("Paramètres", "Parameters"),
        [language.pick("Clé", "Key"), language.pick("Valeur", "Value")],
    );
    flatten("", &manifest.parameters, &mut table);
    for (name, measure) in &manifest.measures {
        flatten(&format!("measures.{name}"), measure, &mut table);
    }
    table
}

fn flatten(prefix: &str, value: &serde_json::Value, table: &mut Table) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, inner) in object {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, inner, table);
            }
        }
        serde_json::Value::String(text) => table.push([prefix, text.as_str()]),
        other => table.push([Cell::from(prefix), Cell::from(other.to_string())]),
    }
}

fn versions(run: &Publication<'_>, manifest: &RunManifest, language: Language) -> Table {
    let descriptor = run.step.simulation.descriptor();
    let mut table = Table::new(
        language.pick("Calcul", "Computation"),
        [language.pick("Élément", "Item"), language.pick("Valeur", "Value")],
    );
    let mut row =
        |fr: &str, en: &str, value: String| table.push([language.pick(fr, en).to_owned(), value]);
    row(
        "Simulation",
        "Simulation",
        format!("{} {}", manifest.simulation, manifest.simulation_version),
    );
    row("Programme", "Program", format!("twin {}", manifest.program_version));
    row("Machine", "Machine", manifest.target.clone());
    let grid = &manifest.grid;
    row(
        "Grille de calcul",
        "Computing grid",
        format!("{} × {} × {} m", grid.columns, grid.rows, language.number(grid.cell_size, 1)),
    );
    if let (Some(start), Some(duration_s)) = (&manifest.start_utc, manifest.duration_s) {
        row("Début (UTC)", "Start (UTC)", start.clone());
        row(
            "Durée simulée",
            "Simulated time",
            format!("{} h", language.number(duration_s / 3600.0, 2)),
        );
    }
    row("Méthode", "Method", descriptor.citation.to_owned());
    row("Licence", "Licence", manifest.licence.clone());
    row("Empreinte du calcul", "Hash of the run", manifest.hash.clone());
    for file in &manifest.input_files {
        row(
            "Fichier d'entrée",
            "Input file",
            format!("{} ({}…)", file.name, &file.hash[..16.min(file.hash.len())]),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::{GridSpec, Polygon};
    use crate::territory::Layer as _;

    #[test]
    fn buildings_hide_no_colour_of_their_own_result() {
        let square = |x: f64| {
            let corners = [(x, 0.0), (x + 10.0, 0.0), (x + 10.0, 10.0), (x, 10.0)];
            Building::bare("b", Geometry::Polygons(vec![Polygon::from_corners(&corners)]))
        };
        let buildings = [square(0.0), square(20.0), square(40.0)];
        let spec = GridSpec { west: 0.0, north: 10.0, cell_size: 5.0, columns: 12, rows: 2 };
        let fill = |values: [f32; 3]| {
            let at = |_, column: usize| if column % 4 < 2 { values[column / 4] } else { 1.0 };
            buildings_over(&Grid::from_fn(spec, at), |v| v >= 0.01, &buildings).fill_opacity
        };
        assert_eq!(fill([1.0, 2.0, f32::NAN]), 0.0);
        // Water around buildings, and dry cells under them.
        assert!(fill([f32::NAN, f32::NAN, 1.0]) > 0.0);
        assert!(fill([0.0, 0.0, 1.0]) > 0.0);
    }
}
