//! Whether a page is sane, by the source's own past (design: promise 4). Pure: what there is to know comes as arguments.
//!
//! *Fine* is taken over. *Odd* is taken over and told. *Broken* changes no feed: a wall, half a page, selectors that match nothing or something else.
//!
//! A few rules hold for any page: without a row, or without one that can be read, it is broken. Everything else is a question of signs, each of
//! which an honest newsroom may give one day: a redesign, a purge, a new year, a week without a poll. One of them makes a page odd; only several that
//! come together make it broken. What is broken stays so while the page stays as it is: then it is a redesign, and the operator says so, by new
//! rules (with which a new past begins) or by `once --accept`.

mod look;
mod past;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};

use crate::extract::Frame;

pub use look::{Look, Script};
use past::FEW;
pub use past::Past;

/// What the judge says of a page. The reasons are sentences with numbers; no text of the page is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As ever.
    Fine,
    /// Possible, but worth a look: taken over.
    Odd {
        /// Why.
        reasons: Vec<String>,
        /// It may not show all that it should: a part or the pager is missing.
        lacks: bool,
    },
    /// Not taken over.
    Broken(Vec<String>),
}

impl Verdict {
    /// In one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Odd { .. } => "odd",
            Self::Broken(_) => "broken",
        }
    }

    /// Why.
    pub fn reasons(&self) -> &[String] {
        match self {
            Self::Fine => &[],
            Self::Odd { reasons, .. } | Self::Broken(reasons) => reasons,
        }
    }
}

/// What is known of a walk's first page besides what it shows.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// What the source's pages were like, read by the same rules; None: it is new, or its rules are.
    pub past: Option<&'a Past>,
    /// The source declares that a listing without rows is none that is broken.
    pub empty_is_normal: bool,
    /// The day of the poll, in the newsroom's zone.
    pub today: NaiveDate,
    /// How long ago the last good poll was; None: there was none.
    pub silence: Option<Duration>,
}

/// Signs that together weigh this much make a page broken.
const BROKEN: u32 = 3;

/// From so many rows on it means something that they are all alike, or all new.
const SOME: usize = 3;

const CUT_OFF: &str = "it is not closed at its end, as if it were cut off";

/// The signs found so far.
#[derive(Default)]
struct Signs {
    weight: u32,
    reasons: Vec<String>,
    lacks: bool,
}

impl Signs {
    fn add(&mut self, weight: u32, reason: impl Into<String>) {
        self.weight += weight;
        self.reasons.push(reason.into());
    }

    fn verdict(self, broken: u32) -> Verdict {
        match self.reasons.is_empty() {
            true => Verdict::Fine,
            false if self.weight >= broken => Verdict::Broken(self.reasons),
            false => Verdict::Odd { reasons: self.reasons, lacks: self.lacks },
        }
    }
}

/// Judges the first page of a walk.
pub fn judge(look: &Look, circumstances: &Circumstances<'_>) -> Verdict {
    let past = circumstances.past;
    if let Some(broken) = foreign(look, past) {
        return broken;
    }
    if look.rows == 0 {
        return without_rows(look, circumstances);
    }
    if let Some(broken) = unreadable(look, past) {
        return broken;
    }
    let mut signs = Signs::default();
    alike(look, past.is_some_and(|p| p.ends_like(look) || !p.always(|p| p.titles * 4 > p.rows)), &mut signs);
    implausible_days(look, circumstances.today, &mut signs);
    match past {
        Some(past) => against_past(look, past, circumstances, &mut signs),
        None if look.frame.cut_off => {
            signs.add(1, CUT_OFF);
            signs.lacks = true;
        }
        None => {}
    }
    signs.verdict(BROKEN)
}

/// Judges a later page of a walk by the first one that it read; None: the walk was resumed at this page. That its title says which page it is, in
/// figures or words, is no sign, and that its rows are old is none either: archives reach far back.
pub fn judge_later(look: &Look, first: Option<&Look>) -> Verdict {
    if let Some(broken) = foreign(look, None) {
        return broken;
    }
    let Some(first) = first else { return resumed(look) };
    let of_first = Past::begin(first);
    let mut signs = Signs::default();
    frame(look, &of_first, &mut signs);
    if look.rows == 0 {
        if look.next {
            return Verdict::Broken(vec![no_row(look, Some(&of_first))]);
        }
        // The end of a listing, if it is a page of this newsroom at all.
        name(look, &of_first, 1, &mut signs);
        size(look, first, &mut signs);
        return match signs.verdict(2) {
            Verdict::Broken(reasons) => Verdict::Broken([vec![no_row(look, Some(&of_first))], reasons].concat()),
            // Pages without rows say nothing that an operator could use.
            _ => Verdict::Fine,
        };
    }
    if let Some(broken) = unreadable(look, Some(&of_first)) {
        return broken;
    }
    alike(look, first.rows >= 4 * first.titles, &mut signs);
    script(look, &of_first, &mut signs);
    links(look, &of_first, &mut signs);
    if of_first.is_wall(look) {
        size(look, first, &mut signs);
    }
    if first.frame.closed && !look.frame.closed && !look.next {
        signs.add(1, "it leads to no next page");
    }
    match signs.verdict(BROKEN) {
        // A later page has its own ways, and nobody wants to be told.
        Verdict::Odd { .. } => Verdict::Fine,
        verdict => verdict,
    }
}

