//! From a file to a checked configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, Error};

use super::diagnostic::{Diagnostic, Problems};
use super::source::{self, Ids, Outline};
use super::table::Table;
use super::{Config, Overrides, Source, edition, feed, print, secret, settings};
use crate::domain::{Digest, stamp};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {reason}; {}", path.display(), advice(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The file was read and cannot be used; shown whole, problem by problem.
    #[error("{}", shown(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every problem, in the file's order.
        problems: Vec<Diagnostic>,
    },
}

fn advice(reason: &std::io::Error) -> &'static str {
    match reason.kind() {
        std::io::ErrorKind::NotFound => "name another file with --config, or begin with the commented example",
        std::io::ErrorKind::PermissionDenied => "let the user who runs newsroomd read it",
        std::io::ErrorKind::IsADirectory => "name the file inside it",
        _ => "see that it is a readable file, or name another one with --config",
    }
}

fn shown(path: &Path, problems: &[Diagnostic]) -> String {
    let mut out = String::new();
    for problem in problems {
        let _ = writeln!(out, "{problem}");
    }
    let count = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
    let _ = write!(out, "{count} in the configuration {}", path.display());
    out
}

/// Where relative paths start: `$STATE_DIRECTORY` as systemd sets it (the first, of several), else `$XDG_STATE_HOME/newsroomd`,
/// else `$HOME/.local/state/newsroomd`; without a home, where the packages keep it.
pub fn state_directory() -> PathBuf {
    state_directory_of(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()))
}

fn state_directory_of(var: impl Fn(&str) -> Option<String>) -> PathBuf {
    // Relative ones are invalid (XDG Base Directory Specification, section 2) and would depend on where one stands.
    let absolute = |text: String| Some(PathBuf::from(text)).filter(|p| p.is_absolute());
    let first = |list: String| list.split(':').next().map(str::to_owned);
    var("STATE_DIRECTORY")
        .and_then(first)
        .and_then(absolute)
        .or_else(|| var("XDG_STATE_HOME").and_then(absolute).map(|p| p.join("newsroomd")))
        .or_else(|| var("HOME").and_then(absolute).map(|p| p.join(".local/state/newsroomd")))
        .unwrap_or_else(|| PathBuf::from("/var/lib/newsroomd"))
}

impl Config {
    /// Reads the file at `path`. Relative paths in it start at `state`, usually [`state_directory`]. Gives warnings beside the configuration.
    ///
    /// # Errors
    /// The file cannot be read, or there are problems in it: all of them.
    pub fn load(path: &Path, state: &Path) -> Result<(Self, Vec<Diagnostic>), ConfigError> {
        Self::load_with(path, state, &Overrides::default())
    }

    /// The same; `overrides` go before what the file says.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn load_with(path: &Path, state: &Path, overrides: &Overrides) -> Result<(Self, Vec<Diagnostic>), ConfigError> {
        let text = text(path)?;
        read(path, &text, state, overrides)
    }

    /// The configuration as it is in force: a TOML file with every default written out. What stands elsewhere is shown as where it stands.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn in_force(path: &Path, state: &Path, overrides: &Overrides) -> Result<(String, Vec<Diagnostic>), ConfigError> {
        let text = text(path)?;
        let (config, warnings) = read(path, &text, state, overrides)?;
        let mut document = DeTable::parse_recoverable(without_mark(&text)).0.into_inner();
        overrides.apply(&mut document);
        Ok((print::config(&document, &config), warnings))
    }

    /// Reads a file's text; `path` is what it is called.
    ///
    /// # Errors
    /// There are problems in it: all of them.
    pub fn parse(path: &Path, text: &str, state: &Path) -> Result<(Self, Vec<Diagnostic>), ConfigError> {
        read(path, text, state, &Overrides::default())
    }
}

/// What [`Config::text`] would be if the file were read now; None: it cannot be.
pub fn text_digest(path: &Path) -> Option<Digest> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(stamp([without_mark(&text)]))
}

