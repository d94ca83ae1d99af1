//! Saving what can be read of a damaged database into a new one. The damaged one is kept aside, byte for byte; nothing is ever deleted.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::layout::{APPLICATION_ID, NEWEST};
use super::open::plain;
use super::{Store, StoreError};

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// Where the damaged database is kept.
    pub kept: PathBuf,
    /// How many items were saved.
    pub items: i64,
    /// Tables of which rows were lost.
    pub damaged: Vec<String>,
}

/// Tables whose rows have numbers: what cannot be read is left out range by range.
const NUMBERED: &[&str] = &[
    "source",
    "item",
    "sighting",
    "term",
    "forgotten",
    "trace",
    "erasure",
    "flush",
    "robots",
    "past",
    "incident",
    "delivery",
    "status",
    "backfill",
    "question",
    "list",
    "story",
    "article",
];

/// Tables whose rows have only keys, which are read from both ends. (`item_term` is made anew from the items, `list_item` and `unasked`
/// by asking all of them again, `tree` by publishing.)
const KEYED: &[(&str, &str)] = &[
    ("shared_link", "link_id"),
    ("channel", "address"),
    ("gone", "document"),
    ("host_wait", "host"),
    ("host_day", "host, day"),
    ("backfill_row", "source, link, origin"),
];

/// Reads that fail in one table, at most: beyond that its root is gone.
const FAILURES: usize = 50_000;

/// The greatest number of a row that is looked for where the table does not tell its own.
const GREATEST: i64 = 1 << 24;

/// The folder of the copies: named after the database.
const WORK: &str = ".salvage";

/// What a database of ours holds among its first pages, whatever became of the header before them.
const OURS: &[u8] = b"CREATE TABLE sighting (";

/// Saves the rows that can be read into a new database, which takes the damaged one's place. Only for who holds the publish lock.
///
/// # Errors
/// When nothing can be read, or the disk refuses (it takes the space of two more copies); then the database is as it was.
pub async fn salvage(path: &Path, at: DateTime<Utc>) -> Result<Salvaged, StoreError> {
    let unusable = |e: io::Error| StoreError::Unusable { path: path.to_owned(), reason: e.to_string() };
    let work = tempdir_beside(path).map_err(unusable)?;
    let made = save(path, &work, at).await;
    // Best effort: it is a copy.
    let _ = fs::remove_dir_all(&work);
    made
}

/// Removes the copies that an attempt left which died. Only for who holds the publish lock.
///
/// # Errors
/// When the disk refuses.
pub fn sweep_salvage(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(with(path, WORK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A folder on the same disk, for the copies.
fn tempdir_beside(path: &Path) -> io::Result<PathBuf> {
    sweep_salvage(path)?;
    let folder = with(path, WORK);
    fs::create_dir(&folder)?;
    Ok(folder)
}

async fn save(path: &Path, work: &Path, at: DateTime<Utc>) -> Result<Salvaged, StoreError> {
    let unusable = |e: io::Error| StoreError::Unusable { path: path.to_owned(), reason: e.to_string() };
    let (copy, new) = (work.join("damaged.db"), work.join("new.db"));
    // SQLite would write to it: the log is folded in.
    fs::copy(path, &copy).map_err(unusable)?;
    if with(path, "-wal").exists() {
        fs::copy(with(path, "-wal"), with(&copy, "-wal")).map_err(unusable)?;
    }
    mend_header(&copy).map_err(unusable)?;
    pad(&copy).map_err(unusable)?;
    let store = Store::open(&new).await?;
    let damaged = {
        let mut connection = store.pool.acquire().await?;
        copy_rows(&mut connection, &copy).await.map_err(|error| match error {
            StoreError::Damaged { reason, .. } => StoreError::Damaged { path: path.to_owned(), reason },
            other => other,
        })?
    };
    store.mend().await?;
    if damaged.iter().any(|table| matches!(table.as_str(), "item" | "source" | "sighting" | "term")) {
        // What is lost and still listed is to be found again: a page that has not changed since must be read all the same, and the pages behind it too.
        let anew = "UPDATE source SET etag = NULL, last_modified = NULL, validated = NULL, complete = 0, due = NULL";
        sqlx::query(anew).execute(&store.pool).await?;
    }
    let items: i64 = sqlx::query_scalar("SELECT count(*) FROM item").fetch_one(&store.pool).await?;
    let sources: i64 = sqlx::query_scalar("SELECT count(*) FROM source").fetch_one(&store.pool).await?;
    let whole = store.integrity().await?.is_empty();
    store.close().await;
    if sources == 0 || !whole {
        let reason = "no row of it is whole".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), reason });
    }
    let kept = swap(path, &new, at).map_err(unusable)?;
    Ok(Salvaged { kept, items, damaged })
}

