//! Many readers for a long time, while there is news every second. Promised: every body is the one that its ETag names, in every coding; no reader
//! ever sees older news after newer, whatever document it asks for; slow and broken clients are no one else's matter; memory does not grow.
//!
//! The ten minutes with an optimised build:
//! `NEWSROOMD_TEST_BINARY=target/release/newsroomd cargo test --test daemon ten_minutes -- --ignored --nocapture`

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::changing::Dice;
use crate::support::daemon::{self, Daemon};
use crate::support::listing::{Row, row};
use crate::support::process::PATIENCE;

/// A body in the coding of this name, unpacked; and what its ETag has behind the hash of the unpacked bytes.
struct Coding {
    name: &'static str,
    suffix: &'static str,
    unpack: fn(&[u8]) -> io::Result<Vec<u8>>,
}

const CODINGS: [Coding; 4] = [
    Coding { name: "identity", suffix: "", unpack: |bytes| Ok(bytes.to_vec()) },
    Coding { name: "gzip", suffix: "-gzip", unpack: |bytes| read_all(flate2::read::GzDecoder::new(bytes)) },
    Coding { name: "br", suffix: "-br", unpack: |bytes| read_all(brotli_decompressor::Decompressor::new(bytes, 4_096)) },
    Coding { name: "zstd", suffix: "-zstd", unpack: |bytes| zstd::decode_all(bytes) },
];

fn read_all(mut reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map(|_| bytes)
}

/// All of them hold the item that changes.
const PATHS: [&str; 5] =
    ["/news/all.rss", "/news/all.atom", "/news/all.json", "/news/topic/elections.rss", "/news/type/news.json"];

const ITEMS: usize = 40;

/// The listing at its n-th edition: one title says which one it is.
fn listing(edition: u64) -> Vec<Row> {
    let title = |n: usize| if n == ITEMS { format!("Edition {edition} of this") } else { format!("Item {n}") };
    let summary = "An observer said that the vote was calm, and that the count was open to all who wished to see it. ".repeat(4);
    let item = |n: usize| {
        row(&title(n), &format!("{} May 2024", n % 28 + 1), &format!("/{n}"))
            .topics(&["Elections"])
            .kind("News")
            .summary(&summary)
    };
    (1..=ITEMS).rev().map(item).collect()
}

/// The edition that a document shows.
fn edition(body: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(body);
    text.split_once("Edition ")?.1.split_once(' ')?.0.parse().ok()
}

#[derive(Default)]
struct Counts {
    whole: AtomicU64,
    not_modified: AtomicU64,
    editions: AtomicU64,
    broken: AtomicU64,
}

/// A connection that is kept.
struct Reader(BufReader<TcpStream>);

struct Answer {
    status: u16,
    etag: String,
    coding: String,
    body: Vec<u8>,
}

impl Reader {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::with_capacity(4_096, stream))
    }

    fn ask(&mut self, path: &str, coding: &str, known: Option<&str>) -> io::Result<Answer> {
        let known = known.map(|etag| format!("If-None-Match: {etag}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: feeds.example.org\r\nAccept-Encoding: {coding}\r\n{known}\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no status in {line:?}")))?;
        let mut answer = Answer { status, etag: String::new(), coding: "identity".into(), body: Vec::new() };
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_lowercase().as_str() {
                "etag" => value.clone_into(&mut answer.etag),
                "content-encoding" => value.clone_into(&mut answer.coding),
                "content-length" if status != 304 => answer.body = vec![0; value.parse().map_err(io::Error::other)?],
                _ => {}
            }
        }
        self.0.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

/// Reads one document after another until the end. `conditional`: asks whether they have changed. What is wrong is an error.
fn read(address: SocketAddr, seed: usize, pause: Duration, counts: &Counts, end: &AtomicBool) -> Result<(), String> {
    let mut dice = Dice(seed as u64);
    let mut reader = Reader::connect(address);
    let coding = &CODINGS[seed % CODINGS.len()];
    let conditional = (seed / CODINGS.len()).is_multiple_of(2);
    let mut known: [Option<(String, u64)>; PATHS.len()] = Default::default();
    let mut newest = 0;
    while !end.load(Relaxed) {
        let which = dice.roll(PATHS.len());
        let wrong = |what: String| Err(format!("reader {seed}, {}, {}: {what}", PATHS[which], coding.name));
        let before = known[which].as_ref().filter(|_| conditional);
        let answer = match reader.ask(PATHS[which], coding.name, before.map(|(etag, _)| etag.as_str())) {
            Ok(answer) => answer,
            Err(error) => return wrong(error.to_string()),
        };
        let shown = match (answer.status, before) {
            (304, Some((etag, shown))) if *etag == answer.etag => {
                counts.not_modified.fetch_add(1, Relaxed);
                *shown
            }
            (200, _) => {
                let Some(sent) = CODINGS.iter().find(|c| c.name == answer.coding) else { return wrong(answer.coding) };
                if ![coding.name, "identity"].contains(&sent.name) {
                    return wrong(format!("sent in {}", sent.name));
                }
                let body = (sent.unpack)(&answer.body).map_err(|e| format!("reader {seed}, {}: {e}", sent.name))?;
                let hash = format!("\"{:032x}{}\"", xxhash_rust::xxh3::xxh3_128(&body), sent.suffix);
                if hash != answer.etag {
                    return wrong(format!("{} bytes of {hash} are sent as {}", answer.body.len(), answer.etag));
                }
                counts.whole.fetch_add(1, Relaxed);
                let Some(shown) = edition(&body) else { return wrong("no edition".into()) };
                known[which] = Some((answer.etag, shown));
                shown
            }
            (status, before) => return wrong(format!("{status} with {} for {before:?}", answer.etag)),
        };
        // All documents change at once: one that is older than what was seen in another would be of a half-swapped shelf.
        if shown < newest {
            return wrong(format!("edition {shown} after {newest}"));
        }
        newest = shown;
        counts.editions.fetch_max(shown, Relaxed);
        thread::sleep(pause / 2 + pause.mul_f64(dice.roll(100) as f64 / 100.0));
    }
    Ok(())
}

