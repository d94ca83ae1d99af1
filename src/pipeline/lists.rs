//! The lists of all feeds: `feeds.opml` for feed readers, `index.html` for people.

use std::collections::HashMap;

use super::aside::aside;
use super::channel::Known;
use super::{Pipeline, PipelineError};
use crate::config::Source;
use crate::domain::{Address, Digest, stamp_of};
use crate::feed::directory::{Directory, Listed, ListedFacet, ListedSource};
use crate::feed::pages::INDEX;
use crate::feed::{opml, pages};
use crate::publish::PublishError;
use crate::publish::shelf::{Document, Kind, Update};
use crate::store::ChannelRow;

/// Its place in the tree.
pub(super) const OPML: &str = "feeds.opml";

/// Part of the stamp, so that an upgrade that renders differently renders anew.
const RENDERING: &str = "1";

/// For how long (seconds) a cache may show them without asking: new feeds are rare, but counts change.
const MAX_AGE: u32 = 60;

/// Puts one on the shelf.
pub(super) fn put_list(update: &mut Update, name: &str, bytes: Vec<u8>) {
    let kind = if name == OPML { Kind::List } else { Kind::Page };
    update.put(name, Document::new(kind, bytes, None, MAX_AGE));
}

fn render(directory: &Directory) -> [(&'static str, Vec<u8>); 2] {
    [(OPML, opml::render(directory)), (INDEX, pages::index(directory))]
}

impl Pipeline {
    /// `feeds.opml` and `index.html`, unless they stand as they should: `stands` is the stamp of those that were published last. Says how many had to
    /// be written.
    pub(super) async fn lists(
        &self,
        rows: &[ChannelRow],
        stands: Option<Digest>,
        update: &mut Update,
    ) -> Result<usize, PipelineError> {
        let directory = self.directory(rows);
        let stamp = stamp_of(&(RENDERING, pages::version(), &directory));
        if stands == Some(stamp) && self.are_lists_in_place() {
            return Ok(0);
        }
        // One may be written and the other not.
        self.store.lists_stand(None).await?;
        let disk = self.disk.clone();
        let work = aside(move || {
            let lists = render(&directory);
            let mut written = Vec::new();
            if let Some(disk) = disk {
                for (name, bytes) in &lists {
                    if disk.publish(name, bytes, None)? {
                        written.push(*name);
                    }
                }
                disk.flush(written.iter().copied())?;
            }
            Ok::<_, PublishError>((lists, written.len()))
        });
        let (lists, written) = work.await??;
        if self.shelf.is_some() {
            for (name, bytes) in lists {
                put_list(update, name, bytes);
            }
        }
        self.store.lists_stand(Some(stamp)).await?;
        Ok(written)
    }

    fn are_lists_in_place(&self) -> bool {
        let snapshot = self.shelf.as_ref().map(|shelf| shelf.snapshot());
        [OPML, INDEX].into_iter().all(|name| {
            self.disk.as_ref().is_none_or(|disk| disk.holds(name))
                && snapshot.as_ref().is_none_or(|shelf| shelf.find(name).is_some())
        })
    }

    /// The lists as they should be.
    pub(super) fn lists_of(&self, rows: &[ChannelRow]) -> [(&'static str, Vec<u8>); 2] {
        render(&self.directory(rows))
    }

    fn directory(&self, rows: &[ChannelRow]) -> Directory {
        let config = &self.config;
        let mut directory = Directory {
            base_url: config.base_url.to_string(),
            formats: config.publish.formats.clone(),
            pages: config.publish.pages,
            status: config.status.public,
            ..Directory::default()
        };
        let of_everything = rows.iter().filter(|r| r.term.is_none() && r.pair.is_none());
        let of_everything: HashMap<&str, &ChannelRow> = of_everything.filter_map(|r| Some((r.source.as_deref()?, r))).collect();
        for source in &config.sources {
            let Some(&all) = of_everything.get(source.newsroom.id.as_str()) else { continue };
            directory.sources.push(ListedSource {
                id: source.newsroom.id.to_string(),
                title: source.newsroom.title.clone(),
                home: source.newsroom.home.clone(),
                all: self.listed(all, &Known::All(source), "Everything".into()),
                facets: self.facets(rows, source, &HashMap::new()),
            });
        }
        for feed in &config.feeds {
            let address = Address::feed(&feed.id);
            let row = rows.iter().find(|r| r.source.is_none() && r.address == address.as_str());
            directory.feeds.extend(row.map(|r| self.listed(r, &Known::Feed(feed), feed.title.clone())));
        }
        directory.clean()
    }

    pub(super) fn listed(&self, row: &ChannelRow, known: &Known<'_>, name: String) -> Listed {
        let (home, language) = known.home_and_language(&self.config);
        let items = u64::try_from(row.items).unwrap_or(0);
        Listed { address: row.address.clone(), title: known.title(row), name, home, language, items }
    }

    /// A source's facets with their feeds, by name. `counts`: how many items feeds hold by now, if that is not what the rows say.
    pub(super) fn facets(&self, rows: &[ChannelRow], source: &Source, counts: &HashMap<String, i64>) -> Vec<ListedFacet> {
        let of_source = |r: &&ChannelRow| r.source.as_deref() == Some(source.newsroom.id.as_str()) && r.moved_to.is_none();
        let mut facets = Vec::new();
        for (n, facet) in source.newsroom.facets.iter().enumerate() {
            let of_facet = rows.iter().filter(of_source).filter(|r| r.facet.as_deref() == Some(facet.name.as_str()));
            let listed = |row: &ChannelRow| {
                let listed = self.listed(row, &Known::Term(source, n), row.name.clone().unwrap_or_default());
                let items = counts.get(&row.address).map_or(listed.items, |count| u64::try_from(*count).unwrap_or(0));
                Listed { items, ..listed }
            };
            let mut feeds: Vec<Listed> = of_facet.map(listed).collect();
            feeds.sort_by_key(|f| (f.name.to_lowercase(), f.address.clone()));
            facets.push(ListedFacet { name: facet.name.clone(), title: facet.title.clone(), feeds });
        }
        facets
    }
}
