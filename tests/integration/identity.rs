//! Which row is which item. Promised: an item keeps its guid, and stands once in each feed, whatever of it is edited, moved, reposted or
//! retagged; two stories stay two; `updated` moves on a real edit and on nothing else.

use crate::support::database;
use crate::support::listing::{Row, row};
use crate::support::scene::Scene;

fn one() -> Row {
    row("Observers open mission", "2 May 2024", "/1").topics(&["A"])
}

/// Two more, so that one edit is not most of the page.
fn others() -> Vec<Row> {
    (2..6).map(|n| row(&format!("Other {n}"), "1 May 2024", &format!("/{n}")).topics(&["Other"])).collect()
}

fn with(first: Row) -> Vec<Row> {
    std::iter::once(first).chain(others()).collect()
}

/// A scene that has seen the one and the others.
fn scene(keys: &str) -> Scene {
    let scene = Scene::new("", keys);
    scene.poll(&with(one()));
    assert_eq!(scene.entries().len(), 5);
    scene
}

const TITLE: &str = "Observers open mission";

#[test]
fn an_edited_title_moves_updated_and_keeps_the_guid() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().title("Observers open large mission")));
    let after = scene.entry("Observers open large mission");
    assert_eq!((&after.id, &after.published, &after.link), (&before.id, &before.published, &before.link));
    assert!(after.updated > before.updated, "{after:?}");
    assert_eq!(scene.entries().len(), 5);
    assert_eq!(scene.titles("news/topic/a"), ["Observers open large mission"]);
}

#[test]
fn an_edited_summary_moves_updated_and_a_return_to_the_version_before_does_not() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().summary("Other words")));
    let edited = scene.entry(TITLE);
    assert_eq!((edited.summary.as_deref(), &edited.id), (Some("Other words"), &before.id));
    assert!(edited.updated > before.updated, "{edited:?}");
    scene.poll(&with(one()));
    let back = scene.entry(TITLE);
    assert_eq!((&back.summary, &back.updated), (&before.summary, &edited.updated));
    // And flapping between the two never does again; a third version does.
    scene.poll(&with(one().summary("Other words")));
    assert_eq!(scene.entry(TITLE), edited);
    scene.poll(&with(one().summary("Third words")));
    assert!(scene.entry(TITLE).updated > edited.updated);
}

#[test]
fn a_corrected_date_is_taken_over_and_keeps_the_guid() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().date("3 May 2024")));
    let after = scene.entry(TITLE);
    assert_eq!((&after.id, after.published.as_str()), (&before.id, "2024-05-03T00:00:00+02:00"));
    assert!(after.updated > before.updated);
    assert_eq!(scene.entries().len(), 5);
}

#[test]
fn a_change_within_the_fold_is_shown_and_moves_nothing() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().title("OBSERVERS  open mis\u{ad}sion").summary("about observers open mission")));
    let after = scene.entry("OBSERVERS open mis\u{ad}sion");
    assert_eq!((&after.id, &after.updated), (&before.id, &before.updated));
    assert_eq!(after.summary.as_deref(), Some("about observers open mission"));
}

#[test]
fn terms_alone_move_no_updated() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().topics(&["B"])));
    let after = scene.entry(TITLE);
    assert_eq!((&after.updated, &after.id), (&before.updated, &before.id));
}

#[test]
fn a_retagged_item_leaves_its_old_feed_and_appears_in_the_new_one() {
    let scene = Scene::new("", "");
    let second = row("Second", "1 May 2024", "/2").topics(&["A"]);
    scene.poll(&[one().department("X"), second.clone()]);
    assert_eq!(scene.titles("news/topic/a"), [TITLE, "Second"]);
    scene.poll(&[one().topics(&["B", "C"]).department("Y"), second]);
    assert_eq!(scene.titles("news/topic/a"), ["Second"]);
    assert_eq!((scene.titles("news/topic/b"), scene.titles("news/topic/c")), (vec![TITLE.to_owned()], vec![TITLE.to_owned()]));
    assert_eq!(scene.titles("news/department/y"), [TITLE]);
    // A term without items has no feed: whatever stands at its address holds nothing, and nobody is sent there.
    assert_eq!(scene.titles("news/department/x"), [""; 0]);
    assert!(!crate::support::tree::opml(&scene.feeds()).contains(&"news/department/x.rss".to_owned()));
    assert!(!crate::support::tree::index(&scene.feeds()).contains(&"news/department/x.rss".to_owned()));
}

