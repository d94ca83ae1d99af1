//! Every rule of identity as a table of stories: walks of rows, and the items that are known after each.

use std::collections::HashMap;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::domain::{Link, stamp};

/// A row as `title @ day @ link : summary`.
fn row(text: &str, at: usize) -> Reading {
    let (text, summary) = text.split_once(" : ").unwrap_or((text, ""));
    let mut parts = text.split(" @ ");
    let (title, day, link) = (parts.next().unwrap_or(""), parts.next().unwrap_or("1"), parts.next().unwrap_or(""));
    let folded = crate::domain::fold(title);
    let day = NaiveDate::from_ymd_opt(2024, 9, day.parse().expect("a day")).expect("a date");
    let origin = digest(["item", "s", &folded, &day.to_string()]);
    let published = day.and_hms_opt(0, 0, 0).expect("midnight").and_utc().fixed_offset();
    Reading {
        page: 0,
        row: at,
        key: origin,
        origin,
        title_key: stamp([folded.as_str()]),
        version: stamp([&folded, &day.to_string(), summary]),
        exact: stamp([text, summary]),
        title: title.into(),
        day,
        published,
        approximate: None,
        slack: None,
        link: (!link.is_empty()).then(|| Link { url: link.into(), identity: stamp(["link", link]) }),
        summary: Some(summary.into()),
        image: None,
        tags: Vec::new(),
    }
}

/// The store in miniature: applies plans as the real one does.
#[derive(Default)]
pub(in crate::normalise) struct Memory {
    pub known: Known,
    pub titles: Vec<String>,
    pub guids: Vec<Digest>,
    pub edits: Vec<usize>,
    rules: u8,
    pub link_key: bool,
}

impl Memory {
    pub fn terms(&self, covered: Covered) -> Terms {
        Terms { link_key: self.link_key, rules: stamp([self.rules.to_string().as_str()]), covered }
    }

    pub fn walk(&mut self, rows: &[Reading], covered: Covered) -> Plan {
        let terms = self.terms(covered);
        let mut plan = decide(rows, &self.known, &terms);
        while let Some(&(later, earlier)) = plan.merged.last() {
            self.merge(later, earlier);
            plan = decide(rows, &self.known, &terms);
        }
        self.known.shared.extend(plan.shared.iter().copied());
        self.known.forgotten.extend(&plan.forgotten);
        for seen in &plan.seen {
            let item = &mut self.known.items[seen.item];
            for &r in &seen.rows {
                sight(item, &rows[r], terms.rules);
            }
            if let Some(own) = seen.own {
                take(item, &rows[own]);
                self.titles[seen.item] = rows[own].title.clone();
            }
            self.edits[seen.item] += usize::from(seen.change == Change::Edited);
        }
        for new in &plan.new {
            let first = &rows[new.rows[0]];
            let mut item = KnownItem {
                id: self.known.items.len() as i64,
                key: first.key,
                title_key: first.title_key,
                day: first.day,
                published: first.published,
                slack: first.slack,
                version: first.version,
                previous: None,
                link: first.link.as_ref().map(|l| l.identity),
                sightings: Vec::new(),
            };
            for &r in &new.rows {
                sight(&mut item, &rows[r], terms.rules);
            }
            self.known.items.push(item);
            self.known.counters.insert(first.origin, new.counter);
            self.titles.push(first.title.clone());
            self.guids.push(guid(first.origin, new.counter));
            self.edits.push(0);
        }
        plan
    }

    fn merge(&mut self, later: usize, earlier: usize) {
        let gone = self.known.items.remove(later);
        let kept = &mut self.known.items[earlier];
        kept.sightings
            .extend(gone.sightings.into_iter().filter(|g| kept.sightings.iter().all(|k| k.link != g.link)).collect::<Vec<_>>());
        self.titles.remove(later);
        self.guids.remove(later);
        self.edits.remove(later);
    }

    /// Forgets the item with this title; its counter stays taken.
    pub fn forget(&mut self, title: &str) {
        let n = self.titles.iter().position(|t| t == title).expect("a known title");
        let (gone, _, guid, _) = (self.known.items.remove(n), self.titles.remove(n), self.guids.remove(n), self.edits.remove(n));
        let trace = |key, link| Trace { item: n as i64, key, title_key: gone.title_key, day: gone.day, link };
        self.known.forgotten.extend([trace(gone.key, gone.link), trace(guid, None)]);
        self.known.forgotten.extend(gone.sightings.iter().map(|s| trace(s.key, s.link)));
    }

