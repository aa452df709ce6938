//! The first of some places that the water of each cell comes to.
//!
//! With outlets as places this tells catchments; with the cells of watercourses, which one a cell drains
//! to, of which the height above the nearest drainage follows (HAND, Nobre et al. 2011,
//! doi:10.1016/j.jhydrol.2011.03.051).

use twin_core::spatial::Grid;

use crate::{Directions, Routing};

/// By cell the first place on its way down, itself among them; `None` where the way leads past none.
pub fn nearest_downstream(
    directions: &Directions,
    is_place: impl Fn(usize) -> bool,
) -> Grid<Option<u32>> {
    let spec = *directions.spec();
    let mut place_of = Grid::filled(spec, None);
    let mut stack = Vec::new();
    for place in (0..spec.len()).filter(|c| is_place(*c) && directions.is_open(*c)) {
        stack.push(place);
        while let Some(cell) = stack.pop() {
            place_of.values[cell] = Some(place as u32);
            stack.extend(directions.sources(cell).filter(|c| !is_place(*c)));
        }
    }
    place_of
}

#[cfg(test)]
mod tests {
    use twin_core::spatial::GridSpec;

    use super::*;
    use crate::{Flooding, Terrain};

    #[test]
    fn places_are_those_on_the_way_down() {
        let spec = GridSpec { west: 0.0, north: 50.0, cell_size: 1.0, columns: 70, rows: 50 };
        let height = |row: usize, column: usize| {
            ((row * 131 + column * 71) % 23) as f32 * 0.1 - 0.05 * column as f32
        };
        let terrain = Terrain::new(Grid::from_fn(spec, height)).unwrap();
        let directions = Directions::new(&terrain, &Flooding::new(&terrain));
        let is_place = |cell: usize| cell.is_multiple_of(97);
        let places = nearest_downstream(&directions, is_place);
        for cell in 0..spec.len() {
            let mut at = Some(cell);
            while let Some(c) = at.filter(|c| !is_place(*c)) {
                at = directions.next(c);
            }
            assert_eq!(places.values[cell].map(|c| c as usize), at);
        }
    }
}
