//! What a handler can tell of its connection without its peer: its number and subprotocol.

use std::collections::BTreeSet;
use std::io;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use tokio::io::AsyncWriteExt;
use ws_server::{ByteStream, Peer, Server, WebSocket, WebSocketUpgrade};
use ws_tests::Client;
use ws_tests::frames::text;
use ws_tests::requests::{self, with_field};

use crate::log::Log;
use crate::mount::visit;
use crate::serve;

/// Sends the number of the connection, and the subprotocol that was agreed on.
async fn tell(mut socket: WebSocket) -> io::Result<()> {
    let told = format!("{} {:?}", socket.id(), socket.subprotocol());
    socket.send(told).await?;
    Ok(())
}

/// As [`tell`], as bytes.
async fn tell_bytes(mut stream: ByteStream) -> io::Result<()> {
    let told = format!("{} {:?}", stream.id(), stream.subprotocol());
    stream.write_all(told.as_bytes()).await
}

/// Fails unless the peer says the same as the socket.
fn compare(socket: &WebSocket, peer: &Peer) {
    assert_eq!(socket.id(), peer.id());
    assert_eq!(socket.subprotocol(), peer.subprotocol());
}

/// The number and the subprotocol that a client is told.
async fn told(mut client: Client, offer: &str) -> (u64, String) {
    let request = with_field(requests::RFC6455, &format!("Sec-WebSocket-Protocol: {offer}"));
    client.send(&request).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    let frame = client.frame().await.unwrap();
    let told = String::from_utf8(frame.payload).unwrap();
    let (id, subprotocol) = told.split_once(' ').unwrap();
    (id.parse().unwrap(), subprotocol.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_each_shape_knows_its_connection() {
    let builder = || Server::builder().subprotocols(["chat"]);
    let messages = |socket: WebSocket, peer: Peer| {
        compare(&socket, &peer);
        tell(socket)
    };
    let port = serve(builder().messages(messages).unwrap()).0;
    let bytes = serve(builder().wrap(|stream, _peer| tell_bytes(stream)).unwrap()).0;
    let open = builder().open(move |request| async move {
        let id = request.id();
        Ok(request.accept(move |socket, peer| {
            assert_eq!(peer.id(), id);
            messages(socket, peer)
        }))
    });
    let open = serve(open.unwrap()).0;
    let mounted = Router::new().fallback_service(builder().upgrade_messages(messages).unwrap());
    async fn extracted(upgrade: WebSocketUpgrade) -> Response {
        upgrade.protocols(["chat"]).on_upgrade(tell)
    }
    async fn extracted_with_peer(upgrade: WebSocketUpgrade) -> Response {
        upgrade.protocols(["chat"]).on_upgrade_with_peer(|socket, peer| {
            compare(&socket, &peer);
            tell(socket)
        })
    }
    let extractor = Router::new().fallback(any(extracted));
    let with_peer = Router::new().fallback(any(extracted_with_peer));
    let mut numbers = BTreeSet::new();
    let mut count = 0;
    for _ in 0..2 {
        for connect in [
            &(|| port.connect()) as &dyn Fn() -> Client,
            &|| bytes.connect(),
            &|| open.connect(),
            &|| visit(&mounted),
            &|| visit(&extractor),
            &|| visit(&with_peer),
        ] {
            let (id, subprotocol) = told(connect(), "other, chat").await;
            assert_eq!(subprotocol, "Some(\"chat\")");
            numbers.insert(id);
            let (id, subprotocol) = told(connect(), "other").await;
            assert_eq!(subprotocol, "None");
            numbers.insert(id);
            count += 2;
        }
    }
    assert_eq!(numbers.len(), count, "each connection has a number of its own");
}

#[tokio::test(start_paused = true)]
async fn the_halves_of_a_socket_have_its_number() {
    let handler = |socket: WebSocket, _peer: Peer| async move {
        let id = socket.id();
        let (receiver, mut sender) = socket.split();
        assert_eq!([receiver.id(), sender.id(), sender.clone().id()], [id; 3]);
        sender.send("the same").await?;
        Ok(())
    };
    let port = serve(Server::builder().messages(handler).unwrap()).0;
    port.open(requests::RFC6455).await.expect(text("the same")).await;
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_connection_has_its_number() {
    let log = Log::default();
    let _logged = log.begin_at(tracing::Level::DEBUG);
    let handler = |mut socket: WebSocket, _peer: Peer| async move {
        tracing::info!("handled {}", socket.id());
        socket.send("done").await?;
        Ok(())
    };
    let port = serve(Server::builder().messages(handler).unwrap()).0;
    port.open(requests::RFC6455).await.expect(text("done")).await;
    let log = log.text();
    let line = log.lines().find(|line| line.contains("handled ")).unwrap();
    let (_, id) = line.split_once("handled ").unwrap();
    assert!(line.contains(&format!(" id={id}}}: ")), "{line}");
}
