//! `doctor`: what is wrong, where, and what to do; with `--repair` it does what it can. Looking changes nothing, and goes on beside a daemon.

mod around;
mod repair;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};

use super::Exit;
use crate::cli::DoctorArgs;
use crate::commands::out::say;
use crate::config::Config;
use crate::domain::finding::{Finding, Part};
use crate::error_chain;
use crate::pipeline::{Examined, Pipeline};
use crate::publish::{Holder, survey};
use crate::store::{Store, StoreError};

/// How often a tree that is being published to is looked at again, and how long after.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(310);

/// What an examination gave.
struct Report {
    holder: Holder,
    findings: Vec<Finding>,
    tree: Examined,
    /// The file is damaged, or no database any more; a repair saves what can be read.
    damaged: bool,
    /// It can be opened to write: it is there, it is ours, and it is whole.
    usable: bool,
}

pub(super) async fn run(config: Config, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let config = Arc::new(config);
    let mut report = examine(&config).await?;
    let mut done = Vec::new();
    if args.repair {
        done = repair::repair(&config, &report).await?;
        report = examine(&config).await?;
    }
    let exit = if report.findings.iter().any(|f| f.problem) { Exit::Findings } else { Exit::Done };
    if args.json {
        say!("{:#}", as_json(&config, &report, &done));
    } else {
        print(&config, &report, &done);
    }
    Ok(exit)
}

async fn examine(config: &Arc<Config>) -> anyhow::Result<Report> {
    let holder = Holder::now(&config.database)?;
    let mut report = Report { holder, findings: Vec::new(), tree: Examined::default(), damaged: false, usable: false };
    of_database(config, &mut report).await?;
    report.findings.extend(around::rights(config, &report.tree.lying));
    report.findings.extend(around::space(config));
    report.findings.extend(around::listeners(config, holder));
    // Those of a part together, problems first.
    report.findings.sort_by_key(|f| (f.part, !f.problem));
    Ok(report)
}

/// The database and what can only be judged by it.
async fn of_database(config: &Arc<Config>, report: &mut Report) -> anyhow::Result<()> {
    let mut store = match Store::read(&config.database).await {
        Ok(store) => store,
        Err(error) => {
            unreadable(config, &error, report);
            return Ok(());
        }
    };
    let mut findings = store.examine().await?;
    if !findings.is_empty() {
        // A database that nobody has open is read as it lies there: if a process has begun to write meanwhile, it is looked at again.
        store.close().await;
        store = Store::read(&config.database).await?;
        findings = store.examine().await?;
    }
    // What else is wrong may be of the damage.
    report.damaged = findings.iter().any(|f| f.what.starts_with("the file is damaged"));
    report.usable = !report.damaged;
    report.findings.extend(findings);
    if !report.damaged {
        let states = store.standing(config.sources.iter().map(|s| &s.newsroom.id)).await?;
        let rows = store.channels().await?;
        report.findings.extend(standing::sources(config, &states));
        report.findings.extend(standing::clock(config, &states, &rows, Utc::now()));
        let pipeline = Pipeline::looking(config.clone(), store.clone())?;
        let mut tree = pipeline.examine_tree().await;
        for _ in 0..LOOKS {
            // Who publishes just now has documents on their way: what is wrong stays so.
            if report.holder == Holder::Nobody || tree.as_ref().is_ok_and(|tree| tree.findings.iter().all(|f| !f.problem)) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            tree = pipeline.examine_tree().await;
        }
        match tree {
            Ok(tree) => report.tree = tree,
            Err(error) => {
                let advice = "see that the folder and all in it may be read by this user";
                report.findings.push(Finding::problem(Part::Tree, error_chain(&error), advice));
            }
        }
        report.findings.append(&mut report.tree.findings);
    }
    store.close().await;
    Ok(())
}

