//! What a guest keeps in mind: whose turn it is, who wants to be left alone until when, what robots.txt says, and what was asked so far.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

use super::memory::Memory;
use super::robots::{Rules, Standing, standing};
use super::turn::{First, Turn, Turns};
use super::{FetchError, retry_after};
use crate::domain::{HostCounts, HostWait, RobotsCopy, host};

/// Requests under way at a time, each to another host. Waiting for an answer costs next to nothing, and some that hang must not keep others
/// from being asked; but each may bring a page of the greatest size.
const SIDE_BY_SIDE: usize = 64;

/// Hosts other than its own to which one newsroom's pagers, redirects and moves may lead in a day, as far as this process knows: each costs a
/// robots.txt, a row a day and files.
pub(super) const STRANGERS: usize = 20;

/// What was read of the memory holds for so long: another process may have learnt something.
const RECENT: Duration = Duration::from_secs(1);

/// The bytes of all robots.txt that are held at a time, about.
const MOST: usize = 8_000_000;

/// A place among the requests under way and the pages that are being read: as many pages are in memory at a time. Held until the page is read.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Manners {
    max_retry_after: Duration,
    turns: Turns,
    slots: Arc<Semaphore>,
    memory: Option<Arc<dyn Memory>>,
    waits: tokio::sync::Mutex<Waits>,
    robots: Mutex<Held>,
    counts: Mutex<HashMap<String, HostCounts>>,
    strangers: Mutex<Strangers>,
}

/// The hosts to which newsrooms led on a day, by the newsroom's own.
#[derive(Debug, Default)]
struct Strangers {
    day: NaiveDate,
    of_home: HashMap<String, HashSet<String>>,
}

#[derive(Debug, Default)]
struct Waits {
    read: Option<Instant>,
    of_host: HashMap<String, HostWait>,
}

#[derive(Debug, Default)]
struct Held {
    of_authority: HashMap<String, Arc<Robots>>,
    bytes: usize,
}

/// A robots.txt, read.
#[derive(Debug, Default)]
pub(super) struct Robots {
    pub copy: RobotsCopy,
    pub rules: Rules,
}

/// What an answer's head says, and how much of its body came.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub status: Option<u16>,
    pub retry_after: Option<String>,
    pub date: Option<String>,
    pub bytes: u64,
}

/// A request under way. It is counted however it ends: one that is cut, as at a stop, was made nevertheless.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    manners: &'a Manners,
    host: &'a str,
    robots: bool,
    waited: Duration,
    since_last: Option<Duration>,
    /// What came of it so far.
    pub seen: Seen,
    /// False: it was refused here, and is not counted.
    pub went_out: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.went_out {
            self.manners.count_request(self);
        }
    }
}

impl Manners {
    /// Without a memory, and on its own.
    pub fn new(max_retry_after: Duration) -> Self {
        Self {
            max_retry_after,
            turns: Turns::default(),
            slots: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
            memory: None,
            waits: tokio::sync::Mutex::default(),
            robots: Mutex::default(),
            counts: Mutex::default(),
            strangers: Mutex::default(),
        }
    }

    /// With a memory, and turns shared by a folder.
    pub fn shared(max_retry_after: Duration, memory: Option<Arc<dyn Memory>>, folder: &Path) -> Self {
        Self { turns: Turns::shared(folder), memory, ..Self::new(max_retry_after) }
    }

    /// Lets a newsroom whose page is `home` lead to a page.
    ///
    /// # Errors
    /// When it led to too many hosts on this day, and this one is none of them.
    pub fn admit(&self, home: &Url, url: &Url, today: NaiveDate) -> Result<(), FetchError> {
        let (home, to) = (host(home), host(url));
        if home == to {
            return Ok(());
        }
        let mut strangers = locked(&self.strangers);
        if strangers.day != today {
            *strangers = Strangers { day: today, of_home: HashMap::new() };
        }
        let known = strangers.of_home.entry(home.clone()).or_default();
        if known.contains(&to) {
            return Ok(());
        }
        if known.len() >= STRANGERS {
            return Err(FetchError::ManyHosts { url: url.clone(), home });
        }
        known.insert(to);
        Ok(())
    }

