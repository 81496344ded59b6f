//! Every case of the selection of a draft.

use super::*;
use crate::codec_box::CodecBox;
use crate::draft::{Grant, Offer};
use crate::head::{HeadReader, ResponseHead};
use crate::limits::Limits;
use crate::role::Role;

/// A draft that can only be selected.
#[derive(Debug)]
struct Named {
    id: &'static str,
    version: Option<u8>,
    detects: fn(&RequestHead) -> Detection,
}

impl Draft for Named {
    fn id(&self) -> DraftId {
        DraftId::new(self.id)
    }

    fn version(&self) -> Option<u8> {
        self.version
    }

    fn detect(&self, head: &RequestHead) -> Detection {
        (self.detects)(head)
    }

    fn offer<'h>(&self, _: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
        Ok(Offer::default())
    }

    fn respond(&self, _: &RequestHead, _: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        Ok(ResponseHead::new(101, "Switching Protocols"))
    }

    fn codec(&self, _: Role, _: &Limits) -> CodecBox {
        unreachable!("no connection is opened here")
    }
}

const fn versioned(id: &'static str, version: u8) -> Named {
    Named { id, version: Some(version), detects: |_| Detection::Yes }
}

static NEWEST: Named = versioned("newest", 13);
static OLDER: Named = versioned("older", 8);
static OLDEST: Named = versioned("oldest", 7);
static KEYS: Named = Named { id: "keys", version: None, detects: detect_keys };
static BARE: Named = Named { id: "bare", version: None, detects: detect_bare };

fn detect_keys(head: &RequestHead) -> Detection {
    let count = |name| head.fields().all(name).count();
    match (count("Sec-WebSocket-Key1"), count("Sec-WebSocket-Key2")) {
        (0, 0) => Detection::No,
        (1, 1) => Detection::Yes,
        _ => Detection::Malformed(Rejection::bad_request("keys")),
    }
}

fn detect_bare(head: &RequestHead) -> Detection {
    match head.fields().contains("Origin") {
        true => Detection::Yes,
        false => Detection::No,
    }
}

fn drafts() -> Drafts {
    [(&BARE, 100), (&OLDEST, 30), (&NEWEST, 10), (&KEYS, 40), (&OLDER, 20)]
        .into_iter()
        .try_fold(Drafts::none(), |drafts, (draft, rank)| drafts.with(draft, rank))
        .unwrap()
}

fn head(text: &str) -> RequestHead {
    let text = text.replace('\n', "\r\n") + "\r\n\r\n";
    HeadReader::new().push(text.as_bytes()).unwrap().1.unwrap()
}

/// The draft of a WebSocket request with these fields, or the status it is refused with.
fn select(fields: &str) -> Result<&'static str, Rejection> {
    let text =
        format!("GET / HTTP/1.1\nUpgrade: WebSocket\nConnection: x, UPGRADE\nHost: a\n{fields}");
    drafts().select(&head(text.trim_end())).map(|draft| draft.id().as_str())
}

fn refused(outcome: Result<&'static str, Rejection>) -> (u16, Option<String>) {
    let rejection = outcome.unwrap_err();
    let (response, _) = rejection.response();
    let versions = response.fields().all("Sec-WebSocket-Version").next();
    let versions = versions.map(|list| String::from_utf8(list.to_vec()).unwrap());
    (response.status(), versions)
}

fn listed() -> Option<String> {
    Some("13, 8, 7".to_owned())
}

#[test]
fn leaves_what_is_no_websocket_request_to_http() {
    const FIELDS: &str = "Upgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13";
    for (text, status) in [
        (format!("POST / HTTP/1.1\n{FIELDS}"), 405),
        (format!("GET / HTTP/1.0\n{FIELDS}"), 400),
        ("GET / HTTP/1.1\nHost: a".to_owned(), 426),
        ("GET / HTTP/1.1\nUpgrade: h2c\nConnection: upgrade".to_owned(), 426),
        ("GET / HTTP/1.1\nUpgrade: websocket\nSec-WebSocket-Version: 13".to_owned(), 400),
        ("GET / HTTP/1.1\nUpgrade: websocket\nConnection: close".to_owned(), 400),
    ] {
        let outcome = drafts().select(&head(&text)).map(|draft| draft.id().as_str());
        assert_eq!(refused(outcome).0, status, "{text}");
    }
    assert!(asks_for_websocket(&head("GET / HTTP/1.0\nUpgrade: h2c, WEBSOCKET")));
    assert!(!asks_for_websocket(&head("GET / HTTP/1.1\nConnection: Upgrade")));
}

