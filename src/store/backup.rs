//! A copy of the database while it is in use: of one moment, whole, checked, and in its place all at once.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Store, StoreError};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("{} is there already: nothing was changed; name another file, or say --force", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It would take the place of what it is made of.
    #[error("{} is the database itself: name another file", path.display())]
    Itself {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write the backup {}: {source}; see that its folder is there, writable and not full", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be copied.
    #[error("cannot copy the database into {}; see that the disk is not full, and whether `newsroomd doctor` finds something", path.display())]
    Copy {
        /// The file that was being written.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The copy is damaged, as the database is.
    #[error("the database is damaged ({said}): there is no backup; run `newsroomd doctor`")]
    Damaged {
        /// What SQLite says.
        said: String,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies the database into a file, which then is a database by itself: to restore it is to copy it back. Who writes meanwhile goes on; the copy is of the
/// moment at which it began. Says how many bytes it has. `replace`: another file at this place is replaced, once the copy is whole.
///
/// # Errors
/// When the database cannot be read or is damaged, or the file cannot be written; then nothing is left of it, and what was there before stays.
pub async fn back_up(database: &Path, file: &Path, replace: bool) -> Result<u64, BackupError> {
    let refused = |source| BackupError::Refused { path: file.to_owned(), source };
    let store = Looked::open(database).await?;
    if let (Ok(one), Ok(other)) = (fs::canonicalize(database), fs::canonicalize(file))
        && one == other
    {
        return Err(BackupError::Itself { path: file.to_owned() });
    }
    if !replace && file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists { path: file.to_owned() });
    }
    let Some(name) = file.file_name() else {
        return Err(refused(io::Error::new(io::ErrorKind::InvalidInput, "it names no file")));
    };
    // Beside it, so that it can take its place in one step. Another backup at the same time has another name.
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}", std::process::id()));
    let unfinished = file.with_file_name(unfinished);
    let made = copy(store, database, &unfinished, file, replace).await;
    if made.is_err() {
        // Best effort: what went wrong is told.
        let _ = fs::remove_file(&unfinished);
        let _ = fs::remove_file(unfinished.with_added_extension("-journal"));
    }
    made
}

/// A database that is read, and how its file was before.
struct Looked {
    store: Store,
    /// Its size and its time; None: a process had it open, and SQLite keeps us apart.
    before: Option<(u64, SystemTime)>,
}

impl Looked {
    async fn open(database: &Path) -> Result<Self, BackupError> {
        let before = at_rest(database);
        let (store, _) = Store::read_as_it_is(database).await?;
        Ok(Self { store, before })
    }

    /// Whether nobody has written to a database that was read as it lay there.
    fn is_sound(&self, database: &Path) -> bool {
        self.before.is_none() || self.before == at_rest(database)
    }
}

fn at_rest(database: &Path) -> Option<(u64, SystemTime)> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let metadata = fs::metadata(database).ok().filter(|_| !Path::new(&log).exists())?;
    Some((metadata.len(), metadata.modified().ok()?))
}

async fn copy(mut store: Looked, database: &Path, unfinished: &Path, file: &Path, replace: bool) -> Result<u64, BackupError> {
    let refused = |source| BackupError::Refused { path: file.to_owned(), source };
    let copied = |source| BackupError::Copy { path: unfinished.to_owned(), source };
    // Made first, so that at no moment others can read it than may read it later.
    let made = File::options().write(true).create(true).truncate(true).mode(0o640).open(unfinished).map_err(refused)?;
    made.set_permissions(Permissions::from_mode(0o640)).map_err(refused)?;
    let name = unfinished.to_str().ok_or_else(|| refused(io::Error::new(io::ErrorKind::InvalidInput, "its name is no text")))?;
    let mut done = sqlx::query("VACUUM INTO $1").bind(name).execute(&store.store.pool).await;
    store.store.close().await;
    if !store.is_sound(database) {
        // Whoever began to write meanwhile has made the log by which SQLite keeps us apart; or is done, and it lies there again.
        made.set_len(0).map_err(refused)?;
        store = Looked::open(database).await?;
        done = sqlx::query("VACUUM INTO $1").bind(name).execute(&store.store.pool).await;
        store.store.close().await;
    }
    done.map_err(copied)?;
    if !store.is_sound(database) {
        let busy = io::Error::new(io::ErrorKind::ResourceBusy, "processes come and go on the database; try again");
        return Err(refused(busy));
    }
    let (copy, _) = Store::read_as_it_is(unfinished).await?;
    let said = copy.integrity().await;
    copy.close().await;
    let said = said?;
    if let Some(said) = said.into_iter().next() {
        return Err(BackupError::Damaged { said });
    }
    made.sync_all().map_err(refused)?;
    let size = made.metadata().map_err(refused)?.len();
    if replace {
        fs::rename(unfinished, file).map_err(refused)?;
    } else {
        // Unlike a rename, a link never replaces what came meanwhile.
        match fs::hard_link(unfinished, file) {
            Ok(()) => fs::remove_file(unfinished).map_err(refused)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists { path: file.to_owned() });
            }
            // Some file systems know no links.
            Err(_) => fs::rename(unfinished, file).map_err(refused)?,
        }
    }
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(refused)?;
    Ok(size)
}
