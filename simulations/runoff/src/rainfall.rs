//! The rain that a scenario states → rain over time and place, and what the report says of it.

use std::path::{Path, PathBuf};

use twin_core::language::Text;
use twin_core::scenario::Duration;
use twin_core::simulation::RunContext;
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};

use crate::parameters::{Gaps, MontanaLaw, Rain, RainValues};
use crate::rain::{
    Chicago, DoubleTriangle, Hyetograph, Montana, RainField, RasterValues, Stretch, TableOfRain,
    Triangle, read_observed, read_rasters, read_series,
};
use crate::setup::{place, positive};

/// Time over which the peak of a Chicago storm is averaged, s.
const CHICAGO_STEP_S: f64 = 300.0;

/// More than any measured rain: 1 825 mm in a day (La Réunion, 1966), 38 mm in a minute (Guadeloupe, 1970).
const MOST_MM: f64 = 2_000.0;
const MOST_MM_PER_H: f64 = 2_300.0;

/// The rain of the scenario on the run grid.
pub(crate) fn field(
    rain: &Rain,
    view: &TerritoryView,
    context: &RunContext,
    warnings: &mut Vec<Text>,
) -> Result<RainField> {
    let factor = positive(rain.factor, "rain.factor")?;
    let stated = [
        rain.table.is_some(),
        !rain.rasters.is_empty(),
        rain.series.is_some(),
        rain.uniform.is_some(),
        rain.triangle.is_some(),
        rain.double_triangle.is_some(),
        rain.chicago.is_some(),
    ];
    if stated.iter().filter(|stated| **stated).count() != 1 {
        return Err(one_rain());
    }
    refuse_unread(rain)?;
    let field = match &rain.series {
        Some(series) => {
            let (path, crs) = (Path::new(&series.file), view.territory().crs());
            read_series(path, &series.variable, context.start, view.spec(), crs)?
        }
        None if !rain.rasters.is_empty() => rasters(rain, view, context)?,
        None => RainField::even(hyetograph(rain, context, warnings)?),
    };
    let delay_s = rain.delay.map_or(0.0, Duration::seconds);
    let field = field.map(|storm| storm.scaled(factor).delayed(delay_s));
    check(rain, &field, context)?;
    Ok(field)
}

/// Refuses what describes another kind of rain than the one given.
fn refuse_unread(rain: &Rain) -> Result<()> {
    let of_table = [
        ("unit", rain.unit.is_some()),
        ("station", rain.station.is_some()),
        ("gaps", rain.gaps == Gaps::Dry),
    ];
    let stated = of_table.into_iter().find(|(_, stated)| *stated).filter(|_| rain.table.is_none());
    if let Some((key, _)) = stated {
        return Err(Error::input(
            place(&format!("rain.{key}")),
            "ne décrit qu'une pluie donnée par table ; l'ôter (rasters : en mm, ou en mm/h avec values = \"intensity\" ; series : unité de la variable)",
            "describes only a rain given by table; take it out (rasters: in mm, or mm/h with values = \"intensity\"; series: unit of the variable)",
        ));
    }
    if rain.values == RainValues::Intensity && rain.table.is_none() && rain.rasters.is_empty() {
        return Err(Error::input(
            place("rain.values"),
            "ne décrit qu'une pluie donnée par table ou par rasters ; l'ôter",
            "describes only a rain given by table or by rasters; take it out",
        ));
    }
    Ok(())
}

