//! Planning rules in the window: a number is changed, and the block says at once what it may add.

use std::sync::Arc;

use bevy::prelude::Resource;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use twin_core::simulation::{RunContext, parse_parameters};
use twin_core::{Error, Language, Result};
use twin_elevation_potential::rules::{RuleFile, ZoneEntry};
use twin_elevation_potential::{Parameters, RuleBook, Study};

use crate::drafts::scenario_file;
use crate::opened::Opened;

/// Buildings so near to the one that is picked make the block, m.
const BLOCK_M: f64 = 80.0;

/// What the panel of rules works on.
#[derive(Default, Resource)]
pub(crate) struct Planning {
    making: Option<Task<Result<Prepared>>>,
    prepared: Option<Arc<Prepared>>,
    block: Option<Block>,
}

/// A territory with the rules of a run.
struct Prepared {
    study: Study,
    parameters: Parameters,
    file: RuleFile,
}

/// The buildings around one, under rules that are being changed.
pub(crate) struct Block {
    /// Code of the zone of the building that is picked.
    pub(crate) zone: String,
    /// Its rules, as they are being changed.
    pub(crate) rules: ZoneEntry,
    /// What the block may add by the rules of the run.
    pub(crate) before: Sum,
    /// What it may add by the changed ones.
    pub(crate) now: Sum,
    building: String,
    middle: usize,
    members: Vec<usize>,
}

/// What a block may add.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sum {
    /// Buildings of the block.
    pub(crate) buildings: usize,
    /// Those that may be raised.
    pub(crate) raised: usize,
    /// Storeys on the building that is picked: upright, stepping back.
    pub(crate) storeys: [usize; 2],
    /// Floor area, m².
    pub(crate) floor_m2: f64,
    /// Dwellings.
    pub(crate) dwellings: u32,
}

impl Planning {
    /// Whether the run that is shown has rules of a file.
    pub(crate) fn applies_to(opened: &Opened) -> bool {
        opened.run_a().is_some_and(|run| {
            run.run.manifest.simulation == "elevation-potential"
                && run.run.manifest.parameters.get("rules").is_some_and(|r| r.is_string())
        })
    }

    /// Whether the territory is being made ready.
    pub(crate) fn is_making(&self) -> bool {
        self.making.is_some()
    }

    /// Whether it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.prepared.is_some()
    }

    /// Starts to make the territory of the run that is shown ready.
    ///
    /// # Errors
    /// When the scenario of the run or its rule file is not there any more.
    pub(crate) fn prepare(&mut self, opened: &Opened) -> Result<()> {
        let run = opened.run_a().filter(|_| Self::applies_to(opened)).ok_or_else(|| {
            Error::input(
                "elevation-potential",
                "choisir un calcul du potentiel de surélévation avec un fichier de règles",
                "choose a run of the elevation potential with a rule file",
            )
        })?;
        let place = "elevation-potential";
        let parameters: Parameters = parse_parameters(place, &run.run.manifest.parameters)?;
        let scenario = scenario_file(run)?;
        let folder = scenario.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        let file = parameters.rules.as_ref().map(|rules| RuleFile::read(&folder.join(rules)));
        let Some(file) = file.transpose()? else { return Ok(()) };
        let territory = opened.territory.clone();
        let terrain = opened.coarse_terrain.as_ref().clone();
        self.making = Some(AsyncComputeTaskPool::get().spawn(async move {
            let context = RunContext::new(0.0, 1.0);
            let study =
                Study::of_features(territory.features(), Some(terrain), &parameters, &context)?;
            Ok(Prepared { study, parameters, file })
        }));
        Ok(())
    }

    /// Takes the territory when it is ready.
    ///
    /// # Errors
    /// When it could not be made ready.
    pub(crate) fn take(&mut self) -> Result<()> {
        let Some(made) = self.making.as_mut().and_then(check_ready) else { return Ok(()) };
        self.making = None;
        self.block = None;
        self.prepared = Some(Arc::new(made?));
        Ok(())
    }

    /// The block around a building, made anew for another one.
    pub(crate) fn block_of(&mut self, building: &str) -> Option<&mut Block> {
        let prepared = self.prepared.clone()?;
        if self.block.as_ref().is_none_or(|block| block.building != building) {
            self.block = Block::around(building, &prepared);
        }
        self.block.as_mut()
    }

    /// The block that is worked on, where it is that of a building.
    pub(crate) fn shown(&self, building: &str) -> Option<&Block> {
        self.block.as_ref().filter(|block| block.building == building)
    }

    /// Computes what the block may add by its changed rules.
    pub(crate) fn recompute(&mut self) {
        if let (Some(prepared), Some(block)) = (self.prepared.clone(), &mut self.block) {
            block.now = block.sum(&prepared);
        }
    }
}

