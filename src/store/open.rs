//! Opening the database: only our own, never a newer one, never by overwriting.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::layout::{self, APPLICATION_ID, NEWEST};
use super::{Store, StoreError};

/// What SQLite may keep of the database's pages, in kB with a minus before it: what a poll touches, which the system's own cache holds as well.
const CACHE: &str = "-500";

/// Makes it so, and frees every page: those that stayed would lie about in memory that is otherwise given back.
const NARROW: &str = "PRAGMA cache_size = -500; PRAGMA shrink_memory";

/// For a large transaction, all of whose pages the cache holds then: the log gets each once and in one piece.
const WIDE: &str = "PRAGMA cache_size = -16000";

/// So many rows touch more pages of the indexes than the cache holds.
const MANY: usize = 200;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// How often to try where SQLite does not wait.
const AGAIN: Duration = Duration::from_millis(20);

impl Store {
    /// Opens the database, makes it if there is none, and brings its layout up to date.
    ///
    /// # Errors
    /// When the file is another program's, from a newer version, or cannot be used. Then nothing was changed.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let unusable = |reason: String| StoreError::Unusable { path: path.to_owned(), reason };
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| unusable(format!("{}: {e}", folder.display())))?;
        }
        let version = check_is_ours(path).await?;
        check_is_not_newer(path, version).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .page_size(8192)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", "2000")
            // What undoes a statement that fails half-way, else a temporary file with a copy of each page that an insert touches.
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let began = Instant::now();
        let writer = loop {
            match pool().connect_with(options.clone()).await {
                // Several first starts at a time all turn the log on, for which SQLite does not wait of itself.
                Err(e) if is_busy(&e) && began.elapsed() < BUSY => tokio::time::sleep(AGAIN).await,
                result => break result.map_err(|e| unusable(reason(&e)))?,
            }
        };
        layout::bring_up_to_date(&writer, path).await?;
        // The one connection reads as well: another one's cache of pages would be void after every write, and cold at every question.
        Ok(Self { pool: writer })
    }

    /// Does work that writes so many rows. For many of them the cache is widened meanwhile; kept so, most of it would lie idle until the next time.
    pub(super) async fn with_cache_for<T>(
        &self,
        rows: usize,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if rows < MANY {
            return work.await;
        }
        sqlx::query(WIDE).execute(&self.pool).await?;
        let done = work.await;
        // What was done stands, whatever becomes of the cache.
        if let Err(error) = self.narrow().await {
            tracing::debug!(error = crate::error_chain(&error), "the cache of the database stays as wide as it was");
        }
        done
    }

    /// Frees what a large transaction took: pages, and its statements, which are large.
    async fn narrow(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        connection.clear_cached_statements().await?;
        sqlx::query(NARROW).execute(&mut *connection).await?;
        Ok(())
    }

    /// Opens the database to read only: it must be there, and nothing is made, changed or left beside it. A process that writes
    /// goes on meanwhile.
    ///
    /// # Errors
    /// When there is none, it is another program's or of another layout, or cannot be used.
    pub async fn read(path: &Path) -> Result<Self, StoreError> {
        let (store, layout) = Self::read_as_it_is(path).await?;
        if layout < NEWEST { Err(StoreError::Older { path: path.to_owned() }) } else { Ok(store) }
    }

    /// Opens the database to read only, of whatever earlier layout it is: says which.
    ///
    /// # Errors
    /// When there is none, it is another program's or a newer one's, or cannot be used.
    pub(super) async fn read_as_it_is(path: &Path) -> Result<(Self, i64), StoreError> {
        let unusable = |reason: String| StoreError::Unusable { path: path.to_owned(), reason };
        if let Header::Nothing = check_header(path)? {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        // Who reads a database with a log makes the log's files, and who may not write cannot remove them. As long as there is no
        // log nobody has the database open: then it is read as it lies there.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let alone = !Path::new(&log).exists();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(alone)
            .busy_timeout(BUSY)
            // A check of the whole database sorts.
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let reader = pool().connect_with(options).await.map_err(|e| unusable(reason(&e)))?;
        let foreign = |_| StoreError::Foreign { path: path.to_owned() };
        let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&reader).await.map_err(foreign)?;
        if id != APPLICATION_ID {
            return Err(StoreError::Foreign { path: path.to_owned() });
        }
        let layout: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&reader).await.map_err(foreign)?;
        if layout > NEWEST {
            return Err(StoreError::Newer { path: path.to_owned(), version: layout });
        }
        Ok((Self { pool: reader }, layout))
    }
}

fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// What the file's own header says.
enum Header {
    /// There is no file, or an empty one.
    Nothing,
    /// It is a database of ours, of this layout (0: none is stated yet).
    Ours(i64),
    /// It is a database with another id, or with none.
    Other,
}

