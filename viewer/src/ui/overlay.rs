//! What lies over the picture: legends, compass and scale, names of the pictures compared, figures
//! that are being drawn, what the window has to say.

use std::sync::Arc;

use bevy::prelude::{Camera, GlobalTransform, Vec3};
use bevy_egui::egui::{
    Align2, Area, Context, FontId, Frame, Galley, LayerId, Painter, Pos2, Rect, RichText, Sense,
    Shape, Stroke, Vec2, vec2,
};
use twin_core::export::legend::Class;
use twin_core::export::{Legend, map::scale_bar_length_m, wording};

use super::{Desk, colour, ink};
use crate::camera::{Stage, metres_per_pixel};
use crate::state::{CameraMode, CompareMode, ViewState};
use crate::tools::Tool;

pub(super) fn show(ctx: &Context, rest: Rect, desk: &mut Desk<'_, '_>, state: &mut ViewState) {
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(rest);
    gauges(&painter, desk, state, ctx.zoom_factor());
    figures(&painter, desk, state, ctx.zoom_factor());
    compared(ctx, &painter, rest, desk, state);
    if std::mem::take(&mut desk.session.is_photographed) {
        return;
    }
    compass(&painter, rest, state);
    scale(&painter, rest, desk, state, ctx);
    legends(&painter, rest, desk, state);
    // Above the names of the pictures compared.
    let lift = if state.compare.mode == CompareMode::Off { 12.0 } else { 76.0 };
    notices(ctx, rest.right_bottom() - vec2(12.0, lift), rest.width(), desk);
}

/// What was done and what went wrong, in the corner of the picture until it is dismissed.
fn notices(ctx: &Context, corner: Pos2, width: f32, desk: &mut Desk<'_, '_>) {
    const WIDTH: f32 = 380.0;
    const MOST: usize = 4;
    if desk.notices.iter().next().is_none() {
        return;
    }
    let language = desk.language();
    let area = Area::new("notices".into()).pivot(Align2::RIGHT_BOTTOM);
    area.fixed_pos(corner).show(ctx, |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_max_width(WIDTH.min(width - 40.0));
            for notice in desk.notices.iter().take(MOST) {
                let colour = if notice.is_error { ink::ERROR } else { ink::TEXT };
                ui.label(RichText::new(&notice.text).color(colour));
            }
            if ui.button(language.pick("Effacer les messages", "Clear messages")).clicked() {
                desk.notices.clear();
            }
        });
    });
}

fn text(painter: &Painter, at: Pos2, anchor: Align2, said: &str, size: f32) -> Rect {
    let font = FontId::proportional(size);
    let galley = painter.layout_no_wrap(said.to_owned(), font, ink::TEXT);
    let rect = anchor.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand(4.0), 3.0, ink::PAPER.gamma_multiply(0.9));
    painter.galley(rect.min, galley, ink::TEXT);
    rect
}

/// The gauges of run A, by name.
fn gauges(painter: &Painter, desk: &Desk<'_, '_>, state: &ViewState, zoom: f32) {
    const HALF: f32 = 6.0;
    let Some(run) = desk.opened.run_a() else { return };
    for (camera, transform) in desk.cameras.iter().filter(|(camera, _)| camera.is_active) {
        for gauge in &run.gauges {
            let place = desk.opened.on_ground(gauge.place);
            let at = place.and_then(|p| on_screen(camera, transform, desk, state, p, zoom));
            let Some(at) = at.filter(|at| part_of(camera, zoom).contains(*at)) else { continue };
            let corners = [vec2(0.0, -HALF), vec2(HALF, 0.0), vec2(0.0, HALF), vec2(-HALF, 0.0)];
            let corners = corners.iter().map(|by| at + *by).collect();
            painter.add(Shape::convex_polygon(corners, ink::PAPER, Stroke::new(2.0, ink::RIM)));
            let beside = at + vec2(HALF + 6.0, 0.0);
            text(painter, beside, Align2::LEFT_CENTER, &gauge.name, 12.0);
        }
    }
}

/// The part of the window that a camera draws.
fn part_of(camera: &Camera, zoom: f32) -> Rect {
    let part = camera.logical_viewport_rect().unwrap_or_default();
    let [min, max] = [part.min, part.max].map(|p| Pos2::new(p.x / zoom, p.y / zoom));
    Rect::from_min_max(min, max)
}

