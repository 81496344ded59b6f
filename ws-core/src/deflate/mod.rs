//! Compression of messages with DEFLATE: permessage-deflate (RFC 7692), and the older
//! `x-webkit-deflate-frame` of Safari and iOS up to 14 (feature `deflate`).
//!
//! ```
//! use ws_core::deflate::{Context, Deflate};
//!
//! let everything = Deflate::new();
//! let frugal = Deflate::new().level(3).server_context(Context::PerMessage).memory(16 << 20);
//! ```
//!
//! # Memory of a connection
//!
//! A compressor uses about 300 KB, a decompressor about 40 KB. Connections own neither: each worker
//! thread keeps a few compressors, and a connection borrows a decompressor while a message arrives.
//! Between two messages a connection keeps the context that the next one may refer to: at most the
//! size of the window, and not more than was sent. Without context takeover it keeps nothing.

mod budget;
mod deflater;
mod history;
mod inflater;
mod parameters;
mod transform;
mod webkit;
mod window;
mod worker;

use budget::{Budget, Reservation};
use deflater::Deflater;
use inflater::Inflater;
use parameters::{PERMESSAGE_DEFLATE, Parameters};
use transform::{DeflateTransform, Unit};
use webkit::WebkitParameters;
pub use window::Context;
use window::Window;

use crate::extension::{Accepted, Extension, ExtensionOffer, Transform};

/// How messages are compressed; a server or client uses it for all its connections. Needs the
/// feature `deflate`.
#[derive(Debug, Clone)]
pub struct Deflate {
    /// From 1 to 9.
    level: u8,
    /// The shortest message that is compressed, in bytes.
    min_size: usize,
    server: Window,
    client: Window,
    budget: Budget,
}

impl Default for Deflate {
    fn default() -> Deflate {
        let window = Window { bits: 12, context: Context::TakeOver };
        Deflate {
            level: 4,
            min_size: 128,
            server: window,
            client: window,
            budget: Budget::new(128 << 20),
        }
    }
}

impl Deflate {
    /// Compression with the defaults, which each setting documents.
    pub fn new() -> Deflate {
        Deflate::default()
    }

    /// The compression level, from 1 (fastest) to 9 (smallest); the default is 4. A value outside
    /// the range is replaced by the nearest one.
    #[must_use]
    pub fn level(mut self, level: u8) -> Deflate {
        self.level = level.clamp(1, 9);
        self
    }

    /// Messages of fewer bytes are sent uncompressed; the default is 128. So is each message that
    /// would not become shorter.
    #[must_use]
    pub fn min_size(mut self, bytes: usize) -> Deflate {
        self.min_size = bytes;
        self
    }

    /// The LZ77 window of the server's messages (`server_max_window_bits`, RFC 7692 §7.1.2.1), as a
    /// power of two from 8 to 15; the default is 12, which is 4 KiB. A value outside the range is
    /// replaced by the nearest one. Each further bit doubles the memory, and costs time where many
    /// connections share a compressor.
    #[must_use]
    pub fn server_window_bits(mut self, bits: u8) -> Deflate {
        self.server.bits = bits.clamp(8, 15);
        self
    }

    /// The LZ77 window of the client's messages (`client_max_window_bits`, RFC 7692 §7.1.2.2), as a
    /// power of two from 8 to 15; the default is 12. A value outside the range is replaced by the
    /// nearest one. Clients that do not support the parameter use 15, which is 32 KiB.
    #[must_use]
    pub fn client_window_bits(mut self, bits: u8) -> Deflate {
        self.client.bits = bits.clamp(8, 15);
        self
    }

    /// Whether the server's messages refer to earlier ones (context takeover, RFC 7692 §7.1.1); by
    /// default they do, unless the client asks for the contrary.
    #[must_use]
    pub fn server_context(mut self, context: Context) -> Deflate {
        self.server.context = context;
        self
    }

    /// Whether the client's messages may refer to earlier ones (context takeover,
    /// RFC 7692 §7.1.1); by default they may.
    #[must_use]
    pub fn client_context(mut self, context: Context) -> Deflate {
        self.client.context = context;
        self
    }

