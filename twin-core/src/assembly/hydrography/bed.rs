//! The bed that LiDAR does not see.
//!
//! A watercourse is taken as a rectangle as wide as its water whose capacity is the two-year flow,
//! about bankfull. Width and mean depth follow from that flow by the regime relations
//!
//! ```text
//! w = 7.2 Q₂^0.50      d = 0.27 Q₂^0.30      (m, m³/s)
//! ```
//!
//! of Moody & Troutman 2002 (doi:10.1002/esp.403) over six orders of magnitude of discharge, with the
//! two-year flow as in Andreadis, Schumann & Pavelsky 2013 (doi:10.1002/wrcr.20440). The depth counts
//! from the bank; what stands dry above the water on the day of the survey is seen by the LiDAR and
//! taken off. It is a coarse estimate: of the synthetic river it finds a third of the depth.

use std::collections::BTreeSet;

use crate::territory::{BedRule, GivenSection, HydrographySettings, WaterCourse};
use crate::{Error, Result};

/// Share of the regime depth that lies below the water of the survey at least, however high the
/// banks of a cut: that of the mean flow, a tenth of the two-year flow, by the depth at a station
/// d ∝ Q^0.40 of Leopold & Maddock 1953 (doi:10.3133/pp252).
const LEAST_SHARE: f64 = 0.4;

/// Depth of the bed below the bank for a width, m.
pub(super) fn regime_depth_m(width_m: f64) -> f64 {
    let two_year_flow = (width_m / 7.2).powi(2);
    0.27 * two_year_flow.powf(0.3)
}

/// Depth of the bed below the water of the survey, m, where the bank stands `freeboard_m` above it.
pub(super) fn depth_m(
    settings: &HydrographySettings,
    course: &WaterCourse,
    width_m: f64,
    freeboard_m: f64,
) -> f64 {
    if let Some(section) = section_of(settings, course) {
        return section.depth_m;
    }
    match settings.bed {
        BedRule::Survey => 0.0,
        BedRule::Regime => {
            let below_bank = regime_depth_m(width_m);
            (below_bank - freeboard_m).max(LEAST_SHARE * below_bank)
        }
    }
}

/// Refuses sections of watercourses that the territory does not have.
pub(super) fn check_sections(
    settings: &HydrographySettings,
    courses: &[WaterCourse],
) -> Result<()> {
    for (k, section) in settings.section.iter().enumerate() {
        if courses.iter().any(|course| names(course).any(|name| *name == section.watercourse)) {
            continue;
        }
        let known: BTreeSet<&str> = courses.iter().filter_map(|c| c.name.as_deref()).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let or = |none: &str| if known.is_empty() { none.to_owned() } else { known.join(", ") };
        return Err(Error::input(
            format!("hydrography.section[{k}].watercourse"),
            format!(
                "aucun cours d'eau « {} » ici ; présents : {}",
                section.watercourse,
                or("aucun nom")
            ),
            format!("no watercourse \"{}\" here; present: {}", section.watercourse, or("no name")),
        ));
    }
    Ok(())
}

fn names(course: &WaterCourse) -> impl Iterator<Item = &String> {
    [Some(&course.id), course.name.as_ref(), course.hydrographic_code.as_ref()]
        .into_iter()
        .flatten()
}

/// The section that the territory file gives for a watercourse.
pub(super) fn section_of<'a>(
    settings: &'a HydrographySettings,
    course: &WaterCourse,
) -> Option<&'a GivenSection> {
    settings.section.iter().find(|s| names(course).any(|name| *name == s.watercourse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regime_width_and_depth_carry_the_same_flow_at_a_plausible_speed() {
        for flow in [0.5, 5.0, 50.0, 500.0, 5000.0f64] {
            let width = 7.2 * flow.sqrt();
            let speed = flow / (width * regime_depth_m(width));
            assert!((0.4..3.0).contains(&speed), "{flow} m³/s at {speed} m/s");
        }
    }
}
