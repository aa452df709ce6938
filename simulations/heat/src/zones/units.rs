//! Reference spatial units, and the figures of each.
//!
//! Streets and railways on the ground divide a territory, and so do the edges of water, of large woods and of the
//! open country around buildings. The cells of streets go to the nearest unit, slivers to their neighbours. The
//! division is on the run grid, where GeoClimate's is of polygons (Bernard et al. 2024,
//! doi:10.5194/gmd-17-2077-2024).

use rayon::prelude::*;
use twin_core::results::exposure::footprint_cells;
use twin_core::spatial::{Grid, GridSpec, Polygon, Regions, cells_along, cells_within, steps_from};
use twin_core::territory::{
    Aggregation, Building, BuildingNature, BuildingUse, Facility, LandCover, Road, RoadNature,
    SurfaceProperties, TerritoryView,
};
use twin_core::{Error, Result};
use twin_sunlight::{Scene, horizon_view_of_rows};

/// Areas from which water and a wood are units of their own, m² (Bernard et al. 2024: 2 500 and 10 000).
const LEAST_WATER_M2: f64 = 2500.0;
const LEAST_WOOD_M2: f64 = 10_000.0;
/// Smaller units are slivers between carriageways, m².
const LEAST_UNIT_M2: f64 = 1000.0;
/// Distance from buildings within which land belongs to the town, m.
const TOWN_REACH_M: f64 = 50.0;
/// Height from which vegetation is trees, m.
const TREE_M: f32 = 3.0;
/// Footprint from which a hall is large, m² (this program's; Stewart & Oke 2012 give none).
const LARGE_HALL_M2: f64 = 1000.0;
/// Height of a storey where storeys are not known, m.
const STOREY_M: f64 = 3.0;
/// Height of a building of which none is known, m: one storey.
const LEAST_HEIGHT_M: f64 = 3.0;
/// Distance of the rows whose view of the sky is looked at, m.
const SKY_ROWS_M: f64 = 10.0;
/// Pieces of walls are at most this long, m.
const WALL_PIECE_M: f64 = 2.0;
/// Constant of Macdonald et al. 1998 for staggered cubes.
const STAGGERED: f64 = 4.43;
/// Albedo where no cover tells one (Oke 1987: towns 0.10 to 0.27).
const USUAL_ALBEDO: f64 = 0.18;
/// How far beyond a wall its other side is looked at, m.
const BEYOND_M: f64 = 0.25;

/// Figures of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Unit {
    /// Area, m².
    pub area_m2: f64,
    /// Mean sky view factor of the ground, crowns left out.
    pub sky_view: f64,
    /// Height over width of streets: free façades over twice the area without buildings.
    pub aspect_ratio: f64,
    /// Share of the area under buildings.
    pub building_fraction: f64,
    /// Share that is sealed, buildings left out.
    pub impervious_fraction: f64,
    /// The rest.
    pub pervious_fraction: f64,
    /// Geometric mean of the heights of buildings, by area, m.
    pub roughness_height_m: f64,
    /// Roughness length, m (Macdonald et al. 1998, doi:10.1016/S1352-2310(97)00403-2).
    pub roughness_length_m: f64,
    /// Height at which the wind over the buildings seems to be zero, m (Macdonald et al. 1998).
    pub displacement_height_m: f64,
    /// Area that buildings show to the wind, over the area of the unit.
    pub frontal_density: f64,
    /// Mean albedo of ground and roofs.
    pub albedo: f64,
    /// Share under greened roofs; it is among the vegetation, too.
    pub green_roof_fraction: f64,
    /// Share under water.
    pub water_fraction: f64,
    /// Share under trees.
    pub tree_fraction: f64,
    /// Share under bushes.
    pub shrub_fraction: f64,
    /// Share under grass, crops and other low plants.
    pub low_plant_fraction: f64,
    /// Share of bare soil.
    pub bare_soil_fraction: f64,
    /// Share whose cover is not known; it is among the low plants.
    pub unknown_fraction: f64,
    /// Share under vegetation of any height, greened roofs included.
    pub vegetation_fraction: f64,
    /// Of the built area: light structures.
    pub light_share: f64,
    /// Of the built area: large halls of trade, industry and farming.
    pub large_hall_share: f64,
    /// Of the built area: buildings of industry on the grounds of plants and power stations.
    pub heavy_industry_share: f64,
    /// Mean number of storeys, by area.
    pub storeys: f64,
}

/// The units of a territory.
pub struct Units {
    /// Their cells.
    pub regions: Regions,
    /// Their figures, by number of region.
    pub units: Vec<Unit>,
}

