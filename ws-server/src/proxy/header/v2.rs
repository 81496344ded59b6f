//! Version 2 of the PROXY header: binary.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::content::ProxyHeader;
use super::error::{MAX_VARIABLE_BYTES, ProxyHeaderError};
use super::tlv;
use crate::prefix::PrefixMatch;

/// The length of the part that every header begins with.
pub(super) const FIXED_BYTES: usize = 16;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

const LOCAL: u8 = 0;
const PROXY: u8 = 1;

/// The length of two addresses and two ports of a family.
const INET_BYTES: usize = 12;
const INET6_BYTES: usize = 36;
/// The length of two paths, padded.
const UNIX_BYTES: usize = 216;

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(usize, ProxyHeader)>, ProxyHeaderError> {
    match PrefixMatch::of(bytes, SIGNATURE) {
        PrefixMatch::Partial => return Ok(None),
        PrefixMatch::Mismatch => return Err(ProxyHeaderError::Missing),
        PrefixMatch::Whole => {}
    }
    let Some((fixed, _)) = bytes.split_first_chunk::<FIXED_BYTES>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    let command = parse_command(command)?;
    let family = match command {
        // The family must be ignored for a connection of the proxy itself.
        Command::Local => Family::Unspecified,
        Command::Proxy => Family::parse(family)?,
    };
    let length = u16::from_be_bytes([high, low]);
    if usize::from(length) > MAX_VARIABLE_BYTES {
        return Err(ProxyHeaderError::TooLong(length));
    }
    if usize::from(length) < family.address_bytes() {
        return Err(ProxyHeaderError::AddressesCut(length));
    }
    let size = FIXED_BYTES + usize::from(length);
    let Some(header) = bytes.get(..size) else {
        return Ok(None);
    };
    parse_variable(family, header).map(|parsed| Some((size, parsed)))
}

enum Command {
    Local,
    Proxy,
}

fn parse_command(byte: u8) -> Result<Command, ProxyHeaderError> {
    match (byte >> 4, byte & 0x0f) {
        (2, LOCAL) => Ok(Command::Local),
        (2, PROXY) => Ok(Command::Proxy),
        (2, command) => Err(ProxyHeaderError::Command(command)),
        (version, _) => Err(ProxyHeaderError::Version(version)),
    }
}

#[derive(Clone, Copy)]
enum Family {
    Unspecified,
    Inet,
    Inet6,
    Unix,
}

impl Family {
    /// Streams and datagrams have the same addresses: a proxy may receive HTTP/3 and connect to the
    /// server over TCP.
    fn parse(byte: u8) -> Result<Family, ProxyHeaderError> {
        match (byte >> 4, byte & 0x0f) {
            (0, 0..=2) | (1..=3, 0) => Ok(Family::Unspecified),
            (1, 1 | 2) => Ok(Family::Inet),
            (2, 1 | 2) => Ok(Family::Inet6),
            (3, 1 | 2) => Ok(Family::Unix),
            _ => Err(ProxyHeaderError::Family(byte)),
        }
    }

    fn address_bytes(self) -> usize {
        match self {
            Family::Unspecified => 0,
            Family::Inet => INET_BYTES,
            Family::Inet6 => INET6_BYTES,
            Family::Unix => UNIX_BYTES,
        }
    }
}

/// Parses the addresses and TLVs of a complete header.
fn parse_variable(family: Family, header: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    if let Family::Unspecified = family {
        // The length of its addresses is not known, and so not where its TLVs begin.
        return Ok(ProxyHeader::default());
    }
    let tlvs = FIXED_BYTES + family.address_bytes();
    let addresses = &header[FIXED_BYTES..tlvs];
    let source = match family {
        Family::Inet => inet(addresses),
        Family::Inet6 => inet6(addresses),
        Family::Unspecified | Family::Unix => None,
    };
    let transport = tlv::read(header, tlvs)?;
    Ok(ProxyHeader { source, transport })
}

fn inet(addresses: &[u8]) -> Option<SocketAddr> {
    let source = addresses.first_chunk::<4>()?;
    let port = addresses.get(8..)?.first_chunk()?;
    Some((Ipv4Addr::from(*source), u16::from_be_bytes(*port)).into())
}

fn inet6(addresses: &[u8]) -> Option<SocketAddr> {
    let source = addresses.first_chunk::<16>()?;
    let port = addresses.get(32..)?.first_chunk()?;
    Some((Ipv6Addr::from(*source), u16::from_be_bytes(*port)).into())
}

