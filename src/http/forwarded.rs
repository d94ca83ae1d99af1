//! Who asks, behind proxies: Forwarded (RFC 7239) and X-Forwarded-For, believed only of those that the configuration trusts.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{FORWARDED, HeaderName};

use super::stream::Peer;
use crate::domain::Network;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that say truly for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Those at these addresses.
    pub networks: Vec<Network>,
    /// Those that come by a Unix socket.
    pub unix: bool,
}

impl Trusted {
    /// Each as the configuration writes it.
    pub fn to_strings(&self) -> Vec<String> {
        let unix = self.unix.then(|| "unix".to_owned());
        self.networks.iter().map(ToString::to_string).chain(unix).collect()
    }

    pub(super) fn holds(&self, peer: Peer) -> bool {
        match peer {
            Peer::Machine(address) => self.networks.iter().any(|network| network.contains(address.to_canonical())),
            Peer::Local => self.unix,
        }
    }
}

/// The client: the last one of the chain that no trusted proxy vouches for. What stands before it anybody can write.
pub(super) fn client(peer: Peer, headers: &HeaderMap, trusted: &Trusted) -> Peer {
    let mut client = peer;
    let mut chain = chain(headers);
    while trusted.holds(client) {
        // "unknown" and made-up names (RFC 7239, section 6) end what can be told.
        let Some(Some(before)) = chain.pop() else { break };
        client = Peer::Machine(before);
    }
    client
}

/// Whom each proxy asked for, the nearest one last; none: it does not say.
fn chain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(FORWARDED) {
        let lines = headers.get_all(FORWARDED).iter().map(|line| line.to_str().unwrap_or_default());
        let value = |element: &str| {
            let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).and_then(|(_, value)| node(value))
        };
        return lines.flat_map(|line| line.split(',')).map(value).collect();
    }
    let lines = headers.get_all(&X_FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(node).collect()
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `"[2001:db8::1]:80"`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(peer: &str, fields: &[(&'static str, &str)]) -> String {
        let networks = [("127.0.0.0", 8), ("::1", 128), ("10.0.0.0", 8)];
        let networks =
            networks.map(|(a, prefix)| Network::new(a.parse().expect("an address"), prefix).expect("a network")).to_vec();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        let peer = peer.parse().map_or(Peer::Local, Peer::Machine);
        client(peer, &headers, &Trusted { networks, unix: true }).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let (xff, fwd) = ("x-forwarded-for", "forwarded");
        for (peer, fields, want) in [
            ("192.0.2.9", vec![(xff, "192.0.2.1")], "192.0.2.9"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("127.0.0.1", vec![(xff, "192.0.2.1")], "192.0.2.1"),
            ("::ffff:127.0.0.1", vec![(xff, "192.0.2.1")], "192.0.2.1"),
            ("unix", vec![(xff, "192.0.2.1")], "192.0.2.1"),
            ("unix", vec![], "unix"),
            // The client wrote the first, the proxy added the second.
            ("127.0.0.1", vec![(xff, "198.51.100.1, 192.0.2.1")], "192.0.2.1"),
            ("127.0.0.1", vec![(xff, "198.51.100.1, 192.0.2.1,10.0.0.7")], "192.0.2.1"),
            ("127.0.0.1", vec![(xff, "198.51.100.1"), (xff, "192.0.2.1")], "192.0.2.1"),
            ("127.0.0.1", vec![(xff, "10.0.0.1")], "10.0.0.1"),
            ("127.0.0.1", vec![(xff, "192.0.2.1:1234")], "192.0.2.1"),
            ("127.0.0.1", vec![(xff, "2001:db8::1")], "2001:db8::1"),
            ("127.0.0.1", vec![(xff, "192.0.2.1, unknown")], "127.0.0.1"),
            ("127.0.0.1", vec![(xff, "")], "127.0.0.1"),
            ("127.0.0.1", vec![(fwd, "for=192.0.2.1;proto=https")], "192.0.2.1"),
            ("127.0.0.1", vec![(fwd, "proto=https; For=\"[2001:db8::1]:80\"")], "2001:db8::1"),
            ("127.0.0.1", vec![(fwd, "for=198.51.100.1, for=192.0.2.1")], "192.0.2.1"),
            ("127.0.0.1", vec![(fwd, "for=_hidden")], "127.0.0.1"),
            ("127.0.0.1", vec![(fwd, "by=10.0.0.1")], "127.0.0.1"),
            ("127.0.0.1", vec![(fwd, "for=192.0.2.1"), (xff, "198.51.100.1")], "192.0.2.1"),
        ] {
            assert_eq!(of(peer, &fields), want, "{peer} {fields:?}");
        }
    }

    proptest! {
        #[test]
        fn any_chain_is_read(value in "[ -~]{0,60}") {
            of("127.0.0.1", &[("forwarded", &value)]);
            of("127.0.0.1", &[("x-forwarded-for", &value)]);
        }
    }
}