#[test]
fn a_repost_under_another_link_is_the_same_item_with_the_topics_of_both() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    let repost = row(TITLE, "2 May 2024", "/odihr/99").topics(&["B"]);
    let mut rows = with(one());
    rows.insert(0, repost);
    scene.poll(&rows);
    let after = scene.entry(TITLE);
    assert_eq!((&after.id, &after.link, &after.updated), (&before.id, &before.link, &before.updated));
    assert_eq!(after.related, [scene.newsroom.url("/odihr/99")]);
    let topics: Vec<&str> = after.categories.iter().map(|(_, t)| t.as_str()).collect();
    assert_eq!(topics, ["A", "B"]);
    assert_eq!(scene.titles("news/topic/a"), [TITLE]);
    assert_eq!(scene.titles("news/topic/b"), [TITLE]);

    // Either of them scrolls away: the topics do not flap.
    scene.poll(&with(one()));
    assert_eq!(scene.entry(TITLE), after);
    let mut rows = with(row(TITLE, "2 May 2024", "/odihr/99").topics(&["B"]));
    rows.rotate_left(1);
    scene.show(&[&rows]);
    scene.place.once();
    assert_eq!(scene.titles("news/topic/a"), [TITLE]);
    assert_eq!(scene.titles("news/topic/b"), [TITLE]);
    assert_eq!(scene.entry(TITLE).id, before.id);
}

#[test]
fn a_repost_that_is_edited_after_the_story_makes_no_new_item() {
    let scene = Scene::new("", "");
    let repost = || row(TITLE, "2 May 2024", "/odihr/99").topics(&["B"]);
    let both = |first: Row, second: Row| [vec![first, second], others()].concat();
    scene.poll(&both(one(), repost()));
    let before = scene.entry(TITLE);
    for (first, second) in [
        (one().title("New words"), repost()),
        (one().title("New words"), repost().title("New words")),
        (one().title("Newer words"), repost().title("Newer words")),
    ] {
        let title = first.title.clone();
        scene.poll(&both(first, second));
        let after = scene.entry(&title);
        assert_eq!((&after.id, &after.link, &after.related), (&before.id, &before.link, &before.related));
        assert_eq!(scene.entries().len(), 5, "{:#?}", scene.entries());
    }
}

#[test]
fn another_sighting_speaks_for_an_item_whose_own_link_is_gone() {
    let scene = Scene::new("", "");
    let repost = || row(TITLE, "2 May 2024", "/odihr/99").topics(&["B"]);
    scene.poll(&[vec![one(), repost()], others()].concat());
    let before = scene.entry(TITLE);
    scene.poll(&with(repost()));
    let after = scene.entry(TITLE);
    assert_eq!((&after.id, &after.updated), (&before.id, &before.updated));
    assert_eq!((after.link, after.related), (Some(scene.newsroom.url("/odihr/99")), vec![scene.newsroom.url("/1")]));
    assert_eq!((scene.titles("news/topic/a"), scene.titles("news/topic/b")), (vec![TITLE.to_owned()], vec![TITLE.to_owned()]));
    scene.poll(&with(repost().title("Edited there")));
    assert_eq!(scene.entry("Edited there").id, before.id);
    assert_eq!(scene.entries().len(), 5);
}

#[test]
fn a_repost_that_is_edited_before_the_story_makes_no_new_item() {
    let scene = Scene::new("", "");
    let repost = || row(TITLE, "2 May 2024", "/odihr/99").topics(&["B"]);
    scene.poll(&[vec![one(), repost()], others()].concat());
    scene.poll(&[vec![one(), repost().title("New words")], others()].concat());
    scene.poll(&[vec![one().title("New words"), repost().title("New words")], others()].concat());
    scene.entry("New words");
}

