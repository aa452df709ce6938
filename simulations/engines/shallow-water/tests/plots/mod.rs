//! Saves plots against measurements: `TWIN_PLOTS=folder cargo test …` writes them there as SVG.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

use twin_core::Language;
use twin_core::export::plot::{LinePlot, Series, Threshold};

/// Values over time: s and a unit.
pub(crate) type Line = Vec<(f64, f64)>;

/// A number as titles write it.
pub(crate) fn number(value: f64) -> String {
    value.to_string().replace('.', ",")
}

/// Saves lines of one quantity and unit.
pub(crate) fn save(file: &str, title: &str, of: (&str, &str), lines: &[(&str, Line)]) {
    save_with_marks(file, title, of, lines, &[]);
}

/// The same with values that were measured without a time.
pub(crate) fn save_with_marks(
    file: &str,
    title: &str,
    (quantity, unit): (&str, &str),
    lines: &[(&str, Line)],
    marks: &[(&str, f64)],
) {
    let Some(folder) = std::env::var_os("TWIN_PLOTS") else { return };
    let series =
        |(label, points): &(&str, Line)| Series { label: (*label).into(), points: points.clone() };
    let plot = LinePlot {
        title: title.into(),
        quantity: quantity.into(),
        unit: unit.into(),
        series: lines.iter().map(series).collect(),
        thresholds: marks
            .iter()
            .map(|&(label, value)| Threshold { label: label.into(), value })
            .collect(),
        language: Language::Fr,
        ..LinePlot::default()
    };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(std::path::Path::new(&folder).join(format!("{file}.svg")), plot.svg()).unwrap();
}
