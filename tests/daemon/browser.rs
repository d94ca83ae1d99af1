//! The pages in a browser, as people use them. Promised, with nothing in the console (no error, no violation of the policy):
//! - the filter shows what it finds as one types, and says how many;
//! - a feed's page is a link away, and the list a link back;
//! - a press copies a feed's address, as readers find it;
//! - the keyboard comes first to the link past what repeats; a phone shows all without scrolling sideways;
//! - without scripts everything is there but the filter and what copies.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::daemon::{BASE, Daemon, scene_of};
use crate::support::listing::{Row, row};

const RARELY: &str = "every = \"1h\"";

fn rows() -> Vec<Row> {
    vec![
        row("<b>Three</b> &lt;i&gt; of a title that is long enough for more than a line", "3 May 2024", "/3")
            .topics(&["Élections", "Water"])
            .department("A-department-of-a-name-that-is-long-enough-to-be-wider-than-any-telephone"),
        row("Two", "2 May 2024", "/2").topics(&["Water", "Air"]).department("Vienna"),
        row("One", "1 May 2024", "/1").kind("News"),
    ]
}

#[test]
fn people_find_follow_and_copy_feeds() {
    let Some(browser) = Browser::start() else { return };
    let scene = scene_of(RARELY, &rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.wait(&[" published channels=7"]);
    let at = |path: &str| format!("http://{}{path}", daemon.address);
    let quiet = |place: &str| assert_eq!(browser.console(), [""; 0], "{place}");

    browser.open(&at("/"));
    browser.wait_for_text("#count", "7 feeds");
    assert_eq!(browser.seen("tbody tr"), 7);
    // Accents and case make no difference.
    browser.write("#filter", "ELEC");
    browser.wait_for_text("#count", "1 of 7 feeds");
    assert_eq!(
        (browser.seen("tbody tr"), browser.seen("h3"), browser.text("tbody tr:not([hidden]) th")),
        (1, 1, "Élections".into())
    );
    quiet("the filter");

    browser.click("tbody tr:not([hidden]) .chip button");
    browser.wait_for_text("#said", &format!("Copied: {BASE}news/topic/elections.rss"));
    browser.script("document.getElementById('filter').value = ''");
    browser.write("#filter", "\u{e009}v");
    let pasted = browser.script("return document.getElementById('filter').value");
    assert_eq!(pasted, json!(format!("{BASE}news/topic/elections.rss")));
    quiet("copying");

    browser.open(&at("/"));
    browser.click("a[href='news/topic/elections.html']");
    assert_eq!((browser.url(), browser.text("h1")), (at("/news/topic/elections.html"), "Élections".into()));
    assert_eq!(browser.text(".items h3"), "Three <i> of a title that is long enough for more than a line");
    browser.click(".how button");
    browser.wait_for_text("#said", &format!("Copied: {BASE}news/topic/elections.rss"));
    quiet("a feed's page");
    browser.click(".trail a");
    assert_eq!(browser.text("h1"), "Feeds");

    browser.write("body", "\u{e004}");
    assert_eq!(browser.script("return document.activeElement.className"), json!("skip"));
    browser.devtools(
        "Emulation.setDeviceMetricsOverride",
        &json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": true}),
    );
    for page in ["/", "/news/topic/elections.html", "/news/all.html"] {
        browser.open(&at(page));
        assert_eq!(browser.script("return document.documentElement.scrollWidth"), json!(360), "{page}");
        quiet(page);
    }

    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.open(&at("/"));
    assert_eq!((browser.seen("#filter"), browser.seen("button"), browser.seen("tbody tr")), (0, 0, 7));
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": false}));
    quiet("without scripts");

    // What was quiet could have spoken.
    browser.open(&at("/"));
    browser.script("document.body.append(Object.assign(document.createElement('img'), {src: '/x.png'}))");
    let console = browser.console();
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
    drop(browser);
    daemon.stop();
}
