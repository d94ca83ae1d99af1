//! Incidents: for the status feed, and what of them a webhook is still to be told.

use chrono::{DateTime, Utc};

use super::health::happened;
use super::{Store, StoreError, digest, listed};
use crate::domain::Digest;
use crate::domain::health::{Event, Incident, Kind};

/// How many incidents that are over are kept at least.
const KEPT: i64 = 1_000;

/// How many deliveries are taken at a time: what was taken is to be done before another process may take it.
const AT_A_TIME: i64 = 5;

/// The status feed, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow {
    /// When what it holds last changed.
    pub changed: DateTime<Utc>,
    /// Counts the changes.
    pub revision: i64,
    /// The revision that stands published, if any.
    pub published: Option<i64>,
    /// Stamp of the settings by which that was rendered.
    pub config: Option<Digest>,
}

/// A [`StatusRow`] as it comes in a list.
pub(super) type StatusColumns = (i64, i64, Option<i64>, String);

impl From<StatusColumns> for StatusRow {
    fn from((changed, revision, published, config): StatusColumns) -> Self {
        Self { changed: instant(changed), revision, published, config: digest(&config) }
    }
}

/// Something to tell a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The store's number for it.
    pub id: i64,
    /// What of the incident.
    pub event: Event,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How often it was tried, this time included.
    pub tries: i64,
    /// The incident.
    pub incident: Incident,
}

type Columns = (i64, String, String, String, i64, i64, Option<i64>);

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn incident((id, source, kind, reasons, since, opened, closed): Columns) -> Incident {
    Incident {
        id,
        source,
        kind: Kind::of(&kind).unwrap_or(Kind::Own),
        reasons: serde_json::from_str(&reasons).unwrap_or_default(),
        since: instant(since),
        opened: instant(opened),
        closed: closed.map(instant),
    }
}

