//! Another configuration while the daemon runs. Promised:
//! - it is read and checked whole; one that is wrong changes nothing, is told in the log and on the status feed, and that ends with the next good one;
//! - no request fails, no poll is lost, memory stays what it was;
//! - polls under way end by their own configuration; new sources are polled at once, removed ones keep their feeds;
//! - addresses, folder and base-url can change; one that cannot be had, and another database, are refused as a whole.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon};
use crate::support::database;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Reply;
use crate::support::process::{Process, eventually};
use crate::support::web;

const GOOD: &str = "the configuration was read anew";
const BAD: &str = "the changed configuration is wrong";

fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| row(&format!("Item {n}"), &format!("{} May 2024", 1 + n % 28), &format!("/{n}")).topics(&["A"]);
    (1..=count).rev().map(item).collect()
}

/// Puts one thing in another's place in the config.
#[track_caller]
fn change(place: &Place, from: &str, to: &str) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    assert!(text.contains(from), "{from}: {text}");
    std::fs::write(place.config(), text.replace(from, to)).expect("a config");
}

fn append(place: &Place, more: &str) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text + more).expect("a config");
}

/// Tells the daemon, and waits for what it says of it.
#[track_caller]
fn reload(daemon: &mut Daemon, says: &[&str]) -> String {
    daemon.process.signal("HUP");
    daemon.wait(says)
}

/// Says that it is over when it goes.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The daemon reloads so many times, good and bad in turn, while it is asked and polls. Gives what it had in memory after
/// each tenth part.
fn reloads_under_load(times: usize) -> Vec<u64> {
    let scene = daemon::scene_of("every = \"1s\"", &rows(1));
    append(&scene.place, &source(&scene.newsroom, "other", "Other", "/other", "every = \"1s\""));
    scene.newsroom.page("/other", &page(&rows(1), None));
    let mut daemon = Daemon::start(&scene.place);
    eventually("both feeds", || ["news", "other"].iter().all(|id| daemon.get(&format!("/{id}/all.rss")).status == 200));
    let address = daemon.address;
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut memory = Vec::new();
    let mut items = 1;
    std::thread::scope(|scope| {
        for path in ["/news/all.rss", "/other/all.atom", "/"] {
            let (over, asked) = (&over, &asked);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(web::ask(address, "GET", path, &[]).status, 200, "{path}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Whatever fails below, the readers end: else the failure would never be told.
        let _ending = Ending(&over);
        for n in 0..times {
            let good = std::fs::read_to_string(scene.place.config()).expect("a config");
            if n % 2 == 1 {
                append(&scene.place, "\n[fetch]\nnonsense = 1\n");
                reload(&mut daemon, &[BAD]);
                std::fs::write(scene.place.config(), good).expect("a config");
                continue;
            }
            match n % 10 {
                0 => change(&scene.place, "https://feeds.example.org/", "https://moved.example.org/"),
                2 => change(&scene.place, "listen = \"127.0.0.1:0\"", "listen = [\"127.0.0.1:0\", \"localhost:0\"]"),
                4 => change(&scene.place, "min-gap = \"0s\"", "min-gap = \"1ms\""),
                6 => change(&scene.place, "title = \"Other\"", &format!("title = \"Other {n}\"")),
                _ => {
                    scene.place.configure(
                        "",
                        &format!("{}{}", daemon::LISTEN, source(&scene.newsroom, "news", "News", "/news", "every = \"1s\"")),
                    );
                    append(&scene.place, &source(&scene.newsroom, "other", "Other", "/other", "every = \"1s\""));
                }
            }
            items += 1;
            scene.show(&[&rows(items.min(45))]);
            reload(&mut daemon, &[GOOD]);
            if n % (times / 10) == 0 {
                memory.push(daemon.process.memory());
            }
        }
        let last = rows(items.min(45) + 1);
        scene.show(&[&last]);
        // In one document: the three of a feed are not asked for at one moment.
        let newest = format!("Item {}", last.len());
        eventually("what was shown last", || daemon.get("/news/all.json").text().contains(&newest));
    });
    assert!(asked.load(Ordering::Relaxed) > times, "the readers came to their turns");
    eventually("the tree as it is served", || daemon.difference(&scene.place).is_none());
    memory.push(daemon.process.memory());
    let lost = database::texts(&scene.place.database(), "SELECT name FROM source WHERE due IS NULL OR due > unixepoch() + 60");
    assert_eq!(lost.len(), 0, "{lost:?}");
    daemon.stop();
    memory
}

#[test]
fn no_request_fails_and_no_poll_is_lost_while_it_reloads() {
    reloads_under_load(20);
}

#[test]
fn a_changed_question_is_another_feed_at_once_and_no_request_fails() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(20));
    let mine = |question: &str| format!("[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = {question}\n");
    let even = "{ any = [{ title = \"item 2\" }, { title = \"item 4\" }] }";
    let others = "{ not = { title = \"item 1*\" }, until = 2024-05-06 }";
    append(&scene.place, &mine(even));
    let mut daemon = Daemon::start(&scene.place);
    // In one document: the three of a feed are not asked for at one moment.
    let holds = |daemon: &Daemon, want: &[&str]| {
        let document: serde_json::Value = serde_json::from_str(&daemon.get("/mine.json").text()).unwrap_or_default();
        let items = document["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["title"].as_str().unwrap_or_default()).eq(want.iter().copied())
    };
    eventually("the feed", || holds(&daemon, &["Item 4", "Item 2"]));
    let (address, over) = (daemon.address, AtomicBool::new(false));
    let unchanged = daemon.get("/news/all.atom").text();
    std::thread::scope(|scope| {
        for path in ["/mine.atom", "/mine.html", "/news/all.rss"] {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(web::ask(address, "GET", path, &[]).status, 200, "{path}");
                }
            });
        }
        let _ending = Ending(&over);
        for n in 0..6 {
            let (from, to) = if n % 2 == 0 { (even, others) } else { (others, even) };
            change(&scene.place, from, to);
            reload(&mut daemon, &[GOOD]);
            let want: &[&str] = if n % 2 == 0 { &["Item 5", "Item 4", "Item 3", "Item 2"] } else { &["Item 4", "Item 2"] };
            eventually("the feed of the other question", || holds(&daemon, want));
            eventually("its page", || daemon.get("/mine.html").text().contains("until 2024-05-06") == (n % 2 == 0));
        }
    });
    assert!(daemon.get("/news/all.atom").text() == unchanged);
    daemon.stop();
}

