//! Arguments of the program `twin`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use twin_core::Language;

/// Assemble a 3D territory from French national data, run scenarios on it, read the results.
#[derive(Debug, Parser)]
#[command(name = "twin", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Language of messages and reports
    #[arg(long, global = true, value_enum, default_value = "fr")]
    lang: LanguageChoice,
    /// Threads to compute with (default: all cores)
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageChoice {
    Fr,
    En,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build and assemble a synthetic commune and run three flood scenarios on it
    Demo {
        /// Folder to write
        #[arg(long, default_value = "twin-demo")]
        out: PathBuf,
    },
    /// Assemble a territory (NAME.twin) from the sources that a territory file names
    Assemble {
        /// Territory file
        territory: PathBuf,
        /// Folder to write (default: NAME.twin beside the territory file)
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Tell what a territory, run, point cloud, raster or vector file holds
    Info {
        /// File or folder
        path: PathBuf,
        /// Machine-readable output
        #[arg(long)]
        json: bool,
    },
    /// Print how to cite a run
    Cite {
        /// Folder of the run
        run: PathBuf,
    },
    /// List the simulations, or describe one with its parameters
    Simulations {
        /// Identifier
        id: Option<String>,
        /// Machine-readable output
        #[arg(long)]
        json: bool,
    },
    /// List the kinds of measures, or describe one with its parameters
    Measures {
        /// Identifier
        id: Option<String>,
        /// Machine-readable output
        #[arg(long)]
        json: bool,
    },
    /// Run a scenario; unchanged steps are taken from the run store
    Run {
        /// Scenario file
        scenario: PathBuf,
        /// Change a value of the scenario, `path.of.key=value`
        #[arg(long = "set", value_name = "PATH=VALUE")]
        overrides: Vec<String>,
        /// Only print cells, steps, memory and time
        #[arg(long)]
        estimate: bool,
        /// Go on with an interrupted run
        #[arg(long)]
        resume: bool,
        /// Folder of runs (default: `runs` beside the scenario file)
        #[arg(long)]
        runs: Option<PathBuf>,
    },
    /// Convert a territory or run into an exchange format
    Export {
        /// Territory (NAME.twin) or run folder
        path: PathBuf,
        /// Format
        #[arg(long, value_enum)]
        format: ExportFormat,
        /// File or folder to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the JSON Schemas of territory and scenario files and of all parameters
    #[command(hide = true)]
    Schemas {
        /// Folder to write
        out: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Cloud-optimised GeoTIFF, one file per grid
    Cog,
    /// GeoPackage
    Gpkg,
    /// CityJSON 2.0
    Cityjson,
    /// CityJSON text sequence
    Cityjsonseq,
    /// GeoJSON in WGS 84, one file per layer
    Geojson,
}

impl Arguments {
    pub(crate) fn language(&self) -> Language {
        match self.lang {
            LanguageChoice::Fr => Language::Fr,
            LanguageChoice::En => Language::En,
        }
    }
}
