//! What a result may say: the sentences every map, picture, page and file carries, and the words
//! that none of them may use.
//!
//! A simulation has no regulatory value. The vocabulary of risk-prevention plans (zoning, building
//! rights, protection) belongs to approved documents alone, so that no reader can take a computed
//! extent for one.

use crate::Language;
use crate::language::Text;

/// The notice that stands on every map, picture, page and in file metadata.
pub fn notice(language: Language) -> &'static str {
    language.pick(
        "Simulation d'aide à la décision, sans valeur réglementaire. N'est ni un PPR, ni un porter-à-connaissance, ni une étude de dangers. Seuls les documents approuvés font foi.",
        "Decision-support simulation without regulatory value. It is neither a risk prevention plan (PPR), nor an official risk notification (porter-à-connaissance), nor a hazard study (étude de dangers). Only the approved documents are authoritative.",
    )
}

/// The banner of every page made from demonstration data.
pub fn demonstration(language: Language) -> &'static str {
    language.pick("JEU DE DÉMONSTRATION", "DEMONSTRATION DATA SET")
}

/// What a run says that was not compared with observations.
pub fn uncalibrated(language: Language) -> &'static str {
    language.pick("modèle non calé", "uncalibrated model")
}

/// How a place is called that the water does not reach.
pub fn dry(language: Language) -> &'static str {
    language.pick("non inondé dans ce scénario", "not flooded in this scenario")
}

/// A UDUNITS unit as people write it; empty for counts.
pub fn unit(unit: &str, language: Language) -> String {
    match unit {
        "1" => String::new(),
        "person" => language.pick("habitants", "inhabitants").to_owned(),
        "m s-1" => "m/s".to_owned(),
        "m3 s-1" => "m³/s".to_owned(),
        "m h-1" => "m/h".to_owned(),
        "m2" => "m²".to_owned(),
        "degC" => "°C".to_owned(),
        "EUR" => "€".to_owned(),
        "EUR year-1" => language.pick("€/an", "€/year").to_owned(),
        "m3" => "m³".to_owned(),
        "W m-2" => "W/m²".to_owned(),
        other => other.to_owned(),
    }
}

/// Limits that hold for any simulation and stand in every report.
pub fn standing_limits(language: Language) -> [&'static str; 2] {
    match language {
        Language::Fr => [
            "Il ne dit pas ce qui est permis ou interdit en un lieu : seuls les documents approuvés le disent.",
            "Il ne donne pas la probabilité d'un événement, sauf si une période de retour est citée avec sa source.",
        ],
        Language::En => [
            "It does not say what is allowed or forbidden anywhere: only the approved documents do.",
            "It does not give the probability of an event, unless a return period is named with its source.",
        ],
    }
}

/// Limits of every simulation that tells where water is.
pub fn water_limits() -> [Text; 2] {
    [
        Text::new(
            "Il ne dit pas qu'un lieu est à l'abri : « non inondé dans ce scénario » ne vaut que pour ce scénario, ses hypothèses et ses données.",
            "It does not say that a place is safe: \"not flooded in this scenario\" holds for this scenario, its hypotheses and its data only.",
        ),
        Text::new(
            "Un secteur situé derrière une digue reste inondable : une digue peut être submergée, contournée ou rompre.",
            "Land behind a dyke remains flood-prone: a dyke can be overtopped, bypassed or breached.",
        ),
    ]
}

/// Words that no map, report, message or legend may use, in lower case.
pub const FORBIDDEN: [&str; 14] = [
    "zone rouge",
    "zones rouges",
    "zone bleue",
    "zones bleues",
    "constructible",
    "protégé",
    "non inondable",
    "non-inondable",
    "red zone",
    "blue zone",
    "buildable",
    "protected area",
    "protected zone",
    "not flood-prone",
];

/// The forbidden words that a text uses, case and kind of space ignored.
///
/// ```
/// use twin_core::export::wording::forbidden_words;
/// assert!(forbidden_words("non inondé dans ce scénario").is_empty());
/// assert_eq!(forbidden_words("Terrain en Zone\u{a0}Rouge"), ["zone rouge"]);
/// ```
pub fn forbidden_words(text: &str) -> Vec<&'static str> {
    let text: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect::<String>();
    let text = text.to_lowercase();
    FORBIDDEN.into_iter().filter(|word| text.contains(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_and_template_of_this_room_uses_permitted_words() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("src/export"), root.join("assets/qml")];
        let mut scanned = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().unwrap() != "wording.rs" {
                    let text = std::fs::read_to_string(&path).unwrap();
                    assert_eq!(forbidden_words(&text), [""; 0], "{}", path.display());
                    scanned += 1;
                }
            }
        }
        assert!(scanned > 10);
    }

    #[test]
    fn the_sentences_themselves_are_permitted() {
        for language in [Language::Fr, Language::En] {
            for text in [notice(language), demonstration(language), uncalibrated(language)]
                .into_iter()
                .chain([dry(language)])
                .chain(standing_limits(language))
            {
                assert_eq!(forbidden_words(text), [""; 0]);
            }
        }
    }

    #[test]
    fn inflected_and_nested_forms_are_found() {
        assert_eq!(forbidden_words("secteur inconstructible"), ["constructible"]);
        assert_eq!(forbidden_words("habitants PROTÉGÉS"), ["protégé"]);
        assert_eq!(forbidden_words("terrains non\u{202f}inondables"), ["non inondable"]);
    }
}
