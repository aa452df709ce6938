//! Maps, tables and indicators of a runoff map.

use twin_core::Language;
use twin_core::export::legend::Class;
use twin_core::export::ramp::Rgb;
use twin_core::export::{Legend, Ramp};
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::language::Text;
use twin_core::results::exposure::{footprint_cells, road_length_m};
use twin_core::results::{Indicator, IndicatorGroup, Indicators};
use twin_core::simulation::{Outcome, ResultMap, StaticField};
use twin_core::spatial::{Geometry, Grid, Position, line_length};
use twin_core::territory::TerritoryView;
use twin_drainage::Pond;

use super::irip::INDICATORS;
use super::{MapParameters, Maps};
use crate::results::BLUES;
use crate::roofs::beside;

/// Bounds of the classes of drained area, in areas from which a cell is a thalweg.
const AREAS: [f32; 4] = [0.1, 1.0, 10.0, 100.0];
/// Bounds of the classes of depth, m.
const DEPTHS_M: [f32; 4] = [0.1, 0.3, 0.5, 1.0];
/// Bounds of the classes of height above the thalweg, m.
const HEIGHTS_M: [f32; 4] = [0.5, 1.0, 2.0, 5.0];
/// Bounds of the classes of frequency, %.
const FREQUENCIES: [f32; 4] = [10.0, 25.0, 50.0, 75.0];
/// Accumulation of IRIP from which it counts in the indicators.
const GATHERING: f32 = 4.0;

impl Maps {
    /// Everything but hypotheses and warnings.
    pub(super) fn outcome(&self, view: &TerritoryView, parameters: &MapParameters) -> Outcome {
        let study = view.study_mask();
        let counts = |pond: &&Pond| {
            f64::from(pond.depth_m) >= parameters.min_depth_m && study.values[pond.deepest as usize]
        };
        let ponds: Vec<&Pond> = self.ponds.ponds.iter().filter(counts).collect();
        Outcome {
            indicators: self.indicators(view, &study, &ponds),
            statics: self.statics(parameters),
            assets: vec![self.thalweg_table(view), self.pond_table(view, &ponds)],
            key_messages: vec![self.key_message(parameters, &study, &ponds)],
            ..Outcome::default()
        }
    }

    /// Length of the thalwegs inside the study area, m.
    fn thalwegs_m(&self, study: &Grid<bool>) -> f64 {
        let inside = |pair: &[Position]| {
            let middle = [0, 1].map(|k| 0.5 * (pair[0][k] + pair[1][k]));
            study.at(middle[0], middle[1]).is_some_and(|inside| *inside)
        };
        let pieces = self.thalwegs.reaches.iter().flat_map(|reach| reach.line.windows(2));
        pieces.filter(|pair| inside(pair)).map(line_length).sum()
    }

