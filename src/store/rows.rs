//! Writing items and sightings, many at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::StoreError;
use super::known::{StoredItem, day_number};
use crate::domain::{Digest, Reading};

/// Rows written by one statement: enough that the statement costs little, few enough for SQLite's 32,766 parameters.
/// A statement of this many rows is kept for the next ones; of all the smaller sizes each would be another one, of up to 300 kB.
const BATCH: usize = 100;

/// A new item. What its row says stays there: of thousands of them nothing is copied.
pub(super) struct FreshItem<'a> {
    pub id: i64,
    pub source: i64,
    /// The row of its own link.
    pub row: &'a Reading,
    pub counter: u32,
    pub regular: bool,
    pub position: i64,
    /// Unix seconds; so is `first_seen`.
    pub published: i64,
    /// Seconds east of Greenwich.
    pub zone: i64,
    pub first_seen: i64,
    /// The links of its other rows, as a JSON list.
    pub related: Cow<'static, str>,
    /// Term ids, as a JSON list.
    pub terms: String,
}

/// A new sighting.
pub(super) struct FreshSighting<'a> {
    pub item: i64,
    pub row: &'a Reading,
    pub rules: Digest,
    pub terms: String,
}

/// Writes new items, lists them under their terms, counts them at their sources and notes that they are to be asked, if anything is asked.
pub(super) async fn insert_items(tx: &mut SqliteConnection, items: &[FreshItem<'_>]) -> Result<(), StoreError> {
    for batch in items.chunks(BATCH) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO item (id, source, origin, counter, key, title_key, version, previous, day, position, title, link, link_id, related,
             summary, image, published, zone, slack, updated, first_seen, regular, terms) ",
        );
        insert.push_values(batch, |mut values, item| {
            let row = item.row;
            values
                .push_bind(item.id)
                .push_bind(item.source)
                .push_bind(row.origin)
                .push_bind(item.counter)
                .push_bind(row.key)
                .push_bind(row.title_key)
                .push_bind(row.version)
                .push_bind(None::<Digest>)
                .push_bind(day_number(row.day))
                .push_bind(item.position)
                .push_bind(&row.title)
                .push_bind(row.link.as_ref().map(|l| l.url.as_str()))
                .push_bind(row.link.as_ref().map(|l| l.identity))
                .push_bind(&*item.related)
                .push_bind(&row.summary)
                .push_bind(&row.image)
                .push_bind(item.published)
                .push_bind(item.zone)
                .push_bind(row.slack.map(i64::from))
                .push_bind(item.published)
                .push_bind(item.first_seen)
                .push_bind(item.regular)
                .push_bind(&item.terms);
        });
        insert.build().persistent(batch.len() == BATCH).execute(&mut *tx).await?;
    }
    let (Some(first), Some(last)) = (items.first(), items.last()) else { return Ok(()) };
    sqlx::query(
        "INSERT INTO item_term (term, published, position, item)
         SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j WHERE i.id BETWEEN $1 AND $2",
    )
    .bind(first.id)
    .bind(last.id)
    .execute(&mut *tx)
    .await?;
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for item in items {
        *counts.entry(item.source).or_default() += 1;
    }
    sqlx::query("UPDATE source SET items = items + j.value FROM json_each($1) j WHERE source.id = CAST(j.key AS INTEGER)")
        .bind(serde_json::json!(counts).to_string())
        .execute(&mut *tx)
        .await?;
    // No row is looked at where nothing is asked.
    sqlx::query(
        "INSERT INTO unasked SELECT i.id FROM (SELECT 1 FROM question LIMIT 1) CROSS JOIN item i WHERE i.id BETWEEN $1 AND $2
         ON CONFLICT DO NOTHING",
    )
    .bind(first.id)
    .bind(last.id)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

pub(super) async fn insert_sightings(tx: &mut SqliteConnection, sightings: &[FreshSighting<'_>]) -> Result<(), StoreError> {
    for batch in sightings.chunks(BATCH) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO sighting (item, link_id, link, key, exact, rules, terms) ");
        insert.push_values(batch, |mut values, s| {
            values
                .push_bind(s.item)
                .push_bind(s.row.link.as_ref().map(|l| l.identity))
                .push_bind(s.row.link.as_ref().map(|l| l.url.as_str()))
                .push_bind(s.row.key)
                .push_bind(s.row.exact)
                .push_bind(s.rules)
                .push_bind(&s.terms);
        });
        insert.build().persistent(batch.len() == BATCH).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Takes an item out of its terms' lists, before it changes.
pub(super) async fn unlist(tx: &mut SqliteConnection, item: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM item_term WHERE (term, published, position, item) IN (
             SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j WHERE i.id = $1)",
    )
    .bind(item)
    .execute(tx)
    .await?;
    Ok(())
}

async fn list(tx: &mut SqliteConnection, item: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO item_term (term, published, position, item)
         SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j WHERE i.id = $1",
    )
    .bind(item)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn update_item(tx: &mut SqliteConnection, item: &StoredItem) -> Result<(), StoreError> {
    unlist(tx, item.id).await?;
    sqlx::query(
        "UPDATE item SET key = $2, title_key = $3, version = $4, previous = $5, day = $6, position = $7, title = $8, link = $9,
         link_id = $10, related = $11, summary = $12, published = $13, zone = $14, updated = $15, terms = $16, slack = $17, image = $18
         WHERE id = $1",
    )
    .bind(item.id)
    .bind(item.key)
    .bind(item.title_key)
    .bind(item.version)
    .bind(item.previous)
    .bind(item.day)
    .bind(item.position)
    .bind(&item.title)
    .bind(&item.link)
    .bind(item.link_id)
    .bind(&item.related)
    .bind(&item.summary)
    .bind(item.published)
    .bind(item.zone)
    .bind(item.updated)
    .bind(&item.terms)
    .bind(item.slack)
    .bind(&item.image)
    .execute(&mut *tx)
    .await?;
    list(tx, item.id).await
}

pub(super) async fn move_item(tx: &mut SqliteConnection, item: i64, position: i64) -> Result<(), StoreError> {
    unlist(tx, item).await?;
    sqlx::query("UPDATE item SET position = $2 WHERE id = $1").bind(item).bind(position).execute(&mut *tx).await?;
    list(tx, item).await
}

pub(super) async fn retag_item(tx: &mut SqliteConnection, item: i64, terms: &str) -> Result<(), StoreError> {
    unlist(tx, item).await?;
    sqlx::query("UPDATE item SET terms = $2 WHERE id = $1").bind(item).bind(terms).execute(&mut *tx).await?;
    list(tx, item).await
}

/// Makes one item of two: the later's sightings become the earlier's. Its guid becomes free again, for the case that the story it was first
/// seen as comes back.
pub(super) async fn merge_item(tx: &mut SqliteConnection, later: i64, earlier: i64) -> Result<(), StoreError> {
    unlist(tx, later).await?;
    let statements = [
        "DELETE FROM sighting WHERE item = $1 AND link_id IN (SELECT link_id FROM sighting WHERE item = $2)",
        "UPDATE sighting SET item = $2 WHERE item = $1",
        "DELETE FROM item WHERE id = $1 AND $2 <> $1",
    ];
    for statement in statements {
        sqlx::query(statement).bind(later).bind(earlier).execute(&mut *tx).await?;
    }
    Ok(())
}
