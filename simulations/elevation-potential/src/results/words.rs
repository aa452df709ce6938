//! Sentences, hypotheses, warnings.

use std::collections::BTreeSet;

use twin_core::Language;
use twin_core::language::Text;
use twin_core::territory::Zone;

use super::Found;
use crate::borders::is_strip;
use crate::constraints;
use crate::parameters::Verdict;
use crate::potential::{Potential, RAISING_LAW};

impl Found<'_> {
    pub(super) fn key_messages(&self) -> Vec<Text> {
        let of = |l: Language, verdict: Verdict| {
            let may = |p: &&Potential| p.verdict == verdict && !p.raised.stepped.storeys.is_empty();
            let count = self.counted().filter(may).count();
            (l.number(count as f64, 0), l.number(self.floor_m2(self.raised(verdict)), 0))
        };
        let said = |l: Language| {
            let all = l.number(self.counted().count() as f64, 0);
            let (allowed, allowed_m2) = of(l, Verdict::Allowed);
            let (possible, possible_m2) = of(l, Verdict::Possible);
            let (unknown, unknown_m2) = of(l, Verdict::Unknown);
            match l {
                Language::Fr => format!(
                    "Sur {all} bâtiments étudiés, {allowed} peuvent être surélevés selon les règles saisies ({allowed_m2} m² de plancher) ; pour {possible} la décision revient à une autorité ({possible_m2} m²) ; pour {unknown} quelque chose n'est pas connu ({unknown_m2} m² par les règles connues)."
                ),
                Language::En => format!(
                    "Of {all} buildings studied, {allowed} may be raised by the rules keyed ({allowed_m2} m² of floor); for {possible} an authority decides ({possible_m2} m²); for {unknown} something is not known ({unknown_m2} m² by the rules known)."
                ),
            }
        };
        vec![Text::new(said(Language::Fr), said(Language::En))]
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
            let is_open = parameters.law_date >= RAISING_LAW;
            told.push(match (is_open, parameters.tense_zone) {
                (true, _) | (false, Some(true)) => Text::new(
                    "Dérogation L152-6, comptée à part : logements achevés depuis plus de deux ans, jusqu'au faîtage du bâtiment mitoyen ; décision motivée de l'autorité.",
                    "Derogation of L152-6, counted apart: dwellings completed for more than two years, up to the ridge of the adjoining building; a reasoned decision of the authority.",
                ),
                (false, None) => Text::new(
                    "Dérogation L152-6 à cette date : réservée aux zones tendues ; la commune en est-elle une (« tense_zone »), le scénario ne le dit pas. Comptée à part.",
                    "Derogation of L152-6 at this date: only in tense zones; whether the commune is one (\"tense_zone\"), the scenario does not say. Counted apart.",
                ),
                (false, Some(false)) => Text::new(
                    "Dérogation L152-6 à cette date : réservée aux zones tendues, dont la commune n'est pas ; aucune.",
                    "Derogation of L152-6 at this date: only in tense zones, of which the commune is none; none.",
                ),
            });
        }
        told.extend(self.zone_codes().into_iter().filter_map(|code| self.zone_in_words(code)));
        told
    }

    /// What the rules of a zone set, with where it stands; none where nothing is keyed.
    fn zone_in_words(&self, code: &str) -> Option<Text> {
        let rules = self.book.zone(code)?;
        let of = |of: fn(&Text) -> &str, [colon, between]: [&str; 2]| {
            let told = rules.told();
            let set = told.iter().filter_map(|told| {
                let article = &told.source.as_ref()?.article;
                Some(format!("{}{colon} {} ({article})", of(&told.name), of(&told.what)))
            });
            set.collect::<Vec<_>>().join(between)
        };
        let (fr, en) = (of(|t| &t.fr, ["\u{a0}:", " ; "]), of(|t| &t.en, [":", "; "]));
        let is_told = !fr.is_empty();
        is_told
            .then(|| Text::new(format!("Zone {code}\u{a0}: {fr}."), format!("Zone {code}: {en}.")))
    }

    /// Zones and decisions of the parameters that the territory does not have.
    fn strangers(&self) -> Vec<Text> {
        let zones = &self.view.features().zones;
        let codes: BTreeSet<&str> = zones.iter().filter_map(|z| z.code.as_deref()).collect();
        let named = |z: &Zone| {
            let class = z.class.as_deref()?;
            let label = z.label.as_deref().or(z.code.as_deref()).unwrap_or_default();
            Some([class.to_owned(), constraints::name(class, label)])
        };
        let classes: BTreeSet<String> = zones.iter().filter_map(named).flatten().collect();
        let books = [Some(self.book), self.others.as_ref().map(|others| others.book)];
        let files = books.into_iter().flatten().filter_map(|book| book.file());
        let keyed: BTreeSet<&String> = files.flat_map(|file| file.zones.keys()).collect();
        let is_strange = |code: &&String| code.as_str() != "*" && !codes.contains(code.as_str());
        let mut told: Vec<Text> = keyed
            .into_iter()
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
        told.extend(decisions.filter(|class| !classes.contains(*class)).map(|class| {
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
        let strips = self.view.features().parcels.iter().filter(|p| is_strip(p)).count();
        if strips > 0 {
            warnings.push(Text::new(
                format!("{strips} parcelle(s) trop étroites pour un terrain (moins de 1,5 m) sont lues comme la voie qu'elles bordent."),
                format!("{strips} parcel(s) too narrow to be a ground (less than 1.5 m) are read as the street along them."),
            ));
        }
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
