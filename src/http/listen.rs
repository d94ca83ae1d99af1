//! Listening sockets, and what to do when there is none to be had.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, Socket, Type};

use super::socket_file::{self, LONGEST_PATH, SocketFile};
use super::stream::{Peer, Stream};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// At a port.
    Tcp(SocketAddr),
    /// At a socket that is made at this path, with these permissions.
    Unix(PathBuf, u32),
}

impl Address {
    /// Its port, if it is one.
    pub fn port(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(..) => None,
        }
    }
}

/// As a socket that listens there is shown.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}/"),
            Self::Unix(path, _) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

/// Why the server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The port is taken.
    #[error("cannot listen at {0}: another program listens there already; stop it or change the address in [http]")]
    Taken(SocketAddr),
    /// Ports below 1024 are not for everyone.
    #[error("cannot listen at {0}: this user may not; take a port above 1023 in [http], or grant CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// The address is another machine's.
    #[error("cannot listen at {0}: this machine has no such address; change the address in [http]")]
    NotHere(SocketAddr),
    /// IPv6 is switched off.
    #[error(
        "cannot listen at {0}: this machine has no IPv6; \"0.0.0.0\" in [http] is every address of it, 127.0.0.1 this machine alone"
    )]
    NoIpv6(SocketAddr),
    /// Another process listens at the socket.
    #[error("cannot listen at {}: another program listens there already; stop it or change the address in [http]", .0.display())]
    TakenSocket(PathBuf),
    /// The socket would take the place of something else.
    #[error("cannot listen at {}: what is there is no socket; move it away or change the address in [http]", .0.display())]
    NoSocket(PathBuf),
    /// Nothing is made but the socket itself.
    #[error("cannot listen at {}: there is no folder for it; make it (RuntimeDirectory= in a systemd unit) or change the address in [http]", .0.display())]
    NoFolder(PathBuf),
    /// Folder or socket are another user's.
    #[error("cannot listen at {}: this user may not; let it write to the folder or change the address in [http]", .0.display())]
    NoAccess(PathBuf),
    /// A socket cannot be made.
    #[error("cannot listen at {} (a path of at most {LONGEST_PATH} bytes): {source}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What was passed is of no use.
    #[error("cannot listen at socket {0} of those that systemd passed: it is none that listens for connections (ListenStream=)")]
    Passed(usize),
    /// Nothing was passed.
    #[error("[http] listen names \"systemd\", but no socket was passed; start the .socket unit, or name an address")]
    NothingPassed,
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
pub(super) const BACKLOG: i32 = 1_024;

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    /// With its file, if we made that.
    Unix(UnixListener, Option<SocketFile>),
}

impl Listener {
    /// Where it listens, if that is a port.
    pub fn port(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }

    /// The path of the socket at which it listens, if that is one with a path.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(listener, _) => listener.local_addr().ok()?.as_pathname().map(Path::to_owned),
        }
    }

    /// For the runtime.
    pub fn waiting(self) -> io::Result<Waiting> {
        match self {
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(listener).map(Waiting::Tcp)
            }
            Self::Unix(listener, file) => {
                listener.set_nonblocking(true)?;
                tokio::net::UnixListener::from_std(listener).map(|listener| Waiting::Unix(listener, file))
            }
        }
    }
}

/// `http://127.0.0.1:8080/`, `unix:/run/newsroomd/http.sock`.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "http://{address}/"),
                Err(_) => f.write_str("an unknown address"),
            },
            Self::Unix(..) => {
                let path = self.path();
                write!(f, "unix:{}", path.as_ref().map_or("a socket without a path".into(), |path| path.to_string_lossy()))
            }
        }
    }
}

/// A socket from which connections can be waited for.
#[derive(Debug)]
pub(super) enum Waiting {
    Tcp(tokio::net::TcpListener),
    /// The file goes when nobody is let in any more.
    Unix(tokio::net::UnixListener, #[expect(dead_code, reason = "removes the file when it is dropped")] Option<SocketFile>),
}

impl Waiting {
    /// The next connection.
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // An answer is one write; it need not wait for company.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot send without delay");
                }
                Ok((Stream::Tcp(stream), Peer::Machine(address.ip().to_canonical())))
            }
            Self::Unix(listener, _) => listener.accept().await.map(|(stream, _)| (Stream::Unix(stream), Peer::Local)),
        }
    }
}

/// Where this machine reaches what listens at an address, which may stand for all of its own.
pub fn near(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let local: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(local);
    }
    address
}

/// Listens at an address. `all` are the ports of this and all others.
pub(super) fn listen(address: &Address, all: &[SocketAddr]) -> Result<Listener, HttpError> {
    match address {
        Address::Tcp(address) => listen_at(*address, all).map(Listener::Tcp),
        Address::Unix(path, mode) => {
            let (listener, file) = socket_file::listen(path, *mode)?;
            Ok(Listener::Unix(listener, Some(file)))
        }
    }
}

/// Listens at a port. `others` are all that are listened at.
fn listen_at(address: SocketAddr, others: &[SocketAddr]) -> Result<TcpListener, HttpError> {
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
    open().map_err(|source| told(address, source))
}

fn told(address: SocketAddr, source: io::Error) -> HttpError {
    let no_family = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    match source.kind() {
        io::ErrorKind::AddrInUse => HttpError::Taken(address),
        io::ErrorKind::PermissionDenied => HttpError::Forbidden(address),
        io::ErrorKind::AddrNotAvailable => HttpError::NotHere(address),
        _ if source.raw_os_error() == Some(no_family) => HttpError::NoIpv6(address),
        _ => HttpError::Listen { address, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn what_cannot_be_had_is_one_sentence_that_says_what_to_do() {
        let first = listen_at(at("127.0.0.1:0"), &[]).expect("a free port");
        let taken = first.local_addr().expect("an address");
        let error = listen_at(taken, &[]).expect_err("a taken port");
        let hint = "another program listens there already; stop it or change the address in [http]";
        assert_eq!(error.to_string(), format!("cannot listen at {taken}: {hint}"));
        let error = listen_at(at("192.0.2.1:0"), &[]).expect_err("an address for documentation");
        assert!(matches!(error, HttpError::NotHere(_)), "{error}");
        let no_family = io::Error::from(rustix::io::Errno::AFNOSUPPORT);
        assert!(told(at("[::]:0"), no_family).to_string().contains("this machine has no IPv6"));
    }

    /// `[::]` at any port, beside these; None, said so: the machine has no IPv6.
    fn every_address(others: &[SocketAddr]) -> Option<TcpListener> {
        match listen_at(at("[::]:0"), others) {
            Ok(listener) => Some(listener),
            Err(error @ (HttpError::NoIpv6(_) | HttpError::NotHere(_))) => {
                eprintln!("not tested: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn both_families_share_a_port_when_both_are_named() {
        // A port that is free for one family may be another program's for the other: of many one is free for both.
        let mut held = Vec::new();
        for _ in 0..100 {
            let Some(v6) = every_address(&[at("0.0.0.0:0")]) else { return };
            let port = v6.local_addr().expect("an address").port();
            match listen_at(SocketAddr::from(([0, 0, 0, 0], port)), &[]) {
                Ok(_) => return,
                Err(HttpError::Taken(_)) => held.push(v6),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("taken for IPv4: {held:?}");
    }

    #[test]
    fn every_address_of_the_machine_is_both_families_unless_ipv4_is_named_too() {
        let Some(v6) = every_address(&[]) else { return };
        let port = v6.local_addr().expect("an address").port();
        std::net::TcpStream::connect(("127.0.0.1", port)).expect("IPv4 is taken too");
    }
}
