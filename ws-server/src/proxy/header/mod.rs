//! The header of the PROXY protocol, which a proxy sends before the bytes of the client.
//!
//! Versions 1 and 2 of the specification by HAProxy:
//! <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>.

mod content;
mod error;
mod tlv;
mod v1;
mod v2;

pub(crate) use content::ProxyHeader;
pub(crate) use error::ProxyHeaderError;

/// Parses the header at the beginning of a connection. `bytes` are all bytes received so far.
///
/// Returns the length of the header and its content, or `None` while more bytes are needed, which
/// is never the case from 552 bytes on. The bytes after the header are ignored: once there is a
/// result, further bytes do not change it.
///
/// # Errors
/// [`ProxyHeaderError`], as soon as no further bytes can make it a valid header.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(usize, ProxyHeader)>, ProxyHeaderError> {
    match bytes.first() {
        None => Ok(None),
        Some(b'P') => v1::parse(bytes),
        Some(_) => v2::parse(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The longest header that is read, of either version.
    const MAX_HEADER_BYTES: usize = v2::FIXED_BYTES + error::MAX_VARIABLE_BYTES;

    fn v2(command: u8, family: u8, variable: &[u8]) -> Vec<u8> {
        v2::tests::header(command, family, variable)
    }

    fn headers() -> Vec<Vec<u8>> {
        let mut unix = vec![0; 216];
        unix.extend([0x20, 0, 5, 1, 0, 0, 0, 0]);
        vec![
            b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".to_vec(),
            b"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n".to_vec(),
            b"PROXY UNKNOWN\r\n".to_vec(),
            v2(0x20, 0x00, b""),
            v2(0x21, 0x11, &[192, 0, 2, 1, 192, 0, 2, 2, 0xdc, 4, 1, 0xbb, 4, 0, 1, 9]),
            v2(0x21, 0x21, &[7; 36]),
            v2(0x21, 0x31, &unix),
        ]
    }

    #[test]
    fn a_header_is_found_however_its_bytes_arrive() {
        for header in headers() {
            for split in 0..header.len() {
                assert_eq!(parse(&header[..split]), Ok(None), "{split} of {header:?}");
            }
            let (size, found) = parse(&header).unwrap().unwrap();
            assert_eq!(size, header.len());
            let mut followed = header;
            followed.extend(b"GET / HTTP/1.1\r\n\r\n");
            assert_eq!(parse(&followed), Ok(Some((size, found))));
        }
    }

    #[test]
    fn a_connection_without_a_header_is_refused_at_its_first_byte_that_differs() {
        for bytes in [&b"G"[..], b"PO", b"PROXY\t", b"\r\n\r\n\r", b"\0", b"\x16\x03\x01"] {
            assert_eq!(parse(bytes), Err(ProxyHeaderError::Missing), "{bytes:?}");
        }
    }

    #[test]
    fn a_full_buffer_always_has_an_answer() {
        let mut endless = b"PROXY UNKNOWN ".to_vec();
        endless.resize(MAX_HEADER_BYTES, b' ');
        assert_eq!(parse(&endless), Err(ProxyHeaderError::LineTooLong));
        let longest = v2(0x20, 0, &[0; error::MAX_VARIABLE_BYTES]);
        assert_eq!(parse(&longest), Ok(Some((MAX_HEADER_BYTES, ProxyHeader::default()))));
    }

    /// Arbitrary bytes, often after the beginning of a header, and often a damaged header.
    fn connection() -> impl Strategy<Value = Vec<u8>> {
        let noise = proptest::collection::vec(any::<u8>(), 0..80);
        let cut = (proptest::sample::select(headers()), any::<proptest::sample::Index>(), noise);
        let cut = cut.prop_map(|(mut header, at, noise)| {
            header.truncate(at.index(header.len() + 1));
            header.extend(noise);
            header
        });
        let flip = (proptest::sample::select(headers()), any::<proptest::sample::Index>());
        let flip = (flip, any::<u8>()).prop_map(|((mut header, at), byte)| {
            let at = at.index(header.len());
            header[at] = byte;
            header
        });
        let line = "PROXY (TCP4|TCP6|UNKNOWN)( [0-9a-f:.\r\n]{0,12}){0,6}\r?\n?";
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..700),
            cut,
            flip,
            line.prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn no_prefix_has_another_answer_than_the_whole(bytes in connection()) {
            let whole = parse(&bytes);
            for split in 0..bytes.len() {
                match parse(&bytes[..split]) {
                    Ok(None) => prop_assert!(split < MAX_HEADER_BYTES),
                    answer => prop_assert_eq!(answer, whole),
                }
            }
            if let Ok(Some((size, _))) = whole {
                prop_assert!(size <= bytes.len() && size <= MAX_HEADER_BYTES);
            }
        }
    }
}
