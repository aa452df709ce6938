//! What the measures of a scenario change in the territory, as fields of each of its runs: ground, surface and
//! canopy as differences, land cover before and after.

use crate::export::legend::Class;
use crate::export::{Legend, Rgb};
use crate::language::Text;
use crate::simulation::{ResultMap, StaticField};
use crate::spatial::Grid;
use crate::territory::{Aggregation, LandCover, TerritoryView};
use crate::{Language, Result};

/// A band whose difference is told.
struct Band {
    name: &'static str,
    field: &'static str,
    map: &'static str,
    title: (&'static str, &'static str),
}

const BANDS: [Band; 3] = [
    Band {
        name: "dtm",
        field: "ground_change_by_measures",
        map: "mesures-sol",
        title: ("Sol : avec les mesures − sans", "Ground: with the measures − without"),
    },
    Band {
        name: "dsm",
        field: "surface_change_by_measures",
        map: "mesures-surface",
        title: (
            "Surface (bâtiments compris) : avec les mesures − sans",
            "Surface (with buildings): with the measures − without",
        ),
    },
    Band {
        name: "canopy_height",
        field: "canopy_change_by_measures",
        map: "mesures-canopee",
        title: (
            "Hauteur des arbres : avec les mesures − sans",
            "Height of trees: with the measures − without",
        ),
    },
];
const LAND_COVER: &str = "land_cover";
/// Less is no change, m.
const LEAST_CHANGE_M: f32 = 1e-3;

/// The fields; none where no measure changes a band of the territory.
pub(super) fn fields(view: &TerritoryView) -> Result<Vec<StaticField>> {
    let edited = view.edited_bands();
    if edited.is_empty() {
        return Ok(Vec::new());
    }
    let before = view.without_edits()?;
    let mut fields = Vec::new();
    for band in BANDS.iter().filter(|band| edited.contains(band.name)) {
        let after = view.band(band.name, Aggregation::Mean)?;
        let difference = difference(&after, &before.band(band.name, Aggregation::Mean)?);
        let largest = difference.values.iter().map(|v| v.abs()).fold(0.0, f32::max);
        if largest >= LEAST_CHANGE_M {
            fields.push(changed(band, difference, largest));
        }
    }
    if edited.contains(LAND_COVER) {
        let (before, after) = (before.land_cover()?, view.land_cover()?);
        let is_same = |at: usize| before.values[at] == after.values[at];
        if !(0..after.values.len()).all(is_same) {
            fields.push(covers(&before, is_same, "land_cover_without_measures", false));
            fields.push(covers(&after, is_same, "land_cover_with_measures", true));
        }
    }
    Ok(fields)
}

/// After − before where it changes, `NaN` elsewhere.
fn difference(after: &Grid<f32>, before: &Grid<f32>) -> Grid<f32> {
    let change = |(a, b): (&f32, &f32)| {
        let change = a - b;
        if change.abs() >= LEAST_CHANGE_M { change } else { f32::NAN }
    };
    Grid { spec: after.spec, values: after.values.iter().zip(&before.values).map(change).collect() }
}

fn changed(band: &Band, grid: Grid<f32>, largest: f32) -> StaticField {
    let title = Text::new(band.title.0, band.title.1);
    StaticField {
        name: band.field,
        standard_name: None,
        unit: "m",
        title: title.clone(),
        maps: vec![ResultMap {
            name: band.map,
            title: title.clone(),
            caption: Text::new(
                "Où les mesures du scénario changent le territoire ; rien n'y est coloré ailleurs.",
                "Where the measures of the scenario change the territory; nothing is coloured elsewhere.",
            ),
            legend: Legend::diverging(title, "m", largest),
            transparent_below: None,
            isolines: false,
        }],
        grid,
    }
}

/// The cover of the cells that change.
fn covers(
    cover: &Grid<LandCover>,
    is_same: impl Fn(usize) -> bool,
    name: &'static str,
    is_after: bool,
) -> StaticField {
    let of = |(at, cover): (usize, &LandCover)| {
        if is_same(at) { f32::NAN } else { f32::from(cover.value()) }
    };
    let grid = Grid { spec: cover.spec, values: cover.values.iter().enumerate().map(of).collect() };
    let (title, map) = match is_after {
        false => {
            let fr = "Occupation du sol avant les mesures, où elle change";
            (Text::new(fr, "Land cover before the measures, where it changes"), "mesures-avant")
        }
        true => {
            let fr = "Occupation du sol après les mesures, où elle change";
            (Text::new(fr, "Land cover after the measures, where it changes"), "mesures-apres")
        }
    };
    StaticField {
        name,
        standard_name: None,
        unit: "1",
        title: title.clone(),
        maps: vec![ResultMap {
            name: map,
            title: title.clone(),
            caption: Text::new(
                "Seules les surfaces dont l'occupation change sont colorées.",
                "Only surfaces whose cover changes are coloured.",
            ),
            legend: Legend::Classed { title, unit: String::new(), classes: classes(&grid) },
            transparent_below: None,
            isolines: false,
        }],
        grid,
    }
}

/// The classes of the covers that occur.
fn classes(grid: &Grid<f32>) -> Vec<Class> {
    let occurs = |cover: &&LandCover| grid.values.contains(&f32::from(cover.value()));
    let mut covers: Vec<&LandCover> = LandCover::ALL.iter().filter(occurs).collect();
    covers.sort_by_key(|cover| cover.value());
    let class = |cover: &&LandCover| {
        let [r, g, b] = cover.rgb();
        let (fr, en) = (cover.name(Language::Fr), cover.name(Language::En));
        Class::new(f32::from(cover.value()) + 0.5, Rgb(r, g, b), None, &fr, &en)
    };
    covers.iter().map(class).collect()
}
