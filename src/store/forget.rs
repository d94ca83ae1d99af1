//! Forgetting: the only way in which what was once seen is lost, and only because a person asked for it.
//!
//! An item leaves digests by which its rows are known again (see `normalise::forgotten`), a term its name and slug, a source and a
//! feed of the config's own nothing. Whatever held something of them is marked stale in the same transaction, and the documents of feeds that
//! are no more are noted for whoever publishes.

use chrono::{DateTime, Utc};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::known::day_number;
use super::rows::{retag_item, unlist};
use super::{Store, StoreError};
use crate::normalise::forgotten::Trace;

impl Store {
    async fn begin_forgetting(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        // What is deleted is overwritten at once, so that a process that dies before [`Store::erase`] leaves as little as can be.
        sqlx::query("PRAGMA secure_delete = ON").execute(&self.pool).await?;
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO erasure VALUES (unixepoch())").execute(&mut *tx).await?;
        Ok(tx)
    }

    /// Forgets an item: its text goes, what it is known by stays. `documents`: those that hold it and will not be rendered again.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn forget_item(&self, item: i64, documents: &[String], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.begin_forgetting().await?;
        let forgotten: i64 = sqlx::query_scalar(
            "INSERT INTO forgotten (origin, counter, at) SELECT origin, counter, $2 FROM item WHERE id = $1 RETURNING id",
        )
        .bind(item)
        .bind(at.timestamp())
        .fetch_one(&mut *tx)
        .await?;
        // As it is, as it was first seen, and as it was last read at each of its links.
        sqlx::query(
            "INSERT INTO trace (forgotten, key, title_key, day, link_id)
             SELECT $2, key, title_key, day, link_id FROM item WHERE id = $1
             UNION SELECT $2, origin, title_key, day, NULL FROM item WHERE id = $1
             UNION SELECT $2, s.key, i.title_key, i.day, s.link_id FROM sighting s JOIN item i ON i.id = s.item WHERE i.id = $1",
        )
        .bind(item)
        .bind(forgotten)
        .execute(&mut *tx)
        .await?;
        let (source, terms): (i64, String) =
            sqlx::query_as("SELECT source, terms FROM item WHERE id = $1").bind(item).fetch_one(&mut *tx).await?;
        sqlx::query(
            "UPDATE channel SET stale = $3 WHERE source IS NULL OR list IN (SELECT list FROM list_item WHERE item = $4)
                 OR (source = $1 AND ((term IS NULL AND list IS NULL)
                 OR term IN (SELECT value FROM json_each($2)) OR term IN (SELECT id FROM term WHERE target IN (SELECT value FROM json_each($2)))))",
        )
        .bind(source)
        .bind(terms)
        .bind(at.timestamp())
        .bind(item)
        .execute(&mut *tx)
        .await?;
        unlist(&mut tx, item).await?;
        for statement in ["DELETE FROM sighting WHERE item = $1", "DELETE FROM item WHERE id = $1"] {
            sqlx::query(statement).bind(item).execute(&mut *tx).await?;
        }
        note_gone(&mut tx, documents).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets terms of one source: they have no feeds any more, and items lose them.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn forget_terms(&self, terms: &[i64], endings: &[&str], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.begin_forgetting().await?;
        let list = serde_json::json!(terms).to_string();
        let items: Vec<(i64, String)> = sqlx::query_as(
            "SELECT id, terms FROM item WHERE id IN (SELECT item FROM item_term WHERE term IN (SELECT value FROM json_each($1)))",
        )
        .bind(&list)
        .fetch_all(&mut *tx)
        .await?;
        for (item, held) in &items {
            let mut held: Vec<i64> = serde_json::from_str(held).unwrap_or_default();
            held.retain(|id| !terms.contains(id));
            retag_item(&mut tx, *item, &serde_json::json!(held).to_string()).await?;
        }
        close_channels(&mut tx, "term IN (SELECT value FROM json_each($1))", &list, endings).await?;
        close_pairs(&mut tx, &list, endings).await?;
        sqlx::query("UPDATE term SET forgotten = 1, held = 0 WHERE id IN (SELECT value FROM json_each($1))")
            .bind(&list)
            .execute(&mut *tx)
            .await?;
        if !items.is_empty() {
            sqlx::query(
                "UPDATE channel SET stale = $2
                 WHERE source IS NULL OR source IN (SELECT source FROM term WHERE id IN (SELECT value FROM json_each($1)))",
            )
            .bind(&list)
            .bind(at.timestamp())
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets a source with all that is stored of it. What is left of its items that were forgotten before stays: they stay forgotten
    /// should the source come back.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn forget_source(&self, source: &str, endings: &[&str], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.begin_forgetting().await?;
        close_channels(&mut tx, "source = (SELECT id FROM source WHERE name = $1)", source, endings).await?;
        let terms: String =
            sqlx::query_scalar("SELECT json_group_array(t.id) FROM term t JOIN source s ON s.id = t.source WHERE s.name = $1")
                .bind(source)
                .fetch_one(&mut *tx)
                .await?;
        close_pairs(&mut tx, &terms, endings).await?;
        // Feeds of the config's own may hold its items.
        sqlx::query("UPDATE channel SET stale = $1 WHERE source IS NULL").bind(at.timestamp()).execute(&mut *tx).await?;
        let statements = [
            "DELETE FROM item_term WHERE term IN (SELECT t.id FROM term t JOIN source s ON s.id = t.source WHERE s.name = $1)",
            "DELETE FROM shared_link WHERE link_id IN (SELECT g.link_id FROM sighting g JOIN item i ON i.id = g.item JOIN source s ON s.id = i.source WHERE s.name = $1)",
            "DELETE FROM sighting WHERE item IN (SELECT i.id FROM item i JOIN source s ON s.id = i.source WHERE s.name = $1)",
            "DELETE FROM item WHERE source = (SELECT id FROM source WHERE name = $1)",
            "DELETE FROM backfill_row WHERE source = (SELECT id FROM source WHERE name = $1)",
            "DELETE FROM backfill WHERE source = (SELECT id FROM source WHERE name = $1)",
            "UPDATE term SET target = NULL WHERE source = (SELECT id FROM source WHERE name = $1)",
            "DELETE FROM term WHERE source = (SELECT id FROM source WHERE name = $1)",
            "UPDATE status SET revision = revision + 1, changed = max(unixepoch(), changed + 1) WHERE EXISTS (SELECT 1 FROM incident WHERE source = $1)",
            "DELETE FROM delivery WHERE incident IN (SELECT id FROM incident WHERE source = $1)",
            "DELETE FROM incident WHERE source = $1",
            "DELETE FROM past WHERE source = (SELECT id FROM source WHERE name = $1)",
            "DELETE FROM source WHERE name = $1",
        ];
        for statement in statements {
            sqlx::query(statement).bind(source).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets a feed that the config defined, or of a pair; its items stay.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn forget_feed(&self, address: &str, endings: &[&str]) -> Result<(), StoreError> {
        let mut tx = self.begin_forgetting().await?;
        close_channels(&mut tx, "(source IS NULL OR list IS NOT NULL) AND address = $1", address, endings).await?;
        let statements = [
            "DELETE FROM list_item WHERE list IN (SELECT id FROM list WHERE address = $1)",
            "DELETE FROM list WHERE address = $1",
            "DELETE FROM question WHERE name = $1",
        ];
        for statement in statements {
            sqlx::query(statement).bind(address).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Notes that documents were removed from the tree.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn removed(&self, documents: &[String]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM gone WHERE document IN (SELECT value FROM json_each($1))")
            .bind(serde_json::json!(documents).to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Notes what rows of forgotten items said.
pub(super) async fn note_traces(tx: &mut SqliteConnection, traces: &[Trace]) -> Result<(), StoreError> {
    for trace in traces {
        sqlx::query("INSERT INTO trace (forgotten, key, title_key, day, link_id) VALUES ($1, $2, $3, $4, $5)")
            .bind(trace.item)
            .bind(trace.key)
            .bind(trace.title_key)
            .bind(day_number(trace.day))
            .bind(trace.link)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Ends channels; their documents are gone from then on.
async fn close_channels(tx: &mut SqliteConnection, which: &'static str, bound: &str, endings: &[&str]) -> Result<(), StoreError> {
    let addresses: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("DELETE FROM channel WHERE {which} RETURNING address")))
            .bind(bound)
            .fetch_all(&mut *tx)
            .await?;
    let documents = addresses.iter().flat_map(|a| endings.iter().map(move |ending| format!("{a}.{ending}")));
    note_gone(tx, &documents.collect::<Vec<_>>()).await
}

/// Ends the pairs of terms (ids as a JSON list).
async fn close_pairs(tx: &mut SqliteConnection, terms: &str, endings: &[&str]) -> Result<(), StoreError> {
    let lists: String = sqlx::query_scalar(
        "SELECT json_group_array(id) FROM list
         WHERE first IN (SELECT value FROM json_each($1)) OR second IN (SELECT value FROM json_each($1))",
    )
    .bind(terms)
    .fetch_one(&mut *tx)
    .await?;
    close_channels(tx, "list IN (SELECT value FROM json_each($1))", &lists, endings).await?;
    for statement in [
        "DELETE FROM list_item WHERE list IN (SELECT value FROM json_each($1))",
        "DELETE FROM list WHERE id IN (SELECT value FROM json_each($1))",
    ] {
        sqlx::query(statement).bind(&lists).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn note_gone(tx: &mut SqliteConnection, documents: &[String]) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO gone SELECT value FROM json_each($1) WHERE true ON CONFLICT DO NOTHING")
        .bind(serde_json::json!(documents).to_string())
        .execute(tx)
        .await?;
    Ok(())
}
