//! Writing items and sightings, many at a time.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::StoreError;
use super::known::StoredItem;
use crate::domain::Digest;

/// Rows written by one statement: enough that the statement costs little, few enough for SQLite's 32,766 parameters.
const BATCH: usize = 100;

/// A new item with what only its first sight says.
pub(super) struct FreshItem {
    pub source: i64,
    pub stored: StoredItem,
    pub origin: Digest,
    pub counter: u32,
    pub regular: bool,
}

/// A new sighting.
pub(super) struct FreshSighting<'a> {
    pub item: i64,
    pub link_id: Option<Digest>,
    pub link: Option<&'a str>,
    pub key: Digest,
    pub exact: Digest,
    pub rules: Digest,
    pub terms: String,
}

pub(super) async fn insert_items(tx: &mut SqliteConnection, items: &[FreshItem]) -> Result<(), StoreError> {
    for batch in items.chunks(BATCH) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO item (id, source, origin, counter, key, title_key, version, previous, day, position, title, link, link_id, related,
             summary, image, published, zone, slack, updated, first_seen, regular, terms) ",
        );
        insert.push_values(batch, |mut row, fresh| {
            let item = &fresh.stored;
            row.push_bind(item.id)
                .push_bind(fresh.source)
                .push_bind(fresh.origin)
                .push_bind(fresh.counter)
                .push_bind(item.key)
                .push_bind(item.title_key)
                .push_bind(item.version)
                .push_bind(item.previous)
                .push_bind(item.day)
                .push_bind(item.position)
                .push_bind(&item.title)
                .push_bind(&item.link)
                .push_bind(item.link_id)
                .push_bind(&item.related)
                .push_bind(&item.summary)
                .push_bind(&item.image)
                .push_bind(item.published)
                .push_bind(item.zone)
                .push_bind(item.slack)
                .push_bind(item.updated)
                .push_bind(item.first_seen)
                .push_bind(fresh.regular)
                .push_bind(&item.terms);
        });
        insert.build().execute(&mut *tx).await?;
    }
    if let (Some(first), Some(last)) = (items.first(), items.last()) {
        sqlx::query(
            "INSERT INTO item_term (term, published, position, item)
             SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j WHERE i.id BETWEEN $1 AND $2",
        )
        .bind(first.stored.id)
        .bind(last.stored.id)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn insert_sightings(tx: &mut SqliteConnection, sightings: &[FreshSighting<'_>]) -> Result<(), StoreError> {
    for batch in sightings.chunks(BATCH) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO sighting (item, link_id, link, key, exact, rules, terms) ");
        insert.push_values(batch, |mut row, s| {
            row.push_bind(s.item)
                .push_bind(s.link_id)
                .push_bind(s.link)
                .push_bind(s.key)
                .push_bind(s.exact)
                .push_bind(s.rules)
                .push_bind(&s.terms);
        });
        insert.build().execute(&mut *tx).await?;
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
