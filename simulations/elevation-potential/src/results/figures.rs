//! Indicators, sentences, hypotheses, warnings.

use std::collections::{BTreeMap, BTreeSet};

use twin_core::Language;
use twin_core::language::Text;
use twin_core::results::{Indicator, IndicatorGroup, Indicators};

use super::Found;
use crate::parameters::Verdict;
use crate::place::Gap;
use crate::potential::{Potential, RAISING_LAW};
use crate::subject::LeftOut;

/// Buildings of the list of the largest potentials.
const LARGEST: usize = 10;
const VERDICTS: [Verdict; 4] =
    [Verdict::Allowed, Verdict::Possible, Verdict::Unknown, Verdict::Forbidden];

impl Verdict {
    fn words(self) -> Text {
        match self {
            Self::Allowed => Text::new("permis", "allowed"),
            Self::Possible => Text::new("possible", "possible"),
            Self::Unknown => Text::new("inconnu", "unknown"),
            Self::Forbidden => Text::new("refusé", "forbidden"),
        }
    }
}

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

impl Gap {
    fn words(self) -> Text {
        let english = match self {
            Self::NoParcel => "parcel not known",
            Self::StreetWidth => "width of the street not known",
            Self::Rule => "rule not keyed",
            Self::Zone => "zone without rules",
            Self::Between => "distance to other buildings of the ground not keyed",
        };
        Text::new(self.french(), english)
    }
}