/// Something else than the source is said to be.
fn foreign(look: &Look, past: Option<&Past>) -> Option<Verdict> {
    let wall = is_wall(look, past).then(|| "it speaks like a captcha, a block or an error page".to_owned());
    look.frame.foreign.map(|what| Verdict::Broken(std::iter::once(what.to_owned()).chain(wall).collect()))
}

/// Judges a later page of which nothing is known but itself.
fn resumed(look: &Look) -> Verdict {
    match look.rows {
        0 if look.next => Verdict::Broken(vec![no_row(look, None)]),
        // The end of a listing.
        0 => Verdict::Fine,
        _ => unreadable(look, None).unwrap_or(Verdict::Fine),
    }
}

/// Next to the first page it is next to nothing.
fn size(look: &Look, first: &Look, signs: &mut Signs) {
    if look.frame.size * 10 < first.frame.size {
        signs.add(1, format!("it has {} bytes, where the first page had {}", look.frame.size, first.frame.size));
    }
}

/// Whether it speaks like a wall, by what is known of the source.
fn is_wall(look: &Look, past: Option<&Past>) -> bool {
    past.map_or(look.frame.words != 0 && look.rows <= FEW, |past| past.is_wall(look))
}

fn no_row(look: &Look, past: Option<&Past>) -> String {
    if is_wall(look, past) { "it shows no row and speaks like a captcha, a block or an error page" } else { "it shows no row" }
        .to_owned()
}

fn without_rows(look: &Look, circumstances: &Circumstances<'_>) -> Verdict {
    let broken = || vec![no_row(look, circumstances.past)];
    if !circumstances.empty_is_normal || look.next {
        return Verdict::Broken(broken());
    }
    let Some(past) = circumstances.past else {
        return if is_wall(look, None) { Verdict::Broken(broken()) } else { Verdict::Fine };
    };
    // Where empty is normal it is still to be a page of this newsroom.
    let mut signs = Signs::default();
    // Under the newsroom's own title words of a wall are more likely those of a form, or of a listing in which nothing is found.
    let own = past.same(|p| p.name).is_some_and(|name| look.frame.name == Some(name));
    let words = if own { 0 } else { look.frame.words };
    let framed = Look { frame: Frame { words, ..look.frame.clone() }, ..Look::default() };
    frame(&framed, past, &mut signs);
    name(&framed, past, 2, &mut signs);
    let size = past.range(|p| p.size);
    if look.frame.size * 20 < *size.start() {
        signs.add(2, format!("it has {} bytes, where it had {}", look.frame.size, span(&size)));
    }
    match signs.verdict(2) {
        Verdict::Broken(reasons) => Verdict::Broken([broken(), reasons].concat()),
        verdict => verdict,
    }
}

/// Rows that cannot be read, all or most of them; unless that is as ever.
fn unreadable(look: &Look, past: Option<&Past>) -> Option<Verdict> {
    let unreadable = look.rows - look.readable.min(look.rows);
    if look.readable == 0 {
        return Some(Verdict::Broken(vec![format!("it shows {} rows, of which none could be read", look.rows)]));
    }
    let as_ever = past.is_some_and(|p| !p.always(|p| p.unreadable * 2 <= p.rows));
    (unreadable * 2 > look.rows && !as_ever).then(|| {
        let (rows, untitled, undated) = (look.rows, look.untitled, look.undated);
        Verdict::Broken(vec![format!(
            "{unreadable} of its {rows} rows could not be read: {untitled} have no title, {undated} no date"
        )])
    })
}

/// Titles that repeat one another; `usual`: they do.
fn alike(look: &Look, usual: bool, signs: &mut Signs) {
    if look.readable > SOME && look.titles * 4 <= look.readable && !usual {
        signs.add(2, format!("its {} rows have no more than {} different titles", look.readable, look.titles));
    }
}

