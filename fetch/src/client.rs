//! Requests: the limit of each service, retries, resuming, checks of what comes back.
//!
//! Nothing is trusted: an answer is read up to a stated size whatever its header says, a redirect to
//! another host is not followed, a page of HTML with status 200 is no data, and a file counts once its
//! length is the announced one.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use twin_core::language::Text;
use twin_core::{Error, Result};

use crate::cache::Cache;
use crate::content::{Content, plain_text};
use crate::exchange::{
    Answer, Failure, Span, content_range, failed_call, given_up, host_of, redirected,
    refuse_length, refused, too_long,
};
use crate::services::{Service, Services};

/// Redirects that are followed, within one host.
const MOST_REDIRECTS: usize = 5;
/// Longest wait that a service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// Attempts to reach a host to which no connection is made: a network that is down stays so for a while.
const MOST_CONNECTIONS: u32 = 3;
/// Bytes after which an interrupted download has got on.
const PROGRESS: u64 = 1 << 20;
/// Bytes of a refusal that are read.
const MOST_TOLD: u64 = 400;
/// Bytes read at once.
const BLOCK: usize = 1 << 16;

/// How long and how often to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Attempts for a request.
    pub attempts: u32,
    /// Wait after the first failure; it doubles with each.
    pub first_wait: Duration,
    /// Time for a connection and for the beginning of an answer.
    pub timeout: Duration,
    /// Time without a byte after which an answer counts as broken off.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_secs(1),
            timeout: Duration::from_secs(60),
            idle: Duration::from_secs(60),
        }
    }
}

/// A client of the services.
pub struct Client {
    agent: ureq::Agent,
    patience: Patience,
    services: Services,
    cache: Cache,
    cancelled: Arc<AtomicBool>,
    notices: Mutex<Vec<Text>>,
    /// Hosts to which no connection could be made.
    unreached: Mutex<BTreeSet<String>>,
    next: Mutex<BTreeMap<Service, Instant>>,
    /// Requests by second in place of the services' own, for tests.
    rates: BTreeMap<Service, f64>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// A range of a far file, the length of the whole and its tag.
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) total: u64,
    pub(crate) tag: Option<String>,
}

impl Client {
    /// A client that stops when the flag is set.
    pub fn new(
        services: Services,
        cache: Cache,
        patience: Patience,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(patience.timeout))
            .timeout_recv_response(Some(patience.timeout))
            .timeout_per_read(Some(patience.idle))
            .user_agent(concat!("twin/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            patience,
            services,
            cache,
            cancelled,
            notices: Mutex::default(),
            unreached: Mutex::default(),
            next: Mutex::default(),
            rates: BTreeMap::new(),
        }
    }

    /// With other limits than the services' own, requests by second.
    pub fn with_rate(mut self, service: Service, requests_per_s: f64) -> Self {
        self.rates.insert(service, requests_per_s);
        self
    }

    /// Something that the user should know, once.
    pub(crate) fn notice(&self, notice: Text) {
        if let Ok(mut notices) = self.notices.lock() {
            notices.push(notice);
        }
    }

    /// What was noticed so far.
    pub(crate) fn notices(&self) -> Vec<Text> {
        self.notices.lock().map(|notices| notices.clone()).unwrap_or_default()
    }

    /// Addresses of the services.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Address of a service.
    pub(crate) fn base(&self, service: Service) -> &str {
        self.services.base(service)
    }

    /// Files that several territories share.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// A host to which no connection could be made.
    pub(crate) fn unreached(&self) -> Option<String> {
        self.unreached.lock().ok()?.first().cloned()
    }

    /// Fails once the user asked to stop.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// A short answer, of `most` bytes at most.
    ///
    /// # Errors
    /// The service cannot be reached, answers with an error, or with something else than `content`.
    pub fn get(&self, service: Service, url: &str, content: Content, most: u64) -> Result<Vec<u8>> {
        self.find(service, url, content, most)?.ok_or_else(|| refused(url, 404, ""))
    }

