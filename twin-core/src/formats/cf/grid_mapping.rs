//! CF grid-mapping attributes of a reference system.
//!
//! CF has no mapping for the pseudo-Mercator and the oblique stereographic projections: systems
//! that rest on them are stated by code and well-known text alone.

use super::attributes::Attributes;
use crate::spatial::{Crs, Projection};

/// Writes the attributes of a grid-mapping variable.
pub(super) fn describe(variable: &impl Attributes, crs: Crs) -> hdf5::Result<()> {
    let definition = crs.definition();
    let (base, ellipsoid) = (definition.base, definition.base.ellipsoid);
    variable.set_text("epsg_code", &crs.to_string())?;
    variable.set_text("horizontal_datum_name", base.datum)?;
    variable.set_text("reference_ellipsoid_name", ellipsoid.name)?;
    variable.set_numbers("semi_major_axis", &[ellipsoid.semi_major_m])?;
    variable.set_numbers("inverse_flattening", &[ellipsoid.inverse_flattening])?;
    variable.set_numbers("longitude_of_prime_meridian", &[0.0])?;
    variable.set_text("geographic_crs_name", base.name)?;
    if !crs.is_geographic() {
        variable.set_text("projected_crs_name", &definition.name)?;
    }
    if let Some((name, parameters)) = mapping(&definition.projection) {
        variable.set_text("grid_mapping_name", name)?;
        for (name, values) in parameters {
            variable.set_numbers(name, &values)?;
        }
    }
    variable.set_text("crs_wkt", &crs.to_wkt2())
}

/// Name and parameters of a mapping (CF-1.11, appendix F).
type Mapping = (&'static str, Vec<(&'static str, Vec<f64>)>);

fn mapping(projection: &Projection) -> Option<Mapping> {
    match *projection {
        Projection::Geographic => Some(("latitude_longitude", Vec::new())),
        Projection::LambertConformal { lat_1, lat_2, lat_0, lon_0, x_0, y_0 } => Some((
            "lambert_conformal_conic",
            vec![
                ("latitude_of_projection_origin", vec![lat_0]),
                ("longitude_of_central_meridian", vec![lon_0]),
                ("standard_parallel", vec![lat_1, lat_2]),
                ("false_easting", vec![x_0]),
                ("false_northing", vec![y_0]),
            ],
        )),
        Projection::TransverseMercator { lon_0, k_0, x_0, y_0 } => Some((
            "transverse_mercator",
            vec![
                ("latitude_of_projection_origin", vec![0.0]),
                ("longitude_of_central_meridian", vec![lon_0]),
                ("scale_factor_at_central_meridian", vec![k_0]),
                ("false_easting", vec![x_0]),
                ("false_northing", vec![y_0]),
            ],
        )),
        Projection::WebMercator | Projection::ObliqueStereographic { .. } => None,
    }
}
