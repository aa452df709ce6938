//! One file for each product: what it asks for, and how it enters the territory file.
//!
//! | product | from | becomes |
//! |---|---|---|
//! | [`BD_TOPO`] | WFS `BDTOPO_V3`, a layer a file | source `bd-topo` |
//! | [`LidarHd`] | index of the tiles by WFS, COPC tiles | source `lidar-hd` |
//! | [`CADASTRE`] | WFS *Parcellaire Express* | source `cadastre` |
//! | [`PLU`] | WFS of the Géoportail de l'urbanisme | source `plu` |
//! | [`Hydrometry`] | Hub'Eau | stations beside the sources, no source |

mod bdtopo;
mod cadastre;
mod hydrometry;
mod layers;
mod lidar;
mod plu;

pub use bdtopo::BD_TOPO;
pub use cadastre::CADASTRE;
pub use hydrometry::Hydrometry;
pub use layers::Layers;
pub use lidar::LidarHd;
pub use plu::PLU;

use std::path::Path;

use twin_core::{Error, Result};

use crate::client::Client;
use crate::place::Area;
use crate::services::{Service, Services};

/// A product that can be fetched.
pub trait Product: Sync + std::fmt::Debug {
    /// Name in options and folders.
    fn code(&self) -> &'static str;

    /// Files to get for an area.
    ///
    /// # Errors
    /// An index cannot be read.
    fn parts(&self, area: &Area, client: &Client, services: &Services) -> Result<Vec<Part>>;

    /// Gets one of them into a file.
    ///
    /// # Errors
    /// The service cannot be reached or answers with something else.
    fn get(
        &self,
        part: &Part,
        area: &Area,
        client: &Client,
        services: &Services,
        to: &Path,
    ) -> Result<Got>;

    /// What the territory file says of it: product and pattern of its files; `None`: nothing.
    fn source(&self) -> Option<(&'static str, &'static str)>;

    /// Licence and whom to name.
    fn licence(&self) -> (&'static str, &'static str);
}

/// A file to get.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Name of the file.
    pub file: String,
    /// Address, for the record and the plan.
    pub url: String,
    /// Service asked.
    pub service: Service,
    /// Bytes, as far as they can be told before.
    pub expected_bytes: Option<u64>,
    /// Edition, where the index tells it.
    pub edition: Option<String>,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// A file, with its number of features or points where known.
    File(Option<usize>),
    /// Nothing there: no file was written.
    Nothing,
}

/// Every product, in the order in which they are fetched.
pub fn all() -> [&'static dyn Product; 5] {
    [&BD_TOPO, &CADASTRE, &PLU, &Hydrometry, &LidarHd]
}

/// Products that a territory wants where nobody says which.
pub const DEFAULT: [&str; 4] = ["bd-topo", "cadastre", "plu", "lidar-hd"];

/// The products of some names.
///
/// # Errors
/// An unknown name.
pub fn named(names: &[String]) -> Result<Vec<&'static dyn Product>> {
    let unknown = names.iter().find(|name| !all().iter().any(|p| p.code() == **name));
    if let Some(name) = unknown {
        let known = all().map(Product::code).join(", ");
        return Err(Error::input(
            "--products",
            format!("« {name} » ; produits : {known}"),
            format!("\"{name}\"; products: {known}"),
        ));
    }
    Ok(all().into_iter().filter(|p| names.iter().any(|name| p.code() == name)).collect())
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
        assert!(named(&["osm".to_owned()]).unwrap_err().to_string().contains("osm"));
    }
}
