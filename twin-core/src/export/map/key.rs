//! The legend beside a map: one block per result, one for the vector layers and markers. It is
//! made from the same [`Legend`]s and styles that the map is drawn with.

use super::{
    layers,
    page::OVERSAMPLING,
    raster::{PAPER, hatch_ink, hatch_inks, outside},
    spec::{LandCoverTint, MapSpec, MarkerKind, RasterLayer, VectorStyle},
};
use crate::{
    Language, Result,
    export::{
        axis,
        font::{Weight, wrap},
        legend::{Hatch, Legend, short_number},
        picture::Picture,
        ramp::Rgb,
        svg::{Anchor, GREY, Svg, TextStyle, short},
    },
};

const TITLE_SIZE: f64 = 13.0;
const LABEL_SIZE: f64 = 12.0;
const LINE: f64 = 15.0;
/// Width of a symbol.
const SYMBOL: f64 = 34.0;
/// Space between symbol and label.
const GAP: f64 = 9.0;
const SWATCH_HEIGHT: f64 = 16.0;
const RAMP_HEIGHT: f64 = 14.0;

/// A titled group of the legend.
#[derive(Debug)]
pub(super) struct Block {
    title: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    symbol: Symbol,
    label: String,
}

#[derive(Debug)]
enum Symbol {
    Swatch { colour: Rgb, hatch: Option<Hatch> },
    Area(VectorStyle),
    Line(VectorStyle),
    Marker(MarkerKind),
    Outside,
    Ramp { colours: Vec<Rgb>, labels: [String; 3] },
    None,
}

/// The blocks of a map in reading order. `exaggeration` is that of the relief.
pub(super) fn blocks(map: &MapSpec<'_>, exaggeration: Option<f64>) -> Vec<Block> {
    let language = map.language;
    let mut blocks: Vec<Block> =
        map.rasters.iter().map(|layer| raster_block(layer, language)).collect();
    let mut entries: Vec<Entry> = Vec::new();
    for layer in &map.vectors {
        let line = layer.style.fill.is_none();
        let symbol = if line {
            Symbol::Line(layer.style.clone())
        } else {
            Symbol::Area(layer.style.clone())
        };
        entries.push(Entry { symbol, label: layer.label.clone() });
    }
    if map.study_area.is_some() {
        entries.push(Entry {
            symbol: Symbol::Line(VectorStyle::study_area()),
            label: language.pick("Périmètre d'étude", "Study area").to_owned(),
        });
        entries.push(Entry {
            symbol: Symbol::Outside,
            label: language.pick("Hors périmètre d'étude", "Outside the study area").to_owned(),
        });
    }
    let kinds: [(MarkerKind, &str); 4] = [
        (MarkerKind::Inflow { towards_deg: 90.0 }, language.pick("Entrée d'eau", "Inflow")),
        (MarkerKind::Outflow { towards_deg: 90.0 }, language.pick("Sortie d'eau", "Outflow")),
        (MarkerKind::Gauge, language.pick("Point de suivi", "Gauge")),
        (MarkerKind::Breach, language.pick("Brèche", "Breach")),
    ];
    for (kind, label) in kinds {
        let same = |m: &MarkerKind| std::mem::discriminant(m) == std::mem::discriminant(&kind);
        if map.markers.iter().any(|m| same(&m.kind)) {
            entries.push(Entry { symbol: Symbol::Marker(kind), label: label.to_owned() });
        }
    }
    if let Some(factor) = exaggeration {
        let text = if factor > 1.0 {
            format!(
                "{} × {}",
                language.pick("relief ombré, hauteurs", "shaded relief, heights"),
                short_number(factor, language)
            )
        } else {
            language.pick("relief ombré", "shaded relief").to_owned()
        };
        entries.push(Entry { symbol: Symbol::None, label: text });
    }
    if !entries.is_empty() {
        let title = language.pick("Situation", "Situation").to_owned();
        blocks.push(Block { title, entries });
    }
    if let Some(cover) = &map.land_cover {
        blocks.push(land_cover_block(cover, language));
    }
    blocks
}

