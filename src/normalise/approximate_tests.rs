//! Rows with relative dates, as polls at known instants read them, and the items that are known after each.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::super::matching::Covered;
use super::super::matching::tests::Memory;
use super::super::{Course, Identity, readings};
use super::*;
use crate::domain::Id;
use crate::extract::date::recognise;
use crate::extract::months::Language;
use crate::extract::{Extracted, RawRow};

/// The rows of a page, each `title @ date @ link`, as read at this instant (in Vienna, by the clock there).
fn rows(at: &str, page: &[&str], with_link: bool) -> (Newsroom, Vec<Reading>) {
    let year = if at.starts_with("20") { "" } else { "2024-" };
    let at: DateTime<Utc> = format!("{year}{at}:00+02:00").parse::<DateTime<chrono::FixedOffset>>().expect("an instant").to_utc();
    let newsroom = Newsroom {
        id: Id::parse("news").expect("an id"),
        title: "News".into(),
        home: "https://example.org/".into(),
        language: "en".into(),
        timezone: Tz::Europe__Vienna,
        facets: Vec::new(),
    };
    let english = Language::of("en").expect("English");
    let raw = |(row, text): (usize, &&str)| {
        let mut parts = text.split(" @ ").map(str::to_owned);
        let title = parts.next().expect("a title");
        let date = recognise(&parts.next().expect("a date"), english).expect("a date that is read").date;
        RawRow { row, title, date, link: parts.next(), summary: None, image: None, terms: Vec::new(), base: None }
    };
    let extracted = Extracted { rows: page.iter().enumerate().map(raw).collect(), ..Extracted::default() };
    let url = Url::parse("https://example.org/news").expect("a URL");
    let identity = Identity { link_key: None, with_link };
    let (rows, warnings) = readings(&extracted, &url, 0, &newsroom, &identity, at, &mut Course::default());
    assert_eq!(warnings, []);
    (newsroom, rows)
}

fn poll(memory: &mut Memory, at: &str, page: &[&str]) {
    let (newsroom, rows) = rows(at, page, false);
    let rows = settle(&rows, &memory.known, &memory.terms(Covered::Nothing), &newsroom).into_owned();
    memory.walk(&rows, Covered::Nothing);
}

/// Each item: title, date, edits.
fn items(memory: &Memory) -> Vec<String> {
    let of = memory.titles.iter().zip(&memory.known.items).zip(&memory.edits);
    of.map(|((title, item), edits)| format!("{title} {} {edits}", item.published.format("%m-%d %H:%M"))).collect()
}

