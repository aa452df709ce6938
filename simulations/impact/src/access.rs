//! Roads under water, and who they cut off.
//!
//! The roads that light vehicles use are a directed graph: a node where stretches meet, an arc with
//! the time of the way in each direction of traffic. A stretch is cut where the water on it is deeper
//! than the stated depth, bridges and tunnels left out, or where a measure closes it. Ways start at the places that send help,
//! hospitals and fire stations, and at the places where roads leave the territory, and their shortest
//! times (Dijkstra 1959) are compared without and with the water.

use std::collections::BTreeMap;

use twin_core::scenario::NO_ACCESS;
use twin_core::spatial::{Extent, Grid, cells_along, line_length};
use twin_core::territory::{Features, Road, RoadNature, TrafficDirection};
use twin_streets::{Builder, Directions, NodeIndex, Streets, Way};

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
    streets: Streets<Arc>,
    sources: BTreeMap<Target, Vec<NodeIndex>>,
    /// Stretches that are cut, by position in `Features::roads`.
    pub cut: Vec<usize>,
    /// Length of the stretches that are cut, metres.
    pub cut_m: f64,
}

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
        let mut streets = Builder::default();
        let (mut cut, mut cut_m) = (Vec::new(), 0.0);
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
                cut_m += if is_wet || is_closed { length_m } else { 0.0 };
                let speed = road.mean_speed_km_per_h.filter(|v| *v > 0.0).unwrap_or(SPEED_KM_PER_H);
                let arc = Arc { time_s: length_m / (speed / 3.6), is_cut: is_wet || is_closed };
                let directions = match road.direction {
                    Some(TrafficDirection::Forward) => Directions::Forward,
                    Some(TrafficDirection::Backward) => Directions::Backward,
                    _ => Directions::Both,
                };
                streets.add([first[0], first[1]], [last[0], last[1]], directions, arc);
            }
            if is_cut_here {
                cut.push(index);
            }
        }
        let mut network = Self { streets: streets.build(), sources: BTreeMap::new(), cut, cut_m };
        network.find_sources(features, extent);
        network
    }

    fn find_sources(&mut self, features: &Features, extent: &Extent) {
        for facility in &features.facilities {
            let target = match facility.nature.as_deref() {
                Some("Hôpital" | "Etablissement hospitalier") => Target::Hospital,
                Some("Caserne de pompiers") => Target::FireStation,
                _ => continue,
            };
            let middle = facility.geometry.extent().map(|e| e.centre());
            if let Some(node) =
                middle.and_then(|(x, y)| self.streets.nearest([x, y], f64::INFINITY))
            {
                self.sources.entry(target).or_default().push(node);
            }
        }
        let inner = extent.buffered(-BORDER_M);
        let leaves = |(_, [x, y]): &(NodeIndex, [f64; 2])| !inner.contains(*x, *y);
        let ends: Vec<NodeIndex> =
            self.streets.nodes().filter(leaves).map(|(node, _)| node).collect();
        if !ends.is_empty() {
            self.sources.insert(Target::Outside, ends);
        }
    }

    /// How many places of a kind there are.
    pub fn count(&self, target: Target) -> usize {
        self.sources.get(&target).map_or(0, Vec::len)
    }

    /// The node nearest to a place, within a distance; `None` where there is none.
    pub fn nearest(&self, at: [f64; 2], within_m: f64) -> Option<NodeIndex> {
        self.streets.nearest(at, within_m)
    }

    /// Shortest times between the places of a kind and some nodes, without and with the water: from
    /// hospitals and fire stations, and towards the outside.
    pub fn ways(&self, target: Target, nodes: &[Option<NodeIndex>]) -> Vec<Option<Ways>> {
        let Some(sources) = self.sources.get(&target) else { return vec![None; nodes.len()] };
        let way = match target {
            Target::Outside => Way::ToSources,
            _ => Way::FromSources,
        };
        let [before, after] = [false, true].map(|wet| {
            let time = |arc: &Arc| (!(wet && arc.is_cut)).then_some(arc.time_s);
            self.streets.costs(sources, way, time)
        });
        let of = |node: &Option<NodeIndex>| {
            let node = (*node)?.index();
            Some(Ways { before_s: before[node], after_s: after[node] })
        };
        nodes.iter().map(of).collect()
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
