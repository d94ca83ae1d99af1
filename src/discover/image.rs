//! Which place in the rows holds their images: one of its own in each, not the site's logo, a placeholder or an icon.

use std::collections::{HashMap, HashSet};

use scraper::ElementRef;

use super::names::{Mark, marks};
use super::outline::Outline;
use super::slots::{ELEMENTS, ROWS, Slot, share};
use crate::extract::{image_in, image_of};

/// What the first image of a place says, by row.
type Column = Vec<Option<(String, bool)>>;

/// The place of the rows' images; None: they have none of their own.
pub(super) fn image<'a>(page: &Outline<'a>, members: &[usize]) -> Option<String> {
    let members = &members[..members.len().min(ROWS)];
    let mut columns: HashMap<Slot<'a>, Column> = HashMap::new();
    for (row, &member) in members.iter().enumerate() {
        let whole = page.elements[member].element;
        for element in whole.descendent_elements().take(ELEMENTS) {
            let name = element.value().name();
            // Those of a `<picture>` stand for it.
            let found = if name == "source" { None } else { image_of(element) };
            let Some(address) = found else { continue };
            let is_decoration = is_decoration(element, &address);
            let mut take = |slot: Slot<'a>| {
                let column = columns.entry(slot).or_insert_with(|| vec![None; members.len()]);
                column[row].get_or_insert_with(|| (address.clone(), is_decoration));
            };
            take(Slot::Row);
            if element.id() == whole.id() {
                continue;
            }
            if matches!(name, "img" | "picture") {
                take(Slot::Tag(name));
            }
            for mark in marks(element).into_iter().filter(|m| !matches!(m, Mark::Id(_))) {
                take(Slot::Marked(name, mark));
            }
            let around = element.ancestors().filter_map(ElementRef::wrap).take_while(|e| e.id() != whole.id()).take(3);
            for around in around {
                // The extraction takes the first image of what is selected.
                let first = image_in(around);
                for mark in marks(around).into_iter().filter(|m| !matches!(m, Mark::Id(_)) && !m.is_about_looks()) {
                    if first.as_deref() == Some(&address) {
                        take(Slot::Marked(around.value().name(), mark));
                    }
                }
            }
        }
    }
    let mut best: Option<(f32, u8, Slot<'_>)> = None;
    for (slot, column) in columns {
        let there: Vec<&(String, bool)> = column.iter().flatten().collect();
        let distinct = there.iter().map(|(address, _)| bare(address)).collect::<HashSet<_>>().len();
        let decorations = there.iter().filter(|(_, is)| *is).count();
        // Pages show a story without a picture, but seldom more than a few.
        if there.len() < 2.min(members.len()) || share(there.len(), members.len()) < 0.3 || share(distinct, there.len()) < 0.7 {
            continue;
        }
        if share(decorations, there.len()) > 0.2 {
            continue;
        }
        let score = share(there.len(), members.len()) * 40.0 + share(distinct, there.len()) * 40.0
            - share(decorations, there.len()) * 60.0
            + if hints(&slot) { 6.0 } else { 0.0 };
        let rank = rank(&slot);
        let is_better = best.as_ref().is_none_or(|(of_best, of_rank, of_slot)| {
            score > of_best + 0.01 || (score > of_best - 0.01 && (rank, slot) < (*of_rank, *of_slot))
        });
        if is_better {
            best = Some((score, rank, slot));
        }
    }
    best.map(|(.., slot)| slot.to_string())
}

/// How well a name says what it means; less is better.
fn rank(slot: &Slot<'_>) -> u8 {
    match slot {
        Slot::Marked(_, Mark::Prop(_)) => 0,
        Slot::Marked(_, Mark::Class("u-photo")) => 1,
        Slot::Tag("img") => 2,
        Slot::Tag(_) => 3,
        Slot::Marked(..) if hints(slot) => 4,
        Slot::Marked(_, m) if !m.is_about_looks() => 5,
        Slot::Marked(..) | Slot::In(..) | Slot::Cell(..) => 6,
        Slot::Row => 7,
    }
}

/// Whether names say that this is the picture of a story.
fn hints(slot: &Slot<'_>) -> bool {
    let Slot::Marked(_, mark) = slot else { return false };
    let name = mark.name().to_ascii_lowercase();
    ["photo", "thumb", "image", "picture", "media", "teaser", "foto", "bild", "img"].iter().any(|w| name.contains(w))
        && !["icon", "logo", "avatar", "author"].iter().any(|w| name.contains(w))
}

/// Without what changes from row to row though the image is the same.
fn bare(address: &str) -> &str {
    // An address that says all in its query is told apart by that.
    match address.split_once('?') {
        Some((path, query)) if !query.contains("url=") && !query.contains("id=") && !query.contains("file") => path,
        _ => address,
    }
}

/// Icons, logos, faces, and what only counts readers.
fn is_decoration(element: ElementRef<'_>, address: &str) -> bool {
    const WORDS: &[&str] = &[
        "icon",
        "logo",
        "sprite",
        "avatar",
        "gravatar",
        "emoji",
        "placeholder",
        "spacer",
        "pixel",
        "blank",
        "flag",
        "smiley",
        "badge",
        "arrow",
    ];
    const PARTS: &[&str] = &["portrait", "no-image", "noimage", "no_image", "default-image", "default_image"];
    let size = |name: &str| element.attr(name).and_then(|v| v.trim().trim_end_matches("px").parse::<u32>().ok());
    let (width, height) = (size("width"), size("height"));
    let tiny = |n: Option<u32>| n.is_some_and(|n| n <= 2);
    let small = |n: Option<u32>| n.is_some_and(|n| n <= 48);
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let file = path.rsplit('/').next().unwrap_or_default();
    let of_words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|w| WORDS.contains(&w));
    let classes = element.attr("class").unwrap_or_default().to_ascii_lowercase();
    tiny(width)
        || tiny(height)
        || (small(width) && small(height))
        || file.ends_with(".svg")
        || of_words(&path)
        || of_words(&classes)
        || PARTS.iter().any(|w| path.contains(w))
}