/// What divides land besides streets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patch {
    Water,
    Wood,
    Town,
    Open,
}

/// What a territory is on the run grid.
struct Ground {
    cover: Grid<LandCover>,
    is_known: Vec<bool>,
    is_tree: Vec<bool>,
    /// Building that stands on each cell, by position in `Features::buildings`.
    building: Vec<Option<u32>>,
    /// Height of each building, m.
    heights_m: Vec<f64>,
    /// Buildings on level ground: hills do not make a street narrow.
    scene: Scene,
}

impl Units {
    /// Units of a territory with the measures made.
    ///
    /// # Errors
    /// Bands that cannot be read.
    pub fn of(view: &TerritoryView) -> Result<Self> {
        let ground = Ground::of(view)?;
        let regions = divide(view, &ground);
        let units = figures(view, &ground, &regions)?;
        Ok(Self { regions, units })
    }

    /// A figure of each cell's unit; `NaN` beyond the units.
    pub fn spread(&self, figure: impl Fn(&Unit) -> f64) -> Grid<f32> {
        self.regions.of.map(|unit| {
            let unit = unit.and_then(|unit| self.units.get(unit as usize));
            unit.map_or(f32::NAN, |unit| figure(unit) as f32)
        })
    }

    /// Share of the area whose cover is not known.
    pub fn unknown_share(&self) -> f64 {
        let area: f64 = self.units.iter().map(|unit| unit.area_m2).sum();
        let unknown: f64 = self.units.iter().map(|unit| unit.unknown_fraction * unit.area_m2).sum();
        unknown / area.max(1.0)
    }
}

impl Ground {
    fn of(view: &TerritoryView) -> Result<Self> {
        let spec = *view.spec();
        let cover = view.land_cover()?;
        let terrain = view.terrain(Aggregation::Mean)?;
        let top = view.band("dsm", Aggregation::Mean)?;
        let canopy = view.band("canopy_height", Aggregation::Mean)?;
        let lowest = terrain.range().map_or(0.0, |r| r.0);
        let floor = terrain.map(|z| if z.is_finite() { *z } else { lowest });
        let mut surface = Grid::filled(spec, 0.0f32);
        let mut building = vec![None; spec.len()];
        let mut heights_m = Vec::with_capacity(view.features().buildings.len());
        for (index, of) in view.features().buildings.iter().enumerate() {
            let cells: Vec<usize> = match of.is_standing() {
                true => {
                    footprint_cells(&spec, of).into_iter().map(|(r, c)| spec.index(r, c)).collect()
                }
                false => Vec::new(),
            };
            let seen = cells.iter().map(|cell| top.values[*cell] - floor.values[*cell]);
            let (sum, count) = seen
                .filter(|height| *height > 0.0)
                .fold((0.0, 0.0), |(sum, n), height| (sum + f64::from(height), n + 1.0));
            let stated = of.height_m.filter(|h| *h > 0.0);
            let height = if count > 0.0 { Some(sum / count) } else { stated };
            let height = height.unwrap_or(LEAST_HEIGHT_M);
            for cell in cells {
                building[cell] = Some(index as u32);
                surface.values[cell] = height as f32;
            }
            heights_m.push(height);
        }
        let is_tree = cover
            .values
            .iter()
            .zip(&canopy.values)
            .map(|(cover, height)| match height.is_finite() {
                true => *height >= TREE_M,
                false => cover.is_forest() || *cover == LandCover::Hedge,
            })
            .collect();
        let scene = Scene::new(surface).map_err(|error| {
            Error::simulation(
                super::ID,
                format!("hauteurs inutilisables : {error}"),
                format!("unusable heights: {error}"),
            )
        })?;
        let is_known = terrain.values.iter().map(|z| z.is_finite()).collect();
        Ok(Self { cover, is_known, is_tree, building, heights_m, scene })
    }
}

