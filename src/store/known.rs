//! What is known of the rows of a walk.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, Utc};
use sqlx::SqliteConnection;

use super::{Store, StoreError};
use crate::domain::{Digest, Published, Reading};
use crate::normalise::forgotten::Trace;
use crate::normalise::matching::{Known, KnownItem, KnownSighting};

/// An item as stored, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredItem {
    pub id: i64,
    pub key: Digest,
    pub title_key: Digest,
    pub version: Digest,
    pub previous: Option<Digest>,
    pub day: i64,
    pub position: i64,
    pub title: String,
    pub link: Option<String>,
    pub link_id: Option<Digest>,
    pub related: String,
    pub summary: Option<String>,
    pub image: Option<String>,
    pub published: i64,
    pub zone: i64,
    pub slack: Option<i64>,
    pub updated: i64,
    pub first_seen: i64,
    pub terms: String,
}

from_row!(StoredItem {
    id,
    key,
    title_key,
    version,
    previous,
    day,
    position,
    title,
    link,
    link_id,
    related,
    summary,
    image,
    published,
    zone,
    slack,
    updated,
    first_seen,
    terms
});

#[derive(Debug, Clone)]
pub(super) struct StoredSighting {
    pub id: i64,
    pub item: i64,
    pub link_id: Option<Digest>,
    pub key: Digest,
    pub exact: Digest,
    pub rules: Digest,
    pub terms: String,
}

from_row!(StoredSighting { id, item, link_id, key, exact, rules, terms });

/// What is known of a walk's rows: as identity asks for it, and as stored, item by item.
#[derive(Default)]
pub(super) struct Loaded {
    pub known: Known,
    pub items: Vec<StoredItem>,
    /// The sightings of each item, in order of first sight.
    pub sightings: Vec<Vec<StoredSighting>>,
}

/// The list of digests as the queries below take it.
fn hex<'a>(digests: impl Iterator<Item = &'a Digest>) -> String {
    let mut out = String::from("[");
    for (n, digest) in digests.enumerate() {
        out.push_str(if n == 0 { "\"" } else { ",\"" });
        out.push_str(digest.simple().encode_lower(&mut [0; 32]));
        out.push('"');
    }
    out.push(']');
    out
}