    /// The same; `None` where there is nothing at the address.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn find(
        &self,
        service: Service,
        url: &str,
        content: Content,
        most: u64,
    ) -> Result<Option<Vec<u8>>> {
        self.persist(url, || {
            let mut answer = self.ask(service, url, None)?;
            // Hub'Eau answers its pages with status 206: what counts is the length of the body.
            refuse_length(url, answer.length, most)?;
            let mut bytes = Vec::new();
            let mut reader = answer.body.as_reader();
            self.copy(&mut reader, most, url, |block| {
                bytes.extend_from_slice(block);
                Ok(())
            })?;
            if answer.length.is_some_and(|length| length != bytes.len() as u64) {
                return Err(Failure::Later(None, "answer cut short".to_owned()));
            }
            content.check(url, &bytes)?;
            Ok(bytes)
        })
    }

    /// A range of a file; of the same file as before where its tag is given. `None` where the service
    /// gives no ranges, has another file now, or none.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn range(
        &self,
        service: Service,
        url: &str,
        range: Range<u64>,
        tag: Option<&str>,
    ) -> Result<Option<Piece>> {
        let wanted = range.end - range.start;
        let found = self.persist(url, || {
            let mut answer = self.ask(service, url, Some((range.clone().into(), tag)))?;
            let is_meant = answer.status == 206 && answer.start == Some(range.start);
            let Some(total) = answer.total.filter(|_| is_meant) else { return Ok(None) };
            let expected = wanted.min(total.saturating_sub(range.start));
            let mut bytes = Vec::new();
            self.copy(&mut answer.body.as_reader(), wanted, url, |block| {
                bytes.extend_from_slice(block);
                Ok(())
            })?;
            if bytes.len() as u64 != expected {
                return Err(Failure::Later(None, "range cut short".to_owned()));
            }
            Ok(Some(Piece { bytes, total, tag: answer.tag }))
        })?;
        Ok(found.flatten())
    }

    /// A file, of `most` bytes at most. What an earlier attempt left in `to` with `.part` is gone on with
    /// where the service still has the same file. Gives its bytes; `None` where there is no such file.
    ///
    /// # Errors
    /// As [`Client::get`]; the file cannot be written.
    pub fn download(
        &self,
        service: Service,
        url: &str,
        to: &Path,
        content: Content,
        most: u64,
    ) -> Result<Option<u64>> {
        let part = with_suffix(to, "part");
        let tag_file = with_suffix(to, "part-tag");
        // Further than ever: an answer that begins anew each time does not get on for ever.
        let furthest = Cell::new(fs::metadata(&part).map_or(0, |m| m.len()));
        let gets_on = |length: u64| {
            let is_further = length >= furthest.get() + PROGRESS;
            furthest.set(furthest.get().max(length));
            is_further
        };
        self.persist(url, || {
            let have = fs::metadata(&part).map_or(0, |m| m.len());
            let tag = fs::read_to_string(&tag_file).ok().filter(|_| have > 0);
            let range = tag.as_ref().map(|tag| (Span::from(have), Some(tag.as_str())));
            let range_is_wanted = range.is_some();
            let mut answer = match self.ask(service, url, range) {
                Err(Failure::BeyondEnd) if range_is_wanted => {
                    // All of it was here, or more: an interruption came after the last byte.
                    remove(&part);
                    remove(&tag_file);
                    return Err(Failure::Interrupted);
                }
                answer => answer?,
            };
            refuse_length(url, answer.total, most)?;
            let resumes = answer.status == 206 && range_is_wanted;
            if resumes && answer.start != Some(have) {
                remove(&tag_file);
                return Err(Failure::Later(None, "another range than asked for".to_owned()));
            }
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .append(resumes)
                .truncate(!resumes)
                .open(&part)
                .map_err(Error::write(&part))?;
            if !resumes {
                match &answer.tag {
                    Some(tag) => fs::write(&tag_file, tag).map_err(Error::write(&tag_file))?,
                    None => remove(&tag_file),
                }
            }
            let mut length = if resumes { have } else { 0 };
            let mut reader = answer.body.as_reader();
            let copied = self.copy(&mut reader, most.saturating_sub(length), url, |block| {
                file.write_all(block).map_err(Error::write(&part))?;
                length += block.len() as u64;
                Ok(())
            });
            match copied {
                Err(Failure::Later(..)) if gets_on(length) => return Err(Failure::Interrupted),
                copied => copied?,
            }
            file.sync_all().map_err(Error::write(&part))?;
            if answer.total.is_some_and(|total| total != length) {
                if answer.total.is_some_and(|total| total < length) {
                    remove(&part);
                } else if gets_on(length) {
                    return Err(Failure::Interrupted);
                }
                return Err(Failure::Later(None, "file cut short".to_owned()));
            }
            let mut head = [0; 512];
            let mut made = File::open(&part).map_err(Error::read(&part))?;
            let read = made.read(&mut head).map_err(Error::read(&part))?;
            if let Err(error) = content.check(url, &head[..read]) {
                remove(&part);
                return Err(Failure::Final(error));
            }
            fs::rename(&part, to).map_err(Error::write(to))?;
            remove(&tag_file);
            Ok(length)
        })
    }

    /// Tries until it succeeds, fails for good or patience ends; `None` where nothing is at the address.
    fn persist<T>(&self, url: &str, attempt: impl Fn() -> Result<T, Failure>) -> Result<Option<T>> {
        let host = host_of(url);
        let mut wait = self.patience.first_wait;
        let mut tries = 0;
        loop {
            self.check_cancelled()?;
            let (asked, why, is_unreached) = match attempt() {
                Ok(done) => {
                    if let Ok(mut unreached) = self.unreached.lock() {
                        unreached.remove(&host);
                    }
                    return Ok(Some(done));
                }
                Err(Failure::Interrupted) => {
                    // It goes on: patience begins anew.
                    (tries, wait) = (0, self.patience.first_wait);
                    self.sleep(wait)?;
                    continue;
                }
                Err(Failure::BeyondEnd) => (None, "HTTP 416".to_owned(), false),
                Err(Failure::Absent) => return Ok(None),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Later(asked, why)) => (asked, why, false),
                Err(Failure::Unreached(why)) => (None, why, true),
            };
            tries += 1;
            // Who could not be reached a moment ago is not waited for again.
            let most = match is_unreached {
                true if self.is_unreached(&host) => 0,
                true => self.patience.attempts.min(MOST_CONNECTIONS),
                false => self.patience.attempts,
            };
            if tries >= most {
                if is_unreached && let Ok(mut unreached) = self.unreached.lock() {
                    unreached.insert(host.clone());
                }
                return Err(given_up(url, &host, &why, tries));
            }
            self.sleep(asked.unwrap_or(wait).min(LONGEST_WAIT))?;
            wait *= 2;
        }
    }

    fn is_unreached(&self, host: &str) -> bool {
        self.unreached.lock().is_ok_and(|unreached| unreached.contains(host))
    }

    /// One request, redirects within its host followed.
    fn ask(
        &self,
        service: Service,
        url: &str,
        range: Option<(Span, Option<&str>)>,
    ) -> Result<Answer, Failure> {
        let mut at = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            self.take_turn(service)?;
            let mut request = self.agent.get(&at);
            if let Some((span, tag)) = &range {
                request = request.header("Range", span.header());
                // A weak tag may not stand there (RFC 9110, 13.1.5); it is compared afterwards.
                if let Some(tag) = tag.filter(|tag| !tag.starts_with("W/")) {
                    request = request.header("If-Range", tag);
                }
            }
            let response = request.call().map_err(failed_call)?;
            let status = response.status().as_u16();
            let header = |name: &str| {
                response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
            };
            match status {
                200 | 206 => {
                    let (start, of_range) = match header("content-range") {
                        Some(text) if status == 206 => content_range(&text),
                        _ => (None, None),
                    };
                    let length = header("content-length").and_then(|text| text.parse().ok());
                    let total = if status == 206 { of_range } else { length };
                    let tag = header("etag").or_else(|| header("last-modified"));
                    let body = response.into_body();
                    return Ok(Answer { body, status, length, total, start, tag });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = header("location").unwrap_or_default();
                    at = redirected(&at, &to)?;
                }
                416 => return Err(Failure::BeyondEnd),
                429 | 500..=599 => {
                    let wait = header("retry-after").and_then(|text| text.trim().parse().ok());
                    let wait = wait.map(Duration::from_secs);
                    return Err(Failure::Later(wait, format!("HTTP {status}")));
                }
                404 | 410 => return Err(Failure::Absent),
                _ => {
                    let mut told = Vec::new();
                    let mut body = response.into_body();
                    // What the service says of it, as far as it can be read.
                    let _ = body.as_reader().take(MOST_TOLD).read_to_end(&mut told);
                    return Err(Failure::Final(refused(&at, status, &plain_text(&told))));
                }
            }
        }
        Err(Failure::Final(Error::input(
            url,
            "le service renvoie sans fin d'une adresse à l'autre",
            "the service redirects without end",
        )))
    }

    /// Reads a body block by block.
    fn copy(
        &self,
        reader: &mut impl Read,
        most: u64,
        url: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut block = vec![0; BLOCK];
        let mut taken = 0u64;
        loop {
            self.check_cancelled()?;
            let count = match reader.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) => return Err(Failure::Later(None, error.to_string())),
            };
            taken += count as u64;
            if taken > most {
                return Err(Failure::Final(too_long(url, most)));
            }
            take(&block[..count])?;
        }
    }

    /// Waits until the service may be asked again.
    fn take_turn(&self, service: Service) -> Result<(), Failure> {
        let rate = self.rates.get(&service).copied().unwrap_or(service.requests_per_s());
        let turn = {
            let Ok(mut next) = self.next.lock() else { return Ok(()) };
            let now = Instant::now();
            let turn = next.get(&service).copied().unwrap_or(now).max(now);
            next.insert(service, turn + Duration::from_secs_f64(1.0 / rate));
            turn
        };
        self.sleep(turn.saturating_duration_since(Instant::now()))?;
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> Result<()> {
        let until = Instant::now() + duration;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|l| !l.is_zero())
        {
            self.check_cancelled()?;
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
        Ok(())
    }
}

/// A file beside another, with its name and a suffix.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// Removes a file that may not be there.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}
