//! Decoding and encoding of frames, by the codec and by a connection, without I/O.

use std::time::Instant;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ws_core::connection::{ReceiveBuffer, Received, Untaken};
use ws_core::frame::{FrameHeader, MaskingKey, OpCode};
use ws_core::hybi::{HybiCodec, Profile};
use ws_core::{Batch, Codec, Connection, DraftId, Frame, Limits, Role, Timeouts};

/// The number of messages in one read.
const MESSAGES: usize = 32;

const LENGTHS: [usize; 4] = [16, 125, 4 << 10, 64 << 10];

static PROFILE: Profile = Profile::new(DraftId::new("bench"), 13);

fn main() {
    divan::main();
}

fn codec(role: Role) -> HybiCodec {
    HybiCodec::new(&PROFILE, role, Limits::default().frame)
}

/// `MESSAGES` masked messages of `len` bytes, as in one read.
fn wire(opcode: OpCode, len: usize) -> Vec<u8> {
    let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader {
        fin: true,
        reserved: 0,
        opcode: opcode.bits(),
        key: Some(key),
        len: len as u64,
    };
    let mut payload = vec![b'a'; len];
    key.apply(&mut payload);
    [header.to_bytes().to_vec(), payload].concat().repeat(MESSAGES)
}

struct Receiving(Connection);

impl Receiving {
    fn new(wire: &[u8]) -> Receiving {
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        let codec = codec(Role::Server).into();
        let mut connection = Connection::new(codec, &[], limits, timeouts, Instant::now());
        connection.lend(Batch::new(vec![0; wire.len()].into()));
        if let Ok(ReceiveBuffer::Spare(spare)) = connection.receive_buffer() {
            spare.copy_from_slice(wire);
        }
        connection.filled(wire.len());
        Receiving(connection)
    }

    /// Consumes every message that was received, and counts them.
    fn drain(&mut self) -> usize {
        let mut messages = 0;
        while let Ok(Received::Data(mut batch)) = self.0.receive_messages(Untaken::Nothing) {
            while let Some(message) = batch.lend() {
                messages += 1;
                let _message = divan::black_box(message);
            }
            batch.clear();
            self.0.lend(batch);
        }
        messages
    }
}

fn receive(bencher: Bencher<'_, '_>, opcode: OpCode, len: usize) {
    let wire = wire(opcode, len);
    assert_eq!(Receiving::new(&wire).drain(), MESSAGES);
    bencher
        .counter(BytesCount::new(len * MESSAGES))
        .counter(ItemsCount::new(MESSAGES))
        .with_inputs(|| Receiving::new(&wire))
        .bench_local_refs(Receiving::drain);
}

#[divan::bench(args = LENGTHS)]
fn receive_binary(bencher: Bencher<'_, '_>, len: usize) {
    receive(bencher, OpCode::Binary, len);
}

#[divan::bench(args = LENGTHS)]
fn receive_text(bencher: Bencher<'_, '_>, len: usize) {
    receive(bencher, OpCode::Text, len);
}

/// Only the codec: headers and masks, no messages.
#[divan::bench(args = LENGTHS)]
fn decode_from_a_client(bencher: Bencher<'_, '_>, len: usize) {
    let wire = wire(OpCode::Binary, len);
    bencher
        .counter(BytesCount::new(len * MESSAGES))
        .counter(ItemsCount::new(MESSAGES))
        .with_inputs(|| (codec(Role::Server), wire.clone()))
        .bench_local_refs(|(codec, wire)| {
            let mut rest = wire.as_mut_slice();
            while let Ok(Some(decoded)) = codec.decode(rest) {
                rest = &mut rest[decoded.consumed..];
            }
            assert!(rest.is_empty());
        });
}

fn encode(bencher: Bencher<'_, '_>, role: Role, len: usize) {
    let mut codec = codec(role);
    let mut output = Vec::new();
    let payload = vec![b'a'; len];
    bencher
        .counter(BytesCount::new(len * MESSAGES))
        .counter(ItemsCount::new(MESSAGES))
        .bench_local(|| {
            for _ in 0..MESSAGES {
                let frame = Frame::whole(OpCode::Binary, &payload);
                assert_eq!(codec.encode(frame, &mut output), Ok(()));
            }
            divan::black_box(&output);
            output.clear();
        });
}

#[divan::bench(args = LENGTHS)]
fn encode_to_a_client(bencher: Bencher<'_, '_>, len: usize) {
    encode(bencher, Role::Server, len);
}

/// With masking.
#[divan::bench(args = LENGTHS)]
fn encode_to_a_server(bencher: Bencher<'_, '_>, len: usize) {
    encode(bencher, Role::Client, len);
}
