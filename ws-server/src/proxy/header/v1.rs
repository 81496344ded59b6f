//! Version 1 of the PROXY header: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::content::ProxyHeader;
use super::error::{MAX_LINE_BYTES, ProxyHeaderError};
use crate::prefix::PrefixMatch;

const SIGNATURE: &[u8] = b"PROXY ";

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(usize, ProxyHeader)>, ProxyHeaderError> {
    match PrefixMatch::of(bytes, SIGNATURE) {
        PrefixMatch::Partial => return Ok(None),
        PrefixMatch::Mismatch => return Err(ProxyHeaderError::Missing),
        PrefixMatch::Whole => {}
    }
    let Some(end) = find_end(bytes)? else {
        return Ok(None);
    };
    let header = parse_line(&bytes[SIGNATURE.len()..end])?;
    Ok(Some((end + 2, header)))
}

/// The offset of the CR LF that ends the line.
fn find_end(bytes: &[u8]) -> Result<Option<usize>, ProxyHeaderError> {
    let line = &bytes[..bytes.len().min(MAX_LINE_BYTES)];
    match line.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        Some(at) if line[at] == b'\n' => Err(ProxyHeaderError::LineEnd),
        Some(at) => match line.get(at + 1) {
            Some(b'\n') => Ok(Some(at)),
            Some(_) => Err(ProxyHeaderError::LineEnd),
            None if line.len() == MAX_LINE_BYTES => Err(ProxyHeaderError::LineTooLong),
            None => Ok(None),
        },
        None if line.len() == MAX_LINE_BYTES => Err(ProxyHeaderError::LineTooLong),
        None => Ok(None),
    }
}

/// Parses what is between the signature and the end of the line.
fn parse_line(line: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (protocol, rest) = line.split_at(end);
    let source = match protocol {
        // Whatever follows must be ignored.
        b"UNKNOWN" => None,
        b"TCP4" => Some(parse_ends::<Ipv4Addr>(rest)?),
        b"TCP6" => Some(parse_ends::<Ipv6Addr>(rest)?),
        _ => return Err(ProxyHeaderError::Protocol),
    };
    Ok(ProxyHeader { source, transport: None })
}

/// Parses two addresses and two ports, with a space before each, and returns the source.
fn parse_ends<A: FromStr + Into<IpAddr>>(text: &[u8]) -> Result<SocketAddr, ProxyHeaderError> {
    let text = std::str::from_utf8(text).map_err(|_| ProxyHeaderError::Parts)?;
    let mut parts = text.split(' ').skip(1);
    let mut part = || parts.next().ok_or(ProxyHeaderError::Parts);
    let (source, destination, source_port, destination_port) = (part()?, part()?, part()?, part()?);
    if parts.next().is_some() {
        return Err(ProxyHeaderError::Parts);
    }
    let source = parse_address::<A>(source)?;
    parse_address::<A>(destination)?;
    let port = parse_port(source_port)?;
    parse_port(destination_port)?;
    Ok(SocketAddr::new(source, port))
}

fn parse_address<A: FromStr + Into<IpAddr>>(text: &str) -> Result<IpAddr, ProxyHeaderError> {
    text.parse::<A>().map(Into::into).map_err(|_| ProxyHeaderError::Address)
}

