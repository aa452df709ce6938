//! The records of a `.shp` file.

use crate::{
    FileProblem,
    formats::rings::{close, without_empty_parts},
    spatial::{Extent, Geometry, Line, Polygon, Position, signed_area},
};

/// What a record holds: its kind and its parts as stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    kind: Kind,
    /// Points are parts of one vertex.
    pub(super) parts: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Null,
    Points,
    Lines,
    Polygons,
}

impl Shape {
    /// The geometry; `None` where there is no vertex.
    pub(super) fn geometry(self) -> Result<Option<Geometry>, FileProblem> {
        Ok(without_empty_parts(match self.kind {
            Kind::Null => return Ok(None),
            Kind::Points => Geometry::Points(self.parts.into_iter().flatten().collect()),
            Kind::Lines => Geometry::Lines(self.parts),
            Kind::Polygons => Geometry::Polygons(polygons(self.parts)?),
        }))
    }
}

/// The records of a file, in file order.
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    /// Whether the file is shorter than its header says.
    is_cut: bool,
}

impl<'a> Records<'a> {
    /// Takes the bytes of a `.shp` and checks its header.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, FileProblem> {
        let not_this = FileProblem::NotThisFormat { expected: "Shapefile (.shp)" };
        let Some((header, rest)) = bytes.split_first_chunk::<100>() else {
            let is_shapefile = bytes.starts_with(&9994u32.to_be_bytes());
            let truncated = FileProblem::truncated("en-tête incomplet", "incomplete header");
            return Err(if is_shapefile { truncated } else { not_this });
        };
        if !header.starts_with(&9994u32.to_be_bytes()) {
            return Err(not_this);
        }
        let kind = i32::from_le_bytes([header[32], header[33], header[34], header[35]]);
        match kind {
            0 | 1 | 3 | 5 | 8 | 11 | 13 | 15 | 18 | 21 | 23 | 25 | 28 => {}
            31 => {
                return Err(FileProblem::unsupported("formes MultiPatch", "MultiPatch shapes"));
            }
            other => {
                return Err(unknown_type(other));
            }
        }
        // The stated length, in 16-bit words; a file may be longer or shorter than it says.
        let stated = u32::from_be_bytes([header[24], header[25], header[26], header[27]]);
        let stated = (stated as usize).saturating_mul(2).saturating_sub(100);
        let is_cut = stated > rest.len();
        let bytes = if is_cut { rest } else { &rest[..stated] };
        Ok(Self { bytes, is_cut })
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Shape, FileProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() && !self.is_cut {
            return None;
        }
        let Some((header, rest)) = self.bytes.split_first_chunk::<8>() else {
            (self.bytes, self.is_cut) = (&[], false);
            return Some(Err(FileProblem::truncated(
                "en-tête d'enregistrement incomplet",
                "incomplete record header",
            )));
        };
        let words = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let length = (words as usize).saturating_mul(2);
        let Some((content, rest)) = rest.split_at_checked(length) else {
            (self.bytes, self.is_cut) = (&[], false);
            let left = rest.len();
            return Some(Err(FileProblem::truncated(
                format!("un enregistrement de {length} octets, il en reste {left}"),
                format!("a record of {length} bytes, {left} left"),
            )));
        };
        self.bytes = rest;
        Some(shape(content))
    }
}

fn shape(content: &[u8]) -> Result<Shape, FileProblem> {
    let mut source = Source { bytes: content };
    let code = source.integer()?;
    let has_z = (11..=18).contains(&code);
    let (kind, parts) = match code {
        0 => (Kind::Null, Vec::new()),
        1 | 11 | 21 => {
            let (x, y) = (source.real()?, source.real()?);
            let z = if has_z { source.real()? } else { f64::NAN };
            // Some programs write a null shape as a point at the most negative number.
            if x < NO_DATA && y < NO_DATA {
                return Ok(Shape { kind: Kind::Null, parts: Vec::new() });
            }
            (Kind::Points, vec![vec![position(x, y, z)?]])
        }
        8 | 18 | 28 => {
            source.skip(32)?;
            let count = source.count(16)?;
            let points = source.vertices(count, has_z)?;
            (Kind::Points, points.into_iter().map(|p| vec![p]).collect())
        }
        3 | 13 | 23 | 5 | 15 | 25 => {
            source.skip(32)?;
            let kind = if code % 10 == 3 { Kind::Lines } else { Kind::Polygons };
            (kind, source.parts(has_z)?)
        }
        31 => return Err(FileProblem::unsupported("forme MultiPatch", "MultiPatch shape")),
        other => return Err(unknown_type(other)),
    };
    Ok(Shape { kind, parts })
}

fn unknown_type(code: i32) -> FileProblem {
    FileProblem::damaged(format!("type de forme {code}"), format!("shape type {code}"))
}

fn short_record() -> FileProblem {
    FileProblem::truncated("forme incomplète", "incomplete shape")
}

