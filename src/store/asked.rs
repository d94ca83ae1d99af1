//! Questions put to items: each once when it comes or changes, all anew when a question is another one.
//!
//! Which items came is noted by who writes them (`rows.rs`), and which changed by the database itself (`unasked`). Who stores a walk asks them in the
//! same transaction; a question that it does not know, since its configuration is another one, is left to who publishes: to be asked from the first of
//! these items on. Who publishes brings the stored questions in line with its configuration and asks what was not asked, some items at a time, so that
//! neither memory nor other processes' patience bound how much is stored.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::SqliteConnection;

use super::{Store, StoreError};
use crate::domain::question::Candidate;
use crate::domain::words::Words;
use crate::domain::{Address, Digest, Id, Question};
use crate::normalise::html::text_of;

/// So many items are asked in one transaction.
const BATCH: usize = 500;

/// A question of the configuration.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The address of its feed; of pairs, those of their facets.
    pub name: String,
    /// Changes whenever it may choose other items.
    pub stamp: Digest,
    /// What it asks.
    pub what: What,
}

/// What a question asks.
#[derive(Debug, Clone)]
pub enum What {
    /// Whether an item stands in a feed that the config defines.
    Feed(Question),
    /// In which pairs of terms an item stands.
    Pairs(Pairs),
}

/// The pairs of two facets.
#[derive(Debug, Clone)]
pub struct Pairs {
    /// Their source.
    pub source: Id,
    /// The facets' names, in the order of the address.
    pub facets: [String; 2],
    /// No more of them have feeds.
    pub max: usize,
}

/// A question as stored.
#[derive(Debug, Clone)]
struct Row {
    id: i64,
    name: String,
    stamp: Digest,
    through: Option<i64>,
}

from_row!(Row { id, name, stamp, through });

/// A stored question that this configuration knows.
struct Known<'a> {
    row: Row,
    what: &'a What,
}

/// An item as it is asked.
struct Item {
    id: i64,
    source: String,
    published: i64,
    zone: i64,
    position: i64,
    title: String,
    summary: Option<String>,
    body: Option<String>,
    terms: String,
}

from_row!(Item { id, source, published, zone, position, title, summary, body, terms });

/// A term as questions see it.
struct Term {
    id: i64,
    facet: String,
    folded: String,
    slug: String,
    held: bool,
}

from_row!(Term { id, facet, folded, slug, held });

/// A place in a list: list, published, position and item.
type Place = (i64, i64, i64, i64);

/// Which items a question is put to.
#[derive(Clone, Copy)]
enum Whom {
    /// Those that it was put to before: they changed since.
    Again,
    /// Those that it was not put to yet.
    First,
}

impl Whom {
    fn includes(self, question: &Row, item: i64) -> bool {
        match self {
            Self::Again => question.through.is_none_or(|through| item <= through),
            Self::First => question.through.is_some_and(|through| item > through),
        }
    }
}

impl Store {
    /// Brings the stored questions in line with those of the configuration, and has all items asked that were not. Only for who publishes, and where
    /// [`super::Pending::is_asked`] says that there is something to do: it writes in any case.
    /// Gives the names of those pairs of which there turned out to be more than may have feeds.
    ///
    /// # Errors
    /// When the database fails; what was asked until then stays so.
    pub async fn ask(&self, asked: &[Asked], at: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        settle(&mut tx, asked).await?;
        tx.commit().await?;
        loop {
            let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let done = !ask_again(&mut tx, asked, at, BATCH).await? && !ask_first(&mut tx, asked, at).await?;
            tx.commit().await?;
            if done {
                break;
            }
        }
        Ok(sqlx::query_scalar("UPDATE question SET left = 2 WHERE left = 1 RETURNING name").fetch_all(&self.pool).await?)
    }
}

/// Asks the items that came or changed, in the transaction that stores them.
pub(super) async fn ask_changed(tx: &mut SqliteConnection, asked: &[Asked], at: DateTime<Utc>) -> Result<(), StoreError> {
    while ask_again(tx, asked, at, BATCH).await? {}
    Ok(())
}

/// Marks the feeds of lists that hold an item as stale, before it goes.
pub(super) async fn mark_lists_of(tx: &mut SqliteConnection, item: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
    let lists: Vec<i64> = sqlx::query_scalar("SELECT list FROM list_item WHERE item = $1").bind(item).fetch_all(&mut *tx).await?;
    mark(tx, &lists.into_iter().collect(), at).await
}

