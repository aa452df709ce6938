//! The commune as BD TOPO V3 sees it: official layers and columns, with the product's own habits —
//! outlines up to 1 m off, some buildings without height, some without Z (−1000).

use twin_core::formats::{FeatureTable, Value};
use twin_core::spatial::Geometry;

use crate::building::{Building, BuildingUse};
use crate::commune::{Commune, is_counter_clockwise};
use crate::cover::Cover;
use crate::facility::FacilityKind;
use crate::frame::Point;
use crate::random::{derive, mix};
use crate::streets::StreetClass;
use crate::table::{Layer, decimetre, flat, level, optional, raised, text};

/// Inhabitants per dwelling.
const HOUSEHOLD: f64 = 2.2;

const RIVER: &str = "la Démoise";
const STREAM: &str = "ruisseau des Essais";

/// Columns that most layers share.
const ACQUISITION: &str = "etat_de_l_objet date_creation date_modification date_d_apparition \
    date_de_confirmation sources identifiants_sources methode_d_acquisition_planimetrique \
    precision_planimetrique:r methode_d_acquisition_altimetrique precision_altimetrique:r";
const NAMED: &str = "cleabs nature nature_detaillee toponyme statut_du_toponyme importance";

/// All layers, in a fixed order.
pub(crate) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let mut tables = vec![buildings(commune)];
    tables.extend(constructions(commune));
    tables.extend(hydrography(commune));
    tables.extend(vegetation(commune));
    tables.push(roads(commune));
    tables.extend(places(commune));
    tables
}

/// What BD TOPO does not know about a building.
struct Gaps {
    height: bool,
    storeys: bool,
    z: bool,
}

impl Gaps {
    fn of(commune: &Commune, building: &Building) -> Self {
        let bits = mix(derive(commune.options.seed, 0x80) ^ building.id as u64);
        let height = bits % 100 < 5;
        Self { height, storeys: height && bits >> 8 & 1 == 0, z: (bits >> 16) % 100 < 5 }
    }
}

fn buildings(commune: &Commune) -> FeatureTable {
    let mut layer = Layer::new(
        "batiment",
        "BATIMENT",
        "cleabs nature usage_1 usage_2 construction_legere:b etat_de_l_objet date_creation \
         date_modification date_d_apparition date_de_confirmation sources identifiants_sources \
         methode_d_acquisition_planimetrique methode_d_acquisition_altimetrique \
         precision_planimetrique:r precision_altimetrique:r nombre_de_logements:i \
         nombre_d_etages:i materiaux_des_murs materiaux_de_la_toiture hauteur:r \
         altitude_minimale_sol:r altitude_minimale_toit:r altitude_maximale_toit:r \
         altitude_maximale_sol:r origine_du_batiment appariement_fichiers_fonciers \
         identifiants_rnb",
    );
    for building in commune.buildings() {
        let gaps = Gaps::of(commune, building);
        let z = if gaps.z { -1000.0 } else { (building.gutter * 10.0).round() / 10.0 };
        let height = building.gutter - building.ground[0];
        let measured = |value: Value, missing: bool| if missing { Value::Null } else { value };
        let dwelling = building.usage == BuildingUse::Dwelling;
        let storeys = Value::Integer(i64::from(building.storeys));
        layer.add(
            level(&building.vector_footprint(), z),
            &[
                ("nature", text(nature(building))),
                ("usage_1", text(usage(building.usage))),
                ("construction_legere", Value::Bool(building.usage == BuildingUse::Annex)),
                ("date_d_apparition", text("1975-01-01")),
                ("sources", text("Fichiers fonciers, Cadastre")),
                (
                    "methode_d_acquisition_altimetrique",
                    text(if gaps.z { "Pas de Z" } else { "Photogrammétrie" }),
                ),
                ("precision_altimetrique", Value::Real(if gaps.z { 9999.0 } else { 1.0 })),
                (
                    "nombre_de_logements",
                    measured(Value::Integer(i64::from(building.dwellings)), !dwelling),
                ),
                ("nombre_d_etages", measured(storeys, gaps.storeys || !dwelling)),
                ("materiaux_des_murs", measured(text("10"), !dwelling)),
                ("materiaux_de_la_toiture", measured(text("10"), !dwelling)),
                ("hauteur", measured(decimetre(height), gaps.height)),
                ("altitude_minimale_sol", decimetre(building.ground[0])),
                ("altitude_maximale_sol", decimetre(building.ground[1])),
                (
                    "altitude_minimale_toit",
                    measured(decimetre(building.gutter), gaps.height || gaps.z),
                ),
                (
                    "altitude_maximale_toit",
                    measured(decimetre(building.ridge), gaps.height || gaps.z),
                ),
                ("origine_du_batiment", text("Cadastre")),
                ("appariement_fichiers_fonciers", measured(text("A 1.0"), !dwelling)),
                ("identifiants_rnb", text(rnb(commune.options.seed, building.id))),
            ],
        );
    }
    layer.finish()
}

