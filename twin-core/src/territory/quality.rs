//! How good a territory is: errors of the terrain, what its cells rest on, heights of the buildings.
//!
//! Errors are those at held-out points (`assembly/held_out.rs`), terrain minus point: a positive bias means a
//! terrain that stands too high. NMAD is 1.4826 times the median absolute deviation from the median,
//! the robust counterpart of the standard deviation (Höhle & Höhle 2009,
//! doi:10.1016/j.isprsjprs.2009.02.003).

use serde::{Deserialize, Serialize};

use super::{BuildingModel, HydrographyReport, SelectionRule};
use crate::Language;

/// What a cell of the terrain rests on. The codes are those of the quality band.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum CellQuality {
    /// No data: no supported triangle.
    Void = 0,
    /// A measured point lies in the cell, or around it within `measured_edge_m`.
    Measured = 1,
    /// Between measured points farther apart.
    Interpolated = 2,
    /// Between points of which one at least is virtual (class 66) or derived.
    Virtual = 3,
}

impl CellQuality {
    /// From the code of the quality band; unknown codes are void.
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Measured,
            2 => Self::Interpolated,
            3 => Self::Virtual,
            _ => Self::Void,
        }
    }
}

/// Errors of the terrain at held-out ground points, metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerrainErrors {
    /// Check points compared.
    pub points: usize,
    /// Mean error.
    pub bias_m: f64,
    /// Median error.
    pub median_m: f64,
    /// Normalised median absolute deviation.
    pub nmad_m: f64,
    /// Root mean square error.
    pub rmse_m: f64,
    /// 95 % of the absolute errors are smaller.
    pub p95_m: f64,
}

impl TerrainErrors {
    /// From errors (terrain minus point); `None` without any.
    pub fn of(errors: &[f64]) -> Option<Self> {
        let n = errors.len() as f64;
        let median_m = quantile(errors, 0.5)?;
        let deviations: Vec<f64> = errors.iter().map(|e| (e - median_m).abs()).collect();
        let absolute: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        Some(Self {
            points: errors.len(),
            bias_m: errors.iter().sum::<f64>() / n,
            median_m,
            nmad_m: 1.4826 * quantile(&deviations, 0.5)?,
            rmse_m: (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt(),
            p95_m: quantile(&absolute, 0.95)?,
        })
    }
}

/// Value below which a share of the values lies (nearest rank); `None` without values.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied()
}

/// Shares of the cells by what they rest on; they sum to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityShares {
    /// No data.
    pub void: f64,
    /// Measured.
    pub measured: f64,
    /// Interpolated.
    pub interpolated: f64,
    /// Virtual or derived.
    pub virtual_points: f64,
}

/// Counts of cells by quality, summed tile by tile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QualityCounts([u64; 4]);

impl QualityCounts {
    /// Adds the cells of a quality band.
    pub fn add(&mut self, codes: &[u8]) {
        for &code in codes {
            self.0[CellQuality::from_code(code) as usize] += 1;
        }
    }

    /// As shares of all cells.
    pub fn shares(&self) -> QualityShares {
        let total = self.0.iter().sum::<u64>().max(1) as f64;
        let share = |quality: CellQuality| self.0[quality as usize] as f64 / total;
        QualityShares {
            void: share(CellQuality::Void),
            measured: share(CellQuality::Measured),
            interpolated: share(CellQuality::Interpolated),
            virtual_points: share(CellQuality::Virtual),
        }
    }
}

/// Where the terrain comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TerrainSource {
    /// Points classified by the producer.
    ClassifiedPoints,
    /// Points of an unclassified cloud, ground found by the filter.
    FilteredPoints,
    /// Published models of the terrain (MNT of LiDAR HD), without points.
    Models,
    /// Heights of vector features only.
    Vectors,
}

/// Buildings by the source of their height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildingCounts {
    /// Roof points of the cloud.
    pub lidar: usize,
    /// Height attribute of BD TOPO.
    pub bd_topo_height: usize,
    /// Number of storeys.
    pub storeys: usize,
    /// One storey assumed for want of anything better.
    pub assumed: usize,
    /// Of all, footprints traced from the points rather than taken from a product.
    pub derived_footprints: usize,
    /// Of all, those whose roof has its planes (LoD2.2).
    pub roof_planes: usize,
    /// Of all, those whose roof has flat parts only (LoD1.3).
    pub flat_parts: usize,
    /// Of all, those whose footprint was moved onto the roof points.
    pub moved_footprints: usize,
}

