//! Items' articles: which are wanted, and what they say. An article moves nothing of its item but what readers are shown beside it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::asked::mark_lists_of;
use super::terms::TermBook;
use super::{Store, StoreError};
use crate::domain::{Address, Article, Digest, Id};

/// So many attempts are made for one version of an item.
pub const MOST_ATTEMPTS: i64 = 6;

/// An article that is to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The item's number.
    pub item: i64,
    /// Its own link.
    pub link: String,
    /// Its summary, sanitised HTML.
    pub summary: Option<String>,
    /// Attempts so far.
    pub attempts: i64,
}

from_row!(Wanted { item, link, summary, attempts });

impl Store {
    /// The articles of a source that are to be asked for now, the newest items' first: those that are due, and those that other rules failed to read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wanted_articles(
        &self,
        source: &Id,
        rules: Digest,
        at: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<Wanted>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT a.item, i.link, i.summary, CASE WHEN a.rules IS NOT NULL AND a.rules <> $2 THEN 0 ELSE a.attempts END AS attempts
             FROM article a JOIN item i ON i.id = a.item
             WHERE i.source = (SELECT id FROM source WHERE name = $1) AND i.link IS NOT NULL
                 AND (a.due <= $3 AND a.attempts < $4 OR a.error IS NOT NULL AND a.rules <> $2)
             ORDER BY i.published DESC, i.position, i.id LIMIT $5",
        )
        .bind(source.as_str())
        .bind(rules)
        .bind(at.timestamp())
        .bind(MOST_ATTEMPTS)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?)
    }

    /// Notes that an article is asked for, and when again if nothing comes of it: before the request goes out, so that a process that dies in a loop
    /// cannot hammer a newsroom. False: another process asks for it, or it was forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_article(&self, wanted: &Wanted, rules: Digest, again: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE article SET attempts = $2 + 1, due = $3, rules = $4, error = coalesce(error, 'it was not answered')
             WHERE item = $1 AND (attempts = $2 OR rules IS NOT $4)",
        )
        .bind(wanted.item)
        .bind(wanted.attempts)
        .bind(again.timestamp())
        .bind(rules)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that an article was not asked for after all, and when it is to be: that was no attempt.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_off_article(&self, wanted: &Wanted, until: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE article SET attempts = $2, due = $3, error = NULL WHERE item = $1")
            .bind(wanted.item)
            .bind(wanted.attempts)
            .bind(until.timestamp())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes why an article was not read. What was read before stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail_article(&self, item: i64, error: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE article SET error = $2 WHERE item = $1").bind(item).bind(error).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps an article, and marks the channels that show it. Of an item that was edited meanwhile it is asked for again all the same. False: it says
    /// what it said before, or its item was forgotten.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn keep_article(&self, item: i64, article: &Article, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let before: Option<(Option<String>, i64)> =
            sqlx::query_as("SELECT had, attempts FROM article WHERE item = $1").bind(item).fetch_optional(&mut *tx).await?;
        let Some((had, attempts)) = before else { return Ok(false) };
        let text = serde_json::json!(article).to_string();
        sqlx::query("UPDATE article SET had = $2, error = NULL, due = CASE WHEN $3 > 0 THEN NULL ELSE due END WHERE item = $1")
            .bind(item)
            .bind(&text)
            .bind(attempts)
            .execute(&mut *tx)
            .await?;
        let changed = had.as_ref() != Some(&text);
        if changed {
            // Who publishes asks it anew: feeds may ask for words of articles.
            sqlx::query("INSERT INTO unasked SELECT $1 WHERE EXISTS (SELECT 1 FROM question) ON CONFLICT DO NOTHING")
                .bind(item)
                .execute(&mut *tx)
                .await?;
            mark_channels(&mut tx, item, at).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }
}

/// Wants the articles of new items (number, and since when in unix seconds), as far as they lead anywhere.
pub(super) async fn want(tx: &mut SqliteConnection, items: &[(i64, i64)]) -> Result<(), StoreError> {
    if !items.is_empty() {
        sqlx::query(
            "INSERT INTO article (item, due) SELECT i.id, j.value ->> 1 FROM json_each($1) j JOIN item i ON i.id = j.value ->> 0 WHERE i.link IS NOT NULL
             ON CONFLICT DO NOTHING",
        )
        .bind(serde_json::json!(items).to_string())
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Wants the articles of edited items again, where they were ever wanted.
pub(super) async fn want_again(tx: &mut SqliteConnection, items: &[i64], at: i64) -> Result<(), StoreError> {
    if !items.is_empty() {
        sqlx::query("UPDATE article SET due = $2, attempts = 0 WHERE item IN (SELECT value FROM json_each($1))")
            .bind(serde_json::json!(items).to_string())
            .bind(at)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Marks the channels that hold an item as stale.
async fn mark_channels(tx: &mut SqliteConnection, item: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
    let (source, name, terms): (i64, String, String) =
        sqlx::query_as("SELECT i.source, s.name, i.terms FROM item i JOIN source s ON s.id = i.source WHERE i.id = $1")
            .bind(item)
            .fetch_one(&mut *tx)
            .await?;
    let Ok(id) = Id::parse(&name) else { return Ok(()) };
    let book = TermBook::load(tx, source).await?;
    let terms: Vec<i64> = serde_json::from_str(&terms).unwrap_or_default();
    let mut addresses = BTreeSet::from([Address::all(&id).to_string()]);
    let known = terms.iter().filter_map(|term| book.get(*term));
    addresses.extend(known.filter(|t| !t.held).map(|t| Address::term(&id, &t.facet, &t.slug).to_string()));
    sqlx::query("UPDATE channel SET stale = $2 WHERE address IN (SELECT value FROM json_each($1))")
        .bind(serde_json::json!(addresses).to_string())
        .bind(at.timestamp())
        .execute(&mut *tx)
        .await?;
    mark_lists_of(tx, item, at).await
}
