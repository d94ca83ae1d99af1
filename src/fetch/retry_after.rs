//! How long a server wants not to be asked (RFC 9110, section 10.2.3; RFC 6585, section 4). Knows no clock.

use std::time::{Duration, SystemTime};

/// After "too many requests" (429) without a time.
const TOO_MANY: Duration = Duration::from_secs(60);

/// The wait that an answer asks for, `most` at the longest. `retry_after` and `date`: its fields; a date is compared with the server's own clock
/// where it tells it. None: it asks for none.
pub(super) fn wait(
    status: u16,
    retry_after: Option<&str>,
    date: Option<&str>,
    now: SystemTime,
    most: Duration,
) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let read = |text: &str| httpdate::parse_http_date(text.trim()).ok();
    let asked = retry_after.and_then(|text| match text.trim() {
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
        }
        text => read(text).map(|until| until.duration_since(date.and_then(read).unwrap_or(now)).unwrap_or_default()),
    });
    asked.or((status == 429).then_some(TOO_MANY)).map(|wait| wait.min(most)).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let most = Duration::from_secs(86_400);
        for (status, retry_after, date, want) in [
            (503, Some("120"), None, Some(120)),
            (429, Some(" 7 "), None, Some(7)),
            (429, None, None, Some(60)),
            (429, Some("soon"), None, Some(60)),
            (503, None, None, None),
            (503, Some("soon"), None, None),
            (503, Some("-5"), None, None),
            (503, Some("1.5"), None, None),
            (503, Some(""), None, None),
            (503, Some("0"), None, None),
            (503, Some("99999999999999999999999"), None, Some(86_400)),
            (503, Some("Sun, 06 Nov 1994 08:50:37 GMT"), None, Some(60)),
            (503, Some("Sunday, 06-Nov-94 08:50:37 GMT"), None, Some(60)),
            (503, Some("Sun Nov  6 08:50:37 1994"), None, Some(60)),
            (503, Some("Sun, 06 Nov 1994 08:49:37 GMT"), None, None),
            (503, Some("Sun, 06 Nov 1994 07:00:00 GMT"), None, None),
            // The server's clock is an hour behind ours.
            (503, Some("Sun, 06 Nov 1994 07:50:37 GMT"), Some("Sun, 06 Nov 1994 07:49:37 GMT"), Some(60)),
            (503, Some("Sun, 06 Nov 1994 08:50:37 GMT"), Some("nonsense"), Some(60)),
            (503, Some("Tue, 31 Dec 2999 23:59:59 GMT"), None, Some(86_400)),
            (500, Some("120"), None, None),
            (200, Some("120"), None, None),
            (301, Some("120"), None, None),
        ] {
            let got = wait(status, retry_after, date, now, most).map(|w| w.as_secs());
            assert_eq!(got, want, "{status} {retry_after:?} {date:?}");
        }
    }
}
