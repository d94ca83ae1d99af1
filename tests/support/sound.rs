//! What holds of a published tree at any moment, and what is to be the same after different stories.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::binary::Place;
use super::newsroom::Newsroom;
use super::tree;

pub type Files = BTreeMap<String, (Vec<u8>, SystemTime)>;

/// Every document stands whole, and says so if it is another one than before; what is not yet in its place is passed over.
#[track_caller]
pub fn assert_sound(place: &Place, before: &Files) -> Files {
    let files = tree::files(&place.feeds());
    for (name, (bytes, changed)) in files.iter().filter(|(name, _)| !unfinished(name)) {
        match name.rsplit_once('.') {
            Some((address, "atom")) => drop(tree::atom_feed(&place.feeds(), address)),
            Some((address, "rss")) => drop(tree::rss_feed(&place.feeds(), address)),
            Some((address, "json")) => drop(tree::json_feed(&place.feeds(), address)),
            _ => continue,
        }
        if let Some((old, earlier)) = before.get(name).filter(|(old, _)| old != bytes) {
            assert!(changed > earlier, "{name}: {earlier:?}, then {changed:?}\n{}", String::from_utf8_lossy(old));
        }
    }
    assert!(before.keys().filter(|name| !unfinished(name)).all(|name| files.contains_key(name)), "a document is gone");
    files
}

fn unfinished(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
}

/// The tree without what tells when something happened, and at which ports the newsrooms are.
pub fn comparable(place: &Place, newsrooms: &[Newsroom]) -> BTreeMap<String, String> {
    let when = |line: &&str| !line.contains("updated>") && !line.contains("\"date_modified\":");
    let neutral = |text: String| {
        let text = text.lines().filter(when).collect::<Vec<_>>().join("\n");
        let names = newsrooms.iter().enumerate();
        names.fold(text, |text, (n, newsroom)| text.replace(&newsroom.host(), &format!("newsroom-{n}.example")))
    };
    tree::timeless(&place.feeds()).into_iter().map(|(name, text)| (name, neutral(text))).collect()
}
