//! The errors of PROXY headers.

/// The longest line of version 1, including its CR LF: the limit of the specification.
pub(super) const MAX_LINE_BYTES: usize = 107;

/// How many bytes of addresses and TLVs may follow in version 2: more than twice what the largest
/// addresses take. The specification wants a header to fit into one TCP segment; 536 bytes is the
/// default maximum segment size of IPv4 (RFC 9293 §3.7.1).
pub(super) const MAX_VARIABLE_BYTES: usize = 536;

/// Why the beginning of a connection is not a valid header of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyHeaderError {
    /// The connection begins with something else.
    Missing,
    /// Version 1: no end of line within [`MAX_LINE_BYTES`].
    LineTooLong,
    /// Version 1: a CR or LF that is not part of the CR LF at the end of the line.
    LineEnd,
    /// Version 1: neither `TCP4`, `TCP6` nor `UNKNOWN`.
    Protocol,
    /// Version 1: not two addresses and two ports with one space before each.
    Parts,
    /// Version 1: an address that is not one of the named family.
    Address,
    /// Version 1: a port that is not a number up to 65535 without leading zeros.
    Port,
    /// Version 2: another version after the signature.
    Version(u8),
    /// Version 2: a command other than `LOCAL` and `PROXY`.
    Command(u8),
    /// Version 2: a family or protocol that is not assigned.
    Family(u8),
    /// Version 2: the announced length exceeds [`MAX_VARIABLE_BYTES`].
    TooLong(u16),
    /// Version 2: the announced length is too short for the addresses of the family.
    AddressesCut(u16),
    /// Version 2: a TLV of this type that runs past the end.
    TlvCut(u8),
    /// Version 2: a TLV of this type with a length that the type does not allow.
    TlvLength(u8),
    /// Version 2: a second TLV of this type, which may occur only once.
    TlvRepeated(u8),
    /// Version 2: the checksum does not match the received bytes.
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
            E::LineEnd => {
                f.write_str("its line contains a CR or LF that is not part of the CR LF at its end")
            }
            E::Protocol => f.write_str("expected the protocol TCP4, TCP6 or UNKNOWN"),
            E::Parts => f.write_str("expected two addresses and two ports, one space before each"),
            E::Address => f.write_str("an address is not valid for the protocol that is named"),
            E::Port => f.write_str("a port is not a number from 0 to 65535 without leading zeros"),
            E::Version(version) => write!(f, "expected version 2, found version {version}"),
            E::Command(command) => {
                write!(f, "expected the command 0 (LOCAL) or 1 (PROXY), found {command}")
            }
            E::Family(family) => {
                write!(f, "the address family and transport {family:#04x} are not assigned")
            }
            E::TooLong(length) => {
                write!(f, "it announces {length} bytes, and the limit is {MAX_VARIABLE_BYTES}")
            }
            E::AddressesCut(length) => {
                write!(f, "it announces {length} bytes, too few for the addresses of its family")
            }
            E::TlvCut(kind) => write!(f, "the TLV {kind:#04x} runs past the end"),
            E::TlvLength(kind) => {
                write!(f, "the TLV {kind:#04x} has a length that its type does not allow")
            }
            E::TlvRepeated(kind) => write!(f, "the TLV {kind:#04x} occurs more than once"),
            E::Checksum => f.write_str("its CRC-32C checksum does not match its bytes"),
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
