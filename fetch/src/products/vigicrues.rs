//! Flood maps of Vigicrues (VIGINOND) by WFS: envelopes (`zip`) and depths (`zich`) for one stage at one
//! gauge, and the gauges. A tool for crises without regulatory value: it lies beside the sources, for
//! `twin compare` and the viewer.

use super::layers::Layers;

/// Flood maps of Vigicrues.
pub static VIGICRUES: Layers = Layers {
    code: "vigicrues",
    essential: &[],
    layers: &[
        ("VIGINOND-DIFFUSION", "zip"),
        ("VIGINOND-DIFFUSION", "zich"),
        ("VIGINOND-DIFFUSION", "stationhydro"),
    ],
    sort_by: None,
    sources: &[],
    licence: ("Licence Ouverte 2.0", "Vigicrues – VIGINOND"),
};
