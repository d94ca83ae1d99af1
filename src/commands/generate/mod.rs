//! `generate`: the man pages and the completions of shells, from the same source as `--help` and the configuration's reader.

mod page;
mod program;
mod settings;

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::Exit;
use crate::cli::{Cli, GenerateArgs};

pub(super) fn run(args: &GenerateArgs) -> anyhow::Result<Exit> {
    let folder = |name: &str| {
        let path = args.folder.join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display())).map(|()| path)
    };
    let date = date();
    let man = folder("man")?;
    write(&man.join("newsroomd.1"), program::page(&command(), &date))?;
    write(&man.join("newsroomd.toml.5"), settings::page(&date))?;
    let completions = folder("completions")?;
    for (shell, name) in [(Shell::Bash, "newsroomd.bash"), (Shell::Zsh, "_newsroomd"), (Shell::Fish, "newsroomd.fish")] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command(), "newsroomd", &mut script);
        write(&completions.join(name), script)?;
    }
    Ok(Exit::Done)
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// The command line without what is not for everybody: the generators would show hidden commands.
fn command() -> Command {
    let whole = Cli::command();
    let (about, args): (_, Vec<_>) = (whole.get_about().cloned().unwrap_or_default(), whole.get_arguments().cloned().collect());
    let shown = whole.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned();
    Command::new("newsroomd")
        .subcommand_value_name("COMMAND")
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .args(args)
        .subcommands(shown)
}

/// Today, or the day of `SOURCE_DATE_EPOCH` (reproducible-builds.org), so that a package can be built again to the byte.
fn date() -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| DateTime::from_timestamp(seconds.parse().ok()?, 0));
    given.unwrap_or_else(Utc::now).format("%Y-%m-%d").to_string()
}