impl Store {
    /// Notes that the status feed stands published.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn status_published(&self, revision: i64, config: Digest) -> Result<(), StoreError> {
        let query = "UPDATE status SET published = $1, config = $2";
        sqlx::query(query).bind(revision).bind(config).execute(&self.pool).await?;
        Ok(())
    }

    /// The newest incidents, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incidents(&self, limit: usize) -> Result<Vec<Incident>, StoreError> {
        let rows: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(id, source, kind, reasons, since, opened, closed))
             FROM (SELECT * FROM incident ORDER BY id DESC LIMIT $1)",
        )
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_one(&self.pool)
        .await?;
        Ok(listed::<Vec<Columns>>(&rows)?.into_iter().map(incident).collect())
    }

    /// Closes the incidents of sources that are not among these, for nobody polls them any more, and those of no source, for this is asked where the
    /// configuration is good. Lets go of those that are long over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle_incidents(&self, sources: &[&str], at: DateTime<Utc>, webhook: bool) -> Result<(), StoreError> {
        let query = "SELECT json_array((SELECT count(*) FROM (SELECT 1 FROM incident LIMIT $2)),
                 json((SELECT json_group_array(id) FROM incident WHERE closed IS NULL AND source NOT IN (SELECT value FROM json_each($1)))))";
        let names = serde_json::json!(sources).to_string();
        // One more than are kept: there may be some to let go of.
        let found: String = sqlx::query_scalar(query).bind(&names).bind(KEPT + 1).fetch_one(&self.pool).await?;
        let (count, open): (i64, Vec<i64>) = listed(&found)?;
        if count > KEPT {
            sqlx::query(
                "DELETE FROM incident WHERE closed IS NOT NULL AND id NOT IN (SELECT incident FROM delivery)
                     AND id <= (SELECT max(id) FROM incident) - $1",
            )
            .bind(KEPT)
            .execute(&self.pool)
            .await?;
        }
        if open.is_empty() {
            return Ok(());
        }
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE incident SET closed = $2 WHERE id IN (SELECT value FROM json_each($1)) AND closed IS NULL")
            .bind(serde_json::json!(open).to_string())
            .bind(at.timestamp())
            .execute(&mut *tx)
            .await?;
        happened(&mut tx, &open, Event::Closed, at, webhook).await?;
        Ok(tx.commit().await?)
    }

    /// Opens an incident of no source, unless it is open; one of other reasons ends with it. Says whether that is news.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_own_incident(
        &self,
        kind: Kind,
        reasons: &[String],
        at: DateTime<Utc>,
        webhook: bool,
    ) -> Result<bool, StoreError> {
        let reasons = serde_json::json!(reasons).to_string();
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let query = "SELECT count(*) FROM incident WHERE source = '' AND closed IS NULL AND kind = $1 AND reasons = $2";
        let same: i64 = sqlx::query_scalar(query).bind(kind.name()).bind(&reasons).fetch_one(&mut *tx).await?;
        if same > 0 {
            return Ok(false);
        }
        let close = "UPDATE incident SET closed = $1 WHERE source = '' AND closed IS NULL RETURNING id";
        let closed: Vec<i64> = sqlx::query_scalar(close).bind(at.timestamp()).fetch_all(&mut *tx).await?;
        happened(&mut tx, &closed, Event::Closed, at, webhook).await?;
        let open = "INSERT INTO incident (source, kind, reasons, since, opened) VALUES ('', $1, $2, $3, $3) RETURNING id";
        let opened: Vec<i64> =
            sqlx::query_scalar(open).bind(kind.name()).bind(&reasons).bind(at.timestamp()).fetch_all(&mut *tx).await?;
        happened(&mut tx, &opened, Event::Opened, at, webhook).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What a webhook is to be told at `at`, in the order in which it happened, each taken until `until`: another process leaves it alone till then.
    /// What waits keeps what happened after it waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_deliveries(&self, at: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let query = "SELECT json_group_array(json_array(json_array(i.id, i.source, i.kind, i.reasons, i.since, i.opened, i.closed), d.id, d.event, d.at, d.tries + 1))
             FROM (SELECT * FROM delivery WHERE due <= $1 AND id < coalesce((SELECT min(id) FROM delivery WHERE due > $1), id + 1) ORDER BY id LIMIT $2) d JOIN incident i ON i.id = d.incident";
        let rows: String = sqlx::query_scalar(query).bind(at.timestamp()).bind(AT_A_TIME).fetch_one(&mut *tx).await?;
        let rows: Vec<(Columns, i64, String, i64, i64)> = listed(&rows)?;
        if !rows.is_empty() {
            let ids: Vec<i64> = rows.iter().map(|row| row.1).collect();
            sqlx::query("UPDATE delivery SET due = $2, tries = tries + 1 WHERE id IN (SELECT value FROM json_each($1))")
                .bind(serde_json::json!(ids).to_string())
                .bind(until.timestamp())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        let delivery = |(columns, id, event, at, tries): (Columns, i64, String, i64, i64)| {
            let event = Event::of(&event)?;
            Some(Delivery { id, event, at: instant(at), tries, incident: incident(columns) })
        };
        Ok(rows.into_iter().filter_map(delivery).collect())
    }

    /// Notes that deliveries are done, one way or another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delivered(&self, delivery: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM delivery WHERE id = $1").bind(delivery).execute(&self.pool).await?;
        Ok(())
    }

    /// Notes when to try deliveries again. `tried`: this one was; the others waited behind it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver_again(&self, tried: i64, behind: &[i64], due: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE delivery SET due = $3, tries = tries - iif(id = $1, 0, 1)
             WHERE id = $1 OR id IN (SELECT value FROM json_each($2))",
        )
        .bind(tried)
        .bind(serde_json::json!(behind).to_string())
        .bind(due.timestamp())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When something is to be delivered next; None: there is nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT due FROM delivery ORDER BY id LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(due.map(instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn old_incidents_are_let_go_of_though_none_is_to_be_closed() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("x.db")).await.expect("a store");
        sqlx::raw_sql(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1500)
             INSERT INTO incident (id, source, kind, reasons, since, opened, closed)
                 SELECT n, 'a' || n, 'page', '[]', 1, 1, iif(n = 7, NULL, 2) FROM n;
             INSERT INTO delivery (incident, event, at, due) VALUES (9, 'closed', 2, 3)",
        )
        .execute(&store.pool)
        .await
        .expect("incidents");
        store.settle_incidents(&["a7"], instant(5), true).await.expect("settled");
        let ids: Vec<i64> = store.incidents(2_000).await.expect("read").iter().map(|i| i.id).collect();
        let kept: Vec<i64> = (501..=1500).rev().chain([9, 7]).collect();
        assert_eq!(ids, kept, "what is open, and what is still to be told, stays");
        assert_eq!(store.pending().await.expect("read").status().expect("there").revision, 0, "the feed is what it was");
    }
}
