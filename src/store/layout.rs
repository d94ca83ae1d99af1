//! The database's layout: what a new one begins with, and how an older one comes to it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqliteConnection};

use super::StoreError;

/// "NRSD": set by the first migration, and by `newest.sql`.
pub(super) const APPLICATION_ID: i64 = 1_314_018_116;

/// Every layout, in order. Never change one that was released: add another, and write what it makes into `newest.sql`.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "items", include_str!("migrations/0001_items.sql")),
    (2, "forgotten", include_str!("migrations/0002_forgotten.sql")),
    (3, "revision", include_str!("migrations/0003_revision.sql")),
    (4, "counts", include_str!("migrations/0004_counts.sql")),
    (5, "hosts", include_str!("migrations/0005_hosts.sql")),
    (6, "health", include_str!("migrations/0006_health.sql")),
    (7, "backfill", include_str!("migrations/0007_backfill.sql")),
    (8, "moved", include_str!("migrations/0008_moved.sql")),
    (9, "slack", include_str!("migrations/0009_slack.sql")),
    (10, "tried", include_str!("migrations/0010_tried.sql")),
    (11, "image", include_str!("migrations/0011_image.sql")),
    (12, "question", include_str!("migrations/0012_question.sql")),
    (13, "articles", include_str!("migrations/0013_articles.sql")),
    (14, "story", include_str!("migrations/0014_story.sql")),
    (15, "counted", include_str!("migrations/0015_counted.sql")),
    (16, "tree", include_str!("migrations/0016_tree.sql")),
];

/// The newest layout that is known here. The file's header says which one it has ("user version"), so that a start need not look further.
pub(super) const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The newest layout, whole.
const WHOLE: &str = include_str!("migrations/newest.sql");

/// Makes the tables of a new database, and brings those of an older one up to date.
///
/// # Errors
/// When it is of a newer newsroomd, or the database fails. Then nothing was changed.
pub(super) async fn bring_up_to_date(writer: &sqlx::SqlitePool, path: &Path) -> Result<(), StoreError> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
    if version == NEWEST {
        return Ok(());
    }
    let failed = |e| match e {
        MigrateError::VersionMissing(version) => StoreError::Newer { path: path.to_owned(), version },
        source => StoreError::Migrate { path: path.to_owned(), source },
    };
    // Looked up and applied under one lock: sqlx has none for SQLite, and two first starts at a time would both make the tables.
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(|e| failed(e.into()))?;
    let is_new: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)").fetch_one(&mut *tx).await?;
    if is_new {
        begin(&mut tx).await.map_err(|e| failed(e.into()))?;
    } else {
        migrator().run(&mut *tx).await.map_err(failed)?;
        let version = format!("PRAGMA user_version = {NEWEST}");
        sqlx::query(AssertSqlSafe(version)).execute(&mut *tx).await.map_err(|e| failed(e.into()))?;
    }
    tx.commit().await.map_err(|e| failed(e.into()))
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator { migrations: migrations.collect(), ..Migrator::DEFAULT }
}

/// SQLite keeps a table's statement as it was given, reads it at every start, and takes a comma in a comment for one between columns when it drops one.
/// (No text in the statements has two hyphens.)
fn without_comments(sql: &str) -> String {
    sql.lines().flat_map(|line| [line.split("--").next().unwrap_or_default().trim_end(), "\n"]).collect()
}

/// Makes the newest layout at once, with what the migrations would have left for themselves: that each of them is done.
async fn begin(empty: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut script = without_comments(WHOLE);
    script.push_str(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
             success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);",
    );
    for migration in migrator().iter() {
        let checksum = migration.checksum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let _ = write!(
            script,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ({}, '{}', 1, x'{checksum}', 0);",
            migration.version, migration.description
        );
    }
    let _ = write!(script, "PRAGMA user_version = {NEWEST}");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(empty).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    /// A statement without its comments, and with spaces only where they part words.
    fn plain(sql: &str) -> String {
        let line = without_comments(sql).split_whitespace().collect::<Vec<_>>().join(" ");
        [" ,", ", ", " (", "( ", " )", ") "].iter().fold(line, |line, spaced| line.replace(spaced, spaced.trim()))
    }

    async fn tables(connection: &mut SqliteConnection) -> Vec<(String, String)> {
        let all = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master ORDER BY 1";
        let rows: Vec<(String, String)> = sqlx::query_as(all).fetch_all(connection).await.expect("the tables");
        rows.into_iter().map(|(name, sql)| (name, plain(&sql))).collect()
    }

    #[tokio::test]
    async fn a_new_database_begins_with_what_the_migrations_make() {
        let mut new = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        let mut older = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        begin(&mut new).await.expect("made at once");
        migrator().run(&mut older).await.expect("made step by step");
        let (made, wanted) = (tables(&mut new).await, tables(&mut older).await);
        for (made, wanted) in made.iter().zip(&wanted) {
            assert_eq!(made, wanted, "newest.sql, and the migrations");
        }
        assert_eq!(made.len(), wanted.len());
        for (name, _) in made.iter().filter(|(name, _)| name.starts_with("table ")) {
            let table = &name["table ".len()..];
            let count = || AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let in_new: i64 = sqlx::query_scalar(count()).fetch_one(&mut new).await.expect("counted");
            let in_older: i64 = sqlx::query_scalar(count()).fetch_one(&mut older).await.expect("counted");
            assert_eq!(in_new, in_older, "{table}: what it begins with");
        }
        let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut new).await.expect("told");
        assert_eq!(id, APPLICATION_ID);
        let done = "SELECT group_concat(version || description || hex(checksum)) FROM _sqlx_migrations WHERE success";
        let in_new: String = sqlx::query_scalar(done).fetch_one(&mut new).await.expect("told");
        assert_eq!(in_new, sqlx::query_scalar::<_, String>(done).fetch_one(&mut older).await.expect("told"));
        migrator().run(&mut new).await.expect("nothing is left to do, and what is said to be done is what is there");
    }
}
