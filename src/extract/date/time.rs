//! The time of day and the zone that stand beside a day.

use chrono::{FixedOffset, NaiveDate, NaiveTime, Offset, TimeZone};

use super::day::Role;
use super::names::Names;
use super::token::{Kind, Token};
use crate::domain::Zone;

/// A time of day, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Time {
    pub time: NaiveTime,
    pub offset: Option<FixedOffset>,
    /// The token behind it.
    pub next: usize,
    /// As of a day; None: no format says this.
    pub roles: Option<Vec<Role>>,
}

/// Words before a time: "at", "um", "à", "kl.".
const BEFORE: &[&str] = &[
    "at",
    "um",
    "a",
    "as",
    "at",
    "alle",
    "ore",
    "ora",
    "orele",
    "klo",
    "kl",
    "klokken",
    "klockan",
    "o",
    "ob",
    "om",
    "v",
    "ve",
    "u",
    "i",
    "в",
    "о",
    "об",
    "у",
    "las",
    "la",
    "les",
    "hora",
    "godz",
    "godzina",
    "saat",
    "pukul",
    "jam",
    "luc",
    "στις",
    "ωρα",
    "de",
    "the",
    "time",
    "t",
    "kello",
    "kell",
    "plkst",
    "val",
    "ساعة",
    "الساعة",
    "ساعت",
    "בשעה",
    "เวลา",
    "เมื่อ",
];

/// Words behind hours that make a time of them: "14 Uhr", "14h".
const HOUR: &[&str] = &["h", "uhr", "u", "uur", "hs", "hrs", "hod", "час", "ч", "год", "time", "ст"];
/// Words behind a time that say no more than that it is one.
const CLOCK: &[&str] =
    &["uhr", "uur", "h", "hs", "hrs", "hours", "น", "ωρα", "wib", "wita", "wit", "ч", "час", "год", "hod", "val", "m", "o'clock"];
/// Languages that write a dot between hours and minutes.
const DOTTED: &[&str] = &["fi", "da", "nb", "nn", "it", "id", "ms", "is", "si", "fo", "sv", "et"];
/// Words of the Far East before hours: whether they mean the afternoon.
const EASTERN: &[(&[&str], bool)] = &[
    (&["下", "午"], true),
    (&["上", "午"], false),
    (&["午", "後"], true),
    (&["午", "前"], false),
    (&["오후"], true),
    (&["오전"], false),
    (&["晚", "上"], true),
];

/// Reads the time that begins at a token or a few marks behind it.
pub(super) fn read(tokens: &[Token], at: usize, names: &Names, day: Option<NaiveDate>) -> Option<Time> {
    let mut next = at;
    let mut announced = false;
    while let Some(token) = tokens.get(next).filter(|_| next - at < 5) {
        let weekday = || names.at(tokens, next).is_some_and(|(named, _)| matches!(named, super::names::Named::Day(_)));
        if token.is_word() && BEFORE.contains(&token.text.as_str()) {
            announced = true;
        } else if !(token.is_mark(&[',', '.', '-', '·', '(', ')', '@', '/', ';', ':', '~', '>', '\''])
            || (token.is_word() && weekday()))
        {
            break;
        }
        next += 1;
    }
    clock(tokens, next, names, announced, day)
}

