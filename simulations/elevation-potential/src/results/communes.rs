//! Which commune a building stands in.

use std::collections::BTreeMap;

use twin_core::language::Text;
use twin_core::territory::Commune;

use super::Found;
use crate::nearby::Nearby;
use crate::potential::Potential;

/// A commune by its INSEE code; none where it is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) code: String,
    pub(super) name: Option<String>,
}

impl Named {
    pub(super) fn label(&self) -> Text {
        match &self.name {
            Some(name) => format!("{name} ({})", self.code).into(),
            None if self.code.is_empty() => Text::new("Commune inconnue", "Commune not known"),
            None => self.code.clone().into(),
        }
    }
}

impl Found<'_> {
    /// The buildings that count by commune: that whose area holds the middle of the building, else that of its
    /// parcel; no code where neither is known.
    pub(super) fn by_commune(&self) -> BTreeMap<Named, Vec<&Potential>> {
        let features = self.view.features();
        let areas = Nearby::new(
            features
                .communes
                .iter()
                .filter_map(|commune| Some((commune.geometry.extent()?, commune))),
        );
        let names: BTreeMap<&str, &str> = features
            .communes
            .iter()
            .filter_map(|c| Some((c.insee.as_ref()?.as_str(), c.name.as_deref()?)))
            .collect();
        let mut found: BTreeMap<Named, Vec<&Potential>> = BTreeMap::new();
        for potential in self.counted() {
            let extent = &self.study.extents[potential.subject];
            let (x, y) = extent.centre();
            let holds = |c: &&&Commune| c.geometry.polygons().iter().any(|p| p.contains(x, y));
            let of_area = areas
                .reaching(extent)
                .filter(holds)
                .filter_map(|c| Some(c.insee.as_ref()?.as_str()));
            let parcel = self.study.places[potential.subject].parcels.first();
            let of_parcel = parcel.and_then(|k| features.parcels[*k].commune.as_deref());
            let code = of_area.min().or(of_parcel).unwrap_or_default();
            let name = names.get(code).map(|name| (*name).to_owned());
            found.entry(Named { code: code.to_owned(), name }).or_default().push(potential);
        }
        found
    }
}
