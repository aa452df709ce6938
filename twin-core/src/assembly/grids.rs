//! Points and features → the grids of a territory, block by block into `grids.h5`.
//!
//! | band | content |
//! |---|---|
//! | `dtm` | terrain, metres |
//! | `dsm` | surface, metres |
//! | `canopy_height` | height of the vegetation, metres |
//! | `quality` | what the terrain of a cell rests on, [`CellQuality`] |
//! | `land_cover` | [`LandCover`] |
//! | `cover_source` | where the cover comes from, [`CoverSource`] |
//!
//! A block of about a kilometre is read with the points that can matter for it, computed on all
//! threads and written; memory does not grow with the territory. The result does not depend on the
//! size of tiles nor on threads ([`tin`](super::interpolate)). Without points the terrain comes from
//! the heights of the features and is unfit for hazard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::point_store::{PointStore, Selection, split_check_points};
use super::tin::{TinSource, interpolate_window};
use super::under_buildings::{covered_cells, fill_under_buildings};
use super::{
    BuildingLod1, CellAnchor, CellQuality, CoverSource, GroundFilter, LatticeBox, PointBins,
    QualityCounts, QualityReport, RoofHeights, SMALLEST_BUILDING_M2, SelectionRule, TerrainErrors,
    TerrainSource, Tin, TinOptions, VECTOR_VOID_EDGE_M, Window, building_lod1, canopy_height,
    count_by_source, derived_buildings, errors_at, influence_m, interpolate, is_built, land_cover,
    millimetres, outline_ground, roof_heights, select_terrain, terrain_points,
};
use crate::formats::cf::{BandMeta, CHUNK, GridFile, GridFileWriter};
use crate::language::Text;
use crate::spatial::{Crs, Extent, Grid, GridSpec, cells_within};
use crate::territory::{Building, Features, LandCover};
use crate::{Error, Result};

/// What the assembly is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading vector sources.
    Sources,
    /// Reading points and making grids.
    Grids,
    /// Giving buildings their heights.
    Buildings,
    /// Writing the territory.
    Store,
}

impl Stage {
    /// What a progress bar says.
    pub fn title(self) -> Text {
        match self {
            Self::Sources => Text::new("lecture des vecteurs", "reading vectors"),
            Self::Grids => Text::new("terrain et surface", "terrain and surface"),
            Self::Buildings => Text::new("bâtiments", "buildings"),
            Self::Store => Text::new("écriture du territoire", "writing the territory"),
        }
    }
}

/// Settings of the grids.
#[derive(Debug, Clone)]
pub struct GridOptions {
    /// Reference system of all sources, which must agree.
    pub crs: Crs,
    /// Extent; default: that of the points, else of the features.
    pub extent: Option<Extent>,
    /// Side of a cell, metres.
    pub resolution_m: f64,
    /// Which points make the models.
    pub selection: SelectionRule,
    /// Interpolation; `measured_edge_m` is at least two cells.
    pub tin: TinOptions,
    /// Ground filter of unclassified clouds.
    pub ground_filter: GroundFilter,
}

impl Default for GridOptions {
    fn default() -> Self {
        Self {
            crs: Crs::LAMBERT_93,
            extent: None,
            resolution_m: 1.0,
            selection: SelectionRule::default(),
            tin: TinOptions::default(),
            ground_filter: GroundFilter::default(),
        }
    }
}

/// What came out beside the grids.
#[derive(Debug, Clone)]
pub struct AssembledGrids {
    /// Cells of the grids.
    pub spec: GridSpec,
    /// Figures of quality.
    pub quality: QualityReport,
    /// Buildings traced from the points, where the features hold none.
    pub derived_buildings: Vec<Building>,
    /// A block for every building of the features, else for every derived one, in their order.
    pub buildings: Vec<BuildingLod1>,
}

/// Most cells of a territory's grid: 60 × 60 km at 0.5 m.
const MOST_CELLS: f64 = 1.5e10;
/// Side of a block, metres.
const BLOCK_M: f64 = 1000.0;
/// Side of the part of each block where the terrain is checked with held-out points, metres.
const CHECK_AREA_M: f64 = 400.0;
/// Terrain read around the buildings of a block, metres; larger buildings see part of theirs.
const BUILDING_MARGIN_M: f64 = 200.0;