/// Rain from rasters.
fn rasters(rain: &Rain, view: &TerritoryView, context: &RunContext) -> Result<RainField> {
    let mut files: Vec<(f64, PathBuf)> = Vec::new();
    for (time, raster) in &rain.rasters {
        let date = || time.parse::<jiff::Timestamp>().ok();
        let since = |date: jiff::Timestamp| date.duration_since(context.start).as_secs_f64();
        let seconds = time.parse::<f64>().ok().filter(|s| s.is_finite());
        let seconds = seconds.or_else(|| date().map(since)).ok_or_else(|| {
            Error::input(
                place(&format!("rain.rasters.{time}")),
                "donner comme clé une date avec son décalage (\"2024-10-17T00:15:00Z\") ou des secondes depuis le début",
                "give as key a date with its offset (\"2024-10-17T00:15:00Z\") or seconds since the start",
            )
        })?;
        files.push((seconds, PathBuf::from(&raster.file)));
    }
    files.sort_by(|a, b| a.0.total_cmp(&b.0));
    let period = files.windows(2).map(|w| w[1].0 - w[0].0).fold(f64::INFINITY, f64::min);
    if period <= 0.0 || files.windows(2).any(|w| w[1].0 - w[0].0 > 1.5 * period) {
        return Err(Error::input(
            place("rain.rasters"),
            "les rasters doivent se suivre à pas constant ; ajouter ceux qui manquent (nuls si la pluie y est nulle)",
            "rasters must follow each other at an even step; add those that are missing (of zeros where there was no rain)",
        ));
    }
    let values = match rain.values {
        RainValues::Depth => RasterValues::Depth,
        RainValues::Intensity => RasterValues::Intensity,
    };
    read_rasters(&files, values, view.spec(), view.territory().crs())
}

fn one_rain() -> Error {
    Error::input(
        place("rain"),
        "donner table, rasters, series, uniform, triangle, double_triangle ou chicago, l'un d'eux",
        "give one of table, rasters, series, uniform, triangle, double_triangle and chicago",
    )
}

/// The same rain for the whole territory.
fn hyetograph(rain: &Rain, context: &RunContext, warnings: &mut Vec<Text>) -> Result<Hyetograph> {
    let here = |key: &str| place(&format!("rain.{key}"));
    let stated = (&rain.table, &rain.uniform, &rain.triangle, &rain.double_triangle, &rain.chicago);
    let storm = match stated {
        (Some(path), None, None, None, None) => {
            let table = TableOfRain {
                start: context.start,
                until_s: context.duration_s,
                unit: rain.unit.as_deref(),
                station: rain.station.as_deref(),
                intensities: rain.values == RainValues::Intensity,
                gaps_are_dry: rain.gaps == Gaps::Dry,
            };
            let observed = read_observed(Path::new(path), &table)?;
            warnings.extend(doubtful_told(observed.doubtful));
            warnings.extend(dry_gaps_told(observed.dry_gaps_s));
            observed.hyetograph
        }
        (None, Some(r), None, None, None) => {
            let duration_s = seconds(r.duration, "rain.uniform.duration")?;
            let depth = depth_m(r.depth_mm, r.montana.as_ref(), duration_s, &here("uniform"))?;
            Hyetograph::new(vec![Stretch::of_depth(0.0, duration_s, depth)])?
        }
        (None, None, Some(r), None, None) => {
            let duration_s = seconds(r.duration, "rain.triangle.duration")?;
            let here = here("triangle");
            let depth_m = depth_m(r.depth_mm, r.montana.as_ref(), duration_s, &here)?;
            Triangle { depth_m, duration_s, peak: r.peak }.hyetograph(&here)?
        }
        (None, None, None, Some(r), None) => {
            let here = here("double_triangle");
            let duration_s = seconds(r.duration, "rain.double_triangle.duration")?;
            let intense_duration_s =
                seconds(r.intense_duration, "rain.double_triangle.intense_duration")?;
            let (intense, law) = (r.intense_depth_mm, r.intense_montana.as_ref());
            DoubleTriangle {
                depth_m: depth_m(r.depth_mm, r.montana.as_ref(), duration_s, &here)?,
                duration_s,
                intense_depth_m: depth_m(
                    intense,
                    law,
                    intense_duration_s,
                    &format!("{here}.intense"),
                )?,
                intense_duration_s,
                peak: r.peak,
            }
            .hyetograph(&here)?
        }
        (None, None, None, None, Some(r)) => {
            let here = here("chicago");
            let step = r.step.map(|step| seconds(step, "rain.chicago.step")).transpose()?;
            Chicago {
                law: law(&r.montana, &format!("{here}.montana"))?,
                duration_s: seconds(r.duration, "rain.chicago.duration")?,
                peak: r.peak,
                step_s: step.unwrap_or(CHICAGO_STEP_S),
            }
            .hyetograph(&here)?
        }
        _ => return Err(one_rain()),
    };
    Ok(storm)
}

