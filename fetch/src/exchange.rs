//! One request and its answer: which bytes are asked for, what came, why it failed, where a redirect may
//! lead.

use std::ops::Range;
use std::time::Duration;

use twin_core::{Error, Result};

/// Why an attempt failed.
pub(crate) enum Failure {
    /// No connection to the host.
    Unreached(String),
    /// It may succeed later, after this long at least.
    Later(Option<Duration>, String),
    /// It was interrupted after more had come than before.
    Interrupted,
    /// The range lies beyond the file.
    BeyondEnd,
    /// There is no such file.
    Absent,
    /// It will not.
    Final(Error),
}

/// Errors of our own side.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Bytes that are asked for: from a place, to another or to the end.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
}

impl From<u64> for Span {
    fn from(from: u64) -> Self {
        Self { from, to: None }
    }
}

impl From<Range<u64>> for Span {
    fn from(range: Range<u64>) -> Self {
        Self { from: range.start, to: Some(range.end) }
    }
}

impl Span {
    /// As the header of a request says it.
    pub(crate) fn header(&self) -> String {
        // The last byte counts as asked for.
        let last = self.to.map_or_else(String::new, |to| to.saturating_sub(1).to_string());
        format!("bytes={}-{last}", self.from)
    }
}

/// An answer whose body is not read yet.
pub(crate) struct Answer {
    pub(crate) body: ureq::Body,
    pub(crate) status: u16,
    /// Length of the body.
    pub(crate) length: Option<u64>,
    /// Length of the whole file, of which the body may be a part.
    pub(crate) total: Option<u64>,
    /// Where that part begins.
    pub(crate) start: Option<u64>,
    pub(crate) tag: Option<String>,
}

pub(crate) fn given_up(url: &str, host: &str, why: &str, tries: u32) -> Error {
    // Without its query an address is short enough to be read.
    let place = url.split(['?', '#']).next().unwrap_or(url);
    Error::input(
        place,
        format!(
            "{host} n'a pas répondu comme il faut ({why}), essais : {tries} ; vérifier la connexion, le mandataire (HTTPS_PROXY) et relancer : ce qui est déjà là est gardé"
        ),
        format!(
            "{host} did not answer as it should ({why}), attempts: {tries}; check the connection and the proxy (HTTPS_PROXY) and call again: what is there is kept"
        ),
    )
}

pub(crate) fn refused(url: &str, status: u16, told: &str) -> Error {
    let told = if told.is_empty() { String::new() } else { format!(" (« {told} »)") };
    Error::input(
        url,
        format!(
            "le service répond HTTP {status}{told} ; la couche ou le fichier a pu changer de nom"
        ),
        format!(
            "the service answers HTTP {status}{told}; the layer or file may have another name now"
        ),
    )
}

/// Why a request got no answer.
pub(crate) fn failed_call(error: ureq::Error) -> Failure {
    use std::io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
    };
    let told = error.to_string();
    let is_unreached = match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => true,
        // What is left over are names without an address, refused connections, networks that are down.
        ureq::Error::Io(io) => {
            ![BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock]
                .contains(&io.kind())
        }
        _ => false,
    };
    match is_unreached {
        true => Failure::Unreached(told),
        false => Failure::Later(None, told),
    }
}

/// First byte and length of the whole by a header such as `bytes 100-199/5000`.
pub(crate) fn content_range(text: &str) -> (Option<u64>, Option<u64>) {
    let (range, total) = text.rsplit_once('/').unwrap_or((text, ""));
    let start = range.trim_start_matches("bytes").trim().split('-').next();
    (start.and_then(|s| s.parse().ok()), total.trim().parse().ok())
}

/// Where a redirect leads: within the same host, or to the same over an encrypted connection.
pub(crate) fn redirected(from: &str, to: &str) -> Result<String> {
    if to.starts_with('/') && !to.starts_with("//") {
        let origin_end = from.find("://").and_then(|i| from[i + 3..].find('/').map(|j| i + 3 + j));
        return Ok(format!("{}{to}", &from[..origin_end.unwrap_or(from.len())]));
    }
    let is_web = to.starts_with("https://") || to.starts_with("http://");
    let is_safe = !(from.starts_with("https://") && to.starts_with("http://"));
    if is_web && is_safe && host_of(from) == host_of(to) {
        return Ok(to.to_owned());
    }
    Err(Error::input(
        from,
        format!(
            "le service renvoie vers un autre hôte ({}), ce qui n'est pas suivi ; donner son adresse par --base-url si elle est voulue",
            host_of(to)
        ),
        format!(
            "the service redirects to another host ({}), which is not followed; give its address with --base-url if it is meant",
            host_of(to)
        ),
    ))
}

/// The host of an address.
pub(crate) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default().to_owned()
}

pub(crate) fn refuse_length(url: &str, total: Option<u64>, most: u64) -> Result<()> {
    match total {
        Some(total) if total > most => Err(too_long(url, most)),
        _ => Ok(()),
    }
}

pub(crate) fn too_long(url: &str, most: u64) -> Error {
    let megabytes = most / 1_000_000;
    Error::input(
        url,
        format!("réponse de plus de {megabytes} Mo, refusée : ce n'est pas ce qui a été demandé"),
        format!("answer of more than {megabytes} MB, refused: it is not what was asked for"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_services_write_them() {
        assert_eq!(content_range("bytes 100-199/5000"), (Some(100), Some(5000)));
        assert_eq!(content_range("bytes 0-9/*"), (Some(0), None));
        assert_eq!(content_range("items 0-1/3"), (None, Some(3)));
        assert_eq!(content_range(""), (None, None));
    }

    #[test]
    fn redirects_stay_on_their_host_and_never_lose_encryption() {
        let from = "https://a.example/x/y?z=1";
        assert_eq!(redirected(from, "/b").unwrap(), "https://a.example/b");
        assert_eq!(redirected(from, "https://a.example/c").unwrap(), "https://a.example/c");
        for to in
            ["https://b.example/", "http://a.example/", "file:///etc/passwd", "//b.example/x", ""]
        {
            assert!(redirected(from, to).is_err(), "{to}");
        }
    }
}