fn land_cover_block(cover: &LandCoverTint<'_>, language: Language) -> Block {
    let mut present = [false; 256];
    for code in &cover.classes.values {
        present[usize::from(*code)] = true;
    }
    let entries = cover
        .palette
        .iter()
        .filter(|(code, ..)| present[usize::from(*code)])
        .map(|(_, colour, name)| Entry {
            symbol: Symbol::Swatch { colour: *colour, hatch: None },
            label: name.get(language).to_owned(),
        })
        .collect();
    Block { title: language.pick("Occupation du sol", "Land cover").to_owned(), entries }
}

fn raster_block(layer: &RasterLayer<'_>, language: Language) -> Block {
    legend_block(&layer.legend, layer.opacity, layer.transparent_below, language)
}

/// The block of one legend.
pub(super) fn legend_block(
    legend: &Legend,
    opacity: f32,
    transparent_below: Option<f32>,
    language: Language,
) -> Block {
    let unit = legend.unit();
    let mut title = legend.title(language).to_owned();
    if !unit.is_empty() {
        title = format!("{title} ({unit})");
    }
    // As the pixels look over pale ground.
    let tone = |colour: Rgb| PAPER.mix(colour, opacity);
    let mut entries: Vec<Entry> = match legend {
        Legend::Continuous { min, max, ramp, .. } => {
            let range = f64::from(max - min);
            let decimals = axis::decimals(axis::round_below(range / 40.0));
            let at = |t: f64| language.number(f64::from(*min) + t * range, decimals);
            let colours = ramp.classes(256).into_iter().map(tone).collect();
            vec![Entry {
                symbol: Symbol::Ramp { colours, labels: [at(0.0), at(0.5), at(1.0)] },
                label: String::new(),
            }]
        }
        Legend::Classed { classes, .. } => classes
            .iter()
            .map(|class| Entry {
                symbol: Symbol::Swatch { colour: tone(class.colour), hatch: class.hatch },
                label: class.label.get(language).to_owned(),
            })
            .collect(),
    };
    if let Some(limit) = transparent_below {
        let cm = short_number(f64::from(limit) * 100.0, language);
        if unit == "m" {
            entries.push(Entry {
                symbol: Symbol::None,
                label: match language {
                    Language::Fr => format!("sans couleur : moins de {cm} cm dans ce scénario"),
                    Language::En => format!("no colour: less than {cm} cm in this scenario"),
                },
            });
        }
    }
    Block { title, entries }
}

impl Block {
    /// Height when `width` wide, with the space below.
    pub(super) fn height(&self, width: f64) -> f64 {
        let title = self.title_lines(width).len() as f64 * (LINE + 1.0) + 5.0;
        title + self.entries.iter().map(|e| e.height(width)).sum::<f64>() + 12.0
    }

    fn title_lines(&self, width: f64) -> Vec<String> {
        wrap(&self.title, TITLE_SIZE, Weight::Bold, width)
    }

    /// Draws the block with its top left corner at a position.
    pub(super) fn draw(&self, svg: &mut Svg, [x, mut y]: [f64; 2], width: f64) -> Result<()> {
        for line in self.title_lines(width) {
            svg.text([x, y + TITLE_SIZE], &line, &TextStyle::new(TITLE_SIZE).bold());
            y += LINE + 1.0;
        }
        y += 5.0;
        for entry in &self.entries {
            entry.draw(svg, [x, y], width)?;
            y += entry.height(width);
        }
        Ok(())
    }
}

impl Entry {
    fn lines(&self, width: f64) -> Vec<String> {
        let (size, room) = match self.symbol {
            Symbol::None => (LABEL_SIZE - 1.0, width),
            _ => (LABEL_SIZE, width - SYMBOL - GAP),
        };
        wrap(&self.label, size, Weight::Regular, room)
    }

