//! Roads under water, and who they cut off.
//!
//! The roads that light vehicles use are a directed graph: a node where stretches meet, an arc with
//! the time of the way in each direction of traffic. A stretch is cut where the water on it is deeper
//! than the stated depth, bridges and tunnels left out, or where a measure closes it. Ways start at the places that send help,
//! hospitals and fire stations, and at the places where roads leave the territory, and their shortest
//! times (Dijkstra 1959) are compared without and with the water.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeFiltered;
use twin_core::scenario::NO_ACCESS;
use twin_core::spatial::{Extent, Grid, cells_along, line_length};
use twin_core::territory::{Features, Road, RoadNature, TrafficDirection};

/// Ends of stretches within this distance meet, metres.
const JOINT_M: f64 = 0.1;
/// Speed of stretches without one, km/h: that of towns.
const SPEED_KM_PER_H: f64 = 30.0;
/// Where a road ends this close to the border of the territory it goes on beyond it, metres.
const BORDER_M: f64 = 20.0;

/// What sends help, or whither people leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A hospital.
    Hospital,
    /// A fire station.
    FireStation,
    /// The roads beyond the territory.
    Outside,
}

impl Target {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Hospital, Self::FireStation, Self::Outside];
}

/// A stretch of road as an arc.
#[derive(Debug, Clone, Copy)]
struct Arc {
    time_s: f64,
    is_cut: bool,
}

/// The roads of light vehicles.
pub struct Network {
    graph: DiGraph<[f64; 2], Arc>,
    nodes: rstar::RTree<NodePoint>,
    sources: BTreeMap<Target, Vec<NodeIndex>>,
    /// Stretches that are cut, by position in `Features::roads`.
    pub cut: Vec<usize>,
    /// Length of the stretches that are cut, metres.
    pub cut_m: f64,
}

type NodePoint = rstar::primitives::GeomWithData<[f64; 2], NodeIndex>;

/// Times from a kind of place to the node nearest to a building.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ways {
    /// Without water, seconds; infinite without a way.
    pub before_s: f64,
    /// With the water, seconds.
    pub after_s: f64,
}

impl Ways {
    /// Whether there was a way and there is none.
    pub fn is_lost(&self) -> bool {
        self.before_s.is_finite() && self.after_s.is_infinite()
    }
}

impl Network {
    /// The roads of a territory with the largest depth of the water on them.
    pub fn new(
        features: &Features,
        depth_m: &Grid<f32>,
        cut_depth_m: f64,
        extent: &Extent,
    ) -> Self {
        let mut network = Self {
            graph: DiGraph::new(),
            nodes: rstar::RTree::new(),
            sources: BTreeMap::new(),
            cut: Vec::new(),
            cut_m: 0.0,
        };
        let mut joints: BTreeMap<[i64; 2], NodeIndex> = BTreeMap::new();
        for (index, road) in features.roads.iter().enumerate().filter(|(_, r)| is_drivable(r)) {
            let is_above = road.is_bridge() || road.is_tunnel();
            let is_closed = road.light_vehicle_access.as_deref() == Some(NO_ACCESS);
            let mut is_cut_here = is_closed;
            for line in road.geometry.lines() {
                let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
                let is_deep = |cell: &(usize, usize)| f64::from(depth_m[*cell]) > cut_depth_m;
                let is_wet = !is_above && cells_along(&depth_m.spec, line).iter().any(is_deep);
                is_cut_here |= is_wet;
                let length_m = line_length(line);
                network.cut_m += if is_wet || is_closed { length_m } else { 0.0 };
                let [from, to] = [first, last].map(|p| network.joint(&mut joints, [p[0], p[1]]));
                let speed = road.mean_speed_km_per_h.filter(|v| *v > 0.0).unwrap_or(SPEED_KM_PER_H);
                let arc = Arc { time_s: length_m / (speed / 3.6), is_cut: is_wet || is_closed };
                if road.direction != Some(TrafficDirection::Backward) {
                    network.graph.add_edge(from, to, arc);
                }
                if road.direction != Some(TrafficDirection::Forward) {
                    network.graph.add_edge(to, from, arc);
                }
            }
            if is_cut_here {
                network.cut.push(index);
            }
        }
        let placed = network.graph.node_indices().map(|n| NodePoint::new(network.graph[n], n));
        network.nodes = rstar::RTree::bulk_load(placed.collect());
        network.find_sources(features, extent);
        network
    }

