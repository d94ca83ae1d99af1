//! What is fine, odd and broken, case by case.

use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::extract::Frame;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day")
}

fn days_ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

/// A healthy page of so many rows, two a day, of a newsroom with a pager.
fn page(rows: usize) -> Look {
    Look {
        rows,
        readable: rows,
        tagged: rows,
        terms: 12,
        titles: rows,
        length: 70,
        script: Some(Script::Latin),
        days: (0..rows as u64).map(|n| days_ago(n / 2)).collect(),
        next: true,
        frame: Frame {
            name: Some(1),
            language: Some("en".into()),
            closed: true,
            size: 20_000 + 900 * rows,
            words: 0,
            ..Frame::default()
        },
        known: Some(rows),
        ..Look::default()
    }
}

/// A past of such pages, the first of them new.
fn past(rows: usize) -> Past {
    Past::begin(&Look { known: None, ..page(rows) }).learn(&Look { known: Some(rows - 1), ..page(rows) }).learn(&page(rows))
}

#[derive(Clone, Copy)]
struct Case<'a> {
    look: &'a Look,
    past: Option<&'a Past>,
    empty: bool,
    silence: Duration,
}

fn verdict(case: Case<'_>) -> Verdict {
    let silence = case.past.map(|_| case.silence);
    judge(case.look, &Circumstances { past: case.past, empty_is_normal: case.empty, today: today(), silence })
}

/// What the page comes to after a quarter of an hour: "fine", "odd" or "broken", with the reasons.
#[track_caller]
fn is(what: &str, look: &Look, past: Option<&Past>, want: &str) {
    let got = verdict(Case { look, past, empty: false, silence: HOUR / 4 });
    assert_eq!(got.name(), want, "{what}: {got:?}");
    assert_eq!(got.reasons().is_empty(), want == "fine", "{what}: {got:?}");
}

/// The page with some of it changed.
fn but(mut look: Look, change: impl FnOnce(&mut Look)) -> Look {
    change(&mut look);
    look
}

#[test]
fn without_a_past_only_what_holds_for_any_page_counts() {
    let cases: &[(&str, Look, &str)] = &[
        ("a good first page", but(page(50), |l| l.known = None), "fine"),
        ("a newsroom of one item", but(page(1), |l| l.next = false), "fine"),
        ("a page whose selectors match nothing", but(page(0), |l| l.next = false), "broken"),
        ("an error page with status 200", but(page(0), |l| l.frame.words = 1), "broken"),
        ("rows, of which none can be read", but(page(50), |l| (l.readable, l.undated) = (0, 50)), "broken"),
        ("most rows have no date", but(page(50), |l| (l.readable, l.undated) = (20, 30)), "broken"),
        ("most rows have no title", but(page(50), |l| (l.readable, l.untitled) = (20, 30)), "broken"),
        ("half of the rows are advertisements", but(page(50), |l| (l.readable, l.undated) = (25, 25)), "fine"),
        ("no row leads anywhere, as in a newsroom without pages of its own", but(page(9), |l| l.unlinked = 9), "fine"),
        ("every title says \"Read more\"", but(page(50), |l| (l.titles, l.length) = (1, 9)), "odd"),
        ("three items of one title", but(page(3), |l| l.titles = 1), "fine"),
        ("all of it is of today, by a newsroom that begins", but(page(10), |l| l.days = vec![today(); 10]), "fine"),
        ("the dates are those of 1970", but(page(10), |l| l.days = vec![NaiveDate::default(); 10]), "broken"),
        ("an event is dated two years ahead", but(page(10), |l| l.days[0] = days_ago(0) + Days::new(800)), "fine"),
        (
            "a single row on a page that speaks of captchas: a small newsroom with a form",
            but(page(1), |l| l.frame.words = 1),
            "fine",
        ),
    ];
    for (what, look, want) in cases {
        is(what, look, None, want);
    }
}

