//! How polls went: failures in a row, what opens and closes incidents, and what a source's good pages were like.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{Store, StoreError};
use crate::domain::health::{Event, Kind, State};
use crate::domain::{Digest, Id};

/// How a poll went that is to be noted: it failed, or others before it did. (One that went well as ever needs no note.)
#[derive(Debug, Clone, Copy)]
pub struct Fared<'a> {
    /// The source.
    pub source: &'a Id,
    /// When the poll began.
    pub at: DateTime<Utc>,
    /// What happened.
    pub outcome: Fate<'a>,
}

/// How a poll went.
#[derive(Debug, Clone, Copy)]
pub enum Fate<'a> {
    /// It failed.
    Failed {
        /// What kind of failure it was. After a broken page the next request is to be unconditional.
        kind: Kind,
        /// The rules by which it was polled.
        rules: Digest,
        /// The error, in one line.
        error: &'a str,
        /// The same in our own words only.
        reasons: &'a [String],
    },
    /// It went well.
    Recovered {
        /// When the next poll is due, now that none failed before it.
        due: DateTime<Utc>,
    },
    /// It went well, but the source's selectors match nothing any more: an incident, unless it is one already.
    Redesigned {
        /// What was found instead, in our own words.
        reasons: &'a [String],
    },
    /// It went well, and by selectors again: that incident is over.
    Settled,
}

/// How a source's state moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    /// How it stood before.
    pub before: State,
    /// How it stands now.
    pub after: State,
    /// Failed polls in a row.
    pub failures: i64,
    /// An incident was opened or closed.
    pub incident: bool,
}

impl Store {
    /// Notes how polls went, in one transaction: their states, in the order given; None: the source was forgotten meanwhile. With `webhook` what
    /// happens to incidents is noted for it.
    ///
    /// # Errors
    /// When the database fails; then nothing was noted.
    pub async fn fared(&self, polls: &[Fared<'_>], webhook: bool) -> Result<Vec<Option<Turned>>, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut out = Vec::with_capacity(polls.len());
        for poll in polls {
            let query = "SELECT failures FROM source WHERE name = $1";
            let before: Option<i64> = sqlx::query_scalar(query).bind(poll.source.as_str()).fetch_optional(&mut *tx).await?;
            let Some(before) = before else {
                out.push(None);
                continue;
            };
            let (failures, incident) = match poll.outcome {
                Fate::Failed { kind, rules, error, reasons } => {
                    let failures = before + 1;
                    fail(&mut tx, poll, kind, rules, error).await?;
                    let opens = kind.opens(failures);
                    (failures, opens && open_incident(&mut tx, poll, kind, reasons, webhook).await?)
                }
                Fate::Redesigned { reasons } => (before, open_incident(&mut tx, poll, Kind::Redesign, reasons, webhook).await?),
                Fate::Recovered { .. } | Fate::Settled => {
                    if let Fate::Recovered { due } = poll.outcome {
                        recover(&mut tx, poll, due).await?;
                    }
                    let closed = "UPDATE incident SET closed = $2 WHERE source = $1 AND closed IS NULL RETURNING id";
                    let closed: Vec<i64> = sqlx::query_scalar(closed)
                        .bind(poll.source.as_str())
                        .bind(poll.at.timestamp())
                        .fetch_all(&mut *tx)
                        .await?;
                    happened(&mut tx, &closed, Event::Closed, poll.at, webhook).await?;
                    (0, !closed.is_empty())
                }
            };
            out.push(Some(Turned { before: State::after(before), after: State::after(failures), failures, incident }));
        }
        tx.commit().await?;
        Ok(out)
    }

    /// What the source's good pages were like, as it was stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn past(&self, source: &Id) -> Result<Option<String>, StoreError> {
        let query = "SELECT p.pages FROM past p JOIN source s ON s.id = p.source WHERE s.name = $1";
        Ok(sqlx::query_scalar(query).bind(source.as_str()).fetch_optional(&self.pool).await?)
    }

    /// Forgets what the source's good pages were like: the next page is judged by itself. The source is due at once, and its page asked for whole.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accept(&self, source: &Id) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for statement in [
            "DELETE FROM past WHERE source = (SELECT id FROM source WHERE name = $1)",
            "UPDATE source SET etag = NULL, last_modified = NULL, due = NULL WHERE name = $1",
        ] {
            sqlx::query(statement).bind(source.as_str()).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn fail(tx: &mut SqliteConnection, poll: &Fared<'_>, kind: Kind, rules: Digest, error: &str) -> Result<(), StoreError> {
    // A 304 is to say that the page is what the last good one was: of a broken one no validators are left to ask with.
    sqlx::query(
        "UPDATE source SET failures = failures + 1, error = $2, kind = $3, since = coalesce(since, $4), tried = $5,
             etag = iif($3 = 'page', NULL, etag), last_modified = iif($3 = 'page', NULL, last_modified) WHERE name = $1",
    )
    .bind(poll.source.as_str())
    .bind(error)
    .bind(kind.name())
    .bind(poll.at.timestamp())
    .bind(rules)
    .execute(tx)
    .await?;
    Ok(())
}

async fn recover(tx: &mut SqliteConnection, poll: &Fared<'_>, due: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE source SET failures = 0, error = NULL, kind = NULL, since = NULL, tried = NULL, due = $2 WHERE name = $1",
    )
    .bind(poll.source.as_str())
    .bind(due.timestamp())
    .execute(tx)
    .await?;
    Ok(())
}

/// Opens an incident, unless the source has one that is open.
async fn open_incident(
    tx: &mut SqliteConnection,
    poll: &Fared<'_>,
    kind: Kind,
    reasons: &[String],
    webhook: bool,
) -> Result<bool, StoreError> {
    let opened: Vec<i64> = sqlx::query_scalar(
        "INSERT INTO incident (source, kind, reasons, since, opened) SELECT name, $2, $3, coalesce(since, $4), $4 FROM source
         WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM incident WHERE source = $1 AND closed IS NULL) RETURNING id",
    )
    .bind(poll.source.as_str())
    .bind(kind.name())
    .bind(serde_json::json!(reasons).to_string())
    .bind(poll.at.timestamp())
    .fetch_all(&mut *tx)
    .await?;
    happened(tx, &opened, Event::Opened, poll.at, webhook).await?;
    Ok(!opened.is_empty())
}

/// Notes that something happened to incidents: for the feed, and for the webhook.
pub(super) async fn happened(
    tx: &mut SqliteConnection,
    incidents: &[i64],
    event: Event,
    at: DateTime<Utc>,
    webhook: bool,
) -> Result<(), StoreError> {
    if incidents.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE status SET revision = revision + 1, changed = max($1, changed + 1)")
        .bind(at.timestamp())
        .execute(&mut *tx)
        .await?;
    if webhook {
        sqlx::query("INSERT INTO delivery (incident, event, at, due) SELECT value, $2, $3, $3 FROM json_each($1)")
            .bind(serde_json::json!(incidents).to_string())
            .bind(event.name())
            .bind(at.timestamp())
            .execute(tx)
            .await?;
    }
    Ok(())
}
