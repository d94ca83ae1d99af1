//! A backfill: how far it came and which rows it read, stored in one transaction with the items of each part of it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::SqliteConnection;

use super::additions::Additions;
use super::asked::ask_changed;
use super::known::{day_number, day_of};
use super::sources::numbers;
use super::walk::{Mode, known_rows, save};
use super::{Saved, Store, StoreError, Walk, digest, listed};
use crate::domain::{Digest, Id, Reading};

/// How far a backfill came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The config's page at which it began.
    pub page: String,
    /// The rules by which it reads.
    pub rules: Digest,
    /// The page where it goes on; None: it came to the pager's end.
    pub next: Option<String>,
    /// Pages read: the number of that page, from 0.
    pub pages: usize,
    /// The same with those that were looked at again.
    pub looks: usize,
    /// The page before that one as it was last seen, in the words of who walks.
    pub before: Option<String>,
    /// Pages in a row that showed nothing but rows read before.
    pub repeated: usize,
    /// All rows of the page before are older than this day.
    pub since: Option<NaiveDate>,
    /// The oldest day seen.
    pub oldest: Option<NaiveDate>,
    /// Rows read.
    pub rows: usize,
    /// What the store made of them.
    pub new: usize,
    /// Items whose title, date or summary changed.
    pub edited: usize,
    /// Items that changed in other ways.
    pub touched: usize,
    /// Known items that were seen as they were.
    pub known: usize,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When this was stored.
    pub stored: DateTime<Utc>,
    /// When it came to the pager's end.
    pub finished: Option<DateTime<Utc>>,
}

impl Backfill {
    /// One that begins at a page, by these rules.
    pub fn begin(page: &str, rules: Digest, at: DateTime<Utc>) -> Self {
        Self {
            page: page.to_owned(),
            rules,
            next: Some(page.to_owned()),
            pages: 0,
            looks: 0,
            before: None,
            repeated: 0,
            since: None,
            oldest: None,
            rows: 0,
            new: 0,
            edited: 0,
            touched: 0,
            known: 0,
            started: at,
            stored: at,
            finished: None,
        }
    }
}

/// A backfill as its columns come.
struct Row {
    page: String,
    rules: Digest,
    next: Option<String>,
    pages: i64,
    looks: i64,
    before: Option<String>,
    repeated: i64,
    since: Option<i64>,
    oldest: Option<i64>,
    rows: i64,
    new: i64,
    edited: i64,
    touched: i64,
    known: i64,
    started: i64,
    stored: i64,
    finished: Option<i64>,
}

from_row!(Row {
    page,
    rules,
    next,
    pages,
    looks,
    before,
    repeated,
    since,
    oldest,
    rows,
    new,
    edited,
    touched,
    known,
    started,
    stored,
    finished
});

impl From<Row> for Backfill {
    fn from(row: Row) -> Self {
        let count = |n: i64| usize::try_from(n).unwrap_or(0);
        let instant = |t: i64| DateTime::from_timestamp(t, 0).unwrap_or_default();
        Self {
            page: row.page,
            rules: row.rules,
            next: row.next,
            pages: count(row.pages),
            looks: count(row.looks),
            before: row.before,
            repeated: count(row.repeated),
            since: row.since.map(day_of),
            oldest: row.oldest.map(day_of),
            rows: count(row.rows),
            new: count(row.new),
            edited: count(row.edited),
            touched: count(row.touched),
            known: count(row.known),
            started: instant(row.started),
            stored: instant(row.stored),
            finished: row.finished.map(instant),
        }
    }
}

/// Of (link, origin) pairs: the place of each, whether it was read before, and another story of its link that was.
const READ_BEFORE: &str = "SELECT json_group_array(json_array(j.key,
         EXISTS (SELECT 1 FROM backfill_row r WHERE r.source = $1 AND r.link = unhex(j.value ->> 0) AND r.origin = unhex(j.value ->> 1)),
         (SELECT hex(r.origin) FROM backfill_row r WHERE r.source = $1 AND r.link = unhex(j.value ->> 0) AND r.link <> x'' AND r.origin <> unhex(j.value ->> 1) LIMIT 1)))
     FROM json_each($2) j";

