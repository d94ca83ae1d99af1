//! newsroomd: arguments, logging, command, exit status.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use newsroomd::cli::{Cli, Command};
use newsroomd::commands::{self, Exit};
use newsroomd::telemetry;
use tokio::runtime::Builder;

/// Gives back what the reading of thousands of pages took: the C library keeps that for as long as the process lives. SQLite's memory is of this one too.
/// How soon it gives it back is said in the environment (`MALLOC_CONF`, see the unit).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What goes on for hours says how it goes on; on a terminal a backfill shows it.
    let long = match cli.command {
        Command::Run(_) => true,
        Command::Backfill(_) => !std::io::stderr().is_terminal(),
        _ => false,
    };
    telemetry::start(if long { "info" } else { "warn" });
    // Pages are parsed, and feeds rendered and written, on threads of their own. For one round one thread drives all else: more would only wake each
    // other. A daemon answers readers meanwhile.
    let mut builder = if cli.command.is_daemon() { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("newsroomd: cannot start: {error}");
            return Exit::Failed.into();
        }
    };
    let result = runtime.block_on(commands::run(cli));
    // What was cut off by a stop may still be writing; nobody waits for it.
    runtime.shutdown_background();
    match result {
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
