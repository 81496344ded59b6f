//! Frames: what one end encodes, the other decodes.

use super::read::{Heard, Said, read_every_way};
use crate::codec::{Capabilities, Codec, EncodeError};
use crate::codec_box::CodecBox;
use crate::draft::Draft;
use crate::frame::{Frame, OpCode};
use crate::limits::Limits;
use crate::role::Role;

/// Payload lengths around the limits of the length fields of all drafts.
const LENGTHS: [usize; 9] = [0, 1, 125, 126, 127, 128, 16384, 65535, 65536];

pub(super) fn check(draft: &'static dyn Draft) {
    for (sender, receiver) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        let codec = |role| draft.codec(role, &Limits::default());
        let sender = || codec(sender);
        let receiver = || codec(receiver);
        carries_what_it_can_express(&sender, &receiver);
        carries_messages_in_fragments(&sender, &receiver);
        carries_nothing_but_text_as_text(&sender, &receiver);
        refuses_what_it_cannot_express(&sender);
        agrees_with_its_envelope(&sender);
    }
}

type Make<'m> = &'m dyn Fn() -> CodecBox;

fn carries_what_it_can_express(sender: Make<'_>, receiver: Make<'_>) {
    let samples = samples(sender().capabilities(), &LENGTHS);
    for sample in &samples {
        let wire = encode(&mut sender(), std::slice::from_ref(sample));
        expect(&read_every_way(receiver, &wire), std::slice::from_ref(sample));
    }
    let short: Vec<Said> = samples.into_iter().filter(|said| said.payload.len() < 130).collect();
    let wire = encode(&mut sender(), &short);
    expect(&read_every_way(receiver, &wire), &short);
}

/// Fragments are cut within a character, one is empty, and a ping is between them.
fn carries_messages_in_fragments(sender: Make<'_>, receiver: Make<'_>) {
    let capabilities = sender().capabilities();
    if !capabilities.fragments {
        return;
    }
    let text = "a\u{e9}\u{20ac}".as_bytes();
    let mut frames = vec![
        Frame::new(OpCode::Text, false, &text[..2]),
        Frame::new(OpCode::Continuation, false, &[]),
        Frame::new(OpCode::Continuation, false, &text[2..4]),
        Frame::new(OpCode::Continuation, true, &text[4..]),
    ];
    let mut expected = vec![Said::new(OpCode::Text, text)];
    if capabilities.ping {
        frames.insert(2, Frame::whole(OpCode::Ping, b"between"));
        expected.insert(0, Said::new(OpCode::Ping, b"between"));
    }
    let (mut codec, mut wire) = (sender(), Vec::new());
    for frame in frames {
        codec.encode(frame, &mut wire).expect("a fragment of a draft that has fragments");
    }
    expect(&read_every_way(receiver, &wire), &expected);
}

/// A text frame that is not UTF-8 is refused, or decoded as it was encoded; never as several
/// frames.
fn carries_nothing_but_text_as_text(sender: Make<'_>, receiver: Make<'_>) {
    let sample = Said::new(OpCode::Text, b"a\xff\x00b\xff\x00\xc3");
    let mut wire = Vec::new();
    match sender().encode(Frame::whole(sample.opcode, &sample.payload), &mut wire) {
        Ok(()) => expect(&read_every_way(receiver, &wire), &[sample]),
        Err(_) => assert!(wire.is_empty(), "a refused text leaves {wire:x?} in the output"),
    }
}

fn refuses_what_it_cannot_express(sender: Make<'_>) {
    let capabilities = sender().capabilities();
    let lacking = [
        (capabilities.binary, OpCode::Binary, true),
        (capabilities.ping, OpCode::Ping, true),
        (capabilities.ping, OpCode::Pong, true),
        (capabilities.close, OpCode::Close, true),
        (capabilities.fragments, OpCode::Text, false),
        (capabilities.fragments, OpCode::Continuation, false),
        (capabilities.fragments, OpCode::Continuation, true),
    ];
    for (_, opcode, fin) in lacking.into_iter().filter(|(able, ..)| !able) {
        let mut codec = sender();
        let mut output = b"kept".to_vec();
        let outcome = codec.encode(Frame::new(opcode, fin, b""), &mut output);
        assert_eq!(outcome, Err(EncodeError::Unsupported(opcode)), "{opcode}, fin {fin}");
        assert_eq!(output, b"kept", "a refused {opcode} frame leaves something in the output");
        if fin && !opcode.is_control() {
            assert_eq!(codec.envelope(opcode, 0), None, "an envelope for a refused frame");
        }
    }
    assert!(capabilities.close || capabilities.status.is_none(), "codes without a Close frame");
}

fn agrees_with_its_envelope(sender: Make<'_>) {
    for sample in samples(sender().capabilities(), &LENGTHS) {
        if sample.opcode.is_control() {
            continue;
        }
        let mut codec = sender();
        let Some(envelope) = codec.envelope(sample.opcode, sample.payload.len()) else {
            continue;
        };
        let enveloped = [envelope.head(), &sample.payload, envelope.tail()].concat();
        assert!(
            encode(&mut codec, std::slice::from_ref(&sample)) == enveloped,
            "a {} message of {} bytes differs in its envelope",
            sample.opcode,
            sample.payload.len()
        );
    }
}

/// A message of each kind that the draft has for each length, and control frames.
pub(super) fn samples(capabilities: Capabilities, lengths: &[usize]) -> Vec<Said> {
    let mut samples = Vec::new();
    for len in lengths {
        samples.push(Said::new(OpCode::Text, "a".repeat(*len)));
        samples.push(Said::new(OpCode::Text, text(*len)));
        if capabilities.binary {
            let bytes: Vec<u8> = (0..*len).map(|at| (at * 7) as u8).collect();
            samples.push(Said::new(OpCode::Binary, bytes));
        }
    }
    if capabilities.ping {
        for payload in [&b""[..], b"Hello", &[0xff; 125]] {
            samples.push(Said::new(OpCode::Ping, payload));
            samples.push(Said::new(OpCode::Pong, payload));
        }
    }
    if capabilities.close {
        samples.push(Said::new(OpCode::Close, []));
    }
    if capabilities.status.is_some() {
        samples.push(Said::new(OpCode::Close, b"\x03\xe8bye"));
    }
    samples
}

/// A text of `len` bytes, with characters of one to four bytes.
pub(super) fn text(len: usize) -> String {
    let mut text = String::new();
    for next in ['a', '\u{e9}', '\u{20ac}', '\u{1f600}'].into_iter().cycle() {
        if text.len() + next.len_utf8() > len {
            break;
        }
        text.push(next);
    }
    text.push_str(&"x".repeat(len - text.len()));
    text
}

/// Encodes frames, after bytes that are in the output before and must stay there.
pub(super) fn encode(codec: &mut CodecBox, said: &[Said]) -> Vec<u8> {
    let mut output = b"kept".to_vec();
    for Said { opcode, payload } in said {
        let encoded = codec.encode(Frame::whole(*opcode, payload), &mut output);
        assert_eq!(encoded, Ok(()), "a {opcode} frame of {} bytes", payload.len());
    }
    assert!(output.starts_with(b"kept"), "encoding does not append");
    output.split_off(4)
}

fn expect(heard: &Heard, said: &[Said]) {
    assert_eq!(heard.error, None, "a stream of the draft itself is refused");
    assert!(
        heard.said == said,
        "not what was sent: {} items received, {} sent",
        heard.said.len(),
        said.len()
    );
}