    fn read(&mut self, walk: &[&str]) -> Plan {
        let rows: Vec<Reading> = walk.iter().enumerate().map(|(n, text)| row(text, n)).collect();
        self.walk(&rows, Covered::Everything)
    }
}

fn sight(item: &mut KnownItem, row: &Reading, rules: Digest) {
    let link = row.link.as_ref().map(|l| l.identity);
    let now = KnownSighting { link, key: row.key, exact: row.exact, rules };
    match item.sightings.iter_mut().find(|s| s.link == link) {
        Some(before) => *before = now,
        None => item.sightings.push(now),
    }
}

fn take(item: &mut KnownItem, row: &Reading) {
    if item.version != row.version {
        item.previous = Some(item.version);
    }
    (item.key, item.title_key, item.day, item.version) = (row.key, row.title_key, row.day, row.version);
    (item.published, item.slack) = (row.published, row.slack);
    item.link = row.link.as_ref().map(|l| l.identity);
}

/// (what is shown, walks, titles known at the end with number of edits and of sightings).
type Story = (&'static str, &'static [&'static [&'static str]], &'static [(&'static str, usize, usize)]);

#[test]
fn every_rule_has_its_story() {
    let stories: &[Story] = &[
        ("the same page twice", &[&["A @ 1 @ /a", "B @ 1 @ /b"], &["A @ 1 @ /a", "B @ 1 @ /b"]], &[("A", 0, 1), ("B", 0, 1)]),
        ("an edited title", &[&["A @ 1 @ /a"], &["A, corrected @ 1 @ /a"]], &[("A, corrected", 1, 1)]),
        ("a corrected date", &[&["A @ 1 @ /a"], &["A @ 2 @ /a"]], &[("A", 1, 1)]),
        ("an edited summary", &[&["A @ 1 @ /a : x"], &["A @ 1 @ /a : y"]], &[("A", 1, 1)]),
        ("an edit and its return move updated once", &[&["A @ 1 @ /a"], &["B @ 1 @ /a"], &["A @ 1 @ /a"]], &[("A", 1, 1)]),
        ("a change within the fold is no edit", &[&["“A” – b @ 1 @ /a"], &["\"A\" - B @ 1 @ /a"]], &[("\"A\" - B", 0, 1)]),
        ("a repost under another link", &[&["A @ 1 @ /a"], &["A @ 1 @ /x/a", "A @ 1 @ /a"]], &[("A", 0, 2)]),
        ("the same title on another date", &[&["A @ 1 @ /a"], &["A @ 2 @ /b", "A @ 1 @ /a"]], &[("A", 0, 1), ("A", 0, 1)]),
        (
            "titles that differ by a number",
            &[&["Report 1 @ 1 @ /a", "Report 2 @ 1 @ /b"]],
            &[("Report 1", 0, 1), ("Report 2", 0, 1)],
        ),
        ("a link reused for another story", &[&["A @ 1 @ /week"], &["B @ 2 @ /week"]], &[("A", 0, 1), ("B", 0, 1)]),
        (
            "a reused link's new story can be edited",
            &[&["A @ 1 @ /week"], &["B @ 2 @ /week"], &["B! @ 2 @ /week"]],
            &[("A", 0, 1), ("B!", 1, 1)],
        ),
        ("a former title taken by a new story", &[&["A @ 1 @ /a"], &["B @ 1 @ /a", "A @ 1 @ /new"]], &[("B", 1, 1), ("A", 0, 1)]),
        (
            "a landing page is no identity",
            &[&["A @ 1 @ /l", "B @ 1 @ /l"], &["C @ 1 @ /l", "B @ 1 @ /l"], &["D @ 1 @ /l"]],
            &[("A", 0, 1), ("B", 0, 1), ("C", 0, 1), ("D", 0, 1)],
        ),
        (
            "a sighting left behind by an edit is no new story",
            &[&["A @ 1 @ /a", "A @ 1 @ /b"], &["A2 @ 1 @ /a", "A @ 1 @ /b"]],
            &[("A2", 1, 2)],
        ),
        (
            "another sighting takes over",
            &[&["A @ 1 @ /a", "A @ 1 @ /long"], &["A @ 1 @ /long"], &["A! @ 1 @ /long"]],
            &[("A!", 1, 2)],
        ),
        ("a row without link", &[&["A @ 1"], &["A @ 1"], &["A @ 2"]], &[("A", 0, 1), ("A", 0, 1)]),
        ("a link that is found later", &[&["A @ 1"], &["A @ 1 @ /a"], &["A! @ 1 @ /a"]], &[("A!", 1, 2)]),
        ("link and title and date change at once", &[&["A @ 1 @ /a"], &["B @ 2 @ /b"]], &[("A", 0, 1), ("B", 0, 1)]),
        (
            "an edit that reaches the repost first",
            &[&["A @ 1 @ /a", "A @ 1 @ /long"], &["A @ 1 @ /a", "B @ 1 @ /long"], &["B @ 1 @ /a", "B @ 1 @ /long"]],
            &[("B", 1, 2)],
        ),
        (
            "titles that change places, and a repost of one",
            &[&["A @ 1 @ /a", "B @ 1 @ /b"], &["B @ 1 @ /a", "B @ 1 @ /x", "A @ 1 @ /b"]],
            &[("B", 1, 2), ("A", 1, 1)],
        ),
        ("a moved link is the same item", &[&["A @ 1 @ /old"], &["A @ 1 @ /new"]], &[("A", 0, 2)]),
    ];
    for (name, walks, want) in stories {
        let mut memory = Memory::default();
        for walk in *walks {
            memory.read(walk);
        }
        let got: Vec<(&str, usize, usize)> = memory
            .titles
            .iter()
            .zip(&memory.edits)
            .zip(&memory.known.items)
            .map(|((t, e), i)| (t.as_str(), *e, i.sightings.len()))
            .collect();
        assert_eq!(got, *want, "{name}");
        let mut guids = memory.guids.clone();
        guids.sort();
        guids.dedup();
        assert_eq!(guids.len(), memory.guids.len(), "{name}: guids differ");
    }
}