    fn joint(&mut self, joints: &mut BTreeMap<[i64; 2], NodeIndex>, at: [f64; 2]) -> NodeIndex {
        let key = at.map(|v| (v / JOINT_M).round() as i64);
        *joints.entry(key).or_insert_with(|| self.graph.add_node(at))
    }

    fn find_sources(&mut self, features: &Features, extent: &Extent) {
        for facility in &features.facilities {
            let target = match facility.nature.as_deref() {
                Some("Hôpital" | "Etablissement hospitalier") => Target::Hospital,
                Some("Caserne de pompiers") => Target::FireStation,
                _ => continue,
            };
            let middle = facility.geometry.extent().map(|e| e.centre());
            if let Some(node) = middle.and_then(|(x, y)| self.nodes.nearest_neighbor(&[x, y])) {
                self.sources.entry(target).or_default().push(node.data);
            }
        }
        let inner = extent.buffered(-BORDER_M);
        let leaves = |n: &NodeIndex| {
            let [x, y] = self.graph[*n];
            !inner.contains(x, y)
        };
        let ends: Vec<NodeIndex> = self.graph.node_indices().filter(leaves).collect();
        if !ends.is_empty() {
            self.sources.insert(Target::Outside, ends);
        }
    }

    /// How many places of a kind there are.
    pub fn count(&self, target: Target) -> usize {
        self.sources.get(&target).map_or(0, Vec::len)
    }

    /// The node nearest to each place, within a distance; `None` where there is none.
    pub fn nearest(&self, [x, y]: [f64; 2], within_m: f64) -> Option<NodeIndex> {
        let node = self.nodes.nearest_neighbor(&[x, y])?;
        let [nx, ny] = *node.geom();
        ((nx - x).hypot(ny - y) <= within_m).then_some(node.data)
    }

    /// Shortest times between the places of a kind and some nodes, without and with the water: from
    /// hospitals and fire stations, and towards the outside.
    pub fn ways(&self, target: Target, nodes: &[Option<NodeIndex>]) -> Vec<Option<Ways>> {
        let Some(sources) = self.sources.get(&target) else { return vec![None; nodes.len()] };
        let outward = target == Target::Outside;
        let [before, after] = [false, true].map(|wet| self.times(sources, outward, wet));
        let time = |times: &BTreeMap<NodeIndex, f64>, node: NodeIndex| {
            times.get(&node).copied().unwrap_or(f64::INFINITY)
        };
        let of = |node: &Option<NodeIndex>| {
            let node = (*node)?;
            Some(Ways { before_s: time(&before, node), after_s: time(&after, node) })
        };
        nodes.iter().map(of).collect()
    }

    /// Shortest time of each node to the nearest of the sources, against the traffic where the way leads
    /// to them.
    fn times(&self, sources: &[NodeIndex], against: bool, wet: bool) -> BTreeMap<NodeIndex, f64> {
        let mut graph = self.graph.clone();
        // One node before all sources, from which each is reached at once.
        let start = graph.add_node([f64::NAN; 2]);
        let free = Arc { time_s: 0.0, is_cut: false };
        for source in sources {
            if against {
                graph.add_edge(*source, start, free);
            } else {
                graph.add_edge(start, *source, free);
            }
        }
        if against {
            graph.reverse();
        }
        debug_assert_eq!(graph.neighbors_directed(start, Direction::Incoming).count(), 0);
        let open = EdgeFiltered::from_fn(&graph, |arc| !(wet && arc.weight().is_cut));
        dijkstra(&open, start, None, |arc| arc.weight().time_s).into_iter().collect()
    }
}

