//! The fan-out without a runtime.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use peer::{args, listener, raise_descriptors, response};

use crate::frames::reframe;

const LISTENER: Token = Token(usize::MAX);
const READ_BUFFER: usize = 256 * 1024;
/// The send buffer of a connection; a connection that exceeds it is closed.
const QUEUE: usize = 16 << 20;
const LONGEST_REQUEST: usize = 4096;
/// The maximum number of slices of one write.
const PIECES: usize = 64;

struct Connection {
    socket: TcpStream,
    open: bool,
    input: Vec<u8>,
    /// Unsent frames, and how much of the first has been sent.
    queue: VecDeque<Rc<Vec<u8>>>,
    queued: usize,
    taken: usize,
}

pub(crate) fn run() {
    raise_descriptors();
    let mut poll = Poll::new().expect("epoll");
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::from_std(listener(args().port).expect("a port to listen on"));
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).expect("epoll");
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        if poll.poll(&mut events, None).is_err() {
            continue;
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true).expect("TCP_NODELAY");
                    let free = connections.iter().position(Option::is_none);
                    let at = free.unwrap_or(connections.len());
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut socket, Token(at), interest).expect("epoll");
                    connections.resize_with(connections.len().max(at + 1), || None);
                    connections[at] = Some(Connection::new(socket));
                }
                continue;
            }
            let at = event.token().0;
            let Some(connection) = &mut connections[at] else { continue };
            let alive = !event.is_writable() || connection.flush();
            if !alive || !connection.receive(&mut buffer) {
                connections[at] = None;
                continue;
            }
            publish(&mut connections, at);
        }
    }
}

/// Sends the frames of this connection to all.
fn publish(connections: &mut [Option<Connection>], at: usize) {
    while let Some(connection) = connections[at].as_mut().filter(|connection| connection.open) {
        let frames = reframe(&mut connection.input, args().naive);
        if frames.is_empty() {
            return;
        }
        let frames = Rc::new(frames);
        for connection in connections.iter_mut() {
            if connection.as_mut().is_some_and(|each| each.open && !each.send(&frames)) {
                *connection = None;
            }
        }
    }
}

impl Connection {
    fn new(socket: TcpStream) -> Connection {
        let queue = VecDeque::new();
        Connection { socket, open: false, input: Vec::new(), queue, queued: 0, taken: 0 }
    }

    /// Reads available data; false when the connection has ended.
    fn receive(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => return false,
                Ok(count) => count,
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            };
            self.input.extend_from_slice(&buffer[..count]);
            if !self.open && !self.upgrade() {
                return false;
            }
            if count < buffer.len() {
                return true;
            }
        }
    }

    /// Answers the opening handshake once the request is complete.
    fn upgrade(&mut self) -> bool {
        if !self.input.ends_with(b"\r\n\r\n") {
            return self.input.len() < LONGEST_REQUEST;
        }
        let Some(response) = response(&self.input, None) else { return false };
        self.input = Vec::new();
        self.open = true;
        self.socket.write(response.as_bytes()).is_ok_and(|count| count == response.len())
    }

    fn send(&mut self, frames: &Rc<Vec<u8>>) -> bool {
        let mut count = 0;
        if self.queue.is_empty() {
            match self.socket.write(frames) {
                Ok(written) => count = written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
            self.taken = count;
        }
        if count < frames.len() {
            self.queue.push_back(frames.clone());
            self.queued += frames.len();
        }
        self.queued <= QUEUE
    }

    fn flush(&mut self) -> bool {
        while !self.queue.is_empty() {
            let pieces = self.queue.iter().take(PIECES).enumerate();
            let pieces: Vec<_> = pieces
                .map(|(at, frames)| IoSlice::new(&frames[if at == 0 { self.taken } else { 0 }..]))
                .collect();
            match self.socket.write_vectored(&pieces) {
                Ok(count) => self.taken += count,
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
            while let Some(first) = self.queue.front().map(|frames| frames.len())
                && first <= self.taken
            {
                self.queue.pop_front();
                self.taken -= first;
                self.queued -= first;
            }
        }
        true
    }
}
