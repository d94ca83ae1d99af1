//! A process that goes on until it is told to stop: what it says is heard as it comes; it ends with the test at the latest.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than anything may take that a test waits for; what is waited for ends the wait.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often to look at what cannot be waited for.
const LOOK: Duration = Duration::from_millis(5);

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "in vain waited for: {what}");
        std::thread::sleep(LOOK);
    }
}

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    ended: bool,
}

/// The lines of one of its outputs.
pub struct Lines {
    heard: Arc<(Mutex<Heard>, Condvar)>,
    /// Lines before this one were waited for.
    next: usize,
    reader: Option<JoinHandle<()>>,
}

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let heard = Arc::<(Mutex<Heard>, Condvar)>::default();
        let shared = heard.clone();
        let reader = std::thread::spawn(move || {
            let (heard, news) = &*shared;
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                heard.lock().expect("no thread died").lines.push(line);
                news.notify_all();
            }
            heard.lock().expect("no thread died").ended = true;
            news.notify_all();
        });
        Self { heard, next: 0, reader: Some(reader) }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.0.lock().expect("no thread died")
    }

    /// All lines so far.
    pub fn all(&self) -> Vec<String> {
        self.heard().lines.clone()
    }

    /// How many lines so far hold a text.
    pub fn count(&self, text: &str) -> usize {
        self.heard().lines.iter().filter(|line| line.contains(text)).count()
    }

    /// Waits for a line that holds all of these texts, after the last one that was waited for.
    #[track_caller]
    pub fn wait(&mut self, texts: &[&str]) -> String {
        let is_it = |line: &String| texts.iter().all(|text| line.contains(text));
        let until = Instant::now() + PATIENCE;
        let mut heard = self.heard.0.lock().expect("no thread died");
        loop {
            if let Some(at) = heard.lines[self.next..].iter().position(is_it) {
                let at = self.next + at;
                self.next = at + 1;
                return heard.lines[at].clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!heard.ended && !left.is_zero(), "in vain waited for {texts:?} after line {}: {:#?}", self.next, heard.lines);
            heard = self.heard.1.wait_timeout(heard, left).expect("no thread died").0;
        }
    }

    /// Waits only for what comes from now on.
    pub fn skip(&mut self) {
        let said = self.heard().lines.len();
        self.next = said;
    }

    /// All lines, once there are no more.
    fn rest(&mut self) -> Vec<String> {
        self.reader.take().map(JoinHandle::join).transpose().expect("no thread died");
        self.all()
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// None: by a signal.
    pub code: Option<i32>,
    /// From the signal that was sent last, or from when it was waited for.
    pub took: Duration,
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
}

pub struct Process {
    child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
    signalled: Option<Instant>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(Stdio::null(), command)
    }

    /// With something on its standard input.
    pub fn start_with(input: Stdio, command: &mut Command) -> Self {
        // What these say would change what is logged, and to whom it is told.
        Self::start_told(command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC"), input)
    }

    /// The same with whom it is to tell how it is.
    pub fn start_told(command: &mut Command, input: Stdio) -> Self {
        command.env_remove("JOURNAL_STREAM");
        let mut child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let stdout = Lines::of(child.stdout.take().expect("piped"));
        let stderr = Lines::of(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr, signalled: None }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has in memory, in bytes.
    #[track_caller]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// The most that it ever had in memory, in bytes; none: it has ended.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
        Some(kilobytes.parse::<u64>().ok()? * 1024)
    }

    /// Sends a signal, such as "TERM".
    pub fn signal(&mut self, name: &str) {
        self.signalled = Some(Instant::now());
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.id())]).status().expect("a shell");
        assert!(sent.success(), "{name} was not sent");
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let since = self.signalled.unwrap_or_else(Instant::now);
        let mut status = None;
        eventually("the end of the process", || {
            status = self.child.try_wait().expect("its state");
            status.is_some()
        });
        let took = since.elapsed();
        let (stdout, stderr) = (self.stdout.rest(), self.stderr.rest());
        Ended { code: status.and_then(|s| s.code()), took, stdout, stderr }
    }

    /// Ends it where it stands.
    pub fn kill(mut self) {
        self.signal("KILL");
        self.end();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
