//! Arguments of the program `twin`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use twin_core::Language;
use twin_core::products::tri::OCCURRENCES;

use crate::commands::{Observations, Observed};
use crate::values::{numbers, shard};

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

/// What to do with a rule file.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesAction {
    /// Write a rule file with a section for every planning zone of a territory
    New {
        /// Territory (NAME.twin)
        territory: PathBuf,
        /// File to write (default: NAME.regles.toml beside the territory)
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Check a rule file
    Check {
        /// Rule file
        file: PathBuf,
    },
}

/// What to do with a study.
#[derive(Debug, Subcommand)]
pub(crate) enum StudyAction {
    /// Write a flood study for a territory, run it and write its report
    New(NewStudyArguments),
    /// Run all combinations of a study and write its report; what is there already is not run again
    Run {
        /// Study file
        study: PathBuf,
        /// Change a value of every scenario, `path.of.key=value`
        #[arg(long = "set", value_name = "PATH=VALUE")]
        overrides: Vec<String>,
        /// Folder of runs (default: `runs` beside the study file)
        #[arg(long)]
        runs: Option<PathBuf>,
    },
    /// List the combinations of a study
    List {
        /// Study file
        study: PathBuf,
    },
}

/// A study to be written, and the territory that it is about.
#[derive(Debug, clap::Args)]
pub(crate) struct NewStudyArguments {
    /// Assembled territory (NAME.twin)
    #[arg(long, required_unless_present = "insee")]
    pub(crate) territory: Option<PathBuf>,
    /// INSEE code of a commune, which is fetched and assembled first
    #[arg(long, conflicts_with = "territory")]
    pub(crate) insee: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    /// What threatens
    #[arg(long, value_enum, default_value = "flood")]
    pub(crate) hazard: Hazard,
    /// Peak discharge in m³/s; several, separated by commas, make as many events
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) discharge: Vec<f64>,
    /// Where the discharge comes from: gauging station, study, hypothesis
    #[arg(long)]
    pub(crate) source: String,
    /// Return period of each discharge in years, as the source states it
    #[arg(long, value_delimiter = ',')]
    pub(crate) return_period: Vec<f64>,
    /// Where the river enters: x,y (default: where the widest watercourse does)
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) at: Option<Vec<f64>>,
    /// Hours from the start to the peak (default: the time to cross the territory)
    #[arg(long)]
    pub(crate) rise: Option<f64>,
    /// Side of a computing cell in metres (default: the finest that stays under ten minutes)
    #[arg(long)]
    pub(crate) resolution: Option<f64>,
    /// Folder to write (default: NAME-etude beside the territory)
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Write the files and run nothing
    #[arg(long)]
    pub(crate) files_only: bool,
}

/// Hazards that a study can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hazard {
    /// A river that floods
    Flood,
}

/// What to do with a scenario file.
#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioAction {
    /// Check a scenario: keys, files, measures on the territory; nothing is computed
    Check {
        /// Scenario file
        scenario: PathBuf,
    },
    /// Print a scenario as it is computed, with all it inherits
    Show {
        /// Scenario file
        scenario: PathBuf,
    },
    /// Tell what differs between two scenarios
    Diff {
        /// Scenario file
        first: PathBuf,
        /// Scenario file
        second: PathBuf,
    },
}

