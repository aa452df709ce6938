//! Where a building stands: its ground and border, its zones, what binds it.

use std::collections::BTreeMap;

use geo::{Area, BooleanOps, BoundingRect, MultiPolygon};
use twin_core::spatial::{Extent, Grid};
use twin_core::territory::{Zone, ZoneKind};
use twin_envelope::{Ceiling, Limit, Site};

use crate::borders::{Beyond, Parcels, Piece, Width};
use crate::constraints::{Bound, Constraints};
use crate::nearby::Nearby;
use crate::rules::{Envelope, Height, Prospect, Rule, Side, ZoneRules};
use crate::subject::Subject;

/// A parcel or zone under less of a building than this share is that of a neighbour drawn a little off.
const OWN_SHARE: f64 = 0.05;
/// A wall nearer to a limit than this stands on it, m.
const ON_LIMIT_M: f64 = 0.5;
/// Slope of a distance that does not grow with the height.
pub(crate) const STEEP: f64 = 1e9;
/// How far the other side of a street goes on beyond the border of the ground, m.
const GOES_ON_M: f64 = 40.0;

/// The rule that refuses a storey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleId {
    /// Greatest height.
    Height,
    /// Greatest number of storeys.
    Storeys,
    /// Height beyond the strip along the street.
    Band,
    /// Height that a prescription, an easement or a risk plan sets, as a decision of the scenario states it.
    Prescription,
    /// Envelope along the street.
    Envelope,
    /// Distance to the other side of the street.
    Street,
    /// The same, of a street known to be at least as wide as its carriageway: it may refuse too much.
    StreetAtLeast,
    /// Distance to a neighbour at the side.
    Side,
    /// Distance to a neighbour behind.
    Rear,
    /// Distance to another building on the same ground.
    Between,
}

/// Where a building stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its parcels.
    pub parcels: Vec<usize>,
    /// Border of its ground.
    pub border: Vec<Piece>,
    /// Its planning zones with their share of the footprint, the greatest first; with their area where
    /// there are several.
    pub zones: Vec<(String, f64, Option<MultiPolygon<f64>>)>,
    /// What binds it.
    pub bound: Bound,
    /// Ridge of the highest building that it touches.
    pub adjoining_ridge_m: Option<f64>,
}

/// What is not known of the ground of a building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// No parcel is known: neither limits nor street.
    NoParcel,
    /// The other side of a street is not known.
    StreetWidth,
    /// A rule that nobody keyed.
    Rule,
    /// A zone without rules.
    Zone,
    /// The distance between buildings of one ground, where there are several, that nobody keyed.
    Between,
    /// The distances of several zones, which differ: those of the greatest are taken.
    SeveralZones,
}

/// The planning zones of a territory, found by place.
pub(crate) struct Zones(Nearby<(String, MultiPolygon<f64>)>);

impl Zones {
    pub(crate) fn new(zones: &[Zone]) -> Self {
        let plan = zones.iter().filter(|z| z.kind == Some(ZoneKind::UrbanPlanning));
        Self(Nearby::new(plan.filter_map(|zone| {
            let shape = zone.geometry.to_multi_polygon();
            Some((zone.geometry.extent()?, (zone.code.clone()?, shape)))
        })))
    }

    /// Zones under a shape, the greatest share first.
    pub(crate) fn of(
        &self,
        shape: &MultiPolygon<f64>,
        extent: &Extent,
    ) -> Vec<(String, f64, Option<MultiPolygon<f64>>)> {
        let whole = shape.unsigned_area().max(1e-9);
        let mut shares: BTreeMap<&str, (f64, MultiPolygon<f64>)> = BTreeMap::new();
        for (code, zone) in self.0.reaching(extent) {
            let part = shape.intersection(zone);
            let share = part.unsigned_area() / whole;
            if share > OWN_SHARE {
                let known = shares.entry(code).or_insert((0.0, MultiPolygon::new(vec![])));
                *known = (known.0 + share, known.1.union(&part));
            }
        }
        let is_alone = shares.len() == 1;
        let mut zones: Vec<_> = shares
            .into_iter()
            .map(|(code, (share, part))| (code.to_owned(), share, (!is_alone).then_some(part)))
            .collect();
        zones.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        zones
    }
}

/// The extent of a shape.
pub(crate) fn extent_of(shape: &MultiPolygon<f64>) -> Extent {
    let bounds = shape.bounding_rect();
    bounds.map_or(Extent { min_x: 0.0, min_y: 0.0, max_x: 0.0, max_y: 0.0 }, |r| Extent {
        min_x: r.min().x,
        min_y: r.min().y,
        max_x: r.max().x,
        max_y: r.max().y,
    })
}

