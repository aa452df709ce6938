//! Discharge through lines.
//!
//! A section is a line snapped onto cell edges; what passes is the flux of the scheme through these
//! edges, so volumes close with the water budget. Positive is from the left of the line to its right.

use twin_core::spatial::{GridSpec, Position};
use twin_core::{Error, Result};

use crate::bed::Bed;
use crate::budget::Sum;
use crate::by_row::ByRow;
use crate::edge::{Axis, Edge};
use crate::real::Real;
use crate::snapping::edges_along;
use crate::solver::Solver;

/// A line through which discharge is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Name, for messages and results.
    pub name: String,
    /// Its edges, as [`crate::edges_along`] gives them.
    pub edges: Vec<Edge>,
    /// Vertices of the line, which give the sign.
    pub line: Vec<[f64; 2]>,
}

impl Section {
    /// A line snapped onto the grid; without edges where it passes between no pair of cells.
    pub fn along(name: impl Into<String>, spec: &GridSpec, line: &[Position]) -> Self {
        let edges = edges_along(spec, line);
        Self { name: name.into(), edges, line: line.iter().map(|[x, y, _]| [*x, *y]).collect() }
    }

    pub(crate) fn check(&self, bed: &Bed) -> Result<()> {
        let inner = |e: &Edge| !e.cells(&bed.spec).contains(&None);
        if self.edges.is_empty() || !self.edges.iter().all(inner) || self.line.len() < 2 {
            return Err(Error::input(
                &self.name,
                "la section de débit ne passe entre aucune paire de mailles ; la placer dans le domaine",
                "the section passes between no pair of cells; place it inside the domain",
            ));
        }
        Ok(())
    }

    /// 1 where flow to the east or north through an edge goes to the right of the line, else −1.
    fn sign(&self, bed: &Bed, edge: &Edge) -> f64 {
        let (x, y) = edge.middle(&bed.spec);
        let away = |pair: &[[f64; 2]]| {
            let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
            let (dx, dy) = (bx - ax, by - ay);
            let t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
            let t = t.clamp(0.0, 1.0);
            (ax + t * dx - x).hypot(ay + t * dy - y)
        };
        let nearest = self.line.windows(2).min_by(|a, b| away(a).total_cmp(&away(b)));
        let Some([[ax, ay], [bx, by]]) = nearest else { return 1.0 };
        let rightwards = if edge.axis == Axis::X { by - ay } else { ax - bx };
        if rightwards < 0.0 { -1.0 } else { 1.0 }
    }
}

/// The edges of all sections, with section and sign.
#[derive(Debug, Clone)]
pub(crate) struct Sections {
    /// Western edges by row of cells.
    pub(crate) x: ByRow<(usize, f64)>,
    /// Northern edges by row of cells.
    pub(crate) y: ByRow<(usize, f64)>,
}

impl Sections {
    pub(crate) fn new(bed: &Bed, sections: &[Section]) -> Self {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for (index, section) in sections.iter().enumerate() {
            for edge in &section.edges {
                let list = if edge.axis == Axis::X { &mut x } else { &mut y };
                list.push((edge.row, edge.column, (index, section.sign(bed, edge))));
            }
        }
        Self { x: ByRow::new(bed.spec.rows, x), y: ByRow::new(bed.spec.rows, y) }
    }
}

impl<R: Real> Solver<R> {
    /// Measures the discharge through lines from now on, in place of those set before.
    ///
    /// # Errors
    /// A section without an inner edge.
    pub fn set_sections(&mut self, sections: &[Section]) -> Result<()> {
        sections.iter().try_for_each(|section| section.check(&self.bed))?;
        self.sections = Sections::new(&self.bed, sections);
        self.section_names = sections.iter().map(|s| s.name.clone()).collect();
        self.section_volumes = vec![Sum::default(); sections.len()];
        self.blocks.iter_mut().for_each(|b| b.sections = vec![0.0; sections.len()]);
        Ok(())
    }

    /// Volume through each section since it is measured, m³: to the right of the line less to its left.
    pub fn sections(&self) -> impl Iterator<Item = (&str, f64)> {
        let volumes = self.section_volumes.iter().map(|v| v.total());
        self.section_names.iter().map(String::as_str).zip(volumes)
    }
}
