//! When newsrooms are asked. Promised:
//! - a source is never polled twice at a time, and a newsroom that is slow or hangs holds up no other;
//! - when a source is due next is stored before the request goes out, so that a daemon that is killed again and again does not hammer it;
//! - `every` and `cron` are obeyed, over restarts as well.
//!
//! Each source has a newsroom of its own: requests to one host wait for each other.

use std::time::{Duration, Instant};

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply};

/// Due times are whole seconds: a poll may begin that much sooner after the one before.
const WHOLE: Duration = Duration::from_secs(1);

fn page_of(title: &str) -> String {
    page(&[row(title, "1 May 2024", &format!("/{title}"))], None)
}

/// Newsrooms, and the place that reads them; the nth source's id is `sN`, by these keys.
fn newsrooms<const N: usize>(keys: [&str; N]) -> ([Newsroom; N], Place) {
    let newsrooms = keys.map(|_| Newsroom::start());
    let sources = newsrooms.iter().zip(keys).enumerate().map(|(n, (newsroom, keys))| {
        newsroom.page("/news", &page_of(&format!("First{n}")));
        source(newsroom, &format!("s{n}"), &format!("Source {n}"), "/news", keys)
    });
    let config = format!("{LISTEN}{}", sources.collect::<String>());
    let place = Place::new("", &config);
    (newsrooms, place)
}

fn polls(newsroom: &Newsroom) -> usize {
    newsroom.visits("/news").len()
}

#[test]
fn a_slow_source_is_polled_once_at_a_time_and_holds_up_no_other() {
    let ([slow, hanging, quick], place) = newsrooms(["every = \"1s\""; 3]);
    slow.set("/news", Reply::Held);
    hanging.set("/news", Reply::Silence);
    let mut daemon = Daemon::start(&place);
    quick.wait_for_visits("/news", 4);
    assert_eq!((polls(&slow), polls(&hanging)), (1, 1));
    assert_eq!(daemon.titles("s2/all"), ["First2"]);

    // Its answer comes at last, and goes the way of all others.
    slow.page("/news", &page_of("Late"));
    daemon.wait(&[" polled ", "source.id=\"s0\"", "new=1"]);
    daemon.wait(&[" published "]);
    assert_eq!(daemon.titles("s0/all"), ["Late"]);
    daemon.assert_serves(&place);
    slow.wait_for_visits("/news", 2);
    slow.set("/news", Reply::Held);
    let seen = polls(&slow);
    slow.wait_for_visits("/news", seen + 1);
    let before = polls(&quick);
    quick.wait_for_visits("/news", before + 3);
    assert_eq!((polls(&slow), polls(&hanging)), (seen + 1, 1));
    assert_eq!([&slow, &hanging, &quick].map(|n| n.most_at_a_time("/news")), [1, 1, 1]);
    daemon.stop();
}

#[test]
fn twelve_hanging_newsrooms_hold_up_no_other() {
    let (newsrooms, place) = newsrooms(["every = \"1s\""; 13]);
    let (quick, hanging) = newsrooms.split_last().expect("thirteen");
    hanging.iter().for_each(|newsroom| newsroom.set("/news", Reply::Silence));
    let daemon = Daemon::start(&place);
    quick.wait_for_visits("/news", 3);
    assert_eq!(daemon.titles("s12/all"), ["First12"]);
    daemon.stop();
}

#[test]
fn a_daemon_killed_in_its_request_does_not_ask_before_it_is_due() {
    let ([killing, clock], place) = newsrooms(["every = \"4s\"", "every = \"1s\""]);
    killing.set("/news", Reply::Silence);
    let daemon = Daemon::start(&place);
    killing.wait_for_visits("/news", 1);
    daemon.kill();
    for _ in 0..2 {
        let daemon = Daemon::start(&place);
        let before = polls(&clock);
        clock.wait_for_visits("/news", before + 1);
        daemon.kill();
    }
    let mut daemon = Daemon::start(&place);
    killing.page("/news", &page_of("Alive"));
    killing.wait_for_visits("/news", 2);
    let visits = killing.visits("/news");
    let gap = visits[1] - visits[0];
    assert!(gap > Duration::from_secs(4) - WHOLE, "asked again after {gap:?}");
    daemon.wait(&[" polled ", "source.id=\"s0\"", "new=1"]);
    daemon.stop();
}

#[test]
fn sources_are_polled_as_often_as_their_schedules_say() {
    // Once a year, and not today: 29 February.
    let ([second, three, cron], place) = newsrooms(["every = \"1s\"", "every = \"3s\"", "cron = \"0 0 29 2 *\""]);
    let began = Instant::now();
    let mut daemon = Daemon::start(&place);
    daemon.wait(&[" polled ", "source.id=\"s2\"", "new=1"]);
    second.wait_for_visits("/news", 3);
    daemon.stop();
    let daemon = Daemon::start(&place);
    second.wait_for_visits("/news", 5);
    three.wait_for_visits("/news", 2);
    daemon.stop();
    let (elapsed, visits) = (began.elapsed(), three.visits("/news"));
    assert!(visits.windows(2).all(|w| w[1] - w[0] > Duration::from_secs(3) - WHOLE), "{visits:?}");
    // Every second at most, one more for each end of the time, and one that the stop cut off and the next start repeated.
    let most = usize::try_from(elapsed.as_secs()).expect("few") + 3;
    assert!(polls(&second) <= most, "{} polls in {elapsed:?}", polls(&second));
    assert_eq!(polls(&cron), 1, "a source never polled is due, and then as its schedule says");
}
