//! `[log]`: what the daemon logs, and how.

use super::nearest;
use super::table::Table;
use crate::telemetry::{Format, check_levels};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How it is written.
    pub format: Format,
    /// Levels, of all and of modules.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Auto, level: "info".into() }
    }
}

pub(super) fn read(mut table: Table<'_>) -> Log {
    let mut log = Log::default();
    if let Some(text) = table.string("format") {
        match Format::ALL.iter().find(|(name, _)| *name == text.value) {
            Some((_, format)) => log.format = *format,
            None => text.problem(
                &format!("knows no format \"{}\"", text.value),
                nearest::hint(text.value, "there are", Format::ALL.iter().map(|(name, _)| *name)),
            ),
        }
    }
    if let Some(text) = table.string("level") {
        match check_levels(text.value) {
            Ok(()) => log.level = text.value.to_owned(),
            Err(reason) => text.problem(&reason, "write \"info\", or \"info,newsroomd::fetch=debug\" for more of one module"),
        }
    }
    table.finish();
    log
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use super::*;

    const SOURCE: &str =
        "[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\nitem = { title = 'a', date = 'time' }\n";

    #[test]
    fn values() {
        assert_eq!(good(&format!("[http]\n{SOURCE}")).0.log, Log::default());
        let (config, _) = good(&format!("[http]\n[log]\nformat = 'json'\nlevel = 'warn,newsroomd::fetch=debug'\n{SOURCE}"));
        assert_eq!(config.log, Log { format: Format::Json, level: "warn,newsroomd::fetch=debug".into() });
    }

    #[test]
    fn problems() {
        for (text, expected) in [
            ("format = 'jsn'", "3:10 `format` knows no format \"jsn\""),
            ("level = 'inof'", "3:9 `level` knows no level \"inof\": there are off, error, warn, info, debug, trace"),
            ("level = 3", "3:9 `level` must be a string, not an integer"),
            ("levle = 'info'", "3:1 unknown key `levle` in [log]"),
        ] {
            assert_eq!(said(&format!("[http]\n[log]\n{text}\n{SOURCE}")), [expected], "{text}");
        }
    }
}