async fn rows(tx: &mut SqliteConnection) -> Result<Vec<Row>, StoreError> {
    Ok(sqlx::query_as("SELECT id, name, stamp, through FROM question ORDER BY id").fetch_all(tx).await?)
}

/// Removes questions that are no longer asked, adds new ones, and has those that changed asked anew.
async fn settle(tx: &mut SqliteConnection, asked: &[Asked]) -> Result<(), StoreError> {
    let names: Vec<&str> = asked.iter().map(|a| a.name.as_str()).collect();
    let names = serde_json::json!(names).to_string();
    let gone = [
        "DELETE FROM list_item WHERE list IN (SELECT id FROM list WHERE question IN
             (SELECT id FROM question WHERE name NOT IN (SELECT value FROM json_each($1))))",
        "DELETE FROM list WHERE first IS NULL AND question IN
             (SELECT id FROM question WHERE name NOT IN (SELECT value FROM json_each($1)))",
        "UPDATE list SET question = NULL WHERE question IN
             (SELECT id FROM question WHERE name NOT IN (SELECT value FROM json_each($1)))",
        "DELETE FROM question WHERE name NOT IN (SELECT value FROM json_each($1))",
    ];
    for statement in gone {
        sqlx::query(statement).bind(&names).execute(&mut *tx).await?;
    }
    for one in asked {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO question (name, stamp, through) VALUES ($1, $2, 0) ON CONFLICT (name) DO UPDATE
                 SET through = iif(stamp = excluded.stamp, through, 0), left = iif(stamp = excluded.stamp, left, 0), stamp = excluded.stamp
             RETURNING id",
        )
        .bind(&one.name)
        .bind(one.stamp)
        .fetch_one(&mut *tx)
        .await?;
        if let What::Feed(_) = one.what {
            sqlx::query("INSERT INTO list (address, question) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(&one.name)
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
    }
    Ok(())
}

/// The stored questions, known ones and others.
fn sorted(rows: Vec<Row>, asked: &[Asked]) -> (Vec<Known<'_>>, Vec<i64>) {
    let (mut known, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        match asked.iter().find(|a| a.name == row.name && a.stamp == row.stamp) {
            Some(asked) => known.push(Known { row, what: &asked.what }),
            None => others.push(row.id),
        }
    }
    (known, others)
}

/// Puts to some of the items that came or changed what they were asked before; false: there are none.
async fn ask_again(tx: &mut SqliteConnection, asked: &[Asked], at: DateTime<Utc>, limit: usize) -> Result<bool, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let items: Vec<i64> =
        sqlx::query_scalar("SELECT item FROM unasked ORDER BY item LIMIT $1").bind(limit).fetch_all(&mut *tx).await?;
    let (Some(first), Some(last)) = (items.first(), items.last()) else { return Ok(false) };
    let (known, others) = sorted(rows(tx).await?, asked);
    if !others.is_empty() {
        sqlx::query(
            "UPDATE question SET through = $1 - 1 WHERE coalesce(through, $1) >= $1 AND id IN (SELECT value FROM json_each($2))",
        )
        .bind(first)
        .bind(serde_json::json!(others).to_string())
        .execute(&mut *tx)
        .await?;
    }
    put(tx, &items, &known, Whom::Again, at).await?;
    sqlx::query("DELETE FROM unasked WHERE item <= $1").bind(last).execute(&mut *tx).await?;
    Ok(true)
}

