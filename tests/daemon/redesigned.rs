//! A redesign under a running daemon. Promised: no feed breaks, no item doubles, no item looks edited; new ones go on coming; the incident names the
//! selectors that would read the new page, and pasting the table that is shown ends it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use newsroomd::demo::{self, Item, Markup, Newsroom};

use super::metrics;
use crate::support::binary::Place;
use crate::support::daemon::Daemon;
use crate::support::database;
use crate::support::tree::{self, Entry};

const PATH: &str = "/press-releases?rows=50&solrsort=ds_date+desc";

/// The demo's newsroom on a free port, which ends with the test's process.
fn serve() -> (Arc<Mutex<Newsroom>>, String) {
    let newsroom = Arc::new(Mutex::new(Newsroom::built_in(Markup::Classes)));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    let page = format!("http://{}{PATH}", listener.local_addr().expect("an address"));
    let served = newsroom.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            demo::serve(listener, served, std::future::pending()).await.expect("serving");
        });
    });
    (newsroom, page)
}

/// The demo's configuration, whose rows are found without selectors where these match nothing; with other lines for reading rows.
fn configure(place: &Place, page: &str, reading: Option<&str>) {
    let text = demo::config(
        page,
        &place.feeds().display().to_string(),
        &place.database().display().to_string(),
        "https://feeds.example.org/",
    );
    let each = ".pane-apachesolr-result .search-result-news";
    let mut text = text
        .replace("every = \"2s\"", "every = \"1s\"")
        .replace(&format!("each = \"{each}\""), &format!("each = [\"{each}\", \"auto\"]"));
    if let Some(table) = reading {
        let old_each = text.lines().find(|l| l.starts_with("each = ")).expect("each").to_owned();
        let next = text.lines().find(|l| l.starts_with("next = ")).expect("next").to_owned();
        let line = |key: &str| table.lines().find(|l| l.starts_with(key)).expect(key).to_owned();
        text = text.replace(&old_each, &line("each = ")).replace(&next, &line("next = "));
        let section = |text: &str| {
            let from = text.find("[source.item]").expect("an item");
            let to = text[from..].find("\n[source.facet").map_or(text.len(), |at| from + at);
            from..to
        };
        let item = &table[section(table)];
        text.replace_range(section(&text.clone()), item);
    }
    let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"unix:{}\"\n", metrics::socket(place).display());
    std::fs::write(place.config(), text).expect("a config");
}

fn news() -> Item {
    Item {
        path: "/odihr/700001".into(),
        title: "A seminar on redesigned pages opens".into(),
        date: "1 November 2025".into(),
        kind: Some("News".into()),
        topics: vec!["Elections".into()],
        ..Item::default()
    }
}

fn entries(place: &Place) -> Vec<Entry> {
    tree::feed(&place.feeds(), "osce/all").entries
}

fn told(place: &Place) -> Vec<(String, String)> {
    let root: PathBuf = place.path().join("state/newsroomd.db-status");
    tree::feed(&root, "status").entries.into_iter().map(|e| (e.title, e.summary.unwrap_or_default())).collect()
}

fn incidents(place: &Place) -> Vec<String> {
    database::texts(&place.database(), "SELECT kind || ' ' || iif(closed IS NULL, 'open', 'closed') FROM incident ORDER BY id")
}

#[test]
fn a_redesign_breaks_no_feed_and_ends_when_the_table_is_pasted() {
    let (newsroom, page) = serve();
    let place = Place::new("", "");
    configure(&place, &page, None);
    let mut daemon = Daemon::start(&place);
    daemon.published(&["polled", "new="]);
    let before = entries(&place);
    let elections = tree::feed(&place.feeds(), "osce/topic/elections").entries.len();
    assert!(before.len() > 50 && elections > 3, "{}", before.len());

    {
        let mut newsroom = newsroom.lock().expect("a newsroom");
        newsroom.redesign(Markup::Redesigned);
        newsroom.publish(news());
    }
    daemon.published(&["polled", "new=1", "edited=0"]);
    let after = entries(&place);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[0].title, news().title);
    assert_eq!(after[0].categories.len(), 2, "facets by label: {:?}", after[0]);
    let stable = |e: &Entry| (e.id.clone(), e.title.clone(), e.link.clone(), e.published.clone(), e.updated.clone());
    assert_eq!(after[1..].iter().map(stable).collect::<Vec<_>>(), before.iter().map(stable).collect::<Vec<_>>());
    assert_eq!(tree::feed(&place.feeds(), "osce/topic/elections").entries.len(), elections + 1);

    let counted = metrics::exposed(&place);
    let redesigned = counted.value("newsroomd_polls_total", &[("source", "osce"), ("outcome", "redesigned")]);
    assert!(redesigned >= 1.0, "{counted:?}");

    let run = place.run(&["preview", "osce", "--json"]);
    let preview = run.json();
    let table = preview["discovered"]["source"].as_str().unwrap_or_else(|| panic!("{run:?}")).to_owned();
    assert!(table.contains("each = [\"") && table.contains("node"), "{table}");
    daemon.stop();
    assert_eq!(incidents(&place), ["redesign open"]);
    let told_now = told(&place);
    assert_eq!(told_now.len(), 1, "{told_now:?}");
    let each = table.lines().find_map(|l| l.strip_prefix("each = [\"")?.split('"').next()).expect("a selector");
    let (title, summary) = &told_now[0];
    assert!(title.contains("redesigned") && summary.contains(each), "{told_now:?} should name {each}");

    configure(&place, &page, Some(&table));
    let mut daemon = Daemon::start(&place);
    newsroom.lock().expect("a newsroom").publish(Item { path: "/odihr/700002".into(), title: "And closes".into(), ..news() });
    daemon.published(&["polled", "new=1", "edited=0"]);
    let last = entries(&place);
    assert_eq!(last.len(), after.len() + 1);
    assert_eq!(last[1..].iter().map(stable).collect::<Vec<_>>(), after.iter().map(stable).collect::<Vec<_>>());
    daemon.stop();
    assert_eq!(incidents(&place), ["redesign closed"]);
    assert_eq!(told(&place).len(), 2);
}
