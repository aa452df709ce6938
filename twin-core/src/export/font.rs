//! The embedded typeface: Liberation Sans 2.1.5 (SIL Open Font License 1.1, text in
//! `assets/fonts/OFL-1.1.txt`), and the widths a layout needs.
//!
//! Its advance widths are those of Arial and Helvetica, so that an SVG laid out here keeps its
//! layout in a browser that has one of the three.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::Database;

/// The `font-family` of every SVG made here.
pub(super) const FAMILY: &str = "Liberation Sans, Arial, Helvetica, sans-serif";

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/LiberationSans-Bold.ttf");

/// Advance widths of U+0020 to U+007E in 1/2048 em, from the `hmtx` tables of the two fonts.
const REGULAR_WIDTHS: [u16; 95] = [
    569, 569, 727, 1139, 1139, 1821, 1366, 391, 682, 682, 797, 1196, 569, 682, 569, 569, 1139,
    1139, 1139, 1139, 1139, 1139, 1139, 1139, 1139, 1139, 569, 569, 1196, 1196, 1196, 1139, 2079,
    1366, 1366, 1479, 1479, 1366, 1251, 1593, 1479, 569, 1024, 1366, 1139, 1706, 1479, 1593, 1366,
    1593, 1479, 1366, 1251, 1479, 1366, 1933, 1366, 1366, 1251, 569, 569, 569, 961, 1139, 682,
    1139, 1139, 1024, 1139, 1139, 569, 1139, 1139, 455, 455, 1024, 455, 1706, 1139, 1139, 1139,
    1139, 682, 1024, 569, 1139, 1024, 1479, 1024, 1024, 1024, 684, 532, 684, 1196,
];
const BOLD_WIDTHS: [u16; 95] = [
    569, 682, 971, 1139, 1139, 1821, 1479, 487, 682, 682, 797, 1196, 569, 682, 569, 569, 1139,
    1139, 1139, 1139, 1139, 1139, 1139, 1139, 1139, 1139, 682, 682, 1196, 1196, 1196, 1251, 1997,
    1479, 1479, 1479, 1479, 1366, 1251, 1593, 1479, 569, 1139, 1479, 1251, 1706, 1479, 1593, 1366,
    1593, 1479, 1366, 1251, 1479, 1366, 1933, 1366, 1366, 1251, 682, 569, 682, 1196, 1139, 682,
    1139, 1251, 1139, 1251, 1139, 682, 1251, 1251, 569, 569, 1139, 569, 1821, 1251, 1251, 1251,
    1251, 797, 1139, 682, 1251, 1139, 1593, 1139, 1139, 1024, 797, 573, 797, 1196,
];

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// The two fonts, and no other of the machine: a picture has the same bytes everywhere.
pub(super) fn database() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    DATABASE
        .get_or_init(|| {
            let mut database = Database::new();
            database.load_font_data(REGULAR.to_vec());
            database.load_font_data(BOLD.to_vec());
            for generic in [Database::set_sans_serif_family, Database::set_serif_family] {
                generic(&mut database, "Liberation Sans");
            }
            Arc::new(database)
        })
        .clone()
}

/// Length of a text in units of `size`.
pub(super) fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    let table = if weight == Weight::Bold { &BOLD_WIDTHS } else { &REGULAR_WIDTHS };
    let units: u32 = text.chars().map(|c| u32::from(advance(c, table))).sum();
    f64::from(units) * size / 2048.0
}

fn advance(c: char, table: &[u16; 95]) -> u16 {
    let base = match c {
        ' '..='~' => c,
        '\u{a0}' | '’' | '‘' | '·' => ' ',
        '\u{202f}' | '\u{2009}' => return 410,
        'à'..='å' | '«' | '»' | '–' => 'a',
        'À'..='Å' => 'A',
        'ç' => 'c',
        'Ç' => 'C',
        'è'..='ë' => 'e',
        'È'..='Ë' => 'E',
        'ì'..='ï' => 'i',
        'Ì'..='Ï' => 'I',
        'ò'..='ö' => 'o',
        'Ò'..='Ö' => 'O',
        'ù'..='ü' => 'u',
        'Ù'..='Ü' => 'U',
        '²' | '³' | '°' => '-',
        '×' | '−' | '±' | '≤' | '≥' | '≈' => '+',
        // Dashes, arrows, ligatures and all the rest count as the widest.
        _ => return 2048,
    };
    table.get(base as usize - ' ' as usize).copied().unwrap_or(2048)
}

/// Breaks a text into lines no longer than `width`, where a line may end: never before the
/// punctuation that French sets off by a space, never after an opening guillemet.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, width: f64) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split([' ', '\n']).filter(|w| !w.is_empty()) {
        match words.last_mut() {
            Some(last)
                if matches!(word.chars().next(), Some(':' | ';' | '!' | '?' | '»'))
                    || last.ends_with('«') =>
            {
                last.push('\u{a0}');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        if let Some(line) = lines.last_mut()
            && text_width(line, size, weight)
                + text_width(" ", size, weight)
                + text_width(&word, size, weight)
                <= width
        {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_no_word() {
        let text = crate::export::wording::notice(crate::Language::Fr);
        let lines = wrap(text, 12.0, Weight::Regular, 300.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|l| text_width(l, 12.0, Weight::Regular) <= 300.0));
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn french_punctuation_stays_with_its_word() {
        let lines = wrap("aaaa bbbb : « cccc »", 10.0, Weight::Bold, 1.0);
        assert_eq!(lines, ["aaaa", "bbbb\u{a0}:", "«\u{a0}cccc\u{a0}»"]);
    }

    #[test]
    fn both_faces_are_found_by_name() {
        use resvg::usvg::fontdb::{Family, Query, Weight};
        for weight in [Weight::NORMAL, Weight::BOLD] {
            let query =
                Query { families: &[Family::Name("Liberation Sans")], weight, ..Query::default() };
            assert!(database().query(&query).is_some());
        }
    }
}
