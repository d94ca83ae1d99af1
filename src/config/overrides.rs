//! What the command line says instead of the file.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::diagnostic::Problems;
use super::value::Text;
use super::{http, net};

/// Values that go before those of the file, each one good by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Instead of `[http] listen`, if there are any.
    pub listen: Vec<String>,
    /// Instead of `base-url`.
    pub base_url: Option<String>,
    /// Instead of `[publish] directory`.
    pub publish_directory: Option<PathBuf>,
}

impl Overrides {
    /// Puts them into the parsed file. A table that is none stays as it is: it is a problem of its own.
    pub(super) fn apply(&self, document: &mut DeTable<'_>) {
        if let Some(base_url) = &self.base_url {
            document.insert(at_top("base-url".into()), at_top(string(base_url)));
        }
        if !self.listen.is_empty() {
            let list: DeArray<'_> = self.listen.iter().map(|address| at_top(string(address))).collect();
            put(document, "http", "listen", DeValue::Array(list));
        }
        if let Some(directory) = &self.publish_directory {
            put(document, "publish", "directory", string(&directory.to_string_lossy()));
        }
    }

    /// An address to listen at, as `[http] listen` takes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn listen(text: &str) -> Result<String, String> {
        checked(text, |text| http::listen(text, Path::new("/")).map(|_| text.value.to_owned()))
    }

    /// An address of feeds, as `base-url` takes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn base_url(text: &str) -> Result<String, String> {
        checked(text, |text| net::base(text).map(String::from))
    }
}

fn at_top<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn string<'d>(text: &str) -> DeValue<'d> {
    DeValue::String(Cow::Owned(text.to_owned()))
}

fn put<'d>(document: &mut DeTable<'d>, table: &'static str, key: &'static str, value: DeValue<'d>) {
    if document.get(table).is_none() {
        document.insert(at_top(table.into()), at_top(DeValue::Table(DeTable::new())));
    }
    if let Some(DeValue::Table(entries)) = document.get_mut(table).map(Spanned::get_mut) {
        entries.insert(at_top(key.into()), at_top(value));
    }
}

fn checked(value: &str, read: impl FnOnce(&Text<'_>) -> Option<String>) -> Result<String, String> {
    let problems = Problems::new(value);
    let read = read(&Text { key: "it", value, span: 0..value.len(), problems: &problems });
    let first = problems.finish(Path::new("")).0.into_iter().next();
    read.ok_or_else(|| {
        first
            .map(|problem| {
                let hint = problem.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                problem.message.replace("`it` ", "") + &hint
            })
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn they_go_before_the_file_and_stand_in_for_what_it_lacks() {
        let source = "[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\n";
        let overrides = Overrides {
            listen: vec!["127.0.0.1:81".into(), "127.0.0.1:82".into()],
            base_url: Some("https://new.example/".into()),
            publish_directory: Some("/new".into()),
        };
        for head in
            ["", "base-url = 'https://old.example/'\n[publish]\ndirectory = 'old'\nitems = 7\n[http]\nlisten = 'localhost:80'\n"]
        {
            let mut document = DeTable::parse_recoverable(head).0.into_inner();
            overrides.apply(&mut document);
            let path = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(path.path(), format!("{head}{source}")).expect("written");
            let (config, _) = Config::load_with(path.path(), Path::new("/state"), &overrides).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(config.base_url.as_str(), "https://new.example/");
            let listen: Vec<String> = config.http.iter().flat_map(|http| &http.listen).map(ToString::to_string).collect();
            assert_eq!(listen, overrides.listen);
            assert_eq!(config.publish.directory, overrides.publish_directory);
        }
    }

    #[test]
    fn wrong_ones_are_refused_with_the_words_of_the_file() {
        assert_eq!(Overrides::listen("127.0.0.1:80"), Ok("127.0.0.1:80".into()));
        assert_eq!(Overrides::listen("unix:http.sock"), Ok("unix:http.sock".into()));
        let said = Overrides::listen("80").expect_err("no address");
        assert!(
            said.starts_with("must be an IP address and a port, such as \"127.0.0.1:8080\" (write \"127.0.0.1:80\""),
            "{said}"
        );
        assert_eq!(Overrides::base_url("https://a.example"), Ok("https://a.example/".into()));
        let said = Overrides::base_url("a.example").expect_err("no URL");
        assert!(said.ends_with("(write it out, beginning with https://)"), "{said}");
    }
}
