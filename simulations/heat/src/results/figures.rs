//! Indicators, sentences, warnings.

use std::collections::BTreeSet;

use twin_core::Language;
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};

use super::Found;
use super::energy::{self, Energy};
use crate::cool_islands::{CoolIslands, PublicRule};
use crate::run::{STRONG, TROPICAL, VERY_STRONG};

/// Minutes on foot that planners look at.
const MINUTES: [f64; 2] = [5.0, 10.0];

/// What readers look for first.
const HEADLINES: [&str; 6] = [
    "utci_max_median",
    "very_strong_heat_share",
    "very_strong_heat_inhabitants",
    "tropical_night_inhabitants",
    "cool_area_relative",
    "inhabitants_beyond_5_min_relative",
];

impl Found<'_> {
    pub(crate) fn indicators(&self) -> Indicators {
        let mut groups = vec![self.comfort(), self.night(), self.people(), self.cool_islands()];
        groups.extend(self.energy.as_ref().map(Energy::indicators));
        Indicators { groups }.with_headlines(&HEADLINES)
    }

    fn comfort(&self) -> IndicatorGroup {
        let mut highest = self.run.outdoors(&self.run.day.highest_utci);
        highest.sort_by(f32::total_cmp);
        let share = |least: f32| {
            let above = highest.iter().filter(|utci| **utci >= least).count();
            100.0 * above as f64 / highest.len().max(1) as f64
        };
        let quantile = |q: f64| {
            let at = (q * highest.len().saturating_sub(1) as f64).round() as usize;
            highest.get(at).map_or(f64::NAN, |utci| f64::from(*utci))
        };
        let cell_ha = self.run.view.spec().cell_area() / 1e4;
        let median_fr = "UTCI maximal médian de l'espace extérieur";
        let rows = vec![
            row(
                "outdoor_area",
                Text::new(
                    "Espace extérieur (sans bâtiments ni eau)",
                    "Outdoor area (no buildings, no water)",
                ),
                highest.len() as f64 * cell_ha,
                "ha",
                2,
            ),
            row(
                "utci_max_median",
                Text::new(median_fr, "Median of the highest UTCI outdoors"),
                quantile(0.5),
                "degC",
                1,
            ),
            row(
                "utci_max_p10",
                Text::new(
                    "UTCI maximal du dixième le plus frais",
                    "Highest UTCI of the coolest tenth",
                ),
                quantile(0.1),
                "degC",
                1,
            ),
            row(
                "utci_max_p90",
                Text::new(
                    "UTCI maximal du dixième le plus chaud",
                    "Highest UTCI of the hottest tenth",
                ),
                quantile(0.9),
                "degC",
                1,
            ),
            row(
                "strong_heat_share",
                Text::new(
                    "Part de l'espace extérieur sous stress fort ou plus (UTCI ≥ 32 °C)",
                    "Share of the outdoor area under strong heat stress or more (UTCI ≥ 32 °C)",
                ),
                share(STRONG),
                "%",
                1,
            ),
            row(
                "very_strong_heat_share",
                Text::new(
                    "Part sous stress très fort ou plus (UTCI ≥ 38 °C)",
                    "Share under very strong heat stress or more (UTCI ≥ 38 °C)",
                ),
                share(VERY_STRONG),
                "%",
                1,
            ),
            row(
                "extreme_heat_share",
                Text::new(
                    "Part sous stress extrême (UTCI ≥ 46 °C)",
                    "Share under extreme heat stress (UTCI ≥ 46 °C)",
                ),
                share(46.0),
                "%",
                1,
            ),
        ];
        group("outdoor_comfort", "Confort extérieur", "Outdoor comfort", rows)
    }

    fn night(&self) -> IndicatorGroup {
        let day = &self.run.day;
        let air = self.run.outdoors(&day.warmest_night_air);
        let highest = air.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let label = Text::new(
            "Température de l'air minimale de la nuit la plus chaude, quartier le plus chaud",
            "Lowest air temperature of the warmest night, warmest district",
        );
        if day.nights == 0 || air.is_empty() {
            let why = Text::new(
                "le scénario ne couvre pas les trois heures de nuit avant un lever de soleil",
                "the scenario does not cover the three hours of night before a sunrise",
            );
            let unknown = Indicator::unknown("night_air_highest", label, "degC", why);
            return group("night", "Nuits", "Nights", vec![unknown]);
        }
        let station = Text::new(
            "Température de l'air minimale de la nuit la plus chaude, à la station",
            "Lowest air temperature of the warmest night, at the station",
        );
        if self.run.setup.island.is_none() {
            let why = match self.run.setup.units {
                None => Text::new(
                    "sans rues (BD TOPO), pas de quartiers ni d'îlot de chaleur : seule la station est connue",
                    "without streets (BD TOPO) no districts, no heat island: the station alone is known",
                ),
                Some(_) => Text::new(
                    "sans îlot de chaleur dans ce calcul, la station seule est connue",
                    "without a heat island in this run the station alone is known",
                ),
            };
            let tropical = day.station_warmest_night >= f64::from(TROPICAL);
            let station_nights = Text::new(
                "Nuit la plus chaude tropicale à la station (température de l'air ≥ 20 °C)",
                "Warmest night tropical at the station (air temperature ≥ 20 °C)",
            );
            let rows = vec![
                row("night_air_station", station, day.station_warmest_night, "degC", 1),
                Indicator::count("tropical_night_station", station_nights, usize::from(tropical)),
                Indicator::unknown("night_air_highest", label, "degC", why),
            ];
            return group("night", "Nuits", "Nights", rows);
        }
        let tropical = self.dwelt().filter(|b| self.tropical_nights[*b].is_some_and(|n| n > 0.0));
        let most = self.run.outdoors(&day.tropical_nights).into_iter().fold(0.0, f32::max);
        let of = Text::new(format!("sur {}", day.nights), format!("of {}", day.nights));
        let rows = vec![
            row("night_air_station", station, day.station_warmest_night, "degC", 1),
            row("night_air_highest", label, f64::from(highest), "degC", 1),
            Indicator::count(
                "tropical_nights",
                Text::new(
                    "Nuits tropicales (température de l'air ≥ 20 °C), quartier le plus chaud",
                    "Tropical nights (air temperature ≥ 20 °C), warmest district",
                ),
                most.round() as usize,
            )
            .with_note(of),
            self.inhabitants.indicator(
                &self.run.view,
                "tropical_night_inhabitants",
                Text::new(
                    "Habitants sous au moins une nuit tropicale (ordre de grandeur)",
                    "Inhabitants under at least one tropical night (order of magnitude)",
                ),
                tropical,
            ),
        ];
        group("night", "Nuits", "Nights", rows)
    }

    fn people(&self) -> IndicatorGroup {
        let felt_by = |least: f32| {
            self.dwelt().filter(move |b| self.surroundings[*b].is_some_and(|utci| utci >= least))
        };
        let known = self.facilities.iter().filter(|f| f.utci.is_some()).count();
        let hot = self.facilities.iter().filter(|f| f.utci.is_some_and(|u| u >= VERY_STRONG));
        let note = Text::new(format!("sur {known}"), format!("of {known}"));
        let rows = vec![
            self.inhabitants.indicator(
                &self.run.view,
                "very_strong_heat_inhabitants",
                Text::new(
                    "Habitants aux abords sous stress très fort ou plus (UTCI maximal moyen à 10 m ≥ 38 °C, ordre de grandeur)",
                    "Inhabitants whose surroundings are under very strong heat stress or more (mean highest UTCI within 10 m ≥ 38 °C, order of magnitude)",
                ),
                felt_by(VERY_STRONG),
            ),
            Indicator::count(
                "very_strong_heat_facilities",
                Text::new(
                    "Établissements sensibles (écoles, soins, hébergement) sous stress très fort ou plus",
                    "Sensitive facilities (schools, care, homes) under very strong heat stress or more",
                ),
                hot.count(),
            )
            .with_note(note),
        ];
        group("heat_people", "Population et établissements", "People and facilities", rows)
    }

    fn cool_islands(&self) -> IndicatorGroup {
        if !self.cool.is_hot() {
            let label = Text::new("Îlots de fraîcheur", "Cool islands");
            let why = Text::new(
                "sans objet : aucun stress thermique à l'heure la plus chaude (UTCI médian inférieur à 26 °C)",
                "does not apply: no heat stress at the hottest hour (median UTCI below 26 °C)",
            );
            let none = Indicator::unknown("cool_islands_relative", label, "1", why);
            return group("cool_islands", "Îlots de fraîcheur", "Cool islands", vec![none]);
        }
        let criteria = [
            ("relative", "critère relatif", "relative criterion", &self.cool.relative),
            ("absolute", "UTCI < 32 °C", "UTCI < 32 °C", &self.cool.absolute),
            ("both", "les deux critères", "both criteria", &self.cool.both),
        ];
        let cell_ha = self.run.view.spec().cell_area() / 1e4;
        let mut rows = Vec::new();
        for (id, fr, en, islands) in criteria {
            let (count, cells) = self.in_study(islands);
            let label =
                Text::new(format!("Îlots de fraîcheur, {fr}"), format!("Cool islands, {en}"));
            rows.push(Indicator::count(format!("cool_islands_{id}"), label, count));
            let label = Text::new(
                format!("Surface des îlots de fraîcheur, {fr}"),
                format!("Area of the cool islands, {en}"),
            );
            rows.push(row(&format!("cool_area_{id}"), label, cells as f64 * cell_ha, "ha", 2));
            for minutes in MINUTES {
                let label = Text::new(
                    format!(
                        "Habitants sans îlot de fraîcheur à {minutes:.0} min à pied, {fr} (ordre de grandeur)"
                    ),
                    format!(
                        "Inhabitants without a cool island within {minutes:.0} min on foot, {en} (order of magnitude)"
                    ),
                );
                let far = self.far(islands, minutes);
                let id = format!("inhabitants_beyond_{minutes:.0}_min_{id}");
                rows.push(self.inhabitants.indicator(&self.run.view, &id, label, far));
            }
        }
        group("cool_islands", "Îlots de fraîcheur", "Cool islands", rows)
    }

    /// Number of cool islands in the study area, and of their cells there.
    fn in_study(&self, islands: &CoolIslands) -> (usize, usize) {
        let of = islands.places.of.values.iter().zip(&self.run.study);
        let inside: Vec<u32> = of.filter(|(_, study)| **study).filter_map(|(of, _)| *of).collect();
        (inside.iter().collect::<BTreeSet<_>>().len(), inside.len())
    }

    /// Dwelt buildings farther on foot from a cool island than some minutes.
    fn far<'f>(
        &'f self,
        islands: &'f CoolIslands,
        minutes: f64,
    ) -> impl Iterator<Item = usize> + 'f {
        self.dwelt().filter(move |b| islands.minutes[*b].is_some_and(|way| way > minutes))
    }

    pub(crate) fn key_messages(&self) -> Vec<Text> {
        let comfort = self.comfort();
        let value = |id: &str| {
            let row = comfort.rows.iter().find(|row| row.id == id);
            row.and_then(|row| row.value).unwrap_or(f64::NAN)
        };
        let (median, share) = (value("utci_max_median"), value("very_strong_heat_share"));
        let felt = |l: Language| {
            let (median, share) = (l.number(median, 1), l.number(share, 0));
            match l {
                Language::Fr => format!(
                    "Au plus chaud du scénario, l'UTCI (température équivalente ressentie) médian de l'espace extérieur atteint {median} °C ; {share} % de cet espace connaît un stress thermique très fort (38 °C et plus)."
                ),
                Language::En => format!(
                    "At the hottest of the scenario the median UTCI (equivalent temperature felt) outdoors reaches {median} °C; {share} % of that area is under very strong heat stress (38 °C and more)."
                ),
            }
        };
        let [relative, absolute] =
            [&self.cool.relative, &self.cool.absolute].map(|islands| self.in_study(islands).0);
        let below = self.run.parameters.cool_islands.below_median_k;
        let cool = |l: Language| {
            let (median, below) = (l.number(f64::from(self.cool.median), 1), l.number(below, 1));
            match l {
                Language::Fr => {
                    let places = |n: usize| match n {
                        0 => "aucun îlot de fraîcheur".to_owned(),
                        1 => "un îlot de fraîcheur".to_owned(),
                        n => format!("{n} îlots de fraîcheur"),
                    };
                    format!(
                        "À l'heure la plus chaude (UTCI médian {median} °C) : {} au critère relatif ({below} K sous la médiane) et {} au critère absolu (UTCI inférieur à 32 °C).",
                        places(relative),
                        places(absolute)
                    )
                }
                Language::En => {
                    let places = |n: usize| match n {
                        0 => "no cool island".to_owned(),
                        1 => "one cool island".to_owned(),
                        n => format!("{n} cool islands"),
                    };
                    format!(
                        "At the hottest hour (median UTCI {median} °C): {} by the relative criterion ({below} K below the median) and {} by the absolute one (UTCI below 32 °C).",
                        places(relative),
                        places(absolute)
                    )
                }
            }
        };
        let mut told = vec![Text::new(felt(Language::Fr), felt(Language::En))];
        if self.cool.is_hot() {
            told.push(Text::new(cool(Language::Fr), cool(Language::En)));
        }
        told
    }

    pub(crate) fn hypotheses(&self) -> Vec<Text> {
        let mut told = self.run.setup.hypotheses.clone();
        let speed = self.run.parameters.cool_islands.walking_speed_km_per_h;
        let n = |l: Language| l.number(speed, 1);
        told.push(Text::new(
            format!("Marche à {} km/h le long des rues et chemins ; autoroutes et voies privées exclues.", n(Language::Fr)),
            format!("Walking at {} km/h along streets and paths; no motorways, no private roads.", n(Language::En)),
        ));
        told.extend(self.energy.as_ref().map(|_| energy::told()));
        if self.cool.rule == PublicRule::Uncadastred {
            told.push(Text::new(
                "Lieux ouverts au public : le domaine non cadastré (rues, places, berges) ; parcs et jardins cadastrés manquent, les donner par [inputs.public_places].",
                "Places open to the public: land without parcels (streets, places, banks); parks that are parcels are missing, give them by [inputs.public_places].",
            ));
        }
        told
    }

    pub(crate) fn warnings(&self) -> Vec<Text> {
        let mut told = self.run.setup.warnings.clone();
        if self.cool.rule == PublicRule::All {
            told.push(Text::new(
                "Îlots de fraîcheur : rien ne dit quels lieux sont ouverts au public (ni parcelles, ni [inputs.public_places]) ; tout l'espace extérieur compte, jardins privés compris.",
                "Cool islands: nothing tells which places are open to the public (neither parcels nor [inputs.public_places]); all outdoors counts, private gardens included.",
            ));
        }
        told
    }
}

pub(super) fn group(id: &str, fr: &str, en: &str, rows: Vec<Indicator>) -> IndicatorGroup {
    IndicatorGroup { id: id.to_owned(), title: Text::new(fr, en), rows }
}

pub(super) fn row(id: &str, label: Text, value: f64, unit: &str, decimals: u8) -> Indicator {
    Indicator::quantity(id, label, value, unit, decimals)
}
