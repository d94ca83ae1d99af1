//! `import`: an OPML file becomes sources. Promised: what stands in the configuration stays to the byte, what is there already is not added again,
//! the result is a good configuration or nothing is written, and a second run adds nothing.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::binary::Place;
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::tree;

const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Press">
  <outline type="rss" text="Ministry of Water" title="Ministry of &quot;Water&quot; &amp; more" xmlUrl="https://water.example.org/feed?a=1&b=2" htmlUrl="https://water.example.org/" language="de"/>
  <outline text="Abroad"><outline text="Status" xmlUrl="feed://status.example.org/rss" category="/a,b"/></outline>
</outline>
<outline text="Other">
  <outline text="Ministry of &quot;Water&quot; &amp; more" xmlUrl="http://another.example.org/feed"/>
  <outline text="" xmlUrl="https://untitled.example.org/feed" language="xx-unknown" htmlUrl="javascript:alert(1)"/>
</outline>
<outline text="Known" xmlUrl="http://www.known.example.org/feed/"/>
<outline text="Twice" xmlUrl="https://status.example.org/rss/"/>
<outline text="Odd" xmlUrl="gopher://odd.example.org/"/>
<outline text="No address" xmlUrl="::"/>
<outline text="only a folder"/>
</body></opml>
"#;

const CONFIG: &str = "# Mine, do not touch.\n[[source]]\nid = \"known\"\ntitle = \"Known\"\nkind = 'feed'\npage = \"https://known.example.org/feed\"   # as it is\n[[feed]]\nid = \"press\"\ntitle = \"x\"\nmatch = { source = \"known\" }";

struct Desk {
    place: Place,
    list: PathBuf,
}

impl Desk {
    fn new(list: &str) -> Self {
        let place = Place::new("", CONFIG);
        let path = place.path().join("list.opml");
        std::fs::write(&path, list).expect("written");
        Self { place, list: path }
    }

    fn import(&self, more: &[&str]) -> crate::support::binary::Run {
        let list = self.list.display().to_string();
        self.place.run(&[&["import", list.as_str()], more].concat())
    }

    fn config(&self) -> String {
        std::fs::read_to_string(self.place.config()).expect("a configuration")
    }
}

const ADDED: &str = r#"
# Press
[[source]]
id = "ministry-of-water-more"
title = "Ministry of \"Water\" & more"
kind = "feed"
page = "https://water.example.org/feed?a=1&b=2"
home = "https://water.example.org/"
language = "de"

# Press / Abroad; /a,b
[[source]]
id = "status-2"
title = "Status"
kind = "feed"
page = "http://status.example.org/rss"

# Other
[[source]]
id = "ministry-of-water-more-2"
title = "Ministry of \"Water\" & more"
kind = "feed"
page = "http://another.example.org/feed"

# Other
[[source]]
id = "untitled-example-org"
title = "untitled.example.org"
kind = "feed"
page = "https://untitled.example.org/feed"
"#;

const FOLDERS: &str = r#"
[[feed]]
id = "press-2"
title = "Press"
match = { source = ["ministry-of-water-more", "status-2"] }

[[feed]]
id = "other"
title = "Other"
match = { source = ["ministry-of-water-more-2", "untitled-example-org"] }
"#;

#[test]
fn feeds_of_a_list_become_sources_behind_what_is_there() {
    let desk = Desk::new(LIST);
    let before = desk.config();
    let dry = desk.import(&["--dry-run", "--folders"]).ok();
    assert_eq!((dry.stdout.trim(), desk.config()), (format!("{ADDED}{FOLDERS}").trim(), before.clone()));
    let run = desk.import(&["--folders"]).ok();
    assert_eq!(
        run.stderr.lines().collect::<Vec<_>>(),
        [
            "left out: http://www.known.example.org/feed/: source \"known\" reads it already",
            "left out: https://status.example.org/rss/: it is listed twice: source \"status-2\"",
            "left out: gopher://odd.example.org/: it is neither http nor https",
            "left out: ::: it is no address: relative URL without a base",
        ]
    );
    assert!(run.stdout.contains("4 sources added, 2 feeds of folders"), "{run:#?}");
    let after = desk.config();
    assert_eq!(after, format!("{before}{ADDED}{FOLDERS}"));
    desk.place.run(&["check"]).ok();
    // Once more: nothing is added, nothing is written.
    let again = desk.import(&["--json", "--folders"]).ok().json();
    assert_eq!((&again["sources"], &again["feeds"]), (&json!([]), &json!([])));
    assert_eq!(again["skipped"].as_array().map(Vec::len), Some(8));
    assert_eq!(desk.config(), after);
    let left: Vec<_> = std::fs::read_dir(desk.place.path()).expect("a folder").map(|e| e.expect("a file").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("import")), "{left:?}");
}

#[test]
fn lines_end_as_those_before_them() {
    let desk = Desk::new(LIST);
    let before = desk.config().replace('\n', "\r\n");
    std::fs::write(desk.place.config(), &before).expect("written");
    desk.import(&[]).ok();
    assert_eq!(desk.config(), format!("{before}{}", ADDED.replace('\n', "\r\n")));
    // A last line without its end gets one.
    std::fs::write(desk.place.config(), before.trim_end()).expect("written");
    desk.import(&[]).ok();
    assert_eq!(desk.config(), format!("{}\n{ADDED}", before.trim_end()));
}

