//! What passed the edges that are measured, boundaries and sections, during a step.

use crate::frame::{BlockResult, Frame};
use crate::real::Real;
use crate::special::{Inner, Kind};
use crate::sweep::{Run, Sweep, slot};

impl<R: Real> Sweep<R> {
    /// Adds up what passed the boundary edges of a row of cells.
    #[inline(always)]
    pub(crate) fn count_boundaries(
        &self,
        frame: &Frame<'_, R>,
        run: &Run,
        row: isize,
        result: &mut BlockResult<R>,
    ) {
        let mut count = |mass: R, face: usize, inner: Inner| {
            let Some(segment) = frame.boundary[face].segment else { return };
            let inward = if inner == Inner::Right { mass.as_() } else { -mass.as_() };
            let volume = frame.volume_per_flux * inward;
            result.exchanged[segment][usize::from(volume < 0.0)] += volume.abs();
        };
        let cells = run.around(0);
        for special in frame.specials.x.within(run.row + row, &(cells.start..cells.end + 1)) {
            if let Kind::Boundary(inner, face) = special.what {
                let cell = special.column as isize - isize::from(inner == Inner::Left);
                if cells.contains(&cell) {
                    let i = run.local(special.column as isize);
                    count(self.x_faces[slot::<3>(row)].mass[i], face, inner);
                }
            }
        }
        for (edges, owner) in [(row, Inner::Left), (row + 1, Inner::Right)] {
            for special in frame.specials.y.within(run.row + edges, &cells) {
                if let Kind::Boundary(inner, face) = special.what
                    && inner == owner
                {
                    let i = run.local(special.column as isize);
                    count(self.y_faces[slot::<3>(edges)].mass[i], face, inner);
                }
            }
        }
    }

    /// Adds up what passed the western and northern edges of a row of cells that lie in a section.
    #[inline(always)]
    pub(crate) fn count_sections(
        &self,
        frame: &Frame<'_, R>,
        run: &Run,
        row: isize,
        result: &mut BlockResult<R>,
    ) {
        let cells = run.around(0);
        let faces = [&self.x_faces[slot::<3>(row)], &self.y_faces[slot::<3>(row)]];
        for (edges, faces) in [&frame.sections.x, &frame.sections.y].into_iter().zip(faces) {
            for edge in edges.within(run.row + row, &cells) {
                let (section, sign) = edge.what;
                let mass = faces.mass[run.local(edge.column as isize)].as_();
                result.sections[section] += sign * frame.volume_per_flux * mass;
            }
        }
    }
}
