//! Tables of `assets.gpkg`.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Area, MultiPolygon, unary_union};
use twin_core::formats::{Feature, FeatureTable, FieldKind, Value};
use twin_core::spatial::{Geometry, Polygon};

use super::Found;
use crate::constraints::Flag;
use crate::parameters::Verdict;
use crate::place::RuleId;
use crate::potential::{Potential, area_m2};
use crate::rules::Source;
use crate::subject::{HeightSource, Subject};

/// Confidence in heights by their source, 0 to 1: LiDAR HD is good to decimetres, BD TOPO to a metre or
/// more, storeys to half a storey.
const CONFIDENCE: [f64; 3] = [0.9, 0.6, 0.3];
/// Score of a structure of which nothing is known.
const UNKNOWN_STRUCTURE: f64 = 0.4;

impl Found<'_> {
    pub(super) fn tables(&self) -> Vec<FeatureTable> {
        let mut tables = vec![self.buildings(), self.storeys(), self.blocks(), self.communes()];
        if !self.free.is_empty() {
            tables.push(self.free_parcels());
        }
        tables.push(self.rules());
        tables
    }

    fn buildings(&self) -> FeatureTable {
        use FieldKind::{Integer, Real, Text};
        let mut table = FeatureTable::new("batiment", Some(self.view.territory().crs()))
            .with_field("cleabs", Text)
            .with_field("zone", Text)
            .with_field("parcelles", Text)
            .with_field("constat", Text)
            .with_field("motif", Text)
            .with_field("etages_existants", Integer)
            .with_field("etages_ajoutes_a_plomb", Integer)
            .with_field("etages_ajoutes_en_gradins", Integer)
            .with_field("etages_par_derogation", Integer)
            .with_field("etages_avec_majoration", Integer)
            .with_field("propriete_presumee", Text)
            .with_field("surface_de_plancher_a_plomb_m2", Real)
            .with_field("surface_de_plancher_en_gradins_m2", Real)
            .with_field("logements", Integer)
            .with_field("volume_m3", Real)
            .with_field("altitude_atteinte_m", Real)
            .with_field("hauteur_atteinte_m", Real)
            .with_field("forme_du_toit", Text)
            .with_field("regle_qui_arrete", Text)
            .with_field("regle_qui_arrete_en_gradins", Text)
            .with_field("surface_refusee_m2", Real)
            .with_field("servitudes", Text)
            .with_field("note_de_structure", Real)
            .with_field("motif_de_structure", Text)
            .with_field("confiance", Real)
            .with_field("soleil_perdu_21_decembre_h", Real)
            .with_field("soleil_perdu_21_mars_h", Real)
            .with_field("batiments_qui_perdent_une_heure", Integer)
            .with_field("cout_min_eur", Real)
            .with_field("cout_max_eur", Real)
            .with_field("dans_le_perimetre", FieldKind::Bool);
        if self.others.is_some() {
            table = table
                .with_field("surface_de_plancher_autre_regle_m2", Real)
                .with_field("ecart_de_surface_m2", Real)
                .with_field("ecart_de_logements", Integer)
                .with_field("ecart_de_soleil_perdu_21_decembre_h", Real)
                .with_field("ecart_de_soleil_perdu_21_mars_h", Real);
        }
        for potential in &self.potentials {
            table.features.push(self.building(potential));
        }
        table
    }

    fn building(&self, potential: &Potential) -> Feature {
        let study = self.study;
        let (subject, place) =
            (&study.subjects[potential.subject], &study.places[potential.subject]);
        let features = self.view.features();
        let parcels: Vec<&str> =
            place.parcels.iter().map(|k| features.parcels[*k].id.as_str()).collect();
        let flags: Vec<String> = place.bound.flags.iter().map(Flag::name).collect();
        let count = |n: usize| Value::Integer(n as i64);
        let real = |v: f64| Value::Real((v * 100.0).round() / 100.0);
        let raised = &potential.raised;
        let floor = study.floor_m2(potential.best_area_m2());
        let top = potential.told().last().map_or(subject.ridge_m, |s| s.top_m);
        // Figures that nothing known bounds are left empty.
        let bounded = |value: Value| if potential.is_bounded() { value } else { Value::Null };
        let refusal = &raised.upright.refusal.rules;
        let rule = |refusal: &[(RuleId, f64)]| {
            refusal.first().map_or(Value::Null, |(rule, _)| Value::Text(rule.words().fr))
        };
        let storey_m = study.parameters.storey.height_m;
        let sun = self.sun.get(potential.subject).copied();
        let cost = |k: usize| {
            let cost = study.parameters.cost.as_ref()?;
            (floor > 0.0).then(|| (cost.eur_per_m2[k] * floor).round())
        };
        let or_null = |v: Option<f64>| v.map_or(Value::Null, real);
        let (structure, structure_reason) =
            structure_score(subject, place.bound.on_unstable_ground);
        let mut values = vec![
            Value::Text(subject.id.clone()),
            Value::Text(potential.zone.clone()),
            Value::Text(parcels.join(" ")),
            Value::Text(potential.verdict.words().fr),
            Value::Text(self.motive(potential).fr),
            Value::Integer(i64::from(subject.storeys.0)),
            bounded(count(potential.told_upright().len())),
            bounded(count(potential.told().len())),
            potential.derogation.as_ref().map_or(Value::Null, |d| count(d.storeys.len())),
            potential.bonus.as_ref().map_or(Value::Null, |b| count(b.storeys.len())),
            ownership(subject).map_or(Value::Null, |hint| Value::Text(hint.to_owned())),
            bounded(real(study.floor_m2(area_m2(potential.told_upright())))),
            bounded(real(study.floor_m2(area_m2(potential.told())))),
            bounded(Value::Integer(i64::from(study.dwellings(floor)))),
            bounded(real(potential.best_area_m2() * storey_m)),
            bounded(real(top)),
            bounded(real(top - subject.ground_m)),
            Value::Text(if subject.is_flat() { "plat" } else { "en pente" }.to_owned()),
            rule(refusal),
            rule(&raised.stepped.refusal.rules),
            or_null(refusal.first().map(|(_, area)| *area)),
            Value::Text(flags.join(" ; ")),
            real(structure),
            Value::Text(structure_reason.to_owned()),
            real(confidence(potential, subject.source, subject.storeys.1)),
            or_null(sun.map(|s| s.worst_h[0])),
            or_null(sun.map(|s| s.worst_h[1])),
            sun.map_or(Value::Null, |s| count(s.buildings)),
            or_null(cost(0)),
            or_null(cost(1)),
            Value::Bool(self.counts[potential.subject]),
        ];
        if let Some(others) = &self.others {
            let under_other = &others.potentials[potential.subject];
            let other = study.floor_m2(under_other.best_area_m2());
            let both = |value: Value| match potential.is_bounded() && under_other.is_bounded() {
                true => value,
                false => Value::Null,
            };
            let dwellings = |floor| i64::from(study.dwellings(floor));
            let other_sun = others.sun.get(potential.subject);
            let more_lost = |k: usize| Some(other_sun?.worst_h[k] - sun?.worst_h[k]);
            values.extend([
                if under_other.is_bounded() { real(other) } else { Value::Null },
                both(real(other - floor)),
                both(Value::Integer(dwellings(other) - dwellings(floor))),
                or_null(more_lost(0)),
                or_null(more_lost(1)),
            ]);
        }
        Feature { geometry: Some(geometry(&subject.footprint, subject.ground_m)), values }
    }

    /// Totals by block, of the buildings that count.
    fn blocks(&self) -> FeatureTable {
        let table = FeatureTable::new("ilot", Some(self.view.territory().crs()))
            .with_field("parcelle", FieldKind::Text);
        let mut table = with_totals(table);
        let study = self.study;
        let mut members: BTreeMap<usize, Vec<&Potential>> = BTreeMap::new();
        let mut nowhere = Vec::new();
        let of = study.blocks();
        for potential in self.counted() {
            match of[potential.subject] {
                Some(block) => members.entry(block).or_default().push(potential),
                None => nowhere.push(potential),
            }
        }
        let parcels = &self.view.features().parcels;
        for (block, potentials) in members {
            let grounds: BTreeSet<usize> =
                potentials.iter().flat_map(|p| study.places[p.subject].parcels.clone()).collect();
            let shapes: Vec<_> =
                grounds.into_iter().map(|k| parcels[k].geometry.to_multi_polygon()).collect();
            let whole = unary_union(shapes.iter().flat_map(|shape| &shape.0));
            let ground_m = study.subjects[potentials[0].subject].ground_m;
            let mut values = vec![Value::Text(parcels[block].id.clone())];
            values.extend(self.totals_of(&potentials));
            table.features.push(Feature { geometry: Some(geometry(&whole, ground_m)), values });
        }
        // Without a parcel, of no block that is known.
        if !nowhere.is_empty() {
            let totals = self.totals_of(&nowhere);
            let values = [Value::Null].into_iter().chain(totals).collect();
            table.features.push(Feature { geometry: None, values });
        }
        table
    }

    /// Totals by commune, of the buildings that count.
    fn communes(&self) -> FeatureTable {
        let table = FeatureTable::new("commune", None)
            .with_field("code_insee", FieldKind::Text)
            .with_field("nom_officiel", FieldKind::Text);
        let mut table = with_totals(table);
        for (commune, potentials) in self.by_commune() {
            let name = commune.name.map_or(Value::Null, Value::Text);
            let mut values = vec![Value::Text(commune.code), name];
            values.extend(self.totals_of(&potentials));
            table.features.push(Feature { geometry: None, values });
        }
        table
    }

    /// The fields of [`with_totals`].
    fn totals_of(&self, potentials: &[&Potential]) -> [Value; 5] {
        let may = || potentials.iter().filter(|p| p.verdict != Verdict::Forbidden);
        let floors = may().map(|p| self.study.floor_m2(p.best_area_m2()));
        let dwellings: u32 = floors.clone().map(|floor| self.study.dwellings(floor)).sum();
        let count = |n: usize| Value::Integer(n as i64);
        [
            count(potentials.len()),
            count(may().filter(|p| !p.told().is_empty()).count()),
            count(potentials.iter().filter(|p| p.verdict == Verdict::Unknown).count()),
            Value::Real((floors.sum::<f64>() * 100.0).round() / 100.0),
            Value::Integer(i64::from(dwellings)),
        ]
    }

    fn storeys(&self) -> FeatureTable {
        let mut table = FeatureTable::new("etage_ajoute", Some(self.view.territory().crs()))
            .with_field("cleabs", FieldKind::Text)
            .with_field("etage", FieldKind::Integer)
            .with_field("altitude_plancher_m", FieldKind::Real)
            .with_field("altitude_sommet_m", FieldKind::Real)
            .with_field("surface_m2", FieldKind::Real)
            .with_field("constat", FieldKind::Text);
        for potential in &self.potentials {
            let subject = &self.study.subjects[potential.subject];
            for (k, storey) in potential.told().iter().enumerate() {
                table.features.push(Feature {
                    geometry: Some(geometry(&storey.shape, storey.floor_m)),
                    values: vec![
                        Value::Text(subject.id.clone()),
                        Value::Integer(k as i64 + 1),
                        Value::Real(storey.floor_m),
                        Value::Real(storey.top_m),
                        Value::Real(storey.shape.unsigned_area()),
                        Value::Text(potential.verdict.words().fr),
                    ],
                });
            }
        }
        table
    }

    fn free_parcels(&self) -> FeatureTable {
        let mut table = FeatureTable::new("parcelle_libre", Some(self.view.territory().crs()))
            .with_field("idu", FieldKind::Text)
            .with_field("zone", FieldKind::Text)
            .with_field("constat", FieldKind::Text)
            .with_field("etages", FieldKind::Integer)
            .with_field("surface_de_plancher_m2", FieldKind::Real)
            .with_field("part_de_l_enveloppe", FieldKind::Real);
        for parcel in &self.free {
            let shape = parcel.storeys.storeys.first().map(|s| geometry(&s.shape, s.floor_m));
            table.features.push(Feature {
                geometry: shape,
                values: vec![
                    Value::Text(parcel.parcel.clone()),
                    Value::Text(parcel.zone.clone()),
                    Value::Text(parcel.verdict.words().fr),
                    match parcel.is_bounded && parcel.verdict != Verdict::Forbidden {
                        true => Value::Integer(parcel.storeys.storeys.len() as i64),
                        false => Value::Null,
                    },
                    parcel
                        .area_m2()
                        .map_or(Value::Null, |area| Value::Real(self.study.floor_m2(area))),
                    Value::Real(parcel.share),
                ],
            });
        }
        table
    }

    /// The rules of the zones in words, with where they stand.
    fn rules(&self) -> FeatureTable {
        let mut table = FeatureTable::new("regle", None)
            .with_field("zone", FieldKind::Text)
            .with_field("regle", FieldKind::Text)
            .with_field("contenu", FieldKind::Text)
            .with_field("article", FieldKind::Text)
            .with_field("page", FieldKind::Text)
            .with_field("citation", FieldKind::Text);
        let mut row = |code: &str, rule: String, what: String, source: Option<&Source>| {
            let text = |of: fn(&Source) -> &str| {
                source.map_or(Value::Null, |source| Value::Text(of(source).to_owned()))
            };
            let values = vec![
                Value::Text(code.to_owned()),
                Value::Text(rule),
                Value::Text(what),
                text(|source| &source.article),
                text(|source| &source.page),
                text(|source| &source.quotation),
            ];
            table.features.push(Feature { geometry: None, values });
        };
        for code in self.zone_codes() {
            match self.book.zone(code) {
                None => row(code, "toutes".to_owned(), "zone sans règle saisie".to_owned(), None),
                Some(rules) => rules.told().into_iter().for_each(|told| {
                    row(code, told.name.fr, told.what.fr, told.source.as_ref());
                }),
            }
        }
        table
    }
}

