//! A request that was accepted, before it is answered.

use std::future::Future;

use ws_core::Rejection;
use ws_core::head::Fields;

use super::callbacks::{MessageCallback, StreamCallback};
use super::fields::{check_fields, invalid};
use super::request::OpeningRequest;
use crate::byte_stream::ByteStream;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::session::Start;
use crate::websocket::WebSocket;

/// An [`OpeningRequest`] that was accepted, and what runs on the connection.
#[must_use = "a request is answered when this is returned"]
pub struct Accept {
    pub(crate) request: OpeningRequest,
    pub(crate) subprotocol: Option<String>,
    /// To be added to the response.
    pub(crate) fields: Fields,
    pub(crate) start: Box<dyn Start>,
}

impl std::fmt::Debug for Accept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accept")
            .field("request", &self.request)
            .field("subprotocol", &self.subprotocol)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Accept {
    pub(crate) fn new(request: OpeningRequest, start: Box<dyn Start>) -> Accept {
        Accept { request, subprotocol: None, fields: Fields::new(), start }
    }

    /// Selects a subprotocol, which must be one of those that the client
    /// [offers](OpeningRequest::offered_subprotocols). Otherwise the request is answered with 500,
    /// and the log says why. By default [`Builder::subprotocols`](crate::Builder::subprotocols)
    /// decides.
    pub fn with_subprotocol(mut self, name: impl Into<String>) -> Accept {
        self.subprotocol = Some(name.into());
        self
    }

    /// Adds a field to the response, such as `Set-Cookie`. The name and the value must be valid in
    /// HTTP (RFC 9110 §5), and the field none that the handshake itself sets: `Connection`,
    /// `Upgrade`, `Content-Length`, `Sec-WebSocket-…` and the like. Otherwise the request is
    /// answered with 500, and the log says why.
    pub fn with_field(mut self, name: &str, value: impl AsRef<[u8]>) -> Accept {
        self.fields.push(name, value);
        self
    }

    /// Checks what was added.
    ///
    /// # Errors
    /// A rejection with status 500.
    pub(super) fn check(self) -> Result<Accept, Rejection> {
        check_fields(&self.fields)?;
        match &self.subprotocol {
            Some(name) if !self.request.offered.contains(name) => Err(invalid(&format!(
                "the subprotocol {name:?} was selected, and the client does not offer it"
            ))),
            _ => Ok(self),
        }
    }
}

impl OpeningRequest {
    /// Accepts the request. `callback` is called with the connection once it is open. When it has
    /// dropped the socket, the connection is closed with status 1000, or 1011 if the callback has
    /// panicked or ended with an error (RFC 6455 §7.4.1).
    pub fn accept<C, F>(self, callback: C) -> Accept
    where
        C: FnOnce(WebSocket, Peer) -> F + Send + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        Accept::new(self, Box::new(MessageCallback::new(callback)))
    }

    /// As [`accept`](OpeningRequest::accept), with a stream of bytes.
    pub fn accept_stream<C, F>(self, callback: C) -> Accept
    where
        C: FnOnce(ByteStream, Peer) -> F + Send + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        Accept::new(self, Box::new(StreamCallback::new(callback)))
    }
}
