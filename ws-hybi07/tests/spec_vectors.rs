//! HyBi-07 on the wire: what the family shares, and how this draft differs.

use ws_core::conformance::{Said, hybi};
use ws_core::{OpCode, ProtocolError, Role};
use ws_hybi07::HYBI07;

#[test]
fn shares_handshake_and_framing_with_the_family() {
    hybi::check(&HYBI07);
}

#[test]
fn shares_what_came_before_the_rfc_with_the_other_early_draft() {
    hybi::check_early(&HYBI07, 1002);
}

#[test]
fn ignores_frames_with_reserved_opcodes_wherever_they_stand() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        let stream = [
            hybi::masked(0x80 | opcode, b"ignored"),
            hybi::masked(0x01, b"Hel"),
            hybi::masked(0x80 | opcode, b""),
            hybi::masked(0x80, b"lo"),
            hybi::masked(0x80 | opcode, b"ignored"),
        ];
        let heard = hybi::hear(&HYBI07, Role::Server, &stream.concat());
        assert_eq!((heard.error, heard.said), (None, vec![Said::new(OpCode::Text, b"Hello")]));
    }
}

#[test]
fn ignores_no_frame_that_is_broken_besides() {
    for (wire, error) in [
        (hybi::masked(0xc3, b""), ProtocolError::ReservedBits(0x40)),
        (hybi::masked(0x0b, b""), ProtocolError::FragmentedControl),
        (b"\x83\x00".to_vec(), ProtocolError::Unmasked),
        (
            b"\x83\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0".to_vec(),
            ProtocolError::FrameTooBig { limit: 16 << 20 },
        ),
    ] {
        assert_eq!(hybi::hear(&HYBI07, Role::Server, &wire).error, Some(error));
    }
}
