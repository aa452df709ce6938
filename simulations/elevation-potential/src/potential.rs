//! What may be added on every building.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use geo::{Area, Distance, Euclidean, MultiPolygon};
use jiff::civil::{Date, date};
use rayon::prelude::*;
use twin_core::simulation::{RunContext, parse_parameters};
use twin_core::spatial::{Extent, Grid};
use twin_core::territory::{Aggregation, BuildingUse, Features, TerritoryView};
use twin_core::{Error, Result};
use twin_envelope::{Added, Ceiling, Limit, Raised, Storey, StoreyRule};

use crate::borders::Parcels;
use crate::constraints::Constraints;
use crate::nearby::Nearby;
use crate::parameters::{Parameters, Verdict};
use crate::place::{Gap, Place, RuleId, STEEP, Zones, extent_of, site, storey_ceilings};
use crate::rules::{RuleFile, ZoneRules, national};
use crate::subject::{LeftOut, Subject, subjects};

/// Buildings nearer than this touch, m.
const TOUCHING_M: f64 = 0.3;
/// Distances between buildings are looked for within, m.
const NEAR_M: f64 = 30.0;
/// Mean dwelling where no building of the territory tells one, m² (INSEE, *surface moyenne des
/// logements* is 91 m² in 2020; added flats are smaller: APUR 2015 counts 50 to 70 m²).
const DWELLING_M2: f64 = 60.0;
/// Law 2025-1129 of 26 November 2025 in force: L152-6 without the condition of a tense zone.
pub(crate) const RAISING_LAW: Date = date(2025, 11, 28);

/// The rules of a territory at a date.
#[derive(Debug, Clone)]
pub struct RuleBook {
    file: Option<RuleFile>,
    date: Date,
    urbanised: Option<bool>,
}

impl RuleBook {
    /// Reads the rules that parameters name.
    ///
    /// # Errors
    /// As [`RuleFile::read`].
    pub fn read(file: Option<&Path>, parameters: &Parameters) -> Result<Self> {
        let file = file.map(RuleFile::read).transpose()?;
        Ok(Self::new(file, parameters))
    }

    /// The rules that parameters name with what the measures of a territory put in their place.
    ///
    /// # Errors
    /// As [`RuleBook::read`], or a measure changes rules where the national ones hold.
    pub fn in_force(
        view: &TerritoryView,
        file: Option<&Path>,
        parameters: &Parameters,
    ) -> Result<Self> {
        let mut book = Self::read(file, parameters)?;
        for change in view.planning_rules() {
            let place = format!("measures.{}", change.name);
            let Some(file) = book.file.take() else {
                return Err(Error::input(
                    place,
                    "aucune règle à modifier : le calcul suit les règles nationales ; lui donner rules, un fichier de règles",
                    "no rule to change: the run follows the national rules; give it rules, a rule file",
                ));
            };
            let change: RuleFile = parse_parameters(&place, &change.rules)?;
            book.file = Some(file.changed_by(&change));
        }
        Ok(book)
    }

    /// The rules of a file, or the national ones.
    pub fn new(file: Option<RuleFile>, parameters: &Parameters) -> Self {
        Self { file, date: parameters.law_date, urbanised: parameters.urbanised }
    }

    /// Whether these are the national rules.
    pub fn is_national(&self) -> bool {
        self.file.is_none()
    }

    /// The file.
    pub fn file(&self) -> Option<&RuleFile> {
        self.file.as_ref()
    }

