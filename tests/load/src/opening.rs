//! Opening connections.

use std::io::Write;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Token};

use crate::args::Args;
use crate::connection::{Connection, State};
use crate::die;
use crate::draft::Draft;
use crate::inflate::Inflate;
use crate::load::Load;
use crate::request::{ACCEPT, ANSWER_76};

const UNDER_WAY: usize = 64;
const LONGEST: Duration = Duration::from_secs(120);
const LONGEST_RESPONSE: usize = 65536;

impl Load {
    /// Starts the connection with this number, whose events have `token`.
    pub(crate) fn start(
        &mut self,
        args: &Args,
        number: usize,
        token: usize,
    ) -> std::io::Result<Connection> {
        let mut connection = Connection::start(args, self.tls.as_ref(), number)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(connection.stream.socket(), Token(token), interest)?;
        Ok(connection)
    }

    /// Opens all connections, or ends the program.
    pub(crate) fn open_all(&mut self, args: &Args) -> Vec<Connection> {
        let mut connections: Vec<Connection> = Vec::with_capacity(args.connections);
        let mut open = 0;
        let deadline = Instant::now() + LONGEST;
        while open < args.connections {
            while connections.len() < args.connections && connections.len() - open < UNDER_WAY {
                let number = connections.len();
                let connection = self.start(args, number, number);
                connections
                    .push(connection.unwrap_or_else(|error| die(&format!("connect: {error}"))));
            }
            // An interrupted wait has no events.
            let _ = self.poll.poll(&mut self.events, Some(Duration::from_millis(200)));
            let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
            for event in &events {
                let connection = &mut connections[event.token().0];
                let was_open = connection.state == State::Open;
                self.step(connection, event.is_readable(), event.is_writable());
                open += usize::from(!was_open && connection.state == State::Open);
            }
            self.events = events;
            if let Some(why) = &self.errors.first {
                die(&format!("while connections were opened: {why}"));
            }
            if Instant::now() > deadline {
                die(&format!("only {open} connections were open in {LONGEST:?}"));
            }
        }
        connections
    }

    /// Handles an event of a connection that is not open yet.
    pub(crate) fn step(&mut self, connection: &mut Connection, readable: bool, writable: bool) {
        if writable {
            connection.writable = true;
            if connection.state == State::Connecting {
                self.connected(connection);
            } else {
                self.write(connection);
            }
        }
        if readable && matches!(connection.state, State::Opening | State::Open) {
            self.read(connection);
        }
        if self.ring.draft == Draft::Tcp
            && connection.state == State::Opening
            && !connection.stream.is_handshaking()
        {
            connection.state = State::Open;
        }
    }

    fn connected(&mut self, connection: &mut Connection) {
        if let Ok(Some(error)) = connection.stream.socket().take_error() {
            return self.error(connection, format!("connect: {error}"));
        }
        connection.state = State::Opening;
        let request = &self.ring.request;
        if !request.is_empty() && connection.stream.write(request).ok() != Some(request.len()) {
            return self.error(connection, "the request could not be sent");
        }
        self.write(connection);
    }

    /// More of the response has arrived. Returns the number of messages directly after it.
    pub(crate) fn response(&mut self, connection: &mut Connection, data: &[u8]) -> Option<usize> {
        connection.response.extend_from_slice(data);
        let received = &connection.response;
        let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            if received.len() > LONGEST_RESPONSE {
                self.error(connection, "the response is too long");
            }
            return Some(0);
        };
        let head = String::from_utf8_lossy(&received[..end + 4]).into_owned();
        let mut end = end + 4;
        if self.ring.draft == Draft::Hixie76 && head.starts_with("HTTP/1.1 101") {
            let Some(answer) = received.get(end..end + ANSWER_76.len()) else { return Some(0) };
            if answer != ANSWER_76 {
                self.error(connection, "the answer to the challenge is wrong");
                return None;
            }
            end += ANSWER_76.len();
        }
        if let Err(why) = self.agreed(&head) {
            self.error(connection, why);
            return None;
        }
        if self.verify && self.ring.deflate.is_some() {
            connection.inflate = Some(Box::new(Inflate::new()));
        }
        let received = std::mem::take(&mut connection.response);
        connection.state = State::Open;
        match received.get(end..) {
            Some(rest) if !rest.is_empty() => self.parse(connection, rest),
            _ => Some(0),
        }
    }

    fn agreed(&mut self, head: &str) -> Result<(), String> {
        if !head.starts_with("HTTP/1.1 101") {
            return Err(format!("refused: {}", head.lines().next().unwrap_or_default()));
        }
        if !self.ring.draft.is_hixie() && !head.contains(ACCEPT) {
            return Err("Sec-WebSocket-Accept is wrong".to_owned());
        }
        if self.extensions.is_none() {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            self.extensions = fields
                .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"))
                .map(|(_, value)| value.trim().to_owned());
        }
        if self.ring.deflate.is_some() && self.extensions.is_none() {
            return Err("permessage-deflate was not accepted".to_owned());
        }
        Ok(())
    }
}
