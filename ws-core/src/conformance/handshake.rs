//! The opening handshake: a valid request, and invalid variants of it.

use super::io::{Hesitant, block_on};
use crate::draft::{Draft, Grant, Transport};
use crate::head::{Fields, HeadReader, HttpVersion, RequestHead, ResponseHead};
use crate::registry::Drafts;
use crate::rejection::Rejection;

/// A frame that a client may send directly after its part of the handshake.
const FIRST_FRAME: &[u8] = b"\x81\x80\x00\x00\x00\x00";

pub(super) fn check(draft: &'static dyn Draft, request: &[u8], after_head: &[u8], answer: &[u8]) {
    let opening = Opening { draft };
    let head = opens_at_every_split(&opening, request);
    grants_what_is_offered(&opening, &head);
    accepts_other_spellings(&opening, &head);
    refuses_other_requests(&opening, &head);
    lets_nothing_be_injected(&opening, &head);
    finishes(draft, &head, after_head, answer);
}

struct Opening {
    draft: &'static dyn Draft,
}

impl Opening {
    fn drafts(&self) -> Drafts {
        Drafts::none().with(self.draft, 1).expect("one draft has no twin")
    }

    /// The head of the 101 response, as a server makes it.
    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        let draft = self.drafts().select(head)?;
        assert_eq!(draft.id(), self.draft.id());
        draft.offer(head)?;
        draft.respond(head, grant)
    }
}

fn opens_at_every_split(opening: &Opening, request: &[u8]) -> RequestHead {
    let wire = [request, FIRST_FRAME].concat();
    for split in 0..request.len() {
        let (first, second) = wire.split_at(split);
        let mut reader = HeadReader::new();
        let (taken, none) = reader.push(first).expect("the start of a head");
        assert!(taken == split && none.is_none(), "the head is complete before its end");
        let (taken, head) = reader.push(second).expect("the rest of a head");
        assert_eq!(taken, request.len() - split, "bytes after the head are consumed");
        let head = head.expect("the request ends with an empty line");
        accept(opening, &head, &Grant::default());
    }
    let (_, head) = HeadReader::new().push(request).expect("a head");
    head.expect("the request ends with an empty line")
}

/// The head of the 101 response and its encoding, which are checked.
fn accept(opening: &Opening, head: &RequestHead, grant: &Grant<'_>) -> (ResponseHead, Vec<u8>) {
    let response = opening.respond(head, grant).unwrap_or_else(|rejection| {
        panic!("{} refuses a valid request: {rejection}", opening.draft.id())
    });
    assert_eq!(response.status(), 101);
    let mut wire = Vec::new();
    response.write(&mut wire).expect("a response head that can be written");
    assert!(wire.starts_with(b"HTTP/1.1 101 ") && wire.ends_with(b"\r\n\r\n"));
    let lines = response.fields().len() + 2;
    let count = |byte| wire.iter().filter(|found| **found == byte).count();
    assert_eq!((count(b'\r'), count(b'\n')), (lines, lines), "line breaks within lines");
    for (name, value) in response.fields().iter() {
        assert_eq!(response.fields().all(name).count(), 1, "{name} appears more than once");
        assert!(!value.is_empty(), "{name} is empty, which some browsers refuse");
    }
    let value = |name| response.fields().all(name).next().map(<[u8]>::to_ascii_lowercase);
    assert_eq!(value("Upgrade").as_deref(), Some(&b"websocket"[..]));
    assert_eq!(
        value("Connection").as_deref(),
        Some(&b"upgrade"[..]),
        "early clients accept nothing else"
    );
    for name in ["Content-Length", "Transfer-Encoding"] {
        assert_eq!(value(name), None, "a 101 has no {name}");
    }
    (response, wire)
}

fn grants_what_is_offered(opening: &Opening, head: &RequestHead) {
    let protocols = |response: &ResponseHead| -> Vec<Vec<u8>> {
        let fields = response.fields().iter();
        fields.filter(|(name, _)| is_protocol(name)).map(|(_, value)| value.to_vec()).collect()
    };
    let offer = opening.draft.offer(head).expect("an offer");
    let asks = head.fields().iter().any(|(name, _)| is_protocol(name));
    assert_eq!(asks, !offer.subprotocols.is_empty(), "the subprotocols of the request");
    for transport in [Transport::Plain, Transport::Tls] {
        let (response, _) = accept(opening, head, &Grant::default().with_transport(transport));
        assert!(protocols(&response).is_empty(), "a subprotocol that was not granted");
        for subprotocol in &offer.subprotocols {
            let grant =
                Grant::default().with_subprotocol(Some(subprotocol)).with_transport(transport);
            let (response, _) = accept(opening, head, &grant);
            assert_eq!(protocols(&response), [subprotocol.as_bytes()], "what was granted");
        }
    }
}

