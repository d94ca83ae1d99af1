//! The commands: each reads what it needs, drives the pipeline, and reports.

mod backfill;
mod backup;
mod check;
mod demo;
mod discover;
mod doctor;
mod feeds;
mod forget;
mod generate;
mod health;
mod import;
mod manners;
mod once;
mod out;
mod preview;
mod report;
mod run;
mod saved;
mod target;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::{Cli, Command};
use crate::config::{self, Config, ConfigError, Overrides};
use crate::telemetry;

/// Exit statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// See [`Exit::meaning`], as of the others.
    Done = 0,
    /// The status of whatever has none of its own.
    Failed = 1,
    /// sysexits.h: `EX_DATAERR`.
    Findings = 65,
    /// sysexits.h: `EX_TEMPFAIL`.
    SourceFailed = 75,
    /// sysexits.h: `EX_CONFIG`.
    Config = 78,
}

impl Exit {
    /// All of them; clap ends with 2 by itself.
    pub const ALL: [Self; 5] = [Self::Done, Self::Failed, Self::Findings, Self::SourceFailed, Self::Config];

    /// What it says, for the manual.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "All was done. Rows that could not be read are no failure.",
            Self::Failed => "It could not be done. Of `health`: not all is well, or nobody answers.",
            Self::Findings => "`doctor` found something that is wrong (EX_DATAERR).",
            Self::SourceFailed => {
                "A source failed; the others were done (EX_TEMPFAIL: it may go better next time). Also: `discover` is not sure of a listing."
            }
            Self::Config => "The configuration is wrong (EX_CONFIG).",
        }
    }

    /// The status that an error ends with.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.downcast_ref::<ConfigError>().is_some() { Self::Config } else { Self::Failed }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Carries out a command.
///
/// # Errors
/// What a person should read to know what to do.
pub async fn run(cli: Cli) -> anyhow::Result<Exit> {
    let asks = matches!(cli.command, Command::Run(_) | Command::Once(_) | Command::Check(_) | Command::Backfill(_));
    let overrides = match &cli.command {
        Command::Run(args) => args.overrides(),
        Command::Once(args) => args.publish.overrides(),
        Command::Check(args) => args.run.overrides(),
        _ => Overrides::default(),
    };
    let load = || load(&cli.config, asks, &overrides);
    match &cli.command {
        Command::Run(_) => {
            let config = load()?;
            telemetry::write_as(config.log.format);
            telemetry::set_levels(&config.log.level);
            let path = cli.config;
            let read = move || Config::load_with(&path, &config::state_directory(), &overrides);
            run::run(config, Arc::new(read)).await
        }
        Command::Once(args) => once::run(load()?, args).await,
        Command::Check(args) if args.print => check::show(&cli.config, &overrides),
        Command::Check(args) => check::run(&load()?, args).await,
        Command::Preview(args) => preview::run(&load()?, args).await,
        Command::Discover(args) => discover::run(&cli.config, args).await,
        Command::Import(args) => import::run(&cli.config, args),
        Command::Backfill(args) => backfill::run(&load()?, args).await,
        Command::Feeds(args) => feeds::run(&load()?, args).await,
        Command::Manners(args) => manners::run(&load()?, args).await,
        Command::Forget(args) => forget::run(&load()?, args).await,
        Command::Doctor(args) => doctor::run(load()?, args).await,
        Command::Health(args) => health::run(&cli.config, args).await,
        Command::Backup(args) => backup::run(&load()?, args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Generate(args) => generate::run(args),
    }
}

/// The endings of a feed's documents, in one word: `{rss,atom,json}`.
fn endings(config: &Config) -> String {
    let formats: Vec<&str> = config.publish.formats.iter().map(|f| f.extension()).collect();
    if let [one] = formats.as_slice() { (*one).to_owned() } else { format!("{{{}}}", formats.join(",")) }
}

/// Loads the configuration; warnings go to standard error, those of how newsrooms are asked only where they are asked again and again (or would be).
fn load(path: &Path, asks: bool, overrides: &Overrides) -> Result<Config, ConfigError> {
    let (config, warnings) = Config::load_with(path, &config::state_directory(), overrides)?;
    warnings.iter().filter(|warning| asks || !warning.of_requests).for_each(|warning| eprintln!("{warning}"));
    Ok(config)
}