impl Block {
    fn around(building: &str, prepared: &Prepared) -> Option<Self> {
        let study = &prepared.study;
        let middle = study.subjects.iter().position(|s| s.id == building)?;
        let zone = study.places[middle].zones.first()?.0.clone();
        let entry = prepared.file.zones.get(&zone).or_else(|| prepared.file.zones.get("*"))?;
        let in_zone = |k: &usize| study.places[*k].zones.first().is_some_and(|z| z.0 == zone);
        let near = study.near(middle, BLOCK_M).chain([middle]);
        let mut members: Vec<usize> = near.filter(in_zone).collect();
        members.sort_unstable();
        let mut block = Self {
            rules: entry.clone(),
            before: Sum::default(),
            now: Sum::default(),
            building: building.to_owned(),
            zone,
            middle,
            members,
        };
        block.before = block.sum(prepared);
        block.now = block.before;
        Some(block)
    }

    /// What the block may add: name, by the rules of the run, by the changed ones.
    pub(crate) fn told(&self, language: Language) -> [[String; 3]; 4] {
        let told = |fr: &str, en: &str, figure: &dyn Fn(&Sum) -> String| {
            [language.pick(fr, en).to_owned(), figure(&self.before), figure(&self.now)]
        };
        let n = |v: f64| language.number(v, 0);
        [
            told("Étages à plomb / en gradins", "Storeys upright / stepping", &|sum| {
                format!("{} / {}", sum.storeys[0], sum.storeys[1])
            }),
            told("Bâtiments de l'îlot surélevables", "Buildings of the block raised", &|sum| {
                format!("{} / {}", sum.raised, sum.buildings)
            }),
            told("Plancher de l'îlot (m²)", "Floor of the block (m²)", &|sum| n(sum.floor_m2)),
            told("Logements de l'îlot", "Dwellings of the block", &|sum| {
                n(f64::from(sum.dwellings))
            }),
        ]
    }

    fn sum(&self, prepared: &Prepared) -> Sum {
        let mut file = prepared.file.clone();
        file.zones.insert(self.zone.clone(), self.rules.clone());
        let book = RuleBook::new(Some(file), &prepared.parameters);
        let study = &prepared.study;
        let mut sum = Sum { buildings: self.members.len(), ..Sum::default() };
        for k in &self.members {
            let potential = study.potential(*k, &book);
            let floor_m2 = study.floor_m2(potential.best_area_m2());
            sum.raised += usize::from(!potential.told().is_empty());
            sum.floor_m2 += floor_m2;
            sum.dwellings += study.dwellings(floor_m2);
            if *k == self.middle {
                let raised = &potential.raised;
                sum.storeys = [raised.upright.storeys.len(), raised.stepped.storeys.len()];
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::{Geometry, Polygon};
    use twin_core::territory::{Building, Features, Layer, Parcel, Zone, ZoneKind};

    fn square(west: f64, size: f64) -> Geometry {
        let corners = [(west, 0.0), (west + size, 0.0), (west + size, size), (west, size)];
        Geometry::Polygons(vec![Polygon::from_corners(&corners)])
    }

    #[test]
    fn a_greater_height_raises_the_block_of_its_zone_alone() {
        let mut features = Features::default();
        for (k, west) in [0.0, 20.0, 40.0].into_iter().enumerate() {
            let mut house = Building::bare(format!("H{k}"), square(west, 12.0));
            house.height_m = Some(9.0);
            house.ground_min_m = Some(0.0);
            features.buildings.push(house);
            features.parcels.push(Parcel::bare(format!("P{k}"), square(west - 1.0, 15.0)));
            let code = if k < 2 { "UA" } else { "UB" };
            let mut zone = Zone::bare(format!("Z{k}"), square(west - 2.0, 18.0));
            zone.kind = Some(ZoneKind::UrbanPlanning);
            zone.code = Some(code.to_owned());
            features.zones.push(zone);
        }
        let source = "source = { article = \"1\", page = \"1\", quotation = \"…\", keyed_by = \"A\", keyed_on = \"2026-01-01\", valid_from = \"2020-01-01\" }";
        let mut text = "schema = 1\ndocument = \"PLU\"\n".to_owned();
        for code in ["UA", "UB"] {
            text += &format!("[zones.{code}.height]\nvalue = {{ top_m = 9.0 }}\n{source}\n");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("regles.toml");
        std::fs::write(&path, text).unwrap();
        let parameters = serde_json::json!({ "law_date": "2026-11-27" });
        let parameters: Parameters = parse_parameters("elevation-potential", &parameters).unwrap();
        let context = RunContext::new(0.0, 1.0);
        let study = Study::of_features(&features, None, &parameters, &context).unwrap();
        let prepared = Prepared { study, parameters, file: RuleFile::read(&path).unwrap() };
        let mut block = Block::around("H0", &prepared).unwrap();
        assert_eq!(
            (block.zone.as_str(), block.before.buildings, block.before.raised),
            ("UA", 2, 0)
        );
        block.rules.height.as_mut().unwrap().value.as_mut().unwrap().top_m = Some(15.5);
        let now = block.sum(&prepared);
        assert_eq!((now.raised, now.storeys), (2, [2, 2]));
        assert!((now.floor_m2 - 0.88 * 2.0 * 2.0 * 144.0).abs() < 1e-6);
        assert!(Block::around("nowhere", &prepared).is_none());
    }
}
