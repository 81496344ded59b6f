//! Which client the fields of a request name.

use proptest::prelude::*;
use ws_core::StatusCode;
use ws_core::head::{Fields, HttpVersion, MAX_HEAD_BYTES};

use super::super::TrustedProxy;
use super::*;

const PROXY: &str = "10.0.0.1:5";

fn head(lines: &[(&str, &str)]) -> RequestHead {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.push(name, value);
    }
    RequestHead::new("GET", "/", HttpVersion::Http11, fields)
}

fn tcp(address: &str) -> RemoteAddr {
    RemoteAddr::Tcp(address.parse().unwrap())
}

fn read_from(remote: RemoteAddr, lines: &[(&str, &str)]) -> Result<Forwarded, Rejection> {
    let trusted = ["10.0.0.0/8", "fd00::/8", "unix"];
    let trusted = trusted.iter().map(|entry| entry.parse::<TrustedProxy>().unwrap());
    Forwarded::read(&head(lines), remote, &trusted.collect())
}

/// `remote transport host`, for a request from a trusted proxy.
fn believed(lines: &[(&str, &str)]) -> String {
    let found = read_from(tcp(PROXY), lines).unwrap();
    let transport = found.transport.map_or("-", |transport| match transport {
        Transport::Plain => "plain",
        Transport::Tls => "tls",
    });
    format!("{} {transport} {}", found.remote, found.host.as_deref().unwrap_or("-"))
}

fn refused(lines: &[(&str, &str)]) -> String {
    let rejection = read_from(tcp(PROXY), lines).unwrap_err();
    assert_eq!(rejection.status(), StatusCode::BAD_REQUEST);
    rejection.reason().to_owned()
}

#[test]
fn nothing_is_believed_of_a_connection_from_elsewhere() {
    let lines = [
        ("Forwarded", "for=1.2.3.4;proto=https;host=a"),
        ("X-Forwarded-For", "nonsense"),
        ("X-Forwarded-Proto", "https"),
    ];
    for remote in [tcp("192.0.2.1:1"), tcp("[::1]:1"), RemoteAddr::Unknown] {
        let found = read_from(remote, &lines).unwrap();
        assert_eq!(found, Forwarded { remote, transport: None, host: None });
    }
}

#[test]
fn a_proxy_that_says_nothing_leaves_the_connection_its_address() {
    assert_eq!(believed(&[]), "10.0.0.1:5 - -");
    assert_eq!(believed(&[("Forwarded", "")]), "10.0.0.1:5 - -");
    assert_eq!(believed(&[("X-Forwarded-For", " , ")]), "10.0.0.1:5 - -");
    assert_eq!(believed(&[("X-Forwarded-Proto", "https")]), "10.0.0.1:5 tls -");
}

#[test]
fn a_proxy_on_a_unix_socket_and_a_mapped_address_are_believed() {
    for remote in [RemoteAddr::Unix, tcp("[::ffff:10.0.0.1]:1")] {
        let found = read_from(remote, &[("X-Forwarded-For", "::ffff:192.0.2.1")]).unwrap();
        assert_eq!(found.remote, tcp("192.0.2.1:0"));
    }
}

#[test]
fn the_first_untrusted_address_from_the_right_is_the_client() {
    let chain = |value| believed(&[("X-Forwarded-For", value)]);
    assert_eq!(chain("192.0.2.1"), "192.0.2.1:0 - -");
    assert_eq!(chain("6.6.6.6, 192.0.2.1"), "192.0.2.1:0 - -");
    assert_eq!(chain("6.6.6.6, 192.0.2.1, 10.0.0.3, fd00::1"), "192.0.2.1:0 - -");
    assert_eq!(chain("10.0.0.2, 6.6.6.6, 192.0.2.1, 10.0.0.3:80"), "192.0.2.1:0 - -");
    assert_eq!(chain("10.0.0.2, 10.0.0.3"), "10.0.0.2:0 - -");
    assert_eq!(chain("nonsense, 192.0.2.1"), "192.0.2.1:0 - -");
    assert_eq!(chain("192.0.2.1, unknown, 10.0.0.3"), "unknown - -");
    let lines = [("x-forwarded-for", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.1,10.0.0.3")];
    assert_eq!(believed(&lines), "192.0.2.1:0 - -");
}

#[test]
fn scheme_and_host_are_those_of_the_hop_of_the_client() {
    let value = "for=6.6.6.6;proto=http;host=evil, for=\"[2001:db8::1]:80\";proto=https;host=\"a:8443\", \
        for=10.0.0.3;proto=http;host=inner";
    assert_eq!(believed(&[("Forwarded", value)]), "[2001:db8::1]:80 tls a:8443");
    let lines = [("Forwarded", "for=6.6.6.6;host=evil"), ("Forwarded", "for=192.0.2.1;proto=ws")];
    assert_eq!(believed(&lines), "192.0.2.1:0 plain -");
    assert_eq!(believed(&[("Forwarded", "for=6.6.6.6, for=_x;proto=wss")]), "unknown tls -");
    assert_eq!(believed(&[("Forwarded", "for=6.6.6.6, proto=https")]), "unknown tls -");
    let all_trusted = "for=10.0.0.2;host=a, for=10.0.0.3;host=b";
    assert_eq!(believed(&[("Forwarded", all_trusted)]), "10.0.0.2:0 - a");
}

#[test]
fn the_last_x_forwarded_scheme_and_host_count() {
    let lines = [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "http, HTTPS"),
        ("X-Forwarded-Host", "evil"),
        ("X-Forwarded-Host", "[::1]:8443"),
    ];
    assert_eq!(believed(&lines), "192.0.2.1:0 tls [::1]:8443");
}

#[test]
fn both_kinds_at_once_are_refused() {
    for other in [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "a"),
    ] {
        assert!(refused(&[("Forwarded", "for=6.6.6.6"), other]).contains("X-Forwarded"));
    }
}

