//! Hundreds of polls of newsrooms that change all the time, under a daemon that is stopped and killed at any moment. Promised: it ends where
//! an undisturbed run ends, over HTTP as on disk; meanwhile no document is ever torn, and none ever claims to have changed earlier than before.

use std::slice;
use std::time::Duration;

use crate::support::binary::Place;
use crate::support::changing::{Dice, Listing, SOURCES, first_page};
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::source;
use crate::support::newsroom::Newsroom;
use crate::support::sound::{Files, assert_sound, comparable};
use crate::support::tree;

fn place(newsroom: &Newsroom) -> Place {
    let sources =
        (0..SOURCES).map(|n| source(newsroom, &format!("s{n}"), &format!("Source {n}"), &first_page(n), "every = \"1s\""));
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\", \"Topic 2\"] }\n";
    Place::new("items = 15", &format!("{LISTEN}{}{feed}", sources.collect::<String>()))
}

/// Polls of a source: the requests for its first page.
fn polls(newsroom: &Newsroom) -> usize {
    (0..SOURCES).map(|n| newsroom.visits(&first_page(n)).len()).sum()
}

fn ends_where_an_undisturbed_run_ends(seed: u64, steps: usize, least: usize) {
    let newsrooms = [Newsroom::start(), Newsroom::start()];
    let [quiet, disturbed] = [place(&newsrooms[0]), place(&newsrooms[1])];
    let newsroom = &newsrooms[1];
    let mut dice = Dice(seed);
    let mut listings: Vec<Listing> = (0..SOURCES).map(Listing::new).collect();
    let show = |listings: &[Listing]| listings.iter().for_each(|listing| listing.show([&newsrooms[0], &newsrooms[1]]));
    show(&listings);
    for place in [&quiet, &disturbed] {
        place.once();
    }

    newsroom.take_log();
    let mut daemon = Daemon::start(&disturbed);
    let mut files = Files::new();
    let (mut stops, mut kills) = (0, 0);
    for step in 0..steps {
        listings.iter_mut().for_each(|listing| listing.change(step, &mut dice));
        show(&listings);
        quiet.once();
        // Where in its work that finds the daemon is left to chance; nothing depends on it.
        newsroom.wait_for(newsroom.requests() + dice.roll(SOURCES));
        std::thread::sleep(Duration::from_millis(dice.roll(80) as u64));
        match dice.roll(3) {
            0 => continue,
            1 => {
                daemon.stop();
                stops += 1;
            }
            _ => {
                daemon.kill();
                kills += 1;
            }
        }
        files = assert_sound(&disturbed, &files);
        daemon = Daemon::start(&disturbed);
    }
    println!("{} polls, {stops} stops, {kills} kills", polls(newsroom));
    assert!(stops > 1 && kills > 1, "{stops} stops, {kills} kills");

    // Once a source is polled a second time, what the first brought is published.
    let rounds_go_by = |rounds: usize| {
        let visits = |n: usize| newsroom.visits(&first_page(n)).len();
        let before: Vec<usize> = (0..SOURCES).map(visits).collect();
        before.iter().enumerate().for_each(|(n, before)| newsroom.wait_for_visits(&first_page(n), before + rounds));
    };
    rounds_go_by(2 + least.saturating_sub(polls(newsroom)).div_ceil(SOURCES));
    let settled = tree::files(&disturbed.feeds());
    rounds_go_by(2);
    assert!(tree::files(&disturbed.feeds()) == settled, "there was nothing new");
    assert!(polls(newsroom) >= least, "{} polls", polls(newsroom));
    assert_sound(&disturbed, &files);
    daemon.assert_serves(&disturbed);
    daemon.stop();
    let [want, tree] = [comparable(&quiet, slice::from_ref(&newsrooms[0])), comparable(&disturbed, slice::from_ref(newsroom))];
    assert_eq!(tree.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (name, text) in &want {
        assert_eq!(&tree[name], text, "{name}");
    }
}

#[test]
fn two_hundred_polls_and_a_daemon_that_dies_again_and_again() {
    ends_where_an_undisturbed_run_ends(1, 15, 200);
}

#[test]
#[ignore = "takes minutes: cargo test --test daemon -- --ignored thousands_of_polls"]
fn thousands_of_polls_and_a_daemon_that_dies_again_and_again() {
    for seed in 2..7 {
        ends_where_an_undisturbed_run_ends(seed, 60, 600);
    }
}
