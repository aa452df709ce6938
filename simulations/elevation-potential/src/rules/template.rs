//! A rule file to fill in, from the zones of a territory.

use std::collections::BTreeMap;

use twin_core::territory::{Zone, ZoneKind};

/// The text of a rule file with a section for every planning zone, all rules to be keyed: each stands
/// as a comment with the words that its source needs.
pub fn template(document: &str, zones: &[Zone]) -> String {
    let mut known: BTreeMap<&str, &Zone> = BTreeMap::new();
    for zone in zones.iter().filter(|z| z.kind == Some(ZoneKind::UrbanPlanning)) {
        if let Some(code) = zone.code.as_deref() {
            known.entry(code).or_insert(zone);
        }
    }
    let quoted = |text: &str| format!("{:?}", text.replace(char::is_control, " "));
    let mut text = format!(
        "# Règles d'urbanisme, à saisir depuis le règlement. Une règle absente est « inconnue » et le\n\
         # rapport le dit ; ce que le document laisse libre s'écrit free = true. Chaque règle porte sa\n\
         # source : article, page, citation, auteur et date de la saisie, date d'entrée en vigueur.\n\
         schema = 1\n\
         document = {}\n",
        quoted(document)
    );
    if known.is_empty() {
        text += "\n# Le territoire n'a pas de zone de PLU : règles de toutes les zones.\n";
        text += &section("*", "", "");
    }
    for (code, zone) in known {
        let label = zone.label.as_deref().unwrap_or_default();
        text += &section(code, label, zone.rules.as_deref().unwrap_or_default());
    }
    text
}

fn section(code: &str, label: &str, rules: &str) -> String {
    let key = format!("{code:?}");
    format!(
        r#"
[zones.{key}]
label = {label:?}
rules = {rules:?}
# [zones.{key}.height]                 # top_m (faîtage), eaves_m (égout, acrotère), storeys
# value = {{ top_m = 12.0, eaves_m = 9.0, storeys = 3 }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.street]                 # hauteur ≤ initial_m + slope × distance à l'alignement opposé
# value = {{ slope = 1.0, initial_m = 0.0 }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.side]                   # limites latérales ; rear : limites de fond, sinon les mêmes
# value = {{ on_limit = true, away = {{ slope = 2.0, initial_m = 0.0, least_m = 3.0 }} }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.rear]                   # limites de fond, si elles diffèrent
# value = {{ on_limit = false, away = {{ slope = 2.0, initial_m = 0.0, least_m = 4.0 }} }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.band]                   # bande constructible le long de la voie, hauteurs au-delà
# value = {{ depth_m = 15.0, beyond = {{ top_m = 6.0 }} }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.envelope]               # gabarit sur voie : mur, arc, oblique, couronnement
# value = {{ vertical_m = 12.0, per_width = 0.0, arc_m = 0.0, slope = 1.0, crown_m = 18.0 }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.between]                # entre bâtiments d'une même unité foncière
# value = {{ on_limit = true, away = {{ slope = 1.0, initial_m = 0.0, least_m = 4.0 }} }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.footprint]              # emprise au sol, pour les parcelles libres
# value = {{ ratio = 0.5 }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.setback]                # recul sur voie des constructions nouvelles
# free = true
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [zones.{key}.parking]                # places par logement ajouté, rapportées sans être vérifiées
# value = {{ places_per_dwelling = 1.0 }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
# [[zones.{key}.bonuses]]              # majoration de hauteur sous condition, comptée à part
# value = {{ height_share = 0.3, condition = "" }}
# source = {{ article = "", page = "", quotation = "", keyed_by = "", keyed_on = "2026-01-01", valid_from = "2020-01-01" }}
"#
    )
}
