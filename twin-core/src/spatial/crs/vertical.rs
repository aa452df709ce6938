//! Height datums: the legal ones of French territories (décret n° 2019-165 and arrêté of 5 March
//! 2019), and NAP of the Netherlands.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Crs, Transformer, name, wkt};
use crate::Language;

/// Height datum. Serialised by its label, such as `NGF-IGN69`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum VerticalDatum {
    /// NGF-IGN69, mainland France (EPSG:5720).
    NgfIgn69,
    /// NGF-IGN78, Corsica (EPSG:5721).
    NgfIgn78,
    /// IGN 1988, Guadeloupe: Basse-Terre and Grande-Terre (EPSG:5757).
    Ign1988Guadeloupe,
    /// IGN 1988 LS, Les Saintes (EPSG:5616).
    Ign1988LesSaintes,
    /// IGN 1988 MG, Marie-Galante (EPSG:5617).
    Ign1988MarieGalante,
    /// IGN 2008 LD, La Désirade (EPSG:9130).
    Ign2008LaDesirade,
    /// IGN 1988 SB, Saint-Barthélemy (EPSG:5619).
    Ign1988SaintBarthelemy,
    /// IGN 1988 SM, Saint-Martin (EPSG:5620).
    Ign1988SaintMartin,
    /// IGN 1987, Martinique (EPSG:5756).
    Ign1987Martinique,
    /// NGG 1977, Guyane (EPSG:5755).
    Ngg1977,
    /// IGN 1989, Réunion (EPSG:5758).
    Ign1989Reunion,
    /// SHOM 1953, Mayotte (EPSG:5793, there *Mayotte 1950*).
    Shom1953Mayotte,
    /// Danger 1950, Saint-Pierre-et-Miquelon (EPSG:5792).
    Danger1950,
    /// Normaal Amsterdams Peil (EPSG:5709).
    Nap,
    /// Not stated by the source.
    Unknown,
}

struct Entry {
    datum: VerticalDatum,
    epsg: u32,
    label: &'static str,
    /// Name of the height system at EPSG, without the word *height*.
    registered: &'static str,
    vertical_datum: &'static str,
    vertical_datum_epsg: u32,
    /// West, south, east, north of the territory, degrees.
    area: [f64; 4],
}

const fn entry(
    datum: VerticalDatum,
    epsg: u32,
    label: &'static str,
    registered: &'static str,
    vertical_datum: &'static str,
    vertical_datum_epsg: u32,
    area: [f64; 4],
) -> Entry {
    Entry { datum, epsg, label, registered, vertical_datum, vertical_datum_epsg, area }
}

