//! Listening sockets, and what to do when there is none to be had.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Why the server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The port is taken.
    #[error("cannot listen at {0}: another program listens there already; stop it or change [http] listen")]
    Taken(SocketAddr),
    /// Ports below 1024 are not for everyone.
    #[error("cannot listen at {0}: this user may not; take a port above 1023 in [http] listen, or grant CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// The address is another machine's.
    #[error("cannot listen at {0}: this machine has no such address; change [http] listen")]
    NotHere(SocketAddr),
    /// Anything else.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// A socket that listens, but cannot be waited for.
    #[error("cannot wait for connections: {0}")]
    Wait(#[source] io::Error),
}

/// Connections that the kernel keeps while none is accepted.
const BACKLOG: i32 = 1_024;

/// Listens at an address. `others` are all the addresses that are listened at.
pub(super) fn listen(address: SocketAddr, others: &[SocketAddr]) -> Result<TcpListener, HttpError> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            // Whether [::] takes IPv4 too is a setting of the system: here it does, unless that would take 0.0.0.0's place.
            socket.set_only_v6(others.iter().any(|other| other.is_ipv4() && other.port() == address.port()))?;
        }
        // A restart need not wait for the old connections to be forgotten; two programs at one port are still refused.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    open().map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => HttpError::Taken(address),
        io::ErrorKind::PermissionDenied => HttpError::Forbidden(address),
        io::ErrorKind::AddrNotAvailable => HttpError::NotHere(address),
        _ => HttpError::Listen { address, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn what_cannot_be_had_is_one_sentence_that_says_what_to_do() {
        let first = listen(at("127.0.0.1:0"), &[]).expect("a free port");
        let taken = first.local_addr().expect("an address");
        let error = listen(taken, &[]).expect_err("a taken port");
        let hint = "another program listens there already; stop it or change [http] listen";
        assert_eq!(error.to_string(), format!("cannot listen at {taken}: {hint}"));
        let error = listen(at("192.0.2.1:0"), &[]).expect_err("an address for documentation");
        assert!(matches!(error, HttpError::NotHere(_)), "{error}");
    }

    #[test]
    fn both_families_share_a_port_when_both_are_named() {
        let Ok(v6) = listen(at("[::]:0"), &[at("0.0.0.0:0")]) else { return }; // a machine without IPv6
        let port = v6.local_addr().expect("an address").port();
        let v4 = listen(SocketAddr::from(([0, 0, 0, 0], port)), &[]);
        assert!(v4.is_ok(), "{v4:?}");
    }
}
