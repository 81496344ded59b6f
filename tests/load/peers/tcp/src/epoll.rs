//! The echo without a runtime.

use std::io::{ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use peer::{args, listener, raise_descriptors};

use crate::BUFFER;

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    socket: TcpStream,
    /// Unsent data.
    rest: Vec<u8>,
}

pub(crate) fn run() {
    raise_descriptors();
    let mut poll = Poll::new().expect("epoll");
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::from_std(listener(args().port).expect("a port to listen on"));
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).expect("epoll");
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        if poll.poll(&mut events, None).is_err() {
            continue;
        }
        for event in &events {
            if event.token() != LISTENER {
                let at = event.token().0;
                let Some(connection) = &mut connections[at] else { continue };
                if !connection.echo(&mut buffer) {
                    connections[at] = None;
                    free.push(at);
                }
                continue;
            }
            while let Ok((mut socket, _)) = listener.accept() {
                socket.set_nodelay(true).expect("TCP_NODELAY");
                let at = free.pop().unwrap_or(connections.len());
                let interest = Interest::READABLE | Interest::WRITABLE;
                poll.registry().register(&mut socket, Token(at), interest).expect("epoll");
                connections.resize_with(connections.len().max(at + 1), || None);
                connections[at] = Some(Connection { socket, rest: Vec::new() });
            }
        }
    }
}

impl Connection {
    /// Echoes available data; false when the connection has ended.
    fn echo(&mut self, buffer: &mut [u8]) -> bool {
        if !self.rest.is_empty() {
            match self.socket.write(&self.rest) {
                Ok(count) => drop(self.rest.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
        while self.rest.is_empty() {
            let count = match self.socket.read(buffer) {
                Ok(0) => return false,
                Ok(count) => count,
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            };
            let written = match self.socket.write(&buffer[..count]) {
                Ok(written) => written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return false,
            };
            self.rest.extend_from_slice(&buffer[written..count]);
            if count < buffer.len() {
                break;
            }
        }
        true
    }
}
