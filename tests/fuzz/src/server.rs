//! Servers in memory, and conversations with them. Their clock advances only while all tasks wait.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use ws_server::{
    Builder, ByteStream, Limits, Listener, Peer, RemoteAddr, Server, Socket, WebSocket,
};

/// More than is ever written, so that neither side waits for the other to read.
const PIPE_BYTES: usize = 1 << 20;
const MESSAGE_LIMIT: usize = 2000;
const FRAME_LIMIT: u64 = 3000;
/// A server must have ended each conversation by then.
const LONGEST: Duration = Duration::from_secs(600);
/// How often the server runs before the next bytes are sent.
const TURNS: usize = 2;

/// The kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Echoes messages.
    Messages,
    /// Echoes messages, and compresses them.
    Compressed,
    /// Receives byte streams.
    Bytes,
    /// Echoes messages, behind a proxy that sends the PROXY protocol.
    ProxyHeader,
    /// Echoes messages, behind a proxy whose fields are trusted.
    Trusting,
}

/// The bytes that a service of byte streams received, and whether the stream ended cleanly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) bytes: Vec<u8>,
    pub(crate) clean: bool,
}

type Record = Arc<Mutex<Vec<Taken>>>;

struct Queue(Mutex<UnboundedReceiver<DuplexStream>>);

impl Listener for Queue {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.poll_recv(cx) {
            Poll::Ready(Some(pipe)) => {
                let peer = ([192, 0, 2, 7], 50_000).into();
                Poll::Ready(Ok((Socket::other(pipe), RemoteAddr::Tcp(peer))))
            }
            _ => Poll::Pending,
        }
    }
}

/// The servers of this thread, which serve one input after the other.
struct Servers {
    runtime: Runtime,
    messages: UnboundedSender<DuplexStream>,
    compressed: UnboundedSender<DuplexStream>,
    bytes: UnboundedSender<DuplexStream>,
    proxy_header: UnboundedSender<DuplexStream>,
    trusting: UnboundedSender<DuplexStream>,
    taken: Record,
}

thread_local! {
    static SERVERS: RefCell<Servers> = RefCell::new(Servers::start());
}

/// Sends pieces to a server, and returns all that it writes until it ends the connection. The
/// client ends its side after the last piece.
pub(crate) fn converse(kind: Kind, pieces: &[&[u8]]) -> Vec<u8> {
    SERVERS.with_borrow(|servers| servers.converse(kind, pieces))
}

/// Sends pieces to the service of byte streams, and returns what it received; `None` when no
/// connection was opened.
pub(crate) fn hand_over(pieces: &[&[u8]]) -> Option<Taken> {
    SERVERS.with_borrow(|servers| {
        servers.converse(Kind::Bytes, pieces);
        servers.taken.lock().unwrap_or_else(PoisonError::into_inner).pop()
    })
}

impl Servers {
    fn start() -> Servers {
        let runtime = RuntimeBuilder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without sockets needs nothing");
        let taken = Record::default();
        let record = Arc::clone(&taken);
        let proxy = || ["192.0.2.7".parse().expect("an address")].into_iter().collect();
        let echoing = |builder: Builder| builder.messages(|socket, _| echo(socket));
        let taking = builder().wrap(move |stream, _: Peer| take(stream, Arc::clone(&record)));
        Servers {
            messages: serve(&runtime, echoing(builder()).expect("a server")),
            compressed: serve(
                &runtime,
                echoing(builder().extension(crate::deflate::policy())).expect("a server"),
            ),
            bytes: serve(&runtime, taking.expect("a server")),
            proxy_header: serve(
                &runtime,
                echoing(builder().proxy_protocol(proxy())).expect("a server"),
            ),
            trusting: serve(
                &runtime,
                echoing(builder().trusted_proxies(proxy())).expect("a server"),
            ),
            taken,
            runtime,
        }
    }

    fn converse(&self, kind: Kind, pieces: &[&[u8]]) -> Vec<u8> {
        let queue = match kind {
            Kind::Messages => &self.messages,
            Kind::Compressed => &self.compressed,
            Kind::Bytes => &self.bytes,
            Kind::ProxyHeader => &self.proxy_header,
            Kind::Trusting => &self.trusting,
        };
        self.runtime.block_on(async {
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            assert!(queue.send(far).is_ok(), "the server is gone");
            let conversation = talk(near, pieces);
            tokio::time::timeout(LONGEST, conversation).await.expect("the server never ends")
        })
    }
}

async fn talk(mut pipe: DuplexStream, pieces: &[&[u8]]) -> Vec<u8> {
    for piece in pieces {
        // The server may have ended the connection.
        if pipe.write_all(piece).await.is_err() {
            break;
        }
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }
    drop(pipe.shutdown().await);
    let mut answer = Vec::new();
    drop(pipe.read_to_end(&mut answer).await);
    answer
}

fn builder() -> Builder {
    let mut limits = Limits::default();
    limits.message = MESSAGE_LIMIT;
    limits.frame = FRAME_LIMIT;
    limits.send_buffer = PIPE_BYTES;
    Server::builder().limits(limits).subprotocols(["base64", "chat"])
}

fn serve(runtime: &Runtime, server: Server) -> UnboundedSender<DuplexStream> {
    let (sender, receiver) = unbounded_channel();
    let listener = Queue(Mutex::new(receiver));
    runtime.spawn(async move { server.serve(listener).await });
    sender
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}

async fn take(mut stream: ByteStream, record: Record) -> io::Result<()> {
    let mut bytes = Vec::new();
    let clean = stream.read_to_end(&mut bytes).await.is_ok();
    record.lock().unwrap_or_else(PoisonError::into_inner).push(Taken { bytes, clean });
    Ok(())
}
