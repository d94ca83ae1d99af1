//! One request as a guest makes it: allowed by robots.txt, when its host wants it, when it is its turn; what came of it is remembered.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::StatusCode;
use tokio::time::Instant;
use url::Url;

use super::client::{Asked, Kind};
use super::manners::{Robots, Slot, authority};
use super::robots::{self, Rules, Standing};
use super::{Ask, FetchError, Fetcher, Known};
use crate::domain::host;

/// Redirects followed for a robots.txt (RFC 9309, section 2.3.1.2: at least five).
const MAX_REDIRECTS: usize = 5;

impl Fetcher {
    /// Asks for a page, or for where a redirect led. `left`: what is left of the time that requests may take; waiting takes nothing of it.
    pub(super) async fn visit(
        &self,
        url: &Url,
        ask: &Ask<'_>,
        known: &Known<'_>,
        left: &mut Duration,
    ) -> Result<(Asked, Slot), FetchError> {
        self.check(ask.home, url)?;
        let mut gap = self.policy.min_gap;
        // The consent not to obey is one newsroom's, not of where it leads.
        if ask.obey_robots || host(url) != host(ask.home) {
            let robots = self.robots(url, ask).await?;
            if let Some(rule) = robots.rules.forbids(url) {
                return Err(FetchError::Disallowed { url: url.clone(), rule });
            }
            gap = gap.max(robots.rules.crawl_delay().unwrap_or_default().min(self.policy.max_crawl_delay));
        }
        self.request(url, if ask.feed { Kind::Feed } else { Kind::Page }, gap, known, ask, left).await
    }

    /// One request in its host's turn.
    async fn request(
        &self,
        url: &Url,
        kind: Kind,
        gap: Duration,
        known: &Known<'_>,
        ask: &Ask<'_>,
        left: &mut Duration,
    ) -> Result<(Asked, Slot), FetchError> {
        let host = host(url);
        let client = self.client(url).await?;
        let (mut turn, slot) = self.manners.turn(&host, gap, ask.now).await?;
        turn.begin();
        let began = Instant::now();
        let mut counted = self.manners.counting(&host, kind == Kind::Robots, &turn);
        // Large, and for as long as its turn only: apart, so that walks that wait are not as large.
        let asked = Box::pin(self.ask(client, url, kind, known, &mut counted.seen));
        let asked = tokio::time::timeout(*left, asked).await;
        let asked = asked.unwrap_or_else(|_| Err(self.late(url, "timeout")));
        *left = left.saturating_sub(began.elapsed());
        // What was refused here never went out.
        counted.went_out = counted.seen.status.is_some() || asked.as_ref().err().is_none_or(FetchError::is_of_server);
        if let Some(tally) = ask.tally.filter(|_| counted.went_out) {
            tally.add(counted.seen.bytes, began.elapsed());
        }
        // In this turn still: whoever is next is not to ask.
        if let Some(until) = self.manners.learn(&host, &counted.seen).await
            && let Err(FetchError::Status { url, status }) = asked
        {
            return Err(FetchError::AskedToWait { url, status, until });
        }
        Ok((asked?, slot))
    }

    /// The robots.txt that a page is under, asked for at most once a day.
    async fn robots(&self, url: &Url, ask: &Ask<'_>) -> Result<Arc<Robots>, FetchError> {
        let authority = authority(url);
        let put_off = |robots: Arc<Robots>| match robots.standing() {
            Standing::Wait(until) => Err(FetchError::HostWaits { host: host(url), until, asked_for: false }),
            _ => Ok(robots),
        };
        let holds = |robots: &Arc<Robots>| robots.standing() != Standing::Ask;
        if let Some(robots) = self.manners.known(&authority).filter(holds) {
            return put_off(robots);
        }
        let first = self.manners.first(&authority).await;
        // Somebody else may have asked meanwhile: of this process ...
        if let Some(robots) = self.manners.known(&authority).filter(holds) {
            return put_off(robots);
        }
        // ... or another.
        let _sole = self.manners.sole(first, &authority).await;
        let remembered = self.manners.remembered(&authority).await?;
        if let Some(robots) = remembered.clone().filter(holds) {
            return put_off(robots);
        }
        let before = remembered.or_else(|| self.manners.known(&authority)).unwrap_or_default();
        let address = robots_url(url);
        // Rare, and large: apart, so that each walk is not as large.
        let failed = match Box::pin(self.robots_text(&address, before.rules.crawl_delay(), ask)).await {
            Ok(text) => {
                let copy = robots::answered(text.as_deref().map(Rules::excerpt), Utc::now());
                return Ok(self.manners.keep(&authority, copy).await);
            }
            Err(error) if !error.is_of_server() => return Err(error),
            Err(error) => error,
        };
        tracing::debug!(%address, error = crate::error_chain(&failed), "robots.txt cannot be read");
        // What was read before may hold on.
        let copy = robots::failed(&before.copy, crate::error_chain(&failed), Utc::now());
        let robots = self.manners.keep(&authority, copy).await;
        match robots.standing() {
            Standing::Wait(until) => Err(FetchError::RobotsUnreachable { url: address, until, source: Box::new(failed) }),
            _ => Ok(robots),
        }
    }

    /// Asks for a robots.txt; None: there is none.
    async fn robots_text(&self, url: &Url, crawl_delay: Option<Duration>, ask: &Ask<'_>) -> Result<Option<String>, FetchError> {
        let mut at = url.clone();
        let mut left = self.policy.timeout;
        for _ in 0..=MAX_REDIRECTS {
            let gap = self.policy.min_gap.max(crawl_delay.unwrap_or_default().min(self.policy.max_crawl_delay));
            match self.request(&at, Kind::Robots, gap, &Known::default(), ask, &mut left).await {
                Ok((Asked::Page(page), _)) => return Ok(Some(String::from_utf8_lossy(&page.body).into_owned())),
                Ok((Asked::Elsewhere { to, .. }, _)) => {
                    self.check(ask.home, &to)?;
                    at = to;
                }
                // RFC 9309, section 2.3.1.3: unavailable, so that all is allowed. Not so where we asked too often, whether or not there is a wait.
                Err(FetchError::Status { status, .. }) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                    return Ok(None);
                }
                Err(FetchError::Nowhere { .. } | FetchError::LongAddress { .. }) | Ok((Asked::NotModified { .. }, _)) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// Where the robots.txt is that a page is under.
fn robots_url(url: &Url) -> Url {
    let mut robots = url.clone();
    robots.set_path("/robots.txt");
    robots.set_query(None);
    robots.set_fragment(None);
    robots
}