/// Lines and polygons that are being drawn, and those that wait to become measures.
fn figures(painter: &Painter, desk: &Desk<'_, '_>, state: &ViewState, zoom: f32) {
    for (camera, transform) in &desk.cameras {
        if !camera.is_active {
            continue;
        }
        let project = |p: &[f64; 3]| on_screen(camera, transform, desk, state, *p, zoom);
        for (k, draft) in desk.tools.drafts.iter().enumerate() {
            polyline(painter, &draft.corners, draft.kind.is_area(), project);
            if let Some(at) = draft.corners.first().and_then(project) {
                let name = format!("{}. {}", k + 1, draft.kind.title().get(state.language));
                text(painter, at + vec2(8.0, -8.0), Align2::LEFT_BOTTOM, &name, 12.0);
            }
        }
        let mut corners = desk.tools.corners.clone();
        if desk.tools.tool != Tool::Ask && !desk.tools.is_complete && !corners.is_empty() {
            corners.extend(desk.tools.pointer);
        }
        let is_area = match desk.tools.tool {
            Tool::Area => true,
            Tool::Draw(kind) => kind.is_area(),
            _ => false,
        };
        polyline(painter, &corners, is_area, project);
        if let Some(at) = state.picked.as_ref().and_then(|picked| project(&picked.place)) {
            painter.circle(at, 5.0, ink::MARK, Stroke::new(2.0, ink::RIM));
        }
    }
}

fn on_screen(
    camera: &Camera,
    transform: &GlobalTransform,
    desk: &Desk<'_, '_>,
    state: &ViewState,
    place: [f64; 3],
    zoom: f32,
) -> Option<Pos2> {
    let mut scene = desk.opened.frame.to_scene(place);
    scene *= Vec3::new(1.0, state.exaggeration, 1.0);
    let at = camera.world_to_viewport(transform, scene).ok()?;
    Some(Pos2::new(at.x / zoom, at.y / zoom))
}

fn polyline(
    painter: &Painter,
    corners: &[[f64; 3]],
    is_closed: bool,
    project: impl Fn(&[f64; 3]) -> Option<Pos2>,
) {
    let mut points: Vec<Pos2> = corners.iter().filter_map(project).collect();
    if points.is_empty() {
        return;
    }
    for point in &points {
        painter.circle(*point, 4.0, ink::MARK, Stroke::new(1.5, ink::RIM));
    }
    if is_closed && points.len() > 2 {
        points.extend(points.first().copied());
    }
    painter.add(Shape::line(points.clone(), Stroke::new(5.0, ink::RIM)));
    painter.add(Shape::line(points, Stroke::new(2.5, ink::MARK)));
}

/// North in the picture.
fn compass(painter: &Painter, rest: Rect, state: &ViewState) {
    let centre = rest.right_top() + vec2(-34.0, 40.0);
    painter.circle(centre, 22.0, ink::PAPER.gamma_multiply(0.85), Stroke::new(1.0, ink::RIM));
    let angle = -state.camera.heading_deg.to_radians() as f32;
    let north = vec2(angle.sin(), -angle.cos());
    let side = vec2(-north.y, north.x);
    painter.add(Shape::convex_polygon(
        vec![centre + 16.0 * north, centre + 6.0 * side, centre - 6.0 * side],
        ink::RIM,
        Stroke::NONE,
    ));
    let font = FontId::proportional(12.0);
    painter.text(centre - 11.0 * north, Align2::CENTER_CENTER, "N", font, ink::TEXT);
}

/// The scale in plan; elsewhere the distance of the point looked at.
fn scale(painter: &Painter, rest: Rect, desk: &Desk<'_, '_>, state: &ViewState, ctx: &Context) {
    let language = desk.language();
    let at = rest.left_bottom() + vec2(14.0, -14.0);
    let height = (rest.height() * ctx.pixels_per_point()) as u32;
    let stage = Stage { corner: bevy::math::UVec2::ZERO, size: bevy::math::UVec2::new(1, height) };
    if let Some(metres) = metres_per_pixel(state, &stage) {
        let per_point = metres * f64::from(ctx.pixels_per_point());
        let length = scale_bar_length_m(160.0, 1.0 / per_point);
        let width = (length / per_point) as f32;
        let (name, value) = if length >= 2000.0 { ("km", length / 1000.0) } else { ("m", length) };
        let decimals = if value < 1.0 { 2 } else { 0 };
        text(
            painter,
            at - vec2(0.0, 12.0),
            Align2::LEFT_BOTTOM,
            &format!("{} {name}", language.number(value, decimals)),
            13.0,
        );
        let line = [at, at + vec2(width, 0.0)];
        painter.line_segment(line, Stroke::new(6.0, ink::PAPER));
        painter.line_segment(line, Stroke::new(3.0, ink::RIM));
        return;
    }
    if matches!(state.camera.mode, CameraMode::Map) {
        let said = format!(
            "{} {} m",
            language.pick("point visé à", "point looked at:"),
            language.number(state.camera.distance_m, 0)
        );
        text(painter, at, Align2::LEFT_BOTTOM, &said, 12.0);
    }
    if state.exaggeration != 1.0 {
        let said = format!(
            "{} × {}",
            language.pick("hauteurs", "heights"),
            language.number(f64::from(state.exaggeration), 1)
        );
        text(painter, at - vec2(0.0, 26.0), Align2::LEFT_BOTTOM, &said, 12.0);
    }
}

