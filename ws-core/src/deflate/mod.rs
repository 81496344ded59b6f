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
//! # What a connection holds
//!
//! A compressor takes some 300 KB and a decompressor 40. Connections own neither: a worker thread
//! keeps a few compressors, and a connection takes a decompressor while one of its messages is on
//! the way. What a connection keeps between two messages is the text that the next one may refer
//! to, up to the size of the window and as far as there is any; without context takeover nothing.

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

/// How messages are compressed; a server or client uses it for all its connections.
#[derive(Debug, Clone)]
pub struct Deflate {
    level: u8,
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
    /// Compression with the defaults that each setting states.
    pub fn new() -> Deflate {
        Deflate::default()
    }

    /// How hard to try, from 1, fast, to 9, small; 4. What lies beyond counts as the nearest.
    #[must_use]
    pub fn level(mut self, level: u8) -> Deflate {
        self.level = level.clamp(1, 9);
        self
    }

    /// Messages of fewer bytes are sent as they are; 128. So is each message that would not
    /// become shorter.
    #[must_use]
    pub fn min_size(mut self, bytes: usize) -> Deflate {
        self.min_size = bytes;
        self
    }

    /// How far the server's messages may refer back, as a power of two from 8 to 15; 12, which is
    /// 4 KiB. What lies beyond counts as the nearest. Each bit more costs memory, and time where
    /// many connections take turns.
    #[must_use]
    pub fn server_window_bits(mut self, bits: u8) -> Deflate {
        self.server.bits = bits.clamp(8, 15);
        self
    }

    /// How far the client's messages may refer back; 12. Clients that do not let themselves be
    /// told have 15, which is 32 KiB.
    #[must_use]
    pub fn client_window_bits(mut self, bits: u8) -> Deflate {
        self.client.bits = bits.clamp(8, 15);
        self
    }

    /// Whether the server's messages refer to earlier ones; they do, unless the client asks for
    /// the contrary.
    #[must_use]
    pub fn server_context(mut self, context: Context) -> Deflate {
        self.server.context = context;
        self
    }

    /// Whether the client's messages may refer to earlier ones; they may.
    #[must_use]
    pub fn client_context(mut self, context: Context) -> Deflate {
        self.client.context = context;
        self
    }

    /// What the contexts of all connections may take together, in bytes; 128 MiB. A connection
    /// for whose context there is no room has none in either direction. What the unfinished
    /// messages of slow clients hold counts too: while there is more of that than fits, new
    /// connections are not compressed.
    ///
    /// A clone has the same memory, until it is given its own.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Deflate {
        self.budget = Budget::new(bytes);
        self
    }

    // ===== The client's side =====

    /// What a client puts into `Sec-WebSocket-Extensions`. Servers that cannot limit their window
    /// take the second offer.
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

    /// What a client does with an element of the server's response. `None` when it does not fit
    /// the [offer](Deflate::offer), and the client must fail the connection.
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
        // The server decides; what it decides has to be borne.
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
            // Unasked, it would be allowed, and Firefox would close.
            server_window_bits: offered.server_window_bits.map(|_| server.bits),
            client_window_bits: client_bits.map(Some),
        };
        let transform = self.transform(Unit::Message, server, client, reserved);
        Some(Accepted { response: response.to_string(), transform })
    }

    fn accept_webkit(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted> {
        let offered = WebkitParameters::read(&offer.parameters)?;
        let server = Window {
            bits: offered.max_window_bits.map_or(self.server.bits, |n| n.min(self.server.bits)),
            context: self.server.context.unless(offered.no_context_takeover),
        };
        let client = Window { bits: 15, context: self.client.context };
        let (server, client, reserved) = self.within_memory(server, client)?;
        // What is asked of the client. It knows these parameters and no others.
        let mut response = offer.name.to_owned();
        if client.context == Context::PerMessage {
            response.push_str("; no_context_takeover");
        }
        let transform = self.transform(Unit::Frame, server, client, reserved);
        Some(Accepted { response, transform })
    }

    /// Reserves memory for the contexts, or does without them.
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
