//! The cases of `benches/compare`, timed: a dam break in a kilometre of water, the same as a lake on dry
//! ground, a circular dam break, Thacker's swinging plane, a deep reservoir that breaks onto a shallow
//! plain and a film on a rough slope, with the depths at the end in a file of little-endian `f64`.
//!
//! `flood_cases speed|lake|circular|thacker|reservoir|film f32|f64 first|second|local|inertial CELLS_PER_SIDE THREADS [FILE]`
//! prints `cells steps seconds`; `local` is second order with local time steps.

use std::error::Error;
use std::time::Instant;

use twin_core::spatial::{Grid, GridSpec};
use twin_shallow_water::{Bed, Boundaries, GRAVITY, Options, Real, Scheme, Solver};

/// Depth of the case `film`, m: what ten minutes of a storm leave.
const FILM_M: f64 = 0.005;
/// Steps of the cases `speed`, `lake` and `film` that are timed.
const STEPS: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [case, format, scheme, cells, threads, file @ ..] = arguments.as_slice() else {
        return Err(
            "flood_cases speed|lake|circular|thacker|reservoir|film f32|f64 first|second|local|inertial CELLS THREADS [FILE]"
                .into(),
        );
    };
    let options = match scheme.as_str() {
        "first" => Options { scheme: Scheme::FirstOrder, ..Options::default() },
        "local" => Options { local_levels: 4, ..Options::default() },
        "inertial" => Options::local_inertial(),
        _ => Options::default(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let cells = cells.parse()?;
    match format.as_str() {
        "f32" => run::<f32>(case, options, cells, file.first()),
        _ => run::<f64>(case, options, cells, file.first()),
    }
}

fn run<R: Real>(
    case: &str,
    options: Options,
    n: usize,
    file: Option<&String>,
) -> Result<(), Box<dyn Error>> {
    let (half, end) = match case {
        "circular" => (20.0, 1.4),
        "thacker" => (2.0, 13.4571),
        "lake" => (n as f64 / 2.0, f64::INFINITY),
        "reservoir" => (500.0, 20.0),
        _ => (500.0, f64::INFINITY),
    };
    let spec = GridSpec {
        west: -half,
        north: half,
        cell_size: 2.0 * half / n as f64,
        columns: n,
        rows: n,
    };
    let (ground, friction) = match case {
        "thacker" => {
            let bowl = |r: usize, c: usize| {
                let (x, y) = spec.centre(r, c);
                0.1 * (x * x + y * y - 1.0)
            };
            (Grid::from_fn(spec, bowl), 0.0)
        }
        "circular" => (Grid::filled(spec, 0.0), 0.0),
        // Two in a hundred to the east, with hollows of metres and ruts of centimetres.
        "film" => {
            let slope = |r: usize, c: usize| {
                let (x, y) = spec.centre(r, c);
                let hollows = 0.5 * (x / 35.0).sin() * (y / 35.0).sin();
                -0.02 * x + hollows + 0.02 * (x / 3.0).sin() * (y / 4.0).sin()
            };
            (Grid::from_fn(spec, slope), 0.05)
        }
        _ => (Grid::filled(spec, 0.0), 0.03),
    };
    let bed = Bed::from_grids(&ground, &Grid::filled(spec, friction))?;
    let walls = Boundaries::walls(&bed);
    let mut solver = Solver::<R>::new(bed, walls, vec![], vec![], options)?;
    if case == "thacker" {
        let depth = |i: usize| {
            let (row, column) = spec.row_column(i);
            (0.05 * (2.0 * spec.centre(row, column).0 - 0.5) - ground.values[i]).max(0.0)
        };
        let depth: Vec<f64> = (0..spec.len()).map(depth).collect();
        let speed = 0.5 * (0.2 * GRAVITY).sqrt();
        let v = depth.iter().map(|&h| if h > 0.0 { speed } else { 0.0 }).collect();
        solver.set_state(depth, vec![0.0; spec.len()], v)?;
    } else if case == "film" {
        solver.set_state(vec![FILM_M; spec.len()], vec![0.0; spec.len()], vec![0.0; spec.len()])?;
    } else {
        let (radius, inside, outside) = match case {
            "circular" => (2.5, 2.5, 0.5),
            "lake" => (200.0, 2.5, 0.0),
            "reservoir" => (150.0, 15.0, 0.2),
            _ => (200.0, 2.5, 0.5),
        };
        solver.set_level(|row, column| {
            let (x, y) = spec.centre(row, column);
            if x.hypot(y) < radius { inside } else { outside }
        })?;
    }
    if end.is_infinite() {
        solver.advance_to(1.0)?;
    }
    let (first, started) = (solver.steps(), Instant::now());
    if end.is_finite() {
        solver.advance_to(end)?;
    } else {
        while solver.steps() < first + STEPS {
            solver.advance_to(solver.time_s() + 1.0)?;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{} {} {seconds:.4}", spec.len(), solver.steps() - first);
    if let Some(file) = file {
        let bytes: Vec<u8> = solver.depth().iter().flat_map(|h| h.to_le_bytes()).collect();
        std::fs::write(file, bytes)?;
    }
    Ok(())
}
