//! Bridges and the dyke: lines and surfaces of construction, lines of relief.

use twin_core::formats::FeatureTable;
use twin_core::spatial::Geometry;

use super::{ACQUISITION, NAMED};
use crate::commune::Commune;
use crate::table::{Layer, raised, text};

pub(super) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let mut lines =
        Layer::new("construction_lineaire", "CONSLINE", &format!("{NAMED} {ACQUISITION}"));
    let mut surfaces =
        Layer::new("construction_surfacique", "CONSSURF", &format!("{NAMED} {ACQUISITION}"));
    let mut relief = Layer::new(
        "ligne_orographique",
        "LIG_OROG",
        &format!("{} {ACQUISITION}", NAMED.replace(" nature_detaillee", "")),
    );
    for ring in commune.bridge_decks() {
        surfaces.add(raised(ring), &[("nature", text("Pont"))]);
    }
    for street in commune.streets().into_iter().filter(|s| s.on_bridge) {
        lines.add(Geometry::Lines(vec![street.line]), &[("nature", text("Pont"))]);
    }
    if commune.options.dyke {
        let crest = commune.scenario_geometry().dyke.line;
        lines.add(
            Geometry::Lines(vec![crest.clone()]),
            &[
                ("nature", text("Autre ligne descriptive")),
                ("nature_detaillee", text("Digue")),
                ("toponyme", text("Digue des Saules")),
            ],
        );
        relief.add(
            Geometry::Lines(vec![crest]),
            &[("nature", text("Levée")), ("toponyme", text("Digue des Saules"))],
        );
    }
    vec![lines.finish(), surfaces.finish(), relief.finish()]
}
