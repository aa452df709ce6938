//! Rules in words.

use twin_core::Language;
use twin_core::language::Text;

use super::file::{Band, Envelope, Footprint, Height, Parking, Prospect, Side, Source, StreetRule};
use super::{Rule, ZoneRules};

/// What a rule sets, in a few words.
trait InWords {
    fn words(&self, language: Language) -> String;
}

fn metres(language: Language, value: f64) -> String {
    let decimals = u8::from(value.fract() != 0.0) + u8::from((10.0 * value).fract() != 0.0);
    format!("{}\u{a0}m", language.number(value, decimals.into()))
}

/// Parts that are stated, joined.
fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// « 3 m + 1 × distance ».
fn growing(l: Language, initial_m: f64, slope: f64) -> String {
    let times = l.number(slope, u8::from(slope.fract() != 0.0).into());
    let grows = format!("{times} × distance");
    if initial_m > 0.0 { format!("{} + {grows}", metres(l, initial_m)) } else { grows }
}

impl InWords for Height {
    fn words(&self, l: Language) -> String {
        joined([
            self.top_m.map(|m| format!("{} {}", metres(l, m), l.pick("en tout", "in all"))),
            self.eaves_m
                .map(|m| format!("{} {}", metres(l, m), l.pick("à l'égout", "at the eaves"))),
            self.storeys.map(|n| format!("{n} {}", l.pick("niveaux", "storeys"))),
        ])
    }
}

impl InWords for Prospect {
    fn words(&self, l: Language) -> String {
        let height = self.slope.map(|slope| {
            format!("{} ≤ {}", l.pick("hauteur", "height"), growing(l, self.initial_m, slope))
        });
        let least = (self.least_m > 0.0)
            .then(|| format!("{} {}", metres(l, self.least_m), l.pick("au moins", "at least")));
        joined([height, least])
    }
}

impl InWords for StreetRule {
    fn words(&self, l: Language) -> String {
        let height = l.pick("hauteur", "height");
        let wide = self.wide.map(|w| {
            let wide = l.pick("sur une voie de plus de", "on a street wider than");
            format!("{wide} {} ≤ {}", metres(l, w.above_m), growing(l, w.initial_m, w.slope))
        });
        joined([Some(format!("{height} ≤ {}", growing(l, self.initial_m, self.slope))), wide])
    }
}

impl InWords for Side {
    fn words(&self, l: Language) -> String {
        let on_limit = self.on_limit.then(|| match self.on_limit_most_m {
            Some(most) => format!(
                "{} {}",
                metres(l, most),
                l.pick("au plus sur la limite", "at most on the limit")
            ),
            None => l.pick("sur la limite permis", "on the limit allowed").to_owned(),
        });
        joined([on_limit, Some(self.away.words(l))])
    }
}

impl InWords for Band {
    fn words(&self, l: Language) -> String {
        let beyond = l.pick("au-delà de", "beyond");
        format!("{beyond} {} : {}", metres(l, self.depth_m), self.beyond.words(l))
    }
}

impl InWords for Envelope {
    fn words(&self, l: Language) -> String {
        let wall = l.pick("mur", "wall");
        joined([
            Some(format!("{wall} {}", metres(l, self.vertical_m))),
            (self.per_width > 0.0).then(|| {
                let per = l.pick("par mètre de voie", "per metre of street");
                format!("+ {} {per}", metres(l, self.per_width))
            }),
            (self.arc_m > 0.0).then(|| format!("arc {}", metres(l, self.arc_m))),
            self.slope.map(|s| format!("oblique {}", growing(l, 0.0, s))),
            self.crown_m.map(|m| format!("{} {}", l.pick("couronnement", "crown"), metres(l, m))),
        ])
    }
}

impl InWords for Footprint {
    fn words(&self, l: Language) -> String {
        let share = |ratio: f64| format!("{}\u{a0}%", l.number(100.0 * ratio, 0));
        let small = self.small.map(|s| {
            let below = l.pick("sous", "below");
            format!("{} {below} {}\u{a0}m²", share(s.ratio), l.number(s.below_m2, 0))
        });
        joined([Some(share(self.ratio)), small])
    }
}

impl InWords for Parking {
    fn words(&self, l: Language) -> String {
        let places = l.number(self.places_per_dwelling, 1);
        format!("{places} {}", l.pick("places par logement", "places per dwelling"))
    }
}

/// A rule of a zone in words.
pub(crate) struct Told {
    /// Its name.
    pub(crate) name: Text,
    /// What it sets, or why it sets nothing.
    pub(crate) what: Text,
    /// Where it stands.
    pub(crate) source: Option<Source>,
}

fn told<T: InWords>((fr, en): (&str, &str), rule: &Rule<T>) -> Told {
    let (what, source) = match rule {
        Rule::Set(value, source) => {
            let what = Text::new(value.words(Language::Fr), value.words(Language::En));
            (what, Some(source.clone()))
        }
        Rule::Free => (Text::new("le document ne fixe rien", "the document sets nothing"), None),
        Rule::TakenAsFree => {
            (Text::new("non saisie, supposée absente", "not keyed, taken not to exist"), None)
        }
        Rule::NotKeyed => (Text::new("non saisie", "not keyed"), None),
        Rule::NotInForce(source) => {
            let (from, to) = (source.valid_from, source.valid_to);
            let [until, to_en] =
                [" au ", " to "].map(|word| to.map_or(String::new(), |end| format!("{word}{end}")));
            let what = Text::new(
                format!("saisie du {from}{until}, pas en vigueur à la date de l'étude"),
                format!("keyed from {from}{to_en}, not in force at the date of the study"),
            );
            (what, Some(source.clone()))
        }
    };
    Told { name: Text::new(fr, en), what, source }
}

impl ZoneRules {
    /// All rules in words.
    pub(crate) fn told(&self) -> Vec<Told> {
        let mut all = vec![
            told(("hauteur", "height"), &self.height),
            told(("distance à la voie", "distance to the street"), &self.street),
            told(("limites latérales", "side limits"), &self.side),
            told(("limites de fond", "rear limits"), &self.rear),
            told(("bande constructible", "constructible band"), &self.band),
            told(("gabarit sur voie", "envelope along the street"), &self.envelope),
            told(("entre bâtiments", "between buildings"), &self.between),
            told(("emprise au sol", "footprint"), &self.footprint),
            told(("recul sur voie", "setback"), &self.setback),
            told(("stationnement", "parking"), &self.parking),
        ];
        all.extend(self.bonuses.iter().map(|(bonus, source)| {
            let share = 100.0 * bonus.height_share;
            let condition = &bonus.condition;
            Told {
                name: Text::new("majoration", "bonus"),
                what: Text::new(
                    format!("{share:.0}\u{a0}% de hauteur si {condition}"),
                    format!("{share:.0}% of height if {condition}"),
                ),
                source: Some(source.clone()),
            }
        }));
        all
    }
}
