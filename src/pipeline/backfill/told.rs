//! What a backfill is asked, what it tells while it goes on, and what it came to.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use super::Outlet;
use crate::extract::Warning;
use crate::pipeline::PollError;
use crate::store::Backfill;

/// What is asked of a backfill.
#[derive(Debug, Clone, Default)]
pub struct BackfillAsked {
    /// It need go no further than to a page whose rows are all older.
    pub since: Option<NaiveDate>,
    /// It reads so many pages and leaves the rest to a later run.
    pub pages: Option<usize>,
    /// It begins anew, wherever an earlier run came.
    pub restart: bool,
}

/// Where a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begins {
    /// At page 1, for the first time or because it was asked to.
    First,
    /// At page 1, though an earlier run came further, for this reason.
    Anew(&'static str),
    /// Where an earlier run stopped: at this page, from 0.
    Resumes(usize),
}

/// How long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Rows of the first page that was read.
    pub rows: usize,
    /// The pager's own idea of how many pages there are, if its link to the last one could be recognised.
    pub of: Option<usize>,
    /// Pages that this run is likely to read, if that is known.
    pub pages: Option<usize>,
    /// For how long each page is waited: each is asked for twice.
    pub per_page: Duration,
}

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Pages read, by all runs.
    pub pages: usize,
    /// How many there may be.
    pub of: Option<usize>,
    /// Pages read by this run.
    pub pages_now: usize,
    /// Requests made by this run.
    pub requests: usize,
    /// The page at which the next run goes on, from 0: as far as is stored.
    pub resumes: usize,
    /// What was stored so far.
    pub stored: Backfill,
}

impl Progress {
    /// The page at which the next run goes on, from 1.
    pub fn stored_page(&self) -> usize {
        self.resumes + 1
    }
}

/// What is told while it goes on.
#[derive(Debug)]
pub enum Told {
    /// It begins.
    Begins(Begins),
    /// The first page was read.
    Estimate(Estimate),
    /// A page was read.
    Page(Progress),
    /// A page could not be read, and is asked for again after a while.
    Waits(Duration, PollError),
    /// Something that the operator should know.
    Notice(String),
}

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// At the pager's end.
    Finished,
    /// At a page whose rows are all older than was asked for.
    Since,
    /// After as many pages as were asked for.
    Pages,
    /// It was told to stop.
    Stopped,
    /// A page could not be read.
    Failed(PollError),
    /// An earlier run came to the end then.
    Before(DateTime<Utc>),
}

/// What it came to.
#[derive(Debug)]
pub struct Backfilled {
    /// How it ended.
    pub ended: Ended,
    /// How far it came.
    pub progress: Progress,
    /// How long this run took.
    pub took: Duration,
    /// What could not be read, the first few: page (from 0) and warning.
    pub warnings: Vec<(usize, Warning)>,
    /// How many there were.
    pub warned: usize,
    /// New terms that have no feed yet: (facet, name).
    pub held: Vec<(String, String)>,
    /// Where it was published.
    pub outlet: Outlet,
}
