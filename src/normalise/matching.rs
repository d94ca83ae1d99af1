//! Which row is which item (design: identity). A pure decision over the rows of one walk, taken as a set, and what is stored of them.
//!
//! 1. A row whose link is an item's own, which no row with another key carries, is that item if title or date equal the item's, or if
//!    the source has a `link-key`: the same item, edited if anything differs.
//! 2. Else a row whose key is an item's present key is one more sighting of it. So is a row that still says what it said when it was last
//!    seen as a sighting of an item: that another sighting of the item was edited meanwhile makes no new story of it.
//! 3. Else it is a new item.
//!
//! Rows of items that were forgotten are none of these (see [`super::forgotten`]).
//!
//! Items whose keys become the same by an edit are one story: the later is merged into the earlier, so that no feed shows it twice.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::forgotten::{Claim, Trace, forgotten};
use crate::domain::{Digest, Published, Reading, digest};

/// What the store knows of the rows of a walk.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Items that a row of the walk may be, each once, in order of first sight.
    pub items: Vec<KnownItem>,
    /// Links that were once seen with two stories at a time: no identity.
    pub shared: HashSet<Digest>,
    /// The highest counter in use for each origin (see [`guid`]).
    pub counters: HashMap<Digest, u32>,
    /// What is left of forgotten items that a row of the walk may be.
    pub forgotten: Vec<Trace>,
    /// Rows that earlier parts of the same walk showed, as (link, origin). They are not asked again what they say, and their links belong to their
    /// stories: a walk in parts is matched as one in one piece.
    pub earlier: HashSet<(Option<Digest>, Digest)>,
}

/// An item as stored, as far as identity goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownItem {
    /// The store's number for it; grows in order of first sight.
    pub id: i64,
    /// Its present key.
    pub key: Digest,
    /// Its present folded title.
    pub title_key: Digest,
    /// Its present day.
    pub day: NaiveDate,
    /// Its present date.
    pub published: Published,
    /// By how many days that may be off; None: a row stated it.
    pub slack: Option<u32>,
    /// Its present content.
    pub version: Digest,
    /// The content before that.
    pub previous: Option<Digest>,
    /// Its own link.
    pub link: Option<Digest>,
    /// Where it was seen, its own link among them.
    pub sightings: Vec<KnownSighting>,
}

/// One link at which an item was seen, as last read there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSighting {
    /// The link; None: a row without one.
    pub link: Option<Digest>,
    /// The key of the row.
    pub key: Digest,
    /// All that the row said.
    pub exact: Digest,
    /// The rules by which it was read.
    pub rules: Digest,
}

/// What is asked besides the rows.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The source has a `link-key`: a link of its own is enough.
    pub link_key: bool,
    /// Stamp of the rules by which the rows were read.
    pub rules: Digest,
    /// Which days the walk has read whole.
    pub covered: Covered,
}

/// The days that a walk has read whole, so that what it did not show is gone from the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covered {
    /// None for certain.
    Nothing,
    /// Those after this one.
    After(NaiveDate),
    /// All: the walk went to the pager's end.
    Everything,
}

impl Covered {
    fn covers(self, day: NaiveDate) -> bool {
        match self {
            Self::Nothing => false,
            Self::After(oldest) => day > oldest,
            Self::Everything => true,
        }
    }
}

/// What is to be stored. Rows are indices into the readings given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// New items, in the order of the page.
    pub new: Vec<NewItem>,
    /// Known items that were seen.
    pub seen: Vec<Seen>,
    /// Links that are no identity from now on.
    pub shared: Vec<Digest>,
    /// More than half of the known rows differ: they were taken over without being called edited.
    pub odd: bool,
    /// Known items that are one story now, as (the later, the earlier): the store merges them and decides anew.
    pub merged: Vec<(usize, usize)>,
    /// What rows of forgotten items say that they did not say before.
    pub forgotten: Vec<Trace>,
}

/// An item seen for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The counter in its guid.
    pub counter: u32,
    /// Its rows; the first is that of its own link.
    pub rows: Vec<usize>,
}

