//! Properties of features, column by column (`EXT_structural_metadata`).

/// A table with a row per feature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PropertyTable {
    /// Name of the class of features: a word.
    pub class: String,
    /// Number of rows.
    pub rows: usize,
    /// Columns.
    pub properties: Vec<Property>,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Identifier: letters, digits and `_`, no digit first.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Values.
    pub values: PropertyValues,
}

/// Values of a column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyValues {
    /// Numbers; `NaN` where there is none.
    Numbers(Vec<f64>),
    /// Text; empty where there is none.
    Texts(Vec<String>),
}

/// A number that stands for none: JSON has no `NaN`.
const NO_NUMBER: f64 = -1.0e30;

impl PropertyTable {
    /// The schema of the extension, and the properties of its one table, whose buffer views `add`
    /// makes of bytes.
    pub(super) fn to_json(&self, mut add: impl FnMut(Vec<u8>) -> u32) -> serde_json::Value {
        let mut described = serde_json::Map::new();
        let mut stored = serde_json::Map::new();
        for property in &self.properties {
            let (description, place) = match &property.values {
                PropertyValues::Numbers(numbers) => {
                    let shown = |v: &f64| if v.is_finite() { *v } else { NO_NUMBER };
                    let bytes = numbers.iter().flat_map(|v| shown(v).to_le_bytes()).collect();
                    (
                        serde_json::json!({
                            "name": property.name, "type": "SCALAR", "componentType": "FLOAT64",
                            "noData": NO_NUMBER
                        }),
                        serde_json::json!({ "values": add(bytes) }),
                    )
                }
                PropertyValues::Texts(texts) => {
                    let mut end = 0u32;
                    let mut offsets = vec![0u32];
                    for text in texts {
                        end = end.saturating_add(text.len() as u32);
                        offsets.push(end);
                    }
                    let offsets = offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
                    (
                        serde_json::json!({
                            "name": property.name, "type": "STRING", "noData": ""
                        }),
                        serde_json::json!({
                            "values": add(texts.concat().into_bytes()),
                            "stringOffsets": add(offsets),
                            "stringOffsetType": "UINT32"
                        }),
                    )
                }
            };
            described.insert(property.id.clone(), description);
            stored.insert(property.id.clone(), place);
        }
        let class = &self.class;
        serde_json::json!({
            "schema": { "id": "twin", "classes": { class: { "properties": described } } },
            "propertyTables": [{
                "name": class, "class": class, "count": self.rows, "properties": stored
            }]
        })
    }
}
