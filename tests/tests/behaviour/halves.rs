//! Two tasks, or two wakers of one task, on one socket.

use std::io;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, SinkExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use ws_server::{Message, Server};
use ws_tests::Client;
use ws_tests::frames::{binary, close, ping, pong, text};

use crate::ways::{Handler, Wrapped, open_each, open_each_stream, talk, wait_with};

const MIB: usize = 1 << 20;
const MESSAGES: u8 = 10;

fn payload(number: u8) -> Vec<u8> {
    vec![number; MIB]
}

const HALVES: [(&str, Handler); 4] = [
    ("halves of `futures`, a task each", |socket| {
        let (mut sink, mut stream) = StreamExt::split(socket);
        let sending = tokio::spawn(async move {
            for number in 0..MESSAGES {
                sink.send(Message::from(payload(number))).await.unwrap();
            }
        });
        async move {
            while let Some(Ok(_)) = stream.next().await {}
            sending.await.map_err(io::Error::other)
        }
        .boxed()
    }),
    ("own halves, a task each", |socket| {
        let (mut receiver, mut sender) = socket.split();
        let sending = tokio::spawn(async move {
            for number in 0..MESSAGES {
                sender.send(&payload(number)[..]).await.unwrap();
            }
        });
        async move {
            while let Some(Ok(_)) = receiver.recv().await {}
            sending.await.map_err(io::Error::other)
        }
        .boxed()
    }),
    ("own halves, a waker each", |socket| {
        let (mut receiver, mut sender) = socket.split();
        let mut both = FuturesUnordered::new();
        both.push(
            async move {
                for number in 0..MESSAGES {
                    sender.send(&payload(number)[..]).await.unwrap();
                }
                wait_with(sender).await
            }
            .boxed(),
        );
        both.push(
            async move {
                while let Some(Ok(_)) = receiver.recv().await {}
                Ok(())
            }
            .boxed(),
        );
        async move { both.next().await.unwrap() }.boxed()
    }),
    ("halves of `futures`, a waker each", |socket| {
        let (mut sink, mut stream) = StreamExt::split(socket);
        let mut both = FuturesUnordered::new();
        both.push(
            async move {
                for number in 0..MESSAGES {
                    sink.send(Message::from(payload(number))).await.unwrap();
                }
                wait_with(sink).await
            }
            .boxed(),
        );
        both.push(
            async move {
                while let Some(Ok(_)) = stream.next().await {}
                Ok(())
            }
            .boxed(),
        );
        async move { both.next().await.unwrap() }.boxed()
    }),
];

/// The client is slow, says something, and then reads.
async fn talk_slowly(client: &mut Client) {
    sleep(Duration::from_millis(500)).await;
    client.send([text("well?"), ping("there?")]).await;
    sleep(Duration::from_millis(300)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_that_talks_misses_no_message() {
    for (name, handler) in HALVES {
        talk(open_each(Server::builder, handler).await, async |way, mut client| {
            talk_slowly(&mut client).await;
            let mut pongs = 0;
            for number in 0..MESSAGES {
                let mut found = client.frame().await.unwrap();
                while found == pong("there?") {
                    pongs += 1;
                    found = client.frame().await.unwrap();
                }
                assert_eq!(found, binary(payload(number)), "{name}, {way}, message {number}");
            }
            if pongs == 0 {
                client.expect(pong("there?")).await;
            }
            client.send(close(1000)).await;
            client.expect(close(1000)).await;
        })
        .await;
    }
}

const BYTES: usize = 8 * MIB;

const HALVES_OF_BYTES: [(&str, Wrapped); 2] = [
    ("a task each", |stream| {
        let (mut read, mut write) = tokio::io::split(stream);
        let writing = tokio::spawn(async move { write.write_all(&vec![7; BYTES]).await });
        async move {
            read.read_to_end(&mut Vec::new()).await?;
            writing.await.map_err(io::Error::other)?
        }
        .boxed()
    }),
    ("a waker each", |stream| {
        let (mut read, mut write) = tokio::io::split(stream);
        let mut both = FuturesUnordered::new();
        both.push(
            async move {
                write.write_all(&vec![7; BYTES]).await?;
                wait_with(write).await
            }
            .boxed(),
        );
        both.push(async move { read.read_to_end(&mut Vec::new()).await.map(drop) }.boxed());
        async move { both.next().await.unwrap() }.boxed()
    }),
];

#[tokio::test(start_paused = true)]
async fn a_slow_client_that_talks_misses_no_byte() {
    for (name, handler) in HALVES_OF_BYTES {
        talk(open_each_stream(Server::builder, handler).await, async |way, mut client| {
            talk_slowly(&mut client).await;
            let mut found = 0;
            while found < BYTES {
                let frame = client.frame().await.unwrap();
                if frame != pong("there?") {
                    let len = frame.payload.len();
                    assert_eq!(frame, binary(vec![7; len]), "{name}, {way}");
                    found += len;
                }
            }
            assert_eq!(found, BYTES, "{name}, {way}");
        })
        .await;
    }
}
