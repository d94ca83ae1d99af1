//! What must hold of the database, and how what does not hold is mended without losing an item.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Store, StoreError};
use crate::domain::finding::{Finding, Part};

/// Something that must hold between rows. Foreign keys and counts are kept by the database itself: what is wrong with them was written by another
/// program, or lost with a damaged page.
struct Rule {
    /// What is wrong if it does not hold, after a number.
    what: &'static str,
    /// Counts where it does not hold.
    broken: &'static str,
    /// What makes it hold again, in order; nothing: that cannot be done.
    mend: &'static [&'static str],
}

/// In the order in which they are mended: each may rely on those before it.
const RULES: &[Rule] = &[
    Rule {
        what: "items or terms whose source is not known",
        broken: "SELECT (SELECT count(*) FROM item WHERE source NOT IN (SELECT id FROM source))
                     + (SELECT count(*) FROM term WHERE source NOT IN (SELECT id FROM source))",
        // The address of its feed of everything names it.
        mend: &["INSERT OR IGNORE INTO source (id, name) SELECT c.source, substr(c.address, 1, length(c.address) - 4) FROM channel c
                     WHERE c.term IS NULL AND c.address LIKE '%/all' AND c.source NOT IN (SELECT id FROM source)"],
    },
    Rule {
        what: "rows of what is not stored",
        broken: "SELECT count(*) FROM pragma_foreign_key_check WHERE \"table\" NOT IN ('item', 'term', 'item_term', 'list_item')
                     OR (\"table\" = 'term' AND parent = 'term')",
        mend: &[
            "UPDATE term SET target = NULL WHERE target NOT IN (SELECT id FROM term)",
            "DELETE FROM sighting WHERE item NOT IN (SELECT id FROM item)",
            "DELETE FROM story_mark WHERE item NOT IN (SELECT id FROM item) OR source NOT IN (SELECT id FROM source)",
            "DELETE FROM story WHERE item NOT IN (SELECT id FROM item)",
            "DELETE FROM list WHERE first NOT IN (SELECT id FROM term) OR second NOT IN (SELECT id FROM term)",
            "DELETE FROM list WHERE first IS NULL AND question NOT IN (SELECT id FROM question)",
            "UPDATE list SET question = NULL WHERE question NOT IN (SELECT id FROM question)",
            "DELETE FROM channel WHERE source NOT IN (SELECT id FROM source) OR term NOT IN (SELECT id FROM term)
                 OR list NOT IN (SELECT id FROM list)",
            "DELETE FROM trace WHERE forgotten NOT IN (SELECT id FROM forgotten)",
            "DELETE FROM past WHERE source NOT IN (SELECT id FROM source)",
            "DELETE FROM backfill WHERE source NOT IN (SELECT id FROM source)",
            "DELETE FROM backfill_row WHERE source NOT IN (SELECT id FROM source)",
            "DELETE FROM delivery WHERE incident NOT IN (SELECT id FROM incident)",
        ],
    },
    Rule {
        what: "items without the rows that they were seen in",
        broken: "SELECT count(*) FROM item WHERE id NOT IN (SELECT item FROM sighting)",
        mend: &["INSERT INTO sighting (item, link_id, link, key, exact, rules, terms)
                     SELECT id, link_id, link, key, zeroblob(16), zeroblob(16), terms FROM item WHERE id NOT IN (SELECT item FROM sighting)"],
    },
    Rule {
        what: "items with terms that are not known",
        broken: "SELECT count(*) FROM item i WHERE EXISTS (SELECT 1 FROM json_each(i.terms) WHERE value NOT IN (SELECT id FROM term))",
        // Their rows count as not read, so that the next poll that sees them learns the terms again.
        mend: &[
            "UPDATE sighting SET exact = zeroblob(16), terms = (SELECT json_group_array(value) FROM json_each(sighting.terms)
                     WHERE value IN (SELECT id FROM term))
                 WHERE EXISTS (SELECT 1 FROM json_each(sighting.terms) WHERE value NOT IN (SELECT id FROM term))",
            "UPDATE item SET terms = (SELECT json_group_array(value) FROM json_each(item.terms) WHERE value IN (SELECT id FROM term))
                 WHERE EXISTS (SELECT 1 FROM json_each(item.terms) WHERE value NOT IN (SELECT id FROM term))",
        ],
    },
    Rule {
        what: "items that stand in other feeds than their terms say",
        broken: "WITH named AS (SELECT j.value AS term, i.published, i.position, i.id AS item FROM item i, json_each(i.terms) j)
                 SELECT (SELECT count(*) FROM (SELECT * FROM named EXCEPT SELECT term, published, position, item FROM item_term))
                     + (SELECT count(*) FROM (SELECT term, published, position, item FROM item_term EXCEPT SELECT * FROM named))",
        mend: &[
            "DELETE FROM item_term",
            "INSERT OR IGNORE INTO item_term (term, published, position, item)
                 SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j",
        ],
    },
    Rule {
        what: "wrong numbers of items",
        broken: "SELECT (SELECT count(*) FROM source WHERE items <> (SELECT count(*) FROM item WHERE item.source = source.id))
                     + (SELECT count(*) FROM term WHERE items <> (SELECT count(*) FROM item_term WHERE item_term.term = term.id))",
        mend: &[
            "UPDATE source SET items = (SELECT count(*) FROM item WHERE item.source = source.id)",
            "UPDATE term SET items = (SELECT count(*) FROM item_term WHERE item_term.term = term.id)",
        ],
    },
    Rule {
        what: "items that stand in feeds of one's own or of pairs where they do not belong, or wrong numbers of them",
        broken: "SELECT (SELECT count(*) FROM list_item p LEFT JOIN item i ON i.id = p.item LEFT JOIN list l ON l.id = p.list
                     WHERE i.id IS NULL OR l.id IS NULL OR (i.published, i.position) IS NOT (p.published, p.position))
                     + (SELECT count(*) FROM list WHERE items <> (SELECT count(*) FROM list_item WHERE list_item.list = list.id)
                         OR doubles <> (SELECT count(*) - count(DISTINCT s.story) FROM list_item p JOIN story s ON s.item = p.item WHERE p.list = list.id)
                         OR translations <> (SELECT count(*) - count(DISTINCT s.across) FROM list_item p JOIN story s ON s.item = p.item
                             WHERE p.list = list.id AND s.across IS NOT NULL))",
        // All are asked again by the next publishing.
        mend: &[
            "DELETE FROM list_item",
            "UPDATE list SET items = 0, doubles = 0, translations = 0",
            "UPDATE question SET through = 0, left = 0",
        ],
    },
    Rule {
        what: "feeds that are not listed",
        broken: "SELECT (SELECT count(*) FROM source WHERE items > 0 AND name || '/all' NOT IN (SELECT address FROM channel))
                     + (SELECT count(*) FROM term t JOIN source s ON s.id = t.source WHERE t.items > 0 AND NOT t.held AND NOT t.forgotten
                         AND s.name || '/' || t.facet || '/' || t.slug NOT IN (SELECT address FROM channel))",
        mend: &[
            "INSERT INTO channel (address, source, stale, revision) SELECT name || '/all', id, unixepoch(), 1 FROM source
                 WHERE items > 0 AND name || '/all' NOT IN (SELECT address FROM channel)",
            "INSERT INTO channel (address, source, term, stale, revision)
                 SELECT s.name || '/' || t.facet || '/' || t.slug, s.id, t.id, unixepoch(), 1
                 FROM term t JOIN source s ON s.id = t.source WHERE t.items > 0 AND NOT t.held AND NOT t.forgotten
                     AND s.name || '/' || t.facet || '/' || t.slug NOT IN (SELECT address FROM channel)",
        ],
    },
    Rule {
        what: "tables of one row that have another number",
        broken: "SELECT ((SELECT count(*) FROM flush) <> 1) + ((SELECT count(*) FROM status) <> 1)",
        mend: &[
            "INSERT INTO flush SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM flush)",
            "DELETE FROM flush WHERE rowid > (SELECT min(rowid) FROM flush)",
            "INSERT INTO status SELECT unixepoch(), 0, NULL, NULL WHERE NOT EXISTS (SELECT 1 FROM status)",
            "DELETE FROM status WHERE rowid > (SELECT min(rowid) FROM status)",
        ],
    },
    Rule {
        what: "items that were forgotten and are stored: forget them again",
        broken: "SELECT count(*) FROM item i JOIN forgotten f ON f.origin = i.origin AND f.counter = i.counter",
        mend: &[],
    },
];

/// What is said of damage, at most so often.
const LINES: usize = 5;

impl Store {
    /// What SQLite finds wrong with the file, in its own words; nothing: it is whole.
    ///
    /// # Errors
    /// When the file cannot be read for another reason than damage.
    pub(super) async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        match sqlx::query("PRAGMA integrity_check(20)").fetch_all(&self.pool).await {
            Ok(rows) => {
                let lines = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
                // One row may be of several lines.
                Ok(lines.iter().flat_map(|row| row.lines()).filter(|line| *line != "ok").map(str::to_owned).collect())
            }
            Err(error) if is_damage(&error) => Ok(vec![super::open::plain(&error)]),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the file is damaged, and what does not hold of the rows in it.
    ///
    /// # Errors
    /// When the database cannot be read for another reason than damage.
    pub async fn examine(&self) -> Result<Vec<Finding>, StoreError> {
        let mut damage = self.integrity().await?;
        let mut findings = Vec::new();
        if damage.is_empty() {
            for rule in RULES {
                match sqlx::query_scalar::<_, i64>(rule.broken).fetch_one(&self.pool).await {
                    Ok(0) => {}
                    Ok(count) => {
                        let finding = Finding::mendable(Part::Database, format!("{count} {}", rule.what));
                        let advice = if rule.mend.is_empty() {
                            "run `newsroomd forget` with their guids".into()
                        } else {
                            finding.advice.clone()
                        };
                        findings.push(Finding { mends: !rule.mend.is_empty(), advice, ..finding });
                    }
                    Err(error) if is_damage(&error) => damage.push(super::open::plain(&error)),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if !damage.is_empty() {
            let more = damage.len().saturating_sub(LINES);
            damage.truncate(LINES);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let said = Finding::mendable(Part::Database, format!("the file is damaged: {}{more}", damage.join("; ")));
            let advice = "restore a backup, or run `newsroomd doctor --repair`, which saves what can be read";
            findings.push(Finding { advice: advice.into(), ..said });
        }
        Ok(findings)
    }

    /// Mends what does not hold; says what did not. Damage of the file is another matter.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn mend(&self) -> Result<Vec<String>, StoreError> {
        let mut mended = Vec::new();
        // Rows are mended one kind after the other, and meanwhile not all holds. The setting is void within a transaction.
        let mut connection = self.pool.acquire().await?;
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *connection).await?;
        let result = mend_rows(&mut connection, &mut mended).await;
        sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *connection).await?;
        result.map(|()| mended)
    }

    /// Marks these channels to be rendered anew, the status feed and the lists of feeds too, and these documents to be removed: whoever publishes next does so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publish_anew(&self, addresses: &[&str], remove: &[String], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE channel SET stale = coalesce(stale, $2) WHERE address IN (SELECT value FROM json_each($1))")
            .bind(serde_json::json!(addresses).to_string())
            .bind(at.timestamp())
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE status SET published = NULL").execute(&mut *tx).await?;
        sqlx::query("UPDATE tree SET lists = NULL").execute(&mut *tx).await?;
        sqlx::query("INSERT OR IGNORE INTO gone SELECT value FROM json_each($1)")
            .bind(serde_json::json!(remove).to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

async fn mend_rows(connection: &mut sqlx::SqliteConnection, mended: &mut Vec<String>) -> Result<(), StoreError> {
    let mut tx = sqlx::Connection::begin_with(connection, "BEGIN IMMEDIATE").await?;
    for rule in RULES.iter().filter(|rule| !rule.mend.is_empty()) {
        let count: i64 = sqlx::query_scalar(rule.broken).fetch_one(&mut *tx).await?;
        if count > 0 {
            for statement in rule.mend {
                sqlx::query(*statement).execute(&mut *tx).await?;
            }
            mended.push(format!("{count} {}", rule.what));
        }
    }
    Ok(tx.commit().await?)
}

/// Whether SQLite refuses since the file is damaged (SQLITE_CORRUPT, SQLITE_NOTADB, in the low byte of the extended code).
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    code.and_then(|c| c.parse::<u32>().ok()).is_some_and(|c| matches!(c & 0xff, 11 | 26))
}
