//! Getting pages: hop by hand, each checked, each within the limits.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode};
use tokio::time::timeout;
use url::Url;

use super::address::Network;
use super::coding::{self, CodingError, Unpack};
use super::door::{self, Door};
use super::manners::{Manners, Seen};
use super::memory::Memory;
use super::{Answer, Ask, FetchError, Fetched, Known, Page, Policy, robots};
use crate::domain::text::cut;
use crate::domain::{HostCounts, host};

/// Redirects followed for one page.
const MAX_REDIRECTS: usize = 10;

/// Gets pages. Clones share connections and manners.
#[derive(Debug, Clone)]
pub struct Fetcher {
    pub(super) policy: Arc<Policy>,
    pub(super) manners: Arc<Manners>,
    /// The way out, as wide as the policy or a source allows.
    door: Arc<Door>,
    /// All there are, one for each list of networks.
    doors: Arc<Mutex<Vec<Arc<Door>>>>,
}

impl Fetcher {
    /// Makes the client. Proxies named in the environment are ignored.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: &Policy) -> Result<Self, FetchError> {
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let door = Arc::new(Door::new(&policy.allow_networks));
        // Another's is made when it is needed; that this one can be is known from the start.
        door.plain(policy)?;
        let manners = Arc::new(Manners::new(policy.max_retry_after));
        Ok(Self { policy: Arc::new(policy.clone()), manners, doors: Arc::new(Mutex::new(vec![door.clone()])), door })
    }

    /// Shares its manners with other processes: what hosts want through a memory, turns through a folder (which is made if its own folder is there).
    #[must_use]
    pub fn sharing(self, memory: Option<Arc<dyn Memory>>, turns: &Path) -> Self {
        Self { manners: Arc::new(Manners::shared(self.policy.max_retry_after, memory, turns)), ..self }
    }

    /// What was asked of hosts since this was last called, to be kept somewhere.
    pub fn take_counts(&self) -> HashMap<String, HostCounts> {
        self.manners.take_counts()
    }

    /// Takes back what could not be kept.
    pub fn return_counts(&self, counts: &HashMap<String, HostCounts>) {
        self.manners.return_counts(counts);
    }

    /// Whether a page's host asked to be left alone, and until when.
    ///
    /// # Errors
    /// When the memory fails.
    pub async fn host_wait(&self, page: &Url) -> Result<Option<DateTime<Utc>>, FetchError> {
        self.manners.wait(&host(page)).await
    }

    /// The same where other networks are allowed than the policy's; None: the policy's are.
    pub fn allowing(&self, networks: Option<&[Network]>) -> Self {
        let networks = networks.unwrap_or(&self.policy.allow_networks);
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let door = doors.iter().find(|door| door.networks == networks).cloned().unwrap_or_else(|| {
            let door = Arc::new(Door::new(networks));
            doors.push(door.clone());
            door
        });
        drop(doors);
        Self { policy: self.policy.clone(), manners: self.manners.clone(), door, doors: self.doors.clone() }
    }

    /// Gets a page, as a guest: see [`Ask`]. Requests take `timeout` in all; waiting for the host's turn is not counted.
    ///
    /// # Errors
    /// When no page comes, one over the limits, or none may be asked for now.
    pub async fn get(&self, ask: &Ask<'_>) -> Result<Fetched, FetchError> {
        self.follow(ask).await
    }

    /// Goes where redirects lead (RFC 9110, section 15.4).
    async fn follow(&self, ask: &Ask<'_>) -> Result<Fetched, FetchError> {
        let mut at = ask.url.clone();
        let (mut moved, mut for_good) = (None, true);
        let mut left = self.policy.timeout;
        for _ in 0..=MAX_REDIRECTS {
            // Validators are the address's own: another page may have the same by chance.
            let own = ask.known.url.map_or(&at == ask.url, |known| known == at.as_str());
            let known = if own { ask.known } else { Known::default() };
            let (asked, slot) = self.visit(&at, ask, &known, &mut left).await?;
            match asked {
                Asked::NotModified { etag, last_modified } => {
                    return Ok(Fetched { answer: Answer::NotModified { url: at, moved, etag, last_modified }, slot });
                }
                Asked::Page(page) => return Ok(Fetched { answer: Answer::Page(Page { moved, ..page }), slot }),
                Asked::Elsewhere { to, .. } if ask.only.is_some_and(|only| !only.contains(&host(&to))) => {
                    return Err(FetchError::OtherHost { url: ask.url.clone(), to: Box::new(to) });
                }
                Asked::Elsewhere { to, permanent } => {
                    // A step out of https is followed, but not remembered.
                    for_good &= permanent && (at.scheme() != "https" || to.scheme() == "https");
                    if for_good {
                        moved = Some(to.clone());
                    }
                    at = to;
                }
            }
        }
        Err(FetchError::Redirects { url: ask.url.clone(), limit: MAX_REDIRECTS })
    }

    /// Whether a newsroom may lead to an address: not inside, and not to ever new hosts.
    pub(super) fn check(&self, home: &Url, url: &Url) -> Result<(), FetchError> {
        FetchError::check_length(url)?;
        self.door.check(&self.policy, url)?;
        self.manners.admit(home, url, Utc::now().date_naive())
    }

    /// The client for an address, if that may be asked for. It may take a while to make, which is no part of a request's time.
    pub(super) async fn client(&self, url: &Url) -> Result<&Client, FetchError> {
        self.door.check(&self.policy, url)?;
        self.door.client(&self.policy, url).await
    }

    /// One request, as it is; `seen` is told of the answer even if it is an error.
    pub(super) async fn ask(
        &self,
        client: &Client,
        url: &Url,
        kind: Kind,
        known: &Known<'_>,
        seen: &mut Seen,
    ) -> Result<Asked, FetchError> {
        let mut request = client.get(url.clone());
        request = request.header(ACCEPT, kind.accept()).header(ACCEPT_ENCODING, coding::ACCEPTED);
        if let Some(etag) = known.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = known.last_modified {
            request = request.header(IF_MODIFIED_SINCE, last_modified);
        }
        let response = timeout(self.policy.header_timeout, request.send()).await.map_err(|_| self.late(url, "header-timeout"))?;
        let response = response.map_err(|error| self.failed(url, error))?;
        let status = response.status();
        seen.status = Some(status.as_u16());
        seen.retry_after = text(response.headers(), &RETRY_AFTER);
        seen.date = text(response.headers(), &DATE);
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            let to = elsewhere(url, response.headers())?;
            return Ok(Asked::Elsewhere { to, permanent: matches!(status.as_u16(), 301 | 308) });
        }
        let conditional = known.etag.is_some() || known.last_modified.is_some();
        if status == StatusCode::NOT_MODIFIED && conditional {
            let (etag, last_modified) = (text(response.headers(), &ETAG), text(response.headers(), &LAST_MODIFIED));
            return Ok(Asked::NotModified { etag, last_modified });
        }
        if status != StatusCode::OK {
            return Err(FetchError::Status { url: url.clone(), status });
        }
        let (etag, last_modified) = (text(response.headers(), &ETAG), text(response.headers(), &LAST_MODIFIED));
        let charset = text(response.headers(), &CONTENT_TYPE).as_deref().and_then(charset);
        let body = self.body(url, kind, response, seen).await?;
        Ok(Asked::Page(Page { url: url.clone(), charset, etag, last_modified, body, moved: None }))
    }

    /// The body, unpacked, within both sizes.
    async fn body(&self, url: &Url, kind: Kind, mut response: Response, seen: &mut Seen) -> Result<Vec<u8>, FetchError> {
        let Policy { max_size, max_wire_size, read_timeout, .. } = *self.policy;
        let too_long = || FetchError::WireTooLarge { url: url.clone(), limit: max_wire_size };
        let broken = |error| match error {
            CodingError::TooLarge => FetchError::TooLarge { url: url.clone(), limit: max_size },
            CodingError::Broken(source) => FetchError::Packed { url: url.clone(), source },
        };
        let expected = response.content_length().unwrap_or(0);
        let codings = response.headers().get_all(CONTENT_ENCODING).iter().map(|v| v.to_str().unwrap_or("?"));
        let unpack = Unpack::new(codings, if kind == Kind::Robots { robots::MAX_SIZE as u64 + 1 } else { max_size }, expected);
        let mut unpack = unpack.map_err(|coding| FetchError::Coding { url: url.clone(), coding })?;
        if kind != Kind::Robots && unpack.is_plain() && expected > max_size {
            return Err(broken(CodingError::TooLarge));
        }
        if kind != Kind::Robots && expected > max_wire_size {
            return Err(too_long());
        }
        loop {
            let chunk = timeout(read_timeout, response.chunk()).await.map_err(|_| self.late(url, "read-timeout"))?;
            let Some(chunk) = chunk.map_err(|error| self.failed(url, error))? else { break };
            seen.bytes += chunk.len() as u64;
            if seen.bytes > max_wire_size {
                return Err(too_long());
            }
            match unpack.write(&chunk) {
                // What lies beyond is ignored; one byte more tells that something did.
                Err(CodingError::TooLarge) if kind == Kind::Robots => return Ok(unpack.so_far()),
                written => written.map_err(broken)?,
            }
        }
        unpack.finish().map_err(broken)
    }

    fn failed(&self, url: &Url, error: reqwest::Error) -> FetchError {
        if let Some(source) = door::inside(&error) {
            FetchError::Inside { url: url.clone(), source: Box::new(source) }
        } else if error.is_timeout() {
            self.late(url, if error.is_connect() { "connect-timeout" } else { "read-timeout" })
        } else {
            FetchError::Request { url: url.clone(), source: error.without_url() }
        }
    }

    /// `key` is the limit's in [fetch].
    pub(super) fn late(&self, url: &Url, key: &'static str) -> FetchError {
        let limit: Duration = match key {
            "connect-timeout" => self.policy.connect_timeout,
            "header-timeout" => self.policy.header_timeout,
            "read-timeout" => self.policy.read_timeout,
            _ => self.policy.timeout,
        };
        FetchError::Timeout { url: url.clone(), key, limit }
    }
}

