//! libFuzzer on `ws_fuzz::forwarded`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::forwarded::run(data));
