//! Indicators.

use std::collections::BTreeMap;

use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};

use super::communes::Named;
use super::{Found, Others};
use crate::parameters::Verdict;
use crate::place::Gap;
use crate::potential::Potential;
use crate::shadows::SunLost;
use crate::subject::LeftOut;

/// Buildings of the list of the largest potentials.
const LARGEST: usize = 10;
const VERDICTS: [Verdict; 4] =
    [Verdict::Allowed, Verdict::Possible, Verdict::Unknown, Verdict::Forbidden];

/// What readers look for first.
const HEADLINES: [&str; 6] = [
    "buildings_allowed",
    "floor_area_allowed",
    "dwellings_allowed",
    "floor_area_possible",
    "dwellings_possible",
    "floor_area_unknown",
];

impl LeftOut {
    fn words(self) -> Text {
        match self {
            Self::NotStanding => Text::new(
                "Écartés : projetés, disparus ou légers",
                "Left out: planned, gone or light",
            ),
            Self::Kind => Text::new(
                "Écartés : églises, silos, monuments …",
                "Left out: churches, silos, monuments …",
            ),
            Self::Small => Text::new("Écartés : trop petits", "Left out: too small"),
            Self::NoHeight => Text::new("Écartés : hauteur inconnue", "Left out: height not known"),
        }
    }
}

