//! The rain that a scenario states → a hyetograph, and what the report says of it.

use std::path::Path;

use twin_core::language::Text;
use twin_core::scenario::Duration;
use twin_core::simulation::RunContext;
use twin_core::{Error, Language, Result};

use crate::parameters::{Gaps, MontanaLaw, Rain, RainValues};
use crate::rain::{Chicago, DoubleTriangle, Hyetograph, Montana, Stretch, Triangle, read_observed};
use crate::setup::{place, positive};

/// Time over which the peak of a Chicago storm is averaged, s.
const CHICAGO_STEP_S: f64 = 300.0;

/// The rain of the scenario.
pub(crate) fn hyetograph(rain: &Rain, context: &RunContext) -> Result<Hyetograph> {
    let factor = positive(rain.factor, "rain.factor")?;
    let here = |key: &str| place(&format!("rain.{key}"));
    let stated = (&rain.table, &rain.uniform, &rain.triangle, &rain.double_triangle, &rain.chicago);
    let storm = match stated {
        (Some(path), None, None, None, None) => read_observed(
            Path::new(path),
            context.start,
            rain.unit.as_deref(),
            rain.values == RainValues::Intensity,
            rain.gaps == Gaps::Dry,
        )?,
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
        _ => {
            return Err(Error::input(
                place("rain"),
                "donner table, uniform, triangle, double_triangle ou chicago, l'un d'eux",
                "give one of table, uniform, triangle, double_triangle and chicago",
            ));
        }
    };
    let delay_s = rain.delay.map_or(0.0, Duration::seconds);
    Ok(storm.scaled(factor).delayed(delay_s))
}

/// What the report says of the rain, and what it must warn of.
pub(crate) fn described(
    rain: &Rain,
    storm: &Hyetograph,
    context: &RunContext,
) -> (Text, Vec<Text>) {
    let (mm, peak) = (1e3 * storm.total_m(), 3.6e6 * storm.largest_m_per_s());
    let period = rain.return_period_years;
    let sentence = |l: Language| {
        let (mm, peak) = (l.number(mm, 1), l.number(peak, 0));
        let source = &rain.source;
        match l {
            Language::Fr => format!(
                "Pluie de {mm} mm, au plus {peak} mm/h ({source}{}), la même sur tout le territoire.",
                period.map_or(String::new(), |t| format!(
                    " ; période de retour {} ans selon cette source",
                    l.number(t, 0)
                ))
            ),
            Language::En => format!(
                "Rain of {mm} mm, at most {peak} mm/h ({source}{}), the same over the whole territory.",
                period.map_or(String::new(), |t| format!(
                    "; return period {} years by that source",
                    l.number(t, 0)
                ))
            ),
        }
    };
    let mut warnings = Vec::new();
    if storm.end_s() > context.duration_s {
        let later = 1e3 * storm.depth_m(context.duration_s, storm.end_s());
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
    if storm.depth_m(f64::MIN, 0.0) > 0.0 {
        let earlier = 1e3 * storm.depth_m(f64::MIN, 0.0);
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