#[test]
fn walls_and_half_pages_are_broken_by_the_past() {
    let fifty = past(50);
    let wall = Frame { name: Some(2), language: None, closed: true, size: 4_000, words: 1, ..Frame::default() };
    let cases: &[(&str, Look)] = &[
        ("selectors match nothing after a redesign", but(page(0), |l| l.next = true)),
        ("a captcha", Look { frame: wall.clone(), ..Look::default() }),
        ("a captcha with a row that matches by accident", Look { next: false, known: Some(0), frame: wall.clone(), ..page(1) }),
        (
            "a wall in words that nobody knows, with a row",
            Look { next: false, known: Some(0), frame: Frame { words: 0, ..wall.clone() }, ..page(1) },
        ),
        ("the first 12 rows of 50, the rest and the pager missing", but(page(12), |l| l.next = false)),
        ("cut off in the middle", but(page(25), |l| (l.next, l.frame.closed) = (false, false))),
        ("cut off near the end", but(page(44), |l| (l.next, l.frame.closed) = (false, false))),
        ("cut off in the middle, with the pager above the rows", but(page(25), |l| l.frame.closed = false)),
        (
            "the page of another language",
            but(page(50), |l| (l.known, l.script, l.frame.language) = (Some(0), Some(Script::Cyrillic), Some("ru".into()))),
        ),
        (
            "the page of another language in the same script",
            but(page(50), |l| (l.known, l.frame.name, l.frame.language) = (Some(0), Some(3), Some("fr".into()))),
        ),
        (
            "every title says \"Read more\", so that all seem new",
            but(page(50), |l| (l.titles, l.length, l.known) = (1, 9, Some(0))),
        ),
        ("known stories, each titled by its whole text", but(page(50), |l| (l.length, l.altered) = (400, 50))),
        ("known stories, all dated today", but(page(50), |l| (l.days, l.altered) = (vec![today(); 50], 50))),
        ("the links are gone", but(page(50), |l| l.unlinked = 50)),
        ("most rows can no longer be read", but(page(50), |l| (l.readable, l.undated) = (10, 40))),
        ("the dates are those of 1970", but(page(50), |l| (l.days, l.altered) = (vec![NaiveDate::default(); 50], 50))),
        (
            "another listing of the same site: other title, other stories, no pager",
            but(page(50), |l| (l.known, l.frame.name, l.next) = (Some(0), Some(9), false)),
        ),
    ];
    for (what, look) in cases {
        is(what, look, Some(&fifty), "broken");
    }
    // So are walls before a small newsroom, whose rows say little.
    for rows in [1, 2, 3, 5] {
        let small = but(page(rows), |l| l.next = false);
        let of_small = Past::begin(&small).learn(&small);
        let look = Look { next: false, known: Some(0), frame: wall.clone(), ..page(1) };
        is("a captcha with a row, before a small newsroom", &look, Some(&of_small), "broken");
    }
}

#[test]
fn what_an_honest_newsroom_may_do_is_not_broken() {
    let fifty = past(50);
    let cases: &[(&str, Look, &str)] = &[
        ("nothing new", page(50), "fine"),
        ("three new ones", but(page(50), |l| l.known = Some(47)), "fine"),
        ("a day of many: 45 of 50 are new", but(page(50), |l| l.known = Some(5)), "fine"),
        ("all of it is new within the quarter of an hour, and all else as ever", but(page(50), |l| l.known = Some(0)), "odd"),
        ("a few were withdrawn", page(46), "fine"),
        ("the page holds twenty rows from now on", page(20), "odd"),
        ("the page holds a hundred rows from now on", page(100), "fine"),
        ("the pager is drawn by a script from now on", but(page(50), |l| l.next = false), "odd"),
        ("another title of the document", but(page(50), |l| l.frame.name = Some(2)), "odd"),
        ("another title, and another size", but(page(50), |l| (l.frame.name, l.frame.size) = (Some(2), 300_000)), "odd"),
        ("the frame was written by hand, and is not closed", but(page(50), |l| l.frame.closed = false), "odd"),
        ("a tenth of the rows cannot be read", but(page(50), |l| (l.readable, l.undated) = (45, 5)), "fine"),
        ("a third of the rows cannot be read", but(page(50), |l| (l.readable, l.undated) = (34, 16)), "odd"),
        ("titles are in capitals and longer", but(page(50), |l| (l.length, l.altered) = (120, 50)), "fine"),
        (
            "the headlines grew out of all measure, of new stories",
            but(page(50), |l| (l.length, l.known) = (300, Some(30))),
            "odd",
        ),
        ("nothing is tagged any more", but(page(50), |l| (l.tagged, l.terms) = (0, 0)), "odd"),
        ("a flood of new terms", but(page(50), |l| l.terms = 90), "odd"),
        ("the newest are of today", but(page(50), |l| l.days[..8].fill(today())), "fine"),
    ];
    for (what, look, want) in cases {
        is(what, look, Some(&fifty), want);
    }
}