    fn height(&self, width: f64) -> f64 {
        match self.symbol {
            Symbol::Ramp { .. } => RAMP_HEIGHT + 22.0,
            Symbol::None => self.lines(width).len() as f64 * (LINE - 1.0) + 4.0,
            _ => (self.lines(width).len() as f64 * LINE).max(SWATCH_HEIGHT) + 5.0,
        }
    }

    fn draw(&self, svg: &mut Svg, [x, y]: [f64; 2], width: f64) -> Result<()> {
        let middle = y + 0.5 * SWATCH_HEIGHT;
        match &self.symbol {
            Symbol::Swatch { colour, hatch } => {
                let area = [x, y, SYMBOL, SWATCH_HEIGHT];
                match hatch {
                    Some(hatch) => {
                        let ink = hatch_ink(*colour);
                        let sample =
                            sample(
                                |row, column| {
                                    if hatch_inks(*hatch, row, column) { ink } else { *colour }
                                },
                            );
                        svg.png(area, &sample.png()?);
                    }
                    None => svg.rectangle(area, &format!(r#"fill="{}""#, colour.css())),
                }
                svg.rectangle(area, r##"fill="none" stroke="#444444" stroke-width="0.6""##);
            }
            Symbol::Outside => {
                let area = [x, y, SYMBOL, SWATCH_HEIGHT];
                svg.png(area, &sample(|row, column| outside(PAPER, row, column)).png()?);
                svg.rectangle(area, r##"fill="none" stroke="#444444" stroke-width="0.6""##);
            }
            Symbol::Area(style) => {
                svg.rectangle(
                    [x + 3.0, y + 1.0, SYMBOL - 6.0, SWATCH_HEIGHT - 2.0],
                    &style.attributes(),
                );
            }
            Symbol::Line(style) => {
                let d = format!("M{} {}h{}", short(x), short(middle), SYMBOL);
                style.draw(svg, &d);
            }
            Symbol::Marker(kind) => {
                let tip = match kind {
                    MarkerKind::Inflow { .. } | MarkerKind::Outflow { .. } => x + SYMBOL,
                    _ => x + 0.5 * SYMBOL,
                };
                layers::symbol(svg, [tip, middle], *kind);
            }
            Symbol::Ramp { colours, labels } => {
                let strip = Picture { width: colours.len(), height: 1, pixels: colours.clone() };
                let length = (width - 20.0).min(230.0);
                let area = [x, y, length, RAMP_HEIGHT];
                svg.png(area, &strip.png()?);
                svg.rectangle(area, r##"fill="none" stroke="#444444" stroke-width="0.6""##);
                let anchors = [Anchor::Start, Anchor::Middle, Anchor::End];
                for ((label, anchor), i) in labels.iter().zip(anchors).zip(0..) {
                    let at = x + length * 0.5 * f64::from(i);
                    let style = TextStyle::new(LABEL_SIZE).anchor(anchor);
                    svg.text([at, y + RAMP_HEIGHT + 14.0], label, &style);
                }
                return Ok(());
            }
            Symbol::None => {
                for (i, line) in self.lines(width).iter().enumerate() {
                    let at = [x, y + 11.0 + i as f64 * (LINE - 1.0)];
                    svg.text(at, line, &TextStyle::new(LABEL_SIZE - 1.0).fill(GREY));
                }
                return Ok(());
            }
        }
        for (i, line) in self.lines(width).iter().enumerate() {
            let at = [x + SYMBOL + GAP, y + 12.5 + i as f64 * LINE];
            svg.text(at, line, &TextStyle::new(LABEL_SIZE));
        }
        Ok(())
    }
}

/// A sample with the very texture of the map.
fn sample(colour: impl Fn(usize, usize) -> Rgb) -> Picture {
    let pixels_of = |length: f64| (length * OVERSAMPLING).round() as usize;
    let (width, height) = (pixels_of(SYMBOL), pixels_of(SWATCH_HEIGHT));
    let pixels = (0..width * height).map(|i| colour(i / width, i % width)).collect();
    Picture { width, height, pixels }
}