/// Small islands stand before the larger ones whose rectangle may hold them.
#[rustfmt::skip]
static DATUMS: [Entry; 14] = {
    use VerticalDatum as V;
    [
        entry(V::NgfIgn78, 5721, "NGF-IGN78", "NGF-IGN78", "Nivellement General de la France - IGN78", 5120, [8.4, 41.3, 9.7, 43.1]),
        entry(V::NgfIgn69, 5720, "NGF-IGN69", "NGF-IGN69", "Nivellement General de la France - IGN69", 5119, [-5.3, 42.2, 8.4, 51.3]),
        entry(V::Ign1988LesSaintes, 5616, "IGN 1988 LS", "IGN 1988 LS", "IGN 1988 LS", 5210, [-61.70, 15.80, -61.51, 15.92]),
        entry(V::Ign1988MarieGalante, 5617, "IGN 1988 MG", "IGN 1988 MG", "IGN 1988 MG", 5211, [-61.39, 15.80, -61.13, 16.05]),
        entry(V::Ign2008LaDesirade, 9130, "IGN 2008 LD", "IGN 2008 LD", "IGN 2008 LD", 1250, [-61.13, 16.26, -60.97, 16.38]),
        entry(V::Ign1988Guadeloupe, 5757, "IGN 1988", "Guadeloupe 1988", "Guadeloupe 1988", 5155, [-61.85, 15.88, -61.13, 16.55]),
        entry(V::Ign1987Martinique, 5756, "IGN 1987", "Martinique 1987", "Martinique 1987", 5154, [-61.29, 14.35, -60.76, 14.93]),
        entry(V::Ign1988SaintBarthelemy, 5619, "IGN 1988 SB", "IGN 1988 SB", "IGN 1988 SB", 5213, [-62.98, 17.82, -62.73, 17.99]),
        entry(V::Ign1988SaintMartin, 5620, "IGN 1988 SM", "IGN 1988 SM", "IGN 1988 SM", 5214, [-63.21, 18.00, -62.96, 18.17]),
        entry(V::Ngg1977, 5755, "NGG 1977", "NGG1977", "Nivellement General Guyanais 1977", 5153, [-54.61, 2.11, -51.60, 5.90]),
        entry(V::Ign1989Reunion, 5758, "IGN 1989", "Reunion 1989", "Reunion 1989", 5156, [55.16, -21.42, 55.91, -20.81]),
        entry(V::Shom1953Mayotte, 5793, "SHOM 1953", "Mayotte 1950", "Mayotte 1950", 5191, [44.98, -13.05, 45.35, -12.61]),
        entry(V::Danger1950, 5792, "Danger 1950", "Danger 1950", "Danger 1950", 5190, [-56.48, 46.69, -56.07, 47.19]),
        entry(V::Nap, 5709, "NAP", "NAP", "Normaal Amsterdams Peil", 5109, [3.2, 50.75, 7.22, 53.7]),
    ]
};

impl VerticalDatum {
    /// From the EPSG code of the height system.
    pub fn from_epsg(epsg: u32) -> Option<Self> {
        DATUMS.iter().find(|e| e.epsg == epsg).map(|e| e.datum)
    }

    /// From a label (`NGF-IGN69`, `IGN69`, `NGG 1977` …), a code (`EPSG:5720`, `5720`) or the name
    /// at EPSG; case, blanks and hyphens are forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let code = name::epsg_code(text).or_else(|| text.trim().parse().ok());
        if let Some(code) = code {
            return Self::from_epsg(code);
        }
        let plain = |t: &str| -> String {
            let letters = t.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|c| c.to_ascii_lowercase()).collect()
        };
        let wanted = plain(text);
        let wanted = wanted.strip_suffix("height").unwrap_or(&wanted);
        match wanted {
            "ign69" | "ngf69" => return Some(Self::NgfIgn69),
            "ign78" | "ngf78" => return Some(Self::NgfIgn78),
            "shom53" => return Some(Self::Shom1953Mayotte),
            "unknown" | "inconnu" => return Some(Self::Unknown),
            _ => {}
        }
        DATUMS
            .iter()
            .find(|e| [e.label, e.registered, e.vertical_datum].iter().any(|n| plain(n) == wanted))
            .map(|e| e.datum)
    }

    /// From the vertical part of compound well-known text, or vertical well-known text.
    pub fn from_wkt(text: &str) -> Option<Self> {
        wkt::vertical(text)
    }

    /// EPSG code of the height system; `None` for [`VerticalDatum::Unknown`].
    pub fn epsg(self) -> Option<u32> {
        self.entry().map(|e| e.epsg)
    }

    /// Label as users write it.
    pub fn label(self) -> &'static str {
        self.entry().map_or("unknown", |e| e.label)
    }

    /// Name for people: the label, or that it is not known.
    pub fn name(self, language: Language) -> &'static str {
        self.entry().map_or(language.pick("référentiel inconnu", "unknown datum"), |e| e.label)
    }

    /// The legal datum at a position: tells Corsica from the mainland and the islands of the
    /// Antilles apart. `None` outside French territories (by rectangles, so borders are rough) and
    /// where the position cannot be transformed.
    pub fn legal_at(crs: Crs, x: f64, y: f64) -> Option<Self> {
        let (longitude, latitude) = Transformer::new(crs, Crs::WGS_84).ok()?.point(x, y);
        DATUMS
            .iter()
            .filter(|e| e.datum != Self::Nap)
            .find(|e| {
                let [west, south, east, north] = e.area;
                (west..=east).contains(&longitude) && (south..=north).contains(&latitude)
            })
            .map(|e| e.datum)
    }

    /// Name of the height system, name and code of its datum, code of the system: for well-known
    /// text.
    pub(super) fn registration(self) -> Option<(String, &'static str, u32, u32)> {
        self.entry().map(|e| {
            (format!("{} height", e.registered), e.vertical_datum, e.vertical_datum_epsg, e.epsg)
        })
    }

    fn entry(self) -> Option<&'static Entry> {
        DATUMS.iter().find(|e| e.datum == self)
    }
}