    /// What holds of storeys that the rules known allow: the gravest of flags, gaps, and of what the
    /// national rules ask of the place.
    pub(crate) fn verdict(&self, place: &Place, gaps: &[Gap]) -> Verdict {
        let of_flags =
            place.bound.flags.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Allowed);
        let of_gaps = if gaps.is_empty() { Verdict::Allowed } else { Verdict::Unknown };
        of_flags.max(of_gaps).max(self.of_place(place))
    }

    /// What the national rules say of a place: they do not hold where there is a plan (R111-1), and outside the
    /// urbanised parts of a commune existing buildings alone may be extended (L111-4, 1°).
    fn of_place(&self, place: &Place) -> Verdict {
        match (self.is_national(), self.urbanised) {
            (false, _) => Verdict::Allowed,
            (true, _) if !place.zones.is_empty() => Verdict::Unknown,
            (true, Some(true)) => Verdict::Allowed,
            (true, None) => Verdict::Unknown,
            (true, Some(false)) => Verdict::Possible,
        }
    }

    /// Whether the national rules keep new buildings away from a place.
    pub(crate) fn forbids_new(&self) -> bool {
        self.is_national() && self.urbanised == Some(false)
    }

    /// The rules of a zone.
    pub fn zone(&self, code: &str) -> Option<ZoneRules> {
        match &self.file {
            None => Some(national(self.date)),
            Some(file) => ZoneRules::of(file, code, self.date),
        }
    }
}

/// What may be added on a building.
#[derive(Debug, Clone, PartialEq)]
pub struct Potential {
    /// The building, by its place in [`Study::subjects`].
    pub subject: usize,
    /// Code of the zone with the greatest share.
    pub zone: String,
    /// What holds of the added storeys, or that there are none.
    pub verdict: Verdict,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// Both ways of raising, by the rules that are known.
    pub raised: Raised<RuleId>,
    /// Upright storeys with the derogation of L152-6, where they are more.
    pub derogation: Option<Added<RuleId>>,
    /// Whether the building is too narrow or too small for any storey.
    pub is_narrow: bool,
    /// Upright storeys with the greatest bonus of height of the zone, on its condition, where they are more.
    pub bonus: Option<Added<RuleId>>,
}

impl Potential {
    /// Whether a known rule ends the storeys. Where none does and something is not known, their number
    /// is that of the parameters and says nothing.
    pub fn is_bounded(&self) -> bool {
        // What lies in a zone without rules is bounded by nothing known.
        self.gaps.is_empty()
            || self.is_narrow
            || !self.gaps.contains(&Gap::Zone) && !self.raised.stepped.refusal.rules.is_empty()
    }

    /// The storeys that are told, stepping back: none where nothing known bounds them, or all are excluded.
    pub fn told(&self) -> &[Storey] {
        self.told_of(&self.raised.stepped)
    }

    /// The same, upright.
    pub fn told_upright(&self) -> &[Storey] {
        self.told_of(&self.raised.upright)
    }

    fn told_of<'s>(&self, added: &'s Added<RuleId>) -> &'s [Storey] {
        let is_told = self.is_bounded() && self.verdict != Verdict::Forbidden;
        if is_told { &added.storeys } else { &[] }
    }

    /// Area of the storeys of the better way that are told, m².
    pub fn best_area_m2(&self) -> f64 {
        area_m2(self.told()).max(area_m2(self.told_upright()))
    }

    /// The rule that refuses the next storey of the better way.
    pub fn refused_by(&self) -> Option<RuleId> {
        let Raised { upright, stepped } = &self.raised;
        let better = if stepped.area_m2() > upright.area_m2() { stepped } else { upright };
        better.refusal.rules.first().map(|(rule, _)| *rule)
    }
}

/// Area of storeys, m².
pub(crate) fn area_m2(storeys: &[Storey]) -> f64 {
    storeys.iter().map(|s| s.shape.unsigned_area()).sum()
}

/// A territory made ready: what does not depend on the rules is found once, so that another set of
/// rules takes a block in milliseconds.
pub struct Study {
    /// The buildings.
    pub subjects: Vec<Subject>,
    /// Where they stand.
    pub places: Vec<Place>,
    /// Buildings left out: why, and where.
    pub left_out: Vec<(LeftOut, [f64; 2])>,
    /// Mean living area of a dwelling, m², and whether the territory tells it.
    pub dwelling_m2: (f64, bool),
    /// Limits of the other buildings on the same ground.
    between: Vec<Vec<[[f64; 3]; 2]>>,
    pub(crate) terrain: Option<Grid<f32>>,
    by_place: Nearby<usize>,
    /// Extents of the footprints.
    pub(crate) extents: Vec<Extent>,
    pub(crate) parameters: Parameters,
}

