//! `twin calibrate`: runs a scenario with several roughnesses and ranks them by observations.

use std::path::PathBuf;

use twin_core::results::{FinishedRun, RunStore, write_atomically};
use twin_core::scenario::Scenario;
use twin_core::simulation::Registry;
use twin_core::simulation::driver::{self, RunOptions, path_keys_of};
use twin_core::territory::{LandCover, SurfaceProperties};
use twin_core::{Error, Language, Result};

use super::observe::{Agreement, Observations};
use crate::console::{Console, cancellation, line};

/// Most runs of a calibration.
const MOST_RUNS: usize = 500;

/// What the user asked for.
pub(crate) struct Request {
    pub(crate) scenario: PathBuf,
    pub(crate) observations: Observations,
    pub(crate) run: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) factors: Vec<f64>,
    pub(crate) out: PathBuf,
}

/// Land covers whose roughness is varied together.
struct Group {
    name: String,
    /// Code and tabulated n; empty for all covers at once.
    covers: Vec<(String, f64)>,
}

/// A set of factors, one for each group, and how well the run with them agrees.
struct Trial {
    factors: Vec<f64>,
    objective: f64,
    bias: Option<f64>,
    folder: PathBuf,
}

/// Runs all combinations, ranks them, writes the table.
pub(crate) fn calibrate(request: &Request, registry: &Registry, console: &Console) -> Result<()> {
    let groups = groups(&request.groups)?;
    let combinations = combinations(groups.len(), &request.factors)?;
    let keys = |id: &str| path_keys_of(registry, id);
    let base = Scenario::load(&request.scenario, &[], keys)?;
    let run = match (&request.run, base.runs.len()) {
        (Some(name), _) if base.runs.contains_key(name) => name.clone(),
        (None, 1) => base.runs.keys().next().cloned().unwrap_or_default(),
        _ => {
            let known: Vec<&str> = base.runs.keys().map(String::as_str).collect();
            return Err(Error::input(
                "--run",
                format!("nommer un calcul du scénario : {}", known.join(", ")),
                format!("name a run of the scenario: {}", known.join(", ")),
            ));
        }
    };
    std::fs::create_dir_all(&request.out).map_err(Error::write(&request.out))?;
    let mut options = RunOptions::new(RunStore::new(request.out.join("runs")));
    options.language = console.language;
    options.cancelled = cancellation()?;
    let mut trials = Vec::new();
    for (index, factors) in combinations.iter().enumerate() {
        let mut overrides = vec![format!("runs.{run}.variants=false")];
        for (group, factor) in groups.iter().zip(factors) {
            let key = format!("runs.{run}.parameters");
            if group.covers.is_empty() {
                overrides.push(format!("{key}.factors.manning={factor}"));
            }
            for (code, n) in &group.covers {
                overrides.push(format!("{key}.manning.{code}={}", n * factor));
            }
        }
        let scenario = Scenario::load(&request.scenario, &overrides, keys)?;
        let text = format!("{}/{}", index + 1, combinations.len());
        console.show(&text, &text, index as f64 / combinations.len() as f64);
        let results = driver::run(registry, &scenario, &options)?;
        let Some(result) = results.get(&run) else { continue };
        let finished = FinishedRun::open(&result.folder)?;
        let agreement = Agreement::new(&finished, &request.observations)?;
        let differences = agreement.mark_differences();
        let bias = (!differences.is_empty())
            .then(|| differences.iter().sum::<f64>() / differences.len() as f64);
        trials.push(Trial {
            factors: factors.clone(),
            objective: agreement.objective().unwrap_or(f64::INFINITY),
            bias,
            folder: result.folder.clone(),
        });
    }
    console.clear();
    trials.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    let path = request.out.join("calage.csv");
    write_atomically(&path, csv_of(&groups, &trials).as_bytes())?;
    for (rank, trial) in trials.iter().take(5).enumerate() {
        line(&told(rank + 1, &groups, trial, console.language));
    }
    let path = path.display();
    console.say(&format!("Classement : {path}"), &format!("Ranking: {path}"));
    Ok(())
}

fn told(rank: usize, groups: &[Group], trial: &Trial, language: Language) -> String {
    let factors: Vec<String> = groups
        .iter()
        .zip(&trial.factors)
        .map(|(g, f)| format!("{} × {}", g.name, language.number(*f, 2)))
        .collect();
    let (error, factors) = (language.number(trial.objective, 3), factors.join(", "));
    match language {
        Language::Fr => format!("{rank}. EMQ {error} : {factors}"),
        Language::En => format!("{rank}. RMSE {error}: {factors}"),
    }
}

