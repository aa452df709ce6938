//! Parameters and soils → the model of infiltration of every cell.

use std::collections::BTreeMap;

use twin_core::language::Text;
use twin_core::spatial::Grid;
use twin_core::territory::{LandCover, SurfaceProperties, TerritoryView};
use twin_core::{Error, Language, Result};

use crate::infiltration::{CurveNumber, GreenAmpt, Horton, Infiltration, Moisture, SoilLayer};
use crate::parameters::{InfiltrationModel, InfiltrationParameters, Parameters, Soil};
use crate::setup::{place, within};
use crate::soil::{SoilGroup, Texture};
use crate::soils::{Soils, Stated};

/// The model of infiltration of each cell, and the share of it that is pervious.
pub(crate) fn of_cells(
    view: &TerritoryView,
    parameters: &Parameters,
    cover: &Grid<LandCover>,
    hypotheses: &mut Vec<Text>,
    warnings: &mut Vec<Text>,
) -> Result<(Vec<u16>, Vec<Infiltration>, Vec<f32>)> {
    let spec = cover.spec;
    let model = parameters.infiltration.model;
    let needs_soil = !matches!(model, InfiltrationModel::None | InfiltrationModel::Constant);
    let stated = Stated {
        everywhere: parameters.soil.as_ref(),
        map: parameters.soil_map.as_ref(),
        zones: &parameters.soils,
    };
    let soils = Soils::new(view, stated)?;
    if needs_soil {
        warnings.extend(soils.unstated());
    }
    let layered = soils.known.iter().find(|(_, s)| s.crust.is_some() || s.subsoil.is_some());
    if let Some((key, _)) = layered
        && model != InfiltrationModel::GreenAmpt
    {
        return Err(Error::input(
            place(key),
            "crust et subsoil ne sont lus que par le modèle de Green et Ampt ; les ôter ou changer de modèle",
            "crust and subsoil are read by the model of Green and Ampt only; take them out or change the model",
        ));
    }
    let unknown = cover.values.iter().filter(|c| **c == LandCover::Unknown).count();
    let share = 100.0 * unknown as f64 / spec.len().max(1) as f64;
    if share > 1.0 {
        let n = |l: Language| l.number(share, 0);
        warnings.push(Text::new(
            format!("Sur {} % du territoire l'occupation du sol est inconnue : sol perméable et frottement d'une herbe courte supposés ; ajouter OCS GE ou BD TOPO.", n(Language::Fr)),
            format!("On {} % of the territory the land cover is unknown: pervious soil and the friction of short grass assumed; add OCS GE or BD TOPO.", n(Language::En)),
        ));
    }
    let impervious = SurfaceProperties::built_in()?.property("impervious_fraction")?.lookup();
    let is_curve = model == InfiltrationModel::CurveNumber;
    // Curve numbers of sealed covers hold their imperviousness; unknown cover counts as pervious.
    let pervious_share = |cover: LandCover| {
        let share = impervious[usize::from(cover.value())];
        if is_curve || !share.is_finite() { 1.0 } else { 1.0 - share }
    };
    let known = view.mean_by_land_cover(pervious_share)?;
    let pervious = known.values.iter().map(|p| if p.is_finite() { *p } else { 1.0 }).collect();
    let mut models = Vec::new();
    let mut known: BTreeMap<(usize, u8), u16> = BTreeMap::new();
    let mut model_of = Vec::with_capacity(spec.len());
    for (&soil, &cover) in soils.of_cell.values.iter().zip(&cover.values) {
        let key = (soil, if is_curve { cover.value() } else { 0 });
        let number = match known.get(&key) {
            Some(&number) => number,
            None => {
                let (place, soil) = &soils.known[soil];
                models.push(infiltration(parameters, soil, cover, place)?);
                let number = (models.len() - 1) as u16;
                known.insert(key, number);
                number
            }
        };
        model_of.push(number);
    }
    hypotheses.push(infiltration_told(parameters));
    if layered.is_some() {
        hypotheses.push(Text::new(
            "Des sols ont deux couches (croûte de battance ou sous-sol), selon les paramètres.",
            "Some soils have two layers (crust or subsoil), by the parameters.",
        ));
    }
    Ok((model_of, models, pervious))
}

/// The model of a soil under a cover.
fn infiltration(
    parameters: &Parameters,
    soil: &Soil,
    cover: LandCover,
    key: &str,
) -> Result<Infiltration> {
    let settings = &parameters.infiltration;
    let group = soil.group.or(soil.texture.map(|t| t.hydraulics().group));
    let needed_group = || -> Result<SoilGroup> {
        group.ok_or_else(|| {
            Error::input(place(key), "donner texture ou group", "give texture or group")
        })
    };
    Ok(match settings.model {
        InfiltrationModel::None => Infiltration::None,
        InfiltrationModel::Constant => {
            let rate =
                settings.rate_mm_per_h.filter(|r| r.is_finite() && *r >= 0.0).ok_or_else(|| {
                    Error::input(
                        place("infiltration.rate_mm_per_h"),
                        "le modèle constant demande une vitesse positive en mm/h",
                        "the constant model needs a rate in mm/h that is not negative",
                    )
                })?;
            Infiltration::Constant(rate * 1e-3 / 3600.0)
        }
        InfiltrationModel::GreenAmpt => Infiltration::GreenAmpt(green_ampt(settings, soil, key)?),
        InfiltrationModel::Horton => {
            let [first, last, decay] = needed_group()?.horton();
            let recovery = settings.recovery_per_day / 86_400.0;
            let rate = |mm_per_h: f64| mm_per_h * 1e-3 / 3600.0;
            Infiltration::Horton(Horton::new(rate(first), rate(last), decay / 3600.0, recovery)?)
        }
        InfiltrationModel::CurveNumber => {
            let property = needed_group()?.curve_number_property();
            let number = SurfaceProperties::built_in()?.property(property)?.get(cover);
            // Where the cover is not known, as on grass.
            let grass = SurfaceProperties::built_in()?.property(property)?.get(LandCover::Grass);
            let number = number.or(grass).unwrap_or(100.0);
            let curve = CurveNumber::new(number, settings.moisture, settings.initial_abstraction)?;
            Infiltration::CurveNumber(curve)
        }
    })
}

