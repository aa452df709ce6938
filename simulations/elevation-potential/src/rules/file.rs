//! The rule file.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twin_core::simulation::parse_parameters;
use twin_core::{Error, FileProblem, Result};

/// Version of rule files.
const SCHEMA: u32 = 1;

/// Rules of a planning document, zone by zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Version of the file, 1.
    pub schema: u32,
    /// The document, in words: « PLU de …, approuvé le … ».
    pub document: String,
    /// Rules by the code of the zone on the map (`UB2`); `*` for zones without rules of their own.
    #[serde(default)]
    pub zones: BTreeMap<String, ZoneEntry>,
}

/// Rules of a zone. What is not stated is unknown, and is reported as such; what the document leaves
/// free is stated with `free = true`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneEntry {
    /// Name of the zone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Address or file of the written rules.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// Greatest heights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Stated<Height>>,
    /// Distance to the opposite side of the street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<Stated<StreetRule>>,
    /// Distance to side limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Stated<Side>>,
    /// Distance to rear limits; that of side limits where it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rear: Option<Stated<Side>>,
    /// Strip along the street beyond which other heights apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Stated<Band>>,
    /// Envelope along the street (*gabarit-enveloppe*): a wall, an arc, an oblique, a crown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Stated<Envelope>>,
    /// Distance between buildings of one parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<Stated<Side>>,
    /// Share of the parcel that buildings may cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footprint: Option<Stated<Footprint>>,
    /// Least distance of new buildings from the street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setback: Option<Stated<Prospect>>,
    /// Parking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parking: Option<Stated<Parking>>,
    /// Bonuses of height, each on a condition that the file states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bonuses: Vec<Stated<Bonus>>,
}

impl ZoneEntry {
    fn changed_by(self, change: &Self) -> Self {
        let text = |new: &String, old: String| if new.is_empty() { old } else { new.clone() };
        fn rule<T: Clone>(new: &Option<T>, old: Option<T>) -> Option<T> {
            new.clone().or(old)
        }
        Self {
            label: text(&change.label, self.label),
            rules: text(&change.rules, self.rules),
            height: rule(&change.height, self.height),
            street: rule(&change.street, self.street),
            side: rule(&change.side, self.side),
            rear: rule(&change.rear, self.rear),
            band: rule(&change.band, self.band),
            envelope: rule(&change.envelope, self.envelope),
            between: rule(&change.between, self.between),
            footprint: rule(&change.footprint, self.footprint),
            setback: rule(&change.setback, self.setback),
            parking: rule(&change.parking, self.parking),
            bonuses: if change.bonuses.is_empty() { self.bonuses } else { change.bonuses.clone() },
        }
    }
}

/// Where a rule stands and who keyed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Article of the document.
    pub article: String,
    /// Page.
    pub page: String,
    /// The words of the document.
    pub quotation: String,
    /// Who keyed it.
    pub keyed_by: String,
    /// When.
    #[schemars(with = "String")]
    pub keyed_on: Date,
    /// First day in force.
    #[schemars(with = "String")]
    pub valid_from: Date,
    /// Last day in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub valid_to: Option<Date>,
}

/// A rule with its source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stated<T> {
    /// What the document sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<T>,
    /// That the document sets nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// Where it stands.
    pub source: Source,
}

/// Greatest heights of a building; each that is stated holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Height {
    /// Top of everything (*faîtage*, *hauteur maximale*) above the ground, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_m: Option<f64>,
    /// Eaves or parapet (*égout*, *acrotère*) above the ground, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eaves_m: Option<f64>,
    /// Storeys, ground floor included: 4 for « R+3 ».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storeys: Option<u32>,
}

/// A height that grows with the distance from a line: height ≤ initial + slope × distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prospect {
    /// Metres of height per metre of distance: 1 for « L ≥ H », 2 for « L ≥ H/2 ». None where height
    /// does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
    /// Height on the line, m.
    #[serde(default)]
    pub initial_m: f64,
    /// Least distance, m.
    #[serde(default)]
    pub least_m: f64,
}

/// Distance to the opposite side of the street.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreetRule {
    /// Metres of height per metre of distance.
    pub slope: f64,
    /// Height on the line, m.
    #[serde(default)]
    pub initial_m: f64,
    /// The rule of wider streets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide: Option<WideStreet>,
}

/// The rule of streets wider than a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WideStreet {
    /// Width beyond which it applies, m.
    pub above_m: f64,
    /// Metres of height per metre of distance.
    pub slope: f64,
    /// Height on the line, m.
    #[serde(default)]
    pub initial_m: f64,
}

/// Distance to a limit with neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Whether one may build on the limit itself.
    #[serde(default)]
    pub on_limit: bool,
    /// Greatest height on the limit, m, where one may build on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_limit_most_m: Option<f64>,
    /// The distance otherwise.
    pub away: Prospect,
}

/// Heights beyond a strip along the street.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Depth of the strip from the street, m.
    pub depth_m: f64,
    /// Heights beyond it.
    pub beyond: Height,
}

