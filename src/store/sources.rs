//! What is remembered of each source: when it is due, validators, how its last polls went.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{Store, StoreError};
use crate::domain::{Digest, Id};

/// The validators of a page, verbatim (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// ETag, as the server wrote it.
    pub etag: Option<String>,
    /// Last-Modified, as the server wrote it.
    pub last_modified: Option<String>,
}

/// A source's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// The rules by which it was last read.
    pub rules: Option<Digest>,
    /// Page 1's validators; only of a complete walk.
    pub validators: Validators,
    /// The last walk was complete: the next may stop at known items.
    pub complete: bool,
    /// Some walk was complete: what is new from now on is news.
    pub walked: bool,
    /// When the last poll began.
    pub polled: Option<DateTime<Utc>>,
    /// When the next is to begin; None: at once.
    pub due: Option<DateTime<Utc>>,
    /// Failed polls in a row.
    pub failures: i64,
    /// Why the last poll failed, if it did.
    pub error: Option<String>,
}

type StateRow = (Option<Digest>, Option<String>, Option<String>, bool, bool, Option<i64>, Option<i64>, i64, Option<String>);

impl Store {
    /// Makes the sources known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn register(&self, sources: impl Iterator<Item = &Id>) -> Result<(), StoreError> {
        let names: Vec<&str> = sources.map(Id::as_str).collect();
        let names = serde_json::json!(names).to_string();
        // Asked first, so that nothing is written where nothing is new.
        let missing: i64 = sqlx::query_scalar("SELECT count(*) FROM json_each($1) WHERE value NOT IN (SELECT name FROM source)")
            .bind(&names)
            .fetch_one(&self.writer)
            .await?;
        if missing > 0 {
            sqlx::query("INSERT INTO source (name) SELECT value FROM json_each($1) WHERE true ON CONFLICT DO NOTHING")
                .bind(&names)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    /// A source's state.
    ///
    /// # Errors
    /// When the source was never registered or the database fails.
    pub async fn source(&self, source: &Id) -> Result<SourceState, StoreError> {
        let row: Option<StateRow> = sqlx::query_as(
            "SELECT rules, etag, last_modified, complete, walked, polled, due, failures, error FROM source WHERE name = $1",
        )
        .bind(source.as_str())
        .fetch_optional(&self.reader)
        .await?;
        let (rules, etag, last_modified, complete, walked, polled, due, failures, error) =
            row.ok_or_else(|| StoreError::NoSuchSource(source.to_string()))?;
        let instant = |t: Option<i64>| t.and_then(|t| DateTime::from_timestamp(t, 0));
        let validators = Validators { etag, last_modified };
        Ok(SourceState { rules, validators, complete, walked, polled: instant(polled), due: instant(due), failures, error })
    }

    /// Notes that polls begin, and when the next ones are due, before the first request goes out: a process that dies in a loop cannot
    /// hammer a newsroom.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_polls(&self, polls: &[(&Id, DateTime<Utc>)], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for (source, due) in polls {
            sqlx::query("UPDATE source SET polled = $1, due = $2 WHERE name = $3")
                .bind(at.timestamp())
                .bind(due.timestamp())
                .bind(source.as_str())
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Notes that a poll found nothing new. Writes nothing, unless the poll before it failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn poll_unchanged(&self, source: &Id) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET failures = 0, error = NULL WHERE name = $1 AND failures > 0")
            .bind(source.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Notes that a poll failed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn poll_failed(&self, source: &Id, error: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET failures = failures + 1, error = $1 WHERE name = $2")
            .bind(error)
            .bind(source.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

/// A source's number and whether some walk of it was complete.
pub(super) async fn number(tx: &mut SqliteConnection, source: &Id) -> Result<(i64, bool), StoreError> {
    let found = sqlx::query_as("SELECT id, walked FROM source WHERE name = $1").bind(source.as_str()).fetch_optional(tx).await?;
    found.ok_or_else(|| StoreError::NoSuchSource(source.to_string()))
}
