//! A walk's rows into the store: one transaction saves items, validators, and which channels they made stale.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::additions::{Additions, End, Stale};
use super::articles::want_again;
use super::asked::{Asked, ask_changed, mark_lists_of};
use super::forget::note_traces;
use super::known::{Loaded, StoredItem, day_number, load};
use super::rows::{FreshItem, FreshSighting, insert_sightings, merge_item, update_item};
use super::sources::{Moved, Numbered, Validators, numbers};
use super::terms::TermBook;
use super::{Store, StoreError};
use crate::domain::{Address, Digest, Newsroom, Reading};
use crate::normalise::approximate::settle;
use crate::normalise::matching::{Change, Plan, Seen, Terms, decide};

/// A walk along a source's pager, as far as it came.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The newsroom.
    pub newsroom: &'a Newsroom,
    /// The rows, in any order.
    pub rows: &'a [Reading],
    /// How they are to be matched.
    pub terms: Terms,
    /// When the poll began.
    pub at: DateTime<Utc>,
    /// It came to its end: all that is new was seen.
    pub complete: bool,
    /// Page 1's validators; kept only if the walk is complete.
    pub validators: Validators,
    /// Where page 1 has moved for good.
    pub moved: Option<Moved>,
    /// What the source's good pages were like, this walk's among them.
    pub past: Option<&'a str>,
    /// To be stored though the walk brought nothing: nothing of it is stored yet, or what is says little of this page.
    pub begins: bool,
    /// More new terms than this in one poll wait for the operator.
    pub max_new_terms: usize,
    /// What is asked of every item.
    pub questions: &'a [Asked],
    /// The articles of new items are wanted: of a source's first walk those of its newest items, this many. None: no articles are.
    pub articles: Option<usize>,
}

/// What a walk brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Items seen for the first time.
    pub new: usize,
    /// Items whose title, date or summary changed.
    pub edited: usize,
    /// Items that changed in other ways.
    pub touched: usize,
    /// Known items that were seen as they were.
    pub known: usize,
    /// Most of the known rows differed: taken over, but not as edits.
    pub odd: bool,
    /// New terms that have no feed yet: (facet, name).
    pub held: Vec<(String, String)>,
}

/// A day in seconds: a date further ahead is published as the moment of first sight.
const DAY: i64 = 86_400;

