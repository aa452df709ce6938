//! Heat: how the sun, the sky and the walls of a place feel.
pub mod comfort;
pub mod radiation;
