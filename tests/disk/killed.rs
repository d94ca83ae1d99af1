//! Killed at random points in everything that writes: polls, publishing, bringing an old database up to date, backfills, and on a disk that fills up as
//! well. Promised: the next run ends with the same tree as an undisturbed one. (Polls are killed at each request and document in
//! `tests/integration/kill.rs`, backfills in `backfill.rs`, daemons in `tests/daemon/disturbed.rs`.)

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::doctor::{problems, rows};
use crate::support::binary::Place;
use crate::support::changing::Dice;
use crate::support::database;
use crate::support::limits::with_small_files;
use crate::support::listing::{Row, page, source};
use crate::support::newsroom::Newsroom;
use crate::support::sound::{assert_sound, comparable};
use crate::support::tree;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// A poll that finds news, edits and other terms, and publishes.
    Poll,
    /// Everything rendered anew, by another config.
    Publish,
    /// A database of the first layout brought up to date.
    Migrate,
    /// A backfill of the archive behind what is known.
    Backfill,
    /// A first start that makes the database.
    Start,
    /// A repair of the tree.
    Repair,
    /// A damaged database saved into a new one.
    Save,
}

const ALL: [Work; 7] = [Work::Poll, Work::Publish, Work::Migrate, Work::Backfill, Work::Start, Work::Repair, Work::Save];

/// What there is before the work begins, to copy; and what an undisturbed run makes of it.
struct Stage {
    work: Work,
    newsroom: Newsroom,
    before: Option<Place>,
    want: BTreeMap<String, String>,
    usual: Duration,
}

fn address(page: usize) -> String {
    if page == 0 { "/news".into() } else { format!("/news?page={page}") }
}

fn show(newsroom: &Newsroom, rows: &[Row]) {
    let pages: Vec<&[Row]> = rows.chunks(10).collect();
    for (n, rows) in pages.iter().enumerate() {
        newsroom.page(&address(n), &page(rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref()));
    }
}

impl Stage {
    fn new(work: Work) -> Self {
        let newsroom = Newsroom::start();
        let mut after = rows(60);
        let mut stage = Self { work, newsroom, before: None, want: BTreeMap::new(), usual: Duration::ZERO };
        if work != Work::Start {
            let known = if work == Work::Backfill { after[..15].to_vec() } else { after[12..].to_vec() };
            show(&stage.newsroom, &known);
            let place = stage.place(false);
            if work == Work::Backfill {
                // It ends at its first page: the archive lies behind.
                show(&stage.newsroom, &known[..10]);
            }
            place.once();
            match work {
                Work::Migrate => database::make_old(&place.database()),
                Work::Repair => {
                    fs::remove_dir_all(place.feeds().join("news/topic")).expect("a folder");
                    fs::write(place.feeds().join("news/all.rss"), "<rss/>").expect("a file");
                }
                Work::Save => {
                    let mut file = fs::OpenOptions::new().write(true).open(place.database()).expect("a database");
                    file.write_all(&[0; 100]).expect("written");
                }
                _ => {}
            }
            if work == Work::Poll {
                after[14].title = "Corrected".into();
                after[16] = after[16].clone().topics(&["Topic 3", "Another"]);
            }
            stage.before = Some(place);
        }
        let shown = match work {
            Work::Publish | Work::Repair | Work::Save => after[12..].to_vec(),
            _ => after,
        };
        show(&stage.newsroom, &shown);
        let place = stage.copy();
        let began = Instant::now();
        stage.finish(&place);
        stage.usual = began.elapsed();
        stage.want = stage.tree(&place);
        stage
    }

    fn place(&self, changed: bool) -> Place {
        let keys = if self.work == Work::Backfill { "max-pages = 1" } else { "" };
        let publish = if changed && self.work == Work::Publish { "items = 9" } else { "items = 12" };
        let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\", \"Topic 2\"] }\n";
        Place::new(publish, &format!("{}{feed}", source(&self.newsroom, "news", "News", "/news", keys)))
    }

    fn copy(&self) -> Place {
        let place = self.place(true);
        if let Some(before) = &self.before {
            for folder in ["state", "feeds"] {
                let done = Command::new("cp").arg("-a").arg(before.path().join(folder)).arg(place.path()).status();
                assert!(done.expect("cp").success());
            }
        }
        place
    }

    fn args(&self) -> &'static [&'static str] {
        match self.work {
            Work::Backfill => &["backfill", "news"],
            Work::Repair | Work::Save => &["doctor", "--repair"],
            _ => &["once", "--all", "--now"],
        }
    }

    fn tree(&self, place: &Place) -> BTreeMap<String, String> {
        comparable(place, std::slice::from_ref(&self.newsroom))
    }

    fn finish(&self, place: &Place) {
        place.run(self.args()).ok();
    }

    /// Kills the work once or several times, and lets it come to its end.
    fn disturb(&self, dice: &mut Dice, full: bool) {
        let place = self.copy();
        let mut story = Vec::new();
        for _ in 0..1 + dice.roll(3) {
            let limit = u64::try_from(dice.roll(600_000)).expect("small");
            let mut command = if full { with_small_files(&place, limit, self.args()) } else { place.command(self.args()) };
            let delay = self.usual * u32::try_from(dice.roll(1_100)).expect("small") / 1_000;
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
            std::thread::sleep(delay);
            child.kill().expect("killed");
            child.wait().expect("ended");
            story.push((delay, full.then_some(limit)));
            if place.feeds().exists() && self.work != Work::Repair {
                assert_sound(&place, &BTreeMap::new());
            }
        }
        self.finish(&place);
        let tree = self.tree(&place);
        let what = format!("{:?} killed after {story:?} of {:?}", self.work, self.usual);
        assert_eq!(tree.keys().collect::<Vec<_>>(), self.want.keys().collect::<Vec<_>>(), "{what}");
        for (name, text) in &self.want {
            assert_eq!(&tree[name], text, "{what}: {name}");
        }
        assert_eq!(unfinished(&place.feeds()), [""; 0], "{what}");
        assert_eq!(problems(&place), [], "{what}");
        assert!(!place.path().join("state/newsroomd.db.salvage").exists(), "{what}");
        KILLS.fetch_add(story.len(), std::sync::atomic::Ordering::Relaxed);
    }
}

static KILLS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

fn unfinished(root: &Path) -> Vec<String> {
    tree::files(root).into_keys().filter(|name| name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))).collect()
}

fn disturb(seed: u64, times: usize) {
    let mut dice = Dice(seed);
    for work in ALL {
        let stage = Stage::new(work);
        let began = Instant::now();
        for n in 0..times {
            stage.disturb(&mut dice, n % 3 == 2);
        }
        println!("{work:?}: usual {:?}, {times} runs disturbed in {:?}", stage.usual, began.elapsed());
    }
    println!("{} kills in all", KILLS.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn whatever_is_killed_ends_as_if_it_had_not_been() {
    disturb(1, 3);
}

#[test]
#[ignore = "takes minutes: cargo test --test disk -- --ignored two_hundred_kills --nocapture"]
fn two_hundred_kills() {
    disturb(2, 21);
    let kills = KILLS.load(std::sync::atomic::Ordering::Relaxed);
    assert!(kills >= 200, "{kills} kills");
}
