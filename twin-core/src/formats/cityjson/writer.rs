//! City objects → CityJSON and CityJSONSeq.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::{Map, Value, json};

use super::{
    CityModelHeader, CityObject, CityObjectKind, FeaturePlace, Form, Semantic, SurfaceGeometry,
    vertices::Vertices,
};
use crate::language::Text;
use crate::{Error, FileProblem, Result, formats::PartFile};

/// A CityJSONSeq file being written.
#[derive(Debug)]
pub struct CityJsonSeqWriter {
    header: CityModelHeader,
    out: BufWriter<std::fs::File>,
    file: PartFile,
    offset: u64,
}

impl CityJsonSeqWriter {
    /// Starts a file with its header line. It gets its name by [`Self::finish`].
    ///
    /// # Errors
    /// When the file cannot be written, or the scale is no positive number.
    pub fn create(path: impl AsRef<Path>, header: &CityModelHeader) -> Result<Self> {
        let file = PartFile::new(path.as_ref())?;
        check(file.path(), header)?;
        let out = std::fs::File::create(file.part()).map_err(Error::write(file.path()))?;
        let mut writer = Self { header: header.clone(), out: BufWriter::new(out), file, offset: 0 };
        let mut first = preamble(header);
        first.insert("CityObjects".into(), json!({}));
        first.insert("vertices".into(), json!([]));
        writer.line(&Value::Object(first))?;
        Ok(writer)
    }

    /// Writes a tree of city objects as one line: the object that gives it its name, then its
    /// parts. Surfaces that shrink to nothing at the scale of the file are left out.
    ///
    /// # Errors
    /// When the tree is empty, a vertex is not finite, or writing fails.
    pub fn add(&mut self, objects: &[CityObject]) -> Result<FeaturePlace> {
        let refused = |id: &str, problem| Error::file_at(self.file.path(), id, problem);
        let Some(first) = objects.first() else {
            let problem =
                FileProblem::damaged("un « feature » sans objet", "a feature without objects");
            return Err(refused("", problem));
        };
        let mut vertices = Vertices::default();
        let mut members = Map::new();
        for object in objects {
            let json = city_object(&self.header, object, &mut vertices)
                .map_err(|problem| refused(&object.id, problem))?;
            if members.insert(object.id.clone(), json).is_some() {
                return Err(refused(&object.id, name_taken()));
            }
        }
        self.line(&json!({
            "type": "CityJSONFeature",
            "id": first.id,
            "CityObjects": members,
            "vertices": vertices.list,
        }))
    }

    /// Closes the file and gives it its name.
    ///
    /// # Errors
    /// When writing fails; an earlier file is then left as it was.
    pub fn finish(self) -> Result<()> {
        let Self { out, file, .. } = self;
        close(out, file)
    }

    fn line(&mut self, value: &Value) -> Result<FeaturePlace> {
        let mut text = value.to_string();
        text.push('\n');
        self.out.write_all(text.as_bytes()).map_err(Error::write(self.file.path()))?;
        let length = text.len() as u64;
        let place = FeaturePlace { offset: self.offset, length: length - 1 };
        self.offset += length;
        Ok(place)
    }
}

/// Writes trees of city objects as one CityJSON document.
///
/// # Errors
/// When an identifier occurs twice, a vertex is not finite, or writing fails.
pub fn write_city_model(
    path: impl AsRef<Path>,
    header: &CityModelHeader,
    features: &[Vec<CityObject>],
) -> Result<()> {
    let file = PartFile::new(path.as_ref())?;
    check(file.path(), header)?;
    let refused = |id: &str, problem| Error::file_at(file.path(), id, problem);
    let mut vertices = Vertices::default();
    let mut members = Map::new();
    for object in features.iter().flatten() {
        let json = city_object(header, object, &mut vertices)
            .map_err(|problem| refused(&object.id, problem))?;
        if members.insert(object.id.clone(), json).is_some() {
            return Err(refused(&object.id, name_taken()));
        }
    }
    let mut model = preamble(header);
    model.insert("CityObjects".into(), Value::Object(members));
    model.insert("vertices".into(), json!(vertices.list));
    let failed = || Error::write(file.path());
    let mut out = BufWriter::new(std::fs::File::create(file.part()).map_err(failed())?);
    serde_json::to_writer(&mut out, &model).map_err(|error| failed()(error.into()))?;
    out.write_all(b"\n").map_err(failed())?;
    close(out, file)
}

fn close(out: BufWriter<std::fs::File>, file: PartFile) -> Result<()> {
    let failed = || Error::write(file.path());
    let inner = out.into_inner().map_err(|error| failed()(error.into_error()))?;
    inner.sync_all().map_err(failed())?;
    drop(inner);
    file.publish()
}

