//! Line plots over time: levels and discharges at gauges, hydrographs, mass balance.
//!
//! Series differ by colour and by dash (Okabe & Ito 2008, *Color Universal Design*), so that they
//! are told apart in greyscale.

use super::{
    axis,
    font::{Weight, text_width, wrap},
    svg::{Anchor, GREY, INK, Svg, TextStyle, short},
    wording,
};
use crate::Language;

const WIDTH: f64 = 960.0;
const PLOT_HEIGHT: f64 = 250.0;
const RIGHT: f64 = 24.0;
const TEXT: f64 = 12.0;

/// Colour and dash of each series, repeated after eight.
const LOOKS: [(&str, &str); 8] = [
    ("#0072b2", ""),
    ("#d55e00", "9 3"),
    ("#007a5a", "3 2.5"),
    ("#a3477f", "10 3 2 3"),
    ("#222222", "5 2"),
    ("#8a6d00", "1.5 2.5"),
    ("#3f87b5", "14 4"),
    ("#7a1f1f", "6 2 1.5 2 1.5 2"),
];

/// Values over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub label: String,
    /// Seconds since the start of the scenario, value; `NaN` interrupts the line.
    pub points: Vec<(f64, f64)>,
}

/// A horizontal reference, such as the level of a crest.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Name beside the line.
    pub label: String,
    /// Value on the axis.
    pub value: f64,
}

/// A plot of one quantity over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LinePlot {
    /// What is shown.
    pub title: String,
    /// Name of the value axis, such as *Débit*.
    pub quantity: String,
    /// Unit of the value axis, such as `m³/s` or `m NGF-IGN69`.
    pub unit: String,
    /// Lines.
    pub series: Vec<Series>,
    /// Horizontal references.
    pub thresholds: Vec<Threshold>,
    /// Whether the data is a demonstration set: adds its mention.
    pub demo: bool,
    /// Language of numbers and texts.
    pub language: Language,
}

/// Unit of the time axis: seconds in it, sign, steps between ticks.
struct TimeUnit {
    seconds: f64,
    sign: &'static str,
    steps: &'static [f64],
}

impl TimeUnit {
    fn of(duration_s: f64, language: Language) -> Self {
        if duration_s <= 600.0 {
            Self { seconds: 1.0, sign: "s", steps: &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0] }
        } else if duration_s <= 3.0 * 3600.0 {
            Self { seconds: 60.0, sign: "min", steps: &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0] }
        } else if duration_s <= 96.0 * 3600.0 {
            Self { seconds: 3600.0, sign: "h", steps: &[0.5, 1.0, 2.0, 3.0, 6.0, 12.0] }
        } else {
            let steps = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
            Self { seconds: 86_400.0, sign: language.pick("j", "d"), steps }
        }
    }
}

/// The part of the plane that a plot shows and where it stands on the picture.
struct Plane {
    time: [f64; 2],
    value: [f64; 2],
    left: f64,
    top: f64,
    width: f64,
}

impl Plane {
    fn x(&self, time: f64) -> f64 {
        self.left + (time - self.time[0]) / (self.time[1] - self.time[0]) * self.width
    }

    fn y(&self, value: f64) -> f64 {
        self.top + (self.value[1] - value) / (self.value[1] - self.value[0]) * PLOT_HEIGHT
    }
}