impl std::fmt::Display for VerticalDatum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}

impl From<VerticalDatum> for String {
    fn from(datum: VerticalDatum) -> Self {
        datum.label().to_owned()
    }
}

impl TryFrom<String> for VerticalDatum {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| {
            let known: Vec<&str> = DATUMS.iter().map(|e| e.label).collect();
            format!("unknown height datum \"{text}\"; known: {}", known.join(", "))
        })
    }
}

impl schemars::JsonSchema for VerticalDatum {
    fn schema_name() -> Cow<'static, str> {
        "VerticalDatum".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let labels: Vec<&str> = DATUMS.iter().map(|e| e.label).chain(["unknown"]).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "height datum",
            "enum": labels
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_codes_and_variants_are_understood() {
        for entry in &DATUMS {
            assert_eq!(VerticalDatum::parse(entry.label), Some(entry.datum));
            assert_eq!(VerticalDatum::parse(&format!("EPSG:{}", entry.epsg)), Some(entry.datum));
            let written = serde_json::to_string(&entry.datum).unwrap();
            assert_eq!(serde_json::from_str::<VerticalDatum>(&written).unwrap(), entry.datum);
        }
        assert_eq!(VerticalDatum::parse("ngf ign69"), Some(VerticalDatum::NgfIgn69));
        assert_eq!(VerticalDatum::parse("NGF-IGN78 height"), Some(VerticalDatum::NgfIgn78));
        assert_eq!(VerticalDatum::parse("ZH"), None);
    }

    #[test]
    fn the_legal_datum_follows_the_place() {
        use VerticalDatum as V;
        for (epsg, x, y, expected) in [
            (2154, 652_000.0, 6_862_000.0, Some(V::NgfIgn69)), // Paris
            (2154, 1_216_500.0, 6_051_720.0, Some(V::NgfIgn78)), // Corsica
            (2154, 1_044_000.0, 6_299_000.0, Some(V::NgfIgn69)), // Nice
            (4326, -61.55, 16.25, Some(V::Ign1988Guadeloupe)),
            (4326, -61.60, 15.87, Some(V::Ign1988LesSaintes)),
            (4326, -61.27, 15.93, Some(V::Ign1988MarieGalante)),
            (4326, -61.05, 16.32, Some(V::Ign2008LaDesirade)),
            (4326, -61.02, 14.65, Some(V::Ign1987Martinique)),
            (5490, 515_050.0, 1_981_050.0, Some(V::Ign1988SaintBarthelemy)),
            (4326, -63.08, 18.07, Some(V::Ign1988SaintMartin)),
            (4326, -52.33, 4.93, Some(V::Ngg1977)),
            (2975, 377_000.0, 7_656_000.0, Some(V::Ign1989Reunion)),
            (4471, 520_000.0, 8_585_000.0, Some(V::Shom1953Mayotte)),
            (4326, -56.2, 46.8, Some(V::Danger1950)),
            (4326, 13.4, 52.5, None), // Berlin
            (2154, f64::NAN, 0.0, None),
        ] {
            let crs = Crs::from_epsg(epsg).unwrap();
            assert_eq!(V::legal_at(crs, x, y), expected, "EPSG:{epsg} {x} {y}");
        }
        assert_eq!(Crs::LAMBERT_93.legal_vertical_datum(), Some(V::NgfIgn69));
        assert_eq!(Crs::from_epsg(5490).unwrap().legal_vertical_datum(), None);
    }
}
