//! Stories: which stored items of different sources are one (see `normalise::story`).
//!
//! Looked for once, in order of first sight, before an item is first published, and kept: an edit changes none. The marks of items are looked up by
//! index, a batch at a time; what is stored is never gone through. Which of a story's items stands in a feed is a matter of reading (see
//! `selection`): the first seen of those that the feed holds, so that nothing is to be done when one is forgotten or is no longer asked for.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::SqliteConnection;

use super::{Store, StoreError, digest, listed};
use crate::domain::Digest;
use crate::normalise::story::{Bearer, Editions, MOST, Marks, RECENT, by_link, by_title, marks};

/// So many items are looked at in one transaction.
const BATCH: usize = 500;

/// An item whose story is looked for.
struct Item {
    id: i64,
    source: i64,
    name: String,
    title: String,
    link: Option<String>,
    day: i64,
    /// What was found before.
    story: Option<i64>,
    across: Option<i64>,
}

from_row!(Item { id, source, name, title, link, day, story, across });

/// A grouping of items.
#[derive(Clone, Copy)]
enum Grouping {
    /// Items of one story.
    Story,
    /// Those, in whatever language.
    Across,
}

impl Grouping {
    /// The members of the groups that these items (a JSON list) are in, and of these groups: item, group and source.
    fn members(self) -> &'static str {
        match self {
            Self::Story => {
                "SELECT o.item, o.story, i.source FROM story o JOIN item i ON i.id = o.item
                 WHERE o.story IN (SELECT s.story FROM json_each($1) j JOIN story s ON s.item = j.value UNION SELECT value FROM json_each($2))"
            }
            Self::Across => {
                "SELECT o.item, o.across, i.source FROM story o JOIN item i ON i.id = o.item
                 WHERE o.across IN (SELECT s.across FROM json_each($1) j JOIN story s ON s.item = j.value WHERE s.across IS NOT NULL
                     UNION SELECT value FROM json_each($2))"
            }
        }
    }
}

/// Which groups there are.
#[derive(Default)]
struct Groups {
    of: HashMap<i64, i64>,
    sources: HashMap<i64, HashSet<i64>>,
}

impl Groups {
    async fn load(
        tx: &mut SqliteConnection,
        grouping: Grouping,
        items: BTreeSet<i64>,
        groups: BTreeSet<i64>,
    ) -> Result<Self, StoreError> {
        let query = sqlx::query_as(grouping.members());
        let query = query.bind(serde_json::json!(items).to_string()).bind(serde_json::json!(groups).to_string());
        let rows: Vec<(i64, i64, i64)> = query.fetch_all(tx).await?;
        let mut groups = Self::default();
        rows.into_iter().for_each(|(item, group, source)| groups.add(item, group, source));
        Ok(groups)
    }

    fn add(&mut self, item: i64, group: i64, source: i64) {
        self.of.insert(item, group);
        self.sources.entry(group).or_default().insert(source);
    }

    /// The group of the first of these items whose group has none of this source.
    fn without(&self, source: i64, items: &[i64]) -> Option<i64> {
        let groups = items.iter().filter_map(|item| self.of.get(item));
        groups.copied().find(|group| self.sources.get(group).is_none_or(|sources| !sources.contains(&source)))
    }
}

/// Item, source and day, as they come in a list.
type Found = (i64, i64, i64);

/// Who has which mark.
#[derive(Default)]
struct Bearers(HashMap<Digest, Vec<Bearer>>);

impl Bearers {
    /// Looks up marks, each from one day to another.
    async fn load(tx: &mut SqliteConnection, wanted: &[(Digest, i64, i64)]) -> Result<Self, StoreError> {
        let asked: Vec<_> = wanted.iter().map(|(mark, from, to)| (mark.simple().to_string(), from, to)).collect();
        let rows: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(j.value ->> 0, json((SELECT json_group_array(json_array(item, source, day)) FROM (
                 SELECT item, source, day FROM story_mark WHERE digest = unhex(j.value ->> 0) AND day BETWEEN j.value ->> 1 AND j.value ->> 2
                 LIMIT $2))))) FROM json_each($1) j",
        )
        .bind(serde_json::json!(asked).to_string())
        .bind(i64::try_from(MOST).unwrap_or(i64::MAX))
        .fetch_one(tx)
        .await?;
        let rows: Vec<(String, Vec<Found>)> = listed(&rows)?;
        let mut bearers = Self::default();
        for (mark, found) in rows {
            for (item, source, day) in found {
                bearers.add(digest(&mark).unwrap_or_default(), Bearer { item, source, day });
            }
        }
        Ok(bearers)
    }

    fn add(&mut self, mark: Digest, bearer: Bearer) {
        let of_mark = self.0.entry(mark).or_default();
        if !of_mark.contains(&bearer) {
            of_mark.push(bearer);
        }
    }

    fn of(&self, mark: Option<Digest>) -> &[Bearer] {
        mark.and_then(|mark| self.0.get(&mark)).map_or(&[], Vec::as_slice)
    }

    fn items(&self) -> impl Iterator<Item = i64> {
        self.0.values().flatten().map(|b| b.item)
    }
}

