//! What is counted of answers: by the class of what was asked for and by status, so that there are few counts whatever is asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;
use hyper::body::Body;

use super::respond::Answer;
use crate::publish::shelf::Kind;

/// A class of what is asked for. No path is ever counted by itself: whoever asks chooses those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Feed,
    /// The page of a feed.
    Page,
    /// The page that leads to all others.
    Index,
    /// A list of feeds (OPML).
    List,
    /// What stands at another address.
    Moved,
    Health,
    Ready,
    Metrics,
    /// What is not there, and what may not be asked.
    Other,
}

impl Route {
    const ALL: [(Self, &str); 9] = [
        (Self::Feed, "feed"),
        (Self::Page, "page"),
        (Self::Index, "index"),
        (Self::List, "opml"),
        (Self::Moved, "moved"),
        (Self::Health, "healthz"),
        (Self::Ready, "readyz"),
        (Self::Metrics, "metrics"),
        (Self::Other, "other"),
    ];

    /// That of a document at a request's path.
    pub fn of(kind: Kind, path: &str) -> Self {
        match kind {
            Kind::Feed(_) => Self::Feed,
            Kind::List => Self::List,
            Kind::Page if path.ends_with('/') || path.ends_with("/index.html") => Self::Index,
            Kind::Page => Self::Page,
        }
    }
}

/// The statuses that are answered with; the last stands for any that is not among them.
const STATUSES: [u16; 10] = [200, 204, 301, 304, 400, 404, 405, 412, 503, 500];

/// Answers since the start. Whoever asks often asks for feeds: a request costs two additions that wait for nobody.
#[derive(Debug, Default)]
pub struct Traffic {
    routes: [OfRoute; Route::ALL.len()],
}

/// On lines of the processor's cache of their own: readers of feeds don't wait for those of pages.
#[derive(Debug, Default)]
#[repr(align(64))]
struct OfRoute {
    answers: [AtomicU64; STATUSES.len()],
    bytes: AtomicU64,
}

/// The answers of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What was asked for, in a word.
    pub route: &'static str,
    /// How many there were of each status; none that never was.
    pub statuses: Vec<(u16, u64)>,
    /// How many bytes their bodies have, packed as they were sent.
    pub bytes: u64,
}

impl Traffic {
    pub(super) fn count(&self, route: Route, answer: &Answer, is_head: bool) {
        let of = &self.routes[route as usize];
        of.answers[place(answer.status())].fetch_add(1, Ordering::Relaxed);
        let bytes = if is_head { 0 } else { answer.body().size_hint().exact().unwrap_or(0) };
        if bytes > 0 {
            of.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// What was answered so far. Feeds, and pages, are there with 200 and 304 from the start, so that a share of either can be had of them.
    pub fn answered(&self) -> Vec<Answered> {
        let documents = |route| matches!(route, Route::Feed | Route::Page | Route::Index | Route::List);
        let of = |((route, name), of): (&(Route, &'static str), &OfRoute)| {
            let counts = STATUSES.iter().zip(&of.answers).map(|(status, count)| (*status, count.load(Ordering::Relaxed)));
            let statuses = counts.filter(|(status, count)| *count > 0 || (documents(*route) && matches!(status, 200 | 304)));
            Answered { route: name, statuses: statuses.collect(), bytes: of.bytes.load(Ordering::Relaxed) }
        };
        Route::ALL.iter().zip(&self.routes).map(of).collect()
    }
}

fn place(status: StatusCode) -> usize {
    STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::Response;

    use super::*;
    use crate::feed::Format;

    #[test]
    fn answers_are_counted_by_class_and_status() {
        assert!(Route::ALL.iter().enumerate().all(|(at, (route, _))| *route as usize == at));
        let traffic = Traffic::default();
        let answer = |status, body: &'static str| {
            Response::builder().status(status).body(Full::new(Bytes::from_static(body.as_bytes()))).expect("an answer")
        };
        let feed = Route::of(Kind::Feed(Format::Rss), "/a/all.rss");
        traffic.count(feed, &answer(200, "12345"), false);
        traffic.count(feed, &answer(200, "12345"), true);
        traffic.count(feed, &answer(304, ""), false);
        traffic.count(Route::of(Kind::Page, "/"), &answer(200, "123"), false);
        traffic.count(Route::of(Kind::Page, "/a/all.html"), &answer(200, "1"), false);
        traffic.count(Route::Other, &answer(404, "1"), false);
        traffic.count(Route::Other, &answer(418, ""), false);
        let said = traffic.answered().into_iter().map(|a| (a.route, a.statuses, a.bytes)).collect::<Vec<_>>();
        assert_eq!(said[0], ("feed", vec![(200, 2), (304, 1)], 5));
        assert_eq!(said[1], ("page", vec![(200, 1), (304, 0)], 1));
        assert_eq!(said[2], ("index", vec![(200, 1), (304, 0)], 3));
        assert_eq!(said[3], ("opml", vec![(200, 0), (304, 0)], 0));
        assert_eq!(said[8], ("other", vec![(404, 1), (500, 1)], 1));
    }
}
