//! What a service is told of a peer that breaks the protocol, behind what it said before.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use ws_core::ProtocolError;
use ws_server::{ByteStream, RecvError, Server, WebSocket};
use ws_tests::{masked, requests};

use crate::serve;

const SECOND: Duration = Duration::from_secs(1);

/// What a service receives of these two writes, a tenth of a second apart, when it is busy for so
/// long with the first message.
async fn received(first: &[u8], later: &[u8], busy: Duration, closes: bool) -> Vec<String> {
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
    let (server, _) = serve(Server::builder().messages(service).unwrap());
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
    let good = masked(0x81, b"good");
    for (bad, name) in [
        (masked(0x81, b"\xff"), "InvalidUtf8"),
        (masked(0x81, &[0xff; 120])[..50].to_vec(), "InvalidUtf8"),
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
    let both = [masked(0x81, b"good"), masked(0x81, b"\xff")].concat();
    for later in [masked(0x81, b"later"), vec![0x82, 1, 7]] {
        for busy in [SECOND / 2, 2 * SECOND] {
            let told = received(&both, &later, busy, false).await;
            assert_eq!(told, ["good", "InvalidUtf8", "end"], "{later:x?}, {busy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_text_is_told_whatever_came_with_it() {
    let bad = masked(0x81, b"\xff");
    let many = masked(0x82, &[7; 5000]);
    for behind in [vec![], masked(0x89, b"?"), many.clone(), [masked(0x89, b"?"), many].concat()] {
        let wire = [&bad[..], &behind].concat();
        let told = received(&wire, b"", SECOND / 2, false).await;
        assert_eq!(told, ["InvalidUtf8", "end"], "{} bytes behind", behind.len());
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
        let (server, _) = serve(Server::builder().wrap(service).unwrap());
        let mut client = server.open(requests::RFC6455).await;
        client.send(&[masked(0x82, b"data"), masked(0x88, b"\x03\xe8\xff")].concat()).await;
        client.rest().await;
        let (data, end) = told.recv().await.unwrap();
        assert_eq!(data, b"data", "{busy:?}");
        let error = end.unwrap_err();
        assert!(error.ends_with(&ProtocolError::InvalidReason.to_string()), "{error}, {busy:?}");
    }
}
