//! Buildings as raising sees them.

use std::collections::BTreeMap;

use geo::{Area, MultiPolygon};
use twin_core::spatial::Grid;
use twin_core::territory::{Building, BuildingModel, BuildingNature, BuildingUse, Features};

use crate::parameters::{MeasuredFrom, Parameters};

/// Height of a storey of dwellings, and of other uses, by which storeys are estimated, m.
const DWELLING_STOREY_M: f64 = 2.9;
const OTHER_STOREY_M: f64 = 3.5;
/// A roof whose ridge is less above its eaves is flat, m.
const FLAT_M: f64 = 0.8;

/// Why a building is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Planned, gone or light.
    NotStanding,
    /// A church, a silo, a monument: no storeys.
    Kind,
    /// Smaller than an added storey.
    Small,
    /// No source tells its height.
    NoHeight,
}

/// Where heights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeightSource {
    /// Points of LiDAR.
    Lidar,
    /// Attributes of BD TOPO.
    BdTopo,
    /// Storeys, or an assumption.
    Estimated,
}

/// A building that may be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Identifier.
    pub id: String,
    /// Footprint.
    pub footprint: MultiPolygon<f64>,
    /// Altitude from which heights are measured.
    pub ground_m: f64,
    /// Altitude of the eaves.
    pub eaves_m: f64,
    /// Altitude of the ridge.
    pub ridge_m: f64,
    /// Storeys, and whether a source states them.
    pub storeys: (u32, bool),
    /// Where heights come from.
    pub source: HeightSource,
    /// Main use.
    pub usage: Option<BuildingUse>,
    /// Dwellings.
    pub dwellings: Option<u32>,
    /// Year of construction.
    pub year: Option<i32>,
    /// Material of the walls, code of the *fichiers fonciers*.
    pub walls: Option<String>,
}

impl Subject {
    /// Whether its roof is flat.
    pub fn is_flat(&self) -> bool {
        self.ridge_m - self.eaves_m < FLAT_M
    }

    /// Altitude from which storeys are added: over a slab on a flat roof; a pitched one is taken down
    /// to its eaves.
    pub fn from_m(&self, slab_m: f64) -> f64 {
        if self.is_flat() { self.ridge_m + slab_m } else { self.eaves_m }
    }

    /// Area of the footprint, m².
    pub fn area_m2(&self) -> f64 {
        self.footprint.unsigned_area()
    }
}

/// The buildings of a territory, and how many are left out why.
pub(crate) fn subjects(
    features: &Features,
    terrain: Option<&Grid<f32>>,
    parameters: &Parameters,
) -> (Vec<Subject>, Vec<(LeftOut, [f64; 2])>) {
    let models: BTreeMap<&str, &BuildingModel> =
        features.building_models.iter().map(|m| (m.id.as_str(), m)).collect();
    let mut roofs: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for plane in &features.roof_planes {
        let Some(id) = plane.building_id.as_deref() else { continue };
        for z in plane.geometry.positions().map(|p| p[2]).filter(|z| z.is_finite()) {
            let range = roofs.entry(id).or_insert([z, z]);
            *range = [range[0].min(z), range[1].max(z)];
        }
    }
    let mut left_out = Vec::new();
    let mut subjects = Vec::new();
    for building in &features.buildings {
        let model = models.get(building.id.as_str()).copied();
        let roof = roofs.get(building.id.as_str()).copied();
        match subject(building, model, roof, terrain, parameters) {
            Ok(subject) => subjects.push(subject),
            Err(why) => left_out
                .extend(building.geometry.extent().map(|e| (why, <[f64; 2]>::from(e.centre())))),
        }
    }
    (subjects, left_out)
}

fn subject(
    building: &Building,
    model: Option<&BuildingModel>,
    roof: Option<[f64; 2]>,
    terrain: Option<&Grid<f32>>,
    parameters: &Parameters,
) -> Result<Subject, LeftOut> {
    if !building.is_standing() || building.is_light == Some(true) {
        return Err(LeftOut::NotStanding);
    }
    let has_storeys = matches!(
        building.nature,
        None | Some(BuildingNature::Undifferentiated | BuildingNature::IndustrialFarmingTrade)
    );
    if !has_storeys {
        return Err(LeftOut::Kind);
    }
    let footprint = building.geometry.to_multi_polygon();
    let storey = parameters.storey;
    if footprint.unsigned_area() < storey.least_area_m2 {
        return Err(LeftOut::Small);
    }
    let [low, high] = ground(building, model, terrain).ok_or(LeftOut::NoHeight)?;
    let ground_m = match parameters.measured_from {
        MeasuredFrom::LowestGround => low,
        MeasuredFrom::MeanGround => 0.5 * (low + high),
    };
    let modelled = model.filter(|m| m.height_source.as_deref() == Some("lidar"));
    let stated = building.height_m.map(|h| low + h);
    let gutter = building.roof_min_m.or(stated);
    let (range, source) = if let Some(range) = roof {
        (Some(range), HeightSource::Lidar)
    } else if let Some(top) = modelled.and_then(|m| m.roof_m) {
        // A block of LiDAR has one height; the gutter below it is that of BD TOPO.
        (Some([gutter.unwrap_or(top).min(top), top]), HeightSource::Lidar)
    } else if let Some(eaves) = gutter {
        let ridge = building.roof_max_m.unwrap_or(eaves).max(eaves);
        (Some([eaves, ridge]), HeightSource::BdTopo)
    } else {
        let by_storeys = building.storeys.map(|n| f64::from(n) * DWELLING_STOREY_M + 0.5);
        (by_storeys.map(|h| [low + h, low + h]), HeightSource::Estimated)
    };
    let [eaves_m, ridge_m] = range.ok_or(LeftOut::NoHeight)?;
    if eaves_m - low < 1.5 {
        return Err(LeftOut::NoHeight);
    }
    let is_dwelling = building.use_1 == Some(BuildingUse::Residential);
    let storey_m = if is_dwelling { DWELLING_STOREY_M } else { OTHER_STOREY_M };
    let estimated = ((eaves_m - low - 0.5) / storey_m).round().max(1.0) as u32;
    let storeys = building.storeys.filter(|n| *n > 0).map_or((estimated, false), |n| (n, true));
    Ok(Subject {
        id: building.id.clone(),
        footprint,
        ground_m,
        eaves_m,
        ridge_m,
        storeys,
        source,
        usage: building.use_1.clone(),
        dwellings: building.dwellings,
        year: building.built.as_deref().and_then(|date| date.get(..4)?.parse().ok()),
        walls: building.wall_material.clone(),
    })
}

/// Lowest and highest ground at the foot of a building.
fn ground(
    building: &Building,
    model: Option<&BuildingModel>,
    terrain: Option<&Grid<f32>>,
) -> Option<[f64; 2]> {
    let corners = building.geometry.positions();
    let heights = corners.filter_map(|p| terrain?.bilinear(p[0], p[1])).filter(|z| z.is_finite());
    let of_terrain = heights.map(f64::from).fold(None, |range: Option<[f64; 2]>, z| {
        Some(range.map_or([z, z], |[low, high]| [low.min(z), high.max(z)]))
    });
    let stated = building.ground_min_m.map(|z| [z, building.ground_max_m.unwrap_or(z)]);
    of_terrain.or(stated).or_else(|| model?.ground_m.map(|z| [z, z]))
}
