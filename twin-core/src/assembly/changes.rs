//! What a new edition of the sources changed: features that appeared, disappeared and changed.
//!
//! Features are the same where they have the same identifier (`cleabs`); a building that came back
//! under another one but with the same RNB identifiers is *renamed*. Layers that assembly makes itself
//! are not compared.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::formats::Value;
use crate::spatial::Geometry;
use crate::territory::{FeatureVisitor, Features, Layer, Tree};

/// Layers that assembly makes.
const MADE: [&str; 2] = ["batiment_modele", "pan_de_toit"];
/// Vertices that moved less stay where they are, m.
const SAME_PLACE_M: f64 = 0.01;
/// Column name of a changed place.
const GEOMETRY: &str = "geometrie";

/// What became of a feature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Appeared,
    /// It is gone.
    Disappeared,
    /// It has another identifier than before.
    Renamed {
        /// The one before.
        before: String,
    },
    /// These of its columns changed; `geometrie` stands for its place.
    Changed {
        /// Their names.
        columns: Vec<&'static str>,
    },
}

/// A feature that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FeatureChange {
    /// Layer.
    pub layer: &'static str,
    /// Identifier.
    pub id: String,
    /// What became of it.
    pub change: Change,
}

/// Features by layer and identifier.
type Known = BTreeMap<(&'static str, String), (Geometry, Vec<Value>)>;

/// The changes from one set of features to another, by layer and identifier.
pub fn changes(before: &Features, after: &Features) -> Vec<FeatureChange> {
    let columns = columns(after);
    let (old, new) = (known(before), known(after));
    let mut renamed = renamed(before, after);
    renamed.retain(|(id_before, id_after)| {
        let of = |id: &String| ("batiment", id.clone());
        !new.contains_key(&of(id_before)) && !old.contains_key(&of(id_after))
    });
    let mut found = Vec::new();
    for ((layer, id), (geometry, values)) in &new {
        let change = match old.get(&(*layer, id.clone())) {
            Some((place, cells)) => {
                let names = columns.get(layer).into_iter().flatten();
                let mut differing: Vec<&'static str> = names
                    .zip(cells)
                    .zip(values)
                    .filter(|((_, a), b)| a != b)
                    .map(|((name, _), _)| *name)
                    .collect();
                if !is_same_place(place, geometry) {
                    differing.push(GEOMETRY);
                }
                if differing.is_empty() {
                    continue;
                }
                Change::Changed { columns: differing }
            }
            None => match renamed.iter().find(|(_, new)| *layer == "batiment" && new == id) {
                Some((before, _)) => Change::Renamed { before: before.clone() },
                None => Change::Appeared,
            },
        };
        found.push(FeatureChange { layer, id: id.clone(), change });
    }
    for (layer, id) in old.keys() {
        let is_renamed = *layer == "batiment" && renamed.iter().any(|(old, _)| old == id);
        if !new.contains_key(&(*layer, id.clone())) && !is_renamed {
            found.push(FeatureChange { layer, id: id.clone(), change: Change::Disappeared });
        }
    }
    found.sort();
    found
}

/// Pairs of identifiers of buildings with the same RNB identifiers, of which there is one each.
fn renamed(before: &Features, after: &Features) -> Vec<(String, String)> {
    let by_rnb = |features: &Features| {
        let mut by_rnb: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for building in features.buildings.iter().filter(|b| !b.rnb_ids.is_empty()) {
            let mut rnb: Vec<String> = building.rnb_ids.iter().map(ToString::to_string).collect();
            rnb.sort();
            by_rnb.entry(rnb.join("/")).or_default().push(building.id.clone());
        }
        by_rnb
    };
    let (old, new) = (by_rnb(before), by_rnb(after));
    old.into_iter()
        .filter_map(|(rnb, ids)| match (ids.as_slice(), new.get(&rnb)?.as_slice()) {
            ([a], [b]) if a != b => Some((a.clone(), b.clone())),
            _ => None,
        })
        .collect()
}

fn known(features: &Features) -> Known {
    struct Collect(Known);
    impl FeatureVisitor for Collect {
        fn visit<L: Layer>(&mut self, features: &[L]) {
            if MADE.contains(&L::NAME) {
                return;
            }
            for feature in features {
                let is_made = L::NAME == Tree::NAME && feature.id().starts_with("lidar-");
                if !is_made {
                    let entry = (feature.geometry().clone(), feature.to_values());
                    self.0.insert((L::NAME, feature.id().to_owned()), entry);
                }
            }
        }
    }
    let mut collect = Collect(Known::new());
    features.visit(&mut collect);
    collect.0
}

/// Names of the columns of each layer.
fn columns(features: &Features) -> BTreeMap<&'static str, Vec<&'static str>> {
    struct Collect(BTreeMap<&'static str, Vec<&'static str>>);
    impl FeatureVisitor for Collect {
        fn visit<L: Layer>(&mut self, _: &[L]) {
            self.0.insert(L::NAME, L::COLUMNS.iter().map(|c| c.name).collect());
        }
    }
    let mut collect = Collect(BTreeMap::new());
    features.visit(&mut collect);
    collect.0
}

fn is_same_place(a: &Geometry, b: &Geometry) -> bool {
    let near = |(p, q): (&[f64; 3], &[f64; 3])| {
        (0..3).all(|k| (p[k] - q[k]).abs() <= SAME_PLACE_M || (p[k].is_nan() && q[k].is_nan()))
    };
    a.positions().count() == b.positions().count() && a.positions().zip(b.positions()).all(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::Polygon;
    use crate::territory::{Building, RnbId};

    fn house(id: &str, west: f64, rnb: Option<&str>) -> Building {
        let (east, north) = (west + 8.0, 8.0);
        let corners = [(west, 0.0), (east, 0.0), (east, north), (west, north)];
        Building {
            rnb_ids: rnb.map(|r| RnbId::new(r).unwrap()).into_iter().collect(),
            height_m: Some(6.0),
            ..Building::bare(id, Geometry::Polygons(vec![Polygon::from_corners(&corners)]))
        }
    }

    fn set(buildings: Vec<Building>) -> Features {
        Features { buildings, ..Features::default() }
    }

    #[test]
    fn an_edition_tells_what_it_changed() {
        let before = set(vec![
            house("kept", 0.0, None),
            house("raised", 20.0, None),
            house("moved", 40.0, None),
            house("gone", 60.0, None),
            house("old-name", 80.0, Some("AC2HSN1NCT15")),
        ]);
        let raised = Building { height_m: Some(9.0), ..house("raised", 20.0, None) };
        let after = set(vec![
            house("kept", 0.0, None),
            raised,
            house("moved", 40.5, None),
            house("new-name", 80.0, Some("AC2HSN1NCT15")),
            house("new", 100.0, None),
        ]);
        let told: Vec<(String, Change)> =
            changes(&before, &after).into_iter().map(|c| (c.id, c.change)).collect();
        let changed = |column| Change::Changed { columns: vec![column] };
        assert_eq!(
            told,
            [
                ("gone".to_owned(), Change::Disappeared),
                ("moved".to_owned(), changed(GEOMETRY)),
                ("new".to_owned(), Change::Appeared),
                ("new-name".to_owned(), Change::Renamed { before: "old-name".to_owned() }),
                ("raised".to_owned(), changed("hauteur")),
            ]
        );
        assert!(changes(&after, &after).is_empty());
    }
}
