//! What may wait for a publishing beside channels: asked all at once, for mostly nothing does.

use super::incidents::{StatusColumns, StatusRow};
use super::{Asked, Store, StoreError, digest, listed};
use crate::domain::Digest;

/// What waits for a publishing, and what stands published, beside channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Documents to be removed from the tree.
    pub gone: Vec<String>,
    /// Whether copies of what was forgotten are still to be erased.
    pub erase: bool,
    /// How the status feed stands; None: a damaged database does not say.
    status: Option<StatusRow>,
    /// Where documents were published to the last time (empty: to no folder); None: nowhere yet.
    pub folder: Option<String>,
    /// Stamp of the lists of feeds that surely stand there.
    pub lists: Option<Digest>,
    /// The stored questions that nothing is left to be done for: name and stamp. None: something is.
    asked: Option<Vec<(String, Option<Digest>)>>,
}

type Columns = (Vec<String>, i64, Option<StatusColumns>, Option<(String, String)>, i64, Vec<(String, String, Option<i64>)>);

impl Pending {
    /// How the status feed stands.
    ///
    /// # Errors
    /// When a damaged database does not say.
    pub fn status(&self) -> Result<StatusRow, StoreError> {
        Ok(self.status.ok_or(sqlx::Error::RowNotFound)?)
    }

    /// Whether each of these questions, and no other, was put to every item.
    pub fn is_asked(&self, questions: &[Asked]) -> bool {
        let Some(asked) = &self.asked else { return false };
        let is_one =
            |(name, stamp): &(String, Option<Digest>)| questions.iter().any(|q| q.name == *name && Some(q.stamp) == *stamp);
        asked.len() == questions.len() && asked.iter().all(is_one)
    }
}

impl Store {
    /// What waits for a publishing beside channels. ([`Store::stale`] tells whether something more waits.)
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pending(&self) -> Result<Pending, StoreError> {
        let query = "SELECT json_array(json((SELECT json_group_array(document) FROM gone)), EXISTS (SELECT 1 FROM erasure),
                 json((SELECT json_array(changed, revision, published, hex(config)) FROM status)), json((SELECT json_array(folder, hex(lists)) FROM tree)),
                 EXISTS (SELECT 1 FROM unasked) OR EXISTS (SELECT 1 FROM question WHERE left = 1),
                 json((SELECT json_group_array(json_array(name, hex(stamp), through)) FROM question)))";
        let columns: String = sqlx::query_scalar(query).fetch_one(&self.pool).await?;
        let (gone, erase, status, tree, unasked, questions): Columns = listed(&columns)?;
        let is_done = unasked == 0 && questions.iter().all(|(.., through)| through.is_none());
        let asked = is_done.then(|| questions.into_iter().map(|(name, stamp, _)| (name, digest(&stamp))).collect());
        let (folder, lists) = tree.map_or((None, None), |(folder, lists)| (Some(folder), digest(&lists)));
        Ok(Pending { gone, erase: erase != 0, status: status.map(StatusRow::from), folder, lists, asked })
    }

    /// Notes where documents are published to from now on (empty: to no folder). Nothing is known of the lists of feeds there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publish_to(&self, folder: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO tree VALUES (1, $1, NULL)").bind(folder).execute(&self.pool).await?;
        Ok(())
    }

    /// Notes how the lists of feeds stand there; None: that they are being written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lists_stand(&self, stamp: Option<Digest>) -> Result<(), StoreError> {
        sqlx::query("UPDATE tree SET lists = $1").bind(stamp).execute(&self.pool).await?;
        Ok(())
    }
}
