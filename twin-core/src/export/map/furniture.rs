//! Scale bar, north arrow, coordinate ticks: how far, which way, where.

use super::page::Frame;
use crate::{
    Language,
    export::{
        axis::{decimals, round_below, ticks},
        font::{Weight, text_width},
        svg::{Anchor, GREY, INK, Svg, TextStyle, short},
    },
};

/// Length in metres that the scale bar of a map stands for, when it may take `room_px` pixels.
pub fn scale_bar_length_m(room_px: f64, pixels_per_metre: f64) -> f64 {
    round_below(room_px / pixels_per_metre)
}

/// Height of the scale bar with its labels.
pub(super) const SCALE_BAR_HEIGHT: f64 = 32.0;

/// Draws the scale bar with its top left corner at a position.
pub(super) fn scale_bar(
    svg: &mut Svg,
    [x, y]: [f64; 2],
    room_px: f64,
    frame: &Frame,
    language: Language,
) {
    // Labels stand out at the right end.
    let length_m = scale_bar_length_m(room_px - 34.0, frame.pixels_per_metre);
    let length = length_m * frame.pixels_per_metre;
    let (top, height) = (y + 16.0, 6.0);
    for i in 0..4 {
        let fill = if i % 2 == 0 { INK } else { "#ffffff" };
        svg.rectangle(
            [x + length * f64::from(i) / 4.0, top, length / 4.0, height],
            &format!(r#"fill="{fill}" stroke="{INK}" stroke-width="0.8""#),
        );
    }
    let (unit, per_unit) = if length_m >= 2000.0 { ("km", 1000.0) } else { ("m", 1.0) };
    let style = TextStyle::new(11.0).anchor(Anchor::Middle);
    for (fraction, with_unit) in [(0.0, false), (0.5, false), (1.0, true)] {
        let value = length_m * fraction / per_unit;
        let number = language.number(value, decimals(0.5 * length_m / per_unit));
        let label = if with_unit { format!("{number}\u{a0}{unit}") } else { number.clone() };
        // The number stands centred over its mark; the unit follows it.
        let centre = x + length * fraction;
        let start = (centre - 0.5 * text_width(&number, 11.0, Weight::Regular)).max(x - 3.0);
        svg.text([start, top - 4.0], &label, &style.anchor(Anchor::Start));
    }
}

/// Draws a north arrow in a box 24 wide and 40 high.
pub(super) fn north_arrow(svg: &mut Svg, [x, y]: [f64; 2]) {
    let c = x + 12.0;
    let path = |points: [[f64; 2]; 3]| {
        points
            .iter()
            .enumerate()
            .map(|(i, p)| {
                format!("{}{} {}", if i == 0 { "M" } else { "L" }, short(p[0]), short(p[1]))
            })
            .collect::<String>()
            + "Z"
    };
    let style = TextStyle::new(13.0).bold().anchor(Anchor::Middle);
    svg.text([c, y + 11.0], "N", &style);
    let (tip, notch, base) = (y + 14.0, y + 34.0, y + 40.0);
    let outline = format!(r#"stroke="{INK}" stroke-width="0.8" stroke-linejoin="round""#);
    svg.path(&path([[c, tip], [c - 8.0, base], [c, notch]]), &format!(r#"fill="{INK}" {outline}"#));
    svg.path(
        &path([[c, tip], [c + 8.0, base], [c, notch]]),
        &format!(r##"fill="#ffffff" {outline}"##),
    );
}

/// Draws coordinate ticks and labels around the frame and faint crosses inside it.
pub(super) fn graticule(svg: &mut Svg, frame: &Frame, language: Language) {
    let extent = frame.extent;
    let wanted = |length_px: f64| (length_px / 130.0).clamp(2.0, 7.0);
    let (columns, step_x) = ticks(extent.min_x, extent.max_x, wanted(frame.width));
    let (rows, step_y) = ticks(extent.min_y, extent.max_y, wanted(frame.height));
    let mark = format!(r#"stroke="{INK}" stroke-width="0.8""#);
    let style = TextStyle::new(10.0).fill(GREY).anchor(Anchor::Middle);
    let (bottom, right) = (frame.top + frame.height, frame.left + frame.width);
    for &easting in &columns {
        let x = frame.x(easting);
        svg.line([x, bottom], [x, bottom + 5.0], &mark);
        svg.line([x, frame.top - 4.0], [x, frame.top], &mark);
        let label = language.number(easting, decimals(step_x));
        let half = 0.5 * text_width(&label, 10.0, Weight::Regular);
        let centre = x.clamp((frame.left + half).min(x), (right - half).max(x - half));
        svg.text([centre, bottom + 16.0], &label, &style);
    }
    for &northing in &rows {
        let y = frame.y(northing);
        svg.line([frame.left - 5.0, y], [frame.left, y], &mark);
        svg.line([right, y], [right + 4.0, y], &mark);
        let label = language.number(northing, decimals(step_y));
        let half = 0.5 * text_width(&label, 10.0, Weight::Regular);
        let (low, high) = (frame.top + half, bottom - half);
        let centre = if low < high { y.clamp(low, high) } else { y };
        let x = frame.left - 9.0;
        let turn = format!(r#"transform="rotate(-90 {} {})""#, short(x), short(centre));
        svg.text_with([x, centre], &label, &style, &turn);
    }
    let cross = r##"stroke="#000000" stroke-opacity="0.45" stroke-width="0.7""##;
    for &easting in &columns {
        for &northing in &rows {
            let (x, y) = (frame.x(easting), frame.y(northing));
            svg.line([x - 4.0, y], [x + 4.0, y], cross);
            svg.line([x, y - 4.0], [x, y + 4.0], cross);
        }
    }
}
