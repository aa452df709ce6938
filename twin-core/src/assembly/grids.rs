//! Points and features → the grids of a territory, block by block into `grids.h5`.
//!
//! | band | content |
//! |---|---|
//! | `dtm` | terrain, metres |
//! | `dsm` | surface, metres |
//! | `canopy_height` | height of the vegetation, metres |
//! | `plant_area_index` | leaves and wood of the high vegetation, m²/m² |
//! | `bridge_deck` | surface of bridge decks, metres |
//! | `bed` | the terrain as water meets it, metres ([`hydrography`](super::hydrography)) |
//! | `bed_change` | why it differs from the terrain, [`BedChange`] |
//! | `quality` | what the terrain of a cell rests on, [`CellQuality`] |
//! | `land_cover` | [`LandCover`] |
//! | `cover_source` | where the cover comes from, [`CoverSource`] |
//!
//! A block of about a kilometre is read with the points that can matter for it, computed on all
//! threads and written; memory does not grow with the territory. The result does not depend on the
//! size of tiles nor on threads ([`tin`](super::interpolate)). Cells without points take the published
//! models where there are some ([`height_models`](super::height_models)); with neither, the terrain comes
//! from the heights of the features and is unfit for hazard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::block_maker::{Block, BlockErrors, BlockMaker};
use super::buildings_by_block::{BUILDING_MARGIN_M, BuildingsByBlock};
use super::heights::Heights;
use super::hydrography::{BED, BED_CHANGE, write_bed};
use super::vegetation::find_trees;
use super::{
    BlockCache, BuildingLod1, CoverSource, GroundFilter, ModelFiles, Roofs, SMALLEST_BUILDING_M2,
    TinOptions, count_by_source, derived_buildings, millimetres,
};
use crate::formats::cf::{BandMeta, GridFile, GridFileWriter};
use crate::language::Text;
use crate::products::lidar_hd;
use crate::spatial::{Crs, Extent, Grid, GridSpec};
use crate::territory::{
    BedChange, Building, BuildingCounts, CellQuality, Features, HydrographyReport,
    HydrographySettings, LandCover, QualityCounts, QualityReport, SelectionRule, TerrainErrors,
    TerrainSource, Tree,
};
use crate::{Error, Language, Result};

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
    /// Published models, for cells without points.
    pub models: ModelFiles,
    /// The bed under water.
    pub hydrography: HydrographySettings,
    /// Where blocks are kept from run to run, if at all.
    pub cache: Option<BlockCache>,
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
            models: ModelFiles::default(),
            hydrography: HydrographySettings::default(),
            cache: None,
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
    /// The roof over each polygon of each of them.
    pub roofs: Vec<Roofs>,
    /// Trees seen in the canopy.
    pub trees: Vec<Tree>,
    /// Point files that could not be read, and what the reader said; the rest went on without them.
    pub failed_files: Vec<(PathBuf, Text)>,
}

/// Most cells on which outlines of buildings are drawn from points, in memory: 10 × 10 km at 0.5 m.
const MOST_OUTLINED_CELLS: usize = 400_000_000;

