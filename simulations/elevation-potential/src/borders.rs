//! What lies around a piece of ground: streets with their widths, neighbours at the side and behind.

use geo::{Area as _, Euclidean, Length as _, SimplifyIdx as _};
use twin_core::spatial::{Extent, Line};
use twin_core::territory::{Layer, Parcel, Road};

use crate::nearby::Nearby;

/// How far outside an edge one looks for who is there: gaps of a decimetre between neighbours are
/// those of the drawing.
const BESIDE_M: f64 = 0.4;
/// Corners within this of a straight line are of the drawing, m: half its precision (arrêté of 16 September 2003, class
/// of 20 cm for urban plans).
const STRAIGHT_M: f64 = 0.1;
/// A parcel narrower than this is a strip along a street, or of the drawing, and no neighbour's ground, m.
const STRIP_M: f64 = 1.5;
/// Bare ground narrower than this between two parcels, without a road, is of the drawing, m.
const SEAM_M: f64 = 1.0;
/// Widest street whose other side is looked for.
const WIDEST_M: f64 = 80.0;
/// A neighbour whose border turns its back on the street, within so much, is behind: cos 45°.
const BEHIND: f64 = -std::f64::consts::FRAC_1_SQRT_2;

/// Distance to the other side of a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Width {
    /// To the parcel opposite.
    Measured(f64),
    /// At least to the far edge of the carriageway: no parcel opposite is known.
    AtLeast(f64),
    /// Neither is known.
    Unknown,
}

/// What lies beyond a piece of the border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Beyond {
    /// Public ground.
    Street(Width),
    /// A neighbour at the side.
    Side,
    /// A neighbour behind.
    Rear,
}

/// A straight piece of the border of a ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Ends, the ground at the left.
    pub ends: [[f64; 2]; 2],
    /// What lies beyond.
    pub beyond: Beyond,
    /// The parcel beyond, of a neighbour.
    pub neighbour: Option<usize>,
    /// Whether the next piece of the border lies on the same street, at the first and second end.
    pub goes_on: [bool; 2],
}

impl Piece {
    /// Length, m.
    pub fn length_m(&self) -> f64 {
        let [a, b] = self.ends;
        (b[0] - a[0]).hypot(b[1] - a[1])
    }

    /// Unit vectors along the piece and away from the ground.
    pub fn directions(&self) -> ([f64; 2], [f64; 2]) {
        let ([a, b], length) = (self.ends, self.length_m().max(1e-9));
        let along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
        (along, [along[1], -along[0]])
    }

    /// A point on the piece, 0 to 1 along it, so far away from the ground.
    fn beside(&self, share: f64, away_m: f64) -> [f64; 2] {
        let ([a, b], (_, out)) = (self.ends, self.directions());
        [0, 1].map(|k| a[k] + share * (b[k] - a[k]) + away_m * out[k])
    }
}

/// The parcels and roads of a territory, found by place.
#[derive(Debug)]
pub struct Parcels<'a> {
    parcels: &'a [Parcel],
    near: Nearby<usize>,
    roads: &'a [Road],
    near_roads: Nearby<usize>,
}

impl<'a> Parcels<'a> {
    /// Sorts parcels and roads by place.
    pub fn new(parcels: &'a [Parcel], roads: &'a [Road]) -> Self {
        let grounds = by_place(parcels, |parcel| !is_strip(parcel));
        Self { parcels, near: grounds, roads, near_roads: by_place(roads, |_| true) }
    }

    /// A parcel.
    pub fn get(&self, index: usize) -> &Parcel {
        &self.parcels[index]
    }