fn check(path: &Path, header: &CityModelHeader) -> Result<()> {
    if header.scale.is_finite()
        && header.scale > 0.0
        && header.translate.iter().all(|v| v.is_finite())
    {
        return Ok(());
    }
    let what = Text::from("scale, translate");
    Err(Error::file_at(path, "transform", FileProblem::NotFinite { what }))
}

fn name_taken() -> FileProblem {
    FileProblem::damaged("deux objets de ce nom", "two objects of this name")
}

fn preamble(header: &CityModelHeader) -> Map<String, Value> {
    let mut metadata = Map::new();
    if let Some(extent) = header.extent.filter(|e| e.iter().all(|v| v.is_finite())) {
        metadata.insert("geographicalExtent".into(), json!(extent));
    }
    if let Some(identifier) = &header.identifier {
        metadata.insert("identifier".into(), json!(identifier));
    }
    if let Some(date) = &header.reference_date {
        metadata.insert("referenceDate".into(), json!(date));
    }
    let url = format!("https://www.opengis.net/def/crs/EPSG/0/{}", header.epsg);
    metadata.insert("referenceSystem".into(), json!(url));
    metadata.insert("title".into(), json!(header.title));
    let mut model = Map::new();
    model.insert("type".into(), json!("CityJSON"));
    model.insert("version".into(), json!("2.0"));
    let scale = header.scale;
    model.insert(
        "transform".into(),
        json!({ "scale": [scale, scale, scale], "translate": header.translate }),
    );
    model.insert("metadata".into(), Value::Object(metadata));
    model
}

fn city_object(
    header: &CityModelHeader,
    object: &CityObject,
    vertices: &mut Vertices,
) -> Result<Value, FileProblem> {
    let mut json = Map::new();
    json.insert("type".into(), json!(object.kind.name()));
    if !object.attributes.is_empty() {
        json.insert("attributes".into(), json!(object.attributes));
    }
    if !object.parents.is_empty() {
        json.insert("parents".into(), json!(object.parents));
    }
    if !object.children.is_empty() {
        json.insert("children".into(), json!(object.children));
    }
    let mut geometries = Vec::new();
    for geometry in &object.geometries {
        geometries.extend(self::geometry(header, object.kind, geometry, vertices)?);
    }
    if !geometries.is_empty() {
        json.insert("geometry".into(), json!(geometries));
    }
    Ok(Value::Object(json))
}

/// `None` where no surface is left.
fn geometry(
    header: &CityModelHeader,
    kind: CityObjectKind,
    geometry: &SurfaceGeometry,
    vertices: &mut Vertices,
) -> Result<Option<Value>, FileProblem> {
    let mut boundaries: Vec<Vec<Vec<usize>>> = Vec::new();
    let mut semantics = Vec::new();
    for surface in &geometry.surfaces {
        let mut rings: Vec<Vec<usize>> = Vec::new();
        for (i, ring) in surface.rings.iter().enumerate() {
            let mut indices = Vec::with_capacity(ring.len());
            for position in ring {
                let index = vertices.index(header, position)?;
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
            while indices.len() > 1 && indices.first() == indices.last() {
                indices.pop();
            }
            if indices.len() >= 3 {
                rings.push(indices);
            } else if i == 0 {
                break;
            }
        }
        if !rings.is_empty() {
            boundaries.push(rings);
            semantics.push(surface.semantic.map(|s| (s, &surface.attributes)));
        }
    }
    if boundaries.is_empty() {
        return Ok(None);
    }
    // The specification knows one form of terrain.
    let form =
        if kind == CityObjectKind::TinRelief { Form::CompositeSurface } else { geometry.form };
    let mut json = Map::new();
    json.insert("type".into(), json!(form.name()));
    json.insert("lod".into(), json!(geometry.lod));
    let nested = |value: Value| if form == Form::Solid { json!([value]) } else { value };
    json.insert("boundaries".into(), nested(json!(boundaries)));
    let mut used = Vec::new();
    for semantic in semantics.iter().flatten() {
        if !used.contains(semantic) {
            used.push(*semantic);
        }
    }
    if !used.is_empty() {
        let described = |(semantic, attributes): &(Semantic, &Map<String, Value>)| {
            let mut described = Map::from_iter([("type".to_owned(), json!(semantic.name()))]);
            described.extend((*attributes).clone());
            Value::Object(described)
        };
        let surfaces: Vec<Value> = used.iter().map(described).collect();
        let values: Vec<Option<usize>> =
            semantics.iter().map(|s| s.and_then(|s| used.iter().position(|u| *u == s))).collect();
        json.insert(
            "semantics".into(),
            json!({ "surfaces": surfaces, "values": nested(json!(values)) }),
        );
    }
    Ok(Some(Value::Object(json)))
}
