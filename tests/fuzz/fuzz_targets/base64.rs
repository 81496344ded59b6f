//! libFuzzer on `ws_fuzz::base64`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::base64::run(data));
