//! HyBi-08 to -12 on the wire: what the family shares, and how these drafts differ.

use ws_core::conformance::hybi;
use ws_core::{ProtocolError, Role};
use ws_hybi08::HYBI08;

#[test]
fn shares_handshake_and_framing_with_the_family() {
    hybi::check(&HYBI08);
}

#[test]
fn shares_what_came_before_the_rfc_with_the_other_early_draft() {
    hybi::check_early(&HYBI08, 1007);
}

#[test]
fn fails_on_reserved_opcodes() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        let heard = hybi::hear(&HYBI08, Role::Server, &hybi::masked(0x80 | opcode, b"x"));
        assert_eq!(heard.error, Some(ProtocolError::ReservedOpcode(opcode)));
    }
}