#[test]
#[ignore = "takes minutes"]
fn five_hundred_reloads_leave_memory_as_it_was() {
    let memory = reloads_under_load(500);
    eprintln!("bytes after each 50 reloads: {memory:?}");
    // By then there are as many items as there will be, and as much of the heap is used as takes all of them.
    let (early, late) = (memory[2], memory[memory.len() - 1]);
    assert!(late < early + 8_000_000, "it grows: {memory:?}");
}

#[test]
fn a_wrong_configuration_is_told_of_and_changes_nothing() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(1));
    change(&scene.place, "[store]", "[status]\npublic-status = true\n[store]");
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let good = std::fs::read_to_string(scene.place.config()).expect("a config");
    append(&scene.place, "evry = \"5m\"\n");
    let line = good.lines().count() + 1;
    let place = format!("{}:{line}:1: unknown key `evry`", scene.place.config().display());
    reload(&mut daemon, &[BAD, &place]);
    eventually("the status feed", || daemon.get("/status.json").text().contains("its changed configuration is wrong"));
    assert!(daemon.get("/status.json").text().contains(&format!(":{line}:1: unknown key `evry`")));
    scene.show(&[&rows(2)]);
    daemon.published(&["new=1"]);
    std::fs::write(scene.place.config(), good).expect("a config");
    reload(&mut daemon, &[GOOD]);
    eventually("the end of it", || daemon.get("/status.json").text().contains("newsroomd: fine again"));
    std::fs::remove_file(scene.place.config()).expect("a file");
    reload(&mut daemon, &[BAD, "cannot read the configuration"]);
    assert_eq!(daemon.titles("news/all").len(), 2);
    daemon.stop();
}

#[test]
fn sources_come_and_go_and_those_that_went_keep_their_feeds() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(1));
    scene.newsroom.page("/new", &page(&rows(3), None));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    scene.place.configure("", &format!("{}{}", daemon::LISTEN, source(&scene.newsroom, "new", "New", "/new", "every = \"1h\"")));
    reload(&mut daemon, &[GOOD]);
    daemon.published(&["new=3"]);
    assert_eq!((daemon.titles("new/all").len(), daemon.titles("news/all").len()), (3, 1));
    assert!(!daemon.get("/feeds.opml").text().contains("news/all"), "what is not configured is not listed");
    daemon.stop();
}

