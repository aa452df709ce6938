//! The commune as BD TOPO V3 sees it: official layers and columns, with the product's own habits —
//! outlines up to 1 m off, some buildings without height, some without Z (−1000).

mod buildings;
mod constructions;
mod hydrography;
mod places;
mod roads;
mod vegetation;

use twin_core::formats::FeatureTable;

use crate::commune::Commune;

/// Columns that most layers share.
const ACQUISITION: &str = "etat_de_l_objet date_creation date_modification date_d_apparition \
    date_de_confirmation sources identifiants_sources methode_d_acquisition_planimetrique \
    precision_planimetrique:r methode_d_acquisition_altimetrique precision_altimetrique:r";
const NAMED: &str = "cleabs nature nature_detaillee toponyme statut_du_toponyme importance";

/// All layers, in a fixed order.
pub(crate) fn layers(commune: &Commune) -> Vec<FeatureTable> {
    let mut tables = vec![buildings::layer(commune)];
    tables.extend(constructions::layers(commune));
    tables.extend(hydrography::layers(commune));
    tables.extend(vegetation::layers(commune));
    tables.push(roads::layer(commune));
    tables.extend(places::layers(commune));
    tables
}
