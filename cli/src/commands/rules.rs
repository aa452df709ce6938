//! `twin rules`: planning rules as a file.

use std::path::Path;

use twin_core::results::write_atomically;
use twin_core::territory::Territory;
use twin_core::{Error, Language, Result};
use twin_elevation_potential::rules::{RuleFile, template};

use crate::arguments::RulesAction;

/// Writes or checks a rule file.
pub(crate) fn rules(action: &RulesAction, language: Language) -> Result<()> {
    match action {
        RulesAction::New { territory, out } => {
            let out = out.clone().unwrap_or_else(|| territory.with_extension("regles.toml"));
            new(territory, &out, language)
        }
        RulesAction::Check { file } => {
            let rules = RuleFile::read(file)?;
            let zones = rules.zones.len();
            let said = language.pick("zone(s), sans erreur", "zone(s), no error");
            println!("{} : {zones} {said}", rules.document);
            for (code, zone) in &rules.zones {
                let missing = zone.not_keyed();
                if !missing.is_empty() {
                    let said = language.pick("non saisies", "not keyed");
                    println!("{code} : {said} : {}", missing.join(", "));
                }
            }
            Ok(())
        }
    }
}

fn new(territory: &Path, out: &Path, language: Language) -> Result<()> {
    let territory = Territory::open(territory)?;
    if out.exists() {
        return Err(Error::input(
            out.display().to_string(),
            "ce fichier existe ; le renommer ou choisir un autre nom (--out)",
            "this file exists; rename it or choose another name (--out)",
        ));
    }
    let name = &territory.manifest().name;
    let text = template(&format!("PLU de {name}"), &territory.features().zones);
    write_atomically(out, text.as_bytes())?;
    println!("{} : {}", language.pick("Écrit", "Written"), out.display());
    Ok(())
}
