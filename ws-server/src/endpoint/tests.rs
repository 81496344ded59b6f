use ws_core::{Drafts, Role};

use super::*;
use crate::stop::Stop;

#[test]
fn a_connection_that_ends_with_bytes_in_it_gives_its_buffer_back() {
    let drafts = Drafts::registered().unwrap();
    let limits = Limits::default();
    let codec = drafts.iter().next().unwrap().codec(Role::Server, &limits);
    let mut read = ReadBuffer::new();
    let storage = pool::take_read();
    let address = storage.as_ptr();
    read.lend(storage);
    let io = tokio::io::empty();
    drop(Endpoint::new(io, read, codec, limits, Timeouts::default(), Alarm::new(Stop::default())));
    let next = pool::take_read();
    assert_eq!(next.as_ptr(), address);
}
