//! How many connections there may be, and of whom.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Settings;
use super::clients::{Admission, Clients};
use super::stream::Peer;

/// Places for connections. Servers that share one have them together.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    count: usize,
    clients: Clients,
}

/// A connection's place, until it is dropped.
pub(super) type Place = (OwnedSemaphorePermit, Admission);

impl Places {
    /// As many as these settings say.
    pub fn new(settings: &Settings) -> Self {
        let count = settings.connections.max(1);
        Self {
            all: Arc::new(Semaphore::new(count)),
            count,
            clients: Clients::new(settings.connections_per_client, settings.trusted.clone()),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many are taken: the connections that are open.
    pub fn taken(&self) -> usize {
        self.count.saturating_sub(self.all.available_permits())
    }

    /// Whether one more connection of this client can be served just now; None: of a program of this machine, by a Unix socket.
    pub fn has_room(&self, client: Option<IpAddr>) -> bool {
        self.all.available_permits() > 0 && self.clients.has_room(client.map_or(Peer::Local, Peer::Machine))
    }

    /// Waits until one more connection can be served.
    pub(super) async fn room(&self) {
        // It is not kept: several listeners wait, and none is to have a place while it does.
        drop(self.all.acquire().await);
    }

    /// All places that are free.
    #[cfg(test)]
    pub fn take_all(&self) -> impl Sized {
        let free = u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX);
        self.all.clone().try_acquire_many_owned(free).expect("free places")
    }

    /// A place for a client.
    #[cfg(test)]
    pub async fn take_one(&self, client: IpAddr) -> impl Sized {
        self.take(Peer::Machine(client)).await.expect("leave")
    }

    /// A place, as soon as there is one; none if the client has all that it may have.
    pub(super) async fn take(&self, peer: Peer) -> Option<Place> {
        let admission = self.clients.admit(peer)?;
        // Where there is a place, it is had at once: who waits here when the server shuts down is lost.
        let place = match self.all.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.all.clone().acquire_owned().await.ok()?,
        };
        Some((place, admission))
    }
}
