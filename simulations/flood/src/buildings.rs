//! How buildings stand in the flow: blocks, holes, roughness, or a porosity of the cells.

use twin_core::language::Text;
use twin_core::results::exposure::footprint_cells;
use twin_core::spatial::{Grid, GridSpec, cells_within};
use twin_core::territory::manning_n;
use twin_core::{Language, Result};
use twin_shallow_water::{Bed, Porosity};

use crate::parameters::BuildingMode;
use crate::setup::{Builder, place};

/// Height of a building whose height is not known, metres: one storey, so that it blocks the flow.
const UNKNOWN_BUILDING_HEIGHT_M: f64 = 3.0;
/// Parts of a cell side by which the share is measured that buildings leave open.
const PARTS: usize = 10;

impl Builder<'_> {
    /// Puts the standing buildings into the bed.
    pub(crate) fn buildings(&mut self, bed: &mut Bed, terrain: &Grid<f32>) -> Result<()> {
        let mode = self.parameters.buildings;
        let manning = manning_n(self.parameters.building_manning, place("building_manning"))?;
        if mode == BuildingMode::Porosity {
            self.porosity(bed)?;
        } else {
            for building in self.view.features().buildings.iter().filter(|b| b.is_standing()) {
                for (row, column) in footprint_cells(&bed.spec, building) {
                    let cell = bed.spec.index(row, column);
                    match mode {
                        BuildingMode::Blocks => {
                            let height = building.height_m.filter(|h| *h > 0.0);
                            bed.elevation_m[cell] = f64::from(terrain[(row, column)])
                                + height.unwrap_or(UNKNOWN_BUILDING_HEIGHT_M);
                        }
                        BuildingMode::Holes | BuildingMode::Porosity => bed.blocked[cell] = true,
                        BuildingMode::Roughness => bed.roughness[cell] = manning,
                    }
                }
            }
        }
        self.hypotheses.push(match mode {
            BuildingMode::Blocks => Text::new(
                "Les bâtiments sont des blocs de leur hauteur, imperméables.",
                "Buildings are impervious blocks of their height.",
            ),
            BuildingMode::Holes => Text::new(
                "Les bâtiments sont des mailles sans écoulement.",
                "Buildings are cells without flow.",
            ),
            BuildingMode::Porosity => Text::new(
                "L'eau occupe et traverse la part des mailles que les bâtiments laissent libre (porosité) ; hauteurs et vitesses sont celles entre les bâtiments.",
                "Water fills and crosses the share of the cells that buildings leave open (porosity); depths and velocities are those between the buildings.",
            ),
            BuildingMode::Roughness => Text::new(
                format!(
                    "Les bâtiments freinent l'écoulement (n = {} s·m⁻¹ᐟ³).",
                    Language::Fr.number(manning, 2)
                ),
                format!("Buildings slow the flow (n = {manning} s·m⁻¹ᐟ³)."),
            ),
        });
        Ok(())
    }

    /// Open shares of cells and edges; cells that are built all over are closed.
    fn porosity(&self, bed: &mut Bed) -> Result<()> {
        let spec = bed.spec;
        let parts = GridSpec {
            cell_size: spec.cell_size / PARTS as f64,
            columns: spec.columns * PARTS,
            rows: spec.rows * PARTS,
            ..spec
        };
        let mut built = vec![false; parts.len()];
        for building in self.view.features().buildings.iter().filter(|b| b.is_standing()) {
            cells_within(&parts, building.footprint(), |row, column| {
                built[parts.index(row, column)] = true;
            });
        }
        let (porosity, closed) = Porosity::of_parts(&spec, PARTS, &built)?;
        bed.porosity = porosity;
        closed.into_iter().for_each(|cell| bed.blocked[cell] = true);
        Ok(())
    }
}
