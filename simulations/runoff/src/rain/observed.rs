//! Observed rain: a table of depths by period or of intensities.
//!
//! Depths are those of the period that **ends** at the time of the line, as Météo-France gives them (`RR1`
//! of hourly files, `RR` of six-minute files, times in UTC); intensities hold **from** the time of the line
//! to the next. Periods of depths are as long as the shortest distance between lines.

use std::path::Path;

use jiff::Timestamp;
use twin_core::series::{Quantity, Series};
use twin_core::{Error, Language, Result};

use super::{Hyetograph, Stretch};

/// Mean intensity of a period beyond which a unit must be wrong, m/s (600 mm/h): the rains of Cévennes
/// floods stay below 200 mm/h over six minutes.
const ABSURD_M_PER_S: f64 = 600e-3 / 3600.0;

/// Reads a table of rain; `intensities` when it holds intensities instead of depths. With `gaps_are_dry`
/// periods without a line have no rain.
///
/// # Errors
/// Those of [`Series::read_csv`], a negative or absurd value, a period without rain data.
pub fn read_observed(
    path: &Path,
    start: Timestamp,
    unit: Option<&str>,
    intensities: bool,
    gaps_are_dry: bool,
) -> Result<Hyetograph> {
    let quantity = if intensities { Quantity::RainIntensity } else { Quantity::RainDepth };
    let series = Series::read_csv(path, start, quantity, unit)?;
    let points = series.points();
    let here = || path.display().to_string();
    if let Some((time, _)) = points.iter().find(|p| p.1 < 0.0) {
        return Err(Error::input(
            here(),
            format!(
                "pluie négative à {time} s du début du scénario ; la corriger ou ôter la ligne"
            ),
            format!(
                "negative rain {time} s after the scenario's start; correct it or take the line out"
            ),
        ));
    }
    let period = points.windows(2).map(|w| w[1].0 - w[0].0).fold(f64::INFINITY, f64::min);
    if !period.is_finite() {
        return Err(Error::input(
            here(),
            "une chronique de pluie demande au moins deux lignes, dont l'écart donne la période",
            "a series of rain needs at least two lines, whose distance gives the period",
        ));
    }
    let gap = points.windows(2).find(|w| w[1].0 - w[0].0 > 1.5 * period);
    if let Some(gap) = gap.filter(|_| !gaps_are_dry) {
        let hours = |l: Language, s: f64| l.number(s / 3600.0, 2);
        let [from, to] = [gap[0].0, gap[1].0];
        return Err(Error::input(
            here(),
            format!(
                "pas de pluie connue entre {} et {} h du scénario ; compléter, ou gaps = \"dry\" si elle y est nulle",
                hours(Language::Fr, from),
                hours(Language::Fr, to)
            ),
            format!(
                "no rain known between {} and {} h of the scenario; complete it, or gaps = \"dry\" where there was none",
                hours(Language::En, from),
                hours(Language::En, to)
            ),
        ));
    }
    let next = points.iter().skip(1).map(|p| Some(p.0)).chain([None]);
    let stretches: Vec<Stretch> = points
        .iter()
        .zip(next)
        .map(|(&(time, value), next)| {
            if intensities {
                let lasts = next.map_or(period, |next| next - time);
                let lasts = if lasts > 1.5 * period { period } else { lasts };
                Stretch::of_depth(time, time + lasts, value * lasts)
            } else {
                Stretch::of_depth(time - period, time, value)
            }
        })
        .collect();
    if let Some(s) = stretches.iter().find(|s| s.first_m_per_s > ABSURD_M_PER_S) {
        let mm = 3.6e6 * s.first_m_per_s;
        return Err(Error::input(
            here(),
            format!(
                "{} mm/h à {} s : unité ou pas de temps faux",
                Language::Fr.number(mm, 0),
                s.from_s
            ),
            format!(
                "{} mm/h at {} s: a wrong unit or time step",
                Language::En.number(mm, 0),
                s.from_s
            ),
        ));
    }
    Hyetograph::new(without_overlaps(stretches))
}

/// Ends of stretches at the start of the next, whatever the rounding of times.
fn without_overlaps(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    for k in 1..stretches.len() {
        stretches[k].from_s = stretches[k].from_s.max(stretches[k - 1].to_s);
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, intensities: bool, dry: bool) -> Result<Hyetograph> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pluie.csv");
        std::fs::write(&path, text).unwrap();
        let start = "2024-10-17T00:00:00Z".parse().unwrap();
        read_observed(&path, start, None, intensities, dry)
    }

    #[test]
    fn depths_end_and_intensities_begin_at_their_time() {
        let depths = read("temps;pluie (mm)\n360;2\n720;4\n", false, false).unwrap();
        assert!((depths.depth_m(0.0, 360.0) - 0.002).abs() < 1e-15);
        assert!((depths.total_m() - 0.006).abs() < 1e-15);
        let rates = read("temps;pluie (mm/h)\n0;36\n360;72\n", true, false).unwrap();
        assert!((rates.depth_m(0.0, 360.0) - 0.0036).abs() < 1e-15);
        assert!((rates.depth_m(360.0, 720.0) - 0.0072).abs() < 1e-15);
        let uneven = read("temps;pluie (mm/h)\n0;60\n300;60\n720;60\n1020;0\n", true, false);
        assert!((uneven.unwrap().total_m() - 0.017).abs() < 1e-12);
    }

    #[test]
    fn the_files_of_meteo_france_are_in_universal_time() {
        let hourly = "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;RR1;QRR1\n\
            07005001;ANNONAY;45.2;4.6;400;2024101701;12.5;1\n\
            07005001;ANNONAY;45.2;4.6;400;2024101702;40.0;1\n";
        let rain = read(hourly, false, false).unwrap();
        assert!((rain.depth_m(0.0, 3600.0) - 0.0125).abs() < 1e-15);
        assert!((rain.depth_m(3600.0, 7200.0) - 0.04).abs() < 1e-15);
        let fine = "NUM_POSTE;AAAAMMJJHHMN;RR;QRR\n1;202410170006;1.2;1\n1;202410170012;0.0;1\n";
        let rain = read(fine, false, false).unwrap();
        assert!((rain.depth_m(0.0, 360.0) - 0.0012).abs() < 1e-15 && rain.end_s() == 720.0);
    }

    #[test]
    fn gaps_negative_values_and_wrong_units_are_told() {
        let gap = "t;mm\n360;1\n720;1\n1800;1\n";
        let said = read(gap, false, false).unwrap_err().text(Language::Fr);
        assert!(said.contains("entre 0,20 et 0,50 h"), "{said}");
        assert!((read(gap, false, true).unwrap().total_m() - 0.003).abs() < 1e-15);
        assert!(read("t;mm\n360;1\n720;-1\n", false, false).is_err());
        assert!(read("t;mm\n360;1\n720;800\n", false, false).is_err());
        assert!(read("t;mm\n360;1\n", false, false).is_err());
        assert!(read("t;valeur\n360;1\n720;1\n", false, false).is_err());
    }
}
