//! Where HTTP is answered: which addresses are open, and how others take their places while readers are being served.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::GRACE;
use crate::error_chain;
use crate::http::{self, HttpError, Server};
use crate::publish::shelf::Shelf;

/// Sockets that listen and do not answer yet.
#[derive(Debug)]
pub struct Door {
    /// What of `[http] listen` it stands for; None: it was there before the configuration, and stays whatever that says.
    pub name: Option<String>,
    /// The sockets.
    pub server: Server,
}

/// Why an address of the configuration cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The name stands for none.
    #[error("[http] listen: there is no address for {name}")]
    Nowhere {
        /// The name, with its port.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It cannot be listened at.
    #[error(transparent)]
    Listen(#[from] HttpError),
    /// It cannot be listened at while another of ours is open.
    #[error("[http] listen: {name} overlaps with {by}, where newsroomd listens now: that change needs a restart")]
    Overlaps {
        /// What the configuration names.
        name: String,
        /// What stands in its way.
        by: String,
    },
}

/// Listens at those of these addresses of `[http] listen` for which `wanted` holds. A name may stand for several.
///
/// # Errors
/// When one of them cannot be had; then none is listened at.
pub fn listen(names: &[String], wanted: impl Fn(&str) -> bool) -> Result<Vec<Door>, DoorError> {
    let mut all: Vec<(&String, Vec<SocketAddr>)> = Vec::new();
    for name in names {
        let found = name.to_socket_addrs().map_err(|source| DoorError::Nowhere { name: name.clone(), source })?;
        let mut new: Vec<SocketAddr> = Vec::new();
        for address in found {
            if !new.contains(&address) && all.iter().all(|(_, others)| !others.contains(&address)) {
                new.push(address);
            }
        }
        all.push((name, new));
    }
    let every: Vec<SocketAddr> = all.iter().flat_map(|(_, addresses)| addresses.clone()).collect();
    let wanted = all.into_iter().filter(|(name, addresses)| wanted(name) && !addresses.is_empty());
    let door = |(name, addresses): (&String, Vec<SocketAddr>)| {
        Ok(Door { name: Some(name.clone()), server: Server::bind_among(&addresses, &every)? })
    };
    wanted.map(door).collect()
}

/// What is open, for whoever looks after it.
#[derive(Debug, Clone)]
pub(super) struct Open {
    addresses: Arc<Mutex<Vec<SocketAddr>>>,
    places: Arc<Semaphore>,
}

impl Open {
    pub fn of(addresses: Vec<SocketAddr>, places: usize) -> Self {
        Self { addresses: Arc::new(Mutex::new(addresses)), places: Arc::new(Semaphore::new(places)) }
    }

    /// Where HTTP is answered.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether one more reader can be served just now.
    pub fn has_places(&self) -> bool {
        self.places.available_permits() > 0
    }
}

struct Opened {
    name: Option<String>,
    addresses: Vec<SocketAddr>,
    stop: CancellationToken,
}

/// The doors that are open.
pub(super) struct Doors {
    opened: Vec<Opened>,
    serving: JoinSet<Result<(), HttpError>>,
    open: Open,
    /// Where readers find the feeds: the servers follow it.
    base_url: watch::Sender<Url>,
    stop: CancellationToken,
}

impl Doors {
    /// None, for feeds at this address. All are closed at `stop`.
    pub fn new(base_url: Url, stop: CancellationToken) -> Self {
        let places = http::Settings::new(base_url.clone()).connections;
        let open = Open::of(Vec::new(), places);
        Self { opened: Vec::new(), serving: JoinSet::new(), open, base_url: watch::Sender::new(base_url), stop }
    }

    pub fn open(&self) -> Open {
        self.open.clone()
    }

    /// Begins to serve.
    pub fn serve(&mut self, doors: Vec<Door>, shelf: &Arc<Shelf>) {
        let mut shown = Vec::new();
        for Door { name, server } in doors {
            let addresses = server.addresses();
            shown.extend(addresses.iter().map(|address| format!("http://{address}/")));
            let settings = http::Settings {
                drain: GRACE,
                places: Some(self.open.places.clone()),
                moves: Some(self.base_url.subscribe()),
                ..http::Settings::new(self.base_url.borrow().clone())
            };
            let stop = self.stop.child_token();
            self.serving.spawn(server.serve(shelf.clone(), settings, stop.clone()));
            self.opened.push(Opened { name, addresses, stop });
        }
        if !shown.is_empty() {
            tracing::info!(addresses = shown.join(" "), "serving");
        }
        self.note();
    }

    /// Listens at what of these is not open yet: clients can connect from now on, and wait.
    ///
    /// # Errors
    /// When one of them cannot be had; then nothing has changed.
    pub fn add(&self, listen_at: &[String]) -> Result<Vec<Door>, DoorError> {
        // Sockets that were handed over are instead of those that the configuration names.
        if self.opened.iter().any(|door| door.name.is_none()) {
            return Ok(Vec::new());
        }
        let is_new = |name: &str| self.opened.iter().all(|door| door.name.as_deref() != Some(name));
        listen(listen_at, is_new).map_err(|error| match error {
            DoorError::Listen(HttpError::Taken(address)) => {
                let own = self.open.addresses().into_iter().find(|own| own.port() == address.port());
                own.map_or(error, |own| DoorError::Overlaps { name: address.to_string(), by: own.to_string() })
            }
            error => error,
        })
    }

    /// Closes what is not among these: who is being answered there gets the answer, and nobody else is let in.
    pub fn close_others(&mut self, listen_at: &[String]) {
        self.opened.retain(|door| {
            let stays = door.name.as_ref().is_none_or(|name| listen_at.contains(name));
            if !stays {
                door.stop.cancel();
                tracing::info!(addresses = ?door.addresses, "no longer serving");
            }
            stays
        });
        // Those that have ended need not be kept.
        while let Some(ended) = self.serving.try_join_next() {
            told(ended);
        }
        self.note();
    }

    /// The feeds are at this address from now on.
    pub fn move_to(&self, base_url: &Url) {
        self.base_url.send_if_modified(|now| {
            let moves = now != base_url;
            now.clone_from(base_url);
            moves
        });
    }

    fn note(&self) {
        let addresses = self.opened.iter().flat_map(|door| door.addresses.clone()).collect();
        *self.open.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// Waits until those who are being answered are: after the stop.
    pub async fn close(mut self) {
        while let Some(ended) = self.serving.join_next().await {
            told(ended);
        }
    }
}

fn told(ended: Result<Result<(), HttpError>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(error = error_chain(&error), "the HTTP server failed"),
        Err(error) => tracing::error!(%error, "the HTTP server died"),
    }
}