impl Found<'_> {
    /// Floor area of potentials, the better way of each, m².
    fn floor_m2<'p>(&self, potentials: impl Iterator<Item = &'p Potential>) -> f64 {
        potentials.map(|p| self.study.floor_m2(p.best_area_m2())).sum()
    }

    fn dwellings<'p>(&self, potentials: impl Iterator<Item = &'p Potential>) -> u32 {
        let of = |p: &Potential| self.study.dwellings(self.study.floor_m2(p.best_area_m2()));
        potentials.map(of).sum()
    }

    pub(super) fn indicators(&self) -> Indicators {
        let mut groups =
            vec![self.totals(), self.by_zone(), self.gaps(), self.largest(), self.sun_group()];
        if let Some(others) = &self.others {
            groups.push(self.change(others));
        }
        if !self.free.is_empty() {
            groups.push(self.free_group());
        }
        groups.retain(|group| !group.rows.is_empty());
        Indicators { groups }
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
                    "Coût de tout ce qui est permis, borne basse",
                    "Cost of all that is allowed, lower bound",
                    cost.eur_per_m2[0],
                ),
                (
                    "cost_greatest",
                    "Coût de tout ce qui est permis, borne haute",
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
        for potential in self.counted().filter(|p| p.verdict != Verdict::Forbidden) {
            zones.entry(&potential.zone).or_default().push(potential);
        }
        let row = |(code, potentials): (&str, Vec<&Potential>)| {
            let unknown = potentials.iter().filter(|p| p.verdict == Verdict::Unknown).count();
            let code = if code.is_empty() { "–" } else { code };
            let row = Indicator::quantity(
                format!("floor_area_zone_{code}"),
                Text::new(format!("Zone {code}"), format!("Zone {code}")),
                self.floor_m2(potentials.iter().copied()),
                "m2",
                0,
            );
            row.with_note(Text::new(
                format!("{} bâtiments, dont {unknown} à l'avis inconnu", potentials.len()),
                format!("{} buildings, {unknown} of them unknown", potentials.len()),
            ))
        };
        IndicatorGroup {
            id: "raising_by_zone".into(),
            title: Text::new(
                "Surface de plancher par zone, tous avis hors refus",
                "Floor area by zone, all verdicts but forbidden",
            ),
            rows: zones.into_iter().map(row).collect(),
        }
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
            let stop = potential.refused_by().map_or("–", |rule| rule.french());
            let motive = self.motive(potential);
            let motive = if motive.is_empty() { motive } else { format!(" ({motive})") };
            let (upright, stepped) =
                (potential.raised.upright.storeys.len(), potential.raised.stepped.storeys.len());
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
                format!("{}{motive} ; {upright} étage(s) à plomb, {stepped} en gradins ; arrêté par : {stop}", words.fr),
                format!("{}; {upright} storey(s) upright, {stepped} stepping back; stopped by: {stop}", words.en),
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
    fn change(&self, others: &[Potential]) -> IndicatorGroup {
        let other: Vec<&Potential> = others.iter().filter(|p| self.counts[p.subject]).collect();
        let may = |p: &&&Potential| p.verdict != Verdict::Forbidden;
        let here: Vec<&Potential> = self.counted().collect();
        let areas = [&here, &other].map(|all| self.floor_m2(all.iter().filter(may).copied()));
        let homes =
            [&here, &other].map(|all| f64::from(self.dwellings(all.iter().filter(may).copied())));
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
        let mut zones: BTreeMap<&str, f64> = BTreeMap::new();
        for (a, b) in here.iter().zip(&other) {
            *zones.entry(&a.zone).or_default() +=
                self.study.floor_m2(b.best_area_m2() - a.best_area_m2());
        }
        rows.extend(zones.into_iter().map(|(code, area)| {
            Indicator::quantity(
                format!("change_zone_{code}"),
                Text::new(format!("Zone {code}"), format!("Zone {code}")),
                area,
                "m2",
                0,
            )
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
        IndicatorGroup {
            id: "raising_free".into(),
            title: Text::new("Parcelles libres", "Free parcels"),
            rows,
        }
    }

    pub(super) fn key_messages(&self) -> Vec<Text> {
        let of = |l: Language, verdict: Verdict| {
            let may = |p: &&Potential| p.verdict == verdict && !p.raised.stepped.storeys.is_empty();
            let count = self.counted().filter(may).count();
            (l.number(count as f64, 0), l.number(self.floor_m2(self.raised(verdict)), 0))
        };
        let all = |l: Language| l.number(self.counted().count() as f64, 0);
        let (fr, en) = (Language::Fr, Language::En);
        let [a, p, u] = [Verdict::Allowed, Verdict::Possible, Verdict::Unknown];
        vec![Text::new(
            format!(
                "Sur {} bâtiments étudiés, {} peuvent être surélevés selon les règles saisies ({} m² de plancher) ; pour {} la décision revient à une autorité ({} m²) ; pour {} quelque chose n'est pas connu ({} m² au plus).",
                all(fr),
                of(fr, a).0,
                of(fr, a).1,
                of(fr, p).0,
                of(fr, p).1,
                of(fr, u).0,
                of(fr, u).1,
            ),
            format!(
                "Of {} buildings studied, {} may be raised by the rules keyed ({} m² of floor); for {} an authority decides ({} m²); for {} something is not known ({} m² at most).",
                all(en),
                of(en, a).0,
                of(en, a).1,
                of(en, p).0,
                of(en, p).1,
                of(en, u).0,
                of(en, u).1,
            ),
        )]
    }

    pub(super) fn hypotheses(&self) -> Vec<Text> {
        let parameters = &self.study.parameters;
        let (fr, en) = (Language::Fr, Language::En);
        let date = parameters.law_date;
        let rules = match self.book.file() {
            Some(file) => Text::new(
                format!("Règles : {}, lues au {date}.", file.document),
                format!("Rules: {}, read at {date}.", file.document),
            ),
            None => Text::new(
                format!(
                    "Règles : règlement national d'urbanisme (R111-16, R111-17), lu au {date}. Il ne fixe aucune hauteur en mètres ; la hauteur des constructions avoisinantes peut être opposée (R111-28), comme une distance de 3 m entre bâtiments (R111-15), que le calcul n'exige pas."
                ),
                format!(
                    "Rules: national rules (R111-16, R111-17), read at {date}. They set no height in metres; that of the buildings around may be held against a project (R111-28), and 3 m between buildings may be asked for (R111-15), which is not done here."
                ),
            ),
        };
        let storey = parameters.storey;
        let yields = parameters.yields;
        let (dwelling, is_local) = self.study.dwelling_m2;
        let from = match is_local {
            true => Text::new(
                "moyenne du territoire ou valeur donnée",
                "mean of the territory or stated",
            ),
            false => Text::new("valeur par défaut", "default"),
        };
        let mut told = vec![
            rules,
            Text::new(
                format!(
                    "Étages de {} m sur une dalle de {} m (toit plat) ou depuis l'égout (toit en pente déposé) ; en gradins, un étage a au moins {} m de profondeur et {} m².",
                    fr.number(storey.height_m, 2),
                    fr.number(storey.slab_m, 2),
                    fr.number(storey.least_depth_m, 1),
                    fr.number(storey.least_area_m2, 0)
                ),
                format!(
                    "Storeys of {} m over a slab of {} m (flat roof) or from the eaves (pitched roof taken down); stepping back, a storey is at least {} m deep and {} m² large.",
                    en.number(storey.height_m, 2),
                    en.number(storey.slab_m, 2),
                    en.number(storey.least_depth_m, 1),
                    en.number(storey.least_area_m2, 0)
                ),
            ),
            Text::new(
                format!(
                    "Surface de plancher : {} de la surface d'étage ; logement de {} m² habitables ({}), compté entier par bâtiment : ce qui n'en fait pas un n'en donne aucun.",
                    fr.number(yields.floor_share, 2),
                    fr.number(dwelling, 0),
                    from.fr
                ),
                format!(
                    "Floor area: {} of the area of storeys; dwelling of {} m² ({}), counted whole by building: what does not make one gives none.",
                    en.number(yields.floor_share, 2),
                    en.number(dwelling, 0),
                    from.en
                ),
            ),
            Text::new(
                "La largeur d'une voie est la distance à la parcelle d'en face, sinon au moins celle du bord opposé de la chaussée ; un mur à moins de 0,5 m d'une limite est sur la limite. Un bâtiment existant non conforme n'est pas refusé pour cela : seul le volume ajouté est jugé.",
                "The width of a street is the distance to the parcel opposite, else at least that to the far edge of the carriageway; a wall within 0.5 m of a limit stands on it. An existing building that does not conform is not refused for that: only the added volume is judged.",
            ),
        ];
        if parameters.derogations && !self.book.is_national() {
            told.push(if parameters.law_date >= RAISING_LAW {
                Text::new(
                    "Dérogation L152-6, comptée à part : logements achevés depuis plus de deux ans, jusqu'au faîtage du bâtiment mitoyen ; décision motivée de l'autorité.",
                    "Derogation of L152-6, counted apart: dwellings completed for more than two years, up to the ridge of the adjoining building; a reasoned decision of the authority.",
                )
            } else {
                Text::new(
                    "Dérogation L152-6 à cette date : réservée aux zones tendues, ce que le calcul ne vérifie pas ; comptée à part.",
                    "Derogation of L152-6 at this date: only in tense zones, which is not checked here; counted apart.",
                )
            });
        }
        told
    }

    /// Zones and decisions of the parameters that the territory does not have.
    fn strangers(&self) -> Vec<Text> {
        let zones = &self.view.features().zones;
        let codes: BTreeSet<&str> = zones.iter().filter_map(|z| z.code.as_deref()).collect();
        let classes: BTreeSet<&str> = zones.iter().filter_map(|z| z.class.as_deref()).collect();
        let keyed = self.book.file().into_iter().flat_map(|file| file.zones.keys());
        let is_strange = |code: &&String| code.as_str() != "*" && !codes.contains(code.as_str());
        let mut told: Vec<Text> = keyed
            .filter(|code| !codes.is_empty() && is_strange(code))
            .map(|code| {
                let there = codes.iter().copied().collect::<Vec<_>>().join(", ");
                Text::new(
                    format!("La zone « {code} » du fichier de règles n'est pas dans le territoire (zones : {there})."),
                    format!("Zone \"{code}\" of the rule file is not in the territory (zones: {there})."),
                )
            })
            .collect();
        let decisions = self.study.parameters.decisions.keys();
        told.extend(decisions.filter(|class| !classes.contains(class.as_str())).map(|class| {
            Text::new(
                format!("Décision « {class} » : aucune prescription ni servitude de cette classe dans le territoire."),
                format!("Decision \"{class}\": no prescription or easement of this class in the territory."),
            )
        }));
        told
    }

    pub(super) fn warnings(&self) -> Vec<Text> {
        let mut warnings = vec![Text::new(
            "Ce résultat ne vaut ni certificat d'urbanisme ni avis sur un projet.",
            "This result is neither a planning certificate nor an opinion on a project.",
        )];
        if self.book.is_national() && self.study.places.iter().any(|p| !p.zones.is_empty()) {
            warnings.push(Text::new(
                "Le territoire a des zones de PLU : le règlement national ne s'y applique pas (R111-1), et rien n'y est dit permis ; saisir les règles des zones par « twin rules new ».",
                "The territory has planning zones: the national rules do not hold there (R111-1), and nothing is said to be allowed there; key the rules of the zones by \"twin rules new\".",
            ));
        }
        warnings.extend(self.strangers());
        if self.view.features().parcels.is_empty() {
            warnings.push(Text::new(
                "Aucune parcelle : ni rues ni limites ne sont connues ; ajouter une source « cadastre ».",
                "No parcel: neither streets nor limits are known; add a source \"cadastre\".",
            ));
        }
        if !self.book.is_national() && self.study.places.iter().all(|p| p.zones.is_empty()) {
            warnings.push(Text::new(
                "Aucune zone de PLU : les règles du fichier ne s'appliquent qu'à la zone « * » ; ajouter une source « plu ».",
                "No planning zone: only the rules of zone \"*\" of the file apply; add a source \"plu\".",
            ));
        }
        if self.study.terrain.is_none() {
            warnings.push(Text::new(
                "Pas de terrain LiDAR : les altitudes sont celles de la BD TOPO, au pied de chaque bâtiment.",
                "No LiDAR terrain: altitudes are those of the BD TOPO, at the foot of each building.",
            ));
        }
        warnings
    }
}
