//! Each program does what it says, with the client of another implementation.

use std::fs;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{client_async, connect_async};
use ws_outside::{Client, Program, final_close, next};

async fn connect(program: &Program, path: &str) -> Client {
    connect_async(program.url(path)).await.unwrap().0
}

/// The status with which a client is refused before the upgrade.
async fn refusal(program: &Program, path: &str) -> u16 {
    match connect_async(program.url(path)).await {
        Err(Error::Http(response)) => response.status().into(),
        other => panic!("not refused, but {other:?}"),
    }
}

#[tokio::test]
async fn a_chat_room_passes_on_what_is_said_to_everyone() {
    let program = Program::start(env!("CARGO_BIN_EXE_chat_room"), &[]);
    let mut ada = connect(&program, "/").await;
    // Who hears itself is in the room.
    for _ in 0..2 {
        ada.send("is anybody here?".into()).await.unwrap();
        assert_eq!(next(&mut ada).await, Message::text("is anybody here?"));
    }
    let mut bob = connect(&program, "/").await;
    bob.send("me".into()).await.unwrap();
    for client in [&mut bob, &mut ada] {
        assert_eq!(next(client).await, Message::text("me"));
    }
    ada.close(None).await.unwrap();
    bob.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(next(&mut bob).await, Message::binary(vec![1, 2, 3]));
}

