//! Streets as a directed graph, and shortest ways on it.
//!
//! A node stands where stretches meet or bend, an arc for each piece between two nodes and each direction that may
//! be taken. What an arc carries, and what taking it costs, is the caller's. Ways are by Dijkstra (1959), from a
//! node before all sources.

use std::collections::BTreeMap;

use petgraph::algo::dijkstra;
pub use petgraph::graph::NodeIndex;
use petgraph::graph::{DiGraph, EdgeIndex};
use petgraph::visit::EdgeFiltered;

/// Ends within this distance meet, metres.
const JOINT_M: f64 = 0.1;

/// Which way the cost of a way is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the sources to the nodes.
    FromSources,
    /// From the nodes to the sources.
    ToSources,
}

/// Which directions of a stretch may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directions {
    /// Both.
    Both,
    /// As it is drawn.
    Forward,
    /// Against that.
    Backward,
}

/// Streets whose arcs carry an `E`.
#[derive(Debug)]
pub struct Streets<E> {
    graph: DiGraph<[f64; 2], E>,
    nodes: rstar::RTree<NodePoint>,
}

type NodePoint = rstar::primitives::GeomWithData<[f64; 2], NodeIndex>;

/// Takes stretches one by one.
#[derive(Debug)]
pub struct Builder<E> {
    graph: DiGraph<[f64; 2], E>,
    joints: BTreeMap<[i64; 2], NodeIndex>,
}

impl<E> Default for Builder<E> {
    fn default() -> Self {
        Self { graph: DiGraph::new(), joints: BTreeMap::new() }
    }
}

impl<E: Clone> Builder<E> {
    /// A stretch between two places.
    pub fn add(&mut self, from: [f64; 2], to: [f64; 2], directions: Directions, arc: E) {
        let [from, to] = [from, to].map(|at| self.joint(at));
        if directions != Directions::Backward {
            self.graph.add_edge(from, to, arc.clone());
        }
        if directions != Directions::Forward {
            self.graph.add_edge(to, from, arc);
        }
    }

    fn joint(&mut self, at: [f64; 2]) -> NodeIndex {
        let key = at.map(|v| (v / JOINT_M).round() as i64);
        *self.joints.entry(key).or_insert_with(|| self.graph.add_node(at))
    }

    /// The graph of all stretches.
    pub fn build(self) -> Streets<E> {
        let placed = self.graph.node_indices().map(|n| NodePoint::new(self.graph[n], n));
        let nodes = rstar::RTree::bulk_load(placed.collect());
        Streets { graph: self.graph, nodes }
    }
}

impl<E> Streets<E> {
    /// The node nearest to a place, within a distance.
    pub fn nearest(&self, [x, y]: [f64; 2], within_m: f64) -> Option<NodeIndex> {
        let node = self.nodes.nearest_neighbor(&[x, y])?;
        let [nx, ny] = *node.geom();
        ((nx - x).hypot(ny - y) <= within_m).then_some(node.data)
    }

    /// Places of all nodes.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, [f64; 2])> {
        self.graph.node_indices().map(|node| (node, self.graph[node]))
    }

    /// Lowest cost between the nearest source and each node, by node; infinite without a way. `cost` tells that of
    /// an arc, positive or zero, or that it may not be taken.
    pub fn costs(
        &self,
        sources: &[NodeIndex],
        way: Way,
        cost: impl Fn(&E) -> Option<f64>,
    ) -> Vec<f64> {
        // One node before all sources, from which each is reached at once.
        let mut graph: DiGraph<(), Option<EdgeIndex>> =
            self.graph.map(|_, _| (), |edge, _| Some(edge));
        if way == Way::ToSources {
            graph.reverse();
        }
        let start = graph.add_node(());
        for source in sources {
            graph.add_edge(start, *source, None);
        }
        let of = |arc: &Option<EdgeIndex>| match arc {
            Some(edge) => cost(&self.graph[*edge]),
            None => Some(0.0),
        };
        let open = EdgeFiltered::from_fn(&graph, |arc| of(arc.weight()).is_some());
        let found = dijkstra(&open, start, None, |arc| of(arc.weight()).unwrap_or(f64::INFINITY));
        let mut costs = vec![f64::INFINITY; self.graph.node_count()];
        for (node, cost) in found {
            if node != start {
                costs[node.index()] = cost;
            }
        }
        costs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Costs by going over all arcs until nothing changes (Bellman 1958).
    fn plain(arcs: &[(usize, usize, f64)], nodes: usize, sources: &[usize]) -> Vec<f64> {
        let mut costs = vec![f64::INFINITY; nodes];
        for source in sources {
            costs[*source] = 0.0;
        }
        for _ in 0..nodes {
            for (from, to, cost) in arcs {
                costs[*to] = costs[*to].min(costs[*from] + cost);
            }
        }
        costs
    }

    proptest! {
        #[test]
        fn costs_are_those_of_the_plain_method(
            arcs in prop::collection::vec((0usize..12, 0usize..12, 0.0f64..9.0), 1..40),
            sources in prop::collection::vec(0usize..12, 1..3),
        ) {
            let place = |node: usize| [node as f64 * 10.0, 0.0];
            let mut builder = Builder::default();
            for (from, to, cost) in &arcs {
                builder.add(place(*from), place(*to), Directions::Forward, *cost);
            }
            let streets = builder.build();
            let node = |at: usize| streets.nearest(place(at), 1.0);
            let starts: Vec<_> = sources.iter().filter_map(|s| node(*s)).collect();
            let turned: Vec<_> = arcs.iter().map(|(from, to, cost)| (*to, *from, *cost)).collect();
            // Closed arcs are as if they were not there.
            let open = |cost: f64| cost < 7.0;
            for (way, arcs) in [(Way::FromSources, &arcs), (Way::ToSources, &turned)] {
                let costs = streets.costs(&starts, way, |cost| open(*cost).then_some(*cost));
                let arcs: Vec<_> = arcs.iter().copied().filter(|(_, _, c)| open(*c)).collect();
                let known: Vec<usize> = sources.iter().copied().filter(|s| node(*s).is_some()).collect();
                let expected = plain(&arcs, 12, &known);
                for at in (0..12).filter(|at| node(*at).is_some()) {
                    let found = node(at).map(|n| costs[n.index()]).unwrap();
                    prop_assert!(found == expected[at] || (found - expected[at]).abs() < 1e-9);
                }
            }
        }
    }
}
