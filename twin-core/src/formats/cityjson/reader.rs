//! CityJSONSeq → city objects, line by line or by place.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    CityModelHeader, CityObject, CityObjectKind, FeaturePlace, Form, Semantic, Surface,
    SurfaceGeometry,
};
use crate::language::Text;
use crate::{Error, FileProblem, Result, spatial::Position};

/// A CityJSONSeq file open for reading.
#[derive(Debug)]
pub struct CityJsonSeq {
    path: PathBuf,
    source: BufReader<File>,
    header: CityModelHeader,
    /// Where the header line ends.
    first: u64,
    length: u64,
}

impl CityJsonSeq {
    /// Opens a file and reads its header line.
    ///
    /// # Errors
    /// When the file cannot be read or its first line is no CityJSON header of version 2.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::open(&path).map_err(Error::read(&path))?;
        let length = file.metadata().map_err(Error::read(&path))?.len();
        if length == 0 {
            return Err(Error::file(&path, FileProblem::Empty));
        }
        let mut source = BufReader::new(file);
        let mut line = Vec::new();
        source.read_until(b'\n', &mut line).map_err(Error::read(&path))?;
        let header =
            header(&line).map_err(|problem| Error::file_at(&path, Text::line(1), problem))?;
        Ok(Self { path, source, header, first: line.len() as u64, length })
    }

    /// What holds for the whole model.
    pub fn header(&self) -> &CityModelHeader {
        &self.header
    }

    /// Reads the tree of city objects at a place.
    ///
    /// # Errors
    /// When the place is not in the file or holds no feature.
    pub fn feature_at(&mut self, place: FeaturePlace) -> Result<Vec<CityObject>> {
        let end = place.offset.checked_add(place.length).filter(|end| *end <= self.length);
        let FeaturePlace { offset, length } = place;
        let where_ = Text::new(format!("octet {offset}"), format!("byte {offset}"));
        if end.is_none() {
            let whole = self.length;
            let problem = FileProblem::truncated(
                format!("{length} octets à cet endroit, le fichier en a {whole}"),
                format!("{length} bytes there, the file has {whole}"),
            );
            return Err(Error::file_at(&self.path, where_, problem));
        }
        self.source.seek(SeekFrom::Start(place.offset)).map_err(Error::read(&self.path))?;
        let mut text = Vec::new();
        (&mut self.source)
            .take(place.length)
            .read_to_end(&mut text)
            .map_err(Error::read(&self.path))?;
        feature(&self.header, &text).map_err(|problem| Error::file_at(&self.path, where_, problem))
    }

    /// Places of all features, in file order; empty lines are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn places(&mut self) -> Result<Vec<FeaturePlace>> {
        self.source.seek(SeekFrom::Start(self.first)).map_err(Error::read(&self.path))?;
        let mut places = Vec::new();
        let mut offset = self.first;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = self.source.read_until(b'\n', &mut line).map_err(Error::read(&self.path))?;
            if read == 0 {
                return Ok(places);
            }
            let length = line.trim_ascii_end().len() as u64;
            if length > 0 {
                places.push(FeaturePlace { offset, length });
            }
            offset += read as u64;
        }
    }
}

#[derive(Deserialize)]
struct HeaderLine {
    version: String,
    transform: Transform,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 3],
    translate: [f64; 3],
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    identifier: Option<String>,
    title: Option<String>,
    reference_date: Option<String>,
    reference_system: Option<String>,
    geographical_extent: Option<[f64; 6]>,
}

fn header(line: &[u8]) -> Result<CityModelHeader, FileProblem> {
    let json: Value = serde_json::from_slice(line)
        .map_err(|_| FileProblem::NotThisFormat { expected: "CityJSONSeq" })?;
    if json.get("type").and_then(Value::as_str) != Some("CityJSON") {
        return Err(FileProblem::NotThisFormat { expected: "CityJSONSeq" });
    }
    let line = HeaderLine::deserialize(json).map_err(|error| FileProblem::json(&error))?;
    if !line.version.starts_with("2.") {
        return Err(FileProblem::Unsupported {
            detail: format!("CityJSON {}", line.version).into(),
        });
    }
    let [scale, y, z] = line.transform.scale;
    if scale != y || scale != z {
        return Err(FileProblem::unsupported("une échelle par axe", "a scale for each axis"));
    }
    let metadata = line.metadata;
    let epsg = metadata
        .reference_system
        .and_then(|url| url.rsplit('/').next().and_then(|code| code.parse().ok()))
        .ok_or(FileProblem::MissingCrs)?;
    Ok(CityModelHeader {
        identifier: metadata.identifier,
        title: metadata.title.unwrap_or_default(),
        reference_date: metadata.reference_date,
        epsg,
        scale,
        translate: line.transform.translate,
        extent: metadata.geographical_extent,
    })
}

