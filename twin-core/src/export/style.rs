//! QML styles for QGIS, by layer name, so that a GeoPackage opens styled: they go into its
//! `layer_styles` table.
//!
//! Colours follow the maps of this room; the classes are those of the attributes of BD TOPO
//! (`hauteur`, `importance`, `nature_detaillee`).

/// Name of the style file format that [`qml_for`] gives.
pub const FORMAT: &str = "QML of QGIS 3.22";

const STYLES: [(&str, &str); 11] = [
    ("arbre", include_str!("../../assets/qml/arbre.qml")),
    ("batiment", include_str!("../../assets/qml/batiment.qml")),
    ("construction_lineaire", include_str!("../../assets/qml/construction_lineaire.qml")),
    ("cours_d_eau", include_str!("../../assets/qml/cours_d_eau.qml")),
    ("hauteur_d_eau", include_str!("../../assets/qml/hauteur_d_eau.qml")),
    ("plan_d_eau", include_str!("../../assets/qml/plan_d_eau.qml")),
    ("surface_hydrographique", include_str!("../../assets/qml/surface_hydrographique.qml")),
    ("troncon_de_route", include_str!("../../assets/qml/troncon_de_route.qml")),
    ("troncon_de_voie_ferree", include_str!("../../assets/qml/troncon_de_voie_ferree.qml")),
    ("troncon_hydrographique", include_str!("../../assets/qml/troncon_hydrographique.qml")),
    ("zone_de_vegetation", include_str!("../../assets/qml/zone_de_vegetation.qml")),
];

/// The style of a layer of the territory's store, or of the raster `hauteur_d_eau` (water depth in
/// metres); `None` for layers that QGIS may draw as it likes.
pub fn qml_for(layer: &str) -> Option<&'static str> {
    STYLES.iter().find(|(name, _)| *name == layer).map(|(_, qml)| *qml)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Legend, legend::DEPTH_THRESHOLDS_M};

    #[test]
    fn every_style_is_well_formed_and_found_by_its_layer() {
        for (layer, qml) in STYLES {
            let options =
                resvg::usvg::roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
            let document = resvg::usvg::roxmltree::Document::parse_with_options(qml, options);
            assert_eq!(document.unwrap().root_element().tag_name().name(), "qgis", "{layer}");
            assert_eq!(qml_for(layer), Some(qml));
        }
        assert_eq!(qml_for("commune"), None);
    }

    #[test]
    fn the_depth_style_has_the_classes_of_the_maps() {
        let qml = qml_for("hauteur_d_eau").unwrap();
        let Legend::Classed { classes, .. } = Legend::maximum_water_depth() else { panic!() };
        for class in &classes {
            assert!(qml.contains(&format!("color=\"{}\"", class.colour.css())));
            assert!(qml.contains(&class.label.fr));
        }
        for threshold in DEPTH_THRESHOLDS_M {
            assert!(qml.contains(&format!("value=\"{threshold}\"")));
        }
    }
}
