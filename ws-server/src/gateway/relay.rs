//! Bytes between a WebSocket and the target, both ways at once, in one task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

thread_local! {
    /// Bytes pass through a buffer of the worker's. Only what the other side does not take at
    /// once is kept with the pair, so an idle pair holds none.
    static CHUNK: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK_BYTES].into_boxed_slice());
}

/// Carries bytes both ways until the client has closed its side. A target that ends closes
/// the WebSocket, and the client answers that with its own Close.
pub(super) async fn relay<C, T>(mut client: C, mut target: T) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut inbound, mut outbound) = (Flow::default(), Flow::default());
    poll_fn(|cx| {
        let outcome = outbound.poll(cx, &mut target, &mut client);
        if inbound.poll(cx, &mut client, &mut target)?.is_ready() {
            // Nothing can be sent to a client that has closed, so the rest is not awaited.
            return Poll::Ready(Ok(()));
        }
        match outcome {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Pending,
        }
    })
    .await
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    /// What was read and not taken by the other side.
    held: Vec<u8>,
    stage: Stage,
}

#[derive(Debug, Default, Clone, Copy)]
enum Stage {
    #[default]
    Carrying,
    ShuttingDown,
    Done,
}

impl Flow {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        loop {
            match self.stage {
                Stage::Carrying => {
                    ready!(self.poll_held(cx, to))?;
                    if ready!(self.poll_chunk(cx, from, to))? == 0 {
                        self.stage = Stage::ShuttingDown;
                    }
                }
                Stage::ShuttingDown => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.stage = Stage::Done;
                }
                Stage::Done => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_held(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        let held = std::mem::take(&mut self.held);
        let written = write_out(cx, to, &held)?;
        if written < held.len() {
            self.held = held[written..].to_vec();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads one chunk and writes as much of it as the other side takes.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<usize>> {
        CHUNK.with_borrow_mut(|chunk| {
            let mut buf = ReadBuf::new(chunk);
            ready!(Pin::new(from).poll_read(cx, &mut buf))?;
            let bytes = buf.filled();
            let written = write_out(cx, to, bytes)?;
            self.held.extend_from_slice(&bytes[written..]);
            Poll::Ready(Ok(bytes.len()))
        })
    }
}

/// Writes until the other side takes no more, and tells how much it took.
fn write_out(
    cx: &mut Context<'_>,
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match Pin::new(&mut *to).poll_write(cx, &bytes[written..]) {
            Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(count)) => written += count,
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => break,
        }
    }
    Ok(written)
}
