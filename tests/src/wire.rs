//! Frames by their first byte, for what has the wire as its subject.

/// The key of the specification's examples.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A server's frame: not masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len(), 0);
    frame.extend(payload);
    frame
}

/// A client's frame, masked with the key of the specification's examples.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    masked_with(first, payload, KEY)
}

/// A client's frame, masked with this key.
pub fn masked_with(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = header(first, payload.len(), 0x80);
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// All before the key, with the length in the shortest form.
fn header(first: u8, len: usize, mask: u8) -> Vec<u8> {
    let mut header = vec![first];
    match len {
        0..126 => header.push(mask | len as u8),
        126..65536 => {
            header.push(mask | 126);
            header.extend((len as u16).to_be_bytes());
        }
        _ => {
            header.push(mask | 127);
            header.extend((len as u64).to_be_bytes());
        }
    }
    header
}
