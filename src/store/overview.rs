//! Counting what is stored, for lists of feeds.

use std::collections::HashMap;

use super::{Store, StoreError};

/// How many items are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By source.
    pub sources: HashMap<String, i64>,
    /// By term.
    pub terms: HashMap<i64, i64>,
}

impl Store {
    /// How many items are stored of each source and of each term.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let sources: Vec<(String, i64)> =
            sqlx::query_as("SELECT s.name, count(*) FROM item i JOIN source s ON s.id = i.source GROUP BY s.id")
                .fetch_all(&self.pool)
                .await?;
        let terms: Vec<(i64, i64)> =
            sqlx::query_as("SELECT term, count(*) FROM item_term GROUP BY term").fetch_all(&self.pool).await?;
        Ok(Counts { sources: sources.into_iter().collect(), terms: terms.into_iter().collect() })
    }
}
