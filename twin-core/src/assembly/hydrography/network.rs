//! Watercourses as a directed graph of stations.
//!
//! Stretches of BD TOPO are turned into the direction of their flow, cut into steps of a few metres
//! and joined where their ends meet. At a confluence the stretches of one river are strung into a
//! chain: same name first, then the wider ones. Chains cover every step once.

use std::collections::BTreeMap;

use crate::spatial::Line;
use crate::territory::{FlowDirection, WaterCourse, WaterNature};

/// Distance between stations, m.
const STEP_M: f64 = 5.0;
/// Ends of stretches closer than this meet, m.
const MEETING_M: f64 = 0.05;
/// Steps of a stretch: longer ones take longer steps.
const MOST_STEPS: usize = 100_000;
/// Width of a stream of which nothing is known, m: the middle of the narrowest class of BD TOPO.
const NARROW_M: f64 = 2.5;

/// A place on the axis of a watercourse.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Station {
    /// East, north.
    pub(super) at: [f64; 2],
    /// Unit vector to the left of the flow.
    pub(super) left: [f64; 2],
    /// Position of its watercourse in the features.
    pub(super) course: usize,
    /// Width by the class of the watercourse, m.
    pub(super) class_width_m: f64,
    /// In a pipe or culvert: the terrain tells nothing of the water.
    pub(super) is_buried: bool,
}

/// Two stations, the second downstream of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The stretch it belongs to.
    pub(super) stretch: usize,
}

/// A stretch of watercourse.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    /// Its stations, downstream.
    pub(super) stations: Vec<usize>,
    pub(super) course: usize,
    pub(super) length_m: f64,
    pub(super) is_buried: bool,
}

/// The watercourses of a territory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Network {
    pub(super) stations: Vec<Station>,
    pub(super) stretches: Vec<Stretch>,
    /// Stretches strung together, downstream.
    pub(super) chains: Vec<Vec<usize>>,
}

impl Network {
    /// Of the watercourses whose water runs on or just below the ground.
    pub(super) fn new(courses: &[WaterCourse]) -> Self {
        let mut network = Self::default();
        let mut nodes: BTreeMap<[i64; 2], usize> = BTreeMap::new();
        for (course, feature) in courses.iter().enumerate().filter(|(_, c)| is_surface(c)) {
            for line in feature.geometry.lines() {
                network.add(course, feature, &along_flow(feature, line), &mut nodes);
            }
        }
        network.chains = network.string(courses);
        network
    }

    /// Every pair of stations that follow each other.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.stretches.iter().enumerate().flat_map(|(stretch, s)| {
            s.stations.windows(2).map(move |w| Step { from: w[0], to: w[1], stretch })
        })
    }

    /// The stations of a chain, each once.
    pub(super) fn chain_stations(&self, chain: &[usize]) -> Vec<usize> {
        let mut stations: Vec<usize> =
            chain.iter().flat_map(|&s| &self.stretches[s].stations).copied().collect();
        stations.dedup();
        stations
    }

    fn add(
        &mut self,
        course: usize,
        feature: &WaterCourse,
        line: &[[f64; 2]],
        nodes: &mut BTreeMap<[i64; 2], usize>,
    ) {
        let length_m: f64 = line.windows(2).map(|w| distance(w[0], w[1])).sum();
        if !(length_m.is_finite() && length_m > MEETING_M) {
            return;
        }
        let count = ((length_m / STEP_M).ceil() as usize).min(MOST_STEPS);
        let is_buried = is_buried(feature);
        let class_width_m = class_width_m(feature);
        let mut stations = Vec::with_capacity(count + 1);
        for k in 0..=count {
            let (at, along) = place(line, length_m * k as f64 / count as f64);
            let station =
                Station { at, left: [-along[1], along[0]], course, class_width_m, is_buried };
            let is_end = k == 0 || k == count;
            let key = at.map(|v| (v / MEETING_M).round() as i64);
            let index = match nodes.get(&key).filter(|_| is_end) {
                Some(&met) => {
                    let known = &mut self.stations[met];
                    known.is_buried &= is_buried;
                    if class_width_m > known.class_width_m {
                        let is_buried = known.is_buried;
                        *known = Station { is_buried, ..station };
                    }
                    met
                }
                None => {
                    self.stations.push(station);
                    self.stations.len() - 1
                }
            };
            if is_end {
                nodes.insert(key, index);
            }
            stations.push(index);
        }
        self.stretches.push(Stretch { stations, course, length_m, is_buried });
    }

    /// Chains of stretches through the nodes.
    fn string(&self, courses: &[WaterCourse]) -> Vec<Vec<usize>> {
        let mut ends: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (k, stretch) in self.stretches.iter().enumerate() {
            if let (Some(&first), Some(&last)) = (stretch.stations.first(), stretch.stations.last())
            {
                ends.entry(first).or_default().1.push(k);
                ends.entry(last).or_default().0.push(k);
            }
        }
        let mut follower = vec![None; self.stretches.len()];
        let mut has_leader = vec![false; self.stretches.len()];
        for (arriving, leaving) in ends.values() {
            let mut pairs: Vec<_> = arriving
                .iter()
                .flat_map(|&a| leaving.iter().map(move |&b| (a, b)))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| {
                    let [from, to] = [a, b].map(|k| &courses[self.stretches[k].course]);
                    let is_same = from.name.is_some() && from.name == to.name;
                    let width_m = class_width_m(from).min(class_width_m(to));
                    (!is_same, -width_m, a, b)
                })
                .collect();
            pairs.sort_by(|a, b| {
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then((a.2, a.3).cmp(&(b.2, b.3)))
            });
            for (.., a, b) in pairs {
                if follower[a].is_none() && !has_leader[b] {
                    (follower[a], has_leader[b]) = (Some(b), true);
                }
            }
        }
        let mut is_strung = vec![false; self.stretches.len()];
        let mut chains = Vec::new();
        // Chains from their sources, then rings, which have none.
        let starts = (0..self.stretches.len()).filter(|&k| !has_leader[k]);
        for start in starts.chain(0..self.stretches.len()) {
            let mut chain = Vec::new();
            let mut next = Some(start);
            while let Some(k) = next.filter(|&k| !is_strung[k]) {
                is_strung[k] = true;
                chain.push(k);
                next = follower[k];
            }
            if !chain.is_empty() {
                chains.push(chain);
            }
        }
        chains
    }
}