impl Store {
    /// Looks for the stories of items that are new, and for those across languages if the editions are others than before. Only for who publishes,
    /// before anything is read for it.
    ///
    /// # Errors
    /// When the database fails; what was found until then stays so.
    pub async fn find_stories(&self, editions: &Editions) -> Result<(), StoreError> {
        let (last, through, across, known): (i64, i64, i64, Option<Digest>) =
            sqlx::query_as("SELECT (SELECT coalesce(max(id), 0) FROM item), through, across, editions FROM story_state")
                .fetch_one(&self.pool)
                .await?;
        let stamp = editions.stamp();
        if last == through && (editions.0.is_empty() || across == through) && known == Some(stamp) {
            return Ok(());
        }
        if known != Some(stamp) {
            let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            for statement in
                ["UPDATE story SET across = NULL WHERE across IS NOT NULL", "DELETE FROM story_mark WHERE edition = 1"]
            {
                sqlx::query(statement).execute(&mut *tx).await?;
            }
            sqlx::query("UPDATE story_state SET across = 0, editions = $1").bind(stamp).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        for grouping in [Grouping::Story, Grouping::Across] {
            if matches!(grouping, Grouping::Across) && editions.0.is_empty() {
                break;
            }
            loop {
                let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
                let more = place(&mut tx, grouping, editions).await?;
                tx.commit().await?;
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Finds the groups of the next items; false: these were the last.
async fn place(tx: &mut SqliteConnection, grouping: Grouping, editions: &Editions) -> Result<bool, StoreError> {
    let items = next(tx, grouping).await?;
    let Some(last) = items.last().map(|item| item.id) else { return Ok(false) };
    let marks: Vec<Marks> =
        items.iter().map(|item| marks(&item.title, item.link.as_deref(), editions.0.get(&item.name))).collect();
    let wanted = items.iter().zip(&marks).flat_map(|(item, marks)| {
        let (link, title) = match grouping {
            Grouping::Story => (marks.link, marks.title),
            Grouping::Across => (marks.edition, None),
        };
        let ever = link.map(|mark| (mark, i64::MIN, i64::MAX));
        ever.into_iter().chain(title.map(|mark| (mark, item.day - RECENT, item.day + RECENT)))
    });
    let mut bearers = Bearers::load(tx, &wanted.collect::<Vec<_>>()).await?;
    // Of each story the group across languages.
    let mut stories = match grouping {
        Grouping::Story => HashMap::new(),
        Grouping::Across => across_of(tx, &items).await?,
    };
    let known = bearers.items().chain(items.iter().map(|item| item.id)).collect();
    let mut groups = Groups::load(tx, grouping, known, stories.values().copied().collect()).await?;
    let (mut found, mut noted) = (Vec::new(), Vec::new());
    for (item, marks) in items.iter().zip(&marks) {
        let (own_marks, joined) = match grouping {
            Grouping::Story => {
                let joined = groups.without(item.source, &by_link(item.source, bearers.of(marks.link)));
                let joined =
                    joined.or_else(|| groups.without(item.source, &by_title(item.source, item.day, bearers.of(marks.title))));
                ([marks.link, marks.title], item.story.or(joined))
            }
            Grouping::Across => {
                let of_story = item.story.and_then(|story| stories.get(&story).copied());
                let joined = of_story.or_else(|| groups.without(item.source, &by_link(item.source, bearers.of(marks.edition))));
                ([marks.edition, None], item.across.or(joined))
            }
        };
        let group = joined.unwrap_or(item.id);
        groups.add(item.id, group, item.source);
        if let Some(story) = item.story {
            stories.entry(story).or_insert(group);
        }
        found.push((item.id, group));
        let edition = matches!(grouping, Grouping::Across);
        for mark in own_marks.into_iter().flatten() {
            bearers.add(mark, Bearer { item: item.id, source: item.source, day: item.day });
            noted.push((mark.simple().to_string(), item.day, item.id, item.source, i64::from(edition)));
        }
    }
    let keep = match grouping {
        Grouping::Story => {
            "INSERT INTO story (item, story) SELECT value ->> 0, value ->> 1 FROM json_each($1) ORDER BY key ON CONFLICT DO NOTHING"
        }
        Grouping::Across => {
            "UPDATE story SET across = j.value ->> 1 FROM json_each($1) j WHERE item = j.value ->> 0 AND across IS NOT j.value ->> 1"
        }
    };
    sqlx::query(keep).bind(serde_json::json!(found).to_string()).execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO story_mark (digest, day, item, source, edition)
             SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(serde_json::json!(noted).to_string())
    .execute(&mut *tx)
    .await?;
    let through = match grouping {
        Grouping::Story => "UPDATE story_state SET through = $1",
        Grouping::Across => "UPDATE story_state SET across = $1",
    };
    sqlx::query(through).bind(last).execute(&mut *tx).await?;
    Ok(items.len() == BATCH)
}

async fn next(tx: &mut SqliteConnection, grouping: Grouping) -> Result<Vec<Item>, StoreError> {
    let query = match grouping {
        Grouping::Story => {
            "SELECT i.id, i.source, s.name, i.title, i.link, i.day, t.story, t.across FROM item i JOIN source s ON s.id = i.source
             LEFT JOIN story t ON t.item = i.id WHERE i.id > (SELECT through FROM story_state) ORDER BY i.id LIMIT $1"
        }
        Grouping::Across => {
            "SELECT i.id, i.source, s.name, i.title, i.link, i.day, t.story, t.across FROM item i JOIN source s ON s.id = i.source
             LEFT JOIN story t ON t.item = i.id WHERE i.id > (SELECT across FROM story_state) AND i.id <= (SELECT through FROM story_state)
             ORDER BY i.id LIMIT $1"
        }
    };
    Ok(sqlx::query_as(query).bind(i64::try_from(BATCH).unwrap_or(i64::MAX)).fetch_all(tx).await?)
}

async fn across_of(tx: &mut SqliteConnection, items: &[Item]) -> Result<HashMap<i64, i64>, StoreError> {
    let stories: BTreeSet<i64> = items.iter().filter_map(|item| item.story).collect();
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT story, min(across) FROM story WHERE story IN (SELECT value FROM json_each($1)) AND across IS NOT NULL GROUP BY story",
    )
    .bind(serde_json::json!(stories).to_string())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}