/// A client as it should not be, again and again. Its own troubles are none.
fn disturb(address: SocketAddr, seed: usize, counts: &Counts, end: &AtomicBool) {
    let mut dice = Dice(1_000 + seed as u64);
    let whole = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", PATHS[seed % PATHS.len()]);
    while !end.load(Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        counts.broken.fetch_add(1, Relaxed);
        let bytes = whole.as_bytes();
        let wait = || thread::sleep(Duration::from_millis(200));
        let _ = match seed % 6 {
            // Half a head.
            0 => stream.write_all(&bytes[..bytes.len() / 2]).map(|()| wait()),
            // No HTTP.
            1 => (0..64).try_for_each(|_| stream.write_all(&[u8::try_from(dice.roll(256)).unwrap_or(0)])).map(|()| wait()),
            // Asks, and takes nothing of the answers.
            2 => (0..200).try_for_each(|_| stream.write_all(bytes)).map(|()| wait()),
            // Is gone in the middle of the answer (RST).
            3 => {
                let taken = stream.write_all(bytes).and_then(|()| stream.read_exact(&mut [0; 100]));
                let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                taken
            }
            // A byte now and then.
            4 => bytes.iter().take_while(|_| !end.load(Relaxed)).try_for_each(|byte| {
                thread::sleep(Duration::from_millis(50));
                stream.write_all(&[*byte])
            }),
            // Takes the answer byte by byte.
            _ => stream.write_all(bytes).and_then(|()| {
                (0..50).try_for_each(|_| {
                    thread::sleep(Duration::from_millis(20));
                    stream.read_exact(&mut [0])
                })
            }),
        };
        thread::sleep(Duration::from_millis(20));
    }
}

/// Megabytes of memory that are a process's own, and its share of what it has in common with others.
fn memory(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("its memory");
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kilobytes.expect("a sum") / 1_024.0
}

/// By how much a minute the samples, one a second, rise (least squares).
fn slope(samples: &[f64]) -> f64 {
    let middle = (samples.len() as f64 - 1.0) / 2.0;
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let offsets = || samples.iter().enumerate().map(|(n, s)| (n as f64 - middle, s - mean));
    60.0 * offsets().map(|(x, y)| x * y).sum::<f64>() / offsets().map(|(x, _)| x * x).sum::<f64>()
}

/// What is left of the samples when the start is over.
fn settled(samples: &[f64]) -> &[f64] {
    &samples[samples.len() / 5..]
}

fn soak(length: Duration, readers: usize, disturbers: usize, pause: Duration) -> Vec<f64> {
    let scene = daemon::scene("every = \"1s\"");
    scene.show(&[&listing(1)]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    let (address, process) = (daemon.address, daemon.process.id());
    let (counts, end) = (&Counts::default(), &AtomicBool::new(false));
    let mut samples = Vec::new();
    thread::scope(|scope| {
        let small = || thread::Builder::new().stack_size(256 << 10);
        let mut clients = Vec::new();
        for seed in 0..readers {
            let client = small().spawn_scoped(scope, move || {
                let result = read(address, seed, pause, counts, end);
                // One is enough.
                end.fetch_or(result.is_err(), Relaxed);
                result
            });
            clients.push(client.expect("a thread"));
        }
        for seed in 0..disturbers {
            small().spawn_scoped(scope, move || disturb(address, seed, counts, end)).expect("a thread");
        }
        let began = Instant::now();
        let mut edition = 1;
        while began.elapsed() < length && !end.load(Relaxed) {
            edition += 1;
            scene.show(&[&listing(edition)]);
            thread::sleep(Duration::from_secs(1));
            samples.push(memory(process));
        }
        end.store(true, Relaxed);
        for client in clients {
            if let Err(wrong) = client.join().expect("no reader died") {
                panic!("{wrong}");
            }
        }
    });
    let count = |count: &AtomicU64| count.load(Relaxed);
    let published = daemon.process.stderr.count(" published ");
    println!(
        "{} s, {readers} readers: {} whole answers, {} not modified; {disturbers} disturbers: {} connections; {published} publishings, edition {} seen; \
         memory {:.1} to {:.1} MB, slope {:.2} MB a minute",
        length.as_secs(),
        count(&counts.whole),
        count(&counts.not_modified),
        count(&counts.broken),
        count(&counts.editions),
        samples.iter().copied().fold(f64::INFINITY, f64::min),
        samples.iter().copied().fold(0.0, f64::max),
        slope(settled(&samples)),
    );
    let said = daemon.stop();
    let troubles: Vec<&String> = said.stderr.iter().filter(|line| line.contains("ERROR") || line.contains("WARN")).collect();
    assert!(troubles.is_empty(), "{troubles:#?}");
    assert!(count(&counts.editions) > 2 && count(&counts.not_modified) > 0 && count(&counts.broken) > 0, "all took part");
    samples
}

#[test]
fn no_wrong_byte_for_some_seconds() {
    soak(Duration::from_secs(5), 40, 12, Duration::from_millis(20));
}

#[test]
#[ignore = "takes ten minutes"]
fn no_wrong_byte_and_no_growth_for_ten_minutes() {
    let samples = soak(Duration::from_secs(600), 500, 50, Duration::from_millis(200));
    let rise = slope(settled(&samples)) * 8.0;
    assert!(rise < 4.0, "{rise:.1} MB in eight minutes: {samples:.1?}");
}
