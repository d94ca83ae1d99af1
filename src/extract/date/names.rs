//! Names of months and days as pages write them: a language's own, in all its countries and scripts, and English.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use super::day::Order;
use super::relative::Book;
use super::token::{Token, tokens};
use crate::extract::months::Language;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A month, from 1.
    Month(u32),
    /// A day of the week, from 0 for Sunday.
    Day(usize),
}

/// The names of a language, made once.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The language's tag, without country and script.
    pub tag: String,
    /// The country by whose customs dates are written.
    pub country: String,
    /// By the first word: the further words, and what it is. Longer names come first.
    by_word: HashMap<String, Vec<(Vec<String>, Named)>>,
    /// The phrases of relative dates.
    pub relative: Book,
    /// The mark in its dates in figures, and which comes first.
    pub figures: Option<(char, Order)>,
    /// Full month names of one word, for languages that hang endings on them.
    stems: Vec<(String, u32)>,
    /// Letters that stand before a name and belong to its word (Hebrew).
    prefixes: &'static [char],
}

/// Forms that the C library's locales lack: (language, names of the months from January; alternatives behind `/`, `-` for none).
const MORE: &[(&str, &str)] = &[
    ("en", "- - - - - - - - sept - - -"),
    ("de", "jän/jänner feber mrz/maerz - - - - - sept - - -"),
    ("fr", "- fevr - - - - juill - sept - - -"),
    ("es", "- - - - - - - - sept/set/setiembre - - -"),
    ("pt", "- - - - - - - - sept - - -"),
    ("it", "- - - - - - - - sett - - -"),
    ("nl", "- - mrt - - - - - sept - - -"),
    ("ca", "- - - - - - - - set - - -"),
    ("ro", "- - - - - - - - sept - - -"),
    ("sv", "- - - - - - - - sept - - -"),
    ("da", "- - - - - - - - sept - - -"),
    ("nb", "- - - - - - - - sept - - -"),
    ("et", "jaanuaril veebruaril märtsil aprillil mail juunil juulil augustil septembril oktoobril novembril detsembril"),
    ("lv", "janv/janvārī febr/februārī martā apr/aprīlī maijā jūnijā jūlijā augustā sept/septembrī oktobrī novembrī decembrī"),
    ("cs", "- - - - - čvn čvc - - - - -"),
    (
        "sk",
        "januára/januári februára/februári marca/marci apríla/apríli mája/máji júna/júni júla/júli augusta/auguste septembra/septembri \
         októbra/októbri novembra/novembri decembra/decembri",
    ),
    ("sl", "januarja februarja marca aprila maja junija julija avgusta septembra/sept oktobra novembra decembra"),
    (
        "bs",
        "januara/siječnja februara/veljače marta/ožujka aprila/travnja maja/svibnja juna/lipnja jula/srpnja augusta/avgusta/kolovoza septembra/rujna/sept oktobra/listopada novembra/studenog/studenoga decembra/prosinca",
    ),
    (
        "sr",
        "januara/јануара februara/фебруара marta/марта aprila/априла maja/маја juna/јуна jula/јула avgusta/августа \
         septembra/септембра/септ/sept oktobra/октобра novembra/новембра decembra/децембра",
    ),
    ("hr", "- - - - - - - - ruj - studenog/studenoga -"),
    ("ru", "янв февр мар апр - июн июл авг сент/сен - нояб/ноя -"),
    ("uk", "- - - квіт трав черв - серп - жовт лист груд"),
    ("mk", "- - - - - - - - септ - - -"),
    ("ka", "იანვრის თებერვლის მარტის აპრილის მაისის ივნისის ივლისის აგვისტოს სექტემბრის ოქტომბრის ნოემბრის დეკემბრის"),
    ("hy", "- փտվ մրտ - մյս - - - - - նոյ -"),
    ("he", "ינו פבר - אפר - - - אוג ספט אוק נוב דצמ"),
    ("fa", "- - - آوریل - - - اوت - اکتبر - -"),
    ("hi", "- - - - - - - - सितंबर/सितम्बर अक्टूबर/अक्तूबर/अक्टू नवंबर/नवम्बर दिसंबर/दिसम्बर"),
    ("bn", "- - - এপ্রি - - জুল আগ সেপ অক্টো নভে ডিসে"),
    ("ps", "- فېبروري - - - - - - سېپتمبر - - -"),
    ("sq", "- - - - - - korr gush - - - -"),
    ("ms", "- - - - - - - ogo - - - -"),
    ("br", "- c'hwe meur - - - goue - gwen - - kzu"),
    ("cy", "- chwef - - - - gorff - - - - rhag"),
    ("ga", "- feabhra - - bhealtaine mheitheamh - - mheán+fómhair dheireadh+fómhair shamhain/samhna nollag"),
    ("ky", "январы февралы марты апрели майы июну июлу августу сентябры октябры ноябры декабры"),
    ("tg", "январ феврал март апрел - - - август сентябр октябр ноябр декабр"),
    ("tg", "январи феврали марти апрели майи июни июли августи сентябри октябри ноябри декабри"),
    (
        "mn",
        "нэгдүгээр+сарын хоёрдугаар+сарын гуравдугаар+сарын дөрөвдүгээр+сарын тавдугаар+сарын зургаадугаар+сарын/зургадугаар+сарын долоодугаар+сарын/долдугаар+сарын наймдугаар+сарын есдүгээр+сарын аравдугаар+сарын арван+нэгдүгээр+сарын арван+хоёрдугаар+сарын",
    ),
    (
        "vi",
        "tháng+một/tháng+giêng tháng+hai tháng+ba tháng+tư tháng+năm tháng+sáu tháng+bảy tháng+tám tháng+chín tháng+mười tháng+mười+một \
         tháng+mười+hai/tháng+chạp",
    ),
    ("am", "ጃንዋሪ ፌብሩዋሪ - - - - - - - - - -"),
    ("so", "janaayo/jannaayo febraayo maarso abriil maayo juun luulyo agosto/ogosto sebtembar oktoobar noofeembar diseembar"),
];