#[test]
fn silence_explains_a_page_of_new_rows() {
    let fifty = past(50);
    let new = but(page(50), |l| (l.known, l.days) = (Some(0), vec![today(); 50]));
    for (silence, want) in [(HOUR / 4, "odd"), (DAY, "odd"), (8 * DAY, "odd"), (300 * DAY, "odd")] {
        let got = verdict(Case { look: &new, past: Some(&fifty), empty: false, silence });
        assert_eq!(got.name(), want, "after {silence:?}: all dated today is odd, and no more than that");
    }
    let new = but(page(50), |l| l.known = Some(0));
    for (silence, want) in [(DAY, "odd"), (8 * DAY, "fine"), (300 * DAY, "fine")] {
        assert_eq!(verdict(Case { look: &new, past: Some(&fifty), empty: false, silence }).name(), want, "after {silence:?}");
    }
    // After an outage of a month with another title it is still taken over.
    let new = but(page(50), |l| (l.known, l.frame.name, l.next) = (Some(0), Some(5), false));
    assert_eq!(verdict(Case { look: &new, past: Some(&fifty), empty: false, silence: 30 * DAY }).name(), "odd");
}

#[test]
fn small_newsrooms_may_show_what_they_like() {
    for rows in 1..=5 {
        let usual = but(page(rows), |l| l.next = false);
        let small = Past::begin(&usual).learn(&usual);
        let all_new = but(usual.clone(), |l| l.known = Some(0));
        is("all new", &all_new, Some(&small), if rows < SOME { "fine" } else { "odd" });
        let one = but(page(1), |l| l.next = false);
        is("all withdrawn but one", &one, Some(&small), if rows > SOME { "odd" } else { "fine" });
        let long = but(usual.clone(), |l| (l.length, l.known) = (250, Some(0)));
        let got = verdict(Case { look: &long, past: Some(&small), empty: false, silence: HOUR });
        assert_ne!(got.name(), "broken", "a long headline: {got:?}");
    }
}

#[test]
fn a_listing_of_the_year_begins_anew() {
    let fifty = past(50);
    let day = NaiveDate::from_ymd_opt(2027, 1, 2).expect("a day");
    let judged = |look: &Look| {
        let circumstances = Circumstances { past: Some(&fifty), empty_is_normal: false, today: day, silence: Some(HOUR) };
        judge(look, &circumstances).name()
    };
    let anew = but(page(2), |l| (l.days, l.known, l.next) = (vec![day; 2], Some(0), false));
    assert_eq!(judged(&anew), "odd");
    assert_eq!(judged(&but(anew.clone(), |l| l.frame.closed = false)), "broken", "half a page");
    assert_eq!(judged(&but(anew.clone(), |l| l.frame.name = Some(2))), "broken", "a wall");
    assert_eq!(judged(&but(anew, |l| l.days = vec![days_ago(0); 2])), "broken", "of the old year");
}

#[test]
fn a_listing_of_the_year_is_taken_over_day_by_day_in_january() {
    // By a full past, and by one that has hardly begun.
    for pages in [1, 3, 10] {
        let before = page(50);
        let mut past = (1..pages).fold(Past::begin(&before), |past, _| past.learn(&before));
        for day in 1..=30 {
            let today = NaiveDate::from_ymd_opt(2027, 1, day).expect("a day");
            let judged = |look: &Look, past: &Past| {
                let silence = Some(HOUR * 24);
                judge(look, &Circumstances { past: Some(past), empty_is_normal: false, today, silence })
            };
            let rows = day as usize;
            let listing = but(page(rows), |l| {
                l.days = (1..=day).rev().map(|d| NaiveDate::from_ymd_opt(2027, 1, d).expect("a day")).collect();
                (l.known, l.next) = (Some(rows - 1), false);
            });
            let got = judged(&listing, &past);
            assert_ne!(got.name(), "broken", "{pages} pages before, {day} January: {got:?}");
            past = past.learn(&listing);
            let got = judged(&but(listing, |l| l.known = Some(rows)), &past);
            assert_eq!(got, Verdict::Fine, "{pages} pages before, {day} January, again");
            let wall = Look { next: false, frame: Frame { name: Some(2), language: None, words: 1, ..page(1).frame }, ..page(1) };
            assert_eq!(judged(&wall, &past).name(), "broken", "{day} January: a wall");
        }
    }
}