impl Place {
    pub(crate) fn new(
        footprint: &MultiPolygon<f64>,
        parcels: &Parcels<'_>,
        zones: &Zones,
        constraints: &Constraints,
    ) -> Self {
        let extent = extent_of(footprint);
        let whole = footprint.unsigned_area().max(1e-9);
        let under = |index: &usize| {
            let parcel = parcels.get(*index).geometry.to_multi_polygon();
            footprint.intersection(&parcel).unsigned_area() > OWN_SHARE * whole
        };
        let mut own: Vec<usize> = parcels.near(&extent).filter(under).collect();
        own.sort_unstable();
        Self {
            border: parcels.border(&own),
            zones: zones.of(footprint, &extent),
            bound: constraints.of(footprint, &extent),
            parcels: own,
            adjoining_ridge_m: None,
        }
    }
}

/// The site of a building under rules, and what is not known of it.
pub(crate) fn site(
    subject: &Subject,
    place: &Place,
    rules: &[(ZoneRules, Option<MultiPolygon<f64>>)],
    terrain: Option<&Grid<f32>>,
) -> (Site<RuleId>, Vec<Gap>) {
    let mut site = Site::default();
    let mut gaps = Vec::new();
    for (zone, area) in rules {
        if let Rule::Set(height, _) = &zone.height
            && let Some(least) = height.least_m()
        {
            let ceiling = Ceiling { altitude_m: subject.ground_m + least, area: area.clone() };
            site.ceilings.push((RuleId::Height, ceiling));
        }
        if let Rule::Set(band, _) = &zone.band
            && let Some(least) = band.beyond.least_m()
        {
            let beyond = beyond_band(subject, place, band.depth_m, area.as_ref());
            let ceiling = Ceiling { altitude_m: subject.ground_m + least, area: Some(beyond) };
            site.ceilings.push((RuleId::Band, ceiling));
        }
        if let Rule::Set(Envelope { crown_m: Some(crown), .. }, _) = &zone.envelope {
            let ceiling = Ceiling { altitude_m: subject.ground_m + crown, area: area.clone() };
            site.ceilings.push((RuleId::Envelope, ceiling));
        }
        if !zone.unknown().is_empty() {
            gaps.push(Gap::Rule);
        }
    }
    for (top_m, area) in &place.bound.tops {
        let ceiling = Ceiling { altitude_m: subject.ground_m + top_m, area: Some(area.clone()) };
        site.ceilings.push((RuleId::Prescription, ceiling));
    }
    let Some((main, _)) = rules.first() else {
        gaps.push(Gap::Zone);
        return (site, gaps);
    };
    if rules.iter().any(|(zone, _)| !zone.has_distances_of(main)) {
        gaps.push(Gap::SeveralZones);
    }
    if place.parcels.is_empty() {
        gaps.push(Gap::NoParcel);
    }
    let ground = |p: [f64; 2]| {
        let found = terrain.and_then(|t| t.bilinear(p[0], p[1])).filter(|z| z.is_finite());
        found.map_or(subject.ground_m, f64::from)
    };
    for piece in &place.border {
        match piece.beyond {
            Beyond::Street(width) => {
                if let Rule::Set(envelope, _) = &main.envelope {
                    let ends = piece.ends.map(|p| [p[0], p[1], ground(p)]);
                    match along_street(envelope, ends, width) {
                        Some(limit) => site.limits.push(limit),
                        None => gaps.push(Gap::StreetWidth),
                    }
                }
                let Rule::Set(street, _) = &main.street else { continue };
                let (id, width) = match width {
                    Width::Measured(width) => (RuleId::Street, width),
                    Width::AtLeast(width) => (RuleId::StreetAtLeast, width),
                    Width::Unknown => {
                        gaps.push(Gap::StreetWidth);
                        continue;
                    }
                };
                let wide = street.wide.filter(|w| width > w.above_m);
                let (slope, initial_m) =
                    wide.map_or((street.slope, street.initial_m), |w| (w.slope, w.initial_m));
                let ends = opposite(piece, width).map(|p| [p[0], p[1], ground(p)]);
                site.limits.push((id, Limit { ends, initial_m, arc_m: 0.0, slope, least_m: 0.0 }));
            }
            Beyond::Side | Beyond::Rear => {
                let (id, rule) = match piece.beyond {
                    Beyond::Rear => (RuleId::Rear, &main.rear),
                    _ => (RuleId::Side, &main.side),
                };
                let Rule::Set(side, _) = rule else { continue };
                let ends = piece.ends.map(|p| [p[0], p[1], ground(p)]);
                if let Some(limit) = side_limit(side, ends, &subject.footprint) {
                    site.limits.push((id, limit));
                }
            }
        }
    }
    gaps.sort_unstable();
    gaps.dedup();
    (site, gaps)
}

