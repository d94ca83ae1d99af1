//! A database that is lost. Promised: what the newsroom still lists gets the same guids, feed ids and order again.

use crate::support::database;
use crate::support::listing::row;
use crate::support::scene::Scene;
use crate::support::tree;

#[test]
fn a_lost_database_gives_the_same_tree_again() {
    let scene = Scene::new("", "");
    let first = [
        row("Four", "4 May 2024", "/4").topics(&["A", "B"]).department("X"),
        row("Weekly report", "3 May 2024", "/3a").topics(&["B"]),
        row("Daily report 12", "3 May 2024", "/3b").topics(&["C"]),
        row("Four", "4 May 2024", "/again/4").topics(&["C"]),
    ];
    let second = [
        row("Daily report 11", "3 May 2024", "/3c").topics(&["A"]),
        row("Three, the last", "3 May 2024", "/3d").kind("News"),
        row("Two", "2 May 2024", "").topics(&["A"]),
    ];
    scene.show(&[&first, &second]);
    scene.place.once();
    let before = tree::timeless(&scene.feeds());
    assert_eq!(scene.titles("news/topic/a"), ["Four", "Daily report 11", "Two"]);
    scene.place.forget_everything();
    scene.place.once();
    assert_eq!(tree::timeless(&scene.feeds()), before);
}

#[test]
fn polls_of_many_days_and_one_walk_after_the_loss_give_the_same_guids_in_the_same_order() {
    let scene = Scene::new("", "");
    let rows: Vec<_> =
        (0..12).rev().map(|n| row(&format!("Item {n}"), &format!("{} May 2024", 1 + n / 3), &format!("/{n}"))).collect();
    // News comes in ones and twos, as the newsroom writes it.
    for shown in [12, 9, 8, 6, 5, 3, 0] {
        let listed = &rows[shown.min(10)..];
        scene.show(&[&listed[..2.min(listed.len())], &listed[2.min(listed.len())..]]);
        scene.place.once();
    }
    let listed = |scene: &Scene| scene.entries().into_iter().map(|e| (e.title, e.id)).collect::<Vec<_>>();
    let before = listed(&scene);
    assert_eq!(before.iter().map(|(t, _)| t).collect::<Vec<_>>(), rows.iter().map(|r| &r.title).collect::<Vec<_>>());
    scene.place.forget_everything();
    scene.place.once();
    assert_eq!(listed(&scene), before);
}

#[test]
fn a_lost_tree_and_a_kept_database_give_the_same_tree() {
    let scene = Scene::new("", "");
    scene.poll(&[row("Two", "2 May 2024", "/2").topics(&["A"])]);
    scene.poll(&[row("Three", "3 May 2024", "/3").topics(&["B"]), row("Two, corrected", "2 May 2024", "/2").topics(&["A"])]);
    let (before, tables) = (tree::files(&scene.feeds()), database::tables_but_source(&scene.place.database()));
    std::fs::remove_dir_all(scene.feeds()).expect("a tree to lose");
    scene.place.once();
    let again = tree::files(&scene.feeds());
    assert!(before.iter().filter(|(name, _)| name.starts_with("news/")).all(|(name, file)| tree::same(name, file, &again[name])));
    let but_flush = |mut t: std::collections::BTreeMap<String, Vec<String>>| {
        t.remove("flush");
        t
    };
    assert_eq!(but_flush(database::tables_but_source(&scene.place.database())), but_flush(tables));
}
