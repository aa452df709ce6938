//! Ground and water along a line.

use twin_core::Result;

use crate::opened::Opened;
use crate::state::ViewState;
use crate::tools::lengths;

/// Ground and water along a line: distances, then levels of the ground and of each run's water.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    /// Ground: metres along the line and altitude.
    pub(crate) ground: Vec<[f64; 2]>,
    /// Water of each run, by title, in pieces without gaps.
    pub(crate) water: Vec<(String, Vec<Vec<[f64; 2]>>)>,
}

/// Samples a profile.
pub(crate) fn profile(line: &[[f64; 3]], opened: &Opened, state: &ViewState) -> Result<Profile> {
    const SAMPLES: f64 = 600.0;
    let (length, _) = lengths(line);
    let step = (length / SAMPLES).max(opened.territory.spec().cell_size);
    let mut ground = Vec::new();
    let mut places = Vec::new();
    let mut done = 0.0;
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
        let part = dx.hypot(dy);
        let count = (part / step).ceil().max(1.0) as usize;
        for k in 0..=count {
            let t = k as f64 / count as f64;
            let (x, y) = (pair[0][0] + t * dx, pair[0][1] + t * dy);
            places.push((done + t * part, x, y));
        }
        done += part;
    }
    for (along, x, y) in &places {
        if let Some(z) = opened.territory.ground_at(*x, *y)? {
            ground.push([*along, f64::from(z)]);
        }
    }
    let mut water = Vec::new();
    for (letter, run) in ["A", "B"].iter().zip(&opened.runs) {
        let depth = run.field("water_depth").or_else(|| run.field("maximum_water_depth"));
        let (Some(field), Some(bed)) = (depth, &run.bed) else { continue };
        let frame = run.read_at(field, state.result.time_s)?;
        let mut pieces: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
        for (along, x, y) in &places {
            let depth = frame.at(*x, *y).copied().filter(|h| *h >= 0.01);
            match (depth, bed.at(*x, *y)) {
                (Some(depth), Some(bed)) if bed.is_finite() => {
                    if let Some(piece) = pieces.last_mut() {
                        piece.push([*along, f64::from(bed + depth)]);
                    }
                }
                _ if pieces.last().is_some_and(|p| !p.is_empty()) => pieces.push(Vec::new()),
                _ => {}
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        water.push((format!("{letter} – {}", run.run.title(state.language)), pieces));
    }
    Ok(Profile { ground, water })
}