/// What may stand along a street: upright on the alignment, then behind an arc and an oblique, up to a crown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Height of the wall on the alignment, m.
    pub vertical_m: f64,
    /// What the wall gains per metre of width of the street, m.
    #[serde(default)]
    pub per_width: f64,
    /// Radius of the quarter of a circle above the wall, m; 0 for none.
    #[serde(default)]
    pub arc_m: f64,
    /// Metres of height per metre of distance of the oblique; without it, the volume goes on upright to the crown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
    /// Greatest height (*couronnement*) above the ground, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crown_m: Option<f64>,
}

/// Share of a parcel that buildings may cover.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Footprint {
    /// 0 to 1.
    pub ratio: f64,
    /// The share of smaller parcels, and the area that separates them, m².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small: Option<SmallParcel>,
}

/// The share of small parcels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmallParcel {
    /// Area below which it applies, m².
    pub below_m2: f64,
    /// 0 to 1.
    pub ratio: f64,
}

/// Parking that dwellings need.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parking {
    /// Places per new dwelling.
    pub places_per_dwelling: f64,
}

/// A greater height on a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bonus {
    /// Share of the height that it adds, 0.3 for 30 %.
    pub height_share: f64,
    /// The condition, in words.
    pub condition: String,
}

impl ZoneEntry {
    /// Rules that nobody keyed, by their keys; those of rear limits are then those of side limits, a band and an
    /// envelope are taken not to exist.
    pub fn not_keyed(&self) -> Vec<&'static str> {
        let rules = [
            ("height", self.height.is_none()),
            ("street", self.street.is_none()),
            ("side", self.side.is_none()),
            ("rear", self.rear.is_none()),
            ("band", self.band.is_none()),
            ("envelope", self.envelope.is_none()),
            ("between", self.between.is_none()),
            ("footprint", self.footprint.is_none()),
            ("setback", self.setback.is_none()),
            ("parking", self.parking.is_none()),
        ];
        rules.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name).collect()
    }
}

impl RuleFile {
    /// Reads a rule file.
    ///
    /// # Errors
    /// When it cannot be read, a key is unknown, a rule lacks its source, or a number makes no sense.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
        let table: toml::Table = toml::from_str(&text)
            .map_err(|e| Error::file(path, FileProblem::undecodable(e.message())))?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let value = serde_json::to_value(&table)
            .map_err(|e| Error::file(path, FileProblem::undecodable(e.to_string())))?;
        let file: Self = parse_parameters(&name, &value)?;
        file.check(&name)?;
        Ok(file)
    }

    /// These rules with what another file states in their place: rule by rule, in the zones that it names. A
    /// zone that had the rules of `*` keeps them beside its own.
    #[must_use]
    pub fn changed_by(mut self, other: &Self) -> Self {
        for (code, change) in &other.zones {
            let standing = self.zones.get(code).or_else(|| self.zones.get("*")).cloned();
            let changed = standing.unwrap_or_default().changed_by(change);
            self.zones.insert(code.clone(), changed);
        }
        self
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.schema != SCHEMA {
            return Err(Error::input(
                name,
                format!("règles de version {} ; ce programme lit la version {SCHEMA}", self.schema),
                format!("rules of version {}; this program reads version {SCHEMA}", self.schema),
            ));
        }
        for (code, zone) in &self.zones {
            let place = format!("{name} zones.{code}");
            check_of(&place, "height", &zone.height, Height::check)?;
            check_of(&place, "street", &zone.street, StreetRule::check)?;
            check_of(&place, "side", &zone.side, Side::check)?;
            check_of(&place, "rear", &zone.rear, Side::check)?;
            check_of(&place, "between", &zone.between, Side::check)?;
            check_of(&place, "band", &zone.band, Band::check)?;
            check_of(&place, "envelope", &zone.envelope, Envelope::check)?;
            check_of(&place, "footprint", &zone.footprint, Footprint::check)?;
            check_of(&place, "setback", &zone.setback, Prospect::check)?;
            check_of(&place, "parking", &zone.parking, |p| {
                is_positive_or_zero(p.places_per_dwelling)
            })?;
            for bonus in &zone.bonuses {
                let bonus = Some(bonus.clone());
                check_of(&place, "bonuses", &bonus, Bonus::check)?;
            }
        }
        Ok(())
    }
}

/// No plan sets more: the highest tower of France stands at 231 m.
const HIGHEST_M: f64 = 300.0;

/// What is wrong with a rule; nothing where it makes sense.
type Fault = Option<(&'static str, &'static str)>;

const NEGATIVE: (&str, &str) =
    ("un nombre négatif, nul ou non fini", "a number that is negative, zero or not finite");

fn is_positive(value: f64) -> Fault {
    (!(value.is_finite() && value > 0.0)).then_some(NEGATIVE)
}

fn is_positive_or_zero(value: f64) -> Fault {
    (!(value.is_finite() && value >= 0.0)).then_some(NEGATIVE)
}

