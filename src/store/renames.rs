//! Terms that the config renames, and terms that it lets go: applied to what is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::rows::retag_item;
use super::sources::numbers;
use super::terms::TermBook;
use super::walk::united;
use super::{Store, StoreError};
use crate::domain::{Address, Digest, Newsroom, Tag, fold};

impl Store {
    /// The sources that have renamed terms, or terms that wait.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sources_with_odd_terms(&self) -> Result<Vec<String>, StoreError> {
        let query =
            "SELECT DISTINCT s.name FROM term t JOIN source s ON s.id = t.source WHERE t.target IS NOT NULL OR t.held = 1";
        Ok(sqlx::query_scalar(query).fetch_all(&self.pool).await?)
    }

    /// Brings the stored terms of a source in line with its config: renamed terms lead to their new names, from then on and for what is stored;
    /// terms that were held back get their feeds if there are no longer too many.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn align_terms(&self, newsroom: &Newsroom, max_new: usize, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let found = numbers(&mut tx, std::iter::once(&newsroom.id)).await?.into_iter().flatten().next();
        let source = found.ok_or_else(|| StoreError::NoSuchSource(newsroom.id.to_string()))?.id;
        let mut book = TermBook::load(&mut tx, source).await?;
        let mut targets: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        for term in book.all().filter(|t| t.target.is_some()) {
            targets.insert(term.id, None);
        }
        for (n, facet) in newsroom.facets.iter().enumerate() {
            for (old, new) in &facet.alias {
                let Some(old) = book.number(&facet.name, old) else { continue };
                book.learn(&mut tx, newsroom, std::iter::once(&Tag { facet: n, name: new.clone() }), None).await?;
                // To a name that was forgotten nothing can move.
                if let Some(new) = book.number(&facet.name, &fold(new)).filter(|new| !book.is_forgotten(*new)) {
                    targets.insert(old, Some(new));
                }
            }
        }
        targets.retain(|id, target| book.get(*id).is_some_and(|t| t.target != *target));
        if !targets.is_empty() {
            for (id, target) in &targets {
                sqlx::query("UPDATE term SET target = $2 WHERE id = $1").bind(id).bind(target).execute(&mut *tx).await?;
            }
            book = TermBook::load(&mut tx, source).await?;
            self.retag(&mut tx, &book, newsroom, &targets).await?;
            // Those of no source are the config's own: they may select by a renamed term.
            sqlx::query("UPDATE channel SET stale = $2 WHERE source = $1 OR source IS NULL")
                .bind(source)
                .bind(at.timestamp())
                .execute(&mut *tx)
                .await?;
            let names: BTreeSet<i64> = targets.values().flatten().copied().chain(targets.keys().copied()).collect();
            open(&mut tx, &book, newsroom, source, &names, at).await?;
        }
        let released = releasable(&book, newsroom, max_new);
        for id in &released {
            sqlx::query("UPDATE term SET held = 0 WHERE id = $1").bind(id).execute(&mut *tx).await?;
        }
        if !released.is_empty() {
            // The pages of what holds their items link to their pages from now on.
            sqlx::query("UPDATE channel SET stale = $2 WHERE source = $1 OR source IS NULL")
                .bind(source)
                .bind(at.timestamp())
                .execute(&mut *tx)
                .await?;
        }
        open(&mut tx, &book, newsroom, source, &released, at).await?;
        Ok(tx.commit().await?)
    }

    /// Unites anew the terms of every item that was seen with one of these.
    async fn retag(
        &self,
        tx: &mut SqliteConnection,
        book: &TermBook,
        newsroom: &Newsroom,
        terms: &BTreeMap<i64, Option<i64>>,
    ) -> Result<(), StoreError> {
        let ids = serde_json::json!(terms.keys().collect::<Vec<_>>()).to_string();
        let items: Vec<(i64, Option<Digest>)> = sqlx::query_as(
            "SELECT DISTINCT i.id, i.link_id FROM sighting s JOIN item i ON i.id = s.item
             WHERE EXISTS (SELECT 1 FROM json_each(s.terms) j WHERE j.value IN (SELECT value FROM json_each($1)))",
        )
        .bind(ids)
        .fetch_all(&mut *tx)
        .await?;
        for (item, own) in items {
            let sightings: Vec<(Option<Digest>, String)> =
                sqlx::query_as("SELECT link_id, terms FROM sighting WHERE item = $1 ORDER BY id")
                    .bind(item)
                    .fetch_all(&mut *tx)
                    .await?;
            let of_own =
                |mine: bool| sightings.iter().filter(move |(link, _)| (*link == own) == mine).map(|(_, terms)| terms.as_str());
            retag_item(tx, item, &united(book, newsroom, of_own(true), of_own(false))).await?;
        }
        Ok(())
    }
}

/// Makes channels of terms that hold items but have none yet.
async fn open(
    tx: &mut SqliteConnection,
    book: &TermBook,
    newsroom: &Newsroom,
    source: i64,
    terms: &BTreeSet<i64>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    for term in terms.iter().filter_map(|id| book.get(*id)) {
        sqlx::query(
            "INSERT INTO channel (address, source, term, stale) SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM item_term WHERE term = $3)
             ON CONFLICT (address) DO UPDATE SET stale = excluded.stale",
        )
        .bind(Address::term(&newsroom.id, &term.facet, &term.slug).to_string())
        .bind(source)
        .bind(term.id)
        .bind(at.timestamp())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Held terms whose facet has no more of them than the config now lets in.
fn releasable(book: &TermBook, newsroom: &Newsroom, max_new: usize) -> BTreeSet<i64> {
    let mut out = BTreeSet::new();
    for facet in &newsroom.facets {
        let of_facet = || book.all().filter(|t| t.facet == facet.name && !t.forgotten);
        let held: Vec<i64> = of_facet().filter(|t| t.held).map(|t| t.id).collect();
        if held.len() <= max_new && of_facet().count() <= facet.max_terms {
            out.extend(held);
        }
    }
    out
}
