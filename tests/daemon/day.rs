//! A day of polling, at short intervals: three sources of one newsroom, of which one has news now and then. Promised, by the newsroom's own log and by
//! what the database was told:
//! - robots.txt is asked for once, before anything else;
//! - never two requests at a time, and never one sooner after another than `min-gap`;
//! - a poll of what is unchanged is one conditional request, answered by 304, and one written row, the source's own; no file is touched;
//! - a poll of a page with news is one request too, and touches only the feeds that hold it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::database;
use crate::support::listing::{Row, row, site, source};
use crate::support::newsroom::{Newsroom, Request};
use crate::support::process::eventually;
use crate::support::tree;

/// The sources, by their paths.
const SOURCES: [&str; 3] = ["/one", "/two", "/three"];

/// Between two requests: `min-gap`, less what a request takes from our socket to theirs when the one before took longer.
const GAP: Duration = Duration::from_millis(200);
const LESS: Duration = Duration::from_millis(20);

fn place(newsroom: &Newsroom) -> Place {
    let sources = SOURCES.map(|path| source(newsroom, &path[1..], &path[1..], path, "every = \"1s\""));
    let place = Place::new("", &format!("{LISTEN}{}", sources.concat()));
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text.replace("min-gap = \"0s\"", "min-gap = \"200ms\"")).expect("a config");
    place
}

fn rows(path: &str, count: usize) -> Vec<Row> {
    let item =
        |n: usize| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("{path}/{n}")).topics(&[["A", "B"][n % 2]]);
    (1..=count).rev().map(item).collect()
}

fn show(newsroom: &Newsroom, path: &str, count: usize) {
    newsroom.page(path, &site(&rows(path, count), None));
}

/// Never two at a time, and never one soon after another. Gives the least time that was between two.
#[track_caller]
fn assert_gaps(newsroom: &Newsroom, log: &[Request]) -> Duration {
    assert_eq!(newsroom.most_at_a_time_of_all(), 1, "requests at a time");
    let gaps: Vec<Duration> = log.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).collect();
    let least = gaps.iter().min().copied().unwrap_or(GAP);
    assert!(least + LESS >= GAP, "{gaps:?}");
    least
}

/// `rounds` polls of each source without news, then one with, `times` times.
fn a_day(times: usize, rounds: usize) {
    let newsroom = Newsroom::start();
    let place = place(&newsroom);
    SOURCES.iter().for_each(|path| show(&newsroom, path, 3));
    let mut daemon = Daemon::start(&place);
    SOURCES.iter().for_each(|_| drop(daemon.wait(&[" polled ", "new=3"])));
    eventually("everything is published", || {
        SOURCES.iter().all(|path| place.feeds().join(&format!("{path}/all.rss")[1..]).exists())
    });
    daemon.wait(&[" published "]);
    let mut all = newsroom.take_log();

    database::count_writes(&place.database());
    let (mut polls, mut news) = (0, 0);
    for time in 1..=times {
        // Whatever was under way is over with the poll after it.
        SOURCES.iter().for_each(|path| newsroom.wait_for_visits(path, 1));
        let (files, tables) = (tree::files(&place.feeds()), database::tables_but_source(&place.database()));
        all.extend(newsroom.take_log());
        database::take_writes(&place.database());
        SOURCES.iter().for_each(|path| newsroom.wait_for_visits(path, rounds));
        let written = database::take_writes(&place.database());
        let log = newsroom.take_log();
        for request in &log {
            assert_eq!(request.status, 304, "{log:#?}");
        }
        // A poll is noted before it asks: one may have been noted and not have asked, or the other way round at the beginning.
        let (rows, asked) = (written.get("source").copied().unwrap_or(0), i64::try_from(log.len()).expect("few"));
        assert!((asked - 3..=asked + 3).contains(&rows), "{rows} rows for {asked} polls");
        // Requests are counted in memory; the sum is written once a minute.
        let sums = written.get("host_day").copied().unwrap_or(0);
        assert!(sums <= 1 + asked / 60, "{sums} sums of {asked} polls");
        let others: Vec<_> = written.iter().filter(|(table, _)| !["source", "host_day"].contains(&table.as_str())).collect();
        assert!(others.is_empty(), "{asked} polls without news wrote to {others:?}");
        let same = |now: BTreeMap<String, Vec<String>>| {
            now.iter().all(|(table, rows)| table == "written" || tables.get(table) == Some(rows))
        };
        assert!(same(database::tables_but_source(&place.database())));
        assert!(tree::files(&place.feeds()) == files, "a file was touched");
        polls += log.len();
        all.extend(log);

        show(&newsroom, "/one", 3 + time);
        daemon.published(&["source.id=\"one\"", "new=1"]);
        news += 1;
        let now = tree::files(&place.feeds());
        let touched = now.iter().filter(|(name, file)| files.get(*name) != Some(file)).map(|(name, _)| name.as_str());
        let topic = ["a", "b"][(3 + time) % 2];
        for name in touched {
            assert!(
                name.starts_with("one/all.") || name.starts_with(&format!("one/topic/{topic}.")) || name == "index.html",
                "{name}"
            );
        }
        let log = newsroom.take_log();
        assert_eq!(
            log.iter().filter(|request| request.status == 200).map(|request| request.path.as_str()).collect::<Vec<_>>(),
            ["/one"]
        );
        all.extend(log);
    }
    daemon.stop();

    // What was not taken: the requests for robots.txt.
    all.extend(newsroom.all_requests());
    all.sort_by_key(|request| request.at);
    assert_eq!(all[0].path, "/robots.txt", "{all:#?}");
    assert_eq!(newsroom.take_robots(), 1, "requests for robots.txt");
    let least = assert_gaps(&newsroom, &all);
    let known = all.iter().skip(4).filter(|request| request.headers.contains_key("if-none-match")).count();
    assert_eq!(known, all.len() - 4, "every request but the first of each path is conditional");
    let not_modified = all.iter().filter(|request| request.status == 304).count();
    println!(
        "{} requests: 1 of robots.txt, {not_modified} answered by 304; {polls} of these polls wrote a row each; {news} brought news; least gap {least:?}",
        all.len(),
    );
}

#[test]
fn a_day_of_polling_in_the_newsrooms_log() {
    a_day(1, 3);
}

#[test]
#[ignore = "takes minutes: cargo test --test daemon -- --ignored --nocapture a_long_day"]
fn a_long_day_of_polling_in_the_newsrooms_log() {
    a_day(8, 15);
}