/// (what is shown, walks, the title to forget then, walks after that, titles known at the end).
type Forgetting =
    (&'static str, &'static [&'static [&'static str]], &'static str, &'static [&'static [&'static str]], &'static [&'static str]);

#[test]
fn what_is_forgotten_stays_away() {
    let stories: &[Forgetting] = &[
        ("by the same page", &[&["A @ 1 @ /a", "B @ 1 @ /b"]], "A", &[&["A @ 1 @ /a", "B @ 1 @ /b"]], &["B"]),
        ("without a link", &[&["A @ 1"]], "A", &[&["A @ 1"]], &[]),
        ("by an edited title", &[&["A @ 1 @ /a"]], "A", &[&["A2 @ 1 @ /a"]], &[]),
        ("by a corrected date", &[&["A @ 1 @ /a"]], "A", &[&["A @ 2 @ /a"]], &[]),
        ("by an edited summary", &[&["A @ 1 @ /a : x"]], "A", &[&["A @ 1 @ /a : y"]], &[]),
        ("by one edit after the other", &[&["A @ 1 @ /a"]], "A", &[&["A2 @ 1 @ /a"], &["A2 @ 2 @ /a"], &["A3 @ 2 @ /a"]], &[]),
        ("by a repost", &[&["A @ 1 @ /a"]], "A", &[&["A @ 1 @ /x/a", "A @ 1 @ /a"]], &[]),
        ("by a repost that is edited", &[&["A @ 1 @ /a"]], "A", &[&["A @ 1 @ /b"], &["A2 @ 1 @ /b"]], &[]),
        ("by a repost of an edit", &[&["A @ 1 @ /a"]], "A", &[&["A2 @ 1 @ /a"], &["A2 @ 1 @ /b"]], &[]),
        ("by an edit and its repost at once", &[&["A @ 1 @ /a"]], "A", &[&["A2 @ 1 @ /b", "A2 @ 1 @ /a"]], &[]),
        ("at another of its links", &[&["A @ 1 @ /a", "A @ 1 @ /long"]], "A", &[&["A2 @ 1 @ /long"]], &[]),
        ("by its first title", &[&["A @ 1 @ /a"], &["A2 @ 1 @ /a"]], "A2", &[&["A @ 1 @ /new"]], &[]),
        ("another story under its link", &[&["A @ 1 @ /week"]], "A", &[&["B @ 2 @ /week"]], &["B"]),
        ("the same title on another day", &[&["A @ 1 @ /a"]], "A", &[&["A @ 2 @ /b"]], &["A"]),
        ("another story of the day", &[&["A @ 1 @ /a"]], "A", &[&["B @ 1 @ /b"]], &["B"]),
        (
            "a link of two stories is nobody's",
            &[&["A @ 1 @ /l", "B @ 1 @ /l"]],
            "A",
            &[&["C @ 1 @ /l", "B @ 1 @ /l"], &["A @ 1 @ /l"]],
            &["B", "C"],
        ),
        (
            "a known item is not lost for it",
            &[&["A @ 1 @ /a", "B @ 1 @ /b"]],
            "A",
            &[&["B @ 1 @ /a", "B @ 1 @ /b"], &["B @ 1 @ /a", "B2 @ 1 @ /b"]],
            &["B2"],
        ),
        ("a known item that is edited to it stays as it was", &[&["A @ 1 @ /a", "B @ 1 @ /b"]], "A", &[&["A @ 1 @ /b"]], &["B"]),
        (
            "a later story under its link is edited",
            &[&["A @ 1 @ /week"], &["B @ 2 @ /week"]],
            "A",
            &[&["B2 @ 2 @ /week"], &["B2 @ 1 @ /week"]],
            &["B2"],
        ),
    ];
    for (name, before, title, after, want) in stories {
        let mut memory = Memory::default();
        before.iter().for_each(|walk| drop(memory.read(walk)));
        memory.forget(title);
        after.iter().for_each(|walk| drop(memory.read(walk)));
        assert_eq!(memory.titles, *want, "{name}");
        let known = memory.known.forgotten.len();
        let plan = memory.read(after.last().expect("a walk"));
        assert!(plan.new.is_empty() && plan.forgotten.is_empty(), "{name}: read again, it is known: {plan:?}");
        assert_eq!(memory.known.forgotten.len(), known, "{name}");
    }
}

