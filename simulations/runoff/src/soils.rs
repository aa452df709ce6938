//! The soil of every cell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as Unreadable, StrDeserializer};
use twin_core::formats::Value;
use twin_core::language::Text;
use twin_core::spatial::{Grid, cells_within};
use twin_core::territory::{TerritoryView, read_vector_in};
use twin_core::{Error, Language, Result};

use crate::parameters::{Soil, SoilMap, SoilZone};
use crate::raster::{Pixels, Raster};
use crate::setup::{place, within};
use crate::soil::Texture;

/// Soil where nothing states another.
const DEFAULT_TEXTURE: Texture = Texture::Loam;
/// Endings of the names of rasters.
const RASTERS: [&str; 3] = ["tif", "tiff", "asc"];

/// Soils, and which of them a cell has.
pub(crate) struct Soils {
    /// Soils with the keys of the parameters that state them.
    pub(crate) known: Vec<(String, Soil)>,
    /// By cell a position in `known`.
    pub(crate) of_cell: Grid<usize>,
    /// Share of the cells whose soil nothing states.
    unstated: f64,
}

/// What a scenario states of soils.
#[derive(Clone, Copy)]
pub(crate) struct Stated<'a> {
    pub(crate) everywhere: Option<&'a Soil>,
    pub(crate) map: Option<&'a SoilMap>,
    pub(crate) zones: &'a BTreeMap<String, SoilZone>,
}

impl Soils {
    /// The soil that holds everywhere, over it that of a map, over both those of zones; where zones overlap
    /// the last in the order of the names counts.
    pub(crate) fn new(view: &TerritoryView, stated: Stated<'_>) -> Result<Self> {
        let default = || Soil { texture: Some(DEFAULT_TEXTURE), ..Soil::default() };
        let everywhere = stated.everywhere.cloned().unwrap_or_else(default);
        let mut soils = Self {
            known: vec![("soil".to_owned(), everywhere)],
            of_cell: Grid::filled(*view.spec(), 0usize),
            unstated: 0.0,
        };
        if let Some(map) = stated.map {
            soils.add_map(view, map)?;
        }
        for (name, zone) in stated.zones {
            let here = place(&format!("soils.{name}"));
            let polygons = zone.area.polygons(view.territory().crs(), &format!("{here}.area"))?;
            let mut cells = 0usize;
            cells_within(view.spec(), &polygons, |row, column| {
                soils.of_cell[(row, column)] = soils.known.len();
                cells += 1;
            });
            if cells == 0 {
                return Err(Error::input(
                    format!("{here}.area"),
                    "la zone ne contient le centre d'aucune maille ; vérifier ses coordonnées ou affiner la grille",
                    "the zone holds the centre of no cell; check its coordinates or refine the grid",
                ));
            }
            soils.known.push((format!("soils.{name}.soil"), zone.soil.clone()));
        }
        for (key, soil) in &soils.known {
            check(key, soil)?;
        }
        if stated.everywhere.is_none() {
            let unstated = soils.of_cell.values.iter().filter(|s| **s == 0).count();
            soils.unstated = unstated as f64 / soils.of_cell.values.len().max(1) as f64;
        }
        Ok(soils)
    }

    /// The soil of a cell.
    pub(crate) fn at(&self, cell: usize) -> &Soil {
        &self.known[self.of_cell.values[cell]].1
    }

    /// What to tell where nothing states the soil.
    pub(crate) fn unstated(&self) -> Option<Text> {
        let percent = 100.0 * self.unstated;
        let n = |l: Language| l.number(percent, 0);
        (percent > 0.0).then(|| Text::new(
            format!("Sol non renseigné sur {} % du territoire : limon (groupe hydrologique B) supposé ; donner soil, soil_map ou soils.", n(Language::Fr)),
            format!("Soil not stated on {} % of the territory: loam (hydrologic group B) assumed; give soil, soil_map or soils.", n(Language::En)),
        ))
    }

    /// Gives the cells the soils of a map.
    fn add_map(&mut self, view: &TerritoryView, map: &SoilMap) -> Result<()> {
        let path = Path::new(&map.file);
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let is_raster = extension.is_some_and(|e| RASTERS.contains(&e.as_str()));
        let mut legend = MapLegend { map, first: self.known.len(), numbers: BTreeMap::new() };
        match (is_raster, &map.attribute) {
            (true, None) => self.add_raster(view, path, &mut legend)?,
            (false, Some(attribute)) => self.add_polygons(view, path, attribute, &mut legend)?,
            (true, Some(_)) => {
                return Err(Error::input(
                    place("soil_map.attribute"),
                    "un raster n'a pas de colonne ; ôter attribute",
                    "a raster has no column; take attribute out",
                ));
            }
            (false, None) => {
                return Err(Error::input(
                    place("soil_map.attribute"),
                    "donner la colonne qui dit la classe de sol",
                    "give the column that tells the class of soil",
                ));
            }
        }
        if legend.numbers.is_empty() {
            return Err(Error::input(
                map.file.as_str(),
                "ne couvre aucune maille du calcul ; vérifier son emprise et son système de coordonnées",
                "covers no cell of the run grid; check its extent and reference system",
            ));
        }
        self.known.extend(legend.soils()?);
        Ok(())
    }

