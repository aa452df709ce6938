//! Well-known binary (OGC 06-103r4 § 8; ISO 13249-3) ↔ [`Geometry`].
//!
//! Read: points, lines, polygons and their multi-part forms, in either byte order, with Z, M or
//! both in the ISO numbering (1000, 2000, 3000) and in the EWKB flag form. M is dropped. Written:
//! little endian, ISO numbering.
//!
//! This is written by hand instead of taken from `geozero`, whose reader recurses into nested
//! collections without a limit (nine bytes a level overflow the stack) and passes the counts of
//! the file on as they are. Here nothing recurses, and a count is compared with the bytes that are
//! left before anything is allocated.

use super::rings::{self, without_empty_parts};
use crate::{
    FileProblem,
    spatial::{Geometry, Line, Polygon, Position},
};

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTI: u32 = 3; // MultiPoint, MultiLineString and MultiPolygon are 4, 5 and 6.

/// Reads one geometry; `None` when it is empty. Bytes after it are ignored.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Geometry>, FileProblem> {
    let mut source = Source { bytes, little: true, dimensions: 2, has_z: false };
    let kind = source.header()?;
    let geometry = match kind {
        POINT => Geometry::Points(source.point()?.into_iter().collect()),
        LINE => Geometry::Lines(vec![source.line()?]),
        POLYGON => Geometry::Polygons(vec![source.polygon()?]),
        4 => Geometry::Points(source.parts(POINT, |s| s.point())?.into_iter().flatten().collect()),
        5 => Geometry::Lines(source.parts(LINE, Source::line)?),
        6 => Geometry::Polygons(source.parts(POLYGON, Source::polygon)?),
        other => {
            let detail = format!("WKB {}", kind_name(other)).into();
            return Err(FileProblem::Unsupported { detail });
        }
    };
    Ok(without_empty_parts(geometry))
}

/// Appends the geometry; `multi` writes the multi-part form even for a single part. A geometry
/// without parts, or of several parts, is written multi-part whatever `multi` says.
pub(crate) fn write(geometry: &Geometry, with_z: bool, multi: bool, bytes: &mut Vec<u8>) {
    let header = |bytes: &mut Vec<u8>, kind: u32| {
        bytes.push(1);
        bytes.extend((kind + if with_z { 1000 } else { 0 }).to_le_bytes());
    };
    let position = |bytes: &mut Vec<u8>, p: &Position| {
        for value in &p[..if with_z { 3 } else { 2 }] {
            bytes.extend(value.to_le_bytes());
        }
    };
    let count = |bytes: &mut Vec<u8>, n: usize| bytes.extend((n as u32).to_le_bytes());
    let line = |bytes: &mut Vec<u8>, line: &Line| {
        count(bytes, line.len());
        line.iter().for_each(|p| position(bytes, p));
    };
    let (kind, parts) = match geometry {
        Geometry::Points(points) => (POINT, points.len()),
        Geometry::Lines(lines) => (LINE, lines.len()),
        Geometry::Polygons(polygons) => (POLYGON, polygons.len()),
    };
    if multi || parts != 1 {
        header(bytes, kind + MULTI);
        count(bytes, parts);
    }
    match geometry {
        Geometry::Points(points) => {
            for point in points {
                header(bytes, POINT);
                position(bytes, point);
            }
        }
        Geometry::Lines(lines) => {
            for part in lines {
                header(bytes, LINE);
                line(bytes, part);
            }
        }
        Geometry::Polygons(polygons) => {
            for polygon in polygons {
                header(bytes, POLYGON);
                count(bytes, polygon.rings().count());
                polygon.rings().for_each(|ring| line(bytes, ring));
            }
        }
    }
}

/// What is left to read, with the byte order and dimensions of the geometry being read.
struct Source<'a> {
    bytes: &'a [u8],
    little: bool,
    dimensions: usize,
    has_z: bool,
}

impl Source<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FileProblem> {
        let Some((first, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(FileProblem::truncated(
                "géométrie WKB incomplète",
                "incomplete WKB geometry",
            ));
        };
        self.bytes = rest;
        Ok(*first)
    }

