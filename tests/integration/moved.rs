//! Pages that moved for good. Promised: the new address is asked from then on, with its own validators; that is told once; when it fails or the
//! configuration changes, the configured page is asked again.

use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::listing::{page, row};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::raw::{Raw, listing, redirect, source};
use crate::support::tree;

/// The configured page is on one server, what it leads to on another.
struct Move {
    old: Raw,
    new: Newsroom,
    place: Place,
}

impl Move {
    fn by(status: u16) -> Self {
        let new = Newsroom::start();
        let old = Raw::saying(redirect(status, &new.url("/new#top")));
        let place = Place::new("", &source("news", &old.url("/old"), ""));
        let scene = Self { old, new, place };
        scene.show("One");
        scene
    }

    fn show(&self, title: &str) {
        self.new.page("/new", &page(&[row(title, "1 May 2024", "/1")], None));
    }

    /// Polls; whether a move was told.
    #[track_caller]
    fn poll(&self) -> bool {
        told(&self.place.once())
    }

    /// How often the old page was asked since the last time, and the new one with which answers.
    fn visits(&self) -> (usize, Vec<u16>) {
        (self.old.take_requests().len(), self.new.take_visits().into_iter().map(|(_, status)| status).collect())
    }

    fn links(&self) -> Vec<Option<String>> {
        tree::atom(&self.place.feeds(), "news/all").into_iter().map(|e| e.link).collect()
    }
}

fn told(run: &Run) -> bool {
    run.stderr.contains("the page has moved for good to")
}

#[test]
fn a_page_that_moved_for_good_is_asked_there() {
    for status in [301, 308] {
        let scene = Move::by(status);
        assert!(scene.poll());
        assert_eq!(scene.visits(), (1, vec![200]));
        assert!(!scene.poll(), "it is told once");
        assert_eq!(scene.visits(), (0, vec![304]), "one conditional request, at its own address");
        scene.show("Two");
        assert!(!scene.poll());
        assert_eq!(scene.visits(), (0, vec![200]));
        assert!(scene.links().iter().all(|link| *link == Some(scene.new.url("/1"))), "{:?}", scene.links());
    }
}

#[test]
fn preview_tells_it() {
    let scene = Move::by(301);
    let run = scene.place.run(&["preview", "news"]).ok();
    assert!(run.stdout.contains(&format!("the page has moved for good to {}: change `page`", scene.new.url("/new"))), "{run:?}");
    let run = scene.place.run(&["preview", "news", "--json"]).ok();
    assert_eq!(run.json()["moved"], scene.new.url("/new"));
}

#[test]
fn a_page_that_is_elsewhere_for_now_is_not_remembered() {
    for status in [302, 303, 307] {
        let scene = Move::by(status);
        for want in [(1, vec![200]), (1, vec![304]), (1, vec![304])] {
            assert!(!scene.poll());
            assert_eq!(scene.visits(), want, "validators go to who gave them");
        }
        let known = |request: &String| request.contains("if-none-match");
        scene.place.once();
        assert!(!scene.old.take_requests().iter().any(known));
    }
}

#[test]
fn only_what_is_for_good_is_remembered_of_a_chain() {
    let scene = Move::by(302);
    let first = Raw::saying(redirect(301, &scene.old.url("/middle")));
    scene.place.configure("", &source("news", &first.url("/first"), ""));
    let run = scene.place.once();
    assert!(run.stderr.contains(&format!("moved for good to {}", scene.old.url("/middle"))), "{run:?}");
    scene.place.once();
    assert_eq!((first.take_requests().len(), scene.visits()), (1, (2, vec![200, 304])));
    // The rest of the chain becomes one for good as well: noted even where nothing is new.
    scene.old.say(redirect(308, &scene.new.url("/new")));
    assert!(scene.poll());
    assert!(!scene.poll());
    assert_eq!((first.take_requests().len(), scene.visits()), (0, (1, vec![304, 304])));
}

#[test]
fn a_new_address_that_fails_is_given_up() {
    let empty = Reply::Page(page(&[], None).into_bytes());
    for broken in [Reply::Status(404), Reply::Status(500), Reply::HangUp, Reply::Redirect("ftp://x/".into()), empty] {
        let scene = Move::by(301);
        scene.poll();
        scene.visits();
        scene.new.set("/new", broken.clone());
        let run = scene.place.run(&["once", "--all"]);
        assert_eq!(run.code, Some(75), "{run:?}");
        assert_eq!(scene.visits().0, 0);
        // It was a mistake of theirs: the old page is there again, and is not asked whether it changed since the new one.
        scene.old.say(listing(&[row("Back", "2 May 2024", "/2")]));
        assert!(!scene.poll());
        let requests = scene.old.take_requests();
        assert!(requests.len() == 1 && !requests[0].contains("if-none-match"), "{broken:?}: {requests:?}");
        assert_eq!(tree::titles(&scene.place.feeds(), "news/all"), ["Back", "One"]);
        scene.poll();
        assert_eq!(scene.visits().0, 1, "{broken:?}");
    }
}

#[test]
fn a_failure_of_our_own_does_not_give_up_the_new_address() {
    let scene = Move::by(301);
    scene.poll();
    scene.visits();
    // What is remembered of hosts cannot be read: nothing is asked.
    database::run(&scene.place.database(), "ALTER TABLE robots RENAME TO elsewhere");
    let run = scene.place.run(&["once", "--all"]);
    assert!(run.code == Some(75) && run.stderr.contains("cannot read what hosts asked for before"), "{run:?}");
    let kind = database::texts(&scene.place.database(), "SELECT kind FROM source");
    database::run(&scene.place.database(), "ALTER TABLE elsewhere RENAME TO robots");
    assert!(!scene.poll());
    assert_eq!((scene.visits(), kind), ((0, vec![304]), vec!["own".to_owned()]));
}

#[test]
fn a_page_that_moves_back_is_asked_where_it_is_configured() {
    let one = listing(&[row("One", "1 May 2024", "/1")]);
    let there = Raw::saying(one.clone());
    let here = Raw::saying(redirect(301, &there.url("/")));
    let place = Place::new("", &source("news", &here.url("/"), ""));
    let poll = || {
        let told = told(&place.once());
        (told, here.take_requests().len(), there.take_requests().len())
    };
    assert_eq!([poll(), poll()], [(true, 1, 1), (false, 0, 1)]);
    there.say(redirect(301, &here.url("/")));
    here.say(one);
    assert_eq!([poll(), poll()], [(false, 1, 1), (false, 1, 0)]);
}

#[test]
fn another_page_in_the_configuration_is_asked_itself() {
    let scene = Move::by(301);
    scene.poll();
    scene.visits();
    let other = Raw::saying(listing(&[row("Other", "2 May 2024", "/2")]));
    scene.place.configure("", &source("news", &other.url("/"), ""));
    assert!(!scene.poll());
    assert_eq!((other.take_requests().len(), scene.visits()), (1, (0, vec![])));
    // The first one again: what was known of it is gone.
    scene.place.configure("", &source("news", &scene.old.url("/old"), ""));
    assert!(scene.poll());
}

#[test]
fn a_page_that_moved_to_rubbish_is_not_recommended() {
    let scene = Move::by(301);
    scene.new.page("/new", "<!doctype html><html><title>This domain is for sale</title><p>Make an offer</p></html>");
    let run = scene.place.run(&["once", "--all", "--now"]);
    assert!(run.code == Some(75) && !told(&run), "{run:?}");
    scene.show("One");
    assert!(scene.poll(), "it is told once there is a listing");
}
