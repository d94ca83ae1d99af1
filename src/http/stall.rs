//! A connection whose other end must go on taking what is written to it.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::stream::Stream;

/// What a client must take within the limit, unless it is less that is left. Any progress at all would not do: a byte now and then
/// would hold a connection for ever.
const LEAST: usize = 16 * 1_024;

/// Up to how much a head and a body are copied into one piece: the way of one through the kernel, send(2), is that much shorter than that of two,
/// writev(2), some 0.2 us of an answer's 8. From about 16 kB on copying costs more.
const SMALL: usize = 8 * 1_024;

thread_local! {
    /// Where they are copied.
    static PIECE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A stream that fails when its client takes too little for too long. Reading is as ever.
#[derive(Debug)]
pub(super) struct Stalling {
    stream: Stream,
    limit: Duration,
    /// Made when a write first has to wait; few ever do.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer counts.
    waiting: bool,
    /// Written since the timer began to count.
    taken: usize,
}

impl Stalling {
    pub fn new(stream: Stream, limit: Duration) -> Self {
        Self { stream, limit, timer: None, waiting: false, taken: 0 }
    }

    /// Looks at what came of a write.
    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(n)) => {
                self.taken += n;
                if self.taken >= LEAST {
                    self.rest();
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let limit = self.limit;
                let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
                if !self.waiting {
                    timer.as_mut().reset(Instant::now() + limit);
                    self.waiting = true;
                    self.taken = 0;
                }
                ready!(timer.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn rest(&mut self) {
        self.waiting = false;
    }
}

impl AsyncRead for Stalling {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stalling {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let [slice] = slices {
            return self.poll_write(cx, slice);
        }
        if slices.iter().map(|slice| slice.len()).sum::<usize>() <= SMALL {
            return PIECE.with_borrow_mut(|piece| {
                piece.clear();
                slices.iter().for_each(|slice| piece.extend_from_slice(slice));
                self.poll_write(cx, piece)
            });
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Comes when all is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.rest();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
