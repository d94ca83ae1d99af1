use chrono::{DateTime, Utc};

use super::*;
use crate::domain::Zone;

fn language(tag: &str) -> Language {
    Language::of(tag).expect("a known language")
}

/// What is read, in short: "2024-09-30", "2024-09-30 14:05", "2024-09-30 14:05+02:00", "3 Hour", "".
fn read(text: &str, tag: &str) -> String {
    recognise(text, language(tag)).map(|found| said(found.date)).unwrap_or_default()
}

fn said(date: When) -> String {
    let time = |time: Option<NaiveTime>| time.map(|t| t.format(" %H:%M").to_string()).unwrap_or_default();
    match date {
        When::Stated(date) => {
            format!("{}{}{}", date.day, time(date.time), date.offset.map(|o| o.to_string()).unwrap_or_default())
        }
        When::Ago(ago) => format!("{} {:?}{}", ago.count, ago.unit, time(ago.time)),
        When::Yearless(date) => {
            said(When::Stated(date.by(chrono::NaiveDate::from_ymd_opt(2024, 12, 31).expect("a day")))).replacen("2024", "-", 1)
        }
    }
}

#[track_caller]
fn all(wanted: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = wanted
        .iter()
        .map(|(tag, text, want)| (tag, text, want, read(text, tag)))
        .filter(|(_, _, want, got)| *want != got)
        .map(|(tag, text, want, got)| format!("{tag}: {text:?} gives {got:?}, not {want:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), wanted.len(), wrong.join("\n"));
}

/// One day and one month as newsrooms of each language write them.
const WRITTEN: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "30 September 2024",
            "September 30, 2024",
            "Sept. 30, 2024",
            "Sep 30, 2024",
            "Mon, 30 Sep 2024",
            "30th September 2024",
            "Monday, September 30th, 2024",
            "30-Sep-2024",
            "30 Sep '24",
            "30/09/2024",
            "09/30/2024",
            "30.09.24",
            "Published: 30 September 2024",
            "2024-09-30",
            "2024/09/30",
        ],
    ),
    ("de", &["30. September 2024", "Montag, 30. September 2024", "30. Sept. 2024", "Mo., 30.09.2024", "30.9.2024", "30.09.24"]),
    ("fr", &["30 septembre 2024", "lundi 30 septembre 2024", "Le 30 sept. 2024", "30/09/2024", "Publié le 30 septembre 2024"]),
    (
        "es",
        &[
            "30 de septiembre de 2024",
            "30 septiembre, 2024",
            "30 sept. 2024",
            "lunes, 30 de septiembre de 2024",
            "30 de setiembre del 2024",
            "30/09/2024",
        ],
    ),
    ("it", &["30 settembre 2024", "lunedì 30 settembre 2024", "30 set 2024", "30 sett. 2024", "30/09/2024"]),
    (
        "pt",
        &["30 de setembro de 2024", "30 setembro 2024", "Segunda-feira, 30 de Setembro de 2024", "30 set. 2024", "30/09/2024"],
    ),
    ("pt-BR", &["30 de setembro de 2024", "30/09/2024"]),
    ("nl", &["30 september 2024", "maandag 30 september 2024", "30 sep. 2024", "30-09-2024"]),
    ("ca", &["30 de setembre de 2024", "30 de setembre del 2024", "dilluns, 30 set. 2024", "30/09/2024"]),
    ("gl", &["30 de setembro de 2024", "30/09/2024"]),
    ("eu", &["2024ko irailaren 30a", "2024(e)ko irailaren 30(a)", "2024ko irailak 30", "2024-09-30", "2024/09/30"]),
    ("ast", &["30 de setiembre de 2024"]),
    ("oc", &["30 de setembre de 2024"]),
    ("ga", &["30 Meán Fómhair 2024", "30 Meán Fómhair, 2024", "30/09/2024"]),
    ("gd", &["30 dhen t-Sultain 2024", "30/09/2024"]),
    ("cy", &["30 Medi 2024", "Dydd Llun 30 Medi 2024"]),
    ("br", &["30 Gwengolo 2024"]),
    ("da", &["30. september 2024", "mandag den 30. september 2024", "30. sep. 2024", "30.09.2024", "30-09-2024"]),
    ("nb", &["30. september 2024", "30. sep. 2024", "30.9.2024", "mandag 30. september 2024"]),
    ("no", &["30. september 2024", "30.09.2024"]),
    ("nn", &["30. september 2024"]),
    ("sv", &["30 september 2024", "den 30 september 2024", "2024-09-30", "30 sep 2024"]),
    ("is", &["30. september 2024", "mánudagur, 30. september 2024"]),
    ("fo", &["30. september 2024"]),
    ("fi", &["30. syyskuuta 2024", "30.9.2024", "maanantaina 30. syyskuuta 2024", "Syyskuu 30, 2024"]),
    ("et", &["30. september 2024", "30.09.2024", "30. septembril 2024"]),
    ("lv", &["2024. gada 30. septembris", "2024. gada 30. septembrī", "30.09.2024", "30. septembris, 2024"]),
    ("lt", &["2024 m. rugsėjo 30 d.", "2024-09-30", "2024 rugsėjo 30", "2024.09.30"]),
    ("pl", &["30 września 2024", "30 września 2024 r.", "poniedziałek, 30 września 2024", "30 wrz 2024", "30.09.2024"]),
    ("cs", &["30. září 2024", "30. 9. 2024", "pondělí 30. září 2024", "30.09.2024"]),
    ("sk", &["30. septembra 2024", "30. 9. 2024", "30. september 2024", "pondelok 30. septembra 2024"]),
    ("sl", &["30. september 2024", "30. septembra 2024", "30. 9. 2024"]),
    ("hr", &["30. rujna 2024.", "30.09.2024.", "30. rujan 2024."]),
    ("bs", &["30. septembar 2024.", "30. septembra 2024.", "30.09.2024."]),
    (
        "sr",
        &["30. септембар 2024.", "30. септембра 2024.", "30. septembar 2024.", "30.09.2024.", "понедељак, 30. септембар 2024."],
    ),
    ("sr-Latn", &["30. septembar 2024.", "30. septembra 2024."]),
    ("mk", &["30 септември 2024", "30.09.2024"]),
    ("bg", &["30 септември 2024 г.", "30.09.2024 г.", "30 септември 2024"]),
    (
        "ru",
        &[
            "30 сентября 2024",
            "30 сентября 2024 г.",
            "30 сентября 2024 года",
            "30 сен 2024",
            "30.09.2024",
            "30.09.24",
            "Понедельник, 30 сентября 2024",
            "30 СЕНТЯБРЯ 2024",
        ],
    ),
    ("uk", &["30 вересня 2024", "30 вересня 2024 р.", "30 вересня 2024 року", "30.09.2024", "понеділок, 30 вересня 2024"]),
    ("be", &["30 верасня 2024", "30 верасня 2024 г.", "30.09.2024"]),
    ("kk", &["2024 ж. 30 қыркүйек", "2024 жылғы 30 қыркүйек", "30 қыркүйек 2024", "30.09.2024"]),
    ("ky", &["2024-жылдын 30-сентябры", "30-сентябрь, 2024-жыл", "30.09.2024"]),
    ("uz", &["30-sentabr, 2024", "2024-yil 30-sentabr", "30 sentabr 2024", "30-сентябр 2024"]),
    ("tg", &["30 сентябри 2024"]),
    ("az", &["30 sentyabr 2024", "30 Sentyabr, 2024", "30.09.2024", "30 sentyabr 2024-cü il"]),
    ("tr", &["30 Eylül 2024", "30 EYLÜL 2024", "30 Eyl 2024", "30 Eylül 2024, Pazartesi", "30.09.2024"]),
    ("tk", &["30 sentýabr 2024"]),
    ("hu", &["2024. szeptember 30.", "2024. szept. 30.", "2024.09.30.", "2024. szeptember 30., hétfő"]),
    ("ro", &["30 septembrie 2024", "30 sept. 2024", "30.09.2024", "luni, 30 septembrie 2024"]),
    ("sq", &["30 Shtator 2024", "30 shtator, 2024", "30/09/2024"]),
    (
        "el",
        &[
            "30 Σεπτεμβρίου 2024",
            "30 Σεπ 2024",
            "ΣΕΠΤΕΜΒΡΙΟΥ 30, 2024",
            "30 ΣΕΠΤΕΜΒΡΙΟΥ 2024",
            "Δευτέρα, 30 Σεπτεμβρίου 2024",
            "30/09/2024",
        ],
    ),
    ("hy", &["30 սեպտեմբերի 2024", "30 սեպտեմբերի, 2024 թ.", "սեպտեմբերի 30, 2024", "30.09.2024"]),
    ("ka", &["30 სექტემბერი 2024", "30 სექტემბერი, 2024 წ.", "2024 წლის 30 სექტემბერი"]),
    ("he", &["30 בספטמבר 2024", "30 ספטמבר 2024", "30.09.2024", "יום שני, 30 בספטמבר 2024"]),
    (
        "ar",
        &["30 سبتمبر 2024", "٣٠ سبتمبر ٢٠٢٤", "30 أيلول 2024", "30 أيلول/سبتمبر 2024", "الاثنين، 30 سبتمبر 2024", "30/09/2024"],
    ),
    ("fa", &["۳۰ سپتامبر ۲۰۲۴", "۹ مهر ۱۴۰۳", "9 مهر 1403", "۱۴۰۳/۰۷/۰۹", "دوشنبه ۹ مهر ۱۴۰۳"]),
    ("ps", &["30 سپتمبر 2024"]),
    ("ur", &["30 ستمبر 2024", "30 ستمبر، 2024"]),
    ("hi", &["30 सितंबर 2024", "30 सितम्बर 2024", "३० सितंबर २०२४"]),
    ("bn", &["৩০ সেপ্টেম্বর ২০২৪"]),
    ("mr", &["३० सप्टेंबर २०२४"]),
    ("ta", &["30 செப்டம்பர் 2024", "செப்டம்பர் 30, 2024"]),
    ("te", &["30 సెప్టెంబర్ 2024"]),
    ("ml", &["2024 സെപ്റ്റംബർ 30"]),
    ("gu", &["30 સપ્ટેમ્બર 2024"]),
    (
        "th",
        &[
            "30 กันยายน 2567",
            "๓๐ กันยายน ๒๕๖๗",
            "30 ก.ย. 2567",
            "30 ก.ย. 67",
            "วันจันทร์ที่ 30 กันยายน พ.ศ. 2567",
            "30 กันยายน 2024",
            "30/09/2567",
        ],
    ),
    ("lo", &["30 ກັນຍາ 2024"]),
    ("km", &["30 កញ្ញា 2024"]),
    ("my", &["30 စက်တင်ဘာ 2024"]),
    ("vi", &["ngày 30 tháng 9 năm 2024", "30 tháng 9, 2024", "30 Tháng Chín 2024", "Thứ Hai, 30/09/2024", "30/9/2024"]),
    ("id", &["30 September 2024", "Senin, 30 September 2024", "30 Sep 2024", "30/09/2024"]),
    ("ms", &["30 September 2024", "Isnin, 30 September 2024"]),
    ("fil", &["Setyembre 30, 2024", "ika-30 ng Setyembre 2024"]),
    (
        "zh",
        &[
            "2024年9月30日",
            "2024年09月30日 星期一",
            "二〇二四年九月三十日",
            "2024-09-30",
            "2024.09.30",
            "发布时间：2024年9月30日",
        ],
    ),
    ("zh-TW", &["2024年9月30日", "民國113年9月30日", "113年9月30日", "113-09-30", "113/09/30", "中華民國113年9月30日"]),
    ("zh-Hant", &["民國113年9月30日", "113.09.30"]),
    ("zh-HK", &["2024年9月30日"]),
    (
        "ja",
        &[
            "2024年9月30日",
            "2024年9月30日（月）",
            "令和6年9月30日",
            "令和６年９月３０日",
            "R6.9.30",
            "2024.9.30",
            "2024/09/30",
            "2024.09.30 Mon",
        ],
    ),
    ("ko", &["2024년 9월 30일", "2024년 9월 30일 월요일", "2024.09.30", "2024. 9. 30.", "2024.09.30(월)", "24.09.30"]),
    ("mn", &["2024 оны 9-р сарын 30", "2024 оны есдүгээр сарын 30", "2024-09-30"]),
    ("sw", &["30 Septemba 2024"]),
    ("af", &["30 September 2024"]),
    ("mt", &["30 ta' Settembru 2024", "30 ta’ Settembru, 2024"]),
    ("lb", &["30. September 2024", "30. Sept. 2024"]),
];