    /// Parcels that reach into an extent.
    pub fn near<'s>(&'s self, extent: &Extent) -> impl Iterator<Item = usize> + use<'s, 'a> {
        self.near.reaching(extent).copied()
    }

    fn at(&self, [x, y]: [f64; 2]) -> impl Iterator<Item = usize> + '_ {
        let here = Extent { min_x: x, min_y: y, max_x: x, max_y: y };
        self.near(&here).filter(move |index| {
            self.parcels[*index].geometry.polygons().iter().any(|p| p.contains(x, y))
        })
    }

    /// The border of a ground of one or several parcels, piece by piece.
    pub fn border(&self, own: &[usize]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for index in own {
            for polygon in self.parcels[*index].geometry.polygons() {
                for (k, ring) in polygon.rings().enumerate() {
                    self.ring_border(own, ring, k > 0, &mut pieces);
                }
            }
        }
        tell_rear(&mut pieces);
        pieces
    }

    fn ring_border(
        &self,
        own: &[usize],
        ring: &[[f64; 3]],
        is_hole: bool,
        pieces: &mut Vec<Piece>,
    ) {
        let twice: f64 = ring.windows(2).map(|p| p[0][0] * p[1][1] - p[1][0] * p[0][1]).sum();
        // The ground lies at the left of an outer ring that turns counter-clockwise.
        let is_reversed = (twice > 0.0) == is_hole;
        // The drawing cuts straight limits where it pleases: corners that hardly turn are none.
        let mut edges = straight_edges(ring);
        if is_reversed {
            edges.reverse();
            edges.iter_mut().for_each(|(ends, _)| ends.reverse());
        }
        let first = pieces.len();
        for (ends, is_merged) in edges {
            let whole = Piece { ends, beyond: Beyond::Side, neighbour: None, goes_on: [false; 2] };
            if whole.length_m() < 1e-3 {
                continue;
            }
            for (from, to, neighbour) in self.parts(own, &whole, is_merged) {
                let ends = [whole.beside(from, 0.0), whole.beside(to, 0.0)];
                let mut piece = Piece { ends, neighbour, ..whole };
                if neighbour.is_none() {
                    piece.neighbour = self.beyond_seam(own, &piece);
                }
                if piece.neighbour.is_none() {
                    piece.beyond = Beyond::Street(self.street_width(own, &piece));
                }
                pieces.push(piece);
            }
        }
        let ring = &mut pieces[first..];
        for k in 0..ring.len() {
            let next = (k + 1) % ring.len();
            let touches = ring[k].ends[1] == ring[next].ends[0];
            let is_street = |p: &Piece| matches!(p.beyond, Beyond::Street(_));
            if touches && is_street(&ring[k]) && is_street(&ring[next]) {
                ring[k].goes_on[1] = true;
                ring[next].goes_on[0] = true;
            }
        }
    }

    /// The parts of an edge on the street and on neighbours, with these; those inside the ground are left out.
    fn parts(
        &self,
        own: &[usize],
        edge: &Piece,
        is_merged: bool,
    ) -> Vec<(f64, f64, Option<usize>)> {
        #[derive(Clone, Copy, PartialEq)]
        enum Kind {
            Street,
            /// By the parcel: the limit with each is one of its own.
            Neighbour(usize),
            Own,
        }
        let kind = |share: f64| {
            let found: Vec<usize> = self.at(edge.beside(share, BESIDE_M)).collect();
            match found.iter().find(|index| !own.contains(index)) {
                Some(neighbour) => Kind::Neighbour(*neighbour),
                None if found.is_empty() => Kind::Street,
                None => Kind::Own,
            }
        };
        let length = edge.length_m();
        let probes = [0.1, 0.5, 0.9].map(kind);
        let is_one = !is_merged && probes.iter().all(|k| *k == probes[1]);
        let count = if is_one || length < 2.0 { 1 } else { length.ceil().min(500.0) as usize };
        let share = |k: usize| k as f64 / count as f64;
        let kinds: Vec<Kind> = match count {
            1 => vec![probes[1]],
            _ => (0..count).map(|k| kind(share(k) + 0.5 / count as f64)).collect(),
        };
        let mut parts = Vec::new();
        let mut from = 0;
        for run in kinds.chunk_by(|a, b| a == b) {
            let to = from + run.len();
            match run[0] {
                Kind::Own => {}
                Kind::Street => parts.push((share(from), share(to), None)),
                Kind::Neighbour(index) => parts.push((share(from), share(to), Some(index))),
            }
            from = to;
        }
        parts
    }

    /// The neighbour across a seam of the drawing.
    fn beyond_seam(&self, own: &[usize], piece: &Piece) -> Option<usize> {
        let neighbour = self.at(piece.beside(0.5, SEAM_M)).filter(|k| !own.contains(k)).min()?;
        let (from, to) = (piece.beside(0.5, 0.0), piece.beside(0.5, SEAM_M));
        let mut roads = self.near_roads.reaching(&extent_of(from, to));
        let has_road =
            roads.any(|k| crossing(self.roads[*k].geometry.lines().iter(), from, to).is_some());
        (!has_road).then_some(neighbour)
    }

    /// Distance to the nearest parcel opposite, else beyond the nearest road.
    fn street_width(&self, own: &[usize], piece: &Piece) -> Width {
        const NEAR_M: f64 = 0.05;
        let path = |share: f64| (piece.beside(share, NEAR_M), piece.beside(share, WIDEST_M));
        let metres = |share: f64| NEAR_M + share * (WIDEST_M - NEAR_M);
        let parcel = |(from, to): ([f64; 2], [f64; 2])| {
            self.near(&extent_of(from, to))
                .filter(|index| !own.contains(index))
                .flat_map(|index| self.parcels[index].geometry.polygons())
                .filter_map(|polygon| crossing(polygon.rings(), from, to))
                .reduce(f64::min)
                .map(metres)
        };
        let road = |(from, to): ([f64; 2], [f64; 2])| {
            let far_edge = self.near_roads.reaching(&extent_of(from, to)).filter_map(|index| {
                let road = &self.roads[*index];
                let axis = crossing(road.geometry.lines().iter(), from, to)?;
                Some(metres(axis) + 0.5 * road.width_m.unwrap_or(0.0))
            });
            far_edge.reduce(f64::min)
        };
        let shares = [0.25, 0.5, 0.75];
        if let Some(width) = shares.into_iter().map(path).filter_map(parcel).reduce(f64::min) {
            return Width::Measured(width);
        }
        let beyond_road = shares.into_iter().map(path).filter_map(road).reduce(f64::min);
        beyond_road.map_or(Width::Unknown, Width::AtLeast)
    }
}

