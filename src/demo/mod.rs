//! A small newsroom built into the binary, for the `demo` command and for tests: listing pages as the OSCE newsroom had them,
//! with the oddities of the real one, served on loopback.
//!
//! Promises: the same items give the same bytes; a change to the [`Newsroom`] shows in the next answer and moves its validators.
//! It imports nothing else of this crate, so that the demo reads it through the same door as any newsroom, with an operator's
//! rules ([`config`]). Every item is invented.

mod article;
mod listing;
mod newsroom;
mod redesign;
mod server;
#[cfg(test)]
mod tests;

pub use newsroom::{Item, Markup, Newsroom, Tally};
pub use server::serve;

/// The demo's configuration, with placeholders in braces; [`config`] fills them.
pub const CONFIG: &str = include_str!("newsroomd.toml");

/// The demo's configuration for a newsroom whose listing starts at `page`, with the feeds in `directory` and under `base_url`.
pub fn config(page: &str, directory: &str, database: &str, base_url: &str) -> String {
    let values = [("{page}", page), ("{directory}", directory), ("{database}", database), ("{base-url}", base_url)];
    values.iter().fold(CONFIG.to_owned(), |text, (name, value)| text.replace(name, &toml_escape(value)))
}

/// The inside of a TOML basic string: a folder's name may hold quotes, and on some systems backslashes.
fn toml_escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