fn is_share(value: f64) -> Fault {
    let outside = ("une part hors de 0 à 1", "a share outside 0 to 1");
    (!(0.0..=1.0).contains(&value)).then_some(outside)
}

fn check_of<T>(
    place: &str,
    rule: &str,
    stated: &Option<Stated<T>>,
    fault: impl Fn(&T) -> Fault,
) -> Result<()> {
    let Some(stated) = stated else { return Ok(()) };
    let found = match (&stated.value, stated.free) {
        (Some(value), false) => fault(value),
        (None, true) => None,
        (Some(_), true) => {
            Some(("une valeur et « free » à la fois", "a value and \"free\" at the same time"))
        }
        (None, false) => {
            Some(("ni valeur ni « free = true »", "neither a value nor \"free = true\""))
        }
    };
    let source = &stated.source;
    let is_empty = [&source.article, &source.page, &source.quotation, &source.keyed_by]
        .iter()
        .any(|text| text.trim().is_empty());
    let unsourced = is_empty.then_some((
        "sans article, page, citation ou auteur de la saisie",
        "without article, page, quotation or who keyed it",
    ));
    let ended = source
        .valid_to
        .is_some_and(|end| end < source.valid_from)
        .then_some(("valid_to avant valid_from", "valid_to before valid_from"));
    match found.or(unsourced).or(ended) {
        None => Ok(()),
        Some((fr, en)) => Err(Error::input(format!("{place}.{rule}"), fr, en)),
    }
}

impl Bonus {
    fn check(&self) -> Fault {
        let unconditional = ("une majoration sans condition", "a bonus without its condition");
        is_share(self.height_share).or(is_positive(self.height_share)).or(self
            .condition
            .trim()
            .is_empty()
            .then_some(unconditional))
    }
}

impl Height {
    fn check(&self) -> Fault {
        if (self.top_m, self.eaves_m, self.storeys) == (None, None, None) {
            let nothing = (
                "aucune hauteur : donner top_m, eaves_m ou storeys",
                "no height: give top_m, eaves_m or storeys",
            );
            return Some(nothing);
        }
        if self.top_m.zip(self.eaves_m).is_some_and(|(top, eaves)| eaves > top) {
            return Some((
                "l'égout (eaves_m) dépasse le faîtage (top_m) ; vérifier les deux",
                "the eaves (eaves_m) are above the top (top_m); check both",
            ));
        }
        let metres = || [self.top_m, self.eaves_m].into_iter().flatten();
        let storeys = (self.storeys == Some(0)).then_some(NEGATIVE);
        let beyond = ("une hauteur de plus de 300 m", "a height above 300 m");
        let beyond = metres().any(|m| m > HIGHEST_M).then_some(beyond);
        metres().map(is_positive).find(Option::is_some).flatten().or(storeys).or(beyond)
    }
}

impl Prospect {
    fn check(&self) -> Fault {
        self.slope
            .and_then(is_positive)
            .or(is_positive_or_zero(self.initial_m))
            .or(is_positive_or_zero(self.least_m))
    }
}

impl StreetRule {
    fn check(&self) -> Fault {
        let wide = self.wide.and_then(|w| {
            is_positive(w.above_m).or(is_positive(w.slope)).or(is_positive_or_zero(w.initial_m))
        });
        is_positive(self.slope).or(is_positive_or_zero(self.initial_m)).or(wide)
    }
}

impl Side {
    fn check(&self) -> Fault {
        let unused = ("on_limit_most_m sans on_limit", "on_limit_most_m without on_limit");
        self.on_limit_most_m
            .and_then(is_positive)
            .or((self.on_limit_most_m.is_some() && !self.on_limit).then_some(unused))
            .or(self.away.check())
    }
}

impl Band {
    fn check(&self) -> Fault {
        is_positive(self.depth_m).or(self.beyond.check())
    }
}

impl Envelope {
    fn check(&self) -> Fault {
        let endless = (
            "ni oblique (slope) ni couronnement (crown_m) : rien ne borne la hauteur",
            "neither an oblique (slope) nor a crown (crown_m): nothing bounds the height",
        );
        let low = (
            "le couronnement (crown_m) est plus bas que le mur et l'arc (vertical_m + arc_m)",
            "the crown (crown_m) is lower than wall and arc (vertical_m + arc_m)",
        );
        let is_low = self.crown_m.is_some_and(|crown| crown < self.vertical_m + self.arc_m);
        is_positive_or_zero(self.vertical_m)
            .or(is_positive_or_zero(self.per_width))
            .or(is_positive_or_zero(self.arc_m))
            .or(self.slope.and_then(is_positive))
            .or(self.crown_m.and_then(is_positive))
            .or((self.slope.is_none() && self.crown_m.is_none()).then_some(endless))
            .or(is_low.then_some(low))
    }
}

impl Footprint {
    fn check(&self) -> Fault {
        let small = self.small.and_then(|s| is_positive(s.below_m2).or(is_share(s.ratio)));
        is_share(self.ratio).or(small)
    }
}
