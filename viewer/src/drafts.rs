//! Measures drawn on the map become a scenario file: a child of the scenario that is shown.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use twin_core::results::{RunStore, write_atomically};
use twin_core::{Error, Language, Result};

use crate::opened::OpenRun;
use crate::tools::{Draft, DrawnKind};

/// The file of the scenario that a run belongs to, beside the store of the run.
///
/// # Errors
/// When the record of the scenario or its file is not there any more.
pub(crate) fn scenario_file(run: &OpenRun) -> Result<PathBuf> {
    let folder = std::path::absolute(&run.run.folder).map_err(Error::read(&run.run.folder))?;
    let store = folder.ancestors().nth(2).unwrap_or(Path::new("."));
    let id = &run.run.manifest.scenario;
    let record = RunStore::new(store).scenario(id)?;
    let file = record.map(|r| store.parent().unwrap_or(Path::new(".")).join(r.file));
    file.filter(|f| f.is_file()).ok_or_else(|| {
        Error::input(
            store.display().to_string(),
            format!(
                "le fichier du scénario « {id} » n'est plus à côté de ses calculs ; l'y remettre"
            ),
            format!(
                "the file of the scenario \"{id}\" is not beside its runs any more; put it back"
            ),
        )
    })
}

/// Writes a scenario that extends another by drawn measures; gives its file, which is new.
pub(crate) fn write_scenario(base: &Path, drafts: &[Draft], language: Language) -> Result<PathBuf> {
    let text = std::fs::read_to_string(base).map_err(Error::read(base))?;
    let read: Table = toml::from_str(&text)
        .map_err(|e| Error::file(base, twin_core::FileProblem::undecodable(e.message())))?;
    let text_of = |key: &str| read.get(key).and_then(Value::as_str).map(str::to_owned);
    let stem = base.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let id = text_of("id").unwrap_or_else(|| stem.clone());
    let folder = base.parent().unwrap_or(Path::new("."));
    let (number, path) = (1..)
        .map(|n| (n, folder.join(format!("{stem}-dessin-{n}.toml"))))
        .find(|(_, path)| !path.exists())
        .unwrap_or_else(|| (0, folder.join(format!("{stem}-dessin.toml"))));
    let mut scenario = Table::new();
    let name = base.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    scenario.insert("extends".into(), name.into());
    scenario.insert("id".into(), format!("{id}-dessin-{number}").into());
    let mut title = Table::new();
    for l in [Language::Fr, Language::En] {
        let old = read.get("title").and_then(|t| t.get(l.code())).and_then(Value::as_str);
        let with = l.pick("avec mesures dessinées", "with drawn measures");
        title.insert(l.code().into(), format!("{} {with} {number}", old.unwrap_or(&id)).into());
    }
    scenario.insert("title".into(), title.into());
    // The file is new, and so are names made of its own: measures drawn before on the scenario stay.
    let drawn = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let mut measures = Table::new();
    for (k, draft) in drafts.iter().enumerate() {
        measures.insert(format!("{drawn}-{}", k + 1), measure(draft).into());
    }
    scenario.insert("measures".into(), measures.into());
    let body = toml::to_string(&scenario)
        .map_err(|e| Error::Write { path: path.clone(), source: std::io::Error::other(e) })?;
    let head = language
        .pick("# Mesures dessinées dans la visionneuse.", "# Measures drawn in the viewer.");
    write_atomically(&path, format!("{head}\n{body}").as_bytes())?;
    Ok(path)
}

/// A measure as scenario files have it.
fn measure(draft: &Draft) -> Table {
    let corner = |p: &[f64; 3]| {
        let rounded = |v: f64| Value::Float((v * 100.0).round() / 100.0);
        Value::Array(vec![rounded(p[0]), rounded(p[1])])
    };
    let mut corners: Vec<Value> = draft.corners.iter().map(corner).collect();
    if draft.kind.is_area()
        && let Some(first) = corners.first().cloned()
    {
        corners.push(first);
    }
    let mut table = Table::new();
    table.insert("kind".into(), draft.kind.measure().into());
    match &draft.building {
        Some(id) => table.insert("buildings".into(), Value::Array(vec![id.clone().into()])),
        None => table.insert("geometry".into(), Value::Array(corners)),
    };
    match draft.kind {
        DrawnKind::Levee => {
            let mut crest = Table::new();
            crest.insert("above_ground_m".into(), draft.quantity.into());
            table.insert("crest".into(), crest.into());
        }
        DrawnKind::Hedge => {
            table.insert("width_m".into(), draft.quantity.into());
            table.insert("bank_height_m".into(), 0.8.into());
        }
        DrawnKind::Planting => {
            table.insert("cover".into(), "mixed-forest".into());
        }
        DrawnKind::Basin => {
            table.insert("volume_m3".into(), draft.quantity.into());
        }
        DrawnKind::Trees => {
            // A lime or a field maple of a street after some twenty years.
            table.insert("spacing_m".into(), draft.quantity.into());
            table.insert("height_m".into(), 10.0.into());
            table.insert("crown_diameter_m".into(), 6.0.into());
        }
        DrawnKind::NewBuilding => {
            table.insert("height_m".into(), draft.quantity.into());
        }
        DrawnKind::Raised => {
            table.insert("by_m".into(), draft.quantity.into());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_measures_make_a_new_child_of_their_scenario() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("crue.toml");
        std::fs::write(&base, "id = \"crue\"\ntitle = { fr = \"Crue\", en = \"Flood\" }\n")
            .unwrap();
        let line = vec![[10.123, 20.0, 5.0], [30.0, 40.0, 5.0], [30.0, 20.0, 5.0]];
        let mut drafts = DrawnKind::ALL.map(|kind| Draft {
            kind,
            quantity: 2.0,
            corners: line.clone(),
            building: None,
        });
        drafts[6].building = Some("B1".to_owned());
        let first = write_scenario(&base, &drafts, Language::Fr).unwrap();
        let second = write_scenario(&base, &drafts[..1], Language::Fr).unwrap();
        assert_ne!(first, second);
        let text = std::fs::read_to_string(&first).unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        assert_eq!(table["extends"].as_str(), Some("crue.toml"));
        assert_eq!(table["title"]["fr"].as_str(), Some("Crue avec mesures dessinées 1"));
        let measures = table["measures"].as_table().unwrap();
        assert_eq!(measures.len(), 7);
        let levee = &measures["crue-dessin-1-1"];
        assert_eq!(levee["crest"]["above_ground_m"].as_float(), Some(2.0));
        assert_eq!(levee["geometry"][0][0].as_float(), Some(10.12));
        // What is drawn on a drawing is added to it.
        let third = write_scenario(&first, &drafts[..1], Language::Fr).unwrap();
        let next: Table = toml::from_str(&std::fs::read_to_string(&third).unwrap()).unwrap();
        assert!(next["measures"].as_table().unwrap().keys().all(|k| !measures.contains_key(k)));
        // A polygon ends where it began.
        let area = measures["crue-dessin-1-3"]["geometry"].as_array().unwrap();
        assert_eq!((area.len(), area.first()), (4, area.last()));
        assert_eq!(measures["crue-dessin-1-6"]["height_m"].as_float(), Some(2.0));
        let raised = &measures["crue-dessin-1-7"];
        assert_eq!(raised["buildings"][0].as_str(), Some("B1"));
        assert!(raised.get("geometry").is_none());
    }
}
