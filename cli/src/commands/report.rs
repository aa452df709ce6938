//! `twin report`: the report of a study or run, on paper too.
//!
//! The page is laid out once, as HTML with styles for printing; a browser of the machine makes the PDF
//! of it. Every planner's Windows has Edge; Debian has `chromium`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use twin_core::results::FinishedRun;
use twin_core::simulation::Registry;
use twin_core::{Error, Result};

use super::study;
use crate::arguments::Paper;
use crate::console::Console;

/// Variable that names the browser.
const BROWSER: &str = "TWIN_BROWSER";
/// Names under which systems have browsers that print.
const BROWSERS: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "chrome"];
/// Where they stand without being on the path.
const PLACES: [&str; 5] = [
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];

/// Writes the report of a study again, or takes that of a run, and prints it where asked.
pub(crate) fn report(
    path: PathBuf,
    paper: Option<Paper>,
    registry: &Registry,
    console: &Arc<Console>,
) -> Result<()> {
    let html = if FinishedRun::is_one(&path) {
        path.join("report.html")
    } else {
        study::report_again(&study::Request::of(path), registry, console)?
    };
    let told = html.display();
    console.say(&format!("Rapport : {told}"), &format!("Report: {told}"));
    if let Some(paper) = paper {
        let pdf = html.with_extension("pdf");
        print(&html, &pdf, paper)?;
        let told = pdf.display();
        console.say(&format!("PDF : {told}"), &format!("PDF: {told}"));
    }
    Ok(())
}

/// Prints a page to a PDF file.
fn print(html: &Path, pdf: &Path, paper: Paper) -> Result<()> {
    let browser = browser().ok_or_else(|| {
        Error::input(
            "--pdf",
            format!("aucun navigateur pour imprimer (Chromium, Chrome ou Edge) ; en installer un, le nommer par {BROWSER}, ou imprimer {} à la main", html.display()),
            format!("no browser to print with (Chromium, Chrome or Edge); install one, name it in {BROWSER}, or print {} by hand", html.display()),
        )
    })?;
    let folder = tempfile::tempdir().map_err(Error::write(pdf))?;
    // The size of the page is the style's; the copy that is printed says which.
    let size = match paper {
        Paper::A4 => "A4",
        Paper::A3 => "A3",
    };
    let text = std::fs::read_to_string(html).map_err(Error::read(html))?;
    let sized = text.replace("@page { size: A4;", &format!("@page {{ size: {size};"));
    let copy = folder.path().join("rapport.html");
    std::fs::write(&copy, sized).map_err(Error::write(&copy))?;
    let made = folder.path().join("rapport.pdf");
    let status = Command::new(&browser)
        .args(["--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", made.display()))
        .arg(&copy)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let failed = || {
        let browser = browser.display();
        Error::input(
            pdf.display().to_string(),
            format!(
                "le navigateur {browser} n'a pas pu imprimer ; ouvrir {} et l'imprimer à la main",
                html.display()
            ),
            format!(
                "the browser {browser} could not print; open {} and print it by hand",
                html.display()
            ),
        )
    };
    if !status.is_ok_and(|s| s.success()) {
        return Err(failed());
    }
    let bytes = std::fs::read(&made).map_err(|_| failed())?;
    twin_core::results::write_atomically(pdf, &bytes)
}

/// A browser that can print without a window.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(BROWSER) {
        return Some(PathBuf::from(named)).filter(|p| p.is_file());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let suffix = std::env::consts::EXE_SUFFIX;
    let on_path = std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.map(|name| folder.join(format!("{name}{suffix}"))));
    on_path.chain(PLACES.map(PathBuf::from)).find(|p| p.is_file())
}
