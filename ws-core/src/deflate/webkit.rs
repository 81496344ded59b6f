//! The parameters of `x-webkit-deflate-frame` (draft-tyoshino-hybi-websocket-perframe-deflate).
//!
//! The client's parameters limit the server's frames, and the server's parameters the client's.

use super::parameters::{set, window_bits};
use crate::extension::Parameter;

pub(super) const X_WEBKIT_DEFLATE_FRAME: &str = "x-webkit-deflate-frame";
pub(super) const DEFLATE_FRAME: &str = "deflate-frame";

#[derive(Debug, Default)]
pub(super) struct WebkitParameters {
    pub(super) max_window_bits: Option<u8>,
    pub(super) no_context_takeover: bool,
}

impl WebkitParameters {
    /// `None` when a parameter is unknown, repeated, or has a value that it must not have.
    pub(super) fn read(parameters: &[Parameter<'_>]) -> Option<WebkitParameters> {
        let mut read = WebkitParameters::default();
        for Parameter { name, value } in parameters {
            let value = value.as_deref();
            match *name {
                "max_window_bits" if read.max_window_bits.is_none() => {
                    read.max_window_bits = Some(window_bits(value?)?);
                }
                "no_context_takeover" => set(&mut read.no_context_takeover, value)?,
                _ => return None,
            }
        }
        Some(read)
    }
}