#[test]
fn an_empty_listing_is_fine_where_it_is_declared_so() {
    let three = but(page(3), |l| l.next = false);
    let small = Past::begin(&three).learn(&three);
    let empty = but(page(0), |l| l.next = false);
    let cases: &[(&str, Look, Option<&Past>, bool, &str)] = &[
        ("not declared", empty.clone(), Some(&small), false, "broken"),
        ("declared, of a new source", empty.clone(), None, true, "fine"),
        ("declared", empty.clone(), Some(&small), true, "fine"),
        (
            "declared, in another frame that is much smaller",
            but(empty.clone(), |l| l.frame.size = 600),
            Some(&small),
            true,
            "broken",
        ),
        ("a captcha", but(empty.clone(), |l| (l.frame.words, l.frame.name) = (1, None)), Some(&small), true, "broken"),
        (
            "a form with a captcha, under the newsroom's title",
            but(empty.clone(), |l| l.frame.words = 1),
            Some(&small),
            true,
            "fine",
        ),
        ("a captcha, of a new source", but(empty.clone(), |l| l.frame.words = 1), None, true, "broken"),
        ("an error page of the same system", but(empty.clone(), |l| l.frame.name = Some(2)), Some(&small), true, "broken"),
        ("cut off", but(empty.clone(), |l| l.frame.closed = false), Some(&small), true, "broken"),
        ("another language, nothing else", but(empty.clone(), |l| l.frame.language = None), Some(&small), true, "odd"),
        ("no row, and yet a next page", but(empty, |l| l.next = true), Some(&small), true, "broken"),
        ("rows are judged as ever", but(page(3), |l| (l.readable, l.undated) = (0, 3)), Some(&small), true, "broken"),
    ];
    for (what, look, past, empty, want) in cases {
        let got = verdict(Case { look, past: *past, empty: *empty, silence: HOUR });
        assert_eq!(got.name(), *want, "{what}: {got:?}");
    }
}

#[test]
fn later_pages_are_judged_by_the_first() {
    let first = page(50);
    let cases: &[(&str, Look, &str)] = &[
        ("as the first", page(50), "fine"),
        ("the last page of a listing", but(page(3), |l| l.next = false), "fine"),
        ("its title says which page it is", but(page(50), |l| l.frame.name = Some(7)), "fine"),
        ("an empty page at the end", but(page(0), |l| l.next = false), "fine"),
        (
            "an empty page at the end, with a title of its own",
            but(page(0), |l| (l.next, l.frame.name) = (false, Some(7))),
            "fine",
        ),
        ("no row, and a way on", page(0), "broken"),
        ("a captcha", Look { frame: Frame { words: 1, ..Frame::default() }, ..Look::default() }, "broken"),
        ("a wall of few words", Look { frame: Frame { size: 900, ..Frame::default() }, ..Look::default() }, "broken"),
        (
            "a captcha with a row",
            Look { next: false, frame: Frame { words: 1, closed: true, name: Some(2), ..Frame::default() }, ..page(1) },
            "broken",
        ),
        ("cut off", but(page(20), |l| (l.next, l.frame.closed) = (false, false)), "broken"),
        ("none can be read", but(page(50), |l| (l.readable, l.untitled) = (0, 50)), "broken"),
        ("most cannot be read", but(page(50), |l| (l.readable, l.undated) = (9, 41)), "broken"),
        ("another script", but(page(50), |l| (l.script, l.frame.language) = (Some(Script::Greek), None)), "broken"),
        ("the links are gone", but(page(50), |l| l.unlinked = 50), "broken"),
        ("older stories were longer", but(page(50), |l| l.length = 300), "fine"),
    ];
    for (what, look, want) in cases {
        let got = judge_later(look, Some(&first));
        assert_eq!(got.name(), *want, "{what}: {got:?}");
    }
}

