//! The HTTP client.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    RETRY_AFTER,
};
use reqwest::redirect;
use reqwest::{Client, ClientBuilder, StatusCode};
use url::Url;

use super::manners::{Manners, Seen};
use super::memory::Memory;
use super::{Answer, Ask, FetchError, Fetched, Page, Policy, robots};
use crate::domain::{HostCounts, host};

/// Redirects followed for one page.
const MAX_REDIRECTS: usize = 10;

/// Gets pages. Clones share connections and manners.
#[derive(Debug, Clone)]
pub struct Fetcher {
    pub(super) policy: Policy,
    pub(super) manners: Arc<Manners>,
    /// For http: knows no certificates.
    plain: Client,
    /// For https: made when the first such page is asked for, since reading the system's certificates takes as long as a hundred polls.
    secure: Arc<OnceLock<Client>>,
}

impl Fetcher {
    /// Makes the client. Proxies named in the environment are ignored.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: &Policy) -> Result<Self, FetchError> {
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = builder(policy).tls_certs_only([]).build().map_err(FetchError::Setup)?;
        let manners = Arc::new(Manners::new(policy.max_retry_after));
        Ok(Self { policy: policy.clone(), manners, plain, secure: Arc::default() })
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

    fn client(&self, url: &Url) -> Result<&Client, FetchError> {
        if url.scheme() != "https" {
            return Ok(&self.plain);
        }
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        let client = builder(&self.policy).build().map_err(FetchError::Certificates)?;
        Ok(self.secure.get_or_init(|| client))
    }

    /// Gets a page, as a guest: see [`Ask`]. Requests take `timeout` in all; waiting for the host's turn is not counted.
    ///
    /// # Errors
    /// When no page comes, one over the limit, or none may be asked for now.
    pub async fn get(&self, ask: &Ask<'_>) -> Result<Fetched, FetchError> {
        self.follow(ask).await
    }

    /// Goes where redirects lead (RFC 9110, section 15.4).
    async fn follow(&self, ask: &Ask<'_>) -> Result<Fetched, FetchError> {
        let mut at = ask.url.clone();
        let mut left = self.policy.timeout;
        for _ in 0..=MAX_REDIRECTS {
            // Validators are the server's own: another one's page may have the same by chance.
            let own = at.host() == ask.url.host();
            let validators = (ask.etag.filter(|_| own), ask.last_modified.filter(|_| own));
            let (asked, slot) = self.visit(&at, ask, validators, &mut left).await?;
            match asked {
                Asked::Answer(answer) => return Ok(Fetched { answer, slot }),
                Asked::Elsewhere(next) => at = next,
            }
        }
        Err(FetchError::Redirects { url: ask.url.clone(), limit: MAX_REDIRECTS })
    }

    /// One request, as it is; `seen` is told of the answer even if it is an error.
    pub(super) async fn ask(
        &self,
        url: &Url,
        kind: Kind,
        etag: Option<&str>,
        last_modified: Option<&str>,
        seen: &mut Seen,
    ) -> Result<Asked, FetchError> {
        let mut request = self.client(url)?.get(url.clone()).header(ACCEPT, kind.accept());
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = last_modified {
            request = request.header(IF_MODIFIED_SINCE, last_modified);
        }
        let failed = |source: reqwest::Error| {
            if source.is_timeout() {
                FetchError::Timeout { url: url.clone() }
            } else {
                FetchError::Request { url: url.clone(), source: source.without_url() }
            }
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        seen.status = Some(status.as_u16());
        seen.retry_after = text(response.headers(), &RETRY_AFTER);
        seen.date = text(response.headers(), &DATE);
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            let location = text(response.headers(), &LOCATION).unwrap_or_default();
            let next = url.join(&location).ok().filter(|next| !location.is_empty() && matches!(next.scheme(), "http" | "https"));
            // A name and password there would be sent along.
            let bare = |mut url: Url| (url.set_username("").is_ok() && url.set_password(None).is_ok()).then_some(url);
            let next = next.and_then(bare);
            return next.map(Asked::Elsewhere).ok_or_else(|| FetchError::Nowhere { url: url.clone(), location });
        }
        let conditional = etag.is_some() || last_modified.is_some();
        if status == StatusCode::NOT_MODIFIED && conditional {
            let headers = response.headers();
            return Ok(Asked::Answer(Answer::NotModified {
                etag: text(headers, &ETAG),
                last_modified: text(headers, &LAST_MODIFIED),
            }));
        }
        if status != StatusCode::OK {
            return Err(FetchError::Status { url: url.clone(), status });
        }
        let max_size = self.policy.max_size;
        let too_large = || FetchError::TooLarge { url: url.clone(), limit: max_size };
        let expected = response.content_length().unwrap_or(0);
        if expected > max_size && kind == Kind::Page {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(usize::try_from(expected.min(max_size)).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            seen.bytes += chunk.len() as u64;
            if kind == Kind::Robots {
                body.extend_from_slice(&chunk);
                // What lies beyond is ignored; one byte more tells that something did.
                if body.len() > robots::MAX_SIZE {
                    break;
                }
                continue;
            }
            if (body.len() + chunk.len()) as u64 > max_size {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let headers = response.headers();
        Ok(Asked::Answer(Answer::Page(Page {
            url: url.clone(),
            charset: text(headers, &CONTENT_TYPE).as_deref().and_then(charset),
            etag: text(headers, &ETAG),
            last_modified: text(headers, &LAST_MODIFIED),
            body,
        })))
    }
}

/// What one request came to.
pub(super) enum Asked {
    Answer(Answer),
    Elsewhere(Url),
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    /// Read up to a limit of its own, and no further.
    Robots,
}

impl Kind {
    fn accept(self) -> &'static str {
        match self {
            Self::Page => "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
            Self::Robots => "text/plain, */*;q=0.1",
        }
    }
}

fn builder(policy: &Policy) -> ClientBuilder {
    Client::builder()
        .user_agent(user_agent(policy))
        .connect_timeout(policy.connect_timeout)
        .read_timeout(policy.read_timeout)
        .redirect(redirect::Policy::none())
        .no_proxy()
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

/// Name, version and where to read more: an honest guest.
fn user_agent(policy: &Policy) -> String {
    let contact = policy.contact.as_deref().map(|c| format!(" (+{c})")).unwrap_or_default();
    format!("newsroomd/{}{contact}", env!("CARGO_PKG_VERSION"))
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
}