/// Legends of the results, of the buildings, of what measures build and of grids painted on the ground.
fn legends(painter: &Painter, rest: Rect, desk: &Desk<'_, '_>, state: &ViewState) {
    let mut y = rest.top() + 12.0;
    let x = rest.left() + 12.0;
    let mut shown = desk.sides.legends();
    if let Some(legend) = &desk.buildings.legend {
        shown.push((legend.clone(), None));
    }
    shown.extend(desk.measures.legend().map(|legend| (legend, None)));
    shown.extend(desk.terrain.legends().map(|(legend, _)| (legend, None)));
    // Right of them stands the compass.
    let width = (rest.width() - 80.0).clamp(120.0, 272.0);
    for (legend, transparent_below) in shown {
        let at = Rect::from_min_size(Pos2::new(x, y), vec2(width, 0.0));
        y = legend_block(painter, at, &legend, transparent_below, state) + 10.0;
    }
}

fn legend_block(
    painter: &Painter,
    place: Rect,
    legend: &Legend,
    transparent_below: Option<f32>,
    state: &ViewState,
) -> f32 {
    const LINE: f32 = 20.0;
    let (at, inner) = (place.min, place.width() - 16.0);
    let language = state.language;
    let mut title = legend.title(language).to_owned();
    if !legend.unit().is_empty() {
        title = format!("{title} ({})", legend.unit());
    }
    let font = FontId::proportional(13.0);
    let heading = painter.layout(title, font.clone(), ink::TEXT, inner);
    // The swatch, then the label.
    let named = |class: &Class| {
        let said = class.label.get(language).to_owned();
        painter.layout(said, font.clone(), ink::TEXT, inner - 36.0)
    };
    let row = |label: &Arc<Galley>| LINE.max(label.size().y + 4.0);
    let (labels, body) = match legend {
        Legend::Continuous { .. } => (Vec::new(), 2.0 * LINE),
        Legend::Classed { classes, .. } => {
            let labels: Vec<_> = classes.iter().map(named).collect();
            let body = labels.iter().map(row).sum();
            (labels, body)
        }
    };
    let foot = transparent_below.map(|limit| {
        let unit = legend.unit();
        let meaning = if unit == "m" {
            wording::dry(language)
        } else {
            language.pick("sans couleur", "no colour")
        };
        let below = language.pick("moins de", "below");
        let said = format!("{below} {} {unit} : {meaning}", language.number(f64::from(limit), 2));
        painter.layout(said, FontId::proportional(11.0), ink::TEXT, inner)
    });
    let height =
        heading.size().y + 14.0 + body + foot.as_ref().map_or(0.0, |foot| foot.size().y + 2.0);
    let area = Rect::from_min_size(at, vec2(place.width(), height));
    painter.rect(
        area,
        4.0,
        ink::PAPER.gamma_multiply(0.93),
        Stroke::new(1.0, ink::RIM),
        bevy_egui::egui::StrokeKind::Inside,
    );
    let mut y = at.y + 6.0;
    painter.galley(Pos2::new(at.x + 8.0, y), heading.clone(), ink::TEXT);
    y += heading.size().y + 4.0;
    let label = |at: Pos2, anchor: Align2, said: &str| {
        painter.text(at, anchor, said, font.clone(), ink::TEXT);
    };
    match legend {
        Legend::Continuous { min, max, ramp, .. } => {
            const STEPS: usize = 64;
            let width = inner;
            for (k, rgb) in ramp.classes(STEPS).into_iter().enumerate() {
                let left = at.x + 8.0 + width * k as f32 / STEPS as f32;
                let cell =
                    Rect::from_min_size(Pos2::new(left, y), vec2(width / STEPS as f32 + 0.5, 14.0));
                painter.rect_filled(cell, 0.0, colour(rgb));
            }
            let range = f64::from(max - min);
            let decimals = if range < 1.0 {
                2
            } else if range < 20.0 {
                1
            } else {
                0
            };
            let number = |v: f32| language.number(f64::from(v), decimals);
            y += 16.0;
            label(Pos2::new(at.x + 8.0, y), Align2::LEFT_TOP, &number(*min));
            label(
                Pos2::new(at.x + 8.0 + 0.5 * width, y),
                Align2::CENTER_TOP,
                &number(0.5 * (min + max)),
            );
            label(Pos2::new(at.x + 8.0 + width, y), Align2::RIGHT_TOP, &number(*max));
            y += LINE + 4.0;
        }
        Legend::Classed { classes, .. } => {
            for (class, label) in classes.iter().zip(labels) {
                let swatch = Rect::from_min_size(Pos2::new(at.x + 8.0, y + 2.0), vec2(28.0, 15.0));
                painter.rect(
                    swatch,
                    0.0,
                    colour(class.colour),
                    Stroke::new(0.8, ink::RIM),
                    bevy_egui::egui::StrokeKind::Inside,
                );
                if class.hatch.is_some() {
                    hatched(
                        painter,
                        swatch,
                        class.hatch == Some(twin_core::export::legend::Hatch::Rising),
                    );
                }
                let height = row(&label);
                let middle = 0.5 * (height - label.size().y) - 1.0;
                painter.galley(Pos2::new(at.x + 44.0, y + middle), label, ink::TEXT);
                y += height;
            }
        }
    }
    if let Some(foot) = foot {
        painter.galley(Pos2::new(at.x + 8.0, y), foot, ink::TEXT);
    }
    area.bottom()
}

