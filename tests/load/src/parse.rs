//! Parses the server's frames.

use crate::connection::Connection;
use crate::draft::Draft;
use crate::load::Load;

impl Load {
    /// Takes received bytes; returns the number of complete messages, none after an error.
    pub(crate) fn parse(&mut self, connection: &mut Connection, data: &[u8]) -> Option<usize> {
        match self.ring.draft {
            Draft::Tcp => self.payload(connection, data.len(), Some(data)),
            draft if draft.is_hixie() => self.parse_hixie(connection, data),
            _ => self.parse_hybi(connection, data),
        }
    }

    fn parse_hixie(&mut self, connection: &mut Connection, mut data: &[u8]) -> Option<usize> {
        let mut done = 0;
        while let Some(first) = data.first() {
            if !connection.in_body {
                if *first != 0 {
                    self.error(connection, "a frame does not begin with 0x00");
                    return None;
                }
                self.tally.frames += 1;
                connection.in_body = true;
                data = &data[1..];
                continue;
            }
            // In a stream a frame may have any length.
            let stream = self.ring.stream;
            let left = self.ring.payloads[connection.message].len() - connection.offset;
            let here = match stream {
                true => data.iter().position(|byte| *byte == 0xff).unwrap_or(data.len()),
                false => left.min(data.len()),
            };
            done += self.payload(connection, here, Some(&data[..here]))?;
            data = &data[here..];
            if let Some(end) = data.first()
                && (stream || here == left)
            {
                if *end != 0xff {
                    self.error(connection, "a frame does not end with 0xFF");
                    return None;
                }
                data = &data[1..];
                connection.in_body = false;
                done += self.message_end(connection)?;
            }
        }
        Some(done)
    }

    fn parse_hybi(&mut self, connection: &mut Connection, mut data: &[u8]) -> Option<usize> {
        let mut done = 0;
        while !data.is_empty() || (connection.in_body && connection.body_left == 0) {
            if !connection.in_body {
                let Some(length) = connection.header.take(&mut data) else { return Some(done) };
                data = self.frame(connection, length, data)?;
                continue;
            }
            let here = (connection.body_left as usize).min(data.len());
            done += self.payload(connection, here, Some(&data[..here]))?;
            data = &data[here..];
            connection.body_left -= here as u64;
            if connection.body_left > 0 {
                break;
            }
            connection.in_body = false;
            if connection.fin {
                done += self.message_end(connection)?;
            }
        }
        Some(done)
    }

    /// A header is complete: returns the bytes after it, and after a ping.
    fn frame<'d>(
        &mut self,
        connection: &mut Connection,
        length: u64,
        data: &'d [u8],
    ) -> Option<&'d [u8]> {
        let header = &connection.header;
        if header.masked() {
            self.error(connection, "the server masks");
            return None;
        }
        self.tally.frames += 1;
        let payload = data.get(..length as usize);
        match header.opcode() {
            opcode @ 0..=2 => {
                connection.fin = header.fin();
                self.tally.compressed += u64::from(header.rsv1());
                if let (Some(inflate), 1..) = (&mut connection.inflate, opcode) {
                    inflate.compressed = header.rsv1();
                }
                connection.body_left = length;
                connection.in_body = true;
                Some(data)
            }
            8 => {
                let code = payload.and_then(|payload| payload.split_first_chunk());
                let why = match code {
                    Some((code, reason)) => {
                        let reason = String::from_utf8_lossy(reason);
                        format!("the server closes: {} {reason}", u16::from_be_bytes(*code))
                    }
                    None => "the server closes".to_owned(),
                };
                self.error(connection, why);
                None
            }
            // In a run of seconds none is expected, and none is answered.
            9 | 10 if payload.is_some() => Some(&data[length as usize..]),
            9 | 10 => {
                self.error(connection, "a ping in two pieces");
                None
            }
            opcode => {
                self.error(connection, format!("opcode {opcode}"));
                None
            }
        }
    }
}
