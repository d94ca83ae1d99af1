//! `[source.article]`: that each new item's own page is read, and how.

use super::Article;
use super::field;
use super::table::Table;
use crate::article::Rules;
use crate::domain::{Digest, Zone};
use crate::extract::months::Language;

/// Articles asked for after one look at the listing, if it is not said otherwise.
const USUAL: u64 = 10;

/// Reads the table. Names in times are of `names`; `stamp` is that of the whole table. None after a problem.
pub(super) fn read(mut table: Table<'_>, names: Language, zone: Zone, stamp: Digest) -> Option<Article> {
    let body = table.take("body").map_or((Some(Vec::new()), true), |v| field::each(&v));
    let remove = table.take("remove").map(|v| field::selectors(&v)).unwrap_or_default();
    let time = table.take("time").map(|v| field::dates(&v, names)).unwrap_or_default();
    let hosts = table.strings("hosts").iter().map(|t| t.read(host)).collect::<Option<Vec<_>>>();
    let most = table.integer("max", 1..=1_000).unwrap_or(USUAL);
    table.finish();
    let rules = Rules { body: body.0?, found: body.1, remove, time, timezone: zone };
    Some(Article { rules, hosts: hosts?, most: usize::try_from(most).unwrap_or(usize::MAX), stamp })
}

/// A host's name, perhaps with a port, as [`crate::domain::host()`] has it.
fn host(text: &str) -> Result<String, String> {
    let wrong = || "must be the name of a host, such as \"press.example.org\", without https:// and without a path".to_owned();
    let url = url::Url::parse(&format!("http://{}/", text.trim())).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.host().is_some();
    if plain { Ok(crate::domain::host(&url)) } else { Err(wrong()) }
}