#[test]
fn what_cannot_be_added_leaves_the_file_as_it_was() {
    for (list, expected) in [
        ("<opml><body><outline", "cannot read"),
        ("<opml><body>\n<outline text='x'/>", "line 2: it ends within <body>, as if it were cut off"),
        ("<html></html>", "it is no OPML: its root element is <html>, not <opml>"),
        ("not even that", "it is no OPML: there is no element in it"),
        ("<opml version='2.0'><body><outline text='x'/></body></opml>", "lists no feed: none of its outlines has an xmlUrl"),
    ] {
        let desk = Desk::new(list);
        let before = desk.config();
        let run = desk.import(&[]);
        assert_eq!(run.code, Some(1), "{list}: {run:#?}");
        assert!(run.stderr.contains(expected), "{list}: {run:#?}");
        assert_eq!(desk.config(), before);
    }
    // A configuration that is wrong before is not made longer.
    let desk = Desk::new(LIST);
    let wrong = format!("{}\nodd = 1\n", desk.config());
    std::fs::write(desk.place.config(), &wrong).expect("written");
    let run = desk.import(&[]);
    assert_eq!((run.code, desk.config()), (Some(78), wrong), "{}", run.stderr);
    assert!(run.stderr.contains("unknown key `odd`"), "{}", run.stderr);
    // A list of sources in one line cannot be added to by text.
    let desk = Desk::new(LIST);
    let inline = "http.listen = \"127.0.0.1:0\"\nsource = [{ id = \"a\", title = \"A\", page = \"https://a.example.org/\" }]\n";
    std::fs::write(desk.place.config(), inline).expect("written");
    let run = desk.import(&[]);
    assert_eq!((run.code, desk.config()), (Some(78), inline.to_owned()), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    let run = desk.place.run(&["import", "/nowhere/list.opml"]);
    assert!(run.code == Some(1) && run.stderr.contains("cannot read /nowhere/list.opml"), "{run:#?}");
}

#[test]
fn rights_and_links_of_the_file_stay() {
    let desk = Desk::new(LIST);
    let real = desk.place.path().join("real.toml");
    std::fs::rename(desk.place.config(), &real).expect("moved");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("set");
    symlink("real.toml", desk.place.config()).expect("linked");
    desk.import(&[]).ok();
    assert!(desk.place.config().symlink_metadata().expect("a link").is_symlink());
    let state = std::fs::metadata(&real).expect("a file");
    assert_eq!(state.permissions().mode() & 0o7777, 0o640);
    assert!(std::fs::read_to_string(&real).expect("read").contains("ministry-of-water-more"));
}

#[test]
fn what_is_imported_is_polled() {
    let newsroom = Newsroom::start();
    let feed = "<rss version=\"2.0\"><channel><title>N</title><link>/</link><item><title>One</title><link>/1</link><pubDate>Mon, 23 Nov 2020 10:00:00 GMT</pubDate></item></channel></rss>";
    newsroom.set("/feed", Reply::Typed("application/rss+xml", feed.into()));
    let list =
        format!("<opml version=\"1.0\"><body><outline text=\"Новости\" xmlUrl=\"{}\"/></body></opml>", newsroom.url("/feed"));
    let desk = Desk::new(&list);
    desk.place.configure("", "");
    desk.import(&[]).ok();
    desk.place.once();
    assert_eq!(tree::titles(&desk.place.feeds(), "novosti/all"), ["One"]);
    // Into a file of its own, which is made.
    let own = desk.place.path().join("own.toml").display().to_string();
    desk.import(&["--to", &own]).ok();
    std::fs::rename(&own, desk.place.config()).expect("moved");
    let json: Value = desk.place.run(&["check", "--json"]).json();
    assert_eq!((&json["sources"][0]["id"], &json["sources"][0]["kind"]), (&json!("novosti"), &json!("feed")));
}

#[test]
fn a_feed_and_a_page_that_offers_one_are_shown_as_tables_to_paste() {
    let place = Place::new("", "");
    let file = place.path().join("feed.xml");
    std::fs::write(&file, "<rss version='2.0'><channel><title>Ministry</title><language>de-AT</language></channel></rss>")
        .expect("written");
    let run = place.run(&["discover", &file.display().to_string(), "--url", "https://x.example.org/feed"]).ok();
    let table = "[[source]]\nid = \"ministry\"\ntitle = \"Ministry\"\nkind = \"feed\"\npage = \"https://x.example.org/feed\"\nlanguage = \"de-at\"\n";
    assert!(run.stdout.contains("it is a feed (RSS 2.0)") && run.stdout.contains(table), "{run:#?}");
    std::fs::write(&file, "<html lang=de><link rel=alternate type=application/atom+xml href=/atom title=Atom><p>x")
        .expect("written");
    let run = place.run(&["discover", &file.display().to_string(), "--url", "https://www.x.example.org/news"]);
    let table = "[[source]]\nid = \"x-example-org\"\ntitle = \"www.x.example.org\"\nkind = \"feed\"\npage = \"https://www.x.example.org/atom\"\nlanguage = \"de\"\n";
    assert!(run.stdout.contains(table), "{run:#?}");
}
