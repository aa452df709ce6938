//! One file for each product: what it asks for, and how it enters the territory file.
//!
//! | product | from | becomes |
//! |---|---|---|
//! | [`BD_TOPO`] | WFS, a layer a file | source `bd-topo` |
//! | [`BD_TOPO_ARCHIVE`] | GeoPackage of the department | source `bd-topo` |
//! | [`BD_HAIE`] | WFS | source `bd-haie` |
//! | [`BD_FRANCE`] | WFS | source `bd-france-vegetation` |
//! | [`OCS_GE`] | GeoPackage of the department | source `ocs-ge` |
//! | [`BD_FORET`] | WFS | source `bd-foret` |
//! | [`RPG`] | WFS | source `rpg` |
//! | [`CADASTRE`] | WFS | source `cadastre` |
//! | [`PLU`] | WFS of the Géoportail de l'urbanisme | source `plu` |
//! | [`PPR`] | shapefiles of the department, Géorisques | source `ppr` |
//! | [`TRI`] | shapefiles of the department, Géorisques | beside the sources |
//! | [`VIGICRUES`] | WFS | beside the sources |
//! | [`Georisques`] | GASPAR by commune | beside the sources |
//! | [`Rnb`] | RNB by extent | table joined to the buildings |
//! | [`Insee`] | census by commune | table joined to the communes |
//! | [`Hydrometry`] | Hub'Eau | beside the sources |
//! | [`LIDAR_HD`] | index by WFS, COPC by ranges of bytes | source `lidar-hd` |
//! | [`LIDAR_HD_TILES`] | the same, whole tiles | source `lidar-hd` |
//! | [`LidarModels`] | WMS-R, where tiles are missing | sources `mnt-lidar-hd`, `mns-lidar-hd` |
//! | [`Ortho`] | WMS-R | beside the sources |

mod archives;
mod bd_foret;
mod bd_france;
mod bd_haie;
mod bdtopo;
mod bdtopo_archive;
mod cadastre;
mod georisques;
mod hydrometry;
mod insee;
mod layers;
mod lidar;
mod models;
mod ocsge;
mod ortho;
mod plu;
mod ppr;
mod rnb;
mod rpg;
mod tables;
mod tri;
mod vigicrues;

pub use archives::Archives;
pub use bd_foret::BD_FORET;
pub use bd_france::BD_FRANCE;
pub use bd_haie::BD_HAIE;
pub use bdtopo::BD_TOPO;
pub use bdtopo_archive::BD_TOPO_ARCHIVE;
pub use cadastre::CADASTRE;
pub use georisques::Georisques;
pub use hydrometry::Hydrometry;
pub use insee::Insee;
pub use layers::Layers;
pub use lidar::{LIDAR_HD, LIDAR_HD_TILES, LidarHd};
pub use models::LidarModels;
pub use ocsge::OCS_GE;
pub use ortho::Ortho;
pub use plu::PLU;
pub use ppr::PPR;
pub use rnb::Rnb;
pub use rpg::RPG;
pub use tri::TRI;
pub use vigicrues::VIGICRUES;

use std::path::Path;

use twin_core::{Error, Result};

use crate::client::Client;
use crate::place::Area;

/// A product that can be fetched.
pub trait Product: Sync + std::fmt::Debug {
    /// Name in options and folders.
    fn code(&self) -> &'static str;

    /// Whether a territory is not to be had without a file of it, or without its index (`""`): what cannot
    /// be got is an error then, else it is told.
    fn is_essential(&self, file: &str) -> bool {
        let _ = file;
        false
    }

    /// Whether a file that came is one of its kind: others are not kept for other territories.
    fn is_sound(&self, file: &Path) -> bool {
        let _ = file;
        true
    }

    /// Files to get for an area.
    ///
    /// # Errors
    /// An index cannot be read.
    fn parts(&self, area: &Area, client: &Client) -> Result<Vec<Part>>;

    /// Files that stand in for one of another product that is absent.
    fn stand_ins(&self, absent: &str, area: &Area, client: &Client) -> Vec<Part> {
        let _ = (absent, area, client);
        Vec::new()
    }

    /// How many features one of them has, where that can be asked.
    ///
    /// # Errors
    /// The service cannot be reached or answers with something else.
    fn count(&self, part: &Part, area: &Area, client: &Client) -> Result<Option<usize>> {
        let _ = (part, area, client);
        Ok(None)
    }

    /// Gets one of them into a file.
    ///
    /// # Errors
    /// The service cannot be reached or answers with something else.
    fn get(&self, part: &Part, area: &Area, client: &Client, to: &Path) -> Result<Got>;

    /// What the territory file says of it.
    fn sources(&self) -> &'static [Source];

    /// Licence and whom to name.
    fn licence(&self) -> (&'static str, &'static str);
}

/// A source of the territory file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Product, as the territory file names it.
    pub product: &'static str,
    /// Pattern of its files.
    pub pattern: &'static str,
    /// Column with identifiers, of a table.
    pub key: Option<&'static str>,
    /// Layer that a table is joined to.
    pub layer: Option<&'static str>,
}

impl Source {
    const fn new(product: &'static str, pattern: &'static str) -> Self {
        Self { product, pattern, key: None, layer: None }
    }

    const fn with_key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    const fn with_layer(self, layer: &'static str) -> Self {
        Self { layer: Some(layer), ..self }
    }
}

/// A file to get.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Name of the file.
    pub file: String,
    /// Address, for the record and the plan; a window of a larger file has it as a fragment (`#bbox=…`).
    pub url: String,
    /// Bytes, as far as they can be told before.
    pub expected_bytes: Option<u64>,
    /// Edition, where the index tells it: with it the file is kept for other territories.
    pub edition: Option<String>,
}

