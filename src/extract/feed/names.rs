//! Whose an element is: namespaces as feeds declare them, misspell them, or leave them out.

/// The vocabularies that a feed's elements are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS in any version, RDF's among them.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// RDF itself (`rdf:RDF`, `rdf:about`).
    Rdf,
    /// Dublin Core, elements and terms.
    Dublin,
    /// `content:encoded` of RSS.
    Content,
    /// Media RSS.
    Media,
    /// Apple's podcasts.
    Itunes,
    /// (X)HTML.
    Html,
    /// Anything else: not read.
    Other,
}

impl Space {
    /// The vocabulary of a namespace's name. Scheme, capitals and what stands at the end are written in every way.
    pub fn of(uri: &str) -> Self {
        let uri = uri.trim().to_ascii_lowercase();
        let uri = uri.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches(['/', '#']);
        match uri {
            "purl.org/rss/1.0" | "purl.org/net/rss1.1" | "blogs.law.harvard.edu/tech/rss" => Self::Rss,
            "www.w3.org/2005/atom" | "purl.org/atom/ns" => Self::Atom,
            "www.w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            "purl.org/dc/terms" => Self::Dublin,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "search.yahoo.com/mrss" | "tools.search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" => Self::Media,
            "www.itunes.com/dtds/podcast-1.0.dtd" => Self::Itunes,
            "www.w3.org/1999/xhtml" => Self::Html,
            _ if uri.starts_with("purl.org/dc/elements/") => Self::Dublin,
            _ if uri.starts_with("my.netscape.com/") || uri.starts_with("channel.netscape.com/") => Self::Rss,
            _ if uri.starts_with("backend.userland.com/") => Self::Rss,
            _ => Self::Other,
        }
    }

    /// What a prefix means that nothing declares.
    pub fn usual(prefix: &str) -> Self {
        match prefix {
            "rss" => Self::Rss,
            "atom" | "a10" | "atom10" => Self::Atom,
            "rdf" => Self::Rdf,
            "dc" | "dcterms" => Self::Dublin,
            "content" => Self::Content,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "xhtml" | "html" => Self::Html,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_in_every_spelling() {
        for (uri, want) in [
            ("http://www.w3.org/2005/Atom", Space::Atom),
            ("https://www.w3.org/2005/Atom/", Space::Atom),
            ("http://purl.org/atom/ns#", Space::Atom),
            ("http://my.netscape.com/rdf/simple/0.9/", Space::Rss),
            ("http://purl.org/dc/elements/1.1/", Space::Dublin),
            ("http://search.yahoo.com/mrss", Space::Media),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Space::Itunes),
            ("urn:example", Space::Other),
        ] {
            assert_eq!(Space::of(uri), want, "{uri}");
        }
    }
}