/// A known item and the rows that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Index into the known items.
    pub item: usize,
    /// All its rows.
    pub rows: Vec<usize>,
    /// The row that says what the item says; none: it was not in this walk.
    pub own: Option<usize>,
    /// What that row means for the item.
    pub change: Change,
}

/// How a known item's content fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Not a letter differs.
    Same,
    /// Something differs that is no news: taken over, `updated` stays.
    Taken,
    /// Title, date or summary changed: `updated` moves.
    Edited,
}

/// The guid of the item with this counter among those of one origin. Never changes once published.
pub fn guid(origin: Digest, counter: u32) -> Digest {
    if counter == 0 { origin } else { digest(["again", &origin.to_string(), &counter.to_string()]) }
}

/// How many rows are items that were known before the walk, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recognised {
    /// They say what an item said.
    pub told: usize,
    /// They have an item's link, and another title or day.
    pub linked: usize,
    /// They are items that were forgotten.
    pub forgotten: usize,
    /// What the rows tell, what several of them tell counted once.
    pub stories: usize,
    /// Of these, what an item said.
    pub stories_told: usize,
}

impl Recognised {
    /// All of them.
    pub fn all(&self) -> usize {
        self.told + self.linked + self.forgotten
    }
}

/// How many of the rows are items that were known before the walk.
pub fn recognise(rows: &[Reading], known: &Known, terms: &Terms) -> Recognised {
    let index = Index::new(known);
    let link = |row: &Reading| row.link.as_ref().map(|l| l.identity).filter(|l| !known.shared.contains(l));
    let claim = |row: &Reading| index.claim(row, link(row), terms.link_key);
    let forgotten = forgotten(rows, &known.forgotten, terms.link_key, link, claim);
    let mut out = Recognised::default();
    let mut stories = HashSet::new();
    for (n, row) in rows.iter().enumerate() {
        let first = usize::from(stories.insert(row.key));
        out.stories += first;
        match claim(row) {
            _ if forgotten.contains_key(&n) => out.forgotten += 1,
            Claim::Told => {
                out.told += 1;
                out.stories_told += first;
            }
            Claim::Linked => out.linked += 1,
            Claim::None => {}
        }
    }
    out
}

/// Decides what each row is.
pub fn decide(rows: &[Reading], known: &Known, terms: &Terms) -> Plan {
    let mut rows_once = without_doubles(rows, known);
    let shared = links_of_two_stories(rows, known);
    let is_shared = |link: &Digest| known.shared.contains(link) || shared.contains(link);
    let link_of = |row: &Reading| row.link.as_ref().map(|l| l.identity).filter(|l| !is_shared(l));
    let mut index = Index::new(known);
    let claim = |row: &Reading| index.claim(row, link_of(row), terms.link_key);
    let forgotten = forgotten(rows, &known.forgotten, terms.link_key, link_of, claim);
    rows_once.retain(|row| !forgotten.contains_key(row));

    // Rule 1 for all rows first: an edit moves an item's key, and former keys match nothing.
    let mut of_item: Vec<Vec<usize>> = vec![Vec::new(); known.items.len()];
    let mut own: Vec<Option<usize>> = vec![None; known.items.len()];
    let mut left = Vec::new();
    for row in rows_once {
        match link_of(&rows[row]).and_then(|l| index.own(l, &rows[row], terms.link_key)).filter(|&item| own[item].is_none()) {
            Some(item) => {
                own[item] = Some(row);
                of_item[item].push(row);
            }
            None => left.push(row),
        }
    }
    let merged = index.rekey(|item| own[item].map_or(known.items[item].key, |row| rows[row].key));
    // Rule 2, else rule 3.
    let mut new: Vec<Vec<usize>> = Vec::new();
    let mut new_by_key: HashMap<Digest, usize> = HashMap::new();
    for row in left {
        if let Some(item) = index.by_key.get(&rows[row].key).copied().or_else(|| index.unchanged(&rows[row])) {
            of_item[item].push(row);
            let same_link = rows[row].link.as_ref().map(|l| l.identity) == known.items[item].link;
            if own[item].is_none() && same_link && rows[row].key == known.items[item].key {
                own[item] = Some(row);
            }
        } else {
            let n = *new_by_key.entry(rows[row].key).or_insert(new.len());
            if n == new.len() {
                new.push(Vec::new());
            }
            new[n].push(row);
        }
    }

    let new = new_items(rows, new, known, &is_shared);
    let seen = seen_items(rows, known, terms, of_item, own, &is_shared);
    let forgotten = new_traces(forgotten, known);
    let mut plan = Plan { new, seen, shared: shared.into_iter().collect(), odd: false, merged, forgotten };
    judge_changes(rows, known, terms, &mut plan);
    plan
}