/// (what is shown, polls with what they show, items at the end).
type Story = (&'static str, &'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

#[test]
fn a_date_told_from_the_reading_is_kept_from_first_sight() {
    let stories: &[Story] = &[
        (
            "hours, over midnight",
            &[
                ("05-05T23:10", &["A @ 3 hours ago @ /a"]),
                ("05-06T00:10", &["A @ 4 hours ago @ /a"]),
                ("05-06T09:00", &["A @ 12 hours ago @ /a"]),
            ],
            &["A 05-05 20:10 0"],
        ),
        (
            "hours, over midnight, without a link",
            &[
                ("05-05T23:50", &["A @ just now"]),
                ("05-06T00:20", &["A @ 20 minutes ago"]),
                ("05-06T03:00", &["A @ 3 hours ago"]),
            ],
            &["A 05-05 23:50 0"],
        ),
        (
            "days, and then the day itself",
            &[
                ("05-07T09:00", &["A @ 2 days ago @ /a"]),
                ("05-08T09:00", &["A @ 3 days ago @ /a"]),
                ("05-20T09:00", &["A @ 5 May 2024 @ /a"]),
            ],
            &["A 05-05 00:00 0"],
        ),
        (
            "a day that is off by as much as the first date may be is no news",
            &[
                ("05-07T09:00", &["A @ 2 days ago @ /a"]),
                ("05-20T09:00", &["A @ 4 May 2024 @ /a"]),
                ("05-21T09:00", &["A @ 4 May 2024 @ /a"]),
            ],
            &["A 05-05 00:00 0"],
        ),
        (
            "a day further off is a correction",
            &[
                ("05-07T09:00", &["A @ 2 days ago @ /a"]),
                ("05-20T09:00", &["A @ 1 May 2024 @ /a"]),
                ("05-21T09:00", &["A @ 1 May 2024 @ /a"]),
            ],
            &["A 05-01 00:00 1"],
        ),
        (
            "the same day, stated without a time",
            &[("05-05T15:00", &["A @ 3 hours ago"]), ("05-06T15:00", &["A @ 5 May 2024"])],
            &["A 05-05 12:00 0"],
        ),
        (
            "a page that counts otherwise at each look",
            &[
                ("05-07T09:00", &["A @ 23 hours ago"]),
                ("05-07T11:00", &["A @ yesterday"]),
                ("05-08T08:00", &["A @ 1 day ago"]),
                ("05-08T11:00", &["A @ 2 days ago"]),
            ],
            &["A 05-06 10:00 0"],
        ),
        (
            "weeks",
            &[
                ("05-20T09:00", &["A @ 2 weeks ago"]),
                ("05-26T09:00", &["A @ 2 weeks ago"]),
                ("05-27T09:00", &["A @ 3 weeks ago"]),
            ],
            &["A 05-06 00:00 0"],
        ),
        (
            "a date that was stated first",
            &[
                ("05-05T09:00", &["A @ 5 May 2024, 08:30 @ /a"]),
                ("05-06T09:00", &["A @ 1 day ago @ /a"]),
                ("05-06T09:00", &["A @ yesterday"]),
            ],
            &["A 05-05 08:30 0"],
        ),
        (
            "an old story touched today",
            &[("05-05T09:00", &["A @ 3 hours ago @ /a"]), ("05-09T09:00", &["A @ 1 hour ago @ /a"])],
            &["A 05-05 06:00 0"],
        ),
        (
            "an edited title",
            &[("05-05T09:00", &["A @ 3 hours ago @ /a"]), ("05-05T10:00", &["A, corrected @ 4 hours ago @ /a"])],
            &["A, corrected 05-05 06:00 1"],
        ),
        (
            "a daily report without links",
            &[
                ("05-05T09:00", &["Report @ 3 hours ago"]),
                ("05-06T09:00", &["Report @ 3 hours ago", "Report @ 1 day ago"]),
                ("05-07T09:00", &["Report @ 3 hours ago", "Report @ 1 day ago", "Report @ 2 days ago"]),
                ("05-08T01:00", &["Report @ 19 hours ago", "Report @ 2 days ago", "Report @ 3 days ago"]),
            ],
            &["Report 05-05 06:00 0", "Report 05-06 06:00 0", "Report 05-07 06:00 0"],
        ),
        (
            "two items of one title and day, with links of their own: one story, two sightings",
            &[
                ("05-05T23:00", &["A @ 2 hours ago @ /a", "A @ 2 hours ago @ /b"]),
                ("05-06T01:00", &["A @ 4 hours ago @ /a", "A @ 4 hours ago @ /b"]),
            ],
            &["A 05-05 21:00 0"],
        ),
        (
            "two items of one title on two days, by their links",
            &[
                ("05-05T09:00", &["A @ 1 hour ago @ /a", "A @ 3 days ago @ /b"]),
                ("05-06T09:00", &["A @ 1 day ago @ /a", "A @ 4 days ago @ /b"]),
                ("05-07T00:30", &["A @ 1 day ago @ /a", "A @ 5 days ago @ /b"]),
            ],
            &["A 05-05 08:00 0", "A 05-02 00:00 0"],
        ),
        (
            "a landing page is no identity",
            &[
                ("05-05T09:00", &["A @ 3 hours ago @ /l", "B @ 4 hours ago @ /l"]),
                ("05-06T09:00", &["C @ 3 hours ago @ /l", "A @ 1 day ago @ /l", "B @ 1 day ago @ /l"]),
            ],
            &["A 05-05 06:00 0", "B 05-05 05:00 0", "C 05-06 06:00 0"],
        ),
        (
            "a teaser tells what the list states",
            &[("05-06T09:00", &["A @ 2 days ago @ /a", "A @ 5 May 2024 @ /a"])],
            &["A 05-05 00:00 0"],
        ),
    ];
    for (name, polls, want) in stories {
        let mut memory = Memory::default();
        for (at, page) in *polls {
            poll(&mut memory, at, page);
        }
        assert_eq!(items(&memory), *want, "{name}");
    }
}

#[test]
fn a_lost_database_gives_the_same_guid_on_the_same_day() {
    let guids = |at: &str, told: &str| {
        let mut memory = Memory::default();
        poll(&mut memory, at, &[told]);
        memory.guids
    };
    assert_eq!(guids("05-05T09:00", "A @ 3 hours ago @ /a"), guids("05-06T09:00", "A @ 1 day ago @ /a"));
    assert_eq!(guids("05-05T09:00", "A @ 3 hours ago @ /a"), guids("05-09T09:00", "A @ 5 May 2024 @ /a"));
}

#[test]
fn what_was_forgotten_stays_so_when_its_date_is_told_otherwise() {
    let mut memory = Memory::default();
    poll(&mut memory, "05-05T23:00", &["A @ 1 hour ago", "B @ 1 hour ago"]);
    memory.forget("A");
    poll(&mut memory, "05-06T01:00", &["A @ 3 hours ago", "B @ 3 hours ago"]);
    poll(&mut memory, "05-06T23:00", &["A @ 1 day ago", "B @ 1 day ago"]);
    assert_eq!(items(&memory), ["B 05-05 22:00 0"]);
}

#[test]
fn stories_that_their_link_tells_apart_stay_two() {
    let mut memory = Memory::default();
    for (at, told) in [("05-05T23:00", "2 hours ago"), ("05-06T01:00", "4 hours ago"), ("05-06T23:00", "1 day ago")] {
        let page = [format!("A @ {told} @ /a"), format!("A @ {told} @ /b")];
        let (newsroom, rows) = rows(at, &page.iter().map(String::as_str).collect::<Vec<_>>(), true);
        let rows = settle(&rows, &memory.known, &memory.terms(Covered::Nothing), &newsroom).into_owned();
        memory.walk(&rows, Covered::Nothing);
    }
    assert_eq!(items(&memory), ["A 05-05 21:00 0", "A 05-05 21:00 0"]);
}

#[test]
fn rows_that_state_their_dates_are_not_copied() {
    let (newsroom, rows) = rows("05-05T09:00", &["A @ 5 May 2024 @ /a"], false);
    let memory = Memory::default();
    assert!(matches!(settle(&rows, &memory.known, &memory.terms(Covered::Nothing), &newsroom), Cow::Borrowed(_)));
}

#[test]
fn a_date_without_a_year_stays_in_the_year_of_its_first_sight() {
    let days = |memory: &Memory| -> Vec<String> {
        memory
            .titles
            .iter()
            .zip(&memory.known.items)
            .map(|(title, item)| format!("{title} {}", item.published.format("%F")))
            .collect()
    };
    let mut memory = Memory::default();
    let old = "Talks @ 12 November @ /talks";
    poll(&mut memory, "2024-11-13T10:00", &[old, "Vote @ 11 November"]);
    poll(&mut memory, "2025-01-08T10:00", &[old, "Vote @ 11 November"]);
    assert_eq!(days(&memory), ["Talks 2024-11-12", "Vote 2024-11-11"]);
    // A year later: what is still listed, and other stories of the same day, under another title or another link.
    poll(&mut memory, "2025-11-13T10:00", &["Deal @ 12 November @ /deal", "Talks @ 12 November @ /talks-2025", old]);
    assert_eq!(days(&memory), ["Talks 2024-11-12", "Vote 2024-11-11", "Deal 2025-11-12", "Talks 2025-11-12"]);
    poll(&mut memory, "2026-02-01T10:00", &["Deal @ 12 November @ /deal", old]);
    assert_eq!(days(&memory).len(), 4);
    // A day that is corrected is taken over, in its year.
    poll(&mut memory, "2026-02-02T10:00", &["Deal @ 13 November @ /deal", old]);
    assert_eq!(days(&memory), ["Talks 2024-11-12", "Vote 2024-11-11", "Deal 2025-11-13", "Talks 2025-11-12"]);
    // The year, once it is told.
    poll(&mut memory, "2026-02-03T10:00", &["Deal @ 13 November 2025 @ /deal", "Talks @ 12 November 2024 @ /talks"]);
    assert_eq!(days(&memory), ["Talks 2024-11-12", "Vote 2024-11-11", "Deal 2025-11-13", "Talks 2025-11-12"]);
}
