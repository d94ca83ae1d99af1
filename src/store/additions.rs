//! What the walks of one transaction add. It is written when all of them are through, each kind by as few statements as it takes: every
//! statement is a trip to the thread that SQLite runs on.

use sqlx::SqliteConnection;

use super::StoreError;
use super::articles::want;
use super::rows::{FreshItem, FreshSighting, insert_items, insert_sightings};
use super::sources::{Moved, Validators};
use crate::domain::Digest;

/// New items and sightings, channels to render anew, and how the walks ended.
#[derive(Default)]
pub(super) struct Additions<'a> {
    /// With ascending numbers, none left out.
    pub items: Vec<FreshItem<'a>>,
    pub sightings: Vec<FreshSighting<'a>>,
    /// Items whose articles are wanted, and since when (unix seconds).
    pub articles: Vec<(i64, i64)>,
    pub stale: Vec<Stale>,
    pub ends: Vec<End<'a>>,
}

/// A channel to render anew.
pub(super) struct Stale {
    pub address: String,
    /// Its source.
    pub source: i64,
    pub term: Option<i64>,
    /// Since when (unix seconds).
    pub at: i64,
}

/// A source after its walk.
pub(super) struct End<'a> {
    pub source: i64,
    /// Stamp of the rules by which it was read.
    pub rules: Digest,
    pub complete: bool,
    /// Page 1's; kept only if the walk is complete.
    pub validators: &'a Validators,
    pub moved: Option<&'a Moved>,
    /// What its good pages were like, if that is to be stored.
    pub past: Option<&'a str>,
}

impl Additions<'_> {
    pub async fn write(&self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        insert_items(tx, &self.items).await?;
        insert_sightings(tx, &self.sightings).await?;
        want(tx, &self.articles).await?;
        self.mark_stale(tx).await?;
        self.pasts(tx).await?;
        self.end(tx).await
    }

    async fn mark_stale(&self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        let stale: Vec<_> = self.stale.iter().map(|s| (&s.address, s.source, s.term, s.at)).collect();
        if !stale.is_empty() {
            sqlx::query(
                "INSERT INTO channel (address, source, term, stale) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
                 FROM json_each($1) WHERE true ON CONFLICT (address) DO UPDATE SET stale = excluded.stale",
            )
            .bind(serde_json::json!(stale).to_string())
            .execute(tx)
            .await?;
        }
        Ok(())
    }

    async fn pasts(&self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        let pasts: Vec<(i64, &str)> = self.ends.iter().filter_map(|e| Some((e.source, e.past?))).collect();
        if !pasts.is_empty() {
            sqlx::query(
                "INSERT INTO past SELECT value ->> 0, value ->> 1 FROM json_each($1) WHERE true
                 ON CONFLICT (source) DO UPDATE SET pages = excluded.pages",
            )
            .bind(serde_json::json!(pasts).to_string())
            .execute(tx)
            .await?;
        }
        Ok(())
    }

    /// The sources' own state. Written only where it differs: a poll that finds nothing new costs no row here.
    async fn end(&self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let end = |e: &End<'_>| {
            let kept = |v: &Option<String>| v.clone().filter(|_| e.complete);
            let validators = (kept(&e.validators.etag), kept(&e.validators.last_modified), kept(&e.validators.url));
            let moved = (e.moved.map(|m| m.from.clone()), e.moved.map(|m| m.to.clone()));
            (e.source, e.rules.simple().to_string(), e.complete, validators.0, validators.1, validators.2, moved.0, moved.1)
        };
        sqlx::query(
            "UPDATE source SET rules = e.rules, complete = e.complete, walked = walked OR e.complete, etag = e.etag, last_modified = e.last_modified,
                 validated = e.validated, moved_from = e.moved_from, moved = e.moved
             FROM (SELECT value ->> 0 AS source, unhex(value ->> 1) AS rules, value ->> 2 AS complete, value ->> 3 AS etag,
                 value ->> 4 AS last_modified, value ->> 5 AS validated, value ->> 6 AS moved_from, value ->> 7 AS moved FROM json_each($1)) e
             WHERE id = e.source AND (source.rules IS NOT e.rules OR source.complete <> e.complete OR walked < e.complete
                 OR source.etag IS NOT e.etag OR source.last_modified IS NOT e.last_modified OR source.validated IS NOT e.validated
                 OR source.moved_from IS NOT e.moved_from OR source.moved IS NOT e.moved)",
        )
        .bind(serde_json::json!(self.ends.iter().map(end).collect::<Vec<_>>()).to_string())
        .execute(tx)
        .await?;
        Ok(())
    }
}
