//! Pictures of the scene and the page around them.

use std::path::{Path, PathBuf};

use bevy::prelude::*;
use image::{ImageEncoder, RgbaImage};
use twin_core::export::map::{ShownLegend, ViewPage};
use twin_core::export::{picture, wording};
use twin_core::results::write_atomically;
use twin_core::{Error, Result};

use crate::answer::{Answer, Asked};
use crate::camera::{SecondCamera, Stage, metres_per_pixel};
use crate::clock::Clock;
use crate::opened::{Moment, Opened};
use crate::results::Sides;
use crate::scene::terrain::Terrain;
use crate::scene::{Buildings, Measures};
use crate::state::{CompareMode, Paint, ViewState};
use crate::ui::ink;

/// Width of the page in pixels.
const PAGE_WIDTH_PX: u32 = 1800;

/// The pixels of a picture that came back from the GPU, whatever the order of its channels: that of a
/// window is often blue, green, red.
pub(crate) fn pixels(image: &Image) -> Result<RgbaImage> {
    let picture = image.clone().try_into_dynamic().map_err(|_| unreadable())?;
    Ok(picture.to_rgba8())
}

fn unreadable() -> Error {
    Error::input(
        "image",
        "l'image rendue est incomplète ; vérifier le pilote graphique",
        "the picture is incomplete; check the graphics driver",
    )
}

/// PNG of pixels.
pub(crate) fn png(picture: &RgbaImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let rgb: Vec<u8> = picture.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&rgb, picture.width(), picture.height(), image::ExtendedColorType::Rgb8)
        .map_err(|e| Error::input("PNG", e.to_string(), e.to_string()))?;
    Ok(bytes)
}

/// A picture as PNG: in a page with all that a map must say, or bare.
pub(crate) fn page(
    In((picture, bare)): In<(RgbaImage, bool)>,
    state: Res<ViewState>,
    opened: Res<Opened>,
    stage: Res<Stage>,
    sides: Res<Sides>,
    buildings: Res<Buildings>,
    measures: Res<Measures>,
    terrain: Res<Terrain>,
    asked: Res<Asked>,
) -> Result<Vec<u8>> {
    let png = png(&picture)?;
    if bare {
        return Ok(png);
    }
    let opacity = state.result.opacity;
    let of_results = sides.legends().into_iter().map(|(legend, transparent_below)| ShownLegend {
        legend,
        opacity,
        transparent_below,
    });
    let of_objects = buildings.legend.clone().into_iter().chain(measures.legend());
    let of_objects =
        of_objects.map(|legend| ShownLegend { legend, opacity: 1.0, transparent_below: None });
    let of_ground = terrain.legends();
    let of_ground =
        of_ground.map(|(legend, opacity)| ShownLegend { legend, opacity, transparent_below: None });
    let legends = of_results.chain(of_objects).chain(of_ground).collect();
    let mut page = described(&state, &opened, &stage, legends, &png, picture.dimensions());
    page.remarks.extend(asked.0.as_ref().map(|answer| told(answer, &state)));
    picture::png_from_svg(&page.svg()?, PAGE_WIDTH_PX, wording::notice(state.language))
}

/// What was asked about, and what the runs say of it at the moment shown.
fn told(answer: &Answer, state: &ViewState) -> String {
    let language = state.language;
    let values = answer.at(state.result.time_s, language);
    let values: Vec<String> =
        values.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let mut said = answer.title.clone();
    if answer.picked.building.is_none() && answer.picked.gauge.is_none() {
        let [x, y, _] = answer.picked.place.map(|v| language.number(v, 0));
        said = format!("{said} ({x} ; {y})");
    }
    if values.is_empty() {
        return said;
    }
    format!("{said}{}{}", language.pick(" : ", ": "), values.join(" ; "))
}

/// Marks the place that is asked about in a picture, as the window does.
pub(crate) fn mark(
    In(mut picture): In<RgbaImage>,
    state: Res<ViewState>,
    opened: Res<Opened>,
    cameras: Query<(&Camera, &GlobalTransform, Has<SecondCamera>)>,
) -> RgbaImage {
    const RADIUS_PX: f32 = 6.0;
    const RIM_PX: f32 = 2.0;
    let Some(picked) = &state.picked else { return picture };
    let scene = opened.frame.to_scene(picked.place) * Vec3::new(1.0, state.exaggeration, 1.0);
    // Cameras rest while a picture comes back.
    let is_shown = |is_second: bool| !is_second || state.compare.mode.is_two();
    for (camera, transform, _) in cameras.iter().filter(|(.., second)| is_shown(*second)) {
        let Ok(at) = camera.world_to_viewport(transform, scene) else { continue };
        let part = camera.logical_viewport_rect().unwrap_or_default();
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let here = Vec2::new(x as f32, y as f32) + 0.5;
            let distance = here.distance(at);
            if distance <= RADIUS_PX && part.contains(here) {
                let is_rim = distance > RADIUS_PX - RIM_PX;
                let [r, g, b, _] = if is_rim { ink::RIM } else { ink::MARK }.to_array();
                *pixel = image::Rgba([r, g, b, 255]);
            }
        }
    }
    picture
}

