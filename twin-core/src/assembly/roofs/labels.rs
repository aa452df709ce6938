//! The plane of every cell: the labelling of least energy, by graph cuts.
//!
//! E = λ Σ volume between cell and plane + (1 − λ) Σ length of edges between different planes, by
//! α-expansion (Boykov, Veksler & Zabih 2001, doi 10.1109/34.969114): moves in which any cells take one
//! plane, each the best of its kind by a minimum cut, until none helps.

use petgraph::Graph;
use petgraph::algo::dinics;
use petgraph::graph::NodeIndex;

/// Weight of the data: one metre of edge costs as much as 0.126 m³ (Peters et al. 2022).
const LAMBDA: f64 = 0.888;
/// Units of energy, so that cuts are exact integers.
const UNITS: f64 = 1e4;
/// Rounds over all planes.
const ROUNDS: usize = 6;

/// Least-energy label of each node. `data[node][label]` in m³, `edges` (node, node, length in m).
pub(super) fn label(data: &[Vec<f64>], edges: &[(usize, usize, f64)]) -> Vec<usize> {
    let cost = |volume: f64| (LAMBDA * volume.min(1e9) * UNITS).round() as u64;
    let smooth = |length: f64| ((1.0 - LAMBDA) * length * UNITS).round() as u64;
    let labels = data.first().map_or(0, Vec::len);
    let cheapest =
        |costs: &Vec<f64>| (0..labels).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
    let mut now: Vec<usize> = data.iter().map(cheapest).collect();
    if labels < 2 {
        return now;
    }
    let energy = |of: &[usize]| -> u64 {
        let volumes: u64 = of.iter().zip(data).map(|(&l, costs)| cost(costs[l])).sum();
        let borders = edges.iter().filter(|(a, b, _)| of[*a] != of[*b]);
        volumes + borders.map(|e| smooth(e.2)).sum::<u64>()
    };
    let mut best = energy(&now);
    for _ in 0..ROUNDS {
        let before = best;
        for alpha in 0..labels {
            let moved = expand(data, edges, &now, alpha, cost, smooth);
            let e = energy(&moved);
            if e < best {
                (best, now) = (e, moved);
            }
        }
        if best == before {
            break;
        }
    }
    now
}

/// The best labelling in which every node keeps its label or takes `alpha`.
fn expand(
    data: &[Vec<f64>],
    edges: &[(usize, usize, f64)],
    now: &[usize],
    alpha: usize,
    cost: impl Fn(f64) -> u64,
    smooth: impl Fn(f64) -> u64,
) -> Vec<usize> {
    // A node on the side of the source takes alpha: it then pays the edge to the sink.
    let mut graph = Graph::<(), u64>::new();
    let (source, sink) = (graph.add_node(()), graph.add_node(()));
    let nodes: Vec<NodeIndex> = data.iter().map(|_| graph.add_node(())).collect();
    for (i, costs) in data.iter().enumerate() {
        let keep = if now[i] == alpha { u64::MAX / 1024 } else { cost(costs[now[i]]) };
        graph.add_edge(source, nodes[i], keep);
        graph.add_edge(nodes[i], sink, cost(costs[alpha]));
    }
    for &(a, b, length) in edges {
        let weight = smooth(length);
        if now[a] == now[b] {
            if now[a] != alpha {
                graph.add_edge(nodes[a], nodes[b], weight);
                graph.add_edge(nodes[b], nodes[a], weight);
            }
        } else {
            // Different labels: the border is there unless both take alpha.
            let middle = graph.add_node(());
            graph.add_edge(source, middle, weight);
            for (node, of) in [(a, now[a]), (b, now[b])] {
                let weight = if of == alpha { 0 } else { weight };
                graph.add_edge(middle, nodes[node], weight);
                graph.add_edge(nodes[node], middle, weight);
            }
        }
    }
    let (_, flows) = dinics(&graph, source, sink);
    // What the source still reaches.
    let mut reached = vec![false; graph.node_count()];
    reached[source.index()] = true;
    let mut stack = vec![source];
    while let Some(node) = stack.pop() {
        for direction in [petgraph::Outgoing, petgraph::Incoming] {
            for edge in graph.edges_directed(node, direction) {
                use petgraph::visit::EdgeRef;
                let flow = flows[edge.id().index()];
                let (other, open) = match direction {
                    petgraph::Outgoing => (edge.target(), flow < *edge.weight()),
                    petgraph::Incoming => (edge.source(), flow > 0),
                };
                if open && !reached[other.index()] {
                    reached[other.index()] = true;
                    stack.push(other);
                }
            }
        }
    }
    (0..data.len()).map(|i| if reached[nodes[i].index()] { alpha } else { now[i] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_cell_takes_the_plane_of_its_neighbours_and_a_large_one_keeps_its_own() {
        let edges = [(0, 1, 3.0), (1, 2, 3.0)];
        let costs = |own: f64| vec![vec![0.0, 9.0], vec![own, 0.0], vec![0.0, 9.0]];
        assert_eq!(label(&costs(0.5), &edges), [0, 0, 0]);
        assert_eq!(label(&costs(5.0), &edges), [0, 1, 0]);
    }

    #[test]
    fn no_labelling_of_a_chain_is_better() {
        // All labellings of five cells and three planes, for many costs.
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 40) as f64 / (1u64 << 24) as f64
        };
        for _ in 0..50 {
            let data: Vec<Vec<f64>> = (0..5).map(|_| (0..3).map(|_| random()).collect()).collect();
            let edges: Vec<_> = (0..4).map(|i| (i, i + 1, 4.0 * random())).collect();
            let energy = |of: &[usize]| {
                let volumes: f64 = of.iter().zip(&data).map(|(&l, c)| LAMBDA * c[l]).sum();
                let borders = edges.iter().filter(|(a, b, _)| of[*a] != of[*b]);
                volumes + borders.map(|e| (1.0 - LAMBDA) * e.2).sum::<f64>()
            };
            let found = energy(&label(&data, &edges));
            let all = (0..243).map(|k: usize| {
                let of: Vec<usize> = (0..5).map(|i| k / 3usize.pow(i) % 3).collect();
                energy(&of)
            });
            let least = all.fold(f64::INFINITY, f64::min);
            assert!(found < least + 2e-3 || found < 1.3 * least, "{found} {least}");
        }
    }
}