/// What a database that cannot be opened leaves to be said.
fn unreadable(config: &Config, error: &StoreError, report: &mut Report) {
    let tree = config.publish.directory.as_deref().and_then(|d| survey(d).ok()).unwrap_or_default();
    let published = tree.iter().filter(|one| !one.folder && !one.is_unfinished()).count();
    let finding = match error {
        StoreError::Missing { .. } if published == 0 => {
            report.usable = true;
            Finding::note(Part::Database, "there is none yet", "run `newsroomd once`, or the daemon")
        }
        StoreError::Missing { .. } => {
            let what = format!("it is lost: {published} documents are published, and there is no database");
            let advice =
                "restore a backup, or run `newsroomd once --all`: what the newsrooms still list gets the same guids again";
            Finding::problem(Part::Database, what, advice)
        }
        StoreError::Foreign { .. } if crate::store::was_ours(&config.database) => {
            report.damaged = true;
            let finding = Finding::mendable(Part::Database, "its header is overwritten");
            Finding {
                advice: "restore a backup, or run `newsroomd doctor --repair`, which saves what can be read".into(),
                ..finding
            }
        }
        StoreError::Foreign { .. } => {
            let advice = "if it was newsroomd's, restore a backup, or move it away and run `newsroomd once --all`; else name another file in \
                 [store] url";
            Finding::problem(Part::Database, "it is no database of newsroomd", advice)
        }
        StoreError::Older { .. } => {
            report.usable = true;
            Finding::mendable(Part::Database, "it is of an older newsroomd, and is brought up to date by the next run")
        }
        StoreError::Newer { version, .. } => {
            let what = format!("it is of a newer newsroomd (layout {version})");
            Finding::problem(Part::Database, what, "run that version, or restore a backup of before the upgrade")
        }
        error => {
            let said = error_chain(error);
            report.damaged = said.contains("malformed");
            let advice = "see that it may be read by this user; restore a backup if it cannot be";
            Finding { mends: report.damaged, ..Finding::problem(Part::Database, said, advice) }
        }
    };
    report.findings.push(finding.in_file(&config.database));
    report.tree.lying = tree;
}

/// Who holds the publish lock, in words.
fn holder(holder: Holder) -> String {
    let process = |process: Option<u32>| process.map(|p| format!(" (process {p})")).unwrap_or_default();
    match holder {
        Holder::Nobody => "no daemon runs on this database".into(),
        Holder::Daemon { process: p } => format!("a daemon{} runs on this database", process(p)),
        Holder::Other { process: p } => format!("a command{} publishes from this database", process(p)),
    }
}

fn print(config: &Config, report: &Report, done: &[String]) {
    say!("{}: user {}; {}", config.path.display(), around::user(), holder(report.holder));
    done.iter().for_each(|done| say!("repaired: {done}"));
    for finding in &report.findings {
        let place = finding.place.as_ref().map(|p| format!("{p}: ")).unwrap_or_default();
        say!("{}{}: {place}{}", if finding.problem { "" } else { "note: " }, finding.part.name(), finding.what);
        say!("    {}", finding.advice);
    }
    match report.findings.iter().filter(|f| f.problem).count() {
        0 => say!("nothing is wrong"),
        1 => say!("1 thing is wrong"),
        count => say!("{count} things are wrong"),
    }
}

fn as_json(config: &Config, report: &Report, done: &[String]) -> Value {
    let findings = report.findings.iter().map(|f| {
        json!({"part": f.part.name(), "problem": f.problem, "what": f.what, "where": f.place, "advice": f.advice, "repairable": f.mends})
    });
    let (running, process) = match report.holder {
        Holder::Daemon { process } => (true, process),
        Holder::Nobody | Holder::Other { .. } => (false, None),
    };
    json!({
        "config": config.path, "database": config.database, "directory": config.publish.directory, "user": around::user(),
        "daemon": {"runs": running, "process": process}, "repaired": done, "findings": findings.collect::<Vec<_>>(),
        "problems": report.findings.iter().filter(|f| f.problem).count(),
    })
}
