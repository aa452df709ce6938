//! CityJSON 2.0 and CityJSONSeq (CityJSON text sequences), <https://www.cityjson.org/specs/2.0.1/>.
//!
//! [`CityJsonSeqWriter`] writes one city object tree a line and says where each line lies, so that
//! a table beside the file gives direct access to every building; [`CityJsonSeq`] reads them by
//! place. [`write_city_model`] writes the same trees as a single document.
//!
//! Vertices are integers: `position = vertex · scale + translate`; those that fall on the same
//! integers are one vertex.

mod model;
mod reader;
mod vertices;
mod writer;

pub use model::{
    CityModelHeader, CityObject, CityObjectKind, FeaturePlace, Form, Semantic, Surface,
    SurfaceGeometry,
};
pub use reader::CityJsonSeq;
pub use writer::{CityJsonSeqWriter, write_city_model};

#[cfg(test)]
mod tests;
