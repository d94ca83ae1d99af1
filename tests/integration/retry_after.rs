//! Retry-After. Promised: a host that says "not now" (429, 503) is left alone until the time it names, in seconds or as a date, by every source and
//! process, over restarts; other hosts are not; no wait is longer than `max-retry-after`; nothing that was not asked counts as failed; `--now`
//! asks all the same.

use std::time::{Duration, SystemTime};

use super::manners::edit;
use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply};

/// Two sources of one newsroom, and one of another.
fn site() -> (Newsroom, Newsroom, Place) {
    let (busy, other) = (Newsroom::start(), Newsroom::start());
    for newsroom in [&busy, &other] {
        for path in ["/a", "/b"] {
            newsroom.page(path, &page(&[row(&format!("At {path}"), "1 May 2024", &format!("{path}/1"))], None));
        }
    }
    let of = |newsroom, id: &str, path| source(newsroom, id, id, path, "");
    let place = Place::new("", &format!("{}{}{}", of(&busy, "a", "/a"), of(&busy, "b", "/b"), of(&other, "c", "/a")));
    place.once();
    [&busy, &other].iter().for_each(|newsroom| drop(newsroom.take_log()));
    (busy, other, place)
}

fn refuse(newsroom: &Newsroom, path: &str, status: u16, fields: &[(&'static str, String)]) {
    newsroom.set(path, Reply::Full(status, fields.to_vec(), Vec::new()));
}

fn outcomes(run: &Run) -> Vec<String> {
    let report = run.json();
    let sources = report["sources"].as_array().expect("sources");
    sources.iter().map(|s| s["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

/// Seconds from now until the time until which a source waits.
#[track_caller]
fn wait(run: &Run, source: usize) -> i64 {
    let report = run.json();
    let until = report["sources"][source]["until"].as_str().unwrap_or_else(|| panic!("no wait: {report:#}"));
    (chrono::DateTime::parse_from_rfc3339(until).expect("a time").to_utc() - chrono::Utc::now()).num_seconds()
}

fn failures(place: &Place) -> Vec<String> {
    database::texts(&place.database(), "SELECT name || ' ' || failures FROM source ORDER BY name")
}

#[test]
fn a_host_that_says_not_now_is_left_alone_and_no_other() {
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    for (status, fields, least, most) in [
        (503, vec![("Retry-After", "600".to_owned())], 580, 601),
        (429, vec![("Retry-After", date(600))], 560, 601),
        // By the server's own clock, which is two hours late.
        (
            503,
            vec![("Retry-After", "Sun, 06 Nov 1994 08:59:37 GMT".into()), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT".into())],
            580,
            601,
        ),
        (429, vec![], 40, 61),
    ] {
        let (busy, other, place) = site();
        refuse(&busy, "/a", status, &fields);
        refuse(&busy, "/b", status, &fields);
        let run = place.run(&["once", "--all", "--json"]);
        assert_eq!(run.code, Some(75), "{run:#?}");
        assert_eq!(busy.take_log().len(), 1, "whoever comes next is not asked: {run:#?}");
        let mut both = outcomes(&run)[..2].to_vec();
        both.sort();
        assert_eq!((both, outcomes(&run)[2].as_str()), (vec!["failed".into(), "waiting".into()], "not-modified"));
        assert!(run.stderr.contains("not asked again before"), "{run:#?}");
        assert_eq!(other.take_log().len(), 1);

        // Another process, later: nobody is asked, nothing fails.
        let before = failures(&place);
        let run = place.run(&["once", "--all", "--json"]).ok();
        assert_eq!(outcomes(&run), ["waiting", "waiting", "not-modified"]);
        for source in 0..2 {
            let wait = wait(&run, source);
            assert!((least..=most).contains(&wait), "{fields:?}: {wait}");
        }
        assert_eq!((busy.take_log().len(), other.take_log().len()), (0, 1));
        assert_eq!(failures(&place), before);
        let told = place.run(&["once", "--all"]).ok();
        assert!(told.stdout.contains(&format!(": {} asked for it (Retry-After)", busy.host())), "{told:#?}");
        let preview = place.run(&["preview", "a"]);
        assert!(preview.code == Some(1) && preview.stderr.contains("nothing is asked there"), "{preview:#?}");
        assert_eq!(busy.take_log().len(), 0);
    }
}

#[test]
fn a_source_comes_due_when_its_host_may_be_asked_again() {
    let (busy, other, place) = site();
    refuse(&busy, "/a", 503, &[("Retry-After", "600".into())]);
    place.run(&["once", "--all"]);
    [&busy, &other].iter().for_each(|newsroom| drop(newsroom.take_log()));
    busy.page("/a", &page(&[row("At last", "2 May 2024", "/a/2")], None));
    // Due by its schedule, but its host is left alone.
    database::due_in(&place.database(), -1);
    let run = place.run(&["once", "--json"]).ok();
    assert_eq!(outcomes(&run)[..2], ["waiting", "waiting"]);
    assert_eq!(busy.take_log().len(), 0);
    database::run(
        &place.database(),
        "UPDATE host_wait SET asked = asked - 660, until = until - 660; UPDATE source SET due = due - 660",
    );
    place.run(&["once"]).ok();
    assert_eq!(busy.take_log().len(), 2);
}

#[test]
fn no_wait_is_longer_than_the_cap() {
    let (busy, _, place) = site();
    edit(&place, "[fetch]", "[fetch]\nmax-retry-after = \"2m\"");
    refuse(&busy, "/a", 503, &[("Retry-After", "99999999999999999999".into())]);
    refuse(&busy, "/b", 503, &[("Retry-After", "99999999999999999999".into())]);
    place.run(&["once", "--all"]);
    let run = place.run(&["once", "--all", "--json"]).ok();
    assert!((100..=121).contains(&wait(&run, 0)), "{run:#?}");
    // It is lowered afterwards.
    edit(&place, "max-retry-after = \"2m\"", "max-retry-after = \"0s\"");
    busy.take_log();
    std::thread::sleep(Duration::from_millis(1_100));
    place.run(&["once", "--all"]);
    assert_eq!(busy.take_log().len(), 2);
}

#[test]
fn now_asks_all_the_same_but_not_what_robots_txt_forbids() {
    let (busy, _, place) = site();
    refuse(&busy, "/a", 503, &[("Retry-After", "600".into())]);
    refuse(&busy, "/b", 503, &[("Retry-After", "600".into())]);
    place.run(&["once", "--all"]);
    place.run(&["once", "--all"]).ok();
    for path in ["/a", "/b"] {
        busy.page(path, &page(&[row("At last", "2 May 2024", "/2")], None));
    }
    busy.take_log();
    place.run(&["once"]).ok();
    assert_eq!(busy.take_log().len(), 0);
    let run = place.run(&["once", "--now", "--json"]).ok();
    assert_eq!(outcomes(&run), ["polled", "polled", "waiting"], "those that wait for their host, and no other: {run:#?}");
    database::run(&place.database(), "UPDATE robots SET text = 'User-agent: *' || char(10) || 'Disallow: /'");
    busy.take_log();
    let run = place.run(&["once", "--now", "--all"]);
    assert_eq!((run.code, busy.take_log().len()), (Some(75), 0), "{run:#?}");
    assert!(run.stderr.contains("robots.txt forbids newsroomd"), "{run:#?}");
}

#[test]
fn other_answers_make_nobody_wait() {
    let (busy, _, place) = site();
    for status in [500, 502, 503, 403] {
        let fields = if status == 503 { vec![] } else { vec![("Retry-After", "600".to_owned())] };
        refuse(&busy, "/a", status, &fields);
        place.run(&["once", "--all", "--now"]);
    }
    assert_eq!(busy.visits("/a").len(), 4);
}
