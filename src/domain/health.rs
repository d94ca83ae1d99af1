//! How a source fares: fine, suspect or failing, and the incidents that are told of.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Digest, digest};

/// After so many failed polls in a row a source is failing.
pub const FAILING: i64 = 3;

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its last poll was good.
    Fine,
    /// Its last poll failed.
    Suspect,
    /// Its last polls failed, [`FAILING`] or more in a row. It is polled on.
    Failing,
}

impl State {
    /// The state after so many failed polls in a row.
    pub fn after(failures: i64) -> Self {
        match failures {
            ..=0 => Self::Fine,
            1..FAILING => Self::Suspect,
            _ => Self::Failing,
        }
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Suspect => "suspect",
            Self::Failing => "failing",
        }
    }
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page could not be got.
    Fetch,
    /// A page was got, and is broken.
    Page,
    /// Something of our own failed.
    Own,
    /// No failure: selectors match nothing any more, and the rows were found without.
    Redesign,
    /// Of no source: the configuration that the daemon was to take over is wrong.
    Config,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Fetch, Self::Page, Self::Own, Self::Redesign, Self::Config];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Page => "page",
            Self::Own => "own",
            Self::Redesign => "redesign",
            Self::Config => "config",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it makes an incident at the failure of this number in a row: a broken page at once, anything else once the source is failing.
    pub fn opens(self, failures: i64) -> bool {
        self == Self::Page || State::after(failures) == State::Failing
    }
}

/// A time in which a source was not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The store's number for it; grows in order of opening.
    pub id: i64,
    /// The source, by id; empty: it is an incident of newsroomd itself.
    pub source: String,
    /// What kind of failure began it.
    pub kind: Kind,
    /// Why, in our own words: no text of a page, no query of an address.
    pub reasons: Vec<String>,
    /// Since when the source is not well.
    pub since: DateTime<Utc>,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it was over.
    pub closed: Option<DateTime<Utc>>,
}

/// What happens to an incident, and is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It began.
    Opened,
    /// It is over.
    Closed,
}

impl Event {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }

    /// The event of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Opened, Self::Closed].into_iter().find(|event| event.name() == name)
    }
}

impl Incident {
    /// The guid of what is told of it: the same whenever it is told again.
    pub fn guid(&self, event: Event) -> Digest {
        digest(["incident", &self.source, &self.id.to_string(), &self.opened.timestamp().to_string(), event.name()])
    }

    /// How long it lasted, once it is over.
    pub fn lasted(&self) -> Option<Duration> {
        self.closed.map(|closed| (closed - self.since).to_std().unwrap_or_default())
    }
}