/// Reads the time that begins at this very token.
pub(super) fn clock(tokens: &[Token], at: usize, names: &Names, announced: bool, day: Option<NaiveDate>) -> Option<Time> {
    let word = |n: usize, words: &[&str]| tokens.get(n).filter(|t| t.is_word()).is_some_and(|t| words.contains(&t.text.as_str()));
    let two = |n: usize, spaced: bool| {
        tokens.get(n).filter(|t| t.digits() == 2 && (spaced || !t.spaced)).and_then(Token::number).filter(|n| *n < 60)
    };
    let eastern =
        EASTERN.iter().find(|(words, _)| words.iter().enumerate().all(|(n, w)| tokens.get(at + n).is_some_and(|t| t.is(w))));
    let start = at + eastern.map_or(0, |(words, _)| words.len());
    let hours = tokens.get(start).filter(|t| t.digits() <= 2 && t.kind == Kind::Number)?.number().filter(|h| *h < 25)?;
    let mut next = start + 1;
    let (mut minutes, mut seconds, mut nanos) = (0, 0, 0);
    let mut told_seconds = false;
    let mut roles = vec![(start, 1, "%H")];
    let mut certain = true;
    let mark = |n: usize, m: char| tokens.get(n).is_some_and(|t| t.is_mark(&[m]) && !t.spaced);
    if mark(next, ':') {
        minutes = two(next + 1, false)?;
        roles.push((next + 1, 1, "%M"));
        next += 2;
        if mark(next, ':')
            && let Some(s) = two(next + 1, false)
        {
            (seconds, told_seconds) = (s, true);
            roles.push((next + 1, 1, "%S"));
            next += 2;
            if let Some(digits) = fraction(tokens, next) {
                nanos = digits;
                next += 2;
                roles.clear();
            }
        }
    } else if mark(next, '.') && two(next + 1, false).is_some() && !mark(next + 2, '.') {
        minutes = two(next + 1, false)?;
        roles.push((next + 1, 1, "%M"));
        next += 2;
        certain = announced || DOTTED.contains(&names.tag.as_str()) || word(next, CLOCK);
    } else if word(next, &["時", "时", "點", "点", "시"]) {
        next += 1;
        if let Some(m) = tokens.get(next).and_then(Token::number).filter(|m| *m < 60) {
            minutes = m;
            roles.push((next, 1, "%M"));
            next += 1 + usize::from(word(next + 1, &["分", "분"]));
        }
    } else if word(next, HOUR) {
        // "5 h" may be how long something takes.
        certain = announced || !tokens[next].spaced || tokens[next].text.chars().count() > 1;
        next += 1;
        if let Some(m) = two(next, true) {
            minutes = m;
            certain = true;
            roles.push((next, 1, "%M"));
            next += 1;
        }
    } else {
        certain = false;
    }
    let mut half = eastern.map(|(_, afternoon)| *afternoon);
    if half.is_some() {
        roles.clear();
    }
    if let Some((afternoon, length)) = half_of_day(tokens, next) {
        roles[0..].iter_mut().filter(|r| r.2 == "%H").for_each(|r| r.2 = "%I");
        if length == 1 && matches!(tokens[next].text.as_str(), "am" | "pm") {
            roles.push((next, 1, "%p"));
        } else {
            roles.clear();
        }
        half = Some(afternoon);
        next += length;
        certain = true;
    }
    let hours = match half {
        Some(true) if (1..12).contains(&hours) => hours + 12,
        Some(false) if hours == 12 => 0,
        Some(_) if hours > 12 && eastern.is_none() => return None,
        _ => hours,
    };
    let time = NaiveTime::from_hms_nano_opt(hours % 24, minutes, seconds, nanos).filter(|_| certain && hours < 24)?;
    if word(next, CLOCK) {
        next += 1;
    }
    let exact = at > 0 && tokens[at - 1].is("t") && !tokens[at].spaced;
    let zone = zone(tokens, next, names, (exact || told_seconds) && half.is_none(), day, time);
    let stays = zone.is_none();
    let (offset, next) = zone.map_or((None, next), |(offset, next)| (Some(offset), next));
    Some(Time { time, offset, next, roles: (stays && !roles.is_empty()).then_some(roles) })
}

/// A fraction of a second, in nanoseconds: ".250".
fn fraction(tokens: &[Token], at: usize) -> Option<u32> {
    let dot = tokens.get(at).is_some_and(|t| t.is_mark(&['.', ',']) && !t.spaced);
    let digits = tokens.get(at + 1).filter(|t| dot && t.kind == Kind::Number && !t.spaced)?;
    format!("{:0<9.9}", digits.text).parse().ok()
}

/// Whether the half of the day that begins at a token is the afternoon, and how many tokens say so.
fn half_of_day(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    const MORNING: &[&str] = &["am", "a.m", "π.μ", "ص", "ق.ظ", "sa", "oo"];
    const AFTERNOON: &[&str] = &["pm", "p.m", "μ.μ", "م", "ب.ظ", "ch", "os"];
    let word = tokens.get(at).filter(|t| t.is_word())?;
    let dot = |n: usize| usize::from(tokens.get(n).is_some_and(|t| t.is(".") && !t.spaced));
    let half = if MORNING.contains(&word.text.as_str()) {
        false
    } else if AFTERNOON.contains(&word.text.as_str()) {
        true
    } else {
        // "a. m." as Spanish has it.
        let m = at + 1 + dot(at + 1);
        let spelt = dot(at + 1) == 1 && tokens.get(m).is_some_and(|t| t.is("m"));
        return (spelt && (word.is("a") || word.is("p"))).then(|| (word.is("p"), m + 1 + dot(m + 1) - at));
    };
    Some((half, 1 + if word.text.contains('.') { dot(at + 1) } else { 0 }))
}

