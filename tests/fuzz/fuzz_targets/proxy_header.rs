//! libFuzzer on `ws_fuzz::proxy_header`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::proxy_header::run(data));