/// Size of a printed page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Paper {
    /// 210 × 297 mm
    A4,
    /// 297 × 420 mm
    A3,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build and assemble a synthetic commune and run three flood scenarios on it
    Demo {
        /// Folder to write
        #[arg(long, default_value = "twin-demo")]
        out: PathBuf,
        /// Run a study of three actions and two floods in place of the scenarios
        #[arg(long)]
        study: bool,
    },
    /// Get what a territory needs from the national services, and write its territory file
    Fetch(FetchArguments),
    /// Assemble a territory (NAME.twin) from the sources that a territory file names
    Assemble(AssembleArguments),
    /// Tell what a territory, run, point cloud, raster or vector file holds
    Info {
        /// File or folder
        path: PathBuf,
        /// Machine-readable output
        #[arg(long)]
        json: bool,
    },
    /// Open a territory, run, scenario or view in the 3D viewer
    View {
        /// Territory (NAME.twin), run, scenario or view (NAME.view.toml)
        path: PathBuf,
        /// Further arguments of twin-viewer, such as --render PICTURE.png
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Planning rules as a file: write one to fill in, or check one
    Rules {
        #[command(subcommand)]
        action: RulesAction,
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
    /// Check, show or compare scenario files
    Scenario {
        #[command(subcommand)]
        action: ScenarioAction,
    },
    /// Run a scenario under several actions and events, and tell what they change and cost
    Study {
        #[command(subcommand)]
        action: StudyAction,
    },
    /// Write the report of a study or run again, and print it
    Report {
        /// Study file that was run, or folder of a run
        path: PathBuf,
        /// Write it as PDF too, with a browser of this machine (Chromium, Chrome or Edge)
        #[arg(long)]
        pdf: bool,
        /// Size of the pages
        #[arg(long, value_enum, default_value = "a4")]
        paper: Paper,
    },
    /// Propose where a flood enters and leaves a territory, from its watercourses
    Places {
        /// Territory (NAME.twin)
        territory: PathBuf,
        /// Part of it: west,south,east,north
        #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
        extent: Option<Vec<f64>>,
        /// Folder to write
        #[arg(long, default_value = "lieux")]
        out: PathBuf,
    },
    /// Compare runs with the first of them, or the flooded extent of one with a known one
    Compare {
        /// Folders of runs, or scenario files that were run; the first is the reference
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Vector file with a known extent (PPR, TRI, a past flood), in place of other runs
        #[arg(long)]
        reference: Option<PathBuf>,
        /// Layer of the file (default: all)
        #[arg(long)]
        layer: Option<String>,
        /// Scenario of a TRI, where the file holds several: For, Moy, Fai …
        #[arg(long, value_parser = OCCURRENCES)]
        occurrence: Option<String>,
        /// Vector file with the area in which to compare, such as the perimeter of the plan
        #[arg(long)]
        within: Option<PathBuf>,
        /// Depth from which a cell counts as flooded, metres
        #[arg(long, default_value_t = 0.05)]
        depth: f64,
        /// Territory (NAME.twin), to count buildings inside and outside
        #[arg(long)]
        territory: Option<PathBuf>,
        /// Difference of the water in a building up to which its class counts as unchanged, metres
        #[arg(long, default_value_t = 0.05)]
        significance: f64,
        /// Vector file with lines along which a rise of more than a centimetre is told
        #[arg(long)]
        sections: Option<PathBuf>,
        /// Folder to write
        #[arg(long, default_value = "comparaison")]
        out: PathBuf,
    },
    /// Take a flood that another program computed as a run, so that everything works on it
    ImportRun(ImportArguments),
    /// Compare a run with observed flood marks and gauge series
    Observe {
        /// Folder of the run
        run: PathBuf,
        #[command(flatten)]
        observations: ObservationArguments,
        /// Folder to write
        #[arg(long, default_value = "observations")]
        out: PathBuf,
    },
    /// Run a scenario with several roughnesses and rank them by observations
    Calibrate {
        /// Scenario file
        scenario: PathBuf,
        #[command(flatten)]
        observations: ObservationArguments,
        /// Run of the scenario to vary (default: the only one)
        #[arg(long)]
        run: Option<String>,
        /// Land covers varied together, `NAME=code+code`; default: all at once
        #[arg(long = "group", value_name = "NAME=CODES")]
        groups: Vec<String>,
        /// Factors on the tabulated roughness
        #[arg(long, value_delimiter = ',', default_value = "0.6,0.8,1,1.25,1.6")]
        factors: Vec<f64>,
        /// Folder to write
        #[arg(long, default_value = "calage")]
        out: PathBuf,
    },
    /// Convert a territory or run into an exchange format
    Export {
        /// Territory (NAME.twin) or run folder; for COPC a point file
        path: PathBuf,
        /// Format
        #[arg(long, value_enum)]
        format: ExportFormat,
        /// File or folder to write
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        flood: FloodExport,
    },
    /// Write the JSON Schemas of territory and scenario files and of all parameters
    #[command(hide = true)]
    Schemas {
        /// Folder to write
        out: PathBuf,
    },
}

/// What to assemble, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct AssembleArguments {
    /// Territory file
    pub(crate) territory: PathBuf,
    /// Folder to write (default: NAME.twin beside the territory file)
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Say what appeared, disappeared and changed against the territory that is there, and write it
    /// to its changes.csv
    #[arg(long)]
    pub(crate) update: bool,
    /// Make only this share of the blocks, such as 1/4, and keep them; a run without it on the same
    /// kept blocks puts all together
    #[arg(long, value_parser = shard, conflicts_with = "update")]
    pub(crate) shard: Option<(usize, usize)>,
    /// Folder where blocks are kept from run to run (default: NAME.blocks beside the territory)
    #[arg(long)]
    pub(crate) blocks: Option<PathBuf>,
    /// Keep no blocks
    #[arg(long, conflicts_with_all = ["shard", "blocks"])]
    pub(crate) no_blocks: bool,
}

