//! What is documented: the keys of the shipped configuration with its comments, from which newsroomd.toml(5) is made.
//!
//! That file is the one place where keys are explained. The tests here hold it against what the readers beside this module ask for.

/// The shipped file.
const SHIPPED: &str = include_str!("../../config/newsroomd.toml");

/// A table and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// As in messages, such as `[source.item]`; empty: above all tables.
    pub table: String,
    /// What it is for.
    pub text: Text,
    /// Its keys, in the file's order.
    pub groups: Vec<Group>,
}

/// Keys that are explained together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// At least one.
    pub keys: Vec<Key>,
    /// What they are for.
    pub text: Text,
}

/// A key with the value that stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Without its table.
    pub name: String,
    /// As TOML; several lines if it has them.
    pub value: String,
    /// Whether the value is what holds when the key is not there; else it is an example.
    pub is_default: bool,
}

/// A comment, its marks and line ends taken off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(pub Vec<Piece>);

/// A part of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Sentences.
    Prose(String),
    /// A word of a list, and what it means: `#   word  meaning`.
    Item(String, String),
}

impl Text {
    fn add(&mut self, line: &str) {
        if let Some((word, meaning)) = line.strip_prefix("  ").and_then(|item| item.split_once("  ")) {
            self.0.push(Piece::Item(word.to_owned(), meaning.trim().to_owned()));
        } else if let Some(Piece::Prose(text)) = self.0.last_mut() {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            self.0.push(Piece::Prose(line.trim().to_owned()));
        }
    }
}

/// The sections of the shipped file. What stands twice in it, since it has several facets, is told once.
pub fn sections() -> Vec<Section> {
    read(SHIPPED)
}

fn read(file: &str) -> Vec<Section> {
    let mut sections = vec![Section { table: String::new(), text: Text::default(), groups: Vec::new() }];
    // Where keys go, if they are keys that newsroomd knows; whether its table is an example as a whole.
    let (mut at, mut example) = (Some(0), false);
    let mut comment = Text::default();
    // A key directly below another one shares its comment.
    let mut after_key = false;
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        let (off, bare) = line.strip_prefix('#').map_or((false, line), |bare| (true, bare));
        if line.trim().is_empty() {
            comment = Text::default();
            after_key = false;
        } else if let Some(table) = head(bare) {
            example = off && table.starts_with("[[");
            at = table_name(table).map(|name| place(&mut sections, name, std::mem::take(&mut comment)));
            comment = Text::default();
            after_key = false;
        } else if let Some((name, value)) = key(bare) {
            let mut value = value.to_owned();
            // A list that goes on ends with a bracket on a line of its own.
            while !off && value.lines().next().is_some_and(|first| first.ends_with('[')) && !value.ends_with("\n]") {
                let Some(more) = lines.next() else { break };
                value = format!("{value}\n{more}");
            }
            let is_default = off && !bare.starts_with(' ') && !example;
            let text = std::mem::take(&mut comment);
            let Some(section) = at.and_then(|at| sections.get_mut(at)) else { continue };
            if section.groups.iter().flat_map(|g| &g.keys).all(|k| k.name != name) {
                if !after_key || !text.0.is_empty() {
                    section.groups.push(Group { keys: Vec::new(), text });
                }
                let key = Key { name: name.to_owned(), value, is_default };
                section.groups.last_mut().expect("pushed above, or with the key before").keys.push(key);
                after_key = true;
            }
        } else if off {
            comment.add(bare.strip_prefix(' ').unwrap_or(bare));
        }
    }
    sections
}

/// `[table]` or `[[table]]`, and nothing else on the line.
fn head(line: &str) -> Option<&str> {
    let line = line.trim_end();
    Some(line).filter(|l| l.starts_with('[') && l.ends_with(']') && !l.contains([' ', ',', '"']))
}

/// What a table is called here; none: its keys are the operator's own words.
fn table_name(head: &str) -> Option<String> {
    let inner: Vec<&str> = head.trim_matches(['[', ']']).split('.').collect();
    match inner.as_slice() {
        ["source", "facet", _] => Some("[source.facet.NAME]".to_owned()),
        ["source", "facet", ..] => None,
        _ => Some(head.to_owned()),
    }
}

fn place(sections: &mut Vec<Section>, table: String, text: Text) -> usize {
    sections.iter().position(|s| s.table == table).unwrap_or_else(|| {
        sections.push(Section { table, text, groups: Vec::new() });
        sections.len() - 1
    })
}