#[test]
fn a_malformed_field_of_a_trusted_proxy_is_refused_by_its_name() {
    for (name, value) in [
        ("Forwarded", "for=\"6.6.6.6, for=192.0.2.1"),
        ("Forwarded", "nonsense, for=192.0.2.1"),
        ("Forwarded", "for=192.0.2.1, for=a.example"),
        ("Forwarded", "for=192.0.2.1;proto=ftp"),
        ("Forwarded", "for=192.0.2.1;host=\"a b\""),
        ("Forwarded", "for=192.0.2.1;for=10.0.0.1"),
        ("X-Forwarded-For", "192.0.2.1, nonsense"),
        ("X-Forwarded-For", "nonsense, 10.0.0.3"),
        ("X-Forwarded-Proto", "https, ftp"),
        ("X-Forwarded-Host", "a/b"),
        ("X-Forwarded-Host", "user@a"),
    ] {
        let reason = refused(&[(name, value)]);
        let expected = format!("the proxy sent a {name} field that");
        assert!(reason.starts_with(&expected), "{value}: {reason}");
    }
}

#[test]
fn what_is_malformed_left_of_the_client_is_not_judged() {
    let value = "for=a.example;proto=ftp;host=\"a b\", for=x;for=y, for=192.0.2.1;proto=https";
    assert_eq!(believed(&[("Forwarded", value)]), "192.0.2.1:0 tls -");
}

#[test]
fn a_host_too_long_for_a_name_is_refused() {
    let host = "a".repeat(MAX_HOST_BYTES);
    assert_eq!(believed(&[("X-Forwarded-Host", &host)]), format!("{PROXY} - {host}"));
    refused(&[("X-Forwarded-Host", &format!("{host}a"))]);
}

#[test]
fn a_chain_as_long_as_a_head_is_walked() {
    let hops = "for=10.0.0.1,".repeat(MAX_HEAD_BYTES / 13);
    assert_eq!(believed(&[("Forwarded", &hops)]), "10.0.0.1:0 - -");
}

proptest! {
    #[test]
    fn no_field_makes_it_panic(
        chain in "[for=prthosux0-9.,;:\"\\\\_ \\[\\]]{0,60}",
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        for name in [FORWARDED, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST] {
            for value in [chain.as_bytes(), &bytes] {
                let mut fields = Fields::new();
                fields.push(name, value);
                let head = RequestHead::new("GET", "/", HttpVersion::Http11, fields);
                let trusted = "unix".parse::<TrustedProxy>().into_iter().collect();
                let _ = Forwarded::read(&head, RemoteAddr::Unix, &trusted);
            }
        }
    }

    #[test]
    fn what_a_client_prepends_never_changes_who_it_is(
        invented in "([a-z0-9.:=;_]|, ){0,60}",
    ) {
        let own = "for=192.0.2.1;proto=https, for=10.0.0.3";
        let spoiled = [("Forwarded", invented.as_str()), ("Forwarded", own)];
        if let Ok(found) = read_from(tcp(PROXY), &spoiled) {
            prop_assert_eq!(found.remote, tcp("192.0.2.1:0"));
            prop_assert_eq!(found.transport, Some(Transport::Tls));
        }
        let chain = format!("{invented}, 192.0.2.1, 10.0.0.3");
        let found = read_from(tcp(PROXY), &[("X-Forwarded-For", &chain)]);
        prop_assert_eq!(found.map(|found| found.remote).ok(), Some(tcp("192.0.2.1:0")));
    }
}