/// Puts the new database into the place of the old one, which is kept aside. A log that stayed in its place would be taken for the new one's.
fn swap(path: &Path, new: &Path, at: DateTime<Utc>) -> io::Result<PathBuf> {
    fs::set_permissions(new, fs::metadata(path)?.permissions())?;
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(path)?);
    let group = std::os::unix::fs::MetadataExt::gid(&fs::metadata(path)?);
    // Only root may give it away; any other has made it as the owner, or it was never theirs.
    let _ = std::os::unix::fs::chown(new, Some(owner), Some(group));
    File::open(new)?.sync_all()?;
    let stem = with(path, &format!(".corrupt-{}", at.format("%Y%m%dT%H%M%SZ")));
    let kept =
        (0..).map(|n| if n == 0 { stem.clone() } else { with(&stem, &format!("-{n}")) }).find(|p| !p.exists()).unwrap_or(stem);
    if with(path, "-wal").exists() {
        fs::rename(with(path, "-wal"), with(&kept, "-wal"))?;
    }
    let _ = fs::remove_file(with(path, "-shm"));
    // A second name first, so that at no moment there is no database.
    if fs::hard_link(path, &kept).is_err() {
        fs::rename(path, &kept)?;
    }
    fs::rename(new, path)?;
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(kept)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether a file whose header is no database's was one of ours.
pub fn was_ours(path: &Path) -> bool {
    beginning(path, 1 << 22).is_ok_and(|bytes| bytes.windows(OURS.len()).any(|w| w == OURS))
}

fn beginning(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    File::open(path)?.take(bytes).read_to_end(&mut out)?;
    Ok(out)
}

/// Gives a file that was cut the length that its header states (page size at 16, pages at 28): of a shorter one nothing is read at all.
fn pad(path: &Path) -> io::Result<()> {
    let header = beginning(path, 100)?;
    if let (Some(size), Some(pages)) = (header.get(16..18), header.get(28..32)) {
        let size = u64::from(u16::from_be_bytes([size[0], size[1]])).max(512);
        let stated = u64::from(u32::from_be_bytes([pages[0], pages[1], pages[2], pages[3]])) * size;
        // Nobody's database grows a hundredfold by what is lost at its end: that header is garbage.
        let length = fs::metadata(path)?.len();
        if length < stated && stated / 100 < length {
            fs::OpenOptions::new().write(true).open(path)?.set_len(stated)?;
        }
    }
    Ok(())
}

/// Writes a new header where it was overwritten and the page behind it is ours (SQLite file format, section 1.3): all that is lost with it are the
/// free pages, and what the file's own settings were is known.
fn mend_header(path: &Path) -> io::Result<()> {
    if beginning(path, 16)?.starts_with(b"SQLite format 3\0") || !was_ours(path) {
        return Ok(());
    }
    const PAGE: u32 = 8_192;
    let pages = u32::try_from(fs::metadata(path)?.len() / u64::from(PAGE)).unwrap_or(u32::MAX);
    let mut header = b"SQLite format 3\0".to_vec();
    header.extend(u16::try_from(PAGE).unwrap_or_default().to_be_bytes());
    header.extend([2, 2, 0, 64, 32, 32]);
    let number = |n: i64| u32::try_from(n).unwrap_or_default();
    for value in [1, pages, 0, 0, 1, 4, 0, 0, 1, number(NEWEST), 0, number(APPLICATION_ID)] {
        header.extend(value.to_be_bytes());
    }
    header.resize(92, 0);
    // "Version valid for": the change counter, else the number of pages would not count. And some version of SQLite.
    header.extend(1_u32.to_be_bytes());
    header.extend(3_045_000_u32.to_be_bytes());
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)
}

