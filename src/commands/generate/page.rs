//! A manual page: what both have in common.

use clap_mangen::roff::{Inline, Roff, bold, roman};

/// A page under way: what is rendered, and what follows it.
pub(super) struct Page {
    done: String,
    roff: Roff,
}

impl Page {
    /// `name` and `section` as in newsroomd(1); `about` is one line.
    pub fn new(name: &str, section: &str, date: &str, about: &str) -> Self {
        let mut roff = Roff::new();
        let version = concat!("newsroomd ", env!("CARGO_PKG_VERSION"));
        roff.control("TH", [name, section, date, version, "newsroomd"]);
        let mut page = Self { done: String::new(), roff };
        page.section("NAME");
        page.roff.text([roman(format!("{name} - {about}"))]);
        page
    }

    pub fn section(&mut self, title: &str) {
        self.roff.control("SH", [title]);
    }

    pub fn subsection(&mut self, title: &str) {
        self.roff.control("SS", [title]);
    }

    pub fn text(&mut self, text: &str) {
        self.roff.text(marked(text));
    }

    pub fn paragraph(&mut self, text: &str) {
        self.roff.control("PP", []);
        self.text(text);
    }

    /// A term and what it means.
    pub fn term(&mut self, term: &str, meaning: &str) {
        self.terms(&[term]);
        self.text(meaning);
    }

    /// Terms that mean the same; the meaning follows as text.
    pub fn terms(&mut self, terms: &[&str]) {
        for (n, term) in terms.iter().enumerate() {
            self.roff.control(if n == 0 { "TP" } else { "TQ" }, []);
            self.roff.text([bold(*term)]);
        }
    }

    /// What follows belongs to the term before.
    pub fn indented(&mut self, inner: impl FnOnce(&mut Self)) {
        self.roff.control("RS", []);
        inner(self);
        self.roff.control("RE", []);
    }

    /// Lines as they are.
    pub fn verbatim(&mut self, lines: &str) {
        self.roff.control("PP", []);
        self.roff.control("nf", []);
        for line in lines.lines() {
            self.roff.text([roman(line)]);
        }
        self.roff.control("fi", []);
    }

    /// What a generator wrote, but for its first so many lines.
    pub fn rendered(&mut self, part: &str, without: usize) {
        let part = part.strip_prefix(&preamble()).unwrap_or(part);
        self.done += &body(std::mem::take(&mut self.roff));
        part.lines().skip(without).for_each(|line| self.done.extend([line.trim_end(), "\n"]));
    }

    pub fn finish(self) -> String {
        preamble() + &self.done + &body(self.roff)
    }
}

/// What every document begins with, so that apostrophes stay what they are.
fn preamble() -> String {
    Roff::new().render()
}

fn body(roff: Roff) -> String {
    let whole = roff.render();
    whole.strip_prefix(&preamble()).map_or(whole.clone(), str::to_owned)
}

/// What stands in `backticks` is bold.
fn marked(text: &str) -> Vec<Inline> {
    let part = |(n, part): (usize, &str)| if n % 2 == 1 { bold(part) } else { roman(part) };
    text.split('`').enumerate().filter(|(_, part)| !part.is_empty()).map(part).collect()
}