/// Zones by the letters that mean one only, in minutes from UTC. Left out as ambiguous: IST (India, Ireland, Israel), CST and CDT (America,
/// China, Cuba), PST (America, the Philippines), MST (America, Malaysia), AST (the Atlantic, Arabia), and all that few would know.
const ZONES: &[(&str, i32)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("wet", 0),
    ("bst", 60),
    ("west", 60),
    ("cet", 60),
    ("mez", 60),
    ("cest", 120),
    ("mesz", 120),
    ("eet", 120),
    ("eest", 180),
    ("sast", 120),
    ("cat", 120),
    ("wat", 60),
    ("eat", 180),
    ("msk", 180),
    ("мск", 180),
    ("trt", 180),
    ("aest", 600),
    ("aedt", 660),
    ("acst", 570),
    ("acdt", 630),
    ("awst", 480),
    ("nzst", 720),
    ("nzdt", 780),
    ("jst", 540),
    ("kst", 540),
    ("hkt", 480),
    ("sgt", 480),
    ("wib", 420),
    ("wita", 480),
    ("wit", 540),
    ("npt", 345),
    ("pkt", 300),
    ("est", -300),
    ("edt", -240),
    ("mdt", -360),
    ("pdt", -420),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("nst", -210),
    ("ndt", -150),
    ("adt", -180),
    ("brt", -180),
    ("art", -180),
    ("clt", -240),
];

/// Zones of America by the letters that stand for summer and winter.
const AMERICAN: &[(&str, &str)] =
    &[("et", "America/New_York"), ("ct", "America/Chicago"), ("mt", "America/Denver"), ("pt", "America/Los_Angeles")];

/// The offset that stands behind a time, and the token behind it. `exact`: a bare "-05" is an offset, not the end of a span of time.
fn zone(
    tokens: &[Token],
    at: usize,
    names: &Names,
    exact: bool,
    day: Option<NaiveDate>,
    time: NaiveTime,
) -> Option<(FixedOffset, usize)> {
    let open = tokens.get(at).is_some_and(|t| t.is("("));
    let start = at + usize::from(open || tokens.get(at).is_some_and(|t| t.is(",")));
    let word = tokens.get(start)?;
    let close = |next: usize| next + usize::from(open && tokens.get(next).is_some_and(|t| t.is(")")));
    // In small letters "est" and "art" are words of some language.
    if word.is_word() && (word.capital || matches!(word.text.as_str(), "utc" | "gmt" | "мск")) {
        let utc = matches!(word.text.as_str(), "utc" | "gmt");
        if utc && let Some((offset, next)) = signed(tokens, start + 1, true) {
            return Some((offset, close(next)));
        }
        if let Some((_, minutes)) = ZONES.iter().find(|(letters, _)| *letters == word.text) {
            return FixedOffset::east_opt(minutes * 60).map(|offset| (offset, close(start + 1)));
        }
        let american = AMERICAN.iter().find(|(letters, _)| names.tag == "en" && *letters == word.text);
        return american.and_then(|(_, zone)| {
            let zone = Zone::named(zone)?;
            Some((zone.from_local_datetime(&day?.and_time(time)).earliest()?.offset().fix(), close(start + 1)))
        });
    }
    if word.is_word() {
        return None;
    }
    let (offset, next) = signed(tokens, start, exact)?;
    Some((offset, close(next)))
}

/// "+2", "+0200", "-05:00" in front of a token.
fn signed(tokens: &[Token], at: usize, exact: bool) -> Option<(FixedOffset, usize)> {
    let sign = tokens.get(at).filter(|t| t.is("+") || t.is("-"))?;
    let figures = tokens.get(at + 1).filter(|t| !t.spaced || exact)?;
    let number = figures.number()?.cast_signed();
    let (minutes, next) = match figures.digits() {
        4 => (number / 100 * 60 + number % 100, at + 2),
        1..=2 if exact || sign.is("+") => {
            let behind = tokens.get(at + 2).filter(|t| t.is(":") && !t.spaced).and_then(|_| tokens.get(at + 3));
            match behind.filter(|t| t.digits() == 2).and_then(Token::number) {
                Some(minutes) => (number * 60 + minutes.cast_signed(), at + 4),
                None => (number * 60, at + 2),
            }
        }
        _ => return None,
    };
    let minutes = if sign.is("-") { -minutes } else { minutes };
    (-12 * 60..=14 * 60).contains(&minutes).then(|| FixedOffset::east_opt(minutes * 60)).flatten().map(|offset| (offset, next))
}
