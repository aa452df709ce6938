//! `twin compare`: runs beside each other, or one beside a known extent.

mod extent;
pub(crate) mod runs;
mod view;

use std::path::PathBuf;

use twin_core::{Error, Result};

use crate::console::Console;

/// What the user asked for.
pub(crate) struct Request {
    /// Folders of runs, or scenario files.
    pub(crate) runs: Vec<PathBuf>,
    pub(crate) reference: Option<PathBuf>,
    pub(crate) layer: Option<String>,
    pub(crate) occurrence: Option<String>,
    pub(crate) within: Option<PathBuf>,
    pub(crate) depth_m: f64,
    pub(crate) territory: Option<PathBuf>,
    pub(crate) significance_m: f64,
    pub(crate) sections: Option<PathBuf>,
    pub(crate) out: PathBuf,
}

/// Compares runs with each other, or a run with a known extent.
pub(crate) fn compare(request: Request, console: &Console) -> Result<()> {
    match (request.runs.as_slice(), request.reference) {
        ([run], Some(reference)) => {
            let request = extent::Request {
                run: run.clone(),
                reference,
                layer: request.layer,
                occurrence: request.occurrence,
                within: request.within,
                depth_m: request.depth_m,
                territory: request.territory,
                out: request.out,
            };
            extent::compare(&request, console)
        }
        (_, Some(_)) => Err(Error::input(
            "--reference",
            "une emprise connue se compare à un seul calcul ; n'en donner qu'un",
            "a known extent is compared with one run; give one only",
        )),
        ([_], None) => Err(Error::input(
            "compare",
            "donner au moins deux calculs, ou --reference avec une emprise connue",
            "give two runs at least, or --reference with a known extent",
        )),
        (runs, None) => runs::compare(
            runs,
            &runs::Settings {
                dry_below_m: request.depth_m as f32,
                significance_m: request.significance_m,
                sections: request.sections,
                out: request.out,
            },
            console,
        ),
    }
}
