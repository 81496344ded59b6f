//! The drafts, which a byte selects, and their opening requests.

use ws_core::{Draft, Role};

/// A draft and its opening request.
#[derive(Clone, Copy)]
pub(crate) struct Spoken {
    pub(crate) draft: &'static dyn Draft,
    version: Option<u8>,
}

const KEYS_OF_HIXIE76: &str = "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";

impl Spoken {
    /// The draft that a byte selects.
    pub(crate) fn pick(byte: u8) -> Spoken {
        match byte & 3 {
            0 => Spoken { draft: &ws_rfc6455::RFC6455, version: Some(13) },
            1 => Spoken { draft: &ws_hybi08::HYBI08, version: Some(8) },
            2 => Spoken { draft: &ws_hybi07::HYBI07, version: Some(7) },
            _ => Spoken { draft: &ws_hixie76::HIXIE76, version: None },
        }
    }

    /// Whether frames are those of HyBi.
    pub(crate) fn is_hybi(self) -> bool {
        self.version.is_some()
    }

    /// A request with these additional field lines, and all bytes before the first frame.
    pub(crate) fn request(self, fields: &str) -> Vec<u8> {
        let mut request = "GET /fuzz HTTP/1.1\r\nHost: example.com\r\nUpgrade: WebSocket\r\n\
            Connection: Upgrade\r\nOrigin: http://example.com\r\n"
            .to_owned();
        match self.version {
            Some(version) => {
                request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
                request += &format!("Sec-WebSocket-Version: {version}\r\n");
            }
            None => request += KEYS_OF_HIXIE76,
        }
        request += fields;
        request += "\r\n";
        if self.version.is_none() {
            request += "^n:ds[4U";
        }
        request.into_bytes()
    }
}

/// The end of a connection that a byte selects.
pub(crate) fn role(byte: u8) -> Role {
    if byte & 4 == 0 { Role::Server } else { Role::Client }
}

/// Appends a client's frame, masked with a key that is not zero.
pub(crate) fn put_masked(first: u8, payload: &[u8], wire: &mut Vec<u8>) {
    wire.push(first);
    match payload.len() {
        len @ 0..126 => wire.push(0x80 | len as u8),
        len => {
            wire.push(0x80 | 126);
            wire.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    let key = [1, 2, 4, 8];
    wire.extend_from_slice(&key);
    wire.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}
