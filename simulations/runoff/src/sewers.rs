//! Sewers as what their inlets can take from the surface: each its capacity at most, all together what the
//! network carries, and never more than stands there. What happens below ground is not computed: no sewer
//! comes back up.

use std::collections::BTreeMap;

use twin_core::language::Text;
use twin_core::spatial::cell_lengths;
use twin_core::territory::TerritoryView;
use twin_core::{Error, Language, Result};
use twin_shallow_water::Bed;

use crate::parameters::Sewer;
use crate::setup::{place, positive};

/// Length of street that a stated capacity belongs to, m.
const STREET_M: f64 = 100.0;

/// The sewers of a run.
#[derive(Debug, Default)]
pub struct Sewers {
    /// Networks by name.
    pub networks: Vec<Network>,
}

/// A network of sewers.
#[derive(Debug)]
pub struct Network {
    /// Name.
    pub name: String,
    /// Cells with inlets and what these can take, m³/s; each cell once.
    pub inlets: Vec<(usize, f64)>,
    /// What the network can carry, m³/s.
    pub capacity_m3_per_s: f64,
    /// Taken so far, m³.
    pub taken_m3: f64,
}

impl Network {
    /// Takes water for some seconds: `standing_m` tells the depth of a cell before its `gain_m`.
    pub fn take(
        &mut self,
        standing_m: impl Fn(usize) -> f64,
        gain_m: &mut [f64],
        step_s: f64,
        cell_area_m2: f64,
    ) {
        let wanted = |&(cell, capacity): &(usize, f64)| {
            let there_m = (standing_m(cell) + gain_m[cell]).max(0.0);
            (there_m * cell_area_m2).min(capacity * step_s)
        };
        let wanted: Vec<f64> = self.inlets.iter().map(wanted).collect();
        let all: f64 = wanted.iter().sum();
        if all <= 0.0 {
            return;
        }
        let share = (self.capacity_m3_per_s * step_s / all).min(1.0);
        for ((cell, _), volume) in self.inlets.iter().zip(wanted) {
            gain_m[*cell] -= share * volume / cell_area_m2;
        }
        self.taken_m3 += share * all;
    }
}

impl Sewers {
    /// Places the inlets on the open cells of a bed.
    pub(crate) fn new(
        view: &TerritoryView,
        stated: &BTreeMap<String, Sewer>,
        bed: &Bed,
        hypotheses: &mut Vec<Text>,
        warnings: &mut Vec<Text>,
    ) -> Result<Self> {
        let mut networks = Vec::new();
        for (name, sewer) in stated {
            let here = format!("sewers.{name}");
            if sewer.source.trim().is_empty() {
                return Err(Error::input(
                    place(&format!("{here}.source")),
                    "dire d'où viennent les capacités",
                    "say where the capacities come from",
                ));
            }
            let mut inlets: BTreeMap<usize, f64> = BTreeMap::new();
            let (mut placed, mut lost) = (0usize, 0usize);
            let points = capacity(&sewer.inlets, sewer.inlet_capacity_l_per_s, &here, "inlet")?;
            if let Some((points, capacity)) = points {
                let crs = view.territory().crs();
                for [x, y, _] in points.points(crs, &place(&format!("{here}.inlets")))? {
                    match open_cell(bed, x, y) {
                        Some(cell) => {
                            *inlets.entry(cell).or_default() += capacity;
                            placed += 1;
                        }
                        None => lost += 1,
                    }
                }
            }
            let mut street_m = 0.0;
            let lines = capacity(&sewer.streets, sewer.street_capacity_l_per_s, &here, "street")?;
            if let Some((lines, capacity)) = lines {
                let crs = view.territory().crs();
                for line in lines.lines(crs, &place(&format!("{here}.streets")))? {
                    cell_lengths(&bed.spec, &line, |(row, column), length_m| {
                        let cell = bed.spec.index(row, column);
                        if bed.is_open(cell) {
                            *inlets.entry(cell).or_default() += capacity * length_m / STREET_M;
                            street_m += length_m;
                        }
                    });
                }
            }
            if inlets.is_empty() {
                return Err(Error::input(
                    place(&here),
                    "aucun avaloir sur le terrain du calcul ; donner inlets ou streets, et vérifier leurs coordonnées",
                    "no inlet on the run's terrain; give inlets or streets, and check their coordinates",
                ));
            }
            if lost > 0 {
                warnings.push(Text::new(
                    format!("Réseau « {name} » : {lost} avaloirs hors du terrain ou dans un bâtiment ne sont pas comptés."),
                    format!("Sewer \"{name}\": {lost} inlets outside the terrain or in a building are not counted."),
                ));
            }
            let of_inlets: f64 = inlets.values().sum();
            let carries = sewer
                .capacity_m3_per_s
                .map(|c| positive(c, &format!("{here}.capacity_m3_per_s")))
                .transpose()?;
            hypotheses.push(told(name, sewer, placed, street_m, of_inlets, carries));
            networks.push(Network {
                name: name.clone(),
                inlets: inlets.into_iter().collect(),
                capacity_m3_per_s: carries.unwrap_or(f64::INFINITY),
                taken_m3: 0.0,
            });
        }
        Ok(Self { networks })
    }

