//! Helpers of the tests beside the code, and tests of whole files.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::{Config, ConfigError};

thread_local! {
    static TAKEN: RefCell<Vec<(String, &'static str)>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a key is asked for, whether it is there or not.
pub(super) fn note(table: &str, key: &'static str) {
    TAKEN.with_borrow_mut(|taken| taken.push((table.to_owned(), key)));
}

/// Each key that is asked for meanwhile, with its table.
pub(super) fn taken(during: impl FnOnce()) -> Vec<(String, &'static str)> {
    TAKEN.take();
    during();
    TAKEN.take()
}

/// The configuration and its warnings' messages; the text must have no problem.
pub(super) fn good(text: &str) -> (Config, Vec<String>) {
    match Config::parse(Path::new("x.toml"), text, Path::new("/state")) {
        Ok((config, warnings)) => (config, warnings.into_iter().map(|w| w.message).collect()),
        Err(error) => panic!("{error}"),
    }
}

/// The problems of a text, as `line:column message`.
pub(super) fn said(text: &str) -> Vec<String> {
    match Config::parse(Path::new("x.toml"), text, Path::new("/state")) {
        Ok(_) => Vec::new(),
        Err(ConfigError::Invalid { problems, .. }) => {
            problems.into_iter().map(|p| format!("{}:{} {}", p.line, p.column, p.message)).collect()
        }
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn ten_mistakes_are_ten_problems_in_one_run() {
    let text = std::fs::read_to_string(root("tests/fixtures/config/ten-mistakes.toml")).expect("fixture");
    let golden = root("tests/fixtures/config/ten-mistakes.stderr");
    let error = Config::parse(Path::new("ten-mistakes.toml"), &text, Path::new("/state")).expect_err("ten mistakes");
    let shown = format!("{error}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &shown).expect("golden written");
    }
    assert_eq!(shown, std::fs::read_to_string(&golden).expect("golden; write it with UPDATE_GOLDEN=1"));

    // Each line with a mistake says so itself, so that the golden cannot drift from what is meant.
    let ConfigError::Invalid { problems, .. } = error else { panic!("{error}") };
    let marked: Vec<usize> = text.lines().enumerate().filter(|(_, l)| l.contains("# mistake")).map(|(at, _)| at + 1).collect();
    assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), marked);
    assert_eq!(problems.len(), 10);
}

#[test]
fn no_torn_file_panics_or_fails_without_a_word() {
    let text = std::fs::read_to_string(root("tests/fixtures/config/ten-mistakes.toml")).expect("fixture");
    // Every fifth place: the whole takes seconds without finding more.
    for (at, _) in text.char_indices().step_by(5) {
        let (head, tail) = text.split_at(at);
        for torn in [head.to_owned(), format!("{head}]{tail}"), format!("{head}\"\n{tail}")] {
            if let Err(ConfigError::Invalid { problems, .. }) = Config::parse(Path::new("x"), &torn, Path::new("/state")) {
                assert!(!problems.is_empty(), "{torn}");
                assert!(problems.iter().all(|p| p.render().contains('^')), "{torn}");
            }
        }
    }
}