/// Makes the grids of a territory and writes them to `path`. `progress` is told the stage and the
/// share done, from 0 to 1.
///
/// # Errors
/// When a source cannot be read, nothing gives an extent or heights, or the file cannot be written.
pub fn assemble_grids(
    points: &[PathBuf],
    features: &Features,
    path: &Path,
    options: &GridOptions,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<AssembledGrids> {
    if !(options.resolution_m >= 0.05 && options.resolution_m <= 1000.0) {
        return Err(Error::input(
            "resolution_m",
            "la résolution doit être comprise entre 0,05 et 1000 m",
            "the resolution must lie between 0.05 and 1000 m",
        ));
    }
    let selection = Selection {
        rule: options.selection,
        filter: options.ground_filter,
        check_areas: Vec::new(),
    };
    let mut source = match PointStore::open(points, selection)? {
        Some(store) => Source::Points(store),
        None => Source::Vectors(vector_terrain(features)?),
    };
    let spec = territory_spec(&source, features, options)?;
    let tin = TinOptions {
        measured_edge_m: options.tin.measured_edge_m.max(2.0 * options.resolution_m),
        void_edge_m: match source {
            Source::Points(_) => options.tin.void_edge_m.max(2.0 * options.resolution_m),
            Source::Vectors(_) => VECTOR_VOID_EDGE_M,
        },
        ..options.tin
    };
    let blocks = blocks(&spec);
    let check_areas: Vec<Option<Window>> = blocks.iter().map(|b| check_area(&spec, b)).collect();
    if let Source::Points(store) = &mut source {
        let reach = millimetres(tin.void_edge_m);
        store.set_check_areas(
            check_areas.iter().flatten().map(|a| a.area(&spec).grown(reach)).collect(),
        );
    }

    let mut writer = GridFileWriter::create(path, &spec, options.crs, &BTreeMap::new())?;
    for band in bands(options.selection) {
        writer.add_band(&band)?;
    }
    let traces_outlines = features.buildings.is_empty() && matches!(source, Source::Points(_));
    let mut built = traces_outlines.then(|| Grid::filled(spec, false));
    let mut roofs: Vec<Option<RoofHeights>> = vec![None; features.buildings.len()];
    let owners = owners(&spec, &blocks, &features.buildings);
    let mut counts = QualityCounts::default();
    let mut errors = Vec::new();
    for (k, block) in blocks.iter().enumerate() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        progress(Stage::Grids, k as f64 / blocks.len() as f64);
        let mut made = make_block(&mut source, features, &spec, block, &tin)?;
        if let Some((unthinned, area)) = made.unthinned.take().zip(check_areas[k].as_ref()) {
            errors.extend(check_errors(unthinned, area, &spec, options.selection, &tin));
        }
        counts.add(&made.quality.values);
        if let Some(built) = &mut built {
            for (row, column) in cells(&made.dtm.spec) {
                if is_built(made.top[(row, column)]) {
                    built[(block.rows.start + row, block.columns.start + column)] = true;
                }
            }
        }
        if let Some(surface) = &made.surface_points {
            let found: Vec<Option<RoofHeights>> = owners[k]
                .par_iter()
                .map(|&i| roof_heights(features.buildings[i].footprint(), surface))
                .collect();
            for (&i, roof) in owners[k].iter().zip(found) {
                roofs[i] = roof;
            }
        }
        let (row, column) = (block.rows.start, block.columns.start);
        writer.write_window("dtm", row, column, &made.dtm)?;
        writer.write_window("dsm", row, column, &made.dsm)?;
        writer.write_window("canopy_height", row, column, &made.canopy)?;
        writer.write_window("quality", row, column, &made.quality)?;
        writer.write_window("land_cover", row, column, &made.cover)?;
        writer.write_window("cover_source", row, column, &made.cover_source)?;
    }
    if counts.shares().void >= 1.0 {
        return Err(Error::input(
            "source",
            "aucune maille n'a d'altitude : les sources ne donnent pas assez de points de sol ; vérifier les fichiers et l'emprise",
            "no cell has a height: the sources give too few ground points; check the files and the extent",
        ));
    }
    writer.finish()?;

    progress(Stage::Buildings, 0.0);
    let derived = built.map_or(Vec::new(), |mask| derived_buildings(&mask, SMALLEST_BUILDING_M2));
    let grids = GridFile::open(path)?;
    let blocks_of_buildings = if derived.is_empty() {
        building_blocks(&features.buildings, &roofs, &grids, &blocks, &owners, progress)?
    } else {
        let owners = self::owners(&spec, &blocks, &derived);
        let mut roofs = vec![None; derived.len()];
        if let Source::Points(store) = &mut source {
            for (block, owned) in blocks.iter().zip(&owners).filter(|(_, o)| !o.is_empty()) {
                let area = block.area(&spec).grown(millimetres(BUILDING_MARGIN_M));
                if let Some(surface) = store.around(&area)?.surface {
                    for &i in owned {
                        roofs[i] = roof_heights(derived[i].footprint(), &surface);
                    }
                }
            }
        }
        building_blocks(&derived, &roofs, &grids, &blocks, &owners, progress)?
    };
    let mut by_source = count_by_source(&blocks_of_buildings);
    by_source.derived_footprints = derived.len();
    let quality = report(&source, options.selection, &spec, &counts, &errors, by_source);
    Ok(AssembledGrids { spec, quality, derived_buildings: derived, buildings: blocks_of_buildings })
}