/// Whether its water has to do with the terrain: not in rock, sediments or on an aqueduct.
fn is_surface(course: &WaterCourse) -> bool {
    let is_elsewhere = matches!(
        course.nature,
        Some(
            WaterNature::HyporheicFlow
                | WaterNature::KarstFlow
                | WaterNature::PhreaticFlow
                | WaterNature::Penstock
                | WaterNature::Aqueduct
        )
    );
    !is_elsewhere && !course.position.as_ref().is_some_and(|p| p.is_above())
}

fn is_buried(course: &WaterCourse) -> bool {
    course.is_underground() || course.nature == Some(WaterNature::Culvert)
}

/// Width of the bed by the class: its lower bound, the middle of the narrowest.
fn class_width_m(course: &WaterCourse) -> f64 {
    let bounds = course.width_class.as_ref().and_then(|c| c.bounds_m());
    bounds.map_or(NARROW_M, |(low, _)| low.max(NARROW_M))
}

/// The vertices in the direction of the flow: as stated, else downhill by their heights, else as
/// drawn.
fn along_flow(course: &WaterCourse, line: &Line) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = line.iter().map(|p| [p[0], p[1]]).collect();
    let mut heights = line.iter().map(|p| p[2]).filter(|z| z.is_finite());
    let is_reversed = match course.flow_direction {
        Some(FlowDirection::Forward) => false,
        Some(FlowDirection::Backward) => true,
        _ => heights.next().zip(heights.next_back()).is_some_and(|(first, last)| last > first),
    };
    if is_reversed {
        points.reverse();
    }
    points
}

/// Where a line is after a distance, and its direction there.
fn place(line: &[[f64; 2]], distance_m: f64) -> ([f64; 2], [f64; 2]) {
    let mut gone = 0.0;
    let mut found = ([f64::NAN; 2], [1.0, 0.0]);
    for pair in line.windows(2) {
        let length = distance(pair[0], pair[1]);
        if length == 0.0 {
            continue;
        }
        let along = [0, 1].map(|k| (pair[1][k] - pair[0][k]) / length);
        let on = (distance_m - gone).min(length);
        found = ([0, 1].map(|k| pair[0][k] + on * along[k]), along);
        gone += length;
        if gone >= distance_m {
            break;
        }
    }
    found
}

pub(super) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Length of the watercourses that the network holds, km.
pub(super) fn length_km(network: &Network) -> f64 {
    network.stretches.iter().map(|s| s.length_m).sum::<f64>() / 1e3
}
