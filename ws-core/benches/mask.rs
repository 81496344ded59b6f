//! Masking, by length of the payload.

use divan::Bencher;
use divan::counter::BytesCount;
use ws_core::frame::MaskingKey;

const LENGTHS: [usize; 5] = [16, 125, 1024, 16 << 10, 64 << 10];

fn main() {
    // The features of the processor are detected on the first call.
    MaskingKey::new([0; 4]).apply(&mut [0; 4096]);
    divan::main();
}

#[divan::bench(args = LENGTHS)]
fn unmask(bencher: Bencher<'_, '_>, len: usize) {
    let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let mut payload = vec![b'a'; len];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        key.apply(divan::black_box(&mut payload));
    });
}

/// The baseline for `unmask`.
#[divan::bench(args = LENGTHS)]
fn byte_by_byte(bencher: Bencher<'_, '_>, len: usize) {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut payload = vec![b'a'; len];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let payload = divan::black_box(&mut payload);
        for (at, byte) in payload.iter_mut().enumerate() {
            *byte ^= key[at % 4];
        }
    });
}