#[test]
fn a_poll_under_way_ends_by_the_rules_by_which_it_began() {
    let scene = daemon::scene("every = \"1h\"");
    scene.newsroom.set("/news", Reply::Held);
    let mut daemon = Daemon::start(&scene.place);
    scene.newsroom.wait_for_visits("/news", 1);
    scene.newsroom.page("/first", &page(&rows(2), None));
    // The source's number is another's now.
    let first = source(&scene.newsroom, "first", "First", "/first", "every = \"1h\"");
    let news = source(&scene.newsroom, "news", "News", "/news", "every = \"1h\"");
    let other_rules = news.replace("each = \"article\"", "each = \"table\"");
    assert_ne!(news, other_rules);
    scene.place.configure("", &format!("{}{first}{other_rules}", daemon::LISTEN));
    reload(&mut daemon, &[GOOD]);
    scene.show(&[&rows(1)]);
    eventually("both feeds", || ["first", "news"].iter().all(|id| daemon.get(&format!("/{id}/all.rss")).status == 200));
    assert_eq!((daemon.titles("first/all").len(), daemon.titles("news/all").len()), (2, 1));
    let visits = scene.newsroom.take_log();
    assert_eq!(visits.iter().filter(|visit| visit.path == "/news").count(), 1, "{visits:#?}");
    daemon.stop();
}

#[test]
fn what_fails_by_the_old_rules_after_a_reload_is_polled_at_once_by_the_new_ones() {
    let scene = daemon::scene("every = \"1h\"");
    scene.newsroom.set("/news", Reply::Held);
    change(&scene.place, "each = \"article\"", "each = \"table\"");
    let mut daemon = Daemon::start(&scene.place);
    scene.newsroom.wait_for_visits("/news", 1);
    change(&scene.place, "each = \"table\"", "each = \"article\"");
    reload(&mut daemon, &[GOOD]);
    scene.show(&[&rows(1)]);
    daemon.published(&["new=1"]);
    daemon.stop();
}

#[test]
fn a_closer_schedule_holds_though_a_poll_was_under_way_when_it_was_taken_over() {
    let scene = daemon::scene("every = \"1h\"");
    scene.newsroom.set("/news", Reply::Held);
    let mut daemon = Daemon::start(&scene.place);
    scene.newsroom.wait_for_visits("/news", 1);
    change(&scene.place, "every = \"1h\"", "every = \"1s\"");
    reload(&mut daemon, &[GOOD]);
    scene.show(&[&rows(1)]);
    daemon.published(&["new=1"]);
    scene.show(&[&rows(2)]);
    daemon.published(&["new=1"]);
    daemon.stop();
}

#[test]
fn addresses_and_the_folder_change_and_what_cannot_be_had_is_refused() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(1));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = holder.local_addr().expect("an address");
    let good = std::fs::read_to_string(scene.place.config()).expect("a config");
    change(&scene.place, "\"127.0.0.1:0\"", &format!("[\"localhost:0\", \"{taken}\"]"));
    change(&scene.place, "title = \"News\"", "title = \"Olds\"");
    reload(&mut daemon, &[BAD, "another program listens there already"]);
    assert!(!daemon.get("/").text().contains("Olds"), "nothing of it is taken over");
    std::fs::write(scene.place.config(), &good).expect("a config");
    change(&scene.place, "127.0.0.1:0", &daemon.address.to_string().replace("127.0.0.1", "0.0.0.0"));
    reload(&mut daemon, &[BAD, "overlaps with", "needs a restart"]);

    std::fs::write(scene.place.config(), &good).expect("a config");
    change(&scene.place, "newsroomd.db", "other.db");
    reload(&mut daemon, &[BAD, "[store] url", "needs a restart"]);

    std::fs::write(scene.place.config(), &good).expect("a config");
    let folder = scene.feeds().with_file_name("elsewhere");
    change(&scene.place, &scene.feeds().display().to_string(), &folder.display().to_string());
    change(&scene.place, "127.0.0.1:0", "localhost:0");
    change(&scene.place, "https://feeds.example.org/", "https://moved.example.org/");
    let line = reload(&mut daemon, &["serving", "addresses="]);
    daemon.wait(&[GOOD]);
    let new: SocketAddr = line.split("http://").nth(1).and_then(|l| l.split('/').next()?.parse().ok()).expect("an address");
    eventually("the tree", || folder.join("news/all.rss").is_file());
    let old = std::fs::File::open(scene.feeds()).expect("the old folder");
    eventually("the old folder to be let go of", || old.try_lock().is_ok());
    assert!(std::fs::File::open(&folder).expect("the new folder").try_lock().is_err(), "nobody else publishes to the new one");
    let answer = web::ask(new, "GET", "/nothing", &[]);
    assert!(answer.text().contains("https://moved.example.org/"), "{}", answer.text());
    eventually("the old address to be closed", || std::net::TcpStream::connect(daemon.address).is_err());
    eventually("the feed that says where it is", || web::ask(new, "GET", "/news/all.rss", &[]).text().contains("https://moved"));
    daemon.stop();
}

