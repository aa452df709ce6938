//! The page: where title, frame, legend and footer stand.
//!
//! The legend stands to the right of the map, or below it where the map is much wider than high,
//! so that neither hides data.

use super::{
    furniture, key,
    key::Block,
    layers,
    raster::{self, Raster},
    spec::{MapSpec, VectorStyle},
};
use crate::{
    Error, Language, Result,
    export::{
        font::{Weight, text_width, wrap},
        svg::{Anchor, GREY, INK, Svg, TextStyle},
        wording,
    },
    spatial::{Crs, Extent},
};

pub(super) const PAGE_WIDTH: f64 = 1200.0;
pub(super) const MARGIN: f64 = 26.0;
/// Room for the tick labels at the left of the frame and below it.
const TICKS: f64 = 22.0;
pub(super) const COLUMN: f64 = 262.0;
pub(super) const GUTTER: f64 = 24.0;
const LARGEST_FRAME_HEIGHT: f64 = 900.0;
/// Width over height beyond which the legend stands below.
const WIDE: f64 = 1.75;
/// Picture pixels per page pixel.
pub(super) const OVERSAMPLING: f64 = 1.6;

/// The map's rectangle on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) extent: Extent,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) pixels_per_metre: f64,
}

impl Frame {
    /// An extent at a position of the page, `width` pixels wide.
    pub(super) fn new(extent: Extent, [left, top]: [f64; 2], width: f64) -> Self {
        let pixels_per_metre = width / extent.width();
        let height = extent.height() * pixels_per_metre;
        Self { extent, left, top, width, height, pixels_per_metre }
    }

    pub(super) fn x(&self, easting: f64) -> f64 {
        self.left + (easting - self.extent.min_x) * self.pixels_per_metre
    }

    pub(super) fn y(&self, northing: f64) -> f64 {
        self.top + (self.extent.max_y - northing) * self.pixels_per_metre
    }
}

/// Lays out and draws a page.
pub(super) fn compose(map: &MapSpec<'_>) -> Result<String> {
    check(map)?;
    let aspect = map.extent.width() / map.extent.height();
    let below = aspect > WIDE;
    let room = PAGE_WIDTH - 2.0 * MARGIN - TICKS - if below { 0.0 } else { COLUMN + GUTTER };
    let width = room.min(LARGEST_FRAME_HEIGHT * aspect);
    // A narrow map makes a narrower page, down to a width that its texts need.
    let page_width = if below { PAGE_WIDTH } else { (PAGE_WIDTH - room + width).max(820.0) };

    let mut svg = Svg::default();
    let top = heading(&mut svg, map, page_width);
    let frame = Frame::new(map.extent, [MARGIN + TICKS, top + 6.0], width);
    let exaggeration = draw_map(&mut svg, map, &frame)?;

    let blocks = key::blocks(map, exaggeration);
    let frame_bottom = frame.top + frame.height + TICKS;
    let bottom = if below {
        legend_below(&mut svg, map, &frame, &blocks, [MARGIN, frame_bottom + 14.0], page_width)?
    } else {
        let x = frame.left + frame.width + GUTTER;
        let column = page_width - MARGIN - x;
        let mut y = frame.top;
        for block in &blocks {
            block.draw(&mut svg, [x, y], column)?;
            y += block.height(column);
        }
        let furniture_height = furniture_height(map, column);
        // At the foot of the map where there is room.
        y = y.max(frame.top + frame.height - furniture_height);
        furniture_block(&mut svg, map, &frame, [x, y], column);
        frame_bottom.max(y + furniture_height)
    };
    let height = footer(&mut svg, map, bottom + 12.0, page_width);
    let description =
        format!("{} {}", map.subtitle, wording::notice(map.language)).trim().to_owned();
    Ok(svg.finish(page_width, height, &map.title, &description, map.language))
}

