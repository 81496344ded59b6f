//! A listener whose connections are pipes in memory, so that tests need no network and can
//! stop the clock.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use ws_server::{Listener, RemoteAddr, Socket};

use crate::{Client, requests};

/// How much a pipe holds in each direction.
const PIPE_BYTES: usize = 16 * 1024;

/// Where every connection comes from.
pub const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 50_000);

/// The side that connects.
#[derive(Debug, Clone)]
pub struct Connector {
    queue: mpsc::UnboundedSender<Socket>,
}

/// The side that accepts.
#[derive(Debug)]
pub struct MemoryListener {
    queue: Mutex<mpsc::UnboundedReceiver<Socket>>,
}

/// A listener, and a way to connect to it.
pub fn memory_listener() -> (MemoryListener, Connector) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (MemoryListener { queue: Mutex::new(receiver) }, Connector { queue: sender })
}

impl Connector {
    /// A client that is connected and has said nothing.
    pub fn connect(&self) -> Client {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        self.give(far);
        Client::new(near)
    }

    /// Connects a client of another kind: this is the server's end.
    pub fn give(&self, io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        // When the server has gone down, the client finds its pipe closed.
        drop(self.queue.send(Socket::other(io)));
    }

    /// A client whose opening handshake is done; `request` is one of
    /// [`requests`](crate::requests).
    pub async fn open(&self, request: &[u8]) -> Client {
        let mut client = self.connect();
        client.send(request).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    /// A client of hixie-76 whose opening handshake is done: it continues after the heads.
    pub async fn open_hixie76(&self) -> Client {
        let request = [requests::HIXIE76, requests::HIXIE76_KEY3].concat();
        let mut client = self.open(&request).await;
        client.expect(requests::HIXIE76_ANSWER).await;
        client
    }
}

impl Listener for MemoryListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        let mut queue = self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match queue.poll_recv(cx) {
            Poll::Ready(Some(socket)) => Poll::Ready(Ok((socket, RemoteAddr::Tcp(PEER)))),
            _ => Poll::Pending,
        }
    }
}
