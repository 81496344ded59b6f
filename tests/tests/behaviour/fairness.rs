//! One connection does not live at the expense of others.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::DuplexStream;
use tokio::task::yield_now;
use ws_server::{Limits, Listener, Peer, RemoteAddr, Server, Socket, WebSocket};
use ws_tests::frames::{Frame, binary, close, continuation, empty_close, ping, text};
use ws_tests::requests::{self, with_field};
use ws_tests::{Client, Endless};

use crate::compression::deflating;
use crate::{echo, echo_bytes, echo_messages, serve, serve_messages};

const MIB: usize = 1 << 20;

/// All that a client sends, if it is let.
const ENOUGH: usize = 10 * MIB;

/// What a client can be served in one turn: what the task may read, and the read that ends it.
const TURN: usize = 3 * MIB / 4;

/// The same where messages are long, for their bytes are less work.
const TURN_OF_LONG: usize = 5 * MIB;

#[tokio::test]
async fn a_client_that_never_pauses_is_served_in_turns() {
    let begin = binary("").unfinished();
    let floods = [
        ("pings", None, ping("ping")),
        ("empty fragments", Some(&begin), continuation("").unfinished()),
        ("fragments of one byte", Some(&begin), continuation("x").unfinished()),
        ("tiny messages", None, binary("x")),
        ("messages", None, binary([7; 1000])),
        ("long messages", None, binary([7; 900_000])),
    ];
    let taking = serve_messages(|mut socket, _| async move {
        while let Some(message) = socket.recv().await {
            drop(message?);
        }
        Ok(())
    });
    let ended = serve_messages(|_, _| async { Ok(()) });
    let servers = [
        ("an echo of messages", echo_messages(Server::builder())),
        ("an echo of bytes", echo_bytes(Server::builder())),
        ("a service that sends nothing", taking),
        ("a service that has ended", ended),
    ];
    for (service, server) in servers {
        for (flood, begin, again) in &floods {
            let begin = begin.map(Frame::masked).unwrap_or_default();
            let first = [requests::RFC6455, &begin].concat();
            let (client, taken) = Endless::new(&first, &again.masked(), ENOUGH);
            server.give(client);
            let (mut before, mut most) = (0, 0);
            for _ in 0..100 {
                yield_now().await;
                let now = taken.load(Ordering::Relaxed);
                most = most.max(now - before);
                before = now;
            }
            assert!(before > MIB, "{flood} to {service}: {before} bytes were taken");
            let turn = if again.payload.len() < MIB / 2 { TURN } else { TURN_OF_LONG };
            assert!(most <= turn, "{flood} to {service}: {most} bytes in one turn");
        }
    }
}

/// How many connections come without a pause, if they are let.
const CROWD: usize = 20_000;

/// How many of them may come before somebody else is served: what the accepting task may take in
/// a turn, for each of the turns that an echo is.
const CROWD_AHEAD: usize = 10 * 128;

/// First somebody else, then one connection after another. Each asks for a WebSocket, and ends it.
struct Crowd {
    bystander: Mutex<Option<DuplexStream>>,
    accepted: Arc<AtomicUsize>,
}

impl Listener for Crowd {
    fn poll_accept(&self, _: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        if let Some(bystander) = self.bystander.lock().unwrap().take() {
            return Poll::Ready(Ok((Socket::other(bystander), RemoteAddr::Unknown)));
        }
        if self.accepted.load(Ordering::Relaxed) == CROWD {
            return Poll::Pending;
        }
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let wire = [requests::HYBI08, &empty_close().masked()].concat();
        let (client, _) = Endless::new(&wire, &[], wire.len());
        Poll::Ready(Ok((Socket::other(client), RemoteAddr::Unknown)))
    }
}

