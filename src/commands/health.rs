//! `health`: what a running daemon says of itself.

use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

use super::Exit;
use crate::cli::HealthArgs;
use crate::commands::out::say;
use crate::config::{self, Config, Listen};
use crate::error_chain;
use crate::http::near;

/// Where a daemon is asked.
struct Door {
    /// As it is shown.
    name: String,
    socket: Option<PathBuf>,
    url: String,
}

/// What it said.
struct Said {
    problems: Vec<String>,
    /// What `/readyz` tells.
    report: Value,
}

pub(super) async fn run(path: &Path, args: &HealthArgs) -> anyhow::Result<Exit> {
    // What is to be warned of, `check` and the daemon's log say.
    let (config, _) = Config::load_with(path, &config::state_directory(), &config::Overrides::default())?;
    let doors = doors(&config, args.alive)?;
    let mut silent = Vec::new();
    for door in &doors {
        match ask(door, args.timeout).await {
            Ok(said) => return Ok(tell(args, Some(&door.name), said)),
            Err(error) => silent.push(format!("nobody answers at {}: {}", door.name, error_chain(error.as_ref()))),
        }
    }
    Ok(tell(args, None, Said { problems: silent, report: Value::Null }))
}

fn tell(args: &HealthArgs, asked: Option<&str>, Said { problems, report }: Said) -> Exit {
    let healthy = problems.is_empty();
    if args.json {
        say!("{:#}", json!({"healthy": healthy, "asked": asked, "problems": problems, "report": report}));
    } else if healthy {
        say!("healthy");
    } else {
        problems.iter().for_each(|problem| say!("{problem}"));
    }
    if healthy { Exit::Done } else { Exit::Failed }
}

/// Where to ask: whoever knows how the sources fare, or else whoever can say that the daemon is alive.
fn doors(config: &Config, alive: bool) -> anyhow::Result<Vec<Door>> {
    let Some(http) = &config.http else {
        bail!("there is no [http] in {}: a daemon can be asked only with `listen` or `admin`", config.path.display());
    };
    let (addresses, path) = match (http.admin.is_empty(), alive) {
        (true, _) => (&http.listen, "healthz"),
        (false, true) => (&http.admin, "healthz"),
        (false, false) => (&http.admin, "readyz"),
    };
    let mut doors = Vec::new();
    for listen in addresses {
        match listen {
            Listen::Port(text) => {
                let found = text.to_socket_addrs().with_context(|| format!("there is no address for {text}"))?;
                let urls = found.filter(|address| address.port() != 0).map(|address| format!("http://{}/{path}", near(address)));
                doors.extend(urls.map(|url| Door { name: url.clone(), socket: None, url }));
            }
            Listen::Socket(socket) => {
                let (name, url) = (format!("unix:{}, /{path}", socket.display()), format!("http://localhost/{path}"));
                doors.push(Door { name, socket: Some(socket.clone()), url });
            }
            Listen::Systemd => {}
        }
    }
    if doors.is_empty() {
        bail!("which addresses the daemon has is not in {}: name one with a port, best as [http] admin", config.path.display());
    }
    Ok(doors)
}

async fn ask(door: &Door, timeout: Duration) -> anyhow::Result<Said> {
    // Fails only if a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().timeout(timeout).redirect(redirect::Policy::none()).no_proxy().tls_certs_only([]);
    let builder = match &door.socket {
        Some(socket) => builder.unix_socket(socket.as_path()),
        None => builder,
    };
    let response = builder.build().context("cannot set up the HTTP client")?.get(&door.url).send().await;
    let response = response.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    let body = response.text().await.map_err(reqwest::Error::without_url)?;
    Ok(said(&door.name, status, &body))
}

/// What an answer means.
fn said(name: &str, status: StatusCode, body: &str) -> Said {
    let report: Value = serde_json::from_str(body).unwrap_or_default();
    let stranger = || vec![format!("what answers at {name}, with {status}, is not newsroomd as it is configured")];
    let problems = match (status, &report["problems"]) {
        (StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE, Value::Array(problems))
            if problems.is_empty() == status.is_success() =>
        {
            problems.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        // Of /healthz.
        (StatusCode::OK, _) if body == "ok" => Vec::new(),
        _ => stranger(),
    };
    Said { problems, report }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_in_its_place_is_not_healthy() {
        for (status, body, want) in [
            (200, "ok", 0),
            (200, "{\"ready\": true, \"problems\": []}", 0),
            (503, "{\"ready\": false, \"problems\": [\"a\", \"b\"]}", 2),
            (404, "ok", 1),
            (503, "{\"problems\": []}", 1),
            (200, "{\"problems\": [\"a\"]}", 1),
            (200, "<html>", 1),
            (503, "", 1),
            (500, "{\"problems\": []}", 1),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(said("here", status, body).problems.len(), want, "{status} {body}");
        }
    }
}
