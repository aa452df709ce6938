//! Roads, streets and tracks (`troncon_de_route`).

use twin_core::formats::{FeatureTable, Value};
use twin_core::spatial::Geometry;

use super::ACQUISITION;
use crate::commune::Commune;
use crate::streets::StreetClass;
use crate::table::{Layer, decimetre, optional, text};

pub(super) fn layer(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new(
        "troncon_de_route",
        "TRONROUT",
        &format!(
            "cleabs nature nom_collaboratif_gauche nom_collaboratif_droite importance fictif:b \
             position_par_rapport_au_sol {ACQUISITION} nombre_de_voies:i largeur_de_chaussee:r \
             itineraire_vert:b prive:b sens_de_circulation reserve_aux_bus urbain:b \
             vitesse_moyenne_vl:i acces_vehicule_leger acces_pieton insee_commune_gauche \
             insee_commune_droite cpx_numero cpx_classement_administratif cpx_gestionnaire"
        ),
    );
    let insee = commune.options.insee_code.as_str();
    for street in commune.streets() {
        let (nature, importance, lanes, speed) = match street.class {
            StreetClass::Main => ("Route à 1 chaussée", "3", 2, 45),
            StreetClass::Street => ("Route à 1 chaussée", "5", 2, 25),
            StreetClass::Lane => ("Route à 1 chaussée", "5", 1, 40),
            StreetClass::Track => ("Chemin", "6", 0, 5),
        };
        let main = street.class == StreetClass::Main;
        layer.add(
            Geometry::Lines(vec![street.line]),
            &[
                ("nature", text(nature)),
                ("nom_collaboratif_gauche", text(&*street.name)),
                ("nom_collaboratif_droite", text(&*street.name)),
                ("importance", text(importance)),
                ("fictif", Value::Bool(false)),
                ("position_par_rapport_au_sol", text(if street.on_bridge { "1" } else { "0" })),
                ("nombre_de_voies", Value::Integer(lanes)),
                ("largeur_de_chaussee", decimetre(street.width)),
                ("sens_de_circulation", text("Double sens")),
                ("urbain", Value::Bool(street.class <= StreetClass::Street)),
                ("vitesse_moyenne_vl", Value::Integer(speed)),
                ("acces_vehicule_leger", text("Libre")),
                ("insee_commune_gauche", text(insee)),
                ("insee_commune_droite", text(insee)),
                ("cpx_numero", optional(main.then_some("D999"))),
                ("cpx_classement_administratif", optional(main.then_some("Départementale"))),
            ],
        );
    }
    layer.finish()
}