impl Found<'_> {
    /// Floor area of potentials, the better way of each, m².
    pub(super) fn floor_m2<'p>(&self, potentials: impl Iterator<Item = &'p Potential>) -> f64 {
        potentials.map(|p| self.study.floor_m2(p.best_area_m2())).sum()
    }

    fn dwellings<'p>(&self, potentials: impl Iterator<Item = &'p Potential>) -> u32 {
        let of = |p: &Potential| self.study.dwellings(self.study.floor_m2(p.best_area_m2()));
        potentials.map(of).sum()
    }

    pub(super) fn indicators(&self) -> Indicators {
        let mut groups = vec![
            self.totals(),
            self.of_communes(),
            self.by_zone(),
            self.gaps(),
            self.largest(),
            self.sun_group(),
        ];
        if let Some(others) = &self.others {
            groups.push(self.change(others));
        }
        if !self.free.is_empty() {
            groups.push(self.free_group());
        }
        groups.retain(|group| !group.rows.is_empty());
        Indicators { groups }.with_headlines(&HEADLINES)
    }

    fn totals(&self) -> IndicatorGroup {
        let counted = self.counted().count();
        let mut rows = vec![Indicator::count(
            "buildings_studied",
            Text::new("Bâtiments étudiés", "Buildings studied"),
            counted,
        )];
        for verdict in VERDICTS {
            let (fr, en) = (verdict.words().fr, verdict.words().en);
            let id = en.clone();
            if verdict == Verdict::Forbidden {
                let refused = self.counted().filter(|p| p.verdict == verdict).count();
                rows.push(Indicator::count(
                    "buildings_forbidden",
                    Text::new("Bâtiments sans surélévation", "Buildings that cannot be raised"),
                    refused,
                ));
                continue;
            }
            let unsure = self.counted().filter(|p| p.verdict == verdict).count();
            rows.push(Indicator::count(
                format!("buildings_{id}"),
                Text::new(format!("Bâtiments : {fr}"), format!("Buildings: {en}")),
                unsure,
            ));
            rows.push(Indicator::quantity(
                format!("floor_area_{id}"),
                Text::new(format!("Surface de plancher : {fr}"), format!("Floor area: {en}")),
                self.floor_m2(self.raised(verdict)),
                "m2",
                0,
            ));
            rows.push(Indicator::count(
                format!("dwellings_{id}"),
                Text::new(format!("Logements : {fr}"), format!("Dwellings: {en}")),
                self.dwellings(self.raised(verdict)) as usize,
            ));
        }
        let derogations: Vec<f64> = self
            .counted()
            .filter_map(|p| {
                let more = p.derogation.as_ref()?.area_m2() - p.raised.upright.area_m2();
                Some(self.study.floor_m2(more))
            })
            .collect();
        rows.push(Indicator::quantity(
            "floor_area_by_derogation",
            Text::new(
                format!(
                    "Surface de plancher de plus par dérogation (L152-6, {} bâtiments)",
                    derogations.len()
                ),
                format!(
                    "Further floor area by derogation (L152-6, {} buildings)",
                    derogations.len()
                ),
            ),
            derogations.iter().sum(),
            "m2",
            0,
        ));
        let bonuses: Vec<f64> = self
            .counted()
            .filter_map(|p| {
                let more = p.bonus.as_ref()?.area_m2() - p.raised.upright.area_m2();
                Some(self.study.floor_m2(more))
            })
            .collect();
        if !bonuses.is_empty() {
            let count = bonuses.len();
            rows.push(Indicator::quantity(
                "floor_area_by_bonus",
                Text::new(
                    format!("Surface de plancher de plus par majoration, sous sa condition ({count} bâtiments)"),
                    format!("Further floor area by a bonus, on its condition ({count} buildings)"),
                ),
                bonuses.iter().sum(),
                "m2",
                0,
            ));
        }
        if let Some(realisable) = &self.study.parameters.realisable {
            let all = self.floor_m2(self.raised(Verdict::Allowed));
            let row = Indicator::quantity(
                "floor_area_realisable",
                Text::new("Surface de plancher réalisable", "Realisable floor area"),
                realisable.share * all,
                "m2",
                0,
            );
            rows.push(row.with_note(Text::new(&realisable.source, &realisable.source)));
        }
        if let Some(cost) = &self.study.parameters.cost {
            let floor = self.floor_m2(self.raised(Verdict::Allowed));
            for (id, fr, en, price) in [
                (
                    "cost_least",
                    "Coût de tout ce qui est admis, borne basse",
                    "Cost of all that is allowed, lower bound",
                    cost.eur_per_m2[0],
                ),
                (
                    "cost_greatest",
                    "Coût de tout ce qui est admis, borne haute",
                    "Cost of all that is allowed, upper bound",
                    cost.eur_per_m2[1],
                ),
            ] {
                let row =
                    Indicator::quantity(id, Text::new(fr, en), price * floor / 1e6, "MEUR", 1);
                rows.push(row.with_note(Text::new(&cost.source, &cost.source)));
            }
        }
        let mask = self.view.study_mask();
        let mut by_reason: BTreeMap<LeftOut, usize> = BTreeMap::new();
        let counts = |[x, y]: [f64; 2]| mask.at(x, y).is_some_and(|inside| *inside);
        for (why, _) in self.study.left_out.iter().filter(|(_, at)| counts(*at)) {
            *by_reason.entry(*why).or_default() += 1;
        }
        let left_out = by_reason.into_iter().map(|(why, count)| {
            Indicator::count(format!("left_out_{why:?}").to_lowercase(), why.words(), count)
        });
        rows.extend(left_out);
        IndicatorGroup {
            id: "raising".into(),
            title: Text::new("Potentiel de surélévation", "Elevation potential"),
            rows,
        }
    }

    fn by_zone(&self) -> IndicatorGroup {
        let mut zones: BTreeMap<&str, Vec<&Potential>> = BTreeMap::new();
        for potential in self.counted() {
            zones.entry(&potential.zone).or_default().push(potential);
        }
        let row = |(code, potentials): (&str, Vec<&Potential>)| {
            let code = if code.is_empty() { "–" } else { code };
            self.part(
                format!("floor_area_zone_{code}"),
                Text::new(format!("Zone {code}"), format!("Zone {code}")),
                &potentials,
            )
        };
        IndicatorGroup {
            id: "raising_by_zone".into(),
            title: Text::new(
                "Surface de plancher par zone, hors bâtiments exclus",
                "Floor area by zone, all verdicts but forbidden",
            ),
            rows: zones.into_iter().filter_map(row).collect(),
        }
    }

    fn of_communes(&self) -> IndicatorGroup {
        let row = |(commune, potentials): (Named, Vec<&Potential>)| {
            let id = format!("floor_area_commune_{}", commune.code);
            self.part(id, commune.label(), &potentials)
        };
        IndicatorGroup {
            id: "raising_by_commune".into(),
            title: Text::new(
                "Surface de plancher par commune, hors bâtiments exclus",
                "Floor area by commune, all verdicts but forbidden",
            ),
            rows: self.by_commune().into_iter().filter_map(row).collect(),
        }
    }

    /// Floor area of a part of the buildings; none where all of them are forbidden.
    fn part(&self, id: String, label: Text, potentials: &[&Potential]) -> Option<Indicator> {
        let may: Vec<&Potential> =
            potentials.iter().copied().filter(|p| p.verdict != Verdict::Forbidden).collect();
        let unknown = may.iter().filter(|p| p.verdict == Verdict::Unknown).count();
        let dwellings = self.dwellings(may.iter().copied());
        let row = Indicator::quantity(id, label, self.floor_m2(may.iter().copied()), "m2", 0);
        (!may.is_empty()).then(|| {
            row.with_note(Text::new(
                format!(
                    "{} bâtiments, dont {unknown} au constat inconnu ; {dwellings} logements",
                    may.len()
                ),
                format!(
                    "{} buildings, {unknown} of them unknown; {dwellings} dwellings",
                    may.len()
                ),
            ))
        })
    }

    fn gaps(&self) -> IndicatorGroup {
        let mut counts: BTreeMap<Gap, usize> = BTreeMap::new();
        for gap in self.counted().flat_map(|p| &p.gaps) {
            *counts.entry(*gap).or_default() += 1;
        }
        let rows = counts.into_iter().map(|(gap, count)| {
            Indicator::count(format!("unknown_{gap:?}").to_lowercase(), gap.words(), count)
        });
        let unbounded = self.counted().filter(|p| !p.is_bounded()).count();
        let unbounded = (unbounded > 0).then(|| {
            Indicator::count(
                "unknown_unbounded",
                Text::new(
                    "Aucune règle connue ne borne les étages (sans surface)",
                    "No known rule bounds the storeys (without area)",
                ),
                unbounded,
            )
        });
        let rows = rows.chain(unbounded);
        IndicatorGroup {
            id: "raising_unknown".into(),
            title: Text::new("Ce qui n'est pas connu (bâtiments)", "What is not known (buildings)"),
            rows: rows.collect(),
        }
    }

    /// The largest potentials and why they end where they do.
    fn largest(&self) -> IndicatorGroup {
        let mut largest: Vec<&Potential> = self
            .counted()
            .filter(|p| p.verdict != Verdict::Forbidden && p.best_area_m2() > 0.0)
            .collect();
        largest.sort_by(|a, b| {
            b.best_area_m2().total_cmp(&a.best_area_m2()).then(a.subject.cmp(&b.subject))
        });
        let row = |(rank, potential): (usize, &&Potential)| {
            let subject = &self.study.subjects[potential.subject];
            let floor = self.study.floor_m2(potential.best_area_m2());
            let words = potential.verdict.words();
            let none = || Text::new("–", "–");
            let stop = potential.refused_by().map_or_else(none, |rule| rule.words());
            let motive = self.motive(potential);
            let bracketed = |words: &str| match words {
                "" => String::new(),
                words => format!(" ({words})"),
            };
            let motive = Text::new(bracketed(&motive.fr), bracketed(&motive.en));
            let (upright, stepped) = (potential.told_upright().len(), potential.told().len());
            Indicator::quantity(
                format!("largest_{}", rank + 1),
                Text::new(
                    format!("{} – zone {}", subject.id, potential.zone),
                    format!("{} – zone {}", subject.id, potential.zone),
                ),
                floor,
                "m2",
                0,
            )
            .with_note(Text::new(
                format!(
                    "{}{} ; {upright} étage(s) à plomb, {stepped} en gradins ; arrêté par : {}",
                    words.fr, motive.fr, stop.fr
                ),
                format!(
                    "{}{}; {upright} storey(s) upright, {stepped} stepping back; stopped by: {}",
                    words.en, motive.en, stop.en
                ),
            ))
        };
        IndicatorGroup {
            id: "raising_largest".into(),
            title: Text::new("Les plus grands potentiels", "The largest potentials"),
            rows: largest.iter().take(LARGEST).enumerate().map(row).collect(),
        }
    }

    fn sun_group(&self) -> IndicatorGroup {
        let mut rows = Vec::new();
        if !self.sun.is_empty() {
            let hit: Vec<_> =
                self.counted().map(|p| self.sun[p.subject]).filter(|s| s.buildings > 0).collect();
            rows.push(Indicator::count(
                "raising_that_shades",
                Text::new(
                    "Surélévations qui prennent une heure de soleil ou plus à un voisin",
                    "Raisings that take an hour of sun or more from a neighbour",
                ),
                hit.len(),
            ));
            for (k, (id, fr, en)) in [
                ("sun_lost_december", "21 décembre", "21 December"),
                ("sun_lost_march", "21 mars", "21 March"),
            ]
            .into_iter()
            .enumerate()
            {
                let worst = hit.iter().map(|s| s.worst_h[k]).fold(0.0, f64::max);
                rows.push(Indicator::quantity(
                    id,
                    Text::new(
                        format!("Façade la plus touchée, {fr}"),
                        format!("Façade hit worst, {en}"),
                    ),
                    worst,
                    "h",
                    1,
                ));
            }
        }
        IndicatorGroup {
            id: "raising_sun".into(),
            title: Text::new("Soleil des voisins", "Sun of neighbours"),
            rows,
        }
    }

    /// What the other rule file changes.
    fn change(&self, others: &Others) -> IndicatorGroup {
        let other: Vec<&Potential> =
            others.potentials.iter().filter(|p| self.counts[p.subject]).collect();
        // Where nothing known bounds the storeys under one of the files, there is no difference to tell.
        let (here, other): (Vec<&Potential>, Vec<&Potential>) =
            self.counted().zip(other).filter(|(a, b)| a.is_bounded() && b.is_bounded()).unzip();
        let untold = self.counted().count() - here.len();
        let areas = [&here, &other].map(|all| self.floor_m2(all.iter().copied()));
        let homes = [&here, &other].map(|all| f64::from(self.dwellings(all.iter().copied())));
        let changed = here
            .iter()
            .zip(&other)
            .filter(|(a, b)| (a.best_area_m2() - b.best_area_m2()).abs() > 1e-6)
            .count();
        let mut rows = vec![
            Indicator::count(
                "change_buildings",
                Text::new(
                    "Bâtiments dont le potentiel change",
                    "Buildings whose potential changes",
                ),
                changed,
            ),
            Indicator::quantity(
                "change_floor_area",
                Text::new("Écart de surface de plancher", "Difference in floor area"),
                areas[1] - areas[0],
                "m2",
                0,
            ),
            Indicator::quantity(
                "change_dwellings",
                Text::new("Écart de logements", "Difference in dwellings"),
                homes[1] - homes[0],
                "1",
                0,
            ),
        ];
        if !self.sun.is_empty() {
            let shading = [&self.sun, &others.sun].map(|sun| {
                let counted = self.counted().filter(|p| sun[p.subject].buildings > 0);
                counted.count() as f64
            });
            rows.push(Indicator::quantity(
                "change_shading",
                Text::new(
                    "Écart de surélévations qui prennent une heure de soleil ou plus à un voisin",
                    "Difference in raisings that take an hour of sun or more from a neighbour",
                ),
                shading[1] - shading[0],
                "1",
                0,
            ));
        }
        if untold > 0 {
            rows.push(Indicator::count(
                "change_unknown",
                Text::new(
                    "Bâtiments sans écart : aucune règle connue ne borne leurs étages avec l'un des fichiers",
                    "Buildings without a difference: no known rule bounds their storeys under one of the files",
                ),
                untold,
            ));
        }
        let is_told = |p: &Potential| p.is_bounded() && others.potentials[p.subject].is_bounded();
        let row = |id: String, label: String, part: &[&Potential]| {
            let here = || part.iter().copied().filter(|p| is_told(p));
            let other = || here().map(|p| &others.potentials[p.subject]);
            let more = self.floor_m2(other()) - self.floor_m2(here());
            let homes = i64::from(self.dwellings(other())) - i64::from(self.dwellings(here()));
            let shading = |sun: &[SunLost]| -> i64 {
                here().filter(|p| sun[p.subject].buildings > 0).count() as i64
            };
            let shaded = (!self.sun.is_empty()).then(|| shading(&others.sun) - shading(&self.sun));
            let [fr, en] = [", surélévations qui ombrent : ", ", raisings that shade: "]
                .map(|words| shaded.map_or(String::new(), |n| format!("{words}{n:+}")));
            Indicator::quantity(id, label.into(), more, "m2", 0).with_note(Text::new(
                format!("{homes:+} logements{fr}"),
                format!("{homes:+} dwellings{en}"),
            ))
        };
        let mut zones: BTreeMap<&str, Vec<&Potential>> = BTreeMap::new();
        for potential in &here {
            zones.entry(&potential.zone).or_default().push(potential);
        }
        rows.extend(
            zones.into_iter().map(|(code, part)| {
                row(format!("change_zone_{code}"), format!("Zone {code}"), &part)
            }),
        );
        rows.extend(self.by_commune().into_iter().map(|(commune, part)| {
            row(format!("change_commune_{}", commune.code), commune.label().fr, &part)
        }));
        IndicatorGroup {
            id: "raising_change".into(),
            title: Text::new(
                "Ce que change l'autre fichier de règles",
                "What the other rule file changes",
            ),
            rows,
        }
    }

    fn free_group(&self) -> IndicatorGroup {
        let mut rows = Vec::new();
        for (verdict, id, fr, en) in [
            (Verdict::Allowed, "", "selon les règles saisies", "by the rules keyed"),
            (Verdict::Possible, "_possible", "décision d'une autorité", "an authority decides"),
            (
                Verdict::Unknown,
                "_unknown",
                "quelque chose n'est pas connu",
                "something is not known",
            ),
        ] {
            let of = || self.free.iter().filter(move |f| f.verdict == verdict);
            let area = of().filter_map(|f| f.area_m2()).map(|area| self.study.floor_m2(area)).sum();
            rows.push(Indicator::count(
                format!("free_parcels{id}"),
                Text::new(format!("Parcelles libres : {fr}"), format!("Free parcels: {en}")),
                of().count(),
            ));
            let row = Indicator::quantity(
                format!("free_floor_area{id}"),
                Text::new(
                    format!("Surface de plancher de leur gabarit, en retrait des limites : {fr}"),
                    format!("Floor area of their envelope, away from limits: {en}"),
                ),
                area,
                "m2",
                0,
            );
            let endless = of().filter(|f| !f.is_bounded).count();
            rows.push(match endless {
                0 => row,
                n => row.with_note(Text::new(
                    format!("sans {n} parcelle(s) que rien de connu ne borne"),
                    format!("without {n} parcel(s) that nothing known bounds"),
                )),
            });
        }
        let forbidden = self.free.iter().filter(|f| f.verdict == Verdict::Forbidden).count();
        if forbidden > 0 {
            rows.push(Indicator::count(
                "free_parcels_forbidden",
                Text::new("Parcelles libres : exclu", "Free parcels: forbidden"),
                forbidden,
            ));
        }
        IndicatorGroup {
            id: "raising_free".into(),
            title: Text::new("Parcelles libres", "Free parcels"),
            rows,
        }
    }
}
