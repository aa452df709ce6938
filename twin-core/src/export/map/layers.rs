//! The vector part of a map: geometries → SVG paths, markers and their labels.

use super::{
    page::Frame,
    spec::{Marker, MarkerKind, VectorStyle},
};
use crate::{
    export::{
        font::{Weight, text_width},
        ramp::Rgb,
        svg::{INK, Svg, TextStyle, short},
    },
    spatial::{Geometry, Position, signed_area},
};

/// Vertices nearer than this to the one before are left out, pixels.
const VERTEX_SPACING: f64 = 0.35;
/// White band around the letters of a label.
const HALO: &str =
    r##"stroke="#ffffff" stroke-width="3.2" stroke-linejoin="round" paint-order="stroke""##;
/// Length of an arrow, pixels.
const ARROW: f64 = 34.0;
/// Colour of water that enters.
const INFLOW: Rgb = Rgb(0, 70, 160);
/// Colour of water that leaves.
const OUTFLOW: Rgb = Rgb(0, 110, 120);
/// Colour of a breach.
const BREACH: Rgb = Rgb(180, 20, 70);

/// Path commands of the parts of geometries that touch the frame, in pixels of the frame.
/// Outer rings run one way and holes the other, so that overlaps stay filled and holes empty
/// under the non-zero rule.
pub(super) fn commands<'a>(
    frame: &Frame,
    geometries: impl IntoIterator<Item = &'a Geometry>,
) -> String {
    let mut out = String::new();
    let view = frame.extent.buffered(0.05 * frame.extent.width().max(frame.extent.height()));
    for geometry in geometries {
        if geometry.extent().is_none_or(|extent| !extent.intersects(&view)) {
            continue;
        }
        for line in geometry.lines() {
            chain(&mut out, frame, line.iter(), false);
        }
        for polygon in geometry.polygons() {
            for (i, ring) in polygon.rings().enumerate() {
                if (signed_area(ring) >= 0.0) == (i == 0) {
                    chain(&mut out, frame, ring.iter(), true);
                } else {
                    chain(&mut out, frame, ring.iter().rev(), true);
                }
            }
        }
    }
    out
}

fn chain<'a>(
    out: &mut String,
    frame: &Frame,
    positions: impl ExactSizeIterator<Item = &'a Position>,
    closed: bool,
) {
    let last = positions.len().saturating_sub(1);
    let mut previous: Option<[f64; 2]> = None;
    for (i, position) in positions.enumerate() {
        // Inside the frame's own coordinates, so that numbers stay short.
        let [x, y] = [frame.x(position[0]) - frame.left, frame.y(position[1]) - frame.top];
        if !(x.is_finite() && y.is_finite()) || (closed && i == last) {
            continue;
        }
        let near = previous
            .is_some_and(|[a, b]| (x - a).abs() < VERTEX_SPACING && (y - b).abs() < VERTEX_SPACING);
        if near && (closed || i != last) {
            continue;
        }
        out.push(if previous.is_none() { 'M' } else { 'L' });
        out.push_str(&tenths(x));
        out.push(' ');
        out.push_str(&tenths(y));
        previous = Some([x, y]);
    }
    if closed && previous.is_some() {
        out.push('Z');
    }
}

fn tenths(value: f64) -> String {
    format!("{}", (value.clamp(-1e6, 1e6) * 10.0).round() / 10.0 + 0.0)
}