/// A table with the totals of several buildings.
fn with_totals(table: FeatureTable) -> FeatureTable {
    table
        .with_field("batiments", FieldKind::Integer)
        .with_field("surelevables", FieldKind::Integer)
        .with_field("inconnus", FieldKind::Integer)
        .with_field("surface_de_plancher_m2", FieldKind::Real)
        .with_field("logements", FieldKind::Integer)
}

/// Polygons at one altitude.
fn geometry(shape: &MultiPolygon<f64>, altitude_m: f64) -> Geometry {
    let mut geometry = Geometry::Polygons(shape.iter().map(Polygon::from_geo).collect());
    geometry.positions_mut().for_each(|p| p[2] = altitude_m);
    geometry
}

/// How well structure and ground may bear storeys of wood, 0 to 1, and why: concrete after 1950 under a flat roof 0.9,
/// stone or brick before 1914 of two storeys at most 0.6, unknown 0.4, and no more on ground that may give way. First digit
/// of the material of the *fichiers fonciers*: 1 stone, 2 millstone, 3 concrete, 4 brick, 5 breeze block.
fn structure_score(subject: &Subject, on_unstable_ground: bool) -> (f64, &'static str) {
    let walls = subject.walls.as_deref().and_then(|w| w.trim().chars().next());
    let of_structure = match (walls, subject.year) {
        (Some('3' | '5'), Some(year)) if year >= 1950 && subject.is_flat() => {
            (0.9, "béton d'après 1950, toit plat")
        }
        (Some('1' | '2' | '4'), Some(year)) if year < 1914 && subject.storeys.0 <= 2 => {
            (0.6, "pierre ou brique d'avant 1914, deux niveaux au plus")
        }
        (None, _) | (_, None) => (UNKNOWN_STRUCTURE, "matériau ou année inconnus"),
        _ => (UNKNOWN_STRUCTURE, "matériau, époque et toit sans avis général"),
    };
    match on_unstable_ground {
        true => (UNKNOWN_STRUCTURE, "zone d'aléa de mouvement de terrain : étude de sol d'abord"),
        false => of_structure,
    }
}