    fn integer(&mut self) -> Result<u32, FileProblem> {
        let bytes = self.take()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn real(&mut self) -> Result<f64, FileProblem> {
        let bytes = self.take()?;
        Ok(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    /// Byte order and type; returns the type without its dimensions.
    fn header(&mut self) -> Result<u32, FileProblem> {
        self.little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            [other] => {
                return Err(FileProblem::damaged(
                    format!("ordre des octets WKB {other}"),
                    format!("WKB byte order {other}"),
                ));
            }
        };
        let code = self.integer()?;
        let flat = code & 0x0fff_ffff;
        let (iso_z, iso_m) = match flat / 1000 {
            0 => (false, false),
            1 => (true, false),
            2 => (false, true),
            3 => (true, true),
            _ => {
                return Err(FileProblem::damaged(
                    format!("type WKB {code}"),
                    format!("WKB type {code}"),
                ));
            }
        };
        self.has_z = iso_z || code & 0x8000_0000 != 0;
        let has_m = iso_m || code & 0x4000_0000 != 0;
        self.dimensions = 2 + usize::from(self.has_z) + usize::from(has_m);
        if code & 0x2000_0000 != 0 {
            self.integer()?; // the SRID of EWKB; the layer states it too
        }
        Ok(flat % 1000)
    }

    /// A count that the bytes left can hold.
    fn count(&mut self, bytes_each: usize, what: (&str, &str)) -> Result<usize, FileProblem> {
        let count = self.integer()? as usize;
        if count > self.bytes.len() / bytes_each {
            let ((fr, en), left) = (what, self.bytes.len());
            return Err(FileProblem::truncated(
                format!("le WKB déclare {count} {fr}, il reste {left} octets"),
                format!("WKB declares {count} {en}, {left} bytes left"),
            ));
        }
        Ok(count)
    }

    fn position(&mut self) -> Result<Position, FileProblem> {
        let (x, y) = (self.real()?, self.real()?);
        let mut z = f64::NAN;
        for dimension in 2..self.dimensions {
            let value = self.real()?;
            if dimension == 2 && self.has_z && value.is_finite() {
                z = value;
            }
        }
        Ok([x, y, z])
    }

    /// An empty point has `NaN` for coordinates.
    fn point(&mut self) -> Result<Option<Position>, FileProblem> {
        let position = self.position()?;
        if position[0].is_nan() && position[1].is_nan() {
            return Ok(None);
        }
        finite(position).map(Some)
    }

    fn line(&mut self) -> Result<Line, FileProblem> {
        let count = self.count(8 * self.dimensions, ("sommets", "vertices"))?;
        let mut line = Vec::with_capacity(count);
        for _ in 0..count {
            line.push(finite(self.position()?)?);
        }
        Ok(line)
    }

    fn polygon(&mut self) -> Result<Polygon, FileProblem> {
        let count = self.count(4, ("anneaux", "rings"))?;
        rings::polygon((0..count).map(|_| self.line()))
    }

    /// The members of a multi-part geometry, each with its own header.
    fn parts<T>(
        &mut self,
        kind: u32,
        mut part: impl FnMut(&mut Self) -> Result<T, FileProblem>,
    ) -> Result<Vec<T>, FileProblem> {
        let count = self.count(9, ("parties", "parts"))?;
        let mut parts = Vec::new();
        for _ in 0..count {
            let found = self.header()?;
            if found != kind {
                let (found, kind) = (kind_name(found), kind_name(kind));
                return Err(FileProblem::damaged(
                    format!("{found} parmi des {kind}"),
                    format!("{found} among {kind}s"),
                ));
            }
            parts.push(part(self)?);
        }
        Ok(parts)
    }
}

fn finite(position: Position) -> Result<Position, FileProblem> {
    if position[0].is_finite() && position[1].is_finite() {
        Ok(position)
    } else {
        Err(FileProblem::NotFinite { what: "x, y".into() })
    }
}

fn kind_name(kind: u32) -> String {
    let name = match kind {
        POINT => "Point",
        LINE => "LineString",
        POLYGON => "Polygon",
        4 => "MultiPoint",
        5 => "MultiLineString",
        6 => "MultiPolygon",
        7 => "GeometryCollection",
        8 => "CircularString",
        9 => "CompoundCurve",
        10 => "CurvePolygon",
        11 => "MultiCurve",
        12 => "MultiSurface",
        15 => "PolyhedralSurface",
        16 => "TIN",
        17 => "Triangle",
        other => return format!("type {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(with_z: bool) -> impl Strategy<Value = Position> {
        let coordinate = -1e7f64..1e7;
        (coordinate.clone(), coordinate.clone(), coordinate)
            .prop_map(move |(x, y, z)| [x, y, if with_z { z } else { f64::NAN }])
    }

    /// Geometries without empty parts, rings closed.
    pub(crate) fn geometry(with_z: bool) -> impl Strategy<Value = Geometry> {
        let line = move || prop::collection::vec(position(with_z), 1..6);
        let ring = move || {
            line().prop_map(|mut r| {
                r.push(r[0]);
                r
            })
        };
        let polygon = (ring(), prop::collection::vec(ring(), 0..3))
            .prop_map(|(exterior, interiors)| Polygon { exterior, interiors });
        prop_oneof![
            prop::collection::vec(position(with_z), 1..4).prop_map(Geometry::Points),
            prop::collection::vec(line(), 1..4).prop_map(Geometry::Lines),
            prop::collection::vec(polygon, 1..4).prop_map(Geometry::Polygons),
        ]
    }

    /// Equality where two unknown heights are the same.
    pub(crate) fn same(a: &Geometry, b: &Geometry) -> bool {
        format!("{a:?}") == format!("{b:?}")
    }

    proptest! {
        #[test]
        fn written_geometry_reads_back(
            g in any::<bool>().prop_flat_map(geometry),
            multi in any::<bool>(),
        ) {
            let mut bytes = Vec::new();
            write(&g, g.has_heights(), multi, &mut bytes);
            let back = read(&bytes).unwrap().unwrap();
            prop_assert!(same(&g, &back), "{g:?} {back:?}");
        }

        #[test]
        fn hostile_bytes_never_panic(
            g in any::<bool>().prop_flat_map(geometry),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            length in any::<prop::sample::Index>(),
        ) {
            let mut bytes = Vec::new();
            write(&g, g.has_heights(), false, &mut bytes);
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = read(&bytes);
            let _ = read(&bytes[..length.index(bytes.len())]);
        }
    }

    #[test]
    fn big_endian_and_measured_and_ewkb_read_alike() {
        let values = [2.0f64, 3.0, 4.0, 9.0];
        let mut big = vec![0, 0, 0, 0x0b, 0xb9]; // Point ZM, ISO 3001
        values.iter().for_each(|v| big.extend(v.to_be_bytes()));
        let mut ewkb = vec![1];
        ewkb.extend(0xe000_0001u32.to_le_bytes()); // Z, M and SRID flags
        ewkb.extend(2154u32.to_le_bytes());
        values.iter().for_each(|v| ewkb.extend(v.to_le_bytes()));
        let mut measured = vec![1];
        measured.extend(2001u32.to_le_bytes());
        values[..3].iter().for_each(|v| measured.extend(v.to_le_bytes()));
        let expected = Geometry::Points(vec![[2.0, 3.0, 4.0]]);
        assert_eq!(read(&big).unwrap(), Some(expected.clone()));
        assert_eq!(read(&ewkb).unwrap(), Some(expected));
        let flat = read(&measured).unwrap().unwrap();
        assert!(!flat.has_heights(), "a measure is not a height");
    }

    #[test]
    fn forged_counts_and_collections_are_refused() {
        for kind in [2u32, 3, 4, 5, 6, 7] {
            let mut bytes = vec![1];
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u32::MAX.to_le_bytes());
            assert!(read(&bytes).is_err());
        }
    }

    #[test]
    fn empty_geometries_are_none() {
        let mut point = vec![1, 1, 0, 0, 0];
        point.extend(f64::NAN.to_le_bytes());
        point.extend(f64::NAN.to_le_bytes());
        assert_eq!(read(&point).unwrap(), None);
        for kind in 2u8..=6 {
            assert_eq!(read(&[1, kind, 0, 0, 0, 0, 0, 0, 0]).unwrap(), None);
        }
    }
}
