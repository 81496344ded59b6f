//! libFuzzer on `ws_fuzz::connection`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::connection::run(data));