impl AssembleArguments {
    /// A territory file to be assembled once, beside it.
    pub(crate) fn once(territory: PathBuf) -> Self {
        Self { territory, out: None, update: false, shard: None, blocks: None, no_blocks: true }
    }

    /// The folder of the territory.
    pub(crate) fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.territory.with_extension("twin"))
    }

    /// The folder where blocks are kept.
    pub(crate) fn kept(&self) -> Option<PathBuf> {
        let kept = || self.blocks.clone().unwrap_or_else(|| self.folder().with_extension("blocks"));
        (!self.no_blocks).then(kept)
    }
}

/// Which place to fetch, and what of it.
#[derive(Debug, clap::Args)]
pub(crate) struct FetchArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Metres around the place
    #[arg(long, default_value_t = 200.0)]
    pub(crate) buffer: f64,
    /// Products, separated by commas; +NAME adds to the usual ones. Usual: bd-topo, bd-haie, bd-foret,
    /// rpg, cadastre, plu, vigicrues, georisques, insee, hydrometry, lidar-hd, lidar-models; further:
    /// bd-topo-archive, bd-france, ocs-ge, ppr, tri, rnb, lidar-hd-tiles, ortho
    #[arg(long, value_delimiter = ',')]
    pub(crate) products: Vec<String>,
    /// Folder to write (default: the code or name of the place)
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Resolution that the territory file states, metres
    #[arg(long, default_value_t = 1.0)]
    pub(crate) resolution: f64,
    /// Only tell what would be fetched, how much, from where and under which licence
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Ask again for what is there, and tell what changed
    #[arg(long)]
    pub(crate) update: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
}

/// A place by one of its names.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PlaceArguments {
    /// INSEE code of a commune
    #[arg(long)]
    pub(crate) insee: Option<String>,
    /// Official name of a commune
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// SIREN code of an intercommunality
    #[arg(long)]
    pub(crate) epci: Option<String>,
    /// West,south,east,north in Lambert-93
    #[arg(long, value_name = "W,S,E,N", value_parser = numbers::<4>, allow_hyphen_values = true)]
    pub(crate) bbox: Option<[f64; 4]>,
    /// Vector file of polygons
    #[arg(long)]
    pub(crate) polygon: Option<PathBuf>,
    /// Point in Lambert-93 and a radius in metres
    #[arg(long, value_name = "X,Y,RADIUS", value_parser = numbers::<3>, allow_hyphen_values = true)]
    pub(crate) around: Option<[f64; 3]>,
}

