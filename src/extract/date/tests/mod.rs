mod languages;
mod relative;

use super::*;

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
