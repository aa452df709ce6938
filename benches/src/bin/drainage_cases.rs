//! The drainage engine, timed: `benches/compare drainage` sets it beside its peers.
//!
//! * `drainage_cases route ROWS COLUMNS CELL_SIZE THREADS DEM OUT` reads a terrain of little-endian `f32`
//!   (`NaN` where there is none) and writes `OUT.breached`, `OUT.level` (`f32`), `OUT.d8` (`u8`),
//!   `OUT.area` and `OUT.dinf` (`f64`, cells);
//! * `drainage_cases accumulate SIDE THREADS` and `drainage_cases envelope SIDE DRAWS THREADS` make a rough
//!   terrain of SIDE × SIDE cells of 1 m.
//!
//! Each prints what it did and the seconds it took.

use std::error::Error;
use std::time::Instant;

use twin_core::spatial::{Grid, GridSpec, PitLimits, PitMend, mend_pits};
use twin_drainage::{DInfinity, Directions, Envelope, Flooding, Noise, Terrain, accumulate};

const PITS: PitLimits =
    PitLimits { deepest_fill_m: 0.0, largest_fill_m2: 0.0, deepest_cut_m: 5.0, reach_m: 100.0 };

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let threads = |n: &str| -> Result<(), Box<dyn Error>> {
        Ok(rayon::ThreadPoolBuilder::new().num_threads(n.parse()?).build_global()?)
    };
    match arguments[..] {
        ["route", rows, columns, cell_size, n, dem, out] => {
            threads(n)?;
            let (rows, columns, cell_size) = (rows.parse()?, columns.parse()?, cell_size.parse()?);
            let spec = GridSpec { west: 0.0, north: 0.0, cell_size, columns, rows };
            route(spec, dem, out)
        }
        ["accumulate", side, n] => {
            threads(n)?;
            let (directions, _) = directions_of(&Terrain::new(rough(side.parse()?))?);
            timed("accumulate", || accumulate(&directions, |_| 1.0));
            Ok(())
        }
        ["envelope", side, draws, n] => {
            threads(n)?;
            let terrain = Terrain::new(rough(side.parse()?))?;
            let noise = Noise { height_m: 0.2, share: 0.5, draws: draws.parse()?, seed: 1 };
            timed("envelope", || Envelope::new(&terrain, &noise, |_| 1.0, 10_000.0, || false));
            Ok(())
        }
        _ => Err("drainage_cases route|accumulate|envelope …: see the file's head".into()),
    }
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    println!("{name} {:.3}", begin.elapsed().as_secs_f64());
    done
}

fn directions_of(terrain: &Terrain) -> (Directions, Flooding) {
    let flooding = timed("flood", || Flooding::new(terrain));
    (timed("d8", || Directions::new(terrain, &flooding)), flooding)
}

/// Hills of three sizes on a slope, with a noise of centimetres.
fn rough(side: usize) -> Grid<f32> {
    let spec =
        GridSpec { west: 0.0, north: side as f64, cell_size: 1.0, columns: side, rows: side };
    Grid::from_fn(spec, |row, column| {
        let (x, y) = (column as f64, row as f64);
        let hills = [(700.0, 20.0), (150.0, 5.0), (35.0, 0.6)];
        let hill = |(length, height): (f64, f64)| {
            height * (x / length + 0.3).sin() * (y / length - 0.7 + 0.2 * (x / length).cos()).sin()
        };
        let noise = (row.wrapping_mul(2_654_435_761) ^ column.wrapping_mul(40_503)) % 1000;
        (hills.into_iter().map(hill).sum::<f64>() - 0.01 * x + 5e-5 * noise as f64) as f32
    })
}

fn route(spec: GridSpec, dem: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(dem)?;
    let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let values: Vec<f32> = bytes.chunks_exact(4).map(number).collect();
    let mut elevation = Grid::from_values(spec, values).ok_or("the terrain has another size")?;
    let nothing = Grid::filled(spec, false);
    let terrain = Terrain::new(elevation.clone())?;
    let (directions, flooding) = directions_of(&terrain);
    let area = timed("accumulate", || accumulate(&directions, |_| 1.0));
    let d_infinity = timed("d-infinity", || DInfinity::new(&terrain, &flooding, &directions));
    let dinf = timed("accumulate-d-infinity", || accumulate(&d_infinity, |_| 1.0));
    let mended = timed("breach", || mend_pits(&elevation, &nothing, &nothing, &PITS));
    for (cell, mend) in mended.cells {
        let (PitMend::Cut(level) | PitMend::Fill(level)) = mend;
        elevation.values[cell] = level;
    }
    let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let f64s = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let code = |cell: usize| directions.toward(cell).map_or(8, |k| k.number() as u8);
    std::fs::write(format!("{out}.breached"), f32s(&elevation.values))?;
    std::fs::write(format!("{out}.level"), f32s(&flooding.level.values))?;
    std::fs::write(format!("{out}.d8"), (0..spec.len()).map(code).collect::<Vec<u8>>())?;
    std::fs::write(format!("{out}.area"), f64s(&area.values))?;
    std::fs::write(format!("{out}.dinf"), f64s(&dinf.values))?;
    Ok(())
}
