//! libFuzzer on `ws_fuzz::head`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::head::run(data));
