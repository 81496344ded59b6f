//! Opening handshakes byte for byte: the vectors of hybi-00 §1.2 and §1.3, and others.

#![allow(clippy::expect_used, reason = "the helpers are part of the tests")]

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use ws_core::head::{HeadReader, RequestHead};
use ws_core::{Draft, DraftId, Drafts, Grant, Transport};
use ws_hixie76::HIXIE76;

const KEYS: &str = "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
                    Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";

/// Keys, the eight bytes after the head, and the answer.
const VECTORS: [(&str, &str, [u8; 8], u128); 6] = [
    (
        "4 @1  46546xW%0l 1 5",
        "12998 5 Y3 1  .P00",
        *b"^n:ds[4U",
        0x386a_4b53_2779_3a47_2a43_6f2c_5778_612d,
    ),
    (
        "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
        "1_ tx7X d  <  nw  334J702) 7]o}` 0",
        *b"Tm[K T2u",
        0x6651_4a2c_664e_2f34_4634_217e_4b7e_4d48,
    ),
    (
        "3e6b263  4 17 80",
        "17  9 G`ZD9   2 2b 7X 3 /r90",
        *b"WjN}|M(6",
        0x6e60_3965_426b_397a_2452_3870_4f74_5662,
    ),
    (
        "P388 O503D&ul7 {K%gX( %7  15",
        "1 N ?|k UT0or 3o  4 I97N 5-S3O 31",
        [0x47, 0x30, 0x22, 0x2d, 0x5a, 0x3f, 0x47, 0x58],
        0x3073_7433_526c_2671_2d32_5a55_5e77_6575,
    ),
    (
        "30  ;- 5=5 u 4 1  7336",
        ":2 8 G(  07A 93Ql 3 *20 Ox0G'w",
        // Not UTF-8.
        [0x5d, 0x9f, 0xb0, 0x67, 0x0f, 0xe4, 0xfa, 0x75],
        0xb6bc_2a9e_a00c_1cb9_0fad_dc97_9060_17a8,
    ),
    (
        "4 @1  46546xW%0l 1 5",
        "12998 5 Y3 1  .P00",
        *b"aaaaaaaa",
        0xca34_00d8_a508_4797_2cd5_715a_babf_437b,
    ),
];

fn head(fields: &str) -> RequestHead {
    head_of("/demo", fields)
}

fn head_of(target: &str, fields: &str) -> RequestHead {
    let request = format!(
        "GET {target} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n{fields}\r\n"
    );
    let (taken, head) = HeadReader::new().push(request.as_bytes()).expect("a head");
    assert_eq!(taken, request.len());
    head.expect("a whole head")
}

/// The head of the response, as a server writes it.
fn respond(head: &RequestHead, grant: &Grant<'_>) -> String {
    let draft = Drafts::none().with(&HIXIE76, 40).expect("one draft").select(head).expect("76");
    draft.offer(head).expect("a good request");
    let mut written = Vec::new();
    draft.respond(head, grant).expect("an answer").write(&mut written).expect("a clean head");
    String::from_utf8(written).expect("UTF-8")
}

fn location(target: &str, host: &str, transport: Transport) -> String {
    let head = head_of(target, &format!("Host: {host}\r\n{KEYS}"));
    let response = respond(&head, &Grant::default().with_transport(transport));
    let line = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Location: "));
    line.expect("a location").to_owned()
}

fn subprotocols(value: &str) -> Vec<String> {
    let head = head(&format!("Host: a\r\nSec-WebSocket-Protocol: {value}\r\n{KEYS}"));
    let offer = HIXIE76.offer(&head).expect("a good request");
    offer.subprotocols.into_iter().map(str::to_owned).collect()
}

#[test]
fn registers_itself() {
    let drafts = Drafts::registered().unwrap();
    assert!(drafts.iter().any(|draft| draft.id() == DraftId::new("hixie76")));
    assert_eq!(drafts.versions(), "");
}

