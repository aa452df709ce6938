//! Places: facilities and their grounds, the quarter behind the dyke, the commune itself.

use twin_core::formats::{FeatureTable, Value};

use super::{ACQUISITION, NAMED};
use crate::commune::Commune;
use crate::facility::FacilityKind;
use crate::frame::Point;
use crate::table::{Layer, flat, optional, raised, text};

pub(super) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let flat_acquisition = "etat_de_l_objet date_creation date_modification date_d_apparition \
        date_de_confirmation sources identifiants_sources methode_d_acquisition_planimetrique \
        precision_planimetrique:r";
    let located = "fictif:b insee_commune commune";
    let mut zones = Layer::new(
        "zone_d_activite_ou_d_interet",
        "SURFACTI",
        &format!("cleabs categorie {} {flat_acquisition} {located}", &NAMED["cleabs ".len()..]),
    );
    let mut habitat = Layer::new(
        "zone_d_habitation",
        "ZONEHABI",
        &format!("{NAMED} {flat_acquisition} {located}"),
    );
    let mut transformers = Layer::new(
        "poste_de_transformation",
        "POSTTRAN",
        &format!("cleabs toponyme statut_du_toponyme importance {ACQUISITION}"),
    );
    let mut cemeteries = Layer::new("cimetiere", "CIMETIER", &format!("{NAMED} {ACQUISITION}"));
    let mut pitches = Layer::new(
        "terrain_de_sport",
        "TERRSPOR",
        &format!("cleabs nature nature_detaillee {ACQUISITION}"),
    );
    let (name, insee) = (commune.options.name.as_str(), commune.options.insee_code.as_str());
    for facility in commune.facilities() {
        let draped = || {
            let z = |p: &Point| commune.terrain_height(p[0], p[1]);
            raised(facility.ring.iter().map(|p| [p[0], p[1], z(p)]).collect())
        };
        let toponym = ("toponyme", text(&*facility.name));
        match facility.kind {
            FacilityKind::Transformer => {
                transformers.add(draped(), &[toponym.clone(), ("importance", text("5"))]);
            }
            FacilityKind::Cemetery => {
                cemeteries.add(draped(), &[toponym.clone(), ("nature", text("Civil"))]);
            }
            FacilityKind::SportsGround => pitches.add(
                draped(),
                &[
                    ("nature", text("Grand terrain de sport")),
                    ("nature_detaillee", text("Terrain de football")),
                ],
            ),
            _ => {}
        }
        if facility.kind.is_zone() {
            let (category, nature, detail) = facility.kind.bd_topo();
            zones.add(
                flat(&facility.ring),
                &[
                    ("categorie", text(category)),
                    ("nature", text(nature)),
                    ("nature_detaillee", optional(detail)),
                    toponym,
                    ("statut_du_toponyme", text("Validé")),
                    ("importance", text("5")),
                    ("fictif", Value::Bool(false)),
                    ("insee_commune", text(insee)),
                    ("commune", text(name)),
                ],
            );
        }
    }
    let quarter = commune.scenario_geometry().protected_quarter;
    habitat.add(
        flat(&quarter),
        &[
            ("nature", text("Quartier")),
            ("toponyme", text("Quartier de la Digue")),
            ("importance", text("5")),
            ("insee_commune", text(insee)),
            ("commune", text(name)),
        ],
    );
    vec![
        zones.finish(),
        habitat.finish(),
        transformers.finish(),
        cemeteries.finish(),
        pitches.finish(),
        administrative(commune),
    ]
}

fn administrative(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new(
        "commune",
        "COMMUNE_",
        "cleabs code_insee code_insee_du_canton code_insee_de_l_arrondissement \
         code_insee_de_la_collectivite_terr code_insee_du_departement code_insee_de_la_region \
         population:i superficie_cadastrale:i date_creation date_modification \
         date_d_apparition date_de_confirmation code_postal nom_officiel \
         chef_lieu_d_arrondissement:b chef_lieu_de_collectivite_terr:b \
         chef_lieu_de_departement:b chef_lieu_de_region:b capitale_d_etat:b \
         date_du_recensement organisme_recenseur code_siren codes_siren_des_epci \
         lien_vers_chef_lieu liens_vers_autorite_administrative",
    );
    let e = commune.extent();
    let ring = [
        [e.min_x, e.min_y],
        [e.max_x, e.min_y],
        [e.max_x, e.max_y],
        [e.min_x, e.max_y],
        [e.min_x, e.min_y],
    ];
    layer.add(
        flat(&ring),
        &[
            ("code_insee", text(&*commune.options.insee_code)),
            ("code_insee_du_departement", text("99")),
            ("population", Value::Integer(commune.population() as i64)),
            ("superficie_cadastrale", Value::Integer((e.area() / 10_000.0).round() as i64)),
            ("code_postal", text("99999")),
            ("nom_officiel", text(&*commune.options.name)),
            ("date_du_recensement", text("2021-01-01")),
        ],
    );
    layer.finish()
}
