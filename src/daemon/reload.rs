//! Another configuration for a daemon that runs: read and checked whole, taken over whole, or not at all.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;

use super::doors::{Door, DoorError, Doors};
use crate::config::{Config, ConfigError, Diagnostic};
use crate::error_chain;
use crate::pipeline::{Pipeline, PipelineError};
use crate::publish::shelf::Shelf;

/// How a daemon comes by another configuration.
#[derive(Clone)]
pub struct Reload {
    /// Who wants one says so here.
    pub asked: Arc<Notify>,
    /// Reads it as it is now.
    pub read: Arc<Read>,
}

/// Reads a configuration; gives warnings beside it.
pub type Read = dyn Fn() -> Result<(Config, Vec<Diagnostic>), ConfigError> + Send + Sync;

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

/// Why a configuration is not taken over.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{}", shown(.0))]
    Wrong(ConfigError),
    #[error("[store] url is another one now: that change needs a restart")]
    OtherStore,
    #[error("[log] format is another one now: that change needs a restart")]
    OtherFormat,
    #[error("{}", error_chain(.0))]
    Door(#[from] DoorError),
    #[error("{}", error_chain(.0))]
    Pipeline(#[from] PipelineError),
    #[error("reading it died: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// Each problem in one line.
fn shown(error: &ConfigError) -> String {
    match error {
        ConfigError::Invalid { problems, .. } => problems.iter().map(Diagnostic::in_one_line).collect::<Vec<_>>().join("; "),
        error => error.to_string(),
    }
}

impl Refused {
    /// Every reason in one line of its own.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Wrong(ConfigError::Invalid { problems, .. }) => problems.iter().map(Diagnostic::in_one_line).collect(),
            other => vec![other.to_string()],
        }
    }
}

/// What takes the old one's place.
pub(super) struct Renewed {
    pub pipeline: Pipeline,
    /// Doors to open.
    pub doors: Vec<Door>,
    /// What readers are answered from, if there may be any.
    pub shelf: Option<Arc<Shelf>>,
}

impl Reload {
    /// Reads the configuration, and makes ready what it asks for beside what is there. An error leaves all as it was.
    pub(super) async fn renew(&self, old: &Pipeline, doors: &Doors) -> Result<Renewed, Refused> {
        let read = self.read.clone();
        let (config, warnings) = tokio::task::spawn_blocking(move || read()).await?.map_err(Refused::Wrong)?;
        if config.database != old.config().database {
            return Err(Refused::OtherStore);
        }
        if config.log.format != old.config().log.format {
            return Err(Refused::OtherFormat);
        }
        for warning in warnings {
            tracing::warn!("{}", warning.in_one_line());
        }
        let doors = doors.add(config.http.as_ref())?;
        let shelf = match (old.shelf(), doors.iter().any(Door::is_for_readers)) {
            (Some(shelf), _) => Some(shelf.clone()),
            (None, true) => Some(Arc::new(Shelf::new())),
            (None, false) => None,
        };
        let pipeline = old.renewed(Arc::new(config), shelf.clone()).await?;
        if old.shelf().is_none() && shelf.is_some() {
            pipeline.shelve_published().await?;
        }
        Ok(Renewed { pipeline, doors, shelf })
    }
}
