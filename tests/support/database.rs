//! Looking into the database, and turning its clock.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

fn with<T>(path: &Path, read_only: bool, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).read_only(read_only);
        let mut connection = options.connect().await.expect("a database");
        let out = work(&mut connection).await;
        connection.close().await.expect("closed");
        out
    })
}

/// Every row of every table, values quoted as SQL quotes them.
pub fn tables(path: &Path) -> BTreeMap<String, Vec<String>> {
    with(path, true, async |db| {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'")
                .fetch_all(&mut *db)
                .await
                .expect("tables");
        let mut out = BTreeMap::new();
        for name in names {
            let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
                .bind(&name)
                .fetch_all(&mut *db)
                .await
                .expect("columns");
            let quoted = columns.iter().map(|c| format!("'{c}=' || quote({c})")).collect::<Vec<_>>().join(" || ' ' || ");
            let sql = format!("SELECT {quoted} FROM {name} ORDER BY 1");
            let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *db).await.expect("rows");
            out.insert(name, rows);
        }
        out
    })
}

/// The tables without the count of requests.
pub fn tables_but_counts(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut tables = tables(path);
    tables.remove("host_day").expect("the table");
    tables
}

/// The tables without those of the sources' own state: `source`, whose row every poll writes, and `past`; and without the count of requests, which a
/// run adds to once.
pub fn tables_but_source(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut tables = tables(path);
    for table in ["source", "past", "host_day"] {
        tables.remove(table).expect("the table");
    }
    tables
}

/// The texts that a query gives.
pub fn texts(path: &Path, query: &'static str) -> Vec<String> {
    with(path, true, async |db| sqlx::query_scalar(query).fetch_all(db).await.expect("texts"))
}

/// Counts the rows that are written from now on, by table.
pub fn count_writes(path: &Path) {
    with(path, false, async |db| {
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
        let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&mut *db).await.expect("tables");
        let mut script = "CREATE TABLE written (name TEXT PRIMARY KEY, times INTEGER NOT NULL);".to_owned();
        for name in names {
            script.push_str(&format!("INSERT INTO written VALUES ('{name}', 0);"));
            for deed in ["INSERT", "UPDATE", "DELETE"] {
                let count = format!("UPDATE written SET times = times + 1 WHERE name = '{name}'");
                script.push_str(&format!("CREATE TRIGGER written_{deed}_{name} AFTER {deed} ON {name} BEGIN {count}; END;"));
            }
        }
        sqlx::raw_sql(AssertSqlSafe(script)).execute(db).await.expect("a script that works");
    });
}

/// The tables to which rows were written since then, and how many; from now on it is counted anew.
pub fn take_writes(path: &Path) -> BTreeMap<String, i64> {
    with(path, false, async |db| {
        let mut tx = db.begin_with("BEGIN IMMEDIATE").await.expect("a transaction");
        let all: Vec<(String, i64)> =
            sqlx::query_as("SELECT name, times FROM written WHERE times > 0").fetch_all(&mut *tx).await.expect("counts");
        sqlx::query("UPDATE written SET times = 0").execute(&mut *tx).await.expect("an update");
        tx.commit().await.expect("committed");
        all.into_iter().collect()
    })
}

/// Lets the sources be due so many seconds from now.
pub fn due_in(path: &Path, seconds: i64) {
    with(path, false, async |db| {
        sqlx::query("UPDATE source SET due = unixepoch() + $1").bind(seconds).execute(db).await.expect("an update");
    });
}

/// Lets the last polls have begun so many seconds ago.
pub fn poll_was(path: &Path, seconds: i64) {
    with(path, false, async |db| {
        let sql = "UPDATE source SET polled = polled - $1, due = due - $1";
        sqlx::query(sql).bind(seconds).execute(db).await.expect("an update");
    });
}

/// Lets everything that happened so far have happened so many seconds earlier.
pub fn age(path: &Path, seconds: i64) {
    with(path, false, async |db| {
        for sql in ["UPDATE item SET first_seen = first_seen - $1", "UPDATE channel SET changed = changed - $1"] {
            sqlx::query(sql).bind(seconds).execute(&mut *db).await.expect("an update");
        }
    });
}

/// Does something while another process is in the middle of a transaction, begun by this script.
pub fn during<T>(path: &Path, script: &'static str, work: impl FnOnce() -> T) -> T {
    with(path, false, async |db| {
        sqlx::raw_sql(script).execute(&mut *db).await.expect("a script that works");
        let out = work();
        sqlx::raw_sql("ROLLBACK").execute(&mut *db).await.expect("rolled back");
        out
    })
}

/// Runs a script.
pub fn run(path: &Path, script: &'static str) {
    with(path, false, async |db| {
        sqlx::raw_sql(script).execute(db).await.expect("a script that works");
    });
}

/// Takes back the layout's step by which items are asked.
pub fn forget_questions(path: &Path) {
    run(
        path,
        "DROP TABLE tree; DROP TABLE article; DROP TRIGGER list_item_came_doubled; DROP TRIGGER list_item_went_doubled; DROP TRIGGER item_number_went; DROP TRIGGER item_goes_unlisted;
         DROP TABLE story_mark; DROP TABLE story; DROP TABLE story_state; DROP TRIGGER list_item_came; DROP TRIGGER list_item_went; DROP TRIGGER item_changed_unasked;
         CREATE TRIGGER item_came AFTER INSERT ON item BEGIN UPDATE source SET items = items + 1 WHERE id = NEW.source; END;
         DROP TRIGGER term_released; ALTER TABLE channel DROP COLUMN list; DROP TABLE unasked; DROP TABLE list_item;
         DROP TABLE list; DROP TABLE question; DELETE FROM _sqlx_migrations WHERE version > 11; PRAGMA user_version = 11",
    );
}

/// Turns the database into one of the layout before anything could be forgotten.
pub fn make_old(path: &Path) {
    forget_questions(path);
    run(
        path,
        "ALTER TABLE item DROP COLUMN slack; ALTER TABLE item DROP COLUMN image; DROP TABLE delivery; DROP TABLE incident; DROP TABLE past; DROP TABLE status; ALTER TABLE source DROP COLUMN since; ALTER TABLE source DROP COLUMN kind; ALTER TABLE source DROP COLUMN tried;
         ALTER TABLE source DROP COLUMN moved_from; ALTER TABLE source DROP COLUMN moved; ALTER TABLE source DROP COLUMN validated;
         DROP TABLE host_wait; DROP TABLE robots; DROP TABLE host_day; DROP TRIGGER item_came; DROP TRIGGER item_went; DROP TRIGGER item_term_came; DROP TRIGGER item_term_went;
         ALTER TABLE source DROP COLUMN items; ALTER TABLE term DROP COLUMN items; DROP TRIGGER channel_marked; ALTER TABLE channel DROP COLUMN revision; DROP TABLE trace; DROP TABLE forgotten; DROP TABLE gone; DROP TABLE erasure; DROP TABLE backfill_row; DROP TABLE backfill; ALTER TABLE term DROP COLUMN forgotten;
         DELETE FROM _sqlx_migrations WHERE version > 1; PRAGMA user_version = 1",
    );
}

/// The database's files: the database itself, its log and whatever else lies beside it, but no locks.
pub fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    let files = folder.flatten().map(|e| e.path()).filter(|p| p.is_file() && p.extension().is_none_or(|e| e != "lock"));
    files.map(|p| (p.display().to_string(), std::fs::read(&p).expect("a file"))).collect()
}

/// Whether the bytes of the database's files hold a text anywhere.
pub fn holds_text(path: &Path, text: &str) -> bool {
    files(path).values().any(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes()))
}