/// Days that no newsroom means.
fn implausible_days(look: &Look, today: NaiveDate, signs: &mut Signs) {
    let is_far = |day: &&NaiveDate| day.year() > today.year() + 1 || day.year() < 1980;
    let far = look.days.iter().filter(is_far).count();
    if far * 2 > look.readable {
        signs.add(3, format!("{far} of its {} rows are dated before 1980 or years ahead", look.readable));
    }
}

fn against_past(look: &Look, past: &Past, circumstances: &Circumstances<'_>, signs: &mut Signs) {
    if past.ends_with_the_year(look) {
        signs.add(0, format!("it shows {} rows, all of this year: it seems to have begun anew with it", look.rows));
        return;
    }
    // What was taken over once is no news the second time.
    if !past.ends_like(look) {
        shape(look, past, signs);
    }
    let known = look.known.unwrap_or(look.readable);
    let all_new = known == 0 && look.readable > 0;
    let overlapped = past.always(|p| p.known != Some(0)) && *past.range(|p| p.rows).start() >= SOME;
    if all_new && overlapped && !circumstances.silence.is_none_or(|s| past.may_be_all_new(s)) {
        signs.add(1, format!("none of its {} rows was known, though the last good poll was not long ago", look.readable));
    }
    // Most rows are known by their links, and say something else.
    let altered = look.altered * 2 > look.readable && look.readable > SOME;
    let length = past.range(|p| p.length);
    if look.length * 3 < *length.start() || look.length > length.end() * 3 {
        let weight = if altered { 3 } else { 1 };
        signs.add(weight, format!("its titles have about {} characters, where they had {}", look.length, span(&length)));
    }
    if look.readable > SOME && look.days.iter().all(|d| *d == circumstances.today) && (altered || all_new) {
        signs.add(if altered { 3 } else { 1 }, format!("all of its {} rows are dated today", look.readable));
    }
    let terms = past.range(|p| p.terms);
    if look.terms > terms.end() * 3 + 10 {
        signs.add(1, format!("its rows name {} terms, where they named {}", look.terms, span(&terms)));
    }
}

/// How many rows there are and how they are framed.
fn shape(look: &Look, past: &Past, signs: &mut Signs) {
    let rows = past.range(|p| p.rows);
    if look.rows * 2 <= *rows.start() && *rows.start() > SOME {
        signs.add(2, format!("it shows {} rows, where it showed {}", look.rows, span(&rows)));
        signs.lacks = true;
    }
    if past.always(|p| p.next) && !look.next {
        signs.add(1, "it leads to no next page, as it always did");
        signs.lacks = true;
    }
    frame(look, past, signs);
    name(look, past, 1, signs);
    script(look, past, signs);
    links(look, past, signs);
    if past.always(|p| p.unreadable == 0) && (look.rows - look.readable) * 5 > look.rows {
        signs.add(1, format!("{} of {} rows cannot be read, where all could", look.rows - look.readable, look.rows));
    }
    if look.readable >= SOME && look.tagged == 0 && past.always(|p| p.tagged * 2 > p.rows) {
        signs.add(1, "no row names a term, where most did");
    }
}

/// What is around the rows.
fn frame(look: &Look, past: &Past, signs: &mut Signs) {
    // Of what surely was cut off it is enough that others were not.
    let closes = past.always(|p| p.closed) || (look.frame.cut_off && !past.always(|p| !p.closed));
    if closes && !look.frame.closed {
        signs.add(2, CUT_OFF);
        signs.lacks = true;
    }
    if past.is_wall(look) {
        signs.add(2, "it speaks like a captcha, a block or an error page");
    }
    if past.same(|p| p.language.clone()).is_some_and(|language| look.frame.language != Some(language)) {
        signs.add(1, "it states another language than before, or none");
    }
}

/// Another title weighs so much.
fn name(look: &Look, past: &Past, weight: u32, signs: &mut Signs) {
    if past.same(|p| p.name).is_some_and(|name| look.frame.name != Some(name)) {
        signs.add(weight, "it has another title than before");
    }
}

fn script(look: &Look, past: &Past, signs: &mut Signs) {
    if let (Some(now), Some(before)) = (look.script, past.same(|p| p.script))
        && now != before
    {
        signs.add(2, format!("its titles are in {now:?} letters, where they were in {before:?} ones"));
    }
}

fn links(look: &Look, past: &Past, signs: &mut Signs) {
    if look.unlinked * 2 > look.readable && past.always(|p| p.unlinked * 4 <= p.rows) {
        signs.add(3, format!("{} of its {} rows lead nowhere, where most had a link", look.unlinked, look.readable));
    }
}

/// "50", or "12 to 50".
fn span(range: &RangeInclusive<usize>) -> String {
    if range.start() == range.end() { range.start().to_string() } else { format!("{} to {}", range.start(), range.end()) }
}
