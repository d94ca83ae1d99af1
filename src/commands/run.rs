//! `run`: the daemon.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::config::Config;
use crate::daemon;
use crate::http::Server;

pub(super) async fn run(config: Config) -> anyhow::Result<Exit> {
    let server = match config.listen.as_slice() {
        [] => None,
        listen => Some(Server::bind(&addresses(listen)?)?),
    };
    let stop = CancellationToken::new();
    stop_on_signals(&stop)?;
    daemon::run(config, server, stop, None).await?;
    Ok(Exit::Done)
}

/// The addresses that the config names; a name may stand for several.
fn addresses(listen: &[String]) -> anyhow::Result<Vec<SocketAddr>> {
    let mut found: Vec<SocketAddr> = Vec::new();
    for text in listen {
        let of_text = text.to_socket_addrs().with_context(|| format!("[http] listen: there is no address for {text}"))?;
        of_text.for_each(|address| {
            if !found.contains(&address) {
                found.push(address)
            }
        });
    }
    Ok(found)
}

/// Stops at SIGTERM and SIGINT; at the second one the process ends where it stands, which loses nothing that is published. SIGHUP, which ends a
/// process that does not wait for it, changes nothing.
pub(super) fn stop_on_signals(stop: &CancellationToken) -> anyhow::Result<()> {
    let stop = stop.clone();
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = hang_up.recv() => {
                    tracing::warn!("SIGHUP: the configuration is read at the start only; restart to have a changed one taken over");
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
