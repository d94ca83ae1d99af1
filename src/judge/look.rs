//! What a page gives, in numbers.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::Reading;
use crate::extract::{Frame, Warning};

/// A page as the judge sees it. No text of the page is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Rows found, readable or not.
    pub rows: usize,
    /// Rows that were read: they have a title and a date.
    pub readable: usize,
    /// Rows left out for want of a title.
    pub untitled: usize,
    /// Rows left out for want of a date.
    pub undated: usize,
    /// Rows read that lead nowhere.
    pub unlinked: usize,
    /// Rows read that name a term.
    pub tagged: usize,
    /// Different terms named.
    pub terms: usize,
    /// Different titles.
    pub titles: usize,
    /// Characters of the title in the middle.
    pub length: usize,
    /// The script of most letters of the titles.
    pub script: Option<Script>,
    /// The day of each row read.
    pub days: Vec<NaiveDate>,
    /// Whether it leads to a next page.
    pub next: bool,
    /// What is around the rows.
    pub frame: Frame,
    /// Rows that are items known before; None: nobody asked.
    pub known: Option<usize>,
    /// Of these, rows that say another title or day than they did.
    pub altered: usize,
}

/// A script, as far as newsrooms' languages are told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Script {
    Latin,
    Cyrillic,
    Greek,
    Hebrew,
    Arabic,
    Armenian,
    Georgian,
    EastAsian,
    Other,
}

impl Look {
    /// Looks at a page: its rows as found, those that were read, and what could not be read.
    pub fn of(found: usize, rows: &[Reading], warnings: &[Warning], next: bool, frame: Frame) -> Self {
        let lacking = |field: &str| warnings.iter().filter(|w| w.row.is_some() && w.field == field).count();
        let mut lengths: Vec<usize> = rows.iter().map(|r| r.title.chars().count()).collect();
        lengths.sort_unstable();
        let titles: HashSet<_> = rows.iter().map(|r| r.title_key).collect();
        let terms: HashSet<_> = rows.iter().flat_map(|r| &r.tags).collect();
        Self {
            rows: found,
            readable: rows.len(),
            untitled: lacking("title"),
            undated: lacking("date"),
            unlinked: rows.iter().filter(|r| r.link.is_none()).count(),
            tagged: rows.iter().filter(|r| !r.tags.is_empty()).count(),
            terms: terms.len(),
            titles: titles.len(),
            length: lengths.get(lengths.len() / 2).copied().unwrap_or(0),
            script: script(rows.iter().map(|r| r.title.as_str())),
            days: rows.iter().map(|r| r.day).collect(),
            next,
            frame,
            known: None,
            altered: 0,
        }
    }
}

/// The script of more than half of the letters.
fn script<'t>(titles: impl Iterator<Item = &'t str>) -> Option<Script> {
    let mut counts = [0usize; 9];
    for title in titles {
        for c in title.chars() {
            let script = match c {
                c if c.is_ascii_alphabetic() => Script::Latin,
                c if c.is_ascii() || !c.is_alphabetic() => continue,
                '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
                '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
                '\u{400}'..='\u{52f}' => Script::Cyrillic,
                '\u{530}'..='\u{58f}' => Script::Armenian,
                '\u{590}'..='\u{5ff}' => Script::Hebrew,
                '\u{600}'..='\u{77f}' => Script::Arabic,
                '\u{10a0}'..='\u{10ff}' => Script::Georgian,
                '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Script::EastAsian,
                _ => Script::Other,
            };
            counts[script as usize] += 1;
        }
    }
    let all: usize = counts.iter().sum();
    SCRIPTS.into_iter().find(|s| counts[*s as usize] * 2 > all)
}

const SCRIPTS: [Script; 9] = [
    Script::Latin,
    Script::Cyrillic,
    Script::Greek,
    Script::Hebrew,
    Script::Arabic,
    Script::Armenian,
    Script::Georgian,
    Script::EastAsian,
    Script::Other,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_titles() {
        for (titles, want) in [
            (&["OSCE Chair visits Kyiv", "Überprüfung"][..], Some(Script::Latin)),
            (&["Действующий председатель ОБСЕ", "OSCE 2024"], Some(Script::Cyrillic)),
            (&["2024", "12/5"], None),
            (&["新闻稿 OSCE 的新闻和声明"], Some(Script::EastAsian)),
            (&[], None),
        ] {
            assert_eq!(script(titles.iter().copied()), want, "{titles:?}");
        }
    }
}