    fn indicators(&self, view: &TerritoryView, study: &Grid<bool>, ponds: &[&Pond]) -> Indicators {
        let spec = self.drained_m2.spec;
        let cell_ha = spec.cell_area() / 1e4;
        let envelope = self.frequency.map(|share| *share > 0.0);
        let gathers = self.irip.accumulation.map(|score| *score >= GATHERING);
        let area = |mask: &Grid<bool>| {
            let both = mask.values.iter().zip(&study.values).filter(|(a, b)| **a && **b);
            both.count() as f64 * cell_ha
        };
        let beside_of = |mask: &Grid<bool>| {
            let standing = view.features().buildings.iter().filter(|b| b.is_standing());
            let touches = |cells: &Vec<(usize, usize)>| {
                cells.iter().any(|cell| study[*cell])
                    && cells
                        .iter()
                        .flat_map(|&(row, column)| beside(&spec, spec.index(row, column)))
                        .any(|near| mask.values[near])
            };
            standing.map(|b| footprint_cells(&spec, b)).filter(touches).count()
        };
        let buildings = |id: &str, fr: &str, en: &str, mask: &Grid<bool>| {
            Indicator::count(id, Text::new(fr, en), beside_of(mask))
        };
        let km = |id: &str, fr: &str, en: &str, metres: f64| {
            Indicator::quantity(id, Text::new(fr, en), metres / 1e3, "km", 2)
        };
        let length = self.thalwegs_m(study);
        let roads = road_length_m(view, |cell| study[cell] && envelope[cell]);
        let pond_cells: usize = ponds.iter().map(|p| p.cells.len()).sum();
        let volume: f64 = ponds.iter().map(|p| p.volume_m3).sum();
        let ha = |id: &str, fr: &str, en: &str, ha: f64| {
            Indicator::quantity(id, Text::new(fr, en), ha, "ha", 2)
        };
        Indicators {
            groups: vec![
                IndicatorGroup {
                    id: "flow_paths".into(),
                    title: Text::new("Chemins de l'eau", "Flow paths"),
                    rows: vec![
                        km("thalwegs", "Longueur des thalwegs", "Length of thalwegs", length),
                        ha(
                            "envelope_area",
                            "Surface de l'enveloppe des écoulements concentrés",
                            "Area of the envelope of concentrated flow",
                            area(&envelope),
                        ),
                        buildings(
                            "buildings_by_envelope",
                            "Bâtiments au bord de l'enveloppe",
                            "Buildings beside the envelope",
                            &envelope,
                        ),
                        km(
                            "roads_in_envelope",
                            "Routes dans l'enveloppe",
                            "Roads within the envelope",
                            roads,
                        ),
                    ],
                },
                IndicatorGroup {
                    id: "depressions".into(),
                    title: Text::new("Cuvettes", "Depressions"),
                    rows: vec![
                        Indicator::count(
                            "depressions",
                            Text::new("Nombre de cuvettes", "Number of depressions"),
                            ponds.len(),
                        ),
                        ha(
                            "depressions_area",
                            "Surface des cuvettes pleines",
                            "Area of full depressions",
                            pond_cells as f64 * cell_ha,
                        ),
                        Indicator::quantity(
                            "depressions_volume",
                            Text::new("Volume des cuvettes pleines", "Volume of full depressions"),
                            volume,
                            "m3",
                            0,
                        ),
                    ],
                },
                IndicatorGroup {
                    id: "irip".into(),
                    title: Text::new("IRIP : accumulation", "IRIP: accumulation"),
                    rows: vec![
                        ha(
                            "irip_accumulation_area",
                            "Surface de note 4 ou 5",
                            "Area of score 4 or 5",
                            area(&gathers),
                        ),
                        buildings(
                            "irip_accumulation_buildings",
                            "Bâtiments au bord de mailles de note 4 ou 5",
                            "Buildings beside cells of score 4 or 5",
                            &gathers,
                        ),
                    ],
                },
            ],
        }
    }

