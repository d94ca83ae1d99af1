//! Which addresses are inside: a machine's own, a private network's, those that stand for others. Pages are not asked of them, unless
//! `allow-networks` names them: whoever can write a link or a DNS record must not reach through us what only we can reach.
//!
//! Pure: what is judged is the address itself, never a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use crate::domain::Network;

/// What is inside of IPv4 (the IANA special-purpose registry of RFC 6890, multicast, and what is reserved).
const V4: &[(Network, &str)] = &[
    (Network::v4(0, 0, 0, 0, 8), "unspecified"),
    (Network::v4(10, 0, 0, 0, 8), "private"),
    (Network::v4(100, 64, 0, 0, 10), "a carrier's own (CGNAT)"),
    (Network::v4(127, 0, 0, 0, 8), "loopback"),
    (Network::v4(169, 254, 0, 0, 16), "link-local"),
    (Network::v4(172, 16, 0, 0, 12), "private"),
    (Network::v4(192, 0, 0, 0, 24), "a protocol's own"),
    (Network::v4(192, 0, 2, 0, 24), "for documentation"),
    (Network::v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (Network::v4(192, 168, 0, 0, 16), "private"),
    (Network::v4(198, 18, 0, 0, 15), "for benchmarks"),
    (Network::v4(198, 51, 100, 0, 24), "for documentation"),
    (Network::v4(203, 0, 113, 0, 24), "for documentation"),
    (Network::v4(224, 0, 0, 0, 4), "multicast"),
    (Network::v4(240, 0, 0, 0, 4), "reserved or broadcast"),
];

/// What is inside of IPv6. Only 2000::/3 is given out for the world (RFC 4291, section 2.4): the last entry but for those within it takes the
/// rest, names come first. Whatever embeds an IPv4 address is refused whole: a newsroom has an address of its own.
const V6: &[(Network, &str)] = &[
    (Network { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 }, "loopback"),
    (Network { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix: 128 }, "unspecified"),
    (Network::v6(0, 0, 0, 96), "IPv4-compatible"),
    (Network::v6(0x64, 0xff9b, 0, 96), "NAT64"),
    (Network::v6(0x64, 0xff9b, 1, 48), "NAT64"),
    (Network::v6(0x100, 0, 0, 64), "for discarding"),
    (Network::v6(0xfc00, 0, 0, 7), "unique-local"),
    (Network::v6(0xfe80, 0, 0, 10), "link-local"),
    (Network::v6(0xfec0, 0, 0, 10), "site-local"),
    (Network::v6(0xff00, 0, 0, 8), "multicast"),
    (Network::v6(0x2001, 0, 0, 32), "Teredo"),
    (Network::v6(0x2001, 0, 0, 23), "a protocol's own"),
    (Network::v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (Network::v6(0x2002, 0, 0, 16), "6to4"),
    (Network::v6(0x3fff, 0, 0, 20), "for documentation"),
    (Network::v6(0, 0, 0, 3), "reserved"),
    (Network::v6(0x4000, 0, 0, 2), "reserved"),
    (Network::v6(0x8000, 0, 0, 1), "reserved"),
];

/// An address that is inside, and not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is an address inside ({kind}), which nothing is asked of unless it is allowed: allow-networks = [\"{network}\"] in [fetch] or in the \
     source would do so"
)]
pub struct Inside {
    /// The address; an IPv4-mapped one as IPv4.
    pub address: IpAddr,
    /// What it is.
    pub kind: &'static str,
    /// The whole of its kind.
    pub network: Network,
}

/// Says which addresses may be connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    allowed: Vec<Network>,
}

impl Guard {
    /// Allows these networks, beside all that are not inside.
    pub fn allowing(networks: &[Network]) -> Self {
        Self { allowed: networks.to_vec() }
    }

    /// Whether the address may be connected to.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self, address: IpAddr) -> Result<(), Inside> {
        // What a mapped address connects to is the IPv4 address.
        let address = address.to_canonical();
        let kinds = if address.is_ipv4() { V4 } else { V6 };
        match kinds.iter().find(|(network, _)| network.contains(address)) {
            Some(&(network, kind)) if !self.allows(address) => Err(Inside { address, kind, network }),
            _ => Ok(()),
        }
    }

    /// By what the config names. Of an address that embeds another, which a gateway connects to, that one must be allowed as well.
    fn allows(&self, address: IpAddr) -> bool {
        let embedded = match address {
            IpAddr::V6(v6) => embedded(v6),
            IpAddr::V4(_) => None,
        };
        self.allowed.iter().any(|n| n.contains(address)) && embedded.is_none_or(|v4| self.check(v4.into()).is_ok())
    }
}

