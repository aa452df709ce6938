//! Spaces at which a line never breaks: before the punctuation that French sets off, inside
//! guillemets, between a number and its unit.

/// Units that follow a number in what a report says.
const UNITS: [&str; 16] = [
    "m", "cm", "mm", "km", "ha", "m²", "km²", "m³", "m³/s", "m/s", "m/h", "s", "min", "h", "j", "d",
];

/// The text with no-break spaces where a line must not end.
pub(super) fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut previous = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let holds = c == ' '
            && (previous == Some('«')
                || rest.starts_with([':', ';', '!', '?', '»', '%', '‰'])
                || previous.is_some_and(|p: char| p.is_ascii_digit()) && starts_with_unit(rest));
        out.push(if holds { '\u{a0}' } else { c });
        previous = Some(c);
    }
    out
}

fn starts_with_unit(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_alphabetic() || "/²³".contains(c)));
    UNITS.contains(&&text[..end.unwrap_or(text.len())])
}

#[cfg(test)]
mod tests {
    use super::unbroken;

    #[test]
    fn numbers_keep_their_units_and_words_their_punctuation() {
        let text = "« digue » : 9,9 ha ; 0,5 m, 71,1 m³/s, 5 % et 115 bâtiments";
        let wanted = "«_digue_»_: 9,9_ha_; 0,5_m, 71,1_m³/s, 5_% et 115 bâtiments";
        assert_eq!(unbroken(text).replace('\u{a0}', "_"), wanted);
        assert_eq!(unbroken("60 cm of water"), "60\u{a0}cm of water");
        assert_eq!(unbroken(" a b"), " a b");
    }
}
