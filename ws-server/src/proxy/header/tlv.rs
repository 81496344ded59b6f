//! The TLVs (type, length, value) that may follow the addresses of version 2.

use ws_core::Transport;

use super::ProxyHeaderError;

const CRC32C: u8 = 0x03;
const SSL: u8 = 0x20;

/// In the first byte of [`SSL`]: the client is connected over TLS.
const CLIENT_SSL: u8 = 0x01;

/// The bytes of [`SSL`] before its nested TLVs: the flags of the client, and whether its
/// certificate was verified.
const SSL_FIXED_BYTES: usize = 5;

/// Checks the TLVs of a complete header, which begin at `start`, and returns what they say about
/// the transport. Other types are skipped.
pub(super) fn read(header: &[u8], start: usize) -> Result<Option<Transport>, ProxyHeaderError> {
    let mut transport = None;
    let mut checksum = None;
    for tlv in Tlvs::new(header, start) {
        let tlv = tlv?;
        let repeated = match tlv.kind {
            CRC32C => checksum.replace(Checksum::parse(&tlv)?).is_some(),
            SSL => transport.replace(parse_ssl(&tlv)?).is_some(),
            _ => false,
        };
        if repeated {
            return Err(ProxyHeaderError::TlvRepeated(tlv.kind));
        }
    }
    match checksum {
        Some(checksum) if !checksum.matches(header) => Err(ProxyHeaderError::Checksum),
        _ => Ok(transport),
    }
}

struct Tlv<'h> {
    kind: u8,
    value: &'h [u8],
    /// The offset of the value in the header.
    at: usize,
}

struct Tlvs<'h> {
    bytes: &'h [u8],
    at: usize,
}

impl<'h> Tlvs<'h> {
    fn new(bytes: &'h [u8], at: usize) -> Tlvs<'h> {
        Tlvs { bytes, at }
    }
}

impl<'h> Iterator for Tlvs<'h> {
    type Item = Result<Tlv<'h>, ProxyHeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let Some(([kind, high, low], rest)) = rest.split_first_chunk() else {
            return Some(Err(ProxyHeaderError::TlvCut(rest[0])));
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(value) = rest.get(..length) else {
            return Some(Err(ProxyHeaderError::TlvCut(*kind)));
        };
        let at = self.at + 3;
        self.at = at + length;
        Some(Ok(Tlv { kind: *kind, value, at }))
    }
}

fn parse_ssl(tlv: &Tlv<'_>) -> Result<Transport, ProxyHeaderError> {
    let [client, ..] =
        tlv.value.first_chunk::<SSL_FIXED_BYTES>().ok_or(ProxyHeaderError::TlvLength(tlv.kind))?;
    for inner in Tlvs::new(tlv.value, SSL_FIXED_BYTES) {
        inner?;
    }
    let tls = client & CLIENT_SSL != 0;
    Ok(if tls { Transport::Tls } else { Transport::Plain })
}

/// The checksum of the whole header, computed with zeros in place of the checksum itself.
struct Checksum {
    sent: u32,
    at: usize,
}

impl Checksum {
    fn parse(tlv: &Tlv<'_>) -> Result<Checksum, ProxyHeaderError> {
        let sent = tlv.value.try_into().map_err(|_| ProxyHeaderError::TlvLength(tlv.kind))?;
        Ok(Checksum { sent: u32::from_be_bytes(sent), at: tlv.at })
    }

    fn matches(&self, header: &[u8]) -> bool {
        let own = self.at..self.at + 4;
        let bytes = header.iter().enumerate();
        crc32c(bytes.map(|(at, byte)| if own.contains(&at) { 0 } else { *byte })) == self.sent
    }
}

/// CRC-32C (RFC 3309, reflected), bit by bit: a header is short, and there is one per connection.
fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let carry = if crc & 1 == 1 { POLYNOMIAL } else { 0 };
            (crc >> 1) ^ carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(kind: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[kind], &length[..], value].concat()
    }

    fn transport(tlvs: &[u8]) -> Result<Option<Transport>, ProxyHeaderError> {
        read(&[b"header", tlvs].concat(), 6)
    }

    #[test]
    fn the_first_bit_of_the_client_tells_tls_from_plain() {
        assert_eq!(transport(b""), Ok(None));
        assert_eq!(transport(&tlv(SSL, &[1, 0, 0, 0, 0])), Ok(Some(Transport::Tls)));
        assert_eq!(transport(&tlv(SSL, &[7, 0, 0, 0, 1])), Ok(Some(Transport::Tls)));
        assert_eq!(transport(&tlv(SSL, &[6, 0, 0, 0, 0])), Ok(Some(Transport::Plain)));
    }

    #[test]
    fn passes_over_what_it_does_not_know() {
        let version = tlv(0x21, b"TLSv1.3");
        let ssl = tlv(SSL, &[&[1, 0, 0, 0, 0], &version[..]].concat());
        let all = [tlv(1, b"h2"), tlv(4, &[0; 40]), ssl, tlv(5, b"id"), tlv(0xee, b"")].concat();
        assert_eq!(transport(&all), Ok(Some(Transport::Tls)));
    }

    #[test]
    fn refuses_a_tlv_that_runs_past_the_end() {
        for cut in [&[SSL][..], &[SSL, 0], &[SSL, 0, 5, 1, 0, 0, 0], &[SSL, 0xff, 0xff]] {
            assert_eq!(transport(cut), Err(ProxyHeaderError::TlvCut(SSL)));
        }
        let inner = tlv(SSL, &[1, 0, 0, 0, 0, 0x21, 0, 9, b'T']);
        assert_eq!(transport(&inner), Err(ProxyHeaderError::TlvCut(0x21)));
    }

    #[test]
    fn refuses_impossible_lengths() {
        for (kind, size) in [(SSL, 0), (SSL, 4), (CRC32C, 3), (CRC32C, 5)] {
            let refused = transport(&tlv(kind, &vec![0; size]));
            assert_eq!(refused, Err(ProxyHeaderError::TlvLength(kind)), "{size}");
        }
    }

    #[test]
    fn refuses_what_may_stand_once_and_stands_twice() {
        let ssl = tlv(SSL, &[1, 0, 0, 0, 0]);
        assert_eq!(transport(&[&ssl[..], &ssl].concat()), Err(ProxyHeaderError::TlvRepeated(SSL)));
        let checksum = tlv(CRC32C, &[0; 4]);
        let twice = [&checksum[..], &checksum].concat();
        assert_eq!(transport(&twice), Err(ProxyHeaderError::TlvRepeated(CRC32C)));
    }

    #[test]
    fn computes_the_checksums_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789".iter().copied()), 0xe306_9283);
        assert_eq!(crc32c([0; 32].into_iter()), 0x8a91_36aa);
        assert_eq!(crc32c([0xff; 32].into_iter()), 0x62a8_ab43);
    }

    #[test]
    fn refuses_a_header_whose_checksum_does_not_match() {
        let zeroed = [b"header", &tlv(CRC32C, &[0; 4])[..], &tlv(5, b"id")].concat();
        let checksum = crc32c(zeroed.iter().copied()).to_be_bytes();
        let mut header = [b"header", &tlv(CRC32C, &checksum)[..], &tlv(5, b"id")].concat();
        assert_eq!(read(&header, 6), Ok(None));
        let values = (0..6).chain(9..13).chain(16..18);
        for at in values {
            header[at] ^= 1;
            assert_eq!(read(&header, 6), Err(ProxyHeaderError::Checksum), "{at}");
            header[at] ^= 1;
        }
    }
}