fn nature(building: &Building) -> &'static str {
    match building.usage {
        BuildingUse::Religious => "Eglise",
        BuildingUse::Agricultural | BuildingUse::Industrial => "Industriel, agricole ou commercial",
        _ => "Indifférenciée",
    }
}

fn usage(usage: BuildingUse) -> &'static str {
    match usage {
        BuildingUse::Dwelling => "Résidentiel",
        BuildingUse::Annex => "Annexe",
        BuildingUse::Agricultural => "Agricole",
        BuildingUse::Industrial => "Industriel",
        BuildingUse::Services => "Commercial et services",
        BuildingUse::Religious => "Religieux",
    }
}

/// An identifier of the form of those of the RNB.
fn rnb(seed: u64, id: usize) -> String {
    const ALPHABET: &[u8; 31] = b"123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bits = mix(derive(seed, 0x81) ^ id as u64);
    (0..12)
        .map(|_| {
            let digit = ALPHABET[(bits % 31) as usize];
            bits /= 31;
            char::from(digit)
        })
        .collect()
}

fn constructions(commune: &Commune) -> Vec<FeatureTable> {
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

fn hydrography(commune: &Commune) -> Vec<FeatureTable> {
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
    let band = band(commune, half);
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

/// Closed plan ring of the river between two offsets, counter-clockwise in the world.
pub(crate) fn band(commune: &Commune, half: f64) -> Vec<Point> {
    let river = &commune.terrain.river;
    let size = commune.terrain.size;
    let mut ring = river.line_at_offset(-half, 0.0, size, 4.0);
    let mut back = river.line_at_offset(half, 0.0, size, 4.0);
    back.reverse();
    ring.extend(back);
    ring.extend(ring.first().copied());
    let outline: Vec<Point> = ring.iter().map(|&p| commune.frame.world(p)).collect();
    if !is_counter_clockwise(&outline) {
        ring.reverse();
    }
    ring
}

/// Closed shore of the pond in the world.
pub(crate) fn pond_ring(commune: &Commune) -> Option<Vec<Point>> {
    let pond = commune.terrain.pond?;
    let mut ring = Vec::new();
    for quarter in 0..4 {
        for i in 0..8 {
            // Rational points of the circle: no sine needed.
            let t = f64::from(i) / 8.0;
            let (c, s) = ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t));
            let (c, s) = match quarter {
                0 => (c, s),
                1 => (-s, c),
                2 => (-c, -s),
                _ => (s, -c),
            };
            ring.push(
                commune.frame.world([
                    pond.centre[0] + c * pond.radii[0],
                    pond.centre[1] + s * pond.radii[1],
                ]),
            );
        }
    }
    if !is_counter_clockwise(&ring) {
        ring.reverse();
    }
    ring.extend(ring.first().copied());
    Some(ring)
}

fn vegetation(commune: &Commune) -> Vec<FeatureTable> {
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

fn roads(commune: &Commune) -> FeatureTable {
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

fn places(commune: &Commune) -> Vec<FeatureTable> {
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

impl Commune {
    /// Dwellings of all buildings.
    pub fn dwellings(&self) -> u32 {
        self.buildings().iter().map(|b| b.dwellings).sum()
    }

    /// Inhabitants: 2.2 per dwelling.
    pub fn population(&self) -> u32 {
        (f64::from(self.dwellings()) * HOUSEHOLD).round() as u32
    }
}
