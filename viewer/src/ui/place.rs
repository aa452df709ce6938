//! Places by name: communes, buildings, coordinates.

use bevy_egui::egui::{Key, Ui};
use twin_core::spatial::Extent;
use twin_core::territory::Features;

use super::Desk;
use crate::opened::Opened;
use crate::state::{CameraMode, ViewState};

/// A place that was found.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    centre: [f64; 2],
    size_m: f64,
}

pub(super) fn show(ui: &mut Ui, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let language = desk.language();
    ui.label(language.pick(
        "Commune, bâtiment (cleabs ou RNB) ou « est ; nord »",
        "Commune, building (cleabs or RNB) or \"east; north\"",
    ));
    let field = ui.text_edit_singleline(&mut desk.session.place);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !(ui.button(language.pick("Aller", "Go")).clicked() || entered) {
        return;
    }
    let wanted = desk.session.place.clone();
    match find(&wanted, desk.opened.territory.features(), &desk.opened.extent()) {
        Some(place) => go(state, &desk.opened, &place),
        None => {
            let text = format!(
                "« {} » : {}",
                wanted.trim(),
                language.pick("introuvable ici", "not found here")
            );
            desk.notices.problem(text);
        }
    }
}

fn go(state: &mut ViewState, opened: &Opened, place: &Place) {
    let [x, y] = place.centre;
    let ground = opened.coarse_height(x, y).map_or(opened.frame.height(), f64::from);
    if matches!(state.camera.mode, CameraMode::Fly | CameraMode::Street) {
        state.camera.mode = CameraMode::Map;
        state.camera.pitch_deg = 40.0;
    }
    state.camera.target = [x, y, ground];
    state.camera.distance_m = (2.5 * place.size_m).max(60.0);
}

/// The place that a text names: two numbers inside the territory, else a commune whose name begins
/// so, else a building by one of its identifiers.
fn find(text: &str, features: &Features, extent: &Extent) -> Option<Place> {
    let text = text.trim();
    let numbers: Vec<f64> = text
        .split([';', ' '])
        .filter(|t| !t.is_empty())
        .filter_map(|t| t.replace(',', ".").parse().ok())
        .collect();
    if let [x, y] = numbers[..]
        && extent.contains(x, y)
    {
        return Some(Place { centre: [x, y], size_m: 80.0 });
    }
    let of = |extent: Option<Extent>| {
        let extent = extent?;
        let (x, y) = extent.centre();
        let size_m = extent.width().max(extent.height());
        Some(Place { centre: [x, y], size_m })
    };
    let wanted = text.to_lowercase();
    if wanted.is_empty() {
        return None;
    }
    let names = |c: &twin_core::territory::Commune| c.name.clone().unwrap_or_default();
    let commune = features.communes.iter().find(|c| names(c).to_lowercase().starts_with(&wanted));
    if let Some(commune) = commune {
        return of(commune.geometry.extent());
    }
    let is_it = |b: &&twin_core::territory::Building| {
        b.id.eq_ignore_ascii_case(text)
            || b.rnb_ids.iter().any(|rnb| rnb.to_string().eq_ignore_ascii_case(text))
    };
    let building = features.buildings.iter().find(is_it)?;
    of(building.geometry.extent())
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::{Geometry, Polygon};
    use twin_core::territory::{Building, Layer};

    #[test]
    fn places_are_found_by_coordinates_and_identifier() {
        let square =
            Polygon::from_corners(&[(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)]);
        let house = Building::bare("BATIMENT0001", Geometry::Polygons(vec![square]));
        let features = Features { buildings: vec![house], ..Features::default() };
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 100.0, max_y: 100.0 };
        let found = |text: &str| find(text, &features, &extent);
        assert_eq!(found("50,5 ; 60").unwrap().centre, [50.5, 60.0]);
        assert_eq!(found("batiment0001").unwrap().centre, [15.0, 15.0]);
        assert_eq!(found("500 600"), None);
        assert_eq!(found(""), None);
    }
}