    /// A host's turn. Whoever may not ask now learns it at once; who waited for the turn may learn it then.
    ///
    /// # Errors
    /// When the host wants no request for now (unless `regardless`).
    pub async fn turn(&self, host: &str, gap: Duration, regardless: bool) -> Result<(Turn, Slot), FetchError> {
        self.check_wait(host, regardless).await?;
        let turn = self.turns.take(host, gap).await;
        self.check_wait(host, regardless).await?;
        let permit = self.slots.clone().acquire_owned().await.expect("the semaphore is never closed");
        Ok((turn, Slot { _permit: permit }))
    }

    async fn check_wait(&self, host: &str, regardless: bool) -> Result<(), FetchError> {
        if regardless {
            return Ok(());
        }
        match self.wait(host).await? {
            Some(until) => {
                self.count(host, |counts| counts.put_off += 1);
                Err(FetchError::HostWaits { host: host.to_owned(), until, asked_for: true })
            }
            None => Ok(()),
        }
    }

    /// Until when a host wants no request; None: it may be asked.
    ///
    /// # Errors
    /// When the memory fails.
    pub async fn wait(&self, host: &str) -> Result<Option<DateTime<Utc>>, FetchError> {
        let mut waits = self.waits.lock().await;
        if let Some(memory) = &self.memory
            && waits.read.is_none_or(|read| read.elapsed() >= RECENT)
        {
            waits.of_host.retain(|_, wait| wait.until > Utc::now());
            for (host, wait) in memory.waits().await.map_err(FetchError::Memory)? {
                waits.note(host, wait);
            }
            waits.read = Some(Instant::now());
        }
        Ok(waits.of_host.get(host).and_then(|wait| in_force(wait, self.max_retry_after, Utc::now())))
    }

    /// Learns from an answer whether the host wants to be left alone, and tells others. Until when, if so.
    pub async fn learn(&self, host: &str, seen: &Seen) -> Option<DateTime<Utc>> {
        let status = seen.status?;
        let (retry_after, date) = (seen.retry_after.as_deref(), seen.date.as_deref());
        let wait = retry_after::wait(status, retry_after, date, SystemTime::now(), self.max_retry_after)?;
        let asked = Utc::now();
        // A whole second, as it is kept: rather later than sooner.
        let until = asked + TimeDelta::from_std(wait).ok()?;
        let until = DateTime::from_timestamp(until.timestamp() + i64::from(until.timestamp_subsec_nanos() > 0), 0)?;
        let asked = DateTime::from_timestamp(asked.timestamp(), 0)?;
        tracing::info!(host, status, until = %until.to_rfc3339(), "the host asks to be left alone for a while");
        self.count(host, |counts| {
            counts.waits += 1;
            counts.waits_ms += milliseconds(wait);
        });
        let wait = HostWait { asked, until, status };
        let mut waits = self.waits.lock().await;
        waits.note(host.to_owned(), wait);
        if let Some(memory) = &self.memory
            && let Err(error) = memory.keep_wait(host, wait).await
        {
            tracing::warn!(host, error = crate::error_chain(&*error), "other newsroomd processes do not know of the wait");
        }
        Some(until)
    }

    /// The place of the first who wants a robots.txt; others of this process wait for what comes of it.
    pub async fn first(&self, authority: &str) -> First {
        self.turns.line(&of_robots(authority)).await
    }

    /// The sole right to ask for it: others, of other processes too, wait.
    pub async fn sole(&self, first: First, authority: &str) -> Turn {
        self.turns.ahead(first, &of_robots(authority), Duration::ZERO).await
    }

