//! Dates that are told from the moment of reading.

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::Zone;

#[test]
fn relative_dates() {
    all(&[
        ("en", "3 hours ago", "3 Hour"),
        ("en", "Posted 2 days ago by Ann", "2 Day"),
        ("en", "an hour ago", "1 Hour"),
        ("en", "5 min. ago", "5 Minute"),
        ("en", "about 2 weeks ago", "2 Week"),
        ("en", "30 seconds ago", "0 Minute"),
        ("en", "1 day, 3 hours ago", "1 Day"),
        ("en", "2 years ago", "2 Year"),
        ("en", "3h ago", "3 Hour"),
        ("en", "just now", "0 Minute"),
        ("en", "yesterday", "1 Day"),
        ("en", "Today at 2:05 pm", "0 Day 14:05"),
        ("en", "3 hours ago (30 September 2024)", "2024-09-30"),
        ("de", "vor 2 Tagen", "2 Day"),
        ("de", "vor einer Stunde", "1 Hour"),
        ("de", "gestern, 14:05", "1 Day 14:05"),
        ("de", "Heute um 9:30 Uhr", "0 Day 09:30"),
        ("de", "3 hours ago", "3 Hour"),
        ("fr", "il y a 5 minutes", "5 Minute"),
        ("fr", "Il y a 3 h", "3 Hour"),
        ("fr", "hier à 14h05", "1 Day 14:05"),
        ("fr", "aujourd’hui", "0 Day"),
        ("es", "hace 1 día", "1 Day"),
        ("es", "Hace una hora", "1 Hour"),
        ("es", "ayer", "1 Day"),
        ("pt", "há 3 horas", "3 Hour"),
        ("pt", "2 dias atrás", "2 Day"),
        ("it", "3 ore fa", "3 Hour"),
        ("ca", "fa 2 dies", "2 Day"),
        ("ro", "acum 2 zile", "2 Day"),
        ("ro", "acum 20 de minute", "20 Minute"),
        ("nl", "3 uur geleden", "3 Hour"),
        ("sv", "för 2 dagar sedan", "2 Day"),
        ("da", "for 3 timer siden", "3 Hour"),
        ("nb", "2 døgn siden", "2 Day"),
        ("is", "fyrir 3 klukkustundum", "3 Hour"),
        ("fi", "3 tuntia sitten", "3 Hour"),
        ("fi", "eilen klo 14.05", "1 Day 14:05"),
        ("et", "2 päeva tagasi", "2 Day"),
        ("lv", "pirms 3 stundām", "3 Hour"),
        ("lt", "prieš 2 dienas", "2 Day"),
        ("pl", "3 godziny temu", "3 Hour"),
        ("pl", "wczoraj, 14:05", "1 Day 14:05"),
        ("cs", "před 2 dny", "2 Day"),
        ("sk", "pred 5 minútami", "5 Minute"),
        ("sl", "pred 3 urami", "3 Hour"),
        ("hr", "prije 3 sata", "3 Hour"),
        ("sr", "пре 2 дана", "2 Day"),
        ("sr", "pre 2 dana", "2 Day"),
        ("mk", "пред 3 часа", "3 Hour"),
        ("bg", "преди 2 дни", "2 Day"),
        ("ru", "2 ч. назад", "2 Hour"),
        ("ru", "час назад", "1 Hour"),
        ("sw", "dakika 5 zilizopita", "5 Minute"),
        ("mr", "3 तासांपूर्वी", "3 Hour"),
        ("en", "2.5 hours ago", ""),
        ("ru", "5 минут назад", "5 Minute"),
        ("ru", "вчера в 14:05", "1 Day 14:05"),
        ("uk", "3 години тому", "3 Hour"),
        ("be", "2 дні таму", "2 Day"),
        ("el", "πριν από 3 ώρες", "3 Hour"),
        ("el", "πριν 2 ημέρες", "2 Day"),
        ("sq", "2 ditë më parë", "2 Day"),
        ("hu", "3 órával ezelőtt", "3 Hour"),
        ("hu", "2 napja", "2 Day"),
        ("eu", "duela 3 ordu", "3 Hour"),
        ("tr", "3 saat önce", "3 Hour"),
        ("tr", "dün", "1 Day"),
        ("az", "2 gün əvvəl", "2 Day"),
        ("uz", "3 soat oldin", "3 Hour"),
        ("kk", "2 күн бұрын", "2 Day"),
        ("ky", "3 саат мурун", "3 Hour"),
        ("mn", "3 цагийн өмнө", "3 Hour"),
        ("hy", "3 ժամ առաջ", "3 Hour"),
        ("ka", "2 დღის წინ", "2 Day"),
        ("ar", "قبل 5 دقائق", "5 Minute"),
        ("ar", "منذ يومين", "2 Day"),
        ("ar", "قبل ساعة واحدة", "1 Hour"),
        ("he", "לפני 3 שעות", "3 Hour"),
        ("he", "לפני שעה", "1 Hour"),
        ("he", "לפני יומיים", "2 Day"),
        ("fa", "۳ ساعت پیش", "3 Hour"),
        ("ur", "3 گھنٹے پہلے", "3 Hour"),
        ("hi", "3 घंटे पहले", "3 Hour"),
        ("bn", "৩ ঘন্টা আগে", "3 Hour"),
        ("th", "3 ชั่วโมงที่แล้ว", "3 Hour"),
        ("th", "เมื่อวาน", "1 Day"),
        ("vi", "3 giờ trước", "3 Hour"),
        ("vi", "hôm qua", "1 Day"),
        ("id", "3 jam yang lalu", "3 Hour"),
        ("ms", "2 hari lalu", "2 Day"),
        ("zh", "3小时前", "3 Hour"),
        ("zh", "5 分钟前", "5 Minute"),
        ("zh", "昨天 14:05", "1 Day 14:05"),
        ("zh-TW", "2 天前", "2 Day"),
        ("ja", "3時間前", "3 Hour"),
        ("ja", "2日前", "2 Day"),
        ("ja", "昨日", "1 Day"),
        ("ko", "3시간 전", "3 Hour"),
        ("ko", "2일전", "2 Day"),
        ("ko", "어제", "1 Day"),
        ("cy", "3 awr yn ôl", "3 Hour"),
        ("ga", "2 lá ó shin", "2 Day"),
    ]);
}

#[test]
fn relative_dates_count_from_the_reading() {
    let read_at: DateTime<Utc> = "2024-10-01T00:30:00Z".parse().expect("an instant");
    let resolved = |count, unit, zone: Zone| {
        let date = Ago { count, unit, time: None, offset: None }.resolve(read_at, zone);
        said(When::Stated(date))
    };
    assert_eq!(resolved(3, Unit::Hour, Zone::named("Europe/Vienna").expect("a zone")), "2024-09-30 23:30+02:00");
    assert_eq!(resolved(3, Unit::Hour, Zone::UTC), "2024-09-30 21:30+00:00");
    assert_eq!(resolved(0, Unit::Minute, Zone::named("Asia/Tokyo").expect("a zone")), "2024-10-01 09:30+09:00");
    assert_eq!(resolved(1, Unit::Day, Zone::named("America/New_York").expect("a zone")), "2024-09-29");
    assert_eq!(resolved(2, Unit::Week, Zone::UTC), "2024-09-17");
    assert_eq!(resolved(1, Unit::Month, Zone::UTC), "2024-09-01");
    assert_eq!(resolved(999, Unit::Year, Zone::UTC), "1025-10-01");
}