/// A text without the byte order mark before it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The text of the file at `path`.
fn text(path: &Path) -> Result<String, ConfigError> {
    let bytes = std::fs::read(path).map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let problems = Problems::new(&text);
        problems.push(at..at + '\u{fffd}'.len_utf8(), "the file is not UTF-8 here", "save it as UTF-8");
        ConfigError::Invalid { path: path.to_owned(), problems: problems.finish(path).0 }
    })
}

fn read(path: &Path, text: &str, state: &Path, overrides: &Overrides) -> Result<(Config, Vec<Diagnostic>), ConfigError> {
    let text = without_mark(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut document = document.into_inner();
    let problems = Problems::new(text);
    let config = if syntax(&errors, text, &problems) {
        let since = problems.count();
        overrides.apply(&mut document);
        secret::fetch(&mut document, state, &problems);
        let config = meaning(path, &document, state, &problems);
        // What the parser made of a wrong line is a guess: no second problem out of that.
        let wrong: Vec<_> = errors.iter().filter_map(Error::span).map(|span| problems.lines(&span)).collect();
        problems.drop_since(since, &wrong);
        config
    } else {
        None
    };
    let (problems, warnings) = problems.finish(path);
    match config {
        Some(config) if problems.is_empty() => Ok((Config { text: stamp([text]), ..config }, warnings)),
        _ => Err(ConfigError::Invalid { path: path.to_owned(), problems }),
    }
}

/// What the TOML parser says of mistakes after which it knows where it is.
const UNQUOTED: &str = "string values must be quoted";
const DUPLICATE: &str = "duplicate key";
const OPEN: &[&str] = &["invalid literal string", "invalid basic string"];
const UNQUOTED_HINT: &str = "write strings as \"…\", or as '…' if they hold backslashes";

/// Reports the syntax errors, one a line; false: the parser lost its way, and the meaning of the rest cannot be judged.
fn syntax(errors: &[Error], text: &str, problems: &Problems<'_>) -> bool {
    let mut errors: Vec<_> = errors.iter().map(|e| (e.span().unwrap_or(text.len()..text.len()), e.message())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let unclosed = errors.iter().any(|(_, m)| m.starts_with("unclosed array"));
    let mut last = None;
    for (span, message) in &errors {
        let line = problems.lines(span).start;
        if last.replace(line) == Some(line) {
            continue;
        }
        // A list that is never closed swallows the rest of the file, every line of it an error.
        if unclosed && message.contains("array") {
            problems.push(span.clone(), "the list before this is not closed", "lists end with ]");
            break;
        }
        let hint = if message.starts_with(UNQUOTED) {
            UNQUOTED_HINT
        } else if *message == DUPLICATE {
            "each key stands once in a table; several sources are written as several [[source]]"
        } else if OPEN.iter().any(|open| message.starts_with(open)) {
            "is the quote at the end missing?"
        } else {
            ""
        };
        match hint {
            UNQUOTED_HINT if span.is_empty() => problems.push(span.clone(), "the value is missing", ""),
            _ => problems.push(span.clone(), *message, hint),
        }
    }
    errors.iter().all(|(_, m)| m.starts_with(UNQUOTED) || *m == DUPLICATE || OPEN.iter().any(|open| m.starts_with(open)))
}

fn meaning<'a>(path: &Path, document: &'a DeTable<'a>, state: &Path, problems: &'a Problems<'a>) -> Option<Config> {
    let mut top = Table::new("", document, 0..0, problems);
    let settings = settings::read(&mut top, state);
    let mut ids = Ids::default();
    let (mut sources, mut outlines): (Vec<_>, Vec<Outline>) = (Vec::new(), Vec::new());
    let tables = top.tables("source");
    if tables.is_empty() && !document.contains_key("source") {
        let hint = "add [[source]] with `id`, `title`, `page`, `each` and [source.item]";
        problems.push(top.span(), "there is no [[source]]: nothing would be read", hint);
    }
    for table in tables {
        let (source, outline) = source::read(table, &mut ids);
        sources.push(source);
        outlines.extend(outline);
    }
    edition::check(&outlines, problems);
    let feeds: Vec<_> = top.tables("feed").into_iter().map(|table| feed::read(table, &mut ids, &outlines)).collect();
    top.finish();

    let settings = settings?;
    let sources = sources.into_iter().collect::<Option<Vec<Source>>>()?;
    Some(Config {
        places: sources.iter().enumerate().map(|(place, source)| (source.newsroom.id.to_string(), place)).collect(),
        path: path.to_owned(),
        watch: settings.watch,
        base_url: settings.base_url,
        text: stamp([]),
        base_url_given: settings.base_url_given,
        database: settings.database,
        publish: settings.publish,
        http: settings.http,
        fetch: settings.fetch,
        status: settings.status,
        log: settings.log,
        sources,
        feeds: feeds.into_iter().collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::said;
    use super::*;

    const REST: &str = "[http]\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\nitem = { title = 'a', date = 'time' }\n";

    #[test]
    fn syntax_errors_come_together_and_breed_no_others() {
        for (text, expected) in [
            ("base-url = https://x\n", &["1:12 string values must be quoted, expected literal string"][..]),
            // A local mistake does not hide the others of the file.
            ("base-url = x\nbad = 1\n", &["1:12 string values must be quoted, expected literal string", "2:1 unknown key `bad`"]),
            ("base-url = 'https://a.example/'\nbase-url = 'https://b.example/'\n", &["2:1 duplicate key"]),
            // After these the rest cannot be judged.
            ("base-url = \nx y = 5\nbad = 1\n", &["1:12 the value is missing", "2:3 key with no value, expected `=`"]),
            ("base-url = 'https://a.example\nbad = 1\n", &["1:30 invalid literal string, expected `'`", "2:1 unknown key `bad`"]),
            ("base-url = ['a'\nbad = 1\n", &["2:1 the list before this is not closed"]),
        ] {
            assert_eq!(said(&format!("{text}{REST}")), expected, "{text}");
        }
    }

    #[test]
    fn what_is_needed_is_asked_for() {
        let all = said("[http]\n");
        assert_eq!(all, ["1:1 there is no [[source]]: nothing would be read"]);
        let all = said("[http]\n[[source]]\n");
        let missing = ["id", "title", "page"].map(|k| format!("2:1 [[source]] has no `{k}`"));
        assert_eq!(all, missing);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_one_sentence() {
        let error = Config::load(Path::new("/nonexistent/x.toml"), Path::new("/")).expect_err("no such file").to_string();
        assert!(error.starts_with("cannot read the configuration /nonexistent/x.toml: No such file"), "{error}");
        assert!(error.ends_with("begin with the commented example"), "{error}");
    }

    #[test]
    fn a_file_of_another_encoding_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, b"a = 1\nb = \"\xe4\"\n").expect("written");
        match Config::load(&path, Path::new("/")).expect_err("not UTF-8") {
            ConfigError::Invalid { problems, .. } => {
                assert_eq!(problems.iter().map(|p| (p.line, p.column)).collect::<Vec<_>>(), [(2, 6)]);
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_state_directory_comes_from_the_environment() {
        for (vars, expected) in [
            (&[("STATE_DIRECTORY", "/s:/t"), ("HOME", "/h")][..], "/s"),
            (&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")], "/x/newsroomd"),
            (&[("XDG_STATE_HOME", "x"), ("HOME", "/h")], "/h/.local/state/newsroomd"),
            (&[("STATE_DIRECTORY", ""), ("HOME", "/h")], "/h/.local/state/newsroomd"),
            (&[], "/var/lib/newsroomd"),
        ] {
            let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(state_directory_of(var), Path::new(expected), "{vars:?}");
        }
    }
}
