//! What is remembered of each source: when it is due, validators, how its last polls went.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{Store, StoreError, digest, listed};
use crate::domain::health::{Kind, State};
use crate::domain::{Digest, Id};

/// The validators of a page, verbatim (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The address that gave them; None: the one that was asked for.
    pub url: Option<String>,
    /// ETag, as the server wrote it.
    pub etag: Option<String>,
    /// Last-Modified, as the server wrote it.
    pub last_modified: Option<String>,
}

/// Where a page has moved for good (RFC 9110, sections 15.4.2 and 15.4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The page as it is configured.
    pub from: String,
    /// Its address now.
    pub to: String,
}

/// A source's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// The rules by which it was last read.
    pub rules: Option<Digest>,
    /// Page 1's validators; only of a complete walk.
    pub validators: Validators,
    /// Where page 1 is asked for instead.
    pub moved: Option<Moved>,
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
    /// When the first of these failed polls began.
    pub since: Option<DateTime<Utc>>,
    /// What kind of failure the last one was.
    pub kind: Option<Kind>,
    /// The rules by which they failed.
    pub tried: Option<Digest>,
}

impl SourceState {
    /// Fine, suspect or failing.
    pub fn health(&self) -> State {
        State::after(self.failures)
    }

    /// When the last poll that went well began, as far as is known.
    pub fn good(&self) -> Option<DateTime<Utc>> {
        self.since.or(self.polled)
    }
}

/// A poll that is to begin.
#[derive(Debug, Clone, Copy)]
pub struct BeginPoll<'a> {
    /// The source.
    pub source: &'a Id,
    /// When the next one is due.
    pub due: DateTime<Utc>,
    /// When the last one began, as it was read.
    pub last: Option<DateTime<Utc>>,
}

/// A source's name and state, as the columns come.
type StateRow = (
    (String, String, i64, i64),
    (Option<String>, Option<String>, Option<String>),
    (Option<String>, Option<String>),
    (Option<i64>, Option<i64>),
    (i64, Option<String>, Option<i64>, Option<String>, String),
);

