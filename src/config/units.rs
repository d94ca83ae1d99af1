//! Durations and sizes as people write them.

use std::time::Duration;

/// Reads "15m", "1h 30m".
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    use humantime::DurationError as E;
    humantime::parse_duration(text.trim()).map_err(|error| match error {
        E::Empty => "it is empty".into(),
        E::UnknownUnit { unit, .. } if unit.is_empty() => "the unit is missing".into(),
        E::UnknownUnit { unit, .. } => format!("\"{unit}\" is no unit of time"),
        E::NumberOverflow => "the number is too large".into(),
        E::InvalidCharacter(_) | E::NumberExpected(_) => "it must be a number and a unit".into(),
    })
}

/// Units of size, from the largest: kB is 1000 bytes, KiB is 1024.
const UNITS: &[(&str, u64)] =
    &[("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1_000), ("B", 1)];

/// Reads "500kB", "10 MiB" or a plain number of bytes; upper and lower case are the same.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = (&text[..digits], text[digits..].trim());
    if number.is_empty() {
        return Err("it must be a whole number and a unit".into());
    }
    let factor =
        if unit.is_empty() { Some(1) } else { UNITS.iter().find(|(u, _)| u.eq_ignore_ascii_case(unit)).map(|(_, f)| *f) };
    let factor = factor.ok_or_else(|| format!("\"{unit}\" is no unit of size"))?;
    number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(|| "the number is too large".into())
}

/// Writes a size in the largest unit that is exact.
pub(super) fn show_size(bytes: u64) -> String {
    UNITS
        .iter()
        .find(|(_, f)| bytes >= *f && bytes.is_multiple_of(*f))
        .map_or_else(|| bytes.to_string(), |(u, f)| format!("{}{u}", bytes / f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("500kB", Some(500_000)),
            ("10 MB", Some(10_000_000)),
            ("1KiB", Some(1_024)),
            ("1kb", Some(1_000)),
            ("2MiB", Some(2 << 20)),
            ("7", Some(7)),
            ("7B", Some(7)),
            ("", None),
            ("kB", None),
            ("1.5MB", None),
            ("-1", None),
            ("99999999999GB", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text:?}");
        }
        assert_eq!([show_size(10_000), show_size(1 << 20), show_size(1), show_size(0)], ["10kB", "1MiB", "1B", "0"]);
    }

    #[test]
    fn durations() {
        assert_eq!(duration(" 1h 30m "), Ok(Duration::from_secs(5_400)));
        for (text, reason) in [
            ("", "it is empty"),
            ("5", "the unit is missing"),
            ("5x", "\"x\" is no unit of time"),
            ("-1s", "it must be a number and a unit"),
            ("99999999999999999999s", "the number is too large"),
        ] {
            assert_eq!(duration(text), Err(reason.into()), "{text:?}");
        }
    }
}
