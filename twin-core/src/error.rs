//! The one error type of the crate: typed fields, a stable code, and a sentence in both languages
//! that says what happened, where, and what to do.

use std::path::{Path, PathBuf};

use crate::Language;
use crate::language::Text;

/// Result of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. `Display` is the English sentence; [`Error::text`] gives either language.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read a file or folder.
    #[error("{}", self.text(Language::En))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason given by the system.
        source: std::io::Error,
    },
    /// The operating system refused to write a file or folder.
    #[error("{}", self.text(Language::En))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason given by the system.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}", self.text(Language::En))]
    File {
        /// The file.
        path: PathBuf,
        /// Where in it: a layer, a line, a feature, a field, a byte offset. Empty: the whole file.
        place: Text,
        /// What is wrong with it.
        problem: Box<FileProblem>,
    },
    /// A coordinate reference system is unknown, missing or does not fit.
    #[error("{}", self.text(Language::En))]
    Crs {
        /// What was given, as written by the user or the file.
        given: String,
        /// What to do.
        mend: Text,
    },
    /// A value given by the user (territory, scenario or parameters) cannot be used.
    #[error("{}", self.text(Language::En))]
    Input {
        /// Where: a file with a key path, such as `crue.toml: runs.crue.parameters.inflow`.
        place: String,
        /// What is wrong and what to do, one or two sentences.
        problem: Text,
    },
    /// A simulation stopped for a reason of its own.
    #[error("{}", self.text(Language::En))]
    Simulation {
        /// Identifier of the plugin.
        plugin: String,
        /// What is wrong and what to do.
        problem: Text,
    },
    /// The user asked to stop; what was finished is kept.
    #[error("{}", self.text(Language::En))]
    Cancelled,
}

/// What can be wrong with a file, in the vocabulary that all readers share.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FileProblem {
    /// Zero bytes.
    Empty,
    /// Not of the expected format at all.
    NotThisFormat {
        /// Name of the expected format.
        expected: &'static str,
    },
    /// The file ends too early, or declares more than it holds.
    Truncated {
        /// What is missing, with numbers where known.
        detail: Text,
    },
    /// A value contradicts the format or another value.
    Damaged {
        /// The contradiction.
        detail: Text,
    },
    /// Right by the format but not handled here.
    Unsupported {
        /// The feature that is not handled.
        detail: Text,
    },
    /// A companion file is missing (`.dbf`, `.prj`, `.shx` …).
    MissingCompanion {
        /// Extension of the missing file, without dot.
        extension: &'static str,
    },
    /// A layer, variable or table is missing.
    MissingLayer {
        /// The one asked for.
        name: String,
        /// Those that are there.
        available: Vec<String>,
    },
    /// A field is missing.
    MissingField {
        /// The one asked for.
        name: String,
        /// Those that are there.
        available: Vec<String>,
    },
    /// The file states no coordinate reference system and none was given.
    MissingCrs,
    /// A number that must be finite is not.
    NotFinite {
        /// Which number.
        what: Text,
    },
}

impl FileProblem {
    /// [`Self::Truncated`], with what is missing in both languages.
    pub fn truncated(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Truncated { detail: Text::new(fr, en) }
    }

    /// [`Self::Damaged`], with the contradiction in both languages.
    pub fn damaged(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Damaged { detail: Text::new(fr, en) }
    }

    /// [`Self::Damaged`] in the words of a library.
    pub fn undecodable(cause: impl std::fmt::Display) -> Self {
        Self::Damaged { detail: Text::technical(cause) }
    }

    /// What is wrong with a JSON text, in the words of the library.
    pub fn json(error: &serde_json::Error) -> Self {
        let detail = Text::technical(error);
        if error.is_eof() { Self::Truncated { detail } } else { Self::Damaged { detail } }
    }

    /// [`Self::Unsupported`], with the feature in both languages.
    pub fn unsupported(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Unsupported { detail: Text::new(fr, en) }
    }

