//! Words: what a question looks for in a text, and when it is there.
//!
//! Text and question are brought to one form: folded, without accents, word by word. A word is a run of letters and digits. Where scripts are
//! written without blanks between words (Chinese, Japanese, Thai and the like), and in Korean, whose particles stick to the word before them, each
//! character counts as one, so that whatever stands in the text as it is asked for is found. Blanks, hyphens, apostrophes and quotes stand between
//! words and say nothing; every other sign is a word by itself, so that no phrase reaches over a comma that is not in it.

use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use memchr::memmem;
use unicode_normalization::UnicodeNormalization;

use super::fold;

/// Changes whenever other texts match: what was chosen by another one is chosen anew.
pub const VERSION: &str = "1";

/// A text, word by word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(String);

/// A word or several in a row; the last may be the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// As it was written.
    pub shown: String,
    /// Each word between blanks; without the last blank, it is the beginning of a word.
    sought: String,
}

/// The beginning of a word is asked for by this sign behind it.
const MORE: char = '*';

impl Words {
    /// The words of a plain text.
    pub fn of(text: &str) -> Self {
        Self(spaced(&fold(text)))
    }

    /// Whether the phrase stands in the text.
    pub fn hold(&self, phrase: &Phrase) -> bool {
        memmem::find(self.0.as_bytes(), phrase.sought.as_bytes()).is_some()
    }
}

impl Phrase {
    /// Reads a word or a phrase; a `*` at its end stands for any more letters.
    ///
    /// # Errors
    /// Says what is wrong with the text, as the end of a sentence that begins with its name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = fold(text);
        let (stem, more) = folded.strip_suffix(MORE).map_or((folded.as_str(), false), |stem| (stem, true));
        if stem.contains(MORE) {
            return Err(format!("can have a {MORE} only at its end"));
        }
        if more && !stem.ends_with(is_of_word) {
            return Err(format!("must have the beginning of a word before the {MORE}"));
        }
        let mut sought = spaced(stem);
        if sought.len() < 2 {
            return Err(if folded.is_empty() { "must not be blank".into() } else { "holds no word".into() });
        }
        if more {
            sought.pop();
        }
        Ok(Self { shown: super::text::one_line(text), sought })
    }
}

/// The words of folded text, each between blanks.
fn spaced(folded: &str) -> String {
    let mut out = Spaced { text: String::with_capacity(folded.len() + 8), open: false, gap: true };
    out.text.push(' ');
    if folded.is_ascii() {
        folded.bytes().for_each(|b| out.push(char::from(b)));
    } else {
        let mut base = '\0';
        let plain = folded.nfd().filter(|&c| {
            let accent = ('\u{300}'..='\u{36f}').contains(&c);
            if !accent {
                base = c;
            }
            !accent || !is_accent_of(base, c)
        });
        plain.nfc().for_each(|c| match latin(c) {
            Some(letters) => letters.chars().for_each(|c| out.push(c)),
            None => out.push(c),
        });
    }
    out.end_word();
    out.text
}

/// Whether the mark is only an accent of the letter. Those of Cyrillic letters make other letters of them, but for the dots that are mostly left
/// out in print.
fn is_accent_of(base: char, mark: char) -> bool {
    let cyrillic = ('\u{400}'..='\u{52f}').contains(&base);
    !cyrillic || (base == 'е' && mark == '\u{308}')
}

/// Latin letters that have no decomposition, as they are typed where there is no key for them.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

struct Spaced {
    text: String,
    /// The last word may go on.
    open: bool,
    /// The character before was none of a word or sign.
    gap: bool,
}

