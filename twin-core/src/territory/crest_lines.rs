//! Crests of the walls, dykes and embankments of a territory, for run grids too coarse to hold them.
//!
//! A run cell takes the mean of the terrain in it, in which a dyke of three metres' width vanishes. The
//! lines of BD TOPO say where such crests run, the terrain how high they are: along each line the highest
//! terrain within [`REACH_M`] across (the lines lie some metres off), and from that the lowest within half
//! a run cell along it, where water passes first. The heights that a wall's line itself brings count where
//! they lie above the ground, for a wall is no part of the terrain. Where the bed was opened below a bridge
//! or above a culvert there is no crest.

use super::{
    BedChange, Edit, Features, LineStructure, LinearConstructionNature, ReliefLineNature, Territory,
};
use crate::Result;
use crate::language::Text;
use crate::spatial::{Extent, Grid, GridSpec, Line, cells_within};

/// Distance across a line within which its crest is looked for, m.
const REACH_M: f64 = 3.0;
/// Highest wall whose own heights are believed, m above the terrain.
const HIGHEST_WALL_M: f64 = 10.0;
/// Places along a line whose surroundings are read at once.
const CHUNK: usize = 256;

/// Kinds of crests, each one structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dyke,
    Embankment,
    Wall,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Dyke, Self::Embankment, Self::Wall];

    fn name(self) -> &'static str {
        match self {
            Self::Dyke => "digues-existantes",
            Self::Embankment => "talus-existants",
            Self::Wall => "murs-existants",
        }
    }

    fn title(self) -> Text {
        match self {
            Self::Dyke => Text::new("Digues et levées existantes", "Existing dykes and levees"),
            Self::Embankment => Text::new("Talus existants", "Existing embankments"),
            Self::Wall => {
                Text::new("Murs, quais et barrages existants", "Existing walls, quays and dams")
            }
        }
    }

    /// The lines of this kind.
    fn lines(self, features: &Features) -> Vec<&Line> {
        let relief = features.relief_lines.iter().filter(|f| match f.nature {
            Some(ReliefLineNature::Levee) => self == Self::Dyke,
            Some(ReliefLineNature::Embankment) => self == Self::Embankment,
            Some(ReliefLineNature::Quarry | ReliefLineNature::Other(_)) | None => false,
        });
        let built = features.linear_constructions.iter().filter(|f| {
            use LinearConstructionNature as N;
            if f.detail.as_deref() == Some("Digue") {
                return self == Self::Dyke;
            }
            let holds_water = matches!(
                f.nature,
                Some(N::Dam | N::Wall | N::RetainingWall | N::Quay | N::NoiseBarrier)
            );
            holds_water && self == Self::Wall
        });
        let relief = relief.flat_map(|f| f.geometry.lines());
        relief.chain(built.flat_map(|f| f.geometry.lines())).collect()
    }
}

/// A place on a line.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: [f64; 2],
    /// Height that the line states; `NaN` without one.
    stated_m: f64,
    /// Unit vector across the line.
    across: [f64; 2],
    /// Crest; `NaN` where there is none.
    crest_m: f64,
}

/// The crests of the territory's features that lie within the run grid, one structure a kind, with the
/// edits of the terrain made to them.
///
/// # Errors
/// The territory cannot be read.
pub(super) fn crest_lines(
    territory: &Territory,
    features: &Features,
    spec: &GridSpec,
    edits: &[Edit],
) -> Result<Vec<LineStructure>> {
    let fine = *territory.spec();
    // A grid as fine as the territory holds the crests of the terrain; walls are in no terrain.
    let is_coarse = spec.cell_size > 1.25 * fine.cell_size;
    let around = spec.extent();
    let mut made = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| is_coarse || *kind == Kind::Wall) {
        let mut crest = Vec::new();
        for line in kind.lines(features) {
            let mut places = places_along(line, fine.cell_size, &around);
            for chunk in places.chunks_mut(CHUNK) {
                find_crests(territory, chunk, is_coarse)?;
            }
            lowest_nearby(&mut places, 0.5 * spec.cell_size);
            crest.extend(stretches(&places, fine.cell_size));
        }
        edit_crests(&mut crest, spec, edits);
        if !crest.is_empty() {
            made.push(LineStructure::new(kind.name(), kind.title(), crest));
        }
    }
    Ok(made)
}

