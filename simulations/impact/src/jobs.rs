//! Jobs at the establishments of a table.

use twin_core::territory::TerritoryView;

/// Jobs at the establishments that water reached, and at all of them; `None` without their table.
pub(crate) fn jobs(
    view: &TerritoryView,
    is_reached: impl Fn(f64, f64) -> bool,
) -> Option<(f64, f64)> {
    let table = view.table(crate::JOBS)?;
    let column = table.column("effectif")?;
    let study = view.study_mask();
    let (mut reached, mut all) = (0.0, 0.0);
    for establishment in &table.features {
        let count = establishment.values.get(column).and_then(|v| v.as_real());
        let at = establishment.geometry.as_ref().and_then(|g| g.extent()).map(|e| e.centre());
        let (Some(count), Some((x, y))) = (count, at) else { continue };
        if study.at(x, y) != Some(&true) {
            continue;
        }
        all += count;
        reached += if is_reached(x, y) { count } else { 0.0 };
    }
    Some((reached, all))
}
