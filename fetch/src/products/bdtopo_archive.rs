//! BD TOPO V3 by the GeoPackage of the department: hundreds of megabytes, kept for other territories;
//! in place of the WFS for large extents, or where that does not answer.

use super::archives::{Archives, Shelf};
use super::{BD_TOPO, Source};

/// BD TOPO V3 by department.
pub static BD_TOPO_ARCHIVE: Archives = Archives {
    code: "bd-topo-archive",
    shelf: Shelf::Geoplateforme("BDTOPO"),
    is_essential: true,
    is_wanted: |table| BD_TOPO.layers.iter().any(|(_, layer)| *layer == table),
    sources: &[Source::new("bd-topo", "sources/bd-topo-archive/*.gpkg")],
    licence: BD_TOPO.licence,
};
