//! `run`: the daemon.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::config::Config;
use crate::daemon::{self, Read, Reload};

/// `read`: how the configuration is read anew.
pub(super) async fn run(config: Config, read: Arc<Read>) -> anyhow::Result<Exit> {
    let doors = daemon::open(config.http.as_ref())?;
    let stop = CancellationToken::new();
    let reload = Reload { asked: Arc::new(Notify::new()), read };
    on_signals(&stop, Some(reload.asked.clone()))?;
    daemon::run(config, doors, Some(reload), stop, None).await?;
    Ok(Exit::Done)
}

/// Stops at SIGTERM and SIGINT; at the second one the process ends where it stands, which loses nothing that is published. SIGHUP has the
/// configuration read anew, if that can be; it ends nothing.
pub(super) fn on_signals(stop: &CancellationToken, reload: Option<Arc<Notify>>) -> anyhow::Result<()> {
    let stop = stop.clone();
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = hang_up.recv() => {
                    match &reload {
                        Some(reload) => reload.notify_one(),
                        None => tracing::warn!("SIGHUP: there is no configuration to read anew"),
                    }
                    continue;
                }
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.is_cancelled() {
                std::process::exit(Exit::Failed as i32);
            }
            stop.cancel();
        }
    });
    Ok(())
}
