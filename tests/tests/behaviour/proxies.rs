//! What proxies tell of their clients.

use ws_server::{Builder, Peer, Server, TrustedProxies, WebSocket};
use ws_tests::frames::text;
use ws_tests::requests::{self, with_field};
use ws_tests::{Connector, PEER};

use crate::serve;

fn proxies(list: &[&str]) -> TrustedProxies {
    list.iter().map(|proxy| proxy.parse().unwrap()).collect()
}

/// Greets each client with what is known of it.
fn who(builder: Builder) -> Connector {
    let greet = |mut socket: WebSocket, peer: Peer| async move {
        let who = format!("{} {:?}", peer.remote(), peer.transport());
        socket.send(who.as_str()).await?;
        Ok(())
    };
    serve(builder.messages(greet).unwrap()).0
}

async fn greeting(server: &Connector, wire: &[u8]) -> String {
    let mut client = server.connect();
    client.send(wire).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let greeting = client.frame().await.unwrap();
    assert_eq!(greeting, text(&greeting.payload));
    String::from_utf8(greeting.payload).unwrap()
}

fn forwarded(fields: &str) -> Vec<u8> {
    with_field(requests::RFC6455, fields)
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_names_the_client_and_its_scheme() {
    let server = who(Server::builder().trusted_proxies(proxies(&["192.0.2.0/24"])));
    let request = |fields| {
        let request = String::from_utf8(forwarded(fields)).unwrap();
        request.replace("Origin: http://example.com", "Origin: https://example.com").into_bytes()
    };
    for fields in [
        "X-Forwarded-For: 203.0.113.9, 192.0.2.8\r\nX-Forwarded-Proto: https",
        "Forwarded: for=203.0.113.9;proto=https, for=192.0.2.8",
    ] {
        assert_eq!(greeting(&server, &request(fields)).await, "203.0.113.9:0 Tls", "{fields}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_trusted_says_is_not_believed() {
    let fields = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https";
    for list in [&[][..], &["198.51.100.1", "unix"]] {
        let server = who(Server::builder().trusted_proxies(proxies(list)));
        assert_eq!(greeting(&server, &forwarded(fields)).await, format!("{PEER} Plain"));
    }
}

#[tokio::test(start_paused = true)]
async fn hixie_76_is_told_the_url_that_the_client_has_dialled() {
    let fields = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: site.example";
    let request = String::from_utf8(with_field(requests::HIXIE76, fields)).unwrap();
    let request = request.replace("Origin: http://example.com", "Origin: https://site.example");
    let server = who(Server::builder().trusted_proxies(proxies(&["192.0.2.7"])));
    let mut client = server.connect();
    client.send(&[request.as_bytes(), requests::HIXIE76_KEY3].concat()).await;
    let head = client.head().await;
    let location = "\r\nSec-WebSocket-Location: wss://site.example/demo\r\n";
    assert!(head.contains(location), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_field_of_a_trusted_proxy_that_makes_no_sense_is_refused() {
    let server = who(Server::builder().trusted_proxies(proxies(&["192.0.2.7"])));
    let mut client = server.connect();
    client.send(&forwarded("X-Forwarded-For: nonsense")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[tokio::test(start_paused = true)]
async fn the_proxy_protocol_names_the_client_however_its_bytes_arrive() {
    let server = who(Server::builder().proxy_protocol(proxies(&["192.0.2.7"])));
    let one = b"PROXY TCP4 203.0.113.9 192.0.2.1 1234 80\r\n".to_vec();
    let two = [
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..],
        &[203, 0, 113, 9, 192, 0, 2, 1, 0x04, 0xd2, 0, 80],
    ]
    .concat();
    for header in [one, two] {
        let wire = [&header[..], requests::RFC6455].concat();
        assert_eq!(greeting(&server, &wire).await, "203.0.113.9:1234 Plain");
        let mut client = server.connect();
        client.send_bytewise(&wire).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
        client.expect(text("203.0.113.9:1234 Plain")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_proxy_protocol_tells_whether_the_client_came_over_tls() {
    let server = who(Server::builder().proxy_protocol(proxies(&["192.0.2.7"])));
    for (bits, scheme, transport) in [(1, "https", "Tls"), (0, "http", "Plain")] {
        let header = [
            &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14"[..],
            &[203, 0, 113, 9, 192, 0, 2, 1, 0x04, 0xd2, 0, 80],
            &[0x20, 0, 5, bits, 0, 0, 0, 0],
        ]
        .concat();
        // The origin is that of the page which the client has loaded: it is let in by its scheme.
        let request = String::from_utf8(requests::RFC6455.to_vec()).unwrap();
        let request = request.replace("Origin: http:", &format!("Origin: {scheme}:"));
        let wire = [&header[..], request.as_bytes()].concat();
        assert_eq!(greeting(&server, &wire).await, format!("203.0.113.9:1234 {transport}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_of_the_proxy_protocol_is_believed_of_its_proxies_alone() {
    // Neither of a client that comes past them, nor a second one behind the first.
    let header = b"PROXY TCP4 203.0.113.9 192.0.2.1 1234 80\r\n";
    let mut past = who(Server::builder().proxy_protocol(proxies(&["198.51.100.1"]))).connect();
    past.send(&[header, requests::RFC6455].concat()).await;
    assert!(past.head().await.starts_with("HTTP/1.1 400 "));
    let mut twice = who(Server::builder().proxy_protocol(proxies(&["192.0.2.7"]))).connect();
    twice.send(&[header, &header[..], requests::RFC6455].concat()).await;
    assert!(twice.head().await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_its_proxy_does_not_name_has_not_the_rights_of_the_proxy() {
    let trusted = proxies(&["192.0.2.7"]);
    let server = who(Server::builder().proxy_protocol(trusted.clone()).trusted_proxies(trusted));
    let request = forwarded("X-Forwarded-For: 203.0.113.9");
    let wire = [b"PROXY UNKNOWN\r\n", &request[..]].concat();
    assert_eq!(greeting(&server, &wire).await, "unknown Plain");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_the_header_that_is_expected_is_ended() {
    let server = who(Server::builder().proxy_protocol(proxies(&["192.0.2.7"])));
    let mut client = server.connect();
    client.send(requests::RFC6455).await;
    assert!(client.is_hung_up().await);
    // And a header that nobody expects is no request.
    let server = who(Server::builder());
    let mut client = server.connect();
    client.send(&[b"PROXY UNKNOWN\r\n", requests::RFC6455].concat()).await;
    assert!(client.head().await.starts_with("HTTP/1.1 400 "));
}
