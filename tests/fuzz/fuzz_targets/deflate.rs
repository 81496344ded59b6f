//! libFuzzer on `ws_fuzz::deflate`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::deflate::run(data));