/// Languages that hang endings on names: "syyskuuta", "irailaren", "Eylül'de".
const ENDINGS: &[&str] = &[
    "fi", "et", "eu", "hu", "tr", "az", "kk", "ky", "uz", "tk", "tt", "mn", "ka", "hy", "lv", "lt", "sq", "eo", "ta", "ml", "te",
    "kn",
];

/// The longest ending (characters).
const LONGEST_ENDING: usize = 4;

static MADE: LazyLock<RwLock<HashMap<Language, Arc<Names>>>> = LazyLock::new(RwLock::default);

/// What a language's form of dates in figures says of their order: `%d.%m.%Y`. A year in front tells nothing of the others.
fn order_of(form: &str) -> Option<(char, Order)> {
    let bare: String = form.chars().filter(|c| !matches!(c, '%' | '-' | 'O' | 'E' | ' ')).collect();
    let mut parts = bare.chars();
    let (first, mark, second) = (parts.next()?, parts.next()?, parts.next()?);
    let order = match (first, second) {
        ('d' | 'e', 'm') => Order::DayFirst,
        ('m', 'd' | 'e') => Order::MonthFirst,
        _ => return None,
    };
    (matches!(mark, '.' | '/' | '-')).then_some((mark, order))
}

impl Names {
    /// Whether the language writes its dates with dots, the day first.
    pub fn writes_dots(&self) -> bool {
        self.figures == Some(('.', Order::DayFirst))
    }