#[test]
fn with_a_link_key_the_link_alone_keeps_away() {
    for (link_key, want) in [(false, 1), (true, 0)] {
        let mut memory = Memory { link_key, ..Memory::default() };
        memory.read(&["A @ 1 @ /a"]);
        memory.forget("A");
        memory.read(&["B @ 2 @ /a"]);
        assert_eq!(memory.titles.len(), want);
    }
}

#[test]
fn forgotten_rows_are_known_to_the_walk() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a", "B @ 1 @ /b"]);
    memory.forget("A");
    let terms = Terms { link_key: false, rules: stamp(["0"]), covered: Covered::Nothing };
    let known = |texts: &[&str]| {
        let rows: Vec<Reading> = texts.iter().enumerate().map(|(n, text)| row(text, n)).collect();
        recognise(&rows, &memory.known, &terms).all() == rows.len()
    };
    assert!(known(&["A @ 1 @ /a", "B @ 1 @ /b"]));
    assert!(known(&["A2 @ 1 @ /a", "A2 @ 1 @ /c", "B @ 1 @ /b"]));
    assert!(!known(&["A @ 1 @ /a", "C @ 1 @ /c"]));
}

#[test]
fn guids_outlive_edits_and_lost_databases() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a", "B @ 2 @ /b"]);
    let before = memory.guids.clone();
    memory.read(&["A edited @ 1 @ /a", "B @ 2 @ /b"]);
    assert_eq!(memory.guids, before);
    let mut again = Memory::default();
    again.read(&["B @ 2 @ /b", "A @ 1 @ /a"]);
    assert_eq!((again.guids[1], again.guids[0]), (before[0], before[1]));
    // The former title's new story gets a guid of its own.
    memory.read(&["A @ 1 @ /new", "A edited @ 1 @ /a"]);
    assert_eq!(memory.guids.len(), 3);
    assert!(!before.contains(&memory.guids[2]));
}

#[test]
fn a_link_key_is_enough() {
    let mut memory = Memory { link_key: true, ..Memory::default() };
    memory.read(&["A @ 1 @ /a"]);
    memory.read(&["B @ 2 @ /a"]);
    assert_eq!((memory.titles.as_slice(), memory.edits[0]), (["B".to_owned()].as_slice(), 1));
}

#[test]
fn changed_rules_are_no_edit() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a : x"]);
    memory.rules = 1;
    memory.read(&["A @ 1 @ /a : now read differently"]);
    assert_eq!(memory.edits, [0]);
    memory.read(&["A @ 1 @ /a : really edited"]);
    assert_eq!(memory.edits, [1]);
}

#[test]
fn most_of_a_page_changed_at_once_is_odd() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a", "B @ 1 @ /b", "C @ 1 @ /c", "D @ 1 @ /d"]);
    let plan = memory.read(&["A! @ 1 @ /a", "B! @ 1 @ /b", "C! @ 1 @ /c", "D @ 1 @ /d"]);
    assert!(plan.odd);
    assert_eq!(memory.edits, [0; 4]);
    assert_eq!(memory.titles, ["A!", "B!", "C!", "D"]);
    let plan = memory.read(&["A? @ 1 @ /a", "B! @ 1 @ /b", "C! @ 1 @ /c", "D @ 1 @ /d"]);
    assert!(!plan.odd);
    assert_eq!(memory.edits, [1, 0, 0, 0]);
}

