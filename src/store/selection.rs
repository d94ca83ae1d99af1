//! Which items may stand in a channel's document.

use std::collections::HashMap;

use super::{Store, StoreError, listed};
use crate::domain::Merge;

/// The items of a channel.
#[derive(Debug, Clone, Copy)]
pub enum Members<'a> {
    /// All of a source.
    All(&'a str),
    /// Those with a term.
    Term(i64),
    /// Those that a question chose for the feed at this address.
    Chosen(&'a str, Merge),
}

/// As the queries take it.
fn number(merge: Merge) -> i64 {
    match merge {
        Merge::Nothing => 0,
        Merge::Doubles => 1,
        Merge::Translations => 2,
    }
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
    /// Of picks, by number, the items of the same story that were left out.
    pub doubles: HashMap<i64, Vec<i64>>,
}

impl Selection {
    /// The numbers of all items that its document may need.
    pub fn items(&self) -> impl Iterator<Item = i64> {
        self.picks.iter().map(|p| p.id).chain(self.doubles.values().flatten().copied())
    }

    /// The newest items, and those beyond them that regular polls first saw after `since` (unix seconds): their numbers and whether they are
    /// of the latter kind.
    pub fn since(&self, since: i64) -> Vec<(i64, bool)> {
        let fresh = |p: &Pick| p.regular && p.first_seen > since;
        self.picks.iter().enumerate().filter(|(n, p)| *n < self.newest || fresh(p)).map(|(_, p)| (p.id, fresh(p))).collect()
    }
}

/// The columns of a [`Pick`] as they come in a list.
type PickRow = (i64, i64, i64, i64, i64);

impl Store {
    /// The items that may stand in the documents of channels, in the order given: the `newest` of each, and those that regular polls first saw
    /// after an instant (unix seconds).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn select(&self, channels: &[(Members<'_>, i64)], newest: usize) -> Result<Vec<Selection>, StoreError> {
        // One more than asked for: if it is not there, these are all, and need not be counted.
        let limit = i64::try_from(newest).unwrap_or(i64::MAX - 1) + 1;
        let mut stored = self.stored(channels, limit).await?.into_iter();
        let mut selections = Vec::with_capacity(channels.len());
        for (members, _) in channels {
            let mut picks = stored.next().unwrap_or_default();
            sort(&mut picks);
            let found = i64::try_from(picks.len()).unwrap_or(i64::MAX);
            let total = if found < limit { found } else { self.count(*members).await? };
            selections.push(Selection { total, picks, newest, doubles: HashMap::new() });
        }
        self.left_out(channels, &mut selections).await?;
        Ok(selections)
    }

    /// The picks of the channels, all by one question.
    async fn stored(&self, channels: &[(Members<'_>, i64)], limit: i64) -> Result<Vec<Vec<Pick>>, StoreError> {
        let asked: Vec<_> = channels
            .iter()
            .map(|(members, since)| match members {
                Members::All(source) => (Some(*source), None, *since, None, 0),
                Members::Term(term) => (None, Some(*term), *since, None, 0),
                Members::Chosen(address, merge) => (None, None, *since, Some(*address), number(*merge)),
            })
            .collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        // The index is named: left to itself, SQLite goes through all items of a source to find the few that are fresh.
        let query = "SELECT json_group_array(json(picks)) FROM (SELECT CASE WHEN j.value ->> 3 IS NOT NULL
             THEN (SELECT json_group_array(json_array(id, published, position, first_seen, regular)) FROM (
                 SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i JOIN (
                     SELECT t.item FROM list_item t WHERE t.list = (SELECT id FROM list WHERE address = j.value ->> 3)
                         AND (j.value ->> 4 = 0 OR NOT EXISTS (SELECT 1 FROM story s CROSS JOIN story o INDEXED BY story_by_story ON o.story = s.story AND o.item < s.item
                             CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = t.list WHERE s.item = t.item))
                         AND (j.value ->> 4 < 2 OR NOT EXISTS (SELECT 1 FROM story s CROSS JOIN story o ON o.across = s.across AND o.item < s.item
                             CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = t.list WHERE s.item = t.item))
                     ORDER BY t.published DESC, t.position, t.item LIMIT $2) t ON t.item = i.id
                 UNION SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i INDEXED BY item_fresh
                     JOIN list_item t ON t.list = (SELECT id FROM list WHERE address = j.value ->> 3)
                         AND t.published = i.published AND t.position = i.position AND t.item = i.id
                     WHERE i.source IN (SELECT id FROM source) AND i.regular = 1 AND i.first_seen > j.value ->> 2
                         AND (j.value ->> 4 = 0 OR NOT EXISTS (SELECT 1 FROM story s CROSS JOIN story o INDEXED BY story_by_story ON o.story = s.story AND o.item < s.item
                             CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = t.list WHERE s.item = t.item))
                         AND (j.value ->> 4 < 2 OR NOT EXISTS (SELECT 1 FROM story s CROSS JOIN story o ON o.across = s.across AND o.item < s.item
                             CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = t.list WHERE s.item = t.item))))
             WHEN j.value ->> 1 IS NULL
             THEN (SELECT json_group_array(json_array(id, published, position, first_seen, regular)) FROM (
                 SELECT * FROM (SELECT id, published, position, first_seen, regular FROM item
                     WHERE source = (SELECT id FROM source WHERE name = j.value ->> 0) ORDER BY published DESC, position, id LIMIT $2)
                 UNION SELECT id, published, position, first_seen, regular FROM item INDEXED BY item_fresh
                     WHERE source = (SELECT id FROM source WHERE name = j.value ->> 0) AND regular = 1 AND first_seen > j.value ->> 2))
             ELSE (SELECT json_group_array(json_array(id, published, position, first_seen, regular)) FROM (
                 SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i JOIN (
                     SELECT item FROM item_term WHERE term = j.value ->> 1 ORDER BY published DESC, position, item LIMIT $2) t ON t.item = i.id
                 UNION SELECT i.id, i.published, i.position, i.first_seen, i.regular FROM item i INDEXED BY item_fresh
                     JOIN item_term t ON t.term = j.value ->> 1 AND t.published = i.published AND t.position = i.position AND t.item = i.id
                     WHERE i.source = (SELECT source FROM term WHERE id = j.value ->> 1) AND i.regular = 1 AND i.first_seen > j.value ->> 2))
             END AS picks FROM json_each($1) j ORDER BY j.key)";
        let query = sqlx::query_scalar(query).bind(serde_json::json!(asked).to_string()).bind(limit);
        let lists: String = query.fetch_one(&self.pool).await?;
        let lists: Vec<Vec<PickRow>> = listed(&lists)?;
        let pick =
            |(id, published, position, first_seen, regular)| Pick { id, published, position, first_seen, regular: regular != 0 };
        Ok(lists.into_iter().map(|rows| rows.into_iter().map(pick).collect()).collect())
    }

    /// Notes the items that are left out for picks, in order of first sight.
    async fn left_out(&self, channels: &[(Members<'_>, i64)], selections: &mut [Selection]) -> Result<(), StoreError> {
        let mut asked = Vec::new();
        for (n, ((members, _), selection)) in channels.iter().zip(&*selections).enumerate() {
            if let Members::Chosen(address, merge @ (Merge::Doubles | Merge::Translations)) = members {
                let picks: Vec<i64> = selection.picks.iter().map(|p| p.id).collect();
                asked.push((n, *address, number(*merge), picks));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let query = "SELECT json_group_array(json_array(number, pick, item)) FROM (
             SELECT j.value ->> 0 AS number, c.value AS pick, o.item AS item FROM json_each($1) j CROSS JOIN json_each(j.value, '$[3]') c
                 CROSS JOIN story s ON s.item = c.value CROSS JOIN story o INDEXED BY story_by_story ON o.story = s.story AND o.item > s.item
                 CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = (SELECT id FROM list WHERE address = j.value ->> 1)
             UNION SELECT j.value ->> 0, c.value, o.item FROM json_each($1) j CROSS JOIN json_each(j.value, '$[3]') c
                 CROSS JOIN story s ON s.item = c.value CROSS JOIN story o ON o.across = s.across AND o.item > s.item
                 CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = (SELECT id FROM list WHERE address = j.value ->> 1)
                 WHERE j.value ->> 2 = 2
             ORDER BY number, pick, item)";
        let rows: String = sqlx::query_scalar(query).bind(serde_json::json!(asked).to_string()).fetch_one(&self.pool).await?;
        let rows: Vec<(usize, i64, i64)> = listed(&rows)?;
        for (n, pick, item) in rows {
            selections[n].doubles.entry(pick).or_default().push(item);
        }
        Ok(())
    }

    async fn count(&self, members: Members<'_>) -> Result<i64, StoreError> {
        let query = match members {
            Members::All(source) => sqlx::query_scalar("SELECT items FROM source WHERE name = $1").bind(source),
            Members::Term(term) => sqlx::query_scalar("SELECT items FROM term WHERE id = $1").bind(term),
            Members::Chosen(address, merge) => {
                let query = "SELECT items - CASE $2 WHEN 0 THEN 0 WHEN 1 THEN doubles ELSE max(doubles, translations) END FROM list WHERE address = $1";
                sqlx::query_scalar(query).bind(address).bind(number(merge))
            }
        };
        Ok(query.fetch_one(&self.pool).await?)
    }
}

/// The order of feeds: by date, then by the page's order within the day.
fn sort(picks: &mut [Pick]) {
    picks.sort_by_key(|p| (std::cmp::Reverse(p.published), p.position, p.id));
}