impl BuildingCounts {
    /// Number of buildings.
    pub fn total(&self) -> usize {
        self.lidar + self.bd_topo_height + self.storeys + self.assumed
    }

    /// Counts the models by what they are.
    pub fn count_models(&mut self, models: &[BuildingModel]) {
        let of_lod = |lod: &str| models.iter().filter(|m| m.lod.as_deref() == Some(lod)).count();
        self.roof_planes = of_lod("2.2");
        self.flat_parts = of_lod("1.3");
        let is_moved = |m: &&BuildingModel| m.shift_east_m.is_some();
        self.moved_footprints = models.iter().filter(is_moved).count();
    }
}

/// Quality figures of an assembled territory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityReport {
    /// What the terrain is made of.
    pub terrain_source: TerrainSource,
    /// Rule of the point selection, where there are points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionRule>,
    /// Whether flood, runoff and other hazards may be computed on this terrain.
    pub is_fit_for_hazard: bool,
    /// Points read, all classes.
    pub points: u64,
    /// Points per square metre over the extent.
    pub points_per_m2: f64,
    /// Ground points per square metre over the extent.
    pub ground_points_per_m2: f64,
    /// Cells by what they rest on.
    pub cells: QualityShares,
    /// Errors at held-out ground points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<TerrainErrors>,
    /// Those of them on open ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_ground_errors: Option<TerrainErrors>,
    /// Those of them under vegetation of 2 m or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vegetated_errors: Option<TerrainErrors>,
    /// Buildings.
    pub buildings: BuildingCounts,
    /// Water in its bed.
    pub hydrography: HydrographyReport,
}

