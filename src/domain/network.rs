//! Networks of the Internet protocol.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: an address and the length of its prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// None: the prefix is longer than the address. A network of IPv4-mapped addresses (RFC 4291, section 2.5.5.2) is one of IPv4.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        match address {
            IpAddr::V6(v6) if (96..=128).contains(&prefix) => match v6.to_ipv4_mapped() {
                Some(v4) => Some(Self { address: v4.into(), prefix: prefix - 96 }),
                None => Some(Self { address, prefix }),
            },
            _ => (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, prefix }),
        }
    }

    /// `a.b.c.d/prefix`.
    pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// The network of an address that begins with these three groups.
    pub(crate) const fn v6(first: u16, second: u16, third: u16, prefix: u8) -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0)), prefix }
    }

    /// Whether the address belongs to it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (address, prefix, shown) in [
            ("10.0.0.0", 8, Some("10.0.0.0/8")),
            ("10.0.0.0", 33, None),
            ("fd00::", 128, Some("fd00::/128")),
            ("fd00::", 129, None),
            ("::ffff:10.0.0.0", 104, Some("10.0.0.0/8")),
        ] {
            assert_eq!(Network::new(address.parse().expect("an address"), prefix).map(|n| n.to_string()).as_deref(), shown);
        }
    }
}
