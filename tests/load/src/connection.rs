//! One connection, and how it is opened.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use rustix::io::Errno;
use rustls::ClientConfig;
use socket2::{Domain, Protocol, Socket, Type};

use crate::args::{Args, HOST, Mode};
use crate::header::Header;
use crate::inflate::Inflate;
use crate::stream::Stream;

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Connecting,
    /// The request has been sent.
    Opening,
    Open,
    Dead,
}

/// Messages that were sent at once: when, and how many of them have not been echoed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) sent: u64,
    pub(crate) outstanding: u32,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    pub(crate) state: State,
    pub(crate) writable: bool,
    /// The send position in the ring, how much is to be sent, and which message is queued next.
    pub(crate) send_at: usize,
    pub(crate) send_left: usize,
    pub(crate) send_next: usize,
    /// The received part of the response of the opening handshake.
    pub(crate) response: Vec<u8>,
    pub(crate) header: Header,
    pub(crate) in_body: bool,
    pub(crate) body_left: u64,
    /// Whether the current frame is the last of its message.
    pub(crate) fin: bool,
    /// Which message is echoed next, and how much of it has been received.
    pub(crate) message: usize,
    pub(crate) offset: usize,
    pub(crate) outstanding: usize,
    pub(crate) batches: VecDeque<Batch>,
    pub(crate) inflate: Option<Box<Inflate>>,
}

/// Source addresses of connections, so that there are enough ports.
const SOURCES: usize = 200;

impl Connection {
    /// The connection with this number, which is being opened.
    pub(crate) fn start(
        args: &Args,
        tls: Option<&Arc<ClientConfig>>,
        number: usize,
    ) -> io::Result<Connection> {
        let stream = Stream::over(connect(args, number)?, tls);
        Ok(Connection {
            stream,
            state: State::Connecting,
            writable: false,
            send_at: 0,
            send_left: 0,
            send_next: 0,
            response: Vec::new(),
            header: Header::default(),
            in_body: false,
            body_left: 0,
            fin: false,
            message: 0,
            offset: 0,
            outstanding: 0,
            batches: VecDeque::new(),
            inflate: None,
        })
    }

    /// Begins at the start of another ring.
    pub(crate) fn rewind(&mut self) {
        self.send_at = 0;
        self.send_next = 0;
        self.message = 0;
        self.offset = 0;
    }
}

fn connect(args: &Args, number: usize) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if args.mode != Mode::Echo {
        let source = Ipv4Addr::new(127, 0, 1, 1 + (number % SOURCES) as u8);
        socket.bind(&SocketAddrV4::new(source, 0).into())?;
    }
    if args.reset {
        socket.set_linger(Some(Duration::ZERO))?;
    }
    let port = args.ports[number % args.ports.len()];
    match socket.connect(&SocketAddrV4::new(HOST, port).into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}