#[test]
fn http_and_the_webhook_can_come_and_go() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(1));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    change(&scene.place, daemon::LISTEN, "");
    reload(&mut daemon, &["no longer serving"]);
    eventually("the address to be closed", || std::net::TcpStream::connect(daemon.address).is_err());
    let receiver = crate::support::receiver::Receiver::start();
    change(&scene.place, "[store]", &format!("[status]\nwebhook = \"{}\"\n{}[store]", receiver.url("/s3cr3t"), daemon::LISTEN));
    let line = reload(&mut daemon, &["serving", "addresses="]);
    daemon.address = line.split("http://").nth(1).and_then(|l| l.split('/').next()?.parse().ok()).expect("an address");
    daemon.wait(&[GOOD]);
    daemon.assert_serves(&scene.place);
    append(&scene.place, "nonsense = 1\n");
    reload(&mut daemon, &[BAD]);
    receiver.wait_for(1);
    let post = receiver.posts().remove(0);
    assert_eq!((&post.body["kind"], &post.body["source"]), (&"config".into(), &serde_json::Value::Null), "{post:?}");
    assert_eq!(daemon.process.stderr.count("s3cr3t"), 0);
    daemon.stop();
}

#[test]
fn a_file_that_changes_while_the_daemon_starts_is_taken_over() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(1));
    change(&scene.place, "[store]", "watch = true\n[store]");
    scene.place.once();
    // Another process publishes, and the start waits for it.
    let lock = std::fs::File::open(scene.place.database().with_file_name("newsroomd.db.lock")).expect("a lock");
    lock.lock().expect("nobody holds it");
    let mut process = Process::start(&mut scene.place.command(&["run"]));
    process.stderr.wait(&["waiting for the publish lock"]);
    change(&scene.place, "title = \"News\"", "title = \"Olds\"");
    drop(lock);
    let mut daemon = Daemon::of(process);
    daemon.wait(&[GOOD]);
    eventually("the new title", || daemon.get("/").text().contains("Olds"));
    daemon.stop();
}

#[test]
fn a_file_that_changes_is_taken_over_by_itself_if_that_is_wanted() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(1));
    change(&scene.place, "[store]", "watch = true\n[store]");
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    // As editors do it: another file takes its place.
    let replace = |from: &str, to: &str| {
        let text = std::fs::read_to_string(scene.place.config()).expect("a config").replace(from, to);
        let new = scene.place.path().join(".newsroomd.toml.swp");
        std::fs::write(&new, text).expect("a file");
        std::fs::rename(new, scene.place.config()).expect("its place");
    };
    replace("title = \"News\"", "titel = \"News\"");
    daemon.wait(&[BAD, "unknown key `titel`"]);
    replace("titel = \"News\"", "title = \"Olds\"");
    daemon.wait(&[GOOD]);
    eventually("the new title", || daemon.get("/").text().contains("Olds"));
    // What is written in place, and no longer wants to be watched.
    change(&scene.place, "watch = true", "watch = false");
    daemon.wait(&[GOOD]);
    change(&scene.place, "title = \"Olds\"", "title = \"More\"");
    assert_eq!(daemon.process.stderr.count(GOOD), 2);
    daemon.stop();
}