impl Study {
    /// Makes the territory of a view ready.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn new(
        view: &TerritoryView,
        parameters: &Parameters,
        context: &RunContext,
    ) -> Result<Self> {
        // A territory without points has no terrain: heights are those of its buildings.
        let terrain = view.terrain(Aggregation::Mean).ok();
        Self::of_features(view.features(), terrain, parameters, context)
    }

    /// Makes features ready, with the terrain that they stand on.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn of_features(
        features: &Features,
        terrain: Option<Grid<f32>>,
        parameters: &Parameters,
        context: &RunContext,
    ) -> Result<Self> {
        let (subjects, left_out) = subjects(features, terrain.as_ref(), parameters);
        context.check_cancelled()?;
        let parcels = Parcels::new(&features.parcels, &features.roads);
        let zones = Zones::new(&features.zones);
        let constraints = Constraints::new(&features.zones, parameters);
        let place = |subject: &Subject| {
            context.check_cancelled()?;
            Ok(Place::new(&subject.footprint, &parcels, &zones, &constraints))
        };
        let places: Result<Vec<Place>> = subjects.par_iter().map(place).collect();
        let extents: Vec<Extent> = subjects.iter().map(|s| extent_of(&s.footprint)).collect();
        let mut study = Self {
            dwelling_m2: dwelling_m2(&subjects, parameters),
            by_place: Nearby::new(extents.iter().copied().zip(0..)),
            extents,
            places: places?,
            left_out,
            between: Vec::new(),
            terrain,
            parameters: parameters.clone(),
            subjects,
        };
        study.find_neighbours();
        Ok(study)
    }

    /// Buildings whose extent comes within a distance of that of a building, in no order.
    pub fn near(&self, index: usize, distance_m: f64) -> impl Iterator<Item = usize> + '_ {
        let around = self.extents[index].buffered(distance_m);
        self.by_place.reaching(&around).copied().filter(move |other| *other != index)
    }

    /// The block (*îlot*) of every building: the parcels that touch without a street between, seen from those that
    /// are built. A block is called by the least of its parcels; none where no parcel is known.
    pub fn blocks(&self) -> Vec<Option<usize>> {
        let mut joined: BTreeMap<usize, usize> = BTreeMap::new();
        fn root(joined: &BTreeMap<usize, usize>, mut parcel: usize) -> usize {
            while let Some(next) = joined.get(&parcel) {
                parcel = *next;
            }
            parcel
        }
        for place in &self.places {
            let neighbours = place.border.iter().filter_map(|piece| piece.neighbour);
            let all = place.parcels.iter().copied().chain(neighbours);
            let roots: BTreeSet<usize> = all.map(|parcel| root(&joined, parcel)).collect();
            let Some(least) = roots.first().copied() else { continue };
            joined.extend(roots.into_iter().skip(1).map(|other| (other, least)));
        }
        let of = |place: &Place| place.parcels.first().map(|parcel| root(&joined, *parcel));
        self.places.iter().map(of).collect()
    }

    fn find_neighbours(&mut self) {
        let of = |index: usize| {
            let own = &self.subjects[index];
            let mut ridge: Option<f64> = None;
            let mut between = Vec::new();
            let mut near: Vec<usize> = self.near(index, NEAR_M).collect();
            near.sort_unstable();
            for other in near {
                let (subject, place) = (&self.subjects[other], &self.places[other]);
                let gap = distance(&own.footprint, &subject.footprint);
                let parcels = &self.places[index].parcels;
                if gap < TOUCHING_M {
                    ridge = Some(ridge.map_or(subject.ridge_m, |r| r.max(subject.ridge_m)));
                } else if gap < NEAR_M && place.parcels.iter().any(|p| parcels.contains(p)) {
                    between.extend(walls(subject));
                }
            }
            (ridge, between)
        };
        let found: Vec<_> = (0..self.subjects.len()).into_par_iter().map(of).collect();
        for (place, (ridge, between)) in self.places.iter_mut().zip(found) {
            place.adjoining_ridge_m = ridge;
            self.between.push(between);
        }
    }

    /// What may be added on a building under rules.
    pub fn potential(&self, index: usize, book: &RuleBook) -> Potential {
        let (subject, place) = (&self.subjects[index], &self.places[index]);
        let nowhere = [(String::new(), 1.0, None)];
        let zones = match place.zones.as_slice() {
            [] => &nowhere[..],
            zones => zones,
        };
        let rules: Vec<(ZoneRules, Option<MultiPolygon<f64>>)> = if book.is_national() {
            book.zone("").into_iter().map(|rules| (rules, None)).collect()
        } else {
            let of = |(code, _, area): &(String, f64, Option<MultiPolygon<f64>>)| {
                Some((book.zone(code)?, area.clone()))
            };
            zones.iter().filter_map(of).collect()
        };
        let (mut site, mut gaps) = site(subject, place, &rules, self.terrain.as_ref());
        if rules.len() < zones.len() && !book.is_national() && !gaps.contains(&Gap::Zone) {
            gaps.push(Gap::Zone);
        }
        // Distances between buildings matter where there are others on the same ground.
        let main = rules.first().map(|(rules, _)| rules);
        let is_unkeyed = main.is_some_and(|rules| rules.between.is_unknown());
        if is_unkeyed && !book.is_national() && !self.between[index].is_empty() {
            gaps.push(Gap::Between);
        }
        let between = main.and_then(|rules| rules.between.set());
        if let Some(rule) = between {
            let slope = rule.away.slope.unwrap_or(STEEP);
            let (initial_m, least_m) = (rule.away.initial_m, rule.away.least_m);
            let limits = self.between[index].iter().map(|ends| {
                (RuleId::Between, Limit { ends: *ends, initial_m, arc_m: 0.0, slope, least_m })
            });
            site.limits.extend(limits);
        }
        let storey = self.parameters.storey;
        let rule = StoreyRule {
            height_m: storey.height_m,
            least_depth_m: storey.least_depth_m,
            least_area_m2: storey.least_area_m2,
            most: storey.most as usize,
        };
        let from_m = subject.from_m(storey.slab_m);
        let zone_rules = rules.iter().map(|(rules, area)| (rules, area.as_ref()));
        let below = (from_m, subject.storeys.0);
        site.ceilings.extend(storey_ceilings(zone_rules, below, rule.height_m));
        let is_narrow = rule.parts(subject.footprint.clone()).0.is_empty();
        let raised = site.raise(&subject.footprint, from_m, &rule);
        // A street of which the carriageway alone is known may be wider than that.
        let is_unsure = |(rule, _): &(RuleId, f64)| *rule == RuleId::StreetAtLeast;
        let refusal = &raised.stepped.refusal.rules;
        let is_none = raised.stepped.storeys.is_empty();
        let street_decides = is_none && !is_narrow && refusal.iter().any(is_unsure) && {
            let mut known = site.clone();
            known.limits.retain(|(rule, _)| *rule != RuleId::StreetAtLeast);
            let first = StoreyRule { most: 1, ..rule };
            !known.raise(&subject.footprint, from_m, &first).stepped.storeys.is_empty()
        };
        if street_decides {
            gaps.push(Gap::StreetWidth);
            gaps.sort_unstable();
            gaps.dedup();
        }
        let derogation = self.derogation(subject, place, book, site.clone(), &rule, &raised);
        let shares = main.iter().flat_map(|rules| &rules.bonuses).map(|(b, _)| b.height_share);
        let bonus = shares.reduce(f64::max).and_then(|share| {
            for (_, ceiling) in site.ceilings.iter_mut().filter(|c| c.0 == RuleId::Height) {
                ceiling.altitude_m += share * (ceiling.altitude_m - subject.ground_m);
            }
            let upright = site.raise(&subject.footprint, from_m, &rule).upright;
            (upright.storeys.len() > raised.upright.storeys.len()).then_some(upright)
        });
        let holds = !book.is_national() || place.zones.is_empty();
        let verdict = match is_none {
            false => book.verdict(place, &gaps),
            true if is_narrow => Verdict::Forbidden,
            // What a known rule refuses stays refused, whatever else is not known.
            true if holds && !street_decides && !raised.stepped.refusal.rules.is_empty() => {
                Verdict::Forbidden
            }
            true => Verdict::Unknown,
        };
        let zone = match book.is_national() {
            true => "RNU".to_owned(),
            false => zones[0].0.clone(),
        };
        Potential { subject: index, zone, verdict, gaps, raised, derogation, is_narrow, bonus }
    }

    /// L152-6: dwellings may rise to the ridge of the building that theirs touches.
    fn derogation(
        &self,
        subject: &Subject,
        place: &Place,
        book: &RuleBook,
        mut site: twin_envelope::Site<RuleId>,
        rule: &StoreyRule,
        raised: &Raised<RuleId>,
    ) -> Option<Added<RuleId>> {
        let ridge = place.adjoining_ridge_m?;
        let is_old = subject.year.is_none_or(|y| y + 2 < i32::from(book.date.year()));
        let is_dwelling = subject.usage == Some(BuildingUse::Residential);
        let was_for_others = book.date < RAISING_LAW && self.parameters.tense_zone == Some(false);
        let is_open = self.parameters.derogations && !was_for_others && !book.is_national();
        if !is_open || !is_old || !is_dwelling {
            return None;
        }
        // The derogation is from the plan: what an easement or a risk plan sets holds on.
        let of_plan = |(rule, _): &&mut (RuleId, Ceiling)| *rule != RuleId::Prescription;
        for (_, ceiling) in site.ceilings.iter_mut().filter(of_plan) {
            ceiling.altitude_m = ceiling.altitude_m.max(ridge);
        }
        let from_m = subject.from_m(self.parameters.storey.slab_m);
        let upright = site.raise(&subject.footprint, from_m, rule).upright;
        // Storeys above the ridge that a free ceiling would allow are none of the derogation's.
        let storeys: Vec<_> =
            upright.storeys.into_iter().filter(|s| s.top_m <= ridge + 1e-6).collect();
        let added = Added { storeys, refusal: upright.refusal };
        (added.storeys.len() > raised.upright.storeys.len()).then_some(added)
    }

    /// What may be added on every building, in the order of the buildings.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn all(&self, book: &RuleBook, context: &RunContext) -> Result<Vec<Potential>> {
        let of = |index: usize| {
            context.check_cancelled()?;
            Ok::<_, Error>(self.potential(index, book))
        };
        (0..self.subjects.len()).into_par_iter().map(of).collect()
    }

    /// Floor area of an area of storeys, m².
    pub fn floor_m2(&self, area_m2: f64) -> f64 {
        self.parameters.yields.floor_share * area_m2
    }

    /// Whole dwellings of a floor area.
    pub fn dwellings(&self, floor_m2: f64) -> u32 {
        (floor_m2 * self.parameters.yields.living_share / self.dwelling_m2.0).floor() as u32
    }
}

