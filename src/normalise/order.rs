//! The order of a day's items: the page's, kept as a stored position (design: dates and order).
//!
//! Known items never move. A new one stands beside its nearest known neighbour of that day, else on top (first page) or at the end.

use std::collections::{HashMap, HashSet};

/// The distance between two positions where there is room.
const GAP: i64 = 1 << 20;

/// A day's items as a page shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The number of the page: the order in which pages are read.
    pub number: usize,
    /// Items that stand beside none that is known stand above all others of the day, else below.
    pub on_top: bool,
    /// The items in the page's order.
    pub items: Vec<i64>,
}

/// Finds positions for a day's new items. `known` are the day's items with their positions, `pages` the day's items (known and new) as each page
/// of a walk shows them. Returns the positions to store: those of the new items and, if
/// there was no room left between two known ones, those of the whole day, in the same order.
pub fn place(known: &[(i64, i64)], pages: &[Shown]) -> Vec<(i64, i64)> {
    let mut known = known.to_vec();
    known.sort_by_key(|&(id, position)| (position, id));
    let mut order: Vec<i64> = known.iter().map(|&(id, _)| id).collect();
    let mut pending: Vec<&Shown> = pages.iter().filter(|page| !page.items.is_empty()).collect();
    pending.sort_by_key(|page| page.number);
    while !pending.is_empty() {
        let placed: HashSet<i64> = order.iter().copied().collect();
        let next = pending.iter().position(|page| page.items.iter().any(|id| placed.contains(id)));
        let Shown { on_top, items: ids, .. } = pending.remove(next.unwrap_or(0));
        if next.is_some() {
            insert_beside(&mut order, &placed, ids);
        } else {
            let mut seen = HashSet::new();
            let fresh: Vec<i64> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
            let at = if *on_top { 0 } else { order.len() };
            order.splice(at..at, fresh);
        }
    }
    positions(&order, &known.into_iter().collect())
}

/// Puts the page's new items beside their nearest neighbours that have a place.
fn insert_beside(order: &mut Vec<i64>, placed: &HashSet<i64>, page: &[i64]) {
    let mut seen = HashSet::new();
    let page: Vec<i64> = page.iter().copied().filter(|id| seen.insert(*id)).collect();
    let anchors: Vec<usize> = (0..page.len()).filter(|&n| placed.contains(&page[n])).collect();
    let mut after: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut before: HashMap<i64, Vec<i64>> = HashMap::new();
    for (n, id) in page.iter().enumerate().filter(|(_, id)| !placed.contains(id)) {
        let above = anchors.iter().rev().find(|&&a| a < n);
        let below = anchors.iter().find(|&&a| a > n);
        match (above, below) {
            (Some(&a), Some(&b)) if n - a > b - n => before.entry(page[b]).or_default().push(*id),
            (Some(&a), _) => after.entry(page[a]).or_default().push(*id),
            (None, Some(&b)) => before.entry(page[b]).or_default().push(*id),
            (None, None) => {}
        }
    }
    *order = order
        .iter()
        .flat_map(|id| {
            let ahead = before.remove(id).unwrap_or_default();
            let behind = after.remove(id).unwrap_or_default();
            ahead.into_iter().chain(std::iter::once(*id)).chain(behind)
        })
        .collect();
}

