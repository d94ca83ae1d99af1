//! What the daemon tells its log: one line for a poll that changed something, one for each change of a source's state and
//! each incident.

use std::collections::HashMap;

use crate::domain::health::State;
use crate::error_chain;
use crate::pipeline::{Articles, Failure, Outcome, PipelineError, Polled, Published};

/// How many of a page's warnings are told; `preview` shows them all.
const SHOWN: usize = 3;

/// Remembers what was said last, so that nothing is said every minute.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The last error of each part of the daemon's own work that fails.
    trouble: HashMap<&'static str, String>,
    /// What each source's page had that could not be read.
    warnings: HashMap<String, String>,
    /// Where each source's page has moved for good.
    moved: HashMap<String, String>,
    /// What was odd about it.
    odd: HashMap<String, String>,
    /// The table that would read a page that was redesigned.
    redesign: HashMap<String, String>,
}

impl Log {
    pub fn polled(&mut self, source: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Waiting { .. } => {}
            Outcome::Failed { polled, error } => {
                changes(source, polled);
                self.moved(source, polled);
                self.redesign(source, polled);
                let error = error_chain(error);
                match polled.turned {
                    // A broken page opens an incident also where the source is suspect as it was.
                    Some(turned) if turned.before != turned.after || turned.incident => {
                        let (state, failures) = (turned.after.name(), turned.failures);
                        tracing::warn!(source.id = source, state, failures, error, "poll failed; the feeds stay as they are");
                    }
                    _ => tracing::debug!(source.id = source, error, "poll failed again"),
                }
            }
            Outcome::Polled(polled) => {
                if polled.turned.is_some_and(|t| t.before != t.after) {
                    tracing::info!(source.id = source, state = State::Fine.name(), "poll succeeded again");
                }
                changes(source, polled);
                self.moved(source, polled);
                self.warnings(source, polled);
                self.redesign(source, polled);
            }
        }
    }

    /// Articles of new items: those that will not be tried again are worth a warning.
    pub fn articles(&self, source: &str, articles: &Articles) {
        if articles.read > 0 {
            tracing::info!(source.id = source, read = articles.read, failed = articles.failed.len(), "articles read");
        }
        for Failure { link, error, given_up } in &articles.failed {
            match given_up {
                true => tracing::warn!(source.id = source, link, error, "no article: its item keeps its summary"),
                false => tracing::debug!(source.id = source, link, error, "no article yet"),
            }
        }
    }

    /// A page whose rows no selector matches: once for as long as it is the same, with what to put into the configuration.
    fn redesign(&mut self, source: &str, polled: &Polled) {
        match &polled.redesign {
            Some(table) if self.redesign.get(source) != Some(table) => {
                tracing::warn!(
                    source.id = source,
                    "redesign suspected, selectors match nothing; what would read the page:\n{table}"
                );
                self.redesign.insert(source.to_owned(), table.clone());
            }
            None if polled.pages > 0 => {
                self.redesign.remove(source);
            }
            _ => {}
        }
    }

    /// A page that has moved for good: once, even where that was forgotten meanwhile because the new one failed.
    fn moved(&mut self, source: &str, polled: &Polled) {
        let Some(moved) = polled.moved.as_ref().map(ToString::to_string) else { return };
        if self.moved.get(source) != Some(&moved) {
            tracing::warn!(source.id = source, to = moved, "the page has moved for good: change `page`");
            self.moved.insert(source.to_owned(), moved);
        }
    }

    /// Something that is not one source's matter failed; it is tried again.
    pub fn trouble(&mut self, what: &'static str, error: &PipelineError) {
        let error = error_chain(error);
        if self.trouble.get(what) == Some(&error) {
            tracing::debug!(error, "{what} failed again");
        } else {
            tracing::error!(error, "{what} failed; it is tried again");
            self.trouble.insert(what, error);
        }
    }

    /// It did not fail.
    pub fn fine(&mut self, what: &'static str) {
        if self.trouble.remove(what).is_some() {
            tracing::info!("{what} works again");
        }
    }

    /// What could not be read, once for as long as it is the same.
    fn warnings(&mut self, source: &str, polled: &Polled) {
        if polled.pages == 0 {
            return;
        }
        let all: Vec<String> = polled.warnings.iter().map(|(page, w)| format!("page {}, {w}", page + 1)).collect();
        let text = all.join("; ");
        if !all.is_empty() && self.warnings.get(source) != Some(&text) {
            let shown = all[..all.len().min(SHOWN)].join("; ");
            tracing::warn!(source.id = source, warnings = all.len(), "not all could be read: {shown}");
        }
        self.warnings.insert(source.to_owned(), text);
        let odd = polled.odd.join("; ");
        if !odd.is_empty() && self.odd.get(source) != Some(&odd) {
            tracing::warn!(source.id = source, "the page is odd, and was taken over: {odd}");
        }
        self.odd.insert(source.to_owned(), odd);
    }
}

pub(super) fn published(published: Published) {
    if published.written + published.channels > 0 {
        tracing::info!(channels = published.channels, files = published.written, "published");
    }
}

fn changes(source: &str, polled: &Polled) {
    let saved = &polled.saved;
    let (pages, rows, known, warnings) = (polled.pages, polled.rows, saved.known, polled.warnings.len());
    if saved.new + saved.edited + saved.touched == 0 {
        tracing::debug!(
            source.id = source,
            not_modified = polled.not_modified,
            pages,
            rows,
            known,
            warnings,
            "polled, nothing new"
        );
    } else {
        let (new, edited, touched) = (saved.new, saved.edited, saved.touched);
        tracing::info!(source.id = source, new, edited, touched, known, pages, warnings, "polled");
    }
    if saved.odd {
        tracing::warn!(source.id = source, "most known rows read differently now: taken over, but not as edits");
    }
    for (facet, term) in &saved.held {
        tracing::warn!(source.id = source, facet, term, "too many new terms: no feed until max-terms or max-new-terms allow it");
    }
}
