//! The newsroom on a socket: listing, articles and robots.txt, with validators.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::Newsroom;

/// Serves the newsroom until `shutdown` is done and the requests under way are answered.
///
/// The newsroom may be changed meanwhile: the next answer shows it, with other validators.
pub async fn serve(
    listener: TcpListener,
    newsroom: Arc<Mutex<Newsroom>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let seen = Seen { revision: lock(&newsroom).revision(), at: Utc::now() };
    let site = Site { newsroom, seen: Arc::new(Mutex::new(seen)) };
    let app = Router::new()
        .route("/", get(listing))
        .route("/press-releases", get(listing))
        .route("/robots.txt", get(robots))
        .fallback(get(article))
        .layer(from_fn_with_state(site.clone(), count))
        .with_state(site);
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}

#[derive(Clone)]
struct Site {
    newsroom: Arc<Mutex<Newsroom>>,
    seen: Arc<Mutex<Seen>>,
}

/// The newsroom's last revision, and when it was first seen: rendering knows no clock, so the server remembers.
struct Seen {
    revision: u64,
    at: DateTime<Utc>,
}

/// A panic elsewhere leaves a newsroom that still can be shown.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// Renders under the lock, and says since when the newsroom has been so.
    fn render<T>(&self, render: impl FnOnce(&Newsroom) -> T) -> (T, DateTime<Utc>) {
        let newsroom = lock(&self.newsroom);
        let mut seen = lock(&self.seen);
        if seen.revision != newsroom.revision() {
            *seen = Seen { revision: newsroom.revision(), at: Utc::now() };
        }
        (render(&newsroom), seen.at)
    }
}

async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let tally = &mut lock(&site.newsroom).tally;
    tally.requests += 1;
    tally.not_modified += u64::from(response.status() == StatusCode::NOT_MODIFIED);
    tally.not_found += u64::from(response.status() == StatusCode::NOT_FOUND);
    response
}

/// Text, so that a number which is none falls back to the default as on the real site, instead of an error.
#[derive(Deserialize)]
struct Params {
    page: Option<String>,
    rows: Option<String>,
}

async fn listing(State(site): State<Site>, Query(params): Query<Params>, headers: HeaderMap) -> Response {
    let number = |text: Option<String>, default| text.and_then(|t| t.parse::<usize>().ok()).unwrap_or(default);
    let (page, rows) = (number(params.page, 0), number(params.rows, 10).clamp(1, 50));
    let (body, since) = site.render(|newsroom| newsroom.page(page, rows));
    answer(&headers, body, since)
}

async fn article(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    match site.render(|newsroom| newsroom.article(uri.path())) {
        (Some(body), since) => answer(&headers, body, since),
        (None, _) => (StatusCode::NOT_FOUND, "Page not found\n").into_response(),
    }
}

async fn robots() -> &'static str {
    "User-agent: *\nAllow: /\n"
}

/// The page, or 304 to a client that has it. If-Modified-Since is not looked at: two changes may fall into one second.
fn answer(headers: &HeaderMap, body: String, since: DateTime<Utc>) -> Response {
    let etag = format!("\"{}\"", Uuid::new_v5(&Uuid::NAMESPACE_URL, body.as_bytes()).simple());
    let validators =
        [(header::ETAG, etag.clone()), (header::LAST_MODIFIED, since.format("%a, %d %b %Y %H:%M:%S GMT").to_string())];
    if matches(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (validators, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// RFC 9110, section 13.1.2: any of the listed tags, compared weakly.
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    listed.flat_map(|v| v.split(',')).map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
