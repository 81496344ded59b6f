//! Each draft answers any request with one well-formed head, or with a rejection.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ws_core::head::{HeadReader, RequestHead, ResponseHead};
use ws_core::{Detection, Drafts, Grant, Transport};

use crate::drafts::Spoken;

/// Reads the input as a request, and answers it with every draft.
pub fn run(data: &[u8]) {
    let mut reader = HeadReader::new();
    let Ok((taken, Some(head))) = reader.push(data) else { return };
    let behind = &data[taken..];
    let drafts = Drafts::registered().expect("the drafts are distinct");
    match drafts.select(&head) {
        Ok(draft) => {
            let detected = draft.version().is_some() || draft.detect(&head) == Detection::Yes;
            assert!(detected, "{} is selected, but does not detect the request", draft.id());
        }
        Err(rejection) => check(&rejection.response().0),
    }
    for pick in 0..4 {
        answer(Spoken::pick(pick), &head, behind);
    }
}

fn answer(spoken: Spoken, head: &RequestHead, behind: &[u8]) {
    let draft = spoken.draft;
    let offer = match draft.offer(head) {
        Ok(offer) => offer,
        Err(rejection) => return check(&rejection.response().0),
    };
    for transport in [Transport::Plain, Transport::Tls] {
        for subprotocol in std::iter::once(None).chain(offer.subprotocols.iter().map(Some)) {
            let grant =
                Grant::default().with_subprotocol(subprotocol.copied()).with_transport(transport);
            match draft.respond(head, &grant) {
                Ok(response) => {
                    assert_eq!(response.status(), 101);
                    check(&response);
                }
                Err(rejection) => check(&rejection.response().0),
            }
        }
    }
    let mut io = tokio::io::join(behind, Vec::new());
    let mut finish = pin!(draft.finish(head, &mut io));
    let finished = finish.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(finished, Poll::Ready(_)), "`finish` waits for bytes that cannot arrive");
}

/// Checks that a head is written as one head: no value contains a line break.
fn check(response: &ResponseHead) {
    let mut written = Vec::new();
    if response.write(&mut written).is_err() {
        assert!(written.is_empty(), "half a head is written");
        return;
    }
    let breaks = written.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    let ends = written.windows(2).filter(|pair| pair == b"\r\n").count();
    let lines = response.fields().len() + 2;
    assert!((breaks, ends) == (2 * lines, lines), "{}", written.escape_ascii());
    assert!(written.ends_with(b"\r\n\r\n") && !written.contains(&0));
}