fn distance(a: &MultiPolygon<f64>, b: &MultiPolygon<f64>) -> f64 {
    let pairs = a.iter().flat_map(|p| b.iter().map(move |q| Euclidean.distance(p, q)));
    pairs.fold(f64::MAX, f64::min)
}

/// The walls of a building, at the altitude of its ground.
fn walls(subject: &Subject) -> impl Iterator<Item = [[f64; 3]; 2]> + '_ {
    subject
        .footprint
        .iter()
        .flat_map(|part| part.exterior().lines())
        .map(|line| [line.start, line.end].map(|c| [c.x, c.y, subject.ground_m]))
}

/// Mean area of a dwelling of the territory: floors of residential buildings over their dwellings.
fn dwelling_m2(subjects: &[Subject], parameters: &Parameters) -> (f64, bool) {
    if let Some(stated) = parameters.yields.dwelling_m2 {
        return (stated, true);
    }
    let (mut area, mut dwellings) = (0.0, 0);
    for subject in subjects.iter().filter(|s| s.usage == Some(BuildingUse::Residential)) {
        if let (Some(count), (storeys, true)) =
            (subject.dwellings.filter(|n| *n > 0), subject.storeys)
        {
            area += subject.area_m2() * f64::from(storeys);
            dwellings += count;
        }
    }
    if dwellings < 20 {
        return (DWELLING_M2, false);
    }
    let yields = parameters.yields;
    (area * yields.floor_share * yields.living_share / f64::from(dwellings), true)
}
