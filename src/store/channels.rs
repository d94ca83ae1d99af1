//! Channels: which wait to be rendered, and which items they hold.

use std::collections::HashMap;

use super::{Store, StoreError, digest, listed};
use crate::domain::{Article, Digest, Item};
use crate::normalise::matching::guid;
use chrono::{DateTime, FixedOffset, Utc};

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
    /// The address of the channel that a renamed term made of it: it is published as a copy of that one.
    pub moved_to: Option<String>,
    /// What it is the pair of, if it is one's; then it has no facet and no term.
    pub pair: Option<PairOf>,
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
    /// Tells that mark from earlier and later ones.
    pub revision: i64,
}

/// The two terms of a pair's channel.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct PairOf {
    /// Their facets, in the order of the address.
    pub facets: [String; 2],
    /// Their names.
    pub names: [String; 2],
    /// The addresses of their own channels.
    pub terms: [String; 2],
    /// How many items are stored with both.
    pub items: i64,
}

/// The columns of a [`ChannelRow`] as they come in a list.
type Columns = (
    (String, Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>, Option<PairOf>),
    (i64, i64, Option<i64>, String, String, Option<i64>, i64),
);

impl From<Columns> for ChannelRow {
    fn from(columns: Columns) -> Self {
        let ((address, source, facet, term, name, moved_to, pair), (items, shown, changed, content, config, stale, revision)) =
            columns;
        let (content, config) = (digest(&content), digest(&config));
        Self { address, source, facet, term, name, moved_to, pair, items, shown, changed, content, config, stale, revision }
    }
}

impl ChannelRow {
    /// The revision of the mark by which it waits to be rendered, if it does.
    pub fn mark(&self) -> Option<i64> {
        self.stale.map(|_| self.revision)
    }
}

/// How much waits to be rendered or removed: what a publishing finds to do ([`super::Pending`], [`Store::channels`]), in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stale {
    /// How many channels.
    pub channels: i64,
    /// The sum of their revisions.
    pub revisions: Option<i64>,
    /// How many documents are to be removed.
    pub gone: i64,
    /// Whether copies of something forgotten are to be erased.
    pub erasures: i64,
    /// How many items or questions are still to be asked.
    pub unasked: i64,
    /// The revision of the status feed, if it does not stand published.
    pub status: Option<i64>,
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
    /// The mark that this rendering answers, if there was one: its revision. A newer one stays.
    pub marked: Option<i64>,
}

/// Facet and name of terms by number.
pub type Categories = HashMap<i64, (String, String)>;