/// The limit of an envelope from the alignment; none where it depends on the width of a street that is not known.
fn along_street(envelope: &Envelope, ends: [[f64; 3]; 2], width: Width) -> Option<(RuleId, Limit)> {
    let Envelope { vertical_m, per_width, arc_m, slope, .. } = *envelope;
    let (id, width_m) = match width {
        _ if per_width == 0.0 => (RuleId::Envelope, 0.0),
        Width::Measured(width) => (RuleId::Envelope, width),
        Width::AtLeast(width) => (RuleId::StreetAtLeast, width),
        Width::Unknown => return None,
    };
    let initial_m = vertical_m + per_width * width_m;
    let slope = slope.unwrap_or(STEEP);
    Some((id, Limit { ends, initial_m, arc_m, slope, least_m: 0.0 }))
}

/// The limit of a side rule; none where the building stands on a limit that it may stand on.
fn side_limit(side: &Side, ends: [[f64; 3]; 2], footprint: &MultiPolygon<f64>) -> Option<Limit> {
    use geo::{Distance, Euclidean, Line};
    let line = Line::new((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]));
    let gap = || footprint.iter().map(|p| Euclidean.distance(&line, p)).fold(f64::MAX, f64::min);
    let stands_on_it = side.on_limit && gap() < ON_LIMIT_M;
    let Prospect { slope, initial_m, least_m } = side.away;
    let slope = slope.unwrap_or(STEEP);
    match (stands_on_it, side.on_limit_most_m) {
        (true, None) => None,
        // Higher than may stand on the limit, the building draws back.
        (true, Some(most)) => {
            Some(Limit { ends, initial_m: most, arc_m: 0.0, slope, least_m: 0.0 })
        }
        (false, _) => Some(Limit { ends, initial_m, arc_m: 0.0, slope, least_m }),
    }
}

/// The other side of a street, longer than the piece where the street goes on beyond the ground.
fn opposite(piece: &Piece, width_m: f64) -> [[f64; 2]; 2] {
    let (along, out) = piece.directions();
    let longer = piece.goes_on.map(|goes_on| if goes_on { 0.0 } else { GOES_ON_M });
    let [a, b] = piece.ends;
    [
        [0, 1].map(|k| a[k] + width_m * out[k] - longer[0] * along[k]),
        [0, 1].map(|k| b[k] + width_m * out[k] + longer[1] * along[k]),
    ]
}

/// The part of a footprint farther from the street than a depth.
fn beyond_band(
    subject: &Subject,
    place: &Place,
    depth_m: f64,
    area: Option<&MultiPolygon<f64>>,
) -> MultiPolygon<f64> {
    let mut beyond = subject.footprint.clone();
    for piece in place.border.iter().filter(|p| matches!(p.beyond, Beyond::Street(_))) {
        let ends = piece.ends.map(|p| [p[0], p[1], 0.0]);
        let strip = Limit { ends, initial_m: 0.0, arc_m: 0.0, slope: 1.0, least_m: depth_m };
        if let Some(strip) = strip.forbidden(0.0) {
            beyond = beyond.difference(&strip);
        }
    }
    match area {
        Some(area) => beyond.intersection(area),
        None => beyond,
    }
}

/// Ceilings of the numbers of storeys that zones set, above `from_m` and what stands below it.
pub(crate) fn storey_ceilings<'r>(
    rules: impl Iterator<Item = (&'r ZoneRules, Option<&'r MultiPolygon<f64>>)>,
    (from_m, storeys): (f64, u32),
    height_m: f64,
) -> impl Iterator<Item = (RuleId, Ceiling)> {
    rules.filter_map(move |(zone, area)| {
        let more = zone.height.set()?.storeys?.saturating_sub(storeys);
        let altitude_m = from_m + f64::from(more) * height_m;
        Some((RuleId::Storeys, Ceiling { altitude_m, area: area.cloned() }))
    })
}

impl Height {
    /// The least of the heights in metres: the top of a raised building is flat, eaves and top at
    /// once.
    pub(crate) fn least_m(&self) -> Option<f64> {
        [self.top_m, self.eaves_m].into_iter().flatten().reduce(f64::min)
    }
}