impl Store {
    /// How far the backfill of a source came; None: none was begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backfill(&self, source: &Id) -> Result<Option<Backfill>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT b.page, b.rules, b.next, b.pages, b.looks, b.before, b.repeated, b.since, b.oldest, b.rows, b.new, b.edited, b.touched,
                 b.known, b.started, b.stored, b.finished
             FROM backfill b JOIN source s ON s.id = b.source WHERE s.name = $1",
        )
        .bind(source.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Backfill::from))
    }

    /// Forgets how far an earlier backfill came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restart_backfill(&self, source: &Id) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for statement in [
            "DELETE FROM backfill_row WHERE source = (SELECT id FROM source WHERE name = $1)",
            "DELETE FROM backfill WHERE source = (SELECT id FROM source WHERE name = $1)",
        ] {
            sqlx::query(statement).bind(source.as_str()).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether an earlier part of the backfill read one of these rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backfill_has_read(&self, source: &Id, rows: &[Reading]) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM json_each($2) j JOIN backfill_row r
                 ON r.source = (SELECT id FROM source WHERE name = $1) AND r.link = unhex(j.value ->> 0) AND r.origin = unhex(j.value ->> 1))";
        Ok(sqlx::query_scalar(query).bind(source.as_str()).bind(pairs(rows)).fetch_one(&self.pool).await?)
    }

    /// Saves a part of a backfill and how far it came, in one transaction; counts what the part brought in `so_far`. What is new is no news, and
    /// neither page 1's validators nor how the last poll went are touched. `again`: the pages that were looked at again when the one after them had been read.
    ///
    /// # Errors
    /// When the database fails, or the source was forgotten meanwhile; then nothing was saved.
    pub async fn save_backfill(
        &self,
        part: &Walk<'_>,
        again: HashSet<usize>,
        so_far: &mut Backfill,
    ) -> Result<Saved, StoreError> {
        self.with_cache_for(part.rows.len(), self.save_part(part, again, so_far)).await
    }

    async fn save_part(&self, part: &Walk<'_>, again: HashSet<usize>, so_far: &mut Backfill) -> Result<Saved, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let id = &part.newsroom.id;
        let source = numbers(&mut tx, std::iter::once(id)).await?.pop().flatten();
        let source = source.ok_or_else(|| StoreError::NoSuchSource(id.to_string()))?;
        let (loaded, rows) = known_rows(&mut tx, part, &source).await?;
        let (earlier, unread) = read_before(&mut tx, source.id, &rows).await?;
        let mut last_id: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM item").fetch_one(&mut *tx).await?;
        let mut additions = Additions::default();
        let mode = Mode::Backfill { earlier, again };
        let saved = save(&mut tx, part, (&rows, loaded), source, &mut last_id, &mut additions, mode).await?;
        additions.write(&mut tx).await?;
        ask_changed(&mut tx, part.questions, part.at).await?;
        if unread {
            so_far.repeated = 0;
        }
        so_far.new += saved.new;
        so_far.edited += saved.edited;
        so_far.touched += saved.touched;
        so_far.known += saved.known;
        note_rows(&mut tx, source.id, &rows, so_far.finished.is_some()).await?;
        write(&mut tx, source.id, so_far).await?;
        tx.commit().await?;
        Ok(saved)
    }
}

fn link_of(row: &Reading) -> Option<Digest> {
    row.link.as_ref().map(|l| l.identity)
}

/// Links and origins of rows, as the queries take them.
fn pairs(rows: &[Reading]) -> String {
    let hex = |d: Digest| d.simple().to_string();
    let pairs: Vec<(String, String)> =
        rows.iter().map(|r| (link_of(r).map(hex).unwrap_or_default(), r.origin.simple().to_string())).collect();
    serde_json::json!(pairs).to_string()
}

/// What earlier parts read of these rows, as (link, origin), and whether there is a row that they did not read. Where a link came with another
/// story, that one is among them, but only if the row stands below all that was read before on its page: amid that, or next to it, it is that other story
/// itself, edited since.
async fn read_before(
    tx: &mut SqliteConnection,
    source: i64,
    rows: &[Reading],
) -> Result<(HashSet<(Option<Digest>, Digest)>, bool), StoreError> {
    let found: String = sqlx::query_scalar(READ_BEFORE).bind(source).bind(pairs(rows)).fetch_one(tx).await?;
    let found: Vec<(usize, i64, Option<String>)> = listed(&found)?;
    let mut lowest: HashMap<usize, usize> = HashMap::new();
    for row in found.iter().filter(|(_, read, _)| *read != 0).map(|(n, ..)| &rows[*n]) {
        let lowest = lowest.entry(row.page).or_insert(row.row);
        *lowest = row.row.max(*lowest);
    }
    let mut earlier = HashSet::new();
    let mut any_new = false;
    for (n, read, other) in found {
        let row = &rows[n];
        if read != 0 {
            earlier.insert((link_of(row), row.origin));
        } else {
            any_new = true;
        }
        if lowest.get(&row.page).is_none_or(|lowest| row.row > lowest + 1) {
            earlier.extend(other.as_deref().and_then(digest).map(|other| (link_of(row), other)));
        }
    }
    Ok((earlier, any_new))
}

async fn note_rows(tx: &mut SqliteConnection, source: i64, rows: &[Reading], finished: bool) -> Result<(), StoreError> {
    if finished {
        sqlx::query("DELETE FROM backfill_row WHERE source = $1").bind(source).execute(tx).await?;
        return Ok(());
    }
    // In the order of the index.
    sqlx::query(
        "INSERT INTO backfill_row SELECT $1, unhex(value ->> 0) AS link, unhex(value ->> 1) AS origin FROM json_each($2) WHERE true
         ORDER BY link, origin ON CONFLICT DO NOTHING",
    )
    .bind(source)
    .bind(pairs(rows))
    .execute(tx)
    .await?;
    Ok(())
}

async fn write(tx: &mut SqliteConnection, source: i64, so_far: &Backfill) -> Result<(), StoreError> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT OR REPLACE INTO backfill (source, page, rules, next, pages, looks, before, repeated, since, oldest, rows, new, edited, touched,
             known, started, stored, finished)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(source)
    .bind(&so_far.page)
    .bind(so_far.rules)
    .bind(&so_far.next)
    .bind(count(so_far.pages))
    .bind(count(so_far.looks))
    .bind(&so_far.before)
    .bind(count(so_far.repeated))
    .bind(so_far.since.map(day_number))
    .bind(so_far.oldest.map(day_number))
    .bind(count(so_far.rows))
    .bind(count(so_far.new))
    .bind(count(so_far.edited))
    .bind(count(so_far.touched))
    .bind(count(so_far.known))
    .bind(so_far.started.timestamp())
    .bind(so_far.stored.timestamp())
    .bind(so_far.finished.map(|t| t.timestamp()))
    .execute(tx)
    .await?;
    Ok(())
}
