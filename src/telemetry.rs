//! What is logged, and how: one line an event on standard error, levels by `NEWSROOMD_LOG`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `usually`: the level without `NEWSROOMD_LOG`, such as "info" or "warn"; a module may have one of its own
/// ("warn,newsroomd::fetch=debug").
pub fn start(usually: &str) {
    let filter = EnvFilter::try_from_env("NEWSROOMD_LOG").unwrap_or_else(|_| usually.into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // The journal knows the time itself.
    if std::env::var_os("JOURNAL_STREAM").is_some() { log.without_time().init() } else { log.init() }
}