/// The rows without those that repeat another's key and link, as overlapping pages do. The first in the page's order stands.
fn without_doubles(rows: &[Reading], known: &Known) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&r| (rows[r].page, rows[r].row));
    let mut seen = HashSet::new();
    order.retain(|&r| {
        let link = rows[r].link.as_ref().map(|l| l.identity);
        !known.earlier.contains(&(link, rows[r].origin)) && seen.insert((rows[r].key, link))
    });
    order
}

/// What the rows of forgotten items say that is not noted yet, in the order of the rows.
fn new_traces(found: HashMap<usize, Trace>, known: &Known) -> Vec<Trace> {
    let mut noted: HashSet<Trace> = known.forgotten.iter().copied().collect();
    let mut found: Vec<(usize, Trace)> = found.into_iter().collect();
    found.sort_unstable_by_key(|(row, _)| *row);
    found.into_iter().map(|(_, trace)| trace).filter(|trace| noted.insert(*trace)).collect()
}

fn links_of_two_stories(rows: &[Reading], known: &Known) -> BTreeSet<Digest> {
    // With the link in the key every link has its own key: what tells two stories apart is then the title and date alone.
    let mut story_of: HashMap<Digest, Digest> =
        known.earlier.iter().filter_map(|(link, origin)| link.map(|link| (link, *origin))).collect();
    let mut shared = BTreeSet::new();
    for row in rows {
        if let Some(link) = &row.link
            && *story_of.entry(link.identity).or_insert(row.origin) != row.origin
            && !known.shared.contains(&link.identity)
        {
            shared.insert(link.identity);
        }
    }
    shared
}

/// The order in which rows of one item are preferred as its own: a link of its own, else a shared one, else none; then by address, so that
/// the order of reading does not matter.
fn preference<'a>(row: &'a Reading, is_shared: &impl Fn(&Digest) -> bool) -> (u8, usize, &'a str) {
    match &row.link {
        Some(link) => (u8::from(is_shared(&link.identity)), link.url.len(), &link.url),
        None => (2, 0, ""),
    }
}

fn new_items(rows: &[Reading], new: Vec<Vec<usize>>, known: &Known, is_shared: &impl Fn(&Digest) -> bool) -> Vec<NewItem> {
    let mut items: Vec<NewItem> = new
        .into_iter()
        .map(|mut of_new| {
            of_new.sort_by(|&a, &b| preference(&rows[a], is_shared).cmp(&preference(&rows[b], is_shared)));
            NewItem { counter: 0, rows: of_new }
        })
        .collect();
    // Counters of stories that share title and date go by preference too, not by the order of reading.
    let mut by_preference: Vec<usize> = (0..items.len()).collect();
    by_preference
        .sort_by(|&a, &b| preference(&rows[items[a].rows[0]], is_shared).cmp(&preference(&rows[items[b].rows[0]], is_shared)));
    let mut next: HashMap<Digest, u32> = known.counters.iter().map(|(origin, highest)| (*origin, highest + 1)).collect();
    for item in by_preference {
        let counter = next.entry(rows[items[item].rows[0]].origin).or_insert(0);
        items[item].counter = *counter;
        *counter += 1;
    }
    items
}

