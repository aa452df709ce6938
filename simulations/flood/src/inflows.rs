//! Inflows of a scenario as sources of the engine.

use std::path::Path;

use twin_core::export::map::{Marker, MarkerKind};
use twin_core::language::Text;
use twin_core::series::{Quantity, Series};
use twin_core::spatial::cells_within;
use twin_core::{Error, Language, Result};
use twin_hydraulic_structures::outside;
use twin_shallow_water::{Bed, Source, Split};

use crate::hydrograph;
use crate::parameters::Inflow;
use crate::setup::{Builder, place, positive};

/// How far around an inflow lower ground is looked for, m.
const HILL_REACH_M: f64 = 50.0;
/// Height over the lowest ground around from which an inflow is told to lie on a hill, m.
const HILL_M: f64 = 3.0;

impl Builder<'_> {
    pub(crate) fn sources(&mut self, bed: &Bed) -> Result<Vec<Source>> {
        let main = self.parameters.inflow.iter().map(|i| ("inflow".to_owned(), i));
        let others =
            self.parameters.tributaries.iter().map(|(n, i)| (format!("tributaries.{n}"), i));
        main.chain(others).map(|(key, inflow)| self.source(&key, inflow, bed)).collect()
    }

    /// Tells when water would enter on a hill: the lowest ground around lies elsewhere.
    fn check_place(&mut self, key: &str, cells: &[usize], bed: &Bed) {
        let spec = &bed.spec;
        let lowest = |cells: &mut dyn Iterator<Item = usize>| {
            cells
                .filter(|&cell| bed.is_open(cell))
                .min_by(|a, b| bed.elevation_m[*a].total_cmp(&bed.elevation_m[*b]))
        };
        let Some(here) = lowest(&mut cells.iter().copied()) else { return };
        let (row, column) = spec.row_column(here);
        let reach = (HILL_REACH_M / spec.cell_size).ceil() as usize;
        let columns = column.saturating_sub(reach)..=(column + reach).min(spec.columns - 1);
        let around = (row.saturating_sub(reach)..=(row + reach).min(spec.rows - 1))
            .flat_map(|r| columns.clone().map(move |c| spec.index(r, c)));
        let Some(valley) = lowest(&mut around.into_iter()) else { return };
        let height = bed.elevation_m[here] - bed.elevation_m[valley];
        if height < HILL_M {
            return;
        }
        let (row, column) = spec.row_column(valley);
        let (x, y) = spec.centre(row, column);
        let n = |l: Language, v| l.number(v, 1);
        self.warnings.push(Text::new(
            format!("L'apport « {key} » entre {} m au-dessus du point bas voisin (x = {x:.0}, y = {y:.0}) : vérifier qu'il est bien dans le lit.", n(Language::Fr, height)),
            format!("The inflow \"{key}\" enters {} m above the low point beside it (x = {x:.0}, y = {y:.0}): check that it lies in the bed.", n(Language::En, height)),
        ));
    }

    fn source(&mut self, key: &str, inflow: &Inflow, bed: &Bed) -> Result<Source> {
        let here = place(key);
        if inflow.source.trim().is_empty() {
            return Err(Error::input(
                format!("{here}.source"),
                "l'origine du débit est vide ; la citer (station, étude, hypothèse)",
                "the origin of the discharge is empty; name it (station, study, hypothesis)",
            ));
        }
        let series = match (&inflow.hydrograph, inflow.discharge_m3_per_s, &inflow.peak) {
            (Some(path), None, None) => {
                let unit = inflow.unit.as_deref();
                Series::read_csv(Path::new(path), self.context.start, Quantity::Discharge, unit)?
            }
            (None, Some(q), None) => {
                Series::constant(positive(q, &format!("{key}.discharge_m3_per_s"))?)
            }
            (None, None, Some(peak)) => hydrograph::from_peak(peak, key)?,
            _ => {
                return Err(Error::input(
                    here,
                    "donner hydrograph, peak ou discharge_m3_per_s, l'un des trois",
                    "give one of hydrograph, peak and discharge_m3_per_s",
                ));
            }
        };
        let factor = self.parameters.factors.discharge;
        let series = series.map(|q| q * factor);
        let peak = series.largest();
        let return_period = inflow.return_period_years.map_or_else(
            || Text::new(String::new(), String::new()),
            |years| {
                Text::new(
                    format!(", période de retour {years} ans selon cette source"),
                    format!(", return period {years} years by that source"),
                )
            },
        );
        self.hypotheses.push(Text::new(
            format!(
                "Débit entrant « {key} » : maximum {} m³/s ; source : {}{}.",
                twin_core::Language::Fr.number(peak, 1),
                inflow.source,
                return_period.fr
            ),
            format!(
                "Inflow \"{key}\": maximum {} m³/s; source: {}{}.",
                twin_core::Language::En.number(peak, 1),
                inflow.source,
                return_period.en
            ),
        ));
        let crs = self.view.territory().crs();
        let even = |cells| Source::Inflow {
            name: key.to_owned(),
            cells,
            discharge: series.clone(),
            split: Split::Even,
        };
        let (source, at) = match (&inflow.at, &inflow.line, &inflow.area) {
            (Some([x, y]), None, None) => {
                let (row, column) =
                    bed.spec.cell_at(*x, *y).ok_or_else(|| outside(&format!("{here}.at")))?;
                (even(vec![bed.spec.index(row, column)]), (*x, *y))
            }
            (None, Some(line), None) => {
                let lines = line.lines(crs, &format!("{here}.line"))?;
                let line = &lines[0];
                let middle = line[line.len() / 2];
                (Source::across(key, bed, line, series.clone())?, (middle[0], middle[1]))
            }
            (None, None, Some(area)) => {
                let place = format!("{here}.area");
                let mut cells = Vec::new();
                cells_within(&bed.spec, &area.polygons(crs, &place)?, |row, column| {
                    cells.push(bed.spec.index(row, column));
                });
                cells.retain(|&cell| bed.is_open(cell));
                cells.sort_unstable();
                cells.dedup();
                let Some(&middle) = cells.get(cells.len() / 2) else { return Err(outside(&place)) };
                let (row, column) = bed.spec.row_column(middle);
                (even(cells), bed.spec.centre(row, column))
            }
            _ => {
                return Err(Error::input(
                    here,
                    "donner at = [x, y], line ou area, l'un des trois",
                    "give one of at = [x, y], line and area",
                ));
            }
        };
        self.markers.push(Marker {
            x: at.0,
            y: at.1,
            label: String::new(),
            kind: MarkerKind::Inflow { towards_deg: azimuth(at, bed.spec.extent().centre()) },
        });
        if let Source::Inflow { cells, .. } = &source
            && inflow.area.is_none()
        {
            self.check_place(key, cells, bed);
        }
        Ok(source)
    }
}

/// Direction from one position to another, degrees clockwise from north.
pub(crate) fn azimuth(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).atan2(to.1 - from.1).to_degrees().rem_euclid(360.0)
}