    /// Stable code of the problem, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::NotThisFormat { .. } => "file.format",
            Self::Truncated { .. } => "file.truncated",
            Self::Damaged { .. } => "file.damaged",
            Self::Unsupported { .. } => "file.unsupported",
            Self::MissingCompanion { .. } => "file.companion",
            Self::MissingLayer { .. } => "file.layer",
            Self::MissingField { .. } => "file.field",
            Self::MissingCrs => "file.crs",
            Self::NotFinite { .. } => "file.not-finite",
        }
    }

    /// The problem and its mend, without the file's name.
    pub fn text(&self, language: Language) -> String {
        let list = |names: &[String]| {
            if names.is_empty() {
                language.pick("aucun", "none").to_owned()
            } else {
                names.join(", ")
            }
        };
        match (self, language) {
            (Self::Empty, Language::Fr) => "fichier vide ; le télécharger à nouveau".into(),
            (Self::Empty, Language::En) => "the file is empty; download it again".into(),
            (Self::NotThisFormat { expected }, Language::Fr) => {
                format!("ce n'est pas un fichier {expected} ; vérifier le chemin et le produit déclaré")
            }
            (Self::NotThisFormat { expected }, Language::En) => {
                format!("this is not a {expected} file; check the path and the declared product")
            }
            (Self::Truncated { detail }, Language::Fr) => {
                format!("fichier tronqué ({}) ; le télécharger à nouveau", detail.fr)
            }
            (Self::Truncated { detail }, Language::En) => {
                format!("the file is truncated ({}); download it again", detail.en)
            }
            (Self::Damaged { detail }, Language::Fr) => {
                format!("contenu incohérent ({}) ; le corriger ou le télécharger à nouveau", detail.fr)
            }
            (Self::Damaged { detail }, Language::En) => {
                format!("the content is inconsistent ({}); correct it or download it again", detail.en)
            }
            (Self::Unsupported { detail }, Language::Fr) => {
                format!("non pris en charge ({}) ; convertir le fichier", detail.fr)
            }
            (Self::Unsupported { detail }, Language::En) => {
                format!("not supported ({}); convert the file", detail.en)
            }
            (Self::MissingCompanion { extension }, Language::Fr) => {
                format!("le fichier .{extension} manque à côté ; le copier dans le même dossier")
            }
            (Self::MissingCompanion { extension }, Language::En) => {
                format!("the .{extension} file beside it is missing; copy it to the same folder")
            }
            (Self::MissingLayer { name, available }, Language::Fr) => {
                format!("la couche « {name} » manque ; présentes : {}", list(available))
            }
            (Self::MissingLayer { name, available }, Language::En) => {
                format!("layer \"{name}\" is missing; available: {}", list(available))
            }
            (Self::MissingField { name, available }, Language::Fr) => {
                format!("le champ « {name} » manque ; présents : {}", list(available))
            }
            (Self::MissingField { name, available }, Language::En) => {
                format!("field \"{name}\" is missing; available: {}", list(available))
            }
            (Self::MissingCrs, Language::Fr) => {
                "aucun système de coordonnées déclaré ; l'indiquer par crs = \"EPSG:…\" dans le fichier de territoire".into()
            }
            (Self::MissingCrs, Language::En) => {
                "no coordinate reference system is declared; state it with crs = \"EPSG:…\" in the territory file".into()
            }
            (Self::NotFinite { what }, Language::Fr) => {
                format!("{} n'est pas un nombre fini ; corriger la source", what.fr)
            }
            (Self::NotFinite { what }, Language::En) => {
                format!("{} is not a finite number; correct the source", what.en)
            }
        }
    }
}

impl Error {
    /// A reading error, to be used as `map_err(Error::read(path))`.
    pub fn read(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Read { path, source }
    }

    /// A writing error, to be used as `map_err(Error::write(path))`.
    pub fn write(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Write { path, source }
    }

    /// A problem of a whole file.
    pub fn file(path: impl AsRef<Path>, problem: FileProblem) -> Self {
        Self::file_at(path, "", problem)
    }

    /// A problem at a place of a file: a layer, a line, a feature, a field.
    pub fn file_at(path: impl AsRef<Path>, place: impl Into<Text>, problem: FileProblem) -> Self {
        Self::File {
            path: path.as_ref().to_path_buf(),
            place: place.into(),
            problem: Box::new(problem),
        }
    }

    /// A user's value that cannot be used, with the sentence in both languages.
    pub fn input(place: impl Into<String>, fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Input { place: place.into(), problem: Text::new(fr, en) }
    }

