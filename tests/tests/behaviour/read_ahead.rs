//! What happens to data that arrives while no handle receives it.

use std::future::pending;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use ws_server::{ByteStream, Server, WebSocket};
use ws_tests::Client;
use ws_tests::frames::{Frame, binary, close, ping, pong};

use crate::ways::{
    Handler, LONG, Served, Wrapped, expect_beside_ticks, named, open_all, open_each,
    open_each_stream, talk, wait_with,
};
use crate::{copy, echo};

const KIB: usize = 1024;

/// What is read ahead, and what one read may bring beyond it; what pipes, windows and buffers on
/// the way hold.
const BOUND: usize = (64 + 128) * KIB + 512 * KIB;

fn late_echo(socket: WebSocket) -> Served {
    async move {
        sleep(LONG).await;
        echo(socket).await
    }
    .boxed()
}

fn late_copy(stream: ByteStream) -> Served {
    async move {
        sleep(LONG).await;
        copy(stream).await
    }
    .boxed()
}

/// Clients of handlers that wait before they receive.
async fn open_late() -> impl Iterator<Item = (&'static str, Client)> {
    let messages = open_each(Server::builder, late_echo).await;
    messages.into_iter().chain(open_each_stream(Server::builder, late_copy).await)
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_64_kib_that_nobody_receives_is_answered() {
    let small = binary([7; 1000]).masked().repeat(60);
    let one = binary([7; 60_000]).masked();
    for sent in [small, one] {
        talk(open_late().await, async |way, mut client| {
            let begun = Instant::now();
            client.send(&sent).await;
            client.send(ping("behind")).await;
            client.expect(pong("behind")).await;
            assert_eq!(begun.elapsed(), Duration::ZERO, "{way}");
            client.send(close(1000)).await;
            client.expect(close(1000)).await;
            assert_eq!(begun.elapsed().as_secs(), 1, "{way}");
            assert!(client.is_hung_up().await, "{way}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_more_than_is_read_ahead_waits_and_is_not_given_up() {
    talk(open_late().await, async |way, mut client| {
        let message = binary([7; 1000]);
        let mut taken = 0;
        while let Ok(true) = timeout(Duration::from_secs(1), client.try_send(&message)).await {
            taken += 1000;
            assert!(taken < BOUND, "{way}: {taken} bytes");
        }
        assert!(taken >= 64 * KIB, "{way}: {taken} bytes");
        // The server asks for no sign of life, for it could not hear it.
        assert!(client.hears_nothing_for(LONG - Duration::from_secs(60)).await, "{way}");
        client.read(64 * KIB).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_of_what_was_read_ahead_is_lost() {
    talk(open_each(Server::builder, late_echo).await, async |way, mut client| {
        let messages: Vec<_> =
            (0..40).map(|number| binary(vec![number; 50 * usize::from(number)])).collect();
        for message in &messages {
            client.send(message).await;
        }
        client.send(ping("?")).await;
        client.expect(pong("?")).await;
        let first = skip_pings(&mut client).await;
        assert_eq!(first, messages[0], "{way}");
        client.expect(&messages[1..]).await;
    })
    .await;
}

/// Reads the frame after the Pings that were sent, which it answers.
async fn skip_pings(client: &mut Client) -> Frame {
    loop {
        let found = client.frame().await.unwrap();
        if found != ping("") {
            return found;
        }
        client.send(pong("")).await;
    }
}

const DROPPING: [(&str, Handler); 5] = [
    ("drops the receiver", |socket| {
        let (receiver, sender) = socket.split();
        drop(receiver);
        wait_with(sender).boxed()
    }),
    ("drops the receiver in the middle", |socket| {
        let (mut receiver, sender) = socket.split();
        async move {
            drop(receiver.recv().await);
            sleep(Duration::from_millis(1)).await;
            drop(receiver);
            wait_with(sender).await
        }
        .boxed()
    }),
    ("discards", |mut socket| {
        socket.discard_incoming();
        wait_with(socket).boxed()
    }),
    ("discards with a half", |socket| {
        let (mut receiver, sender) = socket.split();
        receiver.discard_incoming();
        wait_with((receiver, sender)).boxed()
    }),
    ("discards and receives", |mut socket| {
        socket.discard_incoming();
        async move {
            assert!(socket.recv().await.is_none(), "nothing is received any more");
            Ok(())
        }
        .boxed()
    }),
];

const DROPPING_BYTES: [(&str, Wrapped); 2] = [
    ("discards bytes", |mut stream| {
        stream.discard_incoming();
        wait_with(stream).boxed()
    }),
    ("discards bytes and reads", |mut stream| {
        stream.discard_incoming();
        async move {
            assert_eq!(stream.read_to_end(&mut Vec::new()).await?, 0);
            Ok(())
        }
        .boxed()
    }),
];

#[tokio::test(start_paused = true)]
async fn what_is_thrown_away_stands_before_no_ping_and_no_close() {
    let mut clients = Vec::new();
    for (name, handler) in DROPPING {
        let opened = open_each(Server::builder, handler).await;
        clients.extend(named(name, opened));
    }
    for (name, handler) in DROPPING_BYTES {
        let opened = open_each_stream(Server::builder, handler).await;
        clients.extend(named(name, opened));
    }
    let (message, long) = (binary([7; 1000]), binary([7; 900_000]));
    talk(clients, async |name, mut client| {
        let begun = Instant::now();
        for _ in 0..3 {
            client.send(&message.masked().repeat(100)).await;
            client.send(&long).await;
            client.send(ping("behind")).await;
            expect_beside_ticks(&mut client, pong("behind"), &name).await;
        }
        client.send([message.clone(), close(1000)]).await;
        expect_beside_ticks(&mut client, close(1000), &name).await;
        assert!(client.is_hung_up().await, "{name}");
        assert!(begun.elapsed() <= Duration::from_millis(1), "{name}: {:?}", begun.elapsed());
    })
    .await;
}

/// What a handler does with a request that came with the Close of its client: it answers after some
/// time, and then waits, or lets go.
fn answering(time: Duration, waits: bool) -> impl Fn(WebSocket) -> Served + Clone {
    move |mut socket| {
        async move {
            let request = socket.recv().await.unwrap()?;
            sleep(time).await;
            let sent = socket.feed(&request).await;
            assert_eq!(sent.is_ok(), time < Duration::from_secs(1), "{sent:?}");
            if waits {
                assert!(socket.recv().await.unwrap().is_ok());
                assert!(socket.recv().await.is_none());
                pending::<()>().await;
            }
            Ok(())
        }
        .boxed()
    }
}

/// The same with halves.
fn answering_by_halves(time: Duration, waits: bool) -> impl Fn(WebSocket) -> Served + Clone {
    move |socket| {
        async move {
            let (mut receiver, mut sender) = socket.split();
            let request = receiver.recv().await.unwrap()?;
            sleep(time).await;
            let sent = sender.feed(&request).await;
            assert_eq!(sent.is_ok(), time < Duration::from_secs(1), "{sent:?}");
            if waits {
                assert!(receiver.recv().await.unwrap().is_ok());
                assert!(receiver.recv().await.is_none());
                pending::<()>().await;
            }
            Ok(())
        }
        .boxed()
    }
}

/// The same with bytes.
fn answering_bytes(time: Duration, waits: bool) -> impl Fn(ByteStream) -> Served + Clone {
    move |mut stream| {
        async move {
            let mut request = [0; 7];
            stream.read_exact(&mut request).await?;
            sleep(time).await;
            let sent = stream.write_all(&request).await;
            assert_eq!(sent.is_ok(), time < Duration::from_secs(1), "{sent:?}");
            if waits {
                assert_eq!(stream.read_to_end(&mut Vec::new()).await?, 5);
                pending::<()>().await;
            }
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_what_came_with_a_close_goes_out_before_its_answer() {
    let requests = [binary("request"), binary("other"), close(1000)];
    for (millis, waits, ends) in [
        (0, true, true),
        (20, true, false),
        (20, false, true),
        (20, true, true),
        (5000, true, false),
        (5000, false, true),
    ] {
        let time = Duration::from_millis(millis);
        let whole = open_each(Server::builder, answering(time, waits)).await;
        let halves = open_each(Server::builder, answering_by_halves(time, waits)).await;
        let bytes = open_each_stream(Server::builder, answering_bytes(time, waits)).await;
        let kinds = ["whole", "halves", "bytes"];
        for (kind, clients) in kinds.into_iter().zip([whole, halves, bytes]) {
            for (way, mut client) in clients {
                let case = format!("{kind}, {way}, {millis} ms, waits: {waits}");
                let begun = Instant::now();
                client.send(&requests).await;
                if ends {
                    client.end().await;
                }
                if millis < 1000 {
                    assert_eq!(client.frame().await, Some(binary("request")), "{case}");
                }
                assert_eq!(client.frame().await, Some(close(1000)), "{case}");
                let after = begun.elapsed().as_millis();
                assert_eq!(after, u128::from(millis.min(1000)), "{case}");
                assert!(client.is_hung_up().await, "{case}");
                assert_eq!(begun.elapsed().as_millis(), after, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticker_says_no_more_once_a_close_that_waits_is_answered() {
    talk(open_all(Server::builder).await, async |name, mut client| {
        client.send([binary("unread"), close(1000)]).await;
        expect_beside_ticks(&mut client, close(1000), &name).await;
        assert!(client.is_hung_up().await, "{name}");
    })
    .await;
}
