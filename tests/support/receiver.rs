//! An operator's webhook: takes what is posted to it, or does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Post {
    /// The path, with its query.
    pub path: String,
    pub body: serde_json::Value,
    /// The status that was answered.
    pub status: u16,
}

#[derive(Default)]
struct State {
    /// What is answered next; then 204.
    answers: Vec<(u16, String)>,
    posts: Vec<Post>,
}

/// The server; ends with the test's process.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    came: Arc<Condvar>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let receiver = Self { address: listener.local_addr().expect("an address"), state: Arc::default(), came: Arc::default() };
        let server = receiver.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| server.serve(stream)));
        receiver
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next posts are answered with these statuses and further header lines, all others with 204.
    pub fn answer(&self, answers: &[(u16, &str)]) {
        self.state().answers = answers.iter().map(|(status, more)| (*status, (*more).to_owned())).collect();
    }

    /// Everything that was posted so far.
    pub fn posts(&self) -> Vec<Post> {
        self.state().posts.clone()
    }

    /// Event and status of everything that was posted so far.
    pub fn events(&self) -> Vec<(String, u16)> {
        self.posts().into_iter().map(|p| (p.body["event"].as_str().unwrap_or_default().to_owned(), p.status)).collect()
    }

    /// Waits until so many posts came.
    #[track_caller]
    pub fn wait_for(&self, posts: usize) {
        let (_state, late) = self
            .came
            .wait_timeout_while(self.state(), Duration::from_secs(30), |s| s.posts.len() < posts)
            .expect("no thread died");
        assert!(!late.timed_out(), "fewer than {posts} posts came");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread died")
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let field = |name: &str| {
            lines.iter().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
        };
        let length = field("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        if lines.is_empty() || reader.read_exact(&mut body).is_err() {
            return;
        }
        assert!(lines[0].starts_with("POST "), "{lines:?}");
        assert_eq!(field("content-type").as_deref(), Some("application/json"));
        let path = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&body).expect("JSON");
        let mut state = self.state();
        let (status, more) = if state.answers.is_empty() { (204, String::new()) } else { state.answers.remove(0) };
        state.posts.push(Post { path, body, status });
        drop(state);
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n{more}\r\n");
        // Whoever asked may have gone.
        let _ = reader.get_mut().write_all(answer.as_bytes());
        self.came.notify_all();
    }
}
