//! A draft of a third party, in a program that does nothing but name its crate.

use ws_hixie75 as _;
use ws_server::{Drafts, Server};
use ws_tests::requests;

use crate::echo_messages;

#[test]
fn every_draft_that_is_linked_registers_itself_in_a_fixed_order() {
    let drafts = Drafts::registered().unwrap();
    let names: Vec<_> = drafts.iter().map(|draft| draft.id().as_str()).collect();
    assert_eq!(names, ["rfc6455", "hybi08", "hybi07", "hixie76", "hixie75"]);
    assert_eq!(drafts.versions(), "13, 8, 7");
}

#[test]
fn a_server_without_drafts_is_refused() {
    let builder = Server::builder().drafts(Drafts::none());
    let error = builder.messages(|socket, _| crate::echo(socket)).unwrap_err();
    assert!(error.to_string().contains("no draft is linked in"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_third_party_draft_serves_its_clients() {
    let server = echo_messages(Server::builder());
    let mut client = server.connect();
    client.send(requests::HIXIE75).await;
    // What old WebKit compares byte for byte.
    client
        .expect(
            b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n\
              Upgrade: WebSocket\r\n\
              Connection: Upgrade\r\n",
        )
        .await;
    client
        .expect(
            b"WebSocket-Origin: http://example.com\r\n\
              WebSocket-Location: ws://example.com/demo\r\n\r\n",
        )
        .await;
    client.send("\0hé\u{20ac}".as_bytes()).await;
    client.send(b"\xff\x00\xff").await;
    client.expect("\0hé\u{20ac}".as_bytes()).await;
    client.expect(b"\xff\x00\xff").await;
    client.end().await;
    assert!(client.is_hung_up().await);
}
