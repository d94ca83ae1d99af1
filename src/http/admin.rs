//! What operators may ask, at addresses of their own: is it alive, is all fresh, and the counts. No other site's script may read it (no CORS).

use bytes::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::respond::{Answer, NO_STORE, PLAIN_TEXT, alive, answer, bad_host};
use super::target::host_is_right;
use super::traffic::{Route, Traffic};

/// OpenMetrics 1.0, section 4.1.
static OPEN_METRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
static JSON: HeaderValue = HeaderValue::from_static("application/json");
static METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// How the daemon fares. Asked by whoever comes: an answer is made of what is known, and waits for nothing.
pub trait Report: std::fmt::Debug + Send + Sync {
    /// Whether all is as it should be.
    fn readiness(&self) -> Readiness;
    /// The counts, as OpenMetrics text.
    fn metrics(&self) -> String;
}

/// Whether all is as it should be, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// All is.
    pub ready: bool,
    /// What is known of each thing.
    pub json: String,
}

/// Answers an operator, and counts it.
pub(super) fn respond<B>(report: &dyn Report, traffic: &Traffic, request: Request<B>) -> Answer {
    let (request, _) = request.into_parts();
    let is_head = request.method == Method::HEAD;
    let (route, answer) = if host_is_right(request.version, &request.headers) {
        told(report, &request.method, request.uri.path(), request.headers)
    } else {
        (Route::Other, bad_host(request.headers))
    };
    traffic.count(route, &answer, is_head);
    answer
}

fn told(report: &dyn Report, method: &Method, path: &str, headers: HeaderMap) -> (Route, Answer) {
    let route = match path {
        "/healthz" => Route::Health,
        "/readyz" => Route::Ready,
        "/metrics" => Route::Metrics,
        _ => {
            let body = "Here are /healthz, /readyz and /metrics.\n";
            return (Route::Other, said(headers, StatusCode::NOT_FOUND, &PLAIN_TEXT, body));
        }
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let body = "This is asked for by GET or HEAD.\n";
        let mut refusal = said(headers, StatusCode::METHOD_NOT_ALLOWED, &PLAIN_TEXT, body);
        refusal.headers_mut().insert(header::ALLOW, METHODS.clone());
        return (Route::Other, refusal);
    }
    let answer = match route {
        Route::Ready => {
            let Readiness { ready, json } = report.readiness();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            said(headers, status, &JSON, json)
        }
        Route::Metrics => said(headers, StatusCode::OK, &OPEN_METRICS, report.metrics()),
        _ => alive(headers),
    };
    (route, answer)
}

/// What is so now, and no cache may say later.
fn said(headers: HeaderMap, status: StatusCode, kind: &HeaderValue, body: impl Into<Bytes>) -> Answer {
    answer(headers, status, [(header::CONTENT_TYPE, kind.clone()), (header::CACHE_CONTROL, NO_STORE.clone())], body.into())
}