#[cfg(test)]
pub(super) mod tests {
    use ws_core::Transport;

    use super::*;

    pub(in super::super) fn header(command: u8, family: u8, variable: &[u8]) -> Vec<u8> {
        let length = u16::try_from(variable.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, variable].concat()
    }

    const INET: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb];
    const SSL: [u8; 8] = [0x20, 0, 5, 1, 0, 0, 0, 0];

    fn found(command: u8, family: u8, variable: &[u8]) -> ProxyHeader {
        let header = header(command, family, variable);
        let (size, found) = parse(&header).unwrap().unwrap();
        assert_eq!(size, header.len());
        found
    }

    #[test]
    fn reads_ipv4_addresses_of_streams_and_datagrams() {
        for family in [0x11, 0x12] {
            let found = found(0x21, family, &INET);
            assert_eq!(found.source, Some("192.0.2.1:56324".parse().unwrap()));
            assert_eq!(found.transport, None);
        }
    }

    #[test]
    fn reads_ipv6_addresses_of_streams_and_datagrams() {
        let mut ends = [0; 36];
        ends[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        ends[15] = 1;
        ends[31] = 2;
        ends[32..].copy_from_slice(&[0x1f, 0x90, 0, 80]);
        for family in [0x21, 0x22] {
            assert_eq!(
                found(0x21, family, &ends).source,
                Some("[2001:db8::1]:8080".parse().unwrap())
            );
        }
    }

    #[test]
    fn a_unix_socket_has_no_address_and_may_have_had_tls() {
        let mut variable = vec![b'/'; UNIX_BYTES];
        assert_eq!(found(0x21, 0x31, &variable), ProxyHeader::default());
        variable.extend(SSL);
        let tls = ProxyHeader { source: None, transport: Some(Transport::Tls) };
        assert_eq!(found(0x21, 0x32, &variable), tls);
    }

    #[test]
    fn a_connection_of_the_proxy_itself_is_passed_over_whatever_it_says() {
        for (family, variable) in [(0x00, &b""[..]), (0x11, &INET), (0xff, &[1, 2, 3])] {
            assert_eq!(found(0x20, family, variable), ProxyHeader::default());
        }
    }

    #[test]
    fn an_unspecified_family_or_protocol_gives_no_address() {
        for family in [0x00, 0x01, 0x02, 0x10, 0x20, 0x30] {
            assert_eq!(found(0x21, family, &INET), ProxyHeader::default());
            assert_eq!(found(0x21, family, b""), ProxyHeader::default());
        }
    }

    #[test]
    fn the_tlv_of_tls_tells_the_transport() {
        assert_eq!(found(0x21, 0x11, &[&INET[..], &SSL].concat()).transport, Some(Transport::Tls));
    }

    #[test]
    fn refuses_what_is_not_assigned() {
        let refused = |command, family| parse(&header(command, family, &INET)).unwrap_err();
        assert_eq!(refused(0x11, 0x11), ProxyHeaderError::Version(1));
        assert_eq!(refused(0x31, 0x11), ProxyHeaderError::Version(3));
        assert_eq!(refused(0x22, 0x11), ProxyHeaderError::Command(2));
        assert_eq!(refused(0x2f, 0x11), ProxyHeaderError::Command(15));
        for family in [0x13, 0x03, 0x40, 0x41, 0xf0, 0x3f] {
            assert_eq!(refused(0x21, family), ProxyHeaderError::Family(family));
        }
    }

    #[test]
    fn refuses_addresses_that_are_cut_short() {
        for (family, bytes) in [(0x11, INET_BYTES), (0x21, INET6_BYTES), (0x31, UNIX_BYTES)] {
            let cut = header(0x21, family, &vec![0; bytes - 1]);
            let length = u16::try_from(bytes - 1).unwrap();
            assert_eq!(parse(&cut), Err(ProxyHeaderError::AddressesCut(length)));
        }
    }

    #[test]
    fn refuses_a_length_over_the_limit_before_its_bytes_come() {
        for command in [0x20, 0x21] {
            let mut long = header(command, 0x11, b"");
            long[14..].copy_from_slice(&537_u16.to_be_bytes());
            assert_eq!(parse(&long), Err(ProxyHeaderError::TooLong(537)));
        }
    }
}