/// The IPv4 address that an IPv6 address leads to: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), IPv4-compatible.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, .., seventh, eighth] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (first, second) {
        (0x2002, _) => Some(v4(second, third)),
        (0x2001, 0) => Some(v4(!seventh, !eighth)),
        (0x64, 0xff9b) => Some(v4(seventh, eighth)),
        (0, 0) if address.to_bits() >> 32 == 0 && !address.is_loopback() && !address.is_unspecified() => {
            Some(v4(seventh, eighth))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    fn network(text: &str) -> Network {
        let (address, prefix) = text.split_once('/').expect("a prefix");
        Network::new(ip(address), prefix.parse().expect("a number")).expect("a network")
    }

    fn kind(text: &str) -> Option<&'static str> {
        Guard::default().check(ip(text)).err().map(|inside| inside.kind)
    }

    #[test]
    fn the_edges_of_everything_inside() {
        for (first, last, name, outside) in [
            ("0.0.0.0", "0.255.255.255", "unspecified", &["1.0.0.0"] as &[_]),
            ("10.0.0.0", "10.255.255.255", "private", &["9.255.255.255", "11.0.0.0"]),
            ("100.64.0.0", "100.127.255.255", "a carrier's own (CGNAT)", &["100.63.255.255", "100.128.0.0"]),
            ("127.0.0.0", "127.255.255.255", "loopback", &["126.255.255.255", "128.0.0.0"]),
            ("169.254.0.0", "169.254.255.255", "link-local", &["169.253.255.255", "169.255.0.0"]),
            ("172.16.0.0", "172.31.255.255", "private", &["172.15.255.255", "172.32.0.0"]),
            ("192.0.0.0", "192.0.0.255", "a protocol's own", &["191.255.255.255", "192.0.1.0"]),
            ("192.0.2.0", "192.0.2.255", "for documentation", &["192.0.1.255", "192.0.3.0"]),
            ("192.88.99.0", "192.88.99.255", "a 6to4 relay", &["192.88.98.255", "192.88.100.0"]),
            ("192.168.0.0", "192.168.255.255", "private", &["192.167.255.255", "192.169.0.0"]),
            ("198.18.0.0", "198.19.255.255", "for benchmarks", &["198.17.255.255", "198.20.0.0"]),
            ("198.51.100.0", "198.51.100.255", "for documentation", &["198.51.99.255", "198.51.101.0"]),
            ("203.0.113.0", "203.0.113.255", "for documentation", &["203.0.112.255", "203.0.114.0"]),
            ("224.0.0.0", "239.255.255.255", "multicast", &["223.255.255.255"]),
            ("240.0.0.0", "255.255.255.255", "reserved or broadcast", &[]),
            ("::", "::", "unspecified", &[]),
            ("::1", "::1", "loopback", &[]),
            ("::2", "::ffff:ffff", "IPv4-compatible", &[]),
            ("::1:0:0", "::fffe:ffff:ffff", "reserved", &[]),
            ("::1:0:0:0", "63:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &[]),
            ("64:ff9b::", "64:ff9b::ffff:ffff", "NAT64", &[]),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64", &[]),
            ("64:ff9b:2::", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &[]),
            ("100::", "100::ffff:ffff:ffff:ffff", "for discarding", &[]),
            ("100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &["2000::"]),
            ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo", &["2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
            ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "a protocol's own", &["2001:200::"]),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "for documentation", &["2001:db7:ffff::", "2001:db9::"]),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4", &["2001:ffff:ffff::", "2003::"]),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "for documentation", &["3ffe:ffff::", "3fff:1000::"]),
            ("4000::", "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &["3fff:ffff:ffff::"]),
            ("8000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &[]),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique-local", &[]),
            ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", &[]),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local", &[]),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local", &[]),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", &[]),
        ] {
            assert_eq!((kind(first), kind(last)), (Some(name), Some(name)), "{first} to {last}");
            for address in outside {
                assert_eq!(kind(address), None, "{address}");
            }
        }
    }

    #[test]
    fn a_mapped_address_is_the_one_that_it_maps() {
        assert_eq!(kind("::ffff:127.0.0.1"), Some("loopback"));
        assert_eq!(kind("::ffff:10.1.2.3"), Some("private"));
        assert_eq!(kind("::ffff:8.8.8.8"), None);
        let guard = Guard::allowing(&[network("127.0.0.0/8")]);
        assert_eq!(guard.check(ip("::ffff:127.0.0.1")), Ok(()));
        let mapped = Guard::allowing(&[network("::ffff:127.0.0.0/104")]);
        assert_eq!(mapped, guard);
        // All of IPv6 is none of IPv4.
        assert!(Guard::allowing(&[network("::/0")]).check(ip("::ffff:127.0.0.1")).is_err());
    }

    #[test]
    fn what_is_allowed_and_nothing_else() {
        let guard = Guard::allowing(&[network("10.20.30.40/16"), network("fd00:1::/32"), network("::1/128")]);
        for good in ["10.20.0.0", "10.20.255.255", "fd00:1::5", "::1", "93.184.216.34", "2606:2800:220:1::"] {
            assert_eq!(guard.check(ip(good)), Ok(()), "{good}");
        }
        for bad in ["10.19.255.255", "10.21.0.0", "fd00:2::", "127.0.0.1", "::2", "::"] {
            assert!(guard.check(ip(bad)).is_err(), "{bad}");
        }
        assert_eq!(Guard::allowing(&[network("0.0.0.0/0")]).check(ip("255.255.255.255")), Ok(()));
    }

    #[test]
    fn a_gateway_is_no_way_around() {
        let open = ["64:ff9b::/96", "2002::/16", "2001::/32", "::/96"].map(network);
        let guard = Guard::allowing(&open);
        for (address, allowed) in [
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::127.0.0.1", false),
            ("64:ff9b::169.254.169.254", false),
            ("2002:808:808::1", true),
            ("2002:7f00:1::1", false),
            ("2002:c0a8:101::1", false),
            // Teredo holds the client's address inverted.
            ("2001:0:1:2:3:4:f7f7:f7f7", true),
            ("2001:0:1:2:3:4:80ff:fffe", false),
            ("::8.8.8.8", true),
            ("::127.0.0.1", false),
        ] {
            assert_eq!(guard.check(ip(address)).is_ok(), allowed, "{address}");
            assert!(Guard::default().check(ip(address)).is_err(), "{address}");
        }
    }

    #[test]
    fn it_is_said_what_would_allow_it() {
        let error = Guard::default().check(ip("::ffff:127.0.0.1")).expect_err("loopback");
        let text = "127.0.0.1 is an address inside (loopback), which nothing is asked of unless it is allowed: \
                    allow-networks = [\"127.0.0.0/8\"] in [fetch] or in the source would do so";
        assert_eq!(error.to_string(), text);
    }
}
