//! What the program tells while it works: progress on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use twin_core::{Error, Language, Result};

/// Where messages go, and in which language.
pub(crate) struct Console {
    pub(crate) language: Language,
    bar: ProgressBar,
    timings: std::sync::Mutex<Vec<(String, Duration)>>,
}

impl Console {
    pub(crate) fn new(language: Language) -> Arc<Self> {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(
            ProgressStyle::with_template("{msg:32!} {wide_bar} {percent:>3} %")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Arc::new(Self { language, bar, timings: std::sync::Mutex::default() })
    }

    /// One line on standard output.
    pub(crate) fn say(&self, fr: &str, en: &str) {
        self.bar.suspend(|| line(self.language.pick(fr, en)));
    }

    /// Shows how far a piece of work is, 0 to 1.
    pub(crate) fn show(&self, fr: &str, en: &str, fraction: f64) {
        self.bar.set_length(1000);
        self.bar.set_message(self.language.pick(fr, en).to_owned());
        self.bar.set_position((fraction.clamp(0.0, 1.0) * 1000.0) as u64);
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Runs a piece of work and remembers how long it took.
    pub(crate) fn timed<T>(
        &self,
        fr: &str,
        en: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let started = Instant::now();
        let result = work()?;
        if let Ok(mut timings) = self.timings.lock() {
            timings.push((self.language.pick(fr, en).to_owned(), started.elapsed()));
        }
        Ok(result)
    }

    /// Says what took how long.
    pub(crate) fn say_timings(&self) {
        let Ok(timings) = self.timings.lock() else { return };
        let total: Duration = timings.iter().map(|t| t.1).sum();
        let list: Vec<String> = timings
            .iter()
            .map(|(what, time)| format!("{what} {} s", self.language.number(time.as_secs_f64(), 1)))
            .collect();
        let total = self.language.number(total.as_secs_f64(), 1);
        self.say(
            &format!("Durée : {total} s ({})", list.join(", ")),
            &format!("Time: {total} s ({})", list.join(", ")),
        );
    }
}

/// Prints a line; a closed pipe (`twin … | head`) is no error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A flag that Ctrl-C sets.
pub(crate) fn cancellation() -> Result<Arc<AtomicBool>> {
    static FLAG: std::sync::OnceLock<Arc<AtomicBool>> = std::sync::OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(flag.clone());
    }
    let flag = Arc::new(AtomicBool::new(false));
    let seen = flag.clone();
    ctrlc::set_handler(move || seen.store(true, Ordering::Relaxed))
        .map_err(|e| Error::input("Ctrl-C", e.to_string(), e.to_string()))?;
    Ok(FLAG.get_or_init(|| flag).clone())
}
