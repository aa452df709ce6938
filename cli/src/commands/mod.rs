//! One file per command.

mod assemble;
mod calibrate;
mod cite;
mod compare;
mod demo;
mod describe;
mod differences;
mod export;
mod fetch;
mod finished;
mod import_run;
mod info;
mod observe;
mod places;
mod report;
mod rules;
mod run;
mod scenario;
mod study;
mod view;

pub(crate) use observe::{Observations, Observed};
use twin_core::simulation::Registry;
use twin_core::{Error, Result};

use crate::arguments::{Arguments, Command};
use crate::console::Console;

/// Executes a command.
pub(crate) fn execute(arguments: Arguments, registry: &Registry) -> Result<()> {
    let console = Console::new(arguments.language());
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(|e| Error::input("--threads", e.to_string(), e.to_string()))?;
    }
    match arguments.command {
        Command::Demo { out, study } => demo::demo(&out, study, registry, &console),
        Command::Fetch(arguments) => fetch::fetch(&arguments, &console),
        Command::Assemble(arguments) => assemble::run(&arguments, &console),
        Command::Info { path, json } => info::info(&path, json, console.language),
        Command::View { path, arguments } => view::view(&path, &arguments, console.language),
        Command::Rules { action } => rules::rules(&action, console.language),
        Command::Cite { run } => cite::cite(&run, console.language),
        Command::Simulations { id, json } => {
            describe::simulations(registry, id.as_deref(), json, console.language)
        }
        Command::Measures { id, json } => {
            describe::measures(registry, id.as_deref(), json, console.language)
        }
        Command::Run { scenario, overrides, estimate, resume, runs } => {
            let request = run::Request { scenario, overrides, resume, runs };
            if estimate {
                run::estimate(&request, registry, &console)
            } else {
                let reports = run::run(&request, registry, &console)?;
                console.say_timings();
                for report in reports {
                    let path = report.path.display();
                    console.say(&format!("Rapport : {path}"), &format!("Report: {path}"));
                }
                Ok(())
            }
        }
        Command::Scenario { action } => scenario::scenario(&action, registry, &console),
        Command::Study { action } => study::study(action, registry, &console),
        Command::Report { path, pdf, paper } => {
            report::report(path, pdf.then_some(paper), registry, &console)
        }
        Command::Places { territory, extent, out } => {
            places::places(&places::Request { territory, extent, out }, &console)
        }
        Command::Compare {
            runs,
            reference,
            layer,
            occurrence,
            within,
            depth,
            territory,
            significance,
            sections,
            out,
        } => {
            let request = compare::Request {
                runs,
                reference,
                layer,
                occurrence,
                within,
                depth_m: depth,
                territory,
                significance_m: significance,
                sections,
                out,
            };
            compare::compare(request, &console)
        }
        Command::ImportRun(arguments) => import_run::import(&arguments, registry, &console),
        Command::Observe { run, observations, out } => {
            observe::observe(&run, &observations.into(), &out, &console)
        }
        Command::Calibrate { scenario, observations, run, groups, factors, out } => {
            let observations = observations.into();
            let request = calibrate::Request { scenario, observations, run, groups, factors, out };
            calibrate::calibrate(&request, registry, &console)
        }
        Command::Export { path, format, out, flood } => {
            export::export(&path, format, &out, &flood, &console)
        }
        Command::Schemas { out } => {
            std::fs::create_dir_all(&out).map_err(Error::write(&out))?;
            for (name, schema) in crate::schemas(registry) {
                twin_core::results::write_atomically(&out.join(name), schema.as_bytes())?;
            }
            Ok(())
        }
    }
}
