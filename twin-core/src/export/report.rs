//! The report of a run: one self-contained HTML file that a planner reads, prints and archives.
//!
//! It holds everything it shows (style, maps, plots), runs no script and loads nothing. It says
//! where its figures come from, under which hypotheses, and what they do not say; the notice
//! stands at the foot of every printed page.

use base64::Engine as _;
use minijinja::{AutoEscape, Environment, Value, context, escape_formatter, syntax::SyntaxConfig};

use super::typography::unbroken;
use super::wording;
use crate::results::{Indicator, IndicatorGroup, Indicators};
use crate::{Error, Language, Result, language::Text};

const TEMPLATE: &str = include_str!("report.html.jinja");

/// Everything a report says. Empty parts are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Language of the report.
    pub language: Language,
    /// Title, such as the scenario's.
    pub title: String,
    /// Second line, such as the simulation and the date of the event.
    pub subtitle: String,
    /// Name of the territory.
    pub territory: String,
    /// Identifier of the scenario.
    pub scenario_id: String,
    /// What the scenario supposes, in a sentence or two.
    pub scenario_description: String,
    /// Identifier of the run, for citation.
    pub run_id: String,
    /// Whether the data is a demonstration set.
    pub demo: bool,
    /// Whether the result was compared with observations.
    pub calibrated: bool,
    /// The result in a few sentences.
    pub key_messages: Vec<Text>,
    /// What readers must know before the figures.
    pub warnings: Vec<Text>,
    /// What readers look for first, before any map: actions beside each other, costs and benefits.
    pub summary: Vec<Table>,
    /// Maps, in order.
    pub maps: Vec<Figure>,
    /// Indicators by enjeu.
    pub indicators: Indicators,
    /// Plots at gauges and of the whole run.
    pub plots: Vec<Figure>,
    /// Water balance of the run.
    pub mass_balance: Option<MassBalance>,
    /// Structures on the computing grid: crest, cells, effect.
    pub structures: Option<Table>,
    /// Further tables.
    pub tables: Vec<Table>,
    /// What was supposed.
    pub hypotheses: Vec<Text>,
    /// What the method cannot do, beside the limits that every report states.
    pub limits: Vec<Text>,
    /// Parameters as resolved.
    pub parameters: Option<Table>,
    /// Where the data comes from.
    pub sources: Vec<Source>,
    /// Program, plugin, engine, precision.
    pub versions: Option<Table>,
    /// What took how long.
    pub run_time: Option<Table>,
    /// How to cite the result, line by line.
    pub citation: Vec<String>,
}

/// A picture with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Title.
    pub title: String,
    /// What to see in it.
    pub caption: String,
    /// The same for those who do not see it.
    pub alt: String,
    /// The picture.
    pub picture: FigurePicture,
}

/// A picture embedded in a report.
#[derive(Debug, Clone, PartialEq)]
pub enum FigurePicture {
    /// An SVG document.
    Svg(String),
    /// The bytes of a PNG file.
    Png(Vec<u8>),
}

/// A cell of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, aligned left.
    Text(String),
    /// A number with its decimals, aligned right.
    Number(f64, usize),
    /// A figure that is already written, with a sign or a range, aligned right.
    Figure(String),
}

/// A table with a header row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Title.
    pub title: String,
    /// Column headers, with units.
    pub headers: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Cell>>,
}

/// Volumes of water over the whole run, m³.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MassBalance {
    /// Water present at the start.
    pub initial_m3: f64,
    /// Water that came in.
    pub inflow_m3: f64,
    /// Water that went out.
    pub outflow_m3: f64,
    /// Water present at the end.
    pub stored_m3: f64,
    /// `initial + inflow − outflow − stored` relative to `initial + inflow`.
    pub relative_error: f64,
}

/// A source of data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Product.
    pub product: String,
    /// Edition or date.
    pub edition: String,
    /// Licence.
    pub licence: String,
    /// Attribution that the licence asks for.
    pub attribution: String,
    /// Hash of the files used.
    pub hash: String,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Figure {
    /// A picture that the viewer drew, as PNG.
    pub fn view_3d(caption: String, png: Vec<u8>, language: Language) -> Self {
        Self {
            title: language.pick("Vue en trois dimensions", "View in three dimensions").to_owned(),
            alt: caption.clone(),
            caption,
            picture: FigurePicture::Png(png),
        }
    }
}