#[test]
fn every_language_is_read_as_its_newsrooms_write() {
    let written: Vec<(&str, &str, &str)> =
        WRITTEN.iter().flat_map(|(tag, texts)| texts.iter().map(|text| (*tag, *text, "2024-09-30"))).collect();
    all(&written);
}

/// Every name of every language, full and short, in every case the C library knows, in the orders that people write.
#[test]
fn every_months_every_name_is_read() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (tag, _) in WRITTEN {
        for (name, month) in language(tag).months() {
            let figures = tokens(name).iter().all(|t| t.kind == token::Kind::Number);
            if name.chars().count() < 2 || name.contains(|c: char| c.is_ascii_digit()) || figures {
                continue;
            }
            let bare = name.trim_end_matches('.');
            for text in [
                format!("17 {name} 2024"),
                format!("17. {} 2024", bare.to_uppercase()),
                format!("{name} 17, 2024"),
                format!("2024. {name} 17."),
            ] {
                count += 1;
                let got = read(&text, tag);
                if got != format!("2024-{month:02}-17") {
                    wrong.push(format!("{tag}: {text:?} gives {got:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_may_mean_two_days_is_not_guessed() {
    all(&[
        ("en", "03/04/2024", ""),
        ("de", "03.04.2024", ""),
        ("fr", "03-04-2024", ""),
        ("en", "8.9.24", ""),
        ("en", "24-09-30", ""),
        ("hu", "24.09.30", ""),
        ("en", "05/05/2024", "2024-05-05"),
        ("en", "13/05/2024", "2024-05-13"),
        ("en", "05/13/2024", "2024-05-13"),
        ("en", "31 February 2024", ""),
        ("en", "2024", ""),
        ("en", "May 2024", ""),
        ("en", "", ""),
        ("en", "192.168.20.24", ""),
        ("en", "Version 30.9.2024.1", ""),
        ("en", "Call 030/12/2024", ""),
        ("en", "113年9月30日", ""),
        ("de", "30 กันยายน 2567", ""),
        ("ja", "113年9月30日", ""),
        ("en", "09/08/2024 (today)", ""),
        ("en", "30 September 14:05", "--09-30 14:05"),
        ("en", "Top 30 in May 2024", ""),
        ("en", "May 5, 24 people", ""),
        ("en", "May 5, 24", ""),
        ("en", "5 May · 2024 in numbers", ""),
        ("en", "5 min read", ""),
        ("en", "open 3 days a week", ""),
        ("en", "The minister said yesterday that all is well in the country", ""),
    ]);
}

#[test]
fn times_and_zones() {
    all(&[
        ("en", "30 September 2024, 14:05", "2024-09-30 14:05"),
        ("en", "September 30, 2024 2:05 pm", "2024-09-30 14:05"),
        ("en", "September 30, 2024 at 2:05 p.m. EDT", "2024-09-30 14:05-04:00"),
        ("en", "September 30, 2024 2:05 PM ET", "2024-09-30 14:05-04:00"),
        ("en", "December 30, 2024 2 pm ET", "2024-12-30 14:00-05:00"),
        ("en", "30 Sep 2024 12:05 am", "2024-09-30 00:05"),
        ("en", "30 September 2024, 14:05 CET", "2024-09-30 14:05+01:00"),
        ("en", "30 September 2024 14:05 (CEST)", "2024-09-30 14:05+02:00"),
        ("en", "30 September 2024, 14:05 IST", "2024-09-30 14:05"),
        ("en", "30 September 2024, 14:05 CST", "2024-09-30 14:05"),
        ("en", "30 September 2024, 14:05 BST", "2024-09-30 14:05+01:00"),
        ("en", "30 September 2024, 14:05 UTC+2", "2024-09-30 14:05+02:00"),
        ("en", "30 September 2024, 14:05 (GMT+03:00)", "2024-09-30 14:05+03:00"),
        ("en", "30 September 2024, 14:05 +0200", "2024-09-30 14:05+02:00"),
        ("en", "30 September 2024, 14:05 GMT-5", "2024-09-30 14:05-05:00"),
        ("en", "30 September 2024, 14:05-15:30", "2024-09-30 14:05"),
        ("en", "14:05, 30 September 2024", "2024-09-30 14:05"),
        ("en", "2:05 pm | Monday, 30 September 2024", "2024-09-30 14:05"),
        ("en", "Mon, 30 Sep 2024 10:15:00 +0200", "2024-09-30 10:15+02:00"),
        ("en", "Mon, 30 Sep 2024 10:15:00 GMT", "2024-09-30 10:15+00:00"),
        ("en", "Mon, 30 Sep 2024 10:15:00 -0500", "2024-09-30 10:15-05:00"),
        ("en", "2024-09-30T10:15:00+02:00", "2024-09-30 10:15+02:00"),
        ("en", "2024-09-30T10:15:00.123Z", "2024-09-30 10:15+00:00"),
        ("en", "2024-09-30 10:15:00.5 -05:00", "2024-09-30 10:15-05:00"),
        ("en", "2024-09-30T10:15Z", "2024-09-30 10:15+00:00"),
        ("en", "2024-09-30T10:15:00-05:00", "2024-09-30 10:15-05:00"),
        ("en", "2024-09-30 10:15", "2024-09-30 10:15"),
        ("de", "30.09.2024 | 14.05 Uhr", "2024-09-30 14:05"),
        ("de", "30. September 2024, 14:05 Uhr MESZ", "2024-09-30 14:05+02:00"),
        ("de", "Montag, 30. September 2024 um 14 Uhr", "2024-09-30 14:00"),
        ("fr", "30 septembre 2024 à 14h05", "2024-09-30 14:05"),
        ("fr", "30/09/2024 - 14h", "2024-09-30 14:00"),
        ("fr", "Le 30 septembre 2024 à 14h05 est un lundi", "2024-09-30 14:05"),
        ("fr", "30 septembre 2024, 5 h de marche", "2024-09-30"),
        ("fr", "30 septembre 2024 à 14 h", "2024-09-30 14:00"),
        ("es", "30 de septiembre de 2024 a las 2:05 p. m.", "2024-09-30 14:05"),
        ("pt", "30/09/2024 às 14h05", "2024-09-30 14:05"),
        ("it", "30 settembre 2024, ore 14.05", "2024-09-30 14:05"),
        ("fi", "30.9.2024 klo 14.05", "2024-09-30 14:05"),
        ("fi", "30.9.2024 14.05", "2024-09-30 14:05"),
        ("ru", "30 сентября 2024, 14:05 (МСК)", "2024-09-30 14:05+03:00"),
        ("ru", "30 сентября 2024 в 14:05", "2024-09-30 14:05"),
        ("el", "30/09/2024 2:05 μ.μ.", "2024-09-30 14:05"),
        ("tr", "30.09.2024 2:05 ÖS", "2024-09-30 14:05"),
        ("ja", "2024年9月30日 14時05分", "2024-09-30 14:05"),
        ("ja", "2024/09/30 14:05 JST", "2024-09-30 14:05+09:00"),
        ("zh", "2024年9月30日 下午2:05", "2024-09-30 14:05"),
        ("ko", "2024.09.30 오후 2:05", "2024-09-30 14:05"),
        ("en", "2024-09-30, revised in 14.05 million cases", "2024-09-30"),
    ]);
}

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
fn a_list_settles_the_order_of_its_dates() {
    let days = |texts: &[&str]| -> Vec<String> {
        recognise_all(texts, language("en"), false).into_iter().map(|f| f.map(|f| said(f.date)).unwrap_or_default()).collect()
    };
    assert_eq!(days(&["03/04/2024", "30/03/2024"]), ["2024-04-03", "2024-03-30"]);
    assert_eq!(days(&["03/04/2024", "03/30/2024"]), ["2024-03-04", "2024-03-30"]);
    assert_eq!(days(&["03/04/2024", "02/03/2024"]), ["", ""], "nothing tells");
    assert_eq!(days(&["03/04/2024", "30/03/2024", "03/30/2024"]), ["", "2024-03-30", "2024-03-30"], "they contradict each other");
    assert_eq!(days(&["03/04/2024", "30.03.2024"]), ["", "2024-03-30"], "another form");
    assert_eq!(days(&["03/04/24", "30/03/24"]), ["2024-04-03", "2024-03-30"]);
    assert_eq!(days(&["03/04/2024", "05/05/2024"]), ["", "2024-05-05"]);
}

#[test]
fn spans_and_forms_say_what_was_found() {
    for (tag, text, span, form) in [
        ("en", "Published: Monday, 30 September 2024 in Vienna", "Monday, 30 September 2024", "%d %B %Y"),
        ("en", "September 30, 2024 2:05 pm", "September 30, 2024 2:05 pm", "%B %d, %Y %I:%M %p"),
        ("en", "30/09/2024 14:05", "30/09/2024 14:05", "%d/%m/%Y %H:%M"),
        ("en", "09/30/2024", "09/30/2024", "%m/%d/%Y"),
        ("en", "2024-09-30", "2024-09-30", "%Y-%m-%d"),
        ("en", "30th September 2024", "30th September 2024", ""),
        ("en", "05/05/2024", "05/05/2024", ""),
        ("en", "x, 3 hours ago", "3 hours ago", "relative"),
        ("de", "30.09.24, 14:05 Uhr", "30.09.24, 14:05 Uhr", "%d.%m.%y, %H:%M Uhr"),
        ("es", "30 de septiembre de 2024", "30 de septiembre de 2024", "%d de %B de %Y"),
        ("fi", "30. syyskuuta 2024", "30. syyskuuta 2024", "%d. %B %Y"),
        ("hu", "2024. szeptember 30.", "2024. szeptember 30", "%Y. %B %d"),
        ("ja", "2024年9月30日（月）", "2024年9月30日", "%Y年%m月%d日"),
        ("ja", "令和6年9月30日", "令和6年9月30日", ""),
        ("th", "30 ก.ย. 2567", "30 ก.ย. 2567", "%d %B. %Y"),
        ("ar", "٣٠ سبتمبر ٢٠٢٤", "٣٠ سبتمبر ٢٠٢٤", "%d %B %Y"),
        ("ga", "30 Meán Fómhair 2024", "30 Meán Fómhair 2024", "%d %B %Y"),
    ] {
        let found = recognise(text, language(tag)).expect(text);
        assert_eq!((&text[found.span], found.form.as_str()), (span, form), "{text}");
    }
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

#[test]
fn dates_without_a_year_leave_it_to_the_reader() {
    for (tag, text, want) in [
        ("en", "12 November", "--11-12"),
        ("en", "Nov 12", "--11-12"),
        ("en", "Posted on November 12th, 14:05", "--11-12 14:05"),
        ("en", "29 Feb", "--02-29"),
        ("de", "12. November", "--11-12"),
        ("de", "12.11.", "--11-12"),
        ("de", "Do, 12.11.", "--11-12"),
        ("de", "18.Nov", "--11-18"),
        ("fr", "1er février", "--02-01"),
        ("ru", "12 ноября", "--11-12"),
        ("tr", "12 Kas", "--11-12"),
        ("ja", "11月12日", "--11-12"),
        ("hu", "november 12.", "--11-12"),
    ] {
        let language = Language::of(tag).expect("a language");
        let found = recognise(text, language).map(|f| said(f.date)).unwrap_or_default();
        assert_eq!(found, want, "{text} in {tag}");
    }
    for (tag, text) in [
        ("en", "November 2024"),
        ("en", "12.11."),
        ("en", "12/11"),
        ("de", "3.2. Einleitung"),
        ("de", "1.2.3"),
        ("de", "13.13."),
        ("en", "31 February"),
        ("en", "12-14 November"),
        ("en", "may 5,000 people"),
        ("en", "12"),
    ] {
        let language = Language::of(tag).expect("a language");
        assert_eq!(recognise(text, language).map(|f| said(f.date)), None, "{text} in {tag}");
    }
}

#[test]
fn a_list_that_tells_no_order_is_read_as_its_language_writes_only_where_that_is_asked_for() {
    let read = |tag: &str, texts: &[&str], by_language: bool| -> Vec<String> {
        let language = Language::of(tag).expect("a language");
        recognise_all(texts, language, by_language).into_iter().map(|f| f.map(|f| said(f.date)).unwrap_or_default()).collect()
    };
    for (tag, texts, want) in [
        ("de", ["03.04.2024", "01.02.2024"], ["2024-04-03", "2024-02-01"]),
        ("cs", ["3. 4. 2024", "1. 2. 2024"], ["2024-04-03", "2024-02-01"]),
        ("fi", ["3.4.2024", "1.2.2024"], ["2024-04-03", "2024-02-01"]),
        ("fr", ["03/04/2024", "01/02/2024"], ["2024-04-03", "2024-02-01"]),
        ("pt-PT", ["03/04/2024", "01/02/2024"], ["2024-04-03", "2024-02-01"]),
        // Another mark than the language's; a list that says otherwise; English, which is written both ways.
        ("de", ["03/04/2024", "01/02/2024"], ["", ""]),
        ("fr", ["03/04/2024", "01/22/2024"], ["2024-03-04", "2024-01-22"]),
        ("en-US", ["03/04/2024", "01/02/2024"], ["", ""]),
        ("en-GB", ["03/04/2024", "01/02/2024"], ["", ""]),
    ] {
        assert_eq!(read(tag, &texts, true), want, "{texts:?} in {tag}");
    }
    assert_eq!(read("de", &["03.04.2024"], false), [""]);
}
