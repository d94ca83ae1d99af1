//! Where HTTP is answered: which addresses are open, and how others take their places while readers are being served.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{GRACE, descriptors};
use crate::config::{Config, Http, Listen};
use crate::error_chain;
use crate::http::{self, Address, HttpError, Passed, Places, Report, Server, Traffic};
use crate::publish::shelf::Shelf;

/// Sockets that listen and do not answer yet.
#[derive(Debug)]
pub struct Door {
    /// What of `[http] listen` or `admin` it stands for; None: it was there before the configuration, and stays whatever that says.
    pub name: Option<Listen>,
    /// Who is answered there.
    pub audience: Audience,
    /// The sockets.
    pub server: Server,
}

impl Door {
    /// Whether feeds are served there.
    pub fn is_for_readers(&self) -> bool {
        self.audience == Audience::Readers
    }
}

/// Who is answered at a door, and so what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Readers: the feeds.
    Readers,
    /// Operators: how newsroomd fares.
    Operators,
}

impl Audience {
    /// The key of `[http]` that names its addresses.
    fn key(self) -> &'static str {
        match self {
            Self::Readers => "listen",
            Self::Operators => "admin",
        }
    }
}

/// Why an address of the configuration cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The name stands for none.
    #[error("[http] {key}: there is no address for {name}")]
    Nowhere {
        /// The key that names it.
        key: &'static str,
        /// The name, with its port.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It cannot be listened at.
    #[error(transparent)]
    Listen(#[from] HttpError),
    /// It cannot be listened at while another of ours is open.
    #[error("[http]: {name} overlaps with {by}, where newsroomd listens now: that change needs a restart")]
    Overlaps {
        /// What the configuration names.
        name: String,
        /// What stands in its way.
        by: String,
    },
    /// Clients are dealt with in one way from start to end.
    #[error("[http] {0} is another one now: that change needs a restart")]
    Limits(&'static str),
}

/// Opens what the configuration names, if it serves HTTP. Sockets that systemd passed take the place of the addresses, unless it names them beside.
///
/// # Errors
/// When one of the addresses cannot be had; then none is listened at.
pub fn open(http: Option<&Http>) -> Result<Vec<Door>, DoorError> {
    let passed = Passed::take()?;
    let Some(http) = http else {
        if !passed.is_empty() {
            tracing::warn!("systemd passed a socket, but there is no [http]: nobody answers there");
        }
        return Ok(Vec::new());
    };
    let mut doors = Vec::new();
    if !passed.is_empty() {
        doors.push(Door { name: None, audience: Audience::Readers, server: Server::of(passed) });
    }
    let (ports, shown) = doors.first().map(|door| (door.server.addresses(), door.server.shown())).unwrap_or_default();
    doors.extend(named(http, &ports, &shown, |_, _| true)?);
    Ok(doors)
}

/// Which of the configuration's addresses for readers are to be open, where sockets were passed and where not.
fn wanted(http: &Http, passed: bool) -> Result<&[Listen], DoorError> {
    match (passed, http.listen.contains(&Listen::Systemd)) {
        (false, true) => Err(HttpError::NothingPassed.into()),
        (true, false) => Ok(&[]),
        _ => Ok(&http.listen),
    }
}

/// Listens at those of the configuration's addresses for which `is_new` holds, beside sockets that were passed: their ports, and how they are shown.
fn named(
    http: &Http,
    ports: &[SocketAddr],
    shown: &[String],
    is_new: impl Fn(Audience, &Listen) -> bool,
) -> Result<Vec<Door>, DoorError> {
    let mut all: Vec<(Audience, &Listen, Vec<Address>)> = Vec::new();
    let readers = wanted(http, !shown.is_empty())?.iter().map(|listen| (Audience::Readers, listen));
    for (audience, listen) in readers.chain(http.admin.iter().map(|listen| (Audience::Operators, listen))) {
        let found = match listen {
            // A name may stand for several.
            Listen::Port(name) => {
                let found = name.to_socket_addrs().map_err(|source| DoorError::Nowhere {
                    key: audience.key(),
                    name: name.clone(),
                    source,
                })?;
                found.map(Address::Tcp).collect()
            }
            Listen::Socket(path) => vec![Address::Unix(path.clone(), http.socket_mode)],
            Listen::Systemd => Vec::new(),
        };
        let mut new: Vec<Address> = Vec::new();
        for address in found {
            let is_passed = audience == Audience::Readers && shown.contains(&address.to_string());
            // What is named for readers and operators both is refused by the system: neither may be answered in the other's place.
            let is_open = all.iter().any(|(others, _, addresses)| *others == audience && addresses.contains(&address));
            if !is_passed && !new.contains(&address) && !is_open {
                new.push(address);
            }
        }
        all.push((audience, listen, new));
    }
    let every: Vec<SocketAddr> =
        all.iter().flat_map(|(.., addresses)| addresses).filter_map(Address::port).chain(ports.iter().copied()).collect();
    let wanted = all.into_iter().filter(|(audience, listen, addresses)| is_new(*audience, listen) && !addresses.is_empty());
    let door = |(audience, listen, addresses): (Audience, &Listen, Vec<Address>)| {
        Ok(Door { name: Some(listen.clone()), audience, server: Server::bind_among(&addresses, &every)? })
    };
    wanted.map(door).collect()
}

/// What is open, for whoever looks after it.
#[derive(Debug, Clone)]
pub(super) struct Open(Arc<Mutex<Inside>>);

#[derive(Debug)]
struct Inside {
    ports: Vec<SocketAddr>,
    sockets: Vec<PathBuf>,
    places: Places,
}

impl Open {
    pub fn of(ports: Vec<SocketAddr>, sockets: Vec<PathBuf>, places: Places) -> Self {
        Self(Arc::new(Mutex::new(Inside { ports, sockets, places })))
    }

    /// The ports where readers are answered.
    pub fn ports(&self) -> Vec<SocketAddr> {
        self.inside().ports.clone()
    }

    /// The Unix sockets where it is.
    pub fn sockets(&self) -> Vec<PathBuf> {
        self.inside().sockets.clone()
    }

    /// Whether one more connection of a client at this address can be served just now; None: of one at a Unix socket.
    pub fn has_room(&self, client: Option<IpAddr>) -> bool {
        self.inside().places.has_room(client)
    }

    /// The places of readers.
    pub fn places(&self) -> Places {
        self.inside().places.clone()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Opened {
    name: Option<Listen>,
    audience: Audience,
    ports: Vec<SocketAddr>,
    sockets: Vec<PathBuf>,
    shown: Vec<String>,
    stop: CancellationToken,
}

/// The doors that are open.
pub(super) struct Doors {
    opened: Vec<Opened>,
    serving: JoinSet<Result<(), HttpError>>,
    open: Open,
    /// How clients are dealt with at all of them, and what the configuration said of it that first opened one.
    settings: http::Settings,
    http: Option<Http>,
    /// Where readers find the feeds: the servers follow it.
    base_url: watch::Sender<Url>,
    /// What operators are told.
    report: Arc<dyn Report>,
    /// The places of operators: readers who have all of theirs must not keep it from being seen.
    of_operators: Places,
    stop: CancellationToken,
}

/// How many connections operators may have; more wait. They are among the files that descriptors are kept for besides clients.
const OPERATORS: usize = 16;

impl Doors {
    /// None, for the feeds and clients of this configuration. Answers are counted in `traffic`, and operators are told `report`. All are closed
    /// at `stop`.
    pub fn new(config: &Config, traffic: Arc<Traffic>, report: Arc<dyn Report>, stop: CancellationToken) -> Self {
        let base_url = watch::Sender::new(config.base_url.clone());
        let usual = http::Settings::new(config.base_url.clone());
        let settings = http::Settings { drain: GRACE, moves: Some(base_url.subscribe()), traffic, ..usual };
        let open = Open::of(Vec::new(), Vec::new(), Places::new(&settings));
        let of_operators =
            Places::new(&http::Settings { connections: OPERATORS, connections_per_client: OPERATORS, ..settings.clone() });
        let (opened, serving) = (Vec::new(), JoinSet::new());
        let mut doors = Self { opened, serving, open, settings, http: None, base_url, report, of_operators, stop };
        doors.deal(config.http.as_ref());
        doors
    }

    /// Clients are dealt with as this says, unless there may be some already.
    pub fn deal(&mut self, http: Option<&Http>) {
        let Some(http) = http.filter(|_| self.opened.is_empty()) else { return };
        self.settings.connections = descriptors::room_for(http.max_connections);
        self.settings.connections_per_client = http.max_connections_per_client;
        self.settings.trusted = http.trusted_proxies.clone();
        let places = Places::new(&self.settings);
        self.settings.places = Some(places.clone());
        self.open.inside().places = places;
        self.http = Some(http.clone());
    }

    pub fn open(&self) -> Open {
        self.open.clone()
    }

    /// Begins to serve: the shelf to readers.
    pub fn serve(&mut self, doors: Vec<Door>, shelf: &Arc<Shelf>) {
        let (mut of_readers, mut of_operators) = (Vec::new(), Vec::new());
        for Door { name, audience, server } in doors {
            let (ports, sockets, shown) = (server.addresses(), server.sockets(), server.shown());
            let settings = http::Settings { base_url: self.base_url.borrow().clone(), ..self.settings.clone() };
            let stop = self.stop.child_token();
            match audience {
                Audience::Readers => {
                    of_readers.extend(shown.iter().cloned());
                    self.serving.spawn(server.serve(shelf.clone(), settings, stop.clone()));
                }
                Audience::Operators => {
                    of_operators.extend(shown.iter().cloned());
                    let settings = http::Settings { places: Some(self.of_operators.clone()), ..settings };
                    self.serving.spawn(server.report(self.report.clone(), settings, stop.clone()));
                }
            }
            self.opened.push(Opened { name, audience, ports, sockets, shown, stop });
        }
        if !of_readers.is_empty() {
            tracing::info!(addresses = of_readers.join(" "), "serving");
        }
        if !of_operators.is_empty() {
            tracing::info!(addresses = of_operators.join(" "), "telling operators at /readyz and /metrics");
        }
        self.note();
    }

    /// Listens at what of this is not open yet: clients can connect from now on, and wait.
    ///
    /// # Errors
    /// When one address cannot be had, or clients were to be dealt with otherwise; then nothing has changed.
    pub fn add(&self, http: Option<&Http>) -> Result<Vec<Door>, DoorError> {
        let Some(http) = http else { return Ok(Vec::new()) };
        if let Some(key) = self.other_limits(http) {
            return Err(DoorError::Limits(key));
        }
        let passed = self.opened.iter().filter(|door| door.name.is_none());
        let (ports, shown): (Vec<_>, Vec<_>) = passed.map(|door| (door.ports.clone(), door.shown.clone())).unzip();
        let is_new = |audience: Audience, listen: &Listen| {
            self.opened.iter().all(|door| door.audience != audience || door.name.as_ref() != Some(listen))
        };
        named(http, &ports.concat(), &shown.concat(), is_new).map_err(|error| match error {
            DoorError::Listen(HttpError::Taken(address)) => {
                let own = self.opened.iter().flat_map(|door| &door.ports).find(|own| own.port() == address.port());
                own.map_or(error, |own| DoorError::Overlaps { name: address.to_string(), by: own.to_string() })
            }
            error => error,
        })
    }

    /// The key by which clients were to be dealt with otherwise than they are.
    fn other_limits(&self, http: &Http) -> Option<&'static str> {
        let old = self.http.as_ref().filter(|_| !self.opened.is_empty())?;
        let keys = [
            (old.max_connections != http.max_connections, "max-connections"),
            (old.max_connections_per_client != http.max_connections_per_client, "max-connections-per-client"),
            (old.trusted_proxies != http.trusted_proxies, "trusted-proxies"),
            (old.socket_mode != http.socket_mode, "socket-mode"),
        ];
        keys.into_iter().find(|(differs, _)| *differs).map(|(_, key)| key)
    }

    /// Closes what is not named here: who is being answered there gets the answer, and nobody else is let in. Sockets that were passed stay.
    pub fn close_others(&mut self, http: Option<&Http>) {
        let passed = self.opened.iter().any(|door| door.name.is_none());
        let wanted = http.and_then(|http| wanted(http, passed).ok()).unwrap_or_default();
        self.opened.retain(|door| {
            let wanted = match door.audience {
                Audience::Readers => wanted,
                Audience::Operators => http.map(|http| http.admin.as_slice()).unwrap_or_default(),
            };
            let stays = door.name.as_ref().is_none_or(|name| wanted.contains(name));
            if !stays {
                door.stop.cancel();
                tracing::info!(addresses = door.shown.join(" "), "no longer serving");
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
        // Of readers only: a scraper that takes all places of operators is no reason to end the daemon.
        let doors = || self.opened.iter().filter(|door| door.audience == Audience::Readers);
        let mut open = self.open.inside();
        open.ports = doors().flat_map(|door| door.ports.clone()).collect();
        open.sockets = doors().flat_map(|door| door.sockets.clone()).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn http(listen: &[Listen]) -> Http {
        Http {
            listen: listen.to_vec(),
            admin: Vec::new(),
            socket_mode: 0o660,
            max_connections: 1,
            max_connections_per_client: 1,
            trusted_proxies: http::Trusted::default(),
        }
    }

    #[test]
    fn what_was_passed_is_not_opened_again() {
        let passed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = passed.local_addr().expect("a port");
        let any = Listen::Port("127.0.0.1:0".into());
        let both = http(&[Listen::Systemd, Listen::Port(port.to_string()), any.clone()]);
        let opened = |http: &Http| named(http, &[port], &[format!("http://{port}/")], |_, _| true).expect("opened");
        assert_eq!(opened(&both).into_iter().map(|door| door.name).collect::<Vec<_>>(), [Some(any.clone())]);
        assert!(opened(&http(&[any])).is_empty(), "it takes the place of what is not named beside it");
        assert!(named(&both, &[], &[], |_, _| true).is_err(), "none was passed");
    }
}
