//! The demo as a play: the daemon runs, and the newsroom publishes a new item, an edit and a repost. What is told after each is what a feed
//! reader gets over HTTP.

use crate::commands::out::say;
use std::sync::PoisonError;

use anyhow::{Context, bail};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use url::Url;

use super::Stage;
use crate::config::Config;
use crate::daemon::{self, Audience, Door, Event};
use crate::demo::{Item, Newsroom};
use crate::fetch::address::Network;
use crate::fetch::{Answer, Ask, Fetcher, Known, Policy};
use crate::http::Server;
use crate::pipeline::Outcome;

const PATH: &str = "/odihr/602001";
const TITLE: &str = "ODIHR opens election observation mission in Freedonia";
const CORRECTED: &str = "ODIHR opens election observation mission in Fredonia";
const REPOSTED: &str = "/secretariat/602002";
const ANOTHER_OFFICE: &str = "OSCE Secretariat";

pub(super) async fn run(config: Config, server: Server, stage: &Stage, json: bool) -> anyhow::Result<()> {
    let (watcher, events) = mpsc::unbounded_channel();
    let base_url = config.base_url.clone();
    // The feeds are ours, wherever they are served.
    let everywhere = ["0.0.0.0", "::"].map(|any| Network::new(any.parse().expect("an address"), 0).expect("a network"));
    let policy = Policy { allow_networks: everywhere.to_vec(), ..config.fetch.clone() };
    let play = Play { stage, events, fetcher: Fetcher::new(&policy)?, base_url, json };
    let daemon = daemon::run(
        config,
        vec![Door { name: None, audience: Audience::Readers, server }],
        None,
        stage.stop.clone(),
        Some(watcher),
    );
    let mut daemon = std::pin::pin!(daemon);
    tokio::select! {
        ended = daemon.as_mut() => return Ok(ended?),
        // Told to stop, the daemon no longer answers the play either: that is no error.
        played = play.play() => if let Err(error) = played && !stage.stop.is_cancelled() {
            stage.stop.cancel();
            daemon.await?;
            return Err(error);
        },
    }
    Ok(daemon.await?)
}

/// Our own server says nothing of robots.
fn own(url: &Url) -> Ask<'_> {
    Ask { obey_robots: false, ..Ask::whole(url) }
}

struct Play<'a> {
    stage: &'a Stage,
    events: UnboundedReceiver<Event>,
    fetcher: Fetcher,
    base_url: Url,
    json: bool,
}