    fn statics(&self, parameters: &MapParameters) -> Vec<StaticField> {
        let spec = self.drained_m2.spec;
        let areas_ha = AREAS.map(|bound| bound * parameters.thalweg_area_ha as f32);
        let colours = BLUES.map(Rgb::hex);
        let reversed: Vec<Rgb> = colours.iter().rev().copied().collect();
        let drained = Grid {
            spec,
            values: self.drained_m2.values.iter().map(|area| (area / 1e4) as f32).collect(),
        };
        let mut fields = vec![
            Sheet {
                name: "drained_area",
                map: "surface-drainee",
                unit: "ha",
                title: Text::new("Surface drainée", "Drained area"),
                caption: Text::new(
                    "Surface dont l'eau passe par la maille : les chemins de l'eau se lisent de clair à foncé.",
                    "Area whose water passes the cell: ways of the water go from light to dark.",
                ),
                bounds: &areas_ha,
                colours: &colours,
                transparent_below: Some(areas_ha[0]),
                grid: drained,
            }
            .field(),
            Sheet {
                name: "ponding_depth",
                map: "cuvettes",
                unit: "m",
                title: Text::new("Profondeur des cuvettes", "Depth of depressions"),
                caption: Text::new(
                    "Eau que retiendraient les cuvettes pleines jusqu'à leur débordement.",
                    "Water that depressions would hold, full to their spill.",
                ),
                bounds: &DEPTHS_M,
                colours: &colours,
                transparent_below: Some(parameters.min_depth_m as f32),
                grid: self.ponds.depth.clone(),
            }
            .field(),
            Sheet {
                name: "height_above_nearest_drainage",
                map: "hauteur-au-dessus-du-thalweg",
                unit: "m",
                title: Text::new("Hauteur au-dessus du thalweg", "Height above the thalweg"),
                caption: Text::new(
                    "Dénivelée entre la maille et le thalweg où son eau arrive ; vide où elle quitte le territoire sans en rencontrer.",
                    "Height of the cell above the thalweg that its water comes to; empty where it leaves the territory without meeting one.",
                ),
                bounds: &HEIGHTS_M,
                colours: &reversed,
                transparent_below: None,
                grid: self.above_thalweg.clone(),
            }
            .field(),
            Sheet {
                name: "thalweg_frequency",
                map: "enveloppe-des-ecoulements",
                unit: "%",
                title: Text::new(
                    "Fréquence d'écoulement concentré",
                    "Frequency of concentrated flow",
                ),
                caption: Text::new(
                    "Part des tirages du terrain, le terrain tel quel compris, où la maille concentre l'eau ; toute valeur au-dessus de zéro appartient à l'enveloppe.",
                    "Share of the draws of the terrain, as it is among them, in which the cell concentrates water; any value above zero belongs to the envelope.",
                ),
                bounds: &FREQUENCIES,
                colours: &colours,
                transparent_below: Some(f32::MIN_POSITIVE),
                grid: self.frequency.clone(),
            }
            .field(),
        ];
        for (name, map, title, caption, grid) in [
            (
                "irip_production",
                "irip-production",
                Text::new("IRIP : production", "IRIP: production"),
                Text::new(
                    "Où le ruissellement se forme : nombre d'indicateurs favorables sur cinq ; sans couleur, aucun.",
                    "Where runoff forms: number of favourable indicators of five; without colour, none.",
                ),
                &self.irip.production,
            ),
            (
                "irip_transfer",
                "irip-transfert",
                Text::new("IRIP : transfert", "IRIP: transfer"),
                Text::new(
                    "Où le ruissellement accélère et érode : nombre d'indicateurs favorables sur cinq ; sans couleur, aucun.",
                    "Where runoff accelerates and erodes: number of favourable indicators of five; without colour, none.",
                ),
                &self.irip.transfer,
            ),
            (
                "irip_accumulation",
                "irip-accumulation",
                Text::new("IRIP : accumulation", "IRIP: accumulation"),
                Text::new(
                    "Où le ruissellement s'amasse : nombre d'indicateurs favorables sur cinq ; sans couleur, aucun.",
                    "Where runoff gathers: number of favourable indicators of five; without colour, none.",
                ),
                &self.irip.accumulation,
            ),
        ] {
            let sheet = Sheet {
                name,
                map,
                unit: "1",
                title,
                caption,
                bounds: &[],
                colours: &[],
                transparent_below: Some(1.0),
                grid: grid.clone(),
            };
            let legend = scores(&sheet.title);
            fields.push(sheet.with_legend(legend));
        }
        fields
    }

    fn thalweg_table(&self, view: &TerritoryView) -> FeatureTable {
        let mut table = FeatureTable::new("thalweg", Some(view.territory().crs()))
            .with_field("drained_ha", FieldKind::Real)
            .with_field("strahler_order", FieldKind::Integer)
            .with_field("length_m", FieldKind::Real);
        for reach in self.thalwegs.reaches.iter().filter(|t| t.line.len() > 1) {
            table.features.push(Feature {
                values: vec![
                    Value::Real(reach.drained_m2 / 1e4),
                    Value::Integer(i64::from(reach.order)),
                    Value::Real(line_length(&reach.line)),
                ],
                geometry: Some(Geometry::Lines(vec![reach.line.clone()])),
            });
        }
        table
    }

