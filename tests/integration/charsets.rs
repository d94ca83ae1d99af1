//! Pages in any charset. Promised: what the operator says goes first, a page that says nothing is read all the same, and bytes that stand for
//! nothing are counted and warned of, never a lost page.

use crate::support::listing::{page, row};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;

const RUSSIAN: &str = "Совещание по вопросам безопасности и сотрудничества в Европе";

fn listing(label: &str) -> Vec<u8> {
    let html = page(&[row(RUSSIAN, "1 May 2024", "/1")], None);
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect(label);
    encoding.encode(&html).0.into_owned()
}

#[test]
fn a_page_without_a_word_on_its_charset_is_read() {
    let scene = Scene::new("", "");
    scene.newsroom.set("/news", Reply::Typed("text/html", listing("windows-1251")));
    let run = scene.place.once();
    assert_eq!(scene.titles("news/all"), [RUSSIAN]);
    assert!(run.stderr.contains("the page says no charset: read as windows-1251 by its looks"), "{run:?}");
}

#[test]
fn what_the_operator_says_goes_first_and_a_change_of_it_is_no_edit() {
    let scene = Scene::new("", "");
    scene.newsroom.set("/news", Reply::Typed("text/html; charset=iso-8859-1", listing("windows-1251")));
    let run = scene.place.once();
    assert!(!run.stderr.contains("charset"), "every byte is a letter of some kind: {run:?}");
    let before = scene.entries().remove(0);
    assert_ne!(before.title, RUSSIAN);
    scene.configure("", "charset = \"windows-1251\"");
    scene.place.once();
    let after = scene.entry(RUSSIAN);
    assert_eq!((after.id, after.updated), (before.id, before.updated), "a correction of ours is no edit of theirs");
}

#[test]
fn bytes_that_stand_for_nothing_are_counted() {
    let scene = Scene::new("", "");
    let mut bytes = page(&[row("One", "1 May 2024", "/1"), row("Two", "2 May 2024", "/2")], None).into_bytes();
    bytes.extend(b"<p>\xff\xfe\xfd</p>");
    scene.newsroom.set("/news", Reply::Typed("text/html; charset=utf-8", bytes));
    let run = scene.place.once();
    assert_eq!(scene.titles("news/all"), ["Two", "One"]);
    assert!(run.stderr.contains("3 bytes could not be read as UTF-8: shown as U+FFFD"), "{run:?}");
}
