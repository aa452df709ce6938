//! Observed rain: a table of depths by period or of intensities.
//!
//! Depths are those of the period that **ends** at the time of the line, as Météo-France gives them (`RR1`
//! of hourly files, `RR` of six-minute files, times in UTC); intensities hold **from** the time of the line
//! to the next. Periods of depths are as long as the shortest distance between lines.

use std::path::Path;

use jiff::Timestamp;
use twin_core::series::{Quantity, TableSeries};
use twin_core::{Error, Language, Result};

use super::{Hyetograph, Stretch};

/// Mean intensity of a period beyond which a unit must be wrong, m/s (600 mm/h): the rains of Cévennes
/// floods stay below 200 mm/h over six minutes.
const ABSURD_M_PER_S: f64 = 600e-3 / 3600.0;

/// What a table tells longer than this before and after the scenario is left aside, s.
const MARGIN_S: f64 = 86_400.0;

/// How a table of rain is to be understood.
#[derive(Debug, Clone, Copy)]
pub struct TableOfRain<'a> {
    /// Time 0.
    pub start: Timestamp,
    /// End of the scenario, s.
    pub until_s: f64,
    /// Unit where the header states none.
    pub unit: Option<&'a str>,
    /// Station, where there are several.
    pub station: Option<&'a str>,
    /// Whether it holds intensities instead of depths.
    pub intensities: bool,
    /// Whether periods without a line have no rain; else they are an error within the scenario.
    pub gaps_are_dry: bool,
}

/// Rain of a table.
#[derive(Debug, Clone)]
pub struct ObservedRain {
    /// The rain.
    pub hyetograph: Hyetograph,
    /// Values within the scenario that Météo-France holds doubtful.
    pub doubtful: usize,
    /// Time of the scenario without a line, taken as dry, s.
    pub dry_gaps_s: f64,
}

/// Reads a table of rain.
///
/// # Errors
/// Those of [`TableSeries::read`], a negative or absurd value, a period of the scenario without rain data.
pub fn read_observed(path: &Path, table: &TableOfRain<'_>) -> Result<ObservedRain> {
    let &TableOfRain { start, until_s, unit, station, intensities, gaps_are_dry } = table;
    let quantity = if intensities { Quantity::RainIntensity } else { Quantity::RainDepth };
    let TableSeries { series, doubtful_s } =
        TableSeries::read(path, start, quantity, unit, station)?;
    let nearby = -MARGIN_S..=until_s + MARGIN_S;
    let points: Vec<(f64, f64)> =
        series.points().iter().copied().filter(|(time, _)| nearby.contains(time)).collect();
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
            "une chronique de pluie demande, pendant le scénario ou à un jour de lui, au moins deux lignes, dont l'écart donne la période",
            "a series of rain needs at least two lines during the scenario or within a day of it, whose distance gives the period",
        ));
    }
    let is_gap = |w: &&[(f64, f64)]| w[1].0 - w[0].0 > 1.5 * period;
    let within = points.windows(2).filter(|w| w[1].0 > 0.0 && w[0].0 < until_s);
    let gap = within.clone().find(is_gap);
    let dry_gaps_s = within.filter(is_gap).map(|w| w[1].0 - w[0].0 - period).sum();
    if let Some(gap) = gap.filter(|_| !gaps_are_dry) {
        let hours = |l: Language, s: f64| l.number(s / 3600.0, 2);
        // A depth tells of the period before its line, an intensity of that after it.
        let [from, to] = match intensities {
            true => [gap[0].0 + period, gap[1].0],
            false => [gap[0].0, gap[1].0 - period],
        };
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
    let hyetograph = Hyetograph::new(without_overlaps(stretches))?;
    let doubtful = doubtful_s.iter().filter(|time| (0.0..=until_s).contains(*time)).count();
    Ok(ObservedRain { hyetograph, doubtful, dry_gaps_s })
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
        let table = TableOfRain {
            start,
            until_s: 1e6,
            unit: None,
            station: None,
            intensities,
            gaps_are_dry: dry,
        };
        read_observed(&path, &table).map(|rain| rain.hyetograph)
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
    fn years_of_a_station_are_read_around_the_scenario_and_gaps_elsewhere_are_no_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pluie.csv");
        let mut text = String::from("NUM_POSTE;AAAAMMJJHH;RR1;QRR1\n7001;2019010100;90.0;1\n");
        for hour in 0..6 {
            text += &format!("7001;202410170{hour};{hour}.5;{}\n", if hour == 2 { 2 } else { 1 });
        }
        text += "7001;2024101900;80.0;2\n";
        std::fs::write(&path, text).unwrap();
        let table = TableOfRain {
            start: "2024-10-17T00:00:00Z".parse().unwrap(),
            until_s: 5.0 * 3600.0,
            unit: None,
            station: None,
            intensities: false,
            gaps_are_dry: false,
        };
        let rain = read_observed(&path, &table).unwrap();
        // From the hour that ends at 0 h to that which ends at 5 h.
        assert!((rain.hyetograph.total_m() - 18.0e-3).abs() < 1e-12);
        assert_eq!(rain.doubtful, 1);
        let later = TableOfRain { until_s: 50.0 * 3600.0, ..table };
        let said = read_observed(&path, &later).unwrap_err().text(Language::En);
        assert!(said.contains("no rain known between 5.00 and 47.00 h"), "{said}");
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
        assert!(said.contains("entre 0,20 et 0,40 h"), "{said}");
        assert!((read(gap, false, true).unwrap().total_m() - 0.003).abs() < 1e-15);
        assert!(read("t;mm\n360;1\n720;-1\n", false, false).is_err());
        assert!(read("t;mm\n360;1\n720;800\n", false, false).is_err());
        assert!(read("t;mm\n360;1\n", false, false).is_err());
        assert!(read("t;valeur\n360;1\n720;1\n", false, false).is_err());
    }
}