fn is_protocol(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("websocket-protocol")
}

fn accepts_other_spellings(opening: &Opening, head: &RequestHead) {
    let (_, expected) = accept(opening, head, &Grant::default());
    let mut lower = Fields::new();
    let mut upper = Fields::new();
    let mut listed = Fields::new();
    for (name, value) in head.fields().iter() {
        lower.push(&name.to_ascii_lowercase(), value);
        upper.push(&name.to_ascii_uppercase(), value);
        match name.eq_ignore_ascii_case("Connection") {
            true => listed.push(name, "keep-alive, Upgrade"),
            false => listed.push(name, value),
        }
    }
    for fields in [lower, upper, listed] {
        let spelling = RequestHead::new("GET", head.target(), HttpVersion::Http11, fields);
        assert_eq!(accept(opening, &spelling, &Grant::default()).1, expected);
    }
}

fn refuses_other_requests(opening: &Opening, head: &RequestHead) {
    let with = |fields| RequestHead::new("GET", head.target(), HttpVersion::Http11, fields);
    let without = |name: &str| {
        let mut fields = Fields::new();
        for (found, value) in head.fields().iter() {
            if !found.eq_ignore_ascii_case(name) {
                fields.push(found, value);
            }
        }
        fields
    };
    let and = |name, value| {
        let mut fields = head.fields().clone();
        fields.push(name, value);
        with(fields)
    };
    let spoken =
        |method, version| RequestHead::new(method, head.target(), version, head.fields().clone());
    for (what, request) in [
        ("a plain GET", with(without("Upgrade"))),
        ("a request without Connection", with(without("Connection"))),
        ("a request without Host", with(without("Host"))),
        ("a request with two hosts", and("Host", "other.example")),
        ("a POST", spoken("POST", HttpVersion::Http11)),
        ("HTTP/1.0", spoken("GET", HttpVersion::Http10)),
        ("a request with a body", and("Content-Length", "5")),
        ("a request with a chunked body", and("Transfer-Encoding", "chunked")),
    ] {
        let Err(rejection) = opening.respond(&request, &Grant::default()) else {
            panic!("{what} is accepted");
        };
        let (response, _) = rejection.response();
        assert!(response.status() >= 400, "{what} is refused with {}", response.status());
        response.write(&mut Vec::new()).expect("a rejection that can be written");
    }
}

/// A head that was not parsed here may have line breaks; none may be written to the response.
fn lets_nothing_be_injected(opening: &Opening, head: &RequestHead) {
    const INJECTED: &str = "\r\nX-Injected: yes";
    for target in 0..=head.fields().len() {
        let mut fields = Fields::new();
        for (at, (name, value)) in head.fields().iter().enumerate() {
            let injected = if at == target { INJECTED.as_bytes() } else { b"" };
            fields.push(name, [value, injected].concat());
        }
        let injected = if target == head.fields().len() { INJECTED } else { "" };
        let resource = format!("{}{injected}", head.target());
        let request = RequestHead::new("GET", resource, HttpVersion::Http11, fields);
        let mut wire = Vec::new();
        if let Ok(response) = opening.respond(&request, &Grant::default())
            && response.write(&mut wire).is_ok()
        {
            let text = String::from_utf8_lossy(&wire);
            assert!(!text.contains("X-Injected"), "a line is injected into {text}");
        }
    }
}

fn finishes(draft: &'static dyn Draft, head: &RequestHead, after_head: &[u8], answer: &[u8]) {
    let incoming = [after_head, FIRST_FRAME].concat();
    for piece in [1, 3, incoming.len()] {
        let mut io = Hesitant::new(&incoming, piece);
        block_on(draft.finish(head, &mut io)).expect("the end of the handshake");
        assert_eq!(
            io.left(),
            FIRST_FRAME,
            "`finish` reads what belongs to the frames, or too little"
        );
        assert_eq!(io.written, answer, "the answer after the head");
    }
    for end in 0..after_head.len() {
        let mut io = Hesitant::new(&after_head[..end], 1);
        let outcome = block_on(draft.finish(head, &mut io));
        assert!(outcome.is_err(), "{end} of {} bytes after the head suffice", after_head.len());
    }
}