#[derive(Deserialize)]
struct FeatureLine {
    id: String,
    #[serde(rename = "CityObjects")]
    objects: Map<String, Value>,
    vertices: Vec<[i64; 3]>,
}

#[derive(Deserialize)]
struct ObjectMember {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    parents: Vec<String>,
    #[serde(default)]
    children: Vec<String>,
    #[serde(default)]
    geometry: Vec<GeometryMember>,
}

#[derive(Deserialize)]
struct GeometryMember {
    #[serde(rename = "type")]
    form: String,
    lod: String,
    boundaries: Value,
    semantics: Option<SemanticsMember>,
}

#[derive(Deserialize)]
struct SemanticsMember {
    surfaces: Vec<SemanticSurface>,
    values: Value,
}

#[derive(Deserialize)]
struct SemanticSurface {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    attributes: Map<String, Value>,
}

/// The object that gives the feature its name comes first.
fn feature(header: &CityModelHeader, text: &[u8]) -> Result<Vec<CityObject>, FileProblem> {
    let line: FeatureLine =
        serde_json::from_slice(text).map_err(|error| FileProblem::json(&error))?;
    let positions: Vec<Position> = line
        .vertices
        .iter()
        .map(|v| std::array::from_fn(|i| v[i] as f64 * header.scale + header.translate[i]))
        .collect();
    let mut objects = Vec::new();
    for (id, member) in line.objects {
        let member =
            ObjectMember::deserialize(member).map_err(|error| FileProblem::json(&error))?;
        let Some(kind) = CityObjectKind::of_name(&member.kind) else {
            return Err(FileProblem::unsupported(
                format!("objet urbain de type {}", member.kind),
                format!("city object of type {}", member.kind),
            ));
        };
        let mut object = CityObject {
            kind,
            attributes: member.attributes,
            geometries: Vec::new(),
            parents: member.parents,
            children: member.children,
            id,
        };
        for geometry in member.geometry {
            object.geometries.push(surfaces(geometry, &positions)?);
        }
        objects.push(object);
    }
    objects.sort_by_key(|object| object.id != line.id);
    Ok(objects)
}

type Rings = Vec<Vec<usize>>;

fn surfaces(
    member: GeometryMember,
    positions: &[Position],
) -> Result<SurfaceGeometry, FileProblem> {
    let bad = |error: serde_json::Error| FileProblem::json(&error);
    let form = match member.form.as_str() {
        "Solid" => Form::Solid,
        "CompositeSurface" => Form::CompositeSurface,
        "MultiSurface" => Form::MultiSurface,
        other => {
            return Err(FileProblem::unsupported(
                format!("géométrie de type {other}"),
                format!("geometry of type {other}"),
            ));
        }
    };
    let (kinds, values) = match member.semantics {
        Some(semantics) => (semantics.surfaces, semantics.values),
        None => (Vec::new(), Value::Null),
    };
    let (boundaries, values): (Vec<Rings>, Vec<Option<usize>>) = if form == Form::Solid {
        let shells: Vec<Vec<Rings>> = serde_json::from_value(member.boundaries).map_err(bad)?;
        let values: Option<Vec<Option<Vec<Option<usize>>>>> =
            serde_json::from_value(values).map_err(bad)?;
        if shells.len() > 1 {
            return Err(FileProblem::unsupported(
                "un solide à cavités",
                "a solid with inner shells",
            ));
        }
        let first = values.unwrap_or_default().into_iter().next().flatten();
        (shells.into_iter().next().unwrap_or_default(), first.unwrap_or_default())
    } else {
        let values: Option<Vec<Option<usize>>> = serde_json::from_value(values).map_err(bad)?;
        (serde_json::from_value(member.boundaries).map_err(bad)?, values.unwrap_or_default())
    };
    let mut surfaces = Vec::new();
    for (i, rings) in boundaries.into_iter().enumerate() {
        let kind = values.get(i).copied().flatten().and_then(|value| kinds.get(value));
        let semantic =
            kind.and_then(|kind| Semantic::ALL.into_iter().find(|s| s.name() == kind.kind));
        let attributes = kind.filter(|_| semantic.is_some()).map(|kind| kind.attributes.clone());
        let rings = rings
            .into_iter()
            .map(|ring| {
                let mut line = Vec::with_capacity(ring.len() + 1);
                for index in ring.iter().chain(ring.first()) {
                    line.push(*positions.get(*index).ok_or_else(|| {
                        let count = positions.len();
                        FileProblem::damaged(
                            format!("sommet {index} sur {count}"),
                            format!("vertex {index} of {count}"),
                        )
                    })?);
                }
                Ok(line)
            })
            .collect::<Result<_, FileProblem>>()?;
        let attributes = attributes.unwrap_or_default();
        surfaces.push(Surface { rings, semantic, attributes });
    }
    Ok(SurfaceGeometry { lod: member.lod, form, surfaces })
}