/// Puts to the next items what they were not asked yet; false: there was nothing left to ask.
async fn ask_first(tx: &mut SqliteConnection, asked: &[Asked], at: DateTime<Utc>) -> Result<bool, StoreError> {
    let (known, _) = sorted(rows(tx).await?, asked);
    let Some(through) = known.iter().filter_map(|k| k.row.through).min() else { return Ok(false) };
    let items: Vec<i64> = sqlx::query_scalar("SELECT id FROM item WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(through)
        .bind(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
    put(tx, &items, &known, Whom::First, at).await?;
    let ids: Vec<i64> = known.iter().map(|k| k.row.id).collect();
    // At the end the next transaction finds no question that is not through.
    let through = items.last().filter(|_| items.len() == BATCH);
    sqlx::query(
        "UPDATE question SET through = $1 WHERE (through < $1 OR ($1 IS NULL AND through IS NOT NULL)) AND id IN (SELECT value FROM json_each($2))",
    )
    .bind(through)
    .bind(serde_json::json!(ids).to_string())
    .execute(&mut *tx)
    .await?;
    Ok(true)
}

/// Puts questions to items, keeps the answers, and marks the feeds as stale that hold one of them or held it before.
async fn put(
    tx: &mut SqliteConnection,
    items: &[i64],
    known: &[Known<'_>],
    whom: Whom,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    if items.is_empty() || known.is_empty() {
        return Ok(());
    }
    let before = before(tx, items, known, whom).await?;
    let (items, terms) = load(tx, items, known).await?;
    let mut after: HashSet<Place> = HashSet::new();
    let mut pairs: HashMap<(usize, i64, i64), Vec<usize>> = HashMap::new();
    let lists = lists(tx, known).await?;
    for (number, item) in items.iter().enumerate() {
        let ids: Vec<i64> = serde_json::from_str(&item.terms).unwrap_or_default();
        let of_item: Vec<&Term> = ids.iter().filter_map(|id| terms.get(id)).collect();
        let names: Vec<(&str, &str)> = of_item.iter().map(|t| (t.facet.as_str(), t.folded.as_str())).collect();
        let candidate = candidate(item, &names);
        for (n, question) in known.iter().enumerate().filter(|(_, k)| whom.includes(&k.row, item.id)) {
            match question.what {
                What::Feed(what) => {
                    if let Some(list) = lists.get(&question.row.id).filter(|_| what.holds(&candidate)) {
                        after.insert((*list, item.published, item.position, item.id));
                    }
                }
                What::Pairs(wanted) if wanted.source.as_str() == item.source => {
                    let of = |n: usize| of_item.iter().filter(move |t| t.facet == wanted.facets[n] && !t.held).map(|t| t.id);
                    for (first, second) in of(0).flat_map(|a| of(1).map(move |b| (a, b))) {
                        pairs.entry((n, first, second)).or_default().push(number);
                    }
                }
                What::Pairs(_) => {}
            }
        }
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    // In the order of their first items, so that the same ones have feeds wherever there are too many.
    pairs.sort_by_key(|((question, first, second), of)| (*question, of.first().copied(), *first, *second));
    for ((question, first, second), of) in pairs {
        if let Some(list) = pair(tx, &known[question], &terms[&first], &terms[&second]).await? {
            after.extend(of.into_iter().map(|n| (list, items[n].published, items[n].position, items[n].id)));
        }
    }
    let sorted = |places: std::collections::hash_set::Difference<'_, Place, _>| -> String {
        let places: BTreeSet<&Place> = places.collect();
        serde_json::json!(places).to_string()
    };
    if before != after {
        sqlx::query(
            "DELETE FROM list_item WHERE (list, published, position, item) IN
                 (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1))",
        )
        .bind(sorted(before.difference(&after)))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO list_item (list, published, position, item) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)",
        )
        .bind(sorted(after.difference(&before)))
        .execute(&mut *tx)
        .await?;
    }
    mark(tx, &before.iter().chain(&after).map(|place| place.0).collect(), at).await
}

/// Where these questions placed the items so far.
async fn before(tx: &mut SqliteConnection, items: &[i64], known: &[Known<'_>], whom: Whom) -> Result<HashSet<Place>, StoreError> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT l.question, p.list, p.published, p.position, p.item FROM json_each($1) j CROSS JOIN list_item p ON p.item = j.value
         JOIN list l ON l.id = p.list WHERE l.question IS NOT NULL",
    )
    .bind(serde_json::json!(items).to_string())
    .fetch_all(tx)
    .await?;
    let by_id: HashMap<i64, &Row> = known.iter().map(|k| (k.row.id, &k.row)).collect();
    let includes = |question: &i64, item: i64| by_id.get(question).is_some_and(|row| whom.includes(row, item));
    Ok(rows.into_iter().filter(|(question, .., item)| includes(question, *item)).map(|(_, a, b, c, d)| (a, b, c, d)).collect())
}

