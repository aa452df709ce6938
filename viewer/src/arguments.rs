//! What the viewer is asked for on the command line.

use std::path::PathBuf;

use clap::Parser;
use twin_core::Language;

/// Shows a territory, its scenarios and their results in three dimensions.
#[derive(Debug, Clone, Parser)]
#[command(name = "twin-viewer", version)]
pub(crate) struct Arguments {
    /// A territory (`NAME.twin`), a run (`runs/PLUGIN/HASH`), a scenario or a view (`NAME.view.toml`).
    pub(crate) path: Option<PathBuf>,
    /// A second run, compared with the first.
    #[arg(long, value_name = "RUN")]
    pub(crate) with: Option<PathBuf>,
    /// Writes the picture as PNG, with its legend and notice, and opens no window.
    #[arg(long, value_name = "PNG")]
    pub(crate) render: Option<PathBuf>,
    /// Writes a picture of every stored moment into a folder, and opens no window.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) animate: Option<PathBuf>,
    /// Width and height of the picture in pixels.
    #[arg(long, value_name = "WxH", default_value = "1600x1000", value_parser = size)]
    pub(crate) size: (u32, u32),
    /// Leaves title, legend and notice out of the picture.
    #[arg(long)]
    pub(crate) bare: bool,
    /// Prints times, memory and what was drawn.
    #[arg(long)]
    pub(crate) stats: bool,
    /// Language: `fr` or `en`.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<String>,
}

impl Arguments {
    /// The language asked for; French where none is.
    pub(crate) fn language(&self) -> Language {
        match self.lang.as_deref() {
            Some("en") => Language::En,
            _ => Language::Fr,
        }
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |t: &str| t.parse::<u32>().ok().filter(|n| (16..=8192).contains(n));
    let parts = text.split_once('x').and_then(|(w, h)| Some((side(w)?, side(h)?)));
    parts.ok_or_else(|| "give width and height from 16 to 8192, such as 1600x1000".to_owned())
}