impl QualityReport {
    /// The report in sentences, one a line.
    pub fn text(&self, language: Language) -> String {
        let number = |v: f64, decimals| language.number(v, decimals);
        let percent = |v: f64| format!("{}{}", number(100.0 * v, 1), language.pick("\u{a0}%", "%"));
        let centimetres = |v: f64| format!("{} cm", number(100.0 * v, 1));
        let mut lines = vec![match self.terrain_source {
            TerrainSource::ClassifiedPoints => language.pick(
                "Terrain issu de points LiDAR classés.",
                "Terrain from classified LiDAR points.",
            ),
            TerrainSource::FilteredPoints => language.pick(
                "Terrain issu d'un nuage non classé : sol déterminé par filtre morphologique (donnée dérivée).",
                "Terrain from an unclassified cloud: ground found by a morphological filter (derived).",
            ),
            TerrainSource::Models => language.pick(
                "Terrain issu d'un modèle publié (MNT), sans points : écarts non mesurés ici.",
                "Terrain from a published model (MNT), without points: errors not measured here.",
            ),
            TerrainSource::Vectors => language.pick(
                "Terrain reconstitué à partir des altitudes des vecteurs seuls (donnée dérivée).",
                "Terrain rebuilt from the heights of vector features alone (derived).",
            ),
        }
        .to_owned()];
        if !self.is_fit_for_hazard {
            lines.push(
                language
                    .pick(
                        "Impropre au calcul d'aléas (inondation, ruissellement) : ajouter des données LiDAR HD.",
                        "Unfit for hazard computation (flood, runoff): add LiDAR HD data.",
                    )
                    .to_owned(),
            );
        }
        if self.points > 0 {
            let (all, ground) =
                (number(self.points_per_m2, 2), number(self.ground_points_per_m2, 2));
            let count = number(self.points as f64, 0);
            lines.push(match language {
                Language::Fr => format!("{count} points, {all} par m², dont {ground} de sol."),
                Language::En => format!("{count} points, {all} per m², of which {ground} ground."),
            });
        }
        let [measured, interpolated, virtual_points, void] = [
            self.cells.measured,
            self.cells.interpolated,
            self.cells.virtual_points,
            self.cells.void,
        ]
        .map(percent);
        lines.push(match language {
            Language::Fr => format!(
                "Cellules mesurées {measured}, interpolées {interpolated}, virtuelles ou dérivées {virtual_points}, sans donnée {void}."
            ),
            Language::En => format!(
                "Cells measured {measured}, interpolated {interpolated}, virtual or derived {virtual_points}, without data {void}."
            ),
        });
        if let Some(errors) = &self.errors {
            let [bias, nmad, rmse, p95] =
                [errors.bias_m, errors.nmad_m, errors.rmse_m, errors.p95_m].map(centimetres);
            let n = number(errors.points as f64, 0);
            lines.push(match language {
                Language::Fr => format!(
                    "Écart aux {n} points de contrôle mis à part : biais {bias}, NMAD {nmad}, EMQ {rmse}, 95 % sous {p95}."
                ),
                Language::En => format!(
                    "Error at {n} held-out check points: bias {bias}, NMAD {nmad}, RMSE {rmse}, 95% below {p95}."
                ),
            });
        }
        if let (Some(open), Some(vegetated)) = (&self.open_ground_errors, &self.vegetated_errors) {
            let n = number(vegetated.points as f64, 0);
            let [open, under] = [open.nmad_m, vegetated.nmad_m].map(centimetres);
            lines.push(match language {
                Language::Fr => format!(
                    "NMAD en terrain découvert {open}, sous la végétation {under} ({n} points)."
                ),
                Language::En => {
                    format!("NMAD on open ground {open}, under vegetation {under} ({n} points).")
                }
            });
        }
        let b = &self.buildings;
        if b.total() > 0 {
            let [total, lidar, height, storeys, assumed, derived] =
                [b.total(), b.lidar, b.bd_topo_height, b.storeys, b.assumed, b.derived_footprints]
                    .map(|n| number(n as f64, 0));
            lines.push(match language {
                Language::Fr => format!(
                    "{total} bâtiments ; hauteur par LiDAR {lidar}, BD TOPO {height}, étages {storeys}, supposée {assumed} ; emprises dérivées des points : {derived}."
                ),
                Language::En => format!(
                    "{total} buildings; height from LiDAR {lidar}, BD TOPO {height}, storeys {storeys}, assumed {assumed}; footprints derived from points: {derived}."
                ),
            });
        }
        if b.roof_planes + b.flat_parts > 0 {
            let blocks = b.total() - b.roof_planes - b.flat_parts;
            let [planes, parts, blocks, moved] =
                [b.roof_planes, b.flat_parts, blocks, b.moved_footprints]
                    .map(|n| number(n as f64, 0));
            lines.push(match language {
                Language::Fr => format!(
                    "Toits : {planes} en pans (LoD2.2), {parts} en parties plates (LoD1.3), {blocks} en bloc (LoD1.2) ; {moved} emprises recalées sur les points."
                ),
                Language::En => format!(
                    "Roofs: {planes} as planes (LoD2.2), {parts} as flat parts (LoD1.3), {blocks} as blocks (LoD1.2); {moved} footprints moved onto the points."
                ),
            });
        }
        if self.is_fit_for_hazard {
            lines.extend(self.hydrography.text(language));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_known_errors() {
        let errors: Vec<f64> = (-50..=50).map(|i| f64::from(i) * 0.01 + 0.02).collect();
        let figures = TerrainErrors::of(&errors).unwrap();
        assert!((figures.bias_m - 0.02).abs() < 1e-12 && (figures.median_m - 0.02).abs() < 1e-12);
        assert!((figures.nmad_m - 1.4826 * 0.25).abs() < 1e-9);
        assert!((figures.p95_m - 0.48).abs() < 0.011);
        assert!(TerrainErrors::of(&[]).is_none());
    }

    #[test]
    fn the_report_survives_toml_and_speaks_both_languages() {
        let report = QualityReport {
            terrain_source: TerrainSource::ClassifiedPoints,
            selection: Some(SelectionRule::IgnMax),
            is_fit_for_hazard: true,
            points: 1_234_567,
            points_per_m2: 12.3,
            ground_points_per_m2: 4.5,
            cells: QualityShares { measured: 0.9, interpolated: 0.1, ..QualityShares::default() },
            errors: TerrainErrors::of(&[0.01, -0.01, 0.02]),
            open_ground_errors: TerrainErrors::of(&[0.01, -0.01]),
            vegetated_errors: TerrainErrors::of(&[0.02]),
            buildings: BuildingCounts { lidar: 3, storeys: 1, ..BuildingCounts::default() },
            hydrography: HydrographyReport::default(),
        };
        let text = toml::to_string(&report).unwrap();
        assert!(text.contains("selection = \"ign-max\""));
        assert_eq!(toml::from_str::<QualityReport>(&text).unwrap(), report);
        assert!(report.text(Language::Fr).contains("4 bâtiments"));
        assert!(report.text(Language::En).contains("Cells measured 90.0%"));
    }
}