impl Store {
    /// Saves walks, in one transaction.
    ///
    /// # Errors
    /// When the database fails; then nothing was saved.
    pub async fn save_walks(&self, walks: &[Walk<'_>]) -> Result<Vec<Saved>, StoreError> {
        let rows = walks.iter().map(|walk| walk.rows.len()).sum();
        self.with_cache_for(rows, self.save_together(walks)).await
    }

    async fn save_together(&self, walks: &[Walk<'_>]) -> Result<Vec<Saved>, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut last_id: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM item").fetch_one(&mut *tx).await?;
        let sources = numbers(&mut tx, walks.iter().map(|w| &w.newsroom.id)).await?;
        let settled: Vec<OnceCell<Vec<Reading>>> = walks.iter().map(|_| OnceCell::new()).collect();
        let mut additions = Additions::default();
        let mut saved = Vec::with_capacity(walks.len());
        for ((walk, source), settled) in walks.iter().zip(sources).zip(&settled) {
            // Of a source that was forgotten while it was walked nothing is kept.
            saved.push(match source {
                Some(source) => {
                    let (loaded, rows) = known_rows(&mut tx, walk, &source).await?;
                    let rows = match rows {
                        Cow::Borrowed(rows) => rows,
                        Cow::Owned(rows) => settled.get_or_init(|| rows),
                    };
                    save(&mut tx, walk, (rows, loaded), source, &mut last_id, &mut additions, Mode::Poll).await?
                }
                None => Saved::default(),
            });
        }
        additions.write(&mut tx).await?;
        if let Some(last) = walks.iter().max_by_key(|walk| walk.at) {
            ask_changed(&mut tx, last.questions, last.at).await?;
        }
        tx.commit().await?;
        Ok(saved)
    }
}

/// Whose walk it is.
pub(super) enum Mode {
    /// A poll's.
    Poll,
    /// A part of a backfill's.
    Backfill {
        /// Those of its rows that earlier parts read, as (link, origin).
        earlier: HashSet<(Option<Digest>, Digest)>,
        /// Those of its pages that were looked at again, when the one after them had been read.
        again: HashSet<usize>,
    },
}

/// What is known of a walk's rows, and the rows, those that are known on the days of their items.
pub(super) async fn known_rows<'r>(
    tx: &mut SqliteConnection,
    walk: &Walk<'r>,
    source: &Numbered,
) -> Result<(Loaded, Cow<'r, [Reading]>), StoreError> {
    // Of a source without items nothing can be known.
    let loaded = if source.has_items { load(tx, walk.rows).await? } else { Loaded::default() };
    let rows = settle(walk.rows, &loaded.known, &walk.terms, walk.newsroom);
    Ok((loaded, rows))
}

/// Saves a walk, of whose rows this is known.
pub(super) async fn save<'a>(
    tx: &mut SqliteConnection,
    walk: &'a Walk<'a>,
    (rows, mut loaded): (&'a [Reading], Loaded),
    source: Numbered,
    last_id: &mut i64,
    additions: &mut Additions<'a>,
    mode: Mode,
) -> Result<Saved, StoreError> {
    let (backfill, earlier, again) = match mode {
        Mode::Poll => (false, HashSet::new(), HashSet::new()),
        Mode::Backfill { earlier, again } => (true, earlier, again),
    };
    loaded.known.earlier.clone_from(&earlier);
    let mut plan = decide(rows, &loaded.known, &walk.terms);
    let book = if walk.newsroom.facets.is_empty() { TermBook::empty(source.id) } else { TermBook::load(tx, source.id).await? };
    let (touched, saved) = (Touched::default(), Saved::default());
    let mut saving = Saving { source, walk, rows, backfill, again, book, touched, saved };
    while !plan.merged.is_empty() {
        for &(later, earlier) in &plan.merged {
            saving.touch(&loaded.items[later].terms);
            mark_lists_of(tx, loaded.items[later].id, walk.at).await?;
            merge_item(tx, loaded.items[later].id, loaded.items[earlier].id).await?;
        }
        loaded = load(tx, rows).await?;
        loaded.known.earlier.clone_from(&earlier);
        plan = decide(rows, &loaded.known, &walk.terms);
    }
    saving.saved.odd = plan.odd;
    saving.save(tx, &loaded, &plan, last_id, additions).await?;
    Ok(saving.saved)
}

/// The channels of a source that hold something that changed.
#[derive(Default)]
struct Touched {
    all: bool,
    terms: BTreeSet<i64>,
}

pub(super) struct Saving<'a> {
    pub source: Numbered,
    pub walk: &'a Walk<'a>,
    /// The walk's rows, settled.
    pub rows: &'a [Reading],
    /// What is new is no news, and the source's state stays as polls left it.
    pub backfill: bool,
    /// Pages that were looked at again.
    pub again: HashSet<usize>,
    book: TermBook,
    touched: Touched,
    saved: Saved,
}

impl<'a> Saving<'a> {
    async fn save(
        &mut self,
        tx: &mut SqliteConnection,
        loaded: &Loaded,
        plan: &Plan,
        last_id: &mut i64,
        additions: &mut Additions<'a>,
    ) -> Result<(), StoreError> {
        for link in &plan.shared {
            sqlx::query("INSERT INTO shared_link VALUES ($1) ON CONFLICT DO NOTHING").bind(link).execute(&mut *tx).await?;
        }
        note_traces(tx, &plan.forgotten).await?;
        let rows = self.rows;
        // The archive brings the terms of all times.
        let max_new = (self.source.walked && !self.backfill).then_some(self.walk.max_new_terms);
        let used = plan.new.iter().flat_map(|n| &n.rows).chain(plan.seen.iter().flat_map(|s| &s.rows));
        self.book.learn(tx, self.walk.newsroom, used.flat_map(|&r| &rows[r].tags), max_new).await?;
        self.saved.held = self.book.held_back();

        let mut changed = self.changed(tx, loaded, plan).await?;
        let (mut fresh, sightings) = self.fresh(plan, last_id);
        self.order(tx, loaded, plan, &mut fresh, &mut changed).await?;
        for item in &changed {
            update_item(tx, item).await?;
        }
        let edited = plan.seen.iter().filter(|seen| seen.change == Change::Edited).map(|seen| loaded.items[seen.item].id);
        want_again(tx, &edited.collect::<Vec<_>>(), self.walk.at.timestamp()).await?;
        if let Some(newest) = self.walk.articles.filter(|_| !self.backfill) {
            let mut wanted: Vec<&FreshItem<'_>> = fresh.iter().collect();
            wanted.sort_by_key(|item| (std::cmp::Reverse(item.published), item.position, item.id));
            wanted.truncate(if self.source.walked { usize::MAX } else { newest });
            additions.articles.extend(wanted.into_iter().map(|item| (item.id, self.walk.at.timestamp())));
        }
        self.saved.new = fresh.len();
        for item in &fresh {
            self.touch(&item.terms);
        }
        additions.items.extend(fresh);
        additions.sightings.extend(sightings);
        self.stale(&mut additions.stale);
        let saved = &self.saved;
        let brought = saved.new + saved.edited + saved.touched > 0;
        if !self.backfill {
            additions.ends.push(End {
                source: self.source.id,
                rules: self.walk.terms.rules,
                complete: self.walk.complete,
                validators: &self.walk.validators,
                moved: self.walk.moved.as_ref(),
                past: self.walk.past.filter(|_| brought || self.walk.begins),
            });
        }
        Ok(())
    }