#[tokio::test]
async fn answers_the_handshake_of_the_draft_to_the_byte() {
    let head = head(&format!(
        "Host: example.com\r\nOrigin: http://example.com\r\n\
         Sec-WebSocket-Protocol: sample\r\n{KEYS}"
    ));
    let grant = Grant::default().with_subprotocol(Some("sample"));
    let (mut client, mut server) = duplex(1024);
    server.write_all(respond(&head, &grant).as_bytes()).await.unwrap();
    client.write_all(b"^n:ds[4U").await.unwrap();
    HIXIE76.finish(&head, &mut server).await.unwrap();
    drop(server);

    let mut answered = String::new();
    client.read_to_string(&mut answered).await.unwrap();
    assert_eq!(
        answered,
        "HTTP/1.1 101 WebSocket Protocol Handshake\r\n\
         Upgrade: WebSocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Origin: http://example.com\r\n\
         Sec-WebSocket-Location: ws://example.com/demo\r\n\
         Sec-WebSocket-Protocol: sample\r\n\r\n\
         8jKS'y:G*Co,Wxa-"
    );
}

#[test]
fn answers_null_to_a_client_without_an_origin() {
    let response = respond(&head(&format!("Host: a\r\n{KEYS}")), &Grant::default());
    assert!(response.ends_with(
        "\r\nSec-WebSocket-Origin: null\r\nSec-WebSocket-Location: ws://a/demo\r\n\r\n"
    ));
}

#[tokio::test]
async fn answers_every_challenge_and_reads_no_byte_more() {
    for (key1, key2, key3, answer) in VECTORS {
        let head = head(&format!(
            "Sec-WebSocket-Key2: {key2}\r\nHost: a\r\nsec-websocket-key1: {key1}\r\n"
        ));
        HIXIE76.offer(&head).unwrap();
        let (mut client, mut server) = duplex(64);
        client.write_all(&key3).await.unwrap();
        client.write_all(b"\x00next\xff").await.unwrap();
        HIXIE76.finish(&head, &mut server).await.unwrap();

        let mut answered = [0; 16];
        client.read_exact(&mut answered).await.unwrap();
        assert_eq!(answered, answer.to_be_bytes(), "{key1}");
        let mut next = [0; 6];
        server.read_exact(&mut next).await.unwrap();
        assert_eq!(&next, b"\x00next\xff");
    }
}

#[tokio::test]
async fn fails_when_the_client_leaves_before_its_eight_bytes() {
    let (mut client, mut server) = duplex(64);
    client.write_all(b"seven b").await.unwrap();
    drop(client);
    let head = head(&format!("Host: a\r\n{KEYS}"));
    assert!(HIXIE76.finish(&head, &mut server).await.is_err());
}

#[test]
fn builds_the_location_as_the_client_does() {
    use Transport::{Plain, Tls};
    for (target, host, transport, expected) in [
        ("/", "Example.COM", Plain, "ws://example.com/"),
        ("/Chat?Room=1", "a:80", Plain, "ws://a/Chat?Room=1"),
        ("/", "a:443", Plain, "ws://a:443/"),
        ("/", "a:443", Tls, "wss://a/"),
        ("/", "a:80", Tls, "wss://a:80/"),
        ("/", "a:8080", Plain, "ws://a:8080/"),
        ("/", "[::1]:80", Plain, "ws://[::1]/"),
        ("/", "[::80]", Plain, "ws://[::80]/"),
        ("/", "[FE80::1]:8080", Tls, "wss://[fe80::1]:8080/"),
        ("http://other/x?y", "a", Plain, "ws://a/x?y"),
    ] {
        assert_eq!(location(target, host, transport), expected);
    }
}

#[test]
fn offers_the_subprotocol_whole_and_then_its_items() {
    assert_eq!(subprotocols("sample"), ["sample"]);
    assert_eq!(subprotocols("two words"), ["two words"]);
    assert_eq!(subprotocols("a, b,a,,c"), ["a, b,a,,c", "a", "b", "c"]);
    assert!(subprotocols("").is_empty());
}

#[test]
fn reads_the_origin_as_it_stands() {
    for origin in ["http://example.com", "null", "file://", "example.com", "HTTP://Ex\u{e4}mple"] {
        let head = head(&format!("Host: a\r\nOrigin: {origin}\r\n{KEYS}"));
        assert_eq!(HIXIE76.offer(&head).unwrap().origin, Some(origin));
        let expected = format!("\r\nSec-WebSocket-Origin: {origin}\r\n");
        assert!(respond(&head, &Grant::default()).contains(&expected));
    }
}

#[test]
fn lets_a_client_announce_the_eight_bytes_and_name_draft_0() {
    let fields = format!("Host: a\r\nContent-Length: 8\r\nSec-WebSocket-Draft: 0\r\n{KEYS}");
    assert!(respond(&head(&fields), &Grant::default()).starts_with("HTTP/1.1 101 "));
}
