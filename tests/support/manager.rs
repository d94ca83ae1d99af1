//! A stand-in for systemd: hears what a service tells it.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::process::PATIENCE;

pub struct Manager {
    socket: UnixDatagram,
    name: String,
    /// Every line that was heard.
    pub heard: Vec<String>,
}

impl Manager {
    /// Listens at a name of the abstract name space.
    pub fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("newsroomd-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("a socket");
        Self { socket, name: format!("@{name}"), heard: Vec::new() }
    }

    /// What a service is told. `watchdog`: the interval.
    pub fn of<'c>(&self, command: &'c mut Command, watchdog: Option<Duration>) -> &'c mut Command {
        command.env("NOTIFY_SOCKET", &self.name).env_remove("WATCHDOG_PID");
        match watchdog {
            Some(every) => command.env("WATCHDOG_USEC", every.as_micros().to_string()),
            None => command.env_remove("WATCHDOG_USEC"),
        }
    }

    /// The next message, if one comes in time.
    fn next(&mut self, limit: Duration) -> Option<Vec<String>> {
        let mut buffer = [0; 4_096];
        self.socket.set_read_timeout(Some(limit.max(Duration::from_millis(1)))).expect("a timeout");
        let length = self.socket.recv(&mut buffer).ok()?;
        let lines: Vec<String> = String::from_utf8_lossy(&buffer[..length]).lines().map(str::to_owned).collect();
        self.heard.extend(lines.clone());
        Some(lines)
    }

    /// Waits for a message with a line that holds this text; gives the message.
    #[track_caller]
    pub fn wait(&mut self, text: &str) -> Vec<String> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(lines) = self.next(Duration::from_millis(100))
                && lines.iter().any(|line| line.contains(text))
            {
                return lines;
            }
        }
        panic!("in vain waited for {text:?}: {:#?}", self.heard);
    }

    /// Waits until this line has not come for so long.
    #[track_caller]
    pub fn wait_for_silence(&mut self, line: &str, silence: Duration) {
        let began = Instant::now();
        let mut last = Instant::now();
        while last.elapsed() < silence {
            assert!(began.elapsed() < PATIENCE + silence, "{line} goes on coming");
            if self.next(Duration::from_millis(50)).is_some_and(|lines| lines.iter().any(|l| l == line)) {
                last = Instant::now();
            }
        }
    }

    /// How often this line comes in so long.
    pub fn count(&mut self, line: &str, limit: Duration) -> usize {
        let (began, mut count) = (Instant::now(), 0);
        while let Some(left) = limit.checked_sub(began.elapsed()) {
            count += self.next(left).into_iter().flatten().filter(|l| l == line).count();
        }
        count
    }
}
