//! What newsroomd remembers: sources, items, where they were seen, terms, channels. One SQLite file.
//!
//! Speaks the domain's words; no SQL leaves this module, so that another engine can stand behind it. One connection writes and reads: another
//! one's cache of pages would be void after every write. (Transactions begin immediate, so that none fails half-way for want of the lock, and all that is
//! asked within one goes through it: to ask the store itself meanwhile would wait in vain.) Commits are not flushed one by one: a crash of the
//! process loses none, a crash of the machine may lose the last ones, whole polls with their validators, which are then repeated. What is
//! published must not be lost so: [`Store::flush`] makes all before it durable and stands before every publishing.

/// How a struct is read from a result row: each field from the column of its name. (sqlx's derive would build its drivers a second time.)
macro_rules! from_row {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row;
                Ok(Self { $($field: row.try_get(stringify!($field))?),* })
            }
        }
    };
}

mod additions;
mod articles;
mod asked;
mod backfill;
mod backup;
mod channels;
mod erase;
mod error;
mod examine;
mod find;
mod forget;
mod health;
mod hosts;
mod incidents;
mod known;
mod layout;
mod open;
mod overview;
mod pending;
mod places;
mod renames;
mod rows;
mod salvage;
mod selection;
mod sources;
mod stories;
mod terms;
mod walk;

use sqlx::SqlitePool;

pub use articles::{MOST_ATTEMPTS, Wanted};
pub use asked::{Asked, Pairs, What};
pub use backfill::Backfill;
pub use backup::{BackupError, back_up};
pub use channels::{Categories, ChannelRow, PairOf, Rendered, Stale};
pub use error::StoreError;
pub use find::Held;
pub use health::{Fared, Fate, Turned};
pub use incidents::{Delivery, StatusRow};
pub use overview::Counts;
pub use pending::Pending;
pub use salvage::{Salvaged, salvage, sweep_salvage, was_ours};
pub use selection::{Members, Pick, Selection};
pub use sources::{BeginPoll, Moved, SourceState, Validators};
pub use terms::TermInfo;
pub use walk::{Saved, Walk};

/// The store's handle; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Makes everything committed before durable against a crash of the machine.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        // A commit that is itself flushed carries all that stand before it in the log.
        for statement in ["PRAGMA synchronous = FULL", "UPDATE flush SET times = times + 1", "PRAGMA synchronous = NORMAL"] {
            sqlx::query(statement).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Keeps the database in shape: statistics for its queries, and the log folded into the file. For a quiet hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        for statement in ["PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            sqlx::query(statement).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Whether the database answers at all, be it with an error. Waits for whatever the connection is used for.
    pub async fn answers(&self) -> bool {
        let asked = sqlx::query_scalar::<_, i64>("SELECT 1 FROM source LIMIT 1").fetch_optional(&self.pool).await;
        // What uses the connection has not come to its end in all that time.
        !matches!(asked, Err(sqlx::Error::PoolTimedOut))
    }

    /// Closes the connection, folding the log into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The rows of an answer that comes as one JSON value: every row that the driver hands over by itself wakes a thread.
fn listed<T: serde::de::DeserializeOwned>(rows: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(rows).map_err(|e| sqlx::Error::Decode(e.into()))?)
}

/// A digest as `hex()` writes it; None: there is none.
fn digest(hex: &str) -> Option<crate::domain::Digest> {
    uuid::Uuid::try_parse(hex).ok()
}
