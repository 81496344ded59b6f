//! Two connections of the draft, joined, from the first message to the end.

use std::time::Instant;

use crate::buffer::{ReadBuffer, SendBuffer};
use crate::close::{CloseReason, StatusCode};
use crate::connection::{Connection, Received, SendError};
use crate::draft::{Draft, Role};
use crate::limits::{Limits, Timeouts};
use crate::message::MessageRef;

pub(super) fn check(draft: &'static dyn Draft) {
    for closer in [Role::Client, Role::Server] {
        let now = Instant::now();
        let peer = match closer {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        let (mut closer, mut peer) = (End::new(draft, closer, now), End::new(draft, peer, now));
        closer.connection.send(MessageRef::Text("hello"), &mut closer.output).expect("a text");
        assert!(matches!(peer.hear(&mut closer), Received::Data(_)), "a message arrives");
        closer.connection.close(
            Some(CloseReason::new(StatusCode::NORMAL, "done")),
            now,
            &mut closer.output,
        );
        let late = closer.connection.send(MessageRef::Text("late"), &mut closer.output);
        assert_eq!(late, Err(SendError::Closed), "a message behind our Close");
        if !peer.connection.capabilities().close {
            assert!(closer.connection.is_over(), "closing is ending the TCP connection");
            assert!(closer.output.is_empty(), "a draft without a Close frame sends one");
            continue;
        }
        assert_eq!(peer.hear(&mut closer), Received::Closed, "the Close is understood");
        assert_eq!(closer.hear(&mut peer), Received::Closed, "the Close is answered");
        assert!(closer.connection.is_closed_cleanly() && peer.connection.is_closed_cleanly());
        let code = |end: &End| end.connection.peer_reason().map(CloseReason::code);
        let expected = peer.connection.capabilities().status.map(|_| StatusCode::NORMAL);
        assert_eq!((code(&peer), code(&closer)), (expected, expected), "the status codes");
    }
}

struct End {
    connection: Connection,
    input: ReadBuffer,
    output: SendBuffer,
}

impl End {
    fn new(draft: &'static dyn Draft, role: Role, now: Instant) -> End {
        let limits = Limits::default();
        let codec = draft.codec(role, &limits);
        let mut input = ReadBuffer::new();
        input.lend(vec![0; 1024].into());
        End {
            connection: Connection::new(codec, limits, Timeouts::default(), now),
            input,
            output: SendBuffer::new(),
        }
    }

    fn hear(&mut self, peer: &mut End) -> Received {
        let sent = peer.output.unsent();
        self.input.spare()[..sent.len()].copy_from_slice(sent);
        self.input.filled(sent.len());
        let count = sent.len();
        peer.output.advance(count);
        self.connection
            .receive(&mut self.input, &mut self.output)
            .expect("what a connection of the draft sends is understood")
    }
}
