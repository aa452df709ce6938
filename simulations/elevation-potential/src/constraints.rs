//! What binds a building beside the rules of its zone: easements, prescriptions, risk plans.
//!
//! Each is a flag with a verdict. What a text says is for a person to read: until somebody states it
//! (`decisions`), the verdict is that of the table below, which is never « forbidden ». A prescription that is not in
//! the table is not known; an easement that is not in it bears on other things than height.

use geo::{Area, BooleanOps, Distance, Euclidean, Intersects, MultiPolygon, Point};
use twin_core::language::Text;
use twin_core::spatial::{Extent, Geometry};
use twin_core::territory::{Zone, ZoneKind};

use crate::nearby::Nearby;
use crate::parameters::{Parameters, Verdict};

/// Lines and points nearer than this to a building are meant to lie on it, m.
const BESIDE_M: f64 = 1.0;
/// Less of a footprint than this lies under a constraint by the drawing alone, m².
const SLIVER_M2: f64 = 1.0;

/// A flag on a building.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Class on the map.
    pub class: String,
    /// Name of the object, where it has one.
    pub label: String,
    /// What follows from it.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: Text,
}

impl Flag {
    /// Class and name.
    pub fn name(&self) -> String {
        name(&self.class, &self.label)
    }
}

/// What binds the buildings of a territory, found by place.
pub(crate) struct Constraints {
    binding: Nearby<Constraint>,
    /// Hazard zones in which the ground may give way.
    unstable: Nearby<MultiPolygon<f64>>,
}

/// A constraint and where it holds: areas, lines such as a protected façade, points such as a tree.
struct Constraint {
    geometry: Geometry,
    shape: MultiPolygon<f64>,
    flag: Flag,
    /// Greatest height above the ground that it sets, m.
    top_m: Option<f64>,
}

/// What binds a building.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bound {
    /// The constraints, the gravest first.
    pub flags: Vec<Flag>,
    /// Greatest heights above the ground, m, each with the part of the footprint under it.
    pub tops: Vec<(f64, MultiPolygon<f64>)>,
    /// Whether a hazard zone says that the ground may give way.
    pub on_unstable_ground: bool,
}

impl Constraints {
    pub(crate) fn new(zones: &[Zone], parameters: &Parameters) -> Self {
        let binding = zones
            .iter()
            .filter_map(|zone| Some((zone.geometry.extent()?, constraint(zone, parameters)?)));
        let unstable = zones
            .iter()
            .filter(|zone| zone.hazards.iter().any(|h| h.is_ground_movement()))
            .filter_map(|zone| Some((zone.geometry.extent()?, zone.geometry.to_multi_polygon())));
        Self { binding: Nearby::new(binding), unstable: Nearby::new(unstable) }
    }

    /// What binds a footprint.
    pub(crate) fn of(&self, footprint: &MultiPolygon<f64>, extent: &Extent) -> Bound {
        let around = extent.buffered(BESIDE_M);
        let hit = self.binding.reaching(&around).filter(|c| c.binds(footprint));
        let mut bound = Bound {
            on_unstable_ground: self.unstable.reaching(extent).any(|z| z.intersects(footprint)),
            ..Bound::default()
        };
        for Constraint { geometry, shape, flag, top_m } in hit {
            bound.flags.push(flag.clone());
            let under = || match geometry {
                Geometry::Polygons(_) => shape.intersection(footprint),
                // What lies along or at a building binds all of it.
                _ => footprint.clone(),
            };
            bound.tops.extend(top_m.map(|top_m| (top_m, under())));
        }
        bound.flags.sort_by(|a, b| {
            b.verdict.cmp(&a.verdict).then(a.class.cmp(&b.class)).then(a.label.cmp(&b.label))
        });
        bound.flags.dedup();
        bound.tops.sort_by(|a, b| a.0.total_cmp(&b.0));
        bound
    }
}

impl Constraint {
    /// Whether it binds a building: it lies under more of it than the drawing is off, or along or at it.
    fn binds(&self, footprint: &MultiPolygon<f64>) -> bool {
        let beside = |distance: f64| distance < BESIDE_M;
        match &self.geometry {
            Geometry::Polygons(_) => {
                self.shape.intersects(footprint)
                    && self.shape.intersection(footprint).unsigned_area() > SLIVER_M2
            }
            Geometry::Lines(_) => {
                let lines = self.geometry.to_multi_line_string();
                footprint
                    .iter()
                    .any(|part| lines.iter().any(|line| beside(Euclidean.distance(line, part))))
            }
            Geometry::Points(_) => self.geometry.positions().any(|p| {
                let point = Point::new(p[0], p[1]);
                footprint.iter().any(|part| beside(Euclidean.distance(&point, part)))
            }),
        }
    }
}

/// Class and name of a constraint, by which a decision may call it.
pub(crate) fn name(class: &str, label: &str) -> String {
    format!("{class} {label}").trim().to_owned()
}