fn check(map: &MapSpec<'_>) -> Result<()> {
    let extent = map.extent;
    let sound = Extent::new(extent.min_x, extent.min_y, extent.max_x, extent.max_y).is_some()
        && extent.width() > 0.0
        && extent.height() > 0.0
        && (1e-3..=1e3).contains(&(extent.width() / extent.height()));
    if !sound {
        return Err(Error::input(
            map.title.clone(),
            "l'emprise de la carte est vide ou démesurément étroite ; donner [ouest, sud, est, nord] en mètres",
            "the extent of the map is empty or exceedingly narrow; give [west, south, east, north] in metres",
        ));
    }
    let floats = map.terrain.iter().copied().chain(map.rasters.iter().map(|l| l.values));
    let whole = floats.into_iter().all(|g| {
        g.values.len() == g.spec.len() && g.spec.cell_size.is_finite() && g.spec.cell_size > 0.0
    }) && map
        .land_cover
        .iter()
        .all(|c| c.classes.values.len() == c.classes.spec.len() && c.classes.spec.cell_size > 0.0);
    if whole {
        Ok(())
    } else {
        Err(Error::input(
            map.title.clone(),
            "une grille n'a pas autant de valeurs que de mailles ; la relire depuis sa source",
            "a grid has not as many values as cells; read it again from its source",
        ))
    }
}

