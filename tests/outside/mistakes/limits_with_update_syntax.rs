//! Limits as a struct, without `Limits::with_message`.
//!
//! says: cannot create non-exhaustive struct using struct expression
//! lines: 7

use ws_server::{Limits, Server};

fn main() {
    let limits = Limits { message: 1 << 10, ..Default::default() };
    let _builder = Server::builder().limits(limits);
}
