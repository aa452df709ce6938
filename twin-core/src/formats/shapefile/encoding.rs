//! Encoding of the text of a `.dbf`.
//!
//! The language-driver byte of the header cannot be trusted: files in UTF-8 and in Latin-1 carry
//! the same zero. A `.cpg` beside the file decides; without it, text that is valid UTF-8 as a
//! whole is UTF-8 (Latin-1 text with accents almost never is), and all other is Windows-1252, of
//! which Latin-1 is a part.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The encoding of the text in all records.
pub(super) fn find<'a>(
    code_page: Option<&str>,
    text: impl IntoIterator<Item = &'a [u8]>,
) -> &'static Encoding {
    if let Some(stated) = code_page.and_then(of_code_page) {
        return stated;
    }
    if text.into_iter().all(|bytes| std::str::from_utf8(bytes).is_ok()) {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// From the content of a `.cpg`: `UTF-8`, `ISO-8859-1`, `1252`, `ANSI 1252`, `88591` …
fn of_code_page(text: &str) -> Option<&'static Encoding> {
    let label = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
        return Some(encoding);
    }
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        "65001" | "8" => Some(UTF_8),
        number if number.starts_with("8859") => {
            Encoding::for_label(format!("iso-8859-{}", &number[4..]).as_bytes())
        }
        number => Encoding::for_label(format!("windows-{number}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_are_understood_in_all_their_spellings() {
        for text in ["UTF-8", "utf8", "UTF-8\r\n", "65001", "\u{feff}UTF-8"] {
            assert_eq!(of_code_page(text), Some(UTF_8), "{text:?}");
        }
        for text in ["ISO-8859-1", "ISO 8859-1", "88591", "1252", "ANSI 1252", "windows-1252"] {
            assert_eq!(of_code_page(text), Some(WINDOWS_1252), "{text:?}");
        }
        assert_eq!(of_code_page("?"), None);
    }

    #[test]
    fn without_a_code_page_the_bytes_decide() {
        assert_eq!(find(None, [&b"\xc3\xa9cole"[..]]), UTF_8);
        assert_eq!(find(None, [&b"\xc3\xa9cole"[..], b"\xe9cole"]), WINDOWS_1252);
    }
}
