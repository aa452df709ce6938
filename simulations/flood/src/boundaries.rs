//! What a scenario declares on the edges of the grid.

use std::path::Path;

use twin_core::export::map::{Marker, MarkerKind};
use twin_core::language::Text;
use twin_core::scenario::DatumRef;
use twin_core::series::{Quantity, Series};
use twin_core::territory::GeometryInput;
use twin_core::{Error, Language, Result};
use twin_shallow_water::{Bed, Boundaries, Condition, Edge, RatingCurve, Side};

use crate::inflows::azimuth;
use crate::parameters::{Rating, SideName};
use crate::setup::{Builder, place, positive};

impl Builder<'_> {
    pub(crate) fn boundaries(&mut self, bed: &Bed) -> Result<Boundaries> {
        let mut boundaries = Boundaries::default();
        let mut taken: Vec<Edge> = Vec::new();
        for (name, outflow) in &self.parameters.outflow {
            let key = format!("outflow.{name}");
            if let Some(rating) = &outflow.rating {
                let curve = self.rating(rating, &format!("{key}.rating"), name)?;
                let edges =
                    self.edges(bed, outflow.side, outflow.line.as_ref(), &key, &mut taken)?;
                self.mark_outflow(bed, &edges);
                boundaries = boundaries.with(name, edges, Condition::Rating(curve));
                continue;
            }
            let slope = positive(outflow.slope, &format!("{key}.slope"))?
                * self.parameters.factors.outflow_slope;
            let edges = self.edges(bed, outflow.side, outflow.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!(
                    "Sortie libre « {name} » : pente de {} ‰ au-delà du bord.",
                    twin_core::Language::Fr.number(slope * 1e3, 2)
                ),
                format!(
                    "Free outflow \"{name}\": slope of {} ‰ beyond the edge.",
                    twin_core::Language::En.number(slope * 1e3, 2)
                ),
            ));
            self.mark_outflow(bed, &edges);
            boundaries = boundaries.with(name, edges, Condition::Outflow { slope });
        }
        for (name, stage) in &self.parameters.stage {
            let key = format!("stage.{name}");
            let datum = DatumRef { datum: stage.datum.clone(), offset_m: stage.offset_m };
            let offset = datum.offset_to(self.view.territory().vertical_datum(), &place(&key))?;
            let series = match (&stage.series, stage.level_m) {
                (Some(path), None) => {
                    let unit = stage.unit.as_deref();
                    Series::read_csv(Path::new(path), self.context.start, Quantity::Level, unit)?
                }
                (None, Some(level)) if level.is_finite() => Series::constant(level),
                _ => {
                    return Err(Error::input(
                        place(&key),
                        "donner series ou level_m, l'un des deux",
                        "give one of series and level_m",
                    ));
                }
            };
            let added = [("surge_m", stage.surge_m), ("sea_level_rise_m", stage.sea_level_rise_m)];
            for (field, value) in added {
                if let Some(value) = value.filter(|v| !v.is_finite()) {
                    return Err(Error::input(
                        place(&format!("{key}.{field}")),
                        format!("{value} ; donner un nombre de mètres"),
                        format!("{value}; give a number of metres"),
                    ));
                }
            }
            let [surge, rise] = added.map(|(_, value)| value.unwrap_or(0.0));
            let added = offset + surge + rise + self.parameters.factors.level_m;
            let series = series.map(|level| level + added);
            if surge != 0.0 || rise != 0.0 {
                let text = |l: Language| (l.number(surge, 2), l.number(rise, 2));
                let ((fr_s, fr_r), (en_s, en_r)) = (text(Language::Fr), text(Language::En));
                self.hypotheses.push(Text::new(
                    format!("Niveau « {name} » : surcote de {fr_s} m et élévation du niveau de la mer de {fr_r} m ajoutées."),
                    format!("Level \"{name}\": a surge of {en_s} m and a sea-level rise of {en_r} m are added."),
                ));
            }
            let edges = self.edges(bed, stage.side, stage.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!("Niveau imposé « {name} » ({}) ; source : {}.", stage.datum, stage.source),
                format!("Imposed level \"{name}\" ({}); source: {}.", stage.datum, stage.source),
            ));
            self.mark_outflow(bed, &edges);
            boundaries = boundaries.with(name, edges, Condition::Stage(series));
        }
        // Last, so that a wall takes only what is left of a side.
        for (name, wall) in &self.parameters.walls {
            let key = format!("walls.{name}");
            let edges = self.edges(bed, wall.side, wall.line.as_ref(), &key, &mut taken)?;
            self.hypotheses.push(Text::new(
                format!("Le bord « {name} » est une paroi."),
                format!("The edge \"{name}\" is a wall."),
            ));
            boundaries = boundaries.with(name, edges, Condition::Wall);
        }
        Ok(boundaries)
    }

    fn rating(&mut self, given: &Rating, key: &str, name: &str) -> Result<RatingCurve> {
        let here = place(key);
        let datum = DatumRef { datum: given.datum.clone(), offset_m: given.offset_m };
        let offset = datum.offset_to(self.view.territory().vertical_datum(), &here)?;
        let points = given.points.iter().map(|[level, q]| (level + offset, *q)).collect();
        self.hypotheses.push(Text::new(
            format!("Sortie « {name} » par une courbe de tarage ; source : {}.", given.source),
            format!("Outflow \"{name}\" by a rating curve; source: {}.", given.source),
        ));
        RatingCurve::new(&here, points)
    }

    /// Marks a boundary at its lowest place, where water comes first, pointing outwards.
    fn mark_outflow(&mut self, bed: &Bed, edges: &[Edge]) {
        let half = 0.5 * bed.spec.cell_size;
        let inside = |edge: &Edge| {
            let (x, y) = edge.middle(&bed.spec);
            let around = [(-half, 0.0), (half, 0.0), (0.0, -half), (0.0, half)];
            let cells = around.iter().filter_map(|(dx, dy)| bed.spec.cell_at(x + dx, y + dy));
            let known = |(row, column)| bed.elevation_m[bed.spec.index(row, column)].is_finite();
            let cell = cells.into_iter().find(|cell| known(*cell))?;
            let ground = bed.elevation_m[bed.spec.index(cell.0, cell.1)];
            Some((ground, bed.spec.centre(cell.0, cell.1), (x, y)))
        };
        let lowest = edges.iter().filter_map(inside).min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, cell, (x, y))) = lowest {
            let kind = MarkerKind::Outflow { towards_deg: azimuth(cell, (x, y)) };
            self.markers.push(Marker { x, y, label: String::new(), kind });
        }
    }

    /// Outer edges on a side or beside a line, less those that another boundary has.
    fn edges(
        &mut self,
        bed: &Bed,
        side: Option<SideName>,
        line: Option<&GeometryInput>,
        key: &str,
        taken: &mut Vec<Edge>,
    ) -> Result<Vec<Edge>> {
        let here = place(key);
        let mut edges: Vec<Edge> = match (side, line) {
            (Some(side), None) => bed.rim(match side {
                SideName::West => Side::West,
                SideName::East => Side::East,
                SideName::South => Side::South,
                SideName::North => Side::North,
            }),
            (None, Some(line)) => {
                let lines = line.lines(self.view.territory().crs(), &format!("{here}.line"))?;
                let reach = 1.5 * bed.spec.cell_size;
                bed.outer_edges()
                    .into_iter()
                    .filter(|e| lines.iter().any(|l| distance(l, e.middle) <= reach))
                    .map(|e| e.edge)
                    .collect()
            }
            _ => {
                return Err(Error::input(
                    here,
                    "donner side (west, east, south, north) ou line, l'un des deux",
                    "give one of side (west, east, south, north) and line",
                ));
            }
        };
        let found = edges.len();
        edges.retain(|e| !taken.contains(e));
        if found > 0 && edges.is_empty() {
            return Err(Error::input(
                here,
                "ce bord a déjà une condition ; en retirer une",
                "this edge already has a condition; remove one",
            ));
        }
        if edges.is_empty() {
            return Err(Error::input(
                here,
                "aucun bord de la grille à moins d'une maille et demie ; rapprocher la ligne du bord",
                "no edge of the grid within one and a half cells; move the line to the border",
            ));
        }
        taken.extend(&edges);
        Ok(edges)
    }
}

/// Distance of a point to a chain of vertices.
fn distance(line: &[[f64; 3]], (x, y): (f64, f64)) -> f64 {
    line.windows(2)
        .map(|pair| {
            let [a, b] = [pair[0], pair[1]];
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length2 = dx * dx + dy * dy;
            let t = if length2 > 0.0 {
                (((x - a[0]) * dx + (y - a[1]) * dy) / length2).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (a[0] + t * dx - x).hypot(a[1] + t * dy - y)
        })
        .fold(f64::INFINITY, f64::min)
}
