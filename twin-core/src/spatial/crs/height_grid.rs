//! Heights above the ellipsoid: legal height *H* plus the undulation *N* of a grid of IGN,
//!
//! ```text
//! h = H + N(longitude, latitude)
//! ```
//!
//! bilinear between the nodes, as IGN's own software does. Globes and satellites want *h*; in France
//! it differs from the legal height by −51 to +56 m. The grids come with the program
//! (`twin-core/geodesy`, Licence Ouverte).

use geotiff_reader::GeoTiffFile;

use super::VerticalDatum;
use crate::{Error, Result};

/// Values below stand for nodes without data: the deepest undulation of the Earth is −106 m.
const LEAST_UNDULATION_M: f32 = -200.0;

/// The undulation of a height datum over the place where it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct HeightGrid {
    /// Longitude and latitude of the north-western node, degrees.
    first: [f64; 2],
    /// Degrees between nodes, both positive.
    step: [f64; 2],
    columns: usize,
    rows: usize,
    /// Row by row from the north, m.
    undulation: Vec<f32>,
}

impl HeightGrid {
    /// The grid of a datum.
    ///
    /// # Errors
    /// When there is none: outside French territories, or where the datum is not known.
    pub fn of(datum: VerticalDatum) -> Result<Self> {
        let Some(bytes) = file(datum) else {
            return Err(Error::input(
                datum.label(),
                "aucune grille d'altimétrie pour ce référentiel : hauteurs ellipsoïdales impossibles",
                "no height grid for this datum: no ellipsoidal heights can be given",
            ));
        };
        // The files are part of the program; what they hold is tested.
        Self::read(bytes).ok_or_else(|| {
            Error::input(datum.label(), "grille d'altimétrie illisible", "unreadable height grid")
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let file = GeoTiffFile::from_bytes(bytes.to_vec()).ok()?;
        let transform = file.transform()?;
        let (columns, rows) = (file.width() as usize, file.height() as usize);
        let index = file.base_ifd_index();
        let values = file.tiff().read_band_window_bytes(index, 0, 0, 0, rows, columns).ok()?;
        let undulation: Vec<f32> =
            values.as_chunks().0.iter().map(|b| f32::from_ne_bytes(*b)).collect();
        let step = [transform.pixel_width, -transform.pixel_height];
        // The origin is the corner of the first cell, of which the node is the middle.
        let first = [transform.origin_x + 0.5 * step[0], transform.origin_y - 0.5 * step[1]];
        (undulation.len() == columns * rows).then_some(Self {
            first,
            step,
            columns,
            rows,
            undulation,
        })
    }

    /// Undulation at a place, m; `None` outside the grid and beside nodes without data.
    pub fn undulation_m(&self, longitude: f64, latitude: f64) -> Option<f64> {
        let column = (longitude - self.first[0]) / self.step[0];
        let row = (self.first[1] - latitude) / self.step[1];
        // Coordinates of nodes are rounded.
        let cell = |v: f64, count: usize| {
            let last = count as f64 - 1.0;
            let v =
                if (-1e-6..=last + 1e-6).contains(&v) { v.clamp(0.0, last) } else { return None };
            let before = (v as usize).min(count.saturating_sub(2));
            Some((before, v - before as f64))
        };
        let (column, right) = cell(column, self.columns)?;
        let (row, down) = cell(row, self.rows)?;
        let node = |r: usize, c: usize| {
            let value = self.undulation.get((row + r) * self.columns + column + c).copied()?;
            (value > LEAST_UNDULATION_M).then_some(f64::from(value))
        };
        let north = node(0, 0)? * (1.0 - right) + node(0, 1)? * right;
        let south = node(1, 0)? * (1.0 - right) + node(1, 1)? * right;
        Some(north * (1.0 - down) + south * down)
    }
}

/// The file of a datum.
fn file(datum: VerticalDatum) -> Option<&'static [u8]> {
    use VerticalDatum as V;
    macro_rules! grid {
        ($name:literal) => {
            include_bytes!(concat!("../../../geodesy/fr_ign_", $name, ".tif"))
        };
    }
    Some(match datum {
        V::NgfIgn69 => grid!("RAF20"),
        V::NgfIgn78 => grid!("RAC23"),
        V::Ign1988Guadeloupe => grid!("RAGTBT2016"),
        V::Ign1988LesSaintes => grid!("RALS2016"),
        V::Ign1988MarieGalante => grid!("RAMG2016"),
        V::Ign2008LaDesirade => grid!("RALD2016"),
        V::Ign1988SaintBarthelemy => grid!("gg10_sbv2"),
        V::Ign1988SaintMartin => grid!("gg10_smv2"),
        V::Ign1987Martinique => grid!("RAMART2016"),
        V::Ngg1977 => grid!("ggguy15"),
        V::Ign1989Reunion => grid!("RAR07_bl"),
        V::Shom1953Mayotte => grid!("ggm04v1"),
        V::Danger1950 => grid!("RASPM2018"),
        V::Nap | V::Unknown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of PROJ (`vgridshift`) in Paris, elsewhere bilinear from the nodes as GDAL reads them.
    const KNOWN: [(VerticalDatum, f64, f64, f64); 12] = {
        use VerticalDatum as V;
        [
            (V::NgfIgn69, 2.35, 48.85, 43.7955),
            (V::NgfIgn69, -2.517, 48.465, 48.9234),
            (V::NgfIgn69, 3.876, 43.611, 49.6906),
            (V::NgfIgn69, 2.55, 44.33, 50.8553),
            (V::NgfIgn69, -5.5, 51.5, 53.8690),
            (V::NgfIgn69, 8.5, 42.0, 46.4850),
            (V::NgfIgn78, 9.1, 42.2, 50.1796),
            (V::Ign1989Reunion, 55.45, -20.88, 3.1630),
            (V::Ign1987Martinique, -61.0, 14.6, -38.0268),
            (V::Ign1988Guadeloupe, -61.5, 16.2, -40.5565),
            (V::Ngg1977, -52.3, 4.9, -34.3903),
            (V::Ign1988SaintBarthelemy, -62.83, 17.9, -42.6034),
        ]
    };

    #[test]
    fn known_undulations_come_out_to_a_tenth_of_a_millimetre() {
        for (datum, longitude, latitude, known) in KNOWN {
            let found = HeightGrid::of(datum).unwrap().undulation_m(longitude, latitude).unwrap();
            assert!((found - known).abs() < 1e-4, "{datum} {longitude} {latitude}: {found}");
        }
    }

    #[test]
    fn every_french_datum_has_a_grid_and_none_reaches_beyond_it() {
        for datum in [
            "NGF-IGN69",
            "IGN 1988 LS",
            "IGN 1988 MG",
            "IGN 2008 LD",
            "IGN 1988 SM",
            "SHOM 1953",
            "Danger 1950",
        ] {
            let grid = HeightGrid::of(VerticalDatum::parse(datum).unwrap()).unwrap();
            assert_eq!(grid.undulation_m(-120.0, 10.0), None);
            assert_eq!(grid.undulation_m(f64::NAN, 45.0), None);
        }
        assert!(HeightGrid::of(VerticalDatum::Unknown).is_err());
        // Nodes at sea without data.
        let reunion = HeightGrid::of(VerticalDatum::Ign1989Reunion).unwrap();
        assert_eq!(reunion.undulation_m(55.145, -20.755), None);
    }
}
