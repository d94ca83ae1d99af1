//! Whose connections there are: one client must not take every place.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::forwarded::Trusted;
use super::stream::Peer;

/// The connections of each client that has any.
#[derive(Debug, Clone)]
pub(super) struct Clients(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    trusted: Trusted,
    counts: Mutex<HashMap<IpAddr, usize>>,
    /// Whether the log has said that somebody was turned away.
    told: AtomicBool,
}

/// Leave for a connection; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Admission(Option<(Clients, IpAddr)>);

impl Clients {
    /// Each may have so many connections; a trusted proxy any number, for it speaks for others.
    pub fn new(limit: usize, trusted: Trusted) -> Self {
        Self(Arc::new(Inner { limit: limit.max(1), trusted, counts: Mutex::default(), told: AtomicBool::new(false) }))
    }

    /// Lets a connection in, unless its client has all that it may have.
    pub fn admit(&self, peer: Peer) -> Option<Admission> {
        // Programs at a Unix socket are told apart by the file's mode.
        let Peer::Machine(address) = peer else { return Some(Admission(None)) };
        if self.0.trusted.holds(peer) {
            return Some(Admission(None));
        }
        let client = client(address);
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count < self.0.limit {
            *count += 1;
            return Some(Admission(Some((self.clone(), client))));
        }
        drop(counts);
        if self.0.told.swap(true, Ordering::Relaxed) {
            tracing::debug!(client.address = %address, "a client has as many connections as one may have: another one was closed");
        } else {
            let limit = self.0.limit;
            let advice = "a proxy belongs in [http] trusted-proxies; of others nothing more is said at this level";
            tracing::warn!(client.address = %address, connections = limit, advice, "a client has as many connections as one may have");
        }
        None
    }

    /// Whether this client may have one more connection.
    pub fn has_room(&self, peer: Peer) -> bool {
        let Peer::Machine(address) = peer else { return true };
        let count = |counts: &HashMap<IpAddr, usize>| counts.get(&client(address)).copied().unwrap_or_default();
        self.0.trusted.holds(peer) || count(&self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)) < self.0.limit
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Some((clients, client)) = self.0.take() else { return };
        let mut counts = clients.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&client);
            }
        }
    }
}

/// What counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that a site is given (RFC 4291, section 2.5.4).
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::Machine(text.parse().expect("an address"))
    }

    #[test]
    fn a_client_has_so_many_connections_and_another_its_own() {
        let clients = Clients::new(2, Trusted::default());
        let held = [clients.admit(peer("192.0.2.1")), clients.admit(peer("::ffff:192.0.2.1"))];
        assert!(held.iter().all(Option::is_some));
        assert!(clients.admit(peer("192.0.2.1")).is_none());
        assert!(clients.admit(peer("192.0.2.2")).is_some() && clients.admit(peer("2001:db8::1")).is_some());
        drop(held);
        assert!(clients.admit(peer("192.0.2.1")).is_some());
        assert!(clients.0.counts.lock().expect("a lock").is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn ipv6_is_counted_by_site() {
        let clients = Clients::new(1, Trusted::default());
        let _held = clients.admit(peer("2001:db8::1"));
        assert!(clients.admit(peer("2001:db8::ffff:2")).is_none());
        assert!(clients.admit(peer("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn proxies_and_programs_of_this_machine_are_not_counted() {
        let network = crate::domain::Network::new(IpAddr::from([192, 0, 2, 0]), 24).expect("a network");
        let trusted = Trusted { networks: vec![network], unix: false };
        let clients = Clients::new(1, trusted);
        let held: Vec<_> = (0..5).flat_map(|_| [clients.admit(peer("192.0.2.1")), clients.admit(Peer::Local)]).collect();
        assert!(held.iter().all(Option::is_some));
    }
}