impl VectorStyle {
    /// SVG attributes of the shape itself.
    pub(super) fn attributes(&self) -> String {
        let fill = match self.fill {
            Some(colour) => format!(
                r#"fill="{}" fill-opacity="{}""#,
                colour.css(),
                short(f64::from(self.fill_opacity))
            ),
            None => r#"fill="none""#.to_owned(),
        };
        let dashes = if self.dashes.is_empty() {
            String::new()
        } else {
            let list: Vec<_> = self.dashes.iter().map(|d| short(*d)).collect();
            format!(r#" stroke-dasharray="{}""#, list.join(" "))
        };
        match self.stroke {
            Some(colour) => format!(
                r#"{fill} stroke="{}" stroke-width="{}" stroke-linejoin="round"{dashes}"#,
                colour.css(),
                short(self.width)
            ),
            None => fill,
        }
    }

    /// SVG attributes of the white band behind a line, where there is one.
    pub(super) fn casing_attributes(&self) -> Option<String> {
        (self.casing > 0.0).then(|| {
            format!(
                r##"fill="none" stroke="#ffffff" stroke-opacity="0.85" stroke-linejoin="round" stroke-width="{}""##,
                short(self.width + 2.0 * self.casing)
            )
        })
    }

    /// Draws path commands in this style.
    pub(super) fn draw(&self, svg: &mut Svg, commands: &str) {
        if let Some(casing) = self.casing_attributes() {
            svg.path(commands, &casing);
        }
        svg.path(commands, &self.attributes());
    }
}

/// Draws the symbol of a marker at a position.
pub(super) fn symbol(svg: &mut Svg, [x, y]: [f64; 2], kind: MarkerKind) {
    match kind {
        MarkerKind::Gauge => {
            svg.circle(
                [x, y],
                6.0,
                &format!(r##"fill="#ffffff" stroke="{INK}" stroke-width="1.8""##),
            );
            svg.circle([x, y], 2.2, &format!(r#"fill="{INK}""#));
        }
        MarkerKind::Inflow { towards_deg } => arrow(svg, [x, y], towards_deg, INFLOW),
        MarkerKind::Outflow { towards_deg } => arrow(svg, [x, y], towards_deg, OUTFLOW),
        MarkerKind::Breach => {
            let d: String = (0..16)
                .map(|i| {
                    let radius = if i % 2 == 0 { 10.0 } else { 4.5 };
                    let (sin, cos) = (f64::from(i) * std::f64::consts::PI / 8.0).sin_cos();
                    format!(
                        "{}{} {}",
                        if i == 0 { "M" } else { "L" },
                        short(x + radius * sin),
                        short(y - radius * cos)
                    )
                })
                .collect::<String>()
                + "Z";
            let style = format!(
                r##"fill="{}" stroke="#ffffff" stroke-width="1.2" stroke-linejoin="round""##,
                BREACH.css()
            );
            svg.path(&d, &style);
        }
        MarkerKind::Label => {}
    }
}

/// Unit vector of an azimuth on the page, where y grows downwards.
fn direction(towards_deg: f64) -> [f64; 2] {
    let (sin, cos) = if towards_deg.is_finite() { towards_deg } else { 0.0 }.to_radians().sin_cos();
    [sin, -cos]
}

/// An arrow with its tip at a position.
fn arrow(svg: &mut Svg, [x, y]: [f64; 2], towards_deg: f64, colour: Rgb) {
    let [dx, dy] = direction(towards_deg);
    // Along the flow and to its right, from the tip.
    let at = |along: f64, right: f64| [x + along * dx - right * dy, y + along * dy + right * dx];
    let outline = [
        at(0.0, 0.0),
        at(-15.0, 9.0),
        at(-13.0, 3.4),
        at(-ARROW, 3.4),
        at(-ARROW, -3.4),
        at(-13.0, -3.4),
        at(-15.0, -9.0),
    ];
    let d: String = outline
        .iter()
        .enumerate()
        .map(|(i, p)| format!("{}{} {}", if i == 0 { "M" } else { "L" }, short(p[0]), short(p[1])))
        .collect();
    svg.path(
        &format!("{d}Z"),
        &format!(
            r##"fill="{}" stroke="#ffffff" stroke-width="1.4" stroke-linejoin="round""##,
            colour.css()
        ),
    );
}

/// Draws markers in the frame, then their labels where they hide no other marker or label.
pub(super) fn markers(svg: &mut Svg, frame: &Frame, markers: &[Marker]) {
    const SIZE: f64 = 12.0;
    let (labels, inside): (Vec<_>, Vec<_>) = markers
        .iter()
        .filter(|m| frame.extent.contains(m.x, m.y))
        .map(|m| (m, anchor(frame, m)))
        .partition(|(m, _)| m.kind == MarkerKind::Label);
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for (marker, position) in &inside {
        symbol(svg, *position, marker.kind);
        taken.push(footprint(*position, marker.kind));
    }
    for (i, (marker, _)) in inside.iter().enumerate() {
        if marker.label.is_empty() {
            continue;
        }
        let width = text_width(&marker.label, SIZE, Weight::Bold) + 2.0;
        let [x0, y0, x1, y1] = taken[i];
        let (middle_x, middle_y) = (0.5 * (x0 + x1 - width), 0.5 * (y0 + y1) + 4.0);
        let candidates = [
            [x1 + 3.0, middle_y],
            [x0 - 3.0 - width, middle_y],
            [middle_x, y0 - 4.0],
            [middle_x, y1 + SIZE],
            [x1 + 1.0, y0 - 1.0],
            [x1 + 1.0, y1 + SIZE - 2.0],
            [x0 - 1.0 - width, y0 - 1.0],
            [x0 - 1.0 - width, y1 + SIZE - 2.0],
        ];
        let boxes = candidates.map(|[bx, by]| [bx, by - SIZE, bx + width, by + 4.0]);
        let cost = |b: &[f64; 4]| {
            let hidden: f64 = taken
                .iter()
                .map(|t| {
                    let w = (b[2].min(t[2]) - b[0].max(t[0])).max(0.0);
                    let h = (b[3].min(t[3]) - b[1].max(t[1])).max(0.0);
                    w * h
                })
                .sum();
            let inside_w = (b[2].min(frame.width - 2.0) - b[0].max(2.0)).max(0.0);
            let inside_h = (b[3].min(frame.height - 2.0) - b[1].max(2.0)).max(0.0);
            hidden + 3.0 * ((b[2] - b[0]) * (b[3] - b[1]) - inside_w * inside_h).max(0.0)
        };
        let mut best = 0;
        for candidate in 1..boxes.len() {
            if cost(&boxes[candidate]) + 1e-6 < cost(&boxes[best]) {
                best = candidate;
            }
        }
        taken.push(boxes[best]);
        let [bx, by] = candidates[best];
        svg.text_with([bx + 1.0, by], &marker.label, &TextStyle::new(SIZE).bold(), HALO);
    }
    for (marker, position) in labels {
        label_on_place(svg, frame, position, &marker.label, &mut taken);
    }
}

/// Writes a label over its place, unless something is there or the frame would cut it.
fn label_on_place(
    svg: &mut Svg,
    frame: &Frame,
    [x, y]: [f64; 2],
    label: &str,
    taken: &mut Vec<[f64; 4]>,
) {
    const SIZE: f64 = 10.0;
    let half = 0.5 * text_width(label, SIZE, Weight::Bold);
    let place = [x - half - 2.0, y - SIZE, x + half + 2.0, y + 4.0];
    let meets =
        |t: &[f64; 4]| t[0] < place[2] && place[0] < t[2] && t[1] < place[3] && place[1] < t[3];
    let [left, top, right, bottom] = place;
    let inside = left > 0.0 && top > 0.0 && right < frame.width && bottom < frame.height;
    if inside && !taken.iter().any(meets) {
        svg.text_with([x - half, y + 3.5], label, &TextStyle::new(SIZE).bold(), HALO);
        taken.push(place);
    }
}

/// Where the symbol of a marker is drawn: its own position, and for arrows that of the tip, such
/// that the arrow lies in the frame. Water that enters points at its position, water that leaves
/// starts from it, unless the border of the map is in the way.
fn anchor(frame: &Frame, marker: &Marker) -> [f64; 2] {
    let here = [frame.x(marker.x) - frame.left, frame.y(marker.y) - frame.top];
    let (towards_deg, arrives) = match marker.kind {
        MarkerKind::Inflow { towards_deg } => (towards_deg, true),
        MarkerKind::Outflow { towards_deg } => (towards_deg, false),
        MarkerKind::Gauge | MarkerKind::Breach | MarkerKind::Label => return here,
    };
    let [dx, dy] = direction(towards_deg);
    let ahead = [here[0] + ARROW * dx, here[1] + ARROW * dy];
    let behind = [here[0] - ARROW * dx, here[1] - ARROW * dy];
    let fits =
        |[x, y]: [f64; 2]| (0.0..=frame.width).contains(&x) && (0.0..=frame.height).contains(&y);
    if arrives {
        if fits(behind) || !fits(ahead) { here } else { ahead }
    } else if fits(ahead) || !fits(behind) {
        ahead
    } else {
        here
    }
}

/// The box that a symbol covers, as left, top, right, bottom.
fn footprint([x, y]: [f64; 2], kind: MarkerKind) -> [f64; 4] {
    let around = |r: f64| [x - r, y - r, x + r, y + r];
    match kind {
        MarkerKind::Gauge => around(7.5),
        MarkerKind::Breach => around(10.5),
        MarkerKind::Label => around(0.0),
        MarkerKind::Inflow { towards_deg } | MarkerKind::Outflow { towards_deg } => {
            let [dx, dy] = direction(towards_deg);
            let (tail_x, tail_y) = (x - ARROW * dx, y - ARROW * dy);
            [x.min(tail_x) - 6.0, y.min(tail_y) - 6.0, x.max(tail_x) + 6.0, y.max(tail_y) + 6.0]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::{Extent, Polygon};

    fn frame() -> Frame {
        Frame::new(Extent::new(0.0, 0.0, 100.0, 100.0).unwrap(), [0.0, 0.0], 100.0)
    }

    #[test]
    fn north_is_up_and_rings_run_their_ways() {
        let mut square = Polygon::from_corners(&[(10.0, 10.0), (10.0, 90.0), (90.0, 90.0)]);
        square.interiors =
            vec![Polygon::from_corners(&[(20.0, 50.0), (20.0, 60.0), (30.0, 60.0)]).exterior];
        let path = commands(&frame(), [&Geometry::Polygons(vec![square])]);
        // Clockwise in the file, drawn the other way round; its hole, too.
        assert_eq!(path, "M10 90L90 10L10 10ZM20 50L20 40L30 40Z");
    }

    #[test]
    fn shapes_outside_and_vertices_that_are_not_finite_are_left_out() {
        let far = Geometry::Lines(vec![vec![[500.0, 0.0, 0.0], [600.0, 0.0, 0.0]]]);
        let odd =
            Geometry::Lines(vec![vec![[0.0, 0.0, 0.0], [f64::NAN, 1.0, 0.0], [9.0, 0.0, 0.0]]]);
        assert_eq!(commands(&frame(), [&far, &odd]), "M0 100L9 100");
    }

    #[test]
    fn labels_of_neighbours_do_not_meet() {
        let list: Vec<Marker> = (0..3)
            .map(|i| Marker::gauge(50.0 + 2.0 * f64::from(i), 50.0, format!("G{i}")))
            .collect();
        let mut svg = Svg::default();
        markers(&mut svg, &Frame::new(frame().extent, [0.0, 0.0], 300.0), &list);
        let document = svg.finish(1.0, 1.0, "", "", crate::Language::Fr);
        let mut places: Vec<(f64, f64)> = document
            .lines()
            .filter(|l| l.starts_with("<text"))
            .map(|l| {
                let number = |name: &str| -> f64 {
                    let rest = &l[l.find(name).unwrap() + name.len()..];
                    rest[..rest.find('"').unwrap()].parse().unwrap()
                };
                (number("x=\""), number("y=\""))
            })
            .collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (i, a) in places.iter().enumerate() {
            for b in &places[i + 1..] {
                assert!((a.0 - b.0).abs() > 15.0 || (a.1 - b.1).abs() > 10.0, "{places:?}");
            }
        }
    }

    #[test]
    fn an_arrow_on_the_border_stays_in_the_frame() {
        let frame = Frame::new(frame().extent, [0.0, 0.0], 300.0);
        let marker = |x, kind| Marker { x, y: 50.0, label: String::new(), kind };
        let inflow = MarkerKind::Inflow { towards_deg: 90.0 };
        let outflow = MarkerKind::Outflow { towards_deg: 90.0 };
        assert_eq!(anchor(&frame, &marker(0.0, inflow))[0], ARROW);
        assert_eq!(anchor(&frame, &marker(50.0, inflow))[0], 150.0);
        assert_eq!(anchor(&frame, &marker(100.0, outflow))[0], 300.0);
        assert_eq!(anchor(&frame, &marker(50.0, outflow))[0], 150.0 + ARROW);
    }
}