fn parse_port(text: &str) -> Result<u16, ProxyHeaderError> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain).ok_or(ProxyHeaderError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(line: &str) -> Result<Option<SocketAddr>, ProxyHeaderError> {
        parse(line.as_bytes()).map(|found| {
            let (size, header) = found.expect("a whole line");
            assert_eq!((size, header.transport), (line.find('\n').unwrap() + 1, None));
            header.source
        })
    }

    fn address(text: &str) -> Result<Option<SocketAddr>, ProxyHeaderError> {
        Ok(Some(text.parse().unwrap()))
    }

    #[test]
    fn reads_the_lines_of_the_specification() {
        let request = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(source(request), address("192.168.0.1:56324"));
        let longest = "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n";
        assert_eq!(source(longest), address("255.255.255.255:65535"));
        let full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        let longest = format!("PROXY TCP6 {full} {full} 65535 65535\r\n");
        assert_eq!(longest.len(), 104);
        assert_eq!(source(&longest), address(&format!("[{full}]:65535")));
        let unknown = format!("PROXY UNKNOWN {full} {full} 65535 65535\r\n");
        assert_eq!(unknown.len(), MAX_LINE_BYTES);
        assert_eq!(source(&unknown), Ok(None));
        assert_eq!(source("PROXY UNKNOWN\r\n"), Ok(None));
    }

    #[test]
    fn reads_short_ipv6_addresses_and_the_port_zero() {
        assert_eq!(source("PROXY TCP6 2001:DB8::1 ::1 0 0\r\n"), address("[2001:db8::1]:0"));
        assert_eq!(source("PROXY TCP6 ::ffff:1.2.3.4 :: 1 2\r\n"), address("[::ffff:1.2.3.4]:1"));
    }

    #[test]
    fn ignores_what_stands_behind_unknown() {
        assert_eq!(source("PROXY UNKNOWN  \u{ff} x\r\n"), Ok(None));
    }

    #[test]
    fn refuses_a_protocol_it_does_not_know() {
        for line in ["PROXY \r\n", "PROXY TCP5 \r\n", "PROXY tcp4 1.1.1.1 1.1.1.1 1 1\r\n"] {
            assert_eq!(source(line), Err(ProxyHeaderError::Protocol), "{line}");
        }
        for line in ["PROXY  TCP4\r\n", "PROXY UNKNOWNS\r\n", "PROXY UDP4 1.1.1.1\r\n"] {
            assert_eq!(source(line), Err(ProxyHeaderError::Protocol), "{line}");
        }
    }

    #[test]
    fn refuses_missing_and_superfluous_parts() {
        for rest in
            ["", " ", " 1.1.1.1 1.1.1.1 1", " 1.1.1.1 1.1.1.1 1 1 ", " 1.1.1.1 1.1.1.1 1 1 1"]
        {
            let line = format!("PROXY TCP4{rest}\r\n");
            assert_eq!(source(&line), Err(ProxyHeaderError::Parts), "{line}");
        }
        let refused = parse(b"PROXY TCP4 \xff 1.1.1.1 1 1\r\n");
        assert_eq!(refused, Err(ProxyHeaderError::Parts));
    }

    #[test]
    fn refuses_addresses_of_another_form_or_family() {
        for ends in [
            "TCP4 ::1 ::1 1 1",
            "TCP6 1.1.1.1 1.1.1.1 1 1",
            "TCP4 01.1.1.1 1.1.1.1 1 1",
            "TCP4 1.1.1.1 1.1.1.256 1 1",
            "TCP4 1.1.1 1.1.1.1 1 1",
            "TCP4  1.1.1.1 1.1.1.1 1",
            "TCP6 [::1] ::1 1 1",
            "TCP6 1::2::3 ::1 1 1",
            "TCP6 fe80::1%1 ::1 1 1",
        ] {
            let line = format!("PROXY {ends}\r\n");
            assert_eq!(source(&line), Err(ProxyHeaderError::Address), "{line}");
        }
    }

    #[test]
    fn refuses_ports_that_are_no_plain_numbers() {
        for ports in ["65536 1", "1 65536", "01 1", "1 00", "+1 1", "-1 1", "x 1", "1 1\0", " 1"] {
            let line = format!("PROXY TCP4 1.1.1.1 1.1.1.1 {ports}\r\n");
            assert_eq!(source(&line), Err(ProxyHeaderError::Port), "{line:?}");
        }
    }

    #[test]
    fn refuses_a_line_that_ends_in_half_an_end() {
        for line in ["PROXY UNKNOWN\n", "PROXY UNKNOWN\rx", "PROXY UNKNOWN\r\r\n", "PROXY \n"] {
            assert_eq!(parse(line.as_bytes()), Err(ProxyHeaderError::LineEnd), "{line:?}");
        }
    }

    #[test]
    fn refuses_a_line_that_does_not_end_in_107_bytes() {
        let mut line = b"PROXY UNKNOWN ".to_vec();
        line.resize(MAX_LINE_BYTES - 1, b'x');
        assert_eq!(parse(&line), Ok(None));
        line.push(b'\r');
        assert_eq!(parse(&line), Err(ProxyHeaderError::LineTooLong));
        line.push(b'\n');
        assert_eq!(parse(&line), Err(ProxyHeaderError::LineTooLong));
    }
}