/// Divides the known land into units.
fn divide(view: &TerritoryView, ground: &Ground) -> Regions {
    let spec = *view.spec();
    let cells = |area_m2: f64| (area_m2 / spec.cell_area()).ceil() as usize;
    let large = |of: &dyn Fn(usize) -> bool, least_m2: f64| {
        let mut regions = Regions::of(spec, |cell| of(cell).then_some(()));
        regions.without_small(cells(least_m2));
        regions.of.map(Option::is_some)
    };
    let water = large(&|cell| ground.cover.values[cell] == LandCover::Water, LEAST_WATER_M2);
    let is_wood = |cell: usize| ground.is_tree[cell] && ground.building[cell].is_none();
    let wood = large(&is_wood, LEAST_WOOD_M2);
    let reach = (TOWN_REACH_M / spec.cell_size).round() as u32;
    let town = steps_from(spec, |cell| ground.building[cell].is_some(), reach);
    let mut is_border = vec![false; spec.len()];
    let roads = view.features().roads.iter().filter(|road| divides(road)).map(|r| &r.geometry);
    let rails = view.features().rails.iter().map(|r| &r.geometry);
    for line in roads.chain(rails).flat_map(|geometry| geometry.lines()) {
        for (row, column) in cells_along(&spec, line) {
            is_border[spec.index(row, column)] = true;
        }
    }
    let patch = |cell: usize| {
        let patch = if water.values[cell] {
            Patch::Water
        } else if wood.values[cell] {
            Patch::Wood
        } else if town.values[cell].is_some() {
            Patch::Town
        } else {
            Patch::Open
        };
        (ground.is_known[cell] && !is_border[cell]).then_some(patch)
    };
    let mut regions = Regions::of(spec, patch);
    regions.without_small(cells(LEAST_UNIT_M2));
    regions.grow(|cell| ground.is_known[cell]);
    regions
}

/// Whether a road divides land: one of cars on the ground.
fn divides(road: &Road) -> bool {
    let nature = !matches!(
        road.nature,
        Some(RoadNature::Track | RoadNature::Path | RoadNature::Stairs | RoadNature::Ferry)
    );
    nature && !road.is_bridge() && !road.is_tunnel() && road.is_fictitious != Some(true)
}

/// Sums over the cells of a unit.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    cells: f64,
    ground_cells: f64,
    sky: f64,
    sky_cells: f64,
    built: f64,
    sealed: f64,
    water: f64,
    tree: f64,
    shrub: f64,
    low: f64,
    bare: f64,
    unknown: f64,
    green: f64,
    log_height: f64,
    storeys: f64,
    albedo: f64,
    albedo_cells: f64,
    green_roof: f64,
    light: f64,
    hall: f64,
    heavy: f64,
    wall_m2: f64,
}

fn figures(view: &TerritoryView, ground: &Ground, regions: &Regions) -> Result<Vec<Unit>> {
    let spec = *view.spec();
    // Rows some metres apart are enough for a mean.
    let step = ((SKY_ROWS_M / spec.cell_size).floor() as usize).max(1);
    let sky = horizon_view_of_rows(&ground.scene, step).planar;
    let buildings = &view.features().buildings;
    let plants: Vec<&Facility> =
        view.features().facilities.iter().filter(|f| is_heavy(f)).collect();
    let uses: Vec<Use> = buildings.iter().map(|of| Use::of(of, &plants)).collect();
    let albedo = view.surface_property("albedo")?;
    let grass = SurfaceProperties::built_in()?.property("albedo")?.get(LandCover::Grass);
    let mut is_green_roof = vec![false; spec.len()];
    for roof in view.green_roofs() {
        cells_within(&spec, &roof.area, |row, column| {
            is_green_roof[spec.index(row, column)] = true
        });
    }
    let mut sums = vec![Sums::default(); regions.len()];
    for (cell, region) in regions.of.values.iter().enumerate() {
        let Some(sum) = region.and_then(|region| sums.get_mut(region as usize)) else { continue };
        sum.cells += 1.0;
        let is_greened = is_green_roof[cell] && ground.building[cell].is_some();
        let reflected = if is_greened { grass } else { Some(f64::from(albedo.values[cell])) };
        if let Some(reflected) = reflected.filter(|albedo| albedo.is_finite()) {
            sum.albedo += reflected;
            sum.albedo_cells += 1.0;
        }
        let is_tree = ground.is_tree[cell];
        if let Some(index) = ground.building[cell] {
            let (of, use_of) = (&buildings[index as usize], uses[index as usize]);
            let height = ground.heights_m[index as usize].max(1.0);
            sum.built += 1.0;
            sum.green_roof += f64::from(u8::from(is_greened));
            sum.log_height += height.ln();
            sum.storeys += of.storeys.map_or(height / STOREY_M, f64::from);
            sum.light += f64::from(u8::from(use_of == Use::Light));
            sum.hall += f64::from(u8::from(use_of == Use::LargeHall));
            sum.heavy += f64::from(u8::from(use_of == Use::Heavy));
            continue;
        }
        sum.ground_cells += 1.0;
        if sky.values[cell].is_finite() {
            sum.sky += f64::from(sky.values[cell]);
            sum.sky_cells += 1.0;
        }
        sum.tree += f64::from(u8::from(is_tree));
        let (of, is_green) = match ground.cover.values[cell] {
            LandCover::Water => (&mut sum.water, false),
            LandCover::Sealed | LandCover::Mineral | LandCover::Built => (&mut sum.sealed, false),
            LandCover::BareSoil | LandCover::SnowIce => (&mut sum.bare, false),
            LandCover::Shrub | LandCover::Hedge => (&mut sum.shrub, true),
            LandCover::Unknown => (&mut sum.low, false),
            _ => (&mut sum.low, true),
        };
        *of += 1.0;
        sum.unknown += f64::from(u8::from(ground.cover.values[cell] == LandCover::Unknown));
        sum.green += f64::from(u8::from(is_green || is_tree));
    }
    for (region, area) in walls(view, ground, regions) {
        sums[region as usize].wall_m2 += area;
    }
    Ok(sums.iter().map(|sum| unit(sum, &spec)).collect())
}

