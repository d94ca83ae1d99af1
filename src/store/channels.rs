//! Channels: which wait to be rendered, and which items they hold.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Store, StoreError};
use crate::domain::channel::Candidate;
use crate::domain::{Digest, Filter, Id, Item, fold};
use crate::normalise::html::text_of;
use crate::normalise::matching::guid;
use chrono::{DateTime, FixedOffset, Utc};
use sqlx::Sqlite;
use sqlx::sqlite::SqliteArguments;

/// A channel's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// Its address.
    pub address: String,
    /// Its source; None: a feed that the config defines.
    pub source: Option<String>,
    /// Its facet, if it is a term's.
    pub facet: Option<String>,
    /// Its term.
    pub term: Option<i64>,
    /// The term's name.
    pub name: Option<String>,
    /// The slug of the term that its term was renamed to: it is published as a copy of that one.
    pub moved_to: Option<String>,
    /// How many items are stored for it.
    pub items: i64,
    /// How many its document holds.
    pub shown: i64,
    /// When what it holds last changed (unix seconds).
    pub changed: Option<i64>,
    /// Stamp of what it held then.
    pub content: Option<Digest>,
    /// Stamp of the settings by which it was rendered.
    pub config: Option<Digest>,
    /// Since when it waits to be rendered (unix seconds).
    pub stale: Option<i64>,
}

from_row!(ChannelRow { address, source, facet, term, name, moved_to, items, shown, changed, content, config, stale });

/// The items of a channel.
#[derive(Debug, Clone, Copy)]
pub enum Members<'a> {
    /// All of a source.
    All(&'a str),
    /// Those with a term.
    Term(i64),
    /// Those that a filter holds.
    Filter(&'a Filter),
}

/// An item chosen for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The item's number.
    pub id: i64,
    /// When it was published (unix seconds).
    pub published: i64,
    /// Its place within its day.
    pub position: i64,
    /// When it was first seen (unix seconds).
    pub first_seen: i64,
    /// Whether a regular poll saw it first.
    pub regular: bool,
}

from_row!(Pick { id, published, position, first_seen, regular });

/// Candidates for a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// How many items are stored for the channel.
    pub total: i64,
    /// The newest, and those that regular polls first saw since the time asked for; in order.
    pub picks: Vec<Pick>,
    newest: usize,
}

impl Selection {
    /// The newest items, and those beyond them that regular polls first saw after `since` (unix seconds): their numbers and whether they are
    /// of the latter kind.
    pub fn since(&self, since: i64) -> Vec<(i64, bool)> {
        let fresh = |p: &Pick| p.regular && p.first_seen > since;
        self.picks.iter().enumerate().filter(|(n, p)| *n < self.newest || fresh(p)).map(|(_, p)| (p.id, fresh(p))).collect()
    }
}

/// A channel's state after rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its address.
    pub address: String,
    /// How many items are stored for it.
    pub items: i64,
    /// How many its document holds.
    pub shown: i64,
    /// When what it holds last changed.
    pub changed: i64,
    /// Stamp of what it holds.
    pub content: Digest,
    /// Stamp of the settings.
    pub config: Digest,
    /// The mark that this rendering answers; a newer one stays.
    pub stale: Option<i64>,
}

/// Facet and name of terms by number.
pub type Categories = HashMap<i64, (String, String)>;

/// An item as [`Store::items`] asks for it.
type ItemRow = (i64, String, String, u32, String, Option<String>, Vec<String>, Option<String>, i64, i32, i64, Vec<i64>);

