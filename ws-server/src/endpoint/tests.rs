use std::future::poll_fn;

use tokio::io::{join, sink};
use ws_core::connection::Untaken;
use ws_core::{Drafts, Role};

use super::*;
use crate::runtime::shutdown::Shutdown;

#[tokio::test]
async fn a_connection_that_ends_with_bytes_in_it_gives_its_buffer_back() {
    let drafts = Drafts::registered().unwrap();
    let draft = drafts.iter().find(|draft| draft.id().as_str() == "rfc6455").unwrap();
    let limits = Limits::default();
    let codec = draft.codec(Role::Server, &limits);
    let io = join(&b"\x82\x81\0\0\0\0a\x82"[..], sink());
    let alarm = Alarm::new(Shutdown::default());
    let mut endpoint = Endpoint::new(io, codec, &[], limits, Timeouts::default(), alarm);
    let buffers = pool::read_buffers();
    let fragment = poll_fn(|cx| endpoint.poll_fragment(cx, Untaken::Nothing)).await;
    assert!(fragment.unwrap().is_some());
    assert_eq!(pool::read_buffers(), buffers - 1);
    drop(endpoint);
    assert_eq!(pool::read_buffers(), buffers);
}
