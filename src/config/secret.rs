//! Values that stand elsewhere: `{ env = "NAME" }`, `{ file = "path" }` or `{ credential = "name" }` in place of any string.
//!
//! They are put into the parsed file before anything is read from it, so that no key need know of them. What was put in is not shown: `diagnostic` is
//! told which places hold it.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::diagnostic::{Problems, Span};

/// A value may have so many bytes: a wrong path is not read to its end.
const MOST: u64 = 64 * 1_024;

/// Tables whose keys are names of the operator's, `env` perhaps among them: they are no such values themselves.
const NAMES: &[&str] = &["alias", "match", "facet"];

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    Env(&'a str),
    File(&'a str),
    Credential(&'a str),
}

/// The place that such a table names; None: it is another table.
fn place<'v>(value: &'v DeValue<'_>) -> Option<Place<'v>> {
    let table = value.as_table().filter(|table| table.len() == 1)?;
    let (key, name) = table.iter().next()?;
    let name = name.get_ref().as_str()?;
    match key.get_ref().as_ref() {
        "env" => Some(Place::Env(name)),
        "file" => Some(Place::File(name)),
        "credential" => Some(Place::Credential(name)),
        _ => None,
    }
}

/// Whether the value stands elsewhere, or one in it does.
pub(super) fn is_elsewhere(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Array(list) => list.iter().any(|element| is_elsewhere(element.get_ref())),
        value => place(value).is_some(),
    }
}

/// Puts all values into the document that stand elsewhere. Relative paths start at `state`. One that cannot be had is a problem.
pub(super) fn fetch(document: &mut DeTable<'_>, state: &Path, problems: &Problems<'_>) {
    table(document, state, problems);
}

fn table(entries: &mut DeTable<'_>, state: &Path, problems: &Problems<'_>) {
    for (key, value) in entries {
        let span = value.span();
        one(key.get_ref(), value.get_mut(), &span, state, problems);
    }
}

fn one(key: &str, value: &mut DeValue<'_>, span: &Span, state: &Path, problems: &Problems<'_>) {
    if !NAMES.contains(&key)
        && problems.is_inline_table(span)
        && let Some(place) = place(value)
    {
        let found = place.read(state).map_err(|(reason, hint)| problems.push(span.clone(), format!("`{key}` {reason}"), hint));
        // What else is wrong with a value that is not there cannot be said.
        let text = found.unwrap_or_else(|()| {
            problems.missing(span.clone());
            String::new()
        });
        problems.hide(span.clone(), text.clone());
        *value = DeValue::String(Cow::Owned(text));
        return;
    }
    match value {
        DeValue::Table(entries) => table(entries, state, problems),
        DeValue::Array(list) => {
            for element in list.iter_mut() {
                let span = element.span();
                one(key, element.get_mut(), &span, state, problems);
            }
        }
        _ => {}
    }
}

impl Place<'_> {
    /// The value without the line feed at its end; or why there is none, and what to do.
    fn read(self, state: &Path) -> Result<String, (String, &'static str)> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) if value.is_empty() => Err((format!("stands in the environment variable {name}, which is empty"), "")),
                Ok(value) => Ok(value),
                Err(std::env::VarError::NotPresent) => Err((
                    format!("stands in the environment variable {name}, which is not set"),
                    "in a unit: Environment= or EnvironmentFile=",
                )),
                Err(std::env::VarError::NotUnicode(_)) => {
                    Err((format!("stands in the environment variable {name}, which is not UTF-8"), ""))
                }
            },
            Self::File(path) => {
                let path = state.join(path);
                read(&path).map_err(|reason| (format!("stands in the file {}, {reason}", path.display()), ""))
            }
            Self::Credential(name) => {
                const HINT: &str = "in the unit: LoadCredential=NAME:/path or LoadCredentialEncrypted=NAME:/path";
                if name.is_empty() || name.starts_with('.') || name.contains('/') {
                    return Err((format!("names the credential \"{name}\", which is no name of one"), ""));
                }
                let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()) else {
                    return Err((format!("is the credential {name}, and newsroomd was given none"), HINT));
                };
                let path = PathBuf::from(folder).join(name);
                read(&path).map_err(|reason| (format!("is the credential {name}, {reason}"), HINT))
            }
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    file.map_err(|error| format!("which cannot be read: {error}"))?;
    if bytes.len() as u64 > MOST {
        return Err(format!("which has more than {MOST} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "which is not UTF-8".to_owned())?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err("which is empty".into()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};

    fn file(webhook: &str, more: &str) -> String {
        format!(
            "[http]\n[status]\nwebhook = {webhook}\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\nitem = {{ title = 'a', date = 'time' }}\n{more}"
        )
    }

    /// A config whose webhook stands in a file that holds this.
    fn of_file(bytes: &[u8]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).expect("written");
        let text = file(&format!("{{ file = '{}' }}", path.display()), "");
        (folder, text)
    }

    #[test]
    fn the_line_feed_at_the_end_is_none_of_the_value() {
        for bytes in [&b"https://x.example/s3cr3t"[..], b"https://x.example/s3cr3t\n", b"https://x.example/s3cr3t\r\n"] {
            let (_folder, text) = of_file(bytes);
            let (config, _) = good(&text);
            assert_eq!(config.status.webhook.map(String::from), Some("https://x.example/s3cr3t".to_owned()));
        }
    }

    #[test]
    fn what_is_missing_is_one_problem_at_its_place() {
        for (value, expected) in [
            (
                "{ env = 'NEWSROOMD_NOT_SET' }",
                "3:11 `webhook` stands in the environment variable NEWSROOMD_NOT_SET, which is not set",
            ),
            (
                "{ file = '/nonexistent/x' }",
                "3:11 `webhook` stands in the file /nonexistent/x, which cannot be read: No such file or directory (os error 2)",
            ),
            ("{ file = '/dev/zero' }", "3:11 `webhook` stands in the file /dev/zero, which has more than 65536 bytes"),
            ("{ file = '/dev/null' }", "3:11 `webhook` stands in the file /dev/null, which is empty"),
            ("{ credential = '../x' }", "3:11 `webhook` names the credential \"../x\", which is no name of one"),
            ("{ credential = 'x' }", "3:11 `webhook` is the credential x, and newsroomd was given none"),
            ("{ env = 5 }", "3:11 `webhook` must be a string, not a table"),
        ] {
            assert_eq!(said(&file(value, "")), [expected], "{value}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_does_not_show_it() {
        for secret in ["s3cr3t", "s3cr3t:x", "https://me:s3cr3t@x.example/", "ftp://s3cr3t/", "https://x.example:s3cr3t/"] {
            let (_folder, text) = of_file(secret.as_bytes());
            for text in [
                text.clone(),
                text.replace("webhook", "public-status"),
                text.replace("webhook", "webhok"),
                text.replace("[status]\nwebhook", "listen"),
            ] {
                let all = said(&text);
                assert!(!all.is_empty() && !all.join("\n").contains("s3cr3t"), "{all:?}");
            }
        }
    }

    #[test]
    fn names_of_the_operators_are_no_places() {
        let more = "[source.facet.env]\nvalue = { label = 'Topics' }\nalias = { file = 'x' }\n[[feed]]\nid = 'f'\ntitle = 'F'\nmatch = { env = 'y' }\n";
        let (config, _) = good(&file("'https://x.example/'", more));
        assert_eq!(config.sources[0].newsroom.facets[0].alias, [("file".to_owned(), "x".to_owned())]);
        assert_eq!(config.feeds.len(), 1);
    }
}
