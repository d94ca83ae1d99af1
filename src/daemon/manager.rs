//! What systemd is told, if it asked to be told (sd_notify(3)): a datagram of `KEY=value` lines for each thing that happens.
//!
//! The socket has a path, or a name in the abstract name space, which containers use.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Whoever started us and wants to know how we are. Clones speak to the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Manager {
    /// None: nobody asked.
    ears: Option<Arc<Ears>>,
}

#[derive(Debug)]
struct Ears {
    socket: UnixDatagram,
    address: SocketAddr,
    /// The last status: it is said again only when it is another.
    status: Mutex<String>,
}

impl Manager {
    /// The one that `NOTIFY_SOCKET` names.
    pub fn of_environment() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Self::default() };
        match Ears::at(&name) {
            Ok(ears) => Self { ears: Some(Arc::new(ears)) },
            Err(error) => {
                tracing::warn!(%error, socket = %name.display(), "systemd cannot be told");
                Self::default()
            }
        }
    }

    /// Whether anybody is told.
    pub fn listens(&self) -> bool {
        self.ears.is_some()
    }

    /// The service is up, or done with a reload.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// A reload begins. When is told too: that is how systemd knows which of its signals this answers.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// The end begins.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping");
    }

    /// All is well, for as long as the watchdog waits.
    pub fn well(&self) {
        self.tell("WATCHDOG=1");
    }

    /// How things stand, in one line for people.
    pub fn status(&self, text: &str) {
        let Some(ears) = &self.ears else { return };
        let line = text.replace(char::is_control, " ");
        let mut status = ears.status.lock().unwrap_or_else(PoisonError::into_inner);
        if *status != line {
            self.tell(&format!("STATUS={line}"));
            *status = line;
        }
    }

    fn tell(&self, lines: &str) {
        let Some(ears) = &self.ears else { return };
        if let Err(error) = ears.socket.send_to_addr(lines.as_bytes(), &ears.address) {
            tracing::warn!(%error, "systemd could not be told");
        }
    }
}

impl Ears {
    fn at(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a path nor @ and a name")),
        };
        let socket = UnixDatagram::unbound()?;
        // Who does not listen must not hold us up.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address, status: Mutex::default() })
    }
}

/// How often systemd wants to hear that all is well, if it does: it ends a process of which it does not.
pub(super) fn watchdog() -> Option<Duration> {
    watchdog_of(std::process::id(), |name| env::var(name).ok())
}

fn watchdog_of(pid: u32, var: impl Fn(&str) -> Option<String>) -> Option<Duration> {
    if var("WATCHDOG_PID").is_some_and(|whose| whose.parse() != Ok(pid)) {
        return None;
    }
    let microseconds = var("WATCHDOG_USEC")?.parse().ok().filter(|n| *n > 0)?;
    Some(Duration::from_micros(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_paths_or_names() {
        assert!(Ears::at("/run/x".as_ref()).is_ok());
        assert!(Ears::at("@x".as_ref()).is_ok());
        for bad in ["x", "", "vsock:2:9"] {
            assert!(Ears::at(bad.as_ref()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_watchdog_of_another_process_is_none() {
        for (usec, pid, expected) in [
            (Some("2000000"), None, Some(2)),
            (Some("2000000"), Some("7"), Some(2)),
            (Some("2000000"), Some("8"), None),
            (Some("0"), None, None),
            (Some("x"), None, None),
            (None, Some("7"), None),
        ] {
            let var = |name: &str| if name == "WATCHDOG_USEC" { usec } else { pid }.map(str::to_owned);
            assert_eq!(watchdog_of(7, var), expected.map(Duration::from_secs), "{usec:?} {pid:?}");
        }
    }
}
