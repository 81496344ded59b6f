//! The messages received on one connection.

use crate::connection::Connection;
use crate::frames::DIGITS;

use super::copies::Copies;

#[derive(Debug, Default)]
pub(super) struct Subscriber {
    /// The next expected number.
    pub(super) next: u64,
    /// Numbers that were skipped; they may still arrive.
    pub(super) missing: Vec<u64>,
    /// Payload bytes of the current message.
    offset: usize,
    /// Its first bytes, if copies are compared.
    digits: [u8; DIGITS],
    /// Which message of the ring it claims to be, and whether it differs from that.
    pub(super) message: usize,
    pub(super) differs: bool,
}

impl Subscriber {
    pub(super) fn parse(
        &mut self,
        connection: &mut Connection,
        mut data: &[u8],
        payloads: &[Vec<u8>],
        copies: &mut Copies,
    ) -> Result<(), String> {
        while !data.is_empty() {
            if connection.body_left > 0 {
                let (here, rest) = data.split_at((connection.body_left as usize).min(data.len()));
                self.body(connection, here.len(), Some(here), payloads, copies)?;
                data = rest;
                continue;
            }
            let Some(length) = connection.header.take(&mut data) else { return Ok(()) };
            if connection.header.masked() {
                return Err("the server masks".to_owned());
            }
            match connection.header.opcode() {
                0..=2 => {
                    connection.in_body = true;
                    connection.fin = connection.header.fin();
                }
                8 => return Err("the server closes".to_owned()),
                // Dropped like a payload: in a run of seconds no frame needs an answer.
                9 | 10 => connection.in_body = false,
                opcode => return Err(format!("opcode {opcode}")),
            }
            connection.body_left = length;
            if length == 0 {
                self.body(connection, 0, None, payloads, copies)?;
            }
        }
        Ok(())
    }

    /// `count` bytes of a payload; no data where the kernel dropped them.
    #[inline]
    pub(super) fn body(
        &mut self,
        connection: &mut Connection,
        count: usize,
        data: Option<&[u8]>,
        payloads: &[Vec<u8>],
        copies: &mut Copies,
    ) -> Result<(), String> {
        connection.body_left -= count as u64;
        if !connection.in_body {
            return Ok(());
        }
        if let (true, Some(data)) = (copies.verify, data) {
            self.compare(data, payloads);
        }
        self.offset += count;
        if connection.body_left > 0 || !connection.fin {
            return Ok(());
        }
        let size = payloads[0].len();
        if self.offset != size {
            return Err(format!("a message of {} bytes", self.offset));
        }
        self.offset = 0;
        copies.arrived(self);
        Ok(())
    }

    fn compare(&mut self, mut data: &[u8], payloads: &[Vec<u8>]) {
        let mut at = self.offset;
        if at < DIGITS {
            let (digits, rest) = data.split_at((DIGITS - at).min(data.len()));
            self.digits[at..at + digits.len()].copy_from_slice(digits);
            data = rest;
            at += digits.len();
            if at < DIGITS {
                return;
            }
            let number = std::str::from_utf8(&self.digits).ok();
            let number = number.and_then(|text| text.strip_suffix(' ')?.parse().ok());
            self.differs = number.is_none();
            self.message = number.unwrap_or(0);
        }
        let sent = payloads.get(self.message).and_then(|sent| sent.get(at..at + data.len()));
        self.differs |= sent != Some(data);
    }
}