    /// Writes what the rows of known items say, and returns the items that differ from what is stored.
    async fn changed(&mut self, tx: &mut SqliteConnection, loaded: &Loaded, plan: &Plan) -> Result<Vec<StoredItem>, StoreError> {
        let mut changed = Vec::new();
        for seen in &plan.seen {
            let before = &loaded.items[seen.item];
            let resighted = self.sight(tx, loaded, seen).await?;
            if !resighted && seen.change == Change::Same && seen.own.is_none_or(|r| self.link_id(r) == before.link_id) {
                self.saved.known += 1;
                continue;
            }
            let after = self.rebuilt(tx, before, seen).await?;
            if after == *before {
                self.saved.known += 1;
                continue;
            }
            match seen.change {
                Change::Edited => self.saved.edited += 1,
                Change::Taken | Change::Same => self.saved.touched += 1,
            }
            self.touch(&before.terms);
            self.touch(&after.terms);
            changed.push(after);
        }
        Ok(changed)
    }

    pub fn link_id(&self, row: usize) -> Option<Digest> {
        self.rows[row].link.as_ref().map(|l| l.identity)
    }

    /// Stores the sightings of a known item; whether any of them is new or says something else than before.
    async fn sight(&mut self, tx: &mut SqliteConnection, loaded: &Loaded, seen: &Seen) -> Result<bool, StoreError> {
        let mut new = Vec::new();
        let mut any = false;
        let rules = self.walk.terms.rules;
        for &row in &seen.rows {
            let reading = &self.rows[row];
            let link_id = self.link_id(row);
            let terms = self.numbers(reading);
            let Some(before) = loaded.sightings[seen.item].iter().find(|s| s.link_id == link_id) else {
                let item = loaded.items[seen.item].id;
                new.push(FreshSighting { item, row: reading, rules, terms });
                continue;
            };
            if before.exact == reading.exact && before.rules == rules && before.terms == terms {
                continue;
            }
            any |= before.exact != reading.exact || before.terms != terms;
            sqlx::query("UPDATE sighting SET link = $2, key = $3, exact = $4, rules = $5, terms = $6 WHERE id = $1")
                .bind(before.id)
                .bind(reading.link.as_ref().map(|l| l.url.as_str()))
                .bind(reading.key)
                .bind(reading.exact)
                .bind(rules)
                .bind(terms)
                .execute(&mut *tx)
                .await?;
        }
        any |= !new.is_empty();
        insert_sightings(tx, &new).await?;
        Ok(any)
    }

    /// The term ids that a row names, as a JSON list.
    fn numbers(&self, reading: &Reading) -> String {
        let number = |t: &crate::domain::Tag| self.book.number(&self.walk.newsroom.facets[t.facet].name, &t.name);
        let ids: Vec<i64> = reading.tags.iter().filter_map(number).collect();
        serde_json::json!(ids).to_string()
    }

    /// The item as it is to be after this walk.
    async fn rebuilt(&self, tx: &mut SqliteConnection, before: &StoredItem, seen: &Seen) -> Result<StoredItem, StoreError> {
        let mut item = before.clone();
        if let Some(own) = seen.own {
            let row = &self.rows[own];
            item.link_id = self.link_id(own);
            item.link = row.link.as_ref().map(|l| l.url.clone());
            if seen.change != Change::Same {
                item.title.clone_from(&row.title);
                item.summary.clone_from(&row.summary);
                item.image.clone_from(&row.image);
                item.day = day_number(row.day);
                (item.key, item.title_key) = (row.key, row.title_key);
                if item.version != row.version {
                    item.previous = Some(item.version);
                    item.version = row.version;
                }
                (item.published, item.zone) = self.published(row, before.first_seen);
                item.slack = row.slack.map(i64::from);
            }
        }
        item.updated = match seen.change {
            Change::Edited => self.walk.at.timestamp().max(before.updated + 1).max(item.published),
            Change::Taken | Change::Same => before.updated.max(item.published),
        };
        let sightings: Vec<(Option<Digest>, Option<String>, String)> =
            sqlx::query_as("SELECT link_id, link, terms FROM sighting WHERE item = $1 ORDER BY id")
                .bind(item.id)
                .fetch_all(tx)
                .await?;
        let related: Vec<&String> =
            sightings.iter().filter(|(id, ..)| *id != item.link_id).filter_map(|(_, link, _)| link.as_ref()).collect();
        item.related = serde_json::json!(related).to_string();
        let own = sightings.iter().filter(|(id, ..)| *id == item.link_id);
        let others = sightings.iter().filter(|(id, ..)| *id != item.link_id);
        item.terms = united(&self.book, self.walk.newsroom, own.map(|s| s.2.as_str()), others.map(|s| s.2.as_str()));
        Ok(item)
    }

