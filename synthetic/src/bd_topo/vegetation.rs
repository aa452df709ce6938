//! Woods, orchards and hedges.

use twin_core::formats::{FeatureTable, Value};
use twin_core::spatial::Geometry;

use crate::commune::Commune;
use crate::cover::Cover;
use crate::table::{Layer, flat, text};

pub(super) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let columns = "cleabs date_creation date_modification date_d_apparition date_de_confirmation \
        methode_d_acquisition_planimetrique precision_planimetrique:r sources \
        identifiants_sources";
    let mut zones = Layer::new("zone_de_vegetation", "ZONEVEGE", &format!("{columns} nature"));
    let mut hedges = Layer::new("haie", "HAIE0000", &format!("{columns} hauteur:i largeur:i"));
    for field in &commune.land_use.fields {
        let nature = match field.cover {
            Cover::Wood => "Forêt fermée de feuillus",
            Cover::Orchard => "Verger",
            _ => continue,
        };
        let mut ring = commune.frame.ring(&field.corners);
        ring.extend(ring.first().copied());
        zones.add(flat(&ring), &[("nature", text(nature))]);
    }
    let mut rest = commune.hedges();
    while let Some(first) = rest.first() {
        let joined = rest
            .windows(2)
            .take_while(|h| h[0].ends[1] == h[1].ends[0] && h[0].height == h[1].height);
        let count = 1 + joined.count();
        let mut line = vec![[first.ends[0][0], first.ends[0][1], f64::NAN]];
        line.extend(rest[..count].iter().map(|h| [h.ends[1][0], h.ends[1][1], f64::NAN]));
        hedges.add(
            Geometry::Lines(vec![line]),
            &[
                ("hauteur", Value::Integer(first.height.round() as i64)),
                ("largeur", Value::Integer(first.width.round().max(1.0) as i64)),
            ],
        );
        rest = &rest[count..];
    }
    vec![zones.finish(), hedges.finish()]
}
