//! The beginning of a connection: PROXY header, TLS, and which protocol the client speaks.

use super::outcome::OpeningError;
use super::read_until::read_until;
use super::received::Received;
use super::secure::secure;
use super::trusted_proxy::read_proxy_header;
use crate::config::Config;
use crate::peer::Source;
use crate::prefix::PrefixMatch;
use crate::socket::Socket;

/// What a client speaks, as its first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// HTTP/1, or anything else: reading it as HTTP/1 fails, and the refusal says why.
    Http1,
    /// HTTP/2, with prior knowledge.
    Http2,
    /// TLS: a record of its handshake.
    Tls,
}

/// The connection preface of HTTP/2 (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first byte of a TLS handshake: the record type `handshake` (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Reads the PROXY header where one is due, and detects what the client speaks. Terminates TLS, and
/// detects what is spoken within.
pub(super) async fn begin(
    mut socket: Socket,
    received: &mut Received,
    source: &mut Source,
    config: &Config,
) -> Result<(Socket, Spoken), OpeningError> {
    read_proxy_header(&mut socket, received, source, config).await?;
    let mut spoken = recognise(&mut socket, received).await?;
    if spoken == Spoken::Tls {
        // Boxed: the future is large, and would enlarge that of connections without TLS.
        let secured = Box::pin(secure(socket, received, source, config));
        socket = secured.await.map_err(OpeningError::Tls)?;
        spoken = recognise(&mut socket, received).await?;
    }
    Ok((socket, spoken))
}

/// Reads until the protocol is known; the bytes stay in `received`.
async fn recognise(socket: &mut Socket, received: &mut Received) -> Result<Spoken, OpeningError> {
    read_until(socket, received, |received| Ok(Spoken::of(received.unread()))).await
}

impl Spoken {
    /// `None` while more bytes are needed. `bytes` holds at least one.
    fn of(bytes: &[u8]) -> Option<Spoken> {
        if bytes[0] == TLS_HANDSHAKE {
            return Some(Spoken::Tls);
        }
        match PrefixMatch::of(bytes, HTTP2_PREFACE) {
            PrefixMatch::Whole => Some(Spoken::Http2),
            PrefixMatch::Partial => None,
            PrefixMatch::Mismatch => Some(Spoken::Http1),
        }
    }
}
