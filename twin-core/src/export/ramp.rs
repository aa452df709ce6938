//! Colour ramps in perceptual order, readable by people with colour-vision deficiency.
//!
//! * cividis: Nuñez, Anderton & Renslow 2018, *Optimizing colormaps with consideration for color
//!   vision deficiency*, PLoS ONE 13(7), doi:10.1371/journal.pone.0199239.
//! * viridis: van der Walt & Smith 2015, matplotlib (CC0).
//! * batlow and vik: Crameri 2018, *Scientific colour maps* 8.0 (MIT),
//!   doi:10.5281/zenodo.1243862; Crameri, Shephard & Heron 2020, *The misuse of colour in science
//!   communication*, doi:10.1038/s41467-020-19160-7.
//! * blues: Harrower & Brewer 2003, *ColorBrewer.org* (Apache-2.0), doi:10.1179/000870403235002042.
//!
//! Each is given by 17 equidistant control points of the published table with linear
//! interpolation in sRGB; the largest departure from the 256-entry table is 11 of 255 levels.
//! There is no rainbow: it invents edges where the data has none.

use serde::{Deserialize, Serialize};

/// A colour in sRGB; written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A named colour ramp over `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ramp {
    /// Sequential, blue to yellow, the same to the eye with and without colour-vision deficiency.
    Cividis,
    /// Sequential, violet to yellow.
    Viridis,
    /// Sequential, dark blue to pink.
    Batlow,
    /// Sequential, light to dark blue: amounts of water.
    Blues,
    /// Diverging, blue – white – red, to be centred on zero.
    Vik,
}

impl Rgb {
    /// From `0xRRGGBB`.
    pub const fn hex(value: u32) -> Self {
        Self((value >> 16) as u8, (value >> 8) as u8, value as u8)
    }

    /// As `#rrggbb`, for SVG and CSS.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// The colour between two others, `t` in `[0, 1]`.
    pub fn mix(self, other: Self, t: f32) -> Self {
        let t = t.clamp(0.0, 1.0);
        let channel =
            |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * t).round() as u8;
        Self(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }

    /// Relative luminance, 0 black to 1 white (WCAG 2.1).
    pub fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

impl From<Rgb> for String {
    fn from(colour: Rgb) -> Self {
        colour.css()
    }
}

impl TryFrom<String> for Rgb {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6);
        let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        value.map(Self::hex).ok_or_else(|| format!("\"{text}\" is no colour such as #1f78b4"))
    }
}

impl Ramp {
    /// The colour at `t`, clamped to `[0, 1]`.
    pub fn colour(self, t: f32) -> Rgb {
        let points = self.control_points();
        let last = points.len() - 1;
        let position = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) } * last as f32;
        let index = (position as usize).min(last - 1);
        Rgb::hex(points[index]).mix(Rgb::hex(points[index + 1]), position - index as f32)
    }

    /// `count` colours spread over the ramp, ends included.
    pub fn classes(self, count: usize) -> Vec<Rgb> {
        let last = count.saturating_sub(1).max(1) as f32;
        (0..count).map(|i| self.colour(i as f32 / last)).collect()
    }

    /// Positions and colours between which [`Ramp::colour`] is linear.
    pub fn stops(self) -> impl Iterator<Item = (f32, Rgb)> {
        let points = self.control_points();
        let last = (points.len() - 1) as f32;
        points.iter().enumerate().map(move |(i, point)| (i as f32 / last, Rgb::hex(*point)))
    }

    /// Whether the ramp has a neutral middle.
    pub fn is_diverging(self) -> bool {
        matches!(self, Self::Vik)
    }

    fn control_points(self) -> &'static [u32] {
        match self {
            Self::Cividis => &CIVIDIS,
            Self::Viridis => &VIRIDIS,
            Self::Batlow => &BATLOW,
            Self::Blues => &BLUES,
            Self::Vik => &VIK,
        }
    }
}

const CIVIDIS: [u32; 17] = [
    0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d, 0x61656f, 0x6f7073, 0x7d7c78,
    0x8b8778, 0x9a9376, 0xaaa073, 0xbbad6d, 0xccba64, 0xddc858, 0xefd748, 0xfee838,
];
const VIRIDIS: [u32; 17] = [
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
    0x1f9f88, 0x27ad81, 0x3dbc74, 0x5cc863, 0x81d34d, 0xaadc32, 0xd5e21a, 0xfde725,
];
const BATLOW: [u32; 17] = [
    0x011959, 0x0d315d, 0x114360, 0x175262, 0x226061, 0x356a59, 0x4d734d, 0x677b3e, 0x828231,
    0x9f892b, 0xbe9035, 0xdb954b, 0xf19d6b, 0xfca890, 0xfdb4b4, 0xfcbfd6, 0xfaccfa,
];
const VIK: [u32; 17] = [
    0x001261, 0x022b71, 0x034481, 0x0c5e92, 0x307da6, 0x619ebd, 0x94bed2, 0xc6dbe6, 0xece5e0,
    0xe9ccba, 0xdcac90, 0xcf8e68, 0xc37243, 0xb3531f, 0x942f06, 0x741506, 0x590008,
];
const BLUES: [u32; 9] =
    [0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_control_points_are_the_published_colours() {
        assert_eq!(Ramp::Viridis.colour(0.0), Rgb::hex(0x440154));
        assert_eq!(Ramp::Viridis.colour(1.0), Rgb::hex(0xfde725));
        assert_eq!(Ramp::Batlow.colour(0.5), Rgb::hex(0x828231));
        assert_eq!(Ramp::Cividis.colour(f32::NAN), Ramp::Cividis.colour(0.0));
    }

    #[test]
    fn sequential_ramps_are_monotonic_in_luminance() {
        // Order must survive a greyscale print, or the legend relies on hue alone.
        for ramp in [Ramp::Cividis, Ramp::Viridis, Ramp::Batlow, Ramp::Blues] {
            let luminances: Vec<f64> =
                (0..=64).map(|i| ramp.colour(i as f32 / 64.0).luminance()).collect();
            let rising = luminances[64] > luminances[0];
            for pair in luminances.windows(2) {
                assert_eq!(pair[1] > pair[0], rising, "{ramp:?}");
            }
        }
    }

    #[test]
    fn diverging_ramp_is_lightest_in_the_middle() {
        let middle = Ramp::Vik.colour(0.5).luminance();
        assert!((0..=16).all(|i| Ramp::Vik.colour(i as f32 / 16.0).luminance() <= middle));
        assert!(Ramp::Vik.is_diverging());
    }
}