/// Where heights come from.
enum Source {
    Points(PointStore),
    Vectors(PointBins),
}

fn vector_terrain(features: &Features) -> Result<PointBins> {
    PointBins::new(terrain_points(features)).ok_or_else(|| {
        Error::input(
            "source",
            "aucune source ne donne d'altitude ; ajouter un nuage LiDAR HD ou des vecteurs 3D de la BD TOPO",
            "no source gives heights; add a LiDAR HD cloud or 3D vectors of BD TOPO",
        )
    })
}

fn territory_spec(source: &Source, features: &Features, options: &GridOptions) -> Result<GridSpec> {
    let of_sources = match source {
        Source::Points(store) => store.extent(),
        Source::Vectors(_) => features.extent(),
    };
    let extent = options.extent.or(of_sources).ok_or_else(|| {
        Error::input("extent", "aucune source ne donne d'emprise", "no source gives an extent")
    })?;
    if extent.area() / options.resolution_m.powi(2) > MOST_CELLS {
        return Err(Error::input(
            "extent",
            "l'emprise est trop grande pour cette résolution ; réduire l'une ou augmenter l'autre",
            "the extent is too large for this resolution; reduce one or raise the other",
        ));
    }
    let spec = GridSpec::covering(&extent, options.resolution_m);
    if let Source::Points(store) = source {
        let points = store.bounds();
        let area = LatticeBox::of_extent(&spec.extent());
        if (0..2).any(|k| points.max[k] < area.min[k] || area.max[k] < points.min[k]) {
            return Err(Error::input(
                "extent",
                "les points sont tous hors de l'emprise ; vérifier l'emprise et le système de coordonnées",
                "all points lie outside the extent; check the extent and the coordinate system",
            ));
        }
    }
    Ok(spec)
}

fn block_side(spec: &GridSpec) -> usize {
    (BLOCK_M / spec.cell_size / CHUNK as f64).ceil().max(1.0) as usize * CHUNK
}

fn blocks(spec: &GridSpec) -> Vec<Window> {
    Window::whole(spec).tiles(block_side(spec))
}

/// For each block, the buildings whose extent has its centre there; buildings outside the grid go
/// to the nearest block.
fn owners(spec: &GridSpec, blocks: &[Window], buildings: &[Building]) -> Vec<Vec<usize>> {
    let side = block_side(spec);
    let per_row = spec.columns.div_ceil(side);
    let mut owners = vec![Vec::new(); blocks.len()];
    for (i, building) in buildings.iter().enumerate() {
        let (x, y) = building.geometry.extent().map_or((spec.west, spec.north), |e| e.centre());
        let cell =
            |v: f64, count: usize| (v / spec.cell_size).clamp(0.0, count as f64 - 1.0) as usize;
        let (row, column) = (cell(spec.north - y, spec.rows), cell(x - spec.west, spec.columns));
        if let Some(owned) = owners.get_mut(row / side * per_row + column / side) {
            owned.push(i);
        }
    }
    owners
}

fn cells(spec: &GridSpec) -> impl Iterator<Item = (usize, usize)> + use<> {
    let spec = *spec;
    (0..spec.len()).map(move |i| spec.row_column(i))
}

