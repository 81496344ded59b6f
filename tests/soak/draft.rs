//! The versions of the protocol: their opening requests, and the answers to their violations.

use ws_tests::requests;

use crate::deflate::Deflate;
use crate::random::Random;
use crate::wire::{Hybi, Wire};

/// The version of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    Rfc6455,
    Rfc6455Deflate,
    Hybi08,
    Hybi07,
    Hixie76,
}

/// A protocol violation of a HyBi client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Garbage,
    Oversize,
    BadText,
    Unmasked,
}

/// The response field for the key of [`requests`].
const ACCEPT: &str = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

const OFFERS: [&str; 4] = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10",
];

impl Draft {
    pub(crate) fn any(random: &mut Random) -> Draft {
        random.pick(&[
            Draft::Rfc6455,
            Draft::Rfc6455,
            Draft::Rfc6455Deflate,
            Draft::Hybi08,
            Draft::Hybi07,
            Draft::Hixie76,
        ])
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Draft::Rfc6455 => "rfc6455",
            Draft::Rfc6455Deflate => "rfc6455, deflate",
            Draft::Hybi08 => "hybi08",
            Draft::Hybi07 => "hybi07",
            Draft::Hixie76 => "hixie76",
        }
    }

    /// The head of the request.
    pub(crate) fn request(self, random: &mut Random) -> Vec<u8> {
        match self {
            Draft::Rfc6455 => requests::RFC6455.to_vec(),
            Draft::Rfc6455Deflate => {
                let offer = format!("Sec-WebSocket-Extensions: {}", random.pick(&OFFERS));
                requests::with_field(requests::RFC6455, &offer)
            }
            Draft::Hybi08 => requests::HYBI08.to_vec(),
            Draft::Hybi07 => requests::HYBI07.to_vec(),
            Draft::Hixie76 => requests::HIXIE76.to_vec(),
        }
    }

    /// The bytes after the request head, and those expected after the response head.
    pub(crate) fn challenge(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Draft::Hixie76 => (requests::HIXIE76_KEY3, requests::HIXIE76_ANSWER),
            _ => (b"", b""),
        }
    }

    /// The framing after this response head.
    pub(crate) fn wire(self, head: &str) -> Result<Wire, String> {
        if !head.starts_with("HTTP/1.1 101 ") {
            return Err(format!("not opened: {head:?}"));
        }
        match self {
            Draft::Hixie76 => return Ok(Wire::Hixie),
            _ if !head.contains(ACCEPT) => return Err(format!("a wrong answer: {head:?}")),
            _ => {}
        }
        let agreed = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: permessage-deflate"));
        match (self, agreed) {
            (Draft::Rfc6455Deflate, Some(parameters)) => {
                Ok(Wire::Hybi(Hybi::new(Some(Box::new(Deflate::agreed(parameters))))))
            }
            (Draft::Rfc6455Deflate, None) => Err(format!("no compression: {head:?}")),
            (_, Some(_)) => Err(format!("compression that was not offered: {head:?}")),
            (_, None) => Ok(Wire::Hybi(Hybi::new(None))),
        }
    }

    /// Whether a pong, which is never answered, may follow the request.
    pub(crate) fn can_be_eager(self) -> bool {
        !self.is_hixie()
    }

    pub(crate) fn is_hixie(self) -> bool {
        self == Draft::Hixie76
    }

    /// The status code of the Close that answers a fault; hixie-76 has none.
    pub(crate) fn status(self, fault: Fault) -> Option<u16> {
        match (self, fault) {
            (Draft::Hixie76, _) => None,
            (Draft::Hybi07 | Draft::Hybi08, Fault::Oversize) => Some(1004),
            (_, Fault::Oversize) => Some(1009),
            (Draft::Hybi07, Fault::BadText) => Some(1002),
            (_, Fault::BadText) => Some(1007),
            _ => Some(1002),
        }
    }

    /// The faults that this draft can express.
    pub(crate) fn faults(self) -> &'static [Fault] {
        match self {
            Draft::Hixie76 => &[Fault::Garbage, Fault::Oversize],
            _ => &[Fault::Garbage, Fault::Oversize, Fault::BadText, Fault::Unmasked],
        }
    }
}