fn seen_items(
    rows: &[Reading],
    known: &Known,
    terms: &Terms,
    of_item: Vec<Vec<usize>>,
    own: Vec<Option<usize>>,
    is_shared: &impl Fn(&Digest) -> bool,
) -> Vec<Seen> {
    let found = of_item.into_iter().zip(own).enumerate().filter(|(_, (of, _))| !of.is_empty());
    found
        .map(|(item, (of, own))| {
            // The own link is gone from a walk that would have shown it: another sighting speaks for the item from now on.
            let gone = own.is_none() && terms.covered.covers(known.items[item].day);
            let heir =
                || of.iter().copied().min_by(|&a, &b| preference(&rows[a], is_shared).cmp(&preference(&rows[b], is_shared)));
            let own = if gone { heir() } else { own };
            Seen { item, rows: of, own, change: Change::Same }
        })
        .collect()
}

fn judge_changes(rows: &[Reading], known: &Known, terms: &Terms, plan: &mut Plan) {
    let (mut compared, mut edited) = (0usize, 0usize);
    for seen in &mut plan.seen {
        let Some(own) = seen.own else { continue };
        let (item, row) = (&known.items[seen.item], &rows[own]);
        compared += 1;
        let link = row.link.as_ref().map(|l| l.identity);
        let before = item.sightings.iter().find(|s| s.link == link);
        seen.change = if item.link == link && before.is_some_and(|b| b.exact == row.exact) {
            Change::Same
        } else if item.version == row.version
            || item.previous == Some(row.version)
            || before.is_some_and(|b| b.rules != terms.rules)
        {
            Change::Taken
        } else {
            edited += 1;
            Change::Edited
        };
    }
    // Two edits may well come at once; that most of a page was edited is a page that is read differently.
    plan.odd = edited > 2 && edited * 2 > compared;
    if plan.odd {
        plan.seen.iter_mut().filter(|s| s.change == Change::Edited).for_each(|s| s.change = Change::Taken);
    }
}

/// The known items by what a row may be recognised by.
struct Index<'a> {
    known: &'a Known,
    by_link: HashMap<Digest, Vec<usize>>,
    by_key: HashMap<Digest, usize>,
    by_sighting: HashMap<(Option<Digest>, Digest), usize>,
}

impl<'a> Index<'a> {
    fn new(known: &'a Known) -> Self {
        let mut index = Self { known, by_link: HashMap::new(), by_key: HashMap::new(), by_sighting: HashMap::new() };
        for (n, item) in known.items.iter().enumerate() {
            if let Some(link) = item.link {
                index.by_link.entry(link).or_default().push(n);
            }
            index.by_key.entry(item.key).or_insert(n);
            for sighting in &item.sightings {
                index.by_sighting.entry((sighting.link, sighting.key)).or_insert(n);
            }
        }
        index
    }

    /// The item that the row is by rule 1, its link being no shared one.
    fn own(&self, link: Digest, row: &Reading, link_key: bool) -> Option<usize> {
        let candidates = self.by_link.get(&link)?;
        let items = || candidates.iter().copied().map(|n| (n, &self.known.items[n]));
        items()
            .find(|(_, item)| item.key == row.key)
            .or_else(|| items().rev().find(|(_, item)| item.title_key == row.title_key || item.day == row.day))
            .or_else(|| link_key.then(|| items().next_back()).flatten())
            .map(|(n, _)| n)
    }

    /// What the row has in common with the known items; `link`: its link, unless that is no identity.
    fn claim(&self, row: &Reading, link: Option<Digest>, link_key: bool) -> Claim {
        if self.by_key.contains_key(&row.key) || self.unchanged(row).is_some() {
            Claim::Told
        } else if link.is_some_and(|l| self.own(l, row, link_key).is_some()) {
            Claim::Linked
        } else {
            Claim::None
        }
    }

    /// Gives the items these keys, all at once: titles may have changed places. Those that have the key of an earlier one, as (the later, the earliest).
    fn rekey(&mut self, key: impl Fn(usize) -> Digest) -> Vec<(usize, usize)> {
        self.by_key.clear();
        (0..self.known.items.len())
            .map(|n| (n, *self.by_key.entry(key(n)).or_insert(n)))
            .filter(|(n, first)| n != first)
            .collect()
    }

    /// The item of which the row is a sighting that says what it said before.
    fn unchanged(&self, row: &Reading) -> Option<usize> {
        self.by_sighting.get(&(row.link.as_ref().map(|l| l.identity), row.key)).copied()
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
pub(super) mod tests;
