//! Headless Chromium, driven as people drive a browser: over WebDriver (W3C), the plain JSON that chromedriver speaks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Process, eventually};

/// Longer than a browser takes to start on a machine that is busy with all other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// The key of an element's id (WebDriver, section 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a profile of its own; it ends with the test.
pub struct Browser {
    driver: SocketAddr,
    session: String,
    _process: Process,
    _profile: tempfile::TempDir,
}

/// An element of the page.
pub struct Element(String);

impl Browser {
    /// A browser; none, and a word on why, where Chromium or its driver is missing.
    pub fn start() -> Option<Self> {
        let (Some(driver), Some(chromium)) = (installed("chromedriver"), installed("chromium")) else {
            // Past the harness, which shows what passing tests print to nobody.
            let _ = writeln!(
                std::io::stderr(),
                "NOT TESTED in a browser: chromium and chromedriver are not installed (apt-get install chromium chromium-driver)"
            );
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        let mut process = Process::start(Command::new(driver).arg("--port=0").env("HOME", profile.path()));
        let line = process.stdout.wait(&["started successfully on port "]);
        let port = line.rsplit(' ').next().and_then(|port| port.trim_end_matches('.').parse().ok());
        let driver = SocketAddr::from(([127, 0, 0, 1], port.unwrap_or_else(|| panic!("no port: {line}"))));
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--no-first-run".to_owned(),
            format!("--user-data-dir={}", profile.path().join("profile").display()),
        ];
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"pageLoad": 60_000, "script": 30_000, "implicit": 0},
        });
        let made = command(driver, "POST", "/session", &json!({"capabilities": {"alwaysMatch": wanted}}));
        let session = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        Some(Self { driver, session, _process: process, _profile: profile })
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = command(self.driver, method, &format!("/session/{}{path}", self.session), body);
        assert!(answer["error"].is_null(), "{method} {path}: {answer:#}");
        answer
    }

    /// Opens a page and waits until it is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({"url": url}));
    }

    /// The address of the page that it shows.
    #[track_caller]
    pub fn url(&self) -> String {
        self.ask("GET", "/url", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// The elements that a selector finds.
    #[track_caller]
    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.ask("POST", "/elements", &json!({"using": "css selector", "value": selector}));
        let ids = found.as_array().into_iter().flatten().filter_map(|e| e[ELEMENT].as_str());
        ids.map(|id| Element(id.to_owned())).collect()
    }

    /// The first element that a selector finds.
    #[track_caller]
    pub fn one(&self, selector: &str) -> Element {
        self.all(selector).into_iter().next().unwrap_or_else(|| panic!("nothing is {selector:?}"))
    }

    /// How many of what a selector finds a person can see.
    #[track_caller]
    pub fn seen(&self, selector: &str) -> usize {
        let displayed = |e: &Element| self.ask("GET", &format!("/element/{}/displayed", e.0), &Value::Null) == json!(true);
        self.all(selector).iter().filter(|e| displayed(e)).count()
    }

    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.one(selector);
        self.ask("POST", &format!("/element/{}/click", element.0), &json!({}));
    }

    /// Types into an element. `\u{e009}` holds the control key from there on.
    #[track_caller]
    pub fn write(&self, selector: &str, text: &str) {
        let element = self.one(selector);
        self.ask("POST", &format!("/element/{}/value", element.0), &json!({"text": text}));
    }

    /// The text that a person sees in an element.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let element = self.one(selector);
        self.ask("GET", &format!("/element/{}/text", element.0), &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element's text is this.
    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        eventually(&format!("{text:?} in {selector}"), || self.text(selector) == text);
    }

    /// What a script returns: for looking, and for doing harm.
    #[track_caller]
    pub fn script(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// A command of Chromium's own (DevTools protocol).
    #[track_caller]
    pub fn devtools(&self, command: &str, parameters: &Value) {
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    /// What the console said since it was last asked: errors, warnings and violations of the policy among it.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({"type": "browser"}));
        log.as_array().into_iter().flatten().map(|line| format!("{}: {}", line["level"], line["message"])).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Else the browser would outlive the driver.
        let _ = request(self.driver, "DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

#[track_caller]
fn command(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let answer = request(driver, method, path, body).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
    let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{method} {path}: {e}: {answer}"));
    answer["value"].take()
}

fn request(driver: SocketAddr, method: &str, path: &str, body: &Value) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(driver)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes())?;
    // The driver keeps the connection, whatever it is told.
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        line.clear();
    }
    let mut answer = String::new();
    reader.take(length).read_to_string(&mut answer)?;
    Ok(answer)
}