    /// When an item counts as published: as the page says, unless that is more than a day ahead.
    fn published(&self, row: &Reading, first_seen: i64) -> (i64, i64) {
        let stated = row.published.timestamp();
        let ahead = stated > self.walk.at.timestamp() + DAY;
        (if ahead { first_seen } else { stated }, i64::from(row.published.offset().local_minus_utc()))
    }

    /// The new items and their sightings, with no position yet.
    fn fresh(&self, plan: &Plan, last_id: &mut i64) -> (Vec<FreshItem<'a>>, Vec<FreshSighting<'a>>) {
        let mut items = Vec::with_capacity(plan.new.len());
        let mut sightings = Vec::with_capacity(plan.new.len());
        let at = self.walk.at.timestamp();
        for new in &plan.new {
            *last_id += 1;
            let id = *last_id;
            let rows = self.rows;
            let own = &rows[new.rows[0]];
            let terms: Vec<String> = new.rows.iter().map(|&r| self.numbers(&self.rows[r])).collect();
            let links: Vec<&str> = new.rows[1..].iter().filter_map(|&r| rows[r].link.as_ref()).map(|l| l.url.as_str()).collect();
            let related = if links.is_empty() { Cow::Borrowed("[]") } else { Cow::Owned(serde_json::json!(links).to_string()) };
            let (published, zone) = self.published(own, at);
            items.push(FreshItem {
                id,
                source: self.source.id,
                row: own,
                counter: new.counter,
                regular: self.source.walked && !self.backfill,
                position: 0,
                published,
                zone,
                first_seen: at,
                related,
                terms: united(
                    &self.book,
                    self.walk.newsroom,
                    terms[..1].iter().map(String::as_str),
                    terms[1..].iter().map(String::as_str),
                ),
            });
            let rules = self.walk.terms.rules;
            sightings.extend(new.rows.iter().zip(terms).map(|(&r, terms)| FreshSighting {
                item: id,
                row: &rows[r],
                rules,
                terms,
            }));
        }
        (items, sightings)
    }

    /// Notes the channels that hold what has these terms (ids as a JSON list).
    fn touch(&mut self, terms: &str) {
        self.touched.all = true;
        self.touched.terms.extend(serde_json::from_str::<Vec<i64>>(terms).unwrap_or_default());
    }

    /// The channels to render anew.
    fn stale(&self, stale: &mut Vec<Stale>) {
        let id = &self.walk.newsroom.id;
        let at = self.walk.at.timestamp();
        let source = self.source.id;
        let mut add = |address: String, term| stale.push(Stale { address, source, term, at });
        if self.touched.all {
            add(Address::all(id).to_string(), None);
        }
        for term in self.touched.terms.iter().filter_map(|t| self.book.get(*t)).filter(|t| !t.held) {
            add(Address::term(id, &term.facet, &term.slug).to_string(), Some(term.id));
        }
    }
}

/// The terms of an item as a JSON list of ids: of a facet with many terms those of all sightings, so that they do not flap when one of them
/// scrolls away; of the others those of its own.
pub(super) fn united<'s>(
    book: &TermBook,
    newsroom: &Newsroom,
    own: impl Iterator<Item = &'s str>,
    others: impl Iterator<Item = &'s str>,
) -> String {
    let ids = |list: &str| -> Vec<i64> { serde_json::from_str(list).unwrap_or_default() };
    let mut terms: Vec<i64> = Vec::new();
    let mut add = |id: i64| {
        let id = book.resolve(id);
        if !book.is_forgotten(id) && !terms.contains(&id) {
            terms.push(id);
        }
    };
    own.flat_map(ids).for_each(&mut add);
    let many = |id: &i64| book.get(*id).is_some_and(|t| newsroom.facets.iter().any(|f| f.name == t.facet && f.many));
    others.flat_map(ids).filter(many).for_each(&mut add);
    serde_json::json!(terms).to_string()
}
