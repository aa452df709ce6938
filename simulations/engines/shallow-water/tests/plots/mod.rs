//! Saves plots against measurements: `TWIN_PLOTS=folder cargo test …` writes them there as SVG.

use twin_core::Language;
use twin_core::export::plot::{LinePlot, Series};

/// Lines of `(label, points in s and unit)`.
pub(crate) fn save(
    file: &str,
    title: &str,
    (quantity, unit): (&str, &str),
    lines: &[(&str, Vec<(f64, f64)>)],
) {
    let Some(folder) = std::env::var_os("TWIN_PLOTS") else { return };
    let series = lines
        .iter()
        .map(|(label, points)| Series { label: (*label).into(), points: points.clone() })
        .collect();
    let plot = LinePlot {
        title: title.into(),
        quantity: quantity.into(),
        unit: unit.into(),
        series,
        language: Language::Fr,
        ..LinePlot::default()
    };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(std::path::Path::new(&folder).join(format!("{file}.svg")), plot.svg()).unwrap();
}
