//! newsroomd: arguments, logging, command, exit status.

use std::process::ExitCode;

use clap::Parser;
use newsroomd::cli::Cli;
use newsroomd::commands::{self, Exit};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("NEWSROOMD_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).without_time().init();
    // One thread drives; pages are parsed, and documents rendered and written, on threads of their own. More drivers would wake each other.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("newsroomd: cannot start: {error}");
            return Exit::Failed.into();
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = Exit::of(&error);
            // A config error is a report of its own, with places and hints.
            if exit == Exit::Config {
                eprintln!("{error}");
            } else {
                eprintln!("newsroomd: {}", newsroomd::error_chain(error.as_ref()));
            }
            exit.into()
        }
    }
}
