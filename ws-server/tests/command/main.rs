//! The command, run as its users run it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod hostile;
mod process;
mod targets;
mod tls;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use process::{HELLO, HELLO_BACK, REQUEST, Server, expect, expect_head, rest, run, socket_path};

#[test]
fn it_says_in_one_line_where_it_listens_and_what_it_speaks() {
    let server = Server::start(&["0"]);
    let (address, rest) = server.line.split_once("/ ").unwrap();
    assert!(address.starts_with("listening on ws://127.0.0.1:"), "{}", server.line);
    assert_ne!(server.address(), "127.0.0.1:0");
    assert_eq!(rest, "(drafts: rfc6455, hybi08, hybi07, hixie76)\n");
}

#[test]
fn it_echoes_and_goes_down_in_order_on_sigterm() {
    let mut server = Server::start(&["0", "--workers", "2"]);
    let mut client = server.connect(REQUEST);
    let head = expect_head(&mut client);
    assert!(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    client.write_all(HELLO).unwrap();
    expect(&mut client, HELLO_BACK);
    server.signal("-TERM");
    expect(&mut client, b"\x88\x02\x03\xe9");
    client.write_all(b"\x88\x82\x37\xfa\x21\x3d\x34\x13").unwrap();
    assert_eq!(rest(&mut client), b"");
    drop(client);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_cuts_what_does_not_close() {
    let mut server = Server::start(&["0", "--drain", "1000", "--closing-timeout", "1000"]);
    let mut client = server.connect(REQUEST);
    expect_head(&mut client);
    server.signal("-INT");
    expect(&mut client, b"\x88\x02\x03\xe9");
    server.signal("-INT");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_browser_that_looks_gets_a_page_that_needs_nothing_else() {
    let server = Server::start(&["0"]);
    let mut client = server.connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = expect_head(&mut client);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let page = String::from_utf8(rest(&mut client)).unwrap();
    assert!(page.contains("rfc6455, hybi08, hybi07, hixie76"));
    assert!(!page.contains("http://") && !page.contains("https://"), "an outside resource");
}

#[test]
fn it_carries_bytes_to_a_tcp_service_and_back() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = target.local_addr().unwrap().to_string();
    let server = Server::start(&["0", &address]);
    let mut client = server.connect(REQUEST);
    expect_head(&mut client);
    client.write_all(HELLO).unwrap();
    let (mut service, _) = target.accept().unwrap();
    expect(&mut service, b"Hello");
    service.write_all(b"World").unwrap();
    expect(&mut client, b"\x82\x05World");
    service.shutdown(std::net::Shutdown::Write).unwrap();
    expect(&mut client, b"\x88\x02\x03\xe8");
    client.write_all(b"\x88\x80\x37\xfa\x21\x3d").unwrap();
    assert_eq!(rest(&mut client), b"");
    assert_eq!(rest(&mut service), b"");
}

#[test]
fn it_listens_on_a_unix_socket_and_takes_a_stale_one_over() {
    let path = socket_path("listen");
    let listen = format!("unix:{}", path.display());
    let mut server = Server::start(&[&listen]);
    assert!(server.line.starts_with(&format!("listening on {listen} (drafts: ")));
    assert_eq!(run(&[&listen]).status.code(), Some(2), "a live socket must be kept");
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(REQUEST).unwrap();
    expect_head(&mut client);
    client.write_all(HELLO).unwrap();
    expect(&mut client, HELLO_BACK);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(path.exists());
    let mut server = Server::start(&[&listen]);
    server.signal("-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert!(!path.exists(), "the socket file must be removed at the end");
}

#[test]
fn what_the_user_can_mend_ends_with_2_and_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let file = std::env::temp_dir();
    let file = format!("unix:{}", file.display());
    let cases: [(&[&str], &str); 22] = [
        (&["nonsense"], "expected PORT, ADDR:PORT"),
        (&["0", "nonsense"], "expected echo:, HOST:PORT"),
        (&["0", "--drain", "0"], "expected a number of seconds"),
        (&["0", "--path", "x"], "the path \"x\" can match no request: it must begin with a slash"),
        (&["0", "--nonsense"], "--nonsense"),
        (&[&taken], "the address is in use"),
        (&[&file], "there is a file or a live server at this path"),
        (&["0", "--max-connections", "0"], "--max-connections"),
        (&["0", "host.invalid:80"], "tcp:host.invalid:80 cannot be resolved"),
        (&["0", "--origin", "*"], "an origin is scheme://host"),
        (&["0", "--origin", "a.example"], "the origin \"a.example\" can match no page"),
        (&["0", "--origin", "Any"], "`--origin any`"),
        (&["0", "--origin", "https://a.example/app"], "can match no page"),
        (
            &["0", "--path", "/a b"],
            "the path \"/a b\" can match no request: it must begin with a slash",
        ),
        (&["0", "--subprotocol", "chat/1.0"], "\"chat/1.0\" can match no offer"),
        (&["0", "--max-message", "0"], "--max-message"),
        (&["0", "--max-frame", "0"], "--max-frame"),
        (&["0", "--log", "inof"], "\"inof\" is no level: expected error, warn, info"),
        (&["0", "--log", "info,nonsense"], "\"nonsense\" is no level"),
        (&["0", "--log", "ws_server=inof"], "expected error, warn, info"),
        (&["0", "--trusted-proxy", "unix"], "expected an address or a network"),
        (&["unix:/tmp/x", "--proxy-protocol", "10.0.0.1"], "expected `unix`"),
    ];
    for (args, sentence) in cases {
        let output = run(args);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {words}");
        assert!(words.contains(sentence), "{args:?}: {words}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn it_lists_the_drafts_that_are_compiled_in() {
    let output = run(&["--drafts"]);
    assert!(output.status.success());
    assert_eq!(output.stdout, b"rfc6455\nhybi08\nhybi07\nhixie76\n");
}

#[test]
fn a_target_that_talks_still_gets_all_that_the_client_sent() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = target.local_addr().unwrap().to_string();
    let server = Server::start(&["0", &address]);
    let mut client = server.connect(REQUEST);
    expect_head(&mut client);
    let (mut service, _) = target.accept().unwrap();
    let upload = std::thread::spawn(move || {
        let message = [&[0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[7; 65_535]].concat();
        (0..50).for_each(|_| client.write_all(&message).unwrap());
        client.write_all(b"\x88\x80\x37\xfa\x21\x3d").unwrap();
        rest(&mut client)
    });
    // It sends all the time, also after the client's Close.
    let mut received = 0;
    let mut buf = vec![0; 10_000];
    loop {
        match service.read(&mut buf).unwrap() {
            0 => break,
            count => received += count,
        }
        service.write_all(b"ack").unwrap();
    }
    assert_eq!(received, 50 * 65_535);
    drop(service);
    upload.join().unwrap();
}

#[test]
fn a_server_that_takes_a_unix_socket_over_keeps_it() {
    let path = socket_path("restart");
    let listen = format!("unix:{}", path.display());
    let mut old = Server::start(&[&listen, "--drain", "1000", "--closing-timeout", "1000"]);
    let mut held = UnixStream::connect(&path).unwrap();
    held.write_all(REQUEST).unwrap();
    expect_head(&mut held);
    old.signal("-TERM");
    expect(&mut held, b"\x88\x02\x03\xe9");
    let mut new = Server::start(&[&listen]);
    held.write_all(b"\x88\x82\x37\xfa\x21\x3d\x34\x13").unwrap();
    drop(held);
    old.child.wait().unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(REQUEST).unwrap();
    expect_head(&mut client);
    drop(client);
    new.signal("-TERM");
    assert_eq!(new.child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn it_says_the_path_it_serves_and_serves_it_behind_tls() {
    let server = Server::start(&["0", "--path", "/chat", "--behind-tls"]);
    assert!(server.line.contains("/chat (drafts: "), "{}", server.line);
    let request = |origin: &str| {
        let field = format!("Host: a\r\nOrigin: {origin}");
        String::from_utf8(REQUEST.to_vec()).unwrap().replace("Host: a", &field).into_bytes()
    };
    let mut client = server.connect(&request("https://a"));
    assert!(expect_head(&mut client).starts_with("HTTP/1.1 101 "));
    let mut client = server.connect(&request("http://a"));
    assert!(expect_head(&mut client).starts_with("HTTP/1.1 403 "));
}

#[test]
fn the_smallest_send_buffer_still_sends() {
    let server = Server::start(&["0", "--send-buffer", "0"]);
    let mut client = server.connect(REQUEST);
    expect_head(&mut client);
    client.write_all(HELLO).unwrap();
    expect(&mut client, HELLO_BACK);
}

#[test]
fn a_signal_that_has_nothing_to_do_does_not_end_it() {
    let mut server = Server::start(&["0"]);
    server.signal("-HUP");
    server.wait_for_log("SIGHUP: there is nothing to read again");
    server.signal("-USR1");
    server.wait_for_log("SIGUSR1 has no meaning here");
    server.signal("-USR2");
    server.wait_for_log("SIGUSR2 has no meaning here");
    let mut client = server.connect(REQUEST);
    assert!(expect_head(&mut client).starts_with("HTTP/1.1 101 "));
}
