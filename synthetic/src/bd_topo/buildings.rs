//! Buildings (`batiment`), with what the product does not know of them.

use twin_core::formats::{FeatureTable, Value};

use crate::building::{Building, BuildingUse};
use crate::commune::Commune;
use crate::random::{derive, mix};
use crate::table::{Layer, decimetre, level, text};

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

pub(super) fn layer(commune: &Commune) -> FeatureTable {
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