fn check_header(path: &Path) -> Result<Header, StoreError> {
    let unusable = |reason: String| StoreError::Unusable { path: path.to_owned(), reason };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Header::Nothing),
        Err(e) => return Err(unusable(e.to_string())),
    };
    if !file.metadata().map_err(|e| unusable(e.to_string()))?.is_file() {
        return Err(unusable("it is not a file".into()));
    }
    // The header (SQLite file format, section 1.3): magic at 0, user version at 60, application id at 68.
    let mut header = Vec::with_capacity(100);
    file.by_ref().take(100).read_to_end(&mut header).map_err(|e| unusable(e.to_string()))?;
    if header.is_empty() {
        return Ok(Header::Nothing);
    }
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let number = |at: usize| i64::from(u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes")));
    Ok(if number(68) == APPLICATION_ID { Header::Ours(number(60)) } else { Header::Other })
}

/// Refuses a file that another program wrote, before anything could touch it. Says which layout its header states (0: none yet).
async fn check_is_ours(path: &Path) -> Result<i64, StoreError> {
    let unusable = |reason: String| StoreError::Unusable { path: path.to_owned(), reason };
    let foreign = || StoreError::Foreign { path: path.to_owned() };
    match check_header(path)? {
        Header::Nothing => return Ok(0),
        Header::Ours(version) => return Ok(version),
        Header::Other => {}
    }
    // A process that died while making the database may have left the id in the log only; or, before there was a log, the file half changed beside a
    // journal that undoes it, which only a connection that may write can read past.
    let identity = match identity(path, true).await {
        Err(error) if primary(&error) == Some(READONLY) => identity(path, false).await,
        identity => identity,
    };
    let (id, tables) = identity.map_err(|error| match primary(&error) {
        Some(CORRUPT | NOTADB) => foreign(),
        _ => unusable(plain(&error)),
    })?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) { Ok(0) } else { Err(foreign()) }
}

/// Whose database it is, and how many tables it has besides those of SQLite and sqlx.
async fn identity(path: &Path, read_only: bool) -> Result<(i64, i64), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).read_only(read_only).busy_timeout(BUSY).disable_statement_logging();
    let mut connection = options.connect().await?;
    // Both of one moment: another first start may be making the tables just now.
    let mut tx = connection.begin().await?;
    let id = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *tx).await?;
    let tables = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        .fetch_one(&mut *tx)
        .await?;
    tx.rollback().await?;
    connection.close().await?;
    Ok((id, tables))
}

/// Result codes of SQLite (sqlite.org/rescode.html).
const BUSY_CODE: u32 = 5;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const NOTADB: u32 = 26;

/// The primary result code: the low byte of the extended one.
fn primary(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Whether another process has the lock.
fn is_busy(error: &sqlx::Error) -> bool {
    primary(error) == Some(BUSY_CODE)
}

/// Refuses what a newer newsroomd wrote: opening it for writing could change it (its journal mode, for one) before the migrations are looked at.
/// A file that cannot be read so is left to the connection that says why.
async fn check_is_not_newer(path: &Path, version: i64) -> Result<(), StoreError> {
    let newer = |version| StoreError::Newer { path: path.to_owned(), version };
    if version > NEWEST {
        return Err(newer(version));
    }
    // What the header says holds, unless a log is left of which it may know nothing.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log_is_empty = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
    if !path.is_file() || (version == NEWEST && log_is_empty) {
        return Ok(());
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY).disable_statement_logging();
    let Ok(mut connection) = options.connect().await else { return Ok(()) };
    let stated = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await;
    // Nothing hangs on it: it was only read from.
    let _ = connection.close().await;
    match stated {
        Ok(version) if version > NEWEST => Err(newer(version)),
        _ => Ok(()),
    }
}

/// What SQLite says, and who knows more of it.
fn reason(error: &sqlx::Error) -> String {
    let said = plain(error);
    if super::examine::is_damage(error) { format!("{said} (run `newsroomd doctor`)") } else { said }
}

/// What SQLite says, without sqlx's frame around it.
pub(super) fn plain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => e.message().to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that dies in its first step, the change to write-ahead logging, leaves such a journal.
    #[tokio::test]
    async fn a_first_start_that_was_killed_before_there_was_a_log_is_no_other_programs_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, copy) = (dir.path().join("a.db"), dir.path().join("b.db"));
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).pragma("cache_size", "1");
        let mut connection = options.connect().await.expect("a database");
        sqlx::raw_sql("CREATE TABLE _sqlx_x (x)").execute(&mut connection).await.expect("a table");
        let mut tx = connection.begin().await.expect("begun");
        // More than the cache holds: it is in the file before it is committed.
        let script = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500) INSERT INTO _sqlx_x SELECT randomblob(900) FROM n";
        sqlx::raw_sql(script).execute(&mut *tx).await.expect("filled");
        for ending in ["", "-journal"] {
            let name = |path: &Path| format!("{}{ending}", path.display());
            std::fs::copy(name(&path), name(&copy)).expect("both files");
        }
        tx.rollback().await.expect("undone");
        let told = identity(&copy, true).await.expect_err("the journal is in the way");
        assert_eq!(primary(&told), Some(READONLY), "{told}");
        Store::open(&copy).await.expect("ours").close().await;
    }
}