/// The edges of a ring between corners that turn, and whether corners were left out between.
fn straight_edges(ring: &[[f64; 3]]) -> Vec<([[f64; 2]; 2], bool)> {
    let corners = &ring[..ring.len().saturating_sub(1)];
    let Some(first) = corners.first() else { return Vec::new() };
    // Beginning with the farthest from another, which turns for sure.
    let away = |p: &[f64; 3]| (p[0] - first[0]).hypot(p[1] - first[1]);
    let farthest =
        (0..corners.len()).max_by(|a, b| away(&corners[*a]).total_cmp(&away(&corners[*b])));
    let begin = farthest.unwrap_or(0);
    let turned: Vec<[f64; 2]> = (0..=corners.len())
        .map(|k| corners[(begin + k) % corners.len()])
        .map(|p| [p[0], p[1]])
        .collect();
    let drawn: geo::LineString<f64> = turned.iter().map(|p| (p[0], p[1])).collect();
    let kept = drawn.simplify_idx(STRAIGHT_M);
    kept.windows(2)
        .map(|pair| ([turned[pair[0]], turned[pair[1]]], pair[1] - pair[0] > 1))
        .collect()
}

fn extent_of(a: [f64; 2], b: [f64; 2]) -> Extent {
    Extent {
        min_x: a[0].min(b[0]),
        min_y: a[1].min(b[1]),
        max_x: a[0].max(b[0]),
        max_y: a[1].max(b[1]),
    }
}

/// Whether a parcel is a strip on which nothing stands, by the rectangle of the same area and perimeter.
pub(crate) fn is_strip(parcel: &Parcel) -> bool {
    let shape = parcel.geometry.to_multi_polygon();
    let perimeter: f64 = shape.iter().map(|part| Euclidean.length(part.exterior())).sum();
    let (sides, area) = (0.5 * perimeter, shape.unsigned_area());
    let width = 0.5 * (sides - (sides * sides - 4.0 * area).max(0.0).sqrt());
    width < STRIP_M
}