/// What one request came to.
pub(super) enum Asked {
    NotModified { etag: Option<String>, last_modified: Option<String> },
    Page(Page),
    Elsewhere { to: Url, permanent: bool },
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Feed,
    /// Read up to a limit of its own, and no further.
    Robots,
}

impl Kind {
    fn accept(self) -> &'static str {
        match self {
            Self::Page => "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
            Self::Feed => {
                "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
            }
            Self::Robots => "text/plain, */*;q=0.1",
        }
    }
}

/// Where a redirect leads.
fn elsewhere(url: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    // Some servers write letters beyond ASCII as they are.
    let location = headers.get(LOCATION).map_or_else(String::new, |v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let next = url.join(&location).ok().filter(|next| !location.is_empty() && matches!(next.scheme(), "http" | "https"));
    // A name and password there would be sent along.
    let bare = |mut url: Url| {
        url.set_fragment(None);
        (url.set_username("").is_ok() && url.set_password(None).is_ok()).then_some(url)
    };
    let nowhere = || FetchError::Nowhere { url: url.clone(), location: cut(location.clone(), 200) };
    let next = next.and_then(bare).ok_or_else(nowhere)?;
    FetchError::check_length(&next)?;
    Ok(next)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The charset parameter of a media type (RFC 9110, section 8.3.1).
fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charset_of_a_media_type() {
        for (text, want) in [
            ("text/html; charset=UTF-8", Some("UTF-8")),
            ("text/html;Charset=\"iso-8859-2\"; x=y", Some("iso-8859-2")),
            ("text/html", None),
            ("text/html; charset", None),
        ] {
            assert_eq!(charset(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn a_source_s_own_networks_have_connections_of_their_own() {
        let fetcher = Fetcher::new(&Policy::default()).expect("a client");
        let own = [Network::new([127, 0, 0, 1].into(), 32).expect("a network")];
        assert!(Arc::ptr_eq(&fetcher.door, &fetcher.allowing(None).door));
        assert!(Arc::ptr_eq(&fetcher.door, &fetcher.allowing(Some(&[])).door));
        assert!(!Arc::ptr_eq(&fetcher.door, &fetcher.allowing(Some(&own)).door));
        assert!(Arc::ptr_eq(&fetcher.allowing(Some(&own)).door, &fetcher.allowing(Some(&own)).door));
    }
}
