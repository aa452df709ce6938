//! One block after the other: taken from the cache, or made from points and features and kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::block::{MadeBlock, block_reach, blocks, make_block};
use super::block_cache::{Blocks, Found, KeptBlock};
use super::buildings_by_block::BuildingsByBlock;
use super::height_models::HeightModels;
use super::heights::Heights;
use super::held_out::{check_area, held_out_errors};
use super::{GridOptions, LatticeBox, TinOptions, Window, millimetres};
use crate::spatial::GridSpec;
use crate::territory::Features;
use crate::{Error, Result};

/// What makes the blocks of a territory.
pub(super) struct BlockMaker<'a> {
    pub(super) heights: Heights,
    models: HeightModels,
    pub(super) spec: GridSpec,
    pub(super) blocks: Vec<Window>,
    pub(super) buildings: BuildingsByBlock<'a>,
    pub(super) tin: TinOptions,
    features: &'a Features,
    options: &'a GridOptions,
    check_areas: Vec<Option<Window>>,
    cache: Option<Blocks<'a>>,
}

/// Canopy from which ground counts as lying under vegetation, m.
const VEGETATION_M: f32 = 2.0;

/// Errors of a terrain at held-out points, m.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct BlockErrors {
    /// On open ground.
    pub(super) open: Vec<f64>,
    /// Under vegetation.
    pub(super) vegetated: Vec<f64>,
}

impl BlockErrors {
    pub(super) fn extend(&mut self, other: &Self) {
        self.open.extend(&other.open);
        self.vegetated.extend(&other.vegetated);
    }
}

/// A block, and the errors of its terrain at held-out points.
pub(super) struct Block {
    pub(super) made: MadeBlock,
    pub(super) errors: BlockErrors,
}

impl<'a> BlockMaker<'a> {
    pub(super) fn new(
        points: &[PathBuf],
        features: &'a Features,
        options: &'a GridOptions,
    ) -> Result<Self> {
        if !(options.resolution_m >= 0.05 && options.resolution_m <= 1000.0) {
            return Err(Error::input(
                "resolution_m",
                "la résolution doit être comprise entre 0,05 et 1000 m",
                "the resolution must lie between 0.05 and 1000 m",
            ));
        }
        let models = HeightModels::open(&options.models)?;
        let mut heights = Heights::open(points, &models, features, options)?;
        let spec = heights.spec(&models, features, options)?;
        let tin = heights.tin(options);
        let blocks = blocks(&spec);
        let check_areas: Vec<Option<Window>> =
            blocks.iter().map(|block| check_area(&spec, block)).collect();
        let mut cache = None;
        if let Heights::Points(store) = &mut heights {
            let areas = check_areas.iter().flatten();
            store.set_check_areas(areas.map(|area| around(area, &spec, &tin)).collect());
            if let Some(of) = &options.cache {
                cache = Some(Blocks::new(of, &spec, options, &store.files(), features)?);
            }
        }
        let buildings = BuildingsByBlock::new(&spec, &blocks, &features.buildings);
        Ok(Self {
            heights,
            models,
            spec,
            blocks,
            buildings,
            tin,
            features,
            options,
            check_areas,
            cache,
        })
    }

    /// Whether this run makes the block of a number.
    pub(super) fn is_ours(&self, k: usize) -> bool {
        self.cache.as_ref().is_none_or(|cache| cache.is_ours(k))
    }

    /// The block of a number; what is found of its buildings goes to `buildings`.
    pub(super) fn block(&mut self, k: usize) -> Result<Block> {
        let block = self.blocks[k].clone();
        let reach = block.area(&self.spec).grown(millimetres(block_reach(&self.spec, &self.tin)));
        let key = self.cache.as_mut().map(|cache| cache.key(&block, &reach));
        if let (Some(cache), Some(key)) = (&self.cache, &key)
            && let Some(KeptBlock { made, found }) = cache.load(key, &block)
        {
            if let Heights::Points(store) = &mut self.heights {
                store.take_counts(found.files);
            }
            if let Some(buildings) = found.buildings {
                self.buildings.take(k, buildings);
            }
            return Ok(Block { made, errors: found.errors });
        }
        let made = self.make(k, &block)?;
        if let (Some(cache), Some(key), Heights::Points(store)) = (&self.cache, key, &self.heights)
            && !store.fails_in(&reach)
        {
            let found = Found {
                errors: made.errors.clone(),
                buildings: made.made.built.is_some().then(|| self.buildings.found(k)),
                files: store.counts_around(&reach),
            };
            cache.save(&key, &block, &made.made, &found)?;
        }
        Ok(made)
    }

    fn make(&mut self, k: usize, block: &Window) -> Result<Block> {
        let mut made = make_block(
            &mut self.heights,
            &self.models,
            self.features,
            &self.spec,
            block,
            &self.tin,
        )?;
        let mut errors = BlockErrors::default();
        if let Some((mut near, area)) = made.unthinned.take().zip(self.check_areas[k].as_ref()) {
            let reach = around(area, &self.spec, &self.tin);
            near.retain(|p| reach.contains(p.x_mm, p.y_mm));
            let rule = self.options.selection;
            for point in held_out_errors(&near, rule, &area.spec(&self.spec), &self.tin) {
                let canopy_m = made.canopy.at(point.at[0], point.at[1]).copied();
                let is_covered = canopy_m.is_some_and(|height| height >= VEGETATION_M);
                let of = if is_covered { &mut errors.vegetated } else { &mut errors.open };
                of.push(point.error_m);
            }
        }
        if let (Some(built), Some(ground)) = (&made.built, &made.ground) {
            self.buildings.find_roofs(k, built, ground);
        }
        Ok(Block { made, errors })
    }

    /// Forgets kept blocks of other sources.
    pub(super) fn forget_others(&self) {
        if let Some(cache) = &self.cache {
            cache.forget_others();
        }
    }
}

/// The terrain of a check area depends on points so far around it.
fn around(area: &Window, spec: &GridSpec, tin: &TinOptions) -> LatticeBox {
    area.area(spec).grown(millimetres(tin.void_edge_m))
}
