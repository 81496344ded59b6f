//! Bytes between a WebSocket and the target, both ways at once, in one task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

thread_local! {
    /// Bytes pass through a buffer of the worker's. Only what the other side does not take at
    /// once is kept with the pair, so an idle pair holds none.
    static CHUNK: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK_BYTES].into_boxed_slice());
}

/// How long a target may take to end after the client has.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Carries bytes both ways until the client has closed its side and the target has taken all
/// that it sent. A target that ends closes the WebSocket, and the client answers that with its
/// own Close.
pub(super) async fn relay<C, T>(mut client: C, mut target: T) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut inbound, mut outbound) = (Flow::default(), Flow::default());
    poll_fn(|cx| {
        match outbound.poll(cx, &mut target, &mut client) {
            Poll::Ready(Err(Broken::Source(error))) => return Poll::Ready(Err(error)),
            // The client takes no more; what it has sent still goes to the target.
            Poll::Ready(Err(Broken::Sink(_))) => outbound.discard(),
            _ => {}
        }
        inbound.poll(cx, &mut client, &mut target).map_err(Broken::into_error)
    })
    .await?;
    // Letting go of a target that still talks would reset it, and destroy what it has not
    // read. Elapsed: it had its time.
    let ended = poll_fn(|cx| poll_discard(cx, &mut target));
    drop(tokio::time::timeout(DRAIN_TIME, ended).await);
    Ok(())
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
    /// The other side takes no more: what is read is dropped.
    Discarding,
    Done,
}

/// Which side of a direction broke.
#[derive(Debug)]
enum Broken {
    Source(io::Error),
    Sink(io::Error),
}

impl Broken {
    fn into_error(self) -> io::Error {
        match self {
            Broken::Source(error) | Broken::Sink(error) => error,
        }
    }
}

impl Flow {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), Broken>> {
        loop {
            match self.stage {
                Stage::Carrying => {
                    ready!(self.poll_held(cx, to))?;
                    if ready!(self.poll_chunk(cx, from, to))? == 0 {
                        self.stage = Stage::ShuttingDown;
                    }
                }
                Stage::ShuttingDown => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(Broken::Sink)?;
                    self.stage = Stage::Done;
                }
                Stage::Discarding => {
                    ready!(poll_discard(cx, from)).map_err(Broken::Source)?;
                    self.stage = Stage::Done;
                }
                Stage::Done => return Poll::Ready(Ok(())),
            }
        }
    }

    fn discard(&mut self) {
        self.held = Vec::new();
        self.stage = Stage::Discarding;
    }

    fn poll_held(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), Broken>> {
        let written = write_out(cx, to, &self.held).map_err(Broken::Sink)?;
        if written < self.held.len() {
            self.held.drain(..written);
            return Poll::Pending;
        }
        self.held = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// Reads one chunk and writes as much of it as the other side takes.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<usize, Broken>> {
        CHUNK.with_borrow_mut(|chunk| {
            let mut buf = ReadBuf::new(chunk);
            ready!(Pin::new(from).poll_read(cx, &mut buf)).map_err(Broken::Source)?;
            let bytes = buf.filled();
            let written = write_out(cx, to, bytes).map_err(Broken::Sink)?;
            self.held.extend_from_slice(&bytes[written..]);
            Poll::Ready(Ok(bytes.len()))
        })
    }
}

/// Reads to the end, and drops what comes.
fn poll_discard(cx: &mut Context<'_>, from: &mut (impl AsyncRead + Unpin)) -> Poll<io::Result<()>> {
    CHUNK.with_borrow_mut(|chunk| {
        loop {
            let mut buf = ReadBuf::new(chunk);
            ready!(Pin::new(&mut *from).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    })
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
