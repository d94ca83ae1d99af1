//! Open files: a connection is one, and shells and systemd allow a process 1,024 of them unless it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is not for clients: the database, what is being published, requests under way, the log.
const OWN: u64 = 256;

/// Sees to it that so many connections can be held, and says how many can: the system may allow fewer. Without this, readers could take the
/// files that polling and publishing need.
pub(super) fn room_for(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let (allowed, needed) = allow(limit, connections);
    if limit.current.is_none_or(|current| current >= needed) {
        return connections;
    }
    let raised = Rlimit { current: Some(allowed), ..limit };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => allowed,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files cannot be raised");
            limit.current.unwrap_or(allowed)
        }
    };
    let possible = usize::try_from(allowed.saturating_sub(OWN)).unwrap_or(usize::MAX).clamp(1, connections);
    if possible < connections {
        let advice = "raise LimitNOFILE= of the unit, or lower [http] max-connections";
        tracing::warn!(
            open_files = allowed,
            connections = possible,
            advice,
            "fewer connections can be held than max-connections says"
        );
    }
    possible
}

/// How many files may be opened at best, up to what is needed; and what is needed.
fn allow(limit: Rlimit, connections: usize) -> (u64, u64) {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OWN);
    (limit.maximum.map_or(needed, |most| most.min(needed)), needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_for_than_is_needed_and_allowed() {
        let limit = |maximum| Rlimit { current: Some(1_024), maximum };
        for (maximum, want) in [(None, 2_304), (Some(524_288), 2_304), (Some(2_000), 2_000), (Some(10), 10)] {
            assert_eq!(allow(limit(maximum), 2_048), (want, 2_304), "{maximum:?}");
        }
    }
}
