//! newsroomd(1).

use clap::Command;
use clap_mangen::Man;

use super::page::Page;
use crate::commands::Exit;

/// What is looked up in the environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("NEWSROOMD_CONFIG", "The configuration file, unless `--config` names one."),
    (
        "NEWSROOMD_LOG",
        "What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`), and levels of modules, such as `warn,newsroomd::daemon=debug`. The daemon logs at `info` without it, the others at `warn`.",
    ),
    (
        "NEWSROOMD_LOG_FORMAT",
        "How it is written, before what the configuration says: `plain`, `json`, `journald` or `auto`, which is the journal where systemd leads standard error there, else plain.",
    ),
    (
        "STATE_DIRECTORY",
        "Where relative paths of the configuration start; systemd sets it. Without it, `$XDG_STATE_HOME/newsroomd`, else `~/.local/state/newsroomd`, else (without a home) `/var/lib/newsroomd`.",
    ),
    ("XDG_STATE_HOME", "See `STATE_DIRECTORY`."),
    ("HOME", "See `STATE_DIRECTORY`."),
    ("NO_COLOR", "No bold type on a terminal."),
    (
        "JOURNAL_STREAM",
        "Whether standard error leads to the journal; systemd sets it. Lines of the log begin without the time, which the journal knows.",
    ),
    (
        "NOTIFY_SOCKET",
        "Where the daemon tells that it is ready, how things stand, and that it reloads or stops; see sd_notify(3).",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "Where { credential = \"NAME\" } of the configuration finds its files; systemd sets it (LoadCredential=).",
    ),
    ("WATCHDOG_USEC", "How often systemd is to hear that nothing is stuck; see sd_watchdog_enabled(3)."),
    ("WATCHDOG_PID", "Of which process systemd is to hear it."),
    ("SOURCE_DATE_EPOCH", "The date of manual pages that are generated; of use to packages alone."),
];

const FILES: &[(&str, &str)] = &[
    ("/etc/newsroomd/newsroomd.toml", "The configuration, see newsroomd.toml(5)."),
    (
        "/var/lib/newsroomd",
        "The state of the service: `newsroomd.db`, the database; `newsroomd.db-status`, the feed of incidents; `hosts`, which processes share so that hosts are asked one at a time; and whatever the configuration names by relative paths, such as `feeds`, the published folder.",
    ),
];

const SIGNALS: &[(&str, &str)] = &[
    (
        "SIGTERM, SIGINT",
        "The daemon ends in less than four seconds; a backfill ends where it can go on later. A second one ends it at once. Nothing is lost.",
    ),
    ("SIGHUP", "The daemon goes on; its log says what became of it."),
];

const EXAMPLES: &[(&str, &str)] = &[
    ("See how it works, without network and configuration:", "newsroomd demo"),
    (
        "See what the rules of a source make of its page, and of one that was saved:",
        "newsroomd preview osce\nnewsroomd preview page.html --source osce",
    ),
    ("Find the listing of a page of which nothing is known:", "newsroomd discover https://www.example.org/news"),
    ("Poll by cron instead of a daemon:", "*/5 * * * *  newsroomd once >/dev/null"),
    ("Poll everything now, whatever failed before:", "newsroomd once --all --now"),
    ("Take in a source's archive, a hundred pages for now:", "newsroomd backfill osce --pages 100"),
];

/// The page, of the command line as it is.
pub(super) fn page(command: &Command, date: &str) -> String {
    let mut command = command.clone();
    command.build();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = Page::new("newsroomd", "1", date, about.trim_end_matches('.'));
    page.section("SYNOPSIS");
    page.rendered(&section(&command, Man::render_synopsis_section), 1);
    page.section("DESCRIPTION");
    page.text("`newsroomd` reads newsrooms' listing pages by the rules of one file, newsroomd.toml(5), remembers every item for good, and publishes RSS, Atom and JSON feeds to a folder, over HTTP, or both.");
    page.paragraph("`newsroomd run` is the daemon. The other commands may be run beside it. What a person should read goes to standard output, warnings and the log go to standard error.");
    page.section("OPTIONS");
    page.rendered(&section(&command, Man::render_options_section), 1);

    page.section("COMMANDS");
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        // What all of them have stands above.
        let sub = sub.clone().mut_args(|arg| if arg.is_global_set() || arg.get_id() == "help" { arg.hide(true) } else { arg });
        page.subsection(sub.get_name());
        page.rendered(&section(&sub, Man::render_synopsis_section), 1);
        page.paragraph(&format!("{}.", sub.get_about().map(ToString::to_string).unwrap_or_default()));
        page.rendered(&section(&sub, Man::render_options_section), 1);
    }

    page.section("EXIT STATUS");
    for exit in Exit::ALL {
        page.term(&(exit as u8).to_string(), &format!("`{exit:?}`. {}", exit.meaning()));
        if exit == Exit::Failed {
            page.term("2", "`Usage`. The arguments are wrong.");
        }
    }
    for (title, terms) in [("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES), ("SIGNALS", SIGNALS)] {
        page.section(title);
        terms.iter().for_each(|(term, meaning)| page.term(term, meaning));
    }
    page.section("EXAMPLES");
    for (n, (what, how)) in EXAMPLES.iter().enumerate() {
        if n == 0 {
            page.text(what)
        } else {
            page.paragraph(what)
        }
        page.indented(|page| page.verbatim(how));
    }
    page.section("SEE ALSO");
    page.text("newsroomd.toml(5), systemd.service(5), /usr/share/doc/newsroomd/README.md.gz");
    page.finish()
}

fn section(command: &Command, render: impl Fn(&Man, &mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    render(&Man::new(command.clone()), &mut out).expect("memory takes all");
    String::from_utf8(out).expect("the help is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every variable that the code looks up by a name.
    #[test]
    fn every_variable_of_the_environment_is_documented() {
        let mut files = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut seen = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("source");
            for begin in ["var(\"", "var_os(\"", "env = \""] {
                for name in text.split(begin).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let is_name = name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
                    // Tests rewrite what they expect at the word of one; the other stands for any.
                    if is_name && !["UPDATE_GOLDEN", "NAME"].contains(&name) {
                        seen += 1;
                        assert!(ENVIRONMENT.iter().any(|(known, _)| *known == name), "{name} of {}", path.display());
                    }
                }
            }
        }
        assert!(seen >= ENVIRONMENT.len() - 1, "{seen}: NOTIFY_SOCKET alone is looked up by a library");
    }
}