    /// The robots.txt as it is known in this process.
    pub fn known(&self, authority: &str) -> Option<Arc<Robots>> {
        locked(&self.robots).of_authority.get(authority).cloned()
    }

    /// The robots.txt as another process, or an earlier one, left it.
    ///
    /// # Errors
    /// When the memory fails.
    pub async fn remembered(&self, authority: &str) -> Result<Option<Arc<Robots>>, FetchError> {
        let Some(memory) = &self.memory else { return Ok(None) };
        let copy = memory.robots(authority).await.map_err(FetchError::Memory)?;
        Ok(copy.map(|copy| self.hold(authority, copy)))
    }

    /// Keeps a robots.txt for all.
    pub async fn keep(&self, authority: &str, copy: RobotsCopy) -> Arc<Robots> {
        if let Some(memory) = &self.memory
            && let Err(error) = memory.keep_robots(authority, &copy).await
        {
            tracing::warn!(
                authority,
                error = crate::error_chain(&*error),
                "robots.txt is not kept: it is asked for again at the next start"
            );
        }
        self.hold(authority, copy)
    }

    fn hold(&self, authority: &str, copy: RobotsCopy) -> Arc<Robots> {
        let rules = copy.text.as_deref().map(Rules::parse).unwrap_or_default();
        let robots = Arc::new(Robots { rules, copy });
        locked(&self.robots).insert(authority, &robots);
        robots
    }

    /// A request that begins now: it is counted when this is dropped.
    pub fn counting<'a>(&'a self, host: &'a str, robots: bool, turn: &Turn) -> Counted<'a> {
        let Turn { waited, since_last, .. } = *turn;
        Counted { manners: self, host, robots, waited, since_last, seen: Seen::default(), went_out: true }
    }

    fn count_request(&self, request: &Counted<'_>) {
        let Counted { host, robots, waited, since_last, seen, .. } = request;
        self.count(host, |counts| {
            counts.requests += 1;
            counts.robots += u64::from(*robots);
            counts.bytes += seen.bytes;
            match seen.status {
                None => counts.unanswered += 1,
                Some(304) => counts.not_modified += 1,
                Some(200..=299) => counts.success += 1,
                Some(300..=399) => counts.redirects += 1,
                Some(500..) => counts.server_errors += 1,
                Some(_) => counts.client_errors += 1,
            }
            let waited = milliseconds(*waited);
            counts.turns += u64::from(waited > 0);
            counts.turns_ms += waited;
            counts.least_gap_ms = counts.least_gap_ms.into_iter().chain(since_last.map(milliseconds)).min();
        });
    }

    fn count(&self, host: &str, add: impl FnOnce(&mut HostCounts)) {
        let mut counts = locked(&self.counts);
        match counts.get_mut(host) {
            Some(counts) => add(counts),
            None => add(counts.entry(host.to_owned()).or_default()),
        }
    }

    /// Hands over what was counted since the last time.
    pub fn take_counts(&self) -> HashMap<String, HostCounts> {
        std::mem::take(&mut locked(&self.counts))
    }

    /// Takes counts back that could not be kept.
    pub fn return_counts(&self, counts: &HashMap<String, HostCounts>) {
        let mut mine = locked(&self.counts);
        counts.iter().for_each(|(host, more)| mine.entry(host.clone()).or_default().add(more));
    }
}

impl Held {
    fn insert(&mut self, authority: &str, robots: &Arc<Robots>) {
        let bytes = authority.len() + robots.size();
        // Redirects may lead to ever new hosts. What is forgotten here is remembered elsewhere.
        if self.bytes + bytes > MOST {
            *self = Self::default();
        }
        self.bytes += bytes;
        if let Some(before) = self.of_authority.insert(authority.to_owned(), robots.clone()) {
            self.bytes -= authority.len() + before.size();
        }
    }
}

