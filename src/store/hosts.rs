//! What is remembered of hosts: who wants to be left alone, what robots.txt says, what was asked.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::{Store, StoreError, listed};
use crate::domain::{HostCounts, HostWait, RobotsCopy};

/// A robots.txt as its row has it.
#[derive(Debug)]
struct RobotsRow {
    authority: String,
    text: Option<String>,
    answered: Option<i64>,
    unreachable: Option<i64>,
    failures: i64,
    again: Option<i64>,
    error: Option<String>,
}

from_row!(RobotsRow { authority, text, answered, unreachable, failures, again, error });

impl Store {
    /// The hosts that want to be left alone now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn host_waits(&self, now: DateTime<Utc>) -> Result<Vec<(String, HostWait)>, StoreError> {
        let query = "SELECT json_group_array(json_array(host, asked, until, status)) FROM host_wait WHERE until > $1";
        let rows: String = sqlx::query_scalar(query).bind(now.timestamp()).fetch_one(&self.pool).await?;
        let rows: Vec<(String, i64, i64, u16)> = listed(&rows)?;
        let wait = |(host, asked, until, status)| {
            Some((
                host,
                HostWait { asked: DateTime::from_timestamp(asked, 0)?, until: DateTime::from_timestamp(until, 0)?, status },
            ))
        };
        Ok(rows.into_iter().filter_map(wait).collect())
    }

    /// Notes that a host wants to be left alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_host_wait(&self, host: &str, wait: HostWait) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO host_wait (host, asked, until, status) VALUES ($1, $2, $3, $4)")
            .bind(host)
            .bind(wait.asked.timestamp())
            .bind(wait.until.timestamp())
            .bind(i64::from(wait.status))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The robots.txt of a scheme, host and port.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn robots(&self, authority: &str) -> Result<Option<RobotsCopy>, StoreError> {
        let query = "SELECT authority, text, answered, unreachable, failures, again, error FROM robots WHERE authority = $1";
        let row: Option<RobotsRow> = sqlx::query_as(query).bind(authority).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.read().1))
    }

    /// Every robots.txt, by scheme, host and port.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_robots(&self) -> Result<BTreeMap<String, RobotsCopy>, StoreError> {
        let query = "SELECT authority, text, answered, unreachable, failures, again, error FROM robots";
        let rows: Vec<RobotsRow> = sqlx::query_as(query).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(RobotsRow::read).collect())
    }

    /// Keeps a robots.txt.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_robots(&self, authority: &str, copy: &RobotsCopy) -> Result<(), StoreError> {
        let seconds = |t: Option<DateTime<Utc>>| t.map(|t| t.timestamp());
        sqlx::query(
            "INSERT OR REPLACE INTO robots (authority, text, answered, unreachable, failures, again, error) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(authority)
        .bind(&copy.text)
        .bind(seconds(copy.answered))
        .bind(seconds(copy.unreachable))
        .bind(i64::from(copy.failures))
        .bind(seconds(copy.again))
        .bind(&copy.error)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Adds to what was asked of hosts on a day.
    ///
    /// # Errors
    /// When the database fails; then nothing was added.
    pub async fn add_host_counts(&self, day: NaiveDate, counts: &HashMap<String, HostCounts>) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        let counts = serde_json::to_string(counts).map_err(|e| sqlx::Error::Encode(e.into()))?;
        sqlx::query(
            "INSERT INTO host_day (host, day, requests, robots, success, not_modified, redirects, client_errors, server_errors, unanswered, bytes,
                 turns, turns_ms, waits, waits_ms, put_off, least_gap_ms)
             SELECT key, $1, value ->> 'requests', value ->> 'robots', value ->> 'success', value ->> 'not_modified', value ->> 'redirects',
                 value ->> 'client_errors', value ->> 'server_errors', value ->> 'unanswered', value ->> 'bytes', value ->> 'turns',
                 value ->> 'turns_ms', value ->> 'waits', value ->> 'waits_ms', value ->> 'put_off', value ->> 'least_gap_ms'
             FROM json_each($2) WHERE true
             ON CONFLICT (host, day) DO UPDATE SET
                 requests = requests + excluded.requests, robots = robots + excluded.robots, success = success + excluded.success,
                 not_modified = not_modified + excluded.not_modified, redirects = redirects + excluded.redirects,
                 client_errors = client_errors + excluded.client_errors, server_errors = server_errors + excluded.server_errors,
                 unanswered = unanswered + excluded.unanswered, bytes = bytes + excluded.bytes, turns = turns + excluded.turns,
                 turns_ms = turns_ms + excluded.turns_ms, waits = waits + excluded.waits, waits_ms = waits_ms + excluded.waits_ms,
                 put_off = put_off + excluded.put_off,
                 least_gap_ms = min(coalesce(least_gap_ms, excluded.least_gap_ms), coalesce(excluded.least_gap_ms, least_gap_ms))",
        )
        .bind(days(day))
        .bind(counts)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What was asked of hosts since a day began.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn host_counts(&self, since: NaiveDate) -> Result<BTreeMap<String, HostCounts>, StoreError> {
        let query = "SELECT json_group_array(json_array(host, json_object('requests', requests, 'robots', robots, 'success', success,
                 'not_modified', not_modified, 'redirects', redirects, 'client_errors', client_errors, 'server_errors', server_errors,
                 'unanswered', unanswered, 'bytes', bytes, 'turns', turns, 'turns_ms', turns_ms, 'waits', waits, 'waits_ms', waits_ms,
                 'put_off', put_off, 'least_gap_ms', least_gap_ms))) FROM host_day WHERE day >= $1";
        let rows: String = sqlx::query_scalar(query).bind(days(since)).fetch_one(&self.pool).await?;
        let rows: Vec<(String, HostCounts)> = listed(&rows)?;
        let mut out = BTreeMap::<String, HostCounts>::new();
        rows.into_iter().for_each(|(host, counts)| out.entry(host).or_default().add(&counts));
        Ok(out)
    }
}

