//! Sentences, hypotheses, warnings.

use twin_core::Language;
use twin_core::language::Text;

use crate::parameters::WaterRule;
use crate::run::Found;

impl Found<'_> {
    pub(crate) fn key_messages(&self) -> Vec<Text> {
        let buildings = self.exposed().count();
        let sentence = |l: Language| {
            let n = |v: f64| l.number(v, 0);
            let millions = |eur: f64| l.number(eur / 1e6, 1);
            let dwellings = self.dwellings_exposed();
            let amount = match self.total.quantiles_eur {
                Some([low, _, high]) => format!(
                    "{} M€ ({} {} {} M€)",
                    millions(self.total.central_eur),
                    millions(low),
                    l.pick("à", "to"),
                    millions(high)
                ),
                None => format!("{} M€", millions(self.total.central_eur)),
            };
            let damage = match (self.is_damage_told(), l) {
                (true, Language::Fr) => {
                    format!("les dommages évalués aux bâtiments sont de l'ordre de {amount}")
                }
                (true, Language::En) => {
                    format!("the damage told for buildings is of the order of {amount}")
                }
                (false, Language::Fr) => "les dommages n'ont pas pu être évalués".to_owned(),
                (false, Language::En) => "the damage could not be told".to_owned(),
            };
            let (buildings, dwellings) = (n(buildings as f64), n(dwellings));
            match l {
                Language::Fr => format!(
                    "Dans ce scénario, l'eau entre dans {buildings} bâtiments et {dwellings} logements ; {damage}."
                ),
                Language::En => format!(
                    "In this scenario water enters {buildings} buildings and {dwellings} dwellings; {damage}."
                ),
            }
        };
        vec![Text::new(sentence(Language::Fr), sentence(Language::En))]
    }

    pub(crate) fn hypotheses(&self) -> Vec<Text> {
        let p = self.parameters;
        let n = |l: Language, v: f64, decimals| l.number(v, decimals);
        let (fr, en) = (Language::Fr, Language::En);
        let mut told = vec![match p.water_at_building {
            WaterRule::Ring => Text::new(
                format!(
                    "Eau à un bâtiment : plus haut niveau des mailles mouillées qui l'entourent, moins le sol et le plancher ({} m quand il n'est pas connu).",
                    n(fr, p.floor_height_m, 2)
                ),
                format!(
                    "Water at a building: highest level of the wet cells around it, less ground and floor ({} m where not known).",
                    n(en, p.floor_height_m, 2)
                ),
            ),
            WaterRule::MeanOfWetCells => Text::new(
                "Eau à un bâtiment : moyenne des mailles mouillées de son emprise, moins le plancher (règle d'autres programmes).",
                "Water at a building: mean of the wet cells of its footprint, less the floor (rule of other programs).",
            ),
        }];
        told.push(Text::new(
            format!(
                "Fonctions de dommage : {} ; niveaux de {} m.",
                self.table.source,
                n(fr, p.damage.storey_height_m, 1)
            ),
            format!(
                "Damage functions: {}; storeys of {} m.",
                self.table.source,
                n(en, p.damage.storey_height_m, 1)
            ),
        ));
        for (use_1, value) in &p.damage.values {
            let [low, central, high] = value.eur_per_m2;
            let told_in = |l: Language| {
                format!("{} ({} – {}) €/m²", n(l, central, 0), n(l, low, 0), n(l, high, 0))
            };
            told.push(Text::new(
                format!("Valeur de {use_1} : {} HT de plancher ; {}.", told_in(fr), value.source),
                format!("Value of {use_1}: {} of floor before tax; {}.", told_in(en), value.source),
            ));
        }
        if p.uncertainty.draws > 0 {
            let [low, high] = p.uncertainty.level_m;
            let [floor_low, floor_high] = p.uncertainty.floor_m;
            let source = |l: Language| {
                let conventional = l.pick("intervalles conventionnels", "conventional intervals");
                p.uncertainty.source.clone().unwrap_or_else(|| conventional.to_owned())
            };
            told.push(Text::new(
                format!("Incertitude : {} tirages (hypercube latin), niveaux {} à {} m ensemble, planchers {} à {} m un à un, valeurs dans leur intervalle ; {}.", p.uncertainty.draws, n(fr, low, 2), n(fr, high, 2), n(fr, floor_low, 2), n(fr, floor_high, 2), source(fr)),
                format!("Uncertainty: {} draws (Latin hypercube), levels {} to {} m together, floors {} to {} m one by one, values within their interval; {}.", p.uncertainty.draws, n(en, low, 2), n(en, high, 2), n(en, floor_low, 2), n(en, floor_high, 2), source(en)),
            ));
        }
        told.push(Text::new(
            format!("Une route est coupée au-delà de {} m d'eau ; accès par le plus court chemin en temps.", n(fr, p.access.cut_depth_m, 2)),
            format!("A road is cut above {} m of water; access by the way of the shortest time.", n(en, p.access.cut_depth_m, 2)),
        ));
        told
    }

    pub(crate) fn warnings(&self) -> Vec<Text> {
        let mut warnings = Vec::new();
        if !self.valued.without.is_empty() {
            let told = |l: Language| {
                let one = |(use_1, count): (&String, &usize)| {
                    format!("{use_1} {}", l.number(*count as f64, 0))
                };
                self.valued.without.iter().map(one).collect::<Vec<_>>().join(", ")
            };
            warnings.push(Text::new(
                format!("Bâtiments dans l'eau dont le dommage n'est pas évalué, faute de fonction ou de valeur : {}. Donner damage.values ou une table damage.functions.", told(Language::Fr)),
                format!("Buildings in the water whose damage is not told, for want of a function or value: {}. Give damage.values or a table damage.functions.", told(Language::En)),
            ));
        }
        if self.water.duration_h.is_none()
            && self.table.functions.iter().any(|f| f.longest_h.is_some())
        {
            warnings.push(Text::new(
                "Le calcul lu ne donne pas de durée : les fonctions de longue durée s'appliquent.",
                "The run read gives no duration: the functions of long floods apply.",
            ));
        }
        warnings
    }
}