impl Spaced {
    fn push(&mut self, c: char) {
        if c.is_whitespace() || matches!(c, '-' | '\'' | '"') {
            self.end_word();
            self.gap = true;
            return;
        }
        let after_gap = std::mem::take(&mut self.gap);
        if is_mark(c) {
            // It belongs to the character before it.
            if !self.open && !after_gap {
                self.text.pop();
                self.text.push(c);
                self.text.push(' ');
            } else {
                self.text.push(c);
                self.open = true;
            }
        } else if !c.is_alphanumeric() || stands_alone(c) {
            self.end_word();
            self.text.push(c);
            self.text.push(' ');
        } else {
            self.text.push(c);
            self.open = true;
        }
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.open) {
            self.text.push(' ');
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

fn is_mark(c: char) -> bool {
    const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();
    !c.is_ascii() && GeneralCategoryGroup::Mark.contains(CATEGORIES.get(c))
}

/// Whether the character is one of a script that has no blanks between words, or particles without one.
fn stands_alone(c: char) -> bool {
    const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();
    // Below are Latin, Greek, Cyrillic, Hebrew, Arabic and the scripts of India. The sign for a long vowel is of two scripts.
    c >= '\u{e00}'
        && (c == 'ー'
            || matches!(
                SCRIPTS.get(c),
                Script::Han
                    | Script::Hiragana
                    | Script::Katakana
                    | Script::Bopomofo
                    | Script::Hangul
                    | Script::Yi
                    | Script::Thai
                    | Script::Lao
                    | Script::Khmer
                    | Script::Myanmar
            ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_in_a_text_and_what_is_not() {
        for (text, phrase, want) in [
            ("ODIHR opens election mission", "election", true),
            ("Elections in X", "election", false),
            ("Pre-Election, elections", "ELECTIONS", true),
            ("Pre-election day", "pre election", true),
            ("Elections, elections", "elections elections", false),
            ("Elections, elections", "elections, elections", true),
            ("News from Moldova", "moldova from", false),
            ("The “special” mission", "special mission", true),
            ("The Co-ordinator’s visit", "coordinator", false),
            ("The Co-ordinator’s visit", "co-ordinator visit", false),
            ("The Co-ordinator’s visit", "co–ordinator's visit", true),
            ("L’élection en Moldavie", "election", true),
            ("Daily report 50/2022", "50/2022", true),
            ("Daily report 50/2022", "50 2022", false),
            ("Daily report 150", "50", false),
            // Accents, in whatever way they are written, and letters for which there is no key.
            ("Łódź and S\u{e3}o Paulo", "lodz", true),
            ("E\u{301}lections", "élections", true),
            ("Elections", "élections", true),
            ("İstanbul, ISTANBUL, ıstanbul", "istanbul", true),
            ("Straße", "STRASSE", true),
            ("Ελλάδα", "ελλαδα", true),
            ("Ещё раз", "еще", true),
            // Letters of their own.
            ("Мой город", "мои", false),
            ("हिन्दी समाचार", "हिन्दी", true),
            ("हिन्दी समाचार", "हिन", false),
            // The beginning of a word.
            ("Elections in X", "elect*", true),
            ("Re-elected", "elect*", true),
            ("Selection", "elect*", false),
            ("Election observers arrive", "election observ*", true),
            ("Elections observed", "election observ*", false),
            ("Election", "election*", true),
            // Scripts without blanks.
            ("衆議院議員選挙について", "選挙", true),
            ("衆議院議員選挙について", "議員", true),
            ("衆議院議員選挙について", "選議", false),
            ("选举观察，代表团", "观察代表团", false),
            ("テストケース", "ケース", true),
            ("지방선거를 참관", "선거", true),
            ("การเลือกตั้งทั่วไป", "เลือกตั้ง", true),
            ("การเลือกตั้งทั่วไป", "เลือกตัง", false),
            ("第2回会議", "2回", true),
            ("OSCE安全", "osce", true),
            ("OSCE安全", "安全", true),
            ("", "a", false),
        ] {
            let phrase = Phrase::parse(phrase).expect(phrase);
            assert_eq!(Words::of(text).hold(&phrase), want, "{text}: {phrase:?}");
        }
    }

    #[test]
    fn what_is_no_phrase() {
        for (text, want) in [
            ("", "must not be blank"),
            (" \u{200b}", "must not be blank"),
            ("'-'", "holds no word"),
            ("*", "must have the beginning of a word before the *"),
            ("a *", "must have the beginning of a word before the *"),
            ("a*b", "can have a * only at its end"),
            ("a**", "can have a * only at its end"),
        ] {
            assert_eq!(Phrase::parse(text), Err(want.to_owned()), "{text:?}");
        }
    }

    /// A sign that belongs to a letter, and there is none.
    #[test]
    fn a_lone_sign_holds_itself() {
        let lone = "\u{940}";
        for phrase in [lone.to_owned(), format!("{lone}*")] {
            if let Ok(phrase) = Phrase::parse(&phrase) {
                assert!(Words::of(lone).hold(&phrase) && Words::of(&format!("before {lone} after")).hold(&phrase), "{phrase:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// Whatever a text is made of, the whole of it is in it, and so is the beginning of its last word.
        #[test]
        fn a_text_holds_itself(text in "[a-zß éÉ\u{301}选คตั้ी'\",.\n-]{1,20}") {
            if let Ok(phrase) = Phrase::parse(&text) {
                prop_assert!(Words::of(&text).hold(&phrase));
                let longer = format!("before {text} after");
                prop_assert!(Words::of(&longer).hold(&phrase));
            }
            if let Ok(phrase) = Phrase::parse(&format!("{text}*")) {
                prop_assert!(Words::of(&text).hold(&phrase));
            }
        }
    }
}