fn by_place<L: Layer>(layer: &[L], is_wanted: impl Fn(&L) -> bool) -> Nearby<usize> {
    let features = layer.iter().enumerate().filter(|(_, feature)| is_wanted(feature));
    Nearby::new(features.filter_map(|(k, feature)| Some((feature.geometry().extent()?, k))))
}

/// Where a path first meets lines, 0 to 1 along it.
fn crossing<'l>(
    lines: impl Iterator<Item = &'l Line>,
    from: [f64; 2],
    to: [f64; 2],
) -> Option<f64> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let edges = lines.flat_map(|line| line.windows(2));
    let meets = edges.filter_map(|p| {
        let (ex, ey) = (p[1][0] - p[0][0], p[1][1] - p[0][1]);
        let (ox, oy) = (p[0][0] - from[0], p[0][1] - from[1]);
        let cross = dx * ey - dy * ex;
        let (t, s) = ((ox * ey - oy * ex) / cross, (ox * dy - oy * dx) / cross);
        (cross != 0.0 && (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&s)).then_some(t)
    });
    meets.reduce(f64::min)
}

/// Neighbours behind: their border turns its back on a street and touches none.
fn tell_rear(pieces: &mut [Piece]) {
    let streets: Vec<Piece> =
        pieces.iter().filter(|p| matches!(p.beyond, Beyond::Street(_))).copied().collect();
    let is_near = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 0.5;
    for piece in pieces.iter_mut().filter(|p| p.beyond == Beyond::Side) {
        let (_, out) = piece.directions();
        let turns_back = |street: &Piece| {
            let (_, other) = street.directions();
            out[0] * other[0] + out[1] * other[1] < BEHIND
        };
        let touches =
            |street: &Piece| piece.ends.iter().any(|a| street.ends.iter().any(|b| is_near(*a, *b)));
        if streets.iter().any(turns_back) && !streets.iter().any(touches) {
            piece.beyond = Beyond::Rear;
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used, reason = "a panic fails the test")]
mod tests {
    use super::*;
    use twin_core::spatial::{Geometry, Polygon};

    fn parcel(id: &str, corners: &[(f64, f64)]) -> Parcel {
        Parcel::bare(id, Geometry::Polygons(vec![Polygon::from_corners(corners)]))
    }

    fn rectangle(id: &str, west: f64, south: f64, east: f64, north: f64) -> Parcel {
        parcel(id, &[(west, south), (east, south), (east, north), (west, north)])
    }

    /// A row of three parcels of 10 m × 20 m north of a street of 8 m, others behind and opposite.
    fn row() -> Vec<Parcel> {
        vec![
            rectangle("west", 0.0, 0.0, 10.0, 20.0),
            rectangle("middle", 10.0, 0.0, 20.0, 20.0),
            rectangle("east", 20.0, 0.0, 30.0, 20.0),
            rectangle("behind", 0.0, 20.0, 30.0, 40.0),
            rectangle("opposite", 0.0, -30.0, 30.0, -8.0),
        ]
    }

    fn lengths(pieces: &[Piece]) -> [f64; 3] {
        let of = |is: fn(&Beyond) -> bool| {
            pieces.iter().filter(|p| is(&p.beyond)).map(Piece::length_m).sum::<f64>()
        };
        [
            of(|b| matches!(b, Beyond::Street(_))),
            of(|b| *b == Beyond::Side),
            of(|b| *b == Beyond::Rear),
        ]
    }

    #[test]
    fn a_parcel_in_a_row_has_a_street_two_sides_and_a_back() {
        let parcels = row();
        let parcels = Parcels::new(&parcels, &[]);
        let border = parcels.border(&[1]);
        assert_eq!(lengths(&border), [10.0, 40.0, 10.0]);
        let width = border.iter().find_map(|p| match p.beyond {
            Beyond::Street(width) => Some(width),
            _ => None,
        });
        let Some(Width::Measured(width)) = width else { panic!("{width:?}") };
        assert!((width - 8.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_parcel_opposite_the_street_is_at_least_its_carriageway() {
        let mut parcels = row();
        parcels.pop();
        let mut road =
            Road::bare("road", Geometry::Lines(vec![vec![[-50.0, -5.0, 0.0], [80.0, -5.0, 0.0]]]));
        road.width_m = Some(4.0);
        let roads = [road];
        let border = Parcels::new(&parcels, &roads).border(&[1]);
        let found = border.iter().find_map(|p| match p.beyond {
            Beyond::Street(Width::AtLeast(width)) => Some(width),
            _ => None,
        });
        assert!((found.unwrap() - 7.0).abs() < 1e-9);
        let bare = Parcels::new(&parcels, &[]);
        assert!(bare.border(&[1]).iter().any(|p| p.beyond == Beyond::Street(Width::Unknown)));
    }

    #[test]
    fn a_corner_parcel_has_two_streets_and_no_back() {
        let parcels = row();
        let border = Parcels::new(&parcels, &[]).border(&[0]);
        // South and west are open; what lies opposite the west is unknown.
        assert_eq!(lengths(&border), [30.0, 30.0, 0.0]);
    }

    #[test]
    fn a_strip_is_narrow_whatever_its_length() {
        for (width, length, expected) in
            [(1.4, 1.4, true), (1.4, 90.0, true), (1.6, 1.6, false), (1.6, 90.0, false)]
        {
            let parcel = rectangle("P", 0.0, 0.0, width, length);
            assert_eq!(is_strip(&parcel), expected, "{width} {length}");
        }
    }

    #[test]
    fn two_parcels_of_one_ground_have_no_border_between_them() {
        let parcels = row();
        let border = Parcels::new(&parcels, &[]).border(&[1, 2]);
        let [street, side, rear] = lengths(&border);
        assert_eq!(street + side + rear, 80.0);
        assert_eq!(rear, 20.0 - 10.0, "the east is open, so only the middle turns its back alone");
    }

    #[test]
    fn the_way_a_ring_turns_does_not_matter() {
        let mut parcels = row();
        parcels[1] = parcel("middle", &[(10.0, 20.0), (20.0, 20.0), (20.0, 0.0), (10.0, 0.0)]);
        assert_eq!(lengths(&Parcels::new(&parcels, &[]).border(&[1])), [10.0, 40.0, 10.0]);
    }

    #[test]
    fn an_edge_beside_a_neighbour_and_a_street_is_divided() {
        let parcels =
            [rectangle("long", 0.0, 0.0, 40.0, 10.0), rectangle("short", 0.0, 10.0, 25.0, 20.0)];
        let [street, side, rear] = lengths(&Parcels::new(&parcels, &[]).border(&[0]));
        assert_eq!((street, side + rear), (75.0, 25.0));
    }

    #[test]
    fn a_straight_limit_is_one_wherever_the_drawing_cuts_it() {
        let mut parcels = row();
        let cut =
            [(10.0, 0.0), (20.0, 0.0), (20.02, 4.0), (19.97, 11.0), (20.0, 20.0), (10.0, 20.0)];
        parcels[1] = parcel("middle", &cut);
        let border = Parcels::new(&parcels, &[]).border(&[1]);
        let sides: Vec<_> = border.iter().filter(|p| p.beyond == Beyond::Side).collect();
        let lengths: Vec<f64> = sides.iter().map(|p| p.length_m().round()).collect();
        assert_eq!(lengths, [20.0, 20.0], "{border:?}");
    }

    #[test]
    fn a_parcel_that_is_not_convex_has_all_its_borders() {
        let parcels = [
            parcel(
                "ell",
                &[(0.0, 0.0), (30.0, 0.0), (30.0, 10.0), (10.0, 10.0), (10.0, 30.0), (0.0, 30.0)],
            ),
            rectangle("in the angle", 10.0, 10.0, 30.0, 30.0),
        ];
        let [street, side, rear] = lengths(&Parcels::new(&parcels, &[]).border(&[0]));
        assert_eq!((street, side + rear), (80.0, 40.0));
    }
}
