//! What a service receives from a peer that breaks the protocol, after valid messages.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use ws_core::ProtocolError;
use ws_server::{ByteStream, RecvError, WebSocket};
use ws_tests::frames::{binary, close_with, ping, text};
use ws_tests::{Encode, requests};

use crate::{serve_bytes, serve_messages};

const SECOND: Duration = Duration::from_secs(1);

/// What a service receives of these two writes, a tenth of a second apart, when it is busy for so
/// long with the first message.
async fn received(
    first: impl Encode,
    later: impl Encode,
    busy: Duration,
    closes: bool,
) -> Vec<String> {
    let (tell, mut told) = unbounded_channel();
    let service = move |mut socket: WebSocket, _| {
        let tell = tell.clone();
        async move {
            let mut is_first = true;
            loop {
                let word = match socket.recv().await {
                    Some(Ok(message)) => String::from_utf8_lossy(message.as_bytes()).into_owned(),
                    Some(Err(RecvError::Protocol(error))) => format!("{error:?}"),
                    Some(Err(error)) => error.to_string(),
                    None => break,
                };
                tell.send(word).unwrap();
                if std::mem::take(&mut is_first) {
                    if closes {
                        socket.start_close(None);
                    }
                    sleep(busy).await;
                }
            }
            // It is told once.
            let end = socket.recv().await.map_or("end", |_| "something behind the end");
            tell.send(end.to_owned()).unwrap();
            Ok(())
        }
    };
    let server = serve_messages(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(first).await;
    sleep(SECOND / 10).await;
    client.send(later).await;
    client.rest().await;
    let mut words = Vec::new();
    while words.last().is_none_or(|word| word != "end") {
        words.push(told.recv().await.unwrap());
    }
    words
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_busy_is_told_how_the_peer_broke_the_protocol() {
    let good = text("good").masked();
    for (bad, name) in [
        (text(b"\xff").masked(), "InvalidUtf8"),
        (text([0xff; 120]).masked()[..50].to_vec(), "InvalidUtf8"),
        (vec![0x82, 1, 7], "Unmasked"),
    ] {
        for busy in [SECOND / 2, 2 * SECOND] {
            for closes in [false, true] {
                let told = received(&good, &bad, busy, closes).await;
                assert_eq!(told, ["good", name, "end"], "{bad:x?}, {busy:?}, closes: {closes}");
                let both = [&good[..], &bad].concat();
                let told = received(&good, &both, busy, closes).await;
                assert_eq!(
                    told,
                    ["good", "good", name, "end"],
                    "{bad:x?}, {busy:?}, closes: {closes}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_received_after_an_error() {
    let both = [text("good"), text(b"\xff")];
    for later in [text("later").masked(), vec![0x82, 1, 7]] {
        for busy in [SECOND / 2, 2 * SECOND] {
            let told = received(&both, &later, busy, false).await;
            assert_eq!(told, ["good", "InvalidUtf8", "end"], "{later:x?}, {busy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_text_is_told_whatever_came_with_it() {
    let (bad, many) = (text(b"\xff"), binary([7; 5000]));
    for behind in [vec![], vec![ping("?")], vec![many.clone()], vec![ping("?"), many]] {
        let sent = [vec![bad.clone()], behind.clone()].concat();
        let told = received(sent, b"", SECOND / 2, false).await;
        assert_eq!(told, ["InvalidUtf8", "end"], "{behind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_read_is_told_of_a_bad_reason_behind_its_data() {
    for busy in [SECOND / 2, 2 * SECOND] {
        let (tell, mut told) = unbounded_channel();
        let service = move |mut stream: ByteStream, _| {
            let tell = tell.clone();
            async move {
                sleep(busy).await;
                let mut data = Vec::new();
                let end = stream.read_to_end(&mut data).await;
                tell.send((data, end.map_err(|error| error.to_string()))).unwrap();
                Ok(())
            }
        };
        let server = serve_bytes(service);
        let mut client = server.open(requests::RFC6455).await;
        client.send([binary("data"), close_with(1000, b"\xff")]).await;
        client.rest().await;
        let (data, end) = told.recv().await.unwrap();
        assert_eq!(data, b"data", "{busy:?}");
        let error = end.unwrap_err();
        assert!(error.ends_with(&ProtocolError::InvalidReason.to_string()), "{error}, {busy:?}");
    }
}
