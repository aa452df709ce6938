//! New buildings on free parcels: the greatest volume that the same rules allow.

use geo::{Area, MultiPolygon};
use twin_core::territory::TerritoryView;
use twin_envelope::{Added, Limit, StoreyRule};

use crate::borders::{Beyond, Parcels};
use crate::constraints::Constraints;
use crate::parameters::{Parameters, Verdict};
use crate::place::{Gap, Place, RuleId, STEEP, Zones, extent_of, site, storey_ceilings};
use crate::potential::{RuleBook, Study};
use crate::rules::Rule;
use crate::subject::{HeightSource, Subject};

/// A parcel with more of it under buildings than this is not free.
const BUILT_SHARE: f64 = 0.02;
/// A smaller parcel is a strip or a garage, m².
const SMALLEST_M2: f64 = 100.0;

/// What may be built on a free parcel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewBuilding {
    /// Identifier of the parcel.
    pub(crate) parcel: String,
    /// Code of its zone.
    pub(crate) zone: String,
    /// What holds of it.
    pub(crate) verdict: Verdict,
    /// The envelope, storey by storey, away from all limits.
    pub(crate) storeys: Added<RuleId>,
    /// Share of the storeys' area that the share of the parcel that may be covered leaves, 0 to 1.
    pub(crate) share: f64,
    /// Whether a known rule ends the storeys; else their number says nothing.
    pub(crate) is_bounded: bool,
}

impl NewBuilding {
    /// Area of all storeys, m²; none where nothing known bounds them, or they are excluded.
    pub(crate) fn area_m2(&self) -> Option<f64> {
        let is_told = self.is_bounded && self.verdict != Verdict::Forbidden;
        is_told.then(|| self.share * self.storeys.area_m2())
    }
}

/// What may be built on the free parcels of constructible zones.
pub(crate) fn new_buildings(
    view: &TerritoryView,
    study: &Study,
    book: &RuleBook,
    parameters: &Parameters,
) -> Vec<NewBuilding> {
    use rayon::prelude::*;
    let features = view.features();
    let parcels = Parcels::new(&features.parcels, &features.roads);
    let zones = Zones::new(&features.zones);
    let constraints = Constraints::new(&features.zones, parameters);
    let mut built = vec![0.0; features.parcels.len()];
    for building in &features.buildings {
        let Some(extent) = building.geometry.extent() else { continue };
        let footprint = building.geometry.to_multi_polygon();
        for index in parcels.near(&extent) {
            use geo::BooleanOps as _;
            let parcel = parcels.get(index).geometry.to_multi_polygon();
            built[index] += footprint.intersection(&parcel).unsigned_area();
        }
    }
    let classes: std::collections::BTreeMap<&str, &str> = features
        .zones
        .iter()
        .filter_map(|z| Some((z.code.as_deref()?, z.class.as_deref()?)))
        .collect();
    let of = |index: usize| -> Option<NewBuilding> {
        let ground = parcels.get(index).geometry.to_multi_polygon();
        let area = ground.unsigned_area();
        if area < SMALLEST_M2 || built[index] > BUILT_SHARE * area {
            return None;
        }
        let extent = extent_of(&ground);
        let zones = zones.of(&ground, &extent);
        let (zone, _, part) = zones.first()?.clone();
        // In several zones, the part in the greatest: its rules say nothing of the others.
        let ground = part.unwrap_or(ground);
        // Only zones that the plan calls urban; the others are built after a decision of the commune.
        if classes.get(zone.as_str()).is_some_and(|class| !class.starts_with('U')) {
            return None;
        }
        let place = Place {
            border: parcels.border(&[index]),
            bound: constraints.of(&ground, &extent),
            parcels: vec![index],
            zones,
            adjoining_ridge_m: None,
        };
        let id = &parcels.get(index).id;
        new_building(id, ground, place, zone, study, book, parameters)
    };
    (0..features.parcels.len()).into_par_iter().filter_map(of).collect()
}

fn new_building(
    id: &str,
    ground: MultiPolygon<f64>,
    place: Place,
    zone: String,
    study: &Study,
    book: &RuleBook,
    parameters: &Parameters,
) -> Option<NewBuilding> {
    let mut rules = book.zone(&zone)?;
    // The greatest volume away from all limits: what stands on one needs the neighbour's wall.
    for side in [&mut rules.side, &mut rules.rear] {
        if let Rule::Set(side, _) = side {
            (side.on_limit, side.on_limit_most_m) = (false, None);
        }
    }
    let altitude = lowest(&ground, study).unwrap_or(0.0);
    let area = ground.unsigned_area();
    let bare = Subject {
        id: id.to_owned(),
        footprint: ground.clone(),
        ground_m: altitude,
        eaves_m: altitude,
        ridge_m: altitude,
        storeys: (0, true),
        source: HeightSource::Lidar,
        usage: None,
        dwellings: None,
        year: None,
        walls: None,
    };
    let known = [(rules.clone(), None)];
    let (mut site, mut gaps) = site(&bare, &place, &known, study.terrain.as_ref());
    match &rules.setback {
        Rule::Set(setback, _) => {
            for piece in place.border.iter().filter(|p| matches!(p.beyond, Beyond::Street(_))) {
                let ends = piece.ends.map(|p| [p[0], p[1], altitude]);
                let slope = setback.slope.unwrap_or(STEEP);
                let limit = Limit {
                    ends,
                    initial_m: setback.initial_m,
                    arc_m: 0.0,
                    slope,
                    least_m: setback.least_m,
                };
                site.limits.push((RuleId::Street, limit));
            }
        }
        Rule::Free | Rule::TakenAsFree => {}
        Rule::NotKeyed | Rule::NotInForce(_) => {
            if !book.is_national() {
                gaps.push(Gap::Rule);
            }
        }
    }
    let storey = parameters.storey;
    let alone = [(&rules, None)].into_iter();
    site.ceilings.extend(storey_ceilings(alone, (altitude, 0), storey.height_m));
    let rule = StoreyRule {
        height_m: storey.height_m,
        least_depth_m: storey.least_depth_m,
        least_area_m2: storey.least_area_m2,
        most: storey.most as usize,
    };
    let storeys = site.raise(&ground, altitude, &rule).stepped;
    let first = storeys.storeys.first()?.shape.unsigned_area();
    let share = match &rules.footprint {
        Rule::Set(footprint, _) => {
            let small = footprint.small.filter(|s| area < s.below_m2);
            let ratio = small.map_or(footprint.ratio, |s| s.ratio);
            (ratio * area / first).min(1.0)
        }
        Rule::Free | Rule::TakenAsFree => 1.0,
        Rule::NotKeyed | Rule::NotInForce(_) => {
            if !book.is_national() {
                gaps.push(Gap::Rule);
            }
            1.0
        }
    };
    let verdict = match book.forbids_new() {
        true => Verdict::Forbidden,
        false => book.verdict(&place, &gaps),
    };
    let is_bounded = gaps.is_empty() || !storeys.refusal.rules.is_empty();
    Some(NewBuilding { parcel: id.to_owned(), zone, verdict, storeys, share, is_bounded })
}

/// Lowest ground at the corners of a parcel.
fn lowest(ground: &MultiPolygon<f64>, study: &Study) -> Option<f64> {
    use geo::CoordsIter as _;
    let terrain = study.terrain.as_ref()?;
    let heights = ground.exterior_coords_iter().filter_map(|c| terrain.bilinear(c.x, c.y));
    heights.filter(|z| z.is_finite()).map(f64::from).reduce(f64::min)
}
