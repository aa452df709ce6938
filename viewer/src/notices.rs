//! What the window has to say: errors and what was done, one sentence each.

use std::collections::VecDeque;
use std::path::PathBuf;

use bevy::prelude::Resource;
use twin_core::{Error, Language, Result};

/// Sentences kept.
const KEPT: usize = 20;

/// A sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What happened.
    pub(crate) text: String,
    /// Whether something went wrong.
    pub(crate) is_error: bool,
}

/// The sentences that were not dismissed, the latest last.
#[derive(Debug, Default, Resource)]
pub(crate) struct Notices(VecDeque<Notice>);

impl Notices {
    /// Tells what was done, in place of what was done before.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.add(text.into(), false);
    }

    /// Tells what went wrong, once.
    pub(crate) fn error(&mut self, error: &Error, language: Language) {
        self.problem(error.text(language));
    }

    /// Tells what went wrong, once.
    pub(crate) fn problem(&mut self, text: impl Into<String>) {
        self.add(text.into(), true);
    }

    /// Tells which file was written, or what kept it from being written.
    pub(crate) fn wrote(&mut self, file: Result<PathBuf>, language: Language) {
        self.tell(language.pick("Écrit", "Written"), file, language);
    }

    /// Tells what is being written, or what keeps it from being written.
    pub(crate) fn began(&mut self, folder: Result<PathBuf>, language: Language) {
        self.tell(language.pick("En cours", "Being written"), folder, language);
    }

    fn tell(&mut self, what: &str, path: Result<PathBuf>, language: Language) {
        match path {
            Ok(path) => self.say(format!("{what} : {}", path.display())),
            Err(error) => self.error(&error, language),
        }
    }

    fn add(&mut self, text: String, is_error: bool) {
        if !is_error {
            self.0.retain(|notice| notice.is_error);
        }
        let notice = Notice { text, is_error };
        if self.0.back() != Some(&notice) {
            self.0.push_back(notice);
        }
        while self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// The sentences, the latest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.0.iter().rev()
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
