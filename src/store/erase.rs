//! Leaving no copy of what was deleted in the database's files.

use super::{Store, StoreError};

/// How long to wait for processes that still read what was there before.
const PATIENCE_MS: u32 = 3_000;

impl Store {
    /// Writes the database anew without what was deleted from it, and empties its log. Deleting alone is not enough: of what was edited or
    /// moved before, copies lie in free places of the file, and the log holds every page as it was. False: another process read on for too
    /// long, so that the log could not be emptied; it stays noted as still to be done.
    ///
    /// # Errors
    /// When the disk refuses (it takes the space of a second copy), or another process writes for too long.
    pub async fn erase(&self) -> Result<bool, StoreError> {
        let mut connection = self.pool.acquire().await?;
        sqlx::query("VACUUM").execute(&mut *connection).await?;
        let before: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut *connection).await?;
        // No pragma takes a bound value; these are numbers.
        let wait = |ms: i64| sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {ms}"));
        sqlx::query(wait(i64::from(PATIENCE_MS))).execute(&mut *connection).await?;
        let (busy, ..): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        sqlx::query(wait(before)).execute(&mut *connection).await?;
        if busy == 0 {
            sqlx::query("DELETE FROM erasure").execute(&mut *connection).await?;
        }
        Ok(busy == 0)
    }
}