impl Store {
    /// Forgets what was last learnt of hosts before an instant, and what was asked of them more than a year before that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tidy_hosts(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        for query in [
            "DELETE FROM host_wait WHERE until < $1",
            "DELETE FROM robots WHERE max(coalesce(answered, 0), coalesce(again, 0)) < $1",
            "DELETE FROM host_day WHERE day < $1 / 86400 - 366",
        ] {
            sqlx::query(query).bind(before.timestamp()).execute(&self.pool).await?;
        }
        Ok(())
    }
}

impl RobotsRow {
    fn read(self) -> (String, RobotsCopy) {
        let instant = |t: Option<i64>| t.and_then(|t| DateTime::from_timestamp(t, 0));
        let copy = RobotsCopy {
            text: self.text,
            answered: instant(self.answered),
            unreachable: instant(self.unreachable),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            again: instant(self.again),
            error: self.error,
        };
        (self.authority, copy)
    }
}

/// Days since 1970.
fn days(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_are_added_by_host_and_day() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("x.db")).await.expect("a store");
        let day = |n| NaiveDate::from_ymd_opt(2026, 5, n).expect("a date");
        let counts = |requests, least_gap_ms| HostCounts { requests, bytes: 7 * requests, least_gap_ms, ..HostCounts::default() };
        let add = async |n, list: &[(&str, HostCounts)]| {
            let list = list.iter().map(|(host, counts)| ((*host).to_owned(), counts.clone())).collect();
            store.add_host_counts(day(n), &list).await.expect("added");
        };
        add(1, &[("a", counts(1, None)), ("b", counts(10, None))]).await;
        add(1, &[("a", counts(2, Some(500)))]).await;
        add(1, &[("a", counts(0, None))]).await;
        add(2, &[("a", counts(4, Some(700)))]).await;
        add(2, &[]).await;
        let since = async |n| store.host_counts(day(n)).await.expect("counts");
        assert_eq!(since(1).await, [("a".to_owned(), counts(7, Some(500))), ("b".to_owned(), counts(10, None))].into());
        assert_eq!(since(2).await, [("a".to_owned(), counts(4, Some(700)))].into());
        assert_eq!(since(3).await, BTreeMap::new());
    }

    #[tokio::test]
    async fn robots_and_waits_are_kept_as_they_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("x.db")).await.expect("a store");
        let at = |s| DateTime::from_timestamp(s, 0).expect("an instant");
        let copy = RobotsCopy {
            text: Some("a\0b".into()),
            answered: Some(at(5)),
            failures: 2,
            again: Some(at(9)),
            ..RobotsCopy::default()
        };
        for copy in [&RobotsCopy::default(), &copy] {
            store.keep_robots("https://a.example", copy).await.expect("kept");
            assert_eq!(store.robots("https://a.example").await.expect("read").as_ref(), Some(copy));
        }
        assert_eq!(store.robots("http://a.example").await.expect("read"), None);
        assert_eq!(store.all_robots().await.expect("read"), [("https://a.example".to_owned(), copy)].into());
        let wait = |until| HostWait { asked: at(1), until: at(until), status: 503 };
        for until in [10, 20] {
            store.keep_host_wait("a", wait(until)).await.expect("kept");
        }
        assert_eq!(store.host_waits(at(19)).await.expect("read"), [("a".to_owned(), wait(20))]);
        assert_eq!(store.host_waits(at(20)).await.expect("read"), []);
        for (before, left) in [(9, 1), (10, 0), (20, 0)] {
            store.tidy_hosts(at(before)).await.expect("tidied");
            assert_eq!(store.all_robots().await.expect("read").len(), left);
        }
        assert_eq!(store.host_waits(at(0)).await.expect("read").len(), 1);
    }
}