#[test]
fn goes_by_the_version_number_where_there_is_one() {
    assert_eq!(select("Sec-WebSocket-Version: 13"), Ok("newest"));
    assert_eq!(select("sec-websocket-version: 8\nOrigin: b"), Ok("older"));
    assert_eq!(select("Sec-WebSocket-Version:  7 "), Ok("oldest"));
}

#[test]
fn answers_an_unknown_version_with_the_list_of_those_it_speaks() {
    for version in [0, 1, 6, 9, 12, 14, 255] {
        let outcome = select(&format!("Sec-WebSocket-Version: {version}"));
        assert_eq!(refused(outcome), (426, listed()), "{version}");
    }
}

#[test]
fn refuses_a_version_that_is_no_number_or_appears_twice() {
    for version in ["", "013", "00", "256", "-1", "+13", "13, 8", "13.0", "x", "\u{bd}"] {
        let outcome = select(&format!("Sec-WebSocket-Version: {version}"));
        assert_eq!(refused(outcome), (400, listed()), "{version}");
    }
    let twice = select("Sec-WebSocket-Version: 13\nSec-WebSocket-Version: 13");
    assert_eq!(refused(twice).0, 400);
}

#[test]
fn refuses_a_version_beside_the_keys_of_hixie_76() {
    for key in ["Sec-WebSocket-Key1", "Sec-WebSocket-Key2"] {
        let outcome = select(&format!("Sec-WebSocket-Version: 13\n{key}: 1 1"));
        assert_eq!(refused(outcome).0, 400);
    }
}

#[test]
fn refuses_a_key_without_a_version() {
    let outcome = select("Origin: b\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(refused(outcome), (400, listed()));
}

#[test]
fn refuses_drafts_between_hixie_76_and_hybi_04() {
    let keys = "Sec-WebSocket-Key1: 1 1\nSec-WebSocket-Key2: 1 1";
    assert_eq!(refused(select(&format!("Sec-WebSocket-Draft: 2\n{keys}"))), (426, listed()));
    assert_eq!(select(&format!("Sec-WebSocket-Draft: 0\n{keys}")), Ok("keys"));
}

#[test]
fn asks_drafts_without_a_version_in_the_order_of_their_ranks() {
    assert_eq!(select("Origin: b\nSec-WebSocket-Key1: 1 1\nSec-WebSocket-Key2: 1 1"), Ok("keys"));
    assert_eq!(select("Origin: b"), Ok("bare"));
}

#[test]
fn asks_no_other_draft_once_one_finds_its_request_broken() {
    assert_eq!(refused(select("Origin: b\nSec-WebSocket-Key1: 1 1")).0, 400);
    let twice = "Sec-WebSocket-Key1: 1 1\nSec-WebSocket-Key2: 1 1\nSec-WebSocket-Key2: 1 1";
    assert_eq!(refused(select(&format!("Origin: b\n{twice}"))).0, 400);
}

#[test]
fn refuses_what_no_draft_knows_with_the_list_of_versions() {
    assert_eq!(refused(select("")), (400, listed()));
}

#[test]
fn sorts_by_rank_and_then_by_name() {
    let names =
        |drafts: &Drafts| drafts.iter().map(|draft| draft.id().as_str()).collect::<Vec<_>>();
    assert_eq!(names(&drafts()), ["newest", "older", "oldest", "keys", "bare"]);
    let equal = Drafts::none().with(&KEYS, 1).unwrap().with(&BARE, 1).unwrap();
    assert_eq!(names(&equal), ["bare", "keys"]);
    assert_eq!(drafts().versions(), "13, 8, 7");
}

#[test]
fn refuses_two_drafts_of_one_name_or_version() {
    static SAME_NAME: Named = versioned("newest", 99);
    static SAME_VERSION: Named = versioned("other", 13);
    for twin in [&SAME_NAME, &SAME_VERSION] {
        let error = drafts().with(twin, 1).unwrap_err();
        assert_eq!((error.first, error.second), (NEWEST.id(), twin.id()));
    }
    let error = drafts().with(&KEYS, 1).unwrap_err();
    assert_eq!(error.to_string(), "the drafts keys and keys share a name or a version number");
}

#[test]
fn says_so_when_it_speaks_nothing() {
    let request =
        head("GET / HTTP/1.1\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13");
    assert!(Drafts::none().is_empty());
    let rejection = Drafts::none().select(&request).unwrap_err();
    assert_eq!(rejection.status(), StatusCode::UPGRADE_REQUIRED);
    assert!(rejection.reason().contains("without any draft"));
    assert_eq!(rejection.response().0.fields().all("Sec-WebSocket-Version").count(), 0);
}
