//! An HTTP/2 connection on the server's own port: WebSockets in its streams (RFC 8441).

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};
use tower_service::Service;
use tracing::debug;

use crate::application::Application;
use crate::config::Config;
use crate::mount::UpgradeService;
use crate::peer::Source;
use crate::runtime::shutdown::Shutdown;
use crate::session::{Connections, CutOnDrop};
use crate::socket::Socket;

/// How many streams a client may have open at once (`SETTINGS_MAX_CONCURRENT_STREAMS`).
const STREAMS: u32 = 100;

/// The flow-control window of a stream: what a client may send on it before its service has read
/// it, in bytes.
const STREAM_WINDOW: u32 = 64 * 1024;

/// The flow-control window of the connection: as much as all streams together, so that a stream
/// whose service reads nothing does not stall the others.
const CONNECTION_WINDOW: u32 = STREAMS * STREAM_WINDOW;

/// How much HTTP/2 buffers to be sent on one stream, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// How long a connection without a WebSocket stays open, before it is sent a GOAWAY.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How long it then has to end.
const ENDING_TIME: Duration = Duration::from_secs(10);

/// Serves the streams of a connection until it ends, or until the server shuts down and every
/// stream is closed. `received` are the bytes already read from `socket`.
pub(super) async fn serve(
    config: &Arc<Config>,
    application: &Arc<dyn Application>,
    socket: Socket,
    received: Vec<u8>,
    source: Source,
    shutdown: &Shutdown,
) {
    // The tasks of the streams are aborted when their connection ends.
    let streams = CutOnDrop(Connections::limited(STREAMS as usize));
    let upgrade = UpgradeService::new(config.clone(), application.clone()).among(&streams.0);
    let answer = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(source.clone());
        upgrade.clone().call(request)
    });
    let keepalive = config.timeouts.keepalive;
    let mut connection = pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .enable_connect_protocol()
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(keepalive.interval)
            .keep_alive_timeout(keepalive.interval.unwrap_or(IDLE_TIME))
            .serve_connection(TokioIo::new(PrefixedSocket { received, taken: 0, socket }), answer)
    );
    let mut told = pin!(shutdown.triggered());
    let mut idle = pin!(sleep_until(Instant::now() + IDLE_TIME));
    let mut stage = Stage::Open;
    loop {
        tokio::select! {
            outcome = &mut connection => {
                match outcome {
                    Ok(()) => debug!("closed"),
                    Err(error) => debug!(%error, "closed after an error"),
                }
                break;
            }
            () = &mut told, if stage != Stage::ShuttingDown => {
                stage = Stage::ShuttingDown;
                streams.0.close();
                connection.as_mut().graceful_shutdown();
            }
            () = &mut idle, if stage != Stage::ShuttingDown => {
                if !streams.0.is_empty() {
                    idle.as_mut().reset(Instant::now() + IDLE_TIME);
                } else if stage == Stage::Open {
                    stage = Stage::Ending;
                    connection.as_mut().graceful_shutdown();
                    idle.as_mut().reset(Instant::now() + ENDING_TIME);
                } else {
                    debug!("aborted: it had no WebSocket for too long, and did not end");
                    break;
                }
            }
        }
    }
}

/// The state of an HTTP/2 connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// It had no WebSocket for [`IDLE_TIME`], and was sent a GOAWAY.
    Ending,
    /// The server shuts down: every stream was told to close, and a GOAWAY was sent.
    ShuttingDown,
}

/// A socket from which some bytes were already read: they are read again, before the socket is.
struct PrefixedSocket {
    /// Empty, without memory, once all of it was read again.
    received: Vec<u8>,
    /// How many bytes of `received` were read again: less than its length, or both are 0.
    taken: usize,
    socket: Socket,
}

impl AsyncRead for PrefixedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let left = &this.received[this.taken..];
        if left.is_empty() {
            return Pin::new(&mut this.socket).poll_read(cx, buf);
        }
        let count = left.len().min(buf.remaining());
        buf.put_slice(&left[..count]);
        this.taken += count;
        if this.taken == this.received.len() {
            (this.received, this.taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PrefixedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