fn unit(sum: &Sums, spec: &GridSpec) -> Unit {
    let area_m2 = sum.cells * spec.cell_area();
    let share = |cells: f64| cells / sum.cells.max(1.0);
    let of_built = |cells: f64| if sum.built > 0.0 { cells / sum.built } else { 0.0 };
    let open_m2 = sum.ground_cells * spec.cell_area();
    let roughness_height_m = if sum.built > 0.0 { of_built(sum.log_height).exp() } else { 0.0 };
    // A convex outline seen from all directions alike shows its perimeter over π.
    let frontal = sum.wall_m2 / std::f64::consts::PI / area_m2.max(1.0);
    Unit {
        area_m2,
        sky_view: if sum.sky_cells > 0.0 { sum.sky / sum.sky_cells } else { 1.0 },
        aspect_ratio: if open_m2 > 0.0 { 0.5 * sum.wall_m2 / open_m2 } else { f64::INFINITY },
        building_fraction: share(sum.built),
        impervious_fraction: share(sum.sealed),
        pervious_fraction: share(sum.ground_cells - sum.sealed),
        roughness_height_m,
        roughness_length_m: roughness_height_m * roughness(share(sum.built), frontal),
        displacement_height_m: roughness_height_m * displacement(share(sum.built)),
        frontal_density: frontal,
        albedo: if sum.albedo_cells > 0.0 { sum.albedo / sum.albedo_cells } else { USUAL_ALBEDO },
        green_roof_fraction: share(sum.green_roof),
        water_fraction: share(sum.water),
        tree_fraction: share(sum.tree),
        shrub_fraction: share(sum.shrub),
        low_plant_fraction: share(sum.low),
        bare_soil_fraction: share(sum.bare),
        unknown_fraction: share(sum.unknown),
        vegetation_fraction: share(sum.green + sum.green_roof),
        light_share: of_built(sum.light),
        large_hall_share: of_built(sum.hall),
        heavy_industry_share: of_built(sum.heavy),
        storeys: of_built(sum.storeys),
    }
}

/// Displacement height over the height of buildings that cover a share of the ground.
fn displacement(covered: f64) -> f64 {
    1.0 + STAGGERED.powf(-covered) * (covered - 1.0)
}

/// Roughness length over the height of buildings that cover a share of the ground and show a frontal area per area to
/// the wind (Macdonald et al. 1998: drag 1.2, κ = 0.4).
fn roughness(covered: f64, frontal: f64) -> f64 {
    let free = 1.0 - displacement(covered);
    let drag = 0.5 * 1.2 / (0.4 * 0.4) * free * frontal;
    if drag > 0.0 { free * (-drag.powf(-0.5)).exp() } else { 0.0 }
}

/// What a building is used for, where that tells the class of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Light,
    LargeHall,
    Heavy,
    Other,
}

impl Use {
    fn of(building: &Building, plants: &[&Facility]) -> Self {
        if building.is_light == Some(true) {
            return Self::Light;
        }
        let is_industrial = building.use_1 == Some(BuildingUse::Industrial);
        let middle = building.geometry.extent().map(|e| e.centre());
        let within = |facility: &&Facility| {
            let polygons = facility.geometry.polygons();
            middle.is_some_and(|(x, y)| polygons.iter().any(|p| p.contains(x, y)))
        };
        if is_industrial && plants.iter().any(within) {
            return Self::Heavy;
        }
        let is_hall = building.nature == Some(BuildingNature::IndustrialFarmingTrade)
            || building.nature == Some(BuildingNature::Greenhouse)
            || matches!(
                building.use_1,
                Some(BuildingUse::Services | BuildingUse::Industrial | BuildingUse::Farming)
            );
        let is_large = building.footprint_area_m2() >= LARGE_HALL_M2;
        if is_hall && is_large { Self::LargeHall } else { Self::Other }
    }
}

