//! Levels along watercourses that never rise downstream.
//!
//! Chain by chain the levels of the sections are made to fall by isotonic median regression
//! ([`falling`](super::isotonic::falling)), and places without one take what lies between. Then
//! every station takes the lowest level upstream of it over the whole network, so that confluences
//! and bifurcations fall too; watercourses that run in a ring by a wrong direction get one level.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::bed::{depth_m, section_of};
use super::isotonic::falling;
use super::network::{Network, distance};
use super::survey::Survey;
use crate::territory::{Features, HydrographySettings, quantile};

/// What runs past a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Profile {
    /// Level of the water, m; `NaN` where nothing is known.
    pub(super) level_m: f64,
    /// Level of the bed, m.
    pub(super) bed_m: f64,
    /// Width of the bed, m.
    pub(super) width_m: f64,
    /// Whether that width is given, and not that of the water.
    pub(super) is_width_given: bool,
}

/// The profile at every station.
pub(super) fn profiles(
    network: &Network,
    survey: &Survey,
    features: &Features,
    settings: &HydrographySettings,
) -> Vec<Profile> {
    let mut level = vec![f64::NAN; network.stations.len()];
    for chain in &network.chains {
        let stations = network.chain_stations(chain);
        let known: Vec<(usize, f64)> = stations
            .iter()
            .enumerate()
            .filter_map(|(k, &s)| Some((k, survey.soundings[s]?.level_m)))
            .collect();
        let fitted = falling(&known.iter().map(|k| k.1).collect::<Vec<_>>());
        let known: Vec<(usize, f64)> = known.iter().map(|k| k.0).zip(fitted).collect();
        let along = distances(network, &stations);
        for (k, &station) in stations.iter().enumerate() {
            // `min` takes the other where one is not a number.
            level[station] = level[station].min(between(&known, &along, k));
        }
    }
    fall(network, &mut level);
    let mut bed = vec![f64::NAN; level.len()];
    let mut width = vec![0.0f64; level.len()];
    let mut is_given = vec![false; level.len()];
    for stretch in &network.stretches {
        let course = &features.water_courses[stretch.course];
        let soundings = || stretch.stations.iter().filter_map(|&s| survey.soundings[s]);
        let median = |values: Vec<f64>| quantile(&values, 0.5);
        let given = section_of(settings, course).and_then(|s| s.width_m);
        let width_m = given
            .or_else(|| median(soundings().map(|s| s.width_m).collect()))
            .unwrap_or_else(|| network.stations[stretch.stations[0]].class_width_m);
        let freeboard_m = median(soundings().map(|s| s.freeboard_m).collect()).unwrap_or(0.0);
        let depth_m = depth_m(settings, course, width_m, freeboard_m);
        for &station in &stretch.stations {
            bed[station] = bed[station].min(level[station] - depth_m);
            width[station] = width[station].max(width_m);
            is_given[station] |= given.is_some();
        }
    }
    fall(network, &mut bed);
    (0..level.len())
        .map(|k| Profile {
            level_m: level[k],
            bed_m: bed[k],
            width_m: width[k],
            is_width_given: is_given[k],
        })
        .collect()
}

/// Distance of each station of a chain from the first, m.
fn distances(network: &Network, stations: &[usize]) -> Vec<f64> {
    let mut gone = 0.0;
    let mut along = vec![0.0; stations.len()];
    for (k, pair) in stations.windows(2).enumerate() {
        gone += distance(network.stations[pair[0]].at, network.stations[pair[1]].at);
        along[k + 1] = gone;
    }
    along
}

/// The level at place `k` of a chain from the known ones on both sides of it.
fn between(known: &[(usize, f64)], along: &[f64], k: usize) -> f64 {
    let next = known.partition_point(|(place, _)| *place < k);
    let before = next.checked_sub(1).and_then(|i| known.get(i));
    match (before, known.get(next)) {
        (Some(&(a, from)), Some(&(b, to))) if along[b] > along[a] => {
            from + (to - from) * (along[k] - along[a]) / (along[b] - along[a])
        }
        (_, Some(&(_, level))) | (Some(&(_, level)), None) => level,
        (None, None) => f64::NAN,
    }
}

/// Lowers every level to the lowest upstream of it.
fn fall(network: &Network, level: &mut [f64]) {
    let mut graph: DiGraph<(), (), usize> =
        DiGraph::with_capacity(level.len(), network.stations.len());
    for _ in 0..level.len() {
        graph.add_node(());
    }
    for step in network.steps() {
        graph.add_edge(step.from.into(), step.to.into(), ());
    }
    // Kosaraju's components come from the mouths to the sources.
    for component in kosaraju_scc(&graph).into_iter().rev() {
        let lowest = component.iter().map(|n| level[n.index()]).fold(f64::NAN, f64::min);
        for node in component {
            level[node.index()] = lowest;
            for next in graph.neighbors(node) {
                level[next.index()] = level[next.index()].min(lowest);
            }
        }
    }
}