/// How services are reached.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NetworkArguments {
    /// Another address of a service, such as a mirror: wfs=https://…; services: wfs, download, raster,
    /// hubeau, georisques, georisques-files, rnb, insee
    #[arg(long = "base-url", value_name = "SERVICE=URL")]
    pub(crate) base_urls: Vec<String>,
    /// Attempts for each request
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) attempts: u32,
    /// Seconds to wait after a first failure; it doubles with each
    #[arg(long, default_value_t = 1.0)]
    pub(crate) wait: f64,
    /// Folder of tiles and archives that territories share (default: twin/fetch in the user's cache)
    #[arg(long, conflicts_with = "no_cache")]
    pub(crate) cache: Option<PathBuf>,
    /// Keep nothing for other territories
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// A flood of another program.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArguments {
    /// Assembled territory (NAME.twin)
    #[arg(long)]
    pub(crate) territory: PathBuf,
    /// Largest depth: GeoTIFF or ASCII grid, or netCDF-4 over time
    #[arg(long)]
    pub(crate) depth: Option<PathBuf>,
    /// Largest level, in the same kinds of files
    #[arg(long)]
    pub(crate) level: Option<PathBuf>,
    /// Largest speed, in the same kinds of files
    #[arg(long)]
    pub(crate) velocity: Option<PathBuf>,
    /// Result of TELEMAC (.slf), in place of the others
    #[arg(long)]
    pub(crate) serafin: Option<PathBuf>,
    /// Name of a variable of the netCDF files, as in depth=h, level=zeta, velocity=speed
    #[arg(long = "variable", value_name = "WHAT=NAME")]
    pub(crate) variables: Vec<String>,
    /// Polygons inside which indicators count
    #[arg(long)]
    pub(crate) study_area: Option<PathBuf>,
    /// Datum of the level: NGF-IGN69 …
    #[arg(long)]
    pub(crate) datum: Option<String>,
    /// Height of that datum's zero in the territory's datum, metres
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) offset_m: Option<f64>,
    /// Height of the ground floors above the ground, metres (default: that of the run of --like, else 0)
    #[arg(long)]
    pub(crate) floor_height: Option<f64>,
    /// Title of the result
    #[arg(long)]
    pub(crate) title: String,
    /// Who computed it, with what
    #[arg(long)]
    pub(crate) author: String,
    /// Folder of a run whose grid to take, so that both can be compared
    #[arg(long)]
    pub(crate) like: Option<PathBuf>,
    /// Side of a cell in metres (default: that of the raster)
    #[arg(long, conflicts_with = "like")]
    pub(crate) resolution: Option<f64>,
    /// Scenario file to write (default: import.toml beside the territory)
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// Observations and what their files do not say.
#[derive(Debug, clap::Args)]
pub(crate) struct ObservationArguments {
    /// Flood marks (vector file, or CSV with x, y and level_m), or `GAUGE=FILE` for a series at a
    /// gauge (two columns, HydroPortail or Hub'Eau)
    #[arg(required = true)]
    files: Vec<String>,
    /// Only marks of this flood, as the file dates it (2002-12-12)
    #[arg(long)]
    event: Option<String>,
    /// What the series measure
    #[arg(long, value_enum, default_value_t)]
    quantity: Observed,
    /// Unit of the series where the file does not state it
    #[arg(long)]
    unit: Option<String>,
    /// Datum of the levels: NGF-IGN69, zero-echelle …
    #[arg(long)]
    datum: Option<String>,
    /// Height of that datum's zero in the territory's datum, metres
    #[arg(long, allow_hyphen_values = true)]
    offset_m: Option<f64>,
}

impl From<ObservationArguments> for Observations {
    fn from(given: ObservationArguments) -> Self {
        let ObservationArguments { files, event, quantity, unit, datum, offset_m } = given;
        Self { files, event, quantity, unit, datum, offset_m }
    }
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
    /// 3D Tiles 1.1 of the buildings for globes, heights above the ellipsoid: a folder
    #[value(name = "3d-tiles")]
    Tiles3d,
    /// One glTF binary of terrain and buildings
    Glb,
    /// Cloud Optimized Point Cloud, of a LAS or LAZ file given as the path
    Copc,
    /// GeoJSON in WGS 84, one file per layer
    Geojson,
    /// What of an impact run may be published: figures by square, no building (GeoPackage)
    Publishable,
    /// Flooded surfaces, classes and lines of equal level (CNIG Directive Inondation, GeoPackage)
    CnigDi,
}

/// What the CNIG tables say beside geometry, for `--format cnig-di`.
#[derive(Debug, clap::Args)]
pub(crate) struct FloodExport {
    /// Identifier of the TRI
    #[arg(long)]
    pub(crate) tri: Option<String>,
    /// Hazard: 112 slow river flood, 113 fast river flood, 117 sea
    #[arg(long, value_parser = ["112", "113", "114", "116", "117"])]
    pub(crate) hazard: Option<String>,
    /// Occurrence: For, Moy, Fai …
    #[arg(long, value_parser = OCCURRENCES)]
    pub(crate) occurrence: Option<String>,
    /// Interval of the lines of equal level, metres
    #[arg(long, default_value_t = 0.5)]
    pub(crate) interval: f64,
}

impl Arguments {
    pub(crate) fn language(&self) -> Language {
        match self.lang {
            LanguageChoice::Fr => Language::Fr,
            LanguageChoice::En => Language::En,
        }
    }
}