/// What is left of a record.
struct Source<'a> {
    bytes: &'a [u8],
}

impl Source<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FileProblem> {
        let Some((first, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(short_record());
        };
        self.bytes = rest;
        Ok(*first)
    }

    fn skip(&mut self, length: usize) -> Result<(), FileProblem> {
        self.bytes = self.bytes.get(length..).ok_or_else(short_record)?;
        Ok(())
    }

    fn integer(&mut self) -> Result<i32, FileProblem> {
        Ok(i32::from_le_bytes(self.take()?))
    }

    fn real(&mut self) -> Result<f64, FileProblem> {
        Ok(f64::from_le_bytes(self.take()?))
    }

    /// A count that the record can hold.
    fn count(&mut self, bytes_each: usize) -> Result<usize, FileProblem> {
        let stated = self.integer()?;
        let left = self.bytes.len();
        usize::try_from(stated).ok().filter(|n| *n <= left / bytes_each).ok_or_else(|| {
            FileProblem::truncated(
                format!("{stated} éléments annoncés, il reste {left} octets"),
                format!("a count of {stated}, {left} bytes left"),
            )
        })
    }

    /// All x, y; then, with Z, its range and all z. Measures at the end are left alone.
    fn vertices(&mut self, count: usize, has_z: bool) -> Result<Vec<Position>, FileProblem> {
        let flat = self.bytes.get(..count * 16).ok_or_else(|| {
            FileProblem::truncated(
                format!("{count} sommets annoncés"),
                format!("{count} vertices announced"),
            )
        })?;
        let heights = if has_z {
            let start = count * 16 + 16;
            self.bytes.get(start..start + count * 8).ok_or_else(|| {
                FileProblem::truncated(
                    format!("{count} altitudes annoncées"),
                    format!("{count} heights announced"),
                )
            })?
        } else {
            &[]
        };
        let mut heights = heights.as_chunks::<8>().0.iter().map(|z| f64::from_le_bytes(*z));
        let numbers = flat.as_chunks::<8>().0;
        numbers
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[x, y]| {
                let z = heights.next().unwrap_or(f64::NAN);
                position(f64::from_le_bytes(*x), f64::from_le_bytes(*y), z)
            })
            .collect()
    }

    fn parts(&mut self, has_z: bool) -> Result<Vec<Line>, FileProblem> {
        let part_count = self.count(4)?;
        let vertex_count = self.count(16)?;
        let mut starts = Vec::with_capacity(part_count + 1);
        for _ in 0..part_count {
            let start = self.integer()?;
            let start = usize::try_from(start).ok().filter(|s| *s <= vertex_count);
            match start {
                Some(start) if starts.last().is_none_or(|last| *last <= start) => {
                    starts.push(start);
                }
                _ => {
                    return Err(FileProblem::damaged(
                        "débuts des parties dans le désordre",
                        "part starts out of order",
                    ));
                }
            }
        }
        starts.push(vertex_count);
        let vertices = self.vertices(vertex_count, has_z)?;
        Ok(starts.windows(2).map(|w| vertices[w[0]..w[1]].to_vec()).collect())
    }
}

/// Numbers below this are *no data* by the format.
const NO_DATA: f64 = -1e38;

fn position(x: f64, y: f64, z: f64) -> Result<Position, FileProblem> {
    if !x.is_finite() || !y.is_finite() {
        return Err(FileProblem::NotFinite { what: "x, y".into() });
    }
    Ok([x, y, if z.is_finite() && z > NO_DATA { z } else { f64::NAN }])
}

/// More steps than any map needs to sort the rings of a record (seconds).
const MOST_STEPS: usize = 4_000_000_000;

/// Sorts rings: clockwise ones are outer rings; the others are holes of the smallest outer ring
/// that contains them. A hole that no ring contains is an outer ring drawn the wrong way round.
fn polygons(rings: Vec<Line>) -> Result<Vec<Polygon>, FileProblem> {
    let mut outer: Vec<Outer> = Vec::new();
    let mut holes: Vec<(Line, f64)> = Vec::new();
    for mut ring in rings {
        close(&mut ring);
        let area = signed_area(&ring);
        let Some(extent) = Extent::of_points(ring.iter().map(|p| (p[0], p[1]))) else {
            continue;
        };
        if area > 0.0 {
            holes.push((ring, area));
        } else {
            let polygon = Polygon { exterior: ring, interiors: Vec::new() };
            outer.push(Outer { polygon, extent, area: -area });
        }
    }
    let mut reversed = Vec::new();
    let mut steps: usize = 0;
    for (hole, area) in holes {
        let owner = match &mut outer[..] {
            // The common case needs no test, and a hole on the border of its ring stays one.
            [only] if area <= only.area => Some(only),
            several => several
                .iter_mut()
                .filter(|candidate| {
                    let touches =
                        hole.iter().take(1).all(|p| candidate.extent.contains(p[0], p[1]));
                    let is_possible = touches && candidate.area >= area;
                    let cost = if is_possible { 16 * candidate.polygon.exterior.len() } else { 1 };
                    steps = steps.saturating_add(cost);
                    is_possible
                        && steps < MOST_STEPS
                        && contains(&candidate.polygon.exterior, &hole)
                })
                .min_by(|a, b| a.area.total_cmp(&b.area)),
        };
        if steps >= MOST_STEPS {
            return Err(FileProblem::unsupported(
                "trop d'anneaux dans un enregistrement",
                "too many rings in a record",
            ));
        }
        match owner {
            Some(owner) => owner.polygon.interiors.push(hole),
            None => reversed.push(Polygon { exterior: hole, interiors: Vec::new() }),
        }
    }
    Ok(outer.into_iter().map(|outer| outer.polygon).chain(reversed).collect())
}

