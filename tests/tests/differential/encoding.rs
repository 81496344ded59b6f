//! Each implementation decodes what the other encodes: our server, and their client.

use std::io::{self, Cursor, Read, Write};
use std::time::Instant;

use proptest::prelude::*;
use tungstenite::protocol::{Role as TheirRole, WebSocket};
use ws_core::{Connection, Draft, Limits, Message, MessageRef, Role, Timeouts};

use super::ours::{self, ReadStep};
use super::{End, config};

/// Messages whose lengths are encoded in one, two and eight bytes.
fn messages(longest: usize) -> impl Strategy<Value = Vec<Message>> {
    let text = proptest::collection::vec(any::<char>(), 0..100)
        .prop_map(|chars| Message::text(String::from_iter(chars)));
    let len = prop_oneof![0..140_usize, Just(longest)];
    let binary = len.prop_map(|len| Message::binary(vec![0xa5; len]));
    proptest::collection::vec(prop_oneof![text, binary], 0..5)
}

struct Incoming(Cursor<Vec<u8>>);

impl Read for Incoming {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Incoming {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Outgoing(Vec<u8>);

impl Read for Outgoing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Write for Outgoing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn to_theirs(message: &Message) -> tungstenite::Message {
    match MessageRef::from(message) {
        MessageRef::Text(text) => tungstenite::Message::text(text),
        MessageRef::Binary(bytes) => tungstenite::Message::binary(bytes.to_vec()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 8, ..config() })]

    #[test]
    fn their_client_reads_what_our_server_writes(
        messages in messages(70_000),
        in_place in any::<bool>(),
    ) {
        let limits = Limits::default();
        let codec = ws_rfc6455::RFC6455.codec(Role::Server, &limits);
        let timeouts = Timeouts::default();
        let mut ours = Connection::new(codec, &[], limits, timeouts, Instant::now());
        for message in &messages {
            let message = MessageRef::from(message);
            match in_place {
                false => ours.send(message).unwrap(),
                true => {
                    let tail = ours.begin(message).unwrap().unwrap();
                    ours.finish(message.as_bytes(), tail);
                }
            }
        }
        let incoming = Incoming(Cursor::new(ours.unsent().to_vec()));
        let mut theirs = WebSocket::from_raw_socket(incoming, TheirRole::Client, None);
        for message in &messages {
            prop_assert_eq!(theirs.read().unwrap(), to_theirs(message));
        }
        prop_assert!(theirs.read().is_err(), "more than was sent");
    }

    #[test]
    fn our_server_reads_what_their_client_writes(
        messages in messages(499),
        reads in ours::reads(),
    ) {
        let mut theirs =
            WebSocket::from_raw_socket(Outgoing::default(), TheirRole::Client, None);
        for message in &messages {
            theirs.write(to_theirs(message)).unwrap();
        }
        theirs.close(None).unwrap();
        let verdict = ours::read(&theirs.get_ref().0, &reads);
        prop_assert_eq!(&verdict.messages, &messages);
        prop_assert_eq!(verdict.end, End::Closed(None));
        let whole = ours::read(&theirs.get_ref().0, &[ReadStep::largest()]);
        prop_assert_eq!(whole.messages, messages);
    }
}
