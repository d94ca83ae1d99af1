//! `run`: the daemon.

use std::net::ToSocketAddrs;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::config::{Config, Http, Listen};
use crate::daemon;
use crate::http::{Address, HttpError, Passed, Server};

pub(super) async fn run(config: Config) -> anyhow::Result<Exit> {
    let server = server(config.http.as_ref())?;
    let stop = CancellationToken::new();
    stop_on_signals(&stop)?;
    daemon::run(config, server, stop, None).await?;
    Ok(Exit::Done)
}

/// Opens what the config names, if it serves HTTP. Sockets that systemd passes take the place of the addresses, unless these name them beside.
fn server(http: Option<&Http>) -> anyhow::Result<Option<Server>> {
    let passed = Passed::take()?;
    let Some(http) = http else {
        if !passed.is_empty() {
            tracing::warn!("systemd passed a socket, but there is no [http]: nobody answers there");
        }
        return Ok(None);
    };
    let named = http.listen.contains(&Listen::Systemd);
    match (passed.is_empty(), named) {
        (true, true) => Err(HttpError::NothingPassed.into()),
        (false, false) => Ok(Some(Server::bind_beside(passed, &[])?)),
        _ => Ok(Some(Server::bind_beside(passed, &addresses(http)?)?)),
    }
}

/// The addresses that the config names; a name may stand for several.
fn addresses(http: &Http) -> anyhow::Result<Vec<Address>> {
    let mut found: Vec<Address> = Vec::new();
    for listen in &http.listen {
        match listen {
            Listen::Port(text) => {
                let ports = text.to_socket_addrs().with_context(|| format!("[http] listen: there is no address for {text}"))?;
                found.extend(ports.map(Address::Tcp));
            }
            Listen::Socket(path) => found.push(Address::Unix(path.clone(), http.socket_mode)),
            Listen::Systemd => {}
        }
    }
    // "localhost:80" may be one of the others too.
    let mut once: Vec<Address> = Vec::new();
    found.into_iter().for_each(|address| {
        if !once.contains(&address) {
            once.push(address);
        }
    });
    Ok(once)
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
