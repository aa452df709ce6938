//! Storeys and verdicts on the grid.

use twin_core::export::Legend;
use twin_core::export::legend::Class;
use twin_core::export::ramp::Rgb;
use twin_core::language::Text;
use twin_core::simulation::{ResultMap, StaticField};
use twin_core::spatial::{Grid, Polygon, cells_within};

use super::Found;
use crate::parameters::Verdict;
use crate::potential::Potential;

impl Found<'_> {
    pub(super) fn maps(&self) -> Vec<StaticField> {
        let storeys = Text::new("Étages ajoutés", "Added storeys");
        let verdict = Text::new("Constat sur la surélévation", "Verdict on raising");
        vec![
            StaticField {
                name: "added_storeys",
                standard_name: None,
                unit: "1",
                title: storeys.clone(),
                grid: self.grid(|p| if p.is_bounded() { p.told().len() as f32 } else { f32::NAN }),
                maps: vec![ResultMap {
                    name: "etages-ajoutes",
                    title: storeys.clone(),
                    caption: Text::new(
                        "Étages que les règles connues laissent ajouter, en gradins ; le constat dit s'ils sont admis, possibles ou inconnus.",
                        "Storeys that the known rules let one add, stepping back; the verdict tells whether they are allowed, possible or unknown.",
                    ),
                    legend: Legend::Classed {
                        title: storeys,
                        unit: String::new(),
                        classes: storey_classes(),
                    },
                    transparent_below: None,
                    isolines: false,
                }],
            },
            StaticField {
                name: "raising_verdict",
                standard_name: None,
                unit: "1",
                title: verdict.clone(),
                grid: self.grid(|p| f32::from(p.verdict as u8)),
                maps: vec![ResultMap {
                    name: "constat",
                    title: verdict.clone(),
                    caption: Text::new(
                        "Admis : toutes les règles sont connues et le permettent. Possible : un accord ou un avis décide. Inconnu : une règle n'est pas saisie ou pas en vigueur, un texte pas lu. Exclu : une règle connue arrête le premier étage.",
                        "Allowed: all rules are known and allow it. Possible: a consent or opinion decides. Unknown: a rule is not keyed or not in force, a text not read. Forbidden: a known rule stops the first storey.",
                    ),
                    legend: Legend::Classed {
                        title: verdict,
                        unit: String::new(),
                        classes: verdict_classes(),
                    },
                    transparent_below: None,
                    isolines: false,
                }],
            },
        ]
    }

    fn grid(&self, value: impl Fn(&Potential) -> f32) -> Grid<f32> {
        let spec = *self.view.spec();
        let mut grid = Grid::filled(spec, f32::NAN);
        for potential in &self.potentials {
            let footprint = &self.study.subjects[potential.subject].footprint;
            let polygons: Vec<Polygon> = footprint.iter().map(Polygon::from_geo).collect();
            let value = value(potential);
            cells_within(&spec, &polygons, |row, column| grid[(row, column)] = value);
        }
        grid
    }
}

fn class(below: f32, colour: u32, fr: impl Into<String>, en: impl Into<String>) -> Class {
    Class { below, colour: Rgb::hex(colour), hatch: None, label: Text::new(fr, en) }
}

/// Light to dark violet (ColorBrewer *Purples*), none in grey.
fn storey_classes() -> Vec<Class> {
    vec![
        class(0.5, 0xc8c8c8, "aucun", "none"),
        class(1.5, 0xcb_c9e2, "1", "1"),
        class(2.5, 0x9e_9ac8, "2", "2"),
        class(3.5, 0x75_6bb1, "3", "3"),
        class(f32::INFINITY, 0x54_278f, "4 et plus", "4 and more"),
    ]
}

/// Told apart without red and green (Okabe & Ito 2008).
fn verdict_classes() -> Vec<Class> {
    let class = |verdict: Verdict, colour: u32| {
        let Text { fr, en } = verdict.words();
        class(f32::from(verdict as u8) + 0.5, colour, fr, en)
    };
    vec![
        class(Verdict::Allowed, 0x0072b2),
        class(Verdict::Possible, 0x56b4e9),
        class(Verdict::Unknown, 0xf0e442),
        class(Verdict::Forbidden, 0xd5_5e00),
    ]
}
