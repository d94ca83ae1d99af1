//! Terms: found by their folded names, with addresses that are fixed when first seen.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::SqliteConnection;

use super::{Store, StoreError};
use crate::domain::{Newsroom, Tag, fold, stamp};

/// A term of a facet, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermInfo {
    /// Its number.
    pub id: i64,
    /// Its facet's name.
    pub facet: String,
    /// Its folded name.
    pub folded: String,
    /// Its name as first spelt.
    pub name: String,
    /// Its address.
    pub slug: String,
    /// The term that it was renamed to.
    pub target: Option<i64>,
    /// One of too many: waits for the operator.
    pub held: bool,
    /// Neither a category nor a feed any more; its slug stays taken.
    pub forgotten: bool,
}

from_row!(TermInfo { id, facet, folded, name, slug, target, held, forgotten });

/// The terms of one source, for one transaction.
pub(super) struct TermBook {
    source: i64,
    by_name: HashMap<(String, String), i64>,
    by_id: HashMap<i64, TermInfo>,
    slugs: HashSet<(String, String)>,
    new: Vec<i64>,
}

/// A slug is no longer than this (bytes).
const LONGEST_SLUG: usize = 80;

impl TermBook {
    pub fn empty(source: i64) -> Self {
        Self { source, by_name: HashMap::new(), by_id: HashMap::new(), slugs: HashSet::new(), new: Vec::new() }
    }

    pub async fn load(tx: &mut SqliteConnection, source: i64) -> Result<Self, StoreError> {
        let terms: Vec<TermInfo> =
            sqlx::query_as("SELECT id, facet, folded, name, slug, target, held, forgotten FROM term WHERE source = $1")
                .bind(source)
                .fetch_all(tx)
                .await?;
        let mut book = Self::empty(source);
        terms.into_iter().for_each(|term| book.enter(term));
        Ok(book)
    }

    fn enter(&mut self, term: TermInfo) {
        self.by_name.insert((term.facet.clone(), term.folded.clone()), term.id);
        self.slugs.insert((term.facet.clone(), term.slug.clone()));
        self.by_id.insert(term.id, term);
    }

    pub fn get(&self, id: i64) -> Option<&TermInfo> {
        self.by_id.get(&id)
    }

    /// All terms, by number.
    pub fn all(&self) -> impl Iterator<Item = &TermInfo> {
        let mut ids: Vec<i64> = self.by_id.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.by_id.get(&id))
    }

    /// The term that this one was renamed to, or itself.
    pub fn resolve(&self, id: i64) -> i64 {
        self.by_id.get(&id).and_then(|t| t.target).unwrap_or(id)
    }

    pub fn is_forgotten(&self, id: i64) -> bool {
        self.by_id.get(&id).is_some_and(|t| t.forgotten)
    }

    pub fn number(&self, facet: &str, name: &str) -> Option<i64> {
        self.by_name.get(&(facet.to_owned(), fold(name))).copied()
    }

    /// Makes the tags' terms known, and stores those that are new. Spelling and addresses do not depend on the order of reading: of several
    /// spellings the most frequent wins. `may_be_held`: the source was walked before, so that a flood of terms is odd.
    pub async fn learn<'a>(
        &mut self,
        tx: &mut SqliteConnection,
        newsroom: &Newsroom,
        tags: impl Iterator<Item = &'a Tag>,
        max_new: Option<usize>,
    ) -> Result<(), StoreError> {
        let mut spellings: BTreeMap<(usize, String), BTreeMap<&str, usize>> = BTreeMap::new();
        let mut folded: HashMap<&str, String> = HashMap::new();
        for tag in tags {
            let name = folded.entry(&tag.name).or_insert_with(|| fold(&tag.name));
            if !self.by_name.contains_key(&(newsroom.facets[tag.facet].name.clone(), name.clone())) {
                *spellings.entry((tag.facet, name.clone())).or_default().entry(&tag.name).or_default() += 1;
            }
        }
        if spellings.is_empty() {
            return Ok(());
        }
        let mut next: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM term").fetch_one(&mut *tx).await?;
        let mut added: HashMap<usize, usize> = HashMap::new();
        spellings.keys().for_each(|(facet, _)| *added.entry(*facet).or_default() += 1);
        for ((facet, folded), names) in spellings {
            let settings = &newsroom.facets[facet];
            let name =
                names.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name))).map_or("", |(name, _)| name);
            let known = self.by_id.values().filter(|t| t.facet == settings.name && !t.held && !t.forgotten).count();
            let flood = max_new.is_some_and(|max| added[&facet] > max);
            let slug = self.free_slug(&settings.name, name, &folded);
            let term = TermInfo {
                id: next,
                facet: settings.name.clone(),
                folded,
                name: name.to_owned(),
                slug,
                target: None,
                held: flood || known >= settings.max_terms,
                forgotten: false,
            };
            sqlx::query("INSERT INTO term (id, source, facet, folded, name, slug, held) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(term.id)
                .bind(self.source)
                .bind(&term.facet)
                .bind(&term.folded)
                .bind(&term.name)
                .bind(&term.slug)
                .bind(term.held)
                .execute(&mut *tx)
                .await?;
            self.new.push(next);
            self.enter(term);
            next += 1;
        }
        Ok(())
    }

    /// Terms made known in this transaction that have no feed.
    pub fn held_back(&self) -> Vec<(String, String)> {
        self.new
            .iter()
            .filter_map(|id| self.by_id.get(id))
            .filter(|t| t.held)
            .map(|t| (t.facet.clone(), t.name.clone()))
            .collect()
    }

    fn free_slug(&self, facet: &str, name: &str, folded: &str) -> String {
        let mut plain = slug::slugify(name);
        plain.truncate(LONGEST_SLUG);
        let plain = plain.trim_matches('-');
        let taken = |slug: &str| self.slugs.contains(&(facet.to_owned(), slug.to_owned()));
        if !plain.is_empty() && !taken(plain) {
            return plain.to_owned();
        }
        // As many digits of the name's hash as it takes; six, as good as always.
        let hash = stamp([folded]).simple().to_string();
        let stem = plain.get(..plain.len().min(LONGEST_SLUG - 33)).unwrap_or_default();
        let with =
            |digits: usize| if stem.is_empty() { hash[..digits].to_owned() } else { format!("{stem}-{}", &hash[..digits]) };
        (6..=32).map(with).find(|slug| !taken(slug)).unwrap_or_else(|| with(32))
    }
}

impl Store {
    /// All terms of a source.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn terms(&self, source: &crate::domain::Id) -> Result<Vec<TermInfo>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT t.id, t.facet, t.folded, t.name, t.slug, t.target, t.held, t.forgotten FROM term t JOIN source s ON s.id = t.source
             WHERE s.name = $1 ORDER BY t.facet, t.folded",
        )
        .bind(source.as_str())
        .fetch_all(&self.pool)
        .await?)
    }
}
