//! Regulatory zones: urban-planning documents (PLU) and risk-prevention plans (PPR).

use super::{
    attribute::{Attribute, Unreadable, labels},
    layer::layer,
};
use crate::formats::{FieldKind, Value};

labels! {
    /// Family of a regulatory zone.
    pub enum ZoneKind {
        /// Zone of an urban-planning document.
        UrbanPlanning = "plu-zone",
        /// Prescription of an urban-planning document.
        UrbanPrescription = "plu-prescription",
        /// Hazard zone of a risk-prevention plan.
        Hazard = "ppr-alea",
        /// Regulatory zone of a risk-prevention plan.
        RiskRegulation = "ppr-reglement",
        /// Perimeter of a risk-prevention plan.
        RiskPerimeter = "ppr-perimetre",
        /// Public easement (*servitude d'utilité publique*): `AC1`, `AC2`, `AC4`, `PM1`, `T5` …
        Easement = "servitude",
    }
}

/// A hazard and its level in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HazardLevel {
    /// Code of the GASPAR list: 112 slow flood, 113 fast flood, 114 runoff, 117 sea …
    pub hazard: u32,
    /// Level of the CNIG standard: 0 none, 1 low, 2 moderate, 4 high, 6 very high, 7 very high and
    /// aggravated, 99 other; nothing where the plan does not say.
    pub level: Option<u32>,
}

impl HazardLevel {
    /// Whether the hazard is a flood of any kind: 112 to 117 of the GASPAR list, and its family 11.
    pub fn is_flood(self) -> bool {
        matches!(self.hazard, 11 | 112..=117)
    }

    /// Whether the ground itself may give way: cavities (121, 122), falling blocks (123), landslides (124), shrinking and
    /// swelling clay (127) of the GASPAR list, and their family 12, at a level that is not none.
    pub fn is_ground_movement(self) -> bool {
        matches!(self.hazard, 12 | 121..=124 | 127) && self.level != Some(0)
    }
}

/// Hazards of a zone, written `113:04/124:02`.
impl Attribute for Vec<HazardLevel> {
    const KIND: FieldKind = FieldKind::Text;

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let text = match value {
            Value::Null => return Ok(Vec::new()),
            Value::Text(text) => text,
            _ => return Err(Unreadable),
        };
        text.split('/')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (hazard, level) = part.split_once(':').unwrap_or((part, ""));
                let level = match level {
                    "" => None,
                    digits => Some(digits.parse().map_err(|_| Unreadable)?),
                };
                Ok(HazardLevel { hazard: hazard.parse().map_err(|_| Unreadable)?, level })
            })
            .collect()
    }

    fn to_value(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        let parts: Vec<String> = self
            .iter()
            .map(|h| match h.level {
                Some(level) => format!("{}:{level:02}", h.hazard),
                None => h.hazard.to_string(),
            })
            .collect();
        Value::Text(parts.join("/"))
    }
}

layer! {
    /// A regulatory zone. Only the approved documents have force of law.
    pub struct Zone in "zone_reglementaire" (Any) {
        /// Identifier.
        pub id: String = "identifiant",
        /// Family.
        pub kind: Option<ZoneKind> = "famille",
        /// Short name on the map: `UB2`, `RCs`.
        pub code: Option<String> = "code",
        /// Full name.
        pub label: Option<String> = "libelle",
        /// Type in the standard: `U`, `AUc`, `A`, `N` for a PLU zone, `AC1` … for an easement, the
        /// two-digit code of prescriptions and regulations otherwise.
        pub class: Option<String> = "type",
        /// Subtype of a prescription.
        pub subclass: Option<String> = "sous_type",
        /// Hazards, of a hazard zone.
        pub hazards: Vec<HazardLevel> = "aleas",
        /// Return period of the hazard (years).
        pub return_period_years: Option<f64> = "periode_de_retour_ans",
        /// Identifier of the document or procedure.
        pub document: Option<String> = "document",
        /// File or address of the written rules.
        pub rules: Option<String> = "reglement",
        /// Date of approval.
        pub approved: Option<String> = "date_approbation",
    }
}

impl Zone {
    /// Whether a flood is among its hazards.
    pub fn is_flood_hazard(&self) -> bool {
        self.hazards.iter().any(|h| h.is_flood())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazards_survive_their_column() {
        let hazards = vec![
            HazardLevel { hazard: 113, level: Some(4) },
            HazardLevel { hazard: 33, level: None },
        ];
        assert_eq!(hazards.to_value(), Value::Text("113:04/33".into()));
        assert_eq!(<Vec<HazardLevel>>::from_value(&hazards.to_value()), Ok(hazards));
    }
}