#[test]
fn a_story_that_moves_to_another_link_stays_one() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().link("/moved/1")));
    let after = scene.entry(TITLE);
    assert_eq!((&after.id, &after.updated, &after.link), (&before.id, &before.updated, &Some(scene.newsroom.url("/moved/1"))));
    // Its new link is its own: an edit there is an edit of the item.
    scene.poll(&with(one().link("/moved/1").title("Observers close mission")));
    assert_eq!(scene.entry("Observers close mission").id, before.id);
    assert_eq!(scene.entries().len(), 5);
}

#[test]
fn the_same_title_on_another_date_is_another_item() {
    let scene = Scene::new("", "");
    scene.poll(&[row("Daily report", "1 May 2024", "/1")]);
    scene.poll(&[row("Daily report", "2 May 2024", "/2"), row("Daily report", "1 May 2024", "/1")]);
    let entries = scene.entries();
    assert_eq!(
        entries.iter().map(|e| e.published.as_str()).collect::<Vec<_>>(),
        ["2024-05-02T00:00:00+02:00", "2024-05-01T00:00:00+02:00"]
    );
    assert_ne!(entries[0].id, entries[1].id);
    assert!(entries.iter().all(|e| e.related.is_empty()));
}

#[test]
fn a_reused_link_is_a_new_item_and_the_old_one_stays() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(row("Something else", "9 May 2024", "/1").topics(&["B"])));
    assert_eq!(scene.entry(TITLE), before);
    assert_ne!(scene.entry("Something else").id, before.id);
    assert_eq!(scene.titles("news/topic/a"), [TITLE]);
    assert_eq!(scene.titles("news/topic/b"), ["Something else"]);
}

#[test]
fn a_landing_page_is_no_identity() {
    let scene = Scene::new("", "");
    scene.poll(&[row("Week 2", "8 May 2024", "/weekly"), row("Week 1", "1 May 2024", "/weekly")]);
    assert_eq!(scene.entries().len(), 2);
    let before = scene.entry("Week 2");
    scene.poll(&[row("Week 2b", "8 May 2024", "/weekly"), row("Week 2", "8 May 2024", "/weekly")]);
    assert_eq!(scene.entries().len(), 3);
    assert_eq!(scene.entry("Week 2"), before);
}

#[test]
fn a_former_title_may_be_taken_by_a_new_story() {
    let scene = scene("");
    let before = scene.entry(TITLE);
    scene.poll(&with(one().title("Observers close mission")));
    let mut rows = with(one().title("Observers close mission"));
    rows.insert(0, row(TITLE, "2 May 2024", "/new").topics(&["B"]));
    scene.poll(&rows);
    assert_eq!(scene.entry("Observers close mission").id, before.id);
    let new = scene.entry(TITLE);
    assert_ne!(new.id, before.id);
    assert_eq!((new.link, new.related), (Some(scene.newsroom.url("/new")), vec![]));
    assert_eq!(scene.entries().len(), 6);
    // And they stay two when they are read again.
    scene.newsroom.page("/news", &format!("{}<!-- again -->", crate::support::listing::page(&rows, None)));
    let items = database::tables(&scene.place.database())["item"].clone();
    scene.place.once();
    assert_eq!(database::tables(&scene.place.database())["item"], items);
}