/// Refuses rains that no rain gauge has seen, rains that miss the scenario, and sources that say nothing.
fn check(rain: &Rain, storm: &RainField, context: &RunContext) -> Result<()> {
    let (mm, peak) = (1e3 * storm.total_range_m()[1], 3.6e6 * storm.largest_m_per_s());
    if mm > MOST_MM || peak > MOST_MM_PER_H {
        let n = |l: Language, v: f64| l.number(v, 0);
        let (fr, en) = (Language::Fr, Language::En);
        return Err(Error::input(
            place("rain"),
            format!(
                "{} mm, au plus {} mm/h : aucune pluie mesurée n'en approche ; vérifier unités, durée et coefficients (Montana : mm et minutes)",
                n(fr, mm),
                n(fr, peak)
            ),
            format!(
                "{} mm, at most {} mm/h: no measured rain comes near; check units, duration and coefficients (Montana: mm and minutes)",
                n(en, mm),
                n(en, peak)
            ),
        ));
    }
    if storm.total_range_m()[1] > 0.0 && storm.mean_depth_m(0.0, context.duration_s) <= 0.0 {
        return Err(Error::input(
            place("rain"),
            "aucune pluie ne tombe pendant le scénario ; vérifier son début, sa durée et les dates de la pluie",
            "no rain falls during the scenario; check its start, its duration and the dates of the rain",
        ));
    }
    if rain.source.trim().is_empty() {
        return Err(Error::input(
            place("rain.source"),
            "dire d'où vient la pluie",
            "say where the rain comes from",
        ));
    }
    rain.return_period_years
        .map_or(Ok(0.0), |t| positive(t, "rain.return_period_years"))
        .map(|_| ())
}