/// The front of Green and Ampt in a soil of one layer or two.
fn green_ampt(settings: &InfiltrationParameters, soil: &Soil, key: &str) -> Result<GreenAmpt> {
    let saturation = settings.initial_saturation;
    if !(0.0..=1.0).contains(&saturation) {
        return Err(Error::input(
            place("infiltration.initial_saturation"),
            format!("{saturation} ; une part des pores, de 0 à 1"),
            format!("{saturation}; a share of the pores, 0 to 1"),
        ));
    }
    let Some(texture) = soil.texture else {
        return Err(Error::input(
            place(key),
            match soil.conductivity_mm_per_h.zip(soil.suction_mm) {
                Some(_) => "donner aussi texture, dont vient la porosité",
                None => "le modèle de Green et Ampt demande texture",
            },
            "the model of Green and Ampt needs texture",
        ));
    };
    let layer = |texture: Texture, conductivity: Option<f64>, suction: Option<f64>, key: &str| {
        let table = texture.hydraulics();
        let most = [0.0, 10_000.0];
        let conductivity = conductivity.unwrap_or(table.conductivity_mm_per_h);
        let conductivity = within(conductivity, most, &format!("{key}.conductivity_mm_per_h"))?;
        let suction = suction.unwrap_or(table.suction_mm);
        Ok::<_, Error>(SoilLayer {
            conductivity_m_per_s: conductivity * 1e-3 / 3600.0,
            suction_m: 1e-3 * within(suction, most, &format!("{key}.suction_mm"))?,
            deficit: (1.0 - saturation) * table.effective_porosity,
        })
    };
    let body = layer(texture, soil.conductivity_mm_per_h, soil.suction_mm, key)?;
    match (&soil.crust, &soil.subsoil) {
        (Some(crust), _) => {
            if crust.conductivity_mm_per_h * 1e-3 / 3600.0 > body.conductivity_m_per_s {
                return Err(Error::input(
                    place(&format!("{key}.crust.conductivity_mm_per_h")),
                    "la croûte conduit mieux que le sol qu'elle couvre ; donner une conductivité plus faible",
                    "the crust conducts better than the soil below it; give a lower conductivity",
                ));
            }
            let conductivity_m_per_s = crust.conductivity_mm_per_h * 1e-3 / 3600.0;
            let upper = SoilLayer { conductivity_m_per_s, ..body };
            GreenAmpt::layered(upper, 1e-3 * crust.thickness_mm, body)
        }
        (None, Some(below)) => {
            let key = format!("{key}.subsoil");
            let lower = layer(below.texture, below.conductivity_mm_per_h, below.suction_mm, &key)?;
            GreenAmpt::layered(body, 1e-2 * below.depth_cm, lower)
        }
        (None, None) => GreenAmpt::new(body),
    }
}

fn infiltration_told(parameters: &Parameters) -> Text {
    let settings = &parameters.infiltration;
    let n = |l: Language, v: f64, d| l.number(v, d);
    let (fr, en) = (Language::Fr, Language::En);
    match settings.model {
        InfiltrationModel::None => Text::new("Aucune infiltration.", "No infiltration."),
        InfiltrationModel::Constant => {
            let rate = settings.rate_mm_per_h.unwrap_or(0.0);
            Text::new(
                format!("Infiltration de {} mm/h au plus sur le sol perméable.", n(fr, rate, 1)),
                format!("Infiltration of {} mm/h at most on pervious ground.", n(en, rate, 1)),
            )
        }
        InfiltrationModel::GreenAmpt => Text::new(
            format!(
                "Infiltration de Green et Ampt selon la texture du sol (Rawls et al. 1983), pores remplis à {} % au début ; nulle sur les surfaces imperméables.",
                n(fr, 100.0 * settings.initial_saturation, 0)
            ),
            format!(
                "Infiltration of Green and Ampt by soil texture (Rawls et al. 1983), pores filled to {} % at the start; none on sealed surfaces.",
                n(en, 100.0 * settings.initial_saturation, 0)
            ),
        ),
        InfiltrationModel::Horton => Text::new(
            "Infiltration de Horton selon le groupe hydrologique du sol ; nulle sur les surfaces imperméables.",
            "Infiltration of Horton by hydrologic soil group; none on sealed surfaces.",
        ),
        InfiltrationModel::CurveNumber => {
            let (fr, en) = match settings.moisture {
                Moisture::Dry => ("sec (I)", "dry (I)"),
                Moisture::Average => ("moyen (II)", "average (II)"),
                Moisture::Wet => ("humide (III)", "wet (III)"),
            };
            Text::new(
                format!(
                    "Rétention de la pluie par curve number (SCS), selon le groupe hydrologique (à défaut, celui de la texture) et l'occupation du sol, état antérieur {fr} ; l'eau qui ruisselle ne s'infiltre plus."
                ),
                format!(
                    "Retention of rain by curve number (SCS), by hydrologic group (else that of the texture) and land cover, antecedent moisture {en}; water that runs off enters no more."
                ),
            )
        }
    }
}
