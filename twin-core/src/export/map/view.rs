//! The page around a picture of a territory in three dimensions: what a map must say, said of a view.

use super::{
    furniture, key,
    page::{self, COLUMN, Frame, GUTTER, MARGIN, PAGE_WIDTH},
    spec::MapSpec,
};
use crate::{
    Result,
    export::{
        font::{Weight, wrap},
        legend::{Legend, short_number},
        svg::{GREY, INK, Svg, TextStyle},
    },
    language::Text,
    spatial::{Crs, Extent},
};

/// A legend of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownLegend {
    /// Colours.
    pub legend: Legend,
    /// 0 transparent to 1 opaque.
    pub opacity: f32,
    /// Values below this are left transparent.
    pub transparent_below: Option<f32>,
}

/// A picture in perspective or from above, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct ViewPage<'a> {
    /// What is shown.
    pub title: String,
    /// Territory, scenario.
    pub subtitle: String,
    /// The picture as PNG.
    pub picture_png: &'a [u8],
    /// Its width and height in pixels.
    pub size_px: [u32; 2],
    /// Where the pictures A and B of a comparison meet, 0 left to 1 right.
    pub split: Option<f64>,
    /// Legends in reading order.
    pub legends: Vec<ShownLegend>,
    /// What else to say beside the picture: date and hour, vertical exaggeration, colours.
    pub remarks: Vec<String>,
    /// Assumptions of the scenario.
    pub hypotheses: Vec<Text>,
    /// Direction in which the picture looks, degrees clockwise from north.
    pub heading_deg: f64,
    /// Metres of the ground that a pixel stands for, where that is the same all over the picture.
    pub metres_per_pixel: Option<f64>,
    /// Horizontal reference system.
    pub crs: Crs,
    /// Name of the height datum.
    pub vertical_datum: String,
    /// Factor on heights; 1 is true to scale.
    pub exaggeration: f64,
    /// Whether the data is a demonstration set.
    pub demo: bool,
    /// Whether the result was compared with observations; `None` is a view without result.
    pub calibrated: Option<bool>,
    /// Attributions of the data shown.
    pub credits: Vec<String>,
    /// Language of everything written.
    pub language: crate::Language,
}

