//! The difference of a field between two runs: its map, its colours and its file.

use std::path::Path;

use twin_core::export::comparison::difference_legend;
use twin_core::export::map::{MapSpec, RasterLayer, Reduction};
use twin_core::export::{Legend, wording};
use twin_core::formats::{CogOptions, write_cog};
use twin_core::language::Text;
use twin_core::results::{FieldDisplay, FieldMap, FinishedRun};
use twin_core::spatial::{Crs, Grid};
use twin_core::{Language, Result};

/// Name of the field that tells how deep the water was.
pub(crate) const DEPTH: &str = "maximum_water_depth";
/// Share of the differences that a legend spans.
const SPANNED: f32 = 0.98;

/// Run − reference where both have a value.
pub(crate) struct FieldDifference {
    pub(crate) grid: Grid<f32>,
    title: Text,
    unit: String,
    /// How it is shown; `None` where the runs do not differ.
    pub(crate) map: Option<FieldMap>,
}

impl FieldDifference {
    /// Of a field that the reference shows; `None` where the run does not show it, or on another grid, or where
    /// it holds codes of classes, which have no difference.
    pub(crate) fn new(
        display: &FieldDisplay,
        run: &FinishedRun,
        reference: &FinishedRun,
    ) -> Result<Option<Self>> {
        let is_shown = run.displays.iter().any(|d| d.field == display.field);
        let is_code =
            |legend: &Legend| matches!(legend, Legend::Classed { .. }) && legend.unit().is_empty();
        let shown = display.maps.first().filter(|map| is_shown && !is_code(&map.legend));
        let Some(shown) = shown else { return Ok(None) };
        let (before, after) = (reference.field(&display.field)?, run.field(&display.field)?);
        if before.spec != after.spec {
            return Ok(None);
        }
        let pairs = after.values.iter().zip(&before.values);
        let grid = Grid { spec: after.spec, values: pairs.map(|(a, b)| a - b).collect() };
        let map = spanned(&grid).map(|largest| {
            let unit = unit_of_difference(shown.legend.unit());
            let title = Text::new(
                format!("Écart : {}", display.title.fr),
                format!("Difference: {}", display.title.en),
            );
            let legend = match display.field.as_str() {
                DEPTH => difference_legend(),
                _ => Legend::diverging(title.clone(), unit, largest),
            };
            let caption = caption(&grid, &legend, unit);
            FieldMap { title, caption, legend, transparent_below: None }
        });
        let (title, unit) = (display.title.clone(), shown.legend.unit().to_owned());
        Ok(Some(Self { grid, title, unit, map }))
    }

    /// Writes it as GeoTIFF.
    pub(crate) fn write(&self, path: &Path, crs: Crs, language: Language) -> Result<()> {
        let options = CogOptions {
            description: format!("{} – reference", self.title.en),
            unit: self.unit.clone(),
            notice: wording::notice(language).to_owned(),
            ..CogOptions::default()
        };
        write_cog(path, &self.grid, crs, &options)
    }

    /// Draws it onto a map that has its base.
    pub(crate) fn drawn<'a>(&'a self, mut base: MapSpec<'a>, shown: &FieldMap) -> MapSpec<'a> {
        base.rasters.push(RasterLayer {
            reduction: Reduction::LargestMagnitude,
            ..RasterLayer::new(&self.grid, shown.legend.clone())
        });
        base
    }

    /// Title of the field.
    pub(crate) fn title(&self, language: Language) -> &str {
        self.title.get(language)
    }
}

/// What the colours span, and what lies beyond.
fn caption(grid: &Grid<f32>, legend: &Legend, unit: &str) -> Text {
    let magnitudes = grid.values.iter().map(|v| v.abs()).filter(|v| v.is_finite());
    let most = magnitudes.fold(0.0, f32::max);
    let sentence = |l: Language| {
        let n = |v: f32| l.number(f64::from(v), 2);
        let most = n(most);
        match (legend, l) {
            (Legend::Continuous { max, .. }, Language::Fr) => format!(
                "Écart là où les deux scénarios ont une valeur ; au-delà de {} {unit}, couleur de l'extrémité (plus grand écart : {most} {unit}).",
                n(*max)
            ),
            (Legend::Continuous { max, .. }, Language::En) => format!(
                "Difference where both scenarios have a value; beyond {} {unit} the colour of the end (largest difference: {most} {unit}).",
                n(*max)
            ),
            (Legend::Classed { .. }, Language::Fr) => format!(
                "Écart là où les deux scénarios ont une valeur (plus grand écart : {most} {unit})."
            ),
            (Legend::Classed { .. }, Language::En) => format!(
                "Difference where both scenarios have a value (largest difference: {most} {unit})."
            ),
        }
    };
    Text::new(sentence(Language::Fr), sentence(Language::En))
}

/// Unit of a difference: of two levels it has no datum, of two temperatures no zero.
fn unit_of_difference(unit: &str) -> &str {
    match unit.split_whitespace().next() {
        Some("°C") => "K",
        first => first.unwrap_or_default(),
    }
}

/// The magnitude that most differences stay below; `None` where there is none.
fn spanned(difference: &Grid<f32>) -> Option<f32> {
    let mut magnitudes: Vec<f32> =
        difference.values.iter().map(|v| v.abs()).filter(|v| v.is_finite() && *v > 0.0).collect();
    magnitudes.sort_by(f32::total_cmp);
    let at = (SPANNED * magnitudes.len() as f32) as usize;
    magnitudes.get(at.min(magnitudes.len().saturating_sub(1))).copied()
}
