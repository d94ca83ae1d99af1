//! The daemon, run as an administrator runs it: its log is read, its feeds are asked for, it is stopped by signals.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use super::binary::Place;
use super::listing::{Row, source};
use super::newsroom::Newsroom;
use super::process::{Ended, Process};
use super::scene::Scene;
use super::tree::{self, Feed};
use super::web::{self, Answer};

/// Any free port: of a config, before the sources.
pub const LISTEN: &str = "[http]\nlisten = \"127.0.0.1:0\"\n";

/// Where the configs say that the feeds are found.
pub const BASE: &str = "https://feeds.example.org/";

/// The source `news` under a daemon that answers over HTTP. `keys`: of [[source]].
pub fn scene(keys: &str) -> Scene {
    let newsroom = Newsroom::start();
    let place = Place::new("", &format!("{LISTEN}{}", source(&newsroom, "news", "News", "/news", keys)));
    Scene { newsroom, place }
}

/// The same with what the listing shows.
pub fn scene_of(keys: &str, rows: &[Row]) -> Scene {
    let scene = scene(keys);
    scene.show(&[rows]);
    scene
}

/// Takes the tree out of a config: what is published is served, and nothing else.
pub fn without_directory(place: &Place) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    let without = text.lines().filter(|l| !l.starts_with("directory = ")).map(|l| format!("{l}\n"));
    std::fs::write(place.config(), without.collect::<String>()).expect("a config");
}

pub struct Daemon {
    pub process: Process,
    pub address: SocketAddr,
}

impl Daemon {
    /// Starts it, and waits until it is ready.
    #[track_caller]
    pub fn start(place: &Place) -> Self {
        Self::of(Process::start(&mut place.command(&["run"])))
    }

    /// Waits until a process is ready.
    #[track_caller]
    pub fn of(mut process: Process) -> Self {
        let line = process.stderr.wait(&["serving", "addresses="]);
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address: {line}"));
        process.stderr.wait(&["ready"]);
        Self { process, address }
    }

    /// Waits for a line of the log that holds these texts, after the last one that was waited for.
    #[track_caller]
    pub fn wait(&mut self, texts: &[&str]) -> String {
        self.process.stderr.wait(texts)
    }

    /// Waits until a poll that brought something is published. `texts`: what the log says of the poll.
    #[track_caller]
    pub fn published(&mut self, texts: &[&str]) {
        self.wait(&[&[" polled "], texts].concat());
        self.wait(&[" published "]);
    }

    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        web::ask(self.address, method, path, fields)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// A feed as its three documents state it over HTTP.
    #[track_caller]
    pub fn feed(&self, address: &str) -> Feed {
        let folder = tempfile::tempdir().expect("a folder");
        web::download(self.address, &["rss", "atom", "json"].map(|f| format!("{address}.{f}")), folder.path());
        tree::feed(folder.path(), address)
    }

    /// The titles of a feed, as it is served.
    #[track_caller]
    pub fn titles(&self, address: &str) -> Vec<String> {
        self.feed(address).entries.into_iter().map(|e| e.title).collect()
    }

    /// Every document of the tree is served with the same bytes and the same time, but those of renamed terms lead to the new ones.
    #[track_caller]
    pub fn assert_serves(&self, place: &Place) {
        if let Some(difference) = self.difference(place) {
            panic!("{difference}: {:#?}", self.process.stderr.all());
        }
    }

    /// In what the tree and what is served differ, if they do.
    pub fn difference(&self, place: &Place) -> Option<String> {
        let files = tree::files(&place.feeds());
        for (name, (bytes, changed)) in &files {
            let mut answer = self.get(&format!("/{name}"));
            if answer.status == 301 {
                let to = answer.field("location").and_then(|to| to.strip_prefix(BASE)).unwrap_or_default().to_owned();
                answer = self.get(&format!("/{to}"));
            }
            if answer.status != 200 {
                return Some(format!("{name} is answered with {}", answer.status));
            }
            if answer.body != *bytes {
                return Some(format!("{name}: on disk\n{}\nserved\n{}", String::from_utf8_lossy(bytes), answer.text()));
            }
            let modified = answer.field("last-modified").map(|date| httpdate::parse_http_date(date).expect("a date"));
            if modified.is_some_and(|modified| modified != whole_seconds(*changed)) {
                return Some(format!("{name}: changed at {changed:?} on disk, at {modified:?} as served"));
            }
        }
        files.is_empty().then(|| "there is no tree".to_owned())
    }

    /// Stops it as a system does, which must go well.
    #[track_caller]
    pub fn stop(mut self) -> Ended {
        self.process.signal("TERM");
        let ended = self.process.end();
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended
    }

    pub fn kill(self) {
        self.process.kill();
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
