//! Pictures: pixels → PNG with the notice in the file's metadata, SVG → PNG.

use image::{ExtendedColorType, ImageEncoder, codecs::png};
use resvg::{tiny_skia, usvg};

use super::{font, ramp::Rgb};
use crate::{Error, Result};

/// Widest picture, in pixels; a guard against a mistyped width.
pub const MAXIMUM_WIDTH_PX: u32 = 16_384;

/// A rectangle of opaque pixels, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width · height` colours.
    pub pixels: Vec<Rgb>,
}

impl Picture {
    /// The picture as PNG, 8 bits a channel.
    pub fn png(&self) -> Result<Vec<u8>> {
        let bytes: Vec<u8> = self.pixels.iter().flat_map(|p| [p.0, p.1, p.2]).collect();
        encode(&bytes, self.width as u32, self.height as u32, ExtendedColorType::Rgb8)
    }
}

/// Draws an SVG as a PNG `width_px` wide, with the embedded typeface alone, on white. `notice` is
/// written into the metadata as `Disclaimer`, where it is not empty.
pub fn png_from_svg(svg: &str, width_px: u32, notice: &str) -> Result<Vec<u8>> {
    let options = usvg::Options {
        fontdb: font::database(),
        font_family: "Liberation Sans".to_owned(),
        ..usvg::Options::default()
    };
    let unreadable = |reason: String| {
        Error::input(
            "SVG",
            format!("dessin illisible ({reason}) ; signaler ce défaut"),
            format!("the drawing cannot be read ({reason}); please report this defect"),
        )
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| unreadable(e.to_string()))?;
    let scale = width_px as f32 / tree.size().width();
    let height_px = (tree.size().height() * scale).round() as u32;
    if width_px > MAXIMUM_WIDTH_PX || height_px > 4 * MAXIMUM_WIDTH_PX {
        return Err(too_large(width_px, height_px));
    }
    let mut pixmap = tiny_skia::Pixmap::new(width_px, height_px)
        .ok_or_else(|| too_large(width_px, height_px))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // Opaque on white, so premultiplied equals plain.
    let bytes: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    let png = encode(&bytes, width_px, height_px, ExtendedColorType::Rgb8)?;
    Ok(if notice.is_empty() { png } else { with_text(png, "Disclaimer", notice) })
}

fn too_large(width: u32, height: u32) -> Error {
    Error::input(
        "PNG",
        format!(
            "image de {width} × {height} pixels impossible ; choisir une largeur de 1 à {MAXIMUM_WIDTH_PX}"
        ),
        format!(
            "a picture of {width} × {height} pixels is impossible; choose a width from 1 to {MAXIMUM_WIDTH_PX}"
        ),
    )
}

fn encode(bytes: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    png::PngEncoder::new_with_quality(
        &mut out,
        png::CompressionType::Default,
        png::FilterType::Adaptive,
    )
    .write_image(bytes, width, height, colour)
    .map_err(|_| too_large(width, height))?;
    Ok(out)
}

/// Inserts an uncompressed international text chunk (`iTXt`, PNG 1.2 §4.2.3.3) after the header.
fn with_text(mut png: Vec<u8>, keyword: &str, text: &str) -> Vec<u8> {
    /// Signature and the `IHDR` chunk, which is always first and 13 bytes long.
    const HEADER_END: usize = 8 + 12 + 13;
    let mut chunk = b"iTXt".to_vec();
    chunk.extend_from_slice(keyword.as_bytes());
    // Null; not compressed; method 0; no language tag; no translated keyword.
    chunk.extend_from_slice(&[0, 0, 0, 0, 0]);
    chunk.extend_from_slice(text.as_bytes());
    let mut whole = ((chunk.len() - 4) as u32).to_be_bytes().to_vec();
    let check = crc32(&chunk);
    whole.append(&mut chunk);
    whole.extend_from_slice(&check.to_be_bytes());
    if png.len() >= HEADER_END {
        png.splice(HEADER_END..HEADER_END, whole);
    }
    png
}

/// CRC-32 of ISO 3309, as PNG uses it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn pixels_survive_and_the_notice_is_in_the_file() {
        let picture = Picture { width: 2, height: 1, pixels: vec![Rgb(1, 2, 3), Rgb(250, 0, 9)] };
        let png = with_text(picture.png().unwrap(), "Disclaimer", "é");
        let image = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(image.into_raw(), [1, 2, 3, 250, 0, 9]);
        assert!(png.windows(4).any(|w| w == b"iTXt"));
    }

    #[test]
    fn text_is_drawn_with_the_embedded_font() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text x="2" y="15" font-family="Arial, sans-serif" font-size="14">Éà≤</text></svg>"#;
        let png = png_from_svg(svg, 80, "").unwrap();
        let image = image::load_from_memory(&png).unwrap().to_luma8();
        assert_eq!(image.dimensions(), (80, 40));
        assert!(image.pixels().filter(|p| p.0[0] < 100).count() > 50);
    }

    #[test]
    fn impossible_sizes_and_broken_drawings_are_errors() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"/>"#;
        assert!(png_from_svg(svg, 0, "").is_err());
        assert!(png_from_svg(svg, u32::MAX, "").is_err());
        assert!(png_from_svg("<svg", 10, "").is_err());
    }
}