/// An outer ring while holes look for theirs.
struct Outer {
    polygon: Polygon,
    extent: Extent,
    area: f64,
}

/// Whether most of the first vertices of `inner` lie within `ring` (even–odd rule): vertices may
/// lie on the border, where the rule is of either opinion.
fn contains(ring: &[Position], inner: &[Position]) -> bool {
    let tested = inner.len().min(16);
    let inside = inner.iter().take(tested).filter(|p| is_inside(ring, p)).count();
    inside * 2 > tested || (inside > 0 && tested < 4)
}

fn is_inside(ring: &[Position], p: &Position) -> bool {
    ring.windows(2)
        .filter(|w| {
            let ([xa, ya, _], [xb, yb, _]) = (w[0], w[1]);
            (ya > p[1]) != (yb > p[1]) && p[0] < xa + (p[1] - ya) * (xb - xa) / (yb - ya)
        })
        .count()
        % 2
        == 1
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn file(kind: i32, records: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0u8; 100];
        bytes[..4].copy_from_slice(&9994u32.to_be_bytes());
        bytes[28..32].copy_from_slice(&1000u32.to_le_bytes());
        bytes[32..36].copy_from_slice(&kind.to_le_bytes());
        for (i, record) in records.iter().enumerate() {
            bytes.extend((i as u32 + 1).to_be_bytes());
            bytes.extend((record.len() as u32 / 2).to_be_bytes());
            bytes.extend(record);
        }
        let words = bytes.len() as u32 / 2;
        bytes[24..28].copy_from_slice(&words.to_be_bytes());
        bytes
    }

    pub(crate) fn polygon_z(rings: &[Vec<(f64, f64)>], z: f64) -> Vec<u8> {
        let count: usize = rings.iter().map(Vec::len).sum();
        let mut bytes = 15i32.to_le_bytes().to_vec();
        bytes.extend([0u8; 32]);
        bytes.extend((rings.len() as i32).to_le_bytes());
        bytes.extend((count as i32).to_le_bytes());
        let mut start = 0i32;
        for ring in rings {
            bytes.extend(start.to_le_bytes());
            start += ring.len() as i32;
        }
        for (x, y) in rings.iter().flatten() {
            bytes.extend(x.to_le_bytes());
            bytes.extend(y.to_le_bytes());
        }
        bytes.extend([0u8; 16]);
        (0..count).for_each(|_| bytes.extend(z.to_le_bytes()));
        bytes
    }

    fn ring(x: f64, y: f64, size: f64, clockwise: bool) -> Line {
        let mut ring: Line = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
            .map(|(a, b)| [x + a * size, y + b * size, 0.0])
            .to_vec();
        if !clockwise {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn an_island_in_a_hole_keeps_its_own_hole() {
        let found = polygons(vec![
            ring(4.5, 4.5, 1.0, false), // hole of the island
            ring(0.0, 0.0, 10.0, true),
            ring(3.0, 3.0, 4.0, false), // hole of the outer ring
            ring(4.0, 4.0, 2.0, true),  // island
        ])
        .unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].interiors, [ring(3.0, 3.0, 4.0, false)]);
        assert_eq!(found[1].interiors, [ring(4.5, 4.5, 1.0, false)]);
    }

    #[test]
    fn rings_drawn_the_wrong_way_round_are_polygons() {
        let found = polygons(vec![ring(0.0, 0.0, 1.0, false), ring(5.0, 0.0, 1.0, false)]).unwrap();
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn forged_counts_and_other_files_are_refused() {
        let mut record = 5i32.to_le_bytes().to_vec();
        record.extend([0u8; 32]);
        record.extend(i32::MAX.to_le_bytes());
        record.extend(i32::MAX.to_le_bytes());
        let bytes = file(5, &[record]);
        assert!(Records::parse(&bytes).unwrap().next().unwrap().is_err());
        assert!(Records::parse(&file(31, &[])).is_err());
        assert!(Records::parse(b"PK").is_err());
        assert_eq!(Records::parse(&file(5, &[])).unwrap().count(), 0);
    }
}
