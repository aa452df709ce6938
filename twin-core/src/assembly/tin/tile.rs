//! A tile of the network with a margin of points around it, and what of it is already certain.

use super::delaunay;
use super::rasterise::Centres;
use super::triangle::{Corner, Triangle};
use super::{Tin, TinSource};
use crate::assembly::{LatticeBox, Window, millimetres};
use crate::products::lidar_hd;
use crate::spatial::Grid;
use crate::territory::CellQuality;

/// The tile, for the wanted cells alone where some are named; the others stay void.
pub(in crate::assembly) fn interpolate_tile(
    source: &TinSource<'_>,
    window: &Window,
    wanted: Option<&Grid<bool>>,
) -> Tin {
    let Some(centres) = Centres::of(window, source.spec) else {
        return Tin::void(window.spec(source.spec));
    };
    let void_edge = source.void_edge();
    let mut margin = millimetres(source.options.first_margin_m).clamp(0, 3 * void_edge);
    loop {
        let (tin, is_settled) = Tile::new(source, window, &centres, margin).fill(wanted);
        if is_settled || margin >= 3 * void_edge {
            return tin;
        }
        margin = if margin < void_edge { void_edge } else { 3 * void_edge };
    }
}

/// One attempt with a given margin, in millimetres from the first centre.
struct Tile<'a> {
    source: &'a TinSource<'a>,
    window: &'a Window,
    centres: &'a Centres,
    corners: Vec<Corner>,
    /// Bounds of all points, where the points are here, and where they are not.
    bounds: LatticeBox,
    known: LatticeBox,
    outside: [Option<LatticeBox>; 4],
    margin: i64,
    void_edge: i64,
    measured_edge: i64,
}

/// What is known of a triangle over a cell.
enum Verdict {
    Supported,
    Void,
    Unsettled,
}

impl<'a> Tile<'a> {
    fn new(
        source: &'a TinSource<'a>,
        window: &'a Window,
        centres: &'a Centres,
        margin: i64,
    ) -> Self {
        let ([west, north], [east, south]) = (centres.origin, centres.last);
        let core = LatticeBox { min: [west, south], max: [east, north] };
        // Half a cell more: the points of the border cells, whatever the margin.
        let known = core.grown(margin + (0.5 * source.spec.cell_size * 1e3).ceil() as i64 + 1);
        let shifted = |b: &LatticeBox| LatticeBox {
            min: [b.min[0] - west, b.min[1] - north],
            max: [b.max[0] - west, b.max[1] - north],
        };
        let bounds = shifted(&source.bounds);
        let mut tile = Self {
            source,
            window,
            centres,
            corners: Vec::new(),
            outside: bounds.strips_outside(&shifted(&known)),
            known: shifted(&known),
            bounds,
            margin,
            void_edge: source.void_edge(),
            measured_edge: millimetres(source.options.measured_edge_m),
        };
        for point in source.points.within(&known) {
            tile.corners.push(Corner {
                at: [(point.x_mm - west) as i32, (point.y_mm - north) as i32],
                height_mm: point.z_mm,
                class: point.class,
            });
        }
        tile
    }

    /// The cells, and whether none of them needs a wider margin.
    fn fill(&self, wanted: Option<&Grid<bool>>) -> (Tin, bool) {
        let mut tin = Tin::void(self.window.spec(self.source.spec));
        let spec = tin.height.spec;
        let triangulation = delaunay::triangulate(self.corners.clone());
        let mut settled = match wanted {
            Some(wanted) => wanted.values.iter().map(|w| !w).collect(),
            None => vec![false; spec.len()],
        };
        let mut is_settled = true;
        for (corners, is_border) in triangulation.triangles() {
            let triangle = Triangle::new(corners, is_border, &self.outside);
            let mut verdict = None;
            self.centres.for_each_in(&triangle, |row, column, weights| {
                let i = spec.index(row, column);
                if wanted.is_some_and(|w| !w.values[i]) {
                    return;
                }
                match verdict.get_or_insert_with(|| self.judge(&triangle)) {
                    Verdict::Supported => {
                        settled[i] = true;
                        tin.height.values[i] = triangle.height(weights);
                        tin.class.values[i] = triangle.class(weights);
                        let quality = self.quality(&triangle) as u8;
                        let code = &mut tin.quality.values[i];
                        // Two triangles of the border may share a centre: the better counts.
                        *code = if *code == 0 { quality } else { quality.min(*code) };
                    }
                    Verdict::Void => settled[i] = true,
                    Verdict::Unsettled => is_settled = false,
                }
            });
        }
        // A centre outside all triangles is void for good once every triangle that could hold it
        // would be known.
        let reaches_all = self.outside.iter().all(Option::is_none) || self.margin >= self.void_edge;
        is_settled &= reaches_all || !settled.contains(&false);
        self.mark_measured(&mut tin);
        (tin, is_settled)
    }

    /// Whether the triangle belongs to the whole, and whether it is supported there.
    fn judge(&self, triangle: &Triangle<'_>) -> Verdict {
        let is_long = triangle.longest_edge_squared() > self.void_edge * self.void_edge;
        let disc = triangle.disc();
        let is_confirmed = disc.stays_within(&self.known, &self.bounds);
        if is_long {
            if is_confirmed || self.margin >= self.void_edge {
                Verdict::Void
            } else {
                Verdict::Unsettled
            }
        } else if is_confirmed {
            let reach = triangle.bounding_box().grown(2 * self.void_edge);
            if disc.stays_within(&reach, &self.bounds) { Verdict::Supported } else { Verdict::Void }
        } else if self.margin >= 3 * self.void_edge {
            Verdict::Void
        } else {
            Verdict::Unsettled
        }
    }

    fn quality(&self, triangle: &Triangle<'_>) -> CellQuality {
        if triangle.has_virtual() {
            CellQuality::Virtual
        } else if triangle.longest_edge_squared() <= self.measured_edge * self.measured_edge {
            CellQuality::Measured
        } else {
            CellQuality::Interpolated
        }
    }

    /// A cell that holds a measured point is measured.
    fn mark_measured(&self, tin: &mut Tin) {
        let spec = tin.quality.spec;
        for corner in self.corners.iter().filter(|corner| corner.class != lidar_hd::VIRTUAL) {
            let world =
                |axis: usize| (self.centres.origin[axis] + i64::from(corner.at[axis])) as f64 / 1e3;
            let Some((row, column)) = self.source.spec.cell_at(world(0), world(1)) else {
                continue;
            };
            let (row, column) = (
                row.wrapping_sub(self.window.rows.start),
                column.wrapping_sub(self.window.columns.start),
            );
            if row < spec.rows && column < spec.columns {
                let code = &mut tin.quality.values[spec.index(row, column)];
                if *code != CellQuality::Void as u8 {
                    *code = CellQuality::Measured as u8;
                }
            }
        }
    }
}
