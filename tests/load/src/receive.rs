//! Reads echoes, and compares them with the sent messages.

use std::io::{ErrorKind, Read};

use crate::connection::{Connection, State};
use crate::draft::Draft;
use crate::load::Load;

/// From this many bytes on, a payload that is not compared is dropped in the kernel.
pub(crate) const LONG: u64 = 65536;

impl Load {
    /// Reads all available data.
    pub(crate) fn read(&mut self, connection: &mut Connection) {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let discarded = self.discard(connection);
            let dropped = discarded.is_some();
            let count = match discarded.unwrap_or_else(|| connection.stream.read(&mut buffer)) {
                Ok(0) => {
                    self.error(connection, "the server closed the connection");
                    break;
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.error(connection, format!("read: {error}"));
                    break;
                }
            };
            self.tally.reads += 1;
            self.tally.bytes += count as u64;
            let now = self.now();
            let done = if dropped {
                self.dropped(connection, count)
            } else if connection.state == State::Open {
                self.parse(connection, &buffer[..count])
            } else {
                self.response(connection, &buffer[..count])
            };
            let Some(done) = done else { break };
            self.complete(connection, done, now);
            let short = !dropped && count < buffer.len();
            if short && connection.stream.empty_after_short_read() {
                break;
            }
        }
        self.buffer = buffer;
    }

    /// Drops the current payload, if it is long and need not be compared.
    fn discard(&mut self, connection: &mut Connection) -> Option<std::io::Result<usize>> {
        if self.verify || connection.state != State::Open {
            return None;
        }
        let left = match self.ring.draft {
            Draft::Tcp => (self.ring.payloads[connection.message].len() - connection.offset) as u64,
            Draft::Hixie75 | Draft::Hixie76 => return None,
            _ if connection.in_body => connection.body_left,
            _ => return None,
        };
        if left < LONG {
            return None;
        }
        let most = self.scratch.len().min(left as usize);
        connection.stream.discard(&mut self.scratch[..most])
    }

    /// `count` bytes of the current payload were dropped.
    fn dropped(&mut self, connection: &mut Connection, count: usize) -> Option<usize> {
        let done = self.payload(connection, count, None)?;
        if self.ring.draft == Draft::Tcp {
            return Some(done);
        }
        connection.body_left -= count as u64;
        if connection.body_left > 0 {
            return Some(done);
        }
        Some(done + self.parse(connection, &[])?)
    }

    /// `count` bytes of payload were received, or dropped without comparison. Returns the number of
    /// messages that they complete; none after an error.
    pub(crate) fn payload(
        &mut self,
        connection: &mut Connection,
        count: usize,
        data: Option<&[u8]>,
    ) -> Option<usize> {
        if self.ring.deflate.is_some() {
            if let (Some(inflate), Some(data)) = (&mut connection.inflate, data) {
                inflate.push(data);
            }
            return Some(0);
        }
        let mut done = 0;
        let mut at = 0;
        while at < count {
            let expected = &self.ring.payloads[connection.message][connection.offset..];
            let here = expected.len().min(count - at);
            if here == 0 {
                self.error(connection, "a message is longer than the one that was sent");
                return None;
            }
            if self.verify && data.map(|data| &data[at..at + here]) != Some(&expected[..here]) {
                self.error(connection, "the echo differs from the sent bytes");
                return None;
            }
            at += here;
            connection.offset += here;
            if self.ring.stream && here == expected.len() {
                connection.offset = 0;
                connection.message = self.ring.after(connection.message);
                done += 1;
            }
        }
        Some(done)
    }

    /// The last frame of a message has ended.
    pub(crate) fn message_end(&mut self, connection: &mut Connection) -> Option<usize> {
        if self.ring.stream {
            return Some(0);
        }
        let sent = &self.ring.payloads[connection.message];
        if let Some(context) = self.ring.deflate {
            if let Some(inflate) = &mut connection.inflate
                && !inflate.finish(context, sent)
            {
                self.error(connection, "the echo differs from the sent text");
                return None;
            }
        } else if connection.offset != sent.len() {
            self.error(connection, "a message is shorter than the one that was sent");
            return None;
        }
        connection.offset = 0;
        connection.message = self.ring.after(connection.message);
        Some(1)
    }
}