#[test]
fn a_sighting_that_scrolled_away_does_not_hand_over() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a", "A @ 1 @ /long"]);
    let own = memory.known.items[0].link;
    let rows = [row("B @ 2 @ /b", 0), row("A @ 1 @ /long", 1)];
    memory.walk(&rows, Covered::After(rows[1].day));
    assert_eq!(memory.known.items[0].link, own, "the walk ends within day 1: the own link may stand further down");
    memory.walk(&rows, Covered::Everything);
    assert_ne!(memory.known.items[0].link, own);
}

#[test]
fn known_rows_are_told() {
    let mut memory = Memory::default();
    memory.read(&["A @ 1 @ /a"]);
    let terms = Terms { link_key: false, rules: stamp(["0"]), covered: Covered::Nothing };
    for (text, want) in
        [("A @ 1 @ /a", true), ("A! @ 1 @ /a", true), ("A @ 1 @ /else", true), ("B @ 2 @ /a", false), ("B @ 1 @ /b", false)]
    {
        assert_eq!(recognise(&[row(text, 0)], &memory.known, &terms).all() == 1, want, "{text}");
    }
}

fn listing() -> impl Strategy<Value = Vec<Reading>> {
    // Few titles, days and links, so that they meet often.
    prop::collection::vec((0..6u8, 1..4u8, 0..8u8), 1..24).prop_map(|rows| {
        let mut rows: Vec<Reading> =
            rows.into_iter().enumerate().map(|(n, (title, day, link))| row(&format!("T{title} @ {day} @ /{link}"), n)).collect();
        rows.iter_mut().enumerate().for_each(|(n, r)| r.row = n);
        rows
    })
}

/// Title, own link and all links of each guid.
type ByGuid = HashMap<Digest, (String, Option<Digest>, Vec<Option<Digest>>)>;

/// What is known, without regard to the order in which it became known.
fn known(memory: &Memory) -> ByGuid {
    let all = memory.guids.iter().zip(&memory.titles).zip(&memory.known.items);
    all.map(|((guid, title), item)| {
        let mut links: Vec<_> = item.sightings.iter().map(|s| s.link).collect();
        links.sort();
        (*guid, (title.clone(), item.link, links))
    })
    .collect()
}

proptest! {
    /// The same listing in any order, any number of times, as one walk of overlapping pages: the same items, guids and links.
    #[test]
    fn order_and_repetition_do_not_matter(rows in listing(), seed in any::<u64>(), times in 1..4usize) {
        let mut plain = Memory::default();
        plain.walk(&rows, Covered::Everything);
        let mut other = Memory::default();
        for turn in 0..times {
            let mut shuffled = rows.clone();
            shuffled.extend(rows.iter().take(seed as usize % rows.len()).cloned());
            shuffled.sort_by_key(|r| stamp([r.exact.to_string(), (seed ^ turn as u64).to_string()].iter().map(String::as_str)));
            shuffled.iter_mut().enumerate().for_each(|(n, r)| r.row = n);
            other.walk(&shuffled, Covered::Everything);
        }
        prop_assert_eq!(known(&plain), known(&other));
        prop_assert!(other.edits.iter().all(|e| *e == 0));
    }

    /// Whatever is forgotten: the listing brings nothing new, and every other item stays as it was.
    #[test]
    fn forgetting_loses_one_item_and_brings_none(rows in listing(), which in any::<prop::sample::Index>(), reversed in any::<bool>()) {
        let mut memory = Memory::default();
        memory.walk(&rows, Covered::Everything);
        let title = memory.titles[which.index(memory.titles.len())].clone();
        memory.forget(&title);
        let left = known(&memory);
        let mut again = rows;
        if reversed {
            again.reverse();
            again.iter_mut().enumerate().for_each(|(n, r)| r.row = n);
        }
        for _ in 0..2 {
            let plan = memory.walk(&again, Covered::Everything);
            prop_assert!(plan.new.is_empty(), "{:?}", plan);
            prop_assert_eq!(known(&memory), left.clone());
        }
    }

    /// No two items of one title and date, however rows come and go.
    #[test]
    fn no_story_stands_twice(walks in prop::collection::vec(listing(), 1..6)) {
        let mut memory = Memory::default();
        for rows in &walks {
            memory.walk(rows, Covered::Nothing);
        }
        let mut guids = memory.guids.clone();
        guids.sort();
        guids.dedup();
        prop_assert_eq!(guids.len(), memory.guids.len());
        let mut keys: Vec<_> = memory.known.items.iter().map(|i| i.key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), memory.known.items.len(), "two items of one title and date");
    }
}