/// Whether light vehicles use a road. One that a measure closes stays in the network, cut.
fn is_drivable(road: &Road) -> bool {
    let nature = !matches!(
        road.nature,
        Some(RoadNature::Path | RoadNature::Stairs | RoadNature::Ferry | RoadNature::Track)
    );
    nature && road.is_fictitious != Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
    use twin_core::spatial::{Crs, Geometry, GridSpec};

    const SPEC: GridSpec =
        GridSpec { west: 0.0, north: 1000.0, cell_size: 10.0, columns: 100, rows: 100 };

    /// A square of four streets of 500 m at 36 km/h: two ways between opposite corners.
    fn town(closed: Option<usize>) -> Features {
        let mut roads = FeatureTable::new("troncon_de_route", Some(Crs::LAMBERT_93))
            .with_field("cleabs", FieldKind::Text)
            .with_field("nature", FieldKind::Text)
            .with_field("sens_de_circulation", FieldKind::Text)
            .with_field("vitesse_moyenne_vl", FieldKind::Real)
            .with_field("acces_vehicule_leger", FieldKind::Text);
        let corners = [[200.0, 200.0], [700.0, 200.0], [700.0, 700.0], [200.0, 700.0]];
        for k in 0..4 {
            let line = [corners[k], corners[(k + 1) % 4]].map(|[x, y]| [x, y, f64::NAN]).to_vec();
            let text = |t: &str| Value::Text(t.to_owned());
            let access = if closed == Some(k) { NO_ACCESS } else { "Libre" };
            roads.features.push(Feature {
                geometry: Some(Geometry::Lines(vec![line])),
                values: vec![
                    text(&format!("R{k}")),
                    text("Route à 1 chaussée"),
                    text("Double sens"),
                    Value::Real(36.0),
                    text(access),
                ],
            });
        }
        let mut places = FeatureTable::new("equipement", Some(Crs::LAMBERT_93))
            .with_field("cleabs", FieldKind::Text)
            .with_field("nature", FieldKind::Text);
        let ring = [(200.0, 200.0), (211.0, 200.0), (200.0, 211.0)];
        let polygon = twin_core::spatial::Polygon::from_corners(&ring);
        places.features.push(Feature {
            geometry: Some(Geometry::Polygons(vec![polygon])),
            values: vec![Value::Text("H".into()), Value::Text("Hôpital".into())],
        });
        Features::from_tables(Path::new("x"), vec![roads, places]).unwrap()
    }

    fn ways(features: &Features, deep: &[(f64, f64)]) -> (Ways, Network) {
        let mut depth = Grid::filled(SPEC, 0.0f32);
        for (x, y) in deep {
            let cell = SPEC.cell_at(*x, *y).unwrap();
            depth[cell] = 0.5;
        }
        let network = Network::new(features, &depth, 0.3, &SPEC.extent());
        let far = network.nearest([700.0, 690.0], 50.0);
        assert!(network.nearest([450.0, 450.0], 50.0).is_none());
        let found = network.ways(Target::Hospital, &[far])[0].unwrap();
        (found, network)
    }

    #[test]
    fn the_way_round_is_longer_and_there_is_none_when_both_are_cut() {
        let town = town(None);
        let (dry, network) = ways(&town, &[]);
        assert!((dry.before_s - 100.0).abs() < 1e-9 && dry.after_s == dry.before_s);
        assert_eq!((network.count(Target::Hospital), network.cut.len()), (1, 0));
        let (one, network) = ways(&town, &[(450.0, 200.0)]);
        assert!((one.after_s - 100.0).abs() < 1e-9 && network.cut == [0]);
        assert!((network.cut_m - 500.0).abs() < 1e-9);
        let (both, _) = ways(&town, &[(450.0, 200.0), (200.0, 450.0)]);
        assert!(both.is_lost() && (both.before_s - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_closed_road_cuts_without_water() {
        let (found, network) = ways(&town(Some(1)), &[(200.0, 450.0)]);
        assert!(found.is_lost() && network.cut == [1, 3]);
    }
}
