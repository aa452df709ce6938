//! Height and width of hedges, from the canopy over them.
//!
//! A hedge that states no height takes the one that nine tenths of the canopy within it stay below; a
//! line without a width takes the area of the canopy within [`REACH_M`] of it over its length. What the
//! product states is kept.

use rayon::prelude::*;

use crate::Result;
use crate::formats::cf::GridFile;
use crate::spatial::{Grid, cells_near, cells_within, line_length};
use crate::territory::{Hedge, quantile};

/// Canopy so far from the line of a hedge belongs to it, m.
const REACH_M: f64 = 3.0;
/// Lowest canopy of a hedge, m.
const LOWEST_M: f32 = 0.5;
/// Share of the canopy below the height.
const HEIGHT_SHARE: f64 = 0.9;
/// Largest window read for one hedge, cells.
const MOST_CELLS: usize = 4_000_000;

/// Fills in what the canopy tells of hedges; gives the number of those that got a height.
pub(in crate::assembly) fn measure_hedges(hedges: &mut [Hedge], grids: &GridFile) -> Result<usize> {
    let measured: Vec<bool> =
        hedges.par_iter_mut().map(|hedge| measure(hedge, grids)).collect::<Result<_>>()?;
    Ok(measured.into_iter().filter(|is| *is).count())
}

fn measure(hedge: &mut Hedge, grids: &GridFile) -> Result<bool> {
    let Some(extent) = hedge.geometry.extent().filter(|_| hedge.height_m.is_none()) else {
        return Ok(false);
    };
    let (rows, columns) = grids.spec().window(&extent.buffered(REACH_M));
    if rows.is_empty() || columns.is_empty() || rows.len() * columns.len() > MOST_CELLS {
        return Ok(false);
    }
    let canopy: Grid<f32> = grids.read_window("canopy_height", 0, rows, columns)?;
    let mut is_hedge = canopy.map(|_| false);
    cells_within(&canopy.spec, hedge.geometry.polygons(), |row, column| {
        is_hedge[(row, column)] = true;
    });
    let reach = hedge.width_m.map_or(REACH_M, |w| 0.5 * w).max(0.5 * canopy.spec.cell_size);
    for pair in hedge.geometry.lines().iter().flat_map(|line| line.windows(2)) {
        let [from, to] = [pair[0], pair[1]].map(|p| [p[0], p[1]]);
        cells_near(&canopy.spec, from, to, reach, |row, column, _| {
            is_hedge[(row, column)] = true;
        });
    }
    let heights: Vec<f64> = is_hedge
        .values
        .iter()
        .zip(&canopy.values)
        .filter(|(is, height)| **is && **height >= LOWEST_M)
        .map(|(_, height)| f64::from(*height))
        .collect();
    let tenth = |v: f64| (v * 10.0).round() / 10.0;
    let Some(height) = quantile(&heights, HEIGHT_SHARE) else { return Ok(false) };
    hedge.height_m = Some(tenth(height));
    let length: f64 = hedge.geometry.lines().iter().map(|line| line_length(line)).sum();
    if hedge.width_m.is_none() && length > 0.0 {
        hedge.width_m = Some(tenth(heights.len() as f64 * canopy.spec.cell_area() / length));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cf::{BandMeta, GridFileWriter};
    use crate::spatial::{Crs, Geometry, GridSpec};
    use crate::territory::Layer as _;

    #[test]
    fn a_hedge_takes_height_and_width_from_the_canopy_unless_it_states_them() {
        let spec = GridSpec { west: 0.0, north: 60.0, cell_size: 0.5, columns: 120, rows: 120 };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grids.h5");
        let mut writer =
            GridFileWriter::create(&path, &spec, Crs::LAMBERT_93, &Default::default()).unwrap();
        writer.add_band(&BandMeta::maximum("canopy_height", "canopy", "m")).unwrap();
        // 2 m wide and 3 m high along y = 30, from x = 10 to 50.
        let canopy = Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            if (y - 30.0).abs() < 1.0 && (10.0..50.0).contains(&x) { 3.0f32 } else { 0.0 }
        });
        writer.write_window("canopy_height", 0, 0, &canopy).unwrap();
        writer.finish().unwrap();
        let grids = GridFile::open(&path).unwrap();
        let line = |y: f64| Geometry::Lines(vec![vec![[10.0, y, f64::NAN], [50.0, y, f64::NAN]]]);
        let stated = Hedge { height_m: Some(1.5), ..Hedge::bare("stated", line(30.0)) };
        let mut hedges =
            vec![Hedge::bare("seen", line(30.0)), stated, Hedge::bare("bare ground", line(50.0))];
        assert_eq!(measure_hedges(&mut hedges, &grids).unwrap(), 1);
        assert_eq!((hedges[0].height_m, hedges[0].width_m), (Some(3.0), Some(2.0)));
        assert_eq!(hedges[1].height_m, Some(1.5));
        assert_eq!(hedges[2].height_m, None);
    }
}
