//! Many tasks that send over one connection.

use futures_util::SinkExt;
use tokio::task::JoinSet;
use ws_server::{Message, Sender, WebSocket};
use ws_tests::frames::{close, ping, text};
use ws_tests::{Client, requests};

use crate::serve_messages;

/// How many tasks send: more than fit into a byte.
const TASKS: usize = 300;

/// A message that is long enough to be written from where it is.
fn long(letter: char) -> String {
    letter.to_string().repeat(200_000)
}

async fn open(service: impl Fn(Sender) -> JoinSet<()> + Send + Sync + 'static) -> Client {
    let server = serve_messages(move |socket: WebSocket, _| {
        let (mut receiver, sender) = socket.split();
        let tasks = service(sender);
        async move {
            tasks.join_all().await;
            while receiver.recv().await.is_some() {}
            Ok(())
        }
    });
    server.open(requests::RFC6455).await
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_sender_send_from_many_tasks() {
    let mut client = open(|sender| {
        let numbers = 0..TASKS;
        let send = |number: usize| {
            let mut sender = sender.clone();
            async move { sender.send(number.to_string()).await.unwrap() }
        };
        numbers.map(send).collect()
    })
    .await;
    let mut received = Vec::new();
    for _ in 0..TASKS {
        let frame = client.frame().await.unwrap();
        received.push(String::from_utf8(frame.payload).unwrap().parse::<usize>().unwrap());
    }
    received.sort_unstable();
    assert!(received.into_iter().eq(0..TASKS));
    client.send(close(1000)).await;
    client.expect(close(1000)).await;
}

#[tokio::test(start_paused = true)]
async fn long_messages_of_several_senders_are_sent_whole() {
    let mut client = open(|sender| {
        let send = |letter: char| {
            let mut sender = sender.clone();
            async move {
                sender.send(long(letter)).await.unwrap();
                sender.ping(b"?").await.unwrap();
            }
        };
        ['a', 'b', 'c'].map(send).into_iter().collect()
    })
    .await;
    let mut texts = Vec::new();
    let mut pings = 0;
    while texts.len() + pings < 6 {
        let frame = client.frame().await.unwrap();
        match frame.is_control() {
            true => {
                assert_eq!(frame, ping("?"));
                pings += 1;
            }
            false => texts.push(frame),
        }
    }
    texts.sort_unstable_by(|one, other| one.payload.cmp(&other.payload));
    assert_eq!(texts, ['a', 'b', 'c'].map(|letter| text(long(letter))));
}

#[tokio::test(start_paused = true)]
async fn a_sender_is_a_sink() {
    let mut client = open(|mut sender| {
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            SinkExt::send(&mut sender, Message::text("one")).await.unwrap();
            SinkExt::feed(&mut sender, Message::text("two")).await.unwrap();
            SinkExt::close(&mut sender).await.unwrap();
        });
        tasks
    })
    .await;
    client.expect([text("one"), text("two"), close(1000)]).await;
}
