//! libFuzzer on `ws_fuzz::conversation`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::conversation::run(data));