fn csv_of(groups: &[Group], trials: &[Trial]) -> String {
    let names: Vec<&str> = groups.iter().map(|g| g.name.as_str()).collect();
    let mut csv = format!("rank,rmse,bias_m,{},run\n", names.join(","));
    for (rank, trial) in trials.iter().enumerate() {
        let factors: Vec<String> = trial.factors.iter().map(f64::to_string).collect();
        let bias = trial.bias.map_or_else(String::new, |b| format!("{b:.4}"));
        let run = trial.folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into());
        csv.push_str(&format!(
            "{},{:.4},{bias},{},{run}\n",
            rank + 1,
            trial.objective,
            factors.join(",")
        ));
    }
    csv
}

/// `NAME=code+code` each; none given: all covers together.
fn groups(given: &[String]) -> Result<Vec<Group>> {
    if given.is_empty() {
        return Ok(vec![Group { name: "manning".to_owned(), covers: Vec::new() }]);
    }
    let lookup = SurfaceProperties::built_in()?.property("manning_n")?.lookup();
    let group = |text: &String| {
        let (name, codes) = text.split_once('=').unwrap_or((text, text));
        let cover = |code: &str| {
            let cover = LandCover::named(code, "--group")?;
            let n = f64::from(lookup[usize::from(cover.value())]);
            if n.is_finite() {
                return Ok((code.to_owned(), n));
            }
            Err(Error::input(
                "--group",
                format!("« {code} » n'a pas de frottement tabulé"),
                format!("\"{code}\" has no tabulated friction"),
            ))
        };
        Ok(Group {
            name: name.to_owned(),
            covers: codes.split('+').map(cover).collect::<Result<_>>()?,
        })
    };
    let groups: Vec<Group> = given.iter().map(group).collect::<Result<_>>()?;
    let repeats = |words: Vec<&String>| {
        let unique: std::collections::BTreeSet<&String> = words.iter().copied().collect();
        unique.len() < words.len()
    };
    let names = groups.iter().map(|g| &g.name).collect();
    let codes = groups.iter().flat_map(|g| &g.covers).map(|(code, _)| code).collect();
    if repeats(names) || repeats(codes) {
        return Err(Error::input(
            "--group",
            "un nom ou une occupation du sol est donné deux fois",
            "a name or a land cover is given twice",
        ));
    }
    Ok(groups)
}

/// Every choice of a factor for every group.
fn combinations(groups: usize, factors: &[f64]) -> Result<Vec<Vec<f64>>> {
    let runs = factors.len().checked_pow(groups as u32).unwrap_or(usize::MAX);
    let is_sound = factors.iter().all(|f| f.is_finite() && *f > 0.0);
    if !is_sound || factors.is_empty() || runs > MOST_RUNS {
        return Err(Error::input(
            "--factors",
            format!("donner des facteurs positifs et {MOST_RUNS} calculs au plus (ici {runs})"),
            format!("give positive factors and at most {MOST_RUNS} runs (here {runs})"),
        ));
    }
    let mut all = vec![Vec::new()];
    for _ in 0..groups {
        all = all
            .iter()
            .flat_map(|chosen: &Vec<f64>| {
                factors.iter().map(|f| chosen.iter().copied().chain([*f]).collect())
            })
            .collect();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_takes_every_factor() {
        let all = combinations(2, &[0.8, 1.0, 1.2]).unwrap();
        assert_eq!(all.len(), 9);
        assert_eq!(all[5], [1.0, 1.2]);
        assert!(combinations(7, &[0.8, 1.0, 1.2]).is_err());
        assert!(combinations(1, &[]).is_err() && combinations(1, &[-1.0]).is_err());
    }

    #[test]
    fn groups_name_land_covers() {
        assert!(groups(&[]).unwrap()[0].covers.is_empty());
        let code = LandCover::BareSoil.code();
        let found = groups(&[format!("sols={code}")]).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].covers.len()), ("sols", 1));
        assert!(groups(&["x=nowhere".to_owned()]).is_err());
        assert!(groups(&[format!("a={code}"), format!("b={code}")]).is_err());
    }
}