fn described<'a>(
    state: &ViewState,
    opened: &Opened,
    stage: &Stage,
    legends: Vec<ShownLegend>,
    picture_png: &'a [u8],
    size: (u32, u32),
) -> ViewPage<'a> {
    let language = state.language;
    let territory = opened.territory.manifest();
    let run = opened.run_a();
    let is_compared = state.compare.mode != CompareMode::Off && opened.runs.len() > 1;
    let title = match run {
        _ if !state.title.is_empty() => state.title.clone(),
        Some(_) if is_compared => {
            language.pick("Comparaison de deux calculs", "Comparison of two runs").to_owned()
        }
        Some(run) => run.run.title(language),
        None => territory.name.clone(),
    };
    let subtitle = if run.is_some() || !state.title.is_empty() {
        territory.name.clone()
    } else {
        language.pick("Territoire", "Territory").to_owned()
    };
    let hypotheses = run.map(|r| r.run.manifest.hypotheses.clone()).unwrap_or_default();
    ViewPage {
        title,
        subtitle,
        picture_png,
        size_px: [size.0, size.1],
        split: match state.compare.mode {
            CompareMode::SideBySide if is_compared => Some(0.5),
            CompareMode::Swipe if is_compared => Some(f64::from(state.compare.split)),
            _ => None,
        },
        legends,
        remarks: remarks(state, opened),
        hypotheses,
        heading_deg: state.camera.heading_deg,
        metres_per_pixel: metres_per_pixel(state, stage),
        crs: opened.territory.crs(),
        vertical_datum: territory.vertical_datum.clone(),
        exaggeration: f64::from(state.exaggeration),
        demo: territory.demo,
        calibrated: run.map(|r| r.run.is_calibrated()),
        credits: credits(opened),
        language,
    }
}

fn credits(opened: &Opened) -> Vec<String> {
    let sources = &opened.territory.manifest().sources;
    let mut credits: Vec<String> =
        sources.iter().map(|s| format!("{} {}", s.product.label(), s.attribution)).collect();
    credits.sort();
    credits.dedup();
    credits
}

/// Moment, comparison, sun and land cover, one sentence each.
fn remarks(state: &ViewState, opened: &Opened) -> Vec<String> {
    let language = state.language;
    let clock = Clock::new(opened.territory.crs(), language);
    let mut remarks = Vec::new();
    if let Some(run) = opened.run_a()
        && state.result.field.as_ref().and_then(|f| run.field(f)).is_some_and(|f| f.is_series)
        && run.times().len() > 1
    {
        // A difference is that of the stored moment at or before the one of the view.
        let stored = Moment::stored(run.times(), state.result.time_s).before;
        let stored = run.times().get(stored);
        let is_difference = state.compare.mode == CompareMode::Difference;
        let shown = stored.copied().filter(|_| is_difference).unwrap_or(state.result.time_s);
        remarks.push(clock.after(run.run.start(), shown));
    }
    if state.compare.mode != CompareMode::Off && opened.runs.len() > 1 {
        for (letter, run) in ["A", "B"].iter().zip(&opened.runs) {
            let is_reference = *letter == "B" && state.compare.mode == CompareMode::Difference;
            let role =
                if is_reference { language.pick(" (référence)", " (reference)") } else { "" };
            remarks.push(format!("{letter} : {}{role}", run.run.title(language)));
        }
    }
    if let Some(moment) = state.sun.moment {
        let shown = clock.date_time(moment);
        remarks.push(format!("{} {shown}", language.pick("Soleil du", "Sun of")));
    }
    let painted = |l: &&crate::state::PaintLayer| l.shown && matches!(l.what, Paint::LandCover);
    if state.layers.iter().any(|l| painted(&l)) {
        remarks.push(language.pick("Fond : occupation du sol", "Ground: land cover").to_owned());
    }
    remarks
}

/// Writes the part of a picture of the window that shows the scene, in its page.
pub(crate) fn write_part(
    world: &mut World,
    image: &Image,
    (corner, size): (UVec2, UVec2),
    file: &Path,
) -> Result<()> {
    let whole = pixels(image)?;
    let part = image::imageops::crop_imm(&whole, corner.x, corner.y, size.x, size.y).to_image();
    let page = world.run_system_cached_with(page, (part, false));
    let png = page.map_err(|_| unreadable())??;
    write_atomically(file, &png)
}

/// A name beside a view that is not taken: that of the view, a number and an ending.
pub(crate) fn free_name(view: &Path, ending: &str) -> PathBuf {
    let name = view.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let stem = name.trim_end_matches(".view.toml");
    let names = (1..).map(|n| view.with_file_name(format!("{stem}-{n:02}{ending}")));
    names.into_iter().find(|path| !path.exists()).unwrap_or_else(|| view.with_extension("out"))
}
