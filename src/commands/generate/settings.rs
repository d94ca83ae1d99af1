//! newsroomd.toml(5): the comments of the shipped configuration, table by table.

use super::page::Page;
use crate::config::reference::{self, Group, Piece, Text};

/// The page.
pub(super) fn page(date: &str) -> String {
    let mut page = Page::new("newsroomd.toml", "5", date, "configuration of newsroomd(1)");
    page.section("DESCRIPTION");
    page.text("One TOML file says which newsrooms `newsroomd` reads, how, and where the feeds go. It is `--config` `FILE`, else `$NEWSROOMD_CONFIG`, else `/etc/newsroomd/newsroomd.toml`.");
    page.paragraph("Durations are written \"30s\", \"15m\" or \"2h\", sizes \"500kB\" or \"10MB\". Relative paths start at the state directory (`/var/lib/newsroomd` for the service). Keys that are not known are mistakes. `newsroomd check` says what the file means, and tells all its mistakes at once, with line, column and what to do.");
    page.paragraph("The examples are those of the shipped file, for the newsroom of the OSCE.");
    for section in reference::sections() {
        page.section(match section.table.as_str() {
            "" => "ABOVE ALL TABLES",
            table => table,
        });
        prose(&mut page, &section.text);
        section.groups.iter().for_each(|g| group(&mut page, g));
    }
    page.section("FILES");
    page.term("/etc/newsroomd/newsroomd.toml", "The configuration, if no other one is named.");
    page.section("SEE ALSO");
    page.text("newsroomd(1)");
    page.finish()
}

fn group(page: &mut Page, group: &Group) {
    let names: Vec<&str> = group.keys.iter().map(|key| key.name.as_str()).collect();
    page.terms(&names);
    page.indented(|page| {
        prose(page, &group.text);
        for (is_default, title) in [(true, "Default:"), (false, "Example:")] {
            let keys = group.keys.iter().filter(|key| key.is_default == is_default);
            let lines: Vec<String> = keys.map(|key| format!("{} = {}", key.name, key.value)).collect();
            if !lines.is_empty() {
                page.paragraph(title);
                page.indented(|page| page.verbatim(&lines.join("\n")));
            }
        }
    });
}

fn prose(page: &mut Page, text: &Text) {
    for (n, piece) in text.0.iter().enumerate() {
        match piece {
            Piece::Prose(text) if n == 0 => page.text(text),
            Piece::Prose(text) => page.paragraph(text),
            Piece::Item(word, meaning) => page.term(word, meaning),
        }
    }
}
