//! The configuration: one TOML file, read whole, every problem reported at once.
//!
//! `table` reads the spanned TOML key by key, the modules beside it give each table its meaning, `diagnostic` shows what is wrong where.
//! Nothing below the pipeline imports this: the parts' own policy types are filled here.

mod add;
mod article;
mod diagnostic;
mod edition;
mod facet;
mod feed;
mod field;
mod http;
mod log;
mod nearest;
mod net;
mod overrides;
mod print;
mod question;
mod read;
pub(crate) mod reference;
mod secret;
mod settings;
#[cfg(test)]
mod shipped;
mod source;
mod stamp;
mod table;
#[cfg(test)]
mod testing;
mod units;
mod value;

pub use add::{FeedSource, Together, id_of};
pub use diagnostic::Diagnostic;
pub use http::{Http, Listen};
pub use log::Log;
pub(crate) use nearest::nearest;
pub use overrides::Overrides;
pub use read::{ConfigError, state_directory, text_digest};

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use crate::domain::{Digest, Id, Merge, Newsroom, Question};
use crate::extract::{Reader, Rules};
use crate::normalise::link::Identity;
use crate::schedule::Schedule;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// What was in it: another text gives another one.
    pub text: Digest,
    /// Whether a daemon takes the file over by itself whenever it changes.
    pub watch: bool,
    /// Where readers find the feeds; ends with a slash.
    pub base_url: Url,
    /// False: `base_url` is a default that works on this machine only.
    pub base_url_given: bool,
    /// The SQLite file.
    pub database: PathBuf,
    /// What is written to disk, if anything.
    pub publish: Publish,
    /// How HTTP is served, if it is.
    pub http: Option<Http>,
    /// How requests are made.
    pub fetch: crate::fetch::Policy,
    /// Who is told how sources fare.
    pub status: Status,
    /// What the daemon logs, and how.
    pub log: Log,
    /// The newsrooms, in the file's order.
    pub sources: Vec<Source>,
    /// The feeds of one's own, in the file's order.
    pub feeds: Vec<Feed>,
    /// The places of the newsrooms by id.
    places: BTreeMap<String, usize>,
}

impl Config {
    /// The newsroom of this id.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.places.get(id).map(|place| &self.sources[*place])
    }

    /// The same, reading nothing.
    pub fn without_sources(self) -> Self {
        Self { sources: Vec::new(), places: BTreeMap::new(), ..self }
    }
}

/// How documents are made and where they go.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The folder of the published tree; none: nothing is written to disk.
    pub directory: Option<PathBuf>,
    /// The formats, each at most once.
    pub formats: Vec<crate::feed::Format>,
    /// Whether each feed has a page for people too.
    pub pages: bool,
    /// A feed holds the newest of its items, this many.
    pub items: usize,
    /// No document has more bytes than this, if it can be helped.
    pub max_size: u64,
}

/// Who is told how sources fare.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The status feed is published among the others.
    pub public: bool,
    /// Incidents are posted to this address.
    pub webhook: Option<Url>,
}

/// One newsroom to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// What readers know of it.
    pub newsroom: Newsroom,
    /// The first page of its listing.
    pub page: Url,
    /// Inside networks that it may be on, instead of those that `[fetch]` names.
    pub allow_networks: Option<Vec<crate::fetch::address::Network>>,
    /// Its pages' charset, whatever they say.
    pub charset: Option<&'static encoding_rs::Encoding>,
    /// When it is polled.
    pub schedule: Schedule,
    /// How its pages, or its feed, are read.
    pub reader: Reader,
    /// What makes two of its rows the same.
    pub identity: Identity,
    /// How many pages one poll reads at most.
    pub max_pages: usize,
    /// More new terms in one poll than this wait for the operator.
    pub max_new_terms: usize,
    /// The pairs of facets (their indices) by which it has feeds of items that have a term of both.
    pub pairs: Vec<(usize, usize)>,
    /// Of each pair of facets no more pairs of terms have feeds.
    pub max_pairs: usize,
    /// Whether what robots.txt forbids is not asked for.
    pub obey_robots: bool,
    /// The source of which it is another language edition.
    pub translates: Option<Id>,
    /// A listing without rows is none that is broken.
    pub empty_is_normal: bool,
    /// How its items' own pages are read; None: they are not asked for.
    pub article: Option<Article>,
    /// Changes whenever what a page gives may change: every key but title, schedule and limits.
    pub rules_stamp: Digest,
}

impl Source {
    /// The rules by which its pages are read; None: it is a feed.
    pub fn page_rules(&self) -> Option<&Rules> {
        match &self.reader {
            Reader::Page(rules) => Some(rules),
            Reader::Feed(_) => None,
        }
    }
}

/// How a source's articles are got and read.
#[derive(Debug, Clone)]
pub struct Article {
    /// How they are read.
    pub rules: crate::article::Rules,
    /// Hosts on which they may be, beside the source's own (as [`crate::domain::host()`] has them).
    pub hosts: Vec<String>,
    /// How many are asked for after one look at the listing.
    pub most: usize,
    /// Changes whenever what can be read may change: what failed is tried again then.
    pub stamp: Digest,
}

/// A feed that the config defines.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its id and address.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// What it asks of the items that it holds.
    pub question: Question,
    /// What becomes of items of one story.
    pub merge: Merge,
}