#[tokio::test]
async fn services_that_end_at_once_leave_others_their_turn() {
    let served = Arc::new(AtomicUsize::new(0));
    let counted = served.clone();
    let service = move |socket: WebSocket, peer: Peer| {
        let counted = counted.clone();
        async move {
            if peer.query().is_some() {
                return echo(socket).await;
            }
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    };
    let (near, far) = tokio::io::duplex(1024);
    let accepted = Arc::new(AtomicUsize::new(0));
    let crowd = Crowd { bystander: Mutex::new(Some(far)), accepted: accepted.clone() };
    let server = Server::builder().messages(service).unwrap();
    tokio::spawn(server.serve(crowd).into_future());
    let mut bystander = Client::new(near);
    bystander.send(requests::RFC6455).await;
    bystander.head().await;
    for _ in 0..10 {
        let before = accepted.load(Ordering::Relaxed);
        bystander.send(text("turn")).await;
        bystander.expect(text("turn")).await;
        let ahead = accepted.load(Ordering::Relaxed) - before;
        assert!(ahead <= CROWD_AHEAD, "{ahead} came first");
    }
    let (accepted, served) = (accepted.load(Ordering::Relaxed), served.load(Ordering::Relaxed));
    assert!(accepted < CROWD, "all had come before");
    assert!(accepted - served <= 2 * 128, "of {accepted}, {served} were served");
}

/// What is decompressed in one turn: what the task may, and the step that ends it.
const TURN_OF_COMPRESSED: usize = 12 * 1024;

/// What is read at once, whatever it stands for.
const READ: usize = 128 * 1024;

#[tokio::test]
async fn what_is_work_to_decompress_is_worked_through_in_turns() {
    // Blocks without a byte in them; where they are not final, an empty one ends them.
    let tables = b"\x04\xc0\x81\0\0\0\0\0\x90\xff\x6b\x10\0\x07\x02\0\0\0\0\x40\xfe\xaf\x41\0\x1c\
                   \x08\0\0\0\0\0\xf9\xbf\x06\x01\x70\x20\0\0\0\0\0\xe4\xff\x1a";
    let floods = [
        ("final blocks", [0x03, 0x00].repeat(30_000)),
        ("final blocks of one letter", [0x4b, 0x04, 0x00].repeat(20_000)),
        ("blocks with tables", [&tables.repeat(1200)[..], &[0]].concat()),
        ("stored blocks", [&[0x00, 0x00, 0x00, 0xff, 0xff].repeat(12_000)[..], &[0]].concat()),
        ("empty messages", vec![]),
    ];
    let request = with_field(requests::RFC6455, "Sec-WebSocket-Extensions: permessage-deflate");
    // What the blocks may refer to, as far back as can be.
    let letters = [&[0x00, 0x00, 0x80, 0xff, 0x7f], &[b'a'; 0x8000][..], &[0]].concat();
    let first = [request, binary(letters).rsv1().masked()].concat();
    let servers = [
        ("an echo of messages", echo_messages(deflating())),
        ("an echo of bytes", echo_bytes(deflating())),
    ];
    for (service, server) in servers {
        for (flood, payload) in &floods {
            let again = binary(payload).rsv1().masked();
            let (client, taken) = Endless::new(&first, &again, ENOUGH);
            server.give(client);
            let mut turns = 0;
            while taken.load(Ordering::Relaxed) < 4 * READ {
                yield_now().await;
                turns += 1;
                assert!(turns < 10_000, "{flood} to {service} are not decompressed");
            }
            let least = 2 * READ / TURN_OF_COMPRESSED;
            assert!(turns >= least, "{flood} to {service}: {} bytes in {turns} turns", 4 * READ);
        }
    }
}

/// What may be sent to a client that has not read it: what the pipe holds, the send buffer, and
/// the message that made it full.
const AHEAD: usize = 16 * 1024 + SEND_BUFFER + PAYLOAD;
const SEND_BUFFER: usize = 100_000;
const PAYLOAD: usize = 10_000;

#[tokio::test(start_paused = true)]
async fn a_slow_reader_slows_its_sender_and_misses_nothing() {
    const MESSAGES: usize = 500;
    let mut limits = Limits::default();
    limits.send_buffer = SEND_BUFFER;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let service = move |mut socket: WebSocket, _| {
        let counted = counted.clone();
        async move {
            for number in 0..MESSAGES {
                socket.send(&[number as u8; PAYLOAD][..]).await?;
                counted.fetch_add(PAYLOAD, Ordering::Relaxed);
            }
            Ok(())
        }
    };
    let (server, _) = serve(Server::builder().limits(limits).messages(service).unwrap());
    let mut client = server.open(requests::RFC6455).await;
    let mut read = 0;
    for number in 0..MESSAGES {
        // Long enough for the server to do all it can.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let ahead = sent.load(Ordering::Relaxed) - read;
        assert!(ahead <= AHEAD, "{ahead} bytes ahead of the client, at message {number}");
        client.expect(binary([number as u8; PAYLOAD])).await;
        read += PAYLOAD;
    }
    client.expect(close(1000)).await;
}
