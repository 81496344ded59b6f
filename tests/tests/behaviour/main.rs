//! Behaviour of a server, as its clients see it.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod byte_stream;
mod closing;
mod compression;
mod decisions;
mod drafts;
mod ending;
mod extensions;
mod extractor;
mod fairness;
mod half_written;
mod halves;
mod handlers;
mod http2;
mod identity;
mod keepalive;
mod limits;
mod liveness;
mod log;
mod long_messages;
mod messages;
mod mount;
mod opening;
mod origins;
mod proxies;
mod read_ahead;
mod registry;
mod round_trip;
mod routers;
mod senders;
mod settings;
mod shutdown;
mod slow_readers;
mod standalone;
mod tls;
mod turns;
mod undecided;
mod violations;
mod ways;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::task::coop::poll_proceed;
use ws_server::{Builder, ByteStream, Peer, Server, WebSocket};
use ws_tests::{Connector, memory_listener};

/// A server in memory that echoes messages.
fn echo_messages(builder: Builder) -> Connector {
    serve(builder.messages(|socket, _peer| echo(socket)).unwrap()).0
}

/// A server in memory that echoes bytes.
fn echo_bytes(builder: Builder) -> Connector {
    serve(builder.wrap(|stream, _peer| copy(stream)).unwrap()).0
}

/// A server in memory whose service exchanges messages.
fn serve_messages<F, R>(service: F) -> Connector
where
    F: Fn(WebSocket, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    serve(Server::builder().messages(service).unwrap()).0
}

/// A server in memory whose service is written against a byte stream.
fn serve_bytes<F, R>(service: F) -> Connector
where
    F: Fn(ByteStream, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    serve(Server::builder().wrap(service).unwrap()).0
}

fn serve(server: Server) -> (Connector, JoinHandle<()>) {
    let (listener, connector) = memory_listener();
    let task = tokio::spawn(async move { server.serve(listener).await.unwrap() });
    (connector, task)
}

/// A server in memory that shuts down in order when it is told to.
fn serve_until_stopped(server: Server) -> (Connector, oneshot::Sender<()>, JoinHandle<()>) {
    let (listener, connector) = memory_listener();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        server.serve(listener).with_graceful_shutdown(stopped).await.unwrap();
    });
    (connector, stop, task)
}

/// Runs a service in a task that has nothing left of every other turn, the first among them, when
/// the service is asked.
async fn used_up<S: Future>(service: S) -> S::Output {
    let mut service = pin!(service);
    let mut whole = true;
    poll_fn(|cx| {
        whole = !whole;
        while !whole && let Poll::Ready(step) = poll_proceed(cx) {
            step.made_progress();
        }
        service.as_mut().poll(cx)
    })
    .await
}

/// Waits for what a thread of its own does, outside of the runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => std::thread::park(),
        }
    }
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}

async fn copy(mut stream: ByteStream) -> io::Result<()> {
    let mut buf = vec![0; 4096];
    loop {
        match stream.read(&mut buf).await? {
            0 => return stream.shutdown().await,
            count => stream.write_all(&buf[..count]).await?,
        }
    }
}
