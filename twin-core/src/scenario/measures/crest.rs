//! Crest levels along lines.

use schemars::JsonSchema;
use serde::Deserialize;

use super::MeasureContext;
use crate::scenario::DatumRef;
use crate::spatial::Line;
use crate::{Error, Result};

/// Height of a crest: exactly one of `level_m` (with its datum), `above_ground_m`, or
/// `from_geometry = true` (heights of the line's vertices, with their datum).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Crest {
    /// Level, metres above the datum's zero.
    #[serde(default)]
    level_m: Option<f64>,
    /// Metres above the ground under the line.
    #[serde(default)]
    above_ground_m: Option<f64>,
    /// Takes the heights of the line's own vertices.
    #[serde(default)]
    from_geometry: bool,
    /// Datum of `level_m` or of the vertices.
    #[serde(default)]
    datum: Option<String>,
    /// Height of that datum's zero in the territory's datum, metres.
    #[serde(default)]
    offset_m: Option<f64>,
}

/// Where the crest level of a vertex comes from.
enum CrestRule {
    Level(f64),
    AboveGround(f64),
    FromGeometry(f64),
}

impl Crest {
    fn rule(&self, context: &MeasureContext<'_>, place: &str) -> Result<CrestRule> {
        let offset = || {
            let datum = self.datum.clone().ok_or_else(|| {
                Error::input(
                    place,
                    "le niveau n'a pas de référence ; ajouter datum = \"NGF-IGN69\" ou une autre",
                    "the level has no datum; add datum = \"NGF-IGN69\" or another",
                )
            })?;
            DatumRef { datum, offset_m: self.offset_m }
                .offset_to(context.territory.vertical_datum(), place)
        };
        match (self.level_m, self.above_ground_m, self.from_geometry) {
            (Some(level), None, false) if level.is_finite() => {
                Ok(CrestRule::Level(level + offset()?))
            }
            (None, Some(height), false) if height.is_finite() => Ok(CrestRule::AboveGround(height)),
            (None, None, true) => Ok(CrestRule::FromGeometry(offset()?)),
            _ => Err(Error::input(
                place,
                "donner une seule hauteur finie : level_m, above_ground_m ou from_geometry = true",
                "give one finite height: level_m, above_ground_m or from_geometry = true",
            )),
        }
    }

    /// Lines with a crest level at every vertex, m in the territory's datum. `place` is that of the
    /// measure.
    pub(super) fn along(
        &self,
        lines: &[Line],
        context: &MeasureContext<'_>,
        place: &str,
    ) -> Result<Vec<Line>> {
        let geometry = format!("{place}.geometry");
        let of = |line: &Line| match self.rule(context, &format!("{place}.crest"))? {
            CrestRule::Level(level) => Ok(with_heights(line, |_| Some(level))),
            CrestRule::FromGeometry(offset) => {
                if line.iter().all(|p| p[2].is_finite()) {
                    Ok(with_heights(line, |p| Some(p[2] + offset)))
                } else {
                    Err(Error::input(
                        &geometry,
                        "des sommets n'ont pas d'altitude ; donner level_m ou above_ground_m",
                        "some vertices have no height; give level_m or above_ground_m",
                    ))
                }
            }
            CrestRule::AboveGround(height) => {
                // Crests follow the ground between far vertices only if the line has vertices there.
                let dense = densified(line, context.territory.spec().cell_size);
                let mut crest = Line::new();
                for p in dense {
                    if let Some(ground) = context.territory.ground_at(p[0], p[1])? {
                        crest.push([p[0], p[1], f64::from(ground) + height]);
                    }
                }
                if crest.is_empty() { Err(off_the_terrain(&geometry)) } else { Ok(crest) }
            }
        };
        lines.iter().map(of).collect()
    }
}

/// A line or place where the territory has no ground.
pub(super) fn off_the_terrain(place: &str) -> Error {
    Error::input(
        place,
        "hors du terrain assemblé ; vérifier les coordonnées et leur système",
        "outside the assembled terrain; check the coordinates and their reference system",
    )
}

fn with_heights(line: &Line, height: impl Fn(&[f64; 3]) -> Option<f64>) -> Line {
    line.iter().filter_map(|p| Some([p[0], p[1], height(p)?])).collect()
}

/// The line with vertices at most `spacing` apart.
pub(super) fn densified(line: &Line, spacing: f64) -> Line {
    let mut dense: Line = line.first().copied().into_iter().collect();
    for pair in line.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let pieces = ((b[0] - a[0]).hypot(b[1] - a[1]) / spacing).ceil().clamp(1.0, 1e6) as usize;
        dense.extend((1..=pieces).map(|i| {
            let t = i as f64 / pieces as f64;
            [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), f64::NAN]
        }));
    }
    dense
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_lines_keep_their_ends_and_spacing() {
        let line = vec![[0.0, 0.0, f64::NAN], [10.0, 0.0, f64::NAN]];
        let dense = densified(&line, 3.0);
        assert_eq!(dense.len(), 5);
        assert_eq!(dense[4][..2], [10.0, 0.0]);
    }
}