/// Places along a line, a cell of the territory apart, those within the extent.
fn places_along(line: &Line, step_m: f64, extent: &Extent) -> Vec<Place> {
    let mut places = Vec::new();
    for pair in line.windows(2) {
        let ([x0, y0, z0], [x1, y1, z1]) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        if !(length > 0.0 && length.is_finite()) {
            continue;
        }
        let across = [-(y1 - y0) / length, (x1 - x0) / length];
        let reach = Extent::of_points([(x0, y0), (x1, y1)]);
        if !reach.is_some_and(|reach| reach.buffered(step_m).intersects(extent)) {
            continue;
        }
        let count = (length / step_m).ceil().max(1.0) as usize;
        for k in 0..=count {
            let t = k as f64 / count as f64;
            let at = [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
            let stated_m = z0 + t * (z1 - z0);
            places.push(Place { at, stated_m, across, crest_m: f64::NAN });
        }
    }
    places.retain(|p| extent.contains(p.at[0], p.at[1]));
    places
}

/// Finds the crest at each place.
fn find_crests(territory: &Territory, places: &mut [Place], from_terrain: bool) -> Result<()> {
    let fine = *territory.spec();
    let Some(extent) = Extent::of_points(places.iter().map(|p| (p.at[0], p.at[1]))) else {
        return Ok(());
    };
    let (rows, columns) = fine.window(&extent.buffered(REACH_M + fine.cell_size));
    if rows.is_empty() || columns.is_empty() {
        return Ok(());
    }
    let terrain = territory.window("dtm", rows.clone(), columns.clone())?;
    let change = territory.window("bed_change", rows, columns)?;
    let opened = [
        BedChange::Profile,
        BedChange::Carved,
        BedChange::Culvert,
        BedChange::Bridge,
        BedChange::Breached,
    ]
    .map(|change| change as u8 as f32);
    let steps = (REACH_M / fine.cell_size).ceil() as i32;
    for place in places {
        let Place { at, stated_m, across, .. } = *place;
        let beside = |k: i32| {
            let d = f64::from(k) * fine.cell_size;
            (at[0] + d * across[0], at[1] + d * across[1])
        };
        let value = |grid: &Grid<f32>, (x, y): (f64, f64)| grid.at(x, y).copied();
        if (-1..=1).any(|k| value(&change, beside(k)).is_some_and(|c| opened.contains(&c))) {
            continue;
        }
        let heights = (-steps..=steps).filter_map(|k| value(&terrain, beside(k)));
        let highest = heights.map(f64::from).filter(|z| z.is_finite()).reduce(f64::max);
        let ground = value(&terrain, (at[0], at[1])).map_or(f64::NAN, f64::from);
        let is_wall = (0.0..=HIGHEST_WALL_M).contains(&(stated_m - ground));
        let stated = is_wall.then_some(stated_m);
        let highest = highest.filter(|_| from_terrain);
        place.crest_m = [highest, stated].into_iter().flatten().fold(f64::NAN, f64::max);
    }
    Ok(())
}

/// Gives each place the lowest crest within a distance along the line, none where one of them has none.
fn lowest_nearby(places: &mut [Place], reach_m: f64) {
    let before: Vec<Place> = places.to_vec();
    for (i, place) in places.iter_mut().enumerate() {
        let near = |p: &&Place| apart(p, &before[i]) <= reach_m;
        let back = before[..i].iter().rev().take_while(near);
        let ahead = before[i..].iter().take_while(near);
        let lower = |a: f64, p: &Place| {
            if a.is_nan() || p.crest_m.is_nan() { f64::NAN } else { a.min(p.crest_m) }
        };
        place.crest_m = back.chain(ahead).fold(f64::INFINITY, lower);
    }
}

fn apart(a: &Place, b: &Place) -> f64 {
    (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1])
}

/// The stretches that have a crest, parted where the line left the grid.
fn stretches(places: &[Place], step_m: f64) -> impl Iterator<Item = Line> {
    let parts = places.chunk_by(move |a, b| {
        a.crest_m.is_nan() == b.crest_m.is_nan() && apart(a, b) <= 1.5 * step_m
    });
    let standing = parts.filter(|part| part.len() > 1 && !part[0].crest_m.is_nan());
    standing.map(|part| part.iter().map(|p| [p.at[0], p.at[1], p.crest_m]).collect())
}

/// Does to the crests what measures do to the terrain below them.
fn edit_crests(crest: &mut [Line], spec: &GridSpec, edits: &[Edit]) {
    for edit in edits {
        let Edit::Raster { band, area, operation } = edit else { continue };
        if band != "dtm" {
            continue;
        }
        let mut changed = Grid::filled(*spec, false);
        cells_within(spec, area.polygons(), |row, column| changed[(row, column)] = true);
        for [x, y, z] in crest.iter_mut().flatten() {
            if changed.at(*x, *y) == Some(&true) {
                *z = f64::from(operation.apply(*z as f32));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: f64, crest_m: f64) -> Place {
        Place { at: [x, 0.0], stated_m: f64::NAN, across: [0.0, 1.0], crest_m }
    }

    #[test]
    fn water_passes_where_a_crest_is_lowest_and_openings_part_it() {
        let mut places: Vec<Place> = (0..40).map(|i| place(f64::from(i), 5.0)).collect();
        places[10].crest_m = 3.0;
        places[25].crest_m = f64::NAN;
        lowest_nearby(&mut places, 2.0);
        let lines: Vec<Line> = stretches(&places, 1.0).collect();
        let ends: Vec<[f64; 2]> = lines.iter().map(|l| [l[0][0], l[l.len() - 1][0]]).collect();
        assert_eq!(ends, [[0.0, 22.0], [28.0, 39.0]]);
        let low: Vec<f64> = lines[0].iter().filter(|p| p[2] == 3.0).map(|p| p[0]).collect();
        assert_eq!(low, [8.0, 9.0, 10.0, 11.0, 12.0]);
    }

    #[test]
    fn a_line_that_leaves_the_extent_is_parted_there() {
        let extent = Extent::new(0.0, 0.0, 10.0, 10.0).unwrap();
        let line = vec![[2.0, 5.0, 1.0], [2.0, 20.0, 1.0], [8.0, 20.0, 1.0], [8.0, 5.0, 1.0]];
        let mut places = places_along(&line, 1.0, &extent);
        places.iter_mut().for_each(|p| p.crest_m = p.stated_m);
        let lines: Vec<Line> = stretches(&places, 1.0).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|l| l.len() == 6 && l.iter().all(|p| p[2] == 1.0)));
    }
}
