//! A listener where nobody may go: it counts who comes.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone)]
pub struct Trap {
    address: SocketAddr,
    came: Arc<AtomicUsize>,
}

impl Trap {
    /// At any free port of a loopback address; none: this machine has no such address.
    pub fn at(address: &str) -> Option<Self> {
        let listener = TcpListener::bind((address, 0)).ok()?;
        let trap = Self { address: listener.local_addr().expect("an address"), came: Arc::default() };
        let came = trap.came.clone();
        std::thread::spawn(move || {
            for _stream in listener.incoming() {
                came.fetch_add(1, Ordering::SeqCst);
            }
        });
        Some(trap)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were made, now that those who tried have been told of it.
    pub fn connections(&self) -> usize {
        // What came before this one is counted before it.
        let before = self.came.load(Ordering::SeqCst);
        drop(std::net::TcpStream::connect(self.address));
        super::process::eventually("our own connection", || self.came.load(Ordering::SeqCst) > before);
        self.came.fetch_sub(1, Ordering::SeqCst) - 1
    }
}
