//! Names of the columns of buildings and of results, as people read them.

use twin_core::Language;
use twin_core::language::Text;

/// Columns by name: French, English. What is not here is read from the name itself.
const LABELS: &[(&str, &str, &str)] = &[
    // The model of a building.
    ("lod", "niveau de détail", "level of detail"),
    ("repli", "motif du repli", "reason of the fallback"),
    ("altitude_sol", "altitude du pied (m)", "altitude of the foot (m)"),
    ("altitude_toit", "altitude du toit (m)", "altitude of the roof (m)"),
    ("hauteur_modele", "hauteur du modèle (m)", "height of the model (m)"),
    ("source_hauteur", "source de la hauteur", "source of the height"),
    ("source_sol", "source du sol", "source of the ground"),
    ("points_toit", "points LiDAR sur le toit", "LiDAR points on the roof"),
    ("pans_de_toit", "pans de toit", "roof faces"),
    ("eqm_toit", "écart quadratique du toit (m)", "RMSE of the roof (m)"),
    ("part_expliquee", "part des points expliquée", "share of points explained"),
    ("volume", "volume du modèle (m³)", "volume of the model (m³)"),
    ("volume_mns", "volume sous le MNS (m³)", "volume below the surface model (m³)"),
    ("murs_mitoyens", "murs mitoyens (m)", "party walls (m)"),
    ("recalage_est", "recalage vers l'est (m)", "moved east by (m)"),
    ("recalage_nord", "recalage vers le nord (m)", "moved north by (m)"),
    // BD TOPO.
    ("identifiants_rnb", "identifiants RNB", "RNB identifiers"),
    ("nature", "nature", "kind"),
    ("usage_1", "usage principal", "main use"),
    ("usage_2", "second usage", "second use"),
    ("construction_legere", "construction légère", "light construction"),
    ("etat_de_l_objet", "état", "state"),
    ("nombre_d_etages", "étages", "storeys"),
    ("nombre_de_logements", "logements", "dwellings"),
    ("materiaux_des_murs", "matériaux des murs (code)", "material of the walls (code)"),
    ("materiaux_de_la_toiture", "matériaux de la toiture (code)", "material of the roof (code)"),
    ("hauteur", "hauteur à la gouttière (m)", "height of the gutter (m)"),
    ("altitude_minimale_sol", "altitude minimale du sol (m)", "lowest altitude of the ground (m)"),
    ("altitude_maximale_sol", "altitude maximale du sol (m)", "highest altitude of the ground (m)"),
    ("altitude_minimale_toit", "altitude de la gouttière (m)", "altitude of the gutter (m)"),
    ("altitude_maximale_toit", "altitude du faîtage (m)", "altitude of the ridge (m)"),
    ("origine_du_batiment", "origine de l'emprise", "origin of the footprint"),
    ("methode_d_acquisition_altimetrique", "acquisition des hauteurs", "how heights were acquired"),
    ("precision_altimetrique", "précision des hauteurs (m)", "precision of heights (m)"),
    ("precision_planimetrique", "précision de l'emprise (m)", "precision of the footprint (m)"),
    ("date_d_apparition", "date de construction", "date of construction"),
    ("appariement_fichiers_fonciers", "appariement fiscal", "match with tax files"),
    // Floods.
    ("ground_m", "altitude du sol (m)", "altitude of the ground (m)"),
    ("water_level_m", "niveau de l'eau (m)", "level of the water (m)"),
    ("water_depth_m", "hauteur d'eau au-dessus du plancher (m)", "depth above the floor (m)"),
    ("in_study_area", "dans le périmètre", "inside the study area"),
    ("dommages_eur", "dommages (€)", "damage (€)"),
    // Elevation potential.
    ("zone", "zone", "zone"),
    ("parcelles", "parcelles", "parcels"),
    ("constat", "constat", "finding"),
    ("motif", "motif", "reason"),
    ("etages_existants", "étages existants", "storeys there are"),
    ("etages_ajoutes_a_plomb", "étages ajoutés à plomb", "storeys added upright"),
    ("etages_ajoutes_en_gradins", "étages ajoutés en gradins", "storeys added stepping back"),
    ("etages_par_derogation", "étages par dérogation", "storeys by dispensation"),
    ("etages_avec_majoration", "étages avec majoration", "storeys with the bonus"),
    ("propriete_presumee", "propriété présumée", "presumed ownership"),
    ("surface_de_plancher_a_plomb_m2", "plancher à plomb (m²)", "floor area upright (m²)"),
    (
        "surface_de_plancher_en_gradins_m2",
        "plancher en gradins (m²)",
        "floor area stepping back (m²)",
    ),
    ("logements", "logements", "dwellings"),
    ("volume_m3", "volume (m³)", "volume (m³)"),
    ("altitude_atteinte_m", "altitude atteinte (m)", "altitude reached (m)"),
    ("hauteur_atteinte_m", "hauteur atteinte (m)", "height reached (m)"),
    ("forme_du_toit", "forme du toit", "shape of the roof"),
    ("regle_qui_arrete", "règle qui arrête", "rule that stops it"),
    (
        "regle_qui_arrete_en_gradins",
        "règle qui arrête, en gradins",
        "rule that stops it, stepping back",
    ),
    ("surface_refusee_m2", "surface refusée (m²)", "area refused (m²)"),
    ("servitudes", "servitudes", "easements"),
    ("note_de_structure", "note de structure", "mark of the structure"),
    ("motif_de_structure", "motif de la note", "reason of the mark"),
    ("confiance", "confiance", "confidence"),
    (
        "soleil_perdu_21_decembre_h",
        "soleil perdu le 21 décembre (h)",
        "sun lost on 21 December (h)",
    ),
    ("soleil_perdu_21_mars_h", "soleil perdu le 21 mars (h)", "sun lost on 21 March (h)"),
    (
        "batiments_qui_perdent_une_heure",
        "bâtiments qui perdent une heure",
        "buildings that lose an hour",
    ),
    ("cout_min_eur", "coût, au moins (€)", "cost, at least (€)"),
    ("cout_max_eur", "coût, au plus (€)", "cost, at most (€)"),
    ("dans_le_perimetre", "dans le périmètre", "inside the study area"),
];

