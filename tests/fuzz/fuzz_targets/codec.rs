//! libFuzzer on `ws_fuzz::codec`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::codec::run(data));