    /// How much memory the contexts of all connections may use together, in bytes; the default is
    /// 128 MiB. A connection whose contexts would exceed the limit gets no context takeover in
    /// either direction. The decompressors of messages that arrive slowly count too: while the
    /// limit is exceeded, new connections are not compressed.
    ///
    /// A clone shares the limit and what is reserved of it, until this is called on either.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Deflate {
        self.budget = Budget::new(bytes);
        self
    }

    // ===== The client's side =====

    /// The value of `Sec-WebSocket-Extensions` that a client sends. It has a second offer for
    /// servers that cannot limit their window.
    pub fn offer(&self) -> String {
        let offered = |server_window_bits| {
            Parameters {
                server_no_context_takeover: self.server.context == Context::PerMessage,
                client_no_context_takeover: self.client.context == Context::PerMessage,
                server_window_bits,
                client_window_bits: Some(None),
            }
            .to_string()
        };
        match self.server.bits {
            15 => offered(None),
            bits => format!("{}, {}", offered(Some(bits)), offered(None)),
        }
    }

    /// Makes the transform for an element of the server's response. `None` when it does not match
    /// the [offer](Deflate::offer), and the client must fail the connection (RFC 7692 §7.1).
    pub fn confirm(&self, response: &ExtensionOffer<'_>) -> Option<Box<dyn Transform>> {
        if response.name != PERMESSAGE_DEFLATE {
            return None;
        }
        let agreed = Parameters::read(&response.parameters)?;
        let asked = self.server.context == Context::PerMessage;
        if asked && !agreed.server_no_context_takeover || agreed.client_window_bits == Some(None) {
            return None;
        }
        let client_bits = agreed.client_window_bits.flatten().unwrap_or(15);
        let outgoing = Window {
            bits: client_bits.min(self.client.bits),
            context: self.client.context.unless(agreed.client_no_context_takeover),
        };
        let incoming = Window {
            bits: agreed.server_window_bits.unwrap_or(15),
            context: Context::TakeOver.unless(agreed.server_no_context_takeover),
        };
        // The server has decided: the memory is reserved even over the limit.
        let reserved = self.budget.charge(outgoing.memory() + incoming.memory());
        Some(self.transform(Unit::Message, outgoing, incoming, reserved))
    }

    // ===== The server's side =====

    fn accept_permessage(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted> {
        let offered = Parameters::read(&offer.parameters)?;
        let server = Window {
            bits: offered.server_window_bits.map_or(self.server.bits, |n| n.min(self.server.bits)),
            context: self.server.context.unless(offered.server_no_context_takeover),
        };
        let client_bits = offered.client_window_bits.map(|n| n.unwrap_or(15).min(self.client.bits));
        let client = Window {
            bits: client_bits.unwrap_or(15),
            context: self.client.context.unless(offered.client_no_context_takeover),
        };
        let (server, client, reserved) = self.within_memory(server, client)?;
        let response = Parameters {
            server_no_context_takeover: server.context == Context::PerMessage,
            client_no_context_takeover: client.context == Context::PerMessage,
            // RFC 7692 §7.1.2.1 allows it unasked, too, but Firefox would fail the connection.
            server_window_bits: offered.server_window_bits.map(|_| server.bits),
            client_window_bits: client_bits.map(Some),
        };
        let transform = self.transform(Unit::Message, server, client, reserved);
        Some(Accepted::new(response.to_string(), transform))
    }

    fn accept_webkit(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted> {
        let offered = WebkitParameters::read(&offer.parameters)?;
        let server = Window {
            bits: offered.max_window_bits.map_or(self.server.bits, |n| n.min(self.server.bits)),
            context: self.server.context.unless(offered.no_context_takeover),
        };
        let client = Window { bits: 15, context: self.client.context };
        let (server, client, reserved) = self.within_memory(server, client)?;
        // The parameters of the response limit the client; no others are defined.
        let mut response = offer.name.to_owned();
        if client.context == Context::PerMessage {
            response.push_str("; no_context_takeover");
        }
        let transform = self.transform(Unit::Frame, server, client, reserved);
        Some(Accepted::new(response, transform))
    }

    /// Reserves memory for the contexts. Where it would exceed the limit, both sides have none;
    /// `None` where the limit is exceeded already.
    fn within_memory(
        &self,
        server: Window,
        client: Window,
    ) -> Option<(Window, Window, Reservation)> {
        if let Some(reserved) = self.budget.reserve(server.memory() + client.memory()) {
            return Some((server, client, reserved));
        }
        let forgetful = |window| Window { context: Context::PerMessage, ..window };
        let reserved = self.budget.reserve(0)?;
        Some((forgetful(server), forgetful(client), reserved))
    }

    // ===== Both sides =====

    fn transform(
        &self,
        unit: Unit,
        outgoing: Window,
        incoming: Window,
        reserved: Reservation,
    ) -> Box<dyn Transform> {
        let outgoing = Deflater::new(self.level, self.min_size, outgoing);
        let incoming = Inflater::new(incoming, self.budget.clone());
        Box::new(DeflateTransform::new(unit, outgoing, incoming, reserved))
    }
}

impl Extension for Deflate {
    fn accept(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted> {
        match offer.name {
            PERMESSAGE_DEFLATE => self.accept_permessage(offer),
            webkit::DEFLATE_FRAME | webkit::X_WEBKIT_DEFLATE_FRAME => self.accept_webkit(offer),
            _ => None,
        }
    }
}
