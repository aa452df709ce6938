//! Writing SVG: escaped text, short numbers, the few elements that maps and plots use.

use std::fmt::Write as _;

use super::font::{FAMILY, Weight, text_width};

/// Ink of texts and frames; 15:1 on white.
pub(super) const INK: &str = "#222222";
/// Ink of secondary texts; 7:1 on white.
pub(super) const GREY: &str = "#555555";

/// Where a text stands relative to its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG document under construction, in CSS pixels.
#[derive(Debug, Default)]
pub(super) struct Svg {
    body: String,
}

/// Text safe as XML content and attribute value; control characters are left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate with at most two decimals; zero where it is not finite.
pub(super) fn short(value: f64) -> String {
    let rounded = if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 };
    // Adding zero turns -0 into 0.
    format!("{}", rounded + 0.0)
}

impl Svg {
    /// Adds elements as they are.
    pub(super) fn raw(&mut self, elements: &str) {
        self.body.push_str(elements);
        self.body.push('\n');
    }

    /// A rectangle; `attributes` such as `fill="…"`.
    pub(super) fn rectangle(&mut self, [x, y, width, height]: [f64; 4], attributes: &str) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" {attributes}/>"#,
            short(x),
            short(y),
            short(width),
            short(height)
        );
    }

    /// A straight line.
    pub(super) fn line(&mut self, [x0, y0]: [f64; 2], [x1, y1]: [f64; 2], attributes: &str) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" {attributes}/>"#,
            short(x0),
            short(y0),
            short(x1),
            short(y1)
        );
    }

    /// A path from its commands; nothing when they are empty.
    pub(super) fn path(&mut self, commands: &str, attributes: &str) {
        if !commands.is_empty() {
            let _ = writeln!(self.body, r#"<path d="{commands}" {attributes}/>"#);
        }
    }

    /// A circle.
    pub(super) fn circle(&mut self, [x, y]: [f64; 2], radius: f64, attributes: &str) {
        let _ = writeln!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" {attributes}/>"#,
            short(x),
            short(y),
            short(radius)
        );
    }

    /// A line of text whose baseline starts, is centred or ends at a position.
    pub(super) fn text(&mut self, position: [f64; 2], text: &str, style: &TextStyle<'_>) {
        self.text_with(position, text, style, "");
    }

    /// As [`Svg::text`], with further attributes such as a rotation or halo.
    pub(super) fn text_with(
        &mut self,
        [x, y]: [f64; 2],
        text: &str,
        style: &TextStyle<'_>,
        attributes: &str,
    ) {
        let weight = if style.weight == Weight::Bold { r#" font-weight="bold""# } else { "" };
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let _ = writeln!(
            self.body,
            r#"<text x="{}" y="{}" font-size="{}" fill="{}"{weight}{anchor}{}{attributes}>{}</text>"#,
            short(x),
            short(y),
            short(style.size),
            style.fill,
            if attributes.is_empty() { "" } else { " " },
            escape(text)
        );
    }

    /// As [`Svg::text`], drawn as long as it was measured: a browser without the typeface of the
    /// layout squeezes its own, so that a line which must be read whole stays on the page.
    pub(super) fn fitted(&mut self, position: [f64; 2], text: &str, style: &TextStyle<'_>) {
        let length = short(text_width(text, style.size, style.weight));
        let fit = format!(r#"textLength="{length}" lengthAdjust="spacingAndGlyphs""#);
        self.text_with(position, text, style, &fit);
    }

    /// A picture given as PNG, stretched to a rectangle.
    pub(super) fn png(&mut self, [x, y, width, height]: [f64; 4], png: &[u8]) {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(png);
        let _ = writeln!(
            self.body,
            r#"<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" xlink:href="data:image/png;base64,{data}"/>"#,
            short(x),
            short(y),
            short(width),
            short(height)
        );
    }

    /// The document: white page, title and description for screen readers, the elements so far.
    pub(super) fn finish(
        self,
        width: f64,
        height: f64,
        title: &str,
        description: &str,
        language: crate::Language,
    ) -> String {
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" "#,
                r#"width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" xml:lang="{lang}" "#,
                r#"font-family="{family}">"#,
                "\n<title>{title}</title>\n<desc>{description}</desc>\n",
                r##"<rect width="{w}" height="{h}" fill="#ffffff"/>"##,
                "\n{body}</svg>\n"
            ),
            w = short(width),
            h = short(height),
            lang = language.code(),
            family = FAMILY,
            title = escape(title),
            description = escape(description),
            body = self.body
        )
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStyle<'a> {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) fill: &'a str,
    pub(super) anchor: Anchor,
}

impl TextStyle<'_> {
    /// Regular dark text from its start.
    pub(super) fn new(size: f64) -> Self {
        Self { size, weight: Weight::Regular, fill: INK, anchor: Anchor::Start }
    }
}

impl<'a> TextStyle<'a> {
    pub(super) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(super) fn fill(self, fill: &'a str) -> Self {
        Self { fill, ..self }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let mut svg = Svg::default();
        svg.text([0.0, 0.0], "</text><script>\u{1}&\"", &TextStyle::new(10.0));
        let document = svg.finish(10.0, 10.0, "<a>", "", crate::Language::Fr);
        assert!(!document.contains("<script>"));
        assert!(resvg::usvg::roxmltree::Document::parse(&document).is_ok());
    }

    #[test]
    fn numbers_are_short_and_never_broken() {
        assert_eq!(short(1.005001), "1.01");
        assert_eq!(short(-0.001), "0");
        assert_eq!(short(f64::NAN), "0");
        assert_eq!(short(120.0), "120");
    }
}
