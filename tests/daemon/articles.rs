//! Articles while the daemon runs. Promised: an item is published without waiting for its article, and the article comes after it, over HTTP and on disk
//! alike, with the same guid and `updated`.

use crate::support::daemon::{self, Daemon};
use crate::support::listing::row;
use crate::support::process::eventually;
use crate::support::tree;

#[test]
fn an_article_reaches_the_readers_after_its_item() {
    let scene = daemon::scene_of("every = \"1s\"\narticle = { body = \".text\" }", &[row("Old", "1 May 2024", "/1")]);
    let article = |text: &str| format!("<html><body><nav>Menu</nav><div class=text><p>{text}</p></div></body></html>");
    scene.newsroom.page("/1", &article("All of the old story."));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let first = tree::atom(&scene.feeds(), "news/all");
    let text = |daemon: &Daemon| String::from_utf8(daemon.get("/news/all.atom").body).expect("text");
    eventually("the article is served", || text(&daemon).contains("All of the old story."));
    eventually("and stands on disk", || daemon.difference(&scene.place).is_none());
    assert!(!text(&daemon).contains("Menu"), "{}", text(&daemon));
    assert_eq!(tree::atom(&scene.feeds(), "news/all"), first, "neither guid nor dates nor summary");

    // One that never comes delays nothing.
    scene.show(&[&[row("New", "2 May 2024", "/2"), row("Old", "1 May 2024", "/1")]]);
    daemon.published(&["new=1"]);
    assert_eq!(scene.titles("news/all"), ["New", "Old"]);
    assert!(text(&daemon).contains("All of the old story."));
}
