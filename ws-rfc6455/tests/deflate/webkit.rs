//! `x-webkit-deflate-frame`, of Safari and iOS up to 14: each frame is compressed separately.

use super::*;
use ws_core::deflate::Context;

const OFFER: &str = "x-webkit-deflate-frame";

fn server() -> End {
    End::server(&eager(), OFFER)
}

#[test]
fn the_response_has_the_offered_name_and_only_known_parameters() {
    let forgetful = Deflate::new().client_context(Context::PerMessage);
    for (deflate, offer, expected) in [
        (Deflate::new(), OFFER, Some(OFFER)),
        (Deflate::new(), "deflate-frame", Some("deflate-frame")),
        (Deflate::new(), "x-webkit-deflate-frame; max_window_bits=10", Some(OFFER)),
        (Deflate::new(), "x-webkit-deflate-frame; no_context_takeover", Some(OFFER)),
        (forgetful, OFFER, Some("x-webkit-deflate-frame; no_context_takeover")),
        (Deflate::new(), "x-webkit-deflate-frame; max_window_bits=16", None),
        (Deflate::new(), "x-webkit-deflate-frame; max_window_bits", None),
        (Deflate::new(), "x-webkit-deflate-frame; foo", None),
        (Deflate::new(), "x-webkit-deflate-frame, permessage-deflate", Some(OFFER)),
    ] {
        let response = accept(&deflate, offer).map(|accepted| accepted.response);
        assert_eq!(response.as_deref(), expected, "{offer}");
    }
}

#[test]
fn each_frame_of_a_message_is_compressed_for_itself() {
    let frames =
        [masked(0x41, &[0xf2, 0x48, 0xcd, 0x01, 0x00]), masked(0xc0, &[0xca, 0xc9, 0x07, 0x00])];
    let hello = Ok(vec![Message::text("Hello")]);
    assert_eq!(bring_everywhere(server, &frames.concat()), hello);
}

#[test]
fn compressed_and_plain_frames_make_one_message() {
    let hel = [0xf2, 0x48, 0xcd, 0x01, 0x00];
    for (frames, whole) in [
        (vec![masked(0x01, b"say "), masked(0xc0, &hel)], "say Hel"),
        (vec![masked(0x41, &hel), masked(0x80, b"lo")], "Hello"),
        (vec![masked(0x41, &hel), masked(0x00, b", "), masked(0xc0, &hel)], "Hel, Hel"),
        (vec![masked(0x41, &hel), masked(0x89, b""), masked(0x80, b"")], "Hel"),
        (vec![masked(0xc1, &[0x00])], ""),
    ] {
        let heard = bring_everywhere(server, &frames.concat());
        assert_eq!(heard, Ok(vec![Message::text(whole)]));
    }
}

#[test]
fn sends_unfragmented_messages_with_context_unless_the_client_forbids_it() {
    let text = "HelloHelloHelloHello";
    let mut end = server();
    let (first, second) = (end.say(text), end.say(text));
    assert_eq!(first[0], 0xc1);
    assert!(second.len() < first.len());
    let mut end = End::server(&eager(), "x-webkit-deflate-frame; no_context_takeover");
    assert_eq!((end.say(text), end.say(text)), (first.clone(), first));
}