impl Store {
    /// Makes the sources known, and says how they stand, in the order given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sources(&self, sources: impl Iterator<Item = &Id>) -> Result<Vec<SourceState>, StoreError> {
        let names: Vec<&str> = sources.map(Id::as_str).collect();
        let mut known = self.states().await?;
        // Written only where one is new.
        if names.iter().any(|name| !known.contains_key(*name)) {
            sqlx::query("INSERT INTO source (name) SELECT value FROM json_each($1) WHERE true ON CONFLICT DO NOTHING")
                .bind(serde_json::json!(names).to_string())
                .execute(&self.pool)
                .await?;
            known = self.states().await?;
        }
        names.iter().map(|name| known.remove(*name).ok_or_else(|| StoreError::NoSuchSource((*name).to_owned()))).collect()
    }

    /// How these sources stand, in the order given; None: it was forgotten meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, sources: impl Iterator<Item = &Id>) -> Result<Vec<Option<SourceState>>, StoreError> {
        let mut known = self.states().await?;
        Ok(sources.map(|id| known.remove(id.as_str())).collect())
    }

    async fn states(&self) -> Result<HashMap<String, SourceState>, StoreError> {
        let query = "SELECT json_group_array(json_array(json_array(name, hex(rules), complete, walked), json_array(validated, etag, last_modified),
             json_array(moved_from, moved), json_array(polled, due), json_array(failures, error, since, kind, hex(tried)))) FROM source";
        let rows: Vec<StateRow> = listed(&sqlx::query_scalar::<_, String>(query).fetch_one(&self.pool).await?)?;
        let instant = |t: Option<i64>| t.and_then(|t| DateTime::from_timestamp(t, 0));
        let states = rows.into_iter().map(|((name, rules, complete, walked), validators, moved, (polled, due), failed)| {
            let (url, etag, last_modified) = validators;
            let (failures, error, since, kind, tried) = failed;
            let state = SourceState {
                rules: digest(&rules),
                validators: Validators { url, etag, last_modified },
                moved: moved.0.zip(moved.1).map(|(from, to)| Moved { from, to }),
                complete: complete != 0,
                walked: walked != 0,
                polled: instant(polled),
                due: instant(due),
                failures,
                error,
                since: instant(since),
                kind: kind.and_then(|kind| Kind::of(&kind)),
                tried: digest(&tried),
            };
            (name, state)
        });
        Ok(states.collect())
    }

    /// The names of the sources that are due at this instant, some of which may no longer be configured. A poll that began later than now began
    /// by a clock that was wrong: what hangs on it does not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self, at: DateTime<Utc>) -> Result<HashSet<String>, StoreError> {
        let query = "SELECT json_group_array(name) FROM source WHERE due IS NULL OR due <= $1 OR polled > $1";
        let names: String = sqlx::query_scalar(query).bind(at.timestamp()).fetch_one(&self.pool).await?;
        listed(&names)
    }

    /// Notes when sources are due instead.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reschedule(&self, due: &[(&Id, DateTime<Utc>)]) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET due = j.value FROM json_each($1) j WHERE source.name = j.key")
            .bind(by_name(due))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that polls were given up before they came to anything: they are due again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_up_polls(&self, sources: &[&Id]) -> Result<(), StoreError> {
        let names: Vec<&str> = sources.iter().map(|id| id.as_str()).collect();
        sqlx::query("UPDATE source SET due = polled FROM json_each($1) j WHERE source.name = j.value")
            .bind(serde_json::json!(names).to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that polls begin, and when the next ones are due, before the first request goes out: a process that dies in a loop cannot
    /// hammer a newsroom. Each with when the last one began: where another process began one meanwhile, it is that one's. Says which are ours, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_polls(&self, polls: &[BeginPoll<'_>], at: DateTime<Utc>) -> Result<HashSet<String>, StoreError> {
        let instants: serde_json::Map<String, serde_json::Value> = polls
            .iter()
            .map(|poll| (poll.source.to_string(), serde_json::json!([poll.due.timestamp(), poll.last.map(|t| t.timestamp())])))
            .collect();
        let instants = serde_json::Value::Object(instants).to_string();
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if begin(&mut tx, &instants, at).await? == polls.len() {
            tx.commit().await?;
            return Ok(polls.iter().map(|poll| poll.source.to_string()).collect());
        }
        tx.rollback().await?;
        // Some are another process's. Which, is told by how they stood before.
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let ours = "SELECT json_group_array(s.name) FROM json_each($1) j JOIN source s ON s.name = j.key WHERE s.polled IS j.value ->> 1";
        let ours: String = sqlx::query_scalar(ours).bind(&instants).fetch_one(&mut *tx).await?;
        begin(&mut tx, &instants, at).await?;
        tx.commit().await?;
        listed(&ours)
    }

    /// Notes a page's validators where a server that had nothing new (304) gave others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_validators(&self, source: &Id, validators: &Validators) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET etag = $1, last_modified = $2 WHERE name = $3")
            .bind(&validators.etag)
            .bind(&validators.last_modified)
            .bind(source.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes where page 1 is asked for from now on; None: where it is configured.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_moved(&self, source: &Id, moved: Option<&Moved>) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET moved_from = $1, moved = $2 WHERE name = $3")
            .bind(moved.map(|m| m.from.as_str()))
            .bind(moved.map(|m| m.to.as_str()))
            .bind(source.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Begins the polls of those of these sources that stand as they were read; says how many they are.
async fn begin(tx: &mut SqliteConnection, instants: &str, at: DateTime<Utc>) -> Result<usize, StoreError> {
    let begin = "UPDATE source SET polled = $1, due = j.value ->> 0 FROM json_each($2) j
         WHERE source.name = j.key AND source.polled IS j.value ->> 1";
    let begun = sqlx::query(begin).bind(at.timestamp()).bind(instants).execute(tx).await?.rows_affected();
    Ok(usize::try_from(begun).unwrap_or(usize::MAX))
}

/// Instants by sources' names, as a JSON object.
fn by_name(instants: &[(&Id, DateTime<Utc>)]) -> String {
    let instants: serde_json::Map<String, serde_json::Value> =
        instants.iter().map(|(id, at)| (id.to_string(), at.timestamp().into())).collect();
    serde_json::Value::Object(instants).to_string()
}

/// What a transaction asks of a source first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    /// Its number.
    pub id: i64,
    /// Some walk of it was complete.
    pub walked: bool,
    /// It has items, or may have had some that were forgotten.
    pub has_items: bool,
}

/// What a transaction asks of its sources first, in the order given; None: the source was forgotten meanwhile.
pub(super) async fn numbers(
    tx: &mut SqliteConnection,
    sources: impl Iterator<Item = &Id>,
) -> Result<Vec<Option<Numbered>>, StoreError> {
    let names: Vec<&str> = sources.map(Id::as_str).collect();
    let query = "SELECT json_group_object(s.name, json_array(s.id, s.walked, EXISTS (SELECT 1 FROM item WHERE source = s.id) OR EXISTS (SELECT 1 FROM forgotten)))
         FROM json_each($1) j JOIN source s ON s.name = j.value";
    let found: String = sqlx::query_scalar(query).bind(serde_json::json!(names).to_string()).fetch_one(tx).await?;
    let found: HashMap<String, (i64, i64, i64)> = listed(&found)?;
    let number = |name: &&str| {
        let &(id, walked, has_items) = found.get(*name)?;
        Some(Numbered { id, walked: walked != 0, has_items: has_items != 0 })
    };
    Ok(names.iter().map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_poll_that_another_process_began_is_that_one_s() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("x.db")).await.expect("a store");
        let ids = ["a", "b", "c"].map(|id| Id::parse(id).expect("an id"));
        store.sources(ids.iter()).await.expect("known");
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("an instant");
        let begin = async |of: &[(usize, Option<i64>)], now| {
            let poll = |&(n, last): &(usize, Option<i64>)| BeginPoll { source: &ids[n], due: at(now + 60), last: last.map(at) };
            let polls: Vec<_> = of.iter().map(poll).collect();
            let mut ours: Vec<_> = store.begin_polls(&polls, at(now)).await.expect("begun").into_iter().collect();
            ours.sort();
            ours.concat()
        };
        assert_eq!(begin(&[(0, None), (1, None)], 10).await, "ab");
        assert_eq!(begin(&[(0, None), (1, Some(10)), (2, None)], 10).await, "bc", "in the same second");
        assert_eq!(begin(&[(0, None)], 20).await, "");
        let polled = store.standing(ids.iter()).await.expect("read").into_iter().map(|s| s.expect("known").polled);
        assert_eq!(polled.collect::<Vec<_>>(), [Some(at(10)); 3]);
    }
}
