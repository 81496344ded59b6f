//! A parser of DEFLATE streams (RFC 1951) that finds how far they refer back.

/// The farthest distance in a stream of complete blocks.
pub(crate) fn farthest(stream: &[u8]) -> usize {
    let mut bits = Bits { bytes: stream, at: 0 };
    let mut farthest = 0;
    // After the last block, fewer bits are left than the header of another block has.
    while bits.at + 3 <= stream.len() * 8 {
        bits.take(1);
        farthest = farthest.max(match bits.take(2) {
            0 => stored(&mut bits),
            1 => {
                let lens = [(8, 144), (9, 112), (7, 24), (8, 8)];
                let lens = lens.iter().flat_map(|(len, count)| std::iter::repeat_n(*len, *count));
                compressed(&mut bits, &Codes::new(&lens.collect::<Vec<_>>()), &Codes::new(&[5; 30]))
            }
            2 => {
                let (literals, distances) = dynamic(&mut bits);
                compressed(&mut bits, &literals, &distances)
            }
            _ => panic!("a block of a reserved type"),
        });
    }
    farthest
}

struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        let mut value = 0;
        for bit in 0..count {
            value |= usize::from(self.bytes[self.at / 8] >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        value
    }
}

/// Canonical Huffman codes (RFC 1951 §3.2.2): the number of codes of each length, and the symbols
/// in the order of their codes.
struct Codes {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Codes {
    fn new(lens: &[usize]) -> Codes {
        let mut counts = [0; 16];
        let mut symbols: Vec<_> = (0..lens.len()).filter(|symbol| lens[*symbol] > 0).collect();
        symbols.sort_by_key(|symbol| lens[*symbol]);
        symbols.iter().for_each(|symbol| counts[lens[*symbol]] += 1);
        Codes { counts, symbols }
    }

    fn read(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code = code << 1 | bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            (index, first) = (index + count, (first + count) << 1);
        }
        panic!("an invalid code");
    }
}

fn stored(bits: &mut Bits<'_>) -> usize {
    bits.at = bits.at.next_multiple_of(8);
    let len = bits.take(16);
    bits.at += 16 + len * 8;
    0
}

/// Reads the dynamic Huffman codes of a block (RFC 1951 §3.2.7).
fn dynamic(bits: &mut Bits<'_>) -> (Codes, Codes) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, count) = (bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4);
    let mut lens = [0; 19];
    ORDER[..count].iter().for_each(|symbol| lens[*symbol] = bits.take(3));
    let (codes, mut lens) = (Codes::new(&lens), Vec::new());
    while lens.len() < literals + distances {
        let (len, times) = match codes.read(bits) {
            16 => (lens[lens.len() - 1], 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            len => (len, 1),
        };
        lens.extend(std::iter::repeat_n(len, times));
    }
    (Codes::new(&lens[..literals]), Codes::new(&lens[literals..]))
}

fn compressed(bits: &mut Bits<'_>, literals: &Codes, distances: &Codes) -> usize {
    let mut farthest = 0;
    loop {
        match literals.read(bits) {
            0..=255 => {}
            256 => return farthest,
            length => {
                bits.take(match length {
                    265..=284 => (length - 261) / 4,
                    _ => 0,
                });
                let code = distances.read(bits);
                let extra = (code / 2).saturating_sub(1);
                let base = if code < 4 { code } else { (2 + code % 2) << extra };
                farthest = farthest.max(base + bits.take(extra) + 1);
            }
        }
    }
}

#[test]
fn are_read_from_what_the_specification_shows() {
    assert_eq!(farthest(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff]), 0);
    assert_eq!(farthest(&[0xf2, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff]), 5);
}
