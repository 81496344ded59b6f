//! What can be wrong with a header.

/// The longest line of version 1, its CR LF included; the specification's own limit.
pub(super) const MAX_LINE_BYTES: usize = 107;

/// How many bytes of addresses and TLVs may follow in version 2: more than twice what the largest
/// addresses take. A header is to fit into one segment of TCP, and 536 bytes fit into each.
pub(super) const MAX_VARIABLE_BYTES: usize = 536;

/// Why the beginning of a connection is no header of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyHeaderError {
    /// The connection begins with something else.
    Missing,
    /// Version 1: no end of line within [`MAX_LINE_BYTES`].
    LineTooLong,
    /// Version 1: a CR or LF that is no half of the end of the line.
    LineEnd,
    /// Version 1: neither `TCP4`, `TCP6` nor `UNKNOWN`.
    Protocol,
    /// Version 1: not two addresses and two ports with one space before each.
    Parts,
    /// Version 1: an address that is none of the family that is named.
    Address,
    /// Version 1: a port that is no number up to 65535 without leading zeros.
    Port,
    /// Version 2: another version behind its signature.
    Version(u8),
    /// Version 2: a command other than `LOCAL` and `PROXY`.
    Command(u8),
    /// Version 2: a family or protocol that is not assigned.
    Family(u8),
    /// Version 2: more bytes announced than are read.
    TooLong(u16),
    /// Version 2: fewer bytes announced than the addresses of the family take.
    AddressesCut(u16),
    /// Version 2: a TLV of this type that runs past the end.
    TlvCut(u8),
    /// Version 2: a TLV of this type with a length that the type does not allow.
    TlvLength(u8),
    /// Version 2: a second TLV of this type, which may stand once.
    TlvRepeated(u8),
    /// Version 2: the checksum is another than that of the bytes that came.
    Checksum,
}

impl std::fmt::Display for ProxyHeaderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use ProxyHeaderError as E;
        match self {
            E::Missing => return f.write_str("the connection does not begin with a PROXY header"),
            _ => f.write_str("the PROXY header is malformed: ")?,
        }
        match self {
            E::Missing => Ok(()),
            E::LineTooLong => write!(f, "its line does not end within {MAX_LINE_BYTES} bytes"),
            E::LineEnd => f.write_str("its line holds a CR or LF that does not end it"),
            E::Protocol => f.write_str("the protocol is none of TCP4, TCP6 and UNKNOWN"),
            E::Parts => f.write_str("expected two addresses and two ports, one space before each"),
            E::Address => f.write_str("an address is not one of the protocol named"),
            E::Port => f.write_str("a port is not a plain number up to 65535"),
            E::Version(version) => write!(f, "version 2 was expected, {version} came"),
            E::Command(command) => write!(f, "the command {command} is not assigned"),
            E::Family(family) => write!(f, "the family and protocol {family:#04x} are unassigned"),
            E::TooLong(length) => {
                write!(f, "it announces {length} bytes, and the limit is {MAX_VARIABLE_BYTES}")
            }
            E::AddressesCut(length) => {
                write!(f, "it announces {length} bytes, too few for the addresses of its family")
            }
            E::TlvCut(kind) => write!(f, "the TLV {kind:#04x} runs past the end"),
            E::TlvLength(kind) => write!(f, "the TLV {kind:#04x} has an impossible length"),
            E::TlvRepeated(kind) => write!(f, "the TLV {kind:#04x} stands more than once"),
            E::Checksum => f.write_str("the checksum does not match"),
        }
    }
}

impl std::error::Error for ProxyHeaderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_and_what_was_expected() {
        let said = |error: ProxyHeaderError| error.to_string();
        assert_eq!(
            said(ProxyHeaderError::Missing),
            "the connection does not begin with a PROXY header"
        );
        assert_eq!(
            said(ProxyHeaderError::TooLong(9000)),
            "the PROXY header is malformed: it announces 9000 bytes, and the limit is 536"
        );
        assert_eq!(
            said(ProxyHeaderError::TlvCut(0x20)),
            "the PROXY header is malformed: the TLV 0x20 runs past the end"
        );
    }
}