/// `key = value`; prose with an equals sign in it has more than one word before that.
fn key(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start().split_once(" = ")?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    is_name.then_some((name, value.trim_end()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::{good, taken};
    use super::super::{Config, facet};
    use super::*;

    /// The shipped file with the tables that are commented out, and those keys too of which it is asked.
    fn live(wanted: impl Fn(&str, &str, bool) -> bool) -> Config {
        let (mut out, mut table) = (String::new(), String::new());
        for line in SHIPPED.lines() {
            let (off, bare) = line.strip_prefix('#').map_or((false, line), |bare| (true, bare));
            let mut live = !off;
            if let Some(head) = head(bare) {
                head.clone_into(&mut table);
                live |= wanted(&table, "", false);
            } else if let Some((name, _)) = key(bare) {
                live |= wanted(&table, name, !bare.starts_with(' '));
            }
            out += if live { bare } else { line };
            out.push('\n');
        }
        good(&out).0
    }

    #[test]
    fn every_key_that_is_read_is_documented_and_no_other() {
        let sections = sections();
        // `cron` and `every` are alternatives, and the one source that is there translates no other.
        let asked = taken(|| {
            drop(live(|_, key, _| key != "cron" && key != "translates"));
            // What a feed's facet can say is explained beside what a page's can.
            let feed = "[http]\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\nkind = 'feed'\nfacet.t.value = { only = 'x' }\n";
            drop(good(feed));
        });
        let of_facet = |table: &str| table.starts_with("[source.facet.");
        let asked: BTreeSet<(String, String)> = asked
            .into_iter()
            .map(|(table, key)| (if of_facet(&table) { "[source.facet.NAME]".into() } else { table }, key.to_owned()))
            .collect();

        // Tables that are values, such as { label = "Date" }, are explained by words in comments.
        let (values, tables): (BTreeSet<_>, BTreeSet<_>) = asked.into_iter().partition(|(table, _)| table.starts_with('`'));
        let heads: Vec<&str> = sections.iter().map(|s| s.table.trim_matches(['[', ']'])).collect();
        // What leads to a table is no key of its own.
        let below = |table: &str, key: &str| {
            let path = format!("{}.{key}", table.trim_matches(['[', ']']));
            let path = path.trim_start_matches('.');
            heads.iter().any(|head| *head == path || head.starts_with(&format!("{path}.")))
        };
        let read: BTreeSet<(String, String)> = tables.into_iter().filter(|(table, key)| !below(table, key)).collect();
        let of =
            |s: &Section| s.groups.iter().flat_map(|g| &g.keys).map(|k| (s.table.clone(), k.name.clone())).collect::<Vec<_>>();
        let told: BTreeSet<(String, String)> = sections.iter().flat_map(of).collect();
        let missing: Vec<_> = read.difference(&told).collect();
        assert!(missing.is_empty(), "read, but not in config/newsroomd.toml as a key below its table: {missing:?}");
        let unread: Vec<_> = told.difference(&read).collect();
        assert!(unread.is_empty(), "in config/newsroomd.toml, but not read: {unread:?}");

        let texts = sections.iter().flat_map(|s| std::iter::once(&s.text).chain(s.groups.iter().map(|g| &g.text)));
        let items = texts.flat_map(|text| &text.0).filter_map(|piece| match piece {
            Piece::Item(word, _) => Some(word.clone()),
            Piece::Prose(_) => None,
        });
        let told: BTreeSet<String> = items.collect();
        // Those of `match` are read beside the facets' names.
        let of_match = facet::MATCH_WORDS.iter().map(|&word| word.to_owned());
        let read: BTreeSet<String> = values.into_iter().map(|(_, key)| key).chain(of_match).collect();
        assert_eq!(
            told, read,
            "lines \"#   key  meaning\" of config/newsroomd.toml, and keys that are read from tables that are values"
        );
    }

    #[test]
    fn every_key_is_explained() {
        for section in sections() {
            for group in &section.groups {
                // That of a source's title and the like is said by its table.
                let names: Vec<&str> = group.keys.iter().map(|k| k.name.as_str()).collect();
                assert!(!group.text.0.is_empty(), "{} {names:?} has no comment in config/newsroomd.toml", section.table);
            }
        }
    }

    /// `#key = value` states what holds anyway; what has no default is written `# key = value`.
    #[test]
    fn what_is_called_a_default_is_one() {
        let shown = |mut config: Config| {
            let one = config.sources[0].rules_stamp;
            config.sources.iter_mut().for_each(|source| source.rules_stamp = one);
            config.sources.iter_mut().filter_map(|source| source.article.as_mut()).for_each(|article| article.stamp = one);
            config.text = one;
            // The stamps are of what is written, not of what it means.
            format!("{config:#?}").replace(&format!("{one:#?}"), "")
        };
        let without = shown(live(|table, key, _| key.is_empty() && !table.starts_with("[[")));
        let with = shown(live(|table, key, default| !table.starts_with("[[feed") && (key.is_empty() || default)));
        let differs = with.lines().zip(without.lines()).find(|(a, b)| a != b);
        assert!(
            with == without,
            "\"#key =\" in config/newsroomd.toml is no default; if it is an example, write \"# key =\": {differs:?}"
        );
    }

    #[test]
    fn comments_and_keys_are_told_apart() {
        let file = "# About the file.\n\n# A table.\n[a]\n# One.\n# And more.\n#x = 1\n# y = \"2\"\n# Two = 3, where\n#   w  word\nz = [\n  1,\n]\n\n#[[b]]\n#i = 1\n[[b]]\ni = 2\n[source.facet.t.alias]\n\"A\" = \"B\"\n";
        let sections = read(file);
        let key = |name: &str, value: &str, is_default| Key { name: name.into(), value: value.into(), is_default };
        let prose = |text: &str| Piece::Prose(text.into());
        assert_eq!(sections.iter().map(|s| s.table.as_str()).collect::<Vec<_>>(), ["", "[a]", "[[b]]"]);
        assert_eq!(sections[1].text.0, [prose("A table.")]);
        assert_eq!(
            sections[1].groups,
            [
                Group { keys: vec![key("x", "1", true), key("y", "\"2\"", false)], text: Text(vec![prose("One. And more.")]) },
                Group {
                    keys: vec![key("z", "[\n  1,\n]", false)],
                    text: Text(vec![prose("Two = 3, where"), Piece::Item("w".into(), "word".into())])
                },
            ]
        );
        assert_eq!(sections[2].groups[0].keys, [key("i", "1", false)]);
    }
}
