//! libFuzzer on `ws_fuzz::byte_stream`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_fuzz::byte_stream::run(data));
