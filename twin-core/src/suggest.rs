//! Suggestions for mistyped names, and parse errors in words of both languages.

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
    Error::input(
        place,
        format!("valeur inutilisable ({message}) ; la corriger"),
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
    fn nothing_near_lists_what_is_possible() {
        let error = explain_serde("a", "unknown field `xyz`, expected `start` or `duration`");
        assert!(error.text(Language::En).contains("possible: start, duration"));
    }
}
