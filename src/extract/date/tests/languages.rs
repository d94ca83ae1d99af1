//! Every language as its newsrooms write it.

use super::*;

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