/// The items as they are asked, by number, and their terms.
async fn load(
    tx: &mut SqliteConnection,
    ids: &[i64],
    known: &[Known<'_>],
) -> Result<(Vec<Item>, HashMap<i64, Term>), StoreError> {
    let words = known.iter().any(|k| matches!(k.what, What::Feed(question) if question.asks_for_words()));
    let ids = serde_json::json!(ids).to_string();
    let items: Vec<Item> = sqlx::query_as(
        "SELECT i.id, s.name AS source, i.published, i.zone, i.position, iif($2, i.title, '') AS title, iif($2, i.summary, NULL) AS summary,
             iif($2, a.had ->> '$.content', NULL) AS body, i.terms
         FROM json_each($1) j CROSS JOIN item i ON i.id = j.value JOIN source s ON s.id = i.source LEFT JOIN article a ON a.item = i.id ORDER BY i.id",
    )
    .bind(&ids)
    .bind(words)
    .fetch_all(&mut *tx)
    .await?;
    let terms: Vec<Term> = sqlx::query_as(
        "SELECT id, facet, folded, slug, held FROM term WHERE id IN
             (SELECT t.value FROM json_each($1) j CROSS JOIN item i ON i.id = j.value, json_each(i.terms) t)",
    )
    .bind(&ids)
    .fetch_all(tx)
    .await?;
    Ok((items, terms.into_iter().map(|term| (term.id, term)).collect()))
}

fn candidate<'a>(item: &'a Item, terms: &'a [(&'a str, &'a str)]) -> Candidate<'a> {
    let words = |html: &Option<String>| html.as_deref().map(|html| Words::of(&text_of(html))).unwrap_or_default();
    let (title, summary, body) = (Words::of(&item.title), words(&item.summary), words(&item.body));
    Candidate { source: &item.source, day: day(item.published, item.zone), terms, title, summary, body }
}

/// The day of an instant (unix seconds) so many seconds east of Greenwich.
fn day(published: i64, zone: i64) -> NaiveDate {
    DateTime::from_timestamp(published.saturating_add(zone), 0).unwrap_or_default().date_naive()
}

/// The list of each question that has only one.
async fn lists(tx: &mut SqliteConnection, known: &[Known<'_>]) -> Result<HashMap<i64, i64>, StoreError> {
    let feeds: Vec<i64> = known.iter().filter(|k| matches!(k.what, What::Feed(_))).map(|k| k.row.id).collect();
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT question, id FROM list WHERE question IN (SELECT value FROM json_each($1))")
            .bind(serde_json::json!(feeds).to_string())
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}

/// The list of a pair, made if there is none; None: there are too many.
async fn pair(tx: &mut SqliteConnection, question: &Known<'_>, first: &Term, second: &Term) -> Result<Option<i64>, StoreError> {
    let What::Pairs(pairs) = question.what else { return Ok(None) };
    let stored: Option<(i64, Option<i64>)> = sqlx::query_as("SELECT id, question FROM list WHERE first = $1 AND second = $2")
        .bind(first.id)
        .bind(second.id)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some((list, Some(_))) = stored {
        return Ok(Some(list));
    }
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM list WHERE question = $1").bind(question.row.id).fetch_one(&mut *tx).await?;
    if usize::try_from(count).is_ok_and(|count| count >= pairs.max) {
        sqlx::query("UPDATE question SET left = 1 WHERE id = $1 AND left = 0").bind(question.row.id).execute(&mut *tx).await?;
        return Ok(None);
    }
    let list = sqlx::query_scalar(
        "INSERT INTO list (address, question, first, second) VALUES ($1, $2, $3, $4)
         ON CONFLICT (address) DO UPDATE SET question = excluded.question RETURNING id",
    )
    .bind(Address::pair(&pairs.source, [&first.facet, &first.slug], [&second.facet, &second.slug]).to_string())
    .bind(question.row.id)
    .bind(first.id)
    .bind(second.id)
    .fetch_one(tx)
    .await?;
    Ok(Some(list))
}

/// Marks the feeds of these lists as stale; one that has none yet gets it.
async fn mark(tx: &mut SqliteConnection, lists: &BTreeSet<i64>, at: DateTime<Utc>) -> Result<(), StoreError> {
    if !lists.is_empty() {
        sqlx::query(
            "INSERT INTO channel (address, source, list, stale)
                 SELECT l.address, t.source, iif(l.first IS NULL, NULL, l.id), $2 FROM list l LEFT JOIN term t ON t.id = l.first
                 WHERE l.id IN (SELECT value FROM json_each($1))
             ON CONFLICT (address) DO UPDATE SET stale = excluded.stale, list = excluded.list",
        )
        .bind(serde_json::json!(lists).to_string())
        .bind(at.timestamp())
        .execute(tx)
        .await?;
    }
    Ok(())
}
