//! Hundreds of polls of newsrooms that change all the time, under a daemon that is stopped and killed at any moment. Promised: it ends where
//! an undisturbed run ends, over HTTP as on disk; meanwhile no document is ever torn, and none ever claims to have changed earlier than before.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use chrono::{Days, NaiveDate};

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::tree;

const SOURCES: usize = 16;

/// Rows on a page of those newsrooms that have several.
const ROWS: usize = 6;

/// Items that stand there before the first poll: every topic is among them.
const FIRST: usize = 12;
const TOPICS: usize = 6;

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (sides as u64)).expect("fewer than sides")
    }
}

/// The listing of one source, newest first.
struct Listing {
    source: usize,
    rows: Vec<Row>,
    items: usize,
}

impl Listing {
    fn new(source: usize) -> Self {
        let mut listing = Self { source, rows: Vec::new(), items: 0 };
        (0..FIRST).for_each(|_| listing.add());
        listing
    }

    /// Those with several pages bring news alone: what changes from page to page while they are read can be read rounds_go_by.
    fn has_pages(&self) -> bool {
        self.source % 2 == 1
    }

    fn add(&mut self) {
        let n = self.items;
        // Two items a day, and no day of two sources: which of them comes first in a feed of both is said nowhere.
        let days = u64::try_from(n / 2 * SOURCES + self.source).expect("small");
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a date") + Days::new(days);
        let topic = format!("Topic {}", n % TOPICS);
        let new = row(&format!("Item {n}"), &day.format("%-d %B %Y").to_string(), &format!("/{}/{n}", self.source));
        self.rows.insert(0, new.topics(&[&topic, "All of them"]).kind("News"));
        self.items += 1;
    }

    /// The places of the rows whose titles stay as they are, or of the others.
    fn edited(&self, yes: bool) -> Vec<usize> {
        let is = |row: &Row| row.link.rsplit('/').next().and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n < FIRST / 2);
        (0..self.rows.len()).filter(|n| is(&self.rows[*n]) == yes).collect()
    }

    /// What happens between two looks at it.
    fn change(&mut self, step: usize, dice: &mut Dice) {
        if dice.roll(2) == 0 {
            self.add();
        }
        if self.has_pages() {
            return;
        }
        let mut one_of = |places: Vec<usize>| places[dice.roll(places.len())];
        match step % 3 {
            // Only what was seen before the disturbances is edited: a guid is made of the title at first sight.
            0 => {
                let at = one_of(self.edited(true));
                self.rows[at].title = format!("{}, corrected in step {step}", self.rows[at].link);
            }
            1 => {
                let at = one_of((0..self.rows.len()).collect());
                let topic = format!("Topic {}", step % TOPICS);
                self.rows[at] = self.rows[at].clone().topics(&[&topic, "All of them"]);
            }
            _ => {
                let at = one_of(self.edited(false));
                let link = format!("/office{}", self.rows[at].link);
                if self.rows.iter().all(|row| row.link != link) && !self.rows[at].link.starts_with("/office") {
                    self.rows.insert(at, self.rows[at].clone().link(&link));
                }
            }
        }
    }

    fn show(&self, newsrooms: [&Newsroom; 2]) {
        let rows = if self.has_pages() { ROWS } else { self.rows.len() };
        let address = |n: usize| if n == 0 { first_page(self.source) } else { format!("/s{}?page={n}", self.source) };
        let pages: Vec<&[Row]> = self.rows.chunks(rows).collect();
        // The last one first: a walk meanwhile sees an item rounds_go_by rather than not at all.
        for (n, rows) in pages.iter().enumerate().rev() {
            let html = page(rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref());
            newsrooms.iter().for_each(|newsroom| newsroom.page(&address(n), &html));
        }
    }
}

fn first_page(source: usize) -> String {
    format!("/s{source}")
}

fn place(newsroom: &Newsroom) -> Place {
    let sources =
        (0..SOURCES).map(|n| source(newsroom, &format!("s{n}"), &format!("Source {n}"), &first_page(n), "every = \"1s\""));
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\", \"Topic 2\"] }\n";
    Place::new("items = 15", &format!("{LISTEN}{}{feed}", sources.collect::<String>()))
}

/// The tree without what tells when something happened, and at which port the newsroom is.
fn comparable(place: &Place, newsroom: &Newsroom) -> BTreeMap<String, String> {
    let when = |line: &&str| !line.contains("updated>") && !line.contains("\"date_modified\":");
    let neutral =
        |text: String| text.lines().filter(when).collect::<Vec<_>>().join("\n").replace(&newsroom.host(), "newsroom.example");
    tree::timeless(&place.feeds()).into_iter().map(|(name, text)| (name, neutral(text))).collect()
}

type Files = BTreeMap<String, (Vec<u8>, SystemTime)>;

/// Every document stands whole, and says so if it is another one than before; what is not yet in its place is passed over.
#[track_caller]
fn assert_sound(place: &Place, before: &Files) -> Files {
    let files = tree::files(&place.feeds());
    for (name, (bytes, changed)) in files.iter().filter(|(name, _)| !unfinished(name)) {
        match name.rsplit_once('.') {
            Some((address, "atom")) => drop(tree::atom_feed(&place.feeds(), address)),
            Some((address, "rss")) => drop(tree::rss_feed(&place.feeds(), address)),
            Some((address, "json")) => drop(tree::json_feed(&place.feeds(), address)),
            _ => continue,
        }
        if let Some((old, earlier)) = before.get(name).filter(|(old, _)| old != bytes) {
            assert!(changed > earlier, "{name}: {earlier:?}, then {changed:?}\n{}", String::from_utf8_lossy(old));
        }
    }
    assert!(before.keys().filter(|name| !unfinished(name)).all(|name| files.contains_key(name)), "a document is gone");
    files
}

fn unfinished(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
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
    let [want, tree] = [comparable(&quiet, &newsrooms[0]), comparable(&disturbed, newsroom)];
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
