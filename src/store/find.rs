//! Finding what a person means: items by guid or link, and the channels that hold them.

use super::{Store, StoreError};
use crate::domain::Digest;
use crate::normalise::matching::guid;

/// What the store holds under a guid or a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Items, by number.
    pub items: Vec<i64>,
    /// Whether something was forgotten there.
    pub forgotten: bool,
}

impl Store {
    /// The item with this guid.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_guid(&self, wanted: Digest) -> Result<Held, StoreError> {
        // A guid with a counter does not tell its origin: the few that have one are tried.
        let query = "SELECT id, origin, counter, 0 FROM item WHERE (origin = $1 AND counter = 0) OR counter > 0
                     UNION ALL SELECT id, origin, counter, 1 FROM forgotten WHERE (origin = $1 AND counter = 0) OR counter > 0";
        let rows: Vec<(i64, Digest, u32, bool)> = sqlx::query_as(query).bind(wanted).fetch_all(&self.pool).await?;
        let mut held = Held::default();
        for (id, _, _, forgotten) in rows.into_iter().filter(|(_, origin, counter, _)| guid(*origin, *counter) == wanted) {
            held.forgotten |= forgotten;
            held.items.extend((!forgotten).then_some(id));
        }
        Ok(held)
    }

    /// The items that were seen at a link: at one of these identities or, for sources that are no longer configured, at this very address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_link(&self, identities: &[Digest], address: &str) -> Result<Held, StoreError> {
        let list = serde_json::json!(identities.iter().map(|i| i.simple().to_string()).collect::<Vec<_>>()).to_string();
        let items = sqlx::query_scalar(
            "SELECT item FROM json_each($1) j JOIN sighting s ON s.link_id = unhex(j.value) UNION SELECT item FROM sighting WHERE link = $2 ORDER BY 1",
        )
        .bind(&list)
        .bind(address)
        .fetch_all(&self.pool)
        .await?;
        let forgotten =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM json_each($1) j JOIN trace t ON t.link_id = unhex(j.value))")
                .bind(&list)
                .fetch_one(&self.pool)
                .await?;
        Ok(Held { items, forgotten })
    }

    /// The addresses of the channels of its source that hold an item, those of renamed terms among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels_of(&self, item: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT c.address FROM item i JOIN channel c ON c.source = i.source LEFT JOIN term t ON t.id = c.term
                 LEFT JOIN list l ON l.id = c.list LEFT JOIN term a ON a.id = l.first LEFT JOIN term b ON b.id = l.second
             WHERE i.id = $1 AND (t.id IS NULL OR coalesce(t.target, t.id) IN (SELECT value FROM json_each(i.terms)))
                 AND (l.id IS NULL OR (coalesce(a.target, a.id) IN (SELECT value FROM json_each(i.terms))
                     AND coalesce(b.target, b.id) IN (SELECT value FROM json_each(i.terms)))) ORDER BY c.address",
        )
        .bind(item)
        .fetch_all(&self.pool)
        .await?)
    }

    /// The addresses of the feeds of the config's own for which an item was chosen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_feeds_of(&self, item: i64) -> Result<Vec<String>, StoreError> {
        let query =
            "SELECT l.address FROM list_item p JOIN list l ON l.id = p.list WHERE p.item = $1 AND l.first IS NULL ORDER BY l.id";
        Ok(sqlx::query_scalar(query).bind(item).fetch_all(&self.pool).await?)
    }

    /// The items of a source, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items_of(&self, source: &str) -> Result<Vec<i64>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT i.id FROM item i JOIN source s ON s.id = i.source WHERE s.name = $1 ORDER BY i.published DESC, i.position, i.id",
        )
        .bind(source)
        .fetch_all(&self.pool)
        .await?)
    }

    /// The names of all sources that something is stored of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_sources(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT name FROM source ORDER BY name").fetch_all(&self.pool).await?)
    }
}
