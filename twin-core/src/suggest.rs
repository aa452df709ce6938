//! Suggestions for mistyped names, and parse errors in words of both languages.

use std::path::Path;

use crate::Error;

/// The known name nearest to a given one, when it is near enough to be a typing error.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// A message for `serde` in both languages, which [`explain_serde`] parts again.
pub(crate) fn bilingual(fr: &str, en: &str) -> String {
    format!("{fr}{PARTING}{en}")
}

/// Between the French and the English of a message; no text of a user holds it.
const PARTING: char = '\u{1f}';

/// An [`Error::Input`] for a file whose TOML cannot be parsed, with the line.
pub(crate) fn explain_toml(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let before = error.span().map_or(0, |s| s.start);
    let line = 1 + text.bytes().take(before).filter(|b| *b == b'\n').count();
    let message = error.message();
    Error::input(
        path.display().to_string(),
        format!("la ligne {line} n'est pas du TOML ({message}) ; la corriger"),
        format!("line {line} is no TOML ({message}); correct it"),
    )
}

/// The French of what `serde` says of a value of the wrong type; the rest of it as it is.
fn in_french(message: &str) -> String {
    const WORDS: [(&str, &str); 17] = [
        ("invalid type: ", "reçu : "),
        ("invalid value: ", "reçu : "),
        ("invalid length ", "nombre de valeurs : "),
        ("expected an array of length ", "attendu : "),
        (", expected ", " ; attendu : "),
        ("floating point ", "nombre "),
        ("integer ", "nombre "),
        ("boolean ", "booléen "),
        ("string ", "texte "),
        ("a string", "un texte"),
        ("a boolean", "true ou false"),
        ("a sequence", "une liste"),
        ("a map", "une table"),
        ("sequence", "une liste"),
        ("map", "une table"),
        ("null", "rien"),
        ("f64", "un nombre"),
    ];
    WORDS.iter().fold(message.to_owned(), |text, (en, fr)| text.replacen(en, fr, 1))
}

/// Turns a message of `serde` into an [`Error::Input`] in both languages, with a suggestion for an
/// unknown key.
pub(crate) fn explain_serde(place: impl Into<String>, message: &str) -> Error {
    let place = place.into();
    let message = message.trim();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let (given, known) = quoted.split_first().map_or(("", &[][..]), |(g, k)| (*g, k));
        let what = if message.starts_with("unknown field") {
            ("clé inconnue", "unknown key")
        } else {
            ("valeur inconnue", "unknown value")
        };
        let known_list = known.join(", ");
        return match nearest(given, known.iter().copied()) {
            Some(name) => Error::input(
                place,
                format!("{} « {given} » ; vouliez-vous « {name} » ?", what.0),
                format!("{} \"{given}\"; did you mean \"{name}\"?", what.1),
            ),
            None => Error::input(
                place,
                format!("{} « {given} » ; possibles : {known_list}", what.0),
                format!("{} \"{given}\"; possible: {known_list}", what.1),
            ),
        };
    }
    if let (true, Some(field)) = (message.starts_with("missing field"), quoted.first()) {
        return Error::input(
            place,
            format!("la clé « {field} » manque ; l'ajouter"),
            format!("key \"{field}\" is missing; add it"),
        );
    }
    if let Some((fr, en)) = message.split_once(PARTING) {
        return Error::input(place, fr, en);
    }
    Error::input(
        place,
        format!("valeur inutilisable ({}) ; la corriger", in_french(message)),
        format!("the value cannot be used ({message}); correct it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn unknown_key_is_answered_with_the_nearest() {
        let error = explain_serde(
            "a.toml",
            "unknown field `durration`, expected one of `start`, `duration`",
        );
        assert_eq!(
            error.text(Language::En),
            "a.toml: unknown key \"durration\"; did you mean \"duration\"?"
        );
        assert!(error.text(Language::Fr).contains("vouliez-vous « duration »"));
    }

    #[test]
    fn wrong_types_are_told_in_the_reader_s_language() {
        let said = explain_serde("a", "invalid type: integer `600`, expected a string");
        assert_eq!(
            said.text(Language::Fr),
            "a : valeur inutilisable (reçu : nombre `600` ; attendu : un texte) ; la corriger"
        );
        assert!(said.text(Language::En).contains("invalid type: integer `600`"));
        let said = explain_serde("a", &bilingual("écrire 6 h", "write 6 h"));
        assert_eq!(said.text(Language::Fr), "a : écrire 6 h");
        assert_eq!(said.text(Language::En), "a: write 6 h");
    }

    #[test]
    fn nothing_near_lists_what_is_possible() {
        let error = explain_serde("a", "unknown field `xyz`, expected `start` or `duration`");
        assert!(error.text(Language::En).contains("possible: start, duration"));
    }
}