impl ViewPage<'_> {
    /// The page as SVG.
    pub fn svg(&self) -> Result<String> {
        let language = self.language;
        // Heading and footer are those of any map page.
        let unit = Extent { min_x: 0.0, min_y: 0.0, max_x: 1.0, max_y: 1.0 };
        let mut map = MapSpec::new(self.title.clone(), unit);
        map.subtitle.clone_from(&self.subtitle);
        map.crs = self.crs;
        map.vertical_datum.clone_from(&self.vertical_datum);
        map.demo = self.demo;
        map.calibrated = self.calibrated;
        map.credits.clone_from(&self.credits);
        map.language = language;

        let mut svg = Svg::default();
        let top = page::heading(&mut svg, &map, PAGE_WIDTH) + 6.0;
        let width = PAGE_WIDTH - 2.0 * MARGIN - COLUMN - GUTTER;
        let [columns, rows] = self.size_px.map(|n| f64::from(n.max(1)));
        let height = width * rows / columns;
        let area = [MARGIN, top, width, height];
        svg.png(area, self.picture_png);
        svg.rectangle(area, &format!(r#"fill="none" stroke="{INK}" stroke-width="1.2""#));
        if let Some(split) = self.split {
            meeting(&mut svg, area, split);
        }

        let x = MARGIN + width + GUTTER;
        let mut y = top;
        for shown in &self.legends {
            let block =
                key::legend_block(&shown.legend, shown.opacity, shown.transparent_below, language);
            block.draw(&mut svg, [x, y], COLUMN)?;
            y += block.height(COLUMN);
        }
        let mut lines = self.remarks.clone();
        if self.exaggeration != 1.0 {
            lines.push(format!(
                "{} × {}",
                language.pick("hauteurs", "heights"),
                short_number(self.exaggeration, language)
            ));
        }
        lines.extend(page::reference_lines(&map, COLUMN));
        if self.metres_per_pixel.is_none() {
            lines.push(
                language.pick("vue en perspective, sans échelle", "perspective, no scale").into(),
            );
        }
        svg.raw(&format!(
            r#"<g transform="rotate({:.1} {:.1} {:.1})">"#,
            -self.heading_deg,
            x + 12.0,
            y + 20.0
        ));
        furniture::north_arrow(&mut svg, [x, y]);
        svg.raw("</g>");
        y += 52.0;
        if let Some(metres) = self.metres_per_pixel {
            let shown = Extent { max_x: metres * columns, max_y: metres * rows, ..unit };
            let frame = Frame::new(shown, [MARGIN, top], width);
            furniture::scale_bar(&mut svg, [x + 3.0, y], COLUMN, &frame, language);
            y += furniture::SCALE_BAR_HEIGHT;
        }
        y += 12.0;
        y = paragraph(&mut svg, [x, y], &lines);
        if !self.hypotheses.is_empty() {
            let title = language.pick("Hypothèses", "Assumptions");
            svg.text([x, y + 8.0], title, &TextStyle::new(13.0).bold());
            let texts: Vec<String> =
                self.hypotheses.iter().map(|h| h.get(language).to_owned()).collect();
            y = paragraph(&mut svg, [x, y + 26.0], &texts);
        }
        let bottom = y.max(top + height) + 12.0;
        let height = page::footer(&mut svg, &map, bottom, PAGE_WIDTH);
        let description = format!("{} {}", self.subtitle, self.remarks.join(" "));
        Ok(svg.finish(PAGE_WIDTH, height, &self.title, description.trim(), language))
    }
}

/// The line between two pictures, and the letters by which the remarks name them.
fn meeting(svg: &mut Svg, [left, top, width, height]: [f64; 4], split: f64) {
    let x = left + width * split.clamp(0.0, 1.0);
    svg.rectangle([x - 1.0, top, 2.0, height], &format!(r#"fill="{INK}""#));
    for (letter, at) in [("A", x - 28.0), ("B", x + 8.0)] {
        let outline = format!(r#"fill="white" stroke="{INK}" stroke-width="1""#);
        svg.rectangle([at, top + 8.0, 20.0, 22.0], &outline);
        svg.text([at + 4.5, top + 24.5], letter, &TextStyle::new(15.0).bold());
    }
}

/// Lines below each other, wrapped to the column; gives the next baseline.
fn paragraph(svg: &mut Svg, [x, mut y]: [f64; 2], texts: &[String]) -> f64 {
    for line in texts.iter().flat_map(|t| wrap(t, 11.0, Weight::Regular, COLUMN)) {
        svg.text([x, y], &line, &TextStyle::new(11.0).fill(GREY));
        y += 15.0;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, export::Rgb, export::picture::Picture, export::wording};

    #[test]
    fn a_view_says_what_a_map_must_say() {
        let pixels = vec![Rgb(10, 120, 200); 160 * 90];
        let png = Picture { width: 160, height: 90, pixels }.png().unwrap();
        let page = ViewPage {
            title: "Crue".to_owned(),
            subtitle: "Val-Démo".to_owned(),
            picture_png: &png,
            size_px: [160, 90],
            split: Some(0.5),
            legends: vec![ShownLegend {
                legend: Legend::maximum_water_depth(),
                opacity: 0.8,
                transparent_below: Some(0.01),
            }],
            remarks: vec!["15/01/2024 07:00".to_owned()],
            hypotheses: vec![Text::from("Débit inventé.")],
            heading_deg: 30.0,
            metres_per_pixel: Some(2.0),
            crs: Crs::LAMBERT_93,
            vertical_datum: "NGF-IGN69".to_owned(),
            exaggeration: 2.0,
            demo: true,
            calibrated: Some(false),
            credits: vec!["BD TOPO IGN".to_owned()],
            language: Language::Fr,
        };
        let svg = page.svg().unwrap();
        for said in [
            "JEU DE DÉMONSTRATION",
            "modèle non calé",
            "de 0,5 à 1",
            "hauteurs × 2",
            "15/01/2024",
            "Débit inventé",
            "EPSG:2154",
            "BD TOPO IGN",
            "rotate(-30.0",
        ] {
            assert!(svg.contains(said), "{said}");
        }
        let words: String = svg.split_whitespace().collect();
        let first: String = wording::notice(Language::Fr).split_whitespace().take(4).collect();
        assert!(words.contains(&first));
    }
}
