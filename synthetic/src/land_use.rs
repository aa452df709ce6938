//! The patchwork of fields, meadows, orchards, woods and gardens: a partition of the commune into
//! quadrilaterals whose corners are shared.

use crate::cover::Cover;
use crate::frame::Point;
use crate::random::{Random, derive, mix, unit};
use crate::streets::Village;
use crate::terrain::Terrain;

/// A piece of land: four corners, counter-clockwise on the plan.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) corners: [Point; 4],
    pub(crate) cover: Cover,
}

impl Field {
    pub(crate) fn centre(&self) -> Point {
        let sum = self.corners.iter().fold([0.0, 0.0], |s, p| [s[0] + p[0], s[1] + p[1]]);
        [0.25 * sum[0], 0.25 * sum[1]]
    }

    pub(crate) fn contains(&self, [x, y]: Point) -> bool {
        (0..4).all(|i| {
            let (a, b) = (self.corners[i], self.corners[(i + 1) % 4]);
            (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0.0
        })
    }
}

/// The patchwork, row by row from the plan's corner.
#[derive(Debug, Clone)]
pub(crate) struct LandUse {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) fields: Vec<Field>,
    size: f64,
}

impl LandUse {
    pub(crate) fn new(seed: u64, terrain: &Terrain, village: &Village) -> Self {
        let key = derive(seed, 0x30);
        let size = terrain.size;
        let (columns, rows) =
            ((size / 105.0).round().max(2.0) as usize, (size / 78.0).round().max(2.0) as usize);
        let (width, height) = (size / columns as f64, size / rows as f64);
        let node = |i: usize, j: usize| -> Point {
            let bits = mix(key ^ mix((i as u64) << 32 | j as u64));
            let inner = |k: usize, n: usize| if k == 0 || k == n { 0.0 } else { 1.0 };
            let (a, b) = (unit(bits) - 0.5, unit(mix(bits)) - 0.5);
            [
                (i as f64 + 0.42 * a * inner(i, columns)) * width,
                (j as f64 + 0.42 * b * inner(j, rows)) * height,
            ]
        };
        let mut fields = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            for i in 0..columns {
                let corners = [node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)];
                fields.push(Field { corners, cover: Cover::Meadow });
            }
        }
        let mut random = Random::new(derive(key, 1));
        for field in &mut fields {
            field.cover = choose(&mut random, field.centre(), terrain, village);
        }
        // Larger communes have at least one of each kind.
        for wanted in [Cover::Orchard, Cover::Wood, Cover::Crop, Cover::Meadow] {
            if fields.iter().all(|f| f.cover != wanted) {
                let count = |cover| fields.iter().filter(|f| f.cover == cover).count();
                let source = if count(Cover::Crop) > count(Cover::Meadow) {
                    Cover::Crop
                } else {
                    Cover::Meadow
                };
                let spare = count(source) > 1;
                if let Some(field) = fields.iter_mut().rev().find(|f| spare && f.cover == source) {
                    field.cover = wanted;
                }
            }
        }
        Self { columns, rows, fields, size }
    }

    /// The field that holds a place.
    pub(crate) fn at(&self, p: Point) -> Option<&Field> {
        let index = |v: f64, n: usize| ((v / self.size * n as f64).max(0.0) as usize).min(n - 1);
        let (i, j) = (index(p[0], self.columns), index(p[1], self.rows));
        // Corners stray by less than half a field, so the neighbours suffice.
        let near = |k: usize, n: usize| k.saturating_sub(1)..=(k + 1).min(n - 1);
        let home = &self.fields[j * self.columns + i];
        if home.contains(p) {
            return Some(home);
        }
        near(j, self.rows)
            .flat_map(|j| near(i, self.columns).map(move |i| j * self.columns + i))
            .map(|index| &self.fields[index])
            .find(|field| field.contains(p))
    }
}

fn choose(random: &mut Random, centre: Point, terrain: &Terrain, village: &Village) -> Cover {
    let [x, y] = centre;
    let across = y - terrain.river.axis(x);
    let luck = random.unit();
    let k = terrain.river.scale;
    let behind_dyke = (terrain.bay[0] + 20.0..terrain.bay[1] - 20.0).contains(&x)
        && (village.low - 62.0..-30.0 * k).contains(&across);
    let upper = (village.west - 10.0..village.east + 10.0).contains(&x)
        && (40.0 * k..village.top + 48.0).contains(&across);
    if behind_dyke || upper {
        return Cover::Garden;
    }
    if across.abs() < 48.0 * k {
        return Cover::Meadow;
    }
    let hill = across.abs() > 260.0;
    let wood = if hill { 0.34 } else { 0.1 };
    match luck {
        l if l < wood => Cover::Wood,
        l if l < wood + 0.1 => Cover::Orchard,
        l if l < wood + 0.38 => Cover::Meadow,
        _ => Cover::Crop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_field() {
        let terrain = Terrain::new(3, 700.0, true);
        let village = Village::new(&terrain);
        let land_use = LandUse::new(3, &terrain, &village);
        for i in 0..10_000 {
            let p = [f64::from(i % 100) * 7.0 + 0.5, f64::from(i / 100) * 7.0 + 0.5];
            assert!(land_use.at(p).is_some(), "{p:?}");
        }
    }
}
