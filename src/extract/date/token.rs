//! A text as what dates are made of: numbers in any digits, words, marks.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::fold;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Word,
    Mark,
}

/// A number, a word or a mark, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Digits as ASCII, words as they are compared ([`plain`]), marks by their plain form.
    pub text: String,
    pub start: usize,
    pub end: usize,
    /// It is written in capitals.
    pub capital: bool,
    /// White space stands before it.
    pub spaced: bool,
}

impl Token {
    /// The number, if it is one that dates are made of.
    pub fn number(&self) -> Option<u32> {
        (self.kind == Kind::Number && self.text.len() <= 8).then(|| self.text.parse().ok()).flatten()
    }

    /// How many digits the number has.
    pub fn digits(&self) -> usize {
        if self.kind == Kind::Number { self.text.len() } else { 0 }
    }

    pub fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub fn is_mark(&self, marks: &[char]) -> bool {
        self.kind == Kind::Mark && self.text.chars().all(|c| marks.contains(&c))
    }
}

/// A word as it is compared: folded, without accents (Greek capitals have none, and Arabic writes as many as it likes), and with one form of each
/// letter that keyboards spell in two.
pub(super) fn plain(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let accent = |c: &char| matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{655}');
    let one = |c| match c {
        'ı' => 'i',
        // Persian letters that keyboards of Arabic write otherwise.
        'ی' | 'ى' => 'ي',
        'ک' => 'ك',
        c => c,
    };
    fold(word).nfd().filter(|c| !accent(c)).nfc().map(one).collect()
}

/// Zeros of the decimal digits that pages are written with; the other digits follow each.
const ZEROS: [char; 19] = ['0', '٠', '۰', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '０'];

fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let value = ZEROS.iter().filter_map(|&zero| u32::from(c).checked_sub(u32::from(zero))).find(|v| *v < 10)?;
    char::from_digit(value, 10)
}

/// Characters that show nothing and stand anywhere in right-to-left texts.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Scripts whose words are not set apart: each character counts as a word.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '׳' | '״')
}

fn mark(c: char) -> char {
    match c {
        '‐' | '‑' | '‒' | '–' | '—' | '−' | '－' | '־' => '-',
        '：' | '∶' => ':',
        '，' | '、' | '،' | '՝' => ',',
        '．' | '。' | '։' | '॰' => '.',
        '／' | '⁄' | '∕' => '/',
        '（' | '[' => '(',
        '）' | ']' => ')',
        '＋' => '+',
        '•' | '∙' | '・' | '|' | '｜' => '·',
        c if is_apostrophe(c) => '\'',
        c => c,
    }
}

/// The tokens of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut spaced = false;
    while let Some(&(start, c)) = chars.peek() {
        if c.is_whitespace() || is_unseen(c) {
            spaced |= c.is_whitespace();
            chars.next();
            continue;
        }
        let mut end = start;
        let mut take = |chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
            if let Some((at, c)) = chars.next() {
                end = at + c.len_utf8();
            }
        };
        let (kind, word) = if digit(c).is_some() {
            let mut number = String::new();
            while let Some(d) = chars.peek().and_then(|&(_, c)| digit(c)) {
                number.push(d);
                take(&mut chars);
            }
            (Kind::Number, number)
        } else if let Some((number, length)) = numeral(&text[start..]) {
            (0..length).for_each(|_| take(&mut chars));
            (Kind::Number, number)
        } else if is_ideograph(c) {
            take(&mut chars);
            (Kind::Word, c.to_string())
        } else if c.is_alphabetic() {
            while let Some(&(at, c)) = chars.peek() {
                let letter = |c: char| c.is_alphabetic() && !is_ideograph(c);
                // An apostrophe or a dot belongs to a word that goes on behind it: "d'octobre", "ม.ค.", "p.m.".
                let joins = (is_apostrophe(c) || c == '.') && text[at + c.len_utf8()..].starts_with(letter);
                if !(letter(c) || is_combining_mark(c) || is_unseen(c) || joins) {
                    break;
                }
                take(&mut chars);
            }
            (Kind::Word, plain(&text[start..end]))
        } else {
            take(&mut chars);
            (Kind::Mark, mark(c).to_string())
        };
        let letters = &text[start..end];
        let capital = letters.contains(char::is_uppercase) && !letters.contains(char::is_lowercase);
        out.push(Token { kind, text: word, start, end, capital, spaced });
        spaced = false;
    }
    out
}

/// A number in Chinese characters before a unit of dates or times, as digits, and how many characters it has.
fn numeral(text: &str) -> Option<(String, usize)> {
    const DIGITS: &str = "〇一二三四五六七八九";
    let value = |c: char| if matches!(c, '零' | '○') { Some(0) } else { DIGITS.chars().position(|d| d == c) };
    value(text.chars().next()?).or(text.starts_with('十').then_some(10))?;
    let run: Vec<char> = text.chars().take(5).take_while(|&c| c == '十' || value(c).is_some()).collect();
    let unit = text.chars().nth(run.len())?;
    if !matches!(unit, '年' | '月' | '日' | '号' | '號' | '時' | '时' | '點' | '点' | '分') {
        return None;
    }
    let number = match run.iter().position(|&c| c == '十') {
        None => run.iter().filter_map(|&c| value(c)).map(|d| d.to_string()).collect(),
        Some(ten) => {
            let tens = run[..ten].iter().filter_map(|&c| value(c)).fold(0, |sum, d| sum * 10 + d);
            let ones = run[ten + 1..].iter().filter_map(|&c| value(c)).fold(0, |sum, d| sum * 10 + d);
            (tens.max(usize::from(ten == 0)) * 10 + ones).to_string()
        }
    };
    Some((number, run.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_apart() {
        for (text, want) in [
            ("30 September 2024", "30 september 2024"),
            ("30-го Сентября", "30 - го сентября"),
            ("d’octobre, 14h05", "d'octobre , 14 h 05"),
            ("ก.ย. ๒๕๖๗", "ก.ย . 2567"),
            ("2024年9月30日", "2024 年 9 月 30 日"),
            ("二〇二四年九月三十日 十一日 二十日", "2024 年 9 月 30 日 11 日 20 日"),
            ("ΣΕΠΤΕΜΒΡΊΟΥ Σεπτεμβρίου", "σεπτεμβριου σεπτεμβριου"),
            ("2024년 9월", "2024 년 9 월"),
            ("सितम्बर", "सितम्बर"),
            ("۳۰/۹", "30 / 9"),
        ] {
            let got = tokens(text);
            assert_eq!(got.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" "), want, "{text}");
            assert!(got.iter().all(|t| text.get(t.start..t.end).is_some_and(|s| !s.is_empty())), "{text}");
        }
    }
}