/// What the report says of the rain, and what it must warn of.
pub(crate) fn described(rain: &Rain, storm: &RainField, context: &RunContext) -> (Text, Vec<Text>) {
    let span_s = [0.0, context.duration_s];
    let (mm, peak) =
        (1e3 * storm.mean_depth_m(0.0, context.duration_s), 3.6e6 * storm.largest_between(span_s));
    let where_told = |l: Language| {
        if storm.is_even() {
            return l
                .pick("la même sur tout le territoire", "the same over the whole territory")
                .to_owned();
        }
        let [least, most] = storm.total_range_m().map(|depth| l.number(1e3 * depth, 1));
        match l {
            Language::Fr => format!("en moyenne, de {least} à {most} mm selon le lieu"),
            Language::En => format!("on average, {least} to {most} mm by place"),
        }
    };
    let period = rain.return_period_years;
    let sentence = |l: Language| {
        let (mm, peak) = (l.number(mm, 1), l.number(peak, 0));
        let source = &rain.source;
        match l {
            Language::Fr => format!(
                "Pluie de {mm} mm pendant le scénario ({source}{} ; au plus {peak} mm/h), {}.",
                period.map_or(String::new(), |t| format!(
                    " ; période de retour {} ans selon cette source",
                    l.number(t, 0)
                )),
                where_told(l)
            ),
            Language::En => format!(
                "Rain of {mm} mm during the scenario ({source}{}; at most {peak} mm/h), {}.",
                period.map_or(String::new(), |t| format!(
                    "; return period {} years by that source",
                    l.number(t, 0)
                )),
                where_told(l)
            ),
        }
    };
    let mut warnings = Vec::new();
    if rain.factor != 1.0 {
        let n = |l: Language| l.number(rain.factor, 2);
        warnings.push(Text::new(
            format!(
                "Pluie multipliée par {} ; la raison doit se lire dans la source donnée.",
                n(Language::Fr)
            ),
            format!(
                "Rain times {}; the reason must be found in the given source.",
                n(Language::En)
            ),
        ));
    }
    if let Some(chicago) = &rain.chicago
        && chicago.step.map_or(CHICAGO_STEP_S, Duration::seconds)
            < chicago.montana.durations[0].seconds()
    {
        warnings.push(Text::new(
            "La pointe de la pluie est moyennée sur un pas plus court que les durées des coefficients : elle est extrapolée.",
            "The peak of the rain is averaged over a step shorter than the durations of the coefficients: it is extrapolated.",
        ));
    }
    let misses = storm.begin_s() > 0.0 || storm.end_s() < context.duration_s;
    if (rain.table.is_some() || !storm.is_even()) && misses {
        warnings.push(Text::new(
            "La chronique de pluie ne couvre pas tout le scénario : aucune pluie n'est comptée en dehors.",
            "The series of rain does not cover the whole scenario: no rain is counted outside it.",
        ));
    }
    if storm.mean_depth_m(context.duration_s, f64::MAX) > 1e-6 {
        let later = 1e3 * storm.mean_depth_m(context.duration_s, f64::MAX);
        let n = |l: Language| l.number(later, 1);
        warnings.push(Text::new(
            format!(
                "Le calcul finit avant la pluie : {} mm tombent après ; prolonger la durée.",
                n(Language::Fr)
            ),
            format!(
                "The run ends before the rain: {} mm fall later; lengthen the duration.",
                n(Language::En)
            ),
        ));
    }
    if storm.mean_depth_m(f64::MIN, 0.0) > 1e-6 {
        let earlier = 1e3 * storm.mean_depth_m(f64::MIN, 0.0);
        let n = |l: Language| l.number(earlier, 1);
        warnings.push(Text::new(
            format!(
                "{} mm de la chronique tombent avant le début du scénario et ne sont pas comptés.",
                n(Language::Fr)
            ),
            format!(
                "{} mm of the series fall before the scenario's start and are not counted.",
                n(Language::En)
            ),
        ));
    }
    (Text::new(sentence(Language::Fr), sentence(Language::En)), warnings)
}

fn dry_gaps_told(seconds: f64) -> Option<Text> {
    let n = |l: Language| l.number(seconds / 3600.0, 1);
    (seconds > 0.0).then(|| {
        Text::new(
            format!(
                "Lacunes de la chronique de pluie prises comme sèches (gaps) : {} h.",
                n(Language::Fr)
            ),
            format!("Gaps of the series of rain taken as dry (gaps): {} h.", n(Language::En)),
        )
    })
}

fn doubtful_told(values: usize) -> Option<Text> {
    (values > 0).then(|| {
        Text::new(
            format!("Valeurs de pluie douteuses selon leur code de qualité (2, Météo-France) : {values} ; vérifier auprès de la source."),
            format!("Values of rain that are doubtful by their quality code (2, Météo-France): {values}; check with the source."),
        )
    })
}

fn seconds(duration: Duration, key: &str) -> Result<f64> {
    positive(duration.seconds(), key)
}

fn law(law: &MontanaLaw, place: &str) -> Result<Montana> {
    let [low, high] = law.durations.map(|d| d.seconds() / 60.0);
    Montana::new(law.a, law.b, [low, high], place)
}

/// A depth that is stated or follows from a law, m.
fn depth_m(
    depth_mm: Option<f64>,
    montana: Option<&MontanaLaw>,
    duration_s: f64,
    here: &str,
) -> Result<f64> {
    match (depth_mm, montana) {
        (Some(mm), None) if mm.is_finite() && mm > 0.0 => Ok(1e-3 * mm),
        (None, Some(stated)) => law(stated, &format!("{here}.montana"))?
            .depth_m(duration_s, &format!("{here}.duration")),
        _ => Err(Error::input(
            here,
            "donner une hauteur positive (depth_mm) ou les coefficients de Montana (montana), l'un des deux",
            "give a positive depth (depth_mm) or Montana's coefficients (montana), one of the two",
        )),
    }
}
