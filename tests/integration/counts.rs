//! How many items a source and its terms have. Promised: what the database keeps count of is what counting gives, whatever happened.

use crate::support::database;
use crate::support::listing::row;
use crate::support::scene::Scene;

#[test]
fn kept_counts_are_what_counting_gives() {
    let scene = Scene::new("", "");
    let wrong = |when: &str| {
        let script = "SELECT 'source ' || name FROM source s WHERE items <> (SELECT count(*) FROM item WHERE source = s.id)
             UNION ALL SELECT 'term ' || name FROM term t WHERE items <> (SELECT count(*) FROM item_term WHERE term = t.id)";
        let wrong = database::texts(&scene.place.database(), script);
        assert!(wrong.is_empty(), "{when}: {wrong:?}");
    };
    let item = |n: usize, topics: &[&str]| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}")).topics(topics);
    scene.poll(&[item(3, &["A", "B"]), item(2, &["A"]), item(1, &["B"])]);
    wrong("new items");
    scene.poll(&[item(4, &["C"]), item(3, &["B"]), item(2, &["A", "C"]), item(1, &["B"])]);
    wrong("a new one, and others retagged");
    // Two items become one story by an edit.
    let same = row("Item 1", "1 May 2024", "/2").topics(&["A"]);
    scene.poll(&[item(4, &["C"]), item(3, &["B"]), same, item(1, &["B"])]);
    wrong("merged");
    scene.place.run(&["forget", &scene.entries()[0].id]).ok();
    wrong("one forgotten");
    scene.place.run(&["forget", "news/topic/b"]).ok();
    wrong("a term forgotten");
}