/// What marks the address of a window; behind a hash nothing is sent.
const WINDOW: &str = "#bbox=";

impl Part {
    /// Only what of the file lies in the extent of an area.
    fn in_window(mut self, area: &Area) -> Self {
        let [west, south, east, north] = <[f64; 4]>::from(area.extent);
        let system = String::from(area.crs);
        self.url.push_str(&format!("{WINDOW}{west},{south},{east},{north},{system}"));
        self
    }

    /// For all communes of an area: another set of them is another file.
    fn of_communes(mut self, area: &Area) -> Self {
        self.url.push_str(&format!("#communes={}", area.insee.join("+")));
        self
    }

    fn is_window(&self) -> bool {
        self.url.contains(WINDOW)
    }

    /// The address that is asked.
    fn address(&self) -> &str {
        self.url.split_once('#').map_or(&self.url, |(address, _)| address)
    }
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// A file, with its number of features or points where known.
    File(Option<usize>),
    /// Nothing there: no file was written.
    Nothing,
    /// The index has it and the server has it not: another product may stand in for it.
    Absent,
}

/// Every product, in the order of the territory file: later land cover paints over earlier.
pub fn all() -> [&'static dyn Product; 20] {
    [
        &BD_TOPO,
        &BD_TOPO_ARCHIVE,
        &BD_HAIE,
        &BD_FRANCE,
        &OCS_GE,
        &BD_FORET,
        &RPG,
        &CADASTRE,
        &PLU,
        &PPR,
        &TRI,
        &VIGICRUES,
        &Georisques,
        &Rnb,
        &Insee,
        &Hydrometry,
        &LIDAR_HD,
        &LIDAR_HD_TILES,
        &LidarModels,
        &Ortho,
    ]
}

/// Products that a territory wants where nobody says which: all that come quickly.
pub const DEFAULT: [&str; 12] = [
    "bd-topo",
    "bd-haie",
    "bd-foret",
    "rpg",
    "cadastre",
    "plu",
    "vigicrues",
    "georisques",
    "insee",
    "hydrometry",
    "lidar-hd",
    "lidar-models",
];

/// Pairs of products that are the same thing in two ways.
pub(crate) const ALTERNATIVES: [[&str; 2]; 2] =
    [["bd-topo", "bd-topo-archive"], ["lidar-hd", "lidar-hd-tiles"]];

/// The products of some names. `+NAME` stands for the default ones and that, in place of its alternative.
///
/// # Errors
/// An unknown name, or both of two alternatives.
pub fn named(names: &[String]) -> Result<Vec<&'static dyn Product>> {
    let is_added = |name: &String| name.starts_with('+');
    let mut wanted: Vec<&str> = names.iter().map(|n| n.trim_start_matches('+')).collect();
    if names.is_empty() || names.iter().any(is_added) {
        let is_replaced = |default: &&str| {
            let pair = ALTERNATIVES.iter().find(|pair| pair.contains(default));
            pair.is_some_and(|pair| pair.iter().any(|n| n != default && wanted.contains(n)))
        };
        let defaults: Vec<&str> = DEFAULT.into_iter().filter(|d| !is_replaced(d)).collect();
        wanted.extend(defaults);
    }
    if let Some(name) = wanted.iter().find(|name| !all().iter().any(|p| p.code() == **name)) {
        let known = all().map(Product::code).join(", ");
        return Err(Error::input(
            "--products",
            format!("« {name} » ; produits : {known}"),
            format!("\"{name}\"; products: {known}"),
        ));
    }
    if let Some([a, b]) = ALTERNATIVES.iter().find(|pair| pair.iter().all(|n| wanted.contains(n))) {
        return Err(Error::input(
            "--products",
            format!("{a} et {b} donnent la même chose ; garder l'un des deux"),
            format!("{a} and {b} give the same thing; keep one of them"),
        ));
    }
    Ok(all().into_iter().filter(|p| wanted.contains(&p.code())).collect())
}

/// A file name from an address: its last part, if that is one and leads nowhere else.
///
/// # Errors
/// The name could leave the folder, or is empty.
pub(crate) fn file_name(url: &str) -> Result<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.starts_with('.') || name.len() > 150 || !name.chars().all(is_safe) {
        return Err(Error::input(
            url,
            "nom de fichier inattendu, refusé",
            "unexpected file name, refused",
        ));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_cannot_leave_their_folder() {
        let name = file_name("https://x/a/LHD_FXX_0573_6278_PTS_LAMB93_IGN69.copc.laz").unwrap();
        assert_eq!(name, "LHD_FXX_0573_6278_PTS_LAMB93_IGN69.copc.laz");
        for bad in [
            "https://x/a/",
            "https://x/..",
            "https://x/a%2F..%2Fb",
            "https://x/.bashrc",
            "https://x/a\\b",
        ] {
            assert!(file_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn products_are_found_by_name() {
        let found = named(&["lidar-hd".to_owned(), "bd-topo".to_owned()]).unwrap();
        assert_eq!(found.iter().map(|p| p.code()).collect::<Vec<_>>(), ["bd-topo", "lidar-hd"]);
        assert_eq!(named(&[]).unwrap().len(), DEFAULT.len());
        let more = named(&["+ortho".to_owned(), "+bd-topo-archive".to_owned()]).unwrap();
        let codes: Vec<&str> = more.iter().map(|p| p.code()).collect();
        assert_eq!(codes.len(), DEFAULT.len() + 1);
        assert!(codes.contains(&"bd-topo-archive") && !codes.contains(&"bd-topo"));
        let both = ["lidar-hd", "lidar-hd-tiles"].map(str::to_owned);
        assert!(named(&both).unwrap_err().to_string().contains("keep one"));
        assert!(named(&["osm".to_owned()]).unwrap_err().to_string().contains("osm"));
    }
}