#[test]
fn spellings_of_a_link_are_one_link() {
    let scene = Scene::new("", "");
    let at = |link: &str, title: &str| vec![row(title, "2 May 2024", link)];
    scene.poll(&at("https://www.example.org/a/1", "First words"));
    let guid = scene.entry("First words").id;
    // Title and link change together: only the link's identity holds them together.
    for (n, link) in [
        "http://www.example.org/a/1",
        "https://example.org/a/1",
        "https://www.example.org/a/1?utm_source=feed&utm_medium=x",
        "https://www.example.org/a/1#top",
        "https://www.example.org:443/a/1?fbclid=4711",
    ]
    .into_iter()
    .enumerate()
    {
        scene.poll(&at(link, &format!("Words {n}")));
        assert_eq!(scene.entry(&format!("Words {n}")).id, guid, "{link}");
        assert_eq!(scene.entries().len(), 1, "{link}");
        assert!(scene.entries()[0].related.is_empty(), "{link}: {:?}", scene.entries());
    }
}

#[test]
fn a_link_key_holds_a_story_together_though_title_and_date_change() {
    let scene = scene("link-key = '/(\\d+)$'");
    let guid = scene.entry(TITLE).id;
    scene.poll(&with(row("All new words", "4 May 2024", "/odihr/1").topics(&["A"])));
    let after = scene.entry("All new words");
    assert_eq!((after.id, after.published.as_str()), (guid, "2024-05-04T00:00:00+02:00"));
    assert_eq!(scene.entries().len(), 5);
}

#[test]
fn identity_with_link_keeps_two_stories_of_one_title_apart() {
    let scene = Scene::new("", "identity = \"title+date+link\"");
    let rows = [row("Statement", "2 May 2024", "/a").topics(&["A"]), row("Statement", "2 May 2024", "/b").topics(&["B"])];
    scene.poll(&rows);
    let before: Vec<(String, Option<String>)> = scene.entries().into_iter().map(|e| (e.id, e.link)).collect();
    assert_eq!(before.len(), 2);
    assert_ne!(before[0].0, before[1].0);
    assert_eq!((scene.titles("news/topic/a").len(), scene.titles("news/topic/b").len()), (1, 1));
    // The guids do not depend on the order in which they are listed.
    scene.place.forget_everything();
    scene.poll(&[rows[1].clone(), rows[0].clone()]);
    let mut again: Vec<(String, Option<String>)> = scene.entries().into_iter().map(|e| (e.id, e.link)).collect();
    again.reverse();
    assert_eq!(again, before);
}

#[test]
fn other_rules_take_differences_over_silently() {
    let scene = scene("");
    let before: Vec<_> = scene.entries();
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), text.replace("summary = \"p\"", "summary = \"aside\"")).expect("a config");
    scene.newsroom.take_log();
    let run = scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200)], "other rules read the page anew");
    assert!(!run.stderr.contains("read differently"), "{run:?}");
    assert_eq!(scene.entry(TITLE).summary.as_deref(), Some("Aside of /1"));
    let stamps = |entries: Vec<crate::support::tree::Entry>| entries.into_iter().map(|e| (e.id, e.updated)).collect::<Vec<_>>();
    assert_eq!(stamps(scene.entries()), stamps(before));
}

#[test]
fn most_rows_changed_at_once_is_odd_and_no_edit() {
    let scene = scene("");
    let before = scene.entries();
    let changed: Vec<Row> = with(one()).into_iter().map(|r| Row { summary: "Read on".into(), ..r }).collect();
    let run = scene.poll(&changed);
    assert!(run.stderr.contains("most known rows read differently"), "{run:?}");
    let after = scene.entries();
    assert!(after.iter().all(|e| e.summary.as_deref() == Some("Read on")));
    let stamps =
        |entries: &[crate::support::tree::Entry]| entries.iter().map(|e| (e.id.clone(), e.updated.clone())).collect::<Vec<_>>();
    assert_eq!(stamps(&after), stamps(&before));
}

#[test]
fn an_item_without_a_link_is_held_together_by_title_and_date() {
    let scene = Scene::new("", "");
    scene.poll(&with(one().link("")));
    let before = scene.entry(TITLE);
    scene.poll(&with(one().link("").topics(&["B"])));
    assert_eq!(scene.entry(TITLE).id, before.id);
    assert_eq!(scene.titles("news/topic/b"), [TITLE]);
    assert_eq!(scene.titles("news/topic/a"), [""; 0]);
}
