//! The same faults where robots.txt should be. Promised:
//! - what says that there is none (4xx, but for 429) allows everything; what does not answer allows nothing, and is told;
//! - it is not asked for again soon, and no page is asked for meanwhile;
//! - what was read of it before holds on while it cannot be read, also what it forbids;
//! - once it can be read again, nothing was lost.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::support::binary::{NOW, Place};
use crate::support::database;
use crate::support::faults::{self, Fault, Outcome, with_maze};
use crate::support::listing::{Row, row, site, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::tree;

/// Limits of [fetch] into which the faults run soon.
const TIGHT: &str = "timeout = \"2s\"\nheader-timeout = \"1s\"\nread-timeout = \"1s\"\nmax-size = \"1MB\"\n";

const ROBOTS: &str = "User-agent: *\nDisallow: /secret\n";

/// What is known of a fault at robots.txt: whether pages may be asked for; None: either.
fn allows(fault: &Fault) -> Option<bool> {
    let status = fault.name.strip_prefix("status-").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
    match (status, fault.outcome) {
        // When it says that there is nothing to wait for, it is one of 4xx.
        (Some(429), _) => (!fault.name.ends_with("-past")).then_some(false),
        (Some(400..=499), _) => Some(true),
        (Some(500..=599), _) => Some(false),
        (None, Outcome::Fails("cannot get" | "in time")) => Some(false),
        _ => None,
    }
}

fn rows() -> Vec<Row> {
    vec![row("Two", "2 May 2024", "/2"), row("One", "1 May 2024", "/1")]
}

struct Case {
    id: String,
    newsroom: Newsroom,
    fault: Rc<Fault>,
    /// It was met by who knew what robots.txt said the day before.
    later: bool,
}

impl Case {
    fn strike(&self) {
        self.newsroom.set("/robots.txt", self.fault.reply(ROBOTS));
    }

    fn heal(&self) {
        self.newsroom.set("/robots.txt", Reply::Typed("text/plain", ROBOTS.into()));
    }

    fn pages(&self) -> Vec<String> {
        self.newsroom.take_visits().into_iter().map(|(path, _)| path).filter(|path| path.starts_with("/news")).collect()
    }
}

/// Lets what robots.txt files said, or that they could not be read, have happened more than a day ago.
fn a_day_goes_by(place: &Place) {
    database::run(
        &place.database(),
        "UPDATE robots SET answered = answered - 90000, unreachable = unreachable - 90000, again = again - 90000",
    );
}

#[track_caller]
fn survives(faults: Vec<Fault>) {
    let mut cases = Vec::new();
    for fault in faults.into_iter().map(Rc::new) {
        for later in [false, true] {
            let newsroom = Newsroom::start();
            with_maze(&newsroom);
            newsroom.page("/news", &site(&rows(), None));
            newsroom.page("/secret", &site(&rows(), None));
            let id = format!("{}-{}", fault.name, if later { "later" } else { "at-first" });
            cases.push(Case { id, newsroom, fault: fault.clone(), later });
        }
    }
    let sources = |cases: &[&Case]| -> String {
        let of = |case: &Case| {
            let secret = source(&case.newsroom, &format!("{}-secret", case.id), "Secret", "/secret", "");
            source(&case.newsroom, &case.id, &case.id, "/news", "") + &secret
        };
        cases.iter().map(|case| of(case)).collect()
    };
    let later: Vec<&Case> = cases.iter().filter(|case| case.later).collect();
    let place = Place::new("", &sources(&later));
    cases.iter().for_each(Case::heal);
    // /secret is forbidden: these fail.
    assert_eq!(place.run(&["once", "--all"]).code, Some(75));
    for case in &later {
        assert_eq!((case.pages().len(), case.newsroom.take_robots()), (1, 1), "{}", case.id);
        case.newsroom.page("/news", &site(&[&[row("Three", "3 May 2024", "/3")], &rows()[..]].concat(), None));
    }

    a_day_goes_by(&place);
    cases.iter().for_each(Case::strike);
    place.configure("", &format!("{TIGHT}{}", sources(&cases.iter().collect::<Vec<_>>())));
    let run = place.run(NOW);
    assert_eq!(run.code, Some(75), "{run:#?}");
    let mut problems = BTreeMap::new();
    let mut unless = |right: bool, case: &Case, what: String| {
        if !right {
            problems.entry(case.id.clone()).or_insert(what);
        }
    };
    for case in &cases {
        let log: Vec<String> = case.newsroom.take_visits().into_iter().map(|(path, _)| path).collect();
        let asked = log.iter().filter(|path| path.as_str() == "/news").count();
        let of_secrets = log.iter().filter(|path| path.as_str() == "/secret").count();
        let robots = case.newsroom.take_robots();
        unless(
            robots == 1 && log.len() - asked - of_secrets <= 6,
            case,
            format!("{robots} requests for robots.txt, then {log:?}"),
        );
        match allows(&case.fault) {
            Some(true) => unless((asked, of_secrets) == (1, 1), case, format!("is allowed, but asked for {log:?}")),
            Some(false) if case.later => {
                unless((asked, of_secrets) == (1, 0), case, format!("knew better, but asked for {log:?}"))
            }
            Some(false) => {
                unless((asked, of_secrets) == (0, 0), case, format!("not allowed, but asked for {log:?}"));
                let own = format!("{}: ", case.id);
                let told = run.stderr.lines().any(|line| line.starts_with(&own) && line.contains("robots.txt"));
                unless(told, case, "it is not told".into());
            }
            None => unless(asked <= 1 && of_secrets <= 1, case, format!("asked for {log:?}")),
        }
    }

    // What is not allowed is not asked for at the next opportunity either, nor is robots.txt.
    place.run(NOW);
    for case in &cases {
        let (pages, robots) = (case.pages(), case.newsroom.take_robots());
        unless(robots == 0, case, format!("robots.txt was asked for again {robots} times"));
        let barred = allows(&case.fault) == Some(false) && !case.later;
        unless(!barred || pages.is_empty(), case, format!("not allowed, but asked for {pages:?}"));
    }

    a_day_goes_by(&place);
    cases.iter().for_each(Case::heal);
    place.configure("", &sources(&cases.iter().collect::<Vec<_>>()));
    place.run(NOW);
    for case in &cases {
        let want: &[&str] = if case.later { &["Three", "Two", "One"] } else { &["Two", "One"] };
        let feed = format!("{}/all", case.id);
        let published = place.feeds().join(format!("{feed}.atom")).exists().then(|| tree::titles(&place.feeds(), &feed));
        unless(published.as_deref().is_some_and(|titles| titles == want), case, format!("published: {published:?}"));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_robots_txt_that_is_refused() {
    survives(faults::refusals());
}

#[test]
fn a_robots_txt_that_is_cut_off_or_no_http() {
    survives(faults::cuts().into_iter().chain(faults::nonsense()).chain(faults::codings()).collect());
}

#[test]
fn a_robots_txt_without_end_or_in_no_time() {
    survives(faults::bombs().into_iter().chain(faults::slow()).collect());
}

#[test]
fn a_robots_txt_that_is_somewhere_or_something_else() {
    survives(faults::redirects().into_iter().chain(faults::impostors()).chain(faults::odd_statuses()).collect());
}