impl Table {
    /// An empty table.
    pub fn new<H: Into<String>>(
        title: impl Into<String>,
        headers: impl IntoIterator<Item = H>,
    ) -> Self {
        Self {
            title: title.into(),
            headers: headers.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// The report as HTML.
///
/// # Errors
/// The template fails, which is a defect of this program.
pub fn render(report: &Report) -> Result<String> {
    let defect = |error: minijinja::Error| {
        Error::input(
            "report.html",
            format!("le rapport n'a pas pu être composé ({error}) ; signaler ce défaut"),
            format!("the report could not be composed ({error}); please report this defect"),
        )
    };
    let language = report.language;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(defect)?);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(unbroken(text)))
        }
        _ => escape_formatter(out, state, value),
    });
    // `t("français", "English")` picks the language of the report.
    environment.add_function("t", move |fr: String, en: String| language.pick(&fr, &en).to_owned());
    let template = environment.template_from_str(TEMPLATE).map_err(defect)?;
    template.render(view(report)).map_err(defect)
}

/// The report as the template sees it: numbers and pictures already written.
fn view(report: &Report) -> Value {
    let language = report.language;
    let texts = |list: &[Text]| -> Value {
        list.iter().map(|t| t.get(language).to_owned()).collect::<Vec<_>>().into()
    };
    context! {
        lang => language.code(),
        title => report.title.clone(),
        subtitle => report.subtitle.clone(),
        territory => report.territory.clone(),
        scenario_id => report.scenario_id.clone(),
        scenario_description => report.scenario_description.clone(),
        run_id => report.run_id.clone(),
        demo => report.demo,
        calibrated => report.calibrated,
        notice => wording::notice(language),
        demonstration => wording::demonstration(language),
        uncalibrated => wording::uncalibrated(language),
        standing_limits => wording::standing_limits(language).map(str::to_owned).to_vec(),
        key_messages => texts(&report.key_messages),
        warnings => texts(&report.warnings),
        summary => report.summary.iter().map(|t| table(t, language)).collect::<Vec<_>>(),
        citation => report.citation.clone(),
        maps => report.maps.iter().map(figure).collect::<Vec<_>>(),
        indicators => report.indicators.groups.iter().map(|g| indicators(g, language)).collect::<Vec<_>>(),
        plots => report.plots.iter().map(figure).collect::<Vec<_>>(),
        balance => report.mass_balance.map(|b| balance(&b, language)),
        structures => report.structures.as_ref().map(|t| table(t, language)),
        tables => report.tables.iter().map(|t| table(t, language)).collect::<Vec<_>>(),
        hypotheses => texts(&report.hypotheses),
        limits => texts(&report.limits),
        parameters => report.parameters.as_ref().map(|t| table(t, language)),
        sources => report.sources.iter().map(source).collect::<Vec<_>>(),
        versions => report.versions.as_ref().map(|t| table(t, language)),
        run_time => report.run_time.as_ref().map(|t| table(t, language)),
    }
}

fn figure(figure: &Figure) -> Value {
    let (kind, bytes) = match &figure.picture {
        FigurePicture::Svg(svg) => ("image/svg+xml", svg.as_bytes()),
        FigurePicture::Png(png) => ("image/png", png.as_slice()),
    };
    let data = base64::engine::general_purpose::STANDARD.encode(bytes);
    context! {
        title => figure.title.clone(),
        caption => figure.caption.clone(),
        alt => if figure.alt.is_empty() { figure.caption.clone() } else { figure.alt.clone() },
        src => format!("data:{kind};base64,{data}"),
    }
}

fn indicators(group: &IndicatorGroup, language: Language) -> Value {
    let row = |row: &Indicator| {
        let value = row.value.map(|v| language.number(v, usize::from(row.decimals)));
        context! {
            label => row.label.get(language),
            value => value.unwrap_or_else(|| "–".to_owned()),
            unit => wording::unit(&row.unit, language),
            note => row.note.as_ref().map_or("", |n| n.get(language)),
        }
    };
    context! {
        title => group.title.get(language),
        rows => group.rows.iter().map(row).collect::<Vec<_>>(),
        notes => group.rows.iter().any(|r| r.note.is_some()),
    }
}

fn table(table: &Table, language: Language) -> Value {
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => context! { text => text.clone(), number => false },
        Cell::Figure(text) => context! { text => text.clone(), number => true, wraps => true },
        Cell::Number(value, decimals) => {
            context! { text => language.number(*value, *decimals), number => true }
        }
    };
    let numeric = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column)).peekable();
        cells.peek().is_some() && cells.all(|c| !matches!(c, Cell::Text(_)))
    };
    let header =
        |(i, text): (usize, &String)| context! { text => text.clone(), number => numeric(i) };
    context! {
        title => table.title.clone(),
        headers => table.headers.iter().enumerate().map(header).collect::<Vec<_>>(),
        rows => table.rows.iter()
            .map(|row| row.iter().map(cell).collect::<Vec<Value>>())
            .collect::<Vec<_>>(),
    }
}

