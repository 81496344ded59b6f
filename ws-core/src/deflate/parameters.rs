//! The parameters of permessage-deflate (RFC 7692 §7.1).

use std::fmt;

use crate::extension::Parameter;

pub(super) const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// The parameters of one element of an offer or a response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_window_bits: Option<u8>,
    /// The inner `None` is the parameter without a value, which only an offer may have.
    pub(super) client_window_bits: Option<Option<u8>>,
}

impl Parameters {
    /// `None` when a parameter is unknown, repeated, or has a value that it must not have.
    pub(super) fn read(parameters: &[Parameter<'_>]) -> Option<Parameters> {
        let mut read = Parameters::default();
        for Parameter { name, value } in parameters {
            let value = value.as_deref();
            match *name {
                "server_no_context_takeover" => set(&mut read.server_no_context_takeover, value)?,
                "client_no_context_takeover" => set(&mut read.client_no_context_takeover, value)?,
                "server_max_window_bits" if read.server_window_bits.is_none() => {
                    read.server_window_bits = Some(window_bits(value?)?);
                }
                "client_max_window_bits" if read.client_window_bits.is_none() => {
                    read.client_window_bits = Some(match value {
                        Some(value) => Some(window_bits(value)?),
                        None => None,
                    });
                }
                _ => return None,
            }
        }
        Some(read)
    }
}

/// Sets a flag. `None` when it has a value or is set already.
pub(super) fn set(flag: &mut bool, value: Option<&str>) -> Option<()> {
    (value.is_none() && !std::mem::replace(flag, true)).then_some(())
}

/// Reads a window size (RFC 7692 §7.1.2): decimal, without a leading zero, from 8 to 15.
pub(super) fn window_bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    value.starts_with(|first: char| first.is_ascii_digit() && first != '0').then_some(bits)
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PERMESSAGE_DEFLATE)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_window_bits {
            Some(Some(bits)) => write!(f, "; client_max_window_bits={bits}"),
            Some(None) => f.write_str("; client_max_window_bits"),
            None => Ok(()),
        }
    }
}
