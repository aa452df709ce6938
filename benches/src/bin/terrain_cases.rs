//! Terrain and surface on cells of 0.5 m beside reading the tile: `benches/compare terrain` sets them beside
//! their peers.
//!
//! * `terrain_cases make FOLDER` writes the synthetic commune of 1 km² at 20 pulses per m² and prints its tile;
//! * `terrain_cases models TILE` reads the tile once with every field by the crate `las` on one thread; then
//!   position, class and returns, choice of the points, both triangulations and both grids on all cores.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use twin_core::assembly::{
    CellAnchor, PointBins, TinOptions, interpolate, select_surface, select_terrain, surface_points,
};
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::process;
use twin_core::products::lidar_hd;
use twin_core::spatial::{Extent, GridSpec};
use twin_core::territory::SelectionRule;
use twin_core::{Error, Result};

const PULSES_PER_M2: f64 = 20.0;
const CELL_M: f64 = 0.5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", folder] => {
            let tile = twin_benches::sources_of(folder, PULSES_PER_M2)?.tile;
            println!("{}", tile.display());
            Ok(())
        }
        ["models", tile] => models(Path::new(tile)),
        _ => {
            let usage = "terrain_cases make FOLDER | terrain_cases models TILE";
            Err(Error::input("terrain_cases", usage, usage))
        }
    }
}

fn models(tile: &Path) -> Result<()> {
    let (points, decode) = timed(|| {
        let damaged =
            |e: las::Error| Error::input(tile.display().to_string(), e.to_string(), e.to_string());
        let alone = las::ReaderOptions::default().with_laz_parallelism(las::LazParallelism::No);
        let file = std::fs::File::open(tile).map_err(Error::read(tile))?;
        let file = std::io::BufReader::new(file);
        let mut reader = las::Reader::with_options(file, alone).map_err(damaged)?;
        let mut count = 0;
        loop {
            let points = reader.read_points(1_000_000).map_err(damaged)?;
            if points.is_empty() {
                return Ok(count);
            }
            count += black_box(points).len();
        }
    })?;
    println!("{points} points, every field, crate las, one thread: {decode}");
    let (block, reading) = timed(|| PointFile::open(tile)?.read(&PointQuery::default()))?;
    println!("position, class and returns, all cores: {reading}");
    let Some(extent) = block.extent() else { return Ok(()) };
    let whole = Extent {
        min_x: extent.min_x.floor(),
        min_y: extent.min_y.floor(),
        max_x: extent.max_x.ceil(),
        max_y: extent.max_y.ceil(),
    };
    let spec = GridSpec::covering(&whole, CELL_M);
    let (bins, choice) = timed(|| {
        let points = surface_points(&block, |class| !lidar_hd::is_noise(class));
        drop(block);
        let (rule, anchor) = (SelectionRule::Median, CellAnchor::default());
        let terrain = PointBins::new(select_terrain(&points, rule, anchor));
        Ok([terrain, PointBins::highest(select_surface(&points, rule, anchor))])
    })?;
    println!("choice of the points of terrain and surface: {choice}");
    let ((), grids) = timed(|| {
        for bins in bins.iter().flatten() {
            black_box(interpolate(bins, &spec, &TinOptions::default()));
        }
        Ok(())
    })?;
    println!("triangulations and grids: {grids}");
    let models = reading + choice + grids;
    println!("{} cells of terrain and surface, all cores: {models}", 2 * spec.len());
    if let (Some(ours), Some(theirs)) = (models.cpu_s, decode.cpu_s) {
        println!("{:.2} times the processor time of the decode", ours / theirs);
    }
    if let Some(peak) = process::peak_memory_mb() {
        println!("greatest resident set: {peak} MB");
    }
    Ok(())
}

/// Wall and processor time.
#[derive(Clone, Copy)]
struct Took {
    wall_s: f64,
    cpu_s: Option<f64>,
}

impl std::ops::Add for Took {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let cpu_s = self.cpu_s.zip(other.cpu_s).map(|(a, b)| a + b);
        Self { wall_s: self.wall_s + other.wall_s, cpu_s }
    }
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} s", self.wall_s)?;
        self.cpu_s.map_or(Ok(()), |cpu| write!(f, ", {cpu:.1} s of processor time"))
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Took)> {
    let (started, cpu) = (Instant::now(), process::processor_time_s());
    let result = work()?;
    let cpu_s = process::processor_time_s().zip(cpu).map(|(after, before)| after - before);
    Ok((result, Took { wall_s: started.elapsed().as_secs_f64(), cpu_s }))
}