impl LinePlot {
    /// The plot as SVG, 960 pixels wide.
    pub fn svg(&self) -> String {
        let language = self.language;
        let mut svg = Svg::default();
        let mut y = 24.0;
        for line in wrap(&self.title, 15.0, Weight::Bold, WIDTH - 32.0) {
            svg.text([16.0, y], &line, &TextStyle::new(15.0).bold());
            y += 20.0;
        }
        y = self.legend(&mut svg, y);
        let axis_title = if self.unit.is_empty() {
            self.quantity.clone()
        } else {
            format!("{} ({})", self.quantity, self.unit)
        };
        svg.text([16.0, y + 6.0], &axis_title, &TextStyle::new(TEXT).fill(GREY));

        let (time, value) = self.bounds();
        let (value_ticks, step) = axis::ticks(value[0], value[1], 6.0);
        let labels: Vec<String> =
            value_ticks.iter().map(|v| language.number(*v, axis::decimals(step))).collect();
        let widest =
            labels.iter().map(|l| text_width(l, TEXT, Weight::Regular)).fold(20.0, f64::max);
        let left = 16.0 + widest + 10.0;
        let plane = Plane { time, value, left, top: y + 18.0, width: WIDTH - left - RIGHT };
        for (tick, label) in value_ticks.iter().zip(&labels) {
            let y = plane.y(*tick);
            let ink = if *tick == 0.0 { "#888888" } else { "#dddddd" };
            svg.line(
                [left, y],
                [left + plane.width, y],
                &format!(r#"stroke="{ink}" stroke-width="1""#),
            );
            svg.text([left - 8.0, y + 4.0], label, &TextStyle::new(TEXT).anchor(Anchor::End));
        }
        let bottom = self.time_axis(&mut svg, &plane);
        self.threshold_lines(&mut svg, &plane);
        for (i, series) in self.series.iter().enumerate() {
            let (colour, dash) = LOOKS[i % LOOKS.len()];
            let dash = if dash.is_empty() {
                String::new()
            } else {
                format!(r#" stroke-dasharray="{dash}""#)
            };
            svg.path(
                &path(&plane, &series.points),
                &format!(
                    r#"fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dash}"#
                ),
            );
        }
        let mut y = bottom + 22.0;
        let mention = if self.demo {
            format!("{} · {}", wording::demonstration(language), wording::notice(language))
        } else {
            wording::notice(language).to_owned()
        };
        for line in wrap(&mention, 10.0, Weight::Regular, WIDTH - 32.0) {
            svg.fitted([16.0, y], &line, &TextStyle::new(10.0).fill(GREY));
            y += 13.0;
        }
        svg.finish(WIDTH, y + 2.0, &self.title, &self.description(), language)
    }

    /// A sentence for those who do not see the plot: the largest value of each series and when.
    pub fn description(&self) -> String {
        let language = self.language;
        let unit = TimeUnit::of(self.bounds().0[1] - self.bounds().0[0], language);
        let peaks: Vec<String> = self
            .series
            .iter()
            .filter_map(|series| {
                let finite = || series.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
                let largest = finite().map(|p| p.1).max_by(f64::total_cmp)?;
                let decimals = if largest.abs() < 1000.0 { 2 } else { 0 };
                let value = language.number(largest, decimals);
                // The first instant that reads the same: a plateau is reached where it begins.
                let peak = finite().find(|p| language.number(p.1, decimals) == value)?;
                let time = language.number(peak.0 / unit.seconds, 1);
                if finite().all(|p| language.number(p.1, decimals) == value) {
                    return Some(match language {
                        Language::Fr => {
                            format!(
                                "{} : {value}\u{a0}{} du début à la fin",
                                series.label, self.unit
                            )
                        }
                        Language::En => {
                            format!("{}: {value}\u{a0}{} throughout", series.label, self.unit)
                        }
                    });
                }
                Some(match language {
                    Language::Fr => format!(
                        "{} : maximum {value}\u{a0}{} à {time}\u{a0}{}",
                        series.label, self.unit, unit.sign
                    ),
                    Language::En => format!(
                        "{}: maximum {value}\u{a0}{} at {time}\u{a0}{}",
                        series.label, self.unit, unit.sign
                    ),
                })
            })
            .collect();
        peaks.join(language.pick(" ; ", "; "))
    }

    fn bounds(&self) -> ([f64; 2], [f64; 2]) {
        let finite = || {
            self.series
                .iter()
                .flat_map(|s| &s.points)
                .filter(|p| p.0.is_finite() && p.1.is_finite())
        };
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)])
        };
        let mut time = range(&mut finite().map(|p| p.0));
        let thresholds = self.thresholds.iter().map(|t| t.value).filter(|v| v.is_finite());
        let mut value = range(&mut finite().map(|p| p.1).chain(thresholds));
        for bounds in [&mut time, &mut value] {
            if bounds[0] > bounds[1] {
                *bounds = [0.0, 1.0];
            } else if bounds[0] == bounds[1] {
                bounds[1] += bounds[0].abs().max(1.0) * 0.5;
            }
        }
        // Zero belongs to the axis of a quantity that comes near it; levels stay far from it.
        if value[0] > 0.0 && value[0] < 0.4 * value[1] {
            value[0] = 0.0;
        }
        let step = axis::round_below((value[1] - value[0]) / 6.0 * 1.3);
        value = [(value[0] / step).floor() * step, (value[1] / step).ceil() * step];
        (time, value)
    }

    fn legend(&self, svg: &mut Svg, top: f64) -> f64 {
        let mut x = 16.0;
        let mut y = top;
        for (i, series) in self.series.iter().enumerate() {
            let width = 34.0 + text_width(&series.label, TEXT, Weight::Regular) + 24.0;
            if x > 16.0 && x + width > WIDTH {
                x = 16.0;
                y += 18.0;
            }
            let (colour, dash) = LOOKS[i % LOOKS.len()];
            svg.line(
                [x, y],
                [x + 28.0, y],
                &format!(
                    r#"stroke="{colour}" stroke-width="2.4" stroke-dasharray="{}""#,
                    if dash.is_empty() { "none" } else { dash }
                ),
            );
            svg.text([x + 34.0, y + 4.0], &series.label, &TextStyle::new(TEXT));
            x += width;
        }
        if self.series.is_empty() { y } else { y + 22.0 }
    }

    fn time_axis(&self, svg: &mut Svg, plane: &Plane) -> f64 {
        let unit = TimeUnit::of(plane.time[1] - plane.time[0], self.language);
        let [first, last] = plane.time.map(|t| t / unit.seconds);
        let step = unit
            .steps
            .iter()
            .copied()
            .find(|s| (last - first) / s <= 13.0)
            .unwrap_or_else(|| axis::round_below((last - first) / 6.0));
        let bottom = plane.top + PLOT_HEIGHT;
        for tick in axis::multiples(first, last, step) {
            let x = plane.x(tick * unit.seconds);
            svg.line([x, plane.top], [x, bottom], r##"stroke="#eeeeee" stroke-width="1""##);
            svg.line(
                [x, bottom],
                [x, bottom + 5.0],
                &format!(r#"stroke="{INK}" stroke-width="1""#),
            );
            let label = self.language.number(tick, axis::decimals(step));
            svg.text([x, bottom + 18.0], &label, &TextStyle::new(TEXT).anchor(Anchor::Middle));
        }
        svg.line(
            [plane.left, bottom],
            [plane.left + plane.width, bottom],
            &format!(r#"stroke="{INK}" stroke-width="1.2""#),
        );
        let title = format!(
            "{} ({})",
            self.language
                .pick("Temps depuis le début du scénario", "Time since the start of the scenario"),
            unit.sign
        );
        let style = TextStyle::new(TEXT).fill(GREY).anchor(Anchor::End);
        svg.text([plane.left + plane.width, bottom + 36.0], &title, &style);
        bottom + 36.0
    }

    fn threshold_lines(&self, svg: &mut Svg, plane: &Plane) {
        for threshold in self.thresholds.iter().filter(|t| t.value.is_finite()) {
            let y = plane.y(threshold.value);
            svg.line(
                [plane.left, y],
                [plane.left + plane.width, y],
                r##"stroke="#7a1f1f" stroke-width="1.2" stroke-dasharray="2 3""##,
            );
            svg.text_with(
                [plane.left + plane.width - 4.0, y - 4.0],
                &threshold.label,
                &TextStyle::new(11.0).fill("#7a1f1f").anchor(Anchor::End),
                r##"stroke="#ffffff" stroke-width="3" paint-order="stroke""##,
            );
        }
    }
}

fn path(plane: &Plane, points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    let mut previous: Option<[f64; 2]> = None;
    for &(time, value) in points {
        if !(time.is_finite() && value.is_finite()) {
            previous = None;
            continue;
        }
        let [x, y] = [plane.x(time), plane.y(value)];
        if previous.is_some_and(|[a, b]| (x - a).abs() < 0.2 && (y - b).abs() < 0.2) {
            continue;
        }
        out.push(if previous.is_none() { 'M' } else { 'L' });
        out.push_str(&short(x));
        out.push(' ');
        out.push_str(&short(y));
        previous = Some([x, y]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(f64, f64)>) -> LinePlot {
        LinePlot {
            title: "Débit".into(),
            quantity: "Débit".into(),
            unit: "m³/s".into(),
            series: vec![Series { label: "pont".into(), points }],
            ..LinePlot::default()
        }
    }

    #[test]
    fn axes_have_units_and_french_numbers() {
        let svg = plot(vec![(0.0, 0.0), (6.0 * 3600.0, 1250.5)]).svg();
        for said in ["Débit (m³/s)", "scénario (h)", ">1\u{202f}000<", "sans valeur réglementaire"]
        {
            assert!(svg.contains(said), "{said}");
        }
    }

    #[test]
    fn a_plateau_is_reached_where_it_begins_and_rest_has_no_maximum() {
        let plateau = vec![(0.0, 8.5), (3600.0, 71.1), (5700.0, 71.1 + 1e-9), (7200.0, 71.1)];
        let said = plot(plateau).description();
        assert!(said.ends_with("maximum 71,10\u{a0}m³/s à 60,0\u{a0}min"), "{said}");
        let said = plot(vec![(0.0, 0.0), (7200.0, 0.0)]).description();
        assert_eq!(said, "pont : 0,00\u{a0}m³/s du début à la fin");
        let said = plot(vec![(0.0, 0.0), (7200.0, 73_059.83)]).description();
        assert!(said.contains("73\u{202f}060\u{a0}m³/s"), "{said}");
    }

    #[test]
    fn the_notice_fits_whatever_the_typeface() {
        let svg = plot(vec![(0.0, 0.0), (60.0, 1.0)]).svg();
        let notice = svg.lines().find(|l| l.starts_with("<text") && l.contains("d'aide à la"));
        assert!(notice.is_some_and(|l| l.contains("textLength=")), "{notice:?}");
    }

    #[test]
    fn a_gap_interrupts_the_line() {
        let plane = Plane { time: [0.0, 3.0], value: [0.0, 1.0], left: 0.0, top: 0.0, width: 3.0 };
        let d = path(&plane, &[(0.0, 0.0), (1.0, 1.0), (2.0, f64::NAN), (3.0, 0.0)]);
        assert_eq!(d.matches('M').count(), 2);
    }

    #[test]
    fn strange_series_make_a_picture_all_the_same() {
        for points in [
            vec![],
            vec![(0.0, 5.0)],
            vec![(0.0, f64::NAN)],
            vec![(f64::INFINITY, 1.0)],
            vec![(0.0, 1e300), (1e9, -1e300)],
        ] {
            let svg = plot(points).svg();
            assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok());
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
    }

    #[test]
    fn the_description_names_peak_and_time() {
        let text = plot(vec![(0.0, 0.0), (7200.0, 12.5), (14_400.0, 1.0)]).description();
        assert_eq!(text, "pont : maximum 12,50\u{a0}m³/s à 2,0\u{a0}h");
    }
}
