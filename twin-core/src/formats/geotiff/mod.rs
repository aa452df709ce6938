//! GeoTIFF and cloud-optimised GeoTIFF (COG).
//!
//! References: OGC 19-008r4 *GeoTIFF 1.1*; OGC 21-026 *Cloud Optimized GeoTIFF 1.0*; Adobe,
//! *TIFF 6.0* and *TIFF Technical Note 3* (floating-point predictor).

mod cog;
mod encode;
mod layout;
mod reader;

pub use cog::{CogOptions, CogWriter, write_cog};
pub use layout::SampleType;
pub use reader::GeoTiff;
