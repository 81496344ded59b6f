//! Two connected ends of the draft, from the first message to the end.

use std::time::Instant;

use super::receive_from;
use crate::close::{CloseCode, CloseReason};
use crate::connection::{Connection, Received, SendError, Untaken};
use crate::draft::Draft;
use crate::limits::{Limits, Timeouts};
use crate::message::{Batch, MessageRef};
use crate::role::Role;

pub(super) fn check(draft: &'static dyn Draft) {
    for closer in [Role::Client, Role::Server] {
        closes(draft, closer);
        replies_before_it_closes(draft, closer);
    }
}

fn closes(draft: &'static dyn Draft, closer: Role) {
    let (mut closer, mut peer) = ends(draft, closer);
    closer.send(MessageRef::Text("hello")).expect("a text");
    assert!(matches!(hear(&mut peer, &mut closer), Received::Data(_)), "a message arrives");
    close(&mut closer);
    let late = closer.send(MessageRef::Text("late"));
    assert_eq!(late, Err(SendError::Closed), "a message after our Close");
    if !peer.capabilities().close {
        assert!(closer.is_over(), "without a Close frame, the end of TCP closes");
        assert!(closer.unsent().is_empty(), "a draft without a Close frame sends something");
        return;
    }
    assert!(matches!(hear(&mut peer, &mut closer), Received::Closed), "the Close is understood");
    assert!(matches!(hear(&mut closer, &mut peer), Received::Closed), "the Close is answered");
    are_closed(&closer, &peer);
}

/// A message and a Close that arrive together: the reply to the message is sent before the answer
/// to the Close.
fn replies_before_it_closes(draft: &'static dyn Draft, closer: Role) {
    let (mut closer, mut peer) = ends(draft, closer);
    if !peer.capabilities().close {
        return;
    }
    closer.send(MessageRef::Text("question")).expect("a text");
    close(&mut closer);
    is_told(hear(&mut peer, &mut closer), "question");
    peer.send(MessageRef::Text("reply")).expect("a reply to what came before the Close");
    assert!(matches!(peer.receive_messages(Untaken::Nothing), Ok(Received::Closed)));
    is_told(hear(&mut closer, &mut peer), "reply");
    assert!(matches!(closer.receive_messages(Untaken::Nothing), Ok(Received::Closed)));
    are_closed(&closer, &peer);
}

/// Both ends of a connection; the one that closes comes first.
fn ends(draft: &'static dyn Draft, closer: Role) -> (Connection, Connection) {
    let peer = match closer {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    };
    let end = |role| {
        let limits = Limits::default();
        let codec = draft.codec(role, &limits);
        Connection::new(codec, &[], limits, Timeouts::default(), Instant::now())
    };
    (end(closer), end(peer))
}

fn close(end: &mut Connection) {
    end.close(Some(CloseReason::new(CloseCode::NORMAL, "done")), Instant::now());
}

fn hear(end: &mut Connection, peer: &mut Connection) -> Received<Batch> {
    end.lend(Batch::new(vec![0; 1024].into()));
    let mut arriving = peer.unsent();
    let count = receive_from(end, &mut arriving).expect("there is room");
    assert!(arriving.is_empty(), "a few short frames do not fit into the buffer");
    peer.sent(count, Instant::now);
    end.receive_messages(Untaken::Nothing).expect("frames of the draft are decoded")
}

fn is_told(received: Received<Batch>, text: &str) {
    let Received::Data(mut messages) = received else {
        panic!("expected a message, got {received:?}")
    };
    assert_eq!(messages.lend(), Some(Ok(MessageRef::Text(text))));
    assert!(messages.is_empty(), "more messages than were sent");
}

fn are_closed(closer: &Connection, peer: &Connection) {
    assert!(closer.is_closed_cleanly() && peer.is_closed_cleanly());
    let code = |end: &Connection| end.peer_reason().map(CloseReason::code);
    let expected = peer.capabilities().status.map(|_| CloseCode::NORMAL);
    assert_eq!((code(peer), code(closer)), (expected, expected), "the status codes");
}