/// Codes that stand in columns of the model of a building.
const CODES: [(&str, &str, &str); 15] = [
    ("few-points", "trop peu de points", "too few points"),
    ("no-plane", "aucun pan de toit trouvé", "no roof face found"),
    ("poor-fit", "points mal expliqués", "points poorly explained"),
    (
        "footprint",
        "emprise sans surface ou qui se croise",
        "footprint without area or crossing itself",
    ),
    ("invalid", "solide non valide", "solid not valid"),
    ("not-standing", "en projet ou disparu", "planned or gone"),
    ("derived-footprint", "emprise tirée des points", "footprint drawn from the points"),
    ("lidar", "LiDAR", "LiDAR"),
    ("bd-topo-height", "hauteur de BD TOPO", "height of BD TOPO"),
    ("storeys", "nombre d'étages", "number of storeys"),
    ("assumed", "supposée", "assumed"),
    ("terrain", "terrain", "terrain"),
    ("bd-topo-ground", "altitude du sol de BD TOPO", "altitude of the ground of BD TOPO"),
    ("bd-topo-roof", "altitude du toit de BD TOPO", "altitude of the roof of BD TOPO"),
    ("unknown", "inconnue", "unknown"),
];

/// Columns that hold codes.
const CODED: [&str; 3] = ["repli", "source_hauteur", "source_sol"];

/// What a text in a column says.
pub(crate) fn meaning<'a>(column: &str, text: &'a str, language: Language) -> &'a str {
    let code = CODES.iter().find(|(code, ..)| *code == text && CODED.contains(&column));
    code.map_or(text, |(_, fr, en)| language.pick(fr, en))
}

/// Units at the end of names.
const UNITS: [(&str, &str); 7] = [
    ("_m", "m"),
    ("_m2", "m²"),
    ("_m3", "m³"),
    ("_h", "h"),
    ("_eur", "€"),
    ("_deg", "°"),
    ("_c", "°C"),
];

/// What a column is called.
pub(crate) fn title_of(column: &str) -> Text {
    if let Some((_, fr, en)) = LABELS.iter().find(|(name, ..)| *name == column) {
        return Text::new(*fr, *en);
    }
    let unit = UNITS.iter().find_map(|(end, unit)| Some((column.strip_suffix(end)?, unit)));
    Text::from(match unit {
        Some((name, unit)) => format!("{} ({unit})", name.replace('_', " ")),
        None => column.replace('_', " "),
    })
}

/// What a column is called in a language.
pub(crate) fn label(column: &str, language: Language) -> String {
    title_of(column).get(language).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::territory::{Building, BuildingModel, Layer};

    #[test]
    fn every_column_of_a_building_has_a_name_and_others_keep_theirs() {
        let inner = ["cleabs", "cityjson_debut", "cityjson_longueur"];
        for column in Building::COLUMNS.iter().chain(BuildingModel::COLUMNS) {
            let is_named = LABELS.iter().any(|(name, ..)| *name == column.name);
            assert!(is_named || inner.contains(&column.name), "{}", column.name);
        }
        assert_eq!(meaning("repli", "invalid", Language::Fr), "solide non valide");
        assert_eq!(meaning("nature", "invalid", Language::Fr), "invalid");
        assert_eq!(label("etat_de_l_objet", Language::En), "state");
        assert_eq!(label("mean_depth_m", Language::Fr), "mean depth (m)");
        assert_eq!(label("heures_stress_fort", Language::Fr), "heures stress fort");
    }
}
