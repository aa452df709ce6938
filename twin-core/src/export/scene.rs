//! City objects and terrain → triangles with properties, in whatever frame the reader wants.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::formats::cityjson::{CityObject, CityObjectKind, Semantic, Surface};
use crate::formats::gltf::{Material, Model, Part, Property, PropertyTable, PropertyValues};
use crate::spatial::FlatFace;

/// From world coordinates to metres of the model, y upwards.
pub(super) type Frame<'a> = dyn Fn([f64; 3]) -> [f64; 3] + 'a;

/// Parts of a scene by what they show.
const MATERIALS: [(&str, [u8; 3]); 5] = [
    ("toit", [181, 101, 81]),
    ("mur", [226, 217, 200]),
    ("sol", [150, 145, 138]),
    ("pont", [170, 170, 175]),
    ("eau", [90, 150, 210]),
];

/// The best geometry of each object as triangles, a row of properties for each.
pub(super) fn city_model(objects: &[&CityObject], frame: &Frame<'_>) -> Model {
    let mut parts: Vec<Part> = MATERIALS
        .iter()
        .map(|(name, rgb)| Part {
            material: Material { name: (*name).to_owned(), rgb: *rgb },
            ..Part::default()
        })
        .collect();
    for (row, object) in objects.iter().enumerate() {
        let Some(geometry) = object.best_geometry() else { continue };
        for surface in &geometry.surfaces {
            add(&mut parts[material(object.kind, surface)], surface, row as u32, frame);
        }
    }
    parts.retain(|part| !part.triangles.is_empty());
    Model { parts, features: Some(properties(objects)), ..Model::default() }
}

fn material(kind: CityObjectKind, surface: &Surface) -> usize {
    match (kind, surface.semantic) {
        (CityObjectKind::Bridge, _) => 3,
        (CityObjectKind::WaterBody, _) | (_, Some(Semantic::Water)) => 4,
        (_, Some(Semantic::Roof)) => 0,
        (_, Some(Semantic::Ground)) => 2,
        _ => 1,
    }
}

/// Adds a surface; its vertices are its own, so that edges stay sharp.
fn add(part: &mut Part, surface: &Surface, feature: u32, frame: &Frame<'_>) {
    let placed = |ring: &Vec<[f64; 3]>| ring.iter().map(|p| frame(*p)).collect();
    let rings: Vec<Vec<[f64; 3]>> = surface.rings.iter().map(placed).collect();
    let Some(face) = FlatFace::new(&rings) else { return };
    let first = part.positions.len() as u32;
    part.triangles.extend(face.triangles.iter().map(|t| t.map(|k| first + k as u32)));
    for position in face.positions {
        part.positions.push(position.map(|v| v as f32));
        part.normals.push(face.normal.map(|v| v as f32));
        part.features.push(feature);
    }
}

/// Identifier and attributes of the objects.
fn properties(objects: &[&CityObject]) -> PropertyTable {
    let mut columns: BTreeMap<&str, bool> = BTreeMap::new();
    for (name, value) in objects.iter().flat_map(|o| &o.attributes) {
        let is_number = value.is_number() || value.is_null();
        *columns.entry(name).or_insert(true) &= is_number;
    }
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut properties = vec![Property {
        id: "id".to_owned(),
        name: "id".to_owned(),
        values: PropertyValues::Texts(objects.iter().map(|o| o.id.clone()).collect()),
    }];
    for (name, is_number) in columns {
        let values = objects.iter().map(|o| o.attributes.get(name));
        properties.push(Property {
            id: word(name),
            name: name.to_owned(),
            values: if is_number {
                let number = |v: Option<&Value>| v.and_then(Value::as_f64).unwrap_or(f64::NAN);
                PropertyValues::Numbers(values.map(number).collect())
            } else {
                PropertyValues::Texts(values.map(text).collect())
            },
        });
    }
    PropertyTable { class: "objet".to_owned(), rows: objects.len(), properties }
}

/// A name of letters, digits and `_`.
fn word(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let word: String = letters.collect();
    if word == "id" || word.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{word}")
    } else {
        word
    }
}