fn balance(balance: &MassBalance, language: Language) -> Value {
    let volume = |v: f64| language.number(v, 0);
    // Rounding errors are written with a power of ten, others in percent.
    let error = balance.relative_error.abs();
    let relative_error = if error > 0.0 && error < 1e-6 {
        let exponent = error.log10().floor();
        let mantissa = language.number(balance.relative_error / 10f64.powf(exponent), 1);
        format!("{mantissa}\u{a0}×\u{a0}10{}", superscript(exponent as i32))
    } else {
        format!("{}\u{a0}%", language.number(100.0 * balance.relative_error, 4))
    };
    context! {
        initial => volume(balance.initial_m3),
        inflow => volume(balance.inflow_m3),
        outflow => volume(balance.outflow_m3),
        stored => volume(balance.stored_m3),
        relative_error => relative_error,
    }
}

fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + (digit as u32 - '0' as u32)).unwrap_or(digit),
        })
        .collect()
}

fn source(source: &Source) -> Value {
    context! {
        product => source.product.clone(),
        edition => source.edition.clone(),
        licence => source.licence.clone(),
        attribution => source.attribution.clone(),
        hash => source.hash.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(language: Language) -> Report {
        let mut structures = Table::new("Ouvrages", ["Ouvrage", "Cote (m)"]);
        structures.rows.push(vec!["digue <nord>".into(), Cell::Number(1046.5, 2)]);
        Report {
            language,
            title: "Crue & <script>alert(1)</script>".into(),
            territory: "Val d'essai".into(),
            demo: true,
            maps: vec![Figure {
                title: "Carte".into(),
                caption: "Hauteurs".into(),
                alt: "Carte \"des\" hauteurs".into(),
                picture: FigurePicture::Png(vec![1, 2, 3]),
            }],
            indicators: Indicators {
                groups: vec![IndicatorGroup {
                    id: "dwellings".into(),
                    title: Text::new("Logements", "Dwellings"),
                    rows: vec![Indicator::count(
                        "dwellings_flooded",
                        Text::new(
                            "Logements inondés dans ce scénario",
                            "Dwellings flooded in this scenario",
                        ),
                        1234,
                    )],
                }],
            },
            mass_balance: Some(MassBalance {
                inflow_m3: 1e6,
                stored_m3: 1e6,
                relative_error: 3e-9,
                ..MassBalance::default()
            }),
            structures: Some(structures),
            hypotheses: vec![Text::new("Fond fixe : 0,5 m", "Fixed bed: 0.5 m")],
            sources: vec![Source { product: "LiDAR HD".into(), ..Source::default() }],
            ..Report::default()
        }
    }

    #[test]
    fn a_report_stands_alone_and_says_what_it_must() {
        let html = render(&full(Language::Fr)).unwrap();
        for said in [
            "<html lang=\"fr\">",
            "JEU DE DÉMONSTRATION",
            "modèle non calé",
            "Ce que ce rapport ne dit pas",
            "1\u{202f}234",
            "Fond fixe\u{a0}: 0,5\u{a0}m",
            "1\u{202f}046,50",
            "3,0\u{a0}×\u{a0}10⁻⁹",
            "alt=\"Carte &quot;des&quot; hauteurs\"",
            "data:image/png;base64,AQID",
            "<th scope=\"col\"",
        ] {
            assert!(html.contains(said), "{said}");
        }
        assert!(html.matches("sans valeur réglementaire").count() >= 2);
        assert!(
            !html.contains("<script") && !html.contains("src=\"http") && !html.contains("url(http")
        );
    }

    #[test]
    fn both_languages_use_permitted_words_only() {
        for language in [Language::Fr, Language::En] {
            let html = render(&full(language)).unwrap();
            assert_eq!(wording::forbidden_words(&html), [""; 0]);
            assert!(html.contains(language.pick("Fond fixe", "Fixed bed")));
        }
        let html = render(&full(Language::En)).unwrap();
        assert!(html.contains("What this report does not say") && html.contains("1,234"));
    }

    #[test]
    fn a_calibrated_run_on_real_data_has_no_banner() {
        let report = Report { demo: false, calibrated: true, ..full(Language::Fr) };
        let html = render(&report).unwrap();
        assert!(!html.contains("JEU DE DÉMONSTRATION") && !html.contains("modèle non calé"));
    }

    #[test]
    fn an_empty_report_is_still_a_page_with_its_notice() {
        let html = render(&Report::default()).unwrap();
        assert!(html.contains("</html>") && html.contains("sans valeur réglementaire"));
        assert!(!html.contains("<table class=\"data\""));
    }

    #[test]
    fn the_same_report_has_the_same_bytes() {
        assert_eq!(render(&full(Language::Fr)).unwrap(), render(&full(Language::Fr)).unwrap());
    }
}