impl Store {
    /// Marks channels as stale, and enters those that are not known yet: feeds that the config defines.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_stale(&self, addresses: &[&str], at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO channel (address, stale) SELECT value, $2 FROM json_each($1) WHERE true
             ON CONFLICT (address) DO UPDATE SET stale = excluded.stale",
        )
        .bind(serde_json::json!(addresses).to_string())
        .bind(at.timestamp())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// All channels, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&self) -> Result<Vec<ChannelRow>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT c.address, s.name AS source, t.facet, c.term, t.name, m.slug AS moved_to, c.items, c.shown, c.changed, c.content, c.config, c.stale
             FROM channel c LEFT JOIN source s ON s.id = c.source LEFT JOIN term t ON t.id = c.term LEFT JOIN term m ON m.id = t.target
             ORDER BY c.address",
        )
        .fetch_all(&self.reader)
        .await?)
    }

    /// The items that may stand in a channel's document: the `newest`, and those that regular polls first saw after `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn select(&self, members: Members<'_>, newest: usize, since: i64) -> Result<Selection, StoreError> {
        // One more than asked for: if it is not there, these are all, and need not be counted.
        let limit = i64::try_from(newest).unwrap_or(i64::MAX - 1) + 1;
        let (total, mut picks): (Option<i64>, Vec<Pick>) = match members {
            Members::All(source) => {
                let query = "SELECT json_group_array(json_array(id, published, position, first_seen, regular)) FROM (
                     SELECT * FROM (SELECT id, published, position, first_seen, regular FROM item
                         WHERE source = (SELECT id FROM source WHERE name = $1) ORDER BY published DESC, position, id LIMIT $2)
                     UNION SELECT id, published, position, first_seen, regular FROM item
                         WHERE source = (SELECT id FROM source WHERE name = $1) AND regular = 1 AND first_seen > $3)";
                (None, self.picks(sqlx::query_scalar(query).bind(source).bind(limit).bind(since)).await?)
            }
            Members::Term(term) => {
                let query = "SELECT json_group_array(json_array(id, published, position, first_seen, regular)) FROM (
                     SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i JOIN (
                         SELECT item FROM item_term WHERE term = $1 ORDER BY published DESC, position, item LIMIT $2) t ON t.item = i.id
                     UNION SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i
                         JOIN item_term t ON t.term = $1 AND t.published = i.published AND t.position = i.position AND t.item = i.id
                         WHERE i.source = (SELECT source FROM term WHERE id = $1) AND i.regular = 1 AND i.first_seen > $3)";
                (None, self.picks(sqlx::query_scalar(query).bind(term).bind(limit).bind(since)).await?)
            }
            Members::Filter(filter) => {
                let mut all = self.filtered(filter).await?;
                sort(&mut all);
                let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
                let kept = all.iter().enumerate().filter(|(n, p)| *n < newest || (p.regular && p.first_seen > since));
                (Some(total), kept.map(|(_, p)| *p).collect())
            }
        };
        sort(&mut picks);
        let found = i64::try_from(picks.len()).unwrap_or(i64::MAX);
        let total = match total {
            Some(total) => total,
            None if found < limit => found,
            None => self.count(members).await?,
        };
        Ok(Selection { total, picks, newest })
    }

    async fn picks(&self, query: sqlx::query::QueryScalar<'_, Sqlite, String, SqliteArguments>) -> Result<Vec<Pick>, StoreError> {
        let rows: Vec<(i64, i64, i64, i64, i64)> = listed(&query.fetch_one(&self.reader).await?)?;
        let pick =
            |(id, published, position, first_seen, regular)| Pick { id, published, position, first_seen, regular: regular != 0 };
        Ok(rows.into_iter().map(pick).collect())
    }

    async fn count(&self, members: Members<'_>) -> Result<i64, StoreError> {
        let query = match members {
            Members::All(source) => {
                sqlx::query_scalar("SELECT count(*) FROM item WHERE source = (SELECT id FROM source WHERE name = $1)")
                    .bind(source)
            }
            Members::Term(term) => sqlx::query_scalar("SELECT count(*) FROM item_term WHERE term = $1").bind(term),
            Members::Filter(filter) => return Ok(i64::try_from(self.filtered(filter).await?.len()).unwrap_or(i64::MAX)),
        };
        Ok(query.fetch_one(&self.reader).await?)
    }

    /// Every item that a filter holds.
    async fn filtered(&self, filter: &Filter) -> Result<Vec<Pick>, StoreError> {
        let names: Vec<&str> = filter.sources.iter().map(Id::as_str).collect();
        let names = serde_json::json!(names).to_string();
        let mut found: Vec<Pick> = sqlx::query_as(
            "SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i JOIN source s ON s.id = i.source
             WHERE json_array_length($1) = 0 OR s.name IN (SELECT value FROM json_each($1))",
        )
        .bind(&names)
        .fetch_all(&self.reader)
        .await?;
        for (facet, terms) in &filter.facets {
            let holding: HashSet<i64> = self.holding(facet, terms).await?.into_iter().collect();
            found.retain(|p| holding.contains(&p.id));
        }
        if filter.title.is_empty() && filter.text.is_empty() {
            return Ok(found);
        }
        let words = Filter { title: filter.title.clone(), text: filter.text.clone(), ..Filter::default() };
        let nowhere = Id::parse("any").expect("a valid id");
        let ids = serde_json::json!(found.iter().map(|p| p.id).collect::<Vec<_>>()).to_string();
        let texts: Vec<(i64, String, Option<String>)> =
            sqlx::query_as("SELECT i.id, i.title, i.summary FROM json_each($1) j JOIN item i ON i.id = j.value")
                .bind(ids)
                .fetch_all(&self.reader)
                .await?;
        let held: HashSet<i64> = texts
            .into_iter()
            .filter(|(_, title, summary)| {
                let (title, summary) = (fold(title), summary.as_deref().map(|s| fold(&text_of(s))).unwrap_or_default());
                words.holds(&Candidate { source: &nowhere, terms: &[], title: &title, summary: &summary })
            })
            .map(|(id, ..)| id)
            .collect();
        found.retain(|p| held.contains(&p.id));
        Ok(found)
    }

    async fn holding(&self, facet: &str, folded: &BTreeSet<String>) -> Result<Vec<i64>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT i.item FROM term t JOIN item_term i ON i.term = t.id
             WHERE t.facet = $1 AND t.folded IN (SELECT value FROM json_each($2))",
        )
        .bind(facet)
        .bind(serde_json::json!(folded).to_string())
        .fetch_all(&self.reader)
        .await?)
    }

    /// All terms' facets and names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn categories(&self) -> Result<Categories, StoreError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as("SELECT id, facet, name FROM term").fetch_all(&self.reader).await?;
        Ok(rows.into_iter().map(|(id, facet, name)| (id, (facet, name))).collect())
    }

    /// Items by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items(&self, ids: impl Iterator<Item = i64>, categories: &Categories) -> Result<HashMap<i64, Item>, StoreError> {
        let ids = serde_json::json!(ids.collect::<Vec<_>>()).to_string();
        let rows: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(i.id, s.name, hex(i.origin), i.counter, i.title, i.link, json(i.related), i.summary, i.published,
                 i.zone, i.updated, json(i.terms)))
             FROM json_each($1) j JOIN item i ON i.id = j.value JOIN source s ON s.id = i.source",
        )
        .bind(ids)
        .fetch_one(&self.reader)
        .await?;
        let rows: Vec<ItemRow> = listed(&rows)?;
        Ok(rows.into_iter().map(|row| (row.0, item(row, categories))).collect())
    }

    /// Keeps what rendering found: before the documents are written, so that a crash between the two repeats the writing with the same
    /// stamps. The stale marks stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rendered(&self, channels: &[Rendered]) -> Result<(), StoreError> {
        let list: Vec<_> = channels
            .iter()
            .map(|c| (&c.address, c.items, c.shown, c.changed, c.content.simple().to_string(), c.config.simple().to_string()))
            .collect();
        sqlx::query(
            "UPDATE channel SET items = j.value ->> 1, shown = j.value ->> 2, changed = j.value ->> 3, content = unhex(j.value ->> 4),
             config = unhex(j.value ->> 5) FROM json_each($1) j WHERE address = j.value ->> 0
             AND (items, shown, changed, content, config)
                 IS NOT (j.value ->> 1, j.value ->> 2, j.value ->> 3, unhex(j.value ->> 4), unhex(j.value ->> 5))",
        )
        .bind(serde_json::json!(list).to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Clears the stale marks of channels whose documents are published, unless a newer mark was set meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn published(&self, channels: &[Rendered]) -> Result<(), StoreError> {
        let list: Vec<_> = channels.iter().filter_map(|c| c.stale.map(|stale| (&c.address, stale))).collect();
        if !list.is_empty() {
            sqlx::query(
                "UPDATE channel SET stale = NULL FROM json_each($1) j WHERE address = j.value ->> 0 AND stale = j.value ->> 1",
            )
            .bind(serde_json::json!(list).to_string())
            .execute(&self.writer)
            .await?;
        }
        Ok(())
    }
}

