//! The binary geometry of GeoPackage (OGC 12-128r17 § 2.1.3): a header, an optional envelope, WKB.

use crate::{
    FileProblem,
    formats::wkb,
    spatial::{Extent, Geometry},
};

/// Reads a geometry column's blob; `None` when the geometry is empty.
pub(super) fn decode(blob: &[u8]) -> Result<Option<Geometry>, FileProblem> {
    let Some((&[b'G', b'P', _version, flags, _, _, _, _], body)) = blob.split_first_chunk::<8>()
    else {
        return Err(FileProblem::damaged(
            "géométrie sans l'en-tête GP",
            "geometry without the GP header",
        ));
    };
    if flags & 0b10_0000 != 0 {
        return Err(FileProblem::unsupported(
            "géométrie GeoPackage étendue",
            "extended GeoPackage geometry",
        ));
    }
    let envelope = match flags >> 1 & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        other => {
            return Err(FileProblem::damaged(
                format!("code d'enveloppe {other}"),
                format!("envelope code {other}"),
            ));
        }
    };
    let Some(body) = body.get(envelope..) else {
        return Err(FileProblem::truncated(
            "enveloppe de géométrie incomplète",
            "incomplete geometry envelope",
        ));
    };
    wkb::read(body)
}

/// Writes a geometry with its envelope in x and y. The geometry must have a vertex.
pub(super) fn encode(
    geometry: &Geometry,
    extent: &Extent,
    srs_id: i32,
    with_z: bool,
    multi: bool,
) -> Vec<u8> {
    let mut blob = vec![b'G', b'P', 0, 0b0000_0011];
    blob.extend(srs_id.to_le_bytes());
    for bound in [extent.min_x, extent.max_x, extent.min_y, extent.max_y] {
        blob.extend(bound.to_le_bytes());
    }
    wkb::write(geometry, with_z, multi, &mut blob);
    blob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_kind_is_skipped() {
        let point = [1, 1, 0, 0, 0];
        for (code, length) in [(0u8, 0), (1, 32), (2, 48), (3, 48), (4, 64)] {
            for endianness in [0, 1] {
                let mut blob = vec![b'G', b'P', 0, code << 1 | endianness, 0, 0, 0, 0];
                blob.extend(vec![0xff; length]);
                blob.extend(point);
                blob.extend(5.0f64.to_le_bytes());
                blob.extend(6.0f64.to_le_bytes());
                let geometry = decode(&blob).unwrap().unwrap();
                assert_eq!(geometry.extent(), Extent::new(5.0, 6.0, 5.0, 6.0));
                for end in 0..blob.len() {
                    assert!(decode(&blob[..end]).is_err());
                }
            }
        }
    }
}