/// Makes the blocks of one machine's share ([`BlockCache::shard`]) and keeps them in the cache of the
/// options, for a run without a share to take. Gives the number of blocks made or found there.
///
/// # Errors
/// As [`assemble_grids`].
pub fn make_share(
    points: &[PathBuf],
    features: &Features,
    options: &GridOptions,
    cancelled: &AtomicBool,
    progress: &dyn Fn(Stage, f64),
) -> Result<usize> {
    let mut maker = BlockMaker::new(points, features, options)?;
    let ours: Vec<usize> = (0..maker.blocks.len()).filter(|&k| maker.is_ours(k)).collect();
    for (done, &k) in ours.iter().enumerate() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        progress(Stage::Grids, done as f64 / ours.len() as f64);
        maker.block(k)?;
    }
    Ok(ours.len())
}

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
    let mut maker = BlockMaker::new(points, features, options)?;
    let spec = maker.spec;
    let traces_outlines =
        features.buildings.is_empty() && matches!(maker.heights, Heights::Points(_));
    if traces_outlines && spec.len() > MOST_OUTLINED_CELLS {
        return Err(Error::input(
            "extent",
            "trop de mailles pour dessiner les bâtiments d'après les points ; ajouter une BD TOPO, réduire l'emprise ou augmenter resolution_m",
            "too many cells to draw buildings from points; add a BD TOPO, reduce the extent or raise resolution_m",
        ));
    }
    let mut writer = GridFileWriter::create(path, &spec, options.crs, &BTreeMap::new())?;
    for band in bands(options.selection) {
        writer.add_band(&band)?;
    }
    let mut built = traces_outlines.then(|| Grid::filled(spec, false));
    let mut counts = QualityCounts::default();
    let mut errors = BlockErrors::default();
    for k in 0..maker.blocks.len() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        progress(Stage::Grids, k as f64 / maker.blocks.len() as f64);
        let Block { made, errors: of_block } = maker.block(k)?;
        errors.extend(&of_block);
        counts.add(&made.quality.values);
        let (row, column) = (maker.blocks[k].rows.start, maker.blocks[k].columns.start);
        if let Some(built) = &mut built {
            for i in (0..made.top.values.len()).filter(|&i| lidar_hd::is_built(made.top.values[i]))
            {
                let (r, c) = made.top.spec.row_column(i);
                built[(row + r, column + c)] = true;
            }
        }
        writer.write_window("dtm", row, column, &made.dtm)?;
        writer.write_window("dsm", row, column, &made.dsm)?;
        writer.write_window("canopy_height", row, column, &made.canopy)?;
        writer.write_window("plant_area_index", row, column, &made.plant_area)?;
        writer.write_window("bridge_deck", row, column, &made.deck)?;
        writer.write_window("quality", row, column, &made.quality)?;
        writer.write_window("land_cover", row, column, &made.cover)?;
        writer.write_window("cover_source", row, column, &made.cover_source)?;
    }
    maker.forget_others();
    let BlockMaker { mut heights, blocks, mut buildings, .. } = maker;
    if counts.shares().void >= 1.0 {
        return Err(Error::input(
            "source",
            "aucune maille n'a d'altitude : les sources ne donnent pas assez de points de sol ; vérifier les fichiers et l'emprise",
            "no cell has a height: the sources give too few ground points; check the files and the extent",
        ));
    }
    let hydrography = write_bed(&mut writer, features, &options.hydrography, &blocks)?;
    writer.finish()?;

    progress(Stage::Buildings, 0.0);
    let derived = built.map_or(Vec::new(), |mask| derived_buildings(&mask, SMALLEST_BUILDING_M2));
    if !derived.is_empty() {
        buildings = BuildingsByBlock::new(&spec, &blocks, &derived);
        if let Heights::Points(store) = &mut heights {
            for (k, block) in blocks.iter().enumerate() {
                if buildings.is_empty(k) {
                    continue;
                }
                let area = block.area(&spec).grown(millimetres(BUILDING_MARGIN_M));
                if let Some(built) = store.around(&area)?.built {
                    buildings.find_heights(k, &built);
                }
            }
        }
    }
    let finished = GridFile::open(path)?;
    let (models, roofs) = buildings.finish(&finished, &blocks, &|share| {
        progress(Stage::Buildings, share);
    })?;
    let trees = find_trees(&finished, features, &blocks)?;
    let mut by_source = count_by_source(&models);
    by_source.derived_footprints = derived.len();
    let quality = QualityReport {
        hydrography,
        ..report(&heights, options.selection, &spec, &counts, &errors, by_source)
    };
    let failed_files = match &heights {
        Heights::Points(store) => store
            .failed()
            .map(|(path, error)| {
                let told = Text::new(error.text(Language::Fr), error.text(Language::En));
                (path.to_owned(), told)
            })
            .collect(),
        Heights::Models | Heights::Vectors(_) => Vec::new(),
    };
    Ok(AssembledGrids {
        failed_files,
        spec,
        quality,
        derived_buildings: derived,
        buildings: models,
        roofs,
        trees,
    })
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
        BandMeta::continuous("plant_area_index", "plant area index of the high vegetation", "1"),
        BandMeta::maximum("bridge_deck", "surface of bridge decks", "m"),
        BandMeta::continuous(BED, "bed: the terrain as water meets it", "m")
            .with_attribute("point_selection", rule),
        BandMeta::categorical(
            BED_CHANGE,
            "why the bed differs from the terrain",
            &BedChange::ALL.map(|(change, code)| (change as u8, code)),
        ),
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

fn report(
    heights: &Heights,
    rule: SelectionRule,
    spec: &GridSpec,
    cells: &QualityCounts,
    errors: &BlockErrors,
    buildings: BuildingCounts,
) -> QualityReport {
    let terrain_source = heights.terrain_source();
    let (points, ground, area) = match heights {
        Heights::Points(store) => {
            let counts = store.counts();
            // Files may reach far beyond the extent: the density is that of the files.
            (counts.points, counts.ground, store.extent().map_or(0.0, |e| e.area()))
        }
        Heights::Models | Heights::Vectors(_) => (0, 0, 0.0),
    };
    let area = if area > 0.0 { area } else { spec.extent().area() };
    QualityReport {
        terrain_source,
        selection: matches!(heights, Heights::Points(_)).then_some(rule),
        is_fit_for_hazard: terrain_source != TerrainSource::Vectors,
        points,
        points_per_m2: points as f64 / area,
        ground_points_per_m2: ground as f64 / area,
        cells: cells.shares(),
        errors: TerrainErrors::of(&[errors.open.as_slice(), &errors.vegetated].concat()),
        open_ground_errors: TerrainErrors::of(&errors.open),
        vegetated_errors: TerrainErrors::of(&errors.vegetated),
        buildings,
        hydrography: HydrographyReport::default(),
    }
}