fn bands(selection: SelectionRule) -> Vec<BandMeta> {
    let rule = match selection {
        SelectionRule::Median => "median",
        SelectionRule::IgnMax => "ign-max",
        SelectionRule::All => "all",
    };
    let covers: Vec<(u8, &str)> = LandCover::ALL.iter().map(|c| (c.value(), c.code())).collect();
    vec![
        BandMeta::continuous("dtm", "terrain (MNT)", "m")
            .with_standard_name("altitude")
            .with_attribute("point_selection", rule),
        BandMeta::maximum("dsm", "surface (MNS)", "m").with_attribute("point_selection", rule),
        BandMeta::maximum("canopy_height", "height of the vegetation", "m")
            .with_standard_name("canopy_height"),
        BandMeta::categorical(
            "quality",
            "what the terrain rests on",
            &[
                (CellQuality::Void as u8, "void"),
                (CellQuality::Measured as u8, "measured"),
                (CellQuality::Interpolated as u8, "interpolated"),
                (CellQuality::Virtual as u8, "virtual"),
            ],
        ),
        BandMeta::categorical("land_cover", "land cover", &covers),
        BandMeta::categorical(
            "cover_source",
            "where the land cover comes from",
            &[
                (CoverSource::Unknown as u8, "unknown"),
                (CoverSource::LandCoverProduct as u8, "land-cover-product"),
                (CoverSource::Topography as u8, "topography"),
                (CoverSource::Lidar as u8, "lidar"),
            ],
        ),
    ]
}

/// The grids of one block, and the points that made them.
struct MadeBlock {
    dtm: Grid<f32>,
    dsm: Grid<f32>,
    canopy: Grid<f32>,
    quality: Grid<u8>,
    cover: Grid<u8>,
    cover_source: Grid<u8>,
    /// Class of the point on top.
    top: Grid<u8>,
    surface_points: Option<PointBins>,
    unthinned: Option<Vec<super::SurfacePoint>>,
}

fn make_block(
    source: &mut Source,
    features: &Features,
    spec: &GridSpec,
    block: &Window,
    tin: &TinOptions,
) -> Result<MadeBlock> {
    let window = block.spec(spec);
    let model = |points: Option<&PointBins>, bounds: LatticeBox| match points {
        Some(points) => {
            interpolate_window(&TinSource { points, bounds, spec, options: tin }, block)
        }
        None => Tin::void(window),
    };
    match source {
        Source::Points(store) => {
            let reach = influence_m(tin).max(BUILDING_MARGIN_M) + spec.cell_size;
            let bounds = store.bounds();
            let near = store.around(&block.area(spec).grown(millimetres(reach)))?;
            let mut terrain = model(near.terrain.as_ref(), bounds);
            let surface = model(near.surface.as_ref(), bounds);
            let covered = covered_cells(&surface.class, &features.buildings);
            fill_under_buildings(&mut terrain, &covered, spec, block, bounds, tin, |area| {
                Ok(store.around(area)?.terrain)
            })?;
            if store.counts().is_filtered {
                mark_derived(&mut terrain.quality);
            }
            let cover = land_cover(features, &window, Some(&surface.class));
            Ok(MadeBlock {
                canopy: canopy_height(&terrain.height, &surface),
                dtm: terrain.height,
                dsm: surface.height,
                quality: terrain.quality,
                cover: cover.cover,
                cover_source: cover.source,
                top: surface.class,
                surface_points: near.surface,
                unthinned: Some(near.unthinned),
            })
        }
        Source::Vectors(points) => {
            let mut terrain = model(Some(points), points.bounds());
            mark_derived(&mut terrain.quality);
            let mut dsm = terrain.height.clone();
            for building in features.buildings.iter().filter(|b| b.is_standing()) {
                let height = building_lod1(building, None, None).height_m as f32;
                cells_within(&window, building.footprint(), |row, column| {
                    dsm[(row, column)] = terrain.height[(row, column)] + height;
                });
            }
            let cover = land_cover(features, &window, None);
            Ok(MadeBlock {
                canopy: terrain.height.map(|v| 0.0 * v),
                dtm: terrain.height,
                dsm,
                quality: terrain.quality,
                cover: cover.cover,
                cover_source: cover.source,
                top: terrain.class,
                surface_points: None,
                unthinned: None,
            })
        }
    }
}

