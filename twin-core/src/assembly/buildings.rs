//! Buildings as blocks (LoD1.2): a height for every footprint.
//!
//! | | first choice | else | else | else |
//! |---|---|---|---|---|
//! | roof | 70th percentile of the roof points (classes 6, 67) within the footprint | BD TOPO `hauteur` over the ground | 3 m a storey | one storey, *assumed* |
//! | ground | lowest tenth of the terrain along the outline | BD TOPO `altitude_minimale_sol` | gutter altitude minus `hauteur` | not known: 0, *unknown* |
//!
//! The 70th percentile is the reference height of the 3DBAG's LoD1.2 (Peters et al. 2022,
//! doi:10.14358/PERS.21-00032R2): robust against chimneys and against points of the eaves. No
//! footprint is dropped; each height says where it comes from.

use serde::{Deserialize, Serialize};

use super::{LatticeBox, PointBins};
use crate::products::lidar_hd;
use crate::spatial::{Grid, Polygon, cells_along, cells_within};
use crate::territory::{Building, BuildingCounts, quantile};

/// Height of a storey where only their number is known, metres.
pub const STOREY_M: f64 = 3.0;
/// Fewest roof points that make a height.
const FEWEST_ROOF_POINTS: usize = 3;
/// A roof lower than this above the ground is not a roof: the building is gone, or its points are
/// classified otherwise.
const LOWEST_ROOF_M: f64 = 1.5;
/// Share of the roof points below the reference height.
const ROOF_SHARE: f64 = 0.7;

/// Where the height of a building comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeightSource {
    /// Roof points of the cloud.
    Lidar,
    /// Height attribute of BD TOPO.
    BdTopoHeight,
    /// Number of storeys.
    Storeys,
    /// One storey, for want of anything better.
    Assumed,
}

/// Where the ground level of a building comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroundSource {
    /// Terrain along the outline.
    Terrain,
    /// Ground altitude attribute of BD TOPO.
    BdTopoGround,
    /// Altitude of the gutter minus the height, both of BD TOPO.
    BdTopoRoof,
    /// Nothing is known; the level is 0.
    Unknown,
}

/// Roof points of a building.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RoofHeights {
    /// Points within the footprint.
    pub points: usize,
    /// Their 70th percentile, metres.
    pub reference_m: f64,
    /// Their median, metres.
    pub median_m: f64,
    /// Their 95th percentile: the ridge, metres.
    pub ridge_m: f64,
}

/// Terrain along the outline of a building.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlineGround {
    /// Lowest tenth, metres.
    pub low_m: f64,
    /// Median, metres.
    pub median_m: f64,
}

/// A building as a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildingLod1 {
    /// Identifier of the building.
    pub id: String,
    /// Foot, metres.
    pub ground_m: f64,
    /// Flat roof, metres.
    pub roof_m: f64,
    /// Roof minus ground, metres.
    pub height_m: f64,
    /// Where the height comes from.
    pub height_source: HeightSource,
    /// Where the ground comes from.
    pub ground_source: GroundSource,
    /// Roof points within the footprint.
    pub roof_points: usize,
    /// Median of the roof points, metres, where there are any.
    pub roof_median_m: Option<f64>,
    /// Ridge (95th percentile of the roof points), metres, where there are any.
    pub ridge_m: Option<f64>,
    /// Area of the footprint, m².
    pub footprint_m2: f64,
    /// East and north by which the footprint was moved onto the roof points, m.
    pub shift_m: [f64; 2],
    /// Volume between the surface (MNS) within the footprint and the ground, m³, where known.
    pub surface_m3: Option<f64>,
}

/// Heights of the roof points within a footprint; `None` when there are too few.
pub fn roof_heights(footprint: &[Polygon], points: &PointBins) -> Option<RoofHeights> {
    let mut heights = Vec::new();
    for polygon in footprint {
        let extent =
            crate::spatial::Extent::of_points(polygon.exterior.iter().map(|p| (p[0], p[1])))?;
        for point in points.within(&LatticeBox::of_extent(&extent)) {
            let [x, y, z] = point.to_metres();
            if lidar_hd::is_built(point.class) && polygon.contains(x, y) {
                heights.push(z);
            }
        }
    }
    (heights.len() >= FEWEST_ROOF_POINTS).then_some(())?;
    Some(RoofHeights {
        points: heights.len(),
        reference_m: quantile(&heights, ROOF_SHARE)?,
        median_m: quantile(&heights, 0.5)?,
        ridge_m: quantile(&heights, 0.95)?,
    })
}

/// Terrain in the cells that the rings of a footprint pass through; `None` where all are void.
pub fn outline_ground(footprint: &[Polygon], terrain: &Grid<f32>) -> Option<OutlineGround> {
    let mut cells: Vec<(usize, usize)> = footprint
        .iter()
        .flat_map(Polygon::rings)
        .flat_map(|ring| cells_along(&terrain.spec, ring))
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let heights: Vec<f64> = cells
        .into_iter()
        .filter_map(|(row, column)| terrain.get(row, column))
        .filter(|v| v.is_finite())
        .map(|v| f64::from(*v))
        .collect();
    Some(OutlineGround { low_m: quantile(&heights, 0.1)?, median_m: quantile(&heights, 0.5)? })
}

