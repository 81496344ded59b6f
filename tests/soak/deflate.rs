//! permessage-deflate in the client (RFC 7692).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::wire::LONGEST_MESSAGE;

/// The tail that a sender removes from a message, and the receiver appends (§7.2.1, §7.2.2).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The window of a client without a window parameter.
const WINDOW_BITS: u8 = 15;

/// Both directions of one connection.
#[derive(Debug)]
pub(crate) struct Deflate {
    outgoing: Compress,
    incoming: Decompress,
    keeps_outgoing: bool,
    keeps_incoming: bool,
}

impl Deflate {
    /// From the parameters of the server's response.
    pub(crate) fn agreed(parameters: &str) -> Deflate {
        let bits = parameters
            .split("client_max_window_bits=")
            .nth(1)
            .and_then(|rest| rest.split(';').next()?.trim().parse().ok())
            .unwrap_or(WINDOW_BITS);
        Deflate {
            outgoing: Compress::new_with_window_bits(Compression::fast(), false, bits),
            incoming: Decompress::new(false),
            keeps_outgoing: !parameters.contains("client_no_context_takeover"),
            keeps_incoming: !parameters.contains("server_no_context_takeover"),
        }
    }

    pub(crate) fn compress(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let begun = self.outgoing.total_in();
        let mut compressed = Vec::with_capacity(payload.len() + payload.len() / 100 + 64);
        loop {
            let taken = (self.outgoing.total_in() - begun) as usize;
            self.outgoing
                .compress_vec(&payload[taken..], &mut compressed, FlushCompress::Sync)
                .map_err(|error| error.to_string())?;
            let all = self.outgoing.total_in() - begun == payload.len() as u64;
            if all && compressed.len() < compressed.capacity() {
                break;
            }
            compressed.reserve(1024);
        }
        if compressed.is_empty() {
            // Flushed data is not flushed twice; so no bytes are written (§7.2.3.6).
            return Ok(vec![0]);
        }
        if !compressed.ends_with(&TAIL) {
            return Err("the compressor did not flush".into());
        }
        compressed.truncate(compressed.len() - TAIL.len());
        if !self.keeps_outgoing {
            self.outgoing.reset();
        }
        Ok(compressed)
    }

    pub(crate) fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let compressed = [payload, &TAIL].concat();
        let begun = self.incoming.total_in();
        let mut inflated = Vec::with_capacity(4 * payload.len() + 64);
        loop {
            let taken = (self.incoming.total_in() - begun) as usize;
            self.incoming
                .decompress_vec(&compressed[taken..], &mut inflated, FlushDecompress::Sync)
                .map_err(|error| format!("a payload cannot be inflated: {error}"))?;
            let all = self.incoming.total_in() - begun == compressed.len() as u64;
            if all && inflated.len() < inflated.capacity() {
                break;
            }
            if inflated.len() > LONGEST_MESSAGE {
                return Err("a payload inflates to more than was sent".into());
            }
            inflated.reserve(inflated.len().max(1024));
        }
        if !self.keeps_incoming {
            self.incoming.reset(false);
        }
        Ok(inflated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{Look, payload};

    #[test]
    fn what_is_compressed_inflates_to_what_it_was() {
        for parameters in ["", "; client_no_context_takeover; server_no_context_takeover"] {
            let mut deflate = Deflate::agreed(parameters);
            for (number, len) in [0, 1, 0, 0, 500, 100_000, 0, 1 << 20].into_iter().enumerate() {
                for look in [Look::Binary, Look::Repetitive] {
                    let payload = payload(1, number as u32, look, len);
                    let compressed = deflate.compress(&payload).unwrap();
                    assert_eq!(deflate.inflate(&compressed).unwrap(), payload, "{look:?} {len}");
                }
            }
        }
    }
}
