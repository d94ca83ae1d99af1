//! Items' own pages, after a poll of their source: each asked for once, and again after a while where that failed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::{Pipeline, ask, now};
use crate::article::{ArticlePage, Rules, is_pdf, pdf, read};
use crate::config::Source;
use crate::domain::{Article, host};
use crate::error_chain;
use crate::extract::charset;
use crate::fetch::{Answer, Ask, FetchError, Page};
use crate::store::{MOST_ATTEMPTS, StoreError, Wanted};

/// Of a source's first walk, whose items are the past, so many of the newest have their articles read.
pub(super) const NEWEST_ARTICLES: usize = 50;

/// How long to wait after the first failure; four times as long after each further one, a day at most.
const AGAIN: Duration = Duration::from_secs(15 * 60);
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What asking for articles came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Articles {
    /// Articles read.
    pub read: usize,
    /// Of those, how many say something that feeds did not say before.
    pub changed: usize,
    /// Address and reason of those that could not be read.
    pub failed: Vec<Failure>,
}

/// An article that could not be read: its item keeps its summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its address.
    pub link: String,
    /// Why.
    pub error: String,
    /// It was the last attempt.
    pub given_up: bool,
}

/// Why there is no article.
enum Lack {
    /// It failed.
    Failed(String),
    /// Nothing was asked: the host is left alone until then.
    PutOff(DateTime<Utc>),
    /// Nothing more is to be asked now.
    Own(String),
}

impl Pipeline {
    /// Asks for the articles of a source that are due, one after the other, as many as it allows at a time. Each is stored as it comes. `regardless`: also where
    /// the host asked to be left alone for a while.
    ///
    /// # Errors
    /// When the store fails. An article that cannot be read is no error: its item stays as it is, with its summary.
    pub async fn articles(&self, source: &Source, regardless: bool) -> Result<Articles, StoreError> {
        let mut out = Articles::default();
        let Some(config) = &source.article else { return Ok(out) };
        let id = &source.newsroom.id;
        let wanted = self.store.wanted_articles(id, config.stamp, now(), config.most).await?;
        if wanted.is_empty() {
            return Ok(out);
        }
        let hosts = self.article_hosts(source).await?;
        for wanted in wanted {
            if !self.store.begin_article(&wanted, config.stamp, now() + wait(wanted.attempts + 1)).await? {
                continue;
            }
            match self.article(source, &config.rules, &hosts, &wanted, regardless).await {
                Ok(article) => {
                    out.changed += usize::from(self.store.keep_article(wanted.item, &article, now()).await?);
                    out.read += 1;
                }
                Err(Lack::Failed(error)) => {
                    self.store.fail_article(wanted.item, &error).await?;
                    let given_up = wanted.attempts + 1 >= MOST_ATTEMPTS;
                    out.failed.push(Failure { link: wanted.link, error, given_up });
                }
                Err(Lack::PutOff(until)) => {
                    // The others are on the same hosts, mostly; they are due as they were.
                    self.store.put_off_article(&wanted, until).await?;
                    break;
                }
                Err(Lack::Own(error)) => {
                    self.store.put_off_article(&wanted, now() + AGAIN).await?;
                    out.failed.push(Failure { link: wanted.link, error, given_up: false });
                    break;
                }
            }
        }
        Ok(out)
    }

    /// The hosts on which a source's articles may be: its own, where its page has moved to, and those that it names.
    async fn article_hosts(&self, source: &Source) -> Result<Vec<String>, StoreError> {
        let state = self.store.standing(std::iter::once(&source.newsroom.id)).await?.pop().flatten().unwrap_or_default();
        let moved = state.moved.and_then(|moved| Url::parse(&moved.to).ok());
        Ok(article_hosts(source, moved.as_ref()))
    }

    async fn article(
        &self,
        source: &Source,
        rules: &Rules,
        hosts: &[String],
        wanted: &Wanted,
        regardless: bool,
    ) -> Result<Article, Lack> {
        let url = Url::parse(&wanted.link).map_err(|e| Lack::Failed(format!("its link is no address: {e}")))?;
        if !hosts.contains(&host(&url)) {
            let own = hosts.join(", ");
            return Err(Lack::Failed(format!(
                "its link leads to {}, which is none of its hosts ({own}): if articles are there, add it to `hosts` of [source.article]",
                host(&url)
            )));
        }
        if is_pdf(&url) {
            // Nothing in it is read, so it need not be asked for.
            return Ok(Article { enclosures: vec![pdf(url)], ..Article::default() });
        }
        let fetcher = self.fetcher.allowing(source.allow_networks.as_deref());
        let ask = Ask { only: Some(hosts), now: regardless, feed: false, ..ask(source, &url) };
        let fetched = fetcher.get(&ask).await.map_err(lack)?;
        let Answer::Page(page) = fetched.answer else {
            return Err(Lack::Failed("it answered 304 to an unconditional request".into()));
        };
        let permit = self.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (rules, charset, summary) = (rules.clone(), source.charset, wanted.summary.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_article(&page, &url, &rules, charset, summary.as_deref())
        });
        let article = work.await.map_err(|died| Lack::Failed(format!("reading it died: {died}")))?;
        drop(fetched.slot);
        article.map_err(Lack::Failed)
    }
}

/// Reads a page that was got for an item. Work for the processor.
///
/// # Errors
/// Says why it is no article.
pub fn read_article(
    page: &Page,
    asked: &Url,
    rules: &Rules,
    told: Option<&'static encoding_rs::Encoding>,
    summary: Option<&str>,
) -> Result<Article, String> {
    let host = page.url.host_str().unwrap_or_default();
    let decoded = charset::decode(&page.body, &charset::Evidence { told, header: page.charset.as_deref(), host });
    read(&ArticlePage { asked, url: &page.url, body: &page.body, text: &decoded.text, summary }, rules)
}

/// The hosts on which a source's articles may be.
pub fn article_hosts(source: &Source, moved: Option<&Url>) -> Vec<String> {
    let home = Url::parse(&source.newsroom.home).ok();
    let mut hosts: Vec<String> = Vec::new();
    for own in [Some(&source.page), home.as_ref(), moved].into_iter().flatten().map(host) {
        // One site, by either name.
        let other = own.strip_prefix("www.").map_or_else(|| format!("www.{own}"), str::to_owned);
        let is_name = !own.starts_with(|c: char| c.is_ascii_digit() || c == '[') && own.contains('.');
        hosts.push(own);
        hosts.extend(Some(other).filter(|_| is_name));
    }
    hosts.extend(source.article.iter().flat_map(|article| article.hosts.iter().cloned()));
    let mut seen = std::collections::HashSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    hosts
}

fn lack(error: FetchError) -> Lack {
    if let (Some(_), Some(until)) = (error.put_off(), error.wait_until()) {
        return Lack::PutOff(until);
    }
    let text = error_chain(&error);
    match error {
        error if error.is_own() => Lack::Own(text),
        FetchError::Status { status, .. } if matches!(status.as_u16(), 401..=403) => {
            Lack::Failed(format!("{text}: it is for those who log in, or not for programs"))
        }
        _ => Lack::Failed(text),
    }
}

/// How long to wait after so many attempts.
fn wait(attempts: i64) -> Duration {
    let growths = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default().min(8);
    (AGAIN * 4_u32.pow(growths)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_day() {
        let minutes: Vec<u64> = (1..=6).map(|n| wait(n).as_secs() / 60).collect();
        assert_eq!(minutes, [15, 60, 240, 960, 1_440, 1_440]);
    }
}
