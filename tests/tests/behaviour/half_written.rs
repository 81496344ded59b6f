//! Control frames while a message is half written.

use std::time::Duration;

use futures_util::stream::StreamExt;
use futures_util::{FutureExt, SinkExt};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};
use ws_server::{ByteStream, Message, Server, WebSocket};
use ws_tests::frames::{Frame, binary, close, ping, pong};
use ws_tests::{Client, requests};

use crate::ways::{Handler, named, open_each, open_each_stream, talk, wait_with};
use crate::{serve_bytes, serve_messages, serve_until_stopped, used_up};

const LEN: usize = 1 << 20;

const SENDING: [(&str, Handler); 4] = [
    ("the socket", |mut socket| {
        async move {
            socket.send(&[7; LEN][..]).await?;
            wait_with(socket).await
        }
        .boxed()
    }),
    ("a half", |socket| {
        let (receiver, mut sender) = socket.split();
        async move {
            sender.send(&[7; LEN][..]).await?;
            wait_with((receiver, sender)).await
        }
        .boxed()
    }),
    ("a half of `futures`", |socket| {
        let (mut sink, stream) = StreamExt::split(socket);
        async move {
            sink.send(Message::from(vec![7; LEN])).await?;
            wait_with((sink, stream)).await
        }
        .boxed()
    }),
    ("a future that is dropped", |mut socket| {
        async move {
            drop(timeout(Duration::from_millis(1), socket.send(&[7; LEN][..])).await);
            wait_with(socket).await
        }
        .boxed()
    }),
];

/// Reads frames until this control frame has come, and expects as many bytes of data before it.
async fn expect_behind(client: &mut Client, last: Frame, name: &str) {
    let mut data = 0;
    loop {
        let found = client.frame().await;
        assert!(found.is_some(), "{name}: the end behind {data}");
        let found = found.unwrap();
        if found == last {
            break;
        }
        if !found.is_control() {
            data += found.payload.iter().filter(|byte| **byte == 7).count();
        }
    }
    // Bytes may go out in several messages.
    assert!(data == LEN || name.starts_with("a stream"), "{name}: {data} bytes before it");
}

async fn open_sending() -> Vec<(String, Client)> {
    let mut clients = Vec::new();
    for (name, handler) in SENDING {
        let opened = open_each(Server::builder, handler).await;
        clients.extend(named(name, opened));
    }
    let writing = |mut stream: ByteStream| {
        async move {
            stream.write_all(&vec![7; LEN]).await?;
            wait_with(stream).await
        }
        .boxed()
    };
    let opened = open_each_stream(Server::builder, writing).await;
    clients.extend(named("a stream", opened));
    clients
}

#[tokio::test(start_paused = true)]
async fn a_pong_does_not_land_in_a_message_that_is_half_written() {
    talk(open_sending().await, async |name, mut client| {
        for number in 0..3 {
            sleep(Duration::from_secs(1)).await;
            client.send(ping([number])).await;
        }
        sleep(Duration::from_secs(1)).await;
        expect_behind(&mut client, pong([2]), &name).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_close_is_not_answered_in_a_message_that_is_half_written() {
    talk(open_sending().await, async |name, mut client| {
        sleep(Duration::from_secs(1)).await;
        client.send(close(1000)).await;
        sleep(Duration::from_secs(1)).await;
        expect_behind(&mut client, close(1000), &name).await;
        assert!(client.is_hung_up().await, "{name}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_cut_a_message_that_is_half_written() {
    let messages = SENDING.map(|(name, handler)| {
        (name, Server::builder().messages(move |socket, _| handler(socket)).unwrap())
    });
    let bytes = Server::builder().wrap(|mut stream: ByteStream, _| async move {
        stream.write_all(&vec![7; LEN]).await?;
        wait_with(stream).await
    });
    for (name, server) in messages.into_iter().chain([("a stream", bytes.unwrap())]) {
        let (connector, stop, _task) = serve_until_stopped(server);
        let mut client = connector.open(requests::RFC6455).await;
        sleep(Duration::from_secs(1)).await;
        stop.send(()).unwrap();
        sleep(Duration::from_secs(1)).await;
        expect_behind(&mut client, close(1001), name).await;
    }
}

/// The peer says that it is alive, and takes nothing. What is not written for want of budget alone
/// says nothing about it; what the socket refuses does.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_found_by_who_uses_its_turns_up() {
    let flood = |mut socket: WebSocket| async move {
        loop {
            socket.send(&[7; 10_000][..]).await?;
        }
    };
    let flood_of_bytes = |mut stream: ByteStream| async move {
        loop {
            stream.write_all(&[7; 10_000]).await?;
        }
    };
    let servers = [
        serve_messages(move |socket, _| used_up(flood(socket))),
        serve_messages(|socket, _| used_up(crate::echo(socket))),
        serve_messages(|socket, _| {
            used_up(async move {
                let (receiver, mut sender) = socket.split();
                while sender.send(&[7; 100_000][..]).await.is_ok() {}
                drop(receiver);
                Ok(())
            })
        }),
        serve_bytes(move |stream, _| used_up(flood_of_bytes(stream))),
        serve_bytes(|stream, _| used_up(crate::copy(stream))),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        // An echo has something to send, too.
        for _ in 0..40 {
            client.send(binary([1; 1000])).await;
        }
        while client.try_send(ping("alive")).await {
            sleep(Duration::from_secs(1)).await;
            assert!(begun.elapsed().as_secs() <= 91, "case {number}: {:?}", begun.elapsed());
        }
    }
}
