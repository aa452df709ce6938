//! Level of an object relative to the ground (`position_par_rapport_au_sol` of BD TOPO).

use std::borrow::Cow;

use super::Label;

/// On, above or below the ground, counted in crossings: 1 on a bridge, −1 in a tunnel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroundPosition {
    /// Number of crossings above (positive) or below (negative) the ground; 0 on it.
    Level(i8),
    /// A ford: the road lies in the bed of the watercourse.
    Ford,
    /// Not known.
    Unknown,
    /// A label outside the published list.
    Other(String),
}

impl GroundPosition {
    /// Above the ground: on a bridge, viaduct or aqueduct.
    pub fn is_above(&self) -> bool {
        matches!(self, Self::Level(1..))
    }

    /// Below the ground: in a tunnel, culvert or pipe.
    pub fn is_below(&self) -> bool {
        matches!(self, Self::Level(..=-1))
    }
}

impl Label for GroundPosition {
    fn from_label(label: &str) -> Self {
        match label.trim() {
            "Gué ou radier" => Self::Ford,
            "Inconnue" => Self::Unknown,
            number => match number.parse() {
                Ok(level @ -9..=9) => Self::Level(level),
                _ => Self::Other(label.to_owned()),
            },
        }
    }

    fn label(&self) -> Cow<'_, str> {
        match self {
            Self::Level(level) => level.to_string().into(),
            Self::Ford => "Gué ou radier".into(),
            Self::Unknown => "Inconnue".into(),
            Self::Other(label) => label.as_str().into(),
        }
    }

    fn is_listed(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridges_are_above_and_tunnels_below() {
        assert!(GroundPosition::from_label("1").is_above());
        assert!(GroundPosition::from_label("-2").is_below());
        let ford = GroundPosition::from_label("Gué ou radier");
        assert!(!ford.is_above() && !ford.is_below());
        assert!(!GroundPosition::from_label("dessus").is_listed());
    }
}