/// The rows of an answer that comes as one JSON list: every row that the driver hands over by itself wakes a thread.
fn listed<T: serde::de::DeserializeOwned>(rows: &str) -> Result<Vec<T>, StoreError> {
    Ok(serde_json::from_str(rows).map_err(|e| sqlx::Error::Decode(e.into()))?)
}

/// The order of feeds: by date, then by the page's order within the day.
fn sort(picks: &mut [Pick]) {
    picks.sort_by_key(|p| (std::cmp::Reverse(p.published), p.position, p.id));
}

fn item(row: ItemRow, categories: &Categories) -> Item {
    let (_, source, origin, counter, title, link, related, summary, published, zone, updated, terms) = row;
    let utc = FixedOffset::east_opt(0).expect("zero is an offset");
    let zone = FixedOffset::east_opt(zone).unwrap_or(utc);
    let instant = |t: i64| DateTime::from_timestamp(t, 0).unwrap_or_default().with_timezone(&zone);
    Item {
        source,
        // The column holds 16 bytes, written by us.
        guid: guid(Digest::try_parse(&origin).unwrap_or_default(), counter),
        title,
        link,
        related,
        published: instant(published),
        updated: instant(updated),
        summary,
        categories: terms.iter().filter_map(|id| categories.get(id).cloned()).collect(),
    }
}
