//! What lies above each cell: the cells in the order of the water, the most frequent class, the farthest
//! place.

use twin_core::spatial::Grid;

use crate::{Directions, Neighbour, Routing};

/// All cells, each after those whose water comes to it.
pub fn downstream_order(directions: &Directions) -> Vec<u32> {
    let cells = directions.spec().len();
    let mut waits: Vec<u8> = (0..cells).map(|c| directions.sources(c).count() as u8).collect();
    let mut order: Vec<u32> = Vec::with_capacity(cells);
    for spring in (0..cells).filter(|c| directions.is_open(*c)) {
        if waits[spring] != 0 || directions.sources(spring).next().is_some() {
            continue;
        }
        let mut cell = spring;
        loop {
            order.push(cell as u32);
            let Some(next) = directions.next(cell) else { break };
            waits[next] -= 1;
            if waits[next] > 0 {
                break;
            }
            cell = next;
        }
    }
    order
}

/// By cell the most frequent class among the cells above it, the smallest of equals; `None` where there is
/// no cell above. `order` is that of [`downstream_order`].
pub fn upstream_mode(
    directions: &Directions,
    order: &[u32],
    classes: u8,
    class: impl Fn(usize) -> Option<u8>,
) -> Grid<Option<u8>> {
    let spec = *directions.spec();
    let mut mode = Grid::filled(spec, None);
    let mut most = vec![0u32; spec.len()];
    for of in 0..classes {
        let mut above = vec![0u32; spec.len()];
        for &cell in order {
            let cell = cell as usize;
            if above[cell] > most[cell] {
                most[cell] = above[cell];
                mode.values[cell] = Some(of);
            }
            if let Some(next) = directions.next(cell) {
                above[next] += above[cell] + u32::from(class(cell) == Some(of));
            }
        }
    }
    mode
}

/// By cell the one above it from which water has the longest way, itself where there is none.
pub fn farthest_upstream(directions: &Directions, order: &[u32]) -> Grid<u32> {
    let spec = *directions.spec();
    let mut farthest = Grid { spec, values: (0..spec.len() as u32).collect() };
    let mut way = vec![0.0f32; spec.len()];
    for &cell in order {
        let cell = cell as usize;
        if let Some((k, next)) = directions.toward(cell).zip(directions.next(cell)) {
            let longer = way[cell] + Neighbour::distance(k) as f32;
            if longer > way[next] {
                way[next] = longer;
                farthest.values[next] = farthest.values[cell];
            }
        }
    }
    farthest
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;
    use crate::{Flooding, Terrain};

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 30.0, cell_size: 1.0, columns: 40, rows: 30 };

    fn rough() -> Directions {
        let height = |row: usize, column: usize| {
            ((row * 131 + column * 71) % 23) as f32 * 0.1 - 0.05 * column as f32
        };
        let terrain = Terrain::new(Grid::from_fn(SPEC, height)).unwrap();
        Directions::new(&terrain, &Flooding::new(&terrain))
    }

    /// By definition: the cells on whose way down a cell lies, with the length of the way.
    fn above(directions: &Directions, place: usize) -> Vec<(usize, f64)> {
        let way = |from: usize| {
            let (mut at, mut length) = (from, 0.0);
            while at != place {
                length += directions.toward(at)?.distance();
                at = directions.next(at)?;
            }
            Some((from, length))
        };
        (0..SPEC.len()).filter(|c| *c != place).filter_map(way).collect()
    }

    #[test]
    fn modes_and_farthest_places_are_those_of_the_cells_above() {
        let directions = rough();
        let order = downstream_order(&directions);
        assert_eq!(order.len(), SPEC.len());
        let class = |cell: usize| (!cell.is_multiple_of(5)).then_some((cell % 3) as u8);
        let mode = upstream_mode(&directions, &order, 3, class);
        let farthest = farthest_upstream(&directions, &order);
        for place in (0..SPEC.len()).step_by(7) {
            let above = above(&directions, place);
            let counts = [0, 1, 2].map(|k| above.iter().filter(|c| class(c.0) == Some(k)).count());
            let most = counts.iter().copied().max().filter(|most| *most > 0);
            let expected = most.and_then(|most| counts.iter().position(|c| *c == most));
            assert_eq!(mode.values[place].map(usize::from), expected);
            let longest = above.iter().map(|c| c.1).fold(0.0, f64::max);
            let found = farthest.values[place] as usize;
            let its = above.iter().find(|c| c.0 == found).map_or(0.0, |c| c.1);
            assert!((its - longest).abs() < 1e-4, "{its} {longest}");
        }
    }
}
