//! A piece of a territory with a margin as wide as its longest shadows sees the sun and the sky as the whole does, to
//! the bit: tiles have no seams.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use twin_core::spatial::{Grid, GridSpec};
use twin_sunlight::{Scene, Shadows, SkyView, Sun, horizon_view};

const SIDE: usize = 460;
/// Of the tile, and of what its cells can see: 4 m over the least tangent that horizons count, 0.02.
const TILE: std::ops::Range<usize> = 205..255;
const MARGIN: usize = 201;

/// Blocks of at most 4 m and trees, scattered by a congruential generator; the piece from a row and column on.
fn scene(from: usize, side: usize) -> Scene {
    let spec =
        GridSpec { west: 0.0, north: side as f64, cell_size: 1.0, columns: side, rows: side };
    let draw = |row: usize, column: usize, salt: u64| {
        let seed = ((row * SIDE + column) as u64).wrapping_add(salt << 40);
        let mixed = (seed ^ (seed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / 16_777_216.0
    };
    let block = |row: usize, column: usize| {
        let (row, column) = ((row + from) / 6, (column + from) / 6);
        if draw(row, column, 1) < 0.3 { 4.0 * draw(row, column, 2) } else { 0.0 }
    };
    let surface = Grid::from_fn(spec, block);
    let crown = |row: usize, column: usize| {
        let (row, column) = ((row + from) / 4, (column + from) / 4);
        if draw(row, column, 3) < 0.1 { 1.0 + 3.0 * draw(row, column, 4) } else { f32::NAN }
    };
    let tops = Grid::from_fn(spec, crown).values;
    let undersides: Vec<f32> = tops.iter().map(|top| 0.4 * top).collect();
    Scene::new(surface).unwrap().with_crowns(&tops, &undersides).unwrap()
}

#[test]
fn a_tile_with_a_margin_sees_sun_and_sky_as_the_whole_does() {
    let from = TILE.start - MARGIN;
    let (whole, tile) = (scene(0, SIDE), scene(from, TILE.len() + 2 * MARGIN));
    let cells = || TILE.flat_map(|row| TILE.map(move |column| (row, column)));
    let places = || cells().map(|(row, column)| ((row, column), (row - from, column - from)));
    for sun in [Sun { azimuth: 97.0, altitude: 3.0 }, Sun { azimuth: 223.0, altitude: 35.0 }] {
        let (a, b) = (Shadows::cast(&whole, &sun), Shadows::cast(&tile, &sun));
        for (there, here) in places() {
            assert_eq!((a.open[there], a.clear[there]), (b.open[here], b.clear[here]));
            assert_eq!(a.shade_m[there].to_bits(), b.shade_m[here].to_bits());
        }
    }
    let (a, b) = (SkyView::new(&whole), SkyView::new(&tile));
    for (there, here) in places() {
        let at = [whole.spec().index(there.0, there.1), tile.spec().index(here.0, here.1)];
        assert_eq!((a.closed[at[0]], a.crowned[at[0]]), (b.closed[at[1]], b.crowned[at[1]]));
    }
    let (a, b) = (horizon_view(&whole), horizon_view(&tile));
    for (there, here) in places() {
        assert_eq!(a.planar[there].to_bits(), b.planar[here].to_bits());
        assert_eq!(a.solid_angle[there].to_bits(), b.solid_angle[here].to_bits());
    }
}
