//! Dwellings: rows of town houses, detached houses with their annexes, blocks of flats.

use super::Builder;
use super::frontage::beside;
use crate::building::{BuildingUse, Design, Rectangle};
use crate::frame::Point;
use crate::roof::RoofShape;
use crate::streets::Way;

impl Builder<'_> {
    /// Town houses with party walls; returns the length of street taken.
    pub(super) fn row(
        &mut self,
        way: &Way,
        side: f64,
        places: &[(Point, Point)],
        i: usize,
        centre: bool,
    ) -> f64 {
        let most = if centre { 5 } else { 3 };
        let mut count = 1 + self.random.below(most);
        let widths: Vec<f64> = (0..count)
            .map(
                |_| if centre { self.random.range(6.5, 11.0) } else { self.random.range(6.0, 8.5) },
            )
            .collect();
        let depth =
            if centre { self.random.range(9.5, 13.0) } else { self.random.range(8.5, 10.0) };
        let setback = if centre { 1.4 } else { self.random.range(1.5, 4.0) };
        while count > 0 {
            let length: f64 = widths[..count].iter().sum();
            let Some(place) = self.centred(places, i, length) else {
                count -= 1;
                continue;
            };
            let rectangle = beside(way, *place, side, setback, [length, depth]);
            if self.occupancy.is_free(&rectangle, 0.5, 1.0) {
                self.fill_row(way, &rectangle, &widths[..count], centre);
                return length + if centre { self.random.range(0.6, 3.5) } else { 6.0 };
            }
            count -= 1;
        }
        2.0
    }

    fn fill_row(&mut self, way: &Way, row: &Rectangle, widths: &[f64], centre: bool) {
        self.occupancy.add(*row);
        let shift = self.shift();
        let base = if centre { 2 + self.random.below(2) } else { 1 + self.random.below(2) };
        let mut u = -row.half_along;
        for &width in widths {
            let cut = self.random.range(0.0, 1.5);
            let half_away = row.half_away - 0.5 * cut;
            let rectangle = Rectangle {
                centre: row.at(u + 0.5 * width, -0.5 * cut),
                half_along: 0.5 * width,
                half_away,
                ..*row
            };
            let storeys = (base + usize::from(self.random.chance(0.35))) as u32;
            let roof = self.old.pick(&mut self.random);
            let pitch = match roof {
                RoofShape::Shed => self.random.range(0.2, 0.35),
                _ => self.random.range(0.7, 1.0),
            };
            let over_sides =
                if roof == RoofShape::Mansard { 0.3 } else { self.random.range(0.3, 0.5) };
            let lot = Rectangle {
                centre: row.at(u + 0.5 * width, 9.0),
                half_along: 0.5 * width,
                half_away: row.half_away + 10.5,
                ..*row
            };
            self.designs.push(Design {
                usage: BuildingUse::Dwelling,
                roof,
                rectangle,
                pitch,
                over_ends: 0.0,
                over_sides,
                wall_height: f64::from(storeys) * self.random.range(2.7, 3.0) + 0.4,
                storeys,
                dwellings: if centre { storeys.saturating_sub(1).max(1) } else { 1 },
                vector_shift: shift,
                street: way.name.clone(),
                lot,
            });
            u += width;
        }
    }

    /// A detached house with its garden and sometimes a garage.
    pub(super) fn house(
        &mut self,
        way: &Way,
        side: f64,
        places: &[(Point, Point)],
        i: usize,
    ) -> f64 {
        let roof = self.new.pick(&mut self.random);
        let [length, depth] = match roof {
            RoofShape::LShaped => [self.random.range(12.5, 15.0), self.random.range(10.0, 12.0)],
            _ => [self.random.range(10.0, 13.5), self.random.range(8.0, 9.8)],
        };
        let setback = self.random.range(4.0, 8.0);
        let Some(place) = self.centred(places, i, length) else { return 4.0 };
        let rectangle = beside(way, *place, side, setback, [length, depth]);
        if !self.occupancy.is_free(&rectangle, 3.0, 3.0) {
            self.new.put_back(roof);
            return 2.0;
        }
        self.occupancy.add(rectangle);
        let storeys = 1 + u32::from(self.random.chance(0.45));
        let gap = self.random.range(5.0, 12.0);
        let lot = Rectangle {
            centre: rectangle.at(0.0, 6.5),
            half_along: 0.5 * (length + gap) + 1.0,
            half_away: 0.5 * depth + setback + 5.5,
            ..rectangle
        };
        let over = self.random.range(0.3, 0.5);
        let shift = self.shift();
        self.designs.push(Design {
            usage: BuildingUse::Dwelling,
            roof,
            rectangle,
            pitch: if roof == RoofShape::Shed { 0.22 } else { self.random.range(0.5, 0.85) },
            over_ends: 0.3,
            over_sides: over,
            wall_height: f64::from(storeys) * 2.7 + 0.4,
            storeys,
            dwellings: 1,
            vector_shift: shift,
            street: way.name.clone(),
            lot,
        });
        if self.random.chance(0.3) {
            self.annex(way, &rectangle, lot);
        }
        length + gap
    }

    fn annex(&mut self, way: &Way, house: &Rectangle, lot: Rectangle) {
        let [length, depth] = [self.random.range(4.0, 6.5), self.random.range(3.2, 4.5)];
        let sign = if self.random.chance(0.5) { 1.0 } else { -1.0 };
        let rectangle = Rectangle {
            centre: house
                .at(sign * (house.half_along - 0.5 * length), house.half_away + 4.0 + 0.5 * depth),
            half_along: 0.5 * length,
            half_away: 0.5 * depth,
            ..*house
        };
        if !self.occupancy.is_free(&rectangle, 1.5, 1.5) {
            return;
        }
        self.occupancy.add(rectangle);
        let roof = if self.random.chance(0.6) { RoofShape::Shed } else { RoofShape::Flat };
        let shift = self.shift();
        self.designs.push(Design {
            usage: BuildingUse::Annex,
            roof,
            rectangle,
            pitch: 0.18,
            over_ends: 0.2,
            over_sides: 0.3,
            wall_height: 2.3,
            storeys: 1,
            dwellings: 0,
            vector_shift: shift,
            street: way.name.clone(),
            lot,
        });
    }

    /// A block of flats.
    pub(super) fn flats(
        &mut self,
        way: &Way,
        side: f64,
        places: &[(Point, Point)],
        i: usize,
    ) -> f64 {
        let [length, depth] = [self.random.range(22.0, 34.0), self.random.range(11.0, 13.0)];
        let Some(place) = self.centred(places, i, length) else { return 4.0 };
        let rectangle = beside(way, *place, side, 5.0, [length, depth]);
        if !self.occupancy.is_free(&rectangle, 4.0, 3.0) {
            return 2.0;
        }
        self.occupancy.add(rectangle);
        let storeys = 3 + self.random.below(3) as u32;
        let shift = self.shift();
        let roof = self.flats.pick(&mut self.random);
        self.designs.push(Design {
            usage: BuildingUse::Dwelling,
            roof,
            rectangle,
            pitch: 0.6,
            over_ends: 0.0,
            over_sides: 0.3,
            wall_height: f64::from(storeys) * 2.8 + 0.5,
            storeys,
            dwellings: storeys * (length / 9.0) as u32,
            vector_shift: shift,
            street: way.name.clone(),
            lot: Rectangle { centre: rectangle.at(0.0, 4.0), ..rectangle.grown(8.0) },
        });
        length + 10.0
    }
}