/// Grounds of heavy industry.
fn is_heavy(facility: &Facility) -> bool {
    matches!(facility.nature.as_deref(), Some("Usine" | "Centrale électrique" | "Mine"))
}

/// Area of the free walls of buildings, by the unit before them, m².
fn walls(view: &TerritoryView, ground: &Ground, regions: &Regions) -> Vec<(u32, f64)> {
    let buildings = &view.features().buildings;
    let placed: Vec<Placed> = buildings
        .iter()
        .enumerate()
        .filter(|(_, of)| of.is_standing())
        .filter_map(|(index, of)| {
            let e = of.geometry.extent()?;
            let corners = rstar::AABB::from_corners([e.min_x, e.min_y], [e.max_x, e.max_y]);
            Some(Placed::new(corners.into(), index))
        })
        .collect();
    let tree = rstar::RTree::bulk_load(placed);
    // What stands beyond a wall takes its height from it.
    let beside = |own: usize, x: f64, y: f64| {
        tree.locate_all_at_point(&[x, y])
            .map(|near| near.data)
            .filter(|near| *near != own)
            .filter(|near| buildings[*near].footprint().iter().any(|p| p.contains(x, y)))
            .map(|near| ground.heights_m[near])
            .fold(0.0, f64::max)
    };
    buildings
        .par_iter()
        .enumerate()
        .filter(|(_, of)| of.is_standing())
        .map(|(own, of)| {
            let mut free = Vec::new();
            for polygon in of.footprint() {
                for (x, y, length) in pieces(polygon) {
                    let height = ground.heights_m[own] - beside(own, x, y);
                    let unit = regions.of.at(x, y).copied().flatten();
                    if let Some(unit) = unit.filter(|_| height > 0.0) {
                        free.push((unit, height * length));
                    }
                }
            }
            free
        })
        .flatten_iter()
        .collect()
}

type Placed = rstar::primitives::GeomWithData<rstar::primitives::Rectangle<[f64; 2]>, usize>;

/// Places just outside the pieces of a polygon's rings, with their lengths.
fn pieces(polygon: &Polygon) -> Vec<(f64, f64, f64)> {
    let mut all = Vec::new();
    for (k, ring) in polygon.rings().enumerate() {
        let doubled: f64 = ring.windows(2).map(|p| p[0][0] * p[1][1] - p[1][0] * p[0][1]).sum();
        // Outside is to the right of an outer ring against the clock, and to the left of such a hole.
        let side = if (doubled > 0.0) == (k == 0) { 1.0 } else { -1.0 };
        for pair in ring.windows(2) {
            let (dx, dy) = (pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]);
            let length = dx.hypot(dy);
            if length == 0.0 {
                continue;
            }
            let count = (length / WALL_PIECE_M).ceil();
            let (out_x, out_y) = (side * dy / length * BEYOND_M, -side * dx / length * BEYOND_M);
            for at in 0..count as usize {
                let share = (at as f64 + 0.5) / count;
                let (x, y) = (pair[0][0] + share * dx, pair[0][1] + share * dy);
                all.push((x + out_x, y + out_y, length / count));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roughness_is_highest_at_a_middle_density() {
        // Macdonald et al. 1998, figure 5: cubes (frontal area as the covered one), about 0.12 to 0.14 of the height
        // at a fifth of the ground.
        let of = |density: f64| roughness(density, density);
        assert!((0.11..0.15).contains(&of(0.2)), "{}", of(0.2));
        assert!(of(0.05) < of(0.2) && of(0.6) < of(0.2) && of(0.0) == 0.0);
    }

    #[test]
    fn pieces_stand_outside_whichever_way_a_ring_turns() {
        let square = |turned: bool| {
            let mut corners = vec![(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];
            if turned {
                corners.reverse();
            }
            Polygon::from_corners(&corners)
        };
        for turned in [false, true] {
            let polygon = square(turned);
            let pieces = pieces(&polygon);
            assert!((pieces.iter().map(|p| p.2).sum::<f64>() - 40.0).abs() < 1e-9);
            assert!(pieces.iter().all(|(x, y, _)| !polygon.contains(*x, *y)));
        }
    }
}