    /// Taken so far by all, m³.
    pub fn taken_m3(&self) -> f64 {
        self.networks.iter().map(|n| n.taken_m3).sum()
    }
}

/// A geometry with the capacity that belongs to it, m³/s; an error where one of them is missing.
fn capacity<'a, G>(
    geometry: &'a Option<G>,
    capacity_l_per_s: Option<f64>,
    here: &str,
    of: &str,
) -> Result<Option<(&'a G, f64)>> {
    let key = format!("{here}.{of}_capacity_l_per_s");
    match (geometry, capacity_l_per_s) {
        (None, None) => Ok(None),
        (Some(geometry), Some(capacity)) => Ok(Some((geometry, 1e-3 * positive(capacity, &key)?))),
        _ => Err(Error::input(
            place(&key),
            "une géométrie (inlets, streets) va avec sa capacité (inlet_capacity_l_per_s, street_capacity_l_per_s)",
            "a geometry (inlets, streets) goes with its capacity (inlet_capacity_l_per_s, street_capacity_l_per_s)",
        )),
    }
}

/// The open cell of a place, or the lowest one beside it.
fn open_cell(bed: &Bed, x: f64, y: f64) -> Option<usize> {
    let (row, column) = bed.spec.cell_at(x, y)?;
    let cell = bed.spec.index(row, column);
    if bed.is_open(cell) {
        return Some(cell);
    }
    let beside = crate::roofs::beside(&bed.spec, cell).filter(|&c| bed.is_open(c));
    beside.min_by(|a, b| bed.elevation_m[*a].total_cmp(&bed.elevation_m[*b]))
}

fn told(
    name: &str,
    sewer: &Sewer,
    inlets: usize,
    street_m: f64,
    of_inlets_m3_per_s: f64,
    carries_m3_per_s: Option<f64>,
) -> Text {
    let sentence = |l: Language| {
        let n = |v: f64, d| l.number(v, d);
        let (all, km) = (n(of_inlets_m3_per_s, 2), n(1e-3 * street_m, 2));
        let source = &sewer.source;
        let carries = carries_m3_per_s.map(|c| n(c, 2));
        match l {
            Language::Fr => format!(
                "Réseau « {name} » : {inlets} avaloirs et {km} km de rues prennent au plus {all} m³/s{} (source : {source}) ; son débordement n'est pas calculé.",
                carries.map_or(String::new(), |c| format!(", le réseau {c} m³/s"))
            ),
            Language::En => format!(
                "Sewer \"{name}\": {inlets} inlets and {km} km of streets take at most {all} m³/s{} (source: {source}); its surcharge is not computed.",
                carries.map_or(String::new(), |c| format!(", the network {c} m³/s"))
            ),
        }
    };
    Text::new(sentence(Language::Fr), sentence(Language::En))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(capacity_m3_per_s: f64) -> Network {
        Network {
            name: "a".into(),
            inlets: vec![(0, 0.02), (2, 0.03)],
            capacity_m3_per_s,
            taken_m3: 0.0,
        }
    }

    #[test]
    fn inlets_take_their_capacity_and_never_more_than_stands() {
        let mut network = network(f64::INFINITY);
        let mut gain = [0.0, 0.0, -0.004];
        // 10 s on cells of 4 m²: 0.2 m³ wanted of 0.4, 0.3 wanted of 0.024 m³ that the soil leaves.
        network.take(|cell| [0.1, 0.1, 0.01][cell], &mut gain, 10.0, 4.0);
        assert!((gain[0] + 0.05).abs() < 1e-12 && gain[1] == 0.0);
        assert!((gain[2] + 0.01).abs() < 1e-12, "{}", gain[2]);
        assert!((network.taken_m3 - 0.224).abs() < 1e-12);
    }

    #[test]
    fn all_inlets_together_take_what_the_network_carries() {
        let mut network = network(0.025);
        let mut gain = [0.0; 3];
        network.take(|_| 1.0, &mut gain, 10.0, 4.0);
        assert!((network.taken_m3 - 0.25).abs() < 1e-12);
        assert!((gain[0] / gain[2] - 2.0 / 3.0).abs() < 1e-12);
    }
}
