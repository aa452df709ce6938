//! LiDAR HD tiles: LAZ files of 1 km named by their north-west corner.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use las::point::Format;
use las::{Builder, PointDataBuilder, Transform, Vector, Version, Writer};
use rayon::prelude::*;
use twin_core::results::write_atomically;
use twin_core::{Error, Result};

use crate::commune::Commune;
use crate::lidar::{BLOCK, Survey};

/// Side of a tile, metres.
const TILE: f64 = 1000.0;

/// Lambert-93 as LiDAR HD files state it.
const LAMBERT_93: &str = "PROJCS[\"RGF93 v1 / Lambert-93\",GEOGCS[\"RGF93 v1\",\
DATUM[\"Reseau_Geodesique_Francais_1993_v1\",SPHEROID[\"GRS 1980\",6378137,298.257222101,\
AUTHORITY[\"EPSG\",\"7019\"]],AUTHORITY[\"EPSG\",\"6171\"]],PRIMEM[\"Greenwich\",0,\
AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],\
AUTHORITY[\"EPSG\",\"4171\"]],PROJECTION[\"Lambert_Conformal_Conic_2SP\"],\
PARAMETER[\"latitude_of_origin\",46.5],PARAMETER[\"central_meridian\",3],\
PARAMETER[\"standard_parallel_1\",49],PARAMETER[\"standard_parallel_2\",44],\
PARAMETER[\"false_easting\",700000],PARAMETER[\"false_northing\",6600000],\
UNIT[\"metre\",1,AUTHORITY[\"EPSG\",\"9001\"]],AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH],\
AUTHORITY[\"EPSG\",\"2154\"]]";

/// Name of the tile whose north-west corner is given in metres.
fn name(west: f64, north: f64) -> String {
    format!(
        "LHD_FXX_{:04}_{:04}_PTS_O_LAMB93_IGN69.laz",
        (west / TILE) as i64,
        (north / TILE) as i64
    )
}

/// Writes the tiles that cover the commune into a folder; returns their paths from the north-west.
pub(crate) fn write(commune: &Commune, folder: &Path) -> Result<Vec<PathBuf>> {
    let extent = commune.extent();
    let mut paths = Vec::new();
    let mut north = (extent.max_y / TILE).ceil() * TILE;
    while north > extent.min_y {
        let mut west = (extent.min_x / TILE).floor() * TILE;
        while west < extent.max_x {
            let bounds = [
                west.max(extent.min_x),
                (north - TILE).max(extent.min_y),
                (west + TILE).min(extent.max_x),
                north.min(extent.max_y),
            ];
            let path = folder.join(name(west, north));
            tile(commune, &path, [west, north - TILE], bounds)?;
            paths.push(path);
            west += TILE;
        }
        north -= TILE;
    }
    Ok(paths)
}

fn tile(commune: &Commune, path: &Path, corner: [f64; 2], bounds: [f64; 4]) -> Result<()> {
    let failed = |error: las::Error| {
        let source = match error {
            las::Error::Io(source) => source,
            other => std::io::Error::other(other.to_string()),
        };
        Error::Write { path: path.to_path_buf(), source }
    };
    let mut builder = Builder::from(Version::new(1, 4));
    builder.date = None;
    builder.generating_software = "twin-synthetic".to_owned();
    builder.system_identifier = "SYNTHETIC".to_owned();
    builder.has_wkt_crs = true;
    let axis = Transform { scale: 0.01, offset: 0.0 };
    builder.transforms = Vector { x: axis, y: axis, z: axis };
    let mut format = Format::new(6).map_err(failed)?;
    format.is_compressed = true;
    builder.point_format = format;
    let mut header = builder.into_header().map_err(failed)?;
    header.set_wkt_crs(LAMBERT_93.as_bytes().to_vec()).map_err(failed)?;
    // In memory first: a `Writer` on a file panics when it is dropped on a full disk.
    let mut writer = Writer::new(Cursor::new(Vec::new()), header).map_err(failed)?;

    let survey = Survey { commune, bounds };
    let blocks = (TILE / BLOCK) as usize;
    for row in 0..blocks {
        let south = corner[1] + row as f64 * BLOCK;
        if south >= bounds[3] || south + BLOCK <= bounds[1] {
            continue;
        }
        let strips: Vec<Vec<u8>> = (0..blocks)
            .into_par_iter()
            .map(|column| corner[0] + column as f64 * BLOCK)
            .filter(|&west| west < bounds[2] && west + BLOCK > bounds[0])
            .map(|west| survey.block(west, south))
            .collect();
        let points = PointDataBuilder::new()
            .for_header(writer.header())
            .build_from_bytes(strips.concat())
            .map_err(failed)?;
        writer.write_points(&points).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(failed)?.into_inner();
    write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_by_their_north_west_corner() {
        let expected = "LHD_FXX_0700_6600_PTS_O_LAMB93_IGN69.laz";
        assert_eq!(name(700_000.0, 6_600_000.0), expected);
    }
}
