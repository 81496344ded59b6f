//! Relaying bytes between a WebSocket and the target, in both directions, in one task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

thread_local! {
    /// The buffer of this worker, for all its relays. A relay itself only stores what one side has
    /// sent and the other has not accepted yet, so an idle relay holds no buffer.
    static CHUNK: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK_BYTES].into_boxed_slice());
}

/// How long the target may take to end its side after the client has.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Relays bytes in both directions until the client has closed its side and the target has accepted
/// all that it sent. When the target ends its side, the WebSocket is closed, and the client answers
/// with its own Close.
///
/// # Errors
/// Those of reading from either side, and of writing to the target.
pub(super) async fn relay<C, T>(mut client: C, mut target: T) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut inbound, mut outbound) = (Flow::default(), Flow::default());
    poll_fn(|cx| {
        match outbound.poll(cx, &mut target, &mut client) {
            Poll::Ready(Err(Broken::Source(error))) => return Poll::Ready(Err(error)),
            // The client reads no more; what it has sent is still relayed to the target.
            Poll::Ready(Err(Broken::Sink(_))) => outbound.discard(),
            _ => {}
        }
        inbound.poll(cx, &mut client, &mut target).map_err(Broken::into_error)
    })
    .await?;
    // Closing the socket with unread bytes would reset the connection, and the target could lose
    // what it has not read yet. After the timeout the socket is closed anyway.
    let ended = poll_fn(|cx| poll_discard(cx, &mut target));
    drop(tokio::time::timeout(DRAIN_TIME, ended).await);
    Ok(())
}

/// One direction of a relay.
#[derive(Debug, Default)]
struct Flow {
    /// What was read and not yet accepted by the other side. More is only read while it is empty.
    held: Vec<u8>,
    stage: Stage,
}

#[derive(Debug, Default, Clone, Copy)]
enum Stage {
    #[default]
    Carrying,
    ShuttingDown,
    /// The other side accepts no more: what is read is dropped.
    Discarding,
    Done,
}

/// Which side of a direction failed.
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

    /// Reads one chunk and writes as much of it as the other side accepts. Returns how much was
    /// read: 0 at the end.
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

/// Reads to the end, and drops what is read.
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

/// Writes until the other side accepts no more, and returns how much it has accepted.
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
