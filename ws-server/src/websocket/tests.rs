use tokio::io::{join, sink};
use ws_core::{Drafts, Role};

use super::*;

#[tokio::test]
async fn a_connection_that_has_ended_keeps_no_buffer() {
    const MESSAGE: &[u8] = b"\x82\x81\0\0\0\0a";
    let drafts = Drafts::registered().unwrap();
    let draft = drafts.iter().find(|draft| draft.id().as_str() == "rfc6455").unwrap();
    for end in [
        &b"\x88\x80\0\0\0\0 and what comes behind a Close"[..],
        b"\x82\x85\0\0\0\0cut",
        b"",
        b"\x82\x05 not masked",
        b"\x81\x81\0\0\0\0\xff not UTF-8",
    ] {
        let received = [MESSAGE, end].concat();
        let limits = Limits::default();
        let codec = draft.codec(Role::Server, &limits);
        let io = join(&received[..], sink());
        let mut socket = WebSocket::new(io, codec, &[], limits, Timeouts::default());
        assert!(socket.recv().await.unwrap().is_ok());
        while socket.recv().await.is_some_and(|received| received.is_ok()) {}
        let held = |view: &mut MessageState<_>| view.endpoint().connection().has_storage();
        assert!(!socket.shared.look(held) && socket.inbox.capacity() == 0, "{end:x?}");
    }
}