fn positions(order: &[i64], known: &HashMap<i64, i64>) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    let mut n = 0;
    while n < order.len() {
        if known.contains_key(&order[n]) {
            n += 1;
            continue;
        }
        let end = order[n..].iter().position(|id| known.contains_key(id)).map_or(order.len(), |e| n + e);
        let count = (end - n) as i64;
        let above = n.checked_sub(1).map(|a| known[&order[a]]);
        let below = order.get(end).map(|id| known[id]);
        let (start, step) = match (above, below) {
            (Some(a), Some(b)) => (a, (b - a) / (count + 1)),
            (Some(a), None) => (a, GAP),
            (None, Some(b)) => (b - GAP * (count + 1), GAP),
            (None, None) => (-GAP, GAP),
        };
        if step == 0 {
            return order.iter().zip(0..).map(|(&id, place)| (id, place * GAP)).collect();
        }
        out.extend(order[n..end].iter().zip(1..).map(|(&id, place)| (id, start + step * place)));
        n = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The day's order after reading the pages, each page one poll.
    fn read(polls: &[Vec<(usize, Vec<i64>)>]) -> Vec<i64> {
        let mut stored: HashMap<i64, i64> = HashMap::new();
        for pages in polls {
            let known: Vec<_> = stored.iter().map(|(a, b)| (*a, *b)).collect();
            let shown =
                |(number, items): &(usize, Vec<i64>)| Shown { number: *number, on_top: *number == 0, items: items.clone() };
            stored.extend(place(&known, &pages.iter().map(shown).collect::<Vec<_>>()));
        }
        let mut all: Vec<_> = stored.into_iter().collect();
        all.sort_by_key(|&(id, position)| (position, id));
        all.into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn new_rows_stand_where_the_page_shows_them() {
        for (polls, want) in [
            (vec![vec![(0, vec![1, 2, 3])]], vec![1, 2, 3]),
            (vec![vec![(0, vec![2, 3])], vec![(0, vec![1, 2, 3])]], vec![1, 2, 3]),
            (vec![vec![(0, vec![1, 3])], vec![(0, vec![1, 2, 3])]], vec![1, 2, 3]),
            // No known neighbour: on top from a first page, at the end from a later one.
            (vec![vec![(0, vec![3, 4])], vec![(0, vec![1, 2])]], vec![1, 2, 3, 4]),
            (vec![vec![(0, vec![1, 2])], vec![(1, vec![3, 4])]], vec![1, 2, 3, 4]),
            // Known items never move, whatever the page says now.
            (vec![vec![(0, vec![1, 2, 3])], vec![(0, vec![3, 2, 1, 4])]], vec![1, 4, 2, 3]),
            // Rows that shift from one page to the next while paging come twice.
            (vec![vec![(0, vec![1, 2, 3]), (1, vec![3, 4])]], vec![1, 2, 3, 4]),
        ] {
            assert_eq!(read(&polls), want, "{polls:?}");
        }
    }

    #[test]
    fn room_never_runs_out() {
        let mut polls = vec![vec![(0, vec![0, 1_000])]];
        polls.extend((1..200).map(|n| vec![(0, vec![n - 1, n, 1_000])]));
        let want: Vec<i64> = (0..200).chain([1_000]).collect();
        assert_eq!(read(&polls), want);
    }

    proptest! {
        /// One listing cut into overlapping pages, read in any order in which each page touches what was read, gives one order,
        /// in one walk or in many.
        #[test]
        fn overlapping_pages_in_any_order_give_one_order(
            length in 2usize..40, size in 2usize..10, overlap in 1usize..9, start in any::<prop::sample::Index>(), turns in prop::collection::vec(any::<bool>(), 40), one_walk in any::<bool>()
        ) {
            let listing: Vec<i64> = (0..length as i64).collect();
            let step = size - overlap.min(size - 1);
            let windows: Vec<Vec<i64>> = (0..length).step_by(step).map(|at| listing[at..(at + size).min(length)].to_vec()).collect();
            let (mut low, mut high) = { let s = start.index(windows.len()); (s, s) };
            let mut order = vec![low];
            for up in turns.into_iter().chain(std::iter::repeat(true)).take(200) {
                if up && high + 1 < windows.len() { high += 1; order.push(high) } else if low > 0 { low -= 1; order.push(low) }
            }
            let polls: Vec<_> = if one_walk {
                vec![order.iter().enumerate().map(|(n, w)| (n, windows[*w].clone())).collect()]
            } else {
                order.iter().map(|w| vec![(0, windows[*w].clone())]).collect()
            };
            prop_assert_eq!(read(&polls), listing);
        }
    }
}