/// An item as [`Store::items`] asks for it.
type ItemRow = (
    i64,
    String,
    String,
    u32,
    String,
    Option<String>,
    Vec<String>,
    Option<String>,
    Option<String>,
    i64,
    i32,
    i64,
    Vec<i64>,
    Option<Article>,
);

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
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What waits to be rendered: changes with every mark that is set.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stale(&self) -> Result<Stale, StoreError> {
        let query = "SELECT json_array(count(*), sum(revision), (SELECT count(*) FROM gone), (SELECT count(*) FROM erasure),
                 (SELECT count(*) FROM unasked) + (SELECT count(*) FROM question WHERE through IS NOT NULL), (SELECT revision FROM status WHERE published IS NOT revision))
             FROM channel WHERE stale IS NOT NULL";
        let (channels, revisions, gone, erasures, unasked, status) =
            listed(&sqlx::query_scalar::<_, String>(query).fetch_one(&self.pool).await?)?;
        Ok(Stale { channels, revisions, gone, erasures, unasked, status })
    }

    /// All channels, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&self) -> Result<Vec<ChannelRow>, StoreError> {
        let query = "SELECT json_group_array(json_array(
                 json_array(c.address, s.name, t.facet, c.term, t.name,
                     iif(c.list IS NULL, s.name || '/' || m.facet || '/' || m.slug, r.address),
                     json(iif(c.list IS NULL, NULL, json_object('facets', json_array(a.facet, b.facet), 'names', json_array(a.name, b.name),
                         'terms', json_array(s.name || '/' || a.facet || '/' || a.slug, s.name || '/' || b.facet || '/' || b.slug),
                         'items', l.items)))),
                 json_array(c.items, c.shown, c.changed, hex(c.content), hex(c.config), c.stale, c.revision)) ORDER BY c.address)
             FROM channel c LEFT JOIN source s ON s.id = c.source LEFT JOIN term t ON t.id = c.term LEFT JOIN term m ON m.id = t.target
                 LEFT JOIN list l ON l.id = c.list LEFT JOIN term a ON a.id = l.first LEFT JOIN term b ON b.id = l.second
                 LEFT JOIN list r ON (a.target IS NOT NULL OR b.target IS NOT NULL)
                     AND r.first = coalesce(a.target, a.id) AND r.second = coalesce(b.target, b.id)";
        let rows: Vec<Columns> = listed(&sqlx::query_scalar::<_, String>(query).fetch_one(&self.pool).await?)?;
        Ok(rows.into_iter().map(ChannelRow::from).collect())
    }

    /// All terms' facets and names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn categories(&self) -> Result<Categories, StoreError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as("SELECT id, facet, name FROM term").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(id, facet, name)| (id, (facet, name))).collect())
    }

    /// Items by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items(&self, ids: impl Iterator<Item = i64>, categories: &Categories) -> Result<HashMap<i64, Item>, StoreError> {
        let mut ids: Vec<i64> = ids.collect();
        // In the table's order, so that each of its pages is read once.
        ids.sort_unstable();
        let ids = serde_json::json!(ids).to_string();
        let rows: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(i.id, s.name, hex(i.origin), i.counter, i.title, i.link, json(i.related), i.summary, i.image, i.published,
                 i.zone, i.updated, json(i.terms), json(a.had)))
             FROM json_each($1) j JOIN item i ON i.id = j.value JOIN source s ON s.id = i.source LEFT JOIN article a ON a.item = i.id",
        )
        .bind(ids)
        .fetch_one(&self.pool)
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
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Clears the stale marks of channels whose documents are published, unless a newer mark was set meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn published(&self, channels: &[Rendered]) -> Result<(), StoreError> {
        let list: Vec<_> = channels.iter().filter_map(|c| c.marked.map(|revision| (&c.address, revision))).collect();
        if !list.is_empty() {
            sqlx::query(
                "UPDATE channel SET stale = NULL FROM json_each($1) j WHERE address = j.value ->> 0 AND revision = j.value ->> 1",
            )
            .bind(serde_json::json!(list).to_string())
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }
}

fn item(row: ItemRow, categories: &Categories) -> Item {
    let (_, source, origin, counter, title, link, related, summary, image, published, zone, updated, terms, article) = row;
    let utc = FixedOffset::east_opt(0).expect("zero is an offset");
    let zone = FixedOffset::east_opt(zone).unwrap_or(utc);
    let instant = |t: i64| DateTime::from_timestamp(t, 0).unwrap_or_default().with_timezone(&zone);
    // The listing states the day, the article the time. It is said, and the item stays at its place among the others.
    let midnight = instant(published);
    let timed = article.as_ref().and_then(|article| article.published).map(instant);
    let published = timed
        .filter(|timed| midnight.time() == chrono::NaiveTime::MIN && timed.date_naive() == midnight.date_naive())
        .unwrap_or(midnight);
    let image = image.or_else(|| article.as_ref()?.image.clone());
    Item {
        source,
        // The column holds 16 bytes, written by us.
        guid: guid(Digest::try_parse(&origin).unwrap_or_default(), counter),
        title,
        link,
        related,
        published,
        updated: instant(updated).max(published),
        summary,
        image,
        categories: terms.iter().filter_map(|id| categories.get(id).cloned()).collect(),
        article,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_of_the_same_second_outlives_a_publishing_under_way() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("n.db")).await.expect("a store");
        let at = DateTime::<Utc>::UNIX_EPOCH;
        store.mark_stale(&["mine"], at).await.expect("marked");
        let row = store.channels().await.expect("rows").remove(0);
        let before = store.stale().await.expect("read");
        // Another process marks it while the first mark's document is being written.
        store.mark_stale(&["mine"], at).await.expect("marked");
        assert_ne!(store.stale().await.expect("read"), before, "seen from outside too");
        let rendered = |marked| Rendered {
            address: "mine".into(),
            items: 0,
            shown: 0,
            changed: 0,
            content: Digest::nil(),
            config: Digest::nil(),
            marked,
        };
        store.published(&[rendered(row.mark())]).await.expect("cleared");
        let row = store.channels().await.expect("rows").remove(0);
        assert_eq!(row.stale, Some(0), "the newer mark stays");
        store.published(&[rendered(row.mark())]).await.expect("cleared");
        assert_eq!(store.channels().await.expect("rows").remove(0).stale, None);
        store.close().await;
    }
}
