//! The soil of every cell.

use std::collections::BTreeMap;

use twin_core::language::Text;
use twin_core::spatial::{Grid, cells_within};
use twin_core::territory::TerritoryView;
use twin_core::{Error, Result};

use crate::parameters::{Soil, SoilZone};
use crate::setup::{place, within};
use crate::soil::Texture;

/// Soil where nothing states another.
const DEFAULT_TEXTURE: Texture = Texture::Loam;

/// Soils, and which of them a cell has.
pub(crate) struct Soils {
    /// Soils with the keys of the parameters that state them.
    pub(crate) known: Vec<(String, Soil)>,
    /// By cell a position in `known`.
    pub(crate) of_cell: Grid<usize>,
}

impl Soils {
    /// The soil that holds everywhere, and those of zones; where zones overlap the last in the order of the
    /// names counts.
    pub(crate) fn new(
        view: &TerritoryView,
        everywhere: Option<&Soil>,
        zones: &BTreeMap<String, SoilZone>,
    ) -> Result<Self> {
        let default = || Soil { texture: Some(DEFAULT_TEXTURE), ..Soil::default() };
        let mut known = vec![("soil".to_owned(), everywhere.cloned().unwrap_or_else(default))];
        let mut of_cell = Grid::filled(*view.spec(), 0usize);
        for (name, zone) in zones {
            let here = place(&format!("soils.{name}"));
            let polygons = zone.area.polygons(view.territory().crs(), &format!("{here}.area"))?;
            let mut cells = 0usize;
            cells_within(view.spec(), &polygons, |row, column| {
                of_cell[(row, column)] = known.len();
                cells += 1;
            });
            if cells == 0 {
                return Err(Error::input(
                    format!("{here}.area"),
                    "la zone ne contient le centre d'aucune maille ; vérifier ses coordonnées ou affiner la grille",
                    "the zone holds the centre of no cell; check its coordinates or refine the grid",
                ));
            }
            known.push((format!("soils.{name}.soil"), zone.soil.clone()));
        }
        for (key, soil) in &known {
            if let Some(crusting) = soil.crusting {
                within(f64::from(crusting), [1.0, 5.0], &format!("{key}.crusting"))?;
            }
            if let Some(thickness) = soil.thickness_cm {
                within(thickness, [1.0, 10_000.0], &format!("{key}.thickness_cm"))?;
            }
        }
        Ok(Self { known, of_cell })
    }

    /// The soil of a cell.
    pub(crate) fn at(&self, cell: usize) -> &Soil {
        &self.known[self.of_cell.values[cell]].1
    }
}

/// What to tell where no soil is stated.
pub(crate) fn unstated() -> Text {
    Text::new(
        "Sol non renseigné : limon (groupe hydrologique B) supposé hors des zones décrites ; donner soil.",
        "Soil not stated: loam (hydrologic group B) assumed outside the described zones; give soil.",
    )
}