impl Waits {
    /// The later one holds.
    fn note(&mut self, host: String, wait: HostWait) {
        let known = self.of_host.entry(host).or_insert(wait);
        if wait.until > known.until || wait.asked > known.asked {
            *known = wait;
        }
    }
}

impl Robots {
    /// About the bytes that it takes in memory.
    fn size(&self) -> usize {
        let texts = [&self.copy.text, &self.copy.error].into_iter().flatten().map(String::len).sum::<usize>();
        size_of::<(String, Self)>() + texts + self.rules.size()
    }

    pub fn standing(&self) -> Standing {
        standing(&self.copy, Utc::now())
    }
}

/// The scheme, host and port that a robots.txt is for (RFC 9309, section 2.3).
pub fn authority(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Until when a wait holds, if it does now. One that began in the future was noted by a clock that was wrong; `most` may have become less since.
fn in_force(wait: &HostWait, most: Duration, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let most = TimeDelta::from_std(most).ok().and_then(|most| wait.asked.checked_add_signed(most + TimeDelta::seconds(1)));
    let until = most.map_or(wait.until, |most| wait.until.min(most));
    (wait.asked <= now && now < until).then_some(until)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A panic elsewhere leaves maps that still hold.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What turns at an authority's robots.txt are called, beside those at its host.
fn of_robots(authority: &str) -> String {
    format!("robots {authority}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_in_force() {
        let at = |s: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(s);
        let wait = HostWait { asked: at(100), until: at(200), status: 503 };
        let hour = Duration::from_secs(3_600);
        for (now, most, want) in [
            (100, hour, Some(200)),
            (199, hour, Some(200)),
            (200, hour, None),
            (99, hour, None),
            (100, Duration::from_secs(9), Some(110)),
            (110, Duration::from_secs(9), None),
        ] {
            assert_eq!(in_force(&wait, most, at(now)), want.map(at), "{now} {most:?}");
        }
    }

    #[test]
    fn the_robots_txt_that_are_held_are_bounded_by_their_bytes() {
        let manners = Manners::new(Duration::ZERO);
        let text = format!("User-agent: *\n{}", format!("Disallow: /{}\n", "x".repeat(50)).repeat(1_000));
        let copy = RobotsCopy { text: Some(text), ..RobotsCopy::default() };
        for n in 0..300 {
            for _ in 0..2 {
                manners.hold(&format!("https://{n}.example"), copy.clone());
            }
            let held = locked(&manners.robots);
            let bytes: usize = held.of_authority.iter().map(|(authority, robots)| authority.len() + robots.size()).sum();
            assert!(bytes == held.bytes && bytes <= MOST, "{n}: {bytes}, {}", held.bytes);
        }
        assert!(manners.known("https://299.example").is_some());
    }

    #[test]
    fn a_newsroom_leads_to_few_hosts_a_day() {
        let manners = Manners::new(Duration::ZERO);
        let of = |url: &str| Url::parse(url).expect("a URL");
        let day = |day: u64| NaiveDate::default() + chrono::Days::new(day);
        let led = |home: &str, to: &str, on: u64| manners.admit(&of(home), &of(to), day(on)).is_ok();
        for n in 0..40 {
            assert_eq!(led("https://a.example/", &format!("https://{n}.example/"), 1), n < STRANGERS, "{n}");
        }
        assert!(led("https://a.example/", "http://a.example/x", 1) && led("https://a.example/", "https://7.example/x", 1));
        assert!(led("https://b.example/", "https://33.example/", 1), "another's are its own");
        assert!(led("https://a.example/", "https://33.example/", 2), "tomorrow");
    }

    #[test]
    fn authorities() {
        let of = |url: &str| authority(&Url::parse(url).expect("a URL"));
        assert_eq!(of("https://Example.org:443/a"), "https://example.org");
        assert_eq!(of("http://example.org:8080/a"), "http://example.org:8080");
        assert_ne!(of("http://example.org"), of("https://example.org"));
    }
}
