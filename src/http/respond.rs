//! The answer to a request, made of one snapshot of the shelf.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use url::Url;

use super::conditional::{Decision, decide};
use super::encoding::accepted;
use super::target::{Base, Target, host_is_right};
use super::traffic::{Route, Traffic};
use crate::feed::pages;
use crate::publish::shelf::{Coding, Document, Kind, Shelf};

/// What is answered with.
pub(super) type Answer = Response<Full<Bytes>>;

static METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
static NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// What a script may set on its own site's behalf (Fetch Standard, section 3.3): enough to ask conditionally.
static MAY_SET: HeaderValue =
    HeaderValue::from_static("Cache-Control, If-Match, If-Modified-Since, If-None-Match, Pragma, X-Requested-With");
/// What a script may read besides the usual.
static MAY_READ: HeaderValue = HeaderValue::from_static("ETag, Link");
static A_DAY: HeaderValue = HeaderValue::from_static("86400");
static VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding");
static ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
static PAGE_POLICY: LazyLock<HeaderValue> =
    LazyLock::new(|| HeaderValue::try_from(pages::policy()).expect("words and hashes of visible ASCII"));
static NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
pub(super) static PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// An address that is unknown may be a feed's tomorrow.
static ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// Without a limit browsers keep a 301 for good, though a rename may be taken back.
static AN_HOUR: HeaderValue = HeaderValue::from_static("max-age=3600");

/// What is served.
#[derive(Debug)]
pub(super) struct Site {
    shelf: Arc<Shelf>,
    base: Base,
    not_found: Bytes,
    traffic: Arc<Traffic>,
}

impl Site {
    pub fn new(shelf: Arc<Shelf>, base_url: &Url, traffic: Arc<Traffic>) -> Self {
        let not_found = format!("There is nothing at this address. The list of all feeds is at {base_url}\n");
        Self { shelf, base: Base::new(base_url), not_found: not_found.into(), traffic }
    }

    /// Answers, and counts it. The request's map of header fields becomes the answer's: once it has grown, a document is sent without allocating.
    pub fn respond<B>(&self, request: Request<B>) -> Answer {
        let (request, _) = request.into_parts();
        let is_head = request.method == Method::HEAD;
        let (route, answer) = self.answer(request);
        self.traffic.count(route, &answer, is_head);
        answer
    }

    fn answer(&self, request: Parts) -> (Route, Answer) {
        let headers = request.headers;
        if !host_is_right(request.version, &headers) {
            return (Route::Other, bad_host(headers));
        }
        match request.method {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return (Route::Other, options(headers)),
            _ => {
                let mut refusal =
                    text(headers, StatusCode::METHOD_NOT_ALLOWED, "Feeds are read only: they answer to GET, HEAD and OPTIONS.\n");
                refusal.headers_mut().insert(header::ALLOW, METHODS.clone());
                return (Route::Other, refusal);
            }
        }
        let path = request.uri.path();
        self.shelf.read(|shelf| match self.base.find(shelf, path) {
            Some(Target::Document(found)) => (Route::of(found.kind(), path), document(headers, found)),
            Some(Target::Elsewhere(path)) => (Route::Moved, self.moved(headers, path)),
            None if self.base.is_health(path) => (Route::Health, alive(headers)),
            None => match self.base.guess(shelf, path) {
                Some(path) => (Route::Moved, self.moved(headers, &path)),
                None => (Route::Other, self.not_found(headers)),
            },
        })
    }

    fn moved(&self, headers: HeaderMap, path: &str) -> Answer {
        let address = format!("{}{path}", self.base.url);
        let body = format!("This moved to {address}\n");
        let Ok(location) = HeaderValue::try_from(address) else { return self.not_found(headers) };
        let mut answer = text(headers, StatusCode::MOVED_PERMANENTLY, body);
        answer.headers_mut().insert(header::LOCATION, location);
        answer.headers_mut().insert(header::CACHE_CONTROL, AN_HOUR.clone());
        answer
    }

    fn not_found(&self, headers: HeaderMap) -> Answer {
        text(headers, StatusCode::NOT_FOUND, self.not_found.clone())
    }
}

/// A document in the form that fits the request, or that the client holds it, or that it wants another.
fn document(mut headers: HeaderMap, document: &Document) -> Answer {
    let mut accepted = accepted(&headers);
    let codings = accepted.codings();
    // Packed forms may not be made yet, but whoever holds one need not fetch another.
    let is_missing = |coding: &Coding| document.bytes(*coding).is_none();
    if codings.iter().any(is_missing) {
        codings.sort_by_key(is_missing);
    }
    let mut etags: [&[u8]; Coding::ALL.len()] = Default::default();
    etags.iter_mut().zip(&*codings).for_each(|(etag, coding)| *etag = document.etag(*coding).as_bytes());
    let decision = decide(&headers, &etags[..codings.len()], document.modified().map(|(seconds, _)| seconds));
    let (status, mut coding) = match decision {
        Decision::Send(n) => (StatusCode::OK, codings[n]),
        Decision::NotModified(n) => (StatusCode::NOT_MODIFIED, codings[n]),
        Decision::Failed => {
            return text(headers, StatusCode::PRECONDITION_FAILED, "The document is not the one that the request is about.\n");
        }
    };
    headers.clear();
    // Appended, each once: where nothing stands, nothing that is replaced need be handed back.
    let is_page = document.kind() == Kind::Page;
    let mut body = Bytes::new();
    // Of a document that the client holds, what it may have to learn anew and no more (RFC 9110, section 15.4.5).
    if status == StatusCode::OK {
        if document.bytes(coding).is_none() {
            coding = Coding::Identity;
        }
        body = document.bytes(coding).cloned().unwrap_or_default();
        headers.append(header::CONTENT_TYPE, document.kind().content_type().clone());
        if let Some(field) = coding.field() {
            headers.append(header::CONTENT_ENCODING, field.clone());
        }
        if let Some((_, field)) = document.modified().filter(|(seconds, _)| *seconds <= now()) {
            headers.append(header::LAST_MODIFIED, field.clone());
        }
        if let Some(field) = document.links() {
            headers.append(header::LINK, field.clone());
        }
        headers.append(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF.clone());
        if is_page {
            headers.append(header::CONTENT_SECURITY_POLICY, PAGE_POLICY.clone());
            headers.append(header::REFERRER_POLICY, NO_REFERRER.clone());
        } else {
            headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, MAY_READ.clone());
        }
    }
    headers.append(header::ETAG, document.etag(coding).clone());
    headers.append(header::CACHE_CONTROL, document.cache_control().clone());
    headers.append(header::VARY, VARY.clone());
    if !is_page {
        // Feeds are public: a feed reader that runs in a browser may read them from its own site.
        headers.append(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN.clone());
    }
    finish(headers, status, body)
}