/// Ground that was derived, not classified by a producer, is never *measured*.
fn mark_derived(quality: &mut Grid<u8>) {
    for code in &mut quality.values {
        if *code != CellQuality::Void as u8 {
            *code = CellQuality::Virtual as u8;
        }
    }
}

/// The middle of a block, where the terrain is made again without the check points.
fn check_area(spec: &GridSpec, block: &Window) -> Option<Window> {
    let side = (CHECK_AREA_M / spec.cell_size).ceil() as usize;
    let middle = |range: &std::ops::Range<usize>| {
        let cut = range.len().saturating_sub(side) / 2;
        range.start + cut..range.end - cut
    };
    let (rows, columns) = (middle(&block.rows), middle(&block.columns));
    (rows.len() > 2 && columns.len() > 2).then_some(Window { rows, columns })
}

fn check_errors(
    unthinned: Vec<super::SurfacePoint>,
    area: &Window,
    spec: &GridSpec,
    rule: SelectionRule,
    tin: &TinOptions,
) -> Vec<f64> {
    let reach = area.area(spec).grown(millimetres(tin.void_edge_m));
    let near = unthinned.into_iter().filter(|p| reach.contains(p.x_mm, p.y_mm)).collect();
    let (check, kept) = split_check_points(near);
    let Some(bins) = PointBins::new(select_terrain(&kept, rule, CellAnchor::default())) else {
        return Vec::new();
    };
    let terrain = interpolate(&bins, &area.spec(spec), tin);
    errors_at(&terrain.height, &check)
}

fn building_blocks(
    buildings: &[Building],
    roofs: &[Option<RoofHeights>],
    grids: &GridFile,
    blocks: &[Window],
    owners: &[Vec<usize>],
    progress: &dyn Fn(Stage, f64),
) -> Result<Vec<BuildingLod1>> {
    let spec = grids.spec();
    let margin = (BUILDING_MARGIN_M / spec.cell_size).ceil() as usize;
    let mut made: Vec<Option<BuildingLod1>> = vec![None; buildings.len()];
    for (k, (block, owned)) in blocks.iter().zip(owners).enumerate() {
        progress(Stage::Buildings, k as f64 / blocks.len() as f64);
        if owned.is_empty() {
            continue;
        }
        let widened = |range: std::ops::Range<usize>, count: usize| {
            range.start.saturating_sub(margin)..(range.end + margin).min(count)
        };
        let rows = widened(block.rows.clone(), spec.rows);
        let columns = widened(block.columns.clone(), spec.columns);
        let terrain: Grid<f32> = grids.read_window("dtm", 0, rows, columns)?;
        let some: Vec<BuildingLod1> = owned
            .par_iter()
            .map(|&i| {
                let ground = outline_ground(buildings[i].footprint(), &terrain);
                building_lod1(&buildings[i], roofs[i], ground)
            })
            .collect();
        for (&i, block) in owned.iter().zip(some) {
            made[i] = Some(block);
        }
    }
    Ok(made
        .into_iter()
        .zip(buildings)
        .map(|(block, building)| block.unwrap_or_else(|| building_lod1(building, None, None)))
        .collect())
}

fn report(
    source: &Source,
    rule: SelectionRule,
    spec: &GridSpec,
    cells: &QualityCounts,
    errors: &[f64],
    buildings: super::BuildingCounts,
) -> QualityReport {
    let (points, ground, terrain_source, density_area) = match source {
        Source::Points(store) => {
            let counts = store.counts();
            let source = if counts.is_filtered {
                TerrainSource::FilteredPoints
            } else {
                TerrainSource::ClassifiedPoints
            };
            let area = store.extent().map_or(0.0, |e| e.area());
            (counts.points, counts.ground, source, area)
        }
        Source::Vectors(_) => (0, 0, TerrainSource::Vectors, 0.0),
    };
    // Files may reach far beyond the extent: the density is that of the files.
    let area = if density_area > 0.0 { density_area } else { spec.extent().area() };
    QualityReport {
        terrain_source,
        selection: (terrain_source != TerrainSource::Vectors).then_some(rule),
        is_fit_for_hazard: terrain_source != TerrainSource::Vectors,
        points,
        points_per_m2: points as f64 / area,
        ground_points_per_m2: ground as f64 / area,
        cells: cells.shares(),
        errors: TerrainErrors::of(errors),
        buildings,
    }
}
