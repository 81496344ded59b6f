//! Negotiation: offers and responses (RFC 7692 §7.1).

use super::*;
use ws_core::deflate::Context;
use ws_core::head::HeadReader;

fn response(deflate: &Deflate, offers: &str) -> Option<String> {
    accept(deflate, offers).map(|accepted| accepted.response)
}

#[test]
fn answers_what_browsers_offer() {
    let wide = Deflate::new().server_window_bits(15).client_window_bits(15);
    for (deflate, offer, expected) in [
        // Firefox
        (Deflate::new(), "permessage-deflate", "permessage-deflate"),
        // Chrome
        (
            Deflate::new(),
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=12",
        ),
        (
            wide.clone(),
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=15",
        ),
        (
            wide.clone(),
            "permessage-deflate; client_max_window_bits=9",
            "permessage-deflate; client_max_window_bits=9",
        ),
        (
            wide.clone(),
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, \
             permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=15",
        ),
        (
            Deflate::new(),
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate; server_max_window_bits=12",
        ),
        (
            wide,
            "permessage-deflate; server_max_window_bits=\"8\"",
            "permessage-deflate; server_max_window_bits=8",
        ),
        (
            Deflate::new(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
    ] {
        assert_eq!(response(&deflate, offer).as_deref(), Some(expected), "{offer}");
    }
}

#[test]
fn never_limits_the_servers_window_unasked() {
    for bits in 8..=15 {
        let deflate = Deflate::new().server_window_bits(bits);
        let response = response(&deflate, "permessage-deflate").unwrap();
        assert_eq!(response, "permessage-deflate");
    }
}

#[test]
fn declines_an_offer_with_anything_wrong_and_goes_on_to_the_next() {
    for wrong in [
        "server_max_window_bits",
        "server_max_window_bits=07",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=+9",
        "server_max_window_bits=\"010\"",
        "client_max_window_bits=16",
        "client_max_window_bits=abc",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "foo",
        "foo=bar",
        "Server_No_Context_Takeover",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits; client_max_window_bits=10",
        "server_max_window_bits=10; server_max_window_bits=10",
    ] {
        let offer = format!("permessage-deflate; {wrong}");
        assert_eq!(response(&Deflate::new(), &offer), None, "{offer}");
        let fallback = format!("{offer}, permessage-deflate");
        let expected = Some("permessage-deflate".to_owned());
        assert_eq!(response(&Deflate::new(), &fallback), expected, "{fallback}");
    }
}

#[test]
fn declines_what_is_not_known() {
    for offer in ["", "deflate-stream", "permessage-bzip2", "mux", "permessage-compress; method=x"]
    {
        assert_eq!(response(&Deflate::new(), offer), None, "{offer}");
    }
}

#[test]
fn says_so_when_it_wants_no_takeover() {
    let deflate =
        Deflate::new().server_context(Context::PerMessage).client_context(Context::PerMessage);
    let expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert_eq!(response(&deflate, "permessage-deflate").as_deref(), Some(expected));
}

#[test]
fn reads_offers_from_all_lines_and_responds_with_the_granted_one() {
    let request: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Extensions: a, permessage-deflate; foo\r\n\
          Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let head = HeadReader::new().push(request).unwrap().1.unwrap();
    let offers = RFC6455.extensions(&head);
    let names: Vec<_> = offers.iter().map(|offer| offer.name).collect();
    assert_eq!(names, ["a", "permessage-deflate", "permessage-deflate"]);
    let extensions: [Arc<dyn Extension>; 1] = [Arc::new(Deflate::new())];
    let accepted = negotiate(&extensions, &offers).unwrap();
    let grant = ws_core::Grant::default().with_extension(Some(&accepted.response));
    let mut written = Vec::new();
    RFC6455.respond(&head, &grant).unwrap().write(&mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(written.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"), "{written}");
    let mut written = Vec::new();
    RFC6455.respond(&head, &Default::default()).unwrap().write(&mut written).unwrap();
    assert!(!String::from_utf8(written).unwrap().contains("Extensions"));
}

#[test]
fn a_client_offers_what_its_policy_says_with_a_fallback() {
    for (deflate, offer) in [
        (
            Deflate::new(),
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits, \
             permessage-deflate; client_max_window_bits",
        ),
        (
            Deflate::new().server_window_bits(15).server_context(Context::PerMessage),
            "permessage-deflate; server_no_context_takeover; client_max_window_bits",
        ),
    ] {
        assert_eq!(deflate.offer(), offer);
    }
}

#[test]
fn a_client_fails_the_connection_on_a_response_that_does_not_fit() {
    let forgetful = Deflate::new().server_context(Context::PerMessage);
    for (deflate, response, fits) in [
        (&Deflate::new(), "permessage-deflate", true),
        (&Deflate::new(), "permessage-deflate; server_max_window_bits=15", true),
        (&Deflate::new(), "permessage-deflate; client_max_window_bits=8", true),
        (&Deflate::new(), "permessage-deflate; client_max_window_bits", false),
        (&Deflate::new(), "permessage-deflate; server_max_window_bits", false),
        (&Deflate::new(), "permessage-deflate; server_max_window_bits=7", false),
        (&Deflate::new(), "permessage-deflate; foo", false),
        (
            &Deflate::new(),
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            false,
        ),
        (&Deflate::new(), "x-webkit-deflate-frame", false),
        (&forgetful, "permessage-deflate; server_no_context_takeover", true),
        (&forgetful, "permessage-deflate", false),
    ] {
        let element = ws_core::hybi::extensions(response.as_bytes()).unwrap();
        assert_eq!(deflate.confirm(&element[0]).is_some(), fits, "{response}");
    }
}