    /// The deepest point of every depression that counts.
    fn pond_table(&self, view: &TerritoryView, ponds: &[&Pond]) -> FeatureTable {
        let spec = self.drained_m2.spec;
        let mut table = FeatureTable::new("cuvette", Some(view.territory().crs()))
            .with_field("level_m", FieldKind::Real)
            .with_field("depth_m", FieldKind::Real)
            .with_field("area_m2", FieldKind::Real)
            .with_field("volume_m3", FieldKind::Real);
        for pond in ponds {
            let (row, column) = spec.row_column(pond.deepest as usize);
            let (x, y) = spec.centre(row, column);
            let (level, depth) = (f64::from(pond.level_m), f64::from(pond.depth_m));
            table.features.push(Feature {
                geometry: Some(Geometry::Points(vec![[x, y, level - depth]])),
                values: vec![
                    Value::Real(level),
                    Value::Real(depth),
                    Value::Real(pond.cells.len() as f64 * spec.cell_area()),
                    Value::Real(pond.volume_m3),
                ],
            });
        }
        table
    }

    fn key_message(&self, parameters: &MapParameters, study: &Grid<bool>, ponds: &[&Pond]) -> Text {
        let km = self.thalwegs_m(study) / 1e3;
        let volume: f64 = ponds.iter().map(|p| p.volume_m3).sum();
        let sentence = |l: Language| {
            let (km, area) = (l.number(km, 1), l.number(parameters.thalweg_area_ha, 2));
            let (count, volume) = (l.number(ponds.len() as f64, 0), l.number(volume, 0));
            match l {
                Language::Fr => format!(
                    "{km} km de thalwegs drainent plus de {area} ha ; {count} cuvettes retiendraient {volume} m³ avant de déborder."
                ),
                Language::En => format!(
                    "{km} km of thalwegs drain more than {area} ha; {count} depressions would hold {volume} m³ before they spill."
                ),
            }
        };
        Text::new(sentence(Language::Fr), sentence(Language::En))
    }
}

/// A field with one classed map.
struct Sheet<'a> {
    name: &'static str,
    map: &'static str,
    unit: &'static str,
    title: Text,
    caption: Text,
    bounds: &'a [f32],
    colours: &'a [Rgb],
    transparent_below: Option<f32>,
    grid: Grid<f32>,
}

/// Scores from 1 to 5.
fn scores(title: &Text) -> Legend {
    let colours = Ramp::Viridis.classes(usize::from(INDICATORS)).into_iter().rev();
    let class = |(score, colour): (u8, Rgb)| {
        let (label, below) = (score.to_string(), f32::from(score) + 0.5);
        let below = if score == INDICATORS { f32::INFINITY } else { below };
        Class::new(below, colour, None, &label, &label)
    };
    let classes = (1..=INDICATORS).zip(colours).map(class).collect();
    Legend::Classed { title: title.clone(), unit: String::new(), classes }
}

impl Sheet<'_> {
    fn field(self) -> StaticField {
        let legend = Legend::classed(self.title.clone(), self.unit, self.bounds, self.colours);
        self.with_legend(legend)
    }

    fn with_legend(self, legend: Legend) -> StaticField {
        let map = ResultMap {
            name: self.map,
            title: self.title.clone(),
            caption: self.caption,
            legend,
            transparent_below: self.transparent_below,
            isolines: false,
        };
        StaticField {
            name: self.name,
            standard_name: None,
            unit: self.unit,
            title: self.title,
            grid: self.grid,
            maps: vec![map],
        }
    }
}
