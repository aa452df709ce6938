//! The tree of a well-known text, whatever its version.

/// Deepest nesting that is followed; real texts stay below ten.
const DEEPEST: usize = 32;

/// `KEYWORD[value, …]`.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) keyword: String,
    /// Quoted texts, numbers and bare words, in order.
    pub(super) values: Vec<String>,
    pub(super) children: Vec<Node>,
}

impl Node {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut characters = text.trim().chars().peekable();
        Self::parse_from(&mut characters, DEEPEST)
    }

    fn parse_from(
        characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
        depth: usize,
    ) -> Option<Self> {
        let keyword = word(characters);
        if depth == 0 || keyword.is_empty() || !matches!(characters.next()?, '[' | '(') {
            return None;
        }
        let mut node = Self { keyword: keyword.to_ascii_uppercase(), ..Self::default() };
        loop {
            skip_blanks(characters);
            match *characters.peek()? {
                ']' | ')' => {
                    characters.next();
                    skip_blanks(characters);
                    return Some(node);
                }
                ',' => {
                    characters.next();
                }
                '"' => node.values.push(quoted(characters)?),
                _ => {
                    // A value or the keyword of a child: what follows the word tells.
                    let mut ahead = characters.clone();
                    let value = word(&mut ahead);
                    if matches!(ahead.peek(), Some('[' | '(')) {
                        node.children.push(Self::parse_from(characters, depth - 1)?);
                    } else if value.is_empty() {
                        return None;
                    } else {
                        node.values.push(value);
                        *characters = ahead;
                    }
                }
            }
        }
    }

    pub(super) fn child(&self, keywords: &[&str]) -> Option<&Self> {
        self.children.iter().find(|c| keywords.contains(&c.keyword.as_str()))
    }

    pub(super) fn name(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(super) fn number(&self, index: usize) -> Option<f64> {
        self.values.get(index)?.parse().ok()
    }

    /// Code by the authority EPSG, of this node itself.
    pub(super) fn epsg(&self) -> Option<u32> {
        let authority = self
            .children
            .iter()
            .rfind(|c| matches!(c.keyword.as_str(), "AUTHORITY" | "ID"))
            .filter(|c| c.name().eq_ignore_ascii_case("EPSG"))?;
        authority.values.get(1)?.trim().parse().ok()
    }
}

fn skip_blanks(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while characters.next_if(|c| c.is_whitespace()).is_some() {}
}

fn word(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    skip_blanks(characters);
    let mut word = String::new();
    while let Some(c) = characters.next_if(|c| c.is_ascii_alphanumeric() || "_.+-".contains(*c)) {
        word.push(c);
    }
    skip_blanks(characters);
    word
}

/// A quoted text; a doubled quote stands for one.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    characters.next();
    let mut text = String::new();
    loop {
        match characters.next()? {
            '"' if characters.next_if_eq(&'"').is_none() => return Some(text),
            c => text.push(c),
        }
    }
}
