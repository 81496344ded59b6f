//! The interface of a version of the protocol: [`Draft`].

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::codec_box::CodecBox;
use crate::draft_id::DraftId;
use crate::extension::{ExtensionOffer, Traffic, Transform};
use crate::head::{RequestHead, ResponseHead};
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::role::Role;

/// One version of the WebSocket protocol: its opening handshake, and a [`Codec`](crate::Codec) for
/// its frames.
///
/// A draft is stateless and is a `static`; the state of one connection is in the codec. An opening
/// handshake calls it in this order:
///
/// 1. [`detect`](Draft::detect), unless the [version](Draft::version) decides;
/// 2. [`offer`](Draft::offer): all of the request is checked, and what the client offers is read;
/// 3. [`respond`](Draft::respond), once the server has decided what it grants;
/// 4. the response head is written;
/// 5. [`finish`](Draft::finish), for what comes after the heads;
/// 6. [`codec`](Draft::codec), or [`extended_codec`](Draft::extended_codec) where one of the
///    client's [`extensions`](Draft::extensions) was granted.
///
/// Steps 1 to 3 do no I/O, so that they also work where an HTTP server writes the head.
#[async_trait]
pub trait Draft: Debug + Send + Sync + 'static {
    /// The name of the draft.
    fn id(&self) -> DraftId;

    /// The value of `Sec-WebSocket-Version` that selects this draft, if it uses that field.
    fn version(&self) -> Option<u8> {
        None
    }

    /// Whether a WebSocket request without `Sec-WebSocket-Version` is of this draft. Not called for
    /// a draft that has a [version](Draft::version).
    fn detect(&self, head: &RequestHead) -> Detection {
        let _ = head;
        Detection::No
    }

    /// Checks the request against this draft and reads what the client offers.
    ///
    /// # Errors
    /// A [`Rejection`] that says what was wrong; it is sent instead of the 101.
    fn offer<'h>(&self, head: &'h RequestHead) -> Result<Offer<'h>, Rejection>;

    /// The extensions that a request offers, in the client's order of preference.
    /// [`offer`](Draft::offer) has accepted the request. A draft with extensions overrides this
    /// together with [`extended_codec`](Draft::extended_codec), and puts the one that is
    /// [granted](Grant::extension) into its response.
    fn extensions<'h>(&self, head: &'h RequestHead) -> Vec<ExtensionOffer<'h>> {
        let _ = head;
        Vec::new()
    }

    /// The head that opens the connection, status 101, for a request that
    /// [`offer`](Draft::offer) has accepted.
    ///
    /// # Errors
    /// A [`Rejection`] when the request cannot be answered.
    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection>;

    /// Completes the opening handshake after the heads; hixie-76 exchanges its challenge here.
    ///
    /// `io` begins with the byte after the request head. It sends the response head at the latest
    /// before it waits for the network. Do not read beyond the end of the handshake.
    ///
    /// # Errors
    /// [`HandshakeError`]; the connection is closed then.
    ///
    /// # Cancel safety
    /// Not cancel-safe: when the opening deadline passes, the connection is dropped with it.
    async fn finish(&self, head: &RequestHead, io: &mut dyn Io) -> Result<(), HandshakeError> {
        let _ = (head, io);
        Ok(())
    }

    /// Whether clients of this draft need the response head byte for byte, with the order and case
    /// of the fields of [`respond`](Draft::respond). Such a draft is not served where an HTTP
    /// server writes the head.
    fn needs_exact_head(&self) -> bool {
        false
    }

    /// A new codec for one connection.
    fn codec(&self, role: Role, limits: &Limits) -> CodecBox;

    /// A new codec for one connection on which an extension was granted. It counts the payload of
    /// its messages in `traffic`.
    fn extended_codec(
        &self,
        role: Role,
        limits: &Limits,
        transform: Box<dyn Transform>,
        traffic: Arc<Traffic>,
    ) -> CodecBox {
        let _ = (transform, traffic);
        self.codec(role, limits)
    }
}

/// Whether a request is of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detection {
    /// It is of another draft.
    No,
    /// It is of this draft.
    Yes,
    /// It is meant for this draft, and malformed; no other draft is tried.
    Malformed(Rejection),
}

/// What a client offers in its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer<'h> {
    /// The origin of the page that connects; absent for clients that are not browsers.
    pub origin: Option<&'h str>,
    /// The subprotocols that the client supports, in its order of preference. The server selects
    /// one of them, byte for byte, or none.
    pub subprotocols: Vec<&'h str>,
}

impl<'h> Offer<'h> {
    /// An offer without subprotocols. The server checks the origin: a client without one counts as
    /// no browser.
    pub const fn new(origin: Option<&'h str>) -> Offer<'h> {
        Offer { origin, subprotocols: Vec::new() }
    }

    /// This offer, with other [`subprotocols`](Offer::subprotocols).
    #[must_use]
    pub fn with_subprotocols(self, names: Vec<&'h str>) -> Offer<'h> {
        Offer { subprotocols: names, ..self }
    }
}

/// What the server grants; by default nothing, over a plain connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant<'g> {
    /// The subprotocol that was selected from the [`Offer`].
    pub subprotocol: Option<&'g str>,
    /// The extension that is used, as an element of the response; it is one of the client's
    /// [offers](Draft::extensions).
    pub extension: Option<&'g str>,
    /// Whether the client reached this server over TLS: the oldest drafts respond with the URL of
    /// the server.
    pub transport: Transport,
}

impl<'g> Grant<'g> {
    /// This grant, with another [`subprotocol`](Grant::subprotocol).
    #[must_use]
    pub const fn with_subprotocol(self, name: Option<&'g str>) -> Grant<'g> {
        Grant { subprotocol: name, ..self }
    }

    /// This grant, with another [`extension`](Grant::extension).
    #[must_use]
    pub const fn with_extension(self, element: Option<&'g str>) -> Grant<'g> {
        Grant { extension: element, ..self }
    }

    /// This grant, with another [`transport`](Grant::transport).
    #[must_use]
    pub const fn with_transport(self, transport: Transport) -> Grant<'g> {
        Grant { transport, ..self }
    }
}

/// How the client reached the server. Exhaustive: it decides between `ws:` and `wss:`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain: `ws:` and `http:`.
    #[default]
    Plain,
    /// TLS: `wss:` and `https:`.
    Tls,
}

/// The byte stream that [`Draft::finish`] works on.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Why an opening handshake failed after the response head was decided.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The connection ended or broke.
    Io(io::Error),
    /// The bytes after the head are invalid.
    Refused(&'static str),
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HandshakeError::Io(error) => {
                write!(f, "the connection ended during the opening handshake: {error}")
            }
            HandshakeError::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HandshakeError::Io(error) => Some(error),
            HandshakeError::Refused(_) => None,
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        HandshakeError::Io(error)
    }
}
