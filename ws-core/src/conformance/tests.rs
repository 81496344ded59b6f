//! Tests of the suite: it detects each flaw that is added to a conforming draft.

use super::*;
use crate::codec::{Capabilities, Codec, Decoded, EncodeError, Envelope};
use crate::codec_box::CodecBox;
use crate::draft::{Grant, HandshakeError, Io, Offer};
use crate::draft_id::DraftId;
use crate::frame::{Frame, OpCode};
use crate::head::{RequestHead, ResponseHead};
use crate::hybi::SOUND;
use crate::limits::Limits;
use crate::protocol_error::ProtocolError;
use crate::rejection::Rejection;
use crate::role::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    AcceptsAnyRequest,
    GrantsNothing,
    ReadsBehindTheHandshake,
    Stalls,
    TouchesWhatFollows,
    ShowsMoreThanItConsumes,
    WritesBeforeItRefuses,
    PutsAnotherHeader,
    KnowsNoLimit,
}

#[derive(Debug)]
struct Flawed(Flaw);

#[crate::async_trait]
impl Draft for Flawed {
    fn id(&self) -> DraftId {
        SOUND.id()
    }

    fn version(&self) -> Option<u8> {
        SOUND.version()
    }

    fn offer<'h>(&self, head: &'h RequestHead) -> Result<Offer<'h>, Rejection> {
        match self.0 {
            Flaw::AcceptsAnyRequest => Ok(Offer::new(None).with_subprotocols(vec!["chat"])),
            _ => SOUND.offer(head),
        }
    }

    fn respond(&self, head: &RequestHead, grant: &Grant<'_>) -> Result<ResponseHead, Rejection> {
        match self.0 {
            Flaw::GrantsNothing => SOUND.respond(head, &Grant::default()),
            _ => SOUND.respond(head, grant),
        }
    }

    async fn finish(&self, _: &RequestHead, io: &mut dyn Io) -> Result<(), HandshakeError> {
        if self.0 == Flaw::ReadsBehindTheHandshake {
            tokio::io::AsyncReadExt::read_u8(io).await?;
        }
        Ok(())
    }

    fn codec(&self, role: Role, limits: &Limits) -> CodecBox {
        let frame = if self.0 == Flaw::KnowsNoLimit { u64::MAX } else { limits.frame };
        let inner = SOUND.codec(role, &Limits { frame, ..*limits });
        CodecBox::new(FlawedCodec { inner, flaw: self.0 })
    }
}

#[derive(Debug)]
struct FlawedCodec {
    inner: CodecBox,
    flaw: Flaw,
}

impl Codec for FlawedCodec {
    fn capabilities(&self) -> Capabilities {
        let binary = self.flaw != Flaw::WritesBeforeItRefuses;
        Capabilities { binary, ..self.inner.capabilities() }
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let mut decoded = self.inner.decode(input)?;
        if let Some(decoded) = &mut decoded {
            match (self.flaw, &mut decoded.fragment) {
                (Flaw::Stalls, Some(fragment)) if !fragment.fin => decoded.consumed = 0,
                (Flaw::TouchesWhatFollows, _) => input[decoded.consumed..].fill(0),
                (Flaw::ShowsMoreThanItConsumes, Some(fragment)) => fragment.payload.end += 1,
                _ => {}
            }
        }
        Ok(decoded)
    }

    fn encode(&mut self, frame: Frame<'_>, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.inner.encode(frame, output)?;
        if self.flaw == Flaw::WritesBeforeItRefuses && frame.opcode == OpCode::Binary {
            return Err(EncodeError::Unsupported(frame.opcode));
        }
        Ok(())
    }

    fn envelope(&mut self, opcode: OpCode, len: usize) -> Option<Envelope> {
        match self.flaw {
            Flaw::PutsAnotherHeader => self.inner.envelope(opcode, len + 1),
            _ => self.inner.envelope(opcode, len),
        }
    }
}

fn suite(draft: &'static dyn Draft) {
    Conformance::new(draft)
        .request(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: chat\r\n\r\n",
        )
        .run();
}

fn flawed(flaw: Flaw) {
    suite(Box::leak(Box::new(Flawed(flaw))));
}

#[test]
fn passes_a_sound_draft() {
    suite(&SOUND);
}

#[test]
#[should_panic = "a request without Host is accepted"]
fn finds_a_draft_that_accepts_any_request() {
    flawed(Flaw::AcceptsAnyRequest);
}

#[test]
#[should_panic = "what was granted"]
fn finds_a_grant_that_is_not_echoed() {
    flawed(Flaw::GrantsNothing);
}

#[test]
#[should_panic = "`finish` reads what belongs to the frames"]
fn finds_a_handshake_that_eats_frames() {
    flawed(Flaw::ReadsBehindTheHandshake);
}

#[test]
#[should_panic = "decoding makes no progress"]
fn finds_a_codec_that_stalls() {
    flawed(Flaw::Stalls);
}

#[test]
#[should_panic = "bytes after what was consumed are changed"]
fn finds_a_codec_that_touches_what_follows() {
    flawed(Flaw::TouchesWhatFollows);
}

#[test]
#[should_panic = "a payload ends after what was consumed"]
fn finds_a_codec_that_shows_more_than_it_consumes() {
    flawed(Flaw::ShowsMoreThanItConsumes);
}

#[test]
#[should_panic = "a refused binary frame leaves something in the output"]
fn finds_a_codec_that_writes_before_it_refuses() {
    flawed(Flaw::WritesBeforeItRefuses);
}

#[test]
#[should_panic = "differs in its envelope"]
fn finds_an_envelope_unlike_the_frame() {
    flawed(Flaw::PutsAnotherHeader);
}

#[test]
#[should_panic = "the limit is 1000"]
fn finds_a_codec_without_a_limit() {
    flawed(Flaw::KnowsNoLimit);
}
