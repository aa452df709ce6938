//! The rules in force in a zone at a date.

use jiff::civil::Date;
use twin_core::language::Text;

use super::file::{
    Band, Bonus, Envelope, Footprint, Height, Parking, Prospect, Side, Source, Stated, StreetRule,
};
use super::{RuleFile, ZoneEntry};

/// A rule as it is known at a date.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule<T> {
    /// What the document sets.
    Set(T, Source),
    /// The document sets nothing.
    Free,
    /// Nobody keyed it, and it is taken not to exist: few documents have bands or envelopes.
    TakenAsFree,
    /// Nobody keyed it.
    NotKeyed,
    /// Keyed for other dates only; what held at this one is unknown.
    NotInForce(Source),
}

impl<T> Rule<T> {
    /// What is set.
    pub fn set(&self) -> Option<&T> {
        match self {
            Self::Set(value, _) => Some(value),
            Self::Free | Self::TakenAsFree | Self::NotKeyed | Self::NotInForce(_) => None,
        }
    }

    /// Whether it is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::NotKeyed | Self::NotInForce(_))
    }
}

impl<T: Clone> Rule<T> {
    fn at(stated: Option<&Stated<T>>, date: Date) -> Self {
        let Some(Stated { value, source, .. }) = stated else {
            return Self::NotKeyed;
        };
        if date < source.valid_from || source.valid_to.is_some_and(|end| end < date) {
            return Self::NotInForce(source.clone());
        }
        match value {
            Some(value) => Self::Set(value.clone(), source.clone()),
            None => Self::Free,
        }
    }
}

/// The rules of a zone at a date.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneRules {
    /// Code of the zone; « RNU » for the national rules.
    pub code: String,
    /// Greatest heights.
    pub height: Rule<Height>,
    /// Distance to the opposite side of the street.
    pub street: Rule<StreetRule>,
    /// Distance to side limits.
    pub side: Rule<Side>,
    /// Distance to rear limits.
    pub rear: Rule<Side>,
    /// Strip along the street.
    pub band: Rule<Band>,
    /// Envelope along the street.
    pub envelope: Rule<Envelope>,
    /// Distance between buildings.
    pub between: Rule<Side>,
    /// Share of the parcel covered.
    pub footprint: Rule<Footprint>,
    /// Distance of new buildings from the street.
    pub setback: Rule<Prospect>,
    /// Parking.
    pub parking: Rule<Parking>,
    /// Bonuses.
    pub bonuses: Vec<(Bonus, Source)>,
}

impl ZoneRules {
    /// The rules of a zone in a file at a date; those of `*` where the file has no such zone.
    pub fn of(file: &RuleFile, code: &str, date: Date) -> Option<Self> {
        let entry = file.zones.get(code).or_else(|| file.zones.get("*"))?;
        Some(Self::of_entry(entry, code, date))
    }

    pub(crate) fn of_entry(entry: &ZoneEntry, code: &str, date: Date) -> Self {
        let side = Rule::at(entry.side.as_ref(), date);
        let rear = match &entry.rear {
            Some(rear) => Rule::at(Some(rear), date),
            None => side.clone(),
        };
        fn or_none<T: Clone>(stated: &Option<Stated<T>>, date: Date) -> Rule<T> {
            stated.as_ref().map_or(Rule::TakenAsFree, |stated| Rule::at(Some(stated), date))
        }
        let bonuses =
            entry.bonuses.iter().filter_map(|stated| match Rule::at(Some(stated), date) {
                Rule::Set(bonus, source) => Some((bonus, source)),
                Rule::Free | Rule::TakenAsFree | Rule::NotKeyed | Rule::NotInForce(_) => None,
            });
        Self {
            code: code.to_owned(),
            height: Rule::at(entry.height.as_ref(), date),
            street: Rule::at(entry.street.as_ref(), date),
            band: or_none(&entry.band, date),
            envelope: or_none(&entry.envelope, date),
            between: Rule::at(entry.between.as_ref(), date),
            footprint: Rule::at(entry.footprint.as_ref(), date),
            setback: Rule::at(entry.setback.as_ref(), date),
            parking: Rule::at(entry.parking.as_ref(), date),
            bonuses: bonuses.collect(),
            side,
            rear,
        }
    }

    /// Whether all distances are those of another zone.
    pub(crate) fn has_distances_of(&self, other: &Self) -> bool {
        self.street.set() == other.street.set()
            && self.side.set() == other.side.set()
            && self.rear.set() == other.rear.set()
            && self.envelope.set() == other.envelope.set()
            && self.between.set() == other.between.set()
    }

    /// The rules without which no storey is sure, with their names, that are unknown.
    pub fn unknown(&self) -> Vec<Text> {
        let rules = [
            (self.height.is_unknown(), "hauteur", "height"),
            (self.street.is_unknown(), "distance à la voie", "distance to the street"),
            (self.side.is_unknown(), "limites latérales", "side limits"),
            (self.rear.is_unknown(), "limites de fond", "rear limits"),
            (self.band.is_unknown(), "bande constructible", "band"),
            (self.envelope.is_unknown(), "gabarit sur voie", "envelope along the street"),
        ];
        rules.into_iter().filter(|r| r.0).map(|(_, fr, en)| Text::new(fr, en)).collect()
    }
}
