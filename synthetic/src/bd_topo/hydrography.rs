//! The river, the stream and the pond: reaches, surfaces, and the named bodies they belong to.

use twin_core::formats::{FeatureTable, Value};
use twin_core::spatial::Geometry;

use crate::commune::Commune;
use crate::frame::Point;
use crate::shores::{pond_ring, river_band};
use crate::table::{Layer, decimetre, flat, level, raised, text};

const RIVER: &str = "la Démoise";
const STREAM: &str = "ruisseau des Essais";

pub(super) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let water = "etat_de_l_objet date_creation date_modification date_d_apparition \
        date_de_confirmation sources identifiants_sources methode_d_acquisition_planimetrique \
        precision_planimetrique:r methode_d_acquisition_altimetrique precision_altimetrique:r \
        mode_d_obtention_des_coordonnees mode_d_obtention_de_l_altitude statut persistance";
    let mut reaches = Layer::new(
        "troncon_hydrographique",
        "TRON_EAU",
        &format!(
            "cleabs code_hydrographique code_du_pays nature fictif:b position_par_rapport_au_sol \
             {water} fosse:b navigabilite:b salinite:b numero_d_ordre origine \
             sens_de_l_ecoulement reseau_principal_coulant:b trace_connu:b classe_de_largeur \
             type_de_bras inventaire_police_de_l_eau liens_vers_cours_d_eau \
             liens_vers_surface_hydrographique cpx_toponyme_de_cours_d_eau"
        ),
    );
    let mut surfaces = Layer::new(
        "surface_hydrographique",
        "SURF_EAU",
        &format!(
            "cleabs code_hydrographique code_du_pays nature position_par_rapport_au_sol {water} \
             salinite:b origine liens_vers_plan_d_eau liens_vers_cours_d_eau \
             cpx_toponyme_de_plan_d_eau cpx_toponyme_de_cours_d_eau"
        ),
    );
    let named = "cleabs code_hydrographique toponyme statut_du_toponyme importance date_creation \
        date_modification date_d_apparition date_de_confirmation sources identifiants_sources \
        statut influence_de_la_maree:b";
    let mut courses =
        Layer::new("cours_d_eau", "COURDEAU", &format!("{named} caractere_permanent:b"));
    let mut ponds = Layer::new(
        "plan_d_eau",
        "PLANDEAU",
        &format!(
            "{named} nature caractere_permanent:b altitude_moyenne:r \
             referentiel_de_l_altitude_moyenne hauteur_d_eau_maximale:r"
        ),
    );
    let terrain = &commune.terrain;
    let river = &terrain.river;
    let (river_id, stream_id) = (courses.identifier(1), courses.identifier(2));
    let reach = |name: &str,
                 course: &str,
                 buried: bool,
                 main: bool|
     -> Vec<(&'static str, Value)> {
        vec![
            ("code_du_pays", text("FR")),
            ("nature", text(if buried { "Conduit buse" } else { "Ecoulement naturel" })),
            ("fictif", Value::Bool(main)),
            ("position_par_rapport_au_sol", text(if buried { "-1" } else { "0" })),
            ("statut", text("Validé")),
            ("persistance", text("Permanent")),
            ("fosse", Value::Bool(false)),
            ("navigabilite", Value::Bool(false)),
            ("salinite", Value::Bool(false)),
            ("origine", text("Naturelle non aménagée")),
            ("sens_de_l_ecoulement", text("Sens direct")),
            ("reseau_principal_coulant", Value::Bool(true)),
            ("trace_connu", Value::Bool(true)),
            ("classe_de_largeur", text(if main { "Entre 5 et 15 m" } else { "Entre 0 et 5 m" })),
            ("type_de_bras", text("Principal")),
            ("inventaire_police_de_l_eau", text("Inscrit")),
            ("liens_vers_cours_d_eau", text(course)),
            ("cpx_toponyme_de_cours_d_eau", text(name)),
        ]
    };
    let axis = river.line(5.0);
    let junction = terrain.stream.as_ref().map_or(f64::INFINITY, |s| s.axis(s.mouth).0);
    let split = axis.partition_point(|p| p[0] < junction);
    let level_of = |p: Point| river.water_level(p[0]);
    let meeting = axis.get(split).copied();
    for part in [&axis[..(split + 1).min(axis.len())], &axis[split.min(axis.len())..]] {
        if part.len() > 1 {
            let line = commune.draped(part, level_of);
            reaches.add(Geometry::Lines(vec![line]), &reach(RIVER, &river_id, false, true));
        }
    }
    courses.add(
        Geometry::Lines(vec![commune.draped(&axis, |_| f64::NAN)]),
        &[
            ("toponyme", text(RIVER)),
            ("importance", text("4")),
            ("statut", text("Validé")),
            ("influence_de_la_maree", Value::Bool(false)),
            ("caractere_permanent", Value::Bool(true)),
        ],
    );
    if let (Some(stream), Some(line)) = (&terrain.stream, commune.stream_axis()) {
        // Cut where the stream goes below a road, and led on to the river's axis.
        let mut part: Vec<[f64; 3]> = Vec::new();
        let mut buried = false;
        for point in &line {
            let y = commune.frame.local(point[0], point[1])[1];
            part.push(*point);
            if stream.is_covered(y) != buried && part.len() > 1 {
                let done = std::mem::replace(&mut part, vec![*point]);
                reaches.add(Geometry::Lines(vec![done]), &reach(STREAM, &stream_id, buried, false));
                buried = !buried;
            }
        }
        if let Some(node) = meeting {
            let [x, y] = commune.frame.world(node);
            part.push([x, y, river.water_level(node[0])]);
        }
        reaches.add(Geometry::Lines(vec![part]), &reach(STREAM, &stream_id, buried, false));
        let flat_line = line.iter().map(|p| [p[0], p[1], f64::NAN]).collect();
        courses.add(
            Geometry::Lines(vec![flat_line]),
            &[
                ("toponyme", text(STREAM)),
                ("importance", text("5")),
                ("statut", text("Validé")),
                ("influence_de_la_maree", Value::Bool(false)),
                ("caractere_permanent", Value::Bool(true)),
            ],
        );
    }
    let half = river.water_half_width();
    let band = river_band(commune, half);
    surfaces.add(
        raised(band.iter().map(|&p| (p, river.water_level(p[0]))).map(world(commune)).collect()),
        &[
            ("nature", text("Ecoulement naturel")),
            ("position_par_rapport_au_sol", text("0")),
            ("persistance", text("Permanent")),
            ("statut", text("Validé")),
            ("salinite", Value::Bool(false)),
            ("liens_vers_cours_d_eau", text(&*river_id)),
            ("cpx_toponyme_de_cours_d_eau", text(RIVER)),
        ],
    );
    if let Some(ring) = pond_ring(commune) {
        let altitude = terrain.pond.map_or(0.0, |p| p.level);
        surfaces.add(
            level(&ring, altitude),
            &[
                ("nature", text("Mare")),
                ("position_par_rapport_au_sol", text("0")),
                ("persistance", text("Permanent")),
                ("statut", text("Validé")),
                ("liens_vers_plan_d_eau", text(ponds.identifier(1))),
            ],
        );
        ponds.add(
            flat(&ring),
            &[
                ("toponyme", text("Étang du Clos")),
                ("nature", text("Mare")),
                ("importance", text("6")),
                ("statut", text("Validé")),
                ("caractere_permanent", Value::Bool(true)),
                ("altitude_moyenne", decimetre(altitude)),
            ],
        );
    }
    vec![reaches.finish(), surfaces.finish(), courses.finish(), ponds.finish()]
}

fn world(commune: &Commune) -> impl Fn((Point, f64)) -> [f64; 3] + '_ {
    |(p, z)| {
        let [x, y] = commune.frame.world(p);
        [x, y, z]
    }
}
