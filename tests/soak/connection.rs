//! Concurrent reads and writes on one socket: a client that only wrote would deadlock when the
//! server waits for it to read.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};

use crate::socket::{Cut, Socket};

/// The size of a read.
const CHUNK_BYTES: usize = 16 * 1024;

/// A socket, its unsent data and its received data.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: Socket,
    outgoing: Vec<u8>,
    written: usize,
    pub(crate) incoming: BytesMut,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// All unsent data has been sent.
    Sent,
    Received,
    /// The server sends no more.
    Ended,
}

/// Whether the client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    On,
    Off,
}

impl Connection {
    pub(crate) fn new(socket: Socket) -> Connection {
        Connection { socket, outgoing: Vec::new(), written: 0, incoming: BytesMut::new() }
    }

    /// The buffer of unsent data.
    pub(crate) fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Waits for an event in either direction.
    pub(crate) async fn turn(&mut self, reading: Reading) -> io::Result<Turn> {
        poll_fn(|cx| self.poll_turn(cx, reading)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<io::Result<Turn>> {
        if !self.is_sent()
            && let Poll::Ready(sent) = self.poll_send(cx)
        {
            // Data received before the error is read first.
            if sent.is_ok() || reading == Reading::Off {
                return Poll::Ready(sent.map(|()| Turn::Sent));
            }
            self.outgoing.clear();
        }
        match reading {
            Reading::On => self.poll_receive(cx),
            Reading::Off => Poll::Pending,
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.outgoing.len() {
            let waiting = &self.outgoing[self.written..];
            self.written += ready!(Pin::new(&mut self.socket).poll_write(cx, waiting))?;
        }
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.outgoing = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut chunk = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut chunk))?;
        self.incoming.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(if chunk.filled().is_empty() { Turn::Ended } else { Turn::Received }))
    }

    /// Sends unsent data and reads nothing, until this instant at most.
    pub(crate) async fn send_until(&mut self, end: Instant) -> io::Result<()> {
        while !self.is_sent() {
            match timeout_at(end, self.turn(Reading::Off)).await {
                Ok(turn) => turn?,
                Err(_) => break,
            };
        }
        Ok(())
    }

    /// Sends unsent data, whether or not the server still reads it.
    pub(crate) async fn send_if_taken(&mut self, longest: Duration) {
        drop(self.send_until(Instant::now() + longest).await);
    }

    /// Ends sending; after a FIN the client can still read, after a RST it cannot.
    pub(crate) async fn cut(mut self, cut: Cut) -> io::Result<Option<Connection>> {
        match cut {
            Cut::Fin => {
                // The server may have closed first.
                drop(self.socket.fin().await);
                Ok(Some(self))
            }
            Cut::Reset => self.socket.reset().map(|()| None),
        }
    }
}
