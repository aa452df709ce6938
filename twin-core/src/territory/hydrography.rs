//! How the water of a territory was put into its bed, as asked for and as done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Language;
use crate::language::Text;

/// Deepest and widest section of a French river, m.
const DEEPEST_M: f64 = 100.0;
const WIDEST_M: f64 = 2000.0;

/// What the territory file asks of the bed under water.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HydrographySettings {
    /// Bed of watercourses without a section of their own.
    #[serde(default)]
    pub bed: BedRule,
    /// Sections that are known.
    #[serde(default)]
    pub section: Vec<GivenSection>,
}

/// The bed under the water that the LiDAR saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BedRule {
    /// A rectangle with the capacity of the two-year flow that the width stands for.
    #[default]
    Regime,
    /// The water surface of the survey: no bed is carved.
    Survey,
}

/// The section of a watercourse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenSection {
    /// Name, `cleabs` or hydrographic code of the watercourse.
    pub watercourse: String,
    /// Mean depth below the water of the survey, m.
    pub depth_m: f64,
    /// Width of the bed, m; default: that of the water.
    #[serde(default)]
    pub width_m: Option<f64>,
}

impl HydrographySettings {
    /// The first value that cannot be: its key and what it may be.
    pub(super) fn mistake(&self) -> Option<(String, Text)> {
        let among = |value: f64, most: f64| value > 0.0 && value <= most;
        self.section.iter().enumerate().find_map(|(k, section)| {
            let at = |key: &str| format!("hydrography.section[{k}].{key}");
            if !among(section.depth_m, DEEPEST_M) {
                let text = Text::new(
                    format!("donner une profondeur de plus de 0 et d'au plus {DEEPEST_M} m"),
                    format!("give a depth above 0 and up to {DEEPEST_M} m"),
                );
                return Some((at("depth_m"), text));
            }
            if section.width_m.is_some_and(|w| !among(w, WIDEST_M)) {
                let text = Text::new(
                    format!("donner une largeur de plus de 0 et d'au plus {WIDEST_M} m"),
                    format!("give a width above 0 and up to {WIDEST_M} m"),
                );
                return Some((at("width_m"), text));
            }
            let is_again = self.section[..k].iter().any(|s| s.watercourse == section.watercourse);
            is_again.then(|| {
                let text = Text::new(
                    "ce cours d'eau a déjà une section ; n'en garder qu'une",
                    "this watercourse has a section already; keep one",
                );
                (at("watercourse"), text)
            })
        })
    }
}

/// What changed a cell of the bed against the terrain. The codes are those of the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum BedChange {
    /// Levelled: a lake, a pond, a basin.
    Level = 1,
    /// On the falling profile of a watercourse, at its water surface.
    Profile = 2,
    /// On the falling profile of a watercourse, below its water surface.
    Carved = 3,
    /// Opened above a culvert.
    Culvert = 4,
    /// Opened below a bridge.
    Bridge = 5,
    /// A pit filled.
    Filled = 6,
    /// A pit cut open.
    Breached = 7,
}

impl BedChange {
    /// Every change with its code in the band.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Level, "level"),
        (Self::Profile, "profile"),
        (Self::Carved, "carved"),
        (Self::Culvert, "culvert"),
        (Self::Bridge, "bridge"),
        (Self::Filled, "filled"),
        (Self::Breached, "breached"),
    ];
}

/// How the water was put into the bed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HydrographyReport {
    /// Rule of the bed.
    pub bed: BedRule,
    /// Watercourses with a section of their own.
    pub given_sections: usize,
    /// Length of the watercourses, km.
    pub watercourses_km: f64,
    /// Share of their steps along which the bed does not rise.
    pub falling_share: f64,
    /// Depth of the carved beds below the water of the survey: smallest, median and greatest over
    /// the watercourses, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carved_m: Option<[f64; 3]>,
    /// Water surfaces with one level.
    pub levelled: usize,
    /// Water surfaces on the profile of a watercourse.
    pub on_profile: usize,
    /// Water surfaces left as the terrain shows them: dry part of the year, or running and without
    /// an axis.
    pub left: usize,
    /// Culverts opened.
    pub culverts: usize,
    /// Culverts too long to be opened.
    pub long_culverts: usize,
    /// Ways opened below bridges.
    pub underpasses: usize,
    /// Cells filled in pits.
    pub filled_cells: u64,
    /// Cells cut to open pits.
    pub breached_cells: u64,
    /// Pits that stay.
    pub pits_left: u64,
}

impl HydrographyReport {
    /// Whether any bed lies below the water that the LiDAR saw.
    pub fn has_carved_beds(&self) -> bool {
        self.carved_m.is_some()
    }

    /// The report in sentences, one a line; none where there is no water.
    pub fn text(&self, language: Language) -> Vec<String> {
        let number = |v: f64, decimals| language.number(v, decimals);
        let count = |n: usize| number(n as f64, 0);
        let mut lines = Vec::new();
        if self.watercourses_km > 0.0 {
            let (length, share) =
                (number(self.watercourses_km, 1), number(100.0 * self.falling_share, 1));
            lines.push(match language {
                Language::Fr => format!(
                    "{length} km de cours d'eau, dont le lit ne remonte pas sur {share}\u{a0}%."
                ),
                Language::En => format!(
                    "{length} km of watercourses, of which the bed does not rise along {share}%."
                ),
            });
        }
        if let Some(depths) = self.carved_m {
            let [least, median, most] = depths.map(|d| number(d, 2));
            let (given, n) = (self.given_sections > 0, count(self.given_sections));
            lines.push(match language {
                Language::Fr => format!(
                    "Lits creusés de {least} à {most} m sous l'eau du levé (médiane {median} m) : section rectangulaire à la capacité du débit biennal estimé par la largeur{}.",
                    if given { format!(", {n} section(s) fournie(s)") } else { String::new() }
                ),
                Language::En => format!(
                    "Beds carved {least} to {most} m below the water of the survey (median {median} m): rectangle with the capacity of the two-year flow estimated from the width{}.",
                    if given { format!(", {n} given section(s)") } else { String::new() }
                ),
            });
        }
        if self.levelled + self.on_profile + self.left > 0 {
            let [levelled, profile, left] = [self.levelled, self.on_profile, self.left].map(count);
            lines.push(match language {
                Language::Fr => format!("Surfaces d'eau : {levelled} mises à niveau, {profile} sur le profil d'un cours d'eau, {left} laissées telles quelles."),
                Language::En => format!("Water surfaces: {levelled} levelled, {profile} on the profile of a watercourse, {left} left as they are."),
            });
        }
        if self.culverts + self.long_culverts + self.underpasses > 0 {
            let [culverts, long, ways] =
                [self.culverts, self.long_culverts, self.underpasses].map(count);
            lines.push(match language {
                Language::Fr => format!("Buses ouvertes : {culverts} ({long} trop longues pour l'être) ; passages sous pont ouverts : {ways}."),
                Language::En => format!("Culverts opened: {culverts} ({long} too long for it); ways opened below bridges: {ways}."),
            });
        }
        let [filled, breached, left] =
            [self.filled_cells, self.breached_cells, self.pits_left].map(|n| number(n as f64, 0));
        lines.push(match language {
            Language::Fr => format!("Cuvettes : {filled} mailles comblées, {breached} creusées, {left} cuvettes conservées."),
            Language::En => format!("Pits: {filled} cells filled, {breached} cut, {left} pits kept."),
        });
        lines
    }
}