    fn add_raster(
        &mut self,
        view: &TerritoryView,
        path: &Path,
        legend: &mut MapLegend<'_>,
    ) -> Result<()> {
        let raster = Raster::open(path)?;
        let pixels = Pixels::new((&raster.spec, raster.crs), view.spec(), view.territory().crs())?;
        if pixels.pixels.is_empty() {
            return Ok(());
        }
        let window = raster.read(&pixels.window)?;
        let class = |pixel: &usize| {
            let value = window.values[*pixel];
            value.is_finite().then(|| value.to_string())
        };
        let classes: Vec<Option<String>> = pixels.pixels.iter().map(class).collect();
        let numbers: Vec<Option<usize>> =
            classes.iter().map(|class| class.as_ref().map(|c| legend.number(c))).collect();
        for (of_cell, position) in self.of_cell.values.iter_mut().zip(pixels.positions()) {
            *of_cell = position.and_then(|p| numbers[p]).unwrap_or(*of_cell);
        }
        Ok(())
    }

    fn add_polygons(
        &mut self,
        view: &TerritoryView,
        path: &Path,
        attribute: &str,
        legend: &mut MapLegend<'_>,
    ) -> Result<()> {
        let tables = read_vector_in(path, view.territory().crs())?;
        let with_column = || tables.iter().filter_map(|t| Some((t, t.column(attribute)?)));
        if with_column().next().is_none() {
            let columns: BTreeSet<&str> =
                tables.iter().flat_map(|t| &t.fields).map(|f| f.name.as_str()).collect();
            let known = columns.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Error::input(
                format!("{} [{attribute}]", path.display()),
                format!("colonne absente ; colonnes : {known}"),
                format!("no such column; columns: {known}"),
            ));
        }
        for (table, column) in with_column() {
            for feature in &table.features {
                let class = match &feature.values[column] {
                    Value::Text(text) => text.trim().to_owned(),
                    Value::Integer(n) => n.to_string(),
                    Value::Real(n) => n.to_string(),
                    Value::Null | Value::Bool(_) => continue,
                };
                let Some(geometry) = &feature.geometry else { continue };
                cells_within(view.spec(), geometry.polygons(), |row, column| {
                    self.of_cell[(row, column)] = legend.number(&class);
                });
            }
        }
        Ok(())
    }
}

/// Classes of a map that cells have.
struct MapLegend<'a> {
    map: &'a SoilMap,
    /// Position of its first soil among all.
    first: usize,
    numbers: BTreeMap<String, usize>,
}

impl MapLegend<'_> {
    /// The position of a class among all soils.
    fn number(&mut self, class: &str) -> usize {
        if let Some(&number) = self.numbers.get(class) {
            return number;
        }
        let number = self.first + self.numbers.len();
        self.numbers.insert(class.to_owned(), number);
        number
    }

    /// The soils of the classes, by position.
    fn soils(&self) -> Result<Vec<(String, Soil)>> {
        let mut soils: Vec<(usize, String, Soil)> = Vec::new();
        for (class, &number) in &self.numbers {
            let key = format!("soil_map.classes.{class}");
            let soil = self.map.classes.get(class).cloned().or_else(|| named(class));
            let soil = soil.ok_or_else(|| {
                let all = self.numbers.keys().cloned().collect::<Vec<_>>().join(", ");
                Error::input(
                    place(&key),
                    format!("classe de la carte sans sol ; l'ajouter (classes présentes : {all})"),
                    format!("class of the map without a soil; add it (classes present: {all})"),
                )
            })?;
            soils.push((number, key, soil));
        }
        soils.sort_by_key(|(number, ..)| *number);
        Ok(soils.into_iter().map(|(_, key, soil)| (key, soil)).collect())
    }
}

/// The soil that a class names by itself: a texture or a hydrologic group.
fn named(class: &str) -> Option<Soil> {
    let text = || -> StrDeserializer<'_, Unreadable> { class.into_deserializer() };
    let texture = Texture::deserialize(text()).ok();
    let group = crate::soil::SoilGroup::deserialize(text()).ok();
    (texture.is_some() || group.is_some()).then(|| Soil { texture, group, ..Soil::default() })
}

/// Refuses values that no soil has.
fn check(key: &str, soil: &Soil) -> Result<()> {
    if let Some(crusting) = soil.crusting {
        within(f64::from(crusting), [1.0, 5.0], &format!("{key}.crusting"))?;
    }
    if let Some(thickness) = soil.thickness_cm {
        within(thickness, [1.0, 10_000.0], &format!("{key}.thickness_cm"))?;
    }
    if let Some(crust) = &soil.crust {
        within(
            crust.conductivity_mm_per_h,
            [0.0, 1_000.0],
            &format!("{key}.crust.conductivity_mm_per_h"),
        )?;
        within(crust.thickness_mm, [0.5, 100.0], &format!("{key}.crust.thickness_mm"))?;
    }
    if let Some(subsoil) = &soil.subsoil {
        within(subsoil.depth_cm, [1.0, 1_000.0], &format!("{key}.subsoil.depth_cm"))?;
    }
    if soil.crust.is_some() && soil.subsoil.is_some() {
        return Err(Error::input(
            place(key),
            "donner crust ou subsoil, l'un des deux : le modèle a deux couches",
            "give crust or subsoil, one of them: the model has two layers",
        ));
    }
    Ok(())
}
