use ws_core::{Drafts, Role};

use super::*;
use crate::runtime::shutdown::Shutdown;

#[test]
fn a_connection_that_ends_with_bytes_in_it_gives_its_buffer_back() {
    let drafts = Drafts::registered().unwrap();
    let limits = Limits::default();
    let codec = drafts.iter().next().unwrap().codec(Role::Server, &limits);
    let mut read = ReadBuffer::new();
    read.lend(pool::take_read());
    let address = read.spare().as_ptr();
    let io = tokio::io::empty();
    drop(Endpoint::new(
        io,
        read,
        codec,
        limits,
        Timeouts::default(),
        Alarm::new(Shutdown::default()),
    ));
    let mut next = ReadBuffer::new();
    next.lend(pool::take_read());
    assert_eq!(next.spare().as_ptr(), address);
}