#[test]
fn a_page_at_which_a_walk_is_resumed_is_judged_by_what_holds_for_any() {
    let old = NaiveDate::from_ymd_opt(1975, 3, 1).expect("a day");
    for (what, look, want) in [
        ("an old page", but(page(50), |l| l.days = vec![old; 50]), "fine"),
        ("the end", but(page(0), |l| l.next = false), "fine"),
        ("titles that are all alike", but(page(50), |l| l.titles = 1), "fine"),
        ("no row, and a way on", page(0), "broken"),
        ("none can be read", but(page(50), |l| (l.readable, l.untitled) = (0, 50)), "broken"),
        ("most cannot be read", but(page(50), |l| (l.readable, l.undated) = (9, 41)), "broken"),
    ] {
        let got = judge_later(&look, None);
        assert_eq!(got.name(), want, "{what}: {got:?}");
    }
}

#[test]
fn words_of_walls_that_stand_on_every_page_are_no_sign() {
    // "Captcha" in a form's script, and titles that say the page's number in words.
    let first = but(page(50), |l| l.frame.words = 0b1);
    let last = |rows, words| but(page(rows), |l| (l.next, l.frame.name, l.frame.words) = (false, Some(7), words));
    let bilingual = |rows| but(last(rows, 1), |l| (l.next, l.script) = (true, Some(Script::Cyrillic)));
    let elsewhere = |rows| but(last(rows, 0b10), |l| (l.frame.size, l.frame.language) = (900, None));
    for (what, look, want) in [
        ("the last page, with two rows", last(2, 0b1), "fine"),
        ("the last page, with a row", last(1, 0b1), "fine"),
        ("the last page, with a row of which the headline says \"access denied\"", last(1, 0b11), "fine"),
        ("an empty last page", last(0, 0b1), "fine"),
        ("a page of rows in another script", bilingual(50), "fine"),
        ("a row in another script", bilingual(1), "fine"),
        ("a wall with a row", elsewhere(1), "broken"),
        ("a wall with a row, of the same language", but(elsewhere(1), |l| l.frame.language = Some("en".into())), "broken"),
        ("a wall without rows", elsewhere(0), "broken"),
        ("an error page of the same frame", last(0, 0b11), "broken"),
    ] {
        let got = judge_later(&look, Some(&first));
        assert_eq!(got.name(), want, "{what}: {got:?}");
    }
    // So it is with first pages: of a listing that has become short, and of one that begins anew with the year.
    let past = Past::begin(&first).learn(&first);
    let short = but(page(2), |l| (l.frame.words, l.days) = (0b1, vec![today(); 2]));
    is("two rows left, and a form", &short, Some(&past), "odd");
    let day = NaiveDate::from_ymd_opt(2027, 1, 2).expect("a day");
    let anew = but(page(2), |l| (l.frame.words, l.days, l.known, l.next) = (0b1, vec![day; 2], Some(0), false));
    let silence = Some(HOUR);
    let got = judge(&anew, &Circumstances { past: Some(&past), empty_is_normal: false, today: day, silence });
    assert_eq!(got.name(), "odd", "{got:?}");
}

#[test]
fn what_was_so_before_is_no_sign() {
    // A newsroom of identical titles, of rows that are mostly advertisements, without links, never closed, under ever other titles.
    let strange = |name| {
        but(page(20), |l| {
            (l.readable, l.undated, l.titles, l.unlinked, l.tagged, l.terms) = (8, 12, 2, 8, 0, 0);
            l.frame = Frame { name: Some(name), closed: false, language: None, words: 0, size: 9_000, ..Frame::default() };
        })
    };
    let past = Past::begin(&strange(1)).learn(&strange(2)).learn(&strange(3));
    is("as ever", &strange(4), Some(&past), "fine");
}

