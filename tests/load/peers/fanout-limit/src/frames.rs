//! Converts a client's frames to a server's.

/// Takes the complete frames from the front of `input`, at most one if `one`, and returns them as
/// the server sends them.
pub(crate) fn reframe(input: &mut Vec<u8>, one: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((length, header)) = header(&input[at..]) {
        let Some(frame) = input.get(at..at + header + length) else { break };
        let (header, payload) = frame.split_at(header);
        let (header, key) = header.split_at(header.len() - 4);
        at += frame.len();
        if header[0] & 0x0f >= 8 {
            continue;
        }
        out.extend_from_slice(&[header[0], header[1] & 0x7f]);
        out.extend_from_slice(&header[2..]);
        out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        if one {
            break;
        }
    }
    input.drain(..at);
    out
}

/// The lengths of the payload and of the header.
fn header(data: &[u8]) -> Option<(usize, usize)> {
    let (length, header) = match data.get(1)? & 0x7f {
        126 => (u64::from(u16::from_be_bytes(*data.get(2..4)?.first_chunk()?)), 8),
        127 => (u64::from_be_bytes(*data.get(2..10)?.first_chunk()?), 14),
        length => (u64::from(length), 6),
    };
    (data.len() >= header).then_some((length as usize, header))
}
