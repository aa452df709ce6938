//! How verdicts, rules and gaps are called, and why a verdict is what it is.

use twin_core::language::Text;

use super::Found;
use crate::parameters::Verdict;
use crate::place::{Gap, RuleId};
use crate::potential::Potential;

impl Verdict {
    /// In words. They say what the rules keyed lead to: a permit is for the authority alone.
    pub fn words(self) -> Text {
        match self {
            Self::Allowed => Text::new("admis", "allowed"),
            Self::Possible => Text::new("possible", "possible"),
            Self::Unknown => Text::new("inconnu", "unknown"),
            Self::Forbidden => Text::new("exclu", "forbidden"),
        }
    }
}

impl RuleId {
    /// In words.
    pub fn words(self) -> Text {
        match self {
            Self::Height => Text::new("hauteur maximale", "greatest height"),
            Self::Storeys => Text::new("nombre d'étages", "number of storeys"),
            Self::Band => Text::new("bande constructible", "constructible band"),
            Self::Prescription => Text::new(
                "hauteur d'une prescription ou servitude",
                "height of a prescription or easement",
            ),
            Self::Envelope => Text::new("gabarit sur voie", "envelope along the street"),
            Self::Street => Text::new("distance à la voie", "distance to the street"),
            Self::StreetAtLeast => Text::new(
                "distance à la voie (largeur connue à la chaussée près)",
                "distance to the street (of which the carriageway is known)",
            ),
            Self::Side => Text::new("limite latérale", "side limit"),
            Self::Rear => Text::new("limite de fond", "rear limit"),
            Self::Between => Text::new("entre bâtiments", "between buildings"),
        }
    }
}

impl Gap {
    /// In words.
    pub fn words(self) -> Text {
        match self {
            Self::NoParcel => Text::new("parcelle inconnue", "parcel not known"),
            Self::StreetWidth => {
                Text::new("largeur de voie inconnue", "width of the street not known")
            }
            Self::Rule => {
                Text::new("règle non saisie ou pas en vigueur", "rule not keyed or not in force")
            }
            Self::Zone => Text::new("zone sans règle", "zone without rules"),
            Self::Between => Text::new(
                "distance entre bâtiments de l'unité foncière non saisie",
                "distance to other buildings of the ground not keyed",
            ),
            Self::SeveralZones => Text::new(
                "plusieurs zones aux distances différentes",
                "several zones with different distances",
            ),
        }
    }
}

impl Found<'_> {
    /// Why the verdict is what it is, in a few words.
    pub(super) fn motive(&self, potential: &Potential) -> Text {
        let place = &self.study.places[potential.subject];
        let flags = place.bound.flags.iter().filter(|f| f.verdict == potential.verdict);
        let flags = flags.map(|f| f.reason.clone());
        let motives: Vec<Text> = match potential.verdict {
            Verdict::Allowed => Vec::new(),
            Verdict::Possible => {
                let outside = Text::new(
                    "hors des parties urbanisées : extension de l'existant seule (L111-4, 1°)",
                    "outside the urbanised parts: extension of what stands alone (L111-4, 1°)",
                );
                flags.chain(self.book.forbids_new().then_some(outside)).collect()
            }
            Verdict::Unknown => {
                let gaps = potential.gaps.iter().map(|gap| gap.words());
                let mut motives: Vec<Text> = gaps.chain(flags).collect();
                if !potential.is_bounded() {
                    motives.push(Text::new(
                        "aucune règle connue ne borne les étages",
                        "no known rule bounds the storeys",
                    ));
                }
                if self.book.is_national() && !place.zones.is_empty() {
                    motives.push(Text::new(
                        "zone de PLU : le règlement national ne s'y applique pas (R111-1)",
                        "planning zone: the national rules do not hold there (R111-1)",
                    ));
                } else if self.book.is_national() && self.study.parameters.urbanised.is_none() {
                    motives.push(Text::new(
                        "parties urbanisées de la commune : à dire (L111-3)",
                        "urbanised parts of the commune: to be stated (L111-3)",
                    ));
                }
                motives
            }
            Verdict::Forbidden => {
                let stepped = &potential.raised.stepped;
                let refusal = match stepped.storeys.is_empty() {
                    true => stepped.refusal.rules.as_slice(),
                    false => &[],
                };
                let rules = refusal.iter().map(|(rule, _)| rule.words());
                let narrow = Text::new(
                    "trop étroit ou trop petit pour un étage",
                    "too narrow or too small for a storey",
                );
                let narrow = potential.is_narrow.then_some(narrow);
                narrow.into_iter().chain(rules).chain(flags).collect()
            }
        };
        let join =
            |of: fn(&Text) -> &str, by: &str| motives.iter().map(of).collect::<Vec<_>>().join(by);
        Text::new(join(|m| &m.fr, " ; "), join(|m| &m.en, "; "))
    }
}