/// Title, subtitle and banners; gives the first free height.
pub(super) fn heading(svg: &mut Svg, map: &MapSpec<'_>, page_width: f64) -> f64 {
    let mut right = page_width - MARGIN;
    let mut banner = |svg: &mut Svg, text: &str, fill: &str, ink: &str| {
        let width = text_width(text, 12.0, Weight::Bold) + 20.0;
        right -= width;
        svg.rectangle(
            [right, MARGIN - 4.0, width, 24.0],
            &format!(r#"rx="3" fill="{fill}" stroke="{ink}" stroke-width="1""#),
        );
        let style = TextStyle::new(12.0).bold().fill(ink).anchor(Anchor::Middle);
        svg.fitted([right + 0.5 * width, MARGIN + 12.2], text, &style);
        right -= 10.0;
    };
    if map.demo {
        banner(svg, wording::demonstration(map.language), "#ffd24d", "#3a2a00");
    }
    if map.calibrated == Some(false) {
        banner(svg, wording::uncalibrated(map.language), "#ffffff", "#7a1f1f");
    }
    let mut y = MARGIN + 15.0;
    for line in wrap(&map.title, 23.0, Weight::Bold, right - MARGIN) {
        svg.fitted([MARGIN, y], &line, &TextStyle::new(23.0).bold());
        y += 28.0;
    }
    for line in wrap(&map.subtitle, 14.0, Weight::Regular, page_width - 2.0 * MARGIN) {
        svg.text([MARGIN, y - 4.0], &line, &TextStyle::new(14.0).fill(GREY));
        y += 19.0;
    }
    y - 8.0
}

/// Raster, vectors, markers, frame and ticks; gives the exaggeration of the relief.
fn draw_map(svg: &mut Svg, map: &MapSpec<'_>, frame: &Frame) -> Result<Option<f64>> {
    let area = [frame.left, frame.top, frame.width, frame.height];
    let pixels = |length: f64| ((length * OVERSAMPLING).round() as usize).max(1);
    let raster =
        Raster { extent: map.extent, width: pixels(frame.width), height: pixels(frame.height) };
    let (picture, exaggeration) = raster::draw(map, raster);
    svg.png(area, &picture.png()?);
    // A nested document clips to the frame without an identifier that could clash in a report.
    svg.raw(&format!(
        r#"<svg x="{x}" y="{y}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" overflow="hidden">"#,
        x = frame.left,
        y = frame.top,
        w = frame.width,
        h = frame.height
    ));
    for layer in &map.vectors {
        let commands = layers::commands(frame, layer.geometries.iter().copied());
        layer.style.draw(svg, &commands);
    }
    if let Some(study_area) = map.study_area {
        VectorStyle::study_area().draw(svg, &layers::commands(frame, [study_area]));
    }
    layers::markers(svg, frame, &map.markers);
    svg.raw("</svg>");
    furniture::graticule(svg, frame, map.language);
    svg.rectangle(area, &format!(r#"fill="none" stroke="{INK}" stroke-width="1.2""#));
    Ok(exaggeration)
}

/// The legend in columns below the map, the scale in the last; gives the first free height.
fn legend_below(
    svg: &mut Svg,
    map: &MapSpec<'_>,
    frame: &Frame,
    blocks: &[Block],
    [left, top]: [f64; 2],
    page_width: f64,
) -> Result<f64> {
    const COLUMNS: usize = 4;
    let width = (page_width - 2.0 * MARGIN - (COLUMNS - 1) as f64 * GUTTER) / COLUMNS as f64;
    let x = |column: usize| left + column as f64 * (width + GUTTER);
    // Each block goes below the shortest column so far, in reading order.
    let mut heights = [0.0; COLUMNS - 1];
    for block in blocks {
        let mut column = 0;
        for candidate in 1..heights.len() {
            if heights[candidate] < heights[column] {
                column = candidate;
            }
        }
        block.draw(svg, [x(column), top + heights[column]], width)?;
        heights[column] += block.height(width);
    }
    furniture_block(svg, map, frame, [x(COLUMNS - 1), top], width);
    let tallest = heights.into_iter().fold(furniture_height(map, width), f64::max);
    Ok(top + tallest)
}

pub(super) fn reference_lines(map: &MapSpec<'_>, width: f64) -> Vec<String> {
    let heights = match map.language {
        Language::Fr => format!("altitudes {}", map.vertical_datum),
        Language::En => format!("heights {}", map.vertical_datum),
    };
    let mut lines = wrap(&crs_name(map.crs), 11.0, Weight::Regular, width);
    lines.extend(wrap(&heights, 11.0, Weight::Regular, width));
    // A cell takes a millimetre of paper at least: beyond, the map shows more than the result holds.
    if let Some(result) = map.rasters.first() {
        let scale = map.language.number(1000.0 * result.values.spec.cell_size, 0);
        let scale = match map.language {
            Language::Fr => format!("échelle maximale d'utilisation 1/{scale}"),
            Language::En => format!("largest scale of use 1/{scale}"),
        };
        lines.extend(wrap(&scale, 11.0, Weight::Regular, width));
    }
    lines
}

fn furniture_height(map: &MapSpec<'_>, width: f64) -> f64 {
    48.0 + 10.0 + furniture::SCALE_BAR_HEIGHT + 15.0 * reference_lines(map, width).len() as f64
}

/// North arrow, scale bar, reference systems.
fn furniture_block(svg: &mut Svg, map: &MapSpec<'_>, frame: &Frame, [x, y]: [f64; 2], width: f64) {
    furniture::north_arrow(svg, [x, y]);
    let y = y + 48.0;
    furniture::scale_bar(svg, [x + 3.0, y], width.min(0.9 * frame.width), frame, map.language);
    let mut baseline = y + furniture::SCALE_BAR_HEIGHT + 10.0;
    for line in reference_lines(map, width) {
        svg.text([x, baseline], &line, &TextStyle::new(11.0).fill(GREY));
        baseline += 15.0;
    }
}

/// Notice and sources; gives the height of the page.
pub(super) fn footer(svg: &mut Svg, map: &MapSpec<'_>, top: f64, page_width: f64) -> f64 {
    const SIZE: f64 = 12.0;
    let width = page_width - 2.0 * MARGIN;
    let notice = wrap(wording::notice(map.language), SIZE, Weight::Bold, width - 24.0);
    let height = notice.len() as f64 * 16.0 + 12.0;
    svg.rectangle(
        [MARGIN, top, width, height],
        r##"fill="#f3f1ec" stroke="#555555" stroke-width="0.8""##,
    );
    let mut y = top + 18.5;
    for line in &notice {
        svg.fitted([MARGIN + 12.0, y], line, &TextStyle::new(SIZE).bold());
        y += 16.0;
    }
    y = top + height + 17.0;
    if !map.credits.is_empty() {
        let text = match map.language {
            Language::Fr => format!("Sources : {}", map.credits.join(" ; ")),
            Language::En => format!("Sources: {}", map.credits.join("; ")),
        };
        for line in wrap(&text, 10.5, Weight::Regular, width) {
            svg.text([MARGIN, y], &line, &TextStyle::new(10.5).fill(GREY));
            y += 14.0;
        }
    }
    y + 6.0
}

/// Name and code of the legal reference systems of French territories; the code alone for others.
fn crs_name(crs: Crs) -> String {
    let name = match crs.epsg() {
        2154 => "RGF93 v1 / Lambert-93",
        9793 => "RGF93 v2 / Lambert-93",
        9794 => "RGF93 v2b / Lambert-93",
        5490 => "RGAF09 / UTM 20N",
        2972 => "RGFG95 / UTM 22N",
        2975 => "RGR92 / UTM 40S",
        4471 => "RGM04 / UTM 38S",
        4467 => "RGSPM06 / UTM 21N",
        _ => return format!("EPSG:{}", crs.epsg()),
    };
    format!("{name} (EPSG:{})", crs.epsg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::{Legend, map::RasterLayer},
        spatial::{Grid, GridSpec},
    };

    fn depth(columns: usize, rows: usize) -> Grid<f32> {
        let spec = GridSpec { west: 352_000.0, north: 6_790_000.0, cell_size: 5.0, columns, rows };
        Grid::from_fn(spec, |r, c| ((r + 2 * c) % 50) as f32 / 20.0 - 0.3)
    }

    fn page(columns: usize, rows: usize, language: Language) -> String {
        let depth = depth(columns, rows);
        let mut map = MapSpec::new("Carte", depth.spec.extent());
        map.language = language;
        map.demo = true;
        map.calibrated = Some(false);
        map.rasters.push(RasterLayer::water_depth(&depth, Legend::maximum_water_depth()));
        map.svg().unwrap()
    }

    #[test]
    fn every_page_carries_what_a_map_must_say() {
        for (columns, rows) in [(300, 300), (2000, 500), (60, 400)] {
            let svg = page(columns, rows, Language::Fr);
            let text: String = resvg::usvg::roxmltree::Document::parse(&svg)
                .unwrap()
                .descendants()
                .filter(|n| n.has_tag_name("text"))
                .filter_map(|n| n.text())
                .map(|t| format!("{t} "))
                .collect();
            for said in [
                "JEU DE DÉMONSTRATION",
                "modèle non calé",
                "Hauteur d'eau maximale",
                "de 0,5 à 1",
                "EPSG:2154",
                "NGF-IGN69",
                "N ",
            ] {
                assert!(text.contains(said), "{said}");
            }
            let words: Vec<_> = text.split_whitespace().collect();
            let notice: Vec<_> = wording::notice(Language::Fr).split_whitespace().collect();
            assert!(words.windows(notice.len()).any(|w| w == notice));
        }
    }

    #[test]
    fn the_scale_bar_is_as_long_as_it_says() {
        // Segments of the bar are the only rectangles 6 high; the label of its end has the unit.
        for (columns, rows) in [(300, 300), (2000, 500)] {
            let svg = page(columns, rows, Language::En);
            let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
            let number = |n: &resvg::usvg::roxmltree::Node<'_, '_>, name: &str| {
                n.attribute(name).and_then(|v| v.parse::<f64>().ok()).unwrap()
            };
            let frame_width = document
                .descendants()
                .filter(|n| n.has_tag_name("image"))
                .map(|n| number(&n, "width"))
                .fold(0.0, f64::max);
            let bar: f64 = document
                .descendants()
                .filter(|n| n.has_tag_name("rect") && n.attribute("height") == Some("6"))
                .map(|n| number(&n, "width"))
                .sum();
            let label = document
                .descendants()
                .filter(|n| n.has_tag_name("text"))
                .filter_map(|n| n.text())
                .find(|t| t.ends_with("\u{a0}m") || t.ends_with("\u{a0}km"))
                .unwrap();
            let (value, unit) = label.split_once('\u{a0}').unwrap();
            let metres = value.replace(',', "").parse::<f64>().unwrap()
                * if unit == "km" { 1000.0 } else { 1.0 };
            let expected = metres / (columns as f64 * 5.0) * frame_width;
            // Written with two decimals, four times.
            assert!((bar - expected).abs() < 0.05, "{label}: {bar} {expected}");
        }
    }

    #[test]
    fn the_same_map_has_the_same_bytes_for_any_number_of_threads() {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let three = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let draw = || page(120, 90, Language::Fr);
        assert_eq!(one.install(draw), three.install(draw));
    }

    #[test]
    fn an_extent_without_area_is_an_error_that_names_the_map() {
        let map =
            MapSpec::new("Carte vide", Extent { min_x: 1.0, min_y: 1.0, max_x: 1.0, max_y: 2.0 });
        assert!(map.svg().unwrap_err().text(Language::Fr).contains("Carte vide"));
    }
}
