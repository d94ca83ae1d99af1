//! The clock by which the server ends requests that do not arrive.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt;
use tokio::time::{Sleep, sleep_until};

/// A connection's timer. Hyper makes a sleep for each request and drops it when its head has come; to enter each in the runtime's list of timers and
/// take it out again is a good part of what a small answer costs. Here one entry is kept for all of them, and moved only when it is needed sooner, or
/// has come too soon.
#[derive(Debug, Clone, Default)]
pub(super) struct Timer {
    /// The entry, while no request is waited for.
    resting: Arc<Mutex<Option<Pin<Box<Sleep>>>>>,
}

impl Timer {
    fn limit(&self, deadline: Instant) -> Limit {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut entry = resting.unwrap_or_else(|| Box::pin(sleep_until(deadline.into())));
        if entry.deadline() > deadline.into() {
            entry.as_mut().reset(deadline.into());
        }
        Limit { deadline, entry: Some(entry), timer: self.clone() }
    }
}

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(self.limit(deadline))
    }
}

/// Ends at a moment, by the connection's entry.
#[derive(Debug)]
struct Limit {
    deadline: Instant,
    /// Until it is dropped.
    entry: Option<Pin<Box<Sleep>>>,
    timer: Timer,
}

impl rt::Sleep for Limit {}

impl Future for Limit {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let Some(entry) = &mut self.entry else { return Poll::Ready(()) };
        loop {
            ready!(entry.as_mut().poll(cx));
            // It may be an earlier request's moment that has come.
            if entry.deadline() >= deadline.into() {
                return Poll::Ready(());
            }
            entry.as_mut().reset(deadline.into());
        }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        *self.timer.resting.lock().unwrap_or_else(PoisonError::into_inner) = self.entry.take();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::rt::Timer as _;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_later_request_is_waited_for_until_its_own_moment() {
        let timer = Timer::default();
        drop(timer.limit(Instant::now() + Duration::from_millis(5)));
        let deadline = Instant::now() + Duration::from_millis(60);
        let mut limit = timer.sleep_until(deadline);
        timeout(PATIENCE, poll_fn(|cx| limit.as_mut().poll(cx))).await.expect("it ends");
        assert!(Instant::now() >= deadline, "not at the moment of an earlier one");
    }

    #[tokio::test]
    async fn a_limit_that_is_sooner_than_the_last_is_kept() {
        let timer = Timer::default();
        let later = timer.limit(Instant::now() + Duration::from_secs(3_600));
        drop(later);
        let limit = timer.limit(Instant::now() + Duration::from_millis(5));
        timeout(PATIENCE, limit).await.expect("an hour is not waited for");
    }

    #[tokio::test]
    async fn one_entry_serves_all_requests_of_a_connection() {
        let timer = Timer::default();
        let first = timer.limit(Instant::now() + Duration::from_secs(30));
        let entry = |limit: &Limit| limit.entry.as_ref().map(|e| std::ptr::from_ref(&**e));
        let place = entry(&first);
        drop(first);
        assert_eq!(entry(&timer.limit(Instant::now() + Duration::from_secs(40))), place);
    }
}