    /// The names of a language, and the English ones.
    pub fn of(language: Language) -> Arc<Self> {
        if let Some(names) = MADE.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&language) {
            return names.clone();
        }
        let names = Arc::new(Self::make(language));
        MADE.write().unwrap_or_else(std::sync::PoisonError::into_inner).entry(language).or_insert(names).clone()
    }

    fn make(language: Language) -> Self {
        let (tag, country) = language.parts();
        let mut names =
            Self { relative: Book::of(&tag), tag, country, figures: language.figures().and_then(order_of), ..Self::default() };
        let english = Language::of("en").expect("English is among the locales");
        let families = [language, english].map(|of| std::iter::once(of).chain(of.relatives()).collect::<Vec<_>>());
        // Months first: a short day name that is also a month's (as "mar" in Spanish and Italian) is far more often the month.
        for family in &families {
            family.iter().flat_map(|of| of.months()).for_each(|(name, n)| names.add(name, Named::Month(n)));
            let (tag, _) = family[0].parts();
            let usual = if tag == "nn" { "nb" } else { &tag };
            for list in MORE.iter().filter(|(l, _)| **l == *usual).map(|(_, list)| list) {
                for (forms, n) in list.split_ascii_whitespace().zip(1..) {
                    forms.split('/').for_each(|form| names.add(&form.replace('+', " "), Named::Month(n)));
                }
            }
        }
        families.iter().flatten().flat_map(|of| of.days()).for_each(|(name, n)| names.add(name, Named::Day(n)));
        if ENDINGS.contains(&names.tag.as_str()) {
            let full = language.months().into_iter().map(|(name, n)| (tokens(name), n));
            let one_word = full.filter_map(|(t, n)| if let [word] = &t[..] { Some((word.text.clone(), n)) } else { None });
            names.stems = one_word.filter(|(word, _)| word.chars().count() >= 4).collect();
        }
        if names.tag == "he" {
            names.prefixes = &['ב', 'ל', 'ה'];
        }
        names.by_word.values_mut().for_each(|of| of.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len())));
        names
    }

    fn add(&mut self, name: &str, named: Named) {
        // A name that is a number ("9月") is no name; a dot at its end belongs to the text around it.
        let words: Vec<Token> = tokens(name).into_iter().filter(|t| !t.is_mark(&['.', '\''])).collect();
        let Some((first, rest)) = words.split_first() else { return };
        if !first.is_word()
            || !words.iter().all(|t| t.is_word() || t.is("-"))
            || words.iter().all(|w| w.text.chars().count() == 1)
        {
            return;
        }
        let rest: Vec<String> = rest.iter().map(|t| t.text.clone()).collect();
        let of = self.by_word.entry(first.text.clone()).or_default();
        if !of.iter().any(|(known, _)| *known == rest) {
            of.push((rest, named));
        }
    }

    /// The name that begins at a token, and how many tokens it has.
    pub fn at(&self, tokens: &[Token], at: usize) -> Option<(Named, usize)> {
        let word = tokens.get(at).filter(|t| t.is_word())?;
        self.exact(&word.text, tokens, at)
            .or_else(|| {
                // "d'octobre", "Eylül'de"
                let parts = word.text.split_once('\'');
                parts.and_then(|(before, after)| self.exact(after, tokens, at).or_else(|| self.exact(before, tokens, at)))
            })
            .or_else(|| word.text.strip_prefix(self.prefixes).and_then(|rest| self.exact(rest, tokens, at)))
            .or_else(|| {
                let ending = |stem: &str| word.text.strip_prefix(stem).is_some_and(|e| e.chars().count() <= LONGEST_ENDING);
                self.stems.iter().find(|(stem, _)| ending(stem)).map(|(_, n)| (Named::Month(*n), 1))
            })
    }

    fn exact(&self, word: &str, tokens: &[Token], at: usize) -> Option<(Named, usize)> {
        let of = self.by_word.get(word)?;
        let fits =
            |rest: &[String]| rest.iter().enumerate().all(|(n, word)| tokens.get(at + 1 + n).is_some_and(|t| t.text == *word));
        of.iter().find(|(rest, _)| fits(rest)).map(|(rest, named)| (*named, 1 + rest.len()))
    }

    /// The month whose name begins at a token, and how many tokens it has.
    pub fn month(&self, tokens: &[Token], at: usize) -> Option<(u32, usize)> {
        match self.at(tokens, at)? {
            (Named::Month(n), length) => Some((n, length)),
            (Named::Day(_), _) => None,
        }
    }
}
