//! Sun and sky over a territory: where the sun stands, what it reaches, how much sky a place sees.
//!
//! Surfaces are rasters of heights; row 0 is the northern row. Azimuths count clockwise from north, altitudes
//! from the horizon, both in degrees.
//!
//! | file | concern |
//! |---|---|
//! | [`sun_position`] | position of the sun (NREL SPA) |
//! | [`irradiance`] | extraterrestrial, clear-sky, direct and diffuse radiation |
//! | [`Scene`] | ground and roofs, crowns and their undersides |
//! | `march` | the cells that a ray passes: all rows in one direction at once |
//! | [`Shadows`] | what the sun reaches |
//! | [`walls`] | walls of buildings in the raster, and how much of them is sunlit |
//! | [`patches`] | the sky as 153 patches, and its luminance (Perez) |
//! | [`SkyView`] | what part of the sky is seen, by patches, with vegetation |
//! | [`horizon_view`] | the same of buildings and terrain alone, by horizons with exact distances; [`horizon_of`] those of a cell |

mod horizon;
pub mod irradiance;
mod march;
pub mod patches;
mod position;
mod scene;
mod shadows;
mod sky_view;
pub mod walls;

pub use horizon::{Horizon, HorizonView, horizon_of, horizon_view, horizon_view_of_rows};
pub use patches::Patch;
pub use position::{Place, Sun, sun_position};
pub use scene::Scene;
pub use shadows::Shadows;
pub use sky_view::{Blocker, PatchSet, SkyPart, SkyView, holds};

/// What is wrong with what the engine was given.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// Rasters of different sizes.
    #[error("the rasters of a scene differ in size")]
    Sizes,
    /// Ground that is not finite somewhere.
    #[error("the ground is not finite in row {row}, column {column}")]
    Ground {
        /// Row of the first such cell.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// Latitude, longitude or height that no place has, or a time beyond the years of the method.
    #[error("no position of the sun for this place and time")]
    Position,
}