pub(super) fn day_number(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

pub(super) fn day_of(number: i64) -> NaiveDate {
    NaiveDate::default().checked_add_signed(chrono::Duration::days(number)).unwrap_or_default()
}

fn published(item: &StoredItem) -> Published {
    let zone = i32::try_from(item.zone).ok().and_then(FixedOffset::east_opt).unwrap_or(Utc.fix());
    DateTime::from_timestamp(item.published, 0).unwrap_or_default().with_timezone(&zone)
}

/// Loads all items that one of the rows may be.
pub(super) async fn load(tx: &mut SqliteConnection, rows: &[Reading]) -> Result<Loaded, StoreError> {
    let links = hex(rows.iter().filter_map(|r| r.link.as_ref()).map(|l| &l.identity));
    // A row that tells its date from the moment of reading may be an item of a neighbouring day.
    let other_keys = rows.iter().filter_map(|r| r.approximate.as_ref()).flat_map(|a| &a.keys);
    let keys = hex(rows.iter().map(|r| &r.key).chain(other_keys));
    let origins = hex(rows.iter().map(|r| &r.origin));
    let shared: Vec<Digest> =
        sqlx::query_scalar("SELECT s.link_id FROM json_each($1) j JOIN shared_link s ON s.link_id = unhex(j.value)")
            .bind(&links)
            .fetch_all(&mut *tx)
            .await?;
    let shared: HashSet<Digest> = shared.into_iter().collect();
    // A landing page may carry thousands of stories: they are found by their keys.
    let own_links = hex(rows.iter().filter_map(|r| r.link.as_ref()).map(|l| &l.identity).filter(|l| !shared.contains(*l)));
    let items: Vec<StoredItem> = sqlx::query_as(
        "SELECT id, key, title_key, version, previous, day, position, title, link, link_id, related, summary, image, published, zone, slack, updated, first_seen, terms
         FROM item WHERE id IN (
             SELECT s.item FROM json_each($1) j JOIN sighting s ON s.link_id = unhex(j.value)
             UNION SELECT i.id FROM json_each($2) j JOIN item i ON i.key = unhex(j.value))
         ORDER BY id",
    )
    .bind(&own_links)
    .bind(&keys)
    .fetch_all(&mut *tx)
    .await?;
    let ids = serde_json::json!(items.iter().map(|i| i.id).collect::<Vec<_>>()).to_string();
    let found: Vec<StoredSighting> = sqlx::query_as(
        "SELECT s.id, s.item, s.link_id, s.key, s.exact, s.rules, s.terms
         FROM json_each($1) j JOIN sighting s ON s.item = j.value ORDER BY s.id",
    )
    .bind(&ids)
    .fetch_all(&mut *tx)
    .await?;
    let counters: Vec<(Digest, u32)> = sqlx::query_as(
        // The guid of a forgotten item is given to no other.
        "SELECT origin, max(counter) FROM (
             SELECT i.origin, i.counter FROM json_each($1) j JOIN item i ON i.origin = unhex(j.value)
             UNION ALL SELECT f.origin, f.counter FROM json_each($1) j JOIN forgotten f ON f.origin = unhex(j.value)) GROUP BY origin",
    )
    .bind(&origins)
    .fetch_all(&mut *tx)
    .await?;
    let forgotten = traces(&mut *tx, &own_links, &keys).await?;

    let place: HashMap<i64, usize> = items.iter().enumerate().map(|(n, i)| (i.id, n)).collect();
    let mut sightings: Vec<Vec<StoredSighting>> = vec![Vec::new(); items.len()];
    for sighting in found {
        sightings[place[&sighting.item]].push(sighting);
    }
    let known_items = items.iter().zip(&sightings).map(|(item, sightings)| KnownItem {
        id: item.id,
        key: item.key,
        title_key: item.title_key,
        day: day_of(item.day),
        published: published(item),
        slack: item.slack.and_then(|days| u32::try_from(days).ok()),
        version: item.version,
        previous: item.previous,
        link: item.link_id,
        sightings: sightings
            .iter()
            .map(|s| KnownSighting { link: s.link_id, key: s.key, exact: s.exact, rules: s.rules })
            .collect(),
    });
    let known = Known {
        items: known_items.collect(),
        shared,
        counters: counters.into_iter().collect(),
        forgotten,
        earlier: HashSet::new(),
    };
    Ok(Loaded { known, items, sightings })
}

/// What is left of forgotten items that one of the rows may be.
async fn traces(tx: &mut SqliteConnection, links: &str, keys: &str) -> Result<Vec<Trace>, StoreError> {
    let found: Vec<(i64, Digest, Digest, i64, Option<Digest>)> = sqlx::query_as(
        "SELECT forgotten, key, title_key, day, link_id FROM trace WHERE rowid IN (
             SELECT t.rowid FROM json_each($1) j JOIN trace t ON t.link_id = unhex(j.value)
             UNION SELECT t.rowid FROM json_each($2) j JOIN trace t ON t.key = unhex(j.value))
         ORDER BY rowid",
    )
    .bind(links)
    .bind(keys)
    .fetch_all(tx)
    .await?;
    let trace = |(item, key, title_key, day, link)| Trace { item, key, title_key, day: day_of(day), link };
    Ok(found.into_iter().map(trace).collect())
}

impl Store {
    /// What is known of these rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known(&self, rows: &[Reading]) -> Result<Known, StoreError> {
        let mut connection = self.pool.acquire().await?;
        Ok(load(&mut connection, rows).await?.known)
    }
}
