//! Articles being asked for, beside all else: they may take as long as they want. They are stored as they come.

use std::collections::HashSet;

use tokio::task::JoinSet;
use tracing::Instrument;

use crate::config::Source;
use crate::pipeline::{self, Pipeline};
use crate::store::StoreError;

/// A source, and what came of asking for its articles.
pub(super) type Done = (String, Result<pipeline::Articles, StoreError>);

#[derive(Default)]
pub(super) struct Articles {
    asking: JoinSet<Done>,
    /// Of which sources: of none twice at a time.
    sources: HashSet<String>,
}

impl Articles {
    /// Begins to ask for those of a source that are due, unless that is going on.
    pub fn ask(&mut self, pipeline: &Pipeline, source: &Source) {
        let id = source.newsroom.id.to_string();
        if source.article.is_none() || !self.sources.insert(id.clone()) {
            return;
        }
        let (pipeline, source) = (pipeline.clone(), source.clone());
        let span = tracing::info_span!("articles", source.id = %id);
        let work = async move { (id, pipeline.articles(&source, false).await) };
        self.asking.spawn(work.instrument(span));
    }

    /// Waits for a source's articles; None: none are being asked for.
    pub async fn next(&mut self) -> Option<Done> {
        loop {
            match self.asking.join_next().await? {
                Ok(done) => {
                    self.sources.remove(&done.0);
                    return Some(done);
                }
                Err(died) => {
                    // Whose they were is not told any more; of the others that are being asked for, what is due again is begun by one alone.
                    self.sources.clear();
                    tracing::error!(error = %died, "asking for articles died");
                }
            }
        }
    }

    /// Cuts what is going on: it is due again.
    pub async fn give_up(&mut self) {
        self.asking.shutdown().await;
    }
}
