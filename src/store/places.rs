//! Where in their days the items of a walk stand.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::SqliteConnection;

use super::StoreError;
use super::known::{Loaded, StoredItem, day_number};
use super::rows::{FreshItem, move_item};
use super::walk::Saving;
use crate::domain::{Digest, Reading};
use crate::normalise::matching::Plan;
use crate::normalise::order::{Shown, place};

impl Saving<'_> {
    /// Gives new items, and those that moved to another day, their places.
    pub async fn order(
        &self,
        tx: &mut SqliteConnection,
        loaded: &Loaded,
        plan: &Plan,
        fresh: &mut [FreshItem<'_>],
        changed: &mut [StoredItem],
    ) -> Result<(), StoreError> {
        // Which item each row shows, and its day as it is now.
        let mut item_of: HashMap<usize, i64> = HashMap::new();
        plan.new.iter().zip(fresh.iter()).for_each(|(new, item)| item_of.extend(new.rows.iter().map(|&r| (r, item.id))));
        plan.seen.iter().for_each(|seen| item_of.extend(seen.rows.iter().map(|&r| (r, loaded.items[seen.item].id))));
        self.anchors(loaded, &mut item_of);
        let moved: HashMap<i64, i64> = changed
            .iter()
            .filter(|c| loaded.items.iter().any(|i| i.id == c.id && i.day != c.day))
            .map(|c| (c.id, c.day))
            .collect();
        let days: BTreeSet<i64> = fresh.iter().map(|f| day_number(f.row.day)).chain(moved.values().copied()).collect();
        if days.is_empty() {
            return Ok(());
        }
        let list = serde_json::json!(days).to_string();
        // CROSS JOIN: the days first (SQLite does not reorder it); else all items of the source are gone through.
        let of_days = "SELECT i.day, i.id, i.position FROM json_each($2) j CROSS JOIN item i INDEXED BY item_by_day ON i.source = $1 AND i.day = j.value";
        let stored: Vec<(i64, i64, i64)> = if self.source.has_items {
            sqlx::query_as(of_days).bind(self.source.id).bind(list).fetch_all(&mut *tx).await?
        } else {
            Vec::new()
        };
        let mut known: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
        for (day, id, position) in stored.into_iter().filter(|(_, id, _)| !moved.contains_key(id)) {
            known.entry(day).or_default().push((id, position));
        }
        let mut at: Vec<usize> = item_of.keys().copied().collect();
        at.sort_by_key(|&r| (self.rows[r].page, self.rows[r].row));
        let mut pages: HashMap<i64, Vec<Shown>> = HashMap::new();
        let mut above: Option<&Reading> = None;
        for row in at {
            let reading = &self.rows[row];
            // What slipped onto a page that is looked at again may be the first of its day, of which the rest has been read already.
            let first_of_day = above.is_some_and(|above| above.page == reading.page && above.day > reading.day);
            let on_top = reading.page == 0 || (first_of_day && self.again.contains(&reading.page));
            above = Some(reading);
            let of_day = pages.entry(day_number(reading.day)).or_default();
            match of_day.last_mut().filter(|shown| shown.number == reading.page) {
                Some(shown) => shown.items.push(item_of[&row]),
                None => of_day.push(Shown { number: reading.page, on_top, items: vec![item_of[&row]] }),
            }
        }
        let mut fresh_by_id: HashMap<i64, &mut FreshItem<'_>> = fresh.iter_mut().map(|f| (f.id, f)).collect();
        let mut changed_by_id: HashMap<i64, &mut StoredItem> = changed.iter_mut().map(|c| (c.id, c)).collect();
        for day in days {
            let of_day =
                |id: &i64| fresh_by_id.get(id).is_some_and(|f| day_number(f.row.day) == day) || moved.get(id) == Some(&day);
            let known = known.remove(&day).unwrap_or_default();
            let here: HashSet<i64> = known.iter().map(|(id, _)| *id).collect();
            let mut pages = pages.remove(&day).unwrap_or_default();
            pages.iter_mut().for_each(|shown| shown.items.retain(|id| here.contains(id) || of_day(id)));
            for (id, position) in place(&known, &pages) {
                if let Some(item) = fresh_by_id.get_mut(&id) {
                    item.position = position;
                } else if let Some(item) = changed_by_id.get_mut(&id) {
                    item.position = position;
                } else {
                    move_item(tx, id, position).await?;
                }
            }
        }
        Ok(())
    }

    /// Rows that repeat others, as overlapping pages do, say nothing new, but where the rows beside them belong.
    fn anchors(&self, loaded: &Loaded, item_of: &mut HashMap<usize, i64>) {
        let rows = self.rows;
        if item_of.len() == rows.len() {
            return;
        }
        let mut by_row: HashMap<(Option<Digest>, Digest), i64> = HashMap::new();
        for (item, sightings) in loaded.items.iter().zip(&loaded.sightings) {
            by_row.extend(sightings.iter().map(|s| ((s.link_id, s.key), item.id)));
        }
        by_row.extend(item_of.iter().map(|(&row, &item)| ((self.link_id(row), rows[row].key), item)));
        for (n, row) in rows.iter().enumerate() {
            if let (false, Some(item)) = (item_of.contains_key(&n), by_row.get(&(self.link_id(n), row.key))) {
                item_of.insert(n, *item);
            }
        }
    }
}