/// The block of a building from what is known of its roof and ground.
pub fn building_lod1(
    building: &Building,
    roof: Option<RoofHeights>,
    ground: Option<OutlineGround>,
) -> BuildingLod1 {
    let stated_height = building.height_m.filter(|h| *h > 0.0);
    let gutter = building.roof_min_m.or_else(|| building.gutter_altitude_m());
    let (ground_m, ground_source) = if let Some(ground) = ground {
        (ground.low_m, GroundSource::Terrain)
    } else if let Some(ground) = building.ground_min_m {
        (ground, GroundSource::BdTopoGround)
    } else if let (Some(gutter), Some(height)) = (gutter, stated_height) {
        (gutter - height, GroundSource::BdTopoRoof)
    } else {
        (0.0, GroundSource::Unknown)
    };
    let measured = roof
        .map(|r| r.reference_m - ground_m)
        .filter(|h| *h >= LOWEST_ROOF_M && ground_source != GroundSource::Unknown);
    let (height_m, height_source) = if let Some(height) = measured {
        (height, HeightSource::Lidar)
    } else if let Some(height) = stated_height {
        (height, HeightSource::BdTopoHeight)
    } else if let Some(storeys) = building.storeys.filter(|n| *n > 0) {
        (STOREY_M * f64::from(storeys.min(200)), HeightSource::Storeys)
    } else {
        (STOREY_M, HeightSource::Assumed)
    };
    BuildingLod1 {
        id: building.id.clone(),
        ground_m,
        roof_m: ground_m + height_m,
        height_m,
        height_source,
        ground_source,
        roof_points: roof.map_or(0, |r| r.points),
        roof_median_m: roof.map(|r| r.median_m),
        ridge_m: roof.map(|r| r.ridge_m),
        footprint_m2: building.footprint_area_m2(),
        shift_m: [0.0; 2],
        surface_m3: None,
    }
}

/// Volume between a surface within a footprint and a level, m³; `None` where it is void.
pub(super) fn volume_above(
    footprint: &[Polygon],
    surface: &Grid<f32>,
    level_m: f64,
) -> Option<f64> {
    let (mut sum, mut cells) = (0.0, 0usize);
    cells_within(&surface.spec, footprint, |row, column| {
        let height = surface[(row, column)];
        if height.is_finite() {
            (sum, cells) = (sum + f64::from(height) - level_m, cells + 1);
        }
    });
    let geometry = crate::spatial::Geometry::Polygons(footprint.to_vec());
    let area = geo::Area::unsigned_area(&geometry.to_multi_polygon());
    (cells > 0).then(|| sum / cells as f64 * area)
}

/// Counts the blocks by the source of their height.
pub fn count_by_source(blocks: &[BuildingLod1]) -> BuildingCounts {
    let count = |s: HeightSource| blocks.iter().filter(|b| b.height_source == s).count();
    BuildingCounts {
        lidar: count(HeightSource::Lidar),
        bd_topo_height: count(HeightSource::BdTopoHeight),
        storeys: count(HeightSource::Storeys),
        assumed: count(HeightSource::Assumed),
        ..BuildingCounts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SurfacePoint;
    use super::*;
    use crate::spatial::{Geometry, GridSpec};
    use crate::territory::Layer as _;

    fn footprint() -> Polygon {
        let mut polygon =
            Polygon::from_corners(&[(10.0, 10.0), (30.0, 10.0), (30.0, 25.0), (10.0, 25.0)]);
        polygon.interiors = vec![
            Polygon::from_corners(&[(15.0, 15.0), (20.0, 15.0), (20.0, 20.0), (15.0, 20.0)])
                .exterior,
        ];
        polygon
    }

    fn building() -> Building {
        Building::bare("b", Geometry::Polygons(vec![footprint()]))
    }

    #[test]
    fn roof_points_over_terrain_give_the_height() {
        let points = (0..40 * 40)
            .map(|i| {
                let (x, y) = (f64::from(i % 40) + 0.5, f64::from(i / 40) + 0.5);
                let inside = footprint().contains(x, y);
                let z = if inside { 58.0 } else { 50.0 };
                let code = if inside { lidar_hd::BUILDING } else { lidar_hd::GROUND };
                SurfacePoint::from_metres([x, y, z], code).unwrap()
            })
            .collect();
        let bins = PointBins::new(points).unwrap();
        let spec = GridSpec { west: 0.0, north: 40.0, cell_size: 1.0, columns: 40, rows: 40 };
        let terrain = Grid::filled(spec, 50.0f32);
        let roof = roof_heights(&[footprint()], &bins);
        assert_eq!(roof.unwrap().points, 20 * 15 - 25);
        let block = building_lod1(&building(), roof, outline_ground(&[footprint()], &terrain));
        assert_eq!((block.ground_m, block.height_m), (50.0, 8.0));
        assert_eq!(block.height_source, HeightSource::Lidar);
    }

    #[test]
    fn every_footprint_has_a_height_with_its_reason() {
        let mut b = building();
        assert_eq!(building_lod1(&b, None, None).height_source, HeightSource::Assumed);
        b.storeys = Some(4);
        assert_eq!(building_lod1(&b, None, None).height_m, 12.0);
        b.height_m = Some(9.5);
        b.ground_min_m = Some(100.0);
        let block = building_lod1(&b, None, None);
        assert_eq!((block.roof_m, block.height_source), (109.5, HeightSource::BdTopoHeight));
        assert_eq!(block.ground_source, GroundSource::BdTopoGround);
        // A roof at ground level is a building that is gone.
        let flat = RoofHeights { points: 50, reference_m: 100.3, median_m: 100.2, ridge_m: 100.4 };
        assert_eq!(building_lod1(&b, Some(flat), None).height_source, HeightSource::BdTopoHeight);
    }
}