/// Copies what can be read; says of which tables something could not.
async fn copy_rows(db: &mut SqliteConnection, damaged: &Path) -> Result<Vec<String>, StoreError> {
    let unreadable = |e: &sqlx::Error| StoreError::Damaged { path: damaged.to_owned(), reason: plain(e) };
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *db).await?;
    let name = damaged.to_str().ok_or_else(|| unreadable(&sqlx::Error::RowNotFound))?;
    sqlx::query("ATTACH $1 AS damaged").bind(name).execute(&mut *db).await.map_err(|e| unreadable(&e))?;
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM damaged.sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *db)
        .await
        .map_err(|e| unreadable(&e))?;
    let mut lost = Vec::new();
    for table in NUMBERED.iter().filter(|table| tables.iter().any(|t| t == *table)) {
        if matches!(*table, "flush" | "status") {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM main.{table}"))).execute(&mut *db).await?;
        }
        let columns = columns(db, table).await?;
        if !copy_numbered(db, table, &columns).await {
            lost.push((*table).to_owned());
        }
    }
    for (table, key) in KEYED.iter().filter(|(table, _)| tables.iter().any(|t| t == table)) {
        let columns = columns(db, table).await?;
        if !copy_keyed(db, table, key, &columns).await {
            lost.push((*table).to_owned());
        }
    }
    sqlx::query("UPDATE question SET through = 0").execute(&mut *db).await?;
    sqlx::query("DETACH damaged").execute(&mut *db).await?;
    sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *db).await?;
    Ok(lost)
}

/// The columns that both have: the damaged one may be of an earlier layout.
async fn columns(db: &mut SqliteConnection, table: &str) -> Result<String, StoreError> {
    let query = "SELECT group_concat('\"' || a.name || '\"', ', ') FROM pragma_table_info($1, 'damaged') a
                 JOIN pragma_table_info($1, 'main') b ON b.name = a.name";
    Ok(sqlx::query_scalar(query).bind(table).fetch_one(db).await?)
}

/// Copies the rows of ever smaller ranges of numbers around what cannot be read; false: some could not be read.
async fn copy_numbered(db: &mut SqliteConnection, table: &str, columns: &str) -> bool {
    let greatest = format!("SELECT coalesce(max(rowid), 0) FROM damaged.{table}");
    let greatest: i64 = sqlx::query_scalar(AssertSqlSafe(greatest)).fetch_one(&mut *db).await.unwrap_or(GREATEST);
    // Only the rows of those tables whose numbers are referred to keep them; the others' numbers are nobody's business, but kept all the same.
    let copy = format!(
        "INSERT OR IGNORE INTO main.{table} (rowid, {columns}) SELECT rowid, {columns} FROM damaged.{table} WHERE rowid BETWEEN $1 AND $2"
    );
    let (mut ranges, mut failures) = (vec![(0, greatest)], 0);
    while let Some((from, to)) = ranges.pop() {
        let done = sqlx::query(AssertSqlSafe(copy.clone())).bind(from).bind(to).execute(&mut *db).await;
        if done.is_ok() {
            continue;
        }
        failures += 1;
        if failures > FAILURES {
            return false;
        }
        if from < to {
            let middle = from + (to - from) / 2;
            ranges.extend([(middle + 1, to), (from, middle)]);
        }
    }
    failures == 0
}

/// Copies the rows from both ends as far as they can be read; false: some between could not be.
async fn copy_keyed(db: &mut SqliteConnection, table: &str, key: &str, columns: &str) -> bool {
    let mut copy = async |order: &str, rows: i64| {
        let order = key.split(", ").map(|column| format!("{column} {order}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {columns} FROM damaged.{table} ORDER BY {order} LIMIT $1"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(&mut *db).await.is_ok()
    };
    if copy("ASC", -1).await {
        return true;
    }
    for order in ["ASC", "DESC"] {
        // As many as can be had: the largest number that does not reach the damage.
        let mut step = 1_i64;
        while step < GREATEST && copy(order, step).await {
            step *= 2;
        }
        let mut good = step / 2;
        while step > 1 {
            step /= 2;
            if copy(order, good + step).await {
                good += step;
            }
        }
    }
    false
}