/// Who may own a building, as far as its dwellings tell: a hint for who is to be asked, no more.
fn ownership(subject: &Subject) -> Option<&'static str> {
    match subject.dwellings? {
        0 => None,
        1 => Some("un logement : un seul propriétaire probable"),
        _ => Some("plusieurs logements : copropriété ou bailleur"),
    }
}

/// Confidence in the figures of a building, 0 to 1: that of its height, less where storeys are
/// estimated or something is not known.
fn confidence(potential: &Potential, source: HeightSource, storeys_known: bool) -> f64 {
    let height = CONFIDENCE[source as usize];
    let storeys = if storeys_known { 1.0 } else { 0.9 };
    let gaps = 0.7f64.powi(potential.gaps.len() as i32);
    height * storeys * gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_is_judged_by_walls_year_roof_storeys_and_ground() {
        let house = |walls: &str, year, storeys, rise_m| Subject {
            id: String::new(),
            footprint: MultiPolygon::new(Vec::new()),
            ground_m: 0.0,
            eaves_m: 6.0,
            ridge_m: 6.0 + rise_m,
            storeys: (storeys, true),
            source: HeightSource::BdTopo,
            usage: None,
            dwellings: None,
            year: Some(year),
            walls: Some(walls.to_owned()),
        };
        let score = |subject: &Subject| structure_score(subject, false).0;
        let concrete = house("30", 1970, 5, 0.0);
        assert_eq!(score(&concrete), 0.9);
        assert_eq!(score(&house("10", 1880, 2, 3.0)), 0.6);
        for other in [
            house("30", 1930, 5, 0.0),
            house("30", 1970, 5, 3.0),
            house("10", 1880, 4, 3.0),
            house("99", 1880, 2, 3.0),
        ] {
            assert_eq!(score(&other), UNKNOWN_STRUCTURE);
        }
        let (score, reason) = structure_score(&concrete, true);
        assert_eq!(score, UNKNOWN_STRUCTURE);
        assert!(reason.contains("étude de sol"), "{reason}");
    }
}
