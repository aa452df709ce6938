//! Where the heights of a territory come from: a point cloud, published models, else the features.

use std::path::PathBuf;

use super::height_models::HeightModels;
use super::point_store::{PointStore, Selection};
use super::{GridOptions, LatticeBox, PointBins, TinOptions, VECTOR_VOID_EDGE_M, terrain_points};
use crate::spatial::GridSpec;
use crate::territory::{Features, TerrainSource};
use crate::{Error, Result};

/// Most cells of a territory's grid: 60 × 60 km at 0.5 m.
const MOST_CELLS: f64 = 1.5e10;

pub(super) enum Heights {
    Points(PointStore),
    Models,
    Vectors(PointBins),
}

impl Heights {
    pub(super) fn open(
        points: &[PathBuf],
        models: &HeightModels,
        features: &Features,
        options: &GridOptions,
    ) -> Result<Self> {
        let selection = Selection {
            rule: options.selection,
            filter: options.ground_filter,
            check_areas: Vec::new(),
        };
        if let Some(store) = PointStore::open(points, selection)? {
            return Ok(Self::Points(store));
        }
        if models.has_terrain() {
            return Ok(Self::Models);
        }
        PointBins::new(terrain_points(features)).map(Self::Vectors).ok_or_else(|| {
            Error::input(
                "source",
                "aucune source ne donne d'altitude ; ajouter un nuage LiDAR HD, son MNT ou des vecteurs 3D de la BD TOPO",
                "no source gives heights; add a LiDAR HD cloud, its terrain model or 3D vectors of BD TOPO",
            )
        })
    }

    /// Cells of the territory.
    pub(super) fn spec(
        &self,
        models: &HeightModels,
        features: &Features,
        options: &GridOptions,
    ) -> Result<GridSpec> {
        let of_models = models.extent();
        let of_sources = match self {
            Self::Points(store) => {
                let points = store.extent();
                points.zip(of_models).map(|(a, b)| a.union(&b)).or(points)
            }
            Self::Models => of_models,
            Self::Vectors(_) => features.extent(),
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
        if let Self::Points(store) = self
            && !of_models.is_some_and(|e| e.intersects(&spec.extent()))
        {
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

    /// Settings of the interpolation for the cells and the heights there are.
    pub(super) fn tin(&self, options: &GridOptions) -> TinOptions {
        TinOptions {
            measured_edge_m: options.tin.measured_edge_m.max(2.0 * options.resolution_m),
            void_edge_m: match self {
                Self::Points(_) | Self::Models => {
                    options.tin.void_edge_m.max(2.0 * options.resolution_m)
                }
                Self::Vectors(_) => VECTOR_VOID_EDGE_M,
            },
            ..options.tin
        }
    }

    pub(super) fn terrain_source(&self) -> TerrainSource {
        match self {
            Self::Points(store) if store.counts().is_filtered => TerrainSource::FilteredPoints,
            Self::Points(_) => TerrainSource::ClassifiedPoints,
            Self::Models => TerrainSource::Models,
            Self::Vectors(_) => TerrainSource::Vectors,
        }
    }
}
