//! Indicators by enjeu.

use twin_core::language::Text;
use twin_core::results::exposure::{self, Water};
use twin_core::results::{Indicator, IndicatorGroup, Indicators};

use crate::access::Target;
use crate::run::Found;
use crate::stock::{Reached, ground_floor_dwellings};

/// Speed and depth × speed from which masonry may give way (Clausen & Clark 1990: partial damage from 3 to
/// 7 m²/s with more than 2 m/s).
const COLLAPSE_SPEED_M_PER_S: f32 = 2.0;
const COLLAPSE_FORCE_M2_PER_S: f32 = 3.0;
/// Longer ways to help than this share more count as slower.
const SLOWER: f64 = 1.5;

/// What readers look for first, beside what stands in the water.
const HEADLINES: [&str; 5] = [
    "ground_floor_dwellings_exposed",
    "inhabitants_exposed",
    "inhabitants_in_danger",
    "dwellings_cut_off_fire_station",
    "damage_total",
];

impl Found<'_> {
    pub(crate) fn indicators(&self) -> Indicators {
        let water = Water {
            depth: &self.water.depth,
            level: &self.water.level,
            terrain: &self.water.terrain,
            wet_depth_m: self.parameters.wet_depth_m as f32,
        };
        let at: Vec<_> = self.reached.iter().map(|r| r.water.clone()).collect();
        let mut indicators = exposure::indicators(self.view, &water, &at);
        for group in &mut indicators.groups {
            if group.id == "housing" {
                group.rows.retain(|row| row.id != "inhabitants_exposed");
                group.rows.extend([self.ground_floors(), self.inhabitants_row()]);
                group.rows.push(self.jobs_row());
            }
        }
        let after_housing = indicators.groups.len().min(1);
        indicators.groups.insert(after_housing, self.damage_group());
        indicators.groups.insert(after_housing + 1, self.danger_group());
        indicators.groups.insert(after_housing + 2, self.access_group());
        indicators.with_headlines(&HEADLINES)
    }

    /// Buildings that count with water above their floor.
    pub(crate) fn exposed(&self) -> impl Iterator<Item = &Reached> {
        self.reached.iter().filter(|r| r.water.is_counted && r.above_floor_m > 0.0)
    }

    fn dwellings_of(&self, of: &Reached) -> f64 {
        f64::from(self.view.features().buildings[of.water.building].dwellings.unwrap_or(0))
    }

    fn ground_floors(&self) -> Indicator {
        let buildings = &self.view.features().buildings;
        let label = Text::new(
            "Logements en rez-de-chaussée dans l'eau (estimation)",
            "Dwellings on flooded ground floors (estimate)",
        );
        if buildings.iter().all(|b| b.dwellings.is_none()) {
            return Indicator::unknown(
                "ground_floor_dwellings_exposed",
                label,
                "1",
                no_dwellings(),
            );
        }
        let of = |r: &Reached| ground_floor_dwellings(&buildings[r.water.building]).unwrap_or(0);
        let count: u32 = self.exposed().map(of).sum();
        Indicator::count("ground_floor_dwellings_exposed", label, count as usize).with_note(
            Text::new(
                "logements ÷ étages ; tous ceux d'un bâtiment dont les étages ne sont pas connus",
                "dwellings ÷ storeys; all of a building whose storeys are not known",
            ),
        )
    }

    /// Inhabitants of some buildings, as they may be told.
    fn people_row(
        &self,
        id: &str,
        label: Text,
        buildings: impl Iterator<Item = usize>,
    ) -> Indicator {
        self.inhabitants.indicator(self.view, id, label, buildings)
    }

    fn inhabitants_row(&self) -> Indicator {
        let label = Text::new(
            "Habitants concernés (ordre de grandeur)",
            "Inhabitants concerned (order of magnitude)",
        );
        self.people_row("inhabitants_exposed", label, self.exposed().map(|r| r.water.building))
    }

    fn jobs_row(&self) -> Indicator {
        let label = Text::new("Emplois dans l'eau", "Jobs in the water");
        match self.jobs {
            None => Indicator::unknown(
                "jobs_exposed",
                label,
                "1",
                Text::new(
                    "absents des sources ; donner [inputs.jobs], points avec une colonne effectif",
                    "missing from the sources; give [inputs.jobs], points with a column effectif",
                ),
            ),
            Some((reached, all)) => {
                let note = Text::new(format!("sur {all:.0}"), format!("of {all:.0}"));
                Indicator::quantity("jobs_exposed", label, reached, "1", 0).with_note(note)
            }
        }
    }

    fn damage_group(&self) -> IndicatorGroup {
        let label =
            Text::new("Dommages aux bâtiments, valeur centrale", "Damage to buildings, central");
        let buildings = self.valued.buildings.iter().zip(&self.damages_eur);
        let damaged = buildings
            .filter(|((at, _), eur)| self.reached[*at].water.is_counted && **eur > 0.0)
            .count();
        let round = |eur: f64| (eur / 1000.0).round() * 1000.0;
        let central = match self.is_damage_told() {
            true => {
                Indicator::quantity("damage_total", label, round(self.total.central_eur), "EUR", 0)
            }
            false => Indicator::unknown("damage_total", label, "EUR", no_value()),
        };
        let mut rows = vec![
            central,
            Indicator::count(
                "buildings_damaged",
                Text::new("Bâtiments dont le dommage est évalué", "Buildings whose damage is told"),
                damaged,
            ),
            Indicator::count(
                "buildings_without_damage_function",
                Text::new(
                    "Bâtiments dans l'eau sans fonction ni valeur, non évalués",
                    "Buildings in the water without function or value, not told",
                ),
                self.valued.without.values().sum(),
            ),
        ];
        if let Some([low, _, high]) = self.total.quantiles_eur.filter(|_| self.is_damage_told()) {
            let draws = self.parameters.uncertainty.draws;
            let note = Text::new(format!("{draws} tirages"), format!("{draws} draws"));
            let row = |id, fr: &str, en: &str, eur: f64| {
                Indicator::quantity(id, Text::new(fr, en), round(eur), "EUR", 0)
                    .with_note(note.clone())
            };
            let low = row("damage_total_p05", "Dommages, bas (5 %)", "Damage, low (5 %)", low);
            let high =
                row("damage_total_p95", "Dommages, haut (95 %)", "Damage, high (95 %)", high);
            rows.splice(1..1, [low, high]);
        }
        IndicatorGroup { id: "damage".into(), title: Text::new("Dommages", "Damage"), rows }
    }

    fn danger_group(&self) -> IndicatorGroup {
        let title = Text::new("Danger pour les personnes", "Danger to people");
        let threshold = self.parameters.pedestrian_danger_m2_per_s;
        let number = |l: twin_core::Language| l.number(threshold, 2);
        let label = Text::new(
            format!(
                "Habitants de bâtiments entourés d'eau dangereuse à pied (h·v > {} m²/s)",
                number(twin_core::Language::Fr)
            ),
            format!(
                "Inhabitants of buildings amid water dangerous on foot (h·v > {} m²/s)",
                number(twin_core::Language::En)
            ),
        );
        let weak = Text::new(
            "Bâtiments dont la maçonnerie peut céder (v ≥ 2 m/s et h·v ≥ 3 m²/s)",
            "Buildings whose masonry may give way (v ≥ 2 m/s and h·v ≥ 3 m²/s)",
        );
        let rows = if self.water.speed.is_none() {
            let why =
                Text::new("le calcul lu ne donne pas de vitesse", "the run read gives no speed");
            vec![
                Indicator::unknown("inhabitants_in_danger", label, "person", why.clone()),
                Indicator::unknown("buildings_that_may_collapse", weak, "1", why),
            ]
        } else {
            let strong = |r: &&Reached| {
                r.force_m2_per_s.is_some_and(|f| f64::from(f) > threshold) && r.water.is_counted
            };
            let in_danger = self.reached.iter().filter(strong).map(|r| r.water.building);
            let collapse = self.reached.iter().filter(|r| {
                r.water.is_counted
                    && r.speed_m_per_s.is_some_and(|v| v >= COLLAPSE_SPEED_M_PER_S)
                    && r.force_m2_per_s.is_some_and(|f| f >= COLLAPSE_FORCE_M2_PER_S)
            });
            vec![
                self.people_row("inhabitants_in_danger", label, in_danger),
                Indicator::count("buildings_that_may_collapse", weak, collapse.count()),
            ]
        };
        IndicatorGroup { id: "danger".into(), title, rows }
    }

    fn access_group(&self) -> IndicatorGroup {
        let mut rows = vec![Indicator::quantity(
            "road_stretches_cut",
            Text::new(
                "Tronçons carrossables coupés (tout le territoire, tronçons entiers)",
                "Drivable stretches cut (whole territory, whole stretches)",
            ),
            self.network.cut_m / 1000.0,
            "km",
            2,
        )];
        for (target, ways) in &self.ways {
            let (id, fr, en) = match target {
                Target::Hospital => ("hospital", "d'un hôpital", "a hospital"),
                Target::FireStation => ("fire_station", "d'un centre de secours", "a fire station"),
                Target::Outside => {
                    ("outside", "vers l'extérieur du territoire", "out of the territory")
                }
            };
            let lost = Text::new(
                format!("Logements sans accès routier {fr}"),
                format!("Dwellings without road access to {en}"),
            );
            let slow = Text::new(
                format!("Logements dont l'accès routier {fr} s'allonge de plus de moitié"),
                format!("Dwellings whose road access {en} takes half as long again or more"),
            );
            let (lost_id, slow_id) =
                (format!("dwellings_cut_off_{id}"), format!("dwellings_slower_{id}"));
            if self.network.count(*target) == 0 {
                let why = Text::new("aucun dans le territoire", "none in the territory");
                rows.push(Indicator::unknown(lost_id, lost, "1", why));
                continue;
            }
            let sum = |is_meant: &dyn Fn(&crate::access::Ways) -> bool| -> f64 {
                let buildings = &self.view.features().buildings;
                let all = ways.iter().enumerate().filter(|(at, _)| self.counts[*at]);
                all.filter(|(_, way)| way.as_ref().is_some_and(is_meant))
                    .map(|(at, _)| f64::from(buildings[at].dwellings.unwrap_or(0)))
                    .sum()
            };
            let is_slow =
                |w: &crate::access::Ways| w.after_s.is_finite() && w.after_s > SLOWER * w.before_s;
            rows.push(Indicator::quantity(lost_id, lost, sum(&|w| w.is_lost()), "1", 0));
            rows.push(Indicator::quantity(slow_id, slow, sum(&is_slow), "1", 0));
        }
        IndicatorGroup { id: "access".into(), title: Text::new("Accès", "Access"), rows }
    }

    /// Whether the damage of any building in the water can be told, or there is none in the water.
    pub(crate) fn is_damage_told(&self) -> bool {
        !self.valued.buildings.is_empty() || self.valued.without.is_empty()
    }

    /// Dwellings in buildings with water above the floor.
    pub(crate) fn dwellings_exposed(&self) -> f64 {
        self.exposed().map(|r| self.dwellings_of(r)).sum()
    }
}

fn no_value() -> Text {
    Text::new(
        "aucun bâtiment dans l'eau n'a d'usage avec fonction et valeur ; donner damage.values",
        "no building in the water has a use with function and value; give damage.values",
    )
}

fn no_dwellings() -> Text {
    Text::new(
        "les sources ne donnent aucun nombre de logements",
        "the sources give no number of dwellings",
    )
}