#[tokio::test]
async fn calls_run_in_parallel_time_out_and_a_message_that_is_none_closes_with_4000() {
    let program = Program::start(env!("CARGO_BIN_EXE_json_rpc"), &[]);
    let mut client = connect(&program, "/").await;
    let calls = [
        json!({ "id": 1, "method": "wait", "params": [1_000_000_000] }),
        json!({ "id": 2, "method": "add", "params": [20, 22] }),
    ];
    for call in calls {
        client.feed(call.to_string().into()).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(answer(&mut client).await, json!({ "jsonrpc": "2.0", "id": 2, "result": 42 }));
    let late = answer(&mut client).await;
    assert_eq!((&late["id"], &late["error"]["code"]), (&json!(1), &json!(-32000)));

    client.send(r#"{"id": 3, "method": "fly"}"#.into()).await.unwrap();
    let unknown = answer(&mut client).await;
    assert_eq!((&unknown["id"], &unknown["error"]["code"]), (&json!(3), &json!(-32601)));

    client.send("add 20 and 22".into()).await.unwrap();
    let (messages, reason) = final_close(&mut client).await.unwrap();
    let (code, text) = reason.unwrap();
    assert_eq!((messages, code), (0, 4000));
    assert!(text.contains("expected value"), "{text}");
}

async fn answer(client: &mut Client) -> Value {
    serde_json::from_slice(&next(client).await.into_data()).unwrap()
}

#[tokio::test]
async fn an_upload_of_100_mib_tells_its_progress_and_arrives_whole() {
    const SIZE: usize = 100 << 20;
    let file = std::env::temp_dir().join(format!("upload-{}", std::process::id()));
    let program = Program::start(env!("CARGO_BIN_EXE_upload"), &[file.to_str().unwrap()]);
    let (mut sending, mut receiving) = connect(&program, &format!("/?size={SIZE}")).await.split();
    let part: Vec<u8> = (0..64 << 10).map(|at| (at % 251) as u8).collect();
    let sent = tokio::spawn({
        let part = part.clone();
        async move {
            for _ in 0..SIZE / part.len() {
                sending.send(part.clone().into()).await.unwrap();
            }
            sending
        }
    });
    let mut progress = String::new();
    while !progress.ends_with("100%\n") {
        let line = receiving.next().await.unwrap().unwrap();
        progress.push_str(line.to_text().unwrap());
    }
    let percents: Vec<String> = (1..=100).map(|percent| format!("{percent}%")).collect();
    assert_eq!(progress.lines().collect::<Vec<_>>(), percents);
    let mut client = sent.await.unwrap().reunite(receiving).unwrap();
    assert_eq!(final_close(&mut client).await.unwrap(), (0, Some((1000, String::new()))));

    let stored = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(stored.len(), SIZE);
    assert!(stored.chunks(part.len()).all(|stored| stored == part));
}

#[tokio::test]
async fn an_upload_without_its_size_ends_with_an_error() {
    let program = Program::start(env!("CARGO_BIN_EXE_upload"), &["/dev/null"]);
    let mut client = connect(&program, "/").await;
    let (_, reason) = final_close(&mut client).await.unwrap();
    assert_eq!(reason.unwrap().0, 1011);
}

#[tokio::test]
async fn a_site_refuses_who_has_no_token_before_the_upgrade() {
    let program = Program::start(env!("CARGO_BIN_EXE_site"), &[]);
    assert_eq!(refusal(&program, "/chat?token=guessed").await, 401);
    assert_eq!(refusal(&program, "/chat").await, 400);
    assert_eq!(refusal(&program, "/elsewhere").await, 404);
}

#[tokio::test]
async fn a_site_speaks_the_subprotocol_that_is_agreed_on() {
    let program = Program::start(env!("CARGO_BIN_EXE_site"), &[]);
    let cases = [
        ("chat.json", Some("chat.json"), r#"{"from":"Ada","text":"hi"}"#),
        ("unknown, chat.text, chat.json", Some("chat.text"), "Ada: hi"),
        ("unknown", None, "Ada: hi"),
    ];
    for (offered, agreed, expected) in cases {
        let mut request = program.url("/chat?token=secret").into_client_request().unwrap();
        let offered = HeaderValue::from_static(offered);
        request.headers_mut().insert("Sec-WebSocket-Protocol", offered);
        let stream = tokio::net::TcpStream::connect(program.address()).await.unwrap();
        // tungstenite refuses a response that agrees on nothing, as browsers do not.
        match (client_async(request, stream).await, agreed) {
            (Ok((mut client, response)), Some(agreed)) => {
                assert_eq!(response.headers()["Sec-WebSocket-Protocol"], agreed);
                client.send("hi".into()).await.unwrap();
                assert_eq!(next(&mut client).await, Message::text(expected));
            }
            (Err(error), None) => assert!(error.to_string().contains("subprotocol"), "{error}"),
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_site_tells_on_one_socket_who_visits_another() {
    let program = Program::start(env!("CARGO_BIN_EXE_site"), &[]);
    let mut visitors = connect(&program, "/visitors").await;
    assert_eq!(next(&mut visitors).await, Message::text("0"));
    let mut chat = connect(&program, "/chat?token=secret").await;
    assert_eq!(next(&mut visitors).await, Message::text("1"));
    chat.close(None).await.unwrap();
    assert_eq!(next(&mut visitors).await, Message::text("0"));
    let (_, reason) = {
        let mut chat = connect(&program, "/chat?token=secret").await;
        chat.send(Message::binary(vec![0])).await.unwrap();
        final_close(&mut chat).await.unwrap()
    };
    assert_eq!(reason.unwrap().0, 1011);
}

#[tokio::test]
async fn fan_out_closes_a_slow_subscriber_with_1013_and_the_others_get_everything() {
    let program = Program::start(env!("CARGO_BIN_EXE_fan_out"), &[]);
    let mut fast = connect(&program, "/").await;
    // It holds little that was not read.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let stream = socket.connect(program.address().parse().unwrap()).await.unwrap();
    let (mut slow, _) = client_async(program.url("/"), stream).await.unwrap();
    for subscribed in [next(&mut fast).await, next(&mut slow).await] {
        assert_eq!(subscribed, Message::text("subscribed"));
    }
    let mut publisher = connect(&program, "/publish").await;

    // More than the server's send buffer and that of its system can hold.
    const COUNT: usize = 256;
    let message = Message::binary(vec![7; 64 << 10]);
    for _ in 0..COUNT {
        publisher.send(message.clone()).await.unwrap();
        assert_eq!(next(&mut fast).await, message);
    }
    let (received, reason) = final_close(&mut slow).await.unwrap();
    assert_eq!(reason, Some((1013, "too slow".to_owned())));
    assert!((1..COUNT).contains(&received), "{received} messages");
}
