//! What is logged, and how: one line an event on standard error, levels by `NEWSROOMD_LOG`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `usually`: the level without `NEWSROOMD_LOG`, such as "info" or "warn"; a module may have one of its own
/// ("warn,newsroomd::fetch=debug").
pub fn start(usually: &str) {
    let asked = std::env::var("NEWSROOMD_LOG").ok();
    let filter = EnvFilter::try_new(asked.as_deref().unwrap_or(usually)).unwrap_or_else(|error| {
        eprintln!("newsroomd: NEWSROOMD_LOG is not understood ({error}): logging at {usually:?}");
        usually.into()
    });
    // The scheduler tells in its own words what the daemon tells in ours.
    let quiet = asked.as_deref().is_none_or(|asked| !asked.contains("tokio_cron_scheduler"));
    let filter =
        if quiet { filter.add_directive("tokio_cron_scheduler=warn".parse().expect("a valid directive")) } else { filter };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // The journal knows the time itself.
    if std::env::var_os("JOURNAL_STREAM").is_some() { log.without_time().init() } else { log.init() }
}
