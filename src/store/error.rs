//! What can go wrong with the store.

use std::path::PathBuf;

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no SQLite database.
    #[error("{} is not a database of newsroomd: nothing was changed; name another file in [store] url", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer newsroomd has written the file.
    #[error("{} was written by a newer newsroomd (its layout {version} is not known here): nothing was changed; run that version, or name another file in [store] url", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first layout that is not known.
        version: i64,
    },
    /// There is no file, and none is to be made.
    #[error("there is no database {} yet: run `newsroomd once`, or name another file in [store] url", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// An older newsroomd has written the file, and it is not to be changed.
    #[error("{} was last written by an older newsroomd: run `newsroomd once`, which brings it up to date", path.display())]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder cannot be used.
    #[error("cannot open the database {}: {reason}; see that the folder exists, is writable and not full, or name another file in [store] url", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The layout could not be brought up to date.
    #[error("cannot bring the database {} up to date", path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// Nothing of a damaged database can be read.
    #[error("nothing can be read of the database {}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The database refused.
    #[error("the database {}", if super::examine::is_damage(.0) { "is damaged: run `newsroomd doctor`" } else { "failed" })]
    Database(#[from] sqlx::Error),
    /// A source was asked for that was never registered.
    #[error("the database knows no source \"{0}\"")]
    NoSuchSource(String),
}
