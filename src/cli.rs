//! The command line: what can be asked, not how it is done.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};

use crate::config::Overrides;

/// Turns newsrooms without usable feeds into RSS, Atom and JSON feeds that people trust.
#[derive(Debug, Parser)]
#[command(name = "newsroomd", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, env = "NEWSROOMD_CONFIG", value_name = "FILE", default_value = "/etc/newsroomd/newsroomd.toml")]
    pub config: PathBuf,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: poll on schedule, publish, and answer over HTTP, until it is stopped
    Run(RunArgs),
    /// Poll every source that is due, publish what changed, and end; for cron
    Once(OnceArgs),
    /// Say what the configuration means, and what is wrong with it
    Check(CheckArgs),
    /// Show what a page gives: rows, warnings, and rows that are the same item
    Preview(PreviewArgs),
    /// Take in a source's whole archive, once: walk along its pager to the end; run again, it goes on where it stopped
    Backfill(BackfillArgs),
    /// Find the listing of a page of which nothing is known, and the configuration that reads it
    Discover(DiscoverArgs),
    /// Add the feeds of an OPML file to the configuration, as sources
    Import(ImportArgs),
    /// List every feed with its address, how many items are stored and shown, and when it last changed
    Feeds(FeedsArgs),
    /// Show how hosts were asked: requests, bytes, waits kept, and what their robots.txt says
    Manners(MannersArgs),
    /// Forget an item, a term or a source for good: the only way to lose what was once seen
    Forget(ForgetArgs),
    /// Look for what is wrong with database, feeds, rights, disk, clock and sources, and say what to do; --repair mends it
    Doctor(DoctorArgs),
    /// Ask the daemon whether all is well; for scripts and the HEALTHCHECK of a container
    Health(HealthArgs),
    /// Copy the database into a file, while it is in use; to restore it, copy it back
    Backup(BackupArgs),
    /// Make feeds of a newsroom that is built in: no network, no configuration needed
    Demo(DemoArgs),
    /// Write the man pages and the completions of shells, for packages
    #[command(hide = true)]
    Generate(GenerateArgs),
}

impl Command {
    /// Whether it goes on until it is stopped.
    pub fn is_daemon(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Demo(DemoArgs { once: false, .. }))
    }
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Answer over HTTP here, instead of at the configured addresses; can be given several times
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = Overrides::listen)]
    pub listen: Vec<String>,
    /// Where the feeds go and are found.
    #[command(flatten)]
    pub publish: PublishArgs,
}

/// What goes before the configuration of whatever publishes.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Where readers find the feeds, instead of base-url
    #[arg(long, value_name = "URL", value_parser = Overrides::base_url)]
    pub base_url: Option<String>,
    /// Where to put the feeds, instead of in the configured folder
    #[arg(long, value_name = "DIR")]
    pub publish_directory: Option<PathBuf>,
}

impl PublishArgs {
    /// As the configuration takes them. A relative folder is one of where we stand.
    pub fn overrides(&self) -> Overrides {
        let absolute = |folder: &PathBuf| std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        Overrides {
            listen: Vec::new(),
            base_url: self.base_url.clone(),
            publish_directory: self.publish_directory.as_ref().map(absolute),
        }
    }
}

impl RunArgs {
    /// As the configuration takes them.
    pub fn overrides(&self) -> Overrides {
        Overrides { listen: self.listen.clone(), ..self.publish.overrides() }
    }
}

/// Arguments of `once`.
#[derive(Debug, Args)]
pub struct OnceArgs {
    /// Poll every source, due or not, but for those that wait after failures or for their hosts (see --now)
    #[arg(long)]
    pub all: bool,
    /// Do not wait after failures, nor where a host asked for it (Retry-After); robots.txt and gaps are kept all the same. With --all: poll
    /// everything now
    #[arg(long)]
    pub now: bool,
    /// Take this source's page for good as it is now, whatever it was like before
    #[arg(long, value_name = "SOURCE")]
    pub accept: Vec<String>,
    /// Where the feeds go and are found.
    #[command(flatten)]
    pub publish: PublishArgs,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Show the whole configuration as it is in force, with every default, as a TOML file
    #[arg(long, conflicts_with = "json")]
    pub print: bool,
    /// What `run` is given too.
    #[command(flatten)]
    pub run: RunArgs,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `preview`.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// A source's id, the address of a page, or a saved page
    #[arg(value_name = "SOURCE|URL|FILE")]
    pub target: String,
    /// Read the page by the rules of this source
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Show the article that this row of the page leads to, the first one by default; where the page itself is an article, that
    #[arg(long, value_name = "ROW", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub article: Option<usize>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `backfill`.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// A source's id
    pub source: String,
    /// Go no further than to a page whose items are all older
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,
    /// Read so many pages, and leave the rest to another run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub pages: Option<u32>,
    /// Begin at page 1, wherever an earlier run came
    #[arg(long)]
    pub restart: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `discover`.
#[derive(Debug, Args)]
pub struct DiscoverArgs {
    /// The address of a page, or a saved page
    #[arg(value_name = "URL|FILE")]
    pub target: String,
    /// The address of a saved page; by default what it says itself
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The OPML file, as feed readers export it
    pub file: PathBuf,
    /// The configuration to add them to, instead of that of --config; it is made if it is not there
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Make a feed of each folder's sources too
    #[arg(long)]
    pub folders: bool,
    /// Show what would be added, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `feeds`.
#[derive(Debug, Args)]
pub struct FeedsArgs {
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `manners`.
#[derive(Debug, Args)]
pub struct MannersArgs {
    /// This host only, as in the table
    #[arg(value_name = "HOST")]
    pub host: Option<String>,
    /// Count the last so many days (of UTC), today among them
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub days: u16,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// An item (its guid or its link), a term (its feed's address, as `feeds` shows it), a source or a feed of one's own
    /// that is no longer configured (its id)
    #[arg(value_name = "ITEM|TERM|SOURCE")]
    pub target: String,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Mend what can be mended, and publish everything anew; of a damaged database, save what can be read
    #[arg(long)]
    pub repair: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Ask only whether it is alive, not how it fares: to decide whether it is to be restarted
    #[arg(long)]
    pub alive: bool,
    /// How long the daemon may take to answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The copy
    pub file: PathBuf,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// One round, then end
    #[arg(long)]
    pub once: bool,
    /// Where to answer over HTTP; another free port if this one is taken
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", conflicts_with = "once")]
    pub listen: SocketAddr,
    /// Where to put the feeds
    #[arg(long, value_name = "DIR", default_value = "newsroomd-demo")]
    pub out: PathBuf,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// The folder for `man/` and `completions/`
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
