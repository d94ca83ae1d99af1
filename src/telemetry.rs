//! What is logged, and how: levels by `NEWSROOMD_LOG`, else by what the configuration says; on standard error, or to the journal with its fields.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// How what is logged is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// To the journal where systemd leads standard error there, else plain.
    #[default]
    Auto,
    /// A line for people.
    Plain,
    /// A JSON object a line.
    Json,
    /// To the journal, with fields.
    Journald,
}

impl Format {
    /// All, with their names.
    pub const ALL: [(&str, Self); 4] =
        [("auto", Self::Auto), ("plain", Self::Plain), ("json", Self::Json), ("journald", Self::Journald)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("auto", |(name, _)| name)
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Checks levels such as "info" or "info,newsroomd::fetch=debug".
///
/// # Errors
/// The end of a sentence that begins with what they are called.
pub fn check_levels(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',').map(str::trim) {
        // To the library a word alone is a module, at all levels: mostly a level that is misspelt.
        if !part.contains('=') && !LEVELS.contains(&part.to_ascii_lowercase().as_str()) {
            return Err(format!("knows no level \"{part}\": there are {}", LEVELS.join(", ")));
        }
    }
    EnvFilter::try_new(text).map(|_| ()).map_err(|error| format!("is not understood: {error}"))
}

type Filtered = Layered<reload::Layer<EnvFilter, Registry>, Registry>;
type Output = Box<dyn Layer<Filtered> + Send + Sync>;

/// What of the log can be changed while it is written.
struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    output: reload::Handle<Output, Filtered>,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Starts logging. `usually`: the levels where neither `NEWSROOMD_LOG` nor the configuration says others.
pub fn start(usually: &str) {
    let (filter, filter_handle) = reload::Layer::new(filter(usually));
    let (output, output_handle) = reload::Layer::new(output(format(Format::Auto)));
    tracing_subscriber::registry().with(filter).with(output).init();
    let log = Log { filter: filter_handle, output: output_handle };
    assert!(LOG.set(log).is_ok(), "logging starts once");
}

/// Has it written as the configuration says. Only before anything else goes on: spans that are open were noted in the format before.
pub fn write_as(asked: Format) {
    if let Some(log) = LOG.get()
        && let Err(error) = log.output.reload(output(format(asked)))
    {
        eprintln!("newsroomd: the log goes on as it was: {error}");
    }
}

/// Has these levels logged from now on. `NEWSROOMD_LOG` goes before them.
pub fn set_levels(levels: &str) {
    if let Some(log) = LOG.get()
        && let Err(error) = log.filter.reload(filter(levels))
    {
        tracing::error!(%error, "the levels of the log stay as they were");
    }
}

fn filter(levels: &str) -> EnvFilter {
    let asked = std::env::var("NEWSROOMD_LOG").ok();
    let text = asked.as_deref().unwrap_or(levels);
    let filter = EnvFilter::try_new(text).unwrap_or_else(|error| {
        eprintln!("newsroomd: NEWSROOMD_LOG is not understood ({error}): logging at {levels:?}");
        levels.into()
    });
    // The scheduler tells in its own words what the daemon tells in ours.
    if text.contains("tokio_cron_scheduler") {
        return filter;
    }
    filter.add_directive("tokio_cron_scheduler=warn".parse().expect("a valid directive"))
}

/// `NEWSROOMD_LOG_FORMAT`, else what is asked for.
fn format(asked: Format) -> Format {
    let Ok(name) = std::env::var("NEWSROOMD_LOG_FORMAT") else { return asked };
    Format::of(&name).unwrap_or_else(|| {
        eprintln!("newsroomd: NEWSROOMD_LOG_FORMAT must be auto, plain, json or journald, not {name:?}");
        asked
    })
}

fn output(format: Format) -> Output {
    let in_journal = leads_to_journal();
    match format {
        Format::Json => return fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(stderr).boxed(),
        Format::Journald => match journal() {
            Ok(journal) => return journal,
            Err(error) => eprintln!("newsroomd: the journal cannot be written to ({error}): logging plain lines"),
        },
        // Without its socket, plain lines reach it all the same.
        Format::Auto if in_journal => {
            if let Ok(journal) = journal() {
                return journal;
            }
        }
        Format::Auto | Format::Plain => {}
    }
    let plain = fmt::layer().with_writer(stderr).with_target(false).with_ansi(stderr().is_terminal());
    // The journal knows the time itself.
    if in_journal { plain.without_time().boxed() } else { plain.boxed() }
}

/// Fields are called `NEWSROOMD_SOURCE_ID` and so on.
fn journal() -> std::io::Result<Output> {
    let journal = tracing_journald::layer()?.with_field_prefix(Some("NEWSROOMD".into()));
    Ok(journal.with_syslog_identifier("newsroomd".into()).boxed())
}

/// Whether standard error is the stream that systemd made for it (systemd.exec(5), `JOURNAL_STREAM`).
fn leads_to_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        for good in ["info", "WARN", "off", "info,newsroomd::fetch=debug", "warn,newsroomd=trace"] {
            assert_eq!(check_levels(good), Ok(()), "{good}");
        }
        for bad in ["", "inof", "info,", "newsroomd=loud", "info,newsroomd::fetch"] {
            assert!(check_levels(bad).is_err(), "{bad}");
        }
    }
}