#[test]
fn reasons_hold_numbers_and_the_past_survives_storing() {
    let fifty = past(50).learn(&page(48));
    assert_eq!(Past::parse(&fifty.to_text()), Some(fifty.clone()));
    assert_eq!((Past::parse("{}"), Past::parse("{\"pages\":[]}")), (None, None));
    let look = but(page(12), |l| l.next = false);
    let Verdict::Broken(reasons) = verdict(Case { look: &look, past: Some(&fifty), empty: false, silence: HOUR }) else {
        panic!("not broken");
    };
    assert_eq!(reasons, ["it shows 12 rows, where it showed 48 to 50", "it leads to no next page, as it always did"]);
    let long = (0..30).fold(fifty, |past, _| past.learn(&page(50)));
    assert!(long.to_text().len() < 2_500, "{} bytes", long.to_text().len());
}

/// Any page that may have been good.
fn any_page() -> impl Strategy<Value = Look> {
    let frame = (prop::option::of(0..3u64), prop::option::of("[a-z]{2}"), any::<bool>(), 100..100_000usize, 0..8u32)
        .prop_map(|(name, language, closed, size, words)| Frame { name, language, closed, size, words, ..Frame::default() });
    let rows = (1..60usize).prop_flat_map(|rows| {
        (Just(rows), rows / 2 + 1..=rows, 0..=rows, 1..=rows, 1..200usize, prop::collection::vec(0..400u64, rows), 0..=rows)
    });
    (rows, frame, any::<bool>(), 0..30usize).prop_map(
        |((rows, readable, unlinked, titles, length, days, known), frame, next, terms)| Look {
            rows,
            readable,
            undated: rows - readable,
            unlinked: unlinked.min(readable),
            titles: titles.min(readable),
            length,
            tagged: terms.min(readable),
            terms,
            script: Some(Script::Latin),
            days: days.into_iter().take(readable).map(days_ago).collect(),
            next,
            known: Some(known.min(readable)),
            frame,
            ..Look::default()
        },
    )
}

proptest! {
    #[test]
    fn a_page_like_the_last_good_one_is_never_broken(older in prop::collection::vec(any_page(), 0..12), last in any_page(), hours in 0..10_000u32) {
        let past = older.iter().fold(None, |past: Option<Past>, look| {
            Some(past.map_or_else(|| Past::begin(look), |past| past.learn(look)))
        });
        let past = past.map_or_else(|| Past::begin(&last), |past| past.learn(&last));
        let again = Look { known: Some(last.readable), altered: 0, ..last.clone() };
        let case = Case { look: &again, past: Some(&past), empty: false, silence: HOUR * hours };
        prop_assert_ne!(verdict(case).name(), "broken");
        prop_assert_ne!(judge_later(&again, Some(&last)).name(), "broken");
    }

    #[test]
    fn new_rows_on_top_never_break_a_page(rows in 1..60usize, new in 0..60usize, length in 10..200usize, grown in any::<bool>(), today_only in any::<bool>()) {
        let usual = page(rows);
        let past = Past::begin(&Look { known: None, ..usual.clone() }).learn(&usual);
        let new = new.min(rows);
        let shown = if grown { rows + new } else { rows };
        let look = but(page(shown), |l| {
            l.known = Some(shown - new);
            // The middle title is one of the new ones if they are the most.
            if new * 2 > shown { l.length = length; }
            if today_only && new == shown { l.days = vec![today(); shown]; }
        });
        // A whole page of news takes its time.
        let silence = if new == rows { DAY * 30 } else { HOUR / 4 };
        prop_assert_ne!(verdict(Case { look: &look, past: Some(&past), empty: false, silence }).name(), "broken");
    }
}

#[test]
fn what_was_taken_over_is_odd_once_and_an_exception_makes_no_rule() {
    let usual = (0..6).fold(past(50), |past, _| past.learn(&page(50)));
    let odd = but(page(30), |l| l.next = false);
    is("the first time", &odd, Some(&usual), "odd");
    let after = usual.learn(&odd);
    is("the second time", &odd, Some(&after), "fine");
    is("back as it was", &page(50), Some(&after), "fine");
    // It is not forgotten what pages were like.
    is("12 rows without a pager", &but(page(12), |l| l.next = false), Some(&after), "broken");
    is("cut off", &but(page(20), |l| l.frame.closed = false), Some(&after), "broken");
    // Three such pages are another newsroom.
    let after = after.learn(&odd).learn(&odd);
    is("other rows", &but(page(29), |l| l.next = false), Some(&after), "fine");
}
