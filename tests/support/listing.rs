//! Listing pages of a small newsroom, and the config that reads them.

use super::newsroom::Newsroom;

/// One row of a listing. The link may be relative; an empty text is left out of the page.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub title: String,
    pub date: String,
    pub link: String,
    pub summary: String,
    pub topics: Vec<String>,
    pub department: String,
    pub kind: String,
}

/// A row with the summary "About TITLE" and no terms.
pub fn row(title: &str, date: &str, link: &str) -> Row {
    Row { title: title.into(), date: date.into(), link: link.into(), summary: format!("About {title}"), ..Row::default() }
}

impl Row {
    pub fn topics(self, topics: &[&str]) -> Self {
        Self { topics: topics.iter().map(|&t| t.to_owned()).collect(), ..self }
    }

    pub fn department(self, department: &str) -> Self {
        Self { department: department.into(), ..self }
    }

    pub fn kind(self, kind: &str) -> Self {
        Self { kind: kind.into(), ..self }
    }

    pub fn summary(self, summary: &str) -> Self {
        Self { summary: summary.into(), ..self }
    }

    pub fn title(self, title: &str) -> Self {
        Self { title: title.into(), ..self }
    }

    pub fn date(self, date: &str) -> Self {
        Self { date: date.into(), ..self }
    }

    pub fn link(self, link: &str) -> Self {
        Self { link: link.into(), ..self }
    }

    fn html(&self) -> String {
        let labelled =
            |label: &str, value: &str| if value.is_empty() { String::new() } else { format!("<div>{label}: {value}</div>") };
        let summary = if self.summary.is_empty() { String::new() } else { format!("<p>{}</p>", self.summary) };
        format!(
            "<article><h3><a href=\"{}\">{}</a></h3><time>{}</time>{summary}{}{}{}<aside>Aside of {}</aside></article>\n",
            self.link,
            self.title,
            self.date,
            labelled("Topics", &self.topics.join(", ")),
            labelled("Department", &self.department),
            labelled("Kind", &self.kind),
            self.link,
        )
    }
}

/// A listing with these rows and a link to the next page.
pub fn page(rows: &[Row], next: Option<&str>) -> String {
    let next = next.map(|n| format!("<a rel=next href=\"{n}\">next</a>")).unwrap_or_default();
    format!("<!DOCTYPE html><title>News</title>\n{}{next}", rows.iter().map(Row::html).collect::<String>())
}

/// The same as a newsroom's site shows it: with all that stands around a listing, and closed at its end.
pub fn site(rows: &[Row], next: Option<&str>) -> String {
    let head = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>News</title></head>\n<body><header><nav>\
                <a href=\"/\">Home</a> <a href=\"/about\">About us</a> <a href=\"/news\">News</a> <a href=\"/contact\">Contact</a>\
                </nav><h1>News</h1></header>\n<main>\n";
    let foot =
        "\n</main>\n<footer><p>Press office, +43 1 234 56 78, <a href=\"/imprint\">Imprint</a></p></footer></body></html>\n";
    let page = page(rows, next);
    format!("{head}{}{foot}", page.split_once('\n').expect("a first line").1)
}

/// A source that reads such pages, with the facets topic (many), department and type. `keys` are more keys of [[source]].
pub fn source(newsroom: &Newsroom, id: &str, title: &str, path: &str, keys: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\ntitle = \"{title}\"\npage = \"{}\"\neach = \"article\"\nnext = \"a[rel=next]\"\n\
         timezone = \"Europe/Vienna\"\n{keys}\n\
         [source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B %Y\" }}\nsummary = \"p\"\n\
         [source.facet.topic]\ntitle = \"What we do\"\nvalue = {{ label = \"Topics\", many = true }}\n\
         [source.facet.department]\ntitle = \"Where we are\"\nvalue = {{ label = \"Department\" }}\n\
         [source.facet.type]\ntitle = \"Content type\"\nvalue = {{ label = \"Kind\" }}\n",
        newsroom.url(path)
    )
}