fn hatched(painter: &Painter, area: Rect, rising: bool) {
    let clipped = painter.with_clip_rect(area);
    let mut x = area.left() - area.height();
    while x < area.right() {
        let (a, b) = (Pos2::new(x, area.bottom()), Pos2::new(x + area.height(), area.top()));
        let (c, d) = (Pos2::new(x, area.top()), Pos2::new(x + area.height(), area.bottom()));
        let line = if rising { [a, b] } else { [c, d] };
        clipped.line_segment(line, Stroke::new(1.5, ink::RIM));
        x += 6.0;
    }
}

/// Names of the two pictures, and the line between them.
fn compared(
    ctx: &Context,
    painter: &Painter,
    rest: Rect,
    desk: &Desk<'_, '_>,
    state: &mut ViewState,
) {
    if state.compare.mode == CompareMode::Off || desk.opened.runs.len() < 2 {
        return;
    }
    // Above the scale.
    let y = rest.bottom() - 48.0;
    let [a, b] = [0, 1].map(|k| {
        let letter = ["A", "B"][k];
        format!("{letter} – {}", desk.opened.runs[k].run.title(state.language))
    });
    if state.compare.mode == CompareMode::Difference {
        let reference = state.language.pick("référence", "reference");
        let said = format!("A − B :  {a}  −  {b} ({reference})");
        text(painter, Pos2::new(rest.center().x, y), Align2::CENTER_BOTTOM, &said, 13.0);
        return;
    }
    let share = if state.compare.mode == CompareMode::Swipe { state.compare.split } else { 0.5 };
    let x = rest.left() + rest.width() * share;
    painter.line_segment(
        [Pos2::new(x, rest.top()), Pos2::new(x, rest.bottom())],
        Stroke::new(3.0, ink::RIM),
    );
    text(painter, Pos2::new(x - 10.0, y), Align2::RIGHT_BOTTOM, &a, 13.0);
    text(painter, Pos2::new(x + 10.0, y), Align2::LEFT_BOTTOM, &b, 13.0);
    if state.compare.mode != CompareMode::Swipe {
        return;
    }
    let handle = Rect::from_center_size(Pos2::new(x, rest.center().y), Vec2::new(18.0, 44.0));
    painter.rect(
        handle,
        5.0,
        ink::PAPER,
        Stroke::new(2.0, ink::RIM),
        bevy_egui::egui::StrokeKind::Inside,
    );
    let area = bevy_egui::egui::Area::new("swipe".into())
        .fixed_pos(handle.min)
        .show(ctx, |ui| ui.allocate_response(handle.size(), Sense::drag()));
    let dragged = area.inner.drag_delta().x / rest.width().max(1.0);
    if dragged != 0.0 {
        state.compare.split = (state.compare.split + dragged).clamp(0.02, 0.98);
    }
}