/// The constraint of a zone; none where it does not bind raising.
fn constraint(zone: &Zone, parameters: &Parameters) -> Option<Constraint> {
    let class = zone.class.clone()?;
    let usual = match zone.kind.as_ref()? {
        ZoneKind::Easement => easement(&class),
        ZoneKind::UrbanPrescription => prescription(&class),
        ZoneKind::RiskRegulation => Some((
            Verdict::Unknown,
            Text::new(
                format!(
                    "zone réglementaire de PPR (type {class}) : lire son règlement sur la surélévation"
                ),
                format!("regulatory zone of a risk plan (type {class}): read its rules on raising"),
            ),
        )),
        _ => return None,
    };
    // What somebody read in the text goes before what such texts usually say.
    let label = zone.label.clone().or(zone.code.clone()).unwrap_or_default();
    let decisions = &parameters.decisions;
    let decision = decisions.get(&name(&class, &label)).or_else(|| decisions.get(&class));
    let (verdict, reason) = match decision {
        Some(decision) => (decision.verdict, Text::new(&decision.source, &decision.source)),
        None => usual?,
    };
    Some(Constraint {
        geometry: zone.geometry.clone(),
        shape: zone.geometry.to_multi_polygon(),
        flag: Flag { class, label, verdict, reason },
        top_m: decision.and_then(|d| d.top_m),
    })
}

/// Categories of easements (code de l'urbanisme, annexe R151-51) that bear on height.
fn easement(class: &str) -> Option<(Verdict, Text)> {
    use Verdict::{Possible, Unknown};
    let (verdict, fr, en) = match class {
        "AC1" => (
            Possible,
            "abords d'un monument historique : accord de l'architecte des bâtiments de France (R425-1)",
            "surroundings of a listed monument: consent of the architect of French buildings (R425-1)",
        ),
        "AC2" => (
            Possible,
            "site inscrit ou classé : avis ou autorisation (R425-17)",
            "listed or registered site: opinion or permission (R425-17)",
        ),
        "AC4" => (
            Possible,
            "site patrimonial remarquable : règlement du site et accord (R425-2)",
            "remarkable heritage site: its rules and consent (R425-2)",
        ),
        "PM1" => (
            Unknown,
            "plan de prévention des risques : lire son règlement sur la surélévation",
            "risk-prevention plan: read its rules on raising",
        ),
        "PM3" => (
            Unknown,
            "plan de prévention des risques technologiques : lire son règlement",
            "industrial risk-prevention plan: read its rules",
        ),
        "T4" | "T5" | "T7" => (
            Unknown,
            "servitude aéronautique : comparer l'altitude du bâtiment surélevé à celle de la servitude",
            "aeronautical easement: compare the altitude of the raised building with that of the easement",
        ),
        "I4" => (
            Unknown,
            "ligne électrique : distances au conducteur",
            "power line: distances to the conductor",
        ),
        "PT1" | "PT2" => (
            Unknown,
            "servitude radioélectrique : lire la hauteur qu'elle fixe",
            "radio easement: read the height that it sets",
        ),
        _ => return None,
    };
    Some((verdict, Text::new(fr, en)))
}

/// Types of prescriptions of the CNIG standard that bear on height.
fn prescription(class: &str) -> Option<(Verdict, Text)> {
    use Verdict::{Possible, Unknown};
    let (verdict, fr, en) = match class {
        "01" => (Unknown, "espace boisé classé (L113-1)", "protected wood (L113-1)"),
        "02" => (
            Unknown,
            "secteur où l'on ne construit pas, ou sous conditions, pour risques ou nuisances (R151-31, R151-34) : lire la prescription",
            "sector where building is banned or conditioned by risks or nuisances (R151-31, R151-34): read the prescription",
        ),
        // Change of use of farm buildings, shops in streets, ways to be kept: nothing on height.
        "16" | "22" | "24" => return None,
        "05" => (Possible, "emplacement réservé (L151-41)", "reserved site (L151-41)"),
        "07" => (
            Possible,
            "élément protégé (L151-19) : travaux soumis à déclaration",
            "protected element (L151-19): works need a declaration",
        ),
        "18" => (
            Unknown,
            "orientation d'aménagement et de programmation : la lire",
            "planning guideline for this place: read it",
        ),
        "11" | "15" | "38" | "39" | "40" => (
            Unknown,
            "prescription graphique d'implantation, d'emprise, de hauteur ou de volume : la saisir dans « decisions »",
            "prescription on siting, footprint, height or volume: state it in \"decisions\"",
        ),
        _ => {
            let reason = Text::new(
                format!(
                    "prescription de type {class} : la lire, puis la saisir dans « decisions »"
                ),
                format!("prescription of type {class}: read it, then state it in \"decisions\""),
            );
            return Some((Unknown, reason));
        }
    };
    Some((verdict, Text::new(fr, en)))
}
