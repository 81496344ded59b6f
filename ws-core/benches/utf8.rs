//! Validation of UTF-8, in one piece and as it arrives.

use divan::Bencher;
use divan::counter::BytesCount;
use ws_core::utf8::{self, Utf8Checker};

const LENGTHS: [usize; 4] = [16, 125, 4 << 10, 64 << 10];

fn main() {
    divan::main();
}

/// Characters of one to four bytes in turn.
fn mixed(len: usize) -> Vec<u8> {
    let mut text = "aé€😀".repeat(len / 10 + 1);
    text.truncate((0..=len).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
    text.into_bytes()
}

#[divan::bench(args = LENGTHS)]
fn ascii(bencher: Bencher<'_, '_>, len: usize) {
    let text = vec![b'a'; len];
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| utf8::validate(divan::black_box(&text)).is_some());
}

#[divan::bench(args = LENGTHS)]
fn of_all_lengths(bencher: Bencher<'_, '_>, len: usize) {
    let text = mixed(len);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| utf8::validate(divan::black_box(&text)).is_some());
}

/// In pieces of 1,000 bytes, which cut characters.
#[divan::bench(args = LENGTHS)]
fn in_pieces(bencher: Bencher<'_, '_>, len: usize) {
    let text = mixed(len);
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        let mut checker = Utf8Checker::new();
        divan::black_box(&text)
            .chunks(1000)
            .map(|piece| checker.push(piece).map_or(0, |(_, rest)| rest.len()))
            .sum::<usize>()
    });
}