impl Play<'_> {
    async fn play(mut self) -> anyhow::Result<()> {
        self.published(|_| true).await?;
        let feeds: Vec<String> = ["osce/all.atom", "osce/topic/elections.rss", "feeds.opml", ""]
            .iter()
            .map(|p| format!("{}{p}", self.base_url))
            .collect();
        self.say(
            &format!(
                "The demo newsroom is read, its feeds are served. Subscribe in any feed reader:\n  everything        {}\n  one topic of it   {}\n\
                 \x20 all feeds (OPML)  {}\n  a page for people {}\nThe same as files for any web server: {}\n",
                feeds[0],
                feeds[1],
                feeds[2],
                feeds[3],
                self.stage.out.display()
            ),
            json!({"event": "serving", "addresses": feeds, "files": self.stage.out}),
        );
        self.ask_twice(&feeds[0]).await?;

        let before = self.feed().await?;
        self.act(|newsroom| newsroom.publish(new_item()));
        self.published(|saved| saved.new > 0).await?;
        let new = self.item().await?;
        let count = self.feed().await?.len();
        self.say(
            &format!(
                "The newsroom published an item. It is in the feed ({} items before, {count} now):\n{}",
                before.len(),
                shown(&new)
            ),
            json!({"event": "new", "items-before": before.len(), "items": count, "item": new}),
        );

        self.act(|newsroom| {
            newsroom.edit(PATH, CORRECTED);
        });
        self.published(|saved| saved.edited > 0).await?;
        let edited = self.item().await?;
        let same =
            if edited["id"] == new["id"] { "under the same guid: readers show no second item" } else { "under ANOTHER guid" };
        self.say(
            &format!("The newsroom corrected its title. The feed has the new one {same}:\n{}", shown(&edited)),
            json!({"event": "edited", "item": edited}),
        );

        self.act(|newsroom| {
            newsroom.repost(PATH, REPOSTED, &[ANOTHER_OFFICE]);
        });
        self.published(|saved| saved.touched > 0).await?;
        let reposted = self.item().await?;
        let count = self.feed().await?.len();
        self.say(
            &format!(
                "Another office put the same story under a link of its own. Still one item ({count} in the feed), now in that office's feed as well:\n{}",
                shown(&reposted)
            ),
            json!({"event": "reposted", "items": count, "item": reposted}),
        );
        self.ask_twice(&feeds[0]).await?;
        self.say("That was all. The feeds go on being served until you press Ctrl-C.", json!({"event": "done"}));
        Ok(())
    }

    /// Changes the newsroom. A poll sees it whole or not at all.
    fn act(&self, change: impl FnOnce(&mut Newsroom)) {
        change(&mut self.stage.newsroom.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until what a poll brought is published.
    async fn published(&mut self, brought: impl Fn(&crate::store::Saved) -> bool) -> anyhow::Result<()> {
        let mut seen = false;
        loop {
            match self.events.recv().await.context("the daemon stopped")? {
                Event::Polled { outcome, .. } => match *outcome {
                    Outcome::Polled(polled) => seen |= !polled.not_modified && brought(&polled.saved),
                    Outcome::Failed { error, .. } => return Err(error.into()),
                    Outcome::Waiting { .. } => {}
                },
                Event::Published(_) if seen => return Ok(()),
                _ => {}
            }
        }
    }

    /// What a feed reader does: it asks, and asks again with the validator that it got.
    async fn ask_twice(&self, address: &str) -> anyhow::Result<()> {
        let url = Url::parse(address)?;
        let Answer::Page(page) = self.fetcher.get(&own(&url)).await?.answer else { bail!("{url} answered 304 unasked") };
        let known = Known { url: None, etag: page.etag.as_deref(), last_modified: page.last_modified.as_deref() };
        let ask = Ask { known, ..own(&url) };
        let again = if let Answer::NotModified { .. } = self.fetcher.get(&ask).await?.answer { 304 } else { 200 };
        self.say(
            &format!(
                "A feed reader asks for it: 200, {} bytes. It asks again: {again}{}.\n",
                page.body.len(),
                match again {
                    304 => ", nothing to send",
                    _ => "",
                }
            ),
            json!({"event": "asked-twice", "first": 200, "bytes": page.body.len(), "second": again}),
        );
        Ok(())
    }

    /// The items of the feed of everything, as a reader gets them.
    async fn feed(&self) -> anyhow::Result<Vec<Value>> {
        let url = self.base_url.join("osce/all.json")?;
        let Answer::Page(page) = self.fetcher.get(&own(&url)).await?.answer else { bail!("{url} answered 304 unasked") };
        let feed: Value = serde_json::from_slice(&page.body).with_context(|| format!("{url} is no JSON"))?;
        Ok(feed["items"].as_array().cloned().unwrap_or_default())
    }

    /// The item of the play.
    async fn item(&self) -> anyhow::Result<Value> {
        let ours = |item: &Value| item["url"].as_str().is_some_and(|url| url.ends_with(PATH));
        self.feed().await?.into_iter().find(ours).context("the item is not in the feed")
    }

    fn say(&self, text: &str, event: Value) {
        if self.json {
            say!("{event}");
        } else {
            say!("{text}");
        }
    }
}

fn new_item() -> Item {
    Item {
        path: PATH.into(),
        title: TITLE.into(),
        date: Utc::now().with_timezone(&chrono_tz::Europe::Vienna).format("%-d %B %Y").to_string(),
        kind: Some("Press release".into()),
        departments: vec!["OSCE Office for Democratic Institutions and Human Rights".into()],
        topics: vec!["Elections".into()],
        summary: Some(
            "At the invitation of the authorities, an election observation mission was opened today in the capital...".into(),
        ),
        labels: Vec::new(),
    }
}

/// An item as people are shown it.
fn shown(item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap_or("none").to_owned();
    let terms: Vec<&str> = item["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!(
        "  title    {}\n  guid     {}\n  published {}, updated {}\n  link     {}\n  terms    {}\n",
        text("title"),
        text("id"),
        text("date_published"),
        text("date_modified"),
        text("url"),
        terms.join(", ")
    )
}