pub(super) fn bad_host(headers: HeaderMap) -> Answer {
    text(headers, StatusCode::BAD_REQUEST, "A request must name one host in its Host field.\n")
}

/// Whoever can say this is alive. No cache may say it instead.
pub(super) fn alive(headers: HeaderMap) -> Answer {
    let mut answer = text(headers, StatusCode::OK, "ok");
    answer.headers_mut().insert(header::CACHE_CONTROL, NO_STORE.clone());
    answer
}

/// What may be done here, also from another site: a browser asks before it sends a validator (Fetch Standard, section 4.8).
fn options(headers: HeaderMap) -> Answer {
    let fields = [
        (header::ALLOW, METHODS.clone()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN.clone()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS.clone()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, MAY_SET.clone()),
        (header::ACCESS_CONTROL_MAX_AGE, A_DAY.clone()),
    ];
    answer(headers, StatusCode::NO_CONTENT, fields, Bytes::new())
}

/// Unix seconds: a Last-Modified later than Date must not be sent (RFC 9110, section 8.8.2.1), and a newsroom may date its news ahead.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// A sentence for people. It never repeats what the client said.
fn text(headers: HeaderMap, status: StatusCode, sentence: impl Into<Bytes>) -> Answer {
    let fields = [
        (header::CONTENT_TYPE, PLAIN_TEXT.clone()),
        (header::CACHE_CONTROL, ASK_AGAIN.clone()),
        // A redirect is followed, and an error told from a broken network, wherever the reader runs.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN.clone()),
    ];
    answer(headers, status, fields, sentence.into())
}

/// An answer with these fields alone.
pub(super) fn answer(
    mut headers: HeaderMap,
    status: StatusCode,
    fields: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    body: Bytes,
) -> Answer {
    headers.clear();
    for (name, value) in fields {
        headers.insert(name, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF.clone());
    finish(headers, status, body)
}

fn finish(headers: HeaderMap, status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feed::Format;
    use crate::publish::shelf::Update;

    fn site() -> Site {
        let shelf = Arc::new(Shelf::new());
        let mut update = Update::new();
        update.put("all.rss", Document::new(Kind::Feed(Format::Rss), b"<rss/>".repeat(50), Some(1), 60));
        update.put("a\nb", Document::new(Kind::Page, Vec::new(), None, 0));
        update.moved([("old.rss".to_owned(), "a\nb".to_owned())]);
        shelf.update(update);
        shelf.pack();
        Site::new(shelf, &Url::parse("https://example.org/").expect("a URL"), Arc::default())
    }

    fn status(site: &Site, path: &str, fields: &[(HeaderName, &[u8])]) -> Option<StatusCode> {
        let mut request = Request::get(path).header(header::HOST, "a");
        for (name, value) in fields {
            request = request.header(name, *value);
        }
        // What is no request to the library never comes here.
        Some(site.respond(request.body(()).ok()?).status())
    }

    #[test]
    fn it_says_that_it_is_alive_at_any_base() {
        let below = Site::new(Arc::new(Shelf::new()), &Url::parse("https://example.org/feeds/").expect("a URL"), Arc::default());
        for (site, path, want) in [
            (&site(), "/healthz", StatusCode::OK),
            (&below, "/healthz", StatusCode::OK),
            (&below, "/feeds/healthz", StatusCode::OK),
            (&below, "/other/healthz", StatusCode::NOT_FOUND),
            (&site(), "/readyz", StatusCode::NOT_FOUND),
            (&site(), "/metrics", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(status(site, path, &[]), Some(want), "{path}");
        }
        let request = Request::get("/healthz").header(header::HOST, "a").body(()).expect("a request");
        assert_eq!(below.respond(request).headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn an_address_that_no_field_can_hold_is_not_found() {
        assert_eq!(status(&site(), "/old.rss", &[]), Some(StatusCode::NOT_FOUND));
    }

    proptest! {
        #[test]
        fn any_request_is_answered(path in "/[!-~]{0,40}", value: Vec<u8>, text in "[ -~]{0,40}") {
            let site = site();
            let text = text.as_bytes();
            for path in [path.as_str(), "/all.rss"] {
                for name in [header::IF_NONE_MATCH, header::IF_MATCH, header::IF_MODIFIED_SINCE, header::ACCEPT_ENCODING, header::HOST] {
                    status(&site, path, &[(name.clone(), &value), (header::RANGE, text)]);
                    status(&site, path, &[(name, text)]);
                }
            }
        }
    }
}