    /// A simulation that stopped for a reason of its own.
    pub fn simulation(
        plugin: impl Into<String>,
        fr: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::Simulation { plugin: plugin.into(), problem: Text::new(fr, en) }
    }

    /// Stable code, for scripts and catalogues.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "io.read",
            Self::Write { .. } => "io.write",
            Self::File { problem, .. } => problem.code(),
            Self::Crs { .. } => "crs",
            Self::Input { .. } => "input",
            Self::Simulation { .. } => "simulation",
            Self::Cancelled => "cancelled",
        }
    }

    /// The sentence in the given language.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Read { path, source } => match language {
                Language::Fr => format!(
                    "{} : lecture impossible ({}) ; vérifier le chemin et les droits",
                    path.display(),
                    reason_fr(source)
                ),
                Language::En => format!(
                    "{}: cannot be read ({source}); check the path and the permissions",
                    path.display()
                ),
            },
            Self::Write { path, source } => match language {
                Language::Fr => format!(
                    "{} : écriture impossible ({}) ; vérifier l'espace libre et les droits",
                    path.display(),
                    reason_fr(source)
                ),
                Language::En => format!(
                    "{}: cannot be written ({source}); check the free space and the permissions",
                    path.display()
                ),
            },
            Self::File { path, place, problem } => {
                let colon = language.pick(" : ", ": ");
                let place = match place.get(language) {
                    "" => String::new(),
                    place => format!(" [{place}]"),
                };
                format!("{}{place}{colon}{}", path.display(), problem.text(language))
            }
            Self::Crs { given, mend } => match language {
                Language::Fr => {
                    format!("système de coordonnées « {given} » inutilisable ; {}", mend.fr)
                }
                Language::En => {
                    format!("coordinate reference system \"{given}\" cannot be used; {}", mend.en)
                }
            },
            Self::Input { place, problem } => {
                format!("{place}{}{}", language.pick(" : ", ": "), problem.get(language))
            }
            Self::Simulation { plugin, problem } => {
                format!("{plugin}{}{}", language.pick(" : ", ": "), problem.get(language))
            }
            Self::Cancelled => language
                .pick(
                    "arrêt demandé ; ce qui est terminé est conservé : relancer la même commande (twin run avec --resume)",
                    "stopped on request; what was finished is kept: give the same command again (twin run with --resume)",
                )
                .to_owned(),
        }
    }
}

/// The common refusals of the operating system in French; it speaks English to programs.
fn reason_fr(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "introuvable".into(),
        Kind::PermissionDenied => "accès refusé".into(),
        Kind::AlreadyExists => "existe déjà".into(),
        Kind::NotADirectory => "un dossier du chemin est un fichier".into(),
        Kind::IsADirectory => "c'est un dossier".into(),
        Kind::StorageFull => "disque plein".into(),
        Kind::ReadOnlyFilesystem => "système de fichiers en lecture seule".into(),
        Kind::UnexpectedEof => "le fichier finit trop tôt".into(),
        Kind::InvalidData => "le texte n'est pas en UTF-8".into(),
        _ => Text::technical(error).fr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_and_detail_follow_the_language() {
        let problem = FileProblem::truncated("3 points lisibles sur 9", "3 of 9 points");
        let error = Error::file_at("a.laz", Text::line(7), problem);
        assert_eq!(
            error.text(Language::Fr),
            "a.laz [ligne 7] : fichier tronqué (3 points lisibles sur 9) ; le télécharger à nouveau"
        );
        assert_eq!(
            error.to_string(),
            "a.laz [line 7]: the file is truncated (3 of 9 points); download it again"
        );
    }

    #[test]
    fn the_words_of_a_library_are_told_apart() {
        let error = Error::file("a.gpkg", FileProblem::undecodable("disk image is malformed"));
        assert!(error.text(Language::Fr).contains("(détail technique : disk image is malformed)"));
        assert!(error.to_string().contains("(technical detail: disk image is malformed)"));
        let error = Error::write("a.h5")(std::io::Error::other("no space in superblock"));
        assert!(error.text(Language::Fr).contains("(détail technique : no space in superblock)"));
    }
}
